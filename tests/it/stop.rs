//! Ends that nobody planned: signals, two az at once, az in az.
//!
//! What must hold: no process is left, nothing committed is lost, and the next run is right.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::repo::{Gate, Repo, Running, is_alive, until};

/// A reader of `a` that passes, then one that stops at a gate with a child of its own, then one behind it.
fn held() -> (Repo, Gate) {
    let repo = Repo::new().file("a", "1").file("b", "1");
    let gate = repo.gate("gate");
    let child = repo.unseen("child").display().to_string();
    repo.script("0400_first.sh", "# Inputs: a\n# Outputs: first\ncp a first");
    // The child ignores what ends most programs, and is in a session of its own where that can be had.
    let stubborn = format!(
        "trap '' INT TERM HUP; $(command -v setsid) sh -c 'trap \"\" INT TERM HUP; echo $$ > {child}; read -r _ < {pipe}' & ",
        pipe = repo.unseen("never").display()
    );
    repo.sh(&format!("mkfifo '{}'", repo.unseen("never").display())).code(0);
    repo.script(
        "0410_second.sh",
        &format!("# Inputs: first, b\n# Outputs: second\nif grep -q 2 b; then\n{stubborn}\n{}\nfi\ncat first b > second", gate.stop()),
    );
    repo.script("0420_third.sh", "# Inputs: second\n# Outputs: third\ncp second third");
    repo.az("build '*'").code(0).ran(["0400", "0410", "0420"]);
    (repo, gate)
}

/// Edits an input and waits until the step that reads it is in the middle of its work; returns its processes.
fn in_the_middle(repo: &Repo, gate: &Gate) -> (Running, [u32; 2]) {
    repo.edit("b", "2");
    let running = repo.start("build '*'");
    let script = gate.reached();
    let child = repo.unseen("child");
    until("the child says who it is", || {
        std::fs::read_to_string(&child).is_ok_and(|text| text.ends_with('\n'))
    });
    let text = std::fs::read_to_string(&child).unwrap();
    std::fs::remove_file(&child).unwrap();
    (running, [script, text.trim().parse().unwrap()])
}

/// Claims that all these processes end within two seconds.
fn all_end(processes: [u32; 2]) {
    let started = Instant::now();
    while processes.into_iter().any(is_alive) {
        assert!(started.elapsed() < Duration::from_secs(2), "left behind: {processes:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The next run is right: an edit that is taken back runs nothing, and the edit itself is made good.
fn goes_on(repo: &Repo, gate: &Gate) {
    _ = repo.scripts_run();
    repo.edit("b", "1").az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("second"), &*repo.read("third")), ("11", "11"));
    repo.edit("b", "2");
    repo.executable("scripts/0410_second.sh", &without_child(repo));
    gate.open();
    repo.az("build '*'").code(0).ran(["0410", "0420"]);
    assert_eq!((&*repo.read("second"), &*repo.read("third")), ("12", "12"));
    repo.az("build '*'").code(0).ran([]);
}

/// Returns the text of the second script without its stubborn child.
fn without_child(repo: &Repo) -> String {
    let text = repo.read("0410_second.sh");
    text.lines().filter(|line| !line.contains("setsid")).flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn interrupt_ends_the_steps_and_keeps_what_is_done() {
    let (repo, gate) = held();
    let (running, processes) = in_the_middle(&repo, &gate);
    running.signal(Signal::INT);
    running.wait().code(130).ran(["0410"]).says("interrupted while it ran").says("the run ended before it");
    assert!(!processes.into_iter().any(is_alive), "az waits for the end of its steps");
    goes_on(&repo, &gate);
}

#[test]
fn terminate_ends_the_steps_and_keeps_what_is_done() {
    let (repo, gate) = held();
    let (running, processes) = in_the_middle(&repo, &gate);
    running.signal(Signal::TERM);
    running.wait().code(143).ran(["0410"]);
    assert!(!processes.into_iter().any(is_alive), "az waits for the end of its steps");
    goes_on(&repo, &gate);
}

#[test]
fn a_killed_az_leaves_no_process_and_no_wrong_result() {
    let (repo, gate) = held();
    for _ in 0..3 {
        let (running, processes) = in_the_middle(&repo, &gate);
        running.signal(Signal::KILL);
        running.wait().code(137).ran(["0410"]);
        all_end(processes);
        repo.edit("b", "1").az("build '*'").code(0).ran([]);
    }
    goes_on(&repo, &gate);
}

#[test]
fn a_killed_az_loses_nothing_it_committed() {
    let (repo, gate) = held();
    repo.edit("a", "2");
    let (running, processes) = in_the_middle(&repo, &gate);
    running.signal(Signal::KILL);
    running.wait().code(137).ran(["0400", "0410"]);
    all_end(processes);
    repo.edit("b", "1").az("build '*'").code(0).ran(["0410", "0420"]);
    assert_eq!(repo.read("third"), "21");
}

#[test]
fn the_second_interrupt_does_not_leave_processes_either() {
    let (repo, gate) = held();
    let (running, processes) = in_the_middle(&repo, &gate);
    running.signal(Signal::INT);
    running.signal(Signal::INT);
    running.signal(Signal::INT);
    running.wait().code(130);
    all_end(processes);
    goes_on(&repo, &gate);
}

#[test]
fn a_second_az_waits_and_then_has_nothing_to_do() {
    let repo = Repo::new().file("a", "1");
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &format!("# Inputs: a\n# Outputs: out\n{}\ncp a out", gate.stop()));
    let first = repo.start("build '*'");
    gate.reached();
    let second = repo.start("build '*'");
    until("the second says that it waits", || second.stderr().contains("waiting for another az"));
    gate.open();
    first.wait().code(0).ran(["0400"]);
    second.wait().code(0).ran([]).says("reused 1");
}

#[test]
fn an_az_that_waits_can_be_interrupted() {
    let repo = Repo::new().file("a", "1");
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &format!("# Inputs: a\n# Outputs: out\n{}\ncp a out", gate.stop()));
    let first = repo.start("build '*'");
    gate.reached();
    let second = repo.start("build '*'");
    until("the second says that it waits", || second.stderr().contains("waiting for another az"));
    second.signal(Signal::INT);
    second.wait().code(130);
    gate.open();
    first.wait().code(0).ran(["0400"]);
}

#[test]
fn a_second_az_goes_on_when_the_first_is_killed() {
    let repo = Repo::new().file("a", "1");
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &format!("# Inputs: a\n# Outputs: out\n{}\ncp a out", gate.stop()));
    let first = repo.start("build '*'");
    gate.reached();
    let second = repo.start("build '*'");
    until("the second says that it waits", || second.stderr().contains("waiting for another az"));
    first.signal(Signal::KILL);
    first.wait().code(137);
    gate.reached();
    gate.open();
    second.wait().code(0).ran(["0400", "0400"]);
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn az_inside_a_script_runs_another_selection() {
    let repo = Repo::new()
        .env("AZ_BINARY", env!("CARGO_BIN_EXE_az"))
        .file("a", "1")
        .script("0400_outer.sh", "\"$AZ_BINARY\" build 0500 && cat out")
        .script("0500_inner.sh", "# Inputs: a\n# Outputs: out\ncp a out");
    repo.az("build 0400").code(0).ran(["0400", "0500"]);
    // What the inner one did was seen to be done by the outer's step.
    repo.az("build 0400").code(0).ran([]);
    repo.az("build 0500").code(0).ran([]);
    repo.edit("a", "2").az("build 0400 -vv").code(0).ran(["0400", "0500"]).says("| 2");
}

#[test]
fn a_failing_az_inside_a_script_fails_the_script() {
    let repo = Repo::new()
        .env("AZ_BINARY", env!("CARGO_BIN_EXE_az"))
        .script("0400_outer.sh", "\"$AZ_BINARY\" build 0500")
        .script("0500_inner.sh", "echo reason; exit 1");
    repo.az("build 0400").code(1).ran(["0400", "0500"]).says("0500_inner").says("reason");
}

#[test]
fn two_workspaces_whose_steps_call_each_other_do_not_wait_for_ever() {
    let repo = Repo::new().env("AZ_BINARY", env!("CARGO_BIN_EXE_az"));
    let gates = ["one", "two"].map(|name| repo.gate(name));
    for (own, other, gate) in [("one", "two", &gates[0]), ("two", "one", &gates[1])] {
        let call = format!("{}\n\"$AZ_BINARY\" -C ../{other} build 0200", gate.stop());
        repo.executable(&format!("{own}/scripts/0100_call.sh"), &format!("#!/bin/sh\n{call}\n"));
        repo.executable(&format!("{own}/scripts/0200_inner.sh"), "#!/bin/sh\ntrue\n");
    }
    let running = ["one", "two"].map(|name| repo.start(&format!("-C {name} build 0100")));
    for gate in &gates {
        gate.reached();
        gate.open();
    }
    // The last to ask gives up, so the other may go on; both may, if they ask at the same time.
    let ended = running.map(Running::wait);
    let refused = ended.iter().filter(|output| output.stderr().contains("AZ0906")).count();
    assert!(refused > 0, "nobody gave up");
    assert!(ended.iter().all(|output| output.stderr().contains("AZ0906") != output.is_success()));
}
