//! What happens in the life of a random workspace, one after the other.
//!
//! Knows how often what happens. Does not know how it is carried out, nor what must hold.

use super::{
    change::{Change, Fault},
    random::Random,
    script::{SOURCES, STEPS, Script},
};

/// Something that happens.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Change(Change),
    /// A step gets another script.
    Script(usize, Script),
    /// Something happens to what az keeps.
    Damage(Fault),
    /// The power goes and comes back; the number decides what is lost.
    PowerCut(u64),
    /// az builds and is killed on the way.
    Killed {
        at: u64,
        jobs: usize,
    },
    /// az builds, until nothing is left to do; the number decides how.
    Build(u64),
    /// A file is changed while az builds.
    During {
        change: Change,
        at: u64,
        jobs: usize,
    },
    /// Two az build at once; the number decides what.
    Twice(u64),
}

/// What a life is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// How often az builds at least.
    pub(super) least_builds: usize,
    /// How often more at most.
    pub(super) more_builds: usize,
    /// az is killed before one in so many builds.
    pub(super) killed_one_in: usize,
    /// What it keeps is damaged before one in so many builds.
    pub(super) damaged_one_in: usize,
    /// The power goes before one in so many builds.
    pub(super) power_cut_one_in: usize,
    /// A file is changed during one in so many builds.
    pub(super) edited_one_in: usize,
    /// Two az build instead of one in so many builds.
    pub(super) twice_one_in: usize,
}

/// Returns all that happens in the life of a seed.
pub(super) fn acts(seed: u64, course: Course) -> Vec<Act> {
    let mut random = Random::new(seed);
    let steps = 2 + random.below(STEPS - 1);
    let mut acts: Vec<Act> = Vec::new();
    for (number, path) in SOURCES.iter().enumerate() {
        let text = u8::try_from(number % 3).expect("it is small");
        acts.push(Act::Change(Change::Write { path: (*path).to_owned(), text }));
    }
    let mut scripts: Vec<Script> = Vec::new();
    let mut versions: Vec<(usize, Script)> = Vec::new();
    for step in 0..steps {
        let script = Script::random(&mut random, step, &made(&scripts));
        scripts.push(script.clone());
        versions.push((step, script));
    }
    acts.extend(versions.iter().cloned().map(|(step, script)| Act::Script(step, script)));
    for _ in 0..course.least_builds + random.below(course.more_builds + 1) {
        for _ in 0..random.below(4) {
            let (step, script) = match random.below(10) {
                0 => {
                    let step = random.below(steps);
                    (step, Script::random(&mut random, step, &made(&scripts[..step])))
                }
                1 => random.pick(&versions).clone(),
                _ => {
                    acts.push(Act::Change(Change::random(&mut random, &made(&scripts))));
                    continue;
                }
            };
            scripts[step] = script.clone();
            versions.push((step, script.clone()));
            acts.push(Act::Script(step, script));
        }
        if random.is_one_in(course.damaged_one_in) {
            acts.push(Act::Damage(Fault::random(&mut random)));
        }
        if random.is_one_in(course.killed_one_in) {
            acts.push(Act::Killed { at: random.next(), jobs: 1 + random.below(2) });
        }
        if random.is_one_in(course.power_cut_one_in) {
            acts.push(Act::PowerCut(random.next()));
        }
        if random.is_one_in(course.edited_one_in) {
            let [first, change, back] = Change::there_and_back(&mut random);
            acts.push(Act::Change(first));
            acts.push(Act::During { change, at: random.next(), jobs: 1 + random.below(2) });
            if random.is_one_in(2) {
                acts.push(Act::Change(back));
            }
        }
        if random.is_one_in(course.twice_one_in) {
            acts.push(Act::Twice(random.next()));
        }
        acts.push(Act::Build(random.next()));
    }
    acts
}

/// Returns what scripts leave, by path.
fn made(scripts: &[Script]) -> Vec<String> {
    scripts.iter().flat_map(Script::makes).collect()
}
