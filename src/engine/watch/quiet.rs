//! When enough has happened: an editor that saves, or git that goes to another branch, does not do it in one step.
//!
//! A value: is told what happened and when, says when to look. Does not know what happened.

use std::time::Duration;

/// Nothing has happened for so long where little has.
const SHORT: Duration = Duration::from_millis(2);
/// Nothing has happened for so long where much has.
const LONG: Duration = Duration::from_millis(10);
/// More than this is much.
const LITTLE: usize = 8;
/// How soon to look again where somebody is in the middle of something.
const AGAIN: Duration = Duration::from_millis(5);

/// Why what was found may not be all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// A file is gone, which may be about to be replaced.
    Missing,
    /// Somebody has a changed file open to write.
    Written,
    /// Git is at work.
    Git,
}

impl Unfinished {
    /// Returns for how long it is worth waiting.
    fn patience(self) -> Duration {
        match self {
            Self::Missing => Duration::from_millis(25),
            Self::Written => Duration::from_secs(1),
            Self::Git => Duration::from_secs(3),
        }
    }
}

/// What has happened and was not looked at yet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quiet {
    open: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    first: Duration,
    last: Duration,
    count: usize,
    look_at: Duration,
}

impl Quiet {
    /// Takes in that so much has happened.
    pub(super) fn note(&mut self, now: Duration, count: usize) {
        let open = self.open.get_or_insert(Open { first: now, last: now, count: 0, look_at: now });
        open.last = now;
        open.count = open.count.saturating_add(count);
        let pause = if open.count > LITTLE { LONG } else { SHORT };
        // What never ends is looked at all the same.
        open.look_at = (now + pause).min(open.first + Unfinished::Git.patience());
    }

    /// Returns when to look; nothing if nothing has happened.
    pub(super) fn look_at(&self) -> Option<Duration> {
        self.open.map(|open| open.look_at)
    }

    /// Tells whether it is worth waiting for the end of what is unfinished, and then does.
    pub(super) fn waits(&mut self, now: Duration, unfinished: Unfinished) -> bool {
        let Some(open) = &mut self.open else { return false };
        let since = if unfinished == Unfinished::Missing { open.last } else { open.first };
        let waits = now < since + unfinished.patience();
        if waits {
            open.look_at = now + AGAIN;
        }
        waits
    }

    /// Takes in that all was looked at.
    pub(super) fn looked(&mut self) {
        self.open = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn one_save_is_looked_at_soon_and_many_changes_when_they_end() {
        let mut quiet = Quiet::default();
        assert_eq!(quiet.look_at(), None);
        quiet.note(at(100), 1);
        assert_eq!(quiet.look_at(), Some(at(102)));
        quiet.note(at(101), 1);
        assert_eq!(quiet.look_at(), Some(at(103)));
        quiet.note(at(102), 100);
        assert_eq!(quiet.look_at(), Some(at(112)));
        quiet.looked();
        assert_eq!(quiet.look_at(), None);
    }

    #[test]
    fn what_never_ends_is_looked_at_after_three_seconds() {
        let mut quiet = Quiet::default();
        for ms in 0..5000 {
            quiet.note(at(ms), 1);
        }
        assert_eq!(quiet.look_at(), Some(at(3000)));
    }

    #[test]
    fn what_is_unfinished_is_waited_for_and_not_for_ever() {
        let mut quiet = Quiet::default();
        quiet.note(at(0), 1);
        assert!(quiet.waits(at(2), Unfinished::Missing));
        assert_eq!(quiet.look_at(), Some(at(7)));
        assert!(!quiet.waits(at(25), Unfinished::Missing));
        assert!(quiet.waits(at(999), Unfinished::Written));
        assert!(!quiet.waits(at(1000), Unfinished::Written));
        assert!(quiet.waits(at(2999), Unfinished::Git));
        assert!(!quiet.waits(at(3000), Unfinished::Git));
    }
}
