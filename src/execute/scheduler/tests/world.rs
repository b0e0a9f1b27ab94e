//! A made-up world: what each node says when it is asked. Runs it and checks what holds at any time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};

use super::*;

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    /// What a look-up says if all hard needs ended well, and if not.
    pub(super) verdicts: Vec<[Verdict; 2]>,
    pub(super) endings: Vec<Vec<Ending>>,
    /// Nodes whose first attempt comes too early.
    pub(super) early: Vec<bool>,
    /// All but slots, what a failure means, and the time limit of the whole run.
    pub(super) policy: Policy,
    /// Spans follow each other, and each resource is demanded at one depth.
    pub(super) is_planned_well: bool,
}

/// How a world is gone through.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) slots: usize,
    pub(super) on_failure: OnFailure,
    /// Which of the open questions is answered next.
    pub(super) choices: Vec<usize>,
    /// At which turns the run is interrupted.
    pub(super) interrupts: Vec<usize>,
    pub(super) timeout: Option<Duration>,
}

/// What happened on one way.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) outcomes: BTreeMap<usize, Outcome>,
    /// Who ended when.
    pub(super) order: Vec<usize>,
    /// Each start with what had its outcome by then.
    pub(super) starts: Vec<(usize, BTreeMap<usize, Outcome>)>,
    /// The same of each look-up.
    pub(super) look_ups: Vec<(usize, BTreeMap<usize, Outcome>)>,
    start_times: Vec<(usize, Duration)>,
    running: BTreeSet<usize>,
    postponed: BTreeSet<usize>,
}

impl Way {
    pub(super) fn in_order(on_failure: OnFailure) -> Self {
        Self { slots: 1, on_failure, choices: vec![0], interrupts: Vec::new(), timeout: None }
    }
}

impl World {
    pub(super) fn run(&self, way: &Way) -> History {
        self.run_on(way, &[])
    }

    /// Goes on where the first nodes have ended like this.
    pub(super) fn run_on(&self, way: &Way, known: &[Outcome]) -> History {
        let policy = Policy {
            slots: way.slots,
            on_failure: way.on_failure,
            timeout: way.timeout,
            ..self.policy.clone()
        };
        let mut scheduler = Scheduler::resumed(self.nodes.clone(), policy, known);
        let (mut now, mut wake) = (Duration::ZERO, None);
        let mut choices = way.choices.iter().cycle().enumerate();
        let known = known.iter().copied().enumerate().collect();
        let (mut history, mut open) = (History { outcomes: known, ..History::default() }, Vec::new());
        let mut input = Input::Tick;
        loop {
            for effect in scheduler.step(now, input) {
                self.answer(now, effect, way, &mut history, &mut open, &mut wake);
            }
            if scheduler.is_done() {
                assert_eq!(history.outcomes.len(), self.nodes.len());
                self.check_rates(&history);
                return history;
            }
            let (turn, choice) = choices.next().expect("a cycle never ends");
            let may_pass = wake.is_some() && choice % 5 == 4;
            if way.interrupts.contains(&turn) {
                input = Input::Interrupt;
            } else if open.is_empty() || may_pass {
                now = wake.take().expect("work remains, nothing is open and no wake-up was asked for: stuck");
                input = Input::Tick;
            } else {
                input = open.swap_remove(choice % open.len());
                if let Input::Ended(node, _) = input {
                    history.running.remove(&node);
                }
            }
        }
    }

    fn answer(
        &self,
        now: Duration,
        effect: Effect,
        way: &Way,
        history: &mut History,
        open: &mut Vec<Input>,
        wake: &mut Option<Duration>,
    ) {
        match effect {
            Effect::LookUp(node) => {
                history.look_ups.push((node, history.outcomes.clone()));
                open.push(Input::LookedUp(node, self.verdict(node, &history.outcomes)));
                self.check_spans(history);
            }
            Effect::Start { node, attempt } => {
                assert!(history.running.insert(node), "started while it runs");
                assert!(history.running.len() <= way.slots, "more than {} at once", way.slots);
                self.check_spans(history);
                check_turn(node, history);
                history.starts.push((node, history.outcomes.clone()));
                history.start_times.push((node, now));
                let is_early = self.early[node] && !history.postponed.contains(&node);
                let ending = self.endings[node][attempt as usize - 1];
                open.push(Input::Ended(node, if is_early { Ending::TooEarly } else { ending }));
            }
            Effect::Stop { node, .. } => {
                assert!(history.running.contains(&node), "stopped while not running");
            }
            Effect::Postponed(node) => assert!(history.postponed.insert(node), "{node} was postponed twice"),
            Effect::WakeAt(at) => *wake = Some(at),
            Effect::Retry { at, .. } => assert!(at >= now),
            Effect::Finished(node, outcome) => {
                history.order.push(node);
                assert_eq!(history.outcomes.insert(node, outcome), None, "{node} finished twice");
            }
        }
    }

    /// Returns what a look-up says: nothing but the node and how its needs ended decides.
    fn verdict(&self, node: usize, outcomes: &BTreeMap<usize, Outcome>) -> Verdict {
        for need in &self.nodes[node].needs {
            assert!(outcomes.contains_key(&need.node), "{node} was looked up before {} ended", need.node);
        }
        match self.bad_needs(node, outcomes).min() {
            None => self.verdicts[node][0],
            Some(by) if matches!(self.verdicts[node][1], Verdict::Block { .. }) => Verdict::Block { by },
            Some(_) => self.verdicts[node][1],
        }
    }

    pub(super) fn bad_needs(
        &self,
        node: usize,
        outcomes: &BTreeMap<usize, Outcome>,
    ) -> impl Iterator<Item = usize> {
        let hard = self.nodes[node].needs.iter().filter(|need| need.strength == Strength::Hard);
        hard.map(|need| need.node).filter(|need| !self.ends_well(*need, outcomes[need]))
    }

    pub(super) fn ends_well(&self, node: usize, outcome: Outcome) -> bool {
        let is_failure = matches!(outcome, Outcome::Failed | Outcome::TimedOut);
        outcome.is_good() || (is_failure && self.nodes[node].is_tolerated)
    }

    /// Returns the first node in order that failed of itself.
    pub(super) fn first_failure(&self, outcomes: &BTreeMap<usize, Outcome>) -> Option<usize> {
        let is_failure = |(node, outcome): &(&usize, &Outcome)| {
            !self.ends_well(**node, **outcome) && !matches!(outcome, Outcome::Blocked { .. })
        };
        outcomes.iter().find(is_failure).map(|(node, _)| *node)
    }

    /// Checks that spans that have begun and have not ended, and what runs, hold no more than there is.
    fn check_spans(&self, history: &History) {
        // A step in its turn is let in whatever the spans behind it hold.
        if !self.is_planned_well || !history.postponed.is_empty() {
            return;
        }
        let begun: BTreeSet<usize> =
            history.look_ups.iter().flat_map(|(node, _)| self.spans_around(*node)).collect();
        let mut open = BTreeSet::new();
        for node in (0..self.nodes.len()).filter(|node| !history.outcomes.contains_key(node)) {
            open.extend(self.spans_around(node).into_iter().filter(|span| begun.contains(span)));
        }
        for (index, capacity) in self.policy.capacities.iter().enumerate() {
            let of = |demands: &[(ResourceId, u32)]| {
                let own = demands.iter().filter(|(id, _)| id.0 == index);
                u64::from(own.map(|(_, amount)| *amount).sum::<u32>().min(*capacity))
            };
            let held = open.iter().map(|span| of(&self.policy.spans[*span].demands));
            let used = history.running.iter().map(|node| of(&self.nodes[*node].resources));
            assert!(held.chain(used).sum::<u64>() <= u64::from(*capacity), "resource {index} is overdrawn");
        }
    }

    fn spans_around(&self, node: usize) -> Vec<usize> {
        std::iter::successors(self.nodes[node].span, |span| self.policy.spans[*span].parent).collect()
    }

    fn check_rates(&self, history: &History) {
        for (index, rate) in self.policy.rates.iter().enumerate() {
            let counts = |(node, _): &&(usize, Duration)| self.nodes[*node].rates.contains(&index);
            let times: Vec<_> = history.start_times.iter().filter(counts).map(|(_, at)| *at).collect();
            for window in times.windows(rate.most as usize + 1) {
                assert!(
                    *window.last().unwrap() >= window[0] + rate.per,
                    "rate {index} is exceeded: {times:?}"
                );
            }
        }
    }

    /// Returns the world without what makes time or the order of ends decide outcomes.
    pub(super) fn timeless(mut self) -> Self {
        for node in &mut self.nodes {
            (node.cohort, node.timeout) = (None, None);
            node.groups.clear();
        }
        self
    }
}

/// A postponed step runs alone, when all before it have ended.
fn check_turn(node: usize, history: &History) {
    let History { running, postponed, outcomes, .. } = history;
    let is_alone = running.len() == 1;
    let is_first = (0..node).all(|it| outcomes.contains_key(&it));
    assert!(
        !postponed.contains(&node) || (is_alone && is_first),
        "{node} was postponed and is not in its turn"
    );
    assert!(is_alone || running.is_disjoint(postponed), "beside a postponed one");
}

/// Returns any way through a world, without interrupts and a time limit.
pub(super) fn ways(on_failure: OnFailure) -> impl proptest::strategy::Strategy<Value = Way> {
    (1_usize..6, vec(0_usize..60, 1..40)).prop_map(move |(slots, choices)| Way {
        slots,
        on_failure,
        choices,
        interrupts: Vec::new(),
        timeout: None,
    })
}

/// Returns any world whose spans follow each other and whose resources are demanded at one depth.
pub(super) fn worlds() -> impl proptest::strategy::Strategy<Value = World> {
    (1_usize..14).prop_flat_map(|count| (any_world(count), vec(0_u8..8, count))).prop_map(
        |(mut world, cuts)| {
            world.is_planned_well = true;
            // The spans of each depth follow each other; where one of depth 0 ends, that of depth 1 ends as well.
            let mut spans: Vec<Span> = Vec::new();
            let mut current = [None, None];
            for (node, cut) in world.nodes.iter_mut().zip(cuts) {
                for depth in 0..2 {
                    if current[depth].is_none() || usize::from(cut) <= depth {
                        let parent = if depth == 0 { None } else { current[0] };
                        let demands =
                            world.policy.spans[spans.len() % world.policy.spans.len()].demands.clone();
                        let of_depth =
                            |(id, amount): (ResourceId, u32)| (ResourceId(2 + 2 * depth + id.0 % 2), amount);
                        spans.push(Span { parent, demands: demands.into_iter().map(of_depth).collect() });
                        current[depth] = Some(spans.len() - 1);
                        current[depth + 1..].fill(None);
                    }
                }
                node.span = current[1];
                node.resources.iter_mut().for_each(|(id, _)| id.0 %= 2);
            }
            world.policy.spans = spans;
            world
        },
    )
}

/// Returns any world at all.
pub(super) fn wild_worlds() -> impl proptest::strategy::Strategy<Value = World> {
    (1_usize..14).prop_flat_map(any_world)
}

fn any_world(count: usize) -> impl proptest::strategy::Strategy<Value = World> {
    let ending = prop_oneof![
        6 => Just(Ending::Ok), 1 => Just(Ending::Warning), 1 => Just(Ending::Attention),
        2 => Just(Ending::Failed), 1 => Just(Ending::TimedOut), 1 => Just(Ending::Cancelled)
    ];
    (
        (0..count).map(node_at).collect::<Vec<_>>(),
        vec([verdict(), verdict()], count),
        vec(vec(ending, 3), count),
        vec(prop::bool::weighted(0.1), count),
        vec(1_u32..4, 6),
        vec((any::<prop::sample::Index>(), vec(demand(), 0..3)), 6),
        vec((1_u32..3, 0_u64..4), 2),
        vec((1_u64..6).prop_map(Duration::from_secs), 2),
    )
        .prop_map(|(nodes, verdicts, endings, early, capacities, spans, rates, group_timeouts)| {
            let rate = |(most, per)| Rate { most, per: Duration::from_secs(per) };
            let span = |(index, (parent, demands)): (usize, (prop::sample::Index, _))| {
                // Any before it, or none.
                let parent = parent.index(index + 1).checked_sub(1);
                Span { parent, demands }
            };
            let policy = Policy {
                capacities,
                spans: spans.into_iter().enumerate().map(span).collect(),
                rates: rates.into_iter().map(rate).collect(),
                group_timeouts,
                ..Policy::new(1, OnFailure::KeepGoing)
            };
            World { nodes, verdicts, endings, early, policy, is_planned_well: false }
        })
}

fn verdict() -> impl proptest::strategy::Strategy<Value = Verdict> {
    prop_oneof![
        2 => Just(Verdict::Hit), 2 => Just(Verdict::Skip), 9 => Just(Verdict::Run), 1 => Just(Verdict::Fail),
        1 => Just(Verdict::Block { by: 0 })
    ]
}

fn demand() -> impl proptest::strategy::Strategy<Value = (ResourceId, u32)> {
    ((0_usize..6).prop_map(ResourceId), 0_u32..5)
}

fn node_at(index: usize) -> impl proptest::strategy::Strategy<Value = Node> {
    let need = (0..index.max(1), any::<bool>()).prop_map(|(node, is_hard)| Need {
        node,
        strength: if is_hard { Strength::Hard } else { Strength::Order },
    });
    let gate = prop_oneof![3 => Just(Gate::Needs), 1 => Just(Gate::Asked), 1 => Just(Gate::Always)];
    let maybe = |most: usize| prop::option::weighted(0.4, 0..most);
    (
        (vec(need, 0..=index.min(3)), gate, prop::bool::weighted(0.2)),
        (vec(demand(), 0..3), prop::option::weighted(0.7, 0_usize..6)),
        (0_u32..3, 0_u64..4, prop::option::weighted(0.2, 1_u64..4)),
        (maybe(2), maybe(2), 0_usize..3),
        (vec(0_usize..2, 0..2), 0_i32..3),
    )
        .prop_map(
            |((needs, gate, is_tolerated), (resources, span), times, groups, (rates, priority))| {
                let (retries, delay, timeout) = times;
                let (group, cohort, member) = groups;
                Node {
                    needs,
                    gate,
                    is_tolerated,
                    resources,
                    span,
                    retries,
                    retry_delay: Duration::from_secs(delay),
                    timeout: timeout.map(Duration::from_secs),
                    groups: group.into_iter().collect(),
                    cohort,
                    member,
                    rates,
                    priority,
                }
            },
        )
}
