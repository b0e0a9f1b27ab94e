//! Each exit code that az has, and that nothing else gives it.

use crate::repo::Repo;

fn step(body: &str) -> Repo {
    Repo::new().script("0100_a.sh", body)
}

#[test]
fn success_is_0_warnings_allowed() {
    step("true").az("build 0100").code(0);
    step("# ExitCodes: 2=warning\nexit 2").az("build 0100").code(0).says("warning");
    step("# Condition: IsWindows\ntrue").az("build 0100").code(0).ran([]);
    step("true").az("help").code(0);
}

#[test]
fn a_failed_or_timed_out_step_is_1() {
    step("exit 3").az("build 0100").code(1);
    step("kill -KILL $$").az("build 0100").code(1);
    step("# Timeout: 200ms\nsleep 60").az("build 0100").code(1).says("timed out");
    // A step that asks for attention stops the chain.
    step("exit 200").script("0200_b.sh", "# Dependencies: 0100\ntrue").az("build '*'").code(1).ran(["0100"]);
}

#[test]
fn usage_and_playbook_errors_are_2_and_run_nothing() {
    let repo = step("true").playbook("bad.toml", "[metadata]\nname = 3\n").playbook("torn.json", "{");
    for line in [
        "build",
        "build --no-such-option",
        "build 0100 --var x",
        "build no-such-playbook",
        "build bad",
        "build torn",
    ] {
        repo.az(line).code(2).ran([]);
    }
    repo.az("nonsense").code(2);
    // The workspace further up is not meant.
    repo.az("-C typo build 0100").code(2).ran([]).says("there is no folder");
    repo.az("help nonsense").code(2);
    // A folder without anything of az's.
    repo.sh(&format!("mkdir ../empty && cd ../empty && '{}' build 0100", env!("CARGO_BIN_EXE_az")))
        .code(2)
        .says("AZ0902");
}

#[test]
fn nothing_selected_is_3_unless_it_may_be() {
    let repo = step("true");
    repo.az("build 0500-0599").code(3).ran([]);
    repo.az("build 0500-0599 --allow-empty").code(0).ran([]);
    repo.az("build 0100,!0100").code(3).ran([]);
}

#[test]
fn a_warning_under_strict_is_4_cached_or_not() {
    let repo = step("# Inputs: in.txt\n# Outputs: out.txt\n# ExitCodes: 2=warning\ntouch out.txt; exit 2");
    repo.file("in.txt", "").az("build 0100 --strict").code(4).ran(["0100"]).says("--strict was given");
    repo.az("build 0100 --strict").code(4).ran([]);
    repo.az("build 0100").code(0).ran([]);
    // A failure counts for more than a warning.
    step("exit 1").az("build 0100 --strict").code(1);
}

#[test]
fn failures_that_did_not_stop_the_rest_are_10() {
    let repo = step("exit 1").script("0200_b.sh", "# Cache: never\ntrue");
    repo.az("build '*' --continue-on-error").code(10).ran(["0100", "0200"]);
    step("true").az("build '*' --continue-on-error").code(0);
    // It may be said once for all.
    repo.file("az.toml", "continue_on_error = true\n").az("build '*'").code(10).ran(["0100", "0200"]);
}

#[test]
fn the_end_of_the_whole_runs_time_is_124() {
    let repo = step("# Timeout: 1h\nsleep 60").script("0200_b.sh", "true");
    let output = repo.az("build '*' -j1 --timeout 300ms").code(124).ran(["0100"]);
    // The step's own limit has nothing to do with it.
    output.says("the run took longer than 300 ms").says("the run took too long").not("timed out after");
    assert_eq!(repo.az("runs show --json").json()["reason"], "the run took longer than 300 ms");
}

/// Runs az in the place of the shell, and ends it by a signal once its step is at work.
fn signalled(repo: &Repo, signal: &str) -> crate::repo::Output {
    let az = env!("CARGO_BIN_EXE_az");
    repo.sh(&format!(
        "(while ! test -e started; do sleep 0.02; done; kill -{signal} $(cat pid)) & echo $$ > pid; exec '{az}' build '*'"
    ))
}

#[test]
fn an_interrupted_run_is_130_and_a_terminated_one_143() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let repo = step("touch started; sleep 60").script("0200_b.sh", "# Dependencies: 0100\ntrue");
        signalled(&repo, signal).code(code).ran(["0100"]);
        let result = repo.az("runs show --json").json();
        assert_eq!((&result["status"], &result["exit_code"]), (&"cancelled".into(), &code.into()));
        repo.az("runs list").code(0).says("Cancelled");
    }
}

#[test]
fn a_script_run_by_its_number_gives_its_own_code() {
    step("exit 7").az("0100").code(7);
    step("exit 0").az("0100").code(0);
    step("exit 200").az("0100").code(200);
    step("true").az("0999").code(2).says("AZ0104");
    // Options may stand before the number.
    for options in ["-q", "-C .", "--color never --format=text"] {
        step("exit 7").az(&format!("{options} 0100")).code(7).ran(["0100"]);
    }
}

#[test]
fn data_that_cannot_be_written_is_1_and_told() {
    if !std::path::Path::new("/dev/full").exists() {
        eprintln!("skipped: there is no /dev/full");
        return;
    }
    let repo = step("# Inputs: in.txt\n# Outputs:\ntrue").file("in.txt", "");
    let az = env!("CARGO_BIN_EXE_az");
    for line in ["build 0100 --json", "build 0100 --json", "list", "plan 0100 --format jsonl", "help"] {
        repo.sh(&format!("'{az}' {line} > /dev/full")).code(1).says("AZ0908").says("cannot be written");
    }
    // So is what a script prints.
    let live = step("echo hello");
    live.sh(&format!("'{az}' 0100 > /dev/full")).code(1).says("AZ0908").ran(["0100"]);
    live.sh(&format!("'{az}' 0100 | true")).code(0).not("AZ0908");
    // What went wrong before counts for more.
    repo.sh(&format!("'{az}' build 0999 --json > /dev/full")).code(3).says("AZ0908");
    // A reader that has seen enough is no error.
    repo.sh(&format!("{{ '{az}' list; echo $? >&2; }} | true")).not("AZ0908").says("0");
}
