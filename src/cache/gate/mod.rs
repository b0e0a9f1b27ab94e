//! The file that answers "nothing to do": what the file system said of every path an answer depends on.
//!
//! Flat and mapped, so that a look at it reads what is compared and nothing else. Knows paths, stats, who asked for
//! them, and bytes that others put beside them. Does not know what a step is, nor when an answer is good.
//!
//! ```text
//! head | folders | rows | folder paths and names || digests | askers | asked | needs | items | bytes of the items
//!        ---------------- hot ----------------------   ---------------------- cold -------------------------------
//! ```
//!
//! A second file of the same form amends the first: it holds the paths and items that have become others, and says
//! which places of the first do not hold any more. It names the file that it amends, and is none beside another one.
//!
//! The hot part is read by every look, the cold one only where something differs; each has its checksum in the head.
//! A file that is damaged, or of another version, is none.

mod format;
mod part;
#[cfg(test)]
mod tests;
mod write;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use format::{Asked, Flags, Folder, Row};
use part::Part;
pub use write::{Amendment, Draft, in_order, write_gate};

use crate::{
    base::Digest,
    sys::{self, FileKind, Stat, System},
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
    /// What is left of its content for those to whom not all of it matters; who wrote it knows what that is.
    pub gist: Option<Digest>,
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
    /// There is more to tell of it than that it is as it was.
    pub is_notable: bool,
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
///
/// What has changed since it was written stands in a second file beside it, so that a change costs what it is about.
#[derive(Debug)]
pub struct Gate {
    base: Part,
    over: Option<Part>,
}

/// A path of a gate.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    part: &'a Part,
    row: &'a Row,
    folder: &'a Folder,
    /// Its place in its file.
    own: usize,
    /// Its place.
    pub index: usize,
}

impl Gate {
    /// Reads a gate; nothing if there is none that can be relied on.
    pub fn read(system: &dyn System, path: &Path) -> Option<Self> {
        // What amends another one says little by itself, wherever it stands.
        let base = Part::read(system, path).filter(|base| base.base() == [0; 32])?;
        // One that is about another gate, or that is lost, leaves what was true before it.
        let over = Part::read(system, &write::beside(path)).filter(|over| over.base() == base.id());
        Some(Self { base, over })
    }

    /// Tells whether one of the files of a gate is as it was written; O(bytes).
    pub fn is_sound(system: &dyn System, path: &Path) -> bool {
        Part::read(system, path).is_some_and(|part| part.is_whole())
    }

    /// Returns the files that a gate stands in.
    pub fn files(path: &Path) -> [PathBuf; 2] {
        [path.to_path_buf(), write::beside(path)]
    }

    /// Tells whether what is beside the paths can be relied on.
    pub fn is_whole(&self) -> bool {
        self.base.is_whole() && self.over.as_ref().is_none_or(Part::is_whole)
    }

    fn newest(&self) -> &Part {
        self.over.as_ref().unwrap_or(&self.base)
    }

    /// Returns what was written first: what only who wrote it understands.
    pub fn preface(&self) -> &[u8] {
        self.newest().preface()
    }

    /// Returns how many places there are; some may be empty by now.
    pub fn places(&self) -> usize {
        self.first_over() + self.over.as_ref().map_or(0, |over| over.rows().len())
    }

    /// Returns where the places of the second file begin.
    pub fn first_over(&self) -> usize {
        self.base.rows().len()
    }

    /// Returns how many items must be decided again whatever the paths say.
    pub fn open_items(&self) -> usize {
        self.newest().open_items()
    }

    /// Returns how many items there are.
    pub fn item_count(&self) -> usize {
        self.base.items().len()
    }

    /// Returns the file that holds an item, and its place there.
    fn holder(&self, item: usize) -> (&Part, usize) {
        let newer = self.over.as_ref().and_then(|over| {
            let number = u32::try_from(item).ok()?;
            Some((over, over.numbers().binary_search(&number).ok()?))
        });
        newer.unwrap_or((&self.base, item))
    }

    /// Tells whether an item must be decided again whatever the paths say.
    pub fn is_open(&self, item: usize) -> bool {
        let (part, own) = self.holder(item);
        part.is_open(own)
    }

    /// Tells whether there is more to tell of an item than that it is as it was.
    pub fn is_notable(&self, item: usize) -> bool {
        let (part, own) = self.holder(item);
        part.is_notable(own)
    }

    /// Returns an item as it was written.
    pub fn item(&self, index: usize) -> GateItem {
        let (part, own) = self.holder(index);
        part.item(own)
    }

    /// Returns the items that an item waits for.
    pub fn needs(&self, item: usize) -> &[u32] {
        let (part, own) = self.holder(item);
        part.needs(own)
    }

    /// Returns the items of some identities.
    pub fn items_of(&self, identities: &BTreeSet<u64>) -> impl Iterator<Item = usize> {
        let items = self.base.items().iter().enumerate();
        items.filter(|(_, item)| identities.contains(&item.identity)).map(|(index, _)| index)
    }

    /// Returns what is needed of an item if nothing has changed.
    pub fn answer(&self, item: usize) -> &[u8] {
        let (part, own) = self.holder(item);
        part.answer(own)
    }

    /// Returns what is needed to decide an item again.
    pub fn plan(&self, item: usize) -> &[u8] {
        let (part, own) = self.holder(item);
        part.plan(own)
    }

    fn is_gone(&self, index: usize) -> bool {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        self.over.as_ref().is_some_and(|over| over.gone().binary_search(&number).is_ok())
    }

    /// Tells whether all places of the first file that did not hold any more in an earlier form of this gate still do not.
    pub fn has_gone(&self, earlier: &Self) -> bool {
        let gone = earlier.over.as_ref().map_or(&[][..], Part::gone);
        gone.iter().all(|index| self.is_gone(*index as usize))
    }

    /// Returns all paths.
    pub fn paths(&self) -> impl Iterator<Item = Known<'_>> {
        let base = self.base.known(0).filter(|known| !self.is_gone(known.index));
        base.chain(self.over.iter().flat_map(|over| over.known(self.first_over())))
    }

    /// Returns the paths that an item asks for, with whether it may leave something there.
    pub fn asked_by(&self, item: usize) -> impl Iterator<Item = (Known<'_>, bool)> {
        let parts = [Some((&self.base, 0)), self.over.as_ref().map(|over| (over, self.first_over()))];
        parts.into_iter().flatten().flat_map(move |(part, first)| {
            let asked = u32::try_from(item).map_or(&[][..], |item| part.asked_by(item));
            let known = move |asked: &Asked| Some((part.at(first + asked.row(), first)?, asked.writes()));
            asked.iter().filter_map(known).filter(|(known, _)| !self.is_gone(known.index))
        })
    }

    /// Returns the paths in a folder, and if it is wanted those below it.
    pub fn inside<'a>(&'a self, folder: &Path, is_deep: bool) -> impl Iterator<Item = Known<'a>> {
        let base = self.base.inside(folder, is_deep, 0).filter(|known| !self.is_gone(known.index));
        let over = self.over.as_ref().map(|over| over.inside(folder, is_deep, self.first_over()));
        base.chain(over.into_iter().flatten())
    }

    /// Returns the path at a place.
    pub fn at(&self, index: usize) -> Option<Known<'_>> {
        let base = self.base.at(index, 0).filter(|known| !self.is_gone(known.index));
        base.or_else(|| self.over.as_ref()?.at(index, self.first_over()))
    }

    /// Returns what is known of a path.
    pub fn find(&self, path: &Path, is_followed: bool) -> Option<Known<'_>> {
        let newer = self.over.as_ref().and_then(|over| over.find(path, is_followed, self.first_over()));
        newer.or_else(|| self.base.find(path, is_followed, 0).filter(|known| !self.is_gone(known.index)))
    }

    /// Returns the paths of which the file system does not say what it said, and those whose times say nothing.
    pub fn differing(&self, system: &dyn System) -> Vec<Known<'_>> {
        let mut found = self.base.differing(system, 0);
        found.retain(|known| !self.is_gone(known.index));
        found.extend(self.over.iter().flat_map(|over| over.differing(system, self.first_over())));
        found
    }

    /// Tells whether there is a path that [`Gate::differing`] would return.
    pub fn is_clean(&self, system: &dyn System) -> bool {
        self.open_items() == 0 && self.differing(system).is_empty()
    }
}

impl Known<'_> {
    /// Returns the path.
    pub fn path(&self) -> PathBuf {
        self.part.path(self.folder, self.row)
    }

    /// Returns what is known of it.
    pub fn known(&self) -> GatePath {
        GatePath {
            path: self.path(),
            is_followed: self.folder.is_followed != 0,
            stat: self.row.stat(),
            matters: self.matters(),
            gist: self.gist(),
            is_settled: !self.row.has(Flags::UNSETTLED),
            is_common: self.row.has(Flags::COMMON),
            askers: self.askers().map(|(item, _)| item).collect(),
            writers: self.askers().filter(|(_, writes)| *writes).map(|(item, _)| item).collect(),
        }
    }

    /// Tells whether it is about what the path leads to, links followed.
    pub fn is_followed(&self) -> bool {
        self.folder.is_followed != 0
    }

    /// Returns what the file system said; nothing if there was nothing.
    pub fn then(&self) -> Option<Stat> {
        self.row.stat()
    }

    /// Tells whether the file system says what it said, and whether that says that nothing has changed.
    pub fn is_as_said(&self, system: &dyn System) -> bool {
        let path = self.path();
        self.row.is_as_said(&if self.is_followed() { system.stat_target(&path) } else { system.stat(&path) })
    }

    /// Returns what of it matters.
    pub fn matters(&self) -> Matters {
        let digest = self.part.digests().get(self.row.digest as usize).map(|digest| Digest(*digest));
        match digest {
            Some(digest) if self.row.has(Flags::NAMES) => Matters::Names(digest),
            Some(digest) if self.row.has(Flags::CONTENT) => Matters::Content(digest),
            _ if self.row.has(Flags::KIND) => Matters::Kind,
            _ => Matters::All,
        }
    }

    /// Returns what is left of its content for those to whom not all of it matters.
    pub fn gist(&self) -> Option<Digest> {
        let own = usize::from(self.row.has(Flags::NAMES) || self.row.has(Flags::CONTENT));
        let digest = self.part.digests().get((self.row.digest as usize).checked_add(own)?)?;
        self.row.has(Flags::GIST).then_some(Digest(*digest))
    }

    /// Tells whether all items depend on it.
    pub fn is_common(&self) -> bool {
        self.row.has(Flags::COMMON)
    }

    /// Returns the items that depend on it, sorted, with whether they may leave something there.
    pub fn askers(&self) -> impl Iterator<Item = (u32, bool)> + use<'_> {
        self.part.askers(self.own).iter().map(|asker| (asker & !format::WRITES, asker & format::WRITES != 0))
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
