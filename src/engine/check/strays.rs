//! Files among scripts that look like scripts and are none: they would never run, and nobody would be told.
//!
//! Looks at names only.

use std::path::Path;

use super::{Engine, Findings};
use crate::{
    base::WsPath,
    diag::{Diagnostic, code},
    engine::workspace,
    model::{
        kind::Kinds,
        query::{config, rules},
        script::{is_left_over, script_name},
    },
    sys::FileKind,
    text::pattern::PRIVATE_FOLDERS,
};

/// Adds a warning for each file below the folders of scripts whose name starts like a script's and is none.
pub(super) fn check(engine: &Engine, findings: &mut Findings) {
    let configured = config(&engine.db, engine.workspace).value.clone().unwrap_or_default();
    let folders = workspace::script_folders(&*engine.system, &engine.root, &configured);
    let rulebook = rules(&engine.db, engine.workspace);
    for folder in &folders.paths {
        look_in(engine, folder, folders.are_entered, &rulebook.kinds, findings);
    }
}

fn look_in(engine: &Engine, folder: &WsPath, is_entered: bool, kinds: &Kinds, findings: &mut Findings) {
    for entry in engine.system.list(&folder.to_absolute(&engine.root)).unwrap_or_default() {
        let name = entry.name.to_string_lossy();
        if entry.kind != FileKind::Directory {
            let is_text = entry.name.to_str().is_some();
            findings.add_all(stray(folder, &name, is_text, kinds), None);
        } else if is_entered && !PRIVATE_FOLDERS.contains(&&*name) {
            look_in(engine, &folder.join(&name), is_entered, kinds, findings);
        }
    }
}

/// Returns what is wrong with the name of a file that looks like a script.
fn stray(folder: &WsPath, name: &str, is_text: bool, kinds: &Kinds) -> Option<Diagnostic> {
    if is_text && script_name(name).is_some() {
        return None;
    }
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let rest = name.get(digits..)?;
    let is_numbered = digits >= 2 && rest.starts_with(['_', '-', '.', ' ']);
    let path = folder.join(name);
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let has_kind = match extension {
        Some(extension) => !is_left_over(extension) && kinds.of_path(&path).is_some(),
        None => digits == 4 && rest.starts_with('_'),
    };
    if !is_numbered || !has_kind {
        return None;
    }
    let why = if is_text { "its name is not NNNN_Name.ext" } else { "its name is not UTF-8" };
    let fault =
        Diagnostic::warning(code::STRAY, format!("`{path}` looks like a script, but is never run: {why}"));
    Some(fault.help(format!(
        "call it {}, or move it to another folder",
        better_name(&name[..digits], rest, extension)
    )))
}

fn better_name(digits: &str, rest: &str, extension: Option<&str>) -> String {
    let number = if digits.len() <= 4 { format!("{digits:0>4}") } else { "NNNN".to_owned() };
    let stem = extension.map_or(rest, |extension| &rest[..rest.len() - extension.len() - 1]);
    let stem = stem.trim_start_matches(['_', '-', '.', ' ']).replace('\u{fffd}', "");
    let stem = if stem.is_empty() { "Name" } else { &stem };
    let note = if digits.len() <= 4 { "" } else { " with a number of four digits" };
    format!("`{number}_{stem}.{}`{note}", extension.unwrap_or("sh"))
}
