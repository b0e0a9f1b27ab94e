//! `az runs`.

use std::fs;

use crate::{filters::assert_snapshot, repo::Repo};

/// Two steps, the second reading what the first makes.
pub(crate) fn chain() -> Repo {
    Repo::new()
        .script(
            "0100_make.sh",
            "# Stage: Core\n# Inputs: in.txt\n# Outputs: out.txt\ncp in.txt out.txt; echo made it",
        )
        .script(
            "0200_count.sh",
            "# Stage: Core\n# Inputs: out.txt\n# Outputs: end.txt\nwc -c < out.txt > end.txt",
        )
        .file("in.txt", "one\n")
}

/// The id of the latest run, as its folder tells it.
pub(crate) fn last_run(repo: &Repo) -> String {
    let json = repo.az("runs list --json").json();
    json["runs"][0]["run"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_is_listed_where_nothing_ran() {
    let repo = chain();
    repo.az("runs").code(0).says("no run is kept here yet");
    repo.az("runs list --json").code(0);
    assert_eq!(repo.az("runs list --json").json()["runs"], serde_json::json!([]));
    repo.az("runs show").code(2).says("AZ0905").says("no run is kept here yet");
}

#[test]
fn runs_are_listed_and_shown_as_they_were() {
    let repo = chain();
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    // A run with nothing to do leaves no folder.
    repo.az("build '*'").code(0).ran([]);
    repo.file("in.txt", "other\n").az("build '*'").code(0);
    assert_snapshot(&repo, "runs_list", repo.az("runs list").code(0).stdout());
    assert_snapshot(&repo, "runs_show", repo.az("jobs show").code(0).stdout());
    assert_snapshot(&repo, "runs_list_json", repo.az("runs --json").code(0).stdout());
}

#[test]
fn a_run_is_named_by_id_start_end_or_last() {
    let repo = chain();
    repo.az("build 0100").code(0);
    repo.az("build 0200").code(0);
    let id = last_run(&repo);
    let short = id.rsplit('-').next().unwrap();
    for name in [id.as_str(), short, "last"] {
        repo.az(&format!("runs show {name}")).code(0).says("0200_count").not("0100_make");
    }
    repo.az("runs show 2").code(2).says("AZ0905").says("say which: ");
    repo.az("runs show nonsense").code(2).says("AZ0905").says("`az runs list` shows what there is");
}

#[test]
fn the_result_of_a_run_is_its_result_json() {
    let repo = chain();
    repo.az("build '*'").code(0);
    let id = last_run(&repo);
    let file = repo.read(&format!(".azcache/v1/runs/{id}/result.json"));
    assert_eq!(repo.az("runs show --json").json(), serde_json::from_str::<serde_json::Value>(&file).unwrap());
}

#[test]
fn logs_are_printed_byte_by_byte() {
    let repo = Repo::new()
        .script("0100_a.sh", "printf 'one\\ntwo\\377'")
        .script("0200_b.sh", "# Condition: IsWindows\ntrue");
    repo.az("build '*'").code(0).ran(["0100"]);
    repo.sh(&format!("'{}' runs show --log 0100 --raw > log.bin", env!("CARGO_BIN_EXE_az"))).code(0);
    assert_eq!(fs::read(repo.path("log.bin")).unwrap(), b"one\ntwo\xff");
    // Without that no terminal has to guess what a byte means.
    repo.az("runs show --log 0100").code(0).says("one\ntwo\\xff");
    repo.az("runs show --log 0200").code(2).says("AZ0907").says("it was skipped");
    repo.az("runs show --log 0300").code(2).says("AZ0904").says("did you mean `0100`?");
}

#[test]
fn the_log_of_a_reused_step_is_that_of_the_run_it_was_made_in() {
    let repo = chain();
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.remove("end.txt")
        .file("0200_none", "")
        .edit("0200_count.sh", "# Inputs: out.txt\n# Outputs: end.txt\ncp out.txt end.txt");
    repo.az("build '*'").code(0).ran(["0200"]);
    repo.az("runs show last --log 0100").code(0).says("made it");
}

#[test]
fn a_run_that_was_killed_is_told_as_interrupted() {
    let repo =
        Repo::new().script("0100_a.sh", "echo begun; touch started; sleep 60").script("0200_b.sh", "true");
    let az = env!("CARGO_BIN_EXE_az");
    repo.sh(&format!(
        "(while ! test -e started; do sleep 0.02; done; kill -KILL $(cat pid)) & echo $$ > pid; exec '{az}' build '*' -j1"
    ))
    .code(137);
    assert_snapshot(&repo, "runs_interrupted", repo.az("runs show").code(0).stdout());
    repo.az("runs list").code(0).says("Interrupted");
    let json = repo.az("runs show --json").json();
    assert_eq!((&json["status"], &json["exit_code"]), (&"interrupted".into(), &serde_json::Value::Null));
    repo.az("runs show --log 0100").code(0).says("begun");
    repo.az("why 0100").code(0).says("was at work when the run broke off");
    repo.az("why 0200").code(0).says("was not started before the run broke off");
}

#[test]
fn a_run_at_work_is_told_as_running_and_only_until_it_ends() {
    let repo =
        Repo::new().script("0100_a.sh", &format!("'{}' runs list > list.txt", env!("CARGO_BIN_EXE_az")));
    repo.az("build 0100").code(0);
    assert!(repo.read("list.txt").contains("Running"), "{}", repo.read("list.txt"));
    repo.az("runs list").code(0).says("Completed").not("Running");
}
