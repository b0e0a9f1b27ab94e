//! Parameters, options, defaults and profiles.

use std::time::Duration;

use serde_json::Value as Json;

use super::{
    Defaults, Given, Options, Parameter, ParameterType, Profile,
    fields::{count, flag, json_map, placed_list, truth, word},
    job::environment_variables,
    step::{CONTINUE, VARIABLES},
};
use crate::{
    diag::code,
    model::{
        decode::{Key, Names, Placed, Table, Value},
        settings::{self, MAX_RETRIES},
    },
    text::document::NodeValue,
};

const RETRIES: Key =
    Key::new("retries", &["retry", "retryCount", "retry_count", "maxRetries", "max_retries"]);
const RETRY_DELAY: Key = Key::new("retryDelay", &["retry_delay", "retry-delay", "delaySeconds"]);
const MAX_CONCURRENCY: Key = Key::new(
    "maxConcurrency",
    &["max_concurrency", "max-concurrency", "maxParallel", "max-parallel", "maxParallelJobs", "workers"],
);

/// Reads what whoever runs the playbook gives: a list of definitions, or names with defaults or definitions.
pub(super) fn parameters(value: Value<'_>) -> Option<Vec<Parameter>> {
    if matches!(value.node().value, NodeValue::List(_)) {
        let mut seen: Vec<String> = Vec::new();
        return value.list(|item| {
            let parameter = listed(item)?;
            if seen.iter().any(|name| name.eq_ignore_ascii_case(&parameter.name)) {
                let message = format!("two parameters are called `{}`", parameter.name);
                let context = item.context();
                let fault = context.error(code::BAD_NAME, message).at(context.opening(item.span()));
                context.report(fault.help("remove one of the two, or rename it"));
            }
            seen.push(parameter.name.clone());
            Some(parameter)
        });
    }
    let entries = value.map(Names::AnyCase, |name, _, value| Some(named(name, value)))?;
    Some(entries.into_iter().filter_map(|(_, parameter)| parameter).collect())
}

fn listed(value: Value<'_>) -> Option<Parameter> {
    if matches!(value.node().value, NodeValue::Text(_)) {
        let name = value.nonempty_text()?;
        return Some(Parameter { name, required: true, at: value.pointer(), ..Parameter::default() });
    }
    let mut table = value.table("a parameter")?;
    let name = table.required("name", "the variable that holds it", Value::nonempty_text);
    let parameter = definition(&mut table, value.pointer());
    table.finish();
    Some(Parameter { name: name?, ..parameter? })
}

/// A parameter by its name: a table that defines it, or its default.
fn named(name: &str, value: Value<'_>) -> Option<Parameter> {
    const DEFINES: [&str; 6] = ["type", "default", "required", "description", "allowed", "defaultValue"];
    let is_definition = match &value.node().value {
        NodeValue::Table(entries) => {
            entries.iter().any(|entry| DEFINES.iter().any(|name| entry.key.value.eq_ignore_ascii_case(name)))
        }
        _ => false,
    };
    let name = name.to_owned();
    if !is_definition {
        let default = Some(value.json()).filter(|value| !value.is_null());
        return Some(Parameter { name, default, at: value.pointer(), ..Parameter::default() });
    }
    let mut table = value.table(format!("parameter `{name}`"))?;
    let parameter = definition(&mut table, value.pointer());
    table.finish();
    Some(Parameter { name, ..parameter? })
}

fn definition(table: &mut Table<'_>, at: String) -> Option<Parameter> {
    let allowed = Key::new(
        "allowed",
        &["allowedValues", "allowed_values", "options", "choices", "enum", "validateSet", "values"],
    );
    let parameter = Parameter {
        name: String::new(),
        description: table.optional(Key::new("description", &["desc"]), word),
        required: table.optional(Key::new("required", &["mandatory"]), truth).unwrap_or_default(),
        default: table.raw(Key::new("default", &["defaultValue", "default_value"])).map(Value::json),
        kind: table.optional("type", |value| value.choice(&ParameterType::WORDS)),
        allowed: table.optional(allowed, |value| value.list(|item| Some(item.json()))).unwrap_or_default(),
        at,
    };
    table.informative(&["example", "examples", "label"]);
    if let Some(default) = &parameter.default
        && !parameter.allowed.is_empty()
        && !parameter.allowed.contains(default)
    {
        let context = table.context();
        let fault =
            context.error(code::BAD_VALUE, format!("the default {default} is none of the allowed values"));
        context.report(fault.at(table.opening()).help("write one of the allowed values as `default`"));
        return None;
    }
    Some(parameter)
}

/// Reads what jobs and steps have if they do not say otherwise.
pub(super) fn defaults(value: Value<'_>) -> Option<Defaults> {
    let mut table = value.table("`defaults`")?;
    let mut defaults = defaults_of(&mut table);
    // The spelling of GitHub: `defaults: { run: { shell, working-directory } }`.
    if let Some(run) = table.optional("run", |value| {
        let mut table = value.table("`run`")?;
        let found = defaults_of(&mut table);
        table.finish();
        Some(found)
    }) {
        defaults.shell = run.shell.or(defaults.shell);
        defaults.cwd = run.cwd.or(defaults.cwd);
    }
    table.informative(&["profile"]);
    table.finish();
    Some(defaults)
}

fn defaults_of(table: &mut Table<'_>) -> Defaults {
    Defaults {
        continue_on_error: table.optional(CONTINUE, flag),
        timeout: table.optional(settings::TIMEOUT, settings::timeout).flatten(),
        retries: table.optional(RETRIES, |value| value.whole_number(0..=MAX_RETRIES)),
        retry_delay: table.optional(RETRY_DELAY, Value::duration),
        priority: table.optional("priority", settings::priority),
        shell: table.optional("shell", Value::placed_text),
        cwd: table
            .optional(Key::new("cwd", &["workingDirectory", "working-directory"]), Value::nonempty_text),
    }
}

/// Reads how the run as a whole goes, from fields of a table that holds others too.
pub(super) fn options(table: &mut Table<'_>, options: &mut Options) {
    let stop = table.optional(Key::new("stopOnError", &["stop_on_error"]), truth);
    // Asked for in any case: beside `parallel` it would be a field that nobody knows.
    let by_mode = mode(table);
    let found = Options {
        parallel: table.optional(Key::new("parallel", &["runParallel"]), flag).or(by_mode),
        max_concurrency: table.optional(MAX_CONCURRENCY, count),
        continue_on_error: table.optional(CONTINUE, flag).or(stop.map(|stop| Given::Fixed(!stop))),
        timeout: minutes(table),
        cache: table.optional(Key::new("useCache", &["enableCache", "cache"]), truth),
        ..Options::default()
    };
    overlay(options, found);
}

/// Lets what is found say what was not said before.
fn overlay(options: &mut Options, found: Options) {
    options.parallel = options.parallel.take().or(found.parallel);
    options.max_concurrency = options.max_concurrency.take().or(found.max_concurrency);
    options.continue_on_error = options.continue_on_error.take().or(found.continue_on_error);
    options.timeout = options.timeout.or(found.timeout);
    options.cache = options.cache.or(found.cache);
}

/// `Mode = 'Sequential'`, another way to say `parallel`.
fn mode(table: &mut Table<'_>) -> Option<Given<bool>> {
    let key = Key::new("mode", &["executionMode"]);
    let is_word = matches!(table.peek(key).map(|node| &node.value), Some(NodeValue::Text(text))
        if ["sequential", "parallel"].iter().any(|word| word.eq_ignore_ascii_case(text)));
    if !is_word {
        return None;
    }
    table.optional(key, |value| value.choice(&[("sequential", false), ("parallel", true)])).map(Given::Fixed)
}

/// The time for the whole run, which old files count in minutes.
fn minutes(table: &mut Table<'_>) -> Option<Duration> {
    let key = Key::new("timeoutMinutes", &["timeout-minutes", "timeout_minutes"]);
    let minutes = table.optional(key, |value| value.whole_number(1..=525_600))?;
    Some(Duration::from_secs(u64::from(minutes) * 60))
}

/// Reads variants of the playbook, by name.
pub(super) fn profiles(value: Value<'_>) -> Option<Vec<Profile>> {
    let entries = value.map(Names::AnyCase, |name, _, value| profile(name, value))?;
    Some(entries.into_iter().map(|(_, profile)| profile).collect())
}

fn profile(name: &str, value: Value<'_>) -> Option<Profile> {
    if matches!(value.node().value, NodeValue::List(_)) {
        let scripts = placed_list(value)?;
        let at = value.pointer();
        return Some(Profile { name: name.to_owned(), scripts: Some(scripts), at, ..Profile::default() });
    }
    let mut table = value.table(format!("profile `{name}`"))?;
    let mut profile = Profile {
        name: name.to_owned(),
        description: table.optional(Key::new("description", &["desc"]), word),
        variables: json_map(&mut table, VARIABLES),
        overrides: json_map(&mut table, "overrides".into()),
        env: table.optional(Key::new("env", &["environment"]), environment_variables).unwrap_or_default(),
        stages: table.optional(Key::new("stages", &["includeStages", "include_stages"]), placed_list),
        exclude_stages: list(&mut table, Key::new("excludeStages", &["exclude_stages"])),
        exclude_sequence: list(
            &mut table,
            Key::new("excludeSequence", &["excludeScripts", "exclude_scripts"]),
        ),
        scripts: table.optional(Key::new("scripts", &["sequence", "sequences"]), placed_list),
        at: value.pointer(),
        ..Profile::default()
    };
    let parameters = json_map(&mut table, Key::new("parameters", &["params"]));
    profile.variables.extend(parameters);
    options(&mut table, &mut profile.options);
    table.informative(&["estimatedDuration", "tags", "category"]);
    table.finish_unread(super::extensions::OF_A_PROFILE);
    Some(profile)
}

fn list(table: &mut Table<'_>, key: Key) -> Vec<Placed<String>> {
    table.optional(key, placed_list).unwrap_or_default()
}

/// Reads what counts as success of the run.
pub(super) fn success(value: Value<'_>) -> Option<std::collections::BTreeMap<String, Json>> {
    value.note_unused("a run succeeds if nothing in it failed");
    settings::variables(value)
}
