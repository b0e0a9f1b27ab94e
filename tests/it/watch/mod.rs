//! `az watch`: what it builds when something changes, how it ends, and what it answers others.
//!
//! Knows how to wait for what a watch says. No test waits for time to pass, and none for silence: that nothing is built is
//! seen by what comes next.

mod asks;
mod builds;
mod ends;
mod random;

use rustix::process::Signal;

use crate::repo::{Checked, Output, Repo, Running, until};

/// A watch at work, and how much of what it said was looked at.
struct Watch {
    running: Running,
    read: usize,
}

impl Watch {
    /// Starts a watch and waits for the end of its first build.
    fn start(repo: &Repo, line: &str) -> Self {
        let mut watch = Self::begin(repo, line);
        watch.line_with(" in ");
        watch
    }

    /// Starts a watch and waits until it says where.
    fn begin(repo: &Repo, line: &str) -> Self {
        Self::of(repo.start(&format!("watch {line}")))
    }

    /// Waits until a watch says where it is.
    fn of(running: Running) -> Self {
        let mut watch = Self { running, read: 0 };
        watch.line_with("Ctrl-C ends it");
        watch
    }

    /// Waits for the next line, and returns it.
    fn line(&mut self) -> String {
        let mut line = String::new();
        until("the watch says something", || {
            assert!(self.running.is_running(), "it has ended: {}", self.running.stderr());
            let said = self.running.stderr();
            let rest = &said[self.read..];
            let Some(end) = rest.find('\n') else { return false };
            rest[..end].clone_into(&mut line);
            true
        });
        self.read += line.len() + 1;
        line
    }

    /// Waits for a line with this in it; returns it, and those before it.
    fn line_with(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            lines.push(self.line());
            if lines.last().is_some_and(|line| line.contains(text)) {
                return lines;
            }
        }
    }

    /// Claims that the next line says that so many steps ran since these changed.
    fn builds(&mut self, changed: &str, ran: &str) {
        let line = self.line();
        assert!(line.starts_with(&format!("{changed} changed -> ran {ran}")), "{line}");
    }

    /// Ends it by a signal, and waits for its end.
    fn end(self, signal: Signal) -> Output {
        self.running.signal(signal);
        self.running.wait()
    }
}

/// Two scripts: the second reads what the first makes of `a`, and `b`.
fn world() -> Repo {
    let repo = Repo::new().file("a", "1").file("b", "1").file("c", "1");
    repo.script("0100_first.sh", "# Inputs: a\n# Outputs: first\ncat a > first");
    repo.script("0200_second.sh", "# Inputs: first, b\n# Outputs: second\ncat first b > second")
}

/// Ends a watch that has nothing to say any more.
fn is_silent(watch: Watch) -> Checked {
    let read = watch.read;
    let output = watch.end(Signal::INT);
    assert_eq!(&output.stderr()[read..], "", "nothing more was to be said");
    output.code(130)
}
