//! I1: as long as a gate says that nothing has changed, whoever asks again is answered as before.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use proptest::prelude::*;

use super::paths::{Contained, is_row};
use crate::{
    base::WsPath,
    cache::{Gate, GatePath, write_gate},
    engine::{Ask, BuildOptions, Engine, Glance},
    fingerprint::{Disk, Names, State, View, read_clock},
    sys::{Memory, Stat, System},
};

const PATHS: [&str; 9] = ["a", "b", "d", "d/a", "d/b", "e", "e/a", "l", "e/l"];
const GATE: &str = "/w/.azcache/v1/gate/x";

/// Something that a person or a program does.
#[derive(Debug, Clone)]
enum Act {
    Write(usize, u8),
    Remove(usize),
    Folder(usize),
    Link(usize, usize),
    /// `mv`: times and inode stay what they are.
    Move(usize, usize),
    Mode(usize, u32),
    /// Another file of the same size, renamed over it.
    Replace(usize, u8),
    /// `touch -r`: what is written has the size and the time of what was there.
    Sneak(usize, u8),
    /// `cp -p`: the copy has the time of the file.
    Copy(usize, usize),
    /// Two change places, be they files, folders or links.
    Swap(usize, usize),
    /// Some time passes, or none at all, so that two changes have one time.
    Wait(u64),
    Tick(u64),
    /// The clock is set back.
    Back(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let path = 0..PATHS.len();
    let act = prop_oneof![
        4 => (path.clone(), any::<u8>()).prop_map(|(path, text)| Act::Write(path, text % 3)),
        2 => path.clone().prop_map(Act::Remove),
        1 => path.clone().prop_map(Act::Folder),
        2 => (path.clone(), path.clone()).prop_map(|(path, target)| Act::Link(path, target)),
        3 => (path.clone(), path.clone()).prop_map(|(from, to)| Act::Move(from, to)),
        1 => (path.clone(), prop_oneof![Just(0o644), Just(0o755)]).prop_map(|(path, mode)| Act::Mode(path, mode)),
        2 => (path.clone(), any::<u8>()).prop_map(|(path, text)| Act::Replace(path, text % 3)),
        3 => (path.clone(), any::<u8>()).prop_map(|(path, text)| Act::Sneak(path, text % 3)),
        2 => (path.clone(), path.clone()).prop_map(|(from, to)| Act::Copy(from, to)),
        2 => (path.clone(), path).prop_map(|(one, other)| Act::Swap(one, other)),
        3 => (0_u64..30).prop_map(Act::Wait),
        1 => (0_u64..2).prop_map(Act::Tick),
        1 => (0_u64..60).prop_map(Act::Back),
    ];
    proptest::collection::vec(act, 0..12)
}

fn act(world: &Memory, act: &Act) {
    let at = |path: &usize| Path::new("/w").join(PATHS[*path]);
    // What cannot be done is not done, as by a person whose command fails.
    _ = match act {
        Act::Write(path, text) => world.write(&at(path), &[*text], 0o644),
        Act::Remove(path) => world.remove_file(&at(path)).or_else(|_| world.remove_dir(&at(path))),
        Act::Folder(path) => world.create_dir_all(&at(path)),
        Act::Link(path, target) => world.symlink(&at(target), &at(path)),
        Act::Move(from, to) => world.rename(&at(from), &at(to)),
        Act::Mode(path, mode) => world.set_mode(&at(path), *mode),
        Act::Replace(path, text) => {
            let beside = Path::new("/w/beside");
            world.write(beside, &[*text], 0o644).and_then(|()| world.rename(beside, &at(path)))
        }
        Act::Sneak(path, text) => {
            let path = at(path);
            let dated = |stat: Stat| {
                world.write(&path, &[*text], 0o644).and_then(|()| world.date(&path, stat.mtime_ns))
            };
            world.stat_target(&path).and_then(dated)
        }
        Act::Copy(from, to) => {
            let (from, to) = (at(from), at(to));
            let dated =
                |stat: Stat| world.copy(&from, &to, stat.mode).and_then(|()| world.date(&to, stat.mtime_ns));
            world.stat_target(&from).and_then(dated)
        }
        Act::Swap(one, other) => {
            let (one, other, aside) = (at(one), at(other), Path::new("/w/aside"));
            let swap = || world.rename(&other, &one).and_then(|()| world.rename(aside, &other));
            // What cannot be exchanged comes back.
            world.rename(&one, aside).and_then(|()| swap().or_else(|_| world.rename(aside, &one)))
        }
        Act::Wait(time) => {
            world.advance(Duration::from_millis(*time));
            Ok(())
        }
        Act::Tick(step) => {
            world.tick(Duration::from_millis(*step));
            Ok(())
        }
        // By no whole number of ticks: a clock never shows one time twice to the nanosecond.
        Act::Back(time) => {
            world.set_back(Duration::new(0, u32::try_from(*time).expect("it is short") * 1_000_000 + 1));
            Ok(())
        }
    };
}

/// What a disk says of each path.
fn answers(disk: &Disk) -> BTreeMap<WsPath, (State, Arc<Names>)> {
    let path = |path: &&str| WsPath::from_normal(path).expect("it is in normal form");
    PATHS.iter().map(path).map(|path| (path.clone(), (disk.state(&path), disk.names(&path)))).collect()
}

/// Returns the answers of a disk, and writes the gate that stands for them.
fn look(world: &Memory) -> Option<BTreeMap<WsPath, (State, Arc<Names>)>> {
    let engine = Engine::open(Arc::new(world.clone()), Path::new("/w")).expect("it is a workspace");
    let clock = read_clock(&*engine.system, &engine.layout.clock())?;
    let cache = engine.open_cache();
    let answers = answers(&cache.disk);
    let contained = Contained::new(&engine, &cache);
    let mut paths: Vec<GatePath> = Vec::new();
    for (path, seen) in engine.recorder.seen() {
        if path.starts_with(engine.layout.top()) {
            continue;
        }
        if seen.is_unsteady {
            return None;
        }
        let ways = [false, true].into_iter().filter(|is_followed| is_row(&seen, *is_followed));
        paths.extend(
            ways.filter_map(|is_followed| contained.row(&clock, (&path, &seen), is_followed, false, &[])),
        );
    }
    write_gate(world, Path::new(GATE), b"", &mut paths, &[]).expect("memory takes it");
    Some(answers)
}

fn is_clean(world: &Memory) -> bool {
    let gate = Gate::read(world, Path::new(GATE)).expect("it was written");
    gate.differing(world).iter().all(|known| known.is_unchanged(world).is_some())
}

#[test]
fn a_gate_is_good_for_a_week_so_that_it_is_known_which_records_are_of_use() {
    let world = Memory::new().file("/w/az.toml", "").file("/w/scripts/0100_a.sh", "# Condition: false\n");
    world.advance(Duration::from_mins(1));
    let ask = Ask { arguments: vec!["0100".to_owned()], ..Ask::default() };
    let options = BuildOptions::default();
    let engine = Engine::open(Arc::new(world.clone()), Path::new("/w")).unwrap();
    // The first build makes the folder of the cache, and with it the clock that the second one needs.
    engine.build(&ask, &options, &mut |_, _| (), &mut || ()).unwrap();
    world.advance(Duration::from_mins(1));
    let engine = Engine::open(Arc::new(world.clone()), Path::new("/w")).unwrap();
    let built = engine.build(&ask, &options, &mut |_, _| (), &mut || ()).unwrap();
    assert_eq!(built.view.counts().skipped, 1);
    let is_answered =
        || matches!(Engine::glance(&world, Path::new("/w"), &ask, &options), Glance::UpToDate(_));
    assert!(is_answered());
    world.advance(Duration::from_hours(7 * 24));
    assert!(is_answered());
    world.advance(Duration::from_hours(24));
    assert!(!is_answered());
}

#[test]
fn a_script_from_which_planning_takes_what_it_took_leaves_the_plan_as_it_is() {
    let header = "#!/bin/sh\n# Condition: false\n# Description: first\n";
    let script = |text: &str| format!("{header}{text}");
    let path = Path::new("/w/scripts/0100_a.sh");
    let world = Memory::new().file("/w/az.toml", "").file("/w/scripts/0100_a.sh", script("echo one"));
    let world = world.file("/w/scripts/0200_b.sh", script("echo two")).dir("/w/.azcache/v1");
    let ask = Ask { arguments: vec!["0100".to_owned()], ..Ask::default() };
    let options = BuildOptions::default();
    let build = || {
        world.advance(Duration::from_mins(1));
        let engine = Engine::open(Arc::new(world.clone()), Path::new("/w")).unwrap();
        let built = engine.build(&ask, &options, &mut |_, _| (), &mut || ()).unwrap();
        assert_eq!(built.view.counts().skipped, 1);
        world.advance(Duration::from_mins(1));
    };
    let is_answered =
        || matches!(Engine::glance(&world, Path::new("/w"), &ask, &options), Glance::UpToDate(_));
    (0..2).for_each(|_| build());
    for (other, is_known) in [
        (script("echo three"), true),
        (script("echo four # as good as new\n"), true),
        (script("echo $WITH_A_NAME"), false),
        (script("echo four").replace("first", "second"), false),
        (format!("# one line more\n{}", script("echo four")), false),
        (script("echo four").replace("/bin/sh", "/bin/bash"), false),
    ] {
        for path in [path, Path::new("/w/scripts/0200_b.sh")] {
            let before = world.read(path).unwrap();
            world.write(path, other.as_bytes(), 0o644).unwrap();
            assert_eq!(is_answered(), is_known, "{other}");
            world.advance(Duration::from_mins(1));
            // What was looked at once is known.
            assert_eq!(is_answered(), is_known, "{other}");
            world.set_mode(path, 0o755).unwrap();
            assert!(!is_answered(), "its permissions matter");
            world.write(path, &before, 0o644).unwrap();
            world.set_mode(path, 0o644).unwrap();
            build();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_clean_gate_means_that_every_answer_is_the_same(before in acts(), after in proptest::collection::vec(acts(), 1..4)) {
        let world = Memory::new().file("/w/az.toml", "").dir("/w/scripts").dir("/w/.azcache/v1/gate");
        before.iter().for_each(|one| act(&world, one));
        let Some(answered) = look(&world) else { return Ok(()) };
        for more in after {
            more.iter().for_each(|one| act(&world, one));
            if is_clean(&world) {
                let disk = Disk::new(Arc::new(world.clone()), Path::new("/w"), Path::new("/w/.azcache/v1/clock"), []);
                prop_assert_eq!(&answers(&disk), &answered);
            }
        }
        // A gate that nothing has happened to, and of which all is settled, is clean.
        world.advance(Duration::from_secs(10));
        if look(&world).is_some() {
            prop_assert!(is_clean(&world));
        }
    }
}
