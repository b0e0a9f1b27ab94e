//! The only API the faces call: load, list, check, plan, run, explain, runs, cache.
//!
//! Knows how the floors below work together. Does not know how anything is shown, nor what was typed.

mod cache_admin;
mod cache_export;
mod check;
mod conclusion;
mod desk;
mod edits;
mod ending;
mod environment;
mod evidence;
mod gate;
mod inputs;
mod job;
mod listing;
mod logs;
mod lookup;
mod materialize;
mod nesting;
mod node_key;
mod nodes;
mod overview;
mod prepare;
mod reasons;
mod repair;
mod run;
mod runs;
mod seen;
mod session;
mod stages;
mod teller;
mod tools;
mod verdict;
mod why;
mod workspace;
mod zones;

pub use cache_admin::{CacheEntry, CacheStatus, Cleared, HitRate};
pub use cache_export::Exported;
pub use check::{CheckOptions, Checked, CheckedFile};
pub use gate::UpToDate;
pub use inputs::{Inputs, Program, Programs};
pub use listing::{ListedPlaybook, ListedScript, Listing};
pub use logs::{Log, Tail};
pub use node_key::NodeKey;
pub use overview::Overview;
pub use run::{BuildOptions, BuildResult, Force};
pub use runs::SavedRun;
pub use session::{Ask, Engine, EngineError};
pub use verdict::{PlanReport, PlannedVerdict, Verdict};
pub use why::Why;

pub use crate::execute::runner::Live;
