//! The state of files at a step's place in the order.
//!
//! The disk holds one version of a path; the steps of an order may each leave another. A step is answered in the
//! state that the steps before it leave, whether or not that state is on the disk, and only what a step that must
//! run could read is really put there. So an intermediate version costs nothing as long as nobody needs it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use rustc_hash::FxHashSet;

use super::meanwhile::{Meanwhile, Overlap};
use crate::{
    base::WsPath,
    fingerprint::{Disk, Moment, Names, State, View},
    sys::{self, FileKind},
};

/// What each step of an order leaves at each path.
#[derive(Debug)]
pub struct Timeline {
    disk: Arc<Disk>,
    state: RwLock<Versions>,
    meanwhile: Mutex<Meanwhile>,
}

#[derive(Debug, Default)]
struct Versions {
    /// By path: what steps left there.
    left: BTreeMap<WsPath, Left>,
    /// What was on disk before this run first changed the path.
    before: BTreeMap<WsPath, State>,
    /// The same, of paths of which nobody knows yet whether a step will have left something there.
    noted: BTreeMap<WsPath, State>,
    /// Paths whose last version may not be the one on disk.
    pending: BTreeSet<WsPath>,
    /// Paths that az or a step brought into their state before all this began.
    placed: BTreeSet<WsPath>,
    /// What has a version in `left` or `before`, and all folders above: of most paths that are asked for, that they are
    /// not among these is all there is to know.
    known: FxHashSet<WsPath>,
    above: FxHashSet<WsPath>,
}

/// What steps left at a path, in the order of their places. There is one of these for each path that a run changes, and
/// nearly all have one version: a map would make room for eleven.
#[derive(Debug, Default)]
struct Left(Vec<(usize, State)>);

impl Left {
    /// Takes in what the step at a place left.
    fn insert(&mut self, place: usize, state: State) {
        match self.0.binary_search_by_key(&place, |(place, _)| *place) {
            Ok(at) => self.0[at].1 = state,
            Err(at) => {
                self.0.reserve_exact(usize::from(self.0.is_empty()));
                self.0.insert(at, (place, state));
            }
        }
    }

    /// Returns the versions of the steps before a place.
    fn until(&self, index: usize) -> &[(usize, State)] {
        &self.0[..self.0.partition_point(|(place, _)| *place < index)]
    }

    /// Returns the place and the version of the last step before a place.
    fn before(&self, index: usize) -> Option<&(usize, State)> {
        self.until(index).last()
    }

    /// Returns the place and the version of the last step of all.
    fn last(&self) -> Option<&(usize, State)> {
        self.0.last()
    }
}

/// The files as the step at a place of the order finds them.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    timeline: &'a Timeline,
    index: usize,
    /// What the disk is asked through.
    moment: Option<&'a Moment>,
}

impl Timeline {
    /// Starts from the disk as it is.
    pub fn new(disk: Arc<Disk>) -> Self {
        Self { disk, state: RwLock::default(), meanwhile: Mutex::default() }
    }

    /// Starts from the disk as it was before these paths changed.
    pub fn before(disk: Arc<Disk>, before: BTreeMap<WsPath, State>) -> Self {
        let versions = Versions { before, ..Versions::default() }.indexed();
        Self { disk, state: RwLock::new(versions), meanwhile: Mutex::default() }
    }

    /// Starts again at the place of the step at `index`, to whose state the disk was brought.
    #[must_use]
    pub fn resumed_at(&self, index: usize) -> Self {
        let versions = self.read(|versions| {
            let left = versions.left.iter().map(|(path, left)| (path.clone(), left.until(index).to_vec()));
            let left = left.filter(|(_, left)| !left.is_empty()).map(|(path, left)| (path, Left(left)));
            Versions {
                left: left.collect(),
                placed: versions.placed.iter().chain(versions.left.keys()).cloned().collect(),
                ..Versions::default()
            }
            .indexed()
        });
        Self { disk: Arc::clone(&self.disk), state: RwLock::new(versions), meanwhile: Mutex::default() }
    }

    /// Returns the files as the step at `index` finds them.
    pub fn at(&self, index: usize) -> Place<'_> {
        Place { timeline: self, index, moment: None }
    }

    /// Returns the disk below.
    pub fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// Remembers what is on disk at a path that is about to be changed; the first call for a path counts.
    pub fn save(&self, path: &WsPath) {
        let is_known = self.read(|versions| versions.before.contains_key(path));
        if !is_known {
            self.save_found(path, &self.disk.state(path));
        }
    }

    /// Remembers the same, which was just found.
    pub fn save_found(&self, path: &WsPath, found: &State) {
        self.write(|versions| versions.was(path, found));
    }

    /// Says that the step at `index` leaves `state` at `path`, without having put it there.
    pub fn promise(&self, index: usize, path: &WsPath, state: State) {
        self.write(|versions| {
            versions.leave(index, path, state);
            versions.pending.insert(path.clone());
        });
    }

    /// Says that the step at `index` ran, found `before` at `path`, and left `state` on disk.
    pub fn done(&self, index: usize, path: &WsPath, before: &State, state: State) {
        self.write(|versions| {
            versions.found(path, before);
            versions.leave(index, path, state);
        });
        self.on_disk(path, index);
    }

    /// Says that the step at `index` begins.
    pub fn begin(&self, index: usize) {
        self.meanwhile().begin(index);
    }

    /// Says that the step at `index` ended; returns the paths that other steps, or az for them, changed while it was at
    /// work.
    pub fn end(&self, index: usize) -> BTreeMap<WsPath, Overlap> {
        self.meanwhile().end(index)
    }

    /// Says that az is about to put something at a path that steps at work may look at.
    pub fn put(&self, path: &WsPath, before: &State) {
        self.meanwhile().change(None, path, before, false);
    }

    /// Says that the step at `index` tries what would change a path if it were not in this state.
    pub fn attempt(&self, index: usize, path: &WsPath, state: &State) {
        self.meanwhile().change(Some(index), path, state, true);
    }

    /// Remembers what the step at `index` found at a path that it is about to change; the first call for a path counts,
    /// once it turns out that the change is one.
    pub fn note(&self, index: usize, path: &WsPath, state: &State) {
        self.meanwhile().change(Some(index), path, state, false);
        self.write(|versions| {
            if !versions.before.contains_key(path) {
                versions.noted.entry(path.clone()).or_insert_with(|| state.clone());
            }
        });
    }

    /// Tells whether it is noted what was at a path before this run, and no step counts as having changed it.
    pub fn has_noted(&self, path: &WsPath) -> bool {
        self.read(|versions| versions.noted.contains_key(path))
    }

    /// Returns the paths whose last version may not be on disk, with the place and state of that version, for steps
    /// before `index`.
    ///
    /// A path that a step at or behind `index` has already left is not among them.
    pub fn pending_before(&self, index: usize) -> Vec<(WsPath, usize, State)> {
        self.read(|versions| {
            let last = |path: &WsPath| {
                let (place, state) = versions.left.get(path)?.last()?;
                (*place < index).then(|| (path.clone(), *place, state.clone()))
            };
            versions.pending.iter().filter_map(last).collect()
        })
    }

    /// Says that the step at `index` leaves `state` at `path`, which is there already.
    pub fn keep(&self, index: usize, path: &WsPath, state: State) {
        self.write(|versions| versions.leave(index, path, state));
    }

    /// Says that the version of the step at `place` is on disk; if it is not the last one, that must still be put
    /// back.
    pub fn on_disk(&self, path: &WsPath, place: usize) {
        self.write(|versions| {
            let is_last = |left: &Left| left.last().is_some_and(|(last, _)| *last == place);
            if versions.left.get(path).is_none_or(is_last) {
                versions.pending.remove(path);
            } else {
                versions.pending.insert(path.clone());
            }
        });
    }

    /// Returns the paths that steps of this run left something at.
    pub fn changed(&self) -> BTreeSet<WsPath> {
        self.read(|versions| versions.left.keys().cloned().collect())
    }

    /// Returns the paths that this run changed on disk, or was about to.
    pub fn changed_on_disk(&self) -> Vec<WsPath> {
        self.read(|versions| versions.before.keys().cloned().collect())
    }

    /// Lets go of what steps left, since all have ended and nobody asks for it any more; [`Timeline::changed_on_disk`] is
    /// answered as before.
    pub fn let_go(&self) {
        self.write(|versions| {
            let before = std::mem::take(&mut versions.before);
            *versions = Versions { before, ..Versions::default() };
        });
    }

    /// Returns the paths that the step at `index` or one behind it left something at.
    pub fn changed_since(&self, index: usize) -> Vec<WsPath> {
        let is_left = |left: &Left| left.last().is_some_and(|(last, _)| *last >= index);
        self.read(|versions| {
            versions.left.iter().filter(|(_, left)| is_left(left)).map(|(path, _)| path.clone()).collect()
        })
    }

    /// Tells whether this run found or left this at a path.
    pub fn knows(&self, path: &WsPath, state: &State) -> bool {
        self.read(|versions| {
            let left = versions.left.get(path).into_iter().flat_map(|left| &left.0).map(|(_, state)| state);
            let found = versions.before.get(path).into_iter().chain(versions.noted.get(path));
            left.chain(found).any(|known| known == state)
        })
    }

    /// Returns the paths that at least so many steps of this run left something at, with the places of these steps.
    pub fn left_by_many(&self, least: usize) -> Vec<(WsPath, Vec<usize>)> {
        self.read(|versions| {
            let many = versions.left.iter().filter(|(_, left)| left.0.len() >= least);
            many.map(|(path, left)| (path.clone(), left.0.iter().map(|(place, _)| *place).collect()))
                .collect()
        })
    }

    /// Returns what a step at `index` finds at a path, and whose version that is, if this run decides it.
    ///
    /// No step's version is what was there before the run.
    pub fn version_at(&self, index: usize, path: &WsPath) -> Option<(Option<usize>, State)> {
        self.read(|versions| {
            let state = versions.state_at(index, path)?.clone();
            let left = versions.left.get(path).and_then(|left| left.before(index));
            Some((left.map(|(place, _)| *place), state))
        })
    }

    /// Says that what was at a path before the run is on disk again; the last version must still be put back.
    pub fn taken_back(&self, path: &WsPath) {
        self.write(|versions| {
            versions.placed.insert(path.clone());
            if versions.left.contains_key(path) {
                versions.pending.insert(path.clone());
            }
        });
    }

    /// Returns the place of the step whose version a step at `index` finds, if a step of this run left one.
    pub fn writer_before(&self, index: usize, path: &WsPath) -> Option<usize> {
        self.read(|versions| versions.left.get(path)?.before(index).map(|(place, _)| *place))
    }

    fn meanwhile(&self) -> std::sync::MutexGuard<'_, Meanwhile> {
        self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, ask: impl FnOnce(&Versions) -> T) -> T {
        ask(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Versions)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Versions {
    /// Takes what was at a path before the run first changed it: what was noted then, else `state`.
    fn found(&mut self, path: &WsPath, state: &State) {
        // It is known from now on, and need not stand there twice.
        let noted = self.noted.remove(path);
        self.was(path, noted.as_ref().unwrap_or(state));
    }

    /// Takes what was at a path before the run first changed it.
    fn was(&mut self, path: &WsPath, state: &State) {
        if !self.before.contains_key(path) {
            self.before.insert(path.clone(), state.clone());
            self.index(path);
        }
    }

    /// Takes what the step at `index` leaves at a path.
    fn leave(&mut self, index: usize, path: &WsPath, state: State) {
        self.left.entry(path.clone()).or_default().insert(index, state);
        self.index(path);
    }

    fn index(&mut self, path: &WsPath) {
        if self.known.insert(path.clone()) {
            let mut above = std::iter::successors(path.parent(), WsPath::parent);
            // What is above a folder that stands there already does so as well.
            _ = above.find(|folder| !self.above.insert(folder.clone()));
        }
    }

    fn indexed(mut self) -> Self {
        let paths: Vec<WsPath> = self.left.keys().chain(self.before.keys()).cloned().collect();
        paths.iter().for_each(|path| self.index(path));
        self
    }

    /// Returns what the step at `index` finds, or nothing if the disk has the answer.
    fn state_at(&self, index: usize, path: &WsPath) -> Option<&State> {
        if !self.known.contains(path) {
            return None;
        }
        let left = self.left.get(path).and_then(|left| left.before(index));
        left.map(|(_, state)| state).or_else(|| self.before.get(path))
    }

    /// Returns what the step at `index` finds at a path, if the steps before it decide that: here, or by what they made
    /// of a folder on the way.
    fn known_at(&self, index: usize, path: &WsPath) -> Option<State> {
        if self.known.is_empty() {
            return None;
        }
        let mut above = folders_above(path).filter_map(|folder| self.known.get(folder));
        let is_cut_off = || above.any(|folder| self.is_no_folder(index, folder)).then_some(State::Absent);
        self.state_at(index, path).cloned().or_else(is_cut_off)
    }

    /// Tells whether a step before `index` made something else of a folder, whatever the disk has behind it.
    fn is_no_folder(&self, index: usize, path: &WsPath) -> bool {
        let known = self.state_at(index, path).cloned();
        known.is_some_and(|state| self.with_folder(index, path, state) != State::Directory)
    }

    /// What is made in a folder makes the folder.
    fn with_folder(&self, index: usize, path: &WsPath, state: State) -> State {
        if !self.above.contains(path) {
            return state;
        }
        let exists = |(path, _): (&WsPath, &str)| self.state_at(index, path).is_some_and(State::exists);
        if state == State::Absent && self.known_below(path).any(exists) { State::Directory } else { state }
    }

    /// Returns the paths strictly below a folder of which this run knows a version, with the part below the folder.
    fn known_below<'a>(&'a self, folder: &WsPath) -> impl Iterator<Item = (&'a WsPath, &'a str)> {
        let prefix = if folder.as_str() == "." { String::new() } else { format!("{folder}/") };
        let is_top = prefix.is_empty();
        let length = prefix.len();
        let left = self
            .left
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .map(|(path, _)| path);
        let before = self
            .before
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .map(|(path, _)| path);
        let other = prefix.clone();
        left.take_while(move |path| path.as_str().starts_with(&prefix))
            .chain(before.take_while(move |path| path.as_str().starts_with(&other)))
            .filter(move |path| !is_top || (path.is_inside() && path.as_str() != "."))
            .map(move |path| (path, &path.as_str()[length..]))
    }
}

/// Returns the texts of the folders above a path.
fn folders_above(path: &WsPath) -> impl Iterator<Item = &str> {
    let text = path.as_str();
    let named = text.rmatch_indices('/').map(|(end, _)| if end == 0 { "/" } else { &text[..end] });
    let top = (path.is_inside() && text != ".").then_some(".");
    named.filter(move |folder| *folder != text).chain(top)
}

impl<'a> Place<'a> {
    /// Returns the same, with the disk as it is at a moment.
    #[must_use]
    pub fn in_moment(self, moment: &'a Moment) -> Self {
        Self { moment: Some(moment), ..self }
    }

    /// Returns what is on disk, whatever the steps before this place would leave.
    pub fn state_on_disk(&self, path: &WsPath) -> State {
        self.disk().state(path)
    }

    fn disk(&self) -> &dyn View {
        match self.moment {
            Some(moment) => moment,
            None => &*self.timeline.disk,
        }
    }

    /// Says that the step changed a path, so that what was noted of it counts.
    pub fn found(&self, path: &WsPath) {
        self.timeline.write(|versions| {
            if let Some(noted) = versions.noted.get(path).cloned() {
                versions.found(path, &noted);
            }
        });
    }

    /// Returns what was at a path before any step of this run changed it, if one did.
    pub fn original(&self, path: &WsPath) -> Option<State> {
        self.timeline.read(|versions| versions.before.get(path).or_else(|| versions.noted.get(path)).cloned())
    }

    /// Returns the place of the last step before this one that left something at a path.
    pub fn writer(&self, path: &WsPath) -> Option<usize> {
        self.timeline.writer_before(self.index, path)
    }

    /// Tells whether a step before this place left what is at a path.
    pub fn has_writer(&self, path: &WsPath) -> bool {
        self.writer(path).is_some()
    }

    /// Tells whether what is at a path may be there by this run: a step before this place left it, or az put it there.
    pub fn is_placed(&self, path: &WsPath) -> bool {
        self.has_writer(path) || self.timeline.read(|versions| versions.placed.contains(path))
    }

    /// Tells whether a name in a folder may have come or gone by this run: by a step before this place, or by az.
    pub fn is_placed_in(&self, folder: &WsPath) -> bool {
        self.timeline.read(|versions| {
            let left = versions.left.iter().filter(|(_, left)| left.before(self.index).is_some());
            let mut placed = left.map(|(path, _)| path).chain(&versions.placed);
            placed.any(|path| path.parent().as_ref() == Some(folder))
        })
    }

    /// Returns the place.
    pub fn index(&self) -> usize {
        self.index
    }
}

impl View for Place<'_> {
    fn root(&self) -> &Path {
        self.timeline.disk.root()
    }

    fn state(&self, path: &WsPath) -> State {
        let known = self.timeline.read(|versions| versions.known_at(self.index, path));
        if known.is_some() {
            sys::note_known(|| self.timeline.disk.absolute(path));
        }
        let state = known.unwrap_or_else(|| self.disk().state(path));
        self.timeline.read(|versions| versions.with_folder(self.index, path, state))
    }

    fn names(&self, folder: &WsPath) -> Arc<Names> {
        if self.timeline.read(|versions| versions.is_no_folder(self.index, folder)) {
            sys::note_known(|| self.timeline.disk.absolute(folder));
            return Arc::default();
        }
        let on_disk = self.disk().names(folder);
        let changes = self.timeline.read(|versions| versions.names_below(self.index, folder));
        if changes.is_empty() {
            return on_disk;
        }
        let mut names: BTreeMap<Arc<str>, FileKind> = on_disk.entries.iter().cloned().collect();
        for (name, kind) in changes {
            match kind {
                Some(kind) => _ = names.insert(name, kind),
                None => _ = names.remove(&name),
            }
        }
        Arc::new(Names { entries: names.into_iter().collect(), incomplete: on_disk.incomplete })
    }
}

impl Versions {
    /// Returns the names in a folder that a step at `index` finds otherwise than the disk may have them: with their
    /// kind, or nothing for a name that is gone.
    fn names_below(&self, index: usize, folder: &WsPath) -> BTreeMap<Arc<str>, Option<FileKind>> {
        let mut names = BTreeMap::new();
        if !self.above.contains(folder) {
            return names;
        }
        for (path, rest) in self.known_below(folder) {
            let Some(state) = self.state_at(index, path) else { continue };
            match rest.split_once('/') {
                // Something exists further down, so the folder on the way does.
                Some((name, _)) if state.exists() => _ = names.insert(name.into(), Some(FileKind::Directory)),
                Some(_) => {}
                None => _ = names.insert(rest.into(), kind_of(state)),
            }
        }
        names
    }
}

fn kind_of(state: &State) -> Option<FileKind> {
    match state {
        State::Absent => None,
        State::File { .. } => Some(FileKind::File),
        State::Link { .. } => Some(FileKind::Link),
        State::Directory => Some(FileKind::Directory),
        State::Unknown => Some(FileKind::Other),
    }
}
