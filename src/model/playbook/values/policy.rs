//! How a playbook goes: parameters, options, defaults, profiles.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{Given, Placed};

/// A value that whoever runs the playbook may or must give.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Parameter {
    /// The variable that holds it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// It must be given, unless there is a default.
    pub required: bool,
    /// Its value if none is given.
    pub default: Option<Value>,
    /// What it must be; anything if none is written.
    pub kind: Option<ParameterType>,
    /// The only values it may have.
    pub allowed: Vec<Value>,
    /// Where it stands.
    pub at: String,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterType {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A truth.
    Boolean,
    /// A list.
    List,
    /// Named values.
    Object,
}

impl ParameterType {
    /// The words for the types, the one az writes first for each.
    pub const WORDS: [(&'static str, Self); 14] = [
        ("string", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("array", Self::List),
        ("object", Self::Object),
        ("text", Self::Text),
        ("choice", Self::Text),
        ("int", Self::Number),
        ("integer", Self::Number),
        ("bool", Self::Boolean),
        ("switch", Self::Boolean),
        ("list", Self::List),
        ("hashtable", Self::Object),
        ("map", Self::Object),
    ];

    /// Returns the word az writes.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("string", |(word, _)| word)
    }
}

/// How the run as a whole goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Options {
    /// Steps may overlap; `false` is strictly one after the other.
    pub parallel: Option<Given<bool>>,
    /// How many steps run at once.
    pub max_concurrency: Option<Given<u32>>,
    /// A failure does not end the run.
    pub continue_on_error: Option<Given<bool>>,
    /// How long the whole run may take.
    pub timeout: Option<Duration>,
    /// Names of the stages in the order they run, if it is not that of the file.
    pub order: Vec<Placed<String>>,
    /// Results of earlier runs may be used.
    pub cache: Option<bool>,
    /// What of it counts as success.
    pub success: BTreeMap<String, Value>,
}

/// What holds where a job or step does not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Defaults {
    /// A failure does not end what it is part of.
    pub continue_on_error: Option<Given<bool>>,
    /// How long one attempt of a step may take.
    pub timeout: Option<Duration>,
    /// How often a failed attempt is repeated.
    pub retries: Option<u32>,
    /// How long to wait before the first repetition.
    pub retry_delay: Option<Duration>,
    /// Steps with higher ones begin first where several could.
    pub priority: Option<i32>,
    /// What runs inline texts.
    pub shell: Option<Placed<String>>,
    /// The folder steps start in.
    pub cwd: Option<String>,
}

/// Which runs exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Concurrency {
    /// Runs of one group come one after the other.
    pub group: Option<String>,
    /// A newer run of the group ends the older one.
    pub cancel_in_progress: Option<bool>,
}

/// A variant of the playbook.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Variables, over those of the playbook.
    pub variables: BTreeMap<String, Value>,
    /// Values that no command line overrules.
    pub overrides: BTreeMap<String, Value>,
    /// Environment variables of all steps.
    pub env: BTreeMap<String, String>,
    /// The only stages that run, by name; nothing for all.
    pub stages: Option<Vec<Placed<String>>>,
    /// Stages that do not run, by name.
    pub exclude_stages: Vec<Placed<String>>,
    /// Scripts that do not run.
    pub exclude_sequence: Vec<Placed<String>>,
    /// The only scripts that run, by sequence expressions; nothing for all.
    pub scripts: Option<Vec<Placed<String>>>,
    /// How the run goes under this profile.
    pub options: Options,
    /// Where it stands.
    pub at: String,
}
