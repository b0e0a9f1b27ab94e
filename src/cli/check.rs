//! `az check`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    arguments::{Check, Format, Output},
    build::{open, refuse, start_folder},
    declare::declare,
    printer::Printer,
};
use crate::{
    base::plural,
    diag::{Severity, to_json},
    engine::{CheckOptions, Checked, CheckedFile},
    sys::System,
};

/// Runs `az check`: its answer is data, for people too.
pub(super) fn check(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Check) -> u8 {
    if let Some(place) = words.declare {
        return declare(system, printer, output, words, place);
    }
    let options = CheckOptions {
        words: words.words.clone(),
        folder: start_folder(system, output),
        strict: words.strict,
    };
    let checked = match open(system, output).and_then(|engine| engine.check(&options)) {
        Ok(checked) => checked,
        Err(error) => return refuse(printer, &error),
    };
    match printer.format {
        Format::Text => show(printer, output, &checked),
        Format::Json => printer.json(&checked_json(&checked)),
        Format::Jsonl => {
            checked.files.iter().for_each(|file| printer.json(&file_json(file)));
            printer.diagnostics_line(&checked.diagnostics);
        }
    }
    checked.exit_code
}

fn show(printer: &Printer, output: &Output, checked: &Checked) {
    let least = match (output.quiet, output.verbose) {
        (true, _) => Severity::Error,
        (false, 0) => Severity::Warning,
        (false, _) => Severity::Note,
    };
    for fault in checked.all().filter(|fault| fault.severity >= least) {
        printer.data_diagnostic(fault);
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
