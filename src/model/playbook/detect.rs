//! Tells the format of a playbook by its content.

use std::sync::Arc;

use crate::{
    base::{nearest, nearest_alone},
    diag::{Source, code},
    model::decode::Value,
    text::document::{self, Entry, Format, Node, NodeValue},
};

use super::PlaybookFormat;

/// What the formats are known by, in the order they are looked for.
const BY_FIELD: [(&str, PlaybookFormat); 5] = [
    ("stages", PlaybookFormat::V1Stages),
    ("sequence", PlaybookFormat::V1Sequence),
    ("steps", PlaybookFormat::V0),
    ("scripts", PlaybookFormat::Scripts),
    ("sequences", PlaybookFormat::Sequences),
];

/// Returns the format, or reports why there is none az reads.
pub(super) fn detect(root: Value<'_>) -> Option<PlaybookFormat> {
    let NodeValue::Table(entries) = &root.node().value else { return root.no_table() };
    let found = format_of(entries);
    if found.is_none() {
        unknown(root, entries);
    }
    found
}

fn format_of(entries: &[Entry]) -> Option<PlaybookFormat> {
    let inner = inside(entries, "orchestration");
    if field(inner, "jobs").is_some() {
        return Some(PlaybookFormat::V3);
    }
    if field(inner, "stages").is_some() {
        return Some(PlaybookFormat::V2);
    }
    if let Some((_, format)) = BY_FIELD.iter().find(|(name, _)| field(entries, name).is_some()) {
        return Some(*format);
    }
    field(inside(entries, "workflow"), "steps").map(|_| PlaybookFormat::Workflow)
}

/// Tells whether a text can only be meant as a playbook, with or without mistakes in it.
pub fn is_playbook(text: &str, format: Format) -> bool {
    let (tree, _) = document::read(&Arc::new(Source::new("", text)), format);
    let Some(NodeValue::Table(entries)) = tree.as_ref().map(|tree| &tree.value) else { return false };
    let is_meant = format_of(entries).is_some_and(|found| !matches!(found, PlaybookFormat::Scripts));
    is_meant || !inside(entries, "orchestration").is_empty()
}

fn inside<'a>(entries: &'a [Entry], name: &str) -> &'a [Entry] {
    field(entries, name).map_or(&[][..], |entry| table(&entry.value))
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

/// Fields of files beside playbooks, and what these are.
const OTHERS: [(&str, &str); 8] = [
    ("playbooks", "a list of playbooks: az finds them by itself"),
    ("agents", "a configuration of agents, which says nothing to run"),
    ("workflows", "a collection of workflows: write each as a playbook of its own"),
    ("automation", "a configuration: write what az needs of it into az.toml"),
    ("core", "a configuration: write what az needs of it into az.toml"),
    ("properties", "a schema of files rather than one of them"),
    ("moduleversion", "the manifest of a PowerShell module"),
    ("runs-on", "a workflow of GitHub"),
];

/// No format: a mistyped field, if one is near, else a file of another purpose.
fn unknown(root: Value<'_>, entries: &[Entry]) {
    let context = root.context();
    let at_root = ["sequence", "orchestration", "stages", "steps", "scripts"];
    let other = OTHERS.iter().find(|(name, _)| field(entries, name).is_some());
    let found = mistyped(inside(entries, "orchestration"), &["jobs", "stages"]);
    let found = found.or_else(|| mistyped(entries, &at_root).filter(|_| other.is_none()));
    if let Some(Mistyped { entry, name, is_alone }) = found {
        let key = &entry.key;
        let fault =
            context.error(code::UNKNOWN_FIELD, format!("unknown field `{}` in the playbook", key.value));
        let renamed = if is_alone { context.key_instead(entry, name) } else { None };
        let fault = fault.label(key.span, "no such field").help(format!("did you mean `{name}`?"));
        context.report(fault.edit_if(key.span, renamed));
        return;
    }
    let message = "this is no playbook: it has neither `sequence`, `stages`, `steps` nor jobs";
    let fault = context.error(code::UNKNOWN_FORMAT, message);
    let seen = other.and_then(|(name, what)| Some((field(entries, name)?, what)));
    let fault = if let Some((entry, what)) = seen {
        fault.label(entry.key.span, "makes it something else").help(format!("it is {what}"))
    } else if let Some(jobs) = field(entries, "jobs") {
        let is_github = field(entries, "on").is_some();
        let help = if is_github {
            "it is a workflow of GitHub; a playbook has its jobs in `orchestration`, each step with `run` or `script`"
        } else {
            "put `jobs` into `orchestration`, and what describes the playbook into `metadata`"
        };
        fault.label(jobs.key.span, "not at the root of a playbook").help(help)
    } else {
        let example = context.format().texts(&["0402", "0440-0449"]);
        let help = format!("add `sequence` (a list such as {example}), or `orchestration.jobs`");
        // A file of TOML has no bracket around it.
        let first = entries.first().filter(|_| root.span().is_empty()).map(|entry| entry.key.span);
        fault.at(first.unwrap_or_else(|| context.opening(root.span()))).help(help)
    };
    context.report(fault);
}

/// A field that is none, and the one that was probably meant.
struct Mistyped<'a> {
    entry: &'a Entry,
    name: &'static str,
    /// No other field can be meant by it, and none other can mean the same.
    is_alone: bool,
}

fn mistyped<'a>(entries: &'a [Entry], names: &[&'static str]) -> Option<Mistyped<'a>> {
    let near = |entry: &'a Entry| Some((entry, nearest(&entry.key.value, names.iter().copied())?));
    let (entry, name) = entries.iter().find_map(near)?;
    let is_near = |entry: &&Entry| nearest(&entry.key.value, [name]).is_some();
    let is_alone = entries.iter().filter(is_near).count() == 1
        && nearest_alone(&entry.key.value, names.iter().copied()).is_some();
    (!entry.key.value.eq_ignore_ascii_case(name)).then_some(Mistyped { entry, name, is_alone })
}
