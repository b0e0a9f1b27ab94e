//! Data files of every format as one spanned tree.
//!
//! Knows JSON, JSONC and TOML and where each key and value stands. Does not know which keys mean something: that is
//! `model::decode`'s. Keys keep their order and their duplicates, numbers their digits (`1.50` stays `1.50`).

mod format;
mod json;
mod node;
mod psd1;
mod read;
mod toml;
mod yaml;

pub use format::Format;
pub use node::{Entry, Node, NodeValue};
pub use read::read;

#[cfg(test)]
mod tests;
