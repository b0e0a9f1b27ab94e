//! Which rung is used where something is in a tracer's way: nothing is missed on it, or the trace says that it is no
//! whole one.

use std::{path::Path, process::Command};

use super::{
    cases::CASES,
    harness::{Folder, compiled, run_with, tool},
};
use crate::trace::Rung;

/// By these the test binary, started below an obstacle, knows what it shall find, and with which program.
const EXPECTED: &str = "AZ_TEST_TRACE_LADDER";
const PROGRAM: &str = "AZ_TEST_TRACE_LADDER_PROGRAM";

const BY_NOTIFICATION: &str = "notify [], notify []";
const BY_PTRACE: &str = "ptrace [], ptrace []";
const NOT_AT_ALL: &str = "off [], off []";

/// Starts the test binary below something, where it says what became of its first and of its second trace.
fn finds(below: &[&str], expected: &str) {
    let Some(program) = compiled("cases", &["-pthread", "-static"]) else { return };
    let test = std::env::current_exe().unwrap();
    // What a stranger may not even look at, it cannot start.
    let command = |words: &[&str]| {
        let mut command = Command::new(below[0]);
        command.args(&below[1..]).args(words);
        command
    };
    if !command(&["/bin/test", "-x", test.to_str().unwrap()]).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: {} does not start anything here", below.join(" "));
        return;
    }
    let mut command = command(&[test.to_str().unwrap(), "--exact", "trace::linux::tests::ladder::be_below"]);
    let output = command.env(EXPECTED, expected).env(PROGRAM, program).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "below {below:?}: {text}");
}

#[test]
fn be_below() {
    let (Some(expected), Some(program)) = (std::env::var_os(EXPECTED), std::env::var_os(PROGRAM)) else {
        return;
    };
    let trace = |case: &str| run_with(None, &Folder::new(), Path::new(&program), &[case], &[]).succeeds();
    let found = || {
        let trace = trace("open").trace;
        let rung = match trace.rung {
            Rung::Notify { .. } => "notify",
            Rung::Ptrace => "ptrace",
            Rung::Off => "off",
        };
        format!("{rung} {:?}", Vec::from_iter(trace.gaps))
    };
    let found = [found(), found()].join(", ");
    assert_eq!(found, expected.to_str().unwrap());
    if [BY_NOTIFICATION, BY_PTRACE].contains(&&*found) {
        for (case, expected) in CASES {
            let ran = trace(case);
            assert_eq!(ran.touches(), *expected, "{case}");
            assert_eq!(ran.trace.gaps, [].into(), "{case}");
        }
    }
}

/// Below these programs of `obstacle.c`.
fn finds_below(kinds: &[&str], expected: &str) {
    let Some(obstacle) = compiled("obstacle", &[]) else { return };
    finds(&[&[obstacle.to_str().unwrap()], kinds, &["--"]].concat(), expected);
}

#[test]
fn nothing_in_the_way() {
    finds_below(&[], BY_NOTIFICATION);
}

#[test]
fn a_listener_above() {
    // What it is asked about, nobody else is; that shows in the first trace, and is known for the second.
    finds_below(&["listener"], "ptrace [Silent], off []");
    finds_below(&["listener-for-others"], BY_PTRACE);
    finds_below(&["listener-for-others", "no-ptrace"], NOT_AT_ALL);
}

#[test]
fn a_kernel_without_listeners() {
    finds_below(&["no-listeners"], BY_PTRACE);
    finds_below(&["no-listeners", "no-ptrace"], NOT_AT_ALL);
}

#[test]
fn no_filters() {
    finds_below(&["seccomp-not-permitted"], NOT_AT_ALL);
    finds_below(&["seccomp-unknown"], NOT_AT_ALL);
}

#[test]
fn no_ptrace() {
    finds_below(&["no-ptrace"], BY_NOTIFICATION);
}

#[test]
fn no_look_into_other_processes() {
    finds_below(&["no-reading"], "notify [Memory], notify [Memory]");
}

#[test]
fn no_new_privileges() {
    finds_below(&["no-new-privileges"], BY_NOTIFICATION);
}

const AS_NOBODY: &[&str] = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const IN_CONTAINER: &[&str] =
    &["bwrap", "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "--die-with-parent"];

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: not root, so all other tests are without privileges");
    }
    is_root
}

#[test]
fn no_privileges() {
    if tool("setpriv").is_none() || !is_root() {
        return;
    }
    finds(AS_NOBODY, BY_NOTIFICATION);
    let Some(obstacle) = compiled("obstacle", &[]) else { return };
    let kinds = [obstacle.to_str().unwrap(), "no-listeners", "--"];
    finds(&[AS_NOBODY, &kinds].concat(), BY_PTRACE);
}

#[test]
fn a_container() {
    if tool("bwrap").is_none() {
        return;
    }
    finds(IN_CONTAINER, BY_NOTIFICATION);
    if is_root() && tool("setpriv").is_some() {
        finds(&[AS_NOBODY, IN_CONTAINER].concat(), BY_NOTIFICATION);
    }
}
