//! What gets into a tracer's way: other tracers, signals, other processors, lost rights.

use super::harness::{Folder, NOTIFY, compiled, run, run_with, tool};
use crate::trace::{Contact, Gap, Rung};

const RUNGS: [Rung; 2] = [NOTIFY, Rung::Ptrace];

#[test]
fn a_program_for_32_bits_is_seen_as_any_other() {
    let options = ["-m32", "-nostdlib", "-static", "-fno-stack-protector", "-fno-pic", "-no-pie"];
    let Some(program) = compiled("narrow", &options) else { return };
    for rung in RUNGS {
        let ran = run(rung, &Folder::new(), &program, &[]);
        if !ran.status.success() {
            eprintln!("skipped: this kernel runs no 32-bit programs");
            return;
        }
        assert_eq!(ran.touches(), ["a: PROBED|READ / -", "none: PROBED / -"], "{rung:?}");
        assert_eq!(ran.trace.contacts, [Contact::Abstract(b"name!".to_vec())].into(), "{rung:?}");
        assert_eq!(ran.trace.gaps, [].into(), "{rung:?}");
    }
}

#[test]
fn signals_and_stops_reach_who_they_are_for() {
    let Some(shell) = tool("bash") else { return };
    // Each line fails if a signal is lost, comes twice, or if a stop does not last.
    let script = "
        got=0; trap 'got=$((got + 1))' USR1; kill -USR1 $$; kill -USR1 $$; [ $got = 2 ] || exit 3
        sleep 60 & child=$!; kill -STOP $child; sleep 0.1
        read -r _ _ state _ </proc/$child/stat; [ $state = T ] || [ $state = t ] || exit 4
        kill -CONT $child; sleep 0.1; read -r _ _ state _ </proc/$child/stat; [ $state = S ] || exit 5
        kill -TERM $child; wait $child; [ $? = 143 ] || exit 6
        (exec bash -c 'kill -KILL $$') 2>/dev/null; [ $? = 137 ] || exit 7
        cat a >/dev/null";
    for rung in RUNGS {
        let ran = run(rung, &Folder::new(), &shell, &["-c", script]);
        assert_eq!(ran.status.code(), Some(0), "{rung:?}");
        assert_eq!(ran.touches(), ["a: PROBED|READ / -"], "{rung:?}");
        assert_eq!(ran.trace.gaps, [].into(), "{rung:?}");
    }
}

#[test]
fn a_debugger_works_in_a_step_that_is_traced_by_notification() {
    let (Some(strace), Some(_)) = (tool("strace"), tool("cat")) else { return };
    let folder = Folder::new();
    let ran = run(NOTIFY, &folder, &strace, &["-f", "-o", "log", "cat", "a"]).succeeds();
    assert_eq!(ran.asked(ran.root.join("a")), "PROBED|READ");
    let log = std::fs::read_to_string(ran.root.join("log")).unwrap();
    assert!(log.contains("\"a\", O_RDONLY"), "{log}");
}

#[test]
fn a_rung_that_is_asked_for_is_the_one_that_is_used() {
    let Some(cat) = tool("cat") else { return };
    for rung in [Rung::Notify { is_synchronous: false }, Rung::Ptrace] {
        let ran = run(rung, &Folder::new(), &cat, &["a"]).succeeds();
        assert_eq!(ran.trace.rung, rung, "and not the better one beside it");
        assert_eq!(ran.touches(), ["a: PROBED|READ / -"], "{rung:?}");
    }
}

/// What a nested tracer finds, told by its exit code.
const NESTED: &str = "AZ_TEST_TRACE_NESTED";

#[test]
fn a_listener_above_makes_a_trace_empty_and_says_so() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "trace::linux::tests::obstacles::be_nested"];
    let ran = run_with(NOTIFY, &Folder::new(), &program, &arguments, &[(NESTED, "1")]).succeeds();
    // The outer trace sees what the inner one cannot.
    assert!(ran.trace.paths.keys().any(|path| path.ends_with("a")), "{:?}", ran.touches());
}

#[test]
fn be_nested() {
    let Some(_) = std::env::var_os(NESTED) else { return };
    let cat = tool("cat").unwrap();
    let first = run_with(None, &Folder::new(), &cat, &["a"], &[]).succeeds();
    assert_eq!((first.trace.rung, first.trace.gaps), (Rung::Ptrace, [Gap::Silent].into()));
    let second = run_with(None, &Folder::new(), &cat, &["a"], &[]).succeeds();
    assert_eq!((second.trace.rung, second.trace.gaps), (Rung::Off, [].into()));
}

#[test]
fn rights_are_only_lost_where_the_kernel_demands_it() {
    let (Some(shell), true) = (tool("bash"), rustix::process::geteuid().is_root()) else {
        eprintln!("skipped: not root");
        return;
    };
    let Some(drop) = tool("setpriv") else { return };
    let script = "grep -q '^NoNewPrivs:.0$' /proc/self/status || exit 3; \
                  exec setpriv --reuid 65534 --regid 65534 --clear-groups cat a";
    for rung in RUNGS {
        let folder = Folder::new();
        folder.open_to_all();
        let ran = run(rung, &folder, &shell, &["-c", script]).succeeds();
        assert_eq!(ran.asked(folder.root.join("a")), "PROBED|READ", "{rung:?}");
        assert_eq!(ran.asked(&drop), "PROBED|READ|EXECUTED");
        assert_eq!(ran.trace.gaps, [].into(), "{rung:?}");
    }
}
