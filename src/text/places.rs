//! Where the bytes of a text stand in the source it was taken from.

use crate::{
    base::{Span, Spanned},
    diag::Source,
};

/// Turns offsets in a text into places of its source.
#[derive(Debug, Clone, Copy)]
pub(super) enum Places {
    /// Byte for byte from this offset on.
    From(usize),
    /// Written with escapes, so that only the whole is known.
    Within(Span),
}

impl Places {
    /// Compares a text with what stands at its span, with or without quotes around it.
    pub(super) fn of(source: &Source, text: Spanned<&str>) -> Self {
        let written = text.span.of(&source.text);
        let inside = written.get(1..written.len().saturating_sub(1));
        if written == text.value {
            Self::From(text.span.start)
        } else if inside == Some(text.value) {
            Self::From(text.span.start + 1)
        } else {
            Self::Within(text.span)
        }
    }

    /// Returns the place of a part of the text.
    pub(super) fn span(self, part: Span) -> Span {
        match self {
            Self::From(start) => part.shifted(start),
            Self::Within(whole) => whole,
        }
    }
}
