//! Random operations, against a model that knows their results.
//!
//! The tracer sees no results, so it must find out what is the tree's own in another way; the model just knows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError},
};

use super::harness::{Folder, NOTIFY, compiled, run};
use crate::trace::{Asked, Changed, Rung};

const PATHS: [&str; 9] = ["a", "b", "c", "d", "d/x", "d/y", "e", "e/x", "e/y"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    File { number: usize },
    Folder,
}

/// A file system, and what a trace of it must say.
#[derive(Debug, Default)]
struct Model {
    nodes: BTreeMap<String, Node>,
    own: BTreeSet<String>,
    touches: BTreeMap<String, (Asked, Changed)>,
    files: usize,
}

impl Model {
    fn new() -> Self {
        let mut model = Self::default();
        model.nodes.insert("d".to_owned(), Node::Folder);
        for name in ["a", "b", "d/x", "d/y"] {
            model.create(name);
        }
        model.own.clear();
        model
    }

    fn create(&mut self, path: &str) {
        self.files += 1;
        self.put(path, Node::File { number: self.files });
    }

    fn put(&mut self, path: &str, node: Node) {
        self.nodes.insert(path.to_owned(), node);
        self.own.insert(path.to_owned());
    }

    fn take(&mut self, path: &str) -> Option<Node> {
        self.own.insert(path.to_owned());
        self.nodes.remove(path)
    }

    fn node(&self, path: &str) -> Option<Node> {
        self.nodes.get(path).copied()
    }

    fn has_parent(&self, path: &str) -> bool {
        path.rsplit_once('/').is_none_or(|(parent, _)| self.node(parent) == Some(Node::Folder))
    }

    fn below(&self, folder: &str) -> Vec<String> {
        let is_below = |path: &&String| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.nodes.keys().filter(is_below).cloned().collect()
    }

    fn ask(&mut self, path: &str, asked: Asked) {
        let counting = if self.own.contains(path) { asked.and(Asked::LISTED) } else { asked };
        if !counting.is_empty() {
            self.touches.entry(path.to_owned()).or_default().0 |= counting;
        }
    }

    fn change(&mut self, path: &str, changed: Changed) {
        self.touches.entry(path.to_owned()).or_default().1 |= changed;
    }

    fn apply(&mut self, operation: &str) {
        let (letter, paths) = operation.split_at(1);
        let (path, other) = paths.split_once(':').unwrap_or((paths, ""));
        let node = self.node(path);
        match letter {
            "r" => self.ask(path, Asked::PROBED | Asked::READ),
            "s" => self.ask(path, Asked::PROBED),
            "w" => self.write(path, node),
            "p" => self.append(path, node),
            "c" => {
                self.ask(path, Asked::PROBED);
                if node.is_some() {
                    self.change(path, Changed::MODE);
                }
            }
            "l" => {
                self.ask(path, Asked::PROBED);
                if node == Some(Node::Folder) {
                    self.ask(path, Asked::LISTED);
                }
            }
            "u" | "f" => self.remove(path, node, letter == "f"),
            "m" => self.make_folder(path, node),
            "k" => self.link(path, node, other),
            _ => self.rename(path, node, other),
        }
    }

    /// What is to be in a folder that is none asks whether it is one.
    fn ask_parent(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/').filter(|_| !self.has_parent(path)) {
            self.ask(parent, Asked::PROBED);
        }
    }

    fn make_folder(&mut self, path: &str, node: Option<Node>) {
        self.ask(path, Asked::PROBED);
        match node {
            Some(Node::Folder) => self.change(path, Changed::FOLDER),
            Some(Node::File { .. }) => {}
            None => {
                self.change(path, Changed::REPLACED);
                if self.has_parent(path) {
                    self.put(path, Node::Folder);
                }
            }
        }
    }

    fn write(&mut self, path: &str, node: Option<Node>) {
        if node == Some(Node::Folder) {
            self.ask(path, Asked::PROBED);
            return;
        }
        if node.is_none() {
            self.ask_parent(path);
        }
        self.change(path, Changed::REPLACED);
        match node {
            Some(node) => self.put(path, node),
            None if self.has_parent(path) => self.create(path),
            None => {}
        }
    }

    fn append(&mut self, path: &str, node: Option<Node>) {
        self.ask(path, Asked::PROBED | Asked::READ);
        match node {
            Some(Node::File { .. }) => self.change(path, Changed::WRITTEN),
            Some(Node::Folder) => {}
            None => {
                self.change(path, Changed::REPLACED);
                if self.has_parent(path) {
                    self.create(path);
                }
            }
        }
    }

    fn remove(&mut self, path: &str, node: Option<Node>, is_for_folders: bool) {
        self.ask(path, Asked::PROBED);
        let Some(node) = node else { return };
        self.change(path, Changed::REPLACED);
        if is_for_folders == (node == Node::Folder) && self.below(path).is_empty() {
            self.take(path);
        }
    }

    fn link(&mut self, path: &str, node: Option<Node>, other: &str) {
        self.ask(path, Asked::PROBED | Asked::READ);
        self.ask(other, Asked::PROBED);
        if self.node(other).is_some() {
            return;
        }
        self.change(other, Changed::REPLACED);
        if let (Some(node @ Node::File { .. }), true) = (node, self.has_parent(other)) {
            self.put(other, node);
        }
    }

    fn rename(&mut self, path: &str, node: Option<Node>, other: &str) {
        let target = self.node(other);
        self.ask(path, Asked::PROBED | Asked::READ);
        if [node, target].contains(&Some(Node::Folder)) || (node.is_some() && node == target) {
            self.ask(other, Asked::PROBED);
        }
        if node.is_some() && target.is_none() {
            self.ask_parent(other);
        }
        let Some(node) = node.filter(|_| path != other) else { return };
        let moved: Vec<String> = self.below(path);
        let renamed = |old: &str| format!("{other}{}", &old[path.len()..]);
        for old in &moved {
            self.ask(old, Asked::READ);
        }
        for old in moved.iter().map(String::as_str).chain([path]) {
            self.change(old, Changed::REPLACED);
            self.change(&renamed(old), Changed::REPLACED);
        }
        let fits = match (node, target) {
            (_, None) => true,
            (Node::Folder, Some(Node::Folder)) => self.below(other).is_empty(),
            (Node::File { number }, Some(Node::File { number: target })) => number != target,
            _ => false,
        };
        if fits && self.has_parent(other) && !other.starts_with(&format!("{path}/")) {
            for old in moved.iter().map(String::as_str).chain([path]) {
                let node = self.take(old).expect("it was just listed");
                self.put(&renamed(old), node);
            }
        }
    }
}

fn operation() -> impl Strategy<Value = String> {
    let path = || prop::sample::select(&PATHS[..]);
    prop_oneof![
        3 => (prop::sample::select(&["r", "w", "p", "u", "m", "f", "s", "c", "l"][..]), path())
            .prop_map(|(letter, path)| format!("{letter}{path}")),
        1 => (prop::sample::select(&["n", "k"][..]), path(), path())
            .prop_map(|(letter, path, other)| format!("{letter}{path}:{other}")),
    ]
}

/// Runs operations, and claims that the trace is what the model says.
fn is_as_modelled(operations: &[String]) -> Result<(), TestCaseError> {
    let Some(program) = compiled("operations", &["-static"]) else { return Ok(()) };
    let mut model = Model::new();
    for operation in operations {
        model.apply(operation);
    }
    let lines =
        |(path, (asked, changed)): (&String, &(Asked, Changed))| format!("{path}: {asked:?} / {changed:?}");
    let expected: Vec<String> = model.touches.iter().map(lines).collect();
    let arguments: Vec<&str> = operations.iter().map(String::as_str).collect();
    let rung = if operations.len().is_multiple_of(2) { NOTIFY } else { Rung::Ptrace };
    let ran = run(rung, &Folder::new(), &program, &arguments).succeeds();
    prop_assert_eq!(ran.touches(), expected);
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 60, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_is_own_is_known_without_results(operations in prop::collection::vec(operation(), 1..40)) {
        is_as_modelled(&operations)?;
    }
}

#[test]
fn what_could_not_be_replaced_may_be_replaced_later() {
    is_as_modelled(&["fa", "ca", "wa", "na:a"].map(str::to_owned)).unwrap();
}
