//! What is looked at around a run: what must hold before, what should hold after, how much there may be of what.
//!
//! Knows the course of a run and how it is told. Does not know what playbooks require of the machine.

use std::sync::Arc;

use super::{
    Engine,
    course::{Course, Grounds, Scene},
    desk::Desk,
    session::Cache,
};
use crate::{
    base::plural,
    cache::Timeline,
    diag::{Diagnostic, Severity, code},
    execute::driver::Summary,
    model::playbook::{Counted, ThresholdAction},
    plan::{Around, Check, Doubts, Plan, Planned, facts},
    report::RunView,
    text::expression::{evaluate, to_text},
};

/// Why a check does not hold.
enum Finding {
    /// It is false: its message, and what it asked.
    False { message: String, facts: String },
    /// It cannot be decided: why, and what to do.
    Undecided { message: String, help: String },
}

/// Returns why a check does not hold; one that cannot be read is told of elsewhere.
fn find(check: &Check, scene: &Scene<'_>) -> Option<Finding> {
    let found = evaluate(check.expr.as_ref()?, scene);
    if let Some(problem) = found.problems.into_iter().next() {
        return Some(Finding::Undecided { message: problem.message, help: problem.help });
    }
    if found.holds {
        return None;
    }
    let text = |message: &crate::plan::Formula| to_text(&message.fill(scene, &mut Doubts::default()));
    let message = check.message.as_ref().map(text).filter(|text| !text.trim().is_empty());
    Some(Finding::False {
        message: message.unwrap_or_else(|| check.text.clone()),
        facts: facts(&found.asked, scene.names()),
    })
}

impl Engine {
    /// Takes what stands around the playbooks of a plan, and tells what of it this machine does not meet, at most as bad as
    /// this.
    pub(super) fn look_around(&self, mut planned: Planned, worst: Severity) -> (Planned, Vec<Around>) {
        let unmet = self.unmet(&planned).into_iter();
        planned
            .diagnostics
            .extend(unmet.map(|fault| Diagnostic { severity: fault.severity.min(worst), ..fault }));
        let around = std::mem::take(&mut planned.around);
        planned.diagnostics.extend(around.iter().flat_map(Around::unreadable_after));
        (planned, around)
    }

    /// Returns what must hold before playbooks run and does not, or cannot be decided: errors.
    pub(super) fn broken_before(
        &self,
        around: &[Around],
        plan: &Arc<Plan>,
        cache: &Cache,
        run: &str,
    ) -> Vec<Diagnostic> {
        let timeline = Timeline::new(Arc::clone(&cache.disk));
        let (view, course) = (timeline.at(0), Course::new(Arc::clone(plan)));
        let grounds = Grounds {
            view: &view,
            env: &self.env,
            system: &*self.system,
            is_administrator: self.system.is_administrator(),
            powershell: None,
            momentary: &self.momentary,
            started: run.get(..15).unwrap_or(run),
        };
        let mut broken = Vec::new();
        for around in around {
            broken.extend(around.unreadable_before());
            for check in &around.before {
                let fault = match find(check, &Scene::new(&course, around.scope, &grounds)) {
                    None => continue,
                    Some(Finding::Undecided { message, help }) => {
                        let fault = Diagnostic::error(code::UNSUPPORTED_CONDITION, message);
                        fault.label(check.at, "cannot be decided").help(help)
                    }
                    Some(Finding::False { message, facts }) => {
                        let message = format!("a precondition does not hold: {message}");
                        let label =
                            if facts.is_empty() { "is false".to_owned() } else { format!("false: {facts}") };
                        let help = "make it hold, then build again; `az plan` shows what would run";
                        Diagnostic::error(code::PRECONDITION, message).label(check.at, label).help(help)
                    }
                };
                let fault = fault.source(&around.source);
                // The combinations of a matrix ask the same.
                if !broken.contains(&fault) {
                    broken.push(fault);
                }
            }
        }
        broken
    }
}

impl Desk<'_> {
    /// Returns what expressions may ask when all has ended.
    pub(super) fn grounds<'g>(&'g self, view: &'g dyn crate::fingerprint::View) -> Grounds<'g> {
        let run = &self.shared.run;
        Grounds {
            view,
            env: &self.engine.env,
            system: &*self.engine.system,
            is_administrator: self.engine.system.is_administrator(),
            powershell: None,
            momentary: &self.engine.momentary,
            started: run.get(..15).unwrap_or(run),
        }
    }

    /// Warns of what should hold when all has ended and does not, and of counts that are over their limits; returns why the
    /// run fails, if one of these lets it.
    pub(super) fn look_back(&mut self, summary: &Summary) -> Option<String> {
        if summary.interrupted.is_some() || summary.has_timed_out {
            return None;
        }
        let mut fails = None;
        let mut warnings = Vec::new();
        for limit in self.around.of.iter().flat_map(|around| &around.limits) {
            let count = count(self.teller.view(), limit.counted);
            if count <= limit.most as usize || limit.action == ThresholdAction::Continue {
                continue;
            }
            let (said, most) = (said(limit.counted, count), limit.most);
            let message = format!("{said}, and the threshold `{}` allows {most}", limit.name);
            warnings.push((code::OVER_THRESHOLD, message.clone()));
            if matches!(limit.action, ThresholdAction::Fail | ThresholdAction::Block) {
                fails.get_or_insert(message);
            }
        }
        warnings.extend(self.broken_after());
        for (code, message) in warnings {
            self.teller.warn(code, None, message);
        }
        fails
    }

    fn broken_after(&self) -> Vec<(crate::diag::Code, String)> {
        let place = self.shared.timeline.at(self.plan.nodes.len());
        let grounds = self.grounds(&place);
        let mut broken = Vec::new();
        for around in &self.around.of {
            for check in &around.after {
                let found = find(check, &Scene::new(&self.course, around.scope, &grounds));
                broken.extend(found.map(|found| match found {
                    Finding::Undecided { message, help } => {
                        let text = format!(
                            "the postcondition `{}` cannot be decided: {message}; {help}",
                            check.text
                        );
                        (code::UNSUPPORTED_CONDITION, text)
                    }
                    Finding::False { message, facts } => {
                        let facts = if facts.is_empty() { String::new() } else { format!(" ({facts})") };
                        let text = format!("a postcondition does not hold: {message}{facts}");
                        (code::POSTCONDITION, text)
                    }
                }));
            }
        }
        broken.dedup();
        broken
    }
}

/// Counts something in a run.
fn count(view: &RunView, counted: Counted) -> usize {
    let counts = view.counts();
    match counted {
        Counted::Failed => counts.failed,
        Counted::Skipped => counts.skipped,
        Counted::Blocked => counts.blocked,
        Counted::Warnings => {
            let has_warning = |flag: &String| flag == "warning" || flag == "undeclared";
            let is_marked = |view: &&crate::report::NodeView| view.flags.iter().any(has_warning);
            view.warnings.len() + view.nodes.values().filter(is_marked).count()
        }
    }
}

/// Says how many there are of what is counted.
fn said(counted: Counted, count: usize) -> String {
    match counted {
        Counted::Failed => format!("{} failed", plural(count, "step")),
        Counted::Skipped => format!("{} skipped", plural(count, "step")),
        Counted::Blocked => format!("{} blocked", plural(count, "step")),
        Counted::Warnings => plural(count, "warning"),
    }
}
