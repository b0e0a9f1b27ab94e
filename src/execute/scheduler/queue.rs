//! The nodes that could start if there were room, lowest place first.
//!
//! Knows resources. Does not know slots, time or needs.
//!
//! Nodes with equal demands share a line, so that finding the next one looks at one node for each *different* demand,
//! however many wait. Nobody is overtaken on a resource he waits for, so a large demand is not starved by small ones.

use std::collections::{BTreeMap, BTreeSet};

use super::{Node, ResourceId};

/// What a node takes while it runs: sorted, each resource once, nothing of amount zero.
type Demand = Vec<(ResourceId, u32)>;

/// The lines, and what is left of each resource.
#[derive(Debug)]
pub(super) struct Queue {
    free: Vec<u32>,
    lines: Vec<Line>,
    line_of: Vec<usize>,
    /// The first node of each line that is not empty, and its line.
    heads: BTreeMap<usize, usize>,
}

#[derive(Debug)]
struct Line {
    demand: Demand,
    waiting: BTreeSet<usize>,
}

impl Queue {
    pub(super) fn new(capacities: &[u32], nodes: &[Node]) -> Self {
        let mut lines: Vec<Line> = Vec::new();
        let mut known: BTreeMap<Demand, usize> = BTreeMap::new();
        let line_of = nodes
            .iter()
            .map(|node| {
                let demand = demand_of(node, capacities);
                *known.entry(demand).or_insert_with_key(|demand| {
                    lines.push(Line { demand: demand.clone(), waiting: BTreeSet::new() });
                    lines.len() - 1
                })
            })
            .collect();
        Self { free: capacities.to_vec(), lines, line_of, heads: BTreeMap::new() }
    }

    /// Puts a node in its line.
    pub(super) fn push(&mut self, node: usize) {
        self.change_line(node, |waiting| _ = waiting.insert(node));
    }

    /// Takes a node out of its line, if it is there.
    pub(super) fn remove(&mut self, node: usize) {
        self.change_line(node, |waiting| _ = waiting.remove(&node));
    }

    /// Takes out the first node before `below` that has room and overtakes nobody; what it demands is then taken.
    pub(super) fn take(&mut self, below: usize) -> Option<usize> {
        let node = self.first_with_room(below)?;
        self.remove(node);
        self.take_now(node);
        Some(node)
    }

    /// Takes what a node demands for one that is in no line; there must be room.
    pub(super) fn take_now(&mut self, node: usize) {
        for (resource, amount) in &self.lines[self.line_of[node]].demand {
            self.free[resource.0] -= amount;
        }
    }

    /// Frees what a node had taken.
    pub(super) fn give_back(&mut self, node: usize) {
        for (resource, amount) in &self.lines[self.line_of[node]].demand {
            self.free[resource.0] += amount;
        }
    }

    fn first_with_room(&self, below: usize) -> Option<usize> {
        let mut awaited: Vec<ResourceId> = Vec::new();
        for (&node, &line) in self.heads.range(..below) {
            let demand = &self.lines[line].demand;
            let has_room = demand
                .iter()
                .all(|(resource, amount)| self.free[resource.0] >= *amount && !awaited.contains(resource));
            if has_room {
                return Some(node);
            }
            awaited.extend(demand.iter().map(|(resource, _)| *resource));
        }
        None
    }

    fn change_line(&mut self, node: usize, change: impl FnOnce(&mut BTreeSet<usize>)) {
        let line = self.line_of[node];
        let waiting = &mut self.lines[line].waiting;
        let before = waiting.first().copied();
        change(waiting);
        let after = waiting.first().copied();
        if before != after {
            before.map(|head| self.heads.remove(&head));
            after.map(|head| self.heads.insert(head, line));
        }
    }
}

/// Returns what a node takes, cut to what there is; a resource nobody declared has no bound.
fn demand_of(node: &Node, capacities: &[u32]) -> Demand {
    let mut sum: BTreeMap<ResourceId, u32> = BTreeMap::new();
    for (resource, amount) in &node.resources {
        let Some(capacity) = capacities.get(resource.0) else { continue };
        let taken = sum.entry(*resource).or_default();
        *taken = taken.saturating_add(*amount).min(*capacity);
    }
    sum.into_iter().filter(|(_, amount)| *amount > 0).collect()
}
