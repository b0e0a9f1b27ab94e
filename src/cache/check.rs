//! Reads all that the cache keeps, and says what of it is damaged.
//!
//! Knows every file below the cache's folder and what each is good for. Does not know the workspace around it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Blobs, Gate, Layout, entries, flat::Flat, frames, index, known, pack, wire::Entry};
use crate::{
    base::Digest,
    sys::{self, FileKind, System},
};

/// What can be done about a damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It goes: az makes it again of what else it has.
    Remove,
    /// What can be read of the records is written again.
    RewriteRecords,
    /// What can be read of the small contents is written again.
    RewriteContents,
    /// Nothing that az may do.
    None,
}

/// Something that is not as az left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, in one clause.
    pub what: String,
    /// What it costs, in one clause.
    pub costs: &'static str,
    /// What can be done about it.
    pub remedy: Remedy,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Records that can be read.
    pub records: usize,
    /// Contents that are what their names say.
    pub contents: usize,
    /// Bytes that were read.
    pub bytes: u64,
    /// Answers for whole requests that can be relied on.
    pub gates: usize,
    /// What is damaged, by path.
    pub damages: Vec<Damage>,
}

/// Reads everything; O(bytes of the cache). What is not there is not damaged.
///
/// # Errors
/// The first error of the system, but for what is not there.
pub fn check(system: &dyn System, layout: &Layout, gates: &Path) -> io::Result<Checked> {
    let mut check = Check { system, layout, found: Checked::default() };
    check.records()?;
    check.tables()?;
    check.small_contents()?;
    check.large_contents()?;
    check.gates(gates)?;
    check.found.damages.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(check.found)
}

struct Check<'a> {
    system: &'a dyn System,
    layout: &'a Layout,
    found: Checked,
}

impl Check<'_> {
    fn damaged(&mut self, path: PathBuf, what: impl Into<String>, costs: &'static str, remedy: Remedy) {
        self.found.damages.push(Damage { path, what: what.into(), costs, remedy });
    }

    /// Reads a file; nothing if it is not there, or is none.
    fn read(&mut self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.system.stat(path) {
            Ok(stat) if stat.kind == FileKind::File => {}
            Ok(_) => {
                let costs = "az cannot use its place: steps run each time";
                self.damaged(path.to_path_buf(), "it is no file", costs, Remedy::None);
                return Ok(None);
            }
            Err(error) if sys::is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
        let bytes = self.system.read(path)?;
        self.found.bytes += bytes.len() as u64;
        Ok(Some(bytes))
    }

    fn records(&mut self) -> io::Result<()> {
        let path = self.layout.entries();
        let Some(bytes) = self.read(&path)? else { return Ok(()) };
        let mut at = 0;
        while let Some((entry, behind)) = entries::decode_at(&bytes, at) {
            self.found.records +=
                usize::from(matches!(entry, Entry::Commit { .. } | Entry::CommitHanding { .. }));
            at = behind;
        }
        if at < bytes.len() {
            let what = format!("{} of {} bytes cannot be read", bytes.len() - at, bytes.len());
            self.damaged(path, what, "steps whose records stood there run again", Remedy::RewriteRecords);
        }
        Ok(())
    }

    /// Files that are made of others, or of what is in the workspace.
    fn tables(&mut self) -> io::Result<()> {
        let small = pack::index_beside(&self.small());
        let tables =
            [(self.layout.index(), index::KIND), (self.layout.files(), known::KIND), (small, pack::KIND)];
        for (path, kind) in tables {
            let Some(bytes) = self.read(&path)? else { continue };
            if !Flat::open(bytes.into(), kind).is_some_and(|table| table.is_whole()) {
                self.damaged(path, "its checksums do not fit", "az makes it again", Remedy::Remove);
            }
        }
        let changes = known::changes_beside(self.layout);
        if let Some(bytes) = self.read(&changes)? {
            let mut at = 0;
            while let Some((_, behind)) = frames::payload_at(&bytes, at) {
                at = behind;
            }
            if at < bytes.len() {
                let costs = "files are read once more";
                self.damaged(changes, "its end cannot be read", costs, Remedy::Remove);
            }
        }
        Ok(())
    }

    fn small(&self) -> PathBuf {
        Blobs::small_beside(&self.layout.blobs())
    }

    fn small_contents(&mut self) -> io::Result<()> {
        let path = self.small();
        let Some(bytes) = self.read(&path)? else { return Ok(()) };
        let (mut at, mut wrong) = (0, 0);
        while let Some((payload, behind)) = frames::payload_at(&bytes, at) {
            let is_sound = pack::is_sound(payload);
            self.found.contents += usize::from(is_sound);
            wrong += usize::from(!is_sound);
            at = behind;
        }
        if at < bytes.len() || wrong > 0 {
            let what = format!("{} of {} bytes cannot be read", bytes.len() - at, bytes.len());
            let costs = "results whose contents stood there are made again when they are missed";
            self.damaged(path, what, costs, Remedy::RewriteContents);
        }
        Ok(())
    }

    fn large_contents(&mut self) -> io::Result<()> {
        let folder = self.layout.blobs();
        for above in self.list(&folder)?.into_iter().filter(|entry| entry.kind == FileKind::Directory) {
            for entry in self.list(&folder.join(&above.name))? {
                let path = folder.join(&above.name).join(&entry.name);
                let name = above.name.to_str().zip(entry.name.to_str());
                let Some(digest) =
                    name.and_then(|(top, rest)| Digest::from_hex(&format!("{top}{rest}")).ok())
                else {
                    self.damaged(
                        path,
                        "an az that was killed left it",
                        "nothing but its room",
                        Remedy::Remove,
                    );
                    continue;
                };
                match sys::hash_file(self.system, &path) {
                    Ok((stat, found)) if found == digest => {
                        self.found.bytes += stat.size;
                        self.found.contents += 1;
                    }
                    _ => {
                        let costs = "results that it is a part of are made again when they are missed";
                        self.damaged(path, "its content is not what its name says", costs, Remedy::Remove);
                    }
                }
            }
        }
        Ok(())
    }

    fn gates(&mut self, folder: &Path) -> io::Result<()> {
        for entry in self.list(folder)? {
            let path = folder.join(&entry.name);
            if Gate::is_sound(self.system, &path) {
                // What amends another one is a part of it.
                self.found.gates += usize::from(path.extension().is_none());
            } else {
                let costs = "one request is answered a little later";
                self.damaged(path, "its checksums do not fit", costs, Remedy::Remove);
            }
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<sys::Entry>> {
        match self.system.list(folder) {
            Err(error) if sys::is_absent(&error) => Ok(Vec::new()),
            listed => listed,
        }
    }
}
