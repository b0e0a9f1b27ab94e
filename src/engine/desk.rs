//! The engine's desk: answers the driver, and tells what happens as events.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use super::{
    Ask, Audited, BuildOptions, Engine,
    audit::Auditor,
    conclusion::{Circumstances, conclude},
    course::Course,
    gate::{Answers, Partly},
    job::{Attempt, Done, Shared},
    late::{Answered, Kept, first_late},
    materialize::Promises,
    notices::AroundRun,
    prepare::Nodes,
    pwsh::PowerShell,
    secrets::shown_event,
    session::Cache,
    stages::Stages,
    teller::{Teller, Told},
    turns::Overlaps,
    zones::zones_of,
};
use crate::{
    base::WsPath,
    cache::{Hit, Record, SetAside, Timeline},
    diag::code,
    event::{self, Envelope, Event, PlannedNode, Reason, millis},
    execute::{
        driver::{self, Change, Job, Lost, Signals, Summary},
        scheduler::{Ending, Outcome, Verdict},
    },
    fingerprint::Question,
    journal::{RunInfo, Status, new_run_id, short_run},
    plan::{Node, Plan},
    report::RunView,
    sys::{asking_for_nobody, asking_for_one},
    text::handed::Handed,
};

/// Answers the driver, and tells what happens.
pub(super) struct Desk<'a> {
    pub(super) engine: &'a Engine,
    pub(super) ask: &'a Ask,
    pub(super) options: &'a BuildOptions,
    /// The plan, as far as it is known.
    pub(super) plan: Arc<Plan>,
    /// Matrices that came to nothing, by the places of the nodes that stand for them, with the reasons.
    pub(super) refused: BTreeMap<usize, String>,
    pub(super) shared: Arc<Shared>,
    pub(super) teller: Teller<'a>,
    /// What steps that ran or were reused asked, and what they were answered, by place.
    pub(super) answered: BTreeMap<usize, Answered>,
    /// What is in `answered`.
    kept: Kept,
    /// Steps overlapped in the wrong order, and that could not be put right.
    pub(super) has_wrong_order: bool,
    /// Steps without an order change one file.
    pub(super) has_two_owners: bool,
    /// Failures do not stop independent work.
    pub(super) goes_on: bool,
    pub(super) overlaps: Overlaps,
    /// Places of steps without an outcome.
    pub(super) open: BTreeSet<usize>,
    /// Failures that may turn out to be none, since steps before them have not ended or come again.
    pub(super) provisional: BTreeMap<usize, Event>,
    pub(super) signals: &'a Signals,
    pub(super) powershell: PowerShell<'a>,
    pub(super) auditor: Option<Auditor>,
    pub(super) stages: Stages,
    pub(super) around: AroundRun,
    /// How the scopes of the plan go.
    pub(super) course: Course,
    /// What conditions asked of files, by the steps they hold for.
    pub(super) asked_by_condition: BTreeMap<usize, Answered>,
    /// Why each node runs, is reused or skipped.
    pub(super) reasons: Vec<Vec<Reason>>,
    pub(super) hits: BTreeMap<usize, Hit>,
    /// What steps that ran or were reused hand on, by place.
    pub(super) handed: BTreeMap<usize, Handed>,
    pub(super) done: BTreeMap<usize, Done>,
    /// What is known of steps that did not run, for the next build.
    pub(super) answers: Answers,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        ask: &'a Ask,
        options: &'a BuildOptions,
        plan: Arc<Plan>,
        shared: Shared,
        signals: &'a Signals,
        on_event: &'a mut dyn FnMut(&Envelope, &RunView),
    ) -> Self {
        Self {
            engine,
            ask,
            options,
            teller: Teller::new(&*engine.system, Arc::clone(&shared.masks), on_event),
            shared: Arc::new(shared),
            powershell: PowerShell::new(&*engine.system, engine.root.clone(), &engine.env),
            auditor: options.audit.as_ref().map(|audit| Auditor::new(audit, &*engine.system)),
            stages: Stages::of(plan.nodes.iter().map(|node| node.stage.as_str())),
            course: Course::new(Arc::clone(&plan)),
            refused: BTreeMap::new(),
            asked_by_condition: BTreeMap::new(),
            answered: BTreeMap::new(),
            kept: Kept::default(),
            has_wrong_order: false,
            has_two_owners: false,
            goes_on: false,
            around: AroundRun::default(),
            overlaps: Overlaps::default(),
            open: (0..plan.nodes.len()).collect(),
            provisional: BTreeMap::new(),
            signals,
            reasons: vec![Vec::new(); plan.nodes.len()],
            plan,
            hits: BTreeMap::new(),
            handed: BTreeMap::new(),
            done: BTreeMap::new(),
            answers: Answers::default(),
        }
    }

    /// Tells that the run begins; the cache is made ready to be written.
    ///
    /// Where only some steps of a larger plan are due, all of it is told of; returns the places of those that are only
    /// counted.
    pub(super) fn start(&mut self, partly: Option<&Partly>) -> BTreeSet<usize> {
        let held = partly.map_or_else(BTreeSet::new, |partly| partly.held(self.options.tells_all));
        let known = partly.and_then(|partly| partly.nodes(&held));
        let nodes: Vec<PlannedNode> = known
            .unwrap_or_else(|| self.plan.nodes.iter().map(|node| planned_node(&self.plan, node)).collect());
        self.stages = Stages::of(nodes.iter().map(|node| node.stage.as_str()));
        let (run, request) = (self.shared.run.clone(), self.ask.arguments.clone());
        self.teller.tell(Event::OrchestrationStarted { run, request, nodes });
        if !held.is_empty() {
            self.teller.tell(Event::Held { cached: held.len() });
        }
        let store = &self.shared.cache.store;
        if store.is_damaged() {
            let text = "a part of the journal could not be read; the steps it belonged to run again";
            self.teller.warn(code::CACHE_DAMAGED, None, text.to_owned());
        }
        let opened = if self.engine.is_nested() { store.append_to_outer() } else { store.prepare_to_write() };
        if let Err(error) = opened {
            let text = format!("the cache cannot be written: {error}");
            self.teller.warn(code::CACHE_UNUSABLE, None, text);
        }
        held
    }

    /// Brings back what is still promised, tells that the run ended, and writes its result; returns what it came to
    /// and what az exits with.
    pub(super) fn finish(mut self, summary: &Summary) -> (Told, u8) {
        let provisional = std::mem::take(&mut self.provisional);
        provisional.into_values().for_each(|event| self.teller.tell(event));
        let shared = Arc::clone(&self.shared);
        let brought_back = shared.promises.finish(&shared.cache, &shared.timeline, &shared.kept);
        self.tell_restored();
        if let Err(error) = &brought_back {
            let text = format!("not all could be brought back: {error}");
            self.teller.warn(code::CACHE_UNUSABLE, None, text);
        }
        let over_threshold = self.look_back(summary);
        let tolerated = self.plan.nodes.iter().filter(|node| node.is_tolerated);
        let tolerated = tolerated.map(|node| node.id.as_str()).collect();
        let circumstances = Circumstances {
            interrupted: summary.interrupted,
            timed_out: self.options.timeout.filter(|_| summary.has_timed_out),
            has_lost: brought_back.is_err(),
            has_wrong_order: self.has_wrong_order,
            has_two_owners: self.has_two_owners,
            has_other_result: self.audited().is_some_and(|audited| audited.differing > 0),
            over_threshold: over_threshold.as_deref(),
            goes_on: self.goes_on,
            is_strict: self.ask.strict,
        };
        let (exit_code, reason) = conclude(self.teller.view(), &tolerated, circumstances);
        self.notify_end(exit_code, summary);
        let (duration_ms, counts) = (millis(self.teller.elapsed()), self.teller.view().counts());
        self.teller.tell(match reason {
            None => Event::OrchestrationCompleted { duration_ms, counts, exit_code },
            Some(reason) => Event::OrchestrationFailed { duration_ms, counts, exit_code, reason },
        });
        let status = match (summary.interrupted, exit_code) {
            (Some(_), _) => Status::Cancelled,
            (None, 0) => Status::Completed,
            (None, _) => Status::Failed,
        };
        shared.spares.clear(&*self.engine.system);
        (self.teller.finish(status), exit_code)
    }

    /// Returns what the audit came to so far, if there is one.
    pub(super) fn audited(&self) -> Option<Audited> {
        self.auditor.as_ref().map(|auditor| auditor.audited)
    }

    /// Compares what a step of the audit left with what is recorded.
    fn audit(&mut self, index: usize) {
        let shared = Arc::clone(&self.shared);
        let difference = self.auditor.as_mut().and_then(|auditor| auditor.compare(index, &shared));
        if let Some(difference) = difference {
            let id = self.id(index);
            let text = format!("{id} gave another result for the same key: {difference}");
            self.teller.warn(code::AUDIT_DIFFERS, Some(id), text);
        }
    }

    pub(super) fn id(&self, index: usize) -> String {
        self.plan.nodes[index].id.clone()
    }

    /// Tells what was put on disk since the last time.
    pub(super) fn tell_restored(&mut self) {
        let (restored, set_aside) = self.shared.promises.take_report();
        for (index, paths) in restored {
            let view = self.teller.view().nodes.get(&self.plan.nodes[index].id);
            if view.is_some_and(|view| view.outcome == Some(event::Outcome::Ran)) {
                // It is what the step itself made before another one came in between.
                continue;
            }
            // A path that went because another branch's record left it is told with the rest.
            let paths = paths.iter().map(ToString::to_string).collect();
            self.teller.tell(Event::Restored { node: self.id(index), paths });
        }
        self.tell_set_aside(&set_aside);
    }

    pub(super) fn tell_set_aside(&mut self, set_aside: &[SetAside]) {
        for SetAside { path, kept } in set_aside {
            let kept = kept.strip_prefix(&self.engine.root).unwrap_or(kept).display().to_string();
            self.teller.tell(Event::SetAside { path: path.to_string(), kept });
        }
    }

    /// Makes the run's folder when the first step starts.
    fn open_folder(&mut self) {
        let info = || RunInfo {
            job_id: self.shared.run.clone(),
            request: self.ask.arguments.clone(),
            playbook: self.plan.playbook.as_ref().map(ToString::to_string),
            start_time: self.engine.system.now().to_rfc3339(),
            end_time: None,
            status: Status::Running,
            process_id: std::process::id(),
        };
        self.teller.open_folder(&self.engine.layout.runs(), info);
    }

    fn begin_in_stage(&mut self, index: usize) {
        let now = self.engine.system.monotonic();
        if let Some(event) = self.stages.begin(&self.plan.nodes[index].stage, now) {
            self.teller.tell(event);
        }
    }

    fn end_in_stage(&mut self, index: usize, outcome: event::Outcome) {
        let Node { stage, id, .. } = &*self.plan.nodes[index];
        let error = self.teller.view().nodes.get(id).and_then(|view| view.error.as_deref());
        let now = self.engine.system.monotonic();
        if let Some(event) = self.stages.end(stage, (id, outcome, error), now) {
            self.teller.tell(event);
            self.notify_progress();
        }
    }

    /// Returns what a step hands on, once it has run or was reused; nothing if it does not, or not yet.
    pub(super) fn handed(&self, index: usize) -> Option<&Handed> {
        self.handed.get(&index)
    }

    fn keep_handed(&mut self, index: usize, handed: Handed) {
        if let Some(summary) = self.shared.shown_summary(index, &handed) {
            self.teller.keep_summary(&self.plan.nodes[index].id, summary);
        }
        self.course.hands_on(index, Some(Arc::new(handed.clone())));
        // Nearly all hand on nothing, and what stays of a step that has ended is to be little.
        if handed == Handed::default() {
            self.handed.remove(&index);
        } else {
            self.handed.insert(index, handed);
        }
    }

    /// Keeps what a step asked, with what its condition did.
    fn keep_answered(&mut self, index: usize, mut answered: Answered) {
        if let Some(asked) = self.asked_by_condition.get(&index) {
            let known: BTreeSet<Question> = answered.asked.iter().map(|said| said.0.clone()).collect();
            let further = asked.asked.iter().filter(|said| !known.contains(&said.0));
            answered.asked.extend(further.cloned());
        }
        self.kept.share(&mut answered.asked);
        self.answered.insert(index, answered);
    }

    /// Tells the outputs of a step, unless that is what is known of it anyway.
    pub(super) fn tell_handed(&mut self, index: usize) {
        let (node, shared) = (self.id(index), &self.shared);
        let outputs =
            self.handed(index).map(|handed| shared.shown_outputs(index, handed)).unwrap_or_default();
        let known = self.teller.view().nodes.get(&node);
        if known.is_some_and(|view| view.outputs != outputs) {
            let event = Event::Handed { node, outputs };
            self.answers.told(index, &event, None);
            self.teller.tell(event);
        }
    }

    /// Tells the end of a node and returns it in the words of events.
    pub(super) fn tell_end(&mut self, index: usize, outcome: Outcome) -> event::Outcome {
        self.tell_handed(index);
        let node = self.id(index);
        let reasons = std::mem::take(&mut self.reasons[index]);
        let done = self.done.remove(&index);
        let record = self.hits.get(&index).map(|hit| Arc::clone(&hit.record));
        let (event, outcome) = match outcome {
            Outcome::Ran | Outcome::Warning | Outcome::Attention => {
                (self.ran(node, done), event::Outcome::Ran)
            }
            Outcome::Failed | Outcome::TimedOut => (self.failed(node, done), event::Outcome::Failed),
            Outcome::Cached => {
                let hit = self.hits.remove(&index).expect("a cached step was looked up");
                (reused(node, &hit.record), event::Outcome::Cached)
            }
            Outcome::Skipped => (Event::Skipped { node, reasons }, event::Outcome::Skipped),
            Outcome::Blocked { by } => {
                let by = self.id(by);
                let text = format!("{by} did not end well");
                let reasons = vec![Reason::new("blocked", by, text)];
                (Event::Blocked { node, reasons }, event::Outcome::Blocked)
            }
            Outcome::Cancelled => {
                let reasons = vec![self.why_cancelled(index, done.is_some())];
                (Event::Cancelled { node, reasons }, event::Outcome::Cancelled)
            }
        };
        if matches!(outcome, event::Outcome::Cached | event::Outcome::Skipped) {
            self.answers.told(index, &shown_event(event.clone(), &self.shared.masks), record.as_deref());
        } else {
            let hands_on = self.handed(index).is_some_and(|handed| !handed.is_empty());
            self.answers.ended(index, hands_on);
        }
        if outcome == event::Outcome::Failed && self.overlaps.have_been && !self.stands(index) {
            self.provisional.insert(index, event);
        } else {
            self.teller.tell(event);
        }
        outcome
    }

    /// Tells whether all before a step has ended, and the step found what that left.
    fn stands(&self, index: usize) -> bool {
        let has_open = self.open.first().is_some_and(|open| *open < index);
        !has_open && first_late(&self.shared, &self.answered).is_none_or(|late| late.index > index)
    }

    /// Tells failures that no step before them can change any more.
    fn tell_what_stands(&mut self) {
        let standing: Vec<usize> =
            self.provisional.keys().copied().filter(|index| self.stands(*index)).collect();
        for event in standing.iter().filter_map(|index| self.provisional.remove(index)).collect::<Vec<_>>() {
            self.teller.tell(event);
        }
    }

    /// Takes what a record left for what a step leaves.
    pub(super) fn reuse(&mut self, node: usize, hit: Hit) {
        let shared = &self.shared;
        shared.promises.promise(&shared.timeline, node, &hit);
        self.keep_answered(node, Answered::of_hit(&hit));
        self.keep_handed(node, hit.record.handed.clone());
        self.hits.insert(node, hit);
    }

    fn ran(&self, node: String, done: Option<Done>) -> Event {
        let Done { exit_code, flags, duration, is_silent, .. } = done.expect("a step that ran was settled");
        Event::ScriptCompleted {
            log: self.teller.log_name(&node).filter(|_| !is_silent),
            node,
            cached: false,
            outcome: event::Outcome::Ran,
            flags,
            exit_code,
            duration_ms: millis(duration),
            reasons: Vec::new(),
        }
    }

    fn failed(&self, node: String, done: Option<Done>) -> Event {
        let done = done.expect("a step that failed was settled");
        let Done { exit_code, error, flags, duration, is_silent, .. } = done;
        Event::ScriptFailed {
            log: self.teller.log_name(&node).filter(|_| !is_silent),
            node,
            exit_code,
            error: error.unwrap_or_default(),
            flags,
            duration_ms: millis(duration),
        }
    }
}

/// Returns what is told of a step whose record is reused.
pub(super) fn reused(node: String, record: &Record) -> Event {
    let text = format!("unchanged since run {}", short_run(&record.run));
    Event::ScriptCompleted {
        node,
        cached: true,
        outcome: event::Outcome::Cached,
        flags: record.flags.clone(),
        exit_code: record.exit_code,
        duration_ms: millis(record.duration),
        reasons: vec![Reason::new("reused", &record.run, text)],
        log: record.log.map(|digest| digest.to_hex()),
    }
}

impl driver::Desk for Desk<'_> {
    type Done = Done;

    fn look_up(&mut self, node: usize) -> Verdict {
        let (verdict, asked) = asking_for_one(|| self.verdict(node));
        self.answers.decided(node, asked);
        verdict
    }

    fn job(&mut self, node: usize, _attempt: u32) -> Job<Done> {
        if let Err(ending) = self.make_sure(node) {
            let text = "steps before it had overlapped in the wrong order".to_owned();
            let done = Done { ending, ..Done::failed(text, Duration::ZERO) };
            return Box::new(move |_| done);
        }
        self.overlaps.begin(node);
        let attempt = Attempt {
            shared: Arc::clone(&self.shared),
            index: node,
            node: self.shared.nodes.get(node),
            log: self.teller.log_path(&self.plan.nodes[node].id),
            live: self.options.live,
            freedom: self.freedom(node),
        };
        Box::new(move |control| asking_for_nobody(|| attempt.run(control)))
    }

    fn settle(&mut self, node: usize, mut done: Done) -> Ending {
        self.overlaps.end(node);
        self.tell_restored();
        self.tell_set_aside(&done.set_aside);
        for (code, message) in &done.warnings {
            self.teller.warn(*code, Some(self.id(node)), message.clone());
        }
        let ending = done.ending;
        if ending == Ending::TooEarly {
            self.overlaps.came_too_early.insert(node);
            self.done.insert(node, done);
            return ending;
        }
        self.audit(node);
        self.keep_answered(node, std::mem::take(&mut done.answered));
        self.keep_handed(node, std::mem::take(&mut done.handed));
        self.done.insert(node, done);
        ending
    }

    fn lost(&mut self, node: usize, lost: Lost) {
        self.overlaps.end(node);
        self.handed.remove(&node);
        let text = match lost {
            Lost::Panic(text) => {
                self.teller.warn(code::INTERNAL, Some(self.id(node)), text);
                "az itself failed".to_owned()
            }
            Lost::NoThread(why) => format!(
                "cannot start it: az was given no thread for it ({why}); allow more processes, `ulimit -u`"
            ),
        };
        self.done.insert(node, Done::failed(text, Duration::ZERO));
    }

    fn interrupted(&mut self) {
        self.course.is_cancelled = true;
    }

    fn changed(&mut self, node: usize, change: &Change) {
        match change {
            Change::Started { attempt } => {
                self.open_folder();
                self.notify_start();
                self.begin_in_stage(node);
                let reasons = self.reasons[node].clone();
                self.teller.tell(Event::ScriptStarted { node: self.id(node), attempt: *attempt, reasons });
            }
            Change::Retrying { attempt, after: _, delay } => {
                let error = self.done.get(&node).and_then(|done| done.error.clone()).unwrap_or_default();
                let (node, delay_ms) = (self.id(node), millis(*delay));
                self.teller.tell(Event::Retry { node, attempt: *attempt, delay_ms, error });
            }
            Change::Postponed => {
                let error = self.done.remove(&node).and_then(|done| done.error).unwrap_or_default();
                let node = self.id(node);
                self.teller.tell(Event::Retry { node, attempt: 1, delay_ms: 0, error });
            }
            Change::Finished(outcome) => {
                self.course.ended(node, *outcome);
                self.begin_in_stage(node);
                self.open.remove(&node);
                let outcome = self.tell_end(node, *outcome);
                self.end_in_stage(node, outcome);
                self.tell_what_stands();
            }
        }
    }
}

/// Makes what all steps of a run have in common.
pub(super) fn share(
    engine: &Engine,
    options: &BuildOptions,
    plan: &Plan,
    nodes: Nodes,
    cache: Cache,
    partly: Option<&Partly>,
) -> Shared {
    let run = new_run_id(&*engine.system);
    let known_paths = known_paths(plan, &cache);
    Shared {
        timeline: Timeline::new(Arc::clone(&cache.disk)),
        cache,
        promises: Promises::default(),
        runner: options.run_with.0.clone().unwrap_or_else(|| Arc::new(super::lazy::LazyRunner::new(engine))),
        kept: engine.layout.kept(&run),
        run,
        root: engine.root.clone(),
        force: options.force,
        chain: engine.chain.clone(),
        zones: Arc::new(zones_of(engine, plan, partly)),
        env: engine.env.clone(),
        known_paths,
        masks: Arc::clone(nodes.masks()),
        temporary: Arc::default(),
        shells: Arc::default(),
        mentioned: Arc::default(),
        candidates: Arc::default(),
        spares: Arc::default(),
        agreed: options.agreed.clone(),
        nodes,
    }
}

/// Returns the paths of the workspace that any step declares without a wildcard, or was last seen to ask or to change,
/// sorted.
pub(super) fn known_paths(plan: &Plan, cache: &Cache) -> Vec<WsPath> {
    let patterns = plan.nodes.iter().flat_map(|node| node.inputs.iter().chain(&node.outputs).flatten());
    let declared = patterns.filter_map(crate::text::pattern::Pattern::as_path);
    let records = plan.nodes.iter().filter_map(|node| cache.store.last(&node.identity));
    let seen = records.flat_map(|record| {
        let asked = record.questions().filter_map(|question| match question {
            Question::State(path) => Some(path),
            _ => None,
        });
        asked.chain(record.effects.iter().map(|effect| effect.path.clone())).collect::<Vec<_>>()
    });
    let paths: BTreeSet<WsPath> = declared.chain(seen).filter(WsPath::is_inside).collect();
    paths.into_iter().collect()
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
