//! What the journal says: by the index as far as that covers it, by its entries behind that.
//!
//! Every answer is the one that reading the whole journal would give. An index that turns out to be damaged is told to
//! the store, which then does read it whole.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use super::{
    super::{
        entries,
        flat::Damaged,
        frames,
        index::{Blamed, ByIdentity, ByWeak, Green, Left, Open, Row, Tables, View},
        private::Private,
        record::Record,
        wire::{Entry, WireHanded},
    },
    recent::{Blame, Frame, Recent, of_identity, of_left, of_weak},
};
use crate::{
    base::{Digest, WsPath},
    fingerprint::State,
    sys::{Mapped, System},
};

/// So many decoded records are remembered.
const REMEMBERED: usize = 1024;

/// A journal that is written to.
pub(super) struct Growing {
    system: Arc<dyn System>,
    path: PathBuf,
    /// As much of it as was looked at.
    bytes: Mapped,
}

impl Growing {
    pub(super) fn new(system: Arc<dyn System>, path: PathBuf) -> Self {
        Self { system, path, bytes: Mapped::from(Vec::new()) }
    }

    /// Reads an entry that was written.
    fn entry_at(&mut self, at: usize) -> Option<Entry> {
        if at >= self.bytes.len() {
            self.bytes = self.system.map(&self.path).ok()?;
        }
        entries::decode_at(&self.bytes, at).map(|(entry, _)| entry)
    }
}

impl std::fmt::Debug for Growing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Growing").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The answers of a journal.
#[derive(Debug)]
pub(super) struct Known {
    index: Option<Arc<View>>,
    /// As it was when it was read.
    journal: Mapped,
    /// Bytes of it that the index covers.
    covered: usize,
    /// Bytes of it that are entries.
    sound: usize,
    /// The same journal with what was written since.
    growing: Option<Growing>,
    recent: Recent,
    decoded: HashMap<u32, Arc<Record>>,
    /// An entry that the index tells of could not be read.
    has_holes: bool,
}

impl Known {
    /// Reads a journal; what an index of it covers is not read. O(bytes behind that).
    pub(super) fn read(index: Option<View>, journal: Mapped) -> Self {
        let covered = index.as_ref().and_then(|index| index.covered_of(&journal));
        let index = index.filter(|_| covered.is_some()).map(Arc::new);
        let covered = covered.unwrap_or(0);
        let open = index.as_ref().map_or(Ok(Vec::new()), |index| index.rows::<Open>());
        let mut known = Self {
            index,
            journal,
            covered,
            sound: covered,
            growing: None,
            recent: Recent::default(),
            decoded: HashMap::new(),
            has_holes: false,
        };
        match open.and_then(|open| known.read_on(&open)) {
            Ok(()) => known,
            Err(Damaged) => Self::read(None, known.journal),
        }
    }

    fn read_on(&mut self, open: &[Open]) -> Result<(), Damaged> {
        self.recent.open_of(open);
        while let Some((entry, behind)) = entries::decode_at(&self.journal, self.sound) {
            let at = self.sound;
            self.sound = behind;
            self.apply(entry, Frame::At(at))?;
        }
        self.journal.let_go();
        Ok(())
    }

    /// Reads the whole journal instead of the index.
    pub(super) fn forget_index(&mut self) {
        let journal = std::mem::replace(&mut self.journal, Mapped::from(Vec::new()));
        *self = Self::read(None, journal);
    }

    /// Tells whether there are bytes behind the last entry that are none.
    pub(super) fn is_damaged(&self) -> bool {
        self.sound < self.journal.len()
    }

    /// Tells whether an entry that the index tells of could not be read.
    pub(super) fn has_holes(&self) -> bool {
        self.has_holes
    }

    /// Returns the bytes that the index covers.
    pub(super) fn covered(&self) -> usize {
        self.covered
    }

    /// Returns the part of the journal that is entries.
    pub(super) fn sound(&self) -> &[u8] {
        &self.journal[..self.sound]
    }

    /// Adds an entry that stands behind all others.
    pub(super) fn add(&mut self, frame: &[u8]) -> Result<(), Damaged> {
        match entries::decode_at(frame, 0) {
            Some((entry, _)) => self.apply(entry, Frame::Held(frame.into())),
            None => Ok(()),
        }
    }

    /// Adds an entry that stands behind all others, with its frame, or with where that begins in the journal it was
    /// written to.
    pub(super) fn take(
        &mut self,
        entry: Entry,
        frame: Vec<u8>,
        at: Option<usize>,
        growing: impl FnOnce() -> Growing,
    ) -> Result<(), Damaged> {
        let frame = match at {
            Some(at) => {
                self.growing.get_or_insert_with(growing);
                Frame::Written(at)
            }
            None => Frame::Held(frame.into()),
        };
        self.apply(entry, frame)
    }

    fn apply(&mut self, entry: Entry, frame: Frame) -> Result<(), Damaged> {
        match entry {
            Entry::Begin { id, keys, identity: _ } => {
                let mut begun = Vec::with_capacity(keys.len());
                for key in keys {
                    begun.push((key, self.blame(&key)?));
                    self.recent.blames.insert(key, Some(Blame::Interrupted));
                }
                self.recent.open.insert(id, begun);
            }
            Entry::Withdraw { id } => {
                self.recent.blames.extend(self.recent.open.remove(&id).unwrap_or_default());
            }
            Entry::Commit { .. } | Entry::CommitHanding { .. } => self.end(entry, frame),
        }
        Ok(())
    }

    fn end(&mut self, entry: Entry, frame: Frame) {
        let Some((id, record)) = record_of(entry) else { return };
        let number = self.count();
        let begun = self.recent.open.remove(&id).unwrap_or_default();
        self.recent.add(number, &record, frame);
        let blame = match record.ending {
            super::Ending::Failed(_) => Some(Blame::Failed(number)),
            super::Ending::Interrupted => Some(Blame::Interrupted),
            super::Ending::Reusable | super::Ending::NotReusable(_) => None,
        };
        let keys = begun.into_iter().map(|(key, _)| key).chain([record.key.0]);
        self.recent.blames.extend(keys.map(|key| (key, blame)));
    }

    /// Returns how many records there are.
    pub(super) fn count(&self) -> u32 {
        let recent = u32::try_from(self.recent.rows.len()).expect("there is no room for so many records");
        self.first_recent() + recent
    }

    fn first_recent(&self) -> u32 {
        let indexed = self.index.as_ref().map_or(0, |index| index.count::<Row>());
        u32::try_from(indexed).expect("an index is written for fewer records")
    }

    /// Returns what made the records of a key unusable.
    pub(super) fn blame(&self, key: &[u8; 32]) -> Result<Option<Blame>, Damaged> {
        match (self.recent.blames.get(key), &self.index) {
            (Some(blame), _) => Ok(*blame),
            (None, Some(index)) => Ok(index.find::<Blamed>(key)?.map(Blame::of_record)),
            (None, None) => Ok(None),
        }
    }

    /// Returns the last reusable record of a key.
    pub(super) fn green(&self, key: &Digest) -> Result<Option<u32>, Damaged> {
        match (self.recent.green.get(&key.0), &self.index) {
            (Some(record), _) => Ok(Some(*record)),
            (None, Some(index)) => index.find::<Green>(&key.0),
            (None, None) => Ok(None),
        }
    }

    /// Returns the records under a weak key, in the order of their commits.
    pub(super) fn under(&self, weak: &Digest) -> Result<Vec<u32>, Damaged> {
        let digest = of_weak(weak);
        let mut found =
            self.index.as_ref().map_or(Ok(Vec::new()), |index| index.find_all::<ByWeak>(&digest))?;
        found.extend(self.recent.by_weak.get(&digest).into_iter().flatten());
        Ok(found)
    }

    /// Returns the records of a step, in the order of their commits.
    pub(super) fn of(&self, identity: &str) -> Result<Vec<u32>, Damaged> {
        let digest = of_identity(identity);
        let of_index = |index: &Arc<View>| index.find_all::<ByIdentity>(&digest);
        let mut found = self.index.as_ref().map_or(Ok(Vec::new()), of_index)?;
        found.extend(self.recent.by_identity.get(&digest).into_iter().flatten());
        Ok(found)
    }

    /// Tells whether nothing at all was known when this was read, and no record of this step or under this weak key has
    /// come since.
    pub(super) fn is_new(&self, identity: &str, weak: &Digest) -> bool {
        self.index.is_none()
            && self.journal.is_empty()
            && !self.recent.by_weak.contains_key(&of_weak(weak))
            && !self.recent.by_identity.contains_key(&of_identity(identity))
    }

    /// Returns what is known of a record without decoding it.
    pub(super) fn row(&self, number: u32) -> Result<Row, Damaged> {
        match (number.checked_sub(self.first_recent()), &self.index) {
            (Some(recent), _) => self.recent.rows.get(recent as usize).map(|(row, _)| *row).ok_or(Damaged),
            (None, Some(index)) => index.row(number as usize),
            (None, None) => Err(Damaged),
        }
    }

    /// Returns a record; nothing if its entry is damaged.
    pub(super) fn record(&mut self, number: u32) -> Result<Option<Arc<Record>>, Damaged> {
        if let Some(record) = self.decoded.get(&number) {
            return Ok(Some(Arc::clone(record)));
        }
        let row = self.row(number)?;
        let entry = match number.checked_sub(self.first_recent()).map(|at| &self.recent.rows[at as usize].1) {
            Some(Frame::Held(frame)) => entries::decode_at(frame, 0).map(|(entry, _)| entry),
            Some(Frame::At(at)) => entries::decode_at(&self.journal, *at).map(|(entry, _)| entry),
            Some(Frame::Written(at)) => self.growing.as_mut().and_then(|journal| journal.entry_at(*at)),
            None => usize::try_from(row.frame)
                .ok()
                .and_then(|at| entries::decode_at(&self.journal[..self.covered], at))
                .map(|(entry, _)| entry),
        };
        let record = entry.and_then(record_of).map(|(_, record)| record);
        let is_it =
            |record: &Record| record.key.0 == row.key && of_identity(&record.identity) == row.identity;
        let Some(record) = record.filter(is_it) else {
            self.has_holes = true;
            return Ok(None);
        };
        if self.decoded.len() >= REMEMBERED {
            self.decoded.clear();
            self.journal.let_go();
            self.growing.iter().for_each(|journal| journal.bytes.let_go());
        }
        let record = Arc::new(record);
        self.decoded.insert(number, Arc::clone(&record));
        Ok(Some(record))
    }

    /// Returns how many bytes of the journal the entry of a record takes.
    pub(super) fn size_of(&self, number: u32) -> u64 {
        let at = self.row(number).ok().and_then(|row| usize::try_from(row.frame).ok());
        at.and_then(|at| frames::payload_at(&self.journal, at).map(|(_, behind)| behind - at)).unwrap_or(0)
            as u64
    }

    /// Tells whether az left a state at a path.
    pub(super) fn has_left(&self, path: &WsPath, state: &State) -> Result<bool, Damaged> {
        let digest = of_left(path, state);
        let is_recent = self.recent.left.contains(&digest);
        Ok(is_recent || self.index.as_ref().map_or(Ok(false), |index| index.has_left(&digest))?)
    }

    /// Returns the private state of all steps.
    pub(super) fn private(&self) -> Result<Private, Damaged> {
        Private::new(self.index.as_ref(), &self.recent.private)
    }

    /// Tells whether others read a private path.
    pub(super) fn is_shared(&self, path: &WsPath) -> Result<bool, Damaged> {
        let is_recent = self.recent.shared.contains(path);
        Ok(is_recent || self.index.as_ref().map_or(Ok(false), |index| index.is_shared(path))?)
    }

    /// Returns the private paths at or below folders that others read.
    pub(super) fn shared_below(&self, folders: &[WsPath]) -> Result<Vec<WsPath>, Damaged> {
        let recent = self.recent.shared.iter();
        let is_below = |path: &&WsPath| folders.iter().any(|folder| path.is_below(folder));
        let mut found: BTreeSet<WsPath> = recent.filter(is_below).cloned().collect();
        for folder in folders {
            if let Some(index) = &self.index {
                found.extend(index.shared_below(folder)?);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Returns the tables of an index of all this; O(records).
    pub(super) fn tables(&self) -> Result<Tables, Damaged> {
        let mut tables = self.index.as_ref().map_or(Ok(Tables::default()), |index| Tables::of(index))?;
        let Recent { rows, green, by_weak, by_identity, left, private, shared, .. } = &self.recent;
        tables.rows.extend(rows.iter().map(|(row, _)| *row));
        let green =
            green.iter().map(|(key, record)| (*key, Some(Green { key: *key, record: *record, reserved: 0 })));
        replace(&mut tables.green, green, |row| row.key);
        replace(&mut tables.blamed, self.recent.blamed_rows(), |row| row.key);
        tables.by_weak.extend(by_weak.iter().flat_map(|(digest, records)| {
            records.iter().map(|record| ByWeak { digest: *digest, record: *record, reserved: 0 })
        }));
        tables.by_identity.extend(by_identity.iter().flat_map(|(digest, records)| {
            records.iter().map(|record| ByIdentity { digest: *digest, record: *record, reserved: 0 })
        }));
        tables.left.extend(left.iter().map(|digest| Left { digest: *digest }));
        tables.by_weak.sort();
        tables.by_identity.sort();
        tables.left.sort();
        tables.left.dedup();
        tables.open = self.recent.open_rows();
        tables.private.extend(private.iter().map(ToString::to_string));
        tables.shared.extend(shared.iter().map(ToString::to_string));
        Ok(tables)
    }
}

/// Puts rows in the place of those with the same key.
fn replace<T: Ord>(
    rows: &mut Vec<T>,
    by: impl IntoIterator<Item = ([u8; 32], Option<T>)>,
    key: impl Fn(&T) -> [u8; 32],
) {
    let by: BTreeMap<[u8; 32], Option<T>> = by.into_iter().collect();
    rows.retain(|row| !by.contains_key(&key(row)));
    rows.extend(by.into_values().flatten());
    rows.sort();
}

/// Returns the record of an entry, with the action it ends; nothing if the entry is of none.
fn record_of(entry: Entry) -> Option<([u8; 16], Record)> {
    match entry {
        Entry::Commit { id, record } => Some((id, record.into_record(WireHanded::default())?)),
        Entry::CommitHanding { id, record, handed } => Some((id, record.into_record(handed)?)),
        Entry::Begin { .. } | Entry::Withdraw { .. } => None,
    }
}
