//! Settings out of the fields of a table: of a rule, a job or a step.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    CachePolicy, ExitMeaning, HIGHEST_PRIORITY, Leftovers, MAX_RETRIES, MEMORY, Settings, Undeclared,
    declare_exit_code, resource, resource_name,
};
use crate::{
    base::{Span, nearest, nearest_alone, quoted_list},
    diag::code,
    model::{
        decode::{Key, Names, Table, Value},
        scratch::takes_everything,
    },
    text::{
        document::NodeValue,
        pattern::{BadPattern, Pattern},
        size,
    },
};

const USE_ENV: Key = Key::new("useEnv", &["use_env", "use-env"]);
const PASS_ENV: Key = Key::new("passEnv", &["pass_env", "pass-env"]);
/// How long one attempt may take, in seconds where no unit is written.
pub const TIMEOUT: Key =
    Key::new("timeout", &["timeoutSeconds", "timeout_seconds", "timeout-seconds", "timeoutSec"]);
const TIMEOUT_MINUTES: Key = Key::new("timeoutMinutes", &["timeout-minutes", "timeout_minutes"]);
const RETRIES: Key =
    Key::new("retries", &["retry", "retryCount", "retry_count", "maxRetries", "max_retries"]);
const RETRY_DELAY: Key =
    Key::new("retryDelay", &["retry_delay", "retry-delay", "retryDelaySeconds", "delaySeconds"]);
const CWD: Key = Key::new("cwd", &["workingDirectory", "working-directory", "working_directory"]);
const EXIT_CODES: Key = Key::new("exitCodes", &["exit_codes", "exit-codes"]);

/// Asks a table for every setting it can hold, except `command`, which only a rule has.
pub fn decode(table: &mut Table<'_>) -> Settings {
    Settings {
        inputs: table.optional("inputs", patterns),
        outputs: table.optional("outputs", patterns),
        use_env: table.optional(USE_ENV, variable_names).unwrap_or_default(),
        pass_env: table.optional(PASS_ENV, variable_names).unwrap_or_default(),
        env: table.optional("env", environment).unwrap_or_default(),
        cache: table.optional("cache", cache),
        timeout: minutes(table).or_else(|| table.optional(TIMEOUT, timeout).flatten()),
        retries: table.optional(RETRIES, |value| value.whole_number(0..=MAX_RETRIES)),
        retry_delay: table.optional(RETRY_DELAY, Value::duration),
        resources: table.optional("resources", resources).unwrap_or_default(),
        priority: table.optional("priority", priority),
        exit_codes: table.optional(EXIT_CODES, exit_codes).unwrap_or_default(),
        cwd: table.optional(CWD, Value::nonempty_text),
        scratch: table.optional("scratch", scratch_patterns).unwrap_or_default().into_iter().collect(),
        trace: table.optional("trace", on_or_off),
        sandbox: table.optional("sandbox", on_or_off),
        network: table.optional("network", on_or_off),
        writable: None,
        service: table.optional("service", Value::boolean),
        leftovers: table.optional("leftovers", |value| value.choice(&Leftovers::WORDS)),
        undeclared: table.optional("undeclared", |value| value.choice(&Undeclared::WORDS)),
        command: None,
    }
}

/// Reads how long one attempt may take; a number that is not above zero is no limit of its own, as in old files.
pub fn timeout(value: Value<'_>) -> Option<Option<Duration>> {
    match &value.node().value {
        NodeValue::Number(raw) if raw.parse::<f64>().is_ok_and(|seconds| seconds <= 0.0) => Some(None),
        NodeValue::Text(text) if text.contains("{{") || text.contains("${") => {
            value.note_later();
            value.leave_out();
            Some(None)
        }
        _ => value.duration().map(Some),
    }
}

/// Reads the limit in minutes, as workflows of GitHub have it.
fn minutes(table: &mut Table<'_>) -> Option<Duration> {
    let minutes = table.optional(TIMEOUT_MINUTES, |value| value.whole_number(1..=525_600))?;
    Some(Duration::from_secs(u64::from(minutes) * 60))
}

/// Words for whether something holds for a step: that it is watched, sandboxed, or may use the network.
pub const SWITCH_WORDS: [(&str, bool); 2] = [("on", true), ("off", false)];

/// Reads whether something holds for a step: a word, or a truth.
fn on_or_off(value: Value<'_>) -> Option<bool> {
    if matches!(value.node().value, NodeValue::Bool(_)) {
        value.boolean()
    } else {
        value.choice(&SWITCH_WORDS)
    }
}

/// Reads path patterns: one, or a list.
pub fn patterns(value: Value<'_>) -> Option<Vec<String>> {
    value.one_or_list(pattern)
}

/// Reads patterns of private state: one, or a list.
pub fn scratch_patterns(value: Value<'_>) -> Option<Vec<String>> {
    value.one_or_list(|value| {
        let text = pattern(value)?;
        if takes_everything(&text) {
            let problem = format!("takes everything with `{text}`, so that nothing would be input or output");
            return value.bad_value(&problem, SCRATCH_HELP);
        }
        Some(text)
    })
}

/// What to write for private state.
pub const SCRATCH_HELP: &str =
    "name the folder or file that is private to the tool, such as `.tool-cache/**`";

/// Reads names of environment variables: one, or a list.
pub fn variable_names(value: Value<'_>) -> Option<BTreeSet<String>> {
    value.one_or_list(name).map(|names| names.into_iter().collect())
}

/// Reads variables of az and their values; their names are one in any case, as PowerShell has it.
pub fn variables(value: Value<'_>) -> Option<BTreeMap<String, serde_json::Value>> {
    let entries = value.map(Names::AnyCase, |_, _, value| Some(value.json()))?;
    Some(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Reads an argv of at least a program.
pub fn argv(value: Value<'_>) -> Option<Vec<String>> {
    let argv = value.list(argument)?;
    if argv.first().is_none_or(|program| program.trim().is_empty()) {
        return value.bad_value(
            "names no program",
            "write a list that starts with a program: [\"sh\", \"-c\", \"...\"]",
        );
    }
    Some(argv)
}

fn argument(value: Value<'_>) -> Option<String> {
    let word = value.text()?;
    if let Some((written, meant)) = mistyped_placeholder(&word) {
        return value
            .bad_value(&format!("has no placeholder `{written}`"), &format!("did you mean `{meant}`?"));
    }
    Some(word)
}

/// Finds `{scripts}`: what stands in braces and is close to a placeholder, as other programs may know braces too.
fn mistyped_placeholder(word: &str) -> Option<(&str, &'static str)> {
    word.match_indices('{').filter(|(at, _)| !word[..*at].ends_with('$')).find_map(|(at, _)| {
        let name = word[at + 1..].split('}').next()?;
        let end = at + name.len() + 2;
        let meant = [("script", "{script}"), ("args", "{args}")];
        let near = nearest(name, meant.iter().map(|(name, _)| *name)).filter(|near| *near != name)?;
        Some((word.get(at..end)?, meant.iter().find(|(name, _)| *name == near)?.1))
    })
}

/// Reads `env`: names of environment variables with the values they are given.
pub fn environment(value: Value<'_>) -> Option<BTreeMap<String, String>> {
    let entries = value.map(Names::ExactCase, |key, at, value| {
        if key.is_empty() || key.contains(['=', '\0']) {
            let context = value.context();
            let fault = context.error(code::BAD_NAME, format!("`{key}` cannot name an environment variable"));
            context.report(fault.at(at).help("write a name of letters, digits and `_`"));
        }
        value.scalar()
    })?;
    Some(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Reads one path pattern.
pub fn pattern(value: Value<'_>) -> Option<String> {
    let text = value.nonempty_text()?;
    if let Err(error) = Pattern::check(&text) {
        let context = value.context();
        let fault = context.error(code::BAD_GLOB, format!("`{text}` is no pattern: {error}"));
        context.report(fault.at(value.span()).help(BadPattern::HELP));
        return None;
    }
    Some(text)
}

fn name(value: Value<'_>) -> Option<String> {
    let text = value.nonempty_text()?;
    if text.contains(['=', ' ']) {
        let help = "write the name alone; a value is given with `env`";
        return value.bad_value(&format!("names environment variables, found `{text}`"), help);
    }
    Some(text)
}

fn cache(value: Value<'_>) -> Option<CachePolicy> {
    let text = match &value.node().value {
        NodeValue::Bool(true) => return Some(CachePolicy::Auto),
        NodeValue::Bool(false) => return Some(CachePolicy::Never),
        NodeValue::Text(text) => text,
        _ => return value.wrong_type("a text"),
    };
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return value.duration().map(CachePolicy::For);
    }
    let words = || CachePolicy::WORDS.iter().map(|(word, _)| *word);
    let known = CachePolicy::WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    if known.is_none() {
        let problem = format!("wants {} or a duration, found `{text}`", quoted_list(words()));
        return match nearest(text, words()) {
            Some(word) => value.mistyped(&problem, word, nearest_alone(text, words()).is_some()),
            None => value.bad_value(&problem, "write \"24h\" to keep results for a day"),
        };
    }
    known.map(|(_, policy)| *policy)
}

/// Reads what goes first: a whole number, higher for sooner.
pub fn priority(value: Value<'_>) -> Option<i32> {
    let NodeValue::Number(raw) = &value.node().value else { return value.wrong_type("a number") };
    let bounds = -HIGHEST_PRIORITY..=HIGHEST_PRIORITY;
    let priority = raw.parse().ok().filter(|priority| bounds.contains(priority));
    if priority.is_none() {
        let problem =
            format!("wants a whole number from {} to {}, found {raw}", bounds.start(), bounds.end());
        let nearest = raw.parse::<i32>().unwrap_or(0).clamp(*bounds.start(), *bounds.end());
        return value.bad_value(&problem, &format!("write {nearest}"));
    }
    priority
}

fn resources(value: Value<'_>) -> Option<BTreeMap<String, u64>> {
    let items = if matches!(value.node().value, NodeValue::Table(_)) {
        let entries = value.map(Names::AnyCase, |name, at, amount| {
            let name = resource_name_at(name, at, amount)?;
            let amount = if name == MEMORY { memory(amount) } else { count(amount) }?;
            Some((name, amount))
        })?;
        entries.into_iter().map(|(_, item)| item).collect()
    } else {
        value.one_or_list(|item| {
            let text = item.text()?;
            match resource(&text) {
                Ok(found) => Some(found),
                Err(help) => item.bad_value(&format!("names resources, found `{text}`"), &help),
            }
        })?
    };
    Some(items.into_iter().collect())
}

/// Reads the name of a resource that is a key.
pub fn resource_name_at(name: &str, at: Span, value: Value<'_>) -> Option<String> {
    let found = resource_name(name);
    if found.is_none() {
        let context = value.context();
        let fault = context.error(code::BAD_NAME, format!("`{name}` cannot name a resource"));
        context.report(fault.at(at).help("write a name of letters, digits, `_`, `-` and `.`"));
    }
    found
}

/// Reads how much of a resource there is or is wanted.
pub fn count(value: Value<'_>) -> Option<u64> {
    value.whole_number(1..=u32::MAX).map(u64::from)
}

/// Reads an amount of memory in bytes.
pub fn memory(value: Value<'_>) -> Option<u64> {
    let (NodeValue::Text(text) | NodeValue::Number(text)) = &value.node().value else {
        return value.wrong_type_but("a size", &format!("write {}", size::FORMS));
    };
    match size::parse(text) {
        Ok(bytes) => Some(bytes),
        Err(why) => {
            let problem = format!("wants a size, found `{text}`: {why}");
            value.bad_value(&problem, &format!("write {}", size::FORMS))
        }
    }
}

/// Reads a table of exit codes and what they mean.
fn exit_codes(value: Value<'_>) -> Option<BTreeMap<i32, ExitMeaning>> {
    let mut codes = BTreeMap::new();
    for (code, meaning) in exit_code_entries(value)? {
        declare_exit_code(&mut codes, code, meaning);
    }
    Some(codes)
}

/// Reads exit codes as they are written.
pub fn exit_code_entries(value: Value<'_>) -> Option<Vec<(i32, ExitMeaning)>> {
    let entries = value.map(Names::ExactCase, |key, at, value| {
        let code = key.trim().parse::<i32>().ok();
        if code.is_none() {
            let context = value.context();
            let fault = context.error(code::BAD_VALUE, format!("`{key}` is no exit code"));
            let meanings = quoted_list(ExitMeaning::WORDS.iter().map(|(word, _)| *word));
            context.report(fault.at(at).help(format!("write a number and what it means: {meanings}")));
        }
        Some((code?, value.choice(&ExitMeaning::WORDS)?))
    })?;
    Some(entries.into_iter().map(|(_, entry)| entry).collect())
}
