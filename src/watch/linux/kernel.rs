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
    io::Errno,
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

/// Word of what is mounted where: a folder that is mounted over says nothing of it itself.
#[derive(Debug)]
pub(super) struct Mounts(OwnedFd);

impl Mounts {
    pub(super) fn new() -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(Self(open("/proc/self/mountinfo", flags, Mode::empty())?))
    }

    /// Tells whether anything was mounted or unmounted since this was last asked.
    pub(super) fn have_changed(&self) -> bool {
        let mut asked = [PollFd::new(&self.0, PollFlags::PRI)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut asked, Some(&at_once)) {
            Ok(_) => asked[0].revents().intersects(PollFlags::PRI | PollFlags::ERR),
            Err(_) => true,
        }
    }
}
