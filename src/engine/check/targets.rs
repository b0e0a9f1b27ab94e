//! Which files are to be checked.
//!
//! Knows paths, selections and names of playbooks. A file outside the usual folders is checked as if it lay in one.

use std::{collections::HashSet, path::Path};

use super::{CheckOptions, Engine, EngineError};
use crate::{
    base::WsPath,
    db::{Contents, SourceFile, Workspace},
    diag::{Diagnostic, code, has_errors},
    engine::{
        Ask,
        workspace::{self, ReadAs},
    },
    model::{playbook::is_playbook, query::catalog, script::script_name},
    plan::{playbook_names, select},
    sys::FileKind,
    text::{document::Format, pattern::PRIVATE_FOLDERS, sequence},
};

/// The files to be checked.
pub(in crate::engine) struct Targets {
    /// The workspace, with the files outside its folders that were asked for.
    pub(in crate::engine) workspace: Workspace,
    /// Everything was asked for.
    pub(in crate::engine) is_whole: bool,
    pub(in crate::engine) rules: Vec<SourceFile>,
    pub(in crate::engine) scripts: Vec<SourceFile>,
    pub(in crate::engine) playbooks: Vec<SourceFile>,
}

impl Engine {
    /// Finds the files to be checked.
    pub(in crate::engine) fn targets(&self, options: &CheckOptions) -> Result<Targets, EngineError> {
        let (db, workspace) = (&self.db, self.workspace);
        let mut targets =
            Targets { workspace, is_whole: false, rules: vec![], scripts: vec![], playbooks: vec![] };
        if options.words.is_empty() {
            targets.is_whole = true;
            targets.scripts.clone_from(workspace.scripts(db));
            targets.playbooks.clone_from(workspace.playbooks(db));
            return Ok(targets);
        }
        let (mut selection, mut faults) = (Vec::new(), Vec::new());
        for word in &options.words {
            let path = options.folder.join(word);
            match self.system.stat_target(&path) {
                Ok(stat) if stat.kind == FileKind::Directory => self.add_folder(&path, &mut targets),
                Ok(_) => faults.extend(self.add_file(&path, &mut targets)),
                Err(_) => selection.push(word.clone()),
            }
        }
        if !selection.is_empty() {
            faults.extend(self.add_selection(selection, &mut targets));
        }
        self.adopt(&mut targets);
        if has_errors(&faults) {
            Err(EngineError { diagnostics: faults, is_strict: false })
        } else {
            Ok(targets)
        }
    }

    fn add_folder(&self, folder: &Path, targets: &mut Targets) {
        for entry in self.system.list(folder).unwrap_or_default() {
            let path = folder.join(&entry.name);
            let name = entry.name.to_string_lossy();
            if entry.kind != FileKind::Directory {
                // Of a folder only what az can check is meant.
                if !self.is_of_others(&path) {
                    _ = self.add_file(&path, targets);
                }
            } else if !PRIVATE_FOLDERS.contains(&&*name) {
                self.add_folder(&path, targets);
            }
        }
    }

    /// Tells whether a file in a folder that is checked as a whole is data of another program: it lies in no folder of
    /// playbooks or rules, and nothing in it makes it a playbook.
    fn is_of_others(&self, path: &Path) -> bool {
        let path = self.named(path);
        let known = self.workspace.playbooks(&self.db).iter().chain(self.workspace.rules(&self.db));
        let is_known = path == *self.workspace.config(&self.db).path(&self.db)
            || known.into_iter().any(|file| *file.path(&self.db) == path);
        let extension = path.extension();
        if is_known || extension.and_then(Format::from_extension).is_none() {
            return false;
        }
        let absolute = path.to_absolute(&self.root);
        let read_as = ReadAs::playbook_of(&self.db, self.workspace);
        let Contents::Bytes(bytes) = workspace::contents(&*self.system, &absolute, read_as) else {
            return true;
        };
        std::str::from_utf8(&bytes).map_or(true, |text| !is_playbook(text, Format::detect(extension, text)))
    }

    fn named(&self, path: &Path) -> WsPath {
        let absolute = self.system.canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        WsPath::new(&self.root, &WsPath::root(), absolute)
    }

    /// Adds a file; returns a fault if az cannot tell what it is.
    fn add_file(&self, path: &Path, targets: &mut Targets) -> Option<Diagnostic> {
        let (db, workspace) = (&self.db, self.workspace);
        let path = self.named(path);
        let known = |files: &[SourceFile]| files.iter().copied().find(|file| *file.path(db) == path);
        let extension = path.extension().unwrap_or_default();
        let file = |read_as| self.source_file(&path, read_as);
        if path == *workspace.config(db).path(db) {
            targets.rules.push(workspace.config(db));
        } else if let Some(file) = known(workspace.rules(db)) {
            targets.rules.push(file);
        } else if script_name(path.file_name()).is_some() && Format::from_extension(extension).is_none() {
            targets.scripts.push(known(workspace.scripts(db)).unwrap_or_else(|| file(ReadAs::Script)));
        } else if Format::from_extension(extension).is_some() {
            targets.playbooks.push(
                known(workspace.playbooks(db)).unwrap_or_else(|| file(ReadAs::playbook_of(db, workspace))),
            );
        } else {
            let fault = Diagnostic::error(code::UNKNOWN_FORMAT, format!("`{path}` is nothing az can check"));
            return Some(
                fault.help("name a playbook (.json, .yaml, .toml, .psd1) or a script (0100_hello.sh)"),
            );
        }
        None
    }

    fn source_file(&self, path: &WsPath, read_as: ReadAs) -> SourceFile {
        let contents = match workspace::contents(&*self.system, &path.to_absolute(&self.root), read_as) {
            Contents::Absent => Contents::Unreadable("it is a link that leads nowhere".into()),
            contents => contents,
        };
        SourceFile::new(&self.db, path.clone(), contents)
    }

    /// Adds what a selection names; returns what is wrong with it.
    fn add_selection(&self, words: Vec<String>, targets: &mut Targets) -> Vec<Diagnostic> {
        let (db, workspace) = (&self.db, self.workspace);
        let parsed = sequence::parse(&words);
        let planned = self.planned(&Ask { arguments: words, ..Ask::default() });
        let is_of_selection = |fault: &Diagnostic| {
            fault.source.as_ref().is_some_and(|source| &*source.name == sequence::COMMAND_LINE)
        };
        let scripts = &catalog(db, workspace).scripts;
        let values: Vec<_> = scripts.iter().map(|(_, script)| script.clone()).collect();
        let selected = select(&values, &parsed.sequence, &parsed.source).scripts;
        targets.scripts.extend(selected.into_iter().map(|index| scripts[index].0));
        for word in &parsed.words {
            let name = &word.name.value;
            let is_called = |called: &&str| called.eq_ignore_ascii_case(name);
            let found = playbook_names(db, workspace).into_iter().filter(|file| {
                let own = [file.path.as_str(), &file.stem, file.path.file_name()];
                own.iter().any(&is_called) || file.name.as_deref().as_ref().is_some_and(is_called)
            });
            targets.playbooks.extend(found.map(|file| file.file));
        }
        // A selection that finds nothing would check nothing and look as if all were well.
        let as_error = |fault: Diagnostic| fault.strict();
        let is_ambiguous = |fault: &Diagnostic| fault.code == code::AMBIGUOUS_NUMBER;
        planned
            .diagnostics
            .into_iter()
            .filter(is_of_selection)
            .filter(|f| !is_ambiguous(f))
            .map(as_error)
            .collect()
    }

    /// Makes the files outside the usual folders part of a workspace of their own.
    fn adopt(&self, targets: &mut Targets) {
        let (db, workspace) = (&self.db, self.workspace);
        let with = |known: &[SourceFile], wanted: &mut Vec<SourceFile>| {
            wanted.sort_by_key(|file| file.path(db).clone());
            wanted.dedup_by_key(|file| file.path(db).clone());
            let mut all = known.to_vec();
            let is_known: HashSet<&SourceFile> = known.iter().collect();
            all.extend(wanted.iter().filter(|file| !is_known.contains(file)));
            all
        };
        let scripts = with(workspace.scripts(db), &mut targets.scripts);
        let playbooks = with(workspace.playbooks(db), &mut targets.playbooks);
        if scripts.len() + playbooks.len() == workspace.scripts(db).len() + workspace.playbooks(db).len() {
            return;
        }
        targets.workspace = Workspace::builder(
            workspace.root(db).clone(),
            scripts,
            playbooks,
            workspace.rules(db).clone(),
            workspace.config(db),
            workspace.named_config(db),
            workspace.platform(db).clone(),
        )
        .environment(workspace.environment(db).clone())
        .new(db);
    }
}
