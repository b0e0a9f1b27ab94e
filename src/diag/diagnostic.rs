//! One mistake, as a value.

use std::{borrow::Cow, sync::Arc};

use super::{Code, Source};
use crate::base::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Probably not what was meant; an error under `--strict`.
    Warning,
    /// Nothing can be done until it is mended.
    Error,
}

impl Severity {
    /// Returns the word used in JSON and in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place of a diagnostic and what to say there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// Where, in the diagnostic's source.
    pub span: Span,
    /// What is to be seen there.
    pub text: Option<String>,
}

/// A part of the diagnostic's source and what is to stand there instead.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What is replaced; empty where something is only added.
    pub span: Span,
    /// What stands there then.
    pub text: String,
}

/// One mistake: code, message, place, and a help that can be done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What was expected and what was found: lower case, no final full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The text the labels point into.
    pub source: Option<Arc<Source>>,
    /// The places; the first is the main one.
    pub labels: Vec<Label>,
    /// What does exactly that which the help says; all of them or none. Empty where a person must decide.
    pub edits: Vec<Edit>,
}

impl Diagnostic {
    /// Makes an error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// Makes a warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Makes a note.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: shortened(message.into()),
            help: None,
            source: None,
            labels: Vec::new(),
            edits: Vec::new(),
        }
    }

    /// Says in which text the labels lie.
    #[must_use]
    pub fn source(mut self, source: &Arc<Source>) -> Self {
        self.source = Some(Arc::clone(source));
        self
    }

    /// Adds a place with its remark.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: Some(shortened(text.into())) });
        self
    }

    /// Adds a place without a remark.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.labels.push(Label { span, text: None });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(shortened(help.into()));
        self
    }

    /// Says what to do, if that is known.
    #[must_use]
    pub fn help_if(mut self, help: Option<impl Into<String>>) -> Self {
        if let Some(help) = help {
            self.help = Some(shortened(help.into()));
        }
        self
    }

    /// Adds a replacement that does what the help says.
    #[must_use]
    pub fn edit(mut self, span: Span, text: impl Into<String>) -> Self {
        self.edits.push(Edit { span, text: text.into() });
        self
    }

    /// Adds a replacement, if there is one that certainly does what the help says.
    #[must_use]
    pub fn edit_if(self, span: Span, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.edit(span, text),
            None => self,
        }
    }

    /// Returns the help for people, who are told where az can do itself what it says.
    pub fn advice(&self) -> Option<Cow<'_, str>> {
        let help = self.help.as_deref()?;
        Some(match self.edits.as_slice() {
            [] => Cow::Borrowed(help),
            _ => Cow::Owned(format!("{help} (az check --fix writes it)")),
        })
    }

    /// Turns a warning into an error, as `--strict` asks.
    #[must_use]
    pub fn strict(mut self) -> Self {
        if self.severity == Severity::Warning {
            self.severity = Severity::Error;
        }
        self
    }

    /// Tells whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Tells whether one of the diagnostics is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// The most of a sentence that anybody reads, in characters.
const LONGEST: usize = 2000;

/// Cuts the middle out of a sentence that quotes a text of any length.
fn shortened(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let head = text.floor_char_boundary(LONGEST * 3 / 4);
    let tail = text.ceil_char_boundary(text.len() - LONGEST / 4);
    format!("{} … {}", &text[..head], &text[tail..])
}
