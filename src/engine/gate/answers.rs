//! What is known of each step when a build ends: what its decision asked, and what was told of it.

use std::sync::Arc;

use crate::{cache::Record, event::Event, sys::Asked};

/// What became of one step without running it.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Answer {
    /// What was asked to decide it.
    pub(super) asked: Asked,
    /// What was told of its end; nothing if it has to be decided again.
    pub(super) events: Vec<Event>,
    /// The record that was reused.
    pub(super) record: Option<Arc<Record>>,
}

/// The answers for all steps, by place.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Answers(Vec<Answer>);

impl Answers {
    /// Takes note of what the decision on a step asked; what was known of it is of no use any more.
    pub(in crate::engine) fn decided(&mut self, index: usize, asked: Asked) {
        *self.at(index) = Answer { asked, ..Answer::default() };
    }

    /// Takes note of what is told of the end of a step that did not run.
    pub(in crate::engine) fn told(&mut self, index: usize, event: &Event, record: Option<&Arc<Record>>) {
        let answer = self.at(index);
        answer.events.push(event.clone());
        answer.record = record.cloned().or(answer.record.take());
    }

    fn at(&mut self, index: usize) -> &mut Answer {
        if self.0.len() <= index {
            self.0.resize(index + 1, Answer::default());
        }
        &mut self.0[index]
    }

    /// Returns what each decision asked.
    pub(super) fn asked(&self) -> Vec<&Asked> {
        self.0.iter().map(|answer| &answer.asked).collect()
    }

    /// Returns one for each of so many steps.
    pub(super) fn into_all(mut self, count: usize) -> Vec<Answer> {
        self.0.resize(count, Answer::default());
        self.0
    }
}
