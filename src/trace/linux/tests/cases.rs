//! Each way to touch files, in each way to build a program, on each rung: exactly what is recorded.

use super::harness::{Folder, NOT_STARTED, NOTIFY, compiled, compiled_by, run};
use crate::trace::{Gap, Rung, linux::empty};

/// What each case of `cases.c` does to the folder, by the paths it touches there.
pub(super) const CASES: &[(&str, &[&str])] = &[
    ("open", &["a: PROBED|READ / -"]),
    ("open-link", &["a: PROBED|READ / -", "to-a: READ / -"]),
    ("open-absent", &["none/b: PROBED|READ / -"]),
    ("openat", &["d: PROBED / -", "d/x: PROBED|READ / -"]),
    ("openat2", &["a: PROBED|READ / -"]),
    ("creat", &["new: - / REPLACED"]),
    ("creat-over", &["a: - / REPLACED"]),
    ("creat-below", &["d/new: - / REPLACED"]),
    ("creat-nowhere", &["none: PROBED / -", "none/new: - / REPLACED"]),
    ("creat-on-folder", &["d: PROBED / -"]),
    ("creat-on-pipe", &["pipe: PROBED / REPLACED"]),
    ("creat-on-device", &[]),
    ("creat-on-link", &["a: - / REPLACED", "to-a: READ / -"]),
    ("creat-not-on-link", &["to-a: PROBED / -"]),
    ("emptied", &["a: PROBED / REPLACED"]),
    ("emptied-absent", &["none: PROBED / -"]),
    ("exclusive", &["new: PROBED / REPLACED"]),
    ("exclusive-there", &["a: PROBED / -"]),
    ("update", &["a: PROBED|READ / WRITTEN"]),
    ("append", &["a: PROBED|READ / WRITTEN"]),
    ("append-new", &["new: PROBED|READ / REPLACED"]),
    ("append-absent", &["none: PROBED|READ / -"]),
    ("own", &["new: - / REPLACED"]),
    ("own-failed", &["d: PROBED / REPLACED|FOLDER"]),
    ("stat", &["a: PROBED / -"]),
    ("lstat", &["to-a: PROBED / -"]),
    ("stat-link", &["a: PROBED / -", "to-a: LOOKED_THROUGH / -"]),
    ("fstatat", &["d: PROBED / -", "d/x: PROBED / -"]),
    ("fstatat-empty-flag", &["d: PROBED / -", "d/x: PROBED / -"]),
    ("statx", &["a: PROBED / -"]),
    ("access", &["none: PROBED / -"]),
    ("faccessat2", &["a: PROBED / -"]),
    ("readlink", &["to-a: PROBED|READ / -"]),
    ("readlink-file", &["a: PROBED / -"]),
    ("list", &["d: PROBED|LISTED / -"]),
    ("rename", &["a: PROBED|READ / REPLACED", "new: - / REPLACED"]),
    ("rename-over", &["a: PROBED|READ / REPLACED", "b: - / REPLACED"]),
    ("rename-on-folder", &["a: PROBED|READ / REPLACED", "d: PROBED / REPLACED"]),
    ("rename-same", &["a: PROBED|READ / REPLACED", "new: PROBED / REPLACED"]),
    ("rename-unless-there", &["a: PROBED|READ / -", "b: PROBED / -"]),
    (
        "rename-folder",
        &[
            "d: PROBED|READ / REPLACED",
            "d/x: READ / REPLACED",
            "d/y: READ / REPLACED",
            "e: PROBED / REPLACED",
            "e/x: - / REPLACED",
            "e/y: - / REPLACED",
        ],
    ),
    ("rename-own", &["a: - / REPLACED", "tmp: - / REPLACED"]),
    ("exchange", &["a: PROBED|READ / REPLACED", "b: PROBED|READ / REPLACED"]),
    ("unlink", &["a: PROBED / REPLACED"]),
    ("unlink-absent", &["none: PROBED / -"]),
    ("link", &["a: PROBED|READ / -", "new: PROBED / REPLACED"]),
    ("symlink", &["new: PROBED / REPLACED"]),
    ("mkdir", &["new: PROBED / REPLACED"]),
    ("mkdir-there", &["d: PROBED / FOLDER"]),
    ("mkdir-on-file", &["a: PROBED / -"]),
    ("mkdir-on-link", &["to-d: PROBED / -"]),
    ("rmdir", &["empty: PROBED / REPLACED"]),
    ("truncate", &["a: PROBED / REPLACED"]),
    ("truncate-to", &["a: PROBED|READ / WRITTEN"]),
    ("chmod", &["a: PROBED / MODE"]),
    ("fchmod", &["a: PROBED|READ / MODE"]),
    ("utime", &["a: PROBED / TIMES"]),
    ("futimens", &["a: PROBED|READ / TIMES"]),
    ("retarget", &["b: PROBED|READ / -", "to-a: PROBED / REPLACED"]),
    ("up-through-link", &["a: PROBED|READ / -", "to-d: READ / -"]),
    ("descriptor-path", &["a: PROBED|READ / -"]),
    ("raw", &["a: PROBED|READ / -", "b: PROBED / -"]),
    ("thread", &["a: PROBED|READ / -", "d: PROBED / -", "d/x: PROBED|READ / -"]),
    ("vfork", &["a: PROBED|READ / -"]),
    ("spawn", &["a: PROBED|READ / -"]),
    ("daemon", &["a: PROBED|READ / -"]),
    ("no-environment", &["a: PROBED|READ / -"]),
    ("fexecve", &["a: PROBED|READ / -"]),
    ("map", &["a: PROBED|READ / -"]),
    ("io-uring", &[]),
    ("long-path", &[]),
    ("page-end", &["a: PROBED|READ / -"]),
    ("deleted-directory", &["gone: PROBED / REPLACED", "gone/x: PROBED|READ / -"]),
    ("enter", &["a: PROBED|READ / -", "b: PROBED|READ / -", "d: PROBED / -", "d/x: PROBED|READ / -"]),
    ("enter-open", &["a: PROBED|READ / -", "b: PROBED|READ / -", "d: PROBED / -", "d/x: PROBED|READ / -"]),
    ("enter-not", &["a: PROBED|READ / -", "b: PROBED|READ / -", "none: PROBED / -"]),
    (
        "enter-shared",
        &[
            "a: PROBED|READ / -",
            "b: PROBED|READ / -",
            "d: PROBED / -",
            "d/x: PROBED|READ / -",
            "d/y: PROBED|READ / -",
        ],
    ),
    (
        "enter-child",
        &[
            "a: PROBED|READ / -",
            "b: PROBED|READ / -",
            "d: PROBED / -",
            "d/none: PROBED|READ / -",
            "d/x: PROBED|READ / -",
            "d/y: PROBED|READ / -",
        ],
    ),
    (
        "working-folder-moved",
        &[
            "d: PROBED|READ / REPLACED",
            "d/x: READ / REPLACED",
            "d/y: READ / REPLACED",
            "empty: PROBED|READ / REPLACED",
            "empty/none: PROBED|READ / -",
            "moved: PROBED / REPLACED",
            "moved/new: - / REPLACED",
            "moved/newer: - / REPLACED",
            "other: PROBED / REPLACED",
            "other/x: - / REPLACED",
            "other/y: - / REPLACED",
        ],
    ),
];

fn nothing_is_missed(rung: Rung, compiler: &str, options: &[&str]) {
    let Some(program) = compiled_by(compiler, "cases", options) else { return };
    if run(rung, &Folder::new(), &program, &["stat"]).status.code() == Some(NOT_STARTED) {
        eprintln!("skipped: this kernel does not run what {compiler} {options:?} makes");
        return;
    }
    for (case, expected) in CASES {
        let folder = Folder::new();
        let ran = run(rung, &folder, &program, &[case]).succeeds();
        assert_eq!(ran.touches(), *expected, "{case} {rung:?} {compiler} {options:?}");
        assert_eq!(ran.trace.gaps, [].into(), "{case} {rung:?} {compiler} {options:?}");
        assert_eq!(ran.trace.rung == Rung::Ptrace, rung == Rung::Ptrace);
        let changed = ran.trace.paths.iter().filter(|(_, touch)| !touch.changed.is_empty());
        let changed: Vec<_> = changed.map(|(path, _)| path.clone()).collect();
        assert_eq!(changed, ran.kept.0.keys().cloned().collect::<Vec<_>>(), "{case} {rung:?}");
    }
}

#[test]
fn of_a_dynamic_program_by_notification() {
    nothing_is_missed(NOTIFY, "gcc", &["-pthread"]);
}

#[test]
fn of_a_dynamic_program_by_ptrace() {
    nothing_is_missed(Rung::Ptrace, "gcc", &["-pthread"]);
}

#[test]
fn of_a_static_program_by_notification() {
    nothing_is_missed(NOTIFY, "gcc", &["-pthread", "-static"]);
}

#[test]
fn of_a_static_program_by_ptrace() {
    nothing_is_missed(Rung::Ptrace, "gcc", &["-pthread", "-static"]);
}

#[test]
fn of_a_program_with_another_c_library_by_notification() {
    nothing_is_missed(NOTIFY, "musl-gcc", &["-pthread", "-static"]);
}

#[test]
fn of_a_program_with_another_c_library_by_ptrace() {
    nothing_is_missed(Rung::Ptrace, "musl-gcc", &["-pthread", "-static"]);
}

#[test]
fn of_a_program_for_32_bits_by_notification() {
    nothing_is_missed(NOTIFY, "gcc", &["-pthread", "-m32"]);
    nothing_is_missed(NOTIFY, "gcc", &["-pthread", "-m32", "-static"]);
}

#[test]
fn of_a_program_for_32_bits_by_ptrace() {
    nothing_is_missed(Rung::Ptrace, "gcc", &["-pthread", "-m32"]);
    nothing_is_missed(Rung::Ptrace, "gcc", &["-pthread", "-m32", "-static"]);
}

#[test]
fn a_path_that_cannot_be_read_is_a_gap_and_no_harm() {
    let Some(program) = compiled("cases", &["-pthread"]) else { return };
    for rung in [NOTIFY, Rung::Ptrace] {
        let ran = run(rung, &Folder::new(), &program, &["bad-pointer"]).succeeds();
        assert_eq!(ran.trace.gaps, [Gap::Memory].into());
    }
}

#[test]
fn open_files_are_asked_about_without_a_stop() {
    let Some(program) = compiled("cases", &["-pthread"]) else { return };
    if empty::places().is_empty() {
        eprintln!("skipped: the C library here has a call of its own for open files");
        return;
    }
    for rung in [NOTIFY, Rung::Ptrace] {
        let ran = run(rung, &Folder::new(), &program, &["fstats"]).succeeds();
        assert!(ran.trace.events < 200, "{} events by {rung:?}", ran.trace.events);
    }
}

#[test]
fn what_is_to_be_changed_can_still_be_kept() {
    let Some(program) = compiled("cases", &["-pthread"]) else { return };
    for (case, path) in [("creat-over", "a"), ("unlink", "a"), ("rename-over", "b"), ("truncate", "a")] {
        for rung in [NOTIFY, Rung::Ptrace] {
            let folder = Folder::new();
            let ran = run(rung, &folder, &program, &[case]).succeeds();
            let kept = ran.kept.0[&folder.root.join(path)].clone();
            assert_eq!(kept, Some(format!("content of {path}")), "{case} {rung:?}");
        }
    }
}
