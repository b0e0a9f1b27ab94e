//! One node: a script, or a text of a playbook's step, with all values resolved.
//!
//! Knows what layers of settings there are and how a script is started. Does not know other nodes.

use std::{borrow::Cow, collections::BTreeMap, path::Path, sync::Arc};

use serde_json::Value;

use super::{
    Invocation, Node, RuleMatches,
    condition::{World, decide},
    dependencies::{Scripts, tools_of},
    variables,
};
use crate::{
    base::{Span, WsPath, nearest, quoted_list},
    diag::{Diagnostic, Source, code},
    model::{
        config::Config,
        kind::{Kind, Kinds, expand_argv},
        playbook::{Job, Placed, Playbook, Profile, Step},
        script::{Script, ScriptReading},
        settings::Settings,
    },
    text::{
        document::Node as Tree,
        pattern::Pattern,
        script::{ModuleBase, mentioned_names, privileged_program},
    },
};

/// All that nodes are made from.
pub(super) struct Ground<'a> {
    pub(super) root: &'a Path,
    pub(super) scripts: Scripts,
    pub(super) readings: &'a dyn Fn(usize) -> Option<&'a ScriptReading>,
    pub(super) kinds: &'a Kinds,
    pub(super) rules: &'a RuleMatches,
    pub(super) config: &'a Config,
    pub(super) variables: BTreeMap<String, Value>,
    /// Variables of the command line, which are among the others too.
    pub(super) given: BTreeMap<String, Value>,
    /// The profile that playbooks run under, if another than their own.
    pub(super) profile: Option<&'a str>,
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) is_administrator: bool,
    pub(super) platform: &'a str,
    pub(super) with_dependencies: bool,
    pub(super) script_arguments: &'a [String],
}

/// The playbook a node comes from.
#[derive(Clone, Copy)]
pub(super) struct PlaybookContext<'a> {
    pub(super) path: &'a WsPath,
    pub(super) source: &'a Arc<Source>,
    pub(super) tree: Option<&'a Tree>,
    pub(super) playbook: &'a Playbook,
    /// The profile it runs under.
    pub(super) profile: Option<&'a Profile>,
}

/// The step of a playbook a node comes from.
#[derive(Clone, Copy)]
pub(super) struct StepContext<'a> {
    pub(super) of: PlaybookContext<'a>,
    pub(super) job: &'a Job,
    pub(super) index: usize,
    /// The node is the last of the step's, when what the step makes is there.
    pub(super) is_last: bool,
}

/// The runner of a script that nothing says how to run.
const ITSELF: &str = "itself";

impl Node {
    /// Tells whether the script is its own program, since no kind or rule says how to run it.
    pub fn is_own_program(&self) -> bool {
        self.invocation.runner == ITSELF && self.settings.command.is_none()
    }
}

impl PlaybookContext<'_> {
    /// Returns the place a JSON pointer names.
    pub(super) fn span(&self, pointer: &str) -> Span {
        self.tree.map(|tree| tree.at(pointer)).unwrap_or_default()
    }
}

impl<'a> StepContext<'a> {
    pub(super) fn step(&self) -> &'a Step {
        &self.job.steps[self.index]
    }

    fn settings(&self) -> Settings {
        let mut env = self.of.playbook.env.clone();
        let of_profile = self.of.profile.iter().flat_map(|profile| &profile.env);
        env.extend(of_profile.map(|(name, value)| (name.clone(), value.clone())));
        let playbook = Settings { env, ..Settings::default() };
        let mut own = self.job.step_settings(self.index);
        if !self.is_last {
            own.outputs = None;
        }
        own.layered_over(&playbook)
    }

    /// Returns the stage that the steps of the job are shown under; nothing of a job without an id.
    fn stage(&self) -> Option<String> {
        let step = self.step();
        let own = self.job.name.clone().or_else(|| Some(self.job.id.clone()).filter(|id| !id.is_empty()));
        own.or_else(|| step.label.clone())
    }

    /// Returns the job's id, if it has one.
    fn job_id(&self) -> Option<String> {
        Some(self.job.id.clone()).filter(|id| !id.is_empty())
    }

    /// Puts the job's id in front of a name, if there is one.
    fn within(&self, name: &str) -> String {
        if self.job.id.is_empty() { name.to_owned() } else { format!("{}/{name}", self.job.id) }
    }

    /// Returns the variables as the step sees them: its own over its job's over the playbook's, what is given on the
    /// command line over all, and the parameters that the step itself gives over that.
    fn variables(&self, ground: &'a Ground<'_>) -> Cow<'a, BTreeMap<String, Value>> {
        let (job, step) = (&self.job.variables, self.step());
        if job.is_empty() && step.variables.is_empty() && step.with.is_empty() {
            return Cow::Borrowed(&ground.variables);
        }
        let mut found = ground.variables.clone();
        for layer in [job, &step.variables, &ground.given, &step.with] {
            variables::overlay(&mut found, layer);
        }
        Cow::Owned(found)
    }
}

/// Makes the node of the script at a place of the catalog, by itself or as a part of a step.
pub(super) fn script_node(
    ground: &Ground<'_>,
    index: usize,
    step: Option<StepContext<'_>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Node {
    let script = &ground.scripts.all()[index];
    let rules: Vec<_> = ground.rules.of(index).collect();
    let mut settings = step.map(|step| step.settings()).unwrap_or_default().layered_over(&script.settings);
    for rule in &rules {
        settings = settings.layered_over(&rule.settings);
    }
    let kind = script.kind.as_deref().and_then(|name| ground.kinds.named(name));
    let mut node = bare(ground, settings, kind);
    let known = step.as_ref().map_or(Cow::Borrowed(&ground.variables), |step| step.variables(ground));
    let path = path_for_program(ground.root, script, &node.invocation.cwd);
    node.invocation.argv = argv(&path, script, kind, &node.settings, ground.script_arguments);
    node.invocation.runner = script.kind.clone().unwrap_or_else(|| ITSELF.to_owned());
    node.invocation.rules = rules.iter().map(|rule| rule.name.clone()).collect();
    if let Some((kind, reading)) = kind.zip((ground.readings)(index)) {
        variables::hand_over(&mut node.invocation, kind, reading, &known, diagnostics);
    }
    if let Some(inputs) = &mut node.inputs {
        inputs.extend(modules(ground.root, script, &node.invocation.cwd));
    }
    let condition = (ground.readings)(index).and_then(|reading| {
        let condition = reading.header.condition.as_ref()?.as_ref().map(String::as_str);
        let world = World { variables: &known, env: ground.env, platform: ground.platform };
        Some(decide(&reading.source, condition, &world, diagnostics))
    });
    if !ground.is_administrator && condition.as_ref().is_none_or(|condition| condition.holds) {
        diagnostics.extend((ground.readings)(index).and_then(needs_administrator));
    }
    Node {
        id: step.map_or_else(|| script.stem.clone(), |step| step.within(&script.stem)),
        identity: script.path.to_string(),
        name: script.stem.clone(),
        script: Some(script.path.clone()),
        number: Some(script.number),
        stage: step.and_then(|step| step.stage()).unwrap_or_else(|| script.stage.clone()),
        job: step.and_then(|step| step.job_id()),
        mentioned: script.mentioned.clone(),
        privileged: script.privileged,
        tools: tools_of(script),
        condition,
        is_alone: !script.allow_parallel,
        ..node
    }
}

/// az asks nobody for rights: a script that wants them is told before it fails for the lack of them.
fn needs_administrator(reading: &ScriptReading) -> Option<Diagnostic> {
    let wanted = reading.header.requires_elevation.as_ref().filter(|wanted| wanted.value)?;
    let stem = &reading.script.stem;
    let message = format!("{stem} needs the rights of an administrator, and az runs without them");
    let fault = Diagnostic::warning(code::NEEDS_ADMINISTRATOR, message);
    let help = format!("start az as an administrator, or leave the script out: `!{stem}`");
    Some(fault.source(&reading.source).label(wanted.span, "wants them").help(help))
}

/// Makes the node of a step that gives a text to a shell; nothing if there is no such shell.
pub(super) fn text_node(
    ground: &Ground<'_>,
    step: StepContext<'_>,
    text: &str,
    shell: Option<&Placed<String>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let StepContext { of, job, .. } = step;
    let shell = shell.or(job.defaults.shell.as_ref()).or(of.playbook.defaults.shell.as_ref());
    let name = shell.map_or("pwsh", |shell| shell.value.as_str());
    let Some((_, kind, words)) = SHELLS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)) else {
        diagnostics.extend(shell.map(|shell| no_such_shell(shell, of)));
        return None;
    };
    let is_whole_job = job.steps.len() == 1 && !job.id.is_empty();
    let id = if is_whole_job { job.id.clone() } else { step.within(&step.step().id) };
    let mut node = bare(ground, step.settings(), ground.kinds.named(kind));
    node.invocation.argv = words.iter().copied().chain([text]).map(str::to_owned).collect();
    (*kind).clone_into(&mut node.invocation.runner);
    node.invocation.text = Some(text.to_owned());
    Some(Node {
        name: step.step().name.clone().unwrap_or_else(|| id.clone()),
        id,
        identity: format!("{}#{}/{}", of.path, job.id, step.step().id),
        stage: step.stage().unwrap_or_default(),
        job: step.job_id(),
        mentioned: mentioned_names(text).into_iter().map(str::to_owned).collect(),
        privileged: privileged_program(text),
        ..node
    })
}

/// How a text is run by a shell: its kind, and program and options; the text follows. A command that fails ends the
/// text.
const SHELLS: [(&str, &str, &[&str]); 6] = [
    ("sh", "sh", &["sh", "-e", "-c"]),
    ("bash", "bash", &["bash", "-e", "-o", "pipefail", "-c"]),
    ("pwsh", "pwsh", &["pwsh", "-NoProfile", "-NonInteractive", "-Command"]),
    ("powershell", "pwsh", &["pwsh", "-NoProfile", "-NonInteractive", "-Command"]),
    ("python", "python", &["python3", "-c"]),
    ("node", "node", &["node", "-e"]),
];

fn no_such_shell(shell: &Placed<String>, of: PlaybookContext<'_>) -> Diagnostic {
    let Placed { value: shell, at } = shell;
    let names = || SHELLS.iter().map(|(name, ..)| *name);
    let help = match nearest(shell, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("shells are {}", quoted_list(names())),
    };
    let fault = Diagnostic::error(code::BAD_VALUE, format!("there is no shell `{shell}`"));
    fault.source(of.source).label(of.span(at), "not a shell").help(help)
}

/// Returns what settings and kind alone say of a node.
fn bare(ground: &Ground<'_>, mut settings: Settings, kind: Option<&Kind>) -> Node {
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
        settings,
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
