//! Flat files of sorted tables, looked at where they lie.
//!
//! Knows rows of numbers, texts and checksums. Does not know what they mean. The header and a checksum for each block of
//! the tables are verified when a file is opened, a block when something in it is first looked at. So opening costs the
//! same whatever there is, and no row is believed that was not verified.
//!
//! Numbers are little endian: on a machine where they are not, the number of the format is another one, and there is no
//! file. Old reader, new data: the same. New reader, old data: the same.

use std::{
    cmp::Ordering,
    fmt,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use bytemuck::{Pod, Zeroable};

use crate::sys::Mapped;

/// How much of the tables one checksum is for, and how much room the header has.
const BLOCK: usize = 4096;
/// Bytes of a block's checksum.
const CHECK: usize = 8;
/// How many tables a file may have.
const TABLES: usize = 10;

/// A part of a file is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// What a file is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Its first bytes.
    pub(super) magic: [u8; 8],
    /// The version of its tables.
    pub(super) format: u64,
}

/// What else its writer says of it.
pub(super) type About = [u8; 64];

/// A row of a table.
pub(super) trait Table: Pod {
    /// Which table it is of.
    const TABLE: usize;
}

/// A row that has a text.
pub(super) trait Text: Table {
    /// The table of the texts' bytes.
    const TEXTS: usize;

    /// Where the text lies among the texts, and how long it is.
    fn place(&self) -> (u64, u64);
}

/// Where a table lies.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
struct Span {
    at: u64,
    bytes: u64,
}

/// The start of a file.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Header {
    magic: [u8; 8],
    format: u64,
    /// Bytes of the file.
    length: u64,
    /// Where the checksums of the blocks lie, which end the file.
    checks_at: u64,
    about: About,
    tables: [Span; TABLES],
    /// Of all above, and of the checksums of the blocks.
    checksum: [u8; 32],
}

/// A file that was opened.
pub(super) struct Flat {
    bytes: Mapped,
    header: Header,
    /// By block: it was compared with its checksum.
    verified: Vec<AtomicBool>,
}

impl fmt::Debug for Flat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flat").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl Flat {
    /// Looks at the bytes of a file; nothing if they are of another kind, or not all there. O(1), but for a checksum for
    /// every 4 KiB.
    pub(super) fn open(bytes: Mapped, kind: Kind) -> Option<Self> {
        let mut header = Header::zeroed();
        let size = size_of::<Header>();
        bytemuck::bytes_of_mut(&mut header).copy_from_slice(bytes.get(..size)?);
        let is_known =
            header.magic == kind.magic && header.format == kind.format && header.length == bytes.len() as u64;
        let checks_at = usize::try_from(header.checks_at).ok().filter(|_| is_known)?;
        let checks = bytes.get(checks_at..)?;
        let blocks = checks_at.checked_sub(BLOCK)?.div_ceil(BLOCK);
        if checks.len() != blocks.checked_mul(CHECK)? || checksum(&header, checks) != header.checksum {
            return None;
        }
        // So what is counted of a table is no more than what is there.
        let is_inside = |table: &Span| {
            let end = table.at.checked_add(table.bytes);
            table.bytes == 0 || table.at >= BLOCK as u64 && end.is_some_and(|end| end <= header.checks_at)
        };
        if !header.tables.iter().all(is_inside) {
            return None;
        }
        let verified = (0..blocks).map(|_| AtomicBool::new(false)).collect();
        Some(Self { bytes, header, verified })
    }

    /// Tells whether all of it is what was written; O(bytes).
    pub(super) fn is_whole(&self) -> bool {
        let until = self.bytes.len() - self.verified.len() * CHECK;
        self.verified(BLOCK..until.max(BLOCK)).is_ok()
    }

    /// Returns what its writer said of it.
    pub(super) fn about(&self) -> &About {
        &self.header.about
    }

    /// Returns how many rows a table has.
    pub(super) fn count<T: Table>(&self) -> usize {
        self.length(T::TABLE) / size_of::<T>()
    }

    fn length(&self, table: usize) -> usize {
        usize::try_from(self.header.tables[table].bytes).unwrap_or(0)
    }

    /// Returns a row.
    ///
    /// # Errors
    /// [`Damaged`], also if there is no such row.
    pub(super) fn row<T: Table>(&self, index: usize) -> Result<T, Damaged> {
        let size = size_of::<T>();
        let from = index.checked_mul(size).ok_or(Damaged)?;
        self.part(T::TABLE, from, size).map(bytemuck::pod_read_unaligned)
    }

    /// Returns all rows of a table.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn rows<T: Table>(&self) -> Result<Vec<T>, Damaged> {
        let rows = self.verify(T::TABLE)?.chunks_exact(size_of::<T>());
        Ok(rows.map(bytemuck::pod_read_unaligned).collect())
    }

    /// Returns the place of the first row that does not come before what is looked for; O(log rows).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn first<T: Table>(&self, is_before: impl Fn(&T) -> bool) -> Result<usize, Damaged> {
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

    /// Returns the place of the row with a text; O(log rows).
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn find_text<T: Text>(&self, wanted: &str) -> Result<Option<usize>, Damaged> {
        let (mut low, mut high) = (0, self.count::<T>());
        while low < high {
            let middle = low.midpoint(high);
            match self.text(&self.row::<T>(middle)?)?.cmp(wanted) {
                Ordering::Equal => return Ok(Some(middle)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    /// Returns the text of a row.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn text<T: Text>(&self, row: &T) -> Result<&str, Damaged> {
        let (at, length) = row.place();
        let (at, length) = (usize::try_from(at), usize::try_from(length));
        let bytes = self.part(T::TEXTS, at.map_err(|_| Damaged)?, length.map_err(|_| Damaged)?)?;
        std::str::from_utf8(bytes).map_err(|_| Damaged)
    }

    /// Verifies a whole table and returns its bytes.
    ///
    /// # Errors
    /// [`Damaged`].
    pub(super) fn verify(&self, table: usize) -> Result<&[u8], Damaged> {
        self.part(table, 0, self.length(table))
    }

    /// Returns a part of a table, verified.
    fn part(&self, table: usize, from: usize, length: usize) -> Result<&[u8], Damaged> {
        let at = usize::try_from(self.header.tables[table].at).map_err(|_| Damaged)?;
        let whole = self.length(table);
        let until = from.checked_add(length).filter(|until| *until <= whole).ok_or(Damaged)?;
        let (from, until) = at.checked_add(from).zip(at.checked_add(until)).ok_or(Damaged)?;
        self.verified(from..until)
    }

    fn verified(&self, range: Range<usize>) -> Result<&[u8], Damaged> {
        let checks_at = self.bytes.len() - self.verified.len() * CHECK;
        if range.start < BLOCK || range.end > checks_at {
            return Err(Damaged);
        }
        for block in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            // The header fills a block of its own, which has no checksum here.
            let known = self.verified.get(block - 1).ok_or(Damaged)?;
            if known.load(Relaxed) {
                continue;
            }
            let check = checks_at + (block - 1) * CHECK;
            let bytes = &self.bytes[block * BLOCK..checks_at.min((block + 1) * BLOCK)];
            if block_check(bytes) != self.bytes[check..check + CHECK] {
                return Err(Damaged);
            }
            known.store(true, Relaxed);
        }
        Ok(&self.bytes[range])
    }
}

/// A file as it grows.
pub(super) struct FlatWriter {
    bytes: Vec<u8>,
    tables: [Span; TABLES],
}

impl Default for FlatWriter {
    fn default() -> Self {
        Self { bytes: vec![0; BLOCK], tables: [Span::default(); TABLES] }
    }
}

impl FlatWriter {
    /// Adds a table; its rows are sorted by what they are looked for by.
    pub(super) fn put<T: Table>(&mut self, rows: &[T]) {
        self.put_bytes(T::TABLE, bytemuck::cast_slice(rows));
    }

    /// Adds the table of the texts' bytes.
    pub(super) fn put_bytes(&mut self, table: usize, bytes: &[u8]) {
        self.tables[table] = Span { at: self.bytes.len() as u64, bytes: bytes.len() as u64 };
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the file.
    pub(super) fn finish(mut self, kind: Kind, about: About) -> Vec<u8> {
        let checks_at = self.bytes.len();
        let checks: Vec<u8> = self.bytes[BLOCK..].chunks(BLOCK).flat_map(block_check).collect();
        let mut header = Header {
            magic: kind.magic,
            format: kind.format,
            length: (checks_at + checks.len()) as u64,
            checks_at: checks_at as u64,
            about,
            tables: self.tables,
            ..Header::zeroed()
        };
        header.checksum = checksum(&header, &checks);
        self.bytes[..size_of::<Header>()].copy_from_slice(bytemuck::bytes_of(&header));
        self.bytes.extend_from_slice(&checks);
        self.bytes
    }
}

/// Returns the checksum of a block.
fn block_check(bytes: &[u8]) -> [u8; CHECK] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("a digest has 32 bytes")
}

/// Returns the checksum of the header and of the blocks' checksums.
fn checksum(header: &Header, checks: &[u8]) -> [u8; 32] {
    let header = Header { checksum: [0; 32], ..*header };
    let mut hasher = blake3::Hasher::new();
    hasher.update(bytemuck::bytes_of(&header)).update(checks);
    *hasher.finalize().as_bytes()
}
