//! Audits: steps that could be reused run all the same, and what they leave is compared with what is recorded.
//!
//! Knows records. Does not know how a step is run, nor what a difference means for the run.

use std::{collections::BTreeMap, sync::Arc};

use super::{job::Shared, lines::first_difference};
use crate::{
    base::{DigestWriter, WsPath},
    cache::{Effect, Hit, Record},
    fingerprint::{State, View},
    sys::System,
    text::handed::Handed,
};

/// How many of the steps that could be reused run all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Of ten thousand.
    pub share: u32,
    /// What decides which; random if it is not given.
    pub seed: Option<String>,
}

/// What an audit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audited {
    /// Steps that ran though they could have been reused.
    pub count: usize,
    /// Those of them that gave another result.
    pub differing: usize,
}

/// Draws the sample of one run, and compares.
pub(super) struct Auditor {
    share: u32,
    seed: Vec<u8>,
    /// What the steps of the sample would have been reused by, by place.
    open: BTreeMap<usize, Arc<Record>>,
    pub(super) audited: Audited,
}

impl Auditor {
    pub(super) fn new(audit: &Audit, system: &dyn System) -> Self {
        let seed =
            audit.seed.as_ref().map_or_else(|| system.random().to_vec(), |seed| seed.clone().into_bytes());
        Self { share: audit.share, seed, open: BTreeMap::new(), audited: Audited::default() }
    }

    /// Decides whether a step runs though it could be reused; the answer is the same however often it is asked.
    pub(super) fn takes(&mut self, place: usize, hit: &Hit) -> bool {
        let drawn = DigestWriter::new("az audit v1").field(&self.seed).field(&hit.record.identity).finish();
        let drawn = u64::from_le_bytes(drawn.0[..8].try_into().expect("eight of 32 bytes")) % 10_000;
        let is_taken = drawn < u64::from(self.share);
        if is_taken {
            self.open.insert(place, Arc::clone(&hit.record));
        }
        is_taken
    }

    /// Compares what a step of the sample left with what it would have been reused by; returns how they differ.
    ///
    /// A record that did not stand the test is not used again.
    pub(super) fn compare(&mut self, place: usize, shared: &Shared) -> Option<String> {
        let old = self.open.remove(&place)?;
        let store = &shared.cache.store;
        let new = store.last(&old.identity).filter(|new| **new != *old)?;
        self.audited.count += 1;
        let difference = difference(shared, place, &old, &new)?;
        self.audited.differing += 1;
        if let Ok(Some(found)) = store.by_key(&old.key)
            && found == old
        {
            _ = store.retract(&old, "an audit found another result for the same key".to_owned());
        }
        Some(difference)
    }
}

/// Says how what a step left differs from what an earlier record of the same key says.
fn difference(shared: &Shared, place: usize, old: &Record, new: &Record) -> Option<String> {
    if old.exit_code != new.exit_code {
        let code = |code: Option<i32>| code.map_or("none".to_owned(), |code| code.to_string());
        return Some(format!("exit code {}, then {}", code(old.exit_code), code(new.exit_code)));
    }
    // Of what must not be reused nothing of that is kept.
    if let Some(what) = other_handed(&old.handed, &new.handed).filter(|_| new.is_reusable()) {
        return Some(format!("it hands on {what} otherwise"));
    }
    let after = shared.timeline.at(place + 1);
    let changed_since = |effect: &&Effect| after.state(&effect.path) != effect.after;
    if let Some(effect) = old.effects.iter().find(changed_since) {
        return Some(at(shared, &effect.path, &effect.after, &after.state(&effect.path)));
    }
    let is_new = |effect: &&Effect| {
        effect.before != effect.after && !old.effects.iter().any(|known| known.path == effect.path)
    };
    let effect = new.effects.iter().find(is_new)?;
    Some(at(shared, &effect.path, &effect.before, &effect.after))
}

/// Names the first of what is handed on that differs.
fn other_handed(one: &Handed, other: &Handed) -> Option<String> {
    let output = first_other(&one.outputs, &other.outputs).map(|name| format!("its output `{name}`"));
    let variable = || first_other(&one.env, &other.env).map(|name| format!("the variable `{name}`"));
    let path = || (one.path != other.path).then(|| "folders for PATH".to_owned());
    let summary = || (one.summary != other.summary).then(|| "its summary".to_owned());
    output.or_else(variable).or_else(path).or_else(summary)
}

fn first_other<'a, T: PartialEq>(
    one: &'a BTreeMap<String, T>,
    other: &'a BTreeMap<String, T>,
) -> Option<&'a str> {
    let names = one.keys().chain(other.keys());
    names.filter(|name| one.get(*name) != other.get(*name)).min().map(String::as_str)
}

/// Says how two states of a path differ, with the first differing line of two files.
fn at(shared: &Shared, path: &WsPath, one: &State, other: &State) -> String {
    if let (State::File { digest: one, .. }, State::File { digest: other, .. }) = (one, other) {
        let blobs = &shared.cache.blobs;
        let other =
            blobs.read(other).or_else(|_| shared.cache.disk.system().read(&shared.cache.disk.absolute(path)));
        if let (Ok(one), Ok(other)) = (blobs.read(one), other)
            && let Some(lines) = first_difference(&one, &other)
        {
            return format!("`{path}`, {lines}");
        }
    }
    format!("`{path}`: {one}, then {other}")
}
