//! `az verify`: runs steps in fresh copies of the workspace, and compares what they leave and print.
//!
//! Knows runs in copies and their records. Does not know how the difference is shown.
//!
//! All copies lie at the same path while steps run in them, one after the other, so that a path that is printed or
//! compiled in is no difference. Each copy has a cache of its own, whose records tell what each step left; a path that
//! differs at the end and that no record explains is told as nobody's.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::PathBuf,
    sync::Arc,
};

use super::{
    Ask, BuildOptions, Engine, EngineError, Force, LineDifference, duplicate::Workshop,
    lines::first_difference, logs::Log,
};
use crate::{
    base::{Digest, WsPath, bytes},
    cache::{Blobs, Effect, Layout, Record},
    diag::{Diagnostic, code},
    event::{Envelope, Outcome},
    fingerprint::{Disk, State, View},
    report::{NodeView, RunView},
    sys::{FileKind, System},
    text::pattern::PRIVATE_FOLDERS,
};

/// What came of a verification.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// How often each step ran.
    pub runs: usize,
    /// The steps, in order.
    pub steps: Vec<VerifiedStep>,
    /// Paths that differ at the end and that no step was seen to change.
    pub unexplained: Vec<Difference>,
    /// What is doubtful about the plan.
    pub diagnostics: Vec<Diagnostic>,
    /// What az exits with.
    pub exit_code: u8,
}

/// A step, and how its runs differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedStep {
    /// Its id.
    pub id: String,
    /// What became of it in the first run; nothing if the run was ended before.
    pub outcome: Option<Outcome>,
    /// How it failed, if it did in one of the runs.
    pub error: Option<String>,
    /// How its runs differ; empty if they do not.
    pub differences: Vec<Difference>,
}

/// How two runs differ in one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The run that differs from the first, from 2.
    pub run: usize,
    /// In what.
    pub subject: Subject,
    /// What it was in the first run.
    pub one: String,
    /// What it was in the other.
    pub other: String,
    /// Where two texts first differ.
    pub lines: Option<LineDifference>,
}

/// In what two runs can differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What is at a path.
    Path(WsPath),
    /// What was printed.
    Log,
    /// How it ended.
    Outcome,
    /// The exit code.
    ExitCode,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(f, "`{path}`"),
            Self::Log => f.write_str("the output"),
            Self::Outcome => f.write_str("the outcome"),
            Self::ExitCode => f.write_str("the exit code"),
        }
    }
}

impl VerifiedStep {
    fn of(id: &str, view: &RunView) -> Self {
        let node = &view.nodes[id];
        Self { id: id.to_owned(), outcome: node.outcome, error: error_of(node), differences: Vec::new() }
    }

    /// Tells whether it ran well, and alike each time.
    pub fn is_equal(&self) -> bool {
        self.error.is_none() && self.differences.is_empty()
    }
}

/// One run of all steps in a copy.
struct Ran {
    view: RunView,
    exit_code: u8,
    diagnostics: Vec<Diagnostic>,
    logs: BTreeMap<String, Vec<u8>>,
    records: BTreeMap<String, Arc<Record>>,
    /// What is at each path when all is done.
    left: BTreeMap<WsPath, State>,
    /// Where the copy is now.
    place: PathBuf,
}

impl Engine {
    /// Runs what is asked for in `runs` fresh copies of the workspace and compares; touches neither it nor its cache.
    ///
    /// # Errors
    /// If nothing could be run: the request, a file or a program is at fault, or the workspace cannot be copied.
    pub fn verify(
        &self,
        ask: &Ask,
        runs: usize,
        allow_empty: bool,
        on_event: &mut dyn FnMut(usize, &Envelope),
    ) -> Result<Verified, EngineError> {
        let workshop = Workshop::new(&self.system, &self.root).map_err(|error| cannot_copy(&error))?;
        let first = self.run_in_copy(&workshop, 1, ask, allow_empty, on_event)?;
        let mut verified = Verified {
            runs,
            steps: first.view.nodes.iter().map(|(id, _)| VerifiedStep::of(id, &first.view)).collect(),
            unexplained: Vec::new(),
            diagnostics: first.diagnostics.clone(),
            exit_code: 0,
        };
        let mut last = first.exit_code;
        for run in 2..=runs {
            // What is left undone says nothing.
            if is_ended_early(last) {
                break;
            }
            let other = self.run_in_copy(&workshop, run, ask, allow_empty, on_event)?;
            last = other.exit_code;
            if !is_ended_early(last) {
                Comparison { system: &self.system, run, one: &first, other: &other }.add_to(&mut verified);
            }
            workshop.discard(&other.place);
        }
        let is_equal = verified.steps.iter().all(VerifiedStep::is_equal) && verified.unexplained.is_empty();
        verified.exit_code = if is_ended_early(last) { last } else { u8::from(!is_equal) };
        Ok(verified)
    }

    fn run_in_copy(
        &self,
        workshop: &Workshop,
        run: usize,
        ask: &Ask,
        allow_empty: bool,
        on_event: &mut dyn FnMut(usize, &Envelope),
    ) -> Result<Ran, EngineError> {
        let place = workshop.copy().map_err(|error| cannot_copy(&error))?;
        let (configuration, environment) = (ask.configuration.as_deref(), ask.environment.as_deref());
        let engine = Self::open_with(Arc::clone(&self.system), &place, configuration, environment)?;
        // One at a time, in order; a failure must not hide what comes after it.
        let options = BuildOptions {
            jobs: Some(1),
            force: Force::All,
            continue_on_error: true,
            allow_empty,
            ..BuildOptions::default()
        };
        let built = engine.build(ask, &options, &mut |envelope, _| on_event(run, envelope), &mut || {})?;
        let cache = engine.open_cache();
        let plan = engine.planned(ask).plan.unwrap_or_default();
        let identities = plan.nodes.iter().map(|node| (node.id.clone(), &node.identity));
        let records: BTreeMap<String, Arc<Record>> =
            identities.filter_map(|(id, identity)| Some((id, cache.store.last(identity)?))).collect();
        let logs = built.view.nodes.keys();
        let text = |mut log: Log| {
            let mut text = Vec::new();
            log.read_to_end(&mut text).ok().map(|_| text)
        };
        let logs = logs.filter_map(|id| Some((id.clone(), engine.log_of(&built.view, id).and_then(text)?)));
        let logs = logs.collect();
        let left = left_in(&*self.system, &cache.disk, &records);
        let place = workshop.put_aside(&run.to_string()).map_err(|error| cannot_copy(&error))?;
        let exit_code = built.exit_code;
        Ok(Ran { view: built.view, exit_code, diagnostics: built.diagnostics, logs, records, left, place })
    }
}

/// Tells by its exit code whether a run was interrupted, or az made a mistake.
fn is_ended_early(exit_code: u8) -> bool {
    exit_code >= 100
}

fn cannot_copy(error: &std::io::Error) -> EngineError {
    let message = format!("the workspace cannot be copied: {error}");
    let help = "make room where temporary files lie, and what is named readable";
    Diagnostic::error(code::UNREADABLE_SOURCE, message).help(help).into()
}

/// Returns how a step failed, if it did.
fn error_of(node: &NodeView) -> Option<String> {
    let is_bad = matches!(node.outcome, None | Some(Outcome::Failed | Outcome::Blocked | Outcome::Cancelled));
    let reason = || node.reasons.first().map_or("it did not run".to_owned(), |reason| reason.text.clone());
    is_bad.then(|| node.error.clone().unwrap_or_else(reason))
}

/// Returns what is at each path of a copy, without what git and tools keep for themselves.
fn left_in(
    system: &dyn System,
    disk: &Disk,
    records: &BTreeMap<String, Arc<Record>>,
) -> BTreeMap<WsPath, State> {
    let private: BTreeSet<&WsPath> = records.values().flat_map(|record| &record.private).collect();
    let mut left = BTreeMap::new();
    let mut open = vec![WsPath::root()];
    while let Some(folder) = open.pop() {
        for entry in system.list(&disk.absolute(&folder)).unwrap_or_default() {
            let Some(name) = entry.name.to_str().filter(|name| !PRIVATE_FOLDERS.contains(name)) else {
                continue;
            };
            let path = folder.join(name);
            if private.contains(&path) {
                continue;
            }
            left.insert(path.clone(), disk.state(&path));
            if entry.kind == FileKind::Directory {
                open.push(path);
            }
        }
    }
    left
}

/// Two runs to be compared.
struct Comparison<'a> {
    system: &'a Arc<dyn System>,
    /// The number of the other.
    run: usize,
    one: &'a Ran,
    other: &'a Ran,
}

impl Comparison<'_> {
    fn add_to(&self, verified: &mut Verified) {
        for step in &mut verified.steps {
            let Some(other) = self.other.view.nodes.get(&step.id) else { continue };
            let one = &self.one.view.nodes[&step.id];
            step.error = step.error.take().or_else(|| error_of(other));
            let outcome = |node: &NodeView| node.outcome.map_or("none".to_owned(), |it| it.to_string());
            let exit_code =
                |node: &NodeView| node.exit_code.map_or("none".to_owned(), |code| code.to_string());
            step.differences.extend(self.words(Subject::Outcome, outcome(one), outcome(other)));
            step.differences.extend(self.words(Subject::ExitCode, exit_code(one), exit_code(other)));
            step.differences.extend(self.effects(&step.id));
            step.differences.extend(self.logs(&step.id));
        }
        let explained: BTreeSet<&WsPath> = [self.one, self.other]
            .into_iter()
            .flat_map(|ran| ran.records.values())
            .flat_map(|record| record.effects.iter().map(|effect| &effect.path))
            .collect();
        let (one, other) = (&self.one.left, &self.other.left);
        let paths: BTreeSet<&WsPath> = one.keys().chain(other.keys()).collect();
        for path in paths.difference(&explained) {
            let state = |left: &BTreeMap<WsPath, State>| left.get(*path).cloned().unwrap_or(State::Absent);
            verified.unexplained.extend(self.states(path, &state(one), &state(other)));
        }
    }

    fn words(&self, subject: Subject, one: String, other: String) -> Option<Difference> {
        if one == other {
            return None;
        }
        Some(Difference { run: self.run, subject, one, other, lines: None })
    }

    fn logs(&self, id: &str) -> Option<Difference> {
        let text = |ran: &Ran| ran.logs.get(id).cloned().unwrap_or_default();
        let (one, other) = (text(self.one), text(self.other));
        let lines = first_difference(&one, &other)?;
        let size = |text: &[u8]| bytes(text.len() as u64);
        let (one, other) = (size(&one), size(&other));
        Some(Difference { run: self.run, subject: Subject::Log, one, other, lines: Some(lines) })
    }

    /// Compares what a step did in both runs.
    fn effects(&self, id: &str) -> Vec<Difference> {
        let effects = |ran: &Ran| -> BTreeMap<WsPath, Effect> {
            let effects = ran.records.get(id).into_iter().flat_map(|record| &record.effects);
            effects.map(|effect| (effect.path.clone(), effect.clone())).collect()
        };
        let (one, other) = (effects(self.one), effects(self.other));
        let paths: BTreeSet<&WsPath> = one.keys().chain(other.keys()).collect();
        let compare = |path: &WsPath| match (one.get(path), other.get(path)) {
            (Some(one), Some(other)) => self.states(path, &one.after, &other.after),
            // Outside of the copies the other run finds what the first left.
            _ if !path.is_inside() => None,
            (Some(one), None) => self.states(path, &one.after, &one.before),
            (None, Some(other)) => self.states(path, &other.before, &other.after),
            (None, None) => None,
        };
        paths.into_iter().filter_map(compare).collect()
    }

    fn states(&self, path: &WsPath, one: &State, other: &State) -> Option<Difference> {
        if one == other {
            return None;
        }
        let text = |ran: &Ran, state: &State| match state {
            State::File { digest, .. } => ran.content(self.system, path, digest),
            _ => None,
        };
        let lines = text(self.one, one).zip(text(self.other, other));
        let lines = lines.and_then(|(one, other)| first_difference(&one, &other));
        let subject = Subject::Path(path.clone());
        Some(Difference { run: self.run, subject, one: one.to_string(), other: other.to_string(), lines })
    }
}

impl Ran {
    /// Returns what a step left at a path, where it is still known: a later one may have changed it.
    fn content(&self, system: &Arc<dyn System>, path: &WsPath, digest: &Digest) -> Option<Vec<u8>> {
        let blobs = Blobs::new(Arc::clone(system), Layout::new(&self.place).blobs());
        let on_disk = || system.read(&path.to_absolute(&self.place)).ok();
        blobs.read(digest).ok().or_else(on_disk).filter(|text| Digest::of(text) == *digest)
    }
}
