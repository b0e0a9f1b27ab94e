//! From the parts of a request to nodes: which there are, the scopes they stand in, and the edges that the texts
//! declare.

mod bounds;
mod jobs;
mod lasts;
pub(super) mod matrix;
mod playbook;
mod scripts;
mod steps;
mod untaken;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use super::{
    EdgeKind, Node, ToolWish,
    around::Around,
    dependencies::Resolved,
    flow::{Scope, Span},
};
use crate::{
    base::SecretPlace,
    diag::{Diagnostic, code},
};

pub(super) use jobs::Frame;
pub(super) use playbook::Course;

/// Nodes in the order of the text, with the edges that the text declares.
#[derive(Default)]
pub(super) struct Expanded {
    /// Each by itself, as in the plan: there may be very many, and a list of them that grows has room for as many more.
    pub(super) nodes: Vec<Arc<Node>>,
    /// The group of each node, which keep their order unless both say what they do: scripts that are asked for by
    /// themselves, and those of one step.
    pub(super) groups: Vec<usize>,
    /// Later, earlier, why.
    pub(super) edges: Vec<(usize, usize, EdgeKind)>,
    pub(super) scopes: Vec<Scope>,
    pub(super) spans: Vec<Span>,
    /// How much there is of each resource that playbooks bound.
    pub(super) capacities: BTreeMap<String, u32>,
    pub(super) tools: Vec<ToolWish>,
    /// How long nodes may take together that share one of these.
    pub(super) time_limits: Vec<Duration>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Where secrets come from that were not looked for yet.
    pub(super) secrets: Vec<SecretPlace>,
    /// What stands around the bodies of playbooks.
    pub(super) around: Vec<Around>,
    /// The places of scripts that are no part of a step: asked for twice, such a script is one node.
    by_themselves: BTreeMap<usize, usize>,
    /// What these scripts depend on; which of it is selected is known when all parts are added.
    open: BTreeMap<usize, Resolved>,
    /// The combination of the command line's matrix that is at work.
    round: Option<matrix::Round>,
    /// Failures do not stop independent work.
    pub(super) goes_on: bool,
    /// How long the whole run may take.
    pub(super) timeout: Option<Duration>,
    last_group: usize,
    last_cohort: usize,
    /// Scripts of which everything is told.
    told: BTreeSet<usize>,
    /// There is more than any plan may hold; the rest is left out.
    is_cut: bool,
    /// How many times the usual size a plan may have; zero is none.
    sizes: usize,
}

/// Nodes and scopes that a plan may hold, some two kilobytes each; where playbooks may be larger, as many times that.
const MOST_STEPS: usize = 60_000;
/// Edges that a plan may hold.
const MOST_EDGES: usize = 2_000_000;

/// The nodes that something starts and ends with.
#[derive(Debug, Clone, Default)]
struct Ends {
    first: Vec<usize>,
    last: Vec<usize>,
}

impl Ends {
    fn of(nodes: Vec<usize>) -> Self {
        Self { first: nodes.clone(), last: nodes }
    }

    fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Adds what runs at the same time.
    fn beside(&mut self, other: Self) {
        self.first.extend(other.first);
        self.last.extend(other.last);
    }
}

impl Expanded {
    /// Makes a plan of nothing that may have so many times the usual size.
    pub(super) fn of_sizes(sizes: usize) -> Self {
        Self { sizes, ..Self::default() }
    }

    fn push(&mut self, node: Node, group: usize) -> usize {
        self.nodes.push(Arc::new(node));
        self.groups.push(group);
        self.nodes.len() - 1
    }

    /// Returns the time limits that hold below, with a further one.
    fn limited(&mut self, limits: &[usize], further: Option<Duration>) -> Vec<usize> {
        let mut all = limits.to_vec();
        if let Some(limit) = further {
            all.push(self.time_limits.len());
            self.time_limits.push(limit);
        }
        all
    }

    fn push_scope(&mut self, scope: Scope) -> usize {
        self.scopes.push(scope);
        self.scopes.len() - 1
    }

    /// Lets what comes later wait for what comes earlier, and adds it behind.
    fn chain(&mut self, before: &mut Ends, later: Ends, kind: &EdgeKind) {
        if later.is_empty() {
            return;
        }
        self.wait(&later.first, &before.last, kind);
        if before.first.is_empty() {
            before.first = later.first;
        }
        before.last = later.last;
    }

    /// Lets each of some nodes wait for each of others.
    fn wait(&mut self, later: &[usize], earlier: &[usize], kind: &EdgeKind) {
        if later.len().saturating_mul(earlier.len()).saturating_add(self.edges.len())
            > MOST_EDGES.saturating_mul(self.sizes)
        {
            return self.cut(None);
        }
        for node in later {
            self.edges.extend(earlier.iter().map(|earlier| (*node, *earlier, kind.clone())));
        }
    }

    /// Tells whether the plan is as large as it may be, so that nothing more is to be added; the first time this is
    /// asked about what stands at `at`.
    fn is_full(&mut self, course: &Course<'_>, at: &str) -> bool {
        if self.nodes.len() + self.scopes.len() >= MOST_STEPS.saturating_mul(self.sizes) {
            self.cut(Some((course, at)));
        }
        self.is_cut
    }

    fn cut(&mut self, at: Option<(&Course<'_>, &str)>) {
        if std::mem::replace(&mut self.is_cut, true) {
            return;
        }
        let message = "the plan has more steps, or more of them wait for each other, than az can plan";
        let fault = Diagnostic::error(code::PLAN_TOO_LARGE, message)
            .help(
                "make less of it at once: smaller matrices and loops, or several playbooks; `max_playbook_size` of \
                 az.toml allows as many times the steps as it allows bytes",
            );
        self.diagnostics.push(match at {
            Some((course, at)) => fault.source(course.of.source).label(course.of.span(at), "from here on"),
            None => fault,
        });
    }

    /// Adds what can only be told when all parts are there.
    pub(super) fn finish(&mut self) {
        let (resolved, places) = (std::mem::take(&mut self.open), std::mem::take(&mut self.by_themselves));
        self.add_dependencies(resolved, &places);
        self.order_questions(&places);
    }

    /// Begins a combination of the command line's matrix; all that is added until the next is part of it.
    pub(super) fn begin_round(&mut self, round: matrix::Round) {
        self.round = Some(round);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_as_many_times_the_edges_as_playbooks_may_have_bytes() {
        let many: Vec<usize> = (0..1500).collect();
        for (sizes, fits) in [(1, false), (2, true)] {
            let mut expanded = Expanded::of_sizes(sizes);
            expanded.wait(&many, &many, &EdgeKind::Need);
            assert_eq!((expanded.is_cut, expanded.edges.len()), (!fits, if fits { 1500 * 1500 } else { 0 }));
        }
    }
}
