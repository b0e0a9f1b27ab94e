//! Members: `a.b`, `a['b']`, `a[0]`, `a.*`, `.Count`.
//!
//! What is recorded as asked is the longest path that the text alone tells, so that a change beside it is none.

use serde_json::Value;

use super::{Expr, Kind, evaluate::Evaluator};

/// A value, and whether it is what `.*` gave, of whose items members are taken one by one.
pub(super) struct Place {
    pub(super) value: Value,
    is_filtered: bool,
}

impl Place {
    fn single(value: Value) -> Self {
        Self { value, is_filtered: false }
    }
}

/// Tells whether two times the same expression are the same object.
pub(super) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Variable(_) | Expr::Context(_) => true,
        Expr::Member(base, _) => is_place(base),
        _ => false,
    }
}

impl Evaluator<'_> {
    /// Evaluates a path.
    pub(super) fn place(&mut self, expr: &Expr) -> Place {
        if let Some(value) = self.rooted(expr) {
            return Place::single(value);
        }
        match expr {
            Expr::Member(base, name) => {
                let base = self.based(base);
                self.member(base, name)
            }
            Expr::Index(base, index) => {
                let base = self.based(base);
                let index = self.value(index);
                self.item(base, &index)
            }
            Expr::Filter(base) => {
                let base = self.based(base);
                Place { value: filtered(base), is_filtered: true }
            }
            other => Place::single(self.value(other)),
        }
    }

    fn based(&mut self, base: &Expr) -> Place {
        match base {
            Expr::Member(..) | Expr::Index(..) | Expr::Filter(_) => self.place(base),
            other => Place::single(self.value(other)),
        }
    }

    /// Evaluates a variable or a context with plain members, and records the path as one question.
    fn rooted(&mut self, expr: &Expr) -> Option<Value> {
        let mut members = Vec::new();
        let mut root = expr;
        while let Expr::Member(base, name) = root {
            members.push(name.as_str());
            root = base;
        }
        let (kind, name) = match root {
            Expr::Variable(name) => (Kind::Variable, name),
            Expr::Context(name) => (Kind::Context, name),
            _ => return None,
        };
        let mut path = name.clone();
        let mut value = members.last().and_then(|first| self.lookup.member(name, first));
        if value.is_some() {
            path.extend([".", members.pop().unwrap_or_default()]);
        } else if kind == Kind::Variable {
            value = self.lookup.variable(name);
        } else {
            value = self.lookup.context(name).or_else(|| self.lookup.variable(name));
        }
        for member in members.iter().rev() {
            path.push('.');
            path.push_str(member);
            let base = value.unwrap_or_default();
            value = self.member_of(base, member);
        }
        self.questions.add(kind, path, value.clone());
        Some(value.unwrap_or_default())
    }

    fn member(&self, base: Place, name: &str) -> Place {
        match base {
            Place { value: Value::Array(items), is_filtered: true } => {
                let found = items.into_iter().filter_map(|item| own_member(&item, name));
                Place { value: Value::Array(found.collect()), is_filtered: true }
            }
            Place { value, .. } => Place::single(self.member_of(value, name).unwrap_or_default()),
        }
    }

    /// Returns a member; under PowerShell's rules also the count of a value, and the members of all items of a list.
    fn member_of(&self, base: Value, name: &str) -> Option<Value> {
        if let Some(found) = own_member(&base, name) {
            return Some(found);
        }
        if self.github {
            return None;
        }
        let is_length = name.eq_ignore_ascii_case("length");
        if is_length || name.eq_ignore_ascii_case("count") {
            return Some(count(&base, is_length).into());
        }
        let Value::Array(items) = base else { return None };
        let found: Vec<Value> = items.iter().filter_map(|item| own_member(item, name)).collect();
        (!found.is_empty()).then_some(Value::Array(found))
    }

    fn item(&self, base: Place, index: &Value) -> Place {
        let Place { value, is_filtered } = base;
        match (value, index) {
            (value, Value::String(name)) => self.member(Place { value, is_filtered }, name),
            (Value::Array(items), _) if is_filtered => {
                let found = items.into_iter().filter_map(|item| at(&item, index, self.github));
                Place { value: Value::Array(found.collect()), is_filtered: true }
            }
            (value, _) => Place::single(at(&value, index, self.github).unwrap_or_default()),
        }
    }
}

/// Returns the value under a name, in any case; one in the very case is preferred.
fn own_member(base: &Value, name: &str) -> Option<Value> {
    let Value::Object(entries) = base else { return None };
    let found = entries.get(name).or_else(|| {
        entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    });
    found.cloned()
}

fn at(base: &Value, index: &Value, github: bool) -> Option<Value> {
    let Value::Array(items) = base else { return None };
    let number = index.as_f64()?.floor();
    // PowerShell counts from the end what is below zero.
    #[expect(clippy::cast_precision_loss, reason = "no list is that long")]
    let number = if number < 0.0 && !github { number + items.len() as f64 } else { number };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is out of range saturates"
    )]
    let position = if number < 0.0 { return None } else { number as usize };
    items.get(position).cloned()
}

fn filtered(base: Place) -> Value {
    let all = |value: Value| match value {
        Value::Array(items) => items,
        Value::Object(entries) => entries.into_iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    };
    Value::Array(match base {
        Place { value: Value::Array(items), is_filtered: true } => items.into_iter().flat_map(all).collect(),
        Place { value, .. } => all(value),
    })
}

fn count(value: &Value, is_length: bool) -> usize {
    match value {
        Value::Null => 0,
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        Value::String(text) if is_length => text.encode_utf16().count(),
        _ => 1,
    }
}
