//! What az does with what is too much: files made to be expensive, files of odd kinds, output without end, and a
//! machine that has run out of something.
//!
//! Knows how az is started with little of something. Does not know the cases.

mod bombs;
mod exhausted;
mod odd;
mod output;

use crate::repo::{Output, Repo};

/// Whether this machine has the program that sets limits.
fn has_prlimit(repo: &Repo) -> bool {
    repo.finds("prlimit")
}

/// Runs az with limits, written as `prlimit` has them; `AZ_LIMITED` is another az to try, such as a faster one.
fn az_within(repo: &Repo, limits: &str, line: &str) -> Output {
    let az = std::env::var("AZ_LIMITED").unwrap_or_else(|_| env!("CARGO_BIN_EXE_az").to_owned());
    repo.sh(&format!("exec prlimit {limits} -- '{az}' {line}"))
}
