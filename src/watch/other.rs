//! A watcher on what the system has, by way of `notify`: it says that something happened, some time after it did.
//!
//! So it is never exact, and nobody may take its silence for an answer.

use std::{
    io::{self, PipeReader, PipeWriter, Read as _, Write as _},
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use indexmap::IndexSet;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::{News, PlaceId, Shortage};

/// Follows paths below a folder.
#[derive(Debug)]
pub struct Watcher {
    root: PathBuf,
    places: IndexSet<PathBuf>,
    told: Arc<Mutex<Told>>,
    readable: PipeReader,
    is_tree: bool,
    private: &'static [&'static str],
    /// Held since it ends with this.
    _watcher: RecommendedWatcher,
}

/// What was told and not drained yet; a byte is in the pipe if there is anything.
#[derive(Debug)]
struct Told {
    paths: Vec<PathBuf>,
    is_everything: bool,
    is_said: bool,
    pipe: PipeWriter,
}

impl Told {
    fn hear(&mut self, heard: notify::Result<notify::Event>) {
        match heard {
            Ok(event) if !event.need_rescan() => {
                if event.kind.is_access() || event.paths.is_empty() {
                    return;
                }
                self.paths.extend(event.paths);
            }
            Ok(_) | Err(_) => self.is_everything = true,
        }
        if !std::mem::replace(&mut self.is_said, true) {
            // Without a reader nobody wants to know.
            _ = self.pipe.write_all(&[0]);
        }
    }
}

impl Watcher {
    /// Watches all that is below `root`, a path without links; `private` are names of folders in the tree that are
    /// nobody's business.
    ///
    /// # Errors
    /// Why the system does not let it be watched.
    pub fn new(root: &Path, private: &'static [&'static str]) -> io::Result<Self> {
        let (readable, pipe) = io::pipe()?;
        let told =
            Arc::new(Mutex::new(Told { paths: Vec::new(), is_everything: false, is_said: false, pipe }));
        let hears = Arc::clone(&told);
        let hear = move |heard| hears.lock().unwrap_or_else(PoisonError::into_inner).hear(heard);
        let mut watcher = notify::recommended_watcher(hear).map_err(io::Error::other)?;
        watcher.watch(root, RecursiveMode::Recursive).map_err(io::Error::other)?;
        Ok(Self {
            root: root.to_path_buf(),
            places: IndexSet::new(),
            told,
            readable,
            is_tree: false,
            private,
            _watcher: watcher,
        })
    }

    /// Tells whether nothing happens of which nothing is told, which nobody promises here.
    pub fn is_exact(&self) -> bool {
        false
    }

    /// Tells whether there is a folder at the path of the root.
    pub fn has_root(&self) -> bool {
        self.root.is_dir()
    }

    /// Returns what there is too little of, which nobody knows here.
    pub fn shortage(&self) -> Option<Shortage> {
        None
    }

    /// Returns what becomes readable when there are news.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.readable.as_fd()
    }

    /// Returns the path of a place.
    pub fn path(&self, place: PlaceId) -> Option<&Path> {
        self.places.get_index(place as usize).map(PathBuf::as_path)
    }

    /// Returns how many paths were ever followed; those that nobody asks for any more are among them.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Forgets all paths that were followed; their places may be those of others from now on.
    pub fn forget(&mut self) {
        self.places.clear();
        self.told.lock().unwrap_or_else(PoisonError::into_inner).is_everything = true;
    }

    /// Returns all paths that somebody may be writing to, of which nothing is known here.
    pub fn written(&self) -> impl Iterator<Item = PlaceId> {
        std::iter::empty()
    }

    /// Tells whether somebody may be writing to a path, of which nothing is known here.
    pub fn is_written(&self, _place: PlaceId) -> bool {
        false
    }

    /// Returns how many files may be written to by somebody, of which nothing is known here.
    pub fn written_count(&self) -> usize {
        0
    }

    /// Follows a path from now on; nothing if it does not lie below the root.
    pub fn follow(&mut self, path: &Path, _is_listed: bool) -> Option<PlaceId> {
        if !path.starts_with(&self.root) {
            return None;
        }
        PlaceId::try_from(self.places.insert_full(path.to_path_buf()).0).ok()
    }

    /// Tells everything that happens below the root from now on, or only of what is followed.
    pub fn watch_tree(&mut self, is_tree: bool) {
        self.is_tree = is_tree;
    }

    /// Returns what may have happened and was not told yet, as far as the system has said so.
    pub fn drain(&mut self) -> News {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut told.is_said) {
            // There is exactly this byte.
            _ = self.readable.read(&mut [0]);
        }
        let mut news = News { is_everything: std::mem::take(&mut told.is_everything), ..News::default() };
        for path in std::mem::take(&mut told.paths) {
            // A name is a matter of its folder too, and what becomes of a folder of all that is followed below it.
            let with_folder = [Some(path.as_path()), path.parent()];
            let itself = with_folder.into_iter().flatten().filter_map(|path| self.places.get_index_of(path));
            let below = self
                .places
                .iter()
                .enumerate()
                .filter(|(_, place)| **place != path && place.starts_with(&path));
            let places: Vec<usize> = itself.chain(below.map(|(index, _)| index)).collect();
            news.changed.extend(places.into_iter().filter_map(|place| PlaceId::try_from(place).ok()));
            if self.is_tree && !self.is_private(&path) {
                news.elsewhere.push(path);
            }
        }
        news
    }

    /// Returns what happened; that nobody writes to a file cannot be found out here.
    pub fn settle(&mut self, _most: usize) -> (News, usize) {
        (self.drain(), 0)
    }

    fn is_private(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.iter().any(|name| self.private.iter().any(|private| name == *private))
    }
}
