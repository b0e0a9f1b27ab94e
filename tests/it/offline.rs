//! F193: everything but what a step itself does works without any network.

use crate::repo::{Output, Repo};

/// Runs az where there is no network at all, not even a loopback that is up.
fn az(repo: &Repo, line: &str) -> Output {
    let az = env!("CARGO_BIN_EXE_az");
    // Root makes such a place by itself; others where the system lets them.
    let alone = if rustix::process::getuid().is_root() { "unshare -n" } else { "unshare -rn" };
    repo.sh(&format!("exec {alone} -- '{az}' {line}"))
}

fn can_be_alone(repo: &Repo) -> bool {
    let alone = if rustix::process::getuid().is_root() { "unshare -n" } else { "unshare -rn" };
    let is_alone =
        repo.sh(&format!("{alone} -- sh -c 'test \"$(grep -c : /proc/net/dev)\" = 1'")).is_success();
    if !is_alone {
        eprintln!("skipped: this machine does not let the test have a network of its own");
    }
    is_alone
}

#[test]
fn everything_works_without_a_network() {
    let repo = Repo::new()
        .file("a", "1")
        .script("0100_a.sh", "cp a x")
        .script("0110_b.sh", "# Dependencies: 0100\ncat x >y\necho said")
        .playbook("p.yaml", "metadata: { name: p }\norchestration:\n  jobs:\n    j: { steps: [{ run: '0100' }, { run: '0110' }] }\n");
    repo.env("PATH", &std::env::var("PATH").unwrap());
    if !can_be_alone(&repo) {
        return;
    }
    az(&repo, "build p").code(0).ran(["0100", "0110"]);
    az(&repo, "build p").code(0).ran([]);
    repo.edit("a", "2");
    az(&repo, "build p --explain").code(0).ran(["0100", "0110"]);
    // What was brought back, and what is not to be shared with anybody.
    repo.edit("a", "1");
    az(&repo, "build p").code(0).ran([]);
    assert_eq!(repo.read("y"), "1");
    az(&repo, "watch p --until-green").code(0).ran([]);
    az(&repo, "verify 0100").code(0).ran(["0100", "0100"]);
    for line in [
        "list",
        "list playbooks",
        "playbooks",
        "plan p",
        "plan p --json",
        "check",
        "why 0110",
        "inputs 0110",
        "runs",
        "runs show",
        "runs show --log 0110",
        "cache",
        "cache gc",
        "cache export ../kept",
        "trust --show",
        "trust",
        "doctor --versions",
        "fsck --repair",
        "schema playbook",
        "help cache",
        "help AZ0104",
        "matrix --help",
        "selftest model --rounds 3",
        "selftest model --processes --rounds 1",
        "",
    ] {
        let (alone, among_others) = (az(&repo, line), repo.az(line));
        assert_eq!(alone.exit(), among_others.exit(), "az {line}\n{}", alone.stderr());
        assert!(![2, 100].contains(&alone.exit()), "az {line}\n{}", alone.stderr());
    }
}
