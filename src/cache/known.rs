//! Settled digests of files, kept from run to run.
//!
//! A flat table by path, and behind it what changed since, appended by each run that found something new. Every entry is
//! true by itself: of a file of which the system says the same, the content is the same. So an entry that is lost, or
//! stands in both, costs hashing at most.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
    path::PathBuf,
};

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

use super::{
    Layout,
    flat::{Damaged, Flat, FlatWriter, Kind, Table, Text},
    frames,
};
use crate::{
    base::{Digest, WsPath},
    fingerprint::{KnownFile, Settled},
    sys::{self, FileKind, Stat, System},
};

/// What the table is.
pub(super) const KIND: Kind = Kind { magic: *b"az files", format: 2 };
/// The table of the paths' bytes.
const TEXTS: usize = 1;
/// Fewer bytes than this behind the table are read as fast as it is written.
const MERGE_ABOVE_BYTES: usize = 64 << 10;
/// The table is written again when as much stands behind it as this part of it.
const BEHIND_OF_TABLE: usize = 16;

/// A file in the table.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Row {
    path_at: u64,
    path_length: u64,
    digest: [u8; 32],
    size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
    inode: u64,
    device: u64,
    links: u64,
    mode: u32,
    reserved: u32,
}

impl Table for Row {
    const TABLE: usize = 0;
}

impl Text for Row {
    const TEXTS: usize = TEXTS;

    fn place(&self) -> (u64, u64) {
        (self.path_at, self.path_length)
    }
}

/// A change as it stands behind the table.
#[derive(Serialize, Deserialize)]
struct WireChange<'a> {
    path: &'a str,
    /// Nothing where what was known is not to be relied on any more.
    known: Option<([u8; 32], WireStat)>,
}

/// A [`Stat`] as it stands on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireStat {
    kind: u8,
    size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
    inode: u64,
    device: u64,
    mode: u32,
    links: u64,
}

impl From<&Stat> for WireStat {
    fn from(stat: &Stat) -> Self {
        Self {
            kind: stat.kind as u8,
            size: stat.size,
            mtime_ns: stat.mtime_ns,
            ctime_ns: stat.ctime_ns,
            inode: stat.inode,
            device: stat.device,
            mode: stat.mode,
            links: stat.links,
        }
    }
}

impl WireStat {
    /// Returns the stat of a regular file.
    fn of_file(self) -> Stat {
        let Self { kind: _, size, mtime_ns, ctime_ns, inode, device, mode, links } = self;
        Stat { kind: FileKind::File, size, mtime_ns, ctime_ns, inode, device, mode, links }
    }
}

/// A change to what is known of a file; nothing where what was known is not to be relied on any more.
pub type FileChange = (WsPath, Option<KnownFile>);

/// The settled digests of earlier runs.
#[derive(Debug, Default)]
pub struct KnownFiles {
    table: Option<Flat>,
    table_bytes: usize,
    more: HashMap<WsPath, Option<KnownFile>>,
    more_bytes: usize,
    /// What tells this start of the machine from others. What was known before it is not: a file whose content was lost
    /// with the power may be said to be what it was.
    boot: [u8; 16],
}

impl Settled for KnownFiles {
    fn of(&self, path: &WsPath) -> Option<KnownFile> {
        match (self.more.get(path), &self.table) {
            (Some(known), _) => *known,
            // What is damaged is not known.
            (None, Some(table)) => in_table(table, path).ok().flatten(),
            (None, None) => None,
        }
    }
}

impl KnownFiles {
    /// Opens what earlier runs left; O(what changed since the table was written). What is absent or damaged is empty.
    pub fn open(system: &dyn System, layout: &Layout) -> Self {
        let mapped = system.map(&layout.files()).ok();
        let table_bytes = mapped.as_ref().map_or(0, |mapped| mapped.len());
        let boot = system.boot();
        let table = mapped.and_then(|mapped| Flat::open(mapped, KIND)).filter(|it| it.about()[..16] == boot);
        let changes = system.read(&changes_beside(layout)).unwrap_or_default();
        let mut more = HashMap::new();
        let mut at = 0;
        while let Some((payload, behind)) = frames::payload_at(&changes, at) {
            let frame: Option<([u8; 16], Vec<WireChange<'_>>)> = postcard::from_bytes(payload).ok();
            if let Some((_, changes)) = frame.filter(|(of, _)| *of == boot) {
                more.extend(changes.into_iter().filter_map(read_change));
            }
            at = behind;
        }
        // What stands behind a damaged frame cannot be read, nor can what would be written there.
        let more_bytes = if at < changes.len() { usize::MAX } else { at };
        Self { table, table_bytes, more, more_bytes, boot }
    }

    /// Returns all that is known, sorted by path; O(files).
    pub fn all(&self) -> BTreeMap<WsPath, KnownFile> {
        // Of a damaged table nothing is kept: it is made again of what is hashed again.
        let mut all = self.table.as_ref().and_then(|table| all_in(table).ok()).unwrap_or_default();
        for (path, known) in &self.more {
            match known {
                Some(known) => _ = all.insert(path.clone(), *known),
                None => _ = all.remove(path),
            }
        }
        all
    }

    /// Keeps what a run found out; O(changes), or O(files) where enough has changed since the table was written.
    ///
    /// Only who holds the lock of the workspace and is no az in a step of another `may_merge`.
    ///
    /// # Errors
    /// The first error of the system; what is lost costs hashing.
    pub fn keep(
        &self,
        system: &dyn System,
        layout: &Layout,
        changes: &[FileChange],
        may_merge: bool,
    ) -> io::Result<()> {
        let is_broken = self.more_bytes == usize::MAX;
        if changes.is_empty() && !is_broken {
            return Ok(());
        }
        let frame = frames::frame(&to_wire(self.boot, changes)?);
        let behind = self.more_bytes.saturating_add(frame.len());
        let is_long = behind > MERGE_ABOVE_BYTES && behind.saturating_mul(BEHIND_OF_TABLE) > self.table_bytes;
        if is_long && may_merge {
            let mut all = self.all();
            for (path, known) in changes {
                match known {
                    Some(known) => _ = all.insert(path.clone(), *known),
                    None => _ = all.remove(path),
                }
            }
            return write_table(system, layout, &all);
        }
        system.append(&changes_beside(layout))?.write_all(&frame)
    }
}

/// Replaces all that is known of files.
///
/// # Errors
/// The first error of the system; what is lost costs hashing.
pub fn write_table(
    system: &dyn System,
    layout: &Layout,
    all: &BTreeMap<WsPath, KnownFile>,
) -> io::Result<()> {
    let mut texts = String::new();
    let row = |(path, KnownFile { stat, digest }): (&WsPath, &KnownFile)| {
        let path_at = texts.len() as u64;
        texts.push_str(path.as_str());
        Row {
            path_at,
            path_length: path.as_str().len() as u64,
            digest: digest.0,
            size: stat.size,
            mtime_ns: stat.mtime_ns,
            ctime_ns: stat.ctime_ns,
            inode: stat.inode,
            device: stat.device,
            links: stat.links,
            mode: stat.mode,
            reserved: 0,
        }
    };
    let rows: Vec<Row> = all.iter().map(row).collect();
    let mut file = FlatWriter::default();
    file.put(&rows);
    file.put_bytes(TEXTS, texts.as_bytes());
    let mut about = [0; 64];
    about[..16].copy_from_slice(&system.boot());
    sys::replace(system, &layout.files(), &file.finish(KIND, about))?;
    // Until they go, changes that are in the table are read twice, and say the same.
    match system.remove_file(&changes_beside(layout)) {
        Err(error) if !sys::is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Returns where the changes since the table was written stand.
pub(super) fn changes_beside(layout: &Layout) -> PathBuf {
    layout.files().with_extension("new")
}

fn in_table(table: &Flat, path: &WsPath) -> Result<Option<KnownFile>, Damaged> {
    let found = table.find_text::<Row>(path.as_str())?;
    found.map(|at| table.row::<Row>(at).map(|row| known(&row))).transpose()
}

fn all_in(table: &Flat) -> Result<BTreeMap<WsPath, KnownFile>, Damaged> {
    let entry = |row: Row| {
        let path = WsPath::from_normal(table.text(&row)?).ok_or(Damaged)?;
        Ok((path, known(&row)))
    };
    table.rows::<Row>()?.into_iter().map(entry).collect()
}

fn known(row: &Row) -> KnownFile {
    let Row { digest, size, mtime_ns, ctime_ns, inode, device, links, mode, .. } = *row;
    let stat = Stat { kind: FileKind::File, size, mtime_ns, ctime_ns, inode, device, mode, links };
    KnownFile { stat, digest: Digest(digest) }
}

fn to_wire(boot: [u8; 16], changes: &[FileChange]) -> io::Result<Vec<u8>> {
    let wire: Vec<WireChange<'_>> = changes
        .iter()
        .map(|(path, known)| WireChange {
            path: path.as_str(),
            known: known.map(|KnownFile { stat, digest }| (digest.0, WireStat::from(&stat))),
        })
        .collect();
    postcard::to_stdvec(&(boot, wire)).map_err(io::Error::other)
}

fn read_change(WireChange { path, known }: WireChange<'_>) -> Option<FileChange> {
    let known = known.map(|(digest, stat)| KnownFile { stat: stat.of_file(), digest: Digest(digest) });
    Some((WsPath::from_normal(path)?, known))
}
