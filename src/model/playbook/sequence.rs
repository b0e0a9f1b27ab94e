//! Format v1 with `sequence`; keys in any case.

use std::collections::BTreeMap;

use super::{Body, Playbook, PlaybookFormat, read::file_stem};
use crate::{
    diag::code,
    model::{
        decode::{Key, Value},
        settings,
    },
    text::document::NodeValue,
};

/// Fields that tell people about the playbook.
const INFORMATIVE: [&str; 8] =
    ["version", "author", "created", "lastUpdated", "updated", "category", "estimatedDuration", "$schema"];

/// Fields without which the same scripts run.
const UNHEEDED: [&str; 12] = [
    "profile",
    "prerequisites",
    "requirements",
    "onSuccess",
    "onFailure",
    "onComplete",
    "notifications",
    "reporting",
    "validation",
    "preConditions",
    "postConditions",
    "metadata",
];

/// Fields that say how or whether something runs.
const UNSUPPORTED: [&str; 9] = [
    "options",
    "profiles",
    "continueOnError",
    "parallel",
    "maxConcurrency",
    "timeout",
    "retries",
    "condition",
    "environment",
];

pub(super) fn decode(root: Value<'_>) -> Option<Playbook> {
    let mut table = root.table("the playbook")?;
    let name = table.optional("name", Value::nonempty_text);
    let description = table.optional("description", Value::text);
    let tags = table.optional("tags", |value| value.one_or_list(Value::text)).unwrap_or_default();
    let variables =
        table.optional(Key::new("variables", &["defaultVariables"]), settings::variables).unwrap_or_default();
    let sequence = table.optional("sequence", items);
    table.informative(&INFORMATIVE);
    table.unheeded(&UNHEEDED);
    table.unsupported(&UNSUPPORTED);
    table.finish();
    Some(Playbook {
        name: name.unwrap_or_else(|| file_stem(root)),
        description,
        format: PlaybookFormat::V1Sequence,
        tags,
        variables,
        env: BTreeMap::new(),
        body: Body::Sequence(sequence?),
    })
}

/// Reads what runs; an empty list is no playbook that happens to do nothing, but one that is not finished.
fn items(value: Value<'_>) -> Option<Vec<String>> {
    match &value.node().value {
        NodeValue::List(items) if items.is_empty() => value.bad_value("is empty", &what_to_write(value)),
        NodeValue::Bool(_) | NodeValue::Null => {
            value.wrong_type_but("a list of selections", &what_to_write(value))
        }
        _ => value.one_or_list(item),
    }
}

fn what_to_write(value: Value<'_>) -> String {
    let format = value.context().format();
    let (some, all) = (format.texts(&["0402", "0440-0449"]), format.texts(&["*"]));
    format!("write the scripts' numbers, such as {some}, or {all} for all")
}

fn item(value: Value<'_>) -> Option<String> {
    if matches!(value.node().value, NodeValue::Table(_)) {
        let context = value.context();
        let message = format!("{}s in `sequence` are not supported yet", context.format().table_noun());
        let fault = context.error(code::UNSUPPORTED_FIELD, message);
        let at = context.opening(value.span());
        let help = format!("write the script's number alone: {}", context.format().text("0402"));
        context.report(fault.label(at, "az reads texts here").help(help));
        return None;
    }
    value.text_or_number()
}
