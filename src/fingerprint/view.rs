//! A way to ask what is at a path: the disk, or the disk as a step at some place of the order would find it.

use std::{path::Path, sync::Arc};

use super::State;
use crate::{
    base::WsPath,
    sys::{FileKind, Stat},
};

/// The names in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Name and kind, sorted by name.
    pub entries: Vec<(Arc<str>, FileKind)>,
    /// A name is not UTF-8 or the directory cannot be read, so the list is no ground to rely on.
    pub incomplete: bool,
}

/// Answers what is at a path.
pub trait View {
    /// Returns the absolute path of the workspace.
    fn root(&self) -> &Path;

    /// Returns what is at `path`; a link is not followed.
    fn state(&self, path: &WsPath) -> State;

    /// Returns the names in the directory at `path`, links followed; none if there is no directory.
    fn names(&self, path: &WsPath) -> Arc<Names>;
}

/// A view of the disk itself.
pub trait OnDisk: View {
    /// Returns what the file system says of a path, or nothing if it is absent or cannot be asked.
    fn stat(&self, path: &WsPath) -> Option<Stat>;
}
