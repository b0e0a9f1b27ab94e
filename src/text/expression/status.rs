//! What `always()`, `success()`, `failure()` and `cancelled()` answer.
//!
//! GitHub's documentation: a job runs if all it needs succeeded; one that failed or was skipped skips all behind it in
//! the chain, unless a condition with one of these functions says otherwise. So what counts are the results of all
//! ancestors, not only of those that are named. A failure that is allowed (`continue-on-error`) counts as success.

/// A function that asks how things went so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// True whatever happened, also if the run is cancelled.
    Always,
    /// True if all before succeeded. What stands where there is no condition.
    Success,
    /// True if something before failed.
    Failure,
    /// True if the run is cancelled.
    Cancelled,
}

/// How something ended that others need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// It was cancelled.
    Cancelled,
    /// It did not run.
    Skipped,
}

/// What a job needs, or a step that stands before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it may fail: `continue-on-error`.
    pub may_fail: bool,
}

impl Need {
    /// Returns what others see of the outcome: GitHub's `conclusion` of a step, and `result` of a job.
    pub fn conclusion(self) -> Outcome {
        match self.outcome {
            Outcome::Failure if self.may_fail => Outcome::Success,
            outcome => outcome,
        }
    }
}

/// Answers a status function of a job, given all its ancestors.
///
/// For a step, `needs` are the steps before it in its job that have run or were to run; one skipped by its own
/// condition is no reason to skip the next, so it is left out there.
pub fn status(function: Status, needs: &[Need], is_cancelled: bool) -> bool {
    let mut conclusions = needs.iter().map(|need| need.conclusion());
    match function {
        Status::Always => true,
        Status::Cancelled => is_cancelled,
        Status::Success => !is_cancelled && conclusions.all(|one| one == Outcome::Success),
        Status::Failure => !is_cancelled && conclusions.any(|one| one == Outcome::Failure),
    }
}
