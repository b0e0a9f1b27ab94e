//! L22 and L23: what makes a clean gate unclean, for steps that declare nothing, and that it changes no answer.

use super::{Course, traced};
use crate::repo::Repo;

/// A repository whose last build was answered from the file system alone.
fn gated() -> Option<Repo> {
    let repo = traced()?.file("in/a", "1");
    repo.script("0400_list.sh", "mkdir -p out; ls in > out/listed");
    repo.script(
        "0410_cat.sh",
        "mkdir -p out; cat in/a > out/text; [ -e extra ] && cat extra >> out/text; true",
    );
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
    repo.answered_by_gate();
    Some(repo)
}

#[test]
fn l22_what_was_read_changes_even_with_its_size_and_time() {
    let Some(repo) = gated() else { return };
    repo.sh("touch -r in/a ../time && printf 2 > in/a && touch -r ../time in/a").code(0);
    repo.az("build '*'").code(0).ran(["0410"]);
}

#[test]
fn l22_names_come_and_go_behind_a_gate() {
    let Some(repo) = gated() else { return };
    repo.file("in/b", "").az("build '*'").code(0).ran(["0400"]);
    repo.answered_by_gate();
    repo.remove("in/b").az("build '*'").code(0).ran([]);
    repo.answered_by_gate();
    repo.file("extra", "2").az("build '*'").code(0).ran(["0410"]);
    assert_eq!(repo.read("out/text"), "12");
    repo.answered_by_gate();
    repo.script("0500_more.sh", "true").az("build '*'").code(0).ran(["0500"]);
}

#[test]
fn l22_outputs_are_looked_at_behind_a_gate() {
    let Some(repo) = gated() else { return };
    repo.remove("out/listed").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out/listed"), "a\n");
    repo.answered_by_gate();
    repo.remove("out").az("build '*'").code(0).ran([]);
    assert_eq!((&*repo.read("out/listed"), &*repo.read("out/text")), ("a\n", "1"));
    repo.answered_by_gate();
    repo.mode("out/listed", 0o755).az("build '*'").code(0);
    assert_eq!(repo.read("out/listed"), "a\n");
}

#[test]
fn l22_settings_rules_and_programs_behind_a_gate() {
    let Some(repo) = traced() else { return };
    std::fs::create_dir(repo.outside("bin")).unwrap();
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.outside("bin").display()));
    repo.file("in", "1").script("0400_copy.sh", "cat in > out");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.answered_by_gate();
    repo.executable("../bin/cat", "#!/bin/sh\nexec /bin/cat \"$@\" /dev/null\n");
    repo.az("build '*'").code(0).ran(["0400"]);
    repo.answered_by_gate();
    std::fs::remove_file(repo.outside("bin/cat")).unwrap();
    repo.az("build '*'").code(0).ran([]);
    repo.answered_by_gate();
    repo.file("az.toml", "[workspace]\nscratch = [\"in\"]\n");
    repo.az("build '*' --explain").code(0);
    _ = repo.scripts_run();
    repo.edit("in", "2").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out"), "2");
}

#[test]
fn l23_every_form_of_the_answer_says_the_same() {
    let Some(repo) = traced() else { return };
    repo.file("in", "1").script("0400_warn.sh", "# ExitCodes: 2=warning\ncat in > out; exit 2");
    let first = repo.az("build '*' --json").json();
    _ = repo.scripts_run();
    repo.answered_by_gate();
    let second = repo.az("build '*' --json").json();
    assert_eq!((second["counts"]["ran"].as_u64(), second["counts"]["cached"].as_u64()), (Some(0), Some(1)));
    assert_eq!(first["nodes"][0]["flags"], second["nodes"][0]["flags"]);
    repo.az("build '*' --strict").code(4).az("build '*'").code(0).ran([]);
}

#[test]
fn a_touch_a_mode_and_a_link_that_leads_to_the_same() {
    let Some(repo) = traced() else { return };
    repo.file("real/x", "1").file("other/x", "1").link("l", "real").script("0400_copy.sh", "cat l/x > out");
    let mut course = Course::new(&repo, "out");
    course.after("nothing", &["0400"]);
    repo.touch("real/x");
    course.after("a touch", &[]);
    repo.mode("real/x", 0o600);
    course.after("a mode that says nothing", &[]);
    repo.mode("real/x", 0o755);
    course.after("a mode that says something", &["0400"]);
    repo.mode("real/x", 0o644);
    course.after("the mode as before", &[]);
    repo.remove("l").link("l", "other");
    course.after("another target", &["0400"]);
    repo.remove("l").link("l", "real");
    course.after("the target as before", &[]).as_clean("all").end();
}
