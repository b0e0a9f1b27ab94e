//! Format v3: `metadata` and `orchestration.jobs`.

use std::collections::{BTreeMap, HashSet};

use super::{Action, Body, Job, Playbook, PlaybookFormat, Step, read::file_stem};
use crate::{
    base::{Span, nearest},
    diag::code,
    model::{
        decode::{Context, Key, Names, Table, Value},
        settings,
    },
    text::document::NodeValue,
};

pub(super) fn decode(root: Value<'_>) -> Option<Playbook> {
    let mut table = root.table("the playbook")?;
    let metadata = table.optional("metadata", metadata).unwrap_or_default();
    let orchestration = table.optional("orchestration", orchestration);
    table.informative(&["$schema"]);
    table.unheeded(&["requirements", "notifications", "reporting"]);
    table.unsupported(&["validation", "on", "inputs"]);
    table.finish();
    let orchestration = orchestration?;
    Some(Playbook {
        name: metadata.name.unwrap_or_else(|| file_stem(root)),
        description: metadata.description,
        format: PlaybookFormat::V3,
        tags: metadata.tags,
        variables: orchestration.variables,
        env: orchestration.env,
        body: Body::Jobs(orchestration.jobs),
    })
}

#[derive(Default)]
struct Metadata {
    name: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
}

fn metadata(value: Value<'_>) -> Option<Metadata> {
    let mut table = value.table("`metadata`")?;
    let metadata = Metadata {
        name: table.optional("name", Value::nonempty_text),
        description: table.optional("description", Value::text),
        tags: table.optional("tags", |value| value.one_or_list(Value::text)).unwrap_or_default(),
    };
    table.informative(&["version", "category", "author", "estimatedDuration", "lastUpdated"]);
    // Written by the seeds' converter of GitHub workflows.
    table.informative(&["githubWorkflow", "convertedFrom", "convertedAt"]);
    table.finish();
    Some(metadata)
}

struct Orchestration {
    variables: BTreeMap<String, serde_json::Value>,
    env: BTreeMap<String, String>,
    jobs: Vec<Job>,
}

fn orchestration(value: Value<'_>) -> Option<Orchestration> {
    let mut table = value.table("`orchestration`")?;
    let default_variables = Key::new("defaultVariables", &["variables"]);
    let variables = table.optional(default_variables, settings::variables).unwrap_or_default();
    let env = table.optional("env", settings::environment).unwrap_or_default();
    let jobs = table.optional("jobs", jobs);
    table.unsupported(&["defaults", "concurrency", "stages", "profiles", "strategy"]);
    table.finish();
    Some(Orchestration { variables, env, jobs: jobs? })
}

fn jobs(value: Value<'_>) -> Option<Vec<Job>> {
    let mut needs = Vec::new();
    let mut ids = Vec::new();
    let jobs = value.map(Names::AnyCase, |id, at, value| {
        ids.push(id);
        check_id(value.context(), "job", id, at);
        job(id, value, &mut needs)
    })?;
    if ids.is_empty() {
        let help = format!("add a job: its id with {} that has `steps`", value.context().format().table());
        return value.bad_value("has no job", &help);
    }
    check_needs(value.context(), &ids, &needs);
    Some(jobs.into_iter().map(|(_, job)| job).collect())
}

/// A `needs` entry to check once all jobs are known.
struct Need<'a> {
    job: &'a str,
    wanted: &'a str,
    at: Span,
}

fn job<'a>(id: &'a str, value: Value<'a>, all_needs: &mut Vec<Need<'a>>) -> Option<Job> {
    let mut table = value.table(format!("job `{id}`"))?;
    let name = table.optional("name", Value::text);
    let needs = table.optional("needs", |value| {
        value.one_or_list(|need| {
            let wanted = need.nonempty_text()?;
            if let NodeValue::Text(wanted) = &need.node().value {
                all_needs.push(Need { job: id, wanted, at: need.span() });
            }
            Some(wanted)
        })
    });
    let mut settings = settings::decode(&mut table);
    if let Some(permissions) = table.optional("permissions", settings::permissions) {
        settings = settings.layered_over(&permissions);
    }
    let steps = if table.has("uses") {
        table.optional("steps", steps)
    } else {
        table.required("steps", "a list of what the job does, each with `run` or `script`", steps)
    };
    table.informative(&["description"]);
    table.unsupported_but("uses", "write `steps` instead of `uses`");
    table.unsupported(&[
        "if",
        "with",
        "strategy",
        "matrix",
        "continueOnError",
        "continue-on-error",
        "concurrency",
        "defaults",
        "parallel",
        "maxParallel",
        "max-parallel",
        "variables",
        "environment",
        "runsOn",
        "runs-on",
    ]);
    table.finish();
    Some(Job { id: id.to_owned(), name, needs: needs.unwrap_or_default(), settings, steps: steps? })
}

fn steps(value: Value<'_>) -> Option<Vec<Step>> {
    let mut index = 0;
    let mut places: Vec<Option<Span>> = Vec::new();
    let steps = value.list(|value| {
        index += 1;
        let (step, id_at) = step(value, index)?;
        places.push(id_at);
        Some(step)
    })?;
    if index == 0 {
        return value.bad_value("is empty", "add a step with `run` or `script`");
    }
    check_step_ids(value, &steps, &places);
    Some(steps)
}

fn check_step_ids(list: Value<'_>, steps: &[Step], places: &[Option<Span>]) {
    let mut first_of: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    for (step, place) in steps.iter().zip(places) {
        if let Some(first) = first_of.get(step.id.as_str()) {
            same_id(list.context(), &step.id, place.or(*first).unwrap_or(list.span()), *first);
        } else {
            first_of.insert(&step.id, *place);
        }
    }
}

fn step(value: Value<'_>, index: usize) -> Option<(Step, Option<Span>)> {
    let mut table = value.table(format!("step {index}"))?;
    let id = table.optional("id", |value| {
        let id = value.text()?;
        check_id(value.context(), "step", &id, value.span());
        Some((id, value.span()))
    });
    let name = table.optional("name", Value::text);
    let action = action(&mut table);
    let settings = settings::decode(&mut table);
    table.informative(&["description"]);
    let has_action = table.has("run") || table.has("script");
    let help = if has_action { "remove `uses`" } else { "write `run` or `script` instead of `uses`" };
    table.unsupported_but("uses", help);
    table.unsupported(&["if", "with", "continueOnError", "continue-on-error", "variables", "parameters"]);
    table.finish();
    let (id, id_at) = id.map_or_else(|| (format!("step_{index}"), None), |(id, at)| (id, Some(at)));
    Some((Step { id, name, action: action?, settings }, id_at))
}

fn action(table: &mut Table<'_>) -> Option<Action> {
    let run = table.raw("run");
    let script = table.raw("script");
    let shell = table.raw("shell");
    let context = table.context();
    match (run, script) {
        (Some(run), None) => {
            if let Some(shell) = shell {
                let fault = context.error(code::BAD_VALUE, "`shell` has no use beside `run`");
                let help = "remove `shell`; numbered scripts run by their own kind";
                context.report(fault.label(shell.span(), "only for `script`").help(help));
            }
            run.text_or_number().map(Action::Run)
        }
        (None, Some(script)) => {
            let shell = shell.map(Value::nonempty_text);
            let text = script.nonempty_text()?;
            Some(Action::Script { text, shell: shell.flatten() })
        }
        (Some(run), Some(script)) => {
            let fault = context
                .error(code::STEP_WITHOUT_ACTION, format!("{} has both `run` and `script`", table.what()));
            let fault = fault.label(context.opening(run.span()), "runs numbered scripts");
            let fault = fault.label(script.span(), "runs a text");
            context.report(fault.help("keep one of the two, and make the other a step of its own"));
            None
        }
        // A step that only `uses` something is told as not supported; it lacks nothing else.
        (None, None) => {
            if !table.has("uses") && !table.has_mistyped("run") && !table.has_mistyped("script") {
                let message = format!("{} has nothing to run", table.what());
                let fault = context.error(code::STEP_WITHOUT_ACTION, message).at(table.opening());
                let run = context.format().field("run", &context.format().text("0402"));
                let help = format!("add `{run}` for numbered scripts, or `script`: a text for a shell");
                context.report(fault.help(help));
            }
            None
        }
    }
}

fn check_id(context: &Context<'_>, what: &str, id: &str, at: Span) {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if id.starts_with(|first: char| first.is_ascii_alphabetic()) && id.chars().all(is_part) {
        return;
    }
    let cleaned: String = id.chars().map(|c| if is_part(c) { c } else { '-' }).collect();
    let cleaned = cleaned.trim_matches('-');
    let starts_well = cleaned.starts_with(|first: char| first.is_ascii_alphabetic());
    let proposal = if starts_well { cleaned.to_owned() } else { format!("{what}-{cleaned}") };
    let fault = context.error(code::BAD_NAME, format!("`{id}` cannot be the id of a {what}"));
    context.report(fault.at(at).help(format!("write `{}`", proposal.trim_end_matches('-'))));
}

fn check_needs(context: &Context<'_>, ids: &[&str], needs: &[Need<'_>]) {
    // Only asked, never walked, so that its order reaches nobody.
    let known: HashSet<&str> = ids.iter().copied().collect();
    for need in needs.iter().filter(|need| !known.contains(need.wanted)) {
        // Looking for the nearest of thousands of ids is only worth it for a fault that is told. A job cannot need
        // itself.
        let others = ids.iter().copied().filter(|id| *id != need.job);
        let near = if context.is_full() { None } else { nearest(need.wanted, others) };
        let (job, wanted) = (need.job, need.wanted);
        let message = format!("job `{job}` needs `{wanted}`, but the playbook has no such job");
        let fault = context.error(code::UNKNOWN_NEED, message).label(need.at, "no such job");
        context.report(fault.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("remove `{wanted}`, or add a job of this id"),
        }));
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
