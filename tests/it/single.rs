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
    world().az("030").code(2).says("`0300_d`").says("`0300_e`").ran([]);
    let several = world().az("021");
    several.code(2).says("AZ0105").says("`0210_b`").says("`0211_c`").not("0201_a").ran([]);
    world().az("0300").code(2).says("AZ0105").ran([]);
    world().az("022").code(2).says("AZ0104").ran([]);
}

#[test]
fn what_follows_is_the_scripts_own() {
    let repo = world();
    repo.az("0201 -- --force -x 'a b'").code(7).says("first --force -x a b\n").ran(["0201"]);
    repo.az("0201 one --force").code(7).says("first one --force\n").ran(["0201"]);
    repo.az("0201 -Verbose").code(7).says("first -Verbose\n").ran(["0201"]);
}
