//! What must hold of any input, one function for each reader, which tells whether there was something in it.
//!
//! Knows what every answer has to be like: a value or faults, places inside the text, a help with every error, work that
//! is bounded by the input; of what az keeps, that it says the same when it is written and read again, and ends where it
//! is broken. Does not know where inputs come from: `cargo fuzz` finds some (`fuzz/`), the test beside this folder makes
//! others.

mod cache;
mod gate;
mod runs;
pub(crate) mod seal;
mod text;

/// A name and what must hold of an input.
pub(crate) type Target = (&'static str, fn(&[u8]) -> bool);

/// All of them.
pub(crate) const TARGETS: [Target; 23] = [
    ("read_json", text::read_json),
    ("read_yaml", text::read_yaml),
    ("read_toml", text::read_toml),
    ("read_psd1", text::read_psd1),
    ("playbook", text::playbook),
    ("settings", text::settings),
    ("sequence", text::sequence),
    ("expression", text::expression),
    ("header", text::header),
    ("edits", text::edits),
    ("masker", text::masker),
    ("handed", text::handed),
    ("event", text::event),
    ("journal", runs::journal),
    ("start", runs::start),
    ("record", cache::record),
    ("index", cache::index),
    ("contents", cache::contents),
    ("files", cache::files),
    ("restore", cache::restore),
    ("gate", gate::gate),
    ("node", gate::node),
    ("git_index", cache::git_index),
];
