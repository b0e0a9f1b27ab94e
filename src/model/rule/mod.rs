//! Rules: what selected steps depend on and how they behave; and the files under `rules/` that hold kinds and rules.
//!
//! Knows the texts of one rule file and how several become one set. Does not know which scripts a rule matches: its
//! `match` is a sequence expression, kept as text.

mod embedded;
mod file;

pub use embedded::embedded;
pub use file::{Rule, RuleFile, duplicate_kinds, read};

#[cfg(test)]
mod tests;
