//! What nodes have in common: spans, cohorts, rates, and whose turn it is.

use super::*;

const NOW: Duration = Duration::ZERO;
const LOCK: ResourceId = ResourceId(0);
const OTHER: ResourceId = ResourceId(1);

fn span(parent: Option<usize>, demands: &[(ResourceId, u32)]) -> Span {
    Span { parent, demands: demands.to_vec() }
}

fn inside(span: usize, needs: &[usize]) -> Node {
    Node { span: Some(span), ..node(needs) }
}

fn with_spans(nodes: Vec<Node>, slots: usize, capacities: &[u32], spans: &[Span]) -> Scheduler {
    let policy = Policy { capacities: capacities.to_vec(), spans: spans.to_vec(), ..keep_going(slots) };
    Scheduler::new(nodes, policy)
}

fn keep_going(slots: usize) -> Policy {
    Policy::new(slots, OnFailure::KeepGoing)
}

#[test]
fn jobs_of_one_concurrency_group_go_one_after_the_other_and_others_pass_them() {
    // Two jobs of two steps each with one lock, and a node of its own.
    let nodes = vec![inside(0, &[]), inside(0, &[0]), inside(1, &[]), inside(1, &[2]), node(&[])];
    let lock = span(None, &[(LOCK, 1)]);
    let mut scheduler = with_spans(nodes, 2, &[1], &[lock.clone(), lock]);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(4, 1)]);
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), start(1, 1)]
    );
    assert_eq!(step(&mut scheduler, NOW, ended(4, Ending::Ok)), [Effect::Finished(4, Outcome::Ran)]);
    assert_eq!(
        step(&mut scheduler, NOW, ended(1, Ending::Failed)),
        [Effect::Finished(1, Outcome::Failed), start(2, 1)],
        "it ends whatever the outcome"
    );
}

#[test]
fn at_most_so_many_combinations_of_a_matrix_are_under_way() {
    let nodes = (0..4).flat_map(|index| [inside(index, &[]), inside(index, &[2 * index])]).collect();
    let mut scheduler = with_spans(nodes, 8, &[2], &vec![span(None, &[(LOCK, 1)]); 4]);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(2, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(2, Ending::Ok))[1..], [start(3, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(3, Ending::Ok))[1..], [start(4, 1)]);
}

#[test]
fn a_span_and_the_one_around_it_begin_together_or_not_at_all() {
    // 0 holds the inner resource; what 1 is in holds nothing of the outer one meanwhile.
    let spans = [
        span(None, &[(OTHER, 1)]),
        span(None, &[(LOCK, 1)]),
        span(Some(1), &[(OTHER, 1)]),
        span(None, &[(LOCK, 1)]),
    ];
    let nodes = vec![inside(0, &[]), inside(2, &[]), inside(3, &[])];
    let mut scheduler = with_spans(nodes, 1, &[1, 1], &spans);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1)]);

    let nodes = vec![inside(0, &[]), inside(2, &[]), inside(3, &[])];
    let mut scheduler = with_spans(nodes, 3, &[1, 1], &spans);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(2, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(0, Ending::Ok)).len(), 1);
    assert_eq!(step(&mut scheduler, NOW, ended(2, Ending::Ok))[1..], [start(1, 1)]);
}

#[test]
fn nobody_is_overtaken_on_what_his_span_waits_for() {
    let spans = [span(None, &[(LOCK, 1)]), span(None, &[(LOCK, 2)]), span(None, &[(LOCK, 1)])];
    let nodes = vec![inside(0, &[]), inside(1, &[]), inside(2, &[])];
    let mut scheduler = with_spans(nodes, 3, &[2], &spans);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(0, Ending::Ok))[1..], [start(1, 1)]);
}

#[test]
fn what_never_starts_begins_no_span_and_ends_one() {
    // The whole second job is blocked; a node in the first is skipped.
    let nodes = vec![node(&[]), inside(0, &[0]), inside(0, &[1]), inside(1, &[])];
    let lock = span(None, &[(LOCK, 1)]);
    let mut scheduler = with_spans(nodes, 1, &[1], &[lock.clone(), lock]);
    step(&mut scheduler, NOW, Input::Tick);
    let blocked = step(&mut scheduler, NOW, ended(0, Ending::Failed));
    assert_eq!(blocked[3], start(3, 1), "{blocked:?}");
}

#[test]
fn a_span_waits_for_what_its_later_nodes_wait_for() {
    // Began the second span at once, the first would wait for it, and it for the first.
    let nodes = vec![node(&[]), inside(0, &[0]), inside(1, &[]), inside(1, &[1, 2])];
    let lock = span(None, &[(LOCK, 1)]);
    let mut scheduler = with_spans(nodes, 4, &[1], &[lock.clone(), lock]);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(0, Ending::Ok))[1..], [start(1, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(1, Ending::Ok))[1..], [start(2, 1)]);
}

#[test]
fn what_is_held_already_is_not_waited_for() {
    let spans = [span(None, &[(LOCK, 1)]), span(Some(0), &[(LOCK, 1)])];
    let greedy = Node { resources: vec![(LOCK, 1)], ..inside(1, &[]) };
    let mut scheduler = with_spans(vec![greedy.clone(), node(&[])], 1, &[1], &spans);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1)]);
    // All of it is held: three together.
    let rival = Node { resources: vec![(LOCK, 1)], ..node(&[]) };
    let mut scheduler = with_spans(vec![greedy, rival], 2, &[3], &spans);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1)]);
}

#[test]
fn a_failure_lets_go_of_what_keeps_nodes_before_it_from_beginning() {
    // 3 lies behind the failure of 2, and its span holds what 1 waits for.
    let nodes = vec![node(&[]), inside(0, &[0]), inside(1, &[]), inside(1, &[2])];
    let lock = span(None, &[(LOCK, 1)]);
    let policy = Policy {
        capacities: vec![1],
        spans: vec![lock.clone(), lock],
        ..Policy::new(2, OnFailure::FailFast)
    };
    let mut scheduler = Scheduler::new(
        nodes
            .into_iter()
            .map(|node| Node { needs: node.needs.iter().map(order).collect(), ..node })
            .collect(),
        policy,
    );
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(2, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(2, Ending::Failed)), [Effect::Finished(2, Outcome::Failed)]);
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), Effect::Finished(3, Outcome::Cancelled), start(1, 1)]
    );
}

fn order(need: &Need) -> Need {
    Need { strength: Strength::Order, ..*need }
}

#[test]
fn a_span_begins_as_soon_as_a_node_gives_back_what_it_demands() {
    let taking = Node { resources: vec![(LOCK, 1)], ..node(&[]) };
    let nodes = vec![taking, node(&[]), node(&[]), inside(0, &[1])];
    let mut scheduler = with_spans(nodes, 3, &[1], &[span(None, &[(LOCK, 1)])]);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(1, 1), start(2, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(1, Ending::Ok)), [Effect::Finished(1, Outcome::Ran)]);
    assert_eq!(step(&mut scheduler, NOW, ended(0, Ending::Ok))[1..], [start(3, 1)]);
}

#[test]
fn a_node_in_its_turn_waits_for_a_span_behind_it_that_can_end() {
    let early = Node { resources: vec![(LOCK, 1)], ..node(&[]) };
    let nodes = vec![node(&[]), early, node(&[]), inside(0, &[2]), inside(0, &[3])];
    let mut scheduler = with_spans(nodes, 3, &[1], &[span(None, &[(LOCK, 1)])]);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(step(&mut scheduler, NOW, ended(1, Ending::TooEarly)), [Effect::Postponed(1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(2, Ending::Ok))[1..], [start(3, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(0, Ending::Ok))[1..], []);
    assert_eq!(step(&mut scheduler, NOW, ended(3, Ending::Ok))[1..], [start(4, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(4, Ending::Ok))[1..], [start(1, 1)]);
}

#[test]
fn locks_taken_in_two_orders_do_not_hang() {
    let spans = [
        span(None, &[(LOCK, 1)]),
        span(Some(0), &[(OTHER, 1)]),
        span(None, &[(OTHER, 1)]),
        span(Some(2), &[(LOCK, 1)]),
    ];
    let nodes = vec![inside(0, &[]), inside(1, &[0]), inside(2, &[]), inside(3, &[2])];
    let mut scheduler = with_spans(nodes, 2, &[1, 1], &spans);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(2, 1)]);
    step(&mut scheduler, NOW, ended(0, Ending::Ok));
    assert_eq!(step(&mut scheduler, NOW, ended(2, Ending::Ok))[1..], [start(1, 1)]);
    assert_eq!(step(&mut scheduler, NOW, ended(1, Ending::Ok))[1..], [start(3, 1)]);
}

#[test]
fn what_can_never_be_granted_is_known_before() {
    let policy = Policy {
        capacities: vec![2, 1],
        spans: vec![span(None, &[(LOCK, 2)]), span(Some(0), &[(LOCK, 1), (OTHER, 1)])],
        ..keep_going(1)
    };
    let taking =
        |resources: &[(ResourceId, u32)], span| Node { resources: resources.to_vec(), span, ..node(&[]) };
    let nodes = vec![
        taking(&[(LOCK, 2), (ResourceId(9), 5)], None),
        taking(&[(LOCK, 2), (LOCK, 1)], None),
        taking(&[(LOCK, u32::MAX)], None),
        taking(&[], Some(0)),
        taking(&[], Some(1)),
        taking(&[(OTHER, 1)], Some(1)),
    ];
    assert_eq!(
        Scheduler::impossible(&nodes, &policy),
        [(1, LOCK), (4, LOCK), (5, LOCK), (5, OTHER)],
        "nobody bounds 9, and all of it is what there is"
    );
    // It is given all there is.
    let mut scheduler = Scheduler::new(nodes, policy);
    let mut open = vec![Input::Tick];
    while let Some(input) = open.pop() {
        for effect in scheduler.step(NOW, input) {
            match effect {
                Effect::LookUp(node) => open.push(Input::LookedUp(node, Verdict::Run)),
                Effect::Start { node, .. } => open.push(ended(node, Ending::Ok)),
                _ => {}
            }
        }
    }
    assert!(scheduler.is_done());
}

#[test]
fn a_failure_ends_the_other_members_of_its_cohort_alone() {
    let of = |member, needs: &[usize]| Node { cohort: Some(3), member, ..node(needs) };
    let nodes = vec![
        of(0, &[]),
        Node { needs: Vec::new(), ..of(0, &[]) },
        of(1, &[]),
        of(1, &[2]),
        Node { gate: Gate::Always, ..of(1, &[3]) },
        node(&[2]),
        node(&[]),
    ];
    let mut scheduler = scheduler(nodes, 3, OnFailure::KeepGoing);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(1, 1), start(2, 1)]);
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Attention)),
        [
            Effect::Finished(0, Outcome::Attention),
            Effect::Stop { node: 2, how: StopHow::Terminate, cause: StopCause::Cohort },
            Effect::Finished(3, Outcome::Cancelled),
            Effect::WakeAt(2 * SECOND),
            start(4, 1),
        ],
        "1 is of the member that failed, 4 is always looked up"
    );
    let kill = Effect::Stop { node: 2, how: StopHow::Kill, cause: StopCause::Cohort };
    assert_eq!(step(&mut scheduler, 2 * SECOND, Input::Tick), [kill]);
    assert_eq!(
        step(&mut scheduler, 2 * SECOND, ended(2, Ending::Failed)),
        [
            Effect::Finished(2, Outcome::Cancelled),
            Effect::Finished(5, Outcome::Blocked { by: 2 }),
            start(6, 1)
        ]
    );
}

#[test]
fn only_the_last_attempt_and_only_the_first_failure_lets_a_cohort_fall() {
    let of = |member, needs: &[usize]| Node { cohort: Some(0), member, gate: Gate::Asked, ..node(needs) };
    let nodes = vec![Node { retries: 1, ..of(0, &[]) }, of(1, &[]), of(0, &[0, 1]), of(1, &[])];
    let mut scheduler = scheduler(nodes, 2, OnFailure::KeepGoing);
    step(&mut scheduler, NOW, Input::Tick);
    let retried = step(&mut scheduler, NOW, ended(0, Ending::Failed));
    assert!(!retried.iter().any(|effect| matches!(effect, Effect::Stop { .. })), "{retried:?}");
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Failed))[..3],
        [
            Effect::Finished(0, Outcome::Failed),
            Effect::Stop { node: 1, how: StopHow::Terminate, cause: StopCause::Cohort },
            Effect::Finished(3, Outcome::Cancelled),
        ]
    );
    assert_eq!(
        step(&mut scheduler, NOW, ended(1, Ending::Attention)),
        [Effect::Finished(1, Outcome::Attention), start(2, 1)],
        "what ended just before has ended, and the other member goes on"
    );
}

#[test]
fn who_was_stopped_by_something_else_lets_no_cohort_fall() {
    let of = |member| Node { cohort: Some(0), member, ..node(&[]) };
    let mut scheduler = scheduler(vec![of(0), of(1)], 1, OnFailure::KeepGoing);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Cancelled)),
        [Effect::Finished(0, Outcome::Cancelled), start(1, 1)]
    );
}

#[test]
fn what_falls_with_a_cohort_is_no_failure_of_its_own() {
    let of = |member| Node { cohort: Some(0), member, ..node(&[]) };
    let after = Node { needs: vec![order(&Need { node: 0, strength: Strength::Hard })], ..node(&[]) };
    let mut scheduler = scheduler(vec![of(0), after, of(1)], 2, OnFailure::FailFast);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(2, 1)]);
    step(&mut scheduler, NOW, ended(2, Ending::Failed));
    assert_eq!(
        step(&mut scheduler, NOW, ended(0, Ending::Failed)),
        [Effect::Finished(0, Outcome::Cancelled), start(1, 1)],
        "1 lies before the failure"
    );
}

#[test]
fn a_rate_counts_every_attempt_and_keeps_nobody_else_waiting() {
    let limited = |retries| Node { rates: vec![0], retries, ..node(&[]) };
    let policy = Policy { rates: vec![Rate { most: 2, per: 10 * SECOND }], ..keep_going(4) };
    let mut scheduler = Scheduler::new(vec![limited(1), limited(0), node(&[])], policy);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1), start(1, 1), start(2, 1)]);
    step(&mut scheduler, SECOND, ended(0, Ending::Failed));
    let waiting: Vec<_> = scheduler.states().collect();
    assert_eq!(waiting[0], State::Queued);
    assert_eq!(step(&mut scheduler, 9 * SECOND, Input::Tick), []);
    assert_eq!(step(&mut scheduler, 10 * SECOND, Input::Tick), [start(0, 2)]);
}

#[test]
fn with_one_slot_nothing_passes_who_waits_for_a_time() {
    let limited = || Node { rates: vec![0], ..node(&[]) };
    let policy = Policy { rates: vec![Rate { most: 1, per: 10 * SECOND }], ..keep_going(1) };
    let mut scheduler = Scheduler::new(vec![limited(), limited(), node(&[])], policy);
    step(&mut scheduler, NOW, Input::Tick);
    assert_eq!(
        step(&mut scheduler, SECOND, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), Effect::WakeAt(10 * SECOND)]
    );
    assert_eq!(step(&mut scheduler, 10 * SECOND, Input::Tick), [start(1, 1)]);
}

#[test]
fn a_start_counts_from_when_it_begins() {
    let limited = || Node { rates: vec![0], ..node(&[]) };
    let policy = Policy { rates: vec![Rate { most: 1, per: 10 * SECOND }], ..keep_going(2) };
    let mut scheduler = Scheduler::new(vec![limited(), limited()], policy);
    step(&mut scheduler, NOW, Input::Tick);
    scheduler.begins(3 * SECOND, 0);
    assert_eq!(step(&mut scheduler, 10 * SECOND, Input::Tick), [Effect::WakeAt(13 * SECOND)]);
    assert_eq!(step(&mut scheduler, 13 * SECOND, Input::Tick), [start(1, 1)]);
}

#[test]
fn higher_priorities_go_first_unless_all_goes_in_order() {
    let nodes: Vec<_> = [0, 0, 5, -1, 5].map(|priority| Node { priority, ..node(&[]) }).into();
    let mut parallel = scheduler(nodes.clone(), 2, OnFailure::KeepGoing);
    assert_eq!(step(&mut parallel, NOW, Input::Tick), [start(2, 1), start(4, 1)]);
    assert_eq!(step(&mut parallel, NOW, ended(2, Ending::Ok))[1..], [start(0, 1)]);
    let mut in_order = scheduler(nodes, 1, OnFailure::KeepGoing);
    assert_eq!(step(&mut in_order, NOW, Input::Tick), [start(0, 1)]);
}

#[test]
fn a_queue_is_passed_by_what_has_a_higher_priority() {
    let taking = |priority| Node { priority, resources: vec![(LOCK, 1)], ..node(&[]) };
    let late = Node { priority: 1, ..node(&[0]) };
    let policy = Policy { capacities: vec![1], ..keep_going(2) };
    let mut scheduler = Scheduler::new(vec![taking(2), taking(0), late], policy);
    assert_eq!(step(&mut scheduler, NOW, Input::Tick), [start(0, 1)]);
    assert_eq!(
        scheduler.step(NOW, ended(0, Ending::Ok)),
        [Effect::Finished(0, Outcome::Ran), Effect::LookUp(2), start(1, 1)]
    );
}
