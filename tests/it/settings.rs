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
        repo.az("build 0100").code(0).says("AZ0312").ran(["0100"]);
        repo.az("build 0100 --strict").code(4).ran([]);
        return;
    }
    repo.az("build 0100 --strict").code(0).not("AZ0312").ran(["0100"]);
    let without = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    if !repo.sh(&format!("{without} test -x '{az}'")).is_success() {
        eprintln!("skipped: no program as another user (setpriv), or none who may run az");
        return;
    }
    repo.sh("rm -rf .azcache && chmod -R a+rwX ..").code(0);
    repo.sh(&format!("{without} '{az}' build 0100 --strict")).code(4).says("AZ0312").ran([]);
    repo.sh(&format!("{without} '{az}' build 0100"))
        .code(0)
        .says("AZ0312")
        .says("scripts/0100_a.sh:2")
        .ran(["0100"]);
}

/// A body that fails if another step of its kind is at work at the same time.
const ALONE: &str = "mkdir busy || exit 9; sleep 0.2; rmdir busy";
const DECLARED: &str = "# Inputs: None\n# Outputs: None\n";

#[test]
fn a_script_that_allows_no_other_beside_it_has_none() {
    let repo = Repo::new()
        .script("0100_a.sh", &format!("# AllowParallel: false\n{DECLARED}{ALONE}"))
        .script("0200_b.sh", &format!("{DECLARED}test ! -e busy || exit 9; sleep 0.1"))
        .script("0300_c.sh", &format!("{DECLARED}test ! -e busy || exit 9; sleep 0.1"));
    repo.az("build '*' -j4 --no-trace").code(0).ran(["0100", "0200", "0300"]);
}

#[test]
fn a_script_that_depends_on_all_waits_for_all_before_it_and_none_after() {
    let made = |name: &str| format!("{DECLARED}sleep 0.2; touch {name}");
    let repo = Repo::new()
        .script("0100_a.sh", &made("a"))
        .script("0200_b.sh", &made("b"))
        .script("0300_c.sh", &format!("# Dependencies: All\n{DECLARED}test -e a && test -e b"))
        .script("0400_d.sh", &made("d"));
    repo.az("build '*' -j4 --no-trace").code(0).ran(["0100", "0200", "0300", "0400"]);
    let plan = repo.az("plan '*' --json").json();
    let needs = |id: &str| {
        let nodes = plan["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["id"] == id).unwrap()["needs"].clone()
    };
    assert_eq!(needs("0300_c"), serde_json::json!(["0100_a", "0200_b"]));
    assert_eq!(needs("0400_d"), serde_json::json!([]));
}

#[test]
fn a_rule_says_how_often_a_script_is_tried() {
    let body = "echo x >> tries; test $(wc -l < tries) -ge 3";
    let rule =
        |retries: u32| format!("[[rule]]\nmatch = \"0100\"\nretries = {retries}\nretryDelay = \"10ms\"\n");
    let world = |retries| Repo::new().script("0100_a.sh", body).file("rules/own.toml", rule(retries));
    world(1).az("build 0100 --no-trace").code(1).ran(["0100", "0100"]);
    world(2).az("build 0100 --no-trace").code(0).ran(["0100", "0100", "0100"]);
    world(5).az("build 0100 --no-trace").code(0).ran(["0100", "0100", "0100"]);
}

#[test]
fn a_rule_says_how_long_a_script_may_take_and_what_it_is_given() {
    let rule = "[[rule]]\nmatch = \"0100\"\ntimeout = \"300ms\"\n\
                [[rule]]\nmatch = \"0200\"\nenv = { COLOUR = \"red\" }\nuseEnv = \"SHAPE\"\n";
    let repo = Repo::new()
        .script("0100_a.sh", "sleep 60")
        .script("0200_b.sh", "env > given")
        .file("rules/own.toml", rule)
        .env("SHAPE", "round")
        .env("SIZE", "large");
    repo.az("build 0100").code(1).says("timed out after 300 ms").ran(["0100"]);
    repo.az("build 0200").code(0).ran(["0200"]);
    let given = repo.read("given");
    assert!(given.contains("COLOUR=red\n") && given.contains("SHAPE=round\n"), "{given}");
    assert!(!given.contains("SIZE="), "{given}");
}

#[test]
fn steps_that_want_one_resource_do_not_overlap() {
    let body = format!("{DECLARED}{ALONE}");
    let world = |resources: &str| {
        Repo::new()
            .script("0100_a.sh", &body)
            .script("0200_b.sh", &body)
            .file("rules/own.toml", format!("[[rule]]\nmatch = \"*\"\nretries = 0\n{resources}"))
    };
    world("resources = \"database\"\n").az("build '*' -j4 --no-trace").code(0).ran(["0100", "0200"]);
    // The same two without it: they do overlap, or the line above would prove nothing.
    world("").az("build '*' -j4 --no-trace --continue-on-error").code(10);
}

#[test]
fn an_exit_code_of_windows_stands_for_its_low_byte() {
    let flags = |header: &str| {
        let output = Repo::new().script("0100_a.sh", &format!("{header}exit 194")).az("build 0100 --json");
        (output.exit(), output.json()["nodes"][0]["flags"].clone())
    };
    assert_eq!(flags("# ExitCodes: 3010=restart\n"), (0, serde_json::json!(["restart"])));
    let (exit, plain) = flags("");
    assert!(exit == 1 && !plain.to_string().contains("restart"), "{exit} {plain}");
}

/// az's own checks, where none of their tools is installed.
#[test]
fn a_check_whose_tool_is_absent_is_skipped_and_says_so() {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let repo = Repo::new().file("bin/.keep", "").link("bin/sh", "/bin/sh").link("bin/sed", "/bin/sed");
    repo.env("PATH", repo.path("bin").to_str().unwrap());
    for (name, tool) in [
        ("0400_format.sh", "rustfmt"),
        ("0410_lint.sh", "clippy"),
        ("0420_shellcheck.sh", "shellcheck"),
        ("0440_spelling.sh", "typos"),
        ("0460_dependencies.sh", "cargo-deny"),
    ] {
        repo.executable(&format!("scripts/{name}"), &std::fs::read_to_string(own.join(name)).unwrap());
        let output = repo.az(&format!("build {}", &name[..4]));
        assert_eq!(output.exit(), 0, "{output}");
        output.says("[skipped]").says(&format!("| skipped: {tool}"));
        let result = repo.az(&format!("build {} --json", &name[..4])).json();
        assert_eq!(result["nodes"][0]["flags"], serde_json::json!(["skipped"]), "{result}");
    }
}

#[test]
fn braces_that_are_no_placeholder_are_a_programs_own() {
    let repo = Repo::new().file("scripts/0100_a.sh", "echo \"a $1\"\n").file(
        "rules/own.toml",
        "[[rule]]\nmatch = \"01*\"\ncommand = [\"sh\", \"-c\", '''scrip=x; echo ${scrip} {} {print} {scripts,args}''']\n",
    );
    repo.az("0100").code(0).says("x {} {print} {scripts,args}");
    repo.az("check --strict").code(0);
}
