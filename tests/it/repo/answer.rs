//! What a command answered, and what a test claims of it.
//!
//! Knows texts, exit codes and the log of scripts. Does not know which verb was asked.

use std::{fmt::Write, ops::Deref, os::unix::process::ExitStatusExt, process::ExitStatus, rc::Rc};

use super::Repo;

/// What a command answered; leads back to the repository it ran in.
#[must_use = "claim something of it, at least its exit code"]
#[derive(Clone)]
pub(crate) struct Output {
    repo: Repo,
    answer: Rc<Answer>,
}

/// An output of which something was claimed.
pub(crate) struct Checked(Output);

struct Answer {
    line: String,
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Output {
    pub(super) fn new(repo: Repo, line: String, status: ExitStatus, stdout: String, stderr: String) -> Self {
        Self { repo, answer: Rc::new(Answer { line, status, stdout, stderr }) }
    }

    /// Claims the exit code; death by a signal counts as 128 and its number, as in a shell.
    pub(crate) fn code(&self, expected: i32) -> Checked {
        assert_eq!(self.exit(), expected, "the exit code of {self}");
        Checked(self.clone())
    }

    /// Returns the exit code; death by a signal counts as 128 and its number, as in a shell.
    pub(crate) fn exit(&self) -> i32 {
        let status = self.answer.status;
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        code.expect("an ended process has an exit code or a signal")
    }

    /// Tells whether the command ended well, for a test that goes on only then.
    pub(crate) fn is_success(&self) -> bool {
        self.answer.status.success()
    }

    /// Claims that the text stands in one of the two streams.
    pub(crate) fn says(&self, text: &str) -> Checked {
        assert!(self.has(text), "`{text}` is missing in {self}");
        Checked(self.clone())
    }

    /// Claims that the text stands in neither stream.
    pub(crate) fn not(&self, text: &str) -> Checked {
        assert!(!self.has(text), "`{text}` has no place in {self}");
        Checked(self.clone())
    }

    /// Claims which scripts really ran since this was last claimed, in any order; each as often as it is named.
    pub(crate) fn ran<const N: usize>(&self, expected: [&str; N]) -> Checked {
        let (mut ran, mut expected) = (self.repo.scripts_run(), expected.to_vec());
        ran.sort();
        expected.sort_unstable();
        assert_eq!(ran, expected, "the scripts that ran in {self}");
        Checked(self.clone())
    }

    /// Claims which scripts really ran since this was last claimed, in any order, where steps that nobody has seen yet
    /// may have overlapped in the wrong order: each once or twice.
    pub(crate) fn ran_once_or_twice<const N: usize>(&self, expected: [&str; N]) -> Checked {
        let mut ran = self.repo.scripts_run();
        ran.sort();
        let is_often = ran.windows(3).any(|same| same[0] == same[2]);
        assert!(!is_often, "a step ran three times: {ran:?} in {self}");
        ran.dedup();
        assert_eq!(ran, expected, "the scripts that ran in {self}");
        Checked(self.clone())
    }

    /// Claims which scripts really ran since this was last claimed, in the order in which they started.
    pub(crate) fn ran_in_order<const N: usize>(&self, expected: [&str; N]) -> Checked {
        assert_eq!(self.repo.scripts_run(), expected, "the scripts that ran in {self}");
        Checked(self.clone())
    }

    /// Returns what was written to standard output.
    pub(crate) fn stdout(&self) -> &str {
        &self.answer.stdout
    }

    /// Returns what was written to standard error.
    pub(crate) fn stderr(&self) -> &str {
        &self.answer.stderr
    }

    /// Returns standard output read as one JSON value.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.stdout()).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    fn has(&self, text: &str) -> bool {
        self.stdout().contains(text) || self.stderr().contains(text)
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Answer { line, status, stdout, stderr } = &*self.answer;
        write!(f, "`{line}`, {status}\n--- stdout\n{stdout}")?;
        f.write_char('\n')?;
        write!(f, "--- stderr\n{stderr}\n---")
    }
}

impl Deref for Output {
    type Target = Repo;

    fn deref(&self) -> &Repo {
        &self.repo
    }
}

impl Deref for Checked {
    type Target = Output;

    fn deref(&self) -> &Output {
        &self.0
    }
}
