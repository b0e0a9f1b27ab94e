//! A build of a thousand steps with nothing to do; its floor is asking the system for the same paths in one thread.

#![expect(clippy::disallowed_methods, reason = "the floor is what the system itself costs")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use az::{
    engine::{Ask, BuildOptions, Engine},
    sys::Os,
};
use criterion::{Criterion, criterion_group, criterion_main};

const STEPS: usize = 1_000;

/// Steps that each read a source and what an earlier step makes.
fn write_workspace(root: &Path) {
    for folder in ["scripts", "src", "out"] {
        fs::create_dir(root.join(folder)).expect("a folder");
    }
    for step in 0..STEPS {
        let before = if step == 0 { String::new() } else { format!(", out/{}", step / 2) };
        let text = format!(
            "# Inputs: src/{step}{before}\n# Outputs: out/{step}\nread a < src/{step}; echo $a > out/{step}\n"
        );
        fs::write(root.join(format!("scripts/{step:04}_s.sh")), text).expect("a script");
        fs::write(root.join(format!("src/{step}")), format!("{step}\n")).expect("a source");
    }
}

fn build_once(root: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_az"))
        .args(["build", "*", "-q"])
        .current_dir(root)
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("az starts").success());
}

/// Builds in this process, as the command does behind its first line.
fn build(root: &Path) -> usize {
    let engine = Engine::open(Arc::new(Os), root).expect("a workspace");
    let ask = Ask { arguments: vec!["*".to_owned()], ..Ask::default() };
    let result = engine.build(&ask, &BuildOptions::default(), &mut |_| (), &mut || ());
    result.expect("a sound plan").view.counts().reused()
}

fn all_paths(root: &Path) -> Vec<PathBuf> {
    let of = |folder: &str| {
        fs::read_dir(root.join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path())
    };
    ["scripts", "src", "out"].iter().flat_map(|folder| of(folder)).collect()
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = fs::canonicalize(folder.path()).expect("it is there");
    write_workspace(&root);
    build_once(&root);
    // Until all files are settled, looking at them means hashing them.
    std::thread::sleep(Duration::from_millis(50));
    build_once(&root);
    assert_eq!(build(&root), STEPS);
    let paths = all_paths(&root);
    let mut group = criterion.benchmark_group("no_op");
    group.sample_size(20);
    group.bench_function("az in this process", |bencher| bencher.iter(|| build(&root)));
    group.bench_function("az as a process", |bencher| bencher.iter(|| build_once(&root)));
    group.bench_function("floor: stat of the same paths", |bencher| {
        bencher.iter(|| paths.iter().filter(|path| fs::symlink_metadata(path).is_ok()).count());
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
