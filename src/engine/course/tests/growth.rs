//! Twice the steps are decided with twice the work, whatever their shape: counted in scopes that are looked at.

use std::{fmt::Write, sync::Arc};

use super::world::{World, planned};
use crate::{
    engine::course::{Course, Open},
    execute::scheduler::{OnFailure, Outcome},
};

/// Returns a playbook of jobs, each given by its id, what it needs, and its steps; each step by its id and condition.
fn playbook(jobs: impl IntoIterator<Item = (String, Vec<String>, Vec<(String, String)>)>) -> String {
    let mut text = String::from("{\"metadata\":{\"name\":\"p\"},\"orchestration\":{\"jobs\":{");
    for (place, (id, needs, steps)) in jobs.into_iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        _ = write!(text, "{comma}\"{id}\":{{\"needs\":{needs:?},\"steps\":[");
        for (place, (id, condition)) in steps.into_iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let condition = if condition.is_empty() { condition } else { format!("\"if\":\"{condition}\",") };
            _ = write!(text, "{comma}{{{condition}\"id\":\"{id}\",\"script\":\"true\",\"shell\":\"sh\"}}");
        }
        text.push_str("]}");
    }
    text.push_str("}}}");
    text
}

/// Returns a list of as many steps; the condition is made of each place.
fn steps(count: usize, condition: impl Fn(usize) -> String) -> Vec<(String, String)> {
    (0..count).map(|place| (format!("s{place}"), condition(place))).collect()
}

/// Returns as many jobs of one step, each of which needs the one before.
fn chain(count: usize, condition: impl Fn(usize) -> String) -> String {
    let needs = |place: usize| place.checked_sub(1).map(|before| format!("j{before}")).into_iter().collect();
    playbook(
        (0..count).map(|place| (format!("j{place}"), needs(place), vec![("s".to_owned(), condition(place))])),
    )
}

fn one_job(count: usize, condition: impl Fn(usize) -> String) -> String {
    playbook([("j".to_owned(), Vec::new(), steps(count, condition))])
}

/// Returns the shapes by their names, each with as many steps.
fn shapes(count: usize) -> Vec<(&'static str, String)> {
    let never = |_: usize| "$IsWindows".to_owned();
    let fails = |_: usize| "failure()".to_owned();
    let asks = |place: usize| match place.checked_sub(1) {
        Some(before) => format!("steps.s{before}.outcome == 'success'"),
        None => String::new(),
    };
    let needs_all = |place: usize| (format!("b{place}"), vec!["a".to_owned()], steps(1, fails));
    let fan = (0..count / 2).map(needs_all);
    let fan = playbook(std::iter::once(("a".to_owned(), Vec::new(), steps(count / 2, never))).chain(fan));
    let wide = (0..count).map(|place| (format!("j{place}"), Vec::new(), steps(1, never)));
    vec![
        ("a chain", chain(count, never)),
        ("a chain that asks", chain(count, |place| if place == 0 { String::new() } else { fails(place) })),
        ("a list", one_job(count, never)),
        ("a list that asks how it goes", one_job(count, fails)),
        ("a list of which each asks the one before", one_job(count, asks)),
        ("jobs beside each other", playbook(wide)),
        ("jobs that need all of a long one", fan),
    ]
}

/// Returns how often a scope is looked at in a run of a playbook that goes well, in one in which steps fail, and when
/// only its plan is looked at.
fn looks(text: &str) -> [usize; 3] {
    let plan = planned(text).expect("nothing is wrong with it");
    let [well, badly] = [true, false].map(|always_succeeds| {
        let mut world = World::new(&plan, 0, 2, OnFailure::KeepGoing);
        world.always_succeeds = always_succeeds;
        let ran = world.run();
        assert_eq!(ran.outcomes.len(), plan.nodes.len());
        ran.looks
    });
    let mut course = Course::new(Arc::clone(&plan));
    let mut open = Open::new(&course);
    for node in 0..plan.nodes.len() {
        _ = open.before(&course, node);
        if node % 3 == 0 {
            course.ended(node, Outcome::Skipped);
        }
    }
    [well, badly, course.results.looks.get()]
}

#[test]
fn twice_the_steps_are_decided_with_twice_the_work() {
    for ((name, some), (_, twice)) in shapes(200).into_iter().zip(shapes(400)) {
        for (some, twice) in looks(&some).into_iter().zip(looks(&twice)) {
            assert!(twice * 10 <= some * 21 + 100, "{name}: {some} looks, and {twice} for twice the steps");
        }
    }
}
