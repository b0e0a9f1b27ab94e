//! Serves a tree by user notification.
//!
//! Knows the listener, and when a tree has ended. Does not know what calls mean.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{
    observer::{Answer, Observer},
    sys,
};
use crate::trace::Gap;

/// How often it is asked whether the tree is told to have ended, while nothing happens.
const ROUND: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
/// After how many such rounds what is left of a tree that was told to have ended is given up.
const ROUNDS: u32 = 2;

/// Serves until nothing can call any more.
pub(super) fn serve(listener: &OwnedFd, done: BorrowedFd<'_>, observer: &mut Observer<'_>) {
    let mut rounds_done = 0;
    // The listener hangs up when nobody has the filter any more, so `done` is only for what cannot be ended.
    while rounds_done <= ROUNDS {
        let mut ready = [PollFd::new(listener, PollFlags::IN)];
        match poll(&mut ready, Some(&ROUND)) {
            Ok(0) => rounds_done += u32::from(has_hung_up(done)),
            Ok(_) if ready[0].revents().contains(PollFlags::IN) => answer(listener.as_fd(), observer),
            Ok(_) => return,
            Err(Errno::INTR) => {}
            Err(_) => return leave(observer, Gap::Lost),
        }
    }
    leave(observer, Gap::Leftover);
}

/// Tells whether the tree is told to have ended.
pub(super) fn has_hung_up(done: BorrowedFd<'_>) -> bool {
    let mut ready = [PollFd::new(&done, PollFlags::empty())];
    poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1)
}

fn answer(listener: BorrowedFd<'_>, observer: &mut Observer<'_>) {
    // A process that was ended meanwhile no longer calls; anything else that goes wrong leaves a process standing, so
    // it is tried again by the next poll.
    let Ok((id, stopped)) = sys::receive_call(listener) else { return };
    let answered = match observer.see(&stopped) {
        Answer::GoOn => sys::let_go_on(listener, id),
        Answer::Refuse => sys::refuse(listener, id),
        Answer::Hold => Ok(()),
    };
    if answered.is_err() {
        leave(observer, Gap::Lost);
    }
}

fn leave(observer: &mut Observer<'_>, gap: Gap) {
    observer.gaps.insert(gap);
}
