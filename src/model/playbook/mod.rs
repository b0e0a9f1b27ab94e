//! Playbooks of every format in one form.
//!
//! Knows the fields of each format and the meaning they share. Does not know which scripts exist: `run` and `sequence`
//! keep their text. Does not look for circles among jobs: the plan does, over all edges.

mod detect;
mod jobs;
mod read;
mod sequence;
mod values;

pub use detect::is_playbook;
pub use read::read;
pub use values::{Action, Body, Job, Playbook, PlaybookFormat, Step};

#[cfg(test)]
mod tests;
