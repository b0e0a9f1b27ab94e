//! From nodes in the order of the text to a plan: the order, all edges, and what makes it impossible.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{
    Edge, EdgeKind, Node,
    expand::Expanded,
    order::sequential_order,
    overlap::{Outputs, TwoOwners},
    places::{Place, Places},
};
use crate::{
    base::{WsPath, plural},
    diag::{Diagnostic, code},
    text::pattern::PRIVATE_FOLDERS,
};

/// Orders the nodes and gives each its edges.
///
/// # Errors
/// The circle, if there is one.
pub(super) fn order(expanded: &mut Expanded, places: &Places<'_>) -> Result<Vec<Arc<Node>>, Box<Diagnostic>> {
    give_unique_ids(&mut expanded.nodes);
    let producers = Outputs::of(&expanded.nodes).producer_edges();
    let declared = std::mem::take(&mut expanded.edges).into_iter();
    let mut edges: Vec<(usize, usize, EdgeKind)> =
        declared.chain(producers.into_iter().map(|(later, edge)| (later, edge.to, edge.kind))).collect();
    dedup(&mut edges);
    let bare: Vec<(usize, usize)> = edges.iter().map(|(later, earlier, _)| (*later, *earlier)).collect();
    let order = match sequential_order(expanded.nodes.len(), &bare) {
        Ok(order) => order,
        Err(circle) => return Err(Box::new(cycle(&expanded.nodes, &edges, &circle, places))),
    };
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, node)| place[*node] = at);
    let mut slots: Vec<Option<Arc<Node>>> =
        std::mem::take(&mut expanded.nodes).into_iter().map(Some).collect();
    let mut nodes: Vec<Arc<Node>> =
        order.iter().map(|node| slots[*node].take().expect("an order names each node once")).collect();
    for (at, node) in order.iter().enumerate() {
        Arc::make_mut(&mut nodes[at]).sequence = expanded.groups[*node];
    }
    for (later, earlier, kind) in edges {
        Arc::make_mut(&mut nodes[place[later]]).edges.push(Edge { to: place[earlier], kind });
    }
    let pairs = Outputs::of(&nodes).rewrite_pairs();
    for (earlier, later, path) in pairs {
        Arc::make_mut(&mut nodes[later]).come_after(earlier, EdgeKind::Rewrite(path));
    }
    for node in &mut nodes {
        let edges = &mut Arc::make_mut(node).edges;
        edges.sort_by_key(|edge| edge.to);
        // Most have one or two, and a list that grew has room for four.
        edges.shrink_to_fit();
    }
    Ok(nodes)
}

/// One edge a pair, the first kind that was declared.
fn dedup(edges: &mut Vec<(usize, usize, EdgeKind)>) {
    let mut seen = BTreeSet::new();
    edges.retain(|(later, earlier, _)| seen.insert((*later, *earlier)));
}

/// Two nodes of one name get the path, then a count.
fn give_unique_ids(nodes: &mut [Arc<Node>]) {
    let mut seen = HashSet::new();
    // How often each name was wanted, so that no count is tried twice.
    let mut wanted: HashMap<String, usize> = HashMap::new();
    for node in nodes {
        if !seen.insert(node.id.clone()) {
            let base = node.script.as_ref().map_or(node.id.clone(), WsPath::to_string);
            let count = wanted.entry(base.clone()).or_default();
            let mut next = || {
                *count += 1;
                if *count == 1 { base.clone() } else { format!("{base}#{count}") }
            };
            let free = std::iter::repeat_with(&mut next).find(|id| seen.insert(id.clone()));
            Arc::make_mut(node).id = free.expect("counting up ends at a free name");
        }
    }
}

fn cycle(
    nodes: &[Arc<Node>],
    edges: &[(usize, usize, EdgeKind)],
    circle: &[usize],
    places: &Places<'_>,
) -> Diagnostic {
    let names: Vec<&str> = circle.iter().chain(circle.first()).map(|node| nodes[*node].id.as_str()).collect();
    let next = circle.iter().cycle().skip(1);
    let edges: Vec<_> = circle
        .iter()
        .zip(next)
        .filter_map(|(later, earlier)| {
            let (.., kind) = edges.iter().find(|(l, e, _)| (l, e) == (later, earlier))?;
            Some((&*nodes[*later], &*nodes[*earlier], kind))
        })
        .collect();
    let reasons: Vec<String> = edges
        .iter()
        .map(|(later, earlier, kind)| {
            format!("{} waits for {}, which {}", later.id, earlier.id, kind.reason())
        })
        .collect();
    let place = edges.iter().find_map(|(later, earlier, kind)| places.edge(later, earlier, kind));
    let what = if circle.len() == 1 { "a step needs itself" } else { "steps need each other in a circle" };
    let fault = Diagnostic::error(code::CYCLE, format!("{what}: {}", names.join(" -> ")))
        .help(format!("remove one of these: {}", reasons.join("; ")));
    at(fault, place, "part of the circle")
}

/// Adds a place, if there is one.
fn at(fault: Diagnostic, place: Option<Place>, remark: &str) -> Diagnostic {
    match place {
        Some((source, span)) => fault.source(&source).label(span, remark),
        None => fault,
    }
}

/// Finds what must not be, however the steps are ordered.
pub(super) fn check(nodes: &[Arc<Node>], places: &Places<'_>) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for TwoOwners { nodes: (first, second), pattern } in Outputs::of(nodes).conflicts() {
        let place = places.output(&nodes[second], &pattern);
        let (first, second) = (&nodes[first].id, &nodes[second].id);
        let fault = Diagnostic::error(
            code::TWO_OWNERS,
            format!("{first} and {second} both own the output `{pattern}`"),
        );
        let fault = fault.help(format!(
            "let one write elsewhere, or, if {second} rewrites what {first} made, add `{pattern}` to its inputs"
        ));
        faults.push(at(fault, place, &format!("declared by {first} too")));
    }
    for node in nodes {
        for output in node.outputs.iter().flatten() {
            let is_private = output
                .as_str()
                .split('/')
                .any(|part| PRIVATE_FOLDERS.iter().any(|own| own.eq_ignore_ascii_case(part)));
            if is_private || places.hold_all(output) {
                let fault = format!("{} declares `{}` as its output", node.id, output.as_str());
                let help = "name the files or folders the step makes; .git and .azcache cannot be among them";
                let fault = Diagnostic::error(code::OUTPUT_OUTSIDE, fault).help(help);
                faults.push(at(fault, places.output(node, output.as_str()), "not allowed"));
            }
        }
    }
    faults
}

/// Returns the diagnostic that nothing is selected.
pub(super) fn nothing_selected(scripts: usize) -> Diagnostic {
    let help = match scripts {
        0 => "add a script such as scripts/0100_hello.sh; --allow-empty makes this no error".to_owned(),
        _ => format!(
            "`az list` shows the {} there are; --allow-empty makes this no error",
            plural(scripts, "script")
        ),
    };
    Diagnostic::warning(code::NOTHING_SELECTED, "nothing is selected").help(help)
}
