//! Writes a gate.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    Gate, GateItem, GatePath, Matters,
    format::{Asked, Flags, Folder, Head, Item, NOTABLE, OPEN, Row, WRITES, name_of, pieces},
    part::Part,
};
use crate::sys::{self, System};

/// What has become of a gate.
#[derive(Debug, Clone, Default)]
pub struct Amendment {
    /// What stands first from now on.
    pub preface: Vec<u8>,
    /// Paths of which something else is known now, and new ones.
    pub paths: Vec<GatePath>,
    /// The places of paths that nobody depends on any more.
    pub removed: Vec<usize>,
    /// The items that are others now, by place.
    pub items: BTreeMap<u32, GateItem>,
}

/// The second file is put together with the first when it is larger than this part of it.
const PART: usize = 4;

/// Returns where what amends a gate stands.
pub(super) fn beside(path: &Path) -> PathBuf {
    path.with_extension("more")
}

/// Writes a gate; `paths` in any order, those of one folder are put side by side.
///
/// # Errors
/// The first error of the system, or that a gate so large has no form; an older gate is then still there.
pub fn write_gate(
    system: &dyn System,
    path: &Path,
    preface: &[u8],
    paths: &mut [GatePath],
    items: &[GateItem],
) -> io::Result<()> {
    Draft::of(paths, items)?.write(system, path, preface)
}

impl Gate {
    /// Writes what has become of the gate at `path`; O(what has changed since it was last written as a whole).
    ///
    /// # Errors
    /// As [`write_gate()`].
    pub fn amend(&self, system: &dyn System, path: &Path, amendment: Amendment) -> io::Result<()> {
        let Amendment { preface, mut paths, removed, mut items } = amendment;
        let first_over = self.first_over();
        let replaced = paths.iter().filter_map(|path| Some(self.find(&path.path, path.is_followed)?.index));
        let gone: BTreeSet<usize> = removed.into_iter().chain(replaced).collect();
        if let Some(over) = &self.over {
            let stay = over.known(first_over).filter(|known| !gone.contains(&known.index));
            paths.extend(stay.map(|known| known.known()));
            for (own, number) in over.numbers().iter().enumerate() {
                items.entry(*number).or_insert_with(|| over.item(own));
            }
        }
        let before = self.over.as_ref().map_or(&[][..], Part::gone).iter().copied();
        let of_base = gone.range(..first_over).filter_map(|index| u32::try_from(*index).ok());
        let gone: BTreeSet<u32> = before.chain(of_base).collect();
        let is_open = |item: usize| {
            let newer = u32::try_from(item).ok().and_then(|item| items.get(&item));
            newer.map_or_else(|| self.base.is_open(item), |item| item.is_open)
        };
        let open = (0..self.item_count()).filter(|item| is_open(*item)).count() as u64;
        let (numbers, own): (Vec<u32>, Vec<GateItem>) = items.into_iter().unzip();
        let amends =
            Amends { base: self.base.id(), gone: gone.into_iter().collect(), numbers, open: Some(open) };
        let written = Draft::of(&mut paths, &own)?.assemble(&beside(path), &preface, &amends, |pieces| {
            let size: usize = pieces.iter().map(|piece| piece.len()).sum();
            let is_small = size.saturating_mul(PART) < self.base.size();
            is_small.then(|| sys::replace_by_pieces(system, &beside(path), pieces))
        })?;
        if let Some(written) = written {
            return written;
        }
        let stay = self.base.known(0).filter(|known| {
            u32::try_from(known.index).is_ok_and(|index| amends.gone.binary_search(&index).is_err())
        });
        paths.extend(stay.map(|known| known.known()));
        let mut newer: BTreeMap<u32, GateItem> = amends.numbers.into_iter().zip(own).collect();
        let item = |item: usize| {
            let newer = u32::try_from(item).ok().and_then(|item| newer.remove(&item));
            newer.unwrap_or_else(|| self.base.item(item))
        };
        let items: Vec<GateItem> = (0..self.item_count()).map(item).collect();
        write_gate(system, path, &preface, &mut paths, &items)
    }
}

/// What a file amends.
#[derive(Debug, Default)]
struct Amends {
    base: [u8; 32],
    gone: Vec<u32>,
    numbers: Vec<u32>,
    /// How many items are open in all, where these are not all.
    open: Option<u64>,
}

/// A gate in the making: paths and items that need not all be there at once.
#[derive(Debug, Default)]
pub struct Draft {
    sections: Sections,
    table: Table,
    open: u64,
}

impl Draft {
    /// Makes room for so many paths and askers, or more than there will be, which costs nothing: lists that grow are
    /// there twice while they do.
    pub fn expect(&mut self, paths: usize, askers: usize) {
        let Sections { rows, digests, askers: all, .. } = &mut self.sections;
        rows.reserve_exact(paths);
        digests.reserve_exact(paths);
        all.reserve_exact(askers);
    }

    /// Adds a path; they come in the order of [`in_order`].
    ///
    /// # Errors
    /// That a gate so large has no form.
    pub fn add_path(&mut self, known: &GatePath) -> io::Result<()> {
        self.sections.add(known).ok_or_else(too_large)
    }

    /// Adds the next item.
    ///
    /// # Errors
    /// That a gate so large has no form.
    pub fn add_item(&mut self, item: &GateItem) -> io::Result<()> {
        self.open += u64::from(item.is_open);
        self.table.add(item).ok_or_else(too_large)
    }

    /// Tells whether an item must be decided again.
    pub fn has_open(&self) -> bool {
        self.open > 0
    }

    /// Writes it; O(its bytes).
    ///
    /// # Errors
    /// The first error of the system; an older gate is then still there.
    pub fn write(&self, system: &dyn System, path: &Path, preface: &[u8]) -> io::Result<()> {
        let replace = |pieces: &[&[u8]]| sys::replace_by_pieces(system, path, pieces);
        self.assemble(path, preface, &Amends::default(), replace)??;
        // What amended the old one is none of the new one's; it says so itself.
        _ = system.remove_file(&beside(path));
        Ok(())
    }

    fn of(paths: &mut [GatePath], items: &[GateItem]) -> io::Result<Self> {
        paths.sort_by(|a, b| in_order((&a.path, a.is_followed), (&b.path, b.is_followed)));
        let mut draft = Self::default();
        paths.iter().try_for_each(|known| draft.add_path(known))?;
        items.iter().try_for_each(|item| draft.add_item(item))?;
        Ok(draft)
    }

    /// Hands over the pieces that one after the other are the file.
    ///
    /// # Errors
    /// That a gate so large has no form.
    fn assemble<T>(
        &self,
        path: &Path,
        preface: &[u8],
        amends: &Amends,
        take: impl FnOnce(&[&[u8]]) -> T,
    ) -> io::Result<T> {
        let asked = self.sections.asked().ok_or_else(too_large)?;
        let Sections { folders, rows, names, digests, askers, .. } = &self.sections;
        let Table { items, blobs, needs } = &self.table;
        let Amends { base, gone, numbers, open } = amends;
        let sections = [
            (preface, preface.len() as u64),
            (bytemuck::cast_slice(folders), folders.len() as u64),
            (bytemuck::cast_slice(rows), rows.len() as u64),
            (names, names.len() as u64),
            (bytemuck::cast_slice(digests), digests.len() as u64),
            (bytemuck::cast_slice(askers), askers.len() as u64),
            (bytemuck::cast_slice(&asked), asked.len() as u64),
            (bytemuck::cast_slice(needs), needs.len() as u64),
            (bytemuck::cast_slice(items), items.len() as u64),
            (blobs, blobs.len() as u64),
            (bytemuck::cast_slice(numbers), numbers.len() as u64),
            (bytemuck::cast_slice(gone), gone.len() as u64),
        ];
        let head = Head::of(&sections, open.unwrap_or(self.open), *base, name_of(path));
        Ok(take(&pieces(&head, &sections)))
    }
}

/// Returns how paths are sorted in a gate: those of one folder, asked in one way, stand together.
pub fn in_order(one: (&Path, bool), other: (&Path, bool)) -> Ordering {
    place(one).cmp(&place(other))
}

/// Items as they stand in the file.
#[derive(Debug, Default)]
struct Table {
    items: Vec<Item>,
    needs: Vec<u32>,
    blobs: Vec<u8>,
}

impl Table {
    fn add(&mut self, item: &GateItem) -> Option<()> {
        let needs = u32::try_from(self.needs.len()).ok()?;
        self.needs.extend_from_slice(&item.needs);
        let (answer_at, answer_length) = self.put(&item.answer);
        let (plan_at, plan_length) = self.put(&item.plan);
        let flag = |is_so: bool, flag: u32| if is_so { flag } else { 0 };
        let flags = flag(item.is_open, OPEN) | flag(item.is_notable, NOTABLE);
        let identity = item.identity;
        self.items.push(Item { answer_at, answer_length, plan_at, plan_length, needs, flags, identity });
        Some(())
    }

    fn put(&mut self, bytes: &[u8]) -> (u64, u64) {
        let at = self.blobs.len() as u64;
        self.blobs.extend_from_slice(bytes);
        (at, bytes.len() as u64)
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "a gate has no form for so many paths")
}

/// Returns what paths are sorted by.
fn place((path, is_followed): (&Path, bool)) -> (&[u8], bool, &[u8]) {
    let (folder, name) = parts(path);
    (folder.as_os_str().as_bytes(), is_followed, name.as_bytes())
}

/// Returns the folder and the name; the root has none.
pub(super) fn parts(path: &Path) -> (&Path, &OsStr) {
    if let Some((folder, name)) = plain_parts(path.as_os_str().as_bytes()) {
        return (Path::new(OsStr::from_bytes(folder)), OsStr::from_bytes(name));
    }
    path.parent().zip(path.file_name()).unwrap_or((path, OsStr::new("")))
}

/// Returns the same of a path that need not be taken apart for it, as nearly all are.
fn plain_parts(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let (folder, name) = path.split_at(memchr::memrchr(b'/', path)?);
    let name = &name[1..];
    let is_plain = |text: &[u8]| !matches!(text, b"" | b"." | b"..");
    let is_above_plain = !folder.ends_with(b"/") && !folder.ends_with(b"/.") && folder != b".";
    (is_plain(folder) && is_plain(name) && is_above_plain).then_some((folder, name))
}

#[derive(Debug, Default)]
struct Sections {
    folders: Vec<Folder>,
    rows: Vec<Row>,
    names: Vec<u8>,
    digests: Vec<[u8; 32]>,
    askers: Vec<u32>,
    /// Names that stand there already: most folders hold the same.
    known_names: HashMap<Vec<u8>, u32>,
}

impl Sections {
    fn add(&mut self, known: &GatePath) -> Option<()> {
        let (folder, name) = parts(&known.path);
        let here = (folder.as_os_str().as_bytes(), known.is_followed);
        if self.last_folder() != Some(here) {
            let (path_at, path_length) =
                (u32::try_from(self.names.len()).ok()?, u32::try_from(here.0.len()).ok()?);
            self.names.extend_from_slice(here.0);
            self.folders.push(Folder {
                path_at,
                path_length,
                first: u32::try_from(self.rows.len()).ok()?,
                count: 0,
                is_followed: known.is_followed.into(),
                index: u32::try_from(self.folders.len()).ok()?,
            });
        }
        self.folders.last_mut()?.count += 1;
        let mut flags = 0;
        let digest = match &known.matters {
            Matters::Kind => {
                flags |= Flags::KIND;
                None
            }
            Matters::Names(digest) => {
                flags |= Flags::NAMES;
                Some(digest)
            }
            Matters::Content(digest) => {
                flags |= Flags::CONTENT;
                Some(digest)
            }
            Matters::All => None,
        };
        flags |= if known.gist.is_some() { Flags::GIST } else { 0 };
        flags |= if known.is_settled { 0 } else { Flags::UNSETTLED };
        flags |= if known.is_common { Flags::COMMON } else { 0 };
        let mut row = Row::new(known.stat.as_ref(), flags);
        row.name_at = self.name(name)?;
        row.name_length = u16::try_from(name.len()).ok()?;
        row.askers = u32::try_from(self.askers.len()).ok()?;
        row.digest = u32::try_from(self.digests.len()).ok()?;
        self.digests.extend(digest.into_iter().chain(&known.gist).map(|digest| digest.0));
        let asker =
            |item: &u32| if known.writers.binary_search(item).is_ok() { *item | WRITES } else { *item };
        self.askers.extend(known.askers.iter().map(asker));
        self.rows.push(row);
        Some(())
    }

    /// Returns for each item, sorted, the rows it asks for.
    fn asked(&self) -> Option<Vec<Asked>> {
        let mut asked = Vec::with_capacity(self.askers.len());
        let ends = self.rows.iter().skip(1).map(|next| next.askers as usize);
        let mut from = 0;
        for (row, to) in ends.chain([self.askers.len()]).take(self.rows.len()).enumerate() {
            let row = u32::try_from(row).ok().filter(|row| row & WRITES == 0)?;
            asked.extend(self.askers[from..to].iter().map(|asker| Asked::new(*asker, row)));
            from = to;
        }
        asked.sort_unstable();
        Some(asked)
    }

    fn last_folder(&self) -> Option<(&[u8], bool)> {
        let Folder { path_at, path_length, is_followed, .. } = *self.folders.last()?;
        let start = path_at as usize;
        Some((self.names.get(start..start + path_length as usize)?, is_followed != 0))
    }

    fn name(&mut self, name: &OsStr) -> Option<u32> {
        if let Some(at) = self.known_names.get(name.as_bytes()) {
            return Some(*at);
        }
        let at = u32::try_from(self.names.len()).ok()?;
        self.names.extend_from_slice(name.as_bytes());
        self.known_names.insert(name.as_bytes().to_vec(), at);
        Some(at)
    }
}
