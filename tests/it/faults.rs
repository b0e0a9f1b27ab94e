//! Faults of all kinds on real processes: kills, full disks, others at work, and the twenty-five cases in which build
//! systems were measured.

mod cases;
mod disk;
mod kill;
mod many;
mod swapped;

use std::path::Path;

use crate::repo::Repo;

/// As often as a variable says.
fn rounds(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Tells whether a test cannot be carried out here, and says so.
fn skips(repo: &Repo, wants: &str, trial: &str) -> bool {
    let is_there = repo.sh(trial).is_success();
    if !is_there {
        eprintln!("skipped: this machine does not let the test use {wants}");
    }
    !is_there
}

/// Returns the processes that work in a folder.
fn processes_in(folder: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let works_there = |entry: &std::fs::DirEntry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
    };
    processes.filter(works_there).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
