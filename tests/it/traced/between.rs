//! Steps that begin to ask for what they did not ask for, while only they are due.

use super::traced;
use crate::repo::Repo;

/// Builds until there is nothing to do.
fn settle(repo: &Repo) {
    repo.az("build '*'").code(0).az("build '*'").code(0);
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l8_a_step_that_begins_to_read_what_two_others_write_finds_what_the_first_left() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_first.sh", "printf first > shared");
    repo.script("0405_between.sh", "cat in > seen; if [ \"$(cat in)\" != 1 ]; then cat shared >> seen; fi");
    repo.script("0410_last.sh", "printf last > shared");
    settle(&repo);
    repo.edit("in", "2").az("build '*'").code(0);
    assert_eq!(repo.read("seen"), "2first");
    assert_eq!(repo.read("shared"), "last");
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l8_a_step_that_begins_to_list_finds_what_a_later_one_removes() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").file("parts/a", "").script("0400_first.sh", "printf first > parts/b");
    repo.script("0405_between.sh", "cat in > seen; if [ \"$(cat in)\" != 1 ]; then ls parts >> seen; fi");
    repo.script("0410_last.sh", "rm -f parts/b");
    settle(&repo);
    repo.edit("in", "2").az("build '*'").code(0).az("build '*'").code(0);
    assert_eq!(repo.read("seen"), "2a\nb\n");
}

#[test]
fn l8_a_step_that_fails_for_what_a_later_one_left_does_not_fail() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_first.sh", "printf first > shared");
    repo.script("0405_between.sh", "[ \"$(cat in)\" = 1 ] || grep -q first shared");
    repo.script("0410_last.sh", "printf last > shared");
    settle(&repo);
    repo.edit("in", "2").az("build '*'").code(0);
    repo.script("0405_between.sh", "grep -q first shared").az("build '*'").code(0);
}

#[test]
fn l9_what_a_step_newly_left_before_another_failed_is_not_forgotten() {
    let Some(repo) = traced() else { return };
    repo.file("a", "1").file("b", "good");
    repo.script("0400_write.sh", "cat a; if [ \"$(cat a)\" = 2 ]; then echo new > more; fi");
    repo.script("0410_fail.sh", "[ \"$(cat b)\" != bad ]");
    repo.script("0420_read.sh", "cat more > seen 2>/dev/null || echo none > seen");
    settle(&repo);
    repo.edit("a", "2").edit("b", "bad").az("build '*' --continue-on-error").code(10);
    repo.edit("b", "good").az("build '*'").code(0);
    assert_eq!(repo.read("seen"), "new\n");
}

#[test]
fn l8_a_script_that_is_edited_is_all_that_is_due() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_one.sh", "cat in > one").script("0410_two.sh", "cat in > two");
    repo.az("build '*'").code(0).ran(["0400", "0410"]).az("build '*'").code(0).ran([]);
    repo.script("0400_one.sh", "cat in in > one").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("one"), "11");
    repo.az("build '*'").code(0).ran([]);
    // What it newly leaves is another one's input.
    repo.script("0420_three.sh", "cat extra > three 2>/dev/null || echo none > three");
    repo.az("build '*'").code(0).ran(["0420"]).az("build '*'").code(0).ran([]);
    repo.script("0400_one.sh", "cat in > one; echo more > extra")
        .az("build '*'")
        .code(0)
        .ran(["0400", "0420"]);
    assert_eq!(repo.read("three"), "more\n");
}
