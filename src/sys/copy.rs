//! Copies files: shared blocks where the file system can, else the bytes, hashed on their way if that is wanted.

#![expect(clippy::disallowed_methods, reason = "this is a part of what asks the operating system")]

use std::{
    fs,
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use super::unix::open_to_read;
use crate::base::Digest;

/// So much is read at a time.
const PIECE: u64 = 256 << 10;

/// Copies a file to a new one.
///
/// # Errors
/// As `open` and `write`; nothing is then left at `to`.
pub(super) fn copy(from: &Path, to: &Path, mode: u32) -> io::Result<()> {
    if clone::share_whole(from, to) {
        return fs::set_permissions(to, fs::Permissions::from_mode(mode))
            .inspect_err(|_| _ = fs::remove_file(to));
    }
    copy_with(from, to, mode, |source, target, size| {
        if clone::share_blocks(source, target, size) { Ok(()) } else { io::copy(source, target).map(|_| ()) }
    })
}

/// Copies a file to a new one, and returns the digest of what was copied; the bytes are read once.
///
/// # Errors
/// As `open` and `write`; nothing is then left at `to`.
pub(super) fn copy_hashed(from: &Path, to: &Path, mode: u32) -> io::Result<Digest> {
    if clone::share_whole(from, to) {
        return hash_and_set(to, mode).inspect_err(|_| _ = fs::remove_file(to));
    }
    copy_with(from, to, mode, |source, target, size| {
        let mut hasher = blake3::Hasher::new();
        if clone::share_blocks(source, target, size) {
            target.rewind()?;
            hasher.update_reader(target)?;
        } else {
            copy_bytes(source, target, size, &mut hasher)?;
        }
        Ok(Digest(*hasher.finalize().as_bytes()))
    })
}

fn hash_and_set(path: &Path, mode: u32) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(open_to_read(path)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(Digest(*hasher.finalize().as_bytes()))
}

fn copy_with<T>(
    from: &Path,
    to: &Path,
    mode: u32,
    fill: impl Fn(&mut fs::File, &mut fs::File, u64) -> io::Result<T>,
) -> io::Result<T> {
    let mut source = open_to_read(from).map_err(|error| match to.symlink_metadata() {
        Ok(_) => io::ErrorKind::AlreadyExists.into(),
        Err(_) => error,
    })?;
    let size = source.metadata()?.len();
    // Writable by its opener whatever its bits are, since it is new.
    let mut options = fs::OpenOptions::new();
    let mut target = options.read(true).write(true).create_new(true).mode(mode).open(to)?;
    let filled = fill(&mut source, &mut target, size).and_then(|filled| {
        // The umask has no say: az writes the bits it recorded.
        if target.metadata()?.mode() & 0o7777 != mode {
            target.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(filled)
    });
    filled.inspect_err(|_| _ = fs::remove_file(to))
}

fn copy_bytes(
    source: &mut fs::File,
    target: &mut fs::File,
    size: u64,
    hasher: &mut blake3::Hasher,
) -> io::Result<()> {
    // One byte more, so that a small file is read, and its end seen, in two calls.
    let mut piece = vec![0; usize::try_from(size.min(PIECE)).unwrap_or(0) + 1];
    loop {
        let read = match source.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&piece[..read]);
        target.write_all(&piece[..read])?;
    }
}

#[cfg(target_os = "linux")]
mod clone {
    use std::{
        fs,
        os::unix::fs::MetadataExt,
        path::Path,
        sync::{Mutex, PoisonError},
    };

    use rustix::fs::ioctl_ficlone;

    /// Devices between which no blocks can be shared: it was tried, and need not be tried for every file.
    static REFUSED: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());

    /// Tells that no whole file is shared: an open one is asked to share its blocks.
    pub(super) fn share_whole(_from: &Path, _to: &Path) -> bool {
        false
    }

    /// Lets an empty file have the blocks of another; tells whether it does.
    pub(super) fn share_blocks(source: &fs::File, target: &fs::File, size: u64) -> bool {
        let (Ok(from), Ok(to)) = (source.metadata(), target.metadata()) else { return false };
        if size == 0 || !from.is_file() {
            return false;
        }
        let devices = (from.dev(), to.dev());
        let refused = || REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
        if refused().contains(&devices) {
            return false;
        }
        match ioctl_ficlone(target, source) {
            Ok(()) => true,
            Err(error) => {
                use rustix::io::Errno;
                // Any other error may be this file's own.
                if matches!(error, Errno::OPNOTSUPP | Errno::NOTTY | Errno::XDEV | Errno::NOSYS) {
                    refused().push(devices);
                }
                false
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod clone {
    use std::{fs, path::Path};

    /// Makes a file that shares the blocks of another; tells whether it did.
    pub(super) fn share_whole(from: &Path, to: &Path) -> bool {
        // Whole folders can be shared as well, which is no copy of a file.
        fs::metadata(from).is_ok_and(|from| from.is_file()) && reflink_copy::reflink(from, to).is_ok()
    }

    /// Tells that an open file shares nothing.
    pub(super) fn share_blocks(_source: &fs::File, _target: &fs::File, _size: u64) -> bool {
        false
    }
}
