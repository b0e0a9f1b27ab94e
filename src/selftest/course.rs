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
    /// What az keeps is exchanged for what it keeps of another workspace; the number says of which.
    Foreign(u64),
    /// What az keeps is exchanged for what it kept after the first build.
    Past,
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
    /// What az keeps is exchanged for something else before one in so many builds.
    pub(super) foreign_one_in: usize,
    /// The workspace goes to another branch or place and comes back, before one in so many builds.
    pub(super) there_and_back_one_in: usize,
    /// The shell can be exchanged.
    pub(super) has_shell: bool,
}

/// Returns all that happens in the life of a seed.
pub(super) fn acts(seed: u64, course: Course) -> Vec<Act> {
    let mut writer = Writer::new(Random::new(seed));
    for _ in 0..course.least_builds + writer.random.below(course.more_builds + 1) {
        for _ in 0..writer.random.below(4) {
            writer.edit(course.has_shell);
        }
        writer.disturb(course);
        writer.build();
    }
    writer.acts
}

/// Writes a life.
struct Writer {
    random: Random,
    /// The script of each step.
    scripts: Vec<Script>,
    /// All scripts there ever were.
    versions: Vec<(usize, Script)>,
    /// The scripts of the branch that is not checked out.
    branch: Vec<Script>,
    acts: Vec<Act>,
}

impl Writer {
    fn new(mut random: Random) -> Self {
        let steps = 2 + random.below(STEPS - 1);
        let first = |(number, path): (usize, &&str)| {
            let text = u8::try_from(number % 3).expect("it is small");
            Act::Change(Change::Write { path: (*path).to_owned(), text })
        };
        let acts = SOURCES.iter().enumerate().map(first).collect();
        let mut writer = Self { random, scripts: Vec::new(), versions: Vec::new(), branch: Vec::new(), acts };
        for step in 0..steps {
            let script = Script::random(&mut writer.random, step, &made(&writer.scripts));
            writer.scripts.push(script.clone());
            writer.put(step, script);
        }
        writer.branch.clone_from(&writer.scripts);
        let step = writer.random.below(steps);
        let other = writer.branch[step].clone();
        writer.branch[step] = other.with_another_command(&mut writer.random, step);
        writer
    }

    /// Gives a step another script.
    fn put(&mut self, step: usize, script: Script) {
        self.scripts[step] = script.clone();
        self.versions.push((step, script.clone()));
        self.acts.push(Act::Script(step, script));
    }

    fn build(&mut self) {
        self.acts.push(Act::Build(self.random.next()));
    }

    /// Somebody edits something. What other tools are known to miss comes as often as all the rest: an edit that keeps the
    /// time or goes back in it, another command, other inputs, a result that is written over, with and without its time.
    fn edit(&mut self, has_shell: bool) {
        let random = &mut self.random;
        let step = random.below(self.scripts.len());
        let before = made(&self.scripts[..step]);
        let script = self.scripts[step].clone();
        let all = made(&self.scripts);
        let sources = SOURCES.map(str::to_owned);
        let changed = match random.below(48) {
            0..=7 => Err(Change::unseen(random, &sources)),
            8..=11 => Ok((step, script.with_another_command(random, step))),
            12..=15 => Ok((step, script.with_other_inputs(random, &before))),
            16..=19 if !all.is_empty() => {
                let text = random.text(4);
                Err(Change::Write { path: random.pick(&all).clone(), text })
            }
            20..=23 if !all.is_empty() => Err(Change::unseen(random, &all)),
            24 | 25 => Ok((step, script.with_another_header(random))),
            26 | 27 => Ok((step, Script::random(random, step, &before))),
            28 | 29 => Ok(random.pick(&self.versions).clone()),
            30 | 31 => Err(Change::of_program(random, has_shell)),
            32 => Err(Change::of_root(random)),
            _ => Err(Change::random(random, &all)),
        };
        match changed {
            Ok((step, script)) => self.put(step, script),
            Err(change) => self.acts.push(Act::Change(change)),
        }
    }

    /// What else happens before a build.
    fn disturb(&mut self, course: Course) {
        if self.random.is_one_in(course.there_and_back_one_in) {
            self.go_and_return();
        }
        let random = &mut self.random;
        if random.is_one_in(course.damaged_one_in) {
            self.acts.push(Act::Damage(Fault::random(random)));
        }
        if random.is_one_in(course.foreign_one_in) {
            let seed = random.next();
            self.acts.push(if random.is_one_in(2) { Act::Past } else { Act::Foreign(seed) });
        }
        if random.is_one_in(course.killed_one_in) {
            self.acts.push(Act::Killed { at: random.next(), jobs: 1 + random.below(2) });
        }
        if random.is_one_in(course.power_cut_one_in) {
            self.acts.push(Act::PowerCut(random.next()));
        }
        if random.is_one_in(course.edited_one_in) {
            let [first, change, back] = Change::there_and_back(random);
            self.acts.push(Act::Change(first));
            self.acts.push(Act::During { change, at: random.next(), jobs: 1 + random.below(2) });
            if random.is_one_in(2) {
                self.acts.push(Act::Change(back));
            }
        }
        if random.is_one_in(course.twice_one_in) {
            self.acts.push(Act::Twice(random.next()));
        }
    }

    /// Goes to another branch or place, and back; it is built at each.
    fn go_and_return(&mut self) {
        if self.random.is_one_in(3) {
            for name in ["w1", "w"] {
                let (name, is_copied) = (name.to_owned(), self.random.is_one_in(2));
                self.acts.push(Act::Change(Change::Root { name, is_copied }));
                self.build();
            }
            return;
        }
        let branch = self.random.below(2);
        for branch in [branch, 1 - branch] {
            self.check_out(branch);
            self.build();
        }
        self.check_out(branch);
    }

    /// Exchanges all sources at once for those of a branch, and the scripts that are others there.
    fn check_out(&mut self, branch: usize) {
        self.acts.push(Act::Change(Change::Branch(u8::from(branch == 1))));
        // The scripts change places with those of the branch that is left: what is edited stays on its branch.
        let there = std::mem::replace(&mut self.branch, self.scripts.clone());
        for (step, script) in there.into_iter().enumerate() {
            if script != self.scripts[step] {
                self.put(step, script);
            }
        }
    }
}

/// Returns what scripts leave, by path.
fn made(scripts: &[Script]) -> Vec<String> {
    scripts.iter().flat_map(Script::makes).collect()
}
