//! Steps of every format: one set of fields, with every spelling real files have for them.

use std::time::Duration;

use super::{
    Action, Approval, Dialect, Given, Step, StepOutcomes,
    action::action,
    extensions,
    fields::{condition, flag, given_map, has_named_outputs, json_map, named_outputs, truth, word},
    ids::{check_id, check_step_ids},
};
use crate::{
    base::Span,
    model::{
        decode::{Key, Placed, Table, Value},
        settings,
    },
    text::document::NodeValue,
};

pub(super) const WITH: Key = Key::new("with", &["parameters", "params", "arguments"]);
pub(super) const VARIABLES: Key = Key::new("variables", &["vars", "defaultVariables"]);
pub(super) const CONTINUE: Key =
    Key::new("continueOnError", &["continue-on-error", "continue_on_error", "allowFailure"]);
const PARALLEL: Key = Key::new("parallel", &["allowParallel", "allow_parallel"]);
const DESCRIPTION: Key = Key::new("description", &["desc"]);
const ON_SUCCESS: Key = Key::new("onSuccess", &["on_success", "on-success"]);
const ON_FAILURE: Key = Key::new("onFailure", &["on_failure", "on-failure"]);
const GROUP: Key = Key::new("group", &["parallelGroup", "parallel_group"]);
const LABEL: Key = Key::new("phase", &["stage", "category"]);

/// Reads a list of steps; an empty one is a fault.
pub(super) fn steps(value: Value<'_>, dialect: Dialect) -> Option<Vec<Step>> {
    let found = some_steps(value, dialect)?;
    let is_empty = match &value.node().value {
        NodeValue::List(items) => items.is_empty(),
        NodeValue::Null => true,
        _ => false,
    };
    if is_empty {
        return value.bad_value("is empty", "add a step with `run` or `script`");
    }
    Some(found)
}

/// Reads a list of steps that may be empty, or one step without its list.
pub(super) fn some_steps(value: Value<'_>, dialect: Dialect) -> Option<Vec<Step>> {
    let mut index = 0;
    let mut places: Vec<Option<Span>> = Vec::new();
    let mut read = |value: Value<'_>| {
        index += 1;
        let (step, id_at) = step(value, index, dialect)?;
        places.push(id_at);
        Some(step)
    };
    let steps = match &value.node().value {
        NodeValue::Table(_) => read(value).into_iter().collect(),
        NodeValue::Null => Vec::new(),
        NodeValue::List(_) => value.list(read)?,
        _ if dialect == Dialect::Jobs => {
            let format = value.context().format();
            let step = format.record(&format.field("run", &format.text("0402")));
            return value.wrong_type_but("a list", &format!("write {}", format.list(&[&step])));
        }
        _ => value.list(read)?,
    };
    check_step_ids(value, &steps, &places);
    Some(steps)
}

/// Reads the nth step, and where its id stands if it has one of its own.
fn step(value: Value<'_>, index: usize, dialect: Dialect) -> Option<(Step, Option<Span>)> {
    if !matches!(value.node().value, NodeValue::Table(_)) {
        return Some((plain_step(value, index, dialect)?, None));
    }
    let what = if index == 0 { "the step".to_owned() } else { format!("step {index}") };
    let mut table = value.table(what)?;
    let mut step = Step { at: value.pointer(), ..Step::default() };
    let mut id_at = None;
    if dialect.id_is_number() {
        // `{ id = "0402", path = "./automation-scripts/0402_x.ps1" }` names a script twice.
    } else if let Some(id) = table.optional("id", |value| Some((value.text_or_number()?, value.span()))) {
        check_id(value.context(), "step", &id.0, id.1);
        id_at = Some(id.1);
        step.id = id.0;
    }
    if step.id.is_empty() {
        step.id = format!("step_{index}");
    }
    step.name = table.optional("name", word);
    step.description = table.optional(DESCRIPTION, word);
    let action = action(&mut table, dialect, &mut step);
    step.condition = condition(&mut table);
    step.with = given_map(&mut table, WITH);
    step.variables = json_map(&mut table, VARIABLES);
    behaviour(&mut table, &mut step, dialect);
    outcomes(&mut table, &mut step, dialect);
    table.informative(&["tags", "category", "order", "estimatedDuration", "$schema", "comment"]);
    step.extensions = json_map(&mut table, "extensions".into());
    if dialect.is_open() {
        step.extensions.extend(table.finish_open(extensions::OF_A_STEP));
    } else {
        table.finish();
    }
    step.action = action?;
    Some((step, id_at))
}

/// A step that is only what it runs: `"0402"`.
fn plain_step(value: Value<'_>, index: usize, dialect: Dialect) -> Option<Step> {
    if dialect == Dialect::Jobs {
        let format = value.context().format();
        let step = format.record(&format.field("run", &format.text("0402")));
        return value.wrong_type_but(format.table(), &format!("write {step} for numbered scripts"));
    }
    let text = value.text_or_number()?;
    let at = value.pointer();
    let action = Action::Run(vec![Placed::new(super::action::reference(&text), at.clone())]);
    Some(Step { id: format!("step_{index}"), at, action, ..Step::default() })
}

/// The longest time a definition of a script may take, as the engine that read them had it.
const LONGEST: Duration = Duration::from_hours(2);

/// Reads how the step behaves, and what it hands on.
fn behaviour(table: &mut Table<'_>, step: &mut Step, dialect: Dialect) {
    if has_named_outputs(table) {
        step.outputs = table.optional("outputs", named_outputs).unwrap_or_default();
    }
    step.settings = settings::decode(table).into();
    if dialect.caps_timeouts() && step.settings.timeout.is_some_and(|limit| limit > LONGEST) {
        step.settings.timeout = Some(LONGEST);
        if let Some(value) = table.look(settings::TIMEOUT) {
            let problem = "is more than the 7200 seconds a definition may take";
            let help = "az ends it after 7200; write `7200` or less, or make the script a step of a job";
            value.warn(problem, help);
        }
    }
    step.continue_on_error = table.optional(CONTINUE, flag);
    let required = table.optional("required", truth);
    let optional = table.optional("optional", truth);
    let may_fail = optional.or(required.map(|required| !required));
    if step.continue_on_error.is_none() {
        step.continue_on_error = may_fail.map(Given::Fixed);
    }
    step.group = table.optional(GROUP, word);
    step.label = step.label.take().or(table.optional(LABEL, word));
    step.parallel = step.parallel.take().or_else(|| table.optional(PARALLEL, flag));
    step.approval = step.approval.take().or_else(|| table.later("approval", approval));
}

/// Notes of a field that az does not act on it yet.
pub(super) fn later(table: &Table<'_>, key: &Key) {
    if let Some(value) = table.look(*key) {
        value.note_later();
    }
}

/// Reads what follows the step.
fn outcomes(table: &mut Table<'_>, step: &mut Step, dialect: Dialect) {
    let inner = dialect.inside();
    let on_success = table.optional(ON_SUCCESS, |value| some_steps(value, inner)).unwrap_or_default();
    let on_failure = table.optional(ON_FAILURE, |value| some_steps(value, inner)).unwrap_or_default();
    let recovered = table.optional("recovered", truth).unwrap_or_default();
    step.then = StepOutcomes { on_success, on_failure, recovered };
}

/// Reads who must agree: `true`, a name, names, or a table.
pub(super) fn approval(value: Value<'_>) -> Option<Approval> {
    match &value.node().value {
        NodeValue::Bool(wanted) => wanted.then(Approval::default),
        NodeValue::Table(_) => {
            let mut table = value.table("`approval`")?;
            let approvers = Key::new("approvers", &["reviewers", "by", "from"]);
            let approval = Approval {
                approvers: table.optional(approvers, super::fields::texts).unwrap_or_default(),
                message: table.optional(Key::new("message", &["prompt"]), Value::text),
                timeout: table.optional("timeout", Value::duration),
            };
            table.finish();
            Some(approval)
        }
        _ => super::fields::texts(value).map(|approvers| Approval { approvers, ..Approval::default() }),
    }
}
