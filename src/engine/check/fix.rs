//! Mends what the diagnostics of a check say how to mend.
//!
//! Works out new texts round by round and keeps those with which no file has more errors; writes them when asked to.
//! Does not know what is wrong in a file: only the edits that came with it.

use std::{collections::BTreeMap, io, sync::Arc};

use super::{CheckOptions, Checked, Engine, EngineError, Targets};
use crate::{
    base::{Span, WsPath, plural},
    db::{Contents, SourceFile},
    diag::{Diagnostic, Edit, Edited, Source, apply, code},
    model::query::{config, playbook_reading, rule_file, script_reading},
    sys,
    text::pattern::PRIVATE_FOLDERS,
};

/// How often the mended files are looked at again: one edit may uncover what another mends.
const ROUNDS: usize = 10;

/// What can be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The files that differ, in the order of the check.
    pub files: Vec<MendedFile>,
    /// The check of the files as they were found.
    pub checked: Checked,
    /// What could not be mended, and why.
    pub diagnostics: Vec<Diagnostic>,
}

/// A file with its mended text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendedFile {
    /// Relative to the workspace.
    pub path: String,
    /// Its text as it was found.
    pub before: Arc<str>,
    /// Its text as it is to be.
    pub after: Arc<str>,
    /// How many mistakes are mended.
    pub mistakes: usize,
    /// The text was written.
    pub is_written: bool,
    /// Where the first edit is.
    first: Span,
}

/// How bad a file is; nothing may get worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Weight {
    /// It has a syntax that cannot be read, which hides all else.
    is_unreadable: bool,
    /// Errors in the file by itself, which hide those of planning.
    of_reading: usize,
    /// All errors.
    errors: usize,
}

impl Weight {
    fn is_above(self, other: Self) -> bool {
        (self.is_unreadable && !other.is_unreadable)
            || self.of_reading > other.of_reading
            || (self.of_reading == other.of_reading && self.errors > other.errors)
    }
}

/// Stands for what belongs to no single file.
const ALL: &str = "the whole";

/// Returns a file that has more errors with the others mended.
///
/// Where a mended file can be read that could not, planning goes further, and what it then finds elsewhere was there.
fn worse_than<'a>(at_first: &BTreeMap<String, Weight>, now: &'a BTreeMap<String, Weight>) -> Option<&'a str> {
    let was = |path: &String| at_first.get(path).copied().unwrap_or_default();
    let goes_further = now.iter().any(|(path, weight)| weight.of_reading < was(path).of_reading);
    let worse = now.iter().find(|(path, weight)| weight.is_above(was(path)))?;
    if goes_further { None } else { Some(worse.0) }
}

/// A file that is being mended.
struct Work {
    source: Arc<Source>,
    /// The text of the last round, and how many edits made it.
    last: Edited,
    /// That of the last round in which the file had no more errors than at first.
    good: Edited,
    /// Why no edit is made in it, if none may be.
    refused: Option<Diagnostic>,
    first: Span,
}

/// All files that were asked for, and those that are being mended, by the names their diagnostics have.
struct Mending {
    files: BTreeMap<String, SourceFile>,
    work: BTreeMap<String, Work>,
}

impl Engine {
    /// Works out texts in which nothing is left that az can mend; writes nothing.
    ///
    /// Edits that would leave a file with more errors than it has are not made, and that is said.
    ///
    /// # Errors
    /// As [`Engine::check`].
    pub fn mend(&mut self, options: &CheckOptions) -> Result<Mended, EngineError> {
        let targets = self.targets(options)?;
        let checked = self.check_targets(&targets, options);
        let lenient = CheckOptions { strict: false, ..options.clone() };
        let mut now = self.check_targets(&targets, &lenient);
        let at_first = self.weights(&targets, &now);
        let mut mending = Mending { files: self.mendable(&targets), work: BTreeMap::new() };
        for _ in 0..ROUNDS {
            if !mending.edit(self, &now) {
                break;
            }
            now = self.check_targets(&targets, &lenient);
            mending.keep_what_is_good(&at_first, &self.weights(&targets, &now));
        }
        let mut diagnostics = mending.settle(self);
        let settled = self.weights(&targets, &self.check_targets(&targets, &lenient));
        if let Some(path) = worse_than(&at_first, &settled) {
            diagnostics.extend(mending.give_up(path));
        }
        let position = |path: &str| checked.files.iter().position(|file| file.path == path);
        let mut files = mending.into_files();
        files.sort_by_key(|file| position(&file.path));
        Ok(Mended { files, checked, diagnostics })
    }

    /// Writes the mended texts; what cannot be written is told, and the others are.
    pub fn write_mended(&self, mended: &mut Mended) {
        for file in &mut mended.files {
            match self.write_mended_file(file) {
                Ok(()) => file.is_written = true,
                Err(error) => {
                    let source = Arc::new(Source::new(file.path.as_str(), Arc::clone(&file.before)));
                    let message = format!("`{}` cannot be written: {error}", file.path);
                    let fault = Diagnostic::error(code::NOT_MENDED, message).source(&source).at(file.first);
                    let help = "see to it that the file and its folder may be written, and run `az check --fix` again";
                    mended.diagnostics.push(fault.help(help));
                }
            }
        }
    }

    fn write_mended_file(&self, file: &MendedFile) -> io::Result<()> {
        let path = WsPath::root().join(&file.path).to_absolute(&self.root);
        let (before, after) = (file.before.as_bytes(), file.after.as_bytes());
        // A file that has two names may be mended already.
        if self.system.read(&path)? == after {
            return Ok(());
        }
        sys::replace_unchanged(&*self.system, &path, before, after)
    }

    fn set_text(&mut self, file: SourceFile, text: &str) {
        self.db.set_contents(file, Contents::Bytes(text.as_bytes().into()));
    }

    fn mendable(&self, targets: &Targets) -> BTreeMap<String, SourceFile> {
        let (db, workspace) = (&self.db, targets.workspace);
        let of_workspace: &[SourceFile] = if targets.is_whole { workspace.rules(db) } else { &[] };
        let config = targets.is_whole.then(|| workspace.config(db));
        let asked = targets.rules.iter().chain(&targets.scripts).chain(&targets.playbooks);
        let files = of_workspace.iter().chain(&config).chain(asked);
        files.map(|file| (file.path(db).to_string(), *file)).collect()
    }

    /// Returns how bad each file is that was asked for, or has errors.
    fn weights(&self, targets: &Targets, checked: &Checked) -> BTreeMap<String, Weight> {
        let (db, workspace) = (&self.db, targets.workspace);
        let mut of_reading: BTreeMap<&str, &[Diagnostic]> = BTreeMap::new();
        of_reading.insert(workspace.config(db).path(db).as_str(), &config(db, workspace).diagnostics);
        for file in workspace.rules(db) {
            of_reading.insert(file.path(db).as_str(), &rule_file(db, *file).diagnostics);
        }
        for file in workspace.scripts(db) {
            if let Some(reading) = script_reading(db, workspace, *file) {
                of_reading.insert(file.path(db).as_str(), &reading.diagnostics);
            }
        }
        for file in workspace.playbooks(db) {
            of_reading.insert(file.path(db).as_str(), &playbook_reading(db, *file).diagnostics);
        }
        let errors = |faults: &[Diagnostic]| faults.iter().filter(|fault| fault.is_error()).count();
        let weight = |path: &str, all: &[Diagnostic]| Weight {
            is_unreadable: all.iter().any(|fault| fault.code == code::SYNTAX),
            of_reading: errors(of_reading.get(path).copied().unwrap_or_default()),
            errors: errors(all),
        };
        let files = checked.files.iter();
        let of_files = files.map(|file| (file.path.clone(), weight(&file.path, &file.diagnostics)));
        of_files.chain([(ALL.to_owned(), weight(ALL, &checked.diagnostics))]).collect()
    }

    /// Tells why nothing may be written into a file, and what to do.
    fn refusal(&self, path: &str) -> Option<(String, String)> {
        let path = WsPath::new(&self.root, &WsPath::root(), path);
        let absolute = path.to_absolute(&self.root);
        let real = self.system.canonicalize(&absolute).ok()?;
        let real = WsPath::new(&self.root, &WsPath::root(), real);
        if !real.is_inside() {
            let help = "start az in the folder the file belongs to, or edit it by hand".to_owned();
            let at = if path == real { String::new() } else { format!(" at `{real}`") };
            return Some((format!("it lies{at} outside the workspace"), help));
        }
        if let Some(folder) = real.as_str().split('/').find(|part| PRIVATE_FOLDERS.contains(part)) {
            return Some((
                format!("it lies in {folder}"),
                format!("move it elsewhere; az check writes nothing into {folder}"),
            ));
        }
        let stat = self.system.stat_target(&absolute).ok()?;
        let is_read_only = stat.mode & 0o222 == 0;
        is_read_only.then(|| ("it is read-only".to_owned(), format!("make it writable: chmod u+w '{path}'")))
    }
}

impl Mending {
    /// Makes the edits that came with a check, in memory; tells whether there were any.
    fn edit(&mut self, engine: &mut Engine, checked: &Checked) -> bool {
        let mut edits: BTreeMap<&str, (&Arc<Source>, Vec<&[Edit]>)> = BTreeMap::new();
        for fault in checked.all().filter(|fault| !fault.edits.is_empty()) {
            if let Some(source) = &fault.source
                && self.files.contains_key(&*source.name)
            {
                edits.entry(&source.name).or_insert_with(|| (source, Vec::new())).1.push(&fault.edits);
            }
        }
        let mut is_changed = false;
        for (path, (source, groups)) in edits {
            let work = self.work.entry(path.to_owned()).or_insert_with(|| {
                let first = groups.iter().flat_map(|group| group.iter()).map(|edit| edit.span).min();
                let first = first.unwrap_or_default();
                Work::new(source, engine.refusal(path), first)
            });
            if work.refused.is_some() {
                continue;
            }
            if let Some(edited) = apply(&work.last.text, groups) {
                engine.set_text(self.files[path], &edited.text);
                work.last = Edited { made: work.last.made + edited.made, ..edited };
                is_changed = true;
            }
        }
        is_changed
    }

    /// Remembers the texts with which a file has no more errors than at first.
    fn keep_what_is_good(&mut self, at_first: &BTreeMap<String, Weight>, now: &BTreeMap<String, Weight>) {
        let weight = |all: &BTreeMap<String, Weight>, path| all.get(path).copied().unwrap_or_default();
        for (path, work) in &mut self.work {
            if !weight(now, path).is_above(weight(at_first, path)) {
                work.good = work.last.clone();
            }
        }
    }

    /// Goes back to the texts that are good; returns what is to be said of those that could not be mended.
    fn settle(&mut self, engine: &mut Engine) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        for (path, work) in &mut self.work {
            told.extend(work.refused.clone());
            if work.good != work.last {
                engine.set_text(self.files[path], &work.good.text);
                let given_up = work.last.made - work.good.made;
                let message = format!(
                    "{} of `{path}` cannot be mended by az: the file would have more errors",
                    plural(given_up, "mistake")
                );
                told.push(work.note(message, "mend them by hand, one after the other"));
            }
        }
        told
    }

    /// Leaves all files as they were, since `worse` has more errors with the others mended.
    fn give_up(&mut self, worse: &str) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        for (path, work) in self.work.iter_mut().filter(|(_, work)| work.good.made > 0) {
            work.good = Edited { text: work.source.text.to_string(), made: 0 };
            let message = format!("`{path}` is not mended: `{worse}` would have more errors");
            told.push(work.note(message, "mend it by hand, and look at both"));
        }
        told
    }

    fn into_files(self) -> Vec<MendedFile> {
        let work = self.work.into_iter().filter(|(_, work)| *work.good.text != *work.source.text);
        work.map(|(path, work)| MendedFile {
            path,
            before: Arc::clone(&work.source.text),
            after: work.good.text.into(),
            mistakes: work.good.made,
            is_written: false,
            first: work.first,
        })
        .collect()
    }
}

impl Work {
    fn new(source: &Arc<Source>, refusal: Option<(String, String)>, first: Span) -> Self {
        let unchanged = Edited { text: source.text.to_string(), made: 0 };
        let refused = refusal.map(|(why, help)| {
            let message = format!("`{}` is not mended: {why}", source.name);
            Diagnostic::error(code::NOT_MENDED, message).source(source).at(first).help(help)
        });
        Self { source: Arc::clone(source), last: unchanged.clone(), good: unchanged, refused, first }
    }

    fn note(&self, message: String, help: &str) -> Diagnostic {
        Diagnostic::note(code::NOT_MENDED, message).source(&self.source).at(self.first).help(help)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sys::{Memory, System};

    const BAD: &str = "{\"sequnce\": [\"0100\"]}";

    fn world() -> Arc<Memory> {
        let memory = Memory::new();
        memory.file("/w/az.toml", "").file("/w/scripts/0100_a.sh", "true\n");
        memory.file("/w/playbooks/a.json", BAD).file("/w/playbooks/b.json", BAD);
        Arc::new(memory)
    }

    #[test]
    fn what_somebody_writes_meanwhile_is_kept_and_the_others_are_mended() {
        let memory = world();
        let mut engine = Engine::open(Arc::clone(&memory) as Arc<dyn System>, Path::new("/w")).unwrap();
        let mut mended = engine.mend(&CheckOptions::default()).unwrap();
        assert_eq!(mended.files.len(), 2);
        let read = |path: &str| String::from_utf8(memory.read(Path::new(path)).unwrap()).unwrap();
        assert_eq!(read("/w/playbooks/a.json"), BAD, "mending writes nothing by itself");
        let others = "{\"sequence\": [\"*\"]}";
        memory.file("/w/playbooks/a.json", others);
        engine.write_mended(&mut mended);
        assert_eq!(read("/w/playbooks/a.json"), others);
        assert_eq!(read("/w/playbooks/b.json"), BAD.replace("sequnce", "sequence"));
        assert_eq!(mended.files.iter().map(|file| file.is_written).collect::<Vec<_>>(), [false, true]);
        let fault = &mended.diagnostics[0];
        assert!(fault.is_error() && fault.message.contains("somebody changed it meanwhile"), "{fault:?}");
        assert_eq!(fault.labels[0].span, Span::new(1, 10), "the place of the first edit");
        let names = memory.list(Path::new("/w/playbooks")).unwrap();
        assert_eq!(names.len(), 2, "a temporary file was left: {names:?}");
    }

    #[test]
    fn nothing_may_get_worse() {
        let weight = |is_unreadable, of_reading, errors| Weight { is_unreadable, of_reading, errors };
        let before = weight(false, 2, 2);
        assert!(!before.is_above(before));
        assert!(weight(false, 3, 3).is_above(before));
        assert!(weight(true, 1, 1).is_above(before), "a syntax error hides the others");
        assert!(!weight(false, 1, 5).is_above(before), "planning tells more once the file can be read");
        assert!(weight(false, 2, 3).is_above(before));
    }
}
