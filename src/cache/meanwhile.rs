//! What steps that ran at the same time did to each other's files.
//!
//! Knows who changed which path while who was at work. Does not know what anybody read.

use std::collections::{BTreeMap, BTreeSet};

use crate::{base::WsPath, fingerprint::State};

/// Changes of paths, by who made them, on a clock that counts them.
#[derive(Debug, Default)]
pub(super) struct Meanwhile {
    now: u64,
    /// Steps at work, and since when.
    running: BTreeMap<usize, u64>,
    /// When steps ended that overlapped one still at work.
    ended: BTreeMap<usize, u64>,
    /// By path and step: when it first changed it, and what was there before. No step stands for az itself, which put
    /// there what others need; of those the last counts.
    changed: BTreeMap<WsPath, BTreeMap<Option<usize>, (u64, State)>>,
}

impl Meanwhile {
    /// Says that a step begins.
    pub(super) fn begin(&mut self, index: usize) {
        self.now += 1;
        self.running.insert(index, self.now);
    }

    /// Says that a step, or az itself, is about to change a path.
    pub(super) fn change(&mut self, by: Option<usize>, path: &WsPath, before: &State) {
        self.now += 1;
        let entry = (self.now, before.clone());
        let changes = self.changed.entry(path.clone()).or_default();
        if by.is_none() {
            changes.insert(by, entry);
        } else {
            changes.entry(by).or_insert(entry);
        }
    }

    /// Says that a step ended; returns the paths that others changed while it was at work, with what was there before.
    ///
    /// A step that changed a path may have done so again until it ended. O(changes that are remembered).
    pub(super) fn end(&mut self, index: usize) -> BTreeMap<WsPath, State> {
        let Some(begun) = self.running.remove(&index) else { return BTreeMap::new() };
        let has_overlapped = |by: Option<usize>, at: u64| match by {
            None => at > begun,
            Some(by) if by == index => false,
            Some(by) => self.running.contains_key(&by) || self.ended.get(&by).is_some_and(|end| *end > begun),
        };
        let first_of = |changes: &BTreeMap<Option<usize>, (u64, State)>| {
            let others = changes.iter().filter(|(by, (at, _))| has_overlapped(**by, *at));
            others.min_by_key(|(_, (at, _))| *at).map(|(_, (_, before))| before.clone())
        };
        let found =
            self.changed.iter().filter_map(|(path, changes)| Some((path.clone(), first_of(changes)?)));
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

    fn names(found: &BTreeMap<WsPath, State>) -> Vec<&str> {
        found.keys().map(WsPath::as_str).collect()
    }

    #[test]
    fn only_what_overlapped_is_told() {
        let mut meanwhile = Meanwhile::default();
        meanwhile.begin(0);
        meanwhile.change(Some(0), &path("before"), &State::Absent);
        meanwhile.begin(1);
        meanwhile.change(Some(1), &path("own"), &State::Absent);
        meanwhile.change(None, &path("put"), &State::Absent);
        assert_eq!(names(&meanwhile.end(0)), ["own", "put"]);
        meanwhile.begin(2);
        meanwhile.change(Some(2), &path("later"), &State::Absent);
        // Step 0 wrote before step 1 began, and may have written again until it ended.
        assert_eq!(names(&meanwhile.end(1)), ["before", "later", "put"]);
        assert_eq!(names(&meanwhile.end(2)), ["own"]);
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut meanwhile = Meanwhile::default();
        for index in 0..100 {
            meanwhile.begin(index);
            meanwhile.change(Some(index), &path(&format!("f{index}")), &State::Absent);
            assert!(meanwhile.end(index).is_empty());
            assert!(meanwhile.changed.is_empty() && meanwhile.ended.is_empty());
        }
    }
}
