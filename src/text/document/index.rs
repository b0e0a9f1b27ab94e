//! Where the entries of large tables stand, so that many of their places are found without a walk for each.
//!
//! Knows trees and JSON pointers. Does not know what is asked for.

use std::collections::HashMap;

use super::{Node, NodeValue};
use crate::base::Span;

/// A table of more entries has its own map.
const LARGE: usize = 32;

/// As deep as large tables are looked for: jobs stand in `orchestration.jobs`.
const DEPTH: usize = 4;

/// The large tables of a tree, by their pointers: places of their entries by key, of equal keys the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index(HashMap<String, HashMap<String, usize>>);

impl Index {
    /// Makes that of a tree. Looks at each entry of a large table once, and not into it.
    pub fn of(tree: &Node) -> Self {
        let mut tables = HashMap::new();
        let mut open = vec![(String::new(), tree, 0)];
        while let Some((pointer, node, depth)) = open.pop() {
            let NodeValue::Table(entries) = &node.value else { continue };
            if entries.len() > LARGE {
                let keys = entries.iter().enumerate().rev();
                let keys = keys.map(|(place, entry)| (entry.key.value.clone(), place));
                tables.insert(pointer, keys.collect());
            } else if depth < DEPTH {
                let inner = |key: &str| format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                open.extend(entries.iter().map(|entry| (inner(&entry.key.value), &entry.value, depth + 1)));
            }
        }
        Self(tables)
    }

    /// Returns what [`Node::at`] returns for the tree that this was made of.
    pub fn at(&self, tree: &Node, pointer: &str) -> Span {
        let mut node = tree;
        let mut end = 0;
        for segment in super::node::segments(pointer) {
            let known = self.0.get(&pointer[..end]).and_then(|keys| keys.get(&segment));
            let child = match (&node.value, known) {
                (NodeValue::Table(entries), Some(place)) => entries.get(*place).map(|entry| &entry.value),
                _ => node.child(&segment),
            };
            let Some(child) = child else { break };
            node = child;
            end = pointer[end + 1..].find('/').map_or(pointer.len(), |further| end + 1 + further);
        }
        node.span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diag::Source,
        text::document::{Format, read},
    };

    #[test]
    fn a_place_is_where_a_walk_finds_it() {
        let keys = (0..100).map(|key| format!("\"k{key}\":{{\"a/b~\":[1,{{\"x\":{key}}}]}},\"K{key}\":2,"));
        let large: String = keys.collect();
        let text =
            format!("{{\"small\":{{\"a/~b\":{{{large}\"k7\":3,\"end\":1}}}},\"other\":[0,{{\"k\":1}}]}}");
        let source = std::sync::Arc::new(Source::new("p.json", text.as_str()));
        let tree = read(&source, Format::Json).0.expect("it is sound");
        let index = Index::of(&tree);
        assert_eq!(index.0.len(), 1);
        let table = "/small/a~1~0b";
        let inside = ["", "/k7", "/K7", "/k99/a~1b~0/1/x", "/END", "/none", "/k3/none", "/k3/a~1b~0/9"];
        let inside = inside.map(|inside| format!("{table}{inside}"));
        let others = ["", "/small", "/other/1/k", "/SMALL/a~1~0b/k5", "no pointer"].map(str::to_owned);
        for pointer in inside.into_iter().chain(others) {
            assert_eq!(index.at(&tree, &pointer), tree.at(&pointer), "{pointer}");
        }
    }
}
