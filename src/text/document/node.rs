//! The tree: values, keys and their places.

use super::Format;
use crate::base::{Span, Spanned};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The bytes of the value; of a TOML table its header.
    pub span: Span,
    /// What stands there.
    pub value: NodeValue,
}

/// What can stand in a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeValue {
    /// No value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON writes it, its digits as they stand in the file: `1.50`.
    Number(String),
    /// A text without its quotes and escapes; dates of TOML too.
    Text(String),
    /// A variable of PowerShell in the place of a value, without its `$`: `Name`, `env:CI`, `Results.Failed`.
    Reference(String),
    /// A script block of PowerShell in the place of a value, without its braces: code that nothing has run.
    Code(String),
    /// Values in order.
    List(Vec<Node>),
    /// Named values in the order of the file, duplicates kept.
    Table(Vec<Entry>),
}

/// A named value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name; its span covers the quotes, if any.
    pub key: Spanned<String>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns what kind of value this is in the words of its format, with its article: `a list`.
    pub fn describe(&self, format: Format) -> &'static str {
        match &self.value {
            NodeValue::Null if self.span.is_empty() => "no value",
            NodeValue::Null if format == Format::Psd1 => "$null",
            NodeValue::Null => "null",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Number(_) => "a number",
            NodeValue::Text(_) => "a text",
            NodeValue::Reference(_) => "a variable",
            NodeValue::Code(_) => "a script block",
            NodeValue::List(_) => "a list",
            NodeValue::Table(_) => format.table(),
        }
    }

    /// Returns the node at a JSON pointer (RFC 6901), or nothing if there is none.
    ///
    /// A key is taken as written; if no key is written so, the first that differs only in ASCII case.
    /// O(depth x entries): for diagnostics, not for reading.
    pub fn find(&self, pointer: &str) -> Option<&Self> {
        segments(pointer).try_fold(self, |node, segment| node.child(&segment))
    }

    /// Returns the place a JSON pointer names: the value's, or its nearest existing ancestor's.
    pub fn at(&self, pointer: &str) -> Span {
        let mut node = self;
        for segment in segments(pointer) {
            let Some(child) = node.child(&segment) else { break };
            node = child;
        }
        node.span
    }

    pub(super) fn child(&self, segment: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::List(items) => items.get(segment.parse::<usize>().ok()?),
            NodeValue::Table(entries) => {
                let exact = entries.iter().find(|entry| entry.key.value == segment);
                let entry = exact
                    .or_else(|| entries.iter().find(|entry| entry.key.value.eq_ignore_ascii_case(segment)))?;
                Some(&entry.value)
            }
            _ => None,
        }
    }
}

fn unescape_pointer(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// Returns the segments of a JSON pointer, unescaped; none of what is not one.
pub(super) fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/')).map(unescape_pointer)
}
