//! From a request to a graph: select, expand, order, validate.
//!
//! Knows scripts, playbooks and what steps declare. Does not know files' contents, the cache, or processes: whether
//! a step must run is not decided here.

mod build;
mod condition;
mod dependencies;
mod graph;
mod invocation;
mod order;
mod overlap;
mod query;
mod select;

pub use build::BuildRequest;
pub use graph::{Decision, Edge, EdgeKind, Node, Plan, Reuse};
pub use invocation::Invocation;
pub use query::{Planned, plan, wanted_tools};
pub use select::{Selection, select};
