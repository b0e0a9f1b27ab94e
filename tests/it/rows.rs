//! The features that were asked for, a row each: what holds them.
//!
//! A row's sentence is held by the tests its line names. Where no test beside a module holds all of it, there is one here,
//! named by the row.

mod jobs;
mod stages;
mod verbs;

use std::{collections::BTreeSet, fs, path::Path};

/// A row, and the names of the test functions that hold it.
type Row = (&'static str, &'static [&'static str]);

/// Rows that conditions, jobs, matrices, resources and the verbs of the seeds are made of.
const ASKED: [(u16, u16); 15] = [
    (16, 35),
    (54, 54),
    (65, 79),
    (96, 140),
    (144, 157),
    (182, 182),
    (239, 240),
    (288, 296),
    (323, 323),
    (335, 349),
    (356, 356),
    (368, 375),
    (389, 403),
    (420, 421),
    (423, 425),
];

fn all() -> impl Iterator<Item = &'static Row> {
    verbs::ROWS.iter().chain(stages::ROWS).chain(jobs::ROWS)
}

#[test]
fn every_row_asked_for_is_held_by_a_test_that_is_there() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for folder in ["src", "tests"] {
        collect(&here.join(folder), &mut tests);
    }
    for (row, names) in all() {
        assert!(!names.is_empty(), "{row} names no test");
        let unknown: Vec<_> = names.iter().filter(|name| !tests.contains(**name)).collect();
        assert!(unknown.is_empty(), "{row} names tests that are not there: {unknown:?}");
    }
    let rows: Vec<&str> = all().map(|(row, _)| *row).collect();
    let distinct: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(rows.len(), distinct.len(), "a row stands there twice");
    let asked = ASKED.iter().flat_map(|(first, last)| *first..=*last).map(|number| format!("F{number:03}"));
    let missing: Vec<String> = asked.filter(|row| !distinct.contains(&**row)).collect();
    assert!(missing.is_empty(), "rows without a test: {missing:?}");
}

/// Adds the names of all functions that follow `#[test]` or stand in `proptest!`.
fn collect(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split("#[test]").skip(1) {
                let name = part.split_once("fn ").map(|(_, rest)| rest);
                let name = name.and_then(|rest| rest.split(['(', '<']).next());
                tests.extend(name.map(str::to_owned));
            }
        }
    }
}
