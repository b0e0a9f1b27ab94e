//! The life of a random workspace: what happens to it, one after the other, and what must hold after each build.
//!
//! The scripts are run by hand, one after the other, in a world in memory that lives through the same changes. What az
//! leaves must be what is left there, and a step that az runs must have been told something it was never told before.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fmt::Write,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    change::{Change, Fault, files_below},
    memory::{InMemory, SHELL},
    place::{Built, End, Failing, How, Outcome, Place as _},
    random::Random,
    script::{MADE, SOURCES, STEPS, Script, VARIABLE, is_made},
    shell::Shell,
};
use crate::sys::{FileKind, OWN_FOLDER, System};

/// As often it is built until nothing is left to do; some workspaces never come to that, by hand neither.
const MOST_ROUNDS: usize = 6;

/// What az says that ends with 1 on a disk that fails.
const SHORT: [&str; 3] = ["be brought back", "cannot be undone", "cannot be run again"];

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
}

/// How often what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Workspaces that lived.
    pub worlds: usize,
    /// Builds that ended.
    pub builds: usize,
    /// Builds that were killed.
    pub killed: usize,
    /// Steps that ran in builds by an az that had lost nothing.
    pub ran: usize,
    /// Steps of them that had been told all that before: what they looked at was changed at the very time, or they ran
    /// side by side and once more in turn.
    pub settled: usize,
    /// The longest time a process was there after az was killed.
    pub survived: Duration,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.builds += other.builds;
        self.killed += other.killed;
        self.ran += other.ran;
        self.settled += other.settled;
        self.survived = self.survived.max(other.survived);
    }
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
        acts.push(Act::Build(random.next()));
    }
    acts
}

/// Returns what scripts leave, by path.
fn made(scripts: &[Script]) -> Vec<String> {
    scripts.iter().flat_map(Script::makes).collect()
}

fn script_name(step: usize) -> String {
    format!("04{step}0_step.sh")
}

/// A workspace, by az and by hand.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Life<'a> {
    place: &'a mut dyn Built,
    hand: InMemory,
    scripts: BTreeMap<usize, Script>,
    /// What each step was told, since all was forgotten.
    told: BTreeSet<(usize, String, u64)>,
    /// Something of what az knew was lost, which may show at any time.
    forgets: bool,
    /// Steps that an az that was killed said to have ended well, and nothing was changed since.
    done: Vec<String>,
    /// A person may have written where steps write, since the last build.
    is_tampered: bool,
    /// The last build ran one step at a time.
    is_in_turn: bool,
    /// Nothing was left to do after the last builds.
    rests: bool,
    history: Vec<String>,
    counts: Counts,
}

impl<'a> Life<'a> {
    /// Lives through what happens.
    ///
    /// # Errors
    /// What was wrong, with all that happened before.
    pub(super) fn live(place: &'a mut dyn Built, acts: &[Act]) -> Result<Counts, String> {
        let mut life = Self {
            place,
            hand: InMemory::new(),
            scripts: BTreeMap::new(),
            told: BTreeSet::new(),
            forgets: false,
            done: Vec::new(),
            is_tampered: false,
            is_in_turn: true,
            rests: true,
            history: Vec::new(),
            counts: Counts { worlds: 1, ..Counts::default() },
        };
        acts.iter().try_for_each(|act| life.act(act))?;
        Ok(life.counts)
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Change(change) => {
                self.done.clear();
                let told = format!("{change:?}");
                self.is_tampered |= MADE.iter().any(|made| told.contains(made));
                self.history.push(told);
                change.apply(self.place);
                change.apply(&mut self.hand);
            }
            Act::Script(step, script) => {
                self.done.clear();
                self.write(*step, script);
            }
            Act::Damage(fault) => {
                self.done.clear();
                self.history.push(format!("{fault:?}"));
                fault.apply(self.place.system(), &self.place.root().join(OWN_FOLDER));
                self.forgets = true;
            }
            Act::PowerCut(seed) => self.cut_power(*seed),
            Act::Killed { at, jobs } => self.die(*at, *jobs)?,
            Act::Build(how) => self.build_and_compare(&mut Random::new(*how))?,
        }
        Ok(())
    }

    fn write(&mut self, step: usize, script: &Script) {
        let (name, text) = (script_name(step), script.text());
        self.history.push(format!("write {name}:\n{text}"));
        for place in [&*self.place as &dyn super::place::Place, &self.hand] {
            let path = place.root().join("scripts").join(&name);
            let folder = path.parent().expect("it has one");
            let written = place
                .system()
                .create_dir_all(folder)
                .and_then(|()| place.system().write(&path, text.as_bytes(), 0o755));
            written.expect("nobody is in the way of scripts");
        }
        self.scripts.insert(step, script.clone());
    }

    /// What was lost of the workspace is lost by hand as well.
    fn cut_power(&mut self, seed: u64) {
        self.history.push(format!("power cut {seed}"));
        self.place.cut_power(&mut Random::new(seed));
        let (world, root) = (self.place.system(), self.place.root());
        for path in files_below(world, root) {
            let name = path.strip_prefix(root).expect("it lies below");
            let Ok(stat) = world.stat(&path) else { continue };
            if stat.kind == FileKind::File && !name.starts_with(OWN_FOLDER) {
                let bytes = world.read(&path).unwrap_or_default();
                _ = self.hand.world.write(&self.hand.root().join(name), &bytes, stat.mode);
            }
        }
        self.forgets = true;
    }

    fn die(&mut self, at: u64, jobs: usize) -> Result<(), String> {
        let jobs = if self.must_take_turns() { 1 } else { jobs };
        self.history.push(format!("build with {jobs} at once, killed at {at}"));
        let outcome = self.place.build(How { jobs, force: false, killed_at: Some(at), failing: None });
        self.history.push(format!("done by then: {:?}, ran: {:?}", outcome.done, outcome.ran));
        self.counts.killed += 1;
        self.counts.survived = self.counts.survived.max(outcome.survived);
        if outcome.survived > Duration::from_secs(1) {
            return Err(self.fault(&format!("processes lived on for {:?}", outcome.survived)));
        }
        // Side by side what was said to have ended is provisional: an earlier step may still make it run again.
        self.done = if jobs == 1 { outcome.done } else { Vec::new() };
        self.forgets = true;
        Ok(())
    }

    /// Builds by az and by hand, and compares; until nothing is left to do, if it comes to that.
    fn build_and_compare(&mut self, random: &mut Random) -> Result<(), String> {
        let has_rested = std::mem::take(&mut self.rests);
        for round in 0..MOST_ROUNDS {
            if round > 0 {
                // What was changed at this time, or after it by a clock that was set back, may be changing still.
                self.place.wait(Duration::from_secs(10));
            }
            let before = tree(&self.hand.world, self.hand.root());
            let (needed, failed) = self.by_hand()?;
            let is_still = tree(&self.hand.world, self.hand.root()) == before;
            let is_at_rest = round > 0 && needed.iter().all(|name| Some(name) == failed.as_ref()) && is_still;
            let jobs = if !self.must_take_turns() && random.is_one_in(4) { 1 + random.below(4) } else { 1 };
            self.is_in_turn = jobs == 1;
            let failing = Self::failing(random);
            self.forgets |= failing.is_some();
            let how = How { jobs, force: random.is_one_in(30), killed_at: None, failing };
            let forced = if how.force { ", forced" } else { "" };
            let faults = how.failing.map_or_else(String::new, |failing| format!(", {failing:?}"));
            self.history.push(format!("build with {jobs} at once{forced}{faults}"));
            let outcome = self.place.build(how);
            self.history.extend(outcome.told.iter().cloned());
            self.history.push(format!("ran {:?}, needed {needed:?}", outcome.ran));
            self.check(&outcome, how, &needed, failed.is_some(), round == 0 && has_rested)?;
            let lasting = outcome.ran.iter().all(|name| Some(name) == failed.as_ref());
            if is_at_rest && lasting {
                self.rests = true;
                return Ok(());
            }
            // What leads round in a circle cannot be read, and whoever asked it runs each time.
            let is_doubtful = outcome.told.iter().any(|line| line.contains("doubtful"));
            if is_at_rest && round > 2 && !how.force && !is_doubtful && failing.is_none() {
                return Err(self.fault("it does not come to rest"));
            }
        }
        Ok(())
    }

    /// Which steps ran beside one that fails nobody can say before.
    fn must_take_turns(&self) -> bool {
        self.scripts.values().any(Script::can_fail)
    }

    /// Says what fails of what az does in a build, if anything.
    fn failing(random: &mut Random) -> Option<Failing> {
        random.is_one_in(20).then(|| Failing {
            after: random.next(),
            count: [1, 3, usize::MAX][random.below(3)],
            with: [io::ErrorKind::StorageFull, io::ErrorKind::Other][random.below(2)],
            reads: random.is_one_in(2),
        })
    }

    /// Holds what a build said, did and left against what it should have.
    fn check(
        &mut self,
        outcome: &Outcome,
        how: How,
        needed: &BTreeSet<String>,
        has_failed: bool,
        is_sure: bool,
    ) -> Result<(), String> {
        // What a person wrote is not written over where it cannot be set aside, no step runs whose input cannot be brought
        // back, and what overlapped in the wrong order is told where it cannot be put right.
        let is_short = || outcome.told.iter().any(|line| SHORT.iter().any(|short| line.contains(short)));
        if how.failing.is_some() && outcome.end == End::Code(1) && (self.is_tampered || is_short()) {
            return Ok(());
        }
        let expected = End::Code(u8::from(has_failed));
        if outcome.end != expected {
            return Err(self.fault(&format!("it ended with {:?} instead of {expected:?}", outcome.end)));
        }
        self.compare()?;
        self.is_tampered = false;
        self.counts.builds += 1;
        let is_lost = |name: &String| self.done.contains(name) && !needed.contains(name);
        if !how.force && self.is_in_turn && outcome.ran.iter().any(is_lost) {
            return Err(self.fault("a step ran again that an az that was killed had said to have ended well"));
        }
        self.done.clear();
        if how.force || self.forgets {
            return Ok(());
        }
        let settled = outcome.ran.iter().filter(|name| !needed.contains(*name)).count();
        // Side by side a step may run twice, and once more if what it looked at was just being changed.
        if settled > 0 && is_sure && self.is_in_turn {
            return Err(self.fault("a step ran that had been told all this before"));
        }
        self.counts.ran += outcome.ran.len();
        self.counts.settled += settled;
        Ok(())
    }

    /// Runs all scripts by hand, one after the other, up to one that fails; returns the names of those that were told
    /// something new, or fail, and that of the one that failed.
    fn by_hand(&mut self) -> Result<(BTreeSet<String>, Option<String>), String> {
        let value =
            self.hand.world.env().get(OsStr::new(VARIABLE)).map(|it| it.to_string_lossy().into_owned());
        let env = |name: &str| if name == VARIABLE { value.clone() } else { None };
        let mut needed = BTreeSet::new();
        for (step, script) in &self.scripts {
            let name = script_name(*step);
            let path = PathBuf::from("scripts").join(&name);
            let shell = Shell::new(&self.hand.world, self.hand.root(), &env, None);
            let seen = shell
                .run(Path::new(SHELL), &path)
                .map_err(|error| self.fault(&format!("by hand: {error}")))?;
            let is_new = self.told.insert((*step, script.text(), seen.told));
            if is_new || seen.failed {
                needed.insert(name.clone());
            }
            if seen.failed {
                return Ok((needed, Some(name)));
            }
        }
        Ok((needed, None))
    }

    fn compare(&self) -> Result<(), String> {
        let az = tree(self.place.system(), self.place.root());
        let hand = tree(&self.hand.world, self.hand.root());
        if az == hand {
            return Ok(());
        }
        let mut difference = String::new();
        for path in az.keys().chain(hand.keys()).collect::<BTreeSet<_>>() {
            let (az, hand) = (az.get(path), hand.get(path));
            if az != hand {
                _ = writeln!(difference, "{}: {az:?}, by hand {hand:?}", path.display());
            }
        }
        Err(self.fault(&format!("it left something else:\n{difference}")))
    }

    fn fault(&self, what: &str) -> String {
        format!("{}\n{what}", self.history.join("\n"))
    }
}

/// Returns all that is in a workspace but what az keeps there, by its path in it.
pub(super) fn tree(world: &dyn System, root: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in world.list(&root.join(&folder)).unwrap_or_default() {
            let path = folder.join(&entry.name);
            if entry.name == OWN_FOLDER {
                continue;
            }
            let Ok(stat) = world.stat(&root.join(&path)) else { continue };
            let what = match stat.kind {
                FileKind::Directory => {
                    folders.push(path.clone());
                    "a folder".to_owned()
                }
                FileKind::Link => format!("a link to {:?}", world.read_link(&root.join(&path)).ok()),
                _ => {
                    let content = world.read(&root.join(&path)).unwrap_or_default();
                    // The bits of what steps make are those it was made with, where by hand they are those that it had
                    // when it was last emptied.
                    let mode = if is_made(&path) { String::new() } else { format!("{:o} ", stat.mode) };
                    format!("{mode}{:?}", String::from_utf8_lossy(&content))
                }
            };
            all.insert(path, what);
        }
    }
    all
}
