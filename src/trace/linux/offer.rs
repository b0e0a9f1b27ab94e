//! az's end of a trace: agrees with the process on a rung, then serves it.
//!
//! Knows the ladder: user notification, else ptrace, else nothing. Does not know what calls mean.
//!
//! What a rung is worth shows when it is used: the start of the step's own program must be seen. What failed once is
//! not tried again, since what makes it fail (a listener or tracer above az, a forbidding container) stays as it is.

use std::{
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::atomic::{AtomicU8, Ordering},
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketFlags,
        SocketType, recvmsg, send, socketpair,
    },
};

use super::{
    entry::{TELL_LENGTH, asks, tells},
    notify,
    observer::Observer,
    ptrace::{self, Sight},
    sys,
};
use crate::trace::{Gap, Refusal, Rung, Trace, Witness};

/// The rungs that failed in this process: the lowest that may work, by its number.
static BEST: AtomicU8 = AtomicU8::new(0);

/// How often a process that was attached to is looked after while it is expected to tell something.
const SIGNAL_ROUND: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// A way to trace, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Notify,
    Ptrace,
    Off,
}

impl Way {
    fn best() -> Self {
        [Self::Notify, Self::Ptrace, Self::Off][usize::from(BEST.load(Ordering::Relaxed).min(2))]
    }

    fn next(self) -> Self {
        if self == Self::Notify { Self::Ptrace } else { Self::Off }
    }

    const fn ask(self) -> u8 {
        match self {
            Self::Notify => asks::NOTIFY,
            Self::Ptrace => asks::TRACE,
            Self::Off => asks::GO_ON,
        }
    }
}

/// What a process told.
struct Told {
    what: u8,
    number: i32,
    listener: Option<OwnedFd>,
}

/// az's end of the trace of one step.
#[derive(Debug)]
pub struct Offer {
    socket: OwnedFd,
    way: Way,
    is_forced: bool,
    /// The kernel is asked to wake az on the processor of the step.
    is_synchronous: bool,
}

impl Offer {
    /// Makes an offer, and the descriptor by which a process takes it.
    ///
    /// The offer starts at the best rung that did not fail before, or only at `only`.
    ///
    /// # Errors
    /// If there are no more descriptors.
    pub fn new(only: Option<Rung>) -> io::Result<(Self, OwnedFd)> {
        let flags = SocketFlags::CLOEXEC;
        let (socket, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let way = match only {
            None => Way::best(),
            Some(Rung::Notify { .. }) => Way::Notify,
            Some(Rung::Ptrace) => Way::Ptrace,
            Some(Rung::Off) => Way::Off,
        };
        let is_synchronous = only != Some(Rung::Notify { is_synchronous: false });
        let offer = Self { socket, way, is_forced: only.is_some(), is_synchronous };
        offer.ask(way.ask())?;
        Ok((offer, theirs))
    }

    /// Serves a process that takes the offer, with all it starts, until the tree has ended.
    ///
    /// `done` hangs up when somebody knows that it has.
    pub fn serve(mut self, done: BorrowedFd<'_>, witness: &mut dyn Witness) -> Trace {
        loop {
            if self.way == Way::Off {
                return Trace::off();
            }
            match self.attempt(done, witness) {
                Ok(trace) => return trace,
                Err(Refusal::Gone) => return silent(Rung::Off),
                Err(_) => self.step_down(),
            }
        }
    }

    /// Serves a process that takes the offer by the one rung it starts at.
    ///
    /// # Errors
    /// Why that rung does not carry; the process then does not get beyond its start.
    pub fn serve_one_rung(self, done: BorrowedFd<'_>, witness: &mut dyn Witness) -> Result<Trace, Refusal> {
        self.attempt(done, witness)
    }

    fn attempt(&self, done: BorrowedFd<'_>, witness: &mut dyn Witness) -> Result<Trace, Refusal> {
        match self.way {
            Way::Notify => self.serve_by_notify(done, witness),
            // On a thread of its own, since what waits for traced processes would wait for children as well.
            Way::Ptrace => thread::scope(|scope| {
                let served = scope.spawn(|| self.serve_by_ptrace(done, witness)).join();
                served.unwrap_or(Err(Refusal::Gone))
            }),
            Way::Off => Ok(Trace::off()),
        }
    }

    fn step_down(&mut self) {
        self.remember_failure();
        self.way = if self.is_forced { Way::Off } else { self.way.next() };
        // If the process is gone, that is found next.
        _ = self.ask(self.way.ask());
    }

    fn remember_failure(&self) {
        if !self.is_forced {
            BEST.fetch_max(self.way.next() as u8, Ordering::Relaxed);
        }
    }

    fn serve_by_notify(&self, done: BorrowedFd<'_>, witness: &mut dyn Witness) -> Result<Trace, Refusal> {
        let Told { what, number, listener } = self.hear(done, Tie::None).ok_or(Refusal::Gone)?;
        let (tells::LISTENER, Some(listener)) = (what, listener) else { return Err(Refusal::Filter(number)) };
        let is_synchronous = self.is_synchronous && sys::wake_on_same_processor(listener.as_fd());
        let mut observer = Observer::new(witness, number != 0);
        notify::serve(&listener, done, &mut observer);
        Ok(finish(observer, Rung::Notify { is_synchronous }))
    }

    fn serve_by_ptrace(&self, done: BorrowedFd<'_>, witness: &mut dyn Witness) -> Result<Trace, Refusal> {
        let Some(Told { what: tells::PROCESS, number: pid, .. }) = self.hear(done, Tie::None) else {
            return Err(Refusal::Gone);
        };
        if let Err(error) = sys::seize(pid) {
            _ = self.ask(asks::NOT_ATTACHED);
            return Err(Refusal::Attach(error.raw_os_error().unwrap_or(libc::EINVAL)));
        }
        self.ask(asks::GO_ON).map_err(|_| Refusal::Gone)?;
        let Told { what, number, .. } = self.hear(done, Tie::Attached).ok_or(Refusal::Gone)?;
        if what != tells::FILTERED {
            // It waits for the next byte, so it can be let go of; that it cannot be means that it is gone.
            ptrace::let_go(pid).map_err(|_| Refusal::Gone)?;
            return Err(Refusal::Filter(number));
        }
        let mut observer = Observer::new(witness, number != 0);
        match ptrace::serve(done, &mut observer) {
            Ok(Sight::Seen) => {}
            Ok(Sight::Blind) => self.remember_failure(),
            Err(_) => _ = observer.gaps.insert(Gap::Lost),
        }
        Ok(finish(observer, Rung::Ptrace))
    }

    fn ask(&self, byte: u8) -> io::Result<()> {
        loop {
            match send(&self.socket, &[byte], SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Waits for what the process tells; nothing if it is gone.
    fn hear(&self, done: BorrowedFd<'_>, tie: Tie) -> Option<Told> {
        let mut bytes = [0; TELL_LENGTH];
        let mut filled = 0;
        let mut listener = None;
        while filled < TELL_LENGTH {
            let mut ready =
                [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&done, PollFlags::empty())];
            match poll(&mut ready, (tie == Tie::Attached).then_some(&SIGNAL_ROUND)) {
                Ok(0) => {
                    ptrace::pass_signals();
                    continue;
                }
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(_) => return None,
            }
            if ready[0].revents().is_empty() {
                return None;
            }
            filled += match self.receive(&mut bytes[filled..], &mut listener) {
                Ok(received @ 1..) => received,
                Err(Errno::INTR) => 0,
                _ => return None,
            };
        }
        let [what, number @ ..] = bytes;
        Some(Told { what, number: i32::from_le_bytes(number), listener })
    }

    fn receive(&self, into: &mut [u8], listener: &mut Option<OwnedFd>) -> Result<usize, Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC;
        let message = recvmsg(&self.socket, &mut [IoSliceMut::new(into)], &mut control, flags)?;
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = part {
                *listener = received.last().or(listener.take());
            }
        }
        Ok(message.bytes)
    }
}

/// Whether the process was attached to while it is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    None,
    /// Signals stop it, so it is to be looked after.
    Attached,
}

/// Ends a trace, which is worth nothing if not even the start of the program was seen.
fn finish(mut observer: Observer<'_>, rung: Rung) -> Trace {
    if !observer.has_run() {
        observer.gaps.insert(Gap::Silent);
    }
    observer.finish(rung)
}

fn silent(rung: Rung) -> Trace {
    let mut trace = Trace::off();
    trace.rung = rung;
    trace.gaps.insert(Gap::Silent);
    trace
}
