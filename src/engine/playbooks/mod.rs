//! Playbooks as things of their own: shown, compared, written in another format, taken in and given out.
//!
//! Knows names, folders and files. Does not know what a playbook says: that is the model's. Writes a file as a whole or
//! not at all, and never over one that is there unless it is told to.

mod library;
mod save;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

pub use library::LibraryQuery;

use super::{
    Engine, EngineError,
    workspace::{self, ReadAs},
};
use crate::{
    base::WsPath,
    db::SourceFile,
    diag::{Diagnostic, Source, code, has_errors},
    model::{
        playbook::{Playbook, Row, convert, normal_form},
        query::{playbook_reading, text},
    },
    plan::playbook_called,
    sys::{self, FileKind},
    text::document::{
        Format,
        write::{Draft, DraftFile, WriteFormat, write},
    },
};

/// A playbook in the form all formats have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalForm {
    /// Its path, or what was asked for.
    pub path: WsPath,
    /// The name of the format it is written in.
    pub format: &'static str,
    /// What it says.
    pub value: Value,
    /// The same as YAML.
    pub yaml: String,
    /// What is wrong with the file, none of it an error.
    pub diagnostics: Vec<Diagnostic>,
}

/// A playbook written in another format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertedPlaybook {
    /// The path of the old file.
    pub path: WsPath,
    /// The old file, for places.
    pub source: Arc<Source>,
    /// Where the new file lies below the folder of playbooks, without extension.
    pub stem: String,
    /// The new text.
    pub text: String,
    /// What became of each part.
    pub rows: Vec<Row>,
}

/// A field in which two playbooks differ.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDifference {
    /// The field, as a JSON pointer into the form all formats have in common.
    pub at: String,
    /// What the first says.
    pub one: Option<Value>,
    /// What the second says.
    pub other: Option<Value>,
}

impl Engine {
    /// Returns a playbook in the form all formats have in common.
    ///
    /// # Errors
    /// If there is no such playbook, or it has errors.
    pub fn playbook_form(&self, word: &str, folder: &Path) -> Result<NormalForm, EngineError> {
        let file = self.playbook_file(word, folder)?;
        let playbook = self.sound_playbook(file)?;
        let draft = normal_form(playbook);
        let value = draft.to_json();
        let root = if let Draft::Table(root) = draft { root } else { Vec::new() };
        Ok(NormalForm {
            path: file.path(&self.db).clone(),
            format: playbook.format.as_str(),
            value,
            yaml: write(&DraftFile::of(root), WriteFormat::Yaml),
            diagnostics: playbook_reading(&self.db, file).diagnostics.clone(),
        })
    }

    /// Returns the fields in which two playbooks differ, whatever formats they are written in.
    ///
    /// # Errors
    /// As [`Engine::playbook_form`].
    pub fn compare_playbooks(
        &self,
        one: &str,
        other: &str,
        folder: &Path,
    ) -> Result<Vec<FieldDifference>, EngineError> {
        let (one, other) = (self.playbook_form(one, folder)?, self.playbook_form(other, folder)?);
        let mut found = Vec::new();
        differences(Some(&one.value), Some(&other.value), "", &mut found);
        Ok(found)
    }

    /// Writes a playbook in the newest format, in memory.
    ///
    /// # Errors
    /// As [`Engine::playbook_form`]; or what would be lost.
    pub fn convert_playbook(
        &self,
        word: &str,
        folder: &Path,
        to: WriteFormat,
    ) -> Result<ConvertedPlaybook, EngineError> {
        let file = self.playbook_file(word, folder)?;
        self.sound_playbook(file)?;
        let path = file.path(&self.db).clone();
        let source = Arc::clone(&text(&self.db, file).source);
        let from = Format::detect(path.extension(), &source.text);
        let converted = convert(&source, from, to)
            .map_err(|diagnostics| EngineError { diagnostics, is_strict: false })?;
        let below = self.below_roots(&path).unwrap_or_else(|| path.file_name().to_owned());
        let stem = below.rsplit_once('.').map_or(below.as_str(), |(stem, _)| stem).to_owned();
        Ok(ConvertedPlaybook { path, source, stem, text: converted.text, rows: converted.rows })
    }

    /// Returns the paths of all playbooks.
    pub fn playbook_paths(&self) -> Vec<String> {
        self.workspace.playbooks(&self.db).iter().map(|file| file.path(&self.db).to_string()).collect()
    }

    /// Writes converted playbooks to their files, where they have one; returns what went well and what did not.
    ///
    /// What is the place of two of them, or where another of them was read, is not written: one would be lost.
    pub fn write_converted(
        &self,
        converted: Vec<(ConvertedPlaybook, Option<PathBuf>)>,
        force: bool,
    ) -> (Vec<(ConvertedPlaybook, Option<PathBuf>)>, Vec<Diagnostic>) {
        let real = |path: PathBuf| self.system.canonicalize(&path).unwrap_or(path);
        let mut owners: HashMap<PathBuf, WsPath> = HashMap::new();
        for (one, _) in &converted {
            owners.insert(real(one.path.to_absolute(&self.root)), one.path.clone());
        }
        // Before the first is written: a file that is there then is found by another path than one that is not.
        let places: Vec<Option<PathBuf>> = converted.iter().map(|(_, to)| to.clone().map(real)).collect();
        let (mut done, mut faults) = (Vec::new(), Vec::new());
        for ((one, target), place) in converted.into_iter().zip(places) {
            let written = target.as_ref().zip(place).map_or(Ok(()), |(target, place)| {
                let owner = owners.entry(place).or_insert_with(|| one.path.clone());
                if *owner != one.path {
                    return Err(one_place_for_two(target, owner, &one.path).into());
                }
                self.write_file(target, one.text.as_bytes(), force)
            });
            match written {
                Ok(()) => done.push((one, target)),
                Err(error) => faults.extend(error.diagnostics),
            }
        }
        (done, faults)
    }

    /// Writes a file as a whole, with the folders it lies in.
    ///
    /// # Errors
    /// If a file is there already and `force` is off, or it cannot be written.
    pub fn write_file(&self, path: &Path, bytes: &[u8], force: bool) -> Result<(), EngineError> {
        let system = &*self.system;
        let unwritable = |error: std::io::Error| {
            let message = format!("`{}` cannot be written: {error}", path.display());
            EngineError::from(
                Diagnostic::error(code::UNWRITTEN, message).help("name a place where you may write"),
            )
        };
        let exists = || {
            let message = format!("`{}` is there already", path.display());
            let help = "name another file, or add `--force` to write over it";
            EngineError::from(Diagnostic::error(code::USAGE, message).help(help))
        };
        if system.stat(path).is_ok_and(|stat| !force || stat.kind == FileKind::Directory) {
            return Err(exists());
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            system.create_dir_all(parent).map_err(unwritable)?;
        }
        if force {
            return sys::replace(system, path, bytes).map_err(unwritable);
        }
        let temporary = sys::temporary_beside(system, path);
        system.write(&temporary, bytes, 0o644).map_err(unwritable)?;
        // Whoever made the file meanwhile keeps it.
        system.rename_new(&temporary, path).map_err(|error| {
            _ = system.remove_file(&temporary);
            if error.kind() == std::io::ErrorKind::AlreadyExists { exists() } else { unwritable(error) }
        })
    }

    /// Returns the file that a path or a name means; a path is seen from `folder`.
    pub(super) fn playbook_file(&self, word: &str, folder: &Path) -> Result<SourceFile, EngineError> {
        let path = folder.join(word);
        let is_file = self.system.stat_target(&path).is_ok_and(|stat| stat.kind == FileKind::File);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !is_file || Format::from_extension(extension).is_none() {
            return playbook_called(&self.db, self.workspace, word).map_err(EngineError::from);
        }
        let absolute = self.system.canonicalize(&path).unwrap_or(path);
        let named = WsPath::new(&self.root, &WsPath::root(), &absolute);
        let known = self.workspace.playbooks(&self.db).iter().find(|file| *file.path(&self.db) == named);
        Ok(known.copied().unwrap_or_else(|| {
            let contents =
                workspace::contents(&*self.system, &absolute, ReadAs::playbook_of(&self.db, self.workspace));
            SourceFile::new(&self.db, named, contents)
        }))
    }

    /// Returns what a file says that has no errors.
    pub(super) fn sound_playbook(&self, file: SourceFile) -> Result<&Playbook, EngineError> {
        let reading = playbook_reading(&self.db, file);
        match &reading.value {
            Some(playbook) if !has_errors(&reading.diagnostics) => Ok(playbook),
            _ => {
                let diagnostics = reading.diagnostics.iter().filter(|fault| fault.is_error()).cloned();
                Err(EngineError { diagnostics: diagnostics.collect(), is_strict: false })
            }
        }
    }

    /// Returns a path as it is seen from the folder of playbooks it lies in.
    pub(super) fn below_roots(&self, path: &WsPath) -> Option<String> {
        let roots = workspace::playbook_roots(&self.root, &self.db, self.workspace);
        let root = roots.iter().filter(|root| path.is_below(root)).max_by_key(|root| root.as_str().len())?;
        path.as_str().strip_prefix(root.as_str()).map(|rest| rest.trim_start_matches('/').to_owned())
    }

    /// Returns the folder that playbooks are put into: the first there is, else the usual one.
    fn playbook_folder(&self) -> PathBuf {
        let roots = workspace::playbook_roots(&self.root, &self.db, self.workspace);
        let is_folder = |root: &&WsPath| {
            let stat = self.system.stat_target(&root.to_absolute(&self.root));
            stat.is_ok_and(|stat| stat.kind == FileKind::Directory)
        };
        let found = roots.iter().find(is_folder).or(roots.first());
        found.map_or_else(|| self.root.join("playbooks"), |root| root.to_absolute(&self.root))
    }
}

fn one_place_for_two(target: &Path, first: &WsPath, second: &WsPath) -> Diagnostic {
    let message = format!("`{}` is the place of both `{first}` and `{second}`", target.display());
    let help = format!("convert `{second}` by itself, with a file of another name as `--output`");
    Diagnostic::error(code::USAGE, message).help(help)
}

/// Collects where two values differ: tables by name, lists by place.
fn differences(one: Option<&Value>, other: Option<&Value>, at: &str, found: &mut Vec<FieldDifference>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match (one, other) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            for (name, value) in one {
                differences(Some(value), other.get(name), &format!("{at}/{}", escaped(name)), found);
            }
            for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
                differences(None, Some(value), &format!("{at}/{}", escaped(name)), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for index in 0..one.len().max(other.len()) {
                differences(one.get(index), other.get(index), &format!("{at}/{index}"), found);
            }
        }
        _ if one == other => {}
        _ => found.push(FieldDifference { at: at.to_owned(), one: one.cloned(), other: other.cloned() }),
    }
}

#[cfg(test)]
mod tests;
