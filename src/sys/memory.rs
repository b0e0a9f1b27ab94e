//! A world that lives in memory, for tests: the same answers and errors as [`Os`](super::Os), at any time on the clock.
//!
//! Knows files, directories, links, locks, a clock, an environment. Does not know users (the one there is owns all,
//! and is held to the owner's permission bits), devices, hard links or processes.

mod change;
mod handle;
mod tree;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use self::{
    change::RenameMode,
    handle::{Appending, HeldLock, Reading},
    tree::{Follow, Tree},
};
use super::{Abilities, AppendFile, Entry, Lock, LockMode, ReadFile, Stat, System, Wait};
use crate::base::{Digest, Timestamp};

/// A handle on a world in memory; clones share the world.
#[derive(Clone)]
pub struct Memory(Arc<Shared>);

/// What the handles on one world share.
struct Shared {
    world: Mutex<World>,
    /// Told whenever a lock is freed.
    unlocked: Condvar,
}

/// The world itself.
struct World {
    tree: Tree,
    locks: BTreeMap<u64, Holders>,
    environment: BTreeMap<OsString, OsString>,
    current_dir: PathBuf,
    random_calls: u64,
    /// How often the machine was started.
    boots: u64,
}

/// Who holds the lock on a file.
enum Holders {
    /// This many, each shared.
    Shared(usize),
    /// One.
    Exclusive,
}

impl Shared {
    /// Enters the world; a panic of a test while it was inside leaves it usable.
    fn enter(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Making and changing a world. These answer a handle on the same world, so that calls can be chained.
///
/// They panic where the system would answer an error: a test that cannot build its world is wrong.
#[expect(clippy::return_self_not_must_use, reason = "the handle answered is only for chaining")]
impl Memory {
    /// Makes a world with an empty root directory, just after midnight of 2026-01-01 UTC, in the working directory `/`.
    pub fn new() -> Self {
        let world = World {
            tree: Tree::new(),
            locks: BTreeMap::new(),
            environment: BTreeMap::new(),
            current_dir: PathBuf::from("/"),
            random_calls: 0,
            boots: 1,
        };
        Self(Arc::new(Shared { world: Mutex::new(world), unlocked: Condvar::new() }))
    }

    /// Makes a world of its own that is now what this one is; nobody holds a lock in it.
    #[must_use]
    pub fn fork(&self) -> Self {
        let World { tree, environment, current_dir, random_calls, boots, .. } = &*self.0.enter();
        let world = World {
            tree: tree.clone(),
            locks: BTreeMap::new(),
            environment: environment.clone(),
            current_dir: current_dir.clone(),
            random_calls: *random_calls,
            boots: *boots,
        };
        Self(Arc::new(Shared { world: Mutex::new(world), unlocked: Condvar::new() }))
    }

    /// Writes a file and the directories above it; a file that exists keeps its inode and mode, others get `0644`.
    pub fn file(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Self {
        let path = path.as_ref();
        self.dir(path.parent().expect("a file has a directory"));
        let mode = self.stat_target(path).map_or(0o644, |stat| stat.mode);
        self.write(path, text.as_ref(), mode).expect("the test's file can be written");
        self.clone()
    }

    /// Makes a directory and those above it.
    pub fn dir(&self, path: impl AsRef<Path>) -> Self {
        self.create_dir_all(path.as_ref()).expect("the test's directory can be made");
        self.clone()
    }

    /// Makes a link and the directories above it.
    pub fn link(&self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        self.dir(path.parent().expect("a link has a directory"));
        self.symlink(target.as_ref(), path).expect("the test's link can be made");
        self.clone()
    }

    /// Sets the permission bits, links followed.
    pub fn mode(&self, path: impl AsRef<Path>, mode: u32) -> Self {
        self.set_mode(path.as_ref(), mode).expect("the test's file is there");
        self.clone()
    }

    /// Sets the modification time of a file to now without changing its content, links followed.
    pub fn touch(&self, path: impl AsRef<Path>) -> Self {
        self.0.enter().at(path.as_ref(), Tree::touch).expect("the test's file is there");
        self.clone()
    }

    /// Gives what is at a path another modification time, links followed, as `touch -d` and `cp -p` do.
    ///
    /// # Errors
    /// If nothing is there.
    pub fn date(&self, path: &Path, mtime_ns: i64) -> io::Result<()> {
        self.0.enter().at(path, |tree, path| tree.date(path, mtime_ns))
    }

    /// Sets an environment variable.
    pub fn variable(&self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.0.enter().environment.insert(name.into(), value.into());
        self.clone()
    }

    /// Removes an environment variable.
    pub fn without_variable(&self, name: impl Into<OsString>) -> Self {
        self.0.enter().environment.remove(&name.into());
        self.clone()
    }

    /// Sets the working directory, made if it is absent.
    pub fn inside(&self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        self.dir(&path);
        self.0.enter().current_dir = path;
        self.clone()
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) -> Self {
        self.0.enter().tree.clock.advance(time);
        self.clone()
    }

    /// Sets the clock of the files back; what measures how long something takes goes on.
    pub fn set_back(&self, time: Duration) -> Self {
        self.0.enter().tree.clock.set_back += time;
        self.clone()
    }

    /// Sets how much time passes at each change of a file, 1 ms at first; zero makes changes that no clock can tell.
    pub fn tick(&self, step: Duration) -> Self {
        self.0.enter().tree.clock.step = step;
        self.clone()
    }

    /// Cuts the power and starts again: of files that were written and not flushed, `lose` says how much is still there of
    /// so many bytes, and whether the rest is zeros instead of missing. Their names and times are what they were.
    pub fn cut_power(&self, lose: &mut dyn FnMut(usize) -> (usize, bool)) {
        let mut world = self.0.enter();
        world.boots += 1;
        world.locks.clear();
        world.tree.lose_unflushed(lose);
    }

    /// Has all that was written outlive a loss of power, as time does.
    pub fn flush_all(&self) {
        self.0.enter().tree.flush_all();
    }

    /// Lists all paths below `/` in sorted order with what they are, one a line, for snapshots.
    pub fn tree(&self) -> String {
        self.0.enter().tree.to_listing()
    }
}

impl World {
    /// Asks the tree about a path, which may be relative to the working directory.
    fn at<T>(&mut self, path: &Path, ask: impl FnOnce(&mut Tree, &Path) -> io::Result<T>) -> io::Result<T> {
        ask(&mut self.tree, &self.current_dir.join(path))
    }

    /// As [`World::at`] for two paths.
    fn at_both<T>(
        &mut self,
        one: &Path,
        other: &Path,
        ask: impl FnOnce(&mut Tree, &Path, &Path) -> io::Result<T>,
    ) -> io::Result<T> {
        ask(&mut self.tree, &self.current_dir.join(one), &self.current_dir.join(other))
    }

    /// Takes the lock on an inode if its holders allow it.
    fn try_lock(&mut self, inode: u64, mode: LockMode) -> bool {
        match (self.locks.get_mut(&inode), mode) {
            (None, LockMode::Shared) => _ = self.locks.insert(inode, Holders::Shared(1)),
            (None, LockMode::Exclusive) => _ = self.locks.insert(inode, Holders::Exclusive),
            (Some(Holders::Shared(count)), LockMode::Shared) => *count += 1,
            (Some(_), _) => return false,
        }
        true
    }

    /// Gives back one hold of the lock on an inode.
    fn unlock(&mut self, inode: u64) {
        match self.locks.get_mut(&inode) {
            Some(Holders::Shared(count)) if *count > 1 => *count -= 1,
            _ => _ = self.locks.remove(&inode),
        }
    }
}

impl System for Memory {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.0.enter().at(path, |tree, path| Ok(tree.stat(tree.find(path, Follow::No)?)))
    }

    fn stat_target(&self, path: &Path) -> io::Result<Stat> {
        self.0.enter().at(path, |tree, path| Ok(tree.stat(tree.find(path, Follow::Yes)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let inode = self.0.enter().at(path, |tree, path| tree.open(path))?;
        Ok(Box::new(Reading { world: self.clone(), inode, position: 0 }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.enter().at(path, |tree, path| {
            let inode = tree.open(path)?;
            tree.content(inode).map(<[u8]>::to_vec)
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.0.enter().at(path, |tree, path| tree.list(path))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.enter().at(path, |tree, path| tree.read_link(path))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.enter().at(path, |tree, path| tree.canonicalize(path))
    }

    fn write(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.0.enter().at(path, |tree, path| {
            let inode = tree.open_to_write(path, mode)?;
            tree.set_content(inode, bytes.to_vec());
            tree.set_mode(inode, mode);
            Ok(())
        })
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let inode = self.0.enter().at(path, |tree, path| tree.open_to_write(path, 0o644))?;
        Ok(Box::new(Appending { world: self.clone(), inode, end: None }))
    }

    fn copy(&self, from: &Path, to: &Path, mode: u32) -> io::Result<()> {
        self.0.enter().at_both(from, to, |tree, from, to| tree.copy(from, to, mode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.enter().at_both(from, to, |tree, from, to| tree.rename(from, to, RenameMode::Replace))
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.0.enter().at_both(one, other, |tree, one, other| tree.rename(one, other, RenameMode::Exchange))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.enter().at_both(from, to, |tree, from, to| tree.rename(from, to, RenameMode::New))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.0.enter().at(path, Tree::remove_file)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.0.enter().at(path, Tree::remove_dir)
    }

    fn symlink(&self, target: &Path, path: &Path) -> io::Result<()> {
        self.0.enter().at(path, |tree, path| tree.symlink(target, path))
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.0.enter().at(path, |tree, path| {
            let inode = tree.find(path, Follow::Yes)?;
            tree.set_mode(inode, mode);
            Ok(())
        })
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.enter().at(path, Tree::create_dir)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.enter().at(path, Tree::create_dir_all)
    }

    fn lock(&self, path: &Path, mode: LockMode, wait: Wait) -> io::Result<Option<Box<dyn Lock>>> {
        let mut world = self.0.enter();
        let inode = world.at(path, |tree, path| tree.open_to_write(path, 0o644))?;
        while !world.try_lock(inode, mode) {
            if wait == Wait::Try {
                return Ok(None);
            }
            world = self.0.unlocked.wait(world).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(Some(Box::new(HeldLock { world: self.clone(), inode })))
    }

    fn now(&self) -> Timestamp {
        self.0.enter().tree.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.enter().tree.clock.since_start
    }

    fn boot(&self) -> [u8; 16] {
        u128::from(self.0.enter().boots).to_be_bytes()
    }

    fn random(&self) -> [u8; 16] {
        let mut world = self.0.enter();
        world.random_calls += 1;
        let digest = Digest::of(&world.random_calls.to_le_bytes());
        *digest.0.first_chunk().expect("a digest has 32 bytes")
    }

    fn temporary_root(&self) -> io::Result<PathBuf> {
        let folder = PathBuf::from("/tmp/az");
        self.create_dir_all(&folder).map(|()| folder)
    }

    fn env(&self) -> BTreeMap<OsString, OsString> {
        self.0.enter().environment.clone()
    }

    fn is_administrator(&self) -> bool {
        false
    }

    fn memory(&self) -> Option<u64> {
        Some(8 << 30)
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        let world = self.0.enter();
        world.tree.find(&world.current_dir, Follow::Yes)?;
        Ok(world.current_dir.clone())
    }

    fn abilities(&self, _folder: &Path) -> Abilities {
        Abilities::default()
    }
}
