//! How a playbook goes: parameters, options, defaults, profiles, settings.

use std::collections::BTreeMap;

use super::fields::{Fields, from, placed_list};
use crate::{
    model::{
        playbook::{Concurrency, Defaults, Options, Parameter, ParameterType, Profile},
        settings::{CachePolicy, ExitMeaning, Leftovers, MEMORY, Settings, Undeclared},
    },
    text::{
        document::write::{Draft, Item},
        duration, size,
    },
};

pub(super) fn parameter(parameter: &Parameter) -> Item {
    let Parameter { name, description, required, default, kind, allowed, at } = parameter;
    let mut fields = Fields::default();
    fields.text("name", Some(name));
    fields.text("description", description.as_deref());
    fields.text("type", kind.map(ParameterType::as_str));
    fields.flag("required", required.then_some(true));
    if let Some(default) = default {
        fields.put("default", Draft::of_json(default));
    }
    fields.list("allowed", allowed.iter().map(|value| Draft::of_json(value).into()).collect());
    from(fields.into_draft(), at)
}

pub(super) fn options(options: &Options) -> Fields {
    let Options { parallel, max_concurrency, continue_on_error, timeout, order, cache, success: _ } = options;
    let mut fields = Fields::default();
    fields.given_flag("parallel", parallel.as_ref());
    fields.given_count("maxConcurrency", max_concurrency.as_ref());
    fields.given_flag("continueOnError", continue_on_error.as_ref());
    if let Some(timeout) = timeout {
        let minutes = timeout.as_secs() / 60;
        let is_whole = minutes * 60 == timeout.as_secs() && timeout.subsec_nanos() == 0;
        let word = if is_whole {
            Draft::Number(minutes.to_string())
        } else {
            Draft::text(duration::write(*timeout))
        };
        fields.put("timeoutMinutes", word);
    }
    fields.placed_list("executionOrder", order);
    fields.flag("useCache", *cache);
    fields
}

pub(super) fn defaults(defaults: &Defaults) -> Fields {
    let Defaults { continue_on_error, timeout, retries, retry_delay, priority, shell, cwd } = defaults;
    let mut fields = Fields::default();
    fields.given_flag("continueOnError", continue_on_error.as_ref());
    fields.duration("timeout", *timeout);
    fields.number("retries", *retries);
    fields.duration("retryDelay", *retry_delay);
    fields.whole("priority", *priority);
    fields.placed("shell", shell.as_ref());
    fields.text("cwd", cwd.as_deref());
    fields
}

pub(super) fn concurrency(concurrency: &Concurrency) -> Draft {
    let Concurrency { group, cancel_in_progress } = concurrency;
    let mut fields = Fields::default();
    fields.text("group", group.as_deref());
    fields.flag("cancelInProgress", *cancel_in_progress);
    fields.into_draft()
}

pub(super) fn profile(profile: &Profile) -> Item {
    let Profile {
        name: _,
        description,
        variables,
        overrides,
        env,
        stages,
        exclude_stages,
        exclude_sequence,
        scripts,
        options: how,
        at,
    } = profile;
    let mut fields = Fields::default();
    fields.text("description", description.as_deref());
    if let Some(stages) = stages {
        fields.put("stages", placed_list(stages));
    }
    fields.placed_list("excludeStages", exclude_stages);
    if let Some(scripts) = scripts {
        fields.put("scripts", placed_list(scripts));
    }
    fields.placed_list("excludeSequence", exclude_sequence);
    fields.extend(options(how));
    fields.values("successCriteria", &how.success);
    fields.values("variables", variables);
    fields.values("overrides", overrides);
    fields.text_map("env", env);
    from(fields.into_draft(), at)
}

/// Writes what is held: memory as a size, all else as a count.
fn amounts(resources: &BTreeMap<String, u64>) -> Fields {
    let mut fields = Fields::default();
    for (name, amount) in resources {
        let memory = (name == MEMORY).then(|| size::write(*amount));
        fields.put(name, memory.map_or_else(|| Draft::Number(amount.to_string()), Draft::text));
    }
    fields
}

fn codes(meanings: &BTreeMap<i32, ExitMeaning>) -> Fields {
    let mut fields = Fields::default();
    meanings.iter().for_each(|(code, meaning)| fields.text(&code.to_string(), Some(meaning.as_str())));
    fields
}

fn word_of<T: PartialEq + Copy>(words: &[(&'static str, T)], meant: Option<T>) -> Option<&'static str> {
    words.iter().find(|(_, known)| Some(*known) == meant).map(|(word, _)| *word)
}

/// Adds what a step or job says of how it behaves: plain values first, then the tables.
pub(super) fn settings(settings: &Settings, fields: &mut Fields) {
    let Settings {
        inputs,
        outputs,
        use_env,
        pass_env,
        env,
        cache,
        timeout,
        retries,
        retry_delay,
        resources,
        priority,
        exit_codes,
        cwd,
        trace,
        service,
        leftovers,
        sandbox,
        network,
        writable,
        undeclared,
        scratch,
        command,
    } = settings;
    fields.text("cwd", cwd.as_deref());
    fields.duration("timeout", *timeout);
    fields.number("retries", *retries);
    fields.duration("retryDelay", *retry_delay);
    fields.whole("priority", *priority);
    if let Some(cache) = cache {
        fields.put("cache", Draft::text(policy(*cache)));
    }
    for (name, patterns) in [("inputs", inputs), ("outputs", outputs)] {
        if let Some(patterns) = patterns {
            fields.put(name, Draft::list(patterns.iter().map(Draft::text)));
        }
    }
    fields.texts("scratch", scratch);
    fields.texts("useEnv", use_env);
    fields.texts("passEnv", pass_env);
    fields.flag("trace", *trace);
    fields.flag("service", *service);
    fields.text("leftovers", word_of(&Leftovers::WORDS, *leftovers));
    fields.flag("sandbox", *sandbox);
    fields.flag("network", *network);
    fields.text("undeclared", word_of(&Undeclared::WORDS, *undeclared));
    // Only rules have it; the newest format would refuse it.
    fields.texts("argv", command.iter().flatten());
    fields.text_map("env", env);
    fields.table("resources", amounts(resources));
    fields.table("exitCodes", codes(exit_codes));
    if let Some(writable) = writable {
        let mut permissions = Fields::default();
        let patterns = writable.iter().map(|pattern| Draft::text(format!("write:{pattern}")));
        permissions.put("filesystem", Draft::list(patterns));
        fields.table("permissions", permissions);
    }
}

fn policy(cache: CachePolicy) -> String {
    match cache {
        CachePolicy::Auto => "auto".to_owned(),
        CachePolicy::Always => "always".to_owned(),
        CachePolicy::Never => "never".to_owned(),
        CachePolicy::For(time) => duration::write(time),
    }
}
