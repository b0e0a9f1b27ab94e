//! An index that was opened: every offset is checked, every block verified before it is believed.

use std::{
    fmt,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use bytemuck::Zeroable;

use super::{
    format::{
        BLOCK, CHECK, FORMAT, Header, Keyed, Left, Link, MAGIC, PrivateText, SharedText, Short, Table, Text,
        Texts,
    },
    tables::origin,
};
use crate::{base::WsPath, sys::Mapped};

/// A part of the index is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cache) struct Damaged;

/// An index.
pub(in crate::cache) struct View {
    bytes: Mapped,
    header: Header,
    /// By block: it was compared with its checksum.
    verified: Vec<AtomicBool>,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("covered", &self.header.covered).finish_non_exhaustive()
    }
}

impl View {
    /// Looks at the bytes of an index; nothing if they are none, or one of another version. O(1), but for a checksum for
    /// every 4 KiB.
    pub(in crate::cache) fn open(bytes: Mapped) -> Option<Self> {
        let mut header = Header::zeroed();
        let size = size_of::<Header>();
        bytemuck::bytes_of_mut(&mut header).copy_from_slice(bytes.get(..size)?);
        let is_known =
            header.magic == MAGIC && header.format == FORMAT && header.length == bytes.len() as u64;
        let checks_at = usize::try_from(header.checks_at).ok().filter(|_| is_known)?;
        let checks = bytes.get(checks_at..)?;
        let blocks = checks_at.checked_sub(BLOCK)?.div_ceil(BLOCK);
        if checks.len() != blocks.checked_mul(CHECK)? || checksum(&header, checks) != header.checksum {
            return None;
        }
        let verified = (0..blocks).map(|_| AtomicBool::new(false)).collect();
        Some(Self { bytes, header, verified })
    }

    /// Returns how many bytes of the journal the index covers, if it is an index of this journal.
    pub(in crate::cache) fn covered_of(&self, journal: &[u8]) -> Option<usize> {
        let covered = usize::try_from(self.header.covered).ok()?;
        (origin(journal.get(..covered)?) == self.header.origin).then_some(covered)
    }

    /// Returns how many rows a table has.
    pub(in crate::cache) fn count<T: Table>(&self) -> usize {
        usize::try_from(self.header.tables[T::TABLE].count).unwrap_or(0)
    }

    /// Returns a row.
    ///
    /// # Errors
    /// [`Damaged`], also if there is no such row.
    pub(in crate::cache) fn row<T: Table>(&self, index: usize) -> Result<T, Damaged> {
        let size = size_of::<T>();
        let from = index.checked_mul(size).filter(|_| index < self.count::<T>()).ok_or(Damaged)?;
        self.part::<T>(from, size).map(bytemuck::pod_read_unaligned)
    }

    /// Returns all rows of a table.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn rows<T: Table>(&self) -> Result<Vec<T>, Damaged> {
        let count = self.count::<T>();
        let bytes = self.part::<T>(0, count.checked_mul(size_of::<T>()).ok_or(Damaged)?)?;
        Ok(bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect())
    }

    /// Returns the record of a key; O(log rows).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn find<T: Keyed>(&self, key: &[u8; 32]) -> Result<Option<u32>, Damaged> {
        let at = self.first(|row: &T| row.key() < key)?;
        if at == self.count::<T>() {
            return Ok(None);
        }
        let row: T = self.row(at)?;
        Ok((row.key() == key).then(|| row.record()))
    }

    /// Returns the records that something short leads to, in the order of their commits; O(log rows + found).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn find_all<T: Link>(&self, digest: &Short) -> Result<Vec<u32>, Damaged> {
        let mut found = Vec::new();
        for at in self.first(|row: &T| row.digest() < *digest)?..self.count::<T>() {
            let row: T = self.row(at)?;
            if row.digest() != *digest {
                break;
            }
            found.push(row.record());
        }
        Ok(found)
    }

    /// Tells whether az left a state at a path; O(log rows).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn has_left(&self, digest: &Short) -> Result<bool, Damaged> {
        let at = self.first(|row: &Left| row.digest < *digest)?;
        Ok(at < self.count::<Left>() && self.row::<Left>(at)?.digest == *digest)
    }

    /// Verifies all that [`View::is_private`] looks at.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn verify_private(&self) -> Result<(), Damaged> {
        self.part::<PrivateText>(0, self.count::<PrivateText>() * size_of::<PrivateText>())?;
        self.part::<Texts>(0, self.count::<Texts>() * size_of::<Texts>()).map(|_| ())
    }

    /// Tells whether a path is private state of any step; not where the index is damaged.
    pub(in crate::cache) fn is_private(&self, path: &WsPath) -> bool {
        self.has_text::<PrivateText>(path.as_str()).unwrap_or(false)
    }

    /// Tells whether there is any private state.
    pub(in crate::cache) fn has_private(&self) -> bool {
        self.count::<PrivateText>() > 0
    }

    /// Tells whether a path in private state is read by others.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn is_shared(&self, path: &WsPath) -> Result<bool, Damaged> {
        self.has_text::<SharedText>(path.as_str())
    }

    /// Returns the shared paths at or below a folder.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(in crate::cache) fn shared_below(&self, folder: &WsPath) -> Result<Vec<WsPath>, Damaged> {
        let all = self.texts::<SharedText>()?.into_iter();
        let paths = all.map(|text| WsPath::from_normal(text).ok_or(Damaged));
        let paths = paths.collect::<Result<Vec<_>, _>>()?;
        Ok(paths.into_iter().filter(|path| path.is_below(folder)).collect())
    }

    /// Returns all private paths.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn private(&self) -> Result<Vec<&str>, Damaged> {
        self.texts::<PrivateText>()
    }

    /// Returns all shared paths.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn shared(&self) -> Result<Vec<&str>, Damaged> {
        self.texts::<SharedText>()
    }

    fn texts<T: Text>(&self) -> Result<Vec<&str>, Damaged> {
        (0..self.count::<T>()).map(|at| self.text::<T>(at)).collect()
    }

    fn has_text<T: Text>(&self, wanted: &str) -> Result<bool, Damaged> {
        let (mut low, mut high) = (0, self.count::<T>());
        while low < high {
            let middle = low.midpoint(high);
            match self.text::<T>(middle)?.cmp(wanted) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }

    fn text<T: Text>(&self, index: usize) -> Result<&str, Damaged> {
        let (at, length) = self.row::<T>(index)?.place();
        let (at, length) = (usize::try_from(at), usize::try_from(length));
        let bytes = self.part::<Texts>(at.map_err(|_| Damaged)?, length.map_err(|_| Damaged)?)?;
        std::str::from_utf8(bytes).map_err(|_| Damaged)
    }

    /// Returns the place of the first row that does not come before what is looked for.
    fn first<T: Table>(&self, is_before: impl Fn(&T) -> bool) -> Result<usize, Damaged> {
        let (mut low, mut high) = (0, self.count::<T>());
        while low < high {
            let middle = low.midpoint(high);
            if is_before(&self.row(middle)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Returns a part of a table, verified.
    fn part<T: Table>(&self, from: usize, length: usize) -> Result<&[u8], Damaged> {
        let table = self.header.tables[T::TABLE];
        let at = usize::try_from(table.at).map_err(|_| Damaged)?;
        let whole = self.count::<T>().checked_mul(size_of::<T>()).ok_or(Damaged)?;
        let until = from.checked_add(length).filter(|until| *until <= whole).ok_or(Damaged)?;
        let range = at.checked_add(from).zip(at.checked_add(until)).ok_or(Damaged)?;
        self.verified(range.0..range.1)
    }

    fn verified(&self, range: Range<usize>) -> Result<&[u8], Damaged> {
        let checks_at = self.bytes.len() - self.verified.len() * CHECK;
        if range.start < BLOCK || range.end > checks_at {
            return Err(Damaged);
        }
        for block in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            // The header fills a block of its own, which has no checksum here.
            let known = self.verified.get(block - 1).ok_or(Damaged)?;
            if known.load(Ordering::Relaxed) {
                continue;
            }
            let check = checks_at + (block - 1) * CHECK;
            let bytes = &self.bytes[block * BLOCK..checks_at.min((block + 1) * BLOCK)];
            if block_check(bytes) != self.bytes[check..check + CHECK] {
                return Err(Damaged);
            }
            known.store(true, Ordering::Relaxed);
        }
        Ok(&self.bytes[range])
    }
}

/// Returns the checksum of a block.
pub(super) fn block_check(bytes: &[u8]) -> [u8; CHECK] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("a digest has 32 bytes")
}

/// Returns the checksum of the header and of the blocks' checksums.
pub(super) fn checksum(header: &Header, checks: &[u8]) -> [u8; 32] {
    let header = Header { checksum: [0; 32], ..*header };
    let mut hasher = blake3::Hasher::new();
    hasher.update(bytemuck::bytes_of(&header)).update(checks);
    *hasher.finalize().as_bytes()
}
