//! The tracer on Linux.
//!
//! From the outside in: [`offer`] is az's end and [`entry`] the step's; [`filter`] chooses what is stopped, by the
//! table of [`calls`] and with what [`empty`] found out; [`notify`] and [`ptrace`] receive what was stopped; [`observer`], with `files`, `launch` and
//! `talk`, says what it means; `walk` resolves paths, `ledger` keeps what was asked and changed, `processes`,
//! `programs` and `sockets` what else there is to know. Only `sys` and `empty` are unsafe.

mod calls;
mod empty;
mod entry;
mod files;
mod filter;
mod launch;
mod ledger;
mod memory;
mod notify;
mod observer;
mod offer;
mod paths;
mod processes;
mod programs;
mod ptrace;
mod sockets;
mod sys;
mod talk;
#[cfg(test)]
mod tests;
mod walk;
mod working;

pub use entry::Entry;
pub use offer::Offer;
