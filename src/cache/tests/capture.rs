//! What a step is said to have done.

use std::collections::BTreeMap;

use super::*;

struct Step {
    world: Memory,
    disk: Disk,
    outputs: Vec<Pattern>,
    before: BTreeMap<WsPath, State>,
}

impl Step {
    /// Looks at the outputs before anything runs.
    fn about_to_run(world: &Memory, outputs: &[&str]) -> Self {
        let disk = disk(&shared(world));
        let outputs: Vec<Pattern> = outputs.iter().map(|text| pattern(text)).collect();
        let before = known_states(&disk, &outputs);
        Self { world: world.clone(), disk, outputs, before }
    }

    /// Says that it ended, lets `later` happen and looks again.
    fn ended(&self, later: impl FnOnce(&Memory)) -> Capture {
        let ended = self.disk.tick();
        later(&self.world);
        capture(&self.disk, &self.outputs, &self.before, ended, &Own::default(), |_, before| {
            *before == file("mine")
        })
    }
}

fn paths(effects: &[Effect]) -> Vec<&str> {
    effects.iter().map(|effect| effect.path.as_str()).collect()
}

#[test]
fn what_a_step_made_changed_and_removed_is_seen_with_what_was_there() {
    let world = world().file("/w/out/old", "1").file("/w/out/gone", "2").file("/w/other", "3");
    let step = Step::about_to_run(&world, &["out"]);
    world.file("/w/out/old", "x").file("/w/out/sub/new", "y").file("/w/other", "z");
    world.remove_file(&inside("out/gone")).unwrap();
    let found = step.ended(|_| ());
    assert_eq!(paths(&found.effects), ["out", "out/gone", "out/old", "out/sub", "out/sub/new"]);
    let of = |name: &str| found.effects.iter().find(|effect| effect.path.as_str() == name).unwrap();
    assert_eq!((&of("out/gone").before, &of("out/gone").after), (&file("2"), &State::Absent));
    assert_eq!((&of("out/old").before, &of("out/old").after), (&file("1"), &file("x")));
    assert_eq!((&of("out/sub/new").before, &of("out/sub/new").after), (&State::Absent, &file("y")));
    assert!(found.doubtful.is_empty() && found.missing.is_empty());
}

#[test]
fn a_write_after_the_end_is_not_the_steps() {
    let world = world();
    let step = Step::about_to_run(&world, &["out", "*.log"]);
    world.file("/w/out", "1").file("/w/a.log", "2");
    assert_eq!(step.ended(|_| ()).doubtful, []);
    let late = step.ended(|world| _ = world.advance(Duration::from_millis(5)).file("/w/out", "other"));
    assert_eq!(late.doubtful, [path("out")]);
    let unclear = step.ended(|world| _ = world.mode("/w/a.log", 0));
    assert!(unclear.doubtful.contains(&path("a.log")));
}

#[test]
fn without_a_clock_nobody_can_say_who_wrote() {
    let world = world();
    let step = Step::about_to_run(&world, &["out"]);
    world.file("/w/out", "1");
    let found = capture(&step.disk, &step.outputs, &step.before, None, &Own::default(), |_, _| false);
    assert_eq!(found.doubtful, [path("out")]);
}

#[test]
fn an_output_that_is_not_there_is_missing_unless_it_is_a_glob() {
    let world = world();
    let found = Step::about_to_run(&world, &["out", "*.log"]).ended(|_| ());
    assert_eq!(found.missing, [path("out")]);
    assert_eq!(found.effects, []);
}

#[test]
fn who_writes_over_a_persons_bytes_is_noted() {
    let world = world().file("/w/a", "mine").file("/w/b", "ours");
    let step = Step::about_to_run(&world, &["a", "b"]);
    world.file("/w/a", "x").file("/w/b", "y");
    let personal: Vec<bool> = step.ended(|_| ()).effects.iter().map(|effect| effect.is_personal).collect();
    assert_eq!(personal, [true, false]);
}

#[test]
fn all_that_is_left_is_stored_and_a_change_meanwhile_is_told() {
    let world = world();
    let system = shared(&world);
    let step = Step::about_to_run(&world, &["out"]);
    world.file("/w/out/a", "1").file("/w/out/b", "2").link("/w/out/l", "a");
    let found = step.ended(|_| ());
    let blobs = blobs(&system);
    let now = || Moment::new(Arc::new(disk(&system)));
    found.store(&now(), &blobs).unwrap();
    assert!(blobs.verify(&Digest::of(b"1")) && blobs.verify(&Digest::of(b"2")));
    world.file("/w/out/b", "3");
    let other = Blobs::new(Arc::clone(&system), inside("elsewhere"));
    assert!(found.store(&now(), &other).is_err());
}
