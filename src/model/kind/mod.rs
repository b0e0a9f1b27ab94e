//! Kinds: how the files of an extension are read and run.
//!
//! Knows which kind a path has and the argv that runs it. Does not know rules: a kind is settled before any rule is
//! matched. Does not know whether an interpreter is installed.

mod catalog;
mod decode;
mod values;

pub use catalog::Kinds;
pub use decode::decode;
pub use values::{Kind, Parameters, expand_argv};

#[cfg(test)]
mod tests;
