//! `az why`.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{Format, Output},
    build::{open, refuse},
    printer::Printer,
    record::{component_lines, origin, record_json, summary_json},
};
use crate::{engine, event, sys::System};

#[derive(Debug, Clone, Args)]
pub(super) struct Why {
    /// The step: its number, name or id
    node: String,
    /// The run's id, its last four digits, or `last`; default: the last one that has the step
    run: Option<String>,
    /// Show what a reuse of the step relies on
    #[arg(long, conflicts_with = "run")]
    cached: bool,
}

/// Runs `az why`.
#[expect(clippy::unnecessary_wraps, reason = "all verbs have one form")]
pub(super) fn why(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Why) -> Outcome {
    let why = open(system, output).and_then(|engine| {
        if words.cached {
            engine.why_cached(&words.node)
        } else {
            engine.why(&words.node, words.run.as_deref())
        }
    });
    Ok(match why {
        Err(error) => refuse(printer, &error),
        Ok(why) => {
            match printer.format {
                Format::Text if words.cached => printer.data(&cached_text(&why)),
                Format::Text => printer.data(&why.text),
                Format::Json | Format::Jsonl => printer.json(&why_json(&why, words.cached)),
            }
            0
        }
    })
}

fn cached_text(why: &engine::Why) -> String {
    let Some(record) = why.record.as_ref().filter(|_| why.is_usable) else { return why.text.clone() };
    format!(
        "{} is reused as long as all this holds ({}):\n{}key {}\n",
        why.node,
        origin(record),
        component_lines(&record.fingerprint),
        record.key
    )
}

/// Returns `az.why/v1`; the parts of the record only where they are asked for.
fn why_json(why: &engine::Why, is_whole: bool) -> Value {
    let record = why.record.as_ref().map(|record| {
        if is_whole { record_json(record, why.is_usable) } else { summary_json(record, why.is_usable) }
    });
    json!({
        "schema": "az.why/v1",
        "node": why.node,
        "outcome": why.outcome.map(event::Outcome::as_str),
        "reasons": why.reasons,
        "causes": why.causes.iter().map(|(node, reasons)| {
            json!({ "node": node, "reasons": reasons })
        }).collect::<Vec<_>>(),
        "run": why.run,
        "record": record,
    })
}
