//! What people have agreed to, in their own state folder.
//!
//! One file a workspace, named after its real path. Never inside the workspace: who can write there must not be able to
//! agree to anything.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::set::{Deciding, DecidingSet, Role};
use crate::{
    base::{Digest, Timestamp, WsPath},
    diag::{Diagnostic, code},
    sys::{Stat, System, is_absent, temporary_beside},
};

/// The folder that all records are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    folder: PathBuf,
}

/// What was agreed to of a workspace.
#[derive(Debug, Clone)]
pub struct Record {
    /// The real path of the workspace, as it can be shown.
    pub path: String,
    /// The hash of the set; nothing where its content does not matter.
    pub hash: Option<Digest>,
    /// Whatever its content becomes is trusted.
    pub edits: bool,
    /// When.
    pub time: Timestamp,
    /// The set.
    pub set: DecidingSet,
}

/// A record on disk, of which later versions may only have more fields.
#[derive(Serialize, Deserialize)]
struct Wire {
    schema: String,
    path: String,
    path_digest: String,
    hash: Option<String>,
    edits: bool,
    time: String,
    files: Vec<WireFile>,
}

#[derive(Serialize, Deserialize)]
struct WireFile {
    path: WsPath,
    role: Role,
    executable: bool,
    digest: String,
    text: Option<String>,
}

const SCHEMA: &str = "az.trust/v1";

impl Records {
    /// Returns where the records of this user are.
    ///
    /// # Errors
    /// If there is no such folder.
    pub fn new(system: &dyn System) -> Result<Self, Box<Diagnostic>> {
        let env = system.env();
        let folder =
            |name: &str| env.get(OsStr::new(name)).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
        let state = state.ok_or_else(|| no_folder("there is no folder for what you trust"))?;
        Ok(Self { folder: state.join("az/trust") })
    }

    /// Returns where the records of this user are, for a question about a workspace.
    ///
    /// # Errors
    /// If there is no such folder, or it would lie inside the workspace.
    pub fn of(system: &dyn System, root: &Path) -> Result<Self, Box<Diagnostic>> {
        let records = Self::new(system)?;
        let state = &records.folder;
        let real = state.ancestors().find_map(|above| {
            let rest = state.strip_prefix(above).ok()?;
            Some(system.canonicalize(above).ok()?.join(rest))
        });
        if real.as_ref().unwrap_or(state).starts_with(root) {
            return Err(no_folder("the folder for what you trust lies in the workspace itself"));
        }
        Ok(records)
    }

    fn file(&self, root: &Path) -> PathBuf {
        self.folder.join(format!("{}.json", &digest_of(root).to_hex()[..32]))
    }

    /// Returns what tells the record of a workspace from those that were there before and will be.
    pub(in crate::engine) fn stat(&self, system: &dyn System, root: &Path) -> Option<Stat> {
        system.stat(&self.file(root)).ok()
    }

    /// Returns what was agreed to of a workspace; nothing if nothing was, or others than its user could have written that.
    pub fn get(&self, system: &dyn System, root: &Path) -> Option<Record> {
        let record = read(system, &self.file(root))?;
        (record.0 == digest_of(root).to_hex()).then_some(record.1)
    }

    /// Returns all records, by path.
    pub fn all(&self, system: &dyn System) -> Vec<Record> {
        let entries = system.list(&self.folder).unwrap_or_default();
        let files =
            entries.iter().filter(|entry| Path::new(&entry.name).extension() == Some(OsStr::new("json")));
        let mut all: Vec<Record> =
            files.filter_map(|entry| Some(read(system, &self.folder.join(&entry.name))?.1)).collect();
        all.sort_by(|one, other| one.path.cmp(&other.path));
        all
    }

    /// Records that a set is agreed to; with `edits`, whatever becomes of it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn agree(&self, system: &dyn System, set: &DecidingSet, edits: bool) -> Result<(), Box<Diagnostic>> {
        let wire = Wire {
            schema: SCHEMA.to_owned(),
            path: set.root().display().to_string(),
            path_digest: digest_of(set.root()).to_hex(),
            hash: (!edits).then(|| set.hash().to_hex()),
            edits,
            time: system.now().to_rfc3339(),
            files: if edits { Vec::new() } else { set.files.iter().map(to_wire).collect() },
        };
        let file = self.file(set.root());
        let write = || {
            system.create_dir_all(&self.folder)?;
            for folder in [self.folder.parent().unwrap_or(&self.folder), &self.folder] {
                system.set_mode(folder, 0o700)?;
            }
            let temporary = temporary_beside(system, &file);
            system.write(&temporary, &serde_json::to_vec(&wire)?, 0o600)?;
            system.rename(&temporary, &file).inspect_err(|_| _ = system.remove_file(&temporary))
        };
        write().map_err(|error: std::io::Error| self.unkept(&error))
    }

    /// Forgets what was agreed to of a workspace; tells whether anything was.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn revoke(&self, system: &dyn System, root: &Path) -> Result<bool, Box<Diagnostic>> {
        match system.remove_file(&self.file(root)) {
            Ok(()) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(self.unkept(&error)),
        }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "errors hold boxed diagnostics")]
    fn unkept(&self, error: &std::io::Error) -> Box<Diagnostic> {
        let message = format!("what you trust cannot be kept in `{}`: {error}", self.folder.display());
        let help = "make that folder writable, or set XDG_STATE_HOME to another one of your own";
        Box::new(Diagnostic::error(code::TRUST_UNKEPT, message).help(help))
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "errors hold boxed diagnostics")]
fn no_folder(message: &str) -> Box<Diagnostic> {
    let help = "set XDG_STATE_HOME to a folder of your own, outside of every workspace";
    Box::new(Diagnostic::error(code::TRUST_UNKEPT, message).help(help))
}

fn digest_of(root: &Path) -> Digest {
    Digest::of(root.as_os_str().as_encoded_bytes())
}

fn to_wire(((role, path), deciding): (&(Role, WsPath), &Deciding)) -> WireFile {
    let text = deciding.bytes.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    WireFile {
        path: path.clone(),
        role: *role,
        executable: deciding.is_executable,
        digest: deciding.digest.to_hex(),
        text: text.map(str::to_owned),
    }
}

/// Reads a record, with the digest of the path that it is of.
fn read(system: &dyn System, file: &Path) -> Option<(String, Record)> {
    // A file that others may write says nothing of what this user has agreed to.
    if system.stat(file).ok()?.mode & 0o022 != 0 {
        return None;
    }
    let wire: Wire = serde_json::from_slice(&system.read(file).ok()?).ok()?;
    if wire.schema != SCHEMA {
        return None;
    }
    let mut files = BTreeMap::new();
    for WireFile { path, role, executable, digest, text } in wire.files {
        let digest = Digest::from_hex(&digest).ok()?;
        let bytes = text.map(|text| Arc::from(text.into_bytes()));
        files.insert((role, path), Deciding { digest, is_executable: executable, bytes });
    }
    let hash = match &wire.hash {
        Some(hash) => Some(Digest::from_hex(hash).ok()?),
        None => None,
    };
    let set = DecidingSet::of_record(Path::new(&wire.path), files);
    let time = Timestamp::from_rfc3339(&wire.time)?;
    Some((wire.path_digest, Record { path: wire.path, hash, edits: wire.edits, time, set }))
}
