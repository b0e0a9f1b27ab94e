//! Steps by what they are called, and which of them come before a scope in its job.
//!
//! Knows ids, labels and turns. Does not know what a step handed on.

use std::{cell::OnceCell, collections::HashMap};

use super::Course;
use crate::plan::ScopeKind;

/// The steps of a plan by what expressions call them: id and label, in small letters, under the scope that
/// [`Course::home`] gives; made when the first is asked for.
#[derive(Default)]
pub(super) struct Steps(OnceCell<HashMap<(usize, String), Vec<usize>>>);

/// Tells whether a scope holds jobs, or is one: steps do not see beyond.
pub(super) fn is_boundary(kind: ScopeKind) -> bool {
    matches!(kind, ScopeKind::Job | ScopeKind::Stage | ScopeKind::Playbook)
}

impl Course {
    pub(super) fn kind(&self, scope: usize) -> ScopeKind {
        self.plan.scopes[scope].kind
    }

    /// Returns the scope in which all steps stand that may come before a scope in its job: the list of the job, or of
    /// one of its combinations.
    fn home(&self, scope: usize) -> Option<usize> {
        let inside = self.upwards(Some(scope)).take_while(|above| !is_boundary(self.kind(*above)));
        let top = inside.last()?;
        if self.kind(top) == ScopeKind::List { Some(top) } else { self.plan.scopes[top].parent }
    }

    /// Tells whether a scope comes before another in its job; what a list holds comes before what the list hands on.
    pub(super) fn comes_before(&self, earlier: usize, scope: usize) -> bool {
        let inside =
            |scope: usize| self.upwards(Some(scope)).take_while(|above| !is_boundary(self.kind(*above)));
        self.upwards(Some(earlier)).any(|part| {
            let parent = self.plan.scopes[part].parent;
            let is_held = parent == Some(scope) && self.kind(scope) == ScopeKind::List;
            let is_before = |above: usize| {
                self.plan.scopes[above].parent == parent && part != above && self.is_turn_before(part, above)
            };
            is_held || inside(scope).any(is_before)
        })
    }

    /// Tells whether of two siblings one is judged before the other runs.
    pub(super) fn is_turn_before(&self, earlier: usize, scope: usize) -> bool {
        match self.kind(scope) {
            ScopeKind::Main => false,
            ScopeKind::OnSuccess | ScopeKind::OnFailure => self.kind(earlier) == ScopeKind::Main,
            _ => self.plan.scopes[earlier].turn < self.plan.scopes[scope].turn,
        }
    }

    /// Returns the steps in front of a scope in its job that are called by a name in any case, the last first.
    pub(super) fn steps_called(&self, name: &str, scope: usize) -> impl Iterator<Item = usize> {
        let known =
            self.home(scope).and_then(|home| self.named_steps().get(&(home, name.to_ascii_lowercase())));
        let known = known.map_or(&[][..], Vec::as_slice);
        // A scope stands behind all that comes before it, but for the list that it holds.
        let behind = if self.kind(scope) == ScopeKind::List { usize::MAX } else { scope };
        let known = &known[..known.partition_point(|step| *step < behind)];
        known.iter().rev().copied().filter(move |step| self.comes_before(*step, scope))
    }

    fn named_steps(&self) -> &HashMap<(usize, String), Vec<usize>> {
        self.steps.0.get_or_init(|| {
            let mut named: HashMap<(usize, String), Vec<usize>> = HashMap::new();
            let steps = (0..self.plan.scopes.len()).filter(|scope| self.kind(*scope) == ScopeKind::Step);
            for (step, home) in steps.filter_map(|step| Some((step, self.home(step)?))) {
                let own = &self.plan.scopes[step];
                let label = own.label.trim_start_matches("step ").trim_matches('`').to_ascii_lowercase();
                let id = own.id.to_ascii_lowercase();
                let is_other = label != id;
                named.entry((home, id)).or_default().push(step);
                if is_other {
                    named.entry((home, label)).or_default().push(step);
                }
            }
            named
        })
    }
}
