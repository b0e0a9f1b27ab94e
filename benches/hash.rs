//! Looking at a thousand files nobody knows yet; its floors are hashing the same bytes, with and without reading them.

#![expect(clippy::disallowed_methods, reason = "the floor is what the system itself costs")]

use std::{fs, hint::black_box, path::Path, sync::Arc};

use az::{
    base::WsPath,
    fingerprint::{Disk, State, View},
    sys::Os,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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
    group.finish();
}

fn look_at_all(root: &Path, names: &[String]) -> Vec<State> {
    let disk = Disk::new(Arc::new(Os), root, &root.join("clock"), []);
    let state = |name: &String| disk.state(&WsPath::from_normal(name).expect("a normal path"));
    names.iter().map(state).collect()
}

criterion_group!(all, benches);
criterion_main!(all);
