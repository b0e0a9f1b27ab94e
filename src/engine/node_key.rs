//! The key a step has now, and what it is made of.

use std::sync::Arc;

use super::{
    Ask, Engine, EngineError,
    desk::planned_node,
    lookup::{Decided, decide, questions_of},
    materialize::Promises,
    nodes::{self, Called},
    run::Force,
};
use crate::{
    base::Digest,
    cache::{self, Timeline},
    diag::has_errors,
    fingerprint::Fingerprint,
    secret::Masks,
};

/// The key a step has now, at its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKey {
    /// The step's id in the request.
    pub node: String,
    /// The key.
    pub key: Digest,
    /// What it is made of.
    pub fingerprint: Fingerprint,
    /// What it depends on and cannot be read.
    pub doubtful: Option<String>,
    /// A record with this key may be reused.
    pub is_recorded: bool,
    /// Steps before it that would run, and may change the key.
    pub waits_for: Vec<String>,
}

impl Engine {
    /// Returns the key that a step of a request has now; runs nothing.
    ///
    /// # Errors
    /// If the request cannot be planned, or has no such step.
    pub fn node_key(&self, ask: &Ask, wanted: &str) -> Result<NodeKey, EngineError> {
        let (plan, mut diagnostics) = self.runnable(ask, self.planned(ask), false)?;
        let steps: Vec<Called> =
            plan.nodes.iter().map(|node| Called::planned(&planned_node(&plan, node))).collect();
        let index = nodes::find_one(&steps, wanted, "name a step of the request; `az plan` shows them")?;
        let (mut prepared, missing) = self.prepare(ask, &plan, &Masks::default());
        diagnostics.extend(missing);
        if has_errors(&diagnostics) {
            return Err(EngineError { diagnostics, is_strict: false });
        }
        let cache = self.open_cache();
        self.learn(&cache, &mut prepared);
        let prepared: Vec<_> = prepared.into_iter().map(Arc::new).collect();
        let timeline = Timeline::new(Arc::clone(&cache.disk));
        let promises = Promises::default();
        let mut waits_for = Vec::new();
        for before in 0..index {
            match decide(&cache, &timeline, &prepared, before, Force::No) {
                Decided::Reuse(hit) => promises.promise(&timeline, before, &hit),
                Decided::Run(_) => waits_for.push(plan.nodes[before].id.clone()),
                Decided::Skip(_) => {}
            }
        }
        let place = timeline.at(index);
        let own = cache.store.own(&plan.nodes[index].identity);
        let weak = prepared[index].weak(&place);
        let declared: Arc<[_]> = questions_of(&prepared[index], &place).into();
        let sets = cache.store.path_sets(&weak.key());
        let sets = sets.iter().chain([&declared]);
        let keys = sets.flat_map(|set| cache::fingerprints(&weak, &place, &own, set));
        let keys: Vec<_> = keys.collect();
        let is_recorded =
            |fingerprint: &Fingerprint| matches!(cache.store.by_key(&fingerprint.key()), Ok(Some(_)));
        // Of several sets of questions, that counts which has an answer; else the one that was asked last.
        let found = keys.iter().position(|(fingerprint, _)| is_recorded(fingerprint));
        let is_recorded = found.is_some();
        let (fingerprint, doubtful) =
            keys.into_iter().nth(found.unwrap_or(0)).expect("the declared set is there");
        let key = fingerprint.key();
        Ok(NodeKey { node: plan.nodes[index].id.clone(), key, fingerprint, doubtful, is_recorded, waits_for })
    }
}
