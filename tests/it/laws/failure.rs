//! L27 to L30: failure, interruption, az in az, exit codes.

use rustix::process::Signal;

use super::declared;
use crate::repo::Repo;

#[test]
fn l27_a_failure_after_a_success_with_the_same_files_is_not_forgotten() {
    let repo = Repo::new().file("a", "1");
    let flag = repo.unseen("broken").display().to_string();
    repo.script("0400_flaky.sh", &declared("a", "out", &format!("[ ! -e '{flag}' ] || exit 1; cp a out")));
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.sh(&format!("touch '{flag}'")).code(0);
    repo.az("build '*'").code(0).ran([]);
    repo.az("build '*' --force").code(1).ran(["0400"]);
    repo.az("build '*' --explain").code(1).ran(["0400"]).says("failed last time");
    repo.sh(&format!("rm '{flag}'")).code(0);
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
}

#[test]
fn l27_an_interrupted_run_takes_nothing_from_other_states() {
    let repo = Repo::new().file("a", "branch a").file("b", "1");
    let gate = repo.gate("gate");
    let wait = format!("if grep -q 'branch b' a; then {}; fi", gate.stop());
    repo.script("0400_first.sh", &declared("a", "first", &format!("{wait}; cp a first")));
    repo.script("0410_second.sh", &declared("first", "second", "cp first second"));
    repo.az("build '*'").code(0).ran(["0400", "0410"]);

    repo.edit("a", "branch b");
    let running = repo.start("build '*'");
    gate.reached();
    running.signal(Signal::INT);
    running.wait().code(130).ran(["0400"]);

    repo.edit("a", "branch a").az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("first"), &*repo.read("second")), ("branch a", "branch a"));
    repo.edit("a", "branch b");
    let running = repo.start("build '*' --explain");
    gate.open();
    running.wait().code(0).ran(["0400", "0410"]);
    assert_eq!(repo.read("second"), "branch b");
}

#[test]
fn l27_what_was_interrupted_in_the_middle_of_its_output_runs_again() {
    let repo = Repo::new().file("a", "1");
    let gate = repo.gate("gate");
    repo.script(
        "0400_make.sh",
        &declared("a", "out", &format!("printf half > out; {}; cp a out", gate.stop())),
    );
    gate.open();
    repo.az("build '*'").code(0).ran(["0400"]);
    gate.reached();
    let running = repo.start("build '*' --force");
    gate.reached();
    running.signal(Signal::INT);
    running.wait().code(130).ran(["0400"]);
    assert_eq!(repo.read("out"), "half");
    gate.open();
    repo.az("build '*'").code(0).ran(["0400"]).says("interrupted last time").not("set aside");
    assert_eq!(repo.read("out"), "1");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l28_an_input_that_changes_while_a_step_runs_is_told_and_not_recorded() {
    let repo = Repo::new().file("a", "1");
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &declared("a", "out", &format!("cp a out; {}", gate.stop())));
    let running = repo.start("build '*'");
    gate.reached();
    repo.edit("a", "2");
    gate.open();
    running.wait().code(0).ran(["0400"]).says("`a`").says("changed while it ran");
    gate.open();
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "2");
    repo.az("build '*'").code(0).ran([]);
    // The result for `1` was never vouched for.
    gate.open();
    repo.edit("a", "1").az("build '*'").code(0).ran(["0400"]);
}

#[test]
fn l28_a_script_that_changes_while_it_runs_is_not_recorded() {
    let repo = Repo::new();
    let gate = repo.gate("gate");
    repo.script("0400_slow.sh", &declared("", "out", &format!("echo 1 > out; {}", gate.stop())));
    let running = repo.start("build '*'");
    gate.reached();
    // Beside it and renamed over it, as an editor does: the shell goes on with the text it has.
    repo.file("new", repo.read("0400_slow.sh").replace("echo 1", "echo 2")).mode("new", 0o755);
    repo.sh("mv new scripts/0400_slow.sh").code(0);
    gate.open();
    running.wait().code(0).ran(["0400"]).says("changed while it ran");
    gate.open();
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "2\n");
}

/// A repository with the binary of az in a variable that scripts may mention.
fn with_az() -> Repo {
    Repo::new().env("AZ_BINARY", env!("CARGO_BIN_EXE_az"))
}

#[test]
fn l29_a_step_that_would_run_inside_itself_is_a_named_loop() {
    let repo = with_az()
        .script("0450_ci.sh", "\"$AZ_BINARY\" build ci; echo inner said $?; exit 2")
        .script("0400_ok.sh", "true")
        .playbook("ci.json", r#"{"name": "ci", "sequence": ["0400", "0450"]}"#);
    let output = repo.az("build ci -v --parallel=false").code(1);
    output.says("inner said 2").says("0450_ci would run inside itself").ran(["0400", "0450"]);
}

#[test]
fn l29_the_number_of_a_script_inside_itself_is_a_loop_too() {
    let repo = with_az().script("0450_ci.sh", "\"$AZ_BINARY\" 0450 || exit 3");
    repo.az("0450").code(3).says("0450_ci would run inside itself").ran(["0450"]);
}

#[test]
fn l29_two_nested_az_do_not_wait_for_each_other() {
    let repo = with_az()
        .file("a", "1")
        .script("0400_one.sh", "\"$AZ_BINARY\" build 0500 0510")
        .script("0410_two.sh", "\"$AZ_BINARY\" build 0510 0500")
        .script("0500_deep.sh", &declared("a", "deep", "cp a deep"))
        .script("0510_deeper.sh", &declared("a", "deeper", "cp a deeper"));
    repo.az("build 0400 0410 --parallel -j2").code(0);
    assert_eq!((&*repo.read("deep"), &*repo.read("deeper")), ("1", "1"));
    _ = repo.scripts_run();
    repo.az("build 0500 0510").code(0).ran([]);
}

#[test]
fn l30_two_is_a_failure_for_a_shell_script() {
    let repo = Repo::new().script("0400_make.sh", "exit 2");
    repo.az("build '*'").code(1).ran(["0400"]).says("exit code 2");
    repo.az("build '*' --continue-on-error").code(10).ran(["0400"]);
    repo.az("0400").code(2).ran(["0400"]);
}

#[test]
fn l30_two_is_a_warning_for_powershell_and_stays_one() {
    let repo = Repo::new();
    let bin = repo.outside("bin");
    std::fs::create_dir(&bin).unwrap();
    let repo = repo.env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
    repo.executable("../bin/pwsh", &format!("#!/bin/sh\n{}\nexit 2\n", repo.notes("pwsh")));
    repo.file("scripts/0400_check.ps1", "# Inputs: a\n# Outputs:\nexit 2\n").file("a", "1");
    let flags = |output: &crate::repo::Output| output.json()["nodes"][0]["flags"].clone();
    let first = repo.az("build '*' --json");
    first.code(0).ran(["pwsh"]);
    assert_eq!(flags(&first), serde_json::json!(["warning"]));
    let second = repo.az("build '*' --json");
    second.code(0).ran([]);
    assert_eq!(flags(&second), serde_json::json!(["warning"]));
    repo.az("build '*' --strict").code(4).ran([]);
    repo.az("build '*' --strict --force").code(4).ran(["pwsh"]);
}
