//! The states of the nodes, and what inputs do to them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Effect, Ending, Gate, Input, Node, Outcome, Policy, ResourceId, StopCause, StopHow, Verdict,
    demand::{Demands, Room, impossible},
    dependents::Dependents,
    outcome::outcome_of,
    queue::{Queue, Turn},
    rates::Rates,
    spans::Spans,
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
    /// It must run; there is no slot, no room on its resources, or its rate is used up.
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
pub(super) struct Progress {
    pub(super) state: State,
    /// The first node it needs, in sequential order, that did not end well.
    pub(super) bad_need: Option<usize>,
    pub(super) attempts: u32,
    /// An attempt came too early: it runs by itself from then on.
    pub(super) is_alone: bool,
    /// How the last attempt ended, if it failed.
    pub(super) failure: Outcome,
    pub(super) timer: Option<Duration>,
}

/// Decides what happens next.
///
/// All steps together cost O((nodes + needs) log nodes), times the number of different demands, of spans that wait, and
/// of spans around a node.
#[derive(Debug)]
pub struct Scheduler {
    pub(super) nodes: Vec<Node>,
    pub(super) policy: Policy,
    pub(super) dependents: Dependents,
    pub(super) progress: Vec<Progress>,
    /// Those that may be looked up.
    pub(super) ready: BTreeSet<Turn>,
    pub(super) queue: Queue,
    pub(super) spans: Spans,
    pub(super) room: Room,
    pub(super) rates: Rates,
    pub(super) postponed: BTreeSet<usize>,
    pub(super) running: BTreeSet<usize>,
    pub(super) looking_up: usize,
    pub(super) backing_off: usize,
    /// Nodes that ran before this scheduler was made, until its first step.
    pub(super) ran_before: Vec<usize>,
    /// When the nodes of a group must have ended, from the start of the first.
    pub(super) group_deadlines: BTreeMap<usize, Duration>,
    /// One for each node that waits for a time: its timeout, its grace period or its next attempt.
    pub(super) timers: BTreeSet<(Duration, usize)>,
    /// When a node may start that has a slot and room already.
    pub(super) throttled_until: Option<Duration>,
    pub(super) deadline: Option<Duration>,
    pub(super) announced: Option<Duration>,
    /// The time of this step.
    pub(super) now: Duration,
    /// Only nodes before this place may begin.
    pub(super) begin_below: usize,
    /// The nodes from this place on that had not begun are given up; those that are always looked up may begin.
    pub(super) closed_from: usize,
    /// The nodes of each cohort that has not fallen.
    pub(super) cohorts: BTreeMap<usize, Vec<usize>>,
    /// The cohorts that fell, each with the member that failed.
    pub(super) fallen: BTreeMap<usize, usize>,
    /// All nodes before this place are done.
    pub(super) first_open: usize,
    pub(super) done: usize,
    /// Nodes that are always looked up are given up as well.
    pub(super) is_over: bool,
    pub(super) is_interrupted: bool,
    pub(super) has_timed_out: bool,
    pub(super) effects: Vec<Effect>,
}

impl Scheduler {
    /// Makes a scheduler for nodes in sequential order.
    ///
    /// # Panics
    /// If a node needs one that does not come before it or names a span there is not, or if a span is not behind its
    /// parent.
    pub fn new(nodes: Vec<Node>, policy: Policy) -> Self {
        Self::resumed(nodes, policy, &[])
    }

    /// Makes a scheduler for nodes of which the first have ended already, like this.
    ///
    /// Nothing is said of those again, but all that follows from how they ended. What of the time limits has passed is to
    /// be taken off them before. Each of those that ran counts as one start at the first step.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub fn resumed(mut nodes: Vec<Node>, policy: Policy, outcomes: &[Outcome]) -> Self {
        if policy.slots <= 1 {
            nodes.iter_mut().for_each(|node| node.priority = 0);
        }
        let mut cohorts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, node) in nodes.iter().enumerate() {
            node.cohort.into_iter().for_each(|cohort| cohorts.entry(cohort).or_default().push(index));
        }
        let demands = Demands::of(&nodes, &policy);
        let mut scheduler = Self {
            dependents: Dependents::of(&nodes),
            progress: nodes.iter().map(|node| Progress::new(node.needs.len())).collect(),
            queue: Queue::new(&nodes, demands.of_nodes),
            spans: Spans::new(&nodes, &policy.spans, demands.of_spans),
            room: Room::new(&policy.capacities),
            rates: Rates::new(&policy.rates),
            nodes,
            policy,
            ready: BTreeSet::new(),
            postponed: BTreeSet::new(),
            running: BTreeSet::new(),
            looking_up: 0,
            backing_off: 0,
            ran_before: Vec::new(),
            group_deadlines: BTreeMap::new(),
            timers: BTreeSet::new(),
            throttled_until: None,
            deadline: None,
            announced: None,
            now: Duration::ZERO,
            begin_below: usize::MAX,
            closed_from: usize::MAX,
            cohorts,
            fallen: BTreeMap::new(),
            first_open: 0,
            done: 0,
            is_over: false,
            is_interrupted: false,
            has_timed_out: false,
            effects: Vec::new(),
        };
        scheduler.take_over(outcomes);
        (0..scheduler.nodes.len()).for_each(|node| scheduler.place(node));
        scheduler
    }

    /// Returns each node that demands more than there is, together with what the spans around it hold, and of what.
    ///
    /// Such a node would be given all there is. `u32::MAX` asks for that.
    pub fn impossible(nodes: &[Node], policy: &Policy) -> Vec<(usize, ResourceId)> {
        impossible(nodes, policy)
    }

    /// Takes in what happened and returns what is to be done, in this order. The first call begins the run.
    ///
    /// `now` is a monotonic clock. An input about a node that does not wait for it changes nothing.
    pub fn step(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        self.now = now;
        self.begin_time();
        match input {
            Input::LookedUp(node, verdict) => self.looked_up(node, verdict),
            Input::Ended(node, ending) => self.ended(node, ending),
            Input::Interrupt => self.interrupt(),
            Input::Tick => {}
        }
        self.expire();
        self.dispatch();
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
            Verdict::Block { by } => self.finish(node, Outcome::Blocked { by }),
            Verdict::Run if self.is_given_up(node) => self.finish(node, Outcome::Cancelled),
            Verdict::Run => self.enqueue(node),
        }
    }

    fn ended(&mut self, node: usize, ending: Ending) {
        let cause = match self.state(node) {
            Some(State::Running { .. }) => None,
            Some(State::Stopping { cause }) => Some(cause),
            _ => return,
        };
        self.running.remove(&node);
        let freed = self.queue.demand(node);
        self.room.give_back(freed);
        self.spans.room_changed(freed);
        self.set_timer(node, None);
        if ending == Ending::TooEarly && cause.is_none() && !self.is_given_up(node) {
            return self.postpone(node);
        }
        let outcome = outcome_of(ending, cause);
        let has_failed = matches!(outcome, Outcome::Failed | Outcome::TimedOut);
        let may_retry = self.progress[node].attempts <= self.nodes[node].retries;
        if has_failed && may_retry && self.has_time(node, cause) && !self.is_given_up(node) {
            self.back_off(node, outcome);
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

    fn back_off(&mut self, node: usize, failure: Outcome) {
        let attempts = self.progress[node].attempts;
        let doubled = 2_u32.saturating_pow(attempts - 1);
        let delay = self.nodes[node].retry_delay.saturating_mul(doubled).min(self.policy.retry_delay_limit);
        let until = self.now.saturating_add(delay);
        self.progress[node].state = State::BackingOff { until };
        self.progress[node].failure = failure;
        self.backing_off += 1;
        self.set_timer(node, Some(until));
        self.effects.push(Effect::Retry { node, attempt: attempts + 1, after: failure, at: until });
    }

    fn interrupt(&mut self) {
        if self.is_interrupted {
            let running: Vec<_> = self.running.iter().copied().collect();
            for node in running {
                self.stop(node, StopHow::Kill, StopCause::Interrupt, None);
            }
            return self.abandon();
        }
        self.is_interrupted = true;
        let is_ordinary = |node: &usize| self.nodes[*node].gate != Gate::Always;
        let running: Vec<_> = self.running.iter().copied().filter(is_ordinary).collect();
        running.into_iter().for_each(|node| self.terminate(node, StopCause::Interrupt));
        self.withhold_from(0);
        self.close(0);
    }

    pub(super) fn state(&self, node: usize) -> Option<State> {
        self.progress.get(node).map(|progress| progress.state)
    }

    pub(super) fn turn(&self, node: usize) -> Turn {
        Turn { priority: Reverse(self.nodes[node].priority), node }
    }
}

impl Progress {
    fn new(missing: usize) -> Self {
        let state = if missing == 0 { State::Ready } else { State::Waiting { missing } };
        Self { state, bad_need: None, attempts: 0, is_alone: false, failure: Outcome::Failed, timer: None }
    }
}
