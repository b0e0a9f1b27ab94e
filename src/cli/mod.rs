//! The command line: turns words into requests, and shows what the engine says.
//!
//! Decides nothing. stdout is data, stderr is conversation; everything passes [`Printer`].

mod arguments;
mod build;
mod help;
mod plan;
mod printer;

use std::{ffi::OsString, sync::Arc};

use arguments::{Arguments, Verb};
use clap::Parser;
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
    let parsed = match Arguments::try_parse_from(words) {
        Ok(parsed) => parsed,
        Err(error) => return printer::clap_error(&error),
    };
    let printer = Printer::new(&**system, &parsed.output);
    let outcome = match parsed.verb {
        None => help::overview(system, &printer),
        Some(Verb::Build(build)) => build::build(system, &printer, &parsed.output, &build),
        Some(Verb::Script(script)) => build::script(system, &printer, &parsed.output, &script),
        Some(Verb::Plan(plan)) => plan::plan(system, &printer, &parsed.output, &plan),
        Some(Verb::Help { topic }) => help::help(&printer, topic.as_deref()),
    };
    outcome.unwrap_or_else(|fault| {
        printer.diagnostic(&fault);
        USAGE
    })
}

/// What a verb gives: an exit code, or why its words make no sense.
type Outcome = Result<u8, Box<Diagnostic>>;

/// Makes the diagnostic of a mistake on the command line.
#[expect(clippy::unnecessary_box_returns, reason = "outcomes hold boxed diagnostics")]
fn usage(message: impl Into<String>, help: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code::USAGE, message).help(help))
}
