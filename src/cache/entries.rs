//! The journal file: framed, checksummed entries, only ever appended to.
//!
//! A frame is length (4 bytes, little endian), checksum (8 bytes of BLAKE3 over the payload), payload. A frame that
//! is torn or damaged ends the readable part: what follows it cannot be framed, so it is dropped, which costs
//! re-runs. Each entry is one `write` to a file opened for appending, so entries of several az do not mix.

use std::{io, path::Path};

use super::wire::Entry;
use crate::sys::{System, is_absent};

const HEAD: usize = 12;

/// What was read of a journal file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ReadEntries {
    /// The entries up to the end or the first damage.
    pub(super) entries: Vec<Entry>,
    /// Bytes that could be read.
    pub(super) sound_bytes: usize,
    /// There are bytes behind them that are no entry.
    pub(super) is_damaged: bool,
}

/// Reads all entries of a journal; an absent or unreadable file has none.
pub(super) fn read(system: &dyn System, path: &Path) -> ReadEntries {
    match system.read(path) {
        Ok(bytes) => decode(&bytes),
        Err(error) => ReadEntries { is_damaged: !is_absent(&error), ..ReadEntries::default() },
    }
}

/// Appends one entry.
///
/// # Errors
/// The first error of the system.
pub(super) fn append(file: &mut dyn io::Write, entry: &Entry) -> io::Result<()> {
    file.write_all(&encode(entry))
}

/// Returns an entry with its frame.
pub(super) fn encode(entry: &Entry) -> Vec<u8> {
    let payload = postcard::to_stdvec(entry).expect("entries hold nothing postcard refuses");
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    let length = u32::try_from(payload.len()).expect("an entry is far below 4 GiB");
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&checksum(&payload));
    frame.extend_from_slice(&payload);
    frame
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    blake3::hash(payload).as_bytes()[..8].try_into().expect("8 of 32 bytes")
}

/// Reads entries until the end or the first damage.
pub(super) fn decode(bytes: &[u8]) -> ReadEntries {
    let mut read = ReadEntries::default();
    while let Some((entry, length)) = decode_one(&bytes[read.sound_bytes..]) {
        read.entries.push(entry);
        read.sound_bytes += length;
    }
    read.is_damaged = read.sound_bytes < bytes.len();
    read
}

fn decode_one(bytes: &[u8]) -> Option<(Entry, usize)> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let payload = bytes.get(HEAD..HEAD.checked_add(length)?)?;
    if checksum(payload) != bytes[4..HEAD] {
        return None;
    }
    Some((postcard::from_bytes(payload).ok()?, HEAD + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(identity: &str) -> Entry {
        Entry::Begin { id: [1; 16], identity: identity.to_owned(), keys: vec![[2; 32]] }
    }

    #[test]
    fn every_prefix_and_every_flipped_byte_reads_without_a_wrong_entry() {
        let entries = [begin("a"), begin("bb"), begin("ccc")];
        let bytes: Vec<u8> = entries.iter().flat_map(encode).collect();
        for cut in 0..=bytes.len() {
            let read = decode(&bytes[..cut]);
            assert_eq!(read.entries, entries[..read.entries.len()]);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            let read = decode(&damaged);
            assert!(read.is_damaged && entries.starts_with(&read.entries), "byte {at}");
        }
    }
}
