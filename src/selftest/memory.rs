//! A workspace in memory, whose scripts are carried out by an interpreter.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{
    change::{Change, content, files_below},
    place::{Built, End, Failing, How, Outcome, Place, ROW, ROWS, Request, With, without_job},
    random::Random,
    runner::Carrier,
    script::{PROGRAM, STEPS, VARIABLE},
};
use crate::{
    engine::{Ask, BuildOptions, BuildResult, Engine, EngineError, Force, Glance, RunWith},
    event::{Envelope, Event},
    sys::{Faulty, Memory, OWN_FOLDER, System},
};

/// Where the workspace lies, if nobody says another place.
const ROOT: &str = "/w";
/// The program of all steps.
pub(super) const SHELL: &str = "/bin/sh";

/// What was written so long ago is on the disk.
const FLUSHED_AFTER: Duration = Duration::from_secs(3);
/// A build changes about so many things before it has ended.
const MOST_CHANGES: u64 = 120;
/// Its steps do about so many things, if several run.
const MOST_ACTS: u64 = 10;

/// A workspace in memory.
pub(super) struct InMemory {
    pub(super) world: Memory,
    root: PathBuf,
    carrier: Carrier,
}

impl InMemory {
    pub(super) fn new() -> Self {
        Self::at(Path::new(ROOT))
    }

    pub(super) fn at(root: &Path) -> Self {
        let world = Memory::new().variable("PATH", "/bin").file(SHELL, "sh").mode(SHELL, 0o755);
        // In a folder that a step made, what is of no use any more goes, which by hand it does not.
        (0..STEPS).for_each(|step| _ = world.dir(root.join(format!("out{step}"))));
        world.file(root.join("az.toml"), "").dir(root.join("in/deep"));
        world.file(root.join(PROGRAM), content(PROGRAM, 0)).mode(root.join(PROGRAM), 0o755);
        Self::of(world, root)
    }

    /// Takes a world that has a workspace.
    pub(super) fn of(world: Memory, root: &Path) -> Self {
        let carrier = Carrier::new(Arc::new(world.clone()), Path::new(SHELL));
        Self { world, root: root.to_owned(), carrier }
    }
}

impl Place for InMemory {
    fn root(&self) -> &Path {
        &self.root
    }

    fn system(&self) -> &dyn System {
        &self.world
    }

    fn date(&self, path: &Path, mtime_ns: i64) -> io::Result<()> {
        self.world.date(path, mtime_ns)
    }

    fn move_to(&mut self, name: &str) -> io::Result<()> {
        let root = self.root.with_file_name(name);
        self.world.rename(&self.root, &root)?;
        self.root = root;
        Ok(())
    }

    fn set_shell(&self, text: u8) {
        self.world.file(SHELL, format!("sh{text}"));
    }

    fn set_variable(&mut self, value: Option<String>) {
        match value {
            Some(value) => self.world.variable(VARIABLE, value),
            None => self.world.without_variable(VARIABLE),
        };
    }

    fn wait(&self, time: Duration) {
        self.world.advance(time);
        if time >= FLUSHED_AFTER {
            self.world.flush_all();
        }
    }

    fn cut_power(&self, random: &mut Random) {
        // Editors flush what they write, and half a script may be anything.
        for script in files_below(&self.world, &self.root().join("scripts")) {
            let flushed = self.world.append(&script).and_then(|file| file.flusher()?());
            flushed.expect("scripts are files");
        }
        self.world.cut_power(&mut |bytes| match random.below(4) {
            0 | 1 => (bytes, false),
            _ => (random.below(bytes + 1), random.is_one_in(2)),
        });
    }

    fn tick(&self, step: Duration) {
        self.world.tick(step);
    }

    fn set_back(&self, time: Duration) {
        self.world.set_back(time);
    }
}

impl Built for InMemory {
    /// An az that is killed can change so many things, and nothing after them.
    fn build(&mut self, how: How) -> Outcome {
        build_in(&self.world, &self.root, &self.carrier, how)
    }

    fn another(&self) -> Box<dyn Built> {
        Box::new(Self::new())
    }

    fn has_faults(&self) -> bool {
        true
    }

    /// The moment is a number of acts of steps.
    fn build_during(&mut self, how: How, at: u64, change: &Change) -> Outcome {
        let (mut other, change) = (Self::of(self.world.clone(), &self.root), change.clone());
        self.carrier.plan(at % MOST_ACTS, Box::new(move || change.apply(&mut other)));
        let outcome = self.build(how);
        self.carrier.take_due().into_iter().for_each(|due| due());
        outcome
    }

    fn build_twice(&mut self, hows: [How; 2]) -> [Outcome; 2] {
        std::thread::scope(|scope| {
            let builds = hows.map(|how| {
                let (world, root, carrier) = (&self.world, &self.root, self.carrier.another());
                scope.spawn(move || build_in(world, root, &carrier, how))
            });
            builds.map(|build| build.join().expect("a build does not panic"))
        })
    }
}

fn build_in(world: &Memory, root: &Path, carrier: &Carrier, how: How) -> Outcome {
    let mut outcome = Outcome::default();
    let faulty = Faulty::new(world.clone());
    let built = if let Some(changes) = how.killed_at {
        faulty.die_after(usize::try_from(changes % MOST_CHANGES).expect("it is small"));
        let system: Arc<dyn System> = Arc::new(faulty.clone());
        let carrier = carrier.within(Arc::clone(&system));
        build(&system, root, &carrier, how, &mut |event| {
            // What it says after its death nobody hears.
            if !faulty.has_failed() {
                note(&mut outcome, event);
            }
        })
    } else if let Some(Failing { after, count, with, reads }) = how.failing {
        let below = root.join(OWN_FOLDER);
        let faulty = match with {
            With::Error(kind) => faulty.failing_below(below, kind, reads),
            With::Pieces => faulty.in_pieces_below(below),
        };
        faulty.fail_so_many_after(usize::try_from(after % MOST_CHANGES).expect("it is small"), count);
        let system: Arc<dyn System> = Arc::new(faulty);
        build(&system, root, carrier, how, &mut |event| note(&mut outcome, event))
    } else {
        let system: Arc<dyn System> = Arc::new(world.clone());
        build(&system, root, carrier, how, &mut |event| note(&mut outcome, event))
    };
    outcome.ran = carrier.take_ran();
    if how.killed_at.is_none() {
        outcome.end = match built {
            None => End::Code(0),
            Some(Ok(result)) => End::Code(result.exit_code),
            Some(Err(error)) => End::Refused(format!("{error:?}")),
        };
    }
    outcome
}

fn note(outcome: &mut Outcome, event: &Envelope) {
    match &event.event {
        Event::ScriptCompleted { node, cached, exit_code: Some(0), .. } => {
            outcome.done.push(without_job(node));
            if !cached {
                outcome.told.push(format!("  {:?}", event.event));
            }
        }
        Event::ScriptStarted { .. }
        | Event::ScriptFailed { .. }
        | Event::Warning { .. }
        | Event::ScriptCompleted { cached: false, .. } => {
            outcome.told.push(format!("  {:?}", event.event));
        }
        _ => {}
    }
}

fn build(
    system: &Arc<dyn System>,
    root: &Path,
    carrier: &Carrier,
    how: How,
    tell: &mut dyn FnMut(&Envelope),
) -> Option<Result<BuildResult, EngineError>> {
    let rows = || vec![(ROW.to_owned(), ROWS.map(|row| row.to_owned().into()).to_vec())];
    let matrix = if matches!(how.request, Request::Rows(_)) { rows() } else { Vec::new() };
    let ask = Ask { arguments: vec![how.request.words()], matrix, ..Ask::default() };
    let options = BuildOptions {
        jobs: Some(how.jobs),
        force: if how.force { Force::All } else { Force::No },
        allow_empty: true,
        run_with: RunWith::new(Arc::new(carrier.clone())),
        ..BuildOptions::default()
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
