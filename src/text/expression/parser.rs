//! From tokens to the tree.

use std::{iter::Peekable, sync::Arc, vec::IntoIter};

use super::{
    Expr, Function, Name, Operator, Part,
    lexer::{Dialect, Token, TokenKind},
    outside::Fault,
    reading::{Reading, Rules},
    tree::{Case, joined},
};
use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, Source, code},
    text::places::Places,
};

/// How deep parentheses, lists and `-not` may nest.
const MAX_DEPTH: usize = 64;

/// How many operators and members a text may have, so that its tree stays shallow enough to be walked by recursion.
const MAX_OPERATORS: usize = 256;

/// What reading an expression gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The expression, if it could be read whole.
    pub expr: Option<Expr>,
    /// Every name it asks for and has no default for, in the order of the text, with its place in the source.
    pub names: Vec<Spanned<Name>>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the condition `text` that stands in `source` at its span, which may include quotes; PowerShell's rules hold.
pub fn parse(source: &Arc<Source>, text: Spanned<&str>) -> Parsed {
    parse_under(Rules::PowerShell, source, text)
}

/// Reads an expression under the rules of its field: `if` of jobs and steps is GitHub's, with or without `${{ }}`.
///
/// All dialects are read under both rules. They decide what differs: GitHub's `==` compares as numbers what is not of
/// one type, its `&&` gives a value, its names may have dashes.
pub fn parse_under(rules: Rules, source: &Arc<Source>, text: Spanned<&str>) -> Parsed {
    let mut reading = Reading::new(text.value);
    let whole = Span::new(0, text.value.len());
    let expr = match rules {
        Rules::PowerShell => reading.expression(whole, rules),
        Rules::GitHub => reading.github(whole),
    };
    let (names, diagnostics) = reading.told(source, Places::of(source, text));
    let expr = diagnostics.is_empty().then_some(expr);
    Parsed { expr, names, diagnostics }
}

/// Builds the tree of the tokens of a part of the text.
pub(super) fn whole(
    reading: &mut Reading<'_>,
    tokens: Vec<Token>,
    range: Span,
    rules: Rules,
) -> Result<Expr, Fault> {
    let mut parser =
        Parser { reading, range, rules, tokens: tokens.into_iter().peekable(), depth: 0, commas_part: false };
    parser.whole()
}

impl Reading<'_> {
    /// Returns the names and faults with their places in the source.
    pub(super) fn told(self, source: &Arc<Source>, places: Places) -> (Vec<Spanned<Name>>, Vec<Diagnostic>) {
        let names = self.names.into_iter().map(|name| Spanned::new(name.value, places.span(name.span)));
        let faults = self.faults.into_iter().map(|fault| diagnostic(source, self.text, places, fault));
        (names.collect(), faults.collect())
    }
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

struct Parser<'r, 'a> {
    reading: &'r mut Reading<'a>,
    range: Span,
    rules: Rules,
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
    /// A comma parts the values of a function, and makes no list.
    commas_part: bool,
}

type Read = Result<Expr, Fault>;

impl Parser<'_, '_> {
    fn whole(&mut self) -> Read {
        let expr = self.logical()?;
        match self.tokens.next() {
            None => Ok(expr),
            Some(token) if matches!(token.kind, TokenKind::Close | TokenKind::IndexClose) => Err(self.fault(
                token.span,
                "{} closes nothing",
                "nothing is open",
                "remove it, or write `(` before it",
            )),
            Some(token) => {
                let help = "write an operator such as `-eq` or `-and` between the two; put a text of several words between \
                            single quotes";
                Err(self.no_operator(&token, "expected an operator, but found {}", help))
            }
        }
    }

    /// Makes a fault of a token that stands where an operator should; a word there makes the one before it a command.
    fn no_operator(&self, token: &Token, message: &str, help: &str) -> Fault {
        let is_word = token.span.of(self.reading.text).starts_with(char::is_alphabetic);
        if !is_word {
            return self.fault(token.span, message, "no operator before this", help);
        }
        let message = "{} would be an argument of a command, which is not run in conditions";
        let fault = self.fault(token.span, message, "no operator before this", help);
        Fault { code: code::UNSUPPORTED_CONDITION, ..fault }
    }

    /// Reads comparisons joined by `-and`, `-or`, `&&` and `||`.
    fn logical(&mut self) -> Read {
        let mut operands = vec![self.comparison()?];
        let mut operators: Vec<(Operator, Dialect, Span)> = Vec::new();
        while let Some((operator, _, dialect, span)) = self.operator(Operator::is_logical)? {
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
        if self.rules == Rules::PowerShell {
            return self.chain(|operator| !operator.is_logical(), Self::negation);
        }
        // GitHub: `<` binds before `==`.
        let is_equality = |operator| matches!(operator, Operator::Equal | Operator::NotEqual);
        self.chain(is_equality, |parser| {
            parser.chain(|operator| !operator.is_logical() && !is_equality(operator), Self::negation)
        })
    }

    fn chain(&mut self, is_wanted: impl Fn(Operator) -> bool, operand: impl Fn(&mut Self) -> Read) -> Read {
        let mut left = operand(self)?;
        while let Some((operator, case, ..)) = self.operator(&is_wanted)? {
            left = Expr::Binary(Box::new(left), operator, case, Box::new(operand(self)?));
        }
        Ok(left)
    }

    /// Takes the next operator if it is of the wanted sort.
    fn operator(
        &mut self,
        is_wanted: impl Fn(Operator) -> bool,
    ) -> Result<Option<(Operator, Case, Dialect, Span)>, Fault> {
        let wanted =
            |token: &Token| matches!(token.kind, TokenKind::Operator(operator, ..) if is_wanted(operator));
        let Some(Token { kind: TokenKind::Operator(operator, case, dialect), span }) =
            self.tokens.next_if(wanted)
        else {
            return Ok(None);
        };
        self.count(span)?;
        Ok(Some((operator, case, dialect, span)))
    }

    fn count(&mut self, span: Span) -> Result<(), Fault> {
        self.reading.operators += 1;
        if self.reading.operators > MAX_OPERATORS {
            let help =
                "split the condition: give the steps conditions of their own, or let the script decide";
            return Err(self.fault(span, "a condition has at most 256 operators", "one too many", help));
        }
        Ok(())
    }

    fn negation(&mut self) -> Read {
        match self.tokens.next_if(|token| token.kind == TokenKind::Not) {
            Some(token) => self.nested(token.span, |parser| Ok(Expr::Not(Box::new(parser.negation()?)))),
            None => self.list(),
        }
    }

    fn list(&mut self) -> Read {
        let first = self.postfix()?;
        let mut items = vec![first];
        while !self.commas_part && self.tokens.next_if(|token| token.kind == TokenKind::Comma).is_some() {
            items.push(self.postfix()?);
        }
        Ok(if items.len() == 1 { items.remove(0) } else { Expr::List(items) })
    }

    /// Reads a value and the members that are taken of it.
    fn postfix(&mut self) -> Read {
        let mut base = self.primary()?;
        let is_postfix = |token: &Token| {
            matches!(token.kind, TokenKind::Member(_) | TokenKind::IndexOpen | TokenKind::Star)
        };
        while let Some(token) = self.tokens.next_if(is_postfix) {
            self.count(token.span)?;
            base = match token.kind {
                TokenKind::Member(name) => Expr::Member(Box::new(base), name),
                TokenKind::Star => Expr::Filter(Box::new(base)),
                _ => self.index(base, token.span)?,
            };
        }
        Ok(base)
    }

    fn index(&mut self, base: Expr, open: Span) -> Read {
        let index = self.nested(open, |parser| {
            let index = parser.with_commas(false, Self::logical)?;
            parser.close(open, &TokenKind::IndexClose, "]")?;
            Ok(index)
        })?;
        Ok(match (base, index) {
            (Expr::Context(root), Expr::Text(name)) if root == "env" => Expr::Env(name),
            (base, Expr::Text(name)) => Expr::Member(Box::new(base), name),
            (base, index) => Expr::Index(Box::new(base), Box::new(index)),
        })
    }

    fn primary(&mut self) -> Read {
        let Some(token) = self.tokens.next() else {
            let here = Span::new(self.range.end, self.range.end);
            let is_empty = self.range.of(self.reading.text).trim().is_empty();
            let message = if is_empty { "the condition is empty" } else { "the condition ends too early" };
            return Err(self.fault(
                here,
                message,
                "a value is missing",
                "write a variable, a number or a `'text'` here",
            ));
        };
        match token.kind {
            TokenKind::Value(Expr::GitHub(inner)) if self.rules == Rules::GitHub => Ok(*inner),
            TokenKind::Value(value) => Ok(value),
            TokenKind::Open => self.nested(token.span, |parser| {
                let inner = parser.with_commas(false, Self::logical)?;
                parser.close(token.span, &TokenKind::Close, ")")?;
                Ok(inner)
            }),
            TokenKind::ListOpen => self.nested(token.span, |parser| {
                if parser.tokens.next_if(|next| next.kind == TokenKind::Close).is_some() {
                    return Ok(Expr::List(Vec::new()));
                }
                let inner = parser.with_commas(false, Self::logical)?;
                parser.close(token.span, &TokenKind::Close, ")")?;
                Ok(if matches!(inner, Expr::List(_)) { inner } else { Expr::List(vec![inner]) })
            }),
            TokenKind::CallOpen(function) => self.call(function, token.span),
            TokenKind::JoinedOpen => {
                let parts = self.arguments(token.span)?;
                Ok(joined(parts.into_iter().map(Part::Value)))
            }
            _ => {
                let help = "write a variable, a number or a `'text'` before it";
                Err(self.fault(token.span, "expected a value, but found {}", "no value before this", help))
            }
        }
    }

    fn call(&mut self, function: Function, open: Span) -> Read {
        let arguments = self.arguments(open)?;
        let (name, _, least, most) = function.row();
        if (least..=most).contains(&arguments.len()) {
            return Ok(Expr::Call(function, arguments));
        }
        let wanted = match (least, most) {
            (0, 0) => "no value".to_owned(),
            (1, 1) => "one value".to_owned(),
            (least, most) if least == most => format!("{least} values"),
            (least, 255) => format!("at least {least}"),
            (least, most) => format!("{least} or {most} values"),
        };
        let message = format!("`{name}()` takes {wanted}, but is given {}", arguments.len());
        let help = format!("write {wanted} between the parentheses, with commas between them");
        Err(self.fault(open, &message, "not as many", &help))
    }

    fn arguments(&mut self, open: Span) -> Result<Vec<Expr>, Fault> {
        let mut arguments = Vec::new();
        if self.tokens.next_if(|next| next.kind == TokenKind::Close).is_some() {
            return Ok(arguments);
        }
        self.nested(open, |parser| {
            loop {
                arguments.push(parser.with_commas(true, Self::logical)?);
                if parser.tokens.next_if(|next| next.kind == TokenKind::Comma).is_none() {
                    parser.close(open, &TokenKind::Close, ")")?;
                    return Ok(Expr::Null);
                }
            }
        })?;
        Ok(arguments)
    }

    fn with_commas(&mut self, part: bool, read: impl FnOnce(&mut Self) -> Read) -> Read {
        let before = std::mem::replace(&mut self.commas_part, part);
        let result = read(self);
        self.commas_part = before;
        result
    }

    fn close(&mut self, open: Span, wanted: &TokenKind, sign: &str) -> Result<(), Fault> {
        match self.tokens.next() {
            Some(token) if token.kind == *wanted => Ok(()),
            Some(token) => {
                let help = format!("write an operator or `{sign}` before it");
                let message = format!("expected an operator or `{sign}`, but found {{}}");
                Err(self.no_operator(&token, &message, &help))
            }
            None => {
                let help = format!("write `{sign}` at the end");
                Err(self.fault(open, "{} is not closed", "opened here", &help))
            }
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
        let message = message.replace("{}", &format!("`{}`", span.of(self.reading.text)));
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
    Expr::Binary(Box::new(left), operator, Case::Ignored, Box::new(right))
}
