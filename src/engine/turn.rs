//! A step whose turn has come: which way its scopes go, and what of it is known only now.
//!
//! Knows the course of a run, or of a plan of which nothing runs. Does not know whether the step's result can be reused.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    Ask, Engine,
    course::{Course, Grounds, Scene, Way},
    desk::Desk,
    job::Done,
    late::Answered,
    prepare::Nodes,
    session::Cache,
};
use crate::{
    cache::{self, Own, Timeline},
    event::Reason,
    execute::scheduler::Verdict,
    fingerprint::Question,
    plan::{Gate, Node, Plan},
};

/// How a step ends whose turn comes to nothing.
pub(super) enum Ended {
    /// It is skipped.
    Skipped(Reason),
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
    /// The run's id, which begins with when it began.
    pub(super) run: &'a str,
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
        let grounds = Grounds {
            view: &place,
            env: &self.engine.env,
            system: &*self.engine.system,
            is_administrator: self.engine.system.is_administrator(),
            started: self.run.get(..15).unwrap_or(self.run),
        };
        let mut questions: Arc<[Question]> = Arc::from([]);
        if node.gate != Gate::Needs {
            if let Some(by) = self.course.bad_dependency(index) {
                return Err(Ended::Blocked { by });
            }
            questions = match self.course.way(index, &grounds) {
                Way::Runs(questions) => questions,
                Way::Skips(reason) => return Err(Ended::Skipped(reason)),
                Way::Blocked { by } => return Err(Ended::Blocked { by }),
                Way::Fails(error) => return Err(Ended::Failed(error)),
            };
        }
        if let Some((node, path)) = self.bound(index, scope, &grounds)? {
            let prepared = self.engine.prepare_again(self.ask, node, &path, self.cache);
            let is_there = prepared.program.is_some();
            let program = prepared.node.invocation.program().to_owned();
            self.nodes.put(index, prepared);
            if !is_there {
                return Err(Ended::Failed(format!("`{program}` is not on PATH")));
            }
        }
        Ok(questions)
    }

    /// Returns the step with all that its turn makes known, and folders to put in front of its `PATH`; nothing if all is
    /// known already.
    fn bound(
        &self,
        index: usize,
        scope: usize,
        grounds: &Grounds<'_>,
    ) -> Result<Option<(Node, Vec<String>)>, Ended> {
        let node = &self.plan.nodes[index];
        let (env, path) = (self.course.env_handed_to(scope), self.course.path_handed_to(scope));
        let is_as_planned = node.late.is_none() && env.is_empty() && path.is_empty();
        if is_as_planned && !self.nodes.get(index).is_bound {
            return Ok(None);
        }
        let mut bound = match &node.late {
            Some(late) => late
                .bind(node, &Scene::new(self.course, scope, grounds))
                .map_err(|misfits| Ended::Failed(misfits.join("; ")))?,
            None => node.clone(),
        };
        for (name, value) in env {
            if !node.own_env.contains(&name) {
                bound.settings.env.insert(name, value);
            }
        }
        let is_absolute = |folder: &String| Path::new(folder).is_absolute();
        Ok(Some((bound, path.into_iter().filter(is_absolute).collect())))
    }
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
            plan: self.plan,
            course: &self.course,
            timeline: &shared.timeline,
            cache: &shared.cache,
            nodes: &shared.nodes,
            run: &shared.run,
        };
        match turn.take(index) {
            Ok(questions) => {
                self.note_questions(index, &questions);
                Ok(())
            }
            Err(Ended::Skipped(reason)) => {
                self.reasons[index] = vec![reason];
                Err(Verdict::Skip)
            }
            Err(Ended::Blocked { by }) => Err(Verdict::Block { by }),
            Err(Ended::Failed(error)) => {
                self.done.insert(index, Done::failed(error, Duration::ZERO));
                Err(Verdict::Fail)
            }
        }
    }

    /// Keeps what a condition asked of files, so that it is asked again when all before has ended.
    fn note_questions(&mut self, index: usize, questions: &[Question]) {
        if questions.is_empty() {
            return;
        }
        let place = self.shared.timeline.at(index);
        let (observed, _) = cache::observe(&place, &Own::default(), questions);
        let asked = Answered { questions: questions.to_vec(), observed, ..Answered::default() };
        self.asked_by_condition.insert(index, asked);
    }
}
