//! The trace where there is no tracer: nothing is seen, and the facts say so.

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
    process::Command,
};

use super::{Refusal, Rung, Trace, Witness};

/// What a process does between `fork` and `exec` to be traced: nothing.
#[derive(Debug)]
pub struct Entry(());

impl Entry {
    /// Prepares the entry.
    pub fn new(_socket: OwnedFd) -> Self {
        Self(())
    }

    /// Leaves the entry as it is: where no offer is made, no process waits for one.
    #[must_use]
    pub fn needed(self, _is_needed: bool) -> Self {
        self
    }

    /// Leaves the command as it is.
    pub fn attach(self, _command: &mut Command) {}
}

/// az's end of the trace of one step.
#[derive(Debug)]
pub struct Offer(());

impl Offer {
    /// Makes no offer, since there is nothing to offer.
    ///
    /// # Errors
    /// Always.
    pub fn new(_first: Option<Rung>) -> io::Result<(Self, OwnedFd)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns the trace of a tree nobody watched.
    pub fn serve(self, _done: BorrowedFd<'_>, _witness: &mut dyn Witness) -> Trace {
        Trace::off()
    }

    /// Returns that no rung carries.
    ///
    /// # Errors
    /// Always.
    pub fn serve_one_rung(self, _done: BorrowedFd<'_>, _witness: &mut dyn Witness) -> Result<Trace, Refusal> {
        Err(Refusal::Gone)
    }
}
