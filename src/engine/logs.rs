//! What steps printed: in the run's folder, or kept with the record that was reused.

use std::sync::Arc;

use super::{Engine, EngineError};
use crate::{
    base::{Digest, quoted_list},
    cache::Blobs,
    diag::{Diagnostic, code},
    model::query::catalog,
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

    /// Returns the file name of the one script with this number, or whose number starts with these three digits.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn script_called(&self, digits: &str) -> Result<String, EngineError> {
        let catalog = catalog(&self.db, self.workspace);
        let fits = |number: &str| number.starts_with(digits);
        let found: Vec<&str> = catalog
            .scripts
            .iter()
            .filter(|(_, script)| fits(&script.number.to_string()))
            .map(|(_, script)| script.stem.as_str())
            .collect();
        let fault = match found.as_slice() {
            [only] => return Ok((*only).to_owned()),
            [] => Diagnostic::error(
                code::NO_SUCH_NUMBER,
                format!("no script has a number that starts with {digits}"),
            )
            .help("`az list` shows the scripts there are"),
            several => {
                let message = format!("{} scripts have a number that starts with {digits}", several.len());
                let names = quoted_list(several.iter().take(12));
                Diagnostic::error(code::AMBIGUOUS_NUMBER, message).help(format!("say which: {names}"))
            }
        };
        Err(EngineError { diagnostics: vec![fault], is_strict: false })
    }
}
