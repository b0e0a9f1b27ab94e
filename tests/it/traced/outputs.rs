//! L1 to L4: a step and its own outputs.

use super::{Course, has, traced};
use crate::repo::Repo;

#[test]
fn l1_a_step_may_remove_and_probe_what_it_makes() {
    let Some(repo) = traced() else { return };
    let body = "mkdir -p o; [ ! -e o/app ] || rm o/app; cp source o/app; date +%N > o/stamp";
    repo.file("source", "1").script("0400_link.sh", body);
    let mut course = Course::new(&repo, "o/app");
    course.after("nothing", &["0400"]);
    repo.edit("source", "2");
    course.after("an edit", &["0400"]).as_clean("an edit");
    repo.edit("source", "1");
    course.after("the way back", &[]).as_clean("the way back").end();
}

#[test]
fn l1_a_linker_probes_and_removes_its_output() {
    let Some(repo) = traced().filter(|repo| has(repo, "gcc --version")) else { return };
    repo.file("main.c", "int main(void) { return 0; }\n");
    repo.script("0400_link.sh", "mkdir -p o; gcc -c main.c -o o/main.o; gcc o/main.o -o o/app");
    let mut course = Course::new(&repo, "o");
    course.after("nothing", &["0400"]);
    repo.edit("main.c", "int main(void) { return 3; }\n");
    course.after("an edit", &["0400"]);
    repo.edit("main.c", "int main(void) { return 0; }\n");
    course.after("the way back", &[]).as_clean("the way back").end();
}

#[test]
fn l1_python_keeps_what_it_compiled() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    repo.file("lib/thing.py", "value = 1\n");
    repo.script("0400_run.sh", "cd lib; python3 -c 'import thing; print(thing.value)' > ../out");
    let mut course = Course::new(&repo, "out");
    course.after("nothing", &["0400"]);
    repo.edit("lib/thing.py", "value = 22\n");
    course.after("an edit", &["0400"]).as_clean("an edit");
    repo.remove("lib/__pycache__");
    course.after("the loss of what was compiled", &[]);
    repo.edit("lib/thing.py", "value = 1\n");
    course.after("the way back", &[]).as_clean("the way back").end();
}

#[test]
fn l1_temporary_files_renamed_into_place() {
    let Some(repo) = traced() else { return };
    repo.file("source", "1").script("0400_make.sh", "cp source out.tmp.$$; mv out.tmp.$$ out");
    let mut course = Course::new(&repo, "out");
    course.after("nothing", &["0400"]);
    repo.edit("source", "2");
    course.after("an edit", &["0400"]);
    repo.edit("source", "1");
    course.after("the way back", &[]).as_clean("the way back").end();
}

#[test]
fn l2_a_formatter_settles() {
    let Some(repo) = traced() else { return };
    repo.file("source", "b\na\n").script("0400_format.sh", "sort -o source source");
    repo.az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("source"), "a\nb\n");
    repo.az("build '*'")
        .code(0)
        .ran(["0400"])
        .az("build '*'")
        .code(0)
        .ran([])
        .az("build '*'")
        .code(0)
        .ran([]);
    assert_eq!(repo.read("source"), "a\nb\n");
    repo.edit("source", "b\na\n").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("source"), "a\nb\n");
    repo.sh("rm -rf .azcache/v1/gate").code(0).az("build '*'").code(0).ran([]);
}

/// A step that writes `dist` from the name in the file `branch`, and one that packs all of it.
fn branches() -> Option<Repo> {
    let make = "rm -rf dist; mkdir dist; read -r name < branch; echo $name > dist/$name";
    let repo = traced()?.file("branch", "a\n").script("0400_make.sh", make);
    Some(repo.script("0410_pack.sh", "ls dist > packed; cat dist/* >> packed"))
}

#[test]
fn l3_going_back_to_a_branch_brings_back_its_files_and_no_others() {
    let Some(repo) = branches() else { return };
    let mut course = Course::new(&repo, "dist packed");
    course.after("nothing", &["0400", "0410"]);
    repo.edit("branch", "b\n");
    course.after("another branch", &["0400", "0410"]).as_clean("another branch");
    for branch in ["a\n", "b\n", "a\n"] {
        repo.edit("branch", branch);
        course.after("a known branch", &[]).as_clean("a known branch");
    }
    course.end();
}

#[test]
fn l3_a_file_dropped_into_an_output_makes_the_step_run() {
    let Some(repo) = branches() else { return };
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]);
    repo.file("dist/mine", "by hand").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("packed"), "a\na\n");
    repo.az("build '*'").code(0).ran([]);
}

/// Claims that any number of variants of `template` are found again, there and back.
fn variants(body: &str) {
    let Some(repo) = traced() else { return };
    repo.file("template", "").script("0400_copy.sh", body);
    let variants = ["one", "two", "three", "four", "five"];
    for variant in variants {
        repo.edit("template", variant).az("build '*'").code(0).ran(["0400"]);
        assert_eq!(repo.read("config"), variant);
    }
    for variant in variants.into_iter().chain(variants.into_iter().rev()) {
        repo.edit("template", variant).az("build '*' --explain").code(0).ran([]);
        assert_eq!(repo.read("config"), variant);
    }
}

#[test]
fn l4_copies_there_and_back() {
    variants("cp template config");
}

#[test]
fn l4_removals_and_copies_there_and_back() {
    variants("[ -e config ] && rm config; cp template config");
}

#[test]
fn l4_installs_there_and_back() {
    variants("install -m 644 template config");
}

#[test]
fn l4_links_there_and_back() {
    variants("mkdir -p o; cp template o/$(cat template); ln -sf o/$(cat template) config");
}

#[test]
fn a_step_that_reads_its_own_link_depends_on_it() {
    let Some(repo) = traced() else { return };
    repo.file("a", "1").file("b", "2").file("d/x", "3");
    for (read, was, becomes) in [("readlink config", "a\n", "b\n"), ("cat config", "1", "2")] {
        repo.script("0400_link.sh", "ln -sf a config").az("build '*'").code(0);
        let body = format!("{read} > seen; ln -sf b config");
        _ = repo.script("0400_link.sh", &body).az("build '*'").code(0).scripts_run();
        assert_eq!(repo.read("seen"), was);
        repo.az("build '*'").code(0).ran(["0400"]);
        assert_eq!(repo.read("seen"), becomes);
        repo.az("build '*'").code(0).ran([]);
    }
    // So does what is entered through it.
    repo.script("0400_link.sh", "ln -sfn d config").az("build '*'").code(0);
    repo.script("0400_link.sh", "(cd config && ls) > seen; ln -sfn . config").az("build '*'").code(0);
    assert_eq!(repo.read("seen"), "x\n");
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran(["0400"]);
    assert!(repo.read("seen").contains("seen\n"));
}

#[test]
fn a_link_that_a_person_made_is_no_own_link() {
    let Some(repo) = traced() else { return };
    repo.file("a", "1").file("b", "2").script("0400_link.sh", "ln -sf a config");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.remove("config").link("config", "b").az("build '*'").code(0).ran(["0400"]);
    repo.sh("readlink config").says("a");
}

#[test]
fn l4_hard_links_there_and_back() {
    variants("mkdir -p o; rm -f o/x; cp template o/x; ln -f o/x config");
}

#[test]
fn l4_make_there_and_back() {
    if traced().is_some_and(|repo| has(&repo, "make --version")) {
        variants(
            "printf 'config: template\\n\\tcp template config\\n' > rules.mk; make -B -s -f rules.mk config",
        );
    }
}

#[test]
fn l4_what_make_thinks_is_up_to_date_is_made_by_az() {
    let Some(repo) = traced().filter(|repo| has(repo, "make --version")) else { return };
    repo.file("rules.mk", "config: template\n\tcp template config\n").file("template", "1");
    repo.script("0400_make.sh", "make -s -f rules.mk config");
    let mut course = Course::new(&repo, "config");
    course.after("nothing", &["0400"]);
    repo.edit("template", "2");
    course.after("an edit", &["0400"]).as_clean("an edit");
    repo.touch("template");
    course.after("a touch", &[]);
    repo.edit("template", "1");
    course.after("the way back", &[]).as_clean("the way back").end();
}

#[test]
fn a_mode_that_a_step_found_is_not_brought_back() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").executable("out", "by hand").script("0400_write.sh", "cat in > out");
    let mode = || repo.sh("stat -c %a out");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    mode().says("755");
    repo.remove("out").az("build '*'").code(0).ran(["0400"]).says("had the mode of a file");
    mode().says("644");
    repo.az("build '*'").code(0).ran([]).remove("out").az("build '*'").code(0).ran([]);
    mode().says("644");
}

#[test]
fn a_mode_that_a_step_gives_is_brought_back() {
    for body in
        ["cat in > out; chmod 755 out", "cp in out", "install -m 755 in out", "cat in > new; mv new out"]
    {
        let Some(repo) = traced() else { return };
        repo.executable("in", "1").script("0400_make.sh", body).az("build '*'").code(0).ran(["0400"]);
        let mode = repo.sh("stat -c %a out").stdout().to_owned();
        // Each further result is made where one is already.
        for text in ["2", "3"] {
            repo.edit("in", text).az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
        }
        repo.remove("out").az("build '*'").code(0).ran([]);
        assert_eq!(
            (repo.read("out"), repo.sh("stat -c %a out").stdout().to_owned()),
            ("3".to_owned(), mode),
            "{body}"
        );
    }
}

#[test]
fn a_folder_outside_the_workspace_that_is_made_sure_of_is_nobodys() {
    let Some(repo) = traced() else { return };
    let outside = repo.outside("deep").display().to_string();
    repo.script("0400_make.sh", &format!("mkdir -p {outside}/er; echo 1 > {outside}/er/out"));
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    repo.az("inputs 0400").code(0).says("deep/er/out (made)").says("deep (made)").not("(made again)");
    repo.sh(&format!("rm -r {outside}")).code(0).az("build '*'").code(0).ran(["0400"]);
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn an_output_outside_the_workspace_is_checked_and_never_brought_back() {
    let Some(repo) = traced() else { return };
    repo.file("source", "1").script("0400_out.sh", "cat source > ../elsewhere");
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    std::fs::remove_file(repo.outside("elsewhere")).unwrap();
    repo.az("build '*'").code(0).ran(["0400"]).says("outside the workspace is not as it left it");
    repo.az("build '*'").code(0).ran([]).sh("cat ../elsewhere").says("1");
}

#[test]
fn what_names_the_workspace_is_made_again_where_that_moved() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_here.sh", "pwd > here").script("0410_copy.sh", "cat in > copy");
    repo.script("0420_link.sh", "ln -sfn \"$(pwd)/in\" link").script("0430_config.sh", "cat here > config");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410", "0420", "0430"]);
    repo.az("build '*'").code(0).ran([]);
    let moved = |line: &str| repo.sh(&format!("cd ../moved && {line}"));
    let az = env!("CARGO_BIN_EXE_az");
    _ = repo.sh("cp -a . ../moved").code(0);
    let output = moved(&format!("{az} build '*' --explain"));
    assert!(output.is_success(), "{output}");
    output.says("what it left names `");
    let mut ran = repo.scripts_run();
    ran.sort();
    ran.dedup();
    assert_eq!(ran, ["0400", "0420", "0430"], "{output}");
    let place = repo.outside("moved").canonicalize().unwrap();
    assert_eq!(repo.read("../moved/config"), format!("{}\n", place.display()));
    assert_eq!(std::fs::read_link(place.join("link")).unwrap(), place.join("in"));
    assert!(moved(&format!("{az} build '*'")).is_success());
    assert!(repo.scripts_run().is_empty());
    // Where it was nothing changed.
    repo.az("build '*'").code(0).ran([]);
}
