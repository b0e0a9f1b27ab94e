//! Which steps without an end decide about a later one, for who only looks at the plan.
//!
//! The nodes of a plan are asked about in its order. So what is open before one of them stays open, and what was found
//! for one is found again for those behind it. Knows scopes. Does not know why a node has no end.

use std::collections::{BTreeMap, BTreeSet};

use super::{Course, before::Turns};
use crate::plan::ScopeKind;

/// The nodes that one waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine) struct Waits {
    /// The nearest of them, in the order of the plan: at most [`MOST_NAMED`].
    pub(in crate::engine) nearest: Vec<usize>,
    /// There are more.
    pub(in crate::engine) is_more: bool,
}

/// As many nodes are named of those that one waits for.
pub(in crate::engine) const MOST_NAMED: usize = 16;

impl Waits {
    fn add(&mut self, nodes: &[usize]) {
        self.nearest.extend(nodes);
        self.nearest.sort_unstable();
        self.nearest.dedup();
        let more = self.nearest.len().saturating_sub(MOST_NAMED);
        self.nearest.drain(..more);
        self.is_more |= more > 0;
    }

    fn join(&mut self, other: &Self) {
        self.add(&other.nearest);
        self.is_more |= other.is_more;
    }
}

/// What is open before the nodes of a plan that were asked about so far.
pub(in crate::engine) struct Open {
    /// Scopes what becomes of which depends on more than that all before it ended well.
    conditional: Vec<bool>,
    inside: BTreeMap<usize, Waits>,
    /// By jobs, in all that they need and that these need.
    needed: BTreeMap<usize, Waits>,
    /// By scopes: their turns, and what is open in as many of the first ones as the places say.
    rows: BTreeMap<usize, (Turns, Vec<Waits>)>,
}

impl Open {
    /// Makes that of a course of whose nodes none was asked about.
    pub(in crate::engine) fn new(course: &Course) -> Self {
        let conditional = course.conditional_scopes();
        Self { conditional, inside: BTreeMap::new(), needed: BTreeMap::new(), rows: BTreeMap::new() }
    }

    /// Returns the nodes whose ends decide about a node and are not known: of those before it that its scopes ask for.
    /// All before it must have been asked about, and what was heard of them is not to change.
    pub(in crate::engine) fn before(&mut self, course: &Course, node: usize) -> Waits {
        let of = &course.plan.nodes[node];
        let is_conditional = of.late.is_some() || of.scope.is_some_and(|scope| self.conditional[scope]);
        let mut waits = Waits::default();
        if is_conditional {
            for scope in course.around(node) {
                waits.join(&self.before_scope(course, scope, node));
            }
        }
        waits
    }

    fn before_scope(&mut self, course: &Course, scope: usize, node: usize) -> Waits {
        match course.plan.scopes[scope].kind {
            ScopeKind::Main => Waits::default(),
            ScopeKind::OnSuccess | ScopeKind::OnFailure => {
                let mains: Vec<usize> = course.mains(scope).collect();
                mains.into_iter().fold(Waits::default(), |mut waits, main| {
                    waits.join(self.inside(course, main, node));
                    waits
                })
            }
            ScopeKind::Job => {
                let mut waits = self.needed(course, scope, node);
                waits.join(&self.earlier(course, scope, node));
                waits
            }
            ScopeKind::Playbook | ScopeKind::Stage | ScopeKind::List | ScopeKind::Step => {
                self.earlier(course, scope, node)
            }
        }
    }

    /// Returns what is open in a scope before a node.
    fn inside(&mut self, course: &Course, scope: usize, node: usize) -> &Waits {
        course.look();
        if !self.inside.contains_key(&scope) {
            let mut waits = Waits::default();
            let own = course.members[scope].iter().copied();
            let own: Vec<usize> = own.filter(|own| course.ends[*own].is_none() && *own < node).collect();
            waits.add(&own);
            for child in &course.children[scope] {
                waits.join(self.inside(course, *child, node));
            }
            self.inside.insert(scope, waits);
        }
        &self.inside[&scope]
    }

    /// Returns what is open in the siblings of a scope whose turn is before its own.
    fn earlier(&mut self, course: &Course, scope: usize, node: usize) -> Waits {
        let own = &course.plan.scopes[scope];
        let Some(parent) = own.parent else { return Waits::default() };
        let (turns, mut waits) =
            self.rows.remove(&parent).unwrap_or_else(|| (course.turns_in(parent), vec![Waits::default()]));
        let before = turns.partition_point(|(turn, _)| *turn < own.turn);
        for (_, scopes) in turns.iter().take(before).skip(waits.len() - 1) {
            let mut next = waits.last().cloned().unwrap_or_default();
            scopes.iter().for_each(|scope| next.join(self.inside(course, *scope, node)));
            waits.push(next);
        }
        let found = waits[before].clone();
        self.rows.insert(parent, (turns, waits));
        found
    }

    /// Returns what is open in all that a job needs, and that these need; not by recursion, since a chain may be long.
    fn needed(&mut self, course: &Course, job: usize, node: usize) -> Waits {
        let mut open = vec![(job, false)];
        let mut seen = BTreeSet::new();
        while let Some((at, is_left)) = open.pop() {
            if self.needed.contains_key(&at) {
                continue;
            }
            let needs = &course.plan.scopes[at].needs;
            if is_left {
                let mut waits = Waits::default();
                for need in needs {
                    waits.join(&self.needed.get(need).cloned().unwrap_or_default());
                    waits.join(self.inside(course, *need, node));
                }
                self.needed.insert(at, waits);
            } else if seen.insert(at) {
                open.push((at, true));
                open.extend(needs.iter().map(|need| (*need, false)));
            }
        }
        self.needed.get(&job).cloned().unwrap_or_default()
    }
}

impl Course {
    /// Tells of each scope whether what becomes of it depends on more than that all before it ended well.
    fn conditional_scopes(&self) -> Vec<bool> {
        let scopes = &self.plan.scopes;
        let is_special = |scope: usize| {
            let scope = &scopes[scope];
            scope.condition.is_some() || matches!(scope.kind, ScopeKind::OnFailure | ScopeKind::OnSuccess)
        };
        // A job is skipped with one it needs.
        let may_skip: Vec<bool> = (0..scopes.len())
            .map(|scope| is_special(scope) || self.children[scope].iter().any(|list| is_special(*list)))
            .collect();
        let mut found: Vec<bool> = Vec::with_capacity(scopes.len());
        for (index, scope) in scopes.iter().enumerate() {
            let needs_special =
                scope.kind == ScopeKind::Job && scope.needs.iter().any(|need| may_skip[*need]);
            // A scope stands behind the one it is in.
            let is_inside = scope.parent.is_some_and(|parent| found[parent]);
            found.push(is_special(index) || needs_special || is_inside);
        }
        found
    }
}
