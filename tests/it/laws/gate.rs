//! L22 behind a gate: each thing that could change the answer makes the gate unclean, and what cannot does not.

use super::declared;
use crate::repo::Repo;

/// A repository whose last build was answered from the file system alone.
fn gated() -> Repo {
    let repo = Repo::new()
        .file("in/a", "1")
        .script("0400_list.sh", &declared("in/*", "out/listed", "mkdir -p out; ls in > out/listed"))
        .script(
            "0410_mode.sh",
            &declared("in/a", "out/mode", "mkdir -p out; echo \"mode ${MODE:-none}\" > out/mode"),
        );
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
    repo.answered_by_gate();
    repo
}

#[test]
fn l22_an_input_changes_behind_a_gate_even_with_its_size_and_time() {
    let repo = gated();
    repo.sh("touch -r in/a ../time && printf 2 > in/a && touch -r ../time in/a").code(0);
    repo.az("build '*'").code(0).ran(["0400", "0410"]);
}

#[test]
fn l22_names_come_and_go_behind_a_gate() {
    let repo = gated();
    repo.file("in/b", "").az("build '*'").code(0).ran(["0400"]);
    repo.answered_by_gate();
    repo.remove("in/b").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out/listed"), "a\n");
    repo.script("0500_more.sh", &declared("in/a", "", "true")).az("build '*'").code(0).ran(["0500"]);
}

#[test]
fn l22_outputs_are_looked_at_behind_a_gate() {
    let repo = gated();
    repo.remove("out/listed").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("out/listed"), "a\n");
    repo.answered_by_gate();
    repo.edit("out/listed", "mine\n").az("build '*'").code(0).ran([]).says("set aside");
    assert_eq!(repo.read("out/listed"), "a\n");
    repo.answered_by_gate();
    repo.mode("out/listed", 0o755).az("build '*'").code(0).ran([]);
    repo.file("out/stray", "").az("build '*'").code(0);
}

#[test]
fn l22_the_same_change_of_an_output_is_undone_each_time() {
    // What stands in the gate after it was undone is what stands there then, and not what was found.
    let repo = Repo::new()
        .file("a", "1")
        .script("0100_first.sh", "# Inputs: a\n# Outputs: first\ncat a > first")
        .script("0200_second.sh", "# Inputs: first\n# Outputs: second\ncat first first > second")
        .script("0300_in.sh", &declared("a", "out/a", "mkdir -p out; cat a > out/a"))
        .script("0400_list.sh", &declared("out/*", "listed", "ls out > listed"));
    repo.az("build '*'").code(0).ran(["0100", "0200", "0300", "0400"]);
    repo.answered_by_gate();
    for _ in 0..3 {
        repo.edit("second", "mine\n").az("build '*'").code(0).ran([]).says("brought back");
        assert_eq!(repo.read("second"), "11");
    }
    for _ in 0..3 {
        repo.remove("second").az("build '*'").code(0).ran([]).says("brought back");
        assert_eq!(repo.read("second"), "11");
    }
    for _ in 0..3 {
        repo.edit("first", "mine\n").remove("second").az("build '*'").code(0).ran([]).says("brought back");
        assert_eq!((repo.read("first"), repo.read("second")), ("1".to_owned(), "11".to_owned()));
    }
    for _ in 0..3 {
        repo.remove("out/a").az("build '*'").code(0).ran([]).says("brought back");
        assert_eq!((repo.read("out/a"), repo.read("listed")), ("1".to_owned(), "a\n".to_owned()));
    }
}

#[test]
fn l22_the_environment_and_the_request_are_part_of_a_gate() {
    let repo = gated();
    let changed = repo.env("MODE", "fast");
    changed.az("build '*'").code(0).ran(["0410"]);
    assert_eq!(changed.read("out/mode"), "mode fast\n");
    changed.without_env("MODE").az("build '*'").code(0).ran([]);
    assert_eq!(changed.read("out/mode"), "mode none\n");
    changed.az("build '*' --force").code(0).ran(["0400", "0410"]);
}

#[test]
fn l23_what_az_does_to_bring_something_back_is_asked_for_by_nobody() {
    let repo = gated();
    repo.file("in/b", "").az("build '*'").code(0).ran(["0400"]);
    repo.remove("in/b").az("build '*'").code(0).ran([]).says("1 path brought back");
    // A temporary file that is gone by now would make the gate worthless.
    repo.sh("grep -q listed .azcache/v1/gate/* && ! grep -q '\\.az-' .azcache/v1/gate/*").code(0);
}

#[test]
fn l23_another_terminal_is_no_other_world() {
    let repo = gated();
    let elsewhere = repo.env("WINDOWID", "7").env("TERM_PROGRAM", "other").env("SHLVL", "3");
    let clock = || std::fs::metadata(repo.path(".azcache/v1/clock")).unwrap().modified().unwrap();
    let before = clock();
    elsewhere.az("build '*'").code(0).ran([]);
    assert_eq!(clock(), before, "answered by the gate of the first one");
    // What nobody may see is another thing: it is kept from all that is told.
    elsewhere.env("OTHER_TOKEN", "a long secret").az("build '*'").code(0).ran([]);
    assert_ne!(clock(), before);
    // A script that mentions what is there by chance asks for it.
    repo.script("0420_id.sh", &declared("", "out/id", "echo \"$WINDOWID\" > out/id"))
        .az("build '*'")
        .code(0)
        .ran(["0420"]);
    repo.answered_by_gate();
    repo.env("WINDOWID", "8").az("build '*'").code(0).ran(["0420"]);
    repo.without_env("WINDOWID").az("build '*'").code(0).ran(["0420"]);
    assert_eq!(repo.read("out/id"), "\n");
}

#[test]
fn l22_the_environment_that_conditions_see_is_part_of_a_gate() {
    let repo = Repo::new().playbook(
        "env.toml",
        "metadata.name = \"env\"\n[[orchestration.jobs.a.steps]]\nscript = \"true\"\nshell = \"sh\"\ninputs = []\noutputs = []\n\
         if = \"$env:WANTED -eq 'yes'\"\n",
    );
    repo.az("build env").code(0).says("1 skipped");
    repo.az("build env").code(0).says("1 skipped");
    repo.env("WANTED", "yes").az("build env").code(0).says("ran 1 step");
    repo.az("build env").code(0).says("reused 1");
    repo.without_env("WANTED").az("build env").code(0).says("1 skipped");
}

#[test]
fn l22_what_planning_reads_is_part_of_a_gate() {
    let repo = gated();
    repo.file("rules/more.toml", "[[rule]]\nmatch = \"0410\"\nenv = { MODE = \"rule\" }\n");
    repo.az("build '*'").code(0).ran(["0410"]);
    repo.answered_by_gate();
    repo.file("az.toml", "[workspace]\nscripts = [\"tools\"]\n").az("build '*'").code(3);
    repo.remove("az.toml").az("build '*'").code(0).ran([]);
}

#[test]
fn l22_what_a_script_does_changes_behind_a_gate_and_what_it_says_of_itself() {
    let repo = gated();
    let list = |header: &str, body: &str| {
        repo.script("0400_list.sh", &declared("in/*", "out/listed", &format!("{header}{body}")))
    };
    list("", "mkdir -p out; ls -1 in/* > out/listed").az("build '*'").code(0).ran(["0400"]);
    assert_eq!(repo.read("out/listed"), "in/a\n");
    repo.answered_by_gate();
    list("# Condition: IsWindows -eq $true\n", "true").az("build '*'").code(0).ran([]).says("skipped");
    list("", "mkdir -p out; echo \"$MODE\" > out/listed").az("build '*'").code(0).ran(["0400"]);
    repo.answered_by_gate();
    // What it mentions now is asked for now.
    repo.env("MODE", "fast").az("build '*'").code(0).ran(["0400", "0410"]);
    assert_eq!(repo.read("out/listed"), "fast\n");
}

#[test]
fn l23_a_gate_tells_the_same_in_every_form() {
    let repo = Repo::new()
        .file("in/a", "1")
        .script("0400_warn.sh", "# Inputs: in/a\n# Outputs:\n# ExitCodes: 7=warning\nexit 7")
        .script("0410_no.sh", "# Inputs: in/a\n# Outputs:\n# Condition: IsWindows -eq $true\ntrue");
    repo.az("build '*'").code(0).ran(["0400"]);
    let told = |line: &str| {
        let output = repo.az(line).ran([]);
        let mut value = output.json();
        for field in ["run", "duration_ms", "Duration"] {
            value.as_object_mut().unwrap().remove(field);
        }
        value
    };
    let evaluated = told("build '*' --json -vv");
    repo.answered_by_gate();
    let answered = told("build '*' --json");
    assert_eq!(evaluated, answered);
    assert_eq!(answered["nodes"][0]["flags"][0], "warning");
    repo.az("build '*'").code(0).says("skipped").says("warning");
    repo.az("build '*' --strict").code(4).ran([]);
}

#[test]
fn l22_what_other_requests_ran_leaves_a_gate_as_it_is() {
    let repo = gated();
    repo.script("0500_other.sh", &declared("other/b", "other/out", "cat other/b > other/out"))
        .file("other/b", "1");
    repo.az("build 0500").code(0).ran(["0500"]);
    repo.az("build 0400-0410").code(0).ran([]);
    repo.is_answered_by_gate("build 0400-0410");
    // What 0500 does is nothing to the others.
    repo.edit("other/b", "2").az("build 0500").code(0).ran(["0500"]);
    assert!(repo.needs_but_stats("build 0400-0410"));
    assert!(repo.needs_but_stats("build 0400-0410"));
    // A part of what is built was built by itself.
    repo.edit("in/a", "2").az("build 0410").code(0).ran(["0410"]);
    repo.az("build 0400-0410").code(0).ran(["0400"]);
    // One that fails may stand for others, and so may what it left half done.
    repo.script("0500_other.sh", &declared("other/b", "other/out", "false"))
        .az("build 0500")
        .code(1)
        .ran(["0500"]);
    repo.az("build 0400-0410").code(0).ran([]);
    repo.is_answered_by_gate("build 0400-0410");
}
