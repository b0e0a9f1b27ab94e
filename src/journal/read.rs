//! Finished and interrupted runs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    RunInfo,
    folder::{EVENTS, METADATA, RESULT, log_name},
};
use crate::{
    event::Envelope,
    sys::{LockMode, System, Wait},
};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It is under way.
    Running,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
    /// It was ended by a person or a signal.
    Cancelled,
    /// Its process is gone without a word.
    Interrupted,
}

impl Status {
    /// Returns the word used in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Interrupted => "Interrupted",
        }
    }
}

/// A run that has a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEntry {
    /// Its folder.
    pub path: PathBuf,
    /// Its metadata, the status brought up to date.
    pub info: RunInfo,
}

impl RunEntry {
    /// Reads `result.json`, which is there once the run has ended.
    pub fn result(&self, system: &dyn System) -> Option<Value> {
        serde_json::from_slice(&system.read(&self.path.join(RESULT)).ok()?).ok()
    }

    /// Returns where the log of a step is, if it was started.
    pub fn log_path(&self, node: &str) -> PathBuf {
        self.path.join("logs").join(log_name(node))
    }
}

/// Returns all runs, the latest first; folders that cannot be read are left out.
///
/// A run that says it is running while nobody holds its events was interrupted.
pub fn list_runs(system: &dyn System, runs: &Path) -> Vec<RunEntry> {
    let entries = system.list(runs).unwrap_or_default();
    let read = |name: &Path| {
        let path = runs.join(name);
        let mut info: RunInfo = serde_json::from_slice(&system.read(&path.join(METADATA)).ok()?).ok()?;
        let is_free =
            || system.lock(&path.join(EVENTS), LockMode::Shared, Wait::Try).is_ok_and(|l| l.is_some());
        if info.status == Status::Running && is_free() {
            info.status = Status::Interrupted;
        }
        Some(RunEntry { path, info })
    };
    let mut runs: Vec<RunEntry> = entries.iter().filter_map(|entry| read(Path::new(&entry.name))).collect();
    // Ids tell seconds only, and several runs fit into one.
    runs.sort_by(|a, b| (&b.info.start_time, &b.info.job_id).cmp(&(&a.info.start_time, &a.info.job_id)));
    runs
}

/// Returns the runs whose id starts or ends with `text`; `last` is the latest one.
pub fn find_run(runs: Vec<RunEntry>, text: &str) -> Vec<RunEntry> {
    if text == "last" {
        return runs.into_iter().take(1).collect();
    }
    let fits = |run: &RunEntry| run.info.job_id.starts_with(text) || run.info.job_id.ends_with(text);
    runs.into_iter().filter(fits).collect()
}

/// Returns the events of a run; a torn last line is left out.
pub fn events_of(system: &dyn System, run: &RunEntry) -> Vec<Envelope> {
    let bytes = system.read(&run.path.join(EVENTS)).unwrap_or_default();
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{journal::RunFolder, sys::Memory};

    fn begin(system: &Memory, id: &str, start: &str) -> RunFolder {
        let info = RunInfo {
            job_id: id.to_owned(),
            request: Vec::new(),
            playbook: None,
            start_time: format!("2026-11-21T{start}"),
            end_time: None,
            status: Status::Running,
            process_id: 1,
        };
        RunFolder::create(system, Path::new("/runs"), info).unwrap()
    }

    #[test]
    fn runs_of_one_second_are_listed_by_when_they_started() {
        let system = Memory::new();
        begin(&system, "20261121-051319-5442", "05:13:19.490Z");
        begin(&system, "20261121-051319-0841", "05:13:19.546Z");
        let runs = list_runs(&system, Path::new("/runs"));
        let ids: Vec<&str> = runs.iter().map(|run| run.info.job_id.as_str()).collect();
        assert_eq!(ids, ["20261121-051319-0841", "20261121-051319-5442"]);
        assert_eq!(find_run(runs, "last")[0].info.job_id, "20261121-051319-0841");
    }

    #[test]
    fn a_run_is_running_as_long_as_its_own_az_is() {
        let system = Memory::new();
        begin(&system, "killed", "05:13:19.490Z");
        let at_work = begin(&system, "at work", "05:13:20.000Z");
        let states =
            || list_runs(&system, Path::new("/runs")).iter().map(|run| run.info.status).collect::<Vec<_>>();
        assert_eq!(states(), [Status::Running, Status::Interrupted]);
        drop(at_work);
        assert_eq!(states(), [Status::Interrupted, Status::Interrupted]);
    }
}
