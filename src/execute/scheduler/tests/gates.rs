//! Who is looked up, who is given up, and whose failure matters.

use super::*;

const NOW: Duration = Duration::ZERO;

fn gated(gate: Gate, needs: &[usize]) -> Node {
    Node { gate, ..node(needs) }
}

/// Steps without answering look-ups.
fn raw(scheduler: &mut Scheduler, input: Input) -> Vec<Effect> {
    scheduler.step(NOW, input)
}

#[test]
fn a_node_that_is_asked_says_itself_what_a_bad_need_means() {
    let asked = |verdict, outcome| {
        let mut scheduler = scheduler(vec![node(&[]), gated(Gate::Asked, &[0])], 1, OnFailure::KeepGoing);
        step(&mut scheduler, NOW, Input::Tick);
        let failed = [Effect::Finished(0, Outcome::Failed), Effect::LookUp(1)];
        assert_eq!(raw(&mut scheduler, ended(0, Ending::Failed)), failed);
        assert_eq!(raw(&mut scheduler, Input::LookedUp(1, verdict)), [Effect::Finished(1, outcome)]);
    };
    asked(Verdict::Hit, Outcome::Cached);
    asked(Verdict::Skip, Outcome::Skipped);
    asked(Verdict::Fail, Outcome::Failed);
    asked(Verdict::Block { by: 0 }, Outcome::Blocked { by: 0 });
}

#[test]
fn a_node_that_is_asked_waits_for_all_its_needs_and_may_run_after_a_bad_one() {
    let mut scheduler =
        scheduler(vec![node(&[]), node(&[]), gated(Gate::Asked, &[0, 1])], 2, OnFailure::KeepGoing);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(raw(&mut scheduler, ended(0, Ending::Failed)), [Effect::Finished(0, Outcome::Failed)]);
    assert_eq!(raw(&mut scheduler, ended(1, Ending::Ok))[1], Effect::LookUp(2));
    assert_eq!(raw(&mut scheduler, Input::LookedUp(2, Verdict::Run)), [start(2, 1)]);
}

#[test]
fn what_was_blocked_by_its_look_up_blocks_what_needs_it() {
    let mut scheduler =
        scheduler(vec![node(&[]), gated(Gate::Asked, &[0]), node(&[1])], 1, OnFailure::KeepGoing);
    step(&mut scheduler, NOW, Input::Tick);
    raw(&mut scheduler, ended(0, Ending::Failed));
    assert_eq!(
        raw(&mut scheduler, Input::LookedUp(1, Verdict::Block { by: 0 })),
        [Effect::Finished(1, Outcome::Blocked { by: 0 }), Effect::Finished(2, Outcome::Blocked { by: 1 })]
    );
}

#[test]
fn when_a_failure_stands_only_those_that_are_always_looked_up_begin() {
    let nodes = vec![node(&[]), gated(Gate::Asked, &[0]), gated(Gate::Always, &[1]), node(&[2])];
    let mut scheduler = scheduler(nodes, 1, OnFailure::FailFast);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(
        raw(&mut scheduler, ended(0, Ending::Failed)),
        [
            Effect::Finished(0, Outcome::Failed),
            Effect::Finished(1, Outcome::Blocked { by: 0 }),
            Effect::Finished(3, Outcome::Cancelled),
            Effect::LookUp(2),
        ]
    );
    assert_eq!(raw(&mut scheduler, Input::LookedUp(2, Verdict::Run)), [start(2, 1)]);
    assert_eq!(raw(&mut scheduler, ended(2, Ending::Ok)), [Effect::Finished(2, Outcome::Ran)]);
    assert!(scheduler.is_done());
}

#[test]
fn what_is_always_looked_up_waits_until_the_failure_before_it_stands() {
    let nodes = vec![node(&[]), node(&[]), gated(Gate::Always, &[1])];
    let mut scheduler = scheduler(nodes, 2, OnFailure::FailFast);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(raw(&mut scheduler, ended(1, Ending::Failed)), [Effect::Finished(1, Outcome::Failed)]);
    assert_eq!(
        raw(&mut scheduler, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), Effect::LookUp(2)]
    );
}

#[test]
fn the_first_interrupt_leaves_what_is_always_looked_up_and_the_second_does_not() {
    let always = || gated(Gate::Always, &[]);
    let nodes = vec![node(&[]), always(), gated(Gate::Always, &[0]), gated(Gate::Always, &[2])];
    let mut scheduler = scheduler(nodes, 2, OnFailure::KeepGoing);
    let stop = |node, how| Effect::Stop { node, how, cause: StopCause::Interrupt };
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(
        raw(&mut scheduler, Input::Interrupt),
        [stop(0, StopHow::Terminate), Effect::WakeAt(2 * SECOND)]
    );
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Cancelled)),
        [Effect::Finished(0, Outcome::Cancelled), start(2, 1)],
        "1 runs on, 2 begins"
    );
    assert_eq!(
        raw(&mut scheduler, Input::Interrupt),
        [stop(1, StopHow::Kill), stop(2, StopHow::Kill), Effect::Finished(3, Outcome::Cancelled)]
    );
    raw(&mut scheduler, ended(1, Ending::Failed));
    raw(&mut scheduler, ended(2, Ending::Failed));
    assert_eq!(scheduler.outcomes().collect::<Vec<_>>(), [Outcome::Cancelled; 4]);
}

#[test]
fn after_the_second_interrupt_nothing_starts_whatever_its_look_up_says() {
    let mut scheduler = scheduler(vec![gated(Gate::Always, &[])], 1, OnFailure::KeepGoing);
    raw(&mut scheduler, Input::Tick);
    assert_eq!(raw(&mut scheduler, Input::Interrupt), []);
    assert_eq!(raw(&mut scheduler, Input::Interrupt), []);
    assert_eq!(
        raw(&mut scheduler, Input::LookedUp(0, Verdict::Run)),
        [Effect::Finished(0, Outcome::Cancelled)]
    );
}

#[test]
fn the_end_of_the_time_of_the_run_gives_up_all() {
    let nodes = vec![gated(Gate::Always, &[]), gated(Gate::Always, &[0])];
    let policy = Policy { timeout: Some(SECOND), ..Policy::new(1, OnFailure::KeepGoing) };
    let mut scheduler = Scheduler::new(nodes, policy);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(
        step(&mut scheduler, SECOND, Input::Tick)[..2],
        [
            Effect::Stop { node: 0, how: StopHow::Terminate, cause: StopCause::Deadline },
            Effect::Finished(1, Outcome::Cancelled),
        ]
    );
}

#[test]
fn a_group_that_took_too_long_does_not_stop_what_is_always_looked_up_and_starts_later() {
    let of_group = |node| Node { groups: vec![0], retries: 1, ..node };
    let nodes = vec![of_group(node(&[])), of_group(gated(Gate::Always, &[0]))];
    let policy = Policy { group_timeouts: vec![SECOND], ..Policy::new(1, OnFailure::KeepGoing) };
    let mut scheduler = Scheduler::new(nodes, policy);
    step(&mut scheduler, NOW, Input::Tick);
    step(&mut scheduler, SECOND, Input::Tick);
    assert_eq!(
        step(&mut scheduler, SECOND, ended(0, Ending::TimedOut)),
        [Effect::Finished(0, Outcome::TimedOut), start(1, 1)]
    );
    assert_eq!(step(&mut scheduler, 9 * SECOND, Input::Tick), []);
    let retried = step(&mut scheduler, 9 * SECOND, ended(1, Ending::Failed));
    assert!(retried.contains(&start(1, 2)), "{retried:?}");
}

#[test]
fn what_its_group_ended_is_not_tried_again_even_if_it_is_always_looked_up() {
    let always = Node { groups: vec![0], retries: 1, ..gated(Gate::Always, &[]) };
    let policy = Policy { group_timeouts: vec![SECOND], ..Policy::new(1, OnFailure::KeepGoing) };
    let mut scheduler = Scheduler::new(vec![always], policy);
    step(&mut scheduler, NOW, Input::Tick);
    step(&mut scheduler, SECOND, Input::Tick);
    assert_eq!(
        step(&mut scheduler, SECOND, ended(0, Ending::TimedOut)),
        [Effect::Finished(0, Outcome::TimedOut)]
    );
}

#[test]
fn a_tolerated_failure_is_one_but_ends_and_blocks_nothing() {
    for (ending, outcome) in [(Ending::Failed, Outcome::Failed), (Ending::TimedOut, Outcome::TimedOut)] {
        let tolerated = Node { is_tolerated: true, cohort: Some(0), ..node(&[]) };
        let other = Node { cohort: Some(0), member: 1, ..node(&[0]) };
        let mut scheduler = scheduler(vec![tolerated, other], 1, OnFailure::FailFast);
        step(&mut scheduler, NOW, Input::Tick);
        assert_eq!(step(&mut scheduler, NOW, ended(0, ending)), [Effect::Finished(0, outcome), start(1, 1)]);
    }
}

#[test]
fn attention_is_not_tolerated_and_a_tolerated_node_that_was_not_begun_blocks() {
    let tolerated = |needs: &[usize]| Node { is_tolerated: true, ..node(needs) };
    let mut scheduler = scheduler(vec![tolerated(&[]), tolerated(&[0]), node(&[1])], 1, OnFailure::KeepGoing);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Attention)),
        [
            Effect::Finished(0, Outcome::Attention),
            Effect::Finished(1, Outcome::Blocked { by: 0 }),
            Effect::Finished(2, Outcome::Blocked { by: 1 })
        ]
    );
}

#[test]
fn going_on_takes_over_what_follows_from_how_the_first_ended() {
    let nodes = vec![
        node(&[]),
        Node { is_tolerated: true, ..node(&[]) },
        node(&[0]),
        node(&[1]),
        gated(Gate::Asked, &[0]),
    ];
    let known = [Outcome::Failed, Outcome::Failed];
    let go_on = |on_failure| {
        let mut scheduler = Scheduler::resumed(nodes.clone(), Policy::new(4, on_failure), &known);
        scheduler.step(NOW, Input::Tick)
    };
    assert_eq!(
        go_on(OnFailure::KeepGoing),
        [Effect::Finished(2, Outcome::Blocked { by: 0 }), Effect::LookUp(3), Effect::LookUp(4)]
    );
    assert_eq!(
        go_on(OnFailure::FailFast),
        [
            Effect::Finished(2, Outcome::Blocked { by: 0 }),
            Effect::Finished(3, Outcome::Cancelled),
            Effect::Finished(4, Outcome::Blocked { by: 0 })
        ]
    );
}

#[test]
fn going_on_takes_over_cohorts_groups_and_rates() {
    let of = |member, needs: &[usize]| Node { cohort: Some(7), member, ..node(needs) };
    let nodes = vec![of(0, &[]), of(1, &[]), of(1, &[1]), of(0, &[])];
    let known = [Outcome::Cancelled, Outcome::Failed];
    let mut fallen = Scheduler::resumed(nodes, Policy::new(4, OnFailure::KeepGoing), &known);
    assert_eq!(
        fallen.step(NOW, Input::Tick),
        [Effect::Finished(3, Outcome::Cancelled), Effect::Finished(2, Outcome::Blocked { by: 1 })]
    );

    let node = Node { groups: vec![0], rates: vec![0], ..Node::default() };
    let policy = Policy {
        group_timeouts: vec![5 * SECOND],
        rates: vec![Rate { most: 1, per: 3 * SECOND }],
        ..Policy::new(4, OnFailure::KeepGoing)
    };
    let mut timed = Scheduler::resumed(vec![node.clone(), node], policy, &[Outcome::Ran]);
    assert_eq!(step(&mut timed, NOW, Input::Tick), [Effect::WakeAt(3 * SECOND)]);
    assert_eq!(step(&mut timed, 3 * SECOND, Input::Tick), [start(1, 1), Effect::WakeAt(5 * SECOND)]);
}
