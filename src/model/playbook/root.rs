//! The whole file: what every format says at its root, in `metadata` and in `orchestration`, and the body of each.

use super::{
    Body, Dialect, Given, Options, Placed, Playbook, PlaybookFormat, Step,
    about::{
        self, AFTER, BEFORE, checks, integrations, moments, notifications, plain, reporting, requirements,
        secrets, triggers, validation,
    },
    action::reference,
    extensions,
    fields::{flag, placed_list, texts, truth},
    ids::check_needs_of_stages,
    job::{concurrency, environment_variables, in_order, jobs, order, scripts, stages},
    placeholders,
    policy::{defaults, options, parameters, profiles, success},
    read::file_stem,
    step::{VARIABLES, some_steps, steps},
};
use crate::{
    diag::code,
    model::{
        decode::{Key, Table, Value},
        settings,
    },
    text::document::NodeValue,
};

const ENV: Key = Key::new("env", &["environment"]);
const CREATED: Key = Key::new("created", &["createdAt", "created_at"]);
const UPDATED: Key = Key::new("lastUpdated", &["updated", "lastModified", "last_updated", "modified"]);
const DURATION: Key = Key::new("estimatedDuration", &["estimated_duration", "expectedDuration"]);
const PRE_ACTIONS: Key = Key::new("preActions", &["pre_actions"]);
const POST_ACTIONS: Key = Key::new("postActions", &["post_actions"]);

/// Reads a playbook of a known format.
pub(super) fn decode(root: Value<'_>, format: PlaybookFormat) -> Option<Playbook> {
    let mut playbook = Playbook { format, ..Playbook::default() };
    let mut table = root.table("the playbook")?;
    about_itself(&mut table, &mut playbook);
    let has_metadata = matches!(table.peek("metadata").map(|node| &node.value), Some(NodeValue::Table(_)));
    if has_metadata {
        table.optional("metadata", |value| metadata(value, &mut playbook));
    }
    shared(&mut table, &mut playbook);
    old_roots(&mut table, &mut playbook);
    let body = match format {
        PlaybookFormat::V2 | PlaybookFormat::V3 => {
            table.optional("orchestration", |value| orchestration(value, &mut playbook))
        }
        _ => body(&mut table, format),
    };
    around(&mut table, &mut playbook);
    table.informative(&["$schema", "schema", "schemaVersion"]);
    if is_closed(format) {
        playbook.extensions.extend(table.optional("extensions", settings::variables).unwrap_or_default());
        table.finish();
    } else {
        playbook.extensions.extend(table.finish_open(extensions::OF_A_PLAYBOOK));
    }
    if playbook.name.is_empty() {
        playbook.name = file_stem(root);
    }
    playbook.body = body?;
    placeholders::check(root, &playbook);
    Some(playbook)
}

/// Tells whether the format has a schema that allows no other fields.
fn is_closed(format: PlaybookFormat) -> bool {
    matches!(format, PlaybookFormat::V3)
}

/// Reads what tells people about the playbook, at the root or in `metadata`; what was said first holds.
fn about_itself(table: &mut Table<'_>, playbook: &mut Playbook) {
    let name = table.optional("name", Value::nonempty_text);
    if playbook.name.is_empty() {
        playbook.name = name.unwrap_or_default();
    }
    let description = table.optional(Key::new("description", &["desc"]), plain);
    playbook.description = playbook.description.take().or(description);
    playbook.tags.extend(table.optional("tags", texts).unwrap_or_default());
    let mut word = |key: Key, found: &mut Option<String>| {
        let text = table.optional(key, plain);
        *found = found.take().or(text);
    };
    let about = &mut playbook.about;
    word("version".into(), &mut about.version);
    word("category".into(), &mut about.category);
    word("author".into(), &mut about.author);
    word(DURATION, &mut about.estimated_duration);
    word(CREATED, &mut about.created);
    word(UPDATED, &mut about.updated);
}

fn metadata(value: Value<'_>, playbook: &mut Playbook) -> Option<()> {
    let mut table = value.table("`metadata`")?;
    about_itself(&mut table, playbook);
    let kept = if is_closed(playbook.format) {
        // Written by the seeds' converter of GitHub workflows.
        table.informative(&["githubWorkflow", "convertedFrom", "convertedAt"]);
        table.finish();
        return Some(());
    } else {
        table.finish_open(extensions::OF_METADATA)
    };
    playbook.extensions.extend(kept);
    Some(())
}

/// Reads what may stand at the root or in `orchestration`.
fn shared(table: &mut Table<'_>, playbook: &mut Playbook) {
    let variables = table.optional(VARIABLES, settings::variables).unwrap_or_default();
    playbook.variables.extend(variables);
    if let Some(NodeValue::Table(_)) = table.peek(ENV).map(|node| &node.value) {
        playbook.env.extend(table.optional(ENV, environment_variables).unwrap_or_default());
    }
    playbook.parameters.extend(
        table.optional(Key::new("parameters", &["inputs", "params"]), parameters).unwrap_or_default(),
    );
    playbook.secrets.extend(table.optional("secrets", secrets).unwrap_or_default());
    if let Some(found) = table.optional("defaults", defaults) {
        playbook.defaults = found;
    }
    if let Some((found, most)) = table.optional("concurrency", |value| concurrency(value, false)) {
        if found.group.is_some()
            && let Some(value) = table.look("concurrency")
        {
            // Runs of one group do not exclude each other yet.
            value.note_later();
        }
        playbook.options.max_concurrency = most;
        playbook.concurrency = Some(found);
    }
    options(table, &mut playbook.options);
    if let Some(value) = table.raw(Key::new("failFast", &["fail_fast", "fail-fast"])) {
        let stop = truth(value);
        playbook.options.continue_on_error =
            playbook.options.continue_on_error.take().or(stop.map(|stop| Given::Fixed(!stop)));
    }
    for name in ["options", "configuration", "settings", "execution", "errorHandling", "parallelization"] {
        if matches!(table.peek(name).map(|node| &node.value), Some(NodeValue::Table(_))) {
            table.optional(name, |value| option_table(value, playbook));
        }
    }
    playbook.profiles.extend(table.optional("profiles", profiles).unwrap_or_default());
    let profile = profile_name(table, &mut playbook.options);
    playbook.profile = playbook.profile.take().or(profile);
}

/// The profile that holds if none is asked for; old files have a table there.
fn profile_name(table: &mut Table<'_>, found: &mut Options) -> Option<String> {
    let key = Key::new("profile", &["defaultProfile", "default_profile"]);
    match table.peek(key).map(|node| &node.value) {
        Some(NodeValue::Table(_)) => table.optional(key, |value| {
            let mut table = value.table("`profile`")?;
            let name = table.optional("name", plain);
            options(&mut table, found);
            table.finish_unread(extensions::OF_OPTIONS);
            name
        }),
        _ => table.optional(key, plain),
    }
}

/// Reads a table of options, under any of its names.
fn option_table(value: Value<'_>, playbook: &mut Playbook) -> Option<()> {
    let mut table = value.table(format!("`{}`", value.field()))?;
    options(&mut table, &mut playbook.options);
    if table.has("enabled") && value.field().eq_ignore_ascii_case("parallelization") {
        let enabled = table.optional("enabled", flag);
        playbook.options.parallel = playbook.options.parallel.take().or(enabled);
    }
    let timeout = Key::new("timeout", &["scriptTimeout", "timeoutSeconds"]);
    let timeout = table.optional(timeout, settings::timeout).flatten();
    playbook.defaults.timeout = playbook.defaults.timeout.or(timeout);
    if let Some(summary) = table.optional(Key::new("generateSummary", &["summary"]), truth) {
        playbook.reporting.get_or_insert_default().summary = Some(summary);
    }
    let retries = Key::new("retries", &["retryCount", "maxRetries"]);
    let retries = table.optional(retries, |value| value.whole_number(0..=settings::MAX_RETRIES));
    playbook.defaults.retries = playbook.defaults.retries.or(retries);
    playbook.profiles.extend(table.optional("profiles", profiles).unwrap_or_default());
    table.finish_unread(extensions::OF_OPTIONS);
    Some(())
}

/// Reads what only old formats have at their root.
fn old_roots(table: &mut Table<'_>, playbook: &mut Playbook) {
    let requirements_key = Key::new("requirements", &["prerequisites"]);
    if let Some(value) = table.raw(requirements_key) {
        requirements(value, &mut playbook.requirements);
    }
    if let Some(value) = table.raw("requiredModules") {
        about::modules(value, &mut playbook.requirements);
    }
    let timeout = table.optional(settings::TIMEOUT, settings::timeout).flatten();
    playbook.defaults.timeout = playbook.defaults.timeout.or(timeout);
    playbook.options.success = table.optional("successCriteria", success).unwrap_or_default();
}

/// Reads what is done around the body: checks, notifications, reports, triggers, actions after it.
fn around(table: &mut Table<'_>, playbook: &mut Playbook) {
    let is_table = |table: &mut Table<'_>, name: &'static str| {
        matches!(table.peek(name).map(|node| &node.value), Some(NodeValue::Table(_) | NodeValue::List(_)))
    };
    if is_table(table, "validation") {
        playbook.validation = table.optional("validation", validation).unwrap_or_default();
    }
    playbook.validation.before.extend(table.optional(BEFORE, checks).unwrap_or_default());
    playbook.validation.after.extend(table.optional(AFTER, checks).unwrap_or_default());
    if is_table(table, "notifications") {
        playbook.notifications = table.optional("notifications", notifications).unwrap_or_default();
    }
    playbook.notifications.extend(moments(table));
    if is_table(table, "reporting") {
        let summary = playbook.reporting.take().and_then(|reporting| reporting.summary);
        playbook.reporting = table.optional("reporting", reporting);
        if let Some(reporting) = &mut playbook.reporting {
            reporting.summary = reporting.summary.or(summary);
        }
    }
    playbook.triggers = table.optional(Key::new("triggers", &["on"]), triggers).unwrap_or_default();
    playbook.integrations = table.optional("integrations", integrations).unwrap_or_default();
    if let Some(NodeValue::Table(_)) = table.peek(POST_ACTIONS).map(|node| &node.value) {
        let kept = table.unused(POST_ACTIONS, |value| Some((value.field().to_owned(), value.json())));
        playbook.extensions.extend(kept);
    }
    playbook.before =
        table.optional(PRE_ACTIONS, |value| some_steps(value, Dialect::Texts)).unwrap_or_default();
    playbook.after =
        table.optional(POST_ACTIONS, |value| some_steps(value, Dialect::Texts)).unwrap_or_default();
}

fn orchestration(value: Value<'_>, playbook: &mut Playbook) -> Option<Body> {
    let mut table = value.table("`orchestration`")?;
    shared(&mut table, playbook);
    let body = match playbook.format {
        PlaybookFormat::V3 => {
            beside_jobs(&mut table);
            table.optional("jobs", jobs).map(Body::Jobs)
        }
        _ => staged(&mut table, "stages".into()),
    };
    if is_closed(playbook.format) {
        table.finish();
    } else {
        playbook.extensions.extend(table.finish_open(extensions::OF_ORCHESTRATION));
    }
    body
}

/// A playbook has jobs or stages; of two bodies one would be lost.
fn beside_jobs(table: &mut Table<'_>) {
    let jobs = table.look("jobs").map(Value::span);
    if let Some((name, at)) = table.take("stages") {
        let context = table.context();
        let mut fault =
            context.error(code::TWO_BODIES, format!("a playbook has `jobs` or `{name}`, not both"));
        fault = fault.label(at, "would be lost");
        if let Some(jobs) = jobs {
            fault = fault.label(context.opening(jobs), "these are run");
        }
        context.report(
            fault.help("write the stages as jobs, each with `needs`, or make them a playbook of their own"),
        );
    }
}

fn body(table: &mut Table<'_>, format: PlaybookFormat) -> Option<Body> {
    match format {
        PlaybookFormat::V0 => {
            table.optional("steps", |value| steps(value, Dialect::Language)).map(Body::of_steps)
        }
        PlaybookFormat::V1Sequence => table.optional("sequence", sequence),
        PlaybookFormat::V1Stages => {
            if let Some(value) = table.raw("sequence") {
                value.note_unused("the stages are run");
                value.leave_out();
            }
            staged(table, "stages".into())
        }
        PlaybookFormat::Sequences => staged(table, "sequences".into()),
        PlaybookFormat::Scripts => table.optional("scripts", listed_scripts).map(Body::of_steps),
        PlaybookFormat::Workflow => table.optional("workflow", |value| {
            let mut table = value.table("`workflow`")?;
            let found = table
                .required("steps", "a list of what is done", |value| some_steps(value, Dialect::Definitions));
            table.finish();
            found.map(Body::of_steps)
        }),
        PlaybookFormat::V2 | PlaybookFormat::V3 => None,
    }
}

/// Reads stages, in the order that is written for them.
fn staged(table: &mut Table<'_>, key: Key) -> Option<Body> {
    let (list, stages) = table.optional(key, |value| Some((value, stages(value)))).unzip();
    let names = Key::new("executionOrder", &["execution_order", "stageOrder"]);
    let places: Vec<_> = table
        .raw(names)
        .and_then(|value| {
            let items = order(value)?;
            let spans = match &value.node().value {
                NodeValue::List(nodes) => nodes.iter().map(|node| node.span).collect(),
                _ => vec![value.span()],
            };
            Some(items.into_iter().zip(spans).collect())
        })
        .unwrap_or_default();
    let ordered = in_order(table.context(), stages??, &places);
    check_needs_of_stages(list?, &ordered);
    Some(Body::Stages(ordered))
}

/// Reads what runs; an empty list is no playbook that happens to do nothing, but one that is not finished.
fn sequence(value: Value<'_>) -> Option<Body> {
    match &value.node().value {
        NodeValue::List(items) if items.is_empty() => value.bad_value("is empty", &what_to_write(value)),
        NodeValue::Bool(_) | NodeValue::Null => {
            value.wrong_type_but("a list of selections", &what_to_write(value))
        }
        NodeValue::List(items) if items.iter().any(|item| matches!(item.value, NodeValue::Table(_))) => {
            some_steps(value, Dialect::Definitions).map(Body::of_steps)
        }
        NodeValue::Table(_) => some_steps(value, Dialect::Definitions).map(Body::of_steps),
        _ => {
            let items = placed_list(value)?;
            let items = items.into_iter().map(|item| Placed { value: reference(&item.value), at: item.at });
            Some(Body::Sequence(items.collect()))
        }
    }
}

/// What to write where nothing that runs is written.
fn what_to_write(value: Value<'_>) -> String {
    let format = value.context().format();
    let (some, all) = (format.texts(&["0402", "0440-0449"]), format.texts(&["*"]));
    format!("write the scripts' numbers, such as {some}, or {all} for all")
}

/// Reads `scripts` of a whole playbook: each runs once the one before it is done.
fn listed_scripts(value: Value<'_>) -> Option<Vec<Step>> {
    if matches!(&value.node().value, NodeValue::List(items) if items.is_empty()) {
        return value.bad_value("is empty", &what_to_write(value));
    }
    match &value.node().value {
        NodeValue::List(_) => some_steps(value, Dialect::Scripts),
        _ => scripts(value),
    }
}
