//! Declared inputs that match no file: most of the time they are mistyped.
//!
//! An input that a step may make is none of them. Looks at names on disk and at no file's content.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use super::{Engine, Findings, Targets};
use crate::{
    base::{Span, WsPath, nearest},
    diag::{Diagnostic, Source, code},
    fingerprint::{Disk, Resolver, State, View, expand},
    model::query::{playbook_reading, rule_file, script_reading, text},
    text::{
        document::{Node, NodeValue},
        pattern::{Part, Pattern},
    },
};

/// A pattern with its place.
pub(super) struct Declared {
    pub(super) text: String,
    pub(super) source: Arc<Source>,
    pub(super) span: Span,
}

/// In so many places of a file an input is told of.
const MOST_PLACES: usize = 32;

/// Adds a warning for each declared input that matches nothing.
pub(super) fn check(engine: &Engine, targets: &Targets, findings: &mut Findings) {
    let inputs = all(engine, targets, "inputs");
    if inputs.is_empty() {
        return;
    }
    let parse = |text: &str| Pattern::parse(text, &engine.root, &WsPath::root()).ok();
    let outputs: BTreeSet<WsPath> = all(engine, targets, "outputs")
        .iter()
        .filter_map(|output| parse(&output.text))
        .map(|p| p.fixed_part())
        .collect();
    let disk = Disk::new(Arc::clone(&engine.system), &engine.root, &engine.layout.clock(), Vec::new());
    let mut told: BTreeMap<(Arc<str>, String), usize> = BTreeMap::new();
    for Declared { text, source, span } in inputs {
        let Some(pattern) = parse(&text) else { continue };
        let places = told.entry((Arc::clone(&source.name), text.clone())).or_default();
        if *places == MOST_PLACES || may_be_made(&outputs, &pattern) || is_there(&disk, &pattern) {
            continue;
        }
        let fault =
            Diagnostic::warning(code::INPUT_MATCHES_NOTHING, format!("the input `{text}` matches no file"));
        let fault = fault.source(&source).label(span, "matches nothing").help(help(&disk, &pattern));
        findings.add_all([fault], None);
        *places += 1;
    }
}

/// Tells whether an output may be what a pattern names: it lies at, above or below the pattern's fixed part.
///
/// O(depth), but O(outputs) for a pattern that starts with a wildcard.
fn may_be_made(outputs: &BTreeSet<WsPath>, pattern: &Pattern) -> bool {
    let start = pattern.fixed_part();
    if start == WsPath::root() {
        let first = |output: &WsPath| output.as_str().split('/').next().unwrap_or_default().to_owned();
        return pattern.parts().first().is_none_or(|part| outputs.iter().any(|o| part.takes(&first(o))));
    }
    let mut above = Some(start.clone());
    while let Some(path) = above {
        if outputs.contains(&path) {
            return true;
        }
        above = path.parent();
    }
    let below = format!("{start}/");
    let mut behind = outputs.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded));
    behind.next().is_some_and(|output| output.is_below(&start))
}

pub(super) fn is_there(disk: &Disk, pattern: &Pattern) -> bool {
    match pattern.as_path() {
        Some(path) => disk.stat(&path).is_some(),
        None => !expand(disk, &mut Resolver::new(disk), pattern).paths.is_empty(),
    }
}

/// Looks for a name near to the first one that is not there.
fn help(disk: &Disk, pattern: &Pattern) -> String {
    let mut folder = WsPath::root();
    let otherwise = "correct the pattern, or remove it if nothing is to be read there";
    for part in pattern.parts() {
        let Part::Literal(name) = part else { break };
        let names = disk.names(&folder);
        if !names.entries.iter().any(|(entry, _)| **entry == **name) {
            let near = nearest(name, names.entries.iter().map(|(entry, _)| &**entry));
            return near.map_or_else(
                || otherwise.to_owned(),
                |near| format!("did you mean `{}`?", folder.join(near)),
            );
        }
        folder = folder.join(name);
    }
    let is_folder = matches!(disk.state(&folder), State::Directory);
    if is_folder {
        format!("{otherwise}; `{folder}` is there, and holds nothing of the kind")
    } else {
        otherwise.to_owned()
    }
}

/// Returns every pattern that a script, playbook or rule declares under a key.
pub(super) fn all(engine: &Engine, targets: &Targets, key: &str) -> Vec<Declared> {
    let (db, workspace) = (&engine.db, targets.workspace);
    let mut found = Vec::new();
    for reading in
        workspace.scripts(db).iter().filter_map(|file| script_reading(db, workspace, *file).as_ref())
    {
        let list = if key == "inputs" { &reading.header.inputs } else { &reading.header.outputs };
        found.extend(list.iter().flatten().map(|item| Declared {
            text: item.value.clone(),
            source: Arc::clone(&reading.source),
            span: item.span,
        }));
    }
    let playbooks =
        workspace.playbooks(db).iter().map(|file| (*file, playbook_reading(db, *file).tree.as_ref()));
    let rules = workspace.rules(db).iter().map(|file| (*file, rule_file(db, *file).tree.as_ref()));
    for (file, tree) in playbooks.chain(rules) {
        if let Some(tree) = tree {
            collect(tree, key, &text(db, file).source, &mut found);
        }
    }
    found
}

/// Collects the texts below every field of this name; the reader of the file bounds how deep a tree is.
fn collect(node: &Node, key: &str, source: &Arc<Source>, found: &mut Vec<Declared>) {
    match &node.value {
        NodeValue::Table(entries) => {
            for entry in entries {
                if entry.key.value.eq_ignore_ascii_case(key) {
                    texts(&entry.value, source, found);
                } else {
                    collect(&entry.value, key, source, found);
                }
            }
        }
        NodeValue::List(items) => items.iter().for_each(|item| collect(item, key, source, found)),
        _ => {}
    }
}

fn texts(node: &Node, source: &Arc<Source>, found: &mut Vec<Declared>) {
    match &node.value {
        NodeValue::Text(text) => {
            found.push(Declared { text: text.clone(), source: Arc::clone(source), span: node.span });
        }
        NodeValue::List(items) => items.iter().for_each(|item| texts(item, source, found)),
        _ => {}
    }
}
