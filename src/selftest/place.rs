//! Where a workspace lives that lives through random changes, and where az builds it.

use std::{io, path::Path, time::Duration};

use super::{change::Change, random::Random};
use crate::sys::System;

/// The folder of a workspace, its clock and the variable that its scripts read.
pub(super) trait Place {
    /// Returns where the workspace lies.
    fn root(&self) -> &Path;

    fn system(&self) -> &dyn System;

    /// Gives what is at a path another modification time.
    fn date(&self, path: &Path, mtime_ns: i64) -> io::Result<()>;

    /// Gives the folder of the workspace another name beside the one it has.
    fn move_to(&mut self, name: &str) -> io::Result<()>;

    /// Puts another file in the place of the shell, where that disturbs nobody else.
    fn set_shell(&self, text: u8);

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

    /// Makes another workspace of the same sort.
    fn another(&self) -> Box<dyn Built>;

    /// Tells whether what az itself asks of the system can fail here.
    fn has_faults(&self) -> bool;

    /// Builds while something happens to the files, at a moment in a measure of the place's own; at the latest when the
    /// build has ended.
    fn build_during(&mut self, how: How, at: u64, change: &Change) -> Outcome;

    /// Lets two az build at once.
    fn build_twice(&mut self, hows: [How; 2]) -> [Outcome; 2];
}

/// What az is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    All,
    /// Some steps, a bit for each.
    Some(u8),
    /// One step, once for each row of a matrix.
    Rows(usize),
    /// All, by the playbook.
    Playbook,
}

/// The variable and the values of a matrix.
pub(super) const ROW: &str = "row";
pub(super) const ROWS: [&str; 2] = ["x", "y"];

/// The name of the playbook.
pub(super) const PLAYBOOK: &str = "jobs";

impl Request {
    /// Tells whether all steps are asked for, each once.
    pub(super) fn is_all(self) -> bool {
        matches!(self, Self::All | Self::Playbook)
    }

    pub(super) fn has(self, step: usize) -> bool {
        match self {
            Self::All | Self::Playbook => true,
            Self::Some(steps) => steps & (1 << step) != 0,
            Self::Rows(row) => row == step,
        }
    }

    /// Returns it as a person types it.
    pub(super) fn words(self) -> String {
        match self {
            Self::All => return "*".to_owned(),
            Self::Playbook => return PLAYBOOK.to_owned(),
            Self::Some(_) | Self::Rows(_) => {}
        }
        let numbers = (0..8).filter(|step| self.has(*step)).map(|step| format!("04{step}0"));
        numbers.collect::<Vec<_>>().join(",")
    }

    /// Returns the rows for which each step runs.
    pub(super) fn rows(self) -> &'static [Option<&'static str>] {
        if matches!(self, Self::Rows(_)) { &[Some(ROWS[0]), Some(ROWS[1])] } else { &[None] }
    }
}

/// Returns what a step is called whose node az calls so, in whatever job it stands.
pub(super) fn without_job(node: &str) -> String {
    node.rsplit('/').next().unwrap_or(node).to_owned()
}

/// Returns what az calls a step.
pub(super) fn name_of(step: usize, row: Option<&str>) -> String {
    let row = row.map_or_else(String::new, |row| format!("[{ROW}={row}]"));
    format!("04{step}0_step{row}")
}

/// How az is asked to build.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub(super) request: Request,
    /// Steps at work at once.
    pub(super) jobs: usize,
    /// Everything runs, whatever is known.
    pub(super) force: bool,
    /// When it is killed, in a measure of the place's own.
    pub(super) killed_at: Option<u64>,
    /// What of az's own work fails, where that can be had.
    pub(super) failing: Option<Failing>,
}

impl How {
    /// Returns how all is built by as many at once, and nothing happens.
    pub(super) fn plain(jobs: usize) -> Self {
        Self { request: Request::All, jobs, force: false, killed_at: None, failing: None }
    }
}

/// What fails of what az asks of the system; the steps are spared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failing {
    /// So many changes work before.
    pub(super) after: u64,
    /// So many fail then.
    pub(super) count: usize,
    pub(super) with: With,
    /// So does reading what az keeps.
    pub(super) reads: bool,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    Error(io::ErrorKind),
    /// A part is written or read, or a signal comes in between: nobody may notice that.
    Pieces,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) end: End,
    /// The steps that were started, as az calls them.
    pub(super) ran: Vec<String>,
    /// The steps that were said to have ended well, as az calls them.
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
