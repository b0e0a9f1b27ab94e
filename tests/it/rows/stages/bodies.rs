//! Bodies and sections of old files: what runs, what is noted, what is refused; resources and scripts that want to be alone.

use serde_json::json;

use super::{DECLARED, outcomes, repo, stages, told};
use crate::repo::Repo;

#[test]
fn f105_channels_that_cannot_be_reached_are_named() {
    let repo = repo();
    let text = json!({ "name": "p", "sequence": ["0100"], "notifications": {
        "onSuccess": { "message": "{{Completed}} done", "channels": ["console", "email", "teams", "slack"] } } });
    repo.playbook("p.json", &text.to_string());
    let checked = repo.az("check -v");
    for channel in ["email", "teams", "slack"] {
        checked.code(0).says(&format!("`{channel}`"));
    }
    repo.az("build p").code(0).says("1 done");
}

#[test]
fn f107_a_section_of_reports_is_read_whole_and_told_to_write_none_yet() {
    let repo = repo();
    let reporting = json!({ "enabled": true, "formats": ["HTML", "JSON", "Markdown", "XML", "CSV"], "outputPath": "./reports",
        "includeMetrics": true, "includeLogs": true, "summary": true });
    repo.playbook(
        "p.json",
        &json!({ "name": "p", "sequence": ["0100"], "reporting": reporting }).to_string(),
    );
    repo.az("check -v")
        .code(0)
        .says("`reporting` changes nothing: az writes no reports of its own yet")
        .not("AZ0203");
    repo.az("build p --strict").code(0).ran(["0100"]);
    assert!(!repo.has_path("reports"));
    let shown = repo.az("playbooks show p --json").code(0).json();
    assert!(shown.to_string().contains("./reports"), "{shown}");
}

#[test]
fn f368_a_step_of_a_playbook_holds_what_it_names() {
    let alone = format!("{DECLARED}mkdir busy || exit 9; sleep 0.05; rmdir busy");
    let both = format!("{DECLARED}echo x >> met; until test $(wc -l < met) -ge 2; do sleep 0.01; done");
    for (wants, config, body) in [
        ("resources: db", "", &alone),
        ("resources: [db]", "[resources]\ndb = 1\n", &alone),
        ("resources: { db: 2 }", "[resources]\ndb = 3\n", &alone),
        ("resources: { db: 1 }", "[resources]\ndb = 2\n", &both),
    ] {
        let repo = Repo::new().script("0100_a.sh", body).script("0200_b.sh", body).file("az.toml", config);
        let job = |id: &str, run: &str| format!("    {id}: {{ steps: [{{ run: '{run}', {wants} }}] }}\n");
        let jobs = job("a", "0100") + &job("b", "0200");
        repo.playbook("p.yaml", &format!("orchestration:\n  jobs:\n{jobs}"));
        let built = repo.az("build p -j4 --no-trace --timeout 20s");
        assert_eq!(built.exit(), 0, "{wants} {config}: {built}");
    }
}

#[test]
fn f394_placeholders_are_filled_with_defaults_of_every_kind() {
    let repo = repo();
    for (written, expected) in [
        ("{{name}}", "app"),
        ("{{ NAME }}", "app"),
        ("{{name:=other}}", "app"),
        ("{{none:=other}}", "other"),
        ("{{none:=a b}}", "a b"),
        ("{{none:=true}}", "true"),
        ("{{none:=1.50}}", "1.5"),
        ("{{none:={{name}}}}", "app"),
        ("{{none:={{nor:=this}}}}", "this"),
        ("{{none:=@('a','b')}}", "[\"a\",\"b\"]"),
        ("x-{{none:=@('a','b')}}", "x-a,b"),
        ("{{name}}-{{count}}-{{none:=0}}", "app-3-0"),
        ("{{none}}", ""),
        ("a{{none}}b", "ab"),
    ] {
        let variables = json!({ "name": "app", "count": 3 });
        let stage = json!({ "name": "s", "sequence": ["0402"], "variables": { "A": written } });
        repo.playbook("p.json", &json!({ "variables": variables, "stages": [stage] }).to_string());
        repo.az("build p").code(0);
        assert_eq!(told(&repo), [format!("0402 [{expected}][][]")], "{written}");
    }
    let step =
        |text: &str| json!({ "sequence": [{ "script": "0402", "parameters": { "A": text } }] }).to_string();
    repo.playbook("p.json", &step("{{nobody}}"));
    repo.az("build p").code(0).says("AZ0603").says("nothing in the playbook sets `nobody`");
    repo.az("build p --strict").code(4);
}

#[test]
fn f395_flags_in_braces_decide_whether_a_stage_runs() {
    let repo = repo();
    for (condition, value, holds) in [
        ("{{flag}}", "true", true),
        ("{{flag}}", "false", false),
        ("{{flag}} == false", "false", true),
        ("{{flag}} == false", "true", false),
        ("!{{flag}}", "true", false),
        ("!{{flag}}", "false", true),
        ("{{other:=false}} -eq $false", "true", true),
        ("'{{where}}' -eq 'deploy'", "true", true),
        ("'{{where}}' -eq 'x' -or {{flag}}", "false", false),
        ("{{where == 'deploy'}}", "true", true),
    ] {
        let stage = json!({ "name": "s", "sequence": ["0100"], "condition": condition });
        repo.playbook(
            "p.json",
            &json!({ "variables": { "flag": true, "where": "deploy" }, "stages": [stage] }).to_string(),
        );
        // A text of the command line counts as what it says.
        for given in [format!("--var flag:={value}"), format!("--var flag={value}")] {
            repo.az(&format!("build p {given}")).code(0);
            assert_eq!(repo.scripts_run().len(), usize::from(holds), "{condition} {given}");
        }
    }
}

#[test]
fn f396_objects_of_the_first_format_are_steps() {
    let repo = repo();
    let sequence = json!([
        { "Step": "0402", "Description": "first", "Parameters": { "A": "{{Where}}" } },
        { "Step": "0900", "ContinueOnError": true },
        { "Step": "0100", "Condition": "$Where -eq 'there'" },
        { "Step": "0200-0300", "Parameters": { "B": 2 } },
    ]);
    repo.playbook(
        "p.json",
        &json!({ "Name": "p", "Variables": { "Where": "here" }, "Sequence": sequence }).to_string(),
    );
    repo.az("check").code(0).says("all is well");
    repo.az("build p -j1").code(0).ran_in_order(["0402", "0900", "0200", "0300"]);
    assert_eq!(told(&repo), ["0402 [here][][]", "0200 [][2][]", "0300 [][2][]"]);
    let Some(corpus) = Repo::shared("corpus/playbooks/v1/sequence") else { return };
    repo.sh(&format!("cp {}/* playbooks/", corpus.display())).code(0);
    let checked = repo.az("check --json").json();
    let files = checked["files"].as_array().unwrap();
    assert!(files.len() > 3);
    for file in files {
        let faults = file["diagnostics"].as_array().unwrap();
        assert!(faults.iter().all(|fault| fault["severity"] != "error"), "{file}");
    }
}

#[test]
fn f397_the_first_steps_of_all_are_read_and_run() {
    let repo = repo();
    let shell = "#!/bin/sh\nfor last; do :; done\necho \"$last\" >> told\n";
    repo.executable("bin/pwsh", shell);
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.path("bin").display()));
    let steps = json!([
        { "name": "check", "type": "script", "command": "Write-Host '{{where}}'", "condition": "$params.skip -eq $false" },
        { "name": "never", "type": "script", "command": "never", "condition": "$params.skip -eq $true" },
        { "name": "save", "type": "module", "module": "Backup", "function": "Start-It", "parameters": { "Path": "./x", "Force": true } },
        { "name": "both", "type": "parallel", "parallel": [
            { "name": "l", "type": "script", "command": "left" }, { "name": "r", "type": "script", "command": "right" }] },
        { "name": "pick", "type": "condition", "condition": "$env.context -eq 'production'",
            "then": [{ "name": "t", "type": "script", "command": "then" }],
            "else": [{ "name": "e", "type": "script", "command": "else" }] },
    ]);
    let text = json!({ "name": "p", "parameters": { "where": "lab", "skip": false }, "steps": steps });
    repo.playbook("p.json", &text.to_string());
    let built = repo.az("build p -j1 --json --no-trace");
    built.code(0);
    let ended = [
        "check ran",
        "never skipped",
        "save ran",
        "both/l/l ran",
        "both/r/r ran",
        "pick/then/t skipped",
        "pick/else/e ran",
    ];
    assert_eq!(outcomes(&built), ended);
    let said = told(&repo).join("\n");
    for text in ["Write-Host \"${env:AZ_EXPR_1}\"", "Start-It", "left", "right", "else"] {
        assert!(said.contains(text), "{text} in {said}");
    }
    repo.env("context", "Production").az("plan p").code(0);
    // The real one is read whole; without PowerShell it is told what is missing.
    let Some(corpus) = Repo::shared("corpus/playbooks/other/v0-steps/sample-deployment.json") else { return };
    repo.playbook("p.json", &std::fs::read_to_string(corpus).unwrap());
    repo.az("playbooks show p").code(0);
    repo.env("PATH", "/usr/bin:/bin");
    let without = repo.az("build p");
    if !without.is_success() {
        without.code(2).says("pwsh").ran([]);
    }
}

#[test]
fn f398_other_json_runs_or_is_told_for_what_it_is() {
    let repo = repo();
    for (text, expected) in [
        (json!({ "playbooks": [{ "name": "a" }] }), "it is a list of playbooks"),
        (json!({ "workflow": {} }), "this is no playbook"),
        (json!({ "workflow": { "steps": [{ "script": "0100" }, {}] } }), "step 2 has nothing to run"),
        (json!({ "scripts": {} }), "step 1 has nothing to run"),
        (json!({ "sequences": [{ "name": "q", "steps": [{ "foo": 1 }] }] }), "step 1 has nothing to run"),
        (json!({ "name": "x", "colour": "red" }), "this is no playbook"),
    ] {
        repo.playbook("p.json", &text.to_string());
        repo.az("build p").code(2).says(expected).says("p.json:1:").ran([]);
    }
    let Some(corpus) = Repo::shared("corpus/playbooks/other/json-misc") else { return };
    repo.remove("playbooks/p.json").sh(&format!("cp {}/* playbooks/", corpus.display())).code(0);
    let checked = repo.az("check --json").json();
    for file in checked["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        if !path.starts_with("playbooks/") {
            continue;
        }
        let errors: Vec<_> = file["diagnostics"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|fault| fault["severity"] == "error")
            .collect();
        // An index is the only one that is no playbook.
        assert_eq!(errors.len(), usize::from(path.contains("index")), "{path}: {errors:?}");
    }
}

#[test]
fn f399_roots_of_real_files_are_noted_and_stop_nothing() {
    let repo = repo();
    for (root, noted) in [
        (json!({ "integrations": { "github": {} } }), "`integrations` changes nothing"),
        (json!({ "integrations": [{ "type": "slack" }] }), "`integrations` changes nothing"),
        (json!({ "postActions": { "cleanup": true } }), "`postActions` changes nothing"),
        (json!({ "optimizations": { "cache": true } }), "`optimizations` changes nothing"),
        (json!({ "rebootHandling": { "x": 1 } }), "`rebootHandling` changes nothing"),
        (json!({ "performance": { "x": 1 } }), "all is well"),
    ] {
        let mut text = json!({ "metadata": { "name": "p" }, "orchestration": { "stages": [{ "name": "A", "sequences": ["0100"] }] } });
        text.as_object_mut().unwrap().extend(root.as_object().unwrap().clone());
        repo.playbook("p.json", &text.to_string());
        repo.az("check -v").code(0).says(noted);
        repo.az("build p --strict").code(0).ran(["0100"]);
    }
    stages(&repo, r#"{"name": "A", "sequences": ["0100"]}], "frobnicate": [1"#);
    repo.az("check").code(0).says("unknown field `frobnicate`");
    repo.az("build p").code(0).ran(["0100"]);
}

#[test]
fn f403_a_script_may_say_so_in_its_notes_too() {
    // What stands in for PowerShell fails if another is at work beside the first script.
    let shell = "#!/bin/sh\ncase \"$*\" in\n*0100*) touch busy; sleep 0.15; rm busy ;;\n*) test ! -e busy || exit 9; sleep 0.05 ;;\nesac\n";
    for said in [
        "<#\n.SYNOPSIS\n    One\n.NOTES\n    Stage: Core\n    AllowParallel: false\n#>",
        "# AllowParallel: $false",
        "# Stage: Core, AllowParallel: No",
    ] {
        let repo = Repo::new().executable("bin/pwsh", shell);
        repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.path("bin").display()));
        repo.file("scripts/0100_a.ps1", format!("{said}\n{DECLARED}Write-Host 1\n"));
        for number in ["0050", "0200", "0300"] {
            repo.file(&format!("scripts/{number}_b.ps1"), format!("{DECLARED}Write-Host 1\n"));
        }
        let built = repo.az("build '*' -j4 --no-trace");
        assert_eq!(built.exit(), 0, "{said}: {built}");
    }
}
