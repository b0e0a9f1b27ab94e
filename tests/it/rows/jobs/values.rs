//! What steps and jobs hand on, and what expressions make of it.

use super::{ended, jobs, repo};

#[test]
fn f117_a_parameter_that_nothing_takes_is_told() {
    let repo = repo();
    repo.executable("bin/pwsh", "#!/bin/sh\n");
    let path = format!("{}:{}", repo.path("bin").display(), repo.variable("PATH").unwrap());
    repo.env("PATH", &path);
    repo.file("scripts/0300_c.ps1", "param([string]$Region, [switch]$Fast)\n");
    repo.file("scripts/0310_d.ps1", "# Condition: $Stage -eq 'x'\nparam([string]$Region)\n");
    repo.script("0320_e.sh", "echo $size > size");
    repo.playbook(
        "inner.yaml",
        "name: inner\nvariables: { region: none }\nparameters: [{ name: size, default: 1 }]\nsteps: [{ name: s, command: echo $other }]\n",
    );
    for (given, told) in [
        ("run: '0300', with: { region: eu, fast: true }", ""),
        ("run: '0300', with: { Regoin: eu }", "0300_c takes no parameter `Regoin`|did you mean `Region`?"),
        ("run: '0300,0320', with: { Region: eu, size: 1 }", ""),
        ("run: '0300,0320', with: { sise: 1 }", "the scripts of this step take no parameter `sise`"),
        ("run: '0310', with: { Stage: x }", ""),
        ("run: '0320', with: { size: 1 }", ""),
        ("run: '0320', with: { Size: 1, nothing: '' }", "0320_e takes no parameter `Size`"),
        ("uses: inner, with: { region: eu, size: 2, other: 3 }", ""),
        (
            "uses: 'playbook:inner', with: { regio: eu }",
            "playbook `inner` takes no parameter `regio`|`region`?",
        ),
    ] {
        let repo = jobs(&repo, &format!("    a: {{ steps: [{{ {given} }}] }}\n"));
        let planned = repo.az("plan p");
        planned.code(0);
        told.split('|').filter(|text| !text.is_empty()).for_each(|text| _ = planned.says(text));
        if told.is_empty() {
            planned.not("takes no parameter").not("take no parameter");
        }
    }
}

#[test]
fn f118_a_step_without_an_id_is_called_by_its_place_and_no_id_is_there_twice() {
    let step = |fields: &str| format!("{{ {fields}script: 'true', shell: sh }}");
    let list = |fields: &[&str]| {
        let steps: Vec<String> = fields.iter().map(|fields| step(fields)).collect();
        format!("    a: {{ steps: [{}] }}\n", steps.join(", "))
    };
    let built = jobs(&repo(), &list(&["", "id: mine, ", "name: Long name, ", ""])).az("build p --json");
    built.code(0);
    ended(&built, "a/step_1 ran, a/mine ran, a/step_3 ran, a/step_4 ran");
    assert_eq!(built.json()["nodes"][2]["name"], "Long name");
    for (fields, told) in [
        (["id: x, ", "id: x, "], "two steps of one job have the id `x`"),
        (["", "id: step_1, "], "two steps of one job have the id `step_1`"),
        (["id: 1x, ", ""], "`1x` cannot be the id of a step"),
    ] {
        jobs(&repo(), &list(&fields)).az("build p").code(2).ran([]).says(told);
    }
    // Another job has ids of its own.
    jobs(&repo(), &(list(&["id: x, "]) + &list(&["id: x, "]).replace("    a:", "    b:")))
        .az("build p")
        .code(0);
}

/// What a first job hands on is what the second one finds by an expression.
const HANDED: &str = "    has-flows:
      outputs:
        with-dash: '${{ steps.find-it.outputs.with-dash }}'
        n: '${{ steps.find-it.outputs.n }}'
        l: '${{ steps.find-it.outputs.l }}'
        no: '${{ steps.find-it.outputs.no }}'
        m: '${{ steps.find-it.outputs.m }}'
        t: '${{ steps.find-it.outputs.t }}'
        fixed: hello
        many: \"${{ steps.find-it.outputs.n > 2 && 'many' || 'few' }}\"
        prop: '${{ steps.old.outputs.prop }}'
        literal: '${{ steps.old.outputs.literal }}'
        json: '${{ toJSON(steps.find-it.outputs.l) }}'
        joined: \"${{ join(steps.find-it.outputs.l, '+') }}-${{ format('{0}/{1}', steps.find-it.outputs.t, steps.find-it.outcome) }}\"
      steps:
        - id: find-it
          shell: sh
          script: |
            echo 'with-dash=yes' >> $AZ_OUTPUT
            echo 'n:=3' >> $AZ_OUTPUT
            echo 'no:=false' >> $AZ_OUTPUT
            echo 'l:=[1,\"2\"]' >> $AZ_OUTPUT
            echo 'm:={\"k\":{\"d-e\":1.5}}' >> $AZ_OUTPUT
            echo 't=3' >> $GITHUB_OUTPUT
        - id: old
          shell: sh
          script: echo 'Prop=p p' >> $AZ_OUTPUT
          outputs: [{ name: prop, value: $result.Prop }, { name: literal, value: as it is }]
";

#[test]
fn f119_to_f123_outputs_of_steps_and_jobs_keep_names_types_and_come_by_any_expression() {
    let table = [
        ("needs.has-flows.outputs.with-dash", "yes"),
        ("needs['has-flows'].outputs['with-dash']", "yes"),
        ("jobs.has-flows.outputs.n", "3"),
        ("jobs.has-flows.result", "success"),
        ("needs.has-flows.outputs.l", "1,2"),
        ("needs.has-flows.outputs.l[1]", "2"),
        ("needs.has-flows.outputs.no", "false"),
        ("needs.has-flows.outputs.m.k.d-e", "1.5"),
        ("needs.has-flows.outputs.fixed", "hello"),
        ("needs.has-flows.outputs.many", "many"),
        ("needs.has-flows.outputs.prop", "p p"),
        ("needs.has-flows.outputs.literal", "as it is"),
        ("fromJSON(needs.has-flows.outputs.json)[0]", "1"),
        ("needs.has-flows.outputs.joined", "1+2-3/success"),
        ("vars.base", "b"),
        ("env.LEVEL", "job"),
        ("matrix.os", "linux"),
        ("(needs.has-flows.outputs.n == 3 && !needs.has-flows.outputs.no) || 'x'", "true"),
        ("contains(needs.has-flows.outputs.l, '2')", "true"),
    ];
    let said: String =
        table.iter().map(|(asked, _)| format!("          echo \"${{{{ {asked} }}}}\"\n")).collect();
    let conditions = "        - { if: needs.has-flows.outputs.no, run: '0900' }\n        \
                      - { if: \"needs.has-flows.outputs.n == 3 && needs.has-flows.outputs.l[0] == 1\", run: '0100' }\n";
    let text = format!(
        "{HANDED}    use:\n      needs: has-flows\n      env: {{ LEVEL: job }}\n      variables: {{ base: b }}\n      \
         strategy: {{ matrix: {{ os: [linux] }} }}\n      steps:\n{conditions}        - shell: sh\n          script: |\n{}",
        said.replace("          echo", "            echo").replace("\"\n", "\" >> said\n")
    );
    let repo = jobs(&repo(), &text);
    repo.az("build p").code(0).ran(["0100"]);
    let said = repo.read("said");
    let found: Vec<(&str, &str)> = table.iter().map(|(asked, _)| *asked).zip(said.lines()).collect();
    assert_eq!(found, table);
}

#[test]
fn f122_what_nothing_sets_is_told_at_its_place_before_anything_runs() {
    let text = |asked: &str| {
        format!(
            "    a:\n      outputs: {{ o: '${{{{ steps.first.outputs.o }}}}' }}\n      steps:\n        \
             - {{ id: first, run: '0100' }}\n        - {{ id: second, script: \"echo ${{{{ {asked} }}}}\", shell: sh }}\n        \
             - {{ id: third, run: '0200' }}\n    b: {{ needs: a, steps: [{{ run: '0100' }}] }}\n"
        )
    };
    for (asked, told, help) in [
        ("steps.frist.outputs.o", "job `a` has no step `frist`", "did you mean `first`?"),
        ("steps.third.outputs.o", "step `third` runs later", "steps that stand in front"),
        ("needs.b.outputs.o", "job `a` does not need job `b`", "add `b` to the `needs` of `a`"),
        ("jobs.zzz.result", "the playbook has no job `zzz`", "add a job `zzz`"),
        ("matrix.os", "nobody sets `matrix.os`", "add `os` to the matrix"),
        ("vars.none", "nobody sets `vars.none`", "--var none=VALUE"),
    ] {
        let repo = jobs(&repo(), &text(asked));
        let told_at = repo.az("build p");
        told_at.code(2).ran([]).says(told).says(help).says("p.yaml:8:");
        repo.az("check").code(2).says(told);
    }
    // A step in front could set it.
    let env = jobs(&repo(), "    a: { steps: [{ script: 'echo ${{ env.NONE }}', shell: sh }] }\n");
    env.az("build p").code(2).ran([]).says("nobody sets `env.NONE`").says("NONE=VALUE az");
    let env =
        jobs(&repo(), "    a: { steps: [{ run: '0100' }, { script: 'echo ${{ env.NONE }}', shell: sh }] }\n");
    env.az("build p").code(1).ran(["0100"]).says("nobody sets `env.NONE`");
    // Texts for people are no expressions, and a job is decided before its steps.
    let people = jobs(
        &repo(),
        "    a: { description: 'uses ${{ steps.foo.outputs.x }}', steps: [{ name: 'see ${{ needs.z.result }}', run: '0100' }] }\n",
    );
    people.az("build p").code(0);
    let own =
        jobs(&repo(), "    a: { if: \"steps.s.outcome == 'success'\", steps: [{ id: s, run: '0100' }] }\n");
    own.az("build p").code(2).ran([]).says("step `s` runs later");
    let condition = |asked: &str| {
        let text = "    a: { steps: [{ run: '0100' }] }\n    c: { steps: [{ run: '0100' }] }\n    b: { needs: a, if: \"ASKED\", steps: [{ run: '0200' }] }\n";
        jobs(&repo(), &text.replace("ASKED", asked)).az("build p")
    };
    condition("needs.a.result == 'success'").code(0);
    condition("needs.c.result == 'success'").code(2).ran([]).says("does not need job `c`").says("p.yaml:6:");
    condition("needs.a.outputs.o == 'x'")
        .code(2)
        .says("job `a` hands on no `o`")
        .says("`outputs` of job `a`");
    condition("always() && steps.x.outcome == 'success'").code(2).says("job `b` has no step `x`");
}

#[test]
fn f120_a_step_hands_on_by_each_file_and_a_last_value_wins() {
    let said = "echo a=1 >> $AZ_OUTPUT; echo b=2 >> $GITHUB_OUTPUT; printf 'c<<E\\nx\\ny\\nE\\n' >> $AZ_OUTPUT; echo a=3 >> $AZ_OUTPUT";
    let repo = jobs(
        &repo(),
        &format!(
            "    a:\n      steps:\n        - {{ id: s, shell: sh, script: \"{}\" }}\n        \
             - {{ shell: sh, script: 'printf %s \"${{{{ steps.s.outputs.a }}}} ${{{{ steps.s.outputs.b }}}} ${{{{ steps.s.outputs.c }}}}\" > got' }}\n",
            said.replace('\\', "\\\\")
        ),
    );
    repo.az("build p").code(0);
    assert_eq!(repo.read("got"), "3 2 x\ny");
}

#[test]
fn f126_the_environment_of_a_step_is_above_its_jobs_and_that_above_the_playbooks() {
    let text = "metadata: { name: p }\norchestration:\n  env: { A: o, B: o, C: o }\n  jobs:\n    one:\n      env: { B: j, C: j }\n      steps:\n        \
                - { script: 'echo $A$B$C$OUTER > first', shell: sh, env: { C: s, OUTER: s } }\n        \
                - { script: 'echo $A$B$C$OUTER > second', shell: sh }\n    \
                two: { needs: one, steps: [{ script: 'echo $A$B$C$OUTER > third', shell: sh }] }\n";
    let repo = repo();
    repo.env("OUTER", "outer").env("A", "outer");
    repo.playbook("p.yaml", text).az("build p").code(0);
    let read = |name: &str| repo.read(name).trim().to_owned();
    // What one step has is gone for the next, and what was there before is there again.
    assert_eq!(["first", "second", "third"].map(read), ["ojss", "ojjouter", "oooouter"]);
}

#[test]
fn f420_hash_files_is_a_digest_of_what_a_pattern_names() {
    let repo = repo();
    repo.file("src/a.txt", "1").file("src/b.txt", "2").file("other", "3");
    let repo = jobs(
        &repo,
        "    a:\n      env: { KEY: \"${{ hashFiles('src/*.txt') }}\" }\n      steps:\n        \
         - { script: 'echo $KEY > key', shell: sh }\n        - { if: \"hashFiles('none/**') == ''\", run: '0100' }\n        \
         - { if: \"hashFiles('src/*.txt', '!src/b.txt') != hashFiles('src/a.txt')\", run: '0200' }\n",
    );
    repo.az("build p").code(0).ran(["0100"]);
    let first = repo.read("key");
    assert_eq!(first.trim().len(), 64, "{first}");
    repo.file("other", "4").az("build p").code(0).says("ran 0 steps");
    repo.file("src/b.txt", "5").az("build p").code(0);
    let second = repo.read("key");
    assert_ne!(first, second);
    repo.file("src/b.txt", "2").az("build p").code(0);
    assert_eq!(repo.read("key"), first);
    repo.file("none/x", "").az("build p").code(0).says("its condition is false");
}
