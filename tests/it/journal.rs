//! What a run leaves on disk and on standard output, for programs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{repo::Repo, runs::last_run};

/// A run with every outcome a run can have without a signal.
fn mixed() -> Repo {
    Repo::new()
        .script("0100_a.sh", "# Stage: Good\n# Inputs: in.txt\n# Outputs: out.txt\ncp in.txt out.txt")
        .script("0200_b.sh", "# Stage: Bad\n# Retries: 0\nexit 3")
        .script("0300_c.sh", "# Stage: Bad\n# Dependencies: 0200\ntrue")
        .script("0400_d.sh", "# Stage: Other\n# Condition: IsWindows\ntrue")
        .file("in.txt", "one\n")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn in_last_run(repo: &Repo, file: &str) -> String {
    repo.read(&format!(".azcache/v1/runs/{}/{file}", last_run(repo)))
}

#[test]
fn the_nine_events_are_written_numbered_without_a_gap() {
    let repo = mixed();
    repo.az("build 0100").code(0);
    let good = lines(&in_last_run(&repo, "events.jsonl"));
    repo.az("build '*' --continue-on-error").code(10);
    let bad = lines(&in_last_run(&repo, "events.jsonl"));
    let name = |event: &Value| event["event"]["type"].as_str().unwrap().to_owned();
    for events in [&good, &bad] {
        assert_eq!(name(&events[0]), "OrchestrationStarted");
        let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
        assert!(events.iter().all(|event| event["v"] == 1 && event["time"].as_str().unwrap().ends_with('Z')));
    }
    assert_eq!(name(good.last().unwrap()), "OrchestrationCompleted");
    assert_eq!(name(bad.last().unwrap()), "OrchestrationFailed");
    let names: BTreeSet<String> = good.iter().chain(&bad).map(name).collect();
    for wanted in [
        "OrchestrationStarted",
        "StageStarted",
        "StageCompleted",
        "StageFailed",
        "ScriptStarted",
        "ScriptCompleted",
        "ScriptFailed",
        "OrchestrationCompleted",
        "OrchestrationFailed",
    ] {
        assert!(names.contains(wanted), "{wanted} is missing in {names:?}");
    }
    let reused =
        bad.iter().find(|event| event["event"]["node"] == "0100_a" && name(event) == "ScriptCompleted");
    assert_eq!(reused.unwrap()["event"]["cached"], true);
}

#[test]
fn the_result_has_the_names_that_scripts_rely_on() {
    let repo = mixed();
    repo.az("build 0100").code(0);
    repo.az("build '*' --continue-on-error").code(10);
    let result: Value = serde_json::from_str(&in_last_run(&repo, "result.json")).unwrap();
    assert_eq!(result["schema"], "az.result/v1");
    assert_eq!(
        (&result["run"], &result["status"], &result["exit_code"]),
        (&json!(last_run(&repo)), &json!("failed"), &json!(10))
    );
    assert_eq!(
        result["counts"],
        json!({ "total": 4, "ran": 0, "cached": 1, "restored": 0, "skipped": 1, "failed": 1, "blocked": 1, "cancelled": 0 })
    );
    let named = |name: &str| result[name].clone();
    assert_eq!(
        [named("Total"), named("Completed"), named("Failed"), named("Skipped"), named("Cached")],
        [json!(4), json!(1), json!(1), json!(1), json!(1)]
    );
    assert!(result["Duration"].is_string() && result["Outputs"].is_object());
    assert!(result["Results"]["Completed"]["0100"]["Duration"].is_string());
    let failed = &result["Results"]["Failed"]["0200"];
    assert_eq!((&failed["ExitCode"], &failed["Error"]), (&json!(3), &json!("exit code 3")));
    let outcomes: Vec<&str> =
        result["nodes"].as_array().unwrap().iter().map(|node| node["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["cached", "failed", "blocked", "skipped"]);
    let blocked = &result["nodes"][2];
    assert_eq!((&blocked["id"], &blocked["reasons"][0]["subject"]), (&json!("0300_c"), &json!("0200_b")));
    assert_eq!(blocked["script"], "scripts/0300_c.sh");
}

#[test]
fn the_metadata_has_the_names_that_scripts_rely_on() {
    let repo = mixed().playbook("all.toml", "name = 'all'\nsequence = ['0100', '0200']\n");
    repo.az("build all").code(1);
    let metadata: Value = serde_json::from_str(&in_last_run(&repo, "metadata.json")).unwrap();
    assert_eq!(metadata["JobId"], last_run(&repo));
    assert_eq!(
        (&metadata["Playbook"], &metadata["Request"]),
        (&json!("playbooks/all.toml"), &json!(["all"]))
    );
    assert_eq!(metadata["Status"], "Failed");
    let time = |name: &str| metadata[name].as_str().unwrap().to_owned();
    assert!(time("StartTime") <= time("EndTime") && time("EndTime").ends_with('Z'));
    assert!(metadata["ProcessId"].as_u64().unwrap() > 1);
    repo.az("build 0100").code(0);
    repo.az("build 0100 --force").code(0);
    assert!(in_last_run(&repo, "metadata.json").contains("\"Status\": \"Completed\""));
}

#[test]
fn json_is_one_value_on_standard_output_and_it_is_the_result() {
    let repo = mixed();
    let json = repo.az("build '*' --continue-on-error --format json").code(10).json();
    let result: Value = serde_json::from_str(&in_last_run(&repo, "result.json")).unwrap();
    assert_eq!(json, result);
    // A run with nothing to do says so too, and so does one that could not be.
    let json = repo.az("build 0100 --json").code(0).json();
    assert_eq!((&json["schema"], &json["counts"]["cached"]), (&json!("az.result/v1"), &json!(1)));
    let json = repo.az("build 0999x --json").code(2).json();
    assert_eq!(json["schema"], "az.error/v1");
}

#[test]
fn jsonl_is_the_events_and_then_the_result() {
    let repo = mixed();
    let output = repo.az("build '*' --continue-on-error --format jsonl").code(10).stdout().to_owned();
    let mut values = lines(&output);
    assert_eq!(values.pop().unwrap()["schema"], "az.result/v1");
    assert_eq!(values, lines(&in_last_run(&repo, "events.jsonl")));
    assert_eq!(lines(repo.az("runs show --format jsonl").code(0).stdout()), lines(&output));
}
