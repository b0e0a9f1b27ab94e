//! A workspace that was opened: its database, its cache, and what can be asked of it.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;

use super::{
    environment::{LastEnvironment, Outer, TRACE, WATCHED},
    nesting::Chain,
    prepare::{Prepared, prepare, prepare_one},
    secret_key::key_of,
    secrets::{
        quoting_none, secrets_of_env, secrets_of_plan, secrets_of_tree, secrets_of_variables,
        shown_diagnostic,
    },
    tools::Tools,
    workspace::{self, Extent, Inputs},
};
use crate::{
    base::{Env, Fetched, SecretPlace, WsPath, looks_secret},
    cache::{Blobs, KnownFiles, Layout, Store},
    db::{Database, Request, SourceFile, Surroundings, Workspace},
    diag::{Diagnostic, Source},
    fingerprint::{Disk, Settled, read_clock},
    model::{self, scratch::Scratch},
    plan::{self, Found, Node, Plan, Planned},
    secret::{FromEnvironment, FromFiles, Masks, Patterns, Provider as _, is_maskable},
    sys::{Recorder, Stat, System, asking_for_nobody},
    trace,
};

/// What is asked for, whatever is to be done with it.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own on the command line")]
pub struct Ask {
    /// Selections and names of playbooks, as they were typed.
    pub arguments: Vec<String>,
    /// The arguments are paths of scripts and playbooks instead, as they are.
    pub are_paths: bool,
    /// Further selections, read from files or standard input.
    pub lists: Vec<Arc<Source>>,
    /// Variables, by name.
    pub variables: BTreeMap<String, Value>,
    /// What the run has told so far that the plan depends on.
    pub known: BTreeMap<String, Value>,
    /// The dimensions of a matrix that all runs for, in order, each with its values.
    pub matrix: Vec<(String, Vec<Value>)>,
    /// The profile that playbooks run under, if another than their own.
    pub profile: Option<String>,
    /// Scripts that selected ones depend on are selected too.
    pub with_dependencies: bool,
    /// Arguments for a script that is run by its number.
    pub script_arguments: Vec<String>,
    /// The user's word that steps whose effects are unknown may overlap.
    pub overlap: bool,
    /// The user says how many steps run at once.
    pub says_how_many: bool,
    /// Warnings count as errors.
    pub strict: bool,
    /// No step is traced.
    pub no_trace: bool,
    /// All steps run in a sandbox.
    pub sandbox: bool,
    /// The configuration above `az.toml` that the workspace was opened with, if any.
    pub configuration: Option<PathBuf>,
    /// The environment that the workspace was opened for, if any.
    pub environment: Option<String>,
    /// Names that only conditions see, above all variables.
    pub conditions: BTreeMap<String, Value>,
    /// Conditions that are not of az's language are given to PowerShell.
    pub gives_to_powershell: bool,
}

/// The variable that holds the name of the environment.
const ENVIRONMENT: &str = "environment";

/// Why nothing could be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineError {
    /// What is wrong; at least one is an error.
    pub diagnostics: Vec<Diagnostic>,
    /// All of them are warnings that count as errors, since `--strict` was given.
    pub is_strict: bool,
}

impl From<Diagnostic> for EngineError {
    fn from(fault: Diagnostic) -> Self {
        Self { diagnostics: vec![fault], is_strict: false }
    }
}

impl From<Box<Diagnostic>> for EngineError {
    fn from(fault: Box<Diagnostic>) -> Self {
        Self::from(*fault)
    }
}

/// What stays of a workspace when it is closed, for who opens it again: what was read, and what queries made of it.
#[derive(Debug, Default)]
pub(super) struct Warm {
    db: Database,
    inputs: Inputs,
    world: Option<(Env, Surroundings)>,
    request: Option<Request>,
}

/// An opened workspace.
pub struct Engine {
    pub(super) system: Arc<dyn System>,
    /// The same, as what remembers everything that was asked.
    pub(super) recorder: Arc<Recorder>,
    /// The file system's clock from before the first file was read; nothing where there is no cache yet.
    pub(super) clock: Option<Stat>,
    pub(super) root: PathBuf,
    pub(super) layout: Layout,
    pub(super) env: Env,
    pub(super) chain: Chain,
    pub(super) db: Database,
    inputs: Inputs,
    /// What was planned so far.
    requests: Mutex<Vec<Request>>,
    /// What was found of the secrets that playbooks name.
    secrets: Mutex<Found>,
    pub(super) workspace: Workspace,
    /// Something was asked that has another answer each time, whatever the files say.
    pub(super) momentary: AtomicBool,
    surroundings: Surroundings,
    last_environment: LastEnvironment,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the workspace that `start` lies in and reads the files that take part in planning.
    ///
    /// # Errors
    /// If there is no workspace.
    pub fn open(system: Arc<dyn System>, start: &Path) -> Result<Self, EngineError> {
        Self::open_with(system, start, None, None)
    }

    /// Opens a workspace like [`Engine::open`], with a configuration above its `az.toml`, for an environment.
    ///
    /// # Errors
    /// If there is no workspace. What is wrong with the configuration is told when it is planned with.
    pub fn open_with(
        system: Arc<dyn System>,
        start: &Path,
        configuration: Option<&Path>,
        environment: Option<&str>,
    ) -> Result<Self, EngineError> {
        Self::open_as_far(system, start, (configuration, environment), Extent::Whole, Warm::default())
    }

    /// Opens as much of a workspace as `extent` says; of what was opened before, and is as it was, nothing is read into the
    /// database again.
    pub(super) fn open_as_far(
        system: Arc<dyn System>,
        start: &Path,
        (configuration, environment): (Option<&Path>, Option<&str>),
        extent: Extent,
        warm: Warm,
    ) -> Result<Self, EngineError> {
        let recorder = Arc::new(Recorder::new(system));
        let system: Arc<dyn System> = Arc::clone(&recorder) as Arc<dyn System>;
        let root = workspace::find_root(&*system, start)
            .map_err(|fault| EngineError { diagnostics: vec![*fault], is_strict: false })?;
        let layout = Layout::new(&root);
        // What az itself keeps changes with each build, and is no part of an answer.
        recorder.leave_out(layout.top());
        // Read before any file is, so that it can tell which of them are settled.
        let clock = read_clock(&*system, &layout.clock());
        let Warm { mut db, mut inputs, world, request } = warm;
        let named = configuration.map(|path| named_file(&*system, &root, start, path));
        let workspace = workspace::load(&*system, &root, named.as_ref(), extent, (&mut db, &mut inputs));
        db.set_environment(workspace, environment);
        let (env, surroundings) = surroundings(&*system, &db, world);
        let chain = Chain::of(&env);
        let momentary = AtomicBool::new(false);
        let last_environment = LastEnvironment::default();
        Ok(Self {
            system,
            recorder,
            clock,
            root,
            layout,
            env,
            chain,
            db,
            inputs,
            requests: Mutex::new(Vec::from_iter(request)),
            secrets: Mutex::default(),
            workspace,
            momentary,
            surroundings,
            last_environment,
        })
    }

    /// Closes the workspace; returns what the next opening of it can go on with.
    pub(super) fn into_warm(self) -> Warm {
        let Self { db, inputs, env, surroundings, requests, .. } = self;
        let requests = requests.into_inner().unwrap_or_else(PoisonError::into_inner);
        // What was planned for other requests would stay in memory for ever.
        let request = match requests[..] {
            [] => None,
            [request] => Some(request),
            _ => return Warm::default(),
        };
        Warm { db, inputs, world: Some((env, surroundings)), request }
    }

    /// Returns the absolute path of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Plans a request that is to be built, and lets go of what the playbooks were read as: that is more than the plan,
    /// and of use again only if the plan grows.
    pub fn plan_ahead(&mut self, ask: &Ask) {
        _ = self.planned(ask);
        model::query::let_go_of_playbooks(&mut self.db);
    }

    /// Plans a request; tools are not looked up yet.
    pub(super) fn planned(&self, ask: &Ask) -> Planned {
        self.planned_in(self.workspace, ask)
    }

    /// Plans a request in a workspace that may have more files than this one.
    pub(super) fn planned_in(&self, workspace: Workspace, ask: &Ask) -> Planned {
        let mut planned = self.planned_with(workspace, ask);
        if !planned.secrets.is_empty() {
            self.fetch(&planned.secrets);
            planned = self.planned_with(workspace, ask);
        }
        if !planned.diagnostics.is_empty() {
            let masks = Masks::default();
            masks.know(secrets_of_env(&self.env));
            masks.know(secrets_of_variables(&ask.variables, &looks_secret));
            masks.know(self.fetched());
            planned.plan.iter().for_each(|plan| masks.know(secrets_of_plan(plan)));
            let (hidden, told) = (masks.all(), std::mem::take(&mut planned.diagnostics));
            planned.diagnostics = told.into_iter().map(|fault| shown_diagnostic(fault, &hidden)).collect();
        }
        planned
    }

    fn planned_with(&self, workspace: Workspace, ask: &Ask) -> Planned {
        let request = self.request(workspace, ask);
        plan::plan(&self.db, workspace, request, self.surroundings).clone()
    }

    /// Looks for secrets that a plan wants; what was planned without them is of no use any more.
    fn fetch(&self, places: &[SecretPlace]) {
        let home = self.env.get("HOME").map(Path::new);
        let files = FromFiles { system: &*self.system, folder: &self.root, home };
        let mut secrets = lock(&self.secrets);
        for place in places {
            // What it holds has no part in a gate, so that no digest of it is written down.
            let fetched = match place {
                SecretPlace::Environment(name) => FromEnvironment(&self.env).fetch(name),
                SecretPlace::File(path) => {
                    self.momentary.store(true, Ordering::Relaxed);
                    asking_for_nobody(|| files.fetch(path))
                }
            };
            secrets.insert(place.clone(), fetched);
        }
        lock(&self.requests).retain(|request| request.secrets(&self.db) == &*secrets);
    }

    /// Returns what is told of a request, without what nobody must see in the lines that are quoted of playbooks.
    pub(super) fn shown(&self, ask: &Ask, told: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if told.is_empty() {
            return told;
        }
        let is_quoted = |file: &&SourceFile| {
            let name = file.path(&self.db).as_str();
            told.iter().any(|fault| fault.source.as_ref().is_some_and(|source| &*source.name == name))
        };
        let mut hidden = secrets_of_env(&self.env);
        hidden.extend(secrets_of_variables(&ask.variables, &looks_secret));
        hidden.extend(self.fetched());
        for file in self.workspace.playbooks(&self.db).iter().filter(is_quoted) {
            let tree = &model::query::playbook_reading(&self.db, *file).tree;
            hidden.extend(tree.iter().flat_map(secrets_of_tree));
        }
        let hidden = Patterns::new(hidden);
        told.into_iter().map(|fault| quoting_none(fault, &hidden)).collect()
    }

    /// Returns the values of secrets that were looked for.
    fn fetched(&self) -> Vec<String> {
        let secrets = lock(&self.secrets);
        secrets
            .values()
            .filter_map(Fetched::value)
            .filter(|value| is_maskable(value))
            .map(str::to_owned)
            .collect()
    }

    fn request(&self, workspace: Workspace, ask: &Ask) -> Request {
        let variables = self.variables(workspace, ask);
        let secrets = lock(&self.secrets).clone();
        let mut requests = lock(&self.requests);
        let is_same = |request: &&Request| {
            is_request(&self.db, **request, ask, &variables) && *request.secrets(&self.db) == secrets
        };
        if let Some(known) = requests.iter().find(is_same) {
            return *known;
        }
        let request = Request::builder(
            ask.arguments.clone(),
            ask.are_paths,
            ask.lists.clone(),
            variables,
            ask.profile.clone(),
            ask.with_dependencies,
            ask.script_arguments.clone(),
            ask.known.clone(),
            ask.matrix.clone(),
        );
        let request = request.conditions(ask.conditions.clone());
        let request = request.gives_to_powershell(ask.gives_to_powershell).secrets(secrets).new(&self.db);
        requests.push(request);
        request
    }

    /// Returns the variables of a request; the environment is one, unless it is given another value.
    fn variables(&self, workspace: Workspace, ask: &Ask) -> BTreeMap<String, Value> {
        let mut variables = ask.variables.clone();
        let is_given = variables.keys().any(|name| name.eq_ignore_ascii_case(ENVIRONMENT));
        if let Some(name) = workspace.environment(&self.db).as_ref().filter(|_| !is_given) {
            variables.insert(ENVIRONMENT.to_owned(), Value::String(name.clone()));
        }
        variables
    }

    /// Prepares the nodes of a plan; with a diagnostic for each program that is missing. What nobody must see of the plan
    /// is added to the masks.
    pub(super) fn prepare(
        &self,
        ask: &Ask,
        plan: &Arc<Plan>,
        masks: &Masks,
    ) -> (Vec<Prepared>, Vec<Diagnostic>) {
        masks.know(secrets_of_env(&self.env));
        masks.know(secrets_of_plan(plan));
        // Whoever gets hold of these, they are masked.
        masks.add(self.fetched());
        let key = self.secret_key();
        let mut plan = Arc::clone(plan);
        if ask.sandbox {
            let nodes = &mut Arc::make_mut(&mut plan).nodes;
            nodes.iter_mut().for_each(|node| Arc::make_mut(node).settings.sandbox = Some(true));
        }
        prepare(&*self.system, &self.outer(&key), &plan, self.unwatched(ask), &masks.all())
    }

    /// Prepares a node of which more is known than the plan knew; `path` are folders in front of its `PATH`.
    pub(super) fn prepare_again(
        &self,
        ask: &Ask,
        mut node: Node,
        path: &[String],
        cache: &Cache,
        masks: &Masks,
    ) -> Prepared {
        let key = self.secret_key();
        if ask.sandbox {
            node.settings.sandbox = Some(true);
        }
        let mut env = self.env.clone();
        if !path.is_empty() {
            let own = node.settings.env.remove("PATH").or_else(|| env.get("PATH").cloned());
            let whole: Vec<&str> = path.iter().map(String::as_str).chain(own.as_deref()).collect();
            env = env.with("PATH", whole.join(":"));
        }
        let outer = Outer { env: &env, root: &self.root, secret_key: &key, last: None };
        let folders = env.get("PATH").map_or("", String::as_str);
        let mut tools = Tools::new(&*self.system, folders);
        let learned = cache.store.learned(&node.identity);
        let mut prepared = prepare_one(&mut tools, &outer, Arc::new(node), self.unwatched(ask), &masks.all());
        prepared.learn(&learned, &outer);
        prepared.is_bound = true;
        prepared
    }

    /// Lets the nodes know what earlier runs of them taught.
    pub(super) fn learn(&self, cache: &Cache, nodes: &mut [Prepared]) {
        let mut key = None;
        for node in nodes {
            let learned = cache.store.learned(&node.node.identity);
            if !learned.is_empty() {
                node.learn(&learned, &self.outer(key.get_or_insert_with(|| self.secret_key())));
            }
        }
    }

    /// Returns a node that knows what runs of it taught, if they taught anything.
    pub(super) fn learned(&self, cache: &Cache, node: &Prepared) -> Option<Prepared> {
        let learned = cache.store.learned(&node.node.identity);
        (!learned.is_empty()).then(|| {
            let mut learning = node.clone();
            learning.learn(&learned, &self.outer(node.secret_key()));
            learning
        })
    }

    fn outer<'a>(&'a self, secret_key: &'a [u8; 32]) -> Outer<'a> {
        Outer { env: &self.env, root: &self.root, secret_key, last: Some(&self.last_environment) }
    }

    /// Returns what the digests of secrets depend on.
    pub(super) fn secret_key(&self) -> [u8; 32] {
        key_of(&*self.system, &self.env, &self.layout, &self.root)
    }

    /// Returns why no step of a request is watched while it runs, if none is.
    fn unwatched(&self, ask: &Ask) -> Option<&'static str> {
        if ask.no_trace { Some("tracing is off (`--no-trace`)") } else { unwatched_in(&self.env) }
    }

    /// Opens the parts of the cache that a look-up needs; makes no folder.
    pub(super) fn open_cache(&self) -> Cache {
        let store = Arc::new(Store::open(Arc::clone(&self.system), self.layout.clone()));
        let rules = model::query::rules(&self.db, self.workspace);
        store.keep_private(rules.scratch.iter().flat_map(Scratch::private_names).collect());
        let blobs = Blobs::new(Arc::clone(&self.system), self.layout.blobs());
        let files = Arc::new(KnownFiles::open(&*self.system, &self.layout));
        let disk = Disk::new(Arc::clone(&self.system), &self.root, &self.layout.clock(), []);
        let disk = disk.with_settled(Arc::clone(&files) as Arc<dyn Settled>);
        Cache { store, blobs, files, disk: Arc::new(disk) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the environment and what conditions see of the world: what is known of them, if it still is so.
fn surroundings(
    system: &dyn System,
    db: &Database,
    known: Option<(Env, Surroundings)>,
) -> (Env, Surroundings) {
    let env = environment(system);
    let (is_administrator, memory) = (system.is_administrator(), system.memory());
    let is_same = |(known, surroundings): &(Env, Surroundings)| {
        known.all() == env.all()
            && surroundings.is_administrator(db) == is_administrator
            && surroundings.memory(db) == memory
    };
    // What was asked of the one that is known need not be asked again.
    known.filter(is_same).unwrap_or_else(|| {
        let surroundings = Surroundings::new(db, env.clone(), is_administrator, memory);
        (env, surroundings)
    })
}

/// Tells whether an input is this request.
fn is_request(db: &Database, request: Request, ask: &Ask, variables: &BTreeMap<String, Value>) -> bool {
    *request.arguments(db) == ask.arguments
        && request.are_paths(db) == ask.are_paths
        && *request.lists(db) == ask.lists
        && request.variables(db) == variables
        && *request.profile(db) == ask.profile
        && request.with_dependencies(db) == ask.with_dependencies
        && *request.script_arguments(db) == ask.script_arguments
        && *request.known(db) == ask.known
        && *request.matrix(db) == ask.matrix
        && *request.conditions(db) == ask.conditions
        && request.gives_to_powershell(db) == ask.gives_to_powershell
}

/// Returns why no step is watched in an environment, whatever is asked for.
pub(super) fn unwatched_in(env: &Env) -> Option<&'static str> {
    match () {
        () if env.get(TRACE).is_some_and(|value| value == "off") => Some("tracing is off (`AZ_TRACE=off`)"),
        () if env.contains_key(WATCHED) => Some("the step that az runs in is traced already"),
        () if !trace::is_supported() => Some("nothing can be traced on this machine"),
        () => None,
    }
}

/// Returns the environment az was started with.
///
/// A variable that is not UTF-8 cannot be handed on in a key; such a one is as good as unset. What `cargo run` tells az
/// about az's own package is none of a step's business, and would not be there if az were started otherwise.
pub(super) fn environment(system: &dyn System) -> Env {
    let env = system.env().into_iter();
    let mut env: BTreeMap<String, String> =
        env.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    if env.get("CARGO_PKG_NAME").is_some_and(|name| name == env!("CARGO_PKG_NAME")) {
        env.retain(|name, _| {
            name != "CARGO" && !name.starts_with("CARGO_PKG_") && !name.starts_with("CARGO_MANIFEST_")
        });
    }
    env.into_iter().collect()
}

/// The parts of the cache that a look-up needs.
#[derive(Clone)]
pub(super) struct Cache {
    pub(super) store: Arc<Store>,
    pub(super) blobs: Blobs,
    pub(super) files: Arc<KnownFiles>,
    pub(super) disk: Arc<Disk>,
}

/// Returns the path of a file that was named, as the workspace has it.
pub(super) fn named_file(system: &dyn System, root: &Path, start: &Path, path: &Path) -> WsPath {
    let folder = system.canonicalize(start).unwrap_or_else(|_| start.to_path_buf());
    WsPath::new(root, &WsPath::root(), folder.join(path.strip_prefix(start).unwrap_or(path)))
}
