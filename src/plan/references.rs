//! What the texts of jobs ask of other jobs and of steps: whether there are such, and whether they come before.
//!
//! Knows ids and what is handed on by name. Does not know how anything ends, nor what a value is.

use std::sync::Arc;

use super::node::PlaybookContext;
use crate::{
    base::{Span, Spanned, nearest},
    diag::{Diagnostic, code},
    model::playbook::{Action, Body, Job, Placed, Step},
    text::{
        document::{Node as Tree, NodeValue},
        expression::{Name, Rules, Syntax, parse_under, template},
    },
};

/// Returns what is asked of jobs and steps that are not there, or of which nothing can be known yet.
pub(super) fn faults(of: PlaybookContext<'_>, rules: Rules) -> Vec<Diagnostic> {
    let Body::Jobs(jobs) = &of.playbook.body else { return Vec::new() };
    let mut faults = Vec::new();
    for job in jobs {
        let mut asking = Asking { of, rules, jobs, job, steps: Vec::new(), faults: &mut faults };
        for (index, step) in job.steps.iter().enumerate() {
            asking.steps = ids(&job.steps[..=index]);
            asking.texts(&step.at, "");
            asking.conditions(step);
        }
        asking.steps = ids(&job.steps);
        asking.texts(&job.at, "steps");
        job.condition.iter().for_each(|condition| asking.condition(condition));
    }
    faults
}

/// Returns the ids of steps and of those inside them.
fn ids(steps: &[Step]) -> Vec<&str> {
    let mut open: Vec<&Step> = steps.iter().collect();
    let mut ids = Vec::new();
    while let Some(step) = open.pop() {
        ids.push(step.id.as_str());
        open.extend(step.inner());
    }
    ids
}

/// The texts of one job.
struct Asking<'a, 'f> {
    of: PlaybookContext<'a>,
    rules: Rules,
    jobs: &'a [Job],
    job: &'a Job,
    /// Ids of the steps that may be asked for.
    steps: Vec<&'a str>,
    faults: &'f mut Vec<Diagnostic>,
}

impl Asking<'_, '_> {
    /// Looks at all texts below a place but for those of one field.
    fn texts(&mut self, at: &str, but: &str) {
        let Some(node) = self.of.tree.and_then(|tree| tree.find(at)) else { return };
        let mut open = vec![node];
        while let Some(Tree { span, value }) = open.pop() {
            match value {
                NodeValue::Text(text) if text.contains("${{") => {
                    let text = Spanned::new(text.as_str(), *span);
                    self.names(template(self.of.source, text, &[Syntax::GitHub]).names);
                }
                NodeValue::List(items) => open.extend(items),
                NodeValue::Table(entries) => {
                    let is_other = |name: &str| but.is_empty() || !name.eq_ignore_ascii_case(but);
                    let entries = entries.iter().filter(|entry| is_other(&entry.key.value));
                    open.extend(entries.map(|entry| &entry.value));
                }
                _ => {}
            }
        }
    }

    /// Looks at the conditions of a step and of those inside it.
    fn conditions(&mut self, step: &Step) {
        step.condition.iter().for_each(|condition| self.condition(condition));
        if let Action::Choose { condition, .. } = &step.action {
            self.condition(condition);
        }
        step.inner().for_each(|inner| self.conditions(inner));
    }

    /// Looks at a condition; one with `${{ }}` is a text too.
    fn condition(&mut self, condition: &Placed<String>) {
        let text = condition.value.as_str();
        if text.contains("${{") || !["steps", "needs", "jobs"].iter().any(|word| text.contains(word)) {
            return;
        }
        let text = Spanned::new(text, self.of.span(&condition.at));
        self.names(parse_under(self.rules, self.of.source, text).names);
    }

    fn names(&mut self, names: Vec<Spanned<Name>>) {
        for name in names {
            let Name::Context(whole) = &name.value else { continue };
            let mut members = whole.split('.');
            let (Some(context), Some(id)) = (members.next(), members.next()) else { continue };
            let output = members.next().filter(|word| word.eq_ignore_ascii_case("outputs"));
            let output = output.and_then(|_| members.next());
            match context.to_ascii_lowercase().as_str() {
                "steps" => self.step(whole, id, name.span),
                "needs" | "jobs" => self.other_job(whole, id, output, name.span),
                _ => {}
            }
        }
    }

    fn step(&mut self, whole: &str, id: &str, at: Span) {
        let is = |known: &&str| known.eq_ignore_ascii_case(id);
        if self.steps.iter().any(is) {
            return;
        }
        let job = &self.job.id;
        let (problem, label, help) = if ids(&self.job.steps).iter().any(is) {
            let help = "ask only for steps that stand in front".to_owned();
            (format!("step `{id}` runs later"), "has not run yet here", help)
        } else {
            let help = match nearest(id, self.steps.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write `id: {id}` at the step that is meant"),
            };
            (format!("job `{job}` has no step `{id}`"), "no such step", help)
        };
        self.tell(code::UNKNOWN_VARIABLE, format!("nothing sets `{whole}`: {problem}"), (at, label), help);
    }

    fn other_job(&mut self, whole: &str, id: &str, output: Option<&str>, at: Span) {
        let (jobs, own) = (self.jobs, &self.job.id);
        let Some(found) = jobs.iter().find(|job| job.id.eq_ignore_ascii_case(id)) else {
            let help = match nearest(id, jobs.iter().map(|job| job.id.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("remove it, or add a job `{id}`"),
            };
            let message = format!("nothing sets `{whole}`: the playbook has no job `{id}`");
            return self.tell(code::UNKNOWN_NEED, message, (at, "no such job"), help);
        };
        let is_direct = whole.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("needs"));
        if !self.needs(found, is_direct) {
            let message = format!("nothing sets `{whole}`: job `{own}` does not need job `{}`", found.id);
            let help = format!("add `{}` to the `needs` of `{own}`", found.id);
            return self.tell(code::UNKNOWN_NEED, message, (at, "may not have run yet"), help);
        }
        let Some(output) = output.filter(|_| found.uses.is_none()) else { return };
        if found.outputs.iter().any(|known| known.name.eq_ignore_ascii_case(output)) {
            return;
        }
        let help = match nearest(output, found.outputs.iter().map(|known| known.name.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add `{output}` to the `outputs` of job `{}`", found.id),
        };
        let message = format!("nothing sets `{whole}`: job `{}` hands on no `{output}`", found.id);
        self.tell(code::UNKNOWN_VARIABLE, message, (at, "not among its outputs"), help);
    }

    /// Tells whether the job needs another one, itself or through those it needs.
    fn needs(&self, wanted: &Job, is_direct: bool) -> bool {
        let mut open = vec![self.job];
        let mut seen: Vec<&str> = Vec::new();
        while let Some(job) = open.pop() {
            for need in &job.needs {
                if need.value == wanted.id {
                    return true;
                }
                let next = self.jobs.iter().find(|job| job.id == need.value && !is_direct);
                if let Some(next) = next.filter(|next| !seen.contains(&next.id.as_str())) {
                    seen.push(&next.id);
                    open.push(next);
                }
            }
        }
        false
    }

    fn tell(&mut self, code: crate::diag::Code, message: String, (at, label): (Span, &str), help: String) {
        let fault = Diagnostic::error(code, message).source(&Arc::clone(self.of.source));
        let fault = fault.label(at, label).help(help);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}
