//! Conditions that az cannot read, given to PowerShell by who allows it. A script stands for PowerShell: it prints what
//! the test wants to hear, and keeps what it was asked.

use crate::repo::{Repo, until};

const CONDITION: &str = "(Get-Date).Hour -gt 5 -and $Mode -eq 'x'";

/// Returns a repository with a step under a condition that is not of az's language, and a `pwsh`.
fn repo(condition: &str, answer: &str) -> Repo {
    let repo = Repo::new();
    repo.script("0100_first.sh", "true");
    let quoted = serde_json::to_string(condition).unwrap();
    repo.playbook(
        "p.json",
        &format!(
            "{{\"Name\": \"p\", \"Variables\": {{\"Mode\": \"x; touch stolen\"}}, \
             \"Stages\": [{{\"Name\": \"s\", \"Sequence\": [\"0100\"], \"Condition\": {quoted}}}]}}"
        ),
    );
    let body = format!(
        "#!/bin/sh\nfor last; do :; done\nprintf '%s' \"$last\" > asked\nenv > env\necho >> times\n{answer}\n"
    );
    let folder = repo.path("bin").display().to_string();
    let path = repo.variable("PATH").unwrap_or_default();
    repo.executable("bin/pwsh", &body).env("PATH", &format!("{folder}:{path}"))
}

#[test]
fn without_a_word_nothing_is_given_to_powershell() {
    let repo = repo(CONDITION, "echo true");
    repo.az("build p").code(2).says("AZ0602").ran([]);
    assert!(!repo.has_path("asked"));
}

#[test]
fn powershell_decides_what_az_cannot_read() {
    for (answer, ran) in [("echo true", true), ("echo false", false)] {
        let repo = repo(CONDITION, answer);
        let built = repo.az("build p --unsafe-pwsh-conditions").code(0);
        assert_eq!(repo.scripts_run().contains(&"0100".to_owned()), ran, "{}", built.stderr());
        assert!(repo.read("asked").contains(&format!("if ({CONDITION}\n)")), "{}", repo.read("asked"));
        assert!(repo.read("env").contains(r#"AZ_VARIABLES={"Mode":"x; touch stolen"}"#));
        assert!(!repo.has_path("stolen"));
        // It is asked each time: nobody knows what it depends on.
        for times in 2..5 {
            repo.az("build p --unsafe-pwsh-conditions").code(0).ran([]);
            assert_eq!(repo.read("times").lines().count(), times);
        }
    }
}

#[test]
fn placeholders_arrive_in_the_environment() {
    let repo = repo("(Get-Item '{{Mode}}').Exists", "echo \"$AZ_EXPR_1\" >&2; echo false");
    repo.az("build p --unsafe-pwsh-conditions").code(0).ran([]);
    assert!(!repo.read("asked").contains("stolen"), "{}", repo.read("asked"));
    assert!(repo.read("env").contains("AZ_EXPR_1=x; touch stolen"));
}

#[test]
fn what_powershell_cannot_tell_fails_its_step() {
    let repo = repo(CONDITION, "echo nonsense");
    let failed = repo.az("build p --unsafe-pwsh-conditions").code(1).ran([]);
    failed.says("cannot be decided").says("it says `nonsense`");
    repo.edit("bin/pwsh", "#!/bin/sh\nexit 3\n")
        .az("build p --unsafe-pwsh-conditions")
        .code(1)
        .says("it failed");
    repo.remove("bin/pwsh");
    repo.az("build p --unsafe-pwsh-conditions").code(1).ran([]).says("pwsh is not on PATH");
}

#[test]
fn a_plan_asks_nothing_of_powershell() {
    let repo = repo(CONDITION, "echo true");
    for line in ["plan p --unsafe-pwsh-conditions", "build p --dry-run --unsafe-pwsh-conditions"] {
        repo.az(line).code(0).says("PowerShell is asked when it runs");
    }
    assert!(!repo.has_path("asked"));
}

#[test]
fn what_az_reads_itself_is_never_given_to_powershell() {
    let repo = repo("$Mode -eq 'y'", "echo true");
    repo.az("build p --unsafe-pwsh-conditions").code(0).ran([]);
    assert!(!repo.has_path("asked"));
}

#[test]
fn a_condition_that_asks_for_the_time_is_asked_each_time() {
    let condition = |asked: &str| {
        format!(
            "{{\"Name\": \"p\", \"Stages\": [{{\"Name\": \"s\", \"Sequence\": [\"0100\"], \"Condition\": \"{asked} -like '1999*'\"}}]}}"
        )
    };
    let repo = Repo::new();
    repo.script("0100_first.sh", "true").playbook("p.json", &condition("$timestamp"));
    repo.playbook("q.json", &condition("'a'"));
    until("the file system's clock went on", || {
        repo.az("build p").code(0).ran([]);
        repo.az("build q").code(0).ran([]);
        repo.has_path(".azcache/v1/gate")
    });
    let gates = || std::fs::read_dir(repo.path(".azcache/v1/gate")).unwrap().count();
    assert_eq!(gates(), 1, "only for what asks for no time");
    repo.az("build p").code(0).ran([]);
    assert_eq!(gates(), 1);
}
