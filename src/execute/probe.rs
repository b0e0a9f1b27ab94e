//! Small questions that only a process can answer: whether a rung of the trace carries, what version a program is.
//!
//! Knows how to ask them of the guard, and for how long. Does not know what the answers are good for.

use std::{
    ffi::OsString,
    io::Read,
    os::fd::AsFd,
    path::{Path, PathBuf},
    sync::mpsc::RecvTimeoutError,
    thread,
    time::Duration,
};

use rustix::pipe::{PipeFlags, pipe_with};

use super::{
    guard::{Exit, Guard, Report, Start, Step},
    scheduler::StopHow,
};
use crate::{
    model::settings::Leftovers,
    trace::{Flaw, Probe, Rung},
};

/// How long a question may take; what takes longer is ended.
const LIMIT: Duration = Duration::from_secs(5);
/// As much of an answer as is looked at.
const LONGEST: u64 = 4096;

/// Tries one rung of the trace: a process that is watched by it is to run `canary`, an absolute path at which nothing
/// is, and that it asked for it must be seen.
///
/// # Errors
/// Why the rung does not carry.
pub fn try_rung(guard: &Guard, rung: Rung, canary: &Path) -> Result<(), Flaw> {
    let not_sent = |error: std::io::Error| Flaw::NotSent(error.to_string());
    let (probe, entry) = Probe::new(rung, canary).map_err(not_sent)?;
    let (done, alive) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| not_sent(error.into()))?;
    let start = Start { is_traced: true, ..start(vec![canary.into()], Vec::new()) };
    let Step { report, .. } = guard.spawn(start, &[entry.as_fd()]).map_err(not_sent)?;
    drop(entry);
    thread::scope(|scope| {
        scope.spawn(move || {
            // That it cannot be started is what the guard is to report; any other end is no worse.
            _ = report.recv_timeout(LIMIT);
            drop(alive);
        });
        probe.listen(done.as_fd())
    })
}

/// A command that answers with a line.
#[derive(Debug)]
pub struct Question {
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The folder it is started in.
    pub cwd: PathBuf,
    /// How long it may take; then it is ended.
    pub limit: Duration,
}

impl Question {
    /// Makes one that needs no folder of its own and little time.
    pub fn short(argv: Vec<OsString>, env: Vec<(OsString, OsString)>) -> Self {
        Self { argv, env, cwd: "/".into(), limit: LIMIT }
    }
}

/// Returns the first line a command prints, if it ends well in time.
pub fn first_line(guard: &Guard, question: Question) -> Option<String> {
    let Question { argv, env, cwd, limit } = question;
    let (output, end) = pipe_with(PipeFlags::CLOEXEC).ok()?;
    let step = guard.spawn(Start { cwd, ..start(argv, env) }, &[end.as_fd()]).ok()?;
    drop(end);
    let Report::Ended { exit: Exit::Code(0), .. } = report(guard, &step, limit)? else { return None };
    let mut bytes = Vec::new();
    // All that had the other end has ended, so this does not wait.
    std::fs::File::from(output).take(LONGEST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

/// Waits for the end of a step, and ends it when its time is over.
fn report(guard: &Guard, step: &Step, limit: Duration) -> Option<Report> {
    match step.report.recv_timeout(limit) {
        Err(RecvTimeoutError::Timeout) => {
            guard.stop(step.id, StopHow::Kill);
            step.report.recv_timeout(LIMIT).ok()
        }
        report => report.ok(),
    }
}

fn start(argv: Vec<OsString>, env: Vec<(OsString, OsString)>) -> Start {
    let (cwd, mark) = ("/".into(), "az probe".into());
    let leftovers = Leftovers::Kill;
    Start { argv, program: None, env, cwd, mark, group: None, is_traced: false, bounds: None, leftovers }
}
