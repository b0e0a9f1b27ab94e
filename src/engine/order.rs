//! The order that nobody declared: which steps must not overlap, by what is known of them.
//!
//! Two steps of which all is known may overlap until they were seen to meet: then the one that comes later in the
//! sequential order waits for the other. So these edges follow the order, and can never close a circle.
//!
//! Knows records and the plan. Does not know how a run that went in the wrong order is put right.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use super::{Ask, Engine, prepare::Prepared, session::Cache};
use crate::{
    base::WsPath,
    cache::{Effect, Record},
    fingerprint::{Question, State},
    plan::{EdgeKind, Plan},
    text::pattern::Pattern,
};

/// How many of a step's latest runs are remembered when it is asked what it reads and writes.
const RUNS: usize = 8;

impl Engine {
    /// Returns a plan with the order that follows from what is known of its steps.
    pub(super) fn put_in_order(
        &self,
        ask: &Ask,
        plan: &Plan,
        nodes: &[Prepared],
        cache: &Cache,
    ) -> Arc<Plan> {
        let mut plan = plan.clone();
        plan.lift_bounds(ask.overlap, ask.says_how_many);
        let records: Vec<Vec<Arc<Record>>> =
            nodes.iter().map(|node| cache.store.of(&node.node.identity).take(RUNS).collect()).collect();
        if !ask.overlap {
            plan.keep_apart(|index| barrier(&nodes[index], &records[index]));
        }
        let edges = Meetings::of(&records, &self.root).edges();
        plan.add_edges(
            edges.into_iter().map(|(later, earlier, clause)| (later, earlier, EdgeKind::Learned(clause))),
        );
        Arc::new(plan)
    }
}

/// Returns why a step overlaps nothing, if it must not.
fn barrier(node: &Prepared, records: &[Arc<Record>]) -> Option<EdgeKind> {
    match () {
        () if node.node.is_declared() => None,
        () if node.unwatched.is_some() => (!node.node.may_overlap).then_some(EdgeKind::Unknown),
        () if records.iter().any(|record| record.is_outward) => Some(EdgeKind::Outward),
        () => None,
    }
}

/// What a step does where it meets others; of two sorts the later one here is the stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    /// It looks.
    Reads,
    /// It makes sure of a folder, or adds a name to one, which others may do as well.
    Adds,
    /// It changes.
    Writes,
}

/// Where steps meet: a path, or the names in a folder, with what each does there.
#[derive(Debug, Default)]
struct Meetings {
    paths: BTreeMap<WsPath, BTreeMap<usize, Sort>>,
    folders: HashMap<WsPath, BTreeMap<usize, Sort>>,
    /// What declared patterns match.
    patterns: Vec<(String, BTreeMap<usize, Sort>)>,
}

impl Meetings {
    /// Finds where steps meet, by what each did in its remembered runs; O(effects and questions).
    fn of(records: &[Vec<Arc<Record>>], root: &std::path::Path) -> Self {
        let mut meetings = Self::default();
        for (index, records) in records.iter().enumerate() {
            let effects = records.iter().flat_map(|record| &record.effects);
            effects.for_each(|effect| meetings.add_effect(index, effect));
            for top in records.iter().flat_map(|record| &record.scratch) {
                raise(meetings.paths.entry(top.clone()).or_default(), index, Sort::Writes);
            }
        }
        let mut patterns: HashMap<String, BTreeSet<usize>> = HashMap::new();
        for (index, records) in records.iter().enumerate() {
            for question in records.iter().flat_map(|record| record.questions()) {
                match question {
                    Question::State(path) => meetings.add_reader(index, &path),
                    Question::Listing(folder) => {
                        if let Some(steps) = meetings.folders.get_mut(&folder) {
                            raise(steps, index, Sort::Reads);
                        }
                    }
                    Question::Names(pattern) => _ = patterns.entry(pattern).or_default().insert(index),
                }
            }
        }
        let mut patterns: Vec<_> = patterns.into_iter().collect();
        patterns.sort();
        for (text, readers) in patterns {
            let Ok(pattern) = Pattern::parse(&text, root, &WsPath::root()) else { continue };
            let mut steps = meetings.adders(&pattern);
            readers.into_iter().for_each(|index| raise(&mut steps, index, Sort::Reads));
            meetings.patterns.push((text, steps));
        }
        meetings
    }

    fn add_effect(&mut self, index: usize, effect: &Effect) {
        let Effect { path, before, after, .. } = effect;
        let is_folder = *after == State::Directory && (!before.exists() || before == after);
        let steps = self.paths.entry(path.clone()).or_default();
        raise(steps, index, if is_folder { Sort::Adds } else { Sort::Writes });
        if std::mem::discriminant(before) != std::mem::discriminant(after)
            && let Some(folder) = path.parent()
        {
            raise(self.folders.entry(folder).or_default(), index, Sort::Adds);
        }
    }

    fn add_reader(&mut self, index: usize, path: &WsPath) {
        if let Some(steps) = self.paths.get_mut(path) {
            raise(steps, index, Sort::Reads);
        }
    }

    /// Returns the steps that add or remove a name that a pattern may match.
    fn adders(&self, pattern: &Pattern) -> BTreeMap<usize, Sort> {
        let top = pattern.fixed_part();
        let from = if top.as_str() == "." { "" } else { top.as_str() };
        let paths = self.paths.range::<str, _>((Bound::Included(from), Bound::Unbounded));
        let below = paths.take_while(|(path, _)| path.as_str().starts_with(from));
        let named = below.filter(|(path, _)| pattern.matches(path)).filter_map(|(path, _)| path.parent());
        let folders: BTreeSet<WsPath> = named.collect();
        let steps = folders.iter().filter_map(|folder| self.folders.get(folder)).flatten();
        steps.filter(|(_, sort)| **sort != Sort::Reads).map(|(index, _)| (*index, Sort::Adds)).collect()
    }

    /// Returns what must wait for what, as later step, earlier step and a clause that says where they meet.
    fn edges(self) -> Vec<(usize, usize, String)> {
        let mut edges: BTreeMap<(usize, usize), String> = BTreeMap::new();
        let mut add = |steps: &BTreeMap<usize, Sort>, what: &dyn Fn() -> String| {
            for (later, earlier) in chain(steps) {
                let clause = || clause(steps[&earlier], steps[&later], &what());
                edges.entry((later, earlier)).or_insert_with(clause);
            }
        };
        for (path, steps) in &self.paths {
            add(steps, &|| format!("`{path}`"));
        }
        let folders: BTreeMap<&WsPath, &BTreeMap<usize, Sort>> = self.folders.iter().collect();
        for (folder, steps) in folders {
            add(steps, &|| format!("names in `{folder}`"));
        }
        for (pattern, steps) in &self.patterns {
            add(steps, &|| format!("names that `{pattern}` matches"));
        }
        edges.into_iter().map(|((later, earlier), clause)| (later, earlier, clause)).collect()
    }
}

/// A step that looks at names which it also adds to needs them as they are.
fn raise(steps: &mut BTreeMap<usize, Sort>, index: usize, sort: Sort) {
    steps
        .entry(index)
        .and_modify(|known| {
            let is_mixed =
                *known != sort && (*known).min(sort) == Sort::Reads && (*known).max(sort) == Sort::Adds;
            *known = if is_mixed { Sort::Writes } else { (*known).max(sort) };
        })
        .or_insert(sort);
}

/// Returns the pairs of later and earlier steps that follow from one meeting place; the rest follows from them.
///
/// Steps next to each other that only look, or only add, have no order among themselves.
fn chain(steps: &BTreeMap<usize, Sort>) -> Vec<(usize, usize)> {
    let mut edges = Vec::new();
    let (mut before, mut group): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut last = None;
    for (&index, &sort) in steps {
        if last.is_some_and(|last| last != sort || sort == Sort::Writes) {
            before = std::mem::take(&mut group);
            if before.len() > WIDEST {
                // In a row they cost less than an edge from each to each.
                edges.extend(before.windows(2).map(|pair| (pair[1], pair[0])));
                before.drain(..before.len() - 1);
            }
        }
        edges.extend(before.iter().map(|earlier| (index, *earlier)));
        group.push(index);
        last = Some(sort);
    }
    edges
}

/// As many steps may come before many others without being put in a row.
const WIDEST: usize = 64;

fn clause(earlier: Sort, later: Sort, what: &str) -> String {
    let verb = |sort| match sort {
        Sort::Reads => "reads",
        Sort::Adds => "adds to",
        Sort::Writes => "writes",
    };
    format!("{} {what}, which this one {}", verb(earlier), verb(later))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(sorts: &[(usize, Sort)]) -> BTreeMap<usize, Sort> {
        sorts.iter().copied().collect()
    }

    #[test]
    fn readers_are_not_chained_and_writers_are() {
        use Sort::{Adds, Reads, Writes};
        assert_eq!(chain(&steps(&[(0, Reads), (1, Reads)])), []);
        assert_eq!(chain(&steps(&[(0, Adds), (1, Adds)])), []);
        assert_eq!(chain(&steps(&[(0, Writes), (1, Writes), (4, Writes)])), [(1, 0), (4, 1)]);
        let mixed = steps(&[(0, Reads), (1, Reads), (2, Writes), (3, Reads), (4, Adds)]);
        assert_eq!(chain(&mixed), [(2, 0), (2, 1), (3, 2), (4, 3)]);
    }

    #[test]
    fn many_beside_many_stay_few_edges() {
        let many = |from: usize, sort| (from..from + 1000).map(move |index| (index, sort));
        let steps: BTreeMap<usize, Sort> = many(0, Sort::Adds).chain(many(1000, Sort::Reads)).collect();
        let edges = chain(&steps);
        assert!(edges.len() < 3000, "{}", edges.len());
        assert!((1000..2000).all(|reader| edges.contains(&(reader, 999))));
        assert!((1..1000).all(|adder| edges.contains(&(adder, adder - 1))));
    }

    #[test]
    fn a_step_that_looks_and_adds_is_kept_apart() {
        let mut steps = BTreeMap::new();
        for sort in [Sort::Adds, Sort::Reads, Sort::Adds] {
            raise(&mut steps, 0, sort);
        }
        assert_eq!(steps[&0], Sort::Writes);
    }
}
