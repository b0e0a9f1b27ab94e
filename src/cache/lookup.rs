//! The two-step lookup: weak key to sets of questions, today's answers to a record.
//!
//! The **weak key** is all that is known before running. Under it lie the sets of questions that earlier runs
//! asked. The **strong key** is the weak key with today's answers to one such set; a record is found by it exactly,
//! over all records, so going back to an earlier state of the files finds the earlier record.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    path::Path,
    sync::Arc,
};

use super::{
    Blobs, Own, Place, Store, Unusable,
    record::{Effect, Ending, Evidence, Record},
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
    /// At a path that the step looks at or that its outputs name is something that no step left.
    Stray(WsPath),
    /// The step wrote into a file and kept its mode, and there is no file of that mode now.
    Mode(WsPath),
    /// A folder of private state it works in is gone.
    Scratch(WsPath),
    /// What it left names this path, where the workspace was then.
    Moved(String),
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
    /// What later steps were seen to overwrite outside the workspace, without a look at it.
    pub seen_overwritten: &'a [WsPath],
}

impl Wanted<'_> {
    /// Tells whether no later step overwrites a path outside the workspace.
    fn has_last_word(&self, path: &WsPath) -> bool {
        !self.overwritten.iter().any(|later| later.matches(path)) && !self.seen_overwritten.contains(path)
    }
}

/// Returns the components that today's answers to a step's `questions` give, with what cannot be relied on.
pub fn observe(view: &dyn View, own: &Own, questions: &[Question]) -> (Vec<Component>, Option<String>) {
    let mut doubtful = None;
    let has_made = |path: &WsPath, found: &dyn Fn() -> State| own.has_made(path, found);
    let components = questions.iter().map(|question| {
        let answer = answer(view, &has_made, question);
        if answer.is_doubtful && doubtful.is_none() {
            doubtful = Some(question.subject().to_owned());
        }
        let kind = match question {
            Question::State(_) => ComponentKind::Input,
            Question::Listing(_) => ComponentKind::Listing,
            Question::Names(_) => ComponentKind::Names,
        };
        Component::of_answer(kind, question.subject(), &answer)
    });
    (components.collect(), doubtful)
}

/// Returns the fingerprints that today's answers to a step's `questions` give, with what cannot be relied on.
///
/// Listings leave private state out; a second fingerprint is by all that is there, as a step was answered that ran
/// before anything was known of the private state.
pub fn fingerprints<'a>(
    weak: &'a Fingerprint,
    view: &'a dyn View,
    own: &'a Own,
    questions: &'a [Question],
) -> impl Iterator<Item = (Fingerprint, Option<String>)> + 'a {
    observations(view, own, questions).map(|(components, doubtful)| (weak.with(components), doubtful))
}

/// Returns what [`fingerprints`] add to a weak one.
fn observations<'a>(
    view: &'a dyn View,
    own: &'a Own,
    questions: &'a [Question],
) -> impl Iterator<Item = (Vec<Component>, Option<String>)> + 'a {
    let given = iter::once_with(move || observe(view, own, questions));
    let other = iter::once_with(move || without_private(view, own, questions)).flatten();
    given.chain(other)
}

/// Returns the components by all that is there, where those that leave private state out may be others.
fn without_private(
    view: &dyn View,
    own: &Own,
    questions: &[Question],
) -> Option<(Vec<Component>, Option<String>)> {
    let lists = questions.iter().any(|asked| matches!(asked, Question::Listing(_)));
    (lists && own.has_private()).then(|| observe(view, &own.without_private(), questions))
}

/// Looks a step up at its place.
///
/// Hashes what is asked and not known; verifies the blobs a hit would need.
pub fn look_up(store: &Store, blobs: &Blobs, place: Place<'_>, wanted: Wanted<'_>) -> Lookup {
    let mut sets = store.path_sets(&wanted.weak.key());
    if !sets.iter().any(|set| **set == *wanted.questions) {
        sets.insert(0, wanted.questions.into());
    }
    let own = store.own(wanted.identity);
    let (mut miss, mut found) = (None, None);
    for (observed, doubtful) in sets.iter().flat_map(|set| observations(&place, &own, set)) {
        if let Some(subject) = doubtful {
            miss.get_or_insert(Miss::Doubtful(subject));
            continue;
        }
        match store.by_key(&wanted.weak.key_with(&observed)) {
            Ok(None) => {}
            Err(why) => _ = miss.get_or_insert(Miss::Unusable(why)),
            Ok(Some(record)) => match check_effects(store, blobs, place, wanted, &own, record) {
                Ok(hit) if hit.differing.is_empty() && hit.superseded.is_empty() => return Lookup::Hit(hit),
                // A record by which nothing changes comes first, or two would take turns.
                Ok(hit) => _ = found.get_or_insert(hit),
                Err(why) => _ = miss.get_or_insert(why),
            },
        }
    }
    if let Some(hit) = found {
        return Lookup::Hit(hit);
    }
    Lookup::Miss(miss.unwrap_or_else(|| explain(store, place, wanted, &own)))
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
    own: &Own,
    record: Arc<Record>,
) -> Result<Hit, Miss> {
    if let Some(root) = record.root.as_ref().filter(|root| Path::new(root) != place.root()) {
        return Err(Miss::Moved(root.clone()));
    }
    if let Some(gone) = record.scratch.iter().find(|folder| place.state(folder) != State::Directory) {
        return Err(Miss::Scratch(gone.clone()));
    }
    // What another step was seen to read in its private state is a result that the record must have.
    let shared = store.shared_below(&record.private);
    let is_left = |path: &WsPath| record.effects.iter().any(|effect| effect.path == *path);
    if let Some(path) = shared.into_iter().find(|path| !is_left(path)) {
        return Err(Miss::Evicted(path));
    }
    let mut differing = BTreeSet::new();
    for effect in &record.effects {
        let found = place.state(&effect.path);
        if effect.is_probed && effect.after.exists() && !is_expected(store, place, own, effect, &found) {
            return Err(Miss::Stray(effect.path.clone()));
        }
        // A deletion is replayed on what was deleted, and on what az itself left; what a person made since stays.
        let is_ours = || store.is_ours(&effect.path, &found);
        let stays = effect.after == State::Absent && found != effect.before && !is_ours();
        let is_held = !effect.path.is_inside() && !stays && wanted.has_last_word(&effect.path);
        if is_held && place.state_on_disk(&effect.path) != effect.after {
            return Err(Miss::Held(effect.path.clone()));
        }
        if found == effect.after || stays {
            continue;
        }
        if effect.keeps_mode && !has_mode_of(&found, &effect.after) {
            return Err(Miss::Mode(effect.path.clone()));
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
    let superseded = superseded(store, place, wanted, own, &record)?;
    Ok(Hit { record, differing, superseded })
}

/// Tells whether what is at a path that the step made sure of is what it would find there in a clean run.
fn is_expected(store: &Store, place: Place<'_>, own: &Own, effect: &Effect, found: &State) -> bool {
    if !found.exists() || *found == effect.before {
        return true;
    }
    if place.has_writer(&effect.path) {
        // A step before it left that here, whoever else once left the same.
        return *found == State::Directory;
    }
    // What it left itself, or a later step, is on disk, and is not what it finds in a clean run.
    *found == effect.after || own.has_left(&effect.path, found) || store.is_ours(&effect.path, found)
}

fn has_mode_of(found: &State, left: &State) -> bool {
    match (found, left) {
        (State::File { mode: found, .. }, State::File { mode: left, .. }) => found == left,
        _ => false,
    }
}

/// Returns the paths among the outputs that the record did not leave: other records of this step did.
///
/// # Errors
/// [`Miss::Stray`] if no record left one of them.
fn superseded(
    store: &Store,
    place: Place<'_>,
    wanted: Wanted<'_>,
    own: &Own,
    record: &Record,
) -> Result<Vec<(WsPath, State)>, Miss> {
    let left: BTreeSet<&WsPath> = record.effects.iter().map(|effect| &effect.path).collect();
    // What the record depends on is what it was made beside.
    let found: BTreeSet<String> = record.questions().map(|question| question.subject().to_owned()).collect();
    let mut gone = Vec::new();
    // What a traced step lists is a question of its own; what it declares says only where its results lie.
    let is_declared = record.evidence == Evidence::Declared;
    let named = declared(place, wanted.outputs).into_iter().map(|path| (path, is_declared));
    let made = in_made_folders(place, record).into_iter().map(|path| (path, true));
    for (path, is_strict) in named.chain(made) {
        if left.contains(&path) || found.contains(path.as_str()) || own.is_private(&path) {
            continue;
        }
        let state = place.state(&path);
        if own.has_left(&path, &state) {
            gone.push((path, state));
        } else if is_strict && state != State::Directory && !store.is_ours(&path, &state) {
            return Err(Miss::Stray(path));
        }
    }
    Ok(gone)
}

/// Returns the paths that the declared outputs name.
fn declared(place: Place<'_>, outputs: &[Pattern]) -> Vec<WsPath> {
    let mut named = Vec::new();
    let mut resolver = Resolver::new(&place);
    for output in outputs {
        if let Some(path) = output.as_path() {
            below(place, &resolver.resolve(&path).place(), &mut named);
        } else {
            let found = expand(&place, &mut resolver, output).paths;
            named.extend(found.into_iter().map(|(path, _)| path));
        }
    }
    named
}

/// Returns the paths in the folders that the step made.
fn in_made_folders(place: Place<'_>, record: &Record) -> Vec<WsPath> {
    let is_made = |effect: &&Effect| !effect.before.exists() && effect.after == State::Directory;
    let mut named = Vec::new();
    for folder in record.effects.iter().filter(is_made) {
        named.extend(place.names(&folder.path).entries.iter().map(|(name, _)| folder.path.join(name)));
    }
    named
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
fn explain(store: &Store, place: Place<'_>, wanted: Wanted<'_>, own: &Own) -> Miss {
    let records: Vec<Arc<Record>> = store.of(wanted.identity).collect();
    let compared =
        records.iter().filter(|record| !matches!(record.ending, Ending::Failed(_) | Ending::Interrupted));
    // Many records asked the same.
    let mut today: BTreeMap<Vec<Question>, Fingerprint> = BTreeMap::new();
    let mut changes_since = |record: &Record| {
        let seen = (record.evidence == Evidence::Traced).then(|| record.questions());
        let asked = seen.into_iter().flatten().chain(wanted.questions.iter().cloned()).collect();
        let today =
            today.entry(asked).or_insert_with_key(|asked| wanted.weak.with(observe(&place, own, asked).0));
        difference(&record.fingerprint, today)
    };
    // The latest record wins a tie: it is the one people remember.
    let nearest =
        compared.map(|record| (changes_since(record), record)).min_by_key(|(changes, _)| changes.len());
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

/// Returns the strong keys that today's answers give for sets of questions known under a weak key, and for those of the
/// declared inputs, which are answered already: `observed`.
pub fn strong_keys(
    sets: &[Arc<[Question]>],
    place: Place<'_>,
    wanted: Wanted<'_>,
    own: &Own,
    observed: &[Component],
) -> Vec<Digest> {
    let known = sets.iter().filter(|set| ***set != *wanted.questions);
    let all = known.flat_map(|set| observations(&place, own, set));
    let declared = without_private(&place, own, wanted.questions).into_iter();
    let mut keys: Vec<Digest> = all
        .map(|(observed, _)| wanted.weak.key_with(&observed))
        .chain(iter::once(wanted.weak.key_with(observed)))
        .chain(declared.map(|(observed, _)| wanted.weak.key_with(&observed)))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
