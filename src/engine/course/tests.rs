//! Random playbooks, planned and driven under a clock that is only counted.
//!
//! What a step comes to is a function of its id, so that every order of events must come to the same. The rounds are set
//! by `AZ_COURSE_ROUNDS`.

mod growth;
mod kept;
mod maker;
mod naive;
mod world;

use std::{collections::BTreeMap, time::Duration};

use maker::Maker;
use world::{Ended, World, planned};

use crate::{
    diag::code,
    execute::scheduler::{OnFailure, Outcome},
};

fn rounds() -> u64 {
    std::env::var("AZ_COURSE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(400)
}

#[test]
fn every_playbook_ends_and_each_step_has_one_outcome() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut sound = 0;
    for seed in 0..rounds() {
        let text = Maker::new(seed).playbook();
        let Some(plan) = planned(&text) else { continue };
        sound += 1;
        for (slots, on_failure) in
            [(1, OnFailure::FailFast), (3, OnFailure::FailFast), (3, OnFailure::KeepGoing)]
        {
            let Ended { outcomes, .. } = World::new(&plan, seed, slots, on_failure).run();
            assert_eq!(outcomes.len(), plan.nodes.len(), "seed {seed}: {text}");
            for outcome in outcomes {
                *seen.entry(outcome.as_str()).or_default() += 1;
            }
        }
    }
    assert!(sound * 2 > rounds(), "only {sound} playbooks are sound");
    for wanted in ["ran", "skipped", "failed", "blocked", "cancelled"] {
        assert!(seen.contains_key(wanted), "no step was ever {wanted}: {seen:?}");
    }
}

#[test]
fn many_slots_come_to_what_one_comes_to() {
    for seed in 0..rounds() {
        let mut maker = Maker::new(seed);
        maker.is_fail_fast = false;
        let text = maker.playbook();
        let Some(plan) = planned(&text) else { continue };
        let one = World::new(&plan, seed, 1, OnFailure::KeepGoing).run();
        for slots in [2, 5] {
            let many = World::new(&plan, seed.wrapping_mul(31), slots, OnFailure::KeepGoing).run();
            let ids = || plan.nodes.iter().map(|node| node.id.as_str());
            let one: Vec<_> = ids().zip(&one.outcomes).collect();
            let many: Vec<_> = ids().zip(&many.outcomes).collect();
            assert_eq!(one, many, "seed {seed}: {text}");
        }
    }
}

#[test]
fn a_circle_is_told_and_never_run() {
    let text = r#"{"metadata":{"name":"p"},"orchestration":{"jobs":{
        "a":{"needs":"b","steps":[{"script":"true","shell":"sh"}]},
        "b":{"needs":"a","steps":[{"script":"true","shell":"sh"}]}}}}"#;
    assert_eq!(world::faults(text), [code::CYCLE]);
}

#[test]
fn an_interrupt_still_runs_what_cleans_up() {
    let text = r#"{"metadata":{"name":"p"},"orchestration":{"jobs":{"a":{"steps":[
        {"id":"ok","script":"true","shell":"sh"},
        {"id":"next","script":"true","shell":"sh"},
        {"id":"clean","if":"always()","script":"true","shell":"sh"},
        {"id":"gone","if":"cancelled()","script":"true","shell":"sh"}]}}}}"#;
    let plan = planned(text).unwrap();
    let mut world = World::new(&plan, 0, 2, OnFailure::FailFast);
    world.always_succeeds = true;
    world.interrupt_at = Some(Duration::from_millis(1));
    let Ended { outcomes, .. } = world.run();
    assert_eq!(outcomes, [Outcome::Cancelled, Outcome::Cancelled, Outcome::Ran, Outcome::Ran]);
}
