//! Serves a tree by user notification.
//!
//! Knows the listener, and when a tree has ended. Does not know what calls mean.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{observer::Observer, sys};
use crate::trace::Gap;

/// How long what is left of a tree may take once it was told to have ended, until it is given up.
const LINGER: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Serves until nothing can call any more.
pub(super) fn serve(listener: &OwnedFd, done: BorrowedFd<'_>, observer: &mut Observer<'_>) {
    let mut is_done = false;
    loop {
        let mut ready = vec![PollFd::new(listener, PollFlags::IN)];
        if !is_done {
            ready.push(PollFd::new(&done, PollFlags::empty()));
        }
        match poll(&mut ready, is_done.then_some(&LINGER)) {
            Ok(0) => return leave(observer, Gap::Leftover),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return leave(observer, Gap::Lost),
        }
        is_done |= ready.get(1).is_some_and(|done| !done.revents().is_empty());
        let events = ready[0].revents();
        if events.contains(PollFlags::IN) {
            answer(listener.as_fd(), observer);
        } else if !events.is_empty() {
            return;
        }
    }
}

fn answer(listener: BorrowedFd<'_>, observer: &mut Observer<'_>) {
    // A process that was ended meanwhile no longer calls; anything else that goes wrong leaves a process standing, so
    // it is tried again by the next poll.
    let Ok((id, stopped)) = sys::receive_call(listener) else { return };
    observer.see(&stopped);
    if sys::let_go_on(listener, id).is_err() {
        leave(observer, Gap::Lost);
    }
}

fn leave(observer: &mut Observer<'_>, gap: Gap) {
    observer.gaps.insert(gap);
}
