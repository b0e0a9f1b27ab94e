//! Playbooks of every format, run: what each means, and that a format is only a spelling.
//!
//! The repository is bare: four scripts that say in `ran` which they are and what they were given.

use std::path::Path;

use crate::repo::Repo;

const NUMBERS: [&str; 4] = ["0402", "0404", "0407", "0500"];

/// A repository whose scripts write their number and the variables `WHERE` and `WHICH` into the file `ran`.
fn repo() -> Repo {
    let repo = Repo::new();
    for number in NUMBERS {
        repo.script(
            &format!("{number}_s.sh"),
            &format!("# Cache: never\n# Scratch: ran\necho {number} $WHERE $WHICH >> ran"),
        );
    }
    repo
}

/// What ran, in order, with what it was given: `0402 1 2`.
fn ran(repo: &Repo) -> Vec<String> {
    let text = repo.read("ran");
    repo.remove("ran");
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// Builds a playbook that stands in a file of this name, and returns what ran.
fn run(name: &str, text: &str) -> Vec<String> {
    let repo = repo();
    repo.file(&format!("playbooks/{name}"), text);
    repo.az("check").code(0);
    repo.az("build p -j1").code(0);
    ran(&repo)
}

#[test]
fn stages_run_in_their_order_and_not_in_that_of_the_numbers() {
    // The old engine put all stages into one list, sorted it and ran each number once.
    let v2 = r#"{"metadata": {"name": "p"}, "orchestration": {"stages": [
        {"name": "Late", "sequences": ["0407", "0404"]}, {"name": "Early", "sequences": ["0402"]},
        {"name": "Again", "sequences": ["0407"]}]}}"#;
    assert_eq!(run("p.json", v2), ["0404", "0407", "0402", "0407"]);
    let by_name = r#"{"name": "p", "stages": {"b": {"scripts": ["0404"]}, "a": {"scripts": [{"id": "0402"}]}},
        "executionOrder": ["a", "b"]}"#;
    assert_eq!(run("p.json", by_name), ["0402", "0404"]);
}

#[test]
fn variables_of_a_stage_lie_over_those_of_the_playbook() {
    let text = r#"{"name": "p", "variables": {"WHERE": "playbook", "WHICH": "playbook"}, "stages": [
        {"name": "one", "sequence": ["0402"]}, {"name": "two", "sequence": ["0404"], "variables": {"where": "stage"}}]}"#;
    assert_eq!(run("p.json", text), ["0402 playbook playbook", "0404 stage playbook"]);
    let repo = repo();
    repo.file("playbooks/p.json", text);
    repo.az("build p --var WHERE=mine").code(0);
    assert_eq!(
        ran(&repo),
        ["0402 mine playbook", "0404 mine playbook"],
        "the command line has the last word"
    );
}

#[test]
fn definitions_run_in_their_order_each_with_its_own_parameters() {
    // The old engine kept the last definition of a number and ran it once.
    let text = "@{\n    Name = 'p'\n    Variables = @{ WHERE = 'all' }\n    Sequence = @(\n\
        \t@{ Script = '0407'; Parameters = @{ WHICH = 'first' } }\n\
        \t@{ Script = 'library/automation-scripts/0402_s.ps1' }\n\
        \t@{ Script = '0407'; Parameters = @{ WHICH = 'second' } }\n    )\n}\n";
    assert_eq!(run("p.psd1", text), ["0407 all first", "0402 all", "0407 all second"]);
}

#[test]
fn a_list_of_numbers_is_a_set_in_every_format() {
    for (name, text) in [
        ("p.json", r#"{"Sequence": ["0407", "0402-0404", "!0404", "0407"]}"#),
        ("p.yaml", "sequence:\n  - 0407\n  - 0402-0404\n  - '!0404'\n  - 0407\n"),
        ("p.toml", "sequence = [\"0407\", \"0402-0404\", \"!0404\", \"0407\"]\n"),
        ("p.psd1", "@{ Sequence = '0407', '0402-0404', '!0404', '0407' }\n"),
    ] {
        assert_eq!(run(name, text), ["0402", "0407"], "{name}");
    }
}

#[test]
fn jobs_are_the_same_in_every_format() {
    for (name, text) in [
        (
            "p.json",
            r#"{"metadata": {"name": "p"}, "orchestration": {"env": {"WHERE": "é"}, "jobs": {
                "second": {"needs": "first", "steps": [{"run": "0402"}, {"run": 404}]},
                "first": {"steps": [{"run": "0500", "with": {"WHICH": 1}}]}}}}"#,
        ),
        (
            "p.yml",
            "metadata: { name: p }\norchestration:\n  env: { WHERE: é }\n  jobs:\n    second:\n      needs: first\n      steps:\n        - run: 0402\n        - run: 0404\n    first:\n      steps: [{ run: 0500, with: { WHICH: 1 } }]\n",
        ),
        (
            "p.toml",
            "[orchestration]\nenv = { WHERE = \"é\" }\n[orchestration.jobs.second]\nneeds = [\"first\"]\nsteps = [{ run = \"0402\" }, { run = \"0404\" }]\n[[orchestration.jobs.first.steps]]\nrun = \"0500\"\nwith = { WHICH = 1 }\n",
        ),
        (
            "p.psd1",
            "@{ orchestration = @{ env = @{ WHERE = 'é' }; jobs = @{\n  second = @{ needs = 'first'; steps = @(@{ run = 0402 }, @{ run = '0404' }) }\n  first = @{ steps = @(,@{ run = '0500'; with = @{ WHICH = 1 } }) } } } }\n",
        ),
    ] {
        let text = text.replace("\"run\": 404", "\"run\": \"0404\"");
        assert_eq!(run(name, &text), ["0500 é 1", "0402 é", "0404 é"], "{name}");
    }
}

#[test]
fn other_bodies_run_one_after_the_other() {
    for (name, text) in [
        ("p.json", r#"{"name": "p", "scripts": ["0407", "0402"]}"#),
        (
            "p.json",
            r#"{"name": "p", "workflow": {"steps": [{"id": "x", "script": "0407"}, {"script": "0402_s.ps1"}]}}"#,
        ),
        (
            "p.json",
            r#"{"name": "p", "sequences": [{"name": "q", "steps": [{"script": "0407"}, {"script": "0402"}]}]}"#,
        ),
        (
            "p.json",
            r#"{"name": "p", "Sequence": [{"Step": "0407"}, {"Step": "0402", "Parameters": {"Unknown": 1}}]}"#,
        ),
        (
            "p.yaml",
            "name: p\nsteps:\n  - name: one\n    run: 0407\n  - name: two\n    script: echo 0402 >> ran\n    shell: sh\n",
        ),
        (
            "p.psd1",
            "@{ Name = 'p'; Scripts = @(@{ Number = '0407'; Required = $true }, @{ Script = '0402' }) }",
        ),
        (
            "p.psd1",
            "@{ Name = 'p'; Stages = @(@{ Name = 'a'; Scripts = @(@{ Path = '0407_s.ps1' }) }, @{ Name = 'b'; Sequence = @('0402') }) }",
        ),
    ] {
        assert_eq!(run(name, text), ["0407", "0402"], "{text}");
    }
}

#[test]
fn a_format_is_told_by_content_and_never_by_name() {
    let repo = repo();
    // A `version` is the playbook's own, and a name says nothing.
    repo.file(
        "playbooks/v3-jobs.json",
        r#"{"version": "3.0", "stages": [{"name": "a", "sequence": ["0402"]}]}"#,
    );
    repo.file("playbooks/v1-sequence.json", "steps:\n  - run: 0402\n");
    repo.file("playbooks/x.toml", "{\"sequence\": [\"0402\"]}");
    let checked = repo.az("check playbooks --json").code(0).json();
    let formats: Vec<_> =
        checked["files"].as_array().unwrap().iter().map(|file| file["format"].as_str().unwrap()).collect();
    assert_eq!(formats, ["steps", "v1-stages", "v1-sequence"]);
    for name in ["v3-jobs", "v1-sequence", "x"] {
        repo.az(&format!("build {name}")).code(0);
        assert_eq!(ran(&repo), ["0402"], "{name}");
    }
}

#[test]
fn two_stages_of_one_name_are_two_and_told() {
    let repo = repo();
    repo.file(
        "playbooks/p.json",
        r#"{"stages": [{"name": "Test", "sequence": ["0402"]}, {"name": "test", "sequence": ["0404"]}]}"#,
    );
    repo.az("check").code(0).says("two stages are called `test`").says("is called `test-2` here");
    repo.az("build p").code(0);
    assert_eq!(ran(&repo), ["0402", "0404"]);
    repo.az("build p --strict").code(4);
}

#[test]
fn nothing_of_a_playbook_runs_that_would_run_differently() {
    for (field, text) in [
        (
            "services",
            "{\"orchestration\": {\"jobs\": {\"a\": {\"services\": {\"db\": \"postgres\"}, \"steps\": [{\"run\": \"0402\"}]}}}}",
        ),
        ("type", "steps:\n  - type: approval\n  - run: 0402\n"),
        (
            "uses",
            "[orchestration.jobs.a]\nsteps = [{ uses = \"actions/checkout@v4\" }, { run = \"0402\" }]\n",
        ),
    ] {
        let repo = repo();
        repo.file("playbooks/p.json", text);
        repo.az("check -v").code(0).says(&format!("az does not act on `{field}` yet"));
        repo.az("build p").code(2).says("AZ0207").ran([]);
    }
}

#[test]
fn az_s_own_playbooks_are_sound_and_plan() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repo = Repo::new();
    for folder in ["playbooks", "playbooks/examples", "scripts"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let text = std::fs::read(&path).unwrap();
                repo.file(&format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()), text);
            }
        }
    }
    repo.file("az.toml", std::fs::read(root.join("az.toml")).unwrap());
    let checked = repo.az("check --json").code(0).json();
    let playbooks: Vec<_> = checked["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["path"].as_str().unwrap().starts_with("playbooks/"))
        .collect();
    assert!(playbooks.len() >= 14, "{}", playbooks.len());
    for playbook in playbooks {
        let faults = playbook["diagnostics"].as_array().unwrap();
        let worst = faults.iter().filter(|fault| fault["severity"] != "note").collect::<Vec<_>>();
        assert!(worst.is_empty(), "{}: {worst:?}", playbook["path"]);
        assert!(playbook["nodes"].is_u64(), "{} plans", playbook["path"]);
    }
    for name in [
        "minimal-setup",
        "dev-environment",
        "hyperv-lab",
        "test",
        "validate",
        "deploy",
        "examples/test-quick-v3",
    ] {
        repo.az(&format!("plan {name}")).code(0).says("step");
    }
}

#[test]
fn jobs_in_a_circle_are_told_once_with_every_need() {
    let repo = repo();
    let jobs = r#"{"a": {"needs": "b", "steps": [{"run": "0402"}]}, "b": {"needs": ["a"], "steps": [{"run": "0404"}]}}"#;
    repo.file("playbooks/p.json", format!(r#"{{"orchestration": {{"jobs": {jobs}}}}}"#));
    for line in ["check", "build p"] {
        let told = repo.az(line).code(2);
        assert_eq!(
            told.stdout().matches("AZ0501").count() + told.stderr().matches("AZ0501").count(),
            1,
            "{line}"
        );
        told.says("1: a waits for b").says("2: b waits for a").ran([]);
    }
}

const PROFILES: &str = r#"{"metadata": {"name": "p"}, "orchestration": {
    "defaultVariables": {"WHERE": "default"},
    "profiles": {
        "quick": {"variables": {"WHERE": "quick"}, "stages": ["Test"]},
        "full": {"overrides": {"WHERE": "full"}, "excludeStages": ["report"], "env": {"WHICH": "env"}},
        "broken": {"excludeStages": ["Tset"]}},
    "stages": [
        {"name": "Test", "sequences": ["0402", "0404"]},
        {"name": "Stage", "sequences": ["0407"], "variables": {"WHERE": "stage"}},
        {"name": "Report", "sequences": ["0500"]}]}}"#;

#[test]
fn a_profile_says_which_stages_run_and_with_what() {
    let repo = repo();
    repo.file("playbooks/p.json", PROFILES);
    repo.az("build p -j1 --profile Quick").code(0);
    assert_eq!(ran(&repo), ["0402 quick", "0404 quick"]);
    repo.az("build p -j1 --playbook-profile full --var WHERE=mine").code(0);
    assert_eq!(
        ran(&repo),
        ["0402 full env", "0404 full env", "0407 full env"],
        "overrides have the last word"
    );
    repo.az("plan p --profile quick").code(0).says("2 steps");
    repo.az("build p --profile qick").code(2).says("AZ0225").says("did you mean `quick`?");
    repo.az("plan p --profile broken").code(0).says("names the stage `Tset`").says("did you mean `Test`?");
    repo.az("validate playbooks/p.json --simulate").code(0).says("under the profile `broken`");
}

#[test]
fn a_profile_leaves_scripts_out_and_old_files_name_profiles_that_are_not_theirs() {
    let repo = repo();
    let text = r#"{"name": "p", "profile": "Standard", "Options": {"Profiles": {"less": {"ExcludeSequence": ["0404", "05*"]}}},
        "stages": [{"name": "a", "sequence": ["04*", "0500"]}]}"#;
    repo.file("playbooks/p.json", text);
    repo.az("build p -j1").code(0);
    assert_eq!(ran(&repo), ["0402", "0404", "0407", "0500"]);
    repo.az("build p -j1 --profile less").code(0);
    assert_eq!(ran(&repo), ["0402", "0407"]);
}
