//! Stages: their names, what they run, when, and what they make of failures.

use super::{DECLARED, outcomes, repo, stages, told};
use crate::repo::Repo;

/// Scripts with a body each, which declare that they read and make nothing.
fn declared(bodies: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    for (number, body) in bodies {
        repo.script(&format!("{number}_s.sh"), &format!("{DECLARED}{body}"));
    }
    repo
}

/// A body that ends only once so many have begun.
fn meeting(many: usize) -> String {
    format!("echo x >> met; until test $(wc -l < met) -ge {many}; do sleep 0.01; done")
}

/// A body that fails if another of its kind is at work.
const ALONE: &str = "mkdir busy || exit 9; sleep 0.05; rmdir busy";

#[test]
fn f096_names_are_required_and_each_stage_has_one_of_its_own() {
    let repo = repo();
    stages(&repo, r#"{"sequences": ["0100"]}"#);
    repo.az("build p").code(2).says("stage 1 has no `name`").says("add `name`").ran([]);
    stages(
        &repo,
        r#"{"name": "A", "sequences": ["0100"]}, {"name": "a", "sequences": ["0200"]}, {"name": "A-2", "sequences": ["0300"]}"#,
    );
    repo.az("check").code(0).says("AZ0210").says("is called `a-3` here");
    let built = repo.az("build p --json");
    built.code(0);
    assert_eq!(outcomes(&built), ["A/0100_s ran", "a-3/0200_s ran", "A-2/0300_s ran"]);
}

#[test]
fn f097_a_stage_runs_its_sequences_under_any_of_their_names() {
    let repo = repo();
    for key in ["sequences", "Sequences", "sequence", "Sequence", "scripts", "Scripts"] {
        for (written, ran) in [
            (r#"["0300", "0100"]"#, &["0100", "0300"][..]),
            (r#""0300,0100""#, &["0100", "0300"]),
            (r#"["0100-0300", "!0200"]"#, &["0100", "0300"]),
            (r#"["04*"]"#, &["0402"]),
            (r#"["0402_s"]"#, &["0402"]),
        ] {
            stages(&repo, &format!(r#"{{"name": "A", "{key}": {written}}}"#));
            repo.az("build p -j1").code(0);
            assert_eq!(repo.scripts_run(), ran, "{key}: {written}");
        }
    }
    repo.script("0500_own.sh", "# Stage: Own\n# Tags: mine\ntrue");
    stages(&repo, r#"{"name": "A", "sequences": ["stage:own", "tag:MINE"]}"#);
    repo.az("build p").code(0).ran(["0500"]);
}

#[test]
fn f098_what_a_stage_sets_ends_with_the_stage() {
    let repo = repo();
    repo.playbook(
        "p.json",
        r#"{"metadata": {"name": "p"}, "orchestration": {"defaultVariables": {"A": "all", "B": "all"}, "stages": [
            {"name": "One", "sequences": ["0100"], "variables": {"b": "own", "C": "{{A}}-{{b}}"}},
            {"name": "Two", "sequences": ["0100"]}]}}"#,
    );
    repo.az("build p").code(0);
    assert_eq!(told(&repo), ["0100 [all][own][all-own]", "0100 [all][all][]"]);
}

#[test]
fn f099_a_stage_whose_condition_is_false_is_skipped_and_planned_so() {
    for (condition, holds) in [
        ("$Deploy", false),
        ("!{{Deploy}}", true),
        ("Deploy -eq 'yes'", false),
        ("'{{Where}}' -eq 'here' -and -not $Deploy", true),
        ("Test-Path 'scripts'", true),
        ("Get-Command no-such-tool", false),
        ("$env:MODE -eq 'fast'", true),
        ("$Where -in @('here', 'there')", true),
    ] {
        let repo = repo().env("MODE", "fast");
        let stages = format!(
            r#"{{"name": "One", "sequences": ["0100"]}}, {{"name": "Two", "sequences": ["0200-0300"], "condition": "{condition}"}},
            {{"name": "Three", "sequences": ["0402"]}}"#
        );
        repo.playbook(
            "p.json",
            &format!(r#"{{"variables": {{"Deploy": false, "Where": "here"}}, "stages": [{stages}]}}"#),
        );
        // Before anything ran, the plan knows as much, unless an earlier stage may make what is asked for.
        let plan = repo.az("plan p");
        let may_change = condition.starts_with("Test-Path") || condition.starts_with("Get-Command");
        let word = if may_change { "depends on how" } else { "its condition is false" };
        let often = if holds && !may_change { 0 } else { 2 };
        assert_eq!(plan.code(0).stdout().matches(word).count(), often, "{condition}: {}", plan.stdout());
        repo.az("build p -j1").code(0);
        let ran = if holds { &["0100", "0200", "0300", "0402"][..] } else { &["0100", "0402"] };
        assert_eq!(repo.scripts_run(), ran, "{condition}");
    }
}

#[test]
fn f100_a_stage_starts_only_after_all_of_the_one_before_it() {
    let repo = declared(&[
        ("0100", "sleep 0.1; touch a"),
        ("0200", "sleep 0.2; touch b"),
        ("0300", "test -e a && test -e b && touch c"),
        ("0400", "test -e c"),
    ]);
    stages(
        &repo,
        r#"{"name": "Z", "sequences": ["0100", "0200"]}, {"name": "Y", "sequences": ["0300"]}, {"name": "X", "sequences": ["0400"]}"#,
    );
    repo.az("build p -j4 --no-trace --parallel").code(0).ran(["0100", "0200", "0300", "0400"]);
}

#[test]
fn f101_parallel_says_whether_the_scripts_of_a_stage_overlap() {
    let both = meeting(2);
    for (fields, flags, body) in [
        // By default what may overlap does.
        ("", "-j4 --no-trace", both.as_str()),
        (r#""parallel": true,"#, "-j4 --no-trace", &both),
        (r#""parallel": "{{Wide}}","#, "-j4 --no-trace --var Wide:=true", &both),
        (r#""parallel": true, "maxConcurrency": 2,"#, "-j4 --no-trace", &both),
        (r#""parallel": false,"#, "-j4 --no-trace", ALONE),
        (r#""parallel": "{{Wide}}","#, "-j4 --no-trace --var Wide:=false", ALONE),
        (r#""parallel": true, "maxConcurrency": 1,"#, "-j4 --no-trace", ALONE),
        (r#""parallel": true,"#, "-j1 --no-trace", ALONE),
        (r#""parallel": true,"#, "-j4 --no-trace --parallel=false", ALONE),
    ] {
        let repo = declared(&[("0100", body), ("0200", body)]);
        stages(&repo, &format!(r#"{{"name": "A", {fields} "sequences": ["0100", "0200"]}}"#));
        let built = repo.az(&format!("build p {flags} --timeout 20s"));
        assert_eq!(built.exit(), 0, "{fields} {flags}: {built}");
    }
    // Of which nobody can tell what they do, the word of the playbook is enough.
    let repo = Repo::new().script("0100_a.sh", &both).script("0200_b.sh", &both);
    stages(&repo, r#"{"name": "A", "parallel": true, "sequences": ["0100", "0200"]}"#);
    repo.az("build p -j4 --no-trace --timeout 20s").code(0);
}

#[test]
fn f102_a_stage_goes_on_after_errors_retries_and_has_one_time_limit() {
    let repo = repo();
    for (fields, code, ended) in [
        ("", 1, ["A/0900_bad failed", "B/0100_s blocked"]),
        (r#""continueOnError": true,"#, 0, ["A/0900_bad failed", "B/0100_s ran"]),
        (r#""continueOnError": "{{Go}}","#, 0, ["A/0900_bad failed", "B/0100_s ran"]),
    ] {
        stages(
            &repo,
            &format!(
                r#"{{"name": "A", {fields} "sequences": ["0900"]}}, {{"name": "B", "sequences": ["0100"]}}"#
            ),
        );
        let built = repo.az("build p --json --var Go:=true");
        built.code(code);
        assert_eq!(outcomes(&built), ended, "{fields}");
    }
    repo.scripts_run();
    for (retries, ran) in [(0, 1), (2, 3)] {
        stages(
            &repo,
            &format!(r#"{{"name": "A", "sequences": ["0900"], "retries": {retries}, "retryDelay": "5ms"}}"#),
        );
        repo.az("build p").code(1);
        assert_eq!(repo.scripts_run().len(), ran, "retries: {retries}");
    }
    // The limit is that of the stage, not of each of its scripts.
    let repo = declared(&[("0100", "sleep 0.2"), ("0200", "sleep 60"), ("0300", "true")]);
    stages(
        &repo,
        r#"{"name": "A", "sequences": ["0100", "0200"], "timeout": "400ms"}, {"name": "B", "sequences": ["0300"]}"#,
    );
    repo.az("build p -j1").code(1).says("timed out").ran(["0100", "0200"]);
    stages(&repo, r#"{"name": "A", "sequences": ["0100"], "timeout": 30}"#);
    repo.az("build p --force").code(0).ran(["0100"]);
}

#[test]
fn f400_extras_of_stages_do_what_they_say_or_are_told() {
    // `jobs` of a stage run at once, each with its own variables, and no more of them than `maxConcurrency`.
    let repo = repo();
    stages(
        &repo,
        r#"{"name": "A", "type": "parallel-group", "parallel": true, "maxConcurrency": 1, "jobs": [
            {"name": "x", "sequence": ["0402"], "variables": {"A": "x"}}, {"name": "y", "sequence": ["0402"], "variables": {"A": "y"}}]}"#,
    );
    repo.az("build p -j4").code(0).not("AZ0203").ran(["0402", "0402"]);
    assert_eq!(told(&repo), ["0402 [x][][]", "0402 [y][][]"]);
    // `preScript` and `postScript` are texts for PowerShell around the rest.
    let shell = "#!/bin/sh\nfor last; do :; done\necho \"$last\" >> told\n";
    repo.executable("bin/pwsh", shell);
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.path("bin").display()));
    stages(&repo, r#"{"name": "A", "sequences": ["0100"], "preScript": "before", "postScript": "after"}"#);
    let built = repo.az("build p -j1 --json --no-trace");
    built.code(0);
    assert_eq!(outcomes(&built).len(), 3);
    let steps = told(&repo);
    assert!(steps.len() == 3 && steps[1].starts_with("0100"), "before and after: {steps:?}");
    // A word that would have to mean something else is told.
    for (fields, warning) in [
        (r#""failFast": false"#, "`failFast` says nothing where no matrix is"),
        (r#""failFast": true, "continueOnError": true"#, "`failFast` says nothing beside `continueOnError`"),
        (r#""failFast": true"#, ""),
        (r#""failFast": false, "continueOnError": true"#, ""),
        (r#""failFast": false, "matrix": {"A": [1]}"#, ""),
        (r#""hooks": {}"#, "`hooks` changes nothing"),
        (r#""frobnicate": 1"#, "unknown field `frobnicate`"),
    ] {
        stages(&repo, &format!(r#"{{"name": "A", "sequences": ["0100"], {fields}}}"#));
        let checked = repo.az("check -v");
        checked.code(0).says(warning);
        assert!(!warning.is_empty() || checked.stdout().contains("all is well"), "{checked}");
        repo.az("build p").code(0);
    }
}
