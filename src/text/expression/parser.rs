//! From tokens to the tree.

use std::{iter::Peekable, sync::Arc, vec::IntoIter};

use super::{
    Expr, Name, Operator,
    lexer::{Dialect, Token, TokenKind, tokens},
    outside::Fault,
};
use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, Source, code},
    text::places::Places,
};

/// How deep parentheses, lists and `-not` may nest.
const MAX_DEPTH: usize = 64;

/// How many operators a condition may have, so that its tree stays shallow enough to be walked by recursion.
const MAX_OPERATORS: usize = 256;

/// What reading a condition gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The condition, if it could be read whole.
    pub expr: Option<Expr>,
    /// Every name it asks for, in the order of the text, with its place in the source.
    pub names: Vec<Spanned<Name>>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the condition `text` that stands in `source` at its span, which may include quotes.
pub fn parse(source: &Arc<Source>, text: Spanned<&str>) -> Parsed {
    let places = Places::of(source, text);
    let (tokens, mut faults) = tokens(text.value);
    let names = tokens.iter().filter_map(|token| name_of(token, places)).collect();
    let mut expr = None;
    if faults.is_empty() {
        let end = text.value.len();
        let mut parser =
            Parser { text: text.value, end, tokens: tokens.into_iter().peekable(), depth: 0, operators: 0 };
        match parser.whole() {
            Ok(read) => expr = Some(read),
            Err(fault) => faults.push(fault),
        }
    }
    let diagnostics = faults.into_iter().map(|fault| diagnostic(source, text.value, places, fault)).collect();
    Parsed { expr, names, diagnostics }
}

fn name_of(token: &Token, places: Places) -> Option<Spanned<Name>> {
    let name = match &token.kind {
        TokenKind::Value(Expr::Variable(name)) => Name::Variable(name.clone()),
        TokenKind::Value(Expr::Env(name)) => Name::Env(name.clone()),
        _ => return None,
    };
    Some(Spanned::new(name, places.span(token.span)))
}

fn diagnostic(source: &Arc<Source>, text: &str, places: Places, fault: Fault) -> Diagnostic {
    let span = places.span(fault.span);
    // Of a text with escapes, or on the command line, no part can be replaced.
    let is_written = span.of(&source.text) == fault.span.of(text) && !fault.span.is_empty();
    Diagnostic::error(fault.code, fault.message)
        .source(source)
        .label(span, fault.label)
        .help(fault.help)
        .edit_if(span, fault.instead.filter(|_| is_written))
}

struct Parser<'a> {
    text: &'a str,
    end: usize,
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
    operators: usize,
}

type Read = Result<Expr, Fault>;

impl Parser<'_> {
    fn whole(&mut self) -> Read {
        let expr = self.logical()?;
        match self.tokens.next() {
            None => Ok(expr),
            Some(token) if token.kind == TokenKind::Close => Err(self.fault(
                token.span,
                "{} closes nothing",
                "nothing is open",
                "remove it, or write `(` before it",
            )),
            Some(token) => {
                let help = "write an operator such as `-eq` or `-and` between the two; put a text of several words between \
                            single quotes";
                Err(self.fault(
                    token.span,
                    "expected an operator, but found {}",
                    "no operator before this",
                    help,
                ))
            }
        }
    }

    /// Reads comparisons joined by `-and`, `-or`, `&&` and `||`.
    fn logical(&mut self) -> Read {
        let mut operands = vec![self.comparison()?];
        let mut operators: Vec<(Operator, Dialect, Span)> = Vec::new();
        while let Some((operator, dialect, span)) = self.operator(Operator::is_logical)? {
            operators.push((operator, dialect, span));
            operands.push(self.comparison()?);
        }
        let is_mixed = |dialect| operators.iter().any(|(_, other, _)| *other == dialect);
        let differ = operators.iter().find(|(operator, ..)| *operator != operators[0].0);
        if let Some((.., span)) = differ
            && is_mixed(Dialect::C)
            && is_mixed(Dialect::Dash)
        {
            let help = "write parentheses around what belongs together: `(a -or b) && c`";
            return Err(self.fault(
                *span,
                "{} could be read in two ways here",
                "mixes two ways of writing",
                help,
            ));
        }
        Ok(grouped(operands, &operators))
    }

    fn comparison(&mut self) -> Read {
        let mut left = self.negation()?;
        while let Some((operator, ..)) = self.operator(|operator| !operator.is_logical())? {
            left = Expr::Binary(Box::new(left), operator, Box::new(self.negation()?));
        }
        Ok(left)
    }

    /// Takes the next operator if it is of the wanted sort.
    fn operator(
        &mut self,
        is_wanted: impl Fn(Operator) -> bool,
    ) -> Result<Option<(Operator, Dialect, Span)>, Fault> {
        let wanted =
            |token: &Token| matches!(token.kind, TokenKind::Operator(operator, _) if is_wanted(operator));
        let Some(Token { kind: TokenKind::Operator(operator, dialect), span }) = self.tokens.next_if(wanted)
        else {
            return Ok(None);
        };
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            let help =
                "split the condition: give the steps conditions of their own, or let the script decide";
            return Err(self.fault(span, "a condition has at most 256 operators", "one too many", help));
        }
        Ok(Some((operator, dialect, span)))
    }

    fn negation(&mut self) -> Read {
        match self.tokens.next_if(|token| token.kind == TokenKind::Not) {
            Some(token) => self.nested(token.span, |parser| Ok(Expr::Not(Box::new(parser.negation()?)))),
            None => self.list(),
        }
    }

    fn list(&mut self) -> Read {
        let first = self.primary()?;
        let mut items = vec![first];
        while self.tokens.next_if(|token| token.kind == TokenKind::Comma).is_some() {
            items.push(self.primary()?);
        }
        Ok(if items.len() == 1 { items.remove(0) } else { Expr::List(items) })
    }

    fn primary(&mut self) -> Read {
        let Some(token) = self.tokens.next() else {
            let here = Span::new(self.end, self.end);
            let message =
                if self.end == 0 { "the condition is empty" } else { "the condition ends too early" };
            return Err(self.fault(
                here,
                message,
                "a value is missing",
                "write a variable, a number or a `'text'` here",
            ));
        };
        match token.kind {
            TokenKind::Value(value) => Ok(value),
            TokenKind::Open => self.nested(token.span, |parser| {
                let inner = parser.logical()?;
                parser.close(token.span)?;
                Ok(inner)
            }),
            TokenKind::ListOpen => self.nested(token.span, |parser| {
                if parser.tokens.next_if(|next| next.kind == TokenKind::Close).is_some() {
                    return Ok(Expr::List(Vec::new()));
                }
                let inner = parser.logical()?;
                parser.close(token.span)?;
                Ok(if matches!(inner, Expr::List(_)) { inner } else { Expr::List(vec![inner]) })
            }),
            _ => {
                let help = "write a variable, a number or a `'text'` before it";
                Err(self.fault(token.span, "expected a value, but found {}", "no value before this", help))
            }
        }
    }

    fn close(&mut self, open: Span) -> Result<(), Fault> {
        match self.tokens.next() {
            Some(token) if token.kind == TokenKind::Close => Ok(()),
            Some(token) => {
                let help = "write an operator or `)` before it";
                Err(self.fault(token.span, "expected an operator or `)`, but found {}", "unexpected", help))
            }
            None => Err(self.fault(open, "{} is not closed", "opened here", "write `)` at the end")),
        }
    }

    fn nested(&mut self, at: Span, read: impl FnOnce(&mut Self) -> Read) -> Read {
        if self.depth == MAX_DEPTH {
            let help = "remove parentheses, or split the condition";
            return Err(self.fault(at, "a condition nests at most 64 deep", "one too many", help));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn fault(&self, span: Span, message: &str, label: &'static str, help: &str) -> Fault {
        let message = message.replace("{}", &format!("`{}`", span.of(self.text)));
        Fault { code: code::BAD_CONDITION, span, message, label, help: help.to_owned(), instead: None }
    }
}

/// Joins operands from left to right; between C operators `&&` binds first.
fn grouped(operands: Vec<Expr>, operators: &[(Operator, Dialect, Span)]) -> Expr {
    let binds_first = |operator, dialect| operator == Operator::And && dialect == Dialect::C;
    let mut operands = operands.into_iter();
    // The groups that `||` will join, each of them already joined by what binds first.
    let mut groups: Vec<(Operator, Expr)> =
        vec![(Operator::Or, operands.next().expect("there is a first operand"))];
    for ((operator, dialect, _), operand) in operators.iter().zip(operands) {
        match groups.pop() {
            Some((before, left)) if binds_first(*operator, *dialect) => {
                groups.push((before, join(left, *operator, operand)));
            }
            last => {
                groups.extend(last);
                groups.push((*operator, operand));
            }
        }
    }
    let mut groups = groups.into_iter();
    let (_, first) = groups.next().expect("there is a first group");
    groups.fold(first, |left, (operator, right)| join(left, operator, right))
}

fn join(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::Binary(Box::new(left), operator, Box::new(right))
}
