//! The `param()` block of a PowerShell script.

use super::powershell::{Token, TokenKind};
use crate::base::{Span, Spanned};

/// A parameter a script declares.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// The name without `$`.
    pub name: Spanned<String>,
    /// The declared type.
    pub value_type: ParameterType,
    /// The values `[ValidateSet()]` allows; empty if any is allowed.
    pub choices: Vec<String>,
    /// The script cannot start without it.
    pub mandatory: bool,
    /// The default as written.
    pub default: Option<Spanned<String>>,
}

/// The type of a parameter, as far as az converts values to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ParameterType {
    /// No type is written: any value fits.
    Any,
    /// Present or not.
    Switch,
    /// `$true` or `$false`.
    Bool,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// One text.
    Text,
    /// A table.
    Table,
    /// A list of values of the inner type.
    List(Box<ParameterType>),
    /// A type az hands values to as text.
    Other(String),
}

impl ParameterType {
    /// Reads a type as it stands between its brackets: `string[]`, `System.Int32`.
    pub fn from_name(name: &str) -> Self {
        let name = name.trim();
        if let Some(inner) = name.strip_suffix("[]") {
            // Lists of lists do not occur; as a name they cannot nest without end.
            let inner =
                if inner.ends_with("[]") { Self::Other(inner.into()) } else { Self::from_name(inner) };
            return Self::List(Box::new(inner));
        }
        let lower = name.to_ascii_lowercase();
        let lower = lower.strip_prefix("system.").unwrap_or(&lower);
        match lower.rsplit('.').next().unwrap_or(lower) {
            "switch" | "switchparameter" => Self::Switch,
            "bool" | "boolean" => Self::Bool,
            "int" | "int32" | "int64" | "long" | "uint32" | "uint64" | "int16" | "byte" => Self::Integer,
            "double" | "float" | "single" | "decimal" => Self::Number,
            "string" => Self::Text,
            "hashtable" | "idictionary" | "ordereddictionary" => Self::Table,
            "object" => Self::Any,
            "array" | "arraylist" => Self::List(Box::new(Self::Any)),
            _ => Self::Other(name.to_owned()),
        }
    }
}

/// Reads the parameters of the script's own `param()` block, in its order; none if it has no such block.
pub(super) fn parameters(text: &str, tokens: &[Token]) -> Vec<Parameter> {
    let Some(open) = param_block(text, tokens) else { return Vec::new() };
    let inside = &tokens[open + 1..group_end(tokens, open)];
    split_at_commas(inside).into_iter().filter_map(|part| parameter(text, part)).collect()
}

/// Returns where the parenthesis of `param(` stands; only `using` lines and attributes may precede it.
fn param_block(text: &str, tokens: &[Token]) -> Option<usize> {
    let mut at = 0;
    loop {
        let token = tokens.get(at)?;
        if token.kind == TokenKind::End {
            at += 1;
        } else if token.opens(text, '[') {
            at = group_end(tokens, at) + 1;
        } else if token.is_word(text, "using") {
            at += tokens[at..].iter().position(|token| token.kind == TokenKind::End)?;
        } else {
            let open = at + 1 + tokens[at + 1..].iter().position(|token| token.kind != TokenKind::End)?;
            return (token.is_word(text, "param") && tokens[open].opens(text, '(')).then_some(open);
        }
    }
}

/// Returns the index of the bracket that closes the one at `open`, or the end.
fn group_end(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

fn split_at_commas(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.kind == TokenKind::Comma
        })
        .collect()
}

/// Reads `[Parameter(Mandatory)] [ValidateSet('a')] [string] $Name = 'a'`.
fn parameter(text: &str, tokens: &[Token]) -> Option<Parameter> {
    let (mut value_type, mut choices, mut mandatory) = (ParameterType::Any, Vec::new(), false);
    let mut at = 0;
    while tokens.get(at)?.kind != TokenKind::Variable {
        if !tokens[at].opens(text, '[') {
            at += 1;
            continue;
        }
        let end = group_end(tokens, at);
        let inside = &tokens[at + 1..end];
        match inside.first() {
            Some(name) if inside.get(1).is_some_and(|token| token.opens(text, '(')) => {
                let values = &inside[2..];
                mandatory |= name.is_word(text, "Parameter") && says_mandatory(text, values);
                if name.is_word(text, "ValidateSet") {
                    choices = literals(text, values);
                }
            }
            Some(first) => {
                let close = tokens.get(end).map_or(text.len(), |token| token.span.start);
                value_type = ParameterType::from_name(Span::new(first.span.start, close).of(text));
            }
            None => {}
        }
        at = end + 1;
    }
    let name = tokens[at].span;
    let name = Span::new(name.start + 1, name.end);
    if name.is_empty() {
        return None;
    }
    let default = default_of(text, &tokens[at + 1..]);
    Some(Parameter {
        name: Spanned::new(name.of(text).to_owned(), name),
        value_type,
        choices,
        mandatory,
        default,
    })
}

/// Tells whether the values of `[Parameter()]` hold `Mandatory` without `= $false`. What is mandatory in one set of
/// parameters only may be left out in another.
fn says_mandatory(text: &str, values: &[Token]) -> bool {
    let Some(at) = values.iter().position(|token| token.is_word(text, "Mandatory")) else { return false };
    if values.iter().any(|token| token.is_word(text, "ParameterSetName")) {
        return false;
    }
    let value =
        values.get(at + 1).filter(|token| token.kind == TokenKind::Equals).and_then(|_| values.get(at + 2));
    value.is_none_or(|value| !value.span.of(text).eq_ignore_ascii_case("$false"))
}

/// Returns the literal values of a list: texts without their quotes, words as they are.
fn literals(text: &str, tokens: &[Token]) -> Vec<String> {
    let values = tokens.iter().filter(|token| matches!(token.kind, TokenKind::Text | TokenKind::Word));
    values.map(|token| unquoted(token.span.of(text))).collect()
}

/// Returns a text without its quotes; a doubled quote in it stands for one.
pub(super) fn unquoted(text: &str) -> String {
    for quote in ["'", "\""] {
        let inside = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inside) = inside {
            return inside.replace(&quote.repeat(2), quote);
        }
    }
    text.to_owned()
}

fn default_of(text: &str, tokens: &[Token]) -> Option<Spanned<String>> {
    let is_content = |token: &&Token| token.kind != TokenKind::End;
    let mut content = tokens.iter().filter(is_content);
    content.next().filter(|token| token.kind == TokenKind::Equals)?;
    let first = content.next()?;
    let last = tokens.iter().rfind(is_content)?;
    let span = Span::new(first.span.start, last.span.end);
    Some(Spanned::new(span.of(text).to_owned(), span))
}
