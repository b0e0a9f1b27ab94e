//! Numbers for paths, so that a path is stored once and compared as a number.
//!
//! Knows bytes. Does not know the disk.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path, rc::Rc};

use rustc_hash::FxHashMap;

/// A path of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathId(u32);

impl PathId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// All paths of a trace.
#[derive(Debug, Default)]
pub(super) struct Paths {
    by_path: FxHashMap<Rc<[u8]>, PathId>,
    all: Vec<Rc<[u8]>>,
}

impl Paths {
    /// Returns the number of a path, a new one if it has none.
    pub(super) fn intern(&mut self, path: &[u8]) -> PathId {
        if let Some(id) = self.by_path.get(path) {
            return *id;
        }
        let id = PathId(u32::try_from(self.all.len()).expect("memory ends before four billion paths"));
        let path: Rc<[u8]> = path.into();
        self.all.push(Rc::clone(&path));
        self.by_path.insert(path, id);
        id
    }

    pub(super) fn bytes(&self, id: PathId) -> &Rc<[u8]> {
        &self.all[id.index()]
    }

    pub(super) fn path(&self, id: PathId) -> &Path {
        Path::new(OsStr::from_bytes(self.bytes(id)))
    }

    /// All paths with their numbers, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PathId, &[u8])> {
        self.by_path.iter().map(|(path, id)| (*id, &**path))
    }
}
