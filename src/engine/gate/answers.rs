//! What is known of each step when a build ends: what its decision asked, and what was told of it.

use crate::{
    base::WsPath,
    cache::{Record, Timeline},
    event::Event,
    fingerprint::State,
    sys::Asked,
};

/// What became of one step without running it.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Answer {
    /// What was asked to decide it.
    pub(super) asked: Asked,
    /// What was told of its end; nothing if it has to be decided again.
    pub(super) events: Vec<Event>,
    /// What the record that was reused left, all of which is there. The record itself would stay for each step until
    /// the end.
    left: Box<[(WsPath, State)]>,
    /// Where it ever left something, or removed it, if that was looked up.
    pub(super) paths: Option<Box<[WsPath]>>,
    /// It hands something on.
    pub(super) hands_on: bool,
    /// It was started: what was told of that is not what is told of one that is as it was.
    has_run: bool,
}

impl Answer {
    /// Takes note of what a decision asked; nothing is known of what became of it.
    pub(super) fn of(mut asked: Asked) -> Self {
        // It stays until all steps have ended.
        asked.places.sort_unstable();
        asked.places.dedup();
        asked.places.shrink_to_fit();
        Self { asked, ..Self::default() }
    }

    /// Takes note of the record that is reused.
    pub(super) fn reuses(&mut self, record: &Record) {
        let left = record.effects.iter().filter(|effect| effect.after.exists());
        self.left = left.map(|effect| (effect.path.clone(), effect.after.clone())).collect();
        self.hands_on = !record.handed.is_empty();
    }

    /// Says that a step left what it left.
    pub(super) fn leave(&self, timeline: &Timeline, index: usize) {
        self.left.iter().for_each(|(path, state)| timeline.keep(index, path, state.clone()));
    }
}

/// The answers for all steps, by place.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Answers(Vec<Answer>);

impl Answers {
    /// Takes note of what the decision on a step asked; what was known of it is of no use any more.
    pub(in crate::engine) fn decided(&mut self, index: usize, asked: Asked) {
        *self.at(index) = Answer::of(asked);
    }

    /// Takes note of what is told of the end of a step that did not run.
    pub(in crate::engine) fn told(&mut self, index: usize, event: &Event, record: Option<&Record>) {
        let answer = self.at(index);
        if answer.has_run {
            return;
        }
        // By itself an empty list makes room for four, and there is one for each step.
        answer.events.reserve_exact(1);
        answer.events.push(event.clone());
        record.into_iter().for_each(|record| answer.reuses(record));
    }

    /// Takes note that a step was started, or will not be: it has to be decided again. Of one that is never reused no
    /// record says whether it hands something on.
    pub(in crate::engine) fn ended(&mut self, index: usize, hands_on: bool) {
        let answer = self.at(index);
        answer.events.clear();
        answer.hands_on |= hands_on;
        answer.has_run = true;
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
