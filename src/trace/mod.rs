//! What a process tree is seen to do: the paths it asks about and changes, the programs it runs, whom it talks to.
//!
//! Knows system calls, processes and paths as the kernel resolves them. Does not know what a fact is good for: which
//! paths are inputs, what is noise, and what may be reused is decided above. It changes nothing and refuses only what
//! would go around it and what its [`Witness`] forbids, and an error of its own never reaches the traced program: it
//! becomes a [`Gap`].
//!
//! The theory: each step gets a system call filter that stops the calls which name a path or an address. Before such
//! a call goes on, the kernel asks az (*user notification*), or stops the process for az (*ptrace*) where that is not
//! possible. az reads the arguments from the process, resolves them to physical paths, and lets the call go on. It
//! never sees a result. That is enough: a question is recorded by its path, and its answer is read from the disk by
//! who needs it. Where the result matters, which is only for "is this path the tree's own by now", the disk tells.
//!
//! A step starts in three hands: az makes an [`Offer`] and passes its other end to the guard, which enters the trace
//! between `fork` and `exec` ([`Entry`]), while az serves the trace until the tree has ended ([`Offer::serve`]).

/// The error of a process that must not go on without a trace; no start of a program ends with it otherwise.
#[cfg(unix)]
pub const UNTRACED: i32 = libc::EOWNERDEAD;

/// Tells whether anything can be traced on a machine like this.
pub const fn is_supported() -> bool {
    cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))
}

mod facts;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod none;
mod probe;

pub use facts::{Asked, Changed, Contact, Gap, Process, Refusal, Rung, Touch, Trace, Witness};
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use linux::{Entry, Offer};
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub use none::{Entry, Offer};
pub use probe::{Flaw, LADDER, Probe};
