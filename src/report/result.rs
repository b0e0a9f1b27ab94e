//! `az.result/v1`, with the users' own names beside it (F205 to F208).

use std::{collections::BTreeMap, time::Duration};

use indexmap::IndexMap;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

use super::{NodeView, RunView};
use crate::{base, event::Outcome};

/// Returns the result of a run as scripts rely on it; fields are only ever added.
pub fn result_json(view: &RunView) -> Value {
    serde_json::to_value(RunResult(view)).expect("all of it is text and numbers")
}

/// The same, put into words as it is written: all at once it would take more than the run itself.
#[derive(Debug)]
pub struct RunResult<'a>(pub &'a RunView);

impl Serialize for RunResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.0;
        let counts = view.counts();
        let ending = view.ending.as_ref();
        let duration = Duration::from_millis(ending.map_or(0, |ending| ending.duration_ms));
        let status = match ending {
            None => "running",
            Some(ending) if ending.is_success => "success",
            Some(ending) if ending.exit_code > 128 => "cancelled",
            Some(_) => "failed",
        };
        let set_aside = view.set_aside.iter().map(|(path, kept)| json!({"path": path, "kept": kept}));
        let warnings = view
            .warnings
            .iter()
            .map(|(code, node, message)| json!({"code": code, "node": node, "message": message}));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", "az.result/v1")?;
        map.serialize_entry("run", &view.run)?;
        map.serialize_entry("status", status)?;
        map.serialize_entry("exit_code", &ending.map(|ending| ending.exit_code))?;
        map.serialize_entry("duration_ms", &ending.map(|ending| ending.duration_ms))?;
        map.serialize_entry("counts", &counts)?;
        map.serialize_entry("nodes", &Each(|| view.nodes.values().map(node_json)))?;
        map.serialize_entry("set_aside", &set_aside.collect::<Vec<_>>())?;
        map.serialize_entry("warnings", &warnings.collect::<Vec<_>>())?;
        map.serialize_entry("Total", &counts.total)?;
        map.serialize_entry("Completed", &(counts.ran + counts.reused()))?;
        map.serialize_entry("Failed", &counts.failed)?;
        map.serialize_entry("Skipped", &counts.skipped)?;
        map.serialize_entry("Cached", &counts.reused())?;
        map.serialize_entry("Duration", &base::duration(duration))?;
        map.serialize_entry("Results", &Results(view))?;
        map.serialize_entry("Outputs", &outputs(view))?;
        if view.held > 0 {
            map.serialize_entry("held", &view.held)?;
        }
        if let Some(reason) = ending.and_then(|ending| ending.reason.as_ref()) {
            map.serialize_entry("reason", reason)?;
        }
        map.end()
    }
}

/// A list whose items are made one after the other.
struct Each<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
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
struct Results<'a>(&'a RunView);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut users: BTreeMap<&str, usize> = BTreeMap::new();
        let numbers = self.0.nodes.values().flat_map(|node| &node.planned.number);
        numbers.for_each(|number| *users.entry(number).or_default() += 1);
        let (mut completed, mut failed) = (IndexMap::new(), IndexMap::new());
        for node in self.0.nodes.values() {
            let number = node.planned.number.as_ref().filter(|number| users[number.as_str()] == 1);
            let key = number.unwrap_or(&node.planned.id).as_str();
            match node.outcome {
                Some(Outcome::Ran | Outcome::Cached | Outcome::Restored) => _ = completed.insert(key, node),
                Some(Outcome::Failed) => _ = failed.insert(key, node),
                _ => {}
            }
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Completed", &EachOf(&completed, completed_json))?;
        map.serialize_entry("Failed", &EachOf(&failed, failed_json))?;
        map.end()
    }
}

/// Values by names, each made when it is written.
struct EachOf<'a, F>(&'a IndexMap<&'a str, &'a NodeView>, F);

impl<F: Fn(&NodeView) -> Value> Serialize for EachOf<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, node)| (key, (self.1)(node))))
    }
}

fn completed_json(node: &NodeView) -> Value {
    let duration = base::duration(Duration::from_millis(node.duration_ms));
    json!({ "Name": node.planned.name, "Duration": duration })
}

fn failed_json(node: &NodeView) -> Value {
    let duration = base::duration(Duration::from_millis(node.duration_ms));
    json!({ "Name": node.planned.name, "Duration": duration, "Error": node.error, "ExitCode": node.exit_code })
}
