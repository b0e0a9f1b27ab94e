//! What steps that ran at the same time did to each other's files.
//!
//! Knows who changed which path while who was at work. Does not know what anybody read.

use std::collections::{BTreeMap, BTreeSet};

use crate::{base::WsPath, fingerprint::State};

/// What others did to a path while a step was at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// What was there before.
    pub before: State,
    /// It was only tried: what is there is changed if it differs.
    pub is_attempt: bool,
}

/// Changes of paths, by who made them, on a clock that counts them.
#[derive(Debug, Default)]
pub(super) struct Meanwhile {
    now: u64,
    /// Steps at work, and since when.
    running: BTreeMap<usize, u64>,
    /// When steps ended that overlapped one still at work.
    ended: BTreeMap<usize, u64>,
    /// By path and step: when it first changed it. No step stands for az itself, which put there what others need; of
    /// those the last counts.
    changed: BTreeMap<WsPath, BTreeMap<Option<usize>, (u64, Overlap)>>,
}

impl Meanwhile {
    /// Says that a step begins.
    pub(super) fn begin(&mut self, index: usize) {
        self.now += 1;
        self.running.insert(index, self.now);
    }

    /// Says that a step, or az itself, is about to change a path, or tries to.
    pub(super) fn change(&mut self, by: Option<usize>, path: &WsPath, before: &State, is_attempt: bool) {
        self.now += 1;
        let entry = (self.now, Overlap { before: before.clone(), is_attempt });
        let changes = self.changed.entry(path.clone()).or_default();
        if by.is_none() {
            changes.insert(by, entry);
        } else {
            changes.entry(by).or_insert(entry).1.is_attempt &= is_attempt;
        }
    }

    /// Says that a step ended; returns the paths that others changed while it was at work.
    ///
    /// A step that changed a path may have done so again until it ended. O(changes that are remembered).
    pub(super) fn end(&mut self, index: usize) -> BTreeMap<WsPath, Overlap> {
        let Some(begun) = self.running.remove(&index) else { return BTreeMap::new() };
        let has_overlapped = |by: Option<usize>, at: u64| match by {
            None => at > begun,
            Some(by) if by == index => false,
            Some(by) => self.running.contains_key(&by) || self.ended.get(&by).is_some_and(|end| *end > begun),
        };
        let of_others = |changes: &BTreeMap<Option<usize>, (u64, Overlap)>| {
            let others = || changes.iter().filter(|(by, (at, _))| has_overlapped(**by, *at));
            let (_, (_, first)) = others().min_by_key(|(_, (at, _))| *at)?;
            let is_attempt = others().all(|(_, (_, other))| other.is_attempt);
            Some(Overlap { before: first.before.clone(), is_attempt })
        };
        let found =
            self.changed.iter().filter_map(|(path, changes)| Some((path.clone(), of_others(changes)?)));
        let found = found.collect();
        self.now += 1;
        self.ended.insert(index, self.now);
        self.forget();
        found
    }

    /// Forgets what ended before all that are at work began.
    fn forget(&mut self) {
        let oldest = self.running.values().min().copied().unwrap_or(u64::MAX);
        self.ended.retain(|_, end| *end > oldest);
        let kept: BTreeSet<usize> = self.ended.keys().chain(self.running.keys()).copied().collect();
        for changes in self.changed.values_mut() {
            changes.retain(|by, (at, _)| by.map_or(*at > oldest, |by| kept.contains(&by)));
        }
        self.changed.retain(|_, changes| !changes.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> WsPath {
        WsPath::from_normal(name).unwrap()
    }

    fn names(found: &BTreeMap<WsPath, Overlap>) -> Vec<&str> {
        found.keys().map(WsPath::as_str).collect()
    }

    #[test]
    fn only_what_overlapped_is_told() {
        let mut meanwhile = Meanwhile::default();
        meanwhile.begin(0);
        meanwhile.change(Some(0), &path("before"), &State::Absent, false);
        meanwhile.begin(1);
        meanwhile.change(Some(1), &path("own"), &State::Absent, false);
        meanwhile.change(None, &path("put"), &State::Absent, false);
        assert_eq!(names(&meanwhile.end(0)), ["own", "put"]);
        meanwhile.begin(2);
        meanwhile.change(Some(2), &path("later"), &State::Absent, false);
        // Step 0 wrote before step 1 began, and may have written again until it ended.
        assert_eq!(names(&meanwhile.end(1)), ["before", "later", "put"]);
        assert_eq!(names(&meanwhile.end(2)), ["own"]);
    }

    #[test]
    fn an_attempt_is_one_until_something_is_changed() {
        let mut meanwhile = Meanwhile::default();
        [0, 1].into_iter().for_each(|index| meanwhile.begin(index));
        meanwhile.change(Some(1), &path("tried"), &State::Absent, true);
        meanwhile.change(Some(1), &path("done"), &State::Absent, true);
        meanwhile.change(Some(1), &path("done"), &State::Directory, false);
        let found = meanwhile.end(0);
        assert!(found[&path("tried")].is_attempt && !found[&path("done")].is_attempt);
        assert_eq!(found[&path("done")].before, State::Absent);
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut meanwhile = Meanwhile::default();
        for index in 0..100 {
            meanwhile.begin(index);
            meanwhile.change(Some(index), &path(&format!("f{index}")), &State::Absent, false);
            assert!(meanwhile.end(index).is_empty());
            assert!(meanwhile.changed.is_empty() && meanwhile.ended.is_empty());
        }
    }
}
