//! What the records of one step left, so that a step is no stranger to its own work.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{private::Private, record::Effect};
use crate::{base::WsPath, fingerprint::State};

/// States by the paths at which one step left them, a person's bytes and what was made of them apart.
#[derive(Debug, Clone, Default)]
pub struct Own {
    left: Arc<LeftAt>,
    /// Private state of any step: no listing holds it.
    private: Private,
    /// Names of folders that are private state wherever they lie.
    names: Arc<BTreeSet<String>>,
}

/// What one step left, by paths.
pub(super) type LeftAt = BTreeMap<WsPath, Vec<Left>>;

/// A state that a step left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    state: State,
    /// Nothing was there before.
    is_made: bool,
    /// It is what the step found and removed.
    is_removed: bool,
}

impl Own {
    /// Puts together what a step left and what is private to any step.
    pub(super) fn new(left: Arc<LeftAt>, private: Private, names: Arc<BTreeSet<String>>) -> Self {
        Self { left, private, names }
    }

    /// Returns the same with further effects of the step.
    #[must_use]
    pub fn with(&self, effects: &[Effect]) -> Self {
        let mut own = self.clone();
        add(Arc::make_mut(&mut own.left), effects);
        own
    }

    /// Tells whether a path is private state of any step.
    pub fn is_private(&self, path: &WsPath) -> bool {
        let name = path.as_str().rsplit('/').next().unwrap_or_default();
        self.names.contains(name) || self.private.contains(path)
    }

    /// Returns the same with further private state.
    #[must_use]
    pub fn with_private(mut self, paths: &[WsPath]) -> Self {
        self.private.extend(paths);
        self
    }

    /// Tells whether records tell of any private state.
    pub(super) fn has_private(&self) -> bool {
        !self.private.is_empty()
    }

    /// Returns the same without the private state that records tell of, as it was before any step had run.
    #[must_use]
    pub(super) fn without_private(&self) -> Self {
        Self { private: Private::default(), ..self.clone() }
    }

    /// Tells whether the step ever left anything at this path.
    pub fn knows(&self, path: &WsPath) -> bool {
        self.left.contains_key(path)
    }

    /// Tells whether the step left this at this path.
    pub fn has_left(&self, path: &WsPath, found: &State) -> bool {
        self.left.get(path).is_some_and(|states| {
            states.iter().any(|left| !left.is_removed && left.state.is_same_input(found))
        })
    }

    /// Tells whether the step left this at this path, where nothing was before it came, or whether it is private.
    pub fn has_made(&self, path: &WsPath, found: impl FnOnce() -> State) -> bool {
        if self.is_private(path) {
            return true;
        }
        let Some(states) = self.left.get(path) else { return false };
        let found = found();
        states.iter().any(|left| (left.is_made || left.is_removed) && left.state.is_same_input(&found))
    }
}

/// Adds what a record left.
pub(super) fn add(left: &mut LeftAt, effects: &[Effect]) {
    for effect in effects.iter().filter(|effect| !effect.is_personal) {
        let states = left.entry(effect.path.clone()).or_default();
        // What it removes where it finds it is as much its own business as what it makes.
        let is_removed = !effect.after.exists();
        let state = if is_removed { &effect.before } else { &effect.after };
        let new = Left { state: state.clone(), is_made: effect.is_made, is_removed };
        if !states.contains(&new) {
            states.push(new);
        }
    }
}
