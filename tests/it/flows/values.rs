//! What steps hand on, and what variables, environments and placeholders come to.

use super::{jobs, repo};
use crate::traced::traced;

#[test]
fn outputs_reach_parameters_texts_and_conditions_with_their_types() {
    let repo = jobs(
        &repo(),
        "    a:\n      outputs: { n: '${{ steps.s.outputs.n }}', l: '${{ steps.s.outputs.l }}' }\n      steps:\n        \
         - { id: s, script: 'echo \"n:=3\" >> $AZ_OUTPUT; echo \"l:=[1,2]\" >> $AZ_OUTPUT; echo \"t=a b\" >> $GITHUB_OUTPUT', shell: sh }\n        \
         - { if: 'steps.s.outputs.n == 3', script: 'echo \"${{ steps.s.outputs.t }}\" > text', shell: sh }\n\
         \x20   b:\n      needs: a\n      variables: { number: '${{ needs.a.outputs.n }}' }\n      steps:\n        \
         - { if: \"contains(needs.a.outputs.l, 2)\", script: 'echo $number > number', shell: sh }\n",
    );
    repo.az("build p").code(0).says("ran 3 steps");
    assert_eq!((repo.read("text").as_str(), repo.read("number").as_str()), ("a b\n", "3\n"));
}

#[test]
fn what_an_earlier_step_hands_on_is_part_of_the_key() {
    let Some(repo) = traced() else { return };
    repo.file("version", "1\n");
    repo.script("0300_read.sh", "echo \"version=$(cat version)\" >> $AZ_OUTPUT");
    repo.script("0310_use.sh", "echo \"$version\" > used");
    repo.script("0320_other.sh", "true");
    let repo = jobs(
        &repo,
        "    a:\n      steps:\n        - { id: r, run: '0300' }\n        \
         - { run: '0310', with: { version: '${{ steps.r.outputs.version }}' } }\n        - { run: '0320' }\n",
    );
    repo.az("build p").code(0).ran(["0300", "0310", "0320"]);
    repo.az("build p").code(0).ran([]);
    repo.file("version", "2\n");
    repo.az("build p --explain").code(0).ran(["0300", "0310"]).says("version");
    assert_eq!(repo.read("used"), "2\n");
    // What was handed on before is handed on again by the record.
    repo.file("version", "1\n");
    repo.az("build p").code(0).ran([]);
    assert_eq!(repo.read("used"), "1\n");
}

#[test]
fn the_environment_a_step_sets_reaches_the_later_steps_of_its_job_alone() {
    let repo = repo();
    repo.executable("tools/hello", "#!/bin/sh\necho found > tool\n");
    let repo = jobs(
        &repo,
        "    a:\n      env: { PLACE: job, OTHER: job }\n      steps:\n        \
         - { script: 'echo PLACE=step >> $GITHUB_ENV; echo \"$PWD/tools\" >> $GITHUB_PATH; echo $PLACE > one', shell: sh }\n        \
         - { script: 'echo $PLACE $OTHER > two; hello', shell: sh }\n        \
         - { script: 'echo $PLACE > three', shell: sh, env: { PLACE: own } }\n\
         \x20   b: { needs: a, steps: [{ script: 'echo $PLACE. > four', shell: sh }] }\n",
    );
    repo.az("build p").code(0);
    let read = |name: &str| repo.read(name).trim().to_owned();
    assert_eq!(["one", "two", "three", "four"].map(read), ["job", "step job", "own", "."]);
    assert_eq!(repo.read("tool"), "found\n");
    repo.az("build p").code(0).says("ran 0 steps");
}

#[test]
fn a_changed_variable_runs_what_depends_on_it_and_nothing_else() {
    let repo = repo();
    repo.script("0300_uses.sh", "echo $region > used");
    let repo = jobs(
        &repo,
        "    a: { steps: [{ run: '0300' }] }\n    b: { steps: [{ run: '0200' }] }\n    \
         c: { if: \"vars.region == 'us'\", steps: [{ run: '0100' }] }\n",
    );
    repo.az("build p --var region=eu").code(0).ran(["0300", "0200"]);
    repo.az("build p --var region=us --explain")
        .code(0)
        .ran(["0300", "0100"])
        .says("variable region changed");
    repo.az("build p --var region=eu").code(0).ran([]).says("vars.region is eu");
}

#[test]
fn a_value_is_never_a_piece_of_code() {
    let payload = "\"; touch hacked; $(touch hacked) `touch hacked` '$HOME' \\ & | > x";
    let repo = repo();
    repo.file("payload", payload);
    let repo = jobs(
        &repo,
        "    a:\n      steps:\n        - { id: s, script: 'printf \"v<<E\\n%s\\nE\\n\" \"$(cat payload)\" >> $AZ_OUTPUT', shell: sh }\n        \
         - { script: 'printf %s \"${{ steps.s.outputs.v }}\" > got', shell: sh }\n        \
         - { script: 'printf %s ${{ steps.s.outputs.v }} > bare', shell: bash }\n",
    );
    repo.az("build p").code(0);
    assert!(!repo.has_path("hacked"));
    assert_eq!((repo.read("got").as_str(), repo.read("bare").as_str()), (payload, payload));
}

#[test]
fn a_name_that_nobody_sets_is_told_before_anything_runs() {
    let repo = jobs(
        &repo(),
        "    a: { steps: [{ run: '0100' }, { script: 'echo ${{ vars.nothing }}', shell: sh }] }\n",
    );
    repo.az("build p").code(2).ran([]).says("nobody sets `vars.nothing`");
}

#[test]
fn what_a_condition_asks_is_asked_again_also_where_nothing_else_changed() {
    let repo = jobs(
        &repo(),
        "    a: { if: \"env.DEPLOY == 'yes'\", steps: [{ run: '0100' }] }\n    \
         b: { if: \"Test-Path './flag'\", steps: [{ run: '0200' }] }\n    \
         c: { if: Get-Command mytool, steps: [{ script: echo > made, shell: sh }] }\n",
    );
    repo.az("build p").code(0).ran([]).says("`mytool` is not installed");
    repo.az("build p").code(0).ran([]).says("`./flag` is not there");
    repo.env("DEPLOY", "yes").az("build p").code(0).ran(["0100"]);
    repo.file("flag", "")
        .without_env("DEPLOY")
        .az("build p")
        .code(0)
        .ran(["0200"])
        .says("$DEPLOY is not set");
    repo.remove("flag").az("build p").code(0).ran([]).says("`./flag` is not there");
    repo.executable("bin/mytool", "#!/bin/sh\n");
    let path = format!("{}:{}", repo.path("bin").display(), repo.variable("PATH").unwrap());
    repo.env("PATH", &path).az("build p").code(0);
    assert!(repo.has_path("made"));
}

#[test]
fn values_that_the_run_tells_may_need_each_other() {
    let chain: Vec<String> = (1..8).map(|at| format!("v{at}: '${{{{ vars.v{} }}}}{at}'", at - 1)).collect();
    let repo = jobs(
        &repo(),
        &format!(
            "    a: {{ outputs: {{ o: '${{{{ steps.s.outputs.o }}}}' }}, steps: [{{ id: s, script: 'echo o=x >> $AZ_OUTPUT', shell: sh }}] }}\n    \
             b:\n      needs: a\n      strategy: {{ matrix: {{ m: [p, q] }} }}\n      \
             variables: {{ v0: '${{{{ needs.a.outputs.o }}}}-${{{{ matrix.m }}}}', {} }}\n      \
             steps: [{{ script: 'echo $v7 > got-${{{{ matrix.m }}}}', shell: sh }}]\n",
            chain.join(", ")
        ),
    );
    repo.az("build p").code(0);
    assert_eq!((repo.read("got-p").as_str(), repo.read("got-q").as_str()), ("x-p1234567\n", "x-q1234567\n"));
}

#[test]
fn files_that_a_value_asks_for_are_asked_again_when_all_before_has_ended() {
    let repo = jobs(
        &repo(),
        "    a: { steps: [{ script: 'sleep 0.4; echo new > out.txt', shell: sh }] }\n    \
         b: { steps: [{ script: \"echo '${{ hashFiles('out.txt') }}' > h\", shell: sh }] }\n",
    );
    repo.az("build p -j4 --parallel").code(0);
    let parallel = repo.read("h");
    repo.az("build p -j1 --force").code(0);
    assert_eq!(parallel, repo.read("h"));
    assert_eq!(parallel.len(), 65, "{parallel}");
}

#[test]
fn a_folder_that_a_step_puts_on_path_is_one_of_the_workspace() {
    let repo = repo();
    repo.executable("tools/greet", "#!/bin/sh\necho hello > greeted\n");
    let repo = jobs(
        &repo,
        "    a: { steps: [{ script: 'echo tools >> $GITHUB_PATH', shell: sh }, { script: 'greet', shell: sh }] }\n",
    );
    repo.az("build p").code(0);
    assert_eq!(repo.read("greeted"), "hello\n");
}

#[test]
fn expressions_see_the_environment_as_steps_do() {
    let repo = jobs(
        &repo(),
        "    a:\n      env: { PLACE: job, OWN: job }\n      outputs: { v: '${{ env.FOO }}' }\n      steps:\n        \
         - { if: \"env.PLACE == 'job'\", script: 'echo PLACE=step >> $GITHUB_ENV; echo FOO=bar >> $GITHUB_ENV; echo OWN=step >> $GITHUB_ENV', shell: sh }\n        \
         - { if: \"env.FOO == 'bar'\", script: 'echo ran > foo', shell: sh }\n        \
         - { if: \"env.PLACE == 'step'\", script: 'echo ran > place', shell: sh }\n        \
         - { if: \"env.PLACE == 'job'\", script: 'echo ran > never', shell: sh }\n        \
         - { env: { OWN: own, X: 'x${{ env.FOO }}' }, script: 'echo \"$PLACE ${{ env.PLACE }} $OWN ${{ env.OWN }} $X\" > out', shell: sh }\n    \
         b: { needs: a, steps: [{ script: 'echo ${{ needs.a.outputs.v }} $FOO > b', shell: sh }] }\n",
    );
    repo.az("build p").code(0);
    assert_eq!(repo.read("out"), "step step own own xbar\n");
    assert_eq!(
        (repo.read("foo"), repo.read("place"), repo.read("b")),
        ("ran\n".into(), "ran\n".into(), "bar\n".into())
    );
    assert!(!repo.has_path("never"));
    repo.az("build p").code(0).ran([]);
}

#[test]
fn what_must_be_known_before_the_run_asks_the_environment_of_then() {
    let repo = jobs(
        &repo(),
        "    a: { steps: [{ run: '0100' }, { run: '${{ env.SECOND }}', continueOnError: '${{ env.MAY }}' }] }\n",
    );
    repo.env("SECOND", "0200").env("MAY", "true").az("build p").code(0).ran(["0100", "0200"]);
}

#[test]
fn a_layer_that_asks_for_its_own_name_gets_what_is_below() {
    let layers = |value: &str| {
        format!(
            "    a: {{ outputs: {{ x: '${{{{ steps.s.outputs.x }}}}' }}, steps: [{{ id: s, script: 'echo x=X >> $GITHUB_OUTPUT', shell: sh }}] }}\n    \
             b:\n      needs: a\n      variables: {{ v: '{value}', w: '${{{{ vars.v }}}}+' }}\n      env: {{ E: '{value}' }}\n      steps:\n        \
             - {{ variables: {{ v: '${{{{ vars.v }}}}!', w: '{{{{w}}}}?' }}, env: {{ E: '${{{{ env.E }}}}!' }}, script: 'echo \"$v $w $E\" > out', shell: sh }}\n"
        )
    };
    for value in ["X", "${{ needs.a.outputs.x }}"] {
        let repo = jobs(&repo(), &layers(value));
        repo.az("build p").code(0);
        assert_eq!(repo.read("out"), "X! X+? X!\n", "{value}");
    }
}

#[test]
fn parameters_of_a_used_playbook_fit_what_they_declare_also_when_they_are_known_late() {
    let repo = repo();
    repo.playbook(
        "inner.yaml",
        "metadata: { name: inner }\nparameters:\n  level: { type: string, allowedValues: [low, high], required: true }\n  n: { type: number }\n\
         orchestration:\n  jobs:\n    i: { steps: [{ if: 'n == 3', script: 'echo \"$level $n\" > out', shell: sh }] }\n",
    );
    let given = |level: &str, n: &str| {
        format!(
            "    a: {{ outputs: {{ l: '${{{{ steps.s.outputs.l }}}}', n: '${{{{ steps.s.outputs.n }}}}' }}, steps: [{{ id: s, script: 'echo l={level} >> $AZ_OUTPUT; echo n={n} >> $AZ_OUTPUT', shell: sh }}] }}\n    \
             b: {{ needs: a, uses: 'playbook:inner', with: {{ level: '${{{{ needs.a.outputs.l }}}}', n: '${{{{ needs.a.outputs.n }}}}' }} }}\n"
        )
    };
    let repo = jobs(&repo, &given("LOW", "3"));
    repo.az("build p").code(0);
    assert_eq!(repo.read("out"), "low 3\n");
    for (level, n, says) in
        [("lowe", "3", "parameter `level` cannot be `lowe`"), ("low", "abc", "parameter `n` wants a")]
    {
        let repo = jobs(&repo, &given(level, n));
        repo.sh("rm -f out").code(0).az("build p").code(1).says(says);
        assert!(!repo.has_path("out"));
    }
}

#[test]
fn an_environment_variable_is_extended_by_what_is_known_late() {
    let repo = jobs(
        &repo(),
        "    a:\n      steps:\n        - { id: s, script: 'echo x=X >> $GITHUB_OUTPUT; echo GIVEN=handed >> $GITHUB_ENV', shell: sh }\n        \
         - { env: { OUTER: '${{ env.OUTER }}:${{ steps.s.outputs.x }}', GIVEN: '${{ env.GIVEN }}!${{ steps.s.outputs.x }}' }, script: 'echo \"$OUTER $GIVEN\" > out', shell: sh }\n",
    );
    repo.env("OUTER", "outer").az("build p").code(0);
    assert_eq!(repo.read("out"), "outer:X handed!X\n");
}

#[test]
fn what_a_skipped_step_would_have_handed_on_is_nothing() {
    let repo = jobs(
        &repo(),
        "    a: { steps: [{ id: s, if: 'false', script: 'true', shell: sh }, { script: 'echo \"[${{ steps.s.outputs.v }}]\" > out', shell: sh }] }\n",
    );
    repo.az("build p").code(0);
    assert_eq!(repo.read("out"), "[]\n");
    // One that runs and hands nothing of this name on is a mistake.
    let repo = jobs(
        &repo,
        "    a: { steps: [{ id: s, script: 'true', shell: sh }, { script: 'echo ${{ steps.s.outputs.v }}', shell: sh }] }\n",
    );
    repo.az("build p").code(1).says("nobody sets `steps.s.outputs.v`");
}
