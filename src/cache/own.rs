//! What the records of one step left, so that a step is no stranger to its own work.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use super::record::Effect;
use crate::{base::WsPath, fingerprint::State};

/// States by the paths at which one step left them, a person's bytes and what was made of them apart.
#[derive(Debug, Clone, Default)]
pub struct Own {
    left: BTreeMap<WsPath, Vec<(State, bool)>>,
    /// Private state of any step: no listing holds it.
    private: Arc<HashSet<WsPath>>,
}

impl Own {
    /// Starts with nothing but what is private to any step.
    pub(super) fn new(private: Arc<HashSet<WsPath>>) -> Self {
        Self { left: BTreeMap::new(), private }
    }

    /// Adds what a record left.
    pub(super) fn add(&mut self, effects: &[Effect]) {
        for effect in effects.iter().filter(|effect| !effect.is_personal && effect.after.exists()) {
            let states = self.left.entry(effect.path.clone()).or_default();
            let new = (effect.after.clone(), effect.is_made);
            if !states.contains(&new) {
                states.push(new);
            }
        }
    }

    /// Tells whether the step ever left anything at this path.
    pub fn knows(&self, path: &WsPath) -> bool {
        self.left.contains_key(path)
    }

    /// Tells whether the step left this at this path.
    pub fn has_left(&self, path: &WsPath, found: &State) -> bool {
        self.left.get(path).is_some_and(|states| states.iter().any(|(state, _)| state.is_same_input(found)))
    }

    /// Tells whether the step left this at this path, where nothing was before it came, or whether it is private.
    pub fn has_made(&self, path: &WsPath, found: impl FnOnce() -> State) -> bool {
        if self.private.contains(path) {
            return true;
        }
        let Some(states) = self.left.get(path) else { return false };
        let found = found();
        states.iter().any(|(state, is_made)| *is_made && state.is_same_input(&found))
    }
}
