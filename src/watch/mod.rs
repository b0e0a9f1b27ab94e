//! Tells which of some paths below a folder may have changed since they were last looked at.
//!
//! Knows paths and what the kernel tells of them. Does not know why somebody wants to know, nor what is in a file. What
//! it tells is a reason to look, never an answer; that it tells nothing is one only where [`Watcher::is_exact`] says so.
//!
//! On Linux it is exact, since the kernel queues an event before the call that caused it returns: who has drained the
//! queue knows all that had happened by then. These are the cases, each tried in `tests`:
//!
//! | what happens | what tells it |
//! |---|---|
//! | a file is written, cut, touched, by any of its names | a mark on the file itself, so hard links are no hole |
//! | a file is changed through a shared mapping: no event at all | the mapping needed an open file: who *opened* the file since it was known to have no writer counts as writing it ([`Watcher::is_written`]), until [`Watcher::settle`] has tried that nobody can |
//! | two events that are alike become one | nothing is counted; one of a kind is enough |
//! | names come, go, are exchanged | a mark on each folder on the way down from the root |
//! | a folder is renamed, removed, replaced by a link | its own mark; all below it has changed then, and is marked anew |
//! | a path that is not there comes to be | the folder where the way to it ends: any new name there is a reason to look |
//! | something happens between listing and marking | marks are set first, and who asks looks after that |
//! | the queue runs over, a file system goes, or one is mounted on the way to the root or below it | everything has changed, and all marks are set anew |
//! | marks run out, links, other file systems, paths outside | the path is not followed, and its asker has to look each time |

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

#[cfg(target_os = "linux")]
pub use linux::Watcher;
#[cfg(not(target_os = "linux"))]
pub use other::Watcher;

/// The number of a path that is followed; stays the same as long as the watcher lives.
pub type PlaceId = u32;

/// What may have happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Nobody knows what: every path may have changed, and has to be followed anew.
    pub is_everything: bool,
    /// Paths that may have changed, in the order in which it happened; some more than once.
    pub changed: Vec<PlaceId>,
    /// Other paths below the root, while the whole tree is watched.
    pub elsewhere: Vec<PathBuf>,
}

impl News {
    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        !self.is_everything && self.changed.is_empty() && self.elsewhere.is_empty()
    }

    /// Adds what happened later.
    pub fn extend(&mut self, later: Self) {
        self.is_everything |= later.is_everything;
        self.changed.extend(later.changed);
        self.elsewhere.extend(later.elsewhere);
    }
}

/// What there is too little of to follow all paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Marks of this user: `fs.inotify.max_user_watches`.
    Marks,
    /// Watchers of this user: `fs.inotify.max_user_instances`.
    Watchers,
}
