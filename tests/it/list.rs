//! `az list`.

use crate::repo::Repo;

fn world() -> Repo {
    Repo::new()
        .script(
            "0100_prepare.sh",
            "# Stage: Prepare\n# Description: Make the folders\n# Tags: fast, setup\necho",
        )
        .script("0400_unit.sh", "# Stage: Testing\n# Dependencies: 0100, git (optional)\n# Tags: Fast\n# Condition: IsLinux\n# Description: Ünit tests\necho")
        .file("scripts/deep/0400_other.py", "# Stage: testing\nprint()\n")
        .file("scripts/0900_broken.sh", b"echo \xff\n")
        .playbook("ci.json", r#"{"name": "all", "description": "Everything", "sequence": ["*"]}"#)
        .playbook("jobs.toml", "[metadata]\nname = \"jobs\"\n[orchestration.jobs.one]\nsteps = [{ run = \"0100\" }, { run = \"0400\" }]\n")
        .playbook("odd.json", "{\"sequnce\": []}")
}

#[test]
fn lists_read_well() {
    let repo = world();
    let all: Vec<String> = ["scripts", "playbooks", "stages", "tags"]
        .iter()
        .map(|what| format!("$ az list {what}\n{}", repo.az(&format!("list {what}")).code(0).stdout()))
        .collect();
    insta::assert_snapshot!(all.concat());
}

#[test]
fn a_selection_is_listed_and_what_it_does_not_find_is_told() {
    let repo = world();
    let output = repo.az("list stage:TESTING 0777 '!0400_other'").code(0).clone();
    assert_eq!(output.stdout(), "0400  unit  Testing  Fast  Ünit tests\n");
    assert!(output.stderr().contains("AZ0104") && output.stderr().contains("0777"), "{output}");
    repo.az("list tags 0100").code(0).says("setup  1 script").not("Fast");
    repo.az("list 0499-0400").code(2).says("AZ0103");
    repo.az("list stage").code(0).says("Prepare  1 script");
}

#[test]
fn the_json_of_everything_has_all_four_lists() {
    insta::assert_json_snapshot!(world().az("list --json").code(0).json());
}

#[test]
fn the_json_of_one_list_has_this_one_only() {
    let value = world().az("list stages --format json").code(0).json();
    let expected = serde_json::json!({
        "schema": "az.list/v1",
        "stages": [{"name": "Prepare", "count": 1}, {"name": "testing", "count": 2}],
    });
    // Scripts of one number are in the order of their paths, so the spelling of the first is taken.
    let names = |value: &serde_json::Value| value["stages"].to_string().to_lowercase();
    assert_eq!(names(&value), names(&expected));
    assert_eq!(value.as_object().unwrap().len(), 2, "{value}");
}

#[test]
fn json_lines_are_one_thing_each() {
    let output = world().az("list --format jsonl").code(0).clone();
    let types: Vec<String> = output
        .stdout()
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned()
        })
        .collect();
    let count = |wanted: &str| types.iter().filter(|found| *found == wanted).count();
    assert_eq!((count("script"), count("playbook"), count("stage"), count("tag")), (4, 3, 2, 2));
}

#[test]
fn an_empty_workspace_says_how_to_begin() {
    let repo = Repo::new().file("az.toml", "");
    let output = repo.az("list").code(0).clone();
    assert_eq!(output.stdout(), "");
    assert!(output.stderr().contains("put one such as 0100_hello.sh into scripts/"), "{output}");
    Repo::new().az("list").code(2).says("AZ0902");
}

#[test]
fn listing_writes_nothing() {
    let repo = world();
    repo.az("list").code(0);
    repo.az("").code(0);
    repo.az("check").code(2);
    assert!(!repo.path(".azcache").exists());
}

#[test]
fn what_is_not_found_is_told_in_every_form_of_answer() {
    let repo = world();
    for form in ["json", "jsonl"] {
        for verb in ["list", "plan", "build"] {
            repo.az(&format!("{verb} 0100 0777 --format {form}")).code(0).says("AZ0104").says("0777");
        }
    }
}

#[test]
fn paths_are_seen_from_the_folder_that_is_named() {
    let repo = Repo::new().file("sub/scripts/0100_a.sh", "true\n").file("sub/wanted", "0100\n");
    repo.az("-C sub plan @wanted").code(0).says("0100_a");
    repo.az("-C sub build 0100").code(0);
    repo.az("-C sub cache export out").code(0);
    assert!(repo.has_path("sub/out/results") && !repo.has_path("out"));
}
