//! How often a job runs: once, or once for each combination of its matrix.
//!
//! Knows the matrix of a job and what the command line adds. Does not know steps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use super::{Expanded, playbook::Course};
use crate::{
    model::playbook::{Job, Matrix, Placed},
    plan::{
        Deferred,
        flow::Names,
        matrix::{Combination, Combinations, MatrixFault, combinations, matrix_of},
        world::Known,
    },
};

/// One time a job runs.
#[derive(Debug, Clone, Default)]
pub(in crate::plan) struct Round {
    /// Its combination, if the job has a matrix.
    pub(super) combination: Option<Combination>,
    /// Which of them, from 0.
    pub(super) index: usize,
    /// The first failure ends the others.
    pub(super) is_fail_fast: bool,
    /// What gives the matrix, if it is not known yet.
    pub(super) deferred: Option<Arc<Deferred>>,
    /// The matrix, if the first failure ends the others, and which of its combinations this is.
    pub(super) cohort: Option<(usize, usize)>,
    /// The names that any of the combinations sets.
    names: Arc<BTreeSet<String>>,
}

impl Round {
    /// Returns what people see behind the job's name.
    pub(super) fn label(&self) -> String {
        self.combination.as_ref().map_or_else(String::new, |found| format!(" {}", found.label()))
    }

    /// Returns what stands behind the job's id.
    pub(super) fn suffix(&self) -> String {
        self.combination.as_ref().map(Combination::suffix).unwrap_or_default()
    }

    /// Returns the names it sets.
    pub(super) fn names(&self) -> Names {
        let mut names = Names::default();
        let values: BTreeMap<String, Value> = self.values().collect();
        names.contexts.insert("matrix".to_owned(), Value::Object(values.clone().into_iter().collect()));
        let others = self.names.iter().filter(|name| !values.contains_key(*name)).cloned().collect();
        names.of_other_combinations = Arc::new(others);
        names.set(&values);
        names
    }

    /// Returns names and values.
    pub(super) fn values(&self) -> impl Iterator<Item = (String, Value)> {
        self.combination.iter().flat_map(|found| found.values.iter().cloned())
    }
}

impl Expanded {
    /// Returns how often all that is asked for runs: once for each combination of the command line's matrix.
    pub(in crate::plan) fn rounds_of_request(&mut self, dimensions: &[(String, Vec<Value>)]) -> Vec<Round> {
        if dimensions.is_empty() {
            return vec![Round::default()];
        }
        match combinations(&matrix_of(dimensions), "", &mut |_| None) {
            Ok(Combinations::Known(found)) => self.all(found, true),
            Ok(Combinations::Deferred(_)) => Vec::new(),
            Err(faults) => {
                self.diagnostics.extend(faults.iter().map(MatrixFault::diagnostic));
                Vec::new()
            }
        }
    }

    fn all(&mut self, found: Vec<Combination>, is_fail_fast: bool) -> Vec<Round> {
        self.last_cohort += 1;
        let cohort = self.last_cohort;
        // A name that only some of them have is nothing in the others.
        let names: Vec<String> =
            found.iter().flat_map(|found| found.values.iter().map(|(name, _)| name.clone())).collect();
        let names: Arc<BTreeSet<String>> = Arc::new(names.into_iter().collect());
        let round = |(index, combination)| Round {
            combination: Some(combination),
            index,
            is_fail_fast,
            deferred: None,
            cohort: is_fail_fast.then_some((cohort, index)),
            names: Arc::clone(&names),
        };
        found.into_iter().enumerate().map(round).collect()
    }

    /// Returns how often a job runs; never, if what is wrong with its matrix was told, or if it is not known yet.
    pub(super) fn rounds(&mut self, course: &Course<'_>, names: &Names, job: &Job) -> Vec<Round> {
        let Some(strategy) = &job.strategy else { return vec![Round::default()] };
        let Matrix { dimensions, include, expression, .. } = &strategy.matrix;
        if dimensions.is_empty() && include.is_empty() && expression.is_none() {
            // What is wrong with it was told when it was read.
            return vec![Round::default()];
        }
        let (mut faults, mut late) = (Vec::new(), Vec::new());
        let mut resolve = |text: &Placed<String>| {
            let (formula, found) = course.layer((&text.at, course.scope), &mut faults, |over| {
                let formula = over.read(&Value::String(text.value.trim().to_owned()));
                let found = over.fill(names, &formula, &BTreeSet::new());
                (formula, found)
            });
            let name = format!("{}{}{} {}", course.prefix, job.id, course.suffix, text.value);
            match found {
                Known::Now(value) => Some(value),
                Known::Late => course.ground.known.get(&name).cloned().or_else(|| {
                    late.push((name, formula));
                    None
                }),
            }
        };
        let found = combinations(&strategy.matrix, &strategy.at, &mut resolve);
        self.diagnostics.extend(faults);
        let found = match found {
            Ok(Combinations::Known(found)) => found,
            Ok(Combinations::Deferred(_)) => {
                let deferred = Some(Arc::new(Deferred { formulas: late }));
                return vec![Round { deferred, ..Round::default() }];
            }
            Err(faults) => {
                let told = |fault: &MatrixFault| fault.told(course.of.source, |at| course.of.span(at));
                self.diagnostics.extend(faults.iter().map(told));
                return Vec::new();
            }
        };
        let is_fail_fast = self.truth(course, names, strategy.fail_fast.as_ref().or(job.fail_fast.as_ref()));
        let is_fail_fast = is_fail_fast.unwrap_or(true);
        self.all(found, is_fail_fast)
    }
}
