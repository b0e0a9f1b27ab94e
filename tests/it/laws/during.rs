//! What happens to files while steps are at work: no step that is not at work may take it for what it was decided with.

use super::declared;
use crate::repo::{Gate, Repo};

/// Steps of which the last one waits whenever it runs; it has run, and nothing is to be done.
fn held() -> (Repo, Gate) {
    let repo = Repo::new().file("f", "1").file("g", "1").file("in/a", "1");
    let gate = repo.gate("slow");
    repo.script("0100_one.sh", &declared("f, in/*", "one", "cat f > one; ls in >> one"));
    repo.script("0200_two.sh", &declared("f, g", "two", "cat f g > two"));
    repo.script("0210_three.sh", &declared("one", "three", "cat one > three"));
    repo.script("0300_slow.sh", &declared("g", "slow", &format!("{}\ncat g > slow", gate.stop())));
    gate.open();
    repo.az("build '*' -j1").code(0);
    gate.reached();
    _ = repo.scripts_run();
    repo.is_answered_by_gate("build '*' -j1");
    (repo, gate)
}

/// Builds since `g` has changed, and does this while the last step is at work.
fn build_and(repo: &Repo, gate: &Gate, meanwhile: &str) {
    let running = repo.edit("g", "2").start("build '*' -j1");
    gate.reached();
    repo.sh(meanwhile).code(0);
    gate.open();
    running.wait().code(0);
    _ = repo.scripts_run();
}

#[test]
fn l22_an_input_of_others_is_edited_while_some_steps_are_at_work() {
    let (repo, gate) = held();
    build_and(&repo, &gate, "echo 2 > f");
    repo.az("build '*' -j1").code(0);
    assert_eq!(repo.read("one"), "2\na\n");
    assert_eq!(repo.read("two"), "2\n2");
}

#[test]
fn l22_names_of_others_come_while_some_steps_are_at_work() {
    let (repo, gate) = held();
    build_and(
        &repo,
        &gate,
        "echo > in/b; touch -r in/a in/b; printf '#!/bin/sh\\necho > four\\n' > scripts/0400_four.sh",
    );
    repo.az("build '*' -j1").code(0);
    assert_eq!(repo.read("one"), "1a\nb\n");
    assert!(repo.has_path("four"));
}

#[test]
fn l22_what_others_left_is_lost_while_some_steps_are_at_work() {
    let (repo, gate) = held();
    build_and(&repo, &gate, "rm one");
    repo.az("build '*' -j1").code(0);
    assert_eq!(repo.read("one"), "1a\n");
}

#[test]
fn l22_names_come_while_all_is_built() {
    let (repo, gate) = held();
    repo.remove(".azcache/v1/gate");
    build_and(&repo, &gate, "printf '#!/bin/sh\\necho > four\\n' > scripts/0400_four.sh; echo > in/b");
    repo.az("build '*' -j1").code(0);
    assert_eq!(repo.read("one"), "1a\nb\n");
    assert!(repo.has_path("four"));
}

#[test]
fn l22_what_others_left_is_lost_while_all_is_built() {
    let (repo, gate) = held();
    repo.remove(".azcache/v1/gate");
    build_and(&repo, &gate, "rm one");
    repo.az("build '*' -j1").code(0);
    assert_eq!(repo.read("one"), "1a\n");
}
