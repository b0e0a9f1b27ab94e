//! A step whose turn has come: which way its scopes go, and what of it is known only now.
//!
//! Knows the course of a run, or of a plan of which nothing runs. Does not know whether the step's result can be reused.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    Ask, Engine,
    course::{Course, Grounds, Scene, Way},
    desk::Desk,
    job::Done,
    late::{Answered, asked},
    lookup::{Decided, decide},
    prepare::Nodes,
    pwsh::PowerShell,
    session::Cache,
};
use crate::{
    cache::{self, Own, Timeline},
    event::Reason,
    execute::scheduler::Verdict,
    fingerprint::{Question, View},
    journal::short_run,
    plan::{Doubts, Formula, Gate, Node, Plan},
};

/// How a step ends whose turn comes to nothing.
pub(super) enum Ended {
    /// It is skipped.
    Skipped(Box<Reason>),
    /// A step before it did not end well.
    Blocked {
        /// That step.
        by: usize,
    },
    /// It cannot be decided: a sentence.
    Failed(String),
}

/// All that a turn is decided by.
pub(super) struct Turn<'a> {
    pub(super) engine: &'a Engine,
    pub(super) ask: &'a Ask,
    pub(super) plan: &'a Plan,
    pub(super) course: &'a Course,
    pub(super) timeline: &'a Timeline,
    pub(super) cache: &'a Cache,
    pub(super) nodes: &'a Nodes,
    /// PowerShell, where conditions may be given to it.
    pub(super) powershell: Option<&'a PowerShell<'a>>,
    /// The run's id, which begins with when it began.
    pub(super) run: &'a str,
    /// Matrices that came to nothing, with the reasons.
    pub(super) refused: &'a BTreeMap<usize, String>,
}

impl Turn<'_> {
    /// Decides by what became of the steps before it whether a step is looked up, and makes known what was not; returns
    /// what its conditions asked of files.
    ///
    /// # Errors
    /// How it ends, if it is not looked up.
    pub(super) fn take(&self, index: usize) -> Result<Arc<[Question]>, Ended> {
        let node = &self.plan.nodes[index];
        let Some(scope) = node.scope else { return Ok(Arc::from([])) };
        let place = self.timeline.at(index);
        let grounds = self.grounds(&place);
        let questions = if node.gate == Gate::Needs { Arc::from([]) } else { self.way(index, &grounds)? };
        if node.deferred.is_some() {
            // It stands for others, and they are not known.
            let why = self.refused.get(&index).cloned();
            let why = why.unwrap_or_else(|| "the values of its matrix are not known".to_owned());
            return Err(Ended::Failed(why));
        }
        let Some(bound) = self.bound(index, scope, &grounds)? else { return Ok(questions) };
        let prepared =
            self.engine.prepare_again(self.ask, bound.node, &bound.path, self.cache, self.nodes.masks());
        let is_there = prepared.program.is_some();
        let program = prepared.node.invocation.program().to_owned();
        self.nodes.put(index, prepared);
        if !is_there {
            return Err(Ended::Failed(format!("`{program}` is not on PATH")));
        }
        Ok(questions.iter().cloned().chain(bound.asked).collect())
    }

    /// Returns the values of the matrix that a node stands for.
    ///
    /// # Errors
    /// How the node ends, if it does not run.
    pub(super) fn matrix(&self, index: usize) -> Result<BTreeMap<String, Value>, Ended> {
        let node = &self.plan.nodes[index];
        let (Some(scope), Some(deferred)) = (node.scope, &node.deferred) else { return Ok(BTreeMap::new()) };
        let place = self.timeline.at(index);
        let grounds = self.grounds(&place);
        self.way(index, &grounds)?;
        let mut doubts = Doubts::default();
        let scene = Scene::new(self.course, scope, &grounds);
        let fill = |(name, formula): &(String, Formula)| (name.clone(), formula.fill(&scene, &mut doubts));
        let values = deferred.formulas.iter().map(fill).collect();
        match doubts.problems.first() {
            None => Ok(values),
            Some(problem) => Err(Ended::Failed(format!("its matrix cannot be made: {}", problem.message))),
        }
    }

    fn grounds<'v>(&'v self, view: &'v dyn View) -> Grounds<'v> {
        Grounds {
            view,
            env: &self.engine.env,
            system: &*self.engine.system,
            is_administrator: self.engine.system.is_administrator(),
            powershell: self.powershell,
            momentary: &self.engine.momentary,
            started: self.run.get(..15).unwrap_or(self.run),
        }
    }

    /// Decides which way a node goes; returns what its conditions asked of files.
    fn way(&self, index: usize, grounds: &Grounds<'_>) -> Result<Arc<[Question]>, Ended> {
        if let Some(by) = self.course.bad_dependency(index) {
            return Err(Ended::Blocked { by });
        }
        match self.course.way(index, grounds) {
            Way::Runs(questions) => Ok(questions),
            Way::Skips(reason) => Err(Ended::Skipped(Box::new(reason))),
            Way::Blocked { by } => Err(Ended::Blocked { by }),
            Way::Fails(error) => Err(Ended::Failed(error)),
        }
    }

    /// Returns the step with all that its turn makes known; nothing if all is known already.
    fn bound(&self, index: usize, scope: usize, grounds: &Grounds<'_>) -> Result<Option<Bound>, Ended> {
        let node = &self.plan.nodes[index];
        let (env, path) = (self.course.env_handed_to(scope), self.course.path_handed_to(scope));
        let is_as_planned = node.late.is_none() && env.is_empty() && path.is_empty();
        if is_as_planned && !self.nodes.get(index).is_bound {
            return Ok(None);
        }
        let scene = Scene::new(self.course, scope, grounds);
        let mut bound = match &node.late {
            Some(late) => late.bind(node, &scene).map_err(|misfits| Ended::Failed(misfits.join("; ")))?,
            None => Node::clone(node),
        };
        if let Some(misfit) = scene.misfits().into_iter().next() {
            return Err(Ended::Failed(misfit));
        }
        for (name, value) in env {
            if !node.own_env.contains(&name) {
                bound.settings.env.insert(name, value);
            }
        }
        let absolute = |folder: &String| self.engine.root.join(folder).to_string_lossy().into_owned();
        let path = path.iter().map(absolute).collect();
        Ok(Some(Bound { node: bound, path, asked: scene.into_questions() }))
    }
}

/// A step with all that its turn makes known.
struct Bound {
    node: Node,
    /// Folders to put in front of its `PATH`.
    path: Vec<String>,
    /// What its values asked of files.
    asked: Vec<Question>,
}

impl Desk<'_> {
    /// Decides by what became of the steps before it whether a step is looked up, and makes known what was not.
    ///
    /// # Errors
    /// The verdict, if it is not looked up.
    pub(super) fn take_turn(&mut self, index: usize) -> Result<(), Verdict> {
        let shared = Arc::clone(&self.shared);
        self.asked_by_condition.remove(&index);
        let turn = Turn {
            engine: self.engine,
            ask: self.ask,
            plan: &self.plan,
            course: &self.course,
            timeline: &shared.timeline,
            cache: &shared.cache,
            nodes: &shared.nodes,
            powershell: Some(&self.powershell),
            run: &shared.run,
            refused: &self.refused,
        };
        match turn.take(index) {
            Ok(questions) => {
                self.note_questions(index, &questions);
                Ok(())
            }
            Err(Ended::Skipped(reason)) => {
                self.reasons[index] = vec![*reason];
                Err(Verdict::Skip)
            }
            Err(Ended::Blocked { by }) => Err(Verdict::Block { by }),
            Err(Ended::Failed(error)) => {
                self.done.insert(index, Done::failed(error, Duration::ZERO));
                Err(Verdict::Fail)
            }
        }
    }

    /// Decides what becomes of a step, and keeps why.
    pub(super) fn verdict(&mut self, node: usize) -> Verdict {
        if let Err(verdict) = self.take_turn(node) {
            return verdict;
        }
        let shared = Arc::clone(&self.shared);
        match decide(&shared.cache, &shared.timeline, &shared.nodes.all(), node, self.options.force) {
            Decided::Skip(reasons) => {
                self.reasons[node] = reasons;
                Verdict::Skip
            }
            Decided::Reuse(hit) if self.auditor.as_mut().is_some_and(|auditor| auditor.takes(node, &hit)) => {
                let text = format!("audited; unchanged since run {}", short_run(&hit.record.run));
                self.reasons[node] = vec![Reason::new("audited", &hit.record.run, text)];
                Verdict::Run
            }
            Decided::Reuse(hit) => {
                self.overlaps.look_up();
                self.reuse(node, hit);
                Verdict::Hit
            }
            Decided::Run(reasons) => {
                self.reasons[node] = reasons;
                Verdict::Run
            }
        }
    }

    /// Says why a step was given up.
    pub(super) fn why_cancelled(&self, index: usize, has_run: bool) -> Reason {
        if !self.course.is_cancelled
            && let Some(failed) = self.course.failed_beside(index)
        {
            let failed = &self.plan.nodes[failed].id;
            return Reason::new("cancelled", failed, format!("{failed} failed, and its matrix fails fast"));
        }
        let text = if has_run { "interrupted while it ran" } else { "the run ended before it" };
        Reason::new("cancelled", "run", text)
    }

    /// Keeps what a condition asked of files, so that it is asked again when all before has ended.
    fn note_questions(&mut self, index: usize, questions: &[Question]) {
        if questions.is_empty() {
            return;
        }
        let place = self.shared.timeline.at(index);
        let (observed, _) = cache::observe(&place, &Own::default(), questions);
        let asked = Answered { asked: asked(questions, &observed), ..Answered::default() };
        self.asked_by_condition.insert(index, asked);
    }
}
