//! Where a path really lies: links followed one by one, in a view.
//!
//! The system follows links on disk only; a view may hold other ones. Does not know what the answer is for.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::{State, View};
use crate::base::WsPath;

/// Links that may lead from one to the next.
const MAX_LINKS: usize = 40;

/// Finds where paths really lie, and remembers the links on their ways.
///
/// What is asked of the places it returns, together with what is asked of [`Resolver::into_links`], is all that an
/// answer depends on: as long as the links are the same, the paths are.
pub struct Resolver<'a> {
    view: &'a dyn View,
    /// Folders without a link on their way: most paths share theirs with others.
    folders: FxHashSet<WsPath>,
    links: BTreeSet<WsPath>,
}

/// A place with no link left on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The place, or the first component of its way that is no folder: nothing can lie behind that.
    pub at: WsPath,
    /// What is there; a link only where links go in a circle.
    pub state: State,
    /// What is left of the way behind `at`.
    rest: Vec<String>,
}

impl Resolved {
    /// Returns the place itself, whether or not its folders are there.
    pub fn place(&self) -> WsPath {
        self.rest.iter().rev().fold(self.at.clone(), |path, name| path.join(name))
    }

    /// Returns what is at the place itself.
    pub fn into_state(self) -> State {
        if self.rest.is_empty() { self.state } else { State::Absent }
    }
}

impl<'a> Resolver<'a> {
    /// Looks at the links of `view`.
    pub fn new(view: &'a dyn View) -> Self {
        Self { view, folders: FxHashSet::default(), links: BTreeSet::new() }
    }

    /// Returns the links on the ways so far.
    pub fn into_links(self) -> BTreeSet<WsPath> {
        self.links
    }

    /// Follows every link on the way to a path, the last component's too.
    pub fn resolve(&mut self, path: &WsPath) -> Resolved {
        self.walk(path, true)
    }

    /// Follows every link on the way to a path, but not the last component's.
    pub fn resolve_parent(&mut self, path: &WsPath) -> Resolved {
        self.walk(path, false)
    }

    /// `..` in a link means the folder above the one the link really lies in, which is why no text alone can tell it.
    fn walk(&mut self, path: &WsPath, follows_last: bool) -> Resolved {
        let top = || WsPath::new(self.view.root(), &WsPath::root(), "/");
        let (mut at, ahead) = match self.known_part(path) {
            Some((folder, rest)) => (folder.clone(), rest),
            None => (if path.is_inside() { WsPath::root() } else { top() }, path.as_str()),
        };
        let mut ahead = components(ahead);
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let next = self.step(&at, &name);
            if !ahead.is_empty() && self.folders.contains(&next) {
                at = next;
                continue;
            }
            match self.view.state(&next) {
                State::Link { target } if links < MAX_LINKS && (follows_last || !ahead.is_empty()) => {
                    links += 1;
                    self.links.insert(next);
                    if target.starts_with('/') {
                        at = top();
                    }
                    ahead.extend(components(&target));
                }
                State::Directory => {
                    self.folders.insert(next.clone());
                    at = next;
                }
                state => return Resolved { at: next, state, rest: ahead },
            }
        }
        Resolved { at, state: State::Directory, rest: Vec::new() }
    }

    /// Returns the longest part of a path that is a folder without a link on its way, and what is left behind it.
    fn known_part<'p>(&self, path: &'p WsPath) -> Option<(&WsPath, &'p str)> {
        let text = path.as_str();
        let mut ends = text.rmatch_indices('/').map(|(end, _)| text.split_at(end));
        ends.find_map(|(folder, rest)| Some((self.folders.get(folder)?, rest)))
    }

    fn step(&self, at: &WsPath, name: &str) -> WsPath {
        // Only a way that goes up, or that comes from outside, may enter or leave the workspace.
        if name == ".." || !at.is_inside() { WsPath::new(self.view.root(), at, name) } else { at.join(name) }
    }
}

/// Returns the components of a path, the first one last.
fn components(path: &str) -> Vec<String> {
    path.rsplit('/').filter(|name| !matches!(*name, "" | ".")).map(str::to_owned).collect()
}
