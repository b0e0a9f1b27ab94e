//! Where a workspace lives that lives through random changes, and where az builds it.

use std::{io, path::Path, time::Duration};

use super::random::Random;
use crate::sys::System;

/// The folder of a workspace, its clock and the variable that its scripts read.
pub(super) trait Place {
    /// Returns where the workspace lies.
    fn root(&self) -> &Path;

    fn system(&self) -> &dyn System;

    /// Gives what is at a path another modification time.
    fn date(&self, path: &Path, mtime_ns: i64) -> io::Result<()>;

    fn set_variable(&mut self, value: Option<String>);

    /// Lets time pass, where that can be had for nothing.
    fn wait(&self, time: Duration);

    /// Sets how much time passes at each change, where that can be said.
    fn tick(&self, step: Duration);

    /// Cuts the power and starts again, where that can be done: what was not flushed is lost in parts.
    fn cut_power(&self, random: &mut Random);

    /// Sets the clock back, where that can be done without disturbing others.
    fn set_back(&self, time: Duration);
}

/// A place in which az builds.
pub(super) trait Built: Place {
    fn build(&mut self, how: How) -> Outcome;
}

/// How az is asked to build.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// Steps at work at once.
    pub(super) jobs: usize,
    /// Everything runs, whatever is known.
    pub(super) force: bool,
    /// When it is killed, in a measure of the place's own.
    pub(super) killed_at: Option<u64>,
    /// What of az's own work fails, where that can be had.
    pub(super) failing: Option<Failing>,
}

/// What fails of what az asks of the system; the steps are spared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failing {
    /// So many changes work before.
    pub(super) after: u64,
    /// So many fail then.
    pub(super) count: usize,
    pub(super) with: io::ErrorKind,
    /// So does reading what az keeps.
    pub(super) reads: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) end: End,
    /// The scripts that were started, by name.
    pub(super) ran: Vec<String>,
    /// The scripts that were said to have ended well, by name.
    pub(super) done: Vec<String>,
    /// What az told, for people.
    pub(super) told: Vec<String>,
    /// How long processes were still there after az was killed.
    pub(super) survived: Duration,
}

/// How a build ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// With an exit code.
    Code(u8),
    /// With an error of az's own.
    Refused(String),
    #[default]
    Killed,
}
