//! Decides what happens next: a pure value without threads, clock, input or output.
//!
//! Knows nodes by their place in the sequential order, what they wait for, and how they ended. Does not know what a
//! node does, why it runs, or how a process is started.
//!
//! The theory: running with many slots must give what running in order gives. So a node is looked up only when it
//! could start at once (with one slot: when all before it have ended), lower places go first, and after a failure
//! nothing behind it begins any more. A failure *stands* once all nodes before it have ended; only then are the
//! nodes behind it given up, because until then an earlier failure may still be the one to report.

mod dependents;
mod machine;
mod message;
mod node;
mod queue;
#[cfg(test)]
mod tests;

pub use machine::{Scheduler, State};
pub use message::{Effect, Ending, Input, Outcome, StopCause, StopHow, Verdict};
pub use node::{Need, Node, OnFailure, Policy, ResourceId, Strength};
