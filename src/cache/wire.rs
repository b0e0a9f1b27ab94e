//! Entries as they stand on disk, version 1.
//!
//! Old reader, new data: another version has another folder. New reader, old data: the same. A field can only be
//! added with a new version, since the encoding has no names; what is new stands in an entry of another kind. So a record
//! of a step that hands something on is a [`Entry::CommitHanding`], and every other is what it always was.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::record::{BeginId, Effect, Ending, Evidence, Record};
use crate::{
    base::{Digest, Timestamp, WsPath},
    fingerprint::{Component, ComponentKind, Fingerprint, State},
    text::handed::Handed,
};

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Entry {
    /// An action is about to start.
    Begin {
        /// Ties the commit to it.
        id: [u8; 16],
        /// Whose action.
        identity: String,
        /// Keys whose older records it makes unusable until it ends well.
        keys: Vec<[u8; 32]>,
    },
    /// An action ended.
    Commit {
        /// The begin entry it ends.
        id: [u8; 16],
        /// What is kept of it.
        record: WireRecord,
    },
    /// An action was stopped and all it had done was undone, as if it had not begun.
    Withdraw {
        /// The begin entry.
        id: [u8; 16],
    },
    /// An action ended that hands something on to others.
    CommitHanding {
        /// The begin entry it ends.
        id: [u8; 16],
        /// What is kept of it.
        record: WireRecord,
        /// What it hands on.
        handed: WireHanded,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct WireHanded {
    /// Names, and values as JSON.
    outputs: Vec<(String, String)>,
    env: Vec<(String, String)>,
    path: Vec<String>,
    summary: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WireRecord {
    identity: String,
    run: String,
    ended_ns: i64,
    duration_ns: u64,
    ending: WireEnding,
    exit_code: Option<i32>,
    flags: Vec<String>,
    weak: [u8; 32],
    key: [u8; 32],
    components: Vec<(u8, String, [u8; 32], String)>,
    effects: Vec<(String, WireState, WireState, [bool; 3])>,
    log: Option<[u8; 32]>,
    is_traced: bool,
    learned: Vec<String>,
    scratch: Vec<String>,
    private: Vec<String>,
    borrowed: Vec<String>,
    is_outward: bool,
    root: Option<String>,
    trace: Option<[u8; 32]>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum WireEnding {
    Reusable,
    NotReusable(String),
    Failed(String),
    Interrupted,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum WireState {
    Absent,
    File { digest: [u8; 32], size: u64, mode: u32 },
    Link(String),
    Directory,
    Unknown,
}

/// Stands beside the permission bits of what a step left if they are those of the file it found; who does not know it
/// masks it away.
const KEPT_MODE: u32 = 1 << 16;

impl WireState {
    fn keeping_mode(mut self, keeps_mode: bool) -> Self {
        if let Self::File { mode, .. } = &mut self
            && keeps_mode
        {
            *mode |= KEPT_MODE;
        }
        self
    }

    fn keeps_mode(&self) -> bool {
        matches!(self, Self::File { mode, .. } if mode & KEPT_MODE != 0)
    }
}

impl Entry {
    pub(super) fn commit(id: BeginId, record: &Record) -> Self {
        let (id, handed) = (id.0, &record.handed);
        let record = WireRecord::from(record);
        if handed.is_empty() {
            Self::Commit { id, record }
        } else {
            Self::CommitHanding { id, record, handed: WireHanded::from(handed) }
        }
    }
}

impl From<&Handed> for WireHanded {
    fn from(handed: &Handed) -> Self {
        let Handed { outputs, env, path, summary } = handed;
        Self {
            outputs: outputs.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
            env: env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            path: path.clone(),
            summary: summary.clone(),
        }
    }
}

impl WireHanded {
    fn into_handed(self) -> Option<Handed> {
        let outputs =
            self.outputs.into_iter().map(|(name, json)| Some((name, serde_json::from_str(&json).ok()?)));
        Some(Handed {
            outputs: outputs.collect::<Option<_>>()?,
            env: self.env.into_iter().collect(),
            path: self.path,
            summary: self.summary,
        })
    }
}

impl From<&Record> for WireRecord {
    fn from(record: &Record) -> Self {
        let component = |c: &Component| (c.kind as u8, c.name.clone(), c.digest.0, c.short.clone());
        let effect = |e: &Effect| {
            let flags = [e.is_personal, e.is_probed, e.is_made];
            let after = WireState::from(&e.after).keeping_mode(e.keeps_mode);
            (e.path.as_str().to_owned(), WireState::from(&e.before), after, flags)
        };
        Self {
            identity: record.identity.clone(),
            run: record.run.clone(),
            ended_ns: record.ended.0,
            duration_ns: u64::try_from(record.duration.as_nanos()).unwrap_or(u64::MAX),
            ending: match &record.ending {
                Ending::Reusable => WireEnding::Reusable,
                Ending::NotReusable(why) => WireEnding::NotReusable(why.clone()),
                Ending::Failed(how) => WireEnding::Failed(how.clone()),
                Ending::Interrupted => WireEnding::Interrupted,
            },
            exit_code: record.exit_code,
            flags: record.flags.clone(),
            weak: record.weak.0,
            key: record.key.0,
            components: record.fingerprint.components().iter().map(component).collect(),
            effects: record.effects.iter().map(effect).collect(),
            log: record.log.map(|digest| digest.0),
            is_traced: record.evidence == Evidence::Traced,
            learned: record.learned.clone(),
            scratch: record.scratch.iter().map(ToString::to_string).collect(),
            private: record.private.iter().map(ToString::to_string).collect(),
            borrowed: record.borrowed.iter().map(ToString::to_string).collect(),
            is_outward: record.is_outward,
            root: record.root.clone(),
            trace: record.trace.map(|digest| digest.0),
        }
    }
}

impl WireRecord {
    /// Returns the record with what it hands on, or nothing if a part of it makes no sense.
    pub(super) fn into_record(self, handed: WireHanded) -> Option<Record> {
        let components = self.components.into_iter().map(|(kind, name, digest, short)| {
            Some(Component { kind: ComponentKind::from_index(kind)?, name, digest: Digest(digest), short })
        });
        let effects = self.effects.into_iter().map(|(path, before, after, flags)| {
            let path = WsPath::from_normal(&path)?;
            let [is_personal, is_probed, is_made] = flags;
            let keeps_mode = after.keeps_mode();
            let (before, after) = (before.into(), after.into());
            Some(Effect { path, before, after, is_personal, is_probed, is_made, keeps_mode })
        });
        Some(Record {
            identity: self.identity,
            run: self.run,
            ended: Timestamp(self.ended_ns),
            duration: Duration::from_nanos(self.duration_ns),
            ending: match self.ending {
                WireEnding::Reusable => Ending::Reusable,
                WireEnding::NotReusable(why) => Ending::NotReusable(why),
                WireEnding::Failed(how) => Ending::Failed(how),
                WireEnding::Interrupted => Ending::Interrupted,
            },
            exit_code: self.exit_code,
            flags: self.flags,
            weak: Digest(self.weak),
            key: Digest(self.key),
            fingerprint: Fingerprint::from_sorted(components.collect::<Option<_>>()?)?,
            effects: effects.collect::<Option<_>>()?,
            log: self.log.map(Digest),
            evidence: if self.is_traced { Evidence::Traced } else { Evidence::Declared },
            learned: self.learned,
            scratch: paths(&self.scratch)?,
            private: paths(&self.private)?,
            borrowed: paths(&self.borrowed)?,
            is_outward: self.is_outward,
            root: self.root,
            trace: self.trace.map(Digest),
            handed: handed.into_handed()?,
        })
    }
}

fn paths(texts: &[String]) -> Option<Vec<WsPath>> {
    texts.iter().map(|text| WsPath::from_normal(text)).collect()
}

impl From<&State> for WireState {
    fn from(state: &State) -> Self {
        match state {
            State::Absent => Self::Absent,
            State::File { digest, size, mode } => Self::File { digest: digest.0, size: *size, mode: *mode },
            State::Link { target } => Self::Link(target.to_string()),
            State::Directory => Self::Directory,
            State::Unknown => Self::Unknown,
        }
    }
}

impl From<WireState> for State {
    fn from(state: WireState) -> Self {
        match state {
            WireState::Absent => Self::Absent,
            // Set-user and set-group bits are never brought back, whatever a record says.
            WireState::File { digest, size, mode } => {
                Self::File { digest: Digest(digest), size, mode: mode & 0o777 }
            }
            WireState::Link(target) => Self::Link { target: target.into() },
            WireState::Directory => Self::Directory,
            WireState::Unknown => Self::Unknown,
        }
    }
}
