//! Options of `seq` and its long form.

use serde_json::json;

use super::{DECLARED, meets};
use crate::repo::Repo;

fn world() -> Repo {
    Repo::new().script("0100_a.sh", "echo said").script("0200_b.sh", "true")
}

#[test]
fn f017_the_long_form_takes_every_option_of_the_table_as_it_was_spelled() {
    let repo = world().file("config.json", r#"{ "Profiles": { "Mine": { "Scripts": ["0100"] } } }"#);
    let long = "Invoke-OrchestrationSequence -Sequence '0100,0200'";
    repo.az(long).code(0).ran(["0100", "0200"]);
    repo.az("invoke-sequence 0200 --force").code(0).ran(["0200"]);
    repo.az("run --sequence 0100 --force").code(0).ran(["0100"]);
    for (option, says) in [
        ("-DryRun", "2 steps"),
        ("-WhatIf", "2 steps"),
        ("-Variables '@{ A = 1; B = \"x y\"; C = $true; D = @(1, 2) }' -DryRun", "2 steps"),
        ("-Conditions '@{ A = 1 }' -DryRun", "2 steps"),
        ("-MaxConcurrency 4 -DryRun", "2 steps"),
        ("-Parallel $false -DryRun", "2 steps"),
        ("-ContinueOnError -DryRun", "2 steps"),
        ("-Profile Mine -Configuration config.json -DryRun", "2 steps"),
        ("-NonInteractive -UseCache -CaptureOutputs -Verbose -DryRun", "2 steps"),
        ("-Matrix '@{ os = \"a\", \"b\" }' -DryRun", "4 steps"),
        ("-PassThru -DryRun", "az.plan/v1"),
    ] {
        repo.az(&format!("{long} {option}")).code(0).says(says).ran([]);
        let table = repo.az("help migrate").code(0).clone();
        option.split(' ').filter(|word| word.starts_with('-')).for_each(|word| _ = table.says(word));
    }
    // What there is not is told as it was written.
    for (option, help) in [("-Variabels", "did you mean `-Variables`?"), ("-OutputPath", "az help migrate")] {
        let told = repo.az(&format!("{long} {option} A=1"));
        told.code(2).says(&format!("there is no option `{option}`")).says(help).ran([]);
    }
}

#[test]
fn f018_variables_keep_their_types_wherever_they_are_given() {
    // A text would be compared as a text: '10' is less than '9'.
    let repo = Repo::new()
        .script("0100_number.sh", "# Condition: $Count -gt 9\ntrue")
        .script("0200_bool.sh", "# Condition: -not $Skip\ntrue")
        .script("0300_list.sh", "# Condition: Features -contains 'docker'\ntrue")
        .script("0400_text.sh", "# Condition: Place -eq 'there'\ntrue")
        .file("vars.json", r#"{ "Count": 10, "Skip": false, "Features": ["Docker"], "Place": "there" }"#)
        .playbook(
            "p.json",
            r#"{"Sequence": [{"Script": "0500", "Parameters": {"Given": "{{Count}}-{{Place}}"}}]}"#,
        )
        .script("0500_show.sh", "echo \"got $Given\"");
    for given in [
        "-Variables '@{ Count = 10; Skip = $false; Features = @(\"Docker\"); Place = \"there\" }'",
        "--var Count:=10 --var Skip:=false --var 'Features:=[\"Docker\"]' --var Place=there",
        "--vars-file vars.json",
        "--variables 'Count:=10 Skip:=false Features:=[\"Docker\"] Place=there'",
    ] {
        let all = ["0100", "0200", "0300", "0400"];
        repo.az(&format!("seq 0100-0400 {given} --force")).code(0).ran(all);
        repo.az(&format!("run p {given} --force -vv")).code(0).ran(["0500"]).says("got 10-there");
    }
    repo.az("seq 0100-0400 --var Skip=true --var Features=dock --force").code(0).ran([]);
}

#[test]
fn f020_at_most_so_many_steps_are_at_work_by_option_configuration_and_environment() {
    let repo = Repo::new()
        .script("0100_a.sh", &format!("{DECLARED}{}", meets("a", "b")))
        .script("0200_b.sh", &format!("{DECLARED}{}", meets("b", "a")))
        .file("az.toml", "jobs = 1\n");
    repo.az("seq 0100 0200 -MaxConcurrency 2 --no-trace").code(0);
    let alone = "test ! -e busy || exit 9; touch busy; sleep 0.1; rm busy";
    repo.script("0100_a.sh", &format!("{DECLARED}{alone}"))
        .script("0200_b.sh", &format!("{DECLARED}{alone}"));
    repo.az("seq 0100 0200 --no-trace --force").code(0);
    repo.file("az.toml", "jobs = 8\n").az("seq 0100 0200 -j 1 --no-trace --force").code(0);
    repo.env("AZ_JOBS", "1").az("seq 0100 0200 --no-trace --force").code(0);
}

#[test]
fn f021_one_after_the_other_goes_by_number_and_stops_at_the_first_failure() {
    let repo = Repo::new()
        .script("0100_a.sh", &format!("{DECLARED}true"))
        .script("0200_b.sh", &format!("{DECLARED}exit 1"))
        .script("0300_c.sh", &format!("{DECLARED}true"));
    repo.az("seq 0300,0200,0100 -Parallel $false").code(1).ran_in_order(["0100", "0200"]);
    let goes_on = "seq 0300,0200,0100 -Parallel $false -ContinueOnError --force";
    repo.az(goes_on).code(10).ran_in_order(["0100", "0200", "0300"]);
}

#[test]
fn f022_a_dry_run_tells_of_each_step_what_would_be_done_and_why() {
    let repo =
        world().script("0300_c.sh", "# Condition: Place -eq 'there'\ntrue").script("0400_d.sh", "exit 1");
    repo.az("seq 0100 0200").code(0).ran(["0100", "0200"]);
    repo.edit("0200_b.sh", "true; true");
    let told = repo.az("seq '*' -DryRun").code(0).ran([]).clone();
    for line in [
        "reuse  0100_a  unchanged",
        "run  0200_b",
        "0200_b.sh` changed",
        "skip  0300_c",
        "run  0400_d  no record",
    ] {
        told.says(line);
    }
    assert_eq!(told.stdout(), repo.az("plan '*'").code(0).stdout());
}

#[test]
fn f024_a_playbook_is_saved_with_its_profile_and_runs_under_it() {
    let repo = Repo::new()
        .script("0100_a.sh", "echo \"got $Place/$Level\"")
        .file("az.toml", "[profile.Quick]\nscripts = [\"0100\"]\nvariables = { Place = \"quick\" }\n");
    repo.az("seq 0100 -Profile quick -Variables 'Level=2' -SavePlaybook mine").code(0).ran(["0100"]);
    assert!(repo.read("playbooks/mine.json").contains("\"Profile\": \"quick\""));
    repo.az("seq -LoadPlaybook mine").code(0).ran([]);
    repo.az("seq -LoadPlaybook mine --force -vv").code(0).ran(["0100"]).says("got quick/2");
}

#[test]
fn f025_a_playbook_is_found_by_its_name_in_every_format_and_folder() {
    for (path, text) in [
        ("a.psd1", "@{ Sequence = @('0100') }"),
        ("deep/er/a.json", r#"{"Sequence": ["0100"]}"#),
        ("deep/a.yaml", "sequence: ['0100']\n"),
        ("deep/a.yml", "sequence: ['0100']\n"),
        ("deep/a.toml", "sequence = [\"0100\"]\n"),
    ] {
        let repo = world().playbook(path, text);
        repo.az("seq -LoadPlaybook a").code(0).ran(["0100"]);
        repo.playbook("other/a.json", text);
        repo.az("seq -LoadPlaybook a").code(2).says("AZ0212").says(&format!("playbooks/{path}")).ran([]);
    }
}

#[test]
fn f028_nobody_is_asked_and_what_would_need_an_answer_fails() {
    let repo = Repo::new()
        .script("0100_asks.sh", "read answer || echo \"nobody answers: $AITHERZERO_NONINTERACTIVE\"")
        .file("az.toml", "[playbook.p]\nrequires_approval = true\n")
        .playbook("p.json", r#"{"sequence": ["0100"]}"#);
    let az = env!("CARGO_BIN_EXE_az");
    for option in ["", "-NonInteractive"] {
        let line = format!("yes | '{az}' seq 0100 {option} --force -vv");
        repo.sh(&line).code(0).says("nobody answers: true").ran(["0100"]);
        repo.sh(&format!("yes | '{az}' run p {option}")).code(2).says("needs approval").ran([]);
    }
}

#[test]
fn f029_the_result_is_passed_through_with_its_names() {
    let repo = world().script("0300_c.sh", "exit 3");
    let result = repo.az("seq 0100,0300 -ContinueOnError -PassThru").code(10).ran(["0100", "0300"]).json();
    assert_eq!((&result["Completed"], &result["Failed"]), (&json!(1), &json!(1)));
    assert!(result["Duration"].is_string() && result["Results"]["Completed"]["0100"]["Duration"].is_string());
    assert_eq!(result["Results"]["Failed"]["0300"]["ExitCode"], 3);
}

#[test]
fn f031_more_is_told_of_steps_the_more_often_it_is_asked_for() {
    let repo = world();
    repo.az("seq 0100").code(0).says("ran  0100_a").not("said");
    for (option, has_step, has_output) in [
        ("", false, false),
        ("-q", false, false),
        ("-v", true, false),
        ("-Verbose", true, false),
        ("-vv", true, true),
    ] {
        let told = repo.az(&format!("seq 0100 {option}")).code(0).stderr().to_owned();
        assert_eq!(
            (told.contains("cached  0100_a"), told.contains("| said")),
            (has_step, has_output),
            "{option}"
        );
    }
}

#[test]
fn f032_results_are_reused_unless_that_is_switched_off() {
    let repo = world();
    repo.az("seq 0100").code(0).ran(["0100"]);
    for (option, runs) in
        [("", false), ("-UseCache", false), ("--force", true), ("--no-cache", true), ("", false)]
    {
        let built = repo.az(&format!("seq 0100 {option}")).code(0).clone();
        if runs {
            built.ran(["0100"])
        } else {
            built.ran([])
        };
    }
}

#[test]
fn f033_a_summary_that_cannot_be_written_yet_is_refused_and_not_left_out_in_silence() {
    let repo = world();
    repo.az("seq 0100 -GenerateSummary").code(2).says("there is no option `-GenerateSummary`").ran([]);
    repo.az("seq 0100 --summary").code(2).says("there is no option `--summary`").ran([]);
}

#[test]
fn f034_a_matrix_is_taken_as_powershell_writes_it() {
    let repo = Repo::new().script("0100_a.sh", "echo \"got $os-$n\"");
    for table in ["@{ os = 'a', 'b'; n = 1 }", "{\"os\": [\"a\", \"b\"], \"n\": 1}"] {
        let table = table.replace('\'', if table.starts_with('@') { "\"" } else { "'" });
        let built = repo
            .az(&format!("seq 0100 -Matrix '{table}' --force -vv --json"))
            .code(0)
            .ran(["0100", "0100"])
            .clone();
        let ids: Vec<String> =
            built.json()["nodes"].as_array().unwrap().iter().map(|node| node["id"].to_string()).collect();
        assert_eq!(ids, ["\"0100_a[os=a,n=1]\"", "\"0100_a[os=b,n=1]\""]);
        built.says("got a-1").says("got b-1");
    }
    for (table, why) in [
        ("@{ os = @() }", "it has no value"),
        ("@{ os = @{ a = 1 } }", "the values of `os` are no list"),
        ("@{ exclude = 1 }", "`exclude` is no dimension"),
        ("@{ os = 1", "not closed"),
        ("@{ os = 1 }' --matrix 'OS=2", "given twice"),
    ] {
        repo.az(&format!("seq 0100 --matrix '{table}'")).code(2).says(why).ran([]);
    }
}

#[test]
fn f035_the_result_has_what_is_handed_on_by_stage_and_by_step() {
    let repo = Repo::new()
        .script("0100_a.sh", "# Stage: Build\necho v=1 >> $AZ_OUTPUT; echo 'list:=[1]' >> $AZ_OUTPUT")
        .script("0110_b.sh", "# Stage: Build\n# Dependencies: 0100\necho v=2 >> $AZ_OUTPUT")
        .script("0200_c.sh", "# Stage: Test\ntrue")
        .playbook(
            "p.json",
            r#"{"orchestration": {"jobs": {"one": {"steps": [{"id": "s", "run": "0100"}]}, "two": {"steps": [{"run": "0200"}]}}}}"#,
        );
    // What is reused is collected, too.
    for _ in 0..2 {
        let result = repo.az("seq 0100 0110 0200 -CaptureOutputs --json").code(0).json();
        assert_eq!(result["Outputs"], json!({ "Build": { "v": "2", "list": [1] } }));
        assert_eq!(result["nodes"][0]["outputs"], json!({ "v": "1", "list": [1] }));
    }
    let result = repo.az("run p --json").code(0).json();
    assert_eq!(result["Outputs"], json!({ "one": { "v": "1", "list": [1] } }));
}
