//! `az list`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{Format, List, Output},
    build::{open, refuse},
    printer::Printer,
    table::columns,
    usage,
};
use crate::{
    base::{nearest, plural},
    engine::{ListedPlaybook, ListedScript, Listing},
    sys::System,
};

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Scripts,
    Playbooks,
    Stages,
    Tags,
}

const WORDS: [(&str, What); 4] = [
    ("scripts", What::Scripts),
    ("playbooks", What::Playbooks),
    ("stages", What::Stages),
    ("tags", What::Tags),
];

/// Runs `az list`.
pub(super) fn list(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &List) -> Outcome {
    let (what, selection) = split(&words.words)?;
    let listed = open(system, output).and_then(|engine| engine.list(selection));
    let listing = match listed {
        Ok(listing) => listing,
        Err(error) => return Ok(refuse(printer, &error)),
    };
    match printer.format {
        Format::Text => show(printer, &listing, what.unwrap_or(What::Scripts), selection),
        Format::Json => printer.json(&to_json(&listing, what)),
        Format::Jsonl => {
            let mut all = to_json(&listing, what);
            for (word, _) in WORDS {
                for item in all[word].as_array_mut().into_iter().flatten() {
                    item["type"] = json!(word.trim_end_matches('s'));
                    printer.json(item);
                }
            }
            printer.diagnostics_line(&listing.diagnostics);
        }
    }
    Ok(0)
}

/// Takes the first word off if it says what to list.
fn split(words: &[String]) -> Result<(Option<What>, &[String]), Box<crate::diag::Diagnostic>> {
    let Some((first, rest)) = words.split_first() else { return Ok((None, words)) };
    let is_word =
        |word: &str| first.eq_ignore_ascii_case(word) || format!("{first}s").eq_ignore_ascii_case(word);
    if let Some((_, what)) = WORDS.iter().find(|(word, _)| is_word(word)) {
        return Ok((Some(*what), rest));
    }
    match nearest(first, WORDS.iter().map(|(word, _)| *word)) {
        Some(near) if first.chars().all(|c| c.is_ascii_alphabetic()) => {
            Err(usage(format!("there is no list of `{first}`"), format!("did you mean `az list {near}`?")))
        }
        _ => Ok((None, words)),
    }
}

fn show(printer: &Printer, listing: &Listing, what: What, selection: &[String]) {
    for fault in &listing.diagnostics {
        printer.diagnostic(fault);
    }
    let rows: Vec<Vec<String>> = match what {
        What::Scripts => listing.scripts.iter().map(script_row).collect(),
        What::Playbooks => listing.playbooks.iter().map(playbook_row).collect(),
        What::Stages => listing.stages().into_iter().map(count_row).collect(),
        What::Tags => listing.tags().into_iter().map(count_row).collect(),
    };
    if rows.is_empty() && selection.is_empty() {
        printer.say(nothing(what));
    }
    printer.data(&columns(&rows));
}

fn nothing(what: What) -> &'static str {
    match what {
        What::Scripts | What::Stages => {
            "there are no scripts here: put one such as 0100_hello.sh into scripts/"
        }
        What::Playbooks => {
            "there are no playbooks here: put one into playbooks/, as in {\"sequence\": [\"0400-0499\"]}"
        }
        What::Tags => "no script has a tag: add a line such as `# Tags: fast, unit` to its header",
    }
}

fn script_row(script: &ListedScript) -> Vec<String> {
    let last = match &script.error {
        Some(error) => format!("error: {error}"),
        None => script.description.clone().unwrap_or_default(),
    };
    let name = script.name.get(5..).unwrap_or_default().to_owned();
    vec![script.number.to_string(), name, script.stage.clone(), script.tags.join(", "), last]
}

/// Returns name, format, size and description.
pub(super) fn playbook_row(playbook: &ListedPlaybook) -> Vec<String> {
    let size = match playbook.jobs {
        _ if playbook.format.is_none() => String::new(),
        Some(0) => plural(playbook.steps, "step"),
        Some(jobs) => format!("{}, {}", plural(jobs, "job"), plural(playbook.steps, "step")),
        None => plural(playbook.steps, "selection"),
    };
    let last = match &playbook.error {
        Some(error) => format!("error: {error}"),
        None => playbook.description.clone().unwrap_or_default(),
    };
    vec![playbook.name.clone(), playbook.format.unwrap_or("?").to_owned(), size, last]
}

fn count_row((name, count): (&str, usize)) -> Vec<String> {
    vec![name.to_owned(), plural(count, "script")]
}

/// Returns `az.list/v1`: everything, or the one part that is asked for.
fn to_json(listing: &Listing, what: Option<What>) -> Value {
    let mut value = json!({ "schema": "az.list/v1" });
    let counts = |counts: Vec<(&str, usize)>| -> Value {
        counts.into_iter().map(|(name, count)| json!({ "name": name, "count": count })).collect()
    };
    for (word, part) in WORDS.iter().filter(|(_, part)| what.is_none_or(|what| what == *part)) {
        value[word] = match part {
            What::Scripts => listing.scripts.iter().map(script_json).collect(),
            What::Playbooks => listing.playbooks.iter().map(playbook_json).collect(),
            What::Stages => counts(listing.stages()),
            What::Tags => counts(listing.tags()),
        };
    }
    if !listing.diagnostics.is_empty() {
        value["diagnostics"] = listing.diagnostics.iter().map(crate::diag::to_json).collect();
    }
    value
}

fn script_json(script: &ListedScript) -> Value {
    let mut value = json!({
        "number": script.number.to_string(),
        "name": script.name,
        "path": script.path.as_str(),
        "kind": script.kind,
        "stage": script.stage,
        "tags": script.tags,
        "dependencies": script.dependencies,
        "condition": script.condition,
        "description": script.description,
    });
    if let Some(error) = &script.error {
        value["error"] = json!(error);
    }
    value
}

/// Returns a playbook as `az.list/v1` has it.
pub(super) fn playbook_json(playbook: &ListedPlaybook) -> Value {
    let mut value = json!({
        "name": playbook.name,
        "path": playbook.path.as_str(),
        "format": playbook.format,
        "category": playbook.category,
        "tags": playbook.tags,
        "jobs": playbook.jobs,
        "steps": playbook.steps,
        "description": playbook.description,
    });
    if let Some(error) = &playbook.error {
        value["error"] = json!(error);
    }
    value
}
