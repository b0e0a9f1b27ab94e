//! The two-step lookup: weak key to sets of questions, today's answers to a record.
//!
//! The **weak key** is all that is known before running. Under it lie the sets of questions that earlier runs
//! asked. The **strong key** is the weak key with today's answers to one such set; a record is found by it exactly,
//! over all records, so going back to an earlier state of the files finds the earlier record.

use std::sync::Arc;

use super::{
    Blobs, Place, Store, Unusable,
    record::{Ending, Record},
};
use crate::{
    base::{Digest, WsPath},
    fingerprint::{Change, Component, ComponentKind, Fingerprint, Question, State, View, answer, difference},
};

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A record that may be reused.
    Hit(Hit),
    /// None, and why.
    Miss(Miss),
}

/// A record that may be reused, and what of its effects is not on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The record.
    pub record: Arc<Record>,
    /// Paths whose state at this place is not what the record left.
    pub differing: Vec<WsPath>,
}

/// Why nothing may be reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// The step has never run.
    NoRecord,
    /// Something it depends on differs from the nearest earlier record.
    Changed {
        /// The record compared with.
        nearest: Arc<Record>,
        /// In what it differs; never empty.
        changes: Vec<Change>,
    },
    /// A later run with this very key ended badly or not at all.
    Unusable(Unusable),
    /// The last run ended well but must not be reused.
    NotReusable(String),
    /// An output that would have to be brought back is not in the cache any more.
    Evicted(WsPath),
    /// Something it depends on cannot be read.
    Doubtful(String),
}

/// Returns the components that today's answers to `questions` give, with what cannot be relied on.
pub fn observe(view: &dyn View, questions: &[Question]) -> (Vec<Component>, Option<String>) {
    let mut doubtful = None;
    let components = questions.iter().map(|question| {
        let answer = answer(view, question);
        if answer.is_doubtful && doubtful.is_none() {
            doubtful = Some(question.subject().to_owned());
        }
        let kind = match question {
            Question::Content(_) => ComponentKind::Input,
            Question::Names(_) => ComponentKind::Names,
        };
        Component::of_answer(kind, question.subject(), &answer)
    });
    (components.collect(), doubtful)
}

/// Looks a step up at its place.
///
/// `weak` is the fingerprint of all that is known before running; `declared` are the questions its declared inputs
/// stand for at this place. Hashes what is asked and not known; verifies the blobs a hit would need.
pub fn look_up(
    store: &Store,
    blobs: &Blobs,
    place: Place<'_>,
    identity: &str,
    weak: &Fingerprint,
    declared: &[Question],
) -> Lookup {
    let mut sets = store.path_sets(&weak.key());
    if !sets.iter().any(|set| **set == *declared) {
        sets.insert(0, declared.into());
    }
    let mut miss = None;
    for set in &sets {
        let (components, doubtful) = observe(&place, set);
        if let Some(subject) = doubtful {
            miss.get_or_insert(Miss::Doubtful(subject));
            continue;
        }
        match store.by_key(&weak.with(components).key()) {
            Ok(None) => {}
            Err(why) => _ = miss.get_or_insert(Miss::Unusable(why)),
            Ok(Some(record)) => match check_effects(blobs, place, &record) {
                Ok(differing) => return Lookup::Hit(Hit { record, differing }),
                Err(path) => _ = miss.get_or_insert(Miss::Evicted(path)),
            },
        }
    }
    Lookup::Miss(miss.unwrap_or_else(|| explain(store, place, identity, weak, declared)))
}

/// Returns the paths that differ from what a record left.
///
/// # Errors
/// The first path whose content is neither there nor in the blob store.
fn check_effects(blobs: &Blobs, place: Place<'_>, record: &Record) -> Result<Vec<WsPath>, WsPath> {
    let mut differing = Vec::new();
    for effect in &record.effects {
        if place.state(&effect.path) == effect.after {
            continue;
        }
        if let State::File { digest, .. } = &effect.after
            && !blobs.verify(digest)
        {
            return Err(effect.path.clone());
        }
        differing.push(effect.path.clone());
    }
    Ok(differing)
}

/// Compares with the nearest earlier record of the same step.
fn explain(
    store: &Store,
    place: Place<'_>,
    identity: &str,
    weak: &Fingerprint,
    declared: &[Question],
) -> Miss {
    let (components, _) = observe(&place, declared);
    let today = weak.with(components);
    let records = store.of(identity);
    let compared = records.iter().filter(|record| !matches!(record.ending, Ending::Failed(_)));
    // The latest record wins a tie: it is the one people remember.
    let nearest = compared
        .map(|record| (difference(&record.fingerprint, &today), record))
        .min_by_key(|(changes, _)| changes.len());
    match (nearest, records.first()) {
        (Some((changes, record)), _) if !changes.is_empty() => {
            Miss::Changed { nearest: Arc::clone(record), changes }
        }
        (Some((_, record)), _) => match &record.ending {
            Ending::NotReusable(why) => Miss::NotReusable(why.clone()),
            _ => Miss::Unusable(Unusable::Interrupted),
        },
        (None, Some(_)) => Miss::Unusable(Unusable::FailedBefore),
        (None, None) => Miss::NoRecord,
    }
}

/// Returns the strong keys that today's answers give for every set of questions known under a weak key.
pub fn strong_keys(
    store: &Store,
    place: Place<'_>,
    weak: &Fingerprint,
    declared: &[Question],
) -> Vec<Digest> {
    let sets = store.path_sets(&weak.key());
    let known = sets.iter().map(|set| &**set).chain([declared]);
    let mut keys: Vec<Digest> = known.map(|set| weak.with(observe(&place, set).0).key()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
