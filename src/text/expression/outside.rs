//! What is outside the language of conditions: how far it goes, why it is refused, what to write instead.

use super::{
    Operator,
    lexer::{Found, Lexer},
};
use crate::{
    base::{Span, quoted_list},
    diag::{Code, code},
};

pub(super) const NO_COMMANDS: &str =
    "compare variables instead (`--var NAME=VALUE` sets one), or let the script decide by itself";
pub(super) const NO_MEMBERS: &str =
    "set a variable to the value that is wanted and compare that (`--var NAME=VALUE`)";

/// A mistake in the condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: String,
    /// What is to stand there instead, where that is certain.
    pub(super) instead: Option<String>,
}

impl Lexer<'_, '_> {
    pub(super) fn fault(
        &self,
        code: Code,
        length: usize,
        message: &str,
        label: &'static str,
        help: impl Into<String>,
    ) -> Found {
        let span = Span::new(self.at, self.at + length);
        let message = message.replace("{}", &format!("`{}`", span.of(self.text)));
        (Err(Fault { code, span, message, label, help: help.into(), instead: None }), span.end)
    }

    /// Makes a fault of an operator for which another is certainly meant.
    pub(super) fn wrong_operator(
        &self,
        length: usize,
        message: &str,
        label: &'static str,
        help: String,
        meant: &str,
    ) -> Found {
        let (found, end) = self.fault(code::BAD_CONDITION, length, message, label, help);
        let is_apart = |c: char| c.is_whitespace() || "()".contains(c);
        let (text_before, text_behind) = (&self.text[..self.at], &self.text[end..]);
        let before = if text_before.is_empty() || text_before.ends_with(is_apart) { "" } else { " " };
        let behind = if text_behind.is_empty() || text_behind.starts_with(is_apart) { "" } else { " " };
        (found.map_err(|fault| Fault { instead: Some(format!("{before}{meant}{behind}")), ..fault }), end)
    }

    pub(super) fn unsupported(&self, length: usize, message: &str, help: impl Into<String>) -> Found {
        self.fault(code::UNSUPPORTED_CONDITION, length, message, "not supported", help)
    }

    /// Refuses what looks like a comparison and is none: `=`, `<>`, `=>`.
    pub(super) fn foreign_comparison(&self, length: usize) -> Found {
        let meant = match &self.text[self.at..self.at + length] {
            "=<" => "-le",
            "=>" => "-ge",
            "<>" | "><" => "-ne",
            _ => "-eq",
        };
        let help = format!("write `{meant}`");
        self.wrong_operator(length, "{} compares nothing here", "no comparison", help, meant)
    }

    pub(super) fn outside(&self, c: char) -> Found {
        let rest = &self.text[self.at..];
        if rest.starts_with("--") {
            let length = self.run(0, |c| c.is_alphanumeric() || c == '-');
            return self.unsupported(
                length,
                "{} is an option of a command, which is not run here",
                NO_COMMANDS,
            );
        }
        match c {
            '@' | '{' | '[' => {
                let start = usize::from(c == '@');
                let is_group = rest[start..].starts_with(['{', '[']);
                let length = if is_group { start + group_length(&rest[start..]) } else { 1 };
                let length = length + self.member_length(length);
                self.unsupported(length, "{} is not supported in conditions", NO_COMMANDS)
            }
            '|' | '&' | ';' => {
                self.unsupported(1, "{} joins commands, which are not run in conditions", NO_COMMANDS)
            }
            '+' | '-' | '*' | '/' | '%' | '.' => self.unsupported(
                1,
                "{} calculates, which conditions do not",
                "compute the value where the variable is set",
            ),
            '‘' | '’' | '“' | '”' => self.fault(
                code::BAD_CONDITION,
                c.len_utf8(),
                "{} is no quote of a text",
                "typographic quote",
                "write `'`",
            ),
            _ => {
                let help = "put texts between single quotes, as in `Name -eq 'text'`";
                self.fault(
                    code::BAD_CONDITION,
                    c.len_utf8(),
                    "{} means nothing in a condition",
                    "unexpected",
                    help,
                )
            }
        }
    }

    /// Returns the length of `.name`, `::name`, `[index]` and `(arguments)` that follow at once.
    pub(super) fn member_length(&self, from: usize) -> usize {
        let mut length = 0;
        loop {
            let rest = &self.text[self.at + from + length..];
            let is_name = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
            length += if rest.starts_with('.') && is_name(&rest[1..]) {
                // Names with dashes occur in GitHub's dialect; they end at blanks all the same.
                1 + self.run(from + length + 1, |c| c.is_alphanumeric() || c == '_' || c == '-')
            } else if rest.starts_with("::") {
                2 + self.run(from + length + 2, |c| c.is_alphanumeric() || c == '_')
            } else if rest.starts_with('[') || (rest.starts_with('(') && length > 0) {
                group_length(rest)
            } else {
                return length;
            };
        }
    }

    /// Returns how far a command with its arguments goes: to a closing parenthesis or the next operator.
    pub(super) fn call_length(&self, from: usize) -> usize {
        let mut end = from;
        loop {
            let rest = &self.text[self.at + end..];
            let Some(c) = rest.chars().next() else { break };
            let before = &self.text[self.at..self.at + end];
            if c == ')' || rest.starts_with("&&") || rest.starts_with("||") || starts_operator(before, rest) {
                break;
            }
            end += if "([{'\"".contains(c) { group_length(rest) } else { c.len_utf8() };
        }
        self.text[self.at..self.at + end].trim_end().len()
    }
}

pub(super) fn operator_list() -> String {
    quoted_list(Operator::ALL.iter().map(|(name, _)| *name).chain(["-not"]))
}

fn starts_operator(before: &str, rest: &str) -> bool {
    if !rest.starts_with('-') || !before.ends_with(char::is_whitespace) {
        return false;
    }
    let word = rest.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    Operator::of(&word.to_ascii_lowercase()).is_some()
}

/// How many brackets may be open in a group.
const MAX_OPEN: usize = 64;

/// Returns the length of a bracketed or quoted group at the start of a text, to its end if it is not closed.
///
/// What is too deep to be read counts as not closed, so that looking for an end takes linear time over a whole text.
pub(super) fn group_length(text: &str) -> usize {
    let mut open = Vec::new();
    let mut is_escaped = false;
    for (offset, c) in text.char_indices() {
        let in_quotes = open.last().is_some_and(|last| *last == '\'' || *last == '"');
        match c {
            _ if is_escaped => is_escaped = false,
            '`' if open.last() == Some(&'"') => is_escaped = true,
            _ if open.last() == Some(&c) => {
                open.pop();
            }
            _ if in_quotes => {}
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            '\'' | '"' => open.push(c),
            _ => {}
        }
        if open.is_empty() {
            return offset + c.len_utf8();
        }
        if open.len() > MAX_OPEN {
            break;
        }
    }
    text.len()
}
