//! Splits an expression into tokens, and finds everything that is outside the language.
//!
//! Nearly every construct that only PowerShell could evaluate shows in its first characters, so it is recognised
//! here and taken as a whole: the tokens behind it then still make sense, and all of them are reported at once.
//! Does not know the grammar.

use serde_json::Number;

use super::{
    Expr, Function, Machine, Operator, Part,
    outside::{Fault, NO_COMMANDS, group_length, operator_list},
    reading::{Reading, Rules},
    tree::{Case, joined},
};
use crate::{
    base::{Span, nearest, nearest_alone},
    diag::code,
};

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Value(Expr),
    /// An operator; of `&&` and `||` the dialect matters for the precedence.
    Operator(Operator, Case, Dialect),
    Not,
    Open,
    ListOpen,
    /// `contains(`
    CallOpen(Function),
    /// `concat(`
    JoinedOpen,
    Close,
    Comma,
    /// `.name`
    Member(String),
    /// `[` behind a value.
    IndexOpen,
    IndexClose,
    /// `.*` and `[*]`
    Star,
}

/// How an operator is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Dash,
    C,
}

/// A token and its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// What starts at a place: a token or a mistake, and where it ends.
pub(super) type Found = (Result<TokenKind, Fault>, usize);

/// How many mistakes of one text are told; nobody reads more.
const MAX_FAULTS: usize = 32;

/// Splits a part of the text.
pub(super) fn tokens(reading: &mut Reading<'_>, range: Span, rules: Rules) -> Vec<Token> {
    let text = &reading.text[..range.end];
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = range.start;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let before = tokens.last().filter(|last| is_value_end(&last.kind));
        let glued = before.is_some_and(|last| last.span.end == at);
        let behind_value = before.is_some();
        let (found, end) = Lexer { reading, text, at, behind_value, glued, rules }.next(c);
        match found {
            Ok(kind) => tokens.push(Token { kind, span: Span::new(at, end) }),
            Err(fault) => reading.faults.push(fault),
        }
        if reading.faults.len() >= MAX_FAULTS {
            break;
        }
        at = end;
    }
    tokens
}

fn is_value_end(kind: &TokenKind) -> bool {
    use TokenKind::{Close, IndexClose, Member, Star, Value};
    matches!(kind, Value(_) | Close | IndexClose | Member(_) | Star)
}

const C_COMPARISONS: [(&str, Operator); 5] = [
    ("==", Operator::Equal),
    ("<", Operator::Less),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    (">=", Operator::GreaterOrEqual),
];

/// Reads the one token that starts at a place.
pub(super) struct Lexer<'r, 'a> {
    pub(super) reading: &'r mut Reading<'a>,
    /// The text, up to the end of the part that is read.
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The token before it is an operand, so that `-` is no sign.
    pub(super) behind_value: bool,
    /// It is an operand, and no blank is between.
    pub(super) glued: bool,
    pub(super) rules: Rules,
}

impl Lexer<'_, '_> {
    fn next(&mut self, c: char) -> Found {
        let rest = &self.text[self.at..];
        let at = self.at;
        let ok = |kind, length| (Ok(kind), at + length);
        let operator =
            |operator, length| ok(TokenKind::Operator(operator, Case::Ignored, Dialect::C), length);
        let starts_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        match c {
            '(' => self.open(),
            ')' => ok(TokenKind::Close, 1),
            ']' => ok(TokenKind::IndexClose, 1),
            ',' => ok(TokenKind::Comma, 1),
            '[' if self.glued && rest.starts_with("[*]") => ok(TokenKind::Star, 3),
            '[' if self.glued => ok(TokenKind::IndexOpen, 1),
            '[' => self.bracket(),
            '.' if self.glued
                && (rest.starts_with(".*")
                    || rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_')) =>
            {
                self.member()
            }
            '\'' | '"' => self.quoted(c),
            '$' => self.variable(),
            '{' if rest.starts_with("{{") => match self.reading.braces(at, self.text.len()) {
                Some((value, after)) => (Ok(TokenKind::Value(value)), after),
                None => self.endless("this placeholder has no end", "write `}}` at its end"),
            },
            '@' if rest.starts_with("@(") => ok(TokenKind::ListOpen, 2),
            '!' if rest.starts_with("!=") => operator(Operator::NotEqual, 2),
            '&' if rest.starts_with("&&") => operator(Operator::And, 2),
            '|' if rest.starts_with("||") => operator(Operator::Or, 2),
            '!' => ok(TokenKind::Not, 1),
            '=' | '<' | '>' => {
                let length = self.run(0, |c| "=<>".contains(c));
                match C_COMPARISONS.iter().find(|(written, _)| *written == &rest[..length]) {
                    Some((_, comparison)) => operator(*comparison, length),
                    None => self.foreign_comparison(length),
                }
            }
            '-' if !self.behind_value && starts_digit(rest[1..].trim_start_matches('.')) => self.number(),
            '-' if rest[1..].starts_with(|c: char| c.is_alphabetic()) => self.dash_word(),
            '+' | '.' if !self.behind_value && starts_digit(rest[1..].trim_start_matches('.')) => {
                self.number()
            }
            _ if c.is_ascii_digit() => self.number(),
            _ if c.is_alphabetic() || c == '_' => self.word(),
            _ => self.outside(c),
        }
    }

    /// Returns how many bytes from an offset behind the start satisfy a test.
    pub(super) fn run(&self, from: usize, belongs: impl Fn(char) -> bool) -> usize {
        let rest = &self.text[self.at + from..];
        rest.find(|c| !belongs(c)).unwrap_or(rest.len())
    }

    fn open(&mut self) -> Found {
        let rest = &self.text[self.at..];
        match written_as(rest, Machine::IsAdministrator.as_str()) {
            Some(length) => (Ok(TokenKind::Value(Expr::Machine(Machine::IsAdministrator))), self.at + length),
            None => (Ok(TokenKind::Open), self.at + 1),
        }
    }

    /// Reads what PowerShell writes in brackets: few types mean something here.
    fn bracket(&mut self) -> Found {
        let rest = &self.text[self.at..];
        for written in [Machine::SystemVersion.as_str(), "[Environment]::OSVersion.Version"] {
            if let Some(length) = written_as(rest, written) {
                return (Ok(TokenKind::Value(Expr::Machine(Machine::SystemVersion))), self.at + length);
            }
        }
        let Some(length) = written_as(rest, "[version]") else { return self.outside('[') };
        let at = self.at;
        self.at += length;
        let (found, end) = match rest[length..].chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            Some('$') => self.variable(),
            _ => {
                self.at = at;
                return self.outside('[');
            }
        };
        let call = |kind| match kind {
            TokenKind::Value(value) => TokenKind::Value(Expr::Call(Function::Version, vec![value])),
            other => other,
        };
        (found.map(call), end)
    }

    /// Reads a text in quotes, with the values in it.
    pub(super) fn quoted(&mut self, quote: char) -> Found {
        let mut parts: Vec<Part> = Vec::new();
        let mut value = String::new();
        let mut at = self.at + 1;
        while let Some(c) = self.text[at..].chars().next() {
            let rest = &self.text[at..];
            let next = rest[c.len_utf8()..].chars().next();
            if c == quote && next == Some(quote) {
                value.push(quote);
                at += 2;
            } else if c == quote {
                parts.push(Part::Text(value));
                return (Ok(TokenKind::Value(joined(parts))), at + 1);
            } else if quote == '"' && c == '`' {
                value.extend(next.map(unescaped));
                at += 1 + next.map_or(0, char::len_utf8);
            } else if let Some((inner, after)) = self.value_inside(quote, at) {
                parts.push(Part::Text(std::mem::take(&mut value)));
                parts.push(Part::Value(inner));
                at = after;
            } else if quote == '"' && rest.starts_with("$(") {
                let length = group_length(&rest[1..]) + 1;
                let lexer = Lexer { reading: &mut *self.reading, at, ..*self };
                let message = "commands, as in {}, are not run in conditions";
                let (fault, after) = lexer.unsupported(length, message, NO_COMMANDS);
                self.reading.faults.extend(fault.err());
                at = after;
            } else {
                value.push(c);
                at += c.len_utf8();
            }
        }
        let help = format!("write {} at its end", if quote == '"' { "`\"`" } else { "`'`" });
        self.endless("this text has no end", &help)
    }

    fn value_inside(&mut self, quote: char, at: usize) -> Option<(Expr, usize)> {
        let (rest, end) = (&self.text[at..], self.text.len());
        let has_values = quote == '"' || self.rules == Rules::PowerShell;
        if has_values && rest.starts_with("${{") {
            return self.reading.dollar_braces(at, end);
        }
        if has_values && rest.starts_with("{{") {
            return self.reading.braces(at, end);
        }
        if quote != '"' || !rest.starts_with('$') {
            return None;
        }
        if rest.starts_with("$(") {
            return self.reading.dollar_parentheses(at, end);
        }
        if rest.starts_with("${") {
            return self.reading.dollar_name(at, end);
        }
        if !rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return None;
        }
        let belongs = |c: char| c.is_alphanumeric() || c == '_';
        let name = 1 + rest[1..].find(|c| !belongs(c)).unwrap_or(rest.len() - 1);
        let has_own = rest[1..name].eq_ignore_ascii_case("env") && rest[name..].starts_with(':');
        let length = if has_own {
            name + 1 + rest[name + 1..].find(|c| !belongs(c)).unwrap_or(rest.len() - name - 1)
        } else {
            name
        };
        let value = self.reading.expression(Span::new(at, at + length), Rules::PowerShell);
        Some((value, at + length))
    }

    pub(super) fn endless(&self, message: &str, help: &str) -> Found {
        let length = self.text.len() - self.at;
        self.fault(code::BAD_CONDITION, length, message, "starts here", help)
    }

    /// Reads `-eq` and its like.
    fn dash_word(&self) -> Found {
        let length = 1 + self.run(1, char::is_alphabetic);
        let word = self.text[self.at..self.at + length].to_ascii_lowercase();
        if word == "-not" {
            return (Ok(TokenKind::Not), self.at + length);
        }
        // `-ieq` says what `-eq` does anyway; only `-in` starts with an `i` that is its own, and `-contains` with a `c`.
        let without = |letter: &str| {
            let plain = word.strip_prefix(letter).map(|rest| format!("-{rest}"))?;
            Operator::of(&plain).filter(|operator| !operator.is_logical())
        };
        let known = Operator::of(&word).or_else(|| without("-i")).map(|operator| (operator, Case::Ignored));
        if let Some((operator, case)) = known.or_else(|| without("-c").map(|operator| (operator, Case::Told)))
        {
            return (Ok(TokenKind::Operator(operator, case, Dialect::Dash)), self.at + length);
        }
        match word.trim_start_matches(['-', 'c', 'i']) {
            "replace" | "s" | "snot" | "as" | "split" | "join" | "f" | "xor" | "band" | "bor" | "bnot"
            | "shl" | "shr" => self.unsupported(length, "{} is not supported", NO_COMMANDS),
            _ => {
                let names = || Operator::ALL.iter().map(|(name, _)| *name).chain(["-not"]);
                let (message, label) = ("there is no operator {}", "unknown operator");
                let help = match nearest(&word, names()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("the operators are {}", operator_list()),
                };
                if let Some(meant) = nearest_alone(&word, names()) {
                    return self.wrong_operator(length, message, label, help, meant);
                }
                self.fault(code::BAD_CONDITION, length, message, label, help)
            }
        }
    }

    fn number(&self) -> Found {
        let sign = usize::from(self.text[self.at..].starts_with(['-', '+']));
        let mut length = sign + self.run(sign, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let has_signed_exponent = self.text[self.at..self.at + length].ends_with(['e', 'E'])
            && self.text[self.at + length..].starts_with(['+', '-']);
        if has_signed_exponent {
            length += 1 + self.run(length + 1, |c| c.is_ascii_digit());
        }
        let written = &self.text[self.at..self.at + length];
        let number = number(written)
            .or_else(|| if self.rules == Rules::GitHub { github_number(written) } else { None });
        if let Some(number) = number {
            return (Ok(TokenKind::Value(Expr::Number(number))), self.at + length);
        }
        let help = format!("write `'{written}'` if it is meant as text");
        self.fault(code::BAD_CONDITION, length, "{} is no number", "not a number", help)
    }
}

/// Reads what GitHub reads beyond [`number`]: `+5`, `.5`, `5.`, `0o17`.
pub(super) fn github_number(text: &str) -> Option<Number> {
    let unsigned = text.trim_start_matches(['-', '+']);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    if let Some(octal) = unsigned.strip_prefix("0o") {
        return i64::from_str_radix(octal, 8).ok().map(|number| (sign * number).into());
    }
    let is_decimal = unsigned.chars().all(|c| c.is_ascii_digit() || "eE+-.".contains(c));
    text.parse().ok().filter(|_| is_decimal).and_then(Number::from_f64)
}

fn unescaped(c: char) -> char {
    match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        other => other,
    }
}

/// Reads a whole, decimal or hexadecimal number.
pub(super) fn number(text: &str) -> Option<Number> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let is_hexadecimal = hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_hexadecimal {
            i64::from_str_radix(&format!("{sign}{hexadecimal}"), 16).ok().map(Into::into)
        } else {
            None
        };
    }
    let starts_and_ends =
        digits.starts_with(|c: char| c.is_ascii_digit()) && digits.ends_with(|c: char| c.is_ascii_digit());
    if !starts_and_ends || digits.contains(|c: char| !c.is_ascii_digit() && !"eE+-.".contains(c)) {
        return None;
    }
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => text.parse().ok().and_then(Number::from_f64),
    }
}

/// Returns how long the start of a text is that is written as a form, whatever its case and blanks.
fn written_as(text: &str, form: &str) -> Option<usize> {
    let mut characters = text.char_indices().filter(|(_, c)| !c.is_whitespace());
    let mut end = 0;
    for wanted in form.chars() {
        let (offset, c) = characters.next()?;
        if !c.eq_ignore_ascii_case(&wanted) {
            return None;
        }
        end = offset + c.len_utf8();
    }
    Some(end)
}
