//! The stubs of a real repository of numbered scripts, run with az.
//!
//! Needs `../shared` and python3, and says so where they are not.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::repo::{Output, Repo};

/// A repository with the 138 stubs as shell scripts.
fn corpus() -> Option<Repo> {
    let generator = Repo::shared("corpus/make-scripts.py")?;
    let repo = Repo::new();
    if !repo.finds("python3") {
        return None;
    }
    repo.sh(&format!("python3 '{}' 2025-11-04 scripts --sh", generator.display())).code(0);
    Some(repo)
}

/// A row of the list the stubs are made from, read by the test itself.
struct Row {
    stem: String,
    number: String,
    needs: Vec<String>,
    has_condition: bool,
}

fn rows(shared: &Path) -> Vec<Row> {
    let list = fs::read_to_string(shared.join("corpus/scripts/2025-11-04.jsonl")).unwrap();
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        Row {
            stem: row["name"].as_str().unwrap().trim_end_matches(".ps1").to_owned(),
            number: row["number"].as_str().unwrap().to_owned(),
            // `0400 (Testing tools installation)` is a number too; tools and `None` are none.
            needs: texts(&row["deps"]).iter().filter_map(|text| number_in(text)).collect(),
            has_condition: row["condition"].is_string(),
        }
    };
    list.lines().map(row).collect()
}

fn number_in(text: &str) -> Option<String> {
    let word = text.split(' ').next()?;
    (word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit())).then(|| word.to_owned())
}

fn with_number<'a>(rows: &'a [Row], number: &'a str) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| row.number == number)
}

/// Returns the node of a result by its id.
fn node<'a>(result: &'a Value, id: &str) -> &'a Value {
    let nodes = result["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["id"] == id).unwrap_or_else(|| panic!("no node {id}"))
}

fn counts(result: &Value) -> [u64; 4] {
    ["total", "ran", "skipped", "failed"].map(|name| result["counts"][name].as_u64().unwrap())
}

/// Returns places in the journal at which steps started and ended, by id.
fn journal(repo: &Repo, output: &Output) -> BTreeMap<String, (usize, usize)> {
    let run = output.json()["run"].as_str().unwrap().to_owned();
    let text = repo.read(&format!(".azcache/v1/runs/{run}/events.jsonl"));
    let mut places: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (place, line) in text.lines().enumerate() {
        let event = serde_json::from_str::<Value>(line).unwrap()["event"].take();
        let Some(node) = event["node"].as_str() else { continue };
        match event["type"].as_str().unwrap_or_default() {
            "ScriptStarted" => _ = places.insert(node.to_owned(), (place, usize::MAX)),
            "ScriptCompleted" | "ScriptFailed" => {
                if let Some(found) = places.get_mut(node) {
                    found.1 = place;
                }
            }
            _ => {}
        }
    }
    places
}

#[test]
fn all_of_it_runs_in_an_order_that_keeps_every_dependency() {
    let (Some(repo), Some(shared)) = (corpus(), Repo::shared("")) else { return };
    let output = repo.az("build '*' --json");
    output.code(0);
    let result = output.json();
    assert_eq!(counts(&result), [138, 134, 4, 0]);

    let rows = rows(&shared);
    let skipped = rows.iter().filter(|row| node(&result, &row.stem)["outcome"] == "skipped");
    for row in skipped {
        assert!(row.has_condition, "{} is skipped without a condition", row.stem);
        assert_eq!(node(&result, &row.stem)["reasons"][0]["kind"], "condition", "{}", row.stem);
    }

    let places = journal(&repo, &output);
    assert_eq!(places.len(), 134, "the journal names each step that ran");
    let mut checked = 0;
    for row in &rows {
        let Some((start, _)) = places.get(&row.stem) else { continue };
        for needed in row.needs.iter().flat_map(|need| with_number(&rows, need)) {
            let Some((_, end)) = places.get(&needed.stem) else { continue };
            assert!(end < start, "{} started before {} had ended", row.stem, needed.stem);
            checked += 1;
        }
    }
    assert!(checked > 35, "only {checked} dependencies were checked");
    let ran = |number: &str| places[&with_number(&rows, number).next().unwrap().stem];
    assert!(ran("0480").1 < ran("0470").0 && ran("0490").1 < ran("0470").0, "against the numbers");
}

#[test]
fn what_is_missing_is_told_and_stops_nothing() {
    let Some(repo) = corpus() else { return };
    let output = repo.az("build '*'").code(0).says("0001").says("ran 134 steps");
    output.says("PackageManager").not("panicked");
    let strict = repo.az("build '*' --strict");
    strict.code(4).ran([]);

    // Where no tool is there but the shell, each that a script names is told once.
    repo.file("bin/.keep", "").link("bin/bash", "/bin/bash").link("bin/sh", "/bin/sh");
    let output = repo.env("PATH", repo.path("bin").to_str().unwrap()).az("build '*'").code(0).clone();
    let told: Vec<(&str, &str)> = output
        .stderr()
        .lines()
        .filter_map(|line| line.strip_prefix("warning[")?.split_once("]: "))
        .map(|(code, text)| (code, text.split('`').nth(1).unwrap_or_default()))
        .collect();
    let of = |code: &str| -> Vec<&str> {
        let mut names: Vec<&str> = told.iter().filter(|(c, _)| *c == code).map(|(_, name)| *name).collect();
        names.sort_unstable();
        names
    };
    assert_eq!((told.len(), of("AZ0301").len()), (12, 1), "{output}");
    let tools = [
        "EnhancedTestGenerator module",
        "GitHub CLI",
        "LogViewer",
        "Node.js",
        "OrchestrationEngine",
        "PSScriptAnalyzer",
        "PackageManager",
        "Pester",
        "PowerShell7",
        "Testing",
        "npm",
    ];
    assert_eq!(of("AZ0302"), tools, "{output}");
}

#[test]
fn a_failure_a_hang_and_a_file_behave_as_designed() {
    let Some(repo) = corpus() else { return };
    let script = |number: &str| {
        let found = repo.sh(&format!("ls scripts/{number}_*")).stdout().trim().to_owned();
        assert!(!found.is_empty() && !found.contains('\n'), "one script {number}: {found}");
        found
    };
    let change = |number: &str, header: &str, body: &str| {
        let path = script(number);
        let text = repo.read(&path);
        let text = text.replacen('\n', &format!("\n{header}\n"), 1).replace("exit 0", body);
        repo.executable(&path, &text);
    };
    change("0407", "# Tags: x", "echo what went wrong; exit 3");
    repo.sh(&format!("mkfifo '{}'", repo.unseen("never").display())).code(0);
    let hang = format!("read -r _ < '{}'", repo.unseen("never").display());
    change("0402", "# Timeout: 1s", &hang);
    change("0404", "# Inputs: source.txt\n# Outputs: made.txt", "cp source.txt made.txt");
    repo.file("source.txt", "1");

    let output = repo.az("build 0402,0404,0407 --json --continue-on-error");
    output.code(10);
    let result = output.json();
    let id = |number: &str| {
        let path = script(number);
        path["scripts/".len()..].trim_end_matches(".sh").to_owned()
    };
    let of = |number: &str| node(&result, &id(number)).clone();
    assert_eq!((of("0407")["outcome"].as_str(), of("0407")["exit_code"].as_i64()), (Some("failed"), Some(3)));
    assert_eq!(
        (of("0402")["outcome"].as_str(), &of("0402")["flags"]),
        (Some("failed"), &serde_json::json!(["timed_out"]))
    );
    assert_eq!(of("0404")["outcome"], "ran");
    assert_eq!(repo.read("made.txt"), "1");

    let text = repo.az("build 0402,0404,0407 --continue-on-error").code(10).says("what went wrong");
    text.says("exit code 3").says("timed out after 1.0 s").says("reused 1");
    repo.remove("made.txt").az("build 0404").code(0).says("brought back");
    assert_eq!(repo.read("made.txt"), "1");
    // Without the word of the user a failure ends the run, and what did not start is told.
    repo.az("build '*'").code(1).says("failed").not("ran 134");
}
