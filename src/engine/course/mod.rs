//! How the scopes of a plan go: which of them run, what became of them, what they hand on.
//!
//! Knows how nodes ended and what they handed on, as far as they have. Does not know how a node is run, nor what is
//! looked up on disk: whoever decides gives a view of it.

mod before;
mod called;
mod ends;
mod handed;
mod open;
mod results;
mod scene;
#[cfg(test)]
mod tests;
mod values;
mod way;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use before::Sums;
use called::Steps;
use ends::Ends;
use handed::Settings;
use results::Results;

pub(super) use open::{Open, Waits};
pub(crate) use scene::hash_of;
pub(super) use scene::{Grounds, Scene};
pub(super) use way::Way;

use crate::{
    execute::scheduler::Outcome as Ending,
    plan::{EdgeKind, Plan},
    text::{expression::Expr, handed::Handed},
};

/// How the scopes of a plan go.
pub(super) struct Course {
    plan: Arc<Plan>,
    /// Scopes by the scope they stand in.
    children: Vec<Vec<usize>>,
    /// Nodes by the innermost scope they stand in.
    members: Vec<Vec<usize>>,
    ends: Ends,
    handed: BTreeMap<usize, Arc<Handed>>,
    /// Nodes that hand on variables of the environment or folders of `PATH`.
    setters: BTreeSet<usize>,
    settings: Settings,
    /// Which way each scope goes, once it is decided.
    ways: RefCell<BTreeMap<usize, Way>>,
    results: Results,
    sums: Sums,
    steps: Steps,
    /// The run was interrupted.
    pub(super) is_cancelled: bool,
}

impl Course {
    /// Makes the course of a plan in which nothing has ended.
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let mut children = vec![Vec::new(); plan.scopes.len()];
        for (index, scope) in plan.scopes.iter().enumerate() {
            if let Some(parent) = scope.parent {
                children[parent].push(index);
            }
        }
        let mut members = vec![Vec::new(); plan.scopes.len()];
        for (index, node) in plan.nodes.iter().enumerate() {
            if let Some(scope) = node.scope {
                members[scope].push(index);
            }
        }
        Self {
            children,
            members,
            ends: Ends::new(plan.nodes.len()),
            handed: BTreeMap::new(),
            setters: BTreeSet::new(),
            settings: Settings::default(),
            ways: RefCell::default(),
            results: Results::new(plan.scopes.len()),
            sums: Sums::default(),
            steps: Steps::default(),
            is_cancelled: false,
            plan,
        }
    }

    /// Returns the course of a plan that has more nodes behind the same ones.
    pub(super) fn grown(&self, plan: Arc<Plan>) -> Self {
        let mut grown = Self::new(plan);
        for (node, ending) in self.ends.all().iter().enumerate() {
            ending.iter().for_each(|ending| grown.ended(node, *ending));
        }
        grown.handed.clone_from(&self.handed);
        grown.setters.clone_from(&self.setters);
        grown.is_cancelled = self.is_cancelled;
        grown
    }

    /// Returns how each node ended; nothing for those that have not.
    pub(super) fn ends(&self) -> Vec<Option<Ending>> {
        self.ends.all().to_vec()
    }

    /// Hears how a node ended.
    pub(super) fn ended(&mut self, node: usize, ending: Ending) {
        self.ends.put(node, &self.plan.nodes, ending);
        self.forget(self.plan.nodes[node].scope);
    }

    /// Returns a node that another one depends on and that did not end well: what scripts say of each other holds
    /// whatever the playbook's conditions say.
    pub(super) fn bad_dependency(&self, node: usize) -> Option<usize> {
        let is_dependency = |kind: &EdgeKind| matches!(kind, EdgeKind::Dependency | EdgeKind::Output(_));
        let is_bad = |earlier: usize| {
            let has_ended_badly = self.ends[earlier].is_some_and(|ending| !ending.is_good());
            has_ended_badly && !self.plan.nodes[earlier].is_tolerated
        };
        let edges = self.plan.nodes[node].edges.iter().filter(|edge| is_dependency(&edge.kind));
        edges.map(|edge| edge.to).find(|earlier| is_bad(*earlier))
    }

    /// Returns a node of another combination whose failure ends this one, since their matrix fails fast.
    pub(super) fn failed_beside(&self, node: usize) -> Option<usize> {
        self.ends.failed_beside(self.plan.nodes[node].cohort?)
    }

    /// Forgets all from a node on, which is decided again.
    pub(super) fn resume_at(&mut self, node: usize) {
        self.ends.cut(node, &self.plan.nodes);
        self.handed.retain(|index, _| *index < node);
        self.setters.retain(|index| *index < node);
        self.ways.get_mut().clear();
        self.forget_all();
        self.forget_settings();
    }

    /// Tells whether PowerShell has a word in whether a node runs.
    pub(super) fn asks_powershell(&self, node: usize) -> bool {
        self.around(node).any(|scope| {
            let condition = self.plan.scopes[scope].condition.as_deref();
            condition.is_some_and(|condition| matches!(condition.expr, Expr::PowerShell(_)))
        })
    }

    /// Returns the scopes around a node, the innermost first.
    fn around(&self, node: usize) -> impl Iterator<Item = usize> {
        self.upwards(self.plan.nodes[node].scope)
    }

    /// Returns a scope and those it stands in, the innermost first.
    fn upwards(&self, scope: Option<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(scope, |scope| self.plan.scopes[*scope].parent).inspect(|_| self.look())
    }

    fn siblings(&self, scope: usize) -> impl Iterator<Item = usize> {
        let siblings = self.plan.scopes[scope].parent.map_or(&[][..], |parent| &self.children[parent]);
        siblings.iter().copied().filter(move |other| *other != scope).inspect(|_| self.look())
    }
}
