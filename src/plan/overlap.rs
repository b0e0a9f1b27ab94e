//! Who makes what others read: owners of outputs, and the edges and mistakes that follow.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use super::{Edge, EdgeKind, Node};
use crate::{base::WsPath, text::pattern::Pattern};

/// Two nodes that own one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TwoOwners {
    /// The nodes.
    pub(super) nodes: (usize, usize),
    /// The pattern of the later one.
    pub(super) pattern: String,
}

/// One declared output.
struct Output<'a> {
    node: usize,
    pattern: &'a Pattern,
    /// The node declares it as an input too: it rewrites in place what is there.
    is_rewrite: bool,
}

/// Outputs of all nodes, found by the fixed part of their patterns.
pub(super) struct Outputs<'a> {
    nodes: &'a [Arc<Node>],
    /// Fixed leading path of a pattern, then the outputs that start with it.
    by_prefix: BTreeMap<WsPath, Vec<Output<'a>>>,
}

impl<'a> Outputs<'a> {
    pub(super) fn of(nodes: &'a [Arc<Node>]) -> Self {
        let mut by_prefix: BTreeMap<WsPath, Vec<_>> = BTreeMap::new();
        for (index, node) in nodes.iter().enumerate() {
            for pattern in node.outputs.iter().flatten() {
                let is_rewrite = node.inputs.iter().flatten().any(|input| may_meet(input, pattern));
                let output = Output { node: index, pattern, is_rewrite };
                by_prefix.entry(pattern.fixed_part()).or_default().push(output);
            }
        }
        Self { nodes, by_prefix }
    }

    /// Calls `each` with every output that may name a path `pattern` names.
    fn overlapping(&self, pattern: &Pattern, mut each: impl FnMut(&Output<'a>)) {
        let prefix = pattern.fixed_part();
        let prefix = prefix.as_str();
        let mut visit = |outputs: &Vec<Output<'a>>| {
            outputs.iter().filter(|output| may_meet(pattern, output.pattern)).for_each(&mut each);
        };
        ancestors(prefix).filter_map(|folder| self.by_prefix.get(folder)).for_each(&mut visit);
        let below = match prefix {
            "." => String::new(),
            "/" => "/".to_owned(),
            _ => format!("{prefix}/"),
        };
        let behind = self.by_prefix.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded));
        let behind = behind.take_while(|(path, _)| path.as_str().starts_with(&below));
        let is_other = |path: &WsPath| path.as_str() != prefix && (prefix != "." || path.is_inside());
        behind.filter(|(path, _)| is_other(path)).for_each(|(_, outputs)| visit(outputs));
    }

    /// Calls `each` with every output that names a path, or a folder above it.
    fn naming(&self, path: &WsPath, mut each: impl FnMut(&Output<'a>)) {
        let names = |output: &&Output<'a>| {
            let is_folder = |folder: WsPath| path.is_below(&folder);
            output.pattern.matches(path) || output.pattern.as_path().is_some_and(is_folder)
        };
        let above = ancestors(path.as_str()).filter_map(|folder| self.by_prefix.get(folder));
        above.flatten().filter(names).for_each(&mut each);
    }

    /// Returns the edges from readers to the owners of what they read.
    pub(super) fn producer_edges(&self) -> Vec<(usize, Edge)> {
        let mut edges = Vec::new();
        for (reader, node) in self.nodes.iter().enumerate() {
            let mut add = |output: &Output<'_>| {
                if output.node != reader && !output.is_rewrite {
                    let kind = EdgeKind::Output(output.pattern.as_str().to_owned());
                    edges.push((reader, Edge { to: output.node, kind }));
                }
            };
            node.inputs.iter().flatten().for_each(|input| self.overlapping(input, &mut add));
            // A script that a step makes is an input of the step that runs it.
            node.script.iter().for_each(|script| self.naming(script, &mut add));
        }
        edges
    }

    /// Returns pairs of nodes, one of which rewrites in place what the other reads or writes.
    ///
    /// They have no order of their own; the sequential order decides.
    pub(super) fn rewrite_pairs(&self) -> BTreeSet<(usize, usize, String)> {
        let mut pairs = BTreeSet::new();
        if !self.by_prefix.values().flatten().any(|output| output.is_rewrite) {
            return pairs;
        }
        for (index, node) in self.nodes.iter().enumerate() {
            let touched = node.inputs.iter().flatten().chain(node.outputs.iter().flatten());
            for pattern in touched {
                self.overlapping(pattern, |output| {
                    if output.node != index && output.is_rewrite {
                        let (first, second) = (index.min(output.node), index.max(output.node));
                        pairs.insert((first, second, output.pattern.as_str().to_owned()));
                    }
                });
            }
        }
        pairs
    }

    /// Returns outputs that two nodes own.
    pub(super) fn conflicts(&self) -> Vec<TwoOwners> {
        let mut found = BTreeMap::new();
        for owned in self.by_prefix.values().flatten().filter(|output| !output.is_rewrite) {
            self.overlapping(owned.pattern, |other| {
                let is_sure = is_sure_to_meet(owned.pattern, other.pattern);
                if other.node < owned.node && is_sure && !other.is_rewrite {
                    let pattern = || owned.pattern.as_str().to_owned();
                    found.entry((other.node, owned.node)).or_insert_with(pattern);
                }
            });
        }
        found.into_iter().map(|(nodes, pattern)| TwoOwners { nodes, pattern }).collect()
    }
}

/// Returns a path and the folders above it, the workspace or the root last.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let top = if path.starts_with('/') { "/" } else { "." };
    std::iter::successors(Some(path), move |at| match at.rsplit_once('/') {
        _ if *at == top => None,
        None | Some(("", _)) => Some(top),
        Some((parent, _)) => Some(parent),
    })
}

/// Tells whether two patterns can name one path, a folder naming all below it.
fn may_meet(one: &Pattern, other: &Pattern) -> bool {
    match (one.as_path(), other.as_path()) {
        (Some(a), Some(b)) => a.is_below(&b) || b.is_below(&a),
        (Some(path), None) => path_meets(&path, other),
        (None, Some(path)) => path_meets(&path, one),
        (None, None) => {
            let (a, b) = (one.fixed_part(), other.fixed_part());
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
    pattern.matches(path) || pattern.fixed_part().is_below(path)
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

    use proptest::prelude::*;

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
            ("/", "/etc/x"),
            ("/*", "/etc"),
        ] {
            assert!(meet(one, other), "{one} and {other}");
        }
        for (one, other) in
            [("a/b", "a/c"), ("a/*.txt", "a/b.rs"), ("a/**", "ab/c"), ("a/*.rs", "a/*.txt"), ("/x/a", "x/a")]
        {
            assert!(!meet(one, other), "{one} and {other}");
        }
    }

    proptest! {
        /// The index finds what a look at every output would find.
        #[test]
        fn overlapping_outputs_are_all_found(outputs in prop::collection::vec(pattern(), 0..12), asked in pattern()) {
            let node = |pattern: &Pattern| Node { outputs: Some(vec![pattern.clone()]), ..Node::default() };
            let node = |pattern: &Pattern| Arc::new(node(pattern));
            let nodes: Vec<Arc<Node>> = outputs.iter().map(node).collect();
            let mut found = Vec::new();
            Outputs::of(&nodes).overlapping(&asked, |output| found.push(output.node));
            found.sort_unstable();
            let all: Vec<usize> = (0..outputs.len()).filter(|at| may_meet(&asked, &outputs[*at])).collect();
            prop_assert_eq!(found, all, "{:?} in {:?}", asked, outputs);
        }
    }

    fn pattern() -> impl Strategy<Value = Pattern> {
        let part = prop::sample::select(vec!["a", "a.b", "b", "*", "**", "*.b"]);
        let top = prop::sample::select(vec!["", "/", "../"]);
        (top, prop::collection::vec(part, 1..4)).prop_map(|(top, parts)| {
            let text = format!("{top}{}", parts.join("/"));
            Pattern::parse(&text, Path::new("/w"), &WsPath::root()).unwrap()
        })
    }
}
