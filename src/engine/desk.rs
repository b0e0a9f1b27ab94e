//! The engine's desk: answers the driver, and tells what happens as events.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{
    Ask, BuildOptions, Engine,
    environment::PARENT,
    job::{Attempt, Done, Shared},
    lookup::{Decided, decide},
    materialize::Promises,
    prepare::Prepared,
    run::{exit_code, save_known_files},
    runs::short_run,
    session::Cache,
};
use crate::{
    base::{self, WsPath},
    cache::{Hit, Timeline},
    diag::{Code, Diagnostic, Severity, code},
    event::{self, Counts, Envelope, Event, PlannedNode, Reason},
    execute::{
        driver::{self, Change, Interrupt, Job, Panic, Summary},
        guard::Guard,
        runner::{Command, Control, Ended, Local, Runner, StartError},
        scheduler::{Ending, Outcome, Verdict},
    },
    journal::{RunFolder, RunInfo, Status, new_run_id},
    plan::{Node, Plan},
    report::{RunView, result_json},
    trace::{Trace, Witness},
};

/// Starts the guard with the first command, so that a run with nothing to do starts no process.
struct LazyRunner(OnceLock<Option<Local>>);

impl LazyRunner {
    fn local(&self) -> Result<&Local, StartError> {
        let start = || {
            let program = std::env::current_exe().ok()?;
            Guard::start(&program).ok().map(|guard| Local::new(Arc::new(guard)))
        };
        self.0.get_or_init(start).as_ref().ok_or(StartError::GuardLost)
    }
}

impl Runner for LazyRunner {
    fn run(&self, command: &Command, control: &Control) -> Result<Ended, StartError> {
        self.local()?.run(command, control)
    }

    fn run_traced(
        &self,
        command: &Command,
        control: &Control,
        witness: &mut dyn Witness,
    ) -> Result<(Ended, Trace), StartError> {
        self.local()?.run_traced(command, control, witness)
    }
}

/// Answers the driver, and tells what happens.
pub(super) struct Desk<'a> {
    engine: &'a Engine,
    ask: &'a Ask,
    options: &'a BuildOptions,
    plan: &'a Plan,
    shared: Arc<Shared>,
    on_event: &'a mut dyn FnMut(&Envelope),
    view: RunView,
    told: Vec<Envelope>,
    folder: Option<RunFolder>,
    folder_failed: bool,
    started: Duration,
    stages: BTreeMap<String, StageState>,
    /// Why each node runs, is reused or skipped.
    reasons: Vec<Vec<Reason>>,
    hits: BTreeMap<usize, Hit>,
    done: BTreeMap<usize, Done>,
    has_strict_warning: bool,
    /// Number of the last event.
    sequence: u64,
}

/// How far a stage is.
struct StageState {
    left: usize,
    started: Option<Duration>,
    counts: Counts,
    failed: Vec<String>,
    error: Option<String>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        ask: &'a Ask,
        options: &'a BuildOptions,
        plan: &'a Plan,
        nodes: Vec<Prepared>,
        cache: Cache,
        on_event: &'a mut dyn FnMut(&Envelope),
    ) -> Self {
        let run = new_run_id(&*engine.system);
        let mut stages: BTreeMap<String, StageState> = BTreeMap::new();
        for node in &plan.nodes {
            stages.entry(node.stage.clone()).or_insert_with(StageState::new).left += 1;
        }
        let shared = Shared {
            timeline: Timeline::new(Arc::clone(&cache.disk)),
            cache,
            promises: Promises::default(),
            nodes: nodes.into_iter().map(Arc::new).collect(),
            runner: Arc::new(LazyRunner(OnceLock::new())),
            kept: engine.layout.kept(&run),
            run: run.clone(),
            root: engine.root.clone(),
            force: options.force,
            parents: engine.env.get(PARENT).cloned().unwrap_or_default(),
            known_paths: known_paths(plan),
        };
        Self {
            engine,
            ask,
            options,
            plan,
            shared: Arc::new(shared),
            on_event,
            view: RunView { run, ..RunView::default() },
            told: Vec::new(),
            folder: None,
            folder_failed: false,
            started: engine.system.monotonic(),
            stages,
            reasons: vec![Vec::new(); plan.nodes.len()],
            hits: BTreeMap::new(),
            done: BTreeMap::new(),
            has_strict_warning: false,
            sequence: 0,
        }
    }

    /// Tells that the run begins; the cache is made ready to be written.
    pub(super) fn start(&mut self) {
        let nodes = self.plan.nodes.iter().map(|node| planned_node(self.plan, node)).collect();
        let run = self.view.run.clone();
        self.tell(Event::OrchestrationStarted { run, request: self.ask.arguments.clone(), nodes });
        if self.shared.cache.store.is_damaged() {
            let text =
                "a part of the journal could not be read; the steps it belonged to run again".to_owned();
            self.warn(code::CACHE_DAMAGED, None, text);
        }
        let store = &self.shared.cache.store;
        let opened = if self.engine.is_nested() { store.append_to_outer() } else { store.prepare_to_write() };
        if let Err(error) = opened {
            self.warn(code::CACHE_UNUSABLE, None, format!("the cache cannot be written: {error}"));
        }
    }

    /// Brings back what is still promised, tells that the run ended, and writes its result.
    pub(super) fn finish(
        mut self,
        summary: &Summary,
        diagnostics: &[Diagnostic],
    ) -> (RunView, u8, Option<PathBuf>) {
        let shared = Arc::clone(&self.shared);
        let brought_back = shared.promises.finish(&shared.cache, &shared.timeline, &shared.kept);
        self.tell_restored();
        let failed_restore = brought_back.err().map(|error| error.to_string());
        if let Some(error) = &failed_restore {
            self.warn(code::CACHE_UNUSABLE, None, format!("not all could be brought back: {error}"));
        }
        let has_warning = self.has_strict_warning
            || diagnostics.iter().any(|fault| fault.severity == Severity::Warning)
            || self.view.nodes.values().any(|node| node.flags.iter().any(|flag| flag == "warning"));
        let goes_on = self.options.continue_on_error;
        let code = match (summary.interrupted, summary.has_timed_out) {
            (Some(interrupt), _) => interrupt.exit_code(),
            (None, true) => 124,
            (None, false) if failed_restore.is_some() => 1,
            (None, false) => exit_code(&self.view, goes_on, self.ask.strict, has_warning),
        };
        let duration_ms = millis(self.engine.system.monotonic().saturating_sub(self.started));
        let counts = self.view.counts();
        let event = match failure(&self.view, summary, code) {
            None => Event::OrchestrationCompleted { duration_ms, counts, exit_code: code },
            Some(reason) => Event::OrchestrationFailed { duration_ms, counts, exit_code: code, reason },
        };
        self.tell(event);
        self.write_result(summary, code);
        save_known_files(self.engine, &shared.cache);
        (self.view, code, self.folder.map(|folder| folder.path().to_path_buf()))
    }

    fn write_result(&mut self, summary: &Summary, code: u8) {
        let status = match (summary.interrupted, code) {
            (Some(_), _) => Status::Cancelled,
            (None, 0) => Status::Completed,
            (None, _) => Status::Failed,
        };
        let result = result_json(&self.view);
        let system = &*self.engine.system;
        // The run is over; a result that cannot be written changes nothing of what it did.
        _ = self.folder.as_mut().map(|folder| folder.finish(system, status, &result));
    }

    /// Makes the run's folder when the first step starts, and writes down what was told before.
    fn open_folder(&mut self) {
        if self.folder.is_some() || self.folder_failed {
            return;
        }
        let system = &*self.engine.system;
        let info = RunInfo {
            job_id: self.view.run.clone(),
            request: self.ask.arguments.clone(),
            playbook: self.plan.playbook.as_ref().map(ToString::to_string),
            start_time: system.now().to_rfc3339(),
            end_time: None,
            status: Status::Running,
            process_id: std::process::id(),
        };
        match RunFolder::create(system, &self.engine.layout.runs(), info) {
            Ok(mut folder) => {
                // An event that is lost here is lost for the journal only.
                self.told.drain(..).for_each(|envelope| _ = folder.append(&envelope));
                self.folder = Some(folder);
            }
            Err(error) => {
                self.folder_failed = true;
                self.warn(code::CACHE_UNUSABLE, None, format!("the run cannot be journalled: {error}"));
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.view.apply(&event);
        self.sequence += 1;
        let envelope = Envelope {
            v: event::VERSION,
            seq: self.sequence,
            time: self.engine.system.now().to_rfc3339(),
            event,
        };
        (self.on_event)(&envelope);
        match &mut self.folder {
            Some(folder) => _ = folder.append(&envelope),
            None => self.told.push(envelope),
        }
    }

    fn warn(&mut self, code: Code, node: Option<String>, message: String) {
        self.has_strict_warning = true;
        self.tell(Event::Warning { code: code.to_string(), node, message });
    }

    fn id(&self, index: usize) -> String {
        self.plan.nodes[index].id.clone()
    }

    fn log_path(&self, index: usize) -> PathBuf {
        let id = &self.plan.nodes[index].id;
        match &self.folder {
            Some(folder) => folder.log_path(id),
            // A log that cannot be kept must not stop the step.
            None => PathBuf::from("/dev/null"),
        }
    }

    /// Tells what was put on disk since the last time.
    fn tell_restored(&mut self) {
        let (restored, set_aside) = self.shared.promises.take_report();
        for (index, paths) in restored {
            // A path that went because another branch's record left it is told with the rest.
            let paths = paths.iter().map(ToString::to_string).collect();
            self.tell(Event::Restored { node: self.id(index), paths });
        }
        set_aside.iter().for_each(|aside| self.tell_set_aside(aside.path.as_str(), &aside.kept));
    }

    fn tell_set_aside(&mut self, path: &str, kept: &std::path::Path) {
        let kept = kept.strip_prefix(&self.engine.root).unwrap_or(kept).display().to_string();
        self.tell(Event::SetAside { path: path.to_owned(), kept });
    }

    fn begin_stage(&mut self, index: usize) {
        let name = self.plan.nodes[index].stage.clone();
        let now = self.engine.system.monotonic();
        let stage = self.stages.get_mut(&name).expect("every stage of the plan is known");
        if stage.started.is_none() {
            stage.started = Some(now);
            self.tell(Event::StageStarted { name });
        }
    }

    fn end_in_stage(&mut self, index: usize, outcome: event::Outcome) {
        let node = &self.plan.nodes[index];
        let (name, id) = (node.stage.clone(), node.id.clone());
        let error = self.view.nodes.get(&id).and_then(|view| view.error.clone());
        let now = self.engine.system.monotonic();
        let stage = self.stages.get_mut(&name).expect("every stage of the plan is known");
        stage.left -= 1;
        stage.counts.add(outcome);
        if outcome == event::Outcome::Failed {
            stage.failed.push(id);
            stage.error = stage.error.take().or(error);
        }
        if stage.left > 0 {
            return;
        }
        let duration_ms = millis(now.saturating_sub(stage.started.unwrap_or(now)));
        let event = if stage.failed.is_empty() {
            Event::StageCompleted { name, duration_ms, counts: stage.counts }
        } else {
            let failed = std::mem::take(&mut stage.failed);
            Event::StageFailed { name, failed, error: stage.error.clone().unwrap_or_default() }
        };
        self.tell(event);
    }

    /// Tells how a node that was run ended.
    fn tell_ran(&mut self, index: usize, is_failure: bool) {
        let node = self.id(index);
        let log = self.folder.as_ref().map(|folder| {
            let path = folder.log_path(&node);
            path.strip_prefix(folder.path()).unwrap_or(&path).display().to_string()
        });
        let done = self.done.remove(&index);
        let Some(Done { exit_code, error, flags, duration, .. }) = done else {
            let error = "az itself failed".to_owned();
            return self.tell(Event::ScriptFailed {
                node,
                exit_code: None,
                error,
                flags: vec![],
                duration_ms: 0,
                log,
            });
        };
        let duration_ms = millis(duration);
        let event = if is_failure {
            Event::ScriptFailed { node, exit_code, error: error.unwrap_or_default(), flags, duration_ms, log }
        } else {
            let outcome = event::Outcome::Ran;
            let reasons = Vec::new();
            Event::ScriptCompleted {
                node,
                cached: false,
                outcome,
                flags,
                exit_code,
                duration_ms,
                reasons,
                log,
            }
        };
        self.tell(event);
    }

    fn tell_reused(&mut self, index: usize) {
        let Some(hit) = self.hits.remove(&index) else { return };
        let record = &hit.record;
        let event = Event::ScriptCompleted {
            node: self.id(index),
            cached: true,
            outcome: event::Outcome::Cached,
            flags: record.flags.clone(),
            exit_code: record.exit_code,
            duration_ms: millis(record.duration),
            reasons: vec![Reason::new(
                "reused",
                &record.run,
                format!("unchanged since run {}", short_run(&record.run)),
            )],
            log: record.log.map(|digest| digest.to_hex()),
        };
        self.tell(event);
    }

    /// Tells the end of a node and returns it in the words of events.
    fn tell_end(&mut self, index: usize, outcome: Outcome) -> event::Outcome {
        let node = self.id(index);
        let reasons = std::mem::take(&mut self.reasons[index]);
        match outcome {
            Outcome::Ran | Outcome::Warning | Outcome::Attention => self.tell_ran(index, false),
            Outcome::Failed | Outcome::TimedOut => self.tell_ran(index, true),
            Outcome::Cached => self.tell_reused(index),
            Outcome::Skipped => self.tell(Event::Skipped { node, reasons }),
            Outcome::Blocked { by } => {
                let by = self.id(by);
                let text = format!("{by} did not end well");
                self.tell(Event::Blocked { node, reasons: vec![Reason::new("blocked", by, text)] });
            }
            Outcome::Cancelled => {
                let has_begun = self.done.remove(&index).is_some();
                let text = if has_begun { "interrupted while it ran" } else { "the run ended before it" };
                self.tell(Event::Cancelled { node, reasons: vec![Reason::new("cancelled", "run", text)] });
            }
        }
        match outcome {
            Outcome::Ran | Outcome::Warning | Outcome::Attention => event::Outcome::Ran,
            Outcome::Failed | Outcome::TimedOut => event::Outcome::Failed,
            Outcome::Cached => event::Outcome::Cached,
            Outcome::Skipped => event::Outcome::Skipped,
            Outcome::Blocked { .. } => event::Outcome::Blocked,
            Outcome::Cancelled => event::Outcome::Cancelled,
        }
    }
}

impl driver::Desk for Desk<'_> {
    type Done = Done;

    fn look_up(&mut self, node: usize) -> Verdict {
        let shared = Arc::clone(&self.shared);
        match decide(&shared.cache, &shared.timeline, &shared.nodes, node, self.options.force) {
            Decided::Skip(reasons) => {
                self.reasons[node] = reasons;
                Verdict::Skip
            }
            Decided::Reuse(hit) => {
                shared.promises.promise(&shared.timeline, node, &hit);
                self.hits.insert(node, hit);
                Verdict::Hit
            }
            Decided::Run(reasons) => {
                self.reasons[node] = reasons;
                Verdict::Run
            }
        }
    }

    fn job(&mut self, node: usize, _attempt: u32) -> Job<Done> {
        let attempt = Attempt {
            shared: Arc::clone(&self.shared),
            index: node,
            log: self.log_path(node),
            live: self.options.live,
        };
        Box::new(move |control| attempt.run(control))
    }

    fn settle(&mut self, node: usize, done: Done) -> Ending {
        self.tell_restored();
        for aside in &done.set_aside {
            self.tell_set_aside(aside.path.as_str(), &aside.kept);
        }
        for (code, message) in &done.warnings {
            self.warn(*code, Some(self.id(node)), message.clone());
        }
        let ending = done.ending;
        self.done.insert(node, done);
        ending
    }

    fn panicked(&mut self, node: usize, panic: Panic) {
        self.warn(code::INTERNAL, Some(self.id(node)), panic.0);
    }

    fn changed(&mut self, node: usize, change: &Change) {
        match change {
            Change::Started { attempt } => {
                self.open_folder();
                self.begin_stage(node);
                let reasons = self.reasons[node].clone();
                self.tell(Event::ScriptStarted { node: self.id(node), attempt: *attempt, reasons });
            }
            Change::Retrying { attempt, after: _, delay } => {
                let error = self.done.get(&node).and_then(|done| done.error.clone()).unwrap_or_default();
                let (node, delay_ms) = (self.id(node), millis(*delay));
                self.tell(Event::Retry { node, attempt: *attempt, delay_ms, error });
            }
            Change::Finished(outcome) => {
                self.begin_stage(node);
                let outcome = self.tell_end(node, *outcome);
                self.end_in_stage(node, outcome);
            }
        }
    }
}

impl StageState {
    fn new() -> Self {
        Self { left: 0, started: None, counts: Counts::default(), failed: Vec::new(), error: None }
    }
}

/// Returns the paths without wildcards that any step declares, sorted.
fn known_paths(plan: &Plan) -> Vec<WsPath> {
    let patterns = plan.nodes.iter().flat_map(|node| node.inputs.iter().chain(&node.outputs).flatten());
    let mut paths: Vec<WsPath> = patterns.filter_map(crate::text::pattern::Pattern::as_path).collect();
    paths.sort();
    paths.dedup();
    paths
}

pub(super) fn planned_node(plan: &Plan, node: &Node) -> PlannedNode {
    PlannedNode {
        id: node.id.clone(),
        name: node.name.clone(),
        script: node.script.as_ref().map(ToString::to_string),
        number: node.number.map(|number| number.to_string()),
        stage: node.stage.clone(),
        needs: node.edges.iter().map(|edge| plan.nodes[edge.to].id.clone()).collect(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Returns why a run failed, nothing if it did not.
fn failure(view: &RunView, summary: &Summary, code: u8) -> Option<String> {
    match (summary.interrupted, summary.has_timed_out, code) {
        (Some(Interrupt::Int), _, _) => Some("interrupted".to_owned()),
        (Some(Interrupt::Term), _, _) => Some("terminated".to_owned()),
        (None, true, _) => Some("the run took too long".to_owned()),
        (None, false, 0) => None,
        (None, false, 4) => Some("there are warnings, and --strict was given".to_owned()),
        (None, false, _) => {
            let failed: Vec<&str> = view
                .nodes
                .values()
                .filter(|node| {
                    node.outcome == Some(event::Outcome::Failed)
                        || node.flags.iter().any(|flag| flag == "attention")
                })
                .map(|node| node.planned.id.as_str())
                .collect();
            Some(format!("{} failed", base::list(failed)))
        }
    }
}
