//! The journal file: framed, checksummed entries, only ever appended to.
//!
//! A frame is length (4 bytes, little endian), checksum (8 bytes of BLAKE3 over the payload), payload. A frame that
//! is torn or damaged ends the readable part: what follows it cannot be framed, so it is dropped, which costs
//! re-runs. Each entry is one `write` to a file opened for appending, so entries of several az do not mix.

use super::wire::Entry;

const HEAD: usize = 12;

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

/// Reads the entry whose frame begins at an offset, with the offset behind it; nothing if none does, or a damaged one.
pub(super) fn decode_at(bytes: &[u8], at: usize) -> Option<(Entry, usize)> {
    let bytes = bytes.get(at..)?;
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let payload = bytes.get(HEAD..HEAD.checked_add(length)?)?;
    if checksum(payload) != bytes[4..HEAD] {
        return None;
    }
    Some((postcard::from_bytes(payload).ok()?, at + HEAD + length))
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
