//! The two-step lookup: weak key to sets of questions, today's answers to a record.
//!
//! The **weak key** is all that is known before running. Under it lie the sets of questions that earlier runs
//! asked. The **strong key** is the weak key with today's answers to one such set; a record is found by it exactly,
//! over all records, so going back to an earlier state of the files finds the earlier record.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Blobs, Place, Store, Unusable,
    record::{Effect, Ending, Record},
};
use crate::{
    base::{Digest, WsPath},
    fingerprint::{
        Change, Component, ComponentKind, Fingerprint, Question, Resolver, State, View, answer, difference,
        expand,
    },
    sys::FileKind,
    text::pattern::Pattern,
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
    pub differing: BTreeSet<WsPath>,
    /// Paths that other records of this step left and this one did not: they go.
    pub superseded: Vec<(WsPath, State)>,
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
    /// An output outside the workspace is not what the record left, and az never brings such a one back.
    Held(WsPath),
    /// A path that its outputs name is there, and no step left it.
    Stray(WsPath),
}

/// A step to be looked up.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What it belongs to across requests.
    pub identity: &'a str,
    /// All that is known before running.
    pub weak: &'a Fingerprint,
    /// The questions its declared inputs stand for at this place.
    pub questions: &'a [Question],
    /// What it declares to make.
    pub outputs: &'a [Pattern],
    /// What later steps declare to make outside the workspace: there they have the last word.
    pub overwritten: &'a [Pattern],
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
            Question::State(_) => ComponentKind::Input,
            Question::Names(_) => ComponentKind::Names,
        };
        Component::of_answer(kind, question.subject(), &answer)
    });
    (components.collect(), doubtful)
}

/// Looks a step up at its place.
///
/// Hashes what is asked and not known; verifies the blobs a hit would need.
pub fn look_up(store: &Store, blobs: &Blobs, place: Place<'_>, wanted: Wanted<'_>) -> Lookup {
    let mut sets = store.path_sets(&wanted.weak.key());
    if !sets.iter().any(|set| **set == *wanted.questions) {
        sets.insert(0, wanted.questions.into());
    }
    let mut miss = None;
    for set in &sets {
        let (components, doubtful) = observe(&place, set);
        if let Some(subject) = doubtful {
            miss.get_or_insert(Miss::Doubtful(subject));
            continue;
        }
        match store.by_key(&wanted.weak.with(components).key()) {
            Ok(None) => {}
            Err(why) => _ = miss.get_or_insert(Miss::Unusable(why)),
            Ok(Some(record)) => match check_effects(store, blobs, place, wanted, record) {
                Ok(hit) => return Lookup::Hit(hit),
                Err(why) => _ = miss.get_or_insert(why),
            },
        }
    }
    Lookup::Miss(miss.unwrap_or_else(|| explain(store, place, wanted)))
}

/// Compares what a record left with what is there.
///
/// # Errors
/// [`Miss::Evicted`] if a content is neither there nor in the blob store, [`Miss::Stray`] if something is there that
/// nobody explains.
fn check_effects(
    store: &Store,
    blobs: &Blobs,
    place: Place<'_>,
    wanted: Wanted<'_>,
    record: Arc<Record>,
) -> Result<Hit, Miss> {
    let mut differing = BTreeSet::new();
    for effect in &record.effects {
        let found = place.state(&effect.path);
        // A deletion is replayed on what was deleted; what a person made since stays.
        let stays = effect.after == State::Absent && found != effect.before;
        if found == effect.after || stays {
            continue;
        }
        let has_last_word = !wanted.overwritten.iter().any(|later| later.matches(&effect.path));
        if !effect.path.is_inside() && has_last_word && place.state_on_disk(&effect.path) != effect.after {
            return Err(Miss::Held(effect.path.clone()));
        }
        // Nothing is ever put behind a link: what the step would do there, it must do itself.
        if let Some(link) = link_above(place, &effect.path) {
            return Err(Miss::Stray(link));
        }
        if let State::File { digest, .. } = &effect.after
            && !blobs.verify(digest)
        {
            return Err(Miss::Evicted(effect.path.clone()));
        }
        differing.insert(effect.path.clone());
    }
    let superseded = superseded(store, place, wanted, &record)?;
    Ok(Hit { record, differing, superseded })
}

/// Returns the paths that the outputs name and the record did not leave: other records of this step did.
///
/// # Errors
/// [`Miss::Stray`] if no record left one of them.
fn superseded(
    store: &Store,
    place: Place<'_>,
    wanted: Wanted<'_>,
    record: &Record,
) -> Result<Vec<(WsPath, State)>, Miss> {
    let mut named = Vec::new();
    let mut resolver = Resolver::new(&place);
    for output in wanted.outputs {
        if let Some(path) = output.as_path() {
            below(place, &resolver.resolve(&path).place(), &mut named);
        } else {
            let found = expand(&place, &mut resolver, output).paths;
            named.extend(found.into_iter().map(|(path, _)| path));
        }
    }
    let left: BTreeSet<&WsPath> = record.effects.iter().map(|effect| &effect.path).collect();
    // What the record depends on is what it was made beside.
    let found: BTreeSet<String> = record.questions().map(|question| question.subject().to_owned()).collect();
    let mut gone = Vec::new();
    for path in named.into_iter().filter(|path| !left.contains(path) && !found.contains(path.as_str())) {
        let state = place.state(&path);
        let is_own = |record: &Arc<Record>| {
            let left_it = |effect: &Effect| effect.path == path && effect.after.is_same_input(&state);
            record.effects.iter().any(|effect| !effect.is_personal && left_it(effect))
        };
        if store.of(wanted.identity).iter().any(is_own) {
            gone.push((path, state));
        } else if state != State::Directory && !store.is_ours(&path, &state) {
            return Err(Miss::Stray(path));
        }
    }
    Ok(gone)
}

/// Returns a link among the folders above a path.
fn link_above(place: Place<'_>, path: &WsPath) -> Option<WsPath> {
    let above = std::iter::successors(path.parent(), WsPath::parent);
    above
        .filter(|folder| folder.as_str() != ".")
        .find(|folder| matches!(place.state(folder), State::Link { .. }))
}

/// Adds everything below a path that is a folder.
fn below(place: Place<'_>, path: &WsPath, found: &mut Vec<WsPath>) {
    for (name, kind) in &place.names(path).entries {
        let path = path.join(name);
        if *kind == FileKind::Directory {
            below(place, &path, found);
        }
        found.push(path);
    }
}

/// Compares with the nearest earlier record of the same step.
fn explain(store: &Store, place: Place<'_>, wanted: Wanted<'_>) -> Miss {
    let (components, _) = observe(&place, wanted.questions);
    let today = wanted.weak.with(components);
    let records = store.of(wanted.identity);
    let compared =
        records.iter().filter(|record| !matches!(record.ending, Ending::Failed(_) | Ending::Interrupted));
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
        (None, Some(last)) if last.ending == Ending::Interrupted => Miss::Unusable(Unusable::Interrupted),
        (None, Some(_)) => Miss::Unusable(Unusable::FailedBefore),
        (None, None) => Miss::NoRecord,
    }
}

/// Returns the strong keys that today's answers give for every set of questions known under a weak key.
pub fn strong_keys(store: &Store, place: Place<'_>, wanted: Wanted<'_>) -> Vec<Digest> {
    let sets = store.path_sets(&wanted.weak.key());
    let known = sets.iter().map(|set| &**set).chain([wanted.questions]);
    let mut keys: Vec<Digest> = known.map(|set| wanted.weak.with(observe(&place, set).0).key()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
