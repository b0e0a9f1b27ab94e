//! Steps that print without end.

use std::{fs, os::unix::fs::MetadataExt};

use super::{az_within, has_prlimit};
use crate::repo::Repo;

const MIB: u64 = 1 << 20;

/// Returns the log of the only step of the only run.
fn log_of(repo: &Repo) -> Vec<u8> {
    let runs = fs::read_dir(repo.path(".azcache/v1/runs")).unwrap();
    let folders = runs.map(|run| run.unwrap().path().join("logs")).filter(|path| path.is_dir());
    let mut logs: Vec<_> =
        folders.flat_map(|run| fs::read_dir(run).unwrap()).map(|entry| entry.unwrap().path()).collect();
    assert_eq!(logs.len(), 1, "{logs:?}");
    fs::read(logs.remove(0)).unwrap()
}

/// Bytes on the disk of all that is below a folder.
fn bytes_on_disk(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).map_or_else(|_| Vec::new(), |entries| entries.flatten().collect());
    let of = |entry: &fs::DirEntry| {
        let stat = entry.metadata().ok();
        let own = stat.as_ref().map_or(0, |stat| stat.blocks() * 512);
        own + if stat.is_some_and(|stat| stat.is_dir()) { bytes_on_disk(&entry.path()) } else { 0 }
    };
    entries.iter().map(of).sum()
}

/// A gigabyte, or `AZ_OUTPUT_GB` of them, with az and its guard in little memory.
#[test]
fn output_without_end_takes_neither_memory_nor_disk() {
    let repo = Repo::new();
    let gigabytes: u64 = std::env::var("AZ_OUTPUT_GB").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let body = format!("echo begin; head -c {gigabytes}G /dev/zero; echo; echo end");
    repo.script("0100_much.sh", &body);
    let mut running = repo.start("build 0100");
    let (mut memory, mut disk) = (0, 0);
    while running.is_running() {
        memory = memory.max(running.memory_of_all());
        disk = disk.max(bytes_on_disk(&repo.path(".azcache")));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.wait().code(0).ran(["0100"]);
    eprintln!("{gigabytes} GiB of output: {} MiB of memory, {} MiB on disk", memory / MIB, disk / MIB);
    // Code that is not optimised is large.
    let most = if cfg!(debug_assertions) { 96 } else { 64 };
    assert!(memory < most * MIB, "{memory} bytes of memory");
    // What is not optimised looks through what it takes out far more slowly than it is written.
    if !cfg!(debug_assertions) {
        assert!(disk < 256 * MIB, "{disk} bytes on disk");
    }
    let log = log_of(&repo);
    let size = log.len() as u64;
    assert!(log.starts_with(b"begin\n") && log.ends_with(b"\nend\n"));
    assert!((64 * MIB - 100..64 * MIB + 100).contains(&size), "{size} bytes");
    let at = log.windows(5).position(|window| window == b"[az: ").unwrap();
    assert_eq!(at as u64, 32 * MIB + 1);
    let told = String::from_utf8_lossy(&log[at..at + 60]).into_owned();
    let left_out: u64 = told.split(' ').nth(1).unwrap().parse().unwrap();
    let mark = format!("\n[az: {left_out} bytes left out here]\n").len() as u64;
    assert_eq!(size - mark + left_out, (gigabytes << 30) + 6 + 1 + 4);
}

#[test]
fn what_is_within_the_limit_is_kept_to_the_byte_and_the_limit_can_be_chosen() {
    let repo = Repo::new().file("az.toml", "[defaults]\nlog_limit = \"1MiB\"\n");
    repo.script("0100_a.sh", "head -c 1048576 /dev/zero | tr '\\0' x");
    repo.az("build 0100").code(0).ran(["0100"]);
    assert!(log_of(&repo) == vec![b'x'; 1 << 20]);
    repo.remove(".azcache").edit("0100_a.sh", "head -c 9048576 /dev/zero | tr '\\0' x");
    repo.az("build 0100").code(0).ran(["0100"]);
    let log = log_of(&repo);
    assert!(log.len() < (1 << 20) + 60, "{}", log.len());
    assert!(String::from_utf8_lossy(&log).contains("\n[az: 8000000 bytes left out here]\n"));
    // What was kept is what a reuse tells.
    repo.az("build 0100").code(0).ran([]);
}

#[test]
fn what_is_masked_and_what_is_shown_live_is_bounded_too() {
    let repo =
        Repo::new().file("az.toml", "[defaults]\nlog_limit = \"1MiB\"\n").env("MY_TOKEN", "tuna-and-salmon");
    repo.script("0100_a.sh", "# Env: MY_TOKEN\nhead -c 20000000 /dev/zero; echo $MY_TOKEN");
    repo.az("build 0100").code(0).ran(["0100"]);
    let log = log_of(&repo);
    assert!(log.len() < (1 << 20) + 60, "{}", log.len());
    assert!(log.ends_with(b"***\n") && String::from_utf8_lossy(&log).contains(" bytes left out here]"));
    repo.remove(".azcache");
    let output = repo.az("run 0100");
    if output.exit() == 0 {
        assert!(log_of(&repo).len() < (1 << 20) + 60);
    }
}

#[test]
fn where_what_is_left_out_asked_to_mask_something_nothing_is_kept() {
    let repo = Repo::new().file("az.toml", "[defaults]\nlog_limit = \"64KiB\"\n");
    repo.script("0100_a.sh", "head -c 5000000 /dev/zero; echo; echo ::add-mask::tuna-fish; head -c 20000000 /dev/zero; echo tuna-fish");
    repo.az("build 0100").code(0).ran(["0100"]).says("nothing of it is kept");
    repo.az("build 0100").code(0).ran(["0100"]);
    assert!(!repo.sh("grep -rq tuna-fish .azcache").is_success());
}

#[test]
fn a_step_that_fills_its_files_beyond_a_limit_of_the_shell_fails_by_itself() {
    let repo = Repo::new();
    if !has_prlimit(&repo) {
        return;
    }
    repo.script("0100_a.sh", "echo a");
    // az's own limit of file sizes reaches the step; what it cannot write is its failure, not a lost record.
    let output = az_within(&repo, "--fsize=200000", "build 0100");
    assert!([0, 1, 2].contains(&output.exit()), "{output}");
}
