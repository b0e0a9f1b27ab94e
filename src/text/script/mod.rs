//! What the text of a script says about itself: metadata comments, help block, parameters, modules, names.
//!
//! Reads one text in the comment style of its kind. Does not know which stages, scripts, tools or variables exist,
//! nor what the values of `Cache`, `Timeout` or `ExitCodes` mean: they are handed on as written, with their place.
//!
//! Metadata stands in three places, the better one first:
//!
//! | place | which lines |
//! |---|---|
//! | header | line comments `# Key: value` before the first statement |
//! | late comment | the same at the start of a line within the first 60 lines |
//! | help block | lines `Key: value` under `.NOTES` of a block comment before the first statement |
//!
//! Of a list all lines of the best place count, of a single value the first line.

mod comments;
mod declare;
mod dependency;
mod header;
mod keys;
mod list;
mod metadata;
mod modules;
mod names;
mod parameters;
mod powershell;
mod privileges;
mod style;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;

pub use declare::Declarations;
pub use dependency::Dependency;
pub use header::{Header, read};
pub use modules::{Module, ModuleBase};
pub use names::mentioned_names;
pub use parameters::{Parameter, ParameterType};
pub use privileges::privileged_program;
pub use style::{CommentStyle, Language};
