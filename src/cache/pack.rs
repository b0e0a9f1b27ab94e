//! Small contents, many in one file: a file of its own costs more than what would be in it.
//!
//! Contents are only ever appended, each in a frame with its digest. Behind the frames that an index covers they are
//! read one by one; the index is made of them, and what is lost of either costs re-runs. A content is believed only if
//! its digest is the one it is asked for by, so neither file needs to be trusted.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytemuck::{Pod, Zeroable};

use super::{
    flat::{Flat, FlatWriter, Kind, Table},
    frames,
};
use crate::{
    base::Digest,
    sys::{self, AppendFile, Flusher, Mapped, System},
};

/// What the index is.
pub(super) const KIND: Kind = Kind { magic: *b"az small", format: 1 };
/// The index is made anew when this much stands behind what it covers, and as much of it as this part.
const INDEX_ABOVE_BYTES: usize = 64 << 10;
const BEHIND_OF_INDEXED: usize = 4;
/// Bytes of a digest in front of a content.
const DIGEST: usize = 32;
/// Bytes of a frame beside what is in it.
const FRAME: usize = 12;

/// A content in the index, sorted by digest.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
struct Row {
    digest: [u8; DIGEST],
    /// Where the content begins.
    at: u64,
    length: u64,
}

impl Table for Row {
    const TABLE: usize = 0;
}

/// Where a content lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    length: usize,
}

/// The file of small contents.
#[derive(Debug)]
pub(super) struct Pack {
    system: Arc<dyn System>,
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_open: bool,
    /// The file; nothing if there is none.
    inode: Option<u64>,
    index: Option<Flat>,
    /// Bytes of the file that the index covers.
    covered: usize,
    /// What stands behind that, as far as it was read.
    recent: HashMap<Digest, Place>,
    /// What this process has appended since.
    appended: HashSet<Digest>,
    /// What was there and turned out to be damaged, or is to go.
    gone: HashSet<Digest>,
    bytes: Option<Mapped>,
    /// Bytes of the file that are frames, as far as it was read.
    sound: usize,
    /// What stands behind them is none.
    is_damaged: bool,
    file: Option<Box<dyn AppendFile>>,
    /// Something was written to it that a loss of power would take.
    is_unflushed: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("sound", &self.sound).finish_non_exhaustive()
    }
}

/// Returns where the index of a file of small contents stands.
pub(super) fn index_beside(path: &Path) -> PathBuf {
    path.with_extension("index")
}

/// Tells whether the payload of a frame is a content with its digest.
pub(super) fn is_sound(payload: &[u8]) -> bool {
    payload.split_at_checked(DIGEST).is_some_and(|(digest, content)| Digest::of(content).0 == *digest)
}

impl Pack {
    /// Stands for the file at `path`, which need not exist and is opened when it is first needed.
    pub(super) fn new(system: Arc<dyn System>, path: PathBuf) -> Self {
        Self { system, path, state: Mutex::default() }
    }

    /// Tells whether a content is there, without reading it.
    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.open().has(digest)
    }

    /// Returns a content; nothing if it is not there, or damaged.
    pub(super) fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let mut state = self.open();
        if state.gone.contains(digest) {
            return None;
        }
        if state.appended.contains(digest) {
            self.read_on(&mut state);
        }
        let Place { at, length } = state.find(digest)?;
        let content = state.bytes.as_ref().and_then(|bytes| bytes.get(at..at.checked_add(length)?));
        let content = content.filter(|content| Digest::of(content) == *digest).map(<[u8]>::to_vec);
        if content.is_none() {
            state.gone.insert(*digest);
        }
        content
    }

    /// Adds a content; tells whether it was not there.
    ///
    /// # Errors
    /// The first error of the system; `InvalidData` if what stands at the end of the file cannot be read, so that nothing
    /// behind it could be.
    pub(super) fn put(&self, digest: &Digest, content: &[u8]) -> io::Result<bool> {
        let mut state = self.open();
        if state.has(digest) {
            return Ok(false);
        }
        if state.is_damaged {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if state.file.is_none() {
            if let Some(folder) = self.path.parent() {
                self.system.create_dir_all(folder)?;
            }
            state.file = Some(self.system.append(&self.path)?);
            state.inode = self.system.stat(&self.path).ok().map(|stat| stat.inode);
        }
        let frame = frames::frame(&[&digest.0, content].concat());
        let written = state.file.as_mut().map_or(Ok(()), |file| file.write_all(&frame));
        state.is_unflushed = true;
        // A part of it may stand there, and nothing that is written behind that could be read.
        state.is_damaged = written.is_err();
        written?;
        state.gone.remove(digest);
        state.appended.insert(*digest);
        Ok(true)
    }

    /// Returns what waits until all contents would outlive a loss of power; nothing if none was added since.
    ///
    /// # Errors
    /// As [`AppendFile::flusher`].
    pub(super) fn flusher(&self) -> io::Result<Option<Flusher>> {
        let mut state = self.lock();
        let is_unflushed = std::mem::take(&mut state.is_unflushed);
        state.file.as_ref().filter(|_| is_unflushed).map(|file| file.flusher()).transpose()
    }

    /// Returns all contents with their sizes; O(contents).
    pub(super) fn all(&self) -> BTreeMap<Digest, u64> {
        let mut state = self.open();
        self.read_on(&mut state);
        state.places().into_iter().map(|(digest, place)| (digest, place.length as u64)).collect()
    }

    /// Takes a content for gone; its bytes go with the next [`Pack::settle`]. Tells whether it was there.
    pub(super) fn remove(&self, digest: &Digest) -> bool {
        let is_there = self.has(digest);
        if is_there {
            self.lock().gone.insert(*digest);
        }
        is_there
    }

    /// Writes the file again, of all in it that is whole; O(its bytes).
    ///
    /// # Errors
    /// As [`Pack::settle`].
    pub(super) fn mend(&self) -> io::Result<()> {
        self.write_anew(&mut self.open())
    }

    /// Makes the file smaller if something of it is to go, and makes the index anew if much stands behind it.
    ///
    /// To be asked by who holds the lock of the workspace and is no az in a step of another.
    ///
    /// # Errors
    /// The first error of the system; what could be read still can be.
    pub(super) fn settle(&self) -> io::Result<()> {
        let mut state = self.lock();
        if !state.is_open {
            return Ok(());
        }
        self.read_on(&mut state);
        if state.is_damaged || !state.gone.is_empty() {
            return self.write_anew(&mut state);
        }
        let behind = state.sound - state.covered;
        if behind > INDEX_ABOVE_BYTES && behind > state.covered / BEHIND_OF_INDEXED {
            self.write_index(&mut state)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file if it was not yet, or if it is another one by now.
    fn open(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        let stat = self.system.stat(&self.path).ok();
        let inode = stat.map(|stat| stat.inode);
        let is_shorter = stat.is_some_and(|stat| stat.size < state.sound as u64);
        if !state.is_open || state.inode != inode || is_shorter {
            *state = State { is_open: true, inode, ..State::default() };
            let index = self.system.map(&self.index_path()).ok().and_then(|bytes| Flat::open(bytes, KIND));
            let covered = index.as_ref().map_or(0, covered_of);
            state.bytes = self.system.map(&self.path).ok();
            // An index of another file, or of more than there is, says nothing.
            let is_of_it = state.bytes.as_ref().is_some_and(|bytes| covered <= bytes.len());
            if let Some(index) = index.filter(|_| is_of_it) {
                (state.index, state.covered, state.sound) = (Some(index), covered, covered);
            }
            state.read_frames();
        }
        state
    }

    /// Reads what was appended since.
    fn read_on(&self, state: &mut State) {
        if !state.appended.is_empty() {
            state.bytes = self.system.map(&self.path).ok();
            state.read_frames();
            state.appended.clear();
        }
    }

    fn index_path(&self) -> PathBuf {
        index_beside(&self.path)
    }

    /// Writes the file again, of all that is whole and does not go.
    fn write_anew(&self, state: &mut State) -> io::Result<()> {
        self.read_on(state);
        let mut whole = Vec::new();
        for (digest, Place { at, length }) in state.places() {
            let content = state.bytes.as_ref().and_then(|bytes| bytes.get(at..at.checked_add(length)?));
            if let Some(content) = content.filter(|content| Digest::of(content) == digest) {
                whole.extend(frames::frame(&[&digest.0, content].concat()));
            }
        }
        // What it says is true of the old file only.
        match self.system.remove_file(&self.index_path()) {
            Err(error) if !sys::is_absent(&error) => return Err(error),
            _ => {}
        }
        sys::replace(&*self.system, &self.path, &whole)?;
        let inode = self.system.stat(&self.path).ok().map(|stat| stat.inode);
        *state = State { bytes: self.system.map(&self.path).ok(), is_open: true, inode, ..State::default() };
        state.read_frames();
        self.write_index(state)
    }

    fn write_index(&self, state: &mut State) -> io::Result<()> {
        let row = |(digest, place): (Digest, Place)| Row {
            digest: digest.0,
            at: place.at as u64,
            length: place.length as u64,
        };
        let rows: Vec<Row> = state.places().into_iter().map(row).collect();
        let mut about = [0; 64];
        about[..8].copy_from_slice(&(state.sound as u64).to_le_bytes());
        let mut file = FlatWriter::default();
        file.put(&rows);
        sys::replace(&*self.system, &self.index_path(), &file.finish(KIND, about))
    }
}

impl State {
    fn has(&self, digest: &Digest) -> bool {
        !self.gone.contains(digest) && (self.appended.contains(digest) || self.find(digest).is_some())
    }

    fn find(&self, digest: &Digest) -> Option<Place> {
        if let Some(place) = self.recent.get(digest) {
            return Some(*place);
        }
        let index = self.index.as_ref()?;
        // What is damaged of the index is not known.
        let at = index.first::<Row>(|row| row.digest < digest.0).ok()?;
        let row = index.row::<Row>(at).ok().filter(|row| row.digest == digest.0)?;
        place_of(&row)
    }

    /// Reads frames up to the end or the first damage.
    fn read_frames(&mut self) {
        let Some(bytes) = &self.bytes else { return };
        while let Some((payload, behind)) = frames::payload_at(bytes, self.sound) {
            if let Some((digest, content)) = payload.split_first_chunk::<DIGEST>() {
                let place = Place { at: behind - content.len(), length: content.len() };
                self.recent.insert(Digest(*digest), place);
            }
            self.sound = behind;
        }
        self.is_damaged = self.sound < bytes.len();
    }

    /// Returns where all contents lie, but for those that go.
    fn places(&self) -> BTreeMap<Digest, Place> {
        let indexed = self.index.as_ref().and_then(|index| index.rows::<Row>().ok()).unwrap_or_default();
        let indexed = indexed.iter().filter_map(|row| Some((Digest(row.digest), place_of(row)?)));
        let all = indexed.chain(self.recent.iter().map(|(digest, place)| (*digest, *place)));
        all.filter(|(digest, _)| !self.gone.contains(digest)).collect()
    }
}

/// Returns the bytes of the file that an index covers.
fn covered_of(index: &Flat) -> usize {
    let covered = index.about().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    usize::try_from(covered).unwrap_or(usize::MAX)
}

fn place_of(row: &Row) -> Option<Place> {
    let (at, length) = (usize::try_from(row.at).ok()?, usize::try_from(row.length).ok()?);
    (at >= FRAME + DIGEST).then_some(Place { at, length })
}
