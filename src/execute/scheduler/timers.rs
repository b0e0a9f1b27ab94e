//! What happens because time passes.

use std::time::Duration;

use super::{Effect, Gate, Scheduler, State, StopCause, StopHow};

impl Scheduler {
    /// Begins the time limits that count from the first step.
    pub(super) fn begin_time(&mut self) {
        if let Some(timeout) = self.policy.timeout.take() {
            self.deadline = Some(self.now.saturating_add(timeout));
        }
        for node in std::mem::take(&mut self.ran_before) {
            self.rates.start(self.queue.rates(node), self.now);
            _ = self.group_deadline(node, self.now);
        }
    }

    /// Says that a node that was started begins only now: its time counts from here.
    pub fn begins(&mut self, now: Duration, node: usize) {
        if let State::Running { since } = &mut self.progress[node].state {
            let counted = std::mem::replace(since, now);
            self.rates.begins(self.queue.rates(node), counted, now);
            self.set_time_limit(node, now);
        }
    }

    /// Does what is due.
    pub(super) fn expire(&mut self) {
        if self.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.deadline = None;
            self.has_timed_out = !self.is_done();
            let running: Vec<_> = self.running.iter().copied().collect();
            running.into_iter().for_each(|node| self.terminate(node, StopCause::Deadline));
            self.abandon();
        }
        while let Some(&(at, node)) = self.timers.first()
            && at <= self.now
        {
            self.set_timer(node, None);
            match self.progress[node].state {
                State::Running { since } => {
                    let own = self.nodes[node].timeout.map(|timeout| since.saturating_add(timeout));
                    let is_own = own.is_some_and(|own| own <= self.now);
                    self.terminate(node, if is_own { StopCause::Timeout } else { StopCause::Group });
                }
                State::Stopping { cause } => self.stop(node, StopHow::Kill, cause, None),
                State::BackingOff { .. } => {
                    self.backing_off -= 1;
                    self.enqueue(node);
                }
                _ => {}
            }
        }
    }

    /// Asks for the next wake-up, if it is another one than before.
    pub(super) fn announce(&mut self) {
        let first = self.timers.first().map(|&(at, _)| at);
        let all = first.into_iter().chain(self.deadline).chain(self.throttled_until);
        let next = if self.is_done() { None } else { all.min() };
        if let Some(at) = next
            && self.announced != next
        {
            self.effects.push(Effect::WakeAt(at));
        }
        self.announced = next;
    }

    /// Asks a node to end that runs and has not been asked before.
    pub(super) fn terminate(&mut self, node: usize, cause: StopCause) {
        if matches!(self.progress[node].state, State::Running { .. }) {
            let kill_at = self.now.saturating_add(self.policy.grace);
            self.stop(node, StopHow::Terminate, cause, Some(kill_at));
        }
    }

    /// Stops a node; what it was first stopped for remains the cause.
    pub(super) fn stop(&mut self, node: usize, how: StopHow, cause: StopCause, next: Option<Duration>) {
        let cause = match self.progress[node].state {
            State::Stopping { cause } => cause,
            _ => cause,
        };
        self.progress[node].state = State::Stopping { cause };
        self.set_timer(node, next);
        self.effects.push(Effect::Stop { node, how, cause });
    }

    /// Has a node that runs from `start` on stopped when its time or that of one of its groups is over.
    pub(super) fn set_time_limit(&mut self, node: usize, start: Duration) {
        let own = self.nodes[node].timeout.map(|timeout| start.saturating_add(timeout));
        let is_always = self.nodes[node].gate == Gate::Always;
        // What is always looked up may tidy up after the rest of its group took too long.
        let shared = self.group_deadline(node, start).filter(|deadline| !is_always || *deadline > start);
        self.set_timer(node, own.into_iter().chain(shared).min());
    }

    /// Tells whether another attempt would not be stopped as it starts, given why this one was stopped, if it was.
    pub(super) fn has_time(&self, node: usize, cause: Option<StopCause>) -> bool {
        let mut deadlines =
            self.nodes[node].groups.iter().filter_map(|group| self.group_deadlines.get(group));
        let is_always = self.nodes[node].gate == Gate::Always && cause != Some(StopCause::Group);
        is_always || deadlines.all(|deadline| *deadline > self.now)
    }

    pub(super) fn set_timer(&mut self, node: usize, at: Option<Duration>) {
        if let Some(before) = std::mem::replace(&mut self.progress[node].timer, at) {
            self.timers.remove(&(before, node));
        }
        self.timers.extend(at.map(|at| (at, node)));
    }

    /// Returns when the first of the groups of a node must have ended that starts now.
    fn group_deadline(&mut self, node: usize, start: Duration) -> Option<Duration> {
        let limits =
            self.nodes[node].groups.iter().map(|group| (*group, self.policy.group_timeouts.get(*group)));
        let known = &mut self.group_deadlines;
        let deadlines = limits.filter_map(|(group, limit)| {
            let deadline = start.saturating_add(*limit?);
            Some(*known.entry(group).or_insert(deadline))
        });
        deadlines.min()
    }
}
