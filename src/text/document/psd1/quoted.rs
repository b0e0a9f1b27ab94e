//! Quoted texts: where they end, and what they say.
//!
//! Knows escapes, doubled quotes, here-strings and subexpressions. Does not know what stands around a text.

use std::ops::Range;

use super::{steps::step, token::Quote};

/// What a text says, and what in it is more than text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The text; variables and subexpressions in it as written.
    pub(super) value: String,
    /// The `$( ... )` in it.
    pub(super) subexpressions: Vec<Range<usize>>,
    /// Escapes that do not exist.
    pub(super) bad_escapes: Vec<Range<usize>>,
}

/// Tells whether PowerShell takes the character for `'`.
pub(super) fn is_single(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

/// Tells whether PowerShell takes the character for `"`.
pub(super) fn is_double(c: char) -> bool {
    matches!(c, '"' | '\u{201c}'..='\u{201e}')
}

/// Returns the offset behind the quote that closes a single-quoted text; `start` is where the opening one stands.
pub(super) fn single_end(text: &str, start: usize) -> Option<usize> {
    let mut characters = text[start..].char_indices().skip(1).peekable();
    while let Some((offset, c)) = characters.next() {
        step(1);
        let is_doubled = is_single(c) && characters.next_if(|(_, next)| is_single(*next)).is_some();
        if is_single(c) && !is_doubled {
            return Some(start + offset + c.len_utf8());
        }
    }
    None
}

/// Returns the offset behind the quote that closes a double-quoted text; `start` is where the opening one stands.
pub(super) fn double_end(text: &str, start: usize) -> Option<usize> {
    end_of(text, start, Open::Text)
}

/// Returns the offset behind the bracket that closes a subexpression; `start` is where its `(` stands.
fn subexpression_end(text: &str, start: usize) -> Option<usize> {
    end_of(text, start, Open::Paren)
}

/// What is open inside a double-quoted text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Paren,
}

/// Finds where what is opened at `start` ends; texts lie in subexpressions and those in texts, as deep as one likes.
fn end_of(text: &str, start: usize, outermost: Open) -> Option<usize> {
    let mut open = vec![outermost];
    let mut at = start + text[start..].chars().next()?.len_utf8();
    while let Some(c) = text[at..].chars().next() {
        step(1);
        let next = at + c.len_utf8();
        let behind = text[next..].chars().next();
        at = match (open.last()?, c) {
            (_, '`') => next + behind.map_or(0, char::len_utf8),
            (Open::Text, '$') if behind == Some('(') => {
                open.push(Open::Paren);
                next + 1
            }
            (Open::Text, c) if is_double(c) => match behind.filter(|c| is_double(*c)) {
                Some(doubled) => next + doubled.len_utf8(),
                None => close(&mut open, next),
            },
            (Open::Paren, ')') => close(&mut open, next),
            (Open::Paren, '(') => {
                open.push(Open::Paren);
                next
            }
            (Open::Paren, c) if is_double(c) => {
                open.push(Open::Text);
                next
            }
            (Open::Paren, c) if is_single(c) => single_end(text, at)?,
            _ => next,
        };
        if open.is_empty() {
            return Some(at);
        }
    }
    None
}

fn close(open: &mut Vec<Open>, next: usize) -> usize {
    open.pop();
    next
}

/// Where a here-string ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HereEnd {
    /// Behind the mark that closes it.
    Closed(usize),
    /// Nothing closes it, but a mark stands here behind blanks.
    Indented(Range<usize>),
    /// Nothing closes it.
    Missing,
}

/// Finds the end of a here-string; `body` is where the line behind its opening mark ends.
pub(super) fn here_end(text: &str, body: usize, is_quote: fn(char) -> bool) -> HereEnd {
    let mut indented = None;
    let mut at = body;
    while let Some(offset) = text[at..].find(['\n', '\r']) {
        let line = at + offset + 1;
        let rest = text[line..].trim_start_matches([' ', '\t']);
        let mark = text.len() - rest.len();
        step(mark - at);
        let mut characters = rest.chars();
        if let Some(quote) = characters.next().filter(|c| is_quote(*c))
            && characters.next() == Some('@')
        {
            let end = mark + quote.len_utf8() + 1;
            if mark == line {
                return HereEnd::Closed(end);
            }
            indented.get_or_insert(mark..end);
        }
        at = mark;
    }
    step(text.len() - at);
    indented.map_or(HereEnd::Missing, HereEnd::Indented)
}

/// Reads a text with its quotes, which it must have; places are offsets into it.
pub(super) fn decode(raw: &str, quote: Quote) -> Decoded {
    let content = content(raw, quote);
    match quote {
        Quote::Single => Decoded { value: single(&raw[content]), ..Decoded::default() },
        Quote::HereSingle => Decoded { value: raw[content].to_owned(), ..Decoded::default() },
        Quote::Double | Quote::HereDouble => double(raw, content, quote == Quote::Double),
    }
}

/// Returns where the text without its marks stands; of a here-string without its first and last end of line.
fn content(raw: &str, quote: Quote) -> Range<usize> {
    let first = |text: &str| text.chars().next().map_or(0, char::len_utf8);
    let last = |text: &str| text.chars().next_back().map_or(0, char::len_utf8);
    match quote {
        Quote::Single | Quote::Double => first(raw)..raw.len() - last(raw),
        Quote::HereSingle | Quote::HereDouble => {
            let newline = raw.find(['\n', '\r']).unwrap_or(raw.len());
            let start = newline + if raw[newline..].starts_with("\r\n") { 2 } else { 1 };
            let inner = &raw[..raw.len() - 1];
            let inner = &inner[..inner.len() - last(inner)];
            let end =
                inner.strip_suffix("\r\n").or_else(|| inner.strip_suffix(['\n', '\r'])).unwrap_or(inner);
            start.min(end.len())..end.len()
        }
    }
}

fn single(content: &str) -> String {
    let mut value = String::with_capacity(content.len());
    let mut characters = content.chars().peekable();
    while let Some(c) = characters.next() {
        value.push(c);
        if is_single(c) {
            characters.next_if(|next| is_single(*next));
        }
    }
    value
}

fn double(raw: &str, content: Range<usize>, quotes_are_doubled: bool) -> Decoded {
    let text = &raw[..content.end];
    let mut decoded = Decoded::default();
    let mut at = content.start;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        let behind = text[next..].chars().next();
        at = match (c, behind) {
            ('`', Some(_)) => escape(text, next, &mut decoded),
            ('$', Some('(')) => {
                let end = subexpression_end(text, next).unwrap_or(text.len());
                decoded.value.push_str(&text[at..end]);
                decoded.subexpressions.push(at..end);
                end
            }
            (c, behind) => {
                decoded.value.push(c);
                let doubled = behind.filter(|next| quotes_are_doubled && is_double(c) && is_double(*next));
                next + doubled.map_or(0, char::len_utf8)
            }
        };
    }
    decoded
}

/// Reads what stands behind a backtick, and returns the offset behind it.
fn escape(text: &str, at: usize, decoded: &mut Decoded) -> usize {
    let Some(c) = text[at..].chars().next() else { return at };
    let next = at + c.len_utf8();
    if c == 'u' && text[next..].starts_with('{') {
        return code_point(text, at, decoded);
    }
    decoded.value.push(match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'e' => '\u{1b}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        other => other,
    });
    next
}

/// Reads `u{1F600}`, and returns the offset behind it.
fn code_point(text: &str, at: usize, decoded: &mut Decoded) -> usize {
    let digits = at + 2;
    let length = text[digits..].bytes().take(7).take_while(u8::is_ascii_hexdigit).count();
    let is_closed = (1..=6).contains(&length) && text[digits + length..].starts_with('}');
    let value = u32::from_str_radix(&text[digits..digits + length], 16).ok().and_then(char::from_u32);
    let end = digits + length + usize::from(text[digits + length..].starts_with('}'));
    match value {
        Some(c) if is_closed => decoded.value.push(c),
        _ => decoded.bad_escapes.push(at - 1..end),
    }
    end
}
