//! Declared inputs that no step made use of when it last ran: advice, since another run may need them.
//!
//! Knows what was seen of the steps. Tells nothing where a step was not seen whole with this very input.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{Engine, Findings, Targets, declared};
use crate::{
    base::WsPath,
    db::SourceFile,
    diag::{Diagnostic, code},
    engine::Ask,
    fingerprint::Disk,
    model::query::script_reading,
    plan::Node,
    text::pattern::Pattern,
};

/// A step, and what was seen of its inputs: nothing if it was not seen whole.
struct Watched {
    /// The playbook it was planned from; nothing if it was selected as a script.
    playbook: Option<WsPath>,
    node: Arc<Node>,
    used: Option<BTreeMap<String, bool>>,
}

/// Adds a note for each declared input that was not used.
pub(super) fn check(engine: &Engine, targets: &Targets, findings: &mut Findings) {
    let inputs = declared::all(engine, targets, "inputs");
    if inputs.is_empty() {
        return;
    }
    let watched = watched(engine, targets);
    let mut by_pattern: HashMap<&str, Vec<&Watched>> = HashMap::new();
    for step in &watched {
        let patterns: BTreeSet<&str> = step.node.inputs.iter().flatten().map(Pattern::as_str).collect();
        for pattern in patterns {
            by_pattern.entry(pattern).or_default().push(step);
        }
    }
    let scripts = targets.workspace.scripts(&engine.db).iter();
    let scripts: HashMap<&WsPath, SourceFile> =
        scripts.map(|script| (script.path(&engine.db), *script)).collect();
    let disk = Disk::new(Arc::clone(&engine.system), &engine.root, &engine.layout.clock(), Vec::new());
    for input in inputs {
        let Ok(pattern) = Pattern::parse(&input.text, &engine.root, &WsPath::root()) else { continue };
        let told: Vec<(&str, Option<bool>)> = by_pattern
            .get(pattern.as_str())
            .into_iter()
            .flatten()
            .filter(|step| is_said_by(engine, targets, &scripts, step, &input.source.name))
            .map(|step| {
                (
                    step.node.id.as_str(),
                    step.used.as_ref().and_then(|used| used.get(pattern.as_str()).copied()),
                )
            })
            .collect();
        let is_unused = !told.is_empty() && told.iter().all(|(_, used)| *used == Some(false));
        // One that matches nothing is warned of already.
        if !is_unused || !declared::is_there(&disk, &pattern) {
            continue;
        }
        let steps = crate::base::quoted_list(told.iter().take(3).map(|(id, _)| id));
        let more = if told.len() > 3 { format!(" and {} more", told.len() - 3) } else { String::new() };
        let message = format!("nothing that the input `{}` names was used by {steps}{more}", input.text);
        let fault = Diagnostic::note(code::UNUSED_INPUT, message)
            .source(&input.source)
            .label(input.span, "not read, probed or listed in the last run")
            .help("remove it, unless another run needs it; `az check --declare` writes what was used");
        findings.add_all([fault], None);
    }
}

/// Returns the steps that declare inputs, as scripts and as parts of playbooks.
fn watched(engine: &Engine, targets: &Targets) -> Vec<Watched> {
    let store = engine.open_cache().store;
    let db = &engine.db;
    let playbooks = targets.workspace.playbooks(db).iter().map(|file| Some(file.path(db).clone()));
    let mut watched = Vec::new();
    for playbook in playbooks.chain([None]) {
        let word = playbook.as_ref().map_or_else(|| "*".to_owned(), WsPath::to_string);
        let planned = engine.planned_in(targets.workspace, &Ask { arguments: vec![word], ..Ask::default() });
        let nodes = planned.plan.iter().flat_map(|plan| &plan.nodes);
        for node in nodes.filter(|node| node.inputs.as_ref().is_some_and(|inputs| !inputs.is_empty())) {
            let used = engine.last_seen_whole(&store, node).ok().map(|(_, usage)| usage.inputs);
            watched.push(Watched { playbook: playbook.clone(), node: Arc::clone(node), used });
        }
    }
    watched
}

/// Tells whether a step that has an input has it from this file.
fn is_said_by(
    engine: &Engine,
    targets: &Targets,
    scripts: &HashMap<&WsPath, SourceFile>,
    step: &Watched,
    file: &str,
) -> bool {
    let (db, workspace) = (&engine.db, targets.workspace);
    let is_rule = || workspace.rules(db).iter().any(|rule| rule.path(db).as_str() == file);
    let in_header = || {
        let script = step.node.script.as_ref().and_then(|path| scripts.get(path));
        script
            .and_then(|script| script_reading(db, workspace, *script).as_ref()?.header.inputs.as_ref())
            .is_some()
    };
    match (&step.node.script, &step.playbook) {
        (_, Some(playbook)) if playbook.as_str() == file => true,
        (Some(script), _) if script.as_str() == file => true,
        // A header overrules the rules as a whole.
        (_, _) => is_rule() && !in_header(),
    }
}
