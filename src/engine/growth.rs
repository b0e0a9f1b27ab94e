//! A run whose plan grows: what a matrix that a step gives stands for is planned when that step has ended.
//!
//! What stands in front of such a matrix in the sequential order is driven first; then the plan is made anew with its
//! values, and what was driven is the beginning of it. Knows plans and schedulers. Does not know what a step does.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    Ask, Engine,
    desk::{Desk, known_paths, planned_node},
    job::Shared,
    prepare::Prepared,
    run::scheduler_of,
    turn::{Ended, Turn},
    zones::zones_of,
};
use crate::{
    diag::{Diagnostic, has_errors},
    event::Event,
    execute::{
        driver::{self, Signals, Summary},
        scheduler::{Outcome, Policy},
    },
    plan::Plan,
};

/// Returns the beginning of a plan up to the first matrix that is not known, from a place on.
pub(super) fn beginning(plan: &Arc<Plan>, from: usize) -> Arc<Plan> {
    let cut = plan.nodes[from..].iter().position(|node| node.deferred.is_some());
    match cut {
        None => Arc::clone(plan),
        Some(cut) => Arc::new(Plan { nodes: plan.nodes[..from + cut].to_vec(), ..Plan::clone(plan) }),
    }
}

impl Desk<'_> {
    /// Drives all steps of a plan of which the desk has the beginning, and of the plans it grows to.
    pub(super) fn drive(&mut self, mut whole: Arc<Plan>, policy: &Policy, signals: &Signals) -> Summary {
        let engine = self.engine;
        let mut ask = self.ask.clone();
        let mut summary = self.drive_part(policy, signals);
        while self.plan.nodes.len() < whole.nodes.len() {
            let at = self.plan.nodes.len();
            if summary.is_abandoned || summary.has_timed_out {
                self.give_up(&whole, &ask);
                return summary;
            }
            if let Some(interrupt) = summary.interrupted {
                // What cleans up runs all the same.
                self.grow(Arc::clone(&whole), &ask);
                signals.raise(interrupt);
                return self.drive_part(policy, signals);
            }
            match self.matrix_at(&whole, at) {
                Ok(None) => {}
                Ok(Some(values)) => {
                    ask.known.extend(values);
                    match engine.planned_again(&ask, self, at) {
                        Ok(plan) => whole = plan,
                        Err(error) => _ = self.refused.insert(at, error),
                    }
                }
                Err(error) => _ = self.refused.insert(at, error),
            }
            let is_left = whole.nodes.get(at).is_some_and(|node| node.deferred.is_some());
            self.grow(beginning(&whole, at + usize::from(is_left)), &ask);
            summary = self.drive_part(policy, signals);
        }
        summary
    }

    /// Drives what has not ended.
    fn drive_part(&mut self, policy: &Policy, signals: &Signals) -> Summary {
        let elapsed = self.teller.elapsed();
        let timeout = policy.timeout.map(|limit| limit.saturating_sub(elapsed));
        let policy = Policy { timeout, ..policy.clone() };
        let ended: Vec<Outcome> = self.course.ends().into_iter().map_while(|ending| ending).collect();
        let scheduler = scheduler_of(&self.plan, &policy, self.options.priority, &ended);
        let system = &*self.engine.system;
        driver::drive(scheduler, self, system, signals)
    }

    /// Returns the values of the matrix that a node stands for; nothing if the node does not run.
    ///
    /// # Errors
    /// Why there are none.
    fn matrix_at(&self, whole: &Arc<Plan>, at: usize) -> Result<Option<BTreeMap<String, Value>>, String> {
        let plan = Arc::new(Plan { nodes: whole.nodes[..=at].to_vec(), ..Plan::clone(whole) });
        let course = self.course.grown(Arc::clone(&plan));
        let turn = Turn {
            engine: self.engine,
            ask: self.ask,
            plan: &plan,
            course: &course,
            timeline: &self.shared.timeline,
            cache: &self.shared.cache,
            nodes: &self.shared.nodes,
            powershell: Some(&self.powershell),
            run: &self.shared.run,
            refused: &self.refused,
        };
        match turn.matrix(at) {
            Ok(values) => Ok(Some(values)),
            Err(Ended::Skipped(_) | Ended::Blocked { .. }) => Ok(None),
            Err(Ended::Failed(error)) => Err(error),
        }
    }

    /// Takes over a plan that has more nodes behind those that have ended.
    fn grow(&mut self, plan: Arc<Plan>, ask: &Ask) {
        let at = self.plan.nodes.len();
        let further: Vec<_> = plan.nodes[at..].iter().map(|node| planned_node(&plan, node)).collect();
        self.teller.tell(Event::Expanded { nodes: further });
        let nodes = self.engine.prepared(ask, &plan, &self.shared);
        self.shared.nodes.grow(nodes);
        // No step is at work, so nobody else has it.
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.known_paths = known_paths(&plan, &shared.cache);
            shared.zones = Arc::new(zones_of(self.engine, &plan, None));
        }
        self.course = self.course.grown(Arc::clone(&plan));
        self.stages.grow(plan.nodes[at..].iter().map(|node| node.stage.as_str()));
        self.open.extend(at..plan.nodes.len());
        self.reasons.resize(plan.nodes.len(), Vec::new());
        self.plan = plan;
    }

    /// Gives up all that was not driven.
    fn give_up(&mut self, whole: &Arc<Plan>, ask: &Ask) {
        let at = self.plan.nodes.len();
        self.grow(Arc::clone(whole), ask);
        for index in at..whole.nodes.len() {
            self.course.ended(index, Outcome::Cancelled);
            self.tell_end(index, Outcome::Cancelled);
        }
    }
}

impl Engine {
    /// Plans again, now that the run has told more; what is in front of a place has to be what it was.
    fn planned_again(&self, ask: &Ask, desk: &Desk<'_>, at: usize) -> Result<Arc<Plan>, String> {
        let planned = self.planned(ask);
        let said = |faults: &[Diagnostic]| {
            let errors = faults.iter().filter(|fault| fault.is_error());
            errors
                .map(|fault| fault.message.clone())
                .next()
                .unwrap_or_else(|| "it cannot be planned".to_owned())
        };
        let plan = planned.plan.filter(|_| !has_errors(&planned.diagnostics));
        let Some(plan) = plan else { return Err(said(&planned.diagnostics)) };
        let cache = &desk.shared.cache;
        let nodes = self.prepared(ask, &plan, &desk.shared);
        let plan = self.put_in_order(ask, &plan, &nodes, cache);
        let is_same = plan.nodes.len() >= at
            && plan.nodes.iter().zip(&desk.plan.nodes).all(|(now, before)| now.id == before.id);
        if is_same { Ok(plan) } else { Err("the values change what came before them".to_owned()) }
    }

    /// Prepares the nodes of a plan, with what earlier runs of them taught.
    fn prepared(&self, ask: &Ask, plan: &Arc<Plan>, shared: &Shared) -> Vec<Prepared> {
        let (mut nodes, _) = self.prepare(ask, plan, &shared.masks);
        self.learn(&shared.cache, &mut nodes);
        nodes
    }
}
