//! What the records of one step left, so that a step is no stranger to its own work.

use std::collections::BTreeMap;

use super::record::Effect;
use crate::{base::WsPath, fingerprint::State};

/// States by the paths at which one step left them, a person's bytes and what was made of them apart.
#[derive(Debug, Clone, Default)]
pub struct Own(BTreeMap<WsPath, Vec<(State, bool)>>);

impl Own {
    /// Adds what a record left.
    pub(super) fn add(&mut self, effects: &[Effect]) {
        for effect in effects.iter().filter(|effect| !effect.is_personal && effect.after.exists()) {
            let states = self.0.entry(effect.path.clone()).or_default();
            let new = (effect.after.clone(), effect.is_made);
            if !states.contains(&new) {
                states.push(new);
            }
        }
    }

    /// Tells whether the step ever left anything at this path.
    pub fn knows(&self, path: &WsPath) -> bool {
        self.0.contains_key(path)
    }

    /// Tells whether the step left this at this path.
    pub fn has_left(&self, path: &WsPath, found: &State) -> bool {
        self.0.get(path).is_some_and(|states| states.iter().any(|(state, _)| state.is_same_input(found)))
    }

    /// Tells whether the step left this at this path, where nothing was before it came.
    pub fn has_made(&self, path: &WsPath, found: impl FnOnce() -> State) -> bool {
        let Some(states) = self.0.get(path) else { return false };
        let found = found();
        states.iter().any(|(state, is_made)| *is_made && state.is_same_input(&found))
    }
}
