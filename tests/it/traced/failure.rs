//! L27 to L30: failure, interruption, az in az, exit codes.

use rustix::process::Signal;

use super::{has, traced};

#[test]
fn l27_a_failure_after_a_success_with_the_same_files_is_not_forgotten() {
    let Some(repo) = traced() else { return };
    let flag = repo.unseen("broken").display().to_string();
    repo.file("a", "1").script("0400_flaky.sh", &format!("[ ! -e '{flag}' ] || exit 1; cp a out"));
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.sh(&format!("touch '{flag}'")).code(0).az("build '*'").code(0).ran([]);
    repo.az("build '*' --force").code(1).ran(["0400"]);
    repo.az("build '*' --explain").code(1).ran(["0400"]).says("failed last time");
    repo.sh(&format!("rm '{flag}'")).code(0).az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l27_an_edit_that_fails_and_is_taken_back() {
    let Some(repo) = traced() else { return };
    repo.file("a", "good").script("0400_check.sh", "grep -q good a || exit 1; echo done > out");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.edit("a", "bad").az("build '*'").code(1).ran(["0400"]).az("build '*'").code(1).ran(["0400"]);
    repo.edit("a", "good").az("build '*'").code(0).ran([]);
}

#[test]
fn l27_an_interrupted_run_takes_nothing_from_other_states() {
    let Some(repo) = traced() else { return };
    repo.file("a", "branch a");
    let gate = repo.gate("gate");
    let wait = format!("if grep -q 'branch b' a; then {}; fi", gate.stop());
    repo.script("0400_first.sh", &format!("{wait}; cp a first")).script("0410_second.sh", "cp first second");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]);
    repo.edit("a", "branch b");
    let running = repo.start("build '*'");
    gate.reached();
    running.signal(Signal::INT);
    running.wait().code(130).ran(["0400"]);
    repo.edit("a", "branch a").az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("first"), &*repo.read("second")), ("branch a", "branch a"));
    repo.edit("a", "branch b");
    gate.open();
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
    assert_eq!(repo.read("second"), "branch b");
}

#[test]
fn l28_an_input_that_goes_while_a_step_runs_is_told_and_not_recorded() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.file("a", "1").script("0400_slow.sh", &format!("cp a out || exit 1; {}", gate.stop()));
    let running = repo.start("build '*'");
    gate.reached();
    repo.remove("a");
    gate.open();
    running.wait().code(0).ran(["0400"]).says("`a`").says("changed while it ran");
    repo.az("build '*'").code(1).ran(["0400"]);
}

#[test]
fn l28_an_input_that_changes_while_a_step_runs_is_told_and_not_recorded() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.file("a", "1").script("0400_slow.sh", &format!("cp a out; {}", gate.stop()));
    let running = repo.start("build '*'");
    gate.reached();
    repo.edit("a", "2");
    gate.open();
    running.wait().code(0).ran(["0400"]).says("`a`").says("changed while it ran");
    gate.open();
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "2");
    repo.az("build '*'").code(0).ran([]);
    gate.open();
    repo.edit("a", "1").az("build '*'").code(0).ran(["0400"]);
}

#[test]
fn l28_a_name_that_appears_in_a_listed_folder_while_a_step_runs() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.file("parts/a", "").script("0400_list.sh", &format!("ls parts > out; {}", gate.stop()));
    let running = repo.start("build '*'");
    gate.reached();
    repo.file("parts/b", "");
    gate.open();
    running.wait().code(0).ran(["0400"]);
    gate.open();
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "a\nb\n");
}

#[test]
fn l28_an_absent_file_that_appears_while_a_step_runs() {
    let Some(repo) = traced() else { return };
    let gate = repo.gate("gate");
    repo.script("0400_probe.sh", &format!("cat late > out 2>/dev/null || echo none > out; {}", gate.stop()));
    let running = repo.start("build '*'");
    gate.reached();
    repo.file("late", "there");
    gate.open();
    running.wait().code(0).ran(["0400"]);
    gate.open();
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "there");
}

#[test]
fn l28_a_file_that_is_changed_and_changed_back_while_a_step_runs() {
    let Some(repo) = traced() else { return };
    let (first, second) = (repo.gate("first"), repo.gate("second"));
    repo.file("a", "1").script("0400_slow.sh", &format!("{}; cp a out; {}", first.stop(), second.stop()));
    let running = repo.start("build '*'");
    first.reached();
    repo.edit("a", "2");
    first.open();
    second.reached();
    repo.edit("a", "1");
    second.open();
    running.wait().code(0).ran(["0400"]);
    first.open();
    second.open();
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "1");
}

#[test]
fn l29_a_step_that_would_run_inside_itself_is_a_named_loop() {
    let Some(repo) = traced() else { return };
    repo.env("AZ_BINARY", env!("CARGO_BIN_EXE_az"));
    repo.script("0450_ci.sh", "\"$AZ_BINARY\" build ci; echo inner said $?; exit 2")
        .script("0400_ok.sh", "true");
    repo.playbook("ci.json", r#"{"name": "ci", "sequence": ["0400", "0450"]}"#);
    let output = repo.az("build ci -v --parallel=false").code(1);
    output.says("inner said 2").says("0450_ci would run inside itself").ran(["0400", "0450"]);
}

#[test]
fn l29_two_nested_az_do_not_wait_for_each_other() {
    let Some(repo) = traced() else { return };
    repo.env("AZ_BINARY", env!("CARGO_BIN_EXE_az")).file("a", "1");
    repo.script("0400_one.sh", "\"$AZ_BINARY\" build 0500 0510");
    repo.script("0410_two.sh", "\"$AZ_BINARY\" build 0510 0500");
    repo.script("0500_deep.sh", "cp a deep").script("0510_deeper.sh", "cp a deeper");
    repo.az("build 0400 0410 --parallel -j2").code(0);
    assert_eq!((&*repo.read("deep"), &*repo.read("deeper")), ("1", "1"));
    _ = repo.az("build 0400 0410").code(0).scripts_run();
    repo.az("build 0400 0410").code(0).ran([]);
}

#[test]
fn l30_make_that_fails_with_two_is_a_failure() {
    let Some(repo) = traced().filter(|repo| has(repo, "make --version")) else { return };
    repo.file("Makefile", "all:\n\tfalse\n").script("0400_make.sh", "make -s");
    repo.az("build '*'").code(1).ran(["0400"]).says("exit code 2").az("build '*'").code(1).ran(["0400"]);
}

#[test]
fn l30_two_is_a_warning_for_powershell_and_stays_one() {
    let Some(repo) = traced() else { return };
    std::fs::create_dir(repo.outside("bin")).unwrap();
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.outside("bin").display()));
    repo.executable("../bin/pwsh", &format!("#!/bin/sh\n{}\ncat a > out\nexit 2\n", repo.notes("pwsh")));
    repo.file("scripts/0400_check.ps1", "exit 2\n").file("a", "1");
    for ran in [&["pwsh"][..], &[]] {
        let output = repo.az("build '*' --json").code(0);
        assert_eq!(repo.scripts_run(), ran);
        assert_eq!(output.json()["nodes"][0]["flags"], serde_json::json!(["warning"]));
    }
    repo.az("build '*' --strict").code(4).ran([]);
    repo.edit("a", "2").az("build '*'").code(0).ran(["pwsh"]);
}
