//! Decides again what ran, in the state that the run left: what the next build would find.

use std::{collections::BTreeSet, sync::Arc};

use super::answers::Answer;
use crate::{
    cache::{Place, Timeline},
    engine::{
        Engine, Force,
        desk::reused,
        job::Shared,
        lookup::{Decided, decide_at},
        secrets::shown_event,
    },
    event::Event,
    fingerprint::{Moment, read_clock},
    sys::{Stat, asking_for_nobody, asking_for_one},
};

/// So many paths are kept in one moment: more would take room, and steps that are far apart share little.
const MOST_KEPT: usize = 4096;

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
        self.look_at_changed(shared);
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

    /// Looks at what this run changed on disk, and at the folders of that: the answers of those who asked before rest on
    /// what was there then.
    pub(super) fn look_at_changed(&self, shared: &Shared) {
        asking_for_nobody(|| {
            for path in shared.timeline.changed_on_disk() {
                let path = path.to_absolute(&self.root);
                _ = self.system.stat(&path);
                _ = path.parent().map(|folder| self.system.stat(folder));
            }
        });
    }

    fn decide_again(&self, shared: &Shared, answers: &mut [Answer], due: &BTreeSet<usize>) {
        let timeline = Timeline::new(Arc::clone(&shared.cache.disk));
        // They ask for the same folders and programs.
        let mut moment = Moment::shared(Arc::clone(timeline.disk()));
        for (index, answer) in answers.iter_mut().enumerate() {
            if due.contains(&index) {
                if moment.count() > MOST_KEPT {
                    moment = Moment::shared(Arc::clone(timeline.disk()));
                }
                *answer = self.decided_again(shared, timeline.at(index).in_moment(&moment));
            }
            answer.leave(&timeline, index);
        }
    }

    fn decided_again(&self, shared: &Shared, place: Place<'_>) -> Answer {
        let index = place.index();
        // What was learned of its environment while it ran is part of its key from now on.
        if let Some(learned) = self.learned(&shared.cache, &shared.nodes.get(index)) {
            shared.nodes.put(index, learned);
        }
        let nodes = shared.nodes.all();
        let (found, asked) = asking_for_one(|| decide_at(&shared.cache, place, &nodes, Force::No));
        let mut answer = Answer::of(asked);
        let id = nodes[index].node.id.clone();
        let event = match found {
            Decided::Reuse(hit) if hit.differing.is_empty() && hit.superseded.is_empty() => {
                answer.reuses(&hit.record);
                Some(reused(id, &hit.record))
            }
            Decided::Skip(reasons) => Some(Event::Skipped { node: id, reasons }),
            Decided::Reuse(_) | Decided::Run(_) => None,
        };
        // Its records have just been read.
        answer.paths = Some(shared.cache.store.paths_of(&nodes[index].node.identity));
        // Pushed onto an empty list, one event would have room for four.
        answer.events = event.into_iter().map(|event| shown_event(event, &shared.masks)).collect();
        answer
    }
}
