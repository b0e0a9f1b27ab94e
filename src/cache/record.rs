//! What is kept of one finished action.

use std::time::Duration;

use crate::{
    base::{Digest, Timestamp, WsPath},
    fingerprint::{ComponentKind, Fingerprint, Question, State},
};

/// Tells a begin entry from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeginId(pub [u8; 16]);

/// What a step did to a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Effect {
    /// Where.
    pub path: WsPath,
    /// What was there before the step.
    pub before: State,
    /// What the step left.
    pub after: State,
    /// The step read a person's bytes here and wrote what it made of them, so that they cannot be made again.
    pub is_personal: bool,
}

/// How a recorded action ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Well; the record may be reused.
    Reusable,
    /// Well, but the result must not be reused; the text says why.
    NotReusable(String),
    /// Badly; the text says how.
    Failed(String),
    /// Not at all: the run was stopped first.
    Interrupted,
}

/// What is kept of one finished action.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Record {
    /// What the action belongs to across requests: a script's path, or a playbook's path with job and step.
    pub identity: String,
    /// The run it was made in.
    pub run: String,
    /// When the action ended.
    pub ended: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// How it ended.
    pub ending: Ending,
    /// The exit code, nothing if a signal ended it.
    pub exit_code: Option<i32>,
    /// Flags that a hit shows again, such as `warning`.
    pub flags: Vec<String>,
    /// The key of what was known before running.
    pub weak: Digest,
    /// The key of all it depended on.
    pub key: Digest,
    /// All it depended on, observations included.
    pub fingerprint: Fingerprint,
    /// What it did to the files.
    pub effects: Vec<Effect>,
    /// The blob with what it printed.
    pub log: Option<Digest>,
}

impl Record {
    /// Returns the questions whose answers are part of the fingerprint.
    pub fn questions(&self) -> impl Iterator<Item = Question> {
        self.fingerprint.components().iter().filter_map(|component| match component.kind {
            ComponentKind::Input => WsPath::from_normal(&component.name).map(Question::State),
            ComponentKind::Names => Some(Question::Names(component.name.clone())),
            _ => None,
        })
    }

    /// Tells whether the record may be reused.
    pub fn is_reusable(&self) -> bool {
        self.ending == Ending::Reusable
    }
}
