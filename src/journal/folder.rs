//! A run's folder while the run writes it.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Status;
use crate::{
    base::Digest,
    event::Envelope,
    sys::{self, AppendFile, Lock, LockMode, System, Wait},
};

pub(super) const METADATA: &str = "metadata.json";
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const RESULT: &str = "result.json";

/// `metadata.json`, in the users' words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunInfo {
    /// The run's id.
    pub job_id: String,
    /// What was asked for, as it was typed.
    pub request: Vec<String>,
    /// The playbook, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// RFC 3339, UTC.
    pub start_time: String,
    /// RFC 3339, UTC; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// The process that runs it.
    pub process_id: u32,
}

/// A run's folder while the run writes it.
pub struct RunFolder {
    path: PathBuf,
    info: RunInfo,
    events: Box<dyn AppendFile>,
    /// Held as long as the run goes on: so others know that it does. A file system without locks does without.
    _lock: Option<Box<dyn Lock>>,
}

impl std::fmt::Debug for RunFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunFolder").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Lets nobody else into a folder: what steps print is not for all users of a machine. Where that cannot be said, they are
/// kept out by what the folders above allow.
fn keep_private(system: &dyn System, folder: &Path) {
    if system.stat(folder).is_ok_and(|stat| stat.mode & 0o077 != 0) {
        _ = system.set_mode(folder, 0o700);
    }
}

/// Returns a new run's id: `20261121-035412-7f3a`, the UTC time and four random digits.
pub fn new_run_id(system: &dyn System) -> String {
    let time: String = system.now().to_rfc3339()[..19].chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let random = system.random();
    format!("{}-{:02x}{:02x}", time.replace('T', "-"), random[0], random[1])
}

impl RunFolder {
    /// Makes the folder of a run below `runs`.
    ///
    /// # Errors
    /// The first error of the system.
    pub fn create(system: &dyn System, runs: &Path, info: RunInfo) -> io::Result<Self> {
        let path = runs.join(&info.job_id);
        system.create_dir_all(&path.join("logs"))?;
        keep_private(system, runs);
        let events = system.append(&path.join(EVENTS))?;
        let lock = system.lock(&path.join(EVENTS), LockMode::Exclusive, Wait::Try).ok().flatten();
        let folder = Self { path, info, events, _lock: lock };
        folder.write_info(system)?;
        Ok(folder)
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns where the log of a step goes.
    pub fn log_path(&self, node: &str) -> PathBuf {
        self.path.join("logs").join(log_name(node))
    }

    /// Writes the summary of a step, Markdown for people.
    ///
    /// # Errors
    /// The first error of the system.
    pub fn write_summary(&self, system: &dyn System, node: &str, text: &str) -> io::Result<()> {
        let folder = self.path.join("summaries");
        system.create_dir_all(&folder)?;
        sys::replace(system, &folder.join(file_name(node) + ".md"), text.as_bytes())
    }

    /// Appends an event.
    ///
    /// # Errors
    /// The first error of the system.
    pub fn append(&mut self, envelope: &Envelope) -> io::Result<()> {
        let mut line = serde_json::to_vec(envelope)?;
        line.push(b'\n');
        self.events.write_all(&line)
    }

    /// Writes the result and where the run stands.
    ///
    /// # Errors
    /// The first error of the system.
    pub fn finish(&mut self, system: &dyn System, status: Status, result: &impl Serialize) -> io::Result<()> {
        sys::replace(system, &self.path.join(RESULT), &pretty(result)?)?;
        self.info.status = status;
        self.info.end_time = Some(system.now().to_rfc3339());
        self.write_info(system)
    }

    fn write_info(&self, system: &dyn System) -> io::Result<()> {
        sys::replace(system, &self.path.join(METADATA), &pretty(&self.info)?)
    }
}

fn pretty(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// The longest name of a log or a summary, without its extension; file systems take 255 bytes.
const LONGEST_NAME: usize = 120;

/// Returns the name of a step's log.
pub(super) fn log_name(node: &str) -> String {
    file_name(node) + ".log"
}

/// Returns a file name, without extension, for a step's id, which may hold `/`, blanks and brackets; different ids have
/// different names.
fn file_name(node: &str) -> String {
    let is_safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | ',');
    let safe = |c: char| if is_safe(c) { c } else { '~' };
    let mut name: String = node.chars().map(safe).collect();
    // A slash alone becomes a tilde and nothing else does, so such names need no more.
    if name.len() > LONGEST_NAME || !node.chars().all(|c| is_safe(c) || c == '/') {
        name.truncate(name.floor_char_boundary(LONGEST_NAME));
        name = format!("{name}~{}", &Digest::of(node.as_bytes()).to_hex()[..8]);
    }
    name
}

/// Returns the part of a run's id that people use.
pub fn short_run(run: &str) -> &str {
    run.rsplit('-').next().unwrap_or(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_leaves_its_folder() {
        assert_eq!(log_name("lint/0410_lint"), "lint~0410_lint.log");
        assert_eq!(log_name("../../etc"), "..~..~etc.log");
    }

    #[test]
    fn each_step_has_a_log_of_its_own() {
        let long = |last: char| format!("{}{last}", "語".repeat(100));
        assert!(log_name(&long('a')).len() < 200);
        assert_ne!(log_name(&long('a')), log_name(&long('b')));
        let names = ["a/b", "a b", "a~b", "a[b", "a]b"].map(log_name);
        assert_eq!(std::collections::BTreeSet::from(names).len(), 5);
    }
}
