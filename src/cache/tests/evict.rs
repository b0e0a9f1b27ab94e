//! What was of use is known, and what is kept of the records stays what it was.

use std::collections::BTreeSet;

use super::*;

const DAY: Duration = Duration::from_hours(24);

fn open(world: &Memory) -> Store {
    let store = Store::open(shared(world), layout());
    store.prepare_to_write().unwrap();
    store
}

fn key(value: &str) -> Digest {
    record("a", value, Ending::Reusable).key
}

fn run(world: &Memory, store: &Store, value: &str, ending: Ending) {
    let id = store.begin("a", &[key(value)]).unwrap();
    store.commit(id, &Record { ended: world.now(), ..record("a", value, ending) }).unwrap();
}

/// How many days ago each record was last of use.
fn ages(world: &Memory) -> Vec<u64> {
    let holdings = Store::open(shared(world), layout()).holdings();
    holdings.iter().map(|held| world.now().since(held.last_used).as_secs().div_ceil(86400)).collect()
}

/// Finds a record in a process of its own.
fn find(world: &Memory, value: &str) {
    let store = open(world);
    store.by_key(&key(value)).unwrap().unwrap();
    store.settle().unwrap();
}

#[test]
fn what_was_found_counts_as_used_that_day_and_is_noted_once() {
    let world = world();
    let store = open(&world);
    run(&world, &store, "1", Ending::Reusable);
    run(&world, &store, "2", Ending::Reusable);
    store.settle_now().unwrap();
    find(&world, "1");
    assert!(world.stat(&layout().used()).is_err(), "a record of today needs no note");
    world.advance(DAY * 5);
    find(&world, "1");
    assert_eq!(ages(&world), [0, 5]);
    let noted = world.read(&layout().used()).unwrap();
    find(&world, "1");
    assert_eq!(world.read(&layout().used()).unwrap(), noted, "once a day is enough");
    open(&world).settle_now().unwrap();
    assert!(world.stat(&layout().used()).is_err(), "the index has it");
    assert_eq!(ages(&world), [0, 5]);
    world.advance(DAY * 2);
    assert_eq!(ages(&world), [2, 7]);
}

#[test]
fn what_was_used_is_known_after_the_journal_was_written_anew() {
    let world = world();
    let store = open(&world);
    ["1", "2", "3"].into_iter().for_each(|value| run(&world, &store, value, Ending::Reusable));
    store.settle_now().unwrap();
    world.advance(DAY * 9);
    find(&world, "2");
    open(&world).keep_only(&BTreeSet::from([1, 2])).unwrap();
    assert_eq!(ages(&world), [0, 9]);
}

#[test]
fn without_an_index_everything_counts_as_used_today() {
    let world = world();
    let store = open(&world);
    run(&world, &store, "1", Ending::Reusable);
    world.advance(DAY * 9);
    assert_eq!(ages(&world), [0]);
}

#[test]
fn notes_that_are_damaged_are_no_error_and_are_written_again() {
    let world = world();
    let store = open(&world);
    run(&world, &store, "1", Ending::Reusable);
    store.settle_now().unwrap();
    world.advance(DAY * 3).file(layout().used(), "torn");
    find(&world, "1");
    find(&world, "1");
    assert_eq!(ages(&world), [0]);
}

#[test]
fn what_is_not_kept_is_a_miss_and_all_else_is_as_before() {
    let world = world();
    let store = open(&world);
    run(&world, &store, "1", Ending::Reusable);
    run(&world, &store, "2", Ending::Reusable);
    run(&world, &store, "2", Ending::Failed("1".to_owned()));
    run(&world, &store, "3", Ending::Reusable);
    store.begin("a", &[key("3")]).unwrap();
    run(&world, &store, "4", Ending::Reusable);
    let numbers = |store: &Store| store.holdings().iter().map(|held| held.number).collect::<Vec<_>>();
    assert_eq!(numbers(&store), [0, 1, 2, 3, 4]);
    store.keep_only(&BTreeSet::from([1, 3, 4])).unwrap();
    for store in [store, Store::open(shared(&world), layout())] {
        assert_eq!(store.by_key(&key("1")), Ok(None));
        assert!(store.by_key(&key("2")).is_err(), "what made it unusable went, and it stays so");
        assert_eq!(store.by_key(&key("3")), Err(Unusable::Interrupted));
        assert!(store.by_key(&key("4")).unwrap().is_some());
        assert_eq!(numbers(&store), [0, 1, 2]);
    }
    let store = open(&world);
    store.keep_only(&BTreeSet::new()).unwrap();
    assert_eq!(store.records(), []);
    run(&world, &store, "2", Ending::Reusable);
    assert!(Store::open(shared(&world), layout()).by_key(&key("2")).unwrap().is_some());
}

#[test]
fn a_record_holds_its_outputs_its_log_and_its_trace() {
    let mut made = record("a", "1", Ending::Reusable);
    let (log, trace) = (Digest::of(b"log"), Digest::of(b"trace"));
    (made.log, made.trace) = (Some(log), Some(trace));
    made.effects = vec![
        Effect::new(path("out"), State::Absent, file("made")),
        Effect::new(path("gone"), file("before"), State::Absent),
    ];
    assert_eq!(made.blobs().collect::<Vec<_>>(), [Digest::of(b"made"), log, trace]);
}

#[test]
fn blobs_are_counted_and_what_a_kill_left_behind_is_told_apart() {
    let world = world();
    let blobs = blobs(&shared(&world));
    let digest = blobs.put_bytes(b"content").unwrap();
    let litter = layout().blobs().join("ab").join(".az-0123.tmp");
    world.file(&litter, "half");
    let (all, left) = blobs.all().unwrap();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [(digest, 7)]);
    assert_eq!(left, [litter]);
    assert_eq!(blobs.added_bytes(), 7);
    blobs.put_bytes(b"content").unwrap();
    assert_eq!(blobs.added_bytes(), 7, "what is there is not stored again");
}
