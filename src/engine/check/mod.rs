//! Checks every file az reads, and what planning with them would say; runs nothing.
//!
//! Knows which file a fault belongs to. Does not know how faults are worded: whoever finds one does.

mod declared;
mod findings;
mod fix;
mod folders;
mod simulate;
mod stages;
mod strays;
mod targets;
mod unused;

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use findings::Findings;
pub use fix::{Mended, MendedFile};
use targets::Targets;

use super::{Ask, Engine, EngineError};
use crate::{
    db::SourceFile,
    diag::{Diagnostic, Severity, code, has_errors},
    model::{
        query::{config, playbook_reading, rule_file, script_reading, text},
        rule::duplicate_kinds,
    },
    plan::{Plan, Planned, rule_matches},
};

/// What is to be checked, and how strictly.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Paths and selections; everything if there are none.
    pub words: Vec<String>,
    /// The folder that relative paths are seen from.
    pub folder: PathBuf,
    /// Warnings count as errors.
    pub strict: bool,
    /// The value of the variable `environment`.
    pub environment: Option<String>,
    /// A program that is needed and not installed here is an error.
    pub needs_programs: bool,
    /// Playbooks are planned under each of their profiles too.
    pub simulate: bool,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The files, in the order configuration, rules, scripts, playbooks.
    pub files: Vec<CheckedFile>,
    /// What belongs to no single file.
    pub diagnostics: Vec<Diagnostic>,
    /// What az exits with.
    pub exit_code: u8,
}

/// A file that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFile {
    /// Relative to the workspace if it lies inside, else absolute.
    pub path: String,
    /// The format of a playbook, the kind of a script, `config` or `rules`.
    pub format: Option<String>,
    /// How many steps a playbook comes to.
    pub nodes: Option<usize>,
    /// What is wrong or doubtful, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Returns all diagnostics with those of no file last.
    pub fn all(&self) -> impl Iterator<Item = &Diagnostic> {
        self.files.iter().flat_map(|file| &file.diagnostics).chain(&self.diagnostics)
    }

    /// Returns how many diagnostics are this bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.all().filter(|fault| fault.severity == severity).count()
    }
}

impl Engine {
    /// Checks files: each by itself, then as a part of a plan.
    ///
    /// # Errors
    /// If what is to be checked cannot be read or found.
    pub fn check(&self, options: &CheckOptions) -> Result<Checked, EngineError> {
        Ok(self.check_targets(&self.targets(options)?, options))
    }

    fn check_targets(&self, targets: &Targets, options: &CheckOptions) -> Checked {
        let mut findings = Findings::default();
        self.read_all(targets, &mut findings);
        for file in &targets.playbooks {
            self.plan_playbook(targets, options, *file, &mut findings);
        }
        if !targets.scripts.is_empty() {
            self.plan_scripts(targets, options, &mut findings);
        }
        if targets.is_whole {
            strays::check(self, &mut findings);
        }
        stages::check(&self.db, targets.workspace, &mut findings);
        declared::check(self, targets, &mut findings);
        unused::check(self, targets, &mut findings);
        folders::check(self, targets, &mut findings);
        findings.finish(options.strict)
    }

    /// Tells what is wrong in each file by itself.
    fn read_all(&self, targets: &Targets, findings: &mut Findings) {
        let (db, workspace) = (&self.db, targets.workspace);
        let wanted: HashSet<&SourceFile> = targets.scripts.iter().chain(&targets.playbooks).collect();
        let path = |file: SourceFile| file.path(db).to_string();
        let configured = workspace.config(db);
        let is_there = text(db, configured).is_readable || text(db, configured).diagnostic.is_some();
        let is_wanted = targets.is_whole || targets.rules.contains(&configured);
        findings.file(path(configured), Some("config"), is_wanted && is_there);
        findings.add_all(config(db, workspace).diagnostics.iter().cloned(), Some(configured.path(db)));
        let mut readings = Vec::new();
        for file in workspace.rules(db) {
            findings.file(path(*file), Some("rules"), targets.is_whole || targets.rules.contains(file));
            findings.add_all(rule_file(db, *file).diagnostics.iter().cloned(), Some(file.path(db)));
            readings.push((Arc::clone(&text(db, *file).source), rule_file(db, *file).clone()));
        }
        findings.add_all(duplicate_kinds(&readings), None);
        findings.add_all(rule_matches(db, workspace).diagnostics.iter().cloned(), None);
        for file in workspace.scripts(db) {
            let reading = script_reading(db, workspace, *file).as_ref();
            let kind = reading.and_then(|reading| reading.script.kind.as_deref());
            findings.file(path(*file), kind, wanted.contains(file));
            let faults = reading.map(|reading| reading.diagnostics.clone()).unwrap_or_default();
            let faults = faults.into_iter().chain(text(db, *file).diagnostic.clone());
            findings.add_all(faults, Some(file.path(db)));
        }
        for file in workspace.playbooks(db) {
            let reading = playbook_reading(db, *file);
            let format = reading.value.as_ref().map(|playbook| playbook.format.as_str());
            findings.file(path(*file), format, wanted.contains(file));
            findings.add_all(reading.diagnostics.iter().cloned(), Some(file.path(db)));
        }
    }

    /// Tells what is wrong when a playbook is planned.
    fn plan_playbook(
        &self,
        targets: &Targets,
        options: &CheckOptions,
        file: SourceFile,
        findings: &mut Findings,
    ) {
        let path = file.path(&self.db);
        let ask = options.ask(vec![path.to_string()]);
        let planned = self.planned_in(targets.workspace, &ask);
        // A playbook that cannot be read comes to no steps, which its own faults tell better.
        let is_read = !has_errors(&playbook_reading(&self.db, file).diagnostics);
        let faults =
            planned.diagnostics.iter().filter(|fault| is_read || fault.code != code::NOTHING_SELECTED);
        findings.add_all(faults.cloned(), Some(path));
        if options.simulate {
            findings.add_all(self.under_profiles(targets, options, file, &planned), Some(path));
        }
        findings.add_all(options.weighed(self.missing_tools(&planned.tools)), Some(path));
        if let Some(plan) = planned.plan {
            findings.count_nodes(path, plan.nodes.len());
            // Interpreters of scripts are told once, for all scripts.
            let is_told = |node: &crate::plan::Node| targets.is_whole && node.script.is_some();
            let nodes = plan.nodes.iter().filter(|node| !is_told(node)).cloned().collect();
            let plan = Arc::new(Plan { nodes, ..Plan::clone(&plan) });
            findings.add_all(options.weighed(self.missing_interpreters(&plan)), Some(path));
        }
    }

    /// Tells what is wrong when the scripts to be checked are planned, each as if it were selected.
    fn plan_scripts(&self, targets: &Targets, options: &CheckOptions, findings: &mut Findings) {
        let paths = targets.scripts.iter().map(|file| file.path(&self.db).to_string());
        let ask = options.ask(paths.collect());
        let Planned { plan, tools, diagnostics, .. } = self.planned_in(targets.workspace, &ask);
        // The selection is az's own, so what it does not find is no fault of a file.
        let is_of_selection = |fault: &Diagnostic| {
            fault.code == code::NOTHING_SELECTED
                || fault
                    .source
                    .as_ref()
                    .is_some_and(|source| &*source.name == crate::text::sequence::COMMAND_LINE)
        };
        findings.add_all(diagnostics.into_iter().filter(|fault| !is_of_selection(fault)), None);
        findings.add_all(options.weighed(self.missing_tools(&tools)), None);
        if let Some(plan) = plan {
            findings.add_all(options.weighed(self.missing_interpreters(&plan)), None);
        }
    }

    /// Returns a fault for each program that is not installed here.
    fn missing_interpreters(&self, plan: &Arc<Plan>) -> Vec<Diagnostic> {
        // Of a script without a kind it is told that it has none, which is the cause.
        let nodes = plan.nodes.iter().filter(|node| !node.is_own_program()).cloned().collect();
        let plan = Arc::new(Plan { nodes, ..Plan::clone(plan) });
        self.prepare(&Ask::default(), &plan).1
    }
}

impl CheckOptions {
    /// Asks for files by their paths, as a run in the environment would.
    fn ask(&self, paths: Vec<String>) -> Ask {
        let environment = self.environment.iter();
        let variables = environment.map(|name| ("environment".to_owned(), name.as_str().into()));
        Ask { arguments: paths, are_paths: true, variables: variables.collect(), ..Ask::default() }
    }

    /// Weighs what is not installed: a program may be where the playbook is to run, and need not be here.
    fn weighed(&self, missing: Vec<Diagnostic>) -> impl Iterator<Item = Diagnostic> {
        let severity = if self.needs_programs { Severity::Error } else { Severity::Warning };
        missing.into_iter().map(move |fault| Diagnostic { severity, ..fault })
    }
}
