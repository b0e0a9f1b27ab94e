//! Looks at a gate.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    GOOD_FOR_DAYS, JournalEnd, Partly, Preface, Told, gate_path, may_have_gate,
    scripts::{Taken, taken},
    today,
};
use crate::{
    cache::{Amendment, Gate, GatePath, Known, Layout},
    engine::{Ask, BuildOptions, Engine, session::environment, stages::Stages, workspace},
    event::{self, Counts, Envelope, Event, PlannedNode, millis},
    fingerprint::{is_settled, read_clock},
    journal::new_run_id,
    report::RunView,
    sys::{Stat, System},
};

/// So many files are read on one thread.
const FEW: usize = 8;

/// A request of which nothing has to be done.
#[derive(Debug)]
pub struct UpToDate {
    /// How the steps ended.
    pub counts: Counts,
    /// Every step was reused and has no flag: there is nothing more to tell than the counts.
    pub is_plain: bool,
    gate: Gate,
    preface: Preface,
    started: Duration,
}

/// What a look at a gate says.
#[derive(Debug)]
pub enum Glance {
    /// Nothing has to be done.
    UpToDate(Box<UpToDate>),
    /// What has changed concerns some of the steps.
    Partly(Box<Partly>),
    /// Everything has to be evaluated.
    Unknown,
}

impl Engine {
    /// Looks whether anything has changed since a request was last answered; reads one file, asks for the stats of the
    /// paths in it, and reads those that were touched.
    pub fn glance(system: &dyn System, start: &Path, ask: &Ask, options: &BuildOptions) -> Glance {
        glance(system, start, ask, options).unwrap_or(Glance::Unknown)
    }
}

fn glance(system: &dyn System, start: &Path, ask: &Ask, options: &BuildOptions) -> Option<Glance> {
    let started = system.monotonic();
    if !may_have_gate(options) {
        return None;
    }
    let root = workspace::find_root(system, start).ok()?;
    let layout = Layout::new(&root);
    let (env, key) = (environment(system), system.read(&layout.secret_key()).ok()?);
    let path = gate_path(system, &layout, &root, ask, options, (&env, &key));
    let gate = Gate::read(system, &path)?;
    let preface: Preface = postcard::from_bytes(gate.preface()).ok()?;
    let (asked, answers) = &preface.env;
    if env.answers(&key, asked).0 != *answers {
        return None;
    }
    if JournalEnd::now(system, &layout).ok()? != preface.journal {
        return None;
    }
    if today(system).saturating_sub(preface.evaluated) > GOOD_FOR_DAYS {
        return None;
    }
    // Read before any file is, so that it can tell which of them are settled.
    let mut clock = None;
    let differing = gate.differing(system);
    let mut looked = Looked::default();
    if !differing.is_empty() {
        clock = Some(read_clock(system, &layout.clock())?);
        looked = look(system, &differing);
    }
    if looked.is_common_changed {
        return None;
    }
    let Looked { changed, touched, scripts, .. } = looked;
    let taken = taken(system, (&root, start), ask, &gate, &scripts)?;
    let has_changed = gate.open_items() > 0 || !changed.is_empty() || !taken.is_empty();
    let partly = if has_changed {
        Partly::new(gate, preface, changed, (touched, taken))?
    } else {
        Partly { gate, preface, due: vec![], touched, taken }
    };
    if !partly.due.is_empty() {
        return Some(Glance::Partly(Box::new(partly)));
    }
    let Partly { gate, preface, touched, taken, .. } = partly;
    if let Some(clock) = clock {
        // Losing that costs looking at the same files again.
        _ = refresh(system, &path, &gate, &clock, (&touched, &taken));
    }
    let [total, cached, skipped] =
        [preface.total, preface.cached, preface.skipped].map(|count| count as usize);
    let counts = Counts { total, cached, skipped, ..Counts::default() };
    let is_plain = preface.is_plain;
    Some(Glance::UpToDate(Box::new(UpToDate { counts, is_plain, gate, preface, started })))
}

/// What became of paths that are not as the file system said.
#[derive(Debug, Default)]
struct Looked {
    /// What all steps depend on is not what it was.
    is_common_changed: bool,
    /// The places of those that are not what they were.
    changed: Vec<usize>,
    /// The places of those that are not what they were, but planning took only a part from them.
    scripts: Vec<usize>,
    /// The places of those that are, with what the file system says now.
    touched: Vec<(usize, Stat)>,
}

fn look(system: &dyn System, differing: &[Known<'_>]) -> Looked {
    use rayon::prelude::*;

    let ask = |known: &Known<'_>| known.is_unchanged(system);
    let answers: Vec<Option<Stat>> = if differing.len() < FEW {
        differing.iter().map(ask).collect()
    } else {
        differing.par_iter().map(ask).collect()
    };
    let mut looked = Looked::default();
    for (known, answer) in differing.iter().zip(answers) {
        match answer {
            Some(stat) => looked.touched.push((known.index, stat)),
            None if known.is_common() && known.gist().is_some() => looked.scripts.push(known.index),
            None if known.is_common() => looked.is_common_changed = true,
            None => looked.changed.push(known.index),
        }
    }
    looked
}

/// Writes down what the file system says now.
fn refresh(
    system: &dyn System,
    path: &Path,
    gate: &Gate,
    clock: &Stat,
    (touched, taken): (&[(usize, Stat)], &BTreeMap<usize, Taken>),
) -> Option<()> {
    if !gate.is_whole() {
        return None;
    }
    let touched = touched.iter().map(|(index, stat)| {
        let known = gate.at(*index)?.known();
        Some(GatePath { stat: Some(*stat), is_settled: is_settled(clock, stat), ..known })
    });
    let taken = taken.iter().map(|(index, taken)| {
        let mut known = gate.at(*index)?.known();
        taken.put_into(&mut known, clock);
        Some(known)
    });
    let paths = touched.chain(taken).collect::<Option<_>>()?;
    let amendment = Amendment { preface: gate.preface().to_vec(), paths, ..Amendment::default() };
    gate.amend(system, path, amendment).ok()
}

impl UpToDate {
    /// Returns the events of the answer, as if everything had been evaluated again; nothing if they cannot be read.
    pub fn events(&self, system: &dyn System) -> Option<Vec<Envelope>> {
        if !self.gate.is_whole() {
            return None;
        }
        let events = if self.preface.is_whole {
            serde_json::from_slice(self.gate.answer(0)).ok()?
        } else {
            self.put_together(system)?
        };
        let time = system.now().to_rfc3339();
        let own_run = new_run_id(system);
        let envelope = |(index, mut event): (usize, Event)| {
            match &mut event {
                Event::OrchestrationStarted { run, .. } => run.clone_from(&own_run),
                Event::OrchestrationCompleted { duration_ms, .. } => *duration_ms = self.duration_ms(system),
                _ => {}
            }
            Envelope { v: event::VERSION, seq: index as u64 + 1, time: time.clone(), event }
        };
        Some(events.into_iter().enumerate().map(envelope).collect())
    }

    /// Puts what was told together out of what is known of each step.
    fn put_together(&self, system: &dyn System) -> Option<Vec<Event>> {
        let told =
            (0..self.gate.item_count()).map(|item| serde_json::from_slice(self.gate.answer(item)).ok());
        let told: Vec<Told> = told.collect::<Option<_>>()?;
        let nodes: Vec<PlannedNode> = told.iter().map(|told| told.node.clone()).collect();
        let mut stages = Stages::of(nodes.iter().map(|node| node.stage.as_str()));
        let now = system.monotonic();
        let request = self.preface.request.clone();
        let mut events = vec![Event::OrchestrationStarted { run: String::new(), request, nodes }];
        let mut view = RunView::default();
        view.apply(&events[0]);
        for Told { node, events: own } in told {
            events.extend(stages.begin(&node.stage, now));
            own.iter().for_each(|event| view.apply(event));
            events.extend(own);
            let outcome = view.nodes.get(&node.id)?.outcome?;
            events.extend(stages.end(&node.stage, (&node.id, outcome, None), now));
        }
        events.push(Event::OrchestrationCompleted { duration_ms: 0, counts: self.counts, exit_code: 0 });
        Some(events)
    }

    /// Returns how long the answer took so far.
    pub fn duration_ms(&self, system: &dyn System) -> u64 {
        millis(system.monotonic().saturating_sub(self.started))
    }
}
