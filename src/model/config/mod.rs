//! The configuration: where scripts and playbooks lie, and what holds for every run.
//!
//! Knows the fields of `az.toml`, in TOML and the other formats, and those of AitherZero's own configuration. Does not
//! know what is used where a field is absent: whoever acts on it does.

mod cache;
mod old;
mod parts;
mod read;
mod resources;
mod values;

pub use read::{read, read_any};
pub use values::{
    CacheLimits, Config, Defaults, Environment, Profile, Range, Registered, Resource, ScriptDefaults,
    USUAL_ENVIRONMENTS,
};

#[cfg(test)]
mod tests;
