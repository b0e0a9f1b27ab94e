//! The inputs of the query graph, all of them, and the database that holds them.
//!
//! Knows what can be asked of the world before planning: files, the request, the environment, tools. Does not know
//! what they mean. Inputs are set only when they differ, since salsa takes every set for a change.

#![expect(missing_docs, reason = "salsa generates constructors and setters; every field is documented")]

use std::{collections::BTreeMap, path::Path, sync::Arc};

use salsa::Setter;
use serde_json::Value;

use crate::{
    base::{Env, Fetched, SecretPlace, WsPath},
    diag::Source,
    sys::Platform,
};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Contents {
    /// There is no file, which is an answer too.
    Absent,
    /// The system refused; the text says why.
    Unreadable(Arc<str>),
    /// It has more than this number of bytes, which is as much as az reads of such a file.
    TooLarge(u64),
    /// The bytes.
    Bytes(Arc<[u8]>),
}

/// A file whose text takes part in planning.
#[salsa::input(debug)]
pub struct SourceFile {
    /// Where it is.
    #[returns(ref)]
    pub path: WsPath,
    /// What is in it.
    #[returns(ref)]
    pub contents: Contents,
}

/// The files of a workspace that take part in planning.
#[salsa::input(debug)]
pub struct Workspace {
    /// The absolute path of its root.
    #[returns(ref)]
    pub root: Arc<Path>,
    /// Files named `NNNN_*` below the script roots, sorted by path.
    #[returns(ref)]
    pub scripts: Vec<SourceFile>,
    /// Files below the playbook roots whose extension is a data format's, sorted by path.
    #[returns(ref)]
    pub playbooks: Vec<SourceFile>,
    /// The repository's own `rules/*.toml`, sorted by path.
    #[returns(ref)]
    pub rules: Vec<SourceFile>,
    /// `az.toml`.
    #[returns(copy)]
    pub config: SourceFile,
    /// A configuration above `az.toml`, if one is named.
    #[returns(copy)]
    pub named_config: Option<SourceFile>,
    /// Where az runs.
    #[returns(ref)]
    pub platform: Platform,
    /// The environment it is planned for; nothing if none is named.
    #[default]
    #[returns(ref)]
    pub environment: Option<String>,
}

impl Workspace {
    /// Returns all files that take part in planning.
    pub fn files(self, db: &dyn Db) -> Vec<SourceFile> {
        let lists = [self.scripts(db), self.playbooks(db), self.rules(db)];
        let single = [Some(self.config(db)), self.named_config(db)];
        lists.into_iter().flatten().copied().chain(single.into_iter().flatten()).collect()
    }
}

/// What is asked for.
#[salsa::input(debug)]
pub struct Request {
    /// Selections and names of playbooks, as they were typed.
    #[returns(ref)]
    pub arguments: Vec<String>,
    /// The arguments are paths of scripts and playbooks instead, as they are.
    #[returns(copy)]
    pub are_paths: bool,
    /// Further selections, read from files or standard input.
    #[returns(ref)]
    pub lists: Vec<Arc<Source>>,
    /// Variables given on the command line.
    #[returns(ref)]
    pub variables: BTreeMap<String, Value>,
    /// The profile that playbooks run under.
    #[returns(ref)]
    pub profile: Option<String>,
    /// Scripts that selected ones depend on are selected too.
    #[returns(copy)]
    pub with_dependencies: bool,
    /// Arguments for a script that is run by its number.
    #[returns(ref)]
    pub script_arguments: Vec<String>,
    /// What the run has told so far that the plan depends on: values of matrices, by the names the plan gives them.
    #[returns(ref)]
    pub known: BTreeMap<String, Value>,
    /// The dimensions of a matrix given on the command line, in order, each with its values.
    #[returns(ref)]
    pub matrix: Vec<(String, Vec<Value>)>,
    /// Names that only conditions see, above all variables.
    #[default]
    #[returns(ref)]
    pub conditions: BTreeMap<String, Value>,
    /// Conditions that are not of az's language are given to PowerShell.
    #[default]
    #[returns(copy)]
    pub gives_to_powershell: bool,
    /// What was found of the secrets that playbooks name.
    #[default]
    #[returns(ref)]
    pub secrets: BTreeMap<SecretPlace, Fetched>,
}

/// The world as conditions see it.
#[salsa::input(debug)]
pub struct Surroundings {
    /// The environment az was started with.
    #[returns(ref)]
    pub env: Env,
    /// az may do what only an administrator may.
    #[returns(copy)]
    pub is_administrator: bool,
    /// Bytes of memory the machine has; nothing where that is not known.
    #[returns(copy)]
    pub memory: Option<u64>,
}

/// What queries need of a database.
#[salsa::db]
pub trait Db: salsa::Database {}

/// The database.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl Database {
    /// Makes an empty database.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty database that tells `on_execute` the name of each query it executes.
    pub fn observed(on_execute: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let callback = move |event: salsa::Event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                on_execute(&format!("{database_key:?}"));
            }
        };
        Self { storage: salsa::Storage::new(Some(Box::new(callback))) }
    }

    /// Says what a file holds, unless that is known.
    pub fn set_contents(&mut self, file: SourceFile, contents: Contents) {
        if *file.contents(self) != contents {
            file.set_contents(self).to(contents);
        }
    }

    /// Says which files of a workspace take part in planning: its scripts, playbooks and rules, its configuration, and one
    /// that stands above that.
    pub fn set_files(
        &mut self,
        workspace: Workspace,
        [scripts, playbooks, rules]: [Vec<SourceFile>; 3],
        (config, named_config): (SourceFile, Option<SourceFile>),
    ) {
        if *workspace.scripts(self) != scripts {
            workspace.set_scripts(self).to(scripts);
        }
        if *workspace.playbooks(self) != playbooks {
            workspace.set_playbooks(self).to(playbooks);
        }
        if *workspace.rules(self) != rules {
            workspace.set_rules(self).to(rules);
        }
        if workspace.config(self) != config {
            workspace.set_config(self).to(config);
        }
        if workspace.named_config(self) != named_config {
            workspace.set_named_config(self).to(named_config);
        }
    }

    /// Says which environment a workspace is planned for.
    pub fn set_environment(&mut self, workspace: Workspace, environment: Option<&str>) {
        if workspace.environment(self).as_deref() != environment {
            workspace.set_environment(self).to(environment.map(str::to_owned));
        }
    }
}
