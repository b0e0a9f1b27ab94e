//! `az fsck`.

use std::{fmt::Write, sync::Arc};

use serde_json::{Value, json};

use super::{
    FAILED, Outcome,
    arguments::{Format, Output},
    build::{refuse, start_folder},
    printer::Printer,
    table::indented,
};
use crate::{
    base::{bytes, plural},
    cache::{Damage, Remedy, SetAside},
    engine::{Engine, Fsck},
    sys::System,
};

pub(super) const NOTES: &str = "Nothing that fsck finds can make az use a wrong result: az checks all of it whenever it reads it, and what
does not fit costs a re-run. Exit code 1 says that something is damaged and not mended. What a person wrote
is never removed; what an az that was killed had taken out of its place is moved to .azcache/v1/kept.";

/// Runs `az fsck`; damage that is left is a failure.
pub(super) fn fsck(system: &Arc<dyn System>, printer: &Printer, output: &Output, repairs: bool) -> Outcome {
    let looked = Engine::open(Arc::clone(system), &start_folder(system, output))
        .and_then(|engine| engine.fsck(repairs));
    let fsck = match looked {
        Ok(fsck) => fsck,
        Err(error) => return Ok(refuse(printer, &error)),
    };
    match printer.format {
        Format::Text => printer.data(&text(&fsck, repairs)),
        Format::Json | Format::Jsonl => printer.json(&json(&fsck)),
    }
    Ok(if fsck.is_damaged() { FAILED } else { 0 })
}

fn text(fsck: &Fsck, repairs: bool) -> String {
    let checked = &fsck.checked;
    let mut out = format!(
        "read {}: {}, {}, {}\n",
        bytes(checked.bytes),
        plural(checked.records, "record"),
        plural(checked.contents, "content"),
        plural(checked.gates, "gate")
    );
    let row = |damage: &Damage| {
        let state = match damage.remedy {
            _ if fsck.mended.contains(damage) => "mended",
            Remedy::None => "for you to mend",
            _ => "damaged",
        };
        vec![
            state.to_owned(),
            damage.path.display().to_string(),
            format!("{}; {}", damage.what, damage.costs),
        ]
    };
    out += &indented(&checked.damages.iter().map(row).collect::<Vec<_>>());
    for SetAside { path, kept } in &fsck.recovered {
        _ = writeln!(out, "  kept  {path} -> {}", kept.display());
    }
    if fsck.stranded > 0 {
        let files = plural(fsck.stranded, "file");
        _ = writeln!(out, "  {files} of an az that was killed wait in .azcache/v1/staged");
    }
    out += match (fsck.is_damaged(), repairs) {
        (false, _) if checked.damages.is_empty() => "nothing is damaged\n",
        (false, _) => "all is mended\n",
        (true, false) => {
            "az fsck --repair mends what can be mended; so does the next build, as it comes to it\n"
        }
        (true, true) => "the rest is for you: az does not remove what it did not make\n",
    };
    out
}

/// Returns `az.fsck/v1`.
fn json(fsck: &Fsck) -> Value {
    let damages = fsck.checked.damages.iter().map(|damage| {
        let is_mended = fsck.mended.contains(damage);
        json!({"path": damage.path, "what": damage.what, "costs": damage.costs, "mended": is_mended})
    });
    let kept = fsck.recovered.iter().map(|aside| json!({"path": aside.path.as_str(), "kept": aside.kept}));
    json!({
        "schema": "az.fsck/v1",
        "ok": !fsck.is_damaged(),
        "read": {
            "bytes": fsck.checked.bytes,
            "records": fsck.checked.records,
            "contents": fsck.checked.contents,
            "gates": fsck.checked.gates,
        },
        "damages": damages.collect::<Vec<_>>(),
        "recovered": kept.collect::<Vec<_>>(),
        "stranded": fsck.stranded,
    })
}
