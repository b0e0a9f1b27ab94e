//! The cache as its owner looks at it: how much there is, what is in it, and how to be rid of it.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Engine, EngineError};
use crate::{
    base::{Digest, nearest, quoted_list},
    cache::{Blobs, Ending, Record, Store},
    diag::{Diagnostic, code},
    journal::RunEntry,
    sys::{self, FileKind, System},
};

/// A record under its key; of several with one key the latest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// The key.
    pub key: Digest,
    /// What is kept under it.
    pub record: Arc<Record>,
    /// It may be reused.
    pub is_usable: bool,
}

/// How much the cache holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CacheStatus {
    /// Keys with a record.
    pub entries: usize,
    /// Those that may be reused.
    pub usable: usize,
    /// Those of failures.
    pub failed: usize,
    /// Blobs.
    pub blobs: usize,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Bytes of the journal of records.
    pub journal_bytes: u64,
    /// A part of the journal cannot be read.
    pub is_damaged: bool,
    /// Saved runs.
    pub runs: usize,
    /// Versions of files that were set aside.
    pub kept: usize,
    /// What the last saved runs reused, if any ended.
    pub hit_rate: Option<HitRate>,
}

/// What the last saved runs reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HitRate {
    /// Runs looked at.
    pub runs: usize,
    /// Steps that were reused.
    pub reused: u64,
    /// Steps that were reused or run.
    pub steps: u64,
}

/// What clearing the cache removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleared {
    /// Keys with a record.
    pub entries: usize,
    /// Blobs.
    pub blobs: usize,
    /// Saved runs.
    pub runs: usize,
    /// Bytes of all files that were removed.
    pub bytes: u64,
    /// Versions of files that were set aside, and are still there.
    pub kept: usize,
}

/// Runs that the hit rate is taken from.
const RATED_RUNS: usize = 10;
/// Tells whether clearing leaves it: a person's work, and the locks that others may be waiting at.
fn is_never_cleared(name: &OsStr) -> bool {
    name == "kept" || name.as_encoded_bytes().starts_with(b"lock")
}

impl Engine {
    /// Returns the entries of the cache, the latest first.
    pub fn cache_entries(&self) -> Vec<CacheEntry> {
        entries_of(&self.store())
    }

    fn store(&self) -> Store {
        Store::open(Arc::clone(&self.system), self.layout.clone())
    }

    /// Returns the entry whose key starts with `prefix`.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn cache_entry(&self, prefix: &str) -> Result<CacheEntry, EngineError> {
        let prefix = prefix.to_ascii_lowercase();
        let entries = self.cache_entries();
        let mut found: Vec<&CacheEntry> =
            entries.iter().filter(|entry| entry.key.to_hex().starts_with(&prefix)).collect();
        if let ([only], false) = (found.as_slice(), prefix.is_empty()) {
            return Ok((*only).clone());
        }
        if found.is_empty() {
            return Err(no_such_entry(&entries, &prefix).into());
        }
        found.truncate(8);
        let keys = quoted_list(found.iter().map(|entry| entry.key.to_hex()[..16].to_owned()));
        let message = format!("several keys start with `{prefix}`");
        Err(Diagnostic::error(code::NO_SUCH_ENTRY, message).help(format!("say which: {keys}")).into())
    }

    /// Returns how much the cache holds. Looks at every blob's size, and reads none.
    pub fn cache_status(&self) -> CacheStatus {
        let store = self.store();
        let entries = entries_of(&store);
        let (_, blob_bytes) = count(&*self.system, &self.layout.blobs());
        let all = Blobs::new(Arc::clone(&self.system), self.layout.blobs()).all();
        let blobs = all.map_or(0, |(blobs, _)| blobs.len());
        let runs = self.runs();
        CacheStatus {
            entries: entries.len(),
            usable: entries.iter().filter(|entry| entry.is_usable).count(),
            failed: entries.iter().filter(|e| matches!(e.record.ending, Ending::Failed(_))).count(),
            blobs,
            blob_bytes,
            journal_bytes: self.system.stat(&self.layout.entries()).map_or(0, |stat| stat.size),
            is_damaged: store.is_damaged(),
            hit_rate: hit_rate(&*self.system, &runs),
            runs: runs.len(),
            kept: count(&*self.system, &self.kept_folder()).0,
        }
    }

    /// Removes records, blobs and saved runs; what was set aside stays. Waits for an az that is at work here.
    ///
    /// # Errors
    /// If az itself runs the step that asks for it, or the first error of the system.
    pub fn clear_cache(&self, on_wait: &mut dyn FnMut()) -> Result<Cleared, EngineError> {
        if self.is_nested() {
            let fault =
                Diagnostic::error(code::LOCKED, "a step cannot clear the cache of the az that runs it");
            return Err(fault.help("run `az cache clear` when no az is at work here").into());
        }
        let version = self.layout.version();
        if self.system.stat(&version).is_err() {
            return Ok(Cleared::default());
        }
        let _lock = self.lock_workspace(true, on_wait)?;
        let status = self.cache_status();
        let mut cleared = Cleared {
            entries: status.entries,
            blobs: status.blobs,
            runs: status.runs,
            bytes: 0,
            kept: status.kept,
        };
        let failed = |path: &Path, error: &io::Error| {
            let message = format!("`{}` cannot be removed: {error}", path.display());
            let help = format!("make it writable: chmod -R u+rwX '{}'", version.display());
            EngineError::from(Diagnostic::error(code::CACHE_UNUSABLE, message).help(help))
        };
        for entry in self.system.list(&version).map_err(|error| failed(&version, &error))? {
            if is_never_cleared(&entry.name) {
                continue;
            }
            let path = version.join(&entry.name);
            cleared.bytes += self.bytes_of(&path, entry.kind);
            let removed = match entry.kind {
                FileKind::Directory => sys::remove_tree(&*self.system, &path),
                _ => self.system.remove_file(&path),
            };
            removed.map_err(|error| failed(&path, &error))?;
        }
        Ok(cleared)
    }

    fn bytes_of(&self, path: &Path, kind: FileKind) -> u64 {
        match kind {
            FileKind::Directory => count(&*self.system, path).1,
            _ => self.system.stat(path).map_or(0, |stat| stat.size),
        }
    }

    /// Returns the folder in which each run has one of what it set aside.
    pub(super) fn kept_folder(&self) -> PathBuf {
        self.layout.version().join("kept")
    }
}

fn entries_of(store: &Store) -> Vec<CacheEntry> {
    let mut seen = BTreeSet::new();
    let records = store.records().into_iter().rev();
    records
        .map(|record| (record.key, record))
        .filter(|(key, _)| seen.insert(*key))
        .map(|(key, record)| CacheEntry { key, is_usable: store.is_usable(&record), record })
        .collect()
}

fn no_such_entry(entries: &[CacheEntry], prefix: &str) -> Diagnostic {
    let hex: Vec<String> = entries.iter().map(|entry| entry.key.to_hex()).collect();
    let starts = hex.iter().map(|key| &key[..prefix.len().min(key.len())]);
    let fault = Diagnostic::error(code::NO_SUCH_ENTRY, format!("no key starts with `{prefix}`"));
    match nearest(prefix, starts) {
        Some(near) if near.len() >= 4 => fault.help(format!("did you mean `{near}`?")),
        _ if entries.is_empty() => fault.help("the cache is empty; `az build` fills it"),
        _ => fault.help("`az cache list` shows the keys there are"),
    }
}

/// Returns the number and the bytes of the files below a folder.
pub(super) fn count(system: &dyn System, folder: &Path) -> (usize, u64) {
    let mut total = (0, 0);
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in system.list(&folder).unwrap_or_default() {
            let path = folder.join(&entry.name);
            if entry.kind == FileKind::Directory {
                open.push(path);
            } else {
                total.0 += 1;
                total.1 += system.stat(&path).map_or(0, |stat| stat.size);
            }
        }
    }
    total
}

fn hit_rate(system: &dyn System, runs: &[RunEntry]) -> Option<HitRate> {
    let mut rate = HitRate::default();
    let ended = runs.iter().filter_map(|run| run.result(system));
    for result in ended.take(RATED_RUNS) {
        let counts = &result["counts"];
        let of = |name: &str| counts[name].as_u64().unwrap_or(0);
        let reused = of("cached") + of("restored");
        rate.runs += 1;
        rate.reused += reused;
        rate.steps += reused + of("ran") + of("failed");
    }
    (rate.steps > 0).then_some(rate)
}
