//! Steps and what they run.

use super::{
    about::approval,
    fields::{Fields, from},
    policy::settings,
};
use crate::{
    model::playbook::{Action, Branch, Items, Output, Placed, Step, StepOutcomes},
    text::document::write::{Draft, Item},
};

/// Returns steps as a list.
pub(super) fn steps(steps: &[Step]) -> Draft {
    Draft::List(steps.iter().enumerate().map(|(index, one)| step(one, index)).collect())
}

fn step(step: &Step, index: usize) -> Item {
    let Step {
        id,
        name,
        description,
        at,
        label,
        action,
        condition,
        with,
        variables,
        settings: own,
        continue_on_error,
        parallel,
        group,
        outputs,
        approval: consent,
        then,
        extensions,
    } = step;
    let mut fields = Fields::default();
    if *id != format!("step_{}", index + 1) {
        fields.text("id", Some(id));
    }
    fields.text("name", name.as_deref());
    fields.text("description", description.as_deref());
    fields.text("phase", label.as_deref());
    let is_choice = matches!(action, Action::Choose { .. });
    // The condition that decides between two ways has the name already.
    fields.placed(if is_choice { "additionalCondition" } else { "if" }, condition.as_ref());
    let inside = what_runs(action, &mut fields);
    if let Some(consent) = consent {
        fields.put("approval", approval(consent));
    }
    fields.given_flag("continueOnError", continue_on_error.as_ref());
    fields.given_flag("parallel", parallel.as_ref());
    fields.text("group", group.as_deref());
    settings(own, &mut fields);
    fields.values("with", with);
    fields.values("variables", variables);
    named_outputs(outputs, &mut fields);
    fields.values("extensions", extensions);
    fields.extend(inside);
    outcomes(then, &mut fields);
    from(fields.into_draft(), at)
}

/// Adds what the step runs; the steps inside it are returned, since they stand best at its end.
fn what_runs(action: &Action, fields: &mut Fields) -> Fields {
    let mut inside = Fields::default();
    match action {
        Action::Run(items) => match items.as_slice() {
            [one] => fields.placed("run", Some(one)),
            several => fields.put("run", super::fields::placed_list(several)),
        },
        Action::Script { text, shell } => {
            fields.placed("shell", shell.as_ref());
            fields.placed("script", Some(text));
        }
        Action::Command(text) => fields.placed("command", Some(text)),
        Action::Uses(name) => fields.placed("uses", Some(name)),
        Action::Module { module, function } => {
            fields.text("type", Some("module"));
            fields.placed("module", module.as_ref());
            fields.placed("function", Some(function));
        }
        Action::Parallel(branches) => {
            inside.put("branches", Draft::List(branches.iter().map(branch).collect()));
        }
        Action::Choose { condition, then, otherwise } => {
            fields.placed("if", Some(condition));
            inside.put("then", steps(then));
            if !otherwise.is_empty() {
                inside.put("else", steps(otherwise));
            }
        }
        Action::Foreach { items, variable, steps: each } => {
            match items {
                Items::List(values) => fields.put("items", Draft::list(values.iter().map(Draft::of_json))),
                Items::Expression(text) => fields.placed("items", Some(text)),
            }
            fields.text("as", Some(variable).filter(|name| *name != "item").map(String::as_str));
            inside.put("steps", steps(each));
        }
        Action::Show(message) => fields.text("message", Some(message)),
        Action::Approve => fields.text("type", Some("approval")),
    }
    inside
}

fn branch(branch: &Branch) -> Item {
    let Branch { name, steps: inner } = branch;
    let mut fields = Fields::default();
    fields.text("name", name.as_deref());
    fields.put("steps", steps(inner));
    fields.into_draft().into()
}

fn outcomes(outcomes: &StepOutcomes, fields: &mut Fields) {
    let StepOutcomes { on_success, on_failure, recovered } = outcomes;
    fields.flag("recovered", recovered.then_some(true));
    for (name, inner) in [("onSuccess", on_success), ("onFailure", on_failure)] {
        if !inner.is_empty() {
            fields.put(name, steps(inner));
        }
    }
}

/// Adds values that are handed on: by name, or in a list if one name stands twice.
pub(super) fn named_outputs(outputs: &[Output], fields: &mut Fields) {
    let value = |value: &Placed<String>| from(Draft::text(&value.value), &value.at);
    let is_twice =
        |index: usize, name: &str| outputs[..index].iter().any(|other| other.name.eq_ignore_ascii_case(name));
    let mut found = Fields::default();
    if outputs.iter().enumerate().any(|(index, output)| is_twice(index, &output.name)) {
        let listed = outputs.iter().map(|Output { name, value: given }| {
            let mut fields = Fields::default();
            fields.text("name", Some(name));
            fields.put("value", value(given));
            fields.into_draft()
        });
        fields.put("outputs", Draft::list(listed));
        return;
    }
    outputs.iter().for_each(|Output { name, value: given }| found.put(name, value(given)));
    fields.table("outputs", found);
}
