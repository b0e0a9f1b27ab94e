//! `az check`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    arguments::{Check, Form, Output},
    ask::{configuration, environment},
    build::{refuse, start_folder},
    declare::declare,
    fix::fix,
    printer::Printer,
};
use crate::{
    base::plural,
    diag::{Severity, to_json},
    engine::{CheckOptions, Checked, CheckedFile, Engine, EngineError},
    report::{Finding, annotations, sarif},
    sys::System,
};

/// Runs `az check`: its answer is data, for people too.
pub(super) fn check(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Check) -> u8 {
    if let Some(place) = words.declare {
        return declare(system, printer, output, words, place);
    }
    if words.fix {
        return fix(system, printer, output, words);
    }
    let options = options(system, output, words);
    match open_to_check(system, output, words).and_then(|engine| engine.check(&options)) {
        Ok(checked) => {
            answer(printer, output, &checked, None);
            checked.exit_code
        }
        Err(error) => refuse_check(printer, output, error),
    }
}

/// Opens the workspace for the environment that it is to be checked for.
///
/// # Errors
/// If there is no workspace, or no environment can have such a name.
pub(super) fn open_to_check(
    system: &Arc<dyn System>,
    output: &Output,
    words: &Check,
) -> Result<Engine, EngineError> {
    let environment = environment(system, words.environment.as_deref())?;
    let configuration = configuration(system, output, None);
    let start = start_folder(system, output);
    Engine::open_with(Arc::clone(system), &start, configuration.as_deref(), environment.as_deref())
}

/// Returns what is to be checked.
pub(super) fn options(system: &Arc<dyn System>, output: &Output, words: &Check) -> CheckOptions {
    CheckOptions {
        words: [words.words.as_slice(), &words.playbooks].concat(),
        folder: start_folder(system, output),
        strict: words.strict,
        needs_programs: words.dependencies,
        simulate: words.simulate,
    }
}

/// Shows what was found, with what was mended before in the form that programs read.
pub(super) fn answer(printer: &Printer, output: &Output, checked: &Checked, fixed: Option<&Value>) {
    match output.form() {
        Form::Text => show(printer, output, checked),
        Form::Json => {
            let mut value = checked_json(checked);
            if let Some(fixed) = fixed {
                value["fixed"] = fixed.clone();
            }
            printer.json(&value);
        }
        Form::Jsonl => {
            if let Some(fixed) = fixed {
                printer.json(&json!({ "fixed": fixed }));
            }
            checked.files.iter().for_each(|file| printer.json(&file_json(file)));
            printer.diagnostics_line(&checked.diagnostics);
        }
        Form::Sarif => printer.json(&sarif(findings(checked))),
        Form::Github => {
            printer.data(&annotations(findings(checked)));
            printer.say(&summary(checked));
        }
    }
}

/// Shows why nothing could be checked: to programs, as what they wait for.
pub(super) fn refuse_check(printer: &Printer, output: &Output, error: EngineError) -> u8 {
    match output.form() {
        Form::Text | Form::Json | Form::Jsonl => refuse(printer, &error),
        Form::Sarif | Form::Github => {
            let exit_code = refuse(printer, &error);
            let checked = Checked { files: Vec::new(), diagnostics: error.diagnostics, exit_code };
            answer(printer, output, &checked, None);
            exit_code
        }
    }
}

fn findings(checked: &Checked) -> impl Iterator<Item = Finding<'_>> {
    let of_files = checked.files.iter().flat_map(|file| {
        file.diagnostics.iter().map(|fault| Finding { path: Some(file.path.as_str()), fault })
    });
    of_files.chain(checked.diagnostics.iter().map(|fault| Finding { path: None, fault }))
}

fn show(printer: &Printer, output: &Output, checked: &Checked) {
    let least = match (output.quiet, output.verbose) {
        (true, _) => Severity::Error,
        (false, 0) => Severity::Warning,
        (false, _) => Severity::Note,
    };
    for fault in checked.all().filter(|fault| fault.severity >= least) {
        printer.data_diagnostic(fault);
        printer.data("\n");
    }
    if !output.quiet {
        let hint =
            if output.verbose == 0 && checked.count(Severity::Note) > 0 { " (-v shows notes)" } else { "" };
        printer.data(&format!("{}{hint}\n", summary(checked)));
    }
}

/// Returns the last line: `checked 12 files: 2 errors, 1 warning`.
fn summary(checked: &Checked) -> String {
    let count =
        |severity, word: &str| Some(checked.count(severity)).filter(|n| *n > 0).map(|n| plural(n, word));
    let found: Vec<String> =
        [count(Severity::Error, "error"), count(Severity::Warning, "warning"), count(Severity::Note, "note")]
            .into_iter()
            .flatten()
            .collect();
    let found = if found.is_empty() { "all is well".to_owned() } else { found.join(", ") };
    format!("checked {}: {found}", plural(checked.files.len(), "file"))
}

/// Returns `az.check/v1`.
fn checked_json(checked: &Checked) -> Value {
    json!({
        "schema": "az.check/v1",
        "files": checked.files.iter().map(file_json).collect::<Vec<_>>(),
        "diagnostics": checked.diagnostics.iter().map(to_json).collect::<Vec<_>>(),
        "counts": {
            "files": checked.files.len(),
            "errors": checked.count(Severity::Error),
            "warnings": checked.count(Severity::Warning),
            "notes": checked.count(Severity::Note),
        },
        "exit_code": checked.exit_code,
    })
}

fn file_json(file: &CheckedFile) -> Value {
    let mut value = json!({ "path": file.path });
    if let Some(format) = &file.format {
        value["format"] = json!(format);
    }
    if let Some(nodes) = file.nodes {
        value["nodes"] = json!(nodes);
    }
    value["diagnostics"] = file.diagnostics.iter().map(to_json).collect();
    value
}
