//! The nodes that could start if there were room, lowest place first among those of the same priority.
//!
//! Knows resources and rates. Does not know slots, spans or needs.
//!
//! Nodes with equal demands share a line, so that finding the next one looks at one node for each *different* demand,
//! however many wait. Nobody is overtaken on a resource of which there is too little for him, so a large demand is not
//! starved by small ones. Who waits for a time only keeps nobody from anything.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Node, ResourceId,
    demand::{Demand, Room},
    rates::Rates,
};

/// When it is a node's turn, among those that could begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) priority: Reverse<i32>,
    pub(super) node: usize,
}

/// The lines.
#[derive(Debug)]
pub(super) struct Queue {
    lines: Vec<Line>,
    line_of: Vec<usize>,
    /// The first node of each line that is not empty, and its line.
    heads: BTreeMap<Turn, usize>,
}

#[derive(Debug)]
struct Line {
    demand: Demand,
    rates: Vec<usize>,
    waiting: BTreeSet<Turn>,
}

/// Who is next.
#[derive(Debug, Default)]
pub(super) struct Next {
    /// The first that can start now and overtakes nobody.
    pub(super) turn: Option<Turn>,
    /// When one that is before it, or one at all if there is none, may start that has room already.
    pub(super) at: Option<Duration>,
}

impl Queue {
    pub(super) fn new(nodes: &[Node], demands: Vec<Demand>) -> Self {
        let mut lines: Vec<Line> = Vec::new();
        let mut known: BTreeMap<(Demand, Vec<usize>), usize> = BTreeMap::new();
        let line_of = nodes
            .iter()
            .zip(demands)
            .map(|(node, demand)| {
                let rates: BTreeSet<usize> = node.rates.iter().copied().collect();
                *known.entry((demand, rates.into_iter().collect())).or_insert_with_key(|(demand, rates)| {
                    let (demand, rates) = (demand.clone(), rates.clone());
                    lines.push(Line { demand, rates, waiting: BTreeSet::new() });
                    lines.len() - 1
                })
            })
            .collect();
        Self { lines, line_of, heads: BTreeMap::new() }
    }

    /// Puts a node in its line.
    pub(super) fn push(&mut self, turn: Turn) {
        self.change_line(turn.node, |waiting| _ = waiting.insert(turn));
    }

    /// Takes a node out of its line, if it is there.
    pub(super) fn remove(&mut self, turn: Turn) {
        self.change_line(turn.node, |waiting| _ = waiting.remove(&turn));
    }

    /// Returns what a node takes while it runs.
    pub(super) fn demand(&self, node: usize) -> &Demand {
        &self.lines[self.line_of[node]].demand
    }

    /// Returns the rates a node's starts count for, each once.
    pub(super) fn rates(&self, node: usize) -> &[usize] {
        &self.lines[self.line_of[node]].rates
    }

    /// Finds who is next; with `in_order` nobody passes one that waits for a time only.
    pub(super) fn next(&self, room: &Room, rates: &Rates, now: Duration, in_order: bool) -> Next {
        let mut awaited: Vec<ResourceId> = Vec::new();
        let mut next = Next::default();
        for (turn, line) in &self.heads {
            let Line { demand, rates: counted, .. } = &self.lines[*line];
            let overtakes = demand.iter().any(|(resource, _)| awaited.contains(resource));
            if overtakes || !room.has(demand) {
                awaited.extend(room.lacking(demand));
                continue;
            }
            let at = rates.next(counted);
            if at <= now {
                next.turn = Some(*turn);
                break;
            }
            next.at = Some(next.at.map_or(at, |other| other.min(at)));
            if in_order {
                break;
            }
        }
        next
    }

    fn change_line(&mut self, node: usize, change: impl FnOnce(&mut BTreeSet<Turn>)) {
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
