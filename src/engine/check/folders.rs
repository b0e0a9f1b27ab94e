//! Folders that az.toml, rules, playbooks and headers name: that they are there, and in the workspace.

use std::sync::Arc;

use super::{Engine, Findings, Targets};
use crate::{
    base::{Span, WsPath, nearest},
    diag::{Diagnostic, Source, code},
    model::query::{config, playbook_reading, rule_file, script_reading, text},
    sys::FileKind,
    text::document::{Node, NodeValue},
};

/// A folder that is named, with its place.
struct Named {
    text: String,
    source: Arc<Source>,
    span: Span,
}

/// Adds a warning for each configured folder that is not there, and for each folder outside the workspace.
pub(super) fn check(engine: &Engine, targets: &Targets, findings: &mut Findings) {
    let place = |folder: &Named| WsPath::new(&engine.root, &WsPath::root(), &folder.text);
    for folder in configured(engine) {
        let path = place(&folder);
        let stat = engine.system.stat_target(&path.to_absolute(&engine.root));
        if !stat.is_ok_and(|stat| stat.kind == FileKind::Directory) {
            findings.add_all([missing(engine, &folder, &path)], None);
        } else if !path.is_inside() {
            findings.add_all([outside(&folder)], None);
        }
    }
    for folder in working_directories(engine, targets) {
        if !place(&folder).is_inside() {
            findings.add_all([outside(&folder)], None);
        }
    }
}

fn missing(engine: &Engine, folder: &Named, path: &WsPath) -> Diagnostic {
    let above = path.parent().unwrap_or_else(WsPath::root);
    let entries = engine.system.list(&above.to_absolute(&engine.root)).unwrap_or_default();
    let folders = entries.iter().filter(|entry| entry.kind == FileKind::Directory);
    let near = nearest(path.file_name(), folders.filter_map(|entry| entry.name.to_str()));
    let message = format!("there is no folder `{}`, so nothing is found in it", folder.text);
    let fault = Diagnostic::warning(code::NO_SUCH_FOLDER, message)
        .source(&folder.source)
        .label(folder.span, "no such folder");
    fault.help(match near {
        Some(near) => format!("did you mean `{}`?", above.join(near)),
        None => format!("make it: mkdir -p '{path}', or name the folder that is meant"),
    })
}

fn outside(folder: &Named) -> Diagnostic {
    let message = format!("the folder `{}` lies outside the workspace", folder.text);
    Diagnostic::warning(code::OUTSIDE, message)
        .source(&folder.source)
        .label(folder.span, "outside")
        .help("name a folder of the workspace, relative to it, such as `src`")
}

/// Returns the folders that az.toml names instead of the usual ones.
fn configured(engine: &Engine) -> Vec<Named> {
    let file = engine.workspace.config(&engine.db);
    let source = &text(&engine.db, file).source;
    let tree = config(&engine.db, engine.workspace).tree.as_ref();
    let fields = ["scripts", "playbooks", "rules"].map(|field| format!("/workspace/{field}"));
    let mut found = Vec::new();
    for value in fields.iter().filter_map(|field| tree?.find(field)) {
        texts(value, source, &mut found);
    }
    found
}

/// Returns every folder that a step is to start in.
fn working_directories(engine: &Engine, targets: &Targets) -> Vec<Named> {
    let (db, workspace) = (&engine.db, targets.workspace);
    let mut found = Vec::new();
    for reading in
        workspace.scripts(db).iter().filter_map(|file| script_reading(db, workspace, *file).as_ref())
    {
        found.extend(reading.header.cwd.as_ref().map(|cwd| Named {
            text: cwd.value.clone(),
            source: Arc::clone(&reading.source),
            span: cwd.span,
        }));
    }
    let playbooks =
        workspace.playbooks(db).iter().map(|file| (*file, playbook_reading(db, *file).tree.as_ref()));
    let rules = workspace.rules(db).iter().map(|file| (*file, rule_file(db, *file).tree.as_ref()));
    for (file, tree) in playbooks.chain(rules) {
        if let Some(tree) = tree {
            collect(tree, &text(db, file).source, &mut found);
        }
    }
    found
}

/// Fields that hold what people name, so that a `cwd` in them is no setting.
const FREE: [&str; 4] = ["env", "variables", "parameters", "with"];

/// Collects the settings `cwd`; the reader of the file bounds how deep a tree is.
fn collect(node: &Node, source: &Arc<Source>, found: &mut Vec<Named>) {
    match &node.value {
        NodeValue::Table(entries) => {
            for entry in entries {
                let is = |name: &str| entry.key.value.eq_ignore_ascii_case(name);
                if is("cwd") {
                    texts(&entry.value, source, found);
                } else if !FREE.iter().any(|name| is(name)) {
                    collect(&entry.value, source, found);
                }
            }
        }
        NodeValue::List(items) => items.iter().for_each(|item| collect(item, source, found)),
        _ => {}
    }
}

fn texts(node: &Node, source: &Arc<Source>, found: &mut Vec<Named>) {
    match &node.value {
        NodeValue::Text(text) => {
            found.push(Named { text: text.clone(), source: Arc::clone(source), span: node.span });
        }
        NodeValue::List(items) => items.iter().for_each(|item| texts(item, source, found)),
        _ => {}
    }
}
