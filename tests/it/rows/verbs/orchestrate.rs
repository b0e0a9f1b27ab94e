//! `az orchestrate`: what seed 004 runs, with its parameters and its configuration.

use super::{DECLARED, meets};
use crate::repo::Repo;

/// A playbook `p` with declared parameters.
fn world() -> Repo {
    Repo::new().script("0100_show.sh", "echo \"got $target/$count/$fast/$tags\"").playbook(
        "p.yaml",
        "name: p\nparameters:\n  - { name: target, default: web, allowed: [web, database] }\n  \
         - { name: count, type: number, default: 1 }\n  - { name: fast, type: boolean, default: false }\n  \
         - { name: tags, type: list, default: [] }\n  - { name: token }\nsteps:\n  \
         - { name: first, command: 'touch began' }\n  - { name: show, run: '0100' }\n",
    )
}

#[test]
fn f239_orchestrate_is_run_and_its_other_actions_are_the_verbs_of_their_names() {
    let repo = world().playbook("validate.json", r#"{"sequence": ["0100"]}"#);
    for line in ["orchestrate p", "orch p", "o p", "orchestrate run --playbook p", "o -Playbook p"] {
        repo.az(&format!("{line} --force")).code(0).ran(["0100"]);
    }
    let checked = repo
        .az("orchestrate validate --playbook p --simulate --environment production")
        .code(0)
        .ran([])
        .clone();
    assert_eq!(checked.stdout(), repo.az("check --playbook p --simulate --environment production").stdout());
    repo.az("orch library --list").code(0).says("validate").ran([]);
    repo.az("o library --export p --format json").code(0).says("\"show\"").ran([]);
    // A playbook of such a name is one.
    repo.az("orchestrate validate --force").code(0).ran(["0100"]);
    repo.az("orchestrate --playbook validate --force").code(0).ran(["0100"]);
}

#[test]
fn f292_steps_of_which_nothing_is_known_overlap_if_that_is_asked_for() {
    let repo = Repo::new().script("0100_a.sh", &meets("a", "b")).script("0200_b.sh", &meets("b", "a"));
    repo.playbook("p.json", r#"{"sequence": ["0100", "0200"]}"#);
    repo.az("orchestrate run --playbook p --parallel --no-trace -j2").code(0).ran(["0100", "0200"]);
}

#[test]
fn f294_the_same_command_goes_on_where_a_run_ended() {
    let repo = Repo::new()
        .script("0100_a.sh", "true")
        .script("0200_b.sh", "# Dependencies: 0100\ntest -e ready")
        .script("0300_c.sh", "# Dependencies: 0200\ntrue")
        .playbook("p.json", r#"{"sequence": ["0100", "0200", "0300"]}"#);
    repo.az("o p --checkpoint -j1").code(1).ran(["0100", "0200"]).says("az keeps what has ended");
    repo.file("ready", "").az("o p --checkpoint -j1").code(0).ran(["0200", "0300"]);
}

#[test]
fn f295_a_timeout_is_a_number_of_minutes_or_any_time() {
    let repo = world();
    for time in ["30", "90s", "5m", "1h30m", "250000ms"] {
        repo.az(&format!("o p --timeout {time}")).code(0);
    }
    repo.scripts_run();
    for time in ["0", "0m", "1.5", "soon", "5minutes"] {
        let told = repo.az(&format!("o p --timeout {time}"));
        told.code(2)
            .says(&format!("`{time}` is no value of `--timeout`"))
            .says("write a duration as")
            .ran([]);
    }
}

#[test]
fn f323_simulate_walks_every_branch_and_runs_none() {
    let repo = Repo::new().script("0100_a.sh", "true");
    let mistake = "{ name: wrong, command: /nowhere x }";
    let steps = |text: &str| {
        format!("name: p\nvariables: {{ env: dev, none: [] }}\nsteps:\n{text}\n").replace("WRONG", mistake)
    };
    for (name, text) in [
        (
            "p.yaml",
            steps("  - { name: c, type: conditional, condition: '${env} == \"prod\"', then: [WRONG] }"),
        ),
        (
            "p.yaml",
            steps(
                "  - { name: c, type: conditional, condition: '${env} == \"dev\"', then: [{ name: x, run: '0100' }], else: [WRONG] }",
            ),
        ),
        ("p.yaml", steps("  - { name: c, run: '0100', on_failure: [WRONG] }")),
        ("p.yaml", steps("  - { name: c, run: '0100', on_success: [WRONG] }")),
        (
            "p.yaml",
            steps(
                "  - { name: c, type: parallel, branches: [{ name: b, steps: [{ name: i, type: conditional, condition: 'false', then: [WRONG] }] }] }",
            ),
        ),
        (
            "p.yaml",
            steps(
                "  - { name: c, type: foreach, items: [a], as: i, steps: [{ name: j, type: conditional, condition: '${i} == \"b\"', then: [WRONG] }] }",
            ),
        ),
        (
            "p.json",
            r#"{"orchestration": {"jobs": {"a": {"if": "false", "steps": [{"uses": "playbook:nobody"}]}}}}"#
                .to_owned(),
        ),
        (
            "p.json",
            r#"{"orchestration": {"jobs": {"a": {"steps": [{"if": "1 == 2", "uses": "playbook:nobody"}]}}}}"#
                .to_owned(),
        ),
        (
            "p.json",
            r#"{"orchestration": {"jobs": {"a": {"steps": [{"run": "0100", "if": "1 = 2"}]}}}}"#.to_owned(),
        ),
        (
            "p.json",
            r#"{"stages": [{"name": "s", "sequence": ["0100-0001"], "condition": "$false"}]}"#.to_owned(),
        ),
        ("p.psd1", "@{ Sequence = @(@{ Script = '0100'; Condition = '$false -and (' }) }".to_owned()),
    ] {
        let repo = repo.playbook(name, &text);
        repo.az("validate --playbook p --simulate")
            .code(2)
            .says(&format!("playbooks/{name}:"))
            .says("help: ")
            .ran([]);
        repo.remove(&format!("playbooks/{name}"));
    }
}

#[test]
fn f323_branches_without_a_mistake_are_sound() {
    let repo = Repo::new().script("0100_a.sh", "true").playbook(
        "p.yaml",
        "name: p\nvariables: { env: dev }\nsteps:\n  - name: c\n    type: conditional\n    condition: '${env} == \"prod\"'\n    \
         then: [{ name: x, run: '0100' }]\n",
    );
    repo.az("validate --playbook p --simulate").code(0).ran([]);
}

#[test]
fn f372_parameters_are_checked_before_anything_runs() {
    let repo = world();
    repo.az("o p").code(0).ran(["0100"]);
    repo.remove("began");
    for (given, says) in [
        ("target=files", "one of `web`, `database`"),
        ("count=many", "wants a number"),
        ("fast=perhaps", "--var fast=true"),
        ("targte=web", "`targte`"),
    ] {
        let told = repo.az(&format!("o p --parameters {given} --strict"));
        assert!([2, 4].contains(&told.exit()), "{told}");
        told.says(says).says("help: ").ran([]);
    }
    assert!(!repo.has_path("began"), "nothing began");
    repo.az("o p --parameters 'target=DATABASE count=07 fast=yes tags=a,b' --force -vv")
        .code(0)
        .says("got database/7/true/");
}

#[test]
fn f374_a_dry_run_shows_what_another_environment_would_run() {
    let repo = Repo::new()
        .script("0100_dev.sh", "# Condition: $environment -eq 'dev'\ntrue")
        .script("0200_prod.sh", "# Condition: $environment -eq 'production'\ntrue")
        .script("0300_all.sh", "echo \"$Host\"")
        .file(
            "az.toml",
            "[variables]\nHost = \"real\"\n[environment.dev]\nvariables = { Host = \"pretended\" }\n",
        )
        .playbook("p.json", r#"{"sequence": ["0100-0399"]}"#);
    repo.az("o p --environment production").code(0).ran(["0200", "0300"]);
    let told = repo.az("o p --environment dev --dry-run").code(0).ran([]).clone();
    told.says("run  0100_dev").says("skip  0200_prod").says("run  0300_all").says("Host changed");
    repo.az("o p --environment production --dry-run").code(0).says("skip  0100_dev").says("reuse  0300_all");
}

#[test]
fn f375_each_kind_of_trouble_is_told_with_its_place_and_what_to_do() {
    let repo = world()
        .script("0200_fails.sh", "echo 'the disk is full' >&2; exit 7")
        .script("0300_slow.sh", "# Timeout: 200ms\nsleep 20")
        .script("0400_wants.sh", "# Resources: gpu=3\ntrue")
        .file("az.toml", "[resources]\ngpu = 2\n");
    let failed = repo.az("build 0200").code(1).ran(["0200"]).clone();
    failed
        .says("failed  0200_fails")
        .says("exit code 7")
        .says("| the disk is full")
        .says("help: `az runs show --log '0200_fails'`");
    let slow = repo.az("build 0300").code(1).ran(["0300"]).clone();
    slow.says("0300_slow").says("timed out after 200 ms").says("help: ").says("Timeout");
    let wants = repo.az("build 0100 0400").code(2).ran([]).clone();
    wants.says("gpu").says("0400_wants.sh:2:").says("help: ");
    let wrong = repo.az("o p --parameters count=many").code(2).ran([]).clone();
    wrong.says("`count`").says("wants a number").says("p.yaml:4:").says("help: ");
}

/// The registry and the ranges as the old configuration writes them.
const OLD: &str = "@{ Core = @{ Name = 'x' }; Automation = @{
    Playbooks = @{
        off = @{ Enabled = $false }
        some = @{ AllowedEnvironments = @('Dev', 'CI') }
        asks = @{ RequiresApproval = $true }
        slow = @{ ScriptDefaults = @{ DefaultTimeout = 1 } }
    }
    ScriptRangeDefaults = @{
        '0300-0399' = @{ ContinueOnError = $true; Stage = 'Checks'; AllowParallel = $false }
        '0400-0499' = @{ DefaultTimeout = 1 }
        '0500-0599' = @{ RequiresElevation = $true }
    }
} }";

fn configured() -> Repo {
    let repo = Repo::new().file("config.psd1", OLD).env("AZ_CONFIGURATION", "config.psd1");
    for name in ["off", "some", "asks"] {
        repo.playbook(&format!("{name}.json"), r#"{"sequence": ["0100"]}"#);
    }
    repo.script("0100_a.sh", &format!("{DECLARED}true"))
        .script("0200_slow.sh", &format!("{DECLARED}sleep 20"))
}

#[test]
fn f401_the_registry_of_the_old_configuration_is_honoured() {
    let repo = configured().playbook("slow.json", r#"{"sequence": ["0200"]}"#);
    repo.az("build off").code(2).says("is not enabled").ran([]);
    repo.az("build some").code(2).says("--environment Dev").ran([]);
    repo.az("build some --environment production")
        .code(2)
        .says("may not run in the environment `production`")
        .ran([]);
    repo.az("build some --environment DEV").code(0).ran(["0100"]);
    repo.az("build asks").code(2).says("needs approval").ran([]);
    repo.az("build slow").code(1).says("timed out").ran(["0200"]);
}

#[test]
fn f402_the_ranges_of_the_old_configuration_are_honoured() {
    let busy = "test ! -e busy || exit 9; touch busy; sleep 0.1; rm busy";
    let repo = configured()
        .script("0300_fails.sh", &format!("{DECLARED}exit 1"))
        .script("0310_after.sh", &format!("{DECLARED}# Dependencies: 0300\ntrue"))
        .script("0320_busy.sh", &format!("{DECLARED}{busy}"))
        .script("0330_busy.sh", &format!("{DECLARED}{busy}"))
        .script("0400_slow.sh", &format!("{DECLARED}sleep 20"))
        .script("0500_root.sh", &format!("{DECLARED}true"));
    repo.az("build 0300 0310").code(0).ran(["0300", "0310"]).says("failed  0300_fails");
    repo.az("build 0320 0330 -j4 --no-trace").code(0);
    repo.az("list stage:Checks").code(0).says("0310  after").not("0400");
    repo.az("build 0400").code(1).says("timed out");
    let is_root = repo.sh("test $(id -u) = 0").is_success();
    let rights = repo.az("plan 0500");
    if is_root {
        rights.code(0)
    } else {
        rights.code(0).says("administrator")
    };
    repo.scripts_run();
    repo.without_env("AZ_CONFIGURATION").az("build 0300 0310 -j1 --force").code(1).ran(["0300"]);
}

#[test]
fn f423_commands_of_the_seed_reach_what_they_are_mapped_to_unchanged() {
    let repo = Repo::new().executable("tool.sh", "#!/bin/sh\nprintf '<%s>' \"$@\" >> calls; echo >> calls\n");
    let lines = [
        "/test run --suite integration --environment green",
        "/backup create --name 'pre deploy' --target dr-site",
        "/infra deploy --component frontend --region eu-west-1 --canary --percentage 5 --gradual --immediate",
        "/security scan --type full --fail-on high",
        "/notify team --severity high --message \"it's done\"",
        "/monitor metrics --baseline previous --threshold 95% --comprehensive --duration 300",
    ];
    let steps: String = lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!("  - name: s{at}\n    command: {}\n", serde_json::to_string(line).unwrap()))
        .collect();
    repo.playbook("p.yaml", &format!("name: p\nsteps:\n{steps}"));
    let told = repo.az("validate --playbook p").code(2).clone();
    for line in lines {
        let name = line.split(' ').next().unwrap();
        told.says(&format!("nothing says what the command `{name}` is"));
    }
    repo.az("o p").code(2).ran([]);
    let names = lines.map(|line| line.split(' ').next().unwrap().trim_start_matches('/').to_owned());
    let mapped: String = names.iter().map(|name| format!("{name} = [\"./tool.sh\", \"{name}\"]\n")).collect();
    repo.file("az.toml", format!("[commands]\n{mapped}")).az("o p -j1").code(0);
    let expected = lines.map(|line| {
        let words = line
            .trim_start_matches('/')
            .replace("'pre deploy'", "pre deploy")
            .replace("\"it's done\"", "it's done");
        let words = words.replace("pre deploy", "pre\u{a0}deploy").replace("it's done", "it's\u{a0}done");
        words.split(' ').map(|word| format!("<{}>", word.replace('\u{a0}', " "))).collect::<String>()
    });
    assert_eq!(repo.read("calls").lines().collect::<Vec<_>>(), expected);
}

#[test]
fn f424_names_that_sound_like_settings_are_ordinary_variables() {
    let names = "deployment_timeout: 1, max_retries: 5";
    let repo = Repo::new()
        .script(
            "0100_a.sh",
            &format!("{DECLARED}sleep 1.2; echo \"got $deployment_timeout/$max_retries\"; exit 1"),
        )
        .playbook(
            "p.yaml",
            &format!("name: p\nvariables: {{ {names} }}\nsteps:\n  - {{ name: s, run: '0100' }}\n"),
        );
    repo.az("o p -vv").code(1).ran(["0100"]).says("got 1/5").not("timed out");
}

#[test]
fn f425_variables_of_the_seeds_examples_change_nothing_of_how_az_works() {
    let variables = r#"{"skipWorkflowCheck": true, "verbose": true, "failFast": false, "testRun": "Pre-Release-v2.0.0",
        "coverage": true, "severity": "high"}"#;
    let repo = Repo::new()
        .script(
            "0100_a.sh",
            &format!("{DECLARED}echo \"$verbose $failFast $testRun $coverage $severity\" > got; echo said"),
        )
        .script("0200_b.sh", &format!("{DECLARED}exit 1"))
        .script(
            "0300_c.sh",
            &format!("{DECLARED}# Condition: severity -eq 'high' -and $skipWorkflowCheck\ntrue"),
        )
        .playbook(
            "p.json",
            &format!(r#"{{"Sequence": ["0100", "0200", "0300"], "Variables": {variables}}}"#),
        );
    // Neither is the output shown, nor does the run go on.
    repo.az("o p -j1").code(1).ran(["0100", "0200"]).not("| said");
    assert_eq!(repo.read("got"), "true false Pre-Release-v2.0.0 true high\n");
    repo.az("build 0300 --vars-file playbooks/vars.json").code(2);
    repo.file("vars.json", variables).az("build 0300 --vars-file vars.json").code(0).ran(["0300"]);
}
