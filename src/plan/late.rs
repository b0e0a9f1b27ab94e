//! What of a node is known only when steps before it have ended, and how it is made known.
//!
//! Knows formulas and how variables reach a script or a text. Does not know how steps ended: it asks a lookup.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    Node,
    flow::Names,
    formula::{Doubts, Formula},
    variables::Receiver,
};
use crate::text::expression::{Lookup, to_text};

/// What of a node is known only when its turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Its command without what variables add to it.
    pub(super) argv: Vec<String>,
    /// Who takes the variables.
    pub(super) receiver: Receiver,
    /// The names of its scope.
    pub(super) names: Arc<Names>,
    /// Environment variables it is given besides.
    pub(super) env: Vec<(String, Formula)>,
    /// Words of its command that are filled, by their places.
    pub(super) words: Vec<(usize, Formula)>,
}

impl Late {
    /// Returns the node with all that was not known filled in.
    ///
    /// # Errors
    /// What cannot be filled, or does not fit what the step takes: sentences.
    pub fn bind(&self, node: &Node, lookup: &dyn Lookup) -> Result<Node, Vec<String>> {
        let mut doubts = Doubts::default();
        let mut known: BTreeMap<String, Value> = self.names.variables.clone();
        for name in self.names.late.keys().filter(|name| self.receiver.takes(name)) {
            known.insert(name.clone(), lookup.variable(name).unwrap_or_default());
        }
        let mut bound = node.clone();
        bound.invocation.argv.clone_from(&self.argv);
        bound.invocation.variables.clear();
        for (place, formula) in &self.words {
            bound.invocation.argv[*place] = to_text(&formula.fill(lookup, &mut doubts));
        }
        let mut misfits = Vec::new();
        self.receiver.hand_over(&mut bound.invocation, &known, &mut |parameter, misfit, value| {
            misfits.push(misfit.said(&node.name, parameter, value).1);
        });
        for name in self.names.late_env.keys() {
            bound.settings.env.insert(name.clone(), lookup.env(name).unwrap_or_default());
        }
        for (name, formula) in &self.env {
            bound.invocation.env.insert(name.clone(), to_text(&formula.fill(lookup, &mut doubts)));
        }
        let unset = doubts.undefined.iter().filter(|name| !is_of_skipped(lookup, name));
        misfits.extend(unset.map(|name| format!("nobody sets `{name}`")));
        misfits.extend(doubts.problems.into_iter().map(|problem| problem.message));
        if misfits.is_empty() { Ok(bound) } else { Err(misfits) }
    }
}

/// Tells whether a name asks for what a step or job hands on that was skipped: that is nothing, and no mistake.
fn is_of_skipped(lookup: &dyn Lookup, name: &str) -> bool {
    let mut parts = name.split('.');
    let (Some(whole), Some(id)) = (parts.next(), parts.next()) else { return false };
    let outcome = lookup.context(whole).and_then(|all| all.get(id)?.get("outcome").cloned());
    outcome.is_some_and(|outcome| outcome == "skipped")
}
