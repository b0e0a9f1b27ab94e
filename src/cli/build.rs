//! `az build` and `az NNNN`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    FAILED, Outcome, USAGE,
    arguments::{Build, Format, Output, Script},
    ask::{self, ask},
    printer::Printer,
    usage, variables,
};
use crate::{
    base::{bytes, harmless_colored, plural},
    diag::{Diagnostic, Severity, code},
    engine::{
        Ask, Audit, Audited, BuildOptions, BuildResult, Engine, EngineError, Force, Glance, Live, RunWith,
        UpToDate,
    },
    event::{Envelope, Event},
    report::{
        Lines, RunView, Verbosity, explain, help_line, result_json, summary_line, summary_of,
        workflow_command,
    },
    sys::System,
    text::expression::to_text,
};

/// Exit code when nothing is selected.
const NOTHING_SELECTED: u8 = 3;
/// Exit code when another az holds what this one needs.
const HELD: u8 = 75;
/// Exit code of warnings under `--strict`.
const WARNINGS: u8 = 4;

/// Runs `az build`.
pub(super) fn build(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Build) -> Outcome {
    let force = force_of(words);
    let told = Output { verbose: if words.debug { 2 } else { output.verbose }, ..output.clone() };
    let output = &told;
    if words.checkpoint && !output.quiet {
        printer.say("az keeps what has ended: the same command again goes on from there (--checkpoint)");
    }
    if words.dry_run {
        return super::plan::plan_request(system, printer, output, &words.request, force);
    }
    let mut ask = ask(system, printer, output, &words.request)?;
    let tells_all = printer.format != Format::Text || output.verbose > 0;
    let options = BuildOptions { tells_all, ..options(system, words, force)? };
    ask.says_how_many = options.jobs.is_some();
    if let Some(name) = &words.save_playbook {
        let saved =
            open_for(system, output, &ask).and_then(|engine| engine.save_playbook(name, &ask, words.force));
        match saved {
            Ok(path) => printer.say(&format!("saved as {}", path.display())),
            Err(error) => return Ok(refuse(printer, &error)),
        }
    }
    let start = start_folder(system, output);
    let may_glance = !words.explain && !words.debug && !words.capture_outputs && output.verbose < 2;
    let glance = if may_glance { Engine::glance(&**system, &start, &ask, &options) } else { Glance::Unknown };
    let result = match &glance {
        Glance::UpToDate(answer) => {
            if let Some(code) = nothing_to_do(system, printer, output, answer) {
                return Ok(code);
            }
            None
        }
        Glance::Partly(partly) => Some(run(printer, output, false, |on_event, on_wait| {
            Engine::build_partly(system, &start, (&ask, &options), partly, on_event, on_wait)
        })),
        Glance::Unknown => None,
    };
    let result = result.unwrap_or_else(|| {
        let mut engine = open_for(system, output, &ask)?;
        engine.plan_ahead(&ask);
        if words.debug && printer.format == Format::Text {
            tell_decisions(printer, &engine, &ask, &options);
        }
        build_whole(printer, output, &engine, &ask, &options)
    });
    Ok(match result {
        Err(error) => refuse(printer, &error),
        Ok(result) => {
            if (words.explain || words.debug) && printer.format == Format::Text {
                printer.data(&explain(&result.view));
            }
            if words.capture_outputs && printer.format == Format::Text {
                printer.data(&outputs(&result.view));
            }
            result.exit_code
        }
    })
}

fn force_of(words: &Build) -> Force {
    match (words.force, words.no_cache) {
        (true, _) => Force::All,
        (false, true) => Force::NoCache,
        (false, false) => Force::No,
    }
}

/// Returns how a build is to go.
pub(super) fn options(
    system: &Arc<dyn System>,
    words: &Build,
    force: Force,
) -> Result<BuildOptions, Box<Diagnostic>> {
    let jobs = match (words.request.parallel, words.jobs) {
        (Some(false), _) => Some(1),
        (_, Some(jobs)) => Some(jobs),
        _ => ask::jobs(system)?,
    };
    Ok(BuildOptions {
        agreed: None,
        jobs,
        priority: words.priority,
        continue_on_error: words.continue_on_error,
        force,
        timeout: words.timeout,
        no_wait: words.no_wait,
        allow_empty: words.request.allow_empty,
        live: None,
        audit: audit(words)?,
        tells_all: false,
        limits: ask::cache_limits(system)?,
        run_with: RunWith::default(),
    })
}

/// Tells what is decided on each step before the first one starts, and what it waits for.
fn tell_decisions(printer: &Printer, engine: &Engine, ask: &Ask, options: &BuildOptions) {
    let Ok(report) = engine.plan(ask, options.force, options.allow_empty) else { return };
    for node in &report.nodes {
        let reason = node.reasons.first().map(|reason| format!(": {}", reason.text)).unwrap_or_default();
        let id = &node.planned.id;
        printer.say(&format!("debug: {id} is to {}{reason}", node.verdict.as_str()));
        let needs = node.planned.needs.iter().map(|need| format!("waits for {need}"));
        needs
            .chain(node.order.iter().cloned())
            .for_each(|order| printer.say(&format!("debug: {id} {order}")));
    }
}

/// Returns what steps handed on, a line for each output.
fn outputs(view: &RunView) -> String {
    let nodes = view.nodes.iter().filter(|(_, node)| !node.outputs.is_empty());
    let lines = nodes.flat_map(|(id, node)| {
        node.outputs.iter().map(move |(name, value)| format!("  {id}  {name} = {}\n", to_text(value)))
    });
    let lines: String = lines.collect();
    if lines.is_empty() { "no step handed anything on\n".to_owned() } else { format!("outputs:\n{lines}") }
}

/// Runs `az NNNN`: one script, its output as it comes; az's exit code is the script's.
pub(super) fn script(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Script,
) -> Outcome {
    let mut ask = Ask {
        are_paths: true,
        variables: variables::given(&words.variables)?,
        script_arguments: words.arguments.clone(),
        environment: ask::environment(system, None)?,
        configuration: ask::configuration(system, output, None),
        ..Ask::default()
    };
    let engine = match open_for(system, output, &ask) {
        Ok(engine) => engine,
        Err(error) => return Ok(refuse(printer, &error)),
    };
    match engine.script_called(&words.number) {
        Ok(path) => ask.arguments.push(path.to_string()),
        Err(error) => return Ok(refuse(printer, &error)),
    }
    let force = if words.no_cache { Force::NoCache } else { Force::All };
    // Where data is asked for, what the script says must not stand between.
    let live = if printer.format == Format::Text { Live::Apart } else { Live::OnErrors };
    let limits = ask::cache_limits(system)?;
    let options = BuildOptions { live: Some(live), force, limits, ..BuildOptions::default() };
    let quiet = Output { quiet: true, ..output.clone() };
    let result = build_whole(printer, &quiet, &engine, &ask, &options);
    Ok(match result {
        Err(error) => refuse(printer, &error),
        Ok(result) => {
            let own = result.view.nodes.values().next().and_then(|node| node.exit_code);
            let own = own.and_then(|code| u8::try_from(code).ok()).unwrap_or(result.exit_code);
            let is_lost =
                result.view.warnings.iter().any(|(found, ..)| *found == code::UNWRITTEN.to_string());
            if own == 0 && is_lost { FAILED } else { own }
        }
    })
}

/// Answers a request of which nothing has changed since it was last answered; nothing if the answer cannot be read.
fn nothing_to_do(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    answer: &UpToDate,
) -> Option<u8> {
    let verbosity = verbosity(output);
    let is_plain = answer.is_plain || verbosity == Verbosity::Quiet;
    if printer.format == Format::Text && is_plain && verbosity < Verbosity::Verbose {
        if verbosity > Verbosity::Quiet {
            printer.say(&summary_of(answer.counts, answer.duration_ms(&**system), ""));
        }
        return Some(0);
    }
    let mut lines = Lines::new(verbosity, printer.color());
    let mut view = RunView::default();
    for envelope in answer.events(&**system)? {
        if printer.format == Format::Jsonl {
            printer.json(&serde_json::to_value(&envelope).expect("an event can be written"));
        }
        view.apply(&envelope.event);
        lines.lines(&envelope.event, &view).iter().for_each(|line| printer.say_colored(line));
    }
    if printer.format != Format::Text {
        printer.json(&result_json(&view));
    } else if verbosity > Verbosity::Quiet {
        printer.say(&summary_line(&view));
        help_line(&view).into_iter().for_each(|line| printer.say(&line));
    }
    Some(0)
}

pub(super) fn verbosity(output: &Output) -> Verbosity {
    match (output.quiet, output.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, _) => Verbosity::Verbose,
    }
}

/// Returns the folder az is to act in.
pub(super) fn start_folder(system: &Arc<dyn System>, output: &Output) -> PathBuf {
    let here = system.current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    here.join(output.directory.as_deref().unwrap_or(Path::new("")))
}

pub(super) fn open(system: &Arc<dyn System>, output: &Output) -> Result<Engine, EngineError> {
    let environment = ask::environment(system, None)?;
    let configuration = ask::configuration(system, output, None);
    let start = start_folder(system, output);
    Engine::open_with(Arc::clone(system), &start, configuration.as_deref(), environment.as_deref())
}

/// Opens the workspace as a request wants it.
pub(super) fn open_for(system: &Arc<dyn System>, output: &Output, ask: &Ask) -> Result<Engine, EngineError> {
    let (configuration, environment) = (ask.configuration.as_deref(), ask.environment.as_deref());
    Engine::open_with(Arc::clone(system), &start_folder(system, output), configuration, environment)
}

/// Shows why nothing could be done, and returns the exit code.
pub(super) fn refuse(printer: &Printer, error: &EngineError) -> u8 {
    printer.diagnostics(&error.diagnostics);
    let is_empty = |fault: &Diagnostic| fault.code == code::NOTHING_SELECTED;
    let is_only_empty = error.diagnostics.iter().all(|fault| !fault.is_error() || is_empty(fault));
    match () {
        () if error.diagnostics.iter().any(|fault| fault.code == code::LOCKED) => HELD,
        () if is_only_empty || (error.is_strict && error.diagnostics.iter().any(is_empty)) => {
            NOTHING_SELECTED
        }
        () if error.is_strict => WARNINGS,
        () => USAGE,
    }
}

fn build_whole(
    printer: &Printer,
    output: &Output,
    engine: &Engine,
    ask: &Ask,
    options: &BuildOptions,
) -> Result<BuildResult, EngineError> {
    run(printer, output, options.live.is_some(), |on_event, on_wait| {
        engine.build(ask, options, &mut |event, view| on_event(engine, event, view), on_wait)
    })
}

/// Who is told what happens in a run, with what is known of it then.
type OnEvent<'a> = dyn FnMut(&Engine, &Envelope, &RunView) + 'a;

/// Builds, and shows what happens and what comes of it; `is_live` says that a step's output goes to az's own.
fn run(
    printer: &Printer,
    output: &Output,
    is_live: bool,
    build: impl FnOnce(&mut OnEvent<'_>, &mut dyn FnMut()) -> Result<BuildResult, EngineError>,
) -> Result<BuildResult, EngineError> {
    let verbosity = verbosity(output);
    let mut lines = Lines::new(verbosity, printer.color());
    let mut on_event = |engine: &Engine, envelope: &Envelope, view: &RunView| {
        if printer.format == Format::Jsonl {
            printer.json(&serde_json::to_value(envelope).expect("an event can be written"));
        }
        lines.lines(&envelope.event, view).iter().for_each(|line| printer.say_colored(line));
        tell_github(printer, &envelope.event);
        if !is_live {
            show_log(printer, engine, output, view, &envelope.event);
        }
    };
    let mut on_wait = || printer.say("waiting for another az that is at work here");
    let result = build(&mut on_event, &mut on_wait)?;
    if is_live && printer.format == Format::Text {
        return Ok(result);
    }
    result
        .diagnostics
        .iter()
        .filter(|fault| is_shown(fault, output))
        .for_each(|fault| if output.verbose > 0 { printer.diagnostic(fault) } else { printer.brief(fault) });
    if printer.format != Format::Text {
        let mut json = result_json(&result.view);
        if let Some(audited) = result.audited {
            json["audit"] = serde_json::json!({ "audited": audited.count, "differing": audited.differing });
        }
        printer.json(&json);
    } else if verbosity > Verbosity::Quiet || result.exit_code != 0 {
        printer.say(&summary_line(&result.view));
        help_line(&result.view).into_iter().for_each(|line| printer.say(&line));
        result.audited.iter().for_each(|audited| printer.say(&audit_line(audited)));
    }
    Ok(result)
}

/// Hands a notification for GitHub to the job az runs in; elsewhere it stands in the journal.
pub(super) fn tell_github(printer: &Printer, event: &Event) {
    if let Event::Notified { level, channel, message, .. } = event
        && channel == "github"
        && printer.is_github
        && printer.format == Format::Text
    {
        printer.data(&workflow_command(level, message));
    }
}

/// Returns what an audit came to: `audited 3 steps, all equal`.
fn audit_line(audited: &Audited) -> String {
    let steps = plural(audited.count, "step");
    match (audited.count, audited.differing) {
        (0, _) => format!("audited {steps}"),
        (_, 0) => format!("audited {steps}, all equal"),
        (_, differing) => format!("audited {steps}, {differing} with another result"),
    }
}

/// Reads `--audit` and `--audit-seed`.
fn audit(words: &Build) -> Result<Option<Audit>, Box<Diagnostic>> {
    let Some(text) = &words.audit else { return Ok(None) };
    let share = text.trim().trim_end_matches('%').parse().ok().filter(|share| (0.0..=100.0).contains(share));
    let share: f64 = share.ok_or_else(|| {
        usage(
            format!("`--audit {text}` is no share of the steps"),
            "write a number from 0 to 100, as in --audit=5%",
        )
    })?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most ten thousand")]
    let share = (share * 100.0).round() as u32;
    Ok(Some(Audit { share, seed: words.audit_seed.clone() }))
}

/// Notes are for who asks for more; warnings for all but who asks for less.
pub(super) fn is_shown(fault: &Diagnostic, output: &Output) -> bool {
    fault.severity > Severity::Note || output.verbose > 0
}

/// Lines of a failed step's output that are shown at once.
const SHOWN_OF_FAILURE: usize = 20;

/// Shows the end of a failed step's output, why one skipped itself, and with `-vv` the output of every step.
pub(super) fn show_log(printer: &Printer, engine: &Engine, output: &Output, view: &RunView, event: &Event) {
    let is_whole = output.verbose > 1;
    let skips = |flags: &[String]| !output.quiet && flags.iter().any(|flag| flag == "skipped");
    let (node, count) = match event {
        Event::ScriptFailed { node, .. } => (node, SHOWN_OF_FAILURE),
        // Its last words say what it misses.
        Event::ScriptCompleted { node, flags, .. } if is_whole || skips(flags) => (node, 1),
        _ => return,
    };
    let Some(log) = engine.log_of(view, node) else { return };
    let say = |line: &str| printer.say_colored(&format!("           | {}", readable(line)));
    if is_whole {
        log.lines().for_each(|line| say(&line));
    } else if let Ok(tail) = log.tail(count) {
        tail.lines.iter().for_each(|line| say(line));
        if tail.is_cut && count > 1 {
            let (size, place) = (bytes(tail.size_bytes), engine.log_place(view, node));
            printer.say(&format!("           | the last lines of {size}; all: {place}"));
        }
    }
}

/// Columns of a line of output that are shown.
const SHOWN_OF_LINE: usize = 400;

/// Cuts a line of a log; colours stay.
fn readable(line: &str) -> String {
    let end = line.floor_char_boundary(SHOWN_OF_LINE);
    let more = if end < line.len() { "…" } else { "" };
    harmless_colored(&line[..end]).into_owned() + more
}
