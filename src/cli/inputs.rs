//! `az inputs`.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{Format, Output},
    build::{open, refuse},
    printer::Printer,
    record::{origin, record_json},
};
use crate::{
    base::plural,
    cache::{Effect, Evidence},
    engine,
    fingerprint::{ComponentKind, State},
    sys::System,
};

#[derive(Debug, Clone, Args)]
pub(super) struct Inputs {
    /// The step: its number, name or id
    node: String,
}

/// Runs `az inputs`.
#[expect(clippy::unnecessary_wraps, reason = "all verbs have one form")]
pub(super) fn inputs(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Inputs,
) -> Outcome {
    let found = open(system, output).and_then(|engine| engine.inputs(&words.node));
    Ok(match found {
        Err(error) => refuse(printer, &error),
        Ok(inputs) => {
            match printer.format {
                Format::Text => printer.data(&text(&inputs)),
                Format::Json | Format::Jsonl => printer.json(&json(&inputs)),
            }
            0
        }
    })
}

fn text(inputs: &engine::Inputs) -> String {
    let record = &inputs.record;
    let how = match record.evidence {
        Evidence::Traced => "seen",
        Evidence::Declared => "declared",
    };
    let named = |kind: ComponentKind| {
        let components = record.fingerprint.components().iter();
        components.filter(move |component| component.kind == kind).map(|component| component.name.clone())
    };
    let (outside, read): (Vec<String>, Vec<String>) =
        named(ComponentKind::Input).partition(|name| name.starts_with('/'));
    let mut out = format!("{}, as {how} in {}\n", inputs.node, origin(record));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.extend([title, ":\n"]);
            lines.iter().for_each(|line| out.extend(["  ", line, "\n"]));
        }
    };
    section("read", read);
    let (outside_too, listed): (Vec<String>, Vec<String>) =
        named(ComponentKind::Listing).partition(|name| name.starts_with('/'));
    section("listed", listed.into_iter().chain(named(ComponentKind::Names)).collect());
    let outside = [outside, outside_too].concat();
    if !outside.is_empty() {
        section(
            "read outside the workspace",
            vec![format!("{} (--json lists them)", plural(outside.len(), "path"))],
        );
    }
    section("left", record.effects.iter().map(effect).collect());
    section("keeps to itself", record.private.iter().map(ToString::to_string).collect());
    section("was given", named(ComponentKind::Environment).collect());
    section("ran", inputs.seen.iter().flat_map(programs).collect());
    out
}

fn effect(effect: &Effect) -> String {
    let verb = match (&effect.before, &effect.after) {
        (_, State::Absent) => "deleted",
        (State::Absent, _) => "made",
        (before, after) if before == after => "made again",
        _ => "changed",
    };
    format!("{} ({verb})", effect.path)
}

/// Returns the programs as a tree, each command once below the one that started it.
fn programs(seen: &engine::Programs) -> Vec<String> {
    let depth = |index: usize| {
        let parent = |index: &u32| seen.processes.get(*index as usize).and_then(|process| process.parent);
        let own = u32::try_from(index).unwrap_or(u32::MAX);
        std::iter::successors(parent(&own), parent).count()
    };
    let processes = seen.processes.iter().enumerate().filter(|(_, process)| !process.program.is_empty());
    let mut lines: Vec<String> = processes
        .map(|(index, process)| format!("{}{}", "  ".repeat(depth(index).saturating_sub(1)), process.words()))
        .collect();
    lines.dedup();
    lines
}

/// Returns `az.inputs/v1`.
fn json(inputs: &engine::Inputs) -> Value {
    let record = &inputs.record;
    json!({
        "schema": "az.inputs/v1",
        "node": inputs.node,
        "evidence": match record.evidence {
            Evidence::Traced => "traced",
            Evidence::Declared => "declared",
        },
        "scratch": record.private.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "learned": record.learned,
        "programs": inputs.seen,
        "record": record_json(record, record.is_reusable()),
    })
}
