//! Reads and hashes files of any size.

use std::{io, path::Path};

use super::{ReadFile, Stat, System};
use crate::base::Digest;

/// Reads a small file to its end. If it gives as much as it says to hold although there is room for more, that was its
/// end, provided that it says the same afterwards.
fn read_small(file: &mut dyn ReadFile, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size + 1];
    let read = loop {
        match file.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result?,
        }
    };
    bytes.truncate(read);
    if read != size {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Longer files are not held in memory to be hashed.
const KEPT_BYTES: u64 = 64 << 10;

/// A file that was read and hashed.
#[derive(Debug)]
pub struct HashedFile {
    /// What the open file was before the first byte was read, and after the last one.
    pub stat: Stat,
    /// The digest of its content.
    pub digest: Digest,
    /// The content, if it is small.
    pub bytes: Option<Vec<u8>>,
}

/// Reads and hashes a file of any size; links followed, O(bytes).
///
/// Returns the stat of the open file from before the first byte was read; a file that changes meanwhile is read
/// again, up to three times.
///
/// # Errors
/// As `open` and `read`; `WouldBlock` if the file keeps changing.
pub fn hash_file(system: &dyn System, path: &Path) -> io::Result<(Stat, Digest)> {
    hash_file_kept(system, path).map(|HashedFile { stat, digest, .. }| (stat, digest))
}

/// Does what [`hash_file`] does, and returns the content with it if that is small.
///
/// # Errors
/// As [`hash_file`].
pub fn hash_file_kept(system: &dyn System, path: &Path) -> io::Result<HashedFile> {
    for _ in 0..3 {
        let mut file = system.open(path)?;
        let stat = file.stat()?;
        let (digest, bytes) = if stat.size <= KEPT_BYTES {
            let bytes = read_small(&mut *file, usize::try_from(stat.size).unwrap_or(0))?;
            (Digest::of(&bytes), Some(bytes))
        } else {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(&mut file)?;
            (Digest(*hasher.finalize().as_bytes()), None)
        };
        if file.stat()? == stat {
            return Ok(HashedFile { stat, digest, bytes });
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "the file is being modified"))
}
