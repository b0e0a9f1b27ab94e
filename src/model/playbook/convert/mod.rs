//! Any playbook in the newest format: the model written as jobs, in JSON, YAML or TOML.
//!
//! Knows where the newest format has each thing a playbook can say, and how stages become jobs. Does not know folders or
//! names of files. What it writes is read again and compared before anybody sees it.
//!
//! ```text
//! modern: the same playbook made of jobs       fields, playbook, job, step, ...: its tree, field by field
//! text: tree to text, and back                 sections, rows: what became of each part
//! remarks: the comments of the old text
//! ```

mod about;
mod fields;
mod job;
mod modern;
mod playbook;
mod policy;
mod remarks;
mod rows;
mod sections;
mod step;
mod text;

pub use rows::{Fate, Row};
pub use text::{Converted, convert, normal_form};

#[cfg(test)]
mod tests;
