//! What happened behind the part of the journal that the index covers, in memory.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::super::{
    index::{Blamed, FAILED, INTERRUPTED, LEARNED, NO_RECORD, Open, PRIVATE, REUSABLE, Row, Short, short},
    record::{Effect, Ending, Record},
};
use crate::{
    base::{Digest, WsPath},
    fingerprint::{Question, State},
};

/// What made the records of a key unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// The record at this place of the order, a failure.
    Failed(u32),
    /// An action that was never ended.
    Interrupted,
}

impl Blame {
    /// Reads what stands in a table.
    pub(super) fn of_record(record: u32) -> Self {
        if record == NO_RECORD { Self::Interrupted } else { Self::Failed(record) }
    }

    /// Returns what stands in a table.
    pub(super) fn record(self) -> u32 {
        match self {
            Self::Failed(record) => record,
            Self::Interrupted => NO_RECORD,
        }
    }
}

/// Where the frame of a record's entry is.
#[derive(Debug)]
pub(super) enum Frame {
    /// At an offset of the journal that was mapped.
    At(usize),
    /// At an offset of the journal, written since that was mapped.
    Written(usize),
    /// Here: it could not be written, or nobody knows where.
    Held(Box<[u8]>),
}

/// Keys that an action began with, each with what made it unusable before.
pub(super) type Begun = Vec<([u8; 32], Option<Blame>)>;

/// Entries behind the index, by what they say.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// In the order of their commits, behind those of the index.
    pub(super) rows: Vec<(Row, Frame)>,
    pub(super) green: HashMap<[u8; 32], u32>,
    /// Keys that are unusable now, and those that are not any more.
    pub(super) blames: HashMap<[u8; 32], Option<Blame>>,
    pub(super) by_weak: HashMap<Short, Vec<u32>>,
    pub(super) by_identity: HashMap<Short, Vec<u32>>,
    /// What az itself left at a path.
    pub(super) left: HashSet<Short>,
    /// Actions that have begun.
    pub(super) open: HashMap<[u8; 16], Begun>,
    /// Private state of any step.
    pub(super) private: Arc<HashSet<WsPath>>,
    /// Paths in it that other steps read.
    pub(super) shared: BTreeSet<WsPath>,
}

impl Recent {
    /// Adds a record; `number` is its place in the order.
    pub(super) fn add(&mut self, number: u32, record: &Record, frame: Frame) {
        self.left.extend(left_by(&record.effects));
        if record.private.iter().any(|path| !self.private.contains(path)) {
            Arc::make_mut(&mut self.private).extend(record.private.iter().cloned());
        }
        self.shared.extend(record.borrowed.iter().cloned());
        if record.is_reusable() {
            self.green.insert(record.key.0, number);
        }
        let at = match frame {
            Frame::At(at) => at as u64,
            Frame::Written(_) | Frame::Held(_) => u64::MAX,
        };
        let row = row_of(record, at);
        self.by_weak.entry(of_weak(&record.weak)).or_default().push(number);
        self.by_identity.entry(row.identity).or_default().push(number);
        self.rows.push((row, frame));
    }

    /// Takes the actions that had not ended when the index was made.
    pub(super) fn open_of(&mut self, rows: &[Open]) {
        for row in rows {
            let before = (row.was_blamed != 0).then(|| Blame::of_record(row.record));
            self.open.entry(row.id).or_default().push((row.key, before));
        }
    }

    /// Returns what stands in the table of actions that have not ended.
    pub(super) fn open_rows(&self) -> Vec<Open> {
        let row = |id: &[u8; 16], (key, before): &([u8; 32], Option<Blame>)| Open {
            id: *id,
            key: *key,
            record: before.map_or(NO_RECORD, Blame::record),
            was_blamed: u32::from(before.is_some()),
        };
        let mut actions: Vec<_> = self.open.iter().collect();
        actions.sort_unstable_by_key(|(id, _)| **id);
        // The keys of one action keep their order: one that stands twice was made unusable by itself.
        actions.into_iter().flat_map(|(id, keys)| keys.iter().map(move |begun| row(id, begun))).collect()
    }

    /// Returns the rows of the table of unusable keys that replace those of the index; nothing for those that go.
    pub(super) fn blamed_rows(&self) -> Vec<([u8; 32], Option<Blamed>)> {
        let row = |(key, blame): (&[u8; 32], &Option<Blame>)| {
            (*key, blame.map(|blame| Blamed { key: *key, record: blame.record(), reserved: 0 }))
        };
        self.blames.iter().map(row).collect()
    }
}

fn row_of(record: &Record, frame: u64) -> Row {
    let ending = match record.ending {
        Ending::Reusable => REUSABLE,
        Ending::Failed(_) => FAILED,
        Ending::Interrupted => INTERRUPTED,
        Ending::NotReusable(_) => 0,
    };
    Row {
        frame,
        ended_ns: record.ended.0,
        key: record.key.0,
        identity: of_identity(&record.identity),
        questions: of_questions(record.questions()),
        flags: ending
            | if record.learned.is_empty() { 0 } else { LEARNED }
            | if record.private.is_empty() { 0 } else { PRIVATE },
        used_day: 0,
    }
}

/// Returns what the records of a step are found by.
pub(super) fn of_identity(identity: &str) -> Short {
    short("az identity v1", &[identity.as_bytes()])
}

/// Returns what the records under a weak key are found by.
pub(super) fn of_weak(weak: &Digest) -> Short {
    *weak.0.first_chunk().expect("a digest has 32 bytes")
}

/// Returns what a state at a path is found by.
pub(super) fn of_left(path: &WsPath, state: &State) -> Short {
    short("az left v1", &[path.as_str().as_bytes(), &state.to_digest().0])
}

/// Returns what tells one set of questions from another.
fn of_questions(questions: impl Iterator<Item = Question>) -> Short {
    let mut writer = crate::base::DigestWriter::new("az questions v1");
    for question in questions {
        let kind = match question {
            Question::State(_) => 0_u8,
            Question::Listing(_) => 1,
            Question::Names(_) => 2,
        };
        writer.add([kind]);
        writer.add(question.subject());
    }
    *writer.finish().0.first_chunk().expect("a digest has 32 bytes")
}

/// Returns the states that a record says az left, apart from those it made of a person's bytes.
fn left_by(effects: &[Effect]) -> impl Iterator<Item = Short> {
    effects.iter().filter(|effect| !effect.is_personal).map(|effect| of_left(&effect.path, &effect.after))
}
