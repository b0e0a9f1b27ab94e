//! The plan as a salsa query.

use std::sync::Arc;

use super::{
    Plan, ToolWish,
    around::Around,
    defaults::Defaults,
    dependencies::Scripts,
    expand::Expanded,
    node::{Ground, PlaybookContext},
    places::Places,
    profile, registry,
    request::{Part, parts},
    resources,
    rules::rule_matches,
    secrets, validate,
};
use crate::{
    base::{SecretPlace, WsPath},
    db::{Db, Request, SourceFile, Surroundings, Workspace},
    diag::{Diagnostic, code, has_errors},
    model::{
        decode::Reading,
        playbook::Playbook,
        query::{catalog, config, playbook_reading, rule_file, rules, text},
        rule::duplicate_kinds,
    },
    text::document::{Index, USUAL_BYTES},
};

/// What planning gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The plan; nothing if an error stands in the way.
    pub plan: Option<Arc<Plan>>,
    /// Programs the scripts depend on, to be looked up.
    pub tools: Vec<ToolWish>,
    /// What stands around the bodies of the playbooks.
    pub around: Vec<Around>,
    /// What is wrong or doubtful.
    pub diagnostics: Vec<Diagnostic>,
    /// Where secrets come from that were not looked for yet: with them it is to be planned again.
    pub secrets: Vec<SecretPlace>,
    /// The selection is well formed and names nothing.
    pub is_empty: bool,
}

/// Plans a request.
#[salsa::tracked]
pub fn plan(db: &dyn Db, workspace: Workspace, request: Request, surroundings: Surroundings) -> Planned {
    let mut diagnostics = ground_faults(db, workspace);
    let (parts, faults) = parts(db, workspace, request);
    diagnostics.extend(faults);
    let playbooks: Vec<(SourceFile, &Reading<Playbook>)> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Playbook(file) => Some((*file, playbook_reading(db, *file))),
            Part::Scripts(..) => None,
        })
        .collect();
    diagnostics.extend(playbooks.iter().flat_map(|(_, reading)| reading.diagnostics.clone()));
    if let Some(wanted) = request.profile(db) {
        let read = || playbooks.iter().filter_map(|(_, reading)| reading.value.as_ref());
        let config = config(db, workspace).value.as_ref();
        if !profile::any_has(read(), wanted) && profile::configured(config, wanted).is_none() {
            diagnostics.push(profile::no_such_profile(wanted, read(), config));
        }
    }
    let mut expanded = expand(db, workspace, request, surroundings, &parts);
    diagnostics.append(&mut expanded.diagnostics);
    let is_empty = expanded.nodes.is_empty();
    // What a playbook does that az only reads yet is not nothing.
    let is_pending = diagnostics.iter().any(|fault| fault.code == code::UNSUPPORTED_FIELD);
    if is_empty && !is_pending && !has_errors(&diagnostics) {
        diagnostics.push(validate::nothing_selected(catalog(db, workspace).scripts.len()));
    }
    let tools = std::mem::take(&mut expanded.tools);
    let around = std::mem::take(&mut expanded.around);
    let secrets = std::mem::take(&mut expanded.secrets);
    let time_limits = std::mem::take(&mut expanded.time_limits);
    let places = Places { db, workspace };
    let nodes = validate::order(&mut expanded, &places).unwrap_or_else(|circle| {
        // Jobs that need each other were told with all their needs when the playbook was read.
        if !diagnostics.iter().any(|fault| fault.code == code::CYCLE) {
            diagnostics.push(*circle);
        }
        Vec::new()
    });
    diagnostics.extend(validate::check(&nodes, &places));
    diagnostics.extend(secrets::exposed(&nodes, request.secrets(db)));
    let playbook = playbooks.first().map(|(file, _)| file.path(db).clone());
    let Expanded { mut scopes, spans, mut capacities, goes_on, timeout, .. } = expanded;
    let configured = config(db, workspace).value.clone().unwrap_or_default();
    let known = resources::Ground { config: &configured, memory: surroundings.memory(db) };
    diagnostics.extend(known.faults(&nodes, &capacities, &places));
    known.add_capacities(&nodes, &mut capacities);
    let rates = known.rates(&nodes);
    let is_sound = !has_errors(&diagnostics);
    scopes.shrink_to_fit();
    let scopes = Arc::new(scopes);
    let plan = Plan { nodes, playbook, time_limits, scopes, spans, capacities, rates, goes_on, timeout };
    let plan = is_sound.then(|| Arc::new(plan));
    Planned { plan, tools, around, diagnostics, secrets, is_empty }
}

/// Makes nodes of all parts of a request.
fn expand(
    db: &dyn Db,
    workspace: Workspace,
    request: Request,
    surroundings: Surroundings,
    parts: &[Part],
) -> Expanded {
    let mut configured = config(db, workspace).value.clone().unwrap_or_default();
    let playbooks = parts.iter().filter_map(|part| match part {
        Part::Playbook(file) => playbook_reading(db, *file).value.as_ref(),
        Part::Scripts(..) => None,
    });
    // A playbook that is asked for alone runs under the profile that it was saved with.
    let own = || playbooks.clone().next().filter(|_| parts.len() == 1)?.profile.as_deref();
    if let Some(wanted) = request.profile(db).as_deref().or_else(own) {
        profile::apply(&mut configured, playbooks, wanted);
    }
    let catalog = catalog(db, workspace);
    let readable = catalog.scripts.iter().map(|(_, script)| Arc::clone(script)).collect();
    let ground = Ground {
        root: workspace.root(db),
        scripts: Scripts::new(readable, unreadable_scripts(db, workspace)),
        db,
        workspace,
        kinds: &rules(db, workspace).kinds,
        rules: rule_matches(db, workspace),
        config: &configured,
        given: request.variables(db).clone(),
        env: surroundings.env(db),
        is_administrator: surroundings.is_administrator(db),
        platform: &workspace.platform(db).os,
        with_dependencies: request.with_dependencies(db),
        is_check: request.are_paths(db),
        known: request.known(db),
        secrets: request.secrets(db),
        script_arguments: request.script_arguments(db),
        conditions: Arc::new(request.conditions(db).clone()),
        gives_to_powershell: request.gives_to_powershell(db),
        defaults: Defaults::of(&configured),
        environment: workspace.environment(db).as_deref(),
    };
    let bytes = configured.max_playbook_size.unwrap_or(USUAL_BYTES);
    let sizes = usize::try_from(bytes.div_ceil(USUAL_BYTES)).unwrap_or(usize::MAX);
    let mut expanded = Expanded::of_sizes(sizes);
    for round in expanded.rounds_of_request(request.matrix(db)) {
        expanded.begin_round(round);
        add_parts(db, request, &ground, parts, &mut expanded);
        expanded.finish();
    }
    expanded.open_gates();
    expanded
}

fn add_parts(db: &dyn Db, request: Request, ground: &Ground<'_>, parts: &[Part], expanded: &mut Expanded) {
    for part in parts {
        match part {
            Part::Scripts(sequence, source) => expanded.add_sequence(ground, sequence, source),
            Part::Playbook(file) => {
                if let Some(context) = context(db, *file, request.profile(db).as_deref()) {
                    expanded.add_playbook(ground, context);
                }
            }
        }
    }
}

/// Returns where the entries of the large tables of a playbook stand.
#[salsa::tracked]
fn playbook_index(db: &dyn Db, file: SourceFile) -> Index {
    playbook_reading(db, file).tree.as_ref().map(Index::of).unwrap_or_default()
}

/// Returns a playbook as nodes are made from it; nothing if it cannot be read.
pub(super) fn context<'a>(
    db: &'a dyn Db,
    file: SourceFile,
    profile: Option<&str>,
) -> Option<PlaybookContext<'a>> {
    let reading = playbook_reading(db, file);
    let playbook = reading.value.as_ref()?;
    Some(PlaybookContext {
        path: file.path(db),
        source: &text(db, file).source,
        tree: reading.tree.as_ref(),
        index: playbook_index(db, file),
        playbook,
        profile: profile::chosen(playbook, profile),
        diagnostics: &reading.diagnostics,
    })
}

/// Returns the plan alone, so that what depends on it is not asked again when only a diagnostic changed.
#[salsa::tracked]
pub fn plan_graph(
    db: &dyn Db,
    workspace: Workspace,
    request: Request,
    surroundings: Surroundings,
) -> Option<Arc<Plan>> {
    plan(db, workspace, request, surroundings).plan.clone()
}

/// Returns the scripts whose text is not known, by path, each with what is wrong.
fn unreadable_scripts(db: &dyn Db, workspace: Workspace) -> Vec<(WsPath, Diagnostic)> {
    let fault = |file: &SourceFile| Some((file.path(db).clone(), text(db, *file).diagnostic.clone()?));
    workspace.scripts(db).iter().filter_map(fault).collect()
}

/// Returns what is wrong with the files that every plan stands on.
fn ground_faults(db: &dyn Db, workspace: Workspace) -> Vec<Diagnostic> {
    let mut faults = config(db, workspace).diagnostics.clone();
    faults.extend(registry::no_such_environment(db, workspace));
    let files: Vec<_> = workspace
        .rules(db)
        .iter()
        .map(|file| (Arc::clone(&text(db, *file).source), rule_file(db, *file).clone()))
        .collect();
    faults.extend(files.iter().flat_map(|(_, reading)| reading.diagnostics.clone()));
    faults.extend(duplicate_kinds(&files));
    faults.extend(rule_matches(db, workspace).diagnostics.clone());
    faults
}
