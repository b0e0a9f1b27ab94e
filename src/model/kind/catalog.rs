//! All kinds of a workspace, az's own and the repository's, and which file has which.

use std::path::Path;

use super::Kind;
use crate::{base::WsPath, text::pattern::Pattern};

/// The kinds of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Kinds {
    /// In the order in which they are asked: the repository's first.
    kinds: Vec<Kind>,
}

impl Kinds {
    /// Puts the repository's kinds before az's own; one of the same name replaces it.
    pub fn new(repository: Vec<Kind>, embedded: &[Kind]) -> Self {
        let mut kinds = repository;
        let replaced = kinds.len();
        for kind in embedded {
            if !kinds[..replaced].iter().any(|own| own.name == kind.name) {
                kinds.push(kind.clone());
            }
        }
        Self { kinds }
    }

    /// Returns the kinds in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// Returns the kind of a name.
    pub fn named(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// Returns the kind of a file: first by path, then by extension in any case.
    pub fn of_path(&self, path: &WsPath) -> Option<&Kind> {
        // Kinds by path are rare, so their patterns are not kept.
        let matches = |text: &String| {
            Pattern::parse(text, Path::new("/"), &WsPath::root()).is_ok_and(|pattern| pattern.matches(path))
        };
        let by_path = self.kinds.iter().find(|kind| kind.paths.iter().any(matches));
        by_path.or_else(|| {
            let extension = path.extension()?.to_ascii_lowercase();
            self.kinds.iter().find(|kind| kind.extensions.contains(&extension))
        })
    }
}
