//! Values with placeholders: read once, filled as soon as what they ask for is known.
//!
//! Knows which texts hold placeholders. Does not know what names stand for: it asks a lookup.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, Source},
    text::expression::{Asked, Expr, Lookup, Part, Problem, Syntax, Template, fill, parts_ask_for, template},
};

/// A value in which texts may have placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formula {
    /// Nothing in it is to be filled.
    Fixed(Value),
    /// A text in parts.
    Text(Vec<Part>),
    /// A list.
    List(Vec<Self>),
    /// Named values.
    Table(Vec<(String, Self)>),
}

/// The ways to write a value into the texts of a playbook.
pub(super) const SYNTAXES: [Syntax; 2] = [Syntax::GitHub, Syntax::Braces];
/// The same in the language of steps.
pub(super) const SYNTAXES_OF_STEPS: [Syntax; 3] = [Syntax::GitHub, Syntax::Braces, Syntax::DollarBraces];

/// What filling a value gave beside the value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Doubts {
    /// Names that nobody sets and that have no default, in `${{ }}`.
    pub undefined: Vec<String>,
    /// The same in the placeholders of old formats, whose engines took them for empty.
    pub unset: Vec<String>,
    /// What could not be evaluated.
    pub problems: Vec<Problem>,
    /// What was asked, each with its answer.
    pub asked: Vec<Asked>,
}

impl Formula {
    /// Reads a value; a placeholder that cannot be read is told, and stands for nothing.
    pub(super) fn read(value: &Value, syntaxes: &[Syntax], faults: &mut Vec<Diagnostic>) -> Self {
        match value {
            Value::String(text) => Self::read_text(text, syntaxes, faults),
            Value::Array(items) => {
                let items: Vec<Self> = items.iter().map(|item| Self::read(item, syntaxes, faults)).collect();
                if items.iter().all(Self::is_fixed) { Self::Fixed(value.clone()) } else { Self::List(items) }
            }
            Value::Object(entries) => {
                let entries: Vec<(String, Self)> = entries
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::read(value, syntaxes, faults)))
                    .collect();
                if entries.iter().all(|(_, value)| value.is_fixed()) {
                    Self::Fixed(value.clone())
                } else {
                    Self::Table(entries)
                }
            }
            other => Self::Fixed(other.clone()),
        }
    }

    /// Reads a text in which these ways to write a value count.
    pub(super) fn read_text(text: &str, syntaxes: &[Syntax], faults: &mut Vec<Diagnostic>) -> Self {
        // Most texts have none.
        if !text.contains('{') && !text.contains('$') {
            return Self::Fixed(Value::String(text.to_owned()));
        }
        let source = Arc::new(Source::new("value", text));
        let read = template(&source, Spanned::new(text, Span::new(0, text.len())), syntaxes);
        let is_plain = read.is_plain();
        faults.extend(read.diagnostics);
        if is_plain {
            return Self::Fixed(Value::String(text.to_owned()));
        }
        Self::Text(read.pieces.into_iter().map(|piece| piece.value).collect())
    }

    /// Makes one of an expression.
    pub(super) fn of(expr: Expr) -> Self {
        Self::Text(vec![Part::Value(expr)])
    }

    /// Tells whether nothing is to be filled.
    pub fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// Tells whether it may ask for a name of a sort, with the members that stand behind it.
    pub(super) fn asks_for(&self, is: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Text(parts) => parts_ask_for(parts, is),
            Self::List(items) => items.iter().any(|item| item.asks_for(is)),
            Self::Table(entries) => entries.iter().any(|(_, value)| value.asks_for(is)),
        }
    }

    /// Fills it.
    pub fn fill(&self, lookup: &dyn Lookup, doubts: &mut Doubts) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::List(items) => Value::Array(items.iter().map(|item| item.fill(lookup, doubts)).collect()),
            Self::Table(entries) => {
                let filled = entries.iter().map(|(name, value)| (name.clone(), value.fill(lookup, doubts)));
                Value::Object(filled.collect())
            }
            Self::Text(parts) => {
                let pieces = parts.iter().map(|part| Spanned::new(part.clone(), Span::default())).collect();
                let whole = Template { pieces, names: Vec::new(), diagnostics: Vec::new() };
                let filled = fill(&whole, lookup);
                let is_github = |part: &Part| matches!(part, Part::Text(_) | Part::Value(Expr::GitHub(_)));
                let names = filled.undefined.into_iter().map(|name| name.value);
                if parts.iter().all(is_github) {
                    doubts.undefined.extend(names);
                } else {
                    doubts.unset.extend(names);
                }
                doubts.asked.extend(filled.asked);
                doubts.problems.extend(filled.problems.into_iter().map(|problem| problem.value));
                filled.value
            }
        }
    }
}
