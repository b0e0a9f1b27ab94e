//! What a step did to the files it declares.

use std::collections::BTreeMap;

use super::{Blobs, Own, SMALL_BYTES, record::Effect};
use crate::{
    base::WsPath,
    fingerprint::{Moment, OnDisk, Resolved, Resolver, State, View, expand},
    text::pattern::Pattern,
};

/// What was found after a step had run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capture {
    /// What the step did.
    pub effects: Vec<Effect>,
    /// Declared paths without a wildcard at which nothing is.
    pub missing: Vec<WsPath>,
    /// Paths that changed after the step had ended, or cannot be read, so that az cannot vouch for them.
    pub doubtful: Vec<WsPath>,
}

/// Returns the states of all paths that the patterns name on disk; a folder is named with all below it.
///
/// Hashes every file whose digest is not known.
pub fn known_states(disk: &dyn View, outputs: &[Pattern]) -> BTreeMap<WsPath, State> {
    let mut states = BTreeMap::new();
    let mut resolver = Resolver::new(disk);
    for output in outputs {
        let named = match output.as_path() {
            Some(path) => vec![resolver.resolve_parent(&path).place()],
            None => expand(disk, &mut resolver, output).paths.into_iter().map(|(path, _)| path).collect(),
        };
        for path in named {
            // What a step writes to a link arrives where the link leads.
            if let Resolved { at, state: State::File { .. }, .. } = resolver.resolve(&path) {
                add_with_folder(disk, at, &mut states);
            }
            add_with_folder(disk, path, &mut states);
        }
    }
    states
}

fn add_with_folder(disk: &dyn View, path: WsPath, states: &mut BTreeMap<WsPath, State>) {
    if states.contains_key(&path) {
        return;
    }
    let state = disk.state(&path);
    if state == State::Directory {
        for (name, _) in &disk.names(&path).entries {
            add_with_folder(disk, path.join(name), states);
        }
    }
    states.insert(path, state);
}

/// Compares the declared outputs with what was there `before` the step.
///
/// `ended_ns` is the file system's clock right after the step's last process had ended: a file with a later change
/// was not written by the step.
pub fn capture(
    disk: &dyn OnDisk,
    outputs: &[Pattern],
    before: &BTreeMap<WsPath, State>,
    ended_ns: Option<i64>,
    own: &Own,
    is_personal: impl Fn(&WsPath, &State) -> bool,
) -> Capture {
    let mut found = Capture::default();
    let mut after = known_states(disk, outputs);
    for path in before.keys() {
        after.entry(path.clone()).or_insert_with(|| disk.state(path));
    }
    for (path, after) in after {
        let before = before.get(&path).cloned().unwrap_or(State::Absent);
        let is_late = disk.stat(&path).is_some_and(|stat| ended_ns.is_none_or(|ended| stat.ctime_ns > ended));
        if after == State::Unknown || (is_late && after != State::Directory) {
            found.doubtful.push(path.clone());
        }
        if before.exists() || after.exists() {
            let is_personal = after != State::Directory && is_personal(&path, &before);
            let is_made = !before.exists() || own.has_made(&path, || before.clone());
            found.effects.push(Effect { is_personal, is_made, ..Effect::new(path, before, after) });
        }
    }
    found.missing = missing(disk, outputs);
    found
}

/// Returns the declared paths without a wildcard at which nothing is.
pub fn missing(disk: &dyn View, outputs: &[Pattern]) -> Vec<WsPath> {
    let is_missing = |path: &WsPath| Resolver::new(disk).resolve_parent(path).into_state() == State::Absent;
    outputs.iter().filter_map(Pattern::as_path).filter(is_missing).collect()
}

impl Capture {
    /// Stores the content of every file the step left, as it was found.
    ///
    /// # Errors
    /// The first error of the system; `InvalidData` if a file changed since it was hashed.
    pub fn store(&self, now: &Moment, blobs: &Blobs) -> std::io::Result<()> {
        let mut large = Vec::new();
        for effect in &self.effects {
            let State::File { digest, .. } = &effect.after else { continue };
            match now.content(&effect.path, SMALL_BYTES) {
                Some(bytes) => blobs.put_small(&bytes, digest)?,
                None => large.push((effect.path.to_absolute(now.root()), *digest)),
            }
        }
        blobs.put_files(&large)
    }
}
