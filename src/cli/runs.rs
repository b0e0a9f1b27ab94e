//! `az runs`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{Format, Output},
    build::{open, refuse},
    printer::Printer,
    record::readable_time,
    table::columns,
};
use crate::{
    base::{Timestamp, duration},
    engine::{Engine, EngineError, SavedRun},
    journal::{RunEntry, Status, short_run},
    report::{Lines, RunView, Verbosity, explain, explain_node, result_json, summary_line},
    sys::System,
};

#[derive(Debug, Clone, Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    verb: Option<RunsVerb>,
}

#[derive(Debug, Clone, Subcommand)]
enum RunsVerb {
    /// List the runs, the latest first
    List,
    /// Show what a run did, and why
    Show {
        /// The run's id, its last four digits, or `last`
        #[arg(default_value = "last")]
        run: String,
        /// Print what this step of the run printed, and nothing else
        #[arg(long, value_name = "STEP")]
        log: Option<String>,
        /// With --log: print it byte by byte, also what a terminal obeys; without it only colours pass
        #[arg(long, requires = "log")]
        raw: bool,
    },
}

/// Runs `az runs`.
#[expect(clippy::unnecessary_wraps, reason = "all verbs have one form")]
pub(super) fn runs(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Runs) -> Outcome {
    let done = open(system, output).and_then(|engine| match &words.verb {
        None | Some(RunsVerb::List) => {
            list(printer, &engine);
            Ok(())
        }
        Some(RunsVerb::Show { run, log: Some(step), raw }) => show_log(printer, &engine, (run, step), *raw),
        Some(RunsVerb::Show { run, log: None, .. }) => {
            show(printer, output, &engine, &engine.run_called(run)?);
            Ok(())
        }
    });
    Ok(done.map_or_else(|error| refuse(printer, &error), |()| 0))
}

fn list(printer: &Printer, engine: &Engine) {
    let runs = engine.runs().into_iter().map(|run| (engine.result_of(&run), run));
    let runs: Vec<(Option<Value>, RunEntry)> = runs.collect();
    match printer.format {
        Format::Json => {
            let runs: Vec<Value> = runs.iter().map(run_json).collect();
            printer.json(&json!({ "schema": "az.runs/v1", "runs": runs }));
        }
        Format::Jsonl => runs.iter().for_each(|run| printer.json(&run_json(run))),
        Format::Text if runs.is_empty() => printer.say("no run is kept here yet"),
        Format::Text => {
            let head = ["RUN", "STARTED", "STATUS", "TIME", "RAN", "REUSED", "FAILED", "REQUEST"];
            let head = head.map(str::to_owned).to_vec();
            let rows: Vec<_> = std::iter::once(head).chain(runs.iter().map(row)).collect();
            printer.data(&columns(&rows));
        }
    }
}

fn row((result, run): &(Option<Value>, RunEntry)) -> Vec<String> {
    let counts = |names: &[&str]| {
        let counts = result.as_ref().map(|result| &result["counts"]);
        let sum = counts.map(|counts| names.iter().filter_map(|name| counts[name].as_u64()).sum::<u64>());
        sum.map_or_else(|| "-".to_owned(), |sum| sum.to_string())
    };
    let info = &run.info;
    vec![
        short_run(&info.job_id).to_owned(),
        readable_time(&info.start_time),
        info.status.as_str().to_owned(),
        time_of(run).map_or_else(|| "-".to_owned(), duration),
        counts(&["ran", "failed"]),
        counts(&["cached", "restored"]),
        counts(&["failed"]),
        info.request.join(" "),
    ]
}

fn time_of(run: &RunEntry) -> Option<std::time::Duration> {
    let end = Timestamp::from_rfc3339(run.info.end_time.as_ref()?)?;
    Some(end.since(Timestamp::from_rfc3339(&run.info.start_time)?))
}

fn run_json((result, run): &(Option<Value>, RunEntry)) -> Value {
    let info = &run.info;
    let of = |field: &str| result.as_ref().map(|result| result[field].clone());
    json!({
        "run": info.job_id,
        "request": info.request,
        "playbook": info.playbook,
        "status": info.status.as_str(),
        "start": info.start_time,
        "end": info.end_time,
        "exit_code": of("exit_code"),
        "duration_ms": of("duration_ms"),
        "counts": of("counts"),
    })
}

fn show_log(
    printer: &Printer,
    engine: &Engine,
    (run, step): (&str, &str),
    is_raw: bool,
) -> Result<(), EngineError> {
    let saved = engine.run_called(run)?;
    let mut log = engine.saved_log(&saved, saved.step_called(step)?)?;
    if is_raw {
        printer.copy(&mut log);
    } else {
        printer.copy_shown(&mut log);
    }
    Ok(())
}

fn show(printer: &Printer, output: &Output, engine: &Engine, saved: &SavedRun) {
    match printer.format {
        Format::Json => printer.json(&saved_json(engine, saved)),
        Format::Jsonl => {
            for envelope in &saved.events {
                printer.json(&serde_json::to_value(envelope).expect("an event can be written"));
            }
            printer.json(&saved_json(engine, saved));
        }
        Format::Text => printer.data(&saved_text(saved, output.quiet)),
    }
}

/// Returns `result.json`; of a run that broke off what its events come to.
fn saved_json(engine: &Engine, saved: &SavedRun) -> Value {
    engine.result_of(&saved.entry).unwrap_or_else(|| {
        let mut result = result_json(&saved.view);
        if saved.entry.info.status == Status::Interrupted {
            result["status"] = json!("interrupted");
        }
        result
    })
}

fn saved_text(saved: &SavedRun, is_quiet: bool) -> String {
    let info = &saved.entry.info;
    let started = readable_time(&info.start_time);
    let mut text = format!(
        "run {}: az build {}\n{started}, {}\n\n",
        info.job_id,
        info.request.join(" "),
        info.status.as_str()
    );
    let mut lines = Lines::new(if is_quiet { Verbosity::Quiet } else { Verbosity::Verbose }, false);
    let mut view = RunView::default();
    for envelope in &saved.events {
        view.apply(&envelope.event);
        for line in lines.lines(&envelope.event, &view) {
            text += &line;
            text.push('\n');
        }
    }
    if saved.view.ending.is_some() {
        text += &summary_line(&saved.view);
        text.push('\n');
    }
    for node in saved.view.nodes.values().filter(|node| node.outcome.is_none()) {
        text += &explain_node(&saved.view, node);
    }
    let why = explain(&saved.view);
    if !is_quiet && !why.is_empty() {
        text.push('\n');
        text += &why;
    }
    text
}
