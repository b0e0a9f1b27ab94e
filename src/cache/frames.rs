//! Frames: what is appended to a file, each with its length and checksum.
//!
//! A frame is length (4 bytes, little endian), checksum (8 bytes of BLAKE3 over the payload), payload. A frame that
//! is torn or damaged ends the readable part: what follows it cannot be framed. Each frame is one `write` to a file
//! opened for appending, so frames of several az do not mix.

const HEAD: usize = 12;

/// Returns a payload in its frame.
pub(super) fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    let length = u32::try_from(payload.len()).expect("what is appended at once is far below 4 GiB");
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&checksum(payload));
    frame.extend_from_slice(payload);
    frame
}

/// Returns the payload of the frame that begins at an offset, with the offset behind it; nothing if none does, or a
/// damaged one.
pub(super) fn payload_at(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let bytes = bytes.get(at..)?;
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let payload = bytes.get(HEAD..HEAD.checked_add(length)?)?;
    (checksum(payload) == bytes[4..HEAD]).then_some((payload, at + HEAD + length))
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    blake3::hash(payload).as_bytes()[..8].try_into().expect("8 of 32 bytes")
}
