//! The plan: nodes in sequential order, and why each comes after others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    Invocation,
    flow::{Condition, Gate, Scope, ScopeKind, Span},
    formula::Formula,
    late::Late,
};
use crate::{
    base::{ScriptNumber, WsPath, looks_secret},
    model::settings::{ExitMeaning, FewSettings, Leftovers},
    text::{pattern::Pattern, rate::Rate},
};

/// The graph of nodes for one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In sequential order: `-j1` runs them like this, and every run must give its result. Shared with whoever else has
    /// a part of the plan, since there may be very many.
    pub nodes: Vec<Arc<Node>>,
    /// The playbook that was asked for, if one was.
    pub playbook: Option<WsPath>,
    /// How long nodes may take together that share one of these.
    pub time_limits: Vec<Duration>,
    /// What belongs together, and when it runs.
    pub scopes: Arc<Vec<Scope>>,
    /// Nodes that hold resources together.
    pub spans: Vec<Span>,
    /// How much there is of each resource that nodes and spans name, in [`units`](super::units).
    pub capacities: BTreeMap<String, u32>,
    /// How often attempts that hold a resource may start.
    pub rates: BTreeMap<String, Rate>,
    /// The playbooks say that failures do not stop independent work.
    pub goes_on: bool,
    /// How long the whole run may take, as its playbooks say.
    pub timeout: Option<Duration>,
}

/// One planned execution, all values resolved.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Node {
    /// Unique in the plan: `0402_Run-UnitTests`, `lint`, `test/0402_Run-UnitTests`.
    pub id: String,
    /// What it belongs to across requests: the script's path, or the playbook's path with job and step.
    pub identity: String,
    /// What people call it.
    pub name: String,
    /// The script's path, unless the step is inline.
    pub script: Option<WsPath>,
    /// The script's number.
    pub number: Option<ScriptNumber>,
    /// The stage, or the job, it is shown under.
    pub stage: String,
    /// The job, in a playbook with jobs.
    pub job: Option<String>,
    /// What is run.
    pub invocation: Invocation,
    /// How it behaves: step over job over header over rule.
    pub settings: FewSettings,
    /// What exit codes mean, the kind's table below the step's own.
    pub exit_codes: BTreeMap<i32, ExitMeaning>,
    /// What it reads, modules included; nothing if not declared.
    pub inputs: Option<Vec<Pattern>>,
    /// What it makes; nothing if not declared.
    pub outputs: Option<Vec<Pattern>>,
    /// Environment names its text mentions.
    pub mentioned: BTreeSet<String>,
    /// A program its text starts that cannot be watched.
    pub privileged: Option<String>,
    /// Programs its script depends on, each with the names it may have; they are part of its key.
    pub tools: Vec<(String, Vec<String>)>,
    /// Its condition, and what it came to.
    pub condition: Option<Box<Decision>>,
    /// Its condition, if that can only be decided when its turn has come.
    #[serde(skip)]
    pub open_condition: Option<Box<Condition>>,
    /// The scope it stands in, if it is a part of a playbook's step.
    #[serde(skip)]
    pub scope: Option<usize>,
    /// When it is looked up.
    #[serde(skip)]
    pub gate: Gate,
    /// Its failure is good enough for what comes after.
    pub is_tolerated: bool,
    /// The matrix whose combinations end with the first failure, and which of them it is part of.
    pub cohort: Option<(usize, usize)>,
    /// What bounds how long it and others take together, as places in [`Plan::time_limits`].
    #[serde(skip)]
    pub time_limits: Vec<usize>,
    /// The span it lies in.
    #[serde(skip)]
    pub span: Option<usize>,
    /// What of it is known only when its turn has come.
    #[serde(skip)]
    pub late: Option<Arc<Late>>,
    /// It is its user's word that it may overlap others, whatever is known of it.
    pub may_overlap: bool,
    /// Environment variables that its step sets itself.
    pub own_env: BTreeSet<String>,
    /// Names, in small letters, of variables and of its environment whose values are made of secrets.
    pub secret: BTreeSet<String>,
    /// Places of the words of its command that are made of secrets.
    pub secret_words: BTreeSet<usize>,
    /// Where in a playbook it comes from.
    pub origin: Option<Origin>,
    /// It stands for the combinations of a matrix that is known only when its turn has come.
    #[serde(skip)]
    pub deferred: Option<Arc<Deferred>>,
    /// Steps of one sequence were asked for as a row, so their order means something; those of different ones do not
    /// know of each other.
    pub sequence: usize,
    /// What must end before it.
    pub edges: Vec<Edge>,
    /// It never overlaps another step (`AllowParallel: false`).
    pub is_alone: bool,
    /// It waits for all before it in its sequence, and all behind it wait for it: what it does cannot be known, or not
    /// be undone.
    pub is_barrier: bool,
}

/// A matrix that is known only when its turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferred {
    /// What gives its values: the name by which the plan is told each, and its formula.
    pub formulas: Vec<(String, Formula)>,
}

/// The place of a playbook that a node comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The playbook.
    pub playbook: WsPath,
    /// The JSON pointer of its job.
    pub job: String,
    /// The JSON pointer of its step.
    pub step: String,
}

/// Why a node comes after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The place of the earlier node.
    pub to: usize,
    /// Why.
    pub kind: EdgeKind,
}

/// Sorts of edges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EdgeKind {
    /// `Dependencies` of the script.
    Dependency,
    /// `needs` of the job.
    Need,
    /// The step before it in its job.
    Step,
    /// The playbook has them one after the other; order only.
    Turn,
    /// It reads what the other makes; the path or pattern.
    Output(String),
    /// One of them rewrites in place what the other reads or writes; order only.
    Rewrite(String),
    /// What one of them reads and writes is not known; order only.
    Unknown,
    /// One of them was seen to act beyond the workspace, which cannot be taken back; order only.
    Outward,
    /// They were seen to meet at a path, as the clause says; order only.
    Learned(String),
}

/// A condition and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The condition as written.
    pub text: String,
    /// The step runs.
    pub holds: bool,
    /// What it asked, and what it was answered, in a clause.
    pub facts: String,
}

/// Whether a node's result can be reused at all, as far as the plan can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reuse {
    /// By key.
    Yes,
    /// Never; the text says why.
    No(String),
}

impl EdgeKind {
    /// Tells whether the later node must not run if the earlier one failed.
    pub fn is_hard(&self) -> bool {
        matches!(self, Self::Dependency | Self::Need | Self::Step | Self::Output(_))
    }

    /// Returns the reason in a clause.
    pub fn reason(&self) -> String {
        match self {
            Self::Dependency => "is a dependency".to_owned(),
            Self::Need => "is needed".to_owned(),
            Self::Step => "is the step before".to_owned(),
            Self::Turn => "comes first in the playbook".to_owned(),
            Self::Output(path) => format!("makes `{path}`"),
            Self::Rewrite(path) => format!("touches `{path}`, which one of the two rewrites"),
            Self::Unknown => {
                "comes first, and what one of the two reads and writes is neither declared nor traced"
                    .to_owned()
            }
            Self::Outward => {
                "comes first, and one of the two was seen to act beyond the workspace".to_owned()
            }
            Self::Learned(clause) => clause.clone(),
        }
    }
}

/// Ends the name of what lets a playbook's steps run one by one, unless they may overlap by the user's word.
pub(super) const ONE_BY_ONE: &str = ": one by one";
/// Ends the name of what bounds how many of a playbook's steps run at once, unless the user says how many.
pub(super) const AT_ONCE_UNLESS_SAID: &str = ": at once unless it is said";

impl Plan {
    /// Tells whether a node may be left out for another reason than that one before it did not end well.
    pub fn may_leave_out(&self, node: &Node) -> bool {
        let above = std::iter::successors(node.scope, |scope| self.scopes[*scope].parent);
        above.map(|scope| &self.scopes[scope]).any(|scope| {
            let follows = matches!(scope.kind, ScopeKind::OnSuccess | ScopeKind::OnFailure);
            scope.condition.is_some() || !scope.needs.is_empty() || follows
        })
    }

    /// Lifts the bounds of playbooks in place of which the user says something: that steps may overlap, or how many.
    pub fn lift_bounds(&mut self, may_overlap: bool, says_how_many: bool) {
        for (name, most) in &mut self.capacities {
            let is_lifted = (may_overlap && name.ends_with(ONE_BY_ONE))
                || (says_how_many && name.ends_with(AT_ONCE_UNLESS_SAID));
            if is_lifted {
                *most = u32::MAX;
            }
        }
    }

    /// Keeps each node that is a barrier, for a reason that `barrier` gives, apart from the others of its sequence: it
    /// waits for all before it, and all behind it wait for it.
    pub fn keep_apart(&mut self, barrier: impl Fn(usize) -> Option<EdgeKind>) {
        let count = self.nodes.iter().map(|node| node.sequence + 1).max().unwrap_or(0);
        let mut since: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut last: Vec<Option<(usize, EdgeKind)>> = vec![None; count];
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let sequence = node.sequence;
            if let Some((before, kind)) = &last[sequence] {
                Arc::make_mut(node).come_after(*before, kind.clone());
            }
            let Some(kind) = barrier(index) else {
                since[sequence].push(index);
                continue;
            };
            let node = Arc::make_mut(node);
            node.is_barrier = true;
            for before in std::mem::take(&mut since[sequence]) {
                node.come_after(before, kind.clone());
            }
            last[sequence] = Some((index, kind));
        }
        self.sort_edges();
    }

    /// Adds edges that nobody declared, as later node, earlier node and kind; where one declares the order it stands.
    pub fn add_edges(&mut self, edges: impl IntoIterator<Item = (usize, usize, EdgeKind)>) {
        for (later, earlier, kind) in edges {
            Arc::make_mut(&mut self.nodes[later]).come_after(earlier, kind);
        }
        self.sort_edges();
    }

    fn sort_edges(&mut self) {
        for node in &mut self.nodes {
            if !node.edges.is_sorted_by_key(|edge| edge.to) {
                Arc::make_mut(node).edges.sort_by_key(|edge| edge.to);
            }
        }
    }
}

impl Node {
    /// Adds an edge, unless there is one already.
    pub(super) fn come_after(&mut self, earlier: usize, kind: EdgeKind) {
        if !self.edges.iter().any(|edge| edge.to == earlier) {
            self.edges.push(Edge { to: earlier, kind });
        }
    }

    /// Tells whether the value under a name, of a variable or of its environment, must not be shown.
    pub fn is_secret(&self, name: &str) -> bool {
        looks_secret(name) || self.secret.contains(&name.to_ascii_lowercase())
    }

    /// Tells whether what the step does to files is known: it declares inputs and outputs.
    pub fn is_declared(&self) -> bool {
        self.inputs.is_some() && self.outputs.is_some()
    }

    /// Returns why the step must not be watched while it runs, if it must not.
    pub fn unwatched(&self) -> Option<String> {
        match (self.settings.trace, self.settings.service, &self.privileged) {
            (Some(false), ..) => Some("is declared `trace: off`".to_owned()),
            (None, Some(true), _) => Some("leaves a service behind".to_owned()),
            (None, ..) if self.leftovers() != Leftovers::Kill => {
                Some("may leave processes behind".to_owned())
            }
            (None, _, Some(program)) => Some(format!("starts `{program}`, which cannot be traced")),
            (Some(true), ..) | (None, _, None) => None,
        }
    }

    /// Returns what becomes of processes that the step leaves behind. What is watched cannot go on without who watches.
    pub fn leftovers(&self) -> Leftovers {
        match (self.settings.trace, self.settings.leftovers, self.settings.service) {
            (Some(true), ..) => Leftovers::Kill,
            (_, Some(leftovers), _) => leftovers,
            (_, None, Some(true)) => Leftovers::Keep,
            (_, None, _) => Leftovers::Kill,
        }
    }

    /// Tells whether the step's result can be reused, as far as the plan can tell; `unwatched` is why it is not watched
    /// while it runs.
    pub fn reuse(&self, unwatched: Option<&str>) -> Reuse {
        use crate::model::settings::CachePolicy::{Always, Auto, For, Never};
        let missing = match (&self.inputs, &self.outputs) {
            (None, _) => "inputs",
            (Some(_), None) => "outputs",
            (Some(_), Some(_)) => "",
        };
        match (self.settings.cache, unwatched) {
            (Some(Never), _) => Reuse::No("declared `cache: never`".to_owned()),
            (Some(Always), _) | (_, None) => Reuse::Yes,
            (Some(Auto | For(_)) | None, Some(_)) if missing.is_empty() => Reuse::Yes,
            (Some(Auto | For(_)) | None, Some(why)) => Reuse::No(format!("declares no {missing}, and {why}")),
        }
    }
}
