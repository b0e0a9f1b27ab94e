//! One of the two files of a gate, and how its sections hang together.

use std::{
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::{
    CHUNK, GateItem, Known, PARALLEL_ABOVE,
    format::{self, Asked, Folder, Item, Layout, NOTABLE, OPEN, Row},
    write,
};
use crate::sys::{Mapped, Stat, System};

/// A file that was read, and whose hot part is sound.
#[derive(Debug)]
pub(super) struct Part {
    bytes: Mapped,
    layout: Layout,
}

impl Part {
    pub(super) fn read(system: &dyn System, path: &Path) -> Option<Self> {
        let bytes = system.map(path).ok()?;
        let layout = format::sound(&bytes, format::name_of(path))?;
        Some(Self { bytes, layout })
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_whole(&self) -> bool {
        format::is_whole(&self.bytes, &self.layout)
    }

    /// Returns what tells it from any other.
    pub(super) fn id(&self) -> [u8; 32] {
        format::id(&self.bytes)
    }

    /// Returns what it amends.
    pub(super) fn base(&self) -> [u8; 32] {
        format::head(&self.bytes).base
    }

    pub(super) fn open_items(&self) -> usize {
        usize::try_from(format::head(&self.bytes).open).unwrap_or(usize::MAX)
    }

    pub(super) fn preface(&self) -> &[u8] {
        format::section(&self.bytes, self.layout.preface)
    }

    pub(super) fn folders(&self) -> &[Folder] {
        format::views(&self.bytes, self.layout.folders)
    }

    pub(super) fn rows(&self) -> &[Row] {
        format::views(&self.bytes, self.layout.rows)
    }

    pub(super) fn digests(&self) -> &[[u8; 32]] {
        format::views(&self.bytes, self.layout.digests)
    }

    pub(super) fn items(&self) -> &[Item] {
        format::views(&self.bytes, self.layout.items)
    }

    /// Returns the places of the items in what it amends, sorted.
    pub(super) fn numbers(&self) -> &[u32] {
        format::views(&self.bytes, self.layout.numbers)
    }

    /// Returns the places of the paths that do not hold any more in what it amends, sorted.
    pub(super) fn gone(&self) -> &[u32] {
        format::views(&self.bytes, self.layout.gone)
    }

    pub(super) fn name(&self, at: u32, length: u32) -> &OsStr {
        let names = format::section(&self.bytes, self.layout.names);
        let bytes = names.get(at as usize..(at as usize).saturating_add(length as usize));
        OsStr::from_bytes(bytes.unwrap_or_default())
    }

    pub(super) fn row_name(&self, row: &Row) -> &OsStr {
        self.name(row.name_at, row.name_length.into())
    }

    pub(super) fn folder_path(&self, folder: &Folder) -> &Path {
        Path::new(self.name(folder.path_at, folder.path_length))
    }

    /// Returns the askers of the row at a place, with what they do there.
    pub(super) fn askers(&self, row: usize) -> &[u32] {
        let askers: &[u32] = format::views(&self.bytes, self.layout.askers);
        let rows = self.rows();
        let Some(own) = rows.get(row) else { return &[] };
        let next = rows.get(row + 1).map_or(askers.len(), |next| next.askers as usize);
        askers.get(own.askers as usize..next).unwrap_or_default()
    }

    /// Returns what an item asks for.
    pub(super) fn asked_by(&self, item: u32) -> &[Asked] {
        let asked: &[Asked] = format::views(&self.bytes, self.layout.asked);
        let own = &asked[asked.partition_point(|asked| asked.item < item)..];
        &own[..own.partition_point(|asked| asked.item == item)]
    }

    /// Returns the paths in a folder, and if it is wanted those below it; the first one of all has the place `first`.
    pub(super) fn inside(
        &self,
        folder: &Path,
        is_deep: bool,
        first: usize,
    ) -> impl Iterator<Item = Known<'_>> {
        let all = self.folders();
        let bytes = |folder: &Folder| self.folder_path(folder).as_os_str().as_bytes();
        let own = folder.as_os_str().as_bytes();
        let itself = &all[all.partition_point(|folder| bytes(folder) < own)..];
        let itself = &itself[..itself.partition_point(|folder| bytes(folder) == own)];
        // Ends with a separator; the root does so by itself.
        let prefix = folder.join("");
        let prefix = prefix.as_os_str().as_bytes();
        let within = &all[all.partition_point(|folder| bytes(folder) <= prefix)..];
        let within = &within[..within.partition_point(|folder| bytes(folder).starts_with(prefix))];
        let within = if is_deep { within } else { &[] };
        itself.iter().chain(within).flat_map(move |folder| self.in_folder(folder, first))
    }

    fn in_folder<'a>(&'a self, folder: &'a Folder, first: usize) -> impl Iterator<Item = Known<'a>> {
        let own = folder.first as usize;
        folder.rows(self.rows()).iter().enumerate().map(move |(index, row)| {
            let own = own + index;
            Known { part: self, row, folder, own, index: first + own }
        })
    }

    pub(super) fn is_open(&self, item: usize) -> bool {
        self.items().get(item).is_some_and(|item| item.flags & OPEN != 0)
    }

    pub(super) fn is_notable(&self, item: usize) -> bool {
        self.items().get(item).is_some_and(|item| item.flags & NOTABLE != 0)
    }

    pub(super) fn needs(&self, item: usize) -> &[u32] {
        let (items, needs): (_, &[u32]) = (self.items(), format::views(&self.bytes, self.layout.needs));
        let Some(own) = items.get(item) else { return &[] };
        let next = items.get(item + 1).map_or(needs.len(), |next| next.needs as usize);
        needs.get(own.needs as usize..next).unwrap_or_default()
    }

    pub(super) fn answer(&self, item: usize) -> &[u8] {
        self.blob(item, |item| (item.answer_at, item.answer_length))
    }

    pub(super) fn plan(&self, item: usize) -> &[u8] {
        self.blob(item, |item| (item.plan_at, item.plan_length))
    }

    fn blob(&self, item: usize, place: impl Fn(&Item) -> (u64, u64)) -> &[u8] {
        let Some(item) = self.items().get(item) else { return &[] };
        let (at, length) = place(item);
        let bytes = format::section(&self.bytes, self.layout.blobs);
        let range = usize::try_from(at).ok().zip(usize::try_from(at.saturating_add(length)).ok());
        range.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default()
    }

    pub(super) fn item(&self, index: usize) -> GateItem {
        GateItem {
            is_open: self.is_open(index),
            is_notable: self.is_notable(index),
            answer: self.answer(index).to_vec(),
            plan: self.plan(index).to_vec(),
            needs: self.needs(index).to_vec(),
            identity: self.items().get(index).map(|item| item.identity).unwrap_or_default(),
        }
    }

    /// Returns all paths in order; the first one has the place `first`.
    pub(super) fn known(&self, first: usize) -> impl Iterator<Item = Known<'_>> {
        self.folders().iter().flat_map(move |folder| self.in_folder(folder, first))
    }

    /// Returns the path at a place, if the first one has the place `first`.
    pub(super) fn at(&self, index: usize, first: usize) -> Option<Known<'_>> {
        let own = index.checked_sub(first)?;
        let row = self.rows().get(own)?;
        let folders = self.folders();
        let folder =
            folders.get(folders.partition_point(|folder| folder.first as usize <= own).checked_sub(1)?)?;
        Some(Known { part: self, row, folder, own, index })
    }

    /// Returns what is known of a path, if the first one has the place `first`.
    pub(super) fn find(&self, path: &Path, is_followed: bool, first: usize) -> Option<Known<'_>> {
        let (wanted, name) = write::parts(path);
        let folders = self.folders();
        let wanted = (wanted.as_os_str(), is_followed);
        let place = |folder: &Folder| (self.folder_path(folder).as_os_str(), folder.is_followed != 0);
        let at = folders.binary_search_by(|folder| place(folder).cmp(&wanted)).ok()?;
        let folder = &folders[at];
        let rows = folder.rows(self.rows());
        let row = rows.binary_search_by(|row| self.row_name(row).cmp(name)).ok()?;
        let own = folder.first as usize + row;
        Some(Known { part: self, row: &rows[row], folder, own, index: first + own })
    }

    /// Returns the paths of which the file system does not say what it said, sorted.
    pub(super) fn differing(&self, system: &dyn System, first: usize) -> Vec<Known<'_>> {
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
            let (folder, own) = (folders.get(folder as usize)?, row as usize);
            Some(Known { part: self, row: rows.get(own)?, folder, own, index: first + own })
        };
        found.into_iter().filter_map(known).collect()
    }

    fn compare(&self, system: &dyn System, folder: &Folder, rows: &[Row], found: &mut Vec<(u32, u32)>) {
        let place =
            |row: usize| (folder.index, folder.first.saturating_add(u32::try_from(row).unwrap_or(u32::MAX)));
        let path = self.folder_path(folder);
        let mut compare = |index: usize, answer: io::Result<Stat>| {
            if !rows[index].is_as_said(&answer) {
                found.push(place(index));
            }
        };
        if folder.is_followed != 0 {
            for (index, row) in rows.iter().enumerate() {
                compare(index, system.stat_target(&path.join(self.row_name(row))));
            }
        } else if let [row] = rows {
            compare(0, system.stat(&path.join(self.row_name(row))));
        } else {
            let names: Vec<&OsStr> = rows.iter().map(|row| self.row_name(row)).collect();
            system.stat_each(path, &names, &mut compare);
        }
    }

    pub(super) fn path(&self, folder: &Folder, row: &Row) -> PathBuf {
        self.folder_path(folder).join(self.row_name(row))
    }
}
