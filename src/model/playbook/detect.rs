//! Tells the format of a playbook by its content.

use std::sync::Arc;

use crate::{
    base::{Span, nearest},
    diag::{Source, code},
    model::decode::Value,
    text::document::{self, Entry, Format, Node, NodeValue},
};

use super::PlaybookFormat;

/// Returns the format, or reports why there is none az reads.
pub(super) fn detect(root: Value<'_>) -> Option<PlaybookFormat> {
    let NodeValue::Table(entries) = &root.node().value else { return root.no_table() };
    let orchestration = field(entries, "orchestration").map(|entry| &entry.value);
    let inner = orchestration.map_or(&[][..], table);
    if field(inner, "jobs").is_some() {
        return Some(PlaybookFormat::V3);
    }
    for (name, format, found) in [
        ("stages", "v2 (`orchestration.stages`)", field(inner, "stages")),
        ("stages", "v1 stages", field(entries, "stages")),
        ("steps", "v0 (`steps`)", field(entries, "steps")),
    ] {
        if let Some(entry) = found {
            refuse_format(root, name, format, entry.key.span);
            return None;
        }
    }
    if field(entries, "sequence").is_some() {
        return Some(PlaybookFormat::V1Sequence);
    }
    unknown(root, entries, inner);
    None
}

/// Tells whether a text can only be meant as a playbook, with or without mistakes in it.
pub fn is_playbook(text: &str, format: Format) -> bool {
    let (tree, _) = document::read(&Arc::new(Source::new("", text)), format);
    let Some(NodeValue::Table(entries)) = tree.as_ref().map(|tree| &tree.value) else { return false };
    let orchestration = field(entries, "orchestration").map_or(&[][..], |entry| table(&entry.value));
    field(entries, "sequence").is_some() || !orchestration.is_empty()
}

fn table(node: &Node) -> &[Entry] {
    match &node.value {
        NodeValue::Table(entries) => entries,
        _ => &[],
    }
}

fn field<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.key.value.eq_ignore_ascii_case(name))
}

fn refuse_format(root: Value<'_>, name: &str, format: &str, at: Span) {
    let context = root.context();
    let fault =
        context.error(code::UNSUPPORTED_FIELD, format!("playbooks of format {format} are not supported yet"));
    let help = "write its scripts as `sequence`, or as `orchestration.jobs`";
    context.report(fault.label(at, format!("`{name}` makes it one")).help(help));
}

/// Neither format: a mistyped field, if one is near, else a file of another purpose.
fn unknown(root: Value<'_>, entries: &[Entry], inner: &[Entry]) {
    let context = root.context();
    let mistyped = |entries: &[Entry], names: &[&'static str]| {
        let near =
            |entry: &Entry| Some((entry.key.clone(), nearest(&entry.key.value, names.iter().copied())?));
        entries.iter().find_map(near)
    };
    let found = mistyped(inner, &["jobs"]).or_else(|| mistyped(entries, &["sequence", "orchestration"]));
    match found {
        Some((key, name)) if !key.value.eq_ignore_ascii_case(name) => {
            let fault =
                context.error(code::UNKNOWN_FIELD, format!("unknown field `{}` in the playbook", key.value));
            context.report(fault.label(key.span, "no such field").help(format!("did you mean `{name}`?")));
        }
        _ => {
            let example = context.format().texts(&["0402", "0440-0449"]);
            let help = format!("add `sequence` (a list such as {example}), or `orchestration.jobs`");
            let fault = context
                .error(code::UNKNOWN_FORMAT, "this is no playbook: it has neither `sequence` nor jobs");
            context.report(fault.at(context.opening(root.span())).help(help));
        }
    }
}
