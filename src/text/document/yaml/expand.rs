//! Puts in the place of each alias what it names, and of each merge key what it brings.

use std::collections::HashSet;

use super::{
    build::{MAX_FAULTS, MAX_NODES, Raw, RawEntry, RawValue},
    words,
};
use crate::{
    base::Span,
    diag::Diagnostic,
    text::document::{
        Entry, Node, NodeValue,
        read::{MAX_DEPTH, Reader},
    },
};

/// Bytes of text that aliases may bring.
const MAX_COPIED: usize = 4 << 20;

/// Returns the tree.
///
/// What an alias brings stands at the alias, since that is where a fault of it is mended; all that lies in it keeps its
/// place below the anchor, where it is written.
pub(super) fn expand(reader: &Reader<'_>, raw: &Raw, faults: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut walk = Walk { reader, raw, nodes: 0, copied: 0, alias: None, faults };
    match walk.node(raw.root, 1) {
        Ok(tree) => Some(tree),
        Err(Refusal::TooDeep(at)) => {
            let fault = reader.too_deep(at);
            walk.faults.push(fault);
            None
        }
        Err(Refusal::TooMany(at)) => {
            let fault = words::too_many(reader, at);
            walk.faults.push(fault);
            None
        }
    }
}

struct Walk<'a> {
    reader: &'a Reader<'a>,
    raw: &'a Raw,
    nodes: usize,
    /// Bytes of texts that aliases repeat.
    copied: usize,
    /// The outermost alias being expanded.
    alias: Option<Span>,
    faults: &'a mut Vec<Diagnostic>,
}

/// Why there is no tree, and where that shows.
enum Refusal {
    TooDeep(Span),
    TooMany(Span),
}

impl Walk<'_> {
    fn node(&mut self, index: usize, depth: usize) -> Result<Node, Refusal> {
        let raw = &self.raw.nodes[index];
        self.nodes += 1;
        self.check(raw.span)?;
        let value = match &raw.value {
            RawValue::Alias(target) => return self.alias(*target, raw.span, depth),
            RawValue::Scalar(value) => {
                if let NodeValue::Text(text) | NodeValue::Number(text) = value {
                    self.count(text);
                }
                value.clone()
            }
            RawValue::List(_) | RawValue::Table(_) if depth > MAX_DEPTH => {
                return Err(Refusal::TooDeep(self.alias.unwrap_or(raw.span)));
            }
            RawValue::List(items) => {
                let items = items.iter().map(|item| self.node(*item, depth + 1));
                NodeValue::List(items.collect::<Result<_, _>>()?)
            }
            RawValue::Table(entries) => NodeValue::Table(self.table(entries, depth)?),
        };
        Ok(Node { span: raw.span, value })
    }

    fn alias(&mut self, target: usize, at: Span, depth: usize) -> Result<Node, Refusal> {
        let outer = self.alias;
        self.alias = outer.or(Some(at));
        let node = self.node(target, depth);
        self.alias = outer;
        Ok(Node { span: at, value: node?.value })
    }

    /// Returns the entries in the order of the file; what a merge key brings stands in its place.
    fn table(&mut self, entries: &[RawEntry], depth: usize) -> Result<Vec<Entry>, Refusal> {
        let is_own = |entry: &&RawEntry| !entry.is_merge;
        let has_merge = entries.iter().any(|entry| entry.is_merge);
        let own = || entries.iter().filter(is_own).map(|entry| entry.key.value.clone());
        // A name that stands in the mapping itself wins over a merged one, of those the first.
        let mut taken: HashSet<String> = if has_merge { own().collect() } else { HashSet::new() };
        let mut told = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.is_merge {
                let merged = self.merged(entry, depth)?;
                // Merges of merges look at the same names again and again.
                self.nodes += merged.len();
                self.check(entry.key.span)?;
                told.extend(merged.into_iter().filter(|merged| taken.insert(merged.key.value.clone())));
            } else {
                self.count(&entry.key.value);
                let value = self.node(entry.value, depth + 1)?;
                told.push(Entry { key: entry.key.clone(), value });
            }
        }
        Ok(told)
    }

    /// Returns the entries of the mappings that a merge key names, in order.
    fn merged(&mut self, entry: &RawEntry, depth: usize) -> Result<Vec<Entry>, Refusal> {
        let node = self.node(entry.value, depth)?;
        let sources = match node.value {
            NodeValue::List(items) => items,
            value => vec![Node { span: node.span, value }],
        };
        let mut merged = Vec::new();
        for source in sources {
            match source.value {
                NodeValue::Table(entries) => merged.extend(entries),
                _ if self.faults.len() < MAX_FAULTS => {
                    self.faults.push(words::bad_merge(self.reader, source.span));
                }
                _ => {}
            }
        }
        Ok(merged)
    }

    fn count(&mut self, text: &str) {
        if self.alias.is_some() {
            self.copied += text.len();
        }
    }

    fn check(&self, at: Span) -> Result<(), Refusal> {
        let is_too_much = self.nodes > MAX_NODES || self.copied > MAX_COPIED;
        if is_too_much { Err(Refusal::TooMany(self.alias.unwrap_or(at))) } else { Ok(()) }
    }
}
