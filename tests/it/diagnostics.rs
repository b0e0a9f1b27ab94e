//! Every diagnostic that a playbook's text can cause, in each format, as people see it.
//!
//! Knows how a case is tried: its mistake stands in four files, behind emoji, tabs and Windows line ends; az tells it
//! once in each, with its label on exactly the wanted text, and the whole answer is a snapshot. Does not know the cases.

mod conditions;
mod elsewhere;
mod fields;
mod plans;
mod selections;
mod spell;
mod syntax;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde_json::Value;
use spell::{Format, Level, Written};

use crate::broken::diagnostics;
use crate::repo::Repo;

/// One mistake in all formats that can have it.
struct Case {
    /// What is wrong; also the name of the snapshot, behind the code.
    name: &'static str,
    /// The code that is told, and no other.
    code: &'static str,
    body: Body,
    /// The command, with `FILE` for the playbook's path; nothing for `check` of all files at once.
    line: Option<&'static str>,
}

/// The text with the mistake, which is between `«` and `»`; without them it has no place in the file.
enum Body {
    /// These fields at the root of the playbook, in all formats.
    Root(&'static str),
    /// These jobs, in all formats.
    Jobs(&'static str),
    /// Files of their own, by extension; a mistake of one format only stands in one.
    Files(&'static [(&'static str, &'static str)]),
}

/// What is told of one file, and where its mistake is.
struct Told {
    path: String,
    fault: Value,
    written: Written,
}

impl Body {
    /// Returns the files by path.
    fn files(&self) -> BTreeMap<String, Written> {
        let all = |level: Level, fields: &str| {
            let written = |format: Format| (path(format.extension()), spell::write(fields, level, format));
            Format::ALL.map(written).into()
        };
        match self {
            Self::Root(fields) => all(Level::Root, fields),
            Self::Jobs(fields) => all(Level::Jobs, fields),
            Self::Files(files) => {
                files.iter().map(|(extension, text)| (path(extension), spell::unmark(text))).collect()
            }
        }
    }
}

/// Playbooks of one folder may not share their name.
fn path(extension: &str) -> String {
    format!("playbooks/in-{extension}.{extension}")
}

/// Scripts that the playbooks of all cases may name.
fn world() -> Repo {
    Repo::new()
        .file("scripts/0100_Prepare.sh", "# Stage: Prepare\necho\n")
        .file("scripts/0106_Get-Tools.sh", "# Stage: Prepare\necho\n")
        .file("scripts/0106_Set-Path.sh", "# Stage: Prepare\necho\n")
        .file("scripts/0402_Run-Tests.sh", "# Stage: Test\necho\n")
        .file("scripts/0407_Validate-Syntax.sh", "# Stage: Test\necho\n")
        .file("data/in.txt", "")
}

/// Asks az and returns what it tells of each file, and the whole of it for people.
fn ask(repo: &Repo, case: &Case, paths: &[&String]) -> (Vec<Value>, String) {
    let lines = match case.line {
        Some(line) => paths.iter().map(|path| line.replace("FILE", path)).collect(),
        None => vec!["check playbooks".to_owned()],
    };
    let (mut found, mut shown) = (Vec::new(), String::new());
    for line in lines {
        let output = repo.az(&format!("{line} --json"));
        let mut told = Vec::new();
        if !output.stdout().is_empty() {
            diagnostics(&output.json(), &mut told);
        }
        // What has no place is about the file that was asked for.
        for fault in told.iter_mut().filter(|fault| fault["file"].is_null()) {
            fault["file"] = line.rsplit(' ').next().into();
        }
        found.append(&mut told);
        let output = repo.az(&line);
        shown.push_str(output.stdout());
        shown.push_str(output.stderr());
    }
    (found, shown)
}

/// Returns the text under the first label, and where that starts as people count.
fn label(fault: &Value) -> Option<(Range<usize>, u64, u64)> {
    let label = fault["labels"].get(0)?;
    let number = |name: &str| label[name].as_u64().unwrap();
    let place = |name: &str| usize::try_from(number(name)).unwrap();
    Some((place("start")..place("end"), number("line"), number("column")))
}

/// Returns what is not as it should be about one file.
fn faults_of(Told { path, fault, written }: &Told) -> Vec<String> {
    let mut faults = Vec::new();
    if fault["help"].as_str().is_none_or(str::is_empty) {
        faults.push(format!("{path}: no help"));
    }
    match (label(fault), &written.at) {
        (None, None) => {}
        (Some((found, line, column)), Some(at)) => {
            if found != *at {
                let [found, wanted] = [found, at.clone()].map(|at| written.text(at));
                faults.push(format!("{path}: the label is on {found:?} instead of {wanted:?}"));
            }
            let before = written.text(0..at.start);
            let lines = before.matches('\n').count() as u64 + 1;
            let columns = before.rsplit('\n').next().unwrap_or_default().trim_start_matches('\u{feff}');
            let columns = columns.chars().count() as u64 + 1;
            if (line, column) != (lines, columns) {
                faults.push(format!("{path}: {line}:{column} instead of {lines}:{columns}"));
            }
        }
        (found, at) => faults.push(format!("{path}: the label is {found:?}, the mark {at:?}")),
    }
    faults
}

/// Tries a case, compares its snapshot, and returns what is not as it should be.
fn try_case(case: &Case) -> Vec<String> {
    let repo = world();
    let mut files = case.body.files();
    for (path, written) in &files {
        repo.file(path, &written.bytes);
    }
    let (all, shown) = ask(&repo, case, &files.keys().collect::<Vec<_>>());
    let mut faults = Vec::new();
    let mut mended = BTreeSet::new();
    for fault in all {
        if fault["edits"].is_array() {
            mended.extend(fault["file"].as_str().map(str::to_owned));
        }
        let path = fault["file"].as_str().unwrap_or_default().to_owned();
        if fault["code"] != case.code {
            if fault["severity"] == "note" {
                // A note is no second mistake, and nobody sees it without `-v`.
                continue;
            }
            faults.push(format!("{} is told too: {}", fault["code"], fault["message"]));
        } else if let Some(written) = files.remove(&path) {
            faults.extend(faults_of(&Told { path, fault, written }));
        } else {
            faults.push(format!("it is told again in `{path}`: {}", fault["message"]));
        }
    }
    faults.extend(files.keys().map(|path| format!("{path}: {} is not told", case.code)));
    if shown.contains(case.code) {
        snapshot(case.code, case.name, &shown);
    }
    faults.extend(mend(&repo, case, &mended));
    faults.iter().map(|fault| format!("{} {}: {fault}", case.code, case.name)).collect()
}

/// Lets az mend these files, and returns those in which the mistake is still told, or another one.
fn mend(repo: &Repo, case: &Case, paths: &BTreeSet<String>) -> Vec<String> {
    if paths.is_empty() {
        return Vec::new();
    }
    _ = repo.az("check --fix playbooks").exit();
    let (left, _) = ask(repo, case, &paths.iter().collect::<Vec<_>>());
    let is_left = |fault: &&Value| {
        fault["severity"] != "note" && fault["file"].as_str().is_some_and(|path| paths.contains(path))
    };
    left.iter().filter(is_left).map(|fault| format!("is told after `check --fix`: {fault}")).collect()
}

/// Compares what people see with the snapshot of a mistake, byte for byte: a label stands under its word or it does not.
fn snapshot(code: &str, name: &str, shown: &str) {
    insta::with_settings!({
        filters => crate::filters::VALUES,
        snapshot_path => "snapshots/diagnostics",
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!(file_name(code, name), shown);
    });
}

fn file_name(code: &str, name: &str) -> String {
    format!("{code}_{}", name.replace(' ', "_"))
}

fn try_all(cases: &[Case]) {
    let faults: Vec<String> = cases.iter().flat_map(try_case).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

const TABLES: [&[Case]; 5] =
    [conditions::CASES, fields::CASES, plans::CASES, selections::CASES, syntax::CASES];

/// Returns the code and the name of everything that has a snapshot.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let cases = TABLES.into_iter().flatten().map(|case| (case.code, case.name));
    cases.chain(elsewhere::MISTAKES.iter().map(|mistake| (mistake.code, mistake.name)))
}

#[test]
fn sixty_codes_have_a_snapshot_and_the_others_a_reason() {
    let shown: BTreeSet<&str> = all().map(|(code, _)| code).collect();
    assert!(shown.len() >= 60, "{} codes: {shown:?}", shown.len());
    let without: BTreeSet<&str> = elsewhere::WITHOUT.iter().map(|(code, _)| *code).collect();
    let both: Vec<_> = shown.intersection(&without).collect();
    assert!(both.is_empty(), "these have a snapshot: {both:?}");
    let known: BTreeSet<String> = az::diag::all_codes().map(|info| info.code.to_string()).collect();
    let told: BTreeSet<String> = shown.union(&without).map(|code| (*code).to_owned()).collect();
    assert_eq!(told, known, "each code has a snapshot, or a reason why it has none");
}

#[test]
fn every_snapshot_belongs_to_a_case_and_no_two_cases_share_one() {
    let mut names: Vec<String> = all().map(|(code, name)| file_name(code, name)).collect();
    names.sort();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots/diagnostics");
    let files = std::fs::read_dir(folder).unwrap();
    let files =
        files.map(|file| file.unwrap().path()).filter(|path| path.extension() == Some("snap".as_ref()));
    let mut files: Vec<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    files.sort();
    assert_eq!(files, names);
}

#[test]
fn most_codes_of_playbooks_are_shown_in_all_four_formats() {
    let is_in_all = |case: &&Case| case.body.files().len() == Format::ALL.len();
    let codes: BTreeSet<&str> =
        TABLES.into_iter().flatten().filter(is_in_all).map(|case| case.code).collect();
    assert!(codes.len() >= 34, "{} codes: {codes:?}", codes.len());
}
