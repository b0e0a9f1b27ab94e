//! What is written is what is read.

use proptest::prelude::*;

use serde_json::json;

use super::{
    super::wire::{Entry, WireHanded},
    *,
};
fn states() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Absent),
        Just(State::Directory),
        Just(State::Unknown),
        ".{0,6}".prop_map(|target| State::Link { target: target.into() }),
        (any::<[u8; 32]>(), any::<u64>(), 0..0o1000_u32).prop_map(|(digest, size, mode)| State::File {
            digest: Digest(digest),
            size,
            mode
        }),
    ]
}

pub(super) fn paths() -> impl Strategy<Value = WsPath> {
    "/?[a-z é]{1,4}(/[a-z.]{3,5}){0,2}".prop_filter_map("normal", |text| WsPath::from_normal(&text))
}

fn components() -> impl Strategy<Value = Component> {
    (0_u8..15, ".{0,5}", any::<[u8; 32]>(), ".{0,5}").prop_map(|(kind, name, digest, short)| Component {
        kind: ComponentKind::from_index(kind).unwrap(),
        name,
        digest: Digest(digest),
        short,
    })
}

fn effects() -> impl Strategy<Value = Effect> {
    (paths(), states(), states(), any::<[bool; 4]>()).prop_map(|(path, before, after, flags)| {
        let [is_personal, is_probed, is_made, kept] = flags;
        let keeps_mode = kept && matches!(after, State::File { .. });
        Effect { path, before, after, is_personal, is_probed, is_made, keeps_mode }
    })
}

fn handed() -> impl Strategy<Value = Handed> {
    let value =
        prop_oneof![any::<f64>().prop_map(|number| json!(number)), ".{0,4}".prop_map(|text| json!([text]))];
    let texts = prop::collection::btree_map(".{0,3}", ".{0,3}", 0..2);
    let outputs = prop::collection::btree_map(".{0,3}", value, 0..2);
    let rest = (prop::collection::vec(".{0,3}", 0..2), prop::option::of(".{0,3}"));
    (outputs, texts, rest).prop_map(|(outputs, env, (path, summary))| Handed { outputs, env, path, summary })
}

fn records() -> impl Strategy<Value = Record> {
    let ending = prop_oneof![
        Just(Ending::Reusable),
        ".{0,5}".prop_map(Ending::NotReusable),
        ".{0,5}".prop_map(Ending::Failed),
        Just(Ending::Interrupted),
    ];
    let head = (".{0,9}", ".{0,9}", any::<i64>(), any::<u64>(), ending, any::<Option<i32>>());
    let body = (
        prop::collection::vec(".{0,4}", 0..3),
        any::<([u8; 32], [u8; 32])>(),
        prop::collection::vec(components(), 0..5),
        prop::collection::vec(effects(), 0..5),
        any::<[Option<[u8; 32]>; 2]>(),
        (any::<bool>(), prop::collection::vec(".{0,4}", 0..3), prop::collection::vec(paths(), 0..3)),
    );
    (head, body, handed()).prop_map(|((identity, run, ended, duration, ending, exit_code), body, handed)| {
        let (flags, (weak, key), components, effects, [log, trace], (is_traced, learned, scratch)) = body;
        Record {
            identity,
            run,
            ended: Timestamp(ended),
            duration: Duration::from_nanos(duration),
            ending,
            exit_code,
            flags,
            weak: Digest(weak),
            key: Digest(key),
            fingerprint: Fingerprint::new(components),
            effects,
            log: log.map(Digest),
            evidence: if is_traced { Evidence::Traced } else { Evidence::Declared },
            learned,
            private: scratch.clone(),
            borrowed: scratch.clone(),
            is_outward: scratch.is_empty(),
            root: scratch.first().map(ToString::to_string),
            scratch,
            trace: trace.map(Digest),
            handed,
        }
    })
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(record in records()) {
        let bytes = postcard::to_stdvec(&Entry::commit(BeginId([7; 16]), &record)).unwrap();
        let (id, read) = match postcard::from_bytes(&bytes).unwrap() {
            Entry::Commit { id, record } => (id, record.into_record(WireHanded::default())),
            Entry::CommitHanding { id, record, handed } => (id, record.into_record(handed)),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(id, [7; 16]);
        prop_assert_eq!(read, Some(record));
    }
}

#[test]
fn set_user_bits_are_never_brought_back() {
    let mut record = record("a", "1", Ending::Reusable);
    let after = State::File { digest: Digest::of(b""), size: 0, mode: 0o6755 };
    record.effects = vec![Effect::new(path("x"), State::Absent, after)];
    let Entry::Commit { record, .. } = Entry::commit(BeginId([0; 16]), &record) else { panic!() };
    let read = record.into_record(WireHanded::default()).unwrap();
    assert!(matches!(read.effects[0].after, State::File { mode: 0o755, .. }));
}

#[test]
fn a_record_that_hands_nothing_on_stands_there_as_it_always_did() {
    let plain = record("a", "1", Ending::Reusable);
    let bytes = |record: &Record| postcard::to_stdvec(&Entry::commit(BeginId([0; 16]), record)).unwrap();
    assert_eq!(bytes(&plain)[0], 1);
    let handing = Record { handed: Handed { path: vec!["/x".to_owned()], ..Handed::default() }, ..plain };
    assert_eq!(bytes(&handing)[0], 3);
}
