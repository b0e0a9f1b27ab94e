//! A text that diagnostics point into.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{Arc, OnceLock},
};

use crate::base::Span;

/// A named text: a file, or the command line.
#[derive(Clone)]
pub struct Source {
    /// What the text is called in messages: a path relative to the workspace, or `command line`.
    pub name: Arc<str>,
    /// The text as it was read, byte order mark included, so that spans are offsets into the file.
    pub text: Arc<str>,
    /// Where its lines end, once somebody asks; clones share it, since one text may have many mistakes.
    line_ends: Arc<OnceLock<Box<[usize]>>>,
}

/// A place in a text as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1; only `\n` ends a line.
    pub line: usize,
    /// From 1, in characters; a byte order mark at the start of the file does not count.
    pub column: usize,
}

impl Source {
    /// Names a text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into(), line_ends: Arc::default() }
    }

    /// Returns where a byte offset lies; O(text) the first time, then O(its line).
    ///
    /// An offset behind the end is taken as the end.
    pub fn place(&self, offset: usize) -> Place {
        self.place_in(offset, |line| line.chars().count())
    }

    /// Returns the same as [`Source::place`] with the column in code units of UTF-16, as editors count.
    pub fn place_utf16(&self, offset: usize) -> Place {
        self.place_in(offset, |line| line.encode_utf16().count())
    }

    fn place_in(&self, offset: usize, width: impl Fn(&str) -> usize) -> Place {
        let offset = self.text.floor_char_boundary(offset);
        let lines = self.lines_before(offset);
        let line_start = lines.checked_sub(1).map_or(0, |last| self.line_ends()[last] + 1);
        let column = width(self.text[line_start..offset].trim_start_matches('\u{feff}')) + 1;
        Place { line: lines + 1, column }
    }

    /// Returns how many lines end before a byte offset.
    pub(super) fn lines_before(&self, offset: usize) -> usize {
        self.line_ends().partition_point(|end| *end < offset)
    }

    fn line_ends(&self) -> &[usize] {
        self.line_ends.get_or_init(|| memchr::memchr_iter(b'\n', self.text.as_bytes()).collect())
    }

    /// Returns the span cut down to the text and to character borders.
    pub fn clamp(&self, span: Span) -> Span {
        let start = self.text.floor_char_boundary(span.start);
        Span::new(start, self.text.ceil_char_boundary(span.end).max(start))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.text) == (&other.name, &other.text)
    }
}

impl Eq for Source {}

impl Hash for Source {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.text).hash(state);
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("text", &self.text).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_not_bytes() {
        let source = Source::new("f", "\u{feff}é\tx\r\nab");
        let place = |text: &str| source.place(source.text.find(text).unwrap());
        assert_eq!(place("é"), Place { line: 1, column: 1 });
        assert_eq!(place("x"), Place { line: 1, column: 3 });
        assert_eq!(place("b"), Place { line: 2, column: 2 });
        assert_eq!(source.place(999), Place { line: 2, column: 3 });
    }

    #[test]
    fn editors_count_units_of_utf16() {
        let source = Source::new("f", "\u{feff}é🚀x");
        let at = source.text.find('x').unwrap();
        assert_eq!((source.place(at).column, source.place_utf16(at).column), (3, 4));
    }
}
