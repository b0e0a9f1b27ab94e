//! `az watch`.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::{
    FAILED, Outcome,
    arguments::{Build, Format, Output},
    ask::ask,
    build::{is_shown, options, show_log, start_folder, tell_github, verbosity},
    printer::Printer,
    question::{self, Answer},
    trust::changes,
    usage,
};
use crate::{
    base::{Digest, harmless_name, plural},
    diag::{Diagnostic, to_json},
    engine::{Engine, EngineError, Force, Rebuilt, Watching, Woken, trust::Untrusted},
    event::Envelope,
    report::{Lines, RunView, Verbosity, help_line, result_json, summary_line, summary_of},
    sys::System,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  az watch ci                    build ci now, and again whenever something changes; Ctrl-C ends it
  az watch 0400 --until-green    until it builds without a failure, then exit 0
  az watch ci --json             one JSON value a line for each build
  az watch ci --trust-edits      while you edit scripts and playbooks of your own

What is there when the watch starts is what you asked for. When a script, a playbook, a rule or az.toml changes while it
is at work, nothing of that runs until you agree: az shows what changed and asks, or waits for `az trust`.

While a watch is at work, `az build` of the same asks it whether there is anything to do, and needs no look at the files
itself. It never does so where CI, PRE_COMMIT, GIT_INDEX_FILE or AZ_NO_WATCH is set.";

#[derive(Debug, Clone, Args)]
pub(super) struct Watch {
    #[command(flatten)]
    pub(super) build: Build,
    /// End with 0 as soon as a build has no failure
    #[arg(long)]
    pub(super) until_green: bool,
    /// Go on with whatever scripts, playbooks, rules and az.toml become; else each change of them is to be agreed to
    #[arg(long)]
    pub(super) trust_edits: bool,
}

/// Runs `az watch`.
pub(super) fn watch(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Watch) -> Outcome {
    let output = &Output { verbose: if words.build.debug { 2 } else { output.verbose }, ..output.clone() };
    refuse_misfits(&words.build)?;
    let mut ask = ask(system, printer, output, &words.build.request)?;
    let options = options(system, &words.build, Force::No)?;
    ask.says_how_many = options.jobs.is_some();
    let mut watching =
        match Watching::begin(system, &start_folder(system, output), &ask, &options, words.trust_edits) {
            Ok(watching) => watching,
            Err(error) => return Ok(super::build::refuse(printer, &error)),
        };
    if verbosity(output) > Verbosity::Quiet && printer.format == Format::Text {
        printer.say(&format!("watching {}; Ctrl-C ends it", watching.root().display()));
    }
    let is_asked = !words.build.request.non_interactive;
    let mut teller = Teller { system, printer, output, is_asked, builds: 0, refused: None };
    let mut changed = Vec::new();
    loop {
        let is_green = match teller.build(&mut watching, &changed) {
            Ended::Green => true,
            Ended::Red => false,
            Ended::Agreed(paths) => {
                changed = paths;
                continue;
            }
            Ended::Interrupted(code) => return Ok(code),
        };
        if words.until_green && is_green {
            return Ok(0);
        }
        changed = loop {
            match watching.wait() {
                Woken::Changed(paths) => break paths,
                Woken::Interrupted(code) => return Ok(code),
                Woken::Limited(fault) => teller.faults(&[*fault]),
                Woken::Gone(fault) => {
                    teller.faults(&[*fault]);
                    return Ok(FAILED);
                }
            }
        };
    }
}

/// Refuses what makes no sense again and again.
fn refuse_misfits(words: &Build) -> Result<(), Box<Diagnostic>> {
    let misfits = [
        (words.dry_run, "--dry-run", "`az plan` shows what would run"),
        (words.save_playbook.is_some(), "--save-playbook", "save it with `az build` first"),
        (words.force, "--force", "run `az build --force` once, then watch"),
        (words.no_cache, "--no-cache", "a watch runs what is due, which it knows by the cache"),
        (words.audit.is_some(), "--audit", "audit with `az build`"),
    ];
    match misfits.into_iter().find(|(is_given, ..)| *is_given) {
        Some((_, option, help)) => {
            Err(usage(format!("`{option}` cannot stand together with `az watch`"), help))
        }
        None => Ok(()),
    }
}

/// Tells how the builds go.
struct Teller<'a> {
    system: &'a Arc<dyn System>,
    printer: &'a Printer,
    output: &'a Output,
    /// Somebody may be asked.
    is_asked: bool,
    builds: usize,
    /// The set that was last told to be refused.
    refused: Option<Digest>,
}

/// How a build of a watch ended.
enum Ended {
    Green,
    Red,
    /// Somebody has agreed to what was refused, or something has changed while they were asked: these.
    Agreed(Vec<String>),
    Interrupted(u8),
}

impl Teller<'_> {
    /// Builds since these paths have changed.
    fn build(&mut self, watching: &mut Watching, changed: &[String]) -> Ended {
        self.builds += 1;
        let built = self.built(watching);
        let is_green = match &built {
            Ok(Rebuilt::UpToDate(_)) => true,
            Ok(Rebuilt::Built(result)) => result.exit_code == 0,
            Ok(Rebuilt::Untrusted(untrusted)) => return self.refuse(watching, untrusted, changed),
            Err(_) => false,
        };
        self.refused = None;
        if self.printer.format == Format::Text {
            self.tell(&built, changed);
        } else {
            self.tell_programs(&built, changed);
        }
        if is_green { Ended::Green } else { Ended::Red }
    }

    /// Says that what decides has changed and nothing was run; asks, where there is somebody to ask.
    fn refuse(&mut self, watching: &mut Watching, untrusted: &Untrusted, changed: &[String]) -> Ended {
        let printer = self.printer;
        let is_known = self.refused.replace(untrusted.now.hash()) == Some(untrusted.now.hash());
        if printer.format != Format::Text {
            if !is_known {
                self.faults(&[untrusted.diagnostic()]);
            }
            return Ended::Red;
        }
        if is_known {
            printer.say(&format!("{}nothing was run, since nobody has agreed to it yet", cause(changed)));
            return Ended::Red;
        }
        if !self.is_asked || !question::can_ask() {
            printer.diagnostic(&untrusted.diagnostic());
            printer.say(&format!(
                "{}nothing was run; waiting for `az trust` or the next change",
                cause(changed)
            ));
            return Ended::Red;
        }
        printer.say_lines(&changes(untrusted, printer.color()));
        match question::ask(printer, watching) {
            Answer::Yes => watching.agree(untrusted),
            Answer::Always => {
                if let Err(fault) = watching.agree_to_edits(untrusted) {
                    printer.diagnostic(&fault);
                }
            }
            Answer::No => {
                printer.say("nothing was run; waiting for `az trust` or the next change");
                return Ended::Red;
            }
            Answer::Changed(paths) => {
                self.refused = None;
                return Ended::Agreed(paths);
            }
            Answer::Interrupted(code) => return Ended::Interrupted(code),
        }
        self.refused = None;
        Ended::Agreed(changed.to_vec())
    }

    /// Builds, and says at once what is worth it.
    fn built(&self, watching: &mut Watching) -> Result<Rebuilt, EngineError> {
        let Self { printer, output, .. } = self;
        // The one line that says how it went is enough for what went well.
        let level = if output.verbose > 0 { verbosity(output) } else { Verbosity::Quiet };
        let level = if output.verbose == 1 { Verbosity::Normal } else { level };
        let mut lines = Lines::new(level, printer.color());
        let mut on_event = |engine: &Engine, envelope: &Envelope, view: &RunView| {
            let said = lines.lines(&envelope.event, view);
            if printer.format == Format::Text {
                said.iter().for_each(|line| printer.say_colored(line));
                tell_github(printer, &envelope.event);
                show_log(printer, engine, output, view, &envelope.event);
            }
        };
        watching.build(&mut on_event, &mut || printer.say("waiting for another az that is at work here"))
    }

    fn tell(&self, built: &Result<Rebuilt, EngineError>, changed: &[String]) {
        let Self { printer, output, .. } = self;
        let cause = cause(changed);
        match built {
            Err(error) => {
                printer.diagnostics(&error.diagnostics);
                printer.say(&format!("{cause}nothing was run; waiting for the next change"));
            }
            Ok(Rebuilt::Built(result)) => {
                let shown = result.diagnostics.iter().filter(|fault| is_shown(fault, output));
                shown.for_each(|fault| {
                    if output.verbose > 0 { printer.diagnostic(fault) } else { printer.brief(fault) }
                });
                if verbosity(output) > Verbosity::Quiet || result.exit_code != 0 {
                    printer.say(&format!("{cause}{}", summary_line(&result.view)));
                    help_line(&result.view).into_iter().for_each(|line| printer.say(&line));
                }
            }
            Ok(Rebuilt::UpToDate(answer)) if verbosity(output) > Verbosity::Quiet => {
                let counts = answer.counts;
                let summary = if changed.is_empty() {
                    summary_of(counts, answer.duration_ms(&**self.system), "")
                } else {
                    "nothing to do".to_owned()
                };
                printer.say(&format!("{cause}{summary}"));
            }
            Ok(Rebuilt::UpToDate(_) | Rebuilt::Untrusted(_)) => {}
        }
    }

    fn tell_programs(&self, built: &Result<Rebuilt, EngineError>, changed: &[String]) {
        let faults = |faults: &[Diagnostic]| -> Value { faults.iter().map(to_json).collect() };
        let mut line = json!({ "schema": "az.watch/v1", "build": self.builds, "changed": changed });
        match built {
            Err(error) => line["diagnostics"] = faults(&error.diagnostics),
            Ok(Rebuilt::Built(result)) => {
                line["result"] = result_json(&result.view);
                if !result.diagnostics.is_empty() {
                    line["diagnostics"] = faults(&result.diagnostics);
                }
            }
            Ok(Rebuilt::UpToDate(answer)) => {
                let mut view = RunView::default();
                let events = answer.events(&**self.system).unwrap_or_default();
                events.iter().for_each(|envelope| view.apply(&envelope.event));
                line["result"] = result_json(&view);
            }
            Ok(Rebuilt::Untrusted(untrusted)) => line["diagnostics"] = faults(&[untrusted.diagnostic()]),
        }
        self.printer.json_line(&line);
    }

    /// Tells what stands in the way of watching.
    fn faults(&self, faults: &[Diagnostic]) {
        if self.printer.format == Format::Text {
            self.printer.diagnostics(faults);
        } else {
            let faults: Vec<Value> = faults.iter().map(to_json).collect();
            self.printer.json_line(&json!({ "schema": "az.watch/v1", "diagnostics": faults }));
        }
    }
}

/// Returns why a build began: `src/a.txt changed -> `; nothing for the first one.
fn cause(changed: &[String]) -> String {
    match changed {
        [] => String::new(),
        [only] => format!("{} changed -> ", harmless_name(only)),
        [one, other] => format!("{} and {} changed -> ", harmless_name(one), harmless_name(other)),
        [first, rest @ ..] => {
            format!("{} and {} changed -> ", harmless_name(first), plural(rest.len(), "other"))
        }
    }
}
