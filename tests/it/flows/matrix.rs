//! Matrices: of jobs, of stages, of the command line.

use super::{ended, jobs, repo};

#[test]
fn each_combination_is_a_step_of_its_own_with_a_record_of_its_own() {
    let repo = repo();
    repo.script("0300_m.sh", "echo $region $size >> seen");
    let matrix = |regions: &str| {
        format!(
            "    t:\n      strategy: {{ matrix: {{ region: {regions}, size: [1, 2] }} }}\n      steps: [{{ run: '0300' }}]\n"
        )
    };
    let repo = jobs(&repo, &matrix("[eu, us]"));
    let built = repo.az("build p -j1 --json");
    built.code(0).ran(["0300", "0300", "0300", "0300"]);
    ended(
        &built,
        "t[region=eu;size=1]/0300_m ran, t[region=eu;size=2]/0300_m ran, t[region=us;size=1]/0300_m ran, t[region=us;size=2]/0300_m ran"
            .replace(';', ",").as_str(),
    );
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
    let repo = jobs(
        &repo(),
        "    t:\n      strategy: { max-parallel: 1, matrix: { r: [a, b, c] } }\n      steps:\n        \
         - { script: 'echo +${{ matrix.r }} >> log; sleep 0.03', shell: sh, cache: never }\n        \
         - { script: 'echo -${{ matrix.r }} >> log', shell: sh, cache: never }\n",
    );
    repo.az("build p -j 4 --parallel").code(0);
    assert_eq!(repo.read("log"), "+a\n-a\n+b\n-b\n+c\n-c\n");
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
