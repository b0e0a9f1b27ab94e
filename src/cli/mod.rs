//! The command line: turns words into requests, and shows what the engine says.
//!
//! Decides nothing. stdout is data, stderr is conversation; everything passes `Printer`.

mod arguments;
mod ask;
mod build;
mod cache;
mod check;
mod command_line;
mod declare;
mod doctor;
mod fix;
mod fsck;
mod help;
mod inputs;
mod library;
mod list;
mod matrix;
mod overview;
mod plan;
mod playbooks;
mod printer;
mod question;
mod record;
mod rewrite;
mod runs;
mod schema;
mod selftest;
mod table;
mod topics;
mod trust;
mod variables;
mod verify;
mod watch;
mod why;

use std::{ffi::OsString, panic::AssertUnwindSafe, sync::Arc};

use arguments::{Arguments, Form, Output, Verb};
use clap::{CommandFactory, Parser, error::ErrorKind};
use printer::Printer;

use crate::{
    diag::{Diagnostic, code},
    execute::driver::panic_text,
    sys::{FileKind, System},
};

/// Exit code of a failure.
const FAILED: u8 = 1;
/// Exit code of a usage or playbook error.
const USAGE: u8 = 2;
/// Exit code when az itself is at fault; scripts must be able to tell it from a failed step.
const INTERNAL_ERROR: u8 = 100;

/// Runs az with the arguments of a command line, the program's name first; returns what az exits with.
pub fn run(system: &Arc<dyn System>, arguments: Vec<OsString>) -> u8 {
    let typed = arguments.get(1..).unwrap_or_default().to_vec();
    let words = rewrite::rewrite(arguments);
    let parsed = Arguments::try_parse_from(&words);
    let output = parsed.as_ref().map_or_else(|_| Output::guess(&words), |parsed| parsed.output.clone());
    let printer = Printer::new(&**system, &output);
    let code = caught(&printer, || match parsed {
        Ok(Arguments { verb, output }) => {
            let misplaced = command_line::misplaced(verb.as_ref(), &typed);
            match misplaced.or_else(|| misfit(verb.as_ref(), output.form())) {
                Some(fault) => {
                    printer.diagnostics(&[fault]);
                    USAGE
                }
                None => answer(system, &printer, &output, verb),
            }
        }
        Err(error) => answer_clap(&printer, &error, &typed),
    });
    printer.finish(code)
}

/// Returns why a verb has no answer of this form.
fn misfit(verb: Option<&Verb>, form: Form) -> Option<Diagnostic> {
    let name = match form {
        Form::Text | Form::Json | Form::Jsonl => return None,
        Form::Sarif => "sarif",
        Form::Github => "github",
    };
    let message = match verb {
        Some(Verb::Check(check)) if check.declare.is_none() => return None,
        Some(Verb::Check(_)) => format!("`--format {name}` cannot stand together with `--declare`"),
        _ => format!("`--format {name}` is a form of what `az check` finds, and of nothing else"),
    };
    Some(*usage(message, "write `--format text`, `json` or `jsonl`"))
}

/// Returns every verb, and every verb of a verb, as it is typed: `cache list`.
pub fn verbs() -> Vec<String> {
    fn add(command: &clap::Command, above: &str, verbs: &mut Vec<String>) {
        for verb in command.get_subcommands() {
            let name = format!("{above}{}", verb.get_name());
            add(verb, &format!("{name} "), verbs);
            verbs.push(name);
        }
    }
    let mut verbs = Vec::new();
    add(&Arguments::command(), "", &mut verbs);
    verbs
}

/// Runs what may go wrong by a mistake of az's own, and then says so.
fn caught(printer: &Printer, run: impl FnOnce() -> u8) -> u8 {
    std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let message = format!("az made a mistake: {}", panic_text(&*payload));
        let help = "report it with what stands above; what was recorded is not affected";
        printer.diagnostics(&[Diagnostic::error(code::INTERNAL, message).help(help)]);
        INTERNAL_ERROR
    })
}

fn answer(system: &Arc<dyn System>, printer: &Printer, output: &Output, verb: Option<Verb>) -> u8 {
    let folder = build::start_folder(system, output);
    let is_folder = system.stat_target(&folder).is_ok_and(|stat| stat.kind == FileKind::Directory);
    let outcome = match verb {
        // A workspace further up is not what is meant by a folder that is not there.
        _ if output.directory.is_some() && !is_folder => {
            let message = format!("`-C`: there is no folder `{}`", folder.display());
            Err(usage(message, "name the folder that az is to act in"))
        }
        None => {
            overview::overview(system, printer, output);
            Ok(0)
        }
        Some(Verb::Build(build) | Verb::Orchestrate(build)) => build::build(system, printer, output, &build),
        Some(Verb::Watch(words)) => watch::watch(system, printer, output, &words),
        Some(Verb::Script(script)) => build::script(system, printer, output, &script),
        Some(Verb::List(list)) => list::list(system, printer, output, &list),
        Some(Verb::Playbooks(words)) => playbooks::playbooks(system, printer, output, &words),
        Some(Verb::Library(words)) => library::library(system, printer, output, &words),
        Some(Verb::Matrix(words)) => matrix::matrix(system, printer, output, &words),
        Some(Verb::Check(check)) => Ok(check::check(system, printer, output, &check)),
        Some(Verb::Plan(plan)) => plan::plan(system, printer, output, &plan),
        Some(Verb::Verify(words)) => verify::verify(system, printer, output, &words),
        Some(Verb::Why(why)) => why::why(system, printer, output, &why),
        Some(Verb::Inputs(inputs)) => inputs::inputs(system, printer, output, &inputs),
        Some(Verb::Doctor(words)) => doctor::doctor(system, printer, output, &words),
        Some(Verb::Fsck { repair }) => fsck::fsck(system, printer, output, repair),
        Some(Verb::Selftest(words)) => selftest::selftest(system, printer, &words),
        Some(Verb::Runs(runs)) => runs::runs(system, printer, output, &runs),
        Some(Verb::Cache(cache)) => cache::cache(system, printer, output, &cache),
        Some(Verb::Trust(words)) => trust::trust(system, printer, output, &words),
        Some(Verb::Schema { of }) => schema::schema(printer, of.as_deref()),
        Some(Verb::Help { topic }) => help::help(printer, topic.as_deref()),
    };
    outcome.unwrap_or_else(|fault| {
        printer.diagnostics(&[*fault]);
        USAGE
    })
}

/// Shows help or version, or what is wrong with the words as they were typed; returns the exit code.
fn answer_clap(printer: &Printer, error: &clap::Error, words: &[OsString]) -> u8 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        printer.data(&error.render().to_string());
        return 0;
    }
    printer.diagnostics(&[command_line::diagnostic(error, words)]);
    USAGE
}

/// What a verb gives: an exit code, or why its words make no sense.
type Outcome = Result<u8, Box<Diagnostic>>;

/// Makes the diagnostic of a mistake on the command line.
#[expect(clippy::unnecessary_box_returns, reason = "outcomes hold boxed diagnostics")]
fn usage(message: impl Into<String>, help: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code::USAGE, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    #[test]
    fn a_mistake_of_azs_own_is_100_and_no_other_code() {
        let printer = Printer::new(&Memory::new(), &Output::guess(&[]));
        assert_eq!(caught(&printer, || panic!("a step has no place")), 100);
        assert_eq!(caught(&printer, || 7), 7);
        assert_eq!(printer.finish(100), 100);
    }
}
