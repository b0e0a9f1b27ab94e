//! Small readers that the formats share.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Given, Output, Placed};
use crate::{
    model::{
        decode::{Key, Names, Table, Value},
        settings,
    },
    text::document::{Format, NodeValue},
};

/// Names and values as they are written, from a field that may be absent.
pub(super) fn json_map(table: &mut Table<'_>, key: Key) -> BTreeMap<String, Json> {
    table.optional(key, settings::variables).unwrap_or_default()
}

/// What is given to a script or playbook: in psd1 a text that is nothing but `$Name` is that variable.
pub(super) fn given_map(table: &mut Table<'_>, key: Key) -> BTreeMap<String, Json> {
    let read = |value: Value<'_>| {
        let mut given = settings::variables(value)?;
        if value.context().format() == Format::Psd1 {
            given.values_mut().for_each(fill_in);
        }
        Some(given)
    };
    table.optional(key, read).unwrap_or_default()
}

/// Writes a placeholder for a text that is nothing but a variable of PowerShell's, wherever it stands in a value.
fn fill_in(value: &mut Json) {
    match value {
        Json::String(text) => {
            if let Some(placeholder) = placeholder_of(text) {
                *text = placeholder;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(fill_in),
        Json::Object(entries) => entries.values_mut().for_each(fill_in),
        _ => {}
    }
}

/// Returns `{{Name}}` for `$Variables.Name`; for `$Name`, which may be a text after all, with that text as its default.
fn placeholder_of(text: &str) -> Option<String> {
    if let Some(name) = variable_of_playbook(text) {
        return Some(format!("{{{{{name}}}}}"));
    }
    let name = text.trim().strip_prefix('$').filter(|name| is_variable(name))?;
    let is_constant = ["true", "false", "null"].iter().any(|word| word.eq_ignore_ascii_case(name));
    (!is_constant).then(|| format!("{{{{{name}:='${name}'}}}}"))
}

/// Returns the name in a text that is nothing but `$Variables.Name` or `$Variables:Name`.
pub(super) fn variable_of_playbook(text: &str) -> Option<&str> {
    let (table, name) = text.trim().strip_prefix('$')?.split_once(['.', ':'])?;
    (table.eq_ignore_ascii_case("Variables") && is_variable(name)).then_some(name)
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|part| part.is_ascii_alphanumeric() || part == '_')
}

/// Reads a truth, or an expression that gives one. Old files write truths as texts and numbers too.
pub(super) fn flag(value: Value<'_>) -> Option<Given<bool>> {
    match &value.node().value {
        NodeValue::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" | "on" | "$true" => Some(Given::Fixed(true)),
            "false" | "no" | "0" | "off" | "$false" => Some(Given::Fixed(false)),
            _ if is_expression(text) => Some(Given::Expression(value.placed(text.clone()))),
            _ => value.boolean().map(Given::Fixed),
        },
        NodeValue::Reference(_) => value.text().map(|text| Given::Expression(value.placed(text))),
        NodeValue::Number(raw) => match raw.as_str() {
            "1" => Some(Given::Fixed(true)),
            "0" => Some(Given::Fixed(false)),
            _ => value.boolean().map(Given::Fixed),
        },
        _ => value.boolean().map(Given::Fixed),
    }
}

/// Reads a plain truth, in any spelling [`flag`] knows.
pub(super) fn truth(value: Value<'_>) -> Option<bool> {
    match flag(value)? {
        Given::Fixed(truth) => Some(truth),
        Given::Expression(_) => value.boolean(),
    }
}

/// Reads how many things may run at once, or an expression that gives it.
pub(super) fn count(value: Value<'_>) -> Option<Given<u32>> {
    match &value.node().value {
        NodeValue::Text(text) if is_expression(text) => Some(Given::Expression(value.placed(text.clone()))),
        NodeValue::Reference(_) => value.text().map(|text| Given::Expression(value.placed(text))),
        NodeValue::Text(text) if text.parse::<u32>().is_ok_and(|count| count > 0) => {
            text.parse().ok().map(Given::Fixed)
        }
        _ => value.whole_number(1..=MOST_AT_ONCE).map(Given::Fixed),
    }
}

/// More than any machine runs at once.
const MOST_AT_ONCE: u32 = 4096;

/// Tells whether a text holds a placeholder or is an expression of PowerShell.
pub(super) fn is_expression(text: &str) -> bool {
    text.contains("{{") || text.contains("${") || text.trim_start().starts_with('$')
}

/// Reads texts or numbers with their places: one, or a list; null is none.
pub(super) fn placed_list(value: Value<'_>) -> Option<Vec<Placed<String>>> {
    match &value.node().value {
        NodeValue::Null => Some(Vec::new()),
        _ => value.one_or_list(|item| item.text_or_number().map(|text| item.placed(text))),
    }
}

/// Reads texts: one, or a list; null is none.
pub(super) fn texts(value: Value<'_>) -> Option<Vec<String>> {
    placed_list(value).map(|items| items.into_iter().map(|item| item.value).collect())
}

/// Reads a text or a number; null is none.
pub(super) fn word(value: Value<'_>) -> Option<String> {
    match &value.node().value {
        NodeValue::Null => None,
        _ => value.text_or_number(),
    }
}

/// Reads an expression: a text, or a truth as such.
pub(super) fn expression(value: Value<'_>) -> Option<Placed<String>> {
    match &value.node().value {
        NodeValue::Bool(truth) => Some(value.placed(truth.to_string())),
        _ => value.placed_code(),
    }
}

/// Reads the condition of what a table describes, however it is spelled; several hold together.
pub(super) fn condition(table: &mut Table<'_>) -> Option<Placed<String>> {
    let mut found: Vec<Placed<String>> = Vec::new();
    found.extend(table.optional(IF, |value| match &value.node().value {
        NodeValue::Table(_) => {
            let mut inner = value.table(format!("`{}`", value.field()))?;
            let when = inner.optional(IF, expression);
            inner.finish();
            when
        }
        // Templates leave it empty.
        NodeValue::Text(text) if text.trim().is_empty() => None,
        _ => expression(value),
    }));
    found.extend(table.optional("additionalCondition", expression));
    let skip = table.optional(SKIP_IF, expression);
    found.extend(skip.map(|skip| Placed::new(format!("!({})", skip.value), skip.at)));
    let first = found.first()?.at.clone();
    let joined: Vec<String> = match found.as_slice() {
        [one] => return Some(one.clone()),
        several => several.iter().map(|one| format!("({})", one.value)).collect(),
    };
    Some(Placed::new(joined.join(" -and "), first))
}

pub(super) const IF: Key = Key::new("if", &["condition", "conditional", "when", "runIf", "run_if"]);
const SKIP_IF: Key = Key::new("skipIf", &["skip_if"]);

/// Tells whether `outputs` hands values on, rather than naming the paths that are made.
pub(super) fn has_named_outputs(table: &mut Table<'_>) -> bool {
    match table.peek("outputs").map(|node| &node.value) {
        Some(NodeValue::Table(_)) => true,
        Some(NodeValue::List(items)) => items.iter().any(|item| matches!(item.value, NodeValue::Table(_))),
        _ => false,
    }
}

/// Reads values that are handed on: names with expressions, or a list of `{ name, value }`.
pub(super) fn named_outputs(value: Value<'_>) -> Option<Vec<Output>> {
    if matches!(value.node().value, NodeValue::List(_)) {
        return value.list(|item| {
            let mut table = item.table("an output")?;
            let name = table.required("name", "the name later steps know it by", Value::nonempty_text);
            let given = table.required("value", "the expression that gives it", expression);
            table.informative(&["description"]);
            table.finish();
            Some(Output { name: name?, value: given? })
        });
    }
    let entries = value.map(Names::AnyCase, |name, _, value| {
        let given = match &value.node().value {
            NodeValue::Table(_) => {
                let mut table = value.table(format!("output `{name}`"))?;
                let given = table.required("value", "the expression that gives it", expression);
                table.informative(&["description"]);
                table.finish();
                given?
            }
            NodeValue::Number(_) => value.text_or_number().map(|text| value.placed(text))?,
            _ => expression(value)?,
        };
        Some(Output { name: name.to_owned(), value: given })
    })?;
    Some(entries.into_iter().map(|(_, output)| output).collect())
}
