//! The command line: turns words into requests, and shows what the engine says.
//!
//! Decides nothing. stdout is data, stderr is conversation; everything passes `Printer`.

mod arguments;
mod build;
mod cache;
mod check;
mod command_line;
mod help;
mod list;
mod overview;
mod plan;
mod printer;
mod record;
mod runs;
mod table;
mod topics;
mod why;

use std::{ffi::OsString, sync::Arc};

use arguments::{Arguments, Output, Verb};
use clap::{Parser, error::ErrorKind};
use printer::Printer;

use crate::{
    diag::{Diagnostic, code},
    sys::System,
};

/// Exit code of a usage or playbook error.
const USAGE: u8 = 2;

/// Runs az with the arguments of a command line, the program's name first; returns what az exits with.
pub fn run(system: &Arc<dyn System>, arguments: Vec<OsString>) -> u8 {
    let words = arguments::rewrite(arguments);
    let parsed = match Arguments::try_parse_from(&words) {
        Ok(parsed) => parsed,
        Err(error) => return answer_clap(&**system, &error, &words),
    };
    let printer = Printer::new(&**system, &parsed.output);
    let outcome = match parsed.verb {
        None => {
            overview::overview(system, &printer, &parsed.output);
            Ok(0)
        }
        Some(Verb::Build(build)) => build::build(system, &printer, &parsed.output, &build),
        Some(Verb::Script(script)) => build::script(system, &printer, &parsed.output, &script),
        Some(Verb::List(list)) => list::list(system, &printer, &parsed.output, &list),
        Some(Verb::Check(check)) => Ok(check::check(system, &printer, &parsed.output, &check)),
        Some(Verb::Plan(plan)) => plan::plan(system, &printer, &parsed.output, &plan),
        Some(Verb::Why(why)) => why::why(system, &printer, &parsed.output, &why),
        Some(Verb::Runs(runs)) => runs::runs(system, &printer, &parsed.output, &runs),
        Some(Verb::Cache(cache)) => cache::cache(system, &printer, &parsed.output, &cache),
        Some(Verb::Help { topic }) => help::help(&printer, topic.as_deref()),
    };
    outcome.unwrap_or_else(|fault| {
        printer.diagnostics(&[*fault]);
        USAGE
    })
}

/// Shows help or version, or what is wrong with the words; returns the exit code.
fn answer_clap(system: &dyn System, error: &clap::Error, words: &[OsString]) -> u8 {
    let printer = Printer::new(system, &Output::guess(words));
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        printer.data(&error.render().to_string());
        return 0;
    }
    printer.diagnostics(&[command_line::diagnostic(error, words.get(1..).unwrap_or_default())]);
    USAGE
}

/// What a verb gives: an exit code, or why its words make no sense.
type Outcome = Result<u8, Box<Diagnostic>>;

/// Makes the diagnostic of a mistake on the command line.
#[expect(clippy::unnecessary_box_returns, reason = "outcomes hold boxed diagnostics")]
fn usage(message: impl Into<String>, help: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code::USAGE, message).help(help))
}
