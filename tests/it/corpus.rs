//! Real script folders of the shared corpus, read and selected from by az.
//!
//! The stubs are made by the corpus's own `make-scripts.py`; without the corpus the tests say that they are skipped.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::repo::Repo;

const DATES: [&str; 2] = ["2025-08-08", "2025-11-04"];

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let corpus = std::env::var_os("AZ_SHARED").map_or(beside, PathBuf::from).join("corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: {} is not there", corpus.display());
        return None;
    }
    Some(corpus)
}

/// Makes a repository with the stubs of a date.
fn stubs(corpus: &Path, date: &str, is_shell: bool) -> Option<Repo> {
    let repo = Repo::new();
    let mut command = Command::new("python3");
    command.arg(corpus.join("make-scripts.py")).arg(date).arg(repo.path("automation-scripts"));
    let status = command.args(is_shell.then_some("--sh")).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("skipped: python3 cannot make the stubs");
        return None;
    }
    Some(repo)
}

fn rows(corpus: &Path, date: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(corpus.join(format!("scripts/{date}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_row_is_listed_as_it_is() {
    let Some(corpus) = corpus() else { return };
    for (date, is_shell) in DATES.into_iter().flat_map(|date| [(date, false), (date, true)]) {
        let Some(repo) = stubs(&corpus, date, is_shell) else { return };
        let value = repo.az("list scripts --format json").code(0).json();
        let listed = value["scripts"].as_array().unwrap();
        let mut rows = rows(&corpus, date);
        rows.sort_by_key(|row| row["name"].as_str().unwrap().to_owned());
        assert_eq!(listed.len(), rows.len(), "{date}");
        for (row, script) in rows.iter().zip(listed) {
            let name = row["name"].as_str().unwrap().trim_end_matches(".ps1");
            assert_eq!(script["name"], name);
            assert_eq!(script["number"], row["number"], "{name}");
            let stage = if row["stage"].is_null() { &Value::from("Default") } else { &row["stage"] };
            assert_eq!(&script["stage"], stage, "{name}");
            for (own, theirs) in [("dependencies", "deps"), ("tags", "tags"), ("condition", "condition")] {
                assert_eq!(script[own], row[theirs], "{theirs} of {name}, {date}, shell: {is_shell}");
            }
        }
    }
}

/// What a case expects: the wide reading where it is given.
fn expected<'a>(case: &'a Value, field: &str) -> &'a Value {
    let wide = &case["wide"];
    if field == "scripts" && !wide.is_null() { &wide[field] } else { &case["seeds"][field] }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Returns the numbers that a list complains about, by the code of the complaint.
fn complained(answer: &Value, code: &str, words: &str) -> BTreeSet<String> {
    let faults = answer["diagnostics"].as_array().into_iter().flatten().filter(|fault| fault["code"] == code);
    let text = |fault: &Value| {
        let place = |name: &str| usize::try_from(fault["labels"][0][name].as_u64().unwrap()).unwrap();
        words[place("start")..place("end")].to_owned()
    };
    faults.map(text).collect()
}

#[test]
fn every_selection_takes_what_it_should() {
    let Some(corpus) = corpus() else { return };
    let text = std::fs::read_to_string(corpus.join("selections.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut count = 0;
    for date in DATES {
        let Some(repo) = stubs(&corpus, date, false) else { return };
        let cases = file["cases"].as_array().unwrap().iter();
        for case in cases.filter(|case| file["folders"][case["folder"].as_str().unwrap()] == date) {
            try_selection(&repo, case);
            count += 1;
        }
    }
    assert_eq!(count, file["cases"].as_array().unwrap().len());
}

fn try_selection(repo: &Repo, case: &Value) {
    let (id, arguments) = (&case["id"], texts(&case["args"]));
    let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
    // Behind `--`, so that an item with a leading dash is no option.
    let output = repo.az(&format!("list scripts --json -- {}", quoted.join(" ")));
    if expected(case, "ok") == false {
        assert_eq!(output.exit(), 2, "{id} {output}");
        return;
    }
    assert_eq!(output.exit(), 0, "{id} {output}");
    let answer = output.json();
    let listed = answer["scripts"].as_array().unwrap().iter();
    let listed: Vec<String> =
        listed.map(|script| format!("{}.ps1", script["name"].as_str().unwrap())).collect();
    assert_eq!(listed, texts(expected(case, "scripts")), "{id}, set and order");
    let words = arguments.join(" ");
    let bare = |items: &Value| -> BTreeSet<String> {
        texts(items).iter().map(|item| item.trim_start_matches('!').to_owned()).collect()
    };
    let told = |code: &str| -> BTreeSet<String> {
        complained(&answer, code, &words).iter().map(|item| item.trim_start_matches('!').to_owned()).collect()
    };
    assert_eq!(told("AZ0104"), bare(expected(case, "missing")), "{id}, missing");
    assert_eq!(told("AZ0105"), bare(expected(case, "ambiguous")), "{id}, ambiguous");
}
