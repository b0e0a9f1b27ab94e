//! One node: a script, or a text of a playbook's step, with all values resolved.
//!
//! Knows what layers of settings there are and how a script is started. Does not know other nodes.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::Value;

use super::{
    Condition, Decision, Invocation, Node, RuleMatches,
    condition::{Decided, decide},
    defaults::Defaults,
    dependencies::{Scripts, tools_of},
    expand::Frame,
    flow::Names,
    formula::Formula,
    graph::Origin,
    late::Late,
    secrets::Found,
    variables::Receiver,
    world::World,
};
use crate::{
    base::{Env, Span, WsPath},
    db::{Db, Workspace},
    diag::{Diagnostic, Source},
    model::{
        config::Config,
        kind::{Kind, Kinds, expand_argv},
        playbook::{Given, Playbook, Profile, Step},
        query::{catalog, script_reading},
        script::{Script, ScriptReading},
        settings::{CachePolicy, Settings},
    },
    text::{
        document::{Index, Node as Tree},
        pattern::Pattern,
        script::ModuleBase,
    },
};

/// All that nodes are made from.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the request")]
pub(super) struct Ground<'a> {
    pub(super) root: &'a Path,
    pub(super) scripts: Scripts,
    pub(super) db: &'a dyn Db,
    pub(super) workspace: Workspace,
    pub(super) kinds: &'a Kinds,
    pub(super) rules: &'a RuleMatches,
    pub(super) config: &'a Config,
    /// Variables of the command line.
    pub(super) given: BTreeMap<String, Value>,
    pub(super) env: &'a Env,
    pub(super) is_administrator: bool,
    pub(super) platform: &'a str,
    pub(super) with_dependencies: bool,
    /// The plan is looked at and never run.
    pub(super) is_check: bool,
    /// What the run has told so far: values of matrices.
    pub(super) known: &'a BTreeMap<String, Value>,
    /// What was found of the secrets of playbooks.
    pub(super) secrets: &'a Found,
    pub(super) script_arguments: &'a [String],
    /// Names that only conditions see.
    pub(super) conditions: Arc<BTreeMap<String, Value>>,
    /// Conditions that are not of az's language are given to PowerShell.
    pub(super) gives_to_powershell: bool,
    /// What the configuration says of steps that nothing else says.
    pub(super) defaults: Defaults,
    /// The environment it is planned for.
    pub(super) environment: Option<&'a str>,
}

/// Who asks for a script.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    /// What names stand for.
    pub(super) names: &'a Names,
    /// What tells a combination of the request's matrix from the others.
    pub(super) suffix: &'a str,
    /// The playbook that it is a part of, if it is of one.
    pub(super) playbook: Option<PlaybookContext<'a>>,
}

impl<'a> Ground<'a> {
    /// Returns what reading the script at a place of the catalog gave.
    pub(super) fn reading(&self, index: usize) -> Option<&'a ScriptReading> {
        let (file, _) = &catalog(self.db, self.workspace).scripts[index];
        script_reading(self.db, self.workspace, *file).as_ref()
    }
}

/// The playbook a node comes from.
#[derive(Clone, Copy)]
pub(super) struct PlaybookContext<'a> {
    pub(super) path: &'a WsPath,
    pub(super) source: &'a Arc<Source>,
    pub(super) tree: Option<&'a Tree>,
    /// Where the entries of large tables of the tree stand.
    pub(super) index: &'a Index,
    pub(super) playbook: &'a Playbook,
    /// The profile it runs under.
    pub(super) profile: Option<&'a Profile>,
    /// What is wrong with its file.
    pub(super) diagnostics: &'a [Diagnostic],
}

/// The step of a playbook a node comes from.
#[derive(Clone, Copy)]
pub(super) struct StepContext<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) step: &'a Step,
    /// The scope its nodes stand in.
    pub(super) scope: usize,
    /// It is the last of its job, when what the job makes is there.
    pub(super) is_last: bool,
}

/// The runner of a script that nothing says how to run.
pub(super) const ITSELF: &str = "itself";

impl Node {
    /// Tells whether the script is its own program, since no kind or rule says how to run it.
    pub fn is_own_program(&self) -> bool {
        self.invocation.runner == ITSELF && self.settings.command.is_none()
    }
}

impl PlaybookContext<'_> {
    /// Returns the place a JSON pointer names.
    pub(super) fn span(&self, pointer: &str) -> Span {
        self.tree.map(|tree| self.index.at(tree, pointer)).unwrap_or_default()
    }
}

impl<'a> StepContext<'a> {
    pub(super) fn of(&self) -> PlaybookContext<'a> {
        self.frame.course.of
    }

    pub(super) fn names(&self) -> &'a Arc<Names> {
        &self.frame.names
    }

    pub(super) fn settings(&self) -> Settings {
        let Frame { job, .. } = self.frame;
        let playbook = self.of().playbook;
        // What stands in the environment was put together, with its placeholders filled, as names.
        let bare = |settings: &Settings| Settings { env: BTreeMap::new(), ..settings.clone() };
        let mut lower = Settings { timeout: None, ..bare(&job.settings) };
        if !self.is_last {
            lower.outputs = None;
        }
        let mut found = bare(&self.step.settings).layered_over(&lower);
        for defaults in [&job.defaults, &playbook.defaults] {
            found = found.layered_over(&Settings {
                timeout: defaults.timeout,
                retries: defaults.retries,
                retry_delay: defaults.retry_delay,
                priority: defaults.priority,
                cwd: defaults.cwd.clone(),
                ..Settings::default()
            });
        }
        if playbook.options.cache == Some(false) {
            found.cache = found.cache.or(Some(CachePolicy::Never));
        }
        found.env = self.names().env.clone();
        if let Some(bound) = &self.frame.bound {
            found.resources.insert(bound.clone(), 1);
        }
        found
    }

    /// Returns the stage that the steps of the job are shown under; nothing of a job without an id.
    pub(super) fn stage(&self) -> Option<String> {
        let Frame { job, .. } = self.frame;
        let own = job.name.clone().or_else(|| Some(job.id.clone()).filter(|id| !id.is_empty()));
        let own = own.map(|own| format!("{own}{}", self.frame.suffix));
        own.or_else(|| self.step.label.clone())
    }

    /// Returns the id of the only node of a step.
    pub(super) fn id(&self) -> String {
        let Frame { job, prefix, job_id, is_inner, .. } = self.frame;
        let is_whole_job = job.steps.len() == 1 && !job.id.is_empty() && !is_inner;
        if is_whole_job { job_id.clone() } else { format!("{prefix}{}", self.frame.called(self.step)) }
    }

    /// Returns what the node of a script or a text has from its step.
    pub(super) fn placed(&self, node: Node) -> Node {
        let Frame { job, course, .. } = self.frame;
        let own_env = self.frame.names.own_env.iter().cloned().collect();
        Node {
            job: Some(self.frame.job_id.clone()).filter(|_| !job.id.is_empty()),
            scope: Some(self.scope),
            span: self.frame.span,
            cohort: self.frame.cohort,
            time_limits: self.frame.time_limits.clone(),
            is_tolerated: self.frame.is_tolerated,
            may_overlap: job.parallel == Some(Given::Fixed(true))
                || self.step.parallel == Some(Given::Fixed(true))
                || course.may_overlap(),
            own_env,
            secret: node.secret.union(&self.names().secret).cloned().collect(),
            origin: Some(Origin {
                playbook: course.of.path.clone(),
                job: job.at.clone(),
                step: self.step.at.clone(),
            }),
            ..node
        }
    }

    /// Gives a node what is known only when its turn has come, if there is something.
    pub(super) fn with_late(&self, mut node: Node, receiver: Receiver, env: Vec<(String, Formula)>) -> Node {
        let names = self.names();
        let is_late = !env.is_empty()
            || !names.late_env.is_empty()
            || names.late.keys().any(|name| receiver.takes(name));
        if is_late {
            let argv = node.invocation.argv.clone();
            node.late =
                Some(Arc::new(Late { argv, receiver, names: Arc::clone(names), env, words: Vec::new() }));
        }
        node
    }
}

/// Makes the node of the script at a place of the catalog, by itself or as a part of a step.
pub(super) fn script_node(
    ground: &Ground<'_>,
    index: usize,
    Asker { names, suffix, playbook }: Asker<'_>,
    step: Option<StepContext<'_>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Node {
    let script = &ground.scripts.all()[index];
    let layer = ground.defaults.of_script(script, playbook);
    let rules: Vec<_> = ground.rules.of(index).collect();
    let highest = step.map(|step| step.settings()).unwrap_or_default();
    let below = std::iter::once(&script.settings).chain(rules.iter().map(|rule| &rule.settings));
    let settings = below.chain([&layer.settings]).fold(highest, Settings::layered_over);
    let kind = script.kind.as_deref().and_then(|name| ground.kinds.named(name));
    let mut node = bare(ground, settings, kind);
    let path = path_for_program(ground.root, script, &node.invocation.cwd);
    node.invocation.argv = argv(&path, script, kind, &node.settings, ground.script_arguments);
    node.invocation.runner = script.kind.clone().unwrap_or_else(|| ITSELF.to_owned());
    node.invocation.rules = rules.iter().map(|rule| rule.name.clone()).collect();
    let reading = ground.reading(index);
    if let Some(inputs) = &mut node.inputs {
        inputs.extend(modules(ground.root, script, &node.invocation.cwd));
    }
    let receiver = kind
        .zip(reading)
        .map(|(kind, reading)| Receiver::new(kind, &reading.script.mentioned, &reading.script.parameters));
    let receiver = receiver.unwrap_or_default();
    if let Some(step) = &step {
        node = step.with_late(node, receiver.clone(), Vec::new());
    }
    receiver.hand_over(&mut node.invocation, &names.variables, &mut |parameter, misfit, value| {
        diagnostics.extend(reading.map(|reading| misfit.told(reading, parameter, value)));
    });
    let (decision, open_condition) = header_condition(ground, reading, names, diagnostics);
    if decision.as_ref().is_none_or(|decision| decision.holds) {
        diagnostics.extend(lacking(ground, reading, (&receiver, &layer), names));
    }
    let (prefix, suffix) =
        step.map_or((String::new(), suffix), |step| (step.frame.prefix.clone(), &*step.frame.suffix));
    let ending = if step.is_none() { suffix } else { "" };
    let node = Node {
        id: format!("{prefix}{}{ending}", script.stem),
        identity: format!("{}{suffix}", script.path),
        name: script.stem.clone(),
        script: Some(script.path.clone()),
        number: Some(script.number),
        stage: step.and_then(|step| step.stage()).unwrap_or_else(|| script.stage.clone()),
        mentioned: script.mentioned.clone(),
        privileged: script.privileged.map(str::to_owned),
        tools: tools_of(script),
        condition: decision.map(Box::new),
        open_condition: open_condition.map(Box::new),
        is_alone: layer.is_alone(script, reading),
        ..node
    };
    let is_explicit = step.is_some_and(|step| step.frame.says_what_failure_means(step.step));
    let is_tolerated = layer.continue_on_error == Some(true) && !is_explicit;
    let node = if let Some(step) = step { step.placed(node) } else { node };
    Node { is_tolerated: node.is_tolerated || is_tolerated, ..node }
}

/// Decides the condition of a script's header, or returns it if only the run can.
fn header_condition(
    ground: &Ground<'_>,
    reading: Option<&ScriptReading>,
    names: &Names,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<Decision>, Option<Condition>) {
    let written = reading.and_then(|reading| Some((reading, reading.header.condition.as_ref()?)));
    let Some((reading, condition)) = written else { return (None, None) };
    let names = names.in_conditions();
    let world = World::new(&names, ground.env, ground.platform);
    match decide(
        &reading.source,
        condition.as_ref().map(String::as_str),
        &world,
        ground.gives_to_powershell,
        diagnostics,
    ) {
        Decided::Now(decision) => (Some(decision), None),
        Decided::Late(condition) => (None, Some(condition)),
    }
}

/// Warns of what a script that is going to run does without.
fn lacking(
    ground: &Ground<'_>,
    reading: Option<&ScriptReading>,
    (receiver, layer): (&Receiver, &super::defaults::Layer),
    names: &Names,
) -> Vec<Diagnostic> {
    let Some(reading) = reading else { return Vec::new() };
    let rights = if ground.is_administrator { None } else { layer.needs_administrator(reading) };
    // What stands behind the script on the command line may be its parameters.
    let is_bare = ground.script_arguments.is_empty();
    rights.into_iter().chain(if is_bare { receiver.missing(reading, names) } else { None }).collect()
}

/// Returns what settings and kind alone say of a node.
pub(super) fn bare(ground: &Ground<'_>, mut settings: Settings, kind: Option<&Kind>) -> Node {
    settings.use_env.extend(ground.config.use_env.iter().cloned());
    settings.pass_env.extend(ground.config.pass_env.iter().cloned());
    // A text that is no pattern was told where it was read, as an error.
    let parse = |text: &String| Pattern::parse(text, ground.root, &WsPath::root()).ok();
    let patterns =
        |texts: &Option<Vec<String>>| Some(texts.as_ref()?.iter().filter_map(parse).collect::<Vec<_>>());
    let mut exit_codes = kind.map(|kind| kind.exit_codes.clone()).unwrap_or_default();
    exit_codes.extend(&settings.exit_codes);
    let cwd = settings.cwd.as_deref().unwrap_or(".");
    let invocation = Invocation {
        cwd: WsPath::new(ground.root, &WsPath::root(), cwd).to_string(),
        ..Invocation::default()
    };
    Node {
        inputs: patterns(&settings.inputs),
        outputs: patterns(&settings.outputs),
        invocation,
        settings: settings.into(),
        exit_codes,
        ..Node::default()
    }
}

/// Returns the script's path as the program that runs it finds it; a folder outside is no other on another machine.
fn path_for_program(root: &Path, script: &Script, cwd: &str) -> String {
    match WsPath::from_normal(cwd) {
        Some(folder) if folder.is_inside() => script.path.seen_from(&folder),
        _ => script.path.to_absolute(root).to_string_lossy().into_owned(),
    }
}

fn argv(
    path: &str,
    script: &Script,
    kind: Option<&Kind>,
    settings: &Settings,
    arguments: &[String],
) -> Vec<String> {
    let mut argv = match (&settings.command, kind, &script.shebang) {
        (Some(command), ..) => expand_argv(command, path, arguments),
        (None, Some(kind), Some(words)) if kind.shebang && !words.is_empty() => words
            .iter()
            .map(String::as_str)
            .chain([path])
            .map(str::to_owned)
            .chain(arguments.iter().cloned())
            .collect(),
        (None, Some(kind), _) => kind.argv(path, arguments),
        // Without a kind the file itself is started; the reading of the script warns of it.
        (None, None, _) => std::iter::once(path.to_owned()).chain(arguments.iter().cloned()).collect(),
    };
    // A script that is its own program is not looked for on PATH.
    if let Some(program) = argv.first_mut().filter(|program| *program == path && !path.contains('/')) {
        program.insert_str(0, "./");
    }
    argv
}

/// Returns the files a script loads; one that is found by name on the interpreter's module path is not known.
fn modules(root: &Path, script: &Script, cwd: &str) -> Vec<Pattern> {
    let place = |(base, path): &(ModuleBase, String)| {
        let folder = match base {
            ModuleBase::ScriptDirectory => script.path.parent()?,
            ModuleBase::WorkingDirectory => WsPath::from_normal(cwd)?,
            ModuleBase::ModulePath => return None,
        };
        Some(Pattern::of_path(&WsPath::new(root, &folder, path)))
    };
    script.modules.iter().filter_map(place).collect()
}
