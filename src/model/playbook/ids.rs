//! Ids of jobs and steps: which can be used, which stand twice, which are needed and not there.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Job, Step};
use crate::{
    base::{Span, nearest, nearest_alone},
    diag::{Severity, code},
    model::decode::{Context, Value},
};

/// Words that expressions have a meaning of their own for.
const RESERVED: [&str; 8] = ["always", "success", "failure", "cancelled", "true", "false", "null", "this"];

/// Tells whether expressions have a meaning of their own for a word.
pub(super) fn is_reserved(id: &str) -> bool {
    RESERVED.iter().any(|word| word.eq_ignore_ascii_case(id))
}

/// Reports an id that cannot be used.
pub(super) fn check_id(context: &Context<'_>, what: &str, id: &str, at: Span) {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if is_reserved(id) {
        let message =
            format!("`{id}` cannot be the id of a {what}: expressions have a meaning of their own for it");
        let fault = context.error(code::BAD_NAME, message);
        context.report(fault.at(at).help(format!("write another id, such as `{what}-{id}`")));
        return;
    }
    if id.starts_with(|first: char| first.is_ascii_alphabetic()) && id.chars().all(is_part) {
        return;
    }
    let fault = context.error(code::BAD_NAME, format!("`{id}` cannot be the id of a {what}"));
    context.report(fault.at(at).help(format!("write `{}`", made_of(id, what))));
}

/// Makes an id of a name: what cannot stand in one becomes `-`.
pub(super) fn made_of(name: &str, what: &str) -> String {
    let mut cleaned = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            cleaned.push(character);
        } else if !cleaned.ends_with('-') {
            cleaned.push('-');
        }
    }
    let cleaned = cleaned.trim_matches('-');
    if cleaned.is_empty() {
        return what.to_owned();
    }
    let starts_well = cleaned.starts_with(|first: char| first.is_ascii_alphabetic());
    if starts_well { cleaned.to_owned() } else { format!("{what}-{cleaned}") }
}

/// Reports two steps of one id.
pub(super) fn check_step_ids(list: Value<'_>, steps: &[Step], places: &[Option<Span>]) {
    let mut first_of: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    for (step, place) in steps.iter().zip(places) {
        if let Some(first) = first_of.get(step.id.as_str()) {
            same_id(list.context(), &step.id, place.or(*first).unwrap_or(list.span()), *first);
        } else {
            first_of.insert(&step.id, *place);
        }
    }
}

fn same_id(context: &Context<'_>, id: &str, at: Span, first: Option<Span>) {
    let mut fault = context
        .error(code::BAD_NAME, format!("two steps of one job have the id `{id}`"))
        .label(context.opening(at), "is used here again")
        .help("give one of the two another id");
    if let Some(first) = first.filter(|first| *first != at) {
        fault = fault.label(first, "is used here first");
    }
    context.report(fault);
}

/// A `needs` entry to check once all jobs are known.
pub(super) struct Need<'a> {
    pub(super) job: &'a str,
    pub(super) wanted: &'a str,
    pub(super) value: Value<'a>,
}

/// Reports jobs that are needed and not there.
///
/// `names` are the jobs' names, each with the id that was perhaps meant.
pub(super) fn check_needs(context: &Context<'_>, ids: &[&str], names: &[(&str, &str)], needs: &[Need<'_>]) {
    // Only asked, never walked, so that its order reaches nobody.
    let known: HashSet<&str> = ids.iter().copied().collect();
    for need in needs.iter().filter(|need| !known.contains(need.wanted)) {
        // Looking for the nearest of thousands of ids is only worth it for a fault that is told. A job cannot need
        // itself.
        let others = || ids.iter().copied().filter(|id| *id != need.job);
        let mut named = names.iter().filter(|(name, _)| name.eq_ignore_ascii_case(need.wanted));
        let named = named.next().filter(|_| named.next().is_none()).map(|(_, id)| *id);
        let near = if context.is_full() { None } else { nearest(need.wanted, others()) };
        let sure = named.or_else(|| near.and_then(|_| nearest_alone(need.wanted, others())));
        let (job, wanted) = (need.job, need.wanted);
        let message = format!("job `{job}` needs `{wanted}`, but the playbook has no such job");
        let fault = context.error(code::UNKNOWN_NEED, message).label(need.value.span(), "no such job");
        let fault = fault.edit_if(need.value.span(), sure.and_then(|sure| need.value.text_instead(sure)));
        context.report(fault.help(match (named, near) {
            (Some(id), _) => {
                format!("write `{id}`: `{wanted}` is the name of that job, and `needs` wants its id")
            }
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("remove `{wanted}`, or add a job of this id"),
        }));
    }
    circles(context, ids, needs);
}

/// Reports stages that are needed and not there, or run later; a stage is known by its name or id, in any case.
///
/// `list` is where the stages stand, in whatever order; `stages` are in the order they run in.
pub(super) fn check_needs_of_stages(list: Value<'_>, stages: &[Job]) {
    let (context, above) = (list.context(), list.pointer());
    let names = |stage: &Job| [stage.name.clone(), Some(stage.id.clone())].into_iter().flatten();
    let places: HashMap<String, usize> = stages
        .iter()
        .enumerate()
        .rev()
        .flat_map(|(at, stage)| names(stage).map(move |name| (name.to_ascii_lowercase(), at)))
        .collect();
    for (at, stage) in stages.iter().enumerate() {
        for need in &stage.needs {
            let (own, wanted) = (stage.name.as_ref().unwrap_or(&stage.id), &need.value);
            let (what, help) = match places.get(&wanted.to_ascii_lowercase()) {
                Some(place) if *place < at => continue,
                Some(place) if *place == at => ("is itself", format!("remove `{wanted}`")),
                Some(_) => ("runs after it", format!("put `{wanted}` before `{own}`, or remove the need")),
                None => {
                    let others: Vec<String> = stages[..at].iter().flat_map(names).collect();
                    let near =
                        nearest(wanted, others.iter().map(String::as_str)).filter(|_| !context.is_full());
                    let help = near.map(|near| format!("did you mean `{near}`?"));
                    (
                        "is no stage",
                        help.unwrap_or_else(|| format!("remove `{wanted}`, or add a stage of this name")),
                    )
                }
            };
            let fault =
                context.error(code::UNKNOWN_NEED, format!("stage `{own}` needs `{wanted}`, which {what}"));
            let place = list.node().at(need.at.strip_prefix(&above).unwrap_or_default());
            context.report(fault.label(context.opening(place), what).help(help));
        }
    }
}

/// Reports each circle among the jobs once, with all its edges.
///
/// Walks with a stack of its own: thousands of jobs may need each other in one line.
fn circles(context: &Context<'_>, ids: &[&str], needs: &[Need<'_>]) {
    let index: HashMap<&str, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut edges: Vec<Vec<(usize, Span)>> = vec![Vec::new(); ids.len()];
    for need in needs {
        if let (Some(from), Some(to)) = (index.get(need.job), index.get(need.wanted)) {
            edges[*from].push((*to, need.value.span()));
        }
    }
    let (mut is_done, mut is_on_way) = (vec![false; ids.len()], vec![false; ids.len()]);
    for start in 0..ids.len() {
        if is_done[start] {
            continue;
        }
        // The way from `start`: a job and how many of its edges were followed.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        is_on_way[start] = true;
        while let Some((job, followed)) = way.last_mut() {
            let job = *job;
            let Some((next, _)) = edges[job].get(*followed).copied() else {
                is_done[job] = true;
                is_on_way[job] = false;
                way.pop();
                continue;
            };
            *followed += 1;
            if is_on_way[next] {
                // Many jobs that all need each other have more circles than can be told.
                if context.is_full() {
                    return;
                }
                let from = way.iter().position(|(job, _)| *job == next).unwrap_or_default();
                let circle: Vec<(usize, Span)> =
                    way[from..].iter().map(|(job, followed)| (*job, edges[*job][followed - 1].1)).collect();
                circle_fault(context, ids, &circle);
            } else if !is_done[next] {
                is_on_way[next] = true;
                way.push((next, 0));
            }
        }
    }
}

/// Of a longer circle, these many jobs are named.
const MOST_IN_CIRCLE: usize = 12;

fn circle_fault(context: &Context<'_>, ids: &[&str], circle: &[(usize, Span)]) {
    let names: Vec<&str> = circle.iter().map(|(job, _)| ids[*job]).collect();
    let first = names.first().copied().unwrap_or_default();
    let message = match names.as_slice() {
        [one] => format!("job `{one}` needs itself"),
        names if names.len() <= MOST_IN_CIRCLE => {
            format!("jobs need each other in a circle: {} → {first}", names.join(" → "))
        }
        names => {
            let (told, more) = (names[..MOST_IN_CIRCLE].join(" → "), names.len() - MOST_IN_CIRCLE);
            format!("{} jobs need each other in a circle: {told} → … ({more} more) → {first}", names.len())
        }
    };
    let mut fault = context.error(code::CYCLE, message);
    for (place, (job, at)) in circle.iter().take(MOST_IN_CIRCLE).enumerate() {
        let next = names.get(place + 1).copied().unwrap_or(first);
        let text = if names.len() == 1 {
            "needs itself".to_owned()
        } else {
            format!("{}: {} waits for {next}", place + 1, ids[*job])
        };
        fault = fault.label(*at, text);
    }
    context.report(fault.help(way_out(&names)));
}

/// Says what becomes of a circle that is opened, where that can be read at a glance.
fn way_out(names: &[&str]) -> String {
    match names {
        [one] => format!("remove `{one}` from its own needs"),
        names if names.len() > MOST_IN_A_ROW => "remove one of these needs".to_owned(),
        names => {
            let order: Vec<&str> = names.iter().rev().copied().collect();
            format!("remove one of these needs; without {} the order is {}", names.len(), order.join(" → "))
        }
    }
}

/// Up to this many jobs of a circle are named in their order.
const MOST_IN_A_ROW: usize = 6;

/// Gives each stage an id of its own, made of its name, and warns of names that stand twice.
pub(super) fn name_stages(context: &Context<'_>, stages: &mut [Job], places: &[Span]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut taken: HashSet<String> = HashSet::new();
    let written = |at: usize, stage: &Job| {
        let name = stage.name.clone().unwrap_or_else(|| format!("stage {}", at + 1));
        (made_of(&name, "stage"), name)
    };
    // A name that somebody wrote is not given to another.
    let all: HashSet<String> =
        stages.iter().enumerate().map(|(at, stage)| written(at, stage).0.to_ascii_lowercase()).collect();
    for (at, stage) in stages.iter_mut().enumerate() {
        let (base, name) = written(at, stage);
        let mut id = base.clone();
        let mut count = 1;
        while (count > 1 && all.contains(&id.to_ascii_lowercase())) || !taken.insert(id.to_ascii_lowercase())
        {
            count += 1;
            id = format!("{base}-{count}");
        }
        if let Some(first) = seen.get(&name.to_ascii_lowercase()) {
            let mut fault = context.error(code::BAD_NAME, format!("two stages are called `{name}`"));
            fault.severity = Severity::Warning;
            let place = |at: usize| context.opening(places.get(at).copied().unwrap_or_default());
            fault = fault.label(place(at), format!("is called `{id}` here"));
            fault = fault.label(place(*first), "is called so first");
            context.report(fault.help("give one of the two another name"));
        } else {
            seen.insert(name.to_ascii_lowercase(), at);
        }
        stage.id = id;
    }
}
