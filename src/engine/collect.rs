//! What the cache holds, and what of it goes: what was of no use for long, and what is too much.
//!
//! Knows records, blobs and runs as what takes room. Never touches what was set aside, a lock, or what a run at work
//! needs: it holds the lock of the workspace. What goes costs a re-run if it is wanted again, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, cache_admin::count, session::Cache};
use crate::{
    base::{Digest, Timestamp, WsPath},
    cache::{Blobs, Evictable, Holding, KnownFiles, Limits, Store, evicted, write_table},
    diag::{Diagnostic, code},
    fingerprint::KnownFile,
    journal::Status,
    model::{self, config::CacheLimits},
    sys,
};

/// How much the cache keeps where nothing else is said.
const MAX_SIZE: u64 = 10 << 30;
/// How long it keeps what is of no use where nothing else is said.
const MAX_AGE: Duration = Duration::from_hours(90 * 24);
/// What was of use is known to so many days only where gates answer; az by itself waits as much longer.
const GRACE: Duration = Duration::from_hours(8 * 24);
/// az by itself goes through the cache so often,
const EVERY: Duration = Duration::from_hours(24);
/// where it could not end, so soon again,
const AGAIN: Duration = Duration::from_hours(1);
/// and earlier where this part of what there was has been added, if that is no less than this.
const GROWN_BY: u64 = 10;
const LEAST_GROWTH: u64 = 256 << 20;
/// So long it may take at the end of a run.
const LONGEST: Duration = Duration::from_secs(1);

/// How many there are, and how much room they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheAmount {
    /// How many.
    pub count: usize,
    /// Bytes.
    pub bytes: u64,
}

/// What takes how much room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheUsage {
    /// Contents of outputs, logs and traces.
    pub blobs: CacheAmount,
    /// What is kept of finished actions, with its index.
    pub records: CacheAmount,
    /// Saved runs.
    pub runs: CacheAmount,
    /// Versions of files that were set aside, which az never removes.
    pub kept: CacheAmount,
    /// What makes az fast: digests of files, answers to requests.
    pub other: CacheAmount,
    /// How much is kept, set-aside versions apart; nothing for no limit.
    pub max_size: Option<u64>,
    /// How long something is kept that is of no use; nothing for no limit.
    pub max_age: Option<Duration>,
}

impl CacheUsage {
    /// Returns the bytes of all there is.
    pub fn total_bytes(&self) -> u64 {
        let all = [self.blobs, self.records, self.runs, self.kept, self.other];
        all.into_iter().map(|amount| amount.bytes).sum()
    }
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Records.
    pub records: usize,
    /// Blobs.
    pub blobs: usize,
    /// Saved runs.
    pub runs: usize,
    /// Bytes of all that.
    pub bytes: u64,
    /// Bytes of what stays, set-aside versions apart.
    pub left: u64,
}

/// When the cache was last gone through, and how much it held.
#[derive(Serialize, Deserialize)]
struct LastTime {
    at_ns: i64,
    bytes: u64,
    added: u64,
}

impl Engine {
    /// Returns what takes how much room; looks at the size of each file of the cache.
    pub fn cache_usage(&self, over: CacheLimits) -> CacheUsage {
        let system = &*self.system;
        let version = self.layout.version();
        let amount = |path: &Path| {
            let (count, bytes) = count(system, path);
            CacheAmount { count, bytes }
        };
        let size = |path: &Path| system.stat(path).map_or(0, |stat| stat.size);
        let kept = amount(&self.kept_folder());
        let all = Blobs::new(Arc::clone(&self.system), self.layout.blobs()).all();
        let blobs =
            CacheAmount { count: all.map_or(0, |(blobs, _)| blobs.len()), ..amount(&self.layout.blobs()) };
        let runs = CacheAmount { count: self.runs().len(), ..amount(&self.layout.runs()) };
        let store = Store::open(Arc::clone(&self.system), self.layout.clone());
        let of_records = [self.layout.entries(), self.layout.index(), self.layout.used()];
        let records = CacheAmount {
            count: store.holdings().len(),
            bytes: of_records.iter().map(|path| size(path)).sum(),
        };
        let all = amount(&version);
        let known = [blobs, kept, runs, records].into_iter().map(|amount| amount.bytes).sum::<u64>();
        let other = CacheAmount { count: 0, bytes: all.bytes.saturating_sub(known) };
        let CacheLimits { max_size, max_age } = self.limits(over);
        let (max_size, max_age) =
            (max_size.filter(|size| *size < u64::MAX), max_age.filter(|age| *age < Duration::MAX));
        CacheUsage { blobs, records, runs, kept, other, max_size, max_age }
    }

    /// Returns the limits: those given, else those of the configuration, else the usual ones.
    fn limits(&self, over: CacheLimits) -> CacheLimits {
        let config = model::query::config(&self.db, self.workspace).value.clone().unwrap_or_default();
        CacheLimits {
            max_size: over.max_size.or(config.cache.max_size).or(Some(MAX_SIZE)),
            max_age: over.max_age.or(config.cache.max_age).or(Some(MAX_AGE)),
        }
    }

    /// Removes what was of no use for long, and what is too much; waits for an az that is at work here.
    ///
    /// # Errors
    /// If az itself runs the step that asks for it, or the first error of the system.
    pub fn collect_cache(
        &self,
        over: CacheLimits,
        is_dry_run: bool,
        on_wait: &mut dyn FnMut(),
    ) -> Result<Collected, EngineError> {
        if self.is_nested() {
            let fault =
                Diagnostic::error(code::LOCKED, "a step cannot clean the cache of the az that runs it");
            return Err(fault.help("run `az cache gc` when no az is at work here").into());
        }
        if self.system.stat(&self.layout.version()).is_err() {
            return Ok(Collected::default());
        }
        let _lock = self.lock_workspace(true, on_wait)?;
        let failed = |error: io::Error| {
            let message = format!("the cache cannot be cleaned: {error}");
            let help = format!("make it writable: chmod -R u+rwX '{}'", self.layout.version().display());
            EngineError::from(Diagnostic::error(code::CACHE_UNUSABLE, message).help(help))
        };
        let store = Store::open(Arc::clone(&self.system), self.layout.clone());
        if !is_dry_run {
            store.prepare_to_write().map_err(failed)?;
        }
        let blobs = Blobs::new(Arc::clone(&self.system), self.layout.blobs());
        let CacheLimits { max_size, max_age } = self.limits(over);
        let limits = Limits { max_size, max_age };
        let collector =
            Collector { engine: self, store: &store, blobs: &blobs, limits, spared: None, until: None };
        let Some(goes) = collector.choose().map_err(failed)? else { return Ok(Collected::default()) };
        if !is_dry_run {
            collector.remove(&goes).map_err(failed)?;
            _ = self.note_collected(goes.told.left, 0, self.system.now());
        }
        Ok(goes.told)
    }

    /// Keeps the cache within its limits at the end of a run, if that is due; gives up where it takes long.
    pub(super) fn collect_if_due(
        &self,
        cache: &Cache,
        over: CacheLimits,
        run: Option<&Path>,
    ) -> io::Result<()> {
        let now = self.system.now();
        let added = cache.blobs.added_bytes();
        let bytes = self.system.read(&self.layout.collected()).unwrap_or_default();
        let Ok(last) = serde_json::from_slice::<LastTime>(&bytes) else {
            return if added > 0 { self.note_collected(0, added, now) } else { Ok(()) };
        };
        let grown = last.added.saturating_add(added);
        let has_grown = grown >= LEAST_GROWTH.max(last.bytes / GROWN_BY);
        let at = Timestamp(last.at_ns);
        if now.since(at) < EVERY && at.since(now) < EVERY && !has_grown {
            return if added > 0 { self.note_collected(last.bytes, grown, at) } else { Ok(()) };
        }
        let CacheLimits { max_size, max_age } = self.limits(over);
        let limits = Limits { max_size, max_age: max_age.map(|age| age.saturating_add(GRACE)) };
        let until = Some(self.system.monotonic() + LONGEST);
        let collector =
            Collector { engine: self, store: &cache.store, blobs: &cache.blobs, limits, spared: run, until };
        // Should this az end in the middle, the next one does not take it up at once.
        let soon = now.0.saturating_sub(nanoseconds(EVERY)).saturating_add(nanoseconds(AGAIN));
        self.note_collected(last.bytes, 0, Timestamp(soon))?;
        let Some(goes) = collector.choose()? else { return Ok(()) };
        let has_ended = collector.remove(&goes)?;
        if has_ended { self.note_collected(goes.told.left, 0, now) } else { Ok(()) }
    }

    fn note_collected(&self, bytes: u64, added: u64, at: Timestamp) -> io::Result<()> {
        let text = serde_json::to_vec(&LastTime { at_ns: at.0, bytes, added })?;
        sys::replace(&*self.system, &self.layout.collected(), &text)
    }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Goes through the cache.
struct Collector<'a> {
    engine: &'a Engine,
    store: &'a Store,
    blobs: &'a Blobs,
    limits: Limits,
    /// A run that stays, whatever the limits say.
    spared: Option<&'a Path>,
    /// When to give up, on the clock that never goes back.
    until: Option<Duration>,
}

/// What is to go.
struct Goes {
    /// Records that stay; nothing if all do.
    kept_records: Option<BTreeSet<u32>>,
    blobs: Vec<Digest>,
    litter: Vec<PathBuf>,
    runs: Vec<PathBuf>,
    told: Collected,
}

impl Collector<'_> {
    fn is_time_up(&self) -> bool {
        self.until.is_some_and(|until| self.engine.system.monotonic() > until)
    }

    /// Finds out what goes; nothing if that takes too long. Changes nothing.
    fn choose(&self) -> io::Result<Option<Goes>> {
        let holdings = self.store.holdings();
        let (sizes, litter) = if self.is_time_up() { return Ok(None) } else { self.blobs.all()? };
        let runs = self.runs();
        if self.is_time_up() {
            return Ok(None);
        }
        let of_record = |held: &Holding| Evictable {
            last_used: held.last_used,
            bytes: held.bytes,
            blobs: held.blobs.clone(),
        };
        let of_run = |(_, last_used, bytes): &(PathBuf, Timestamp, u64)| Evictable {
            last_used: *last_used,
            bytes: *bytes,
            blobs: Vec::new(),
        };
        let items: Vec<Evictable> = holdings.iter().map(of_record).chain(runs.iter().map(of_run)).collect();
        let goes = evicted(&items, &sizes, self.fixed_bytes(), self.limits, self.engine.system.now());
        Ok(Some(self.sum_up(&holdings, &runs, &items, &goes, &sizes, litter)))
    }

    fn sum_up(
        &self,
        holdings: &[Holding],
        runs: &[(PathBuf, Timestamp, u64)],
        items: &[Evictable],
        goes: &[bool],
        sizes: &BTreeMap<Digest, u64>,
        litter: Vec<PathBuf>,
    ) -> Goes {
        let (records_go, runs_go) = goes.split_at(holdings.len());
        let stays = || items.iter().zip(goes).filter(|(_, goes)| !**goes).map(|(item, _)| item);
        let needed: BTreeSet<Digest> = stays().flat_map(|item| item.blobs.iter().copied()).collect();
        let garbage: Vec<Digest> = sizes.keys().filter(|digest| !needed.contains(*digest)).copied().collect();
        let gone = items.iter().zip(goes).filter(|(_, goes)| **goes).map(|(item, _)| item.bytes);
        let freed = gone.sum::<u64>() + garbage.iter().filter_map(|digest| sizes.get(digest)).sum::<u64>();
        let left = stays().map(|item| item.bytes).sum::<u64>()
            + needed.iter().filter_map(|digest| sizes.get(digest)).sum::<u64>();
        let kept = holdings.iter().zip(records_go).filter(|(_, goes)| !**goes).map(|(held, _)| held.number);
        let told = Collected {
            records: records_go.iter().filter(|goes| **goes).count(),
            blobs: garbage.len(),
            runs: runs_go.iter().filter(|goes| **goes).count(),
            bytes: freed,
            left: left.saturating_add(self.fixed_bytes()),
        };
        let runs = runs.iter().zip(runs_go).filter(|(_, goes)| **goes);
        Goes {
            kept_records: records_go.contains(&true).then(|| kept.collect()),
            blobs: garbage,
            litter,
            runs: runs.map(|((path, ..), _)| path.clone()).collect(),
            told,
        }
    }

    /// Returns the runs that can go, with when they ended and their bytes.
    fn runs(&self) -> Vec<(PathBuf, Timestamp, u64)> {
        let system = &*self.engine.system;
        let runs = self.engine.runs().into_iter();
        let ended = runs.filter(|run| run.info.status != Status::Running && Some(&*run.path) != self.spared);
        ended
            .map(|run| {
                let changed = system.stat(&run.path).map_or(0, |stat| stat.mtime_ns);
                let bytes = count(system, &run.path).1;
                (run.path, Timestamp(changed), bytes)
            })
            .collect()
    }

    /// Returns the bytes of what always stays, set-aside versions apart.
    fn fixed_bytes(&self) -> u64 {
        let layout = &self.engine.layout;
        let size = |path: &Path| self.engine.system.stat(path).map_or(0, |stat| stat.size);
        [layout.index(), layout.files(), layout.used()].iter().map(|path| size(path)).sum()
    }

    /// Removes what is to go; tells whether there was time for all of it.
    ///
    /// No record stays whose blobs go: the records go first.
    fn remove(&self, goes: &Goes) -> io::Result<bool> {
        let system = &*self.engine.system;
        if let Some(kept) = &goes.kept_records {
            self.store.keep_only(kept)?;
        }
        for digest in &goes.blobs {
            if self.is_time_up() {
                return self.blobs.settle().map(|()| false);
            }
            absent_is_fine(self.blobs.remove(digest))?;
        }
        self.blobs.settle()?;
        for path in &goes.litter {
            absent_is_fine(system.remove_file(path))?;
        }
        for path in &goes.runs {
            if self.is_time_up() {
                return Ok(false);
            }
            sys::remove_tree(system, path)?;
        }
        self.forget_files()
    }

    /// Forgets the digests of files that are not there any more, once they are many; tells whether there was time.
    fn forget_files(&self) -> io::Result<bool> {
        let (system, layout) = (&*self.engine.system, &self.engine.layout);
        let all = KnownFiles::open(system, layout).all();
        let mut there: BTreeMap<WsPath, KnownFile> = BTreeMap::new();
        let count = all.len();
        for (path, known) in all {
            if self.is_time_up() {
                return Ok(false);
            }
            if system.stat(&path.to_absolute(&self.engine.root)).is_ok() {
                there.insert(path, known);
            }
        }
        let is_worth_it = (count - there.len()).saturating_mul(8) > count;
        if is_worth_it { write_table(system, layout, &there).map(|()| true) } else { Ok(true) }
    }
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if !sys::is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}
