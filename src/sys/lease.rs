//! Whether somebody has a file open to write, or mapped so: what no event and no `stat` tells.
//!
//! Asks by trying: the kernel grants a read lease only where no open file can write. Who opens the
//! file to write at that very moment waits some microseconds for the lease to end, or is told to try again where it asked
//! never to wait.

#![expect(unsafe_code, reason = "leases have no safe wrapper")]

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
};

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

/// Which signal tells of a broken lease; the `libc` crate has no name for it.
const F_SETSIG: libc::c_int = 10;

/// Tells whether somebody may have a file open to write, a mapping included; links are not followed.
///
/// With the answer `false`, whoever writes to the file later opens it after this was asked. Opens the file to read and
/// closes it again: who watches the file sees both, and then whatever opens it to write.
///
/// # Errors
/// As `open`; or that the file system or this user has no leases on it, so that nobody knows.
pub fn has_writer(path: &Path) -> io::Result<bool> {
    let found = open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    // Who waits at a pipe would take its opening for a reader.
    if FileType::from_raw_mode(fstat(&found)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is no regular file"));
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open(format!("/proc/self/fd/{}", found.as_raw_fd()), flags, Mode::empty())?;
    // Who wants to write meanwhile makes the kernel send a signal, which by default would end az; this one is ignored
    // unless somebody asks for it.
    control(&file, F_SETSIG, libc::SIGURG)?;
    match control(&file, libc::F_SETLEASE, libc::F_RDLCK) {
        // Closing it ends the lease.
        Ok(()) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

fn control(file: &OwnedFd, command: libc::c_int, argument: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as it is borrowed; the commands take a number and touch no memory of ours.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), command, argument) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn who_has_a_file_open_to_write_is_found_and_who_reads_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let writer = File::create(&path).unwrap();
        assert!(has_writer(&path).unwrap());
        drop(writer);
        let _reader = File::open(&path).unwrap();
        assert!(!has_writer(&path).unwrap());
    }

    #[test]
    fn a_mapping_is_a_writer_when_its_descriptor_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [0; 4096]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        // SAFETY: nobody else changes the file while it is mapped.
        let map = unsafe { memmap2::MmapMut::map_mut(&file) }.unwrap();
        drop(file);
        assert!(has_writer(&path).unwrap());
        drop(map);
        assert!(!has_writer(&path).unwrap());
    }

    #[test]
    fn of_what_is_not_there_nobody_knows() {
        let folder = tempfile::tempdir().unwrap();
        assert!(has_writer(&folder.path().join("none")).is_err());
        std::os::unix::fs::symlink("none", folder.path().join("link")).unwrap();
        assert!(has_writer(&folder.path().join("link")).is_err());
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(has_writer(&pipe).is_err());
    }
}
