//! A text that diagnostics point into.

use std::sync::Arc;

use crate::base::Span;

/// A named text: a file, or the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// What the text is called in messages: a path relative to the workspace, or `command line`.
    pub name: Arc<str>,
    /// The text as it was read, byte order mark included, so that spans are offsets into the file.
    pub text: Arc<str>,
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
        Self { name: name.into(), text: text.into() }
    }

    /// Returns where a byte offset lies; O(offset).
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
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = width(before[line_start..].trim_start_matches('\u{feff}')) + 1;
        Place { line: before.matches('\n').count() + 1, column }
    }

    /// Returns the span cut down to the text and to character borders.
    pub fn clamp(&self, span: Span) -> Span {
        let start = self.text.floor_char_boundary(span.start);
        Span::new(start, self.text.ceil_char_boundary(span.end).max(start))
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
