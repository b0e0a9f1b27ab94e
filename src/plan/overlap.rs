//! Who makes what others read: owners of outputs, and the edges and mistakes that follow.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, EdgeKind, Node};
use crate::{
    base::WsPath,
    text::pattern::{Part, Pattern},
};

/// Two nodes that own one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TwoOwners {
    /// The nodes.
    pub(super) nodes: (usize, usize),
    /// The pattern of the later one.
    pub(super) pattern: String,
}

/// Outputs of all nodes, found by the fixed part of their patterns.
pub(super) struct Outputs<'a> {
    nodes: &'a [Node],
    /// Fixed leading path of a pattern, then nodes with such an output.
    by_prefix: BTreeMap<WsPath, Vec<(usize, &'a Pattern)>>,
}

impl<'a> Outputs<'a> {
    pub(super) fn of(nodes: &'a [Node]) -> Self {
        let mut by_prefix: BTreeMap<WsPath, Vec<_>> = BTreeMap::new();
        for (index, node) in nodes.iter().enumerate() {
            for pattern in node.outputs.iter().flatten() {
                by_prefix.entry(fixed_part(pattern)).or_default().push((index, pattern));
            }
        }
        Self { nodes, by_prefix }
    }

    /// Returns the nodes with an output that may name a path `pattern` names, each with its pattern.
    fn overlapping(&self, pattern: &Pattern) -> Vec<(usize, &'a Pattern)> {
        let prefix = fixed_part(pattern);
        let mut found: Vec<(usize, &Pattern)> = Vec::new();
        let mut above = Some(prefix.clone());
        while let Some(folder) = above {
            found.extend(self.by_prefix.get(&folder).into_iter().flatten());
            above = folder.parent();
        }
        let below = if prefix.as_str() == "." { String::new() } else { format!("{prefix}/") };
        let range = self
            .by_prefix
            .range::<str, _>((std::ops::Bound::Included(below.as_str()), std::ops::Bound::Unbounded));
        let behind =
            range.take_while(|(path, _)| path.as_str().starts_with(&below) && path.is_below(&prefix));
        found.extend(behind.filter(|(path, _)| **path != prefix).flat_map(|(_, outputs)| outputs));
        found.retain(|(_, output)| may_meet(pattern, output));
        found
    }

    /// Tells whether a node rewrites in place what `pattern` names: it declares it as an input too.
    fn rewrites(&self, node: usize, pattern: &Pattern) -> bool {
        self.nodes[node].inputs.iter().flatten().any(|input| may_meet(input, pattern))
    }

    /// Returns the edges from readers to the owners of what they read.
    pub(super) fn producer_edges(&self) -> Vec<(usize, Edge)> {
        let mut edges = Vec::new();
        for (reader, node) in self.nodes.iter().enumerate() {
            for input in node.inputs.iter().flatten() {
                for (owner, output) in self.overlapping(input) {
                    if owner != reader && !self.rewrites(owner, output) {
                        let kind = EdgeKind::Output(output.as_str().to_owned());
                        edges.push((reader, Edge { to: owner, kind }));
                    }
                }
            }
        }
        edges
    }

    /// Returns pairs of nodes, one of which rewrites in place what the other reads or writes.
    ///
    /// They have no order of their own; the sequential order decides.
    pub(super) fn rewrite_pairs(&self) -> BTreeSet<(usize, usize, String)> {
        let mut pairs = BTreeSet::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let touched = node.inputs.iter().flatten().chain(node.outputs.iter().flatten());
            for pattern in touched {
                for (other, output) in self.overlapping(pattern) {
                    if other != index && self.rewrites(other, output) {
                        let (first, second) = (index.min(other), index.max(other));
                        pairs.insert((first, second, output.as_str().to_owned()));
                    }
                }
            }
        }
        pairs
    }

    /// Returns outputs that two nodes own.
    pub(super) fn conflicts(&self) -> Vec<TwoOwners> {
        let mut found = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            for pattern in node.outputs.iter().flatten().filter(|pattern| !self.rewrites(index, pattern)) {
                for (other, output) in self.overlapping(pattern) {
                    let is_sure = is_sure_to_meet(pattern, output);
                    if other < index && is_sure && !self.rewrites(other, output) {
                        found.entry((other, index)).or_insert_with(|| pattern.as_str().to_owned());
                    }
                }
            }
        }
        found.into_iter().map(|(nodes, pattern)| TwoOwners { nodes, pattern }).collect()
    }
}

/// Returns the path before the first wildcard.
fn fixed_part(pattern: &Pattern) -> WsPath {
    let fixed = pattern.parts().iter().map_while(|part| match part {
        Part::Literal(name) => Some(name.as_str()),
        _ => None,
    });
    let text = fixed.collect::<Vec<_>>().join("/");
    match text.as_str() {
        "" if pattern.as_str().starts_with('/') => WsPath::from_normal("/").unwrap_or_else(WsPath::root),
        "" => WsPath::root(),
        text => WsPath::from_normal(text).unwrap_or_else(WsPath::root),
    }
}

/// Tells whether two patterns can name one path, a folder naming all below it.
fn may_meet(one: &Pattern, other: &Pattern) -> bool {
    match (one.as_path(), other.as_path()) {
        (Some(a), Some(b)) => a.is_below(&b) || b.is_below(&a),
        (Some(path), None) => path_meets(&path, other),
        (None, Some(path)) => path_meets(&path, one),
        (None, None) => {
            let (a, b) = (fixed_part(one), fixed_part(other));
            (a.is_below(&b) || b.is_below(&a)) && ends_agree(one, other)
        }
    }
}

/// Tells whether two patterns name one path for certain: only then are two owners a mistake.
fn is_sure_to_meet(one: &Pattern, other: &Pattern) -> bool {
    match (one.as_path(), other.as_path()) {
        (Some(a), Some(b)) => a.is_below(&b) || b.is_below(&a),
        (Some(path), None) => other.matches(&path),
        (None, Some(path)) => one.matches(&path),
        (None, None) => one == other,
    }
}

fn path_meets(path: &WsPath, pattern: &Pattern) -> bool {
    // A pattern may also name what lies below the path, if the path turns out to be a folder.
    pattern.matches(path) || fixed_part(pattern).is_below(path)
}

/// Two last components with different fixed extensions never name one file.
fn ends_agree(one: &Pattern, other: &Pattern) -> bool {
    let extension = |pattern: &Pattern| {
        let last = pattern.parts().last().map_or("", |part| part.as_str());
        let (_, extension) = last.rsplit_once('.')?;
        (!extension.contains(['*', '?', '[', ']', '{', '}'])).then(|| extension.to_owned())
    };
    match (extension(one), extension(other)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn meet(one: &str, other: &str) -> bool {
        let pattern = |text| Pattern::parse(text, Path::new("/w"), &WsPath::root()).unwrap();
        let meets = may_meet(&pattern(one), &pattern(other));
        assert_eq!(meets, may_meet(&pattern(other), &pattern(one)), "meeting is mutual");
        meets
    }

    #[test]
    fn patterns_meet_where_one_path_can_be_named_by_both() {
        for (one, other) in [
            ("a/b", "a/b"),
            ("a", "a/b"),
            ("a/*.txt", "a/b.txt"),
            ("a/**", "a/b/c"),
            ("a/**", "a"),
            ("**/*.rs", "src/*.rs"),
        ] {
            assert!(meet(one, other), "{one} and {other}");
        }
        for (one, other) in
            [("a/b", "a/c"), ("a/*.txt", "a/b.rs"), ("a/**", "ab/c"), ("a/*.rs", "a/*.txt"), ("/x/a", "x/a")]
        {
            assert!(!meet(one, other), "{one} and {other}");
        }
    }
}
