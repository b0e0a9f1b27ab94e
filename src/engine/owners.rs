//! Whose a file is that several steps were seen to change.
//!
//! In one sequence the last one owns it, which is worth a word when it is seen for the first time. Steps that the
//! playbook calls independent have no order in which one could be the last.
//!
//! Knows this run's steps and what they left, now and before. Does not know how steps are kept in order.

use std::{collections::BTreeSet, sync::Arc};

use super::desk::Desk;
use crate::{
    base::{WsPath, plural},
    cache::{Effect, Record},
    diag::code,
    event::Event,
    fingerprint::{Question, State},
    plan::{EdgeKind, Plan},
};

/// As many steps as change one file before they are called a chain, and as many of them as are named.
const CHAIN: usize = 3;

impl Desk<'_> {
    /// Tells of files that several steps change; where nothing orders these, neither is recorded.
    pub(super) fn tell_of_owners(&mut self) {
        for (path, mut steps) in self.shared.timeline.left_by_many(2) {
            steps.retain(|step| self.record(*step).is_some_and(|record| change_in(&record, &path).is_some()));
            if steps.len() < 2 {
                continue;
            }
            // What lies elsewhere is most often kept by a tool for all who use it.
            let rivals = if path.is_inside() { self.rivals(&path, &steps) } else { None };
            if let Some((one, other)) = rivals {
                self.refuse(&path, one, other);
            } else if self.is_new(&path, &steps) {
                self.advise(&path, &steps);
            }
        }
    }

    /// Returns the record of what a step did in this run, itself or by being reused.
    fn record(&self, step: usize) -> Option<Arc<Record>> {
        let last = self.shared.cache.store.last(&self.shared.nodes.get(step).node.identity);
        let reused = || self.hits.get(&step).map(|hit| Arc::clone(&hit.record));
        last.filter(|record| record.run == self.shared.run).or_else(reused)
    }

    /// Returns two steps that leave a file in different states and that nothing declared orders.
    fn rivals(&self, path: &WsPath, steps: &[usize]) -> Option<(usize, usize)> {
        let sequence = |step: usize| self.plan.nodes[step].sequence;
        if steps.iter().all(|step| sequence(*step) == sequence(steps[0])) {
            return None;
        }
        let left = |step: usize| Some(change_in(&*self.record(step)?, path)?.after.clone());
        let pairs =
            steps.iter().enumerate().flat_map(|(at, other)| steps[..at].iter().map(|one| (*one, *other)));
        let mut rivals =
            pairs.filter(|(one, other)| sequence(*one) != sequence(*other) && left(*one) != left(*other));
        rivals.find(|(one, other)| !comes_after(&self.plan, *other, *one))
    }

    fn refuse(&mut self, path: &WsPath, one: usize, other: usize) {
        self.has_two_owners = true;
        for (step, rival) in [(one, other), (other, one)] {
            if let Some(record) = self.record(step) {
                let rival = self.id(rival);
                let why = format!("{rival} changes `{path}` too, and nothing says which comes first");
                // If that cannot be written, the run has failed all the same.
                _ = self.shared.cache.store.retract(&record, why);
            }
        }
        let text = format!(
            "{} and {} both change `{path}`, and nothing says which comes first; neither result is recorded",
            self.id(one),
            self.id(other)
        );
        self.teller.warn(code::TWO_WRITERS, Some(self.id(other)), text);
    }

    /// Tells whether this run was the first to see one of the steps change the file.
    fn is_new(&self, path: &WsPath, steps: &[usize]) -> bool {
        let store = &self.shared.cache.store;
        steps.iter().any(|step| {
            let node = self.shared.nodes.get(*step);
            let records = store.of(&node.node.identity);
            let mut changing = records.filter(|record| change_in(record, path).is_some()).peekable();
            changing.peek().is_some() && changing.all(|record| record.run == self.shared.run)
        })
    }

    fn advise(&mut self, path: &WsPath, steps: &[usize]) {
        let message = if steps.len() >= CHAIN {
            let mut names: Vec<String> = steps.iter().take(CHAIN).map(|step| self.id(*step)).collect();
            names.extend((steps.len() > CHAIN).then(|| "...".to_owned()));
            let names = names.join(", ");
            let count = plural(steps.len(), "step");
            format!(
                "{count} change `{path}` and are chained by it: {names}; if nothing reads it, name it under `scratch`"
            )
        } else {
            let (one, other) = (steps[0], steps[1]);
            let reads =
                |record: &Record| record.questions().any(|asked| asked == Question::State(path.clone()));
            if self.record(other).is_none_or(|record| reads(&record)) {
                return;
            }
            let (one, other) = (self.id(one), self.id(other));
            format!("{other} makes `{path}` anew, which {one} has made; what {other} leaves is what stays")
        };
        self.teller.tell(Event::Note { code: code::CHAINED.to_string(), node: None, message });
    }
}

/// Returns what a record did to a path, if it left a file or link there.
fn change_in<'a>(record: &'a Record, path: &WsPath) -> Option<&'a Effect> {
    let is_left = |effect: &&Effect| matches!(effect.after, State::File { .. } | State::Link { .. });
    record.effects.iter().find(|effect| effect.path == *path).filter(is_left)
}

/// Tells whether a step comes after an earlier one by what is declared.
fn comes_after(plan: &Plan, later: usize, earlier: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![later];
    while let Some(step) = open.pop() {
        if step == earlier {
            return true;
        }
        let declared = plan.nodes[step].edges.iter().filter(|edge| {
            !matches!(edge.kind, EdgeKind::Learned(_) | EdgeKind::Unknown | EdgeKind::Outward)
        });
        // Edges lead to earlier places only.
        open.extend(declared.map(|edge| edge.to).filter(|to| *to >= earlier && seen.insert(*to)));
    }
    false
}
