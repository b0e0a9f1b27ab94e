//! Repair of a run whose steps overlapped in the wrong order.
//!
//! Steps overlap as far as what they declare allows. What they were seen to do may say otherwise: a step found a file
//! as it was before an earlier one changed it. Then the files are put back to where the first such step began, and from
//! there on the steps are decided again, one after the other; what still holds is not run again.
//!
//! Knows what was asked and answered. Does not know why the steps overlapped.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    desk::{Desk, Overlaps},
    job::{Answered, Done, Shared},
    lookup::{Decided, decide},
    run::Force,
};
use crate::{
    base::WsPath,
    cache::{self, Target},
    diag::code,
    event::{Event, Reason},
    execute::{
        driver::{self, Change, Job, Panic, Summary},
        scheduler::{self, Ending, Need, OnFailure, Policy, ResourceId, Scheduler, Strength, Verdict},
    },
    fingerprint::{Component, Question, State, View},
};

/// A step that found what it should not have found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Late {
    /// Its place in the order.
    pub(super) index: usize,
    /// What it found otherwise.
    pub(super) subject: String,
}

/// Returns the first step, by its place, whose answers are not those that its place gives now that all have ended.
pub(super) fn first_late(shared: &Shared, answered: &BTreeMap<usize, Answered>) -> Option<Late> {
    let changed = shared.timeline.changed();
    let is_plain = |answered: &Answered| answered.private.is_empty() && answered.unheld.is_empty();
    if changed.is_empty() && answered.values().all(is_plain) {
        return None;
    }
    let folders: BTreeSet<WsPath> = changed.iter().filter_map(WsPath::parent).collect();
    // Of private state there are no versions; what an earlier step wrote there is what a later one must have found.
    let mut private: BTreeSet<&WsPath> = BTreeSet::new();
    let may_differ = |question: &Question, private: &BTreeSet<&WsPath>| match question {
        Question::State(path) => {
            let mut above = std::iter::successors(Some(path.clone()), WsPath::parent);
            changed.contains(path) || (!private.is_empty() && above.any(|top| private.contains(&top)))
        }
        Question::Listing(folder) => folders.contains(folder),
        Question::Names(_) => true,
    };
    // What is outside the workspace and has the last word there must be on disk.
    let is_lost =
        |path: &&WsPath| shared.timeline.at(usize::MAX).state(path) != shared.cache.disk.state(path);
    let late = answered.iter().find_map(|(index, answered)| {
        let Answered { questions, observed, crossed, probed, unheld, .. } = answered;
        if let Some(path) = unheld.iter().find(is_lost) {
            return Some(Late { index: *index, subject: path.to_string() });
        }
        let is_by_earlier = |path: &&WsPath| shared.timeline.writer_before(*index, path).is_some();
        if let Some(path) = crossed {
            return Some(Late { index: *index, subject: path.to_string() });
        }
        let place = shared.timeline.at(*index);
        let is_other = |(path, before): &&(WsPath, State)| {
            let found = place.state(path);
            // A folder that several steps make sure of is nobody's.
            let is_folder = found == State::Directory || *before == State::Directory;
            is_by_earlier(&path) && found.exists() && !is_folder && !found.is_same_input(before)
        };
        if let Some((path, _)) = probed.iter().find(is_other) {
            return Some(Late { index: *index, subject: path.to_string() });
        }
        let asked: Vec<Question> =
            questions.iter().filter(|question| may_differ(question, &private)).cloned().collect();
        private.extend(&answered.private);
        let own = shared.cache.store.own(&shared.nodes[*index].node.identity);
        let (now, _) = cache::observe(&shared.timeline.at(*index), &own, &asked);
        let was = |now: &Component| {
            observed.iter().find(|old| (old.kind, &old.name) == (now.kind, &now.name)).map(|old| old.digest)
        };
        let late = now.into_iter().find(|now| was(now).is_some_and(|was| was != now.digest))?;
        Some(Late { index: *index, subject: late.name })
    })?;
    // It was an earlier step that should have put there what this one did not find.
    let should_have = |answered: &Answered| answered.unheld.iter().any(|path| path.as_str() == late.subject);
    let earlier = answered.range(..late.index).find(|(_, answered)| should_have(answered));
    Some(Late { index: earlier.map_or(late.index, |(index, _)| *index), ..late })
}

/// Puts all that steps from `first` on changed back to what it was before.
///
/// # Errors
/// Why that cannot be done.
fn put_back(shared: &Shared, first: usize) -> Result<(), String> {
    let place = shared.timeline.at(first);
    let differs = |path: &WsPath| place.state(path) != shared.cache.disk.state(path);
    let mut since = shared.timeline.changed_since(first).into_iter().filter(&differs);
    if let Some(outside) = since.find(|path| !path.is_inside()) {
        return Err(format!("`{outside}` lies outside the workspace"));
    }
    // What those before it left and is not on disk is brought back as well.
    let changed = shared.timeline.changed().into_iter().filter(|path| path.is_inside() && differs(path));
    let changed: Vec<WsPath> = changed.collect();
    let targets: Vec<Target> =
        changed.iter().map(|path| Target { path: path.clone(), state: place.state(path) }).collect();
    let left: Vec<State> = changed.iter().map(|path| shared.cache.disk.state(path)).collect();
    let is_replaceable = |path: &WsPath, found: &State| {
        changed.iter().zip(&left).any(|(changed, left)| changed == path && left == found)
    };
    let restored =
        cache::restore(&shared.cache.disk, &shared.cache.blobs, &targets, &shared.kept, is_replaceable);
    restored.map(|_| ()).map_err(|error| error.to_string())
}

/// Decides steps again, one after the other.
struct Again<'d, 'a> {
    desk: &'d mut Desk<'a>,
    late: Late,
    /// Places in the order of the plan, by place among those that are decided again.
    nodes: Vec<usize>,
    /// Those whose reuse has been told already.
    told: BTreeSet<usize>,
}

impl Desk<'_> {
    /// Puts a run right whose steps overlapped in the wrong order; nothing if that cannot be done, which is told.
    ///
    /// `participants` are the steps that ran or were reused; after a failure those that it kept from running too.
    pub(super) fn repair(&mut self, late: Late, participants: &[usize]) -> Option<Summary> {
        let nodes: Vec<usize> = participants.iter().copied().filter(|index| *index >= late.index).collect();
        let outward = nodes.iter().find(|index| self.answered.get(index).is_some_and(|it| it.is_outward));
        let undone = match outward {
            Some(index) => Err(format!("{} acted beyond the workspace", self.id(*index))),
            None => put_back(&self.shared, late.index),
        };
        if let Err(why) = undone {
            let text = format!(
                "{} found `{}` as it was before an earlier step changed it, and cannot be run again: {why}; run az again",
                self.id(late.index),
                late.subject
            );
            self.teller.warn(code::WRONG_ORDER, Some(self.id(late.index)), text);
            self.has_wrong_order = true;
            return None;
        }
        self.tell_restored();
        self.shared = Arc::new(self.shared.resumed_at(late.index));
        let policy = Policy { capacities: vec![1], ..Policy::new(1, OnFailure::FailFast) };
        let chained = |place: usize| scheduler::Node {
            needs: place
                .checked_sub(1)
                .map(|node| Need { node, strength: Strength::Order })
                .into_iter()
                .collect(),
            resources: vec![(ResourceId(0), 1)],
            retries: 0,
            retry_delay: std::time::Duration::ZERO,
            timeout: self.plan.nodes[nodes[place]].settings.timeout,
            group: None,
        };
        let scheduler = Scheduler::new((0..nodes.len()).map(chained).collect(), policy);
        let told = self.answered.keys().copied().collect();
        // What is before it has been found to hold, and what is behind it is asked again.
        self.provisional.retain(|index, _| *index < late.index);
        self.answered.clear();
        self.overlaps = Overlaps::default();
        let (system, signals) = (&*self.engine.system, self.signals);
        Some(driver::drive(scheduler, &mut Again { desk: self, late, nodes, told }, system, signals))
    }
}

impl driver::Desk for Again<'_, '_> {
    type Done = Done;

    fn look_up(&mut self, node: usize) -> Verdict {
        let index = self.nodes[node];
        let shared = Arc::clone(&self.desk.shared);
        let force = if shared.force == Force::NoCache { Force::NoCache } else { Force::No };
        match decide(&shared.cache, &shared.timeline, &shared.nodes, index, force) {
            Decided::Reuse(hit) => {
                shared.promises.promise(&shared.timeline, index, &hit);
                self.desk.hits.insert(index, hit);
                Verdict::Hit
            }
            Decided::Skip(_) => Verdict::Skip,
            Decided::Run(_) => Verdict::Run,
        }
    }

    fn job(&mut self, node: usize, attempt: u32) -> Job<Done> {
        driver::Desk::job(self.desk, self.nodes[node], attempt)
    }

    fn settle(&mut self, node: usize, done: Done) -> Ending {
        driver::Desk::settle(self.desk, self.nodes[node], done)
    }

    fn panicked(&mut self, node: usize, panic: Panic) {
        driver::Desk::panicked(self.desk, self.nodes[node], panic);
    }

    fn changed(&mut self, node: usize, change: &Change) {
        let index = self.nodes[node];
        match change {
            Change::Started { .. } => {
                let text = format!("it overlapped a step before it, and `{}` changed", self.late.subject);
                let reasons = vec![Reason::new("order", &self.late.subject, text)];
                let node = self.desk.id(index);
                self.desk.teller.tell(Event::ScriptStarted { node, attempt: 1, reasons });
            }
            // What holds after all has been told already.
            Change::Finished(scheduler::Outcome::Cached) if self.told.contains(&index) => {}
            Change::Retrying { .. } | Change::Postponed => {}
            Change::Finished(outcome) => _ = self.desk.tell_end(index, *outcome),
        }
    }
}
