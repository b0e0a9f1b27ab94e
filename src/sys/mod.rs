//! The outside world behind one trait: files, clock, environment, randomness, locks.
//!
//! Knows paths and bytes. Does not know what they mean, and starts no process (that is `execute`'s alone).
//! [`Os`] is the real world, [`Memory`] one that lives and dies with a test.

#[cfg(unix)]
mod abilities;
mod asked;
#[cfg(target_os = "linux")]
mod call;
#[cfg(test)]
mod contract;
#[cfg(unix)]
mod copy;
mod faulty;
#[cfg(target_os = "linux")]
pub mod filter;
mod hash;
#[cfg(target_os = "linux")]
mod lease;
mod memory;
#[cfg(target_os = "linux")]
mod pin;
mod recorder;
#[cfg(unix)]
mod unix;

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt, io, ops,
    path::{Path, PathBuf},
    time::Duration,
};

pub use asked::{Asked, asking_for_nobody, asking_for_one, note_again, note_known, noting};
pub use faulty::Faulty;
pub use hash::{HashedFile, hash_file, hash_file_kept};
#[cfg(target_os = "linux")]
pub use lease::has_writer;
pub use memory::Memory;
pub use recorder::{OWN_FOLDER, Recorder, Seen, digest_of};
#[cfg(unix)]
pub use unix::Os;

use crate::base::{Digest, Timestamp};

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A socket, pipe or device.
    Other,
}

/// What the file system says of a path without reading its content.
///
/// Compared as a whole and for equality only, never by order: a clock may run backwards, a file may be replaced by
/// an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stat {
    /// File, directory, link or other.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Last change of the content, nanoseconds since 1970; a program can set it at will.
    pub mtime_ns: i64,
    /// Last change of content or metadata, nanoseconds since 1970; only the kernel sets it.
    pub ctime_ns: i64,
    /// Inode number, 0 where there is none.
    pub inode: u64,
    /// Device number.
    pub device: u64,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Names of this inode.
    pub links: u64,
}

impl Stat {
    /// Tells whether who starts the file acts for its owner or group, whoever that is.
    pub fn acts_for_owner(&self) -> bool {
        self.kind == FileKind::File && self.mode & 0o6000 != 0
    }
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, without the directory.
    pub name: OsString,
    /// What it is; a link is not followed.
    pub kind: FileKind,
}

/// An open file to read.
pub trait ReadFile: io::Read + Send {
    /// Returns what the open file is now.
    ///
    /// # Errors
    /// As `fstat`.
    fn stat(&self) -> io::Result<Stat>;

    /// Goes on reading at an offset from the start; behind the end there is nothing to read.
    ///
    /// # Errors
    /// As `lseek`.
    fn go_to(&mut self, offset: u64) -> io::Result<()>;
}

/// A file that is held in memory.
#[derive(Debug, Default)]
pub struct HeldFile(io::Cursor<Vec<u8>>);

impl HeldFile {
    /// Takes what is in it.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(io::Cursor::new(bytes))
    }
}

impl io::Read for HeldFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl ReadFile for HeldFile {
    fn stat(&self) -> io::Result<Stat> {
        Ok(Stat {
            kind: FileKind::File,
            size: self.0.get_ref().len() as u64,
            mtime_ns: 0,
            ctime_ns: 0,
            inode: 0,
            device: 0,
            mode: 0o444,
            links: 1,
        })
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        self.0.set_position(offset);
        Ok(())
    }
}

/// The bytes of a file, as they were when it was mapped; nobody may change a file that az maps but by renaming
/// another one over it.
#[derive(Debug)]
pub enum Mapped {
    /// Held in memory, in words so that numbers in it are aligned as in a page; the length in bytes.
    Bytes(Vec<u64>, usize),
    /// Pages of the file itself, read when they are looked at.
    #[cfg(unix)]
    Pages(memmap2::Mmap),
}

impl ops::Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Bytes(words, length) => &bytemuck::cast_slice(words)[..*length],
            #[cfg(unix)]
            Self::Pages(pages) => pages,
        }
    }
}

impl Mapped {
    /// Lets go of the pages that were looked at: they are read again when they are looked at again.
    pub fn let_go(&self) {
        #[cfg(unix)]
        if let Self::Pages(pages) = self {
            unix::let_go(pages);
        }
    }
}

impl From<Vec<u8>> for Mapped {
    fn from(bytes: Vec<u8>) -> Self {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(&bytes);
        Self::Bytes(words, bytes.len())
    }
}

/// An open file to append to; one call of `write` is one write to the file.
pub trait AppendFile: io::Write + Send {
    /// Returns the offset behind what was last written, whoever else appends to the file; nothing if that is not known.
    fn written_up_to(&mut self) -> Option<u64>;

    /// Returns what waits until all that was written so far would outlive a loss of power.
    ///
    /// # Errors
    /// As `dup`; what is returned fails as `fdatasync`.
    fn flusher(&self) -> io::Result<Flusher>;
}

/// Waits until something would outlive a loss of power.
pub type Flusher = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// Another name for a path, good as long as this is held.
#[derive(Debug)]
pub struct Pinned {
    /// The name.
    pub path: PathBuf,
    /// What it leads through.
    #[cfg(unix)]
    _folder: Option<std::os::fd::OwnedFd>,
}

/// A held lock; dropping it, or the end of the process, frees it.
pub trait Lock: Send + fmt::Debug {}

/// Who else may hold a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Other shared holders.
    Shared,
    /// Nobody.
    Exclusive,
}

/// Whether to wait for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Block until it is free.
    Block,
    /// Return nothing if it is held.
    Try,
}

/// What a machine can do beyond what every one can; nothing where that cannot be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// The version of Landlock's interface.
    pub landlock: Option<u32>,
    /// Copies on the file system of a folder share their blocks.
    pub shares_blocks: Option<bool>,
}

/// The platform as far as conditions and keys see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Platform {
    /// `linux`, `macos` or `windows`.
    pub os: String,
    /// `x86_64`, `aarch64`, ...
    pub arch: String,
}

impl Platform {
    /// Returns the platform az was built for.
    pub fn current() -> Self {
        Self { os: std::env::consts::OS.to_owned(), arch: std::env::consts::ARCH.to_owned() }
    }
}

/// Everything az asks of the world outside.
///
/// Paths are absolute. No method follows a symlink in the last component unless it says so.
pub trait System: Send + Sync + fmt::Debug {
    /// Returns what `path` is.
    ///
    /// # Errors
    /// As `lstat`.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Returns what `path` leads to, links followed.
    ///
    /// # Errors
    /// As `stat`.
    fn stat_target(&self, path: &Path) -> io::Result<Stat>;

    /// Opens a file to read, links followed; never blocks on a pipe.
    ///
    /// # Errors
    /// As `open`.
    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>>;

    /// Reads a whole file, links followed.
    ///
    /// # Errors
    /// As `open` and `read`.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns what stands at each of `names` in a folder, links in them not followed, in the order of the names.
    /// What cannot be asked is an error of its own.
    fn stat_each(&self, folder: &Path, names: &[&OsStr], answer: &mut dyn FnMut(usize, io::Result<Stat>)) {
        for (index, name) in names.iter().enumerate() {
            answer(index, self.stat(&folder.join(name)));
        }
    }

    /// Returns the bytes of a file that is only ever replaced by renaming, links followed; where the system can,
    /// without reading what is not looked at.
    ///
    /// # Errors
    /// As `open` and `mmap`.
    fn map(&self, path: &Path) -> io::Result<Mapped> {
        self.read(path).map(Mapped::from)
    }

    /// Returns the entries of a directory, links followed, sorted by name.
    ///
    /// # Errors
    /// As `opendir`.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;

    /// Returns where a link points, as it is written.
    ///
    /// # Errors
    /// As `readlink`.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;

    /// Returns the path without links.
    ///
    /// # Errors
    /// As `realpath`.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// Writes a file with permission bits `mode`, replacing what was in it; links followed. Who must not leave a
    /// directory writes a new name and renames it.
    ///
    /// # Errors
    /// As `open` and `write`.
    fn write(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()>;

    /// Opens a file to append to, made if it is absent; links followed.
    ///
    /// # Errors
    /// As `open`.
    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;

    /// Copies the content of a file, links followed, to a new one with permission bits `mode`; shares blocks where the file system can.
    ///
    /// # Errors
    /// As `open` and `write`; `AlreadyExists` if `to` exists.
    fn copy(&self, from: &Path, to: &Path, mode: u32) -> io::Result<()>;

    /// Copies like [`System::copy`], and returns the digest of what was copied, whatever becomes of `from` meanwhile.
    ///
    /// # Errors
    /// As [`System::copy`].
    fn copy_hashed(&self, from: &Path, to: &Path, mode: u32) -> io::Result<Digest> {
        self.copy(from, to, mode)?;
        let mut hasher = blake3::Hasher::new();
        let hashed = self.open(to).and_then(|mut copy| hasher.update_reader(&mut copy).map(|_| ()));
        hashed.inspect_err(|_| _ = self.remove_file(to))?;
        Ok(Digest(*hasher.finalize().as_bytes()))
    }

    /// Renames, replacing `to`.
    ///
    /// # Errors
    /// As `rename`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Exchanges two paths in one step.
    ///
    /// # Errors
    /// As `renameat2`; `Unsupported` where the file system cannot.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;

    /// Renames only if `to` is absent.
    ///
    /// # Errors
    /// As `renameat2`; `AlreadyExists` if `to` exists.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file or link.
    ///
    /// # Errors
    /// As `unlink`.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// As `rmdir`.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes a link that points to `target`.
    ///
    /// # Errors
    /// As `symlink`.
    fn symlink(&self, target: &Path, path: &Path) -> io::Result<()>;

    /// Sets the permission bits, links followed.
    ///
    /// # Errors
    /// As `chmod`.
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()>;

    /// Makes a directory.
    ///
    /// # Errors
    /// As `mkdir`; `AlreadyExists` if something is there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes a directory and those above it.
    ///
    /// # Errors
    /// As `mkdir`.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Locks the file at `path`, made if it is absent and never removed; nothing if it is held and `wait` is `Try`;
    /// links followed.
    ///
    /// # Errors
    /// As `open` and `flock`.
    fn lock(&self, path: &Path, mode: LockMode, wait: Wait) -> io::Result<Option<Box<dyn Lock>>>;

    /// Returns another name for a path below `root`, in a folder that is there, which leads through no link whatever
    /// others do meanwhile. Links above `root` are followed.
    ///
    /// # Errors
    /// As `openat2`; `PermissionDenied` if a link stands on the way, or if the path does not lie below `root`.
    fn pin(&self, root: &Path, path: &Path) -> io::Result<Pinned> {
        if !path.starts_with(root) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Pinned {
            path: path.to_path_buf(),
            #[cfg(unix)]
            _folder: None,
        })
    }

    /// Returns the wall clock.
    fn now(&self) -> Timestamp;

    /// Returns a clock that never goes back, from an arbitrary start.
    fn monotonic(&self) -> Duration;

    /// Returns what tells this start of the machine from all others; zeros where that cannot be known.
    ///
    /// What the file system said of a file before the machine went down need not be true of what came back.
    fn boot(&self) -> [u8; 16];

    /// Returns 16 random bytes.
    fn random(&self) -> [u8; 16];

    /// Returns a folder for temporary files that only this user may enter, at the same short path every time; made
    /// if it is absent.
    ///
    /// # Errors
    /// As `mkdir`; `PermissionDenied` if the folder is another user's or open to others.
    fn temporary_root(&self) -> io::Result<PathBuf>;

    /// Returns the environment az was started with.
    fn env(&self) -> BTreeMap<OsString, OsString>;

    /// Tells whether az may do what only an administrator may.
    fn is_administrator(&self) -> bool;

    /// Returns how many bytes of memory the machine has; nothing where that cannot be found out.
    fn memory(&self) -> Option<u64>;

    /// Returns the working directory az was started in.
    ///
    /// # Errors
    /// As `getcwd`.
    fn current_dir(&self) -> io::Result<PathBuf>;

    /// Asks who listens at a socket, if that is a process of this user, and returns the whole answer; `limit` is for all
    /// of it.
    ///
    /// # Errors
    /// As `connect`, `write` and `read`; `TimedOut`; `Unsupported` where nobody can be asked.
    fn call(&self, _socket: &Path, _question: &[u8], _limit: Duration) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns what the machine, and the file system of `folder`, can do; leaves nothing there.
    fn abilities(&self, folder: &Path) -> Abilities;
}

/// Tells whether an error means that there is nothing at the path.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Removes a directory with all below it; an absent one is fine.
///
/// # Errors
/// The first error of the system.
pub fn remove_tree(system: &dyn System, path: &Path) -> io::Result<()> {
    let entries = match system.list(path) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let below = path.join(&entry.name);
        if entry.kind == FileKind::Directory {
            remove_tree(system, &below)?;
        } else {
            system.remove_file(&below)?;
        }
    }
    system.remove_dir(path)
}

/// Writes a file so that a reader sees the old content or the new one, never a part; not durable by itself.
///
/// # Errors
/// The first error of the system; the old content is then still there.
pub fn replace(system: &dyn System, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_beside(system, path);
    system.write(&temporary, bytes, 0o644)?;
    system.rename(&temporary, path).inspect_err(|_| _ = system.remove_file(&temporary))
}

/// Replaces a file like [`replace`] by what pieces are one after the other.
///
/// # Errors
/// As [`replace`].
pub fn replace_by_pieces(system: &dyn System, path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let temporary = temporary_beside(system, path);
    let replace = || {
        system.write(&temporary, b"", 0o644)?;
        let mut file = system.append(&temporary)?;
        pieces.iter().try_for_each(|piece| file.write_all(piece))?;
        drop(file);
        system.rename(&temporary, path)
    };
    replace().inspect_err(|_| _ = system.remove_file(&temporary))
}

/// Replaces a file like [`replace`], keeping its permission bits, if it still holds what was read from it; behind a
/// link, the file it leads to.
///
/// # Errors
/// The first error of the system, or that the file was changed meanwhile; the old content is then still there.
pub fn replace_unchanged(system: &dyn System, path: &Path, before: &[u8], after: &[u8]) -> io::Result<()> {
    let path = system.canonicalize(path)?;
    let mode = system.stat(&path)?.mode;
    let temporary = temporary_beside(system, &path);
    let replace = || {
        system.write(&temporary, after, mode)?;
        system.set_mode(&temporary, mode)?;
        if system.read(&path)? != before {
            return Err(io::Error::other("somebody changed it meanwhile"));
        }
        system.rename(&temporary, &path)
    };
    replace().inspect_err(|_| _ = system.remove_file(&temporary))
}

/// Returns a name beside `path` that nobody uses.
pub fn temporary_beside(system: &dyn System, path: &Path) -> PathBuf {
    let random = u64::from_le_bytes(system.random()[..8].try_into().expect("eight of sixteen bytes"));
    path.with_file_name(format!(".az-{random:016x}.tmp"))
}
