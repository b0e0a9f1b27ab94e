//! The only API the faces call: load, list, check, plan, run, explain, runs, cache.
//!
//! Knows how the floors below work together. Does not know how anything is shown, nor what was typed.

mod desk;
mod environment;
mod job;
mod logs;
mod lookup;
mod materialize;
mod prepare;
mod reasons;
mod run;
mod session;
mod tools;
mod verdict;
mod workspace;

pub use run::{BuildOptions, BuildResult, Force};
pub use session::{Ask, Engine, EngineError};
pub use verdict::{PlanReport, PlannedVerdict, Verdict};
