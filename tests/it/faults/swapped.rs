//! A script that is exchanged for another one all the time, also while az starts it: what is recorded is what ran.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use super::rounds;
use crate::repo::Repo;

/// Puts the two texts in place of each other, again and again, until it is enough; returns how often.
fn swap(place: &Path, texts: &[String; 2], is_enough: &AtomicBool) -> u64 {
    let beside = place.with_extension("new");
    let mut count = 0;
    while !is_enough.load(Ordering::Relaxed) {
        for text in texts {
            fs::write(&beside, text).unwrap();
            fs::set_permissions(&beside, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            fs::rename(&beside, place).unwrap();
            count += 1;
        }
    }
    count
}

#[test]
fn what_is_recorded_of_a_script_is_what_was_executed() {
    for header in ["# Trace: on", "# Trace: off\n# Inputs: None\n# Outputs: out"] {
        let repo = Repo::new().script("0100_a.sh", &format!("{header}\necho A >out"));
        let first = repo.read("scripts/0100_a.sh");
        let texts = [first.clone(), first.replace("echo A", "echo B")];
        let place = repo.path("scripts/0100_a.sh");
        let swaps = AtomicU64::new(0);
        for _ in 0..rounds("AZ_SWAP_ROUNDS", 20) {
            let is_enough = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| swaps.fetch_add(swap(&place, &texts, &is_enough), Ordering::Relaxed));
                // A file that is not there for a moment may be a mistake; a wrong result may not come of it.
                let built = repo.az("build 0100");
                is_enough.store(true, Ordering::Relaxed);
                assert!([0, 1, 2].contains(&built.exit()), "{}", built.stderr());
            });
            for (text, made) in texts.iter().zip(["A\n", "B\n"]) {
                repo.executable("scripts/0100_a.sh", text);
                repo.az("build 0100").code(0);
                assert_eq!(repo.read("out"), made, "{header}");
            }
            _ = repo.scripts_run();
        }
        let swaps = swaps.into_inner();
        eprintln!("{swaps} exchanges");
        assert!(swaps > 100, "{swaps}");
    }
}
