//! What is here and how the last run went, at a glance.

use serde_json::Value;

use super::{Engine, Listing};
use crate::journal::RunEntry;

/// A workspace at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Scripts and playbooks.
    pub listing: Listing,
    /// The latest run that started a step.
    pub last_run: Option<RunEntry>,
    /// Its `result.json`, once it has ended.
    pub last_result: Option<Value>,
}

impl Engine {
    /// Looks at the workspace; O(scripts + runs).
    pub fn overview(&self) -> Overview {
        let listing = self.list(&[]).unwrap_or_default();
        let last_run = self.runs().into_iter().next();
        let last_result = last_run.as_ref().and_then(|run| self.result_of(run));
        Overview { listing, last_run, last_result }
    }
}
