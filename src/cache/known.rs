//! Settled digests of files, kept from run to run.
//!
//! A whole file replaced at the end of a run: a checksum, then a list. Lost or damaged, it costs hashing.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    base::{Digest, WsPath},
    fingerprint::KnownFile,
    sys::{self, FileKind, Stat, System},
};

#[derive(Serialize, Deserialize)]
struct WireKnown<'a> {
    path: &'a str,
    digest: [u8; 32],
    stat: WireStat,
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

/// Reads settled digests; of an absent or damaged file there are none.
pub fn read_known_files(system: &dyn System, path: &Path) -> Vec<(WsPath, KnownFile)> {
    let bytes = system.read(path).unwrap_or_default();
    let Some((checksum, payload)) = bytes.split_at_checked(32) else { return Vec::new() };
    if *blake3::hash(payload).as_bytes() != *checksum {
        return Vec::new();
    }
    let wire: Vec<WireKnown<'_>> = postcard::from_bytes(payload).unwrap_or_default();
    let known = |known: WireKnown<'_>| {
        let path = WsPath::from_normal(known.path)?;
        Some((path, KnownFile { stat: known.stat.of_file(), digest: Digest(known.digest) }))
    };
    wire.into_iter().filter_map(known).collect()
}

/// Replaces the settled digests; O(files).
///
/// # Errors
/// The first error of the system; the old ones are then still there.
pub fn write_known_files(system: &dyn System, path: &Path, files: &[(WsPath, KnownFile)]) -> io::Result<()> {
    let wire: Vec<WireKnown<'_>> = files
        .iter()
        .map(|(path, KnownFile { stat, digest })| WireKnown {
            path: path.as_str(),
            digest: digest.0,
            stat: stat.into(),
        })
        .collect();
    let payload = postcard::to_stdvec(&wire).map_err(io::Error::other)?;
    let bytes = [blake3::hash(&payload).as_bytes().as_slice(), &payload].concat();
    sys::replace(system, path, &bytes)
}
