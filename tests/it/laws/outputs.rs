//! L1 to L4: a step and its own outputs.

use super::declared;
use crate::repo::Repo;

/// A step that writes `dist` from the folder that the file `branch` names.
fn branches() -> Repo {
    Repo::new()
        .file("branch", "a")
        .script(
            "0400_make.sh",
            &declared(
                "branch",
                "dist",
                "rm -rf dist; mkdir dist; read -r name < branch; echo $name > dist/$name",
            ),
        )
        .script("0410_pack.sh", &declared("dist/*", "packed", "ls dist > packed"))
}

#[test]
fn l1_a_step_may_remove_and_probe_what_it_makes() {
    Repo::new()
        .file("source", "1")
        .script(
            "0400_link.sh",
            &declared(
                "source",
                "o",
                "mkdir -p o; [ ! -e o/app ] || rm o/app; cp source o/app; date +%N > o/stamp",
            ),
        )
        .az("build '*'")
        .ran(["0400"])
        .az("build '*'")
        .ran([])
        .edit("source", "2")
        .az("build '*'")
        .ran(["0400"])
        .az("build '*'")
        .ran([])
        .sh("cat o/app")
        .says("2");
}

#[test]
fn l2_a_formatter_settles() {
    let repo = Repo::new()
        .file("source", "b\na\n")
        .script("0400_format.sh", &declared("source", "source", "sort -o source source"));
    repo.az("build '*'").ran(["0400"]);
    assert_eq!(repo.read("source"), "a\nb\n");
    repo.az("build '*'").ran(["0400"]).az("build '*'").ran([]).az("build '*'").ran([]);
    assert_eq!(repo.read("source"), "a\nb\n");
}

#[test]
fn l3_going_back_to_a_branch_brings_back_its_files_and_no_others() {
    let repo = branches();
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
    repo.edit("branch", "b").az("build '*'").code(0).ran(["0400", "0410"]);
    assert_eq!(repo.read("packed"), "b\n");
    repo.edit("branch", "a").az("build '*'").code(0).ran([]).sh("ls dist").says("a").not("b");
    assert_eq!((&*repo.read("packed"), &*repo.read("dist/a")), ("a\n", "a\n"));
    repo.edit("branch", "b").az("build '*'").code(0).ran([]).sh("ls dist").says("b").not("a");
    assert_eq!(repo.read("packed"), "b\n");
    // A plan tells what would go as well as what would come.
    repo.file("dist/a", "a\n").az("plan 0400").says("unchanged; would remove dist/a");
    repo.edit("branch", "a").az("plan 0400").not("bring back dist/b").says("would remove dist/b");
}

#[test]
fn l3_a_file_dropped_into_an_output_makes_the_step_run() {
    let repo = branches();
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
    repo.file("dist/mine", "by hand").az("build '*'").code(0).ran(["0400"]).says("dist/mine");
    assert_eq!(repo.read("packed"), "a\n");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l4_any_number_of_variants_there_and_back() {
    let repo = Repo::new().file("template", "").script(
        "0400_copy.sh",
        &declared("template", "config", "[ -e config ] && rm config; cp template config"),
    );
    let variants = ["one", "two", "three", "four", "five"];
    for variant in variants {
        repo.edit("template", variant).az("build '*'").code(0).ran(["0400"]);
        assert_eq!(repo.read("config"), variant);
    }
    for variant in variants.into_iter().chain(variants.into_iter().rev()) {
        repo.edit("template", variant).az("build '*'").code(0).ran([]);
        assert_eq!(repo.read("config"), variant);
    }
}

#[test]
fn an_output_outside_the_workspace_is_checked_and_never_brought_back() {
    let repo = Repo::new().file("source", "1");
    let outside = repo.outside("elsewhere");
    let body = format!("cat source > '{}'", outside.display());
    repo.script("0400_out.sh", &declared("source", &outside.display().to_string(), &body));
    repo.az("build '*'").code(0).ran(["0400"]).az("build '*'").code(0).ran([]);
    std::fs::remove_file(&outside).unwrap();
    repo.az("build '*'").code(0).ran(["0400"]).says("outside the workspace is not as it left it");
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "1");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn a_program_that_acts_for_its_owner_is_made_by_the_step_alone() {
    let repo = Repo::new().script("0400_make.sh", "echo '#!/bin/sh' > tool\nchmod 4755 tool");
    repo.az("build '*'").ran(["0400"]);
    repo.az("build '*'").ran(["0400"]).says("acts for its owner");
    repo.sh("rm tool").code(0);
    repo.az("build '*'").ran(["0400"]);
    repo.sh("test -u tool").code(0);
}
