//! `az NNNN`: one script by its number.

use crate::repo::Repo;

fn world() -> Repo {
    Repo::new()
        .script("0201_a.sh", "echo \"first $*\"; exit 7")
        .script("0210_b.sh", "echo second")
        .script("0211_c.sh", "echo third")
        .script("0300_d.sh", "echo fourth")
        .script("0300_e.sh", "echo fifth")
}

#[test]
fn three_digits_are_the_start_of_a_number() {
    world().az("020").code(7).says("first").ran(["0201"]);
    world().az("030").code(2).says("`scripts/0300_d.sh`").says("`scripts/0300_e.sh`").ran([]);
    let several = world().az("021");
    several
        .code(2)
        .says("AZ0105")
        .says("`scripts/0210_b.sh`")
        .says("`scripts/0211_c.sh`")
        .not("0201_a")
        .ran([]);
    world().az("0300").code(2).says("AZ0105").ran([]);
    world().az("022").code(2).says("AZ0104").says("the closest is `az 0211`").ran([]);
}

#[test]
fn what_follows_is_the_scripts_own() {
    let repo = world();
    repo.az("0201 -- --force -x 'a b'").code(7).says("first --force -x a b\n").ran(["0201"]);
    repo.az("0201 one --force").code(7).says("first one --force\n").ran(["0201"]);
    repo.az("0201 -Verbose").code(7).says("first -Verbose\n").ran(["0201"]);
}

#[test]
fn a_number_means_its_script_whatever_that_is_called() {
    for name in ["0400_with blank.sh", "0400_a,b!c.sh", "0400_stage:x.sh", "0400_[x]*.sh", "0400_'q'.sh"] {
        let repo = Repo::new();
        repo.executable(&format!("scripts/{name}"), "#!/bin/sh\necho fine\n");
        repo.az("0400").code(0).says("fine");
        repo.az("check --strict").code(0);
    }
    let twins = Repo::new().script("0400_x.sh", "echo shell").file("scripts/other/0410_x.sh", "echo twin\n");
    twins.file("scripts/0410_y.sh", "echo y\n").remove("scripts/0410_y.sh");
    twins.az("0410").code(0).says("twin");
    let same =
        Repo::new().file("scripts/one/0420_x.sh", "echo 1\n").file("scripts/two/0420_x.sh", "echo 2\n");
    same.az("0420").code(2).says("`scripts/one/0420_x.sh`, `scripts/two/0420_x.sh`");
}

#[test]
fn a_script_that_cannot_be_read_is_told_as_such() {
    let repo = Repo::new().file("scripts/0430_x.sh", b"# \xff\n");
    repo.az("0430").code(2).says("AZ0202").not("AZ0104");
}

#[test]
fn an_option_of_build_reaches_a_script_only_behind_two_dashes() {
    let repo = world();
    let refused = repo.az("0201 --dry-run");
    refused.code(2).says("AZ0901").says(" 0201 --dry-run\n").says("╰── the script's, or az's?").ran([]);
    refused.says("write `az build 0201 --dry-run`").says("`az 0201 -- --dry-run`").not("script 0201");
    repo.az("--json 0201 --jobs=4").code(2).says("write `az build 0201 --jobs=4`").ran([]);
    repo.az("0201 -- --dry-run").code(7).says("first --dry-run\n").ran(["0201"]);
    repo.az("0201 x --dry-run --jobs=3").code(7).says("first x --dry-run --jobs=3\n").ran(["0201"]);
    repo.az("0201 --own --dry-run").code(7).says("first --own --dry-run\n").ran(["0201"]);
}
