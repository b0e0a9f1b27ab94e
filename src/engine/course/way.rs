//! Which way a scope goes when its turn has come: it runs, is skipped, or is blocked by what failed before it.
//!
//! Knows conditions and how earlier scopes ended. Does not know how an expression is evaluated.

use std::sync::Arc;

use super::{Course, Grounds, scene::Scene};
use crate::{
    event::Reason,
    fingerprint::Question,
    plan::{Condition, ScopeKind, facts},
    text::expression::{Outcome, evaluate},
};

/// Which way a scope goes.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) enum Way {
    /// It runs, as far as its condition goes. What that asked of files is part of it.
    Runs(Arc<[Question]>),
    /// Its condition does not hold.
    Skips(Reason),
    /// A node before it did not end well.
    Blocked {
        /// That node.
        by: usize,
    },
    /// Its condition cannot be evaluated: a sentence.
    Fails(String),
}

impl Way {
    fn runs() -> Self {
        Self::Runs(Arc::from([]))
    }
}

impl Course {
    /// Decides which way a node goes, by all scopes around it, the outermost first. All before it has ended.
    pub(in crate::engine) fn way(&self, node: usize, grounds: &Grounds<'_>) -> Way {
        let around: Vec<usize> = self.around(node).collect();
        let mut asked = Vec::new();
        for scope in around.into_iter().rev() {
            match self.way_of(scope, grounds) {
                Way::Runs(questions) => asked.extend(questions.iter().cloned()),
                other => return other,
            }
        }
        Way::Runs(asked.into())
    }

    /// Decides which way a scope goes; those around it run.
    pub(super) fn way_of(&self, scope: usize, grounds: &Grounds<'_>) -> Way {
        if let Some(known) = self.ways.borrow().get(&scope) {
            return known.clone();
        }
        let way = self.decide(scope, grounds);
        self.goes(scope, way.clone());
        way
    }

    /// Hears which way a scope goes.
    pub(super) fn goes(&self, scope: usize, way: Way) {
        let is_left_out = matches!(way, Way::Skips(_) | Way::Blocked { .. });
        self.ways.borrow_mut().insert(scope, way);
        if is_left_out {
            self.forget(Some(scope));
        }
    }

    fn decide(&self, scope: usize, grounds: &Grounds<'_>) -> Way {
        self.settle_before(scope, grounds);
        let condition = self.plan.scopes[scope].condition.as_deref();
        if !condition.is_some_and(|condition| condition.asks_status)
            && !self.leaves_it_to_combinations(scope)
            && let Some(way) = self.way_by_default(scope)
        {
            return way;
        }
        match condition {
            Some(condition) => self.way_by_condition(scope, condition, grounds),
            None => Way::runs(),
        }
    }

    /// Tells whether a job's condition stands at each of its combinations, and asks how things went so far.
    fn leaves_it_to_combinations(&self, scope: usize) -> bool {
        let asks = |list: &usize| {
            let list = &self.plan.scopes[*list];
            list.kind == ScopeKind::List
                && list.condition.as_ref().is_some_and(|condition| condition.asks_status)
        };
        let is_job = matches!(self.plan.scopes[scope].kind, ScopeKind::Job | ScopeKind::Stage);
        is_job && self.children[scope].iter().any(asks)
    }

    /// Returns the way of a scope whose condition says nothing of how things went, if it is not to run.
    fn way_by_default(&self, scope: usize) -> Option<Way> {
        let own = &self.plan.scopes[scope];
        let mut mains = self.mains(scope).map(|main| self.result(main).outcome);
        match own.kind {
            ScopeKind::OnFailure => {
                let has_failed = mains.any(|main| main == Outcome::Failure);
                let text = format!("{} did not fail", own.label);
                return (!has_failed).then(|| Way::Skips(Reason::new("condition", &own.label, text)));
            }
            ScopeKind::OnSuccess => {
                let has_succeeded = mains.all(|main| main == Outcome::Success);
                let text = format!("{} did not succeed", own.label);
                return (!has_succeeded).then(|| Way::Skips(Reason::new("condition", &own.label, text)));
            }
            _ => {}
        }
        let before = self.sum_before(scope);
        if let Some(failed) = before.bad {
            return Some(match self.culprit(failed) {
                Some(by) => Way::Blocked { by },
                None => Way::Fails(format!("{} did not end well", self.plan.scopes[failed].label)),
            });
        }
        let skipped = before.skipped.filter(|_| own.kind == ScopeKind::Job)?;
        if let Some(Way::Blocked { by }) = self.ways.borrow().get(&skipped) {
            return Some(Way::Blocked { by: *by });
        }
        let label = &self.plan.scopes[skipped].label;
        let text = format!("{label}, which it needs, was skipped");
        Some(Way::Skips(Reason::new("condition", label, text)))
    }

    fn way_by_condition(&self, scope: usize, condition: &Condition, grounds: &Grounds<'_>) -> Way {
        let scene = Scene::of_condition(self, scope, grounds);
        let found = evaluate(&condition.expr, &scene);
        if let Some(problem) = found.problems.first() {
            return Way::Fails(format!(
                "its condition `{}` cannot be decided: {}; {}",
                condition.text, problem.message, problem.help
            ));
        }
        if let Some(misfit) = scene.misfits().into_iter().next() {
            return Way::Fails(misfit);
        }
        if found.holds != condition.is_negated {
            return Way::Runs(scene.into_questions().into());
        }
        let is = if condition.is_negated { "true" } else { "false" };
        let facts = if condition.facts.is_empty() {
            facts(&found.asked, scene.names())
        } else {
            condition.facts.clone()
        };
        let because = if facts.is_empty() { String::new() } else { format!(" ({facts})") };
        let text = format!("its condition is {is}: {}{because}", condition.text);
        Way::Skips(Reason::new("condition", &condition.text, text))
    }
}
