//! `az check --fix`.

use std::os::unix::fs::{MetadataExt, symlink};

use serde_json::Value;

use crate::repo::Repo;

/// What is mended, in each file, and what is left as it is although a word is near.
const CASES: [(&str, &str, &str); 28] = [
    // A field is renamed, with its quotes; all else stays, byte order mark and line ends too.
    (
        "playbooks/a.json",
        "\u{feff}{\r\n  // ü🚀 \"naem\"\r\n\t\"sequnce\" : [\"0100\"],\r\n  \"naem\": \"x\",\r\n}\r\n",
        "\u{feff}{\r\n  // ü🚀 \"naem\"\r\n\t\"sequence\" : [\"0100\"],\r\n  \"name\": \"x\",\r\n}\r\n",
    ),
    (
        "playbooks/b.toml",
        "naem='x'  # mine\n'descripton' = \"d\"\nsequence = [\"0100\"]\n",
        "name='x'  # mine\n'description' = \"d\"\nsequence = [\"0100\"]\n",
    ),
    // Two fields would become one, or one is there; az cannot tell which is meant.
    (
        "playbooks/c.json",
        r#"{"sequence": ["0100"], "naem": "x", "mame": "y"}"#,
        r#"{"sequence": ["0100"], "naem": "x", "mame": "y"}"#,
    ),
    (
        "playbooks/d.json",
        r#"{"sequence": ["0100"], "naem": "x", "name": "y"}"#,
        r#"{"sequence": ["0100"], "naem": "x", "name": "y"}"#,
    ),
    // The table is written in two places.
    (
        "playbooks/e.toml",
        "[orchestraton.jobs.a]\nsteps = []\n[orchestraton.jobs.b]\nsteps = []\n",
        "[orchestraton.jobs.a]\nsteps = []\n[orchestraton.jobs.b]\nsteps = []\n",
    ),
    (
        "playbooks/f.toml",
        "[orchestraton.jobs.a]\nsteps = [{run = \"0100\"}]\n",
        "[orchestration.jobs.a]\nsteps = [{run = \"0100\"}]\n",
    ),
    // Numbers get four digits, and quotes where they would lose their zeros.
    (
        "playbooks/g.json",
        r#"{"sequence": ["100", "!201", 100, "99-300", " 100 , 0100", "0300-0100"]}"#,
        r#"{"sequence": ["0100", "!0201", "0100", "0099-0300", " 0100 , 0100", "0100-0300"]}"#,
    ),
    ("playbooks/h.toml", "sequence = 100 # one\n", "sequence = \"0100\" # one\n"),
    // What is written with escapes is left.
    ("playbooks/i.json", r#"{"sequence": ["\u00310000"]}"#, r#"{"sequence": ["\u00310000"]}"#),
    (
        "playbooks/j.json",
        r#"{"sequence": ["\u0031\u0030\u0030"]}"#,
        r#"{"sequence": ["\u0031\u0030\u0030"]}"#,
    ),
    // Values get the type that is wanted, if they say the same in it.
    (
        "playbooks/k.toml",
        "[orchestration.jobs.a]\nservice = \"True\"\nretries = '2'\nname = 5\nsteps = [{run = \"0100\"}]\n",
        "[orchestration.jobs.a]\nservice = true\nretries = 2\nname = \"5\"\nsteps = [{run = \"0100\"}]\n",
    ),
    (
        "playbooks/l.json",
        r#"{"orchestration": {"jobs": {"a": {"service": "maybe", "retries": "many", "steps": [{"run": "0100"}]}}}}"#,
        r#"{"orchestration": {"jobs": {"a": {"service": "maybe", "retries": "many", "steps": [{"run": "0100"}]}}}}"#,
    ),
    // A word of a few, and the id of a job.
    (
        "playbooks/m.json",
        r#"{"orchestration": {"jobs": {"build": {"undeclared": "wraning", "cache": "nevr", "steps": [{"run": "0100"}]},
            "test": {"needs": ["biuld"], "steps": [{"rnu": "0100"}]}}}}"#,
        r#"{"orchestration": {"jobs": {"build": {"undeclared": "warning", "cache": "never", "steps": [{"run": "0100"}]},
            "test": {"needs": ["build"], "steps": [{"run": "0100"}]}}}}"#,
    ),
    // One edit uncovers mistakes that others mend.
    (
        "playbooks/n.json",
        r#"{"orchestration": {"jobs": {"a": {"stepz": [{"rnu": "100"}, {"rnu": "100"}, {"rnu": "100"}]}}}}"#,
        r#"{"orchestration": {"jobs": {"a": {"steps": [{"run": "0100"}, {"run": "0100"}, {"run": "0100"}]}}}}"#,
    ),
    // One edit uncovers mistakes that nothing mends: the file would have more of them.
    (
        "playbooks/o.json",
        r#"{"orchestration": {"jobs": {"a": {"stepz": [{}, {}, {}]}}}}"#,
        r#"{"orchestration": {"jobs": {"a": {"stepz": [{}, {}, {}]}}}}"#,
    ),
    (
        "playbooks/p.yaml",
        "# ü🚀\r\nnaem: x # mine\r\n'descripton': y\r\nsequence:\r\n  - 100   # one\r\n  - '201'\r\n  - 99-300\r\n",
        "# ü🚀\r\nname: x # mine\r\n'description': y\r\nsequence:\r\n  - \"0100\"   # one\r\n  - '0201'\r\n  - \"0099-0300\"\r\n",
    ),
    (
        "playbooks/q.yml",
        "orchestration:\n  jobs:\n    build:\n      service: \"true\"\n      cache: nevr\n      steps: [{rnu: 100}]\n    test:\n      needs: [biuld]\n      steps:\n      - run: '0100'\n",
        "orchestration:\n  jobs:\n    build:\n      service: true\n      cache: never\n      steps: [{run: \"0100\"}]\n    test:\n      needs: [build]\n      steps:\n      - run: '0100'\n",
    ),
    (
        "playbooks/r.psd1",
        "@{\n    Naem = 'x' # mine\n    Sequence = @('100', \"!201\", 100)\n}\n",
        "@{\n    name = 'x' # mine\n    Sequence = @('0100', \"!0201\", '0100')\n}\n",
    ),
    // What PowerShell would execute, and what says the same.
    (
        "playbooks/t.psd1",
        "\u{feff}@{ Sequence = '0100'; Variables = @{ A = true; B = $($env:CI); C = \"é$( $env:CI )\"; D = { $IsLinux }; \
         E = { if (1) { 'x' } } } }\n",
        "\u{feff}@{ Sequence = '0100'; Variables = @{ A = $true; B = ${env:CI}; C = \"é${env:CI}\"; D = '$IsLinux'; \
         E = { if (1) { 'x' } } } }\n",
    ),
    // What is written in several lines is left.
    (
        "playbooks/s.yaml",
        "sequence:\n  - >-\n    100,\n    0200\n",
        "sequence:\n  - >-\n    100,\n    0200\n",
    ),
    (
        "scripts/0200_a.sh",
        "#!/bin/sh\n# Tag: x\n# satge:Core\necho\n",
        "#!/bin/sh\n# Tags: x\n# Stage:Core\necho\n",
    ),
    ("scripts/0201_b.sh", "# Tag: x\n# Tags: y\necho\n", "# Tag: x\n# Tags: y\necho\n"),
    ("scripts/0202_c.sh", "# Output: x\n# Outpts: y\necho\n", "# Output: x\n# Outpts: y\necho\n"),
    (
        "scripts/0203_d.sh",
        "# Condition: ($env:CI=1)-adn ($env:B <> 'é=') \r\necho\r\n",
        "# Condition: ($env:CI -eq 1)-and ($env:B -ne 'é=') \r\necho\r\n",
    ),
    // Two operators are as near.
    (
        "scripts/0204_e.sh",
        "# Condition: $env:CI -an $env:B\necho\n",
        "# Condition: $env:CI -an $env:B\necho\n",
    ),
    (
        "rules/a.toml",
        "[[rule]]\nmatch = \"201\"\ncommand = \"prog\"\n",
        "[[rule]]\nmatch = \"0201\"\ncommand = [\"prog\"]\n",
    ),
    (
        "rules/b.toml",
        "[[rule]]\nmatch = \"0202\"\ncommand = \"prog -x\"\n",
        "[[rule]]\nmatch = \"0202\"\ncommand = \"prog -x\"\n",
    ),
    ("az.toml", "jobs = \"2\"\n", "jobs = 2\n"),
];

fn cases() -> Repo {
    let repo = Repo::new().file("scripts/0100_x.sh", "echo\n");
    CASES.iter().for_each(|(path, before, _)| _ = repo.file(path, before));
    repo
}

#[test]
fn only_the_words_that_are_wrong_are_replaced() {
    let repo = cases();
    let output = repo.az("check --fix").code(2).clone();
    for (path, _, after) in CASES {
        assert_eq!(repo.read(path), after, "{path}: {output}");
    }
    output
        .says("mended 52 mistakes in 16 files")
        .says("AZ0909")
        .says("`playbooks/o.json` cannot be mended by az");
}

#[test]
fn what_is_mended_is_not_mended_again() {
    let repo = cases();
    _ = repo.az("check --fix");
    let texts = || CASES.map(|(path, ..)| (repo.read(path), repo.path(path).metadata().unwrap().ino()));
    let before = texts();
    repo.az("check --fix").code(2).says("nothing to mend").not("+++");
    assert_eq!(texts(), before, "files were written again");
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let repo = cases();
    let real = cases();
    for option in ["--dry-run", "--what-if"] {
        let shown = repo.az(&format!("check --fix {option}")).code(2).says("would mend 52 mistakes").clone();
        for (path, before, _) in CASES {
            assert_eq!(repo.read(path), before, "{path}");
        }
        // The same is shown before it is written, and only then what is left.
        let written = real.az("check --fix").code(2).clone();
        if option == "--dry-run" {
            assert!(written.stdout().starts_with(shown.stdout()), "{shown} {written}");
            assert!(written.stdout()[shown.stdout().len()..].contains("AZ0203"), "{written}");
        }
    }
    repo.az("check --dry-run").code(2).says("--fix");
    repo.az("check --fix --declare").code(2).says("AZ0901");
}

#[test]
fn the_difference_is_one_that_patch_can_apply() {
    let repo = cases();
    if !repo.finds("patch") {
        return;
    }
    repo.az("check --fix --dry-run").code(2);
    let az = env!("CARGO_BIN_EXE_az");
    repo.sh(&format!("'{az}' check --fix --dry-run 2>/dev/null | patch --binary -p0 -s")).code(0);
    for (path, _, after) in CASES {
        assert_eq!(repo.read(path), after, "{path}");
    }
}

#[test]
fn a_fix_in_its_form_for_people() {
    let repo = Repo::new()
        .file("scripts/0100_a.sh", "echo\n")
        .playbook("ci.json", "{\n  \"sequence\": [\"100\", \"0777\"],\n  \"naem\": \"ü\"\n}\n");
    insta::assert_snapshot!(repo.az("check --fix").code(0).stdout());
}

#[test]
fn the_edits_in_the_json_are_those_that_are_made() {
    let repo = Repo::new().file("scripts/0100_a.sh", "echo\n");
    let text = "{\"naem\": \"ü\", \"sequence\": [\"0100\"], \"tagz\": []}";
    repo.playbook("ci.json", text);
    let value = repo.az("check --json").code(2).json();
    assert!(value.get("fixed").is_none(), "{value}");
    let mut bytes = text.as_bytes().to_vec();
    let faults = value["files"][1]["diagnostics"].as_array().unwrap().clone();
    for edit in faults.iter().rev().flat_map(|fault| fault["edits"].as_array().unwrap()) {
        let at = |name: &str| usize::try_from(edit[name].as_u64().unwrap()).unwrap();
        bytes.splice(at("start")..at("end"), edit["text"].as_str().unwrap().bytes());
    }
    let value = repo.az("check --fix --json").code(0).json();
    assert_eq!(repo.read("playbooks/ci.json").into_bytes(), bytes);
    let fixed = &value["fixed"][0];
    assert_eq!(value["schema"], "az.check/v1");
    assert_eq!((&fixed["path"], &fixed["edits"]), (&"playbooks/ci.json".into(), &2.into()));
    assert_eq!((&fixed["is_written"], &value["exit_code"]), (&true.into(), &0.into()));
    assert!(fixed["diff"].as_str().unwrap().starts_with("--- playbooks/ci.json\n"), "{fixed}");
    assert_eq!(repo.az("check --fix --format jsonl").code(0).stdout().lines().next(), Some("{\"fixed\":[]}"));
}

#[test]
fn the_mode_stays_and_a_link_stays_one() {
    let repo =
        Repo::new().file("scripts/0100_a.sh", "echo\n").file("shared/ci.json", "{\"sequnce\": [\"0100\"]}");
    repo.mode("shared/ci.json", 0o640).playbook("other.json", "{\"sequence\": [\"0100\"]}");
    symlink("../shared/ci.json", repo.path("playbooks/ci.json")).unwrap();
    symlink("ci.json", repo.path("playbooks/again.json")).unwrap();
    repo.az("check --fix").code(0).says("mended 2 mistakes in 2 files");
    assert_eq!(repo.read("shared/ci.json"), "{\"sequence\": [\"0100\"]}");
    assert_eq!(repo.path("shared/ci.json").metadata().unwrap().mode() & 0o7777, 0o640);
    for link in ["playbooks/ci.json", "playbooks/again.json"] {
        assert!(repo.path(link).is_symlink(), "{link}");
    }
    let names = std::fs::read_dir(repo.path("shared")).unwrap().count();
    assert_eq!(names, 1, "a temporary file was left");
}

const BAD: &str = "{\"sequnce\": [\"0100\"]}";

#[test]
fn a_file_that_may_not_be_written_is_told_and_the_others_are_mended() {
    let repo =
        Repo::new().file("scripts/0100_a.sh", "echo\n").playbook("a.json", BAD).playbook("b.json", BAD);
    repo.mode("playbooks/a.json", 0o444);
    let output = repo.az("check --fix").code(2).clone();
    output.says("`playbooks/a.json` is not mended: it is read-only").says("chmod u+w").says("AZ0909");
    output.says("mended 1 mistake in 1 file");
    assert_eq!(repo.read("playbooks/a.json"), BAD);
    assert_eq!(repo.read("playbooks/b.json"), "{\"sequence\": [\"0100\"]}");
}

#[test]
fn nothing_outside_the_workspace_is_written_nor_what_is_git_s_or_az_s() {
    let repo =
        Repo::new().file("scripts/0100_a.sh", "echo\n").playbook("x.json", "{\"sequence\": [\"0100\"]}");
    std::fs::write(repo.outside("far.json"), BAD).unwrap();
    symlink(repo.outside("far.json"), repo.path("playbooks/link.json")).unwrap();
    repo.file(".git/ci.json", BAD).file(".azcache/ci.json", BAD).file("sub/.git/ci.json", BAD);
    symlink("../.git/ci.json", repo.path("playbooks/git.json")).unwrap();
    let far = repo.outside("far.json").display().to_string();
    for line in [
        &far,
        "playbooks/link.json",
        ".git/ci.json",
        ".azcache/ci.json",
        "sub/.git/ci.json",
        "playbooks/git.json",
        "",
    ] {
        let output = repo.az(&format!("check --fix {line}")).code(2).clone();
        output.says("AZ0909").says("is not mended: it lies").says("nothing to mend");
    }
    assert_eq!(std::fs::read_to_string(&far).unwrap(), BAD);
    for path in [".git/ci.json", ".azcache/ci.json", "sub/.git/ci.json"] {
        assert_eq!(repo.read(path), BAD, "{path}");
    }
}

#[test]
fn a_mend_that_makes_an_error_is_not_made() {
    // Whose the output is can no longer be told, and neither what runs first; each time the error is in another file.
    for (first, second, blamed) in [
        (
            "# Inputs: None\n# Outptus: x\n",
            "# Inputs: None\n# Outputs: x\n",
            "`scripts/0100_a.sh` is not mended: `scripts/0200_b.sh`",
        ),
        (
            "# Inputs: None\n# Outputs: x\n",
            "# Inputs: None\n# Outptus: x\n",
            "1 mistake of `scripts/0200_b.sh` cannot be mended by az",
        ),
        (
            "# Dependecies: 0200\n",
            "# Dependencies: 0100\n",
            "1 mistake of `scripts/0100_a.sh` cannot be mended by az",
        ),
    ] {
        let repo = Repo::new().file("scripts/0100_a.sh", first).file("scripts/0200_b.sh", second);
        let output = repo.az("check --fix").code(0).says("AZ0909").says("nothing to mend").clone();
        let shown = output.stderr().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(blamed), "{output}");
        assert_eq!(
            (repo.read("scripts/0100_a.sh"), repo.read("scripts/0200_b.sh")),
            (first.into(), second.into())
        );
    }
}

#[test]
fn what_a_mend_lets_az_see_elsewhere_is_no_reason_against_it() {
    let repo = Repo::new()
        .file("scripts/0100_a.sh", "echo\n")
        .file("az.toml", "[variabels]\n")
        .playbook("a.json", "{\"sequence\": [\"0100-\"]}")
        .file("rules/a.toml", "[[rule]]\nmatch = \"0100\"\nretries = \"2\"\n")
        .playbook("b.json", "{\"sequnce\": [\"0100-\"]}");
    repo.az("check --fix").code(2).says("mended 3 mistakes in 3 files").says("AZ0101");
    assert_eq!(repo.read("az.toml"), "[variables]\n");
}

#[test]
fn only_what_was_asked_for_is_mended() {
    let repo =
        Repo::new().file("scripts/0100_a.sh", "echo\n").playbook("a.json", BAD).playbook("b.json", BAD);
    repo.file("az.toml", "jobs = \"2\"\n").file("drafts/c.json", BAD);
    repo.az("check --fix playbooks/a.json").code(2).says("az.toml").says("mended 1 mistake in 1 file");
    assert_eq!((repo.read("playbooks/b.json"), repo.read("az.toml")), (BAD.into(), "jobs = \"2\"\n".into()));
    repo.az("check --fix").code(0);
    assert_eq!(repo.read("drafts/c.json"), BAD);
    repo.az("check --fix drafts/c.json").code(0);
    assert_ne!(repo.read("drafts/c.json"), BAD);
}

#[test]
fn warnings_are_mended_too_and_strict_says_what_is_left() {
    let repo = Repo::new().file("scripts/0100_a.sh", "# Tag: x\necho\n");
    repo.az("check --strict").code(4);
    repo.az("check --fix --strict --dry-run").code(4);
    repo.az("check --fix --strict").code(0).says("mended 1 mistake in 1 file");
    repo.file("scripts/0200_b.sh", "# Tag: x\n# Timeout: soon\necho\n");
    repo.az("check --fix --strict").code(4).says("AZ0303").says("mended 1 mistake in 1 file");
}

#[test]
fn people_are_told_which_mistakes_az_can_mend() {
    let repo = Repo::new().file("scripts/0100_a.sh", "echo\n").playbook("ci.json", BAD);
    repo.az("check").code(2).says("did you mean `sequence`? (az check --fix writes it)");
    repo.az("build ci").code(2).says("(az check --fix writes it)");
    let value: Value = repo.az("check --json").code(2).json();
    assert_eq!(value["files"][1]["diagnostics"][0]["help"], "did you mean `sequence`?");
    // What was typed is no file.
    repo.az("build 100").code(2).says("write `0100`").not("--fix");
    repo.file("list", "100\n").az("build @list").code(2).says("write `0100`").not("--fix");
}

/// Counts the errors of each file.
fn errors(value: &Value) -> std::collections::BTreeMap<String, usize> {
    let is_error = |fault: &&Value| fault["severity"] == "error";
    let files = value["files"].as_array().unwrap().iter();
    let count = |file: &Value| file["diagnostics"].as_array().unwrap().iter().filter(is_error).count();
    files.map(|file| (file["path"].as_str().unwrap().to_owned(), count(file))).collect()
}

#[test]
fn no_real_playbook_gets_worse_and_one_fix_is_enough() {
    let Some(corpus) = Repo::shared("corpus/playbooks") else { return };
    let repo = Repo::new().file("scripts/0100_a.sh", "echo\n");
    repo.sh(&format!("cp -r '{}' playbooks && chmod -R u+w playbooks", corpus.display())).code(0);
    repo.sh("cp -r playbooks before").code(0);
    let before = errors(&repo.az("check --json").json());
    let fixed = repo.az("check --fix --json").json();
    let after = errors(&fixed);
    for (path, count) in &after {
        assert!(count <= &before[path], "{path} has more errors than before");
    }
    assert!(after.values().sum::<usize>() < before.values().sum(), "nothing was mended");
    let files: Vec<&str> =
        fixed["fixed"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    let differing = repo.sh("diff -rq before playbooks | sed 's/.* and //; s/ differ$//'");
    assert_eq!(differing.stdout().lines().collect::<Vec<_>>().len(), files.len(), "{differing}");
    assert!(differing.stdout().lines().all(|path| files.contains(&path)), "{differing} {files:?}");
    assert_eq!(repo.az("check --fix --json").json()["fixed"], Value::Array(vec![]));
}
