//! The saved runs: which there are, and what happened in one of them.

use serde_json::Value;

use super::{
    Engine, EngineError,
    nodes::{self, Called},
};
use crate::{
    base::{nearest, quoted_list},
    diag::{Diagnostic, code},
    event::Envelope,
    journal::{RunEntry, events_of, find_run, list_runs, short_run},
    report::RunView,
};

/// A run that was read from its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedRun {
    /// Its folder and metadata.
    pub entry: RunEntry,
    /// All that happened in it, as far as it was written down.
    pub events: Vec<Envelope>,
    /// What the events come to.
    pub view: RunView,
}

impl SavedRun {
    /// Returns the id of the step that a person calls `wanted`.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn step_called(&self, wanted: &str) -> Result<&str, EngineError> {
        let steps: Vec<Called> =
            self.view.nodes.values().map(|node| Called::planned(&node.planned)).collect();
        let short = short_run(&self.entry.info.job_id);
        let help = format!("`az runs show {short}` shows the steps of the run");
        let index = nodes::find_one(&steps, wanted, &help)?;
        Ok(&self.view.nodes[index].planned.id)
    }
}

impl Engine {
    /// Returns all runs that have a folder, the latest first.
    pub fn runs(&self) -> Vec<RunEntry> {
        list_runs(&*self.system, &self.layout.runs())
    }

    /// Returns `result.json` of a run, once it has ended.
    pub fn result_of(&self, run: &RunEntry) -> Option<Value> {
        run.result(&*self.system)
    }

    /// Reads the run whose id starts or ends with `text`; `last` is the latest one.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn run_called(&self, text: &str) -> Result<SavedRun, EngineError> {
        let runs = self.runs();
        let ids: Vec<String> = runs.iter().map(|run| run.info.job_id.clone()).collect();
        let mut found = find_run(runs, text);
        if found.len() == 1 {
            return Ok(self.saved(found.remove(0)));
        }
        let shorts = ids.iter().map(|id| short_run(id));
        let fault = Diagnostic::error(code::NO_SUCH_RUN, message(&ids, &found, text));
        Err(match (found.as_slice(), nearest(text, shorts)) {
            _ if ids.is_empty() => fault.help("a run is kept when it starts a step: `az build --force`"),
            ([], Some(near)) => fault.help(format!("did you mean `{near}`?")),
            ([], None) => fault.help("`az runs list` shows what there is; `last` is the latest one"),
            (several, _) => {
                let ids = several.iter().take(12).map(|run| &run.info.job_id);
                fault.help(format!("say which: {}", quoted_list(ids)))
            }
        }
        .into())
    }

    /// Reads the events of a run.
    pub(super) fn saved(&self, entry: RunEntry) -> SavedRun {
        let events = events_of(&*self.system, &entry);
        let view = RunView::of(&events);
        SavedRun { entry, events, view }
    }
}

fn message(ids: &[String], found: &[RunEntry], text: &str) -> String {
    match found.len() {
        _ if ids.is_empty() => "no run is kept here yet".to_owned(),
        0 => format!("there is no run `{text}`"),
        count => format!("{count} runs have an id that starts or ends with `{text}`"),
    }
}
