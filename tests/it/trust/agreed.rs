//! `az trust`.

use crate::repo::Repo;

fn world() -> Repo {
    Repo::new()
        .script("0100_a.sh", "# Inputs: None\n# Outputs: None\ntrue")
        .playbook("ci.json", r#"{"name":"ci","sequence":["0100"]}"#)
}

#[test]
fn what_was_agreed_to_is_shown_listed_and_forgotten() {
    let repo = world();
    repo.az("trust --show")
        .code(1)
        .says("1 script, 1 playbook, 0 files of rules, 0 configurations")
        .says("nobody has agreed to it");
    repo.az("trust --list").code(0).says("nothing was agreed to yet");
    repo.az("trust").code(0).says("this content may run").says("1 script, 1 playbook");
    repo.az("trust --show").code(0).says("this content may run");
    let hash = repo.az("trust --show --json").code(0).json()["hash"].as_str().unwrap().to_owned();
    let listed = repo.az("trust --list --json").code(0).json();
    assert_eq!(
        (listed["workspaces"][0]["hash"].as_str(), listed["workspaces"].as_array().unwrap().len()),
        (Some(&*hash), 1)
    );
    repo.az("trust --list").code(0).says(&hash[..16]);
    repo.az("trust --revoke").code(0).says("forgotten");
    repo.az("trust --revoke").code(0).says("nothing was agreed to");
    repo.az("trust --show").code(1).says("nobody has agreed to it");
    assert!(!repo.has_path(".local") && !repo.has_path(".azcache"), "nothing of it is kept in the workspace");
}

#[test]
fn what_changed_is_shown_as_a_diff_that_no_terminal_obeys() {
    let repo = world();
    repo.az("trust").code(0);
    repo.file("scripts/0100_a.sh", "#!/bin/sh\necho \u{1b}[2J\u{202e}\n")
        .file("scripts/0200_\u{1b}]0;x.sh", "b\n")
        .remove("playbooks/ci.json");
    let shown = repo.az("trust --show --color always").code(1);
    shown
        .says("script changed scripts/0100_a.sh")
        .says("+echo \\u{1b}[2J\\u{202e}")
        .says("script added scripts/0200_\\u{1b}]0;x.sh");
    shown.says("playbook removed playbooks/ci.json");
    let json = repo.az("trust --show --json").code(1).json();
    assert_eq!((&json["trusted"], json["changes"].as_array().unwrap().len()), (&false.into(), 3));
    // Showing agrees to nothing.
    repo.az("trust --show").code(1);
    repo.az("trust").code(0);
    repo.az("trust --show").code(0);
}

#[test]
fn edits_are_agreed_to_in_so_many_words() {
    let repo = world();
    repo.az("trust --edits").code(0).says("whatever the files in").says("become may run");
    repo.script("0100_a.sh", "false");
    repo.az("trust --show").code(0).says("whatever these files become may run");
    repo.az("trust --list").code(0).says("all edits");
    // To agree to this content takes the other word back.
    repo.az("trust").code(0);
    repo.script("0100_a.sh", "true");
    repo.az("trust --show").code(1);
    repo.az("trust --help").code(0).says("whoever can write to the workspace");
}

#[test]
fn another_place_is_named_by_its_path_and_a_folder_below_means_the_workspace() {
    let repo = world().file("src/deep/a", "");
    repo.az_in("src/deep", "trust ..").code(0);
    repo.az("trust --show").code(0);
    repo.az_in("src", &format!("trust --revoke {}", repo.path("").display())).code(0).says("forgotten");
    repo.az(&format!("trust {}", repo.outside("nowhere").display())).code(2);
    for line in ["trust --list --revoke", "trust --show --edits", "trust --revoke --edits"] {
        repo.az(line).code(2).says("cannot stand together");
    }
}

#[test]
fn what_is_trusted_is_kept_in_no_workspace() {
    let repo = world();
    let inside = repo.env("XDG_STATE_HOME", repo.path("state").to_str().unwrap());
    inside.az("trust").code(2).says("AZ0913").says("lies in the workspace itself");
    assert!(!repo.has_path("state"));
    let elsewhere = repo.env("XDG_STATE_HOME", repo.outside("state").to_str().unwrap());
    elsewhere.az("trust").code(0);
    assert!(repo.outside("state/az/trust").is_dir());
    repo.az("help AZ0912").code(0).says("AZ_TRUST");
}
