//! What the value of an expression may be made of, whatever the answers: told from its text alone.
//!
//! Knows names and members. Does not know which of them matter: it asks who asks.

use super::{Expr, Function, Operator, Part};

impl Expr {
    /// Tells whether its value may be made of that of a name of a sort: of a variable, of the environment, of a context,
    /// with the members that stand behind it: `steps.build.outputs.version`.
    ///
    /// What only decides is no part of the value: `env.TOKEN != '' && 'with' || 'without'`.
    pub fn asks_for(&self, is: &dyn Fn(&str) -> bool) -> bool {
        let any = |all: &[Self]| all.iter().any(|expr| expr.asks_for(is));
        match self {
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Platform(_)
            | Self::Machine(_)
            | Self::Not(_)
            | Self::Call(
                Function::Status(_)
                | Function::Contains
                | Function::StartsWith
                | Function::EndsWith
                | Function::FileExists
                | Function::CommandExists,
                _,
            ) => false,
            Self::Variable(name) | Self::Env(name) | Self::Context(name) => is(name),
            Self::Placeholder(name, default) => {
                is(name) || default.as_deref().is_some_and(|default| default.asks_for(is))
            }
            Self::Member(base, name) => match path(self) {
                Some(path) => is(&path),
                None => is(name) || base.asks_for(is),
            },
            Self::Joined(parts) => parts_ask_for(parts, is),
            Self::Call(Function::Choose, items) => {
                let is_value = |place: usize| place % 2 == 1 || place + 1 == items.len();
                items.iter().enumerate().any(|(place, item)| is_value(place) && item.asks_for(is))
            }
            Self::List(items) | Self::Call(_, items) => any(items),
            Self::Filter(inner) | Self::GitHub(inner) => inner.asks_for(is),
            Self::Binary(_, Operator::And, _, right) => right.asks_for(is),
            Self::Index(left, right) | Self::Binary(left, Operator::Or, _, right) => {
                left.asks_for(is) || right.asks_for(is)
            }
            Self::Binary(..) => false,
            Self::PowerShell(script) => script.values().any(|expr| expr.asks_for(is)),
        }
    }
}

/// Tells whether a part of a text may ask for a name of a sort.
pub fn parts_ask_for(parts: &[Part], is: &dyn Fn(&str) -> bool) -> bool {
    parts.iter().any(|part| matches!(part, Part::Value(expr) if expr.asks_for(is)))
}

/// Returns a name with its members, where nothing else stands between them.
fn path(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Variable(name) | Expr::Context(name) => Some(name.clone()),
        Expr::Member(base, name) => Some(format!("{}.{name}", path(base)?)),
        _ => None,
    }
}
