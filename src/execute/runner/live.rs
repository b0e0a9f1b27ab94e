//! Copies the output of a step to its log as it comes, and that of a live one to az's own outputs too.
//!
//! Knows descriptors, and has masked what nobody must see. Does not know processes.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{OFlags, fcntl_setfl},
    io::{Errno, read, write},
};

use super::log::Log;
use crate::secret::Masker;

/// Tells whether nothing can come from az's own input, which a live step reads: it is closed, or an empty file.
///
/// Of a terminal or a pipe nobody can tell.
pub fn input_is_empty() -> bool {
    let Ok(stat) = rustix::fs::fstat(std::io::stdin()) else { return true };
    let null = rustix::fs::stat("/dev/null").map(|null| null.st_rdev);
    match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
        rustix::fs::FileType::CharacterDevice => null == Ok(stat.st_rdev),
        rustix::fs::FileType::RegularFile => stat.st_size == 0,
        _ => false,
    }
}

/// One output of a step on its way.
pub(super) struct Stream<'a> {
    from: OwnedFd,
    /// az's own output, if it goes there; nothing once nobody reads it any more.
    to: Option<BorrowedFd<'a>>,
    masker: Option<Masker>,
    /// What of a piece goes on.
    masked: Vec<u8>,
    /// Why not all of it could be written there; that nobody reads it is no error.
    lost: Option<Errno>,
    /// Not all of it could be written to the log.
    is_unlogged: bool,
    is_open: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn new(
        from: OwnedFd,
        to: Option<BorrowedFd<'a>>,
        masker: Option<Masker>,
    ) -> rustix::io::Result<Self> {
        // A leftover that holds the other end must not make a read wait.
        fcntl_setfl(&from, OFlags::NONBLOCK)?;
        Ok(Self { from, to, masker, masked: Vec::new(), lost: None, is_unlogged: false, is_open: true })
    }
}

/// What became of the output of a step.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// Why not all could be written to az's own outputs, if it could not.
    pub(super) lost: Option<Errno>,
    /// Not all could be written to the log.
    pub(super) is_unlogged: bool,
}

/// Copies until `done` hangs up and nothing is left to read. Both outputs reach the log in the order they came.
pub(super) fn copy(streams: &mut [Stream<'_>], log: &Log, done: &OwnedFd) -> Copied {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let is_done = wait(streams, done);
        for stream in &mut *streams {
            while stream.is_open && stream.copy_some(log, &mut buffer) {}
        }
        if is_done {
            streams.iter_mut().for_each(|stream| stream.finish(log));
            return Copied {
                lost: streams.iter().find_map(|stream| stream.lost),
                is_unlogged: streams.iter().any(|stream| stream.is_unlogged),
            };
        }
    }
}

/// Waits until there is something to read; tells whether the step has ended.
fn wait(streams: &[Stream<'_>], done: &OwnedFd) -> bool {
    let open = streams.iter().filter(|stream| stream.is_open);
    let mut ready: Vec<PollFd<'_>> = vec![PollFd::new(done, PollFlags::empty())];
    ready.extend(open.map(|stream| PollFd::new(&stream.from, PollFlags::IN)));
    // An interrupted wait only means an early look.
    _ = poll(&mut ready, None);
    ready[0].revents().contains(PollFlags::HUP)
}

impl Stream<'_> {
    /// Copies one piece; tells whether there may be more at once.
    fn copy_some(&mut self, log: &Log, buffer: &mut [u8]) -> bool {
        let count = match read(&self.from, &mut *buffer) {
            Ok(0) => {
                self.is_open = false;
                return false;
            }
            Ok(count) => count,
            Err(Errno::INTR) => return true,
            Err(_) => return false,
        };
        self.pass_on(log, &buffer[..count]);
        // A full buffer hints at more; else the other stream gets its turn, which keeps their order close.
        count == buffer.len()
    }

    fn pass_on(&mut self, log: &Log, bytes: &[u8]) {
        if let Some(masker) = &mut self.masker {
            let mut masked = std::mem::take(&mut self.masked);
            masker.push(bytes, &mut masked);
            self.write(log, &masked);
            masked.clear();
            self.masked = masked;
        } else {
            self.write(log, bytes);
        }
    }

    /// Writes what was held back, when nothing follows.
    fn finish(&mut self, log: &Log) {
        if let Some(masker) = &mut self.masker {
            let mut masked = std::mem::take(&mut self.masked);
            masker.finish(&mut masked);
            self.write(log, &masked);
        }
    }

    fn write(&mut self, log: &Log, bytes: &[u8]) {
        // A log that cannot be written does not keep the person from seeing the output.
        self.is_unlogged |= log.write(bytes).is_err();
        if let Some(to) = self.to
            && let Err(error) = write_all(to, bytes)
        {
            self.to = None;
            self.lost = Some(error).filter(|error| *error != Errno::PIPE);
        }
    }
}

pub(super) fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match write(to, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                _ = poll(&mut [PollFd::new(&to.as_fd(), PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
