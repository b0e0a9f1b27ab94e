//! What header, rule and playbook say of how a step behaves, seen from outside.

use crate::repo::Repo;

/// The same working directory, said in each of the three ways; the script notes where it is.
fn in_folders() -> [(&'static str, Repo, &'static str); 3] {
    let world = || Repo::new().file("sub/deep/here.txt", "");
    let body = "ls here.txt && pwd > where.txt";
    let rule = "[[rule]]\nmatch = \"0100\"\ncwd = \"sub/deep\"\n";
    let playbook = r#"{"metadata": {"name": "ci"}, "orchestration": {"jobs": {"one": {"steps": [
        {"run": "0100", "cwd": "sub/deep"}]}}}}"#;
    [
        ("header", world().script("0100_a.sh", &format!("# Cwd: sub/deep\n{body}")), "build 0100"),
        ("rule", world().script("0100_a.sh", body).file("rules/own.toml", rule), "build 0100"),
        ("step", world().script("0100_a.sh", body).playbook("ci.json", playbook), "build ci"),
    ]
}

#[test]
fn a_script_runs_in_the_folder_that_header_rule_or_step_name() {
    for (what, repo, line) in in_folders() {
        let output = repo.az(line);
        assert_eq!(output.exit(), 0, "{what}: {output}");
        output.ran(["0100"]);
        assert!(repo.read("sub/deep/where.txt").trim_end().ends_with("/sub/deep"), "{what}");
        repo.az(line).code(0).ran([]);
        // The script is still the step's own: an edit of it is seen.
        repo.edit("0100_a.sh", "ls here.txt && pwd > there.txt");
        repo.file("rules/own.toml", "[[rule]]\nmatch = \"0100\"\ncwd = \"sub/deep\"\n");
        repo.az(line).code(0).ran(["0100"]);
        assert!(repo.has_path("sub/deep/there.txt"), "{what}");
    }
}

#[test]
fn the_key_of_a_script_in_another_folder_is_the_same_on_every_machine() {
    let keys: Vec<String> = std::iter::repeat_with(|| {
        let repo = Repo::new()
            .file("sub/x", "")
            .file("scripts/0100_a.sh", "#!/bin/sh\n# Cwd: sub\ntrue\n")
            .without_env("HOME");
        let key = repo.env("TMPDIR", "/tmp").az("cache key 0100 0100 --json");
        key.code(0).not(repo.path("").to_str().unwrap().trim_end_matches('/')).stdout().to_owned()
    })
    .take(2)
    .collect();
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn a_script_that_is_its_own_program_starts_in_its_own_folder() {
    let kind = "[[kind]]\nname = \"own\"\nextensions = [\"own\"]\ninterpreter = [\"{script}\"]\n";
    let repo = Repo::new()
        .file("rules/own.toml", kind)
        .file("rules/there.toml", "[[rule]]\nmatch = \"0100\"\ncwd = \"scripts\"\n");
    repo.executable("scripts/0100_a.own", &format!("#!/bin/sh\n{}\nls 0100_a.own\n", repo.notes("0100")));
    repo.az("build 0100").code(0).ran(["0100"]);
}

#[test]
fn who_lacks_the_rights_a_script_wants_is_told_before_it_runs() {
    let repo = Repo::new().script("0100_a.sh", "# RequiresElevation: true\ntrue");
    let az = env!("CARGO_BIN_EXE_az");
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        repo.az("build 0100").code(0).says("AZ0310").ran(["0100"]);
        repo.az("build 0100 --strict").code(4).ran([]);
        return;
    }
    repo.az("build 0100 --strict").code(0).not("AZ0310").ran(["0100"]);
    let without = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    if !repo.sh(&format!("{without} test -x '{az}'")).is_success() {
        eprintln!("skipped: no program as another user (setpriv), or none who may run az");
        return;
    }
    repo.sh("rm -rf .azcache && chmod -R a+rwX ..").code(0);
    repo.sh(&format!("{without} '{az}' build 0100 --strict")).code(4).says("AZ0310").ran([]);
    repo.sh(&format!("{without} '{az}' build 0100"))
        .code(0)
        .says("AZ0310")
        .says("scripts/0100_a.sh:2")
        .ran(["0100"]);
}
