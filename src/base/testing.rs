//! What tests of several modules need.

use std::path::{Path, PathBuf};

/// Returns a path in the folder beside the project that tests read real files from; nothing, said aloud, if it is not
/// there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let found = std::env::var_os("AZ_SHARED").map_or_else(beside, PathBuf::from).join(path);
    if !found.exists() {
        eprintln!("skipped: there is no {}", found.display());
        return None;
    }
    Some(found)
}

/// Returns the files anywhere below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
