//! L22 and L23: nothing that takes part in planning is overlooked, and every form of the answer says the same.

use super::declared;
use crate::repo::Repo;

fn unchanged() -> Repo {
    let repo =
        Repo::new().file("in/a", "1").script("0400_list.sh", &declared("in/*", "listed", "ls in > listed"));
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo
}

#[test]
fn l22_a_script_appears_and_goes() {
    let repo = unchanged();
    repo.script("0500_more.sh", &declared("in/a", "", "true")).az("build '*'").code(0).ran(["0500"]);
    repo.remove("scripts/0500_more.sh").az("build '*'").code(0).ran([]).not("0500");
    repo.script("sub/0600_deep.sh", "true").az("build '*'").code(0);
}

#[test]
fn l22_a_listed_folder_gains_and_loses_a_name() {
    let repo = unchanged();
    repo.file("in/b", "").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("listed"), "a\nb\n");
    repo.remove("in/b").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("listed"), "a\n");
}

#[test]
fn l22_a_configuration_appears() {
    let repo = unchanged();
    repo.file("az.toml", "[workspace]\nscripts = [\"tools\"]\n");
    repo.file("tools/0700_other.sh", declared("in/a", "", &repo.notes("0700")));
    repo.az("build '*'").ran(["0700"]);
}

#[test]
fn l22_rules_appear_and_change() {
    let repo = unchanged();
    let rule = |value: &str| {
        repo.file("rules/more.toml", format!("[[rule]]\nmatch = \"0400\"\nenv = {{ MODE = \"{value}\" }}\n"))
    };
    rule("one").az("build '*'").code(0).ran(["0400"]);
    rule("two").az("build '*'").code(0).ran(["0400"]);
    rule("one").az("build '*'").code(0).ran([]);
    repo.remove("rules/more.toml").az("build '*'").code(0).ran([]);
}

#[test]
fn l22_another_interpreter_appears_earlier_on_path() {
    let repo = Repo::new();
    let bin = repo.outside("repo/bin");
    let repo = repo.env("PATH", &format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()));
    repo.file(
        "scripts/0400_py.py",
        format!("# Inputs:\n# Outputs:\nimport os\nos.system(\"\"\"{}\"\"\")\n", repo.notes("py")),
    );
    if repo.sh("command -v python3").stdout().is_empty() {
        eprintln!("skipped: there is no python3");
        return;
    }
    repo.az("build '*'").code(0).ran(["py"]).az("build '*'").code(0).ran([]);
    repo.executable("bin/python3", &format!("#!/bin/sh\n{}\n", repo.notes("other")));
    repo.az("build '*'").code(0).ran(["other"]).says("python3");
    repo.remove("bin/python3").az("build '*'").code(0).ran([]);
}

#[test]
fn l22_a_condition_turns() {
    let repo = Repo::new().script(
        "0400_ci.sh",
        &format!("# Condition: $env:WANTED -eq 'yes'\n{}", declared("", "out", "echo 1 > out")),
    );
    repo.az("build '*'").code(0).ran([]).says("WANTED");
    repo.env("WANTED", "yes").az("build '*'").code(0).ran(["0400"]);
    repo.env("WANTED", "no").az("build '*'").code(0).ran([]);
    repo.env("WANTED", "yes").az("build '*'").code(0).ran([]);
}

#[test]
fn l23_every_form_of_the_answer_says_the_same() {
    let repo = Repo::new().file("a", "1").script(
        "0400_warn.sh",
        &format!("# ExitCodes: 2=warning\n{}", declared("a", "out", "cp a out; exit 2")),
    );
    let counts = |answer: &serde_json::Value| answer["counts"].clone();
    let first = repo.az("build '*' --json").json();
    assert_eq!((first["counts"]["ran"].as_u64(), first["exit_code"].as_u64()), (Some(1), Some(0)));
    let second = repo.az("build '*' --json").json();
    assert_eq!((second["counts"]["ran"].as_u64(), second["counts"]["cached"].as_u64()), (Some(0), Some(1)));
    assert_eq!(
        first["nodes"][0]["flags"], second["nodes"][0]["flags"],
        "the warning is kept with the result"
    );
    let lines = repo.az("build '*' --format jsonl");
    let last: serde_json::Value = serde_json::from_str(lines.stdout().lines().last().unwrap()).unwrap();
    assert_eq!(counts(&last), counts(&second));
    repo.az("build '*' --strict").code(4).az("build '*'").code(0);
    repo.az("build '*' --strict --json").code(4);
    assert_eq!(repo.scripts_run(), ["0400"], "it ran once only");
}
