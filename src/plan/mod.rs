//! stub
mod graph;
mod invocation;
mod order;
mod overlap;
mod select;
pub use graph::{Decision, Edge, EdgeKind, Node, Plan, Reuse};
pub use invocation::Invocation;
pub use select::{Selection, select};
