//! The folders in which the threads of a tree work.
//!
//! Knows which calls may give a thread another folder, or a folder another name. Does not know what a path means.
//!
//! The kernel is asked for the folder of a thread once, and again when it may be another one. Threads may share theirs,
//! so one call that may change something makes all be forgotten. It is seen before it takes place, so as long as it may
//! be under way, which is until its thread makes the next one, nothing is kept. What somebody outside the tree moves is
//! not seen at all, and numbers of threads come round: so nothing is kept for long.

use std::{rc::Rc, time::Duration};

use rustc_hash::{FxHashMap, FxHashSet};
use rustix::time::{ClockId, clock_gettime};

use super::{memory::Unread, walk::physical};

/// For so long a folder is taken for what it was.
const TRUSTED: Duration = Duration::from_millis(20);

/// A physical path; nothing if the kernel names none.
pub(super) type Folder = Option<Rc<[u8]>>;

/// The working folders of one trace.
#[derive(Debug, Default)]
pub(super) struct Working {
    /// By thread, with when the kernel was asked.
    kept: FxHashMap<i32, (Duration, Folder)>,
    /// Threads with a call under way that may change something.
    moving: FxHashSet<i32>,
}

impl Working {
    /// Takes note of a call that a thread is about to make; `may_move` says that after it folders may be others.
    pub(super) fn before_call(&mut self, tid: i32, may_move: bool) {
        if may_move {
            self.kept.clear();
            self.moving.insert(tid);
        } else if !self.moving.is_empty() {
            self.moving.remove(&tid);
        }
    }

    /// Returns the working folder of a thread.
    ///
    /// # Errors
    /// If az may not see it.
    pub(super) fn of(&mut self, tid: i32) -> Result<Folder, Unread> {
        self.at(tid, monotonic(), || physical(&format!("/proc/{tid}/cwd")))
    }

    fn at(
        &mut self,
        tid: i32,
        now: Duration,
        ask: impl FnOnce() -> Result<Option<Vec<u8>>, Unread>,
    ) -> Result<Folder, Unread> {
        if let Some((then, folder)) = self.kept.get(&tid)
            && now.saturating_sub(*then) < TRUSTED
        {
            return Ok(folder.clone());
        }
        let folder: Folder = ask()?.map(Rc::from);
        if self.moving.is_empty() {
            self.kept.insert(tid, (now, folder.clone()));
        }
        Ok(folder)
    }
}

fn monotonic() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for the folder of a thread at a time in milliseconds; `now` is where it works.
    fn asked(working: &mut Working, tid: i32, at: u64, now: &str) -> String {
        let folder =
            working.at(tid, Duration::from_millis(at), || Ok(Some(now.as_bytes().to_vec()))).unwrap();
        String::from_utf8(folder.unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_folder_is_asked_for_once() {
        let mut working = Working::default();
        assert_eq!(asked(&mut working, 1, 0, "/a"), "/a");
        working.before_call(1, false);
        assert_eq!(asked(&mut working, 1, 19, "/b"), "/a");
        assert_eq!(asked(&mut working, 2, 19, "/b"), "/b");
    }

    #[test]
    fn it_is_not_trusted_for_long() {
        let mut working = Working::default();
        asked(&mut working, 1, 0, "/a");
        assert_eq!(asked(&mut working, 1, 20, "/b"), "/b");
        // That it was asked for again and again does not make it trusted for longer.
        asked(&mut working, 1, 39, "/c");
        assert_eq!(asked(&mut working, 1, 40, "/c"), "/c");
    }

    #[test]
    fn a_move_by_any_thread_makes_all_be_forgotten_until_it_is_over() {
        let mut working = Working::default();
        asked(&mut working, 1, 0, "/a");
        asked(&mut working, 2, 0, "/a");
        working.before_call(2, true);
        // The other thread shares the folder and comes before and after the move.
        working.before_call(1, false);
        assert_eq!(asked(&mut working, 1, 0, "/a"), "/a");
        assert_eq!(asked(&mut working, 1, 0, "/b"), "/b");
        assert_eq!(asked(&mut working, 1, 0, "/c"), "/c");
        working.before_call(2, false);
        assert_eq!(asked(&mut working, 1, 0, "/b"), "/b");
        assert_eq!(asked(&mut working, 1, 0, "/c"), "/b");
    }

    #[test]
    fn what_az_may_not_see_is_not_kept() {
        let mut working = Working::default();
        assert_eq!(working.at(1, Duration::ZERO, || Err(Unread::Hidden)), Err(Unread::Hidden));
        assert_eq!(asked(&mut working, 1, 0, "/a"), "/a");
    }
}
