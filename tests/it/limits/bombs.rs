//! Files that are small or quickly written, and would cost a careless reader all memory or all time.
//!
//! Each is read by `az check`, `az plan` and `az build --dry-run` with 512 MiB and a few seconds: there is an answer or
//! a diagnostic, and never a crash.

mod cases;

use std::{fmt::Write as _, time::Instant};

use super::{az_within, has_prlimit};
use crate::{
    broken::diagnostics,
    repo::{Output, Repo},
};

/// A file or a few that are too much, and what asks for them.
struct Bomb {
    name: &'static str,
    /// Paths with what stands there, beside `scripts/0100_a.sh`.
    files: Vec<(String, Vec<u8>)>,
    /// What is asked to be planned.
    request: &'static str,
    /// Whether az must refuse it, and with which code.
    refused: Option<&'static str>,
}

/// Processor seconds for each command. What is not optimised takes many times as long.
const SECONDS: u32 = if cfg!(debug_assertions) { 20 } else { 2 };

/// What is wrong with an answer, if something is.
fn fault_of(output: &Output, refused: Option<&str>) -> Option<String> {
    let told = {
        let mut found = Vec::new();
        if !output.stdout().is_empty() {
            match serde_json::from_str(output.stdout()) {
                Ok(answer) => diagnostics(&answer, &mut found),
                Err(error) => return Some(format!("no JSON: {error}")),
            }
        }
        found
    };
    let errors: Vec<_> = told.iter().filter(|fault| fault["severity"] == "error").collect();
    match (output.exit(), refused) {
        (0, Some(code)) => Some(format!("{code} is not told")),
        (2, _) if errors.is_empty() => Some("no error is told".to_owned()),
        (2, _)
            if errors
                .iter()
                .any(|fault| fault["code"].as_str().is_none_or(|code| !code.starts_with("AZ"))) =>
        {
            Some("an error without a code".to_owned())
        }
        (2, Some(code)) if !errors.iter().any(|fault| fault["code"] == code) => {
            Some(format!("{code} is not told, but {}", errors[0]["code"]))
        }
        // 3 says that nothing is selected.
        (0 | 3, None) | (2, _) => None,
        (code, _) => Some(format!("exit code {code}")),
    }
}

/// What takes a reader that is not optimised longer than a test may; they are tried with `AZ_LIMITED` only.
const LONG: [&str; 3] = ["100,000 steps", "20,000 jobs in a row", "many faults"];

fn start_of(text: &str) -> String {
    text.chars().take(600).collect()
}

#[test]
fn what_is_too_much_is_told_in_little_memory_and_time() {
    if !has_prlimit(&Repo::new()) {
        return;
    }
    let only = std::env::var("AZ_BOMB").ok();
    // Another az is one that is optimised.
    let seconds = if std::env::var_os("AZ_LIMITED").is_some() { 2 } else { SECONDS };
    let mut broken = String::new();
    let bombs = cases::all();
    assert!(bombs.len() >= 50, "{} bombs", bombs.len());
    for (at, bomb) in bombs
        .iter()
        .enumerate()
        .filter(|(_, bomb)| only.as_ref().is_none_or(|only| bomb.name.contains(only.as_str())))
    {
        if seconds > 2 && LONG.contains(&bomb.name) {
            eprintln!("skipped: {} takes an az that is not optimised too long", bomb.name);
            continue;
        }
        let repo = Repo::new().script("0100_a.sh", "echo a");
        repo.env("PATH", &std::env::var("PATH").unwrap());
        bomb.files.iter().for_each(|(path, bytes)| _ = repo.file(path, bytes));
        let verbs = ["check", "plan", "build --dry-run"];
        // What is not optimised takes too long to try all three each time.
        let tried = if cfg!(debug_assertions) && seconds > 2 { at % 3..at % 3 + 1 } else { 0..3 };
        for verb in &verbs[tried] {
            let limits = format!("--as={} --cpu={seconds}", 512 << 20);
            let started = Instant::now();
            let output = az_within(&repo, &limits, &format!("{verb} {} --json", bomb.request));
            let fault = fault_of(&output, bomb.refused);
            if std::env::var_os("AZ_BOMB").is_some() {
                eprintln!(
                    "{:40} {verb:16} {:5} ms  exit {}",
                    bomb.name,
                    started.elapsed().as_millis(),
                    output.exit()
                );
            }
            if let Some(fault) = fault {
                let (out, err) = (start_of(output.stdout()), start_of(output.stderr()));
                writeln!(broken, "{}: az {verb}: {fault}\n{out}\n{err}\n", bomb.name).unwrap();
            }
        }
    }
    assert!(broken.is_empty(), "{broken}");
}
