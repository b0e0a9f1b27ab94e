//! What earlier steps and jobs look like to expressions: `steps`, `needs`, `jobs`, a step by its name.
//!
//! Knows results and what was handed on. Does not know who asks, but for the scope it stands in.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Course, scene::Scene};
use crate::{
    execute::scheduler::Outcome as Ending,
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

    fn nodes_in(&self, scope: usize, found: &mut Vec<usize>) {
        found.extend(&self.members[scope]);
        self.children[scope].iter().for_each(|child| self.nodes_in(*child, found));
    }

    /// Returns the environment variables that earlier steps of the same job handed to a scope; `PATH` holds folders to
    /// put in front.
    pub(in crate::engine) fn env_handed_to(&self, scope: usize) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        if self.setters.is_empty() {
            return found;
        }
        for node in self.earlier_in_job(scope) {
            found.extend(self.handed.get(&node).map(|handed| handed.env.clone()).unwrap_or_default());
        }
        found
    }

    /// Returns the folders that earlier steps of the same job put in front of `PATH`, the foremost first.
    pub(in crate::engine) fn path_handed_to(&self, scope: usize) -> Vec<String> {
        if self.setters.is_empty() {
            return Vec::new();
        }
        let nodes = self.earlier_in_job(scope);
        let folders =
            nodes.iter().filter_map(|node| self.handed.get(node)).flat_map(|handed| handed.path.clone());
        let mut folders: Vec<String> = folders.collect();
        folders.reverse();
        folders
    }

    /// Returns the nodes in front of a scope in its job, in the order of the plan.
    fn earlier_in_job(&self, scope: usize) -> Vec<usize> {
        let mut nodes = Vec::new();
        for above in self.upwards(Some(scope)) {
            if matches!(self.plan.scopes[above].kind, ScopeKind::Job | ScopeKind::Stage | ScopeKind::Playbook)
            {
                break;
            }
            for before in self.before(above) {
                self.nodes_in(before, &mut nodes);
            }
        }
        // What a job hands on is put together when all its steps have ended.
        if self.plan.scopes[scope].kind == ScopeKind::List {
            self.children[scope].iter().for_each(|child| self.nodes_in(*child, &mut nodes));
        }
        nodes.sort_unstable();
        nodes
    }
}

impl Scene<'_> {
    /// Returns the steps in front of this scope in its job, with what is inside of them.
    fn earlier_steps(&self) -> Vec<usize> {
        let course = self.course;
        let mut found = Vec::new();
        for above in course.upwards(Some(self.scope)) {
            if matches!(
                course.plan.scopes[above].kind,
                ScopeKind::Job | ScopeKind::Stage | ScopeKind::Playbook
            ) {
                break;
            }
            found.extend(course.before(above));
        }
        // The outputs of a job are put together when all its steps have ended.
        if course.plan.scopes[self.scope].kind == ScopeKind::List {
            found.extend(&course.children[self.scope]);
        }
        let mut open = found;
        let mut steps = Vec::new();
        while let Some(scope) = open.pop() {
            if course.plan.scopes[scope].kind == ScopeKind::Step {
                steps.push(scope);
            }
            if course.plan.scopes[scope].kind != ScopeKind::Playbook {
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
        let is_called = |step: &&usize| {
            let scope = &self.course.plan.scopes[**step];
            let label = scope.label.trim_start_matches("step ").trim_matches('`');
            scope.id.eq_ignore_ascii_case(name) || label.eq_ignore_ascii_case(name)
        };
        let steps = self.earlier_steps();
        steps.iter().rev().find(is_called).map(|step| self.step(*step))
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

    /// Returns `needs`: the jobs that the job needs.
    pub(super) fn jobs_needed(&self) -> Value {
        let course = self.course;
        let job =
            course.upwards(Some(self.scope)).find(|scope| course.plan.scopes[*scope].kind == ScopeKind::Job);
        let needs = job.map_or(&[][..], |job| &course.plan.scopes[job].needs);
        self.as_jobs(needs)
    }

    /// Returns `jobs`: those that must have ended by now.
    pub(super) fn jobs(&self) -> Value {
        let course = self.course;
        let kind = |scope: usize| course.plan.scopes[scope].kind;
        let mut found = Vec::new();
        for above in course.upwards(Some(self.scope)) {
            match kind(above) {
                ScopeKind::Job | ScopeKind::Stage => found.extend(course.before(above)),
                // What a playbook hands on is put together when all its jobs have ended.
                ScopeKind::Playbook if above == self.scope => found.extend(&course.children[above]),
                _ => {}
            }
        }
        self.as_jobs(&found)
    }

    fn as_jobs(&self, scopes: &[usize]) -> Value {
        let course = self.course;
        let job = |scope: &usize| {
            let need = course.result(*scope);
            let mut outputs = Map::new();
            self.outputs_of_job(*scope, &mut outputs);
            let value = json!({ "outputs": outputs, "result": word(need.conclusion()), "outcome": word(need.outcome) });
            (course.plan.scopes[*scope].id.clone(), value)
        };
        Value::Object(scopes.iter().map(job).collect())
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
        let count = |is: &dyn Fn(Ending) -> bool| {
            self.course.ends.iter().flatten().filter(|ending| is(**ending)).count()
        };
        let failed = count(&|ending| matches!(ending, Ending::Failed | Ending::TimedOut | Ending::Attention));
        let completed = count(&|ending| matches!(ending, Ending::Ran | Ending::Warning | Ending::Cached));
        Some(json!({
            "Total": count(&|_| true),
            "Completed": completed,
            "Succeeded": completed,
            "Success": failed == 0,
            "Failed": failed,
            "FailedCount": failed,
            "Skipped": count(&|ending| ending == Ending::Skipped),
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
