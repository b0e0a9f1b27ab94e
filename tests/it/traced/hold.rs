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
    until("the second step is held", || is_held(repo, "0410"));
    assert!(crate::repo::is_alive(pid), "the first step is still at work");
    assert!(!repo.has_path("early"), "what the second one did is undone");
    Held { repo: repo.clone(), gate, running }
}

fn is_held(repo: &Repo, number: &str) -> bool {
    is_told(repo, number, "retry")
}

/// Tells whether the journal says that something happened to a step.
fn is_told(repo: &Repo, number: &str, what: &str) -> bool {
    repo.sh(&format!("cat .azcache/v1/runs/*/events.jsonl | grep -i {what} | grep {number}")).is_success()
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
fn a_step_behind_a_step_of_unknown_effects_is_held_too() {
    let Some(repo) = traced() else { return };
    repo.script("0100_unknown.sh", "# Trace: off\ntrue");
    let held = held(&repo, "echo line >> ../outside", "exit 1");
    held.gate.open();
    held.running.wait().code(1).ran(["0100", "0400", "0410"]);
    assert!(!repo.has_path("../outside"));
}

#[test]
fn a_commit_is_made_in_its_turn_and_once() {
    let Some(repo) = traced().filter(|repo| has(repo, "git --version")) else { return };
    _ = repo.sh("git init -q .").code(0);
    let commit = "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one";
    let held = held(&repo, commit, "true");
    held.gate.open();
    held.running.wait().code(0).ran(["0400", "0410", "0410"]);
    assert_eq!(repo.sh("git rev-list --count HEAD").code(0).stdout().trim(), "1");
}

#[test]
fn a_step_that_does_what_cannot_be_seen_does_so_in_its_turn() {
    let Some(repo) = traced() else { return };
    _ = repo.file("linked", "").sh("ln linked ../alias").code(0);
    let held = held(&repo, "echo 1 >> linked; cp made copy", "echo v > made");
    held.gate.open();
    held.running.wait().code(0).ran(["0400", "0410", "0410"]);
    assert_eq!((&*repo.read("copy"), &*repo.read("../alias")), ("v\n", "1\n"));
}

#[test]
fn what_ran_behind_a_held_step_is_decided_again_when_that_has_ended() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &format!("{}; echo v > a", gate.stop()));
    repo.script("0410_early.sh", "cat a > b || true");
    repo.script("0420_acts.sh", "echo line >> ../outside; echo n > f");
    repo.script("0430_reads.sh", "cat f > out || echo none > out");
    let running = repo.start("build '*' -j4");
    _ = gate.reached();
    until("the others have done what they can", || is_held(&repo, "0420") && repo.has_path("out"));
    gate.open();
    running.wait().code(0);
    _ = repo.scripts_run();
    assert_eq!((&*repo.read("b"), &*repo.read("out"), &*repo.read("../outside")), ("v\n", "n\n", "line\n"));
    repo.az("build '*' -j4").code(0).ran([]);
}

#[test]
fn a_repair_starts_nothing_that_a_failure_before_it_kept_from_running() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &format!("{}; echo v > f", gate.stop()));
    repo.script("0405_fails.sh", "exit 1");
    repo.script("0410_early.sh", "cat f > out || true");
    repo.script("0420_acts.sh", "echo line >> ../outside");
    let running = repo.start("build '*' -j3");
    _ = gate.reached();
    until("the third has read too early", || is_told(&repo, "0410", "completed"));
    gate.open();
    running.wait().code(1);
    assert_eq!(repo.read("out"), "v\n");
    assert!(!repo.has_path("../outside"), "in order it would not have run");
}

#[test]
fn a_repair_goes_on_behind_a_failure_where_the_run_does() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &format!("{}; echo v > f", gate.stop()));
    repo.script("0410_early.sh", "cat f > a || true").script("0420_fails.sh", "cat f > b; exit 1");
    repo.script("0430_early.sh", "cat f > c || true");
    let running = repo.start("build '*' -j4 --continue-on-error");
    _ = gate.reached();
    until("the others have ended", || ["0410", "0430"].iter().all(|step| is_told(&repo, step, "completed")));
    gate.open();
    let output = running.wait().code(10);
    assert_eq!(output.stderr().matches("failed  0420_fails").count(), 1, "{}", output.stderr());
    for made in ["a", "b", "c"] {
        assert_eq!(repo.read(made), "v\n", "{made}");
    }
}

#[test]
fn a_repair_sets_aside_what_a_person_wrote_meanwhile() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.script("0400_scaffold.sh", "echo scaffold > config");
    repo.script("0410_slow.sh", &format!("{}; echo v > f", gate.stop()));
    repo.script("0420_early.sh", "cat f > out || true");
    let running = repo.start("build '*' -j3");
    _ = gate.reached();
    until("the others have ended", || ["0400", "0420"].iter().all(|step| is_told(&repo, step, "completed")));
    repo.edit("config", "hours of work\n");
    gate.open();
    running.wait().code(0).says("set aside `config`");
    assert_eq!(repo.read("out"), "v\n");
    assert_eq!(repo.sh("cat .azcache/v1/kept/*/config").code(0).stdout(), "hours of work\n");
}

#[test]
fn a_step_that_only_declares_is_put_in_order_too() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.file("f", "old\n");
    let body = format!("# Trace: off\n# Inputs: f\n# Outputs: out\n{}; cp f out", gate.stop());
    repo.script("0400_declares.sh", &body).script("0410_rewrites.sh", "echo new > f");
    let running = repo.start("build '*' -j2");
    _ = gate.reached();
    until("the second has ended", || repo.read("f") == "new\n");
    gate.open();
    gate.open();
    running.wait().code(0);
    assert_eq!((&*repo.read("out"), &*repo.read("f")), ("old\n", "new\n"));
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

#[test]
fn a_step_that_changes_what_cannot_be_kept_does_so_in_its_turn() {
    let Some(repo) = traced() else { return };
    // Where a file is, nothing can be stored.
    repo.file("kept", "text\n").sh("mkdir -p .azcache/v1 && echo > .azcache/v1/cas").code(0);
    let held = held(&repo, "echo more >> kept", "true");
    assert_eq!(repo.read("kept"), "text\n");
    held.gate.open();
    held.running.wait().code(0).ran(["0400", "0410", "0410"]);
    assert_eq!(repo.read("kept"), "text\nmore\n");
}

#[test]
fn a_copy_that_is_damaged_is_none() {
    let Some(repo) = traced() else { return };
    repo.script("0100_made.sh", "yes | head -c 20000 > kept").az("build '*'").code(0).ran(["0100"]);
    repo.remove("scripts/0100_made.sh");
    repo.sh("find .azcache/v1/cas -type f -size +16k -exec sh -c 'chmod u+w $0; echo damaged > $0' {} ';'")
        .code(0);
    let gate = repo.gate("gate");
    repo.script("0400_first.sh", &format!("{}; echo v > made", gate.stop()));
    repo.script("0410_second.sh", "test -e made && cp made got; echo more >> kept; echo > early");
    let running = repo.start("build '*' -j2");
    gate.reached();
    until("the second step has come too early", || repo.has_path("early"));
    gate.open();
    running.wait().code(0).ran(["0400", "0410", "0410"]);
    assert_eq!((&*repo.read("got"), repo.read("kept").matches("more").count()), ("v\n", 1));
}

#[test]
fn a_step_whose_condition_a_repair_makes_true_runs_after_all() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.script("0400_first.sh", &format!("{}; echo v > made", gate.stop()));
    repo.script("0410_second.sh", "test -e made && cp made got; echo > early");
    repo.script("0420_third.sh", "# Condition: fileExists('got')\ncp got last");
    repo.script("0430_fourth.sh", "# Condition: fileExists('nowhere')\ntrue");
    let running = repo.start("build '*' -j2");
    gate.reached();
    until("the second step has come too early", || repo.has_path("early"));
    gate.open();
    running.wait().code(0).says("1 skipped").ran(["0400", "0410", "0410", "0420"]);
    assert_eq!(repo.read("last"), "v\n");
}
