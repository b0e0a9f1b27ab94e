//! Which texts nobody must see, and what az itself says without them.
//!
//! Knows the environment az was started with, what a plan sets, and the words of events and diagnostics. Does not know
//! what steps print: see the module `secret`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use crate::{
    base::{Env, looks_secret},
    diag::{Diagnostic, Label, Source},
    event::{Event, Reason},
    plan::{Node, Plan},
    secret::{Masks, Patterns, is_maskable},
    text::document::{Node as Tree, NodeValue},
};

/// Returns the values of an environment that nobody must see, as far as they are long enough to be one.
pub(super) fn secrets_of_env(env: &Env) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    env.all().iter().filter(|(name, _)| looks_secret(name)).for_each(|(_, value)| add(&mut found, value));
    found
}

/// Returns the values of variables that nobody must see, also of members, as far as they are long enough to be one.
pub(super) fn secrets_of_variables(
    variables: &BTreeMap<String, Value>,
    is_secret: &dyn Fn(&str) -> bool,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    variables.iter().for_each(|(name, value)| add_member(&mut found, name, value, is_secret));
    found
}

/// Returns the values a plan sets that nobody must see.
pub(super) fn secrets_of_plan(plan: &Plan) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut last = None;
    for names in plan.scopes.iter().map(|scope| &scope.names) {
        // Scopes that set nothing share the names of the one around them.
        if last.replace(Arc::as_ptr(names)) == Some(Arc::as_ptr(names)) {
            continue;
        }
        let is_secret = |name: &str| names.is_secret(name);
        found.extend(secrets_of_variables(&names.variables, &is_secret));
        names.env.iter().filter(|(name, _)| is_secret(name)).for_each(|(_, value)| add(&mut found, value));
    }
    for node in &plan.nodes {
        found.extend(secrets_of_variables(&node.invocation.variables, &|name| node.is_secret(name)));
        let env = node.settings.env.iter().chain(&node.invocation.env);
        env.filter(|(name, _)| node.is_secret(name)).for_each(|(_, value)| add(&mut found, value));
    }
    found
}

fn add(found: &mut BTreeSet<String>, value: &str) {
    if is_maskable(value) {
        found.insert(value.to_owned());
    }
}

fn add_member(found: &mut BTreeSet<String>, name: &str, value: &Value, is_secret: &dyn Fn(&str) -> bool) {
    match value {
        _ if is_secret(name) => add_all(found, value),
        Value::Object(entries) => {
            entries.iter().for_each(|(name, value)| add_member(found, name, value, is_secret));
        }
        Value::Array(items) => items.iter().for_each(|item| add_member(found, "", item, is_secret)),
        _ => {}
    }
}

fn add_all(found: &mut BTreeSet<String>, value: &Value) {
    match value {
        Value::Object(entries) => entries.values().for_each(|value| add_all(found, value)),
        Value::Array(items) => items.iter().for_each(|item| add_all(found, item)),
        Value::String(text) => add(found, text),
        other => add(found, &other.to_string()),
    }
}

/// Marks what a playbook gives a step that nobody must see: what is one of these texts, or holds one that is long enough
/// to be known by wherever it stands.
pub(super) fn mark(node: &mut Node, hidden: &Patterns) {
    let holds =
        |text: &str| hidden.texts().iter().any(|one| text == one) || hidden.is_surely_in(text.as_bytes());
    let env = node.settings.env.iter().chain(&node.invocation.env);
    let mut secret: BTreeSet<String> =
        env.filter(|(_, value)| holds(value)).map(|(name, _)| name.to_ascii_lowercase()).collect();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let variables = node.invocation.variables.iter().filter(|(_, value)| holds(&text(value)));
    secret.extend(variables.map(|(name, _)| name.to_ascii_lowercase()));
    node.secret.extend(secret);
    let words = node.invocation.argv.iter().enumerate().filter(|(_, word)| holds(word));
    node.secret_words.extend(words.map(|(place, _)| place));
}

/// Returns an event without texts that nobody must see; ids and paths stay what they are.
pub(super) fn shown_event(mut event: Event, masks: &Masks) -> Event {
    let hidden = masks.all();
    if hidden.is_empty() {
        return event;
    }
    let hide = |text: &mut String| *text = hidden.mask_text(text);
    match &mut event {
        Event::ScriptStarted { reasons, .. }
        | Event::ScriptCompleted { reasons, .. }
        | Event::Skipped { reasons, .. }
        | Event::Blocked { reasons, .. }
        | Event::Cancelled { reasons, .. } => reasons.iter_mut().for_each(|reason| hide_in(reason, &hidden)),
        Event::ScriptFailed { error, .. } | Event::StageFailed { error, .. } | Event::Retry { error, .. } => {
            hide(error);
        }
        Event::Warning { message, .. } | Event::Note { message, .. } | Event::Notified { message, .. } => {
            hide(message);
        }
        Event::OrchestrationFailed { reason, .. } => hide(reason),
        Event::OrchestrationStarted { .. }
        | Event::Expanded { .. }
        | Event::Held { .. }
        | Event::StageStarted { .. }
        | Event::StageCompleted { .. }
        | Event::Handed { .. }
        | Event::OrchestrationCompleted { .. }
        | Event::Restored { .. }
        | Event::SetAside { .. }
        | Event::Unknown => {}
    }
    event
}

/// Takes texts that nobody must see out of a reason.
pub(super) fn hide_in(reason: &mut Reason, hidden: &Patterns) {
    let values = reason.before.iter_mut().chain(&mut reason.after);
    for text in [&mut reason.subject, &mut reason.text].into_iter().chain(values) {
        *text = hidden.mask_text(text);
    }
}

/// Returns a diagnostic without texts that nobody must see; what it quotes of a file stays.
pub(super) fn shown_diagnostic(fault: Diagnostic, hidden: &Patterns) -> Diagnostic {
    if hidden.is_empty() {
        return fault;
    }
    let shown = |text: String| hidden.mask_text(&text);
    let labels = fault.labels.into_iter().map(|label| Label { text: label.text.map(shown), ..label });
    Diagnostic {
        message: shown(fault.message),
        help: fault.help.map(shown),
        labels: labels.collect(),
        ..fault
    }
}

/// Returns a diagnostic that quotes no texts that nobody must see. Its edits, if it has any, are for the text as it was.
pub(super) fn quoting_none(fault: Diagnostic, hidden: &Patterns) -> Diagnostic {
    let Some(source) = fault.source.as_ref().filter(|source| hidden.is_in(source.text.as_bytes())) else {
        return fault;
    };
    let source = Arc::new(Source::new(Arc::clone(&source.name), hidden.blank(&source.text)));
    Diagnostic { source: Some(source), ..fault }
}

/// Returns the values in a file that nobody must see by the names they stand under.
pub(super) fn secrets_of_tree(tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    add_named(&mut found, tree);
    found
}

fn add_named(found: &mut BTreeSet<String>, node: &Tree) {
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(|item| add_named(found, item)),
        NodeValue::Table(entries) => {
            for entry in entries {
                match &entry.value.value {
                    NodeValue::Text(text) if looks_secret(&entry.key.value) => add(found, text),
                    _ => add_named(found, &entry.value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_and_items_of_a_secret_are_secrets_and_short_ones_are_not_looked_for() {
        let variables = BTreeMap::from([
            (
                "db".to_owned(),
                json!({ "password": "swordfish1", "host": "localhost1", "api_key": ["12345678", "x"] }),
            ),
            ("list".to_owned(), json!([{ "token": { "a": "abcdefgh" } }])),
            ("made".to_owned(), json!("of a secret")),
        ]);
        let found = secrets_of_variables(&variables, &|name| looks_secret(name) || name == "made");
        assert_eq!(found.iter().collect::<Vec<_>>(), ["12345678", "abcdefgh", "of a secret", "swordfish1"]);
    }

    #[test]
    fn what_holds_a_secret_is_marked_and_nothing_else() {
        let mut node = Node::default();
        node.invocation.env = BTreeMap::from([
            ("AZ_EXPR_1".to_owned(), "see swordfish1!".to_owned()),
            ("AZ_EXPR_2".to_owned(), "pin".to_owned()),
            ("PINNED".to_owned(), "pinned".to_owned()),
        ]);
        node.invocation.variables = BTreeMap::from([("Db".to_owned(), json!({ "p": "swordfish1" }))]);
        node.invocation.argv = vec!["tool".to_owned(), "-pswordfish1".to_owned()];
        mark(&mut node, &Patterns::new(["swordfish1".to_owned(), "pin".to_owned()]));
        assert_eq!(node.secret.iter().collect::<Vec<_>>(), ["az_expr_1", "az_expr_2", "db"]);
        assert_eq!(node.secret_words, BTreeSet::from([1]));
    }
}
