//! What the end of a step's process means for the step.

use crate::{
    base::duration,
    execute::{
        runner::{Ended, Exit, StartError},
        scheduler::{Ending, StopCause},
    },
    model::settings::ExitMeaning,
    plan::Node,
};

/// What the end of a step's process means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) ending: Ending,
    /// How it failed.
    pub(super) error: Option<String>,
    pub(super) flags: Vec<String>,
}

impl Meaning {
    /// Returns what it means that there is no end to tell of.
    pub(super) fn of_error(error: &StartError) -> Self {
        Self { ending: Ending::Failed, error: Some(error.to_string()), flags: Vec::new() }
    }

    /// Makes a failure of what went well.
    pub(super) fn fail(&mut self, error: &str) {
        if self.error.is_none() {
            (self.ending, self.error) = (Ending::Failed, Some(error.to_owned()));
        }
    }

    /// Tells whether processes had to be ended that the step had left.
    pub(super) fn has_leftovers(&self) -> bool {
        self.flags.iter().any(|flag| flag == LEFTOVERS)
    }
}

const LEFTOVERS: &str = "leftovers";

/// Says what the end of the process means.
pub(super) fn meaning_of(node: &Node, ended: &Ended) -> Meaning {
    let mut flags = Vec::new();
    if ended.has_leftovers {
        flags.push(LEFTOVERS.to_owned());
    }
    let limit = || node.settings.timeout.map_or(String::new(), |limit| format!(" after {}", duration(limit)));
    let (ending, error) = match (ended.stopped, ended.exit) {
        (Some(StopCause::Timeout), _) => (Ending::TimedOut, format!("timed out{}", limit())),
        (Some(StopCause::Group), _) => (Ending::TimedOut, "its job timed out".to_owned()),
        (Some(StopCause::Deadline), _) => (Ending::TimedOut, "the run took too long".to_owned()),
        (Some(StopCause::Cohort), _) => (Ending::Cancelled, "another combination failed".to_owned()),
        (Some(StopCause::Interrupt | StopCause::TooEarly), _) => {
            (Ending::Cancelled, "interrupted".to_owned())
        }
        (None, Exit::Signal(signal)) => (Ending::Failed, format!("ended by signal {signal}")),
        (None, Exit::Code(code)) => return meaning_of_code(node, code, flags),
    };
    if ending == Ending::TimedOut {
        flags.push("timed_out".to_owned());
    }
    Meaning { ending, error: Some(error), flags }
}

fn meaning_of_code(node: &Node, code: i32, mut flags: Vec<String>) -> Meaning {
    let otherwise = if code == 0 { ExitMeaning::Success } else { ExitMeaning::Failure };
    let meaning = node.exit_codes.get(&code).copied().unwrap_or(otherwise);
    if !matches!(meaning, ExitMeaning::Success | ExitMeaning::Failure) {
        flags.push(meaning.as_str().to_owned());
    }
    let (ending, error) = match meaning {
        ExitMeaning::Success | ExitMeaning::Restart | ExitMeaning::Skipped => (Ending::Ok, None),
        ExitMeaning::Warning => (Ending::Warning, None),
        ExitMeaning::Attention => (Ending::Attention, None),
        ExitMeaning::Failure => (Ending::Failed, Some(format!("exit code {code}"))),
    };
    Meaning { ending, error, flags }
}
