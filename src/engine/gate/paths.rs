//! What of the paths that were looked at goes into a gate.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::{
    base::{Digest, WsPath},
    cache::{GatePath, Matters},
    db::Contents,
    engine::{Engine, session::Cache},
    fingerprint::is_settled,
    model::query::script_reading,
    sys::{FileKind, Seen, Stat},
};

/// A step that asked for a path: in the order of their bits the place of the path in the recorder, the place of the step,
/// and whether it may leave something there. There are very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asker(u64);

impl Asker {
    /// Takes a step, of which there are fewer than 2^31.
    pub(super) fn new(place: u32, item: u32, writes: bool) -> Self {
        Self(u64::from(place) << 32 | u64::from(item) << 1 | u64::from(writes))
    }

    fn place(self) -> u64 {
        self.0 >> 32
    }

    #[expect(clippy::cast_possible_truncation, reason = "31 bits are left")]
    pub(super) fn item(self) -> u32 {
        ((self.0 >> 1) & u64::from(u32::MAX >> 1)) as u32
    }

    pub(super) fn writes(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Who asked for paths, by their places and by their own.
#[derive(Debug, Default)]
pub(super) struct Askers(Vec<Asker>);

impl Askers {
    /// Puts askers in order, each once.
    pub(super) fn new(mut all: Vec<Asker>) -> Self {
        all.sort_unstable();
        // Who writes there comes behind the same that only asks.
        all.dedup_by(|later, kept| {
            let is_same = later.0 >> 1 == kept.0 >> 1;
            if is_same {
                kept.0 |= later.0;
            }
            is_same
        });
        Self(all)
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns those of a path, by its place; O(log askers).
    pub(super) fn of(&self, place: u32) -> &[Asker] {
        let place = u64::from(place);
        let start = self.0.partition_point(|asker| asker.place() < place);
        let count = self.0[start..].partition_point(|asker| asker.place() == place);
        &self.0[start..start + count]
    }
}

/// Tells whether what was said of a path, or of what it leads to, stands in a gate: of a path that is no link both answers
/// are one.
pub(super) fn is_row(seen: &Seen, is_followed: bool) -> bool {
    let is_link = seen.itself.flatten().is_some_and(|stat| stat.kind == FileKind::Link);
    if is_followed {
        seen.target.is_some() && (is_link || seen.itself.is_none())
    } else {
        seen.itself.is_some()
    }
}

/// Contents that are known of the files that were read.
pub(super) struct Contained<'a> {
    engine: &'a Engine,
    cache: &'a Cache,
    /// Of files that planning read.
    planned: HashMap<PathBuf, Digest>,
    /// What planning took from scripts.
    gists: HashMap<PathBuf, Digest>,
}

impl<'a> Contained<'a> {
    pub(super) fn new(engine: &'a Engine, cache: &'a Cache) -> Self {
        let files = engine.workspace.files(&engine.db);
        let digest = |file: crate::db::SourceFile| {
            let Contents::Bytes(bytes) = file.contents(&engine.db) else { return None };
            Some((file.path(&engine.db).to_absolute(&engine.root), Digest::of(bytes)))
        };
        let scripts = engine.workspace.scripts(&engine.db);
        let gist = |script: &crate::db::SourceFile| {
            let reading = script_reading(&engine.db, engine.workspace, *script).as_ref()?;
            Some((script.path(&engine.db).to_absolute(&engine.root), reading.gist()?))
        };
        let gists = scripts.iter().filter_map(gist).collect();
        Self { engine, cache, planned: files.into_iter().filter_map(digest).collect(), gists }
    }

    /// Returns the digest of what stood in a file when it was last read, and this was said of it.
    fn of(&self, path: &Path, stat: &Stat) -> Option<Digest> {
        let known = WsPath::new(&self.engine.root, &WsPath::root(), path);
        let known = self.cache.disk.last_answer(&known).filter(|known| known.stat == *stat);
        // Who has read it for planning only, has read it once.
        known.map(|known| known.digest).or_else(|| self.planned.get(path).copied())
    }

    /// Returns what a gate says of a path, of what it leads to if `is_followed`; nothing if that was not asked.
    pub(super) fn row(
        &self,
        clock: &Stat,
        (path, seen): (&Path, &Seen),
        is_followed: bool,
        is_common: bool,
        askers: &[Asker],
    ) -> Option<GatePath> {
        let stat = if is_followed { seen.target } else { seen.itself }?;
        let matters = stat.map_or(Matters::All, |stat| self.matters(path, seen, &stat));
        // Names are those of the time when they were asked for, whatever was said of the folder later.
        let stat = if matches!(matters, Matters::Names(_)) { seen.listed.or(stat) } else { stat };
        Some(GatePath {
            path: path.to_path_buf(),
            is_followed,
            is_settled: stat.is_none_or(|stat| is_settled(clock, &stat)),
            stat,
            matters,
            gist: self.gists.get(path).copied().filter(|_| matches!(matters, Matters::Content(_))),
            is_common,
            askers: askers.iter().map(|asker| asker.item()).collect(),
            writers: askers.iter().filter(|asker| asker.writes()).map(|asker| asker.item()).collect(),
        })
    }

    fn matters(&self, path: &Path, seen: &Seen, stat: &Stat) -> Matters {
        match (stat.kind, seen.listing) {
            (FileKind::Directory, Some(listing)) => Matters::Names(listing),
            (FileKind::Directory, None) => Matters::Kind,
            (FileKind::File, _) => self.of(path, stat).map_or(Matters::All, Matters::Content),
            (FileKind::Link | FileKind::Other, _) => Matters::All,
        }
    }
}
