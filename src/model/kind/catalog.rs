//! All kinds of a workspace, az's own and the repository's, and which file has which.

use globset::Glob;

use super::Kind;

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

    /// Returns the kind of the file at a path relative to the workspace: first by path, then by extension.
    pub fn of_path(&self, path: &str) -> Option<&Kind> {
        self.by_path(path).or_else(|| self.of_extension(path.rsplit_once('.')?.1))
    }

    /// Returns the kind of an extension (without dot, any case).
    pub fn of_extension(&self, extension: &str) -> Option<&Kind> {
        let extension = extension.to_ascii_lowercase();
        self.kinds.iter().find(|kind| kind.extensions.contains(&extension))
    }

    fn by_path(&self, path: &str) -> Option<&Kind> {
        // Kinds by path are rare, so their globs are not kept compiled.
        let matches = |glob: &String| Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(path));
        self.kinds.iter().find(|kind| kind.paths.iter().any(matches))
    }
}
