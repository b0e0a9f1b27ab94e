//! How a watch begins and ends, and what it says to programs.

use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;

use super::{Watch, is_silent, world};
use crate::repo::{Repo, Running, is_alive, until};

#[test]
fn ctrl_c_ends_a_watch_that_waits() {
    let repo = world();
    let watch = Watch::start(&repo, "'*'");
    watch.end(Signal::INT).code(130);
    let watch = Watch::start(&repo, "'*'");
    watch.end(Signal::TERM).code(143);
    assert!(!repo.has_path(".azcache/v1/watch.socket"), "nobody listens there any more");
}

#[test]
fn ctrl_c_ends_the_steps_that_are_at_work() {
    let repo = world();
    let gate = repo.gate("gate");
    repo.script("0200_second.sh", &format!("# Inputs: b\n# Outputs: second\n{}", gate.stop()));
    let watch = Watch::begin(&repo, "'*'");
    let step = gate.reached();
    let output = watch.end(Signal::INT);
    output.code(130).says("interrupted").says("cancelled");
    assert!(!is_alive(step));
}

#[test]
fn until_green_ends_with_the_first_build_without_a_failure() {
    let repo = world();
    repo.script("0200_second.sh", "# Inputs: b\n# Outputs: second\ngrep 2 b > second");
    let mut watch = Watch::begin(&repo, "'*' --until-green");
    watch.line_with("shows all that it printed");
    repo.edit("b", "2");
    watch.running.wait().code(0).says("b changed -> ran 1 step, reused 1").ran(["0100", "0200", "0200"]);
    // Where nothing is to be done, it is green.
    repo.az("watch '*' --until-green").code(0).ran([]);
}

/// Waits for so many lines of JSON.
fn values(running: &Running, count: usize) -> Vec<Value> {
    until("it says so much", || running.stdout().lines().count() >= count);
    running.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Touches a file until that is told: in the moment in which a watch learns what times say of what it knows, it is nothing
/// to tell of.
fn touch_until(repo: &Repo, path: &str, mut is_told: impl FnMut() -> bool) {
    let mut touched: Option<Instant> = None;
    until("it is told", || {
        if touched.is_none_or(|touched| touched.elapsed() > Duration::from_secs(2)) {
            repo.touch(path);
            touched = Some(Instant::now());
        }
        is_told()
    });
}

#[test]
fn programs_are_told_one_value_a_build() {
    for form in ["--json", "--format jsonl"] {
        let repo = world().playbook("ci.json", r#"{"sequence": ["*"]}"#);
        let mut running = repo.start(&format!("watch ci {form}"));
        assert_eq!(values(&running, 1)[0]["result"]["counts"]["ran"], 2);
        repo.edit("b", "2");
        let second = &values(&running, 2)[1];
        assert_eq!(second["schema"], "az.watch/v1");
        assert_eq!((&second["build"], &second["changed"]), (&2.into(), &serde_json::json!(["b"])));
        assert_eq!(second["result"]["counts"]["ran"], 1);
        touch_until(&repo, "b", || running.stdout().lines().count() >= 3);
        let third = &values(&running, 3)[2];
        assert_eq!(third["result"]["counts"]["cached"], 2);
        repo.playbook("ci.json", "{");
        let fourth = &values(&running, 4)[3];
        assert!(fourth["diagnostics"][0]["code"].is_string(), "{fourth}");
        assert_eq!(fourth.get("result"), None);
        running.signal_if_running(Signal::INT);
        let output = running.wait();
        output.code(130);
        assert_eq!(output.stderr(), "");
    }
}

#[test]
fn a_workspace_that_goes_ends_the_watch_with_a_reason() {
    let repo = world();
    let watch = Watch::start(&repo, "'*'");
    fs::rename(repo.path(""), repo.outside("elsewhere")).unwrap();
    // Its output is looked at where it went.
    watch.running.wait().code(1).says("AZ0732").says("is not there any more, or is another folder now");
    fs::rename(repo.outside("elsewhere"), repo.path("")).unwrap();
    let watch = Watch::start(&repo, "'*'");
    // It may be writing there still.
    until("it is gone", || fs::remove_dir_all(repo.path("")).is_ok() || !repo.path("").exists());
    watch.running.wait().code(1).says("AZ0732");
}

/// Returns a watch whose user has so many marks; nothing, said aloud, where that cannot be arranged.
fn with_few_marks(repo: &Repo, count: usize) -> Option<Watch> {
    let limit = format!("echo {count} > /proc/sys/user/max_inotify_watches");
    if !repo.sh(&format!("unshare -r sh -c '{limit}'")).is_success() {
        eprintln!("skipped: no limit of marks can be set here");
        return None;
    }
    let az = env!("CARGO_BIN_EXE_az");
    Some(Watch::of(repo.start_sh(&format!("exec unshare -r sh -c \"{limit}; exec {az} watch '*'\""))))
}

#[test]
fn where_marks_run_out_that_is_said_and_the_rest_is_looked_at() {
    for count in [0, 1, 3] {
        let repo = world().file("deep/er/d", "1");
        repo.script("0300_third.sh", "# Inputs: deep/er/d\n# Outputs: third\ncat deep/er/d > third");
        let Some(mut watch) = with_few_marks(&repo, count) else { return };
        let told = watch.line_with("help:").join("\n");
        assert!(told.contains("AZ0731"), "{told}");
        if count == 3 {
            let told = told.split_once('\n').map_or("", |(_, rest)| rest);
            crate::filters::assert_snapshot(
                &repo,
                "watch_marks_run_out",
                told.trim_start_matches(|c| c != 'A'),
            );
        }
        repo.edit("deep/er/d", "2");
        watch.line_with("deep/er/d changed -> ran 1 step");
        repo.edit("a", "2");
        watch.line_with("a changed -> ran 2 steps");
    }
}

#[test]
fn another_az_builds_beside_a_watch_and_is_noticed() {
    let repo = world();
    let mut watch = Watch::start(&repo, "'*'");
    repo.az("build 0100").code(0).ran(["0100", "0200"]);
    repo.az("build 0100 --force").code(0).ran(["0100"]);
    repo.edit("b", "2");
    // What the others did may be told in the same line.
    watch.line_with("changed -> ran 1 step");
    assert_eq!(repo.read("second"), "12");
}

#[test]
fn two_watches_of_one_workspace_work() {
    let repo = world();
    let mut one = Watch::start(&repo, "'*'");
    let mut other = Watch::start(&repo, "0100");
    // What the first of them makes may be told as changed to the other one.
    repo.edit("a", "2");
    for watch in [&mut one, &mut other] {
        let lines = watch.line_with("changed -> ");
        assert!(lines.last().is_some_and(|line| line.starts_with("a ")), "{lines:?}");
    }
    assert!(one.running.is_running() && other.running.is_running());
    until("both have done their work", || repo.read("second") == "21");
    one.end(Signal::INT).code(130);
    repo.edit("a", "3");
    other.line_with("a changed -> ran 1 step");
}

#[test]
fn what_makes_no_sense_again_and_again_is_refused() {
    let repo = world();
    for (words, help) in [
        ("--dry-run", "az plan"),
        ("--force", "az build --force"),
        ("--no-cache", "by the cache"),
        ("--save-playbook x", "az build"),
        ("--audit 5%", "az build"),
    ] {
        repo.az(&format!("watch '*' {words}"))
            .code(2)
            .says("cannot stand together with `az watch`")
            .says(help);
    }
    repo.az("watch").code(2).says("nothing is asked for");
    Repo::new().az("watch '*'").code(2).says("is no workspace");
}

#[test]
fn a_quiet_watch_says_only_what_went_wrong() {
    let repo = world();
    repo.script("0200_second.sh", "# Inputs: b\n# Outputs: second\n! grep 2 b && echo > second");
    let running = repo.start("watch '*' -q");
    until("it has built", || repo.has_path("second"));
    repo.edit("b", "2");
    until("it says what failed", || running.stderr().contains("shows all that it printed"));
    assert!(!running.stderr().contains("Ctrl-C"));
    assert_eq!(running.stderr().matches("changed ->").count(), 1, "{}", running.stderr());
}

#[test]
fn a_verbose_watch_says_which_steps_ran() {
    let repo = world();
    let mut watch = Watch::begin(&repo, "'*' -v");
    let told = watch.line_with("ran 2 steps");
    assert!(told.iter().any(|line| line.contains("0100_first")), "{told:?}");
    is_silent(watch);
}
