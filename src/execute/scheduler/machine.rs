//! The states of the nodes and how they follow each other.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{
    Effect, Ending, Input, Node, OnFailure, Outcome, Policy, StopCause, StopHow, Strength, Verdict,
    dependents::Dependents, queue::Queue,
};

/// What is true of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not all that must end before it has ended.
    Waiting {
        /// How many have not.
        missing: usize,
    },
    /// All it waits for has ended; it is looked up as soon as it could also start.
    Ready,
    /// It is being found out whether it must run; it holds a slot.
    LookingUp,
    /// It must run; there is no slot or no room on its resources.
    Queued,
    /// An attempt is under way.
    Running {
        /// Since when.
        since: Duration,
    },
    /// An attempt is under way that was asked to end.
    Stopping {
        /// Why.
        cause: StopCause,
    },
    /// An attempt failed; another one follows.
    BackingOff {
        /// When.
        until: Duration,
    },
    /// An attempt came too early; the next begins when all nodes before it are done, and nothing else is at work.
    Postponed,
    /// Will not change again in this run.
    Done(Outcome),
}

/// What is remembered of a node beside its state.
#[derive(Debug, Clone)]
struct Progress {
    state: State,
    /// The first node it needs, in sequential order, that did not end well.
    bad_need: Option<usize>,
    attempts: u32,
    /// An attempt came too early: it runs by itself from then on.
    is_alone: bool,
    /// How the last attempt ended, if it failed.
    failure: Outcome,
    timer: Option<Duration>,
}

/// Decides what happens next.
///
/// All steps together cost O((nodes + needs) log nodes), times the number of different resource demands.
#[derive(Debug)]
pub struct Scheduler {
    nodes: Vec<Node>,
    policy: Policy,
    dependents: Dependents,
    progress: Vec<Progress>,
    ready: BTreeSet<usize>,
    queue: Queue,
    postponed: BTreeSet<usize>,
    running: BTreeSet<usize>,
    looking_up: usize,
    backing_off: usize,
    /// When the nodes of a group must have ended, from the start of the first.
    group_deadlines: BTreeMap<usize, Duration>,
    /// One for each node that waits for a time: its timeout, its grace period or its next attempt.
    timers: BTreeSet<(Duration, usize)>,
    deadline: Option<Duration>,
    announced: Option<Duration>,
    /// Only nodes before this place may begin.
    begin_below: usize,
    /// All nodes before this place are done.
    first_open: usize,
    done: usize,
    /// The nodes that had not begun are given up.
    is_closed: bool,
    is_interrupted: bool,
    has_timed_out: bool,
    effects: Vec<Effect>,
}

impl Scheduler {
    /// Makes a scheduler for nodes in sequential order.
    ///
    /// # Panics
    /// If a node needs one that does not come before it.
    pub fn new(nodes: Vec<Node>, policy: Policy) -> Self {
        let progress: Vec<_> = nodes.iter().map(|node| Progress::new(node.needs.len())).collect();
        let is_ready = |node: &usize| progress[*node].state == State::Ready;
        let ready = (0..nodes.len()).filter(is_ready).collect();
        let queue = Queue::new(&policy.capacities, &nodes);
        Self {
            dependents: Dependents::of(&nodes),
            progress,
            queue,
            nodes,
            policy,
            ready,
            postponed: BTreeSet::new(),
            running: BTreeSet::new(),
            looking_up: 0,
            backing_off: 0,
            group_deadlines: BTreeMap::new(),
            timers: BTreeSet::new(),
            deadline: None,
            announced: None,
            begin_below: usize::MAX,
            first_open: 0,
            done: 0,
            is_closed: false,
            is_interrupted: false,
            has_timed_out: false,
            effects: Vec::new(),
        }
    }

    /// Takes in what happened and returns what is to be done, in this order. The first call begins the run.
    ///
    /// `now` is a monotonic clock. An input about a node that does not wait for it changes nothing.
    pub fn step(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        if let Some(timeout) = self.policy.timeout.take() {
            self.deadline = Some(now.saturating_add(timeout));
        }
        match input {
            Input::LookedUp(node, verdict) => self.looked_up(node, verdict),
            Input::Ended(node, ending) => self.ended(now, node, ending),
            Input::Interrupt => self.interrupt(now),
            Input::Tick => {}
        }
        self.expire(now);
        self.dispatch(now);
        self.announce();
        std::mem::take(&mut self.effects)
    }

    /// Tells whether every node has its outcome.
    pub fn is_done(&self) -> bool {
        self.done == self.nodes.len()
    }

    /// Tells whether the whole run took too long.
    pub fn has_timed_out(&self) -> bool {
        self.has_timed_out
    }

    /// Returns how many nodes may be at work at once.
    pub fn slots(&self) -> usize {
        self.policy.slots.max(1)
    }

    /// Returns the state of each node, in sequential order.
    pub fn states(&self) -> impl ExactSizeIterator<Item = State> {
        self.progress.iter().map(|progress| progress.state)
    }

    /// Returns the outcome of each node that has one, in sequential order.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        self.states().filter_map(|state| if let State::Done(outcome) = state { Some(outcome) } else { None })
    }

    fn looked_up(&mut self, node: usize, verdict: Verdict) {
        if self.state(node) != Some(State::LookingUp) {
            return;
        }
        self.looking_up -= 1;
        match verdict {
            Verdict::Hit => self.finish(node, Outcome::Cached),
            Verdict::Skip => self.finish(node, Outcome::Skipped),
            Verdict::Fail => self.finish(node, Outcome::Failed),
            Verdict::Run if self.is_closed => self.finish(node, Outcome::Cancelled),
            Verdict::Run => self.enqueue(node),
        }
    }

    fn ended(&mut self, now: Duration, node: usize, ending: Ending) {
        let cause = match self.state(node) {
            Some(State::Running { .. }) => None,
            Some(State::Stopping { cause }) => Some(cause),
            _ => return,
        };
        self.running.remove(&node);
        self.queue.give_back(node);
        self.set_timer(node, None);
        if ending == Ending::TooEarly && cause.is_none() && !self.is_closed {
            return self.postpone(node);
        }
        let outcome = outcome_of(ending, cause);
        let has_failed = matches!(outcome, Outcome::Failed | Outcome::TimedOut);
        // Another attempt would be stopped as it starts.
        let is_over = self.nodes[node]
            .group
            .is_some_and(|group| self.group_deadlines.get(&group).is_some_and(|deadline| *deadline <= now));
        let may_retry = self.progress[node].attempts <= self.nodes[node].retries;
        if has_failed && may_retry && !is_over && !self.is_closed {
            self.back_off(now, node, outcome);
        } else {
            self.finish(node, outcome);
        }
    }

    fn postpone(&mut self, node: usize) {
        self.progress[node].attempts -= 1;
        self.progress[node].is_alone = true;
        self.effects.push(Effect::Postponed(node));
        self.enqueue(node);
    }

    fn back_off(&mut self, now: Duration, node: usize, failure: Outcome) {
        let attempts = self.progress[node].attempts;
        let doubled = 2_u32.saturating_pow(attempts - 1);
        let delay = self.nodes[node].retry_delay.saturating_mul(doubled).min(self.policy.retry_delay_limit);
        let until = now.saturating_add(delay);
        self.progress[node].state = State::BackingOff { until };
        self.progress[node].failure = failure;
        self.backing_off += 1;
        self.set_timer(node, Some(until));
        self.effects.push(Effect::Retry { node, attempt: attempts + 1, after: failure, at: until });
    }

    fn interrupt(&mut self, now: Duration) {
        if self.is_interrupted {
            let running: Vec<_> = self.running.iter().copied().collect();
            for node in running {
                self.stop(node, StopHow::Kill, StopCause::Interrupt, None);
            }
            return;
        }
        self.is_interrupted = true;
        self.end_all(now, StopCause::Interrupt);
    }

    /// Asks all running nodes to end and gives up the others.
    fn end_all(&mut self, now: Duration, cause: StopCause) {
        let running: Vec<_> = self.running.iter().copied().collect();
        for node in running {
            if matches!(self.progress[node].state, State::Running { .. }) {
                self.stop(node, StopHow::Terminate, cause, Some(now.saturating_add(self.policy.grace)));
            }
        }
        self.begin_below = 0;
        self.close();
    }

    /// Stops a node; what it was first stopped for remains the cause.
    fn stop(&mut self, node: usize, how: StopHow, cause: StopCause, next: Option<Duration>) {
        let cause = match self.progress[node].state {
            State::Stopping { cause } => cause,
            _ => cause,
        };
        self.progress[node].state = State::Stopping { cause };
        self.set_timer(node, next);
        self.effects.push(Effect::Stop { node, how, cause });
    }

    fn expire(&mut self, now: Duration) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.has_timed_out = !self.is_done();
            self.end_all(now, StopCause::Deadline);
        }
        while let Some(&(at, node)) = self.timers.first()
            && at <= now
        {
            self.set_timer(node, None);
            match self.progress[node].state {
                State::Running { since } => {
                    let own = self.nodes[node].timeout.map(|timeout| since.saturating_add(timeout));
                    let is_own = own.is_some_and(|own| own <= now);
                    let cause = if is_own { StopCause::Timeout } else { StopCause::Group };
                    self.stop(node, StopHow::Terminate, cause, Some(now.saturating_add(self.policy.grace)));
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

    fn dispatch(&mut self, now: Duration) {
        if let Some(&node) = self.postponed.first().filter(|node| **node == self.first_open) {
            if self.running.is_empty() && self.looking_up == 0 && node < self.begin_below {
                self.postponed.remove(&node);
                self.queue.take_now(node);
                self.start(now, node);
            }
            return;
        }
        if self.running.iter().any(|node| self.progress[*node].is_alone) {
            return;
        }
        while self.has_slot()
            && let Some(node) = self.queue.take(self.begin_below)
        {
            self.start(now, node);
        }
        while self.has_slot()
            && let Some(&node) = self.ready.first()
            && node < self.begin_below
        {
            self.ready.remove(&node);
            self.progress[node].state = State::LookingUp;
            self.looking_up += 1;
            self.effects.push(Effect::LookUp(node));
        }
    }

    /// Says that a node that was started begins only now: its time counts from here.
    pub fn begins(&mut self, now: Duration, node: usize) {
        if let State::Running { since } = &mut self.progress[node].state {
            *since = now;
            let own = self.nodes[node].timeout.map(|timeout| now.saturating_add(timeout));
            let shared = self.group_deadline(now, node);
            self.set_timer(node, own.into_iter().chain(shared).min());
        }
    }

    fn start(&mut self, now: Duration, node: usize) {
        let progress = &mut self.progress[node];
        progress.attempts += 1;
        progress.state = State::Running { since: now };
        let attempt = progress.attempts;
        self.running.insert(node);
        let own = self.nodes[node].timeout.map(|timeout| now.saturating_add(timeout));
        let shared = self.group_deadline(now, node);
        self.set_timer(node, own.into_iter().chain(shared).min());
        self.effects.push(Effect::Start { node, attempt });
    }

    /// Returns when the group of a node that starts now must have ended.
    fn group_deadline(&mut self, now: Duration, node: usize) -> Option<Duration> {
        let group = self.nodes[node].group?;
        let limit = self.policy.group_timeouts.get(group)?;
        Some(*self.group_deadlines.entry(group).or_insert_with(|| now.saturating_add(*limit)))
    }

    /// With one slot nothing may pass a node that waits for its next attempt: that would not be in order.
    fn has_slot(&self) -> bool {
        let waiting = if self.slots() == 1 { self.backing_off } else { 0 };
        self.running.len() + self.looking_up + waiting < self.slots()
    }

    fn enqueue(&mut self, node: usize) {
        if self.progress[node].is_alone {
            self.progress[node].state = State::Postponed;
            self.postponed.insert(node);
        } else {
            self.progress[node].state = State::Queued;
            self.queue.push(node);
        }
    }

    /// Gives a node its outcome, and all that cannot begin because of it theirs.
    fn finish(&mut self, node: usize, outcome: Outcome) {
        let mut ended = VecDeque::from([(node, outcome)]);
        while let Some((node, outcome)) = ended.pop_front() {
            self.progress[node].state = State::Done(outcome);
            self.done += 1;
            self.effects.push(Effect::Finished(node, outcome));
            if !outcome.is_good() && self.policy.on_failure == OnFailure::FailFast {
                self.begin_below = self.begin_below.min(node);
            }
            self.release_dependents(node, outcome, &mut ended);
        }
        while matches!(self.state(self.first_open), Some(State::Done(_))) {
            self.first_open += 1;
        }
        if self.first_open >= self.begin_below {
            self.close();
        }
    }

    fn release_dependents(&mut self, node: usize, outcome: Outcome, ended: &mut VecDeque<(usize, Outcome)>) {
        // All that is given up is given up for one reason; a node among it does not block another.
        let is_given_up = self.is_closed && outcome == Outcome::Cancelled;
        for &(dependent, strength) in self.dependents.of_node(node) {
            let progress = &mut self.progress[dependent];
            if strength == Strength::Hard && !outcome.is_good() && !is_given_up {
                progress.bad_need = Some(progress.bad_need.map_or(node, |other| other.min(node)));
            }
            let State::Waiting { missing } = &mut progress.state else { continue };
            *missing -= 1;
            if *missing > 0 {
                continue;
            }
            progress.state = State::Ready;
            match progress.bad_need {
                Some(by) => ended.push_back((dependent, Outcome::Blocked { by })),
                None => _ = self.ready.insert(dependent),
            }
        }
    }

    /// Gives up all nodes without an attempt under way; a look-up under way is still answered.
    fn close(&mut self) {
        if self.is_closed {
            return;
        }
        self.is_closed = true;
        for node in self.first_open..self.nodes.len() {
            let progress = &self.progress[node];
            let outcome = match progress.state {
                State::LookingUp | State::Running { .. } | State::Stopping { .. } | State::Done(_) => {
                    continue;
                }
                State::Waiting { .. } | State::Ready => {
                    progress.bad_need.map_or(Outcome::Cancelled, |by| Outcome::Blocked { by })
                }
                State::Queued | State::Postponed | State::BackingOff { .. } if progress.attempts > 0 => {
                    progress.failure
                }
                State::Queued | State::Postponed | State::BackingOff { .. } => Outcome::Cancelled,
            };
            self.withdraw(node);
            self.finish(node, outcome);
        }
    }

    /// Takes a node out of all that could still make it begin.
    fn withdraw(&mut self, node: usize) {
        match self.progress[node].state {
            State::Ready => _ = self.ready.remove(&node),
            State::Queued => self.queue.remove(node),
            State::Postponed => _ = self.postponed.remove(&node),
            State::BackingOff { .. } => {
                self.backing_off -= 1;
                self.set_timer(node, None);
            }
            _ => {}
        }
    }

    fn announce(&mut self) {
        let first = self.timers.first().map(|&(at, _)| at);
        let next = if self.is_done() { None } else { first.into_iter().chain(self.deadline).min() };
        if let Some(at) = next
            && self.announced != next
        {
            self.effects.push(Effect::WakeAt(at));
        }
        self.announced = next;
    }

    fn set_timer(&mut self, node: usize, at: Option<Duration>) {
        if let Some(before) = std::mem::replace(&mut self.progress[node].timer, at) {
            self.timers.remove(&(before, node));
        }
        self.timers.extend(at.map(|at| (at, node)));
    }

    fn state(&self, node: usize) -> Option<State> {
        self.progress.get(node).map(|progress| progress.state)
    }
}

impl Progress {
    fn new(missing: usize) -> Self {
        let state = if missing == 0 { State::Ready } else { State::Waiting { missing } };
        Self { state, bad_need: None, attempts: 0, is_alone: false, failure: Outcome::Failed, timer: None }
    }
}

/// Returns what an ending means for the node, given why it was stopped, if it was.
fn outcome_of(ending: Ending, cause: Option<StopCause>) -> Outcome {
    match (ending, cause) {
        (Ending::Ok, _) => Outcome::Ran,
        (Ending::Warning, _) => Outcome::Warning,
        (Ending::Attention, _) => Outcome::Attention,
        (_, Some(StopCause::Timeout | StopCause::Group | StopCause::Deadline)) | (Ending::TimedOut, None) => {
            Outcome::TimedOut
        }
        (_, Some(StopCause::Interrupt | StopCause::TooEarly))
        | (Ending::Cancelled | Ending::TooEarly, None) => Outcome::Cancelled,
        (Ending::Failed, None) => Outcome::Failed,
    }
}
