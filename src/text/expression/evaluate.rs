//! What a condition gives for given names.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    Expr, Operator,
    compare::{is_equal, is_true, order, to_text},
    like::is_like,
};

/// Answers what a condition asks. Names of variables are to be found without regard to case.
pub trait Lookup {
    /// Returns the value of a variable, nothing if nobody sets it.
    fn variable(&self, name: &str) -> Option<Value>;

    /// Returns a variable of the environment, nothing if it is unset.
    fn env(&self, name: &str) -> Option<String>;

    /// Returns the platform as `std::env::consts::OS` has it.
    fn platform(&self) -> &str;
}

/// Evaluates a condition; [`super::is_true`] tells whether its value lets a step run.
///
/// `-and` and `-or` ask for their right side only if the left one does not decide.
pub fn evaluate(expr: &Expr, lookup: &dyn Lookup) -> Value {
    match expr {
        Expr::Null => Value::Null,
        Expr::Bool(truth) => Value::Bool(*truth),
        Expr::Number(number) => Value::Number(number.clone()),
        Expr::Text(text) => Value::String(text.clone()),
        Expr::Variable(name) => lookup.variable(name).unwrap_or_default(),
        Expr::Env(name) => lookup.env(name).map_or(Value::Null, Value::String),
        Expr::Platform(platform) => Value::Bool(platform.as_str() == lookup.platform()),
        Expr::List(items) => list(items, lookup),
        Expr::Not(inner) => Value::Bool(!is_true(&evaluate(inner, lookup))),
        Expr::Binary(left, operator, right) => {
            binary(evaluate(left, lookup), *operator, || evaluate(right, lookup))
        }
    }
}

fn binary(left: Value, operator: Operator, right: impl Fn() -> Value) -> Value {
    match operator {
        Operator::And => Value::Bool(is_true(&left) && is_true(&right())),
        Operator::Or => Value::Bool(is_true(&left) || is_true(&right())),
        Operator::In => Value::Bool(contains(&right(), &left)),
        Operator::NotIn => Value::Bool(!contains(&right(), &left)),
        Operator::Contains => Value::Bool(contains(&left, &right())),
        Operator::NotContains => Value::Bool(!contains(&left, &right())),
        Operator::Equal => each(left, &right(), is_equal),
        Operator::NotEqual => each(left, &right(), |left, right| !is_equal(left, right)),
        Operator::Greater => {
            each(left, &right(), |left, right| order(left, right).is_some_and(Ordering::is_gt))
        }
        Operator::GreaterOrEqual => {
            each(left, &right(), |left, right| order(left, right).is_some_and(Ordering::is_ge))
        }
        Operator::Less => each(left, &right(), |left, right| order(left, right).is_some_and(Ordering::is_lt)),
        Operator::LessOrEqual => {
            each(left, &right(), |left, right| order(left, right).is_some_and(Ordering::is_le))
        }
        Operator::Like => each(left, &right(), |left, right| is_like(&to_text(left), &to_text(right))),
        Operator::NotLike => each(left, &right(), |left, right| !is_like(&to_text(left), &to_text(right))),
    }
}

/// Compares a single value, or keeps those values of a list for which the comparison holds.
fn each(left: Value, right: &Value, holds: impl Fn(&Value, &Value) -> bool) -> Value {
    match left {
        Value::Array(items) => Value::Array(items.into_iter().filter(|item| holds(item, right)).collect()),
        single => Value::Bool(holds(&single, right)),
    }
}

/// A list of one value that is itself a list is that list, as `@($list)` is.
fn list(items: &[Expr], lookup: &dyn Lookup) -> Value {
    let mut values: Vec<Value> = items.iter().map(|item| evaluate(item, lookup)).collect();
    match values.as_mut_slice() {
        [Value::Array(only)] => Value::Array(std::mem::take(only)),
        _ => Value::Array(values),
    }
}

/// A single value is a list of one.
fn contains(list: &Value, wanted: &Value) -> bool {
    match list {
        Value::Array(items) => items.iter().any(|item| is_equal(item, wanted)),
        single => is_equal(single, wanted),
    }
}
