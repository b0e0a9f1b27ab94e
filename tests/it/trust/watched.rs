//! A watch runs what a person asked for, and after an edit of what decides nothing until somebody agrees.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use rustix::process::Signal;

use crate::repo::{Repo, Running, until};

fn world() -> Repo {
    let repo = Repo::new().file("a", "1").file("b", "1").file("az.toml", "");
    repo.script("0100_first.sh", "# Inputs: a\n# Outputs: first\ncat a > first")
}

/// Another text of the script.
const EDITED: &str = "# Inputs: a\n# Outputs: first\ncat a a > first";

fn start(repo: &Repo, words: &str) -> Running {
    let running = repo.start(&format!("watch '*' {words}"));
    until("it has built", || running.stderr().contains(" in "));
    assert_eq!(repo.scripts_run(), ["0100"]);
    running
}

fn says(running: &Running, text: &str, times: usize) {
    until(&format!("it says `{text}`"), || running.stderr().matches(text).count() >= times);
}

fn end(running: Running) {
    running.signal(Signal::INT);
    running.wait().code(130);
}

#[test]
fn nothing_of_an_edited_script_runs_until_somebody_agrees() {
    let repo = world();
    let running = start(&repo, "");
    repo.edit("a", "2");
    says(&running, "a changed -> ran 1 step", 1);
    repo.edit("0100_first.sh", EDITED);
    says(&running, "AZ0912", 1);
    says(&running, "nothing was run", 1);
    // An input that changes meanwhile lets nothing run either, and the whole diagnostic is not said again.
    repo.edit("a", "3");
    says(&running, "nobody has agreed to it yet", 1);
    assert_eq!((repo.read("first"), running.stderr().matches("AZ0912").count()), ("2".to_owned(), 1));
    assert_eq!(repo.scripts_run(), ["0100"]);
    repo.az("trust").code(0);
    until("it goes on by itself", || repo.read("first") == "33");
    repo.edit("a", "4");
    until("it goes on", || repo.read("first") == "44");
    end(running);
}

#[test]
fn what_was_there_before_may_run_again() {
    let repo = world();
    let before = repo.read("scripts/0100_first.sh");
    let running = start(&repo, "");
    repo.edit("0100_first.sh", EDITED);
    says(&running, "AZ0912", 1);
    repo.file("scripts/0100_first.sh", before).edit("a", "2");
    until("it goes on", || repo.read("first") == "2");
    end(running);
}

#[test]
fn each_file_that_decides_counts_and_others_do_not() {
    for (path, text) in [
        ("az.toml", "jobs = 1\n"),
        ("rules/r.toml", "[[rule]]\nmatch = \"0100\"\ntimeout = \"5m\"\n"),
        ("scripts/deep/0200_b.sh", "echo two > second\n"),
        ("scripts/0200_b.sh", "echo two > second\n"),
    ] {
        let repo = world().file("rules/own.toml", "").file("scripts/deep/note", "");
        let running = start(&repo, "");
        repo.file("scripts/deep/note", "2").edit("a", "2");
        until("an input is built", || repo.read("first") == "2");
        repo.file(path, text);
        says(&running, "AZ0912", 1);
        repo.edit("a", "3");
        says(&running, "nobody has agreed to it yet", 1);
        assert!(repo.read("first") == "2" && !repo.has_path("second"), "{path}");
        end(running);
    }
}

#[test]
fn what_is_trusted_goes_on() {
    for (words, variable, trust) in [("--trust-edits", "", ""), ("", "ci", ""), ("", "", "trust --edits")] {
        let repo = world().env("AZ_TRUST", variable);
        if !trust.is_empty() {
            repo.az(trust).code(0);
        }
        let running = start(&repo, words);
        repo.edit("0100_first.sh", EDITED);
        until("it is built", || repo.read("first") == "11");
        repo.edit("a", "2");
        until("an input is built", || repo.read("first") == "22");
        assert_eq!(running.stderr().matches("AZ0912").count(), 0);
        end(running);
    }
    // That a job of CI runs says nothing on what it runs.
    let repo = world().env("CI", "1").env("AZ_TRUST", "1");
    let running = start(&repo, "");
    repo.edit("0100_first.sh", EDITED);
    says(&running, "AZ0912", 1);
    end(running);
}

#[test]
fn who_builds_elsewhere_has_agreed_to_nothing_here() {
    let repo = world();
    let running = start(&repo, "");
    repo.edit("0100_first.sh", EDITED);
    says(&running, "AZ0912", 1);
    repo.az("build '*'").code(0).ran(["0100"]);
    assert_eq!(repo.read("first"), "11");
    repo.edit("a", "2");
    says(&running, "nobody has agreed to it yet", 1);
    assert_eq!((repo.read("first"), repo.scripts_run()), ("11".to_owned(), vec![]));
    end(running);
}

#[test]
fn programs_are_told_by_a_diagnostic() {
    let repo = world();
    let running = repo.start("watch '*' --json");
    until("it has built", || running.stdout().contains("\"result\""));
    repo.edit("0100_first.sh", EDITED);
    until("it is told", || running.stdout().contains("AZ0912"));
    end(running);
}

/// A watch at a terminal.
struct AtTerminal {
    child: std::process::Child,
    said: Arc<Mutex<Vec<u8>>>,
    input: std::process::ChildStdin,
}

impl AtTerminal {
    /// Starts it; nothing, said aloud, where there is no `script` to make a terminal with.
    fn start(repo: &Repo) -> Option<Self> {
        if !repo.finds("script") {
            return None;
        }
        let line = format!("exec '{}' watch '*'", env!("CARGO_BIN_EXE_az"));
        let mut command = Command::new("script");
        command.args(["-qefc", &line, "/dev/null"]).current_dir(repo.path("")).env_clear();
        for name in ["HOME", "TMPDIR"] {
            command.env(name, repo.variable(name).unwrap());
        }
        command
            .env("PATH", std::env::var("PATH").unwrap())
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env("SHELL", "/bin/sh");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (mut from, to) = (child.stdout.take().unwrap(), Arc::clone(&said));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                to.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        let input = child.stdin.take().unwrap();
        let this = Self { child, said, input };
        this.says(" in ", 1);
        Some(this)
    }

    fn says(&self, text: &str, times: usize) {
        until(&format!("it says `{text}`"), || {
            String::from_utf8_lossy(&self.said.lock().unwrap()).matches(text).count() >= times
        });
    }

    fn answer(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        // Ctrl-C, as it is typed.
        _ = self.input.write_all(b"\x03");
        _ = self.child.wait();
    }
}

#[test]
fn at_a_terminal_the_diff_is_shown_and_a_person_is_asked() {
    let repo = world();
    let Some(mut watch) = AtTerminal::start(&repo) else { return };
    repo.edit("0100_first.sh", &EDITED.replace("cat", "cat \u{1b}[2J;cat"));
    watch.says("may this run?", 1);
    watch.says("+cat \\u{1b}[2J;cat a a > first", 1);
    watch.answer("n\n");
    watch.says("nothing was run; waiting", 1);
    repo.edit("a", "2");
    watch.says("nobody has agreed to it yet", 1);
    assert_eq!(repo.read("first"), "1");
    // Another edit is another question; while it is open, what changes asks again.
    repo.edit("0100_first.sh", EDITED);
    watch.says("may this run?", 2);
    watch.answer("y\n");
    until("it runs", || repo.read("first") == "22");
    repo.edit("0100_first.sh", "# Inputs: a\n# Outputs: first\ncat a a a > first");
    watch.says("may this run?", 3);
    watch.answer("a\n");
    until("it runs", || repo.read("first") == "222");
    repo.edit("0100_first.sh", EDITED);
    until("no edit is asked about", || repo.read("first") == "22");
    drop(watch);
    repo.az("trust --show").code(0).says("whatever these files become may run");
}

#[test]
fn a_question_is_gone_with_its_cause_and_ctrl_c_ends_it() {
    let repo = world();
    let before = repo.read("scripts/0100_first.sh");
    let Some(watch) = AtTerminal::start(&repo) else { return };
    repo.edit("0100_first.sh", EDITED);
    watch.says("may this run?", 1);
    repo.file("scripts/0100_first.sh", before).edit("a", "2");
    until("it goes on", || repo.read("first") == "2");
    repo.edit("0100_first.sh", EDITED);
    watch.says("may this run?", 2);
    drop(watch);
    assert_eq!(repo.read("first"), "2");
}
