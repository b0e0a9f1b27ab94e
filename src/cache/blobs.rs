//! Blobs by digest: `cas/ab/cdef...`, and small ones together in `cas/small`.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rayon::prelude::*;

use super::pack::Pack;
use crate::{
    base::Digest,
    sys::{self, FileKind, Flusher, HeldFile, ReadFile, System},
};

/// A store of contents, each under its own digest; read-only files, never hard-linked into the work tree.
#[derive(Debug, Clone)]
pub struct Blobs {
    system: Arc<dyn System>,
    folder: PathBuf,
    /// Small ones.
    pack: Arc<Pack>,
    /// Bytes that were stored by this process.
    added: Arc<AtomicU64>,
}

/// Larger contents are files of their own.
pub const SMALL_BYTES: u64 = 8 << 10;

impl Blobs {
    /// Opens the store in `folder`, which need not exist.
    pub fn new(system: Arc<dyn System>, folder: PathBuf) -> Self {
        let pack = Arc::new(Pack::new(Arc::clone(&system), Self::small_beside(&folder)));
        Self { system, folder, pack, added: Arc::default() }
    }

    /// Returns where the small ones of a folder's contents stand together.
    pub(super) fn small_beside(folder: &Path) -> PathBuf {
        folder.join("small")
    }

    /// Writes the small contents again, as far as they are whole; to be asked by who holds the lock of the workspace.
    ///
    /// # Errors
    /// The first error of the system; nothing is then lost.
    pub fn mend_small(&self) -> io::Result<()> {
        self.pack.mend()
    }

    /// Returns how many bytes were stored since the store was opened.
    pub fn added_bytes(&self) -> u64 {
        self.added.load(Ordering::Relaxed)
    }

    /// Returns all blobs with their sizes, and what a process that was killed left behind. O(blobs), and reads none.
    ///
    /// # Errors
    /// The first error of the system, but for what is not there.
    pub fn all(&self) -> io::Result<(BTreeMap<Digest, u64>, Vec<PathBuf>)> {
        let (mut blobs, mut litter) = (self.pack.all(), Vec::new());
        let folders = self.list(&self.folder)?.into_iter();
        for folder in folders.filter(|entry| entry.kind == FileKind::Directory) {
            let path = self.folder.join(&folder.name);
            for entry in self.list(&path)? {
                let hex =
                    folder.name.to_str().zip(entry.name.to_str()).map(|(top, rest)| format!("{top}{rest}"));
                let path = path.join(&entry.name);
                match hex.and_then(|hex| Digest::from_hex(&hex).ok()) {
                    Some(digest) => {
                        let size = self.system.stat(&path).map_or(0, |stat| stat.size);
                        blobs.insert(digest, size);
                    }
                    None => litter.push(path),
                }
            }
        }
        Ok((blobs, litter))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<sys::Entry>> {
        match self.system.list(folder) {
            Err(error) if sys::is_absent(&error) => Ok(Vec::new()),
            listed => listed,
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_hex();
        self.folder.join(&hex[..2]).join(&hex[2..])
    }

    /// Tells whether a blob is there, without reading it.
    pub fn has(&self, digest: &Digest) -> bool {
        self.pack.has(digest) || self.system.stat(&self.path(digest)).is_ok()
    }

    /// Tells whether a blob is there and whole; a damaged one is removed. O(bytes).
    pub fn verify(&self, digest: &Digest) -> bool {
        if self.pack.get(digest).is_some() {
            return true;
        }
        let path = self.path(digest);
        match sys::hash_file(&*self.system, &path) {
            Ok((_, found)) if found == *digest => true,
            Ok(_) => {
                // Whatever it is, it is not what its name says; a later run stores the right content again.
                _ = self.system.remove_file(&path);
                false
            }
            Err(_) => false,
        }
    }

    /// Stores bytes.
    ///
    /// # Errors
    /// The first error of the system; nothing is then stored.
    pub fn put_bytes(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        self.place(&digest, |temporary| self.system.write(temporary, bytes, 0o444))?;
        Ok(digest)
    }

    /// Stores bytes, which must not hold what may have to be wiped out; small ones together with others.
    ///
    /// # Errors
    /// `InvalidData` if they have another digest, else the first error of the system; nothing is then stored.
    pub fn put_small(&self, bytes: &[u8], digest: &Digest) -> io::Result<()> {
        if Digest::of(bytes) != *digest {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the content changed"));
        }
        if bytes.len() as u64 <= SMALL_BYTES
            && let Ok(is_new) = self.pack.put(digest, bytes)
        {
            let size = if is_new { bytes.len() as u64 } else { 0 };
            self.added.fetch_add(size, Ordering::Relaxed);
            return Ok(());
        }
        self.put_bytes(bytes).map(drop)
    }

    /// Stores the file at `path` if its content still has `digest`; O(bytes), read once, unless the blob is there.
    ///
    /// # Errors
    /// `InvalidData` if the file has another content by now, else the first error of the system.
    pub fn put_file(&self, path: &Path, digest: &Digest) -> io::Result<()> {
        self.place(digest, |temporary| {
            if self.system.copy_hashed(path, temporary, 0o444)? == *digest {
                Ok(())
            } else {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the file changed"))
            }
        })
    }

    /// Stores files by their digests, many of them side by side.
    ///
    /// # Errors
    /// As [`Blobs::put_file`] of one of them.
    pub fn put_files(&self, files: &[(PathBuf, Digest)]) -> io::Result<()> {
        files.par_iter().with_min_len(MANY).try_for_each(|(path, digest)| self.put_file(path, digest))
    }

    /// Removes a blob; what wants it again does without, as with one that is lost.
    ///
    /// # Errors
    /// The first error of the system.
    pub fn remove(&self, digest: &Digest) -> io::Result<()> {
        let is_packed = self.pack.remove(digest);
        match self.system.remove_file(&self.path(digest)) {
            Err(error) if is_packed && sys::is_absent(&error) => Ok(()),
            removed => removed,
        }
    }

    /// Returns what waits until the small blobs would outlive a loss of power; nothing if none was added since. A large
    /// one that is lost is missed, and made again.
    ///
    /// # Errors
    /// As `dup`.
    pub fn flusher(&self) -> io::Result<Option<Flusher>> {
        self.pack.flusher()
    }

    /// Gives back the room of small blobs that were removed, and makes them quick to find; to be asked by who holds the
    /// lock of the workspace and is no az in a step of another.
    ///
    /// # Errors
    /// The first error of the system; nothing is then lost.
    pub fn settle(&self) -> io::Result<()> {
        self.pack.settle()
    }

    fn place(&self, digest: &Digest, fill: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
        if self.has(digest) {
            return Ok(());
        }
        let path = self.path(digest);
        let temporary = sys::temporary_beside(&*self.system, &path);
        let fill = || fill(&temporary);
        let filled = match fill() {
            // The folder is made for its first blob, and never asked about again.
            Err(error) if sys::is_absent(&error) => {
                self.system.create_dir_all(path.parent().expect("a blob lies in a folder"))?;
                fill()
            }
            filled => filled,
        };
        let placed = filled.and_then(|()| self.system.rename(&temporary, &path));
        if placed.is_ok() {
            let size = self.system.stat(&path).map_or(0, |stat| stat.size);
            self.added.fetch_add(size, Ordering::Relaxed);
        }
        placed.inspect_err(|_| _ = self.system.remove_file(&temporary))
    }

    /// Reads a blob whole.
    ///
    /// # Errors
    /// `InvalidData` if it is damaged, else the first error of the system.
    pub fn read(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.pack.get(digest) {
            return Ok(bytes);
        }
        let bytes = self.system.read(&self.path(digest))?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Opens a blob to read, verified; O(bytes), none of them held.
    ///
    /// # Errors
    /// `InvalidData` if it is damaged, else the first error of the system.
    pub fn open(&self, digest: &Digest) -> io::Result<Box<dyn ReadFile>> {
        if let Some(bytes) = self.pack.get(digest) {
            return Ok(Box::new(HeldFile::new(bytes)));
        }
        let path = self.path(digest);
        let (_, found) = sys::hash_file(&*self.system, &path)?;
        if found == *digest { self.system.open(&path) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Copies a blob to the new file `to`, verified; O(bytes).
    ///
    /// # Errors
    /// `InvalidData` if the blob is damaged, else the first error of the system; `to` is then absent.
    pub fn copy_out(&self, digest: &Digest, to: &Path, mode: u32) -> io::Result<()> {
        if let Some(bytes) = self.pack.get(digest) {
            return self.system.write(to, &bytes, mode).inspect_err(|_| _ = self.system.remove_file(to));
        }
        let copied = self.system.copy_hashed(&self.path(digest), to, mode)?;
        if copied == *digest {
            return Ok(());
        }
        _ = self.system.remove_file(to);
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// From so many files on a second thread is worth its start.
const MANY: usize = 32;
