//! Lives of all kinds, and single laws that they rest on.

use std::{collections::BTreeSet, time::Duration};

use super::{
    change::Change,
    place::{End, Failing, How, Place as _, With},
    script::{SOURCES, is_made},
    *,
};
use crate::sys::System as _;

#[test]
fn damage_costs_a_re_run_at_worst() {
    let corrupted = corrupt(Some(600)).unwrap_or_else(|found| panic!("{}", found.history));
    assert!(corrupted.tried == 600 && corrupted.ran > 100, "{corrupted:?}");
}

/// As many workspaces as `AZ_MODEL_SEEDS` says, from `AZ_MODEL_SEED` on; some without it.
#[test]
fn whatever_happens_az_leaves_what_running_by_hand_leaves() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seeds = number("AZ_MODEL_SEEDS").unwrap_or(100);
    let counts = model(number("AZ_MODEL_SEED").unwrap_or(0), seeds);
    let counts = counts.unwrap_or_else(|found| panic!("seed {}\n{}", found.seed, found.history));
    assert!(counts.ran > counts.builds / 10 && counts.settled * 20 < counts.builds, "{counts:?}");
}

#[test]
fn all_that_can_happen_happens() {
    let lives = |course| (0..300).flat_map(move |seed| acts(seed, course));
    let told = |acts: &mut dyn Iterator<Item = Act>| {
        let word = |act: &Act| {
            let told = match act {
                Act::Change(change) => format!("{change:?}"),
                Act::Script(_, script) => format!("{:?}", script.remark.map(|_| "remark")),
                other => format!("{other:?}"),
            };
            told.split(['(', ' ']).next().unwrap_or_default().to_owned()
        };
        acts.map(|act| word(&act)).collect::<BTreeSet<String>>()
    };
    let in_memory = told(&mut lives(IN_MEMORY));
    let words = "Branch Build Copy Damage During Folder Foreign Killed Link Mode Move Older Past PowerCut Recase Remove Replace \
                 Root SetBack Shell Sneak Some Swap Tick Touch Twice Variable Wait Write";
    assert!(words.split_whitespace().all(|word| in_memory.contains(word)), "{in_memory:?}");
    assert!(!told(&mut lives(ON_DISK)).contains("Shell"), "the shell there is everybody's");
}

/// Six kinds of edit that other tools miss come as often as all the rest.
#[test]
fn what_others_miss_comes_often() {
    let lives = || (0..500).flat_map(|seed| acts(seed, ON_DISK).into_iter().skip(SOURCES.len()));
    let unseen = |act: &Act| matches!(act, Act::Change(Change::Sneak { .. } | Change::Older { .. }));
    let is_made =
        |act: &Act| matches!(act, Act::Change(Change::Write { path, .. }) if is_made(path.as_ref()));
    let edits = lives().filter(|act| matches!(act, Act::Change(_))).count();
    let (unseen, made) = (lives().filter(unseen).count(), lives().filter(is_made).count());
    assert!(unseen * 4 > edits && made * 20 > edits, "{unseen} and {made} of {edits}");
}

/// A workspace in memory of two steps, the second of which reads what the first makes.
fn two() -> InMemory {
    let place = InMemory::new();
    let write = |path: &str, text: &str| {
        place.world.file(place.root().join(path), text).mode(place.root().join(path), 0o755);
    };
    write("scripts/0400_step.sh", "#!/bin/sh\nmkdir -p out0\ncat a > out0/x\nexit 0\n");
    write("scripts/0410_step.sh", "#!/bin/sh\nmkdir -p out1\ncat out0/x in/a > out1/y\nexit 0\n");
    ["a", "in/a"].into_iter().for_each(|path| write(path, "text 0\n"));
    place.world.tick(Duration::from_millis(1));
    place
}

fn left(place: &InMemory) -> String {
    String::from_utf8(place.world.read(&place.root().join("out1/y")).unwrap()).unwrap()
}

#[test]
fn what_comes_in_pieces_or_is_interrupted_changes_nothing() {
    for after in 0..40 {
        let mut place = two();
        let failing = Failing { after, count: 20, with: With::Pieces, reads: false };
        for wanted in [2, 0] {
            let outcome = place.build(How { failing: Some(failing), ..How::plain(1) });
            assert_eq!(
                (outcome.end, outcome.ran.len()),
                (End::Code(0), wanted),
                "{after}: {:?}",
                outcome.told
            );
            place.wait(Duration::from_secs(10));
        }
        assert_eq!(left(&place), "text 0\ntext 0\n");
        assert_eq!(place.build(How::plain(1)).ran, [""; 0], "{after}: all that was written is there");
    }
}

#[test]
fn what_is_edited_during_a_build_is_not_taken_for_what_it_was() {
    let sneak = |text| Change::Sneak { path: "a".to_owned(), text };
    for (at, is_back) in (0..6).flat_map(|at| [(at, false), (at, true)]) {
        let mut place = two();
        assert_eq!(place.build_during(How::plain(1), at, &sneak(3)).end, End::Code(0));
        assert_eq!(place.world.read(&place.root().join("a")).unwrap(), b"text 3\n", "it stays");
        if is_back {
            sneak(0).apply(&mut place);
        }
        assert_eq!(place.build(How::plain(1)).end, End::Code(0));
        let first = if is_back { 0 } else { 3 };
        assert_eq!(left(&place), format!("text {first}\ntext 0\n"), "edited before act {at}");
    }
}

#[test]
fn of_two_builds_at_once_each_step_is_run_by_one() {
    for round in 0..20 {
        let mut place = two();
        let outcomes = place.build_twice([How::plain(1), How::plain(1)]);
        let ran: usize = outcomes.iter().map(|outcome| outcome.ran.len()).sum();
        let ends = outcomes.map(|outcome| outcome.end);
        assert_eq!((ends, ran), ([End::Code(0), End::Code(0)], 2), "round {round}");
        assert_eq!(left(&place), "text 0\ntext 0\n");
    }
}
