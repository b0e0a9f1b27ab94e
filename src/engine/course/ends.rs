//! How nodes ended, with what is asked of all of them together.
//!
//! Knows endings and combinations of matrices. Does not know scopes.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Index,
    sync::Arc,
};

use crate::{execute::scheduler::Outcome as Ending, plan::Node};

/// How nodes ended, by their places; nothing for those that have not.
#[derive(Default)]
pub(super) struct Ends {
    all: Vec<Option<Ending>>,
    tally: Tally,
    /// Failures by the matrix they are part of.
    failures: BTreeMap<usize, Failures>,
}

/// How many nodes ended, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// All that ended.
    pub(super) total: usize,
    /// Those that ran well, or whose results were reused.
    pub(super) completed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
}

/// Which combinations of a matrix failed, each by the first of its nodes that did.
#[derive(Default)]
struct Failures {
    by_member: BTreeMap<usize, usize>,
    /// Nodes and combinations.
    in_order: BTreeSet<(usize, usize)>,
}

impl Index<usize> for Ends {
    type Output = Option<Ending>;

    fn index(&self, node: usize) -> &Self::Output {
        &self.all[node]
    }
}

impl Ends {
    /// Makes those of as many nodes, none of which has ended.
    pub(super) fn new(count: usize) -> Self {
        Self { all: vec![None; count], ..Self::default() }
    }

    /// Returns how each ended.
    pub(super) fn all(&self) -> &[Option<Ending>] {
        &self.all
    }

    /// Returns how many ended, and how.
    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Hears how one of the nodes of a plan ended.
    pub(super) fn put(&mut self, place: usize, nodes: &[Arc<Node>], ending: Ending) {
        match self.all[place].replace(ending) {
            None => self.count(ending, place, nodes[place].cohort),
            Some(before) if before == ending => {}
            Some(_) => self.count_again(nodes),
        }
    }

    /// Forgets all from a place on.
    pub(super) fn cut(&mut self, from: usize, nodes: &[Arc<Node>]) {
        self.all[from..].fill(None);
        self.count_again(nodes);
    }

    fn count(&mut self, ending: Ending, place: usize, cohort: Option<(usize, usize)>) {
        self.tally.add(ending);
        if let Some((cohort, member)) = cohort.filter(|_| is_failure(ending)) {
            self.failures.entry(cohort).or_default().add(place, member);
        }
    }

    fn count_again(&mut self, nodes: &[Arc<Node>]) {
        *self = Self { all: std::mem::take(&mut self.all), ..Self::default() };
        for (place, node) in nodes.iter().enumerate() {
            self.all[place].into_iter().for_each(|ending| self.count(ending, place, node.cohort));
        }
    }

    /// Returns the first node of another combination of the matrix that failed.
    pub(super) fn failed_beside(&self, (cohort, member): (usize, usize)) -> Option<usize> {
        let failures = self.failures.get(&cohort)?;
        failures.in_order.iter().find(|(_, other)| *other != member).map(|(node, _)| *node)
    }
}

impl Tally {
    fn add(&mut self, ending: Ending) {
        self.total += 1;
        match ending {
            Ending::Ran | Ending::Warning | Ending::Cached => self.completed += 1,
            Ending::Failed | Ending::TimedOut | Ending::Attention => self.failed += 1,
            Ending::Skipped => self.skipped += 1,
            Ending::Blocked { .. } | Ending::Cancelled => {}
        }
    }
}

impl Failures {
    fn add(&mut self, node: usize, member: usize) {
        let known = self.by_member.get(&member).copied();
        if known.is_some_and(|known| known <= node) {
            return;
        }
        known.into_iter().for_each(|known| _ = self.in_order.remove(&(known, member)));
        self.by_member.insert(member, node);
        self.in_order.insert((node, member));
    }
}

fn is_failure(ending: Ending) -> bool {
    matches!(ending, Ending::Failed | Ending::TimedOut)
}
