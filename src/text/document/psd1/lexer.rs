//! From a text to its tokens, total and without recursion.
//!
//! Knows quotes, comments, variables and words, and where a text that is not closed was probably meant to end. Does
//! not know the grammar. Its steps are linear in the text, whatever it holds.

use super::{
    quoted::{HereEnd, double_end, here_end, is_double, is_single, single_end},
    steps::step,
    token::{Closing, Kind, Opening, Quote, Token},
};
use crate::base::Span;

/// What a text consists of; all places are offsets into it.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    /// All but blanks and comments.
    pub(super) tokens: Vec<Token>,
    /// The comments, in order.
    pub(super) comments: Vec<Span>,
    /// What is not closed as it should be, in order.
    pub(super) slips: Vec<(Slip, Span)>,
}

/// A mistake in quotes, comments or brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slip {
    /// A text runs to the end of the file, or to a quote that opens another text; its place is its first line.
    OpenText(char),
    /// A here-string runs to the end of the file; its place is its mark.
    OpenHere(char),
    /// The mark that should close a here-string stands behind blanks.
    IndentedHere(char),
    /// Something follows the opening mark of a here-string on its line.
    CrowdedHere(char),
    /// A block comment runs to the end of the file; its place is its mark.
    OpenComment,
    /// A mark that begins a comment in other languages.
    ForeignComment,
    /// An opening bracket that nothing closes.
    OpenBracket(Opening),
    /// A closing bracket that closes nothing.
    StrayBracket(Closing),
}

/// Splits a text into tokens; O(text).
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { text, at: 0, rescans_left: text.len().saturating_mul(4), out: Lexed::default() };
    while let Some(c) = lexer.rest().chars().next() {
        let start = lexer.at;
        lexer.token(c);
        step(lexer.at - start);
    }
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// How many bytes may still be looked at in vain: the end of an open text is looked for far behind where it is
    /// then taken to end, and many of them must not make this quadratic.
    rescans_left: usize,
    out: Lexed,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Reads what starts here, at this character; always goes on by at least one.
    fn token(&mut self, c: char) {
        let rest = self.rest();
        let behind = rest[c.len_utf8()..].chars().next();
        match (c, behind) {
            ('\n' | '\r', _) => self.newline(),
            ('`', Some('\n')) => self.at += 2,
            ('`', Some('\r')) => self.at += if rest.starts_with("`\r\n") { 3 } else { 2 },
            (c, _) if c.is_whitespace() => self.at += c.len_utf8(),
            ('#', _) => self.comment(line_length(rest)),
            ('<', Some('#')) => self.block_comment(),
            // Nothing else can begin like this where a value or a name may stand.
            ('/', Some('/' | '*')) => self.foreign_comment(),
            ('@', Some('{')) => self.push(Kind::Open(Opening::Table), 2),
            ('@', Some('(')) => self.push(Kind::Open(Opening::List), 2),
            ('$', Some('(')) => self.push(Kind::Open(Opening::Subexpression), 2),
            ('@', Some(quote)) if is_single(quote) || is_double(quote) => self.here_string(quote),
            ('$', _) => self.push(Kind::Variable, variable_length(rest)),
            (c, _) if is_single(c) || is_double(c) => self.text(c, self.at),
            (c, _) => match punctuation(c) {
                Some(kind) => self.push(kind, 1),
                None => self.push(Kind::Word, word_length(rest)),
            },
        }
    }

    fn push(&mut self, kind: Kind, length: usize) {
        // A lone `$` is no variable.
        let kind = if kind == Kind::Variable && length == 1 { Kind::Word } else { kind };
        self.out.tokens.push(Token::new(kind, self.at, self.at + length));
        self.at += length;
    }

    fn newline(&mut self) {
        if self.out.tokens.last().is_none_or(|last| last.kind != Kind::Newline) {
            self.push(Kind::Newline, 1);
        } else {
            self.at += 1;
        }
    }

    fn comment(&mut self, length: usize) {
        self.out.comments.push(Span::new(self.at, self.at + length));
        self.at += length;
    }

    fn block_comment(&mut self) {
        let rest = self.rest();
        let length = rest[2..].find("#>").map(|length| length + 4);
        if length.is_none() {
            self.slip(Slip::OpenComment, self.at, self.at + 2);
        }
        self.comment(length.unwrap_or(rest.len()));
    }

    /// Passes over a remark of another language, to the end of its line.
    fn foreign_comment(&mut self) {
        self.slip(Slip::ForeignComment, self.at, self.at + 2);
        self.at += line_length(self.rest());
    }

    fn slip(&mut self, slip: Slip, start: usize, end: usize) {
        self.out.slips.push((slip, Span::new(start, end)));
    }

    /// Reads the text whose opening quote stands at `start`; what is before it belongs to the token as well.
    fn text(&mut self, quote: char, start: usize) {
        let is_double = is_double(quote);
        let end = if is_double { double_end(self.text, start) } else { single_end(self.text, start) };
        let scanned = end.unwrap_or(self.text.len()) - start;
        if let Some(end) = end
            && (scanned > self.rescans_left || !self.runs_away(start, end))
        {
            let kind = if is_double { Quote::Double } else { Quote::Single };
            return self.push(Kind::Text(kind), end - self.at);
        }
        let line_end = start + line_length(&self.text[start..]);
        self.slip(Slip::OpenText(quote), start, line_end);
        let token_end = if scanned > self.rescans_left { self.text.len() } else { line_end };
        self.rescans_left = self.rescans_left.saturating_sub(scanned);
        self.push(Kind::Broken, token_end - self.at);
    }

    /// Tells whether the closing quote of a text over several lines looks like the opening quote of another:
    /// `Name = 'a` and on the next line `Path = 'b'`.
    fn runs_away(&self, start: usize, end: usize) -> bool {
        let goes_on = |c: char| c.is_alphanumeric() || "_./\\-$*".contains(c);
        let Some(line) = self.text[start..end].rfind(['\n', '\r']) else { return false };
        let mut last_line = self.text[start + line..end].chars();
        last_line.next_back();
        last_line.as_str().trim_end().ends_with(['=', '(', ',']) && self.text[end..].starts_with(goes_on)
    }

    fn here_string(&mut self, quote: char) {
        let rest = self.rest();
        let mark = 1 + quote.len_utf8();
        let behind =
            rest[mark..].trim_start_matches(|c: char| c.is_whitespace() && !matches!(c, '\n' | '\r'));
        let line = rest.len() - behind.len();
        if !behind.is_empty() && !behind.starts_with(['\n', '\r']) {
            self.slip(Slip::CrowdedHere(quote), self.at, self.at + mark);
            self.text(quote, self.at + 1);
            self.at += usize::from(self.rest().starts_with('@'));
            return;
        }
        let (is_quote, kind): (fn(char) -> bool, _) =
            if is_double(quote) { (is_double, Quote::HereDouble) } else { (is_single, Quote::HereSingle) };
        match here_end(self.text, self.at + line, is_quote) {
            HereEnd::Closed(end) => self.push(Kind::Text(kind), end - self.at),
            HereEnd::Indented(place) if rest.len() <= self.rescans_left => {
                self.rescans_left -= rest.len();
                self.slip(Slip::IndentedHere(quote), place.start, place.end);
                self.push(Kind::Broken, place.end - self.at);
            }
            HereEnd::Indented(_) | HereEnd::Missing => {
                self.slip(Slip::OpenHere(quote), self.at, self.at + mark);
                self.push(Kind::Broken, rest.len());
            }
        }
    }
}

fn punctuation(c: char) -> Option<Kind> {
    Some(match c {
        '{' => Kind::Open(Opening::Block),
        '(' => Kind::Open(Opening::Paren),
        '[' => Kind::Open(Opening::Square),
        '}' => Kind::Close(Closing::Curly),
        ')' => Kind::Close(Closing::Paren),
        ']' => Kind::Close(Closing::Square),
        ',' => Kind::Comma,
        '=' => Kind::Equals,
        '|' | '&' => Kind::Pipe,
        ';' => Kind::Semicolon,
        _ => return None,
    })
}

/// Returns the length of the line without its end.
fn line_length(rest: &str) -> usize {
    let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
    step(length);
    length
}

fn word_length(rest: &str) -> usize {
    let mut characters = rest.char_indices().peekable();
    while let Some((offset, c)) = characters.next() {
        let behind = characters.peek().map(|(_, next)| *next);
        let opens = behind.is_some_and(|next| "({".contains(next) || is_single(next) || is_double(next));
        let is_end = c.is_whitespace()
            || punctuation(c).is_some()
            || is_single(c)
            || is_double(c)
            || matches!(c, '$' | '<' | '>')
            || (c == '@' && opens)
            || (c == '`' && matches!(behind, Some('\n' | '\r')));
        if is_end && offset > 0 {
            return offset;
        }
        if matches!(c, '<' | '>') {
            return 1;
        }
        if c == '`' {
            characters.next();
        }
    }
    rest.len()
}

fn variable_length(rest: &str) -> usize {
    let name = rest.get(1..).unwrap_or_default();
    if let Some(braced) = name.strip_prefix('{') {
        // A brace cannot lie in a name, so that a name without its end is known at the next one.
        return match braced.find(['}', '{', '\n', '\r']) {
            Some(length) if braced[length..].starts_with('}') => members_end(rest, length + 3),
            _ => 1,
        };
    }
    if name.starts_with(['$', '?', '^']) {
        return 2;
    }
    let mut end = 1 + name_length(name);
    while end > 1 && rest[end..].starts_with(':') {
        match name_length(&rest[end + 1..]) {
            0 => break,
            length => end += 1 + length,
        }
    }
    if end == 1 { 1 } else { members_end(rest, end) }
}

/// Takes the `.Member`s behind a variable along.
fn members_end(rest: &str, mut end: usize) -> usize {
    while let Some(member) = rest[end..].strip_prefix('.') {
        match name_length(member) {
            0 => break,
            length => end += 1 + length,
        }
    }
    end
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}
