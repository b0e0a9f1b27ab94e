//! What follows from how a node ended, and who is given up.

use std::collections::VecDeque;

use super::{Effect, Ending, Gate, OnFailure, Outcome, Scheduler, State, StopCause, Strength};

/// Nodes that have their outcome, and what follows from it is still to be done.
type Ended = VecDeque<(usize, Outcome)>;

impl Scheduler {
    /// Gives a node its outcome, and all that cannot begin because of it theirs.
    pub(super) fn finish(&mut self, node: usize, outcome: Outcome) {
        self.finish_all(VecDeque::from([(node, outcome)]));
    }

    /// Takes over how the first nodes ended before this scheduler was made.
    pub(super) fn take_over(&mut self, outcomes: &[Outcome]) {
        for (progress, outcome) in self.progress.iter_mut().zip(outcomes) {
            progress.state = State::Done(*outcome);
            self.done += 1;
        }
        let known: Vec<_> = outcomes.iter().copied().take(self.nodes.len()).enumerate().collect();
        let mut ended = Ended::new();
        // Before anything else, since what was cancelled with a cohort is no failure.
        for &(node, outcome) in known.iter().filter(|(_, outcome)| *outcome != Outcome::Cancelled) {
            if self.is_failure(node, outcome) {
                self.end_cohort_of(node, &mut ended);
            }
        }
        for (node, outcome) in known {
            if !matches!(
                outcome,
                Outcome::Cached | Outcome::Skipped | Outcome::Blocked { .. } | Outcome::Cancelled
            ) {
                self.ran_before.push(node);
            }
            self.follow(node, outcome, &mut ended);
        }
        self.finish_all(ended);
    }

    /// Gives up the nodes from a place on; those that are always looked up may begin from now on.
    pub(super) fn close(&mut self, from: usize) {
        let until = self.closed_from.min(self.nodes.len());
        self.closed_from = self.closed_from.min(from);
        for node in from.max(self.first_open)..until {
            if self.is_given_up(node) {
                self.give_up(node);
            } else {
                self.place(node);
            }
        }
    }

    /// Gives up all nodes, those too that are always looked up.
    pub(super) fn abandon(&mut self) {
        self.withhold_from(0);
        self.closed_from = 0;
        self.is_over = true;
        (self.first_open..self.nodes.len()).for_each(|node| self.give_up(node));
    }

    /// Lets nothing from a place on begin, until it is given up.
    pub(super) fn withhold_from(&mut self, place: usize) {
        let until = self.begin_below.min(self.nodes.len());
        self.begin_below = self.begin_below.min(place);
        // Those behind the failure before have been withheld or given up already.
        for node in place.max(self.first_open)..until {
            self.displace(node);
        }
    }

    /// Tells whether a node is not to begin any more; a look-up under way is still answered.
    pub(super) fn is_given_up(&self, index: usize) -> bool {
        let node = &self.nodes[index];
        let failed = node.cohort.and_then(|cohort| self.fallen.get(&cohort));
        match node.gate {
            Gate::Always => self.is_over,
            Gate::Needs | Gate::Asked => {
                index >= self.closed_from || failed.is_some_and(|it| *it != node.member)
            }
        }
    }

    fn finish_all(&mut self, mut ended: Ended) {
        while let Some((node, outcome)) = ended.pop_front() {
            if matches!(self.progress[node].state, State::Done(_)) {
                continue;
            }
            self.withdraw(node);
            self.progress[node].state = State::Done(outcome);
            self.done += 1;
            self.effects.push(Effect::Finished(node, outcome));
            self.follow(node, outcome, &mut ended);
        }
        while matches!(self.state(self.first_open), Some(State::Done(_))) {
            self.first_open += 1;
        }
        if self.first_open >= self.begin_below {
            self.close(self.begin_below);
        }
    }

    /// Does what follows from how a node ended.
    fn follow(&mut self, node: usize, outcome: Outcome, ended: &mut Ended) {
        self.spans.end(node, &mut self.room);
        if self.is_failure(node, outcome) {
            if self.policy.on_failure == OnFailure::FailFast {
                self.withhold_from(node);
            }
            if outcome != Outcome::Cancelled {
                self.end_cohort_of(node, ended);
            }
        }
        self.release_dependents(node, outcome, ended);
    }

    fn release_dependents(&mut self, node: usize, outcome: Outcome, ended: &mut Ended) {
        let is_bad = !outcome.is_good() && !self.is_tolerated(node, outcome);
        for place in 0..self.dependents.of_node(node).len() {
            let (dependent, strength) = self.dependents.of_node(node)[place];
            self.spans.need_ended(dependent, node);
            // All that is given up is given up for one reason; a node among it does not block another.
            let is_same = outcome == Outcome::Cancelled && self.is_given_up(dependent);
            let progress = &mut self.progress[dependent];
            if strength == Strength::Hard && is_bad && !is_same {
                progress.bad_need = Some(progress.bad_need.map_or(node, |other| other.min(node)));
            }
            let State::Waiting { missing } = &mut progress.state else { continue };
            *missing -= 1;
            if *missing > 0 {
                continue;
            }
            progress.state = State::Ready;
            match progress.bad_need {
                Some(by) if self.nodes[dependent].gate == Gate::Needs => {
                    ended.push_back((dependent, Outcome::Blocked { by }));
                }
                _ => self.place(dependent),
            }
        }
    }

    /// Lets the cohort of a node that failed fall, unless it fell before.
    fn end_cohort_of(&mut self, node: usize, ended: &mut Ended) {
        let Some(cohort) = self.nodes[node].cohort else { return };
        if self.fallen.contains_key(&cohort) {
            return;
        }
        self.fallen.insert(cohort, self.nodes[node].member);
        let all = self.cohorts.remove(&cohort).unwrap_or_default();
        let given_up: Vec<_> = all.into_iter().filter(|other| self.is_given_up(*other)).collect();
        for other in given_up {
            self.terminate(other, StopCause::Cohort);
            ended.extend(self.outcome_without_end(other).map(|outcome| (other, outcome)));
        }
    }

    /// Tells whether a node's end ends others: what was blocked or given up is no failure of its own.
    fn is_failure(&self, node: usize, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Ran
            | Outcome::Warning
            | Outcome::Cached
            | Outcome::Skipped
            | Outcome::Blocked { .. } => false,
            Outcome::Attention => true,
            Outcome::Failed | Outcome::TimedOut => !self.is_tolerated(node, outcome),
            Outcome::Cancelled => !self.is_given_up(node),
        }
    }

    fn is_tolerated(&self, node: usize, outcome: Outcome) -> bool {
        self.nodes[node].is_tolerated && matches!(outcome, Outcome::Failed | Outcome::TimedOut)
    }

    fn give_up(&mut self, node: usize) {
        if let Some(outcome) = self.outcome_without_end(node) {
            self.finish(node, outcome);
        }
    }

    /// Returns what becomes of a node that is given up; nothing if it has ended or its end must be waited for.
    fn outcome_without_end(&self, node: usize) -> Option<Outcome> {
        let progress = &self.progress[node];
        let blocked_by = progress.bad_need.filter(|_| self.nodes[node].gate != Gate::Always);
        match progress.state {
            State::LookingUp | State::Running { .. } | State::Stopping { .. } | State::Done(_) => None,
            State::Waiting { .. } | State::Ready => {
                Some(blocked_by.map_or(Outcome::Cancelled, |by| Outcome::Blocked { by }))
            }
            State::Queued | State::Postponed | State::BackingOff { .. } if progress.attempts > 0 => {
                Some(progress.failure)
            }
            State::Queued | State::Postponed | State::BackingOff { .. } => Some(Outcome::Cancelled),
        }
    }

    /// Takes a node out of all that could still make it begin.
    fn withdraw(&mut self, node: usize) {
        self.displace(node);
        match self.progress[node].state {
            State::Postponed => _ = self.postponed.remove(&node),
            State::BackingOff { .. } => {
                self.backing_off -= 1;
                self.set_timer(node, None);
            }
            _ => {}
        }
    }
}

/// Returns what an ending means for the node, given why it was stopped, if it was.
pub(super) fn outcome_of(ending: Ending, cause: Option<StopCause>) -> Outcome {
    match (ending, cause) {
        (Ending::Ok, _) => Outcome::Ran,
        (Ending::Warning, _) => Outcome::Warning,
        (Ending::Attention, _) => Outcome::Attention,
        (_, Some(StopCause::Timeout | StopCause::Group | StopCause::Deadline)) | (Ending::TimedOut, None) => {
            Outcome::TimedOut
        }
        (_, Some(StopCause::Interrupt | StopCause::Cohort | StopCause::TooEarly))
        | (Ending::Cancelled | Ending::TooEarly, None) => Outcome::Cancelled,
        (Ending::Failed, None) => Outcome::Failed,
    }
}
