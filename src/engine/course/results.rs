//! What became of scopes, put together from how their nodes ended.
//!
//! Each is kept until something in the scope changes, since very many may ask for it. Knows nodes, ways and what stands
//! in a scope. Does not know who asks.

use std::cell::Cell;

use super::{Course, Way};
use crate::{
    execute::scheduler::Outcome as Ending,
    plan::ScopeKind,
    text::expression::{Need, Outcome},
};

/// What became of scopes, as far as it was asked for.
///
/// Where something is kept of a scope, that of all inside it which it was made of is kept as well: so who forgets one goes
/// up from it, and may stop where nothing is kept.
#[derive(Default)]
pub(super) struct Results {
    kept: Vec<Cell<Kept>>,
    /// How many scopes were looked at so far: what must not grow faster than the plan.
    #[cfg(test)]
    pub(super) looks: Cell<usize>,
}

/// What is kept of one scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Kept {
    result: Option<Need>,
    culprit: Option<Culprit>,
    /// The result is part of a sum.
    is_counted: bool,
}

/// The first node of a scope that did not end well, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Culprit(Option<usize>);

impl Results {
    /// Makes those of as many scopes, of which none was asked for.
    pub(super) fn new(count: usize) -> Self {
        Self {
            kept: vec![Cell::default(); count],
            #[cfg(test)]
            looks: Cell::default(),
        }
    }

    fn change(&self, scope: usize, change: impl FnOnce(&mut Kept)) {
        let mut kept = self.kept[scope].get();
        change(&mut kept);
        self.kept[scope].set(kept);
    }
}

impl Course {
    /// Takes note that a scope is looked at, for those who count.
    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "nothing is counted outside of tests"))]
    pub(super) fn look(&self) {
        #[cfg(test)]
        self.results.looks.set(self.results.looks.get() + 1);
    }

    /// Returns what became of a scope that has ended.
    pub(super) fn result(&self, scope: usize) -> Need {
        self.look();
        if let Some(known) = self.results.kept[scope].get().result {
            return known;
        }
        let may_fail = self.plan.scopes[scope].is_tolerated;
        let is_left_out = matches!(self.ways.borrow().get(&scope), Some(Way::Skips(_) | Way::Blocked { .. }));
        let outcome = if is_left_out { Outcome::Skipped } else { self.outcome(scope) };
        let result = Need { outcome, may_fail };
        self.results.change(scope, |kept| kept.result = Some(result));
        result
    }

    /// Returns what became of a scope that has ended, and remembers that it is part of a sum.
    pub(super) fn counted(&self, scope: usize) -> Need {
        let result = self.result(scope);
        self.results.change(scope, |kept| kept.is_counted = true);
        result
    }

    /// Forgets what became of a scope and of all around it, since something in it has changed.
    pub(super) fn forget(&self, scope: Option<usize>) {
        for above in self.upwards(scope) {
            let kept = self.results.kept[above].take();
            if kept == Kept::default() {
                break;
            }
            if kept.is_counted {
                self.sums.forget();
            }
        }
    }

    /// Forgets what became of all scopes.
    pub(super) fn forget_all(&mut self) {
        self.results = Results::new(self.plan.scopes.len());
        self.sums.clear();
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
    pub(super) fn culprit(&self, scope: usize) -> Option<usize> {
        if let Some(Culprit(known)) = self.results.kept[scope].get().culprit {
            return known;
        }
        let own = self.members[scope].iter().copied().filter(|node| {
            self.ends[*node].is_some_and(|ending| !ending.is_good() && ending != Ending::Skipped)
        });
        let inner = self.children[scope].iter().filter_map(|child| self.culprit(*child));
        let found = own.chain(inner).min();
        self.results.change(scope, |kept| kept.culprit = Some(Culprit(found)));
        found
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
