//! The scheduler against a made-up world: tables for single stories, random interleavings for the laws.

mod gates;
mod laws;
mod shared;
mod world;

use std::{collections::VecDeque, time::Duration};

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
    let of_group = |needs: &[usize]| Node { groups: vec![0], ..node(needs) };
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
    let of_group = Node { groups: vec![0], retries: 3, timeout: Some(2 * SECOND), ..node(&[]) };
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

/// Goes through with every look-up a hit.
fn end_all(scheduler: &mut Scheduler) {
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

#[test]
fn a_hundred_thousand_nodes_in_a_chain_and_side_by_side_end() {
    let chain = |index: usize| if index == 0 { node(&[]) } else { node(&[index - 1]) };
    for nodes in [(0..100_000).map(chain).collect(), vec![node(&[]); 100_000]] {
        end_all(&mut scheduler(nodes, 8, OnFailure::FailFast));
    }
}

#[test]
fn ten_thousand_combinations_of_ten_nodes_each_end_when_two_may_be_under_way() {
    let node = |index: usize| {
        let (span, place) = (index / 10, index % 10);
        let needs = if place == 0 { node(&[]) } else { node(&[index - 1]) };
        Node { span: Some(span), cohort: Some(0), member: span, ..needs }
    };
    let span = Span { parent: None, demands: vec![(ResourceId(0), 1)] };
    let policy =
        Policy { capacities: vec![2], spans: vec![span; 10_000], ..Policy::new(8, OnFailure::FailFast) };
    end_all(&mut Scheduler::new((0..100_000).map(node).collect(), policy));
}
