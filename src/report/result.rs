//! `az.result/v1`, with the users' own names beside it (F205 to F208).

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::{NodeView, RunView};
use crate::{base, event::Outcome};

/// Returns the result of a run as scripts rely on it; fields are only ever added.
pub fn result_json(view: &RunView) -> Value {
    let counts = view.counts();
    let ending = view.ending.as_ref();
    let duration = Duration::from_millis(ending.map_or(0, |ending| ending.duration_ms));
    let status = match ending {
        None => "running",
        Some(ending) if ending.is_success => "success",
        Some(ending) if ending.exit_code > 128 => "cancelled",
        Some(_) => "failed",
    };
    let mut value = json!({
        "schema": "az.result/v1",
        "run": view.run,
        "status": status,
        "exit_code": ending.map(|ending| ending.exit_code),
        "duration_ms": ending.map(|ending| ending.duration_ms),
        "counts": counts,
        "nodes": view.nodes.values().map(node_json).collect::<Vec<_>>(),
        "set_aside": view.set_aside.iter().map(|(path, kept)| json!({"path": path, "kept": kept})).collect::<Vec<_>>(),
        "warnings": view.warnings.iter().map(|(code, node, message)| {
            json!({"code": code, "node": node, "message": message})
        }).collect::<Vec<_>>(),
        "Total": counts.total,
        "Completed": counts.ran + counts.reused(),
        "Failed": counts.failed,
        "Skipped": counts.skipped,
        "Cached": counts.reused(),
        "Duration": base::duration(duration),
        "Results": results(view),
        "Outputs": outputs(view),
    });
    if view.held > 0 {
        value["held"] = json!(view.held);
    }
    if let Some(reason) = ending.and_then(|ending| ending.reason.as_ref()) {
        value["reason"] = json!(reason);
    }
    value
}

fn node_json(node: &NodeView) -> Value {
    let mut value = json!({
        "id": node.planned.id,
        "name": node.planned.name,
        "stage": node.planned.stage,
        "outcome": node.outcome.map(Outcome::as_str),
        "duration_ms": node.duration_ms,
        "reasons": node.reasons,
    });
    let mut add = |key: &str, field: Option<Value>| {
        if let Some(field) = field {
            value[key] = field;
        }
    };
    add("script", node.planned.script.as_ref().map(|script| json!(script)));
    add("number", node.planned.number.as_ref().map(|number| json!(number)));
    add("flags", (!node.flags.is_empty()).then(|| json!(node.flags)));
    add("exit_code", node.exit_code.map(|code| json!(code)));
    add("error", node.error.as_ref().map(|error| json!(error)));
    add("log", node.log.as_ref().map(|log| json!(log)));
    add("outputs", (!node.outputs.is_empty()).then(|| json!(node.outputs)));
    add("restored", (!node.restored.is_empty()).then(|| json!(node.restored)));
    value
}

/// What steps handed on by the stage or job they belong to; of a name that several hand on, the last in order.
fn outputs(view: &RunView) -> BTreeMap<&str, BTreeMap<&str, &Value>> {
    let mut stages: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
    for node in view.nodes.values().filter(|node| !node.outputs.is_empty()) {
        let of_stage = stages.entry(&node.planned.stage).or_default();
        of_stage.extend(node.outputs.iter().map(|(name, value)| (name.as_str(), value)));
    }
    stages
}

/// Per-script results by number, or by id where several steps share a number.
fn results(view: &RunView) -> Value {
    let (mut completed, mut failed) = (Map::new(), Map::new());
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    view.nodes.values().flat_map(|node| &node.planned.number).for_each(|n| *users.entry(n).or_default() += 1);
    for node in view.nodes.values() {
        let key = node
            .planned
            .number
            .as_ref()
            .filter(|number| users[number.as_str()] == 1)
            .unwrap_or(&node.planned.id)
            .clone();
        let duration = base::duration(Duration::from_millis(node.duration_ms));
        match node.outcome {
            Some(Outcome::Ran | Outcome::Cached | Outcome::Restored) => {
                completed.insert(key, json!({ "Name": node.planned.name, "Duration": duration }));
            }
            Some(Outcome::Failed) => {
                let entry = json!({
                    "Name": node.planned.name, "Duration": duration, "Error": node.error, "ExitCode": node.exit_code,
                });
                failed.insert(key, entry);
            }
            _ => {}
        }
    }
    json!({ "Completed": completed, "Failed": failed })
}
