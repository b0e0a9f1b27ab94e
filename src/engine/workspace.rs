//! Finds a workspace and the files in it that take part in planning.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    base::WsPath,
    cache::Layout,
    db::{Contents, Database, SourceFile, Workspace},
    diag::{Diagnostic, Source, code},
    model::{config, script::script_name},
    sys::{self, FileKind, Platform, System},
    text::{document::Format, pattern::PRIVATE_FOLDERS},
};

/// Folders that hold scripts, where `az.toml` names none.
const SCRIPT_ROOTS: [&str; 3] = ["scripts", "automation-scripts", "library/automation-scripts"];
/// Folders that hold playbooks, where `az.toml` names none.
const PLAYBOOK_ROOTS: [&str; 3] = ["playbooks", "orchestration/playbooks", "library/playbooks"];
/// The configuration.
const CONFIG: &str = "az.toml";

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

/// Reads the files of the workspace at `root` into the database.
pub(super) fn load(system: &dyn System, root: &Path, db: &mut Database) -> Workspace {
    let reader = Reader { system, root };
    let config_file = reader.file(db, &WsPath::root().join(CONFIG));
    let configured = configured(db, config_file);
    let folders = |named: &Option<Vec<String>>, usual: &[&str]| -> Vec<WsPath> {
        let named = named.clone().unwrap_or_else(|| usual.iter().map(|&name| name.to_owned()).collect());
        named.iter().map(|folder| WsPath::new(root, &WsPath::root(), folder)).collect()
    };
    let script_roots = folders(&configured.scripts, &SCRIPT_ROOTS);
    let has_root = script_roots.iter().any(|folder| reader.is_folder(folder));
    let is_script = |name: &str| script_name(name).is_some();
    let scripts = if has_root || configured.scripts.is_some() {
        reader.files_below(&script_roots, is_script)
    } else {
        reader.files_in(&WsPath::root(), is_script)
    };
    let is_playbook = |name: &str| {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        Format::from_extension(extension).is_some()
    };
    let playbooks = reader.files_below(&folders(&configured.playbooks, &PLAYBOOK_ROOTS), is_playbook);
    let rules_folder = folders(&configured.rules.map(|folder| vec![folder]), &["rules"]);
    let is_toml = |name: &str| name.rsplit_once('.').is_some_and(|(_, extension)| extension == "toml");
    let rules = reader.files_below(&rules_folder, is_toml);
    let mut files = |paths: Vec<WsPath>| -> Vec<SourceFile> {
        paths.iter().map(|path| reader.listed_file(db, path)).collect()
    };
    let (scripts, playbooks, rules) = (files(scripts), files(playbooks), files(rules));
    Workspace::new(db, Arc::from(root), scripts, playbooks, rules, config_file, Platform::current())
}

/// Reads the configuration as far as it says where files are; its faults are told when it is planned with.
fn configured(db: &Database, file: SourceFile) -> config::Config {
    let Contents::Bytes(bytes) = file.contents(db) else { return config::Config::default() };
    let Ok(text) = std::str::from_utf8(bytes) else { return config::Config::default() };
    config::read(&Arc::new(Source::new(CONFIG, text))).value.unwrap_or_default()
}

/// Reads what takes part in planning; from a pipe or a device nothing is read, which could wait for ever.
pub(super) fn contents(system: &dyn System, path: &Path) -> Contents {
    let read = || {
        let mut file = system.open(path)?;
        match file.stat()?.kind {
            FileKind::File => {}
            FileKind::Directory => return Err(io::ErrorKind::IsADirectory.into()),
            FileKind::Link | FileKind::Other => return Err(io::Error::other("it is a pipe or a device")),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Contents::Bytes(bytes.into()),
        Err(error) if sys::is_absent(&error) => Contents::Absent,
        Err(error) => Contents::Unreadable(error.to_string().into()),
    }
}

struct Reader<'a> {
    system: &'a dyn System,
    root: &'a Path,
}

impl Reader<'_> {
    fn is_folder(&self, path: &WsPath) -> bool {
        let stat = self.system.stat_target(&path.to_absolute(self.root));
        stat.is_ok_and(|stat| stat.kind == FileKind::Directory)
    }

    fn file(&self, db: &mut Database, path: &WsPath) -> SourceFile {
        SourceFile::new(db, path.clone(), contents(self.system, &path.to_absolute(self.root)))
    }

    /// Reads a file whose name stands in its folder: if nothing is there, the name leads nowhere.
    fn listed_file(&self, db: &mut Database, path: &WsPath) -> SourceFile {
        let file = self.file(db, path);
        if *file.contents(db) == Contents::Absent {
            db.set_contents(file, Contents::Unreadable("it is a link that leads nowhere".into()));
        }
        file
    }

    /// Returns the files directly in a folder whose name is wanted, sorted.
    fn files_in(&self, folder: &WsPath, is_wanted: impl Fn(&str) -> bool) -> Vec<WsPath> {
        let entries = self.system.list(&folder.to_absolute(self.root)).unwrap_or_default();
        let files = entries.iter().filter(|entry| entry.kind != FileKind::Directory);
        files
            .filter_map(|entry| entry.name.to_str())
            .filter(|name| is_wanted(name))
            .map(|name| folder.join(name))
            .collect()
    }

    /// Returns the files anywhere below folders whose name is wanted, sorted, each once; links to folders are not
    /// entered.
    fn files_below(&self, folders: &[WsPath], is_wanted: impl Fn(&str) -> bool) -> Vec<WsPath> {
        let mut found = Vec::new();
        let mut open: Vec<WsPath> = folders.to_vec();
        while let Some(folder) = open.pop() {
            for entry in self.system.list(&folder.to_absolute(self.root)).unwrap_or_default() {
                let Some(name) = entry.name.to_str() else { continue };
                if entry.kind != FileKind::Directory {
                    if is_wanted(name) {
                        found.push(folder.join(name));
                    }
                } else if !PRIVATE_FOLDERS.contains(&name) {
                    open.push(folder.join(name));
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}
