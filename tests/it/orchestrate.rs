//! `az orchestrate`, the options of older commands, environments, and what the configuration says of steps and playbooks.

use crate::repo::Repo;

const DECLARED: &str = "# Inputs: None\n# Outputs: None\n";

/// A script that shows what it is given, one behind a condition, and a playbook with typed parameters.
fn world() -> Repo {
    Repo::new()
        .script("0100_show.sh", &format!("{DECLARED}echo \"got $target/$count/$environment\""))
        .script("0200_prod.sh", &format!("{DECLARED}# Condition: $environment -eq 'production'\ntrue"))
        .file(
            "rules/sh.toml",
            "[[kind]]\nname = \"sh\"\nextensions = [\"sh\"]\ninterpreter = [\"sh\", \"{script}\", \"{args}\"]\n\
             comments = { line = [\"#\"] }\nparameters = \"env\"\n",
        )
        .playbook(
            "deploy.yaml",
            "name: deploy\nparameters:\n  - name: target\n    default: web\n  - name: count\n    type: number\n    default: 1\n\
             \x20 - name: environment\n    default: staging\nsteps:\n  - name: show\n    run: '0100'\n  - name: prod\n    run: '0200'\n",
        )
}

#[test]
fn each_line_of_the_seed_runs() {
    let repo = world();
    repo.az("orchestrate run --playbook deploy --environment production").code(0).ran(["0100", "0200"]);
    repo.az("orchestrate run --playbook deploy --parallel --checkpoint")
        .code(0)
        .ran(["0100"])
        .says("az keeps what has ended");
    repo.az("orchestrate run --playbook deploy --parameters 'target=database' --dry-run")
        .code(0)
        .ran([])
        .says("0100_show");
    for line in ["orchestrate deploy", "orch run deploy", "o deploy", "o --playbook deploy"] {
        repo.az(&format!("{line} --force")).code(0).ran(["0100"]);
    }
    repo.az("orchestrate run").code(2).says("nothing is asked for").ran([]);
    repo.az("o deplo").code(2).says("did you mean `deploy`?").ran([]);
}

#[test]
fn parameters_are_read_and_checked() {
    let repo = world();
    let line = "o deploy --parameters \"target='two words' count=3\" --parameters environment=lab -vv";
    repo.az(line).code(0).ran(["0100"]).says("got two words/3/lab");
    repo.az("o deploy --parameters 'count=many'").code(2).says("wants a number").ran([]);
    repo.az("o deploy --parameters 'target'").code(2).says("it has no `=`").ran([]);
    repo.az("o deploy --parameters \"target='x\"").code(2).says("a quote is open").ran([]);
    // One by one stands above several, and these above files.
    repo.file("vars.yaml", "target: file\ncount: 7\n").file("more.psd1", "@{ Count = 8 }");
    repo.az("o deploy --vars-file vars.yaml -vv").code(0).says("got file/7/staging");
    repo.az("o deploy --vars-file vars.yaml --vars-file more.psd1 -vv").code(0).says("got file/8/");
    repo.az("o deploy --vars-file vars.yaml --variables '@{ target = \"text\" }' -vv")
        .code(0)
        .says("got text/7/");
    repo.az("o deploy --vars-file vars.yaml --variables target=text --var TARGET=var -vv")
        .code(0)
        .says("got var/7/");
    repo.az("o deploy --vars-file none.json").code(2).says("none.json").says("cannot be read");
    repo.file("bad.json", "{").az("o deploy --vars-file bad.json").code(2).says("bad.json");
}

#[test]
fn a_timeout_is_one_of_minutes() {
    let repo = Repo::new().script("0100_a.sh", "sleep 60").playbook("p.json", "{\"sequence\": [\"0100\"]}");
    repo.az("o p --timeout 200ms").code(124).says("took longer");
    repo.az("o p --timeout=x").code(2).says("AZ0901");
    // Half a minute would have to pass if these were minutes.
    repo.az("build 0100 --timeout 1").code(124);
    let quick = Repo::new().script("0100_a.sh", "true").playbook("p.json", "{\"sequence\": [\"0100\"]}");
    quick.az("orchestrate run --playbook p --timeout 30").code(0).ran(["0100"]);
}

#[test]
fn debug_tells_what_is_decided_and_shows_the_output() {
    let repo = world();
    let output = repo.az("o deploy --debug --verbose").code(0).ran(["0100"]).clone();
    output.says("debug: ").says("is to run").says("no record").says("got web/1/staging");
    repo.az("o deploy --debug").code(0).ran([]).says("is to reuse");
}

#[test]
fn outputs_are_listed_if_they_are_captured() {
    let repo = Repo::new().script("0100_a.sh", "echo version=1.2 >> $AZ_OUTPUT").script("0200_b.sh", "true");
    for _ in 0..2 {
        repo.az("build 0100 --capture-outputs").code(0).says("outputs:").says("0100_a  version = 1.2");
    }
    repo.az("build 0200 --capture-outputs").code(0).says("no step handed anything on");
    repo.az("build 0100").code(0).not("outputs:");
}

#[test]
fn an_environment_is_a_variable_and_a_part_of_the_configuration() {
    let config = "[variables]\ntarget = \"here\"\n[environment.qa]\nvariables = { target = \"there\" }\ncontinue_on_error = true\n";
    let repo = world().file("az.toml", config).script("0050_fails.sh", &format!("{DECLARED}exit 1"));
    repo.az("build 0100 -vv").code(0).says("got here//");
    repo.az("build 0100 -vv --environment qa").code(0).says("got there//qa");
    repo.env("AITHERZERO_ENVIRONMENT", "QA").az("build 0100 --force -vv").code(0).says("got there//QA");
    repo.env("AZ_ENVIRONMENT", "dev").az("build 0100 --force -vv").code(0).says("got here//dev");
    repo.az("build 0100 --environment staging -vv").code(0).says("got here//staging");
    repo.az("build 0100 --environment qa --var Environment=mine --force -vv").code(0).says("got there//");
    repo.without_env("AITHERZERO_ENVIRONMENT").without_env("AZ_ENVIRONMENT");
    repo.scripts_run();
    repo.az("build 0050 0100 -j1 --force").code(1).ran(["0050"]);
    repo.az("build 0050 0100 -j1 --force --environment qa").code(10).ran(["0050", "0100"]);
    for verb in ["build 0100", "plan 0100", "o deploy", "verify 0100", "check"] {
        repo.az(&format!("{verb} --environment prodution"))
            .code(2)
            .says("did you mean `production`?")
            .ran([]);
    }
    repo.az("plan 0100 --environment nowhere").code(2).says("AZ0910").says("[environment.nowhere]");
    repo.env("AZ_ENVIRONMENT", "a b").az("build 0100").code(2).says("AZ_ENVIRONMENT").ran([]);
}

#[test]
fn the_environment_says_what_nobody_asks_for() {
    let config =
        "[profile.Quick]\nscripts = [\"0100-0199\", \"!0110\"]\nvariables = { target = \"quick\" }\n";
    let repo = world().file("az.toml", config).script("0110_other.sh", &format!("{DECLARED}true"));
    repo.env("AITHERZERO_PROFILE", "quick");
    repo.az("build -vv").code(0).ran(["0100"]).says("AITHERZERO_PROFILE asks for").says("got quick//");
    repo.env("AITHERZERO_SEQUENCE", "0110");
    repo.az("seq --force").code(0).ran(["0110"]).says("AITHERZERO_SEQUENCE asks for `0110`");
    repo.az("seq --force -q").code(0).ran(["0110"]).not("AITHERZERO_SEQUENCE");
    repo.az("seq 0100 --force").code(0).ran(["0100"]).not("AITHERZERO_SEQUENCE");
    repo.env("AZ_JOBS", "none").az("build 0100").code(2).says("AZ_JOBS").ran([]);
    repo.env("AZ_JOBS", "1").az("build 0100 --force").code(0).ran(["0100"]);
    repo.env("AZ_PROFILE", "quick").az("build --force").code(0).ran(["0100"]);
    repo.env("AZ_CONFIGURATION", "none.toml").az("build 0100").code(2).says("none.toml");
}

#[test]
fn a_profile_of_the_configuration_selects_and_sets() {
    let config = "[profile.Quick]\nscripts = [\"0100\"]\nvariables = { target = \"quick\" }\n";
    let repo = world().file("az.toml", config);
    repo.playbook(
        "own.json",
        r#"{"sequence": ["0100"], "profiles": {"quick": {"variables": {"target": "own"}}, "slow": {"variables": {"target": "slow"}}}}"#,
    );
    repo.az("build --profile quick -vv").code(0).ran(["0100"]).says("got quick//");
    repo.az("build 0100 --profile QUICK --force -vv").code(0).says("got quick//");
    repo.az("build own --profile quick -vv").code(0).says("got own//");
    repo.az("build own --profile slow -vv").code(0).says("got slow//");
    repo.scripts_run();
    repo.az("build --profile quik").code(2).says("did you mean `Quick`?").ran([]);
    repo.az("build --profile slow").code(2).says("there is no profile `slow`").ran([]);
    let old = r#"{ "Profiles": { "Custom": { "Scripts": ["0100", "stage:Default", "!0200"] } } }"#;
    repo.file("config.json", old)
        .az("seq -Profile Custom -Configuration config.json --force")
        .code(0)
        .ran(["0100"]);
}

#[test]
fn names_for_conditions_are_seen_by_conditions_only() {
    let repo = world().playbook(
        "steps.yaml",
        "name: steps\nvariables: { target: home }\nsteps:\n  - name: a\n    run: '0100'\n    condition: $target == 'lab'\n\
         \x20 - name: b\n    run: '0200'\n    condition: ${a.success} && $late == 'yes'\n",
    );
    repo.az("build 0100,0200 --conditions environment=production -vv")
        .code(0)
        .ran(["0100", "0200"])
        .says("got //\n");
    repo.az("build 0200 --conditions environment=production --var environment=dev --force")
        .code(0)
        .ran(["0200"]);
    repo.az("build 0200 --var environment=dev --force").code(0).ran([]);
    repo.az("build steps --force -vv").code(0).ran([]);
    repo.az("build steps --conditions 'target=lab' --force -vv").code(0).ran(["0100"]).says("got home//");
    repo.az("build steps --conditions 'target=lab late=yes environment=production' --force")
        .code(0)
        .ran(["0100", "0200"]);
    repo.az("build 0200 --conditions x").code(2).says("it has no `=`");
}

#[test]
fn options_of_older_commands_are_taken() {
    let repo = world();
    repo.az("seq 0100,0200 -DryRun").code(0).ran([]).says("0100_show");
    repo.az("seq -Sequence 0100 -MaxConcurrency 1 -NonInteractive -UseCache").code(0).ran(["0100"]);
    repo.az("seq -Sequence 0100 -MaxConcurrency 1 -NonInteractive -UseCache").code(0).ran([]);
    repo.az("run --sequence 0100 0200 --variables 'environment=production,target=x' -vv")
        .code(0)
        .ran(["0100", "0200"])
        .says("got x//production");
    repo.az("seq -LoadPlaybook deploy -Parallel $false -ContinueOnError -PassThru").code(0).ran(["0100"]);
    repo.az("seq 0100 --use-cache --force").code(2).says("cannot stand together");
    repo.az("seq 0200 -Conditions environment=production --force").code(0).ran(["0200"]);
    repo.az("help migrate").code(0).says("--max-concurrency");
    repo.az("help o").code(0).says("az orchestrate run --playbook");
}

#[test]
fn defaults_of_the_configuration_hold_below_headers() {
    let repo = Repo::new()
        .script("0100_slow.sh", &format!("{DECLARED}sleep 60"))
        .script("0200_own.sh", &format!("{DECLARED}# Timeout: 1m\nsleep 1"))
        .script("0300_fails.sh", &format!("{DECLARED}exit 1"))
        .playbook(
            "text.json",
            r#"{"orchestration": {"jobs": {"a": {"steps": [{"script": "sleep 60", "shell": "sh"}]}}}}"#,
        );
    repo.file("az.toml", "[defaults]\ntimeout = \"300ms\"\n");
    repo.az("build 0100").code(1).says("timed out");
    repo.az("build text").code(1).says("timed out");
    repo.az("build 0200").code(0);
    repo.scripts_run();
    repo.file("az.toml", "[defaults]\nretries = 2\nretry_delay = \"10ms\"\n");
    repo.az("build 0300").code(1).ran(["0300", "0300", "0300"]);
    repo.file("az.toml", "[range.\"0100-0199\"]\ntimeout = \"200ms\"\n[defaults]\ntimeout = \"1h\"\n");
    repo.az("build 0100").code(1).says("timed out");
}

#[test]
fn ranges_say_what_failure_means_and_where_scripts_belong() {
    let config = "[range.\"0300-0399\"]\ncontinue_on_error = true\nstage = \"Testing\"\n";
    let repo = Repo::new()
        .script("0300_fails.sh", &format!("{DECLARED}exit 1"))
        .script("0310_after.sh", &format!("{DECLARED}# Dependencies: 0300\ntrue"))
        .script("0320_own.sh", &format!("{DECLARED}# Stage: Own\ntrue"))
        .playbook(
            "steps.json",
            r#"{"orchestration": {"jobs": {"a": {"steps": [{"run": "0300"}, {"run": "0320"}]}, "b": {"needs": "a", "steps": [{"run": "0310"}]}}}}"#,
        )
        .playbook(
            "strict.json",
            r#"{"orchestration": {"jobs": {"a": {"steps": [{"run": "0300", "continueOnError": false}, {"run": "0320"}]}}}}"#,
        );
    repo.az("build 0300 0310 -j1").code(1).ran(["0300"]);
    repo.file("az.toml", config);
    repo.az("build 0300 0310 -j1").code(0).ran(["0300", "0310"]);
    repo.az("build steps --force").code(0).ran(["0300", "0310", "0320"]);
    repo.az("build strict --force").code(1).ran(["0300"]);
    repo.az("build stage:testing --force").code(0).ran(["0300", "0310"]);
    repo.az("list 0320").code(0).says("Own").not("Testing");
}

#[test]
fn steps_that_must_not_overlap_do_not() {
    let body = "test ! -e busy || exit 9; touch busy; sleep 0.2; rm busy";
    let declared = format!("{DECLARED}{body}");
    let repo = Repo::new();
    ["0100_a.sh", "0200_b.sh", "0300_c.sh"].iter().for_each(|name| _ = repo.script(name, &declared));
    for config in ["[defaults]\nparallel = false\n", "[range.\"*\"]\nallow_parallel = false\n"] {
        repo.file("az.toml", config).az("build '*' --no-trace --force").code(0);
    }
    let old = r#"{ "Automation": { "DefaultMode": "Sequential", "MaxRetries": 0 } }"#;
    repo.remove("az.toml").file("config.json", old);
    repo.az("build '*' --no-trace --force --configuration config.json").code(0);
}

#[test]
fn a_playbook_runs_only_where_the_configuration_lets_it() {
    let repo = world().file(
        "az.toml",
        "[playbook.off]\nenabled = false\n[playbook.some]\nallowed_environments = [\"dev\", \"qa\"]\n\
         [playbook.asks]\nrequires_approval = true\n[playbook.slow]\nscript_defaults = { timeout = \"300ms\" }\n\
         [environment.production.playbook.open]\nenabled = false\n",
    );
    for name in ["off", "some", "asks", "slow", "open"] {
        let number = if name == "slow" { "0300" } else { "0100" };
        repo.playbook(&format!("{name}.json"), &format!("{{\"sequence\": [\"{number}\"]}}"));
    }
    repo.playbook(
        "user.json",
        r#"{"orchestration": {"jobs": {"a": {"steps": [{"uses": "playbook:asks"}]}}}}"#,
    );
    repo.script("0300_slow.sh", &format!("{DECLARED}sleep 60"));
    repo.az("build off").code(2).says("AZ0911").says("is not enabled").says("az.toml:2").ran([]);
    repo.az("build some").code(2).says("--environment dev").ran([]);
    repo.az("build some --environment staging")
        .code(2)
        .says("may not run in the environment `staging`")
        .ran([]);
    repo.az("build some --environment QA").code(0).ran(["0100"]);
    repo.az("build asks").code(2).says("needs approval").ran([]);
    repo.az("verify asks").code(2).says("needs approval").ran([]);
    repo.az("build user").code(2).says("needs approval").ran([]);
    // To look is allowed.
    repo.az("plan asks").code(0).says("0100_show").says("AZ0911").ran([]);
    repo.az("build asks --dry-run").code(0).says("0100_show").ran([]);
    repo.az("check").code(0).not("AZ0911");
    repo.az("build slow").code(1).says("timed out").ran(["0300"]);
    repo.az("build open --force").code(0).ran(["0100"]);
    repo.az("build open --environment production").code(2).says("is not enabled").ran([]);
}

#[test]
fn a_script_is_told_that_it_runs_in_ci() {
    let repo = Repo::new().script("0100_a.sh", "echo \"ci=${AITHERZERO_CI:-no} $AITHERZERO_NONINTERACTIVE\"");
    repo.az("build 0100 -vv").code(0).says("ci=no true");
    repo.env("CI", "true").az("build 0100 -vv").code(0).says("ci=true true");
    repo.env("CI", "false").az("build 0100 -vv --force").code(0).says("ci=no true");
}
