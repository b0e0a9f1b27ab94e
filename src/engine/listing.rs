//! What a workspace holds: scripts, playbooks, stages, tags.
//!
//! Reads headers and playbooks; plans nothing and looks at no other file. A file that is broken is listed too, with
//! its first error.

use std::collections::BTreeMap;

use super::{Engine, EngineError};
use crate::{
    base::{ScriptNumber, WsPath, quoted_list},
    db::SourceFile,
    diag::{Diagnostic, code, has_errors},
    model::{
        decode::Reading,
        playbook::{Body, Playbook},
        query::{catalog, playbook_reading, script_reading, text},
        script::{DEFAULT_STAGE, Script, script_name},
    },
    plan,
    text::sequence,
};

/// What a workspace holds, or what a selection takes of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// In ascending order of number, then path.
    pub scripts: Vec<ListedScript>,
    /// In ascending order of path; none if scripts were selected.
    pub playbooks: Vec<ListedPlaybook>,
    /// What the selection does not find.
    pub diagnostics: Vec<Diagnostic>,
}

/// A script as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedScript {
    /// Its number.
    pub number: ScriptNumber,
    /// Its file name without extension.
    pub name: String,
    /// Where it is.
    pub path: WsPath,
    /// The kind that says how it is run.
    pub kind: Option<String>,
    /// Its stage.
    pub stage: String,
    /// Its tags, as written.
    pub tags: Vec<String>,
    /// Its dependencies, as written.
    pub dependencies: Vec<String>,
    /// Its condition, as written.
    pub condition: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Why it cannot be read.
    pub error: Option<String>,
}

/// A playbook as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPlaybook {
    /// Its file name without extension: what it is asked for by.
    pub name: String,
    /// Where it is.
    pub path: WsPath,
    /// The name of its format.
    pub format: Option<&'static str>,
    /// The shelf it stands on: its own word, else the name of the folder it lies in.
    pub category: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How many jobs it has, in a format with jobs.
    pub jobs: Option<usize>,
    /// How many steps or selections it has.
    pub steps: usize,
    /// What it is for.
    pub description: Option<String>,
    /// The first error in it.
    pub error: Option<String>,
}

impl Listing {
    /// Returns the stages and how many scripts each has, sorted by name; spellings that differ in case are one.
    pub fn stages(&self) -> Vec<(&str, usize)> {
        counted(self.scripts.iter().filter(|script| script.error.is_none()).map(|script| &*script.stage))
    }

    /// Returns the tags and how many scripts carry each, sorted by name; spellings that differ in case are one.
    pub fn tags(&self) -> Vec<(&str, usize)> {
        counted(self.scripts.iter().flat_map(|script| script.tags.iter().map(String::as_str)))
    }
}

fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut counts: BTreeMap<String, (&str, usize)> = BTreeMap::new();
    for name in names {
        counts.entry(name.to_ascii_lowercase()).or_insert((name, 0)).1 += 1;
    }
    counts.into_values().collect()
}

impl Engine {
    /// Lists everything, or the scripts that a selection names; O(scripts).
    ///
    /// # Errors
    /// If the selection cannot be read.
    pub fn list(&self, selection: &[String]) -> Result<Listing, EngineError> {
        let catalog = catalog(&self.db, self.workspace);
        let all = catalog.scripts.iter().map(|(file, script)| self.listed_script(*file, script));
        if selection.is_empty() {
            let mut scripts: Vec<ListedScript> = all.chain(self.unreadable_scripts()).collect();
            scripts.sort_by(|a, b| (a.number, &a.path).cmp(&(b.number, &b.path)));
            let files = self.workspace.playbooks(&self.db).iter();
            let playbooks = files.map(|file| self.listed_playbook(*file)).collect();
            return Ok(Listing { scripts, playbooks, diagnostics: Vec::new() });
        }
        let parsed = sequence::parse(selection);
        let source = std::sync::Arc::clone(&parsed.source);
        let (sequence, faults) = parsed.without_words();
        if has_errors(&faults) {
            return Err(EngineError { diagnostics: faults, is_strict: false });
        }
        let scripts: Vec<_> = catalog.scripts.iter().map(|(_, script)| script.clone()).collect();
        let selected = plan::select(&scripts, &sequence, &source);
        let listed = selected.scripts.iter().map(|index| &catalog.scripts[*index]);
        let scripts = listed.map(|(file, script)| self.listed_script(*file, script)).collect();
        Ok(Listing { scripts, playbooks: Vec::new(), diagnostics: selected.diagnostics })
    }

    /// Returns the path of the one script with this number, or whose number starts with these three digits, whether or
    /// not it can be read.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn script_called(&self, digits: &str) -> Result<WsPath, EngineError> {
        let paths = self.workspace.scripts(&self.db).iter().map(|file| file.path(&self.db));
        let mut scripts: Vec<(ScriptNumber, &WsPath)> =
            paths.filter_map(|path| Some((script_name(path.file_name())?.0, path))).collect();
        scripts.sort();
        let of_digits = scripts.iter().filter(|(number, _)| number.answers_to(digits));
        let found: Vec<&WsPath> = of_digits.map(|(_, path)| *path).collect();
        match found.as_slice() {
            [only] => Ok((*only).clone()),
            [] => Err(no_script_called(&scripts, digits).into()),
            several => {
                let message = format!("{} scripts have a number that starts with {digits}", several.len());
                let names = quoted_list(several.iter().take(12));
                let help = format!("say which: az build PATH, with one of {names}");
                Err(Diagnostic::error(code::AMBIGUOUS_NUMBER, message).help(help).into())
            }
        }
    }

    fn listed_script(&self, file: SourceFile, script: &Script) -> ListedScript {
        let reading = script_reading(&self.db, self.workspace, file).as_ref();
        let written = reading.map(|reading| {
            let entries = reading.header.dependencies.iter();
            entries.map(|entry| entry.span.of(&reading.source.text).trim().to_owned()).collect()
        });
        ListedScript {
            number: script.number,
            name: script.stem.clone(),
            path: script.path.clone(),
            kind: script.kind.clone(),
            stage: script.stage.clone(),
            tags: script.tags.clone(),
            dependencies: written.unwrap_or_default(),
            condition: script.condition.clone(),
            description: script.description.clone(),
            error: None,
        }
    }

    /// Returns the scripts whose text is not known, by what their file names say.
    fn unreadable_scripts(&self) -> impl Iterator<Item = ListedScript> + '_ {
        self.workspace.scripts(&self.db).iter().filter_map(|file| {
            let fault = text(&self.db, *file).diagnostic.as_ref()?;
            let path = file.path(&self.db);
            let (number, stem) = script_name(path.file_name())?;
            Some(ListedScript {
                number,
                name: stem.to_owned(),
                path: path.clone(),
                kind: None,
                stage: DEFAULT_STAGE.to_owned(),
                tags: Vec::new(),
                dependencies: Vec::new(),
                condition: None,
                description: None,
                error: Some(fault.message.clone()),
            })
        })
    }

    fn listed_playbook(&self, file: SourceFile) -> ListedPlaybook {
        let path = file.path(&self.db).clone();
        let Reading { value, diagnostics, .. } = playbook_reading(&self.db, file);
        let stem = path.stem().to_owned();
        let error = diagnostics.iter().find(|fault| fault.is_error()).map(|fault| fault.message.clone());
        let (jobs, steps) = value.as_ref().map_or((None, 0), size);
        let own = value.as_ref().and_then(|playbook| playbook.about.category.clone());
        let folder = self.below_roots(&path).and_then(|below| {
            let (folders, _) = below.rsplit_once('/')?;
            folders.rsplit('/').next().map(str::to_owned)
        });
        ListedPlaybook {
            name: stem,
            path,
            format: value.as_ref().map(|playbook| playbook.format.as_str()),
            category: own.or(folder),
            tags: value.as_ref().map(|playbook| playbook.tags.clone()).unwrap_or_default(),
            jobs,
            steps,
            description: value.as_ref().and_then(|playbook| playbook.description.clone()),
            error,
        }
    }
}

fn no_script_called(scripts: &[(ScriptNumber, &WsPath)], digits: &str) -> Diagnostic {
    let wanted: u16 = format!("{digits:0<4}").parse().unwrap_or_default();
    let closest = scripts.iter().min_by_key(|(number, _)| number.value().abs_diff(wanted));
    let message = format!("no script has a number that starts with {digits}");
    Diagnostic::error(code::NO_SUCH_NUMBER, message).help(match closest {
        Some((number, path)) => format!("the closest is `az {number}`, {path}; `az list` shows all"),
        None => "there are no scripts here; add one such as scripts/0100_hello.sh".to_owned(),
    })
}

/// Returns how many jobs and steps a playbook has.
fn size(playbook: &Playbook) -> (Option<usize>, usize) {
    match &playbook.body {
        Body::Sequence(items) => (None, items.len()),
        Body::Steps(job) => (Some(0), job.steps.len()),
        Body::Stages(jobs) | Body::Jobs(jobs) => {
            (Some(jobs.len()), jobs.iter().map(|job| job.steps.len()).sum())
        }
    }
}
