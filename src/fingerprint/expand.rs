//! Which paths a pattern names in a view.

use super::View;
use crate::{
    base::WsPath,
    sys::FileKind,
    text::pattern::{Part, Pattern},
};

/// The paths a pattern names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Path and kind, sorted by path, without repeats.
    pub paths: Vec<(WsPath, FileKind)>,
    /// A folder that had to be looked into could not be read whole.
    pub incomplete: bool,
}

/// Returns the paths that match a pattern with a wildcard; links to folders are not entered by `**`.
///
/// Reads the names of the folders the pattern leads to, and of no others.
pub fn expand(view: &dyn View, pattern: &Pattern) -> Found {
    let mut found = Found::default();
    let start = if pattern.as_str().starts_with('/') { WsPath::from_normal("/") } else { None };
    let (start, parts) = match start {
        Some(root) => (root, &pattern.parts()[1..]),
        None => (WsPath::root(), pattern.parts()),
    };
    walk(view, &start, parts, &mut found);
    found.paths.sort();
    found.paths.dedup();
    found
}

fn walk(view: &dyn View, folder: &WsPath, parts: &[Part], found: &mut Found) {
    let Some((part, rest)) = parts.split_first() else { return };
    if let Part::Literal(name) = part
        && !rest.is_empty()
    {
        return walk(view, &below(folder, name), rest, found);
    }
    let names = view.names(folder);
    found.incomplete |= names.incomplete;
    for (name, kind) in names.entries.iter().filter(|(name, _)| part.takes(name)) {
        let path = below(folder, name);
        if matches!(part, Part::AnyDepth) {
            // What `**` swallows may itself be named by the rest, or lead on.
            name_if_last(&path, *kind, rest, found);
            if *kind == FileKind::Directory {
                walk(view, &path, parts, found);
            }
        } else if rest.is_empty() {
            found.paths.push((path, *kind));
        } else if *kind != FileKind::File {
            walk(view, &path, rest, found);
        }
    }
    if matches!(part, Part::AnyDepth) && !rest.is_empty() {
        walk(view, folder, rest, found);
    }
}

/// A pattern that ends in `**` names everything below.
fn name_if_last(path: &WsPath, kind: FileKind, rest: &[Part], found: &mut Found) {
    if rest.is_empty() {
        found.paths.push((path.clone(), kind));
    }
}

fn below(folder: &WsPath, name: &str) -> WsPath {
    if folder.as_str() == "/" {
        return WsPath::from_normal(&format!("/{name}")).expect("a name below the root is normal");
    }
    folder.join(name)
}
