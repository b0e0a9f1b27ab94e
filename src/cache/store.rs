//! The action cache: records by key, by step and by what they left at a path.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Layout, Own,
    entries::{self, ReadEntries},
    record::{BeginId, Effect, Ending, Record},
    wire::{Entry, WireHanded, WireRecord},
};
use crate::{
    base::{Digest, WsPath},
    fingerprint::{Question, State},
    sys::{self, AppendFile, System},
};

/// Why a record with the right key must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// A later action with this key failed.
    FailedBefore,
    /// A later action with this key was never ended.
    Interrupted,
}

/// All records of one workspace, in memory, and the journal they are appended to.
pub struct Store {
    system: Arc<dyn System>,
    layout: Layout,
    index: Mutex<Index>,
}

/// The records and their indexes.
#[derive(Default)]
struct Index {
    /// In the order of their commits.
    all: Vec<Arc<Record>>,
    by_key: HashMap<Digest, usize>,
    by_weak: HashMap<Digest, Vec<usize>>,
    by_identity: HashMap<String, Vec<usize>>,
    unusable: HashMap<Digest, Blame>,
    /// Keys of actions that have begun, each with what made its records unusable before.
    open: HashMap<[u8; 16], Vec<(Digest, Option<Blame>)>>,
    /// Private state of any step.
    private: Arc<HashSet<WsPath>>,
    /// Names of folders that are private state wherever they lie.
    private_names: Arc<BTreeSet<String>>,
    /// Paths in it that other steps read.
    shared: BTreeSet<WsPath>,
    /// What az itself left at a path, filled when it is first asked for.
    left: Option<HashMap<WsPath, HashSet<Digest>>>,
    file: Option<Box<dyn AppendFile>>,
    is_damaged: bool,
}

/// What made the records of a key unusable.
#[derive(Clone, Copy)]
enum Blame {
    /// The record at this place of the order, a failure.
    Failed(usize),
    /// An action that was never ended.
    Interrupted,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl Store {
    /// Reads all records; O(bytes of the journal). An absent or damaged journal is a shorter one.
    pub fn open(system: Arc<dyn System>, layout: Layout) -> Self {
        let ReadEntries { entries, is_damaged, .. } = entries::read(&*system, &layout.entries());
        let mut index = Index { is_damaged, ..Index::default() };
        for entry in entries {
            index.apply(entry);
        }
        index.close_interrupted();
        Self { system, layout, index: Mutex::new(index) }
    }

    /// Says which folders are private state wherever they lie, and whether or not a step was seen to write there.
    pub fn keep_private(&self, names: BTreeSet<String>) {
        self.lock().private_names = Arc::new(names);
    }

    /// Tells whether a part of the journal could not be read.
    pub fn is_damaged(&self) -> bool {
        self.lock().is_damaged
    }

    /// Makes the store ready to be written: cuts off a damaged tail, drops what later entries replaced if that is
    /// most of the file, and opens the journal.
    ///
    /// # Errors
    /// The first error of the system; the store can then still be read.
    pub fn prepare_to_write(&self) -> io::Result<()> {
        let path = self.layout.entries();
        self.system.create_dir_all(&self.layout.version())?;
        self.ignore_folder()?;
        let mut state = self.lock();
        let size = self.system.stat(&path).map_or(0, |stat| stat.size);
        let live = state.live_records();
        if state.is_damaged || (size > COMPACT_ABOVE_BYTES && live.len() * 2 < state.all.len()) {
            self.write_anew(&mut state, &live)
        } else {
            state.file = Some(self.system.append(&path)?);
            Ok(())
        }
    }

    /// Opens the journal for an az that runs inside another one: it must not replace the file the outer appends to.
    ///
    /// # Errors
    /// The first error of the system; the store can then still be read.
    pub fn append_to_outer(&self) -> io::Result<()> {
        let file = self.system.append(&self.layout.entries())?;
        self.lock().file = Some(file);
        Ok(())
    }

    /// Replaces the journal by one that says the same, and opens that.
    fn write_anew(&self, state: &mut Index, live: &BTreeSet<usize>) -> io::Result<()> {
        let path = self.layout.entries();
        sys::replace(&*self.system, &path, &state.to_bytes(&*self.system, live))?;
        state.file = Some(self.system.append(&path)?);
        state.is_damaged = false;
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
        let index = self.lock();
        let mut sets: Vec<Arc<[Question]>> = Vec::new();
        for record in index.by_weak.get(weak).into_iter().flatten().rev() {
            let set: Arc<[Question]> = index.all[*record].questions().collect();
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        sets
    }

    /// Returns the last reusable record with a key.
    ///
    /// # Errors
    /// [`Unusable`] if there is one that must not be used.
    pub fn by_key(&self, key: &Digest) -> Result<Option<Arc<Record>>, Unusable> {
        let state = self.lock();
        match state.unusable.get(key) {
            Some(Blame::Failed(_)) => Err(Unusable::FailedBefore),
            Some(Blame::Interrupted) => Err(Unusable::Interrupted),
            None => Ok(state.by_key.get(key).map(|index| Arc::clone(&state.all[*index]))),
        }
    }

    /// Returns all records of a step, the latest first.
    pub fn of(&self, identity: &str) -> Vec<Arc<Record>> {
        let state = self.lock();
        let indexes = state.by_identity.get(identity).map_or(&[][..], Vec::as_slice);
        indexes.iter().rev().map(|index| Arc::clone(&state.all[*index])).collect()
    }

    /// Returns the last record of a step.
    pub fn last(&self, identity: &str) -> Option<Arc<Record>> {
        let state = self.lock();
        let last = state.by_identity.get(identity).and_then(|indexes| indexes.last());
        last.map(|index| Arc::clone(&state.all[*index]))
    }

    /// Tells whether a private path is shared all the same: a step that does not keep it was seen to read it.
    pub fn is_shared(&self, path: &WsPath) -> bool {
        self.lock().shared.contains(path)
    }

    /// Returns the shared paths below private folders.
    pub fn shared_below(&self, folders: &[WsPath]) -> Vec<WsPath> {
        let state = self.lock();
        let is_below = |path: &&WsPath| folders.iter().any(|folder| path.is_below(folder));
        state.shared.iter().filter(is_below).cloned().collect()
    }

    /// Returns what the records of a step left; O(its effects).
    pub fn own(&self, identity: &str) -> Own {
        let mut own = {
            let index = self.lock();
            Own::new(Arc::clone(&index.private), Arc::clone(&index.private_names))
        };
        self.of(identity).iter().for_each(|record| own.add(&record.effects));
        own
    }

    /// Returns the environment names that text mentions which a step was seen to read, in any of its runs.
    pub fn learned(&self, identity: &str) -> BTreeSet<String> {
        self.of(identity).iter().flat_map(|record| record.learned.iter().cloned()).collect()
    }

    /// Returns all records in the order of their commits.
    pub fn records(&self) -> Vec<Arc<Record>> {
        self.lock().all.clone()
    }

    /// Tells whether a record may be reused as far as later actions with its key go.
    pub fn is_usable(&self, record: &Record) -> bool {
        record.is_reusable() && !self.lock().unusable.contains_key(&record.key)
    }

    /// Tells whether az itself left this state at this path, and not out of a person's bytes.
    ///
    /// The first question reads all records; O(1) from then on.
    pub fn is_ours(&self, path: &WsPath, found: &State) -> bool {
        let mut state = self.lock();
        let state = &mut *state;
        let records = &state.all;
        let left = state.left.get_or_insert_with(|| {
            let mut left = HashMap::new();
            for record in records {
                note_effects(&mut left, &record.effects);
            }
            left
        });
        left.get(path).is_some_and(|states| states.contains(&found.to_digest()))
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
        self.write(Entry::commit(id, record))
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

    fn write(&self, entry: Entry) -> io::Result<()> {
        let mut state = self.lock();
        let written = self.append(&mut state, &entry);
        state.apply(entry);
        written
    }

    fn append(&self, state: &mut Index, entry: &Entry) -> io::Result<()> {
        let is_open = state.file.is_some();
        if is_open && state.is_damaged {
            let live = state.live_records();
            self.write_anew(state, &live)?;
        }
        let closed =
            || io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the cache is not open for writing");
        let written = entries::append(state.file.as_mut().ok_or_else(closed)?, entry);
        // A part of the entry may stand there, and nothing that is written behind it could be read.
        state.is_damaged = written.is_err();
        written
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Journals below this size are not worth rewriting.
const COMPACT_ABOVE_BYTES: u64 = 4 << 20;

fn note_effects(left: &mut HashMap<WsPath, HashSet<Digest>>, effects: &[Effect]) {
    for effect in effects.iter().filter(|effect| !effect.is_personal) {
        left.entry(effect.path.clone()).or_default().insert(effect.after.to_digest());
    }
}

impl Index {
    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Begin { id, keys, identity: _ } => {
                let blame = |key| (Digest(key), self.unusable.insert(Digest(key), Blame::Interrupted));
                let keys = keys.into_iter().map(blame).collect();
                self.open.insert(id, keys);
            }
            Entry::Withdraw { id } => {
                for (key, blame) in self.open.remove(&id).unwrap_or_default() {
                    match blame {
                        Some(blame) => _ = self.unusable.insert(key, blame),
                        None => _ = self.unusable.remove(&key),
                    }
                }
            }
            Entry::Commit { id, record } => self.end(id, record, WireHanded::default()),
            Entry::CommitHanding { id, record, handed } => self.end(id, record, handed),
        }
    }

    fn end(&mut self, id: [u8; 16], record: WireRecord, handed: WireHanded) {
        let Some(record) = record.into_record(handed) else { return };
        self.close(id, &record);
        self.add(record);
    }

    fn close(&mut self, id: [u8; 16], record: &Record) {
        let keys = self.open.remove(&id).unwrap_or_default().into_iter().map(|(key, _)| key);
        let key = record.key;
        let blame = match record.ending {
            Ending::Failed(_) => Some(Blame::Failed(self.all.len())),
            Ending::Interrupted => Some(Blame::Interrupted),
            Ending::Reusable | Ending::NotReusable(_) => None,
        };
        for key in keys.chain([key]) {
            match blame {
                Some(blame) => _ = self.unusable.insert(key, blame),
                None => _ = self.unusable.remove(&key),
            }
        }
    }

    fn add(&mut self, record: Record) {
        let index = self.all.len();
        if let Some(left) = &mut self.left {
            note_effects(left, &record.effects);
        }
        if record.private.iter().any(|path| !self.private.contains(path)) {
            Arc::make_mut(&mut self.private).extend(record.private.iter().cloned());
        }
        self.shared.extend(record.borrowed.iter().cloned());
        if record.is_reusable() {
            self.by_key.insert(record.key, index);
        }
        self.by_weak.entry(record.weak).or_default().push(index);
        self.by_identity.entry(record.identity.clone()).or_default().push(index);
        self.all.push(Arc::new(record));
    }

    /// A begin without an end stays interrupted; only its keys are of interest from now on.
    fn close_interrupted(&mut self) {
        self.open.clear();
    }

    /// Returns the places of the records worth keeping: the last reusable one of each key, the last of each step, and
    /// the failures that make others unusable.
    fn live_records(&self) -> BTreeSet<usize> {
        let last = self.by_identity.values().filter_map(|indexes| indexes.last());
        let failures = self.unusable.values().filter_map(|blame| match blame {
            Blame::Failed(index) => Some(index),
            Blame::Interrupted => None,
        });
        let mut live: BTreeSet<usize> = self.by_key.values().chain(last).chain(failures).copied().collect();
        // A failure that a later success has made good would be a failure again when it is read anew.
        live.retain(|index| {
            let record = &self.all[*index];
            let is_failure = matches!(record.ending, Ending::Failed(_) | Ending::Interrupted);
            !is_failure || self.unusable.contains_key(&record.key)
        });
        live
    }

    /// Returns a journal that says of these records, and of every key, what this one says.
    fn to_bytes(&self, system: &dyn System, live: &BTreeSet<usize>) -> Vec<u8> {
        let mut blamed: BTreeMap<Option<usize>, Vec<[u8; 32]>> = BTreeMap::new();
        for (key, blame) in &self.unusable {
            let by = match blame {
                Blame::Failed(index) => Some(*index).filter(|index| live.contains(index)),
                Blame::Interrupted => None,
            };
            blamed.entry(by).or_default().push(key.0);
        }
        let mut bytes = Vec::new();
        let mut begin = |by: Option<usize>, identity: &str, bytes: &mut Vec<u8>| {
            let mut keys = blamed.remove(&by).unwrap_or_default();
            keys.sort_unstable();
            let id = system.random();
            if !keys.is_empty() {
                bytes.extend(entries::encode(&Entry::Begin { id, identity: identity.to_owned(), keys }));
            }
            BeginId(id)
        };
        for index in live {
            let record = &self.all[*index];
            let id = begin(Some(*index), &record.identity, &mut bytes);
            bytes.extend(entries::encode(&Entry::commit(id, record)));
        }
        begin(None, "", &mut bytes);
        bytes
    }
}
