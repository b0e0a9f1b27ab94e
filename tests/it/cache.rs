//! `az cache`.

use std::fs;

use serde_json::{Value, json};

use crate::{filters::assert_snapshot, repo::Repo, runs::chain};

fn keys(repo: &Repo) -> Vec<String> {
    let list = repo.az("cache list --json").json();
    let key = |entry: &Value| entry["key"].as_str().unwrap().to_owned();
    list["entries"].as_array().unwrap().iter().map(key).collect()
}

#[test]
fn an_empty_cache_is_no_error_and_asking_makes_none() {
    let repo = chain();
    repo.az("cache").code(0).says("0 usable");
    repo.az("cache list").code(0).says("the cache is empty");
    repo.az("cache show ab").code(2).says("AZ0804").says("`az build` fills it");
    repo.az("cache key 0100").code(0).says("no usable record");
    repo.az("cache clear").code(0).says("removed 0 entries");
    assert!(!repo.path(".azcache").exists());
}

#[test]
fn entries_are_counted_listed_and_shown() {
    let repo = chain();
    repo.script("0300_bad.sh", "# Inputs: x\n# Outputs:\nexit 9");
    repo.az("build '*' --continue-on-error").code(10);
    let status = repo.az("cache status --json").json();
    assert_eq!(status["schema"], "az.cache.status/v1");
    assert_eq!((&status["entries"], &status["usable"], &status["failed"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!((&status["runs"], &status["kept"], &status["damaged"]), (&json!(1), &json!(0), &json!(false)));
    assert!(status["blob_bytes"].as_u64().unwrap() > 0);
    assert_eq!(status["hit_rate"], json!({ "runs": 1, "reused": 0, "steps": 3 }));
    repo.az("build '*' --continue-on-error").code(10);
    assert_eq!(
        repo.az("cache status --json").json()["hit_rate"],
        json!({ "runs": 2, "reused": 2, "steps": 6 })
    );
    // Steps that overlap are committed in any order.
    let list = repo.az("cache list").code(0).stdout().to_owned();
    let mut lines: Vec<&str> = list.lines().collect();
    lines[1..].sort_unstable_by_key(|line| line.split_whitespace().nth(1).unwrap().to_owned());
    assert_snapshot(&repo, "cache_list", &(lines.join("\n") + "\n"));
    let key = repo.az("cache key 0200 '*' --json").json()["key"].as_str().unwrap().to_owned();
    assert_snapshot(&repo, "cache_show", repo.az(&format!("cache show {}", &key[..12])).code(0).stdout());
    assert_snapshot(&repo, "cache_show_json", repo.az(&format!("cache show {key} --json")).code(0).stdout());
}

#[test]
fn a_mistyped_key_gets_the_nearest_one() {
    let repo = chain();
    repo.az("build '*'").code(0);
    let key = keys(&repo)[0].clone();
    let mut mistyped = key[..12].to_owned();
    mistyped.replace_range(5..6, "x");
    repo.az(&format!("cache show {mistyped}"))
        .code(2)
        .says("AZ0804")
        .says(&format!("did you mean `{}`?", &key[..12]));
    repo.az("cache show ''").code(2).says("AZ0804").says("say which");
}

#[test]
fn the_key_of_a_step_is_the_one_its_record_gets_and_follows_its_inputs() {
    let repo = chain();
    let key = |line: &str| repo.az(&format!("cache key {line} --json")).code(0).json();
    let before = key("0100");
    assert_eq!((&before["node"], &before["recorded"]), (&json!("0100_make"), &json!(false)));
    assert_eq!(key("0200 '*'")["waits_for"], json!(["0100_make"]));
    repo.az("build '*'").code(0);
    // What it was seen to read is part of it now.
    let after = key("0100");
    assert_ne!(after["key"], before["key"]);
    assert_eq!(after["recorded"], true);
    assert!(keys(&repo).iter().any(|key| after["key"] == **key));
    // What the step before it left is the input, on disk or not.
    let counted = key("0200 '*'");
    repo.remove("out.txt");
    assert_eq!(key("0200 '*'"), counted);
    repo.file("in.txt", "other");
    assert_ne!(key("0100")["key"], before["key"]);
    repo.az("cache key 0999").code(3).says("AZ0104");
    repo.az("cache key 0200 0100").code(2).says("AZ0904").says("did you mean `0100`?");
}

#[test]
fn clearing_costs_re_runs_and_never_what_was_set_aside() {
    let repo = chain();
    repo.az("build '*'").code(0);
    repo.file("out.txt", "edited by hand").az("build '*'").code(0).says("set aside");
    repo.scripts_run();
    let kept = || repo.sh("cat .azcache/v1/kept/*/*").stdout().to_owned();
    assert_eq!(kept(), "edited by hand");
    repo.az("cache clear").code(0).says("removed 2 entries").says("left in .azcache/v1/kept: 1 file");
    assert_eq!(kept(), "edited by hand");
    assert_eq!(repo.sh("cd .azcache/v1; echo *").stdout(), "kept lock\n");
    repo.az("cache list").code(0).says("the cache is empty");
    repo.az("build '*'").code(0).ran(["0100", "0200"]);
    repo.az("build '*'").code(0).ran([]);
    let cleared = repo.az("cache clear --json").json();
    assert_eq!(
        (&cleared["schema"], &cleared["entries"], &cleared["runs"]),
        (&json!("az.cache.cleared/v1"), &json!(2), &json!(1))
    );
}

#[test]
fn clearing_waits_for_an_az_at_work_and_is_refused_from_inside_it() {
    let az = env!("CARGO_BIN_EXE_az");
    let repo = Repo::new().script(
        "0100_a.sh",
        &format!(
            "# PassEnv: AZ_PARENT\n'{az}' cache clear; echo code $?; touch started; sleep 0.5; touch ended"
        ),
    );
    repo.sh(&format!(
        "'{az}' build 0100 & while ! test -e started; do sleep 0.02; done; '{az}' cache clear; test -e ended; echo order $?; wait"
    ))
    .code(0)
    .says("waiting for another az")
    .says("removed 1 entry")
    .says("order 0");
    repo.az("build 0100 -vv").code(0).says("AZ0906").says("code 75");
}

#[test]
fn an_export_has_the_old_layout_and_all_that_is_known() {
    let repo = chain();
    repo.az("build '*'").code(0);
    repo.az("cache export old --layout orchestration").code(0).says("wrote 2 entries and 2 artifacts to old");
    let key = repo.az("cache key 0100 --json").json()["key"].as_str().unwrap().to_owned();
    let read = |path: &str| serde_json::from_str::<Value>(&repo.read(path)).unwrap();
    let result = read(&format!("old/results/{key}.json"));
    assert_eq!(
        (&result["Success"], &result["ExitCode"], &result["Output"]),
        (&json!(true), &json!(0), &json!("made it\n"))
    );
    let metadata = read(&format!("old/metadata/{key}.meta.json"));
    assert_eq!(metadata["Scripts"], json!(["scripts/0100_make.sh"]));
    assert_eq!(repo.read(&format!("old/artifacts/{key}/out.txt")), "one\n");
    // Again into the same folder, and never into another.
    repo.az("cache export old").code(0);
    repo.az("cache export scripts").code(2).says("is no export of a cache").says("0100_make.sh");
    assert_eq!(fs::read_dir(repo.path("scripts")).unwrap().count(), 2);
}

#[test]
fn a_secret_is_in_nothing_that_is_shown_or_exported() {
    let repo = Repo::new()
        .script("0100_a.sh", "# Env: API_TOKEN\n# Inputs: in.txt\n# Outputs: out.txt\ntouch out.txt");
    repo.file("in.txt", "").env("API_TOKEN", "hunter2-hunter2");
    repo.az("build 0100").code(0);
    let before = repo.az("cache key 0100 --json").json()["key"].clone();
    for verb in
        ["cache key 0100", "cache list", "why 0100 --cached", "why 0100 --cached --json", "runs show --json"]
    {
        repo.az(verb).code(0).not("hunter2");
    }
    repo.az(&format!("cache show {}", before.as_str().unwrap()))
        .code(0)
        .says("(value hidden)")
        .not("hunter2");
    repo.az("cache export old").code(0);
    repo.sh("grep -r hunter2 old .azcache").code(1);
    // Hidden, and part of the key all the same.
    repo.env("API_TOKEN", "another-secret-value");
    assert_ne!(repo.az("cache key 0100 --json").json()["key"], before);
    repo.az("build 0100").code(0).ran(["0100", "0100"]).says("secret API_TOKEN changed");
}
