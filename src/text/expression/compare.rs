//! How PowerShell compares, converts and judges values.
//!
//! | left operand | what becomes of the right one |
//! |---|---|
//! | number | a number; what cannot be one is unequal |
//! | text | a text; `$true` is `True` |
//! | bool | a bool |
//! | null | equal to null only |
//!
//! Null on one side only is never equal, not even to `''` or `0`.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::{Number, Value};

use super::{lexer, tree::Case, version};

/// Tells whether a value counts as true: not null, `$false`, 0, the empty text, or a list of nothing or one of these.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => match items.as_slice() {
            [] => false,
            [only] => is_true(only),
            _ => true,
        },
        Value::Object(_) => true,
    }
}

/// Tells whether two single values are equal.
pub(super) fn is_equal(left: &Value, right: &Value, case: Case) -> bool {
    match (left, right) {
        (Value::Object(_), Value::String(_) | Value::Number(_)) => {
            version::order(left, right) == Some(Ordering::Equal)
        }
        (Value::Null | Value::Array(_) | Value::Object(_), _) | (_, Value::Null) => left == right,
        (Value::Bool(left), right) => *left == is_true(right),
        _ => order(left, right, case) == Some(Ordering::Equal),
    }
}

/// Returns how two single values are ordered; nothing if the right one cannot be converted.
pub(super) fn order(left: &Value, right: &Value, case: Case) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, right) => Some(null_beside(right)),
        (left, Value::Null) => Some(null_beside(left).reverse()),
        (Value::Bool(left), right) => Some(left.cmp(&is_true(right))),
        (Value::Number(left), right) => compare_numbers(left, &to_number(right)?),
        (Value::String(_), Value::Object(_)) | (Value::Object(_), _) => version::order(left, right),
        (Value::String(left), right) => Some(match case {
            Case::Ignored => left.to_lowercase().cmp(&to_text(right).to_lowercase()),
            Case::Told => left.as_str().cmp(&to_text(right)),
        }),
        (Value::Array(_), _) => None,
    }
}

/// Null stands before everything but negative numbers.
fn null_beside(other: &Value) -> Ordering {
    match other {
        Value::Null => Ordering::Equal,
        Value::Number(number) if number.as_f64().is_some_and(|number| number < 0.0) => Ordering::Greater,
        _ => Ordering::Less,
    }
}

fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn to_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::Bool(truth) => Some(i64::from(*truth).into()),
        Value::String(text) if text.trim().is_empty() => Some(0.into()),
        Value::String(text) => lexer::number(text.trim()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Writes a value as PowerShell would put it into a text.
pub(super) fn to_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Bool(truth) => Cow::Borrowed(if *truth { "True" } else { "False" }),
        Value::Number(number) if number.is_f64() => {
            Cow::Owned(number.as_f64().unwrap_or_default().to_string())
        }
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => Cow::Owned(items.iter().map(to_text).collect::<Vec<_>>().join(" ")),
        Value::Object(_) => Cow::Borrowed("System.Collections.Hashtable"),
    }
}
