//! Whatever is edited beside a watch, a build that asks it leaves what a build that looks itself leaves.

use proptest::prelude::*;
use rustix::process::Signal;

use super::{Watch, world};

/// An edit: of which file, to what, and how.
fn edits() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    prop::collection::vec((0..3_usize, 1..4_u8, 0..4_u8), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4) })]

    #[test]
    fn a_build_beside_a_watch_is_never_stale(rounds in prop::collection::vec(edits(), 1..6)) {
        let repo = world();
        let watch = Watch::start(&repo, "'*'");
        for edits in rounds {
            for (file, text, how) in edits {
                let (name, text) = (["a", "b", "second"][file], text.to_string());
                // Nobody can tell what a step writes to a file from what others write to it in the same moment; so what
                // steps make is edited while none is at work.
                let lock = std::fs::File::options().write(true).open(repo.path(".azcache/v1/lock")).unwrap();
                if name == "second" {
                    lock.lock().unwrap();
                }
                match how {
                    0 => _ = repo.file(name, text),
                    1 => {
                        repo.file("beside", text);
                        std::fs::rename(repo.path("beside"), repo.path(name)).unwrap();
                    }
                    2 if file == 2 => _ = std::fs::remove_file(repo.path(name)),
                    _ => repo.sh(&format!("cp -p c kept; printf {text} > kept; touch -r c kept; mv kept {name}")).code(0).clone().is_success().then_some(()).unwrap(),
                }
            }
            repo.az("build '*'").code(0);
            let (a, b) = (repo.read("a"), repo.read("b"));
            prop_assert_eq!(repo.read("second"), format!("{a}{b}"));
        }
        watch.end(Signal::INT).code(130);
    }
}
