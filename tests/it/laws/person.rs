//! L24 to L26: a person's work.

use super::declared;
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
    let repo = Repo::new()
        .file("template", "{}")
        .script("0002_scaffold.sh", &declared("template", "config.json", "cp template config.json"));
    repo.az("build '*'").code(0).ran(["0002"]);
    repo.edit("config.json", "hours of work");
    repo.az("build '*'").code(0).ran(["0002"]).says("set aside `config.json`").says(".azcache/v1/kept/");
    assert_eq!(repo.read("config.json"), "{}");
    assert_eq!(kept(&repo), ["hours of work"]);
    // And when the step has to run.
    repo.edit("config.json", "more work").edit("template", "{1}");
    repo.az("build '*'").code(0).ran(["0002"]).says("set aside `config.json`");
    assert_eq!(repo.read("config.json"), "{1}");
    assert_eq!(kept(&repo), ["hours of work", "more work"]);
}

#[test]
fn l24_what_a_step_writes_without_a_look_is_brought_back_over_a_persons_version() {
    let repo = Repo::new()
        .file("template", "{}")
        .script("0002_scaffold.sh", &declared("template", "config.json", "cat template > config.json"));
    repo.az("build '*'").code(0).ran(["0002"]);
    repo.edit("config.json", "hours of work");
    repo.az("build '*'").code(0).ran([]).says("set aside `config.json`").says(".azcache/v1/kept/");
    assert_eq!(repo.read("config.json"), "{}");
    assert_eq!(kept(&repo), ["hours of work"]);
}

#[test]
fn l24_a_guarded_scaffold_leaves_a_persons_work() {
    let repo = Repo::new().file("template", "{}").script(
        "0002_scaffold.sh",
        &declared("template, config.json", "config.json", "[ -f config.json ] || cp template config.json"),
    );
    repo.az("build '*'").code(0).ran(["0002"]);
    repo.edit("config.json", "hours of work");
    for _ in 0..3 {
        repo.az("build '*'").code(0).not("set aside");
        assert_eq!(repo.read("config.json"), "hours of work");
    }
    repo.edit("template", "{1}").az("build '*'").code(0).not("set aside");
    assert_eq!(repo.read("config.json"), "hours of work");
    assert_eq!(kept(&repo), [""; 0]);
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l24_the_guarded_scaffold_does_not_bring_an_old_state_back() {
    let repo = Repo::new().file("template", "{}").script(
        "0002_scaffold.sh",
        &declared("template, config.json", "config.json", "[ -f config.json ] || cp template config.json"),
    );
    repo.az("build '*'").code(0);
    repo.edit("config.json", "first draft").az("build '*'").code(0);
    repo.edit("config.json", "second draft").az("build '*'").code(0);
    repo.edit("config.json", "first draft").az("build '*'").code(0);
    assert_eq!(repo.read("config.json"), "first draft");
    assert_eq!(kept(&repo), [""; 0]);
}

#[test]
fn l25_a_persons_version_and_what_descends_from_it_is_set_aside() {
    let repo = Repo::new()
        .file("source", "generated\n")
        .script("0400_generate.sh", &declared("source", "out", "cp source out"))
        .script("0410_format.sh", &declared("out", "out", "sort -o out out"));
    repo.az("build '*'").code(0).ran_in_order(["0400", "0410"]);
    repo.edit("out", "my line\nanother\n").az("build 0410").code(0).ran(["0410"]);
    assert_eq!(repo.read("out"), "another\nmy line\n");
    repo.az("build '*'").code(0).says("set aside `out`");
    assert_eq!(repo.read("out"), "generated\n");
    assert_eq!(kept(&repo), ["another\nmy line\n"]);
}

#[test]
fn l26_a_deleted_output_comes_back() {
    let repo = Repo::new().file("source", "1").script(
        "0400_make.sh",
        &declared("source", "out, folder", "cp source out; mkdir -p folder/deep; cp source folder/deep/x"),
    );
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.remove("out").az("build '*'").code(0).ran([]).says("brought back");
    assert_eq!(repo.read("out"), "1");
    repo.remove("folder").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("folder/deep/x"), "1");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l26_a_file_that_was_deleted_by_a_step_and_made_again_by_a_person_stays() {
    let repo = Repo::new()
        .file("source", "1")
        .file("work/a.old", "rubbish")
        .file("work/keep", "")
        .script("0400_clean.sh", &declared("source", "work/*.old", "rm -f work/a.old"));
    repo.az("build '*'").code(0).ran(["0400"]);
    assert!(!repo.has_path("work/a.old"));
    repo.az("build '*'").code(0).ran([]);
    repo.file("work/a.old", "a person's").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("work/a.old"), "a person's");
}

#[test]
fn l26_a_step_that_looks_for_what_it_deletes_runs_and_the_persons_file_is_kept() {
    let repo = Repo::new()
        .file("work/a.old", "rubbish")
        .file("work/keep", "")
        .script("0400_clean.sh", "rm -f work/*.old");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.file("work/a.old", "a person's")
        .az("build '*'")
        .code(0)
        .ran(["0400"])
        .says("set aside `work/a.old`");
    assert_eq!(kept(&repo), ["a person's"]);
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l25_a_file_dropped_beside_outputs_stays_on_every_branch() {
    let body = "mkdir -p dist; rm -f dist/a dist/b; read -r name < branch; cp branch dist/$name";
    let repo = Repo::new().file("branch", "a\n").script("0400_make.sh", &declared("branch", "dist", body));
    repo.az("build '*'").code(0).edit("branch", "b\n").az("build '*'").code(0).ran(["0400", "0400"]);
    repo.edit("branch", "a\n").file("dist/mine", "precious").az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*'").code(0).ran([]);
    repo.edit("branch", "b\n").az("build '*'").code(0).ran([]).not("set aside");
    assert_eq!(repo.read("dist/mine"), "precious");
    repo.edit("branch", "a\n").az("build '*'").code(0).ran([]).sh("ls dist").not("b");
    assert_eq!(repo.read("dist/mine"), "precious");
    repo.remove("dist/mine").az("build '*'").code(0).not("set aside");
    assert!(!repo.has_path("dist/mine"), "what a person removed does not come back");
}

#[test]
fn l25_nothing_is_written_through_a_link_out_of_the_workspace() {
    let repo = Repo::new()
        .file("source", "1")
        .script("0400_make.sh", &declared("source", "dist", "mkdir -p dist; cp source dist/made"));
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.remove("dist").sh("mkdir ../mine && echo precious > ../mine/made && ln -s ../mine dist").code(0);
    // az puts nothing behind the link; the script may, and what it meets there is set aside first.
    repo.az("build '*'").code(0).ran(["0400"]).says("set aside `dist/made`");
    repo.sh("cat .azcache/v1/kept/*/dist~made").says("precious");
    repo.sh("rm dist").code(0).az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("dist/made"), "1");
}

#[test]
fn l24_a_failure_in_between_does_not_make_az_forget_whose_file_it_is() {
    let repo = Repo::new()
        .file("in", "1")
        .script("0400_make.sh", &declared("in", "out", "if grep -q bad in; then exit 1; fi; cp in out"));
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.edit("out", "mine").edit("in", "bad").az("build '*'").code(1).ran(["0400"]);
    assert_eq!(repo.read("out"), "mine");
    repo.edit("in", "2").az("build '*'").code(0).ran(["0400"]).says("set aside `out`");
    assert_eq!((repo.read("out"), kept(&repo)), ("2".to_owned(), vec!["mine".to_owned()]));
}

#[test]
fn l24_what_a_step_overwrote_is_kept_also_if_its_end_is_not_known() {
    // The parent of a step is the guard.
    let lost = "cp in out; if grep -q 2 in; then kill -KILL $PPID; sleep 60; fi";
    let repo = Repo::new().file("in", "1").script("0400_make.sh", &declared("in", "out", lost));
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.edit("out", "mine").edit("in", "2").az("build '*'").code(1).ran(["0400"]).says("AZ0706");
    assert_eq!((repo.read("out"), kept(&repo)), ("2".to_owned(), vec!["mine".to_owned()]));
}
