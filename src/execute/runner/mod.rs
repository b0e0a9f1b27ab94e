//! Runs one command and waits for it.
//!
//! Knows commands, logs and exits. Does not know nodes, keys or retries, nor what an exit code means.

mod control;
mod error;
mod live;
mod local;
mod log;
mod search;

use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

pub use control::{Control, Listening, Wish};
pub use error::StartError;
pub use live::input_is_empty;
pub use local::Local;
pub use log::{LOG_LIMIT, LeftOut};

pub use super::guard::{Bounds, Exit};
use super::scheduler::StopCause;
use crate::{
    model::settings::Leftovers,
    secret::Screen,
    trace::{Trace, Witness},
};

/// A command, all of it given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// The whole environment; the guard adds `AZ_STEP`.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory.
    pub cwd: PathBuf,
    /// Where its output goes.
    pub stdio: Stdio,
    /// What of its output nobody must see; without it nothing is masked.
    pub screen: Option<Arc<Screen>>,
    /// What the kernel shall keep it from.
    pub bounds: Option<Bounds>,
    /// What becomes of processes that it leaves behind.
    pub leftovers: Leftovers,
    /// A name unique among the steps that run at the same time and equal from run to run: the value of `AZ_STEP`, by
    /// which processes that left the step's tree are found.
    pub mark: OsString,
}

/// Where the output of a command goes and where its input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdio {
    /// Both outputs are appended to one file, in order, by the command itself, or through what masks it. The input is
    /// empty.
    Log(PathBuf),
    /// Both outputs go to az's own as they come, and to the log. The input is az's own.
    Live {
        /// The file both are appended to.
        log: PathBuf,
        /// Which of az's own outputs they go to.
        to: Live,
    },
}

/// Which of az's own outputs those of a live command go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// Each to the one of the same name.
    Apart,
    /// Both to standard error, since standard output is for data.
    OnErrors,
}

/// How a command ended, with all that it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How its main process ended.
    pub exit: Exit,
    /// Processor time of the main process and of those it waited for.
    pub cpu: Duration,
    /// It left processes behind, which were ended unless they were to be let be.
    pub has_leftovers: bool,
    /// Why it was stopped, if a stop reached it before it ended by itself.
    pub stopped: Option<StopCause>,
    /// The error number, if not all it printed could be written to az's own outputs.
    pub lost: Option<i32>,
    /// What was left out of its log, if that was too long.
    pub left_out: Option<LeftOut>,
    /// What it was seen to do, if it was watched.
    pub trace: Option<Trace>,
}

/// Runs commands.
pub trait Runner: Send + Sync {
    /// Runs a command and returns when it and all it started have ended.
    ///
    /// `watch` is told what it is about to change; without it the command is not traced. `control` may stop it from
    /// another thread; a stop asked for before the start takes effect at once.
    ///
    /// # Errors
    /// [`StartError`] if the command could not be started, or its end is not known.
    fn run(
        &self,
        command: &Command,
        watch: Option<&mut dyn Witness>,
        control: &Control,
    ) -> Result<Ended, StartError>;
}
