//! `az check --declare`: what steps were seen to do, as their own declarations; and inputs nobody used.

use std::os::unix::fs::PermissionsExt;

use proptest::{prelude::*, test_runner::Config};

use crate::repo::Repo;

/// Returns a repository in which steps are traced; nothing, said aloud, where they cannot be.
fn traced() -> Option<Repo> {
    let repo = Repo::new().script("0100_a.sh", "true");
    if repo.az("doctor --json").json()["tracing"]["in_use"] == "off" {
        eprintln!("skipped: steps cannot be traced here");
        return None;
    }
    Some(Repo::new())
}

/// Claims that what was declared is what the steps do: a forced run warns of nothing, and then nothing is to be done.
#[track_caller]
fn holds(repo: &Repo) {
    repo.az("build '*' --force").code(0).not("AZ0708").not("AZ0709");
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
    repo.az("check --strict").code(0);
    // Without a trace the declarations are all there is.
    repo.env("AZ_TRACE", "off").az("build '*'").code(0).ran([]);
    repo.without_env("AZ_TRACE");
    let before = repo.sh("cat scripts/*").stdout().to_owned();
    repo.az("check --declare").code(0).says("wrote 0 headers");
    assert_eq!(repo.sh("cat scripts/*").stdout(), before, "twice is once");
}

/// A repository of steps that depend on each other and read in every way.
fn world(repo: &Repo) -> Repo {
    for name in ["a", "b", "c", "d"] {
        repo.file(&format!("src/{name}.c"), format!("int {name};\n"));
    }
    repo.file("src/note.txt", "")
        .file("conf/x.ini", "x")
        .file("data/one,two [3].txt", "odd")
        .link("to-x", "conf/x.ini");
    repo.script("0100_gen.sh", "mkdir -p gen; cat src/*.c > gen/all.c; test -e gen/none || true");
    repo.script(
        "0200_use.sh",
        "# Stage: Use\ncat gen/all.c to-x > gen/used; mktemp >/dev/null; ls conf >/dev/null",
    );
    repo.script(
        "0300_odd.sh",
        "# Inputs: src/**\n# Outputs: nothing/**\ncat 'data/one,two [3].txt' > 'out {x}.txt'",
    );
    repo.script("0400_sort.sh", "sort -u gen/used -o gen/used");
    repo.script("0500_quiet.sh", "echo hi")
}

fn text(repo: &Repo, script: &str) -> String {
    repo.read(script).lines().filter(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_was_declared_from_traces_is_what_the_steps_do() {
    let Some(repo) = traced() else { return };
    world(&repo).az("build '*'").code(0);
    repo.az("build '*'").code(0);
    repo.az("check --declare").code(0).says("wrote 5 headers");
    assert_eq!(text(&repo, "0100_gen.sh"), "#!/bin/sh\n# Inputs: src/*.c\n# Outputs: gen/all.c");
    assert_eq!(
        text(&repo, "0200_use.sh"),
        "#!/bin/sh\n# Stage: Use\n# Inputs: conf/x.ini, gen/all.c, to-x\n# Outputs: gen/used"
    );
    assert_eq!(
        text(&repo, "0300_odd.sh"),
        "#!/bin/sh\n# Inputs: data/one[,]two \\[3\\].txt\n# Outputs: out \\{x\\}.txt"
    );
    assert_eq!(text(&repo, "0400_sort.sh"), "#!/bin/sh\n# Inputs: gen/used\n# Outputs: gen/used");
    assert_eq!(text(&repo, "0500_quiet.sh"), "#!/bin/sh\n# Inputs: None\n# Outputs: None");
    holds(&repo);
    // What is declared is watched: each edit runs what it must.
    repo.env("AZ_TRACE", "off")
        .edit("src/b.c", "int bb;\n")
        .az("build '*'")
        .code(0)
        .ran(["0100", "0200", "0400"]);
    repo.edit("conf/x.ini", "y").az("build '*'").code(0).ran(["0200", "0400"]);
}

#[test]
fn nothing_is_written_when_it_is_only_to_be_shown() {
    let Some(repo) = traced() else { return };
    world(&repo).az("build '*'").code(0);
    let before = repo.sh("cat scripts/*; stat -c %Y.%Z scripts/*").stdout().to_owned();
    for option in ["--dry-run", "--what-if"] {
        let output = repo.az(&format!("check --declare {option} 0100 0300")).code(0).clone();
        assert_eq!(
            output.stdout(),
            "scripts/0100_gen.sh\n  + # Inputs: src/*.c\n  + # Outputs: gen/all.c\n\
             scripts/0300_odd.sh\n  - # Inputs: src/**\n  - # Outputs: nothing/**\n  \
             + # Inputs: data/one[,]two \\[3\\].txt\n  + # Outputs: out \\{x\\}.txt\n"
        );
        output.says("would write 2 headers; 0 unchanged");
    }
    assert_eq!(repo.sh("cat scripts/*; stat -c %Y.%Z scripts/*").stdout(), before);
    repo.az("check --dry-run").code(2).says("--declare");
}

#[test]
fn rules_say_the_same_and_are_read_again() {
    let Some(repo) = traced() else { return };
    world(&repo).az("build '*'").code(0);
    let output = repo.az("check --declare=rules 0100 0500").code(0).clone();
    assert_eq!(
        output.stdout(),
        "[[rule]]\nmatch = \"0100\"\ninputs = [\"src/*.c\"]\noutputs = [\"gen/all.c\"]\n\n\
         [[rule]]\nmatch = \"0500\"\ninputs = []\noutputs = []\n\n"
    );
    repo.file("rules/declared.toml", output.stdout());
    repo.az("build 0100 0500 --force").code(0).not("AZ0708").not("AZ0709").not("AZ0");
    _ = repo.scripts_run();
    repo.env("AZ_TRACE", "off").az("build 0100 0500").code(0).ran([]);
}

#[test]
fn all_but_the_declarations_of_a_script_stays_as_it_is() {
    let Some(repo) = traced() else { return };
    let text = "\u{feff}# Does it.\r\n# Inputs: old\r\n\r\nopen('made', 'w').write(open('in').read())\r\n";
    repo.file("in", "1").file("scripts/0100_a.py", text).mode("scripts/0100_a.py", 0o751);
    if !repo.sh("python3 --version").is_success() {
        eprintln!("skipped: there is no python3");
        return;
    }
    repo.file("kept/0200_b.sh", "#!/bin/sh\ncat in\n").link("scripts/0200_b.sh", "../kept/0200_b.sh");
    repo.az("build '*'").code(0);
    repo.az("check --declare").code(0).says("wrote 2 headers");
    assert_eq!(repo.read("scripts/0100_a.py"), text.replace("old\r\n", "in\r\n# Outputs: made\r\n"),);
    assert_eq!(repo.path("scripts/0100_a.py").metadata().unwrap().permissions().mode() & 0o7777, 0o751);
    assert!(repo.path("scripts/0200_b.sh").is_symlink(), "what a link leads to is changed, not the link");
    assert_eq!(repo.read("kept/0200_b.sh"), "#!/bin/sh\n# Inputs: in\n# Outputs: None\ncat in\n");
    repo.sh("ls -A scripts kept").not(".tmp");
}

#[test]
fn names_that_were_learned_are_declared() {
    let Some(repo) = traced() else { return };
    let repo = repo.env("FLAVOUR", "sweet").file("lib.sh", "echo \"$FLAVOUR\"\n");
    repo.script("0100_a.sh", "# Env: OTHER\n. ./lib.sh > out");
    for _ in 0..3 {
        repo.az("build '*'").code(0);
    }
    repo.az("check --declare").code(0);
    assert_eq!(
        text(&repo, "0100_a.sh"),
        "#!/bin/sh\n# Env: OTHER, FLAVOUR\n# Inputs: lib.sh\n# Outputs: out"
    );
    holds(&repo);
    _ = repo.scripts_run();
    repo.env("FLAVOUR", "sour").az("build '*'").code(0).ran(["0100"]);
    assert_eq!(repo.read("out"), "sour\n");
}

#[test]
fn steps_that_were_not_seen_whole_are_left_out_with_the_reason() {
    let Some(repo) = traced() else { return };
    repo.script("0100_off.sh", "# Trace: off\ntrue").script("0200_fails.sh", "exit 3");
    repo.script("0300_new.sh", "true").script("0400_good.sh", "true");
    repo.az("build 0100 0200 0400 --continue-on-error").code(10);
    let before = repo.sh("cat scripts/0[123]*").stdout().to_owned();
    repo.az("check --declare")
        .code(0)
        .says("left out: 0100_off: it is declared `trace: off`")
        .says("left out: 0200_fails: it failed when it last ran: exit code 3")
        .says("left out: 0300_new: it has not run yet")
        .says("wrote 1 header; 0 unchanged");
    assert_eq!(repo.sh("cat scripts/0[123]*").stdout(), before);
    let json = repo.az("check --declare --json").code(0).json();
    assert_eq!((json["skipped"].as_array().unwrap().len(), &json["schema"]), (3, &"az.declare/v1".into()));
    assert_eq!(json["scripts"][0]["is_changed"], false);
}

#[test]
fn several_that_write_one_file_are_no_two_owners_of_it() {
    let Some(repo) = traced() else { return };
    repo.script("0100_first.sh", "echo one > log");
    repo.script("0200_more.sh", "echo two >> log").script("0300_more.sh", "echo three >> log");
    // Who writes over a file without a look is an owner too.
    repo.script("0400_one.sh", "echo one > same").script("0500_other.sh", "echo other > same");
    for _ in 0..2 {
        repo.az("build '*'").code(0);
    }
    repo.az("check --declare").code(0).says("wrote 5 headers");
    assert_eq!(text(&repo, "0500_other.sh"), "#!/bin/sh\n# Inputs: same\n# Outputs: same");
    assert_eq!(text(&repo, "0200_more.sh"), "#!/bin/sh\n# Inputs: log\n# Outputs: log");
    repo.az("build '*' --force").code(0).not("AZ0708").not("AZ0709");
    _ = repo.scripts_run();
    repo.az("build '*'").code(0).ran([]);
    assert_eq!((repo.read("log"), repo.read("same")), ("one\ntwo\nthree\n".to_owned(), "other\n".to_owned()));
}

#[test]
fn what_no_declaration_can_say_is_said() {
    let Some(repo) = traced() else { return };
    repo.file("old", "").file("in", "").script("0100_clean.sh", "cat in; rm -f old");
    repo.script("0200_early.sh", "cat later 2>/dev/null; true").script("0300_late.sh", "echo > later");
    repo.az("build '*'").code(0);
    repo.az("build 0200").code(0);
    repo.az("check --declare")
        .code(0)
        .says("removes `old`, which `Outputs` cannot say")
        .says("left out: 0200_early: it reads `later`, which 0300_late makes after it");
    assert_eq!(text(&repo, "0100_clean.sh"), "#!/bin/sh\n# Inputs: in");
    repo.az("build '*'").code(0);
}

#[test]
fn inline_steps_and_what_is_not_there_are_told() {
    let Some(repo) = traced() else { return };
    repo.script("0100_a.sh", "true").az("build '*'").code(0);
    repo.playbook(
        "ci.json",
        r#"{"orchestration": {"jobs": {"x": {"steps": [{"id": "s", "shell": "sh", "script": "true"}]}}}}"#,
    );
    repo.az("check --declare").code(0).says("playbooks/ci.json#x/s: it is written in a playbook");
    repo.az("check --declare 0999").code(2).says("AZ0104");
    repo.az("check --declare=nowhere").code(2).says("headers");
    Repo::new().file("az.toml", "").az("check --declare").code(3).says("AZ0107");
}

#[test]
fn an_input_that_was_not_used_is_advice_and_no_more() {
    let Some(repo) = traced() else { return };
    repo.file("src/a.c", "1")
        .file("lib/b.c", "1")
        .file("doc/c.md", "1")
        .file("etc/d", "1")
        .file("tmp/e", "1");
    repo.script("0100_a.sh", "# Inputs: src/*.c, lib/*.c, doc/*.md, etc, tmp/*\n# Outputs: None\ncat src/a.c; ls doc; test -e etc/d");
    repo.az("check -v").code(0).not("AZ0509");
    repo.az("build '*'").code(0);
    repo.az("check").code(0).says("2 notes").not("AZ0509");
    repo.az("check --strict").code(0);
    let output = repo.az("check -v").code(0).says("AZ0509").clone();
    for (input, is_used) in
        [("src/*.c", true), ("lib/*.c", false), ("doc/*.md", true), ("etc", true), ("tmp/*", false)]
    {
        let told = format!("nothing that the input `{input}` names was used by `0100_a`");
        assert_eq!(output.stdout().contains(&told), !is_used, "{input}: {output}");
    }
    let json = repo.az("check --json").json();
    let fault = &json["files"][0]["diagnostics"][0];
    assert_eq!((&fault["severity"], &fault["code"]), (&"note".into(), &"AZ0509".into()), "{json}");
    assert_eq!(&fault["labels"][0]["line"], 2, "{json}");
    _ = repo.scripts_run();
    repo.answered_by_gate();
    repo.az("check --declare").code(0);
    repo.az("build '*'").code(0);
    repo.az("check -v").code(0).not("AZ0509");
}

#[test]
fn an_input_of_a_rule_or_playbook_is_unused_only_if_no_step_uses_it() {
    let Some(repo) = traced() else { return };
    repo.file("a", "1")
        .file("b", "1")
        .file("c", "1")
        .script("0100_a.sh", "cat a")
        .script("0200_b.sh", "cat b");
    repo.file(
        "rules/r.toml",
        "[[rule]]\nmatch = \"0100-0299\"\ninputs = [\"a\", \"b\", \"c\"]\noutputs = []\n",
    );
    repo.az("build 0100").code(0);
    repo.az("check -v").code(0).not("AZ0509");
    repo.az("build '*'").code(0);
    let output = repo.az("check -v").code(0).says("rules/r.toml:3:").clone();
    assert_eq!(output.stdout().matches("AZ0509").count(), 1, "{output}");
    output.says("the input `c` names was used by `0100_a`, `0200_b`");
    repo.remove("rules").playbook(
        "ci.json",
        r#"{"orchestration": {"jobs": {"x": {"steps": [{"id": "s", "shell": "sh", "script": "cat a", "inputs": ["a", "b"], "outputs": []}]}}}}"#,
    );
    repo.az("build ci").code(0);
    let output = repo.az("check -v").code(0).says("playbooks/ci.json:1:").clone();
    assert_eq!(output.stdout().matches("AZ0509").count(), 1, "{output}");
    output.says("the input `b` names");
}

/// What a step may do, told by a number; `before` is the step before it.
fn deed(kind: u8, step: usize) -> String {
    let before = step - 1;
    match kind {
        0 => format!("cat src/{}.txt > out/{step}", step % 6),
        1 => format!("cat out/{before} >> out/{step} 2>/dev/null; true"),
        2 => format!("echo {step} >> log"),
        3 => "sort -u log -o log".to_owned(),
        4 => "ls src; test -e src/none || test -e src/1.txt".to_owned(),
        5 => format!("mkdir -p 'deep/{step}, x'; cp src/*.txt 'deep/{step}, x'"),
        6 => format!("ln -sf ../src/2.txt out/link{step}; cat out/link{step}"),
        7 => "cat src/[0-3].txt sub/deep/*.dat".to_owned(),
        _ => format!("echo temporary > t{step}; cat t{step} > 'out/[{step}]'; rm t{step}"),
    }
}

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_steps_do_their_declarations_hold(
        steps in prop::collection::vec(prop::collection::vec(0..9_u8, 1..4), 1..6),
    ) {
        let Some(repo) = traced() else { return Ok(()) };
        for index in 0..6 {
            repo.file(&format!("src/{index}.txt"), format!("{index}\n"));
            repo.file(&format!("sub/deep/{index}.dat"), format!("{index}\n"));
        }
        // What a step appends to is made anew by the first one, so that each run of all begins alike.
        repo.script("0100_start.sh", "mkdir -p out; : > log; rm -f out/none; echo > out/0");
        for (index, deeds) in steps.iter().enumerate() {
            let clear = format!(": > out/{}; ", index + 1);
            let body: Vec<String> = deeds.iter().map(|kind| deed(*kind, index + 1)).collect();
            repo.script(&format!("0{}00_step.sh", index + 2), &format!("{clear}{}", body.join("\n")));
        }
        repo.az("build '*'").code(0);
        let made = || repo.sh("tail -n +1 log out/* deep/*/* 2>/dev/null; true").stdout().to_owned();
        let before = made();
        repo.az("check --declare").code(0).says(&format!("wrote {} headers", steps.len() + 1)).not("left out");
        repo.az("build '*' --force").code(0).not("AZ0");
        _ = repo.scripts_run();
        repo.az("build '*'").code(0).ran([]);
        prop_assert_eq!(made(), before);
        repo.env("AZ_TRACE", "off").az("build '*'").code(0).ran([]);
    }
}
