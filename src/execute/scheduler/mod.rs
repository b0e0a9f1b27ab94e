//! Decides what happens next: a pure value without threads, clock, input or output.
//!
//! Knows nodes by their place in the sequential order, what they wait for, and how they ended. Does not know what a
//! node does, why it runs, or how a process is started.
//!
//! The theory: running with many slots must give what running in order gives. So a node is looked up only when it
//! could start at once (with one slot: when all before it have ended), lower places go first, and after a failure
//! nothing behind it begins any more. A failure *stands* once all nodes before it have ended; only then are the
//! nodes behind it given up, because until then an earlier failure may still be the one to report. Nodes that are
//! looked up whatever happened ([`Gate::Always`]) begin again from then on.
//!
//! What bends this, and how far:
//! - Priorities let nodes with higher ones go first. That changes when nodes begin, not what becomes of them.
//! - A *span* holds resources for many nodes. Its nodes wait for it without keeping others from slots, so others pass
//!   them even with one slot. A span begins only when all has ended that its nodes wait for outside of it. So spans
//!   whose nodes follow each other in the sequential order, and that demand each resource at one depth, never wait for
//!   each other. Where they do, where a failure keeps a span from its end, or where a node that came too early waits for
//!   one that its own span keeps out, it can come to that nothing at all can begin. Then the failure is taken to stand;
//!   if that does not help, the first node without an outcome is let in without room. A run always ends.
//! - A *cohort* falls with its first failure in time: what has not ended of its other members is cancelled, wherever it
//!   stands. That is what GitHub means by `fail-fast` of a matrix. In order these are all later ones; side by side, those
//!   that happen not to have ended. Its failure is one either way.
//! - A *rate* makes nodes wait for a time. With one slot nothing passes them; else anything may.

mod demand;
mod dependents;
mod dispatch;
mod machine;
mod message;
mod node;
mod outcome;
mod queue;
mod rates;
mod spans;
#[cfg(test)]
mod tests;
mod timers;

pub use machine::{Scheduler, State};
pub use message::{Effect, Ending, Input, Outcome, StopCause, StopHow, Verdict};
pub use node::{Gate, Need, Node, OnFailure, Policy, Rate, ResourceId, Span, Strength};
