//! A build of some steps, and behind it one of the whole plan, told as one run.

use std::{path::Path, sync::Arc};

use super::Partly;
use crate::{
    engine::{
        Ask, BuildOptions, BuildResult, Engine, EngineError,
        run::{Carried, Part, Work},
        session::Warm,
        workspace::Extent,
    },
    event::{Envelope, Event, Outcome},
    report::RunView,
    sys::System,
};

impl Engine {
    /// Builds what a [`Glance`](super::Glance) said is due; and if it turns out that this does not do, the rest.
    ///
    /// # Errors
    /// As [`Engine::build`].
    pub fn build_partly(
        system: &Arc<dyn System>,
        start: &Path,
        (ask, options): (&Ask, &BuildOptions),
        partly: &Partly,
        on_event: &mut dyn FnMut(&Self, &Envelope, &RunView),
        on_wait: &mut dyn FnMut(),
    ) -> Result<BuildResult, EngineError> {
        let (at, what) = ((system, start), (ask, options, partly));
        Self::build_partly_warm(at, what, &mut Warm::default(), on_event, on_wait)
    }

    /// Does the same, with what an earlier build left in memory, and leaves there what the next one can go on with.
    pub(in crate::engine) fn build_partly_warm(
        (system, start): (&Arc<dyn System>, &Path),
        (ask, options, partly): (&Ask, &BuildOptions, &Partly),
        warm: &mut Warm,
        on_event: &mut dyn FnMut(&Self, &Envelope, &RunView),
        on_wait: &mut dyn FnMut(),
    ) -> Result<BuildResult, EngineError> {
        let named = (ask.configuration.as_deref(), ask.environment.as_deref());
        let mut part = Part::default();
        if let Some(plan) = partly.plan() {
            let work =
                Work { plan: Arc::new(plan), around: vec![], diagnostics: vec![], partly: Some(partly) };
            let system = Arc::clone(system);
            let engine = Self::open_as_far(system, start, named, Extent::Settings, Warm::default())?;
            let mut on_event = |event: &Envelope, view: &RunView| on_event(&engine, event, view);
            match engine.carry_out(ask, options, work, &mut on_event, on_wait)? {
                Carried::Done(result) => return Ok(*result),
                Carried::More(done) => part = *done,
            }
        }
        let (system, kept) = (Arc::clone(system), std::mem::take(warm));
        let engine = Self::open_as_far(system, start, named, Extent::Whole, kept)?;
        let Part { view, mut changed } = part;
        let mut joined = Joined { view, on_event: &mut |event, view| on_event(&engine, event, view) };
        let result = engine.build(ask, options, &mut |event, _| joined.pass(event), on_wait);
        let view = joined.view;
        *warm = engine.into_warm();
        let result = result?;
        changed.extend(result.changed);
        Ok(BuildResult { view, changed, ..result })
    }
}

/// Passes the events of the second build on as if they were those of the first.
struct Joined<'a> {
    view: RunView,
    on_event: &'a mut dyn FnMut(&Envelope, &RunView),
}

impl Joined<'_> {
    fn pass(&mut self, envelope: &Envelope) {
        let mut event = envelope.event.clone();
        let has_begun = !self.view.nodes.is_empty();
        match &mut event {
            Event::OrchestrationStarted { nodes, .. } if has_begun => {
                if self.view.held == 0 {
                    return;
                }
                // All of them are decided now.
                self.tell(envelope, Event::Held { cached: 0 });
                nodes.retain(|node| !self.view.nodes.contains_key(&node.id));
                event = Event::Expanded { nodes: std::mem::take(nodes) };
            }
            // What has just run is not reused.
            Event::ScriptCompleted { node, cached: true, .. }
                if self.view.nodes.get(node).is_some_and(|node| node.outcome == Some(Outcome::Ran)) =>
            {
                return;
            }
            Event::OrchestrationCompleted { counts, .. } | Event::OrchestrationFailed { counts, .. } => {
                *counts = self.view.counts();
            }
            _ => {}
        }
        self.tell(envelope, event);
    }

    fn tell(&mut self, envelope: &Envelope, event: Event) {
        self.view.apply(&event);
        let Envelope { v, seq, time, .. } = envelope;
        (self.on_event)(&Envelope { v: *v, seq: *seq, time: time.clone(), event }, &self.view);
    }
}
