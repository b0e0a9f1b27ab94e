//! How the scopes of a plan go: which of them run, what became of them, what they hand on.
//!
//! Knows how nodes ended and what they handed on, as far as they have. Does not know how a node is run, nor what is
//! looked up on disk: whoever decides gives a view of it.

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

pub(super) use scene::{Grounds, Scene};
pub(super) use way::Way;

use crate::{
    execute::scheduler::Outcome as Ending,
    plan::{EdgeKind, Plan, ScopeKind},
    text::{
        expression::{Expr, Need, Outcome},
        handed::Handed,
    },
};

/// How the scopes of a plan go.
pub(super) struct Course {
    plan: Arc<Plan>,
    /// Scopes by the scope they stand in.
    children: Vec<Vec<usize>>,
    /// Nodes by the innermost scope they stand in.
    members: Vec<Vec<usize>>,
    /// How nodes ended; nothing for those that have not.
    ends: Vec<Option<Ending>>,
    handed: BTreeMap<usize, Arc<Handed>>,
    /// Nodes that hand on variables of the environment or folders of `PATH`: few, if any.
    setters: BTreeSet<usize>,
    /// Which way each scope goes, once it is decided.
    ways: RefCell<BTreeMap<usize, Way>>,
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
        let ends = vec![None; plan.nodes.len()];
        let (handed, setters, ways) = (BTreeMap::new(), BTreeSet::new(), RefCell::new(BTreeMap::new()));
        Self { plan, children, members, ends, handed, setters, ways, is_cancelled: false }
    }

    /// Returns the course of a plan that has more nodes behind the same ones.
    pub(super) fn grown(&self, plan: Arc<Plan>) -> Self {
        let mut grown = Self::new(plan);
        grown.ends[..self.ends.len()].copy_from_slice(&self.ends);
        grown.handed.clone_from(&self.handed);
        grown.setters.clone_from(&self.setters);
        grown.is_cancelled = self.is_cancelled;
        grown
    }

    /// Returns how each node ended; nothing for those that have not.
    pub(super) fn ends(&self) -> Vec<Option<Ending>> {
        self.ends.clone()
    }

    /// Hears how a node ended.
    pub(super) fn ended(&mut self, node: usize, ending: Ending) {
        self.ends[node] = Some(ending);
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
        let (cohort, member) = self.plan.nodes[node].cohort?;
        let has_failed = |other: &usize| {
            let is_bad = |ending| matches!(ending, Ending::Failed | Ending::TimedOut);
            let beside = self.plan.nodes[*other].cohort;
            beside.is_some_and(|(its, part)| its == cohort && part != member)
                && self.ends[*other].is_some_and(is_bad)
        };
        (0..self.plan.nodes.len()).find(has_failed)
    }

    /// Hears what a node hands on.
    pub(super) fn hands_on(&mut self, node: usize, handed: Option<Arc<Handed>>) {
        let sets = |handed: &Arc<Handed>| !handed.env.is_empty() || !handed.path.is_empty();
        if handed.as_ref().is_some_and(sets) {
            self.setters.insert(node);
        } else {
            self.setters.remove(&node);
        }
        match handed.filter(|handed| **handed != Handed::default()) {
            Some(handed) => _ = self.handed.insert(node, handed),
            None => _ = self.handed.remove(&node),
        }
    }

    /// Forgets all from a node on, which is decided again.
    pub(super) fn resume_at(&mut self, node: usize) {
        self.ends[node..].fill(None);
        self.handed.retain(|index, _| *index < node);
        self.setters.retain(|index| *index < node);
        self.ways.get_mut().clear();
    }

    /// Returns the nodes whose ends decide about a node and are not known: of those before it that its scopes
    /// ask for.
    pub(super) fn open_before(&self, node: usize) -> Vec<usize> {
        let mut open = BTreeSet::new();
        for scope in self.around(node) {
            for before in self.before(scope) {
                self.open_in(before, &mut open);
            }
        }
        open.retain(|other| *other < node);
        open.into_iter().collect()
    }

    fn open_in(&self, scope: usize, open: &mut BTreeSet<usize>) {
        open.extend(self.members[scope].iter().filter(|node| self.ends[**node].is_none()));
        self.children[scope].iter().for_each(|child| self.open_in(*child, open));
    }

    /// Tells whether what becomes of a node depends on more than that all before it ended well.
    pub(super) fn is_conditional(&self, node: usize) -> bool {
        let is_special = |scope: usize| {
            let scope = &self.plan.scopes[scope];
            scope.condition.is_some() || matches!(scope.kind, ScopeKind::OnFailure | ScopeKind::OnSuccess)
        };
        // A job is skipped with one it needs.
        let needs_special = |scope: usize| {
            let scope = &self.plan.scopes[scope];
            scope.kind == ScopeKind::Job
                && scope.needs.iter().any(|need| {
                    is_special(*need) || self.children[*need].iter().any(|list| is_special(*list))
                })
        };
        self.plan.nodes[node].late.is_some()
            || self.around(node).any(|scope| is_special(scope) || needs_special(scope))
    }

    /// Tells whether PowerShell has a word in whether a node runs.
    pub(super) fn asks_powershell(&self, node: usize) -> bool {
        self.around(node).any(|scope| {
            let condition = self.plan.scopes[scope].condition.as_ref();
            condition.is_some_and(|condition| matches!(condition.expr, Expr::PowerShell(_)))
        })
    }

    /// Returns the scopes around a node, the innermost first.
    fn around(&self, node: usize) -> impl Iterator<Item = usize> {
        self.upwards(self.plan.nodes[node].scope)
    }

    /// Returns a scope and those it stands in, the innermost first.
    fn upwards(&self, scope: Option<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(scope, |scope| self.plan.scopes[*scope].parent)
    }

    /// Returns the scopes whose ends a scope judges before it runs.
    fn before(&self, scope: usize) -> Vec<usize> {
        let own = &self.plan.scopes[scope];
        match own.kind {
            ScopeKind::Job => self.ancestors(scope),
            ScopeKind::OnSuccess | ScopeKind::OnFailure => self
                .siblings(scope)
                .filter(|other| self.plan.scopes[*other].kind == ScopeKind::Main)
                .collect(),
            ScopeKind::Main => Vec::new(),
            ScopeKind::Playbook | ScopeKind::Stage | ScopeKind::List | ScopeKind::Step => {
                self.siblings(scope).filter(|other| self.plan.scopes[*other].turn < own.turn).collect()
            }
        }
    }

    fn siblings(&self, scope: usize) -> impl Iterator<Item = usize> {
        let siblings = self.plan.scopes[scope].parent.map_or(&[][..], |parent| &self.children[parent]);
        siblings.iter().copied().filter(move |other| *other != scope)
    }

    /// Returns the jobs a job needs, those that these need, and so on; with what comes before all jobs.
    fn ancestors(&self, job: usize) -> Vec<usize> {
        let mut open = self.plan.scopes[job].needs.clone();
        let mut found = BTreeSet::new();
        while let Some(scope) = open.pop() {
            if found.insert(scope) {
                open.extend(&self.plan.scopes[scope].needs);
            }
        }
        let turn = self.plan.scopes[job].turn;
        let first = self.siblings(job).filter(|other| self.plan.scopes[*other].turn < turn);
        found.extend(first);
        found.into_iter().collect()
    }

    /// Returns what became of a scope that has ended.
    pub(super) fn result(&self, scope: usize) -> Need {
        let may_fail = self.plan.scopes[scope].is_tolerated;
        let is_left_out = matches!(self.ways.borrow().get(&scope), Some(Way::Skips(_) | Way::Blocked { .. }));
        let outcome = if is_left_out { Outcome::Skipped } else { self.outcome(scope) };
        Need { outcome, may_fail }
    }

    fn outcome(&self, scope: usize) -> Outcome {
        let of_kind = |kind: ScopeKind| {
            let found = self.children[scope].iter().find(|child| self.plan.scopes[**child].kind == kind);
            found.map(|child| self.result(*child).conclusion())
        };
        if let Some(main) = of_kind(ScopeKind::Main).filter(|_| self.is_followed(scope)) {
            let is_recovered = self.plan.scopes[scope].is_recovered;
            return match main {
                Outcome::Failure if is_recovered => of_kind(ScopeKind::OnFailure).unwrap_or(main),
                Outcome::Success => match of_kind(ScopeKind::OnSuccess) {
                    None | Some(Outcome::Skipped) => main,
                    Some(after) => after,
                },
                _ => main,
            };
        }
        let of_nodes = self.members[scope].iter().filter_map(|node| self.ends[*node]).map(outcome_of);
        let of_scopes = self.children[scope].iter().map(|child| self.result(*child).conclusion());
        let all: Vec<Outcome> = of_nodes.chain(of_scopes).collect();
        let has = |outcome: Outcome| all.contains(&outcome);
        // A job whose steps all have better things to do has run; one none of whose combinations ran has not.
        let may_be_skipped = match self.plan.scopes[scope].kind {
            ScopeKind::Playbook | ScopeKind::List => false,
            ScopeKind::Stage | ScopeKind::Job => {
                self.children[scope].iter().any(|child| self.plan.scopes[*child].condition.is_some())
            }
            ScopeKind::Step | ScopeKind::Main | ScopeKind::OnSuccess | ScopeKind::OnFailure => true,
        };
        match () {
            () if has(Outcome::Failure) => Outcome::Failure,
            () if has(Outcome::Cancelled) => Outcome::Cancelled,
            () if may_be_skipped && !all.is_empty() && !has(Outcome::Success) => Outcome::Skipped,
            () => Outcome::Success,
        }
    }

    fn is_followed(&self, scope: usize) -> bool {
        self.children[scope]
            .iter()
            .any(|child| matches!(self.plan.scopes[*child].kind, ScopeKind::OnSuccess | ScopeKind::OnFailure))
    }

    /// Returns a node of a scope that did not end well, the first.
    fn culprit(&self, scope: usize) -> Option<usize> {
        let own = self.members[scope].iter().copied().filter(|node| {
            self.ends[*node].is_some_and(|ending| !ending.is_good() && ending != Ending::Skipped)
        });
        let inner = self.children[scope].iter().filter_map(|child| self.culprit(*child));
        own.chain(inner).min()
    }
}

/// Returns what became of a node, in the words of expressions.
fn outcome_of(ending: Ending) -> Outcome {
    match ending {
        Ending::Ran | Ending::Warning | Ending::Cached => Outcome::Success,
        Ending::Attention | Ending::Failed | Ending::TimedOut => Outcome::Failure,
        Ending::Skipped | Ending::Blocked { .. } => Outcome::Skipped,
        Ending::Cancelled => Outcome::Cancelled,
    }
}
