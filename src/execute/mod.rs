//! Runs steps: the scheduler (a pure value), the driver, the guard, the runners, and questions that need a process.
//!
//! The only place that starts processes. Does not know why a step runs, nor what becomes of its result.

pub mod driver;
pub mod guard;
pub mod itself;
pub mod probe;
pub mod runner;
pub mod scheduler;
