//! Writes the gate of a request.

use std::io;

use super::{
    Answer, Answers, JournalEnd, MOST_GATES, Preface, Told, gate_folder, gate_path, may_have_gate,
    paths::Contained,
};
use crate::{
    cache::{GateItem, GatePath, write_gate},
    diag::Diagnostic,
    engine::{Ask, BuildOptions, Engine, desk::planned_node, session::Cache},
    event::{Envelope, Event},
    plan::Plan,
    report::RunView,
    sys::Seen,
};

/// A build that has ended.
pub(in crate::engine) struct Finished<'a> {
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) cache: &'a Cache,
    pub(in crate::engine) answers: Answers,
    pub(in crate::engine) view: &'a RunView,
    pub(in crate::engine) diagnostics: &'a [Diagnostic],
    /// All that was told, if no step was started.
    pub(in crate::engine) events: &'a [Envelope],
}

impl Engine {
    /// Writes the gate of a request after a build in which nothing ran; a gate that cannot be written is none.
    pub(in crate::engine) fn write_gate(&self, ask: &Ask, options: &BuildOptions, finished: Finished<'_>) {
        let Finished { view, diagnostics, .. } = &finished;
        let counts = view.counts();
        let is_quiet = diagnostics.is_empty() && view.warnings.is_empty() && view.set_aside.is_empty();
        if counts.cached + counts.skipped == counts.total && is_quiet && may_have_gate(options) {
            _ = self.put_gate(ask, options, finished);
        }
    }

    fn put_gate(&self, ask: &Ask, options: &BuildOptions, finished: Finished<'_>) -> Option<()> {
        let Finished { plan, cache, answers, view, events, .. } = finished;
        let clock = self.clock?;
        let answers = answers.into_all(plan.nodes.len());
        let has_expanded = events.iter().any(|told| matches!(told.event, Event::Expanded { .. }));
        let is_whole = has_expanded || answers.iter().any(|answer| answer.events.is_empty());
        let askers = askers(&answers);
        let contained = Contained::new(self, cache);
        let mut paths: Vec<GatePath> = Vec::new();
        for (place, (path, seen)) in self.recorder.seen().iter().enumerate() {
            if path.starts_with(self.layout.top()) {
                continue;
            }
            let asked = askers.get(place).map_or(&[][..], Vec::as_slice);
            let is_common = seen.is_common || is_whole;
            if !is_common && asked.is_empty() {
                continue;
            }
            if is_unsure(seen, is_common) {
                return None;
            }
            paths.extend(contained.rows(&clock, (path, seen), is_common, asked));
        }
        let items = if is_whole {
            let events: Vec<&Event> = events.iter().map(|told| &told.event).collect();
            vec![GateItem { answer: serde_json::to_vec(&events).ok()?, ..GateItem::default() }]
        } else {
            let told = plan.nodes.iter().zip(answers).map(|(node, answer)| {
                let told = Told { node: planned_node(plan, node), events: answer.events };
                Some(GateItem { answer: serde_json::to_vec(&told).ok()?, ..GateItem::default() })
            });
            told.collect::<Option<_>>()?
        };
        let counts = view.counts();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let has_flag = view.nodes.values().any(|node| !node.flags.is_empty());
        let preface = Preface {
            total: count(counts.total),
            cached: count(counts.cached),
            skipped: count(counts.skipped),
            is_plain: counts.skipped == 0 && !has_flag,
            request: view.request.clone(),
            is_whole,
            journal: JournalEnd::now(&*self.system, &self.layout).ok()?,
        };
        let preface = postcard::to_stdvec(&preface).ok()?;
        let path = gate_path(&*self.system, &self.layout, &self.root, ask, options);
        self.make_room().ok()?;
        write_gate(&*self.system, &path, &preface, &mut paths, &items).ok()
    }

    fn make_room(&self) -> io::Result<()> {
        let folder = gate_folder(&self.layout);
        self.system.create_dir_all(&folder)?;
        let others = self.system.list(&folder)?;
        if others.len() >= MOST_GATES {
            others.iter().for_each(|entry| _ = self.system.remove_file(&folder.join(&entry.name)));
        }
        Ok(())
    }
}

/// Returns for each place of the recorder the steps that asked for it, sorted.
fn askers(answers: &[Answer]) -> Vec<Vec<u32>> {
    let mut askers: Vec<Vec<u32>> = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        for place in &answer.asked.places {
            let place = *place as usize;
            if askers.len() <= place {
                askers.resize_with(place + 1, Vec::new);
            }
            if askers[place].last() != Some(&index) {
                askers[place].push(index);
            }
        }
    }
    askers
}

/// Tells whether what was said of a path is no ground to rely on.
fn is_unsure(seen: &Seen, is_common: bool) -> bool {
    seen.is_unsteady || (is_common && seen.has_changed)
}
