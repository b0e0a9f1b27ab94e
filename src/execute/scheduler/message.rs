//! What goes into the scheduler and what comes out of it.

use std::time::Duration;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A look-up that was asked for is answered.
    LookedUp(usize, Verdict),
    /// An attempt that was started has ended.
    Ended(usize, Ending),
    /// A person wants the run to end; the second time at once.
    Interrupt,
    /// Time passed; also the way to begin.
    Tick,
}

/// What a look-up found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A result can be reused, and its effects are there.
    Hit,
    /// Its condition does not hold.
    Skip,
    /// It must run.
    Run,
    /// It does not begin because of how a node it needs ended; for nodes that are asked.
    Block {
        /// That node.
        by: usize,
    },
    /// It cannot be decided or must not run; that is a failure without an attempt.
    Fail,
}

/// How an attempt ended.
///
/// Who ran the attempt knows whether a stop reached it in time: an attempt that ended well just before is `Ok`, one
/// that was stopped is `Cancelled` or `TimedOut` even if its exit code says success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Ok,
    /// Well, with a warning.
    Warning,
    /// It wants a person: the chain stops.
    Attention,
    /// Not well.
    Failed,
    /// It was stopped because it took too long.
    TimedOut,
    /// It was stopped because it was no longer wanted.
    Cancelled,
    /// It was stopped, and what it had done undone, right before something that cannot be undone: it starts again, by
    /// itself, once all before it have ended.
    TooEarly,
}

/// How to stop a running node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopHow {
    /// Ask: `SIGTERM` to its whole tree.
    Terminate,
    /// End: `SIGKILL` to its whole tree.
    Kill,
}

/// Why a running node is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCause {
    /// The attempt took too long.
    Timeout,
    /// The nodes of its group together took too long.
    Group,
    /// The whole run took too long.
    Deadline,
    /// A person interrupted the run.
    Interrupt,
    /// Another member of its cohort failed.
    Cohort,
    /// It was about to do what cannot be undone while nodes before it were not done; never the scheduler's own cause.
    TooEarly,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Find out whether the node must run; answered by [`Input::LookedUp`].
    LookUp(usize),
    /// Start the node; answered by [`Input::Ended`].
    Start {
        /// Which.
        node: usize,
        /// The how manieth time, from 1.
        attempt: u32,
    },
    /// Stop the node, which is running; [`Input::Ended`] follows as ever.
    Stop {
        /// Which.
        node: usize,
        /// How.
        how: StopHow,
        /// Why.
        cause: StopCause,
    },
    /// An attempt failed and there will be another one; for people to see.
    Retry {
        /// Which.
        node: usize,
        /// The attempt that will follow.
        attempt: u32,
        /// How the one before ended: [`Outcome::Failed`] or [`Outcome::TimedOut`].
        after: Outcome,
        /// When, on the clock of `now`.
        at: Duration,
    },
    /// The attempt came to nothing, and there will be another one; for people to see.
    Postponed(usize),
    /// Send [`Input::Tick`] at this time; replaces the wake-up asked for before.
    WakeAt(Duration),
    /// The node has its outcome; comes once for each node.
    Finished(usize, Outcome),
}

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ran well.
    Ran,
    /// It ran well, with a warning.
    Warning,
    /// It ran and wants a person; what needs it is blocked.
    Attention,
    /// A result was reused. Whether something had to be restored for it, the engine knows.
    Cached,
    /// Its condition does not hold.
    Skipped,
    /// Its last attempt failed.
    Failed,
    /// Its last attempt took too long, or the whole run did.
    TimedOut,
    /// A node it needs did not end well: the first of them in sequential order, or the one its look-up named.
    Blocked {
        /// That node.
        by: usize,
    },
    /// It was stopped, or it was given up before it began.
    Cancelled,
}

impl Outcome {
    /// Returns the word for it; what the word leaves out are flags beside it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ran | Self::Warning | Self::Attention => "ran",
            Self::Cached => "cached",
            Self::Skipped => "skipped",
            Self::Failed | Self::TimedOut => "failed",
            Self::Blocked { .. } => "blocked",
            Self::Cancelled => "cancelled",
        }
    }

    /// Tells whether a node that needs this one may begin, unless the failure of this one is tolerated: then also after
    /// that.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Ran | Self::Warning | Self::Cached | Self::Skipped)
    }
}
