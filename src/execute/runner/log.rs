//! The log of a step, which stays within a size however much the step prints.
//!
//! Knows a file that grows at its end. Does not know who writes to it, nor what.
//!
//! A log up to its limit is left as it is. Of a larger one the beginning and the end are kept. While it grows, what lies
//! between is taken out of the disk, which leaves a hole: who writes at the end of the file, often the step itself,
//! notices nothing. Where a file cannot have holes, az alone writes, and moves the end down. When the step has ended,
//! the end follows the beginning, with a line between them.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::FileExt,
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::secret::asks_to_mask;

/// What is kept of a log unless the configuration says otherwise.
pub const LOG_LIMIT: u64 = 64 << 20;
/// How much more than its limit a log may have before something is taken out.
const SLACK: u64 = 4 << 20;
/// Bytes read and written at once.
const PIECE: usize = 256 << 10;
/// How often logs are looked at.
const TICK: Duration = Duration::from_millis(10);
/// What asks to mask a value may begin so many bytes before a border and end behind it.
const OVERLAP: u64 = 16;

/// A log that is being written.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    /// Writes at the end.
    file: File,
    limit: u64,
    /// Bytes written through az since it was last looked at.
    written: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Up to where all behind the beginning is taken out.
    cleared_to: u64,
    /// Bytes that are gone from the file, holes aside.
    moved: u64,
    /// What was taken out asked that a value be masked.
    has_asked: bool,
    /// Files here cannot have holes.
    is_solid: bool,
}

/// What was left out of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// How many bytes.
    pub bytes: u64,
    /// They asked that a value be masked, so that nobody knows what of the rest must not be seen.
    pub has_asked: bool,
}

impl Log {
    #[expect(
        clippy::disallowed_methods,
        reason = "the step writes its log itself, so a descriptor is needed"
    )]
    pub(super) fn open(path: &Path, limit: u64) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let (path, written, state) = (path.to_owned(), AtomicU64::new(0), Mutex::default());
        Ok(Self { path, file, limit, written, state })
    }

    /// Tells whether the file can have holes.
    pub(super) fn can_have_holes(&self) -> bool {
        // At its end, where there is nothing to lose.
        self.file.metadata().is_ok_and(|stat| punch(&self.file, stat.len(), 1).is_ok())
    }

    /// Writes at the end.
    pub(super) fn write(&self, bytes: &[u8]) -> rustix::io::Result<()> {
        super::live::write_all(self.file.as_fd(), bytes)?;
        let count = bytes.len() as u64;
        if self.written.fetch_add(count, Relaxed) + count > SLACK {
            self.written.store(0, Relaxed);
            self.trim(true);
        }
        Ok(())
    }

    /// Takes out what lies between beginning and end, if that is much; `is_alone` if nobody else writes.
    ///
    /// An error only means that the log is larger for a while.
    fn trim(&self, is_alone: bool) {
        let Ok(size) = self.file.metadata().map(|stat| stat.len()) else { return };
        if size <= self.limit.saturating_add(SLACK) {
            return;
        }
        let (mut state, head) = (self.state(), self.limit / 2);
        let from = state.cleared_to.max(head);
        let Some(to) = size.checked_sub(self.limit - head).filter(|to| *to >= from + SLACK) else { return };
        if !state.is_solid {
            if self.note_asks(&mut state, from, to).is_ok() {
                match punch(&self.file, from, to - from) {
                    Ok(()) => return state.cleared_to = to,
                    Err(_) => state.is_solid = true,
                }
            } else {
                return;
            }
        }
        // Moving the end costs its length, so it waits until as much again was written.
        if is_alone && to >= from + (self.limit - head) && self.note_asks(&mut state, from, to).is_ok() {
            state.moved += self.take_out(from, to, b"").unwrap_or(0);
        }
    }

    /// Puts the end behind the beginning if the log is over its limit, when nobody writes to it any more; tells what was
    /// left out.
    ///
    /// # Errors
    /// The first error of the system; the log is then not to be used.
    pub(super) fn finish(&self) -> io::Result<Option<LeftOut>> {
        let size = self.file.metadata()?.len();
        let mut state = self.state();
        if size <= self.limit && state.moved == 0 && state.cleared_to == 0 {
            return Ok(None);
        }
        let head = (self.limit / 2).min(size);
        let kept_from = size.saturating_sub(self.limit - head).max(state.cleared_to.min(size)).max(head);
        let words = |bytes: u64| format!("\n[az: {bytes} bytes left out here]\n");
        // The line must not be longer than what it stands for.
        let to = kept_from.max(head + words(u64::MAX).len() as u64).min(size);
        let unread_from = head.max(state.cleared_to).min(to);
        self.note_asks(&mut state, unread_from, to)?;
        let bytes = state.moved + (to - head);
        self.take_out(head, to, words(bytes).as_bytes())?;
        Ok(Some(LeftOut { bytes, has_asked: state.has_asked }))
    }

    /// Looks whether what is about to be taken out asks that a value be masked.
    fn note_asks(&self, state: &mut State, from: u64, to: u64) -> io::Result<()> {
        if state.has_asked {
            return Ok(());
        }
        let file = self.other_end()?;
        let (mut buffer, mut at) = (vec![0; PIECE], from.saturating_sub(OVERLAP));
        while at < to {
            let count = file.read_at(&mut buffer, at)?;
            state.has_asked |= asks_to_mask(&buffer[..count]);
            if count as u64 <= OVERLAP {
                break;
            }
            at += count as u64 - OVERLAP;
        }
        Ok(())
    }

    /// Writes `instead` in the place of a part of the file; tells how much shorter it is.
    fn take_out(&self, from: u64, to: u64, instead: &[u8]) -> io::Result<u64> {
        let file = self.other_end()?;
        file.write_all_at(instead, from)?;
        let (mut at, mut put, mut buffer) = (to, from + instead.len() as u64, vec![0; PIECE]);
        loop {
            let count = file.read_at(&mut buffer, at)?;
            if count == 0 {
                break;
            }
            file.write_all_at(&buffer[..count], put)?;
            (at, put) = (at + count as u64, put + count as u64);
        }
        file.set_len(put)?;
        Ok(to - from)
    }

    /// Opens the log once more: what writes at the end of a file writes nowhere else.
    #[expect(clippy::disallowed_methods, reason = "a descriptor is needed that the step does not have")]
    fn other_end(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.path)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Log {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(target_os = "linux")]
fn punch(file: &File, from: u64, length: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    Ok(fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, from, length)?)
}

#[cfg(not(target_os = "linux"))]
fn punch(_: &File, _: u64, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Looks at logs that steps write themselves, on a thread of its own, which sleeps while there are none.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    logs: Vec<Arc<Log>>,
    is_over: bool,
}

impl Keeper {
    /// Looks after a log until what this returns is dropped.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn keep(&self, log: &Arc<Log>) -> io::Result<Keeping<'_>> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let shared = Arc::clone(&self.shared);
            *thread = Some(std::thread::Builder::new().name("az-logs".into()).spawn(move || shared.look())?);
        }
        drop(thread);
        let mut kept = self.shared.lock();
        kept.logs.push(Arc::clone(log));
        if kept.logs.len() == 1 {
            self.shared.changed.notify_one();
        }
        Ok(Keeping { keeper: self, log: Arc::clone(log) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A list is whole between any two statements.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) {
        let mut kept = self.lock();
        while !kept.is_over {
            kept = if kept.logs.is_empty() {
                self.changed.wait(kept).unwrap_or_else(PoisonError::into_inner)
            } else {
                let logs = kept.logs.clone();
                drop(kept);
                logs.iter().for_each(|log| log.trim(false));
                drop(logs);
                let waited = self.changed.wait_timeout(self.lock(), TICK);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }
}

/// While it lives, a log is looked at.
#[derive(Debug)]
pub(super) struct Keeping<'a> {
    keeper: &'a Keeper,
    log: Arc<Log>,
}

impl Drop for Keeping<'_> {
    fn drop(&mut self) {
        self.keeper.shared.lock().logs.retain(|log| !Arc::ptr_eq(log, &self.log));
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a log is a real file")]
mod tests {
    use super::*;

    const LIMIT: u64 = 32 << 20;

    fn line(number: u64) -> String {
        format!("{number:015}\n")
    }

    /// Writes numbered lines, and returns what is left of them.
    fn written(count: u64, is_solid: bool) -> (Vec<u8>, Option<LeftOut>) {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&folder.path().join("log"), LIMIT).unwrap();
        log.state().is_solid = is_solid;
        let mut number = 0;
        while number < count {
            let end = (number + 65536).min(count);
            log.write((number..end).map(line).collect::<String>().as_bytes()).unwrap();
            number = end;
        }
        let left_out = log.finish().unwrap();
        (std::fs::read(folder.path().join("log")).unwrap(), left_out)
    }

    #[test]
    fn a_log_within_its_limit_is_left_as_it_is() {
        for count in [0, 1, LIMIT / 16] {
            let (bytes, left_out) = written(count, false);
            assert_eq!(left_out, None);
            assert!(bytes == (0..count).map(line).collect::<String>().into_bytes(), "{count}");
        }
    }

    #[test]
    fn of_a_larger_one_beginning_and_end_are_kept_and_what_is_left_out_is_counted() {
        for is_solid in [false, true] {
            for over in [1, 5, 1 << 16, 20 << 16, 100 << 16] {
                let count = LIMIT / 16 + over;
                let (bytes, left_out) = written(count, is_solid);
                let LeftOut { bytes: gone, has_asked } = left_out.unwrap();
                assert!(!has_asked);
                let text = std::str::from_utf8(&bytes).unwrap();
                let mark = format!("\n[az: {gone} bytes left out here]\n");
                let (head, tail) = text.split_once(&mark).unwrap();
                assert_eq!(head.len() as u64, LIMIT / 2);
                assert_eq!(head.len() as u64 + gone + tail.len() as u64, count * 16, "{over}, {is_solid}");
                assert!(gone < over * 16 + 100, "{gone} of {}", over * 16);
                assert!(head.starts_with(&line(0)) && tail.ends_with(&line(count - 1)));
            }
        }
    }

    #[test]
    fn what_is_left_out_may_have_asked_to_mask_something() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&folder.path().join("log"), LIMIT).unwrap();
        let filling = vec![b'x'; 20 << 20];
        log.write(&filling).unwrap();
        log.write(b"\n::Add-Mask::tuna\n").unwrap();
        (0..5).for_each(|_| log.write(&filling).unwrap());
        assert!(log.finish().unwrap().unwrap().has_asked);
    }
}
