//! The action cache: records by key, by step and by what they left at a path.
//!
//! The journal holds all, and the index says where in it what stands. Records are decoded when they are asked for, and
//! only those that are.

mod anew;
mod known;
mod recent;
mod settle;
mod used;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use self::settle::Holding;
use self::{
    known::{Growing, Known},
    recent::{Blame, of_identity},
};
use super::{
    Layout, Own, entries,
    flat::Damaged,
    index::{LEARNED, PRIVATE, Short, View},
    own::{self, LeftAt},
    record::{BeginId, Ending, Record},
    wire::Entry,
};
use crate::{
    base::{Digest, WsPath},
    fingerprint::{Question, State},
    sys::{AppendFile, Flusher, Mapped, System, is_absent},
};

/// Why a record with the right key must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// A later action with this key failed.
    FailedBefore,
    /// A later action with this key was never ended.
    Interrupted,
}

/// All records of one workspace, and the journal they are appended to.
pub struct Store {
    system: Arc<dyn System>,
    layout: Layout,
    state: Mutex<Inner>,
}

/// What the store knows and remembers.
struct Inner {
    known: Known,
    /// By step: what its records left.
    own: HashMap<Short, Arc<LeftAt>>,
    /// Names of folders that are private state wherever they lie.
    private_names: Arc<BTreeSet<String>>,
    /// The journal, once it is open to be written.
    file: Option<Box<dyn AppendFile>>,
    /// Behind the last entry of the journal stands what is none.
    is_damaged: bool,
    /// Something was written to it that a loss of power would take.
    is_unflushed: bool,
    /// Entries that could not be written.
    unwritten: Vec<Vec<u8>>,
    /// The index on disk is of no use.
    has_lost_index: bool,
    /// Records that were found by their keys.
    found: HashSet<u32>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl Store {
    /// Reads what the index does not cover; O(bytes of the journal behind that). An absent or damaged journal is a
    /// shorter one, an absent or damaged index none.
    pub fn open(system: Arc<dyn System>, layout: Layout) -> Self {
        let (known, is_damaged) = read(&*system, &layout);
        let state = Inner {
            known,
            own: HashMap::new(),
            private_names: Arc::default(),
            file: None,
            is_damaged,
            is_unflushed: false,
            unwritten: Vec::new(),
            has_lost_index: false,
            found: HashSet::new(),
        };
        Self { system, layout, state: Mutex::new(state) }
    }

    /// Says which folders are private state wherever they lie, and whether or not a step was seen to write there.
    pub fn keep_private(&self, names: BTreeSet<String>) {
        self.lock().private_names = Arc::new(names);
    }

    /// Tells whether a part of the journal could not be read.
    pub fn is_damaged(&self) -> bool {
        self.lock().is_damaged
    }

    /// Makes the store ready to be written: cuts off a damaged tail, and opens the journal.
    ///
    /// # Errors
    /// The first error of the system; the store can then still be read.
    pub fn prepare_to_write(&self) -> io::Result<()> {
        self.system.create_dir_all(&self.layout.version())?;
        self.ignore_folder()?;
        let mut state = self.lock();
        if state.is_damaged {
            self.write_anew(&mut state, |tables| tables.live())
        } else {
            self.reopen(&mut state)
        }
    }

    /// Opens the journal for an az that runs inside another one: it must not replace the file the outer appends to.
    ///
    /// # Errors
    /// The first error of the system; the store can then still be read.
    pub fn append_to_outer(&self) -> io::Result<()> {
        self.reopen(&mut self.lock())
    }

    fn reopen(&self, state: &mut Inner) -> io::Result<()> {
        state.file = Some(self.system.append(&self.layout.entries())?);
        Ok(())
    }

    /// Keeps version control and backup tools out of the cache.
    fn ignore_folder(&self) -> io::Result<()> {
        for (name, text) in [
            (".gitignore", "*\n"),
            ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is az's cache.\n"),
        ] {
            let path = self.layout.top().join(name);
            if self.system.stat(&path).is_err() {
                self.system.write(&path, text.as_bytes(), 0o644)?;
            }
        }
        Ok(())
    }

    /// Returns the sets of questions that were asked under a weak key, the latest first, each once.
    pub fn path_sets(&self, weak: &Digest) -> Vec<Arc<[Question]>> {
        self.ask(|state| {
            let (mut seen, mut sets) = (HashSet::new(), Vec::new());
            for number in state.known.under(weak)?.into_iter().rev() {
                let set = state.known.row(number)?.questions;
                if !seen.contains(&set)
                    && let Some(record) = state.known.record(number)?.filter(|record| record.weak == *weak)
                {
                    seen.insert(set);
                    sets.push(record.questions().collect());
                }
            }
            Ok(sets)
        })
    }

    /// Returns the last reusable record with a key.
    ///
    /// # Errors
    /// [`Unusable`] if there is one that must not be used.
    pub fn by_key(&self, key: &Digest) -> Result<Option<Arc<Record>>, Unusable> {
        self.ask(|state| {
            Ok(match state.known.blame(&key.0)? {
                Some(Blame::Failed(_)) => Err(Unusable::FailedBefore),
                Some(Blame::Interrupted) => Err(Unusable::Interrupted),
                None => Ok(match state.known.green(key)? {
                    Some(number) => {
                        state.found.insert(number);
                        state.known.record(number)?
                    }
                    None => None,
                }),
            })
        })
    }

    /// Returns the records of a step, the latest first; each is read when it is taken.
    pub fn of<'a>(&'a self, identity: &'a str) -> impl Iterator<Item = Arc<Record>> + 'a {
        let numbers = self.ask(|state| state.known.of(identity));
        self.each(numbers).filter(move |record| record.identity == identity)
    }

    /// Returns the paths at which a step ever left something, or removed it; O(its records).
    pub fn paths_of(&self, identity: &str) -> Box<[WsPath]> {
        let effects = |record: Arc<Record>| record.effects.iter().map(|effect| effect.path.clone()).collect();
        let paths: BTreeSet<WsPath> = self.of(identity).flat_map::<Vec<_>, _>(effects).collect();
        paths.into_iter().collect()
    }

    /// Returns the records under a weak key, the latest first; each is read when it is taken.
    pub fn under<'a>(&'a self, weak: &'a Digest) -> impl Iterator<Item = Arc<Record>> + 'a {
        let numbers = self.ask(|state| state.known.under(weak));
        self.each(numbers).filter(move |record| record.weak == *weak)
    }

    /// Reads records one after the other, the last first.
    fn each(&self, numbers: Vec<u32>) -> impl Iterator<Item = Arc<Record>> + '_ {
        numbers.into_iter().rev().filter_map(|number| {
            // A journal that had to be read again may have fewer.
            self.ask(|state| if number < state.known.count() { state.known.record(number) } else { Ok(None) })
        })
    }

    /// Tells whether a look-up can find nothing and has nothing to compare with: the store was empty when it was opened,
    /// and neither a record of this step nor one under this weak key was made since. O(1).
    pub fn is_new(&self, identity: &str, weak: &Digest) -> bool {
        self.ask(|state| Ok(state.known.is_new(identity, weak)))
    }

    /// Returns the last record of a step.
    pub fn last(&self, identity: &str) -> Option<Arc<Record>> {
        self.of(identity).next()
    }

    /// Returns the last record of a step if it tells of private state; reads no other.
    pub fn last_with_private(&self, identity: &str) -> Option<Arc<Record>> {
        let is_without = self.ask(|state| match state.known.of(identity)?.last() {
            Some(last) => Ok(state.known.row(*last)?.flags & PRIVATE == 0),
            None => Ok(true),
        });
        if is_without { None } else { self.last(identity) }
    }

    /// Tells whether a private path is shared all the same: a step that does not keep it was seen to read it.
    pub fn is_shared(&self, path: &WsPath) -> bool {
        self.ask(|state| state.known.is_shared(path))
    }

    /// Returns the shared paths below private folders.
    pub fn shared_below(&self, folders: &[WsPath]) -> Vec<WsPath> {
        if folders.is_empty() { Vec::new() } else { self.ask(|state| state.known.shared_below(folders)) }
    }

    /// Returns what the records of a step left; O(its effects) the first time, O(1) from then on.
    pub fn own(&self, identity: &str) -> Own {
        let digest = of_identity(identity);
        self.ask(|state| {
            let left = match state.own.get(&digest) {
                Some(left) => Arc::clone(left),
                None => state.read_own(identity)?,
            };
            Ok(Own::new(left, state.known.private()?, Arc::clone(&state.private_names)))
        })
    }

    /// Returns the environment names that text mentions which a step was seen to read, in any of its runs.
    pub fn learned(&self, identity: &str) -> BTreeSet<String> {
        self.ask(|state| {
            let mut learned = BTreeSet::new();
            for number in state.known.of(identity)? {
                if state.known.row(number)?.flags & LEARNED != 0
                    && let Some(record) =
                        state.known.record(number)?.filter(|record| record.identity == identity)
                {
                    learned.extend(record.learned.iter().cloned());
                }
            }
            Ok(learned)
        })
    }

    /// Returns all records in the order of their commits; O(bytes of the journal).
    pub fn records(&self) -> Vec<Arc<Record>> {
        self.ask(|state| {
            let all = (0..state.known.count()).map(|number| state.known.record(number));
            Ok(all.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
    }

    /// Tells whether a record may be reused as far as later actions with its key go.
    pub fn is_usable(&self, record: &Record) -> bool {
        record.is_reusable() && self.ask(|state| state.known.blame(&record.key.0)).is_none()
    }

    /// Tells whether az itself left this state at this path, and not out of a person's bytes. O(log effects).
    pub fn is_ours(&self, path: &WsPath, found: &State) -> bool {
        self.ask(|state| state.known.has_left(path, found))
    }

    /// Writes that an action is about to start, and makes older records with one of `keys` unusable until it ends
    /// well.
    ///
    /// # Errors
    /// The first error of the system; the keys are unusable all the same.
    pub fn begin(&self, identity: &str, keys: &[Digest]) -> io::Result<BeginId> {
        let id = BeginId(self.system.random());
        let keys = keys.iter().map(|key| key.0).collect();
        self.write(Entry::Begin { id: id.0, identity: identity.to_owned(), keys }).map(|()| id)
    }

    /// Writes that an action ended.
    ///
    /// # Errors
    /// The first error of the system; the record is then good for this process only.
    pub fn commit(&self, id: BeginId, record: &Record) -> io::Result<()> {
        let written = self.write(Entry::commit(id, record));
        self.lock().own.remove(&of_identity(&record.identity));
        written
    }

    /// Writes that a record must not be reused any more, and why.
    ///
    /// # Errors
    /// The first error of the system; this process knows it all the same.
    pub fn retract(&self, record: &Record, why: String) -> io::Result<()> {
        let id = self.begin(&record.identity, &[record.key])?;
        self.commit(id, &Record { ending: Ending::Failed(why), ..record.clone() })
    }

    /// Writes that an action was stopped and all it had done was undone, as if it had not begun.
    ///
    /// # Errors
    /// The first error of the system; it then counts as interrupted from the next start of az on.
    pub fn withdraw(&self, id: BeginId) -> io::Result<()> {
        self.write(Entry::Withdraw { id: id.0 })
    }

    /// Returns what waits until all entries would outlive a loss of power; nothing if none was written since.
    ///
    /// # Errors
    /// As [`AppendFile::flusher`].
    pub fn flusher(&self) -> io::Result<Option<Flusher>> {
        let mut state = self.lock();
        let is_unflushed = std::mem::take(&mut state.is_unflushed);
        state.file.as_ref().filter(|_| is_unflushed).map(|file| file.flusher()).transpose()
    }

    fn write(&self, entry: Entry) -> io::Result<()> {
        let frame = entries::encode(&entry);
        let mut state = self.lock();
        let written = self.append(&mut state, &frame);
        if written.is_err() {
            state.unwritten.push(frame.clone());
            state.is_damaged = true;
        }
        let behind = state.file.as_mut().filter(|_| written.is_ok()).and_then(|file| file.written_up_to());
        let at = behind.and_then(|behind| usize::try_from(behind).ok()?.checked_sub(frame.len()));
        let growing = || Growing::new(Arc::clone(&self.system), self.layout.entries());
        if state.known.take(entry, frame, at, growing).is_err() {
            // It stands in the journal, or among what could not be written.
            self.read_whole(&mut state);
        }
        written
    }

    fn append(&self, state: &mut Inner, frame: &[u8]) -> io::Result<()> {
        if state.file.is_some() && state.is_damaged {
            // A part of an entry may stand there, and nothing that is written behind it could be read.
            self.write_anew(state, |tables| tables.live())?;
        }
        let closed =
            || io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the cache is not open for writing");
        state.is_unflushed = true;
        state.file.as_mut().ok_or_else(closed)?.write_all(frame)
    }

    /// Asks what is known; where the index turns out to be damaged, the journal alone answers.
    fn ask<T>(&self, question: impl Fn(&mut Inner) -> Result<T, Damaged>) -> T {
        let mut state = self.lock();
        loop {
            match question(&mut state) {
                Ok(answer) => return answer,
                Err(Damaged) => self.read_whole(&mut state),
            }
        }
    }

    fn read_whole(&self, state: &mut Inner) {
        let (journal, _) = read_journal(&*self.system, &self.layout);
        state.known = Known::read(None, journal);
        state.is_damaged |= state.known.is_damaged();
        state.has_lost_index = true;
        state.own.clear();
        state.found.clear();
        for frame in &state.unwritten {
            // Without an index nothing can turn out to be damaged.
            _ = state.known.add(frame);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Puts together what the records of a step left, and remembers it.
    fn read_own(&mut self, identity: &str) -> Result<Arc<LeftAt>, Damaged> {
        let mut left = LeftAt::new();
        for number in self.known.of(identity)?.into_iter().rev() {
            let record = self.known.record(number)?.filter(|record| record.identity == identity);
            record.iter().for_each(|record| own::add(&mut left, &record.effects));
        }
        if self.own.len() >= REMEMBERED_STEPS {
            self.own.clear();
        }
        let left = Arc::new(left);
        self.own.insert(of_identity(identity), Arc::clone(&left));
        Ok(left)
    }
}

/// Of so many steps it is remembered what they left.
const REMEMBERED_STEPS: usize = 1024;

/// Reads the index and what of the journal it does not cover; tells as well whether there is more than entries.
fn read(system: &dyn System, layout: &Layout) -> (Known, bool) {
    let index = system.map(&layout.index()).ok().and_then(View::open);
    let (journal, is_unreadable) = read_journal(system, layout);
    let known = Known::read(index, journal);
    let is_damaged = is_unreadable || known.is_damaged();
    (known, is_damaged)
}

fn read_journal(system: &dyn System, layout: &Layout) -> (Mapped, bool) {
    match system.map(&layout.entries()) {
        Ok(journal) => (journal, false),
        Err(error) => (Mapped::from(Vec::new()), !is_absent(&error)),
    }
}
