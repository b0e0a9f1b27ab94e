//! What a build would do, step by step, without doing it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Ask, Engine, EngineError,
    course::{Course, Open, Waits},
    desk::planned_node,
    lookup::{Decided, decide},
    materialize::Promises,
    prepare::Nodes,
    run::Force,
    secrets::{hide_in, shown_diagnostic},
    turn::{Ended, Turn},
};
use crate::{
    base::{self, WsPath},
    cache::{Hit, Timeline},
    diag::{Diagnostic, Severity, has_errors},
    event::{PlannedNode, Reason},
    execute::scheduler::Outcome,
    journal::new_run_id,
    plan::{EdgeKind, Node, Plan},
    secret::{Masks, Patterns},
};

/// What would become of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It would run.
    Run,
    /// That depends on what steps before it leave.
    Maybe,
    /// Its record would be reused, and all it left is there.
    Reuse,
    /// Its record would be reused, and some of what it left brought back.
    Restore,
    /// Its condition is false.
    Skip,
    /// It cannot run because of what comes before it.
    Blocked,
}

impl Verdict {
    /// Returns the word used in JSON and in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Maybe => "maybe",
            Self::Reuse => "reuse",
            Self::Restore => "restore",
            Self::Skip => "skip",
            Self::Blocked => "blocked",
        }
    }
}

/// A step and what would become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedVerdict {
    /// The step.
    pub planned: PlannedNode,
    /// Its job, in a playbook with jobs.
    pub job: Option<String>,
    /// What would become of it.
    pub verdict: Verdict,
    /// Ids of the steps whose results must be known first, where that matters: the nearest, at most 16.
    pub waits_for: Vec<String>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Why it comes after others, where nobody declared it: a sentence each.
    pub order: Vec<String>,
    /// The conditions it stands under as they are written, the outermost first.
    pub conditions: Vec<String>,
    /// What it may not do, or only at named places: a clause each.
    pub limits: Vec<String>,
}

/// What a build would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanReport {
    /// The steps in sequential order.
    pub nodes: Vec<PlannedVerdict>,
    /// What is doubtful.
    pub diagnostics: Vec<Diagnostic>,
}

impl Engine {
    /// Says what a build of this request would do; runs nothing and writes nothing.
    ///
    /// # Errors
    /// If nothing could be run: the request, a file or a program is at fault.
    pub fn plan(&self, ask: &Ask, force: Force, allow_empty: bool) -> Result<PlanReport, EngineError> {
        let (planned, around) = self.look_around(self.planned(ask), Severity::Warning);
        let (plan, mut diagnostics) = self.runnable(ask, planned, allow_empty)?;
        let masks = Arc::new(Masks::default());
        let (mut nodes, missing) = self.prepare(ask, &plan, &masks);
        diagnostics.extend(missing);
        if has_errors(&diagnostics) {
            return Err(EngineError { diagnostics, is_strict: false });
        }
        let cache = self.open_cache();
        self.learn(&cache, &mut nodes);
        let plan = self.put_in_order(ask, &plan, &nodes, &cache);
        let timeline = Timeline::new(Arc::clone(&cache.disk));
        let promises = Promises::default();
        let nodes = Nodes::new(nodes, Arc::clone(&masks));
        let none = BTreeMap::new();
        let run = new_run_id(&*self.system);
        diagnostics.extend(self.broken_before(&around, &plan, &cache, &run).into_iter().map(weaker));
        let mut course = Course::new(Arc::clone(&plan));
        let mut verdicts: Vec<PlannedVerdict> = Vec::with_capacity(plan.nodes.len());
        let mut open_before = Open::new(&course);
        for index in 0..plan.nodes.len() {
            let open = open_before.before(&course, index);
            let is_asked = course.asks_powershell(index);
            let (timeline, cache, nodes) = (&timeline, &cache, &nodes);
            let turn = Turn {
                engine: self,
                ask,
                plan: &plan,
                course: &course,
                timeline,
                cache,
                nodes,
                powershell: None,
                run: &run,
                refused: &none,
            };
            let ended = if open.nearest.is_empty() && !is_asked { turn.take(index).err() } else { None };
            let decided = match ended {
                None => Ok(decide(cache, timeline, &nodes.all(), index, force)),
                Some(ended) => Err(ended),
            };
            let verdict = match &decided {
                Ok(decided) => verdict_of(&plan, index, decided, &verdicts),
                Err(ended) => without_look_up(&plan, index, ended),
            };
            let is_known = is_certain(&plan.nodes[index], &decided, &open, is_asked);
            let verdict = if is_known { verdict } else { open_verdict(&plan, index, verdict, &open) };
            take_note(&mut course, index, &decided, verdict.verdict);
            if let Ok(Decided::Reuse(hit)) = &decided
                && is_known
            {
                promises.promise(timeline, index, hit);
            }
            verdicts.push(verdict);
        }
        Ok(shown(PlanReport { nodes: verdicts, diagnostics }, &masks.all()))
    }
}

/// Tells whether what was decided of a step holds however others end.
fn is_certain(node: &Node, decided: &Result<Decided, Ended>, open: &Waits, is_asked: bool) -> bool {
    // What its condition leaves out does not run, however others end.
    let is_left_out = matches!(decided, Ok(Decided::Skip(_)));
    is_left_out || (open.nearest.is_empty() && node.deferred.is_none() && !is_asked)
}

/// Takes texts that nobody must see out of a report.
fn shown(mut report: PlanReport, hidden: &Patterns) -> PlanReport {
    let reasons = report.nodes.iter_mut().flat_map(|verdict| &mut verdict.reasons);
    reasons.for_each(|reason| hide_in(reason, hidden));
    let told = report.diagnostics.into_iter();
    PlanReport { diagnostics: told.map(|fault| shown_diagnostic(fault, hidden)).collect(), ..report }
}

/// Lets later steps know what would become of one, as far as that is certain.
fn take_note(course: &mut Course, index: usize, decided: &Result<Decided, Ended>, verdict: Verdict) {
    match (decided, verdict) {
        (_, Verdict::Skip) => course.ended(index, Outcome::Skipped),
        (Err(Ended::Blocked { by }), _) => course.ended(index, Outcome::Blocked { by: *by }),
        (Ok(Decided::Reuse(hit)), Verdict::Reuse | Verdict::Restore) => {
            course.ended(index, Outcome::Cached);
            course.hands_on(index, Some(Arc::new(hit.record.handed.clone())));
        }
        _ => {}
    }
}

/// Makes a warning of an error: a plan is shown all the same.
fn weaker(fault: Diagnostic) -> Diagnostic {
    Diagnostic { severity: fault.severity.min(Severity::Warning), ..fault }
}

/// Returns the verdict of a step that is not looked up.
fn without_look_up(plan: &Plan, index: usize, ended: &Ended) -> PlannedVerdict {
    let (verdict, reason) = match ended {
        Ended::Skipped(reason) => (Verdict::Skip, Reason::clone(reason)),
        Ended::Blocked { by } => {
            let by = &plan.nodes[*by].id;
            (Verdict::Blocked, Reason::new("blocked", by, format!("{by} does not end well")))
        }
        Ended::Failed(error) => (Verdict::Blocked, Reason::new("condition", &plan.nodes[index].id, error)),
    };
    let decided = Decided::Run(vec![reason]);
    PlannedVerdict { verdict, ..verdict_of(plan, index, &decided, &[]) }
}

/// Returns the verdict of a step that depends on how others end.
fn open_verdict(plan: &Plan, index: usize, verdict: PlannedVerdict, open: &Waits) -> PlannedVerdict {
    let waits_for: Vec<String> = open.nearest.iter().map(|index| plan.nodes[*index].id.clone()).collect();
    let first = waits_for.first().cloned().unwrap_or_default();
    let text = match open.nearest.len() {
        0 if plan.nodes[index].deferred.is_some() => "its matrix is known when it runs".to_owned(),
        0 => "PowerShell is asked when it runs".to_owned(),
        1 => format!("depends on how {first} ends"),
        count if open.is_more => format!("depends on how {first} and more than {} others end", count - 1),
        count => format!("depends on how {first} and {} more end", count - 1),
    };
    let reasons = vec![Reason::new("waits", &first, text)];
    PlannedVerdict { verdict: Verdict::Maybe, waits_for, reasons, ..verdict }
}

fn verdict_of(plan: &Plan, index: usize, decided: &Decided, before: &[PlannedVerdict]) -> PlannedVerdict {
    let node = &plan.nodes[index];
    let (verdict, reasons, waits_for) = match decided {
        Decided::Skip(reasons) => (Verdict::Skip, reasons.clone(), Vec::new()),
        Decided::Run(reasons) => (Verdict::Run, reasons.clone(), Vec::new()),
        Decided::Reuse(hit) => reuse(plan, index, hit, before),
    };
    let is_told =
        |kind: &EdgeKind| matches!(kind, EdgeKind::Rewrite(_) | EdgeKind::Learned(_) | EdgeKind::Outward);
    let undeclared = node.edges.iter().filter(|edge| is_told(&edge.kind));
    PlannedVerdict {
        planned: planned_node(plan, node),
        job: node.job.clone(),
        verdict,
        waits_for,
        reasons,
        order: undeclared
            .map(|edge| format!("after {}: it {}", plan.nodes[edge.to].id, edge.kind.reason()))
            .collect(),
        conditions: conditions(plan, node),
        limits: limits(node),
    }
}

fn conditions(plan: &Plan, node: &Node) -> Vec<String> {
    let around = std::iter::successors(node.scope, |scope| plan.scopes[*scope].parent);
    let written = around.map(|scope| plan.scopes[scope].written.clone()).filter(|text| !text.is_empty());
    let mut found: Vec<String> = written.collect();
    found.reverse();
    found.extend(node.condition.as_ref().map(|decision| decision.text.clone()));
    found.dedup();
    found
}

fn limits(node: &Node) -> Vec<String> {
    let settings = &node.settings;
    let mut found = Vec::new();
    if settings.sandbox == Some(true) {
        let name =
            |place: &String| if place == "./" { "all of the workspace".to_owned() } else { place.clone() };
        found.push(match (&settings.writable, &node.outputs) {
            (None, None) => "may write only in the workspace".to_owned(),
            (Some(places), _) if !places.is_empty() => {
                format!("may write only what it declares and {}", base::list(places.iter().map(name)))
            }
            _ => "may write only what it declares".to_owned(),
        });
    }
    if settings.network == Some(false) {
        found.push("no network".to_owned());
    }
    found
}

/// A reuse is certain only if no step that would run makes what this one reads.
fn reuse(
    plan: &Plan,
    index: usize,
    hit: &Hit,
    before: &[PlannedVerdict],
) -> (Verdict, Vec<Reason>, Vec<String>) {
    let is_open = |place: usize| matches!(before[place].verdict, Verdict::Run | Verdict::Maybe);
    let is_maker =
        |kind: &EdgeKind| matches!(kind, EdgeKind::Output(_) | EdgeKind::Rewrite(_) | EdgeKind::Learned(_));
    let makers = plan.nodes[index].edges.iter().filter(|edge| is_maker(&edge.kind) && is_open(edge.to));
    let waits_for: BTreeSet<String> = makers.map(|edge| plan.nodes[edge.to].id.clone()).collect();
    let id = &plan.nodes[index].id;
    if let Some(first) = waits_for.first() {
        let reasons = vec![Reason::new("waits", first, format!("depends on what {first} leaves"))];
        return (Verdict::Maybe, reasons, waits_for.into_iter().collect());
    }
    let is_gone = |path: &&WsPath| {
        hit.record.effects.iter().any(|effect| effect.path == **path && !effect.after.exists())
    };
    let (removed, restored): (Vec<&WsPath>, Vec<&WsPath>) = hit.differing.iter().partition(is_gone);
    let removed: Vec<&WsPath> =
        removed.into_iter().chain(hit.superseded.iter().map(|(path, _)| path)).collect();
    let changes = [("bring back", &restored), ("remove", &removed)].into_iter();
    let changes = changes.filter(|(_, paths)| !paths.is_empty());
    let changes: Vec<String> =
        changes.map(|(word, paths)| format!("would {word} {}", base::list(paths.iter()))).collect();
    if changes.is_empty() {
        return (Verdict::Reuse, vec![Reason::new("reused", id, "unchanged")], Vec::new());
    }
    let paths: Vec<&str> = restored.into_iter().chain(removed).map(WsPath::as_str).collect();
    let reason = Reason::new("output_missing", paths.join(" "), format!("unchanged; {}", changes.join("; ")));
    (Verdict::Restore, vec![reason], Vec::new())
}
