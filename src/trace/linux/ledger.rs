//! What was asked and changed, path by path, and what is the tree's own by now.
//!
//! Knows the rule of own paths: what the tree has made itself tells nothing about the world before, so it is not
//! asked. Does not know calls.
//!
//! A call that should replace a path may fail, and az does not see results. So a path first counts as *claimed*: what
//! is there is remembered, and as long as exactly that is still there at a later question, nothing was replaced.

use std::{cmp::Ordering, collections::BTreeMap, ffi::OsStr, os::unix::ffi::OsStrExt, path::PathBuf};

use super::paths::{PathId, Paths};
use crate::trace::{Asked, Changed, Touch, Witness};

/// What stands behind a path; nothing if nothing is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    file: (i128, i128),
    mode: u32,
    size: i128,
    modified: (i128, i128),
    names: i128,
}

impl Identity {
    /// Looks at a path, not through a link.
    pub(super) fn of(path: &[u8]) -> Option<Self> {
        let stat = rustix::fs::lstat(path).ok()?;
        Some(Self {
            file: (stat.st_dev.into(), stat.st_ino.into()),
            mode: stat.st_mode,
            size: stat.st_size.into(),
            modified: (stat.st_mtime.into(), stat.st_mtime_nsec.into()),
            names: stat.st_nlink.into(),
        })
    }

    /// Tells whether it was not replaced by another. What is not replaced may get another mode or another name, and
    /// a folder other entries; an emptied file gets another time.
    fn is_still(&self, now: &Self) -> bool {
        let kind = |identity: &Self| identity.mode & libc::S_IFMT;
        let is_same = self.file == now.file && kind(self) == kind(now);
        is_same && (self.is_folder() || (self.size, self.modified) == (now.size, now.modified))
    }

    /// Tells whether both are names of one file.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        self.file == other.file
    }

    pub(super) fn is_folder(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFDIR
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFLNK
    }

    /// Tells whether it has content that can be written: devices and pipes pass it on.
    pub(super) fn has_content(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFREG
    }

    /// Tells whether it is a file with several names.
    pub(super) fn is_shared(&self) -> bool {
        self.names > 1 && !self.is_folder()
    }
}

/// What of a path a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The name, not what is behind it.
    Entry,
    /// The content, under all its names.
    Content,
    /// Mode, owner and the like, under all its names.
    Attributes,
}

/// Whose work a path is.
#[derive(Debug, Clone, Copy, Default)]
enum Owner {
    #[default]
    World,
    /// The tree's, if what is there differs from this.
    Claimed(Option<Identity>),
    Tree,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    asked: Asked,
    changed: Changed,
    by: u32,
    changed_by: u32,
    owner: Owner,
    /// It is another name of a file that is not the tree's own.
    is_alias: bool,
}

/// The facts about the paths of one trace.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    fn entry(&mut self, id: PathId) -> &mut Entry {
        if self.entries.len() <= id.index() {
            self.entries.resize(id.index() + 1, Entry::default());
        }
        &mut self.entries[id.index()]
    }

    /// Records a question, unless its answer is the tree's own work.
    pub(super) fn ask(&mut self, paths: &Paths, id: PathId, asked: Asked, by: u32) {
        if self.entry(id).asked.has(asked) {
            return;
        }
        let counting = if self.is_own(paths, id) { asked.and(Asked::LISTED) } else { asked };
        let entry = self.entry(id);
        if !counting.is_empty() && entry.asked.is_empty() && entry.changed.is_empty() {
            entry.by = by;
        }
        entry.asked |= counting;
    }

    /// Tells whether what is there now is the tree's own work.
    pub(super) fn is_own(&mut self, paths: &Paths, id: PathId) -> bool {
        let entry = self.entry(id);
        match entry.owner {
            Owner::World => false,
            Owner::Tree => true,
            Owner::Claimed(before) => {
                let is_same = match (before, Identity::of(paths.bytes(id))) {
                    (None, None) => true,
                    (Some(before), Some(now)) => before.is_still(&now),
                    _ => false,
                };
                if !is_same {
                    entry.owner = Owner::Tree;
                }
                !is_same
            }
        }
    }

    /// Records a change that is about to happen; tells whether other, unknown names of a file change as well.
    pub(super) fn change(
        &mut self,
        paths: &Paths,
        id: PathId,
        (changed, of): (Changed, Of),
        by: u32,
        witness: &mut dyn Witness,
    ) -> bool {
        let entry = self.entry(id);
        // What could not be replaced before may be replaced now.
        let is_tried_again = matches!(entry.owner, Owner::World) && changed.has(Changed::REPLACED);
        let is_settled = !matches!(entry.owner, Owner::Claimed(_)) && !entry.is_alias && !is_tried_again;
        if entry.changed.has(changed) && is_settled {
            return false;
        }
        let is_own = self.is_own(paths, id);
        let before = Identity::of(paths.bytes(id));
        if of == Of::Content && before.is_some_and(|before| !before.has_content()) {
            return false;
        }
        let entry = self.entry(id);
        if entry.changed.is_empty() {
            entry.changed_by = by;
            if entry.asked.is_empty() {
                entry.by = by;
            }
            witness.before_change(paths.path(id));
        }
        entry.changed |= changed;
        if !is_own {
            // What should have replaced it before has failed, and what changes it otherwise makes it nobody's own.
            let does_replace = changed.has(Changed::REPLACED);
            entry.owner = if does_replace { Owner::Claimed(before) } else { Owner::World };
        }
        of != Of::Entry && before.is_some_and(|before| before.is_shared()) && (!is_own || entry.is_alias)
    }

    /// Records that a path becomes another name of a file, which may not be the tree's own.
    pub(super) fn alias(&mut self, paths: &Paths, original: PathId, name: PathId) {
        let is_foreign = !self.is_own(paths, original) || self.entry(original).is_alias;
        self.entry(name).is_alias |= is_foreign;
    }

    pub(super) fn is_changed(&self, id: PathId) -> bool {
        self.entries.get(id.index()).is_some_and(|entry| !entry.changed.is_empty())
    }

    /// Returns what was done to each path that something was done to; `alias_of` tells by which other name it goes.
    pub(super) fn into_touches(
        self,
        paths: &Paths,
        was_there: impl Fn(PathId) -> Option<bool>,
        alias_of: impl Fn(&[u8]) -> Option<PathBuf>,
    ) -> BTreeMap<PathBuf, Touch> {
        let mut plain = Vec::new();
        let mut renamed = Vec::new();
        for (id, path) in paths.iter() {
            let Some(mut touch) = self.entries.get(id.index()).and_then(Entry::touch) else { continue };
            touch.was_there = was_there(id);
            match alias_of(path) {
                Some(alias) => renamed.push((alias, touch)),
                None => plain.push((path, touch)),
            }
        }
        // A map of paths compares them name by name, which is slow; what comes in order it compares only once.
        plain.sort_unstable_by(|(one, _), (other, _)| name_by_name(one, other));
        let plain = plain.into_iter().map(|(path, touch)| (PathBuf::from(OsStr::from_bytes(path)), touch));
        let mut touches: BTreeMap<PathBuf, Touch> = plain.collect();
        for (path, touch) in renamed {
            touches.entry(path).and_modify(|known| merge(known, touch)).or_insert(touch);
        }
        touches
    }
}

impl Entry {
    fn touch(&self) -> Option<Touch> {
        let Self { asked, changed, by, changed_by, .. } = *self;
        let changed_by = (!changed.is_empty()).then_some(changed_by);
        let touch = Touch { asked, changed, by, changed_by, was_there: None };
        (!asked.is_empty() || !changed.is_empty()).then_some(touch)
    }
}

/// Adds what was done to the same path by another name.
fn merge(known: &mut Touch, touch: Touch) {
    known.asked |= touch.asked;
    known.changed |= touch.changed;
    known.by = known.by.min(touch.by);
    known.changed_by = match (known.changed_by, touch.changed_by) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}

/// Compares absolute paths without `.` as [`Path`](std::path::Path) does.
fn name_by_name(one: &[u8], other: &[u8]) -> Ordering {
    let differing = one.iter().zip(other).find(|(one, other)| one != other);
    let rank = |byte: &u8| if *byte == b'/' { 0 } else { u16::from(*byte) + 1 };
    differing.map_or(one.len().cmp(&other.len()), |(one, other)| rank(one).cmp(&rank(other)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn paths_come_in_the_order_of_the_map(one in "(/[a!]\\.?){1,4}", other in "(/[a!]\\.?){1,4}") {
            let expected = PathBuf::from(&one).cmp(&PathBuf::from(&other));
            prop_assert_eq!(name_by_name(one.as_bytes(), other.as_bytes()), expected);
        }
    }
}
