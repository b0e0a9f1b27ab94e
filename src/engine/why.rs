//! Why a step ended as it did: from the last saved run that has it, else from its records.

use std::sync::Arc;

use super::{
    Engine, EngineError, SavedRun,
    nodes::{self, Called, Found},
};
use crate::{
    base::plural,
    cache::{Ending, Record, Store},
    event::{Outcome, Reason},
    journal::short_run,
    model::query::catalog,
    report::explain_node,
};

/// Why a step ended as it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The step's id, or what its records belong to.
    pub node: String,
    /// How it ended; nothing if its run broke off.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Steps of the run and their reasons, from the step that made a change to the root cause.
    pub causes: Vec<(String, Vec<Reason>)>,
    /// The run the answer is from.
    pub run: String,
    /// The record the step left there, or that was reused.
    pub record: Option<Arc<Record>>,
    /// The record may still be reused.
    pub is_usable: bool,
    /// All this in words, a line each.
    pub text: String,
}

impl Engine {
    /// Says why a step ended as it did in a run, or in the last one that has it.
    ///
    /// # Errors
    /// If no such step, or no such run, is known.
    pub fn why(&self, wanted: &str, run: Option<&str>) -> Result<Why, EngineError> {
        let store = Store::open(Arc::clone(&self.system), self.layout.clone());
        if let Some(run) = run {
            let saved = self.run_called(run)?;
            let id = saved.step_called(wanted)?.to_owned();
            return Ok(from_run(&store, &saved, &id));
        }
        let mut known: Vec<Called> = Vec::new();
        for entry in self.runs() {
            let saved = self.saved(entry);
            let steps: Vec<Called> =
                saved.view.nodes.values().map(|node| Called::planned(&node.planned)).collect();
            match nodes::find(&steps, wanted) {
                Found::One(index) => return Ok(from_run(&store, &saved, &steps[index].id)),
                Found::Several(found) => return Err(nodes::ambiguous(&steps, &found, wanted).into()),
                Found::Nothing => known.extend(steps),
            }
        }
        let identity = self.recorded(&store, wanted, known)?;
        Ok(from_records(&store, &identity))
    }

    /// Says what a reuse of a step relies on: its latest record that may be reused.
    ///
    /// # Errors
    /// If no record belongs to such a step.
    pub fn why_cached(&self, wanted: &str) -> Result<Why, EngineError> {
        let store = Store::open(Arc::clone(&self.system), self.layout.clone());
        let (node, identity) = self.identified(&store, wanted)?;
        Ok(Why { node, ..from_records(&store, &identity) })
    }

    /// Returns the last record of a step, with the name it is known by.
    ///
    /// # Errors
    /// If no record belongs to such a step.
    pub(super) fn last_record(&self, wanted: &str) -> Result<(String, Arc<Record>), EngineError> {
        let store = Store::open(Arc::clone(&self.system), self.layout.clone());
        let (node, identity) = self.identified(&store, wanted)?;
        let record = store.last(&identity).expect("what is recorded has a record");
        Ok((node, record))
    }

    /// Returns the step that `wanted` stands for, and what its records belong to.
    fn identified(&self, store: &Store, wanted: &str) -> Result<(String, String), EngineError> {
        // A step of a playbook is known by the id it has there, which its records do not tell.
        let in_last = self.runs().into_iter().next().and_then(|entry| {
            let saved = self.saved(entry);
            let id = saved.step_called(wanted).ok()?.to_owned();
            let identity = from_run(store, &saved, &id).record?.identity.clone();
            Some((id, identity))
        });
        if let Some(found) = in_last {
            return Ok(found);
        }
        let identity = self.recorded(store, wanted, Vec::new())?;
        Ok((from_records(store, &identity).node, identity))
    }

    /// Returns the one identity of records that `wanted` stands for.
    fn recorded(&self, store: &Store, wanted: &str, known: Vec<Called>) -> Result<String, EngineError> {
        let mut identities: Vec<String> =
            store.records().iter().map(|record| record.identity.clone()).collect();
        identities.sort();
        identities.dedup();
        let mut steps: Vec<Called> = identities.iter().map(|identity| Called::recorded(identity)).collect();
        match nodes::find(&steps, wanted) {
            Found::One(index) => return Ok(identities.swap_remove(index)),
            Found::Several(found) => return Err(nodes::ambiguous(&steps, &found, wanted).into()),
            Found::Nothing => {}
        }
        let scripts = catalog(&self.db, self.workspace).scripts.iter();
        let scripts: Vec<Called> =
            scripts.map(|(_, script)| Called::recorded(script.path.as_str())).collect();
        if let Found::One(_) | Found::Several(_) = nodes::find(&scripts, wanted) {
            let fault = nodes::unknown(&[], wanted, &format!("it has not been run yet: az build {wanted}"));
            return Err(fault.into());
        }
        steps.extend(known);
        steps.extend(scripts);
        Err(nodes::unknown(&steps, wanted, "`az list` shows the scripts, `az runs show` the last run").into())
    }
}

fn from_run(store: &Store, saved: &SavedRun, id: &str) -> Why {
    let node = &saved.view.nodes[id];
    let reused = node.reasons.iter().find(|reason| reason.kind == "reused");
    let run = reused.map_or(saved.view.run.as_str(), |reason| &reason.subject);
    let belongs = |record: &&Arc<Record>| match (&node.planned.script, &saved.entry.info.playbook) {
        (Some(script), _) => record.identity == *script,
        (None, Some(playbook)) => is_step_of(&record.identity, playbook, id),
        (None, None) => false,
    };
    let records = store.records();
    let record = records.iter().rev().filter(|record| record.run == run).find(belongs).cloned();
    Why {
        node: id.to_owned(),
        outcome: node.outcome,
        reasons: node.reasons.clone(),
        causes: causes(saved, id),
        run: saved.view.run.clone(),
        is_usable: record.as_ref().is_some_and(|record| store.is_usable(record)),
        record,
        text: explain_node(&saved.view, node),
    }
}

/// Tells whether records with this identity are those of an inline step; the id of the only step of a job is the job's.
fn is_step_of(identity: &str, playbook: &str, id: &str) -> bool {
    let step = identity.strip_prefix(playbook).and_then(|rest| rest.strip_prefix('#'));
    step.is_some_and(|step| step == id || step.split_once('/').is_some_and(|(job, _)| job == id))
}

/// Follows what changed from step to step.
fn causes(saved: &SavedRun, id: &str) -> Vec<(String, Vec<Reason>)> {
    let nodes = &saved.view.nodes;
    let next = |id: &str| nodes.get(id)?.reasons.iter().find_map(|reason| reason.via.clone());
    let mut causes = Vec::new();
    let mut at = next(id);
    // A step is at most once in a chain, since what it waits for comes before it.
    while let Some(id) = at.filter(|_| causes.len() < nodes.len()) {
        at = next(&id).filter(|next| *next != id);
        causes.push((id.clone(), nodes.get(&id).map(|node| node.reasons.clone()).unwrap_or_default()));
    }
    causes
}

/// Answers for a step that no saved run has: a run with nothing to do leaves no folder.
fn from_records(store: &Store, identity: &str) -> Why {
    let usable = store.of(identity).find(|record| store.is_usable(record));
    let Some(record) = usable else {
        let last = store.last(identity);
        let text = why_unusable(identity, last.as_ref());
        let run = last.as_ref().map(|record| record.run.clone()).unwrap_or_default();
        let reasons = vec![Reason::new("not_reusable", identity, text.trim_end())];
        return Why {
            node: identity.to_owned(),
            outcome: None,
            reasons,
            causes: Vec::new(),
            run,
            record: last,
            is_usable: false,
            text,
        };
    };
    let since = format!("unchanged since run {}", short_run(&record.run));
    let count = plural(record.fingerprint.components().len(), "component");
    Why {
        node: identity.to_owned(),
        outcome: Some(Outcome::Cached),
        reasons: vec![Reason::new("reused", &record.run, &since)],
        causes: Vec::new(),
        run: record.run.clone(),
        is_usable: true,
        text: format!("{identity} is reused from run {} while {count} hold\n", short_run(&record.run)),
        record: Some(record),
    }
}

fn why_unusable(identity: &str, last: Option<&Arc<Record>>) -> String {
    let why = match last.map(|record| (&record.ending, short_run(&record.run))) {
        None => "it has no record".to_owned(),
        Some((Ending::Failed(how), run)) => format!("it failed in run {run}: {how}"),
        Some((Ending::Interrupted, run)) => format!("it was interrupted in run {run}"),
        Some((Ending::NotReusable(why), run)) => format!("run {run}: {why}"),
        Some((Ending::Reusable, run)) => format!("it was run again after run {run}, and did not end well"),
    };
    format!("{identity} has no record that can be reused: {why}\n")
}
