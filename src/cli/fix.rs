//! `az check --fix`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    USAGE,
    arguments::{Check, Form, Output},
    check::{answer, open_to_check, options, refuse_check},
    printer::Printer,
};
use crate::{
    base::plural,
    diag::{Diagnostic, has_errors},
    engine::{Mended, MendedFile},
    report::unified_diff,
    sys::System,
};

/// Mends files, or shows what would be written; ends as the check of what is on disk then does.
pub(super) fn fix(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Check) -> u8 {
    let options = options(system, output, words);
    let opened = open_to_check(system, output, words);
    let mended = opened.and_then(|mut engine| engine.mend(&options).map(|mended| (engine, mended)));
    let (engine, mut mended) = match mended {
        Ok(opened) => opened,
        Err(error) => return refuse_check(printer, output, error),
    };
    let is_for_people = output.form() == Form::Text;
    if is_for_people {
        mended.files.iter().for_each(|file| printer.colored_data(&diff(file, printer.data_color())));
    }
    if words.dry_run {
        tell(printer, output, &mended.diagnostics);
        if is_for_people {
            say(printer, output, &mended, "would mend");
        } else {
            answer(printer, output, &mended.checked, Some(&fixed_json(&mended)));
        }
        return exit_code(mended.checked.exit_code, &mended);
    }
    engine.write_mended(&mut mended);
    tell(printer, output, &mended.diagnostics);
    if is_for_people {
        say(printer, output, &mended, "mended");
    }
    // What is left is what a new look at the disk finds.
    match open_to_check(system, output, words).and_then(|engine| engine.check(&options)) {
        Ok(mut checked) => {
            checked.exit_code = exit_code(checked.exit_code, &mended);
            answer(printer, output, &checked, Some(&fixed_json(&mended)));
            checked.exit_code
        }
        Err(error) => refuse_check(printer, output, error),
    }
}

/// Returns the exit code of the check, unless that is good and a file could not be mended.
fn exit_code(of_check: u8, mended: &Mended) -> u8 {
    if has_errors(&mended.diagnostics) { USAGE } else { of_check }
}

fn diff(file: &MendedFile, color: bool) -> String {
    unified_diff(&file.path, &file.before, &file.after, color)
}

/// Says what could not be mended; standard output is for what is wrong in the files.
fn tell(printer: &Printer, output: &Output, faults: &[Diagnostic]) {
    faults
        .iter()
        .filter(|fault| fault.is_error() || !output.quiet)
        .for_each(|fault| printer.diagnostic(fault));
}

fn say(printer: &Printer, output: &Output, mended: &Mended, verb: &str) {
    if output.quiet {
        return;
    }
    let is_counted = |file: &&MendedFile| file.is_written || verb == "would mend";
    let files: Vec<&MendedFile> = mended.files.iter().filter(is_counted).collect();
    let mistakes: usize = files.iter().map(|file| file.mistakes).sum();
    printer.say(&if files.is_empty() {
        "nothing to mend".to_owned()
    } else {
        format!("{verb} {} in {}", plural(mistakes, "mistake"), plural(files.len(), "file"))
    });
}

/// Returns `fixed` of `az.check/v1`: the files with the number of their mistakes that are mended, and how.
fn fixed_json(mended: &Mended) -> Value {
    let file = |file: &MendedFile| {
        json!({
            "path": file.path,
            "edits": file.mistakes,
            "diff": diff(file, false),
            "is_written": file.is_written,
        })
    };
    mended.files.iter().map(file).collect()
}
