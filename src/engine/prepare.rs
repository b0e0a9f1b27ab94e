//! A node with everything that is known before it runs: program, environment, key without observations.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard},
};

use super::{
    candidates::{Candidates, OwnPrograms},
    environment::{Environment, Outer, environment_of},
    secrets::mark,
    tools::Tools,
};
use crate::{
    base::{WsPath, quoted_list},
    cache::Wanted,
    diag::{Diagnostic, code},
    fingerprint::{Component, ComponentKind, Fingerprint, Question, Resolver, View, content},
    model::settings::ExitMeaning,
    plan::{Gate, Node, Plan, Reuse},
    secret::{Masks, Patterns, is_maskable},
    sys::{Platform, System},
};

/// The version of what records mean; another one makes all older records of no use.
const SCHEMA: &str = "2";

/// A node and what is known before it runs.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) node: Arc<Node>,
    /// Why it is not watched while it runs; nothing if it is.
    pub(super) unwatched: Option<String>,
    /// Where its program is; nothing if it is not installed.
    pub(super) program: Option<PathBuf>,
    /// Where the tools its script depends on are.
    tools: Vec<(String, Option<PathBuf>)>,
    pub(super) environment: Arc<Environment>,
    /// More of it is known than the plan knew.
    pub(super) is_bound: bool,
    secret_key: SecretKey,
    /// The values it is given that nobody must see, once they were asked for.
    secrets: OnceLock<Vec<String>>,
}

/// What the digests of secrets depend on.
#[derive(Clone, Copy)]
struct SecretKey([u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

/// The nodes of a run. What of one depends on how others end is put in when its turn has come.
#[derive(Clone)]
pub(super) struct Nodes {
    nodes: Arc<RwLock<Vec<Arc<Prepared>>>>,
    masks: Arc<Masks>,
}

impl Nodes {
    pub(super) fn new(nodes: Vec<Prepared>, masks: Arc<Masks>) -> Self {
        let mut nodes: Vec<Arc<Prepared>> = nodes.into_iter().map(Arc::new).collect();
        // Collected in the place of the nodes themselves, it would keep all of that.
        nodes.shrink_to_fit();
        Self { nodes: Arc::new(RwLock::new(nodes)), masks }
    }

    /// Returns what nobody must see of them, as far as that is known.
    pub(super) fn masks(&self) -> &Arc<Masks> {
        &self.masks
    }

    /// Returns a node as it is known now.
    pub(super) fn get(&self, index: usize) -> Arc<Prepared> {
        Arc::clone(&self.all()[index])
    }

    /// Returns all nodes as they are known now; none can be put in as long as they are held.
    pub(super) fn all(&self) -> RwLockReadGuard<'_, Vec<Arc<Prepared>>> {
        self.nodes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds further nodes behind those there are; `nodes` are all.
    pub(super) fn grow(&self, nodes: Vec<Prepared>) {
        let mut known = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        let count = known.len();
        known.extend(nodes.into_iter().skip(count).map(Arc::new));
    }

    /// Puts in a node of which more is known.
    pub(super) fn put(&self, index: usize, prepared: Prepared) {
        self.masks.know(prepared.secrets().iter().cloned());
        self.nodes.write().unwrap_or_else(PoisonError::into_inner)[index] = Arc::new(prepared);
    }
}

/// Prepares all nodes of a plan; `hidden` are texts that nobody must see.
///
/// Returns a diagnostic for each program that is missing and wanted by a node whose condition holds.
pub(super) fn prepare(
    system: &dyn System,
    outer: &Outer<'_>,
    plan: &Arc<Plan>,
    unwatched: Option<&str>,
    hidden: &Patterns,
) -> (Vec<Prepared>, Vec<Diagnostic>) {
    let mut tools = Tools::new(system, outer.env.get("PATH").map_or("", String::as_str));
    let mut missing: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    let mut prepared = Vec::with_capacity(plan.nodes.len());
    for node in &plan.nodes {
        let ready = prepare_one(&mut tools, outer, Arc::clone(node), unwatched, hidden);
        // What is known only when its turn comes may name another program, or be skipped.
        let is_wanted = node.condition.as_ref().is_none_or(|condition| condition.holds);
        let is_sure = node.gate == Gate::Needs || !plan.may_leave_out(node);
        if ready.program.is_none() && is_wanted && is_sure && node.late.is_none() && node.deferred.is_none() {
            missing.entry(node.invocation.program()).or_default().push(node);
        }
        prepared.push(ready);
    }
    let diagnostics = missing.into_iter().map(|(program, nodes)| missing_program(program, &nodes)).collect();
    (prepared, diagnostics)
}

/// Prepares a node; `hidden` are texts that nobody must see.
pub(super) fn prepare_one(
    tools: &mut Tools<'_>,
    outer: &Outer<'_>,
    mut node: Arc<Node>,
    unwatched: Option<&str>,
    hidden: &Patterns,
) -> Prepared {
    if !hidden.texts().is_empty() {
        mark(Arc::make_mut(&mut node), hidden);
    }
    let cwd = outer.root.join(&node.invocation.cwd);
    let program = tools.find(node.invocation.program(), &cwd);
    let environment = environment_of(&node, &BTreeSet::new(), outer);
    let unwatched = node.unwatched().or(unwatched.map(str::to_owned));
    let wanted = node.tools.iter().map(|(name, candidates)| {
        (name.clone(), candidates.iter().find_map(|candidate| tools.find(candidate, &cwd)))
    });
    let tools = wanted.collect();
    Prepared {
        node,
        unwatched,
        program,
        tools,
        environment,
        is_bound: false,
        secret_key: SecretKey(*outer.secret_key),
        secrets: OnceLock::new(),
    }
}

fn missing_program(program: &str, nodes: &[&Node]) -> Diagnostic {
    if let Some(script) =
        nodes.iter().find(|node| node.is_own_program()).and_then(|node| node.script.as_ref())
    {
        let fault =
            Diagnostic::error(code::MISSING_INTERPRETER, format!("`{script}` cannot be started as it is"));
        let extension = script.extension().unwrap_or_default();
        return fault.help(format!(
            "add a [[kind]] with extensions = [\"{extension}\"] to a file in rules/, or make it a program: chmod +x '{script}'"
        ));
    }
    let names = nodes.iter().take(5).map(|node| &node.id);
    let more = nodes.len().saturating_sub(5);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let message = format!("`{program}` is not on PATH; wanted by {}{more}", quoted_list(names));
    let fault = Diagnostic::error(code::MISSING_INTERPRETER, message);
    let is_of_text = program == "pwsh" && nodes.iter().all(|node| node.invocation.text.is_some());
    let or = if is_of_text {
        "say in the playbook which shell the text is for: `shell`, such as bash"
    } else {
        "leave these steps out of the selection"
    };
    fault.help(format!("install `{program}`, or {or}"))
}

/// Returns the components that no file's content has a part in.
fn fixed_components(node: &Node, environment: &Environment, secret_key: &[u8; 32]) -> Vec<Component> {
    let platform = Platform::current();
    let text = |kind, name: &str, value: &str| Component::of_text(kind, name, value);
    let mut components = vec![
        text(ComponentKind::Engine, "schema", SCHEMA),
        text(ComponentKind::Platform, "platform", &format!("{}-{}", platform.os, platform.arch)),
        text(ComponentKind::Folder, "cwd", &node.invocation.cwd),
    ];
    if let Some(command) = &node.invocation.text {
        let component = text(ComponentKind::Command, "text", command);
        let is_secret =
            node.secret_words.iter().any(|place| node.invocation.argv.get(*place) == Some(command));
        components.push(if is_secret { component.hidden(secret_key) } else { component });
    }
    // The text of an inline step stands among the arguments too; it is shown once, as the command.
    let arguments = node.invocation.argv.iter().filter(|word| Some(*word) != node.invocation.text.as_ref());
    let arguments: Vec<String> = arguments.map(|word| quoted(word)).collect();
    let command_line = text(ComponentKind::Argument, "command line", &arguments.join(" "));
    // A secret that reaches a script as a parameter stands among the arguments.
    let has_secret = node.invocation.variables.keys().any(|name| node.is_secret(name));
    let has_secret = has_secret || !node.secret_words.is_empty();
    components.push(if has_secret { command_line.hidden(secret_key) } else { command_line });
    if !node.exit_codes.is_empty() {
        let codes =
            node.exit_codes.iter().map(|(code, meaning)| format!("{code}={}", ExitMeaning::as_str(*meaning)));
        components.push(text(ComponentKind::Rule, "exit codes", &codes.collect::<Vec<_>>().join(" ")));
    }
    // What a step is kept from is part of what its result depends on.
    if node.settings.is_sandboxed() {
        let permitted = node.settings.writable.as_ref().map_or_else(String::new, |permitted| {
            let permitted: Vec<String> = permitted.iter().map(|text| quoted(text)).collect();
            format!(", but for {}", permitted.join(" "))
        });
        components.push(text(ComponentKind::Rule, "sandbox", &format!("on{permitted}")));
    }
    if node.settings.is_offline() {
        components.push(text(ComponentKind::Rule, "network", "off"));
    }
    for (what, patterns) in [("inputs", &node.inputs), ("outputs", &node.outputs)] {
        let Some(patterns) = patterns else { continue };
        let patterns: Vec<String> = patterns.iter().map(|pattern| quoted(pattern.as_str())).collect();
        components.push(text(ComponentKind::Declaration, what, &patterns.join(" ")));
    }
    for (name, value) in &node.invocation.variables {
        let variable = text(ComponentKind::Variable, name, &value.to_string());
        components.push(if node.is_secret(name) { variable.hidden(secret_key) } else { variable });
    }
    components.extend(environment.components.iter().cloned());
    components
}

/// Writes a word so that two different command lines are two different texts.
fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./=:,+@%".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

impl Prepared {
    /// Returns what the digests of its secrets depend on.
    pub(super) fn secret_key(&self) -> &[u8; 32] {
        &self.secret_key.0
    }

    /// Adds names of the environment that text mentions which the step was seen to read.
    pub(super) fn learn(&mut self, names: &BTreeSet<String>, outer: &Outer<'_>) {
        if !names.is_empty() {
            self.environment = environment_of(&self.node, names, outer);
            self.secrets = OnceLock::new();
        }
    }

    /// Tells whether the step's result can be reused, as far as is known before it runs.
    pub(super) fn reuse(&self) -> Reuse {
        self.node.reuse(self.unwatched.as_deref())
    }

    /// Returns the fingerprint of all that is known before running, with script and program as `view` has them.
    pub(super) fn weak(&self, view: &dyn View) -> Fingerprint {
        let mut components = fixed_components(&self.node, &self.environment, &self.secret_key.0);
        components.extend(self.script(view));
        components.extend(self.tools.iter().map(|(name, found)| tool(view, name, found.as_deref())));
        components.push(tool(view, self.node.invocation.program(), self.program.as_deref()));
        Fingerprint::new(components)
    }

    /// Returns what the step's script is, if it has one.
    pub(super) fn script(&self, view: &dyn View) -> Option<Component> {
        let script = self.node.script.as_ref()?;
        let content = content(view, script);
        Some(Component::of_answer(ComponentKind::Script, script.as_str(), &content))
    }

    /// Returns the places of its script and its programs, with the links that lead there, and the places on `PATH`
    /// where its programs are looked for.
    pub(super) fn programs(&self, view: &dyn View, candidates: &Candidates) -> OwnPrograms {
        let mut resolver = Resolver::new(view);
        let names = self.tools.iter().map(|(name, _)| name.as_str()).chain([self.node.invocation.program()]);
        let path = self.environment.values.get("PATH").map(String::as_str);
        let candidates = candidates.of(view.root(), path, names);
        let tools = self.tools.iter().filter_map(|(_, found)| found.as_ref()).chain(&self.program);
        let tools = tools.map(|path| WsPath::new(view.root(), &WsPath::root(), path));
        let places = tools.chain(self.node.script.clone());
        let mut found: BTreeSet<WsPath> = places.map(|path| resolver.resolve(&path).at).collect();
        found.extend(resolver.into_links());
        OwnPrograms { found, candidates }
    }

    /// Returns the values it is given that nobody must see: those that are long enough to be one.
    pub(super) fn secrets(&self) -> &[String] {
        self.secrets.get_or_init(|| self.find_secrets())
    }

    fn find_secrets(&self) -> Vec<String> {
        let values = self.environment.values.iter().filter(|(name, _)| self.node.is_secret(name));
        let values = values.map(|(_, value)| value.clone());
        let variables = self.node.invocation.variables.iter();
        let variables = variables.filter(|(name, _)| self.node.is_secret(name));
        let variables =
            variables.map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let words = &self.node.secret_words;
        let words = words.iter().filter_map(|place| self.node.invocation.argv.get(*place).cloned());
        values.chain(variables).chain(words).filter(|value| is_maskable(value)).collect()
    }

    /// Returns the step as the cache looks it up.
    pub(super) fn wanted<'a>(&'a self, weak: &'a Fingerprint, questions: &'a [Question]) -> Wanted<'a> {
        let outputs = self.node.outputs.as_deref().unwrap_or_default();
        let identity = &self.node.identity;
        Wanted { identity, weak, questions, outputs, overwritten: &[], seen_overwritten: &[] }
    }
}

/// A program: where it is and what is in it, links followed.
fn tool(view: &dyn View, name: &str, program: Option<&Path>) -> Component {
    let Some(program) = program else { return Component::unset(ComponentKind::Tool, name) };
    let path = WsPath::new(view.root(), &WsPath::root(), program);
    let content = content(view, &path);
    let value = format!("{path} {}", content.digest);
    Component {
        short: format!("{path} {}", content.short),
        ..Component::of_text(ComponentKind::Tool, name, &value)
    }
}
