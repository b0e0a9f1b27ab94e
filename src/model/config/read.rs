//! From `az.toml` to a value.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    sync::Arc,
};

use crate::{
    diag::Source,
    model::{
        decode::{self, Key, Reading, Value},
        settings,
    },
    text::document::Format,
};

/// What `az.toml` says; what it does not say is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Config {
    /// Folders that hold scripts, instead of the usual ones.
    pub scripts: Option<Vec<String>>,
    /// Folders that hold playbooks, instead of the usual ones.
    pub playbooks: Option<Vec<String>>,
    /// Patterns of paths that are private state of the steps that write them.
    pub scratch: Vec<String>,
    /// The folder of kinds and rules.
    pub rules: Option<String>,
    /// Variables of every run, below those of playbooks and of the command line.
    pub variables: BTreeMap<String, serde_json::Value>,
    /// Names of environment variables that every step gets and that enter its key.
    pub use_env: BTreeSet<String>,
    /// Names of environment variables that every step gets and that do not enter its key.
    pub pass_env: BTreeSet<String>,
    /// How many steps run at once.
    pub jobs: Option<NonZero<u32>>,
    /// Whether the run goes on after a failure.
    pub continue_on_error: Option<bool>,
}

const CONTINUE_ON_ERROR: Key = Key::new("continue_on_error", &["continueOnError", "continue-on-error"]);

/// Reads `az.toml`, with all its faults.
pub fn read(source: &Arc<Source>) -> Reading<Config> {
    decode::read(source, Format::Toml, |root| {
        let mut config = Config::default();
        let mut table = root.table("az.toml")?;
        table.optional("workspace", |value| workspace(value, &mut config));
        config.variables = table.optional("variables", settings::variables).unwrap_or_default();
        table.optional("env", |value| environment(value, &mut config));
        config.jobs = table.optional("jobs", |value| value.whole_number(1..=u32::MAX)).and_then(NonZero::new);
        config.continue_on_error = table.optional(CONTINUE_ON_ERROR, Value::boolean);
        table.unheeded(&["ui", "web"]);
        table.unsupported(&[
            "playbook",
            "range",
            "profile",
            "schedule",
            "remote",
            "secrets",
            "notifications",
        ]);
        table.finish();
        Some(config)
    })
}

fn workspace(value: Value<'_>, config: &mut Config) -> Option<()> {
    let mut table = value.table("`workspace`")?;
    let folders = |value: Value<'_>| value.one_or_list(Value::nonempty_text);
    config.scripts = table.optional("scripts", folders);
    config.playbooks = table.optional("playbooks", folders);
    config.scratch = table.optional("scratch", settings::scratch_patterns).unwrap_or_default();
    config.rules = table.optional("rules", Value::nonempty_text);
    table.finish();
    Some(())
}

fn environment(value: Value<'_>, config: &mut Config) -> Option<()> {
    let mut table = value.table("`env`")?;
    config.use_env = table.optional("use", settings::variable_names).unwrap_or_default();
    config.pass_env = table.optional("pass", settings::variable_names).unwrap_or_default();
    // `[env.NAME]`: what holds when az runs for an environment of this name.
    table.unsupported_tables();
    table.finish();
    Some(())
}
