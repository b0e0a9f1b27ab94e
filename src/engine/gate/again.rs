//! Decides again what ran, in the state that the run left: what the next build would find.

use std::collections::BTreeSet;

use super::answers::Answer;
use crate::{
    cache::{Record, Timeline},
    engine::{
        Engine, Force,
        desk::reused,
        job::Shared,
        lookup::{Decided, decide},
        prepare::Prepared,
        secrets::shown_event,
    },
    event::Event,
    fingerprint::read_clock,
    sys::{Stat, asking_for_one},
};

impl Engine {
    /// Decides all steps again that have no answer, and those that asked what has changed since. A step that would run,
    /// or of which something would have to be brought back, has no answer then either.
    ///
    /// Returns the file system's clock from before the first look.
    pub(super) fn look_again(&self, shared: &Shared, answers: &mut [Answer]) -> Option<Stat> {
        let clock = read_clock(&*self.system, &self.layout.clock())?;
        self.recorder.begin_pass();
        shared.cache.disk.tick()?;
        let is_open = |answer: &Answer| answer.events.is_empty();
        let mut due: BTreeSet<usize> = (0..answers.len()).filter(|index| is_open(&answers[*index])).collect();
        let (mut decided, mut looked) = (0, BTreeSet::new());
        loop {
            // What somebody knew may be something else by now, as what was looked at may.
            self.look_at_known(answers, &mut looked);
            let changed = self.recorder.changed();
            let is_stale = |answer: &Answer| {
                answer.asked.places.iter().any(|place| changed.get(*place as usize) == Some(&true))
                    || answer.asked.known.iter().any(|path| self.recorder.has_changed(path))
            };
            due.extend((0..answers.len()).filter(|index| is_stale(&answers[*index])));
            if due.len() == decided {
                return Some(clock);
            }
            decided = due.len();
            self.decide_again(shared, answers, &due);
        }
    }

    fn decide_again(&self, shared: &Shared, answers: &mut [Answer], due: &BTreeSet<usize>) {
        for index in due {
            // What was learned of its environment while it ran is part of its key from now on.
            let mut node = Prepared::clone(&shared.nodes.get(*index));
            self.learn(&shared.cache, std::slice::from_mut(&mut node));
            shared.nodes.put(*index, node);
        }
        let timeline = Timeline::new(std::sync::Arc::clone(&shared.cache.disk));
        let nodes = shared.nodes.all();
        for (index, answer) in answers.iter_mut().enumerate() {
            if due.contains(&index) {
                let (found, asked) =
                    asking_for_one(|| decide(&shared.cache, &timeline, &nodes, index, Force::No));
                *answer = Answer { asked, ..Answer::default() };
                let id = nodes[index].node.id.clone();
                let event = match found {
                    Decided::Reuse(hit) if hit.differing.is_empty() && hit.superseded.is_empty() => {
                        let event = reused(id, &hit.record);
                        answer.record = Some(hit.record);
                        Some(event)
                    }
                    Decided::Skip(reasons) => Some(Event::Skipped { node: id, reasons }),
                    Decided::Reuse(_) | Decided::Run(_) => None,
                };
                answer.events.extend(event.map(|event| shown_event(event, &shared.masks)));
            }
            if let Some(record) = &answer.record {
                leave(&timeline, index, record);
            }
        }
    }
}

/// Says that a step left what it left, all of which is there.
fn leave(timeline: &Timeline, index: usize, record: &Record) {
    for effect in record.effects.iter().filter(|effect| effect.after.exists()) {
        timeline.keep(index, &effect.path, effect.after.clone());
    }
}
