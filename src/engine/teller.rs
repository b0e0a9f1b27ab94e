//! Tells what happens in a run: numbers the events, folds them, and has them written down.
//!
//! Knows events and the run's folder. Does not know why anything happens.

use std::{
    collections::BTreeMap,
    mem,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::secrets::shown_event;
use crate::{
    diag::{Code, code},
    event::{self, Envelope, Event},
    journal::{RunFolder, RunInfo, Status},
    report::{RunResult, RunView},
    secret::Masks,
    sys::System,
};

/// Tells what happens.
pub(super) struct Teller<'a> {
    system: &'a dyn System,
    /// What nobody must see.
    masks: Arc<Masks>,
    on_event: &'a mut dyn FnMut(&Envelope, &RunView),
    started: Duration,
    view: RunView,
    journal: Journal,
    /// Number of the last event.
    sequence: u64,
    /// Summaries of steps that were reused before a step was started.
    summaries: BTreeMap<String, String>,
}

/// Where events are written down.
enum Journal {
    /// No step was started; what was told is kept until one is.
    NotYet(Vec<Envelope>),
    /// In the run's folder.
    Folder(RunFolder),
    /// The folder could not be made.
    Nowhere,
}

/// What a run came to.
pub(super) struct Told {
    pub(super) view: RunView,
    /// The run's folder, if a step was started.
    pub(super) folder: Option<PathBuf>,
    /// All that was told, if no step was started.
    pub(super) events: Vec<Envelope>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        system: &'a dyn System,
        masks: Arc<Masks>,
        on_event: &'a mut dyn FnMut(&Envelope, &RunView),
    ) -> Self {
        let started = system.monotonic();
        let (view, journal) = (RunView::default(), Journal::NotYet(Vec::new()));
        Self { system, masks, on_event, started, view, journal, sequence: 0, summaries: BTreeMap::new() }
    }

    /// Returns what is known of the run so far.
    pub(super) fn view(&self) -> &RunView {
        &self.view
    }

    /// Returns how long the run has taken so far.
    pub(super) fn elapsed(&self) -> Duration {
        self.system.monotonic().saturating_sub(self.started)
    }

    pub(super) fn tell(&mut self, event: Event) {
        let event = shown_event(event, &self.masks);
        self.view.apply(&event);
        self.sequence += 1;
        let time = self.system.now().to_rfc3339();
        let envelope = Envelope { v: event::VERSION, seq: self.sequence, time, event };
        (self.on_event)(&envelope, &self.view);
        match &mut self.journal {
            Journal::NotYet(told) => told.push(envelope),
            // An event that is lost here is lost for the journal only.
            Journal::Folder(folder) => _ = folder.append(&envelope),
            Journal::Nowhere => {}
        }
    }

    pub(super) fn warn(&mut self, code: Code, node: Option<String>, message: String) {
        self.tell(Event::Warning { code: code.to_string(), node, message });
    }

    /// Makes the run's folder if there is none yet, and writes down what was told before.
    pub(super) fn open_folder(&mut self, runs: &Path, info: impl FnOnce() -> RunInfo) {
        let Journal::NotYet(told) = &mut self.journal else { return };
        match RunFolder::create(self.system, runs, info()) {
            Ok(mut folder) => {
                mem::take(told).iter().for_each(|envelope| _ = folder.append(envelope));
                self.journal = Journal::Folder(folder);
                mem::take(&mut self.summaries)
                    .into_iter()
                    .for_each(|(node, text)| self.keep_summary(&node, text));
            }
            Err(error) => {
                self.journal = Journal::Nowhere;
                self.warn(code::CACHE_UNUSABLE, None, format!("the run cannot be journalled: {error}"));
            }
        }
    }

    /// Keeps what a step says of itself for people, in the run's folder if there will be one.
    pub(super) fn keep_summary(&mut self, node: &str, text: String) {
        let written = match &self.journal {
            Journal::Folder(folder) => folder.write_summary(self.system, node, &text),
            Journal::NotYet(_) => {
                self.summaries.insert(node.to_owned(), text);
                Ok(())
            }
            Journal::Nowhere => Ok(()),
        };
        if let Err(error) = written {
            let text = format!("the summary of {node} cannot be kept: {error}");
            self.warn(code::CACHE_UNUSABLE, Some(node.to_owned()), text);
        }
    }

    /// Returns where the log of a step goes. A log that cannot be kept must not stop the step.
    pub(super) fn log_path(&self, node: &str) -> PathBuf {
        match &self.journal {
            Journal::Folder(folder) => folder.log_path(node),
            Journal::NotYet(_) | Journal::Nowhere => PathBuf::from("/dev/null"),
        }
    }

    /// Returns where the log of a step is, as events tell it: relative to the run's folder.
    pub(super) fn log_name(&self, node: &str) -> Option<String> {
        let Journal::Folder(folder) = &self.journal else { return None };
        let path = folder.log_path(node);
        Some(path.strip_prefix(folder.path()).unwrap_or(&path).display().to_string())
    }

    /// Writes the result, and returns what the run came to.
    pub(super) fn finish(self, status: Status) -> Told {
        let (folder, events) = match self.journal {
            Journal::NotYet(events) => (None, events),
            Journal::Nowhere => (None, Vec::new()),
            Journal::Folder(mut folder) => {
                // The run is over; a result that cannot be written changes nothing of what it did.
                _ = folder.finish(self.system, status, &RunResult(&self.view));
                (Some(folder.path().to_path_buf()), Vec::new())
            }
        };
        Told { view: self.view, folder, events }
    }
}
