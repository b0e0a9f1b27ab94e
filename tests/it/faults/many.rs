//! Many az at once in one workspace.

use super::rounds;
use crate::repo::{Repo, until};

/// So many az are started at once.
const MANY: usize = 50;

#[test]
fn fifty_at_once_run_each_step_once() {
    let repo = Repo::new()
        .script("0400_one.sh", "cat a > one; echo END >> one")
        .script("0410_two.sh", "cat one > two; echo END >> two");
    // The first build learns which of them waits for the other.
    repo.file("a", "first").az("build '*'").code(0);
    repo.scripts_run();
    for round in 0..rounds("AZ_MANY_ROUNDS", 2) {
        repo.file("a", format!("{round}\n"));
        let all: Vec<_> = (0..MANY).map(|_| repo.start("build '*'")).collect();
        for running in all {
            running.wait().code(0).not("×");
        }
        assert_eq!(repo.scripts_run(), ["0400", "0410"], "round {round}");
        assert_eq!(repo.read("two"), format!("{round}\nEND\nEND\n"));
    }
}

#[test]
fn who_does_not_want_to_wait_does_not() {
    let repo = Repo::new().file("a", "1");
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &format!("# Inputs: a\n# Outputs: out\n{}\ncp a out", gate.stop()));
    let first = repo.start("build '*'");
    gate.reached();
    repo.az("build '*' --no-wait").code(75).says("AZ0906").says("another az is at work");
    // Who only looks never waits.
    for line in ["plan '*'", "list", "why 0400", "runs", "cache", "check"] {
        assert!(repo.az(line).exit() < 2, "{line}");
    }
    repo.az("fsck").code(75);
    gate.open();
    first.wait().code(0);
    repo.az("build '*' --no-wait").code(0).says("reused 1");
}

#[test]
fn locks_are_never_removed_and_go_with_their_holder() {
    let repo = Repo::new().file("a", "1").script("0400_one.sh", "cat a > one");
    repo.az("build '*'").code(0);
    let lock = repo.path(".azcache/v1/lock");
    let inode =
        |path: &std::path::Path| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap());
    let before = inode(&lock);
    let gate = repo.gate("gate");
    repo.script("0410_slow.sh", &gate.stop());
    let held = repo.start("build '*'");
    gate.reached();
    held.signal(rustix::process::Signal::KILL);
    held.wait().code(137);
    gate.open();
    until("the next one gets the lock", || repo.az("build 0400 --no-wait").is_success());
    assert_eq!(inode(&lock), before);
}
