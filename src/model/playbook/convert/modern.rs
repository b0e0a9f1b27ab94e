//! The same playbook made of jobs, as the newest format has it.
//!
//! | before | after |
//! |---|---|
//! | a sequence | one job `main` with one step that runs it |
//! | plain steps | one job `main` |
//! | stages | jobs, each of which needs the one before it |
//! | how many steps run at once | the same of each job |
//! | a field nobody reads | an extension of the step, job or playbook it stands in |

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{
    job::job as written,
    rows::{Fate, Row},
};
use crate::model::{
    decode::LeftOut,
    playbook::{Action, Body, Given, Job, Placed, Playbook, PlaybookFormat, Step, ids},
};

/// The id of the job that holds what has no job.
const MAIN: &str = "main";
/// What lets a job go on although one that it needs was skipped.
const GOES_ON: &str = "!failure() && !cancelled()";
/// Functions by which a condition says itself after which outcomes it holds.
const OUTCOMES: [&str; 4] = ["always(", "success(", "failure(", "cancelled("];

/// Returns the playbook made of jobs, and what is worth telling of the way there.
pub(super) fn modern(mut playbook: Playbook, left_out: Vec<LeftOut>) -> (Playbook, Vec<Row>) {
    let mut rows = keep(&mut playbook, left_out);
    playbook.format = PlaybookFormat::V3;
    let counts_steps = !matches!(playbook.body, Body::Jobs(_));
    playbook.body = Body::Jobs(match std::mem::take(&mut playbook.body) {
        Body::Jobs(jobs) => jobs,
        Body::Sequence(items) => vec![of_sequence(items)],
        Body::Steps(job) => vec![Job { id: MAIN.to_owned(), ..*job }],
        Body::Stages(stages) => of_stages(stages, &mut playbook.extensions, &mut rows),
    });
    if let Body::Jobs(jobs) = &mut playbook.body {
        jobs.iter_mut().for_each(|job| own_ids(&mut job.steps));
        // What bounded the steps of all stages, which follow each other, would bound jobs.
        let is_serial = playbook.options.parallel == Some(Given::Fixed(false));
        let most = playbook.options.max_concurrency.clone().filter(|_| !is_serial);
        let most = most.or(is_serial.then_some(Given::Fixed(1)));
        if let Some(most) = most.filter(|_| counts_steps) {
            jobs.iter_mut().for_each(|job| _ = job.max_concurrency.get_or_insert_with(|| most.clone()));
        }
    }
    own_ids(&mut playbook.before);
    own_ids(&mut playbook.after);
    (playbook, rows)
}

fn of_sequence(items: Vec<Placed<String>>) -> Job {
    let step = Step { id: "step_1".to_owned(), action: Action::Run(items), ..Step::default() };
    Job { id: MAIN.to_owned(), steps: vec![step], ..Job::default() }
}

/// Makes jobs of stages: what has nothing to run is kept as an extension.
fn of_stages(stages: Vec<Job>, extensions: &mut BTreeMap<String, Json>, rows: &mut Vec<Row>) -> Vec<Job> {
    let (stages, empty): (Vec<Job>, Vec<Job>) =
        stages.into_iter().partition(|stage| !stage.steps.is_empty() || stage.uses.is_some());
    let nothing: BTreeSet<String> = empty
        .iter()
        .flat_map(|stage| stage.name.iter().chain([&stage.id]))
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let is_empty_stage = |name: &str| nothing.contains(&name.to_ascii_lowercase());
    for stage in empty {
        let name = free_name(extensions, &format!("stage {}", stage.id));
        let note = "has nothing to run; kept as an extension";
        rows.push(Row::new(Fate::Mapped, &stage.at).to(format!("/extensions/{name}")).note(note));
        extensions.insert(name, written(&stage).value.to_json());
    }
    let mut taken = BTreeSet::new();
    let ids: Vec<String> = stages.iter().map(|stage| usable_id(&stage.id, &mut taken)).collect();
    let names: Vec<(String, Option<String>)> =
        stages.iter().map(|stage| (stage.id.clone(), stage.name.clone())).collect();
    let mut jobs: Vec<Job> = Vec::with_capacity(stages.len());
    let mut is_any_conditional = false;
    for (mut stage, id) in stages.into_iter().zip(&ids) {
        // A stage that has nothing to run is done before any other.
        stage.needs.retain(|need| !is_empty_stage(&need.value));
        for need in &mut stage.needs {
            let is_meant = |(id, name): &(String, Option<String>)| {
                id.eq_ignore_ascii_case(&need.value)
                    || name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&need.value))
            };
            if let Some(found) = names.iter().position(is_meant) {
                need.value.clone_from(&ids[found]);
            }
        }
        if let Some(before) = jobs.last()
            && stage.needs.iter().all(|need| need.value != before.id)
        {
            stage.needs.insert(0, Placed::new(before.id.clone(), stage.at.clone()));
        }
        let is_conditional = stage.condition.is_some();
        if is_any_conditional {
            let own = stage.condition.clone();
            let at = own.as_ref().map_or_else(|| stage.at.clone(), |own| own.at.clone());
            stage.condition = Some(goes_on(own.clone(), at.clone()));
            if stage.condition != own {
                let note = "goes on where a stage before it was skipped";
                rows.push(Row::new(Fate::Mapped, &at).to(format!("/orchestration/jobs/{id}/if")).note(note));
            }
        }
        is_any_conditional |= is_conditional;
        id.clone_into(&mut stage.id);
        jobs.push(stage);
    }
    jobs
}

/// Returns the condition of a stage that comes after one that may be skipped.
pub(super) fn goes_on(own: Option<Placed<String>>, at: String) -> Placed<String> {
    let Some(own) = own else { return Placed::new(GOES_ON.to_owned(), at) };
    let lower = own.value.to_ascii_lowercase();
    if OUTCOMES.iter().any(|function| lower.contains(function)) {
        return own;
    }
    let text = own.value.trim();
    let inner = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    let inner = inner.filter(|inner| !inner.contains("${{")).unwrap_or(text);
    Placed::new(format!("{GOES_ON} && ({})", inner.trim()), at)
}

/// Returns an id that a job may have and no other has.
fn usable_id(id: &str, taken: &mut BTreeSet<String>) -> String {
    let made = ids::made_of(id, "stage");
    let made = if ids::is_reserved(&made) { format!("stage-{made}") } else { made };
    let numbered = (2..).map(|count| format!("{made}-{count}"));
    let free = std::iter::once(made.clone()).chain(numbered).find(|id| taken.insert(id.to_ascii_lowercase()));
    free.unwrap_or(made)
}

/// Gives steps that were put together from several lists ids of their own.
fn own_ids(steps: &mut [Step]) {
    let mut taken = BTreeSet::new();
    for (index, step) in steps.iter_mut().enumerate() {
        if step.id.is_empty() {
            step.id = format!("step_{}", index + 1);
        }
        let numbered = (2..).map(|count| format!("{}-{count}", step.id));
        let free = std::iter::once(step.id.clone()).chain(numbered).find(|id| taken.insert(id.clone()));
        step.id = free.unwrap_or_default();
    }
}

/// Names of fields that only say which format a file has.
const SCHEMAS: [&str; 3] = ["$schema", "schema", "schemaVersion"];

/// Keeps what nobody reads as extensions of what it stands in.
fn keep(playbook: &mut Playbook, left_out: Vec<LeftOut>) -> Vec<Row> {
    left_out.into_iter().map(|field| keep_one(playbook, field)).collect()
}

fn keep_one(playbook: &mut Playbook, field: LeftOut) -> Row {
    let LeftOut { at, value } = field;
    let name = at.strip_prefix('/').unwrap_or(&at);
    if SCHEMAS.iter().any(|schema| schema.eq_ignore_ascii_case(name)) {
        return Row::new(Fate::LeftOut, at).note("says which format the old file has");
    }
    let note = "says nothing to az; kept as an extension";
    let extensions = place_of(playbook, &at);
    let (extensions, within) = extensions;
    let relative = at.get(within.len()..).unwrap_or_default().trim_start_matches('/');
    let name = free_name(extensions, &relative.replace("~1", "/").replace("~0", "~"));
    extensions.insert(name.clone(), value);
    Row::new(Fate::Mapped, &at).note(format!("{note} `{name}`"))
}

/// Returns the extensions of the innermost step, job or playbook that holds a place, and where that one stands.
fn place_of<'a>(playbook: &'a mut Playbook, at: &str) -> (&'a mut BTreeMap<String, Json>, String) {
    let Playbook { body, before, after, extensions, .. } = playbook;
    let jobs: &mut [Job] = match body {
        Body::Jobs(jobs) | Body::Stages(jobs) => jobs,
        Body::Steps(job) => std::slice::from_mut(&mut **job),
        Body::Sequence(_) => &mut [],
    };
    for job in jobs {
        if let Some(step) = innermost(&mut job.steps, at) {
            return (&mut step.extensions, step.at.clone());
        }
        if !job.at.is_empty() && holds(&job.at, at) {
            return (&mut job.extensions, job.at.clone());
        }
    }
    match innermost(before, at).or(innermost(after, at)) {
        Some(step) => (&mut step.extensions, step.at.clone()),
        None => (extensions, String::new()),
    }
}

fn holds(outer: &str, at: &str) -> bool {
    at.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn innermost<'a>(steps: &'a mut [Step], at: &str) -> Option<&'a mut Step> {
    let index = steps.iter().position(|step| !step.at.is_empty() && holds(&step.at, at));
    let index = index?;
    let inner = inner_of(&mut steps[index])
        .into_iter()
        .position(|inner| inner.iter().any(|step| !step.at.is_empty() && holds(&step.at, at)));
    match inner {
        Some(place) => innermost(inner_of(&mut steps[index]).into_iter().nth(place)?, at),
        None => steps.get_mut(index),
    }
}

fn inner_of(step: &mut Step) -> Vec<&mut [Step]> {
    let Step { action, then, .. } = step;
    let mut found: Vec<&mut [Step]> = match action {
        Action::Parallel(branches) => branches.iter_mut().map(|branch| branch.steps.as_mut_slice()).collect(),
        Action::Choose { then, otherwise, .. } => vec![then, otherwise],
        Action::Foreach { steps, .. } => vec![steps],
        _ => Vec::new(),
    };
    found.push(&mut then.on_success);
    found.push(&mut then.on_failure);
    found
}

fn free_name(taken: &BTreeMap<String, Json>, name: &str) -> String {
    let is_free = |name: &String| !taken.keys().any(|known| known.eq_ignore_ascii_case(name));
    let numbered = (2..).map(|count| format!("{name} {count}"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}
