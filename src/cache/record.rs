//! What is kept of one finished action.

use std::time::Duration;

use crate::{
    base::{Digest, Timestamp, WsPath},
    fingerprint::{ComponentKind, Fingerprint, Question, State},
    text::handed::Handed,
};

/// Tells a begin entry from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeginId(pub [u8; 16]);

/// What a step did to a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the path")]
pub struct Effect {
    /// Where.
    pub path: WsPath,
    /// What was there before the step.
    pub before: State,
    /// What the step left.
    pub after: State,
    /// The step read a person's bytes here and wrote what it made of them, so that they cannot be made again.
    pub is_personal: bool,
    /// The step looked whether something is here before it wrote: what a stranger left might change what it does.
    pub is_probed: bool,
    /// Nothing was here before the step first wrote, in this run of it or in an earlier one.
    pub is_made: bool,
    /// The step wrote into the file it found, which kept its mode: made anew, the file might get another one.
    pub keeps_mode: bool,
}

impl Effect {
    /// Makes an effect of a step that did not look first.
    pub fn new(path: WsPath, before: State, after: State) -> Self {
        let is_made = !before.exists();
        Self { path, before, after, is_personal: false, is_probed: false, is_made, keeps_mode: false }
    }
}

/// How what a record depends on is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Evidence {
    /// The step declares it.
    #[default]
    Declared,
    /// The step was seen to ask and to write it, and nothing it did was missed.
    Traced,
}

/// How a recorded action ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Ending {
    /// Well; the record may be reused.
    #[default]
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
    /// How what it depended on is known.
    pub evidence: Evidence,
    /// Environment names that text it read mentions, beyond those its own text does.
    pub learned: Vec<String>,
    /// Top folders of private state it wrote to; the record is of use only while they are there.
    pub scratch: Vec<WsPath>,
    /// All private state it wrote: the top folders, or the files; in no listing of any step.
    pub private: Vec<WsPath>,
    /// Paths it read in the private state of others, which makes them results of those.
    pub borrowed: Vec<WsPath>,
    /// It acted beyond the workspace, which nobody can take back: it talked to somebody, or changed files elsewhere.
    pub is_outward: bool,
    /// The workspace's own path, if what the step left names it: elsewhere that would not be true.
    pub root: Option<String>,
    /// The blob with all it was seen to do.
    pub trace: Option<Digest>,
    /// What the step hands on to later ones; a record that is not reusable has nothing of it.
    pub handed: Handed,
}

impl Record {
    /// Returns the questions whose answers are part of the fingerprint.
    pub fn questions(&self) -> impl Iterator<Item = Question> {
        self.answers().map(|(question, _)| question)
    }

    /// Returns the same with what was answered.
    pub fn answers(&self) -> impl Iterator<Item = (Question, Digest)> {
        self.fingerprint.components().iter().filter_map(|component| {
            let question = match component.kind {
                ComponentKind::Input => Question::State(WsPath::from_normal(&component.name)?),
                ComponentKind::Listing => Question::Listing(WsPath::from_normal(&component.name)?),
                ComponentKind::Names => Question::Names(component.name.clone()),
                _ => return None,
            };
            Some((question, component.digest))
        })
    }

    /// Returns the blobs that a reuse of the record, or a look at it, needs.
    pub fn blobs(&self) -> impl Iterator<Item = Digest> {
        let contents = self.effects.iter().filter_map(|effect| match &effect.after {
            State::File { digest, .. } => Some(*digest),
            _ => None,
        });
        contents.chain(self.log).chain(self.trace)
    }

    /// Tells whether the record may be reused.
    pub fn is_reusable(&self) -> bool {
        self.ending == Ending::Reusable
    }
}
