//! From a request to a graph: select, expand, order, validate.
//!
//! Knows scripts, playbooks and what steps declare. Does not know files' contents, the cache, or processes: whether
//! a step must run is not decided here.

mod around;
mod condition;
mod defaults;
mod dependencies;
mod expand;
mod flow;
mod formula;
mod graph;
mod invocation;
mod late;
mod matrix;
mod names;
mod node;
mod order;
mod overlap;
mod parameters;
mod places;
mod powershell;
mod profile;
mod query;
mod references;
mod registry;
mod request;
mod resources;
mod rules;
mod secrets;
mod select;
mod stored;
#[cfg(test)]
mod tests;
mod text_node;
mod validate;
mod variables;
mod world;

pub use around::{Around, Check, Limit, Needs, Notice, Requirement, TOLD_OF_RUN};
pub use condition::facts;
pub use dependencies::{ToolWish, tool_candidates};
pub use flow::{Below, Condition, Gate, LateValue, Names, Scope, ScopeKind, Span};
pub use formula::{Doubts, Formula};
use graph::{AT_ONCE_UNLESS_SAID, ONE_BY_ONE};
pub use graph::{Decision, Deferred, Edge, EdgeKind, Node, Origin, Plan, Reuse};
pub use invocation::Invocation;
pub use late::Late;
pub use matrix::{Combination, Combinations, MATRIX_LIMIT, MatrixFault, combinations, matrix_of};
pub use parameters::fit;
pub use query::{Planned, plan, plan_graph};
pub use request::{PlaybookFile, playbook_called, playbook_names};
pub use resources::units;
pub use rules::{RuleMatches, rule_matches};
pub use secrets::Found;
pub use select::{Selection, select};
pub use world::{context, is_all, named};
