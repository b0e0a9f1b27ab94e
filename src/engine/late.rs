//! Which steps found what they should not have found, since they overlapped others.
//!
//! Knows what was asked and answered, and what each place in the order has. Does not know how that is put right.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use rustc_hash::FxHashSet;

use super::job::Shared;
use crate::{
    base::{Digest, WsPath},
    cache::{self, Effect, Hit, Own, Record},
    fingerprint::{Component, Question, State, View},
};

/// A question, and the digest of what was answered.
pub(super) type Said = Arc<(Question, Digest)>;

/// What was asked and answered, each kept once however many steps it was for: most of what a step asks, all do.
#[derive(Debug, Default)]
pub(super) struct Kept(FxHashSet<Said>);

impl Kept {
    /// Puts the one that is kept into the place of each.
    pub(super) fn share(&mut self, asked: &mut [Said]) {
        for said in asked {
            match self.0.get(said) {
                Some(kept) => *said = Arc::clone(kept),
                None => _ = self.0.insert(Arc::clone(said)),
            }
        }
    }
}

/// What a step asked, and what it was answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Answered {
    /// What is not needed to ask again is not kept: this stays for each step until all have ended.
    pub(super) asked: Vec<Said>,
    /// What another step changed while it ran, and it had to do with.
    pub(super) crossed: Option<WsPath>,
    /// It ran, and acted beyond the workspace.
    pub(super) is_outward: bool,
    /// Private state it wrote, of which no version is kept.
    pub(super) private: Vec<WsPath>,
    /// Paths it looked at before it wrote them, with what it found.
    pub(super) probed: Box<[(WsPath, State)]>,
    /// What it should have left outside the workspace and did not, because a later step overwrites it.
    pub(super) unheld: Vec<WsPath>,
    /// Files it read in the private state of others.
    pub(super) borrowed: Vec<WsPath>,
    /// What was known of its own work when it ran; nothing if it did not.
    pub(super) own: Option<Own>,
    /// The record, if it did not run.
    pub(super) reused: Option<Arc<Record>>,
}

impl Answered {
    /// Returns what a reused record was answered.
    pub(super) fn of_hit(hit: &Hit) -> Self {
        let Hit { record, differing, .. } = hit;
        Self {
            asked: record.answers().map(Arc::new).collect(),
            probed: probed(&record.effects),
            unheld: differing.iter().filter(|path| !path.is_inside()).cloned().collect(),
            reused: Some(Arc::clone(record)),
            ..Self::default()
        }
    }
}

/// Returns questions with what was answered; of one that was asked twice the first answer counts.
pub(super) fn asked(questions: &[Question], observed: &[Component]) -> Vec<Said> {
    let mut seen = HashSet::new();
    let pairs = questions.iter().zip(observed).filter(|(question, _)| seen.insert(*question));
    let mut pairs: Vec<Said> =
        pairs.map(|(question, answer)| Arc::new((question.clone(), answer.digest))).collect();
    // It stays for each step until all have ended.
    pairs.shrink_to_fit();
    pairs
}

/// Returns the paths that were looked at before they were written, with what was found.
pub(super) fn probed(effects: &[Effect]) -> Box<[(WsPath, State)]> {
    let probed = effects.iter().filter(|effect| effect.is_probed);
    probed.map(|effect| (effect.path.clone(), effect.before.clone())).collect()
}

/// A step that found what it should not have found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Late {
    /// Its place in the order.
    pub(super) index: usize,
    /// What it found otherwise.
    pub(super) subject: String,
    /// In a clause, why it is decided again.
    pub(super) why: String,
}

impl Late {
    fn new(index: usize, subject: String, why: impl FnOnce(&str) -> String) -> Self {
        let why = why(&subject);
        Self { index, subject, why }
    }

    /// A step found something as it was before an earlier one changed it.
    fn overlapped(index: usize, subject: String) -> Self {
        Self::new(index, subject, |subject| {
            format!("it overlapped a step before it, and `{subject}` changed")
        })
    }
}

/// Returns the first step, by its place, whose answers are not those that its place gives now that all have ended.
pub(super) fn first_late(shared: &Shared, answers: &BTreeMap<usize, Answered>) -> Option<Late> {
    let changed = shared.timeline.changed();
    let is_plain = |answered: &Answered| {
        let Answered { private, unheld, borrowed, crossed, .. } = answered;
        private.is_empty() && unheld.is_empty() && borrowed.is_empty() && crossed.is_none()
    };
    if changed.is_empty() && answers.values().all(is_plain) {
        return None;
    }
    let folders = changed.iter().filter_map(WsPath::parent).collect();
    let mut review = Review { shared, answers, changed, folders, private: BTreeSet::new() };
    let late = answers.iter().find_map(|(index, answered)| {
        review.told(*index, answered).or_else(|| review.answered_otherwise(*index, answered))
    })?;
    // It was an earlier step that should have put there what this one did not find.
    let should_have = |answered: &Answered| answered.unheld.iter().any(|path| path.as_str() == late.subject);
    let earlier = answers.range(..late.index).find(|(_, answered)| should_have(answered));
    Some(Late { index: earlier.map_or(late.index, |(index, _)| *index), ..late })
}

/// One look at all steps, in order.
struct Review<'a> {
    shared: &'a Shared,
    answers: &'a BTreeMap<usize, Answered>,
    /// What steps of this run left something at.
    changed: BTreeSet<WsPath>,
    /// The folders in which that is.
    folders: BTreeSet<WsPath>,
    /// Private state that steps looked at so far wrote. There are no versions of it; what an earlier step wrote there is
    /// what a later one must have found.
    private: BTreeSet<&'a WsPath>,
}

impl<'a> Review<'a> {
    /// Tells whether what is known of a step itself makes it one that found what it should not have.
    fn told(&self, index: usize, answered: &Answered) -> Option<Late> {
        let Answered { crossed, probed, unheld, borrowed, .. } = answered;
        let timeline = &self.shared.timeline;
        // What is outside the workspace and has the last word there must be on disk.
        let is_lost =
            |path: &&WsPath| timeline.at(usize::MAX).state(path) != self.shared.cache.disk.state(path);
        if let Some(path) = unheld.iter().find(is_lost) {
            let why =
                |path: &str| format!("`{path}` is not as it left it, and no later step wrote it this time");
            return Some(Late::new(index, path.to_string(), why));
        }
        if let Some(path) = crossed {
            let why = |path: &str| format!("another step changed `{path}` while it ran");
            return Some(Late::new(index, path.to_string(), why));
        }
        if let Some((earlier, path)) = not_kept(self.answers, index, borrowed) {
            let why = |path: &str| format!("a later step reads `{path}`, which its record does not have");
            return Some(Late::new(earlier, path.to_string(), why));
        }
        let place = timeline.at(index);
        let is_other = |(path, before): &&(WsPath, State)| {
            let found = place.state(path);
            // A folder that several steps make sure of is nobody's.
            let is_folder = found == State::Directory || *before == State::Directory;
            place.has_writer(path) && found.exists() && !is_folder && !found.is_same_input(before)
        };
        probed.iter().find(is_other).map(|(path, _)| Late::overlapped(index, path.to_string()))
    }

    /// Asks again what may have another answer now, and tells whether it has.
    fn answered_otherwise(&mut self, index: usize, answered: &'a Answered) -> Option<Late> {
        let Answered { asked, own, .. } = answered;
        let (asked, was): (Vec<Question>, Vec<Digest>) =
            asked.iter().filter(|said| self.may_differ(&said.0)).map(|said| (**said).clone()).unzip();
        self.private.extend(&answered.private);
        // What has become private since was none when the step looked.
        let own = own.clone().unwrap_or_else(|| {
            let Shared { cache, nodes, .. } = self.shared;
            cache.store.own(&nodes.get(index).node.identity)
        });
        let (now, _) = cache::observe(&self.shared.timeline.at(index), &own, &asked);
        let (late, _) = now.into_iter().zip(was).find(|(now, was)| now.digest != *was)?;
        Some(Late::overlapped(index, late.name))
    }

    fn may_differ(&self, question: &Question) -> bool {
        match question {
            Question::State(path) => {
                let mut above = std::iter::successors(Some(path.clone()), WsPath::parent);
                let is_private = |top: &WsPath| self.private.contains(top);
                self.changed.contains(path) || (!self.private.is_empty() && above.any(|top| is_private(&top)))
            }
            Question::Listing(folder) => self.folders.contains(folder),
            Question::Names(_) => true,
        }
    }
}

/// Returns the place of an earlier step that was reused by a record which does not hold what a step then read in its
/// private state, with that path.
fn not_kept<'a>(
    answers: &BTreeMap<usize, Answered>,
    index: usize,
    borrowed: &'a [WsPath],
) -> Option<(usize, &'a WsPath)> {
    let lacks = |record: &Record, path: &WsPath| {
        let is_private = record.private.iter().any(|top| path.is_below(top) || path == top);
        is_private && !record.effects.iter().any(|effect| effect.path == *path)
    };
    borrowed.iter().find_map(|path| {
        let mut earlier = answers.range(..index);
        let lender = earlier.find(|(_, it)| it.reused.as_ref().is_some_and(|record| lacks(record, path)));
        lender.map(|(place, _)| (*place, path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_steps_ask_is_kept_once() {
        let said =
            |path: &str| Arc::new((Question::State(WsPath::from_normal(path).unwrap()), Digest::of(b"")));
        let mut kept = Kept::default();
        let (mut one, mut other) = (vec![said("sh"), said("a")], vec![said("sh"), said("b")]);
        kept.share(&mut one);
        kept.share(&mut other);
        assert!(Arc::ptr_eq(&one[0], &other[0]));
        assert_eq!((one[1].0.subject(), other[1].0.subject()), ("a", "b"));
    }
}
