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
    base::{Span, plural},
    db::{SourceFile, Workspace},
    diag::{Diagnostic, Severity, Source, code, has_errors},
    model::{
        query::{config, playbook_reading, rule_file, script_reading, text},
        rule::duplicate_kinds,
    },
    plan::{Around, Plan, Planned, rule_matches},
    secret::Masks,
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
        let ask = ask_for(vec![path.to_string()]);
        let planned = self.planned_in(targets.workspace, &ask);
        let faults = self.faults_of_plan(targets.workspace, file, planned.diagnostics.clone());
        findings.add_all(faults, Some(path));
        if options.simulate {
            findings.add_all(self.under_profiles(targets, file, &planned), Some(path));
        }
        findings.add_all(options.weighed(self.missing_tools(&planned.tools)), Some(path));
        findings.add_all(planned.around.iter().flat_map(Around::unreadable), Some(path));
        if options.needs_programs {
            findings.add_all(self.unmet(&planned), Some(path));
        }
        if let Some(plan) = planned.plan {
            findings.count_nodes(path, plan.nodes.len());
            // Interpreters of scripts are told once, for all scripts.
            let is_told = |node: &crate::plan::Node| targets.is_whole && node.script.is_some();
            let nodes = plan.nodes.iter().filter(|node| !is_told(node)).cloned().collect();
            let plan = Arc::new(Plan { nodes, ..Plan::clone(&plan) });
            // Steps of playbooks have names that other playbooks have too.
            let of_this = |fault: Diagnostic| match &fault.source {
                Some(_) => fault,
                None => Diagnostic { message: format!("{} of {path}", fault.message), ..fault },
            };
            let missing = self.missing_interpreters(&plan).into_iter().map(of_this).collect();
            findings.add_all(options.weighed(missing), Some(path));
        }
    }

    /// Returns what planning a playbook tells, without what its text tells better by itself.
    fn faults_of_plan(
        &self,
        workspace: Workspace,
        file: SourceFile,
        found: Vec<Diagnostic>,
    ) -> impl Iterator<Item = Diagnostic> {
        let scripts = workspace.scripts(&self.db).len();
        let source = &text(&self.db, file).source;
        let reading = playbook_reading(&self.db, file);
        let has_told = |code| reading.diagnostics.iter().any(|fault| fault.code == code);
        // One that cannot be read, or is not acted on, comes to no steps.
        let is_empty_for_a_reason = has_errors(&reading.diagnostics) || has_told(code::UNSUPPORTED_FIELD);
        let is_circle = has_told(code::CYCLE);
        let body = reading.tree.as_ref().and_then(|tree| BODIES.iter().find_map(|body| tree.find(body)));
        let body = body.map(|body| body.span);
        found.into_iter().filter_map(move |fault| match fault.code {
            code::NOTHING_SELECTED if is_empty_for_a_reason => None,
            code::NOTHING_SELECTED => Some(selects_nothing(source, body, scripts)),
            code::CYCLE if is_circle => None,
            _ => Some(fault),
        })
    }

    /// Tells what is wrong when the scripts to be checked are planned, each as if it were selected.
    fn plan_scripts(&self, targets: &Targets, options: &CheckOptions, findings: &mut Findings) {
        let paths = targets.scripts.iter().map(|file| file.path(&self.db).to_string());
        let ask = ask_for(paths.collect());
        let Planned { plan, tools, diagnostics, .. } = self.planned_in(targets.workspace, &ask);
        // The selection is az's own, so what it does not find is no fault of a file.
        let is_of_selection = |fault: &Diagnostic| {
            // Who runs a script alone gives it what it needs.
            matches!(fault.code, code::NOTHING_SELECTED | code::MISSING_PARAMETER)
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
        self.prepare(&Ask::default(), &plan, &Masks::default()).1
    }
}

/// Where a playbook says what it runs, as JSON pointers.
const BODIES: [&str; 5] = ["/sequence", "/stages", "/orchestration/jobs", "/orchestration/stages", "/steps"];

/// Words that nothing is left of what a playbook selects.
fn selects_nothing(source: &Arc<Source>, body: Option<Span>, scripts: usize) -> Diagnostic {
    let fault = Diagnostic::warning(code::NOTHING_SELECTED, "the playbook selects no script").source(source);
    let help = match scripts {
        0 => "add a script such as scripts/0100_hello.sh".to_owned(),
        _ => format!("`az list` shows the {} there are", plural(scripts, "script")),
    };
    let fault = fault.help(help);
    let Some(body) = body else { return fault };
    let line = body.of(&source.text).lines().next().unwrap_or_default();
    fault.label(Span::new(body.start, body.start + line.len()), "leaves nothing")
}

/// Asks for files by their paths.
fn ask_for(paths: Vec<String>) -> Ask {
    Ask { arguments: paths, are_paths: true, ..Ask::default() }
}

impl CheckOptions {
    /// Weighs what is not installed: a program may be where the playbook is to run, and need not be here.
    fn weighed(&self, missing: Vec<Diagnostic>) -> impl Iterator<Item = Diagnostic> {
        let severity = if self.needs_programs { Severity::Error } else { Severity::Warning };
        missing.into_iter().map(move |fault| Diagnostic { severity, ..fault })
    }
}
