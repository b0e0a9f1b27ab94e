//! `az.toml`: where scripts and playbooks lie, and what holds for every run.
//!
//! Knows the fields of the file. Does not know what is used where a field is absent: whoever acts on it does.

mod read;

pub use read::{Config, read};

#[cfg(test)]
mod tests;
