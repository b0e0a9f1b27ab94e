//! What of the paths that were looked at goes into a gate.

use std::{
    collections::{BTreeMap, HashMap},
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

    /// Returns what a gate says of a path, of itself, of what it leads to, or of both; `asked` are the steps that asked,
    /// with whether they may leave something there.
    pub(super) fn rows(
        &self,
        clock: &Stat,
        (path, seen): (&Path, &Seen),
        is_common: bool,
        asked: &BTreeMap<u32, bool>,
    ) -> Vec<GatePath> {
        let row = |stat: Option<Stat>, is_followed: bool, matters: Matters| {
            // Names are those of the time when they were asked for, whatever was said of the folder later.
            let stat = if matches!(matters, Matters::Names(_)) { seen.listed.or(stat) } else { stat };
            GatePath {
                path: path.to_path_buf(),
                is_followed,
                is_settled: stat.is_none_or(|stat| is_settled(clock, &stat)),
                stat,
                matters,
                gist: self.gists.get(path).copied().filter(|_| matches!(matters, Matters::Content(_))),
                is_common,
                askers: asked.keys().copied().collect(),
                writers: asked.iter().filter(|(_, writes)| **writes).map(|(item, _)| *item).collect(),
            }
        };
        let is_link = seen.itself.flatten().is_some_and(|stat| stat.kind == FileKind::Link);
        let mut rows = Vec::new();
        if let Some(stat) = seen.itself {
            let matters = stat.map_or(Matters::All, |stat| self.matters(path, seen, &stat));
            rows.push(row(stat, false, matters));
        }
        // Of a path that is no link both answers are one.
        if let Some(stat) = seen.target.filter(|_| is_link || seen.itself.is_none()) {
            let matters = stat.map_or(Matters::All, |stat| self.matters(path, seen, &stat));
            rows.push(row(stat, true, matters));
        }
        rows
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
