//! The scenarios that break simpler rules, with steps that declare nothing: they are reused by what they were seen to
//! do.
//!
//! Each test is named after its law. A test that az does not pass yet says why it is ignored.

mod any_edits;
mod between;
mod declared;
mod edits;
mod environment;
mod failure;
mod gate;
mod hold;
mod obstacles;
mod order;
mod outputs;
mod owners;
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
            let all = ran.clone();
            // Steps that nobody has seen yet overlap, and those that did so in the wrong order run once more.
            ran.dedup();
            let is_often = ran.iter().any(|step| all.iter().filter(|other| *other == step).count() > 2);
            if is_often || ran != expected || output.exit() != 0 {
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
             for result in {results}; do diff -r --no-dereference $result ../repo/$result || exit; done; \
             list() {{ find {results} -printf '%p %y %m %l\\n' | sort; }}; \
             list > ../clean-list && cd ../repo && list | diff ../clean-list -"
        );
        let output = self.repo.sh(&copy);
        if !output.is_success() {
            self.wrong.push(format!("after {change}, not as in a clean run: {output}"));
        }
        _ = self.repo.scripts_run();
        self
    }

    /// Keeps the results, to compare with later.
    fn keep(&self) {
        let keep = format!("mkdir ../kept && cp -a {} ../kept", self.results);
        _ = self.repo.sh(&keep).code(0);
    }

    /// Claims that the results are those that were kept.
    fn as_kept(&mut self, change: &str) -> &mut Self {
        let results = self.results;
        let compare = format!(
            "for result in {results}; do diff -r --no-dereference ../kept/$result $result || exit; done; \
             list() {{ find {results} -printf '%p %y %m %l\\n' | sort; }}; \
             (cd ../kept && list) > ../kept-list && list | diff ../kept-list -"
        );
        let output = self.repo.sh(&compare);
        if !output.is_success() {
            self.wrong.push(format!("after {change}, not as at first: {output}"));
        }
        self
    }

    fn end(&self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n\n"));
    }
}
