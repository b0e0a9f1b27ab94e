//! What is built when something changes.

use std::fs;

use super::{Watch, is_silent, world};
use crate::repo::{Repo, until};

#[test]
fn a_change_builds_what_depends_on_it_and_nothing_else() {
    let repo = world();
    let mut watch = Watch::start(&repo, "'*'");
    repo.edit("c", "2").edit("b", "2");
    watch.builds("b", "1 step, reused 1");
    repo.edit("a", "2");
    watch.builds("a", "2 steps");
    assert_eq!(repo.read("second"), "22");
    assert_eq!(repo.scripts_run(), ["0100", "0200", "0200", "0100", "0200"]);
    is_silent(watch);
}

#[test]
fn what_was_only_touched_is_told_in_one_line_and_runs_nothing() {
    let repo = world();
    let mut watch = Watch::start(&repo, "'*'");
    repo.touch("a");
    assert_eq!(watch.line(), "a changed -> nothing to do");
    repo.edit("a", "2").edit("a", "2");
    watch.builds("a", "2 steps");
    is_silent(watch).ran(["0100", "0100", "0200", "0200"]);
}

#[test]
fn an_editor_that_saves_in_several_steps_is_one_change() {
    let repo = world();
    let mut watch = Watch::start(&repo, "'*'");
    // As vim does it: the old one becomes a backup, the new one is written, the backup goes.
    fs::rename(repo.path("b"), repo.path("b~")).unwrap();
    repo.file("b", "2").remove("b~");
    watch.builds("b", "1 step");
    // As others do it: a new file takes the place.
    repo.file(".b.swp", "3");
    fs::rename(repo.path(".b.swp"), repo.path("b")).unwrap();
    watch.builds("b", "1 step");
    assert_eq!(repo.read("second"), "13");
    is_silent(watch).ran(["0100", "0200", "0200", "0200"]);
}

#[test]
fn what_is_still_being_written_is_waited_for() {
    let repo = world();
    let mut watch = Watch::start(&repo, "'*'");
    let mut file = fs::File::create(repo.path("b")).unwrap();
    for part in ["2", "3", "4"] {
        std::io::Write::write_all(&mut file, part.as_bytes()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    drop(file);
    watch.builds("b", "1 step");
    assert_eq!(repo.read("second"), "1234");
    is_silent(watch).ran(["0100", "0200", "0200"]);
}

#[test]
fn git_at_work_is_waited_for() {
    let repo = world().file(".git/HEAD", "ref: refs/heads/main\n");
    let mut watch = Watch::start(&repo, "'*'");
    repo.file(".git/index.lock", "").edit("a", "2");
    std::thread::sleep(std::time::Duration::from_millis(60));
    repo.edit("b", "2").remove(".git/index.lock");
    watch.builds("a and b", "2 steps");
    is_silent(watch).ran(["0100", "0100", "0200", "0200"]);
}

#[test]
fn a_folder_that_goes_and_comes_back_is_watched_on() {
    let repo = Repo::new().file("in/deep/a", "1");
    repo.script("0100_first.sh", "# Inputs: in/**\n# Outputs: first\ncat in/deep/* > first 2>&1 || true");
    let mut watch = Watch::start(&repo, "'*'");
    fs::rename(repo.path("in"), repo.path("out")).unwrap();
    assert!(watch.line_with("changed -> ran 1 step").len() <= 2);
    fs::rename(repo.path("out"), repo.path("in")).unwrap();
    watch.line_with("changed -> ");
    assert_eq!(repo.read("first"), "1");
    repo.file("in/deep/b", "2");
    watch.line_with("changed -> ran 1 step");
    assert_eq!(repo.read("first"), "12");
    repo.file("in/other/c", "3");
    watch.line_with("changed -> ran 1 step");
    repo.edit("in/other/c", "4");
    watch.line_with("in/other/c changed -> ran 1 step");
}

#[test]
fn a_new_script_and_a_changed_one_are_planned() {
    let repo = world();
    let mut watch = Watch::start(&repo, "'*' --trust-edits");
    repo.script("0300_third.sh", "# Inputs: second\n# Outputs: third\ncp second third");
    watch.line_with("changed -> ran 1 step, reused 2");
    repo.edit("0300_third.sh", "# Inputs: second\n# Outputs: fourth\ncp second fourth");
    watch.line_with("changed -> ran 1 step, reused 2");
    assert_eq!(repo.read("fourth"), "11");
    repo.remove("scripts/0300_third.sh");
    watch.line_with("changed -> ");
    repo.edit("a", "2");
    watch.builds("a", "2 steps");
    is_silent(watch);
}

#[test]
fn a_playbook_that_is_broken_for_a_while_is_told_of_and_watched_on() {
    let repo = world().playbook("ci.json", r#"{"sequence": ["*"]}"#);
    let mut watch = Watch::start(&repo, "ci --trust-edits");
    repo.playbook("ci.json", r#"{"sequence": ["*"}"#);
    let told = watch.line_with("nothing was run; waiting for the next change");
    assert!(told.iter().any(|line| line.contains("ci.json")), "{told:?}");
    // While it is broken nothing else can be built.
    repo.edit("a", "2");
    watch.line_with("a changed -> nothing was run");
    repo.playbook("ci.json", r#"{"sequence": ["*"]}"#);
    watch.line_with("playbooks/ci.json changed -> ran 2 steps");
    assert_eq!(repo.read("second"), "21");
    is_silent(watch).ran(["0100", "0100", "0200", "0200"]);
}

#[test]
fn a_workspace_that_cannot_be_built_yet_is_watched_until_it_can() {
    let repo = world();
    let mut watch = Watch::begin(&repo, "ci --trust-edits");
    watch.line_with("nothing was run; waiting for the next change");
    repo.playbook("ci.json", r#"{"sequence": ["*"]}"#);
    watch.line_with("changed -> ran 2 steps");
    is_silent(watch);
}

#[test]
fn a_failed_step_is_tried_again_when_anything_changes() {
    // What it reads az does not know, since it never ended well.
    let repo = Repo::new().file("hidden/wish", "no");
    repo.script(
        "0100_first.sh",
        "# Outputs: first\necho again >> hidden/log; grep -q yes hidden/wish && echo > first",
    );
    let mut watch = Watch::begin(&repo, "'*'");
    watch.line_with("shows all that it printed");
    // That it writes a log is not taken for a change more than once.
    repo.edit("hidden/wish", "yes");
    watch.line_with("hidden/wish changed -> ran 1 step");
    assert!(repo.scripts_run().len() <= 3, "it must not go round in circles");
    repo.remove("first");
    watch.line_with("first changed -> ");
    is_silent(watch);
}

#[test]
fn a_step_that_changes_what_it_reads_does_not_go_round_in_circles() {
    let repo = Repo::new().file("count", "");
    repo.script(
        "0100_count.sh",
        "# Inputs: count\n# Outputs: seen\n# Cache: never\necho x >> count; cat count > seen",
    );
    repo.script("0200_other.sh", "# Inputs: b\n# Outputs: other\ncat b > other").file("b", "1");
    let mut watch = Watch::start(&repo, "'*'");
    // However often it was built until then, it is built because of this edit in the end.
    repo.edit("b", "2");
    watch.line_with("b changed -> ");
    until("the edit has its effect", || repo.read("other") == "2");
    let ran = repo.scripts_run().iter().filter(|name| *name == "0100").count();
    assert!(ran <= 6, "ran {ran} times");
}

#[test]
fn an_edit_during_a_build_is_not_lost() {
    let repo = world();
    let gate = repo.gate("gate");
    repo.script(
        "0200_second.sh",
        &format!(
            "# Inputs: first, b\n# Outputs: second\nif grep -q 2 b; then\n{}\nfi\ncat first b > second",
            gate.stop()
        ),
    );
    let mut watch = Watch::start(&repo, "'*'");
    repo.edit("b", "2");
    gate.reached();
    repo.edit("b", "3").edit("a", "3");
    gate.open();
    until("the last edits have their effect", || {
        watch.line();
        repo.read("second") == "33"
    });
}

#[test]
fn an_edit_during_each_of_several_builds_is_not_lost() {
    let repo = world();
    let gate = repo.gate("gate");
    let stops = format!(
        "# Inputs: first, b\n# Outputs: second\nif grep -q 2 b; then\n{}\nfi\ncat first b > second",
        gate.stop()
    );
    repo.script("0200_second.sh", &stops);
    let mut watch = Watch::start(&repo, "'*'");
    repo.edit("b", "2");
    for value in 2..6 {
        gate.reached();
        repo.edit("a", &value.to_string());
        gate.open();
    }
    gate.reached();
    gate.open();
    until("the last edit has its effect", || {
        watch.line();
        repo.read("second") == "52"
    });
}
