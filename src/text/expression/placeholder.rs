//! Values inside of texts: `{{name}}`, `{{name:=default}}`, `${{ expression }}`, `$(name)`, `${name}`.
//!
//! Knows where each ends. What has no end is no placeholder, and stands as it is written.

use super::{
    Expr, Name, Part,
    outside::group_length,
    reading::{Reading, Rules},
    tree::{is_plain_name, joined},
    word::{CONTEXTS, constant},
};
use crate::base::{Span, Spanned};

/// How many braces may be open at once; what goes deeper could not be read anyway.
const MAX_OPEN: usize = 8;

/// A way to write a value into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// `${{ expression }}`
    GitHub,
    /// `{{name}}`, `{{name:=default}}`
    Braces,
    /// `${name}`; also the language of shells, so never in their texts.
    DollarBraces,
    /// `${a-name}` and `${step.success}`: of `${name}` what no variable of a shell is called.
    DollarNames,
    /// `$(name)`; also the language of shells, so never in their texts.
    DollarParentheses,
}

impl Syntax {
    /// What opens each, the longest first.
    const ALL: [(&str, Self); 4] = [
        ("${{", Self::GitHub),
        ("{{", Self::Braces),
        ("${", Self::DollarBraces),
        ("$(", Self::DollarParentheses),
    ];
}

/// What was read, and where it ends.
pub(super) type Piece = (Expr, usize);

impl Reading<'_> {
    /// Reads `{{name}}`, `{{name:=default}}` or `{{expression}}`; nothing if it has no end before `end`.
    pub(super) fn braces(&mut self, at: usize, end: usize) -> Option<Piece> {
        let after = braces_end(&self.text[..end], at + 2)?;
        let inside = self.trimmed(Span::new(at + 2, after - 2));
        let inside = self.without_dot(inside);
        let written = inside.of(self.text);
        let (name, default) = match written.find(":=") {
            Some(split) => (written[..split].trim_end(), Some(inside.start + split + 2)),
            None => (written, None),
        };
        let expr = match default {
            Some(start) if is_placeholder_name(name) => {
                let default = self.default(Span::new(start, inside.end));
                Expr::Placeholder(name.to_owned(), Some(Box::new(default)))
            }
            None if is_placeholder_name(name) => {
                self.named(
                    Name::Variable(name.to_owned()),
                    Span::new(inside.start, inside.start + name.len()),
                );
                Expr::Placeholder(name.to_owned(), None)
            }
            _ if written.strip_prefix("env:").is_some_and(is_placeholder_name) => {
                Expr::Env(written["env:".len()..].to_owned())
            }
            _ => self.expression(inside, Rules::PowerShell),
        };
        Some((expr, after))
    }

    /// Reads `${{ expression }}`; nothing if it has no end before `end`.
    pub(super) fn dollar_braces(&mut self, at: usize, end: usize) -> Option<Piece> {
        let after = braces_end(&self.text[..end], at + 3)?;
        Some((self.github(Span::new(at + 3, after - 2)), after))
    }

    /// Reads `$(name)` or `$($a.b)`; nothing if it has no end, or would be a command.
    pub(super) fn dollar_parentheses(&mut self, at: usize, end: usize) -> Option<Piece> {
        let group = &self.text[at + 1..end];
        let length = group_length(group);
        if !group[..length].ends_with(')') {
            return None;
        }
        let after = at + 1 + length;
        let inside = self.trimmed(Span::new(at + 2, after - 1));
        let written = inside.of(self.text);
        if is_plain_name(written) {
            self.named(Name::Variable(written.to_owned()), inside);
            return Some((constant(written), after));
        }
        let is_value = written.starts_with(|c: char| "$@('\"!{".contains(c) || c.is_ascii_digit());
        is_value.then(|| (self.expression(inside, Rules::PowerShell), after))
    }

    /// Reads `${name}` or `${context.member}`; nothing if it has no end before `end`, or is no name.
    pub(super) fn dollar_name(&mut self, at: usize, end: usize) -> Option<Piece> {
        let rest = &self.text[at + 2..end];
        let length = rest.find(['}', '{']).filter(|length| rest[*length..].starts_with('}'))?;
        let inside = Span::new(at + 2, at + 2 + length);
        let (name, after) = (inside.of(self.text), inside.end + 1);
        if let Some((scope, name)) = name.split_once(':') {
            let is_env = scope.eq_ignore_ascii_case("env") && !name.is_empty() && !name.contains([':', '{']);
            return is_env.then(|| {
                self.named(Name::Env(name.to_owned()), inside);
                (Expr::Env(name.to_owned()), after)
            });
        }
        let root = name.split(['.', '[']).next().unwrap_or_default();
        if root.len() < name.len() && (is_root(root) || is_plain_name(root)) {
            return Some((self.expression(inside, Rules::PowerShell), after));
        }
        // `${check-health.success}`: elsewhere the dash would be an operator.
        let mut members = name.split('.').skip(1).peekable();
        let is_member =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
        if members.peek().is_some() && is_placeholder_name(root) && members.clone().all(is_member) {
            self.named(Name::Variable(root.to_owned()), Span::new(inside.start, inside.start + root.len()));
            let root = Expr::Variable(root.to_owned());
            let value = members.fold(root, |base, member| Expr::Member(Box::new(base), member.to_owned()));
            return Some((value, after));
        }
        if name.trim().is_empty()
            || name.contains('{')
            || name.starts_with(|c: char| !c.is_alphabetic() && c != '_')
        {
            return None;
        }
        self.named(Name::Variable(name.to_owned()), inside);
        Some((constant(name), after))
    }

    /// Reads a part of the text as a text with `{{ }}` and `${{ }}` in it.
    pub(super) fn with_values(&mut self, range: Span) -> Expr {
        let pieces = self.pieces(range, &[Syntax::Braces, Syntax::GitHub]);
        let mut parts: Vec<Part> = pieces.into_iter().map(|piece| piece.value).collect();
        match parts.as_mut_slice() {
            // A default that is one placeholder keeps the type of what fills it.
            [Part::Value(only)] => std::mem::replace(only, Expr::Null),
            _ => joined(parts),
        }
    }

    /// Parts a text into what stands as it is and what is to be filled.
    pub(super) fn pieces(&mut self, range: Span, syntaxes: &[Syntax]) -> Vec<Spanned<Part>> {
        let mut pieces: Vec<Spanned<Part>> = Vec::new();
        let (mut at, mut text_from) = (range.start, range.start);
        let text = self.text;
        let plain = |pieces: &mut Vec<Spanned<Part>>, from: usize, to: usize| {
            if from < to {
                pieces.push(Spanned::new(Part::Text(text[from..to].to_owned()), Span::new(from, to)));
            }
        };
        while let Some(next) = text[at..range.end].find(['$', '{']) {
            at += next;
            let rest = &text[at..range.end];
            let syntax = Syntax::ALL.iter().find(|(opening, _)| rest.starts_with(opening));
            let Some((opening, syntax)) = syntax else {
                at += 1;
                continue;
            };
            let is_name = *syntax == Syntax::DollarBraces
                && syntaxes.contains(&Syntax::DollarNames)
                && rest[opening.len()..].split_once('}').is_some_and(|(name, _)| is_no_shells_name(name));
            let counts = is_name || syntaxes.contains(syntax);
            let piece = if counts { self.piece(*syntax, at, range.end) } else { None };
            if let Some((value, after)) = piece {
                plain(&mut pieces, text_from, at);
                pieces.push(Spanned::new(Part::Value(value), Span::new(at, after)));
                (at, text_from) = (after, after);
            } else {
                at += opening.len();
            }
        }
        plain(&mut pieces, text_from, range.end);
        pieces
    }

    fn piece(&mut self, syntax: Syntax, at: usize, end: usize) -> Option<Piece> {
        match syntax {
            Syntax::GitHub => {
                let piece = self.dollar_braces(at, end);
                if piece.is_none() {
                    let message = "this placeholder has no end".to_owned();
                    self.fault(Span::new(at, at + 3), message, "starts here", "write `}}` at its end");
                }
                piece
            }
            Syntax::Braces => self.braces(at, end),
            Syntax::DollarBraces | Syntax::DollarNames => self.dollar_name(at, end),
            Syntax::DollarParentheses => self.dollar_parentheses(at, end),
        }
    }

    fn default(&mut self, range: Span) -> Expr {
        let range = self.trimmed(range);
        let written = range.of(self.text);
        let is_constant = !matches!(constant(written), Expr::Variable(_));
        let is_name = written.strip_prefix('$').is_some_and(|name| {
            is_plain_name(name)
                || name
                    .strip_prefix('{')
                    .and_then(|name| name.strip_suffix('}'))
                    .is_some_and(|name| !name.contains('}'))
                || name.strip_prefix("env:").is_some_and(is_plain_name)
        });
        let is_value = written.starts_with(['\'', '"'])
            || written.starts_with("@(")
            || written.starts_with("concat(")
            || is_name
            || is_constant
            || super::lexer::number(written).is_some();
        if is_value && !written.starts_with("${{") {
            return self.expression(range, Rules::PowerShell);
        }
        self.nested(range, |reading| reading.with_values(range))
    }

    fn trimmed(&self, range: Span) -> Span {
        let text = range.of(self.text);
        let start = range.start + (text.len() - text.trim_start().len());
        Span::new(start, start + text.trim().len())
    }

    /// Skips the dot of `{{.name}}`.
    fn without_dot(&self, range: Span) -> Span {
        let is_dotted = range.of(self.text).starts_with('.');
        Span::new(range.start + usize::from(is_dotted), range.end)
    }
}

/// Tells whether a name is the root of a path and no variable.
pub(super) fn is_root(name: &str) -> bool {
    CONTEXTS.iter().any(|known| known.eq_ignore_ascii_case(name)) || name.eq_ignore_ascii_case("env")
}

/// Tells whether `${name}` may be a placeholder, since no variable of a shell is called so: `new-version`,
/// `check.success`. A shell may have another meaning for it.
pub fn is_no_shells_name(name: &str) -> bool {
    let is_odd = |c: char| c == '-' || c == '.';
    name.starts_with(|c: char| c.is_alphabetic())
        && name.contains(is_odd)
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || is_odd(c))
}

fn is_placeholder_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !name.contains(" -")
        && name.chars().all(|c| c.is_alphanumeric() || "_- ".contains(c))
}

/// Returns where the braces end that were opened before `start`.
///
/// Quotes hide braces, but for a default that is no value: `{{name:=it's}}`.
fn braces_end(text: &str, start: usize) -> Option<usize> {
    // For each that is open, whether quotes count in it.
    let (mut open, mut quote) = (vec![true], None);
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let mut length = c.len_utf8();
        match quote {
            Some('"') if c == '`' => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            Some(open_quote) if c == open_quote => quote = None,
            None if (c == '\'' || c == '"') && open.last() == Some(&true) => quote = Some(c),
            None if rest.starts_with("${") && !rest.starts_with("${{") => {
                let end = rest[2..].find(['}', '{']).filter(|end| rest[2 + end..].starts_with('}'));
                length = end.map_or(2, |end| end + 3);
            }
            None if rest.starts_with("}}") => {
                length = 2;
                open.pop();
                if open.is_empty() {
                    return Some(at + 2);
                }
            }
            None if rest.starts_with("{{") && open.len() == MAX_OPEN => return None,
            None if rest.starts_with("{{") => {
                length = 2;
                open.push(true);
            }
            None if rest.starts_with(":=") => {
                let default = rest[2..].trim_start();
                let quotes_count = default.starts_with(['\'', '"'])
                    || default.starts_with("@(")
                    || default.starts_with("concat(");
                length = 2;
                open.last_mut().into_iter().for_each(|innermost| *innermost = quotes_count);
            }
            Some(_) | None => {}
        }
        at += length;
    }
    None
}
