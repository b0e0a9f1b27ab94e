//! Jobs and their matrix.

use super::{
    about::approval,
    fields::{Fields, from, table_of},
    policy::{concurrency, defaults, settings},
    step::{named_outputs, steps},
};
use crate::{
    model::playbook::{Job, Matrix, MatrixValues, Strategy, Use},
    text::document::write::{Draft, Item},
};

/// Returns what stands under a job's id.
pub(super) fn job(job: &Job) -> Item {
    let Job {
        id: _,
        name,
        description,
        at,
        needs,
        condition,
        settings: own,
        defaults: lower,
        continue_on_error,
        strategy: multiplied,
        parallel,
        max_concurrency,
        fail_fast,
        variables,
        outputs,
        concurrency: exclusion,
        environment,
        approval: consent,
        services,
        uses,
        steps: inner,
        extensions,
    } = job;
    let mut fields = Fields::default();
    fields.text("name", name.as_deref());
    fields.text("description", description.as_deref());
    fields.placed_list("needs", needs);
    fields.placed("if", condition.as_ref());
    fields.text("environment", environment.as_deref());
    if let Some(consent) = consent {
        fields.put("approval", approval(consent));
    }
    fields.given_flag("continueOnError", continue_on_error.as_ref());
    fields.given_flag("parallel", parallel.as_ref());
    fields.given_count("maxConcurrency", max_concurrency.as_ref());
    fields.given_flag("failFast", fail_fast.as_ref());
    if let Some(Use { name, with }) = uses {
        fields.placed("uses", Some(name));
        fields.values("with", with);
    }
    settings(own, &mut fields);
    fields.values("variables", variables);
    fields.table("defaults", defaults(lower));
    if let Some(exclusion) = exclusion {
        fields.put("concurrency", concurrency(exclusion));
    }
    if let Some(multiplied) = multiplied {
        fields.put("strategy", strategy(multiplied));
    }
    named_outputs(outputs, &mut fields);
    fields.values("services", services);
    fields.values("extensions", extensions);
    if !inner.is_empty() {
        fields.put("steps", steps(inner));
    }
    from(fields.into_draft(), at)
}

fn strategy(strategy: &Strategy) -> Item {
    let Strategy { matrix: combinations, fail_fast, max_parallel, at } = strategy;
    let mut fields = Fields::default();
    fields.given_flag("failFast", fail_fast.as_ref());
    fields.given_count("maxParallel", max_parallel.as_ref());
    fields.put("matrix", matrix(combinations));
    from(fields.into_draft(), at)
}

fn matrix(matrix: &Matrix) -> Item {
    let Matrix { dimensions, include, exclude, expression } = matrix;
    if let Some(expression) = expression {
        return from(Draft::text(&expression.value), &expression.at);
    }
    let mut fields = Fields::default();
    for (name, values) in dimensions {
        match values {
            MatrixValues::List(values) => fields.put(name, Draft::list(values.iter().map(Draft::of_json))),
            MatrixValues::Expression(text) => fields.placed(name, Some(text)),
        }
    }
    for (name, combinations) in [("include", include), ("exclude", exclude)] {
        fields.list(name, combinations.iter().map(|combination| table_of(combination).into()).collect());
    }
    fields.into_draft().into()
}
