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
    change::{Change, files_below, remove},
    course::Act,
    kept::Kept,
    memory::{InMemory, SHELL},
    place::{Built, End, Failing, How, Outcome, PLAYBOOK, Place as _, ROW, Request, With, name_of},
    random::Random,
    script::{MADE, PROGRAM, SOURCES, Script, VARIABLE, WHERE, is_made},
    shell::{Shell, number_of},
    tree::{difference, tree},
};
use crate::sys::{FileKind, Memory, OWN_FOLDER, System};

/// As often it is built until nothing is left to do; some workspaces never come to that, by hand neither.
const MOST_ROUNDS: usize = 6;

/// What az says that ends with 1 on a disk that fails.
const SHORT: [&str; 3] = ["be brought back", "cannot be undone", STUCK];
/// What it says of steps that overlapped in the wrong order, where what the earlier one left is not there any more.
const STUCK: &str = "cannot be run again";

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

fn script_name(step: usize) -> String {
    format!("{}.sh", name_of(step, None))
}

/// Steps, their scripts and what these were told, in one number.
type Told = BTreeSet<(usize, String, u64)>;

/// A workspace, by az and by hand.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Life<'a> {
    place: &'a mut dyn Built,
    hand: InMemory,
    scripts: BTreeMap<usize, Script>,
    /// What each step was told, since all was forgotten.
    told: Told,
    /// Scripts that stood there in a build, each with what runs it.
    tried: BTreeSet<(usize, u64)>,
    /// Steps that ran by hand of which that had never been there before.
    fresh: BTreeSet<String>,
    /// What az kept after the first build.
    saved: Option<Kept>,
    /// az may know of steps that never ran here.
    knows_more: bool,
    /// So much the clock was set back since it was waited for that.
    behind: Duration,
    /// Something of what az knew was lost, which may show at any time.
    forgets: bool,
    /// Steps that an az that was killed said to have ended well, and nothing was changed since.
    done: Vec<String>,
    /// A person may have written where steps write, since the last build.
    is_tampered: bool,
    /// A step may have left a part of what it makes, which goes when all is built.
    is_torn: bool,
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
        let hand = InMemory::at(place.root());
        let mut life = Self {
            place,
            hand,
            scripts: BTreeMap::new(),
            told: BTreeSet::new(),
            tried: BTreeSet::new(),
            fresh: BTreeSet::new(),
            saved: None,
            knows_more: false,
            behind: Duration::ZERO,
            forgets: false,
            done: Vec::new(),
            is_tampered: false,
            is_torn: false,
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
                if let Change::SetBack(time) = change {
                    self.behind += Duration::from_millis(*time);
                }
                if let Change::Root { .. } = change {
                    // Where it lies is in no key. Of a step that leaves that there is one record, good at one place.
                    self.told.retain(|(_, script, _)| !script.contains(WHERE));
                }
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
            Act::Foreign(seed) => self.take_foreign(*seed)?,
            Act::Past => self.take_back(),
            Act::PowerCut(seed) => self.cut_power(*seed),
            Act::Killed { at, jobs } => self.die(*at, *jobs)?,
            Act::Build(how) => self.build_and_compare(&mut Random::new(*how))?,
            Act::During { change, at, jobs } => self.build_during(change, *at, *jobs)?,
            Act::Twice(how) => self.build_twice(&mut Random::new(*how))?,
        }
        Ok(())
    }

    /// Puts what az keeps of another workspace, of the same scripts over other sources, in the place of what it keeps of
    /// this one.
    fn take_foreign(&mut self, seed: u64) -> Result<(), String> {
        let mut other = self.place.another();
        // Nothing of it was made at a time at which something of this one was.
        other.wait(Duration::from_nanos(86_400_000_123_457));
        let mut random = Random::new(seed);
        let source =
            |path: &&str| Act::Change(Change::Write { path: (*path).to_owned(), text: random.text(4) });
        let sources: Vec<Act> = SOURCES.iter().map(source).collect();
        let scripts = self.scripts.iter().map(|(step, script)| Act::Script(*step, script.clone()));
        let build = Act::Build(random.next());
        Life::live(&mut *other, &sources.into_iter().chain(scripts).chain([build]).collect::<Vec<_>>())?;
        self.history.push(format!("what az keeps is that of another life, {seed}"));
        self.put(&Kept::of(other.system(), other.root()));
        self.knows_more = true;
        Ok(())
    }

    /// Puts back what az kept after the first build.
    fn take_back(&mut self) {
        if let Some(kept) = self.saved.take() {
            self.history.push("what az keeps is what it kept after the first build".to_owned());
            self.put(&kept);
            self.saved = Some(kept);
        }
    }

    fn put(&mut self, kept: &Kept) {
        self.done.clear();
        kept.put(self.place.system(), self.place.root());
        // It is on the disk before the power can go: az does not flush what others wrote.
        self.place.wait(Duration::from_secs(10));
        self.forgets = true;
    }

    fn write(&mut self, step: usize, script: &Script) {
        let (name, text) = (script_name(step), script.text());
        self.history.push(format!("write {name}:\n{text}"));
        self.write_to_both(&format!("scripts/{name}"), &text);
        self.scripts.insert(step, script.clone());
    }

    /// Writes a file of which nobody else is in the way.
    fn write_to_both(&self, path: &str, text: &str) {
        for place in [&*self.place as &dyn super::place::Place, &self.hand] {
            let path = place.root().join(path);
            let folder = path.parent().expect("it has one");
            let written = place
                .system()
                .create_dir_all(folder)
                .and_then(|()| place.system().write(&path, text.as_bytes(), 0o755));
            written.expect("nobody is in the way of scripts");
        }
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
        self.is_torn = true;
        self.forgets = true;
    }

    fn die(&mut self, at: u64, jobs: usize) -> Result<(), String> {
        let jobs = if self.must_take_turns() { 1 } else { jobs };
        self.history.push(format!("build with {jobs} at once, killed at {at}"));
        self.note_tried();
        let outcome = self.place.build(How { killed_at: Some(at), ..How::plain(jobs) });
        self.history.push(format!("done by then: {:?}, ran: {:?}", outcome.done, outcome.ran));
        self.counts.killed += 1;
        self.counts.survived = self.counts.survived.max(outcome.survived);
        if outcome.survived > Duration::from_secs(1) {
            return Err(self.fault(&format!("processes lived on for {:?}", outcome.survived)));
        }
        // Side by side what was said to have ended is provisional: an earlier step may still make it run again.
        self.done = if jobs == 1 { outcome.done } else { Vec::new() };
        self.is_torn = true;
        self.forgets = true;
        Ok(())
    }

    /// Builds by az and by hand, and compares; until nothing is left to do, if it comes to that.
    fn build_and_compare(&mut self, random: &mut Random) -> Result<(), String> {
        let has_rested = std::mem::take(&mut self.rests);
        let request = if random.is_one_in(6) { self.request(random) } else { Request::All };
        let mut was_failing = false;
        for round in 0..MOST_ROUNDS {
            if round > 0 {
                self.settle();
            }
            let before = tree(&self.hand.world, self.hand.root());
            let (needed, failed) = self.by_hand(request)?;
            let is_still = tree(&self.hand.world, self.hand.root()) == before;
            let is_at_rest = round > 0 && needed.iter().all(|name| Some(name) == failed.as_ref()) && is_still;
            let jobs = if !self.must_take_turns() && random.is_one_in(4) { 1 + random.below(4) } else { 1 };
            self.is_in_turn = jobs == 1;
            let failing = Self::failing(random).filter(|_| self.place.has_faults());
            self.forgets |= failing.is_some_and(|failing| failing.with != With::Pieces);
            let how = How { request, jobs, force: random.is_one_in(30), killed_at: None, failing };
            let forced = if how.force { ", forced" } else { "" };
            let faults = how.failing.map_or_else(String::new, |failing| format!(", {failing:?}"));
            self.history.push(format!("build {request:?} with {jobs} at once{forced}{faults}"));
            let outcome = self.place.build(how);
            self.history.extend(outcome.told.iter().cloned());
            self.history.push(format!("ran {:?}, needed {needed:?}", outcome.ran));
            self.check(&outcome, how, &needed, failed.is_some(), round == 0 && has_rested)?;
            let lasting = outcome.ran.iter().all(|name| Some(name) == failed.as_ref());
            if is_at_rest && lasting {
                self.rests = request.is_all();
                return Ok(());
            }
            // What leads round in a circle cannot be read, and whoever asked it runs each time.
            let is_doubtful = outcome.told.iter().any(|line| line.contains("doubtful"));
            // What could not be kept runs once more.
            let is_disturbed = std::mem::replace(&mut was_failing, failing.is_some()) || failing.is_some();
            if is_at_rest && round > 2 && !how.force && !is_doubtful && !is_disturbed {
                return Err(self.fault("it does not come to rest"));
            }
        }
        Ok(())
    }

    /// Waits until what was changed at this time, or after it by a clock that was set back, cannot be changing still.
    fn settle(&mut self) {
        self.place.wait(Duration::from_secs(10) + std::mem::take(&mut self.behind));
    }

    /// Which steps ran beside one that fails nobody can say before.
    fn must_take_turns(&self) -> bool {
        self.scripts.values().any(Script::can_fail)
    }

    /// Says what fails of what az does in a build, if anything.
    fn failing(random: &mut Random) -> Option<Failing> {
        random.is_one_in(16).then(|| {
            let with = match random.below(4) {
                0 => With::Pieces,
                1 => With::Error(io::ErrorKind::Other),
                _ => With::Error(io::ErrorKind::StorageFull),
            };
            // Who is interrupted each time comes to no end.
            let most = if with == With::Pieces { 20 } else { usize::MAX };
            let (after, count) = (random.next(), [1, 3, most][random.below(3)]);
            Failing { after, count, with, reads: random.is_one_in(2) }
        })
    }

    /// Says what else may be asked for than all.
    fn request(&mut self, random: &mut Random) -> Request {
        let steps: Vec<usize> = self.scripts.keys().copied().collect();
        let row = steps.get(random.below(steps.len().max(1)));
        let Some(row) = row.filter(|_| !self.is_torn) else { return Request::All };
        if random.is_one_in(3) {
            self.write_playbook(&steps, random.below(steps.len()));
            return Request::Playbook;
        }
        if self.scripts[row].is_by_row() && random.is_one_in(2) {
            return Request::Rows(*row);
        }
        let mut some = 1_u8 << row | random.text(256);
        // Who gathers lines goes on gathering by hand, where az gives what a clean run gives.
        let shares = |step: &usize| self.scripts[step].shares();
        if steps.iter().any(|step| some & (1 << step) != 0 && shares(step)) {
            some |= steps.iter().filter(|step| shares(step)).fold(0, |all, step| all | 1 << step);
        }
        Request::Some(some)
    }

    /// Writes a playbook of two jobs, the second of which begins with a step.
    fn write_playbook(&mut self, steps: &[usize], second: usize) {
        let mut text = format!("metadata: {{ name: {PLAYBOOK}, version: '3.0' }}\norchestration:\n  jobs:\n");
        for (place, step) in steps.iter().enumerate() {
            if place == 0 || place == second {
                let needs = if place == 0 { "" } else { "      needs: job0\n" };
                _ = writeln!(text, "    job{place}:\n{needs}      steps:");
            }
            _ = writeln!(text, "        - run: '04{step}0'");
        }
        self.history.push(format!("write the playbook:\n{text}"));
        self.write_to_both(&format!("playbooks/{PLAYBOOK}.yaml"), &text);
    }

    /// Has a file changed while az builds. What the steps saw nobody knows; the change stays, and the builds after it
    /// begin with what lies there.
    fn build_during(&mut self, change: &Change, at: u64, jobs: usize) -> Result<(), String> {
        let jobs = if self.must_take_turns() { 1 } else { jobs };
        self.history.push(format!("build with {jobs} at once, and meanwhile, at {at}, {change:?}"));
        self.note_tried();
        let outcome = self.place.build_during(How::plain(jobs), at, change);
        self.history.extend(outcome.told.iter().cloned());
        self.history.push(format!("ran {:?}", outcome.ran));
        change.apply(&mut self.hand);
        let may_fail = self.scripts.values().any(Script::can_fail);
        // What a step left is not kept if what it read was changed meanwhile. Where one that overlapped it in the wrong
        // order is to run again on that, this cannot be brought back, and az says so.
        let is_stuck = jobs > 1 && outcome.told.iter().any(|line| line.contains(STUCK));
        if outcome.end != End::Code(0) && !((may_fail || is_stuck) && outcome.end == End::Code(1)) {
            return Err(self.fault(&format!("it ended with {:?}", outcome.end)));
        }
        self.is_torn |= is_stuck;
        let sources = |world: &dyn System, root: &Path| {
            let mut all = tree(world, root);
            all.retain(|path, _| !is_made(path));
            all
        };
        let az = sources(self.place.system(), self.place.root());
        let hand = sources(&self.hand.world, self.hand.root());
        if az != hand {
            return Err(self.fault(&format!("what a person wrote is not there:\n{}", difference(&az, &hand))));
        }
        self.take_over();
        self.done.clear();
        self.rests = false;
        self.counts.builds += 1;
        Ok(())
    }

    /// Brings the world by hand into the state that az left.
    fn take_over(&self) {
        let (az, hand) =
            (tree(self.place.system(), self.place.root()), tree(&self.hand.world, self.hand.root()));
        let (from, to) = ((self.place.system(), self.place.root()), (&self.hand.world, self.hand.root()));
        let differs = |path: &&PathBuf| az.get(*path) != hand.get(*path);
        for path in hand.keys().filter(differs) {
            _ = remove(to.0, &to.1.join(path));
        }
        for path in az.keys().filter(differs) {
            let (source, target) = (from.1.join(path), to.1.join(path));
            let copied = from.0.stat(&source).and_then(|stat| match stat.kind {
                FileKind::Directory => to.0.create_dir_all(&target),
                FileKind::Link => to.0.symlink(&from.0.read_link(&source)?, &target),
                _ => to.0.write(&target, &from.0.read(&source)?, stat.mode),
            });
            copied.expect("nobody else is in the workspaces");
        }
    }

    /// Lets two az build at once: what is left is what one after the other leaves, and neither does what the other did.
    fn build_twice(&mut self, random: &mut Random) -> Result<(), String> {
        self.rests = false;
        self.place.tick(Duration::from_millis(1));
        self.settle();
        let (start, told) = (self.hand.world.fork(), self.told.clone());
        let (first, failed) = self.by_hand(Request::All)?;
        let before = tree(&self.hand.world, self.hand.root());
        let (second, _) = self.by_hand(Request::All)?;
        let is_still = tree(&self.hand.world, self.hand.root()) == before;
        let is_settled = is_still && failed.is_none() && second.is_empty();
        let other = if is_settled && random.is_one_in(2) { self.request(random) } else { Request::All };
        self.by_hand(other)?;
        let jobs = if self.must_take_turns() { 1 } else { 1 + random.below(2) };
        let mut hows = [How::plain(jobs), How { request: other, ..How::plain(jobs) }];
        if random.is_one_in(2) {
            hows.reverse();
        }
        self.history.push(format!("build twice at once: {hows:?}"));
        let outcomes = self.place.build_twice(hows);
        for outcome in &outcomes {
            self.history.extend(outcome.told.iter().cloned());
            self.history.push(format!("ran {:?}, needed {first:?}, then {second:?}", outcome.ran));
        }
        let expected = End::Code(u8::from(failed.is_some()));
        if let Some(outcome) = outcomes.iter().find(|outcome| outcome.end != expected) {
            return Err(self.fault(&format!("one ended with {:?} instead of {expected:?}", outcome.end)));
        }
        // Either may have come first.
        let (other_first, told) = self.by_hand_from(start, told, &[other, Request::All])?;
        if tree(self.place.system(), self.place.root()) == other_first {
            self.take_over();
            self.told.retain(|what| told.contains(what));
        }
        self.compare()?;
        self.is_tampered = false;
        self.done.clear();
        self.counts.builds += 2;
        let ran: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.ran).collect();
        let times = |name: &String| ran.iter().filter(|ran| **ran == name).count();
        let is_due = |name: &String| Some(name) == failed.as_ref() || second.contains(name);
        // If some steps came first, what they read was another thing when all came.
        let is_strict = jobs == 1 && !matches!(other, Request::Some(_));
        if is_strict && ran.iter().any(|name| times(name) > 1 && !is_due(name)) {
            return Err(self.fault("both ran the same step"));
        }
        Ok(())
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
            self.is_torn = true;
            // What it did not come to runs the next time.
            self.done.retain(|name| !needed.contains(name));
            return Ok(());
        }
        let expected = End::Code(u8::from(has_failed));
        if outcome.end != expected {
            return Err(self.fault(&format!("it ended with {:?} instead of {expected:?}", outcome.end)));
        }
        self.compare()?;
        self.is_tampered = false;
        self.is_torn = false;
        self.counts.builds += 1;
        self.saved.get_or_insert_with(|| Kept::of(self.place.system(), self.place.root()));
        if let Some(name) = self.fresh.iter().find(|name| !self.knows_more && !outcome.ran.contains(name)) {
            return Err(
                self.fault(&format!("{name} did not run, and never ran as it is or in what it runs in"))
            );
        }
        let is_lost = |name: &String| self.done.contains(name) && !needed.contains(name);
        // What cannot be read just now may be needed.
        let can_know = how.failing.is_none_or(|failing| failing.with == With::Pieces);
        if can_know && !how.force && self.is_in_turn && outcome.ran.iter().any(is_lost) {
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
    fn by_hand(&mut self, request: Request) -> Result<(BTreeSet<String>, Option<String>), String> {
        let value =
            self.hand.world.env().get(OsStr::new(VARIABLE)).map(|it| it.to_string_lossy().into_owned());
        let mut needed = BTreeSet::new();
        self.fresh.clear();
        let asked = self.scripts.iter().filter(|(step, _)| request.has(**step));
        let asked = asked.flat_map(|it| request.rows().iter().map(move |row| (it, *row)));
        for ((step, script), row) in asked {
            let is_asked = script.condition.as_ref();
            if is_asked.is_some_and(|it| !it.holds(&self.hand.world, self.hand.root())) {
                continue;
            }
            let env = |name: &str| match name {
                VARIABLE => value.clone(),
                ROW => row.map(str::to_owned),
                _ => None,
            };
            let name = name_of(*step, row);
            let path = PathBuf::from("scripts").join(script_name(*step));
            let shell = Shell::new(&self.hand.world, self.hand.root(), &env, None);
            let seen = shell
                .run(Path::new(SHELL), &path)
                .map_err(|error| self.fault(&format!("by hand: {error}")))?;
            if self.tried.insert((*step, self.number_of(script))) {
                self.fresh.insert(name.clone());
            }
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

    /// Returns what these builds by hand leave from another state on, and what was told by then.
    fn by_hand_from(
        &mut self,
        start: Memory,
        told: Told,
        requests: &[Request],
    ) -> Result<(BTreeMap<PathBuf, String>, Told), String> {
        let now = (std::mem::replace(&mut self.hand.world, start), std::mem::replace(&mut self.told, told));
        let done = requests.iter().try_for_each(|request| self.by_hand(*request).map(drop));
        let left = tree(&self.hand.world, self.hand.root());
        self.hand.world = now.0;
        done.map(|()| (left, std::mem::replace(&mut self.told, now.1)))
    }

    /// Notes that a build may have run all scripts as they are.
    fn note_tried(&mut self) {
        let all = self.scripts.iter().map(|(step, script)| (*step, self.number_of(script)));
        self.tried.extend(all.collect::<Vec<_>>());
    }

    /// Returns one number for a script and what it runs in.
    fn number_of(&self, script: &Script) -> u64 {
        let program = script.has_program.then(|| self.hand.root().join(PROGRAM));
        let read = |path: &Path| self.hand.world.read(path).ok();
        number_of(&(script.text(), read(Path::new(SHELL)), program.as_deref().and_then(read)))
    }

    fn compare(&self) -> Result<(), String> {
        let az = tree(self.place.system(), self.place.root());
        let hand = tree(&self.hand.world, self.hand.root());
        if az == hand {
            return Ok(());
        }
        Err(self.fault(&format!("it left something else:\n{}", difference(&az, &hand))))
    }

    fn fault(&self, what: &str) -> String {
        format!("{}\n{what}", self.history.join("\n"))
    }
}
