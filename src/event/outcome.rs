//! How a step ended, in one word.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was run and ended well.
    Ran,
    /// A record was reused and all it left was there.
    Cached,
    /// A record was reused and some of what it left was brought back.
    Restored,
    /// Its condition was false.
    Skipped,
    /// It was run and ended badly.
    Failed,
    /// One it needs did not end well.
    Blocked,
    /// The run ended before it.
    Cancelled,
}

impl Outcome {
    /// All outcomes, in the order in which counts are shown.
    pub const ALL: [Self; 7] = [
        Self::Ran,
        Self::Cached,
        Self::Restored,
        Self::Skipped,
        Self::Failed,
        Self::Blocked,
        Self::Cancelled,
    ];

    /// Returns the word used in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Cached => "cached",
            Self::Restored => "restored",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many steps ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// All steps.
    pub total: usize,
    /// See [`Outcome::Ran`].
    pub ran: usize,
    /// See [`Outcome::Cached`].
    pub cached: usize,
    /// See [`Outcome::Restored`].
    pub restored: usize,
    /// See [`Outcome::Skipped`].
    pub skipped: usize,
    /// See [`Outcome::Failed`].
    pub failed: usize,
    /// See [`Outcome::Blocked`].
    pub blocked: usize,
    /// See [`Outcome::Cancelled`].
    pub cancelled: usize,
}

impl Counts {
    /// Counts one more step; `total` is counted too.
    pub fn add(&mut self, outcome: Outcome) {
        self.total += 1;
        *self.of_mut(outcome) += 1;
    }

    /// Returns how many ended that way.
    pub fn of(mut self, outcome: Outcome) -> usize {
        *self.of_mut(outcome)
    }

    /// Returns how many were reused, whether or not something had to be brought back.
    pub fn reused(self) -> usize {
        self.cached + self.restored
    }

    fn of_mut(&mut self, outcome: Outcome) -> &mut usize {
        match outcome {
            Outcome::Ran => &mut self.ran,
            Outcome::Cached => &mut self.cached,
            Outcome::Restored => &mut self.restored,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Failed => &mut self.failed,
            Outcome::Blocked => &mut self.blocked,
            Outcome::Cancelled => &mut self.cancelled,
        }
    }
}
