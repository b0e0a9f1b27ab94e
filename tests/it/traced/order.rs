//! L5 to L14: a step's place in the order.

use std::{fs, path::Path};

use super::{Course, has, traced};
use crate::repo::Repo;

#[test]
fn l5_one_path_rewritten_in_sequence() {
    let Some(repo) = traced() else { return };
    repo.file("a", "v1").file("other", "1");
    repo.script("0400_write.sh", "cat a > out");
    repo.script("0405_read.sh", "cat out other > seen");
    repo.script("0410_rewrite.sh", "echo v2 > out");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0405", "0410"]).az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("out"), &*repo.read("seen")), ("v2\n", "v11"));
    repo.edit("other", "2").az("build '*'").code(0).ran(["0405"]);
    assert_eq!((&*repo.read("out"), &*repo.read("seen")), ("v2\n", "v12"));
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l5_a_copy_that_is_rewritten() {
    let Some(repo) = traced() else { return };
    repo.file("source", "b\na\n").script("0400_copy.sh", "cp source out");
    repo.script("0410_change.sh", "echo more >> out");
    let mut course = Course::new(&repo, "out");
    course.after("nothing", &["0400", "0410"]).as_clean("nothing");
    repo.edit("source", "c\n");
    course.after("an edit", &["0400", "0410"]).as_clean("an edit");
    repo.edit("source", "b\na\n");
    course.after("the way back", &[]).as_clean("the way back").end();
}

#[test]
fn l6_a_step_that_starts_to_write_what_a_later_one_reads() {
    let Some(repo) = traced() else { return };
    repo.file("source", "1").file("gen.h", "old");
    repo.script("0405_make.sh", "cat source > other");
    repo.script("0410_use.sh", "cat gen.h > used");
    repo.az("build '*'").code(0).ran(["0405", "0410"]).az("build '*'").code(0).ran([]);
    repo.edit("0405_make.sh", "cat source > other; printf new > gen.h");
    repo.az("build '*'").code(0).ran_once_or_twice(["0405", "0410"]);
    assert_eq!(repo.read("used"), "new");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l6_what_is_brought_back_reaches_later_steps() {
    let Some(repo) = traced() else { return };
    repo.file("source", "1");
    repo.script("0405_make.sh", "cat source > gen.h");
    repo.script("0410_use.sh", "cat gen.h > used");
    repo.az("build '*'").code(0).ran_once_or_twice(["0405", "0410"]);
    repo.edit("source", "2").az("build 0405").code(0).ran(["0405"]);
    // Both results for `1` are there; that of 0405 must be known to 0410 before it is on disk.
    repo.edit("source", "1").az("build '*'").code(0).ran([]);
    repo.edit("source", "2").az("build '*'").code(0).ran(["0410"]);
    assert_eq!((&*repo.read("gen.h"), &*repo.read("used")), ("2", "2"));
}

#[test]
fn l6_a_link_that_an_earlier_step_retargets() {
    let Some(repo) = traced() else { return };
    repo.file("which", "one").file("one/x", "1").file("two/x", "2");
    repo.script("0400_link.sh", "ln -sfn $(cat which) current");
    repo.script("0410_use.sh", "cat current/x > used");
    let mut course = Course::new(&repo, "current used");
    course.after("nothing", &["0400", "0410"]);
    repo.edit("which", "two");
    course.after("another target", &["0400", "0410"]).as_clean("another target");
    repo.edit("which", "one");
    course.after("the way back", &[]).as_clean("the way back");
    repo.edit("one/x", "3");
    course.after("an edit behind the link", &["0410"]);
    repo.edit("two/x", "4");
    course.after("an edit elsewhere", &[]).end();
}

#[test]
fn l7_a_step_of_unknown_effects_between_writer_and_reader() {
    let Some(repo) = traced() else { return };
    repo.file("source", "v1");
    repo.script("0400_write.sh", "cat source > config");
    repo.script("0405_change.sh", "# Trace: off\nprintf v2 > config");
    repo.script("0410_read.sh", "cat config > seen");
    repo.az("build '*'").code(0).ran_in_order(["0400", "0405", "0410"]);
    // What nobody saw 0405 do is found by 0400 as somebody else's; it converges all the same.
    for _ in 0..3 {
        repo.az("build '*'").code(0);
        assert_eq!((&*repo.read("config"), &*repo.read("seen")), ("v2", "v2"));
    }
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).not("set aside").ran(["0405"]);
}

#[test]
fn l8_two_steps_overwrite_one_file_outside_the_workspace() {
    let Some(repo) = traced() else { return };
    repo.script("0400_first.sh", "printf first > ../shared.txt");
    repo.script("0410_last.sh", "printf last > ../shared.txt");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]);
    for _ in 0..3 {
        repo.az("build '*'").code(0).ran([]).sh("cat ../shared.txt").says("last");
    }
}

#[test]
fn l8_a_step_that_no_longer_overwrites_what_is_outside_the_workspace() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_first.sh", "printf first > ../shared.txt");
    repo.script("0410_last.sh", "if grep -q 1 in; then printf last > ../shared.txt; fi");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]).az("build '*'").code(0).ran([]);
    // What 0400 left is not there, and nobody puts something else in its place: it runs after all.
    repo.edit("in", "2").az("build '*'").code(0);
    assert!(repo.scripts_run().contains(&"0400".to_owned()));
    repo.sh("cat ../shared.txt").says("first");
    repo.az("build '*'").code(0).ran([]);
    repo.script("0410_last.sh", "printf other > ../shared.txt").az("build '*'").code(0);
    repo.sh("cat ../shared.txt").says("other");
    repo.script("0410_last.sh", "true").az("build '*'").code(0);
    repo.sh("cat ../shared.txt").says("first");
    // Somebody else's version is nobody's.
    repo.script("0410_last.sh", "printf first > ../shared.txt").az("build '*'").code(0);
    _ = repo.scripts_run();
    repo.sh("printf mine > ../shared.txt").az("build '*'").code(0);
    repo.sh("cat ../shared.txt").says("first");
}

#[test]
fn l8_what_is_read_between_two_writers_outside_the_workspace() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_first.sh", "printf first > ../shared.txt");
    repo.script("0405_between.sh", "cat in > seen").script("0410_last.sh", "printf last > ../shared.txt");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0405", "0410"]).az("build '*'").code(0).ran([]);
    // It begins to read what 0400 left, which is not there any more; what it makes of the other is never kept.
    repo.script("0405_between.sh", "cat in ../shared.txt > seen");
    _ = repo.az("build '*'");
    repo.az("build '*'").code(0);
    assert_eq!(repo.read("seen"), "1first");
    repo.edit("in", "2").az("build '*'").code(0);
    assert_eq!(repo.read("seen"), "2first");
    repo.sh("cat ../shared.txt").says("last");
}

#[test]
fn l8_an_intermediate_version_that_is_lost_is_made_again_if_it_is_needed() {
    let Some(repo) = traced() else { return };
    repo.file("other", "1");
    repo.script("0400_write.sh", "echo v1 > out");
    repo.script("0405_read.sh", "cat out other > seen");
    repo.script("0410_rewrite.sh", "echo v2 > out");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0405", "0410"]).az("build '*'").code(0).ran([]);
    repo.remove(".azcache/v1/cas").edit("other", "2");
    repo.az("build '*'").code(0);
    assert_eq!((&*repo.read("out"), &*repo.read("seen")), ("v2\n", "v1\n2"));
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l9_a_check_reads_what_a_later_step_rewrites() {
    let Some(repo) = traced() else { return };
    repo.file("source", "b\na\n");
    repo.script("0400_lint.sh", "cat source > lint");
    repo.script("0410_format.sh", "sort -o source source");
    repo.az("build '*' -j4").code(0).ran_once_or_twice(["0400", "0410"]);
    assert_eq!((&*repo.read("lint"), &*repo.read("source")), ("b\na\n", "a\nb\n"));
    repo.az("build '*' -j4").code(0).ran_in_order(["0400", "0410"]);
    assert_eq!((&*repo.read("lint"), &*repo.read("source")), ("a\nb\n", "a\nb\n"));
    repo.az("build '*' -j4").code(0).ran([]);
}

#[test]
fn l9_a_later_step_creates_what_an_earlier_one_found_absent() {
    let Some(repo) = traced() else { return };
    repo.script("0400_probe.sh", "cat late > probe 2>/dev/null || echo none > probe");
    repo.script("0410_make.sh", "echo there > late");
    repo.az("build '*' -j4").code(0).ran_once_or_twice(["0400", "0410"]);
    assert_eq!(repo.read("probe"), "none\n");
    repo.az("build '*' -j4").code(0).ran(["0400"]);
    assert_eq!(repo.read("probe"), "there\n");
    repo.az("build '*' -j4").code(0).ran([]);
}

#[test]
fn l9_a_later_step_adds_to_a_folder_that_an_earlier_one_lists() {
    let Some(repo) = traced() else { return };
    repo.file("parts/a", "");
    repo.script("0400_list.sh", "ls parts > list");
    repo.script("0410_make.sh", "echo > parts/b");
    repo.az("build '*' -j4").code(0).ran_once_or_twice(["0400", "0410"]);
    repo.az("build '*' -j4").code(0).ran(["0400"]);
    assert_eq!(repo.read("list"), "a\nb\n");
    repo.az("build '*' -j4").code(0).ran([]);
}

#[test]
fn l9_a_later_step_removes_what_an_earlier_one_reads() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1")
        .script("0400_copy.sh", "cp in raw; cp raw kept")
        .script("0410_clean.sh", "rm -f raw");
    let mut course = Course::new(&repo, "kept");
    course.after("nothing", &["0400", "0410"]);
    repo.edit("in", "2");
    // The deletion is replayed on what 0400 left.
    course.after("an edit", &["0400"]).as_clean("an edit");
    repo.edit("in", "1");
    course.after("the way back", &[]).as_clean("the way back").end();
    assert!(!repo.has_path("raw"));
}

#[test]
fn l10_dependencies_against_the_numbers_and_files_along_them() {
    let Some(repo) = traced() else { return };
    repo.file("shared", "");
    repo.script("0470_report.sh", "# Dependencies: 0480, 0490\necho 0470 >> shared");
    repo.script("0480_scan.sh", "cat shared > scan");
    repo.script("0490_audit.sh", "echo 0490 >> shared");
    repo.az("build '*' -j4").code(0).ran_once_or_twice(["0470", "0480", "0490"]).not("circle");
    assert_eq!((&*repo.read("shared"), &*repo.read("scan")), ("0490\n0470\n", ""));
}

#[test]
fn l11_steps_append_to_one_log_that_is_scratch() {
    let Some(repo) = traced() else { return };
    repo.file("az.toml", "[workspace]\nscratch = [\"log.txt\"]\n");
    let numbers: Vec<String> = (0..12).map(|step| format!("04{step:02}")).collect();
    for number in &numbers {
        repo.script(&format!("{number}_append.sh"), &format!("echo {number} >> log.txt"));
    }
    let mut ran = repo.az("build '*' -j4").code(0).scripts_run();
    ran.sort();
    assert_eq!(ran, numbers);
    repo.az("build '*' -j4").code(0).ran([]);
}

/// Returns how many bytes the files below a folder have.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let bytes = entries.map(|entry| match entry.metadata().unwrap() {
        folder if folder.is_dir() => bytes_below(&entry.path()),
        file => file.len(),
    });
    bytes.sum()
}

#[test]
fn l11_a_log_that_is_scratch_is_kept_once_and_not_at_each_append() {
    if traced().is_none() {
        return;
    }
    let long = "a line of those before\n".repeat(10_000);
    let copies = |scratch: &str| {
        let repo = Repo::new();
        repo.file("az.toml", format!("[workspace]\nscratch = [\"{scratch}\"]\n")).file("log.txt", &long);
        for step in 0..12 {
            repo.script(&format!("04{step:02}_append.sh"), "echo another >> log.txt");
        }
        repo.az("build '*' -j2").code(0);
        bytes_below(&repo.path(".azcache/v1/cas")) / long.len() as u64
    };
    assert_eq!(copies("log.txt"), 1);
    assert!(copies("other.txt") >= 12, "what is kept is not counted");
}

#[test]
fn l11_steps_that_append_to_one_output_are_chained() {
    let Some(repo) = traced() else { return };
    repo.file("part1", "1").file("part2", "2").file("part3", "3");
    repo.script("0400_one.sh", "cat part1 > all");
    repo.script("0410_two.sh", "cat part2 >> all");
    repo.script("0420_three.sh", "cat part3 >> all");
    // What chains them is told once.
    let told = "AZ0711]: 3 steps change `all` and are chained by it: 0400_one, 0410_two, 0420_three";
    repo.az("build '*' -j4 --strict").code(0).says(told).ran_once_or_twice(["0400", "0410", "0420"]);
    repo.edit("part2", "changed").az("build '*'").code(0).not("AZ0711").ran(["0410", "0420"]);
    repo.edit("part2", "2").az("build '*'").code(0).not("AZ0711").ran([]);
    let mut course = Course::new(&repo, "all");
    course.as_clean("nothing");
    repo.edit("part2", "two");
    course.after("an edit of the second", &["0410", "0420"]).as_clean("an edit of the second");
    repo.edit("part3", "three");
    course.after("an edit of the third", &["0420"]).as_clean("an edit of the third");
    repo.edit("part2", "2").edit("part3", "3");
    course.after("the way back", &[]).as_clean("the way back").end();
}

#[test]
fn l11_steps_that_only_append_do_so_once() {
    let Some(repo) = traced() else { return };
    repo.file("part1", "1").file("part2", "2").file("part3", "3");
    for (number, part) in [("0400", 1), ("0410", 2), ("0420", 3)] {
        repo.script(&format!("{number}_part.sh"), &format!("cat part{part} >> all"));
    }
    let mut course = Course::new(&repo, "all");
    course.after("nothing", &["0400", "0410", "0420"]).as_clean("nothing").end();
}

#[test]
fn l12_a_tool_that_an_earlier_step_installs() {
    let Some(repo) = traced() else { return };
    std::fs::create_dir(repo.outside("bin")).unwrap();
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.outside("bin").display()));
    repo.file("tool", "#!/bin/sh\necho tool one\n");
    repo.script("0100_install.sh", "install -m 755 tool ../bin/tool");
    repo.script("0400_use.sh", "tool > out");
    repo.az("build '*' -j4").code(0).ran_once_or_twice(["0100", "0400"]).az("build '*' -j4").code(0).ran([]);
    repo.edit("tool", "#!/bin/sh\necho tool two\n");
    repo.az("build '*' -j4").code(0).ran_in_order(["0100", "0400"]);
    assert_eq!(repo.read("out"), "tool two\n");
    std::fs::remove_file(repo.outside("bin/tool")).unwrap();
    repo.az("build '*' -j4").code(0).ran(["0100"]);
    repo.az("build '*' -j4").code(0).ran([]);
}

#[test]
fn l14_a_step_that_talked_to_the_network_is_not_repeated() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let talk = format!("python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'");
    std::fs::copy("/bin/true", repo.outside("privileged")).unwrap();
    repo.mode("../privileged", 0o4755);
    // It even reads what a later step changed, which otherwise would be a reason to begin again.
    repo.file("late", "1").script("0400_post.sh", &format!("{talk}; ../privileged; cat late > out"));
    repo.script("0410_change.sh", "echo 2 > late");
    _ = repo.az("build '*'");
    assert_eq!(repo.scripts_run().iter().filter(|name| *name == "0400").count(), 1);
    _ = repo.az("build '*' --force");
    assert_eq!(repo.scripts_run().iter().filter(|name| *name == "0400").count(), 1);
}
