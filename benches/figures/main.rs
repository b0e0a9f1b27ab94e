//! Every figure that az promises, beside the least that any program could do: see "Speed" in the README.
//!
//! - `cargo bench --bench figures` measures and prints a table. `AZ_BENCH_SIZES=1000,2000,4000` says how many steps there
//!   are, and with more than one size how each figure grows; `AZ_BENCH_SHAPE` is `layered`, `wide` or `chain`;
//!   `AZ_BENCH_AZ` is another binary to measure. With `AZ_BENCH_CHECK=1` a figure beyond its bar is an error, which is
//!   worth something on a quiet machine only.
//! - `cargo test --bench figures` does the same once with few steps, so that it does not rot.
//! - `cargo test --bench figures -- check` counts system calls and instructions instead, and fails where az has fallen
//!   behind; see `counted`.
//!
//! The program is also its own floor (`floor`) and the launcher of what it measures (`launch`).

#![expect(clippy::disallowed_methods, reason = "the floor is what the system itself costs")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a bench is for")]

mod asked;
mod counted;
mod ear;
mod floor;
mod measure;
mod rows;
mod table;
mod watch;
mod workload;
mod world;

use std::process::ExitCode;

use rows::{Rounds, measure};
use table::{Size, behind, table};
use workload::Shape;

/// Steps where nobody says how many.
const SIZES: &str = "1000";
/// Steps where nothing is measured.
const FEW: usize = 20;
/// Steps of the smaller of the two workspaces in which calls and instructions are counted.
const COUNTED: usize = 40;
/// What doubling the steps may multiply.
const GROWTH: f64 = 2.1;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("floor") => floor::run(&words[1..]),
        Some("launch") => {
            let [_, report, program, arguments @ ..] = words.as_slice() else {
                panic!("`launch` wants a file for the report and a command");
            };
            return if measure::launch(report, program, arguments) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
        }
        Some("check") => counted::check(COUNTED),
        _ if words.iter().any(|word| word == "--bench") => return figures(),
        // `cargo test` runs it: once, and nobody looks at the figures.
        _ => print!("{}", table(&[size(Shape::Layered, FEW, Rounds { short: 1, long: 1 })])),
    }
    ExitCode::SUCCESS
}

fn figures() -> ExitCode {
    let word = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let shape = Shape::named(word("AZ_BENCH_SHAPE").as_deref().unwrap_or("layered"));
    let sizes = word("AZ_BENCH_SIZES").unwrap_or_else(|| SIZES.to_owned());
    let sizes: Vec<Size> = sizes
        .split(',')
        .map(|steps| {
            let steps = steps.trim().parse().expect("AZ_BENCH_SIZES is numbers with commas between them");
            size(shape, steps, Rounds::of(steps))
        })
        .collect();
    print!("{}", table(&sizes));
    let behind = behind(&sizes, GROWTH);
    behind.iter().for_each(|fault| println!("behind: {fault}"));
    let must_hold = word("AZ_BENCH_CHECK").is_some_and(|value| value == "1");
    if must_hold && !behind.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn size(shape: Shape, steps: usize, rounds: Rounds) -> Size {
    Size { steps, rows: measure(shape, steps, rounds) }
}
