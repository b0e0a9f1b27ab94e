//! A build of a thousand steps with nothing to do; its floor is asking the system for the same paths in one thread.
//!
//! `AZ_BENCH_CHECK=1` measures nothing but the ratio of the two, each as a process of its own, and fails if az takes more
//! than [`BOUND`] times the floor.

#![expect(clippy::disallowed_methods, reason = "the floor is what the system itself costs")]
#![expect(clippy::print_stdout, reason = "what a bench is for")]

mod steps;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use criterion::Criterion;
use steps::{STEPS, build, run_all, write_workspace};

/// How much more than the floor az may take.
const BOUND: f64 = 3.0;
/// How often both are measured, one right after the other.
const ROUNDS: usize = 41;
/// The first argument of this program when it is the floor; the second is a file of paths.
const FLOOR: &str = "stat-the-paths-in";

fn run(command: &mut Command) {
    assert!(command.stdout(Stdio::null()).status().expect("it starts").success());
}

fn az(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_az"));
    command.args(["build", "*", "-q", "--no-trace"]).current_dir(root);
    command
}

/// Writes a workspace in which nothing is to be done, and returns the paths that az looks at.
fn settled_workspace(root: &Path) -> Vec<PathBuf> {
    write_workspace(root, 8);
    run_all(root);
    // Until all files are settled, looking at them means hashing them.
    std::thread::sleep(Duration::from_millis(50));
    run(&mut az(root));
    assert_eq!(build(root).reused(), STEPS);
    let of = |folder: &str| {
        fs::read_dir(root.join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path())
    };
    ["scripts", "src", "out"].iter().flat_map(|folder| of(folder)).collect()
}

fn stat_all(paths: impl Iterator<Item = impl AsRef<Path>>) -> usize {
    paths.filter(|path| fs::symlink_metadata(path).is_ok()).count()
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = fs::canonicalize(folder.path()).expect("it is there");
    let paths = settled_workspace(&root);
    let mut group = criterion.benchmark_group("no_op");
    group.sample_size(20);
    group.bench_function("az in this process", |bencher| bencher.iter(|| build(&root)));
    group.bench_function("az as a process", |bencher| bencher.iter(|| run(&mut az(&root))));
    group.bench_function("floor: stat of the same paths", |bencher| {
        bencher.iter(|| stat_all(paths.iter()));
    });
    group.finish();
}

/// Fails if az takes more than it may.
fn check() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = fs::canonicalize(folder.path()).expect("it is there");
    let paths = settled_workspace(&root);
    let list = folder.path().join("paths");
    let text: Vec<&str> = paths.iter().filter_map(|path| path.to_str()).collect();
    fs::write(&list, text.join("\n")).expect("a list");
    let this = std::env::current_exe().expect("this program has a path");
    let time = |command: &mut Command| {
        let started = Instant::now();
        run(command);
        started.elapsed().as_secs_f64()
    };
    let mut times: [Vec<f64>; 2] = [vec![], vec![]];
    for _ in 0..ROUNDS {
        times[0].push(time(&mut az(&root)));
        times[1].push(time(Command::new(&this).arg(FLOOR).arg(&list)));
    }
    let [az, floor] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    let ratio = az / floor;
    println!("no-op of {STEPS} steps: az {:.2} ms, floor {:.2} ms, {ratio:.2}x", az * 1e3, floor * 1e3);
    assert!(ratio <= BOUND, "az takes {ratio:.2} times the floor, more than {BOUND}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, list] = arguments.as_slice()
        && word == FLOOR
    {
        let text = fs::read_to_string(list).expect("the list is there");
        assert_eq!(stat_all(text.lines()), 3 * STEPS, "the floor stats what az does");
    } else if std::env::var_os("AZ_BENCH_CHECK").is_some_and(|value| value == "1") {
        check();
    } else {
        benches(&mut Criterion::default().configure_from_args());
        Criterion::default().configure_from_args().final_summary();
    }
}
