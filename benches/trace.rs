//! What tracing costs: nanoseconds for each call, and the time of common work as a ratio to the same work untraced.
//!
//! Every round runs both, one right after the other and in turns, and the median of the ratios counts. That helps
//! against a bit of other work; where processors are fought for, the ratios are worth nothing, down to less than 1.
//! Work whose tool is absent is left out, and named.
//!
//! Beside each ratio stands what az promises. With `AZ_BENCH_CHECK=1` a ratio far beyond it is an error: more than
//! twice the cost, or a quarter of the work where that is more, since a shared machine is noisy.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a bench makes its own world")]
#![expect(clippy::print_stdout, reason = "what a bench is for")]

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use az::{
    execute::{
        guard::{Exit, Guard},
        runner::{Command, Control, Local, Runner, Stdio},
    },
    model::settings::Leftovers,
    trace::{Rung, Trace, Witness},
};

struct Nobody;

impl Witness for Nobody {
    fn before_change(&mut self, _path: &Path) {}
}

struct Bench {
    runner: Local,
    folder: tempfile::TempDir,
}

struct Work {
    name: &'static str,
    /// What a shell runs; it is part of the work.
    text: &'static str,
    rounds: usize,
    locale: &'static [(&'static str, &'static str)],
    /// The ratio that az promises, on a kernel that wakes it on the processor of the step.
    budget: f64,
}

/// No work becomes this fast by being traced.
const LEAST: f64 = 0.85;

impl Work {
    /// The ratio from which on something is wrong on any machine.
    fn bound(&self) -> f64 {
        1.0 + (2.0 * (self.budget - 1.0)).max(0.25)
    }
}

const CTYPE: &[(&str, &str)] = &[("LC_CTYPE", "C.UTF-8")];
const COMMANDS: &str = "for i in $(seq 100); do cat a >/dev/null; done";

const WORKS: &[Work] = &[
    work("100 commands, LANG=C.UTF-8", COMMANDS, 11, &[("LANG", "C.UTF-8")], 1.6),
    work("100 commands, LC_CTYPE=C.UTF-8", COMMANDS, 11, CTYPE, 1.35),
    work("100 commands, LC_ALL=C", COMMANDS, 11, &[("LC_ALL", "C")], 1.35),
    work(
        "python3, some imports",
        "exec python3 -c 'import json,re,argparse,subprocess,pathlib'",
        15,
        CTYPE,
        1.3,
    ),
    work("node, reads 400 files", "exec node read.js", 15, CTYPE, 1.3),
    work("gcc -c, tiny", "exec gcc -c tiny.c", 21, CTYPE, 1.8),
    work("gcc -O2, a second", "exec gcc -O2 -c large.c", 5, CTYPE, 1.05),
    work(
        "cargo check, from clean",
        "cd crate && rm -rf target && exec cargo check -q --offline",
        7,
        CTYPE,
        1.05,
    ),
    work(
        "cargo check, after touch",
        "cd crate && touch src/lib.rs && exec cargo check -q --offline",
        15,
        CTYPE,
        1.3,
    ),
    work("git status, 5k files", "cd repository && exec git status --short", 15, CTYPE, 7.7),
    work("find, 10k names", "exec find files", 15, CTYPE, 2.3),
    work("find -size, 10k files", "exec find files -size +1M", 11, CTYPE, 7.6),
    work("grep -r, 10k files", "exec grep -r nothing-like-it files", 11, CTYPE, 3.6),
];

const fn work(
    name: &'static str,
    text: &'static str,
    rounds: usize,
    locale: &'static [(&'static str, &'static str)],
    budget: f64,
) -> Work {
    Work { name, text, rounds, locale, budget }
}

impl Bench {
    fn new() -> Self {
        let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_az"))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let bench = Self { runner: Local::new(Arc::new(guard)), folder };
        bench.fill();
        bench
    }

    fn fill(&self) {
        let root = self.folder.path();
        for index in 0..10_000 {
            let folder = root.join(format!("files/{}", index / 100));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(index.to_string()), "a few words\n").unwrap();
        }
        fs::write(root.join("a"), "a").unwrap();
        fs::write(root.join("tiny.c"), "#include <stdio.h>\nint main(void) { return puts(\"\"); }\n")
            .unwrap();
        let function = |index: usize| {
            format!(
                "double f{index}(double *a, int n) {{ for (int i = 1; i < n; i++) a[i] += a[i - 1] * {index}.5 + a[n - i] / (a[i] + {index}); return a[n / 2]; }}\n"
            )
        };
        fs::write(root.join("large.c"), (0..90).map(function).collect::<String>()).unwrap();
        let read =
            "for (let i = 0; i < 400; i++) require('fs').readFileSync(`files/${Math.floor(i / 100)}/${i}`)";
        fs::write(root.join("read.js"), read).unwrap();
        fs::create_dir_all(root.join("crate/src")).unwrap();
        fs::write(root.join("crate/Cargo.toml"), "[package]\nname = \"x\"\nversion = \"0.1.0\"\n").unwrap();
        let items = (0..3000).map(|index| format!("pub fn f{index}(x: u64) -> String {{ x.to_string() }}\n"));
        fs::write(root.join("crate/src/lib.rs"), items.collect::<String>()).unwrap();
        let repository = "mkdir repository && cp -r files/[0-4]? repository && cd repository && git init -q && \
                          git add . && git -c user.name=a -c user.email=a commit -qm a && git status";
        self.run(repository, CTYPE, false);
        fs::write(root.join("stats.c"), STATS).unwrap();
        self.run("gcc -O2 -o stats stats.c", CTYPE, false);
    }

    fn run(&self, text: &str, locale: &[(&str, &str)], is_traced: bool) -> Option<(Duration, Trace)> {
        let names = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"];
        let passed = names.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)));
        let locale = locale.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let command = Command {
            argv: ["/bin/bash", "-c", text].map(Into::into).to_vec(),
            env: passed.chain(locale).collect(),
            cwd: self.folder.path().to_owned(),
            stdio: Stdio::Log(self.folder.path().join("log")),
            bounds: None,
            leftovers: Leftovers::Kill,
            screen: None,
            mark: "0400".into(),
        };
        let control = Control::default();
        let begin = Instant::now();
        let mut witness = Nobody;
        let watch = is_traced.then_some(&mut witness as &mut dyn Witness);
        let ended = self.runner.run(&command, watch, &control).unwrap();
        let is_success = matches!(ended.exit, Exit::Code(0 | 1));
        let trace = ended.trace.unwrap_or_else(Trace::off);
        is_success.then(|| (begin.elapsed(), trace))
    }

    /// Prints the ratio of some work, and tells whether it is within its bound.
    fn measure(&self, work: &Work) -> bool {
        let mut ratios = Vec::new();
        let mut plain_times = Vec::new();
        let mut last = Trace::off();
        let rounds = if is_test() { 1 } else { work.rounds };
        for round in 0..=(if is_check() { rounds.min(5) } else { rounds }) {
            let run = |is_traced| self.run(work.text, work.locale, is_traced);
            // In turns, so that neither always finds the caches filled by the other.
            let (plain, traced) = if round % 2 == 0 {
                let plain = run(false);
                (plain, run(true))
            } else {
                let traced = run(true);
                (run(false), traced)
            };
            let (Some((plain, _)), Some((traced, trace))) = (plain, traced) else {
                println!("{:32} left out: it fails here", work.name);
                return true;
            };
            ratios.push(traced.as_secs_f64() / plain.as_secs_f64());
            plain_times.push(plain.as_secs_f64() * 1000.0);
            last = trace;
        }
        // The first round fills caches.
        let ratio = median(&mut ratios[1..]);
        let plain = median(&mut plain_times[1..]);
        let (events, paths) = (last.events, last.paths.len());
        let gaps = if last.gaps.is_empty() { String::new() } else { format!("  {:?}", last.gaps) };
        let Work { name, budget, .. } = work;
        let verdict = match ratio {
            // Tracing saves nothing, so this says something of the machine only.
            ratio if ratio < LEAST => "  NO MEASURE, the machine is too busy".to_owned(),
            ratio if ratio > work.bound() => format!("  BEYOND {:.2}x", work.bound()),
            _ => String::new(),
        };
        println!(
            "{name:32} {plain:8.1} ms  {ratio:5.2}x of {budget:4.2}x  {events:6} events {paths:6} paths{gaps}{verdict}"
        );
        verdict.is_empty()
    }

    /// The cost of one call, by the difference between many and none.
    fn measure_calls(&self) {
        const CALLS: f64 = 20_000.0;
        for (name, argument) in [("stat of one path", "stat"), ("a call that passes", "pass")] {
            let mut costs: Vec<[f64; 2]> = Vec::new();
            for _ in 0..7 {
                costs.push([false, true].map(|is_traced| {
                    let time = |count: f64| {
                        let text = format!("exec ./stats {argument} {count}");
                        self.run(&text, CTYPE, is_traced).map_or(f64::NAN, |(time, _)| time.as_secs_f64())
                    };
                    (time(CALLS) - time(0.0)) / CALLS * 1e9
                }));
            }
            let [plain, traced] =
                [0, 1].map(|at| median(&mut costs.iter().map(|cost| cost[at]).collect::<Vec<_>>()));
            println!("{name:32} {plain:8.0} ns untraced, {traced:6.0} ns traced");
        }
    }
}

const STATS: &str = "
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **given) {
    struct stat status;
    int does_pass = !strcmp(given[1], \"pass\");
    for (long i = atol(given[2]); i > 0; i--)
        if (does_pass) syscall(SYS_getppid); else stat(\"a\", &status);
    return 0;
}
";

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Tells whether the benchmark is only to be tried out, as `cargo test` does: once, without figures.
fn is_test() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}

/// Tells whether a ratio beyond its bound is an error.
fn is_check() -> bool {
    std::env::var_os("AZ_BENCH_CHECK").is_some_and(|value| value == "1")
}

fn main() -> std::process::ExitCode {
    let bench = Bench::new();
    let rung = bench.run("true", CTYPE, true).map(|(_, trace)| trace.rung);
    println!("{rung:?}");
    // Work is chosen by parts of its name; options are of the harness that there is not.
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_chosen = |name: &str| parts.is_empty() || parts.iter().any(|part| name.contains(part));
    if is_chosen("calls") && !is_test() {
        bench.measure_calls();
    }
    let chosen = WORKS.iter().filter(|work| is_chosen(work.name));
    // All are measured, also after one that is not within its bound.
    let verdicts: Vec<bool> = chosen.map(|work| bench.measure(work)).collect();
    let is_within = verdicts.into_iter().all(|is_within| is_within);
    // The promise is for this rung; without it there is nothing to check.
    let is_promised = rung == Some(Rung::Notify { is_synchronous: true });
    if is_check() && !is_promised {
        println!("skipped: nothing is promised for tracing as it is possible here");
    }
    std::process::ExitCode::from(u8::from(is_check() && is_promised && !is_within))
}
