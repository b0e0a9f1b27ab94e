//! Where the secrets of a playbook come from, and which steps are given them.

use super::holders;
use crate::repo::Repo;

/// A playbook with a secret of the environment and one of a file, and a step for each, and one that asks for none.
fn repo() -> Repo {
    let repo = Repo::new().playbook(
        "p.yaml",
        "metadata: { name: p }\nsecrets:\n  - { name: token, source: environment, variable: DEPLOY_VALUE }\n  \
         - { name: cert, source: file, path: ../cert }\norchestration:\n  jobs:\n    a:\n      steps:\n        \
         - { id: one, shell: sh, script: 'test \"$MY\" != \"got \"', env: { MY: 'got ${{ secrets.token }}' } }\n        \
         - { id: two, shell: sh, script: 'test -n \"$cert\"; echo $cert' }\n        \
         - { id: none, shell: sh, script: 'if env | grep -q swordfish; then exit 1; fi' }\n",
    );
    std::fs::write(repo.outside("cert"), "hunter2-hunter2\n").unwrap();
    repo.env("DEPLOY_VALUE", "swordfish-1").mode("../cert", 0o600)
}

#[test]
fn a_step_is_given_what_it_asks_for_and_a_change_concerns_nobody_else() {
    let repo = repo();
    repo.az("build p").code(0).not("swordfish").not("hunter2").says("ran 3 steps");
    // It printed a secret, so that it runs again; the others do not.
    repo.az("build p").code(0).says("ran 1 step").says("reused 2");
    std::fs::write(repo.outside("cert"), "hunter2-hunter3\n").unwrap();
    repo.az("build p --explain").code(0).says("secret cert changed").not("hunter").says("reused 2");
    std::fs::write(repo.outside("cert"), "hunter2-hunter2\n").unwrap();
    repo.env("DEPLOY_VALUE", "swordfish-2");
    repo.az("build p --explain").code(0).says("secret MY changed").not("swordfish");
    repo.env("DEPLOY_VALUE", "swordfish-1").az("build p").code(0).says("reused 2");
    let found = holders(&repo, &[b"swordfish-".to_vec(), b"hunter2-".to_vec()]);
    let named: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(named.into_iter().filter(|name| *name != "p.yaml").collect::<Vec<_>>(), ["cert"]);
}

#[test]
fn what_is_missing_is_told_before_anything_runs_and_plans_only_warn() {
    let repo = repo();
    repo.without_env("DEPLOY_VALUE").remove("../cert");
    let built = repo.az("build p").code(2);
    built
        .says("AZ0515")
        .says("the secret `token` is missing: the environment of az has no variable `DEPLOY_VALUE`");
    built.says("the secret `cert` is missing: the file `../cert` is not there").says("p.yaml:3:").not("ran ");
    repo.az("plan p").code(0).says("AZ0515");
    assert!(!repo.has_path(".azcache/v1/runs"));
}

#[test]
fn a_vault_is_told_to_be_for_later() {
    let repo = repo().playbook(
        "v.yaml",
        "metadata: { name: v }\nsecrets: [{ name: token, source: vault, path: kv/deploy }]\norchestration:\n  jobs:\n    \
         a: { steps: [{ shell: sh, script: 'true' }] }\n",
    );
    repo.az("build v").code(2).says("AZ0207").not("ran ");
}

#[test]
fn what_is_open_to_others_or_too_common_is_told_and_the_value_is_not() {
    let repo = repo();
    repo.mode("../cert", 0o644).env("DEPLOY_VALUE", "true");
    let planned = repo.az("plan p").code(0);
    planned
        .says("everybody on this machine can read `../cert`")
        .says("too short or too common")
        .not("hunter2");
}

#[test]
fn what_is_quoted_of_a_playbook_has_no_value_of_a_secret() {
    let repo = repo().playbook(
        "d.yaml",
        "metadata: { name: d }\nvariables: { api_token: hunter2-hunter2, one: '${{ two }}' }\norchestration:\n  jobs:\n    \
         a: { steps: [{ shell: sh, script: 'echo $api_token', env: { A: '${{ nobody.sets }}', db_password: swordfish-9 } }] }\n",
    );
    for line in ["build d", "plan d", "build d --json", "plan d --format jsonl"] {
        let told = repo.az(line);
        told.not("hunter2").not("swordfish");
        assert!(!told.is_success(), "{line}");
    }
}

#[test]
fn no_secret_gets_into_a_command_line() {
    let repo = repo().file("az.toml", "[commands]\nsay = [\"echo\"]\n").playbook(
        "c.yaml",
        "metadata: { name: c }\nsecrets: [{ name: token, source: environment, variable: DEPLOY_VALUE }]\norchestration:\n  \
         jobs:\n    a:\n      steps:\n        - { command: '/say it is {{token}}' }\n",
    );
    let built = repo.az("build c").code(2);
    built
        .says("AZ0517")
        .says("a secret would stand in a command line")
        .says("c.yaml:7:")
        .not("swordfish")
        .not("ran ");
}

#[test]
fn files_that_may_hold_such_things_are_their_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = repo();
    repo.az("build p").code(0);
    let mode = |path: std::path::PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    let keys = repo.outside("home/.local/state/az/keys");
    assert_eq!((mode(repo.path(".azcache/v1/runs")), mode(keys.clone())), (0o700, 0o700));
    for key in std::fs::read_dir(keys).unwrap() {
        assert_eq!(mode(key.unwrap().path()), 0o600);
    }
    assert!(!repo.has_path(".azcache/v1/secret-key"));
}
