//! How far the stages of a run are.
//!
//! Knows which step belongs to which stage and how it ended. Does not know why.

use std::{collections::BTreeMap, time::Duration};

use crate::event::{Counts, Event, Outcome, millis};

/// The stages of a run by name.
pub(super) struct Stages(BTreeMap<String, Stage>);

/// How far a stage is: in a playbook with jobs there are about as many of them as steps.
#[derive(Default)]
struct Stage {
    /// Steps that have not ended.
    left: usize,
    /// What is known of it between its first step and its last.
    going: Option<Box<Going>>,
}

/// What is known of a stage that is at work.
#[derive(Default)]
struct Going {
    started: Duration,
    counts: Counts,
    failed: Vec<String>,
    /// The first error.
    error: String,
}

impl Stages {
    /// Makes the stages that steps belong to, each step's named once.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut stages = Self(BTreeMap::new());
        stages.grow(names);
        stages
    }

    /// Takes note of steps that were not known before.
    pub(super) fn grow<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            self.0.entry(name.to_owned()).or_default().left += 1;
        }
    }

    /// Takes note that a step of a stage is taken up; returns the event if it is the first one.
    pub(super) fn begin(&mut self, name: &str, now: Duration) -> Option<Event> {
        let going = &mut self.stage(name).going;
        let is_first = going.is_none();
        going.get_or_insert_with(|| Box::new(Going { started: now, ..Going::default() }));
        is_first.then(|| Event::StageStarted { name: name.to_owned() })
    }

    /// Takes note that a step of a stage ended, with its error if it failed; returns the event if it is the last one.
    pub(super) fn end(
        &mut self,
        name: &str,
        (node, outcome, error): (&str, Outcome, Option<&str>),
        now: Duration,
    ) -> Option<Event> {
        let stage = self.stage(name);
        stage.left -= 1;
        let going = stage.going.get_or_insert_with(|| Box::new(Going { started: now, ..Going::default() }));
        going.counts.add(outcome);
        if outcome == Outcome::Failed {
            if going.failed.is_empty() {
                error.unwrap_or_default().clone_into(&mut going.error);
            }
            going.failed.push(node.to_owned());
        }
        if stage.left > 0 {
            return None;
        }
        let name = name.to_owned();
        let Going { started, counts, failed, error } = *stage.going.take()?;
        if !failed.is_empty() {
            return Some(Event::StageFailed { name, failed, error });
        }
        let duration_ms = millis(now.saturating_sub(started));
        Some(Event::StageCompleted { name, duration_ms, counts })
    }

    fn stage(&mut self, name: &str) -> &mut Stage {
        self.0.get_mut(name).expect("every stage of the plan is known")
    }
}
