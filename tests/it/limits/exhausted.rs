//! A machine that has run out of descriptors, processes or memory.

use super::{az_within, has_prlimit};
use crate::repo::Repo;

/// A few steps, each of which leaves a file.
fn steps(repo: &Repo) {
    for number in 1..=6 {
        let body = format!("cat in{number} > out{number}; /bin/true | cat");
        repo.script(&format!("010{number}_s.sh"), &body).file(&format!("in{number}"), format!("{number}"));
    }
}

fn all_is_right(repo: &Repo, with: &str) {
    let output = repo.az("build '*' --parallel=false");
    output.code(0);
    for number in 1..=6 {
        assert_eq!(repo.read(&format!("out{number}")), number.to_string(), "{with}: {output}");
    }
    // And nothing more is to be done, unless a step that could not be traced whole is looked at once more.
    repo.az("build '*'").code(0);
    repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn with_few_descriptors_nothing_is_recorded_that_was_not_seen() {
    if !has_prlimit(&Repo::new()) {
        return;
    }
    let mut worked = Vec::new();
    for most in [3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 32, 48] {
        let repo = Repo::new();
        steps(&repo);
        let output = az_within(&repo, &format!("--nofile={most}:{most}"), "build '*' --jobs 4");
        // 127 is what the loader says that cannot open az's libraries.
        assert!(output.exit() < 100 || (most < 5 && output.exit() == 127), "{most} descriptors: {output}");
        let is_told = ["error", "failed", "warning"].iter().any(|word| output.stderr().contains(word));
        // What cannot even load its libraries says so itself.
        assert!(output.exit() == 0 || is_told, "{most} descriptors: {output}");
        if output.exit() == 0 {
            worked.push(most);
        }
        // It stands for a log that cannot be kept, and root can remove it.
        let null = std::fs::metadata("/dev/null").unwrap();
        assert!(std::os::unix::fs::FileTypeExt::is_char_device(&null.file_type()), "{most}: {output}");
        all_is_right(&repo, &format!("{most} descriptors"));
    }
    eprintln!("a build ends well with descriptors: {worked:?}");
    assert!(worked.contains(&48), "{worked:?}");
}

#[test]
fn with_few_processes_nothing_is_recorded_that_was_not_seen() {
    let repo = Repo::new();
    // The limit counts all processes of the user, and does not hold for root.
    let is_root = repo.sh("test $(id -u) = 0").is_success();
    if !has_prlimit(&repo) || !is_root || !repo.sh("setpriv --version").is_success() {
        eprintln!("skipped: no root, or no setpriv");
        return;
    }
    for most in [1, 2, 3, 4, 5, 6, 8, 12] {
        let repo = Repo::new();
        repo.env("PATH", &std::env::var("PATH").unwrap());
        steps(&repo);
        // Nobody else is this user.
        let user = 61_000 + most;
        let root = repo.outside("");
        let az = env!("CARGO_BIN_EXE_az");
        let copied = format!("cp '{az}' '{0}/az' && chmod -R a+rwX '{0}'", root.display());
        repo.sh(&copied).code(0);
        let output = repo.sh(&format!(
            "exec prlimit --nproc={most}:{most} setpriv --reuid {user} --regid {user} --clear-groups '{}/az' build '*' --jobs 4",
            root.display()
        ));
        assert!(output.exit() < 100, "{most} processes: {output}");
        assert!(most > 2 || output.stderr().contains("no thread"), "{most} processes: {output}");
        assert!(output.exit() == 0 || !output.stderr().is_empty(), "{most} processes: {output}");
        let run = repo.sh(&format!(
            "exec setpriv --reuid {user} --regid {user} --clear-groups '{}/az' build '*' --parallel=false",
            root.display()
        ));
        run.code(0);
        for number in 1..=6 {
            assert_eq!(repo.read(&format!("out{number}")), number.to_string(), "{most} processes: {run}");
        }
    }
}

#[test]
fn with_little_memory_az_fails_and_the_next_run_is_right() {
    if !has_prlimit(&Repo::new()) {
        return;
    }
    for megabytes in [16, 24, 32, 48, 64, 96] {
        let repo = Repo::new();
        steps(&repo);
        _ = az_within(&repo, &format!("--as={}", megabytes << 20), "build '*'");
        all_is_right(&repo, &format!("{megabytes} MiB"));
    }
}
