//! Opening the records of many steps and looking one up; what a build with one changed step pays before it does
//! anything.

use std::{hint::black_box, ops::Range, path::Path, sync::Arc, time::Duration};

use az::{
    base::{Timestamp, WsPath},
    cache::{Effect, Ending, Evidence, Layout, Record, Store},
    fingerprint::{Component, ComponentKind, Fingerprint, State},
    sys::{Os, System},
    text::handed::Handed,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// Steps with a record each.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Steps of the case in which not all are indexed, and those that are not.
const STEPS: usize = 10_000;
const BEHIND: usize = 200;
/// What a step depends on, and what it leaves.
const INPUTS: usize = 12;
const OUTPUTS: usize = 2;

fn identity(step: usize) -> String {
    format!("scripts/{step:06}_build.sh")
}

/// A record as a traced step leaves it.
fn record(step: usize) -> Record {
    let component = |kind, name: String| Component::of_text(kind, name.clone(), &name);
    let weak = Fingerprint::new(vec![
        component(ComponentKind::Script, identity(step)),
        component(ComponentKind::Tool, "/usr/bin/bash".to_owned()),
        component(ComponentKind::Environment, "LANG".to_owned()),
    ]);
    let input = |input| component(ComponentKind::Input, format!("src/part{step}/file{input}.c"));
    let fingerprint = weak.with((0..INPUTS).map(input));
    let effect = |output| {
        let path = WsPath::from_normal(&format!("out/{step}/{output}.o")).expect("a normal path");
        let digest = fingerprint.key();
        Effect::new(path, State::Absent, State::File { digest, size: 1000, mode: 0o644 })
    };
    Record {
        identity: identity(step),
        run: "20260101-000000-0000".to_owned(),
        ended: Timestamp(1),
        duration: Duration::from_millis(20),
        ending: Ending::Reusable,
        exit_code: Some(0),
        flags: vec![],
        weak: weak.key(),
        key: fingerprint.key(),
        effects: (0..OUTPUTS).map(effect).collect(),
        fingerprint,
        log: None,
        evidence: Evidence::Traced,
        learned: vec![],
        scratch: vec![],
        private: vec![],
        borrowed: vec![],
        is_outward: false,
        root: None,
        trace: None,
        handed: Handed::default(),
    }
}

fn fill(system: &Arc<dyn System>, root: &Path, steps: Range<usize>) -> Store {
    let store = Store::open(Arc::clone(system), Layout::new(root));
    store.prepare_to_write().expect("a folder");
    for step in steps {
        let record = record(step);
        let id = store.begin(&record.identity, &[record.key]).expect("a journal");
        store.commit(id, &record).expect("a journal");
    }
    store
}

/// Opens the store and asks what a lookup of one step asks.
fn look_up(system: &Arc<dyn System>, root: &Path, wanted: &Record) -> usize {
    let store = Store::open(Arc::clone(system), Layout::new(root));
    let sets = store.path_sets(&wanted.weak);
    let own = store.own(&wanted.identity);
    assert!(sets.len() == 1 && own.knows(&wanted.effects[0].path), "it is recorded");
    let found = store.by_key(&wanted.key).expect("it is usable").expect("it is recorded");
    found.effects.iter().filter(|effect| store.is_ours(&effect.path, &effect.after)).count()
}

fn benches(criterion: &mut Criterion) {
    let system: Arc<dyn System> = Arc::new(Os);
    let mut group = criterion.benchmark_group("store");
    for steps in SIZES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fill(&system, folder.path(), 0..steps).settle().expect("an index");
        let wanted = record(steps / 3);
        assert_eq!(look_up(&system, folder.path(), &wanted), OUTPUTS);
        group.bench_function(BenchmarkId::new("open and look one up", steps), |bencher| {
            bencher.iter(|| look_up(&system, folder.path(), black_box(&wanted)));
        });
        group.bench_function(BenchmarkId::new("open", steps), |bencher| {
            bencher.iter(|| Store::open(Arc::clone(&system), Layout::new(folder.path())));
        });
    }
    // Steps that ran since the index was last written, which is done above 256 KiB of them.
    let folder = tempfile::tempdir().expect("a temporary folder");
    fill(&system, folder.path(), 0..STEPS).settle().expect("an index");
    fill(&system, folder.path(), STEPS..STEPS + BEHIND);
    let wanted = record(STEPS / 3);
    group.bench_function(
        BenchmarkId::new("open and look one up, others behind the index", STEPS),
        |bencher| {
            bencher.iter(|| look_up(&system, folder.path(), black_box(&wanted)));
        },
    );
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
