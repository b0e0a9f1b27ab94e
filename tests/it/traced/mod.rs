//! The scenarios that break simpler rules, with steps that declare nothing: they are reused by what they were seen to
//! do.
//!
//! Each test is named after its law. A test that az does not pass yet says why it is ignored.

mod environment;
mod failure;
mod gate;
mod order;
mod outputs;
mod person;
mod projects;
mod random;
mod refusal;

use std::sync::OnceLock;

use crate::repo::Repo;

/// Returns an empty repository; nothing, said aloud, where no step can be traced.
pub(crate) fn traced() -> Option<Repo> {
    static IS_TRACED: OnceLock<bool> = OnceLock::new();
    let can_trace = || {
        let repo = Repo::new().script("0400_probe.sh", "cat scripts/0400_probe.sh > out");
        (0..2).for_each(|_| _ = repo.az("build '*'").code(0));
        repo.scripts_run().len() == 1
    };
    let is_traced = *IS_TRACED.get_or_init(can_trace);
    if !is_traced {
        eprintln!("skipped: steps cannot be traced here");
    }
    is_traced.then(Repo::new)
}

/// Tells whether a command works with the paths a repository has by itself.
pub(crate) fn has(repo: &Repo, command: &str) -> bool {
    let is_there = repo.sh(command).is_success();
    if !is_there {
        eprintln!("skipped: `{command}` does not work here");
    }
    is_there
}

/// A repository in which one thing after another is changed; what went wrong is told at the end, all together.
struct Course {
    repo: Repo,
    /// What the steps make.
    results: &'static str,
    wrong: Vec<String>,
}

impl Course {
    fn new(repo: &Repo, results: &'static str) -> Self {
        Self { repo: repo.clone(), results, wrong: Vec::new() }
    }

    /// Claims which steps run after a change, and that nothing is left to do then.
    fn after(&mut self, change: &str, expected: &[&str]) -> &mut Self {
        for (expected, when) in [(expected, ""), (&[], ", the second time")] {
            let output = self.repo.az("build '*' --explain");
            let mut ran = self.repo.scripts_run();
            ran.sort();
            if ran != expected || output.exit() != 0 {
                self.wrong.push(format!("after {change}{when}: {ran:?} ran, not {expected:?}: {output}"));
            }
        }
        self
    }

    /// Claims that the results are those of a run by hand on the same files without any results.
    fn as_clean(&mut self, change: &str) -> &mut Self {
        let results = self.results;
        let copy = format!(
            "rm -rf ../clean && cp -a . ../clean && cd ../clean && rm -rf .azcache {results} && \
             for script in scripts/*; do $script >/dev/null 2>&1 || exit; done; \
             for result in {results}; do diff -r $result ../repo/$result || exit; done"
        );
        let output = self.repo.sh(&copy);
        if !output.is_success() {
            self.wrong.push(format!("after {change}, not as in a clean run: {output}"));
        }
        _ = self.repo.scripts_run();
        self
    }

    fn end(&self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n\n"));
    }
}
