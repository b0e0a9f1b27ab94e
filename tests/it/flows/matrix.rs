//! Matrices: of jobs, of stages, of the command line.

use super::{ended, jobs, repo};

#[test]
fn each_combination_is_a_step_of_its_own_with_a_record_of_its_own() {
    let repo = repo();
    repo.script("0300_m.sh", "echo $size");
    let repo = jobs(
        &repo,
        "    t:\n      strategy: { matrix: { size: [1, '2', true] } }\n      steps: [{ run: '0300' }]\n",
    );
    let built = repo.az("build p -j1 --json");
    built.code(0).ran(["0300", "0300", "0300"]);
    ended(&built, "t[size=1]/0300_m ran, t[size=2]/0300_m ran, t[size=true]/0300_m ran");
    repo.az("build p").code(0).ran([]);
    repo.az("why t[size=2]/0300_m").code(0);
}

#[test]
fn a_changed_value_runs_its_combinations_alone() {
    let repo = repo();
    repo.script("0300_m.sh", "echo $region");
    let matrix = |regions: &str| {
        format!(
            "    t:\n      strategy: {{ matrix: {{ region: {regions} }} }}\n      steps: [{{ run: '0300' }}]\n"
        )
    };
    let repo = jobs(&repo, &matrix("[eu, us]"));
    repo.az("build p").code(0).ran(["0300", "0300"]);
    let repo = jobs(&repo, &matrix("[eu, us, ap]"));
    repo.az("build p").code(0).ran(["0300"]);
    let repo = jobs(&repo, &matrix("[us, ap]"));
    repo.az("build p").code(0).ran([]);
}

#[test]
fn max_parallel_lets_one_combination_end_before_the_next() {
    let repo = repo();
    repo.script("0300_begin.sh", "# Cache: never\nsleep 0.05").script("0310_end.sh", "# Cache: never\ntrue");
    let repo = jobs(
        &repo,
        "    t:\n      strategy: { max-parallel: 1, matrix: { r: [a, b, c] } }\n      steps: [{ run: '0300' }, { run: '0310' }]\n",
    );
    let built = repo.az("build p -j 4 --parallel");
    built.code(0).ran_in_order(["0300", "0310", "0300", "0310", "0300", "0310"]);
}

#[test]
fn fail_fast_cancels_the_other_combinations_and_no_other_job() {
    let text = |fail_fast: bool| {
        format!(
            "    t:\n      strategy: {{ fail-fast: {fail_fast}, max-parallel: 1, matrix: {{ r: [a, b, c] }} }}\n      steps:\n        \
             - {{ script: 'test ${{{{ matrix.r }}}} != a', shell: sh }}\n    z: {{ steps: [{{ run: '0100' }}] }}\n"
        )
    };
    let repo = jobs(&repo(), &text(true));
    let built = repo.az("build p --continue-on-error --json");
    built.code(10).ran(["0100"]);
    ended(&built, "t[r=a] failed, t[r=b] cancelled, t[r=c] cancelled, z/0100_first ran");
    let reasons = built.json()["nodes"][1]["reasons"].to_string();
    assert!(reasons.contains("t[r=a] failed, and its matrix fails fast"), "{reasons}");
    let repo = jobs(&repo, &text(false));
    let built = repo.az("build p --continue-on-error --json");
    built.code(10);
    ended(&built, "t[r=a] failed, t[r=b] ran, t[r=c] ran, z/0100_first cached");
}

#[test]
fn the_command_line_multiplies_any_sequence() {
    let repo = repo();
    repo.script("0300_m.sh", "echo $profile $platform");
    repo.script("0310_n.sh", "# Dependencies: 0300\necho $profile");
    let built = repo.az("build 0300,0310 --matrix profile=quick,full --matrix platform=linux --json");
    built.code(0).ran(["0300", "0300", "0310", "0310"]);
    repo.az("build 0300,0310 --matrix profile=quick --matrix platform=linux").code(0).ran([]);
    repo.az("plan 0300 --matrix profile=quick --matrix platform=linux")
        .says("[profile=quick,platform=linux]");
}

#[test]
fn a_stage_has_a_matrix_among_its_variables() {
    let repo = repo();
    repo.script("0300_m.sh", "echo $profile");
    repo.playbook(
        "p.json",
        r#"{"metadata": {"name": "p", "description": "d"}, "orchestration": {"stages": [{"name": "T", "sequences": ["0300"],
            "variables": {"MatrixDimensions": {"profile": ["a", "b", "c"]}}}]}}"#,
    );
    repo.az("build p").code(0).ran(["0300", "0300", "0300"]);
}

#[test]
fn a_matrix_from_an_output_is_planned_when_it_is_known() {
    let repo = repo();
    repo.script("0300_m.sh", "echo $place");
    repo.script("0400_last.sh", "true");
    let text = |places: &str| {
        format!(
            "    find:\n      outputs: {{ places: '${{{{ steps.s.outputs.places }}}}' }}\n      steps: [{{ id: s, script: \"echo 'places={places}' >> $AZ_OUTPUT\", shell: sh }}]\n    \
             each:\n      needs: find\n      strategy: {{ matrix: {{ place: '${{{{ fromJSON(needs.find.outputs.places) }}}}' }} }}\n      steps: [{{ run: '0300' }}]\n    \
             last: {{ needs: each, steps: [{{ run: '0400' }}] }}\n"
        )
    };
    let list = |places: &[&str]| {
        let places: Vec<String> = places.iter().map(|place| format!("\\\"{place}\\\"")).collect();
        text(&format!("[{}]", places.join(",")))
    };
    let repo = jobs(&repo, &list(&["eu", "us"]));
    repo.az("plan p").code(0).says("maybe  each");
    let built = repo.az("build p --json");
    built.code(0).ran(["0300", "0300", "0400"]);
    ended(&built, "find ran, each[place=eu]/0300_m ran, each[place=us]/0300_m ran, last/0400_last ran");
    repo.az("build p").code(0).ran([]);
    let repo = jobs(&repo, &list(&["eu", "ap"]));
    repo.az("build p").code(0).ran(["0300"]);
    let repo = jobs(&repo, &list(&[]));
    repo.az("build p --json").code(1).says("empty");
}

#[test]
fn a_condition_that_asks_how_things_went_is_honoured_for_each_combination() {
    for (condition, ran) in [
        ("always()", "alw[x=1] ran, alw[x=2] ran"),
        ("failure()", "alw[x=1] ran, alw[x=2] ran"),
        ("always() && matrix.x == 1", "alw[x=1] ran, alw[x=2] skipped"),
        ("success()", "alw[x=1] skipped, alw[x=2] skipped"),
        ("'${{ !cancelled() }}'", "alw[x=1] ran, alw[x=2] ran"),
    ] {
        let repo = jobs(
            &repo(),
            &format!(
                "    a: {{ steps: [{{ run: '0900' }}] }}\n    alw: {{ needs: a, if: {condition}, strategy: {{ matrix: {{ x: [1, 2] }} }}, steps: [{{ script: 'true', shell: sh }}] }}\n"
            ),
        );
        ended(&repo.az("build p --continue-on-error --json"), &format!("a/0900_bad failed, {ran}"));
    }
    // Behind one that is skipped, too.
    let skipped = jobs(
        &repo(),
        "    a: { if: false, steps: [{ run: '0900' }] }\n    \
         b: { needs: a, if: '!cancelled()', strategy: { matrix: { x: [1, 2] } }, steps: [{ script: 'true', shell: sh }] }\n",
    );
    let built = skipped.az("build p --json");
    built.code(0);
    ended(&built, "a/0900_bad skipped, b[x=1] ran, b[x=2] ran");
    let repo = repo();
    repo.playbook("s.json", r#"{"Name": "s", "Stages": [
        {"Name": "one", "Sequence": ["0900"]},
        {"Name": "two", "Condition": "always()", "Variables": {"MatrixDimensions": {"x": [1, 2]}}, "Sequence": ["0100"]}]}"#);
    repo.az("build s --continue-on-error").code(10).ran(["0900", "0100", "0100"]);
}

#[test]
fn a_matrix_from_an_output_is_that_of_its_own_round() {
    let repo = jobs(
        &repo(),
        "    a: { outputs: { l: '${{ steps.s.outputs.l }}' }, steps: [{ id: s, script: 'echo \"l:=[\\\"$q-1\\\",\\\"$q-2\\\"]\" >> $AZ_OUTPUT', shell: sh }] }\n    \
         b: { needs: a, strategy: { matrix: { v: '${{ needs.a.outputs.l }}' } }, steps: [{ script: 'echo \"q=$q v=$v\" > out.$v', shell: sh }] }\n",
    );
    repo.az("build p --matrix q=A,B -j1").code(0);
    for (q, v) in [("A", "A-1"), ("A", "A-2"), ("B", "B-1"), ("B", "B-2")] {
        assert_eq!(repo.read(&format!("out.{v}")), format!("q={q} v={v}\n"));
    }
}

#[test]
fn the_timeout_of_a_job_bounds_each_combination_and_what_it_uses() {
    let sleep = "[{ script: 'sleep 20', shell: sh }]";
    let repo = repo();
    repo.playbook(
        "inner.yaml",
        &format!("metadata: {{ name: inner }}\norchestration:\n  jobs:\n    j: {{ steps: {sleep} }}\n"),
    );
    for job in [
        format!("    m: {{ timeout: 1s, strategy: {{ matrix: {{ x: [1] }} }}, steps: {sleep} }}\n"),
        "    m: { timeout: 1s, uses: 'playbook:inner' }\n".to_owned(),
        "    m: { steps: [{ timeout: 1s, uses: 'playbook:inner' }] }\n".to_owned(),
    ] {
        let repo = jobs(&repo, &job);
        let built = repo.az("build p --json");
        let outcomes = super::outcomes(&built);
        assert!(outcomes.iter().all(|(_, outcome)| outcome == "failed"), "{job}: {outcomes:?}");
    }
}

#[test]
fn values_of_a_matrix_may_be_expressions() {
    let repo = jobs(
        &repo(),
        "    a: { outputs: { l: '${{ steps.s.outputs.l }}' }, steps: [{ id: s, script: 'echo l=late >> $AZ_OUTPUT', shell: sh }] }\n    \
         b: { needs: a, strategy: { matrix: { v: ['${{ vars.x }}', b], include: [{ v: b, extra: '{{x}}!' }] } }, steps: [{ script: 'echo \"$v $extra\" > out.$v', shell: sh }, { script: 'echo \"[${{ matrix.extra }}]\" > extra.$v', shell: sh }] }\n    \
         c: { needs: a, strategy: { matrix: { v: ['${{ needs.a.outputs.l }}', c] } }, steps: [{ script: 'echo \"$v\" > out.$v', shell: sh }] }\n",
    );
    repo.az("build p --var x=hello").code(0);
    let all = ["hello", "b", "late", "c"].map(|name| repo.read(&format!("out.{name}")));
    assert_eq!(all, ["hello \n", "b hello!\n", "late\n", "c\n"]);
    assert_eq!([repo.read("extra.hello"), repo.read("extra.b")], ["[]\n", "[hello!]\n"]);
}

#[test]
fn what_is_wrong_in_a_job_is_told_before_its_matrix_is_known() {
    let text = |steps: &str| {
        format!(
            "    a: {{ outputs: {{ l: '${{{{ steps.s.outputs.l }}}}' }}, steps: [{{ id: s, script: 'echo \"l:=[1]\" >> $AZ_OUTPUT', shell: sh }}] }}\n    \
             b: {{ needs: a, strategy: {{ matrix: {{ v: '${{{{ needs.a.outputs.l }}}}' }} }}, steps: {steps} }}\n"
        )
    };
    for (steps, says) in [
        ("[{ run: '0777' }]", "0777"),
        ("[{ shell: nosuch, script: x }]", "`nosuch`"),
        ("[{ script: 'echo ${{ vars.nobody }}', shell: sh }]", "`vars.nobody`"),
        ("[{ if: 'foo(1)', run: '0100' }]", "foo"),
        ("[{ uses: 'playbook:nix' }]", "nix"),
    ] {
        let repo = jobs(&repo(), &text(steps));
        repo.az("check").says(says);
        repo.az("plan p").says(says);
    }
    let fine = "[{ if: 'matrix.v == 1', env: { V: '${{ matrix.v }}' }, script: 'echo \"$v ${{ matrix.v }} $V\" > out', shell: sh }]";
    let repo = jobs(&repo(), &text(fine));
    repo.az("check").code(0);
    repo.az("build p").code(0);
    assert_eq!(repo.read("out"), "1 1 1\n");
}

/// A job `b` whose matrix of 1 and 2 comes from a step.
fn from_an_output(rest: &str) -> String {
    format!(
        "    a: {{ outputs: {{ l: '${{{{ steps.s.outputs.l }}}}' }}, steps: [{{ id: s, script: 'echo \"l:=[1,2]\" >> $AZ_OUTPUT', shell: sh }}] }}\n    \
         b: {{ needs: a, strategy: {{ matrix: {{ x: '${{{{ needs.a.outputs.l }}}}' }} }}, {rest} }}\n"
    )
}

#[test]
fn fields_of_a_job_may_ask_for_a_matrix_that_is_known_late() {
    let repo = repo();
    repo.script("0301_one.sh", "true").script("0302_two.sh", "true");
    let inner = "metadata: { name: inner }\norchestration:\n  jobs:\n    j: { concurrency: { group: g2 }, steps: [{ run: '0301' }] }\n";
    repo.playbook("inner.yaml", inner);
    for (rest, ran) in [
        ("steps: [{ run: '030${{ matrix.x }}' }]", vec!["0301", "0302"]),
        ("if: matrix.x == 1, steps: [{ run: '030${{ matrix.x }}' }]", vec!["0301"]),
        ("if: success() && x == 2, steps: [{ run: '030${{ matrix.x }}' }]", vec!["0302"]),
        (
            "continueOnError: '${{ matrix.x == 1 }}', steps: [{ run: '0301', continueOnError: '${{ matrix.x == 1 }}' }]",
            vec!["0301", "0301"],
        ),
        ("concurrency: { group: 'g${{ matrix.x }}' }, steps: [{ run: '0301' }]", vec!["0301", "0301"]),
        ("concurrency: { group: g1 }, uses: 'playbook:inner'", vec!["0301", "0301"]),
    ] {
        let repo = jobs(&repo, &from_an_output(rest));
        repo.az("check").code(0);
        repo.az("plan p").code(0);
        let built = repo.az("build p -j1 --force");
        built.code(0);
        assert_eq!(repo.scripts_run(), ran, "{rest}");
    }
}

#[test]
fn a_name_of_another_combination_is_nothing_and_not_even_null() {
    let repo = jobs(
        &repo(),
        "    t: { strategy: { matrix: { os: [l, w], include: [{ os: l, extra: e }] } }, steps: [{ script: 'echo \"${{ toJSON(matrix) }}${{ matrix.extra }}\" > out.$os', shell: sh }] }\n",
    );
    repo.az("build p").code(0);
    assert!(!repo.read("out.w").contains("extra"), "{}", repo.read("out.w"));
    assert!(repo.read("out.l").contains("extra"));
}
