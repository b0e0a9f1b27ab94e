//! `az plan`.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Outcome,
    arguments::{Format, Output, Plan, Request},
    ask::ask,
    build,
    printer::Printer,
};
use crate::{
    base::{list, plural},
    diag::to_json,
    engine::{Force, PlanReport, PlannedVerdict, Verdict},
    sys::System,
};

/// Runs `az plan`.
pub(super) fn plan(system: &Arc<dyn System>, printer: &Printer, output: &Output, words: &Plan) -> Outcome {
    plan_request(system, printer, output, &words.request, Force::No)
}

/// Shows what a request would run.
pub(super) fn plan_request(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Request,
    force: Force,
) -> Outcome {
    let ask = ask(system, printer, output, words)?;
    let report =
        build::open_for(system, output, &ask).and_then(|engine| engine.plan(&ask, force, words.allow_empty));
    Ok(match report {
        Err(error) => build::refuse(printer, &error),
        Ok(report) => {
            match printer.format {
                Format::Json => printer.json(&report_json(&report)),
                Format::Jsonl => {
                    report.nodes.iter().for_each(|node| printer.json(&node_json(node)));
                    printer.diagnostics_line(&report.diagnostics);
                }
                Format::Text => show(printer, output, &report),
            }
            0
        }
    })
}

fn show(printer: &Printer, output: &Output, report: &PlanReport) {
    report
        .diagnostics
        .iter()
        .filter(|fault| build::is_shown(fault, output))
        .for_each(|fault| printer.diagnostic(fault));
    let width = report.nodes.iter().map(|node| node.planned.id.chars().count()).max().unwrap_or(0).min(32);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &report.nodes {
        *counts.entry(node.verdict.as_str()).or_default() += 1;
        let reason = node.reasons.first().map_or("", |reason| reason.text.as_str());
        let more = node.reasons.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" (+{more} more)") };
        let line = format!("{:>9}  {:<width$}  {reason}{more}", node.verdict.as_str(), node.planned.id);
        printer.data(&format!("{}\n", line.trim_end()));
        for detail in details(node, output) {
            printer.data(&format!("{:>9}  {:<width$}  {detail}\n", "", ""));
        }
    }
    let all = plural(report.nodes.len(), "step");
    let parts =
        counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ");
    printer.say(&if parts.is_empty() { all } else { format!("{all}: {parts}") });
}

/// Returns what more there is to say of a step.
fn details(node: &PlannedVerdict, output: &Output) -> Vec<String> {
    let mut details = node.order.clone();
    if output.verbose > 0 {
        if !node.planned.needs.is_empty() {
            details.push(format!("needs {}", list(node.planned.needs.iter())));
        }
        details.extend(node.conditions.iter().map(|condition| format!("if {condition}")));
        details.extend(node.limits.iter().cloned());
    }
    details
}

/// Returns `az.plan/v1`.
fn report_json(report: &PlanReport) -> Value {
    json!({
        "schema": "az.plan/v1",
        "nodes": report.nodes.iter().map(node_json).collect::<Vec<_>>(),
        "diagnostics": report.diagnostics.iter().map(to_json).collect::<Vec<_>>(),
    })
}

fn node_json(node: &PlannedVerdict) -> Value {
    let mut value = serde_json::to_value(&node.planned).expect("a planned step can be written");
    value["verdict"] = json!(node.verdict.as_str());
    value["reasons"] = json!(node.reasons);
    if let Some(job) = &node.job {
        value["job"] = json!(job);
    }
    if node.verdict == Verdict::Maybe {
        value["waits_for"] = json!(node.waits_for);
    }
    let lists = [("order", &node.order), ("conditions", &node.conditions), ("limits", &node.limits)];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        value[name] = json!(list);
    }
    value
}
