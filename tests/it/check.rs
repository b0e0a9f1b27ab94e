//! `az check`.

use serde_json::Value;

use crate::repo::Repo;

/// A repository with a mistake of every weight.
fn world() -> Repo {
    Repo::new()
        .file("az.toml", "[variables]\nMode = \"fast\"\n")
        .file("scripts/0100_a.sh", "# Stage: Testing\n# Condition: Mdoe -eq 'fast'\necho a\n")
        .file("scripts/0200_b.sh", "# Stage: Testing\n# Dependencies: 0100, Frobnicator\necho b\n")
        .file("scripts/0300_c.sh", "# Stage: Tesing\n# Inputs: src/**/*.c\n# Outputs: None\necho c\n")
        .file("src/x.h", "")
        .playbook("ci.json", "{\n  \"sequence\": [\"0100\", \"0299-0200\"]\n}\n")
        .playbook("good.json", "{\"sequence\": [\"0100-0200\"]}\n")
}

fn files(value: &Value) -> Vec<(String, usize)> {
    let files = value["files"].as_array().unwrap().iter();
    files
        .map(|file| {
            (file["path"].as_str().unwrap().to_owned(), file["diagnostics"].as_array().unwrap().len())
        })
        .collect()
}

#[test]
fn every_file_is_told_with_all_its_mistakes() {
    let output = world().az("check").code(2).clone();
    assert_eq!(output.stderr(), "", "the answer is data");
    insta::assert_snapshot!(output.stdout());
}

#[test]
fn the_json_has_every_file_also_those_without_mistakes() {
    insta::assert_json_snapshot!(world().az("check --json").code(2).json());
}

#[test]
fn quiet_tells_errors_only_and_verbose_notes_too() {
    let repo = world();
    repo.az("check -q").code(2).says("AZ0103").not("AZ0304").not("checked");
    repo.az("check").code(2).says("AZ0304").not("AZ0603").says("1 note");
    repo.az("check -v").code(2).says("AZ0603").says("did you mean `Mode`?");
}

#[test]
fn warnings_alone_are_no_failure_unless_asked_for() {
    let repo = world().file("playbooks/ci.json", "{\"sequence\": [\"*\"]}");
    repo.az("check").code(0).says("checked 6 files: 3 warnings, 1 note");
    repo.az("check --strict").code(4).says("checked 6 files: 3 errors, 1 note");
    let sound = Repo::new().file("scripts/0100_a.sh", "echo a\n");
    sound.az("check --strict").code(0).says("checked 1 file: all is well");
}

#[test]
fn files_folders_selections_and_playbooks_are_checked_alone() {
    let repo = world();
    let checked = |line: &str| files(&repo.az(&format!("check {line} --json")).json());
    let path = |path: &str, count: usize| vec![(path.to_owned(), count)];
    assert_eq!(checked("playbooks/good.json"), path("playbooks/good.json", 0));
    assert_eq!(checked("ci"), path("playbooks/ci.json", 1));
    assert_eq!(checked("stage:Tesing"), path("scripts/0300_c.sh", 2));
    assert_eq!(checked("scripts/0200_b.sh 0100").len(), 2);
    assert_eq!(checked("playbooks").len(), 2);
    assert_eq!(checked("az.toml"), path("az.toml", 0));
    repo.az("check playbooks/good.json").code(0);
    repo.az("check 0300").code(0);
    repo.az("check 0999").code(2).says("AZ0104");
    repo.az("check goood").code(2).says("did you mean `good`?");
    repo.az_in("playbooks", "check good.json").code(0).says("checked 1 file");
}

#[test]
fn a_playbook_anywhere_can_be_checked() {
    let repo = world().file("drafts/new.json", "{\"sequence\": [\"0100\", \"0777\"]}");
    let value = repo.az("check drafts/new.json --json").code(0).json();
    assert_eq!(files(&value), [("drafts/new.json".to_owned(), 1)]);
    assert_eq!(
        (&value["files"][0]["nodes"], &value["files"][0]["format"]),
        (&1.into(), &"v1-sequence".into())
    );
    repo.file("drafts/0500_draft.sh", "# Timeout: soon\necho\n");
    repo.az("check drafts").code(0).says("AZ0303").says("AZ0104").says("checked 2 files: 2 warnings");
}

#[test]
fn an_error_in_what_all_stands_on_is_told_with_every_file() {
    let repo = world().file("az.toml", "jobs = 0\n");
    let value = repo.az("check playbooks/good.json --json").code(2).json();
    assert_eq!(files(&value), [("az.toml".to_owned(), 1), ("playbooks/good.json".to_owned(), 0)]);
}

#[test]
fn a_mistake_is_told_once_however_many_playbooks_run_the_script() {
    let repo = world().playbook("third.json", "{\"sequence\": [\"*\"]}");
    let output = repo.az("check").code(2).clone();
    assert_eq!(output.stdout().matches("Frobnicator").count(), 2, "message and line: {output}");
}

#[test]
fn an_input_that_a_step_makes_is_no_mistake() {
    let repo = Repo::new()
        .file("scripts/0100_make.sh", "# Inputs: None\n# Outputs: gen/**\necho\n")
        .file("scripts/0200_use.sh", "# Inputs: gen/*.c, gen/a/b.txt, **/*.o, g*/x\n# Outputs: None\necho\n");
    repo.az("check --strict").code(0);
    repo.file("scripts/0100_make.sh", "# Inputs: None\n# Outputs: build/x\necho\n");
    let output = repo.az("check --strict").code(4).clone();
    // `**/*.o` may lie in build/x; the others may not.
    for input in ["gen/*.c", "gen/a/b.txt", "g*/x"] {
        assert!(output.stdout().contains(&format!("the input `{input}` matches no file")), "{output}");
    }
    output.says("checked 2 files: 3 errors");
}

#[test]
fn there_must_be_something_to_check() {
    Repo::new()
        .file("az.toml", "")
        .remove("az.toml")
        .file("scripts/.keep", "")
        .az("check")
        .code(3)
        .says("AZ0107");
    Repo::new().az("check").code(2).says("AZ0902");
}

#[test]
fn json_lines_are_one_file_each() {
    let output = world().az("check --format jsonl").code(2).clone();
    assert_eq!(output.stdout().lines().count(), 6);
}

#[test]
fn of_a_folder_only_what_is_meant_for_az_is_checked() {
    let repo = Repo::new()
        .script("0100_a.sh", "true")
        .file("package.json", "{\"name\": \"x\"}")
        .file("Cargo.toml", "[package]\n")
        .file("broken.json", "{")
        .file("drafts/new.json", "{\"sequence\": [\"0100\"], \"naem\": 1}");
    let value = repo.az("check . --json").code(2).json();
    assert_eq!(files(&value), [("scripts/0100_a.sh".to_owned(), 0), ("drafts/new.json".to_owned(), 1)]);
    repo.az("check package.json").code(2).says("AZ0208");
    repo.file("playbooks/half.json", "{");
    repo.az("check .").code(2).says("playbooks/half.json");
    repo.file("az.toml", "jobs = 0\n");
    repo.az("check .").code(2).says("az.toml");
}

#[test]
fn a_pipe_is_told_and_not_waited_for() {
    let repo = Repo::new().script("0100_a.sh", "true").playbook("ci.json", "{\"sequence\": [\"0100\"]}");
    repo.remove("0100_a.sh").remove("playbooks/ci.json");
    repo.sh("mkfifo scripts/0100_a.sh playbooks/ci.json lone.json").code(0);
    // A writer that is there and silent: who reads the pipe waits for ever.
    let silent =
        repo.sh("exec 3<>scripts/0100_a.sh 4<>playbooks/ci.json; sleep 100 >/dev/null 2>&1 & echo $!");
    for (line, path) in [
        ("build 0100", "scripts/0100_a.sh"),
        ("build ci", "playbooks/ci.json"),
        ("check", "playbooks/ci.json"),
        ("check lone.json", "lone.json"),
    ] {
        repo.az(line)
            .code(2)
            .says("AZ0213")
            .says(&format!("`{path}` cannot be read: it is a pipe or a device"));
    }
    repo.sh(&format!("kill {}", silent.stdout().trim())).code(0);
}

#[test]
fn a_file_of_data_that_is_too_large_is_not_read() {
    let repo = Repo::new().script("0100_a.sh", "true").playbook("ci.json", "{\"sequence\": [\"0100\"]}");
    // Their sizes are all that there is of them.
    repo.sh("truncate -s 100G playbooks/huge.yaml lone.json; mkdir -p rules; truncate -s 5M rules/huge.toml")
        .code(0);
    for (line, path) in [
        ("build huge", "playbooks/huge.yaml"),
        ("check", "playbooks/huge.yaml"),
        ("check", "rules/huge.toml"),
        ("check lone.json", "lone.json"),
    ] {
        repo.az(line).code(2).says("AZ0218").says(&format!("`{path}` is larger than 4MiB")).says("split it");
    }
    repo.remove("rules/huge.toml");
    repo.az("build ci").code(0);
    // What programs write may be larger, if somebody says so.
    let large = format!("{{\"sequence\": [\"0100\"]{}}}", " ".repeat(5 << 20));
    repo.file("playbooks/large.json", &large);
    repo.az("build large").code(2).says("AZ0218");
    repo.file("az.toml", "[workspace]\nmax_playbook_size = \"6MiB\"\n");
    repo.az("build large").code(0);
    repo.az("check playbooks/large.json").code(0);
    repo.az("build huge").code(2).says("`playbooks/huge.yaml` is larger than 6MiB");
    repo.file("az.toml", "[workspace]\nmax_playbook_size = \"1GiB\"\n");
    repo.az("check").code(2).says("AZ0215").says("is more than 128MiB");
    repo.remove("az.toml").remove("playbooks/large.json");
    // A script may be as large as it likes.
    repo.sh("head -c 5000000 /dev/zero | tr '\\0' '#' > scripts/0200_b.sh; chmod +x scripts/0200_b.sh")
        .code(0);
    repo.az("build 0200").code(0);
}

#[test]
fn a_script_without_a_kind_is_told_once() {
    let repo = Repo::new().file("scripts/0100_a.zig", "x\n");
    repo.az("check").code(0).says("AZ0308").not("AZ0505").says("checked 1 file: 1 warning");
}

#[test]
fn nothing_in_a_name_or_a_text_moves_the_cursor() {
    let name = "0100_a\u{1b}[2Jb\u{7}\nc";
    let repo = Repo::new()
        .executable(&format!("scripts/{name}.sh"), "#!/bin/sh\n# Stage: Te\u{1b}[1Ast\n# Timeout: s\u{8}\n");
    repo.playbook("p\u{1b}c.json", "{\"sequence\": [\"\u{1b}c\"]}");
    let lines = [
        "",
        "list",
        "list stages",
        "list playbooks",
        "check",
        "plan 0100",
        "build 0100",
        "build 0100 --explain",
        "build 0100 -v",
        "why 0100",
        "inputs 0100",
        "runs show",
        "cache list",
        "build nope\u{1b}c",
        "0100",
    ];
    let is_color = |behind: &str| {
        let end = behind
            .strip_prefix('[')
            .and_then(|rest| rest.trim_start_matches(|c| "0123456789;".contains(c)).chars().next());
        end == Some('m')
    };
    for line in lines {
        for color in ["", " --color always"] {
            let line =
                if line == "0100" { "--color always 0100".to_owned() } else { format!("{line}{color}") };
            let output = repo.az(&line);
            let shown = format!("{}{}", output.stdout(), output.stderr());
            assert!(shown.split('\u{1b}').skip(1).all(is_color), "{line:?}: {shown:?}");
            let others = shown.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\u{1b}'));
            assert_eq!(others, None, "{line:?}: {shown:?}");
        }
    }
    repo.az("list").says("a\\u{1b}[2Jb\\u{7}");
}

#[test]
fn a_file_that_looks_like_a_script_and_is_none_is_told() {
    let strays = [
        ("0500.sh", "`0500_Name.sh`"),
        ("0501-dash.sh", "`0501_dash.sh`"),
        ("503_x.sh", "`0503_x.sh`"),
        ("05040_x.py", "`NNNN_x.py` with a number of four digits"),
        ("deep/0505 blank.ps1", "`0505_blank.ps1`"),
        ("0506_x", "`0506_x.sh`"),
    ];
    let repo = Repo::new().file("scripts/0100_a.sh", "echo a\n");
    for name in
        ["0600_x.sh.old", "0601.bak", "README.md", "2nd.sh", "lib.sh", "0602.csv", "0603-notes.md", "700"]
    {
        repo.file(&format!("scripts/{name}"), "");
    }
    repo.az("check --strict").code(0);
    for (name, better) in strays {
        repo.file(&format!("scripts/{name}"), "");
        let output = repo.az("check");
        output.code(0).says("AZ0313").says(&format!("scripts/{name}`")).says("1 warning");
        let help = output.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(&format!("call it {better}, or move it")), "{output}");
        repo.az("check --strict").code(4);
        repo.az("check scripts/0100_a.sh").code(0).not("AZ0313");
        repo.remove(&format!("scripts/{name}"));
    }
    repo.sh("printf x > \"scripts/$(printf '0700_\\377a.sh')\"").code(0);
    repo.az("check").code(0).says("AZ0313").says("its name is not UTF-8").says("`0700_a.sh`");
}
