//! The number sequence language: `0402`, `0400-0499`, `04*`, `stage:Core`, `!tag:slow`, `0402_Run-UnitTests`.
//!
//! Reads and writes selections. Does not know which scripts, stages or playbooks exist: whether an item finds
//! anything is for `plan` to say.
//!
//! A selection is a set: commas and separate arguments mean the same, blanks around an item and empty items mean
//! nothing, an excluded item (`!`) is taken from the whole whatever its place. What cannot be read is an error at
//! its place, with what was probably meant; it is never dropped.

mod explain;
mod item;
mod read;
mod selector;

#[cfg(test)]
mod tests;

pub use item::{Item, Sequence};
pub use read::{COMMAND_LINE, Parsed, Word, could_be_name, parse, parse_in, parse_lines};
pub use selector::{ScriptName, Selector};
