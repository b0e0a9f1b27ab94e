//! What holds in any world, whichever way one goes through it.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use super::{
    world::{Way, ways, wild_worlds, worlds},
    *,
};

/// Returns how many worlds each law is held against.
fn rounds() -> u32 {
    std::env::var("AZ_SCHEDULER_ROUNDS").ok().and_then(|count| count.parse().ok()).unwrap_or(200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_with_one_outcome_for_each_node(
        worlds in (worlds(), wild_worlds()), fails_fast in any::<bool>(), way in ways(OnFailure::KeepGoing),
        interrupts in vec(0_usize..20, 0..3), timeout in prop::option::weighted(0.3, 0_u64..8)
    ) {
        let on_failure = if fails_fast { OnFailure::FailFast } else { OnFailure::KeepGoing };
        let way = Way { on_failure, interrupts, timeout: timeout.map(Duration::from_secs), ..way };
        worlds.0.run(&way);
        worlds.1.run(&way);
    }

    #[test]
    fn a_node_starts_after_its_needs_and_never_beside_a_bad_one(
        world in worlds(), way in ways(OnFailure::KeepGoing)
    ) {
        let history = world.run(&way);
        for (node, done) in &history.starts {
            for need in &world.nodes[*node].needs {
                prop_assert!(done.contains_key(&need.node));
            }
            let is_asked = world.nodes[*node].gate != Gate::Needs;
            prop_assert!(is_asked || world.bad_needs(*node, done).next().is_none());
        }
    }

    #[test]
    fn exactly_those_with_a_bad_hard_need_are_blocked_unless_they_are_asked(
        world in worlds(), way in ways(OnFailure::KeepGoing)
    ) {
        let world = world.timeless();
        let history = world.run(&way);
        for node in (0..world.nodes.len()).filter(|node| world.nodes[*node].gate == Gate::Needs) {
            let bad = world.bad_needs(node, &history.outcomes).min();
            let by = match history.outcomes[&node] {
                Outcome::Blocked { by } => Some(by),
                _ => None,
            };
            let says_so = bad.is_none() && matches!(world.verdicts[node][0], Verdict::Block { .. });
            prop_assert!(says_so || bad == by);
            prop_assert!(bad.is_none() || history.look_ups.iter().all(|(other, _)| *other != node));
        }
    }

    #[test]
    fn those_that_are_asked_are_asked_whatever_became_of_their_needs(
        world in worlds(), way in ways(OnFailure::KeepGoing)
    ) {
        let world = world.timeless();
        let history = world.run(&way);
        for node in (0..world.nodes.len()).filter(|node| world.nodes[*node].gate != Gate::Needs) {
            prop_assert_eq!(history.look_ups.iter().filter(|(other, _)| *other == node).count(), 1);
        }
    }

    #[test]
    fn what_is_always_looked_up_is_looked_up_after_failures_and_one_interrupt(
        world in worlds(), way in ways(OnFailure::FailFast), at in 0_usize..20
    ) {
        let history = world.run(&Way { interrupts: vec![at], ..way });
        for node in (0..world.nodes.len()).filter(|node| world.nodes[*node].gate == Gate::Always) {
            prop_assert_eq!(history.look_ups.iter().filter(|(other, _)| *other == node).count(), 1);
        }
    }

    #[test]
    fn keep_going_gives_the_same_outcomes_in_any_interleaving(
        worlds in (worlds(), wild_worlds()), way in ways(OnFailure::KeepGoing)
    ) {
        for world in [worlds.0.timeless(), worlds.1.timeless()] {
            let in_order = world.run(&Way::in_order(OnFailure::KeepGoing));
            prop_assert_eq!(in_order.outcomes, world.run(&way).outcomes);
        }
    }

    #[test]
    fn one_slot_runs_in_order(
        world in worlds(), fails_fast in any::<bool>(), interrupts in vec(0_usize..20, 0..3)
    ) {
        let on_failure = if fails_fast { OnFailure::FailFast } else { OnFailure::KeepGoing };
        let way = Way { interrupts, ..Way::in_order(on_failure) };
        let history = world.run(&way);
        prop_assert!(history.starts.iter().map(|(node, _)| *node).is_sorted());
        prop_assert!(history.look_ups.iter().map(|(node, _)| *node).is_sorted());
    }

    #[test]
    fn fail_fast_equals_running_in_order_up_to_the_first_failure(
        world in worlds(), way in ways(OnFailure::FailFast)
    ) {
        let world = world.timeless();
        let in_order = world.run(&Way::in_order(OnFailure::FailFast)).outcomes;
        let outcomes = world.run(&way).outcomes;
        let bad = world.first_failure(&in_order);
        prop_assert_eq!(bad, world.first_failure(&outcomes), "the same failure is the first one");
        for (node, outcome) in in_order.range(..=bad.unwrap_or(usize::MAX)) {
            prop_assert_eq!(outcome, &outcomes[node]);
        }
    }

    #[test]
    fn nothing_begins_behind_a_failure_but_what_is_always_looked_up_once_it_stands(
        world in worlds(), way in ways(OnFailure::FailFast)
    ) {
        let mut world = world.timeless();
        // What they hold may have to be let go of before a failure stands.
        world.policy.spans.iter_mut().for_each(|span| span.demands.clear());
        let history = world.run(&way);
        for (node, done) in history.starts.iter().chain(&history.look_ups) {
            let Some(failed) = world.first_failure(done).filter(|failed| failed < node) else { continue };
            let stands = (0..failed).all(|before| done.contains_key(&before));
            prop_assert!(stands && world.nodes[*node].gate == Gate::Always, "{node} begins behind {failed}");
        }
    }

    #[test]
    fn an_interrupt_at_any_time_begins_nothing_more_but_what_is_always_looked_up(
        world in worlds(), way in ways(OnFailure::KeepGoing), at in 0_usize..20
    ) {
        let world = world.timeless();
        let whole = world.run(&way);
        let cut = world.run(&Way { interrupts: vec![at], ..way });
        let is_ordinary = |node: &usize| world.nodes[*node].gate != Gate::Always;
        for (node, outcome) in cut.outcomes.iter().filter(|(node, _)| is_ordinary(node)) {
            match outcome {
                // Given up, or without the retry that would have helped.
                Outcome::Cancelled | Outcome::Failed | Outcome::TimedOut => {}
                Outcome::Blocked { by } if *outcome != whole.outcomes[node] => {
                    prop_assert!(!world.ends_well(*by, cut.outcomes[by]));
                }
                _ => prop_assert_eq!(*outcome, whole.outcomes[node]),
            }
        }
    }

    #[test]
    fn nothing_of_a_fallen_cohort_begins_but_for_the_member_that_failed(
        world in worlds(), way in ways(OnFailure::KeepGoing)
    ) {
        let history = world.run(&way);
        let has_failed = |node: usize| {
            let outcome = history.outcomes[&node];
            let is_end = matches!(outcome, Outcome::Failed | Outcome::TimedOut | Outcome::Attention);
            is_end && !world.ends_well(node, outcome)
        };
        for (node, done) in history.starts.iter().chain(&history.look_ups) {
            let it = &world.nodes[*node];
            let is_one = |other: usize| it.cohort.is_some() && world.nodes[other].cohort == it.cohort;
            let is_cause = |other: &&usize| done.contains_key(other) && is_one(**other) && has_failed(**other);
            let Some(first) = history.order.iter().find(is_cause) else { continue };
            let is_free = world.nodes[*first].member == it.member || it.gate == Gate::Always;
            prop_assert!(is_free, "{node} begins after {first} failed");
        }
    }

    #[test]
    fn going_on_from_what_has_ended_gives_what_the_whole_would(
        world in worlds(), way in ways(OnFailure::KeepGoing), known in 0_usize..14
    ) {
        let world = world.timeless();
        let whole = world.run(&way).outcomes;
        let known: Vec<Outcome> = whole.values().copied().take(known).collect();
        let resumed = world.run_on(&way, &known).outcomes;
        let rest: BTreeMap<_, _> = whole.into_iter().skip(known.len()).collect();
        prop_assert_eq!(resumed.into_iter().skip(known.len()).collect::<BTreeMap<_, _>>(), rest);
    }
}
