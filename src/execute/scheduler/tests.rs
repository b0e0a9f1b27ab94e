//! The scheduler against a made-up world: tables for single stories, random interleavings for the laws.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn node(needs: &[usize]) -> Node {
    let hard = |&node| Need { node, strength: Strength::Hard };
    Node { needs: needs.iter().map(hard).collect(), ..Node::default() }
}

fn scheduler(nodes: Vec<Node>, slots: usize, on_failure: OnFailure) -> Scheduler {
    Scheduler::new(nodes, Policy::new(slots, on_failure))
}

/// Steps, answering every look-up with `Run` at once; returns all other effects.
fn step(scheduler: &mut Scheduler, now: Duration, input: Input) -> Vec<Effect> {
    let mut inputs = VecDeque::from([input]);
    let mut effects = Vec::new();
    while let Some(input) = inputs.pop_front() {
        for effect in scheduler.step(now, input) {
            match effect {
                Effect::LookUp(node) => inputs.push_back(Input::LookedUp(node, Verdict::Run)),
                other => effects.push(other),
            }
        }
    }
    effects
}

fn start(node: usize, attempt: u32) -> Effect {
    Effect::Start { node, attempt }
}

fn ended(node: usize, ending: Ending) -> Input {
    Input::Ended(node, ending)
}

#[test]
fn nothing_to_do_is_done() {
    let mut scheduler = scheduler(Vec::new(), 4, OnFailure::FailFast);
    assert!(scheduler.is_done());
    assert_eq!(scheduler.step(Duration::ZERO, Input::Tick), []);
}

#[test]
fn with_one_slot_a_node_is_looked_up_only_after_the_one_before_has_ended() {
    let mut scheduler = scheduler(vec![node(&[]), node(&[])], 1, OnFailure::FailFast);
    let now = Duration::ZERO;
    assert_eq!(scheduler.step(now, Input::Tick), [Effect::LookUp(0)]);
    assert_eq!(scheduler.step(now, Input::LookedUp(0, Verdict::Run)), [start(0, 1)]);
    assert_eq!(
        scheduler.step(now, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), Effect::LookUp(1)]
    );
    assert_eq!(scheduler.step(now, Input::LookedUp(1, Verdict::Hit)), [Effect::Finished(1, Outcome::Cached)]);
    assert!(scheduler.is_done());
}

#[test]
fn a_skip_satisfies_a_need_and_attention_blocks_it() {
    let mut scheduler = scheduler(vec![node(&[]), node(&[0]), node(&[1])], 4, OnFailure::KeepGoing);
    let now = Duration::ZERO;
    scheduler.step(now, Input::Tick);
    assert_eq!(
        scheduler.step(now, Input::LookedUp(0, Verdict::Skip)),
        [Effect::Finished(0, Outcome::Skipped), Effect::LookUp(1)]
    );
    scheduler.step(now, Input::LookedUp(1, Verdict::Run));
    assert_eq!(
        scheduler.step(now, ended(1, Ending::Attention)),
        [Effect::Finished(1, Outcome::Attention), Effect::Finished(2, Outcome::Blocked { by: 1 })]
    );
}

#[test]
fn an_order_need_only_waits_for_the_end() {
    let after = Node { needs: vec![Need { node: 0, strength: Strength::Order }], ..Node::default() };
    let mut scheduler = scheduler(vec![node(&[]), after], 4, OnFailure::KeepGoing);
    assert_eq!(step(&mut scheduler, Duration::ZERO, Input::Tick), [start(0, 1)]);
    assert_eq!(
        step(&mut scheduler, Duration::ZERO, ended(0, Ending::Failed)),
        [Effect::Finished(0, Outcome::Failed), start(1, 1)]
    );
}

#[test]
fn fail_fast_gives_up_what_lies_behind_only_when_the_failure_stands() {
    // 0 and 1 run; 1 fails first. 2 needs 1, 3 needs nothing, 4 needs 3.
    let nodes = vec![node(&[]), node(&[]), node(&[1]), node(&[]), node(&[3])];
    let mut scheduler = scheduler(nodes, 2, OnFailure::FailFast);
    let now = Duration::ZERO;
    assert_eq!(step(&mut scheduler, now, Input::Tick), [start(0, 1), start(1, 1)]);
    assert_eq!(
        step(&mut scheduler, now, ended(1, Ending::Failed)),
        [Effect::Finished(1, Outcome::Failed), Effect::Finished(2, Outcome::Blocked { by: 1 })],
        "3 could start, but lies behind the failure"
    );
    assert_eq!(
        step(&mut scheduler, now, ended(0, Ending::Ok)),
        [
            Effect::Finished(0, Outcome::Ran),
            Effect::Finished(3, Outcome::Cancelled),
            Effect::Finished(4, Outcome::Cancelled)
        ]
    );
    assert!(scheduler.is_done());
}

#[test]
fn fail_fast_still_starts_what_lies_before_the_failure() {
    // 1 waits for 0, 2 fails meanwhile.
    let mut scheduler = scheduler(vec![node(&[]), node(&[0]), node(&[])], 2, OnFailure::FailFast);
    let now = Duration::ZERO;
    assert_eq!(step(&mut scheduler, now, Input::Tick), [start(0, 1), start(2, 1)]);
    step(&mut scheduler, now, ended(2, Ending::Failed));
    assert_eq!(
        step(&mut scheduler, now, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), start(1, 1)]
    );
}

#[test]
fn a_failure_is_retried_with_doubling_delays() {
    let retried = Node { retries: 2, retry_delay: SECOND, ..Node::default() };
    let mut scheduler = scheduler(vec![retried, node(&[])], 1, OnFailure::FailFast);
    step(&mut scheduler, Duration::ZERO, Input::Tick);
    assert_eq!(
        step(&mut scheduler, SECOND, ended(0, Ending::Failed)),
        [
            Effect::Retry { node: 0, attempt: 2, after: Outcome::Failed, at: 2 * SECOND },
            Effect::WakeAt(2 * SECOND)
        ],
        "with one slot 1 does not pass a node that waits for its retry"
    );
    assert_eq!(step(&mut scheduler, 2 * SECOND, Input::Tick), [start(0, 2)]);
    assert_eq!(
        step(&mut scheduler, 2 * SECOND, ended(0, Ending::TimedOut)),
        [
            Effect::Retry { node: 0, attempt: 3, after: Outcome::TimedOut, at: 4 * SECOND },
            Effect::WakeAt(4 * SECOND)
        ]
    );
    assert_eq!(step(&mut scheduler, 4 * SECOND, Input::Tick), [start(0, 3)]);
    assert_eq!(
        step(&mut scheduler, 5 * SECOND, ended(0, Ending::Failed)),
        [Effect::Finished(0, Outcome::Failed), Effect::Finished(1, Outcome::Cancelled)]
    );
}

#[test]
fn a_timeout_asks_then_kills() {
    let slow = Node { timeout: Some(SECOND), ..Node::default() };
    let mut scheduler = scheduler(vec![slow], 1, OnFailure::FailFast);
    let stop = |how| Effect::Stop { node: 0, how, cause: StopCause::Timeout };
    assert_eq!(step(&mut scheduler, Duration::ZERO, Input::Tick), [start(0, 1), Effect::WakeAt(SECOND)]);
    assert_eq!(
        step(&mut scheduler, SECOND, Input::Tick),
        [stop(StopHow::Terminate), Effect::WakeAt(3 * SECOND)]
    );
    assert_eq!(step(&mut scheduler, 3 * SECOND, Input::Tick), [stop(StopHow::Kill)]);
    assert_eq!(
        step(&mut scheduler, 3 * SECOND, ended(0, Ending::Cancelled)),
        [Effect::Finished(0, Outcome::TimedOut)]
    );
}

#[test]
fn a_group_has_one_time_limit_from_the_start_of_its_first_node() {
    let of_group = |needs: &[usize]| Node { group: Some(0), ..node(needs) };
    let policy = Policy { group_timeouts: vec![3 * SECOND], ..Policy::new(1, OnFailure::KeepGoing) };
    let mut scheduler = Scheduler::new(vec![node(&[]), of_group(&[]), of_group(&[1])], policy);
    step(&mut scheduler, Duration::ZERO, Input::Tick);
    assert_eq!(
        step(&mut scheduler, SECOND, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), start(1, 1), Effect::WakeAt(4 * SECOND)]
    );
    assert_eq!(
        step(&mut scheduler, 2 * SECOND, ended(1, Ending::Ok)),
        [Effect::Finished(1, Outcome::Ran), start(2, 1), Effect::WakeAt(4 * SECOND)]
    );
    let stop = Effect::Stop { node: 2, how: StopHow::Terminate, cause: StopCause::Group };
    assert_eq!(step(&mut scheduler, 4 * SECOND, Input::Tick)[0], stop);
}

#[test]
fn what_its_group_has_no_time_for_is_not_tried_again() {
    let of_group = Node { group: Some(0), retries: 3, timeout: Some(2 * SECOND), ..node(&[]) };
    let policy = Policy { group_timeouts: vec![3 * SECOND], ..Policy::new(1, OnFailure::KeepGoing) };
    let mut scheduler = Scheduler::new(vec![of_group], policy);
    step(&mut scheduler, Duration::ZERO, Input::Tick);
    let stop = |cause| Effect::Stop { node: 0, how: StopHow::Terminate, cause };
    assert_eq!(step(&mut scheduler, 2 * SECOND, Input::Tick)[0], stop(StopCause::Timeout));
    let retried = step(&mut scheduler, 2 * SECOND, ended(0, Ending::TimedOut));
    assert!(
        matches!(retried[..], [Effect::Retry { .. }, start, ..] if start == self::start(0, 2)),
        "{retried:?}"
    );
    assert_eq!(step(&mut scheduler, 3 * SECOND, Input::Tick)[0], stop(StopCause::Group));
    assert_eq!(
        step(&mut scheduler, 3 * SECOND, ended(0, Ending::TimedOut)),
        [Effect::Finished(0, Outcome::TimedOut)]
    );
}

#[test]
fn the_overall_timeout_ends_the_run() {
    let policy = Policy { timeout: Some(SECOND), ..Policy::new(1, OnFailure::KeepGoing) };
    let mut scheduler = Scheduler::new(vec![node(&[]), node(&[])], policy);
    assert_eq!(step(&mut scheduler, Duration::ZERO, Input::Tick), [Effect::WakeAt(SECOND), start(0, 1)]);
    assert_eq!(
        step(&mut scheduler, SECOND, Input::Tick),
        [
            Effect::Stop { node: 0, how: StopHow::Terminate, cause: StopCause::Deadline },
            Effect::Finished(1, Outcome::Cancelled),
            Effect::WakeAt(3 * SECOND)
        ]
    );
    assert!(scheduler.has_timed_out() && !scheduler.is_done());
    step(&mut scheduler, SECOND, ended(0, Ending::Failed));
    assert!(scheduler.is_done());
}

#[test]
fn an_interrupt_asks_and_the_second_kills_at_once() {
    let nodes = vec![node(&[]), node(&[0]), node(&[])];
    let mut scheduler = scheduler(nodes, 1, OnFailure::KeepGoing);
    let stop = |how| Effect::Stop { node: 0, how, cause: StopCause::Interrupt };
    step(&mut scheduler, Duration::ZERO, Input::Tick);
    assert_eq!(
        step(&mut scheduler, SECOND, Input::Interrupt),
        [
            stop(StopHow::Terminate),
            Effect::Finished(1, Outcome::Cancelled),
            Effect::Finished(2, Outcome::Cancelled),
            Effect::WakeAt(3 * SECOND)
        ]
    );
    assert_eq!(step(&mut scheduler, SECOND, Input::Interrupt), [stop(StopHow::Kill)]);
    assert_eq!(
        step(&mut scheduler, SECOND, ended(0, Ending::Failed)),
        [Effect::Finished(0, Outcome::Cancelled)]
    );
}

#[test]
fn nobody_is_overtaken_on_a_resource_he_waits_for() {
    let taking = |amount| Node { resources: vec![(ResourceId(0), amount)], ..Node::default() };
    let policy = Policy { capacities: vec![2], ..Policy::new(4, OnFailure::KeepGoing) };
    // 0 takes one; 1 wants more than there is, so all; 2 would fit beside 0, 3 needs nothing.
    let mut scheduler = Scheduler::new(vec![taking(1), taking(9), taking(1), node(&[])], policy);
    assert_eq!(step(&mut scheduler, Duration::ZERO, Input::Tick), [start(0, 1), start(3, 1)]);
    assert_eq!(
        step(&mut scheduler, Duration::ZERO, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), start(1, 1)]
    );
    assert_eq!(
        step(&mut scheduler, Duration::ZERO, ended(1, Ending::Ok)),
        [Effect::Finished(1, Outcome::Ran), start(2, 1)]
    );
}

#[test]
fn inputs_nobody_waits_for_change_nothing() {
    let mut scheduler = scheduler(vec![node(&[]), node(&[0])], 2, OnFailure::KeepGoing);
    step(&mut scheduler, Duration::ZERO, Input::Tick);
    let before: Vec<_> = scheduler.states().collect();
    for stray in [ended(1, Ending::Ok), ended(7, Ending::Ok), Input::LookedUp(0, Verdict::Hit), Input::Tick] {
        assert_eq!(scheduler.step(Duration::ZERO, stray), []);
    }
    assert_eq!(scheduler.states().collect::<Vec<_>>(), before);
}

#[test]
fn a_hundred_thousand_nodes_in_a_chain_and_side_by_side_end() {
    let chain = |index: usize| if index == 0 { node(&[]) } else { node(&[index - 1]) };
    for nodes in [(0..100_000).map(chain).collect(), vec![node(&[]); 100_000]] {
        let mut scheduler = scheduler(nodes, 8, OnFailure::FailFast);
        let mut open = vec![Input::Tick];
        while let Some(input) = open.pop() {
            for effect in scheduler.step(Duration::ZERO, input) {
                if let Effect::LookUp(node) = effect {
                    open.push(Input::LookedUp(node, Verdict::Hit));
                }
            }
        }
        assert!(scheduler.is_done());
    }
}

/// A world for the laws: what each node will say when it is asked.
#[derive(Debug, Clone)]
struct World {
    nodes: Vec<Node>,
    verdicts: Vec<Verdict>,
    endings: Vec<Vec<Ending>>,
    /// Nodes whose first attempt comes too early.
    early: Vec<bool>,
    capacities: Vec<u32>,
}

/// What happened in one interleaving.
#[derive(Debug, Default)]
struct History {
    outcomes: BTreeMap<usize, Outcome>,
    /// Each start with what had its outcome by then.
    starts: Vec<(usize, BTreeMap<usize, Outcome>)>,
    /// The same of each look-up.
    look_ups: Vec<(usize, BTreeMap<usize, Outcome>)>,
}

fn worlds() -> impl Strategy<Value = World> {
    (1_usize..14).prop_flat_map(|count| {
        let nodes = (0..count).map(node_at).collect::<Vec<_>>();
        let verdict = prop_oneof![
            1 => Just(Verdict::Hit), 1 => Just(Verdict::Skip), 6 => Just(Verdict::Run), 1 => Just(Verdict::Fail)
        ];
        let ending = prop_oneof![
            6 => Just(Ending::Ok), 1 => Just(Ending::Warning), 1 => Just(Ending::Attention),
            2 => Just(Ending::Failed), 1 => Just(Ending::TimedOut), 1 => Just(Ending::Cancelled)
        ];
        (
            nodes,
            prop::collection::vec(verdict, count),
            prop::collection::vec(prop::collection::vec(ending, 3), count),
            prop::collection::vec(prop::bool::weighted(0.2), count),
            prop::collection::vec(1_u32..4, 2),
        )
            .prop_map(|(nodes, verdicts, endings, early, capacities)| World {
                nodes,
                verdicts,
                endings,
                early,
                capacities,
            })
    })
}

fn node_at(index: usize) -> impl Strategy<Value = Node> {
    let need = (0..index.max(1), any::<bool>()).prop_map(|(node, is_hard)| Need {
        node,
        strength: if is_hard { Strength::Hard } else { Strength::Order },
    });
    (
        prop::collection::vec(need, 0..=index.min(3)),
        prop::collection::vec(((0_usize..2).prop_map(ResourceId), 0_u32..5), 0..3),
        0_u32..3,
        0_u64..4,
    )
        .prop_map(|(needs, resources, retries, delay)| Node {
            needs,
            resources,
            retries,
            retry_delay: Duration::from_secs(delay),
            timeout: None,
            group: None,
        })
}

impl World {
    /// Runs it, taking from `choices` which of the open questions is answered next; checks what holds at any time.
    fn run(
        &self,
        slots: usize,
        on_failure: OnFailure,
        choices: &[usize],
        interrupt_at: Option<usize>,
    ) -> History {
        let policy = Policy { capacities: self.capacities.clone(), ..Policy::new(slots, on_failure) };
        let mut scheduler = Scheduler::new(self.nodes.clone(), policy);
        let (mut now, mut wake, mut choices) = (Duration::ZERO, None, choices.iter().cycle().enumerate());
        let mut history = History::default();
        let mut open: Vec<Input> = Vec::new();
        let mut running: BTreeSet<usize> = BTreeSet::new();
        let mut postponed: BTreeSet<usize> = BTreeSet::new();
        let mut input = Input::Tick;
        loop {
            for effect in scheduler.step(now, input) {
                match effect {
                    Effect::LookUp(node) => {
                        history.look_ups.push((node, history.outcomes.clone()));
                        open.push(Input::LookedUp(node, self.verdicts[node]));
                    }
                    Effect::Start { node, attempt } => {
                        assert!(running.insert(node), "started while it runs");
                        self.check_room(&running, slots);
                        check_turn(node, &running, &postponed, &history);
                        history.starts.push((node, history.outcomes.clone()));
                        let is_early = self.early[node] && !postponed.contains(&node);
                        let ending = self.endings[node][attempt as usize - 1];
                        open.push(Input::Ended(node, if is_early { Ending::TooEarly } else { ending }));
                    }
                    Effect::Stop { node, .. } => {
                        assert!(running.contains(&node), "stopped while not running");
                    }
                    Effect::Postponed(node) => assert!(postponed.insert(node), "{node} was postponed twice"),
                    Effect::WakeAt(at) => wake = Some(at),
                    Effect::Retry { at, .. } => assert!(at >= now),
                    Effect::Finished(node, outcome) => {
                        assert_eq!(history.outcomes.insert(node, outcome), None, "{node} finished twice");
                    }
                }
            }
            if scheduler.is_done() {
                assert_eq!(history.outcomes.len(), self.nodes.len());
                return history;
            }
            let (turn, choice) = choices.next().expect("a cycle never ends");
            if interrupt_at == Some(turn) {
                input = Input::Interrupt;
            } else if open.is_empty() {
                now = wake.take().expect("work remains, nothing is open and no wake-up was asked for: stuck");
                input = Input::Tick;
            } else {
                input = open.swap_remove(choice % open.len());
                if let Input::Ended(node, _) = input {
                    running.remove(&node);
                }
            }
        }
    }

    fn check_room(&self, running: &BTreeSet<usize>, slots: usize) {
        assert!(running.len() <= slots, "more than {slots} at once");
        for (index, capacity) in self.capacities.iter().enumerate() {
            let of_node = |&node: &usize| {
                let amounts = self.nodes[node].resources.iter().filter(|(id, _)| id.0 == index);
                amounts.map(|(_, amount)| amount).sum::<u32>().min(*capacity)
            };
            assert!(running.iter().map(of_node).sum::<u32>() <= *capacity, "resource {index} is overdrawn");
        }
    }

    fn hard_needs(&self, node: usize) -> impl Iterator<Item = usize> {
        self.nodes[node].needs.iter().filter(|need| need.strength == Strength::Hard).map(|need| need.node)
    }
}

/// A postponed step runs alone, when all before it have ended.
fn check_turn(node: usize, running: &BTreeSet<usize>, postponed: &BTreeSet<usize>, history: &History) {
    let is_alone = running.len() == 1;
    let is_first = (0..node).all(|it| history.outcomes.contains_key(&it));
    assert!(
        !postponed.contains(&node) || (is_alone && is_first),
        "{node} was postponed and is not in its turn"
    );
    assert!(is_alone || running.is_disjoint(postponed), "beside a postponed one");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_node_starts_after_its_needs_and_never_beside_a_bad_one(
        world in worlds(), slots in 1_usize..5, choices in prop::collection::vec(0_usize..60, 1..40)
    ) {
        let history = world.run(slots, OnFailure::KeepGoing, &choices, None);
        for (node, done) in &history.starts {
            for need in &world.nodes[*node].needs {
                prop_assert!(done.contains_key(&need.node));
            }
            prop_assert!(world.hard_needs(*node).all(|need| done[&need].is_good()));
        }
    }

    #[test]
    fn exactly_those_with_a_bad_hard_need_are_blocked(
        world in worlds(), slots in 1_usize..5, choices in prop::collection::vec(0_usize..60, 1..40)
    ) {
        let history = world.run(slots, OnFailure::KeepGoing, &choices, None);
        for node in 0..world.nodes.len() {
            let bad = world.hard_needs(node).filter(|need| !history.outcomes[need].is_good()).min();
            let by = match history.outcomes[&node] {
                Outcome::Blocked { by } => Some(by),
                _ => None,
            };
            prop_assert_eq!(bad, by);
        }
    }

    #[test]
    fn keep_going_gives_the_same_outcomes_in_any_interleaving(
        world in worlds(), slots in 2_usize..6, choices in prop::collection::vec(0_usize..60, 1..40)
    ) {
        let in_order = world.run(1, OnFailure::KeepGoing, &[0], None);
        let order: Vec<_> = in_order.starts.iter().map(|(node, _)| *node).collect();
        prop_assert!(order.is_sorted(), "one slot runs in order");
        prop_assert_eq!(in_order.outcomes, world.run(slots, OnFailure::KeepGoing, &choices, None).outcomes);
    }

    #[test]
    fn fail_fast_equals_running_in_order_up_to_the_first_failure(
        world in worlds(), slots in 2_usize..6, choices in prop::collection::vec(0_usize..60, 1..40)
    ) {
        let in_order = world.run(1, OnFailure::FailFast, &[0], None).outcomes;
        let history = world.run(slots, OnFailure::FailFast, &choices, None);
        let first_bad = |outcomes: &BTreeMap<usize, Outcome>| {
            outcomes.iter().find(|(_, outcome)| !outcome.is_good()).map_or(usize::MAX, |(node, _)| *node)
        };
        let bad = first_bad(&in_order);
        prop_assert_eq!(bad, first_bad(&history.outcomes), "the same failure is the first one");
        for (node, outcome) in in_order.range(..=bad) {
            prop_assert_eq!(outcome, &history.outcomes[node]);
        }
        for (node, done) in history.starts.iter().chain(&history.look_ups) {
            let failed_before = done.iter().find(|(_, outcome)| !outcome.is_good());
            prop_assert!(failed_before.is_none_or(|(failed, _)| node < failed), "begun behind a failure");
        }
    }

    #[test]
    fn an_interrupt_at_any_time_starts_nothing_more_and_ends_the_run(
        world in worlds(), slots in 1_usize..5, choices in prop::collection::vec(0_usize..60, 1..40),
        at in 0_usize..20
    ) {
        let whole = world.run(slots, OnFailure::KeepGoing, &choices, None);
        let cut = world.run(slots, OnFailure::KeepGoing, &choices, Some(at));
        prop_assert!(cut.starts.len() <= whole.starts.len());
        for (node, outcome) in &cut.outcomes {
            match outcome {
                // Given up, or without the retry that would have helped.
                Outcome::Cancelled | Outcome::Failed | Outcome::TimedOut => {}
                Outcome::Blocked { by } => prop_assert!(!cut.outcomes[by].is_good()),
                _ => prop_assert_eq!(*outcome, whole.outcomes[node]),
            }
        }
    }
}
