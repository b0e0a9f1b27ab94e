//! `az` alone: what is here, how the last run went, what to type next.

use std::{fmt::Write, sync::Arc};

use serde_json::{Value, json};

use super::{
    arguments::{Format, Output},
    build::open,
    printer::Printer,
    table::indented,
};
use crate::{
    base::{Timestamp, duration, list, plural},
    engine::{ListedPlaybook, Overview},
    journal::{RunEntry, Status},
    sys::System,
};

/// Playbooks and stages that are named; the rest is counted.
const SHOWN: usize = 6;

/// Shows where one stands.
pub(super) fn overview(system: &Arc<dyn System>, printer: &Printer, output: &Output) {
    let overview = open(system, output).ok().map(|engine| engine.overview());
    match (&overview, printer.format) {
        (Some(overview), Format::Text) => printer.data(&text(overview, system.now())),
        (None, Format::Text) => printer.data(BEGIN),
        (overview, Format::Json | Format::Jsonl) => printer.json(&to_json(overview.as_ref())),
    }
}

/// For a folder that is no workspace.
const BEGIN: &str = "\
az runs numbered scripts and playbooks the way a build system builds targets.
There are none in this folder yet. To begin:

  mkdir scripts
  printf '#!/bin/sh\\necho hello\\n' > scripts/0100_hello.sh
  az build 0100     run it
  az help           what else there is
";

fn text(overview: &Overview, now: Timestamp) -> String {
    let listing = &overview.listing;
    let mut stages = listing.stages();
    stages.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let names = some(stages.iter().map(|(stage, count)| format!("{stage} {count}")).collect());
    let stages = if stages.len() < 2 { String::new() } else { format!(": {names}") };
    let mut playbooks: Vec<&ListedPlaybook> = listing.playbooks.iter().collect();
    playbooks.sort_by_key(|playbook| playbook.error.is_some());
    let rows: Vec<Vec<String>> = playbooks.into_iter().take(SHOWN).map(playbook_row).collect();
    let more = match listing.playbooks.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("  and {more} more: az list playbooks\n"),
    };
    let last = match &overview.last_run {
        None => "nothing was run here yet".to_owned(),
        Some(run) => last_run(run, overview.last_result.as_ref(), now),
    };
    format!(
        "{}{stages}\n{}\n{}{more}{last}\n\n{}",
        plural(listing.scripts.len(), "script"),
        plural(listing.playbooks.len(), "playbook"),
        indented(&rows),
        indented(&next(overview)),
    )
}

fn some(mut names: Vec<String>) -> String {
    let rest = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    if rest > 0 {
        names.push(format!("and {rest} more"));
    }
    list(names)
}

fn playbook_row(playbook: &ListedPlaybook) -> Vec<String> {
    let about = match &playbook.error {
        Some(_) => "cannot be read: see `az check`".to_owned(),
        None => playbook.description.clone().unwrap_or_default(),
    };
    vec![playbook.name.clone(), about]
}

/// Says how the last run went: `last run: ci, 3 minutes ago: failed; ran 2, reused 5, failed 1`.
fn last_run(run: &RunEntry, result: Option<&Value>, now: Timestamp) -> String {
    let info = &run.info;
    let mut line = format!(
        "last run: {}",
        if info.request.is_empty() { "az".to_owned() } else { info.request.join(" ") }
    );
    if let Some(start) = Timestamp::from_rfc3339(&info.start_time) {
        _ = write!(line, ", {} ago", duration(now.since(start)));
    }
    let ending = match info.status {
        Status::Running => "is under way",
        Status::Completed => "ended well",
        Status::Failed => "failed",
        Status::Cancelled => "was cancelled",
        Status::Interrupted => "was interrupted",
    };
    _ = write!(line, ": {ending}");
    let counts = result.map(|result| &result["counts"]);
    let of = |word: &str| counts.and_then(|counts| counts[word].as_u64()).unwrap_or(0);
    let reused = of("cached") + of("restored");
    let words =
        [("ran", of("ran")), ("reused", reused), ("failed", of("failed")), ("blocked", of("blocked"))];
    let words: Vec<String> =
        words.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    if !words.is_empty() {
        _ = write!(line, " ({})", words.join(", "));
    }
    line
}

/// Says what could be typed, the likeliest first.
fn next(overview: &Overview) -> Vec<Vec<String>> {
    let row = |command: &str, what: &str| vec![command.to_owned(), what.to_owned()];
    let listing = &overview.listing;
    let is_broken = listing.playbooks.iter().any(|playbook| playbook.error.is_some())
        || listing.scripts.iter().any(|script| script.error.is_some());
    let mut rows = Vec::new();
    if is_broken {
        rows.push(row("az check", "say what is wrong in the files, and how to mend it"));
    }
    if let Some(playbook) = listing.playbooks.iter().find(|playbook| playbook.error.is_none()) {
        rows.push(row(&format!("az build {}", playbook.name), "run what is not up to date"));
    }
    if let Some(script) = listing.scripts.first() {
        rows.push(row(&format!("az {}", script.number), &format!("run {} now", script.name)));
        rows.push(row("az list", "the scripts, with stage, tags and description"));
    }
    if !is_broken {
        rows.push(row("az check", "look for mistakes; runs nothing"));
    }
    rows.push(row("az help", "all verbs; `az help selection` on how to choose scripts"));
    rows
}

fn to_json(overview: Option<&Overview>) -> Value {
    let Some(overview) = overview else { return json!({ "schema": "az.overview/v1", "workspace": false }) };
    let run = overview.last_run.as_ref().map(|run| {
        json!({
            "id": run.info.job_id,
            "request": run.info.request,
            "start_time": run.info.start_time,
            "status": run.info.status.as_str(),
        })
    });
    let names: Vec<&str> = overview.listing.playbooks.iter().map(|playbook| &*playbook.name).collect();
    json!({
        "schema": "az.overview/v1",
        "workspace": true,
        "scripts": overview.listing.scripts.len(),
        "playbooks": names,
        "last_run": run,
    })
}
