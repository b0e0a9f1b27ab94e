//! Finds the comments of a script that may hold metadata.
//!
//! Knows comment marks and sections of comment-based help; does not know any key.

use super::CommentStyle;
use crate::base::{Span, Spanned};

/// Lines of the file in which late comments are looked for.
const LATE_LINES: usize = 60;

/// Where a comment line stands; the better place is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A line comment before the first statement.
    Header,
    /// A line comment at the start of a line, behind the first statement.
    Late,
    /// A line of a block comment before the first statement.
    Help,
}

/// One line of a comment, without its mark and trimmed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) place: Place,
    pub(super) text: Spanned<&'a str>,
}

/// All comments of a script that may hold metadata.
#[derive(Debug, Default)]
pub(super) struct Comments<'a> {
    pub(super) shebang: Option<Spanned<&'a str>>,
    pub(super) lines: Vec<Line<'a>>,
    /// The first paragraph under `.SYNOPSIS`.
    pub(super) synopsis: Option<Spanned<String>>,
    /// Where the first statement starts; the end of the text if there is none.
    pub(super) body: usize,
}

/// Finds the comments; O(text).
pub(super) fn comments<'a>(text: &'a str, style: &CommentStyle) -> Comments<'a> {
    let mut comments = Comments::default();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if text[at..].starts_with("#!") {
        let line = line_at(text, at);
        comments.shebang = Some(trimmed(text, line));
        at = line.end;
    }
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        if let Some((open, close)) = &style.block
            && text[at..].starts_with(open.as_str())
        {
            let start = at + open.len();
            let length = text[start..].find(close.as_str());
            let inside = Span::new(start, length.map_or(text.len(), |length| start + length));
            comments.read_block(text, inside);
            at = length.map_or(text.len(), |length| start + length + close.len());
        } else if let Some(mark) = mark_at(text, at, style) {
            let line = line_at(text, at);
            comments.lines.push(comment(text, Span::new(at + mark, line.end), Place::Header));
            at = line.end;
        } else {
            break;
        }
    }
    comments.body = at;
    comments.read_late(text, style);
    comments
}

impl<'a> Comments<'a> {
    fn read_late(&mut self, text: &'a str, style: &CommentStyle) {
        let Some(mut start) = text[self.body..].find('\n').map(|newline| self.body + newline + 1) else {
            return;
        };
        let line_number = text[..start].matches('\n').count();
        for _ in line_number..LATE_LINES {
            let line = line_at(text, start);
            if let Some(mark) = mark_at(text, start, style) {
                self.lines.push(comment(text, Span::new(start + mark, line.end), Place::Late));
            }
            start = line.end + 1;
            if start >= text.len() {
                return;
            }
        }
    }

    /// Reads `.NOTES` and `.SYNOPSIS` of comment-based help, or every line of a block without such sections.
    fn read_block(&mut self, text: &'a str, block: Span) {
        let lines: Vec<Spanned<&str>> = block_lines(text, block).collect();
        let has_sections = lines.iter().any(|line| section(line.value).is_some());
        let mut current = String::new();
        let mut synopsis: Vec<Spanned<&str>> = Vec::new();
        let mut synopsis_ended = self.synopsis.is_some();
        for line in lines {
            if let Some(name) = section(line.value) {
                synopsis_ended |= !synopsis.is_empty();
                current = name.to_ascii_uppercase();
            } else if current == "SYNOPSIS" && !synopsis_ended {
                synopsis_ended = line.value.is_empty() && !synopsis.is_empty();
                synopsis.extend((!line.value.is_empty()).then_some(line));
            } else if !line.value.is_empty() && (current == "NOTES" || !has_sections) {
                self.lines.push(Line { place: Place::Help, text: line });
            }
        }
        if let (Some(first), Some(last)) = (synopsis.first(), synopsis.last()) {
            let words: Vec<&str> = synopsis.iter().map(|line| line.value).collect();
            self.synopsis = Some(Spanned::new(words.join(" "), Span::new(first.span.start, last.span.end)));
        }
    }
}

/// Returns the lines of a block comment, trimmed, without the `*` that may decorate them.
fn block_lines(text: &str, block: Span) -> impl Iterator<Item = Spanned<&str>> {
    let mut start = block.start;
    block.of(text).split_inclusive('\n').map(move |line| {
        let span = Span::new(start, start + line.len());
        start = span.end;
        let stars = line.len() - line.trim_start().trim_start_matches('*').len();
        trimmed(text, Span::new(span.start + stars, span.end))
    })
}

/// Returns the name of a section's title line such as `.NOTES`.
fn section(line: &str) -> Option<&str> {
    let title = line.strip_prefix('.')?;
    let name = title.split_whitespace().next()?;
    (name.len() > 2 && name.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(name)
}

fn comment(text: &str, rest: Span, place: Place) -> Line<'_> {
    Line { place, text: trimmed(text, rest) }
}

/// Returns the length of the comment mark at an offset.
pub(super) fn mark_at(text: &str, at: usize, style: &CommentStyle) -> Option<usize> {
    style.line.iter().find(|mark| text[at..].starts_with(mark.as_str())).map(String::len)
}

/// Returns the rest of the line from an offset on, without its end.
pub(super) fn line_at(text: &str, at: usize) -> Span {
    Span::new(at, text[at..].find('\n').map_or(text.len(), |length| at + length))
}

/// Returns what is left of a place without the blanks around it.
pub(super) fn trimmed(text: &str, span: Span) -> Spanned<&str> {
    let part = span.of(text);
    let start = span.start + (part.len() - part.trim_start().len());
    let part = part.trim();
    Spanned::new(part, Span::new(start, start + part.len()))
}
