//! From the parts of a request to nodes: a script each, a step each.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::{
    Decision, EdgeKind, Invocation, Node, RuleMatches, ToolWish,
    condition::{World, decide},
    dependencies::{self, Resolved},
    select::select,
    variables,
};
use crate::{
    base::{Span, Spanned, WsPath, nearest, quoted_list},
    diag::{Diagnostic, Severity, Source, code, has_errors},
    model::{
        config::Config,
        kind::{Kind, Kinds, expand_argv},
        playbook::{Action, Body, Job, Playbook},
        query::Catalog,
        script::{Script, ScriptReading, script_name},
        settings::{CachePolicy, ExitMeaning, Settings},
    },
    text::{
        document::Node as Tree,
        pattern::Pattern,
        sequence::{self, Selector},
    },
};

/// All that nodes are made from.
pub(super) struct Ground<'a> {
    pub(super) root: &'a Path,
    pub(super) catalog: &'a Catalog,
    pub(super) readings: &'a dyn Fn(usize) -> Option<&'a ScriptReading>,
    pub(super) kinds: &'a Kinds,
    pub(super) rules: &'a RuleMatches,
    pub(super) config: &'a Config,
    pub(super) variables: BTreeMap<String, Value>,
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) platform: &'a str,
    pub(super) with_dependencies: bool,
    pub(super) script_arguments: &'a [String],
    /// Scripts whose text is not known, by path, each with what is wrong.
    pub(super) unreadable: &'a [(WsPath, Diagnostic)],
}

/// The playbook a node comes from.
#[derive(Clone, Copy)]
pub(super) struct PlaybookContext<'a> {
    pub(super) path: &'a WsPath,
    pub(super) source: &'a Arc<Source>,
    pub(super) tree: Option<&'a Tree>,
    pub(super) playbook: &'a Playbook,
}

impl PlaybookContext<'_> {
    fn span(&self, pointer: &str) -> Span {
        self.tree.map(|tree| tree.at(pointer)).unwrap_or_default()
    }
}

/// Nodes in the order of the text, with the edges that the text declares.
#[derive(Default)]
pub(super) struct Expanded {
    pub(super) nodes: Vec<Node>,
    /// The group of each node: steps of one sequence, which keep its order unless both say what they do.
    pub(super) groups: Vec<usize>,
    /// Later, earlier, why.
    pub(super) edges: Vec<(usize, usize, EdgeKind)>,
    pub(super) tools: Vec<ToolWish>,
    pub(super) job_timeouts: BTreeMap<String, Duration>,
    pub(super) diagnostics: Vec<Diagnostic>,
    next_group: usize,
    noted: BTreeSet<usize>,
}

impl Expanded {
    fn new_group(&mut self) -> usize {
        self.next_group += 1;
        self.next_group - 1
    }

    fn push(&mut self, node: Node, group: usize) -> usize {
        self.nodes.push(node);
        self.groups.push(group);
        self.nodes.len() - 1
    }

    /// Adds the scripts a selection names.
    pub(super) fn add_sequence(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
    ) {
        let group = self.new_group();
        self.add_scripts(ground, sequence, source, group, None);
    }

    /// Adds a playbook's steps.
    pub(super) fn add_playbook(&mut self, ground: &Ground<'_>, context: PlaybookContext<'_>) {
        match &context.playbook.body {
            Body::Sequence(texts) => {
                let spanned: Vec<Spanned<&str>> = texts
                    .iter()
                    .enumerate()
                    .map(|(index, text)| {
                        Spanned::new(text.as_str(), context.span(&format!("/sequence/{index}")))
                    })
                    .collect();
                let (sequence, faults) = sequence::parse_in(context.source, &spanned).without_words();
                self.diagnostics.extend(faults);
                self.add_sequence(ground, &sequence, context.source);
            }
            Body::Jobs(jobs) => self.add_jobs(ground, context, jobs),
        }
    }

    fn add_jobs(&mut self, ground: &Ground<'_>, context: PlaybookContext<'_>, jobs: &[Job]) {
        let mut first: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut last: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for job in jobs {
            if let Some(limit) = job.settings.timeout {
                self.job_timeouts.insert(job.id.clone(), limit);
            }
            let mut before: Vec<usize> = Vec::new();
            for index in 0..job.steps.len() {
                let nodes = self.add_step(ground, context, job, index);
                if nodes.is_empty() {
                    continue;
                }
                for (later, earlier) in pairs(&nodes, &before) {
                    self.edges.push((later, earlier, EdgeKind::Step));
                }
                first.entry(&job.id).or_insert_with(|| nodes.clone());
                before = nodes;
            }
            last.insert(&job.id, before);
        }
        for job in jobs {
            for need in job.needs.iter().flat_map(|need| ends(jobs, &last, need)) {
                for later in first.get(job.id.as_str()).into_iter().flatten() {
                    self.edges.push((*later, need, EdgeKind::Need));
                }
            }
        }
    }

    fn add_step(
        &mut self,
        ground: &Ground<'_>,
        context: PlaybookContext<'_>,
        job: &Job,
        index: usize,
    ) -> Vec<usize> {
        let step = &job.steps[index];
        let group = self.new_group();
        let pointer = job.step_pointer(index);
        match &step.action {
            Action::Run(text) => {
                let span = context.span(&format!("{pointer}/run"));
                let parsed = sequence::parse_in(context.source, &[Spanned::new(text.as_str(), span)]);
                let (sequence, faults) = parsed.without_words();
                self.diagnostics.extend(faults);
                self.add_scripts(ground, &sequence, context.source, group, Some((context, job, index)))
            }
            Action::Script { text, shell } => {
                let shell = shell.as_deref().unwrap_or("pwsh");
                let span = context.span(&format!("{pointer}/shell"));
                let Some(argv) = self.shell(shell, text, context, span) else { return Vec::new() };
                let id =
                    if job.steps.len() == 1 { job.id.clone() } else { format!("{}/{}", job.id, step.id) };
                let settings = with_env(job.step_settings(index), &context.playbook.env);
                let invocation = Invocation {
                    argv,
                    runner: shell.to_owned(),
                    rules: Vec::new(),
                    text: Some(text.clone()),
                    variables: BTreeMap::new(),
                    env: BTreeMap::new(),
                    cwd: cwd(ground, &settings),
                };
                let identity = format!("{}#{}/{}", context.path, job.id, step.id);
                let name = step.name.clone().unwrap_or_else(|| id.clone());
                let mentioned =
                    crate::text::script::mentioned_names(text).into_iter().map(str::to_owned).collect();
                let kind = ground.kinds.named(shell);
                let draft = Draft {
                    id,
                    identity,
                    name,
                    invocation,
                    settings,
                    mentioned,
                    job: Some(job),
                    script: None,
                };
                let node = self.finish(ground, draft, kind, context.source, span);
                vec![self.push(node, group)]
            }
        }
    }

    /// Returns the argv that runs a text in a shell.
    fn shell(
        &mut self,
        shell: &str,
        text: &str,
        context: PlaybookContext<'_>,
        span: Span,
    ) -> Option<Vec<String>> {
        let known = SHELLS.iter().find(|(name, _)| name.eq_ignore_ascii_case(shell));
        if let Some((_, words)) = known {
            return Some(words.iter().copied().chain([text]).map(str::to_owned).collect());
        }
        let names = || SHELLS.iter().map(|(name, _)| *name);
        let help = match nearest(shell, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("shells are {}", quoted_list(names())),
        };
        let fault = Diagnostic::error(code::BAD_VALUE, format!("there is no shell `{shell}`"));
        self.diagnostics.push(fault.source(context.source).label(span, "not a shell").help(help));
        None
    }

    /// Adds the scripts a selection names, in ascending order, and returns their places.
    fn add_scripts(
        &mut self,
        ground: &Ground<'_>,
        sequence: &sequence::Sequence,
        source: &Arc<Source>,
        group: usize,
        step: Option<(PlaybookContext<'_>, &Job, usize)>,
    ) -> Vec<usize> {
        let scripts: Vec<Arc<Script>> =
            ground.catalog.scripts.iter().map(|(_, script)| Arc::clone(script)).collect();
        let mut selection = select(&scripts, sequence, source);
        let unreadable = unreadable(ground.unreadable, sequence);
        // A number whose script cannot be read is not a number that no script has.
        selection.diagnostics.retain(|fault| fault.code != code::NO_SUCH_NUMBER || !has_errors(&unreadable));
        self.diagnostics.extend(selection.diagnostics);
        self.diagnostics.extend(unreadable);
        let mut wanted: BTreeSet<usize> = selection.scripts.into_iter().collect();
        let mut resolved: BTreeMap<usize, Resolved> = BTreeMap::new();
        let mut open: Vec<usize> = wanted.iter().copied().collect();
        while let Some(index) = open.pop() {
            let Some(reading) = (ground.readings)(index) else { continue };
            let found = dependencies::resolve(&scripts, index, &reading.header.dependencies, &reading.source);
            if ground.with_dependencies {
                open.extend(found.scripts.iter().copied().filter(|needed| wanted.insert(*needed)));
            }
            resolved.insert(index, found);
        }
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for index in &wanted {
            let node = self.script_node(ground, *index, step);
            places.insert(*index, self.push(node, group));
        }
        for (index, found) in resolved {
            self.add_dependencies(index, found, &places, &scripts);
        }
        places.into_values().collect()
    }

    fn add_dependencies(
        &mut self,
        index: usize,
        found: Resolved,
        places: &BTreeMap<usize, usize>,
        scripts: &[Arc<Script>],
    ) {
        let later = places[&index];
        let earlier = |needed: &usize| places.get(needed).copied();
        let mut needed: BTreeSet<usize> = found.scripts.iter().filter_map(earlier).collect();
        if found.all {
            needed.extend(places.range(..index).map(|(_, place)| *place));
        }
        self.edges.extend(needed.into_iter().map(|earlier| (later, earlier, EdgeKind::Dependency)));
        if self.noted.insert(index) {
            self.diagnostics.extend(found.diagnostics);
            let is_selected = |wish: &ToolWish| {
                let brings = |script: &usize| Some(&scripts[*script].stem) == wish.brought_by.as_ref();
                places.keys().any(brings)
            };
            self.tools.extend(found.tools.into_iter().filter(|wish| !is_selected(wish)));
        }
    }

    fn script_node(
        &mut self,
        ground: &Ground<'_>,
        index: usize,
        step: Option<(PlaybookContext<'_>, &Job, usize)>,
    ) -> Node {
        let script = Arc::clone(&ground.catalog.scripts[index].1);
        let rules: Vec<_> = ground.rules.of(index).collect();
        let mut settings = match step {
            Some((context, job, step)) => with_env(job.step_settings(step), &context.playbook.env),
            None => Settings::default(),
        }
        .layered_over(&script.settings);
        for rule in &rules {
            settings = settings.layered_over(&rule.settings);
        }
        let kind = script.kind.as_deref().and_then(|name| ground.kinds.named(name));
        let arguments = ground.script_arguments;
        let argv = match (&settings.command, kind) {
            (Some(command), _) => expand_argv(command, script.path.as_str(), arguments),
            (None, Some(kind)) => argv(kind, &script, arguments),
            // Without a kind the file itself is started; the warning is told already.
            (None, None) => [format!("./{}", script.path)].iter().chain(arguments).cloned().collect(),
        };
        let mut invocation = Invocation {
            argv,
            runner: script.kind.clone().unwrap_or_else(|| "itself".to_owned()),
            rules: rules.iter().map(|rule| rule.name.clone()).collect(),
            text: None,
            variables: BTreeMap::new(),
            env: BTreeMap::new(),
            cwd: cwd(ground, &settings),
        };
        if let Some(kind) = kind {
            variables::hand_over(&mut invocation, kind, &script, &ground.variables, &mut self.diagnostics);
        }
        let id = match step {
            Some((_, job, _)) => format!("{}/{}", job.id, script.stem),
            None => script.stem.clone(),
        };
        let reading = (ground.readings)(index);
        let source = reading
            .map_or_else(|| Arc::new(Source::new(script.path.as_str(), "")), |r| Arc::clone(&r.source));
        let draft = Draft {
            id,
            identity: script.path.to_string(),
            name: script.stem.clone(),
            invocation,
            settings,
            mentioned: script.mentioned.clone(),
            job: step.map(|(_, job, _)| job),
            script: Some(&script),
        };
        let mut node = self.finish(ground, draft, kind, &source, Span::default());
        node.condition = reading.and_then(|reading| reading.header.condition.as_ref()).map(|condition| {
            let condition = condition.as_ref().map(String::as_str);
            self.decide(ground, index, &source, condition)
        });
        node
    }

    fn decide(
        &mut self,
        ground: &Ground<'_>,
        index: usize,
        source: &Arc<Source>,
        condition: Spanned<&str>,
    ) -> Decision {
        let world = World { variables: &ground.variables, env: ground.env, platform: ground.platform };
        let mut faults = Vec::new();
        let decision = decide(source, condition, &world, &mut faults);
        if !self.noted.contains(&index) {
            self.diagnostics.extend(faults);
        }
        decision
    }

    /// Turns texts into patterns and puts the node together.
    fn finish(
        &mut self,
        ground: &Ground<'_>,
        draft: Draft<'_>,
        kind: Option<&Kind>,
        source: &Arc<Source>,
        span: Span,
    ) -> Node {
        let Draft { id, identity, name, invocation, mut settings, mentioned, job, script } = draft;
        settings.use_env.extend(ground.config.use_env.iter().cloned());
        settings.pass_env.extend(ground.config.pass_env.iter().cloned());
        let mut patterns = |texts: &Option<Vec<String>>| {
            let texts = texts.as_ref()?;
            let parse = |text: &String| match Pattern::parse(text, ground.root, &WsPath::root()) {
                Ok(pattern) => Some(pattern),
                Err(error) => {
                    self.diagnostics.push(bad_pattern(source, span, text, &error.to_string()));
                    None
                }
            };
            Some(texts.iter().filter_map(parse).collect::<Vec<_>>())
        };
        let (mut inputs, outputs) = (patterns(&settings.inputs), patterns(&settings.outputs));
        if let (Some(inputs), Some(script)) = (&mut inputs, script) {
            let module = |path: &WsPath| Pattern::parse(path.as_str(), ground.root, &WsPath::root()).ok();
            inputs.extend(script.modules.iter().filter_map(module));
        }
        let mut exit_codes: BTreeMap<i32, ExitMeaning> =
            kind.map(|kind| kind.exit_codes.clone()).unwrap_or_default();
        exit_codes.extend(&settings.exit_codes);
        let stage = match (job, script) {
            (Some(job), _) => job.name.clone().unwrap_or_else(|| job.id.clone()),
            (None, Some(script)) => script.stage.clone(),
            (None, None) => String::new(),
        };
        if settings.cache == Some(CachePolicy::Auto) {
            settings.cache = None;
        }
        Node {
            id,
            identity,
            name,
            script: script.map(|script| script.path.clone()),
            number: script.map(|script| script.number),
            stage,
            job: job.map(|job| job.id.clone()),
            invocation,
            exit_codes,
            inputs,
            outputs,
            mentioned,
            tools: script.map(|script| dependencies::tools_of(script)).unwrap_or_default(),
            condition: None,
            edges: Vec::new(),
            is_alone: script.is_some_and(|script| !script.allow_parallel),
            settings,
        }
    }
}

/// Returns the faults of scripts that a selection takes and that cannot be read.
///
/// The stage and tags of such a script are not known, so a selection by these may mean it: a warning.
fn unreadable(scripts: &[(WsPath, Diagnostic)], sequence: &sequence::Sequence) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (path, fault) in scripts {
        let Some((number, _)) = script_name(path.file_name()) else { continue };
        let takes = |selector: &Selector| match selector {
            Selector::Name(name) => name.matches_path(path.as_str()),
            _ => selector.matches_number(number),
        };
        let may_take = |selector: &Selector| matches!(selector, Selector::Stage(_) | Selector::Tag(_));
        if sequence.excluded().any(|item| takes(item.value)) {
            continue;
        }
        if sequence.included().any(|item| takes(item.value)) {
            faults.push(fault.clone());
        } else if sequence.included().any(|item| may_take(item.value)) {
            faults.push(Diagnostic { severity: Severity::Warning, ..fault.clone() });
        }
    }
    faults
}

/// A node before its texts are read.
struct Draft<'a> {
    id: String,
    identity: String,
    name: String,
    invocation: Invocation,
    settings: Settings,
    mentioned: BTreeSet<String>,
    job: Option<&'a Job>,
    script: Option<&'a Arc<Script>>,
}

/// How a text is run by a shell: program and options, the text follows. A command that fails ends the text.
const SHELLS: [(&str, &[&str]); 6] = [
    ("sh", &["sh", "-e", "-c"]),
    ("bash", &["bash", "-e", "-o", "pipefail", "-c"]),
    ("pwsh", &["pwsh", "-NoProfile", "-NonInteractive", "-Command"]),
    ("powershell", &["pwsh", "-NoProfile", "-NonInteractive", "-Command"]),
    ("python", &["python3", "-c"]),
    ("node", &["node", "-e"]),
];

fn argv(kind: &Kind, script: &Script, arguments: &[String]) -> Vec<String> {
    match &script.shebang {
        Some(words) if kind.shebang && !words.is_empty() => {
            words.iter().cloned().chain([script.path.to_string()]).chain(arguments.iter().cloned()).collect()
        }
        _ => kind.argv(script.path.as_str(), arguments),
    }
}

fn cwd(ground: &Ground<'_>, settings: &Settings) -> String {
    settings
        .cwd
        .as_ref()
        .map_or_else(|| ".".to_owned(), |cwd| WsPath::new(ground.root, &WsPath::root(), cwd).to_string())
}

fn with_env(mut settings: Settings, env: &BTreeMap<String, String>) -> Settings {
    for (name, value) in env {
        settings.env.entry(name.clone()).or_insert_with(|| value.clone());
    }
    settings
}

fn pairs<'a>(later: &'a [usize], earlier: &'a [usize]) -> impl Iterator<Item = (usize, usize)> + 'a {
    later.iter().flat_map(move |later| earlier.iter().map(move |earlier| (*later, *earlier)))
}

/// Returns the nodes a job ends with; of a job that selects nothing, those of the jobs it needs.
fn ends(jobs: &[Job], last: &BTreeMap<&str, Vec<usize>>, id: &str) -> Vec<usize> {
    let mut open = vec![id];
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if let Some(nodes) = last.get(id).filter(|nodes| !nodes.is_empty()) {
            found.extend(nodes);
        } else {
            let job = jobs.iter().find(|job| job.id == id);
            open.extend(job.into_iter().flat_map(|job| job.needs.iter().map(String::as_str)));
        }
    }
    found
}

fn bad_pattern(source: &Arc<Source>, span: Span, text: &str, why: &str) -> Diagnostic {
    let found = source.text.find(text).map(|start| Span::new(start, start + text.len()));
    Diagnostic::error(code::BAD_GLOB, format!("`{text}` is no pattern: {why}"))
        .source(source)
        .label(found.unwrap_or(span), "cannot be read")
        .help("close its brackets and braces, or escape them with a backslash")
}
