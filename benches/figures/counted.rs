//! What can be held to on any machine, since it is counted and not timed: system calls and instructions.
//!
//! A tool that is absent is named, and what it would count is skipped.

use std::{fs, process::Command};

use super::{
    asked::{Asked, asked, has},
    table::{ratio, thousands},
    workload::{Declared, Shape},
    world::World,
};

/// Paths beyond the workspace that az asks for: where programs are looked for, what they are, its own files.
const MORE_STATS: usize = 80;
/// Calls that no size changes: the start of a program, its configuration, its answer.
const MORE_CALLS: usize = 200;
/// Calls that a folder may cost beside the stats in it: it is opened and closed.
const CALLS_PER_FOLDER: usize = 2;
/// All calls of a step that runs untraced: its shell's own, those of who starts it, and what is kept of it. How often
/// threads wait for each other differs by a tenth from run to run.
const CALLS_PER_RUN: f64 = 430.0;
/// What doubling the steps may multiply.
const GROWTH: f64 = 2.1;
/// Instructions for a path, in a build without optimisation: its record is read and compared.
const INSTRUCTIONS_PER_PATH: f64 = 3_700.0;

/// A workspace in which nothing is to be done, and what az did to see that.
struct Quiet {
    world: World,
    /// All calls of the build before, in which every step ran.
    cold: Option<usize>,
    asked: Option<Asked>,
    instructions: Option<Instructions>,
}

/// Instructions of two builds that both find nothing to do.
struct Instructions {
    /// Every step is looked up, as if something might have changed.
    all: usize,
    /// The file system alone is asked.
    gate: usize,
}

/// Fails if az asks or computes more than it may where nothing is to be done.
pub(crate) fn check(steps: usize) {
    let has_strace = has("strace");
    let has_valgrind = has("valgrind");
    if !has_strace {
        println!("skipped: strace is not installed, so no system calls are counted");
    }
    if !has_valgrind {
        println!("skipped: valgrind is not installed, so no instructions are counted");
    }
    if !(has_strace || has_valgrind) {
        return;
    }
    let [one, two] = [steps, 2 * steps].map(|steps| {
        let world = World::new(Shape::Layered, steps, Declared::All);
        let cold = has_strace.then(|| asked(&world.az(1))).map(|asked| asked.stats + asked.others);
        assert!(world.settle(1), "the second build has nothing to do");
        let asked = has_strace.then(|| asked(&world.az(1)));
        let instructions = has_valgrind.then(|| {
            world.forget_gates();
            let all = instructions(&world.az(1), &world);
            Instructions { all, gate: instructions(&world.az(1), &world) }
        });
        assert_eq!(world.ran(), 0, "nothing runs where nothing is to be done");
        Quiet { world, cold, asked, instructions }
    });
    let mut faults = vec![];
    for quiet in [&one, &two] {
        calls(quiet, &mut faults);
    }
    once(&one, &two, &mut faults);
    running(&one, &two, &mut faults);
    computing(&one, &two, &mut faults);
    assert!(faults.is_empty(), "az is slower than it may be:\n  {}", faults.join("\n  "));
}

/// Each path is asked for once, and little else is.
fn calls(quiet: &Quiet, faults: &mut Vec<String>) {
    let Some(asked) = &quiet.asked else { return };
    let workload = &quiet.world.workload;
    let (paths, folders) = (workload.paths(), workload.folders());
    let (stats, others) = (paths + MORE_STATS, folders * CALLS_PER_FOLDER + MORE_CALLS);
    let steps = thousands(workload.steps());
    println!("{steps} steps: {} stats of {paths} paths (at most {stats})", asked.stats);
    println!("{steps} steps: {} other calls with {folders} folders (at most {others})", asked.others);
    if asked.stats > stats {
        faults.push(format!("{steps} steps: {} stats, at most {stats} are wanted", asked.stats));
    }
    if asked.others > others {
        faults.push(format!("{steps} steps: {} other calls, at most {others} are wanted", asked.others));
    }
}

/// More steps are as many more questions as there are more paths: nothing is asked twice.
fn once(one: &Quiet, two: &Quiet, faults: &mut Vec<String>) {
    let (Some(few), Some(many)) = (&one.asked, &two.asked) else { return };
    let asked = many.stats.saturating_sub(few.stats);
    let paths = two.world.workload.paths() - one.world.workload.paths();
    println!("{paths} more paths are {asked} more stats");
    if asked > paths {
        faults.push(format!("{paths} more paths are {asked} more stats: some are asked for twice"));
    }
}

/// A step that runs costs few calls, however many there are.
fn running(one: &Quiet, two: &Quiet, faults: &mut Vec<String>) {
    let (Some(few), Some(many)) = (one.cold, two.cold) else { return };
    let steps = two.world.workload.steps() - one.world.workload.steps();
    let each = ratio(many.saturating_sub(few), steps);
    println!("running: {each:.0} calls for a step, its shell's included (at most {CALLS_PER_RUN})");
    if each > CALLS_PER_RUN {
        faults.push(format!("{each:.0} calls for a step that runs, more than {CALLS_PER_RUN}"));
    }
}

/// What is computed grows no faster than the steps, and for a path that is as it was there is little to compute.
#[expect(clippy::cast_precision_loss, reason = "instructions are far below what a float counts")]
fn computing(one: &Quiet, two: &Quiet, faults: &mut Vec<String>) {
    let (Some(few), Some(many)) = (&one.instructions, &two.instructions) else { return };
    for (what, few, many) in
        [("looking all up", few.all, many.all), ("seeing no change", few.gate, many.gate)]
    {
        let growth = ratio(many, few);
        println!("{what}: {} to {} instructions, {growth:.2}x", thousands(few), thousands(many));
        if growth > GROWTH {
            faults.push(format!(
                "{what}: twice the steps take {growth:.2}x the instructions, more than {GROWTH}x"
            ));
        }
    }
    let paths = two.world.workload.paths() - one.world.workload.paths();
    let each = many.gate.saturating_sub(few.gate) as f64 / paths as f64;
    println!("seeing no change: {each:.0} instructions for a path (at most {INSTRUCTIONS_PER_PATH})");
    if each > INSTRUCTIONS_PER_PATH {
        faults.push(format!("{each:.0} instructions for a path, more than {INSTRUCTIONS_PER_PATH}"));
    }
}

/// Counts the instructions of a command and all it starts.
fn instructions(command: &Command, world: &World) -> usize {
    let counts = world.beside("counts");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--quiet", "--vgdb=no"])
        .arg(format!("--callgrind-out-file={}", counts.display()));
    valgrind.arg(command.get_program()).args(command.get_args());
    command.get_current_dir().map(|folder| valgrind.current_dir(folder));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => valgrind.env(name, value),
            None => valgrind.env_remove(name),
        };
    }
    assert!(valgrind.status().expect("valgrind starts").success());
    let text = fs::read_to_string(counts).expect("counts");
    let summary =
        text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
    summary.and_then(|number| number.trim().parse().ok()).expect("callgrind sums up")
}
