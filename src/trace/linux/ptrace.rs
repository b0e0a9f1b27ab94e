//! Serves a tree by ptrace, with the same filter.
//!
//! Knows the stops of traced processes, and that a tree has ended when none is left. Does not know what calls mean.
//! All of it must happen on the thread that attached.

use std::{io, os::fd::BorrowedFd};

use rustix::io::Errno;

use super::{
    notify::has_hung_up,
    observer::{Answer, Observer},
    sys::{self, Alarm, Stop},
};
use crate::trace::Gap;

/// How often it is asked whether the tree is told to have ended, in milliseconds, while nothing happens.
const ROUND: u32 = 500;
/// After how many such rounds what is left of a tree that was told to have ended is given up.
const ROUNDS: u32 = 3;

/// Whether anything was seen of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Seen,
    /// The first program began to run without a call having been stopped: somebody else's filter comes first.
    Blind,
}

/// Serves until no process is left.
pub(super) fn serve(done: BorrowedFd<'_>, observer: &mut Observer<'_>) -> io::Result<Sight> {
    let alarm = Alarm::new()?;
    let mut rounds_done = 0;
    let mut sight = Sight::Seen;
    loop {
        match wait(&alarm) {
            Ok(None) => return Ok(sight),
            Ok(Some((pid, Stop::Executed))) if !observer.has_run() => {
                sight = Sight::Blind;
                go_on(observer, pid, Stop::Executed);
            }
            Ok(Some((pid, stop))) => go_on(observer, pid, stop),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                rounds_done += u32::from(has_hung_up(done));
                if rounds_done > ROUNDS {
                    observer.gaps.insert(Gap::Leftover);
                    return Ok(sight);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn wait(alarm: &Alarm) -> io::Result<Option<(i32, Stop)>> {
    match sys::wait(false) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            alarm.set(ROUND);
            let result = sys::wait(true);
            alarm.set(0);
            result
        }
        result => result,
    }
}

/// Lets a process go on as if it had not been stopped.
fn go_on(observer: &mut Observer<'_>, pid: i32, stop: Stop) {
    let result = match stop {
        Stop::Ended => Ok(()),
        Stop::Call => {
            let answer = match sys::stopped_call(pid) {
                Ok(stopped) => observer.see(&stopped),
                Err(error) if is_gone(&error) => Answer::GoOn,
                Err(_) => {
                    observer.gaps.insert(Gap::Lost);
                    Answer::GoOn
                }
            };
            match answer {
                Answer::GoOn => sys::resume(pid, 0),
                Answer::Refuse => sys::refuse_stopped(pid).and_then(|()| sys::resume(pid, 0)),
                Answer::Hold => Ok(()),
            }
        }
        Stop::Signal(signal) => sys::resume(pid, signal),
        Stop::Group => sys::stay_stopped(pid),
        Stop::Executed | Stop::Other => sys::resume(pid, 0),
    };
    match result {
        Err(error) if !is_gone(&error) => _ = observer.gaps.insert(Gap::Lost),
        _ => {}
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ESRCH)
}

/// Lets what has been stopped by a signal go on.
pub(super) fn pass_signals() {
    while let Ok(Some((pid, stop))) = sys::wait(false) {
        let signal = if let Stop::Signal(signal) = stop { signal } else { 0 };
        // One that is gone needs nothing.
        _ = sys::resume(pid, signal);
    }
}

/// Lets go of a process that was attached to in vain.
pub(super) fn let_go(pid: i32) -> io::Result<()> {
    sys::interrupt(pid)?;
    loop {
        match sys::wait(true) {
            Ok(Some((stopped, Stop::Signal(signal)))) if stopped == pid => return sys::detach(pid, signal),
            Ok(Some((stopped, Stop::Ended))) if stopped == pid => return Ok(()),
            Ok(Some((stopped, _))) if stopped == pid => return sys::detach(pid, 0),
            Ok(Some(_)) => {}
            Ok(None) => return Err(Errno::CHILD.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
