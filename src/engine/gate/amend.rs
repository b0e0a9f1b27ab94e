//! Puts what became of the steps that were due into the gate that said so, whose other steps stay as they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{Partly, Told, scripts::Taken};
use crate::{
    cache::{Amendment, GateItem, GatePath, Matters},
    fingerprint::is_settled,
    plan::Node,
    sys::Stat,
};

/// Returns what has become of a gate if the steps that were due have these new items and paths; what stands first is for
/// others to say.
pub(super) fn amendment(
    partly: &Partly,
    clock: &Stat,
    (new_paths, new_items): (Vec<GatePath>, Vec<GateItem>),
) -> Option<Amendment> {
    let gate = &partly.gate;
    let whole = |item: u32| partly.due.get(item as usize).and_then(|item| u32::try_from(*item).ok());
    let mut items = BTreeMap::new();
    for (own, mut new) in new_items.into_iter().enumerate() {
        let item = *partly.due.get(own)?;
        new.needs = new.needs.into_iter().filter_map(whole).collect();
        new.needs.extend(gate.needs(item).iter().filter(|need| !partly.is_due(**need as usize)));
        new.needs.sort_unstable();
        new.plan = renumbered(&new.plan, partly, gate.plan(item))?;
        new.answer = with_needs(&new.answer, gate.answer(item))?;
        items.insert(u32::try_from(item).ok()?, new);
    }
    let mut known = asked_before(partly, clock)?;
    let mut paths: BTreeMap<(PathBuf, bool), GatePath> = BTreeMap::new();
    for mut new in new_paths {
        new.askers = new.askers.into_iter().filter_map(whole).collect();
        new.writers = new.writers.into_iter().filter_map(whole).collect();
        if let Some(found) = gate.find(&new.path, new.is_followed) {
            let mut old = known.remove(&found.index).unwrap_or_else(|| found.known());
            take_over(&mut old, new, partly.taken.get(&found.index))?;
            if old == found.known() {
                continue;
            }
            new = old;
        }
        paths.insert((new.path.clone(), new.is_followed), new);
    }
    let (kept, left): (BTreeMap<usize, GatePath>, _) =
        known.into_iter().partition(|(_, path)| path.is_common || !path.askers.is_empty());
    let paths = paths.into_values().chain(kept.into_values()).collect();
    Some(Amendment { preface: Vec::new(), paths, removed: left.into_keys().collect(), items })
}

/// Returns the paths that due steps asked for, without them, and those that are what they were, or from which planning
/// takes what it took, by their places.
fn asked_before(partly: &Partly, clock: &Stat) -> Option<BTreeMap<usize, GatePath>> {
    let mut paths = BTreeMap::new();
    for (index, stat) in &partly.touched {
        let mut path = partly.gate.at(*index).map(|known| known.known())?;
        path.stat = Some(*stat);
        path.is_settled = is_settled(clock, stat);
        paths.insert(*index, path);
    }
    for (index, taken) in &partly.taken {
        let mut path = partly.gate.at(*index).map(|known| known.known())?;
        taken.put_into(&mut path, clock);
        paths.insert(*index, path);
    }
    for (known, _) in partly.due.iter().flat_map(|item| partly.gate.asked_by(*item)) {
        paths.entry(known.index).or_insert_with(|| known.known());
    }
    for path in paths.values_mut() {
        path.askers.retain(|item| !partly.is_due(*item as usize));
        path.writers.retain(|item| !partly.is_due(*item as usize));
    }
    Some(paths)
}

/// Adds what is newly known of a path to what is known for others, whose answers still hold.
///
/// They rest on what was known, and were not looked at again: where what matters to them is not the same now, it changed
/// while the due ones were at work. What was known then stays, so that the next look finds the difference.
///
/// What planning took from a script is known of what was looked at, and of nothing that came later.
fn take_over(old: &mut GatePath, new: GatePath, taken: Option<&Taken>) -> Option<()> {
    if old.is_common && old.gist.is_some() && old.stat != new.stat {
        taken.filter(|taken| Some(taken.stat) == new.stat)?;
    }
    let is_of_others = old.is_common || !old.askers.is_empty();
    if !is_of_others {
        (old.stat, old.is_settled, old.matters) = (new.stat, new.is_settled, new.matters);
    } else if old.stat == new.stat {
        match (old.matters, new.matters) {
            (one, other) if one == other => old.is_settled = new.is_settled,
            (_, Matters::Kind) => {}
            // What matters to one matters.
            (Matters::Kind, _) | (_, Matters::All) => {
                (old.is_settled, old.matters) = (new.is_settled, new.matters);
            }
            // The digest of one state is that of all who asked in it, if times tell it from others at all.
            (Matters::All, _) if old.is_settled => {}
            _ => old.is_settled = false,
        }
    } else if matters_the_same(old, &new) {
        (old.stat, old.is_settled, old.matters) = (new.stat, new.is_settled, new.matters);
    }
    old.is_common |= new.is_common;
    for (all, more) in [(&mut old.askers, new.askers), (&mut old.writers, new.writers)] {
        all.extend(more);
        all.sort_unstable();
        all.dedup();
    }
    Some(())
}

/// Tells whether two states of a path are one for those to whom not all of it matters.
fn matters_the_same(old: &GatePath, new: &GatePath) -> bool {
    let (Some(then), Some(now)) = (old.stat, new.stat) else { return false };
    then.kind == now.kind
        && match (old.matters, new.matters) {
            (Matters::Kind, _) => true,
            (Matters::Names(one), Matters::Names(other)) => one == other,
            (Matters::Content(one), Matters::Content(other)) => one == other && then.mode == now.mode,
            _ => false,
        }
}

/// Returns a node as the whole plan has it: with edges by their places there, also those to nodes that were not due.
fn renumbered(bytes: &[u8], partly: &Partly, old: &[u8]) -> Option<Vec<u8>> {
    let (mut node, old) = (Node::from_bytes(bytes)?, Node::from_bytes(old)?);
    for edge in &mut node.edges {
        edge.to = *partly.due.get(edge.to)?;
    }
    node.edges.extend(old.edges.into_iter().filter(|edge| !partly.is_due(edge.to)));
    node.edges.sort_by_key(|edge| edge.to);
    node.to_bytes()
}

/// Returns what is told of a step, with all it waits for.
fn with_needs(new: &[u8], old: &[u8]) -> Option<Vec<u8>> {
    let (mut new, old): (Told, Told) = (serde_json::from_slice(new).ok()?, serde_json::from_slice(old).ok()?);
    let own = std::mem::take(&mut new.node.needs);
    new.node.needs = old.node.needs;
    new.node.needs.extend(own);
    let mut known = BTreeSet::new();
    new.node.needs.retain(|need| known.insert(need.clone()));
    serde_json::to_vec(&new).ok()
}
