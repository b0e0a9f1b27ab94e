//! The entries of the journal: framed, checksummed, only ever appended to.
//!
//! An entry that is torn or damaged ends the readable part, which costs re-runs.

use super::{frames, wire::Entry};

/// Returns an entry with its frame.
pub(super) fn encode(entry: &Entry) -> Vec<u8> {
    frames::frame(&postcard::to_stdvec(entry).expect("entries hold nothing postcard refuses"))
}

/// Reads the entry whose frame begins at an offset, with the offset behind it; nothing if none does, or a damaged one.
pub(super) fn decode_at(bytes: &[u8], at: usize) -> Option<(Entry, usize)> {
    let (payload, behind) = frames::payload_at(bytes, at)?;
    Some((postcard::from_bytes(payload).ok()?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(identity: &str) -> Entry {
        Entry::Begin { id: [1; 16], identity: identity.to_owned(), keys: vec![[2; 32]] }
    }

    /// Reads entries until the end or the first damage.
    fn decode(bytes: &[u8]) -> (Vec<Entry>, bool) {
        let (mut entries, mut at) = (Vec::new(), 0);
        while let Some((entry, behind)) = decode_at(bytes, at) {
            entries.push(entry);
            at = behind;
        }
        (entries, at < bytes.len())
    }

    #[test]
    fn every_prefix_and_every_flipped_byte_reads_without_a_wrong_entry() {
        let entries = [begin("a"), begin("bb"), begin("ccc")];
        let bytes: Vec<u8> = entries.iter().flat_map(encode).collect();
        for cut in 0..=bytes.len() {
            let (read, _) = decode(&bytes[..cut]);
            assert_eq!(read, entries[..read.len()]);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            let (read, is_damaged) = decode(&damaged);
            assert!(is_damaged && entries.starts_with(&read), "byte {at}");
        }
    }
}
