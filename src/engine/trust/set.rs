//! The files that decide what az runs: scripts, playbooks, rules and the configuration.
//!
//! Knows their names, whether they may be executed, and what is in them. Does not know who agreed to that.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    base::{Digest, DigestWriter, WsPath},
    db::{Contents, SourceFile},
    engine::{
        Engine,
        workspace::{self, ReadAs},
    },
    sys::{FileKind, System, is_absent},
    text::document::Format,
};

/// Of longer files no difference can be shown.
const SHOWN_BYTES: usize = 64 << 10;

/// As what a file decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// `az.toml`, or a configuration that is named.
    Configuration,
    /// A file of kinds and rules.
    Rules,
    /// A playbook.
    Playbook,
    /// A script.
    Script,
}

impl Role {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Rules => "rules",
            Self::Playbook => "playbook",
            Self::Script => "script",
        }
    }
}

/// What is known of a file that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deciding {
    /// The digest of its content, or of why that cannot be read.
    pub(super) digest: Digest,
    pub(super) is_executable: bool,
    /// Its content as it was read, if that is short; of the same bytes nothing is hashed twice.
    pub(super) bytes: Option<Arc<[u8]>>,
}

impl Deciding {
    fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.is_executable == other.is_executable
    }

    fn text(&self) -> Option<String> {
        String::from_utf8(self.bytes.as_ref()?.to_vec()).ok()
    }
}

/// The files that decide what az runs in a workspace.
#[derive(Debug, Clone, Default)]
pub struct DecidingSet {
    root: PathBuf,
    pub(super) files: BTreeMap<(Role, WsPath), Deciding>,
    /// The folders in which they are looked for.
    folders: Vec<WsPath>,
}

/// A file that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Where it is.
    pub path: String,
    /// As what it decides.
    pub role: Role,
    /// Whether it was there, and is.
    pub was_there: bool,
    /// Whether it is there.
    pub is_there: bool,
    /// It may be executed, or may not any more: nothing if that is as it was.
    pub executable: Option<bool>,
    /// What was in it, and what is, as far as both can be shown.
    pub texts: Option<(String, String)>,
}

impl DecidingSet {
    pub(super) fn of(engine: &Engine, known: Option<&Self>) -> Self {
        let (db, workspace) = (&engine.db, engine.workspace);
        let mut set = Self {
            root: engine.root.clone(),
            files: BTreeMap::new(),
            folders: workspace::deciding_folders(&*engine.system, &engine.root, db, workspace),
        };
        let named = workspace.named_config(db);
        let lists = [
            (Role::Configuration, vec![workspace.config(db)]),
            (Role::Configuration, named.into_iter().collect()),
            (Role::Rules, workspace.rules(db).clone()),
            (Role::Playbook, workspace.playbooks(db).clone()),
            (Role::Script, workspace.scripts(db).clone()),
        ];
        for (role, files) in lists {
            files.into_iter().for_each(|file| set.add(engine, role, file, known));
        }
        set
    }

    pub(super) fn of_record(root: &Path, files: BTreeMap<(Role, WsPath), Deciding>) -> Self {
        Self { root: root.to_path_buf(), files, folders: Vec::new() }
    }

    fn add(&mut self, engine: &Engine, role: Role, file: SourceFile, known: Option<&Self>) {
        let (path, contents) = (file.path(&engine.db), file.contents(&engine.db));
        if *contents == Contents::Absent {
            return;
        }
        let key = (role, path.clone());
        let known = known.and_then(|known| known.files.get(&key));
        let deciding = match contents {
            Contents::Bytes(bytes) => {
                let is_known =
                    |known: &&Deciding| known.bytes.as_ref().is_some_and(|before| Arc::ptr_eq(before, bytes));
                let digest = known.filter(is_known).map_or_else(|| Digest::of(bytes), |known| known.digest);
                (digest, (bytes.len() <= SHOWN_BYTES).then(|| Arc::clone(bytes)))
            }
            other => (DigestWriter::new("az trust unread").field(format!("{other:?}")).finish(), None),
        };
        let (digest, bytes) = deciding;
        let is_executable = is_executable(&*engine.system, &path.to_absolute(&engine.root));
        self.files.insert(key, Deciding { digest, is_executable, bytes });
    }

    /// Returns the absolute path of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the hash of all names, modes and contents; where the workspace lies is no part of it.
    pub fn hash(&self) -> Digest {
        let mut writer = DigestWriter::new("az trust v1");
        for ((role, path), deciding) in &self.files {
            writer.add(role.as_str());
            writer.add(path.as_str());
            writer.add([u8::from(deciding.is_executable)]);
            writer.add(deciding.digest.0);
        }
        writer.finish()
    }

    /// Tells whether another set is the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.files.len() == other.files.len()
            && self
                .files
                .iter()
                .zip(&other.files)
                .all(|((one_key, one), (other_key, other))| one_key == other_key && one.is_same(other))
    }

    /// Returns how many files of a role there are.
    pub fn count(&self, role: Role) -> usize {
        self.files.keys().filter(|(known, _)| *known == role).count()
    }

    /// Returns what differs in another set.
    pub fn changes_to(&self, after: &Self) -> Vec<ChangedFile> {
        let mut keys: Vec<_> = self.files.keys().chain(after.files.keys()).collect();
        keys.sort();
        keys.dedup();
        keys.into_iter().filter_map(|key| changed(key, self.files.get(key), after.files.get(key))).collect()
    }

    /// Tells whether a script is, at this moment, what it is in this set.
    pub(super) fn is_still(&self, system: &dyn System, root: &Path, script: &WsPath) -> bool {
        let Some(known) = self.files.get(&(Role::Script, script.clone())) else { return false };
        let path = script.to_absolute(root);
        let Contents::Bytes(bytes) = workspace::contents(system, &path, ReadAs::Script) else { return false };
        known.digest == Digest::of(&bytes) && known.is_executable == is_executable(system, &path)
    }

    /// Tells whether a change at a path may make another set of this one; an ordinary file that steps read does not.
    pub(in crate::engine) fn may_be_changed_by(&self, system: &dyn System, path: &Path) -> bool {
        let path = WsPath::new(&self.root, &WsPath::root(), path);
        if [Role::Script, Role::Playbook, Role::Rules, Role::Configuration]
            .iter()
            .any(|role| self.files.contains_key(&(*role, path.clone())))
            || path.as_str() == workspace::CONFIG
        {
            return true;
        }
        let is_below = |one: &WsPath, other: &WsPath| Path::new(other.as_str()).starts_with(one.as_str());
        let is_near =
            |folder: &WsPath| *folder == WsPath::root() || is_below(folder, &path) || is_below(&path, folder);
        if path != WsPath::root() && !self.folders.iter().any(is_near) {
            return false;
        }
        match system.stat(&path.to_absolute(&self.root)) {
            Ok(stat) if stat.kind == FileKind::File => {
                let is_data = path.extension().and_then(Format::from_extension).is_some();
                is_data || crate::model::script::script_name(path.file_name()).is_some()
            }
            Err(error) if is_absent(&error) => path.file_name().contains(['.', '_']),
            // What is below a folder, or behind a link, is looked at.
            _ => true,
        }
    }
}

fn is_executable(system: &dyn System, path: &Path) -> bool {
    system.stat_target(path).is_ok_and(|stat| stat.mode & 0o111 != 0)
}

fn changed(
    (role, path): &(Role, WsPath),
    before: Option<&Deciding>,
    after: Option<&Deciding>,
) -> Option<ChangedFile> {
    if before.zip(after).is_some_and(|(before, after)| before.is_same(after)) {
        return None;
    }
    let text = |deciding: Option<&Deciding>| deciding.map_or_else(|| Some(String::new()), Deciding::text);
    let modes = before.zip(after).filter(|(before, after)| before.is_executable != after.is_executable);
    Some(ChangedFile {
        path: path.to_string(),
        role: *role,
        was_there: before.is_some(),
        is_there: after.is_some(),
        executable: modes.map(|(_, after)| after.is_executable),
        texts: text(before).zip(text(after)),
    })
}
