//! Processes that a step leaves behind: ended, ended with the run, or kept.

use rustix::process::{Pid, Signal, kill_process};

use crate::repo::{Repo, Running, is_alive, until};

/// A workspace whose first step leaves a process behind that says its number, and whose second looks whether it is there.
fn leaving(policy: &str) -> Repo {
    let repo = Repo::new();
    let pid = repo.unseen("pid").display().to_string();
    // It leaves its session and its parents, and listens to no signal but the last one.
    let server = "setsid sh -c 'trap \"\" INT TERM HUP; echo $$ > \"$0\"; while :; do sleep 0.05; done'";
    let there = "if kill -0 \"$(cat \"$server\")\" 2>/dev/null; then echo there; else echo gone; fi";
    repo.script(
        "0100_serve.sh",
        &format!("{policy}\n({server} '{pid}' &)\nuntil [ -s '{pid}' ]; do sleep 0.01; done"),
    )
    .script("0110_ask.sh", &format!("# Dependencies: 0100\n# Trace: off\nserver='{pid}'\n{there}"))
}

/// Returns the number of the process, which says it anew next time.
fn left_by(repo: &Repo) -> u32 {
    let path = repo.unseen("pid");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    text.trim().parse().unwrap()
}

fn end(process: u32) {
    let pid = Pid::from_raw(process.cast_signed()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    until("the process ends", || !is_alive(process));
}

#[test]
fn are_ended_and_told_unless_something_else_is_said() {
    for policy in ["", "# Leftovers: kill", "# Leftovers: keep\n# Trace: on"] {
        let repo = leaving(policy);
        // What they do has no end that could be kept: the step runs again.
        for _ in 0..2 {
            repo.az("build 0100,0110 -vv")
                .code(0)
                .says("[leftovers]")
                .says("gone")
                .ran_in_order(["0100", "0110"]);
            assert!(!is_alive(left_by(&repo)), "{policy}");
        }
    }
}

#[test]
fn may_go_on_while_the_run_lasts() {
    let repo = leaving("# Leftovers: warn");
    for _ in 0..2 {
        let told = repo.az("build 0100,0110 -vv").code(0).ran_in_order(["0100", "0110"]);
        told.says("[leftovers]").says("there");
        assert_eq!(
            told.stdout().matches("[leftovers]").count() + told.stderr().matches("[leftovers]").count(),
            1
        );
        assert!(!is_alive(left_by(&repo)), "it ends with the run");
    }
}

#[test]
fn may_be_kept() {
    for policy in ["# Leftovers: keep", "# Service: true"] {
        let repo = leaving(policy);
        repo.az("build 0100,0110 -vv").code(0).says("[leftovers]").says("there");
        let kept = left_by(&repo);
        assert!(is_alive(kept), "{policy}");
        end(kept);
    }
    // A rule says it as a header does, and a header goes first.
    let repo = leaving("").file("rules/own.toml", "[[rule]]\nmatch = \"01*\"\nleftovers = \"keep\"\n");
    repo.az("build 0100").code(0);
    end(left_by(&repo));
}

#[test]
fn of_a_killed_az_are_kept_if_they_were_to_be_and_nothing_else() {
    let repo = leaving("# Leftovers: keep");
    let gate = repo.gate("gate");
    repo.script("0120_wait.sh", &format!("# Dependencies: 0110\n{}", gate.stop()));
    let running: Running = repo.start("build 0100,0110,0120");
    let script = gate.reached();
    running.signal(Signal::KILL);
    running.wait().code(137);
    until("the step that ran is ended", || !is_alive(script));
    let kept = left_by(&repo);
    assert!(is_alive(kept));
    end(kept);
}

#[test]
fn of_a_step_that_takes_too_long_are_ended_whatever_is_said() {
    let repo = leaving("# Leftovers: keep\n# Timeout: 1s");
    let body = repo.read("0100_serve.sh");
    repo.executable("scripts/0100_serve.sh", &format!("{body}\nsleep 60\n"));
    repo.az("build 0100").code(1).says("timed out");
    assert!(!is_alive(left_by(&repo)));
}

#[test]
fn that_there_is_no_word_for_are_a_mistake() {
    let repo = Repo::new().script("0100_a.sh", "# Leftovers: maybe\ntrue");
    repo.az("check").says("`maybe`").says("write kill, warn or keep");
}

/// Returns the parent of a process.
fn parent(process: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let behind_name = stat.rsplit_once(')').unwrap().1;
    behind_name.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn that_are_kept_are_no_children_of_a_watch() {
    let repo = leaving("# Leftovers: keep");
    let running = repo.start("watch 0100");
    until("the first build has ended", || running.stderr().contains(" in "));
    let kept = left_by(&repo);
    // The guard of a build ends a little after it is told.
    let watch = running.id();
    let is_of = |parent_of: u32| parent_of == watch || parent(parent_of) == watch;
    until("the guard has ended", || !is_of(parent(kept)));
    assert!(is_alive(kept));
    end(kept);
    running.signal(Signal::INT);
    running.wait().code(130);
}
