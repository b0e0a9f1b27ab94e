//! Secrets: where they come from, who is given them, and that they stand nowhere.

mod leaks;
mod sources;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::repo::Repo;

/// Returns all files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

/// Returns the files of a test's whole world that hold one of some texts: of the workspace, the cache, the home folder and
/// those for temporary files.
fn holders(repo: &Repo, texts: &[Vec<u8>]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        texts.iter().any(|text| bytes.windows(text.len()).any(|window| window == &**text))
    };
    files(&repo.outside("")).into_iter().filter(holds).collect()
}
