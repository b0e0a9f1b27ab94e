//! A small tokenizer of PowerShell, total and without recursion.
//!
//! Knows strings, comments, variables and brackets well enough that a bracket inside a string or comment is none.
//! Does not know the grammar: what the tokens mean is for `parameters` and `modules`.

use crate::base::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A run of characters that are nothing else: names, options, numbers, paths.
    Word,
    /// `$name`, `${name}`, `$scope:name`.
    Variable,
    /// A string with its quotes; `'` as well as `"`, here-strings too.
    Text,
    /// `(`, `[` or `{`, also behind `$` or `@`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// `,`
    Comma,
    /// `=`
    Equals,
    /// The end of a line, or `;`.
    End,
    /// `|` or `&`.
    Pipe,
}

/// A token and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

impl Token {
    /// Tells whether the token is this word; case does not matter.
    pub(super) fn is_word(self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.span.of(text).eq_ignore_ascii_case(word)
    }

    /// Tells whether the token is an opening bracket that ends with this character.
    pub(super) fn opens(self, text: &str, bracket: char) -> bool {
        self.kind == TokenKind::Open && self.span.of(text).ends_with(bracket)
    }
}

/// Splits a text into its tokens; comments and blanks are left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut tokens = Vec::new();
    while at < bytes.len() {
        let (kind, end) = token_at(text, at);
        if let Some(kind) = kind {
            tokens.push(Token { kind, span: Span::new(at, end) });
        }
        at = end;
    }
    tokens
}

/// Returns the kind and end of what starts here; nothing for blanks and comments.
fn token_at(text: &str, at: usize) -> (Option<TokenKind>, usize) {
    let rest = &text[at..];
    let find_end = |mark: &str| rest.find(mark).map_or(text.len(), |offset| at + offset + mark.len());
    match rest.as_bytes()[0] {
        b'\n' | b';' => (Some(TokenKind::End), at + 1),
        b' ' | b'\t' | b'\r' => (None, at + 1),
        b'`' if rest.starts_with("`\r\n") => (None, at + 3),
        b'`' => (None, at + 1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
        b'#' => (None, rest.find('\n').map_or(text.len(), |offset| at + offset)),
        b'<' if rest.starts_with("<#") => (None, find_end("#>")),
        b'@' if rest.starts_with("@'") => (Some(TokenKind::Text), here_string_end(text, at, "\n'@")),
        b'@' if rest.starts_with("@\"") => (Some(TokenKind::Text), here_string_end(text, at, "\n\"@")),
        b'@' if rest[1..].starts_with(['(', '{']) => (Some(TokenKind::Open), at + 2),
        b'$' if rest[1..].starts_with('(') => (Some(TokenKind::Open), at + 2),
        b'$' => (Some(TokenKind::Variable), variable_end(text, at)),
        b'\'' => (Some(TokenKind::Text), single_quoted_end(text, at)),
        b'"' => (Some(TokenKind::Text), double_quoted_end(text, at)),
        b'(' | b'[' | b'{' => (Some(TokenKind::Open), at + 1),
        b')' | b']' | b'}' => (Some(TokenKind::Close), at + 1),
        b',' => (Some(TokenKind::Comma), at + 1),
        b'=' => (Some(TokenKind::Equals), at + 1),
        b'|' | b'&' => (Some(TokenKind::Pipe), at + 1),
        _ => (Some(TokenKind::Word), word_end(text, at)),
    }
}

fn word_end(text: &str, at: usize) -> usize {
    let first = text[at..].chars().next().map_or(1, char::len_utf8);
    let is_end = |c: char| c.is_whitespace() || "()[]{},;=|&'\"$`".contains(c);
    text[at + first..].find(is_end).map_or(text.len(), |offset| at + first + offset)
}

fn variable_end(text: &str, at: usize) -> usize {
    let behind = at + 1;
    if text[behind..].starts_with('{') {
        return text[behind..].find('}').map_or(text.len(), |offset| behind + offset + 1);
    }
    let mut end = behind;
    for c in text[behind..].chars() {
        let is_scope =
            c == ':' && text[end + 1..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
        if !(c.is_alphanumeric() || c == '_' || is_scope) {
            break;
        }
        end += c.len_utf8();
    }
    end
}

fn single_quoted_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = at + 1;
    while at < bytes.len() {
        if bytes[at] != b'\'' {
            at += 1;
        } else if bytes.get(at + 1) == Some(&b'\'') {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

/// A here-string ends where its mark starts a line.
fn here_string_end(text: &str, at: usize, mark: &str) -> usize {
    text[at + 2..].find(mark).map_or(text.len(), |offset| at + 2 + offset + mark.len())
}

/// Finds the end of a string that may hold `$( ... )` with further strings in it.
fn double_quoted_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    // What is open, innermost last: `"` for a string, `(` for a parenthesis of a subexpression.
    let mut open = vec![b'"'];
    let mut at = at + 1;
    while at < bytes.len() && !open.is_empty() {
        let in_string = open.last() == Some(&b'"');
        match bytes[at] {
            b'`' => at += 1,
            b'"' if in_string && bytes.get(at + 1) == Some(&b'"') => at += 1,
            b'"' if in_string => {
                open.pop();
            }
            b'$' if in_string && bytes.get(at + 1) == Some(&b'(') => {
                open.push(b'(');
                at += 1;
            }
            _ if in_string => {}
            byte @ (b'(' | b'"') => open.push(byte),
            b')' => {
                open.pop();
            }
            b'\'' => at = single_quoted_end(text, at) - 1,
            _ => {}
        }
        at += 1;
    }
    text.ceil_char_boundary(at)
}
