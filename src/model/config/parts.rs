//! Profiles, playbooks and ranges of a configuration, in every spelling files have for them.

use super::{Profile, Range, Registered, ScriptDefaults};
use crate::{
    base::{Span, Spanned},
    model::{
        decode::{Context, Key, Names, Placed, Value},
        settings,
    },
    text::sequence,
};

const DESCRIPTION: Key = Key::new("description", &["desc"]);
const CONTINUE: Key = Key::new("continueOnError", &["continue_on_error", "continue-on-error"]);
const ENVIRONMENTS: Key = Key::new("allowedEnvironments", &["allowed_environments"]);
const APPROVAL: Key = Key::new("requiresApproval", &["requires_approval"]);
const SCRIPTS: Key = Key::new("scriptDefaults", &["script_defaults"]);
const ELEVATION: Key = Key::new("requiresElevation", &["requires_elevation"]);
const PARALLEL: Key = Key::new("allowParallel", &["allow_parallel"]);
const TIMEOUT: Key =
    Key::new("timeout", &["defaultTimeout", "default_timeout", "timeoutSeconds", "timeout_seconds"]);

/// Reads selections with a name.
pub(super) fn profiles(value: Value<'_>) -> Option<Vec<Profile>> {
    let entries = value.map(Names::AnyCase, |name, _, value| profile(name, value))?;
    Some(entries.into_iter().map(|(_, profile)| profile).collect())
}

fn profile(name: &str, value: Value<'_>) -> Option<Profile> {
    let mut table = value.table(format!("profile `{name}`"))?;
    let description = table.optional(DESCRIPTION, Value::text_or_number);
    let scripts = Key::new("scripts", &["sequence", "sequences"]);
    let example = table.context().format().texts(&["0400-0499", "stage:Testing"]);
    let scripts = table.required(scripts, &format!("the selection, such as {example}"), selection);
    let variables = table
        .optional(Key::new("variables", &["vars", "parameters"]), settings::variables)
        .unwrap_or_default();
    table.informative(&["tags", "category", "estimatedDuration"]);
    table.finish();
    let name = name.to_owned();
    Some(Profile { name, description, scripts: scripts?, variables, at: value.pointer() })
}

/// Reads the items of a selection; no playbook stands in it.
fn selection(value: Value<'_>) -> Option<Vec<Placed<String>>> {
    let items = value.one_or_list(|item| {
        let text = item.text_or_number()?;
        check_selection(item.context(), &text, item.span());
        Some(item.placed(text))
    })?;
    if items.is_empty() {
        return value.bad_value("is empty", "write what it selects, or remove the profile");
    }
    Some(items)
}

/// Reports what is wrong with a selection that stands at a place.
fn check_selection(context: &Context<'_>, text: &str, at: Span) {
    let parsed = sequence::parse_in(context.source(), &[Spanned::new(text, at)]);
    let (_, faults) = parsed.without_words();
    faults.into_iter().for_each(|fault| context.report(fault));
}

/// Reads what holds for playbooks.
pub(super) fn registry(value: Value<'_>) -> Option<Vec<Registered>> {
    let entries = value.map(Names::AnyCase, |name, _, value| {
        let mut table = value.table(format!("playbook `{name}`"))?;
        let found = Registered {
            name: name.to_owned(),
            enabled: table.optional("enabled", Value::boolean),
            allowed_environments: table
                .optional(ENVIRONMENTS, |value| value.one_or_list(Value::nonempty_text))
                .unwrap_or_default(),
            requires_approval: table.optional(APPROVAL, Value::boolean),
            defaults: table
                .optional(SCRIPTS, |value| script_defaults(value, "`scriptDefaults`"))
                .unwrap_or_default(),
            at: value.pointer(),
        };
        table.informative(&["description", "name", "category", "tags", "script"]);
        table.finish();
        Some(found)
    })?;
    Some(entries.into_iter().map(|(_, playbook)| playbook).collect())
}

/// Reads what steps of some numbers have that nothing else says.
pub(super) fn ranges(value: Value<'_>) -> Option<Vec<Range>> {
    let entries = value.map(Names::AnyCase, |matches, at, value| {
        check_selection(value.context(), matches, at);
        let defaults = script_defaults(value, &format!("range `{matches}`"))?;
        Some(Range { matches: matches.to_owned(), defaults, at: value.pointer() })
    })?;
    Some(entries.into_iter().map(|(_, range)| range).collect())
}

fn script_defaults(value: Value<'_>, what: &str) -> Option<ScriptDefaults> {
    let mut table = value.table(what)?;
    let defaults = ScriptDefaults {
        timeout: table.optional(TIMEOUT, settings::timeout).flatten(),
        continue_on_error: table.optional(CONTINUE, Value::boolean),
        requires_elevation: table.optional(ELEVATION, Value::boolean),
        stage: table.optional("stage", Value::nonempty_text),
        allow_parallel: table.optional(PARALLEL, Value::boolean),
    };
    table.informative(&["description"]);
    table.finish();
    Some(defaults)
}
