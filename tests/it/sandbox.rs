//! Steps that are kept from writing elsewhere, and from the network.

use std::net::TcpListener;

use crate::{
    repo::Repo,
    traced::{has, traced},
};

/// Steps in a sandbox, whose runs az counts: a sandboxed script cannot note behind az's back that it ran.
trait Steps {
    /// Writes a script that does nothing but this.
    fn step(&self, name: &str, body: &str) -> Repo;
}

impl Steps for Repo {
    fn step(&self, name: &str, body: &str) -> Repo {
        self.executable(&format!("scripts/{name}"), &format!("#!/bin/sh\n{body}\n"))
    }
}

/// Az's word that a single step ran, and that none did.
const RAN: &str = "ran 1 step";
const REUSED: &str = "ran 0 steps, reused 1";

/// A repository on a machine that can keep a step in a sandbox; nothing, said aloud, elsewhere.
fn sandboxed() -> Option<Repo> {
    let repo = traced()?;
    let probe = repo.step("0100_probe.sh", "# Sandbox: on\ntrue").az("build '*'");
    if probe.stderr().contains("AZ0721") {
        eprintln!("skipped: no step can be sandboxed here");
        return None;
    }
    probe.code(0).says(RAN);
    Some(repo.remove("0100_probe.sh"))
}

#[test]
fn a_sandboxed_step_writes_what_it_declares_and_nothing_else() {
    let Some(repo) = sandboxed() else { return };
    repo.file("source", "1\n").file("old/stale", "").file("old/mine", "");
    repo.step(
        "0400_make.sh",
        "# Sandbox: on\n# Outputs: out.txt, deep/er/made/, *.log, old/st*\n\
         cat source > out.txt; mkdir -p deep/er/made/x; echo 2 > deep/er/made/x/y; echo 3 > a.log\n\
         rm -f old/stale; echo 4 > $TMPDIR/t; mv $TMPDIR/t out.txt; echo 5 > /dev/null; echo said > /dev/stderr",
    );
    repo.az("build '*' -v").code(0).says(RAN).not("AZ07");
    assert_eq!((repo.read("out.txt"), repo.read("deep/er/made/x/y")), ("4\n".into(), "2\n".into()));
    assert!(repo.has_path("a.log") && !repo.has_path("old/stale"));
    repo.az("build '*'").code(0).says(REUSED);

    let home = repo.outside("home/x");
    for (name, write) in [
        ("source", "echo 9 >> source".to_owned()),
        ("fresh", "echo 9 > fresh".to_owned()),
        ("deep/other", "mkdir deep/other".to_owned()),
        ("old/mine", "rm -f old/mine".to_owned()),
        (".azcache/x", "echo 9 > .azcache/x".to_owned()),
        ("home/x", format!("echo 9 > {}", home.display())),
        ("scripts/0410_break.sh", "chmod 700 scripts/0410_break.sh".to_owned()),
    ] {
        let body = format!("# Sandbox: on\n# Outputs: out.txt, deep/er/made/\n{write}");
        let failed = repo.step("0410_break.sh", &body).az("build 0410");
        failed.code(1).says(RAN).says("AZ0720").says(name).says("# Outputs:");
        failed.says("0410_break.sh");
    }
    assert_eq!(repo.read("source"), "1\n");
    assert!(!repo.has_path("fresh") && repo.has_path("old/mine") && !repo.has_path("deep/other"));
    assert!(!repo.has_path(".azcache/x") && !home.exists());
}

#[test]
fn a_sandboxed_step_that_declares_no_outputs_may_write_the_workspace_but_not_az_s_folder() {
    let Some(repo) = sandboxed() else { return };
    repo.step("0400_make.sh", "echo 1 > made; mkdir d; echo 2 > d/made");
    repo.az("build '*' --sandbox").code(0).says(RAN);
    repo.az("build '*' --sandbox").code(0).says(REUSED);
    // What is enforced is part of the key.
    repo.az("build '*'").code(0).says(RAN);
    repo.step("0400_make.sh", "rm -rf .azcache");
    repo.az("build '*' --sandbox").code(1).says(RAN).says("AZ0720").says("`.azcache/");
    repo.step("0400_make.sh", "echo 1 > ../elsewhere");
    repo.az("build '*' --sandbox").code(1).says(RAN).says("AZ0720");
    assert!(!repo.outside("elsewhere").exists());
    repo.az("build '*'").code(0).says(RAN);
    assert!(repo.outside("elsewhere").exists());
}

#[test]
fn a_sandboxed_step_that_is_not_traced_is_held_by_the_kernel_alone() {
    let Some(repo) = sandboxed() else { return };
    repo.file("out/keep", "").file("source", "1\n");
    let header = "# Sandbox: on\n# Trace: off\n# Inputs: None\n";
    let made = repo.step("0400_make.sh", &format!("{header}# Outputs: out/made\necho 1 > out/made"));
    made.az("build '*'").code(0).says(RAN);
    assert_eq!(repo.read("out/made"), "1\n");
    for write in ["echo 9 >> source", "echo 9 > .azcache/x", "echo 9 > ../x", "rm source", "mkdir ../y"] {
        repo.step("0400_make.sh", &format!("{header}# Outputs: out/made\n{write}"));
        repo.az("build '*'").code(1).says(RAN).says("AZ0720").says("sandbox");
        repo.step("0400_make.sh", &format!("# Sandbox: on\n# Trace: off\n{write}"));
        let code = i32::from(!write.contains(">> source"));
        repo.file("source", "1\n").az("build '*'").code(code).says(RAN);
        repo.file("source", "1\n");
    }
    assert!(!repo.has_path(".azcache/x") && !repo.outside("x").exists() && !repo.outside("y").exists());
}

#[test]
fn private_state_of_tools_may_be_written_in_a_sandbox() {
    let Some(repo) = sandboxed().filter(|repo| has(repo, "python3 --version")) else { return };
    repo.file("lib.py", "x = 1\n").file("mine/keep", "");
    let body = "# Sandbox: on\n# Outputs: out\n# Scratch: mine/**\npython3 -c 'import lib; print(lib.x)' > out\n\
                test -d __pycache__\necho 1 > mine/state";
    repo.step("0400_use.sh", body).az("build '*'").code(0).says(RAN);
    assert_eq!(repo.read("out"), "1\n");
}

#[test]
fn a_step_without_network_reaches_nobody() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let connect = format!("python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'");
    let datagram = "python3 -c 'import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)'";
    let local = "python3 -c 'import socket; socket.socketpair(); socket.socket(socket.AF_UNIX)'";
    for (header, talk, code) in [
        ("", &*connect, 0),
        ("# Network: on\n", &connect, 0),
        ("# Network: off\n", &connect, 1),
        ("# Network: false\n", datagram, 1),
        ("# Network: off\n", local, 0),
    ] {
        let output = repo.step("0400_talk.sh", &format!("{header}{talk}")).az("build '*'");
        output.code(code).says(RAN);
        if code == 1 {
            output.says("AZ0720").says("had no network");
        }
    }
    if sandboxed().is_some() {
        repo.step("0400_talk.sh", &format!("# Sandbox: on\n{connect}")).az("build '*'").code(1).says(RAN);
        let both = format!("# Sandbox: on\n# Network: on\n{connect}");
        repo.step("0400_talk.sh", &both).az("build '*'").code(0).says(RAN);
    }
    // Nobody but those who may have come to the server: without a word, with `on`, and from a sandbox with `on`.
    server.set_nonblocking(true).unwrap();
    let came = std::iter::from_fn(|| server.accept().ok()).count();
    assert!((2..=3).contains(&came), "{came}");
}

#[test]
fn a_step_that_cannot_be_sandboxed_does_not_run() {
    let Some(repo) = sandboxed().filter(|repo| has(repo, "python3 --version")) else { return };
    // A kernel without Landlock, as far as az can tell.
    let old_kernel = repo.unseen("old_kernel.py");
    std::fs::write(&old_kernel, OLD_KERNEL).unwrap();
    repo.step("0400_make.sh", "# Sandbox: on\necho 1 > made").step("0410_free.sh", "echo 2 > free");
    let az = env!("CARGO_BIN_EXE_az");
    let output = repo.sh(&format!("python3 {} {az} build '*' --continue-on-error", old_kernel.display()));
    output.code(10).says("AZ0721").says("Landlock").says("Linux 5.13");
    assert!(!repo.has_path("made") && repo.has_path("free"));
}

/// Runs a command under a filter that answers the calls of Landlock as a kernel that does not know them.
const OLD_KERNEL: &str = "
import ctypes, os, struct, sys
code = [(0x20, 0, 0, 0), (0x35, 0, 2, 444), (0x25, 1, 0, 446), (0x06, 0, 0, 0x50000 | 38), (0x06, 0, 0, 0x7fff0000)]
filter = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in code))
program = struct.pack('HxxxxxxQ', len(code), ctypes.addressof(filter))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn permissions_of_a_job_are_kept_or_told_to_be_beyond_az() {
    let Some(repo) = sandboxed() else { return };
    let playbook = |permissions: &str, text: &str| {
        let text = format!(
            "{{\"metadata\": {{\"name\": \"ci\"}}, \"orchestration\": {{\"jobs\": {{\"a\": {{\"permissions\": {permissions}, \
             \"steps\": [{{\"script\": \"{text}\", \"shell\": \"sh\"}}]}}}}}}}}"
        );
        repo.playbook("ci.json", &text)
    };
    playbook("{\"filesystem\": [\"read\", \"made/\"]}", "mkdir made; echo 1 > made/x")
        .az("build ci")
        .code(0)
        .not("AZ02");
    assert!(repo.has_path("made/x"));
    playbook("{\"filesystem\": [\"read\", \"made/\"]}", "echo 1 > other")
        .az("build ci")
        .code(1)
        .says("`other`");
    playbook("{\"filesystem\": [\"write\"]}", "echo 1 > other").az("build ci").code(0);
    playbook("{\"filesystem\": []}", "echo 1 > third").az("build ci").code(1).says("`third`");
    assert!(!repo.has_path("third"));
    let told = playbook("{\"network\": [\"example.org\"], \"registry\": false}", "true").az("check");
    told.code(0).says("AZ0220").says("cannot be limited to example.org").says("`registry: false`");
    playbook("{\"network\": \"none\", \"disk\": 1}", "true").az("check").code(2).says("disk");
}
