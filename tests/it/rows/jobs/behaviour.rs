//! What a step runs, whether it runs, and what its failure, its time and its attempts mean.

use super::{ended, jobs, repo};

#[test]
fn f114_a_step_runs_scripts_by_number_or_sequence_under_their_exit_codes() {
    for (run, expected) in [
        ("'0100'", vec!["0100"]),
        ("0100", vec!["0100"]),
        ("'0200,0100'", vec!["0100", "0200"]),
        ("['0200', '0100']", vec!["0100", "0200"]),
        ("'0100-0299,!0200'", vec!["0100"]),
        ("'02*'", vec!["0200"]),
    ] {
        let repo = jobs(&repo(), &format!("    a: {{ steps: [{{ run: {run} }}] }}\n"));
        repo.az("build p -j1").code(0);
        assert_eq!(repo.scripts_run(), expected, "{run}");
    }
    for (code, exit, outcome) in
        [("3", 1, "failed"), ("2", 1, "failed"), ("194", 0, "ran"), ("200", 1, "ran")]
    {
        let repo = repo();
        repo.script("0300_ends.sh", &format!("# ExitCodes: 194=restart, 200=attention\nexit {code}"));
        let built =
            jobs(&repo, "    a: { steps: [{ run: '0300' }, { run: '0100' }] }\n").az("build p --json");
        built.code(exit);
        let result = built.json();
        assert_eq!(result["nodes"][0]["outcome"], outcome, "{built}");
        assert_eq!(result["nodes"][1]["outcome"], if exit == 0 { "ran" } else { "blocked" }, "{built}");
    }
}

#[test]
fn f115_a_text_is_powershells_unless_a_shell_is_named_and_is_an_input() {
    let repo = repo();
    repo.executable("bin/pwsh", "#!/bin/sh\nfor last; do :; done\necho \"pwsh: $last\" > said\n");
    let path = format!("{}:{}", repo.path("bin").display(), repo.variable("PATH").unwrap());
    repo.env("PATH", &path);
    let text = |fields: &str| format!("    a: {{ steps: [{{ {fields} }}] }}\n");
    for (fields, expected) in [
        ("script: 'Write-Host 1'", "pwsh: Write-Host 1"),
        ("script: 'echo ${BASH_VERSION:-no bash} > said', shell: sh", "no bash"),
        ("script: 'echo ${BASH_VERSION:+is bash} > said', shell: bash", "is bash"),
        ("script: 'print(1 + 1, file=open(\"said\", \"w\"))', shell: python", "2"),
    ] {
        let repo = jobs(&repo, &text(fields));
        repo.az("build p").code(0);
        assert!(repo.read("said").contains(expected), "{fields}: {}", repo.read("said"));
    }
    let repo = jobs(&repo, &text("script: 'echo one > said', shell: sh"));
    repo.az("build p").code(0).says("ran 1 step");
    repo.az("build p").code(0).says("ran 0 steps");
    let repo = jobs(&repo, &text("script: 'echo two > said', shell: sh"));
    repo.az("build p --explain").code(0).says("ran 1 step");
    jobs(&repo, &text("script: x, shell: fish")).az("build p").code(2).says("there is no shell `fish`");
    jobs(&repo, &text("run: '0100', shell: sh"))
        .az("build p")
        .code(2)
        .says("`shell` has no use beside `run`");
}

const INNER: [(&str, &str); 4] = [
    (
        "inner.yaml",
        "name: inner\nvariables: { region: none }\nsteps: [{ name: s, command: 'echo $region >> said' }]\n",
    ),
    (
        "inner.json",
        r#"{"metadata": {"name": "inner", "description": "d"}, "orchestration": {"defaultVariables": {"region": "none"},
            "stages": [{"name": "S", "sequences": ["0300"]}]}}"#,
    ),
    (
        "inner.psd1",
        "@{ Name = 'inner'; Variables = @{ region = 'none' }; Sequence = @(@{ Script = '0300' }) }",
    ),
    ("inner.toml", "name = \"inner\"\nsequence = [\"0300\"]\n[variables]\nregion = \"none\"\n"),
];

#[test]
fn f116_and_f182_playbooks_use_playbooks_in_every_format_with_values_and_never_themselves() {
    let outer = [
        (
            "p.yaml",
            "metadata: { name: p }\norchestration:\n  jobs:\n    a: { steps: [{ uses: 'playbook:inner', with: { region: eu } }, { script: 'echo end >> said', shell: sh }] }\n",
        ),
        (
            "p.json",
            r#"{"metadata": {"name": "p"}, "orchestration": {"jobs": {"a": {"uses": "inner", "with": {"region": "eu"}}, "b": {"needs": "a", "steps": [{"shell": "sh", "script": "echo end >> said"}]}}}}"#,
        ),
        (
            "p.toml",
            "[metadata]\nname = \"p\"\n[orchestration.jobs.a]\nuses = \"playbook:inner\"\nwith = { region = \"eu\" }\n[orchestration.jobs.b]\nneeds = \"a\"\nsteps = [{ shell = \"sh\", script = \"echo end >> said\" }]\n",
        ),
    ];
    for (outer_name, outer_text) in outer {
        for (inner_name, inner_text) in INNER {
            let repo = repo();
            repo.script("0300_say.sh", "echo $region >> said");
            repo.playbook(outer_name, outer_text).playbook(inner_name, inner_text).az("build p").code(0);
            assert_eq!(repo.read("said"), "eu\nend\n", "{outer_name} uses {inner_name}");
        }
    }
    let repo = repo();
    repo.playbook(
        "inner.yaml",
        "metadata: { name: inner }\norchestration:\n  jobs:\n    back: { steps: [{ uses: p }] }\n",
    );
    let repo = jobs(&repo, "    a: { uses: inner }\n");
    repo.az("build p").code(2).ran([]).says("playbooks use each other in a circle");
    jobs(&repo, "    a: { steps: [{ uses: innr }] }\n")
        .az("build p")
        .code(2)
        .says("there is no playbook `innr`");
    jobs(&repo, "    a: { steps: [{ uses: 'actions/checkout@v4' }] }\n").az("build p").code(2).says("AZ0207");
}

#[test]
fn f124_and_f125_conditions_of_jobs_and_steps_know_how_things_went() {
    // The first job fails, succeeds or is skipped; what the second one does for each of its conditions.
    let table = [
        ("", "blocked", "ran", "skipped"),
        ("if: always(), ", "ran", "ran", "ran"),
        ("if: success(), ", "skipped", "ran", "skipped"),
        ("if: failure(), ", "ran", "skipped", "skipped"),
        ("if: '!cancelled()', ", "ran", "ran", "ran"),
        ("if: \"always() && needs.a.result == 'failure'\", ", "ran", "skipped", "skipped"),
        ("if: \"needs.a.result == 'success'\", ", "blocked", "ran", "skipped"),
        ("if: \"vars.no == 'x'\", ", "blocked", "skipped", "skipped"),
    ];
    for (condition, after_failure, after_success, after_skip) in table {
        for (first, expected) in [
            ("steps: [{ run: '0900' }]", after_failure),
            ("steps: [{ run: '0100' }]", after_success),
            ("if: false, steps: [{ run: '0100' }]", after_skip),
        ] {
            let text = format!(
                "    a: {{ {first} }}\n    b: {{ needs: a, {condition}steps: [{{ run: '0200' }}] }}\n"
            );
            let built = jobs(&repo(), &text).az("build p --json --var no=0");
            let result = built.json();
            assert_eq!(result["nodes"][1]["outcome"], expected, "{text}{built}");
        }
    }
    let steps = [
        ("", "blocked", "ran"),
        ("if: always(), ", "ran", "ran"),
        ("if: success(), ", "skipped", "ran"),
        ("if: failure(), ", "ran", "skipped"),
        ("if: \"failure() && steps.one.outcome == 'failure'\", ", "ran", "skipped"),
        ("if: \"steps.one.outcome == 'failure'\", ", "blocked", "skipped"),
    ];
    for (condition, after_failure, after_success) in steps {
        for (run, expected) in [("0900", after_failure), ("0100", after_success)] {
            let text =
                format!("    a: {{ steps: [{{ id: one, run: '{run}' }}, {{ {condition}run: '0200' }}] }}\n");
            let built = jobs(&repo(), &text).az("build p --json");
            assert_eq!(built.json()["nodes"][1]["outcome"], expected, "{text}{built}");
            built.code(i32::from(run == "0900"));
        }
    }
}

#[test]
fn f130_a_failure_that_is_allowed_is_recorded_however_that_is_spelled() {
    for word in ["continueOnError", "continue-on-error", "continue_on_error"] {
        let step = format!("    a: {{ steps: [{{ run: '0900', {word}: true }}, {{ run: '0100' }}] }}\n");
        let job = format!(
            "    a: {{ {word}: true, steps: [{{ run: '0900' }}] }}\n    b: {{ needs: a, steps: [{{ run: '0100' }}] }}\n"
        );
        for text in [step, job] {
            let built = jobs(&repo(), &text).az("build p --json");
            built.code(0).ran(["0900", "0100"]);
            let result = built.json();
            assert_eq!(
                (&result["counts"]["failed"], &result["counts"]["ran"]),
                (&1.into(), &1.into()),
                "{built}"
            );
            assert_eq!(result["nodes"][0]["exit_code"], 3);
        }
    }
    let text = "    a: { steps: [{ run: '0900', continueOnError: false }, { run: '0100' }] }\n";
    jobs(&repo(), text).az("build p").code(1).ran(["0900"]);
}

#[test]
fn f131_a_timeout_ends_the_whole_tree_of_a_step_and_of_a_job() {
    for text in [
        "    a: { steps: [{ script: SLEEP, shell: sh, timeout: 150ms }, { run: '0100' }] }\n",
        "    a: { timeout: 150ms, steps: [{ script: SLEEP, shell: sh }, { run: '0100' }] }\n",
    ] {
        let repo = repo();
        let pids = repo.unseen("pids");
        let sleep = format!("\"sleep 20 & echo $! $$ > '{}'; wait\"", pids.display());
        let built = jobs(&repo, &text.replace("SLEEP", &sleep)).az("build p --json");
        built.code(1).ran([]);
        let result = built.json();
        assert_eq!(result["nodes"][0]["flags"], serde_json::json!(["timed_out"]), "{built}");
        assert_eq!(result["nodes"][0]["outcome"], "failed");
        let pids = std::fs::read_to_string(pids).unwrap();
        let alive: Vec<&str> =
            pids.split_whitespace().filter(|pid| crate::repo::is_alive(pid.parse().unwrap())).collect();
        assert!(alive.is_empty(), "{alive:?} of {pids}");
    }
    for bad in ["0", "-1", "soon", "1.5"] {
        let text = format!("    a: {{ steps: [{{ run: '0100', timeout: '{bad}' }}] }}\n");
        jobs(&repo(), &text).az("build p").code(2).ran([]).says("timeout");
    }
}

#[test]
fn f132_and_f133_each_attempt_is_logged_and_has_the_whole_time() {
    let repo = repo();
    let tries = repo.unseen("tries");
    let text = format!(
        "\"echo x >> '{0}'; echo try $(wc -l < '{0}'); case $(wc -l < '{0}') in 1) sleep 20;; 2) exit 5;; esac\"",
        tries.display()
    );
    let step = |retries: &str| {
        format!("    a: {{ steps: [{{ script: {text}, shell: sh, timeout: 2s, {retries} }}] }}\n")
    };
    let built = jobs(&repo, &step("retries: 2, retryDelay: 20ms")).az("build p");
    built.code(0).says("timed out after 2.0 s; try 2 in 20 ms").says("exit code 5; try 3 in 40 ms");
    assert_eq!(std::fs::read_to_string(&tries).unwrap(), "x\nx\nx\n");
    // The time of the job is over all attempts.
    std::fs::remove_file(&tries).unwrap();
    let whole = step("retries: 9, retryDelay: 10ms").replace("{ steps", "{ timeout: 200ms, steps");
    jobs(&repo, &whole).az("build p --force").code(1).not("try 3");
    for (retries, is_one) in [("0", true), ("10", true), ("11", false), ("-1", false), ("x", false)] {
        let text = format!("    a: {{ steps: [{{ run: '0100', retries: {retries} }}] }}\n");
        let exit = if is_one { 0 } else { 2 };
        jobs(&repo, &text).az("check").code(exit);
    }
}

#[test]
fn f134_defaults_hold_where_jobs_and_steps_say_nothing() {
    let repo = repo();
    let log = repo.unseen("log-of-tries");
    let text = format!(
        "metadata: {{ name: p }}\norchestration:\n  defaults: {{ continueOnError: true, timeout: 200ms, retries: 1, retryDelay: 10ms, shell: sh }}\n  jobs:\n    \
         slow: {{ steps: [{{ script: \"echo slow >> '{0}'; sleep 20\" }}] }}\n    \
         once: {{ needs: slow, steps: [{{ script: \"echo once >> '{0}'; exit 1\", retries: 0 }}] }}\n    \
         own: {{ needs: once, defaults: {{ retries: 2, shell: bash }}, steps: [{{ script: \"echo own >> '{0}'; test -z $BASH_VERSION\" }}] }}\n    \
         strict: {{ needs: own, steps: [{{ script: 'exit 1', retries: 0, continueOnError: false }}] }}\n    \
         last: {{ needs: strict, steps: [{{ run: '0100' }}] }}\n",
        log.display()
    );
    let built = repo.playbook("p.yaml", &text).az("build p --json");
    built.code(1).ran([]);
    ended(&built, "slow failed, once failed, own failed, strict failed, last/0100_first blocked");
    let tries = std::fs::read_to_string(&log).unwrap();
    assert_eq!(tries.split_whitespace().collect::<Vec<_>>(), ["slow", "slow", "once", "own", "own", "own"]);
}

#[test]
fn f136_a_matrix_of_a_job_takes_fail_fast_and_max_parallel_from_expressions_too() {
    let text = "    t:\n      strategy: { failFast: '${{ vars.fast }}', maxParallel: 1, matrix: { r: [a, b] } }\n      \
                steps: [{ script: 'test ${{ matrix.r }} != a', shell: sh }]\n";
    for (fast, expected) in
        [("true", "t[r=a] failed, t[r=b] cancelled"), ("false", "t[r=a] failed, t[r=b] ran")]
    {
        let built = jobs(&repo(), text).az(&format!("build p --continue-on-error --json --var fast:={fast}"));
        built.code(10);
        ended(&built, expected);
    }
}
