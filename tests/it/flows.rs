//! How playbooks behave: conditions, jobs, steps inside steps, outputs, matrices, used playbooks.
//!
//! Each test runs az in a real repository; what ran is what processes noted.

mod code;
mod jobs;
mod matrix;
mod powershell;
mod secrets;
mod steps;
mod values;

use serde_json::Value;

use crate::repo::{Output, Repo};

/// Returns a repository with a few scripts: 0100 and 0200 do nothing, 0900 fails.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.script("0100_first.sh", "true").script("0200_second.sh", "true").script("0900_bad.sh", "exit 3")
}

/// Adds a playbook of jobs, in YAML, under the name `p`.
fn jobs(repo: &Repo, jobs: &str) -> Repo {
    repo.playbook("p.yaml", &format!("metadata: {{ name: p }}\norchestration:\n  jobs:\n{jobs}"))
}

/// Returns the outcomes of the nodes of a build that was run with `--json`, by their ids.
fn outcomes(built: &Output) -> Vec<(String, String)> {
    let result = built.json();
    let nodes = result["nodes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    nodes.iter().map(|node| (text(&node["id"]), text(&node["outcome"]))).collect()
}

/// Claims that nodes ended like this: `a/0100_first ran, b skipped`.
fn ended(built: &Output, expected: &str) {
    let found: Vec<String> =
        outcomes(built).into_iter().map(|(id, outcome)| format!("{id} {outcome}")).collect();
    let mut wanted: Vec<&str> = expected.split(',').map(str::trim).collect();
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{built}");
}
