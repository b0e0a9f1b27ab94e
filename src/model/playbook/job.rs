//! Jobs, and stages: the same fields, but for how they are put in order.

use std::collections::BTreeMap;

use super::{
    Action, Concurrency, Dialect, Given, Job, Placed, Step, Use,
    action::reference,
    extensions,
    fields::{
        condition, count, flag, given_map, has_named_outputs, json_map, named_outputs, placed_list, truth,
        word,
    },
    ids::{Need, check_id, check_needs, name_stages},
    policy::defaults,
    step::{CONTINUE, VARIABLES, WITH, approval, some_steps, steps},
    strategy::{MATRIX, strategy},
};
use crate::{
    base::Span,
    diag::code,
    model::{
        decode::{Key, Names, Table, Value},
        settings,
    },
    text::document::NodeValue,
};

const PARALLEL: Key = Key::new("parallel", &["runParallel", "run_parallel"]);
const MAX_CONCURRENCY: Key =
    Key::new("maxConcurrency", &["max_concurrency", "max-concurrency", "maxParallel", "max-parallel"]);
const FAIL_FAST: Key = Key::new("failFast", &["fail_fast", "fail-fast"]);
/// Sequence expressions of a stage.
const SEQUENCES: Key = Key::new("sequences", &["sequence", "run", "numbers"]);

/// Reads `orchestration.jobs`.
pub(super) fn jobs(value: Value<'_>) -> Option<Vec<Job>> {
    let format = value.context().format();
    if !matches!(value.node().value, NodeValue::Table(_)) {
        let help = format!("write each job behind its id: {}", format.field("build", &format.record("...")));
        return value.wrong_type_but(format.table(), &help);
    }
    let mut needs = Vec::new();
    let mut ids = Vec::new();
    let jobs = value.map(Names::Ids("job"), |id, at, value| {
        ids.push(id);
        check_id(value.context(), "job", id, at);
        job(id, value, &mut needs)
    })?;
    if ids.is_empty() {
        let help = format!("add a job: its id with {} that has `steps`", format.table());
        return value.bad_value("has no job", &help);
    }
    let names = jobs.iter().filter_map(|(id, job)| job.name.as_deref().map(|name| (name, *id)));
    check_needs(value.context(), &ids, &names.collect::<Vec<_>>(), &needs);
    Some(jobs.into_iter().map(|(_, job)| job).collect())
}

fn job<'a>(id: &'a str, value: Value<'a>, all_needs: &mut Vec<Need<'a>>) -> Option<Job> {
    let mut table = value.table(format!("job `{id}`"))?;
    let mut job = Job { id: id.to_owned(), at: value.pointer(), ..Job::default() };
    job.name = table.optional("name", Value::text);
    let needs = table.optional(Key::new("needs", &["dependsOn", "depends_on"]), |value| {
        value.one_or_list(|need| {
            let wanted = need.nonempty_text()?;
            if let NodeValue::Text(wanted) = &need.node().value {
                all_needs.push(Need { job: id, wanted, value: need });
            }
            Some(need.placed(wanted))
        })
    });
    job.needs = needs.unwrap_or_default();
    common(&mut table, &mut job);
    check_fail_fast(&table, &job);
    if let Some(permissions) = table.optional("permissions", settings::permissions) {
        job.settings = settings::Settings::clone(&job.settings).layered_over(&permissions).into();
    }
    job.uses = used(&mut table);
    let found = if job.uses.is_some() || table.has_mistyped("steps") {
        table.optional("steps", |value| steps(value, Dialect::Jobs))
    } else {
        let meaning = "a list of what the job does, each with `run` or `script`";
        table.required("steps", meaning, |value| steps(value, Dialect::Jobs))
    };
    runs_on(&mut table);
    table.informative(&["category", "tags"]);
    job.extensions = table.optional("extensions", settings::variables).unwrap_or_default();
    table.finish();
    job.steps = if job.uses.is_some() { found.unwrap_or_default() } else { found? };
    Some(job)
}

/// Reads what jobs and stages have in common.
fn common(table: &mut Table<'_>, job: &mut Job) {
    job.description = table.optional(Key::new("description", &["desc"]), word);
    job.condition = condition(table);
    if has_named_outputs(table) {
        job.outputs = table.optional("outputs", named_outputs).unwrap_or_default();
    }
    job.settings = settings::decode(table).into();
    job.defaults = table.optional("defaults", defaults).unwrap_or_default();
    job.continue_on_error = table.optional(CONTINUE, flag);
    job.strategy =
        table.optional("strategy", strategy).or_else(|| table.optional(MATRIX, super::strategy::bare));
    job.parallel = table.optional(PARALLEL, flag);
    job.max_concurrency = table.optional(MAX_CONCURRENCY, count);
    job.fail_fast = table.optional(FAIL_FAST, flag);
    job.variables = json_map(table, VARIABLES);
    job.concurrency =
        table.optional("concurrency", |value| concurrency(value, true).map(|(concurrency, _)| concurrency));
    job.approval = table.later("approval", approval);
    job.services = table.later("services", settings::variables).unwrap_or_default();
    job.environment = environment(table, job);
}

/// Reads `environment`: the name of one, a table with its name, or environment variables of the steps.
fn environment(table: &mut Table<'_>, job: &mut Job) -> Option<String> {
    let node = table.peek("environment")?;
    let has_name = |name: &str| match &node.value {
        NodeValue::Table(entries) => entries.iter().any(|entry| entry.key.value.eq_ignore_ascii_case(name)),
        _ => true,
    };
    if has_name("name") {
        return table.later("environment", |value| {
            if !matches!(value.node().value, NodeValue::Table(_)) {
                return value.nonempty_text();
            }
            let mut table = value.table("`environment`")?;
            let name = table.required("name", "the environment's name", Value::nonempty_text);
            table.informative(&["url"]);
            table.finish();
            name
        });
    }
    let given = table.optional("environment", environment_variables).unwrap_or_default();
    for (name, value) in given {
        job.settings.env.entry(name).or_insert(value);
    }
    None
}

/// Reads environment variables: a table of them, or one that holds it as `variables`.
pub(super) fn environment_variables(value: Value<'_>) -> Option<BTreeMap<String, String>> {
    if let NodeValue::Table(entries) = &value.node().value
        && let [entry] = entries.as_slice()
        && entry.key.value.eq_ignore_ascii_case("variables")
    {
        let mut table = value.table("`environment`")?;
        return table.optional("variables", settings::environment);
    }
    settings::environment(value)
}

/// Reads which runs exclude each other, and how many jobs run at once.
pub(super) fn concurrency(value: Value<'_>, is_of_job: bool) -> Option<(Concurrency, Option<Given<u32>>)> {
    if !matches!(value.node().value, NodeValue::Table(_)) {
        let group = value.nonempty_text()?;
        return Some((Concurrency { group: Some(group), cancel_in_progress: None }, None));
    }
    let mut table = value.table("`concurrency`")?;
    let cancel = Key::new("cancelInProgress", &["cancel-in-progress", "cancel_in_progress"]);
    let concurrency = Concurrency {
        group: table.optional("group", Value::nonempty_text),
        cancel_in_progress: table.optional(cancel, |value| {
            let wanted = truth(value)?;
            if wanted && is_of_job {
                value.note_unused("jobs of one group wait for each other, and none is ended for another");
            }
            Some(wanted)
        }),
    };
    let most = table.optional(MAX_CONCURRENCY, count);
    table.finish();
    Some((concurrency, most))
}

/// Reads a playbook that the job runs in place of steps.
fn used(table: &mut Table<'_>) -> Option<Use> {
    let value = table.raw("uses")?;
    let name = value.placed_text()?;
    // A workflow of GitHub's is no playbook.
    if name.value.contains('@') {
        value.note_later();
    }
    Some(Use { name, with: given_map(table, WITH) })
}

/// A machine to run on means nothing here: az runs where it is.
fn runs_on(table: &mut Table<'_>) {
    if let Some(value) = table.raw(Key::new("runsOn", &["runs-on", "runs_on"])) {
        value.note_unused("az runs every job on this machine");
        value.leave_out();
    }
}

/// Reads stages: a list, or a table of them by id, in the order of the file.
pub(super) fn stages(value: Value<'_>) -> Option<Vec<Job>> {
    let mut places = Vec::new();
    let mut read = |value: Value<'_>, id: Option<&str>| {
        let stage = stage(value, places.len() + 1, id)?;
        places.push(value.span());
        Some(stage)
    };
    let is_named = matches!(value.node().value, NodeValue::Table(_));
    let mut stages: Vec<Job> = if is_named {
        let named = value.map(Names::Ids("stage"), |id, _, value| read(value, Some(id)))?;
        named.into_iter().map(|(_, stage)| stage).collect()
    } else {
        value.list(|value| read(value, None))?
    };
    if !is_named {
        name_stages(value.context(), &mut stages, &places);
    }
    if matches!(&value.node().value, NodeValue::List(items) if items.is_empty()) {
        return value.bad_value("is empty", "add a stage with `name` and `sequences`");
    }
    Some(stages)
}

fn stage(value: Value<'_>, index: usize, id: Option<&str>) -> Option<Job> {
    let mut table = value.table(id.map_or(format!("stage {index}"), |id| format!("stage `{id}`")))?;
    let mut stage = Job { id: id.unwrap_or_default().to_owned(), at: value.pointer(), ..Job::default() };
    let name = Key::new("name", &["stage"]);
    stage.name = match id {
        Some(_) => table.optional(name, word),
        None => table.required(name, "what the stage is called", word),
    };
    table.informative(&["type", "order", "tags", "category", "$schema", "comment", "estimatedDuration"]);
    common(&mut table, &mut stage);
    stage.needs =
        table.optional(Key::new("needs", &["dependsOn", "depends_on"]), placed_list).unwrap_or_default();
    move_matrix(&mut stage, table.look(VARIABLES));
    check_fail_fast(&table, &stage);
    let parameters = given_map(&mut table, WITH);
    let steps = stage_steps(&mut table, &stage);
    stage.extensions = table.finish_open(extensions::OF_A_STAGE);
    stage.steps = steps?;
    for step in &mut stage.steps {
        for (name, value) in &parameters {
            step.with.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Some(stage)
}

/// A stage's variable `MatrixDimensions` is its matrix, unless `EnableMatrix` beside it says no.
fn move_matrix(stage: &mut Job, variables: Option<Value<'_>>) {
    let Some(dimensions) = variables.and_then(|variables| variables.entry("MatrixDimensions")) else {
        return;
    };
    stage.variables.retain(|name, _| !name.eq_ignore_ascii_case("MatrixDimensions"));
    if stage.strategy.is_some() {
        dimensions.note_unused("the stage says its matrix with `strategy`");
        dimensions.leave_out();
        return;
    }
    let enabled = variables.and_then(|variables| variables.entry("EnableMatrix")).and_then(truth);
    if enabled == Some(false) {
        dimensions.note_unused("`EnableMatrix` beside it is false");
        dimensions.leave_out();
        return;
    }
    stage.strategy = super::strategy::bare(dimensions);
}

/// Warns of a `failFast` that would have to mean something else than what a failure means anyway.
fn check_fail_fast(table: &Table<'_>, job: &Job) {
    let (None, Some(Given::Fixed(stops)), Some(value)) =
        (&job.strategy, &job.fail_fast, table.look(FAIL_FAST))
    else {
        return;
    };
    match (stops, &job.continue_on_error) {
        (false, None | Some(Given::Fixed(false))) => value.warn(
            "says nothing where no matrix is: the first failure ends the run",
            "write `continueOnError` to go on after a failure, or start az with --continue-on-error",
        ),
        (true, Some(Given::Fixed(true))) => {
            value.warn("says nothing beside `continueOnError`: all of it runs", "remove one of the two");
        }
        _ => {}
    }
}

/// Reads what a stage does: sequences, definitions of scripts, texts, commands, steps, jobs.
fn stage_steps(table: &mut Table<'_>, stage: &Job) -> Option<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_broken = false;
    let mut add = |found: Option<Option<Vec<Step>>>| match found {
        Some(Some(found)) => steps.extend(found),
        Some(None) => is_broken = true,
        None => {}
    };
    add(table.optional(Key::new("preScript", &["pre_script"]), |value| Some(inline_steps(value, "pre"))));
    add(table.optional(SEQUENCES, |value| Some(sequence_steps(value))));
    add(table.optional("scripts", |value| Some(scripts(value))));
    add(table
        .optional(Key::new("script", &["inline", "customScript"]), |value| Some(inline_or_reference(value))));
    add(table.optional("command", |value| Some(inline_steps(value, "command"))));
    add(table.optional("steps", |value| Some(some_steps(value, Dialect::Definitions))));
    add(table.optional("jobs", |value| Some(jobs_of_stage(value))));
    add(table.optional("playbook", |value| {
        Some(value.placed_text().map(|name| {
            let name = Placed::new(format!("playbook:{}", name.value), name.at);
            vec![Step { at: stage.at.clone(), action: Action::Uses(name), ..Step::default() }]
        }))
    }));
    add(table.optional(Key::new("postScript", &["post_script"]), |value| Some(inline_steps(value, "post"))));
    if is_broken {
        return None;
    }
    if steps.is_empty() && !table.has_mistyped("sequences") && !table.has_mistyped("scripts") {
        let message = format!("{} has nothing to run", table.what());
        let fault = table.context().error(code::STEP_WITHOUT_ACTION, message).at(table.opening());
        let format = table.context().format();
        let sequences = format.field("sequences", &format.texts(&["0402"]));
        let mut fault = fault.help(format!("add `{sequences}`, or remove the stage"));
        // A stage that only tells something was no fault to the engines that read these files.
        fault.severity = crate::diag::Severity::Warning;
        table.context().report(fault);
    }
    for (index, step) in steps.iter_mut().enumerate() {
        if step.id.is_empty() || step.id.starts_with("step_") {
            step.id = format!("step_{}", index + 1);
        }
    }
    Some(steps)
}

/// Reads sequence expressions as one step, and definitions among them as steps of their own.
fn sequence_steps(value: Value<'_>) -> Option<Vec<Step>> {
    let has_definitions = match &value.node().value {
        NodeValue::List(items) => items.iter().any(|item| matches!(item.value, NodeValue::Table(_))),
        NodeValue::Table(_) => true,
        _ => false,
    };
    if has_definitions {
        return some_steps(value, Dialect::Definitions);
    }
    let items = placed_list(value)?;
    if items.is_empty() {
        return Some(Vec::new());
    }
    let items = items.into_iter().map(|item| Placed { value: reference(&item.value), at: item.at });
    Some(vec![Step { at: value.pointer(), action: Action::Run(items.collect()), ..Step::default() }])
}

/// Reads `scripts`: numbers, definitions, or a table with an inline text.
pub(super) fn scripts(value: Value<'_>) -> Option<Vec<Step>> {
    match &value.node().value {
        NodeValue::List(items) if items.iter().all(|item| !matches!(item.value, NodeValue::Table(_))) => {
            sequence_steps(value)
        }
        NodeValue::Text(_) => sequence_steps(value),
        _ => some_steps(value, Dialect::Scripts),
    }
}

/// Reads `script`: a text for a shell, or the name of a script.
fn inline_or_reference(value: Value<'_>) -> Option<Vec<Step>> {
    if let NodeValue::Text(text) = &value.node().value
        && text.trim().len() == 4
        && text.trim().bytes().all(|byte| byte.is_ascii_digit())
    {
        return sequence_steps(value);
    }
    inline_steps(value, "script")
}

/// Reads a text for PowerShell: as such, in a table, or several in a list.
fn inline_steps(value: Value<'_>, name: &str) -> Option<Vec<Step>> {
    let step = |text: Placed<String>| Step {
        name: Some(name.to_owned()),
        at: text.at.clone(),
        action: Action::Script { text, shell: None },
        ..Step::default()
    };
    match &value.node().value {
        NodeValue::Table(_) | NodeValue::List(_) => some_steps(value, Dialect::Texts),
        _ => value.placed_code().map(|text| vec![step(text)]),
    }
}

/// Reads the jobs of a stage of type `parallel-group`: each with a sequence and variables of its own, all at once.
fn jobs_of_stage(value: Value<'_>) -> Option<Vec<Step>> {
    let mut steps = some_steps(value, Dialect::Definitions)?;
    for step in &mut steps {
        step.parallel.get_or_insert(Given::Fixed(true));
    }
    Some(steps)
}

/// Reads the names of stages in an order, as `executionOrder` gives them.
pub(super) fn order(value: Value<'_>) -> Option<Vec<Placed<String>>> {
    placed_list(value)
}

/// Puts stages in the order that is written for them; names that no stage has are reported.
pub(super) fn in_order(
    context: &crate::model::decode::Context<'_>,
    stages: Vec<Job>,
    order: &[(Placed<String>, Span)],
) -> Vec<Job> {
    if order.is_empty() {
        return stages;
    }
    let is_named = |stage: &Job, name: &str| {
        stage.id.eq_ignore_ascii_case(name)
            || stage.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    let mut left: Vec<Option<Job>> = stages.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(left.len());
    for (name, at) in order {
        let found =
            left.iter_mut().find(|stage| stage.as_ref().is_some_and(|stage| is_named(stage, &name.value)));
        if let Some(stage) = found.and_then(Option::take) {
            ordered.push(stage);
        } else {
            let message = format!("no stage is called `{}`, or it stands in the order twice", name.value);
            let fault = context.error(code::UNKNOWN_NEED, message).at(*at);
            context.report(fault.help("write the name of a stage, once"));
        }
    }
    ordered.extend(left.into_iter().flatten());
    ordered
}
