//! What an expression may ask the world, and the record of what it asked.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::{Machine, status::Status};

/// Answers what an expression asks. Names of variables are to be found without regard to case.
///
/// What is not answered is unknown: the expression then has a [`super::Problem`], never a guess.
pub trait Lookup {
    /// Returns the value of a variable, nothing if nobody sets it.
    fn variable(&self, name: &str) -> Option<Value>;

    /// Returns a variable of the environment, nothing if it is unset.
    fn env(&self, name: &str) -> Option<String>;

    /// Returns the platform as `std::env::consts::OS` has it.
    fn platform(&self) -> &str;

    /// Returns a context such as `github`, `needs` or `steps`, nothing if there is none here.
    fn context(&self, _name: &str) -> Option<Value> {
        None
    }

    /// Returns a member of a context or variable where that can be told without the others; nothing to look at the whole.
    fn member(&self, _whole: &str, _name: &str) -> Option<Value> {
        None
    }

    /// Tells how things went so far; `always()` is not asked. See [`super::status()`].
    fn status(&self, _function: Status) -> Option<bool> {
        None
    }

    /// Tells whether there is something at a path, which may hold `*`, `?` and `[a-z]`.
    fn path_exists(&self, _path: &str) -> Option<bool> {
        None
    }

    /// Tells whether a program of this name is found.
    fn command_exists(&self, _name: &str) -> Option<bool> {
        None
    }

    /// Returns the names in a folder that fit a pattern, in order; none if there is no such folder.
    fn list_files(&self, _folder: &str, _pattern: &str) -> Option<Vec<String>> {
        None
    }

    /// Returns the digest of all files that fit the patterns, empty if none does.
    fn hash_files(&self, _patterns: &[String]) -> Option<String> {
        None
    }

    /// Returns a version (`7.4.1`) or a truth (`true`) of the machine.
    fn machine(&self, _question: Machine) -> Option<String> {
        None
    }

    /// Lets PowerShell run a script that prints `true` or `false`, with these variables in its environment; an error is a
    /// clause.
    fn powershell(&self, _script: &str, _env: &BTreeMap<String, String>) -> Option<Result<bool, String>> {
        None
    }
}

/// What sort of thing was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A variable, with members if only these matter: `results.Failed`.
    Variable,
    /// A variable of the environment.
    Env,
    /// A value of a context: `steps.build.outputs.version`.
    Context,
    /// Whether a path is there.
    Path,
    /// Whether a program is there.
    Command,
    /// The names or the content of files: the patterns.
    Files,
    /// How things went so far: the function.
    Status,
    /// The machine: how PowerShell asks for it; the platform is `platform`.
    Machine,
    /// What PowerShell evaluated.
    PowerShell,
}

/// One question and its answer: what the value of the expression depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What sort of thing.
    pub kind: Kind,
    /// Which one.
    pub name: String,
    /// The answer; nothing if it is not set or not known.
    pub answer: Option<Value>,
}

/// The questions so far, each once, in the order in which they were first asked.
#[derive(Debug, Default)]
pub(super) struct Questions(IndexMap<(Kind, String), Option<Value>>);

impl Questions {
    pub(super) fn add(&mut self, kind: Kind, name: impl Into<String>, answer: Option<Value>) {
        self.0.insert((kind, name.into()), answer);
    }

    /// Tells whether something of this name was asked for and is not there.
    pub(super) fn is_unanswered(&self, name: &str) -> bool {
        [Kind::Variable, Kind::Env, Kind::Context]
            .iter()
            .any(|kind| self.0.get(&(*kind, name.to_owned())).is_some_and(Option::is_none))
    }

    pub(super) fn into_asked(self) -> Vec<Asked> {
        self.0.into_iter().map(|((kind, name), answer)| Asked { kind, name, answer }).collect()
    }
}
