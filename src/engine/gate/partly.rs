//! A build of which a gate says that all but some steps are what they were.
//!
//! What has changed makes the steps due that asked for it. Due are, with them, all that wait for one of them or look at
//! what one of them writes; and where several write one path, those that come later, since a step is answered in the
//! state at its place. All others hold, and are told as they were told before.
//!
//! When the due ones have ended, whatever they did is held against what the others had looked at. If that is not what
//! it was, the whole plan has to be evaluated; nothing that was said so far is wrong then.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    JournalEnd, Preface, Told,
    between::{Ended, Rewritten},
    scripts::Taken,
};
use crate::{
    cache::{Gate, Known},
    engine::{Engine, desk::Desk, job::Shared},
    event::{Event, Outcome, PlannedNode},
    journal::Status,
    plan::{Node, Plan},
    report::RunView,
    sys::{Asked, Stat, asking_for_nobody},
};

/// So few steps are decided one by one even if they are most of the plan.
const FEW: usize = 64;
/// So many steps that are as they were are told of one by one.
const TOLD: usize = 200;

/// What is to be done where a gate says that all else holds.
#[derive(Debug)]
pub struct Partly {
    pub(super) gate: Gate,
    pub(super) preface: Preface,
    /// The places of the steps that have to be decided, in order.
    pub(super) due: Vec<usize>,
    /// Paths that are what they were, with what the file system says now.
    pub(super) touched: Vec<(usize, Stat)>,
    /// Scripts that are others, from which planning takes what it took, by their places.
    pub(super) taken: BTreeMap<usize, Taken>,
}

impl Partly {
    /// Returns when all steps were last decided, in days since 1970.
    pub(super) fn evaluated(&self) -> u32 {
        self.preface.evaluated
    }

    /// Finds out what is due if these paths have changed; nothing if that needs the whole plan.
    pub(super) fn new(
        gate: Gate,
        preface: Preface,
        changed: Vec<usize>,
        (touched, taken): (Vec<(usize, Stat)>, BTreeMap<usize, Taken>),
    ) -> Option<Self> {
        preface.resume.as_ref()?;
        if !gate.is_whole() {
            return None;
        }
        let count = gate.item_count();
        let mut spread = Spread::new(&gate);
        (0..count).filter(|item| gate.is_open(*item)).for_each(|item| spread.add(item));
        changed.into_iter().chain(taken.keys().copied()).for_each(|row| spread.add_askers(row));
        let due = spread.all();
        let is_most = due.len() > FEW && due.len() * 2 > count;
        (!is_most).then(|| Self { gate, preface, due, touched, taken })
    }

    /// Tells whether nobody has run anything since the gate was read.
    pub(in crate::engine) fn still_holds(&self, engine: &Engine) -> bool {
        JournalEnd::now(&*engine.system, &engine.layout).is_ok_and(|end| end == self.preface.journal)
    }

    /// Returns a plan of the steps that are due.
    pub(in crate::engine) fn plan(&self) -> Option<Plan> {
        let mut nodes = Vec::with_capacity(self.due.len());
        for index in &self.due {
            let mut node = Node::from_bytes(self.gate.plan(*index))?;
            node.edges = std::mem::take(&mut node.edges)
                .into_iter()
                .filter_map(|mut edge| {
                    edge.to = self.due.binary_search(&edge.to).ok()?;
                    Some(edge)
                })
                .collect();
            nodes.push(node);
        }
        Some(self.preface.resume.as_ref()?.plan(nodes))
    }

    /// Returns the private state that all steps of the plan name.
    pub(in crate::engine) fn scratch(&self) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
        self.preface.resume.iter().flat_map(|resume| &resume.scratch)
    }

    /// Returns the places of the steps of which no more is told than how many they are: where they are very many, those
    /// that are as they were.
    pub(in crate::engine) fn held(&self, tells_all: bool) -> BTreeSet<usize> {
        let is_plain = |item: &usize| !self.is_due(*item) && !self.gate.is_notable(*item);
        let is_many = !tells_all && self.gate.item_count() - self.due.len() > TOLD;
        let items = if is_many { 0..self.gate.item_count() } else { 0..0 };
        items.filter(is_plain).collect()
    }

    /// Returns all steps of the plan but some, as they are told of.
    pub(in crate::engine) fn nodes(&self, held: &BTreeSet<usize>) -> Option<Vec<PlannedNode>> {
        let items = (0..self.gate.item_count()).filter(|item| !held.contains(item));
        items.map(|item| Some(self.told(item)?.node)).collect()
    }

    fn told(&self, item: usize) -> Option<Told> {
        serde_json::from_slice(self.gate.answer(item)).ok()
    }

    /// Tells whether a step is decided again, by its place in the whole plan.
    pub(super) fn is_due(&self, item: usize) -> bool {
        self.due.binary_search(&item).is_ok()
    }

    /// Tells whether what the due steps did concerns others.
    fn have_changed_others(&self, engine: &Engine, shared: &Shared) -> bool {
        asking_for_nobody(|| {
            for path in shared.timeline.changed_on_disk() {
                let path = path.to_absolute(&engine.root);
                _ = engine.system.stat(&path);
                _ = path.parent().map(|folder| engine.system.stat(folder));
            }
        });
        let is_other = |item: u32| !self.is_due(item as usize);
        let has_changed = |path: &Path, now: Option<Option<Stat>>, is_followed: bool| {
            let (Some(now), Some(known)) = (now, self.gate.find(path, is_followed)) else { return false };
            let concerns = known.is_common() || known.askers().any(|(item, _)| is_other(item));
            // Of what planning took from a script it was found out before that it is what it was.
            let is_taken = self.taken.get(&known.index).is_some_and(|taken| Some(taken.stat) == now);
            concerns && !is_taken && !is_as_it_was(engine, &known, now)
        };
        engine
            .recorder
            .seen()
            .iter()
            .any(|(path, seen)| has_changed(path, seen.itself, false) || has_changed(path, seen.target, true))
    }
}

/// What follows for steps that were not decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Effect {
    /// They are what they were.
    None,
    /// The whole plan has to be evaluated.
    Evaluate,
    /// What was not done may concern them: the next build has to find out.
    Unknown,
}

fn is_as_it_was(engine: &Engine, known: &Known<'_>, now: Option<Stat>) -> bool {
    let then = known.known();
    (then.stat == now && (then.is_settled || now.is_none())) || known.is_unchanged(&*engine.system).is_some()
}

/// Finds all steps that are due with others.
struct Spread<'a> {
    rows: Vec<Option<Known<'a>>>,
    /// The rows that each item asks for, in one list; with whether it writes there.
    asked: Vec<(u32, bool)>,
    /// Where the rows of an item begin.
    first: Vec<usize>,
    /// The items that wait for each.
    followers: Vec<Vec<u32>>,
    is_due: Vec<bool>,
    is_told: Vec<bool>,
    open: Vec<usize>,
}

impl<'a> Spread<'a> {
    fn new(gate: &'a Gate) -> Self {
        let count = gate.item_count();
        let mut rows = vec![None; gate.places()];
        gate.paths().for_each(|known| rows[known.index] = Some(known));
        let mut first = vec![0; count + 1];
        let is_item = |item: u32| (item as usize) < count;
        for (item, _) in rows.iter().flatten().flat_map(Known::askers).filter(|(item, _)| is_item(*item)) {
            first[item as usize + 1] += 1;
        }
        for index in 0..count {
            first[index + 1] += first[index];
        }
        let mut next = first.clone();
        let mut asked = vec![(0, false); first[count]];
        for (index, row) in rows.iter().enumerate() {
            for (item, writes) in row.iter().flat_map(Known::askers).filter(|(item, _)| is_item(*item)) {
                asked[next[item as usize]] = (u32::try_from(index).unwrap_or(u32::MAX), writes);
                next[item as usize] += 1;
            }
        }
        let mut followers = vec![Vec::new(); count];
        for item in 0..count {
            for need in gate.needs(item) {
                if let Some(followers) = followers.get_mut(*need as usize) {
                    followers.push(u32::try_from(item).unwrap_or(u32::MAX));
                }
            }
        }
        let is_told = vec![false; rows.len()];
        Self { rows, asked, first, followers, is_due: vec![false; count], is_told, open: vec![] }
    }

    fn add(&mut self, item: usize) {
        if let Some(is_due) = self.is_due.get_mut(item).filter(|is_due| !**is_due) {
            *is_due = true;
            self.open.push(item);
        }
    }

    fn add_askers(&mut self, row: usize) {
        if let Some(known) = self.rows.get(row).copied().flatten() {
            known.askers().for_each(|(item, _)| self.add(item as usize));
        }
    }

    /// Returns all that are due, in order.
    fn all(mut self) -> Vec<usize> {
        while let Some(item) = self.open.pop() {
            for follower in std::mem::take(&mut self.followers[item]) {
                self.add(follower as usize);
            }
            for at in self.first[item]..self.first[item + 1] {
                let (row, writes) = self.asked[at];
                let row = row as usize;
                if writes && !std::mem::replace(&mut self.is_told[row], true) {
                    self.add_askers(row);
                } else if let Some(known) = self.rows[row].filter(|_| !writes) {
                    let later = known.askers().filter(|(other, writes)| *writes && *other as usize > item);
                    later.for_each(|(other, _)| self.add(other as usize));
                }
            }
        }
        (0..self.is_due.len()).filter(|item| self.is_due[*item]).collect()
    }
}

impl Desk<'_> {
    /// Returns what follows for the other steps from what the due ones did.
    pub(in crate::engine) fn effect_on_others(&self, partly: &Partly) -> Effect {
        let is_well = self.teller.view().nodes.values().all(|node| {
            !matches!(node.outcome, Some(Outcome::Failed | Outcome::Blocked | Outcome::Cancelled))
        });
        let hands_on = (0..self.plan.nodes.len())
            .any(|index| self.handed(index).is_some_and(|handed| !handed.is_empty()));
        match () {
            () if self.stood_between(partly) => Effect::Evaluate,
            () if !hands_on && !partly.have_changed_others(self.engine, &self.shared) => Effect::None,
            () if is_well => Effect::Evaluate,
            () => Effect::Unknown,
        }
    }

    /// Tells whether a due step asked for what is not on disk as it stands at its place.
    fn stood_between(&self, partly: &Partly) -> bool {
        let rewritten = Rewritten::of(partly);
        if rewritten.is_empty() {
            return false;
        }
        let seen = self.engine.recorder.seen();
        let view = self.teller.view();
        let none = Asked::default();
        let asked = self.answers.asked();
        self.plan.nodes.iter().zip(&partly.due).enumerate().any(|(index, (node, item))| {
            let last = self.shared.cache.store.last(&node.identity);
            let record = last.filter(|record| record.run == self.shared.run);
            let step = Ended {
                item: *item,
                asked: asked.get(index).copied().unwrap_or(&none),
                outcome: view.nodes.get(&node.id).and_then(|node| node.outcome),
                record: record.as_deref(),
            };
            rewritten.was_asked_by(&step, &seen, &self.engine.root)
        })
    }

    /// Ends the run, so that another one goes on where it stands; returns what is known of it.
    pub(in crate::engine) fn leave_to_others(self) -> RunView {
        self.teller.finish(Status::Completed).view
    }

    /// Tells of the steps that were not decided again, as they were told of before.
    pub(in crate::engine) fn tell_of_others(&mut self, partly: &Partly, held: &BTreeSet<usize>) {
        let now = self.engine.system.monotonic();
        let is_told = |item: &usize| !partly.is_due(*item) && !held.contains(item);
        for item in (0..partly.gate.item_count()).filter(is_told) {
            let Some(Told { node, events }) = partly.told(item) else { continue };
            if let Some(event) = self.stages.begin(&node.stage, now) {
                self.teller.tell(event);
            }
            let is_skipped = events.iter().any(|event| matches!(event, Event::Skipped { .. }));
            let outcome = if is_skipped { Outcome::Skipped } else { Outcome::Cached };
            events.into_iter().for_each(|event| self.teller.tell(event));
            if let Some(event) = self.stages.end(&node.stage, (&node.id, outcome, None), now) {
                self.teller.tell(event);
            }
        }
    }
}
