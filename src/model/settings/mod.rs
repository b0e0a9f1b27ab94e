//! What can be said of a step, wherever it is said: in a rule, in a script's header, in a playbook's job or step.
//!
//! Knows the values and how the places overrule each other. Does not know what a step runs, nor whether a path exists.

mod decode;
mod few;
mod layers;
mod permissions;
mod values;

pub use decode::{
    SCRATCH_HELP, SWITCH_WORDS, TIMEOUT, argv, count, decode, environment, exit_code_entries, memory,
    pattern, patterns, priority, resource_name_at, scratch_patterns, timeout, variable_names, variables,
};
pub use few::FewSettings;
pub use permissions::permissions;
pub use values::{
    CPU, CachePolicy, ExitMeaning, HIGHEST_PRIORITY, Leftovers, MAX_RETRIES, MEMORY, MEMORY_HELP, Settings,
    Undeclared, declare_exit_code, resource, resource_name,
};

#[cfg(test)]
mod tests;
