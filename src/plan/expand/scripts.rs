//! Numbered scripts: what a selection takes, what these depend on.
//!
//! Knows scripts and their headers. Does not know which step or request they are for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Expanded;
use crate::{
    base::WsPath,
    diag::{Diagnostic, Severity, Source, code, has_errors},
    model::script::script_name,
    plan::{
        EdgeKind,
        dependencies::{self, Resolved},
        node::{Ground, StepContext, script_node},
        select::select,
    },
    text::sequence::{self, Selector},
};

/// The group of all scripts that are asked for by themselves.
const BY_THEMSELVES: usize = 0;

impl Expanded {
    /// Adds the scripts a selection names.
    pub(in crate::plan) fn add_sequence(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
    ) {
        self.add_scripts(ground, sequence, source, None);
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

