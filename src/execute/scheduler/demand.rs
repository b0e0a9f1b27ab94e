//! What nodes and spans take, and what is left of it.
//!
//! Knows amounts. Does not know who waits for them.

use std::collections::BTreeMap;

use super::{Node, Policy, ResourceId, Span};

/// What is taken at once: sorted, each resource once, nothing of amount zero, of nothing more than there is.
pub(super) type Demand = Vec<(ResourceId, u32)>;

/// What is left of each resource.
#[derive(Debug)]
pub(super) struct Room {
    /// Below zero where somebody was let in without room.
    free: Vec<i64>,
}

impl Room {
    pub(super) fn new(capacities: &[u32]) -> Self {
        Self { free: capacities.iter().map(|capacity| i64::from(*capacity)).collect() }
    }

    /// Returns of what there is too little.
    pub(super) fn lacking<'d>(
        &self,
        demand: &'d [(ResourceId, u32)],
    ) -> impl Iterator<Item = ResourceId> + 'd {
        let free = &self.free;
        let is_lacking = |(resource, amount): &&(ResourceId, u32)| free[resource.0] < i64::from(*amount);
        demand.iter().filter(is_lacking).map(|(resource, _)| *resource).collect::<Vec<_>>().into_iter()
    }

    pub(super) fn has(&self, demand: &[(ResourceId, u32)]) -> bool {
        demand.iter().all(|(resource, amount)| self.free[resource.0] >= i64::from(*amount))
    }

    pub(super) fn take(&mut self, demand: &[(ResourceId, u32)]) {
        for (resource, amount) in demand {
            self.free[resource.0] -= i64::from(*amount);
        }
    }

    pub(super) fn give_back(&mut self, demand: &[(ResourceId, u32)]) {
        for (resource, amount) in demand {
            self.free[resource.0] += i64::from(*amount);
        }
    }
}

/// What each node and each span takes.
#[derive(Debug)]
pub(super) struct Demands {
    pub(super) of_nodes: Vec<Demand>,
    pub(super) of_spans: Vec<Demand>,
}

impl Demands {
    /// Arranges that nobody waits for more of what a span around him holds already: the outermost span that demands a
    /// resource takes as much as is demanded on one way into it, and nothing inside it demands it again.
    ///
    /// # Panics
    /// If a span is not behind its parent, or a node names a span there is not.
    pub(super) fn of(nodes: &[Node], policy: &Policy) -> Self {
        let cut = |demands: &[(ResourceId, u32)]| cut(demands, &policy.capacities);
        let mut of_nodes: Vec<Demand> = nodes.iter().map(|node| cut(&node.resources)).collect();
        let mut of_spans: Vec<Demand> = policy.spans.iter().map(|span| cut(&span.demands)).collect();
        for (index, span) in policy.spans.iter().enumerate() {
            assert!(span.parent.is_none_or(|parent| parent < index), "span {index} is not behind its parent");
        }
        let (ways, holders) = (ways(&policy.spans, &of_spans), holders(&policy.spans, &of_spans));
        let mut more: Vec<(usize, Demand)> = Vec::new();
        for (span, own) in of_spans.iter_mut().enumerate() {
            let is_again = |(resource, _): &(ResourceId, u32)| holders[span][resource] != span;
            for (resource, _) in own.extract_if(.., |demand| is_again(demand)) {
                more.push((holders[span][&resource], cut(&of_one(resource, &ways[span]))));
            }
        }
        for (index, (node, own)) in nodes.iter().zip(&mut of_nodes).enumerate() {
            let Some(span) = node.span else { continue };
            assert!(span < policy.spans.len(), "node {index} is in span {span}, which there is not");
            for demand in own.extract_if(.., |(resource, _)| holders[span].contains_key(resource)) {
                let way = of_one(demand.0, &ways[span]);
                more.push((holders[span][&demand.0], cut(&[way, vec![demand]].concat())));
            }
        }
        more.iter().for_each(|(span, least)| raise(&mut of_spans[*span], least));
        Self { of_nodes, of_spans }
    }
}

/// Returns each node that demands, with the spans it is part of, more than there is, and of what.
///
/// `u32::MAX` of something is all of it, however much that is.
pub(super) fn impossible(nodes: &[Node], policy: &Policy) -> Vec<(usize, ResourceId)> {
    let some = |demands: &[(ResourceId, u32)]| -> Demand {
        demands.iter().copied().filter(|(_, amount)| *amount < u32::MAX).collect()
    };
    let of_spans: Vec<Demand> = policy.spans.iter().map(|span| some(&span.demands)).collect();
    let of_ways = ways(&policy.spans, &of_spans);
    let mut found = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let way = node.span.into_iter().flat_map(|span| &of_ways[span]);
        let all = sum(way.chain(&some(&node.resources)));
        let is_beyond = |(resource, amount): &(ResourceId, u32)| {
            policy.capacities.get(resource.0).is_some_and(|capacity| capacity < amount)
        };
        found.extend(all.into_iter().filter(is_beyond).map(|(resource, _)| (index, resource)));
    }
    found
}

/// Returns what is demanded, cut to what there is; a resource nobody declared has no bound.
fn cut(demands: &[(ResourceId, u32)], capacities: &[u32]) -> Demand {
    let mut sum: BTreeMap<ResourceId, u32> = BTreeMap::new();
    for (resource, amount) in demands {
        let Some(capacity) = capacities.get(resource.0) else { continue };
        let taken = sum.entry(*resource).or_default();
        *taken = taken.saturating_add(*amount).min(*capacity);
    }
    sum.into_iter().filter(|(_, amount)| *amount > 0).collect()
}

/// Returns what is demanded, each resource once.
fn sum<'d>(demands: impl IntoIterator<Item = &'d (ResourceId, u32)>) -> Demand {
    let mut sum: BTreeMap<ResourceId, u32> = BTreeMap::new();
    for (resource, amount) in demands {
        let taken = sum.entry(*resource).or_default();
        *taken = taken.saturating_add(*amount);
    }
    sum.into_iter().collect()
}

/// Returns what each span demands together with those around it.
fn ways(spans: &[Span], of_spans: &[Demand]) -> Vec<Demand> {
    let mut ways: Vec<Demand> = Vec::new();
    for (span, own) in spans.iter().zip(of_spans) {
        let around = span.parent.into_iter().flat_map(|parent| &ways[parent]);
        ways.push(sum(around.chain(own)));
    }
    ways
}

/// Returns for each span and each resource that it or one around it demands the outermost that does.
fn holders(spans: &[Span], of_spans: &[Demand]) -> Vec<BTreeMap<ResourceId, usize>> {
    let mut holders: Vec<BTreeMap<ResourceId, usize>> = Vec::new();
    for (index, (span, own)) in spans.iter().zip(of_spans).enumerate() {
        let mut known = span.parent.map(|parent| holders[parent].clone()).unwrap_or_default();
        own.iter().for_each(|(resource, _)| _ = known.entry(*resource).or_insert(index));
        holders.push(known);
    }
    holders
}

fn of_one(resource: ResourceId, demand: &[(ResourceId, u32)]) -> Demand {
    demand.iter().copied().filter(|(other, _)| *other == resource).collect()
}

/// Makes a demand at least as large as another one.
fn raise(demand: &mut Demand, least: &[(ResourceId, u32)]) {
    for (resource, amount) in least {
        match demand.binary_search_by_key(resource, |(known, _)| *known) {
            Ok(place) => demand[place].1 = demand[place].1.max(*amount),
            Err(place) => demand.insert(place, (*resource, *amount)),
        }
    }
}
