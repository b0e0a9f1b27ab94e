//! What is told of actions since a time: their identities if all is well, and nothing otherwise.

use super::*;

/// Returns what is told of what `act` does to a store that has a record already.
fn told(act: impl Fn(&Memory, &Store)) -> Option<Vec<String>> {
    let world = world();
    let store = Store::open(shared(&world), layout());
    store.prepare_to_write().unwrap();
    run(&store, "before", Ending::Reusable);
    let size = || world.stat(&layout().entries()).unwrap().size;
    let before = size();
    act(&world, &store);
    ended_since(&world, &layout(), before, size()).map(|ended| ended.into_iter().collect())
}

fn run(store: &Store, identity: &str, ending: Ending) {
    run_as(store, &record(identity, "1", ending));
}

fn run_as(store: &Store, record: &Record) {
    let id = store.begin(&record.identity, &[record.key]).unwrap();
    store.commit(id, record).unwrap();
}

#[test]
fn what_ended_well_is_told_and_nothing_from_before() {
    assert_eq!(told(|_, _| ()), Some(vec![]));
    let two = told(|_, store| {
        run(store, "b", Ending::Reusable);
        run(store, "a", Ending::Reusable);
        run(store, "b", Ending::Reusable);
    });
    assert_eq!(two, Some(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn what_did_not_end_well_or_is_more_than_its_effects_is_no_answer() {
    let ends = |ending: Ending| told(move |_, store| run(store, "a", ending.clone()));
    assert_eq!(ends(Ending::Failed("exit code 1".to_owned())), None);
    assert_eq!(ends(Ending::NotReusable("it is open".to_owned())), None);
    assert_eq!(ends(Ending::Interrupted), None);
    // It may be at work.
    assert_eq!(told(|_, store| _ = store.begin("a", &[]).unwrap()), None);
    assert_eq!(told(|_, store| store.withdraw(store.begin("a", &[]).unwrap()).unwrap()), None);
    let of = |change: fn(&mut Record)| {
        told(move |_, store| {
            let mut record = record("a", "1", Ending::Reusable);
            change(&mut record);
            run_as(store, &record);
        })
    };
    assert_eq!(of(|_| ()), Some(vec!["a".to_owned()]));
    let path = || WsPath::from_normal("target").unwrap();
    assert_eq!(
        told(move |_, store| run_as(
            store,
            &Record { private: vec![path()], ..record("a", "1", Ending::Reusable) }
        )),
        None
    );
    assert_eq!(
        told(move |_, store| run_as(
            store,
            &Record { borrowed: vec![path()], ..record("a", "1", Ending::Reusable) }
        )),
        None
    );
    assert_eq!(
        told(move |_, store| run_as(
            store,
            &Record { scratch: vec![path()], ..record("a", "1", Ending::Reusable) }
        )),
        None
    );
    assert_eq!(of(|record| _ = record.handed.env.insert("A".to_owned(), "1".to_owned())), None);
}

#[test]
fn a_damaged_or_shorter_journal_is_no_answer() {
    let journal = layout().entries();
    let damaged = |damage: fn(&mut Vec<u8>)| {
        let journal = journal.clone();
        told(move |world, store| {
            run(store, "a", Ending::Reusable);
            let mut bytes = world.read(&journal).unwrap();
            damage(&mut bytes);
            world.write(&journal, &bytes, 0o644).unwrap();
        })
    };
    assert_eq!(damaged(|_| ()), Some(vec!["a".to_owned()]));
    assert_eq!(damaged(|bytes| bytes.truncate(10)), None);
    assert_eq!(damaged(|bytes| bytes.truncate(bytes.len() - 1)), None);
    assert_eq!(damaged(|bytes| *bytes.last_mut().unwrap() ^= 1), None);
    assert_eq!(damaged(|bytes| bytes.resize(3 << 20, 0)), None);
}
