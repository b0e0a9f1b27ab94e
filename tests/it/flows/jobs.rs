//! Jobs and stages: what they need, when they run, what their failures mean.

use super::{ended, jobs, repo};

#[test]
fn a_job_runs_when_all_it_needs_succeeded() {
    let repo = jobs(
        &repo(),
        "    a: { steps: [{ run: '0900' }] }\n    b: { needs: a, steps: [{ run: '0100' }] }\n    \
         c: { needs: b, steps: [{ run: '0100' }] }\n    d: { steps: [{ run: '0200' }] }\n",
    );
    let built = repo.az("build p --continue-on-error --json");
    built.code(10).ran(["0900", "0200"]);
    ended(&built, "a/0900_bad failed, b/0100_first blocked, c/0100_first blocked, d/0200_second ran");
}

#[test]
fn what_cleans_up_runs_after_a_failure_and_the_run_still_fails() {
    let repo = jobs(
        &repo(),
        "    a:\n      steps:\n        - { id: bad, run: '0900' }\n        - { id: next, run: '0100' }\n        \
         - { id: clean, if: failure(), script: 'echo ${{ steps.bad.outcome }} > clean', shell: sh }\n        \
         - { id: not, if: cancelled(), run: '0200' }\n\
         \x20   b: { needs: a, if: always(), steps: [{ script: 'echo ${{ needs.a.result }} > after', shell: sh }] }\n",
    );
    let built = repo.az("build p --json");
    built.code(1).ran(["0900"]);
    ended(&built, "a/0900_bad failed, a/0100_first blocked, a/clean ran, a/0200_second skipped, b ran");
    assert_eq!((repo.read("clean").as_str(), repo.read("after").as_str()), ("failure\n", "failure\n"));
}

#[test]
fn a_failure_that_is_allowed_stops_nobody_and_is_told() {
    let repo = jobs(
        &repo(),
        "    a: { continueOnError: true, steps: [{ run: '0900' }, { run: '0100' }] }\n    \
         b: { needs: a, steps: [{ id: bad, run: '0900', continue-on-error: true }, { id: s, run: '0200' },\n          \
         { if: \"steps.bad.outcome == 'failure' && steps.bad.conclusion == 'success'\", run: '0100' }] }\n",
    );
    let built = repo.az("build p --json");
    built.code(0).ran(["0900", "0900", "0200", "0100"]);
    ended(
        &built,
        "a/0900_bad failed, a/0100_first blocked, b/0900_bad failed, b/0200_second ran, b/0100_first ran",
    );
}

#[test]
fn a_skipped_job_skips_those_that_need_it_but_not_those_that_ask() {
    let repo = jobs(
        &repo(),
        "    a: { if: \"vars.env == 'prod'\", steps: [{ run: '0100' }] }\n    \
         b: { needs: a, steps: [{ run: '0100' }] }\n    \
         c: { needs: a, if: \"!cancelled() && needs.a.result == 'skipped'\", steps: [{ run: '0200' }] }\n",
    );
    let built = repo.az("build p --json");
    built.code(0).ran(["0200"]);
    ended(&built, "a/0100_first skipped, b/0100_first skipped, c/0200_second ran");
    let built = repo.az("build p --var env=prod --json");
    // The same script with the same values has one record.
    built.code(0).ran(["0100"]);
    ended(&built, "a/0100_first ran, b/0100_first cached, c/0200_second skipped");
}

#[test]
fn stages_follow_each_other_and_a_skipped_one_stops_nobody() {
    let repo = repo();
    repo.playbook(
        "p.json",
        r#"{"metadata": {"name": "p", "description": "d"}, "orchestration": {"defaultVariables": {"deploy": false}, "stages": [
            {"name": "One", "sequences": ["0200"]},
            {"name": "Two", "sequences": ["0100"], "condition": "{{deploy}} -eq $true"},
            {"name": "Three", "sequences": ["0900"], "continueOnError": true},
            {"name": "Four", "sequences": ["0100"]}]}}"#,
    );
    let built = repo.az("build p --json");
    built.code(0).ran_in_order(["0200", "0900", "0100"]);
    ended(&built, "One/0200_second ran, Two/0100_first skipped, Three/0900_bad failed, Four/0100_first ran");
    repo.az("plan p").says("its condition is false: {{deploy}} -eq $true");
    repo.az("build p --var deploy=true").code(0).ran(["0900"]).says("reused 3");
}

#[test]
fn retries_are_attempts_of_their_own_and_are_told() {
    let repo = repo();
    let tries = repo.unseen("tries");
    let body = format!("echo x >> '{0}'; test $(wc -l < '{0}') -ge 3", tries.display());
    repo.script("0300_flaky.sh", &body);
    let repo = jobs(&repo, "    a: { steps: [{ run: '0300', retries: 2, retryDelay: 100ms }] }\n");
    repo.az("build p -v").code(0).ran(["0300", "0300", "0300"]);
}

#[test]
fn a_playbook_uses_another_with_values_and_gets_its_outputs() {
    let repo = repo();
    repo.playbook(
        "inner.yaml",
        "metadata: { name: inner }\norchestration:\n  defaultVariables: { region: none }\n  jobs:\n    make:\n      \
         outputs: { place: '${{ steps.say.outputs.place }}' }\n      steps:\n        \
         - { id: say, script: 'echo \"place=in-$region\" >> $AZ_OUTPUT', shell: sh }\n",
    );
    let repo = jobs(
        &repo,
        "    first: { outputs: { r: '${{ steps.s.outputs.r }}' }, steps: [{ id: s, script: 'echo r=eu >> $AZ_OUTPUT', shell: sh }] }\n    \
         call: { needs: first, uses: playbook:inner, with: { region: '${{ needs.first.outputs.r }}' } }\n    \
         after: { needs: call, steps: [{ script: 'echo ${{ needs.call.outputs.place }} > got', shell: sh }] }\n",
    );
    repo.az("build p").code(0);
    assert_eq!(repo.read("got"), "in-eu\n");
    repo.az("build p").code(0).says("ran 0 steps");
    repo.az("check").code(0);
}

#[test]
fn jobs_of_one_group_never_overlap() {
    let repo = repo();
    repo.script("0300_begin.sh", "# Cache: never\nsleep 0.05").script("0310_end.sh", "# Cache: never\ntrue");
    let job = |id: &str| {
        format!("    {id}: {{ concurrency: db, steps: [{{ run: '0300' }}, {{ run: '0310' }}] }}\n")
    };
    let repo = jobs(&repo, &["a", "b", "c"].map(job).concat());
    let built = repo.az("build p -j 4 --parallel");
    built.code(0).ran_in_order(["0300", "0310", "0300", "0310", "0300", "0310"]);
}

#[test]
fn a_condition_asks_for_files_as_they_are_in_its_turn() {
    let repo = repo();
    repo.script("0300_make.sh", "mkdir -p out; echo > out/flag");
    repo.script("0310_use.sh", "# Condition: Test-Path './out/flag'\ntrue");
    repo.az("plan 0310").says("its condition is false");
    repo.az("build 0310").code(0).ran([]);
    repo.az("build 0300,0310").code(0).ran(["0300", "0310"]);
    repo.az("build 0300,0310").code(0).ran([]);
    repo.sh("rm -rf out").code(0);
    repo.az("build 0310").code(0).ran([]);
}

#[test]
fn the_first_interrupt_still_runs_what_cleans_up() {
    let repo = repo();
    let gate = repo.gate("gate");
    repo.script("0300_long.sh", &gate.stop()).script("0310_clean.sh", "# Cache: never\ntrue");
    let repo = jobs(
        &repo,
        "    a: { steps: [{ run: '0300' }, { run: '0100' }, { if: always(), run: '0310' }, { if: failure(), run: '0200' }] }\n",
    );
    let running = repo.start("build p");
    gate.reached();
    running.signal(rustix::process::Signal::INT);
    running.wait().code(130).ran(["0300", "0310"]);
}

#[test]
fn the_first_interrupt_runs_what_cleans_up_also_behind_a_matrix_that_is_not_known() {
    let repo = repo();
    let gate = repo.gate("gate");
    repo.script("0300_long.sh", &gate.stop()).script("0310_clean.sh", "# Cache: never\ntrue");
    let repo = jobs(
        &repo,
        "    a: { outputs: { l: '${{ steps.s.outputs.l }}' }, steps: [{ id: s, run: '0300' }] }\n    \
         b: { needs: a, strategy: { matrix: { v: '${{ needs.a.outputs.l }}' } }, steps: [{ run: '0100' }] }\n    \
         clean: { needs: b, if: always(), steps: [{ run: '0310' }] }\n",
    );
    let running = repo.start("build p --json");
    gate.reached();
    running.signal(rustix::process::Signal::INT);
    let built = running.wait();
    built.code(130).ran(["0300", "0310"]);
    ended(&built, "a/0300_long cancelled, b blocked, clean/0310_clean ran");
}

#[test]
fn a_plan_tells_needs_conditions_and_limits_when_asked_for_more() {
    let repo = repo();
    jobs(
        &repo,
        "    a:\n      permissions: { filesystem: ['write:out'], network: false }\n      steps: [{ run: '0100', if: env.HOME != '' }]\n    \
         b:\n      needs: a\n      if: success()\n      permissions: { filesystem: read }\n      steps: [{ run: '0200', if: vars.x == 1 }]\n",
    );
    repo.az("plan p").code(0).not("if ").not("no network");
    let plan = repo.az("plan p -v --var x:=1").code(0);
    plan.says("if env.HOME != ''").says("may write only what it declares and out\n").says("no network");
    plan.says("needs a/0100_first").says("if success()\n").says("if vars.x == 1\n");
    let plan = repo.az("plan p --json --var x:=1").code(0).json();
    assert_eq!(
        plan["nodes"][0]["limits"],
        serde_json::json!(["may write only what it declares and out", "no network"])
    );
    assert_eq!(plan["nodes"][1]["conditions"], serde_json::json!(["success()", "vars.x == 1"]));
    assert_eq!(plan["nodes"][1]["needs"], serde_json::json!(["a/0100_first"]));
}

#[test]
fn a_plan_does_not_say_skip_of_what_a_step_in_front_may_let_run() {
    let repo = jobs(
        &repo(),
        "    a: { steps: [{ script: 'echo > flag', shell: sh }] }\n    \
         b: { needs: a, if: \"hashFiles('flag') != ''\", steps: [{ run: '0100' }] }\n    c: { needs: b, steps: [{ run: '0200' }] }\n",
    );
    let plan = repo.az("plan p --json").code(0).json();
    let verdicts: Vec<_> = (0..3).map(|node| plan["nodes"][node]["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["run", "maybe", "maybe"]);
    repo.az("build p").code(0).ran(["0100", "0200"]);
}
