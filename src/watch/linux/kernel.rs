//! What the kernel is asked for: marks, events, and word of mounts.

use std::{
    ffi::{OsStr, OsString},
    io,
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

pub(super) use rustix::fs::inotify::{ReadFlags, WatchFlags};
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    fs::{Mode, OFlags, inotify, open},
    io::{Errno, pread},
};

/// Bytes of events read at once.
const BUFFER: usize = 64 << 10;

/// What is told of a folder: names that come and go, and what becomes of itself. Its times alone can be set, too, which is
/// told as if it had been written to.
pub(super) const OF_FOLDER: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::DONT_FOLLOW);
/// What is told beside that of a folder in a tree of which everything is told.
pub(super) const OF_TREE: WatchFlags = WatchFlags::CLOSE_WRITE;
/// What is told of a file.
pub(super) const OF_FILE: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::OPEN)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::CLOSE_NOWRITE)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::DONT_FOLLOW);

/// One event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) mark: i32,
    pub(super) what: ReadFlags,
    pub(super) name: Option<OsString>,
}

/// The queue of events.
#[derive(Debug)]
pub(super) struct Kernel(OwnedFd);

impl Kernel {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?))
    }

    /// Makes a queue that nothing ever comes to, and on which no mark can be set.
    pub(super) fn deaf() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?))
    }

    /// Sets a mark, or another one where there is one already; who asks for the same inode gets the same mark.
    pub(super) fn mark(&self, path: &Path, flags: WatchFlags) -> Result<i32, Errno> {
        inotify::add_watch(&self.0, path, flags)
    }

    pub(super) fn unmark(&self, mark: i32) {
        // It may have gone with what it was on.
        _ = inotify::remove_watch(&self.0, mark);
    }

    /// Returns all events up to now.
    ///
    /// # Errors
    /// If the queue cannot be read, so that nobody knows.
    pub(super) fn events(&self) -> io::Result<Vec<Event>> {
        let mut buffer = Box::<[u8]>::new_uninit_slice(BUFFER);
        let buffer: &mut [MaybeUninit<u8>] = &mut buffer;
        let mut reader = inotify::Reader::new(&self.0, buffer);
        let mut events = Vec::new();
        loop {
            match reader.next() {
                Ok(event) => events.push(Event {
                    mark: event.wd(),
                    what: event.events(),
                    name: event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned()),
                }),
                Err(Errno::WOULDBLOCK) => return Ok(events),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for Kernel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What the kernel tells of all mounts.
const TABLE: &str = "/proc/self/mountinfo";

/// Word of what is mounted where: a folder that is mounted over says nothing of it itself.
#[derive(Debug)]
pub(super) struct Mounts {
    table: OwnedFd,
    /// What is mounted on the way to the root; nothing if that does not tell all that concerns what is below it.
    way: Option<String>,
}

impl Mounts {
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let table = open(TABLE, flags, Mode::empty())?;
        Ok(Self { way: way_to(root, &table), table })
    }

    /// Tells whether anything that may concern what is below the root was mounted or unmounted since this was last
    /// asked.
    pub(super) fn have_changed(&mut self, root: &Path) -> bool {
        let mut asked = [PollFd::new(&self.table, PollFlags::PRI)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let is_told = match poll(&mut asked, Some(&at_once)) {
            Ok(_) => asked[0].revents().intersects(PollFlags::PRI | PollFlags::ERR),
            Err(_) => true,
        };
        if !is_told {
            return false;
        }
        let way = way_to(root, &self.table);
        let was = std::mem::replace(&mut self.way, way);
        was.is_none() || was != self.way
    }
}

fn way_to(root: &Path, table: &OwnedFd) -> Option<String> {
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match pread(table, &mut buffer, text.len() as u64).ok()? {
            0 => return way_in(str::from_utf8(&text).ok()?, root),
            count => text.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Returns what a table says is mounted on the way to a folder; nothing if that cannot be told, or if anything is mounted
/// below it: one such mount looks like the next.
fn way_in(table: &str, root: &Path) -> Option<String> {
    // These stand as octal numbers in the table, so that such a root would not be found there.
    if root.as_os_str().as_bytes().iter().any(|byte| b" \t\n\\#".contains(byte)) {
        return None;
    }
    let mut way = String::new();
    for line in table.lines() {
        let point = Path::new(line.split(' ').nth(4)?);
        let is_on_the_way = root.starts_with(point);
        if is_on_the_way {
            way.push_str(line);
            way.push('\n');
        } else if point.starts_with(root) {
            return None;
        }
    }
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mounts_on_the_way_to_a_folder_and_below_it_concern_it() {
        let with = |point: &str| format!("22 1 8:1 / / rw - ext4 x rw\n40 22 8:2 / {point} rw - ext4 y rw\n");
        let way = |table: &str| way_in(table, Path::new("/home/ann/repo"));
        let alone = way("22 1 8:1 / / rw - ext4 x rw\n");
        assert!(alone.is_some());
        for beside in ["/media/a\\040b", "/home/ann/repo2", "/mnt"] {
            assert_eq!(way(&with(beside)), alone, "{beside}");
        }
        for above in ["/home/ann", "/home/ann/repo"] {
            assert!(way(&with(above)).is_some_and(|way| Some(way) != alone), "{above}");
        }
        assert_eq!(way(&with("/home/ann/repo/below")), None);
        assert_eq!(way_in(&with("/mnt"), Path::new("/home/ann/a b")), None);
        assert_eq!(way("not a table"), None);
    }
}
