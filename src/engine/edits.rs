//! What a person made of a step's outputs: copied before the step runs, since it will write over it.
//!
//! Knows the step's records. Does not know what the step does.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{prepare::Prepared, session::Cache};
use crate::{
    base::WsPath,
    cache::{self, SetAside},
    diag::{Code, code},
    fingerprint::{Question, State, View},
};

/// Copies of a person's versions: each with what was found.
#[derive(Debug)]
pub(super) struct Edits(Vec<(State, SetAside)>);

impl Edits {
    /// Copies what is at a path that any run of the step left, and that is as no step left it.
    ///
    /// A path that the step also reads is its input: writing over it is what the step is for.
    pub(super) fn set_aside(
        cache: &Cache,
        prepared: &Prepared,
        questions: &BTreeSet<&Question>,
        kept: &Path,
        warnings: &mut Vec<(Code, String)>,
    ) -> Self {
        let read: BTreeSet<&str> = questions.iter().map(|question| question.subject()).collect();
        // Not those of the last run alone: if it failed, it may not have come so far.
        let records: Vec<_> = cache.store.of(&prepared.node.identity).collect();
        let mut left: BTreeMap<&WsPath, Vec<&State>> = BTreeMap::new();
        for effect in records.iter().flat_map(|record| &record.effects) {
            if effect.path.is_inside() && !read.contains(effect.path.as_str()) {
                left.entry(&effect.path).or_default().push(&effect.after);
            }
        }
        let mut copies = Vec::new();
        for (path, states) in left {
            let found = cache.disk.state(path);
            let is_persons = matches!(found, State::File { .. } | State::Link { .. })
                && !states.contains(&&found)
                && !cache.store.is_ours(path, &found);
            if is_persons {
                match cache::set_aside_copy(&cache.disk, path, kept) {
                    Ok(copy) => copies.push((found, copy)),
                    Err(error) => warnings
                        .push((code::CACHE_UNUSABLE, format!("`{path}` cannot be set aside: {error}"))),
                }
            }
        }
        Self(copies)
    }

    /// Returns the copies of versions that the step did write over; the others go.
    pub(super) fn overwritten(self, cache: &Cache) -> Vec<SetAside> {
        let is_there = |(state, copy): &(State, SetAside)| cache.disk.state(&copy.path) == *state;
        let (needless, told): (Vec<_>, Vec<_>) = self.0.into_iter().partition(is_there);
        needless.iter().for_each(|(_, copy)| _ = cache.disk.system().remove_file(&copy.kept));
        told.into_iter().map(|(_, copy)| copy).collect()
    }
}
