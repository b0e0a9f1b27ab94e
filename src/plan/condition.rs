//! Conditions of scripts' headers decided, as far as the plan can.

use std::sync::Arc;

use super::{
    Decision,
    flow::{Condition, Names},
    world::{Known, World},
};
use crate::{
    base::{Spanned, nearest},
    diag::{Diagnostic, Source, code},
    text::expression::{self, Asked, Kind, Lookup, Name, Parsed, Rules, to_text},
};

/// What a condition came to.
pub(super) enum Decided {
    /// It is decided.
    Now(Decision),
    /// The run will tell: it asks for files or programs.
    Late(Condition),
}

/// Decides a condition; one that cannot be read does not hold, and is an error.
///
/// A variable nobody sets is null, and a note.
pub(super) fn decide(
    source: &Arc<Source>,
    condition: Spanned<&str>,
    world: &World<'_>,
    gives_to_powershell: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Decided {
    let parsed = read(Rules::PowerShell, source, condition, gives_to_powershell);
    diagnostics.extend(parsed.diagnostics);
    diagnostics.extend(world.notes(source, &parsed.names));
    let text = condition.value.to_owned();
    let Some(expr) = parsed.expr else {
        return Decided::Now(Decision { text, holds: false, facts: String::new() });
    };
    let whole = Condition::new(condition.value, expr);
    let found = match world.evaluate(&whole.expr) {
        Known::Late => return Decided::Late(whole),
        Known::Now(found) => found,
    };
    let holds = found.holds && found.problems.is_empty();
    let facts = facts(&found.asked, world.names);
    diagnostics.extend(found.problems.into_iter().map(|problem| {
        let fault = Diagnostic::error(code::UNSUPPORTED_CONDITION, problem.message);
        fault.source(source).label(condition.span, "cannot be decided").help(problem.help)
    }));
    Decided::Now(Decision { text, holds, facts })
}

/// Reads a condition. What is not of az's language is left to PowerShell, where that is allowed.
pub(super) fn read(
    rules: Rules,
    source: &Arc<Source>,
    condition: Spanned<&str>,
    gives_to_powershell: bool,
) -> Parsed {
    let parsed = expression::parse_under(rules, source, condition);
    if parsed.expr.is_some() || !gives_to_powershell {
        return parsed;
    }
    match expression::powershell(source, condition) {
        Some(expr) => Parsed { expr: Some(expr), names: Vec::new(), diagnostics: Vec::new() },
        None => parsed,
    }
}

/// Says what a condition asked, and what it was answered, in a clause; the value of a secret is not shown.
pub fn facts(asked: &[Asked], names: &Names) -> String {
    let fact = |asked: &Asked| {
        let answer = asked.answer.as_ref().map(to_text);
        let is_value = matches!(asked.kind, Kind::Env | Kind::Variable | Kind::Context);
        let answer = match answer {
            None => "not set".to_owned(),
            Some(answer) if answer.is_empty() => "empty".to_owned(),
            Some(_) if is_value && names.is_secret(&asked.name) => "***".to_owned(),
            Some(answer) => answer,
        };
        match asked.kind {
            Kind::Path if answer == "true" => format!("`{}` is there", asked.name),
            Kind::Path => format!("`{}` is not there", asked.name),
            Kind::Command if answer == "true" => format!("`{}` is installed", asked.name),
            Kind::Command => format!("`{}` is not installed", asked.name),
            Kind::Files => format!("the files {} are {answer}", asked.name),
            Kind::Env => format!("${} is {answer}", asked.name),
            Kind::PowerShell => format!("{} says {answer}", asked.name),
            Kind::Variable | Kind::Context | Kind::Status | Kind::Machine => {
                format!("{} is {answer}", asked.name)
            }
        }
    };
    asked.iter().take(4).map(fact).collect::<Vec<_>>().join(", ")
}

impl World<'_> {
    /// Notes of each variable that nobody sets that it is null.
    pub(super) fn notes(&self, source: &Arc<Source>, names: &[Spanned<Name>]) -> Vec<Diagnostic> {
        let mut notes = Vec::new();
        for name in names {
            let Name::Variable(variable) = &name.value else { continue };
            if self.variable(variable).is_some() || self.names.is_step(variable) || self.names.has(variable) {
                continue;
            }
            let help = match nearest(variable, self.names.variables.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("set it with --var {variable}=VALUE"),
            };
            let fault =
                Diagnostic::note(code::UNKNOWN_VARIABLE, format!("nobody sets `{variable}`, so it is null"));
            notes.push(fault.source(source).label(name.span, "null").help(help));
        }
        notes
    }
}
