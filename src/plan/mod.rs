//! From a request to a graph: select, expand, order, validate.
//!
//! Knows scripts, playbooks and what steps declare. Does not know files' contents, the cache, or processes: whether
//! a step must run is not decided here.

mod condition;
mod dependencies;
mod expand;
mod graph;
mod invocation;
mod matrix;
mod node;
mod order;
mod overlap;
mod places;
mod profile;
mod query;
mod request;
mod rules;
mod select;
#[cfg(test)]
mod tests;
mod validate;
mod variables;

pub use dependencies::{ToolWish, tool_candidates};
pub use graph::{Decision, Edge, EdgeKind, Node, Plan, Reuse};
pub use invocation::Invocation;
pub use matrix::{Combination, Combinations, MATRIX_LIMIT, MatrixFault, combinations, matrix_of};
pub use query::{Planned, plan, plan_graph};
pub use request::{PlaybookFile, playbook_called, playbook_names};
pub use rules::{RuleMatches, rule_matches};
pub use select::{Selection, select};
