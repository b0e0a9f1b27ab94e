//! What lies in a workspace, and in what two of them differ.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::script::is_made;
use crate::sys::{FileKind, OWN_FOLDER, System};

/// Returns where two workspaces are not the same, by az and by hand.
pub(super) fn difference(az: &BTreeMap<PathBuf, String>, hand: &BTreeMap<PathBuf, String>) -> String {
    let mut difference = String::new();
    for path in az.keys().chain(hand.keys()).collect::<BTreeSet<_>>() {
        let (az, hand) = (az.get(path), hand.get(path));
        if az != hand {
            _ = writeln!(difference, "{}: {az:?}, by hand {hand:?}", path.display());
        }
    }
    difference
}

/// Returns all that is in a workspace but what az keeps there, by its path in it.
pub(super) fn tree(world: &dyn System, root: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in world.list(&root.join(&folder)).unwrap_or_default() {
            let path = folder.join(&entry.name);
            if entry.name == OWN_FOLDER {
                continue;
            }
            let Ok(stat) = world.stat(&root.join(&path)) else { continue };
            let what = match stat.kind {
                FileKind::Directory => {
                    folders.push(path.clone());
                    "a folder".to_owned()
                }
                FileKind::Link => format!("a link to {:?}", world.read_link(&root.join(&path)).ok()),
                _ => {
                    let content = world.read(&root.join(&path)).unwrap_or_default();
                    // The bits of what steps make are those it was made with, where by hand they are those that it had
                    // when it was last emptied.
                    let mode = if is_made(&path) { String::new() } else { format!("{:o} ", stat.mode) };
                    format!("{mode}{:?}", String::from_utf8_lossy(&content))
                }
            };
            all.insert(path, what);
        }
    }
    all
}
