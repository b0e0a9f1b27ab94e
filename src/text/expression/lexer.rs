//! Splits a condition into tokens, and finds everything that is outside the language.
//!
//! Nearly every construct that only PowerShell could evaluate shows in its first characters, so it is recognised
//! here and taken as a whole: the tokens behind it then still make sense, and all of them are reported at once.
//! Does not know the grammar.

use serde_json::Number;

use super::{
    Expr, Operator, Platform,
    outside::{Fault, NO_COMMANDS, NO_MEMBERS, operator_list},
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
    Operator(Operator, Dialect),
    Not,
    Open,
    ListOpen,
    Close,
    Comma,
}

/// How an operator is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Dash,
    C,
}

/// A token and its place in the condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// What starts at a place: a token or a mistake, and where it ends.
pub(super) type Found = (Result<TokenKind, Fault>, usize);

/// Splits the whole text.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Vec<Fault>) {
    let (mut tokens, mut faults): (Vec<Token>, Vec<Fault>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let behind_value =
            tokens.last().is_some_and(|last| matches!(last.kind, TokenKind::Value(_) | TokenKind::Close));
        let (found, end) = Lexer { text, at, behind_value }.next(c);
        match found {
            Ok(kind) => tokens.push(Token { kind, span: Span::new(at, end) }),
            Err(fault) => faults.push(fault),
        }
        at = end;
    }
    (tokens, faults)
}

const C_COMPARISONS: [(&str, Operator); 5] = [
    ("==", Operator::Equal),
    ("<", Operator::Less),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    (">=", Operator::GreaterOrEqual),
];

/// Reads the one token that starts at a place.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The token before it is an operand, so that `-` is no sign.
    behind_value: bool,
}

impl Lexer<'_> {
    fn next(&self, c: char) -> Found {
        let rest = &self.text[self.at..];
        let ok = |kind, length| (Ok(kind), self.at + length);
        let operator = |operator, length| ok(TokenKind::Operator(operator, Dialect::C), length);
        match c {
            '(' => ok(TokenKind::Open, 1),
            ')' => self.close(),
            ',' => ok(TokenKind::Comma, 1),
            '\'' | '"' => self.quoted(c),
            '$' => self.variable(),
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
            '-' if !self.behind_value && rest[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            '-' if rest[1..].starts_with(|c: char| c.is_alphabetic()) => self.dash_word(),
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

    fn close(&self) -> Found {
        match self.member_length(1) {
            0 => (Ok(TokenKind::Close), self.at + 1),
            length => {
                self.unsupported(1 + length, "members of a result, as in {}, are not supported", NO_MEMBERS)
            }
        }
    }

    fn quoted(&self, quote: char) -> Found {
        let mut value = String::new();
        let mut characters = self.text[self.at + 1..].char_indices().peekable();
        while let Some((offset, c)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if c == quote && next == Some(quote) {
                characters.next();
                value.push(quote);
            } else if c == quote {
                if value.contains("{{") {
                    let help = "compare the variable itself, as in `$name -eq 'text'`";
                    return self.unsupported(
                        1 + offset + 1,
                        "placeholders inside a text are not supported",
                        help,
                    );
                }
                return (Ok(TokenKind::Value(Expr::Text(value))), self.at + 1 + offset + 1);
            } else if quote == '"' && c == '`' {
                value.extend(characters.next().map(|(_, escaped)| unescaped(escaped)));
            } else if quote == '"'
                && c == '$'
                && next.is_some_and(|next| next.is_alphabetic() || "_{(".contains(next))
            {
                let help = "write the text in single quotes if `$` is meant as it stands, else compare the variable itself";
                return self.unsupported(
                    self.quoted_length(),
                    "variables inside a text are not supported",
                    help,
                );
            } else {
                value.push(c);
            }
        }
        let length = self.text.len() - self.at;
        let help = format!("write {} at its end", if quote == '"' { "`\"`" } else { "`'`" });
        self.fault(code::BAD_CONDITION, length, "this text has no end", "starts here", help)
    }

    fn variable(&self) -> Found {
        let rest = &self.text[self.at..];
        if rest.starts_with("${{") {
            return self.placeholder(1);
        }
        if rest.starts_with("$(") {
            return self.unsupported(
                self.call_length(1),
                "commands, as in {}, are not run in conditions",
                NO_COMMANDS,
            );
        }
        let (name, length) = if let Some(inside) = rest.strip_prefix("${") {
            let Some(end) = inside.find('}') else {
                return self.fault(
                    code::BAD_CONDITION,
                    rest.len(),
                    "this name has no end",
                    "starts here",
                    "write `}` at its end",
                );
            };
            (&inside[..end], end + 3)
        } else {
            let length = 1 + self.run(1, |c| c.is_alphanumeric() || c == '_' || c == ':');
            (&rest[1..length], length)
        };
        match self.member_length(length) {
            0 => self.named(name, length),
            members => self.unsupported(
                length + members,
                "members of a variable, as in {}, are not supported",
                NO_MEMBERS,
            ),
        }
    }

    fn named(&self, name: &str, length: usize) -> Found {
        if let Some((scope, name)) = name.split_once(':') {
            if scope.eq_ignore_ascii_case("env") && !name.is_empty() && !name.contains(':') {
                return (Ok(TokenKind::Value(Expr::Env(name.to_owned()))), self.at + length);
            }
            let help =
                format!("write `${}`, or `$env:NAME` for the environment", name.trim_start_matches(':'));
            return self.unsupported(length, "{} has a scope, which conditions do not know", help);
        }
        if name.is_empty() || name == "_" || name.starts_with(|c: char| c.is_ascii_digit()) {
            let help = "write a name of letters, digits and `_` behind `$`";
            return self.unsupported(length.max(1), "{} is no variable conditions know", help);
        }
        (Ok(TokenKind::Value(constant(name))), self.at + length)
    }

    fn word(&self) -> Found {
        let length = self.run(0, |c| c.is_alphanumeric() || c == '_');
        let word = &self.text[self.at..self.at + length];
        let behind = &self.text[self.at + length..];
        let is_command = behind.starts_with('-') && behind[1..].starts_with(|c: char| c.is_alphabetic());
        if is_command || behind.starts_with('(') {
            let length = self.call_length(length);
            return self.unsupported(
                length,
                "commands and functions, as in {}, are not run in conditions",
                NO_COMMANDS,
            );
        }
        if behind.starts_with(':') && !behind.starts_with("::") {
            let name_length = self.run(length + 1, |c| c.is_alphanumeric() || c == '_');
            let whole = length + 1 + name_length;
            let help = format!("write `$env:{}` for a variable of the environment", &behind[1..=name_length]);
            return self.unsupported(whole, "{} is nothing conditions know", help);
        }
        match self.member_length(length) {
            0 => self.plain_word(word),
            members => self.unsupported(length + members, "members, as in {}, are not supported", NO_MEMBERS),
        }
    }

    fn plain_word(&self, word: &str) -> Found {
        let dashed = format!("-{}", word.to_ascii_lowercase());
        if dashed == "-not" || Operator::ALL.iter().any(|(name, _)| *name == dashed) {
            let help = format!("write `{dashed}`; a variable of this name is written `${word}`");
            return self.fault(
                code::BAD_CONDITION,
                word.len(),
                "operators start with a dash, but found {}",
                "no operator",
                help,
            );
        }
        (Ok(TokenKind::Value(constant(word))), self.at + word.len())
    }

    /// Reads `-eq` and its like.
    fn dash_word(&self) -> Found {
        let length = 1 + self.run(1, char::is_alphabetic);
        let word = self.text[self.at..self.at + length].to_ascii_lowercase();
        // `-ieq` says what `-eq` does anyway; only `-in` and `-like` do not start with an `i` to be dropped.
        let plain = word.strip_prefix("-i").map(|rest| format!("-{rest}"));
        if word == "-not" {
            return (Ok(TokenKind::Not), self.at + length);
        }
        let known = |name: &str| {
            Operator::ALL.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
        };
        if let Some(operator) = known(&word).or_else(|| plain.as_deref().and_then(known)) {
            return (Ok(TokenKind::Operator(operator, Dialect::Dash)), self.at + length);
        }
        match word.trim_start_matches(['-', 'c', 'i']) {
            "match" | "notmatch" => {
                self.unsupported(length, "{} is not supported", "write `-like` with `*` and `?`, or `-eq`")
            }
            "replace" | "s" | "snot" | "as" | "split" | "join" | "f" | "xor" | "band" | "bor" | "bnot"
            | "shl" | "shr" => self.unsupported(length, "{} is not supported", NO_COMMANDS),
            _ if known(&word.replacen("-c", "-", 1)).is_some() => {
                let help = format!(
                    "write `{}`, which takes upper and lower case as one",
                    word.replacen("-c", "-", 1)
                );
                self.unsupported(length, "{} tells upper from lower case, which is not supported", help)
            }
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
        let sign = usize::from(self.text[self.at..].starts_with('-'));
        let mut length = sign + self.run(sign, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let has_signed_exponent = self.text[self.at..self.at + length].ends_with(['e', 'E'])
            && self.text[self.at + length..].starts_with(['+', '-']);
        if has_signed_exponent {
            length += 1 + self.run(length + 1, |c| c.is_ascii_digit());
        }
        let written = &self.text[self.at..self.at + length];
        if let Some(number) = number(written) {
            return (Ok(TokenKind::Value(Expr::Number(number))), self.at + length);
        }
        let help = format!("write `'{written}'` if it is meant as text");
        self.fault(code::BAD_CONDITION, length, "{} is no number", "not a number", help)
    }
}

/// Returns what a name means that may be a constant, whatever its case.
fn constant(name: &str) -> Expr {
    let platform = Platform::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    match name.to_ascii_lowercase().as_str() {
        "true" => Expr::Bool(true),
        "false" => Expr::Bool(false),
        "null" => Expr::Null,
        _ => platform
            .map_or_else(|| Expr::Variable(name.to_owned()), |(_, platform)| Expr::Platform(*platform)),
    }
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
