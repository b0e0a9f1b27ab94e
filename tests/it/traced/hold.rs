//! Steps that overlap and are about to do what cannot be undone: they are held until it is their turn.

use std::net::TcpListener;

use super::{has, traced};
use crate::repo::{Gate, Repo, Running, until};

/// Two steps that nobody has seen yet: the first stands at a gate, the second has been held right before `act`.
struct Held {
    repo: Repo,
    gate: Gate,
    running: Running,
}

/// Starts a build of a first step that looks what is there and ends with `end`, and a second one that does `act`.
fn held(repo: &Repo, act: &str, end: &str) -> Held {
    let gate = repo.gate("gate");
    repo.script("0400_first.sh", &format!("{}; ls > seen; {end}", gate.stop()));
    repo.script("0410_second.sh", &format!("echo early > early; {act}; echo late > late"));
    let running = repo.start("build '*' -j2");
    let pid = gate.reached();
    let tell = "cat .azcache/v1/runs/*/events.jsonl | grep '\"retry\"\\|Retry' | grep 0410";
    until("the second step is held", || repo.sh(tell).is_success());
    assert!(crate::repo::is_alive(pid), "the first step is still at work");
    assert!(!repo.has_path("early"), "what the second one did is undone");
    Held { repo: repo.clone(), gate, running }
}

fn contacts(listener: &TcpListener) -> usize {
    listener.set_nonblocking(true).unwrap();
    std::iter::from_fn(|| listener.accept().ok()).count()
}

/// A server, and the command that connects to it.
fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connect = format!("python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'");
    (listener, connect)
}

#[test]
fn a_step_connects_in_its_turn_and_once() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    let (listener, connect) = server();
    let held = held(&repo, &connect, "true");
    assert_eq!(contacts(&listener), 0, "nobody was connected to");
    held.gate.open();
    held.running.wait().code(0).ran(["0400", "0410", "0410"]);
    assert_eq!(contacts(&listener), 1);
    assert_eq!(repo.read("late"), "late\n");
    assert!(!repo.read("seen").contains("early"), "the first one saw nothing of the second");
    // From now on it is known what it does, and it waits; the first one finds other names now.
    repo.az("plan '*'").code(0).says("after 0400_first: ");
    held.gate.open();
    repo.az("build '*' -j2").code(0).ran_in_order(["0400", "0410"]);
    assert_eq!(contacts(&listener), 1);
}

#[test]
fn a_step_writes_outside_in_its_turn_and_once() {
    let Some(repo) = traced() else { return };
    let held = held(&repo, "echo line >> ../outside", "true");
    assert!(!repo.has_path("../outside"));
    held.gate.open();
    held.running.wait().code(0).ran(["0400", "0410", "0410"]);
    assert_eq!(repo.read("../outside"), "line\n");
}

#[test]
fn a_step_that_was_held_does_nothing_if_one_before_it_fails() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    let (listener, connect) = server();
    let held = held(&repo, &connect, "exit 1");
    held.gate.open();
    held.running.wait().code(1).ran(["0400", "0410"]);
    assert_eq!(contacts(&listener), 0, "nobody was connected to");
    assert!(!held.repo.has_path("early"));
}

#[test]
fn what_steps_were_seen_to_do_orders_them_and_the_plan_says_so() {
    let Some(repo) = traced() else { return };
    repo.script("0400_make.sh", "echo 1 > made").script("0410_use.sh", "cat made > used");
    repo.script("0420_other.sh", "echo 2 > other");
    repo.az("plan '*'").code(0).not("after 0400_make");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410", "0420"]);
    let plan = repo.az("plan '*' --json").code(0).json();
    assert_eq!(plan["nodes"][1]["needs"], serde_json::json!(["0400_make"]));
    assert_eq!(
        plan["nodes"][1]["order"],
        serde_json::json!(["after 0400_make: it writes `made`, which this one reads"])
    );
    assert_eq!(plan["nodes"][2]["needs"], serde_json::json!([]));
    repo.az("plan '*'").code(0).says("after 0400_make: it writes `made`, which this one reads");
    // What is known to be in order is run so at once.
    repo.script("0400_make.sh", "echo 3 > made").az("build '*' -j8").code(0).ran_in_order(["0400", "0410"]);
}
