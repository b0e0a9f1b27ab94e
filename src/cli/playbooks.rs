//! `az playbooks`.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    Outcome, USAGE,
    arguments::{Format, Output},
    build::{is_shown, open, refuse, start_folder},
    printer::Printer,
    table::{columns, indented},
    usage,
};
use crate::{
    base::plural,
    diag::{Diagnostic, has_errors, to_json},
    engine::{
        ConvertedPlaybook, Engine, EngineError, Fate, FieldDifference, LibraryQuery, ListedPlaybook,
        NormalForm, Row, WriteFormat,
    },
    sys::System,
};

#[derive(Debug, Clone, Args)]
pub(super) struct Playbooks {
    #[command(subcommand)]
    verb: Option<PlaybooksVerb>,
}

#[derive(Debug, Clone, Subcommand)]
enum PlaybooksVerb {
    /// List the playbooks
    List(Query),
    /// Show what a playbook says, in the form all formats have in common
    Show {
        /// A playbook by name or path
        name: String,
    },
    /// Write playbooks in the newest format; say what became of each part
    Convert(Convert),
    /// Show in which fields two playbooks differ, whatever formats they are written in; exit 1 if they do
    Diff {
        /// A playbook by name or path
        one: String,
        /// Another
        other: String,
    },
}

/// Which playbooks are listed.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Query {
    /// Only those of this category; a playbook without one has its folder's name
    #[arg(long, value_name = "CATEGORY")]
    pub(super) category: Option<String>,
    /// Only those with this in name, description or tags; a pattern such as 'test-*' is for the whole of one
    #[arg(long, value_name = "PATTERN")]
    pub(super) search: Option<String>,
}

#[derive(Debug, Clone, Args)]
struct Convert {
    /// Playbooks by name or path
    #[arg(value_name = "NAME|PATH", required_unless_present = "all")]
    names: Vec<String>,
    /// All playbooks; needs a folder as --output
    #[arg(long, conflicts_with = "names", requires = "output")]
    all: bool,
    /// The format; default: that of --output, else JSON
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<To>,
    /// The file to write, or of several playbooks the folder; default: standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

/// Formats a playbook is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum To {
    /// Without remarks
    Json,
    /// With remarks
    Yaml,
    /// With remarks
    Toml,
}

impl From<To> for WriteFormat {
    fn from(to: To) -> Self {
        match to {
            To::Json => Self::Json,
            To::Yaml => Self::Yaml,
            To::Toml => Self::Toml,
        }
    }
}

/// Runs `az playbooks`.
pub(super) fn playbooks(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Playbooks,
) -> Outcome {
    let folder = start_folder(system, output);
    let done = open(system, output).and_then(|engine| match &words.verb {
        None => list(printer, &engine, &Query::default()),
        Some(PlaybooksVerb::List(query)) => list(printer, &engine, query),
        Some(PlaybooksVerb::Show { name }) => {
            show(printer, output, &engine.playbook_form(name, &folder)?);
            Ok(0)
        }
        Some(PlaybooksVerb::Diff { one, other }) => {
            let found = engine.compare_playbooks(one, other, &folder)?;
            show_differences(printer, (one, other), &found);
            Ok(u8::from(!found.is_empty()))
        }
        Some(PlaybooksVerb::Convert(words)) => convert(printer, output, &engine, &folder, words),
    });
    Ok(done.unwrap_or_else(|error| refuse(printer, &error)))
}

/// Lists the playbooks a query means.
///
/// # Errors
/// If the query makes no sense.
pub(super) fn list(printer: &Printer, engine: &Engine, query: &Query) -> Result<u8, EngineError> {
    let query = LibraryQuery { category: query.category.clone(), search: query.search.clone() };
    let found = engine.library(&query)?;
    match printer.format {
        Format::Text => {
            if found.is_empty() {
                let is_whole = query.category.is_none() && query.search.is_none();
                printer.say(if is_whole { NO_PLAYBOOKS } else { "no playbook is meant by this" });
            }
            printer.data(&columns(&found.iter().map(row).collect::<Vec<_>>()));
        }
        Format::Json => {
            let found: Vec<Value> = found.iter().map(super::list::playbook_json).collect();
            printer.json(&json!({ "schema": SCHEMA, "playbooks": found }));
        }
        Format::Jsonl => {
            found.iter().for_each(|playbook| printer.json(&super::list::playbook_json(playbook)));
        }
    }
    Ok(0)
}

const SCHEMA: &str = "az.playbooks/v1";
const NO_PLAYBOOKS: &str =
    "there are no playbooks here: put one into playbooks/, as in {\"sequence\": [\"0400-0499\"]}";

fn row(playbook: &ListedPlaybook) -> Vec<String> {
    let mut row = super::list::playbook_row(playbook);
    row.insert(1, playbook.category.clone().unwrap_or_default());
    row
}

fn show(printer: &Printer, output: &Output, form: &NormalForm) {
    if printer.format != Format::Text {
        printer.json(&json!({
            "schema": SCHEMA,
            "path": form.path.as_str(),
            "format": form.format,
            "playbook": form.value,
            "diagnostics": form.diagnostics.iter().map(to_json).collect::<Vec<_>>(),
        }));
        return;
    }
    form.diagnostics
        .iter()
        .filter(|fault| is_shown(fault, output))
        .for_each(|fault| printer.diagnostic(fault));
    printer.data(&format!("# {}, {}\n\n{}", form.path, form.format, form.yaml));
}

fn show_differences(printer: &Printer, (one, other): (&str, &str), found: &[FieldDifference]) {
    if printer.format != Format::Text {
        let differences: Vec<Value> = found.iter().map(difference_json).collect();
        printer.json(&json!({ "schema": SCHEMA, "differences": differences }));
        return;
    }
    if found.is_empty() {
        printer.say(&format!("`{one}` and `{other}` say the same"));
    }
    for difference in found {
        let lines = [("-", &difference.one), ("+", &difference.other)];
        let rows = lines.iter().filter_map(|(sign, value)| {
            value.as_ref().map(|value| vec![(*sign).to_owned(), value.to_string()])
        });
        printer.data(&format!("{}\n{}", difference.at, indented(&rows.collect::<Vec<_>>())));
    }
}

fn difference_json(difference: &FieldDifference) -> Value {
    let mut value = json!({ "at": difference.at });
    for (name, side) in [("one", &difference.one), ("other", &difference.other)] {
        if let Some(side) = side {
            value[name] = side.clone();
        }
    }
    value
}

fn convert(
    printer: &Printer,
    output: &Output,
    engine: &Engine,
    folder: &std::path::Path,
    words: &Convert,
) -> Result<u8, EngineError> {
    let names = if words.all { engine.playbook_paths() } else { words.names.clone() };
    // What az lists itself is seen from the workspace.
    let from = if words.all { engine.root() } else { folder };
    let to = format_of(words.to, words.output.as_ref());
    let is_one = !words.all && names.len() == 1;
    if !is_one && words.output.is_none() && printer.format == Format::Text {
        let help = "add `--output FOLDER`, which is made if it is not there";
        return Err(usage("several playbooks cannot be written to standard output", help).into());
    }
    let (mut done, mut faults) = (Vec::new(), Vec::new());
    for name in &names {
        match engine.convert_playbook(name, from, to) {
            Ok(converted) => {
                let path = words.output.as_ref().map(|path| {
                    let path = folder.join(path);
                    if is_one { path } else { path.join(format!("{}.{}", converted.stem, to.extension())) }
                });
                done.push((converted, path));
            }
            Err(error) => faults.extend(error.diagnostics),
        }
    }
    let (done, unwritten) = engine.write_converted(done, words.force);
    faults.extend(unwritten);
    if printer.format == Format::Text {
        for (converted, path) in &done {
            show_converted(printer, output, converted, path.as_ref());
        }
        printer.diagnostics(&faults);
    } else {
        printer.json(&converted_json(&done, &faults));
    }
    Ok(if has_errors(&faults) { USAGE } else { 0 })
}

/// Returns the format that is asked for, or that a file's name tells.
pub(super) fn format_of(to: Option<To>, output: Option<&PathBuf>) -> WriteFormat {
    let by_name = || WriteFormat::from_extension(output?.extension()?.to_str()?);
    to.map(WriteFormat::from).or_else(by_name).unwrap_or(WriteFormat::Json)
}

/// Shows a new file, and what became of the old one's parts.
pub(super) fn show_converted(
    printer: &Printer,
    output: &Output,
    converted: &ConvertedPlaybook,
    path: Option<&PathBuf>,
) {
    match path {
        Some(path) => printer.say(&format!("{} -> {}", converted.path, path.display())),
        None => printer.json_text(&converted.text),
    }
    if output.quiet {
        return;
    }
    let is_told = |row: &&Row| output.verbose > 0 || row.fate != Fate::Mapped || !row.note.is_empty();
    let rows: Vec<Vec<String>> =
        converted.rows.iter().filter(is_told).map(|row| told(converted, row)).collect();
    if !rows.is_empty() {
        printer.say(indented(&rows).trim_end());
    }
    let mapped = converted.rows.iter().filter(|row| row.fate == Fate::Mapped).count();
    let hint = if output.verbose == 0 { " (-v shows all)" } else { "" };
    printer.say(&format!("  {} mapped{hint}", plural(mapped, "part")));
}

/// `left out  12:3  /stages/0/x  -> /orchestration/...  why`
fn told(converted: &ConvertedPlaybook, row: &Row) -> Vec<String> {
    let place = converted.source.place(row.span.start);
    let to = row.to.as_ref().map(|to| format!("-> {to}")).unwrap_or_default();
    let at = if row.at.is_empty() { "/".to_owned() } else { row.at.clone() };
    vec![
        row.fate.as_str().replace('-', " "),
        format!("{}:{}", place.line, place.column),
        at,
        [to.as_str(), row.note.as_str()].join(" ").trim().to_owned(),
    ]
}

/// Returns `az.playbooks/v1` of what was converted; the text of what went to no file.
fn converted_json(done: &[(ConvertedPlaybook, Option<PathBuf>)], faults: &[Diagnostic]) -> Value {
    let one = |(converted, path): &(ConvertedPlaybook, Option<PathBuf>)| {
        let mut value = json!({ "path": converted.path.as_str() });
        match path {
            Some(path) => value["output"] = json!(path.display().to_string()),
            None => value["text"] = json!(converted.text),
        }
        value["parts"] = converted.rows.iter().map(|row| row_json(converted, row)).collect();
        value
    };
    json!({
        "schema": SCHEMA,
        "converted": done.iter().map(one).collect::<Vec<_>>(),
        "diagnostics": faults.iter().map(to_json).collect::<Vec<_>>(),
    })
}

fn row_json(converted: &ConvertedPlaybook, row: &Row) -> Value {
    let place = converted.source.place(row.span.start);
    let mut value = json!({
        "fate": row.fate.as_str(),
        "at": row.at,
        "start": row.span.start,
        "end": row.span.end,
        "line": place.line,
        "column": place.column,
    });
    if let Some(to) = &row.to {
        value["to"] = json!(to);
    }
    if !row.note.is_empty() {
        value["note"] = json!(row.note);
    }
    value
}
