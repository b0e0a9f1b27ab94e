//! What is kept of a course says what a walk over all of it says, at any time.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use super::{
    maker::Maker,
    naive, rounds,
    world::{bare, planned},
};
use crate::{
    engine::course::{Course, Open, Scene, Way},
    event::Reason,
    execute::scheduler::Outcome as Ending,
    plan::{Plan, Scope, ScopeKind},
    sys::Memory,
    text::{
        expression::{Status, status},
        handed::Handed,
    },
};

/// More rounds than this show nothing new, and take minutes.
const MOST: u64 = 2_000;

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn ending(&mut self) -> Ending {
        let all = [
            Ending::Ran,
            Ending::Cached,
            Ending::Ran,
            Ending::Skipped,
            Ending::Failed,
            Ending::Cancelled,
            Ending::Blocked { by: 0 },
            Ending::TimedOut,
        ];
        all[self.below(all.len())]
    }
}

/// Plans of at most as many scopes, with the seeds they come of: who walks over all, for each, pays for it.
fn plans(most: usize) -> impl Iterator<Item = (u64, String, Arc<Plan>)> {
    // A walk over all of a course takes longer than the course.
    (0..rounds().min(MOST)).filter_map(move |seed| {
        let text = Maker::new(seed).playbook();
        let plan = planned(&text).filter(|plan| plan.scopes.len() <= most)?;
        Some((seed, text, plan))
    })
}

fn is_same(course: &Course, scope: usize, context: &str) {
    assert_eq!(course.result(scope), naive::result(course, scope), "result of {scope}: {context}");
    assert_eq!(course.culprit(scope), naive::culprit(course, scope), "culprit of {scope}: {context}");
    assert_eq!(course.sum_before(scope), naive::sum(course, scope), "before {scope}: {context}");
    let told = course.needs(scope);
    for function in [Status::Always, Status::Success, Status::Failure, Status::Cancelled] {
        let walked = status(function, &naive::needs(course, scope), false);
        assert_eq!(status(function, &told, false), walked, "{function:?} in {scope}: {context}");
    }
}

#[test]
fn what_is_kept_is_what_a_walk_gives_whatever_changes() {
    for (seed, text, plan) in plans(60) {
        let mut course = Course::new(Arc::clone(&plan));
        let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1);
        let (nodes, scopes) = (plan.nodes.len(), plan.scopes.len());
        for _ in 0..3 * nodes {
            match dice.below(12) {
                0 => course.resume_at(dice.below(nodes)),
                1 => {
                    let way = match dice.below(3) {
                        0 => Way::Blocked { by: 0 },
                        1 => Way::Skips(Reason::new("condition", "x", "y")),
                        _ => Way::Runs(Arc::from([])),
                    };
                    let scope = dice.below(scopes);
                    let is_new = !course.ways.borrow().contains_key(&scope);
                    is_new.then(|| course.goes(scope, way));
                }
                _ => {
                    let node = dice.below(nodes);
                    course.ended(node, dice.ending());
                    assert_eq!(course.failed_beside(node), naive::failed_beside(&course, node), "{text}");
                }
            }
            for _ in 0..3 {
                is_same(&course, dice.below(scopes), &format!("seed {seed}: {text}"));
            }
        }
        (0..scopes).for_each(|scope| is_same(&course, scope, &format!("seed {seed}: {text}")));
        let grown = course.grown(Arc::clone(&plan));
        assert_eq!((grown.ends(), grown.ends.tally()), (course.ends(), course.ends.tally()));
    }
}

#[test]
fn what_a_step_waits_for_is_what_a_walk_finds() {
    let mut seen = 0;
    for (seed, text, plan) in plans(200) {
        let mut course = Course::new(Arc::clone(&plan));
        let mut open = Open::new(&course);
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for node in 0..plan.nodes.len() {
            let waits = naive::waits(&course, node);
            seen += usize::from(waits.is_more);
            assert_eq!(open.before(&course, node), waits, "seed {seed}, node {node}: {text}");
            if dice.below(3) == 0 {
                course.ended(node, dice.ending());
            }
        }
    }
    assert!(seen > 0 || rounds() < 400, "none ever waited for more than are named");
}

#[test]
fn what_stands_before_a_step_is_what_a_walk_finds() {
    let mut used = 0;
    for (seed, text, plan) in plans(80) {
        let mut course = Course::new(Arc::clone(&plan));
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut handed: BTreeMap<usize, Handed> = BTreeMap::new();
        let nodes = plan.nodes.len();
        for round in 0..nodes + plan.scopes.len() {
            // First all nodes in a row, then any of them between two questions.
            let node = if round < nodes { round } else { dice.below(nodes) };
            if dice.below(20) == 0 {
                course.resume_at(node);
                handed.split_off(&node);
            } else if dice.below(2) == 0 {
                let env = BTreeMap::from([(["A", "B"][dice.below(2)].to_owned(), round.to_string())]);
                let own = Handed { env, path: vec![round.to_string()], ..Handed::default() };
                course.hands_on(node, Some(Arc::new(own.clone())));
                handed.insert(node, own);
            } else {
                course.hands_on(node, None);
                handed.remove(&node);
            }
            let Some(scope) = round.checked_sub(nodes) else { continue };
            let context = format!("seed {seed}, scope {scope}: {text}");
            let earlier = naive::earlier_nodes(&course, scope);
            let theirs = || earlier.iter().filter_map(|node| handed.get(node));
            let env: BTreeMap<String, String> = theirs().flat_map(|handed| handed.env.clone()).collect();
            assert_eq!(course.env_handed_to(scope), env, "{context}");
            assert_eq!(course.variable_handed_to(scope, "A"), env.get("A").cloned(), "{context}");
            let path: Vec<String> = theirs().rev().flat_map(|handed| handed.path.clone()).collect();
            assert_eq!(course.path_handed_to(scope), path, "{context}");
            let steps = naive::earlier_steps(&course, scope);
            for name in ["s1", "S2", "s3"] {
                let id = |step: &usize| plan.scopes[*step].id.eq_ignore_ascii_case(name);
                let walked: Vec<usize> = steps.iter().rev().copied().filter(id).collect();
                assert_eq!(course.steps_called(name, scope).collect::<Vec<_>>(), walked, "{context}");
            }
        }
        let is_used = |scope: &Scope| scope.kind == ScopeKind::Playbook && scope.parent.is_some();
        used += usize::from(plan.scopes.iter().any(is_used));
    }
    assert!(used > 0 || rounds() < 400, "no playbook ever used another");
}

#[test]
fn one_of_all_steps_or_jobs_is_what_all_of_them_have() {
    let (env, system) = (crate::base::Env::default(), Memory::new());
    let momentary = AtomicBool::new(false);
    let grounds = bare(&env, &system, &momentary);
    let mut found = BTreeMap::from([("steps", 0), ("needs", 0), ("jobs", 0)]);
    for (seed, text, plan) in plans(60) {
        let mut course = Course::new(Arc::clone(&plan));
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for node in 0..plan.nodes.len() {
            let outputs = BTreeMap::from([("o".to_owned(), node.into())]);
            course.hands_on(node, Some(Arc::new(Handed { outputs, ..Handed::default() })));
            course.ended(node, dice.ending());
        }
        for scope in 0..plan.scopes.len() {
            let scene = Scene::new(&course, scope, &grounds);
            let known = [("steps", scene.steps()), ("needs", scene.jobs_needed()), ("jobs", scene.jobs())];
            for (whole, all) in &known {
                for name in ["s1", "s2", "s3", "j0", "j1", "j2", "J1", "j4"] {
                    let one = scene.one_of_run(whole, name);
                    let context = format!("{whole}.{name} in {scope}, seed {seed}: {text}");
                    assert!(one.is_none() || one.as_ref() == all.get(name), "{context}");
                    // Of jobs that are not needed at once the whole tells.
                    assert!(*whole == "jobs" || one.as_ref() == all.get(name), "{context}");
                    found.entry(*whole).and_modify(|found| *found += usize::from(one.is_some()));
                }
            }
        }
    }
    assert!(found.values().all(|found| *found > 0) || rounds() < 400, "never asked: {found:?}");
}
