//! Sees what a step is about to change, keeps what was there, and holds what comes too early.
//!
//! Knows the ground of paths and whether it is the step's turn. Does not know what becomes of a step that is held.

use std::{collections::BTreeMap, io::Read, path::Path, sync::Arc};

use super::{
    job::Shared,
    prepare::Prepared,
    sandbox::Sandbox,
    seen::is_named,
    session::Cache,
    turns::Freedom,
    zones::{Zone, Zones},
};
use crate::{
    base::{Digest, WsPath},
    cache::Timeline,
    execute::{
        runner::Control,
        scheduler::{StopCause, StopHow},
    },
    fingerprint::{State, View},
    trace::{Contact, Gap, Witness},
};

/// What was at the paths a step changed, before it first did.
pub(super) struct PreImages<'a> {
    cache: &'a Cache,
    timeline: &'a Timeline,
    zones: &'a Zones,
    index: usize,
    node: Arc<Prepared>,
    /// What must not get into the cache.
    secrets: Vec<Vec<u8>>,
    /// Where az's own folders for temporary files are.
    temporary: &'a Path,
    /// Stops the step where it must not go on.
    control: &'a Control,
    freedom: Freedom,
    /// Where the step may write, if not everywhere.
    sandbox: Option<&'a Sandbox>,
    pub(super) states: BTreeMap<WsPath, State>,
    /// What was put into the cache for that.
    pub(super) stored: Vec<Digest>,
    /// What it was about to do when it was held.
    pub(super) held: Option<String>,
}

impl<'a> PreImages<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        index: usize,
        temporary: &'a Path,
        (control, freedom): (&'a Control, Freedom),
        sandbox: Option<&'a Sandbox>,
    ) -> Self {
        Self {
            cache: &shared.cache,
            timeline: &shared.timeline,
            zones: &shared.zones,
            index,
            node: shared.nodes.get(index),
            secrets: shared.secrets(index),
            temporary,
            control,
            freedom,
            sandbox,
            states: BTreeMap::new(),
            stored: Vec::new(),
            held: None,
        }
    }

    /// Ends the step if what it is about to do cannot be undone and others before it have not ended.
    fn hold(&mut self, act: impl FnOnce() -> String) {
        if self.freedom == Freedom::None {
            self.stop(act());
        }
    }

    fn stop(&mut self, act: String) {
        if self.held.is_none() {
            self.held = Some(act);
            self.control.stop(StopHow::Kill, StopCause::TooEarly);
        }
    }

    /// Keeps what a file holds that the step is about to change.
    fn keep(&mut self, absolute: &Path, path: &WsPath, digest: Digest) {
        let Self { cache, freedom, .. } = *self;
        // In its turn nobody will have to put it back; else a copy that is damaged would be none.
        let is_in_turn = freedom == Freedom::All;
        let is_kept = if is_in_turn { cache.blobs.has(&digest) } else { cache.blobs.verify(&digest) };
        if is_kept || holds_any(cache, absolute, &self.secrets) {
            return;
        }
        match cache.blobs.put_file(absolute, &digest) {
            Ok(()) => self.stored.push(digest),
            Err(_) if is_in_turn => {}
            Err(error) => self.stop(format!("change `{path}`, of which no copy could be kept ({error})")),
        }
    }

    /// Tells whether nobody needs the content of a file that the step is about to change: it is anybody's private state
    /// that no step was seen to read and this one does not declare, and what was there before the run is known.
    ///
    /// Else steps that add to one log would each read and keep all of it.
    fn is_nobodys(&self, absolute: &Path, path: &WsPath) -> bool {
        self.timeline.has_noted(path)
            && matches!(self.zones.of(absolute, self.temporary, |_| false), Zone::Scratch { .. })
            && !is_named(self.node.node.outputs.as_deref().unwrap_or_default(), path)
            && !self.cache.store.is_shared(path)
    }

    /// Tells whether nobody could undo a change of a path: it lies outside the workspace, or in its repository.
    fn is_beyond(&self, path: &Path, is_inside: bool, state: &State) -> bool {
        let zone = || self.zones.of(path, self.temporary, |_| true);
        // A folder that is there already is most often only made sure of; what is in it has names of its own.
        *state != State::Directory && zone() == if is_inside { Zone::Repository } else { Zone::Tracked }
    }
}

/// How much of a file is looked through at once.
const PIECE_BYTES: u64 = 1 << 20;

/// Tells whether a file holds one of the texts, or cannot be read to its end; O(bytes) if there are any.
pub(super) fn holds_any<T: AsRef<[u8]>>(cache: &Cache, path: &Path, texts: &[T]) -> bool {
    if texts.iter().all(|text| text.as_ref().is_empty()) {
        return false;
    }
    cache.disk.system().open(path).is_ok_and(|mut file| has_any(&mut *file, texts))
}

/// Tells whether one of the texts is in what is read, or that cannot be read to its end; O(bytes) if there are any.
pub(super) fn has_any<T: AsRef<[u8]>>(file: &mut dyn Read, texts: &[T]) -> bool {
    let longest = texts.iter().map(|text| text.as_ref().len()).max().unwrap_or(0);
    if longest == 0 {
        return false;
    }
    let mut piece = Vec::new();
    loop {
        let Ok(read) = Read::take(&mut *file, PIECE_BYTES).read_to_end(&mut piece) else { return true };
        if texts.iter().any(|text| memchr::memmem::find(&piece, text.as_ref()).is_some()) {
            return true;
        }
        if read == 0 {
            return false;
        }
        // A text may begin in this piece and end in the next.
        piece.drain(..piece.len().saturating_sub(longest - 1));
    }
}

impl Witness for PreImages<'_> {
    fn before_change(&mut self, path: &Path) {
        let absolute = path;
        let path = WsPath::new(self.cache.disk.root(), &WsPath::root(), path);
        let is_unread = self.is_nobodys(absolute, &path);
        let disk = &self.cache.disk;
        let state = if is_unread { disk.unread_state(&path) } else { disk.state(&path) };
        if self.is_beyond(absolute, path.is_inside(), &state) {
            self.hold(|| format!("change `{path}`"));
            if self.is_held() {
                return;
            }
        }
        if let State::File { digest, .. } = state
            && path.is_inside()
            && !is_unread
        {
            self.keep(absolute, &path, digest);
            if self.is_held() {
                return;
            }
        }
        self.timeline.note(self.index, &path, &state);
        self.states.entry(path).or_insert(state);
    }

    fn before_attempt(&mut self, path: &Path) {
        let path = WsPath::new(self.cache.disk.root(), &WsPath::root(), path);
        let state = self.cache.disk.state(&path);
        self.timeline.attempt(self.index, &path, &state);
    }

    fn before_contact(&mut self, contact: &Contact) {
        self.hold(|| format!("connect to {contact}"));
    }

    fn before_gap(&mut self, gap: &Gap) {
        self.hold(|| format!("do what cannot be seen ({gap})"));
    }

    fn is_held(&self) -> bool {
        self.held.is_some()
    }

    fn may_change(&mut self, path: &Path, makes_folder: bool) -> bool {
        let system = self.cache.disk.system();
        self.sandbox.is_none_or(|sandbox| sandbox.allows(path, makes_folder, &**system))
    }
}
