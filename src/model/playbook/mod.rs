//! Playbooks of every format in one form.
//!
//! Knows the fields of each format, every spelling real files have for them, and the meaning they share. Does not know
//! which scripts exist: `run` and `sequence` keep their text. Evaluates nothing: conditions and placeholders stay texts.
//!
//! ```text
//! detect: which format by content      root: the file, `metadata`, `orchestration`
//! job: jobs and stages                 step, action: what is done
//! policy: options, profiles            about: what is told and checked
//! convert: the same in the newest format
//! ```

mod about;
mod action;
mod convert;
mod detect;
mod dialect;
mod extensions;
mod fields;
mod ids;
mod job;
mod placeholders;
mod policy;
mod read;
mod root;
mod step;
mod strategy;
mod values;

pub use convert::{Converted, Fate, Row, convert, normal_form};
pub use detect::is_playbook;
use dialect::Dialect;
pub use read::read;
pub use values::*;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
