//! What nobody must see: it stands in nothing az says, writes down or keeps, however it reached a step.

use super::jobs;
use crate::repo::Repo;

/// Claims that a text stands in nothing that az kept.
fn is_nowhere(repo: &Repo, secret: &str) {
    repo.sh(&format!("grep -rl {secret} .azcache")).code(1);
}

/// Claims that a text stands in no answer about the last run, and in no plan of the next.
fn is_not_said(repo: &Repo, secret: &str, arguments: &str) {
    for verb in ["runs show", "runs show --json", "why p --json", "events", "cache list --json", "check p -v"]
    {
        repo.az(verb).not(secret);
    }
    for verb in ["plan p -v", "plan p --format json", "plan p --format jsonl", "build p --dry-run -v"] {
        repo.az(&format!("{verb}{arguments}")).not(secret);
    }
}

#[test]
fn a_secret_of_the_environment_is_masked_in_reasons_logs_explanations_and_records() {
    let repo = jobs(
        &Repo::new(),
        "    a:\n      steps:\n        - { if: \"env.API_TOKEN == 'nope'\", script: 'true', shell: sh }\n        \
         - { script: 'echo value ${{ env.API_TOKEN }}', shell: sh }\n        \
         - { script: 'test -n \"$MY\"', shell: sh, env: { MY: 'x ${{ env.API_TOKEN }}' } }\n",
    );
    repo.env("API_TOKEN", "hunter2hunter2")
        .az("build p -vv")
        .code(0)
        .says("$API_TOKEN is ***")
        .not("hunter2");
    is_nowhere(&repo, "hunter2");
    is_not_said(&repo, "hunter2", "");
    for format in ["--json", "--format jsonl", "--explain -vv", "--log"] {
        repo.env("API_TOKEN", format!("hunter2hunter2{}", format.len()).as_str());
        repo.az(&format!("build p {format}")).not("hunter2");
    }
    repo.env("API_TOKEN", "hunter2hunter3").az("build p --explain").says("secret MY changed").not("hunter2");
    is_nowhere(&repo, "hunter2");
}

#[test]
fn a_secret_is_one_by_any_name_it_goes_by_also_where_it_is_too_short_to_be_looked_for() {
    let repo = jobs(
        &Repo::new(),
        "    a:\n      variables: { one: '${{ vars.two }}', two: '${{ env.API_TOKEN }}', \
         db: { password: '${{ env.API_TOKEN }}' } }\n      \
         env: { MY: '${{ vars.one }}' }\n      steps:\n        \
         - { if: \"vars.one == 'nope' || vars.db.password == 'nope'\", script: 'true', shell: sh }\n        \
         - { if: \"env.MY == 'nope'\", script: 'true', shell: sh }\n        \
         - { script: 'test ${{ env.MY }} = ${{ format(''{0}'', vars.db.password) }}; test -n \"$one\"', shell: sh }\n",
    );
    repo.env("API_TOKEN", "hun7er").az("build p -vv").code(0).says("vars.one is ***").says("$MY is ***");
    is_nowhere(&repo, "hun7er");
    is_not_said(&repo, "hun7er", "");
    repo.env("API_TOKEN", "hun8er")
        .az("build p --explain")
        .code(0)
        .says("changed")
        .not("hun7er")
        .not("hun8er");
    is_nowhere(&repo, "hun[78]er");
}

#[test]
fn a_secret_variable_is_masked_however_a_step_is_given_it() {
    let repo = Repo::new().file("az.toml", "[commands]\nsay = [\"echo\"]\n");
    let repo = jobs(
        &repo,
        "    a:\n      steps:\n        - { script: 'echo got ${{ vars.api_token }}', shell: sh }\n        \
         - { script: 'echo $note', shell: sh, with: { note: 'see {{api_token}}' } }\n        \
         - { script: 'echo $list > /dev/null', shell: sh, variables: { list: ['a', '${{ vars.api_token }}'] } }\n        \
         - { command: '/say {{api_token}}' }\n        \
         - { if: \"contains(vars.api_token, 'nope') || Test-Path '{{api_token}}'\", script: 'true', shell: sh }\n",
    );
    let given = " --var api_token=hunter2hunter2";
    repo.az(&format!("build p -vv{given}")).code(0).not("hunter2");
    is_nowhere(&repo, "hunter2");
    is_not_said(&repo, "hunter2", given);
    repo.az("build p --explain --var api_token=hunter3hunter3").code(0).not("hunter");
    is_nowhere(&repo, "hunter");
}

#[test]
fn what_a_step_hands_on_as_a_secret_or_has_masked_is_masked_in_what_follows() {
    let repo = jobs(
        &Repo::new(),
        "    a:\n      outputs: { auth_token: '${{ steps.s.outputs.short }}', plain: '${{ steps.s.outputs.masked }}' }\n      \
         steps:\n        \
         - { id: s, script: 'cat values >> $AZ_OUTPUT; echo \"::add-mask::$(cat mask)\"', shell: sh }\n        \
         - { if: \"steps.s.outputs.auth_token == 'nope'\", script: 'true', shell: sh }\n        \
         - { if: \"steps.s.outputs.masked == 'nope'\", script: 'true', shell: sh }\n        \
         - { script: 'test -n \"$MY\" -a -n ${{ steps.s.outputs.masked }}', shell: sh, env: { MY: '${{ steps.s.outputs.auth_token }}' } }\n    \
         b:\n      needs: a\n      variables: { from: '${{ needs.a.outputs.plain }}', auth: '${{ needs.a.outputs.auth_token }}' }\n      \
         steps:\n        - { if: \"needs.a.outputs.auth_token == 'nope'\", script: 'true', shell: sh }\n        \
         - { script: 'test -n \"$from\" -a -n \"$auth\"', shell: sh }\n",
    );
    repo.file("values", "auth_token=hunter2hunter2\nmasked=swordfish1\nshort=hun7er\n")
        .file("mask", "swordfish1\n");
    let built = repo.az("build p -vv").code(0);
    built
        .not("hunter2")
        .not("hun7er")
        .says("steps.s.outputs.auth_token is ***")
        .says("steps.s.outputs.masked is ***");
    is_nowhere(&repo, "hunter2");
    is_nowhere(&repo, "swordfish");
    repo.file("values", "auth_token=hunter3hunter3\nmasked=swordfish2\nshort=hun8er\n")
        .file("mask", "swordfish2\n");
    repo.az("build p --explain --json").code(0).not("hunter").not("swordfish");
    is_nowhere(&repo, "hunter");
    is_nowhere(&repo, "swordfish");
    for secret in ["hunter", "swordfish"] {
        is_not_said(&repo, secret, "");
    }
}

#[test]
fn what_is_no_secret_is_still_shown() {
    let repo = jobs(
        &Repo::new(),
        "    token_job:\n      steps:\n        - { id: get_token, script: 'echo region=eu-central >> $AZ_OUTPUT', shell: sh }\n        \
         - { if: \"steps.get_token.outputs.region == 'us'\", script: 'true', shell: sh }\n        \
         - { script: 'echo at ${{ steps.get_token.outputs.region }} as ${{ env.WHO }}', shell: sh }\n",
    );
    repo.env("API_TOKEN", "hunter2hunter2").env("WHO", "somebody-else");
    repo.az("build p -vv")
        .code(0)
        .says("steps.get_token.outputs.region is eu-central")
        .says("as somebody-else");
    repo.az("build p").code(0).says("ran 0 steps");
    repo.env("WHO", "nobody-at-all").az("build p --explain").code(0).says("somebody-else");
}

#[test]
fn what_a_secret_only_decides_is_none() {
    let repo = jobs(
        &Repo::new(),
        "    a:\n      env: { MODE: \"${{ env.DEPLOY_TOKEN != '' && 'production' || 'development' }}\" }\n      steps: [{ script: 'echo the $MODE branch', shell: sh }]\n",
    );
    let repo = repo.env("DEPLOY_TOKEN", "hunter2hunter2");
    repo.az("build p -vv").code(0).says("the production branch").not("hunter2");
    repo.az("build p").code(0).says("reused 1");
}
