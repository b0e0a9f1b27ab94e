//! From the parts of a request to nodes: which there are, and the edges that the texts declare.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use super::{
    EdgeKind, Node, ToolWish,
    dependencies::{self, Resolved},
    node::{Ground, PlaybookContext, StepContext, script_node, text_node},
    profile,
    select::select,
};
use crate::{
    base::{Spanned, WsPath},
    diag::{Diagnostic, Severity, Source, code, has_errors},
    model::{
        playbook::{Action, Body, Given, Job},
        script::script_name,
    },
    text::sequence::{self, Selector},
};

/// Nodes in the order of the text, with the edges that the text declares.
#[derive(Default)]
pub(super) struct Expanded {
    pub(super) nodes: Vec<Node>,
    /// The group of each node, which keep their order unless both say what they do: scripts that are asked for by
    /// themselves, and those of one step.
    pub(super) groups: Vec<usize>,
    /// Later, earlier, why.
    pub(super) edges: Vec<(usize, usize, EdgeKind)>,
    pub(super) tools: Vec<ToolWish>,
    pub(super) job_timeouts: BTreeMap<String, Duration>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The places of scripts that are no part of a step: asked for twice, such a script is one node.
    by_themselves: BTreeMap<usize, usize>,
    /// What these scripts depend on; which of it is selected is known when all parts are added.
    open: BTreeMap<usize, Resolved>,
    last_group: usize,
    /// Scripts of which everything is told.
    told: BTreeSet<usize>,
}

/// The nodes a job starts and ends with.
#[derive(Default)]
struct Ends {
    first: Vec<usize>,
    last: Vec<usize>,
}

/// The group of all scripts that are asked for by themselves.
const BY_THEMSELVES: usize = 0;

impl Expanded {
    fn push(&mut self, node: Node, group: usize) -> usize {
        self.nodes.push(node);
        self.groups.push(group);
        self.nodes.len() - 1
    }

    /// Adds the scripts a selection names.
    pub(super) fn add_sequence(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
    ) {
        self.add_scripts(ground, sequence, source, None);
    }

    /// Adds a playbook's steps.
    pub(super) fn add_playbook(&mut self, ground: &Ground<'_>, context: PlaybookContext<'_>) {
        self.diagnostics.extend(profile::faults(context));
        match &context.playbook.body {
            Body::Sequence(texts) => {
                let own = context.profile.and_then(|profile| profile.scripts.as_ref());
                let texts = profile::narrowed(context.profile, own.unwrap_or(texts));
                let spanned: Vec<Spanned<&str>> = texts
                    .iter()
                    .map(|text| Spanned::new(text.value.as_str(), context.span(&text.at)))
                    .collect();
                let (sequence, faults) = sequence::parse_in(context.source, &spanned).without_words();
                self.diagnostics.extend(faults);
                self.add_sequence(ground, &sequence, context.source);
            }
            Body::Jobs(jobs) => self.add_jobs(ground, context, jobs),
            Body::Stages(stages) => self.add_stages(ground, context, stages),
            Body::Steps(job) => drop(self.add_job(ground, context, job)),
        }
    }

    fn add_jobs(&mut self, ground: &Ground<'_>, context: PlaybookContext<'_>, jobs: &[Job]) {
        let mut first: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut last: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for job in jobs {
            let ends = self.add_job(ground, context, job);
            first.insert(&job.id, ends.first);
            last.insert(&job.id, ends.last);
        }
        for job in jobs {
            for need in job.needs.iter().flat_map(|need| ends(jobs, &last, &need.value)) {
                for later in first.get(job.id.as_str()).into_iter().flatten() {
                    self.edges.push((*later, need, EdgeKind::Need));
                }
            }
        }
    }

    /// Adds stages, each of which waits for all that the one before it does.
    fn add_stages(&mut self, ground: &Ground<'_>, context: PlaybookContext<'_>, stages: &[Job]) {
        let mut before: Vec<usize> = Vec::new();
        for stage in stages {
            let ends = self.add_job(ground, context, stage);
            if ends.last.is_empty() {
                continue;
            }
            let waits = pairs(&ends.first, &before);
            self.edges.extend(waits.map(|(later, earlier)| (later, earlier, EdgeKind::Need)));
            before = ends.last;
        }
    }

    /// Adds the steps of a job one after the other, or side by side if it says so.
    fn add_job(&mut self, ground: &Ground<'_>, context: PlaybookContext<'_>, job: &Job) -> Ends {
        if !profile::takes(context.profile, job) {
            return Ends::default();
        }
        if let Some(limit) = job.settings.timeout {
            self.job_timeouts.insert(job.id.clone(), limit);
        }
        let is_parallel = job.parallel == Some(Given::Fixed(true));
        let mut found = Ends::default();
        for index in 0..job.steps.len() {
            let nodes = self.add_step(ground, StepContext { of: context, job, index, is_last: true });
            if nodes.is_empty() {
                continue;
            }
            if is_parallel {
                found.first.extend(&nodes);
                found.last.extend(nodes);
                continue;
            }
            for (later, earlier) in pairs(&nodes, &found.last) {
                self.edges.push((later, earlier, EdgeKind::Step));
            }
            if found.first.is_empty() {
                found.first.clone_from(&nodes);
            }
            found.last = nodes;
        }
        found
    }

    fn add_step(&mut self, ground: &Ground<'_>, step: StepContext<'_>) -> Vec<usize> {
        self.last_group += 1;
        match &step.step().action {
            Action::Run(texts) => {
                let source = step.of.source;
                let texts = profile::narrowed(step.of.profile, texts);
                let spanned =
                    texts.iter().map(|text| Spanned::new(text.value.as_str(), step.of.span(&text.at)));
                let parsed = sequence::parse_in(source, &spanned.collect::<Vec<_>>());
                let (sequence, faults) = parsed.without_words();
                self.diagnostics.extend(faults);
                self.add_scripts(ground, &sequence, source, Some(step))
            }
            Action::Script { text, shell } => {
                let node = text_node(ground, step, &text.value, shell.as_ref(), &mut self.diagnostics);
                node.map(|node| self.push(node, self.last_group)).into_iter().collect()
            }
            // Reading the playbook told that these do not run yet.
            Action::Command(_)
            | Action::Uses(_)
            | Action::Module { .. }
            | Action::Parallel(_)
            | Action::Choose { .. }
            | Action::Foreach { .. }
            | Action::Show(_)
            | Action::Approve => Vec::new(),
        }
    }

    /// Adds the scripts a selection names, in ascending order, and returns the places of those of a step.
    fn add_scripts(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
        step: Option<StepContext<'_>>,
    ) -> Vec<usize> {
        let mut selection = select(ground.scripts.all(), sequence, source);
        let unreadable = unreadable(&ground.scripts.unreadable, sequence);
        // A number whose script cannot be read is not a number that no script has.
        selection.diagnostics.retain(|fault| fault.code != code::NO_SUCH_NUMBER || !has_errors(&unreadable));
        self.diagnostics.extend(selection.diagnostics);
        self.diagnostics.extend(unreadable);
        let mut wanted: BTreeSet<usize> = selection.scripts.into_iter().collect();
        let mut resolved: BTreeMap<usize, Resolved> = BTreeMap::new();
        let mut open: Vec<usize> = wanted.iter().copied().collect();
        while let Some(index) = open.pop() {
            let Some(reading) = (ground.readings)(index) else { continue };
            let entries = &reading.header.dependencies;
            let found = dependencies::resolve(&ground.scripts, index, entries, &reading.source);
            if ground.with_dependencies {
                let known = &self.diagnostics;
                let faults = found.unreadable.iter().filter(|fault| !known.contains(fault)).cloned();
                let faults: Vec<_> = faults.collect();
                self.diagnostics.extend(faults);
                open.extend(found.scripts.iter().copied().filter(|needed| wanted.insert(*needed)));
            }
            resolved.insert(index, found);
        }
        let needed: BTreeSet<usize> = resolved.values().flat_map(|found| &found.scripts).copied().collect();
        let last = wanted.iter().rev().find(|index| !needed.contains(index)).copied();
        let mut places =
            if step.is_none() { std::mem::take(&mut self.by_themselves) } else { BTreeMap::new() };
        for index in &wanted {
            if places.contains_key(index) {
                resolved.remove(index);
                continue;
            }
            let mut faults =
                (ground.readings)(*index).map(|reading| reading.diagnostics.clone()).unwrap_or_default();
            let part = step.map(|step| StepContext { is_last: last == Some(*index), ..step });
            let node = script_node(ground, *index, part, &mut faults);
            let group = if step.is_none() { BY_THEMSELVES } else { self.last_group };
            places.insert(*index, self.push(node, group));
            if self.told.insert(*index) {
                self.diagnostics.append(&mut faults);
            } else if let Some(found) = resolved.get_mut(index) {
                found.diagnostics.clear();
                found.tools.clear();
            }
        }
        if step.is_none() {
            self.by_themselves = places;
            self.open.extend(resolved);
            return Vec::new();
        }
        self.add_dependencies(resolved, &places);
        places.into_values().collect()
    }

    /// Adds what can only be told when all parts are there.
    pub(super) fn finish(&mut self) {
        let (resolved, places) = (std::mem::take(&mut self.open), std::mem::take(&mut self.by_themselves));
        self.add_dependencies(resolved, &places);
    }

    fn add_dependencies(&mut self, resolved: BTreeMap<usize, Resolved>, places: &BTreeMap<usize, usize>) {
        for (index, found) in resolved {
            let later = places[&index];
            let earlier = |needed: &usize| places.get(needed).copied();
            let mut needed: BTreeSet<usize> = found.scripts.iter().filter_map(earlier).collect();
            if found.all {
                needed.extend(places.range(..index).map(|(_, place)| *place));
            }
            self.edges.extend(needed.into_iter().map(|earlier| (later, earlier, EdgeKind::Dependency)));
            self.diagnostics.extend(found.diagnostics);
            let is_brought = |installer: Option<usize>| installer.is_some_and(|at| places.contains_key(&at));
            let wishes = found.tools.into_iter().filter(|(_, installer)| !is_brought(*installer));
            self.tools.extend(wishes.map(|(wish, _)| wish));
        }
    }
}

/// Returns the faults of scripts that a selection takes and that cannot be read.
///
/// The stage and tags of such a script are not known, so a selection by these may mean it: a warning.
fn unreadable(scripts: &[(WsPath, Diagnostic)], sequence: &sequence::Sequence) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (path, fault) in scripts {
        let Some((number, _)) = script_name(path.file_name()) else { continue };
        let takes = |selector: &Selector| match selector {
            Selector::Name(name) => name.matches_path(path.as_str()),
            Selector::Path(wanted) => wanted == path,
            _ => selector.matches_number(number),
        };
        let may_take = |selector: &Selector| matches!(selector, Selector::Stage(_) | Selector::Tag(_));
        if sequence.excluded().any(|item| takes(item.value)) {
            continue;
        }
        if sequence.included().any(|item| takes(item.value)) {
            faults.push(fault.clone());
        } else if sequence.included().any(|item| may_take(item.value)) {
            faults.push(Diagnostic { severity: Severity::Warning, ..fault.clone() });
        }
    }
    faults
}

fn pairs<'a>(later: &'a [usize], earlier: &'a [usize]) -> impl Iterator<Item = (usize, usize)> + 'a {
    later.iter().flat_map(move |later| earlier.iter().map(move |earlier| (*later, *earlier)))
}

/// Returns the nodes a job ends with; of a job that selects nothing, those of the jobs it needs.
fn ends(jobs: &[Job], last: &BTreeMap<&str, Vec<usize>>, id: &str) -> Vec<usize> {
    let mut open = vec![id];
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if let Some(nodes) = last.get(id).filter(|nodes| !nodes.is_empty()) {
            found.extend(nodes);
        } else {
            let job = jobs.iter().find(|job| job.id == id);
            open.extend(job.into_iter().flat_map(|job| job.needs.iter().map(|need| need.value.as_str())));
        }
    }
    found
}
