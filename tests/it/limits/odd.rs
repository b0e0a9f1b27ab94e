//! Files that are no plain files, in every place where az expects one.

use std::{
    fs::File,
    os::unix::net::UnixListener,
    time::{Duration, Instant},
};

use crate::repo::{Output, Repo};

/// Much more than any of these needs; what opens a pipe without a writer never ends.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 10 });

/// Makes something odd at a path; its name, or nothing where this machine cannot have it.
fn odd(repo: &Repo, kind: &str, path: &str) -> bool {
    let full = repo.path(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    match kind {
        "fifo" => repo.sh(&format!("mkfifo {path}")).is_success(),
        "device" => repo.sh(&format!("mknod {path} c 1 5")).is_success(),
        // Its end is never reached: an endless device.
        "terminal" => repo.sh(&format!("mknod {path} c 5 0")).is_success(),
        "socket" => UnixListener::bind(&full).is_ok(),
        "loop" => std::os::unix::fs::symlink(full.file_name().unwrap(), &full).is_ok(),
        "sparse" => File::create(&full).unwrap().set_len(1 << 40).is_ok(),
        "folder" => std::fs::create_dir(&full).is_ok(),
        "gone" => std::os::unix::fs::symlink("nowhere", &full).is_ok(),
        _ => unreachable!("{kind}"),
    }
}

const KINDS: [&str; 8] = ["fifo", "device", "terminal", "socket", "loop", "sparse", "folder", "gone"];

fn soon(repo: &Repo, line: &str) -> Output {
    let started = Instant::now();
    let output = repo.sh(&format!("exec timeout -s KILL 60 '{}' {line}", env!("CARGO_BIN_EXE_az")));
    assert!(started.elapsed() < SOON, "{:?}: {output}", started.elapsed());
    assert!(![137, 124, 134, 101, 100].contains(&output.exit()), "{output}");
    output
}

#[test]
fn as_a_file_of_az_it_is_told_and_nothing_hangs() {
    for kind in KINDS {
        for path in ["playbooks/p.json", "scripts/0200_b.sh", "az.toml", "rules/x.toml"] {
            let repo = Repo::new().script("0100_a.sh", "echo a");
            if !odd(&repo, kind, path) {
                eprintln!("skipped: no {kind} here");
                continue;
            }
            _ = soon(&repo, "check");
            let request = if path.starts_with("playbooks") { "p" } else { "0100" };
            for verb in ["plan", "build"] {
                let output = soon(&repo, &format!("{verb} {request}"));
                let is_told = output.exit() == 0
                    || output.stderr().contains("AZ0")
                    || output.stderr().contains("error");
                assert!(is_told, "{kind} as {path}: {output}");
            }
        }
    }
}

#[test]
fn as_an_input_it_neither_hangs_nor_is_taken_for_something_unchanged() {
    // A device and a sparse file of a terabyte cannot be read to their end: the first has none.
    for kind in ["fifo", "device", "terminal", "socket", "loop", "folder", "gone"] {
        for declared in ["data/x", "data/*"] {
            let repo = Repo::new();
            repo.script(
                "0100_a.sh",
                &format!("# Inputs: {declared}\n# Outputs: None\nls data >/dev/null; true"),
            );
            if !odd(&repo, kind, "data/x") {
                continue;
            }
            _ = soon(&repo, "plan 0100");
            _ = soon(&repo, "build 0100");
            // The kind of what is there is part of what is known: a file in its place is another input.
            repo.sh("rm -rf data/x; echo content > data/x").code(0);
            repo.scripts_run();
            soon(&repo, "build 0100").code(0).ran(["0100"]);
        }
    }
}

#[test]
fn a_pipe_that_a_step_reads_and_feeds_itself_is_never_a_reason_to_reuse() {
    let repo = Repo::new();
    repo.script("0100_a.sh", "(echo hi > data/x) & cat data/x; wait");
    assert!(odd(&repo, "fifo", "data/x"));
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    let second = soon(&repo, "build 0100");
    assert_eq!(second.exit(), 0, "{second}");
}

#[test]
fn names_of_any_bytes_are_inputs_and_outputs_like_others() {
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::new();
    std::fs::create_dir(repo.path("data")).unwrap();
    for name in [&b"a\nb"[..], b"\xff\xfe", b"a\tb", b"-rf", b"a\x1b[31mb", b" "] {
        std::fs::write(repo.path("data").join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    repo.script("0100_a.sh", "cat data/* ./data/-rf > out; ls data > names");
    let output = soon(&repo, "build 0100");
    output.code(0).ran(["0100"]).not("\u{1b}[31m");
    soon(&repo, "build 0100").code(0).not("\u{1b}[31m");
    repo.scripts_run();
    std::fs::write(repo.path("data").join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), "changed").unwrap();
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    assert!(repo.read("out").contains("changed"));
}

#[test]
fn a_hard_link_is_an_input_by_its_content() {
    let repo = Repo::new().file("data/x", "one");
    std::fs::hard_link(repo.path("data/x"), repo.path("data/y")).unwrap();
    repo.script("0100_a.sh", "cat data/y > out");
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    // Written by its other name, in place.
    repo.sh("printf two > data/x").code(0);
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    assert_eq!(repo.read("out"), "two");
}

#[test]
fn names_that_differ_in_case_alone_are_two_files() {
    let repo = Repo::new().file("in/Name", "upper").file("in/name", "lower");
    if repo.read("in/Name") != "upper" {
        eprintln!("skipped: this file system takes both names for one");
        return;
    }
    repo.script("0100_a.sh", "mkdir -p out; cat in/Name > out/Name; cat in/name > out/name");
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    repo.sh("rm -r out").code(0);
    repo.scripts_run();
    soon(&repo, "build 0100").code(0).ran([]);
    assert_eq!((&*repo.read("out/Name"), &*repo.read("out/name")), ("upper", "lower"));
    repo.sh("mv in/name in/other; mv in/Name in/name; mv in/other in/Name").code(0);
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    assert_eq!((&*repo.read("out/Name"), &*repo.read("out/name")), ("lower", "upper"));
}

#[test]
fn a_file_with_holes_is_an_input_and_an_output_like_others() {
    let repo = Repo::new();
    let hole = |content: &str| {
        repo.sh(&format!(
            "truncate -s 64M holes; printf {content} | dd of=holes bs=1 seek=33554432 conv=notrunc"
        ))
        .code(0);
    };
    hole("one");
    repo.script("0100_a.sh", "mkdir -p out; cp --sparse=always holes out/holes");
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    repo.sh("rm out/holes").code(0);
    repo.scripts_run();
    soon(&repo, "build 0100").code(0).ran([]);
    repo.sh("cmp holes out/holes").code(0);
    hole("two");
    soon(&repo, "build 0100").code(0).ran(["0100"]);
    repo.sh("cmp holes out/holes").code(0);
}
