//! A world whose changes can be made to fail, to see what is left behind then.
//!
//! Knows how many changes were asked for. Does not know which of them matter.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{Abilities, AppendFile, Entry, Flusher, Lock, LockMode, Memory, ReadFile, Stat, System, Wait};
use crate::base::Timestamp;

/// A world in memory in which one change fails as on a full disk and all others work, or none works from one on.
#[derive(Debug, Clone)]
pub struct Faulty {
    world: Memory,
    /// Changes asked for.
    asked: Arc<AtomicUsize>,
    /// The first one that fails.
    failing: Arc<AtomicUsize>,
    /// How many fail from there on.
    count: Arc<AtomicUsize>,
    /// With what they fail.
    with: io::ErrorKind,
    /// Nothing fails, but what is read and appended then comes in pieces.
    is_in_pieces: bool,
    /// Only what lies below fails.
    below: Option<PathBuf>,
    /// Reading fails as well there.
    is_unreadable: bool,
}

impl Faulty {
    /// Makes a world in which nothing fails before [`Faulty::fail_after`].
    pub fn new(world: Memory) -> Self {
        let none = Arc::new(AtomicUsize::new(usize::MAX));
        let count = Arc::new(AtomicUsize::new(1));
        Self {
            world,
            asked: Arc::default(),
            failing: none,
            count,
            with: io::ErrorKind::StorageFull,
            is_in_pieces: false,
            below: None,
            is_unreadable: false,
        }
    }

    /// Says how what is asked below a folder fails, and whether reading there counts and fails, too.
    #[must_use]
    pub fn failing_below(self, below: PathBuf, with: io::ErrorKind, is_unreadable: bool) -> Self {
        Self { with, below: Some(below), is_unreadable, ..self }
    }

    /// Says that nothing fails below a folder: what is read and appended comes in pieces instead, of which each second
    /// one has to be asked for again since a signal came. Whole files are written and read in one call of [`System`],
    /// whose own matter that is.
    #[must_use]
    pub fn in_pieces_below(self, below: PathBuf) -> Self {
        Self { is_in_pieces: true, below: Some(below), ..self }
    }

    /// Lets `changes` more changes work and then `count` fail.
    pub fn fail_so_many_after(&self, changes: usize, count: usize) {
        self.count.store(count, Ordering::Relaxed);
        self.fail_after(changes);
    }

    /// Lets `changes` more changes work and the next one fail.
    pub fn fail_after(&self, changes: usize) {
        self.failing.store(self.asked.load(Ordering::Relaxed) + changes, Ordering::Relaxed);
    }

    /// Lets `changes` more changes work and no more after them, as for a program that is killed.
    pub fn die_after(&self, changes: usize) {
        self.fail_so_many_after(changes, usize::MAX);
    }

    /// Tells whether the change that was to fail was asked for.
    pub fn has_failed(&self) -> bool {
        self.asked.load(Ordering::Relaxed) > self.failing.load(Ordering::Relaxed)
    }

    fn change(&self, path: &Path) -> io::Result<&Memory> {
        if self.below.as_ref().is_some_and(|folder| !path.starts_with(folder)) {
            return Ok(&self.world);
        }
        if self.is_in_pieces || self.is_spared() { Ok(&self.world) } else { Err(self.with.into()) }
    }

    /// Counts a change, and tells whether it works.
    fn is_spared(&self) -> bool {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let after = number.checked_sub(self.failing.load(Ordering::Relaxed));
        after.is_none_or(|after| after >= self.count.load(Ordering::Relaxed))
    }

    /// Returns how many of some bytes are moved by a call; O(1).
    ///
    /// # Errors
    /// `Interrupted` for each second piece.
    fn piece(&self, bytes: usize, path: &Path) -> io::Result<usize> {
        let is_elsewhere = self.below.as_ref().is_some_and(|folder| !path.starts_with(folder));
        if !self.is_in_pieces || is_elsewhere || self.is_spared() {
            return Ok(bytes);
        }
        if self.asked.load(Ordering::Relaxed).is_multiple_of(2) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(bytes.div_ceil(2))
    }

    fn look(&self, path: &Path) -> io::Result<&Memory> {
        if self.is_unreadable { self.change(path) } else { Ok(&self.world) }
    }
}

/// A file opened for appending, whose failing write leaves half of what was to be written.
struct Torn {
    file: Box<dyn AppendFile>,
    path: PathBuf,
    world: Faulty,
}

impl AppendFile for Torn {
    fn written_up_to(&mut self) -> Option<u64> {
        self.file.written_up_to()
    }

    fn flusher(&self) -> io::Result<Flusher> {
        self.world.change(&self.path)?;
        self.file.flusher()
    }
}

impl io::Write for Torn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..self.world.piece(bytes.len(), &self.path)?];
        match self.world.change(&self.path) {
            Ok(_) => self.file.write(bytes),
            Err(error) => self.file.write_all(&bytes[..bytes.len() / 2]).and(Err(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that is read in pieces.
struct InPieces {
    file: Box<dyn ReadFile>,
    path: PathBuf,
    world: Faulty,
}

impl io::Read for InPieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.world.piece(buffer.len(), &self.path)?;
        self.file.read(&mut buffer[..length])
    }
}

impl ReadFile for InPieces {
    fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        self.file.go_to(offset)
    }
}

impl System for Faulty {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.look(path)?.stat(path)
    }

    fn stat_target(&self, path: &Path) -> io::Result<Stat> {
        self.look(path)?.stat_target(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let file = self.look(path)?.open(path)?;
        if !self.is_in_pieces {
            return Ok(file);
        }
        Ok(Box::new(InPieces { file, path: path.to_path_buf(), world: self.clone() }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.look(path)?.read(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.look(path)?.list(path)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.look(path)?.read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.world.canonicalize(path)
    }

    fn write(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.change(path)?.write(path, bytes, mode)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = self.change(path)?.append(path)?;
        Ok(Box::new(Torn { file, path: path.to_path_buf(), world: self.clone() }))
    }

    fn copy(&self, from: &Path, to: &Path, mode: u32) -> io::Result<()> {
        self.change(to)?.copy(from, to, mode)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(to)?.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.change(one)?.exchange(one, other)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(to)?.rename_new(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.change(path)?.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.change(path)?.remove_dir(path)
    }

    fn symlink(&self, target: &Path, path: &Path) -> io::Result<()> {
        self.change(path)?.symlink(target, path)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.change(path)?.set_mode(path, mode)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.change(path)?.create_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.change(path)?.create_dir_all(path)
    }

    fn lock(&self, path: &Path, mode: LockMode, wait: Wait) -> io::Result<Option<Box<dyn Lock>>> {
        self.world.lock(path, mode, wait)
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn monotonic(&self) -> Duration {
        self.world.monotonic()
    }

    fn boot(&self) -> [u8; 16] {
        self.world.boot()
    }

    fn random(&self) -> [u8; 16] {
        self.world.random()
    }

    fn temporary_root(&self) -> io::Result<PathBuf> {
        self.change(Path::new("/"))?.temporary_root()
    }

    fn env(&self) -> BTreeMap<OsString, OsString> {
        self.world.env()
    }

    fn is_administrator(&self) -> bool {
        self.world.is_administrator()
    }

    fn memory(&self) -> Option<u64> {
        self.world.memory()
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        self.world.current_dir()
    }

    fn abilities(&self, folder: &Path) -> Abilities {
        self.world.abilities(folder)
    }
}
