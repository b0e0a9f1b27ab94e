//! "Nothing to do", answered from the file system alone.
//!
//! A gate is written when a build found that nothing runs and nothing is brought back. It holds what the file system
//! first said of every path that was looked at on the way, absences and folders included, and the events that were
//! told. As long as each path is answered in the same way, evaluating everything again could only tell the same; so
//! the events are told again and nothing else is read.
//!
//! What was looked at is not listed by anybody: it is what the recorder of `sys` saw. A path that was not settled, that was
//! answered in two ways, or that could not be asked, is no ground for a gate. Whatever else could change the answer
//! (the request, the environment, az itself) is part of the gate's name.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Ask, BuildOptions, Engine, Force, workspace};
use crate::{
    base::{Digest, DigestWriter},
    cache::{Layout, WireStat},
    diag::Diagnostic,
    event::{Counts, Envelope, Event, millis},
    fingerprint::is_settled,
    journal::new_run_id,
    report::RunView,
    sys::{self, FileKind, Seen, Stat, System},
};

/// Names that differ from shell to shell and reach no step.
const VOLATILE: [&str; 7] = ["_", "SHLVL", "PWD", "OLDPWD", "TERM", "TMPDIR", "AZ_STEP"];
/// Gates kept for one workspace.
const MOST_GATES: usize = 32;
/// From here on two threads ask faster than one.
const PARALLEL_ABOVE: usize = 1500;

/// A request of which nothing has to be done.
#[derive(Debug)]
pub struct UpToDate {
    /// How the steps ended.
    pub counts: Counts,
    /// Every step was reused and has no flag: there is nothing more to tell than the counts.
    pub is_plain: bool,
    events: Vec<u8>,
    started: std::time::Duration,
}

/// The file, version 1; the whole is preceded by its checksum.
#[derive(Serialize, Deserialize)]
struct WireGate<'a> {
    total: u32,
    cached: u32,
    skipped: u32,
    is_plain: bool,
    #[serde(borrow)]
    paths: Vec<(&'a [u8], WireSeen)>,
    #[serde(borrow)]
    events: &'a [u8],
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Clone, Copy)]
#[expect(clippy::option_option, reason = "not asked, asked and absent, and found are three answers")]
struct WireSeen {
    itself: Option<Option<WireStat>>,
    target: Option<Option<WireStat>>,
}

impl Engine {
    /// Returns the answer to a request if nothing has changed since it was given; reads one file and asks for no
    /// more than the stats of the paths in it.
    pub fn up_to_date(
        system: &dyn System,
        start: &Path,
        ask: &Ask,
        options: &BuildOptions,
    ) -> Option<UpToDate> {
        let started = system.monotonic();
        if options.force != Force::No || options.live.is_some() || options.audit.is_some() {
            return None;
        }
        let root = workspace::find_root(system, start).ok()?;
        let bytes = system.read(&gate_path(system, &Layout::new(&root), &root, ask, options)).ok()?;
        let (checksum, payload) = bytes.split_at_checked(32)?;
        if *blake3::hash(payload).as_bytes() != *checksum {
            return None;
        }
        let gate: WireGate<'_> = postcard::from_bytes(payload).ok()?;
        let is_same =
            |(path, seen): &(&[u8], WireSeen)| is_as_seen(system, Path::new(OsStr::from_bytes(path)), seen);
        let is_clean = if gate.paths.len() > PARALLEL_ABOVE {
            gate.paths.par_iter().with_min_len(256).all(is_same)
        } else {
            gate.paths.iter().all(is_same)
        };
        let [total, cached, skipped] = [gate.total, gate.cached, gate.skipped].map(|count| count as usize);
        let counts = Counts { total, cached, skipped, ..Counts::default() };
        is_clean.then(|| UpToDate { counts, is_plain: gate.is_plain, events: gate.events.to_vec(), started })
    }

    /// Writes the gate of a request after a build in which nothing ran; a gate that cannot be written is none.
    pub(super) fn write_gate(
        &self,
        ask: &Ask,
        options: &BuildOptions,
        view: &RunView,
        diagnostics: &[Diagnostic],
        events: &[Envelope],
    ) {
        let counts = view.counts();
        let is_quiet = diagnostics.is_empty() && view.warnings.is_empty() && view.set_aside.is_empty();
        if counts.cached + counts.skipped != counts.total
            || !is_quiet
            || options.force != Force::No
            || options.audit.is_some()
        {
            return;
        }
        let journal = self.layout.entries();
        let is_own = |path: &Path| path.starts_with(self.layout.top()) && path != journal;
        let paths: BTreeMap<PathBuf, Seen> =
            self.recorder.seen().into_iter().filter(|(path, _)| !is_own(path)).collect();
        let stats = paths.values().flat_map(|seen| [seen.itself, seen.target]).flatten().flatten();
        let Some(clock) = self.clock else { return };
        if paths.values().any(|seen| seen.is_unsteady) {
            return;
        }
        if !stats.into_iter().all(|stat| is_settled(&clock, &stat)) {
            return;
        }
        let Ok(events) = serde_json::to_vec(events) else { return };
        let has_flag = view.nodes.values().any(|node| !node.flags.is_empty());
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let gate = WireGate {
            total: count(counts.total),
            cached: count(counts.cached),
            skipped: count(counts.skipped),
            is_plain: counts.skipped == 0 && !has_flag,
            paths: paths.iter().map(|(path, seen)| (path.as_os_str().as_bytes(), wire(seen))).collect(),
            events: &events,
        };
        _ = self.put_gate(ask, options, &gate);
    }

    fn put_gate(&self, ask: &Ask, options: &BuildOptions, gate: &WireGate<'_>) -> io::Result<()> {
        let system = &*self.system;
        let folder = gate_folder(&self.layout);
        system.create_dir_all(&folder)?;
        let others = system.list(&folder)?;
        if others.len() >= MOST_GATES {
            others.iter().for_each(|entry| _ = system.remove_file(&folder.join(&entry.name)));
        }
        let payload = postcard::to_stdvec(gate).map_err(io::Error::other)?;
        let bytes = [blake3::hash(&payload).as_bytes().as_slice(), &payload].concat();
        sys::replace(system, &gate_path(system, &self.layout, &self.root, ask, options), &bytes)
    }
}

impl UpToDate {
    /// Returns the events of the answer, as if everything had been evaluated again.
    pub fn events(&self, system: &dyn System) -> Vec<Envelope> {
        let mut events: Vec<Envelope> = serde_json::from_slice(&self.events).unwrap_or_default();
        let (time, own_run) = (system.now().to_rfc3339(), new_run_id(system));
        for envelope in &mut events {
            envelope.time.clone_from(&time);
            match &mut envelope.event {
                Event::OrchestrationStarted { run, .. } => run.clone_from(&own_run),
                Event::OrchestrationCompleted { duration_ms, .. } => *duration_ms = self.duration_ms(system),
                _ => {}
            }
        }
        events
    }

    /// Returns how long the answer took so far.
    pub fn duration_ms(&self, system: &dyn System) -> u64 {
        millis(system.monotonic().saturating_sub(self.started))
    }
}

fn gate_folder(layout: &Layout) -> PathBuf {
    layout.version().join("gate")
}

/// Returns where the gate of a request is; its name holds all that is no path and could change the answer.
fn gate_path(
    system: &dyn System,
    layout: &Layout,
    root: &Path,
    ask: &Ask,
    options: &BuildOptions,
) -> PathBuf {
    let build = std::env::current_exe().and_then(|path| system.stat(&path)).ok();
    let mut writer = DigestWriter::new("az gate v1")
        .field(format!("{build:?}"))
        .field(root.as_os_str().as_bytes())
        .field(format!("{ask:?}"))
        .field([options.allow_empty, system.is_administrator()].map(u8::from));
    for (name, value) in system.env() {
        if !VOLATILE.iter().any(|volatile| name == *volatile) {
            writer.add(name.as_bytes());
            writer.add(value.as_bytes());
        }
    }
    let Digest(digest) = writer.finish();
    gate_folder(layout).join(&Digest(digest).to_hex()[..32])
}

fn is_as_seen(system: &dyn System, path: &Path, seen: &WireSeen) -> bool {
    let same = |wanted: Option<Option<WireStat>>, ask: &dyn Fn() -> io::Result<Stat>| match wanted {
        None => true,
        Some(wanted) => match ask() {
            Ok(stat) => wanted == Some(WireStat::from(&stat)),
            Err(error) => sys::is_absent(&error) && wanted.is_none(),
        },
    };
    same(seen.itself, &|| system.stat(path)) && same(seen.target, &|| system.stat_target(path))
}

fn wire(seen: &Seen) -> WireSeen {
    let stat = |side: Option<Option<Stat>>| side.map(|answer| answer.as_ref().map(WireStat::from));
    match (seen.itself, seen.target) {
        // Of a path that is no link both answers are one; the one that also tells of a link is asked.
        (Some(Some(itself)), Some(Some(target))) if itself == target && itself.kind != FileKind::Link => {
            WireSeen { itself: stat(seen.itself), target: None }
        }
        _ => WireSeen { itself: stat(seen.itself), target: stat(seen.target) },
    }
}
