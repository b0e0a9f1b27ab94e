//! From a file to a configuration.

use std::{collections::BTreeMap, num::NonZero, sync::Arc};

use super::{
    Config, Defaults, Environment,
    cache::cache,
    old,
    parts::{profiles, ranges, registry},
    resources::resources,
};
use crate::{
    diag::Source,
    model::{
        decode::{self, Key, Names, Reading, Table, Value},
        settings::{self, MAX_RETRIES},
    },
    text::{
        document::{Format, MAX_BYTES},
        size,
    },
};

const CONTINUE_ON_ERROR: Key = Key::new("continue_on_error", &["continueOnError", "continue-on-error"]);
const MAX_PLAYBOOK_SIZE: Key = Key::new("max_playbook_size", &["maxPlaybookSize", "max-playbook-size"]);
const LOG_LIMIT: Key = Key::new("log_limit", &["logLimit", "log-limit"]);
/// A log of which less is kept says nothing.
const LEAST_LOG: u64 = 64 << 10;
const RETRY_DELAY: Key = Key::new("retry_delay", &["retryDelay", "retry-delay"]);

/// Reads `az.toml`, with all its faults.
pub fn read(source: &Arc<Source>) -> Reading<Config> {
    decode::read(source, Format::Toml, own)
}

/// Reads a configuration in any format: with the fields of `az.toml`, or one of AitherZero.
pub fn read_any(source: &Arc<Source>) -> Reading<Config> {
    let extension = source.name.rsplit_once('.').map(|(_, extension)| extension);
    let format = Format::detect(extension, &source.text);
    decode::read(source, format, |root| if old::is_old(root.node()) { old::decode(root) } else { own(root) })
}

fn own(root: Value<'_>) -> Option<Config> {
    let mut config = Config::default();
    let mut table = root.table("az.toml")?;
    table.optional("workspace", |value| workspace(value, &mut config));
    table.optional("env", |value| variables_handed_over(value, &mut config));
    config.resources = table.optional("resources", resources).unwrap_or_default();
    config.cache = table.optional("cache", cache).unwrap_or_default();
    of_any_environment(&mut table, &mut config);
    config.profiles = table.optional("profile", profiles).unwrap_or_default();
    config.environments = table.optional("environment", environments).unwrap_or_default();
    table.unheeded(&["ui", "web"]);
    table.unsupported(&["schedule", "remote", "secrets", "notifications"]);
    table.finish();
    Some(config)
}

/// Reads what an environment can say, too.
fn of_any_environment(table: &mut Table<'_>, config: &mut Config) {
    config.variables = table.optional("variables", settings::variables).unwrap_or_default();
    config.jobs = table.optional("jobs", |value| value.whole_number(1..=u32::MAX)).and_then(NonZero::new);
    config.continue_on_error = table.optional(CONTINUE_ON_ERROR, Value::boolean);
    config.defaults = table.optional("defaults", defaults).unwrap_or_default();
    config.registry = table.optional("playbook", registry).unwrap_or_default();
    config.ranges = table.optional("range", ranges).unwrap_or_default();
    config.commands = table.optional("commands", commands).unwrap_or_default();
}

fn environments(value: Value<'_>) -> Option<Vec<Environment>> {
    let entries = value.map(Names::AnyCase, |name, _, value| {
        let mut table = value.table(format!("environment `{name}`"))?;
        let mut config = Config::default();
        of_any_environment(&mut table, &mut config);
        table.informative(&["description"]);
        table.finish();
        Some(Environment { name: name.to_owned(), config, at: value.pointer() })
    })?;
    Some(entries.into_iter().map(|(_, environment)| environment).collect())
}

fn workspace(value: Value<'_>, config: &mut Config) -> Option<()> {
    let mut table = value.table("`workspace`")?;
    let folders = |value: Value<'_>| value.one_or_list(Value::nonempty_text);
    config.scripts = table.optional("scripts", folders);
    config.playbooks = table.optional("playbooks", folders);
    config.scratch = table.optional("scratch", settings::scratch_patterns).unwrap_or_default();
    config.rules = table.optional("rules", Value::nonempty_text);
    config.max_playbook_size = table.optional(MAX_PLAYBOOK_SIZE, playbook_size);
    table.finish();
    Some(())
}

fn playbook_size(value: Value<'_>) -> Option<u64> {
    let size = settings::memory(value)?;
    if size > MAX_BYTES as u64 {
        let most = size::write(MAX_BYTES as u64);
        return value.bad_value(&format!("is more than {most}"), &format!("write `{most}` or less"));
    }
    Some(size)
}

fn log_size(value: Value<'_>) -> Option<u64> {
    let size = settings::memory(value)?;
    if size < LEAST_LOG {
        let least = size::write(LEAST_LOG);
        return value.bad_value(&format!("is less than {least}"), &format!("write `{least}` or more"));
    }
    Some(size)
}

/// Reads what commands run: a text is parted at blanks, a list is taken as it is.
fn commands(value: Value<'_>) -> Option<BTreeMap<String, Vec<String>>> {
    let entries = value.map(Names::AnyCase, |name, _, value| {
        let words = settings::argv(value)?;
        Some((name.trim_start_matches('/').to_owned(), words))
    })?;
    Some(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn variables_handed_over(value: Value<'_>, config: &mut Config) -> Option<()> {
    let mut table = value.table("`env`")?;
    config.use_env = table.optional("use", settings::variable_names).unwrap_or_default();
    config.pass_env = table.optional("pass", settings::variable_names).unwrap_or_default();
    table.misplaced_tables(|name| {
        format!("what holds in an environment is written under `[environment.{name}]`")
    });
    table.finish();
    Some(())
}

fn defaults(value: Value<'_>) -> Option<Defaults> {
    let mut table = value.table("`defaults`")?;
    let defaults = Defaults {
        timeout: table.optional("timeout", settings::timeout).flatten(),
        retries: table.optional("retries", |value| value.whole_number(0..=MAX_RETRIES)),
        retry_delay: table.optional(RETRY_DELAY, Value::duration),
        parallel: table.optional("parallel", Value::boolean),
        log_limit: table.optional(LOG_LIMIT, log_size),
    };
    table.finish();
    Some(defaults)
}
