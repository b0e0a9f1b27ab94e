//! The guard: a small process that is the parent of all steps and ends them when az dies, however it dies.
//!
//! Knows processes, descriptors and signals. Does not know what a step is for, nor its log or its outcome.
//!
//! The theory: a process that looks after others must not die with what it looks after, so the guard is a process of
//! its own, in its own process group, started before the first step. It is *child subreaper*: whatever a step leaves
//! behind, daemons included, becomes the guard's child and so can be found. Its only tie to az is a socket; the
//! kernel closes the other end when az is gone, and then everything below the guard is killed. On systems without
//! subreapers only the process group of each step is ended.
//!
//! The socket is a stream with length prefixes rather than datagrams, since an environment may be larger than any
//! datagram; descriptors travel with the first byte of a frame.

mod client;
mod confine;
mod freeze;
#[cfg(target_os = "linux")]
mod image;
mod server;
mod spawn;
mod sys;
mod tree;
mod wire;

pub use client::{Guard, Report, Step};
pub use confine::Bounds;
pub(super) use confine::{UNCONFINED, can_bound_writes};
pub use server::guard_main;
pub use wire::{Exit, Start};

/// The hidden first argument by which the az binary becomes the guard.
pub const GUARD_ARGUMENT: &str = "__guard";

/// The environment variable that names the step a process belongs to, so that one which left its tree is found.
pub const STEP_VARIABLE: &str = "AZ_STEP";
