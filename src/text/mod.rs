//! The syntax of every language az reads: sequences, script headers, expressions, documents, durations.
//!
//! Total and pure: any text gives a value and a list of diagnostics, never a panic, never input or output. Knows
//! nothing of what the words mean: which scripts exist, which fields a playbook has.

pub mod command;
pub mod cron;
pub mod document;
pub mod duration;
pub mod expression;
pub mod handed;
pub mod pattern;
mod places;
pub mod rate;
pub mod script;
pub mod sequence;
pub mod size;
