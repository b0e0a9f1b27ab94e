//! Texts with placeholders: parted once, filled as often as there are worlds.
//!
//! Which ways to write a value count is the caller's word: a text of a shell has its own `${x}`. Knows nothing of the
//! formats the texts stand in.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Asked, Expr, Lookup, Name, Part, Problem, Syntax, evaluate::Evaluator, loose::number_text,
    reading::Reading,
};
use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, Source, code},
    text::places::Places,
};

/// A text in parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The parts in order, with their places in the source.
    pub pieces: Vec<Spanned<Part>>,
    /// Every name it asks for and has no default for, with its place in the source.
    pub names: Vec<Spanned<Name>>,
    /// What is wrong with it; a placeholder that cannot be read is null.
    pub diagnostics: Vec<Diagnostic>,
}

/// What filling a text gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The value: of a text that is one placeholder with its type, else a text.
    pub value: Value,
    /// Every question with its answer, each once: what the value depends on.
    pub asked: Vec<Asked>,
    /// Names that nobody sets and that have no default, with the places of their placeholders.
    pub undefined: Vec<Spanned<String>>,
    /// What could not be evaluated, with the places of the placeholders.
    pub problems: Vec<Spanned<Problem>>,
}

/// Parts the text that stands in `source` at its span; placeholders in the named syntaxes count.
pub fn template(source: &Arc<Source>, text: Spanned<&str>, syntaxes: &[Syntax]) -> Template {
    let places = Places::of(source, text);
    let mut reading = Reading::new(text.value);
    let pieces = reading.pieces(Span::new(0, text.value.len()), syntaxes);
    let pieces = pieces.into_iter().map(|piece| Spanned::new(piece.value, places.span(piece.span))).collect();
    let (names, diagnostics) = reading.told(source, places);
    Template { pieces, names, diagnostics }
}

impl Template {
    /// Tells whether there is nothing to fill.
    pub fn is_plain(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece.value, Part::Text(_)))
    }
}

/// Fills a text.
pub fn fill(template: &Template, lookup: &dyn Lookup) -> Filled {
    let mut evaluator = Evaluator::new(lookup);
    let (mut undefined, mut problems) = (Vec::new(), Vec::new());
    let mut values = Vec::new();
    for piece in &template.pieces {
        values.push(match &piece.value {
            Part::Text(text) => Value::String(text.clone()),
            Part::Value(expr) => {
                let value = evaluator.put_into_text(expr);
                if let Some(name) = last_name(expr)
                    && value.is_null()
                    && evaluator.questions.is_unanswered(&name)
                {
                    let name = if is_env(expr) { format!("env.{name}") } else { name };
                    undefined.push(Spanned::new(name, piece.span));
                }
                let found = std::mem::take(&mut evaluator.problems);
                problems.extend(found.into_iter().map(|problem| Spanned::new(problem, piece.span)));
                value
            }
        });
    }
    let value = match values.as_mut_slice() {
        [only] => std::mem::take(only),
        _ => Value::String(values.iter().map(to_text).collect()),
    };
    Filled { value, asked: evaluator.questions.into_asked(), undefined, problems }
}

impl Filled {
    /// Says at each place what is not defined and what could not be evaluated.
    pub fn diagnostics(&self, source: &Arc<Source>) -> Vec<Diagnostic> {
        let undefined = self.undefined.iter().map(|name| {
            let message = format!("nobody sets `{}`", name.value);
            let help = format!(
                "set it with --var {0}=VALUE, or give it a default: `{{{{{0}:=value}}}}`",
                name.value
            );
            Diagnostic::error(code::UNKNOWN_VARIABLE, message)
                .source(source)
                .label(name.span, "not set")
                .help(help)
        });
        let problems = self.problems.iter().map(|problem| {
            Diagnostic::error(code::UNSUPPORTED_CONDITION, problem.value.message.clone())
                .source(source)
                .label(problem.span, "cannot be evaluated")
                .help(problem.value.help.clone())
        });
        undefined.chain(problems).collect()
    }
}

/// Writes a value into a text: lists with commas, tables as JSON, null as nothing.
pub fn to_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(to_text).collect::<Vec<_>>().join(","),
        Value::Object(_) => value.to_string(),
    }
}

/// Returns what a placeholder asks for in the end, if it is nothing but a name.
fn last_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::GitHub(inner) => last_name(inner),
        Expr::Placeholder(_, Some(default)) => last_name(default),
        Expr::Placeholder(name, None) | Expr::Variable(name) | Expr::Env(name) | Expr::Context(name) => {
            Some(name.clone())
        }
        Expr::Member(base, name) => Some(format!("{}.{name}", last_name(base)?)),
        _ => None,
    }
}

/// Tells whether a placeholder asks for the environment in the end.
fn is_env(expr: &Expr) -> bool {
    match expr {
        Expr::GitHub(inner) | Expr::Placeholder(_, Some(inner)) => is_env(inner),
        _ => matches!(expr, Expr::Env(_)),
    }
}
