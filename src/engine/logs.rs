//! What steps printed: in the run's folder, or kept with the record that was reused.

use std::sync::Arc;

use super::{Engine, EngineError, SavedRun};
use crate::{
    base::Digest,
    cache::Blobs,
    diag::{Diagnostic, code},
    journal::short_run,
    report::RunView,
};

impl Engine {
    /// Returns what a step of a run printed, if that is still known.
    pub fn log_of(&self, view: &RunView, node: &str) -> Option<Vec<u8>> {
        let log = view.nodes.get(node)?.log.as_ref()?;
        match Digest::from_hex(log) {
            Ok(digest) => Blobs::new(Arc::clone(&self.system), self.layout.blobs()).read(&digest).ok(),
            Err(_) => self.system.read(&self.layout.runs().join(&view.run).join(log)).ok(),
        }
    }

    /// Returns where a step's whole output is, as a path relative to the workspace.
    pub fn log_place(&self, view: &RunView, node: &str) -> String {
        let log = view.nodes.get(node).and_then(|node| node.log.clone()).unwrap_or_default();
        let path = self.layout.runs().join(&view.run).join(log);
        path.strip_prefix(&self.root).unwrap_or(&path).display().to_string()
    }

    /// Returns what a step of a saved run printed, whether or not the step came to its end.
    ///
    /// # Errors
    /// If nothing of it is kept.
    pub fn saved_log(&self, run: &SavedRun, id: &str) -> Result<Vec<u8>, EngineError> {
        let unfinished = || self.system.read(&run.entry.log_path(id)).ok();
        self.log_of(&run.view, id).or_else(unfinished).ok_or_else(|| {
            let short = short_run(&run.entry.info.job_id);
            let outcome = run.view.nodes.get(id).and_then(|node| node.outcome);
            let why = outcome.map_or_else(String::new, |outcome| format!("; it was {outcome}"));
            let message = format!("nothing that {id} printed in run {short} is kept{why}");
            let help = format!("run it again: az build {id} --force");
            Diagnostic::error(code::NO_LOG, message).help(help).into()
        })
    }
}
