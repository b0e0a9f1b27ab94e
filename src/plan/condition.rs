//! Conditions decided: names looked up in the request's variables, the environment and the platform.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::Decision;
use crate::{
    base::{Spanned, nearest},
    diag::{Diagnostic, Source, code},
    text::expression::{self, Lookup, Name},
};

/// What a condition may ask for.
pub(super) struct World<'a> {
    /// Variables of the run, command line over playbook over configuration.
    pub(super) variables: &'a BTreeMap<String, Value>,
    /// The environment az was started with.
    pub(super) env: &'a BTreeMap<String, String>,
    /// `linux`, `windows`, `macos`.
    pub(super) platform: &'a str,
}

impl Lookup for World<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        let known = self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, value)| value.clone())
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn platform(&self) -> &str {
        self.platform
    }
}

/// Decides a condition; one that cannot be read does not hold, and is an error.
///
/// A variable nobody sets is null, and a note.
pub(super) fn decide(
    source: &Arc<Source>,
    condition: Spanned<&str>,
    world: &World<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Decision {
    let parsed = expression::parse(source, condition);
    diagnostics.extend(parsed.diagnostics);
    for name in &parsed.names {
        if let Name::Variable(variable) = &name.value
            && world.variable(variable).is_none()
        {
            let guess = nearest(variable, world.variables.keys().map(String::as_str));
            let help = match guess {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("set it with --var {variable}=VALUE"),
            };
            let fault =
                Diagnostic::note(code::UNKNOWN_VARIABLE, format!("nobody sets `{variable}`, so it is null"));
            diagnostics.push(fault.source(source).label(name.span, "null").help(help));
        }
    }
    let Some(expr) = parsed.expr else {
        return Decision { text: condition.value.to_owned(), holds: false };
    };
    let evaluation = expression::evaluate(&expr, world);
    let holds = evaluation.holds && evaluation.problems.is_empty();
    diagnostics.extend(evaluation.problems.into_iter().map(|problem| {
        let fault = Diagnostic::error(code::UNSUPPORTED_CONDITION, problem.message);
        fault.source(source).label(condition.span, "cannot be decided").help(problem.help)
    }));
    Decision { text: condition.value.to_owned(), holds }
}
