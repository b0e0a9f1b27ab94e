//! The tokens of a data file.
//!
//! Knows kinds, places and which bracket closes which. Does not know the grammar.

use crate::base::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of characters that are nothing else: names, numbers, operators, commands.
    Word,
    /// `$name`, `${name}`, `$scope:name`, each also with `.Member`s behind.
    Variable,
    /// A text with its quotes.
    Text(Quote),
    /// A text that is not closed, as far as it may reach; its fault is told already.
    Broken,
    /// An opening bracket.
    Open(Opening),
    /// A closing bracket.
    Close(Closing),
    /// `,`
    Comma,
    /// `=`
    Equals,
    /// `|` or `&`.
    Pipe,
    /// `;`
    Semicolon,
    /// One or more ends of lines.
    Newline,
}

/// How a text is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// `'...'`: nothing in it is special but a doubled quote.
    Single,
    /// `"..."`: with escapes, variables and subexpressions.
    Double,
    /// `@'` to `'@`.
    HereSingle,
    /// `@"` to `"@`.
    HereDouble,
}

/// An opening bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// `@{`
    Table,
    /// `@(`
    List,
    /// `(`
    Paren,
    /// `$(`
    Subexpression,
    /// `{`
    Block,
    /// `[`
    Square,
}

/// A closing bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// `}`
    Curly,
    /// `)`
    Paren,
    /// `]`
    Square,
}

impl Opening {
    /// Returns what closes it.
    pub(super) fn closing(self) -> Closing {
        match self {
            Self::Table | Self::Block => Closing::Curly,
            Self::List | Self::Paren | Self::Subexpression => Closing::Paren,
            Self::Square => Closing::Square,
        }
    }
}

impl Closing {
    /// Returns the bracket as it is written.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Curly => "}",
            Self::Paren => ")",
            Self::Square => "]",
        }
    }

    /// Returns what it mostly closes in a data file.
    pub(super) fn usual_opening(self) -> &'static str {
        match self {
            Self::Curly => "@{",
            Self::Paren => "@(",
            Self::Square => "[",
        }
    }
}

/// A token and its place in the text.
///
/// Offsets have 32 bits, since a hostile file is all tokens; longer texts are refused before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    start: u32,
    end: u32,
    partner: u32,
}

impl Token {
    pub(super) fn new(kind: Kind, start: usize, end: usize) -> Self {
        Self { kind, start: narrow(start), end: narrow(end), partner: u32::MAX }
    }

    /// Returns where it stands in the text behind the byte order mark.
    pub(super) fn span(self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }

    /// Returns the index of the bracket that closes this one or is closed by it, if there is one.
    pub(super) fn partner(self) -> Option<usize> {
        (self.partner != u32::MAX).then_some(self.partner as usize)
    }

    pub(super) fn set_partner(&mut self, index: usize) {
        self.partner = narrow(index);
    }
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
