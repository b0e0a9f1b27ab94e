//! Which record a key leads to, after anything that may have happened, and after the journal was read again.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::sys::Faulty;

fn open(world: &Memory) -> Store {
    let store = Store::open(shared(world), layout());
    store.prepare_to_write().unwrap();
    store
}

fn key(identity: &str, value: &str) -> Digest {
    record(identity, value, Ending::Reusable).fingerprint.key()
}

/// Begins and ends an action.
fn run(store: &Store, identity: &str, value: &str, ending: Ending) {
    let id = store.begin(identity, &[key(identity, value)]).unwrap();
    store.commit(id, &record(identity, value, ending)).unwrap();
}

fn failed() -> Ending {
    Ending::Failed("exit code 1".to_owned())
}

/// What a key leads to, as a word.
fn answer(store: &Store, identity: &str, value: &str) -> &'static str {
    match store.by_key(&key(identity, value)) {
        Ok(Some(_)) => "usable",
        Ok(None) => "none",
        Err(Unusable::FailedBefore) => "failed before",
        Err(Unusable::Interrupted) => "interrupted",
    }
}

/// Claims an answer of this process and of the next one.
fn check(world: &Memory, store: &Store, value: &str, expected: &str) {
    assert_eq!(answer(store, "a", value), expected);
    assert_eq!(answer(&Store::open(shared(world), layout()), "a", value), expected, "read again");
}

#[test]
fn a_failure_takes_the_green_record_of_its_key_and_no_other() {
    let world = world();
    let store = open(&world);
    run(&store, "a", "1", Ending::Reusable);
    run(&store, "a", "2", Ending::Reusable);
    run(&store, "a", "2", failed());
    check(&world, &store, "2", "failed before");
    check(&world, &store, "1", "usable");
    run(&store, "a", "2", Ending::Reusable);
    check(&world, &store, "2", "usable");
}

/// A record is read back from where it was written, whoever else writes to the journal, and whatever is lost of it.
#[test]
fn what_was_just_written_is_read_from_the_journal() {
    let world = world();
    let store = open(&world);
    run(&store, "a", "1", Ending::Reusable);
    let inner = Store::open(shared(&world), layout());
    inner.append_to_outer().unwrap();
    run(&inner, "b", "between", Ending::Reusable);
    run(&store, "a", "2", Ending::Reusable);
    let found = |value: &str| store.by_key(&key("a", value)).unwrap().map(|record| record.key);
    assert_eq!(found("1"), Some(record("a", "1", Ending::Reusable).key));
    run(&store, "a", "3", Ending::Reusable);
    let journal = world.read(&layout().entries()).unwrap();
    world.write(&layout().entries(), &journal[..journal.len() - 1], 0o644).unwrap();
    assert_eq!((found("2").is_some(), found("3")), (true, None));
}

#[test]
fn an_action_that_never_ended_takes_the_keys_it_began_with() {
    let world = world();
    let store = open(&world);
    run(&store, "a", "branch a", Ending::Reusable);
    run(&store, "a", "branch b", Ending::Reusable);
    store.begin("a", &[key("a", "branch b")]).unwrap();
    check(&world, &store, "branch b", "interrupted");
    check(&world, &store, "branch a", "usable");
}

#[test]
fn an_action_that_was_withdrawn_is_as_if_it_had_not_begun() {
    let world = world();
    let store = open(&world);
    run(&store, "a", "green", Ending::Reusable);
    run(&store, "a", "red", Ending::Reusable);
    run(&store, "a", "red", failed());
    for (value, expected) in [("green", "usable"), ("red", "failed before"), ("new", "none")] {
        let id = store.begin("a", &[key("a", value)]).unwrap();
        store.withdraw(id).unwrap();
        check(&world, &store, value, expected);
    }
}

#[test]
fn a_failure_alone_is_never_a_hit() {
    let world = world();
    let store = open(&world);
    run(&store, "a", "1", failed());
    check(&world, &store, "1", "failed before");
    run(&store, "a", "2", Ending::NotReusable("declares no inputs".to_owned()));
    check(&world, &store, "2", "none");
}

#[test]
fn a_journal_that_cannot_be_written_is_told_and_this_process_knows_all_the_same() {
    let world = world();
    let store = Store::open(shared(&world), layout());
    assert!(store.begin("a", &[key("a", "1")]).is_err());
    assert_eq!(answer(&store, "a", "1"), "interrupted");
}

#[test]
fn what_is_written_after_a_write_that_failed_half_way_is_read_again() {
    let world = world();
    let faulty = Faulty::new(world.clone());
    let store = Store::open(Arc::new(faulty.clone()), layout());
    store.prepare_to_write().unwrap();
    run(&store, "a", "1", Ending::Reusable);
    run(&store, "a", "2", Ending::Reusable);
    faulty.fail_after(0);
    assert!(store.begin("a", &[key("a", "1")]).is_err());
    run(&store, "b", "1", Ending::Reusable);
    run(&store, "a", "2", failed());
    check(&world, &store, "1", "interrupted");
    check(&world, &store, "2", "failed before");
    assert_eq!(answer(&Store::open(shared(&world), layout()), "b", "1"), "usable");
}

#[test]
fn what_az_left_is_known_by_path_and_a_persons_bytes_never_become_its_own() {
    let world = world();
    let store = open(&world);
    let effect =
        |name: &str, is_personal| Effect { is_personal, ..Effect::new(path(name), State::Absent, file("x")) };
    assert!(!store.is_ours(&path("a"), &file("x")));
    let mut made = record("a", "1", Ending::Reusable);
    made.effects = vec![effect("a", false), effect("b", true)];
    let id = store.begin("a", &[]).unwrap();
    store.commit(id, &made).unwrap();
    for store in [store, Store::open(shared(&world), layout())] {
        assert!(store.is_ours(&path("a"), &file("x")));
        assert!(!store.is_ours(&path("b"), &file("x")) && !store.is_ours(&path("c"), &file("x")));
        assert!(!store.is_ours(&path("a"), &file("y")));
    }
}

#[test]
fn sets_of_questions_stand_once_and_the_latest_first() {
    let world = world();
    let store = open(&world);
    let weak = record("a", "", Ending::Reusable).weak;
    for names in [["in", "b"], ["in", "c"], ["in", "b"]] {
        let mut one = record("a", names[1], Ending::Reusable);
        let more = Component::of_text(ComponentKind::Input, names[1], names[1]);
        one.fingerprint = one.fingerprint.with([more]);
        one.key = one.fingerprint.key();
        let id = store.begin("a", &[]).unwrap();
        store.commit(id, &one).unwrap();
    }
    let asked = |store: &Store| {
        let sets = store.path_sets(&weak);
        sets.iter().map(|set| set[0].subject().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&store), ["b", "c"]);
    assert_eq!(asked(&Store::open(shared(&world), layout())), ["b", "c"]);
}

#[derive(Debug, Clone)]
enum Happens {
    Begin(usize, Vec<usize>),
    Commit { open: usize, value: usize, ending: Ending },
    Reopen,
    Settle,
    Damage,
}

const STEPS: [&str; 2] = ["a", "b"];
const VALUES: [&str; 3] = ["1", "2", "3"];

fn happens() -> impl Strategy<Value = Happens> {
    let ending = prop::sample::select(vec![
        Ending::Reusable,
        Ending::Reusable,
        Ending::NotReusable("no".to_owned()),
        failed(),
        Ending::Interrupted,
    ]);
    prop_oneof![
        4 => (0..2_usize, prop::collection::vec(0..3_usize, 0..3)).prop_map(|(step, keys)| Happens::Begin(step, keys)),
        6 => (0..3_usize, 0..3_usize, ending)
            .prop_map(|(open, value, ending)| Happens::Commit { open, value, ending }),
        1 => Just(Happens::Reopen),
        1 => Just(Happens::Settle),
        1 => Just(Happens::Damage),
    ]
}

/// What each key leads to, told apart by nothing but what happened since.
#[derive(Default)]
struct Model {
    green: BTreeMap<(usize, usize), usize>,
    unusable: BTreeSet<(usize, usize)>,
    commits: usize,
}

impl Model {
    fn begin(&mut self, step: usize, values: &[usize]) {
        self.unusable.extend(values.iter().map(|value| (step, *value)));
    }

    fn commit(&mut self, step: usize, begun: &[usize], value: usize, ending: &Ending) {
        let keys = begun.iter().chain([&value]).map(|value| (step, *value));
        match ending {
            Ending::Failed(_) | Ending::Interrupted => self.unusable.extend(keys),
            Ending::Reusable | Ending::NotReusable(_) => keys.for_each(|key| _ = self.unusable.remove(&key)),
        }
        if *ending == Ending::Reusable {
            self.green.insert((step, value), self.commits);
        }
        self.commits += 1;
    }

    fn check(&self, store: &Store) {
        for (step, identity) in STEPS.into_iter().enumerate() {
            for (value, text) in VALUES.into_iter().enumerate() {
                let expected = match self.green.get(&(step, value)) {
                    _ if self.unusable.contains(&(step, value)) => "unusable".to_owned(),
                    Some(commit) => format!("record {commit}"),
                    None => "none".to_owned(),
                };
                let found = match store.by_key(&key(identity, text)) {
                    Ok(Some(record)) => format!("record {}", record.run),
                    Ok(None) => "none".to_owned(),
                    Err(_) => "unusable".to_owned(),
                };
                assert_eq!(found, expected, "step {step}, value {value}");
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_a_key_leads_to_what_the_model_says(story in prop::collection::vec(happens(), 0..40)) {
        let world = world();
        let mut store = open(&world);
        let mut model = Model::default();
        let mut begun: Vec<(BeginId, usize, Vec<usize>)> = Vec::new();
        for happens in story {
            match happens {
                Happens::Begin(step, values) => {
                    let keys: Vec<Digest> =
                        values.iter().map(|value| key(STEPS[step], VALUES[*value])).collect();
                    begun.push((store.begin(STEPS[step], &keys).unwrap(), step, values.clone()));
                    model.begin(step, &values);
                }
                Happens::Commit { open, value, ending } if open < begun.len() => {
                    let (id, step, values) = begun.remove(open);
                    let mut record = record(STEPS[step], VALUES[value], ending.clone());
                    record.run = model.commits.to_string();
                    store.commit(id, &record).unwrap();
                    model.commit(step, &values, value, &ending);
                }
                Happens::Commit { .. } => {}
                Happens::Settle => store.settle_now().unwrap(),
                Happens::Reopen => {
                    begun.clear();
                    store = open_again(&world, false);
                }
                Happens::Damage => {
                    begun.clear();
                    store = open_again(&world, true);
                }
            }
            model.check(&store);
        }
        model.check(&Store::open(shared(&world), layout()));
    }
}

/// Opens the store as the next process would; a damaged tail makes it write the journal anew.
fn open_again(world: &Memory, is_damaged: bool) -> Store {
    if is_damaged {
        let mut bytes = world.read(&layout().entries()).unwrap();
        bytes.extend_from_slice(b"torn");
        world.file(layout().entries(), bytes);
    }
    let store = Store::open(shared(world), layout());
    assert_eq!(store.is_damaged(), is_damaged);
    store.prepare_to_write().unwrap();
    assert!(!Store::open(shared(world), layout()).is_damaged());
    store
}

#[test]
fn a_long_journal_is_written_anew_without_what_was_replaced() {
    let world = world();
    let store = open(&world);
    let long = "x".repeat(64 << 10);
    for _ in 0..80 {
        let mut record = record("a", "1", Ending::Reusable);
        record.flags = vec![long.clone()];
        let id = store.begin("a", &[key("a", "1")]).unwrap();
        store.commit(id, &record).unwrap();
    }
    run(&store, "b", "1", Ending::Reusable);
    run(&store, "b", "2", failed());
    let size = || world.stat(&layout().entries()).unwrap().size;
    let before = size();
    store.settle().unwrap();
    let store = open_again(&world, false);
    assert!(size() < before / 40, "{} of {before}", size());
    assert_eq!(answer(&store, "a", "1"), "usable");
    assert_eq!(answer(&store, "b", "1"), "usable");
    assert_eq!(answer(&store, "b", "2"), "failed before");
    let store = open_again(&world, false);
    assert_eq!(store.records().len(), 3, "and it still says the same when it is read again");
}
