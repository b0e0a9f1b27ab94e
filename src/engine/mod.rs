//! The only API the faces call: load, list, check, plan, run, explain, runs, cache.
//!
//! Knows how the floors below work together. Does not know how anything is shown, nor what was typed.

mod around;
mod audit;
mod cache_admin;
mod cache_export;
mod candidates;
mod check;
mod collect;
mod conclusion;
mod course;
mod declare;
mod desk;
mod doctor;
mod duplicate;
mod edits;
mod ending;
mod environment;
mod evidence;
mod fsck;
mod gate;
mod growth;
mod handed;
mod inputs;
mod job;
mod keep;
mod late;
mod lazy;
mod lines;
mod listing;
mod logs;
mod lookup;
mod materialize;
mod matrix;
mod mentioned;
mod nesting;
mod node_key;
mod nodes;
mod notices;
mod order;
mod overview;
mod owners;
mod playbooks;
mod prepare;
mod pwsh;
mod reasons;
mod repair;
mod requirements;
mod resources;
mod run;
mod runs;
mod sandbox;
mod secret_key;
mod secrets;
mod seen;
mod session;
mod socket;
mod spares;
mod stages;
mod start;
mod teller;
#[cfg(test)]
mod tests;
mod tools;
pub mod trust;
mod turn;
mod turns;
mod usage;
mod verdict;
mod verify;
mod watch;
mod why;
mod witness;
mod workspace;
mod zones;

pub use audit::{Audit, Audited};
pub use cache_admin::{CacheEntry, CacheStatus, Cleared, HitRate};
pub use cache_export::Exported;
pub use check::{CheckOptions, Checked, CheckedFile, Mended, MendedFile};
pub use collect::{CacheAmount, CacheUsage, Collected};
pub(crate) use course::hash_of;
pub use declare::{DeclareOptions, DeclareTo, Declared, DeclaredScript};
pub use doctor::{Doctor, Interpreter, Needs, Tool, TriedRung};
pub use fsck::Fsck;
pub use gate::{Glance, Partly, UpToDate};
pub use inputs::{Inputs, Program, Programs};
pub use lines::LineDifference;
pub use listing::{ListedPlaybook, ListedScript, Listing};
pub use logs::{Log, Tail};
pub use matrix::JobMatrix;
pub use node_key::NodeKey;
pub use overview::Overview;
pub use playbooks::{ConvertedPlaybook, FieldDifference, LibraryQuery, NormalForm};
pub use run::{BuildOptions, BuildResult, Force, RunWith};
pub use runs::SavedRun;
pub use session::{Ask, Engine, EngineError};
pub use verdict::{PlanReport, PlannedVerdict, Verdict};
pub use verify::{Difference, Subject, Verified, VerifiedStep};
pub use watch::{Rebuilt, Watching, Woken};
pub use why::Why;

pub use crate::{
    execute::runner::Live,
    model::{
        config::CacheLimits,
        playbook::{Fate, Row},
        schema::{SchemaOf, schema},
        settings::HIGHEST_PRIORITY,
    },
    plan::Combination,
    text::document::write::WriteFormat,
};
