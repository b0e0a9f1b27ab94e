//! What is wrong with a matrix, and what to write instead.
//!
//! Knows JSON pointers. Does not know files: who asked places the fault.

use std::sync::Arc;

use super::MATRIX_LIMIT;
use crate::{
    base::Span,
    diag::{Code, Diagnostic, Source, code},
};

/// What is wrong with a matrix, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixFault {
    /// The JSON pointer of what is wrong, in the file that the matrix stands in.
    pub at: String,
    /// What it is.
    pub(super) what: What,
}

/// Sorts of faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// There is no dimension, and nothing is included.
    NoDimension,
    /// An expression gives something other than a table of dimensions.
    NoTable { found: &'static str },
    /// The dimension is something other than a list.
    NoList { dimension: String, found: &'static str },
    /// An expression gives an `include` or `exclude` that is no list of tables.
    NoEntries { section: &'static str, found: &'static str },
    /// The dimension has no value.
    EmptyDimension { dimension: String },
    /// Two dimensions have one name.
    DimensionTwice { dimension: String },
    /// The dimension has one value twice.
    ValueTwice { dimension: String, value: String },
    /// Two entries of `include` are the same combination.
    CombinationTwice { label: String },
    /// `exclude` leaves nothing.
    AllExcluded { count: usize },
    /// There are more than az runs; nothing if they cannot be counted.
    TooMany { count: Option<usize> },
    /// A section is longer than any matrix can need.
    TooLong { section: &'static str, count: usize },
}

impl MatrixFault {
    pub(super) fn new(at: impl Into<String>, what: What) -> Self {
        Self { at: at.into(), what }
    }

    /// Tells the fault, without a place.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code(), self.message()).help(self.help())
    }

    /// Tells the fault in a file; `span` finds the place of a JSON pointer there.
    pub fn told(&self, source: &Arc<Source>, span: impl Fn(&str) -> Span) -> Diagnostic {
        let whole = span(&self.at);
        // Of what goes over many lines, the first says enough.
        let first = whole.of(&source.text).lines().next().unwrap_or_default().trim_end();
        let at = Span::new(whole.start, whole.start + first.len());
        self.diagnostic().source(source).label(at, self.label())
    }

    fn code(&self) -> Code {
        match self.what {
            What::TooMany { .. } | What::TooLong { .. } => code::MATRIX_TOO_LARGE,
            _ => code::BAD_MATRIX,
        }
    }

    fn message(&self) -> String {
        match &self.what {
            What::NoDimension => "the matrix has no dimension, so that nothing would run".to_owned(),
            What::NoTable { found } => {
                format!("a matrix must be a table of dimensions, and the expression gives {found}")
            }
            What::NoList { dimension, found } => {
                format!("matrix dimension `{dimension}` must be a list, found {found}")
            }
            What::NoEntries { section, found } => {
                format!("`{section}` of a matrix must be a list of tables, found {found}")
            }
            What::EmptyDimension { dimension } => {
                format!("matrix dimension `{dimension}` is empty, so that nothing would run")
            }
            What::DimensionTwice { dimension } => format!("the matrix has the dimension `{dimension}` twice"),
            What::ValueTwice { dimension, value } => {
                format!("matrix dimension `{dimension}` has the value `{value}` twice")
            }
            What::CombinationTwice { label } => format!("`include` adds the combination {label} twice"),
            What::AllExcluded { count: 1 } => {
                "`exclude` leaves out the only combination, so that nothing would run".to_owned()
            }
            What::AllExcluded { count } => {
                format!("`exclude` leaves out all {count} combinations, so that nothing would run")
            }
            What::TooMany { count: Some(count) } => {
                format!("the matrix has {count} combinations, more than {MATRIX_LIMIT}")
            }
            What::TooMany { count: None } => {
                "the matrix has more combinations than can be counted".to_owned()
            }
            What::TooLong { section, count } => {
                format!("`{section}` has {count} entries, more than {MATRIX_LIMIT}")
            }
        }
    }

    fn label(&self) -> &'static str {
        match self.what {
            What::NoDimension | What::NoTable { .. } => "no dimensions",
            What::NoList { .. } | What::NoEntries { .. } => "no list",
            What::EmptyDimension { .. } => "no value",
            What::DimensionTwice { .. } | What::ValueTwice { .. } | What::CombinationTwice { .. } => {
                "the second one"
            }
            What::AllExcluded { .. } => "too much",
            What::TooMany { .. } | What::TooLong { .. } => "too many",
        }
    }

    fn help(&self) -> String {
        match &self.what {
            What::NoDimension => "add one: a name with a list of values".to_owned(),
            What::NoTable { .. } => {
                r#"let it give names with lists, such as {"platform": ["linux", "windows"]}"#.to_owned()
            }
            What::NoList { dimension, .. } => {
                format!(r#"give a list of its values, such as {{"{dimension}": ["a", "b"]}}"#)
            }
            What::NoEntries { section, .. } => {
                format!(r#"give a list, such as {{"{section}": [{{"platform": "linux"}}]}}"#)
            }
            What::EmptyDimension { .. } => "add a value, or remove the dimension".to_owned(),
            What::DimensionTwice { .. } => "write all values into one list; upper and lower case are one".to_owned(),
            What::ValueTwice { .. } | What::CombinationTwice { .. } => "remove one of them".to_owned(),
            What::AllExcluded { .. } => "remove an entry of `exclude`, or the whole matrix".to_owned(),
            What::TooMany { .. } | What::TooLong { .. } => {
                "remove values or dimensions, or list the combinations that matter under `include`, without dimensions"
                    .to_owned()
            }
        }
    }
}
