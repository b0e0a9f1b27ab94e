//! Programs in Go: no C library between them and the kernel, many threads, and signals all along.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use super::harness::{Folder, NOTIFY, built, fixture, run, tool};
use crate::trace::Rung;

const RUNGS: [Rung; 2] = [NOTIFY, Rung::Ptrace];

/// What each case of `cases.go` does to the folder.
const CASES: &[(&str, &[&str])] = &[
    ("read", &["a: PROBED|READ / -"]),
    ("read-link", &["a: PROBED|READ / -", "to-a: READ / -"]),
    ("absent", &["none/b: PROBED|READ / -"]),
    ("stat", &["a: PROBED / -"]),
    ("lstat", &["to-a: PROBED / -"]),
    // It opens a folder as if it were a file.
    ("list", &["d: PROBED|READ|LISTED / -"]),
    ("write", &["new: - / REPLACED"]),
    ("append", &["a: PROBED|READ / WRITTEN"]),
    ("rename", &["a: PROBED|READ / REPLACED", "new: PROBED / REPLACED"]),
    ("remove", &["a: PROBED / REPLACED"]),
    ("folder", &["new: PROBED / REPLACED"]),
    ("link", &["new: PROBED / REPLACED"]),
    ("read-target", &["to-a: PROBED|READ / -"]),
    ("mode", &["a: PROBED / MODE"]),
    ("raw", &["a: PROBED|READ / -"]),
    ("thread", &["a: PROBED|READ / -", "d: PROBED / -", "d/x: PROBED|READ / -"]),
    ("spawn", &["a: PROBED|READ / -"]),
    ("no-environment", &["a: PROBED|READ / -"]),
];

fn program() -> Option<PathBuf> {
    let compiler = tool("go")?;
    built("cases-go", |program| {
        let mut command = Command::new(compiler);
        let settings =
            [("GO111MODULE", "off"), ("CGO_ENABLED", "0"), ("GOPROXY", "off"), ("GOTOOLCHAIN", "local")];
        command.envs(settings).env("GOCACHE", program.with_extension("cache"));
        command.args(["build", "-o"]).arg(program).arg(fixture("cases.go"));
        command
    })
}

#[test]
fn nothing_is_missed_of_a_program_in_go() {
    let Some(program) = program() else { return };
    for rung in RUNGS {
        for (case, expected) in CASES {
            let ran = run(rung, &Folder::new(), &program, &[case]).succeeds();
            assert_eq!(ran.touches(), *expected, "{case} {rung:?}");
            assert_eq!(ran.trace.gaps, [].into(), "{case} {rung:?}");
        }
    }
}

#[test]
fn nothing_is_missed_of_many_threads_that_signals_interrupt() {
    let Some(program) = program() else { return };
    for rung in RUNGS {
        let ran = run(rung, &Folder::new(), &program, &["many"]).succeeds();
        let absent = (0..8).flat_map(|i| (0..50).map(move |j| format!("none-{i}-{j}: PROBED / -")));
        let expected: BTreeSet<String> = absent.chain(["a: PROBED|READ / -".to_owned()]).collect();
        let seen: BTreeSet<String> = ran.touches().into_iter().collect();
        let difference: Vec<_> = expected.symmetric_difference(&seen).collect();
        assert!(difference.is_empty(), "{difference:?} {rung:?}");
        assert_eq!(ran.trace.gaps, [].into(), "{rung:?}");
    }
}
