//! What az keeps of a workspace, to be put back later or elsewhere.

use std::path::{Path, PathBuf};

use super::change::{files_below, remove};
use crate::sys::{OWN_FOLDER, System};

/// The files of it: where each lies in the workspace, what is in it, its mode.
pub(super) struct Kept(Vec<(PathBuf, Vec<u8>, u32)>);

impl Kept {
    /// Takes what is kept of the workspace at a root.
    pub(super) fn of(world: &dyn System, root: &Path) -> Self {
        let file = |path: PathBuf| {
            let (bytes, mode) = (world.read(&path).ok()?, world.stat(&path).ok()?.mode);
            Some((path.strip_prefix(root).ok()?.to_owned(), bytes, mode))
        };
        Self(files_below(world, &root.join(OWN_FOLDER)).into_iter().filter_map(file).collect())
    }

    /// Puts it in the place of what is kept of the workspace at a root.
    pub(super) fn put(&self, world: &dyn System, root: &Path) {
        _ = remove(world, &root.join(OWN_FOLDER));
        for (path, bytes, mode) in &self.0 {
            let path = root.join(path);
            let folder = path.parent().expect("it has one");
            let put = world.create_dir_all(folder).and_then(|()| world.write(&path, bytes, *mode));
            put.expect("nobody is in the way there");
        }
    }
}
