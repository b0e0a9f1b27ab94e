//! Whether a node must run, at its place.

use std::sync::Arc;

use super::{
    prepare::Prepared,
    reasons::{expired, reasons_of, uncacheable},
    run::Force,
    session::Cache,
};
use crate::{
    cache::{self, Hit, Lookup, Place, Timeline, Wanted},
    event::Reason,
    fingerprint::{Question, questions},
    model::settings::CachePolicy,
    plan::{Node, Reuse},
    text::pattern::Pattern,
};

/// What was decided of a node.
#[derive(Debug, Clone)]
pub(super) enum Decided {
    /// Its condition is false.
    Skip(Vec<Reason>),
    /// A record is reused.
    Reuse(Hit),
    /// It runs.
    Run(Vec<Reason>),
}

/// Decides what becomes of the node at `index`.
pub(super) fn decide(
    cache: &Cache,
    timeline: &Timeline,
    nodes: &[Arc<Prepared>],
    index: usize,
    force: Force,
) -> Decided {
    let prepared = &nodes[index];
    let node = &prepared.node;
    if let Some(condition) = node.condition.as_ref().filter(|condition| !condition.holds) {
        let text = format!("its condition is false: {}", condition.text);
        return Decided::Skip(vec![Reason::new("condition", &condition.text, text)]);
    }
    match force {
        Force::All => return Decided::Run(vec![Reason::new("forced", "--force", "--force")]),
        Force::NoCache => return Decided::Run(vec![Reason::new("forced", "--no-cache", "--no-cache")]),
        Force::No => {}
    }
    if let Reuse::No(why) = prepared.reuse() {
        return Decided::Run(vec![uncacheable(&node.id, &why)]);
    }
    let place = timeline.at(index);
    let weak = prepared.weak(&place);
    let questions = questions_of(prepared, &place);
    let overwritten = overwritten_outside(nodes, index);
    let wanted = Wanted { overwritten: &overwritten, ..prepared.wanted(&weak, &questions) };
    match cache::look_up(&cache.store, &cache.blobs, place, wanted) {
        Lookup::Hit(hit) => {
            too_old(cache, prepared, &hit).map_or(Decided::Reuse(hit), |reason| Decided::Run(vec![reason]))
        }
        Lookup::Miss(miss) => {
            let writer = |path: &str| {
                let path = crate::base::WsPath::from_normal(path)?;
                timeline.writer_before(index, &path).map(|writer| nodes[writer].node.id.clone())
            };
            Decided::Run(reasons_of(&miss, &node.id, writer))
        }
    }
}

/// Returns the outputs outside the workspace that steps behind a node declare; none if it has no such output itself.
fn overwritten_outside(nodes: &[Arc<Prepared>], index: usize) -> Vec<Pattern> {
    let outside = |prepared: &Arc<Prepared>| -> Vec<Pattern> {
        let outputs = prepared.node.outputs.iter().flatten();
        outputs.filter(|output| output.as_str().starts_with('/')).cloned().collect()
    };
    if outside(&nodes[index]).is_empty() {
        return Vec::new();
    }
    nodes[index + 1..].iter().flat_map(outside).collect()
}

/// Returns the questions a node's declared inputs stand for at its place.
pub(super) fn questions_of(prepared: &Prepared, place: &Place<'_>) -> Vec<Question> {
    let Node { inputs, outputs, .. } = &prepared.node;
    questions(place, inputs.as_deref().unwrap_or_default(), outputs.as_deref().unwrap_or_default())
}

fn too_old(cache: &Cache, prepared: &Prepared, hit: &Hit) -> Option<Reason> {
    let Some(CachePolicy::For(limit)) = prepared.node.settings.cache else { return None };
    let age = cache.disk.system().now().since(hit.record.ended);
    (age > limit).then(|| expired(&prepared.node.id, age, limit))
}
