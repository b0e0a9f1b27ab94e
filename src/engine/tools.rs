//! Looks programs up on PATH.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::sys::{FileKind, System};

/// Where programs are, remembered for one run.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    system: &'a dyn System,
    folders: Vec<PathBuf>,
    found: BTreeMap<String, Option<PathBuf>>,
}

/// A PowerShell that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PowerShell {
    /// The folder it lies in, with modules of its own.
    pub(super) folder: PathBuf,
    /// Its version, if the files beside it say.
    pub(super) version: Option<String>,
}

impl<'a> Tools<'a> {
    /// Looks along `path`, the value of `PATH`; empty and relative entries are passed over.
    pub(super) fn new(system: &'a dyn System, path: &str) -> Self {
        let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
        Self { system, folders, found: BTreeMap::new() }
    }

    /// Returns where a program is; a name with `/` is a path as seen from `cwd`.
    pub(super) fn find(&mut self, program: &str, cwd: &Path) -> Option<PathBuf> {
        if program.contains('/') {
            let path = cwd.join(program);
            return self.is_program(&path).then_some(path);
        }
        if let Some(found) = self.found.get(program) {
            return found.clone();
        }
        let found = self.folders.iter().map(|folder| folder.join(program)).find(|path| self.is_program(path));
        self.found.insert(program.to_owned(), found.clone());
        found
    }

    /// Returns the PowerShell that would run, as the files beside it say; nothing is started.
    pub(super) fn powershell(&mut self, cwd: &Path) -> Option<PowerShell> {
        let program = self.find("pwsh", cwd)?;
        let real = self.system.canonicalize(&program).unwrap_or(program);
        let facts = self.system.read(&real.with_file_name("pwsh.deps.json")).unwrap_or_default();
        let facts = String::from_utf8_lossy(&facts);
        let version = facts
            .split_once("\"pwsh/")
            .map(|(_, rest)| rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect());
        Some(PowerShell { folder: real.parent().unwrap_or(Path::new("/")).to_path_buf(), version })
    }

    fn is_program(&self, path: &Path) -> bool {
        self.system.stat_target(path).is_ok_and(|stat| stat.kind == FileKind::File && stat.mode & 0o111 != 0)
    }
}
