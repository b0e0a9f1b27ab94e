//! The bytes of a gate: where each section begins, and how numbers in it are read.
//!
//! Every offset and every length is checked before it is used; what does not fit is not there.

use std::{io, ops::Range, os::unix::ffi::OsStrExt, path::Path};

use bytemuck::{Pod, Zeroable};

use crate::{
    base::Digest,
    sys::{self, FileKind, Stat},
};

/// What a gate begins with; another form has another one.
pub(super) const MAGIC: [u8; 8] = *b"az gate\x05";

/// What stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Head {
    pub(super) magic: [u8; 8],
    /// Of all behind the two checksums up to the end of the hot part.
    pub(super) hot_checksum: [u8; 32],
    pub(super) cold_checksum: [u8; 32],
    pub(super) preface: u64,
    pub(super) folders: u64,
    pub(super) rows: u64,
    pub(super) names: u64,
    pub(super) digests: u64,
    pub(super) askers: u64,
    pub(super) asked: u64,
    pub(super) needs: u64,
    pub(super) items: u64,
    pub(super) blobs: u64,
    pub(super) numbers: u64,
    pub(super) gone: u64,
    /// Items that must be decided again.
    pub(super) open: u64,
    /// What this amends; zeros if it stands for itself.
    pub(super) base: [u8; 32],
    /// What [`name_of`] says of the file: in the place of another one it would answer another question.
    pub(super) name: [u8; 32],
}

/// Paths in one folder; with an empty name, the folder itself.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Folder {
    pub(super) path_at: u32,
    pub(super) path_length: u32,
    /// Its first row.
    pub(super) first: u32,
    pub(super) count: u32,
    /// Links are followed.
    pub(super) is_followed: u32,
    /// Its own place.
    pub(super) index: u32,
}

/// What is known of one path.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Row {
    size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
    inode: u64,
    device: u64,
    links: u64,
    mode: u32,
    pub(super) name_at: u32,
    pub(super) name_length: u16,
    flags: u16,
    /// Its place among the digests, if one matters.
    pub(super) digest: u32,
    /// Its first asker; those of the next row follow them.
    pub(super) askers: u32,
    unused: u32,
}

/// An item.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Item {
    pub(super) answer_at: u64,
    pub(super) answer_length: u64,
    pub(super) plan_at: u64,
    pub(super) plan_length: u64,
    /// The first item it waits for; those of the next item follow.
    pub(super) needs: u32,
    /// [`OPEN`] and [`NOTABLE`].
    pub(super) flags: u32,
    /// What tells its identity from others.
    pub(super) identity: u64,
}

/// That an item asks for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Asked {
    pub(super) item: u32,
    /// With [`WRITES`].
    row: u32,
}

impl Asked {
    /// Takes an asker as it stands in a row.
    pub(super) fn new(asker: u32, row: u32) -> Self {
        Self { item: asker & !WRITES, row: row | (asker & WRITES) }
    }

    pub(super) fn row(self) -> usize {
        (self.row & !WRITES) as usize
    }

    pub(super) fn writes(self) -> bool {
        self.row & WRITES != 0
    }
}

/// Stands in an asker that also writes the path.
pub(super) const WRITES: u32 = 1 << 31;

/// Stands in an item that must be decided again.
pub(super) const OPEN: u32 = 1;
/// Stands in an item of which there is more to tell than that it is as it was.
pub(super) const NOTABLE: u32 = 2;

/// What a row says beside the numbers; the two lowest bits are the kind.
pub(super) struct Flags;

impl Flags {
    pub(super) const ABSENT: u16 = 1 << 2;
    pub(super) const KIND: u16 = 1 << 3;
    pub(super) const NAMES: u16 = 1 << 4;
    pub(super) const CONTENT: u16 = 1 << 5;
    pub(super) const UNSETTLED: u16 = 1 << 6;
    pub(super) const COMMON: u16 = 1 << 7;
    /// The gist stands behind the digest.
    pub(super) const GIST: u16 = 1 << 8;
}

const KINDS: [FileKind; 4] = [FileKind::File, FileKind::Directory, FileKind::Link, FileKind::Other];

impl Folder {
    pub(super) fn rows<'a>(&self, rows: &'a [Row]) -> &'a [Row] {
        let start = self.first as usize;
        rows.get(start..start.saturating_add(self.count as usize)).unwrap_or_default()
    }
}

impl Row {
    pub(super) fn new(stat: Option<&Stat>, flags: u16) -> Self {
        let Some(stat) = stat else { return Self { flags: flags | Flags::ABSENT, ..Self::zeroed() } };
        let kind = KINDS.iter().position(|kind| *kind == stat.kind).and_then(|kind| u16::try_from(kind).ok());
        Self {
            size: stat.size,
            mtime_ns: stat.mtime_ns,
            ctime_ns: stat.ctime_ns,
            inode: stat.inode,
            device: stat.device,
            links: stat.links,
            mode: stat.mode,
            flags: flags | kind.unwrap_or_default(),
            ..Self::zeroed()
        }
    }

    pub(super) fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    fn kind(&self) -> FileKind {
        KINDS[usize::from(self.flags & 3)]
    }

    pub(super) fn stat(&self) -> Option<Stat> {
        let &Self { size, mtime_ns, ctime_ns, inode, device, links, mode, .. } = self;
        let stat = Stat { kind: self.kind(), size, mtime_ns, ctime_ns, inode, device, mode, links };
        (!self.has(Flags::ABSENT)).then_some(stat)
    }

    /// Tells whether an answer is the one that is known, and says that nothing has changed.
    pub(super) fn is_as_said(&self, answer: &io::Result<Stat>) -> bool {
        match answer {
            Err(error) => self.has(Flags::ABSENT) && sys::is_absent(error),
            Ok(_) if self.has(Flags::ABSENT) => false,
            Ok(stat) if self.has(Flags::KIND) => stat.kind == self.kind(),
            Ok(stat) => !self.has(Flags::UNSETTLED) && self.stat() == Some(*stat),
        }
    }
}

/// How many sections there are.
pub(super) const SECTIONS: usize = 12;

/// Where the sections of a gate are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) preface: (usize, usize),
    pub(super) folders: (usize, usize),
    pub(super) rows: (usize, usize),
    pub(super) names: (usize, usize),
    pub(super) digests: (usize, usize),
    pub(super) askers: (usize, usize),
    pub(super) asked: (usize, usize),
    pub(super) needs: (usize, usize),
    pub(super) items: (usize, usize),
    pub(super) blobs: (usize, usize),
    pub(super) numbers: (usize, usize),
    pub(super) gone: (usize, usize),
}

impl Head {
    /// Returns where the sections are; nothing if they are not as long as the file.
    fn layout(&self, length: usize) -> Option<Layout> {
        let mut at = size_of::<Self>();
        let mut section = |count: u64, size: usize| {
            let length = usize::try_from(count).ok()?.checked_mul(size)?;
            let start = at;
            at = at.checked_add(length)?.checked_next_multiple_of(8)?;
            Some((start, start + length))
        };
        let layout = Layout {
            preface: section(self.preface, 1)?,
            folders: section(self.folders, size_of::<Folder>())?,
            rows: section(self.rows, size_of::<Row>())?,
            names: section(self.names, 1)?,
            digests: section(self.digests, size_of::<[u8; 32]>())?,
            askers: section(self.askers, size_of::<u32>())?,
            asked: section(self.asked, size_of::<Asked>())?,
            needs: section(self.needs, size_of::<u32>())?,
            items: section(self.items, size_of::<Item>())?,
            blobs: section(self.blobs, 1)?,
            numbers: section(self.numbers, size_of::<u32>())?,
            gone: section(self.gone, size_of::<u32>())?,
        };
        (at == length).then_some(layout)
    }
}

/// Returns the head of a [`sound`] gate.
pub(super) fn head(bytes: &[u8]) -> &Head {
    bytemuck::from_bytes(&bytes[..size_of::<Head>()])
}

/// Returns what a gate says of where it stands.
pub(super) fn name_of(path: &Path) -> [u8; 32] {
    checksum(path.file_name().unwrap_or_default().as_bytes())
}

/// Returns where the sections of a gate are whose hot part is what was written, of the file with this name; nothing if
/// it is none.
pub(super) fn sound(bytes: &[u8], name: [u8; 32]) -> Option<Layout> {
    let head: &Head = bytemuck::try_from_bytes(bytes.get(..size_of::<Head>())?).ok()?;
    let layout = head.layout(bytes.len()).filter(|_| head.magic == MAGIC && head.name == name)?;
    (checksum(&bytes[hot(&layout)]) == head.hot_checksum).then_some(layout)
}

/// Returns the bytes that the checksum of the hot part is of.
fn hot(layout: &Layout) -> Range<usize> {
    std::mem::offset_of!(Head, preface)..layout.digests.0
}

/// Tells whether the cold part of a [`sound`] gate is what was written.
pub(super) fn is_whole(bytes: &[u8], layout: &Layout) -> bool {
    checksum(&bytes[layout.digests.0..]) == head(bytes).cold_checksum
}

/// Returns what tells a [`sound`] gate from any other.
pub(super) fn id(bytes: &[u8]) -> [u8; 32] {
    let head = head(bytes);
    checksum(&[head.hot_checksum, head.cold_checksum].concat())
}

pub(super) fn checksum(bytes: &[u8]) -> [u8; 32] {
    Digest::of(bytes).0
}

/// Returns a section of a [`sound`] gate.
pub(super) fn section(bytes: &[u8], (start, end): (usize, usize)) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}

/// Returns a section as numbers.
pub(super) fn views<T: Pod>(bytes: &[u8], place: (usize, usize)) -> &[T] {
    bytemuck::try_cast_slice(section(bytes, place)).unwrap_or_default()
}

/// Sections with how many there is in each.
type Counted<'a> = [(&'a [u8], u64); SECTIONS];

/// How many sections the hot part has.
const HOT: usize = 4;

impl Head {
    /// Returns what stands before these sections.
    pub(super) fn of(sections: &Counted<'_>, open: u64, base: [u8; 32], name: [u8; 32]) -> Self {
        let [preface, folders, rows, names, digests, askers, asked, needs, items, blobs, numbers, gone] =
            sections.map(|(_, count)| count);
        let (magic, unknown) = (MAGIC, Self::zeroed());
        let head = Self { magic, preface, folders, rows, names, digests, askers, asked, ..unknown };
        let mut head = Self { needs, items, blobs, numbers, gone, open, base, name, ..head };
        let checked = &bytemuck::bytes_of(&head)[std::mem::offset_of!(Self, preface)..];
        let (hot, cold) = sections.split_at(HOT);
        let hot = Digest::of_parts(std::iter::once(checked).chain(padded(hot)));
        (head.hot_checksum, head.cold_checksum) = (hot.0, Digest::of_parts(padded(cold)).0);
        head
    }
}

/// Returns the sections, each up to where the next one begins.
fn padded<'a>(sections: &'a [(&'a [u8], u64)]) -> impl Iterator<Item = &'a [u8]> {
    sections.iter().flat_map(|(bytes, _)| [*bytes, &[0; 8][..bytes.len().next_multiple_of(8) - bytes.len()]])
}

/// Returns what one after the other is a file.
pub(super) fn pieces<'a>(head: &'a Head, sections: &'a Counted<'_>) -> Vec<&'a [u8]> {
    std::iter::once(bytemuck::bytes_of(head)).chain(padded(sections)).collect()
}
