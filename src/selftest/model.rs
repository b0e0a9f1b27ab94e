//! A random workspace that lives through random changes, built by az and by hand.
//!
//! The scripts are run by hand, one after the other, in a world that lives through the same changes. What az leaves must be
//! what is left there, and a step that az runs must have been told something it was never told before.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{
    change::{Change, Fault, ROOT},
    random::Random,
    runner::Carrier,
    script::{SOURCES, Script, VARIABLE},
    shell::Shell,
};
use crate::{
    engine::{Ask, BuildOptions, BuildResult, Engine, EngineError, Force, Glance, RunWith},
    event::{Envelope, Event},
    sys::{Faulty, FileKind, Memory, System},
};

/// Steps of a workspace.
const STEPS: usize = 5;
/// Builds of one workspace.
const BUILDS: usize = 12;
/// As often it is built until nothing is left to do; some workspaces never come to that, by hand neither.
const MOST_ROUNDS: usize = 6;
/// The program of all steps.
const SHELL: &str = "/bin/sh";

/// How often what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Builds that ended.
    pub(super) builds: usize,
    /// Steps that ran in them.
    pub(super) ran: usize,
    /// Builds in which a step ran once more, since what it had looked at was changed at the very time.
    pub(super) settled: usize,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.builds += other.builds;
        self.ran += other.ran;
        self.settled += other.settled;
    }
}

/// A workspace, by az and by hand.
struct Model {
    random: Random,
    world: Memory,
    hand: Memory,
    scripts: Vec<Script>,
    /// All versions there have been of any step, to go back to.
    versions: Vec<(usize, Script)>,
    carrier: Carrier,
    /// What each step was told, since all was forgotten.
    told: BTreeSet<(usize, String, u64)>,
    /// Something of what az knew was lost, which may show at any time.
    forgets: bool,
    /// The last build ran one step at a time.
    is_in_turn: bool,
    /// Nothing was left to do after the last builds.
    rests: bool,
    history: Vec<String>,
    counts: Counts,
}

/// Lives through the life of the workspace of a seed.
///
/// # Errors
/// What was wrong, with all that happened before.
pub(super) fn live(seed: u64) -> Result<Counts, String> {
    let mut model = Model::new(seed);
    for _ in 0..BUILDS {
        for _ in 0..model.random.below(4) {
            model.change();
        }
        if model.random.is_one_in(12) {
            model.break_something();
        }
        if model.random.is_one_in(12) {
            model.die();
        }
        model.build_and_compare()?;
    }
    Ok(model.counts)
}

fn script_name(step: usize) -> String {
    format!("04{step}0_step.sh")
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let world = || {
            let world = Memory::new().variable("PATH", "/bin").file(SHELL, "sh").mode(SHELL, 0o755);
            // In a folder that a step made, what is of no use any more goes, which by hand it does not.
            (0..STEPS).for_each(|step| _ = world.dir(format!("{ROOT}/out{step}")));
            world.file(format!("{ROOT}/az.toml"), "").dir(format!("{ROOT}/in/deep"))
        };
        let (world, hand) = (world(), world());
        let mut scripts: Vec<Script> = Vec::new();
        for step in 0..STEPS {
            let made: Vec<String> = scripts.iter().flat_map(Script::makes).collect();
            scripts.push(Script::random(&mut random, step, &made));
        }
        let carrier = Carrier::new(Arc::new(world.clone()), Path::new(SHELL));
        let mut model = Self {
            random,
            carrier,
            world,
            hand,
            scripts: scripts.clone(),
            versions: Vec::new(),
            told: BTreeSet::new(),
            forgets: false,
            is_in_turn: true,
            rests: true,
            history: vec![format!("seed {seed}")],
            counts: Counts::default(),
        };
        for (number, path) in SOURCES.iter().enumerate() {
            model.apply(&Change::Write {
                path: (*path).to_owned(),
                text: u8::try_from(number % 3).expect("small"),
            });
        }
        scripts.into_iter().enumerate().for_each(|(step, script)| model.write(step, script));
        model
    }

    fn apply(&mut self, change: &Change) {
        self.history.push(format!("{change:?}"));
        change.apply(&self.world);
        change.apply(&self.hand);
    }

    fn write(&mut self, step: usize, script: Script) {
        let text = script.text();
        self.history.push(format!("write {}:\n{text}", script_name(step)));
        for world in [&self.world, &self.hand] {
            let path = format!("{ROOT}/scripts/{}", script_name(step));
            world.file(&path, &text).mode(&path, 0o755);
        }
        self.versions.push((step, script.clone()));
        self.scripts[step] = script;
    }

    fn change(&mut self) {
        let made: Vec<String> = self.scripts.iter().flat_map(Script::makes).collect();
        match self.random.below(10) {
            0 => {
                let step = self.random.below(STEPS);
                let made: Vec<String> = self.scripts[..step].iter().flat_map(Script::makes).collect();
                let script = Script::random(&mut self.random, step, &made);
                self.write(step, script);
            }
            1 => {
                let (step, script) = self.random.pick(&self.versions).clone();
                self.write(step, script);
            }
            _ => {
                let change = Change::random(&mut self.random, &made);
                self.apply(&change);
            }
        }
    }

    /// Has something happen to what az keeps.
    fn break_something(&mut self) {
        let fault = Fault::random(&mut self.random);
        self.history.push(format!("{fault:?}"));
        fault.apply(&self.world, &PathBuf::from(ROOT).join(".azcache"));
        self.forgets = true;
    }

    /// Builds with an az that is killed on the way.
    fn die(&mut self) {
        let changes = self.random.below(120);
        self.history.push(format!("build, killed after {changes} changes"));
        let faulty = Faulty::new(self.world.clone());
        faulty.die_after(changes);
        let system: Arc<dyn System> = Arc::new(faulty);
        let carrier = self.carrier.within(Arc::clone(&system));
        _ = self.build(&system, &carrier, Force::No);
        self.carrier.take_ran();
        self.forgets = true;
    }

    fn build(
        &mut self,
        system: &Arc<dyn System>,
        carrier: &Carrier,
        force: Force,
    ) -> Option<Result<BuildResult, EngineError>> {
        let ask = Ask { arguments: vec!["*".to_owned()], ..Ask::default() };
        let jobs = if self.random.is_one_in(4) { 1 + self.random.below(4) } else { 1 };
        self.is_in_turn = jobs == 1;
        let options = BuildOptions {
            jobs: Some(jobs),
            force,
            run_with: RunWith::new(Arc::new(carrier.clone())),
            ..BuildOptions::default()
        };
        self.history.push(format!("build with {jobs} at once, force {force:?}"));
        let root = Path::new(ROOT);
        let told = &mut self.history;
        let mut tell = |event: &Envelope| {
            if let Event::ScriptStarted { .. } | Event::ScriptCompleted { cached: false, .. } = &event.event {
                told.push(format!("  {:?}", event.event));
            }
        };
        match Engine::glance(&**system, root, &ask, &options) {
            Glance::UpToDate(_) => None,
            Glance::Partly(partly) => {
                let what = (&ask, &options);
                Some(Engine::build_partly(
                    system,
                    root,
                    what,
                    &partly,
                    &mut |_, event, _| tell(event),
                    &mut || (),
                ))
            }
            Glance::Unknown => {
                let built = Engine::open(Arc::clone(system), root).and_then(|mut engine| {
                    engine.plan_ahead(&ask);
                    engine.build(&ask, &options, &mut |event, _| tell(event), &mut || ())
                });
                Some(built)
            }
        }
    }

    /// Builds by az and by hand, and compares; until nothing is left to do, if it comes to that.
    fn build_and_compare(&mut self) -> Result<(), String> {
        let world: Arc<dyn System> = Arc::new(self.world.clone());
        let carrier = self.carrier.clone();
        let has_rested = std::mem::take(&mut self.rests);
        for round in 0..MOST_ROUNDS {
            if round > 0 {
                // What was changed at this time, or after it by a clock that was set back, may be changing still.
                self.world.advance(Duration::from_secs(10));
            }
            let before = tree(&self.hand);
            let needed = self.by_hand()?;
            let is_at_rest = round > 0 && needed.is_empty() && tree(&self.hand) == before;
            let force = if self.random.is_one_in(30) { Force::All } else { Force::No };
            let built = self.build(&world, &carrier, force);
            let ran = self.carrier.take_ran();
            self.history.push(format!("ran {ran:?}, needed {needed:?}"));
            match built {
                Some(Ok(result)) if result.exit_code != 0 => {
                    return Err(self.fault(&format!("it ended with {}: {:?}", result.exit_code, result.view)));
                }
                Some(Err(error)) => return Err(self.fault(&format!("it was refused: {error:?}"))),
                _ => {}
            }
            self.compare()?;
            self.counts.builds += 1;
            self.counts.ran += ran.len();
            let is_known = force == Force::No && !self.forgets;
            if is_known && ran.iter().any(|name| !needed.contains(name)) {
                // Side by side a step may run twice, and once more if what it looked at was just being changed.
                if round == 0 && has_rested && self.is_in_turn {
                    return Err(self.fault("a step ran that had been told all this before"));
                }
                self.counts.settled += 1;
            }
            if is_at_rest && ran.is_empty() {
                self.rests = true;
                return Ok(());
            }
            // What leads round in a circle cannot be read, and whoever asked it runs each time.
            let is_doubtful =
                self.history.iter().rev().take(2 * STEPS).any(|line| line.contains("kind: \"doubtful\""));
            if is_at_rest && round > 2 && force == Force::No && !is_doubtful {
                return Err(self.fault("it does not come to rest"));
            }
        }
        Ok(())
    }

    /// Runs all scripts by hand, one after the other; returns the names of those that were told something new.
    fn by_hand(&mut self) -> Result<BTreeSet<String>, String> {
        let value = self
            .hand
            .env()
            .get(std::ffi::OsStr::new(VARIABLE))
            .map(|value| value.to_string_lossy().into_owned());
        let env = |name: &str| if name == VARIABLE { value.clone() } else { None };
        let mut needed = BTreeSet::new();
        for step in 0..STEPS {
            let name = script_name(step);
            let path = PathBuf::from("scripts").join(&name);
            let shell = Shell::new(&self.hand, Path::new(ROOT), &env, None);
            let seen = shell
                .run(Path::new(SHELL), &path)
                .map_err(|error| self.fault(&format!("by hand: {error}")))?;
            if self.told.insert((step, self.scripts[step].text(), seen.told)) {
                needed.insert(name);
            }
        }
        Ok(needed)
    }

    fn compare(&self) -> Result<(), String> {
        let (az, hand) = (tree(&self.world), tree(&self.hand));
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

/// Returns all that is in a workspace but what az keeps there.
fn tree(world: &Memory) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![PathBuf::from(ROOT)];
    while let Some(folder) = folders.pop() {
        for entry in world.list(&folder).unwrap_or_default() {
            let path = folder.join(&entry.name);
            let name = entry.name.to_string_lossy();
            // What a killed az was about to put somewhere has a name that nobody takes for another's.
            if name == ".azcache" || (name.starts_with(".az-") && name.ends_with(".tmp")) {
                continue;
            }
            let Ok(stat) = world.stat(&path) else { continue };
            let what = match stat.kind {
                FileKind::Directory => {
                    folders.push(path.clone());
                    "a folder".to_owned()
                }
                FileKind::Link => format!("a link to {:?}", world.read_link(&path)),
                _ => format!(
                    "{:o} {:?}",
                    stat.mode,
                    String::from_utf8_lossy(&world.read(&path).unwrap_or_default())
                ),
            };
            all.insert(path, what);
        }
    }
    all
}
