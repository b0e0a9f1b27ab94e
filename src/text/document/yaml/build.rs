//! From events to values that still know their aliases.

use std::{collections::HashMap, ops::ControlFlow};

use granit_parser::{Event, ScalarStyle, ScanError, Span as EventSpan, StructureStyle, Tag};

use super::{scalar, words};
use crate::{
    base::{Span, Spanned},
    diag::Diagnostic,
    text::document::{
        Format, NodeValue,
        read::{MAX_DEPTH, Reader},
    },
};

/// How many values a file may have, those that its aliases repeat included.
///
/// Far more than a playbook of ten thousand steps has, and few enough that a file that doubles itself with every line
/// is refused at once.
pub(super) const MAX_NODES: usize = 1_000_000;

/// How many faults are told of a file before the rest of it is not looked at.
pub(super) const MAX_FAULTS: usize = 100;

/// The values of a file, each known by its position.
pub(super) struct Raw {
    pub(super) nodes: Vec<RawNode>,
    pub(super) root: usize,
}

pub(super) struct RawNode {
    pub(super) span: Span,
    pub(super) value: RawValue,
}

pub(super) enum RawValue {
    Scalar(NodeValue),
    List(Vec<usize>),
    Table(Vec<RawEntry>),
    /// Another value, written before.
    Alias(usize),
}

pub(super) struct RawEntry {
    pub(super) key: Spanned<String>,
    /// The key is `<<`, and not a text in quotes.
    pub(super) is_merge: bool,
    pub(super) value: usize,
}

pub(super) struct Build<'a> {
    reader: &'a Reader<'a>,
    nodes: Vec<RawNode>,
    root: Option<usize>,
    open: Vec<Open>,
    /// The values that anchors name; one that is not here yet is still open.
    anchors: HashMap<usize, usize>,
    documents: usize,
    /// Where the last thing that is no comment ended, in the text.
    last_end: usize,
    faults: Vec<Diagnostic>,
}

/// A list or mapping whose end is still to come.
struct Open {
    start: usize,
    end: usize,
    is_flow: bool,
    anchor: usize,
    holds: Holds,
}

enum Holds {
    List(Vec<usize>),
    Table { entries: Vec<RawEntry>, key: Option<Key> },
}

struct Key {
    text: Spanned<String>,
    is_merge: bool,
}

impl<'a> Build<'a> {
    pub(super) fn new(reader: &'a Reader<'a>) -> Self {
        Self {
            reader,
            nodes: Vec::new(),
            root: None,
            open: Vec::new(),
            anchors: HashMap::new(),
            documents: 0,
            last_end: 0,
            faults: Vec::new(),
        }
    }

    /// Takes the next event; breaks where nothing more of the file is to be looked at.
    pub(super) fn take(&mut self, event: Event<'_>, at: &EventSpan) -> ControlFlow<()> {
        let range = at.byte_range().unwrap_or_default();
        let goes_on = match event {
            Event::DocumentStart(..) => self.document(self.reader.span(range.start, range.end)),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), at);
                ControlFlow::Continue(())
            }
            Event::Alias(id) => {
                self.alias(id, self.reader.span(range.start, range.end));
                ControlFlow::Continue(())
            }
            Event::UnresolvedAlias(name) => {
                let at = self.reader.span(range.start, range.end);
                self.faults.push(words::no_anchor(self.reader, &name, at));
                self.add(RawNode { span: at, value: RawValue::Scalar(NodeValue::Null) }, None);
                ControlFlow::Continue(())
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", at);
                self.begin(at, style, anchor, Holds::List(Vec::new()))
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", at);
                self.begin(at, style, anchor, Holds::Table { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end(range.end);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        };
        self.last_end = self.last_end.max(range.end);
        if self.nodes.len() > MAX_NODES {
            self.faults.push(words::too_many(self.reader, self.reader.span(range.start, range.end)));
            return ControlFlow::Break(());
        }
        if self.faults.len() >= MAX_FAULTS { ControlFlow::Break(()) } else { goes_on }
    }

    /// Takes the parser's complaint, behind which it tells nothing more.
    pub(super) fn stop(&mut self, error: &ScanError) -> ControlFlow<()> {
        let inside = self.open.last().filter(|open| open.is_flow);
        let bracket = inside.map(|open| (open.start, matches!(open.holds, Holds::List(_))));
        self.faults.push(words::fault(self.reader, error, bracket, self.last_end));
        ControlFlow::Break(())
    }

    /// Returns what was read, unless the text breaks the rules, and all faults.
    pub(super) fn finish(mut self) -> (Option<Raw>, Vec<Diagnostic>) {
        let is_empty = |root: usize| {
            let node = &self.nodes[root];
            node.span.is_empty() && matches!(node.value, RawValue::Scalar(NodeValue::Null))
        };
        let root = self.root.filter(|root| !is_empty(*root));
        if root.is_none() && self.faults.is_empty() {
            self.faults.push(self.reader.empty(Format::Yaml));
        }
        let nodes = self.nodes;
        (root.filter(|_| self.faults.is_empty()).map(|root| Raw { nodes, root }), self.faults)
    }

    fn document(&mut self, at: Span) -> ControlFlow<()> {
        self.documents += 1;
        if self.documents > 1 {
            self.faults.push(words::second_document(self.reader, at));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn begin(
        &mut self,
        at: &EventSpan,
        style: StructureStyle,
        anchor: usize,
        holds: Holds,
    ) -> ControlFlow<()> {
        let range = at.byte_range().unwrap_or_default();
        if self.is_key_next() {
            self.faults.push(words::complex_key(self.reader, self.first_letter(range.start)));
        }
        if self.open.len() >= MAX_DEPTH {
            self.faults.push(self.reader.too_deep(self.first_letter(range.start)));
            return ControlFlow::Break(());
        }
        let is_flow = style == StructureStyle::Flow && range.end > range.start;
        let mut start = range.start;
        let is_value = matches!(self.open.last(), Some(Open { holds: Holds::Table { .. }, .. }));
        if is_value && style == StructureStyle::Block && matches!(holds, Holds::List(_)) {
            // Of a list that is not indented below its name, the parser tells where its first item begins.
            start = words::mark_between(self.reader.text, self.last_end, start, &['-']).unwrap_or(start);
        }
        self.open.push(Open { start, end: range.end, is_flow, anchor, holds });
        ControlFlow::Continue(())
    }

    fn end(&mut self, end: usize) {
        let Some(open) = self.open.pop() else { return };
        // The end of a block is told where the next thing begins.
        let end = if open.is_flow { end } else { open.end };
        let value = match open.holds {
            Holds::List(items) => RawValue::List(items),
            Holds::Table { entries, .. } => RawValue::Table(entries),
        };
        let node = RawNode { span: self.reader.span(open.start, end), value };
        self.add(node, Some(open.anchor));
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, at: &EventSpan) {
        let range = at.byte_range().unwrap_or_default();
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let (start, end) = if is_block {
            words::block_text(self.reader.text, self.last_end, range.start, range.end)
        } else if range.is_empty() && !self.is_key_next() && self.reader.text[range.start..].starts_with(':')
        {
            // A value that is not there is told at the end of its name.
            (range.start + 1, range.start + 1)
        } else {
            (range.start, range.end)
        };
        let span = self.reader.span(start, end);
        let is_plain = style == ScalarStyle::Plain;
        // The parser writes a value that is not there as `~`.
        let text = if is_plain && span.is_empty() { "" } else { text };
        let value = scalar::resolve(text, is_plain, tag).unwrap_or_else(|wanted| {
            self.faults.push(words::bad_tag(self.reader, wanted, self.tag_span(at, span)));
            NodeValue::Null
        });
        if self.is_key_next() && text.is_empty() && is_plain && tag.is_none() {
            self.faults.push(words::no_key(self.reader, span));
        }
        if self.is_key_next() {
            let is_merge = is_plain && tag.is_none() && text == "<<";
            let key = Key { text: Spanned::new(text.to_owned(), span), is_merge };
            if anchor != 0 {
                self.nodes.push(RawNode { span, value: RawValue::Scalar(value) });
                self.anchors.insert(anchor, self.nodes.len() - 1);
            }
            self.take_key(key);
            return;
        }
        self.add(RawNode { span, value: RawValue::Scalar(value) }, Some(anchor));
    }

    fn alias(&mut self, id: usize, at: Span) {
        let Some(&target) = self.anchors.get(&id) else {
            self.faults.push(words::recursive(self.reader, at));
            self.add(RawNode { span: at, value: RawValue::Scalar(NodeValue::Null) }, None);
            return;
        };
        if self.is_key_next() {
            let named = &self.nodes[target];
            let text = match &named.value {
                RawValue::Scalar(NodeValue::Text(text)) => text.clone(),
                RawValue::Scalar(_) => named.span.of(&self.reader.source.text).to_owned(),
                _ => {
                    self.faults.push(words::complex_key(self.reader, at));
                    String::new()
                }
            };
            self.take_key(Key { text: Spanned::new(text, at), is_merge: false });
            return;
        }
        self.add(RawNode { span: at, value: RawValue::Alias(target) }, None);
    }

    /// Tells whether what comes next is the name of a mapping's value.
    fn is_key_next(&self) -> bool {
        matches!(self.open.last(), Some(Open { holds: Holds::Table { key: None, .. }, .. }))
    }

    fn take_key(&mut self, taken: Key) {
        let end = taken.text.span.end.saturating_sub(self.reader.base);
        if let Some(open) = self.open.last_mut() {
            open.end = open.end.max(end);
            if let Holds::Table { key, .. } = &mut open.holds {
                *key = Some(taken);
            }
        }
    }

    /// Puts a value where it belongs: into the innermost list or mapping, else at the root.
    fn add(&mut self, node: RawNode, anchor: Option<usize>) {
        let span = node.span;
        self.nodes.push(node);
        let index = self.nodes.len() - 1;
        if let Some(anchor) = anchor.filter(|anchor| *anchor != 0) {
            self.anchors.insert(anchor, index);
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(index);
            return;
        };
        open.end = open.end.max(span.end.saturating_sub(self.reader.base));
        match &mut open.holds {
            Holds::List(items) => items.push(index),
            Holds::Table { entries, key } => match key.take() {
                Some(Key { text, is_merge }) => entries.push(RawEntry { key: text, is_merge, value: index }),
                // A key that is no text, and is told already.
                None => *key = Some(Key { text: Spanned::new(String::new(), span), is_merge: false }),
            },
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, own: &str, at: &EventSpan) {
        let Some(tag) = tag else { return };
        if !tag.is_yaml_core_schema_tag(own) && !scalar::is_nothing_said(tag) {
            let fallback = self.first_letter(at.byte_range().unwrap_or_default().start);
            let wanted = scalar::wanted(tag);
            self.faults.push(words::bad_tag(self.reader, wanted, self.tag_span(at, fallback)));
        }
    }

    fn tag_span(&self, at: &EventSpan, fallback: Span) -> Span {
        let range = at.tag_span().and_then(|tag| tag.byte_range());
        range.map_or(fallback, |range| self.reader.span(range.start, range.end))
    }

    fn first_letter(&self, start: usize) -> Span {
        words::letter(self.reader, start)
    }
}
