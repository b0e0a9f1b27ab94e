//! What a script is to declare: the paths it was seen to read and to make.
//!
//! Knows records and the order of steps. Does not know how a declaration is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    base::{WsPath, quoted_list},
    cache::Record,
    engine::{Engine, session::Cache},
    fingerprint::{ComponentKind, Resolver, State, View},
    plan::Node,
};

/// What a script is to declare.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    pub(super) inputs: BTreeSet<WsPath>,
    /// Nothing if its outputs cannot be declared.
    pub(super) outputs: Option<BTreeSet<WsPath>>,
    /// All it writes, whether it can be declared or not.
    pub(super) written: BTreeSet<WsPath>,
    /// Environment names it was learned to use; nothing if there are none.
    pub(super) env: BTreeSet<String>,
    /// What its declarations do not say.
    pub(super) remarks: Vec<String>,
}

/// Returns what each node of a plan is to declare, in its order, or why that is not known.
pub(super) fn wishes(engine: &Engine, cache: &Cache, nodes: &[Arc<Node>]) -> Vec<Result<Wish, String>> {
    let mut wishes: Vec<Result<Wish, String>> = nodes.iter().map(|node| wish(engine, cache, node)).collect();
    let mut writers: BTreeMap<WsPath, Vec<usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for path in written(cache, node, wishes[index].as_ref().ok()) {
            writers.entry(path).or_default().push(index);
        }
    }
    for (index, wish) in wishes.iter_mut().enumerate() {
        let Ok(found) = wish else { continue };
        if let Some((path, later)) = made_later(found, &writers, index) {
            *wish = Err(format!("it reads `{path}`, which {} makes after it", nodes[later].id));
            continue;
        }
        // Of several that write a path the first owns it; the others change what they find.
        let is_owned = |path: &&WsPath| writers[*path].first().is_some_and(|first| *first < index);
        let rewritten: Vec<WsPath> = found.outputs.iter().flatten().filter(is_owned).cloned().collect();
        found.inputs.extend(rewritten);
    }
    wishes
}

fn wish(engine: &Engine, cache: &Cache, node: &Node) -> Result<Wish, String> {
    let (record, usage) = engine.last_seen_whole(&cache.store, node)?;
    let inputs = record.fingerprint.components().iter().filter(|it| it.kind == ComponentKind::Input);
    let inputs = inputs.filter(|it| !usage.idle.contains(&it.name));
    let inputs = inputs.filter_map(|it| WsPath::from_normal(&it.name));
    let mut wish = Wish {
        inputs: inputs.filter(|path| is_declarable(path) && is_file(cache, path)).collect(),
        env: cache.store.learned(&node.identity),
        ..Wish::default()
    };
    wish.env.retain(|name| !node.settings.pass_env.contains(name));
    let written = record.effects.iter().map(|effect| &effect.path).filter(|path| is_declarable(path));
    wish.written = written.cloned().collect();
    wish.outputs = outputs(&record, &mut wish.remarks);
    Ok(wish)
}

/// Tells whether a path is one of the workspace's own: what git and az keep is nobody's to declare.
fn is_declarable(path: &WsPath) -> bool {
    path.is_inside() && !path.as_str().split('/').any(|name| matches!(name, ".git" | ".azcache"))
}

/// Tells whether a path is a file by now, or a link to one.
fn is_file(cache: &Cache, path: &WsPath) -> bool {
    match cache.disk.state(path) {
        State::File { .. } => true,
        State::Link { .. } => matches!(Resolver::new(&*cache.disk).resolve(path).state, State::File { .. }),
        _ => false,
    }
}

/// Returns the files a step made; nothing if it does what `Outputs` cannot say.
fn outputs(record: &Record, remarks: &mut Vec<String>) -> Option<BTreeSet<WsPath>> {
    let effects = || record.effects.iter().filter(|effect| is_declarable(&effect.path));
    let removed: Vec<&WsPath> =
        effects().filter(|it| it.before.exists() && !it.after.exists()).map(|it| &it.path).collect();
    if !removed.is_empty() {
        let paths = quoted_list(removed.iter().take(3));
        remarks.push(format!("it removes {paths}, which `Outputs` cannot say, so that it is left as it is"));
        return None;
    }
    let is_made = |state: &State| matches!(state, State::File { .. } | State::Link { .. });
    Some(effects().filter(|effect| is_made(&effect.after)).map(|effect| effect.path.clone()).collect())
}

/// Returns the paths a node writes, as far as that is known.
fn written(cache: &Cache, node: &Node, wish: Option<&Wish>) -> BTreeSet<WsPath> {
    if let Some(wish) = wish {
        return wish.written.clone();
    }
    let declared = node.outputs.iter().flatten().filter_map(crate::text::pattern::Pattern::as_path);
    let record = cache.store.last(&node.identity);
    let seen = record.iter().flat_map(|record| &record.effects).map(|effect| effect.path.clone());
    declared.chain(seen).collect()
}

/// Returns an input that only a later step makes: to declare it would turn the order of the two round.
fn made_later(wish: &Wish, writers: &BTreeMap<WsPath, Vec<usize>>, index: usize) -> Option<(WsPath, usize)> {
    let foreign = wish.inputs.iter().filter(|path| !wish.written.contains(*path));
    foreign.into_iter().find_map(|path| {
        let first = *writers.get(path)?.first()?;
        (first > index).then(|| (path.clone(), first))
    })
}
