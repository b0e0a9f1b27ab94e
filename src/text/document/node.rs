//! The tree: values, keys and their places.

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
    /// A number as it was written.
    Number(String),
    /// A text without its quotes and escapes; dates of TOML too.
    Text(String),
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
    /// Returns what kind of value this is, with its article: `a list`.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "null",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Number(_) => "a number",
            NodeValue::Text(_) => "a text",
            NodeValue::List(_) => "a list",
            NodeValue::Table(_) => "a table",
        }
    }

    /// Returns the node at a JSON pointer (RFC 6901), or nothing if there is none.
    ///
    /// A key is taken as written; if no key is written so, the first that differs only in ASCII case.
    /// O(depth x entries): for diagnostics, not for reading.
    pub fn find(&self, pointer: &str) -> Option<&Self> {
        segments(pointer).try_fold(self, |node, segment| node.child(&segment).map(|(_, child)| child))
    }

    /// Returns the place a JSON pointer names: the value's, or its nearest existing ancestor's.
    pub fn at(&self, pointer: &str) -> Span {
        let mut node = self;
        for segment in segments(pointer) {
            let Some((_, child)) = node.child(&segment) else { break };
            node = child;
        }
        node.span
    }

    /// Returns the place of the key a JSON pointer ends in; nothing for an item of a list.
    pub fn key_at(&self, pointer: &str) -> Option<Span> {
        let (parent, last) = pointer.rsplit_once('/')?;
        self.find(parent)?.child(&unescape_pointer(last))?.0
    }

    /// Returns the place of a part of this text value; `inner` counts the bytes of the value.
    ///
    /// Where escapes make the written form differ from the value, the whole value is the place.
    pub fn part(&self, source_text: &str, inner: Span) -> Span {
        let NodeValue::Text(value) = &self.value else { return self.span };
        // Only quotes may stand around the value, else an escape might have become part of it.
        let written = self.span.of(source_text);
        let body = written.trim_matches(['"', '\'']);
        if body.trim_start_matches(['\r', '\n']) != value || inner.end > value.len() {
            return self.span;
        }
        inner.shifted(self.span.start + written.find(value.as_str()).unwrap_or_default())
    }

    fn child(&self, segment: &str) -> Option<(Option<Span>, &Self)> {
        match &self.value {
            NodeValue::List(items) => {
                segment.parse().ok().and_then(|index: usize| Some((None, items.get(index)?)))
            }
            NodeValue::Table(entries) => {
                let exact = entries.iter().find(|entry| entry.key.value == segment);
                let entry = exact
                    .or_else(|| entries.iter().find(|entry| entry.key.value.eq_ignore_ascii_case(segment)))?;
                Some((Some(entry.key.span), &entry.value))
            }
            _ => None,
        }
    }
}

/// Writes a key as a segment of a JSON pointer.
pub fn escape_pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescape_pointer(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/')).map(unescape_pointer)
}
