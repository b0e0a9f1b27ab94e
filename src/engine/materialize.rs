//! Puts the state of a node's place on disk, as far as it may be read there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::session::Cache;
use crate::{
    base::{Digest, WsPath},
    cache::{Blobs, Hit, RestoreError, SetAside, Target, Timeline, restore},
    fingerprint::{Question, State, View},
};

/// What is to be at a path, and the step whose version that is; no step's is what was there before the run.
type Targets = BTreeMap<WsPath, (Option<usize>, State)>;

/// What reused records promised, and what putting it on disk has done so far.
#[derive(Debug, Default)]
pub(super) struct Promises {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What records found at a path before their step ran: az may replace that.
    before: BTreeMap<WsPath, Vec<State>>,
    /// By place of the step whose record it was.
    restored: BTreeMap<usize, BTreeSet<WsPath>>,
    set_aside: Vec<SetAside>,
    /// So many of these were reported.
    reported: usize,
}

impl Promises {
    /// Returns what is left of them when steps are decided again: nothing but what was set aside.
    pub(super) fn resumed(&self) -> Self {
        let set_aside = self.lock().set_aside.clone();
        let inner = Inner { reported: set_aside.len(), set_aside, ..Inner::default() };
        Self { inner: Mutex::new(inner) }
    }

    /// Makes blobs of what this run set aside and a repair is to put back; returns those, which nobody needs afterwards.
    pub(super) fn recall(&self, blobs: &Blobs, targets: &[Target]) -> Vec<Digest> {
        let inner = self.lock();
        let recalled = targets.iter().filter_map(|Target { path, state }| {
            let State::File { digest, .. } = state else { return None };
            let mut versions = inner.set_aside.iter().filter(|aside| aside.path == *path);
            // What cannot be kept is missed by who puts it back.
            let is_recalled = |aside: &SetAside| blobs.put_file(&aside.kept, digest).is_ok();
            (!blobs.has(digest) && versions.any(is_recalled)).then_some(*digest)
        });
        recalled.collect()
    }

    /// Takes over the effects of a reused record: they are the state behind `index` from now on.
    pub(super) fn promise(&self, timeline: &Timeline, index: usize, hit: &Hit) {
        let mut inner = self.lock();
        for effect in &hit.record.effects {
            if hit.differing.contains(&effect.path) {
                timeline.promise(index, &effect.path, effect.after.clone());
                inner.before.entry(effect.path.clone()).or_default().push(effect.before.clone());
            } else if effect.after.exists() {
                timeline.keep(index, &effect.path, effect.after.clone());
            }
        }
        for (path, state) in &hit.superseded {
            timeline.promise(index, path, State::Absent);
            inner.before.entry(path.clone()).or_default().push(state.clone());
        }
    }

    /// Puts on disk what the step at `index` may read: everything promised by steps before it, and exactly its own
    /// version of what it asks for; tells whether that was more than nothing.
    ///
    /// # Errors
    /// The first path that could not be brought into its state.
    pub(super) fn materialize(
        &self,
        cache: &Cache,
        timeline: &Timeline,
        index: usize,
        questions: &BTreeSet<&Question>,
        kept: &Path,
    ) -> Result<bool, RestoreError> {
        let mut targets: Targets = BTreeMap::new();
        let pending = timeline.pending_before(index).into_iter();
        for (path, place, state) in pending.filter(|(path, ..)| path.is_inside()) {
            targets.insert(path, (Some(place), state));
        }
        for question in questions {
            let Question::State(path) = question else { continue };
            if let Some(version) = timeline.version_at(index, path).filter(|_| path.is_inside()) {
                targets.insert(path.clone(), version);
            }
        }
        self.put(cache, timeline, &targets, kept).map(|()| !targets.is_empty())
    }

    /// Puts everything on disk that is still promised.
    ///
    /// # Errors
    /// The first path that could not be brought into its state.
    pub(super) fn finish(&self, cache: &Cache, timeline: &Timeline, kept: &Path) -> Result<(), RestoreError> {
        let pending = timeline.pending_before(usize::MAX).into_iter().filter(|(path, ..)| path.is_inside());
        let targets = pending.map(|(path, place, state)| (path, (Some(place), state))).collect();
        self.put(cache, timeline, &targets, kept)
    }

    /// Takes what an az that was killed had taken out of its place.
    pub(super) fn tell_of(&self, set_aside: Vec<SetAside>) {
        self.lock().set_aside.extend(set_aside);
    }

    /// Returns what was brought back and set aside since the last call, by place of the step.
    pub(super) fn take_report(&self) -> (BTreeMap<usize, BTreeSet<WsPath>>, Vec<SetAside>) {
        let mut inner = self.lock();
        let set_aside = inner.set_aside[inner.reported..].to_vec();
        inner.reported = inner.set_aside.len();
        (std::mem::take(&mut inner.restored), set_aside)
    }

    fn put(
        &self,
        cache: &Cache,
        timeline: &Timeline,
        targets: &Targets,
        kept: &Path,
    ) -> Result<(), RestoreError> {
        if targets.is_empty() {
            return Ok(());
        }
        // One at a time: two steps may need the same path.
        let mut inner = self.lock();
        let wanted: Vec<Target> = targets
            .iter()
            .map(|(path, (_, state))| Target { path: path.clone(), state: state.clone() })
            .collect();
        wanted.iter().for_each(|target| timeline.save(&target.path));
        for target in &wanted {
            let found = cache.disk.state(&target.path);
            if found != target.state {
                timeline.put(&target.path, &found);
            }
        }
        let before = &inner.before;
        let is_replaceable = |path: &WsPath, found: &State| {
            let is_pre_image =
                before.get(path).is_some_and(|states| states.iter().any(|state| state == found));
            is_pre_image || cache.store.is_ours(path, found)
        };
        let report = restore(&cache.disk, &cache.blobs, &wanted, kept, is_replaceable)?;
        for (path, (place, _)) in targets {
            match place {
                Some(place) => timeline.on_disk(path, *place),
                None => timeline.taken_back(path),
            }
        }
        for path in report.written {
            if let Some(place) = targets[&path].0 {
                inner.restored.entry(place).or_default().insert(path);
            }
        }
        inner.set_aside.extend(report.set_aside);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
