//! A world that remembers what was asked of it, and what it first answered.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{Abilities, AppendFile, Entry, Lock, LockMode, Mapped, ReadFile, Stat, System, Wait, is_absent};
use crate::base::{Digest, Timestamp};

/// What the file system first said of a path: of itself, and of what it leads to. Nothing where that was not asked.
///
/// The inner nothing says that there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Without following a link.
    pub itself: Option<Option<Stat>>,
    /// Links followed.
    pub target: Option<Option<Stat>>,
    /// The path was answered in two ways, or could not be asked.
    pub is_unsteady: bool,
}

/// Passes everything on to another world, and remembers every path that was looked at.
#[derive(Debug)]
pub struct Recorder {
    inner: Arc<dyn System>,
    seen: Mutex<HashMap<PathBuf, Seen>>,
}

impl Recorder {
    /// Remembers what is asked of `inner` from now on.
    pub fn new(inner: Arc<dyn System>) -> Self {
        Self { inner, seen: Mutex::default() }
    }

    /// Returns what was seen, sorted by path.
    pub fn seen(&self) -> BTreeMap<PathBuf, Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(path, seen)| (path.clone(), *seen)).collect()
    }

    fn note(
        &self,
        path: &Path,
        answer: &io::Result<Stat>,
        field: impl Fn(&mut Seen) -> &mut Option<Option<Stat>>,
    ) {
        let mut paths = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !paths.contains_key(path) {
            paths.insert(path.to_path_buf(), Seen::default());
        }
        let seen = paths.get_mut(path).expect("it was put in above");
        let found = match answer {
            Ok(stat) => Some(*stat),
            Err(error) if is_absent(error) => None,
            Err(_) => {
                seen.is_unsteady = true;
                return;
            }
        };
        let is_steady = *field(seen).get_or_insert(found) == found;
        seen.is_unsteady |= !is_steady;
    }

    fn note_target(&self, path: &Path) {
        _ = self.stat_target(path);
    }
}

impl System for Recorder {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let answer = self.inner.stat(path);
        self.note(path, &answer, |seen| &mut seen.itself);
        answer
    }

    fn stat_target(&self, path: &Path) -> io::Result<Stat> {
        let answer = self.inner.stat_target(path);
        self.note(path, &answer, |seen| &mut seen.target);
        answer
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        self.note_target(path);
        self.inner.open(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.note_target(path);
        self.inner.read(path)
    }

    fn map(&self, path: &Path) -> io::Result<Mapped> {
        self.note_target(path);
        self.inner.map(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.note_target(path);
        self.inner.list(path)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        _ = self.stat(path);
        self.inner.read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        _ = self.stat(path);
        self.inner.canonicalize(path)
    }

    fn write(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.inner.write(path, bytes, mode)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        self.inner.append(path)
    }

    fn copy(&self, from: &Path, to: &Path, mode: u32) -> io::Result<()> {
        self.inner.copy(from, to, mode)
    }

    fn copy_hashed(&self, from: &Path, to: &Path, mode: u32) -> io::Result<Digest> {
        self.inner.copy_hashed(from, to, mode)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.inner.exchange(one, other)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename_new(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_dir(path)
    }

    fn symlink(&self, target: &Path, path: &Path) -> io::Result<()> {
        self.inner.symlink(target, path)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.inner.set_mode(path, mode)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }

    fn lock(&self, path: &Path, mode: LockMode, wait: Wait) -> io::Result<Option<Box<dyn Lock>>> {
        self.inner.lock(path, mode, wait)
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn random(&self) -> [u8; 16] {
        self.inner.random()
    }

    fn temporary_root(&self) -> io::Result<PathBuf> {
        self.inner.temporary_root()
    }

    fn env(&self) -> BTreeMap<OsString, OsString> {
        self.inner.env()
    }

    fn is_administrator(&self) -> bool {
        self.inner.is_administrator()
    }

    fn memory(&self) -> Option<u64> {
        self.inner.memory()
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        self.inner.current_dir()
    }

    fn abilities(&self, folder: &Path) -> Abilities {
        self.inner.abilities(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    #[test]
    fn it_remembers_what_was_there_and_what_was_not() {
        let world = Memory::new().file("/w/a", "1");
        let recorder = Recorder::new(Arc::new(world));
        recorder.read(Path::new("/w/a")).unwrap();
        assert!(recorder.stat(Path::new("/w/b")).is_err());
        let seen = recorder.seen();
        assert!(seen[Path::new("/w/a")].target.is_some_and(|stat| stat.is_some()));
        assert_eq!(seen[Path::new("/w/b")], Seen { itself: Some(None), ..Seen::default() });
    }

    #[test]
    fn a_world_that_changes_meanwhile_is_not_remembered() {
        let world = Memory::new().file("/w/a", "1");
        let recorder = Recorder::new(Arc::new(world.clone()));
        recorder.read(Path::new("/w/a")).unwrap();
        world.write(Path::new("/w/a"), b"2", 0o644).unwrap();
        recorder.read(Path::new("/w/a")).unwrap();
        assert!(recorder.seen()[Path::new("/w/a")].is_unsteady);
    }
}
