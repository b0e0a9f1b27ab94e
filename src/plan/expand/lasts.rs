//! What jobs begin and end with, for those that wait for them.
//!
//! Knows the needs of jobs and their nodes. Does not know how the nodes came to be.

use std::collections::{BTreeMap, BTreeSet};

use super::Ends;
use crate::model::playbook::Job;

/// Returns the nodes that jobs begin with which need no other, and those that jobs end with which no other needs.
pub(super) fn outer_ends(jobs: &[Job], ends: &BTreeMap<&str, Ends>) -> Ends {
    let has_nodes = |id: &str| ends.get(id).is_some_and(|ends| !ends.is_empty());
    let with_nodes = jobs.iter().filter(|job| has_nodes(&job.id));
    let needed: BTreeSet<&str> =
        with_nodes.flat_map(|job| job.needs.iter().map(|need| need.value.as_str())).collect();
    let mut all = Ends::default();
    for job in jobs {
        let own = &ends[job.id.as_str()];
        if !job.needs.iter().any(|need| has_nodes(&need.value)) {
            all.first.extend(&own.first);
        }
        if !needed.contains(job.id.as_str()) {
            all.last.extend(&own.last);
        }
    }
    all
}

/// What jobs end with.
pub(super) struct Lasts<'a> {
    by_id: BTreeMap<&'a str, &'a Job>,
    ends: &'a BTreeMap<&'a str, Ends>,
    /// By job that selects nothing and needs one other: the first behind it that does not, if there is one. So many that
    /// stand in a row are passed once.
    behind: BTreeMap<&'a str, Option<&'a str>>,
}

impl<'a> Lasts<'a> {
    pub(super) fn new(jobs: &'a [Job], ends: &'a BTreeMap<&'a str, Ends>) -> Self {
        let by_id = jobs.iter().rev().map(|job| (job.id.as_str(), job)).collect();
        Self { by_id, ends, behind: BTreeMap::new() }
    }

    /// Returns the nodes a job ends with; of a job that selects nothing, those of the jobs it needs.
    pub(super) fn of(&mut self, id: &'a str) -> Vec<usize> {
        let mut open = vec![id];
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some(id) = open.pop() {
            let Some(id) = self.behind(id).filter(|id| seen.insert(*id)) else { continue };
            if let Some(ends) = self.nodes_of(id) {
                found.extend(&ends.last);
            } else {
                let job = self.by_id.get(id);
                open.extend(job.into_iter().flat_map(|job| job.needs.iter().map(|need| need.value.as_str())));
            }
        }
        found
    }

    fn nodes_of(&self, id: &str) -> Option<&'a Ends> {
        self.ends.get(id).filter(|ends| !ends.is_empty())
    }

    fn behind(&mut self, id: &'a str) -> Option<&'a str> {
        let (mut at, mut passed) = (id, Vec::new());
        let end = loop {
            if let Some(known) = self.behind.get(at) {
                break *known;
            }
            let need = match self.by_id.get(at).map(|job| &job.needs[..]) {
                Some([need]) if self.nodes_of(at).is_none() => need.value.as_str(),
                _ => break Some(at),
            };
            // Where they stand in a circle there is nothing behind them.
            self.behind.insert(at, None);
            passed.push(at);
            at = need;
        };
        self.behind.extend(passed.into_iter().map(|passed| (passed, end)));
        end
    }
}
