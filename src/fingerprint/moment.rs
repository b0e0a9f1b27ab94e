//! The disk at one moment: whatever is asked more than once is looked up once.
//!
//! Knows what was found so far. Does not know why anybody asks, nor when a moment is over.

use std::{cell::RefCell, fmt, path::Path, sync::Arc};

use rustc_hash::FxHashMap;

use super::{Disk, Names, OnDisk, State, View};
use crate::{
    base::WsPath,
    sys::{self, FileKind, Stat},
};

/// Looks at the disk, and keeps what it finds: two answers about one path are never of two states of it.
///
/// Each path is found as it is when it is first asked for, so a moment is to be short.
pub struct Moment {
    disk: Arc<Disk>,
    found: RefCell<Kept<Look>>,
    names: RefCell<Kept<Arc<Names>>>,
    read_before: Contents,
    /// Several ask, and it is to be known of each what it asked.
    is_shared: bool,
}

/// What was found, with the places of the recorder at which it was looked for where that is to be known.
type Kept<T> = FxHashMap<WsPath, (T, Option<Box<[u32]>>)>;

/// What stood in small files when they were read, with the state they were in.
pub type Contents = FxHashMap<WsPath, (State, Arc<[u8]>)>;

/// What was found at a path.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// What the file system says of it; of a file, when its content was read.
    pub(super) stat: Option<Stat>,
    pub(super) state: State,
    /// The content of a small file that had to be read.
    pub(super) bytes: Option<Arc<[u8]>>,
}

impl Look {
    /// Takes what needs no content.
    pub(super) fn of(stat: Option<Stat>, state: State) -> Self {
        Self { stat, state, bytes: None }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment").field("disk", &self.disk).finish_non_exhaustive()
    }
}

impl Moment {
    /// Begins a moment.
    pub fn new(disk: Arc<Disk>) -> Self {
        Self {
            disk,
            found: RefCell::default(),
            names: RefCell::default(),
            read_before: Contents::default(),
            is_shared: false,
        }
    }

    /// Begins a moment for several askers, each of [`asking_for_one`](sys::asking_for_one): what one of them is told of
    /// what another found counts as looked at for it too. Who asks otherwise looks anew.
    pub fn shared(disk: Arc<Disk>) -> Self {
        Self { is_shared: true, ..Self::new(disk) }
    }

    /// Returns of how many paths something is kept.
    pub fn count(&self) -> usize {
        self.found.borrow().len() + self.names.borrow().len()
    }

    /// Takes over what an earlier moment had read, so that what is as it was need not be read again.
    #[must_use]
    pub fn with_read(self, read_before: Contents) -> Self {
        Self { read_before, ..self }
    }

    /// Ends the moment; returns the content of the small files that had to be read.
    pub fn into_read(self) -> Contents {
        let found = self.found.into_inner().into_iter();
        found.filter_map(|(path, (look, _))| Some((path, (look.state, look.bytes?)))).collect()
    }

    /// Returns the content of a file of at most `most` bytes; nothing if it is longer, cannot be read, or is none.
    pub fn content(&self, path: &WsPath, most: u64) -> Option<Arc<[u8]>> {
        let look = self.look(path, Clone::clone);
        match look.state {
            State::File { size, .. } if size <= most => {}
            _ => return None,
        }
        let before = || {
            let (state, bytes) = self.read_before.get(path)?;
            (*state == look.state).then(|| Arc::clone(bytes))
        };
        let read = || self.disk.system().read(&self.disk.absolute(path)).ok().map(Arc::from);
        look.bytes.clone().or_else(before).or_else(read)
    }

    fn look<T>(&self, path: &WsPath, take: impl FnOnce(&Look) -> T) -> T {
        let find = || {
            let look = self.disk.look(path);
            // Contents are for who looks through the files of one step.
            if self.is_shared { Look { bytes: None, ..look } } else { look }
        };
        self.once(&self.found, path, find, take)
    }

    fn once<F, T>(
        &self,
        kept: &RefCell<Kept<F>>,
        path: &WsPath,
        find: impl FnOnce() -> F,
        take: impl FnOnce(&F) -> T,
    ) -> T {
        let counts =
            |noted: &Option<Box<[u32]>>| !self.is_shared || noted.as_deref().is_some_and(sys::note_again);
        if let Some((known, _)) = kept.borrow().get(path).filter(|(_, noted)| counts(noted)) {
            return take(known);
        }
        let (found, noted) = if self.is_shared { sys::noting(find) } else { (find(), None) };
        let taken = take(&found);
        kept.borrow_mut().insert(path.clone(), (found, noted));
        taken
    }
}

impl View for Moment {
    fn root(&self) -> &Path {
        self.disk.root()
    }

    fn state(&self, path: &WsPath) -> State {
        self.look(path, |look| look.state.clone())
    }

    fn names(&self, path: &WsPath) -> Arc<Names> {
        self.once(&self.names, path, || self.disk.names(path), Arc::clone)
    }
}

impl OnDisk for Moment {
    /// What is said of a folder is no older than the names that were found in it.
    fn stat(&self, path: &WsPath) -> Option<Stat> {
        match self.look(path, |look| look.stat) {
            Some(stat) if stat.kind == FileKind::Directory => self.disk.stat(path),
            stat => stat,
        }
    }
}
