//! Keeps what came of an attempt: its record, its log, its trace.
//!
//! Knows what is kept. Does not know why it may be reused.

use std::time::Duration;

use super::{
    evidence::Known,
    inputs::Programs,
    job::{Attempt, Before, Shared, note_cache_error},
    usage::{Usage, Watched},
};
use crate::{
    base::Digest,
    cache::{Ending as Kept, Evidence, Record},
    fingerprint::{Component, ComponentKind, Moment},
    sys::{self, FileKind, HashedFile},
    text::handed::Handed,
};

/// What a record says of an attempt.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) evidence: Known,
    pub(super) kept: Kept,
    pub(super) exit_code: Option<i32>,
    pub(super) flags: Vec<String>,
    pub(super) duration: Duration,
    pub(super) handed: Handed,
}

impl Attempt {
    /// Commits the record of an attempt that has begun.
    pub(super) fn commit(&self, before: &mut Before, outcome: Outcome, now: &Moment) {
        let Some(begin) = before.begin else { return };
        self.borrow(&outcome.evidence.borrowed);
        let Shared { cache, run, .. } = &*self.shared;
        let Outcome { evidence, kept: ending, exit_code, flags, duration, handed } = outcome;
        // What is not reused may hold what must not be kept.
        let handed = if ending == Kept::Reusable { handed } else { Handed::default() };
        let log = match &ending {
            Kept::Reusable => self.keep_log(),
            _ => None,
        };
        let root = self.root_in(&evidence.capture, &handed, now);
        let unset = evidence.unset.iter().map(|name| Component::unset(ComponentKind::Environment, name));
        let weak = before.weak.with(unset);
        let fingerprint = weak.with(before.observed.clone());
        let record = Record {
            identity: self.prepared().node.identity.clone(),
            run: run.clone(),
            ended: self.system().now(),
            duration,
            ending,
            exit_code,
            flags,
            weak: weak.key(),
            key: fingerprint.key(),
            fingerprint,
            effects: evidence.capture.effects,
            log,
            evidence: if evidence.unseen.is_none() { Evidence::Traced } else { Evidence::Declared },
            learned: evidence.learned,
            scratch: evidence.scratch,
            private: evidence.private,
            borrowed: evidence.borrowed,
            is_outward: evidence.is_outward,
            root,
            trace: self.keep_trace(evidence.programs, evidence.usage),
            handed,
        };
        note_cache_error(cache.store.commit(begin, &record), &mut before.warnings);
    }

    /// Stores what is kept of a trace; losing it costs an answer, no result.
    fn keep_trace(&self, programs: Programs, usage: Usage) -> Option<Digest> {
        if programs.processes.is_empty() {
            return None;
        }
        let watched = Watched { programs, usage: Some(usage) };
        let bytes = serde_json::to_vec(&watched).ok()?;
        let digest = Digest::of(&bytes);
        self.shared.cache.blobs.put_small(&bytes, &digest).ok().map(|()| digest)
    }

    /// Stores what the step printed.
    fn keep_log(&self) -> Option<Digest> {
        let (system, blobs) = (&**self.system(), &self.shared.cache.blobs);
        if system.stat(&self.log).is_ok_and(|stat| stat.kind == FileKind::File && stat.size == 0) {
            return blobs.put_small(&[], &Digest::of(&[])).ok().map(|()| Digest::of(&[]));
        }
        let HashedFile { digest, bytes, .. } = sys::hash_file_kept(system, &self.log).ok()?;
        let kept = match bytes {
            Some(bytes) => blobs.put_small(&bytes, &digest),
            None => blobs.put_file(&self.log, &digest),
        };
        kept.ok().map(|()| digest)
    }
}
