//! `az doctor`.

use std::process::Command;

use serde_json::Value;

use crate::repo::Repo;

const RUNGS: [&str; 3] = ["notify-synchronous", "notify", "ptrace"];

fn rung<'a>(doctor: &'a Value, name: &str) -> &'a Value {
    let rungs = doctor["tracing"]["rungs"].as_array().unwrap();
    rungs.iter().find(|rung| rung["rung"] == name).unwrap()
}

fn small() -> Repo {
    Repo::new().script("0100_a.sh", "true")
}

/// Compiles the program that forbids system calls; nothing, said aloud, where that is not possible.
fn deny(repo: &Repo) -> Option<String> {
    let program = repo.outside("deny");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/trace/deny.c");
    let compiled = Command::new("gcc").arg("-o").arg(&program).arg(source).status();
    if !compiled.is_ok_and(|status| status.success()) {
        eprintln!("skipped: gcc does not compile deny.c");
        return None;
    }
    Some(program.to_str().unwrap().to_owned())
}

/// What az doctor says where some system calls are forbidden.
fn where_forbidden(calls: &str) -> Option<Value> {
    let repo = small();
    let deny = deny(&repo)?;
    let line = format!("'{deny}' {calls} {} doctor --json", env!("CARGO_BIN_EXE_az"));
    Some(repo.sh(&line).code(0).json())
}

#[test]
fn the_first_rung_that_carries_is_in_use_and_steps_are_traced_by_it() {
    let doctor = small().az("doctor --json").code(0).json();
    assert_eq!(doctor["schema"], "az.doctor/v1");
    let first = RUNGS.iter().find(|name| rung(&doctor, name)["works"] == true);
    let Some(first) = first else {
        eprintln!("skipped: steps cannot be traced here");
        assert_eq!(doctor["tracing"]["in_use"], "off");
        return;
    };
    assert_eq!(doctor["tracing"]["in_use"], *first);
    for name in RUNGS {
        let rung = rung(&doctor, name);
        assert_eq!(rung["in_use"] == true, name == *first);
        assert_eq!(rung["works"] == true, rung["why_not"].is_null(), "{rung}");
    }
    // What it promises holds: a step that declares nothing is reused.
    small().az("build '*'").code(0).ran(["0100"]).az("build '*'").code(0).ran([]);
}

#[test]
fn forced_off_is_said_and_the_rungs_are_tried_all_the_same() {
    let doctor = small().az("doctor --json").json();
    let off = small().env("AZ_TRACE", "off").az("doctor --json").code(0).json();
    assert_eq!((&off["tracing"]["in_use"], &doctor["tracing"]["forced_off"]), (&"off".into(), &Value::Null));
    for name in RUNGS {
        assert_eq!(rung(&off, name)["works"], rung(&doctor, name)["works"]);
    }
    small().env("AZ_TRACE", "off").az("doctor").code(0).says("tracing is off (`AZ_TRACE=off`)").not("in use");
}

#[test]
fn in_a_traced_step_the_canaries_are_not_heard() {
    let repo = small();
    if repo.az("doctor --json").json()["tracing"]["in_use"] != "notify-synchronous" {
        eprintln!("skipped: steps are not traced by user notification here");
        return;
    }
    let az = env!("CARGO_BIN_EXE_az");
    repo.script("0200_inner.sh", &format!("'{az}' doctor --json > inner.json; '{az}' doctor > inner.txt"));
    repo.az("build 0200").code(0);
    let inner: Value = serde_json::from_str(&repo.read("inner.json")).unwrap();
    assert_eq!(inner["tracing"]["in_use"], "off");
    assert_eq!(inner["tracing"]["forced_off"], "the step that az runs in is traced already");
    assert!(rung(&inner, "notify")["why_not"].as_str().unwrap().contains("listens already"), "{inner}");
    assert!(rung(&inner, "ptrace")["why_not"].as_str().unwrap().contains("nothing is seen"), "{inner}");
    assert!(repo.read("inner.txt").contains("only steps that declare inputs and outputs are reused"));
}

#[test]
fn a_rung_that_the_system_forbids_is_told_with_its_reason() {
    let Some(doctor) = where_forbidden("seccomp") else { return };
    assert_eq!(doctor["tracing"]["in_use"], "off", "ptrace needs the filter too");
    for name in RUNGS {
        let why = rung(&doctor, name)["why_not"].as_str().unwrap().to_owned();
        assert!(why.contains("takes no filter: Operation not permitted"), "{name}: {why}");
    }
    let Some(doctor) = where_forbidden("ptrace") else { return };
    assert!(
        rung(&doctor, "ptrace")["why_not"].as_str().unwrap().contains("attach to no process"),
        "{doctor}"
    );
    assert_ne!(doctor["tracing"]["in_use"], "ptrace");
}

#[test]
fn machine_and_workspace_are_told() {
    let doctor = small().az("doctor --json").json();
    let kernel = small().sh("uname -r");
    assert_eq!(doctor["machine"]["kernel"], kernel.stdout().trim());
    assert!(doctor["machine"]["file_system"].is_string() && doctor["machine"]["reflink"].is_boolean());
    assert_eq!((&doctor["machine"]["os"], &doctor["workspace"]["scripts"]), (&"linux".into(), &1.into()));
}

#[test]
fn interpreters_and_tools_are_told_with_path_and_version() {
    let repo = small().script("0200_b.sh", "# Dependencies: Gizmo\ntrue");
    repo.executable("../bin/python3", "#!/bin/sh\necho; echo Python 9.9.9\n").executable("../bin/gizmo", "");
    repo.file("scripts/0300_c.py", "pass\n");
    let bin = repo.outside("bin");
    let repo = repo.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
    let doctor = repo.az("doctor --json --versions").code(0).json();
    let python = &doctor["workspace"]["interpreters"][1];
    assert_eq!(
        (&python["name"], &python["version"]),
        (&"python3".into(), &"Python 9.9.9".into()),
        "{doctor}"
    );
    assert_eq!(python["path"], bin.join("python3").to_str().unwrap());
    assert_eq!(doctor["workspace"]["interpreters"][0]["scripts"], 2);
    assert_eq!(doctor["workspace"]["tools"][0]["path"], bin.join("gizmo").to_str().unwrap());
    repo.az("doctor --versions").code(0).says("Python 9.9.9").says("Gizmo");
    repo.az("doctor").code(0).says("Gizmo").not("Python 9.9.9");
}

#[test]
fn what_scripts_need_and_is_missing_is_a_failure() {
    let repo = small().script("0200_b.sh", "# Dependencies: Gizmo\ntrue");
    repo.az("doctor").code(1).says("Gizmo").says("missing; install it, or mark it as (optional)");
    assert_eq!(repo.az("doctor --json").code(1).json()["workspace"]["tools"][0]["missing"], true);
    let repo = small().file(
        "rules/kinds.toml",
        "[[kind]]\nname = \"zig\"\nextensions = [\"zig\"]\n\
                             interpreter = [\"no-such-zig\", \"{script}\"]\n",
    );
    repo.file("scripts/0200_b.zig", "").az("doctor").code(1).says("no-such-zig").says("missing");
}

#[test]
fn no_program_of_the_workspace_and_no_command_of_a_rule_is_started() {
    let repo = small();
    repo.executable("tools/run", &format!("#!/bin/sh\n{}\n", repo.notes("run")));
    let rule = "[[rule]]\nmatch = \"0100\"\ncommand = [\"./tools/run\", \"{script}\"]\n";
    repo.file("rules/r.toml", rule).file("scripts/0300_c.none", "");
    repo.az("doctor --json").ran([]).says("tools/run");
}

#[test]
fn a_program_that_does_not_answer_is_not_waited_for() {
    let repo = small();
    repo.executable("../bin/python3", "#!/bin/sh\nsleep 600\n").file("scripts/0300_c.py", "pass\n");
    let repo = repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.outside("bin").display()));
    let doctor = repo.az("doctor --json --versions").code(0).json();
    assert_eq!(doctor["workspace"]["interpreters"][1]["version"], Value::Null);
}

#[test]
fn it_works_without_a_workspace_and_leaves_nothing() {
    let repo = Repo::new();
    repo.az("doctor").code(0).says("this is no workspace");
    assert_eq!(repo.az("doctor --json").json()["workspace"], Value::Null);
    repo.sh("find . -mindepth 1").not("./");
    let repo = small();
    repo.az("doctor").code(0);
    assert!(!repo.has_path(".azcache"), "it only looks");
}
