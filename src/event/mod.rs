//! Everything that can happen in a run, and its wire form, version 1.
//!
//! Events are the spine: console, summary, result and journal are folds of one stream. This module knows their
//! names and fields, not who makes or reads them. The nine `Orchestration*`, `Stage*` and `Script*` names are the
//! users' own and are never renamed; fields are only ever added.
//!
//! Old reader, new data: unknown fields are ignored, an unknown `type` is read as [`Event::Unknown`]. New reader,
//! old data: every field added later has a default.

mod outcome;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use outcome::{Counts, Outcome};

/// The version of the wire form.
pub const VERSION: u32 = 1;

/// An event with its place in the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of the wire form.
    pub v: u32,
    /// 1 for the first event of a run, then without a gap.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// What happened.
    pub event: Event,
}

/// Returns a duration as events carry it.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Why a step ran, was reused, skipped or blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word, such as `input_changed`.
    pub kind: String,
    /// What it is about: a path, a variable, another step.
    pub subject: String,
    /// One clause for people.
    pub text: String,
    /// What it was, where there is a before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is, where there is an after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The step of this run that made the change, so that its reasons are the cause of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

impl Reason {
    /// Makes a reason without a before, an after or a cause in this run.
    pub fn new(kind: &str, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            subject: subject.into(),
            text: text.into(),
            before: None,
            after: None,
            via: None,
        }
    }
}

/// A step as the plan has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedNode {
    /// Its id in this plan.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The script's path, unless the step is inline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// The script's number in four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The stage, or the job, it is shown under.
    pub stage: String,
    /// Ids of the steps it waits for.
    pub needs: Vec<String>,
}

/// What can happen in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// The first event; carries the plan.
    OrchestrationStarted {
        /// The run's id.
        run: String,
        /// What was asked for, as it was typed.
        request: Vec<String>,
        /// The steps in sequential order.
        nodes: Vec<PlannedNode>,
    },
    /// Further steps are told of: a matrix became known, or steps that were [`Event::Held`] are decided again.
    Expanded {
        /// The steps, in sequential order behind those that are known.
        nodes: Vec<PlannedNode>,
    },
    /// So many further steps are as they were: nothing that they ask for has changed. The last such event counts.
    Held {
        /// How many; they are not among the steps that are told of.
        cached: usize,
    },
    /// The first step of a stage (a job in v3) is taken up.
    StageStarted {
        /// The stage.
        name: String,
    },
    /// The last step of a stage ended, and none failed.
    StageCompleted {
        /// The stage.
        name: String,
        /// Wall time from the first step taken up.
        duration_ms: u64,
        /// How its steps ended.
        counts: Counts,
    },
    /// The last step of a stage ended, and some failed.
    StageFailed {
        /// The stage.
        name: String,
        /// Ids of the steps that failed.
        failed: Vec<String>,
        /// The first error.
        error: String,
    },
    /// A step's process starts.
    ScriptStarted {
        /// The step's id.
        node: String,
        /// 1 for the first try.
        attempt: u32,
        /// Why it runs.
        reasons: Vec<Reason>,
    },
    /// A step ended well, or its record was reused.
    ScriptCompleted {
        /// The step's id.
        node: String,
        /// Nothing was run.
        cached: bool,
        /// `ran` or `cached`.
        outcome: Outcome,
        /// Flags such as `warning`, `restart`, `settling`.
        flags: Vec<String>,
        /// The exit code of the run, or of the run whose record was reused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// Wall time; of the recorded run, if it was reused.
        duration_ms: u64,
        /// Why it was reused.
        reasons: Vec<Reason>,
        /// Where its output is: a path below the run's folder, or a digest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log: Option<String>,
    },
    /// A step ended badly.
    ScriptFailed {
        /// The step's id.
        node: String,
        /// Nothing if a signal ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// How, in one clause.
        error: String,
        /// Flags such as `timed_out`, `attention`.
        flags: Vec<String>,
        /// Wall time.
        duration_ms: u64,
        /// Where its output is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log: Option<String>,
    },
    /// What a step, about to end, hands on to later ones.
    Handed {
        /// The step's id.
        node: String,
        /// Its outputs; `***` for those that nobody must see.
        outputs: BTreeMap<String, Value>,
    },
    /// The last event of a run that went well.
    OrchestrationCompleted {
        /// Wall time.
        duration_ms: u64,
        /// How its steps ended.
        counts: Counts,
        /// What az exits with.
        exit_code: u8,
    },
    /// The last event of a run that failed, timed out or was ended.
    OrchestrationFailed {
        /// Wall time.
        duration_ms: u64,
        /// How its steps ended.
        counts: Counts,
        /// What az exits with.
        exit_code: u8,
        /// In one clause.
        reason: String,
    },
    /// A step is not run since its condition is false.
    Skipped {
        /// The step's id.
        node: String,
        /// Which condition.
        reasons: Vec<Reason>,
    },
    /// A step is not run since one it needs did not end well.
    Blocked {
        /// The step's id.
        node: String,
        /// Which one.
        reasons: Vec<Reason>,
    },
    /// A step is not run, or was ended, since the run ends.
    Cancelled {
        /// The step's id.
        node: String,
        /// Why the run ends.
        reasons: Vec<Reason>,
    },
    /// A step failed and is tried again.
    Retry {
        /// The step's id.
        node: String,
        /// The number of the next try.
        attempt: u32,
        /// How long az waits before it.
        delay_ms: u64,
        /// How it failed.
        error: String,
    },
    /// Effects of a reused record were brought back.
    Restored {
        /// The step's id.
        node: String,
        /// The paths that were written.
        paths: Vec<String>,
    },
    /// A person's version of a file was set aside.
    SetAside {
        /// Where it was.
        path: String,
        /// Where it is.
        kept: String,
    },
    /// Something worth knowing that is no step's end.
    Warning {
        /// The code, such as `AZ0704`.
        code: String,
        /// The step it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// One clause.
        message: String,
    },
    /// Advice: nothing is wrong, and something could be better.
    Note {
        /// The code, such as `AZ0711`.
        code: String,
        /// The step it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        /// One clause.
        message: String,
    },
    /// A playbook's notification.
    Notified {
        /// When: `start`, `success`, `failure`, `warning`, `progress`, `restart`, `complete`.
        moment: String,
        /// How loud: `information`, `success`, `warning`, `error`, `debug`.
        level: String,
        /// Where it is told: `console`, `log`, `github`.
        channel: String,
        /// What.
        message: String,
    },
    /// Written by a later az.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_round_trip_and_later_ones_are_read() {
        let event = Event::ScriptFailed {
            node: "0400".into(),
            exit_code: None,
            error: "signal 9".into(),
            flags: vec!["timed_out".into()],
            duration_ms: 7,
            log: None,
        };
        let envelope = Envelope { v: VERSION, seq: 3, time: "2026-11-21T00:00:00.000Z".into(), event };
        let line = serde_json::to_string(&envelope).unwrap();
        assert!(line.contains(r#""type":"ScriptFailed""#), "{line}");
        assert_eq!(serde_json::from_str::<Envelope>(&line).unwrap(), envelope);
        let later = r#"{"v":1,"seq":1,"time":"","event":{"type":"Levitated","height":3}}"#;
        assert_eq!(serde_json::from_str::<Envelope>(later).unwrap().event, Event::Unknown);
    }
}
