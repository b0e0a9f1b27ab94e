//! Looks at a gate.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Opened, Partly, Preface, Told, gate_path, is_answered, may_have_gate,
    scripts::{Taken, taken},
};
use crate::{
    cache::{Amendment, Gate, GatePath, Known, Layout},
    engine::{
        Ask, BuildOptions, Engine,
        secret_key::read_key,
        session::environment,
        socket::{self, Clean, GateFile},
        stages::Stages,
        workspace,
    },
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
    of: Of,
    started: Duration,
}

/// The gate that says so.
#[derive(Debug)]
enum Of {
    Read(Box<Opened>),
    /// It is in this file, as long as that is this one.
    Named(PathBuf, GateFile),
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
    /// paths in it, and reads those that were touched. Where a watch knows that all is as it was, it is asked instead.
    pub fn glance(system: &dyn System, start: &Path, ask: &Ask, options: &BuildOptions) -> Glance {
        Self::look_at_gate(system, start, ask, options, &Look::Ask)
    }

    /// Looks at a gate as [`Engine::glance`] does, in one of several ways that come to the same.
    pub(in crate::engine) fn look_at_gate(
        system: &dyn System,
        start: &Path,
        ask: &Ask,
        options: &BuildOptions,
        look: &Look,
    ) -> Glance {
        glance(system, start, ask, options, look).unwrap_or(Glance::Unknown)
    }
}

/// How it is found out which paths of a gate are not what it says.
#[derive(Debug)]
pub(in crate::engine) enum Look {
    /// A watch is asked first, then the file system.
    Ask,
    /// The file system is asked.
    Alone,
    /// All of this gate are what it says, but for these rows of which nobody knows.
    At(GateFile, Vec<usize>),
}

impl Look {
    /// Returns the rows that have to be looked at.
    fn differing<'a>(
        &self,
        system: &dyn System,
        gate: &'a Gate,
        (file, is_this): (Option<GateFile>, &dyn Fn() -> bool),
    ) -> Vec<Known<'a>> {
        match self {
            Self::At(known, rows) if Some(*known) == file && is_this() => {
                let rows = rows.iter().filter_map(|row| gate.at(*row));
                rows.filter(|known| !known.is_as_said(system)).collect()
            }
            Self::Ask | Self::Alone | Self::At(..) => gate.differing(system),
        }
    }
}

fn glance(
    system: &dyn System,
    start: &Path,
    ask: &Ask,
    options: &BuildOptions,
    how: &Look,
) -> Option<Glance> {
    let started = system.monotonic();
    if !may_have_gate(options) {
        return None;
    }
    let root = workspace::find_root(system, start).ok()?;
    let layout = Layout::new(&root);
    let env = environment(system);
    let key = read_key(system, &env, &layout, &root)?;
    let path = gate_path(system, &layout, &root, ask, options, (&env, &key));
    if matches!(how, Look::Ask)
        && let Some(clean) = socket::ask(system, &layout, &path)
        && is_answered(&env, &key, &clean.env)
    {
        return Some(Glance::UpToDate(Box::new(UpToDate::told(&clean, path, started))));
    }
    let file = GateFile::at(system, &path);
    let mut opened = Opened::read(system, &path)?;
    // One that takes its place meanwhile is not the one that is meant.
    let is_this = || file.is_some() && GateFile::at(system, &path) == file;
    if !is_answered(&env, &key, opened.env()) {
        return None;
    }
    let before = opened.preface.journal;
    let run_since = opened.catch_up(system, &layout)?;
    let has_caught_up = opened.preface.journal != before;
    let Opened { gate, preface } = opened;
    // Read before any file is, so that it can tell which of them are settled.
    let mut clock = None;
    let differing = how.differing(system, &gate, (file, &is_this));
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
    let partly = Partly::new(gate, preface, (changed, run_since), (touched, taken))?;
    if !partly.due.is_empty() {
        return Some(Glance::Partly(Box::new(partly)));
    }
    let Partly { gate, preface, touched, taken, .. } = partly;
    if (clock.is_some() || has_caught_up) && is_this() {
        // Losing that costs looking at the same files, or the same part of the journal, again.
        _ = refresh(system, &path, (&gate, &preface), clock.as_ref(), (&touched, &taken));
    }
    let opened = Opened { gate, preface };
    let (counts, is_plain) = (opened.counts(), opened.is_plain());
    Some(Glance::UpToDate(Box::new(UpToDate { counts, is_plain, of: Of::Read(Box::new(opened)), started })))
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
    (gate, preface): (&Gate, &Preface),
    clock: Option<&Stat>,
    (touched, taken): (&[(usize, Stat)], &BTreeMap<usize, Taken>),
) -> Option<()> {
    if !gate.is_whole() {
        return None;
    }
    let touched = touched.iter().map(|(index, stat)| {
        let known = gate.at(*index)?.known();
        Some(GatePath { stat: Some(*stat), is_settled: is_settled(clock?, stat), ..known })
    });
    let taken = taken.iter().map(|(index, taken)| {
        let mut known = gate.at(*index)?.known();
        taken.put_into(&mut known, clock?);
        Some(known)
    });
    let paths = touched.chain(taken).collect::<Option<_>>()?;
    let preface = postcard::to_stdvec(preface).ok()?;
    let amendment = Amendment { preface, paths, ..Amendment::default() };
    gate.amend(system, path, amendment).ok()
}

impl UpToDate {
    /// Takes the word of a watch.
    fn told(clean: &Clean, path: PathBuf, started: Duration) -> Self {
        let [total, cached, skipped] = [clean.total, clean.cached, clean.skipped].map(|count| count as usize);
        let counts = Counts { total, cached, skipped, ..Counts::default() };
        Self { counts, is_plain: clean.is_plain, of: Of::Named(path, clean.file), started }
    }

    /// Returns the events of the answer, as if everything had been evaluated again; nothing if they cannot be read.
    pub fn events(&self, system: &dyn System) -> Option<Vec<Envelope>> {
        match &self.of {
            Of::Read(opened) => self.events_of(system, opened),
            Of::Named(path, file) => {
                let is_this = || GateFile::at(system, path) == Some(*file);
                // Between the two looks it cannot have been another.
                let opened = Opened::read(system, path).filter(|_| is_this())?;
                self.events_of(system, &opened)
            }
        }
    }

    fn events_of(&self, system: &dyn System, opened: &Opened) -> Option<Vec<Envelope>> {
        if !opened.gate.is_whole() {
            return None;
        }
        let events = if opened.preface.is_whole {
            serde_json::from_slice(opened.gate.answer(0)).ok()?
        } else {
            self.put_together(system, opened)?
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
    fn put_together(&self, system: &dyn System, opened: &Opened) -> Option<Vec<Event>> {
        let gate = &opened.gate;
        let told = (0..gate.item_count()).map(|item| serde_json::from_slice(gate.answer(item)).ok());
        let told: Vec<Told> = told.collect::<Option<_>>()?;
        let nodes: Vec<PlannedNode> = told.iter().map(|told| told.node.clone()).collect();
        let mut stages = Stages::of(nodes.iter().map(|node| node.stage.as_str()));
        let now = system.monotonic();
        let request = opened.preface.request.clone();
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
