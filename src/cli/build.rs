//! `az build` and `az NNNN`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    FAILED, Outcome, USAGE,
    arguments::{Build, Format, Output, Request, Script},
    matrix::dimensions,
    printer::Printer,
    usage,
};
use crate::{
    base::{bytes, plural},
    diag::{Diagnostic, Severity, Source, code},
    engine::{Ask, Audit, Audited, BuildOptions, BuildResult, Engine, EngineError, Force, Live},
    event::{Envelope, Event},
    report::{Lines, Verbosity, explain, result_json, summary_line, summary_of, workflow_command},
    sys::System,
    text::sequence::could_be_name,
};

/// Exit code when nothing is selected.
const NOTHING_SELECTED: u8 = 3;
/// Exit code when another az holds what this one needs.
const HELD: u8 = 75;
/// Exit code of warnings under `--strict`.
const WARNINGS: u8 = 4;

/// Runs `az build`.
pub(super) fn build(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Build) -> Outcome {
    let force = match (words.force, words.no_cache) {
        (true, _) => Force::All,
        (false, true) => Force::NoCache,
        (false, false) => Force::No,
    };
    if words.dry_run {
        return super::plan::plan_request(system, printer, output, &words.request, force);
    }
    let ask = ask(system, output, &words.request)?;
    let sequential = words.request.parallel == Some(false);
    let options = BuildOptions {
        jobs: if sequential { Some(1) } else { words.jobs },
        continue_on_error: words.continue_on_error,
        force,
        timeout: words.timeout,
        allow_empty: words.request.allow_empty,
        live: None,
        audit: audit(words)?,
    };
    if let Some(name) = &words.save_playbook {
        let saved =
            open_for(system, output, &ask).and_then(|engine| engine.save_playbook(name, &ask, words.force));
        match saved {
            Ok(path) => printer.say(&format!("saved as {}", path.display())),
            Err(error) => return Ok(refuse(printer, &error)),
        }
    }
    if !words.explain
        && let Some(code) = nothing_to_do(system, printer, output, &ask, &options)
    {
        return Ok(code);
    }
    let engine = match open_for(system, output, &ask) {
        Ok(engine) => engine,
        Err(error) => return Ok(refuse(printer, &error)),
    };
    let result = run(printer, output, &engine, &ask, &options);
    Ok(match result {
        Err(error) => refuse(printer, &error),
        Ok(result) => {
            if words.explain && printer.format == Format::Text {
                printer.data(&explain(&result.view));
            }
            result.exit_code
        }
    })
}

/// Runs `az NNNN`: one script, its output as it comes; az's exit code is the script's.
pub(super) fn script(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Script,
) -> Outcome {
    let engine = match open(system, output) {
        Ok(engine) => engine,
        Err(error) => return Ok(refuse(printer, &error)),
    };
    let path = match engine.script_called(&words.number) {
        Ok(path) => path,
        Err(error) => return Ok(refuse(printer, &error)),
    };
    let ask = Ask {
        arguments: vec![path.to_string()],
        are_paths: true,
        variables: variables(&words.variables)?,
        script_arguments: words.arguments.clone(),
        ..Ask::default()
    };
    let force = if words.no_cache { Force::NoCache } else { Force::All };
    // Where data is asked for, what the script says must not stand between.
    let live = if printer.format == Format::Text { Live::Apart } else { Live::OnErrors };
    let options = BuildOptions { live: Some(live), force, ..BuildOptions::default() };
    let quiet = Output { quiet: true, ..output.clone() };
    let result = run(printer, &quiet, &engine, &ask, &options);
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

/// Answers a request of which nothing has changed since it was last answered.
fn nothing_to_do(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    ask: &Ask,
    options: &BuildOptions,
) -> Option<u8> {
    if output.verbose > 1 {
        return None;
    }
    let answer = Engine::up_to_date(&**system, &start_folder(system, output), ask, options)?;
    let verbosity = verbosity(output);
    if printer.format == Format::Text && answer.is_plain && verbosity < Verbosity::Verbose {
        if verbosity > Verbosity::Quiet {
            printer.say(&summary_of(answer.counts, answer.duration_ms(&**system), ""));
        }
        return Some(0);
    }
    let mut lines = Lines::new(verbosity, printer.color());
    for envelope in answer.events(&**system) {
        if printer.format == Format::Jsonl {
            printer.json(&serde_json::to_value(&envelope).expect("an event can be written"));
        }
        lines.lines(&envelope.event).iter().for_each(|line| printer.say(line));
    }
    if printer.format != Format::Text {
        printer.json(&result_json(lines.view()));
    } else if verbosity > Verbosity::Quiet {
        printer.say(&summary_line(lines.view()));
    }
    Some(0)
}

fn verbosity(output: &Output) -> Verbosity {
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
    Engine::open(Arc::clone(system), &start_folder(system, output))
}

/// Opens the workspace as a request wants it.
pub(super) fn open_for(system: &Arc<dyn System>, output: &Output, ask: &Ask) -> Result<Engine, EngineError> {
    Engine::open_with(Arc::clone(system), &start_folder(system, output), ask.configuration.as_deref())
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

fn run(
    printer: &Printer,
    output: &Output,
    engine: &Engine,
    ask: &Ask,
    options: &BuildOptions,
) -> Result<BuildResult, EngineError> {
    let verbosity = verbosity(output);
    let mut lines = Lines::new(verbosity, printer.color());
    let mut on_event = |envelope: &Envelope| {
        if printer.format == Format::Jsonl {
            printer.json(&serde_json::to_value(envelope).expect("an event can be written"));
        }
        lines.lines(&envelope.event).iter().for_each(|line| printer.say(line));
        tell_github(printer, &envelope.event);
        if options.live.is_none() {
            show_log(printer, engine, output, &lines, &envelope.event);
        }
    };
    let mut on_wait = || printer.say("waiting for another az that is at work here");
    let result = engine.build(ask, options, &mut on_event, &mut on_wait)?;
    if options.live.is_some() && printer.format == Format::Text {
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
        result.audited.iter().for_each(|audited| printer.say(&audit_line(audited)));
    }
    Ok(result)
}

/// Hands a notification for GitHub to the job az runs in; elsewhere it stands in the journal.
fn tell_github(printer: &Printer, event: &Event) {
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
fn show_log(printer: &Printer, engine: &Engine, output: &Output, lines: &Lines, event: &Event) {
    let is_whole = output.verbose > 1;
    let skips = |flags: &[String]| !output.quiet && flags.iter().any(|flag| flag == "skipped");
    let (node, count) = match event {
        Event::ScriptFailed { node, .. } => (node, SHOWN_OF_FAILURE),
        // Its last words say what it misses.
        Event::ScriptCompleted { node, flags, .. } if is_whole || skips(flags) => (node, 1),
        _ => return,
    };
    let Some(log) = engine.log_of(lines.view(), node) else { return };
    let say = |line: &str| printer.say(&format!("           | {}", readable(line)));
    if is_whole {
        log.lines().for_each(|line| say(&line));
    } else if let Ok(tail) = log.tail(count) {
        tail.lines.iter().for_each(|line| say(line));
        if tail.is_cut && count > 1 {
            let (size, place) = (bytes(tail.size_bytes), engine.log_place(lines.view(), node));
            printer.say(&format!("           | the last lines of {size}; all: {place}"));
        }
    }
}

/// Columns of a line of output that are shown.
const SHOWN_OF_LINE: usize = 400;

/// Cuts a line and writes what a terminal would obey as what it is; colours stay.
fn readable(line: &str) -> String {
    let mut shown = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if shown.len() > SHOWN_OF_LINE {
            shown.push('…');
            break;
        }
        let rest = characters.as_str();
        let color_end =
            rest.strip_prefix('[').and_then(|rest| rest.find(|c: char| !c.is_ascii_digit() && c != ';'));
        match (c, color_end) {
            ('\u{1b}', Some(end)) if rest[end + 1..].starts_with('m') => shown.push(c),
            ('\t', _) => shown.push(c),
            _ if c.is_control() => shown.extend(c.escape_default()),
            _ => shown.push(c),
        }
    }
    if shown.contains('\u{1b}') { shown + "\u{1b}[0m" } else { shown }
}

/// Turns the words of a request into what is asked for.
pub(super) fn ask(
    system: &Arc<dyn System>,
    output: &Output,
    words: &Request,
) -> Result<Ask, Box<Diagnostic>> {
    let mut ask = Ask {
        variables: variables(&words.variables)?,
        matrix: dimensions(&words.matrix)?,
        profile: words.profile.clone(),
        with_dependencies: words.with_deps,
        overlap: words.parallel == Some(true),
        strict: words.strict,
        no_trace: words.no_trace,
        sandbox: words.sandbox,
        configuration: words.configuration.as_ref().map(|path| start_folder(system, output).join(path)),
        ..Ask::default()
    };
    for word in &words.selection {
        match word.strip_prefix('@') {
            Some(path) => ask.lists.push(read_list(system, &start_folder(system, output), path)?),
            None if word == "-" => ask.lists.push(read_standard_input()?),
            None => ask.arguments.push(word.clone()),
        }
    }
    if let Some(name) = &words.load_playbook {
        // Any other word would be read as a selection of scripts, and run them.
        if !could_be_name(name) {
            let help = "write its path, such as playbooks/ci.json, or rename it: a name begins with a letter and goes on with letters, digits, `_`, `-` and `.`";
            return Err(usage(format!("no playbook can be called `{name}` on the command line"), help));
        }
        ask.arguments.push(name.clone());
    }
    if ask.arguments.is_empty() && ask.lists.is_empty() {
        let sequence = system.env().get(std::ffi::OsStr::new("AITHERZERO_SEQUENCE")).cloned();
        let sequence =
            sequence.and_then(|sequence| sequence.into_string().ok()).filter(|text| !text.trim().is_empty());
        ask.arguments.push(sequence.ok_or_else(|| {
            usage("nothing is asked for", "name a playbook or a selection, such as `az build ci` or `az build '04*'`; `az list` shows what there is")
        })?);
    }
    Ok(ask)
}

fn read_list(system: &Arc<dyn System>, folder: &Path, path: &str) -> Result<Arc<Source>, Box<Diagnostic>> {
    let unreadable = |why: String| {
        let fault = Diagnostic::error(code::UNREADABLE_SOURCE, format!("`{path}` cannot be read: {why}"));
        Box::new(fault.help("name a text file with selections, one or more a line"))
    };
    let bytes = system.read(&folder.join(path)).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    Ok(Arc::new(Source::new(path, text)))
}

fn read_standard_input() -> Result<Arc<Source>, Box<Diagnostic>> {
    std::io::read_to_string(std::io::stdin())
        .map(|text| Arc::new(Source::new("standard input", text)))
        .map_err(|error| {
            let fault =
                Diagnostic::error(code::UNREADABLE_SOURCE, format!("standard input cannot be read: {error}"));
            Box::new(fault.help("send UTF-8 text with selections, one or more a line"))
        })
}

/// Reads `NAME=TEXT` and `NAME:=JSON`.
fn variables(words: &[String]) -> Result<BTreeMap<String, serde_json::Value>, Box<Diagnostic>> {
    words.iter().map(|word| variable(word)).collect()
}

fn variable(word: &str) -> Result<(String, serde_json::Value), Box<Diagnostic>> {
    let bad = |why: &str| {
        let source = Arc::new(Source::new("command line", word));
        let fault = Diagnostic::error(code::BAD_VARIABLE, format!("`{word}` is no variable: {why}"));
        let fault = fault.source(&source).label(crate::base::Span::new(0, word.len()), "cannot be read");
        Box::new(fault.help("write NAME=TEXT, or NAME:=JSON as in --var retries:=3"))
    };
    let (name, value) = word.split_once('=').ok_or_else(|| bad("it has no `=`"))?;
    let (name, value) = match name.strip_suffix(':') {
        Some(name) => (name, serde_json::from_str(value).map_err(|error| bad(&error.to_string()))?),
        None => (name, serde_json::Value::String(value.to_owned())),
    };
    if name.trim().is_empty() { Err(bad("it has no name")) } else { Ok((name.trim().to_owned(), value)) }
}
