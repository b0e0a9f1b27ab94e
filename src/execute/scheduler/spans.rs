//! Which spans have begun, and which could begin next.
//!
//! Knows who is part of what, and what is still to end for it. Does not know slots, time or outcomes.

use std::collections::BTreeSet;

use super::{
    Node, ResourceId, Span,
    demand::{Demand, Room},
    queue::Turn,
};

/// The spans and the nodes that wait for them.
#[derive(Debug)]
pub(super) struct Spans {
    all: Vec<State>,
    /// The span of each node.
    of_nodes: Vec<Option<usize>>,
    /// The first node that waits for each span that has not begun, and the span.
    heads: BTreeSet<(Turn, usize)>,
    /// All that any span demands.
    resources: BTreeSet<ResourceId>,
    /// None could begin when all were looked at, and nothing has changed since.
    is_settled: bool,
}

#[derive(Debug)]
struct State {
    parent: Option<usize>,
    demand: Demand,
    has_begun: bool,
    /// How many nodes inside have not ended.
    open: usize,
    /// How often nodes inside wait for nodes outside that have not ended.
    outside: usize,
    waiting: BTreeSet<Turn>,
}

impl Spans {
    pub(super) fn new(nodes: &[Node], spans: &[Span], demands: Vec<Demand>) -> Self {
        let resources = demands.iter().flatten().map(|(resource, _)| *resource).collect();
        let state = |(span, demand): (&Span, Demand)| State {
            parent: span.parent,
            // Nobody has to wait for what demands nothing.
            has_begun: demand.is_empty(),
            demand,
            open: 0,
            outside: 0,
            waiting: BTreeSet::new(),
        };
        let mut spans = Self {
            all: spans.iter().zip(demands).map(state).collect(),
            of_nodes: nodes.iter().map(|node| node.span).collect(),
            heads: BTreeSet::new(),
            resources,
            is_settled: false,
        };
        for (index, node) in nodes.iter().enumerate() {
            spans.each_around(index, |span| span.open += 1);
            for need in &node.needs {
                spans.each_between(index, need.node, |span| span.outside += 1);
            }
        }
        spans
    }

    /// Tells whether a span has to begin before a node can.
    pub(super) fn must_begin_for(&self, node: usize) -> bool {
        self.awaited_by(node).is_some_and(|span| !self.all[span].has_begun)
    }

    /// Has a node wait for its span.
    pub(super) fn push(&mut self, turn: Turn) {
        self.change(turn.node, |waiting| _ = waiting.insert(turn));
        self.is_settled = false;
    }

    /// Has a node no longer wait for its span, if it does.
    pub(super) fn remove(&mut self, turn: Turn) {
        self.change(turn.node, |waiting| _ = waiting.remove(&turn));
        // Who was not to overtake it may begin.
        self.is_settled = false;
    }

    /// Finds the first node before `until` for which all spans around it can begin; nobody is overtaken on a resource of
    /// which there is too little for him.
    pub(super) fn next(&mut self, room: &Room, until: Option<Turn>) -> Option<Turn> {
        if self.is_settled {
            return None;
        }
        let mut awaited: BTreeSet<ResourceId> = BTreeSet::new();
        for (turn, span) in &self.heads {
            if until.is_some_and(|until| until < *turn) {
                return None;
            }
            if !awaited.is_empty() && awaited.len() == self.resources.len() {
                // Whoever is next demands something that another one waits for.
                break;
            }
            let unbegun = || self.way(*span).map(|span| &self.all[span]).filter(|span| !span.has_begun);
            if unbegun().any(|span| span.outside > 0) {
                continue;
            }
            let mut demands = unbegun().flat_map(|span| &span.demand);
            let overtakes = demands.any(|(resource, _)| awaited.contains(resource));
            // No resource is demanded by two spans on one way.
            if !overtakes && unbegun().all(|span| room.has(&span.demand)) {
                return Some(*turn);
            }
            awaited.extend(unbegun().flat_map(|span| room.lacking(&span.demand)));
        }
        self.is_settled = true;
        None
    }

    /// Begins the spans around a node that have not begun, and returns the nodes that need not wait any more.
    pub(super) fn begin(&mut self, node: usize, room: &mut Room) -> Vec<Turn> {
        let unbegun = self.awaited_by(node).into_iter().flat_map(|span| self.way(span));
        let unbegun: Vec<usize> = unbegun.filter(|span| !self.all[*span].has_begun).collect();
        let mut freed = Vec::new();
        for index in unbegun {
            let span = &mut self.all[index];
            span.has_begun = true;
            room.take(&span.demand);
            span.waiting.first().map(|first| self.heads.remove(&(*first, index)));
            freed.extend(std::mem::take(&mut span.waiting));
        }
        freed
    }

    /// Takes in that a node has ended; spans that end with it give back what they held.
    pub(super) fn end(&mut self, node: usize, room: &mut Room) {
        let mut is_freed = false;
        self.each_around(node, |span| {
            span.open -= 1;
            if span.open == 0 && span.has_begun {
                room.give_back(&span.demand);
                is_freed |= !span.demand.is_empty();
            }
        });
        self.is_settled &= !is_freed;
    }

    /// Takes in that a node no longer waits for another one, which has ended.
    pub(super) fn need_ended(&mut self, node: usize, need: usize) {
        let mut is_freed = false;
        self.each_between(node, need, |span| {
            span.outside -= 1;
            is_freed |= span.outside == 0;
        });
        self.is_settled &= !is_freed;
    }

    /// Takes in that this was given back.
    pub(super) fn room_changed(&mut self, freed: &Demand) {
        self.is_settled &= freed.iter().all(|(resource, _)| !self.resources.contains(resource));
    }

    /// Returns the span a node waits for: the innermost around it that demands anything.
    fn awaited_by(&self, node: usize) -> Option<usize> {
        self.way(self.of_nodes[node]?).find(|span| !self.all[*span].demand.is_empty())
    }

    /// Returns a span and those around it, from the inside.
    fn way(&self, span: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(span), |span| self.all[*span].parent)
    }

    fn each_around(&mut self, node: usize, mut change: impl FnMut(&mut State)) {
        let mut next = self.of_nodes[node];
        while let Some(span) = next {
            change(&mut self.all[span]);
            next = self.all[span].parent;
        }
    }

    /// Changes the spans around `node` that are not around `other`.
    fn each_between(&mut self, node: usize, other: usize, mut change: impl FnMut(&mut State)) {
        let (mut inner, mut other) = (self.of_nodes[node], self.of_nodes[other]);
        // A span is behind its parent, so the one further behind is not around the other.
        while inner != other {
            match inner {
                Some(span) if inner > other => {
                    change(&mut self.all[span]);
                    inner = self.all[span].parent;
                }
                _ => other = other.and_then(|span| self.all[span].parent),
            }
        }
    }

    fn change(&mut self, node: usize, change: impl FnOnce(&mut BTreeSet<Turn>)) {
        let Some(span) = self.awaited_by(node) else { return };
        let waiting = &mut self.all[span].waiting;
        let before = waiting.first().copied();
        change(waiting);
        let after = waiting.first().copied();
        if before != after {
            before.map(|head| self.heads.remove(&(head, span)));
            after.map(|head| self.heads.insert((head, span)));
        }
    }
}
