//! The file that answers "nothing to do": what the file system said of every path an answer depends on.
//!
//! Flat and mapped, so that a look at it reads what is compared and nothing else. Knows paths, stats, who asked for
//! them, and bytes that others put beside them. Does not know what a step is, nor when an answer is good.
//!
//! ```text
//! head | folders | rows | folder paths and names || digests | askers | items | bytes of the items
//!        ---------------- hot ----------------------   ------------------ cold ---------------------
//! ```
//!
//! The hot part is read by every look, the cold one only where something differs; each has its checksum in the head.
//! A file that is damaged, or of another version, is none.

mod format;
#[cfg(test)]
mod tests;
mod write;

use std::{
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use format::{Flags, Folder, Item, Layout, Row};
use rayon::prelude::*;
pub use write::write_gate;

use crate::{
    base::Digest,
    sys::{self, FileKind, Mapped, Stat, System},
};

/// From here on two threads ask faster than one.
const PARALLEL_ABOVE: usize = 1500;
/// Folders that one thread asks in one go.
const CHUNK: usize = 64;

/// What of a path matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matters {
    /// That there is something of this kind.
    Kind,
    /// The names in it.
    Names(Digest),
    /// Its content and its permissions.
    Content(Digest),
    /// Whatever the file system says of it.
    All,
}

/// What is known of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatePath {
    /// The absolute path.
    pub path: PathBuf,
    /// It is about what the path leads to, links followed.
    pub is_followed: bool,
    /// What the file system said; nothing if there was nothing.
    pub stat: Option<Stat>,
    /// What of it matters.
    pub matters: Matters,
    /// Its times say whether it has changed since.
    pub is_settled: bool,
    /// All items depend on it, and how many there are.
    pub is_common: bool,
    /// The items that depend on it, sorted; a number has 31 bits.
    pub askers: Vec<u32>,
    /// Those of them that may leave something there, sorted.
    pub writers: Vec<u32>,
}

/// A part of an answer: bytes that only who wrote them understands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GateItem {
    /// Whatever the paths say, it must be decided again.
    pub is_open: bool,
    /// What is needed if nothing has changed.
    pub answer: Vec<u8>,
    /// What is needed to decide it again.
    pub plan: Vec<u8>,
    /// The items it waits for.
    pub needs: Vec<u32>,
    /// What tells whose item it is, whatever the request.
    pub identity: u64,
}

/// A gate that was read, and whose hot part is sound.
#[derive(Debug)]
pub struct Gate {
    bytes: Mapped,
    layout: Layout,
}

/// A path of a gate.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    gate: &'a Gate,
    row: &'a Row,
    folder: &'a Folder,
    /// Its place.
    pub index: usize,
}

impl Gate {
    /// Reads a gate; nothing if there is none that can be relied on.
    pub fn read(system: &dyn System, path: &Path) -> Option<Self> {
        let bytes = system.map(path).ok()?;
        let layout = format::sound(&bytes)?;
        Some(Self { bytes, layout })
    }

    /// Tells whether what is beside the paths can be relied on.
    pub fn is_whole(&self) -> bool {
        format::is_whole(&self.bytes, &self.layout)
    }

    /// Returns what was written first: what only who wrote it understands.
    pub fn preface(&self) -> &[u8] {
        format::section(&self.bytes, self.layout.preface)
    }

    /// Returns how many paths are known.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Tells whether no path is known.
    pub fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    /// Returns how many items must be decided again whatever the paths say.
    pub fn open_items(&self) -> usize {
        usize::try_from(format::head(&self.bytes).open).unwrap_or(usize::MAX)
    }

    fn folders(&self) -> &[Folder] {
        format::views(&self.bytes, self.layout.folders)
    }

    fn rows(&self) -> &[Row] {
        format::views(&self.bytes, self.layout.rows)
    }

    fn names(&self) -> &[u8] {
        format::section(&self.bytes, self.layout.names)
    }

    fn name(&self, at: u32, length: u32) -> &OsStr {
        let bytes = self.names().get(at as usize..(at as usize).saturating_add(length as usize));
        OsStr::from_bytes(bytes.unwrap_or_default())
    }

    fn items(&self) -> &[Item] {
        format::views(&self.bytes, self.layout.items)
    }

    /// Returns how many items there are.
    pub fn item_count(&self) -> usize {
        self.items().len()
    }

    /// Tells whether an item must be decided again whatever the paths say.
    pub fn is_open(&self, item: usize) -> bool {
        self.items().get(item).is_some_and(|item| item.is_open != 0)
    }

    /// Returns an item as it was written.
    pub fn item(&self, index: usize) -> GateItem {
        GateItem {
            is_open: self.is_open(index),
            answer: self.answer(index).to_vec(),
            plan: self.plan(index).to_vec(),
            needs: self.needs(index).to_vec(),
            identity: self.identity(index).unwrap_or_default(),
        }
    }

    /// Returns the items that an item waits for.
    pub fn needs(&self, item: usize) -> &[u32] {
        let (items, needs): (_, &[u32]) = (self.items(), format::views(&self.bytes, self.layout.needs));
        let Some(own) = items.get(item) else { return &[] };
        let next = items.get(item + 1).map_or(needs.len(), |next| next.needs as usize);
        needs.get(own.needs as usize..next).unwrap_or_default()
    }

    /// Returns what tells whose item it is.
    pub fn identity(&self, item: usize) -> Option<u64> {
        self.items().get(item).map(|item| item.identity)
    }

    /// Returns the items of an identity.
    pub fn items_of(&self, identity: u64) -> impl Iterator<Item = usize> {
        let items = self.items().iter().enumerate();
        items.filter(move |(_, item)| item.identity == identity).map(|(index, _)| index)
    }

    /// Returns what is needed of an item if nothing has changed.
    pub fn answer(&self, item: usize) -> &[u8] {
        self.blob(item, |item| (item.answer_at, item.answer_length))
    }

    /// Returns what is needed to decide an item again.
    pub fn plan(&self, item: usize) -> &[u8] {
        self.blob(item, |item| (item.plan_at, item.plan_length))
    }

    fn blob(&self, item: usize, place: impl Fn(&Item) -> (u64, u64)) -> &[u8] {
        let Some(item) = self.items().get(item) else { return &[] };
        let (at, length) = place(item);
        let bytes = format::section(&self.bytes, self.layout.blobs);
        let range = usize::try_from(at).ok().zip(usize::try_from(at.saturating_add(length)).ok());
        range.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default()
    }

    /// Returns all paths in order.
    pub fn paths(&self) -> impl Iterator<Item = Known<'_>> {
        self.folders().iter().flat_map(move |folder| {
            let rows = folder.rows(self.rows());
            let first = folder.first as usize;
            rows.iter().enumerate().map(move |(index, row)| Known {
                gate: self,
                row,
                folder,
                index: first + index,
            })
        })
    }

    /// Returns what is known of a path.
    pub fn find(&self, path: &Path, is_followed: bool) -> Option<Known<'_>> {
        let (wanted, name) = write::parts(path);
        let (folders, rows) = (self.folders(), self.rows());
        let place = |folder: &Folder| {
            (Path::new(self.name(folder.path_at, folder.path_length)), folder.is_followed != 0)
        };
        let at = folders.binary_search_by(|folder| place(folder).cmp(&(wanted, is_followed))).ok()?;
        let folder = &folders[at];
        let own = folder.rows(rows);
        let row =
            own.binary_search_by(|row| self.name(row.name_at, row.name_length.into()).cmp(name)).ok()?;
        Some(Known { gate: self, row: &own[row], folder, index: folder.first as usize + row })
    }

    /// Returns the paths of which the file system does not say what it said, and those whose times say nothing, sorted.
    pub fn differing(&self, system: &dyn System) -> Vec<Known<'_>> {
        let (folders, rows) = (self.folders(), self.rows());
        let compare = |folders: &[Folder]| -> Vec<(u32, u32)> {
            let mut found = Vec::new();
            for folder in folders {
                self.compare(system, folder, folder.rows(rows), &mut found);
            }
            found
        };
        let found: Vec<(u32, u32)> = if rows.len() > PARALLEL_ABOVE {
            folders.par_chunks(CHUNK).flat_map_iter(compare).collect()
        } else {
            compare(folders)
        };
        let known = |(folder, row): (u32, u32)| {
            let (folder, index) = (&folders[folder as usize], row as usize);
            Known { gate: self, row: &rows[index], folder, index }
        };
        found.into_iter().map(known).collect()
    }

    /// Tells whether there is a path that [`Gate::differing`] would return.
    pub fn is_clean(&self, system: &dyn System) -> bool {
        self.open_items() == 0 && self.differing(system).is_empty()
    }

    fn compare(&self, system: &dyn System, folder: &Folder, rows: &[Row], found: &mut Vec<(u32, u32)>) {
        let place = |row: usize| (folder.index, folder.first + u32::try_from(row).unwrap_or(u32::MAX));
        let path = Path::new(self.name(folder.path_at, folder.path_length));
        let mut compare = |index: usize, answer: io::Result<Stat>| {
            if !rows[index].is_as_said(&answer) {
                found.push(place(index));
            }
        };
        if folder.is_followed != 0 {
            for (index, row) in rows.iter().enumerate() {
                compare(
                    index,
                    system.stat_target(&path.join(self.name(row.name_at, row.name_length.into()))),
                );
            }
        } else if let [row] = rows {
            compare(0, system.stat(&path.join(self.name(row.name_at, row.name_length.into()))));
        } else {
            let names: Vec<&OsStr> =
                rows.iter().map(|row| self.name(row.name_at, row.name_length.into())).collect();
            system.stat_each(path, &names, &mut compare);
        }
    }
}

impl Known<'_> {
    /// Returns the path.
    pub fn path(&self) -> PathBuf {
        let folder = Path::new(self.gate.name(self.folder.path_at, self.folder.path_length));
        folder.join(self.gate.name(self.row.name_at, self.row.name_length.into()))
    }

    /// Returns what is known of it.
    pub fn known(&self) -> GatePath {
        GatePath {
            path: self.path(),
            is_followed: self.folder.is_followed != 0,
            stat: self.row.stat(),
            matters: self.matters(),
            is_settled: !self.row.has(Flags::UNSETTLED),
            is_common: self.row.has(Flags::COMMON),
            askers: self.askers().map(|(item, _)| item).collect(),
            writers: self.askers().filter(|(_, writes)| *writes).map(|(item, _)| item).collect(),
        }
    }

    /// Returns what of it matters.
    pub fn matters(&self) -> Matters {
        let digests: &[[u8; 32]] = format::views(&self.gate.bytes, self.gate.layout.digests);
        let digest = digests.get(self.row.digest as usize).map(|digest| Digest(*digest));
        match digest {
            Some(digest) if self.row.has(Flags::NAMES) => Matters::Names(digest),
            Some(digest) if self.row.has(Flags::CONTENT) => Matters::Content(digest),
            _ if self.row.has(Flags::KIND) => Matters::Kind,
            _ => Matters::All,
        }
    }

    /// Tells whether all items depend on it.
    pub fn is_common(&self) -> bool {
        self.row.has(Flags::COMMON)
    }

    /// Returns the items that depend on it, sorted, with whether they may leave something there.
    pub fn askers(&self) -> impl Iterator<Item = (u32, bool)> + use<'_> {
        let askers: &[u32] = format::views(&self.gate.bytes, self.gate.layout.askers);
        let next = self.gate.rows().get(self.index + 1).map_or(askers.len(), |next| next.askers as usize);
        let own = askers.get(self.row.askers as usize..next).unwrap_or_default();
        own.iter().map(|asker| (asker & !format::WRITES, asker & format::WRITES != 0))
    }

    /// Asks whether what matters is as it was, though the file system does not say so by itself; O(bytes).
    pub fn is_unchanged(&self, system: &dyn System) -> Option<Stat> {
        let known = self.known();
        let then = known.stat?;
        let ask =
            || if known.is_followed { system.stat_target(&known.path) } else { system.stat(&known.path) };
        let now = ask().ok()?;
        let is_same = match known.matters {
            _ if now.kind != then.kind => false,
            Matters::Kind => true,
            Matters::All => now == then && known.is_settled,
            Matters::Names(digest) => {
                system.list(&known.path).is_ok_and(|entries| sys::digest_of(&entries) == digest)
            }
            Matters::Content(digest) => {
                let hashed = || sys::hash_file(system, &known.path).ok();
                now.kind == FileKind::File
                    && now.mode == then.mode
                    && hashed().is_some_and(|(stat, found)| found == digest && stat == now)
            }
        };
        // What changed while it was looked at is not what it was.
        (is_same && ask().is_ok_and(|after| after == now)).then_some(now)
    }
}
