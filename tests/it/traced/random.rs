//! L13: random scripts that declare nothing, changed at random: what stands there is what running them by hand leaves.
//!
//! The scripts are run by hand, in the order of their numbers, in a folder that lives through the same changes. So what
//! an earlier version of a script made and no later one makes any more stays in both.

mod steps;

use std::{
    collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher},
    fs,
    hash::{Hash, Hasher},
    path::Path,
};

pub(super) use self::steps::Random;
use self::steps::{STEPS, Step};
use super::traced;
use crate::repo::Repo;

const CHANGES: usize = 7;

/// How often what happened.
#[derive(Debug, Default)]
struct Counts {
    builds: usize,
    /// Steps that ran, as often as they did.
    ran: usize,
    /// Steps that ran a second time in one build, since they had overlapped in the wrong order.
    repaired: usize,
    /// Steps that ran once more in the next build, since they or later ones had changed what they read.
    settled: usize,
    /// Steps that ran on what they had run on before.
    over_built: usize,
}

struct World {
    repo: Repo,
    random: Random,
    steps: Vec<Step>,
    /// All versions there have been of any step, to go back to.
    versions: Vec<(usize, Step)>,
    /// What each step was given when it was run by hand.
    given: BTreeMap<usize, BTreeSet<u64>>,
    history: Vec<String>,
    counts: Counts,
}

/// Adds all that is at a path.
fn hash(path: &Path, hasher: &mut DefaultHasher) {
    if let Ok(entries) = fs::read_dir(path) {
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            path.hash(hasher);
            hash(&path, hasher);
        }
    }
    (path.exists(), fs::read_link(path).ok(), fs::read(path).ok()).hash(hasher);
}

impl World {
    fn new(repo: Repo, seed: u64) -> Self {
        let mut random = Random(seed);
        fs::create_dir(repo.outside("hand")).unwrap();
        let steps: Vec<_> = (0..STEPS).map(|step| Step::new(&mut random, step)).collect();
        let mut world = Self {
            repo,
            random,
            steps: steps.clone(),
            versions: Vec::new(),
            given: BTreeMap::new(),
            history: vec![format!("seed {seed}")],
            counts: Counts::default(),
        };
        (0..3).for_each(|source| world.source(source, source));
        steps.into_iter().enumerate().for_each(|(step, does)| world.write(step, does));
        world
    }

    fn source(&mut self, source: usize, text: usize) {
        self.history.push(format!("s{source} = {text}"));
        for folder in ["", "../hand/"] {
            _ = self.repo.file(&format!("{folder}s{source}"), format!("{text}\n"));
        }
    }

    fn write(&mut self, step: usize, does: Step) {
        self.history.push(format!("04{step}0: {}", does.text));
        _ = self.repo.script(&format!("04{step}0_step.sh"), &does.text);
        self.versions.push((step, does.clone()));
        self.steps[step] = does;
    }

    fn remove(&mut self, what: &str) {
        self.history.push(format!("rm -rf {what}"));
        _ = self.repo.sh(&format!("rm -rf {what} ../hand/{what}")).code(0);
    }

    fn change(&mut self) {
        match self.random.below(9) {
            0 | 1 => {
                let step = self.random.below(STEPS);
                let does = Step::new(&mut self.random, step);
                self.write(step, does);
            }
            2 => {
                let version = self.random.below(self.versions.len());
                let (step, does) = self.versions[version].clone();
                self.write(step, does);
            }
            3 => {
                let step = self.random.below(STEPS);
                let what = ["made", "made/m1", "current", &format!("d{step}"), &format!("own{step}")]
                    [self.random.below(5)]
                .to_owned();
                self.remove(&what);
            }
            change => {
                let text = self.random.below(3);
                self.source(change % 3, text);
            }
        }
    }

    /// Builds; returns which steps ran, as often as they did, and what az said.
    fn build(&mut self) -> (Vec<usize>, String) {
        // Who asks for an explanation has everything evaluated; who does not, only what has changed.
        let explain = ["", " --explain"][self.random.below(2)];
        let line = format!("build '*' -j{}{explain}", 1 + self.random.below(8));
        self.history.push(line.clone());
        let output = self.repo.az(&line).code(0);
        let ran: Vec<_> =
            self.repo.scripts_run().iter().map(|number| number[2..3].parse().unwrap()).collect();
        self.counts.builds += 1;
        self.counts.ran += ran.len();
        (ran, output.to_string())
    }

    /// Runs the scripts by hand, one after the other, and compares all that is there; returns which of them were given
    /// what they were never given before.
    fn by_hand(&mut self, said: &str) -> BTreeSet<usize> {
        _ = self.repo.sh("rm -rf ../hand/scripts && cp -a scripts ../hand").code(0);
        let folder = self.repo.outside("hand");
        let mut is_new = BTreeSet::new();
        for (step, does) in self.steps.iter().enumerate() {
            let mut hasher = DefaultHasher::new();
            does.text.hash(&mut hasher);
            does.reads.iter().for_each(|path| hash(&folder.join(path), &mut hasher));
            if self.given.entry(step).or_default().insert(hasher.finish()) {
                is_new.insert(step);
            }
            _ = self.repo.sh(&format!("cd ../hand && scripts/04{step}0_step.sh >/dev/null 2>&1")).code(0);
        }
        _ = self.repo.scripts_run();
        let differences = self.repo.sh("diff -r --no-dereference -x .azcache . ../hand");
        let history = self.history.join("\n");
        assert!(differences.is_success(), "not as by hand after {history}\n{differences}\n{said}");
        is_new
    }

    /// Builds until nothing is left to do, which must be as soon as running all by hand changes nothing any more.
    fn settle(&mut self) {
        let mut all_said = String::new();
        for round in 0.. {
            let (mut ran, said) = self.build();
            all_said.push_str(&said);
            let is_new = self.by_hand(&all_said);
            ran.sort_unstable();
            let once: BTreeSet<usize> = ran.iter().copied().collect();
            let most = once.iter().map(|step| ran.iter().filter(|other| *other == step).count()).max();
            let needless: Vec<&usize> = once.difference(&is_new).collect();
            let history = || self.history.join("\n");
            assert!(most <= Some(2), "{ran:?} ran after {}\n{all_said}", history());
            self.counts.repaired += ran.len() - once.len();
            if round == 0 {
                self.counts.over_built += needless.len();
                continue;
            }
            assert!(needless.is_empty(), "{needless:?} ran again after {}\n{all_said}", history());
            self.counts.settled += once.len();
            if ran.is_empty() {
                return;
            }
        }
    }
}

/// As many worlds as `AZ_TEST_SEEDS` says, from `AZ_TEST_SEED` on; a few without it.
#[test]
fn l13_random_steps_leave_what_is_left_by_hand_and_then_nothing_to_do() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = number("AZ_TEST_SEED").unwrap_or(0);
    let mut all = Counts::default();
    for seed in first..first + number("AZ_TEST_SEEDS").unwrap_or(5) {
        let Some(repo) = traced() else { return };
        let mut world = World::new(repo, seed);
        for _ in 0..CHANGES {
            world.settle();
            world.change();
        }
        let Counts { builds, ran, repaired, settled, over_built } = world.counts;
        all.builds += builds;
        all.ran += ran;
        all.repaired += repaired;
        all.settled += settled;
        all.over_built += over_built;
    }
    eprintln!("{all:?}");
}
