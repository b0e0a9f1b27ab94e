//! Finds a workspace and the files in it that take part in planning.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    base::WsPath,
    cache::Layout,
    db::{Contents, Database, SourceFile, Workspace},
    diag::{Diagnostic, Source, code},
    model::{config, decode::Reading, script::script_name},
    sys::{self, FileKind, Platform, System},
    text::{
        document::{Format, MAX_BYTES, USUAL_BYTES},
        pattern::PRIVATE_FOLDERS,
    },
};

/// Folders that hold scripts, where `az.toml` names none.
const SCRIPT_ROOTS: [&str; 3] = ["scripts", "automation-scripts", "library/automation-scripts"];
/// Folders that hold playbooks, where `az.toml` names none.
const PLAYBOOK_ROOTS: [&str; 3] = ["playbooks", "orchestration/playbooks", "library/playbooks"];
/// The configuration.
pub(super) const CONFIG: &str = "az.toml";

/// Returns the workspace that `start` lies in: the nearest folder upward with `az.toml`, else the nearest that has
/// one of az's folders, else `start` itself if it holds numbered scripts.
///
/// # Errors
/// A diagnostic if there is none.
pub(super) fn find_root(system: &dyn System, start: &Path) -> Result<PathBuf, Box<Diagnostic>> {
    let start = system.canonicalize(start).unwrap_or_else(|_| start.to_path_buf());
    let has = |folder: &Path, name: &str| system.stat(&folder.join(name)).is_ok();
    if let Some(root) = start.ancestors().find(|folder| has(folder, CONFIG)) {
        return Ok(root.to_path_buf());
    }
    let known = SCRIPT_ROOTS.iter().chain(&PLAYBOOK_ROOTS).copied().chain([Layout::FOLDER]);
    let known: Vec<&str> = known.collect();
    let is_workspace = |folder: &&Path| known.iter().any(|name| has(folder, name));
    if let Some(root) = start.ancestors().find(is_workspace) {
        return Ok(root.to_path_buf());
    }
    if holds_scripts(system, &start) {
        return Ok(start);
    }
    let fault = Diagnostic::error(code::NO_WORKSPACE, format!("`{}` is no workspace", start.display()));
    Err(Box::new(fault.help("make one: mkdir scripts, and put a script such as 0100_hello.sh into it")))
}

fn holds_scripts(system: &dyn System, folder: &Path) -> bool {
    let entries = system.list(folder).unwrap_or_default();
    entries.iter().any(|entry| entry.name.to_str().is_some_and(|name| script_name(name).is_some()))
}

/// Which files of a workspace are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that take part in planning.
    Whole,
    /// The configuration and the rules, as if there were neither scripts nor playbooks.
    Settings,
}

/// The inputs that a database has for files, and for the workspace they are of.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    files: BTreeMap<(WsPath, Role), SourceFile>,
    workspace: Option<Workspace>,
}

/// As what a file takes part; one that does so twice is two inputs, which may hold different things.
type Role = (ReadAs, bool);

/// Reads the files of the workspace at `root` into the database; `named` is a configuration above `az.toml`.
///
/// What the database had before stays what it was, as far as nothing has changed.
pub(super) fn load(
    system: &dyn System,
    root: &Path,
    named: Option<&WsPath>,
    extent: Extent,
    (db, inputs): (&mut Database, &mut Inputs),
) -> Workspace {
    if inputs.workspace.is_some_and(|workspace| **workspace.root(db) != *root) {
        *inputs = Inputs::default();
    }
    let known = inputs.workspace;
    let mut reader = Reader { system, root, inputs };
    let config_file = reader.file(db, &WsPath::root().join(CONFIG), ReadAs::Data);
    let named_config = named.map(|path| reader.listed_file(db, path, ReadAs::Data));
    let configured = configured(db, config_file, named_config);
    let is_whole = extent == Extent::Whole;
    let folders = if is_whole { script_folders(system, root, &configured) } else { ScriptFolders::none() };
    let is_script = |path: &WsPath| script_name(path.file_name()).is_some();
    let scripts = if folders.are_entered {
        reader.files_below(&folders.paths, is_script)
    } else {
        reader.files_in(&WsPath::root(), is_script)
    };
    let is_playbook = |path: &WsPath| path.extension().and_then(Format::from_extension).is_some();
    let playbooks = paths(root, configured.playbooks.as_deref(), &PLAYBOOK_ROOTS);
    let playbooks = if is_whole { reader.files_below(&playbooks, is_playbook) } else { Vec::new() };
    let is_toml = |path: &WsPath| path.extension() == Some("toml");
    let rules_folder = paths(root, configured.rules.as_ref().map(std::slice::from_ref), &["rules"]);
    let rules = reader.files_below(&rules_folder, is_toml);
    let mut files = |paths: Vec<WsPath>, read_as| -> Vec<SourceFile> {
        paths.iter().map(|path| reader.listed_file(db, path, read_as)).collect()
    };
    let scripts = files(scripts, ReadAs::Script);
    let (playbooks, rules) = (files(playbooks, ReadAs::playbook(&configured)), files(rules, ReadAs::Data));
    if let Some(workspace) = known {
        db.set_files(workspace, [scripts, playbooks, rules], (config_file, named_config));
        return workspace;
    }
    let workspace = Workspace::new(
        db,
        Arc::from(root),
        scripts,
        playbooks,
        rules,
        config_file,
        named_config,
        Platform::current(),
    );
    inputs.workspace = Some(workspace);
    workspace
}

/// Where scripts lie.
pub(super) struct ScriptFolders {
    /// The folders.
    pub(super) paths: Vec<WsPath>,
    /// What lies in folders below them is meant too.
    pub(super) are_entered: bool,
}

impl ScriptFolders {
    fn none() -> Self {
        Self { paths: Vec::new(), are_entered: true }
    }
}

/// Returns where scripts lie: in the folders that are configured, else in the usual ones, else in the workspace itself.
pub(super) fn script_folders(system: &dyn System, root: &Path, configured: &config::Config) -> ScriptFolders {
    let folders = paths(root, configured.scripts.as_deref(), &SCRIPT_ROOTS);
    let is_folder = |path: &WsPath| {
        let stat = system.stat_target(&path.to_absolute(root));
        stat.is_ok_and(|stat| stat.kind == FileKind::Directory)
    };
    if configured.scripts.is_some() || folders.iter().any(is_folder) {
        ScriptFolders { paths: folders, are_entered: true }
    } else {
        ScriptFolders { paths: vec![WsPath::root()], are_entered: false }
    }
}

fn paths(root: &Path, named: Option<&[String]>, usual: &[&str]) -> Vec<WsPath> {
    let path = |folder: &str| WsPath::new(root, &WsPath::root(), folder);
    match named {
        Some(named) => named.iter().map(|folder| path(folder)).collect(),
        None => usual.iter().map(|folder| path(folder)).collect(),
    }
}

/// Returns the folders that playbooks lie in.
pub(super) fn playbook_roots(root: &Path, db: &Database, workspace: Workspace) -> Vec<WsPath> {
    let configured = configured(db, workspace.config(db), workspace.named_config(db));
    paths(root, configured.playbooks.as_deref(), &PLAYBOOK_ROOTS)
}

/// Returns the folders in which what decides is looked for: scripts, playbooks, rules.
pub(super) fn deciding_folders(
    system: &dyn System,
    root: &Path,
    db: &Database,
    workspace: Workspace,
) -> Vec<WsPath> {
    let configured = configured(db, workspace.config(db), workspace.named_config(db));
    let usual = [SCRIPT_ROOTS, PLAYBOOK_ROOTS].concat();
    let mut folders = script_folders(system, root, &configured).paths;
    folders.extend(paths(root, configured.playbooks.as_deref(), &PLAYBOOK_ROOTS));
    folders.extend(paths(root, configured.rules.as_ref().map(std::slice::from_ref), &["rules"]));
    // One of these that is made may take the place of others.
    folders.extend(paths(root, None, &usual));
    folders
}

/// Reads the configuration as far as it says where files are; its faults are told when it is planned with.
fn configured(db: &Database, file: SourceFile, named: Option<SourceFile>) -> config::Config {
    let read = |file: SourceFile, read: fn(&Arc<Source>) -> Reading<config::Config>| {
        let Contents::Bytes(bytes) = file.contents(db) else { return config::Config::default() };
        let Ok(text) = std::str::from_utf8(bytes) else { return config::Config::default() };
        read(&Arc::new(Source::new(file.path(db).as_str(), text))).value.unwrap_or_default()
    };
    let own = read(file, config::read);
    named.map_or(own.clone(), |named| own.overlaid(&read(named, config::read_any)))
}

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ReadAs {
    /// Rules or the configuration, which are not read at all above [`USUAL_BYTES`].
    Data,
    /// A playbook, which is not read at all above this number of bytes.
    Playbook(u64),
    /// A script, of any size that a script can have.
    Script,
}

impl ReadAs {
    fn playbook(configured: &config::Config) -> Self {
        Self::Playbook(configured.max_playbook_size.unwrap_or(USUAL_BYTES))
    }

    /// Returns how playbooks of a workspace are read.
    pub(super) fn playbook_of(db: &Database, workspace: Workspace) -> Self {
        Self::playbook(&configured(db, workspace.config(db), workspace.named_config(db)))
    }

    fn limit(self) -> u64 {
        match self {
            Self::Data => USUAL_BYTES,
            Self::Playbook(limit) => limit,
            Self::Script => MAX_BYTES as u64,
        }
    }
}

/// Reads what takes part in planning; from a pipe or a device nothing is read, which could wait for ever.
pub(super) fn contents(system: &dyn System, path: &Path, read_as: ReadAs) -> Contents {
    let limit = read_as.limit();
    let read = || {
        let file = system.open(path)?;
        let stat = file.stat()?;
        match stat.kind {
            FileKind::File if stat.size > limit => return Ok(None),
            FileKind::File => {}
            FileKind::Directory => return Err(io::ErrorKind::IsADirectory.into()),
            FileKind::Link | FileKind::Other => return Err(io::Error::other("it is a pipe or a device")),
        }
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        // It may have grown since.
        Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= limit))
    };
    match read() {
        Ok(Some(bytes)) => Contents::Bytes(bytes.into()),
        Ok(None) => Contents::TooLarge(limit),
        Err(error) if sys::is_absent(&error) => Contents::Absent,
        Err(error) => Contents::Unreadable(error.to_string().into()),
    }
}

struct Reader<'a> {
    system: &'a dyn System,
    root: &'a Path,
    inputs: &'a mut Inputs,
}

impl Reader<'_> {
    fn file(&mut self, db: &mut Database, path: &WsPath, read_as: ReadAs) -> SourceFile {
        let contents = contents(self.system, &path.to_absolute(self.root), read_as);
        self.input(db, path, (read_as, false), contents)
    }

    /// Reads a file whose name stands in its folder: if nothing is there, the name leads nowhere.
    fn listed_file(&mut self, db: &mut Database, path: &WsPath, read_as: ReadAs) -> SourceFile {
        let contents = match contents(self.system, &path.to_absolute(self.root), read_as) {
            Contents::Absent => Contents::Unreadable("it is a link that leads nowhere".into()),
            contents => contents,
        };
        self.input(db, path, (read_as, true), contents)
    }

    fn input(&mut self, db: &mut Database, path: &WsPath, role: Role, contents: Contents) -> SourceFile {
        match self.inputs.files.entry((path.clone(), role)) {
            Entry::Occupied(known) => {
                db.set_contents(*known.get(), contents);
                *known.get()
            }
            Entry::Vacant(new) => *new.insert(SourceFile::new(db, path.clone(), contents)),
        }
    }

    /// Returns the files directly in a folder whose name is wanted, sorted.
    fn files_in(&self, folder: &WsPath, is_wanted: impl Fn(&WsPath) -> bool) -> Vec<WsPath> {
        let entries = self.system.list(&folder.to_absolute(self.root)).unwrap_or_default();
        let files = entries.iter().filter(|entry| entry.kind != FileKind::Directory);
        files.filter_map(|entry| Some(folder.join(entry.name.to_str()?))).filter(is_wanted).collect()
    }

    /// Returns the files anywhere below folders whose name is wanted, sorted, each once; links to folders are not
    /// entered.
    fn files_below(&self, folders: &[WsPath], is_wanted: impl Fn(&WsPath) -> bool) -> Vec<WsPath> {
        let mut found = Vec::new();
        let mut open: Vec<WsPath> = folders.to_vec();
        while let Some(folder) = open.pop() {
            for entry in self.system.list(&folder.to_absolute(self.root)).unwrap_or_default() {
                let Some(name) = entry.name.to_str() else { continue };
                let path = folder.join(name);
                if entry.kind != FileKind::Directory {
                    found.extend(Some(path).filter(&is_wanted));
                } else if !PRIVATE_FOLDERS.contains(&name) {
                    open.push(path);
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}
