//! Jobs and stages: what they need, how they are multiplied, what they bound.
//!
//! Knows the fields of a job. Does not know what a step runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    Ends, Expanded,
    bounds::Bounds,
    lasts::{Lasts, outer_ends},
    matrix::Round,
    playbook::Course,
};
use crate::{
    base::Spanned,
    diag::{Diagnostic, code},
    model::playbook::{Given, Job, Placed, Step},
    plan::{
        Deferred, EdgeKind, Node,
        condition::{self, facts},
        flow::{Condition, LateValue, Names, Scope, ScopeKind},
        formula::Formula,
        profile,
        world::{Known, World},
    },
    text::expression::is_true,
};

/// Steps of a job at work: where they stand.
#[derive(Clone)]
pub(in crate::plan) struct Frame<'a> {
    pub(in crate::plan) course: Course<'a>,
    pub(in crate::plan) job: &'a Job,
    /// In front of the ids of its steps; empty, or ends with `/`.
    pub(in crate::plan) prefix: String,
    /// The id of the job with its combination, as people see it.
    pub(in crate::plan) job_id: String,
    /// The scope of the list the steps are in.
    pub(in crate::plan) list: usize,
    pub(in crate::plan) names: Arc<Names>,
    pub(in crate::plan) span: Option<usize>,
    pub(in crate::plan) cohort: Option<(usize, usize)>,
    /// What bounds how long its steps take together.
    pub(in crate::plan) time_limits: Vec<usize>,
    pub(in crate::plan) is_tolerated: bool,
    /// What tells a combination from the others, in identities.
    pub(in crate::plan) suffix: String,
    /// The resource that bounds how many of its steps run at once.
    pub(in crate::plan) bound: Option<String>,
    /// It is a list inside of a step.
    pub(in crate::plan) is_inner: bool,
}

impl<'a> Frame<'a> {
    /// Returns where the scripts of a sequence stand, which are no job's.
    pub(super) fn plain(course: &Course<'a>, job: &'a Job, names: Arc<Names>) -> Self {
        Self {
            course: *course,
            job,
            prefix: course.prefix.to_owned(),
            job_id: String::new(),
            list: course.scope,
            names,
            span: course.span,
            cohort: course.cohort,
            time_limits: course.time_limits.to_vec(),
            is_tolerated: course.is_tolerated,
            suffix: course.suffix.to_owned(),
            bound: None,
            is_inner: false,
        }
    }
}

impl Frame<'_> {
    /// Tells whether the playbook says whether a failure of a step is good enough for what comes after.
    pub(in crate::plan) fn says_what_failure_means(&self, step: &Step) -> bool {
        let words = [&step.continue_on_error, &self.job.continue_on_error];
        let defaults =
            [&self.job.defaults.continue_on_error, &self.course.of.playbook.defaults.continue_on_error];
        words.into_iter().chain(defaults).any(Option::is_some)
    }
}

/// What a condition came to before the run.
pub(super) enum Decided {
    /// It holds, or there is none.
    Holds,
    /// It does not hold, by these facts.
    Fails(String),
    /// The run will tell.
    Open(Condition),
}

impl Expanded {
    /// Adds jobs, each of which waits for those it needs.
    pub(super) fn add_jobs(&mut self, course: &Course<'_>, names: &Arc<Names>, jobs: &[Job]) -> Ends {
        let jobs_at_once = self.bound_of_playbook(course, names);
        let mut ends: BTreeMap<&str, Ends> = BTreeMap::new();
        let scopes: BTreeMap<&str, usize> = jobs
            .iter()
            .filter(|job| profile::takes(course.of.profile, job))
            .map(|job| (job.id.as_str(), self.scope_of_job(course, names, job, ScopeKind::Job, 1)))
            .collect();
        for job in jobs {
            let Some(scope) = scopes.get(job.id.as_str()).copied() else {
                ends.insert(&job.id, Ends::default());
                continue;
            };
            let needs = job.needs.iter().filter_map(|need| scopes.get(need.value.as_str()));
            self.scopes[scope].needs = needs.copied().collect();
            let found = self.add_rounds(course, names, job, scope, jobs_at_once.as_deref());
            ends.insert(&job.id, found);
        }
        let mut lasts = Lasts::new(jobs, &ends);
        for job in jobs.iter().filter(|job| !ends[job.id.as_str()].first.is_empty()) {
            for need in &job.needs {
                self.wait(&ends[job.id.as_str()].first, &lasts.of(&need.value), &EdgeKind::Need);
            }
        }
        outer_ends(jobs, &ends)
    }

    /// Adds stages, each of which waits for all that the one before it does.
    pub(super) fn add_stages(&mut self, course: &Course<'_>, names: &Arc<Names>, stages: &[Job]) -> Ends {
        let bound = self.bound_of_playbook(course, names);
        let mut ends = Ends::default();
        for (turn, stage) in stages.iter().enumerate() {
            let found = self.add_job_in(course, names, stage, ScopeKind::Stage, turn + 1, bound.as_deref());
            self.chain(&mut ends, found, &EdgeKind::Need);
        }
        ends
    }

    /// Adds the steps of a job or stage that nothing else bounds.
    pub(super) fn add_job(
        &mut self,
        course: &Course<'_>,
        names: &Arc<Names>,
        job: &Job,
        kind: ScopeKind,
        turn: usize,
    ) -> Ends {
        let bound = self.bound_of_playbook(course, names);
        self.add_job_in(course, names, job, kind, turn, bound.as_deref())
    }

    fn add_job_in(
        &mut self,
        course: &Course<'_>,
        names: &Arc<Names>,
        job: &Job,
        kind: ScopeKind,
        turn: usize,
        bound: Option<&str>,
    ) -> Ends {
        if !profile::takes(course.of.profile, job) {
            return Ends::default();
        }
        let scope = self.scope_of_job(course, names, job, kind, turn);
        self.add_rounds(course, names, job, scope, bound)
    }

    fn scope_of_job(
        &mut self,
        course: &Course<'_>,
        names: &Arc<Names>,
        job: &Job,
        kind: ScopeKind,
        turn: usize,
    ) -> usize {
        let what = if kind == ScopeKind::Job { "job" } else { "stage" };
        let called = job.name.as_deref().unwrap_or(&job.id);
        let label = if called.is_empty() { "the steps".to_owned() } else { format!("{what} `{called}`") };
        self.push_scope(Scope {
            parent: Some(course.scope),
            kind,
            id: job.id.clone(),
            label,
            turn,
            names: Arc::clone(names),
            ..Scope::default()
        })
    }

    /// Adds the steps of a job, once for each of its combinations.
    fn add_rounds(
        &mut self,
        course: &Course<'_>,
        names: &Arc<Names>,
        job: &Job,
        scope: usize,
        bound: Option<&str>,
    ) -> Ends {
        let kind = self.scopes[scope].kind;
        let (mut own, faults) = Self::names_of_job(course, names, job, scope);
        self.scopes[scope].names = Arc::clone(&own);
        // What asks for the values of a combination is looked at again with them.
        if job.strategy.is_none() {
            self.diagnostics.extend(faults);
        }
        let rounds = self.rounds(course, &own, job);
        let is_multiplied = rounds.iter().any(|round| round.combination.is_some());
        let line = self.line_of(course, &own, job, &rounds);
        let mut ends = Ends::default();
        for round in &rounds {
            if self.is_full(course, &job.at) {
                break;
            }
            if is_multiplied {
                // What it sets is written in the list that comes next.
                let list = self.scopes.len();
                let (found, faults) = Self::names_of_round(names, course, job, list, (round, rounds.len()));
                own = found;
                let told = |fault: &Diagnostic| !self.diagnostics.contains(fault);
                let faults: Vec<Diagnostic> = faults.into_iter().filter(told).collect();
                self.diagnostics.extend(faults);
            }
            let bounds = Bounds { kind, outer: bound, line: line.as_deref() };
            ends.beside(self.add_round(course, &own, job, scope, (round, is_multiplied), bounds));
        }
        ends
    }

    /// Adds the steps of one combination of a job, or of a job without combinations.
    fn add_round(
        &mut self,
        course: &Course<'_>,
        names: &Arc<Names>,
        job: &Job,
        scope: usize,
        (round, is_multiplied): (&Round, bool),
        bounds: Bounds<'_>,
    ) -> Ends {
        let first = self.nodes.len();
        let list = self.push_scope(Scope {
            parent: Some(scope),
            kind: ScopeKind::List,
            label: self.scopes[scope].label.clone() + &round.label(),
            names: Arc::clone(names),
            ..Scope::default()
        });
        let open = round.deferred.as_ref().map(|_| Arc::new(open_names(names, job)));
        let names = open.as_ref().unwrap_or(names);
        // A condition and a tolerance may ask for the values of a combination.
        let at = if is_multiplied { list } else { scope };
        // One that asks for values that are not known yet is decided for each combination, when they are.
        let condition = job.condition.as_ref().filter(|condition| !names.asks_for_open(&condition.value));
        let left_out = self.set_condition(course, at, condition, names);
        let is_tolerated = self.truth(course, names, job.continue_on_error.as_ref()).unwrap_or(false);
        self.scopes[at].is_tolerated = is_tolerated;
        self.scopes[list].outputs = self.outputs_of(course, &job.outputs, &job.at);
        let id = format!("{}{}", job.id, round.suffix());
        let frame = Frame {
            course: *course,
            job,
            prefix: if id.is_empty() { course.prefix.to_owned() } else { format!("{}{id}/", course.prefix) },
            job_id: format!("{}{id}", course.prefix),
            list,
            names: Arc::clone(names),
            span: self.span_of(course, job, bounds, names),
            cohort: round.cohort.or(course.cohort),
            time_limits: self.limited(course.time_limits, job.settings.timeout),
            is_tolerated: is_tolerated || course.is_tolerated,
            suffix: format!("{}{}", course.suffix, round.suffix()),
            bound: self.bound_of_job(course, job, bounds, names),
            is_inner: false,
        };
        if let Some(deferred) = &round.deferred {
            return self.add_deferred(&frame, deferred);
        }
        let found = match &job.uses {
            Some(used) => self.add_used(&frame, &used.name, &used.with, list, &job.at),
            None => self.add_steps(&frame, &job.steps),
        };
        if let Some(decision) = left_out {
            self.leave_out(first, &decision);
        }
        found
    }

    /// Adds a node that stands for all combinations of a job whose matrix is not known yet.
    fn add_deferred(&mut self, frame: &Frame<'_>, deferred: &Arc<Deferred>) -> Ends {
        self.diagnostics.extend(self.faults_of_deferred(frame));
        let Frame { job, course, job_id, list, .. } = frame;
        self.last_group += 1;
        let node = Node {
            id: job_id.clone(),
            identity: format!("{}#{job_id}", course.of.path),
            name: job.name.clone().unwrap_or_else(|| job.id.clone()),
            stage: job.name.clone().unwrap_or_else(|| job.id.clone()),
            job: Some(job_id.clone()),
            scope: Some(*list),
            is_tolerated: frame.is_tolerated,
            deferred: Some(Arc::clone(deferred)),
            ..Node::default()
        };
        Ends::of(vec![self.push(node, self.last_group)])
    }

    /// Returns what is wrong with the steps of a job whatever the values of its matrix are.
    fn faults_of_deferred(&self, frame: &Frame<'_>) -> Vec<Diagnostic> {
        let Frame { job, list, .. } = frame;
        let mut scratch =
            Self { scopes: self.scopes.clone(), spans: self.spans.clone(), ..Self::of_sizes(self.sizes) };
        match &job.uses {
            Some(used) => scratch.add_used(frame, &used.name, &used.with, *list, &job.at),
            None => scratch.add_steps(frame, &job.steps),
        };
        scratch.diagnostics
    }

    /// Returns what names stand for in a job.
    pub(super) fn names_of_job(
        course: &Course<'_>,
        names: &Arc<Names>,
        job: &Job,
        scope: usize,
    ) -> (Arc<Names>, Vec<Diagnostic>) {
        if job.variables.is_empty() && job.settings.env.is_empty() {
            return (Arc::clone(names), Vec::new());
        }
        let mut own = Names::clone(names);
        let mut faults = Vec::new();
        let mut layer = job.variables.clone();
        layer.retain(|name, _| !course.given.has(name));
        course.layer((&job.at, scope), &mut faults, |over| {
            over.variables(&mut own, &layer);
            over.env(&mut own, &job.settings.env);
        });
        (Arc::new(own), faults)
    }

    /// Decides a condition as far as it can be now, and leaves the rest to the scope; returns what it came to if it does
    /// not hold.
    pub(super) fn set_condition(
        &mut self,
        course: &Course<'_>,
        scope: usize,
        condition: Option<&Placed<String>>,
        names: &Names,
    ) -> Option<crate::plan::Decision> {
        let condition = condition?;
        self.scopes[scope].written.clone_from(&condition.value);
        match self.decided(course, condition, names) {
            Decided::Holds => None,
            Decided::Fails(facts) => {
                let text = condition.value.clone();
                // What comes after is to know that it does not run.
                self.scopes[scope].condition = Some(Condition::never(&text, &facts).into());
                Some(crate::plan::Decision { text, holds: false, facts })
            }
            Decided::Open(condition) => {
                self.scopes[scope].condition = Some(condition.into());
                None
            }
        }
    }

    /// Decides a condition as far as it can be now.
    pub(super) fn decided(
        &mut self,
        course: &Course<'_>,
        condition: &Placed<String>,
        names: &Names,
    ) -> Decided {
        let Course { ground, of, .. } = *course;
        let text = Spanned::new(condition.value.as_str(), of.span(&condition.at));
        let parsed = condition::read(course.rules(), of.source, text, ground.gives_to_powershell);
        self.diagnostics.extend(parsed.diagnostics);
        let Some(expr) = parsed.expr else { return Decided::Fails(String::new()) };
        let names = names.in_conditions();
        let world = World::new(&names, ground.env, ground.platform);
        self.diagnostics.extend(world.notes(of.source, &parsed.names));
        let whole = Condition::new(&condition.value, expr);
        if whole.asks_status {
            return Decided::Open(whole);
        }
        match world.evaluate(&whole.expr) {
            Known::Late => Decided::Open(whole),
            Known::Now(found) => {
                let is_sound = found.problems.is_empty();
                self.diagnostics.extend(found.problems.into_iter().map(|problem| {
                    let fault = Diagnostic::error(code::UNSUPPORTED_CONDITION, problem.message);
                    fault.source(of.source).label(text.span, "cannot be decided").help(problem.help)
                }));
                if found.holds && is_sound {
                    Decided::Holds
                } else {
                    Decided::Fails(facts(&found.asked, &names))
                }
            }
        }
    }

    /// Lets all nodes from a place on be skipped, since the condition they stand under is known not to hold.
    pub(super) fn leave_out(&mut self, from: usize, decision: &crate::plan::Decision) {
        let skip = |node: &mut Arc<Node>| Arc::make_mut(node).condition = Some(decision.clone().into());
        self.nodes[from..].iter_mut().for_each(skip);
    }

    /// Returns a truth that must be known before the run.
    pub(super) fn truth(
        &mut self,
        course: &Course<'_>,
        names: &Names,
        given: Option<&Given<bool>>,
    ) -> Option<bool> {
        match given? {
            Given::Fixed(truth) => Some(*truth),
            Given::Expression(text) => self.known(course, names, text).map(|value| is_true(&value)),
        }
    }

    /// Returns a count that must be known before the run.
    pub(super) fn count(
        &mut self,
        course: &Course<'_>,
        names: &Names,
        given: Option<&Given<u32>>,
    ) -> Option<u32> {
        let text = match given? {
            Given::Fixed(count) => return Some(*count),
            Given::Expression(text) => text,
        };
        // A name that nobody sets says nothing.
        let value = self.known(course, names, text).filter(|value| !value.is_null())?;
        let count = match &value {
            Value::Number(number) => number.as_u64().and_then(|count| u32::try_from(count).ok()),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        if count.is_none_or(|count| count == 0) {
            let fault = Diagnostic::error(code::BAD_VALUE, format!("`{}` gives no count", text.value));
            let fault = fault.source(course.of.source).label(course.of.span(&text.at), "must be at least 1");
            self.diagnostics.push(fault.help("let it give a whole number such as 4"));
            return None;
        }
        count
    }

    /// Fills a text that must be known before the run.
    pub(super) fn known(
        &mut self,
        course: &Course<'_>,
        names: &Names,
        text: &Placed<String>,
    ) -> Option<Value> {
        let mut faults = Vec::new();
        let written = text.value.trim();
        let found = course.layer((&text.at, course.scope), &mut faults, |over| {
            let formula = over.read(&Value::String(written.to_owned()));
            if formula.is_fixed() || !names.may_be_handed_env {
                return over.fill(names, &formula, &BTreeSet::new());
            }
            // What is asked before the run is asked of the environment as it is then.
            let before = Names { may_be_handed_env: false, ..names.clone() };
            over.fill(&before, &formula, &BTreeSet::new())
        });
        self.diagnostics.extend(faults);
        match found {
            Known::Now(value) => Some(value),
            Known::Late if names.asks_for_open(&text.value) => None,
            Known::Late => {
                let message = format!("`{}` must be known before the run", text.value);
                let fault = Diagnostic::error(code::BAD_VALUE, message).source(course.of.source);
                let fault = fault.label(course.of.span(&text.at), "depends on a step");
                self.diagnostics
                    .push(fault.help("give it as a value or a variable, or make it a matrix of a job"));
                None
            }
        }
    }

    /// Returns what a job or step hands on.
    pub(super) fn outputs_of(
        &mut self,
        course: &Course<'_>,
        outputs: &[crate::model::playbook::Output],
        at: &str,
    ) -> Vec<(String, Arc<Formula>)> {
        if outputs.is_empty() {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let found = course.layer((at, course.scope), &mut faults, |over| {
            let read = |output: &crate::model::playbook::Output| {
                let formula = over.output(&output.value.value);
                (output.name.clone(), Arc::new(formula))
            };
            outputs.iter().map(read).collect()
        });
        self.diagnostics.extend(faults);
        found
    }

    /// Returns the names of one combination.
    fn names_of_round(
        names: &Arc<Names>,
        course: &Course<'_>,
        job: &Job,
        scope: usize,
        (round, count): (&Round, usize),
    ) -> (Arc<Names>, Vec<Diagnostic>) {
        let mut own = Names::clone(names);
        own.lay_over(&round.names());
        let strategy =
            json!({ "job-index": round.index, "job-total": count, "fail-fast": round.is_fail_fast });
        own.contexts.insert("strategy".to_owned(), strategy);
        Self::names_of_job(course, &Arc::new(own), job, scope)
    }
}

/// Returns the names of a job whose matrix is not known yet.
fn open_names(names: &Names, job: &Job) -> Names {
    let matrix = job.strategy.as_ref().map(|strategy| &strategy.matrix);
    let dimensions = matrix.into_iter().flat_map(|matrix| matrix.dimensions.iter().map(|(name, _)| name));
    let included = matrix.into_iter().flat_map(|matrix| matrix.include.iter().flat_map(BTreeMap::keys));
    let mut open = Names { open_matrix: vec!["matrix".to_owned()], ..names.clone() };
    for name in dimensions.chain(included) {
        open.set_late(name, LateValue::unknown());
        open.open_matrix.push(name.clone());
    }
    open
}
