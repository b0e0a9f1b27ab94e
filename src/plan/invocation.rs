//! What a node executes, before programs are looked up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a node executes. The first word of `argv` is a program to be looked up on PATH, or a path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Invocation {
    /// Program and arguments; the script's path stands in it as seen from `cwd`.
    pub argv: Vec<String>,
    /// The kind that says how the script is run, or the shell of an inline step.
    pub runner: String,
    /// The names of rules that had a say.
    pub rules: Vec<String>,
    /// Text of an inline step.
    pub text: Option<String>,
    /// Variables that reach the step, by name.
    #[serde(with = "super::stored::as_json")]
    pub variables: BTreeMap<String, serde_json::Value>,
    /// Environment variables that carry variables to the step.
    pub env: BTreeMap<String, String>,
    /// Working directory relative to the workspace.
    pub cwd: String,
}

impl Invocation {
    /// Returns the program as it is written.
    pub fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }
}
