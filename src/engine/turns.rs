//! When a step may do what cannot be undone, and what is made sure of before.
//!
//! Knows which steps have overlapped, and which of them found what they should not have. Does not know how that is put
//! right.

use std::collections::BTreeSet;

use super::{desk::Desk, late::first_late};
use crate::{
    event,
    execute::{driver::Summary, scheduler::Ending},
};

/// Which steps have been at work at the same time.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    running: BTreeSet<usize>,
    /// Since the last time all was known to be in order, something was decided or begun while a step was at work.
    pub(super) have_been: bool,
    /// Steps that were held right before they did what cannot be undone.
    pub(super) came_too_early: BTreeSet<usize>,
}

/// What a step may do that cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freedom {
    /// All before it have ended and hold.
    All,
    /// It is its user's word that its order does not matter to anybody beyond the workspace. Inside it may be put back
    /// with others.
    Beyond,
    /// Steps before it may be at work still.
    None,
}

impl Overlaps {
    fn is_any_running(&self) -> bool {
        !self.running.is_empty()
    }

    pub(super) fn look_up(&mut self) {
        self.have_been |= self.is_any_running();
    }

    pub(super) fn begin(&mut self, node: usize) {
        self.have_been |= self.is_any_running();
        self.running.insert(node);
    }

    pub(super) fn end(&mut self, node: usize) {
        self.running.remove(&node);
    }
}

impl Desk<'_> {
    /// Looks whether steps overlapped in the wrong order, and puts that right.
    pub(super) fn check_order(&mut self, summary: Summary) -> Summary {
        if summary.interrupted.is_some() || summary.has_timed_out {
            return summary;
        }
        match first_late(&self.shared, &self.answered) {
            None => summary,
            Some(late) => {
                // What a failure kept from running is due if that failure may turn out to be none.
                let is_due = self.first_failure().is_some_and(|failed| failed >= late.index);
                let has_part = |index: &usize| is_due || self.has_part(*index);
                let participants: Vec<usize> = (0..self.plan.nodes.len()).filter(has_part).collect();
                self.repair(late, &participants, usize::MAX).unwrap_or(summary)
            }
        }
    }

    /// Tells whether a step ran, was reused or was left out: what it was told may turn out to be otherwise.
    fn has_part(&self, index: usize) -> bool {
        self.answered.contains_key(&index) || self.outcome(index) == Some(event::Outcome::Skipped)
    }

    /// Tells whether the run went as a run should, whatever became of its steps.
    pub(super) fn is_sound(&self, summary: &Summary) -> bool {
        let is_cut_short = summary.interrupted.is_some() || summary.has_timed_out;
        !self.has_wrong_order && !self.has_two_owners && !is_cut_short
    }

    /// Returns the place of the first step that failed so far.
    fn first_failure(&self) -> Option<usize> {
        let nodes = &self.teller.view().nodes;
        let has_failed = |index: &usize| {
            let node = nodes.get(&self.plan.nodes[*index].id);
            node.is_some_and(|node| node.outcome == Some(event::Outcome::Failed))
        };
        let told = (0..self.plan.nodes.len()).find(has_failed);
        told.into_iter().chain(self.provisional.keys().copied()).min()
    }

    /// Makes sure that all before a step holds, if the step may do what cannot be undone and steps have overlapped.
    ///
    /// # Errors
    /// How its attempt ends before it begins.
    pub(super) fn make_sure(&mut self, node: usize) -> Result<(), Ending> {
        if !self.overlaps.have_been || !self.may_act(node) {
            return Ok(());
        }
        let late = match first_late(&self.shared, &self.answered) {
            None => {
                // Unless something is at work that could still change that, nobody need ask for all of it again.
                self.overlaps.have_been = self.overlaps.is_any_running();
                return Ok(());
            }
            Some(late) if late.index >= node => return Ok(()),
            Some(late) => late,
        };
        if self.overlaps.is_any_running() {
            // It comes again when nothing else is at work.
            return Err(Ending::TooEarly);
        }
        if self.first_failure().is_some() {
            // What that kept from running has to be decided again as well, which is done at the end.
            return Err(Ending::Cancelled);
        }
        let participants: Vec<usize> =
            (0..self.plan.nodes.len()).filter(|index| self.has_part(*index)).collect();
        let Some(summary) = self.repair(late, &participants, node) else { return Err(Ending::Cancelled) };
        if let Some(interrupt) = summary.interrupted {
            self.signals.raise(interrupt);
        }
        if summary.outcomes.iter().all(|outcome| outcome.is_good()) { Ok(()) } else { Err(Ending::Cancelled) }
    }

    /// Tells whether a step does what cannot be undone, as far as is known.
    fn may_act(&self, node: usize) -> bool {
        self.plan.nodes[node].is_barrier || self.overlaps.came_too_early.contains(&node)
    }

    /// Says what a step that starts now may do that cannot be undone.
    pub(super) fn freedom(&self, node: usize) -> Freedom {
        let is_users_word = self.ask.overlap || self.plan.nodes[node].is_declared();
        let is_first = self.open.first().is_none_or(|open| *open >= node);
        if self.may_act(node) || (is_first && !self.overlaps.have_been) {
            Freedom::All
        } else if is_users_word {
            Freedom::Beyond
        } else {
            Freedom::None
        }
    }
}
