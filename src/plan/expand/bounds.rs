//! How much of a playbook and of its jobs runs at once: resources that nodes and spans hold.
//!
//! Knows `maxConcurrency`, `parallel`, concurrency groups and `max-parallel`. Does not know who is granted what.

use super::{Expanded, matrix::Round, playbook::Course};
use crate::{
    model::playbook::{Job, Placed, PlaybookFormat},
    plan::{
        AT_ONCE_UNLESS_SAID, ONE_BY_ONE,
        flow::{Names, ScopeKind, Span},
    },
    text::expression::to_text,
};

/// Resources that bound how much of a job runs at once.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    pub(super) kind: ScopeKind,
    /// The playbook's.
    pub(super) outer: Option<&'a str>,
    /// That of its combinations.
    pub(super) line: Option<&'a str>,
}

impl Expanded {
    /// Returns the resource that bounds how many jobs or steps of a playbook run at once.
    pub(super) fn bound_of_playbook(&mut self, course: &Course<'_>, names: &Names) -> Option<String> {
        let options = &course.of.playbook.options;
        let own = course.of.profile.and_then(|profile| profile.options.max_concurrency.clone());
        let most = own.or_else(|| options.max_concurrency.clone());
        let parallel = course.of.profile.and_then(|profile| profile.options.parallel.as_ref());
        let parallel = parallel.or(options.parallel.as_ref());
        let is_serial = self.truth(course, names, parallel) == Some(false);
        let most = if is_serial { Some(1) } else { self.count(course, names, most.as_ref()) }?;
        // Above the options of the older formats stands what is said on the command line.
        let is_firm = matches!(course.of.playbook.format, PlaybookFormat::V2 | PlaybookFormat::V3);
        let what = match (is_firm, is_serial) {
            (true, _) => ": at once",
            (false, true) => ONE_BY_ONE,
            (false, false) => AT_ONCE_UNLESS_SAID,
        };
        Some(self.resource(format!("{}{}{what}", course.prefix, course.of.path), most))
    }

    fn resource(&mut self, name: String, most: u32) -> String {
        self.capacities.insert(name.clone(), most);
        name
    }

    /// Returns the resource that bounds how many steps of a job run at once.
    pub(super) fn bound_of_job(
        &mut self,
        course: &Course<'_>,
        job: &Job,
        Bounds { kind, outer, .. }: Bounds<'_>,
        names: &Names,
    ) -> Option<String> {
        let own = self.count(course, names, job.max_concurrency.as_ref());
        if let Some(most) = own {
            return Some(self.resource(format!("{}{}: steps at once", course.prefix, job.id), most));
        }
        // Of jobs it is the jobs that are counted.
        outer.filter(|_| kind != ScopeKind::Job).map(str::to_owned)
    }

    /// Returns the span of a job: its turn in its concurrency group, among its combinations, among all jobs.
    pub(super) fn span_of(
        &mut self,
        course: &Course<'_>,
        job: &Job,
        Bounds { kind, outer, line }: Bounds<'_>,
        names: &Names,
    ) -> Option<usize> {
        let mut demands: Vec<(String, u32)> = Vec::new();
        demands.extend(line.map(|line| (line.to_owned(), 1)));
        demands.extend(outer.filter(|_| kind == ScopeKind::Job).map(|bound| (bound.to_owned(), 1)));
        if let Some(group) = job.concurrency.as_ref().and_then(|concurrency| concurrency.group.clone()) {
            let text = Placed::new(group, format!("{}/concurrency", job.at));
            if let Some(group) = self.known(course, names, &text) {
                let name = format!("group {}", to_text(&group));
                let is_held = std::iter::successors(course.span, |span| self.spans[*span].parent)
                    .any(|span| self.spans[span].demands.iter().any(|(held, _)| *held == name));
                if !is_held {
                    demands.push((self.resource(name, 1), 1));
                }
            }
        }
        if demands.is_empty() {
            return course.span;
        }
        self.spans.push(Span { parent: course.span, demands });
        Some(self.spans.len() - 1)
    }

    /// Returns the resource that bounds how many combinations of a job run at once.
    pub(super) fn line_of(
        &mut self,
        course: &Course<'_>,
        names: &Names,
        job: &Job,
        rounds: &[Round],
    ) -> Option<String> {
        let strategy = job.strategy.as_ref().filter(|_| rounds.len() > 1)?;
        let most = self.count(course, names, strategy.max_parallel.as_ref())?;
        Some(self.resource(format!("{}{}: combinations at once", course.prefix, job.id), most))
    }
}
