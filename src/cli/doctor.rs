//! `az doctor`.

use std::{path::Path, sync::Arc};

use clap::Args;
use serde_json::{Value, json};

use super::{
    FAILED, Outcome,
    arguments::{Format, Output},
    build::start_folder,
    printer::Printer,
    table::indented,
};
use crate::{
    base::plural,
    engine::{Doctor, Interpreter, Needs},
    sys::System,
    trace::Rung,
};

#[derive(Debug, Clone, Args)]
pub(super) struct DoctorWords {
    /// Start the interpreters that the scripts here name, and ask them for their versions; without it az runs nothing
    #[arg(long)]
    versions: bool,
}

/// Runs `az doctor`; something that scripts need and that is missing is a failure.
pub(super) fn doctor(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &DoctorWords,
) -> Outcome {
    let doctor = Doctor::examine(system, &start_folder(system, output), words.versions);
    match printer.format {
        Format::Text => printer.data(&text(&doctor)),
        Format::Json | Format::Jsonl => printer.json(&json(&doctor)),
    }
    Ok(if doctor.is_short() { FAILED } else { 0 })
}

/// Returns the name of a rung in JSON, and what it is called in text.
fn names(rung: Rung) -> (&'static str, &'static str) {
    match rung {
        Rung::Notify { is_synchronous: true } => {
            ("notify-synchronous", "user notification with SYNC_WAKE_UP")
        }
        Rung::Notify { is_synchronous: false } => ("notify", "user notification without it"),
        Rung::Ptrace => ("ptrace", "ptrace"),
        Rung::Off => ("off", "none"),
    }
}

fn text(doctor: &Doctor) -> String {
    let mut out = String::new();
    let mut section = |title: &str, rows: &[Vec<String>]| out.extend([title, ":\n", &indented(rows)]);
    section("tracing", &tracing(doctor));
    section("machine", &machine(doctor));
    match &doctor.workspace {
        None => section("scripts", &[vec!["this is no workspace; az makes none by itself".to_owned()]]),
        Some(needs) => {
            section("scripts", &scripts(needs));
            if !needs.tools.is_empty() {
                section("tools they depend on", &tools(needs));
            }
        }
    }
    out
}

fn tracing(doctor: &Doctor) -> Vec<Vec<String>> {
    let in_use = doctor.in_use();
    let mut rows: Vec<Vec<String>> = doctor
        .rungs
        .iter()
        .map(|tried| {
            let state = match &tried.flaw {
                Some(flaw) => format!("does not work: {flaw}"),
                None if in_use == Some(tried.rung) => "works, in use".to_owned(),
                None if in_use.is_some() => "works, not needed: a better one does".to_owned(),
                None => "works".to_owned(),
            };
            vec![names(tried.rung).1.to_owned(), state]
        })
        .collect();
    let why_off = match (doctor.forced_off, in_use) {
        (Some(why), _) => Some(why),
        (None, None) => Some("none of these works"),
        (None, Some(_)) => None,
    };
    let rule = "only steps that declare inputs and outputs are reused";
    rows.extend(why_off.map(|why| vec!["not traced".to_owned(), format!("{why}; {rule}")]));
    if in_use.is_some_and(|rung| rung != Rung::Notify { is_synchronous: true }) {
        rows.push(vec![
            "slower".to_owned(),
            "each file call of a step costs 35 to 60 µs instead of 14".to_owned(),
        ]);
    }
    rows
}

fn machine(doctor: &Doctor) -> Vec<Vec<String>> {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let unknown = || "unknown".to_owned();
    let shares = match doctor.abilities.shares_blocks {
        Some(true) => ", copies share their blocks (reflink)",
        Some(false) => ", copies cannot share their blocks (no reflink)",
        None => ", whether copies share their blocks cannot be tried here",
    };
    let landlock = doctor.abilities.landlock;
    vec![
        row("system", format!("{} {}", doctor.platform.os, doctor.platform.arch)),
        row("kernel", doctor.kernel.clone().unwrap_or_else(unknown)),
        row("Landlock", landlock.map_or_else(|| "not there".to_owned(), |abi| format!("ABI {abi}"))),
        row("file system", doctor.file_system.clone().unwrap_or_else(unknown) + shares),
    ]
}

fn scripts(needs: &Needs) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = needs.interpreters.iter().map(interpreter).collect();
    if needs.is_broken {
        rows.push(vec![
            "their interpreters are not known, since they cannot be planned: az check".to_owned(),
        ]);
    } else if rows.is_empty() {
        rows.push(vec!["there are none".to_owned()]);
    }
    rows
}

fn interpreter(interpreter: &Interpreter) -> Vec<String> {
    let place = match (&interpreter.path, &interpreter.target) {
        (None, _) if interpreter.is_wanted => "missing; install it, or leave these scripts out".to_owned(),
        (None, _) => "missing, but no condition that holds asks for it".to_owned(),
        (Some(path), None) => path.display().to_string(),
        (Some(path), Some(target)) => format!("{} -> {}", path.display(), target.display()),
    };
    let version = interpreter.version.iter().map(|version| format!(", {version}"));
    let rest = std::iter::once(place).chain(version).collect();
    vec![interpreter.name.clone(), plural(interpreter.scripts, "script"), rest]
}

fn tools(needs: &Needs) -> Vec<Vec<String>> {
    let row = |tool: &crate::engine::Tool| {
        let place = tool.path.as_deref().map_or_else(
            || "missing; install it, or mark it as (optional) in `Dependencies`".to_owned(),
            |path| path.display().to_string(),
        );
        vec![tool.name.clone(), plural(tool.scripts.len(), "script"), place]
    };
    needs.tools.iter().map(row).collect()
}

/// Returns `az.doctor/v1`.
fn json(doctor: &Doctor) -> Value {
    let rungs = doctor.rungs.iter().map(|tried| {
        let is_in_use = doctor.in_use() == Some(tried.rung);
        let why = tried.flaw.as_ref().map(ToString::to_string);
        json!({ "rung": names(tried.rung).0, "works": why.is_none(), "in_use": is_in_use, "why_not": why })
    });
    json!({
        "schema": "az.doctor/v1",
        "tracing": {
            "in_use": names(doctor.in_use().unwrap_or(Rung::Off)).0,
            "forced_off": doctor.forced_off,
            "rungs": rungs.collect::<Vec<_>>(),
        },
        "machine": {
            "os": doctor.platform.os,
            "arch": doctor.platform.arch,
            "kernel": doctor.kernel,
            "landlock_abi": doctor.abilities.landlock,
            "file_system": doctor.file_system,
            "reflink": doctor.abilities.shares_blocks,
        },
        "workspace": doctor.workspace.as_ref().map(needs_json),
        "exit_code": u8::from(doctor.is_short()),
    })
}

fn needs_json(needs: &Needs) -> Value {
    let shown =
        |path: &Option<std::path::PathBuf>| path.as_deref().map(Path::display).map(|path| path.to_string());
    let interpreters = needs.interpreters.iter().map(|it| {
        json!({
            "name": it.name, "kind": it.kind, "scripts": it.scripts, "path": shown(&it.path),
            "target": shown(&it.target), "version": it.version, "missing": it.is_missing(),
        })
    });
    let tools = needs.tools.iter().map(|tool| {
        json!({ "name": tool.name, "path": shown(&tool.path), "scripts": tool.scripts, "missing": tool.path.is_none() })
    });
    json!({
        "root": needs.root.display().to_string(),
        "scripts": needs.scripts,
        "is_planned": !needs.is_broken,
        "interpreters": interpreters.collect::<Vec<_>>(),
        "tools": tools.collect::<Vec<_>>(),
    })
}
