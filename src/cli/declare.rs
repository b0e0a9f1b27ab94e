//! `az check --declare`.

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use serde_json::{Value, json};

use super::{
    FAILED,
    arguments::{Check, DeclareWhere, Format, Output},
    build::{open, refuse, start_folder},
    printer::Printer,
};
use crate::{
    base::plural,
    diag::to_json,
    engine::{DeclareOptions, DeclareTo, Declared, DeclaredScript},
    sys::System,
};

/// Declares what steps were seen to do, or shows what would be declared.
pub(super) fn declare(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Check,
    place: DeclareWhere,
) -> u8 {
    let to = match (place, words.dry_run) {
        (DeclareWhere::Rules, _) => DeclareTo::Rules,
        (DeclareWhere::Headers, true) => DeclareTo::DryRun,
        (DeclareWhere::Headers, false) => DeclareTo::Headers,
    };
    let options = DeclareOptions { words: words.words.clone(), folder: start_folder(system, output), to };
    let declared = match open(system, output).and_then(|engine| engine.declare(&options)) {
        Ok(declared) => declared,
        Err(error) => return refuse(printer, &error),
    };
    match printer.format {
        Format::Text => show(printer, output, &declared, to),
        Format::Json | Format::Jsonl => printer.json(&declared_json(&declared)),
    }
    exit_code(&declared)
}

fn exit_code(declared: &Declared) -> u8 {
    if declared.diagnostics.is_empty() { 0 } else { FAILED }
}

fn show(printer: &Printer, output: &Output, declared: &Declared, to: DeclareTo) {
    for script in &declared.scripts {
        printer.data(&if to == DeclareTo::Rules { rule(script) } else { lines(script) });
    }
    declared.diagnostics.iter().for_each(|fault| printer.diagnostic(fault));
    if output.quiet {
        return;
    }
    for (step, why) in &declared.skipped {
        printer.say(&format!("left out: {step}: {why}"));
    }
    for script in &declared.scripts {
        script.remarks.iter().for_each(|remark| printer.say(&format!("note: {}: {remark}", script.path)));
    }
    let changed = declared.scripts.iter().filter(|script| script.before != script.after).count();
    let written = declared.scripts.iter().filter(|script| script.is_written).count();
    let as_they_are = declared.scripts.len() - changed;
    printer.say(&match to {
        DeclareTo::Rules => format!("{} for a file below rules/", plural(declared.scripts.len(), "rule")),
        DeclareTo::DryRun => format!("would write {}; {as_they_are} unchanged", plural(changed, "header")),
        DeclareTo::Headers => format!("wrote {}; {as_they_are} unchanged", plural(written, "header")),
    });
}

/// Returns the lines that go and those that come, below the script's path; nothing if none do.
fn lines(script: &DeclaredScript) -> String {
    if script.before == script.after {
        return String::new();
    }
    let old: BTreeSet<&str> = script.before.lines().collect();
    let new: BTreeSet<&str> = script.after.lines().collect();
    let gone = script.before.lines().filter(|line| !new.contains(line)).map(|line| ("-", line));
    let come = script.after.lines().filter(|line| !old.contains(line)).map(|line| ("+", line));
    let mut text = format!("{}\n", script.path);
    for (sign, line) in gone.chain(come) {
        _ = writeln!(text, "  {sign} {line}");
    }
    text
}

/// Returns a rule for a script.
fn rule(script: &DeclaredScript) -> String {
    let mut text = format!("[[rule]]\nmatch = {}\n", json!(script.number.to_string()));
    let said = &script.declarations;
    for (key, values) in [("inputs", &said.inputs), ("outputs", &said.outputs), ("useEnv", &said.env)] {
        let Some(values) = values else { continue };
        // A text of JSON is one of TOML.
        let values = values.iter().map(|value| json!(value).to_string()).collect::<Vec<_>>();
        _ = match values.as_slice() {
            [] | [_] => writeln!(text, "{key} = [{}]", values.concat()),
            _ => writeln!(text, "{key} = [\n    {},\n]", values.join(",\n    ")),
        };
    }
    text + "\n"
}

/// Returns `az.declare/v1`.
fn declared_json(declared: &Declared) -> Value {
    let scripts = declared.scripts.iter().map(|script| {
        json!({
            "path": script.path.to_string(),
            "inputs": script.declarations.inputs,
            "outputs": script.declarations.outputs,
            "env": script.declarations.env,
            "remarks": script.remarks,
            "is_changed": script.before != script.after,
            "is_written": script.is_written,
        })
    });
    let skipped = declared.skipped.iter().map(|(step, why)| json!({ "node": step, "reason": why }));
    json!({
        "schema": "az.declare/v1",
        "scripts": scripts.collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
        "diagnostics": declared.diagnostics.iter().map(to_json).collect::<Vec<_>>(),
        "exit_code": exit_code(declared),
    })
}
