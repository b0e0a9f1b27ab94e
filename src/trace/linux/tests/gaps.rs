//! Where a trace is not the whole truth, and says so.

use std::os::unix::fs::PermissionsExt;

use super::harness::{AS_NOBODY, Folder, Kept, NOTIFY, compiled, run, run_with, tool};
use crate::trace::{
    Gap, Rung,
    linux::{observer::Observer, sys::Stopped},
};

const RUNGS: [Rung; 2] = [NOTIFY, Rung::Ptrace];

#[test]
fn what_makes_paths_mean_something_else_is_a_gap() {
    let Some(program) = compiled("gaps", &[]) else { return };
    let cases = [
        ("mount", Gap::Mount),
        ("umount", Gap::Mount),
        ("open-tree", Gap::Mount),
        ("chroot", Gap::Chroot),
        ("setns", Gap::Namespace),
        ("in-root", Gap::ForeignRoot),
    ];
    for (case, gap) in cases {
        for rung in RUNGS {
            let ran = run(rung, &Folder::new(), &program, &[case]).succeeds();
            assert_eq!(ran.trace.gaps, [gap.clone()].into(), "{case} {rung:?}");
            assert!(!ran.trace.is_complete());
        }
    }
}

#[test]
fn an_attribute_is_a_gap_while_it_is_there() {
    let Some(program) = compiled("gaps", &[]) else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        let ran = run(rung, &folder, &program, &["xattr"]);
        if ran.status.code() == Some(77) {
            eprintln!("skipped: no extended attributes here");
            return;
        }
        assert_eq!(ran.trace.gaps, [Gap::Xattr(folder.root.join("a"))].into(), "{rung:?}");
        assert_eq!(ran.touches(), ["a: PROBED / XATTR"], "{rung:?}");
        for case in ["xattr-removed", "xattr-absent"] {
            let ran = run(rung, &Folder::new(), &program, &[case]).succeeds();
            assert_eq!(ran.trace.gaps, [].into(), "{case} {rung:?}");
        }
    }
}

#[test]
fn rights_that_cannot_be_got_are_a_gap() {
    let (Some(cat), true) = (tool("cat"), rustix::process::geteuid().is_root()) else {
        eprintln!("skipped: not root");
        return;
    };
    for rung in RUNGS {
        let folder = Folder::new();
        folder.open_to_all();
        let program = folder.root.join("program");
        std::fs::copy(&cat, &program).unwrap();
        let run_as = |mode, variables: &[_]| {
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).unwrap();
            run_with(rung, &folder, &program, &["a"], variables).succeeds().trace.gaps
        };
        let nobody = [(AS_NOBODY, "1")];
        assert_eq!(run_as(0o4755, &nobody), [Gap::SetId(program.clone())].into(), "{rung:?}");
        assert_eq!(run_as(0o755, &nobody), [].into(), "{rung:?}");
        assert_eq!(run_as(0o4755, &[]), [].into(), "nothing is lost: {rung:?}");
    }
}

#[test]
fn a_program_of_another_kind_is_a_gap_and_a_text_is_none() {
    let Some(shell) = tool("sh") else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        let text = folder.write("text", "cat a\n", 0o755);
        let ran = run(rung, &folder, &shell, &["-c", "./text"]).succeeds();
        assert_eq!(ran.asked(&text), "PROBED|READ|EXECUTED", "{rung:?}");
        let is_shown = std::path::Path::new("/proc/sys/fs/binfmt_misc/status").exists();
        if is_shown {
            eprintln!("skipped: what is registered here is known");
            continue;
        }
        assert_eq!(ran.trace.gaps, [].into(), "{rung:?}");
        let foreign = folder.write("foreign", "MZ\0", 0o755);
        let ran = run(rung, &folder, &shell, &["-c", "./foreign; true"]).succeeds();
        assert_eq!(ran.trace.gaps, [Gap::Registered(foreign)].into(), "{rung:?}");
    }
}

#[test]
fn what_is_left_of_a_tree_that_has_ended_is_a_gap() {
    let Some(shell) = tool("sh") else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        let begin = std::time::Instant::now();
        let ran = run(rung, &folder, &shell, &["-c", "cat a; sleep 6 >/dev/null 2>&1 &"]).succeeds();
        assert_eq!(ran.trace.gaps, [Gap::Leftover].into(), "{rung:?}");
        assert_eq!(ran.asked(folder.root.join("a")), "PROBED|READ", "{rung:?}");
        assert!(begin.elapsed().as_secs() < 5, "it is given up, not waited for");
    }
}

#[test]
fn a_call_by_an_unknown_convention_is_a_gap() {
    let mut kept = Kept::default();
    let mut observer = Observer::new(&mut kept, false);
    _ = observer.see(&Stopped { tid: 1, audit: 0x8000_0016, number: 5, arguments: [0; 6] });
    assert_eq!(observer.finish(NOTIFY).gaps, [Gap::Architecture].into());
}
