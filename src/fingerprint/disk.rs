//! The disk as a view, with a memory of what was hashed.
//!
//! A digest is remembered under the whole [`Stat`] and trusted only if it was **settled** when it was taken: the
//! file's times lay clearly before the file system's own clock, so that any later write must give it another time.
//! An unsettled file is hashed again whenever it is asked for. The clock is a file in the cache folder that is
//! written before files are looked at, so that neither a skewed system clock nor another machine's can fool it.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use rustc_hash::FxHashMap;

use super::{Names, OnDisk, State, View, git_index, moment::Look};
use crate::{
    base::{Digest, DigestWriter, WsPath},
    sys::{self, FileKind, HashedFile, Stat, System},
};

/// Distance to the file system's clock above which a time is settled, where it counts nanoseconds.
const FINE_GRAIN_NS: i64 = 10_000_000;
/// The same where times are whole seconds, or the file is on another file system than the clock.
const COARSE_GRAIN_NS: i64 = 2_000_000_000;

/// So many lists of names are remembered: who asks again mostly does so at once, and a run may ask for very many.
const REMEMBERED: usize = 1024;

/// A digest that may be relied on as long as the stat is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFile {
    /// What the file system said when the file was hashed.
    pub stat: Stat,
    /// The digest of the content.
    pub digest: Digest,
}

/// Digests that were settled when earlier runs took them.
pub trait Settled: Send + Sync + fmt::Debug {
    /// Returns what is known of a file.
    fn of(&self, path: &WsPath) -> Option<KnownFile>;
}

/// What is known of files: one for each that was ever read. In a table that grows, what is empty must be small.
type Known = FxHashMap<WsPath, Option<Box<KnownFile>>>;

/// The disk below a workspace root.
#[derive(Debug)]
pub struct Disk {
    system: Arc<dyn System>,
    root: PathBuf,
    clock_file: PathBuf,
    clock: RwLock<Option<Stat>>,
    /// What earlier runs found out.
    settled: Option<Arc<dyn Settled>>,
    /// What was found out since; nothing where that is not to be relied on any more.
    files: Mutex<Known>,
    /// What was last answered of files that were not settled: nothing to rely on, and nothing if one stat stood for two
    /// contents.
    unsettled: Mutex<Known>,
    listings: Mutex<FxHashMap<WsPath, (Stat, Arc<Names>)>>,
}

impl Disk {
    /// Looks at the workspace at `root`; `clock_file` is written to read the file system's clock.
    ///
    /// `known` are digests from earlier runs, settled when they were taken.
    pub fn new(
        system: Arc<dyn System>,
        root: &Path,
        clock_file: &Path,
        known: impl IntoIterator<Item = (WsPath, KnownFile)>,
    ) -> Self {
        let disk = Self {
            system,
            root: root.to_path_buf(),
            clock_file: clock_file.to_path_buf(),
            clock: RwLock::new(None),
            settled: None,
            files: Mutex::new(known.into_iter().map(|(path, known)| (path, Some(Box::new(known)))).collect()),
            unsettled: Mutex::default(),
            listings: Mutex::default(),
        };
        disk.tick();
        disk
    }

    /// Looks up what earlier runs found out where nothing is known since.
    #[must_use]
    pub fn with_settled(self, settled: Arc<dyn Settled>) -> Self {
        Self { settled: Some(settled), ..self }
    }

    /// Reads the file system's clock anew, so that files written since the last call can settle.
    ///
    /// Returns the clock's time in nanoseconds, or nothing where the cache folder cannot be written; then nothing
    /// is settled and every file is hashed.
    pub fn tick(&self) -> Option<i64> {
        let stat = read_clock(&*self.system, &self.clock_file);
        *self.clock.write().unwrap_or_else(PoisonError::into_inner) = stat;
        stat.map(|stat| stat.mtime_ns)
    }

    /// Returns the absolute path of a workspace path.
    pub fn absolute(&self, path: &WsPath) -> PathBuf {
        path.to_absolute(&self.root)
    }

    /// Returns the world the disk is in.
    pub fn system(&self) -> &Arc<dyn System> {
        &self.system
    }

    /// Returns the settled digests that were found out since, sorted by path.
    pub fn known_files(&self) -> Vec<(WsPath, KnownFile)> {
        self.changed_files().into_iter().filter_map(|(path, known)| Some((path, known?))).collect()
    }

    /// Returns what a later run should know beyond what earlier ones did, sorted by path; nothing for a file of which
    /// they know what is not to be relied on any more.
    pub fn changed_files(&self) -> Vec<(WsPath, Option<KnownFile>)> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known: Vec<_> =
            files.iter().map(|(path, known)| (path.clone(), known.as_deref().copied())).collect();
        known.sort_by(|a, b| a.0.cmp(&b.0));
        known
    }

    fn settled(&self, path: &WsPath) -> Option<KnownFile> {
        self.settled.as_ref().and_then(|settled| settled.of(path))
    }

    /// Returns what the file system says of a path, or nothing if it is absent or cannot be asked.
    pub fn stat(&self, path: &WsPath) -> Option<Stat> {
        self.system.stat(&self.absolute(path)).ok()
    }

    fn is_settled(&self, stat: &Stat) -> bool {
        let clock = *self.clock.read().unwrap_or_else(PoisonError::into_inner);
        clock.is_some_and(|clock| is_settled(&clock, stat))
    }

    /// Looks at a path, and reads a file whose digest is not known.
    pub(super) fn look(&self, path: &WsPath) -> Look {
        let absolute = self.absolute(path);
        let stat = match self.system.stat(&absolute) {
            Ok(stat) => stat,
            Err(error) if sys::is_absent(&error) => return Look::of(None, State::Absent),
            Err(_) => return Look::of(None, State::Unknown),
        };
        let state = match stat.kind {
            FileKind::File => return self.look_at_file(path, &absolute, stat),
            FileKind::Directory => State::Directory,
            FileKind::Other => State::Unknown,
            FileKind::Link => match self.system.read_link(&absolute) {
                Ok(target) => {
                    target.to_str().map_or(State::Unknown, |target| State::Link { target: target.into() })
                }
                Err(_) => State::Unknown,
            },
        };
        Look::of(Some(stat), state)
    }

    /// Returns the state of a path, but of a file, which is not read, only what the file system says of it: instead of its
    /// content's, its digest is one that no content has.
    pub fn unread_state(&self, path: &WsPath) -> State {
        match self.stat(path) {
            Some(stat) if stat.kind == FileKind::File => {
                let times = [stat.mtime_ns, stat.ctime_ns].map(i64::to_le_bytes);
                let numbers = [stat.inode, stat.device, stat.size].map(u64::to_le_bytes);
                let writer = DigestWriter::new("az unread v1");
                file(&stat, writer.field(times.concat()).field(numbers.concat()).finish())
            }
            _ => self.state(path),
        }
    }

    fn look_at_file(&self, path: &WsPath, absolute: &Path, stat: Stat) -> Look {
        let since = of(&self.files, path);
        if let Some(known) = since.unwrap_or_else(|| self.settled(path))
            && known.stat == stat
        {
            return Look::of(Some(stat), file(&stat, known.digest));
        }
        let Ok(HashedFile { stat: hashed, mut digest, bytes }) = sys::hash_file_kept(&*self.system, absolute)
        else {
            return Look::of(Some(stat), State::Unknown);
        };
        if path.as_str().ends_with(".git/index") {
            let listed = self.system.read(absolute).ok().and_then(|bytes| git_index::digest(&bytes));
            digest = listed.unwrap_or(digest);
        }
        self.remember(path, KnownFile { stat: hashed, digest });
        Look { stat: Some(hashed), state: file(&hashed, digest), bytes: bytes.map(Arc::from) }
    }

    fn remember(&self, path: &WsPath, answered: KnownFile) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_settled(&answered.stat) {
            unsettled.remove(path);
            files.insert(path.clone(), Some(Box::new(answered)));
            return;
        }
        if self.settled(path).is_some() {
            files.insert(path.clone(), None);
        } else {
            files.remove(path);
        }
        let last = unsettled.entry(path.clone()).or_insert_with(|| Some(Box::new(answered)));
        let is_doubtful =
            last.as_deref().is_none_or(|last| last.stat == answered.stat && last.digest != answered.digest);
        *last = (!is_doubtful).then(|| Box::new(answered));
    }

    /// Returns what was last answered of a file's content, and what the file system said of the file then; nothing if
    /// it was not asked, or answered in two ways that the file system does not tell apart.
    pub fn last_answer(&self, path: &WsPath) -> Option<KnownFile> {
        let since = of(&self.unsettled, path).or_else(|| of(&self.files, path));
        since.unwrap_or_else(|| self.settled(path))
    }
}

/// Returns what a table has of a file, if it has anything.
#[expect(clippy::option_option, reason = "the inner nothing says that nothing is to be relied on")]
fn of(known: &Mutex<Known>, path: &WsPath) -> Option<Option<KnownFile>> {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(path).map(|known| known.as_deref().copied())
}

fn file(stat: &Stat, digest: Digest) -> State {
    State::File { digest, size: stat.size, mode: stat.mode & 0o777 }
}

/// Writes the clock file and returns what the file system then says of it; nothing where it cannot be written.
pub fn read_clock(system: &dyn System, clock_file: &Path) -> Option<Stat> {
    let write = || system.write(clock_file, b"", 0o644);
    // What stands in its place and does not let itself be written is nothing that anybody needs.
    let written = write().or_else(|_| system.remove_file(clock_file).and_then(|()| write()));
    written.and_then(|()| system.stat(clock_file)).ok()
}

/// Tells whether a file's times lie so clearly before `clock`, read before the file was looked at, that any later
/// write must give it others.
pub fn is_settled(clock: &Stat, stat: &Stat) -> bool {
    let is_fine = clock.device == stat.device && clock.mtime_ns % 1_000_000_000 != 0;
    let grain = if is_fine { FINE_GRAIN_NS } else { COARSE_GRAIN_NS };
    stat.mtime_ns.max(stat.ctime_ns) < clock.mtime_ns - grain
}

impl View for Disk {
    fn root(&self) -> &Path {
        &self.root
    }

    fn state(&self, path: &WsPath) -> State {
        self.look(path).state
    }

    fn names(&self, path: &WsPath) -> Arc<Names> {
        let absolute = self.absolute(path);
        let stat = match self.system.stat_target(&absolute) {
            Ok(stat) if stat.kind == FileKind::Directory => stat,
            Err(error) if !sys::is_absent(&error) => {
                return Arc::new(Names { entries: vec![], incomplete: true });
            }
            _ => return Arc::default(),
        };
        let known = self.listings.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some((known_stat, names)) = known
            && known_stat == stat
        {
            return names;
        }
        let names = Arc::new(list(&*self.system, &absolute));
        if self.is_settled(&stat) {
            let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
            if listings.len() >= REMEMBERED {
                listings.clear();
            }
            listings.insert(path.clone(), (stat, Arc::clone(&names)));
        }
        names
    }
}

impl OnDisk for Disk {
    fn stat(&self, path: &WsPath) -> Option<Stat> {
        self.system.stat(&self.absolute(path)).ok()
    }
}

fn list(system: &dyn System, absolute: &Path) -> Names {
    let Ok(entries) = system.list(absolute) else { return Names { entries: vec![], incomplete: true } };
    let mut names = Names::default();
    for entry in entries {
        match entry.name.to_str() {
            Some(name) => names.entries.push((name.into(), entry.kind)),
            None => names.incomplete = true,
        }
    }
    names
}
