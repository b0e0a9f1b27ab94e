//! The real world on Unix.

#![expect(clippy::disallowed_methods, reason = "this is the one place that asks the operating system")]

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read, Seek, Write},
    os::fd::AsFd,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{
        AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RenameFlags, StatxFlags, flock, openat,
        renameat_with, statx,
    },
    rand::{GetRandomFlags, getrandom},
    time::{ClockId, clock_gettime},
};

#[cfg(target_os = "linux")]
use super::pin;
use super::{
    Abilities, AppendFile, Entry, FileKind, Flusher, Lock, LockMode, Mapped, Pinned, ReadFile, Stat, System,
    Wait, abilities, copy,
};
use crate::base::{Digest, Timestamp};

/// The real world.
#[derive(Debug, Clone, Copy, Default)]
pub struct Os;

impl System for Os {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        fs::symlink_metadata(path).map(|metadata| stat_of(&metadata))
    }

    fn stat_target(&self, path: &Path) -> io::Result<Stat> {
        fs::metadata(path).map(|metadata| stat_of(&metadata))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(OpenFile(open_to_read(path)?)))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // Asks for the size itself, and answers one that no memory holds with an error.
        let mut bytes = Vec::new();
        open_to_read(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn stat_each(&self, folder: &Path, names: &[&OsStr], answer: &mut dyn FnMut(usize, io::Result<Stat>)) {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = openat(CWD, folder, flags, Mode::empty());
        for (index, name) in names.iter().enumerate() {
            // Without a folder each name has an error of its own: one may be absolute.
            answer(
                index,
                open.as_ref().map_or_else(|_| self.stat(&folder.join(name)), |open| statx_in(open, name)),
            );
        }
    }

    #[expect(unsafe_code, reason = "who maps promises that the file is only ever replaced")]
    fn map(&self, path: &Path) -> io::Result<Mapped> {
        let file = open_to_read(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the files az maps are its own and change by renaming only, so the pages stay what they are.
        unsafe { memmap2::Mmap::map(&file) }.map(Mapped::Pages)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = fs::read_dir(path)?
            .map(|entry| {
                let entry = entry?;
                Ok(Entry { name: entry.file_name(), kind: kind_of(entry.file_type()?) })
            })
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        Ok(entries)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn write(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
        file.write_all(bytes)?;
        // The umask has no say: az writes the bits it recorded.
        if file.metadata()?.mode() & 0o7777 == mode { Ok(()) } else { set_open_mode(&file, mode) }
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(fs::OpenOptions::new().append(true).create(true).open(path)?))
    }

    fn copy(&self, from: &Path, to: &Path, mode: u32) -> io::Result<()> {
        copy::copy(from, to, mode)
    }

    fn copy_hashed(&self, from: &Path, to: &Path, mode: u32) -> io::Result<Digest> {
        copy::copy_hashed(from, to, mode)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        rename_with(one, other, RenameFlags::EXCHANGE)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        rename_with(from, to, RenameFlags::NOREPLACE)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn symlink(&self, target: &Path, path: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(target, path)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o777).create(path)
    }

    fn lock(&self, path: &Path, mode: LockMode, wait: Wait) -> io::Result<Option<Box<dyn Lock>>> {
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let operation = match (mode, wait) {
            (LockMode::Shared, Wait::Block) => FlockOperation::LockShared,
            (LockMode::Shared, Wait::Try) => FlockOperation::NonBlockingLockShared,
            (LockMode::Exclusive, Wait::Block) => FlockOperation::LockExclusive,
            (LockMode::Exclusive, Wait::Try) => FlockOperation::NonBlockingLockExclusive,
        };
        loop {
            return match flock(&file, operation) {
                Ok(()) => Ok(Some(Box::new(OpenLock(file)))),
                Err(rustix::io::Errno::INTR) => continue,
                Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
                Err(error) => Err(error.into()),
            };
        }
    }

    #[cfg(target_os = "linux")]
    fn pin(&self, root: &Path, path: &Path) -> io::Result<Pinned> {
        pin::pin(root, path)
    }

    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        let time = clock_gettime(ClockId::Monotonic);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    fn boot(&self) -> [u8; 16] {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits = text.trim().replace('-', "");
        u128::from_str_radix(&digits, 16).unwrap_or_default().to_be_bytes()
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let filled = getrandom(&mut bytes, GetRandomFlags::empty());
        debug_assert_eq!(filled, Ok(16), "the kernel gives 16 bytes in one piece");
        bytes
    }

    fn temporary_root(&self) -> io::Result<PathBuf> {
        let user = rustix::process::getuid().as_raw();
        let folder = PathBuf::from(format!("/tmp/az-{user}"));
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Anybody may make a folder in /tmp; one that is not ours alone is no place for a step's files.
        let metadata = fs::symlink_metadata(&folder)?;
        let is_ours = metadata.is_dir() && metadata.uid() == user && metadata.mode().trailing_zeros() >= 6;
        if is_ours { Ok(folder) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    fn env(&self) -> BTreeMap<OsString, OsString> {
        std::env::vars_os().collect()
    }

    fn is_administrator(&self) -> bool {
        rustix::process::geteuid().is_root()
    }

    fn memory(&self) -> Option<u64> {
        abilities::memory()
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        std::env::current_dir()
    }

    #[cfg(target_os = "linux")]
    fn call(&self, socket: &Path, question: &[u8], limit: Duration) -> io::Result<Vec<u8>> {
        super::call::call(socket, question, limit)
    }

    fn abilities(&self, folder: &Path) -> Abilities {
        abilities::of(folder)
    }
}

/// An open file of the real world.
struct OpenFile(fs::File);

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl ReadFile for OpenFile {
    fn stat(&self) -> io::Result<Stat> {
        self.0.metadata().map(|metadata| stat_of(&metadata))
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        self.0.seek(io::SeekFrom::Start(offset)).map(|_| ())
    }
}

/// An open file description that holds a `flock`.
impl AppendFile for fs::File {
    fn written_up_to(&mut self) -> Option<u64> {
        // Each write to a file opened for appending goes to its end, and moves the position there.
        self.stream_position().ok()
    }

    fn flusher(&self) -> io::Result<Flusher> {
        let file = self.try_clone()?;
        Ok(Box::new(move || file.sync_data()))
    }
}

#[derive(Debug)]
struct OpenLock(#[expect(dead_code, reason = "held for its lock")] fs::File);

impl Lock for OpenLock {}

/// Opens without waiting for the other end of a pipe.
pub(super) fn open_to_read(path: &Path) -> io::Result<fs::File> {
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC).bits();
    fs::OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

/// Asks for one name in an open folder; the same answer as that of [`System::stat`], without walking the path.
fn statx_in(folder: &impl AsFd, name: &OsStr) -> io::Result<Stat> {
    let wanted = StatxFlags::TYPE
        | StatxFlags::MODE
        | StatxFlags::NLINK
        | StatxFlags::INO
        | StatxFlags::SIZE
        | StatxFlags::MTIME
        | StatxFlags::CTIME;
    let found = statx(folder, name, AtFlags::SYMLINK_NOFOLLOW, wanted)?;
    let nanoseconds =
        |seconds: i64, rest: u32| seconds.saturating_mul(1_000_000_000).saturating_add(rest.into());
    Ok(Stat {
        kind: match FileType::from_raw_mode(found.stx_mode.into()) {
            FileType::RegularFile => FileKind::File,
            FileType::Directory => FileKind::Directory,
            FileType::Symlink => FileKind::Link,
            _ => FileKind::Other,
        },
        size: found.stx_size,
        mtime_ns: nanoseconds(found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec),
        ctime_ns: nanoseconds(found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec),
        inode: found.stx_ino,
        device: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
        mode: u32::from(found.stx_mode) & 0o7777,
        links: found.stx_nlink.into(),
    })
}

fn set_open_mode(file: &fs::File, mode: u32) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(mode))
}

fn rename_with(from: &Path, to: &Path, flags: RenameFlags) -> io::Result<()> {
    renameat_with(CWD, from, CWD, to, flags).map_err(|error| match error {
        // EINVAL is how file systems without the flag answer.
        rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS => io::ErrorKind::Unsupported.into(),
        error => error.into(),
    })
}

fn kind_of(kind: fs::FileType) -> FileKind {
    match () {
        () if kind.is_file() => FileKind::File,
        () if kind.is_dir() => FileKind::Directory,
        () if kind.is_symlink() => FileKind::Link,
        () => {
            debug_assert!(
                kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device(),
                "Unix has no further kinds"
            );
            FileKind::Other
        }
    }
}

fn stat_of(metadata: &fs::Metadata) -> Stat {
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Stat {
        kind: kind_of(metadata.file_type()),
        size: metadata.size(),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
        device: metadata.dev(),
        mode: metadata.mode() & 0o7777,
        links: metadata.nlink(),
    }
}

/// Lets the kernel take back the pages of a file that were looked at.
#[expect(unsafe_code, reason = "what the pages say after it is what they said before")]
pub(super) fn let_go(pages: &memmap2::Mmap) {
    // SAFETY: nothing was ever written to these pages, so the file holds what they hold, and they are read again.
    _ = unsafe { pages.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
}
