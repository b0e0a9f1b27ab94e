//! Data files of every format as one spanned tree.
//!
//! Knows JSON, JSONC, YAML, TOML and psd1, and where each key, value and remark stands. Does not know which keys mean something: that is
//! `model::decode`'s. Keys keep their order and their duplicates, numbers their digits (`1.50` stays `1.50`).

mod comment;
mod detect;
mod format;
mod index;
mod json;
mod node;
mod psd1;
mod read;
mod spelling;
mod syntax;
mod toml;
pub mod write;
mod yaml;

pub use comment::{Comment, comments};
pub use format::Format;
pub use index::Index;
pub use node::{Entry, Node, NodeValue};
pub use read::{MAX_BYTES, USUAL_BYTES, read, too_large};

#[cfg(test)]
mod tests;
