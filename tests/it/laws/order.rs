//! L5 to L13: a step's place in the order.

use super::declared;
use crate::repo::Repo;

#[test]
fn l5_one_path_rewritten_in_sequence() {
    let repo = Repo::new()
        .file("a", "v1")
        .file("other", "1")
        .script("0400_write.sh", &declared("a", "out", "cat a > out"))
        .script("0405_read.sh", &declared("out, other", "seen", "cat out other > seen"))
        .script("0410_rewrite.sh", &declared("out", "out", "echo v2 > out"));
    repo.az("build '*'").code(0).ran_in_order(["0400", "0405", "0410"]);
    repo.az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("out"), &*repo.read("seen")), ("v2\n", "v11"));
    repo.edit("other", "2").az("build '*'").code(0).ran(["0405"]);
    assert_eq!((&*repo.read("out"), &*repo.read("seen")), ("v2\n", "v12"));
    repo.az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out"), "v2\n");
}

#[test]
fn l6_a_step_that_starts_to_write_what_a_later_one_reads() {
    let plain = declared("source", "other", "cat source > other");
    let repo = Repo::new()
        .file("source", "1")
        .file("gen.h", "old")
        .script("0405_make.sh", &plain)
        .script("0410_use.sh", &declared("gen.h", "used", "cat gen.h > used"));
    repo.az("build '*'").code(0).ran(["0405", "0410"]);
    let generating = declared("source", "other, gen.h", "cat source > other; printf new > gen.h");
    repo.edit("0405_make.sh", &generating).az("build '*'").code(0).ran_in_order(["0405", "0410"]);
    assert_eq!(repo.read("used"), "new");
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn l6_what_is_brought_back_reaches_later_steps() {
    let repo = Repo::new()
        .file("source", "1")
        .script("0405_make.sh", &declared("source", "gen.h", "cat source > gen.h"))
        .script("0410_use.sh", &declared("gen.h", "used", "cat gen.h > used"));
    repo.az("build '*'").code(0).ran(["0405", "0410"]);
    repo.edit("source", "2").az("build 0405").code(0).ran(["0405"]);
    // Both results for `1` are there; that of 0405 must be known to 0410 before it is on disk.
    repo.edit("source", "1").az("build '*'").code(0).ran([]);
    repo.edit("source", "2").az("build '*'").code(0).ran(["0410"]);
    assert_eq!((&*repo.read("gen.h"), &*repo.read("used")), ("2", "2"));
}

#[test]
fn l6_what_is_read_through_a_link_is_what_lies_there_at_its_place() {
    let reads =
        declared("l/x", "used", "cat l/x > used").replace("# Inputs", "# Dependencies: 0405\n# Inputs");
    let repo = Repo::new()
        .file("source", "1")
        .file("real/other", "")
        .link("l", "real")
        .script("0405_make.sh", &declared("source", "real/x", "cat source > real/x"))
        .script("0410_use.sh", &reads);
    repo.az("build '*'").code(0).ran(["0405", "0410"]);
    repo.edit("source", "2").az("build '*'").code(0).ran(["0405", "0410"]);
    // That 0405 leaves `1` is known before it is on disk; 0410 finds it behind the link.
    repo.edit("source", "1").az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("real/x"), &*repo.read("used")), ("1", "1"));
}

#[test]
fn l6_what_is_written_through_a_link_reaches_who_reads_it_by_its_own_name() {
    let reads = declared("real/x", "used", "cat real/x > used");
    let repo = Repo::new()
        .file("source", "1")
        .file("real/other", "")
        .file("other/other", "")
        .link("l", "real")
        .script("0405_make.sh", &declared("source", "l/x", "cat source > l/x"))
        .script("0410_use.sh", &reads.replace("# Inputs", "# Dependencies: 0405\n# Inputs"));
    repo.az("build '*'").code(0).ran(["0405", "0410"]);
    repo.edit("source", "2").az("build '*'").code(0).ran(["0405", "0410"]);
    repo.edit("source", "1").az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("real/x"), &*repo.read("used")), ("1", "1"));
    // The link says where the step writes.
    repo.remove("l").link("l", "other").az("build 0405").code(0).ran(["0405"]);
    assert_eq!(repo.read("other/x"), "1");
}

#[test]
fn l7_a_step_of_unknown_effects_between_writer_and_reader() {
    let repo = Repo::new()
        .file("source", "v1")
        .script("0400_write.sh", &declared("source", "config", "cat source > config"))
        .script("0405_change.sh", "# Trace: off\nprintf v2 > config")
        .script("0410_read.sh", &declared("config", "seen", "cat config > seen"));
    repo.az("build '*'").code(0).ran_in_order(["0400", "0405", "0410"]);
    for _ in 0..3 {
        repo.az("build '*'").code(0).ran(["0405"]).not("set aside");
        assert_eq!((&*repo.read("config"), &*repo.read("seen")), ("v2", "v2"));
    }
    repo.edit("source", "v3").az("build '*'").code(0).ran_in_order(["0400", "0405"]).not("set aside");
    assert_eq!((&*repo.read("config"), &*repo.read("seen")), ("v2", "v2"));
}

#[test]
fn l8_two_steps_overwrite_one_file_outside_the_workspace() {
    let repo = Repo::new()
        .file("source", "1")
        .script("0400_first.sh", &declared("source", "../shared.txt", "printf first > ../shared.txt"))
        .script("0410_last.sh", &declared("../shared.txt", "../shared.txt", "printf last > ../shared.txt"));
    repo.az("build '*'").code(0).ran_in_order(["0400", "0410"]);
    for _ in 0..3 {
        repo.az("build '*'").code(0).ran([]).sh("cat ../shared.txt").says("last");
    }
}

#[test]
fn l8_an_intermediate_version_that_is_lost_is_made_again_only_if_it_is_needed() {
    let repo = Repo::new()
        .file("other", "1")
        .script("0400_write.sh", &declared("", "out", "echo v1 > out"))
        .script("0405_read.sh", &declared("out, other", "seen", "cat out other > seen"))
        .script("0410_rewrite.sh", &declared("out", "out", "echo v2 > out"));
    repo.az("build '*'").code(0).ran(["0400", "0405", "0410"]).az("build '*'").code(0).ran([]);
    repo.remove(".azcache/v1/cas").edit("other", "2");
    // What 0410 left was kept when 0400 wrote over it.
    repo.az("build '*'").code(0).ran_in_order(["0400", "0405"]);
    assert_eq!((&*repo.read("out"), &*repo.read("seen")), ("v2\n", "v1\n2"));
    repo.az("build '*'").code(0).ran([]);
    // The law wants nothing to run here, since no step between needs what is lost. A clean gate sees to that; a full
    // evaluation, which is asked for here, still makes it again too early.
    repo.sh("rm -rf .azcache/v1/gate .azcache/v1/cas").code(0).az("build '*'").code(0).ran(["0400"]);
    assert_eq!((&*repo.read("out"), &*repo.read("seen")), ("v2\n", "v1\n2"));
}

#[test]
fn l9_a_check_reads_what_a_later_step_rewrites() {
    let repo = Repo::new()
        .file("source", "b\na\n")
        .script("0400_lint.sh", &declared("source", "lint", "cat source > lint"))
        .script("0410_format.sh", &declared("source", "source", "sort -o source source"));
    repo.az("build '*' -j4").code(0).ran_in_order(["0400", "0410"]);
    assert_eq!((&*repo.read("lint"), &*repo.read("source")), ("b\na\n", "a\nb\n"));
    // As by hand: the check sees the formatted text now, and the formatter finds its fixpoint.
    repo.az("build '*' -j4").code(0).ran_in_order(["0400", "0410"]);
    assert_eq!((&*repo.read("lint"), &*repo.read("source")), ("a\nb\n", "a\nb\n"));
    repo.az("build '*' -j4").code(0).ran([]);
}

#[test]
fn l9_a_later_step_creates_what_an_earlier_one_found_absent() {
    let repo = Repo::new()
        .script(
            "0400_probe.sh",
            &declared("late", "probe", "cat late > probe 2>/dev/null || echo none > probe"),
        )
        .script("0410_make.sh", &declared("late", "late", "echo there > late"));
    repo.az("build '*' -j4").code(0).ran_in_order(["0400", "0410"]);
    assert_eq!(repo.read("probe"), "none\n");
    repo.az("build '*' -j4").code(0).ran_in_order(["0400", "0410"]);
    assert_eq!(repo.read("probe"), "there\n");
    repo.az("build '*' -j4").code(0).ran([]);
}

#[test]
fn l10_dependencies_against_the_numbers_and_files_along_them() {
    let repo = Repo::new()
        .file("shared", "")
        .script(
            "0470_report.sh",
            &format!("# Dependencies: 0480, 0490\n{}", declared("shared", "shared", "echo 0470 >> shared")),
        )
        .script("0480_scan.sh", &declared("shared", "scan", "cat shared > scan"))
        .script("0490_audit.sh", &declared("shared", "shared", "echo 0490 >> shared"));
    repo.az("build '*' -j4").code(0).ran_in_order(["0480", "0490", "0470"]);
    assert_eq!((&*repo.read("shared"), &*repo.read("scan")), ("0490\n0470\n", ""));
}

#[test]
fn l10_no_mix_of_edges_and_rewrites_is_a_cycle() {
    for (first, second, third) in
        [("0490", "", ""), ("", "0490", "0470"), ("0480", "0490", ""), ("0490", "0470", "")]
    {
        let repo = Repo::new().file("shared", "");
        let script = |number: &str, needs: &str| {
            let text = declared("shared", "shared", &format!("echo {number} >> shared"));
            repo.script(&format!("{number}_step.sh"), &format!("# Dependencies: {needs}\n{text}"))
        };
        script("0470", first);
        script("0480", second);
        let third = script("0490", third);
        // What the numbers alone would close to a circle is broken by the declared edges.
        third.az("build '*' -j4").code(0).ran(["0470", "0480", "0490"]).not("circle");
    }
}

#[test]
fn l11_steps_append_to_one_log_that_is_scratch() {
    let repo = Repo::new();
    let numbers: Vec<String> = (0..12).map(|step| format!("04{step:02}")).collect();
    for number in &numbers {
        let text = declared("", "", &format!("echo {number} >> log.txt"));
        repo.script(&format!("{number}_append.sh"), &format!("# Scratch: log.txt\n{text}"));
    }
    let mut ran = repo.az("build '*' -j4").code(0).scripts_run();
    ran.sort();
    assert_eq!(ran, numbers);
    repo.az("build '*' -j4").code(0).ran([]);
    repo.remove("log.txt").az("build '*' -j4").code(0).ran([]);
}

#[test]
fn l11_steps_that_append_to_one_output_are_chained() {
    let repo = Repo::new()
        .script("0400_one.sh", &declared("part1", "all", "cat part1 > all"))
        .script("0410_two.sh", &declared("part2, all", "all", "cat part2 >> all"))
        .script("0420_three.sh", &declared("part3, all", "all", "cat part3 >> all"));
    repo.file("part1", "1").file("part2", "2").file("part3", "3");
    repo.az("build '*' -j4").code(0).ran_in_order(["0400", "0410", "0420"]);
    repo.az("build '*' -j4").code(0).ran([]);
    assert_eq!(repo.read("all"), "123");
    repo.edit("part2", "two").az("build '*' -j4").code(0).ran_in_order(["0410", "0420"]);
    assert_eq!(repo.read("all"), "1two3");
    repo.edit("part3", "three").az("build '*' -j4").code(0).ran(["0420"]);
    assert_eq!(repo.read("all"), "1two3".replace('3', "three"));
    repo.edit("part2", "2").edit("part3", "3").az("build '*' -j4").code(0).ran([]);
    assert_eq!(repo.read("all"), "123");
}

/// Every run in parallel gives what running in order gives, whatever the steps read and rewrite.
#[test]
fn l13_side_by_side_is_as_one_after_the_other() {
    for seed in 0..6_u32 {
        let results = ["-j1", "-j8"].map(|jobs| {
            let repo = random_rewriters(seed);
            for _ in 0..2 {
                repo.az(&format!("build '*' {jobs}")).code(0);
            }
            let ran = repo.scripts_run().len();
            (ran, repo.sh("head -n 99 f0 f1 f2 made*").stdout().to_owned())
        });
        assert_eq!(results[0], results[1], "seed {seed}");
    }
}

/// Steps that each read one of three files, and rewrite another or make their own.
fn random_rewriters(seed: u32) -> Repo {
    let repo = Repo::new().file("f0", "0\n").file("f1", "1\n").file("f2", "2\n");
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (state >> 16) % below
    };
    for step in 0..7 {
        let (from, to) = (next(3), next(3));
        let text = if next(2) == 0 {
            declared(
                &format!("f{from}, f{to}"),
                &format!("f{to}"),
                &format!("tail -n1 f{from} | sed s/$/{step}/ >> f{to}"),
            )
        } else {
            declared(&format!("f{from}"), &format!("made{step}"), &format!("cp f{from} made{step}"))
        };
        repo.script(&format!("04{step}0_step.sh"), &text);
    }
    repo
}
