//! L13: random scripts that declare nothing, changed at random: what stands there is what running them by hand leaves.
//!
//! The scripts are run by hand, in the order of their numbers, in a folder that lives through the same changes. So what
//! an earlier version of a script made and no later one makes any more stays in both.

use super::traced;
use crate::repo::Repo;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

const STEPS: usize = 7;
const CHANGES: usize = 6;

/// Returns a copy of what may be absent. What the step left before must not shine through: az runs it once, a person as
/// often as they like.
fn copy(from: &str, step: usize) -> String {
    format!("{{ cp {from} made/m{step} || echo none > made/m{step}; }}")
}

/// Returns what a step does: it reads sources and what earlier steps made, and makes, extends or removes something.
fn body(random: &mut Random, step: usize) -> String {
    let mut one = || match random.below(2 + step) {
        source @ 0..2 => format!("s{source}"),
        made => format!("made/m{}", made - 2),
    };
    let (from, other) = (one(), one());
    match (random.below(7), step) {
        (0, 1..) => {
            let other = random.below(step);
            format!("mkdir -p made; cat {from} >> made/m{other}; {}", copy(&from, step))
        }
        (1, 1..) => format!("mkdir -p made; rm -f made/m{}; {}", random.below(step), copy(&from, step)),
        (2, 1..) => format!("mkdir -p made; cat {from} {other} > all.$$; mv all.$$ made/m{step}"),
        (3, 1..) => format!("mkdir -p made; ln -sf {from} link{step}; cat link{step} > made/m{step}"),
        (4, 1..) => format!("mkdir -p made; [ -e {from} ] && {} || cp s1 made/m{step}", copy(&other, step)),
        _ => format!("mkdir -p made; cat {from} {other} > made/m{step} 2>/dev/null; true"),
    }
}

/// Runs the scripts by hand, one after the other, and compares all that is there.
const BY_HAND: &str = "rm -rf ../hand/scripts && cp -a scripts ../hand && cd ../hand && \
    for script in scripts/*; do $script >/dev/null 2>&1; done; \
    diff -r --no-dereference -x .azcache . ../repo";

fn world(seed: u64, is_settled_at_once: bool) {
    let Some(repo) = traced() else { return };
    let random = &mut Random(seed);
    let mut history = vec![format!("seed {seed}")];
    std::fs::create_dir(repo.outside("hand")).unwrap();
    let source = |name: &str, text: usize| {
        [name.to_owned(), format!("../hand/{name}")].iter().for_each(|path| {
            _ = repo.file(path, format!("{text}\n"));
        });
    };
    source("s0", 0);
    source("s1", 1);
    let both = |command: &str| {
        format!("{command}: {:?}", repo.sh(&format!("{command}; cd ../hand; {command}")).exit())
    };
    let write = |repo: &Repo, random: &mut Random, history: &mut Vec<String>, step: usize| {
        // A step may fail to read what another removed; it does not fail then.
        let body = format!("set +e\n{}\ntrue", body(random, step));
        history.push(format!("04{step}0: {body}"));
        repo.script(&format!("04{step}0_step.sh"), &body);
    };
    (0..STEPS).for_each(|step| write(&repo, random, &mut history, step));
    for _ in 0..CHANGES {
        let line = format!("build '*' -j{}", 1 + random.below(8));
        history.push(line.clone());
        let output = repo.az(&format!("{line} --explain")).code(0);
        let by_hand = repo.sh(BY_HAND);
        assert!(by_hand.is_success(), "not as by hand after {}\n{by_hand}\n{}", history.join("\n"), *output);
        _ = repo.scripts_run();
        let again = repo.az("build '*' --explain").code(0);
        let ran = repo.scripts_run();
        assert!(
            !is_settled_at_once || ran.is_empty(),
            "{ran:?} ran again after {}\n{}",
            history.join("\n"),
            *again
        );
        match random.below(6) {
            0 => {
                let step = random.below(STEPS);
                write(&repo, random, &mut history, step);
            }
            1 => history.push(both("rm -f made/m1")),
            2 => history.push(both("rm -rf made")),
            change => {
                let (name, text) = (format!("s{}", change % 2), random.below(3));
                history.push(format!("{name} = {text}"));
                source(&name, text);
            }
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    0..std::env::var("AZ_TEST_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(5)
}

#[test]
fn l13_random_steps_leave_what_is_left_by_hand() {
    seeds().for_each(|seed| world(seed, false));
}

#[test]
fn l13_random_steps_have_nothing_left_to_do_after_a_build() {
    seeds().for_each(|seed| world(seed, true));
}
