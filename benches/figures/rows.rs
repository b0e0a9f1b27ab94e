//! What is measured, one function for each kind of work. After every build the outputs and the number of steps that ran
//! are checked: a figure of a wrong answer is none.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    asked::{asked, has},
    ear::Ear,
    floor,
    measure::{Cost, cost, median, middle},
    table::{Row, time, words},
    watch,
    workload::{Declared, Shape, command},
    world::{THREADS, World},
};

/// How often things are done; the medians count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    /// What takes milliseconds.
    pub(crate) short: usize,
    /// What runs steps.
    pub(crate) long: usize,
}

impl Rounds {
    /// Returns how often a workspace of that size is measured.
    pub(crate) fn of(steps: usize) -> Self {
        Self { short: (20_000 / steps).clamp(5, 21) | 1, long: (3_000 / steps).clamp(1, 3) | 1 }
    }
}

/// Measures everything in a workspace of that size.
pub(crate) fn measure(shape: Shape, steps: usize, rounds: Rounds) -> Vec<Row> {
    let declared = World::new(shape, steps, Declared::All);
    let mut rows = vec![];
    _ = cold(&declared, "cold, tracing off", 1.8, rounds, &mut rows);
    drop(declared);
    let mut world = World::new(shape, steps, Declared::Nothing);
    let first = cold(&world, "cold, traced", 2.3, rounds, &mut rows);
    rows.push(memory("memory of the cold run", first, (steps <= 100_000).then_some(400)));
    if !(world.settle(1) && world.settle(THREADS)) {
        eprintln!("az cannot trace here: what rests on that is left out");
        return rows;
    }
    let quiet = no_op(&world, rounds, &mut rows);
    leaf(&mut world, quiet.wall, rounds, &mut rows);
    rows.push(cutoff(&mut world, rounds));
    rows.push(branch(&mut world, quiet, rounds));
    rows.push(touch(&world, rounds));
    watch::beside_a_watch(&mut world, rounds, &mut rows);
    rows
}

/// The first build, beside the same commands run by a loop; returns what az takes.
fn cold(world: &World, what: &'static str, bar: f64, rounds: Rounds, rows: &mut Vec<Row>) -> Cost {
    let waves: Vec<_> = world.workload.waves().iter().map(|wave| wave.join("\n")).collect();
    let list = world.list("commands", &waves.join("\0"));
    let mut costs = [vec![], vec![]];
    for _ in 0..rounds.long {
        world.forget();
        costs[1].push(cost(&world.floor("exec", THREADS, &list)));
        world.must_be_right();
        world.forget();
        let (cost, ran) = world.build();
        assert_eq!(ran, world.workload.steps(), "each step runs once");
        costs[0].push(cost);
    }
    let [az, floor] = costs.map(|costs| median(&costs));
    rows.push(beside(what, az, "the commands alone: ", floor, bar));
    az
}

/// Nothing to do, beside the same questions to the file system; returns what az takes.
fn no_op(world: &World, rounds: Rounds, rows: &mut Vec<Row>) -> Cost {
    let list = questions(world);
    let mut costs = [const { vec![] }; 4];
    let commands =
        [world.az(1), world.floor("stat", 1, &list), world.az(THREADS), world.floor("stat", THREADS, &list)];
    for _ in 0..rounds.short {
        for (costs, command) in costs.iter_mut().zip(&commands) {
            costs.push(cost(command));
        }
    }
    assert_eq!(world.ran(), 0, "nothing runs where nothing is to be done");
    let [az_one, floor_one, az, floor] = costs.map(|costs| median(&costs));
    rows.push(beside("nothing to do, one thread", az_one, "stat of the same paths: ", floor_one, 1.25));
    rows.push(beside("nothing to do, two threads", az, "stat of the same paths: ", floor, 1.5));
    rows.push(Row {
        what: "nothing to do, wall",
        az: time(az.wall),
        floor: time(floor.wall),
        ratio: Some((over(az.wall, floor.wall), Some(1.5))),
        grows: None,
    });
    let bar = match world.workload.steps() {
        ..=10_000 => 30,
        _ => 128,
    };
    rows.push(memory("memory with nothing to do", az, Some(bar)));
    az
}

/// Writes down what az asks; without `strace` it is every file and folder there is.
fn questions(world: &World) -> std::path::PathBuf {
    let list = if has("strace") {
        let asked_by_az = asked(&world.az(1));
        let list = world.list("questions", &asked_by_az.list);
        let asked_by_floor = asked(&world.floor("stat", 1, &list));
        assert!(asked_by_az.list == asked_by_floor.list, "the floor asks what az asks, and nothing else");
        asked_by_az.list
    } else {
        eprintln!("strace is absent: the floor asks for the sources alone");
        let sources: Vec<_> =
            world.workload.sources().map(|path| format!("\nn{}\n", path.display())).collect();
        sources.join("\0")
    };
    world.list("questions", &list)
}

/// One input of a step that nothing needs is edited, until that step tells that it has begun.
fn leaf(world: &mut World, quiet: Duration, rounds: Rounds, rows: &mut Vec<Row>) {
    let step = world.workload.leaf();
    let (mut first, mut hashed, mut costs) = (vec![], vec![], vec![]);
    let own = (0..5).map(|_| until_told(&world.log(), shell(world, step))).collect();
    assert!(world.settle(THREADS));
    for round in 0..rounds.long.max(3) * 2 {
        world.workload.edit(step, 0);
        if round % 2 == 0 {
            let started = Instant::now();
            floor::hash(&world.workload.input(step, 0));
            hashed.push(started.elapsed());
            thread::sleep(Duration::from_millis(50));
            first.push(until_told(&world.log(), world.az(THREADS)));
        } else {
            let (cost, ran) = world.build();
            assert_eq!(ran, 1, "one step depends on it");
            costs.push(cost);
        }
        world.must_be_right();
        assert!(world.settle(THREADS));
    }
    let [first, own, hashed] = [first, own, hashed].map(middle);
    let (to_start, least) = (first.saturating_sub(own), quiet + hashed);
    rows.push(Row {
        what: "leaf edited, until its step starts",
        az: format!("{} wall", time(to_start)),
        floor: format!("nothing to do, and hashing the file: {}", time(least)),
        ratio: Some((over(to_start, least), Some(1.3))),
        grows: Some(to_start.as_secs_f64()),
    });
    let cost = median(&costs);
    let grows = Some(cost.cpu.as_secs_f64());
    rows.push(Row { what: "leaf edited", az: words(cost), floor: "1 step ran".into(), ratio: None, grows });
}

/// The command of a step as a process of its own.
pub(crate) fn shell(world: &World, step: usize) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-e", "-c", &command(step)]).current_dir(world.beside("workspace"));
    shell
}

/// Returns how long it takes from the start of a command until a step tells that it runs.
pub(crate) fn until_told(log: &Path, mut command: Command) -> Duration {
    let ear = Ear::open(log);
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).status().expect("it starts");
    assert!(status.success(), "{command:?} failed");
    // Ends the wait if nobody told anything.
    let told = ear.told(Some("!"));
    told.unwrap_or_else(|| panic!("no step ran in {command:?}")) - started
}

/// An input that much depends on is edited, and its step makes what it made before.
fn cutoff(world: &mut World, rounds: Rounds) -> Row {
    let step = world.workload.bottom();
    let mut costs = vec![];
    for _ in 0..rounds.long.max(3) {
        world.workload.edit_behind(step, 0);
        let (cost, ran) = world.build();
        assert_eq!(ran, 1, "what depends on it need not run");
        costs.push(cost);
        assert!(world.settle(THREADS));
    }
    let cost = median(&costs);
    let grows = Some(cost.cpu.as_secs_f64());
    let floor = "1 step ran".into();
    Row { what: "bottom edited, its result the same", az: words(cost), floor, ratio: None, grows }
}

/// Five inputs are edited, built, and put back: what was there before comes back without a run.
fn branch(world: &mut World, quiet: Cost, rounds: Rounds) -> Row {
    let mut costs = vec![];
    for round in 0..rounds.long.max(3) {
        let steps = world.workload.steps();
        let edited: Vec<_> = (0..5).map(|which| (world.workload.bottom() + which * 7) % steps).collect();
        let before: Vec<_> = edited.iter().map(|step| world.workload.edit(*step, 1)).collect();
        let (_, ran) = world.build();
        assert!(ran > 0 || round > 0, "the edits change something, the first time");
        for (step, number) in edited.iter().zip(before).rev() {
            world.workload.set(*step, 1, number);
        }
        let (cost, ran) = world.build();
        assert_eq!(ran, 0, "what was built before comes back");
        costs.push(cost);
        assert!(world.settle(THREADS));
    }
    let cost = median(&costs);
    let ratio = Some((over(cost.cpu, quiet.cpu), None));
    let (floor, grows) = (format!("nothing to do: {}", words(quiet)), Some(cost.cpu.as_secs_f64()));
    Row { what: "branch switched there and back", az: words(cost), floor, ratio, grows }
}

/// Every input has another time and the same bytes, beside hashing all of them.
fn touch(world: &World, rounds: Rounds) -> Row {
    let sources: Vec<_> = world.workload.sources().map(|path| path.display().to_string()).collect();
    let list = world.list("sources", &sources.join("\n"));
    let mut costs = [vec![], vec![]];
    for _ in 0..rounds.long.max(3) {
        world.workload.touch_all();
        let (az, ran) = world.build();
        assert_eq!(ran, 0, "a time is no content");
        costs[0].push(az);
        costs[1].push(cost(&world.floor("hash", THREADS, &list)));
        assert!(world.settle(THREADS));
    }
    let [az, floor] = costs.map(|costs| median(&costs));
    beside("every input touched", az, "hashing all of them: ", floor, 2.0)
}

fn beside(what: &'static str, az: Cost, of: &str, floor: Cost, bar: f64) -> Row {
    let ratio = Some((over(az.cpu, floor.cpu), Some(bar)));
    let grows = Some(az.cpu.as_secs_f64());
    Row { what, az: words(az), floor: format!("{of}{}", words(floor)), ratio, grows }
}

#[expect(clippy::cast_precision_loss, reason = "kibibytes are far below what a float counts")]
fn memory(what: &'static str, cost: Cost, bar_mib: Option<u32>) -> Row {
    let mib = cost.rss_kib as f64 / 1024.0;
    let floor = bar_mib.map(|bar| format!("{bar} MiB")).unwrap_or_default();
    let ratio = bar_mib.map(|bar| (mib / f64::from(bar), Some(1.0)));
    Row { what, az: format!("{mib:.1} MiB"), floor, ratio, grows: None }
}

pub(crate) fn over(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
