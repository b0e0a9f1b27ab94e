//! Broken files and command lines: each is told with its code, its place, and a help that mends it.
//!
//! Knows how a case is tried: the command says the code and the very text it is about; then what the help says is
//! done, and the same command passes. Does not know the cases.

mod command_line;
mod playbooks;
mod rules;
mod scripts;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::repo::{Output, Repo};

/// One mistake.
struct Case {
    /// What is broken.
    name: &'static str,
    /// Files besides `scripts/0100_a.sh`; `->` before the content makes it the target of a link.
    files: &'static [(&'static str, &'static str)],
    /// The command.
    line: &'static str,
    /// What az exits with.
    exit: i32,
    /// The code that is told.
    code: &'static str,
    /// Where the first label stands.
    at: Place,
    /// What the help says, in part; there is always one.
    help: &'static str,
    /// What is done about it.
    fix: Fix,
}

/// Where a mistake is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// At this text.
    Text(&'static str),
    /// At this byte, where something is missing.
    Offset(usize),
    /// In no text.
    Nowhere,
}

/// What a person does about a mistake.
enum Fix {
    /// Replaces a text in a file.
    Edit(&'static str, &'static str, &'static str),
    /// Writes a file.
    Write(&'static str, &'static str),
    /// Types another command.
    Type(&'static str),
}

const HELLO: &str = "#!/bin/sh\n# Stage: Testing\necho a\n";

fn world(case: &Case) -> Repo {
    let repo = Repo::new();
    if case.files.iter().all(|(path, _)| !path.starts_with("scripts")) {
        repo.file("scripts/0100_a.sh", HELLO);
    }
    for (path, text) in case.files {
        match (text.strip_prefix("->"), path.strip_suffix('/')) {
            (Some(target), _) => {
                repo.file(path, "").remove(path);
                std::os::unix::fs::symlink(target, repo.path(path)).unwrap();
            }
            (None, Some(folder)) => std::fs::create_dir_all(repo.path(folder)).unwrap(),
            (None, None) => _ = repo.file(path, bytes(text)),
        }
    }
    repo
}

/// Tables hold texts; `\u{ff}` and `\u{fe}` in them stand for the bytes 0xff and 0xfe, which are in no UTF-8 text.
fn bytes(text: &str) -> Vec<u8> {
    let bytes = |c: char| match c {
        '\u{fe}' => vec![0xfe],
        '\u{ff}' => vec![0xff],
        _ => c.to_string().into_bytes(),
    };
    text.chars().flat_map(bytes).collect()
}

/// Runs a command with its answer in JSON, `--json` before any `--` of its own.
fn ask(repo: &Repo, line: &str) -> Output {
    repo.az(&format!("{line} --json"))
}

/// Finds the diagnostics in an answer, wherever they stand.
pub(crate) fn diagnostics(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(map) if map.contains_key("severity") => found.push(value.clone()),
        Value::Object(map) => map.values().for_each(|value| diagnostics(value, found)),
        Value::Array(items) => items.iter().for_each(|value| diagnostics(value, found)),
        _ => {}
    }
}

fn told(output: &Output) -> Vec<Value> {
    let mut found = Vec::new();
    if !output.stdout().is_empty() {
        diagnostics(&output.json(), &mut found);
    }
    found
}

/// What the first label covers.
#[derive(Debug)]
struct Under {
    /// Its first byte and the text under it; nothing without a label.
    found: Option<(usize, String)>,
}

impl Under {
    fn of(repo: &Repo, line: &str, fault: &Value) -> Self {
        let Some(label) = fault["labels"].get(0) else { return Self { found: None } };
        let text = match fault["file"].as_str().unwrap_or_default() {
            "command line" => command_line(line, fault).into_bytes(),
            file => std::fs::read(repo.path(file)).unwrap(),
        };
        let place = |name: &str| usize::try_from(label[name].as_u64().unwrap()).unwrap();
        let found = text.get(place("start")..place("end"));
        let found = found.map_or("<outside>".into(), |bytes| String::from_utf8_lossy(bytes).into_owned());
        Self { found: Some((place("start"), found)) }
    }

    fn is_at(&self, place: &Place) -> bool {
        match (place, &self.found) {
            (Place::Text(text), Some((_, found))) => found == text && !text.is_empty(),
            (Place::Offset(offset), Some((start, found))) => start == offset && found.is_empty(),
            (Place::Nowhere, found) => found.is_none(),
            _ => false,
        }
    }
}

/// Returns the text that the places of a fault of the command line lie in.
fn command_line(line: &str, fault: &Value) -> String {
    let words = line.replace('\'', "");
    match fault["code"].as_str() {
        Some("AZ0901") => words,
        Some("AZ0221") => words.split_once("--matrix ").unwrap().1.to_owned(),
        Some("AZ0604") => words.split_once("--var ").unwrap().1.to_owned(),
        _ => words.split_once(' ').map_or("", |(_, selection)| selection).to_owned(),
    }
}

fn mend(repo: &Repo, case: &Case) -> &'static str {
    match case.fix {
        Fix::Edit(path, from, to) => {
            let text = repo.read(path);
            assert!(text.contains(from), "{}: `{from}` is not in {path}", case.name);
            repo.file(path, text.replacen(from, to, 1));
            case.line
        }
        Fix::Write(path, text) => {
            _ = std::fs::remove_file(repo.path(path));
            repo.file(path, text);
            case.line
        }
        Fix::Type(line) => line,
    }
}

/// Returns what is not as it should be.
fn try_case(case: &Case) -> Vec<String> {
    let repo = world(case);
    let mut faults = Vec::new();
    let mut claim = |is: bool, text: String| {
        if !is {
            faults.push(format!("{} (az {}): {text}", case.name, case.line));
        }
    };
    let output = ask(&repo, case.line);
    claim(output.exit() == case.exit, format!("exit {} instead of {}", output.exit(), case.exit));
    let all = told(&output);
    let found = all.iter().find(|fault| fault["code"] == case.code);
    let Some(fault) = found else {
        let codes: Vec<String> = all.iter().map(ToString::to_string).collect();
        claim(false, format!("{} is not told, but {codes:?} {output}", case.code));
        return faults;
    };
    let under = Under::of(&repo, case.line, fault);
    claim(under.is_at(&case.at), format!("the place is {under:?} instead of {:?}", case.at));
    claim(!case.help.is_empty(), "the case claims nothing of the help".to_owned());
    let help = fault["help"].as_str().unwrap_or_default();
    claim(help.contains(case.help), format!("the help is `{help}` instead of `{}`", case.help));
    let shown = repo.az(case.line);
    let is_shown = shown.stdout().contains(case.code) || shown.stderr().contains(case.code);
    claim(is_shown, format!("{} is not shown to people", case.code));
    if !fault["edits"].is_null() {
        let repo = world(case);
        let fixed = repo.az("check --fix --json");
        claim(fixed.exit() == 0, format!("exit {} of check --fix: {fixed}", fixed.exit()));
        let after = ask(&repo, case.line);
        let is_told = told(&after).iter().any(|fault| fault["code"] == case.code);
        claim(after.exit() == 0 && !is_told, format!("check --fix did not mend it: {after}"));
    }
    let line = mend(&repo, case);
    let after = ask(&repo, line);
    claim(after.exit() == 0, format!("`az {line}` after the fix: {after}"));
    let is_told = told(&after).iter().any(|fault| fault["code"] == case.code);
    claim(!is_told, format!("{} is still told after the fix", case.code));
    faults
}

fn try_all(cases: &[Case]) {
    let faults: Vec<String> = cases.iter().flat_map(try_case).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn there_are_many_cases_and_each_is_another_one() {
    let all = [command_line::CASES, playbooks::CASES, rules::CASES, scripts::CASES];
    let names: BTreeSet<&str> = all.iter().copied().flatten().map(|case| case.name).collect();
    let count: usize = all.iter().map(|cases| cases.len()).sum();
    assert_eq!(names.len(), count, "two cases have one name");
    assert!(count >= 40, "{count}");
    let codes: BTreeSet<&str> = all.iter().copied().flatten().map(|case| case.code).collect();
    assert!(codes.len() >= 40, "{codes:?}");
}
