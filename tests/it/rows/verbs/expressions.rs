//! Conditions, and where settings come from.

use crate::{repo::Repo, traced::traced};

#[test]
fn f065_the_conditions_of_the_seed_decide() {
    let repo = Repo::new()
        .script("0100_env.sh", "# Condition: Environment -eq 'Production'\ntrue")
        .script("0200_feature.sh", "# Condition: Features -contains 'Docker'\ntrue")
        .script("0300_tests.sh", "# Condition: SkipTests -ne $true\ntrue")
        .script("0400_always.sh", "true");
    for (given, ran) in [
        ("", "0300 0400"),
        (
            "-Variables '@{ Environment = \"Development\"; SkipTests = $false }' -Conditions '@{ Features = @(\"HyperV\", \"Docker\") }'",
            "0200 0300 0400",
        ),
        ("-Variables '@{ Environment = \"production\"; SkipTests = $true }'", "0100 0400"),
        (
            "-Conditions '@{ Environment = \"Production\"; Features = \"docker\"; SkipTests = $true }'",
            "0100 0200 0400",
        ),
        ("--environment production", "0100 0300 0400"),
    ] {
        repo.az(&format!("seq 0100-0400 {given} --force")).code(0);
        let mut found = repo.scripts_run();
        found.sort();
        assert_eq!(found.join(" "), ran, "{given}");
    }
}

#[test]
fn f067_a_variable_of_the_environment_is_an_input_of_the_decision() {
    let repo = Repo::new()
        .script("0100_a.sh", "# Condition: $env:MODE -eq 'fast' -and $IsWindows -eq $false\ntrue")
        .script("0200_b.sh", "# Condition: ($IsLinux -or $IsMacOS) -and -not $IsWindows\ntrue");
    repo.az("seq 0100 0200").code(0).ran(["0200"]).says("0100_a").says("$MODE is not set");
    repo.env("MODE", "FAST").az("seq 0100 0200").code(0).ran(["0100"]);
    repo.az("seq 0100 0200").code(0).ran([]);
    repo.env("OTHER", "x").az("seq 0100 0200").code(0).ran([]);
    repo.env("MODE", "slow")
        .az("seq 0100 0200")
        .code(0)
        .ran([])
        .says("skipped  0100_a")
        .says("$MODE is slow");
}

#[test]
fn f068_what_nobody_sets_is_null_and_told_by_check() {
    let repo = Repo::new()
        .script("0100_a.sh", "# Condition: Plcae -eq $null\ntrue")
        .script("0200_b.sh", "# Condition: Plcae -eq 'x'\ntrue")
        .playbook(
            "p.yaml",
            "name: p\nsteps:\n  - { name: s, run: '0100', condition: \"{{Nobody}} == 'x'\" }\n",
        );
    repo.az("seq 0100 0200").code(0).ran(["0100"]).says("Plcae is not set");
    let told = repo.az("validate -v").code(0).clone();
    told.says("AZ0603")
        .says("nobody sets `Plcae`")
        .says("--var Plcae=VALUE")
        .says("scripts/0100_a.sh:2:")
        .says("Nobody");
    repo.az("validate scripts/0100_a.sh -v").code(0).says("nobody sets `Plcae`");
}

#[test]
fn f069_a_skip_is_seen_in_plan_run_result_and_afterwards() {
    let repo =
        Repo::new().script("0100_a.sh", "# Condition: Place -eq 'there'\ntrue").script("0200_b.sh", "true");
    let why = "its condition is false: Place -eq 'there' (Place is here)";
    let given = "--var Place=here";
    repo.az(&format!("plan '*' {given}")).code(0).says("skip  0100_a").says(why);
    repo.az(&format!("build '*' {given}"))
        .code(0)
        .says("skipped  0100_a")
        .says(why)
        .says("1 skipped")
        .ran(["0200"]);
    let result = repo.az(&format!("build '*' {given} --force --json")).code(0).json();
    assert_eq!((&result["Skipped"], &result["nodes"][0]["outcome"]), (&1.into(), &"skipped".into()));
    assert_eq!(result["nodes"][0]["reasons"][0]["text"], why);
    repo.az("why 0100").code(0).says(why);
}

#[test]
fn f070_who_depends_on_a_skipped_script_runs_and_waits_for_nobody() {
    let repo = Repo::new()
        .script("0100_a.sh", "# Condition: Place -eq 'there'\ntrue")
        .script("0200_b.sh", "# Dependencies: 0100\ntrue")
        .script("0300_c.sh", "# Dependencies: 0200\n# Condition: Place -eq 'there'\ntrue")
        .script("0400_d.sh", "# Dependencies: 0300, 0100\ntrue");
    for options in ["", "-Parallel $false", "-ContinueOnError"] {
        repo.az(&format!("seq '*' {options} --force")).code(0).ran_in_order(["0200", "0400"]);
    }
}

#[test]
fn f071_a_flipped_variable_decides_anew_and_runs_nothing_else() {
    let Some(repo) = traced() else { return };
    repo.script("0100_a.sh", "# Condition: Place -eq 'there'\ntrue");
    repo.script("0200_b.sh", "# Condition: Place -eq 'here'\ntrue");
    repo.script("0300_c.sh", "true").script("0400_d.sh", "# Condition: Count -lt 3\ntrue");
    repo.az("seq '*' --var Place=here").code(0).ran(["0200", "0300", "0400"]);
    repo.az("seq '*' --var Place=there --explain")
        .code(0)
        .ran(["0100"])
        .says("skipped  0200_b")
        .says("Place is there");
    repo.az("seq '*' --var Place=here").code(0).ran([]);
    repo.az("seq '*' --var Place=here --var Count:=3")
        .code(0)
        .ran([])
        .says("skipped  0400_d")
        .says("Count is 3");
}

#[test]
fn f072_a_condition_is_never_a_piece_of_code() {
    let payloads = [
        "$(touch hacked) -eq 1",
        "; touch hacked",
        "`touch hacked`",
        "a -eq 1 | touch hacked",
        "a -eq 1 && touch hacked",
        "& touch hacked",
        "Invoke-Expression 'touch hacked'",
        "\"$(touch hacked)\" -eq 'x'",
        "[System.IO.File]::Create('hacked')",
        "{{a}}; touch hacked",
        "{ touch hacked }",
    ];
    let values = ["1; touch hacked", "$(touch hacked)", "' -or (touch hacked) -or '", "`touch hacked`"];
    let repo = Repo::new();
    for payload in payloads {
        let quoted = serde_json::to_string(payload).unwrap();
        repo.script("0100_a.sh", &format!("# Condition: {payload}\ntrue"));
        repo.script("0200_b.sh", "true");
        repo.playbook(
            "stages.json",
            &format!(r#"{{"stages": [{{"name": "s", "sequence": ["0200"], "condition": {quoted}}}]}}"#),
        );
        repo.playbook(
            "steps.yaml",
            &format!("name: p\nsteps: [{{ name: s, run: '0200', condition: {quoted} }}]\n"),
        );
        repo.playbook(
            "jobs.json",
            &format!(r#"{{"orchestration": {{"jobs": {{"j": {{"if": {quoted}, "steps": [{{"run": "0200"}}]}}}}}}}}"#),
        );
        for line in ["build 0100", "build stages", "build steps", "build jobs"] {
            repo.az(line).code(2).says("AZ060").says("help: ").ran([]);
        }
    }
    repo.script("0100_a.sh", "# Condition: \"{{x}}\" -eq \"$x\" -and '{{x}}' -ne ''\ntrue");
    for value in values {
        let value = value.replace('\'', "\"");
        repo.az(&format!("build 0100 --var 'x={value}' --force")).code(0).ran(["0100"]);
    }
    assert!(!repo.has_path("hacked") && !repo.has_path("scripts/hacked"));
}

#[test]
fn f077_scripts_are_told_what_the_old_engine_told_them() {
    let repo = Repo::new().script("0100_a.sh", "env | grep '^AITHERZERO_' | sort");
    let root = repo.path("").canonicalize().unwrap();
    let told = repo.az("build 0100 -vv").code(0).ran(["0100"]).clone();
    for line in ["NONINTERACTIVE=true", "ORCHESTRATED_PARALLEL=true", &format!("ROOT={}", root.display())] {
        told.says(&format!("| AITHERZERO_{}", line.trim_end_matches('/')));
    }
    told.not("AITHERZERO_CI");
    // It says the same however az was asked, so that nothing runs again for it.
    repo.az("build 0100 --parallel false -j1").code(0).ran([]);
    repo.env("CI", "1").az("build 0100 -vv").code(0).says("| AITHERZERO_CI=true");
}

#[test]
fn f078_one_configuration_holds_for_all_and_may_have_sections_of_other_interfaces() {
    let repo = Repo::new()
        .script("0100_a.sh", "echo \"got $Place\"")
        .file("az.toml", "[variables]\nPlace = \"home\"\n[ui]\ntheme = \"dark\"\nkeys = { quit = \"q\" }\n[web]\nport = 8080\n");
    for verb in ["build", "orchestrate", "build --strict", "verify"] {
        repo.az(&format!("{verb} 0100")).code(0).not("AZ02");
    }
    repo.az("build 0100 --force -vv").code(0).says("got home");
    repo.az("check --strict").code(0);
    repo.az("check -v").code(0).says("AZ0219").says("`ui` in az.toml").says("`web` in az.toml");
    repo.file("az.toml", "[iu]\ntheme = \"dark\"\n").az("build 0100").code(2).says("`iu`");
}
