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

use super::{JournalEnd, Preface, Told, between::Rewritten, scripts::Taken};
use crate::{
    cache::{Gate, Known},
    engine::{Engine, desk::Desk, job::Shared},
    event::{Event, Outcome, PlannedNode},
    journal::Status,
    plan::{Node, Plan},
    report::RunView,
    sys::{Asked, Stat},
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

    /// Finds out what is due if these paths have changed, and something was run for these steps; nothing if that needs the
    /// whole plan.
    pub(super) fn new(
        gate: Gate,
        preface: Preface,
        (changed, run_since): (Vec<usize>, Vec<usize>),
        (touched, taken): (Vec<(usize, Stat)>, BTreeMap<usize, Taken>),
    ) -> Option<Self> {
        let is_as_it_was = gate.open_items() == 0 && changed.is_empty() && taken.is_empty();
        if is_as_it_was && run_since.is_empty() {
            return Some(Self { gate, preface, due: vec![], touched, taken });
        }
        preface.resume.as_ref()?;
        if !gate.is_whole() {
            return None;
        }
        let count = gate.item_count();
        let mut spread = Spread::new(&gate);
        (0..count).filter(|item| gate.is_open(*item)).for_each(|item| spread.add(item));
        run_since.into_iter().for_each(|item| spread.add(item));
        let rows = changed.into_iter().chain(taken.keys().copied());
        rows.filter_map(|row| gate.at(row)).for_each(|known| spread.add_askers(&known));
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
        engine.look_at_changed(shared);
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
    gate: &'a Gate,
    /// The items that wait for each.
    followers: Vec<Vec<u32>>,
    is_due: Vec<bool>,
    /// Who leaves something at a path, by its place.
    writers: BTreeMap<usize, Vec<u32>>,
    /// The places of which all who ask for them are due.
    told: BTreeSet<usize>,
    open: Vec<usize>,
}

impl<'a> Spread<'a> {
    fn new(gate: &'a Gate) -> Self {
        let count = gate.item_count();
        let mut followers = vec![Vec::new(); count];
        for item in 0..count {
            for need in gate.needs(item) {
                if let Some(followers) = followers.get_mut(*need as usize) {
                    followers.push(u32::try_from(item).unwrap_or(u32::MAX));
                }
            }
        }
        let is_due = vec![false; count];
        Self { gate, followers, is_due, writers: BTreeMap::new(), told: BTreeSet::new(), open: vec![] }
    }

    fn add(&mut self, item: usize) {
        if let Some(is_due) = self.is_due.get_mut(item).filter(|is_due| !**is_due) {
            *is_due = true;
            self.open.push(item);
        }
    }

    fn add_askers(&mut self, known: &Known<'_>) {
        if self.told.insert(known.index) {
            known.askers().for_each(|(item, _)| self.add(item as usize));
        }
    }

    /// Those that leave something there later than an item are due with it.
    fn add_later_writers(&mut self, item: usize, known: &Known<'_>) {
        let found = || known.askers().filter(|(_, writes)| *writes).map(|(item, _)| item).collect();
        let writers: &Vec<u32> = self.writers.entry(known.index).or_insert_with(found);
        let later = writers.iter().map(|writer| *writer as usize).filter(|writer| *writer > item);
        later.collect::<Vec<_>>().into_iter().for_each(|writer| self.add(writer));
    }

    /// Returns all that are due, in order.
    fn all(mut self) -> Vec<usize> {
        while let Some(item) = self.open.pop() {
            for follower in std::mem::take(&mut self.followers[item]) {
                self.add(follower as usize);
            }
            for (known, writes) in self.gate.asked_by(item) {
                if writes {
                    self.add_askers(&known);
                } else {
                    self.add_later_writers(item, &known);
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
        let stood_between = self.stood_between(partly);
        let is_done_with =
            || !stood_between && !hands_on && !partly.have_changed_others(self.engine, &self.shared);
        match () {
            () if is_done_with() => Effect::None,
            () if self.course.is_cancelled => Effect::Unknown,
            // One that failed for what it found would not have, had it found what the first left.
            () if stood_between || is_well => Effect::Evaluate,
            () => Effect::Unknown,
        }
    }

    /// Tells whether a due step asked for what is not on disk as it stands at its place.
    fn stood_between(&self, partly: &Partly) -> bool {
        let seen = self.engine.recorder.seen();
        let view = self.teller.view();
        let rewritten = Rewritten::new(partly);
        let (asked, none) = (self.answers.asked(), Asked::default());
        self.plan.nodes.iter().zip(&partly.due).enumerate().any(|(index, (node, item))| {
            let outcome = view.nodes.get(&node.id).and_then(|node| node.outcome);
            let last = self.shared.cache.store.last(&node.identity);
            let record = last.filter(|record| record.run == self.shared.run);
            let has_asked = match (outcome, record) {
                (Some(Outcome::Ran), Some(record)) => record
                    .questions()
                    .any(|question| rewritten.is_asked_by(*item, &question, &self.engine.root)),
                // It was started, and nobody knows what it asked for.
                (Some(Outcome::Ran | Outcome::Failed), _) => rewritten.is_any(*item),
                _ => false,
            };
            has_asked || rewritten.is_in(*item, asked.get(index).copied().unwrap_or(&none), &seen)
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
