//! `strategy` and `matrix`: the combinations a job runs for.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    Matrix, MatrixValues, Strategy,
    fields::{count, flag, is_expression},
};
use crate::{
    diag::code,
    model::{
        decode::{Key, Names, Value},
        settings,
    },
    text::document::NodeValue,
};

pub(super) const MATRIX: Key = Key::new("matrix", &["matrixDimensions"]);

/// Reads `strategy`.
pub(super) fn strategy(value: Value<'_>) -> Option<Strategy> {
    let mut table = value.table("`strategy`")?;
    let mut strategy = table.required(MATRIX, "the dimensions with their values", bare).unwrap_or_default();
    strategy.fail_fast = table.optional(Key::new("failFast", &["fail-fast", "fail_fast"]), flag);
    strategy.max_parallel =
        table.optional(Key::new("maxParallel", &["max-parallel", "max_parallel", "maxConcurrency"]), count);
    table.finish();
    Some(strategy)
}

/// Reads a matrix that stands without a strategy.
pub(super) fn bare(value: Value<'_>) -> Option<Strategy> {
    Some(Strategy { matrix: matrix(value)?, at: value.pointer(), ..Strategy::default() })
}

fn matrix(value: Value<'_>) -> Option<Matrix> {
    if let NodeValue::Text(text) = &value.node().value
        && is_expression(text)
    {
        return Some(Matrix { expression: Some(value.placed(text.clone())), ..Matrix::default() });
    }
    let format = value.context().format();
    if !matches!(value.node().value, NodeValue::Table(_)) {
        let dimension = format.field("platform", &format.texts(&["linux", "windows"]));
        let help = format!("write the dimensions, each with a list: {}", format.record(&dimension));
        return value.wrong_type_but(format.table(), &help);
    }
    let mut matrix = Matrix::default();
    value.map(Names::AnyCase, |name, _, values| {
        if name.eq_ignore_ascii_case("include") {
            matrix.include = combinations(values)?;
        } else if name.eq_ignore_ascii_case("exclude") {
            matrix.exclude = combinations(values)?;
        } else {
            matrix.dimensions.push((name.to_owned(), dimension(name, values)?));
        }
        Some(())
    })?;
    if matches!(&value.node().value, NodeValue::Table(entries) if entries.is_empty()) {
        return value.bad_value("has no dimension", "add one: a name with a list of values");
    }
    unknown_in_exclude(value, &matrix);
    Some(matrix)
}

fn dimension(name: &str, value: Value<'_>) -> Option<MatrixValues> {
    let context = value.context();
    match &value.node().value {
        NodeValue::List(items) if items.is_empty() => {
            let message = format!("matrix dimension `{name}` is empty, so that nothing would run");
            let fault = context.error(code::BAD_MATRIX, message).label(value.span(), "no value");
            context.report(fault.help("add a value, or remove the dimension"));
            None
        }
        NodeValue::List(_) => value.list(|item| Some(item.json())).map(MatrixValues::List),
        NodeValue::Text(text) if is_expression(text) => {
            Some(MatrixValues::Expression(value.placed(text.clone())))
        }
        NodeValue::Reference(_) => value.placed_text().map(MatrixValues::Expression),
        _ => {
            let found = value.node().describe(context.format());
            let message = format!("matrix dimension `{name}` must be a list, found {found}");
            let raw = value.span().of(&context.source().text);
            let fault = context.error(code::BAD_MATRIX, message).label(context.opening(value.span()), found);
            let is_short = raw.len() <= 60 && !raw.contains('\n');
            let format = context.format();
            let help = if is_short {
                format!("write `{}`", format.field(name, &format.list(&[raw])))
            } else {
                "write a list of the values".to_owned()
            };
            context.report(fault.help(help));
            None
        }
    }
}

fn combinations(value: Value<'_>) -> Option<Vec<BTreeMap<String, Json>>> {
    if matches!(&value.node().value, NodeValue::Text(text) if is_expression(text)) {
        // Only what is written can be put beside what is written.
        value.note_later();
        value.leave_out();
        return Some(Vec::new());
    }
    value.list(settings::variables)
}

/// A dimension that only `exclude` knows leaves nothing out.
fn unknown_in_exclude(value: Value<'_>, matrix: &Matrix) {
    let context = value.context();
    let Some(exclude) = value.node().find("/exclude") else { return };
    let NodeValue::List(items) = &exclude.value else { return };
    for item in items {
        let NodeValue::Table(entries) = &item.value else { continue };
        for entry in entries {
            let name = entry.key.value.as_str();
            if matrix.dimensions.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                continue;
            }
            let names = matrix.dimensions.iter().map(|(known, _)| known.as_str());
            let help = match crate::base::nearest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or add the dimension".to_owned(),
            };
            let fault = context.error(code::BAD_MATRIX, format!("the matrix has no dimension `{name}`"));
            context.report(fault.label(entry.key.span, "no such dimension").help(help));
        }
    }
}
