//! Ctrl-Z: the run stands still with all its steps, and goes on where it was.

use std::{thread::sleep, time::Duration};

use rustix::process::Signal;

use crate::repo::{Repo, Running, until};

/// A step that adds letters to a file, from a session of its own, until a file says that it is enough.
fn counting(header: &str) -> Repo {
    let repo = Repo::new();
    let (letters, enough) = (repo.unseen("letters"), repo.unseen("enough"));
    let (letters, enough) = (letters.display(), enough.display());
    repo.script(
        "0100_count.sh",
        &format!(
            "{header}\nsetsid -w sh -c 'until [ -e {enough} ]; do printf x >>{letters}; sleep 0.01; done'"
        ),
    )
}

/// Starts az in a session of its own: a process that stands still in the group of the tests would have the system end that
/// group, as soon as nobody outside of it looks after it.
fn start(repo: &Repo) -> Running {
    repo.start_sh(&format!("exec setsid '{}' build 0100", env!("CARGO_BIN_EXE_az")))
}

fn letters(repo: &Repo) -> u64 {
    std::fs::metadata(repo.unseen("letters")).map_or(0, |meta| meta.len())
}

fn goes_on(repo: &Repo) {
    let before = letters(repo);
    until("it goes on", || letters(repo) > before + 2);
}

/// Claims that nothing happens, for so long.
fn stands_still(repo: &Repo, time: Duration) {
    // What was on its way may still arrive.
    until("it stands still", || {
        let before = letters(repo);
        sleep(Duration::from_millis(100));
        letters(repo) == before
    });
    let before = letters(repo);
    sleep(time);
    assert_eq!(letters(repo), before);
}

fn is_over(repo: &Repo, running: Running) {
    std::fs::write(repo.unseen("enough"), "").unwrap();
    running.wait().code(0).ran(["0100"]);
}

#[test]
fn holds_all_steps_and_lets_them_go_on() {
    // A traced step is held in what it asks az, one that is not by the guard alone.
    for header in ["", "# Trace: off"] {
        let repo = counting(header);
        let running = start(&repo);
        for _ in 0..3 {
            goes_on(&repo);
            running.signal(Signal::TSTP);
            stands_still(&repo, Duration::from_millis(100));
            running.signal(Signal::CONT);
        }
        goes_on(&repo);
        is_over(&repo, running);
    }
}

#[test]
fn takes_no_time_from_a_step() {
    let repo = counting("# Trace: off\n# Timeout: 2s");
    let running = start(&repo);
    goes_on(&repo);
    running.signal(Signal::TSTP);
    stands_still(&repo, Duration::from_millis(2500));
    running.signal(Signal::CONT);
    goes_on(&repo);
    is_over(&repo, running);
}

#[test]
fn an_az_that_stands_still_can_be_interrupted_and_killed() {
    for (signal, code) in [(Signal::INT, 130), (Signal::KILL, 137)] {
        let repo = counting("# Trace: off");
        let running = start(&repo);
        goes_on(&repo);
        running.signal(Signal::TSTP);
        stands_still(&repo, Duration::ZERO);
        running.signal(signal);
        running.signal(Signal::CONT);
        running.wait().code(code);
        stands_still(&repo, Duration::from_millis(100));
    }
}
