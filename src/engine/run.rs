//! Builds: drives the nodes of a plan, tells what happens, and sums up.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use super::{
    Ask, Audit, Audited, Engine, EngineError,
    desk::{Desk, share},
    gate::{Effect, Finished, Partly, gate_path},
    growth::beginning,
    prepare::{Nodes, Prepared},
    resources::Capacities,
    secrets::shown_diagnostic,
    session::Cache,
    socket::GateFile,
    teller::Told,
    trust::Agreed,
};
use crate::{
    base::WsPath,
    cache::recover,
    diag::{Diagnostic, Severity, code, has_errors},
    event::Envelope,
    execute::{
        driver::Signals,
        runner::{Live, Runner},
        scheduler::{self, OnFailure, Outcome, Policy, Scheduler},
    },
    journal::new_run_id,
    model::{config::CacheLimits, settings::CachePolicy},
    plan::{self, Around, Gate, Plan, Planned},
    report::RunView,
    secret::Masks,
    sys::asking_for_nobody,
};

/// Which steps are run whatever the cache says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Force {
    /// None.
    #[default]
    No,
    /// All that are selected; their results are recorded.
    All,
    /// All that are selected; nothing is looked up or recorded.
    NoCache,
}

/// What runs the steps: processes, unless something else is named.
#[derive(Clone, Default)]
pub struct RunWith(pub(super) Option<Arc<dyn Runner>>);

impl RunWith {
    /// Has something else than processes do what steps do.
    pub fn new(runner: Arc<dyn Runner>) -> Self {
        Self(Some(runner))
    }
}

impl fmt::Debug for RunWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "RunWith(..)" } else { "RunWith(processes)" })
    }
}

/// How a build goes.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct BuildOptions {
    /// Steps at work at once; nothing for what the configuration says, else the number of cores.
    pub jobs: Option<usize>,
    /// The priority of steps that have none of their own; higher ones begin first.
    pub priority: i32,
    /// Failures do not stop independent work.
    pub continue_on_error: bool,
    /// Which steps are run whatever the cache says.
    pub force: Force,
    /// Output goes to az's own as it comes, and to which of them; for a single script.
    pub live: Option<Live>,
    /// How long the whole run may take.
    pub timeout: Option<Duration>,
    /// If another az is at work here it is an error, and nothing is done.
    pub no_wait: bool,
    /// Nothing selected is no error.
    pub allow_empty: bool,
    /// Steps that could be reused run all the same, to be compared.
    pub audit: Option<Audit>,
    /// Each step is told of, also where thousands are as they were.
    pub tells_all: bool,
    /// How much the cache keeps, and for how long, above what the configuration says.
    pub limits: CacheLimits,
    /// What runs the steps.
    pub run_with: RunWith,
    /// The only set of files that may run, where no person has asked for it.
    pub agreed: Option<Agreed>,
}

/// How a build ended.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildResult {
    /// What is known of the run.
    pub view: RunView,
    /// Warnings of planning.
    pub diagnostics: Vec<Diagnostic>,
    /// What az exits with.
    pub exit_code: u8,
    /// The run's folder, if a step was started.
    pub folder: Option<PathBuf>,
    /// What the audit came to, if one was asked for.
    pub audited: Option<Audited>,
    /// The paths that steps were seen to change, or az changed for them.
    pub changed: Vec<WsPath>,
    /// The gate that was left, of a build that may run one set only.
    pub(super) gate: Option<GateFile>,
}

/// What is to be run.
pub(super) struct Work<'a> {
    pub(super) plan: Arc<Plan>,
    pub(super) around: Vec<Around>,
    /// Warnings of planning.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The gate by which these steps of a larger plan are due, and no others.
    pub(super) partly: Option<&'a Partly>,
}

/// What can be driven.
struct Ready<'a> {
    plan: Arc<Plan>,
    nodes: Vec<Prepared>,
    masks: Arc<Masks>,
    cache: Cache,
    around: Vec<Around>,
    diagnostics: Vec<Diagnostic>,
    partly: Option<&'a Partly>,
}

/// What running came to.
pub(super) enum Carried {
    /// The run has ended.
    Done(Box<BuildResult>),
    /// The steps that were due have ended well, and the whole plan has to be evaluated, since others are due with them.
    More(Box<Part>),
}

/// What a run of the steps that were due came to.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) view: RunView,
    pub(super) changed: Vec<WsPath>,
}

/// Tells whether steps of a plan can be decided again without it: what they may overlap, or not, is known of each.
fn is_repeatable(plan: &Plan, nodes: &[Prepared]) -> bool {
    let is_known = |node: &Prepared| node.unwatched.is_none() || node.node.is_declared();
    plan.is_flat() && nodes.iter().all(|node| node.node.stands_alone() && is_known(node))
}

impl Engine {
    /// Plans and runs; `on_event` is told everything as it happens, with what is known of the run then.
    ///
    /// # Errors
    /// If nothing could be run: the request, a file or a program is at fault.
    pub fn build(
        &self,
        ask: &Ask,
        options: &BuildOptions,
        on_event: &mut dyn FnMut(&Envelope, &RunView),
        on_wait: &mut dyn FnMut(),
    ) -> Result<BuildResult, EngineError> {
        self.check_agreed(options.agreed.as_ref())?;
        let planned = allowed(self.planned(ask))
            .map_err(|error| EngineError { diagnostics: self.shown(ask, error.diagnostics), ..error })?;
        let (planned, around) = self.look_around(planned, Severity::Error);
        let (plan, diagnostics) = self.runnable(ask, planned, options.allow_empty)?;
        let work = Work { plan, around, diagnostics, partly: None };
        match self.carry_out(ask, options, work, on_event, on_wait)? {
            Carried::Done(result) => Ok(*result),
            Carried::More(_) => unreachable!("a whole plan concerns no others"),
        }
    }

    /// Runs what was planned.
    ///
    /// # Errors
    /// If nothing could be run.
    pub(super) fn carry_out(
        &self,
        ask: &Ask,
        options: &BuildOptions,
        Work { plan, around, diagnostics, partly }: Work<'_>,
        on_event: &mut dyn FnMut(&Envelope, &RunView),
        on_wait: &mut dyn FnMut(),
    ) -> Result<Carried, EngineError> {
        // A folder that cannot be made is told when something is to be written there.
        _ = self.system.create_dir_all(&self.layout.version());
        let masks = Arc::new(Masks::default());
        let (mut nodes, missing) = self.prepare(ask, &plan, &masks);
        if has_errors(&missing) {
            return Err(EngineError {
                is_strict: false,
                diagnostics: diagnostics.into_iter().chain(missing).collect(),
            });
        }
        self.refuse_loop(&plan)?;
        let lock = self.lock_workspace(!options.no_wait, on_wait)?;
        if partly.is_some_and(|partly| !partly.still_holds(self)) {
            return Ok(Carried::More(Box::default()));
        }
        let cache = self.open_cache();
        self.learn(&cache, &mut nodes);
        let plan = self.put_in_order(ask, &plan, &nodes, &cache);
        let broken = self.broken_before(&around, &plan, &cache, &new_run_id(&*self.system));
        if !broken.is_empty() {
            let hidden = masks.all();
            let broken = broken.into_iter().map(|fault| shown_diagnostic(fault, &hidden));
            let diagnostics = diagnostics.into_iter().chain(broken).collect();
            return Err(EngineError { is_strict: false, diagnostics });
        }
        let ready = Ready { plan, nodes, masks, cache, around, diagnostics, partly };
        Ok(self.drive(ask, options, ready, lock.is_some(), on_event))
    }

    /// Drives what is ready; `is_locked` says that nobody else writes to the cache.
    fn drive(
        &self,
        ask: &Ask,
        options: &BuildOptions,
        ready: Ready<'_>,
        is_locked: bool,
        on_event: &mut dyn FnMut(&Envelope, &RunView),
    ) -> Carried {
        let Ready { plan, mut nodes, masks, cache, around, diagnostics, partly } = ready;
        let policy = self.policy(ask, options, &plan);
        let is_flat = around.is_empty() && is_repeatable(&plan, &nodes);
        let part = beginning(&plan, 0);
        nodes.truncate(part.nodes.len());
        // Without handlers a signal ends az as it would any program; the guard still ends the steps.
        let signals = Signals::install().unwrap_or_else(|_| Signals::none());
        let shared = share(self, options, &part, Nodes::new(nodes, masks), cache, partly);
        if is_locked && !self.is_nested() {
            let found = recover(&*self.system, &self.root, &shared.cache.blobs, &shared.kept);
            shared.promises.tell_of(found);
        }
        let mut desk = Desk::new(self, ask, options, part, shared, &signals, on_event);
        desk.goes_on = policy.on_failure == OnFailure::KeepGoing;
        desk.around.of = around;
        let held = desk.start(partly);
        // What a step asks while it is decided is asked for it, and the rest would not be asked again.
        let summary = asking_for_nobody(|| {
            let summary = desk.drive(Arc::clone(&plan), &policy, &signals);
            desk.check_order(summary)
        });
        desk.tell_of_owners();
        let effect = partly.map_or(Effect::None, |partly| desk.effect_on_others(partly));
        if effect == Effect::Evaluate {
            let changed = desk.shared.timeline.changed_on_disk();
            return Carried::More(Box::new(Part { view: desk.leave_to_others(), changed }));
        }
        if let Some(partly) = partly {
            desk.tell_of_others(partly, &held);
        }
        let audited = desk.audited();
        let is_sound = desk.is_sound(&summary) && effect == Effect::None;
        let (shared, answers) = (Arc::clone(&desk.shared), std::mem::take(&mut desk.answers));
        let plan = Arc::clone(&desk.plan);
        let (Told { view, folder, events }, exit_code) = asking_for_nobody(|| desk.finish(&summary));
        shared.timeline.let_go();
        // While the rest is done that needs no disk.
        let flushing = flush(&shared.cache).map(std::thread::spawn);
        self.settle(&shared.cache, options.limits, folder.as_deref(), is_locked);
        let mut gate = None;
        if is_sound && !self.is_of_the_moment(&plan) {
            let (plan, shared, has_run) = (&*plan, &*shared, folder.is_some());
            let (view, diagnostics, events) = (&view, &*diagnostics, &*events);
            let finished =
                Finished { plan, shared, view, diagnostics, events, exit_code, has_run, is_flat, partly };
            let is_ours = self.write_gate(ask, options, &finished, answers) && is_locked;
            gate = is_ours.then(|| self.gate_file(ask, options)).flatten();
        }
        let changed = shared.timeline.changed_on_disk();
        _ = flushing.map(JoinHandle::join);
        Carried::Done(Box::new(BuildResult { view, diagnostics, exit_code, folder, audited, changed, gate }))
    }

    /// Returns which gate was left, where somebody wants to know; nobody else can have written one since, as long as the
    /// workspace is locked.
    fn gate_file(&self, ask: &Ask, options: &BuildOptions) -> Option<GateFile> {
        options.agreed.as_ref()?;
        let (env, key) = (&self.env, &self.secret_key());
        GateFile::at(
            &*self.system,
            &gate_path(&*self.system, &self.layout, &self.root, ask, options, (env, key)),
        )
    }

    /// Tells whether an answer is good for no longer than a moment, whatever the files say.
    fn is_of_the_moment(&self, plan: &Plan) -> bool {
        let is_bound_in_time =
            |node: &Arc<plan::Node>| matches!(node.settings.cache, Some(CachePolicy::For(_)));
        self.momentary.load(Ordering::Relaxed) || plan.nodes.iter().any(is_bound_in_time)
    }

    /// Makes the next start fast and keeps the cache small, when all has been told; whatever becomes of this, nothing is
    /// lost by it.
    fn settle(&self, cache: &Cache, limits: CacheLimits, run: Option<&Path>, is_locked: bool) {
        let is_alone = is_locked && !self.is_nested();
        _ = cache.files.keep(&*self.system, &self.layout, &cache.disk.changed_files(), is_alone);
        if is_alone && cache.store.settle().is_ok() && cache.blobs.settle().is_ok() {
            _ = self.collect_if_due(cache, limits, run);
        }
    }

    /// Returns the plan if it can be run, with the warnings that are left.
    pub(super) fn runnable(
        &self,
        ask: &Ask,
        planned: Planned,
        allow_empty: bool,
    ) -> Result<(Arc<Plan>, Vec<Diagnostic>), EngineError> {
        let mut diagnostics = self.shown(ask, planned.diagnostics);
        diagnostics.extend(self.missing_tools(&planned.tools));
        if allow_empty {
            diagnostics.retain(|fault| fault.code != code::NOTHING_SELECTED);
        }
        // What would run differently with a field that is only read yet is not run without it.
        for fault in &mut diagnostics {
            match fault.code {
                code::UNSUPPORTED_FIELD => fault.severity = Severity::Error,
                // A build refused it before; who only looks at the plan is to know that it would.
                code::NOT_ALLOWED => fault.severity = Severity::Warning,
                _ => {}
            }
        }
        let is_strict = ask.strict && !has_errors(&diagnostics);
        if ask.strict {
            diagnostics = diagnostics.into_iter().map(Diagnostic::strict).collect();
        }
        let is_nothing = planned.is_empty && !allow_empty;
        match planned.plan {
            Some(plan) if !has_errors(&diagnostics) && !is_nothing => Ok((plan, diagnostics)),
            _ => Err(EngineError { diagnostics, is_strict }),
        }
    }

    /// Returns a warning for each tool that none of its programs stands for, each once.
    pub(super) fn missing_tools(&self, wishes: &[crate::plan::ToolWish]) -> Vec<Diagnostic> {
        let mut tools =
            super::tools::Tools::new(&*self.system, self.env.get("PATH").map_or("", String::as_str));
        let mut told = std::collections::BTreeSet::new();
        let mut missing = Vec::new();
        for wish in wishes {
            let is_there =
                wish.candidates.iter().any(|candidate| tools.find(candidate, &self.root).is_some());
            if !is_there && told.insert(&wish.name) {
                missing.push(wish.missing());
            }
        }
        missing
    }

    fn policy(&self, ask: &Ask, options: &BuildOptions, plan: &Plan) -> Policy {
        let configured =
            crate::model::query::config(&self.db, self.workspace).value.clone().unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let is_sequential = configured.defaults.parallel == Some(false) && !ask.overlap;
        let jobs = if is_sequential { Some(1) } else { configured.jobs.map(|jobs| jobs.get() as usize) };
        let slots = options.jobs.or(jobs).unwrap_or(cores);
        let goes_on =
            options.continue_on_error || plan.goes_on || configured.continue_on_error.unwrap_or(false);
        let on_failure = if goes_on { OnFailure::KeepGoing } else { OnFailure::FailFast };
        let timeout = options.timeout.into_iter().chain(plan.timeout).min();
        Policy { timeout, ..Policy::new(slots, on_failure) }
    }
}

/// Returns what waits until what a run has committed would outlive a loss of power: first the contents, then the records
/// that name them; nothing if nothing was. What cannot be flushed is as safe as any file.
fn flush(cache: &Cache) -> Option<impl FnOnce() + Send + 'static> {
    let flushers = [cache.blobs.flusher(), cache.store.flusher()].map(|flusher| flusher.ok().flatten());
    let is_needed = flushers.iter().any(Option::is_some);
    is_needed.then(|| move || flushers.into_iter().flatten().for_each(|flush| _ = flush()))
}

/// Returns what was planned, unless the configuration does not let a playbook in it run, or a secret is missing.
fn allowed(planned: Planned) -> Result<Planned, EngineError> {
    let is_refused = |fault: &Diagnostic| [code::NOT_ALLOWED, code::MISSING_SECRET].contains(&fault.code);
    if !planned.diagnostics.iter().any(is_refused) {
        return Ok(planned);
    }
    let mut diagnostics = planned.diagnostics;
    for fault in diagnostics.iter_mut().filter(|fault| is_refused(fault)) {
        fault.severity = Severity::Error;
    }
    Err(EngineError { diagnostics, is_strict: false })
}

/// Returns a scheduler for a plan whose first nodes have ended, by the policy of the run; what there is of what its
/// nodes hold, and the time they have together, the plan says.
pub(super) fn scheduler_of(plan: &Plan, policy: &Policy, priority: i32, ended: &[Outcome]) -> Scheduler {
    let known = Capacities::new(plan, policy.slots);
    let nodes = scheduler_nodes(plan, &known, priority);
    let policy = Policy {
        capacities: known.all(),
        spans: known.spans(),
        rates: known.rates(),
        group_timeouts: plan.time_limits.clone(),
        ..policy.clone()
    };
    Scheduler::resumed(nodes, policy, ended)
}

/// Returns the nodes as the scheduler sees them; those that say nothing of their priority have the one of the run.
fn scheduler_nodes(plan: &Plan, known: &Capacities<'_>, priority: i32) -> Vec<scheduler::Node> {
    let node = |node: &Arc<crate::plan::Node>| scheduler::Node {
        needs: node.edges.iter().map(need).collect(),
        gate: gate(node),
        is_tolerated: node.is_tolerated,
        span: node.span,
        cohort: node.cohort.map(|(cohort, _)| cohort),
        member: node.cohort.map_or(0, |(_, member)| member),
        resources: known.of(node),
        rates: known.rates_of(node),
        priority: node.settings.priority.unwrap_or(priority),
        groups: node.time_limits.clone(),
        ..retrying(node)
    };
    plan.nodes.iter().map(node).collect()
}

/// Returns how often and how long a node may be at work, without what it needs.
pub(super) fn retrying(node: &crate::plan::Node) -> scheduler::Node {
    scheduler::Node {
        retries: node.settings.retries.unwrap_or(0),
        retry_delay: node.settings.retry_delay.unwrap_or(Duration::from_secs(1)),
        timeout: node.settings.timeout,
        ..scheduler::Node::default()
    }
}

/// Returns when a node is looked up.
pub(super) fn gate(node: &crate::plan::Node) -> scheduler::Gate {
    match node.gate {
        Gate::Needs => scheduler::Gate::Needs,
        Gate::Asked => scheduler::Gate::Asked,
        Gate::Always => scheduler::Gate::Always,
    }
}

fn need(edge: &crate::plan::Edge) -> scheduler::Need {
    let strength = if edge.kind.is_hard() { scheduler::Strength::Hard } else { scheduler::Strength::Order };
    scheduler::Need { node: edge.to, strength }
}
