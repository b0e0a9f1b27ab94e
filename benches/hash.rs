//! Looking at a thousand files nobody knows yet, as files and as the inputs of a thousand steps; the floors are hashing the
//! same bytes, with and without reading them.

#![expect(clippy::disallowed_methods, reason = "the floor is what the system itself costs")]

mod steps;

use std::{fs, hint::black_box, path::Path, sync::Arc, time::SystemTime};

use az::{
    base::WsPath,
    fingerprint::{Disk, State, View},
    sys::Os,
};
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use steps::{STEPS, build, run_all, write_workspace};

const FILES: usize = 1_000;
const BYTES: usize = 16 << 10;

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let contents: Vec<Vec<u8>> =
        (0..FILES).map(|file| format!("{file:08}").repeat(BYTES / 8).into_bytes()).collect();
    let names: Vec<String> = (0..FILES).map(|file| format!("f{file}")).collect();
    for (name, bytes) in names.iter().zip(&contents) {
        fs::write(root.join(name), bytes).expect("a file");
    }
    let mut group = criterion.benchmark_group("hash");
    group.throughput(Throughput::Bytes((FILES * BYTES) as u64));
    group.sample_size(20);
    group.bench_function("az", |bencher| bencher.iter(|| look_at_all(root, &names)));
    group.bench_function("floor: blake3 of the same bytes", |bencher| {
        bencher.iter(|| contents.iter().map(|bytes| blake3::hash(black_box(bytes))).collect::<Vec<_>>());
    });
    group.bench_function("floor: read and blake3", |bencher| {
        let hash = |name| blake3::hash(&fs::read(root.join(name)).expect("the file is there"));
        bencher.iter(|| names.iter().map(hash).collect::<Vec<_>>());
    });
    build_of_touched_inputs(&mut group);
    group.finish();
}

/// A build after all sources were touched: each must be hashed to find that nothing is to be done.
fn build_of_touched_inputs(group: &mut BenchmarkGroup<'_, WallTime>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = fs::canonicalize(folder.path()).expect("it is there");
    write_workspace(&root, BYTES);
    run_all(&root);
    let touch = || {
        for step in 0..STEPS {
            let source = fs::File::options().append(true).open(root.join(format!("src/{step}")));
            source.and_then(|file| file.set_modified(SystemTime::now())).expect("the source is there");
        }
    };
    touch();
    assert_eq!(build(&root).reused(), STEPS);
    group.bench_function("az build of as many steps", |bencher| {
        bencher.iter_batched(touch, |()| build(&root), BatchSize::PerIteration);
    });
}

fn look_at_all(root: &Path, names: &[String]) -> Vec<State> {
    let disk = Disk::new(Arc::new(Os), root, &root.join("clock"), []);
    let state = |name: &String| disk.state(&WsPath::from_normal(name).expect("a normal path"));
    names.iter().map(state).collect()
}

criterion_group!(all, benches);
criterion_main!(all);
