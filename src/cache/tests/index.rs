//! A store with an index answers as one that reads the whole journal.

use proptest::prelude::*;

use super::{super::index::View, *};
use crate::sys::{Faulty, Mapped};

const STEPS: [&str; 3] = ["a", "b", "c"];
const VALUES: [&str; 4] = ["1", "2", "3", "4"];
const PATHS: [&str; 4] = ["out/a", "out/b", "private/x", "private/y"];

/// A record with something of all that the index has a table for.
fn rich(step: usize, value: usize, ending: Ending) -> Record {
    let mut made = record(STEPS[step], VALUES[value], ending);
    let asked = Component::of_text(ComponentKind::Listing, PATHS[value], "names");
    made.fingerprint = made.fingerprint.with([asked]);
    made.key = made.fingerprint.key();
    let effect = Effect::new(path(PATHS[value]), State::Absent, file(VALUES[step]));
    made.effects = vec![Effect { is_personal: value == 1, ..effect }];
    made.private = if value > 1 { vec![path(PATHS[value])] } else { vec![] };
    made.borrowed = if step == 2 { vec![path(PATHS[value]).join("in")] } else { vec![] };
    made.learned = if value == 3 { vec![format!("NAME_{step}")] } else { vec![] };
    made.run = format!("run {step} {value}");
    made
}

fn key_of(step: usize, value: usize) -> Digest {
    rich(step, value, Ending::Reusable).key
}

/// All that a store says, in words.
fn answers(store: &Store) -> String {
    let mut told = Vec::new();
    let mut say = |what: String, answer: &dyn std::fmt::Debug| told.push(format!("{what}: {answer:?}"));
    for (step, identity) in STEPS.into_iter().enumerate() {
        let runs = |records: Vec<Arc<Record>>| {
            records
                .iter()
                .map(|r| format!("{} {:?} {}", r.run, r.ending, store.is_usable(r)))
                .collect::<Vec<_>>()
        };
        say(format!("of {identity}"), &runs(store.of(identity).collect()));
        say(format!("last {identity}"), &store.last(identity).map(|record| record.run.clone()));
        say(format!("private {identity}"), &store.last_with_private(identity).map(|r| r.run.clone()));
        say(format!("learned {identity}"), &store.learned(identity));
        let weak = rich(step, 0, Ending::Reusable).weak;
        say(format!("sets {identity}"), &store.path_sets(&weak));
        say(format!("under {identity}"), &runs(store.under(&weak).collect()));
        let own = store.own(identity);
        for name in PATHS {
            let (at, below) = (path(name), path(name).join("in"));
            let left = [own.knows(&at), own.has_left(&at, &file(VALUES[step])), own.is_private(&at)];
            say(format!("own {identity} {name}"), &left);
            say(
                format!("shared {name}"),
                &(store.is_shared(&below), store.shared_below(std::slice::from_ref(&at))),
            );
            say(format!("ours {name}"), &store.is_ours(&at, &file(VALUES[step])));
        }
        for value in 0..VALUES.len() {
            let found =
                store.by_key(&key_of(step, value)).map(|found| found.map(|record| record.run.clone()));
            say(format!("key {identity} {value}"), &found);
        }
    }
    say("records".to_owned(), &store.records().iter().map(|record| record.run.clone()).collect::<Vec<_>>());
    say("damaged".to_owned(), &store.is_damaged());
    told.join("\n")
}

fn read_again(world: &Memory) -> String {
    answers(&Store::open(shared(world), layout()))
}

/// What the journal alone says.
fn by_journal(world: &Memory) -> String {
    let alone = self::world();
    if let Ok(bytes) = world.read(&layout().entries()) {
        alone.file(layout().entries(), bytes);
    }
    read_again(&alone)
}

fn check(world: &Memory) {
    assert_eq!(read_again(world), by_journal(world));
}

fn open(world: &Memory) -> Store {
    let store = Store::open(shared(world), layout());
    store.prepare_to_write().unwrap();
    store
}

/// A workspace in which all kinds of things are recorded and indexed, with a few more entries behind.
fn filled() -> Memory {
    filled_with(0)
}

/// The same, with records of at least so many bytes.
fn filled_with(bytes: usize) -> Memory {
    let world = world();
    let store = open(&world);
    for (step, value) in (0..3).flat_map(|step| (0..4).map(move |value| (step, value))) {
        let ending = if step == 1 && value == 2 { Ending::Failed("1".to_owned()) } else { Ending::Reusable };
        let id = store.begin(STEPS[step], &[key_of(step, value)]).unwrap();
        let flags = vec!["x".repeat(bytes)];
        store.commit(id, &Record { flags, ..rich(step, value, ending) }).unwrap();
    }
    store.begin("a", &[key_of(0, 1)]).unwrap();
    store.settle_now().unwrap();
    let id = store.begin("b", &[key_of(1, 0)]).unwrap();
    store.commit(id, &rich(1, 0, Ending::Failed("2".to_owned()))).unwrap();
    world
}

fn indexed(world: &Memory) -> Vec<u8> {
    world.read(&layout().index()).unwrap()
}

#[test]
fn what_is_indexed_is_found_without_the_journal_being_read() {
    let world = filled();
    check(&world);
    let bytes = world.read(&layout().entries()).unwrap();
    let store = open(&world);
    store.settle_now().unwrap();
    assert_eq!(world.read(&layout().entries()).unwrap(), bytes, "the journal stays as it is");
    check(&world);
}

#[test]
fn whichever_byte_of_the_index_is_damaged_the_journal_alone_speaks() {
    let world = filled();
    let (sound, expected) = (indexed(&world), by_journal(&world));
    for at in (0..sound.len()).step_by(7) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        world.file(layout().index(), damaged);
        assert_eq!(read_again(&world), expected, "byte {at}");
    }
    for length in (0..sound.len()).step_by(97) {
        world.file(layout().index(), &sound[..length]);
        assert_eq!(read_again(&world), expected, "{length} bytes");
    }
    world.file(layout().index(), [&sound[..], b"more"].concat());
    assert_eq!(read_again(&world), expected);
}

#[test]
fn an_index_found_damaged_while_az_is_at_work_costs_nothing_that_was_told_or_written() {
    let world = filled();
    let mut damaged = indexed(&world);
    // What follows the header is first looked at when it is asked for.
    damaged[4096..5000].iter_mut().for_each(|byte| *byte ^= 1);
    world.file(layout().index(), damaged);
    let store = open(&world);
    let id = store.begin("c", &[key_of(2, 0), key_of(2, 1)]).unwrap();
    assert_eq!(store.by_key(&key_of(2, 0)), Err(Unusable::Interrupted));
    store.commit(id, &rich(2, 0, Ending::Reusable)).unwrap();
    assert_eq!(store.by_key(&key_of(2, 1)).unwrap().unwrap().run, "run 2 1");
    assert_eq!(answers(&store), by_journal(&world));
    store.settle().unwrap();
    assert_ne!(indexed(&world).len(), 0);
    assert!(View::open(Mapped::from(indexed(&world))).is_some());
    check(&world);
}

#[test]
fn a_damaged_entry_that_the_index_tells_of_is_a_record_less_and_never_another_answer() {
    let world = filled_with(3000);
    let sound = world.read(&layout().entries()).unwrap();
    let truth = open(&world);
    let expected = |step, value| truth.by_key(&key_of(step, value)).map(|found| found.map(|r| r.run.clone()));
    let index = indexed(&world);
    let covered = View::open(Mapped::from(index.clone())).unwrap().covered_of(&sound).unwrap();
    // By its first and last bytes the journal is known.
    for at in (4096..covered - 4096).step_by(31) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x04;
        world.file(layout().entries(), damaged).file(layout().index(), &index[..]);
        let store = Store::open(shared(&world), layout());
        assert!(!store.is_damaged(), "the index is believed");
        let mut lost = 0;
        for (step, value) in (0..3).flat_map(|step| (0..4).map(move |value| (step, value))) {
            let found = store.by_key(&key_of(step, value)).map(|found| found.map(|r| r.run.clone()));
            lost += usize::from(found != expected(step, value));
            assert!(found == expected(step, value) || found == Ok(None), "byte {at}: {found:?}");
        }
        assert!(lost <= 1, "byte {at}");
        assert!(store.records().iter().all(|record| truth.records().contains(record)), "byte {at}");
        if store.records().len() < truth.records().len() {
            store.prepare_to_write().unwrap();
            store.settle().unwrap();
            check(&world);
        }
    }
}

#[test]
fn an_index_of_another_journal_is_none() {
    let world = filled();
    let other = filled_with_one();
    world.file(layout().index(), indexed(&other));
    check(&world);
    world.remove_file(&layout().entries()).unwrap();
    check(&world);
    assert_eq!(read_again(&world), read_again(&self::world()));
}

fn filled_with_one() -> Memory {
    let world = world();
    let store = open(&world);
    let id = store.begin("a", &[]).unwrap();
    store.commit(id, &rich(0, 3, Ending::Reusable)).unwrap();
    store.settle_now().unwrap();
    world
}

#[test]
fn whatever_fails_while_an_index_is_written_loses_nothing() {
    for compact in [false, true] {
        let expected = |world: &Memory| {
            let store = Store::open(shared(world), layout());
            let keys = (0..3).flat_map(|step| (0..4).map(move |value| key_of(step, value)));
            keys.map(|key| store.by_key(&key).map(|found| found.map(|r| r.run.clone()))).collect::<Vec<_>>()
        };
        for changes in 0.. {
            let world = filled();
            let before = expected(&world);
            if compact {
                // A hole has the journal written anew.
                let mut bytes = world.read(&layout().entries()).unwrap();
                bytes.extend_from_slice(b"torn");
                world.file(layout().entries(), bytes);
            }
            let faulty = Faulty::new(world.clone());
            let store = Store::open(Arc::new(faulty.clone()), layout());
            if !compact {
                store.prepare_to_write().unwrap();
            }
            faulty.fail_after(changes);
            let settled = store.settle_now();
            assert_eq!(expected(&world), before, "{changes} changes");
            assert!(!world.tree().contains(".tmp"), "no litter");
            if settled.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn an_action_that_ends_after_the_index_was_made_is_closed_by_its_end() {
    let world = world();
    let store = open(&world);
    let id = store.begin("a", &[key_of(0, 0), key_of(0, 1)]).unwrap();
    let withdrawn = store.begin("b", &[key_of(1, 0)]).unwrap();
    store.settle_now().unwrap();
    store.commit(id, &rich(0, 0, Ending::Reusable)).unwrap();
    store.withdraw(withdrawn).unwrap();
    assert!(
        matches!(store.by_key(&key_of(0, 1)), Ok(None)) && matches!(store.by_key(&key_of(1, 0)), Ok(None))
    );
    check(&world);
}

#[test]
fn what_an_az_inside_a_step_appended_is_indexed_too() {
    let world = world();
    let outer = open(&world);
    let id = outer.begin("a", &[]).unwrap();
    let inner = Store::open(shared(&world), layout());
    inner.append_to_outer().unwrap();
    let inside = inner.begin("b", &[key_of(1, 0)]).unwrap();
    inner.commit(inside, &rich(1, 0, Ending::Reusable)).unwrap();
    outer.commit(id, &rich(0, 0, Ending::Reusable)).unwrap();
    outer.settle_now().unwrap();
    check(&world);
    let store = Store::open(shared(&world), layout());
    assert!(store.by_key(&key_of(0, 0)).unwrap().is_some() && store.by_key(&key_of(1, 0)).unwrap().is_some());
}

#[test]
fn records_are_indexed_once_enough_of_them_are_new_and_not_before() {
    let world = world();
    let store = open(&world);
    let mut made = rich(0, 0, Ending::Reusable);
    made.flags = vec!["x".repeat(10 << 10)];
    let mut written = Vec::new();
    for number in 0..300 {
        let id = store.begin("a", &[]).unwrap();
        store.commit(id, &made).unwrap();
        store.settle().unwrap();
        if let Ok(bytes) = world.read(&layout().index())
            && written.last().is_none_or(|(_, last)| *last != bytes)
        {
            written.push((number, bytes));
        }
    }
    // Each covers a quarter of a MiB more than the one before it, until the journal is written anew.
    assert!((5..30).contains(&written.len()), "{}", written.len());
    assert!(written[0].0 > 20, "the first one is worth it");
}

#[derive(Debug, Clone)]
enum Happens {
    Begin(usize, Vec<usize>),
    Commit { open: usize, step: usize, value: usize, ending: Ending },
    Withdraw(usize),
    Retract(usize),
    Reopen,
    Settle,
    Tear,
}

fn happens() -> impl Strategy<Value = Happens> {
    let ending = prop::sample::select(vec![
        Ending::Reusable,
        Ending::Reusable,
        Ending::NotReusable("no".to_owned()),
        Ending::Failed("1".to_owned()),
        Ending::Interrupted,
    ]);
    prop_oneof![
        4 => (0..3_usize, prop::collection::vec(0..4_usize, 0..3)).prop_map(|(step, keys)| Happens::Begin(step, keys)),
        6 => (0..3_usize, 0..3_usize, 0..4_usize, ending)
            .prop_map(|(open, step, value, ending)| Happens::Commit { open, step, value, ending }),
        1 => (0..3_usize).prop_map(Happens::Withdraw),
        1 => (0..3_usize).prop_map(Happens::Retract),
        1 => Just(Happens::Reopen),
        2 => Just(Happens::Settle),
        1 => Just(Happens::Tear),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_index_changes_no_answer(story in prop::collection::vec(happens(), 0..40)) {
        let world = world();
        let mut store = open(&world);
        let mut begun: Vec<BeginId> = Vec::new();
        for happens in story {
            match happens {
                Happens::Begin(step, values) => {
                    let keys: Vec<Digest> = values.iter().map(|value| key_of(step, *value)).collect();
                    begun.push(store.begin(STEPS[step], &keys).unwrap());
                }
                Happens::Commit { open, step, value, ending } if open < begun.len() => {
                    store.commit(begun.remove(open), &rich(step, value, ending)).unwrap();
                }
                Happens::Withdraw(open) if open < begun.len() => store.withdraw(begun.remove(open)).unwrap(),
                Happens::Commit { .. } | Happens::Withdraw(_) => {}
                Happens::Retract(step) => {
                    if let Some(record) = store.last(STEPS[step]) {
                        store.retract(&record, "it was not so".to_owned()).unwrap();
                    }
                }
                Happens::Reopen => store = open(&world),
                Happens::Settle => store.settle_now().unwrap(),
                Happens::Tear => {
                    let mut bytes = world.read(&layout().entries()).unwrap();
                    bytes.extend_from_slice(&[9, 0, 0, 0, 1]);
                    world.file(layout().entries(), bytes);
                    check(&world);
                    store = open(&world);
                }
            }
            // What this process knows is what the next one reads; it may know of actions that have not ended, too.
            check(&world);
            prop_assert_eq!(answers(&store), by_journal(&world));
        }
    }
}
