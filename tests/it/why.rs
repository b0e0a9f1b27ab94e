//! `az why`.

use serde_json::json;

use crate::{
    filters::assert_snapshot,
    repo::Repo,
    runs::{chain, last_run},
};

#[test]
fn a_chain_is_explained_down_to_its_root_cause() {
    let repo = chain();
    repo.az("build '*'").code(0);
    repo.az("why 0100").code(0).says("no record of this step yet");
    repo.file("in.txt", "other\n").az("build '*'").code(0);
    assert_snapshot(&repo, "why_chain", repo.az("why 0200").code(0).stdout());
    let json = repo.az("why 0200_count --json").json();
    assert_eq!(json["schema"], "az.why/v1");
    assert_eq!((&json["node"], &json["outcome"]), (&json!("0200_count"), &json!("ran")));
    assert_eq!(
        (&json["reasons"][0]["subject"], &json["reasons"][0]["via"]),
        (&json!("out.txt"), &json!("0100_make"))
    );
    assert_eq!(json["causes"][0]["node"], "0100_make");
    assert_eq!(json["causes"][0]["reasons"][0]["subject"], "in.txt");
    assert_eq!(json["run"], last_run(&repo));
    let key = repo.az("cache key 0200 --json").json()["key"].clone();
    assert_eq!((&json["record"]["key"], &json["record"]["usable"]), (&key, &json!(true)));
}

#[test]
fn a_step_is_asked_for_by_number_name_path_and_id_and_in_an_older_run() {
    let repo = chain();
    repo.az("build '*'").code(0);
    let first = last_run(&repo);
    repo.file("in.txt", "other\n").az("build '*'").code(0);
    for name in ["0100", "010", "0100_make", "0100_make.sh", "scripts/0100_make.sh", "0100_MAKE"] {
        repo.az(&format!("why {name}")).code(0).says("input `in.txt` changed");
    }
    repo.az(&format!("why 0100 {first}")).code(0).says("no record of this step yet");
    repo.az("why 0100 none").code(2).says("AZ0905");
}

#[test]
fn reuse_failure_block_and_skip_are_explained() {
    let repo = Repo::new()
        .script("0100_a.sh", "# Inputs: in.txt\n# Outputs: out.txt\ncp in.txt out.txt")
        .script("0200_b.sh", "# Dependencies: 0100\nexit 3")
        .script("0300_c.sh", "# Dependencies: 0200\ntrue")
        .script("0400_d.sh", "# Dependencies: 0300\ntrue")
        .script("0500_e.sh", "# Condition: IsWindows\ntrue")
        .file("in.txt", "one\n");
    repo.az("build '*' --continue-on-error").code(10);
    repo.remove("out.txt").az("build '*' --continue-on-error").code(10).ran(["0100", "0200", "0200"]);
    let texts: Vec<String> =
        (1..=5).map(|n| repo.az(&format!("why 0{n}00")).code(0).stdout().to_owned()).collect();
    assert_snapshot(&repo, "why_outcomes", &texts.concat());
}

#[test]
fn a_step_without_a_kept_run_is_answered_from_its_records() {
    let repo = chain();
    repo.az("build '*'").code(0);
    let run = last_run(&repo);
    repo.remove(".azcache/v1/runs");
    let json = repo.az("why 0100 --json").json();
    assert_eq!((&json["outcome"], &json["run"]), (&json!("cached"), &json!(run)));
    assert_eq!(json["reasons"][0]["kind"], "reused");
    repo.az("why 0100").code(0).says("scripts/0100_make.sh is reused from run");
}

#[test]
fn what_a_reuse_relies_on_is_listed_whole() {
    let repo = chain();
    repo.az("build '*'").code(0);
    assert_snapshot(&repo, "why_cached", repo.az("why 0200 --cached").code(0).stdout());
    let json = repo.az("why 0200 --cached --json").json();
    let key = repo.az("cache key 0200 '*' --json").json();
    assert_eq!(json["record"]["components"], key["components"]);
    assert_eq!(json["record"]["key"], key["key"]);
}

#[test]
fn what_cannot_be_reused_says_so() {
    let repo = Repo::new()
        .script("0100_a.sh", "# Trace: off\ntrue")
        .script("0200_b.sh", "# Inputs: x\n# Outputs:\nexit 1");
    repo.az("build '*' --continue-on-error").code(10);
    repo.az("why 0100 --cached").code(0).says("declares no inputs");
    repo.az("why 0200 --cached").code(0).says("it failed in run").says("exit code 1");
}

#[test]
fn an_inline_step_is_found_with_its_record() {
    let repo = Repo::new().playbook(
        "ci.toml",
        "[metadata]\nname = 'ci'\n[orchestration.jobs.docs]\n[[orchestration.jobs.docs.steps]]\n\
         name = 'build'\nshell = 'sh'\nscript = 'echo hi > d.txt'\ninputs = ['in.txt']\noutputs = ['d.txt']\n",
    );
    repo.file("in.txt", "x").az("build ci").code(0);
    let json = repo.az("why docs --json").json();
    assert_eq!((&json["node"], &json["outcome"]), (&json!("docs"), &json!("ran")));
    assert_eq!(json["record"]["usable"], true);
    let key = repo.az("cache key docs ci --json").json();
    assert_eq!(json["record"]["key"], key["key"]);
}

#[test]
fn an_unknown_step_is_answered_with_the_nearest_or_with_how_to_run_it() {
    let repo = chain();
    repo.az("why 0100").code(2).says("AZ0904").says("it has not been run yet: az build 0100");
    repo.az("build 0100").code(0);
    repo.az("why 0100_mkae").code(2).says("AZ0904").says("did you mean `0100_make`?");
    repo.az("why 0200").code(2).says("it has not been run yet: az build 0200");
    repo.az("why nonsense").code(2).says("AZ0904").says("`az list` shows the scripts");
}
