//! L24 to L26: a person's work.

use super::traced;
use crate::repo::Repo;

/// Returns the texts of all files that were set aside.
fn kept(repo: &Repo) -> Vec<String> {
    let output = repo.sh("find .azcache/v1/kept -type f 2>/dev/null");
    let mut texts: Vec<String> = output.stdout().lines().map(|path| repo.read(path)).collect();
    texts.sort();
    texts
}

#[test]
fn l24_a_scaffold_that_a_person_filled_in_is_set_aside_and_named() {
    let Some(repo) = traced() else { return };
    repo.file("template", "{}").script("0002_scaffold.sh", "cp template config.json");
    repo.az("build '*'").code(0).ran(["0002"]);
    repo.edit("config.json", "hours of work");
    // `cp` looks at its target first, so the step runs.
    repo.az("build '*'").code(0).ran(["0002"]).says("set aside `config.json`").says(".azcache/v1/kept/");
    assert_eq!((repo.read("config.json"), kept(&repo)), ("{}".to_owned(), vec!["hours of work".to_owned()]));
    repo.edit("config.json", "more work").edit("template", "{1}");
    repo.az("build '*'").code(0).ran(["0002"]).says("set aside `config.json`");
    assert_eq!(repo.read("config.json"), "{1}");
    assert_eq!(kept(&repo), ["hours of work", "more work"]);
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l24_a_redirection_over_a_persons_work() {
    let Some(repo) = traced() else { return };
    repo.file("template", "{}").script("0002_scaffold.sh", "cat template > config.json");
    repo.az("build '*'").code(0).ran(["0002"]);
    repo.edit("config.json", "hours of work").az("build '*'").code(0).says("set aside `config.json`");
    assert_eq!((repo.read("config.json"), kept(&repo)), ("{}".to_owned(), vec!["hours of work".to_owned()]));
}

#[test]
fn l24_a_guarded_scaffold_leaves_a_persons_work() {
    let Some(repo) = traced() else { return };
    repo.file("template", "{}").script("0002_scaffold.sh", "[ -f config.json ] || cp template config.json");
    repo.az("build '*'").code(0).ran(["0002"]).az("build '*'").code(0).ran([]);
    repo.edit("config.json", "hours of work");
    for _ in 0..3 {
        repo.az("build '*'").code(0).not("set aside");
        assert_eq!(repo.read("config.json"), "hours of work");
    }
    repo.edit("template", "{1}").az("build '*'").code(0).not("set aside");
    repo.edit("config.json", "second draft").az("build '*'").code(0).not("set aside");
    repo.edit("config.json", "hours of work").az("build '*'").code(0).not("set aside");
    assert_eq!((repo.read("config.json"), kept(&repo)), ("hours of work".to_owned(), vec![]));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l24_the_very_first_run_over_a_persons_file() {
    let Some(repo) = traced() else { return };
    repo.file("template", "{}").file("config.json", "hours of work");
    repo.script("0002_scaffold.sh", "[ -f config.json ] || cp template config.json");
    repo.az("build '*'").code(0).ran(["0002"]).az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("config.json"), "hours of work");
    repo.remove("config.json").az("build '*'").code(0).ran(["0002"]);
    assert_eq!(repo.read("config.json"), "{}");
    repo.file("config.json", "hours of work").az("build '*'").code(0);
    assert_eq!(repo.read("config.json"), "hours of work");
}

#[test]
fn l25_a_persons_version_and_what_descends_from_it_is_set_aside() {
    let Some(repo) = traced() else { return };
    repo.file("source", "generated\n").script("0400_generate.sh", "cp source out");
    repo.script("0410_format.sh", "sort -o out out");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]);
    repo.edit("out", "my line\nanother\n").az("build 0410").code(0).ran(["0410"]);
    assert_eq!(repo.read("out"), "another\nmy line\n");
    repo.az("build '*'").code(0).says("set aside `out`");
    assert_eq!(repo.read("out"), "generated\n");
    assert!(kept(&repo).contains(&"another\nmy line\n".to_owned()));
}

#[test]
fn l25_a_file_dropped_beside_outputs_stays_on_every_branch() {
    let Some(repo) = traced() else { return };
    let body = "mkdir -p dist; rm -f dist/a dist/b; read -r name < branch; cp branch dist/$name";
    repo.file("branch", "a\n").script("0400_make.sh", body);
    repo.az("build '*'").code(0).edit("branch", "b\n").az("build '*'").code(0).ran(["0400", "0400"]);
    repo.edit("branch", "a\n").file("dist/mine", "precious").az("build '*'").code(0);
    repo.edit("branch", "b\n").az("build '*'").code(0).not("set aside");
    assert_eq!(repo.read("dist/mine"), "precious");
    repo.edit("branch", "a\n").az("build '*'").code(0).sh("ls dist").not("b");
    assert_eq!(repo.read("dist/mine"), "precious");
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
    repo.remove("dist/mine").az("build '*'").code(0).not("set aside");
    assert!(!repo.has_path("dist/mine"), "what a person removed does not come back");
}

#[test]
fn l26_a_deleted_output_comes_back() {
    let Some(repo) = traced() else { return };
    let body = "cp source out; mkdir -p folder/deep; cp source folder/deep/x";
    repo.file("source", "1").script("0400_make.sh", body);
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.remove("out").az("build '*'").code(0).ran([]).says("brought back");
    assert_eq!(repo.read("out"), "1");
    repo.remove("folder").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("folder/deep/x"), "1");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l26_a_file_that_was_deleted_by_a_step_and_made_again_by_a_person_is_not_lost() {
    let Some(repo) = traced() else { return };
    repo.file("work/a.old", "rubbish").file("work/keep", "").script("0400_clean.sh", "rm -f work/a.old");
    repo.az("build '*'").code(0).ran(["0400"]);
    assert!(!repo.has_path("work/a.old"));
    repo.az("build '*'").code(0).ran([]);
    repo.file("work/a.old", "a person's").az("build '*'").code(0);
    let is_there = repo.has_path("work/a.old") && repo.read("work/a.old") == "a person's";
    assert!(is_there || kept(&repo) == ["a person's"]);
}
