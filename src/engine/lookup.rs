//! Whether a node must run, at its place.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    prepare::Prepared,
    reasons::{expired, reasons_of, uncacheable},
    run::Force,
    session::Cache,
};
use crate::{
    base::WsPath,
    cache::{self, Evidence, Hit, Lookup, Miss, Place, Timeline, Wanted},
    event::Reason,
    fingerprint::{Moment, Question, State, questions},
    model::settings::{CachePolicy, Undeclared},
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
    let moment = Moment::new(Arc::clone(&cache.disk));
    decide_at(cache, timeline.at(index).in_moment(&moment), nodes, force)
}

/// Decides what becomes of the node at a place, as that has the files.
pub(super) fn decide_at(cache: &Cache, place: Place<'_>, nodes: &[Arc<Prepared>], force: Force) -> Decided {
    let index = place.index();
    let prepared = &nodes[index];
    let node = &prepared.node;
    if let Some(condition) = node.condition.as_ref().filter(|condition| !condition.holds) {
        let facts = &condition.facts;
        let because = if facts.is_empty() { String::new() } else { format!(" ({facts})") };
        let text = format!("its condition is false: {}{because}", condition.text);
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
    let weak = prepared.weak(&place);
    if cache.store.is_new(&node.identity, &weak.key()) {
        return Decided::Run(reasons_of(&Miss::NoRecord, &node.id, |_| None));
    }
    let questions = questions_of(prepared, &place);
    let overwritten = overwritten_outside(nodes, index);
    let seen_overwritten = seen_overwritten_outside(cache, nodes, index);
    let wanted = Wanted {
        overwritten: &overwritten,
        seen_overwritten: &seen_overwritten,
        ..prepared.wanted(&weak, &questions)
    };
    match cache::look_up(&cache.store, &cache.blobs, place, wanted) {
        // Who makes an error of it wants to see it.
        Lookup::Hit(hit) if is_refused(&prepared.node, &hit) => {
            Decided::Run(vec![uncacheable(&node.id, "it does what it does not declare")])
        }
        Lookup::Hit(hit) => {
            too_old(cache, prepared, &hit).map_or(Decided::Reuse(hit), |reason| Decided::Run(vec![reason]))
        }
        Lookup::Miss(miss) => {
            let writer = |path: &str| {
                let path = WsPath::from_normal(path)?;
                place.writer(&path).map(|writer| nodes[writer].node.id.clone())
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
    later(nodes, index).flat_map(outside).collect()
}

/// Returns the steps behind a node that are not skipped.
fn later(nodes: &[Arc<Prepared>], index: usize) -> impl Iterator<Item = &Arc<Prepared>> {
    let is_skipped = |node: &Node| node.condition.as_ref().is_some_and(|condition| !condition.holds);
    nodes[index + 1..].iter().filter(move |prepared| !is_skipped(&prepared.node))
}

/// Returns what a node last left outside the workspace and a step behind it last overwrote there, as long as every step
/// between is known not to look at it.
///
/// Whether that is so this time too is seen at the end of the run.
fn seen_overwritten_outside(cache: &Cache, nodes: &[Arc<Prepared>], index: usize) -> Vec<WsPath> {
    let last = |prepared: &Prepared| cache.store.last(&prepared.node.identity);
    let mut open: BTreeSet<WsPath> = last(&nodes[index])
        .iter()
        .flat_map(|record| &record.effects)
        .filter(|effect| !effect.path.is_inside())
        .map(|effect| effect.path.clone())
        .collect();
    let mut overwritten = Vec::new();
    for prepared in later(nodes, index) {
        if open.is_empty() {
            break;
        }
        let Some(record) = last(prepared) else { break };
        if record.evidence != Evidence::Traced && !prepared.node.is_declared() {
            break;
        }
        for question in record.questions() {
            WsPath::from_normal(question.subject()).iter().for_each(|path| _ = open.remove(path));
        }
        for effect in record.effects.iter().filter(|effect| open.contains(&effect.path)) {
            if !effect.is_probed && matches!(effect.after, State::File { .. } | State::Link { .. }) {
                overwritten.push(effect.path.clone());
            }
        }
        record.effects.iter().for_each(|effect| _ = open.remove(&effect.path));
    }
    overwritten
}

/// Returns the questions a node's declared inputs stand for at its place.
pub(super) fn questions_of(prepared: &Prepared, place: &Place<'_>) -> Vec<Question> {
    let Node { inputs, outputs, .. } = &*prepared.node;
    questions(place, inputs.as_deref().unwrap_or_default(), outputs.as_deref().unwrap_or_default())
}

fn is_refused(node: &Node, hit: &Hit) -> bool {
    node.settings.undeclared == Some(Undeclared::Error)
        && hit.record.flags.iter().any(|flag| flag == "undeclared")
}

fn too_old(cache: &Cache, prepared: &Prepared, hit: &Hit) -> Option<Reason> {
    let Some(CachePolicy::For(limit)) = prepared.node.settings.cache else { return None };
    let age = cache.disk.system().now().since(hit.record.ended);
    (age > limit).then(|| expired(&prepared.node.id, age, limit))
}
