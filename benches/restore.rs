//! Bringing back a thousand files, as files and as the outputs of a thousand steps; the floor is copying the same bytes.

#![expect(clippy::disallowed_methods, reason = "the floor is what the system itself costs")]

mod steps;

use std::{fs, path::Path, sync::Arc};

use az::{
    base::WsPath,
    cache::{Blobs, Target, restore},
    fingerprint::{Disk, State},
    sys::{Os, System},
};
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use steps::{STEPS, build, run_all, write_workspace};

const FILES: usize = 1_000;
const BYTES: usize = 16 << 10;

/// Stores a thousand contents and returns where each shall go.
fn targets(blobs: &Blobs) -> Vec<Target> {
    let target = |file: usize| {
        let digest = blobs.put_bytes(format!("{file:08}").repeat(BYTES / 8).as_bytes()).expect("a blob");
        let state = State::File { digest, size: BYTES as u64, mode: 0o644 };
        Target { path: WsPath::from_normal(&format!("out/{file}")).expect("a normal path"), state }
    };
    (0..FILES).map(target).collect()
}

fn bring_back(root: &Path, system: &Arc<dyn System>, blobs: &Blobs, targets: &[Target]) -> usize {
    let disk = Disk::new(Arc::clone(system), root, &root.join("clock"), []);
    let restored = restore(&disk, blobs, targets, &root.join("kept"), |_, _| false);
    restored.expect("all blobs are there").written.len()
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = fs::canonicalize(folder.path()).expect("it is there");
    let system: Arc<dyn System> = Arc::new(Os);
    let blobs = Blobs::new(Arc::clone(&system), root.join("cas"));
    let targets = targets(&blobs);
    let out = root.join("out");
    let empty = || {
        _ = fs::remove_dir_all(&out);
        fs::create_dir(&out).expect("a folder");
    };
    empty();
    assert_eq!(bring_back(&root, &system, &blobs, &targets), FILES);
    let sources: Vec<_> =
        fs::read_dir(&out).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    let from = root.join("copy");
    fs::create_dir(&from).expect("a folder");
    for source in &sources {
        fs::copy(source, from.join(source.file_name().expect("a name"))).expect("a copy");
    }
    let mut group = criterion.benchmark_group("restore");
    group.throughput(Throughput::Bytes((FILES * BYTES) as u64));
    group.sample_size(10);
    group.bench_function("az", |bencher| {
        bencher.iter_batched(
            empty,
            |()| bring_back(&root, &system, &blobs, &targets),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("floor: copy the same bytes", |bencher| {
        let copy = |to: &std::path::PathBuf| fs::copy(from.join(to.file_name().expect("a name")), to);
        bencher.iter_batched(
            empty,
            |()| sources.iter().filter(|to| copy(to).is_ok()).count(),
            BatchSize::PerIteration,
        );
    });
    build_without_outputs(&mut group, folder.path());
    group.finish();
}

/// A build after `rm -r out`: every step is up to date, and every output is brought back.
fn build_without_outputs(group: &mut BenchmarkGroup<'_, WallTime>, folder: &Path) {
    let root = fs::canonicalize(folder).expect("it is there").join("steps");
    fs::create_dir(&root).expect("a folder");
    write_workspace(&root, BYTES);
    run_all(&root);
    let remove = || fs::remove_dir_all(root.join("out")).expect("the outputs are there");
    remove();
    assert_eq!(build(&root).restored, STEPS);
    group.bench_function("az build of as many steps", |bencher| {
        bencher.iter_batched(remove, |()| build(&root), BatchSize::PerIteration);
    });
}

criterion_group!(all, benches);
criterion_main!(all);
