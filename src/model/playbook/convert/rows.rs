//! What became of each part of a playbook that was converted.

use crate::base::Span;

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It stands in the new file and means the same.
    Mapped,
    /// It stands there, but not quite as it was.
    Approximated,
    /// It does not stand there.
    LeftOut,
}

impl Fate {
    /// Returns the word for it in JSON and in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Approximated => "approximated",
            Self::LeftOut => "left-out",
        }
    }
}

/// One part of the old file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What became of it.
    pub fate: Fate,
    /// Where it stands in the old file, as a JSON pointer.
    pub at: String,
    /// The same as bytes.
    pub span: Span,
    /// Where it stands in the new file, as a JSON pointer.
    pub to: Option<String>,
    /// What a person should know of it; empty if there is nothing to say.
    pub note: String,
}

impl Row {
    pub(super) fn new(fate: Fate, at: impl Into<String>) -> Self {
        Self { fate, at: at.into(), span: Span::default(), to: None, note: String::new() }
    }

    pub(super) fn to(mut self, to: impl Into<String>) -> Self {
        self.to = Some(to.into());
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}
