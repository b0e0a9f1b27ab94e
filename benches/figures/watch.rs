//! What a watch makes faster: to see that nothing is to be done, and to begin what is.

use std::{
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    asked::{asked, has},
    ear::Ear,
    measure::{cost, median, middle},
    rows::{Rounds, over, shell, until_told},
    table::{Row, time},
    world::{THREADS, World},
};

/// What a watch may take to answer, with the process that asks.
const TO_ANSWER: Duration = Duration::from_millis(3);
/// From a save until a step starts.
const TO_START: Duration = Duration::from_millis(10);
/// So many steps are about as many files as that is said of.
const SAID_OF: usize = 1_000;
/// A build that is told the answer asks for no more paths than this.
const FEW_STATS: usize = 60;

/// Measures both; nothing is said where no watch answers.
pub(crate) fn beside_a_watch(world: &mut World, rounds: Rounds, rows: &mut Vec<Row>) {
    let mut watch = world.watch().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    if is_answered(world) {
        rows.push(answer(world, rounds));
        rows.push(start(world, rounds));
    } else {
        eprintln!("no watch answers here: what rests on that is left out");
    }
    end(&mut watch);
}

/// Waits until a watch answers, which it does when it has looked at everything once itself.
fn is_answered(world: &World) -> bool {
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline {
        thread::sleep(Duration::from_millis(200));
        if !has("strace") {
            thread::sleep(Duration::from_secs(5));
            return true;
        }
        if asked(&world.az(THREADS)).stats < FEW_STATS {
            return true;
        }
    }
    false
}

fn answer(world: &World, rounds: Rounds) -> Row {
    let costs: Vec<_> = (0..rounds.short).map(|_| cost(&world.az(THREADS))).collect();
    assert_eq!(world.ran(), 0, "nothing runs where nothing is to be done");
    let wall = median(&costs).wall;
    let ratio = Some((over(wall, TO_ANSWER), Some(1.0)));
    let floor = time(TO_ANSWER);
    Row { what: "nothing to do, a watch is asked, wall", az: time(wall), floor, ratio, grows: None }
}

fn start(world: &mut World, rounds: Rounds) -> Row {
    let step = world.workload.leaf();
    let own = middle((0..5).map(|_| until_told(&world.log(), shell(world, step))).collect());
    let mut told = vec![];
    for _ in 0..rounds.long.max(3) * 2 {
        let ear = Ear::open(&world.log());
        // What was before is looked at by then.
        thread::sleep(Duration::from_millis(500));
        let saved = Instant::now();
        world.workload.edit(step, 0);
        told.push(ear.told(None).expect("a step runs") - saved);
        assert!(is_answered(world), "the watch is ready for the next change");
        world.must_be_right();
    }
    let to_start = middle(told).saturating_sub(own);
    let bar = (world.workload.steps() <= SAID_OF).then_some(1.0);
    Row {
        what: "saved under a watch, until its step starts, wall",
        az: time(to_start),
        floor: time(TO_START),
        ratio: Some((over(to_start, TO_START), bar)),
        grows: None,
    }
}

fn end(watch: &mut Child) {
    let process = rustix::process::Pid::from_child(watch);
    rustix::process::kill_process(process, rustix::process::Signal::INT).expect("it is there");
    watch.wait().expect("it ends");
}
