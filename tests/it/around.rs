//! What stands around the body of a playbook: requirements, conditions before and after, thresholds, notifications.

use serde_json::{Value, json};

use crate::repo::{Output, Repo, until};

fn repo() -> Repo {
    Repo::new().script("0100_a.sh", "true").script("0200_b.sh", "exit 1")
}

/// Writes a playbook with these fields beside what it runs.
fn playbook(repo: &Repo, fields: &Value, runs: &[&str]) {
    let mut playbook = json!({ "name": "p", "sequence": runs });
    let fields = fields.as_object().unwrap().clone();
    playbook.as_object_mut().unwrap().extend(fields);
    repo.playbook("p.json", &playbook.to_string());
}

/// Returns moment, level, channel and message of each notification in the journal of a run.
fn notified(repo: &Repo, built: &Output) -> Vec<[String; 4]> {
    let run = built.json()["run"].as_str().unwrap().to_owned();
    let text = repo.read(&format!(".azcache/v1/runs/{run}/events.jsonl"));
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take());
    let told = events.filter(|event| event["type"] == "Notified");
    let fields = |event: Value| {
        ["moment", "level", "channel", "message"].map(|name| event[name].as_str().unwrap().to_owned())
    };
    told.map(fields).collect()
}

#[test]
fn what_is_required_and_not_there_stops_a_build_before_anything_runs() {
    for (requirements, told) in [
        (
            json!({ "requiredTools": ["sh", "no-such-tool"] }),
            "the tool `no-such-tool`, which is not installed",
        ),
        (json!({ "platforms": ["Windows"] }), "for `Windows`, and this is Linux"),
        (json!({ "apiKeys": ["NO_SUCH_KEY"] }), "the variable `NO_SUCH_KEY`"),
        (json!({ "scripts": ["0100", "0999"] }), "the script `0999`"),
        (json!({ "minimumPowerShellVersion": "7.0" }), "no `pwsh` on PATH"),
    ] {
        let repo = repo();
        playbook(&repo, &json!({ "requirements": requirements }), &["0100"]);
        repo.az("build p").code(2).says("AZ0513").says(told).says("× the playbook").says("p.json:1:").ran([]);
        repo.az("plan p").code(0).says("AZ0513").says(told).says("1 step");
        repo.az("plan p --strict").code(4).says(told);
        repo.az("check").code(0).not("AZ0513");
        repo.az("check --dependencies").code(2).says(told);
    }
}

#[test]
fn what_is_required_and_there_stops_nobody() {
    let repo = repo().env("A_KEY", "x");
    let required = json!({
        "tools": ["sh"], "platforms": ["CrossPlatform"], "apiKeys": ["A_KEY", "OWN"], "scripts": ["0100"],
        "permissions": ["to do this"],
    });
    playbook(&repo, &json!({ "requirements": required, "env": { "OWN": "1" } }), &["0100"]);
    repo.az("build p").code(0).not("AZ0513").ran(["0100"]);
    repo.az("check -v").code(0).says("rights in words");
}

#[test]
fn powershell_and_its_modules_are_looked_up_and_not_started() {
    let repo = repo().executable("bin/pwsh", "#!/bin/sh\necho started >> started\n");
    repo.file("bin/pwsh.deps.json", "{\"libraries\": {\"pwsh/7.2.5\": {}}}")
        .file("modules/pester/x.psd1", "");
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.path("bin").display()));
    repo.env("PSModulePath", repo.path("modules").to_str().unwrap());
    let required = |version: &str, module: &str| json!({ "requirements": { "minimumPowerShellVersion": version, "requiredModules": [module] } });
    playbook(&repo, &required("7.2", "Pester"), &["0100"]);
    repo.az("build p").code(0).ran(["0100"]);
    playbook(&repo, &required("7.4", "Pester"), &["0100"]);
    repo.az("build p").code(2).says("PowerShell 7.4 or higher, and `pwsh` has the version 7.2.5").ran([]);
    playbook(&repo, &required("7", "PSScriptAnalyzer"), &["0100"]);
    repo.az("build p").code(2).says("the module `PSScriptAnalyzer`").ran([]);
    assert!(!repo.has_path("started"));
    repo.remove("bin/pwsh.deps.json");
    playbook(&repo, &required("7.4", "Pester"), &["0100"]);
    repo.az("build p -v").code(0).says("see `pwsh --version`");
}

#[test]
fn a_playbook_that_is_used_requires_what_it_requires() {
    let repo = repo();
    let inner = json!({ "name": "inner", "requirements": { "tools": ["no-such-tool"] },
        "preConditions": ["1 -eq 2"], "sequence": ["0100"] });
    repo.playbook("inner.json", &inner.to_string());
    let jobs = json!({ "a": { "steps": [{ "uses": "playbook:inner" }, { "uses": "playbook:inner" }] } });
    repo.playbook("outer.json", &json!({ "orchestration": { "jobs": jobs } }).to_string());
    let told = repo.az("build outer").code(2).says("no-such-tool").not("AZ0514").ran([]);
    assert_eq!(told.stderr().matches("AZ0513").count(), 1);
    repo.az("check -v").says("change nothing");
}

#[test]
fn what_must_hold_before_is_asked_of_variables_files_and_the_environment() {
    let psd1 = |condition: &str| {
        format!(
            "@{{ Name = 'p'; Variables = @{{ Where = 'here' }}; Sequence = @('0100')\n\
             Validation = @{{ PreConditions = @(@{{ Condition = '{condition}'; Message = 'not {{{{Where}}}}' }}) }} }}\n"
        )
    };
    let repo = repo().env("MODE", "fast");
    for (condition, holds) in [
        ("$Where -eq \"here\"", true),
        ("$Where -eq \"there\"", false),
        ("$env:MODE -and (Test-Path \"scripts\")", true),
        ("Test-Path \"none\"", false),
        ("Get-Command no-such-tool", false),
    ] {
        repo.playbook("p.psd1", &psd1(condition));
        if holds {
            repo.az("build p --force").code(0).ran(["0100"]);
        } else {
            repo.az("build p --force").code(2).says("a precondition does not hold: not here").ran([]);
            repo.az("plan p").code(0).says("AZ0514").says("1 step");
            repo.az("check").code(0).not("AZ0514");
        }
    }
    repo.az("build p --var Where=x").code(2).says("not x").says("`no-such-tool` is not installed");
}

#[test]
fn what_must_hold_before_is_asked_again_when_nothing_else_changed() {
    let repo = repo().file("ready", "");
    playbook(&repo, &json!({ "validation": { "preConditions": ["Test-Path 'ready'"] } }), &["0100"]);
    repo.az("build p").code(0).ran(["0100"]).az("build p").code(0).ran([]);
    // Files are settled after a while: then the build is answered without a plan.
    let clock = || repo.path(".azcache/v1/clock").metadata().unwrap().modified().unwrap();
    until("a build is answered by its gate", || {
        let before = clock();
        repo.az("build p").code(0).ran([]);
        before == clock()
    });
    repo.remove("ready").az("build p").code(2).says("AZ0514").ran([]);
    repo.file("ready", "").az("build p").code(0).ran([]);
}

#[test]
fn a_condition_that_nobody_can_read_stops_a_build_only_if_it_must_hold_before() {
    let repo = repo();
    let condition = "(git status --porcelain).Length -eq 0";
    playbook(&repo, &json!({ "preConditions": [condition] }), &["0100"]);
    repo.az("build p").code(2).says("AZ0602").ran([]);
    repo.az("plan p").code(0).says("AZ0602");
    repo.az("check").code(0).says("AZ0602");
    playbook(&repo, &json!({ "postConditions": [condition] }), &["0100"]);
    repo.az("build p").code(0).says("AZ0602").ran(["0100"]);
    repo.az("build p --strict --force").code(4).ran([]);
}

#[test]
fn what_should_hold_afterwards_is_a_warning_if_it_does_not() {
    let repo = repo().script("0300_c.sh", "echo 1 > made");
    let after = json!({ "validation": { "postConditions": [
        { "condition": "Test-Path 'made'", "message": "nothing was made" },
        { "condition": "$results.Failed -eq 0", "message": "{{Failed:=some}} failed" },
        "$results.Completed -ge 1",
    ] } });
    playbook(&repo, &after, &["0300"]);
    repo.az("build p").code(0).not("AZ0713").ran(["0300"]);
    // What was made comes back before it is asked for.
    repo.remove("made").az("build p").code(0).not("AZ0713");
    playbook(&repo, &after, &["0200"]);
    repo.remove("made");
    let told = repo.az("build p").code(1).says("warning[AZ0713]").says("nothing was made");
    told.says("some failed").says("results.Completed is 0").ran(["0200"]);
}

#[test]
fn a_warning_afterwards_counts_under_strict() {
    let repo = repo();
    playbook(&repo, &json!({ "postConditions": ["Test-Path 'none'"] }), &["0100"]);
    repo.az("build p").code(0).says("AZ0713").says("`none` is not there");
    repo.az("build p --strict").code(4).says("AZ0713");
}

#[test]
fn thresholds_limit_what_may_go_wrong() {
    for (name, most, action, code, told) in [
        ("failed", 0, "fail", 1, "1 step failed, and the threshold `failed` allows 0"),
        ("Failures", 0, "block", 1, "the threshold `Failures` allows 0"),
        ("errors", 0, "warn", 10, "the threshold `errors` allows 0"),
        ("failed", 1, "fail", 10, ""),
        ("failed", 0, "continue", 10, ""),
        ("Critical", 0, "fail", 10, ""),
    ] {
        let repo = repo();
        let limit = json!({ name: { "maxCount": most, "action": action } });
        playbook(&repo, &json!({ "validation": { "thresholds": limit } }), &["0100", "0200"]);
        let output = repo.az("build p --continue-on-error");
        output.code(code).says(told);
        assert_eq!(output.stderr().contains("AZ0714"), !told.is_empty(), "{output}");
    }
    let repo = repo().script("0300_c.sh", "# Condition: IsWindows\n");
    let limit = json!({ "skipped": { "maxCount": 0, "action": "fail" }, "Critical": { "maxCount": 1 } });
    playbook(&repo, &json!({ "validation": { "thresholds": limit } }), &["0300"]);
    repo.az("build p").code(1).says("1 step skipped, and the threshold `skipped` allows 0").ran([]);
    repo.az("check -v").code(0).says("az counts `failed`");
}

fn notifications() -> Value {
    json!({ "variables": { "Who": "team" }, "notifications": {
        "onStart": { "message": "hello {{Who}}", "channels": ["console", "log", "email"] },
        "onSuccess": { "message": "{{Completed}} of {{Total}} done", "level": "Success" },
        "onFailure": { "message": "100 %\n{{Failed}} failed", "channels": ["github", "console"] },
        "onWarning": "look at it",
        "onComplete": { "message": "that took {{Duration}}", "channels": ["log"] },
    } })
}

#[test]
fn people_are_told_at_the_moments_they_asked_for() {
    let repo = repo();
    playbook(&repo, &notifications(), &["0100"]);
    let built = repo.az("build p --json").code(0).clone();
    let told = notified(&repo, &built);
    let expected = [
        ["start", "information", "console", "hello team"],
        ["start", "information", "log", "hello team"],
        ["success", "success", "console", "1 of 1 done"],
        ["complete", "information", "log", "that took "],
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told[..3] == expected[..3] && told[3].starts_with(expected[3]), "{told:?}");
    }
    let output = repo.az("build p --force");
    output.code(0).says("information: hello team").says("success: 1 of 1 done").not("that took");
    // Nothing ran, so nobody is told.
    repo.az("build p").code(0).not("hello").not("done");
    repo.az("build p --force -q").code(0).not("hello").not("done");
    repo.az("check -v").code(0).says("az cannot reach the channel `email` yet");
}

#[test]
fn a_failure_is_told_where_github_sees_it_and_nowhere_else() {
    let repo = repo();
    playbook(&repo, &notifications(), &["0200"]);
    let output = repo.az("build p").code(1).says("error: 100 %\n1 failed").not("::error").clone();
    assert_eq!(output.stdout(), "");
    repo.env("GITHUB_ACTIONS", "true");
    let output = repo.az("build p").code(1).not("done").clone();
    assert_eq!(output.stdout(), "::error::100 %25%0A1 failed\n");
    let built = repo.az("build p --json").code(1).clone();
    assert!(notified(&repo, &built).iter().any(|told| told[0] == "failure" && told[2] == "github"));
}

#[test]
fn a_warning_is_told_and_what_nobody_must_see_is_not() {
    let repo = repo().env("API_TOKEN", "swordfish-123").env("CLEAR", "\u{1b}[2J");
    let fields = json!({
        "postConditions": ["Test-Path 'none'"],
        "notifications": {
            "onWarning": { "message": "see ${{ env.API_TOKEN }} ${{ env.CLEAR }}" },
            "onSuccess": { "message": "done", "enabled": false },
            "onFailure": { "message": "{{nobody}}" },
        },
    });
    playbook(&repo, &fields, &["0100"]);
    let output = repo.az("build p").code(0).says("warning: see *** \\u{1b}[2J").not("swordfish").clone();
    output.not("success: done");
    assert_eq!(repo.sh("grep -rla swordfish .azcache").stdout(), "");
    repo.az("plan p -v").code(0).says("nobody sets `nobody`, so that it is empty in what is told");
}
