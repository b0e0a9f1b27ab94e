//! Why each step ran, with what it was and what it is, down to the root cause of a chain.

use super::{NodeView, RunView};
use crate::{
    base::plural,
    event::{Outcome, Reason},
};

/// Returns the explanation of a run: a paragraph for each step that ran or failed, and a line for the rest.
pub fn explain(view: &RunView) -> String {
    let mut lines = Vec::new();
    let ran = |node: &&NodeView| matches!(node.outcome, Some(Outcome::Ran | Outcome::Failed));
    for node in view.nodes.values().filter(ran) {
        lines.push(format!("{} ran:", node.planned.id));
        add_reasons(view, node, &mut lines);
    }
    for node in view.nodes.values().filter(|node| !node.restored.is_empty()) {
        lines.push(format!(
            "{} was not run; brought back from cache: {}",
            node.planned.id,
            node.restored.join(", ")
        ));
    }
    let counts = view.counts();
    if counts.reused() > 0 {
        lines.push(format!("{} of {} unchanged", counts.reused(), plural(counts.total, "step")));
    }
    for (outcome, word) in [(Outcome::Skipped, "skipped"), (Outcome::Blocked, "blocked")] {
        for node in view.nodes.values().filter(|node| node.outcome == Some(outcome)) {
            let reason = node.reasons.first().map_or("", |reason| &reason.text);
            lines.push(format!("{} {word}: {reason}", node.planned.id));
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Returns why one step ended as it did, down to the root cause.
pub fn explain_node(view: &RunView, node: &NodeView) -> String {
    let id = &node.planned.id;
    let first = node.reasons.first().map_or("", |reason| reason.text.as_str());
    let mut lines = Vec::new();
    match node.outcome {
        Some(Outcome::Ran) => lines.push(format!("{id} ran:")),
        Some(Outcome::Failed) => {
            lines.push(format!(
                "{id} ran and failed ({}):",
                node.error.as_deref().unwrap_or("no reason told")
            ));
        }
        Some(Outcome::Cached) => lines.push(format!("{id} was not run: {first}")),
        Some(Outcome::Restored) => {
            let paths = node.restored.join(", ");
            lines.push(format!("{id} was not run: {first}; brought back from cache: {paths}"));
        }
        Some(Outcome::Blocked) => {
            lines.push(format!("{id} was blocked: {first}"));
            lines.extend(root_failure(view, node).map(|root| format!("  {root}")));
        }
        Some(outcome) => lines.push(format!("{id} was {outcome}: {first}")),
        None if node.reasons.is_empty() => {
            lines.push(format!("{id} was not started before the run broke off"));
        }
        None => lines.push(format!("{id} was at work when the run broke off; it ran:")),
    }
    if matches!(node.outcome, Some(Outcome::Ran | Outcome::Failed) | None) {
        add_reasons(view, node, &mut lines);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Follows a blocked step to the one that failed first.
fn root_failure(view: &RunView, node: &NodeView) -> Option<String> {
    let mut at = node;
    // A step is at most once in a chain, since what it waits for comes before it.
    for _ in 0..view.nodes.len() {
        at = view.nodes.get(&at.reasons.first()?.subject)?;
        if at.outcome == Some(Outcome::Failed) {
            let error = at.error.as_deref().unwrap_or("no reason told");
            return Some(format!("root cause: {} failed: {error}", at.planned.id));
        }
    }
    None
}

fn add_reasons(view: &RunView, node: &NodeView, lines: &mut Vec<String>) {
    for reason in &node.reasons {
        lines.push(format!("  {}", with_values(reason)));
        if let Some(via) = &reason.via {
            lines.push(format!("    {}", cause(view, via)));
        }
    }
}

/// Returns a reason with what it was and what it is.
fn with_values(reason: &Reason) -> String {
    match (&reason.before, &reason.after) {
        (None, None) => reason.text.clone(),
        (before, after) => {
            let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
            format!("{}: {} -> {}", reason.text, side(before), side(after))
        }
    }
}

/// Follows a chain of steps to the first reason that lies outside the run.
fn cause(view: &RunView, via: &str) -> String {
    let mut at = via;
    // A step is at most once in a chain, since what it waits for comes before it.
    for _ in 0..view.nodes.len() {
        match view.nodes.get(at).and_then(|node| node.reasons.first()) {
            Some(Reason { via: Some(next), .. }) if next != at => at = next,
            Some(reason) if at == via => return format!("made by {via}, which ran: {}", with_values(reason)),
            Some(reason) => return format!("made by {via}; root cause: {at} ran: {}", with_values(reason)),
            None => break,
        }
    }
    format!("made by {via}")
}
