//! Numbered scripts: what a selection takes, what these depend on.
//!
//! Knows scripts and their headers. Does not know which step or request they are for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Ends, Expanded, Frame, playbook::Course};
use crate::{
    base::WsPath,
    diag::{Diagnostic, Severity, Source, code, has_errors},
    model::{
        playbook::{Job, Step},
        script::script_name,
    },
    plan::{
        EdgeKind, Node,
        dependencies::{self, Resolved},
        flow::{Names, Scope, ScopeKind},
        node::{Asker, Ground, PlaybookContext, StepContext, script_node},
        select::select,
    },
    text::sequence::{self, Selector},
};

/// Who asks for scripts.
enum Taker<'a> {
    /// The request, with what names stand for, and the playbook if one asks for it: asked for twice, such a script is
    /// one node.
    Request(&'a Names, Option<PlaybookContext<'a>>),
    /// A step.
    Step(StepContext<'a>),
}

impl Taker<'_> {
    fn names(&self) -> &Names {
        match self {
            Self::Request(names, _) => names,
            Self::Step(step) => step.names(),
        }
    }

    fn playbook(&self) -> Option<PlaybookContext<'_>> {
        match self {
            Self::Request(_, playbook) => *playbook,
            Self::Step(step) => Some(step.of()),
        }
    }
}

/// The group of all scripts that are asked for by themselves.
const BY_THEMSELVES: usize = 0;

impl Expanded {
    /// Adds the scripts a selection of the request names.
    pub(in crate::plan) fn add_sequence(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
    ) {
        let mut names = Names {
            variables: ground.config.variables.clone(),
            conditions: Arc::clone(&ground.conditions),
            ..Names::default()
        };
        names.set(&ground.given);
        if let Some(round) = &self.round {
            names.lay_over(&round.names());
        }
        self.add_scripts(ground, sequence, source, &Taker::Request(&names, None));
    }

    /// Adds the scripts that the sequence of a playbook names; they are the request's own.
    pub(super) fn add_playbook_sequence(
        &mut self,
        course: &Course<'_>,
        names: &Names,
        sequence: &sequence::Sequence,
    ) -> Ends {
        let bound = self.bound_of_playbook(course, names);
        if course.users.is_empty() {
            let taker = Taker::Request(names, Some(course.of));
            let places = self.add_scripts(course.ground, sequence, course.of.source, &taker);
            for place in &places {
                let node = Arc::make_mut(&mut self.nodes[*place]);
                node.settings.resources.extend(bound.iter().map(|bound| (bound.clone(), 1)));
                node.may_overlap |= course.may_overlap();
            }
            return Ends::of(places);
        }
        let job = Job::default();
        let step = Step::default();
        let frame = Frame { bound, ..Frame::plain(course, &job, Arc::new(names.clone())) };
        let step = StepContext { frame: &frame, step: &step, scope: course.scope, is_last: true };
        self.last_group += 1;
        Ends::of(self.add_scripts_of(course.ground, sequence, course.of.source, step))
    }

    /// Adds the scripts that a step names.
    pub(super) fn add_scripts_of(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
        step: StepContext<'_>,
    ) -> Vec<usize> {
        self.add_scripts(ground, sequence, source, &Taker::Step(step))
    }

    /// Adds the scripts a selection names, in ascending order, and returns the places of those of a step.
    fn add_scripts(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
        taker: &Taker<'_>,
    ) -> Vec<usize> {
        let suffix = self.round.as_ref().map(super::matrix::Round::suffix).unwrap_or_default();
        let step = match taker {
            Taker::Request(..) => None,
            Taker::Step(step) => Some(*step),
        };
        let mut selection = select(ground.scripts.all(), sequence, source);
        let unreadable = unreadable(&ground.scripts.unreadable, sequence);
        // A number whose script cannot be read is not a number that no script has.
        selection.diagnostics.retain(|fault| fault.code != code::NO_SUCH_NUMBER || !has_errors(&unreadable));
        self.diagnostics.extend(selection.diagnostics);
        self.diagnostics.extend(unreadable);
        let mut wanted: BTreeSet<usize> = selection.scripts.into_iter().collect();
        let mut resolved = self.resolve(ground, &mut wanted);
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
                ground.reading(*index).map(|reading| reading.diagnostics.clone()).unwrap_or_default();
            let part = step.map(|step| StepContext { is_last: step.is_last && last == Some(*index), ..step });
            let asker = Asker { names: taker.names(), suffix: &suffix, playbook: taker.playbook() };
            let mut node = script_node(ground, *index, asker, part, &mut faults);
            if step.is_none() {
                node.cohort = self.round.as_ref().and_then(|round| round.cohort);
            }
            self.keep_condition(&mut node, taker);
            self.keep_tolerance(&mut node, taker);
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
            let found = wanted.iter().filter_map(|index| places.get(index).copied()).collect();
            self.by_themselves = places;
            self.open.extend(resolved);
            return found;
        }
        self.add_dependencies(resolved, &places);
        places.into_values().collect()
    }

    /// Resolves what scripts depend on, and wants that too if it is asked for.
    fn resolve(&mut self, ground: &Ground<'_>, wanted: &mut BTreeSet<usize>) -> BTreeMap<usize, Resolved> {
        let mut resolved: BTreeMap<usize, Resolved> = BTreeMap::new();
        let mut open: Vec<usize> = wanted.iter().copied().collect();
        while let Some(index) = open.pop() {
            let Some(reading) = ground.reading(index) else { continue };
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
        resolved
    }

    /// Lets scripts of the request whose condition asks for files or programs wait for all in front of them, which may
    /// make these.
    pub(super) fn order_questions(&mut self, places: &BTreeMap<usize, usize>) {
        let asks = |node: usize| self.nodes[node].scope.is_some();
        let mut earlier: Vec<usize> = Vec::new();
        let mut edges = Vec::new();
        for place in places.values() {
            if asks(*place) {
                // What is in front of the last one that asks is waited for by waiting for that.
                edges.extend(earlier.drain(..).map(|before| (*place, before, EdgeKind::Turn)));
            }
            earlier.push(*place);
        }
        self.edges.extend(edges);
    }

    /// Gives a script whose condition is open a scope of its own, which holds it.
    fn keep_condition(&mut self, node: &mut Node, taker: &Taker<'_>) {
        let Some(condition) = node.open_condition.take() else { return };
        let scope = Scope {
            parent: node.scope,
            kind: ScopeKind::Main,
            label: node.name.clone(),
            condition: Some(condition),
            names: Arc::new(taker.names().clone()),
            ..Scope::default()
        };
        node.scope = Some(self.push_scope(scope));
    }

    /// Gives a script of a step whose failure the configuration tolerates a scope of its own, which does.
    fn keep_tolerance(&mut self, node: &mut Node, taker: &Taker<'_>) {
        let Taker::Step(step) = taker else { return };
        if !node.is_tolerated || step.frame.is_tolerated {
            return;
        }
        let scope = Scope {
            parent: node.scope,
            kind: ScopeKind::Main,
            label: node.name.clone(),
            is_tolerated: true,
            names: Arc::new(taker.names().clone()),
            ..Scope::default()
        };
        node.scope = Some(self.push_scope(scope));
    }

    pub(super) fn add_dependencies(
        &mut self,
        resolved: BTreeMap<usize, Resolved>,
        places: &BTreeMap<usize, usize>,
    ) {
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
