//! Turns what steps were seen to do into declarations: in the headers of their scripts, or as rules.
//!
//! Knows which scripts are meant, that a plan must still be possible, and how a file is replaced. Does not know how a
//! header is written.

mod globs;
mod wish;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use globs::summed_up;
use wish::{Wish, wishes};

use super::{Ask, CheckOptions, Engine, EngineError};
use crate::{
    base::{ScriptNumber, WsPath},
    db::{Contents, SourceFile, Workspace},
    diag::{Diagnostic, code},
    fingerprint::Disk,
    model::query::{catalog, rules, script_reading, text},
    plan::{Node, Plan},
    sys,
    text::script::{CommentStyle, Declarations},
};

/// Where declarations go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeclareTo {
    /// Into the headers of the scripts.
    #[default]
    Headers,
    /// Nowhere: headers are only worked out.
    DryRun,
    /// Nowhere: they are to be shown as rules.
    Rules,
}

/// What is to be declared.
#[derive(Debug, Clone, Default)]
pub struct DeclareOptions {
    /// Paths and selections; all scripts if there are none.
    pub words: Vec<String>,
    /// The folder that relative paths are seen from.
    pub folder: PathBuf,
    /// Where it goes.
    pub to: DeclareTo,
}

/// What was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The scripts, in the order of the plan.
    pub scripts: Vec<DeclaredScript>,
    /// Steps of which nothing can be declared, each with the reason.
    pub skipped: Vec<(String, String)>,
    /// What could not be written, and what else is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// A script and what it declares now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredScript {
    /// Its path.
    pub path: WsPath,
    /// Its number.
    pub number: ScriptNumber,
    /// What it declares; nothing where its lines stay as they are.
    pub declarations: Declarations,
    /// What its declarations do not say.
    pub remarks: Vec<String>,
    /// Its text as it was.
    pub before: String,
    /// Its text as it is to be.
    pub after: String,
    /// The text was written.
    pub is_written: bool,
}

impl Engine {
    /// Declares what steps were last seen to read, make and look up.
    ///
    /// # Errors
    /// If what is asked for cannot be found, or nothing can be planned, before or with the declarations.
    pub fn declare(&self, options: &DeclareOptions) -> Result<Declared, EngineError> {
        let targets = self.targets(&CheckOptions {
            words: options.words.clone(),
            folder: options.folder.clone(),
            ..CheckOptions::default()
        })?;
        let plan = self.plan_of("*", targets.workspace)?;
        let cache = self.open_cache();
        let wishes = wishes(self, &cache, &plan.nodes);
        let mut declared = Declared { scripts: Vec::new(), skipped: Vec::new(), diagnostics: Vec::new() };
        for (node, wish) in plan.nodes.iter().zip(wishes) {
            let file = targets.scripts.iter().find(|file| node.script.as_ref() == Some(file.path(&self.db)));
            let Some(file) = file else { continue };
            match wish.and_then(|wish| self.declared(targets.workspace, *file, node, wish, &cache.disk)) {
                Ok(script) => declared.scripts.push(script),
                Err(why) => declared.skipped.push((node.id.clone(), why)),
            }
        }
        declared.skipped.extend(self.inline_steps(&targets.playbooks, targets.workspace));
        if declared.scripts.is_empty() && declared.skipped.is_empty() {
            let fault =
                Diagnostic::error(code::NOTHING_SELECTED, "there is no script to declare anything of");
            return Err(fault.help("add a script such as scripts/0100_hello.sh, and run it").into());
        }
        match options.to {
            DeclareTo::Rules => self.skip_ambiguous(targets.workspace, &mut declared),
            to => {
                self.try_plan(targets.workspace, &declared.scripts)?;
                if to == DeclareTo::Headers {
                    self.write(&mut declared);
                }
            }
        }
        Ok(declared)
    }

    fn plan_of(&self, word: &str, workspace: Workspace) -> Result<Arc<Plan>, EngineError> {
        let planned = self.planned_in(workspace, &Ask { arguments: vec![word.to_owned()], ..Ask::default() });
        planned.plan.ok_or(EngineError { diagnostics: planned.diagnostics, is_strict: false })
    }

    /// Works out what a script is to say.
    fn declared(
        &self,
        workspace: Workspace,
        file: SourceFile,
        node: &Node,
        wish: Wish,
        disk: &Disk,
    ) -> Result<DeclaredScript, String> {
        let unnamed = || "it uses a path that no declaration can name".to_owned();
        let listed = |paths| summed_up(disk, paths).ok_or_else(unnamed);
        let Wish { inputs, outputs, env, remarks, .. } = wish;
        let header = script_reading(&self.db, workspace, file).as_ref().map(|reading| &reading.header);
        let known = header.and_then(|header| header.env.as_ref()).into_iter().flatten();
        let known: Vec<String> = known.map(|name| name.value.clone()).collect();
        let news: Vec<String> =
            env.into_iter().filter(|name| !node.settings.use_env.contains(name)).collect();
        let declarations = Declarations {
            inputs: Some(listed(&inputs)?),
            outputs: outputs.as_ref().map(listed).transpose()?,
            env: (!news.is_empty()).then(|| [known, news].concat()),
        };
        let before = &text(&self.db, file).source.text;
        let kinds = &rules(&self.db, workspace).kinds;
        let style =
            kinds.of_path(file.path(&self.db)).map_or_else(CommentStyle::hash, |kind| kind.comments.clone());
        let after = declarations.write_into(before, &style);
        Ok(DeclaredScript {
            path: file.path(&self.db).clone(),
            number: node.number.ok_or_else(unnamed)?,
            declarations,
            remarks,
            before: before.to_string(),
            after: after.ok_or("its header cannot say what it reads and makes")?,
            is_written: false,
        })
    }

    /// Returns the steps of playbooks that are no scripts.
    fn inline_steps(&self, playbooks: &[SourceFile], workspace: Workspace) -> Vec<(String, String)> {
        let mut steps = Vec::new();
        for file in playbooks {
            let arguments = vec![file.path(&self.db).to_string()];
            let planned = self.planned_in(workspace, &Ask { arguments, ..Ask::default() });
            let inline =
                planned.plan.iter().flat_map(|plan| &plan.nodes).filter(|node| node.script.is_none());
            let why = "it is written in a playbook and has no header; declare there what it reads and makes";
            steps.extend(inline.map(|node| (node.identity.clone(), why.to_owned())));
        }
        steps
    }

    /// A rule selects by number, so it cannot tell two scripts of one number apart.
    fn skip_ambiguous(&self, workspace: Workspace, declared: &mut Declared) {
        let mut counts: BTreeMap<ScriptNumber, usize> = BTreeMap::new();
        for (_, script) in &catalog(&self.db, workspace).scripts {
            *counts.entry(script.number).or_default() += 1;
        }
        declared.scripts.retain(|script| {
            let is_alone = counts.get(&script.number) == Some(&1);
            if !is_alone {
                let why = format!("several scripts have the number {}, by which rules select", script.number);
                declared.skipped.push((script.path.to_string(), why));
            }
            is_alone
        });
    }

    /// Plans as if the scripts had their new text, so that no declaration makes impossible what was possible.
    fn try_plan(&self, workspace: Workspace, scripts: &[DeclaredScript]) -> Result<(), EngineError> {
        let db = &self.db;
        let new = |file: &SourceFile| {
            let script = scripts.iter().find(|script| script.path == *file.path(db));
            script.map_or(*file, |script| {
                SourceFile::new(db, script.path.clone(), Contents::Bytes(script.after.as_bytes().into()))
            })
        };
        let declared = Workspace::builder(
            Arc::clone(workspace.root(db)),
            workspace.scripts(db).iter().map(new).collect(),
            workspace.playbooks(db).clone(),
            workspace.rules(db).clone(),
            workspace.config(db),
            workspace.named_config(db),
            workspace.platform(db).clone(),
        )
        .environment(workspace.environment(db).clone())
        .new(db);
        self.plan_of("*", declared)?;
        for playbook in workspace.playbooks(db).iter().map(|file| file.path(db).as_str()) {
            if self.plan_of(playbook, workspace).is_ok() {
                self.plan_of(playbook, declared)?;
            }
        }
        Ok(())
    }

    fn write(&self, declared: &mut Declared) {
        for script in declared.scripts.iter_mut().filter(|script| script.before != script.after) {
            let path = script.path.to_absolute(&self.root);
            let (before, after) = (script.before.as_bytes(), script.after.as_bytes());
            // Nobody sees a part of it, and what somebody else wrote meanwhile stays.
            match sys::replace_unchanged(&*self.system, &path, before, after) {
                Ok(()) => script.is_written = true,
                Err(error) => {
                    let message = format!("`{}` cannot be written: {error}", script.path);
                    let help = "see to it that the file and its folder may be written, and declare again";
                    declared.diagnostics.push(Diagnostic::error(code::NOT_DECLARED, message).help(help));
                }
            }
        }
    }
}
