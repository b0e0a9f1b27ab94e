//! `az selftest`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    FAILED, Outcome,
    arguments::{Format, Proof, Selftest},
    printer::Printer,
};
use crate::{
    base::plural,
    selftest::{self, Counts, Found},
    sys::System,
};

pub(super) const EXAMPLES: &str = "Examples:
  az selftest model                      1000 random workspaces in memory
  az selftest model --processes          100 of them on disk, with real processes
  az selftest crash --rounds 1000        kill az a thousand times
  az selftest corrupt                    flip every bit that az keeps, and more
  az selftest model --seed 4711 --rounds 1

The workspaces are made in the folder for temporary files and removed again. Exit code 1 says that
something was wrong; the shortest history that leads to it is printed, and its seed.";

/// Runs `az selftest`; a promise that does not hold is a failure.
pub(super) fn selftest(system: &Arc<dyn System>, printer: &Printer, words: &Selftest) -> Outcome {
    let begun = system.monotonic();
    let rounds = |default| words.rounds.unwrap_or(default);
    let (name, proven) = match words.what {
        Proof::Model if words.processes => ("model", selftest::processes(words.seed, rounds(100)).map(lived)),
        Proof::Model => ("model", selftest::model(words.seed, rounds(1000)).map(lived)),
        Proof::Crash => ("crash", selftest::crash(words.seed, rounds(100)).map(lived)),
        Proof::Corrupt => {
            let corrupted = selftest::corrupt(words.rounds);
            ("corrupt", corrupted.map(|it| vec![("cases", it.cases), ("tried", it.tried), ("ran", it.ran)]))
        }
    };
    let seconds = system.monotonic().saturating_sub(begun).as_secs_f64();
    match printer.format {
        Format::Text => printer.data(&text(name, &proven, seconds)),
        Format::Json | Format::Jsonl => printer.json(&json(name, &proven)),
    }
    Ok(if proven.is_ok() { 0 } else { FAILED })
}

type Figures = Vec<(&'static str, u64)>;

fn lived(counts: Counts) -> Figures {
    let Counts { worlds, builds, killed, ran, settled, survived } = counts;
    let survived = u64::try_from(survived.as_micros()).unwrap_or(u64::MAX);
    let figures =
        [("worlds", worlds), ("builds", builds), ("killed", killed), ("ran", ran), ("settled", settled)];
    let mut figures: Figures = figures.map(|(name, number)| (name, number as u64)).to_vec();
    figures.push(("survived_us", survived));
    figures
}

fn text(name: &str, proven: &Result<Figures, Found>, seconds: f64) -> String {
    let figures = match proven {
        Ok(figures) => figures,
        Err(found) => return format!("{}\n\n{name}: WRONG, seed {}\n", found.history, found.seed),
    };
    let get = |name: &str| figures.iter().find(|(known, _)| *known == name).map_or(0, |(_, number)| *number);
    let count = |name: &str, word: &str| plural(usize::try_from(get(name)).unwrap_or(usize::MAX), word);
    let what = if name == "corrupt" {
        format!(
            "{} of {} there can be: nothing wrong was used or left, {} ran again",
            count("tried", "damage"),
            get("cases"),
            count("ran", "step")
        )
    } else {
        let ran = match get("ran") {
            0 => String::new(),
            _ => format!("; {} ran, {} of them once more to settle", count("ran", "step"), get("settled")),
        };
        format!(
            "{}, {}, {}: each left what running by hand leaves{ran}; no process lived longer than {} ms after az was \
             killed",
            count("worlds", "workspace"),
            count("builds", "build"),
            count("killed", "kill"),
            get("survived_us").div_ceil(1000)
        )
    };
    format!("{name}: {what} ({seconds:.1} s)\n")
}

/// Returns `az.selftest/v1`.
fn json(name: &str, proven: &Result<Figures, Found>) -> Value {
    let mut value = json!({"schema": "az.selftest/v1", "what": name, "ok": proven.is_ok()});
    match proven {
        Ok(figures) => {
            value["figures"] =
                figures.iter().map(|(name, number)| ((*name).to_owned(), json!(number))).collect();
        }
        Err(Found { seed, history }) => {
            value["seed"] = json!(seed);
            value["history"] = json!(history);
        }
    }
    value
}
