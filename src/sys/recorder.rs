//! A world that remembers what was asked of it, and what it last answered.
//!
//! Knows for whom a path was asked ([`asking_for_one`]). Does not know what the answers were good for.
//!
//! [`asking_for_one`]: super::asking_for_one

use std::{
    borrow::Cow,
    cell::Cell,
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{
    Abilities, AppendFile, Entry, FileKind, Lock, LockMode, Mapped, Pinned, ReadFile, Stat, System, Wait,
    asked, is_absent,
};
use crate::base::{Digest, DigestWriter, Timestamp};

/// What the file system last said of a path: of itself, and of what it leads to. Nothing where that was not asked.
///
/// The inner nothing says that there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Seen {
    /// Without following a link.
    pub itself: Option<Option<Stat>>,
    /// Links followed.
    pub target: Option<Option<Stat>>,
    /// The names in it, with what they are, if they were asked for.
    pub listing: Option<Digest>,
    /// What the file system said of it, links followed, before it was last asked for these.
    pub listed: Option<Stat>,
    /// Its content was read, or where it points.
    pub is_read: bool,
    /// It was asked for all ([`asking_for_one`](super::asking_for_one) says for whom else).
    pub is_common: bool,
    /// Its answers were not all the same.
    pub has_changed: bool,
    /// Its answers in this pass were not all the same, or it could not be asked.
    pub is_unsteady: bool,
}

/// The same, as small as it can be: there is one for each path that was ever asked for.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[expect(clippy::option_option, reason = "the inner nothing says that there is nothing")]
struct Slot {
    itself: Option<Option<Stat>>,
    target: Target,
    listing: Option<Box<Digest>>,
    listed: Option<Box<Stat>>,
    is_read: bool,
    is_common: bool,
    has_changed: bool,
    is_unsteady: bool,
    /// The passes in which each of the three was last asked.
    passes: [u32; 3],
}

/// What was said of what a path leads to.
#[derive(Debug, Default)]
enum Target {
    /// It was not asked.
    #[default]
    Unasked,
    /// What is said of the path itself.
    AsItself,
    /// Something else.
    Other(Box<Option<Stat>>),
}

/// An answer to one of the three questions.
#[derive(Clone, Copy)]
enum Answer {
    Itself(Option<Stat>),
    Target(Option<Stat>),
    Listing(Digest),
}

impl Slot {
    #[expect(clippy::option_option, reason = "the inner nothing says that there is nothing")]
    fn target(&self) -> Option<Option<Stat>> {
        match &self.target {
            Target::Unasked => None,
            Target::AsItself => self.itself,
            Target::Other(stat) => Some(**stat),
        }
    }

    fn seen(&self) -> Seen {
        let Self { itself, is_read, is_common, has_changed, is_unsteady, .. } = *self;
        let (listing, listed) = (self.listing.as_deref().copied(), self.listed.as_deref().copied());
        Seen { itself, target: self.target(), listing, listed, is_read, is_common, has_changed, is_unsteady }
    }

    /// Puts in an answer; tells whether the last one was another.
    fn put(&mut self, answer: Answer) -> bool {
        match answer {
            Answer::Itself(stat) => {
                if let Some(target) = self.target().filter(|target| *target != stat) {
                    self.target = Target::Other(Box::new(target));
                }
                self.itself.replace(stat).is_some_and(|last| !is_same(last, stat))
            }
            Answer::Target(stat) => {
                let last = self.target();
                let is_itself = self.itself == Some(stat);
                self.target = if is_itself { Target::AsItself } else { Target::Other(Box::new(stat)) };
                last.is_some_and(|last| !is_same(last, stat))
            }
            Answer::Listing(listing) => {
                self.listing.replace(Box::new(listing)).is_some_and(|last| *last != listing)
            }
        }
    }
}

/// Tells whether two answers say the same. What changes of a folder when names in it come and go is told by its listing.
fn is_same(one: Option<Stat>, other: Option<Stat>) -> bool {
    let is_folder = |stat: Option<Stat>| stat.is_some_and(|stat| stat.kind == FileKind::Directory);
    one == other || (is_folder(one) && is_folder(other))
}

/// Passes everything on to another world, and remembers every path that was looked at.
#[derive(Debug)]
pub struct Recorder {
    inner: Arc<dyn System>,
    state: Mutex<State>,
    /// What is below it is not remembered.
    left_out: OnceLock<PathBuf>,
}

#[derive(Debug, Default)]
struct State {
    /// By the text of the path: as paths they would be taken apart for each question.
    seen: IndexMap<Box<OsStr>, Box<Slot>, FxBuildHasher>,
    pass: u32,
}

impl State {
    fn at(&mut self, path: &Path) -> &mut Slot {
        let text = spelled(path);
        let index = self.seen.get_index_of(&*text);
        let index = index.unwrap_or_else(|| self.seen.insert_full(text.into(), Box::default()).0);
        let (_, slot) = self.seen.get_index_mut(index).expect("it was put in above");
        slot.is_common |= asked::note(u32::try_from(index).expect("fewer than 4 billion paths"));
        slot
    }

    /// Takes an answer for the last one.
    fn take(&mut self, path: &Path, answer: Answer) {
        let which = match answer {
            Answer::Itself(_) => 0,
            Answer::Target(_) => 1,
            Answer::Listing(_) => 2,
        };
        let pass = self.pass;
        let slot = self.at(path);
        let is_of_this_pass = std::mem::replace(&mut slot.passes[which], pass) == pass;
        let is_news = slot.put(answer);
        slot.has_changed |= is_news;
        slot.is_unsteady |= is_news && is_of_this_pass;
    }
}

/// What was seen, by the places that [`Asked`](super::Asked) names.
pub struct Table<'a>(MutexGuard<'a, State>);

impl Table<'_> {
    /// Returns what was seen at a place.
    pub fn at(&self, place: u32) -> Option<(&Path, Seen)> {
        self.0.seen.get_index(place as usize).map(|(path, seen)| (Path::new(path), seen.seen()))
    }

    /// Returns the path at a place.
    pub fn path_at(&self, place: u32) -> Option<&Path> {
        self.0.seen.get_index(place as usize).map(|(path, _)| Path::new(path))
    }

    /// Returns everything, in the order of the places.
    pub fn all(&self) -> impl ExactSizeIterator<Item = (&Path, Seen)> {
        self.0.seen.iter().map(|(path, seen)| (Path::new(path), seen.seen()))
    }
}

/// Returns the text of a path; two paths that are equal have one.
fn spelled(path: &Path) -> Cow<'_, OsStr> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_more = |end: usize| match &bytes[end + 1..] {
        [] => end > 0,
        [b'/', ..] | [b'.'] | [b'.', b'/', ..] => true,
        _ => false,
    };
    let is_plain = !bytes.starts_with(b"./") && !memchr::memchr_iter(b'/', bytes).any(is_more);
    if is_plain {
        Cow::Borrowed(path.as_os_str())
    } else {
        Cow::Owned(path.components().collect::<PathBuf>().into())
    }
}

impl Recorder {
    /// Remembers what is asked of `inner` from now on.
    pub fn new(inner: Arc<dyn System>) -> Self {
        Self { inner, state: Mutex::default(), left_out: OnceLock::new() }
    }

    /// Leaves out a folder with all that is below it, of which nobody is to know that it was asked for; only the first
    /// one counts.
    pub fn leave_out(&self, folder: &Path) {
        _ = self.left_out.set(folder.to_path_buf());
    }

    fn is_left_out(&self, path: &Path) -> bool {
        let Some(folder) = self.left_out.get() else { return false };
        let (folder, path) = (folder.as_os_str().as_encoded_bytes(), path.as_os_str().as_encoded_bytes());
        // A path that is spelled in another way is remembered, and in nobody's way.
        path.strip_prefix(folder).is_some_and(|below| below.is_empty() || below.starts_with(b"/"))
    }

    /// Returns a copy of what was seen, by the places that [`Asked`](super::Asked) names.
    pub fn seen(&self) -> Vec<(PathBuf, Seen)> {
        self.table().all().map(|(path, seen)| (path.to_path_buf(), seen)).collect()
    }

    /// Returns what was seen; nobody can be asked anything as long as it is held.
    pub fn table(&self) -> Table<'_> {
        Table(self.lock())
    }

    /// Returns the place of a path.
    pub fn place(&self, path: &Path) -> Option<u32> {
        self.lock().seen.get_index_of(&*spelled(path)).and_then(|place| u32::try_from(place).ok())
    }

    /// Returns for each place whether its answers were not all the same.
    pub fn changed(&self) -> Vec<bool> {
        self.lock().seen.values().map(|seen| seen.has_changed).collect()
    }

    /// Begins a pass: what changed before it counts as steady if it is answered in one way from now on.
    pub fn begin_pass(&self) {
        let mut state = self.lock();
        state.pass += 1;
        state.seen.values_mut().for_each(|seen| seen.is_unsteady = false);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, path: &Path, answer: &io::Result<Stat>, of: fn(Option<Stat>) -> Answer) {
        if self.is_left_out(path) {
            return;
        }
        let mut state = self.lock();
        match answer {
            Ok(stat) => state.take(path, of(Some(*stat))),
            Err(error) if is_absent(error) => state.take(path, of(None)),
            Err(_) => state.at(path).is_unsteady = true,
        }
    }

    /// Tells whether the answers of a path were not all the same.
    pub fn has_changed(&self, path: &Path) -> bool {
        self.lock().seen.get(&*spelled(path)).is_some_and(|seen| seen.has_changed)
    }

    /// Tells whether more must be known of a path than what was asked, since somebody relies on it.
    fn is_of_interest(&self, path: &Path) -> bool {
        !self.is_left_out(path) && (!asked::is_for_nobody() || self.lock().seen.contains_key(&*spelled(path)))
    }

    fn note_read(&self, path: &Path) {
        if self.is_of_interest(path) {
            _ = self.stat_target(path);
            self.lock().at(path).is_read = true;
        }
    }
}

/// A file that was asked what it is when it was opened.
struct Opened {
    file: Box<dyn ReadFile>,
    /// The answer, as long as nothing was read since.
    stat: Cell<Option<Stat>>,
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stat.take();
        self.file.read(buffer)
    }
}

impl ReadFile for Opened {
    fn stat(&self) -> io::Result<Stat> {
        self.stat.take().map_or_else(|| self.file.stat(), Ok)
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        self.file.go_to(offset)
    }
}

impl System for Recorder {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let answer = self.inner.stat(path);
        self.note(path, &answer, Answer::Itself);
        answer
    }

    fn stat_target(&self, path: &Path) -> io::Result<Stat> {
        let answer = self.inner.stat_target(path);
        self.note(path, &answer, Answer::Target);
        answer
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let opened = self.inner.open(path);
        let Some(file) = opened.as_ref().ok().filter(|_| self.is_of_interest(path)) else {
            if opened.is_err() {
                self.note_read(path);
            }
            return opened;
        };
        // What was opened is what the path led to; what else it leads to by now is not read.
        let answer = file.stat();
        self.note(path, &answer, Answer::Target);
        self.lock().at(path).is_read = true;
        opened.map(|file| Box::new(Opened { file, stat: Cell::new(answer.ok()) }) as Box<dyn ReadFile>)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if !self.is_of_interest(path) {
            return self.inner.read(path);
        }
        let mut file = self.open(path)?;
        let mut bytes = Vec::new();
        // One more, so that the end is found without more room; a size that no memory holds is an error.
        let size = usize::try_from(file.stat()?.size).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(size.saturating_add(1))?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn stat_each(&self, folder: &Path, names: &[&OsStr], answer: &mut dyn FnMut(usize, io::Result<Stat>)) {
        self.inner.stat_each(folder, names, &mut |index, found| {
            self.note(&folder.join(names[index]), &found, Answer::Itself);
            answer(index, found);
        });
    }

    fn map(&self, path: &Path) -> io::Result<Mapped> {
        self.note_read(path);
        self.inner.map(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        if !self.is_of_interest(path) {
            return self.inner.list(path);
        }
        let before = self.stat_target(path).ok();
        let entries = self.inner.list(path);
        if let Ok(entries) = &entries {
            let listing = digest_of(entries);
            let mut state = self.lock();
            state.take(path, Answer::Listing(listing));
            state.at(path).listed = before.map(Box::new);
        }
        entries
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        if self.is_of_interest(path) {
            let is_link = |slot: &mut Slot| slot.itself.flatten().is_some_and(|it| it.kind == FileKind::Link);
            // Who reads a link has just asked whether it is one; that it has become another since is told by the next
            // question.
            if !is_link(self.lock().at(path)) {
                _ = self.stat(path);
            }
            self.lock().at(path).is_read = true;
        }
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

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir_all(path)
    }

    fn lock(&self, path: &Path, mode: LockMode, wait: Wait) -> io::Result<Option<Box<dyn Lock>>> {
        self.inner.lock(path, mode, wait)
    }

    fn pin(&self, root: &Path, path: &Path) -> io::Result<Pinned> {
        self.inner.pin(root, path)
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn boot(&self) -> [u8; 16] {
        self.inner.boot()
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

/// What az itself keeps in a workspace: it comes and goes with builds, and is no answer to anything.
pub const OWN_FOLDER: &str = ".azcache";

/// Returns what tells one list of names from another.
pub fn digest_of(entries: &[Entry]) -> Digest {
    let mut writer = DigestWriter::new("az names v1");
    for entry in entries.iter().filter(|entry| entry.name != OWN_FOLDER) {
        writer.add(entry.name.as_encoded_bytes());
        writer.add([entry.kind as u8]);
    }
    writer.finish()
}

#[cfg(test)]
mod tests;
