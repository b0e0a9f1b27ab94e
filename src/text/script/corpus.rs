//! The metadata of real script folders: every row of the shared corpus, as PowerShell and as shell stub.
//!
//! The stubs are made in memory in the shape of the corpus's own `make-scripts.py`.

use std::{fmt::Write, sync::Arc};

use serde_json::Value;

use super::{CommentStyle, Header, Language, read};
use crate::{
    base::{Spanned, testing::shared},
    diag::Source,
};

const DATES: [&str; 2] = ["2025-08-08", "2025-11-04"];
const KEYS: [&str; 5] = ["Stage", "Dependencies", "Tags", "Condition", "Description"];

fn rows(date: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared(&format!("corpus/scripts/{date}.jsonl"))?).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

/// Returns the written value of a key, if the row has it.
fn value_of(row: &Value, key: &str) -> Option<String> {
    let list = |name: &str| Some(strings(&row[name]).join(", ")).filter(|list| !list.is_empty());
    match key {
        "Dependencies" => list("deps"),
        "Tags" => list("tags"),
        single => row[single.to_lowercase()].as_str().map(str::to_owned),
    }
}

fn metadata_lines(row: &Value, place: Option<&str>, prefix: &str) -> String {
    let mut lines = String::new();
    for key in KEYS {
        let stands_at = row["source"][key].as_str().unwrap_or("header-comment");
        if let Some(value) = value_of(row, key).filter(|_| place.is_none_or(|place| place == stands_at)) {
            writeln!(lines, "{prefix}{key}: {value}").unwrap();
        }
    }
    lines
}

fn powershell_stub(row: &Value) -> String {
    let name = row["name"].as_str().unwrap();
    let is_set = |key: &str| row[key].as_bool().unwrap();
    let part = |is_there: bool, text: &str| if is_there { text.to_owned() } else { String::new() };
    let notes = metadata_lines(row, Some("help-block"), "    ");
    [
        part(is_set("bom"), "\u{feff}"),
        part(is_set("shebang"), "#!/usr/bin/env pwsh\n"),
        "#Requires -Version 7.0\n".to_owned(),
        metadata_lines(row, Some("header-comment"), "# "),
        part(!notes.is_empty(), &format!("<#\n.SYNOPSIS\n    {name}\n.NOTES\n{notes}#>\n")),
        part(
            is_set("has_param"),
            "\n[CmdletBinding()]\nparam(\n    [Parameter()]\n    [hashtable]$Configuration\n)\n\n",
        ),
        metadata_lines(row, Some("late-comment"), "# "),
        format!("Write-Output \"{name}\"\nexit 0\n"),
    ]
    .concat()
}

fn shell_stub(row: &Value) -> String {
    let metadata = metadata_lines(row, None, "# ");
    format!("#!/usr/bin/env bash\n{metadata}echo \"{}\"\nexit 0\n", row["name"].as_str().unwrap())
}

fn assert_agrees(row: &Value, text: &str, header: &Header) {
    let name = &row["name"];
    let single = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone());
    assert_eq!(single(&header.stage), value_of(row, "Stage"), "{name}");
    assert_eq!(single(&header.condition), value_of(row, "Condition"), "{name}");
    let tags: Vec<&str> = header.tags.iter().map(|tag| tag.value.as_str()).collect();
    assert_eq!(tags, strings(&row["tags"]), "{name}");
    let dependencies: Vec<&str> = header.dependencies.iter().map(|entry| entry.span.of(text)).collect();
    assert_eq!(dependencies, strings(&row["deps"]), "{name}");
    match value_of(row, "Description") {
        Some(description) => assert_eq!(single(&header.description), Some(description), "{name}"),
        None => {
            assert!(single(&header.description).is_none_or(|synopsis| synopsis == name.as_str().unwrap()));
        }
    }
}

#[test]
fn every_row_is_read_from_both_stubs_without_a_diagnostic() {
    for date in DATES {
        let Some(rows) = rows(date) else { return };
        assert!(rows.len() > 60, "{date} has only {} rows", rows.len());
        for row in &rows {
            for (text, style, language) in [
                (powershell_stub(row), CommentStyle::power_shell(), Language::PowerShell),
                (shell_stub(row), CommentStyle::hash(), Language::Shell),
            ] {
                let source = Arc::new(Source::new(row["name"].as_str().unwrap(), text.as_str()));
                let (header, diagnostics) = read(&source, &style, language);
                assert_eq!(diagnostics, [], "{}", row["name"]);
                assert_agrees(row, &text, &header);
                let has_parameters =
                    language == Language::PowerShell && row["has_param"] == Value::Bool(true);
                assert_eq!(header.parameters.len(), usize::from(has_parameters), "{}", row["name"]);
            }
        }
    }
}
