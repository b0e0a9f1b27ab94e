//! What an expression gives in a world.
//!
//! Knows the rules of both languages and which of them hold where. Does not know what is outside: it asks a
//! [`Lookup`], and keeps every question with its answer.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    Asked, Expr, Kind, Lookup, Operator, Part,
    compare::{is_equal, is_true, order, to_text},
    like::is_like,
    lookup::Questions,
    loose, pattern, place,
    tree::Case,
    version,
};

/// What an expression gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Its value.
    pub value: Value,
    /// Whether the value lets a step run, under the rules of the expression.
    pub holds: bool,
    /// Every question with its answer, each once: what the value depends on.
    pub asked: Vec<Asked>,
    /// What could not be evaluated, so that the value is of no worth.
    pub problems: Vec<Problem>,
}

/// Something that shows only when an expression is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, as a diagnostic says it.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Evaluates an expression.
///
/// `-and`, `-or`, `&&`, `||` and `case()` ask for what is behind only if what is before does not decide.
pub fn evaluate(expr: &Expr, lookup: &dyn Lookup) -> Evaluation {
    let mut evaluator = Evaluator::new(lookup);
    let value = evaluator.value(expr);
    let holds = if matches!(expr, Expr::GitHub(_)) { loose::is_true(&value) } else { is_true(&value) };
    let Evaluator { questions, problems, .. } = evaluator;
    Evaluation { value, holds, asked: questions.into_asked(), problems }
}

/// An evaluation under way.
pub(super) struct Evaluator<'a> {
    pub(super) lookup: &'a dyn Lookup,
    pub(super) questions: Questions,
    pub(super) problems: Vec<Problem>,
    /// GitHub's rules hold.
    pub(super) github: bool,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(lookup: &'a dyn Lookup) -> Self {
        Self { lookup, questions: Questions::default(), problems: Vec::new(), github: false }
    }

    pub(super) fn value(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::Null => Value::Null,
            Expr::Bool(truth) => Value::Bool(*truth),
            Expr::Number(number) => Value::Number(number.clone()),
            Expr::Text(text) => Value::String(text.clone()),
            Expr::Joined(parts) => Value::String(self.joined(parts)),
            Expr::Placeholder(name, default) => self.placeholder(name, default.as_deref()),
            Expr::Env(name) => {
                let answer = self.lookup.env(name).map(Value::String);
                self.asked(Kind::Env, name, answer).unwrap_or_default()
            }
            Expr::Platform(platform) => {
                let here = self.lookup.platform().to_owned();
                let holds = platform.as_str() == here;
                self.questions.add(Kind::Machine, "platform", Some(Value::String(here)));
                Value::Bool(holds)
            }
            Expr::Machine(question) => {
                let answer = self.lookup.machine(*question).map(Value::String);
                let known = self.known(Kind::Machine, question.as_str(), answer);
                version::machine(*question, &known)
            }
            Expr::Variable(_) | Expr::Context(_) | Expr::Member(..) | Expr::Index(..) | Expr::Filter(_) => {
                self.place(expr).value
            }
            Expr::List(items) => self.list(items),
            Expr::Not(inner) => {
                let inner = self.value(inner);
                Value::Bool(!self.is_true(&inner))
            }
            Expr::Binary(left, operator, case, right) => self.binary(left, *operator, *case, right),
            Expr::Call(function, arguments) => self.call(*function, arguments),
            Expr::PowerShell(script) => self.powershell(script),
            Expr::GitHub(inner) => {
                let outside = std::mem::replace(&mut self.github, true);
                let value = self.value(inner);
                self.github = outside;
                value
            }
        }
    }

    pub(super) fn is_true(&self, value: &Value) -> bool {
        if self.github { loose::is_true(value) } else { is_true(value) }
    }

    pub(super) fn text(&self, value: &Value) -> String {
        if self.github { loose::to_text(value) } else { to_text(value).into_owned() }
    }

    pub(super) fn asked(&mut self, kind: Kind, name: &str, answer: Option<Value>) -> Option<Value> {
        self.questions.add(kind, name, answer.clone());
        answer
    }

    /// Records a question whose answer the world must know.
    pub(super) fn known(&mut self, kind: Kind, name: &str, answer: Option<Value>) -> Value {
        if answer.is_none() {
            self.problem(
                format!("`{name}` is not known where this is evaluated"),
                "set a variable to what is wanted and compare that (`--var NAME=VALUE`)",
            );
        }
        self.asked(kind, name, answer).unwrap_or_default()
    }

    pub(super) fn problem(&mut self, message: String, help: impl Into<String>) {
        self.problems.push(Problem { message, help: help.into() });
    }

    fn joined(&mut self, parts: &[Part]) -> String {
        let mut whole = String::new();
        for part in parts {
            match part {
                Part::Text(text) => whole.push_str(text),
                Part::Value(expr) => {
                    let value = self.put_into_text(expr);
                    whole.push_str(&self.text(&value));
                }
            }
        }
        whole
    }

    /// What is put into a text stays as it is spelled: `{{version}}` filled with `1.0` gives `1.0`.
    pub(super) fn put_into_text(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::Placeholder(name, default) => self.filled(name, default.as_deref()),
            other => self.value(other),
        }
    }

    /// Takes what fills a placeholder as if it were written there.
    fn placeholder(&mut self, name: &str, default: Option<&Expr>) -> Value {
        match self.filled(name, default) {
            Value::String(text) => spelled(&text).unwrap_or(Value::String(text)),
            value => value,
        }
    }

    fn filled(&mut self, name: &str, default: Option<&Expr>) -> Value {
        let answer = self.lookup.variable(name);
        match (self.asked(Kind::Variable, name, answer), default) {
            (Some(value), _) => value,
            (None, Some(Expr::Placeholder(name, default))) => self.filled(name, default.as_deref()),
            (None, Some(default)) => self.value(default),
            (None, None) => Value::Null,
        }
    }

    /// A list of one value that is itself a list is that list, as `@($list)` is.
    fn list(&mut self, items: &[Expr]) -> Value {
        let mut values: Vec<Value> = items.iter().map(|item| self.value(item)).collect();
        match values.as_mut_slice() {
            [Value::Array(only)] => Value::Array(std::mem::take(only)),
            _ => Value::Array(values),
        }
    }

    fn binary(&mut self, left: &Expr, operator: Operator, case: Case, right: &Expr) -> Value {
        let given = self.value(left);
        if operator.is_logical() {
            let decides = self.is_true(&given) == (operator == Operator::Or);
            return match (decides, self.github) {
                (true, true) => given,
                (true, false) => Value::Bool(operator == Operator::Or),
                (false, true) => self.value(right),
                (false, false) => {
                    let right = self.value(right);
                    Value::Bool(self.is_true(&right))
                }
            };
        }
        let other = self.value(right);
        if self.github && case == Case::Ignored && operator.as_c().is_some() {
            let is_same = left == right && place::is_place(left);
            return Value::Bool(loose::compare(&given, operator, &other, is_same));
        }
        if matches!(operator, Operator::Match | Operator::NotMatch) {
            return self.matches(given, operator == Operator::Match, case, &other);
        }
        compared(given, operator, case, &other)
    }

    fn matches(&mut self, given: Value, wanted: bool, case: Case, pattern: &Value) -> Value {
        let pattern = to_text(pattern);
        match pattern::compiled(&pattern, case) {
            Ok(regex) => each(given, |value| regex.is_match(&to_text(value)) == wanted),
            Err(reason) => {
                let help =
                    "write a pattern without look-around and back references, or `-like` with `*` and `?`";
                self.problem(format!("`{pattern}` is no pattern for `-match`: {reason}"), help);
                Value::Bool(false)
            }
        }
    }
}

/// Compares as PowerShell does.
fn compared(left: Value, operator: Operator, case: Case, right: &Value) -> Value {
    let ordered = |is_wanted: fn(Ordering) -> bool| {
        each(left.clone(), |left| order(left, right, case).is_some_and(is_wanted))
    };
    match operator {
        Operator::In => Value::Bool(contains(right, &left, case)),
        Operator::NotIn => Value::Bool(!contains(right, &left, case)),
        Operator::Contains => Value::Bool(contains(&left, right, case)),
        Operator::NotContains => Value::Bool(!contains(&left, right, case)),
        Operator::NotEqual => each(left, |left| !is_equal(left, right, case)),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Like => each(left, |left| is_like(&to_text(left), &to_text(right), case)),
        Operator::NotLike => each(left, |left| !is_like(&to_text(left), &to_text(right), case)),
        // What is left is decided elsewhere, but for this.
        Operator::Equal | Operator::Match | Operator::NotMatch | Operator::And | Operator::Or => {
            each(left, |left| is_equal(left, right, case))
        }
    }
}

/// Compares a single value, or keeps those values of a list for which the comparison holds.
fn each(left: Value, holds: impl Fn(&Value) -> bool) -> Value {
    match left {
        Value::Array(items) => Value::Array(items.into_iter().filter(|item| holds(item)).collect()),
        single => Value::Bool(holds(&single)),
    }
}

/// A single value is a list of one.
fn contains(list: &Value, wanted: &Value, case: Case) -> bool {
    match list {
        Value::Array(items) => items.iter().any(|item| is_equal(item, wanted, case)),
        single => is_equal(single, wanted, case),
    }
}

/// Returns the constant that a text spells.
fn spelled(text: &str) -> Option<Value> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "$true" => Some(Value::Bool(true)),
        "false" | "$false" => Some(Value::Bool(false)),
        "null" | "$null" => Some(Value::Null),
        other => super::lexer::number(other).map(Value::Number),
    }
}
