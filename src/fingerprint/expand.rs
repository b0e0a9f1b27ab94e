//! Which paths a pattern names in a view.

use std::collections::HashSet;

use super::{Resolver, View, resolve::Resolved};
use crate::{
    base::WsPath,
    sys::FileKind,
    text::pattern::{Part, Pattern},
};

/// The paths a pattern names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Where what is named really lies, with its kind; sorted by path, without repeats.
    pub paths: Vec<(WsPath, FileKind)>,
    /// A folder that had to be looked into could not be read whole.
    pub incomplete: bool,
}

/// Returns the paths that match a pattern with a wildcard.
///
/// Links on the way are followed, and told by `resolver`; a link that is itself named, or met by `**`, is not.
/// Reads the names of the folders the pattern leads to, and of no others.
pub fn expand(view: &dyn View, resolver: &mut Resolver<'_>, pattern: &Pattern) -> Found {
    let is_absolute = pattern.as_str().starts_with('/');
    let top = if is_absolute { WsPath::from_normal("/") } else { None };
    let parts = &pattern.parts()[usize::from(is_absolute)..];
    let many = parts.iter().filter(|part| matches!(part, Part::AnyDepth)).count() > 1;
    let mut walk = Walk { view, resolver, found: Found::default(), entered: many.then(HashSet::new) };
    walk.enter(&top.unwrap_or_else(WsPath::root), parts);
    let mut found = walk.found;
    found.paths.sort();
    found.paths.dedup();
    found
}

struct Walk<'a, 'v> {
    view: &'a dyn View,
    resolver: &'a mut Resolver<'v>,
    found: Found,
    /// Folders entered, each with how much of the pattern was left: what holds more than one `**` comes to the same in
    /// many ways.
    entered: Option<HashSet<(WsPath, usize)>>,
}

impl Walk<'_, '_> {
    fn enter(&mut self, folder: &WsPath, parts: &[Part]) {
        let Some((part, rest)) = parts.split_first() else { return };
        if let Some(entered) = &mut self.entered
            && !entered.insert((folder.clone(), parts.len()))
        {
            return;
        }
        if let Part::Literal(name) = part
            && !rest.is_empty()
        {
            return self.follow(&folder.join(name), rest);
        }
        let names = self.view.names(folder);
        self.found.incomplete |= names.incomplete;
        for (name, kind) in names.entries.iter().filter(|(name, _)| part.takes(name)) {
            let path = folder.join(name);
            if matches!(part, Part::AnyDepth) {
                // What `**` swallows may itself be named by the rest, or lead on.
                if rest.is_empty() {
                    self.found.paths.push((path.clone(), *kind));
                }
                if *kind == FileKind::Directory {
                    self.enter(&path, parts);
                }
            } else if rest.is_empty() {
                self.found.paths.push((path, *kind));
            } else if *kind != FileKind::File {
                self.follow(&path, rest);
            }
        }
        if matches!(part, Part::AnyDepth) && !rest.is_empty() {
            self.enter(folder, rest);
        }
    }

    /// Enters what is at a path, wherever a link there leads.
    fn follow(&mut self, path: &WsPath, rest: &[Part]) {
        let Resolved { at, state, .. } = self.resolver.resolve(path);
        if state == super::State::Directory {
            self.enter(&at, rest);
        }
    }
}
