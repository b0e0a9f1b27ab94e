//! A watcher on `inotify`.

mod events;
mod follow;
mod kernel;

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    ffi::OsString,
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use kernel::{Kernel, Mounts};
use rustix::fs::{CWD, FsWord, statfs};

use super::{News, PlaceId, Shortage};

/// File systems that tell everything that happens on them.
const EXACT: [FsWord; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994];

/// Follows paths below a folder.
#[derive(Debug)]
pub struct Watcher {
    root: PathBuf,
    /// Device and inode of the root.
    identity: (u64, u64),
    kernel: Kernel,
    mounts: Option<Mounts>,
    /// The file system tells everything.
    is_local: bool,
    places: IndexMap<PathBuf, Place>,
    /// By path, so that those below a folder follow it.
    folders: BTreeMap<PathBuf, Folder>,
    marks: HashMap<i32, Mark>,
    /// Files that somebody may have open to write, by their marks; those at the front are tried next.
    written: VecDeque<i32>,
    is_written: HashSet<i32>,
    is_tree: bool,
    /// Something was found that no event explains.
    is_confused: bool,
    /// Names of folders that the tree is without.
    private: &'static [&'static str],
    shortage: Option<Shortage>,
}

/// A path that is followed.
#[derive(Debug, Default)]
struct Place {
    /// The mark of the file that is there.
    file: Option<i32>,
    /// The names in it matter.
    is_listed: bool,
    /// Its marks are where they should be.
    is_marked: bool,
}

/// A folder with a mark.
#[derive(Debug)]
struct Folder {
    mark: i32,
    /// Followed paths in it.
    names: HashMap<OsString, PlaceId>,
    /// Followed paths that are not there, and whose way ends here.
    missing: HashSet<PlaceId>,
    /// Somebody follows the names in it.
    listed: Option<PlaceId>,
}

/// What a mark is on.
#[derive(Debug)]
enum Mark {
    Folder(PathBuf),
    /// A file, by the places it is followed at.
    File(Vec<PlaceId>),
}

impl Watcher {
    /// Watches nothing yet of what is below `root`, a path without links; `private` are names of folders in the tree that
    /// are nobody's business.
    ///
    /// Where the system has no more watchers for this user, [`Watcher::shortage`] says so, and no path can be followed.
    ///
    /// # Errors
    /// That the folder is not there.
    pub fn new(root: &Path, private: &'static [&'static str]) -> io::Result<Self> {
        let identity = identity_of(root)?;
        let kind = statfs(root).map(|system| system.f_type).unwrap_or_default();
        let is_local = EXACT.contains(&kind);
        let (kernel, shortage) = open_kernel()?;
        let mut watcher = Self {
            root: root.to_path_buf(),
            identity,
            kernel,
            mounts: Mounts::new(root).ok(),
            is_local,
            places: IndexMap::new(),
            folders: BTreeMap::new(),
            marks: HashMap::new(),
            written: VecDeque::new(),
            is_written: HashSet::new(),
            is_tree: false,
            is_confused: false,
            private,
            shortage,
        };
        watcher.enter(root);
        Ok(watcher)
    }

    /// Tells whether nothing happens of which nothing is told.
    pub fn is_exact(&self) -> bool {
        self.is_local && self.mounts.is_some()
    }

    /// Tells whether the root is still the folder it was, at the path it had.
    pub fn has_root(&self) -> bool {
        identity_of(&self.root).is_ok_and(|identity| identity == self.identity)
    }

    /// Returns what there is too little of, if paths could not be followed for that reason.
    pub fn shortage(&self) -> Option<Shortage> {
        self.shortage
    }

    /// Returns what becomes readable when there are news; another one after each [`Watcher::drain`].
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.kernel.as_fd()
    }

    /// Returns the path of a place.
    pub fn path(&self, place: PlaceId) -> Option<&Path> {
        self.places.get_index(place as usize).map(|(path, _)| path.as_path())
    }

    /// Returns how many paths were ever followed; those that nobody asks for any more are among them.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Forgets all paths that were followed; their places may be those of others from now on.
    pub fn forget(&mut self) {
        self.places.clear();
        self.reset();
        // What was in the queue is lost.
        self.is_confused = true;
    }

    /// Returns all paths that somebody may be writing to, or have mapped to write.
    pub fn written(&self) -> impl Iterator<Item = PlaceId> {
        let files = self.is_written.iter().filter_map(|mark| match self.marks.get(mark) {
            Some(Mark::File(places)) => Some(places),
            Some(Mark::Folder(_)) | None => None,
        });
        files.flatten().copied()
    }

    /// Tells whether somebody may be writing to a path, or have it mapped to write.
    pub fn is_written(&self, place: PlaceId) -> bool {
        let place = self.places.get_index(place as usize);
        place.is_some_and(|(_, place)| place.file.is_some_and(|mark| self.is_written.contains(&mark)))
    }

    /// Returns how many files may be written to by somebody.
    pub fn written_count(&self) -> usize {
        self.is_written.len()
    }

    /// Forgets all marks and sets none; every path has to be followed anew.
    fn reset(&mut self) {
        if let Ok((kernel, shortage)) = open_kernel() {
            self.kernel = kernel;
            self.shortage = shortage;
        }
        self.folders.clear();
        self.marks.clear();
        self.written.clear();
        self.is_written.clear();
        for place in self.places.values_mut() {
            place.file = None;
            place.is_marked = false;
        }
        let root = self.root.clone();
        self.enter(&root);
        if self.is_tree {
            self.enter_below(&root);
        }
    }
}

/// Opens a queue of events; where there are no more, one that stays empty.
fn open_kernel() -> io::Result<(Kernel, Option<Shortage>)> {
    match Kernel::new() {
        Err(error) if error.raw_os_error() == Some(libc::EMFILE) => {
            Ok((Kernel::deaf()?, Some(Shortage::Watchers)))
        }
        kernel => Ok((kernel?, None)),
    }
}

/// Returns device and inode of a folder.
fn identity_of(path: &Path) -> io::Result<(u64, u64)> {
    let stat = rustix::fs::statat(CWD, path, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)?;
    if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::Directory {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok((stat.st_dev, stat.st_ino))
}
