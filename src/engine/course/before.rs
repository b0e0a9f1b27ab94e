//! What came of all that comes before a scope, as one sum.
//!
//! What comes before a job is all that it needs, and what these need; before a step, all steps of earlier turns. Taken one
//! by one for each of them that would be quadratic, so sums are kept: by jobs, and by turns. They are what a walk over all
//! of it gives. Knows results. Does not know what follows from them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{Course, Grounds, Way};
use crate::{
    plan::ScopeKind,
    text::expression::{Need, Outcome},
};

/// What came of several scopes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// The first of them, by its place, that failed or was cancelled, though it may not.
    pub(super) bad: Option<usize>,
    /// The first of them that was skipped.
    pub(super) skipped: Option<usize>,
    has_failed: bool,
    has_cancelled: bool,
}

/// Sums that are kept.
#[derive(Default)]
pub(super) struct Sums {
    rows: RefCell<BTreeMap<usize, Rows>>,
    /// Sums of all that jobs need, and that these need.
    needed: RefCell<BTreeMap<usize, Sum>>,
    /// Jobs of which is decided which way they and all that they need go, and those that are being decided.
    settled: RefCell<BTreeSet<usize>>,
}

/// Scopes by their turns, the first turn first.
pub(super) type Turns = Vec<(usize, Vec<usize>)>;

/// The scopes that stand in one, by turns.
struct Rows {
    turns: Turns,
    /// Sums of as many of the first turns as their places say.
    sums: Vec<Sum>,
    /// Of how many of the first turns is decided which way their scopes go.
    settled: usize,
}

impl Sum {
    pub(super) fn of(scope: usize, outcome: Outcome) -> Self {
        let (has_failed, has_cancelled) = (outcome == Outcome::Failure, outcome == Outcome::Cancelled);
        Self {
            bad: (has_failed || has_cancelled).then_some(scope),
            skipped: (outcome == Outcome::Skipped).then_some(scope),
            has_failed,
            has_cancelled,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let first = |one: Option<usize>, two: Option<usize>| one.into_iter().chain(two).min();
        Self {
            bad: first(self.bad, other.bad),
            skipped: first(self.skipped, other.skipped),
            has_failed: self.has_failed || other.has_failed,
            has_cancelled: self.has_cancelled || other.has_cancelled,
        }
    }

    /// Returns what a status function is to be told instead of all: each way in which one of them ended.
    pub(super) fn needs(self) -> Vec<Need> {
        let ended = [
            (self.has_failed, Outcome::Failure),
            (self.has_cancelled, Outcome::Cancelled),
            (self.skipped.is_some(), Outcome::Skipped),
        ];
        let ended = ended.into_iter().filter(|(has, _)| *has);
        ended.map(|(_, outcome)| Need { outcome, may_fail: false }).collect()
    }
}

impl Sums {
    /// Forgets all sums.
    pub(super) fn forget(&self) {
        self.needed.borrow_mut().clear();
        self.rows.borrow_mut().values_mut().for_each(|rows| rows.sums.truncate(1));
    }

    /// Forgets all sums, and what is decided.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Course {
    /// Returns what came of all that comes before a scope; which way that goes is decided.
    pub(super) fn sum_before(&self, scope: usize) -> Sum {
        match self.plan.scopes[scope].kind {
            ScopeKind::Main => Sum::default(),
            ScopeKind::OnSuccess | ScopeKind::OnFailure => {
                self.mains(scope).fold(Sum::default(), |sum, main| sum.and(self.sum_of(main)))
            }
            ScopeKind::Job => self.sum_needed(scope).and(self.sum_of_earlier(scope)),
            ScopeKind::Playbook | ScopeKind::Stage | ScopeKind::List | ScopeKind::Step => {
                self.sum_of_earlier(scope)
            }
        }
    }

    /// Returns how all went that a status function of a scope asks about: each way once.
    pub(super) fn needs(&self, scope: usize) -> Vec<Need> {
        if self.kind(scope) == ScopeKind::Job {
            return self.sum_before(scope).needs();
        }
        // The condition of a job with combinations stands at each of them.
        let around = self.plan.scopes[scope].parent.filter(|_| self.kind(scope) == ScopeKind::List);
        if let Some(job) = around.filter(|job| matches!(self.kind(*job), ScopeKind::Job | ScopeKind::Stage)) {
            return self.sum_before(job).needs();
        }
        // A step asks about the steps before it in its job, also from inside of another step.
        let mut found = Vec::new();
        for above in self.upwards(Some(scope)) {
            if matches!(self.kind(above), ScopeKind::Job | ScopeKind::Playbook) {
                break;
            }
            found.extend(self.sum_before(above).needs());
            if self.kind(above) == ScopeKind::Stage {
                break;
            }
        }
        found.retain(|need| need.outcome != Outcome::Skipped);
        found
    }

    fn sum_of(&self, scope: usize) -> Sum {
        Sum::of(scope, self.counted(scope).conclusion())
    }

    /// Returns the scopes that a scope follows, success or failure.
    pub(super) fn mains(&self, scope: usize) -> impl Iterator<Item = usize> {
        self.siblings(scope).filter(|other| self.plan.scopes[*other].kind == ScopeKind::Main)
    }

    /// Sums up the siblings of a scope whose turn is before its own.
    fn sum_of_earlier(&self, scope: usize) -> Sum {
        let Some((parent, before)) = self.turns_before(scope) else { return Sum::default() };
        loop {
            // Nothing is borrowed while results are asked for.
            let known = self.sums.rows.borrow()[&parent].sums.len() - 1;
            if known >= before {
                return self.sums.rows.borrow()[&parent].sums[before];
            }
            let (last, scopes) = {
                let rows = &self.sums.rows.borrow()[&parent];
                (rows.sums[known], rows.turns[known].1.clone())
            };
            let sum = scopes.into_iter().fold(last, |sum, scope| sum.and(self.sum_of(scope)));
            self.sums.rows.borrow_mut().entry(parent).and_modify(|rows| rows.sums.push(sum));
        }
    }

    /// Returns the scope that a scope stands in, and how many turns of it come before that of the scope.
    fn turns_before(&self, scope: usize) -> Option<(usize, usize)> {
        let own = &self.plan.scopes[scope];
        let parent = own.parent?;
        let mut all = self.sums.rows.borrow_mut();
        let rows = all.entry(parent).or_insert_with(|| {
            let turns = self.turns_in(parent);
            Rows { turns, sums: vec![Sum::default()], settled: 0 }
        });
        Some((parent, rows.turns.partition_point(|(turn, _)| *turn < own.turn)))
    }

    /// Returns the siblings of a scope of a list that it judges before it runs.
    pub(super) fn before_in_list(&self, scope: usize) -> impl Iterator<Item = usize> {
        self.siblings(scope).filter(move |other| self.is_turn_before(*other, scope))
    }

    /// Returns the jobs a job needs, those that these need, and so on; with what comes before all jobs.
    pub(super) fn ancestors(&self, job: usize) -> BTreeSet<usize> {
        let mut open = self.plan.scopes[job].needs.clone();
        let mut found = BTreeSet::new();
        while let Some(scope) = open.pop() {
            self.look();
            if found.insert(scope) {
                open.extend(&self.plan.scopes[scope].needs);
            }
        }
        let first = self.before_in_list(job);
        found.extend(first);
        found
    }

    /// Returns the scopes that stand in one, by turns.
    pub(super) fn turns_in(&self, scope: usize) -> Turns {
        let mut turns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for child in &self.children[scope] {
            turns.entry(self.plan.scopes[*child].turn).or_default().push(*child);
        }
        turns.into_iter().collect()
    }

    /// Sums up all that a job needs, and that these need; not by recursion, since a chain may be long.
    fn sum_needed(&self, job: usize) -> Sum {
        let mut open = vec![(job, false)];
        let mut seen = BTreeSet::new();
        while let Some((at, is_left)) = open.pop() {
            if self.sums.needed.borrow().contains_key(&at) {
                continue;
            }
            let needs = &self.plan.scopes[at].needs;
            if is_left {
                let of_need = |need: &usize| {
                    let further = self.sums.needed.borrow().get(need).copied().unwrap_or_default();
                    further.and(self.sum_of(*need))
                };
                let sum = needs.iter().map(of_need).fold(Sum::default(), Sum::and);
                self.sums.needed.borrow_mut().insert(at, sum);
            } else if seen.insert(at) {
                open.push((at, true));
                open.extend(needs.iter().map(|need| (*need, false)));
            }
        }
        self.sums.needed.borrow().get(&job).copied().unwrap_or_default()
    }

    /// Decides which way all goes that comes before a scope: what has no node was never asked.
    pub(super) fn settle_before(&self, scope: usize, grounds: &Grounds<'_>) {
        let is_left_out = |above: usize| {
            matches!(self.ways.borrow().get(&above), Some(Way::Skips(_) | Way::Blocked { .. }))
        };
        // What comes before stands where the scope stands.
        if self.upwards(self.plan.scopes[scope].parent).any(is_left_out) {
            return;
        }
        match self.plan.scopes[scope].kind {
            ScopeKind::Main => {}
            ScopeKind::OnSuccess | ScopeKind::OnFailure => {
                self.mains(scope).for_each(|main| _ = self.way_of(main, grounds));
            }
            ScopeKind::Job => {
                self.settle_needed(scope, grounds);
                self.settle_earlier(scope, grounds);
            }
            ScopeKind::Playbook | ScopeKind::Stage | ScopeKind::List | ScopeKind::Step => {
                self.settle_earlier(scope, grounds);
            }
        }
    }

    fn settle_earlier(&self, scope: usize, grounds: &Grounds<'_>) {
        let Some((parent, before)) = self.turns_before(scope) else { return };
        loop {
            let (at, scopes) = {
                let rows = &self.sums.rows.borrow()[&parent];
                if rows.settled >= before {
                    return;
                }
                (rows.settled, rows.turns[rows.settled].1.clone())
            };
            scopes.into_iter().for_each(|scope| _ = self.way_of(scope, grounds));
            self.sums
                .rows
                .borrow_mut()
                .entry(parent)
                .and_modify(|rows| rows.settled = rows.settled.max(at + 1));
        }
    }

    fn settle_needed(&self, job: usize, grounds: &Grounds<'_>) {
        let mut open: Vec<(usize, bool)> =
            self.plan.scopes[job].needs.iter().map(|need| (*need, false)).collect();
        while let Some((at, is_left)) = open.pop() {
            if is_left {
                self.way_of(at, grounds);
            } else if self.sums.settled.borrow_mut().insert(at) {
                open.push((at, true));
                open.extend(self.plan.scopes[at].needs.iter().map(|need| (*need, false)));
            }
        }
    }
}
