//! What is known of a run so far: the one state every report is made from.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use crate::event::{Counts, Envelope, Event, Outcome, PlannedNode, Reason};

/// What is known of a run so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunView {
    /// The run's id.
    pub run: String,
    /// What was asked for.
    pub request: Vec<String>,
    /// The steps by id, in sequential order.
    pub nodes: IndexMap<String, NodeView>,
    /// How many further steps are as they were, without a word about each.
    pub held: usize,
    /// How it ended, once it has.
    pub ending: Option<Ending>,
    /// Versions of a person that were set aside: where they were, where they are.
    pub set_aside: Vec<(String, String)>,
    /// Code, step and text of each warning.
    pub warnings: Vec<(String, Option<String>, String)>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// It went well.
    pub is_success: bool,
    /// Wall time.
    pub duration_ms: u64,
    /// What az exits with.
    pub exit_code: u8,
    /// Why it failed.
    pub reason: Option<String>,
}

/// What is known of a step so far.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    /// The step as the plan has it.
    pub planned: PlannedNode,
    /// How it ended, once it has.
    pub outcome: Option<Outcome>,
    /// Why it ran, was reused, skipped or blocked.
    pub reasons: Vec<Reason>,
    /// Flags such as `warning`.
    pub flags: Vec<String>,
    /// The exit code of its process.
    pub exit_code: Option<i32>,
    /// How it failed.
    pub error: Option<String>,
    /// Wall time; of the recorded run, if it was reused.
    pub duration_ms: u64,
    /// Where its output is.
    pub log: Option<String>,
    /// Paths that were brought back.
    pub restored: Vec<String>,
    /// What it hands on by name; `***` for what nobody must see.
    pub outputs: BTreeMap<String, Value>,
}

impl RunView {
    /// Returns the view after all these events.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Envelope>) -> Self {
        let mut view = Self::default();
        events.into_iter().for_each(|envelope| view.apply(&envelope.event));
        view
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::OrchestrationStarted { run, request, nodes } => {
                self.run.clone_from(run);
                self.request.clone_from(request);
                self.nodes = nodes.iter().map(|node| (node.id.clone(), NodeView::new(node))).collect();
            }
            Event::Expanded { nodes } => {
                self.nodes.extend(nodes.iter().map(|node| (node.id.clone(), NodeView::new(node))));
            }
            Event::Held { cached } => self.held = *cached,
            Event::ScriptStarted { node, reasons, .. } => {
                self.with(node, |view| {
                    // Cloned into an empty list, one reason would have room for four.
                    view.reasons = reasons.as_slice().into();
                    view.outputs.clear();
                });
            }
            Event::Handed { node, outputs } => self.with(node, |view| view.outputs.clone_from(outputs)),
            Event::ScriptCompleted {
                node,
                outcome,
                flags,
                exit_code,
                duration_ms,
                reasons,
                log,
                cached: _,
            } => {
                self.with(node, |view| {
                    view.outcome = Some(*outcome);
                    view.flags.clone_from(flags);
                    (view.exit_code, view.duration_ms) = (*exit_code, *duration_ms);
                    view.log.clone_from(log);
                    if !reasons.is_empty() {
                        view.reasons = reasons.as_slice().into();
                    }
                });
            }
            Event::ScriptFailed { node, exit_code, error, flags, duration_ms, log } => {
                self.with(node, |view| {
                    view.outcome = Some(Outcome::Failed);
                    view.flags.clone_from(flags);
                    (view.exit_code, view.duration_ms) = (*exit_code, *duration_ms);
                    view.error = Some(error.clone());
                    view.log.clone_from(log);
                });
            }
            Event::Skipped { node, reasons } => self.end(node, Outcome::Skipped, reasons),
            Event::Blocked { node, reasons } => self.end(node, Outcome::Blocked, reasons),
            Event::Cancelled { node, reasons } => self.end(node, Outcome::Cancelled, reasons),
            Event::Restored { node, paths } => self.with(node, |view| {
                view.restored.extend(paths.iter().cloned());
                if view.outcome == Some(Outcome::Cached) {
                    view.outcome = Some(Outcome::Restored);
                }
            }),
            Event::SetAside { path, kept } => self.set_aside.push((path.clone(), kept.clone())),
            Event::Warning { code, node, message } => {
                self.warnings.push((code.clone(), node.clone(), message.clone()));
            }
            Event::OrchestrationCompleted { duration_ms, exit_code, counts: _ } => {
                self.ending = Some(Ending {
                    is_success: true,
                    duration_ms: *duration_ms,
                    exit_code: *exit_code,
                    reason: None,
                });
            }
            Event::OrchestrationFailed { duration_ms, exit_code, reason, counts: _ } => {
                self.ending = Some(Ending {
                    is_success: false,
                    duration_ms: *duration_ms,
                    exit_code: *exit_code,
                    reason: Some(reason.clone()),
                });
            }
            Event::StageStarted { .. }
            | Event::StageCompleted { .. }
            | Event::StageFailed { .. }
            | Event::Retry { .. }
            | Event::Note { .. }
            | Event::Notified { .. }
            | Event::Unknown => {}
        }
    }

    /// Counts how the steps ended so far.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.nodes.values().filter_map(|node| node.outcome).for_each(|outcome| counts.add(outcome));
        counts.cached += self.held;
        counts.total = self.nodes.len() + self.held;
        counts
    }

    fn with(&mut self, node: &str, change: impl FnOnce(&mut NodeView)) {
        if let Some(view) = self.nodes.get_mut(node) {
            change(view);
        }
    }

    fn end(&mut self, node: &str, outcome: Outcome, reasons: &[Reason]) {
        self.with(node, |view| {
            view.outcome = Some(outcome);
            view.reasons = reasons.to_vec();
        });
    }
}

impl NodeView {
    fn new(planned: &PlannedNode) -> Self {
        Self {
            planned: planned.clone(),
            outcome: None,
            reasons: Vec::new(),
            flags: Vec::new(),
            exit_code: None,
            error: None,
            duration_ms: 0,
            log: None,
            restored: Vec::new(),
            outputs: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_keeps_no_room_for_reasons_that_it_does_not_have() {
        let planned: PlannedNode =
            serde_json::from_str(r#"{"id": "a", "name": "a", "stage": "s", "needs": []}"#).unwrap();
        let mut view = RunView::default();
        view.apply(&Event::OrchestrationStarted {
            run: String::new(),
            request: vec![],
            nodes: vec![planned],
        });
        let reasons = vec![Reason::new("no_record", "a", "no record of this step yet")];
        view.apply(&Event::ScriptStarted { node: "a".to_owned(), attempt: 1, reasons });
        assert_eq!(view.nodes["a"].reasons.capacity(), 1);
    }
}
