//! Coded diagnostics: what is wrong, where, and what to do about it.
//!
//! Knows texts, spans and codes, and renders them for people (miette) and programs (JSON). Does not know scripts,
//! playbooks or any other thing that can be wrong: the module that finds a mistake words it.

mod codes;
mod diagnostic;
mod edit;
mod excerpt;
mod render;
mod source;

pub use codes::{Code, CodeInfo, all_codes, code};
pub use diagnostic::{Diagnostic, Edit, Label, Severity, has_errors};
pub use edit::{Edited, apply};
pub use render::{Look, render, to_json};
pub use source::{Place, Source};
