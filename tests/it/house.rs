//! The house rules, checked on az's own code: floors, lengths, codes.
//!
//! Knows how Rust text looks and what ARCHITECTURE.md promises. Does not know what the code does; that az documents
//! its public items and unwraps nothing is checked by the compiler's lints.
//!
//! `scripts/0430_house.sh` runs exactly these tests.

mod codes;
mod floors;
mod lengths;
mod table;
mod text;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file of the project.
struct ProjectFile {
    /// From the root of the project, with `/`.
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn architecture() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

/// Returns the files below `folder` that end in `extension`, sorted by path.
fn files(folder: &str, extension: &str) -> Vec<ProjectFile> {
    let (root, mut found, mut pending) = (root(), Vec::new(), vec![root().join(folder)]);
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|ending| ending == extension) {
                found.push(ProjectFile {
                    path: shown(&root, &path),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/")
}

/// Fails with all faults, one a line.
#[track_caller]
fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}\n  {}\n", faults.join("\n  "));
}

#[test]
fn imports_go_down_the_floors() {
    let (floors, sources) = (floors::Floors::read(&architecture()), files("src", "rs"));
    assert!(sources.len() > 20, "the sources of az were found");
    none("a module imports only from lower floors (ARCHITECTURE.md, Floors)", &floors.faults(&sources));
}

#[test]
fn files_and_functions_are_short_or_say_why_not() {
    let exceptions = lengths::Exceptions::read(&architecture());
    let mut sources = files("src", "rs");
    sources.extend(files("tests", "rs"));
    sources.extend(files("benches", "rs"));
    none(
        "files have at most 600 lines and functions 60, or stand in ARCHITECTURE.md, Exceptions, with a reason",
        &exceptions.faults(&sources),
    );
}

#[test]
fn every_code_that_is_mentioned_exists() {
    let mut sources = files("src", "rs");
    sources.extend(files("tests", "rs"));
    for page in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        sources.push(ProjectFile { path: page.to_owned(), text });
    }
    none("every code is in the register, src/diag/codes", &codes::unknown(&sources));
}

#[test]
fn every_check_of_az_is_run_by_ci_and_says_what_it_reads() {
    let ci = fs::read_to_string(root().join("playbooks/ci.json")).unwrap();
    let (mut faults, scripts) = (Vec::new(), files("scripts", "sh"));
    assert!(!scripts.is_empty(), "az has checks of its own");
    for ProjectFile { path, text } in scripts {
        if !text.lines().any(|line| line.starts_with("# Tags: ci")) {
            continue;
        }
        let number = &path["scripts/".len()..][..4];
        if !ci.contains(&format!("\"run\": \"{number}\"")) {
            faults.push(format!("{path}: playbooks/ci.json does not run {number}"));
        }
        for key in ["Stage", "Tags", "Description", "Inputs", "Outputs", "Timeout"] {
            if !text.lines().any(|line| line.starts_with(&format!("# {key}:"))) {
                faults.push(format!("{path}: the header has no `{key}`"));
            }
        }
    }
    none("the checks are complete", &faults);
}

#[test]
fn what_people_read_is_there() {
    for page in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        assert!(text.len() > 200 && text.ends_with('\n'), "{page} is too short, or has no last newline");
    }
}
