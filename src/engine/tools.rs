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

    fn is_program(&self, path: &Path) -> bool {
        self.system.stat_target(path).is_ok_and(|stat| stat.kind == FileKind::File && stat.mode & 0o111 != 0)
    }
}
