//! `az` alone, `az help`, and how mistakes of the command line look.

use crate::repo::Repo;

fn world() -> Repo {
    Repo::new()
        .script("0100_prepare.sh", "# Stage: Prepare\n# Inputs: None\n# Outputs: None\necho")
        .script("0400_unit.sh", "# Stage: Testing\nexit 1")
        .playbook("ci.json", r#"{"description": "Everything", "sequence": ["*"]}"#)
}

#[test]
fn az_alone_says_what_is_here_and_what_to_type() {
    let repo = world();
    insta::assert_snapshot!(repo.az("").code(0).stdout());
    repo.az("build ci").code(1);
    let after = repo.az("").code(0).stdout().to_owned();
    let last = after.lines().find(|line| line.starts_with("last run: ci, ")).unwrap();
    assert!(last.ends_with(" ago: failed (1 ran, 1 failed)"), "{last}");
    assert!(after.lines().count() < 20);
    assert_eq!(repo.az("--json").code(0).json()["last_run"]["status"], "Failed");
}

#[test]
fn az_alone_names_what_is_broken_first() {
    let repo = world().playbook("odd.json", "{");
    repo.az("").code(0).says("odd  cannot be read: see `az check`").says("  az check");
    let many = Repo::new();
    for number in 100..140 {
        many.file(&format!("scripts/0{number}_x.sh"), format!("# Stage: S{number}\n"));
        many.playbook(&format!("p{number}.json"), "{\"sequence\": [\"*\"]}");
    }
    let output = many.az("").code(0).clone();
    assert!(output.stdout().lines().count() < 20, "{output}");
    output.says("and 34 more: az list playbooks").says("and 34 more\n");
}

#[test]
fn az_alone_in_an_empty_folder_says_how_to_begin_and_that_works() {
    let repo = Repo::new();
    let output = repo.az("").code(0).clone();
    insta::assert_snapshot!(output.stdout());
    let commands = output.stdout().lines().filter_map(|line| line.strip_prefix("  "));
    for command in commands.take_while(|line| !line.starts_with("az ")) {
        repo.sh(command).code(0);
    }
    repo.az("build 0100").code(0).says("ran 1 step");
}

#[test]
fn help_lists_verbs_and_topics() {
    let repo = Repo::new();
    insta::assert_snapshot!(repo.az("help").code(0).stdout());
    repo.az("--help").code(0).says("Options of all verbs");
    assert_eq!(repo.az("help build").code(0).stdout(), repo.az("help b").code(0).stdout());
    repo.az("build --help").code(0).says("--continue-on-error");
    repo.az("--version").code(0).says("az 0");
}

#[test]
fn help_explains_every_topic_and_every_code() {
    let repo = Repo::new();
    for topic in ["selection", "exit-codes", "cache", "environment"] {
        let output = repo.az(&format!("help {topic}")).code(0).clone();
        assert!((6..30).contains(&output.stdout().lines().count()), "{output}");
        assert!(output.stdout().lines().all(|line| line.chars().count() <= 120), "{output}");
    }
    let codes: Vec<_> = az::diag::all_codes().collect();
    for info in [codes[0], codes[codes.len() / 2], codes[codes.len() - 1]] {
        repo.az(&format!("help {}", info.code)).code(0).says(info.title).says(info.text);
    }
    repo.az("help az0104").code(0).says("AZ0104: ");
}

#[test]
fn mistakes_of_the_command_line_look_like_all_others() {
    let repo = world();
    let all: Vec<String> =
        ["biuld", "ci", "build --frce", "list --color no", "build ci -j", "build --force --no-cache ci"]
            .iter()
            .map(|line| format!("$ az {line}\n{}", repo.az(line).code(2).stderr()))
            .collect();
    insta::assert_snapshot!(all.join("\n"));
    let value = repo.az("build --frce --json").code(2).json();
    assert_eq!(value["diagnostics"][0]["code"], "AZ0901");
    assert_eq!(repo.az("build --frce --json").stderr(), "");
}
