//! The language of steps: commands, branches, choices, loops, what follows a step; the patterns of the seeds.

use super::{ended, repo};
use crate::repo::Repo;

/// A repository in which every command of the seeds notes what it is called with.
fn commands() -> Repo {
    let repo = Repo::new();
    repo.executable("tool.sh", "#!/bin/sh\necho \"$*\" >> calls\ntest \"$FAIL\" != \"$1\"\n");
    let names = ["test", "backup", "infra", "security", "notify", "monitor", "rollback"];
    let line = |name: &&str| format!("{name} = [\"./tool.sh\", \"{name}\"]\n");
    repo.file(
        "az.toml",
        format!("[env]\nuse = [\"FAIL\"]\n[commands]\n{}", names.iter().map(line).collect::<String>()),
    )
}

#[test]
fn a_command_is_what_the_configuration_says() {
    let repo = commands();
    repo.playbook(
        "p.yaml",
        "name: p\nparameters:\n  - { name: version, required: true }\n  - { name: environment, default: staging }\nsteps:\n  \
         - { name: check, type: validation, command: /test run --suite 'a b' }\n  \
         - { name: save, type: backup, command: '/backup create --name pre-${timestamp}' }\n  \
         - { name: go, command: '/infra deploy --version ${version} --to ${environment}', retry: 3, timeout: 300 }\n",
    );
    repo.az("build p").code(2).says("parameter `version` must be given");
    repo.az("build p --var version=2").code(0).says("ran 3 steps");
    let calls = repo.read("calls");
    let calls: Vec<&str> = calls.lines().collect();
    assert_eq!((calls[0], calls[2]), ("test run --suite a b", "infra deploy --version 2 --to staging"));
    assert!(calls[1].starts_with("backup create --name pre-20"), "{}", calls[1]);
    repo.file("az.toml", "")
        .az("build p --var version=2")
        .code(2)
        .says("nothing says what the command `/test` is");
}

#[test]
fn branches_choices_and_loops_do_what_they_say() {
    let repo = repo();
    repo.playbook(
        "p.yaml",
        "name: p\nvariables: { env: dev }\nsteps:\n\
         - name: fan\n  type: parallel\n  branches:\n    - { name: l, steps: [{ name: a, command: echo a >> log-l }] }\n    \
           - { name: r, steps: [{ name: b, command: echo b >> log-r }] }\n\
         - name: pick\n  type: conditional\n  condition: ${env} == \"prod\"\n  then: [{ name: yes, command: echo prod > picked }]\n  \
           else: [{ name: no, command: echo other > picked }]\n\
         - name: each\n  type: foreach\n  items: [eu, us]\n  as: region\n  steps: [{ name: e, command: 'echo ${region} >> regions' }]\n\
         - name: late\n  type: conditional\n  condition: ${each.success} == true\n  then: [{ name: t, command: echo yes > late }]\n",
    );
    repo.az("build p").code(0);
    let read = |name: &str| repo.read(name);
    assert_eq!(["picked", "regions", "late"].map(read), ["other\n", "eu\nus\n", "yes\n"]);
    repo.az("build p --var env=prod").code(0);
    assert_eq!(repo.read("picked"), "prod\n");
}

#[test]
fn what_follows_a_step_runs_by_how_it_ended() {
    let repo = repo();
    let text = |recovered: bool| {
        format!(
            "name: p\nsteps:\n\
             - {{ name: ok, command: 'true', on_success: [{{ name: s, command: echo > success }}], on_failure: [{{ name: f, command: echo > never }}] }}\n\
             - {{ name: bad, command: 'false', recovered: {recovered}, on_failure: [{{ name: mend, command: echo > mended }}] }}\n\
             - {{ name: end, command: echo > end }}\n"
        )
    };
    repo.playbook("p.yaml", &text(false));
    let built = repo.az("build p --json");
    built.code(1);
    ended(&built, "ok ran, ok/s ran, ok/f skipped, bad failed, bad/mend ran, end blocked");
    assert!(
        repo.has_path("success")
            && repo.has_path("mended")
            && !repo.has_path("never")
            && !repo.has_path("end")
    );
    repo.playbook("p.yaml", &text(true));
    repo.az("build p").code(0);
    assert!(repo.has_path("end"));
}

#[test]
fn the_three_patterns_of_the_seeds_plan_dry_run_and_run() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, given) in
        [("blue-green-deployment", "--var new_version=2"), ("canary-release", ""), ("disaster-recovery", "")]
    {
        let repo = commands();
        let text = std::fs::read_to_string(root.join(format!("playbooks/examples/{name}.yaml"))).unwrap();
        repo.playbook(&format!("{name}.yaml"), &text);
        repo.az("check").code(0);
        repo.az(&format!("plan {name} {given}")).code(0);
        repo.az(&format!("build {name} {given} --dry-run")).code(0);
        assert!(!repo.has_path("calls"), "a dry run runs nothing");
        repo.az(&format!("build {name} {given}")).code(0);
        assert!(repo.read("calls").lines().count() >= 4, "{}", repo.read("calls"));
    }
    // Blue-green: without a healthy monitor the old colour stays.
    let repo = commands();
    let text = std::fs::read_to_string(root.join("playbooks/examples/blue-green-deployment.yaml")).unwrap();
    repo.playbook("bg.yaml", &text).env("FAIL", "monitor");
    repo.az("build bg --var new_version=2 --continue-on-error").code(10);
    assert!(!repo.read("calls").contains("decommission"), "{}", repo.read("calls"));
}

#[test]
fn a_mistake_in_a_branch_that_is_not_taken_is_told() {
    let repo = repo();
    repo.playbook(
        "p.yaml",
        "name: p\nvariables: { env: dev }\nsteps:\n\
         - name: pick\n  type: conditional\n  condition: ${env} == \"prod\"\n  then: [{ name: a, command: /nowhere x }]\n  \
           else:\n    - name: inner\n      type: conditional\n      condition: ${env} == \"dev\"\n      \
           then: [{ name: b, command: 'true' }]\n      else: [{ name: c, command: 'echo ${nobody}' }]\n",
    );
    let told = repo.az("validate --playbook p --simulate");
    told.code(2).says("nothing says what the command `/nowhere` is").ran([]);
}
