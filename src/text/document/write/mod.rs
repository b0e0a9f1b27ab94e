//! Writes trees as people write them: JSON, YAML and TOML.
//!
//! Knows values, their order and the remarks above them. Does not know which keys mean something. The same tree gives
//! the same text, always, and a text that is read back gives the same tree.
//!
//! ```text
//! draft: the tree that is written        json, yaml, toml: one format each
//! ```

mod draft;
mod json;
mod toml;
mod yaml;

pub use draft::{Draft, DraftFile, Item, WriteFormat};

/// Writes a file; O(values).
///
/// JSON has no remarks: they are left out. TOML has no null: it is written as an empty text.
pub fn write(file: &DraftFile, format: WriteFormat) -> String {
    match format {
        WriteFormat::Json => json::write(file),
        WriteFormat::Yaml => yaml::write(file),
        WriteFormat::Toml => toml::write(file),
    }
}

/// How wide a list or table may be that stands on one line.
const WIDTH: usize = 80;

#[cfg(test)]
mod tests;
