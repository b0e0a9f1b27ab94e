//! The fixture itself: a counter that counts wrong would make every claim about runs worthless.

use super::*;

#[test]
fn words_are_split_as_in_a_shell() {
    assert_eq!(
        words("build '0402, 0404' --var x=\"a b\"  ''"),
        ["build", "0402, 0404", "--var", "x=a b", ""]
    );
    assert_eq!(words(""), [""; 0]);
    assert_eq!(words("it\"'\"s"), ["it's"]);
}

#[test]
fn scripts_that_run_are_counted_since_the_last_claim() {
    Repo::new()
        .script("0100_a.sh", "# Stage: Core\n\necho hi")
        .script("0200_b.sh", "exit 7")
        .sh("scripts/0200_b.sh; scripts/0100_a.sh; scripts/0200_b.sh")
        .code(7)
        .says("hi")
        .not("Core")
        .ran_in_order(["0200", "0100", "0200"])
        .sh("scripts/0200_b.sh; scripts/0100_a.sh")
        .ran(["0100", "0200"])
        .ran([])
        .sh("true")
        .ran([]);
}

#[test]
#[should_panic(expected = "the scripts that ran")]
fn a_script_that_ran_is_no_empty_run() {
    Repo::new().script("0100_a.sh", "true").sh("scripts/0100_a.sh").ran([]);
}

#[test]
fn the_header_of_a_script_stands_before_what_it_does() {
    let repo = Repo::new().script("0100_a.sh", "# Stage: Core\n# Tags: x");
    assert!(repo.read("0100_a.sh").starts_with("#!/bin/sh\n# Stage: Core\n# Tags: x\necho 0100 >>"));
}

#[test]
fn files_are_edited_touched_and_removed() {
    let repo =
        Repo::new().script("0100_a.sh", "echo hi").file("in/data.txt", "one").playbook("ci.json", "{}");
    let mtime = || fs::metadata(repo.path("in/data.txt")).unwrap().modified().unwrap();
    let before = mtime();
    std::thread::sleep(Duration::from_millis(15));
    repo.touch("in/data.txt");
    assert!(mtime() > before && repo.read("in/data.txt") == "one");
    repo.edit("0100_a.sh", "echo ho").sh("scripts/0100_a.sh").says("ho").ran(["0100"]);
    repo.edit("in/data.txt", "two").sh("cat in/data.txt").says("two");
    repo.remove("in").remove("playbooks/ci.json").sh("find . -type f").not("data.txt").not("ci.json");
}

#[test]
fn nothing_from_outside_reaches_a_command() {
    let repo = Repo::new().env("CI", "1");
    let output = repo.sh("env | cut -d= -f1 | grep -v '^_$\\|^PWD$\\|^OLDPWD$\\|^SHLVL$' | sort");
    assert_eq!(output.stdout(), "CI\nHOME\nNO_COLOR\nPATH\nTERM\nTMPDIR\n");
    assert_eq!(output.stderr(), "");
    repo.without_env("CI").sh("echo \"[$CI]\"").says("[]");
}

#[test]
fn json_and_signals_are_understood() {
    let repo = Repo::new();
    assert_eq!(repo.sh("echo '{\"counts\": {\"ran\": 0}}'").json()["counts"]["ran"], 0);
    repo.sh("kill -TERM $$").code(143);
}

#[test]
fn the_steps_of_a_playbook_can_be_counted() {
    let repo = Repo::new();
    repo.sh(&repo.notes("lint")).ran(["lint"]);
}

#[test]
fn az_itself_starts() {
    Repo::new().file("sub/x", "").az_in("sub", "--version").not("panicked").az("--version").not("panicked");
}
