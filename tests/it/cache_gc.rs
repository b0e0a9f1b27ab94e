//! What of the cache goes, by hand and by itself, and what that costs.

use std::fs;

use serde_json::{Value, json};

use crate::{repo::Repo, runs::chain};

/// What `az cache du` tells of a part of the cache.
fn usage(repo: &Repo, part: &str) -> Value {
    repo.az("cache du --json").json()[part].clone()
}

fn count(repo: &Repo, part: &str) -> u64 {
    usage(repo, part)["count"].as_u64().unwrap()
}

/// Everything that is in the cache, with its size, apart from what tells when it was looked at.
fn inventory(repo: &Repo) -> String {
    repo.sh("find .azcache -type f -printf '%p %s\\n' | grep -v /clock | sort").stdout().to_owned()
}

#[test]
fn what_takes_room_is_told_by_kind() {
    let repo = chain();
    repo.az("cache du").code(0).says("at most 10GiB");
    assert!(!repo.path(".azcache").exists(), "asking makes none");
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    let usage = repo.az("cache du --json").json();
    assert_eq!((&usage["schema"], &usage["max_size"]), (&json!("az.cache.usage/v1"), &json!(10_u64 << 30)));
    assert_eq!((count(&repo, "records"), count(&repo, "runs"), count(&repo, "kept")), (2, 1, 0));
    let parts = ["blobs", "records", "runs", "kept", "other"];
    let sum: u64 = parts.iter().map(|part| usage[part]["bytes"].as_u64().unwrap()).sum();
    assert_eq!(usage["bytes"].as_u64().unwrap(), sum);
    let on_disk = repo.sh("find .azcache/v1 -type f -printf '%s\\n' | paste -sd+ | bc").stdout().to_owned();
    assert!(on_disk.trim().is_empty() || on_disk.trim() == sum.to_string(), "{on_disk} {sum}");
    repo.az("cache du").code(0).says("2 records").says("1 run").says("unused for at most 90d");
    repo.az("cache du --max-size none --max-age none").code(0).says("no limit");
}

#[test]
fn nothing_goes_that_is_within_the_limits() {
    let repo = chain();
    repo.az("cache gc").code(0).says("removed 0 records");
    assert!(!repo.path(".azcache").exists());
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.edit("in.txt", "two\n").az("build '*'").code(0).ran(["0100", "0200"]);
    repo.az("cache gc").code(0).says("removed 0 records, 0 blobs, 0 runs");
    repo.az("build '*'").code(0).ran([]);
    repo.edit("in.txt", "one\n").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out.txt"), "one\n");
}

#[test]
fn everything_can_go_and_is_made_again() {
    let repo = chain();
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.edit("out.txt", "by hand\n").az("build '*'").code(0).ran(["0100"]);
    let kept = count(&repo, "kept");
    assert!(kept > 0, "a person's version is set aside");
    let before = inventory(&repo);
    repo.az("cache gc --dry-run --max-size 1B").code(0).says("would remove 2 records");
    assert_eq!(inventory(&repo), before, "nothing is removed");
    repo.az("build '*'").code(0).ran([]);
    let collected = repo.az("cache gc --max-size 1B --json").json();
    assert_eq!(collected["schema"], "az.cache.collected/v1");
    assert_eq!((&collected["records"], &collected["dry_run"]), (&json!(2), &json!(false)));
    assert_eq!([count(&repo, "records"), count(&repo, "blobs"), count(&repo, "runs")], [0, 0, 0]);
    assert_eq!(count(&repo, "kept"), kept, "what was set aside is never removed");
    assert!(repo.path(".azcache/v1/lock").exists(), "others may wait at it");
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.az("build '*'").code(0).ran([]);
    assert_eq!((repo.read("out.txt"), repo.read("end.txt")), ("one\n".to_owned(), "4\n".to_owned()));
}

#[test]
fn what_was_of_no_use_for_the_longest_time_goes_first() {
    let repo = chain();
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.edit("in.txt", "second\n").az("build '*'").code(0).ran(["0100", "0200"]);
    repo.az("cache gc --max-size none --max-age none").code(0);
    fs::remove_dir_all(repo.path(".azcache/v1/runs")).unwrap();
    let left = repo.az("cache gc --dry-run --json").json()["left"].as_u64().unwrap();
    repo.az(&format!("cache gc --max-size {}B", left - 1)).code(0).says("removed 1 record,");
    repo.az("build '*'").code(0).ran([]);
    let ran = repo.edit("in.txt", "one\n").az("build '*'").code(0).clone();
    assert_eq!(repo.scripts_run().len(), 1, "{ran}");
    assert_eq!((repo.read("out.txt"), repo.read("end.txt")), ("one\n".to_owned(), "4\n".to_owned()));
}

#[test]
fn it_waits_for_an_az_at_work_and_is_refused_from_inside_it() {
    let az = env!("CARGO_BIN_EXE_az");
    let repo = Repo::new().script(
        "0100_a.sh",
        &format!(
            "# PassEnv: AZ_PARENT\n'{az}' cache gc; echo code $?; touch started; sleep 0.5; touch ended"
        ),
    );
    repo.sh(&format!(
        "'{az}' build 0100 & while ! test -e started; do sleep 0.02; done; '{az}' cache gc --max-size 1B; test -e ended; echo order $?; wait"
    ))
    .code(0)
    .says("waiting for another az")
    .says("order 0");
    repo.az("build 0100 -vv").code(0).says("AZ0906").says("code 75").says("a step cannot clean the cache");
}

/// Lets az believe that it last went through the cache long ago.
fn make_due(repo: &Repo) {
    repo.file(".azcache/v1/collected", r#"{"at_ns":0,"bytes":0,"added":0}"#);
}

#[test]
fn az_keeps_the_limits_by_itself_once_a_day() {
    let repo = chain();
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.file("az.toml", "[cache]\nmax_size = \"1B\"\n");
    repo.edit("in.txt", "two\n").az("build '*'").code(0).ran(["0100", "0200"]);
    assert_ne!(count(&repo, "records"), 0, "it is not due yet");
    make_due(&repo);
    repo.edit("in.txt", "three\n").az("build '*'").code(0).ran(["0100", "0200"]);
    assert_eq!([count(&repo, "records"), count(&repo, "blobs")], [0, 0]);
    assert_eq!(count(&repo, "runs"), 1, "the run that has just ended stays");
    assert_eq!(repo.read("out.txt"), "three\n");
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    assert_ne!(count(&repo, "records"), 0, "and once a day is enough");
    make_due(&repo);
    repo.env("AZ_CACHE_MAX_SIZE", "none").edit("in.txt", "4\n").az("build '*'").code(0).ran(["0100", "0200"]);
    assert_ne!(count(&repo, "records"), 0, "the environment has the last word");
}

#[test]
fn a_limit_that_is_none_is_told() {
    let repo = chain().env("AZ_CACHE_MAX_AGE", "soon");
    repo.az("build '*'").code(2).says("AZ_CACHE_MAX_AGE cannot be `soon`").says("30s");
    repo.az("cache gc").code(2).says("AZ_CACHE_MAX_AGE");
    let repo = chain();
    repo.az("cache gc --max-size 5").code(2).says("the unit is missing");
    repo.file("az.toml", "[cache]\nmax_size = 5\n").az("check").code(2).says("wants a size");
}

#[test]
fn what_was_left_half_stored_goes_too() {
    let repo = chain();
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.file(".azcache/v1/cas/ab/.az-0123456789abcdef.tmp", "half");
    repo.az("cache gc").code(0);
    assert!(!repo.path(".azcache/v1/cas/ab/.az-0123456789abcdef.tmp").exists());
    repo.az("build '*'").code(0).ran([]);
}
