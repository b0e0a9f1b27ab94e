//! `az verify`.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{Format, Output, Request},
    ask::ask,
    build,
    printer::Printer,
};
use crate::{
    base::plural,
    diag::{Diagnostic, code, to_json},
    engine::{Difference, Subject, Verified, VerifiedStep},
    event::Event,
    sys::System,
};

#[derive(Debug, Clone, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) request: Request,
    /// How often each step runs, each time in a fresh copy of the workspace
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=100))]
    runs: u8,
}

/// Runs `az verify`.
pub(super) fn verify(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Verify,
) -> Outcome {
    let ask = ask(system, printer, output, &words.request)?;
    let is_told = printer.format == Format::Text && output.verbose > 0;
    let mut on_event = |run: usize, envelope: &crate::event::Envelope| {
        if let (true, Event::ScriptStarted { node, .. }) = (is_told, &envelope.event) {
            printer.say(&format!("run {run}: {node}"));
        }
    };
    let verified = build::open_for(system, output, &ask)
        .and_then(|engine| engine.verify(&ask, words.runs.into(), words.request.allow_empty, &mut on_event));
    Ok(match verified {
        Err(error) => build::refuse(printer, &error),
        Ok(verified) => {
            match printer.format {
                Format::Json => printer.json(&verified_json(&verified)),
                Format::Jsonl => {
                    verified.steps.iter().for_each(|step| printer.json(&step_json(step)));
                    printer.diagnostics_line(&faults(&verified));
                }
                Format::Text => show(printer, output, &verified),
            }
            verified.exit_code
        }
    })
}

fn show(printer: &Printer, output: &Output, verified: &Verified) {
    let plan = verified.diagnostics.iter().filter(|fault| build::is_shown(fault, output));
    plan.for_each(|fault| printer.diagnostic(fault));
    let width = verified.steps.iter().map(|step| step.id.chars().count()).max().unwrap_or(0).min(32);
    for step in &verified.steps {
        if step.is_equal() && output.quiet {
            continue;
        }
        let error = step.error.as_deref().unwrap_or_default();
        let line = format!("{:>9}  {:<width$}  {error}", word(step), step.id);
        printer.data(&format!("{}\n", line.trim_end()));
        step.differences.iter().for_each(|difference| printer.data(&line_of(difference)));
    }
    verified.unexplained.iter().for_each(|difference| printer.data(&line_of(difference)));
    own_faults(verified).iter().for_each(|fault| printer.brief(fault));
    if !output.quiet || verified.exit_code != 0 {
        printer.say(&summary(verified));
    }
}

/// Returns a step's outcome in a word.
fn word(step: &VerifiedStep) -> &'static str {
    match step.outcome {
        _ if step.error.is_some() => "failed",
        _ if !step.differences.is_empty() => "differs",
        Some(crate::event::Outcome::Skipped) => "skipped",
        _ => "equal",
    }
}

fn line_of(difference: &Difference) -> String {
    format!("{:>9}  {}\n", "", text_of(difference))
}

/// Says how two runs differ: `out`, line 1: `a`, then `b`.
fn text_of(difference: &Difference) -> String {
    let Difference { run, subject, one, other, lines } = difference;
    let which = if *run == 2 { String::new() } else { format!(" (run {run})") };
    match lines {
        Some(lines) => format!("{subject}, {lines}{which}"),
        None => format!("{subject}: {one}, then {other}{which}"),
    }
}

/// Returns the last line: `ran 3 steps 2 times: 2 equal, 1 differs`.
fn summary(verified: &Verified) -> String {
    let count = |wanted: &str| {
        let count = verified.steps.iter().filter(|step| word(step) == wanted).count();
        (count > 0).then(|| format!("{count} {wanted}"))
    };
    let counts: Vec<String> =
        ["equal", "differs", "failed", "skipped"].into_iter().filter_map(count).collect();
    let steps = plural(verified.steps.len(), "step");
    format!("ran {steps} {} times: {}", verified.runs, counts.join(", "))
}

/// Returns what is wrong with each step, and with the plan.
fn faults(verified: &Verified) -> Vec<Diagnostic> {
    verified.diagnostics.iter().cloned().chain(own_faults(verified)).collect()
}

/// Returns an error for each step that gives another result each time.
fn own_faults(verified: &Verified) -> Vec<Diagnostic> {
    let help = "`az help AZ0722` says what to look for; `# Cache: never` runs the step every time";
    let fault = |message: String| Diagnostic::error(code::NOT_REPEATABLE, message).help(help);
    let steps = verified.steps.iter().filter_map(|step| {
        let first = step.differences.first()?;
        Some(fault(format!("{} gives another result each time: {}", step.id, text_of(first))))
    });
    let nobody = verified
        .unexplained
        .first()
        .map(|first| fault(format!("what no step was seen to change differs: {}", text_of(first))));
    steps.chain(nobody).collect()
}

/// Returns `az.verify/v1`.
fn verified_json(verified: &Verified) -> Value {
    json!({
        "schema": "az.verify/v1",
        "runs": verified.runs,
        "steps": verified.steps.iter().map(step_json).collect::<Vec<_>>(),
        "unexplained": verified.unexplained.iter().map(difference_json).collect::<Vec<_>>(),
        "diagnostics": faults(verified).iter().map(to_json).collect::<Vec<_>>(),
        "exit_code": verified.exit_code,
    })
}

fn step_json(step: &VerifiedStep) -> Value {
    json!({
        "id": step.id,
        "verdict": word(step),
        "error": step.error,
        "differences": step.differences.iter().map(difference_json).collect::<Vec<_>>(),
    })
}

fn difference_json(difference: &Difference) -> Value {
    let Difference { run, subject, one, other, lines } = difference;
    let (what, path) = match subject {
        Subject::Path(path) => ("path", Some(path.to_string())),
        Subject::Log => ("log", None),
        Subject::Outcome => ("outcome", None),
        Subject::ExitCode => ("exit_code", None),
    };
    let lines =
        lines.as_ref().map(|lines| json!({ "line": lines.line, "one": lines.one, "other": lines.other }));
    json!({ "run": run, "what": what, "path": path, "one": one, "other": other, "first_line": lines })
}
