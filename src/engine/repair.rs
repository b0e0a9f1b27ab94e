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
    time::Duration,
};

use super::{
    desk::Desk,
    job::{Done, Shared},
    late::Late,
    lookup::{Decided, decide},
    run::{Force, gate, retrying},
};
use crate::{
    base::WsPath,
    cache::{self, SetAside, Target},
    diag::code,
    event::{self, Event, Reason},
    execute::{
        driver::{self, Change, Job, Lost, Summary},
        scheduler::{self, Ending, Need, OnFailure, Policy, ResourceId, Scheduler, Strength, Verdict},
    },
    fingerprint::{State, View},
};

/// Puts all that steps from `first` on changed back to what it was before.
///
/// # Errors
/// Why that cannot be done.
fn put_back(shared: &Shared, first: usize) -> Result<Vec<SetAside>, String> {
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
    // What this run neither found nor left was written by a person meanwhile.
    let is_replaceable = |path: &WsPath, found: &State| {
        shared.timeline.knows(path, found) || shared.cache.store.is_ours(path, found)
    };
    for target in &targets {
        shared.timeline.put(&target.path, &shared.cache.disk.state(&target.path));
    }
    let blobs = &shared.cache.blobs;
    let recalled = shared.promises.recall(blobs, &targets);
    let restored = cache::restore(&shared.cache.disk, blobs, &targets, &shared.kept, is_replaceable);
    for digest in &recalled {
        // One that stays is litter for the next eviction.
        _ = blobs.remove(digest);
    }
    restored.map(|report| report.set_aside).map_err(|error| error.to_string())
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
    /// `participants` are the steps that ran, were reused or left out; after a failure those that it kept from running too. Those
    /// of them that come after `until`, which is about to start, are decided when it has ended.
    pub(super) fn repair(&mut self, late: Late, participants: &[usize], until: usize) -> Option<Summary> {
        let since: Vec<usize> = participants.iter().copied().filter(|index| *index >= late.index).collect();
        let outward = since.iter().find(|index| self.answered.get(index).is_some_and(|it| it.is_outward));
        let undone = match outward {
            Some(index) => Err(format!("{} acted beyond the workspace", self.id(*index))),
            None => put_back(&self.shared, late.index),
        };
        match undone {
            Ok(set_aside) => self.tell_set_aside(&set_aside),
            Err(why) => {
                let text = format!(
                    "{} found `{}` as it was before an earlier step changed it, and cannot be run again: {why}; run az \
                     again",
                    self.id(late.index),
                    late.subject
                );
                self.teller.warn(code::WRONG_ORDER, Some(self.id(late.index)), text);
                self.has_wrong_order = true;
                return None;
            }
        }
        self.tell_restored();
        self.shared = Arc::new(self.shared.resumed_at(late.index));
        self.course.resume_at(late.index);
        let (nodes, behind): (Vec<usize>, Vec<usize>) = since.into_iter().partition(|index| *index < until);
        // What is before it has been found to hold, and what is decided now is asked again.
        self.provisional.retain(|index, _| *index < late.index);
        let crossed = WsPath::from_normal(&late.subject).or(Some(WsPath::root()));
        self.answered.retain(|index, answered| {
            answered.crossed.clone_from(&crossed.clone().filter(|_| behind.contains(index)));
            *index < late.index || behind.contains(index)
        });
        self.handed.retain(|index, _| *index < late.index || behind.contains(index));
        self.overlaps.have_been = false;
        let scheduler = self.scheduler_of(&nodes);
        let told = nodes.iter().copied().filter(|index| self.has_ended_well(*index)).collect();
        let (system, signals) = (&*self.engine.system, self.signals);
        let summary = driver::drive(scheduler, &mut Again { desk: self, late, nodes, told }, system, signals);
        self.overlaps.have_been |= !behind.is_empty();
        Some(summary)
    }

    /// Returns a scheduler that decides these steps one after the other, by the policy of the run.
    fn scheduler_of(&self, nodes: &[usize]) -> Scheduler {
        let on_failure = if self.goes_on { OnFailure::KeepGoing } else { OnFailure::FailFast };
        let timeout = self.options.timeout.map(|limit| limit.saturating_sub(self.teller.elapsed()));
        let policy = Policy { capacities: vec![1], timeout, ..Policy::new(1, on_failure) };
        let place_of = |index: usize| nodes.binary_search(&index).ok();
        let node = |place: usize| {
            let node = &self.plan.nodes[nodes[place]];
            let hard = node.edges.iter().filter(|edge| edge.kind.is_hard());
            let hard = hard.filter_map(|edge| Some((place_of(edge.to)?, Strength::Hard)));
            let mut needs: BTreeMap<usize, Strength> =
                place.checked_sub(1).map(|before| (before, Strength::Order)).into_iter().collect();
            needs.extend(hard);
            scheduler::Node {
                needs: needs.into_iter().map(|(node, strength)| Need { node, strength }).collect(),
                resources: vec![(ResourceId(0), 1)],
                gate: gate(node),
                is_tolerated: node.is_tolerated,
                cohort: node.cohort.map(|(cohort, _)| cohort),
                member: node.cohort.map_or(0, |(_, member)| member),
                ..retrying(node)
            }
        };
        Scheduler::new((0..nodes.len()).map(node).collect(), policy)
    }

    pub(super) fn outcome(&self, index: usize) -> Option<event::Outcome> {
        self.teller.view().nodes.get(&self.plan.nodes[index].id).and_then(|node| node.outcome)
    }

    fn is_cancelled(&self, index: usize) -> bool {
        self.outcome(index) == Some(event::Outcome::Cancelled)
    }

    fn is_left_out(&self, index: usize) -> bool {
        self.outcome(index) == Some(event::Outcome::Skipped)
    }

    fn has_ended_well(&self, index: usize) -> bool {
        matches!(
            self.outcome(index),
            Some(event::Outcome::Ran | event::Outcome::Cached | event::Outcome::Restored)
        )
    }
}

impl Again<'_, '_> {
    /// Returns an outcome that names places of the plan.
    fn in_plan(&self, outcome: scheduler::Outcome) -> scheduler::Outcome {
        match outcome {
            scheduler::Outcome::Blocked { by } => scheduler::Outcome::Blocked { by: self.nodes[by] },
            other => other,
        }
    }

    /// Returns a verdict that names places among those that are decided again.
    fn verdict(&mut self, index: usize, verdict: Verdict) -> Verdict {
        let Verdict::Block { by } = verdict else { return verdict };
        if let Ok(by) = self.nodes.binary_search(&by) {
            return Verdict::Block { by };
        }
        // It failed before all that is decided again.
        let text = format!("{} did not end well", self.desk.id(by));
        self.desk.done.insert(index, Done::failed(text, Duration::ZERO));
        Verdict::Fail
    }
}

impl driver::Desk for Again<'_, '_> {
    type Done = Done;

    fn look_up(&mut self, node: usize) -> Verdict {
        let index = self.nodes[node];
        if let Err(verdict) = self.desk.take_turn(index) {
            return self.verdict(index, verdict);
        }
        let shared = Arc::clone(&self.desk.shared);
        let force = if shared.force == Force::NoCache { Force::NoCache } else { Force::No };
        match decide(&shared.cache, &shared.timeline, &shared.nodes.all(), index, force) {
            // What was to run at any rate is to have run in this very run.
            Decided::Reuse(hit) if shared.force != Force::No && hit.record.run != shared.run => Verdict::Run,
            Decided::Reuse(hit) => {
                self.desk.reuse(index, hit);
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

    fn lost(&mut self, node: usize, lost: Lost) {
        driver::Desk::lost(self.desk, self.nodes[node], lost);
    }

    fn interrupted(&mut self) {
        driver::Desk::interrupted(self.desk);
    }

    fn changed(&mut self, node: usize, change: &Change) {
        let index = self.nodes[node];
        if let Change::Finished(outcome) = change {
            self.desk.course.ended(index, self.in_plan(*outcome));
        }
        match change {
            Change::Started { .. } => {
                // Those behind the first run since what that one leaves may be something else.
                let text = if index == self.late.index {
                    self.late.why.clone()
                } else {
                    format!("{} was run again", self.desk.id(self.late.index))
                };
                let reasons = vec![Reason::new("order", &self.late.subject, text)];
                let node = self.desk.id(index);
                self.desk.teller.tell(Event::ScriptStarted { node, attempt: 1, reasons });
            }
            // What holds after all has been told already.
            Change::Finished(scheduler::Outcome::Cached) if self.told.contains(&index) => {
                // By another record, that may be something else.
                self.desk.tell_handed(index);
            }
            Change::Finished(scheduler::Outcome::Skipped) if self.desk.is_left_out(index) => {}
            Change::Finished(scheduler::Outcome::Cancelled) if self.desk.is_cancelled(index) => {}
            Change::Retrying { .. } | Change::Postponed => driver::Desk::changed(self.desk, index, change),
            Change::Finished(outcome) => _ = self.desk.tell_end(index, self.in_plan(*outcome)),
        }
    }
}
