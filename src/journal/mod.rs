//! Runs on disk: `runs/<id>/{metadata.json,events.jsonl,result.json,logs/}`.
//!
//! Knows folders, names and the event stream. Does not know what a run does, nor how it is shown. A run's folder is
//! made when its first step starts, so that a run with nothing to do leaves none.

mod folder;
mod read;

pub use folder::{RunFolder, RunInfo, new_run_id, short_run};
pub use read::{RunEntry, Status, events_of, find_run, list_runs};
