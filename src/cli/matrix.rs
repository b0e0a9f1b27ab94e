//! `az matrix`, and the option `--matrix` of the verbs that run something.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    Outcome,
    arguments::{Format, Output},
    build::{open, refuse, start_folder},
    printer::Printer,
    variables::format_of_table,
};
use crate::{
    base::{Span, plural},
    diag::{Diagnostic, Source, code},
    engine::JobMatrix,
    model::decode::{self, Names},
    sys::System,
    text::{document, sequence::COMMAND_LINE},
};

#[derive(Debug, Clone, Args)]
#[command(after_help = EXPAND)]
pub(super) struct Matrix {
    #[command(subcommand)]
    verb: MatrixVerb,
}

#[derive(Debug, Clone, Subcommand)]
enum MatrixVerb {
    /// List the combinations, one a line, as the ids of their steps have them
    #[command(after_help = EXPAND)]
    Expand {
        /// A playbook by name or path: the matrix of each of its jobs and stages
        #[arg(value_name = "PLAYBOOK", required_unless_present = "matrix")]
        playbook: Option<String>,
        /// A dimension and its values, as for az build
        #[arg(long, value_name = "NAME=VALUES")]
        matrix: Vec<String>,
    },
}

const EXPAND: &str = "\
Examples:
  az matrix expand ci                                    what the jobs of ci run for
  az matrix expand --matrix os=linux,windows --matrix 'level:=[1,2]'

A matrix in a playbook: \"strategy\": { \"matrix\": { \"os\": [\"linux\", \"windows\"] } } in a job. `exclude` beside the
dimensions takes away what has all the values it gives. `include` then adds values to the combinations in which it
changes none, or else a combination. The last dimension changes fastest. At most 1,000 combinations.";

/// Runs `az matrix`.
pub(super) fn matrix(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Matrix,
) -> Outcome {
    let MatrixVerb::Expand { playbook, matrix } = &words.verb;
    let given = dimensions(matrix)?;
    let folder = start_folder(system, output);
    let found =
        open(system, output).and_then(|engine| engine.expand_matrices(playbook.as_deref(), &folder, &given));
    Ok(match found {
        Err(error) => refuse(printer, &error),
        Ok(found) => {
            match printer.format {
                Format::Text => show(printer, &found),
                Format::Json => printer.json(&json!({
                    "schema": "az.matrix/v1",
                    "jobs": found.iter().map(job_json).collect::<Vec<_>>(),
                })),
                Format::Jsonl => found.iter().for_each(|one| printer.json(&job_json(one))),
            }
            0
        }
    })
}

fn show(printer: &Printer, found: &[JobMatrix]) {
    if found.is_empty() {
        printer.say("no job of this playbook has a matrix");
    }
    for one in found {
        let name = one.job.as_deref().unwrap_or(COMMAND_LINE);
        match &one.deferred {
            Some(expression) => printer.data(&format!("{name}: known when it runs, from {expression}\n")),
            None => printer.data(&format!("{name}: {}\n", plural(one.combinations.len(), "combination"))),
        }
        one.combinations.iter().for_each(|one| printer.data(&format!("  {}\n", one.label())));
    }
}

/// Returns a job of `az.matrix/v1`; `job` is null for the command line's matrix.
fn job_json(one: &JobMatrix) -> Value {
    let combination = |one: &crate::engine::Combination| json!({ "id": one.suffix(), "values": one.values.iter().cloned().collect::<Map<_, _>>() });
    let mut value = json!({
        "job": one.job,
        "combinations": one.combinations.iter().map(combination).collect::<Vec<_>>(),
    });
    if let Some(expression) = &one.deferred {
        value["deferred"] = json!(expression);
    }
    value
}

/// Reads `NAME=A,B`, `NAME:=[JSON]` and tables of dimensions, each dimension given once.
///
/// # Errors
/// The first word that names no dimension with values.
pub(super) fn dimensions(words: &[String]) -> Result<Vec<(String, Vec<Value>)>, Box<Diagnostic>> {
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    for word in words {
        let text = word.trim();
        let dimensions = match format_of_table(text) {
            Some(format) => table(text, format)?,
            None => vec![dimension(word)?],
        };
        for (name, values) in dimensions {
            if found.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                let help = format!("write all its values at once, as in --matrix {name}=A,B");
                return Err(bad(word, "the dimension is given twice", &help));
            }
            found.push((name, values));
        }
    }
    Ok(found)
}

/// Reads a table of dimensions as PowerShell or JSON writes it, in its order; a single value is a list of one.
fn table(text: &str, format: document::Format) -> Result<Vec<(String, Vec<Value>)>, Box<Diagnostic>> {
    let source = Arc::new(Source::new(COMMAND_LINE, text));
    let reading = decode::read(&source, format, |root| {
        let entries = root.map(Names::AnyCase, |_, _, value| Some(value.json()))?;
        Some(entries.into_iter().map(|(name, values)| (name.to_owned(), values)).collect::<Vec<_>>())
    });
    if let Some(fault) = reading.diagnostics.into_iter().find(Diagnostic::is_error) {
        return Err(Box::new(fault));
    }
    let entries = reading.value.unwrap_or_default().into_iter();
    let dimensions = entries.map(|(name, values)| {
        let values = match values {
            Value::Array(values) if values.is_empty() => return Err(bad(text, "it has no value", FORMS)),
            Value::Array(values) => values,
            Value::Object(_) => return Err(bad(text, &format!("the values of `{name}` are no list"), FORMS)),
            value => vec![value],
        };
        Ok((named(text, &name)?, values))
    });
    dimensions.collect()
}

const FORMS: &str = "write NAME=A,B, or NAME:=JSON as in --matrix 'level:=[1,2]'";

fn dimension(word: &str) -> Result<(String, Vec<Value>), Box<Diagnostic>> {
    let (name, values) = word.split_once('=').ok_or_else(|| bad(word, "it has no `=`", FORMS))?;
    let (name, values) = match name.strip_suffix(':') {
        Some(name) => (name, listed(word, name, values)?),
        None => (name, texts(word, name, values)?),
    };
    Ok((named(word, name)?, values))
}

fn named(word: &str, name: &str) -> Result<String, Box<Diagnostic>> {
    let name = name.trim();
    if name.is_empty() {
        return Err(bad(word, "it has no name", FORMS));
    }
    if ["include", "exclude"].iter().any(|section| name.eq_ignore_ascii_case(section)) {
        let help = "write it into the matrix of a playbook; `az help matrix` shows how";
        return Err(bad(word, &format!("`{name}` is no dimension"), help));
    }
    Ok(name.to_owned())
}

fn listed(word: &str, name: &str, values: &str) -> Result<Vec<Value>, Box<Diagnostic>> {
    match serde_json::from_str(values) {
        Ok(Value::Array(values)) if values.is_empty() => Err(bad(word, "it has no value", FORMS)),
        Ok(Value::Array(values)) => Ok(values),
        Ok(_) => {
            let help = format!("write a list, even of one value: --matrix '{name}:=[{values}]'");
            Err(bad(word, "its values are no list", &help))
        }
        Err(error) => Err(bad(word, &error.to_string(), FORMS)),
    }
}

fn texts(word: &str, name: &str, values: &str) -> Result<Vec<Value>, Box<Diagnostic>> {
    let values: Vec<&str> = values.split(',').map(str::trim).collect();
    if values.iter().all(|value| value.is_empty()) {
        return Err(bad(word, "it has no value", FORMS));
    }
    if values.contains(&"") {
        let help = format!("leave the comma out; an empty text is written --matrix '{name}:=[\"\"]'");
        return Err(bad(word, "there is nothing between two commas, or behind the last", &help));
    }
    Ok(values.into_iter().map(Value::from).collect())
}

#[expect(clippy::unnecessary_box_returns, reason = "outcomes hold boxed diagnostics")]
fn bad(word: &str, why: &str, help: &str) -> Box<Diagnostic> {
    let source = Arc::new(Source::new(COMMAND_LINE, word));
    let fault = Diagnostic::error(code::BAD_MATRIX, format!("`{word}` is no dimension of a matrix: {why}"));
    let fault = fault.source(&source).label(Span::new(0, word.len()), "cannot be read");
    Box::new(fault.help(help))
}
