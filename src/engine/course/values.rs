//! What earlier steps and jobs look like to expressions: `steps`, `needs`, `jobs`, a step by its name.
//!
//! Knows results and what was handed on. Does not know who asks, but for the scope it stands in.

use serde_json::{Map, Value, json};

use super::{Course, called::is_boundary, ends::Tally, scene::Scene};
use crate::{
    plan::{Doubts, ScopeKind},
    text::expression::Outcome,
};

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
        Outcome::Cancelled => "cancelled",
        Outcome::Skipped => "skipped",
    }
}

impl Course {
    /// Returns all that the nodes of a scope handed on as outputs, later ones over earlier ones.
    fn outputs_in(&self, scope: usize, found: &mut Map<String, Value>) {
        let mut nodes = Vec::new();
        self.nodes_in(scope, &mut nodes);
        nodes.sort_unstable();
        for handed in nodes.iter().filter_map(|node| self.handed.get(node)) {
            found.extend(handed.outputs.clone());
        }
    }

    pub(super) fn nodes_in(&self, scope: usize, found: &mut Vec<usize>) {
        found.extend(&self.members[scope]);
        self.children[scope].iter().for_each(|child| self.nodes_in(*child, found));
    }
}

impl Scene<'_> {
    /// Returns the steps in front of this scope in its job, with what is inside of them.
    fn earlier_steps(&self) -> Vec<usize> {
        let course = self.course;
        let mut open: Vec<usize> = course
            .upwards(Some(self.scope))
            .take_while(|above| !is_boundary(course.kind(*above)))
            .flat_map(|above| course.before_in_list(above))
            .collect();
        // The outputs of a job are put together when all its steps have ended.
        if course.kind(self.scope) == ScopeKind::List {
            open.extend(&course.children[self.scope]);
        }
        let mut steps = Vec::new();
        while let Some(scope) = open.pop() {
            if course.kind(scope) == ScopeKind::Step {
                steps.push(scope);
            }
            if course.kind(scope) != ScopeKind::Playbook {
                open.extend(&course.children[scope]);
            }
        }
        steps.sort_unstable();
        steps
    }

    /// Returns `steps`.
    pub(super) fn steps(&self) -> Value {
        let steps = self.earlier_steps();
        let steps = steps.into_iter().map(|step| (self.course.plan.scopes[step].id.clone(), self.step(step)));
        Value::Object(steps.collect())
    }

    /// Returns a step by its id or its name, as the language of steps calls it.
    pub(super) fn step_called(&self, name: &str) -> Option<Value> {
        if !self.names().steps.contains(&name.to_ascii_lowercase()) {
            return None;
        }
        self.course.steps_called(name, self.scope).next().map(|step| self.step(step))
    }

    /// Returns a member of `steps`, `needs` or `jobs` without the others; nothing if the whole has to be looked at.
    pub(super) fn one_of_run(&self, whole: &str, name: &str) -> Option<Value> {
        let names = self.names();
        let is_other = names.variable(whole).is_some()
            || names.late_variable(whole).is_some()
            || names.steps.contains(&whole.to_ascii_lowercase());
        if is_other {
            return None;
        }
        let scopes = &self.course.plan.scopes;
        match whole.to_ascii_lowercase().as_str() {
            "steps" => {
                let mut called = self.course.steps_called(name, self.scope);
                called.find(|step| scopes[*step].id == name).map(|step| self.step(step))
            }
            "needs" => {
                let need = self.needed().iter().rev().find(|need| scopes[**need].id == name)?;
                Some(self.as_job(*need))
            }
            "jobs" => {
                // One of those that are needed at once, if no other job of that name is meant; else the whole tells.
                let around = self.course.upwards(Some(self.scope));
                let jobs = around
                    .filter(|above| matches!(self.course.kind(*above), ScopeKind::Job | ScopeKind::Stage));
                let need = self.needed().iter().rev().find(|need| scopes[**need].id == name)?;
                (jobs.count() == 1).then(|| self.as_job(*need))
            }
            _ => None,
        }
    }

    fn step(&self, step: usize) -> Value {
        let need = self.course.result(step);
        let mut outputs = Map::new();
        self.course.outputs_in(step, &mut outputs);
        let own = Scene::new(self.course, step, self.grounds);
        for (name, formula) in &self.course.plan.scopes[step].outputs {
            let result = Value::Object(outputs.clone());
            let value = own.output(formula, result);
            outputs.insert(name.clone(), value);
        }
        json!({
            "outputs": outputs,
            "outcome": word(need.outcome),
            "conclusion": word(need.conclusion()),
            "result": word(need.conclusion()),
            "success": need.outcome == Outcome::Success,
            "failed": need.outcome == Outcome::Failure,
            "skipped": need.outcome == Outcome::Skipped,
        })
    }

    /// Evaluates what gives an output; `$result` is what the step itself handed on.
    fn output(&self, formula: &crate::plan::Formula, result: Value) -> Value {
        let with_result = WithResult { scene: self, result };
        formula.fill(&with_result, &mut Doubts::default())
    }

    /// Returns the jobs that the job needs.
    fn needed(&self) -> &[usize] {
        let course = self.course;
        let job = course.upwards(Some(self.scope)).find(|scope| course.kind(*scope) == ScopeKind::Job);
        job.map_or(&[][..], |job| &course.plan.scopes[job].needs)
    }

    /// Returns `needs`: the jobs that the job needs.
    pub(super) fn jobs_needed(&self) -> Value {
        self.as_jobs(self.needed())
    }

    /// Returns `jobs`: those that must have ended by now.
    pub(super) fn jobs(&self) -> Value {
        let course = self.course;
        let mut found = Vec::new();
        for above in course.upwards(Some(self.scope)) {
            match course.kind(above) {
                ScopeKind::Job => found.extend(course.ancestors(above)),
                ScopeKind::Stage => found.extend(course.before_in_list(above)),
                // What a playbook hands on is put together when all its jobs have ended.
                ScopeKind::Playbook if above == self.scope => found.extend(&course.children[above]),
                _ => {}
            }
        }
        self.as_jobs(&found)
    }

    fn as_jobs(&self, scopes: &[usize]) -> Value {
        let job = |scope: &usize| (self.course.plan.scopes[*scope].id.clone(), self.as_job(*scope));
        Value::Object(scopes.iter().map(job).collect())
    }

    fn as_job(&self, scope: usize) -> Value {
        let need = self.course.result(scope);
        let mut outputs = Map::new();
        self.outputs_of_job(scope, &mut outputs);
        json!({ "outputs": outputs, "result": word(need.conclusion()), "outcome": word(need.outcome) })
    }

    /// Puts together what a job hands on; of several combinations the last that has a value for a name gives it.
    fn outputs_of_job(&self, job: usize, outputs: &mut Map<String, Value>) {
        let course = self.course;
        for list in &course.children[job] {
            let own = Scene::new(course, *list, self.grounds);
            for inner in course.children[*list]
                .iter()
                .filter(|inner| course.plan.scopes[**inner].kind == ScopeKind::Playbook)
            {
                for inner_job in &course.children[*inner] {
                    self.outputs_of_job(*inner_job, outputs);
                }
            }
            for (name, formula) in &course.plan.scopes[*list].outputs {
                let value = own.output(formula, Value::Object(outputs.clone()));
                let is_nothing = value.is_null() || value.as_str().is_some_and(str::is_empty);
                if !is_nothing || !outputs.contains_key(name) {
                    outputs.insert(name.clone(), value);
                }
            }
        }
    }

    /// Returns `$results`: how many nodes have ended, and how.
    pub(super) fn counts(&self, name: &str) -> Option<Value> {
        if !["results", "result", "summary"].iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return None;
        }
        let Tally { total, completed, failed, skipped } = self.course.ends.tally();
        Some(json!({
            "Total": total,
            "Completed": completed,
            "Succeeded": completed,
            "Success": failed == 0,
            "Failed": failed,
            "FailedCount": failed,
            "Skipped": skipped,
        }))
    }
}

/// A scene in which `$result` is what a step handed on.
struct WithResult<'a> {
    scene: &'a Scene<'a>,
    result: Value,
}

impl crate::text::expression::Lookup for WithResult<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        if name.eq_ignore_ascii_case("result") {
            return Some(self.result.clone());
        }
        let own = self.result.as_object().and_then(|result| result.get(name)).cloned();
        self.scene.variable(name).or(own)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.scene.env(name)
    }

    fn platform(&self) -> &str {
        self.scene.platform()
    }

    fn context(&self, name: &str) -> Option<Value> {
        self.scene.context(name)
    }

    fn member(&self, whole: &str, name: &str) -> Option<Value> {
        self.scene.member(whole, name)
    }

    fn status(&self, function: crate::text::expression::Status) -> Option<bool> {
        self.scene.status(function)
    }
}
