//! What is here and how the last run went, at a glance.

use super::{Engine, Listing};
use crate::journal::{self, RunEntry};

/// A workspace at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Scripts and playbooks.
    pub listing: Listing,
    /// The latest run that started a step.
    pub last_run: Option<RunEntry>,
}

impl Engine {
    /// Looks at the workspace; O(scripts + runs).
    pub fn overview(&self) -> Overview {
        let runs = journal::list_runs(&*self.system, &self.layout.runs(), &self.layout.lock(0));
        let listing = self.list(&[]).unwrap_or_default();
        Overview { listing, last_run: runs.into_iter().next() }
    }
}
