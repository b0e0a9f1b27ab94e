//! How GitHub compares, converts and judges values.
//!
//! | left and right | how they compare |
//! |---|---|
//! | of one type | as that: texts without regard to case, lists and tables only if they are the same object |
//! | of two types | as numbers: null is 0, `true` 1, `''` 0, a text what JSON reads in it; else never |

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::{Operator, lexer};

/// Tells whether a value counts as true: not null, `false`, 0 or the empty text.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Compares two values; `is_same` says that both are one object.
pub(super) fn compare(left: &Value, operator: Operator, right: &Value, is_same: bool) -> bool {
    let equal = || is_equal(left, right) || is_same && (left.is_array() || left.is_object());
    let order = || order(left, right);
    match operator {
        Operator::NotEqual => !equal(),
        Operator::Greater => order().is_some_and(Ordering::is_gt),
        Operator::Less => order().is_some_and(Ordering::is_lt),
        Operator::GreaterOrEqual => equal() || order().is_some_and(Ordering::is_gt),
        Operator::LessOrEqual => equal() || order().is_some_and(Ordering::is_lt),
        _ => equal(),
    }
}

/// Tells whether two values are loosely equal.
pub(super) fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        _ => order(left, right) == Some(Ordering::Equal),
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, Value::Null) => None,
        (Value::String(left), Value::String(right)) => Some(folded(left).cmp(&folded(right))),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => to_number(left)?.partial_cmp(&to_number(right)?),
    }
}

/// Writes a text so that upper and lower case are one.
pub(super) fn folded(text: &str) -> String {
    text.to_uppercase()
}

fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(0.0),
        Value::Bool(truth) => Some(f64::from(*truth)),
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => Some(0.0),
        Value::String(text) => {
            let text = text.trim();
            let is_signed_hexadecimal = text.contains(['x', 'X']) && !text.starts_with('0');
            let number = lexer::github_number(text).or_else(|| lexer::number(text));
            number.filter(|_| !is_signed_hexadecimal)?.as_f64()
        }
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Writes a value as GitHub puts it into a text.
pub(super) fn to_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) => text.clone(),
        Value::Array(_) => "Array".to_owned(),
        Value::Object(_) => "Object".to_owned(),
    }
}

/// Writes a number without `.0`.
pub(super) fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}
