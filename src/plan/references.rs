//! What the texts of jobs ask of other jobs and of steps: whether there are such, and whether they come before.
//!
//! Knows ids and what is handed on by name. Does not know how anything ends, nor what a value is.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

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
    let by_id: HashMap<String, &Job> = jobs.iter().map(|job| (job.id.to_ascii_lowercase(), job)).collect();
    let trees = Trees::of(of.tree, jobs);
    let mut faults = Vec::new();
    for job in jobs {
        let tree = trees.find(job);
        let mut asking =
            Asking { of, rules, jobs, by_id: &by_id, job, before: Before::default(), faults: &mut faults };
        for step in &job.steps {
            asking.before.add(step);
            let below = step.at.strip_prefix(job.at.as_str());
            let tree = tree.zip(below).and_then(|(tree, below)| tree.find(below));
            tree.into_iter().for_each(|tree| asking.texts(tree, &[]));
            asking.conditions(step);
        }
        let all = std::mem::take(&mut asking.before);
        tree.into_iter().for_each(|tree| asking.texts(tree, &["steps", "outputs"]));
        job.condition.iter().for_each(|condition| asking.condition(condition));
        // What a job hands on is put together when its steps have ended.
        asking.before = all;
        tree.and_then(|tree| tree.find("/outputs")).into_iter().for_each(|tree| asking.texts(tree, &[]));
    }
    faults
}

/// The texts of all jobs, each found at once.
struct Trees<'a> {
    whole: Option<&'a Tree>,
    by_key: HashMap<&'a str, &'a Tree>,
}

impl<'a> Trees<'a> {
    fn of(whole: Option<&'a Tree>, jobs: &[Job]) -> Self {
        let around = jobs.first().and_then(|job| Some(job.at.rsplit_once('/')?.0));
        let table = whole.zip(around).and_then(|(tree, around)| tree.find(around));
        let entries = match table.map(|table| &table.value) {
            Some(NodeValue::Table(entries)) => &entries[..],
            _ => &[],
        };
        let by_key = entries.iter().map(|entry| (entry.key.value.as_str(), &entry.value)).collect();
        Self { whole, by_key }
    }

    fn find(&self, job: &Job) -> Option<&'a Tree> {
        let key = job.at.rsplit('/').next().unwrap_or_default();
        self.by_key.get(key).copied().or_else(|| self.whole?.find(&job.at))
    }
}

/// The ids of steps that may be asked for, and of those inside them.
#[derive(Default)]
struct Before<'a> {
    ids: Vec<&'a str>,
    /// The same in small letters.
    small: HashSet<String>,
}

impl<'a> Before<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut all = Self::default();
        steps.iter().for_each(|step| all.add(step));
        all
    }

    fn add(&mut self, step: &'a Step) {
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            self.ids.push(step.id.as_str());
            self.small.insert(step.id.to_ascii_lowercase());
            open.extend(step.inner());
        }
    }

    fn has(&self, id: &str) -> bool {
        self.small.contains(&id.to_ascii_lowercase())
    }
}

/// The texts of one job.
struct Asking<'a, 'f> {
    of: PlaybookContext<'a>,
    rules: Rules,
    jobs: &'a [Job],
    /// The same by their ids in small letters.
    by_id: &'a HashMap<String, &'a Job>,
    job: &'a Job,
    /// The steps that may be asked for.
    before: Before<'a>,
    faults: &'f mut Vec<Diagnostic>,
}

impl Asking<'_, '_> {
    /// Looks at all texts below a place but for those of some fields, and for those that are for people.
    fn texts(&mut self, node: &Tree, but: &[&str]) {
        let mut open = vec![node];
        if let NodeValue::Table(entries) = &node.value {
            let is_other = |name: &str| {
                let mut left_out = ["name", "description"].iter().chain(but);
                !left_out.any(|but| name.eq_ignore_ascii_case(but))
            };
            open =
                entries.iter().filter(|entry| is_other(&entry.key.value)).map(|entry| &entry.value).collect();
        }
        while let Some(Tree { span, value }) = open.pop() {
            match value {
                NodeValue::Text(text) if text.contains("${{") => {
                    let text = Spanned::new(text.as_str(), *span);
                    self.names(template(self.of.source, text, &[Syntax::GitHub]).names);
                }
                NodeValue::List(items) => open.extend(items),
                NodeValue::Table(entries) => open.extend(entries.iter().map(|entry| &entry.value)),
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
        if self.before.has(id) {
            return;
        }
        let job = &self.job.id;
        let (problem, label, help) = if Before::of(&self.job.steps).has(id) {
            let help = "ask only for steps that stand in front".to_owned();
            (format!("step `{id}` runs later"), "has not run yet here", help)
        } else {
            let help = match nearest(id, self.before.ids.iter().rev().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write `id: {id}` at the step that is meant"),
            };
            (format!("job `{job}` has no step `{id}`"), "no such step", help)
        };
        self.tell(code::UNKNOWN_VARIABLE, format!("nothing sets `{whole}`: {problem}"), (at, label), help);
    }

    fn other_job(&mut self, whole: &str, id: &str, output: Option<&str>, at: Span) {
        let (jobs, own) = (self.jobs, &self.job.id);
        let Some(found) = self.by_id.get(&id.to_ascii_lowercase()).copied() else {
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
        let mut seen: HashSet<&str> = HashSet::new();
        while let Some(job) = open.pop() {
            for need in &job.needs {
                if need.value == wanted.id {
                    return true;
                }
                if is_direct || !seen.insert(&need.value) {
                    continue;
                }
                open.extend(self.by_id.get(&need.value.to_ascii_lowercase()));
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
