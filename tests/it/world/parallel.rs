//! Running side by side gives what running one after the other gives: files and records.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use az::{
    cache::{Layout, Store},
    fingerprint::State,
    sys::Os,
};
use proptest::{prelude::*, test_runner::Config};

use crate::repo::Repo;

/// For each step the earlier steps and sources it reads.
type Reads = Vec<(Vec<prop::sample::Index>, bool)>;

fn write_scripts(repo: &Repo, reads: &Reads) {
    for (step, (earlier, source)) in reads.iter().enumerate() {
        let mut inputs: Vec<String> =
            earlier.iter().filter(|_| step > 0).map(|index| format!("out/{}", index.index(step))).collect();
        if *source || inputs.is_empty() {
            inputs.push(format!("src/{step}"));
        }
        repo.file(&format!("src/{step}"), format!("{step}\n"));
        let body = format!(
            "# Inputs: {}\n# Outputs: out/{step}\nmkdir -p out; cat {} | sort -u > out/{step}",
            inputs.join(", "),
            inputs.join(" "),
        );
        repo.script(&format!("{:04}_s.sh", 100 + step), &body);
    }
}

/// All outputs by name.
fn outputs(repo: &Repo, count: usize) -> Vec<String> {
    (0..count).map(|step| repo.read(&format!("out/{step}"))).collect()
}

/// What is on record, by step: key and effects.
fn records(root: &Path) -> BTreeMap<String, String> {
    let store = Store::open(Arc::new(Os), Layout::new(root));
    // Which of them made the folder they share is chance.
    let is_own = |effect: &&az::cache::Effect| effect.after != State::Directory;
    let told = |record: &az::cache::Record| {
        format!("{} {:?}", record.key, record.effects.iter().filter(is_own).collect::<Vec<_>>())
    };
    store.records().iter().map(|record| (record.identity.clone(), told(record))).collect()
}

proptest! {
    #![proptest_config(Config { cases: 5, max_shrink_iters: 12, failure_persistence: None, ..Config::default() })]
    #[test]
    fn one_after_the_other_and_side_by_side_are_the_same(
        reads in prop::collection::vec(
            (prop::collection::vec(any::<prop::sample::Index>(), 0..3), any::<bool>()), 1..9,
        ),
    ) {
        let repo = Repo::new();
        write_scripts(&repo, &reads);
        let mut answers = Vec::new();
        for line in ["build '*' -j1", "build '*' -j4"] {
            repo.az(line).code(0);
            prop_assert_eq!(repo.scripts_run().len(), reads.len());
            answers.push((outputs(&repo, reads.len()), records(&repo.path(""))));
            repo.az("build '*'").code(0).ran([]);
            repo.remove("out").remove(".azcache");
        }
        prop_assert_eq!(&answers[0], &answers[1]);
        prop_assert_eq!(answers[0].1.len(), reads.len());
    }
}
