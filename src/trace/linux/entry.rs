//! How a process enters the trace, between `fork` and `exec`.
//!
//! Knows the few bytes that pass between it and az. Does not know what az does with the calls.
//!
//! az says which rung to try, by a byte that is in the socket before the process exists. The process tries and tells;
//! if it could not, it waits for the next byte. All of that happens in a copy of the guard that may allocate nothing,
//! so everything is prepared before the fork.

use std::{
    fmt, io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    process::Command,
    sync::LazyLock,
};

use libc::sock_filter;

use super::{
    empty,
    filter::{PASSING_FLAGS, Stop, filter},
    sys,
};
use crate::trace::UNTRACED;

/// What az asks of the process.
pub(super) mod asks {
    pub(crate) const NOTIFY: u8 = b'N';
    pub(crate) const TRACE: u8 = b'T';
    pub(crate) const GO_ON: u8 = b'G';
    /// In place of going on: it could not be attached to, and the next byte says what else to try.
    pub(crate) const NOT_ATTACHED: u8 = b'X';
}

/// What the process tells: a byte and a number.
pub(super) mod tells {
    /// The listener comes with it. The number: whether new rights were given up.
    pub(crate) const LISTENER: u8 = b'L';
    /// The number is the process, which waits to be attached to.
    pub(crate) const PROCESS: u8 = b'P';
    /// The filter of a ptraced process is installed. The number: whether new rights were given up.
    pub(crate) const FILTERED: u8 = b'F';
    /// The number is the error.
    pub(crate) const ERROR: u8 = b'E';
}

/// How long what the process tells is.
pub(super) const TELL_LENGTH: usize = 5;

/// What a process does between `fork` and `exec` to be traced.
pub struct Entry {
    socket: OwnedFd,
    is_needed: bool,
    notify: &'static [sock_filter],
    trace: &'static [sock_filter],
}

/// Returns a filter; they are the same for all steps.
fn filter_of(stop: Stop) -> &'static [sock_filter] {
    static NOTIFY: LazyLock<Vec<sock_filter>> = LazyLock::new(|| filter(Stop::Notify, empty::places()));
    static TRACE: LazyLock<Vec<sock_filter>> = LazyLock::new(|| filter(Stop::Trace, empty::places()));
    match stop {
        Stop::Notify => &NOTIFY,
        Stop::Trace => &TRACE,
    }
}

impl Entry {
    /// Prepares the entry by the descriptor from [`super::Offer::new`].
    pub fn new(socket: OwnedFd) -> Self {
        Self { socket, is_needed: false, notify: filter_of(Stop::Notify), trace: filter_of(Stop::Trace) }
    }

    /// Makes the process fail with [`UNTRACED`] rather than go on without a trace.
    #[must_use]
    pub fn needed(self, is_needed: bool) -> Self {
        Self { is_needed, ..self }
    }

    /// Makes the process that a command starts enter the trace, or go on without one if az says so.
    ///
    /// Starting it takes until az serves it, and fails if az is gone.
    pub fn attach(self, command: &mut Command) {
        sys::before_exec(command, self);
    }

    /// Enters the trace, in the process that is to be traced; async-signal-safe.
    ///
    /// # Errors
    /// If az is gone, or the trace is needed and cannot be.
    pub fn enter(&self) -> io::Result<()> {
        let had_lost = sys::has_given_up_new_rights();
        let has_lost = || i32::from(!had_lost && sys::has_given_up_new_rights());
        loop {
            match sys::receive_byte(self.socket.as_raw_fd())? {
                Some(asks::NOTIFY) => match sys::install_listener(self.notify) {
                    Ok(listener) => {
                        return self.tell(tells::LISTENER, has_lost(), Some(listener.as_raw_fd()));
                    }
                    Err(error) => self.tell_error(&error)?,
                },
                Some(asks::TRACE) => {
                    let process = std::process::id().cast_signed();
                    self.tell(tells::PROCESS, process, None)?;
                    if sys::receive_byte(self.socket.as_raw_fd())? != Some(asks::GO_ON) {
                        continue;
                    }
                    match sys::install_traced(self.trace) {
                        Ok(()) => return self.tell(tells::FILTERED, has_lost(), None),
                        Err(error) => self.tell_error(&error)?,
                    }
                }
                Some(_) if self.is_needed => return Err(io::Error::from_raw_os_error(UNTRACED)),
                Some(_) => return Ok(()),
                None => return Err(io::Error::from_raw_os_error(libc::EPIPE)),
            }
        }
    }

    fn tell_error(&self, error: &io::Error) -> io::Result<()> {
        self.tell(tells::ERROR, error.raw_os_error().unwrap_or(libc::EINVAL), None)
    }

    fn tell(&self, what: u8, number: i32, descriptor: Option<RawFd>) -> io::Result<()> {
        let [a, b, c, d] = number.to_le_bytes();
        sys::send(self.socket.as_raw_fd(), &[what, a, b, c, d], descriptor, PASSING_FLAGS)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("socket", &self.socket).finish_non_exhaustive()
    }
}
