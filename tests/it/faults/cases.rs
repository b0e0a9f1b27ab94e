//! The twenty-five cases in which build systems were measured, each with a step that declares what it reads and makes, and
//! with one that is only seen to.
//!
//! The step is the one of the measurements: `BEGIN`, the input, a pause, `END`. Cases 19 and 20, the full disk and the power
//! cut, stand in `disk`; 23 and 24, random kills and the model, in `kill`.

use rustix::process::Signal;

use super::processes_in;
use crate::repo::{Gate, Repo, is_alive, until};

const DECLARED: &str = "# Inputs: in\n# Outputs: out\n";
const HEADERS: [&str; 2] = [DECLARED, ""];

/// The step, with something else in its middle.
fn step(header: &str, middle: &str) -> Repo {
    let repo = Repo::new().file("in", "one\n");
    repo.script("0400_step.sh", &text(header, middle));
    repo
}

fn text(header: &str, middle: &str) -> String {
    format!("{header}printf BEGIN > out; cat in >> out; {middle}; echo END >> out")
}

fn held(header: &str) -> (Repo, Gate) {
    let repo = step(header, "true");
    let gate = repo.gate("gate");
    let stop = format!(
        "if [ -e {held} ]; then {stop}; fi",
        held = repo.unseen("held").display(),
        stop = gate.stop()
    );
    repo.script("0400_step.sh", &text(header, &stop));
    (repo, gate)
}

fn hold(repo: &Repo) {
    std::fs::write(repo.unseen("held"), "").unwrap();
}

fn let_go(repo: &Repo) {
    std::fs::remove_file(repo.unseen("held")).unwrap();
}

/// Builds, and claims that what is there is right, and that nothing is left to do.
fn is_right(repo: &Repo, input: &str) {
    repo.az("build '*'").code(0);
    assert_eq!(repo.read("out"), format!("BEGIN{input}END\n"));
    repo.scripts_run();
    // What was changed at the very time of a build may be looked at once more.
    repo.az("build '*'").code(0);
    repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out"), format!("BEGIN{input}END\n"));
}

/// Starts a build, and kills it while the step is in its middle.
fn kill_in_the_middle(repo: &Repo, gate: &Gate, signal: Signal, code: i32) {
    hold(repo);
    let running = repo.start("build '*'");
    let process = gate.reached();
    running.signal(signal);
    running.wait().code(code);
    until("the step has ended", || !is_alive(process));
    until("nothing is left", || processes_in(&repo.path("")).is_empty());
    let_go(repo);
}

#[test]
fn case_01_killed_in_the_first_run() {
    for header in HEADERS {
        let (repo, gate) = held(header);
        kill_in_the_middle(&repo, &gate, Signal::KILL, 137);
        is_right(&repo, "one\n");
    }
}

#[test]
fn case_02_killed_in_the_second_run_after_an_edit() {
    for header in HEADERS {
        let (repo, gate) = held(header);
        is_right(&repo, "one\n");
        repo.file("in", "two\n");
        kill_in_the_middle(&repo, &gate, Signal::KILL, 137);
        is_right(&repo, "two\n");
    }
}

#[test]
fn case_03_killed_in_another_state_and_back() {
    for header in HEADERS {
        let (repo, gate) = held(header);
        is_right(&repo, "one\n");
        repo.file("in", "two\n");
        kill_in_the_middle(&repo, &gate, Signal::KILL, 137);
        repo.file("in", "one\n");
        is_right(&repo, "one\n");
    }
}

#[test]
fn case_04_the_step_ends_with_az() {
    let (repo, gate) = held(DECLARED);
    // The tool alone is killed, and the step is gone: see there.
    kill_in_the_middle(&repo, &gate, Signal::KILL, 137);
}

#[test]
fn case_05_az_is_asked_to_end() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        for header in HEADERS {
            let (repo, gate) = held(header);
            kill_in_the_middle(&repo, &gate, signal, code);
            is_right(&repo, "one\n");
        }
    }
}

#[test]
fn case_06_and_07_the_output_is_edited_with_and_without_its_time() {
    for header in HEADERS {
        for tamper in [
            "echo other > out",
            "cp -p out ../o; echo other > out; touch -r ../o out",
            "tr O X < out > ../o; touch -r out ../o; cat ../o > out; touch -r ../o out",
        ] {
            let repo = step(header, "true");
            is_right(&repo, "one\n");
            repo.sh(tamper).code(0);
            is_right(&repo, "one\n");
        }
    }
}

#[test]
fn case_08_the_output_is_deleted() {
    for header in HEADERS {
        let repo = step(header, "true");
        is_right(&repo, "one\n");
        repo.sh("rm out").code(0);
        repo.az("build '*'").code(0).ran([]);
        is_right(&repo, "one\n");
    }
}

#[test]
fn case_09_the_input_is_edited_with_its_size_and_time_kept() {
    for header in HEADERS {
        let repo = step(header, "true");
        is_right(&repo, "one\n");
        repo.sh("cp -p in ../i; echo two > in; touch -r ../i in").code(0);
        is_right(&repo, "two\n");
    }
}

#[test]
fn case_10_the_input_is_replaced_by_an_older_file() {
    for header in HEADERS {
        let repo = step(header, "true");
        is_right(&repo, "one\n");
        repo.sh("echo two > ../i; touch -d 2001-01-01 ../i; mv ../i in").code(0);
        is_right(&repo, "two\n");
    }
}

#[test]
fn case_11_the_input_is_edited_after_it_was_read() {
    for header in HEADERS {
        let (repo, gate) = held(header);
        hold(&repo);
        let running = repo.start("build '*'");
        gate.reached();
        repo.file("in", "two\n");
        let_go(&repo);
        gate.open();
        running.wait().code(0).says("changed while it ran");
        is_right(&repo, "two\n");
    }
}

#[test]
fn case_12_the_input_is_edited_before_it_is_read_and_back() {
    for header in HEADERS {
        let repo = step(header, "true");
        let gate = repo.gate("gate");
        let held = repo.unseen("held").display().to_string();
        let stop = format!("if [ -e {held} ]; then {}; fi", gate.stop());
        repo.script(
            "0400_step.sh",
            &format!("{header}{stop}; printf BEGIN > out; cat in >> out; {stop}; echo END >> out"),
        );
        hold(&repo);
        let running = repo.start("build '*'");
        gate.reached();
        // az has hashed it, and the step reads something else.
        repo.file("in", "two\n");
        gate.open();
        gate.reached();
        repo.file("in", "one\n");
        let_go(&repo);
        gate.open();
        running.wait().code(0);
        is_right(&repo, "one\n");
    }
}

#[test]
fn case_13_the_command_is_another_one() {
    for header in HEADERS {
        let repo = step(header, "true");
        is_right(&repo, "one\n");
        repo.script("0400_step.sh", &text(header, "echo more >> out"));
        repo.az("build '*'").code(0);
        assert_eq!(repo.read("out"), "BEGINone\nmore\nEND\n");
        repo.script("0400_step.sh", &text(header, "true"));
        is_right(&repo, "one\n");
    }
}

#[test]
fn case_14_and_15_bits_flip_and_all_files_of_the_state_are_cut_in_half() {
    for header in HEADERS {
        for remove in ["true", "rm out"] {
            let repo = step(header, "true");
            is_right(&repo, "one\n");
            let halve = "find .azcache -type f | while read -r f; do s=$(wc -c < $f); head -c $((s / 2)) $f > ../h; chmod u+w $f; cat ../h > $f; done";
            repo.sh(&format!("{halve}; {remove}")).code(0);
            is_right(&repo, "one\n");
            for byte in (0..2000).step_by(97) {
                let flip = format!(
                    "find .azcache -type f | while read -r f; do s=$(wc -c < $f); if [ $s -gt {byte} ]; then chmod u+w $f; printf '\\125' | dd of=$f bs=1 seek={byte} conv=notrunc 2> ../dd; fi; done"
                );
                repo.sh(&format!("{flip}; {remove}")).code(0);
                repo.az("build '*'").code(0);
                assert_eq!(repo.read("out"), "BEGINone\nEND\n", "{remove}, byte {byte}");
            }
        }
    }
}

#[test]
fn case_16_two_at_once() {
    for header in HEADERS {
        let (repo, gate) = held(header);
        hold(&repo);
        let first = repo.start("build '*'");
        gate.reached();
        let second = repo.start("build '*'");
        let_go(&repo);
        gate.open();
        first.wait().code(0);
        second.wait().code(0);
        repo.scripts_run();
        is_right(&repo, "one\n");
    }
}

#[test]
fn case_17_a_folder_of_outputs_is_a_link_to_somewhere_else() {
    for header in ["# Inputs: in\n# Outputs: o/out\n", ""] {
        let repo = Repo::new().file("in", "one\n");
        repo.script("0400_step.sh", &format!("{header}mkdir -p o; cat in > o/out"));
        repo.az("build '*'").code(0);
        repo.sh("rm -r o; mkdir ../elsewhere; ln -s ../elsewhere o").code(0);
        repo.scripts_run();
        // az puts nothing there; what the step itself does is the step's.
        let done = repo.az("build '*'").code(0);
        let is_written = repo.outside("elsewhere/out").exists();
        assert_eq!(is_written, !done.scripts_run().is_empty(), "{header}: {}", repo.read("o/out"));
    }
}

#[test]
fn case_18_a_secret_is_nowhere_on_disk() {
    let canary = "canary-8Zk2Qp";
    for header in ["# Inputs: in\n# Outputs: out\n# Env: API_TOKEN\n", "# Env: API_TOKEN\n"] {
        let repo = step(header, "test -n \"$API_TOKEN\"").env("API_TOKEN", canary);
        is_right(&repo, "one\n");
        repo.script("0410_print.sh", "# Env: API_TOKEN\necho $API_TOKEN; cat out").az("build '*'").code(0);
        repo.sh(&format!("! grep -rq {canary} .azcache ../home ../tmp")).code(0);
        repo.env("API_TOKEN", "canary-another").az("build 0400").code(0);
        assert_eq!(
            repo.scripts_run().last().map(String::as_str),
            Some("0400"),
            "another value is another input"
        );
    }
}

#[test]
fn case_21_a_declared_output_is_not_made() {
    let repo = Repo::new().file("in", "1").script("0400_step.sh", "# Inputs: in\n# Outputs: out\ntrue");
    for _ in 0..2 {
        repo.az("build '*'").ran(["0400"]).says("did not make its output `out`");
    }
}

#[test]
fn case_22_a_grandchild_holds_the_output_open() {
    for header in HEADERS {
        let repo = step(header, "sleep 1000 &");
        let text = text(header, "sleep 1000 & true");
        repo.script("0400_step.sh", &text);
        repo.az("build '*'").code(0);
        assert_eq!(repo.read("out"), "BEGINone\nEND\n");
        until("it has ended as well", || processes_in(&repo.path("")).is_empty());
    }
}

#[test]
fn case_25_what_is_brought_back_is_what_was_there() {
    let make = "rm -rf o; mkdir -p o/empty o/deep/er; printf plain > o/plain; : > o/zero; printf hidden > o/.hidden; \
                printf 'read only' > o/ro; chmod 444 o/ro; printf '#!/bin/sh\\n' > o/run; chmod 755 o/run; ln -s plain o/link; \
                ln -s missing o/dangling; ln -s deep o/folder; printf x > o/deep/er/x; printf 'odd' > \"o/a b\"; printf u > o/ü; \
                printf n > \"o/-n\"; head -c 100000 /dev/zero > o/large; chmod 600 o/plain";
    for header in ["# Inputs: in\n# Outputs: o/**\n", ""] {
        let repo = Repo::new().file("in", "1").script("0400_step.sh", &format!("{header}cat in; {make}"));
        let shown = "cd o && find . -printf '%p %y %m %s %l\\n' | sed 's/ d \\([0-9]*\\) [0-9]*/ d \\1/' | sort; find . -type f -exec md5sum {} + | sort";
        repo.az("build '*'").code(0);
        let before = repo.sh(shown).stdout().to_owned();
        assert!(before.lines().count() > 25, "{before}");
        repo.scripts_run();
        repo.sh("rm -rf o").code(0);
        repo.az("build '*'").code(0).ran([]);
        assert_eq!(repo.sh(shown).stdout(), before, "{header}");
    }
}
