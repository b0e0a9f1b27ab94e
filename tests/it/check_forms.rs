//! `az check` for programs, and as `az validate`.

use serde_json::Value;

use crate::repo::Repo;

/// A repository with a mistake of every weight, behind text of many bytes.
fn world() -> Repo {
    Repo::new()
        .file("scripts/0100_a.sh", "# Condition: Mdoe -eq 'fast'\necho a\n")
        .file("scripts/0200_b.sh", "# Dependencies: Frobnicator\r\n# é🚀\r\n# Tag: x\r\necho b\n")
        .playbook(
            "c i.json",
            "\u{feff}{\r\n  \"description\": \"🚀é\", \"naem\": 1, \"tags\": [], \"Tags\": [],\r\n  \"sequence\": [\"0100\"]\r\n}\r\n",
        )
}

/// Claims that a region says the same place in both ways of counting, and returns what stands there.
fn under(bytes: &[u8], region: &Value) -> String {
    let number = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
    let start = number("byteOffset");
    let end = start + number("byteLength");
    let place = |offset: usize| {
        let before = std::str::from_utf8(&bytes[..offset]).unwrap();
        let line = before.rsplit('\n').next().unwrap().trim_start_matches('\u{feff}');
        (before.matches('\n').count() + 1, line.encode_utf16().count() + 1)
    };
    assert_eq!((number("startLine"), number("startColumn")), place(start), "{region}");
    assert_eq!((number("endLine"), number("endColumn")), place(end), "{region}");
    String::from_utf8(bytes[start..end].to_vec()).unwrap()
}

#[test]
fn sarif_has_what_the_standard_asks_for() {
    let repo = world();
    let log = repo.az("check --format sarif").code(2).json();
    assert_eq!((&log["version"], &log["$schema"].is_string()), (&"2.1.0".into(), &true));
    let run = &log["runs"][0];
    assert_eq!(
        (&run["tool"]["driver"]["name"], &run["columnKind"]),
        (&"az".into(), &"utf16CodeUnits".into())
    );
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(rules.len() >= 4 && results.len() >= 5, "{log}");
    for rule in rules {
        assert!(rule["id"].as_str().unwrap().starts_with("AZ"), "{rule}");
        let has = |key: &str| !rule[key]["text"].as_str().unwrap().is_empty();
        assert!(has("shortDescription") && has("help"), "{rule}");
        assert!(results.iter().any(|result| result["ruleId"] == rule["id"]), "{rule} is told by nobody");
    }
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "{result}");
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()), "{result}");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "{result}");
        for location in result["locations"].as_array().unwrap() {
            let artifact = &location["physicalLocation"]["artifactLocation"];
            assert_eq!(artifact["uriBaseId"], "%SRCROOT%", "{result}");
            let path = artifact["uri"].as_str().unwrap().replace("%20", " ");
            let bytes = std::fs::read(repo.path(&path)).unwrap();
            under(&bytes, &location["physicalLocation"]["region"]);
        }
    }
    let levels = |level: &str| results.iter().filter(|result| result["level"] == level).count();
    assert!(levels("error") > 0 && levels("warning") > 0 && levels("note") > 0, "{log}");
}

#[test]
fn sarif_has_every_place_and_every_edit() {
    let repo = world();
    let log = repo.az("check --format sarif").code(2).json();
    let bytes = std::fs::read(repo.path("playbooks/c i.json")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = |code: &str| results.iter().find(|result| result["ruleId"] == code).unwrap();
    let twice = result("AZ0206");
    let first = &twice["relatedLocations"][0];
    assert_eq!(under(&bytes, &twice["locations"][0]["physicalLocation"]["region"]), "\"Tags\"");
    assert_eq!(under(&bytes, &first["physicalLocation"]["region"]), "\"tags\"");
    assert_eq!(first["message"]["text"], "first stands here");
    assert!(twice.get("fixes").is_none(), "{twice}");
    let unknown = result("AZ0203");
    assert!(
        unknown["message"]["text"].as_str().unwrap().contains("\nhelp: did you mean `name`?"),
        "{unknown}"
    );
    let change = &unknown["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "playbooks/c%20i.json");
    let replacement = &change["replacements"][0];
    assert_eq!(under(&bytes, &replacement["deletedRegion"]), "\"naem\"");
    assert_eq!(replacement["insertedContent"]["text"], "\"name\"");
}

#[test]
fn sarif_is_written_where_all_is_well_and_where_nothing_can_be_checked() {
    let sound = Repo::new().file("scripts/0100_a.sh", "echo a\n");
    let log = sound.az("check --format sarif").code(0).json();
    assert_eq!(log["runs"][0]["results"], Value::Array(vec![]));
    let log = sound.az("check nope --format sarif").code(2).json();
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["locations"]), (&"AZ0211".into(), &Value::Array(vec![])));
}

#[test]
fn github_gets_one_command_a_finding() {
    let repo = world();
    repo.file("playbooks/a,b.json", "{\"sequence\": [\"0100\"], \"100%: naem\": 1}");
    let output = repo.az("check --format github").code(2).clone();
    let lines: Vec<&str> = output.stdout().lines().collect();
    let value = repo.az("check --json").code(2).json();
    let count = |name: &str| usize::try_from(value["counts"][name].as_u64().unwrap()).unwrap();
    for (command, name) in [("::error ", "errors"), ("::warning ", "warnings"), ("::notice ", "notes")] {
        let found = lines.iter().filter(|line| line.starts_with(command)).count();
        assert_eq!(found, count(name), "{output}");
    }
    assert_eq!(lines.len(), count("errors") + count("warnings") + count("notes"), "{output}");
    output.says("::error file=playbooks/c i.json,line=2,endLine=2,col=24,endColumn=30,title=AZ0203::unknown field `naem`");
    output.says("file=playbooks/a%2Cb.json,line=1,endLine=1,col=24,endColumn=36,title=AZ0203::unknown field `100%25: naem`");
    output.says("%0Ahelp: did you mean `name`?");
    repo.az("check nope --format github").code(2).says("::error title=AZ0211::there is no playbook `nope`");
}

#[test]
fn only_check_has_these_forms() {
    let repo = world();
    for form in ["sarif", "github"] {
        for line in ["build 0100", "plan 0100", "list", "doctor", "help", "runs list", "check --declare", ""]
        {
            let output = repo.az(&format!("{line} --format {form}")).code(2).ran([]).clone();
            output.says("AZ0901").says(&format!("`--format {form}`")).says("write `--format text`");
            assert_eq!(output.stdout(), "", "{output}");
        }
        repo.az(&format!("validate --format {form}")).code(2).not("AZ0901");
    }
    // What stands last is not what counts: `--json` says it by itself.
    assert!(repo.az("check --json --format sarif").code(2).json()["files"].is_array());
}

#[test]
fn what_is_mended_is_not_found_any_more() {
    let repo = Repo::new().file("scripts/0100_a.sh", "# Tag: x\necho a\n");
    let log = repo.az("check --fix --dry-run --format sarif").code(0).json();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1);
    let log = repo.az("check --fix --format sarif").code(0).json();
    assert_eq!(log["runs"][0]["results"], Value::Array(vec![]));
    assert_eq!(repo.read("scripts/0100_a.sh"), "# Tags: x\necho a\n");
}

#[test]
fn validate_is_check_with_the_playbooks_that_are_named() {
    let repo = world().playbook("good.json", "{\"sequence\": [\"0100\"]}").playbook("x.json", "{");
    let paths = |line: &str| -> Vec<String> {
        let value = repo.az(&format!("{line} --json")).json();
        value["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(paths("validate --playbook good"), ["playbooks/good.json"]);
    assert_eq!(
        paths("check --playbook good --playbook playbooks/x.json 0200"),
        ["scripts/0200_b.sh", "playbooks/good.json", "playbooks/x.json"]
    );
    assert_eq!(paths("validate"), paths("check"));
    repo.az("validate --playbook goood").code(2).says("did you mean `good`?");
}

#[test]
fn an_environment_is_known_to_conditions() {
    let repo = Repo::new().file("scripts/0100_a.sh", "# Condition: environment -eq 'staging'\necho a\n");
    repo.az("validate -v").code(0).says("AZ0603").says("nobody sets `environment`");
    repo.az("validate -v --environment staging").code(0).not("AZ0603").says("all is well");
    for name in ["''", "'a b'", "../x", "a=b"] {
        repo.az(&format!("validate --environment {name}")).code(2).says("AZ0901").says("such as staging");
    }
}

#[test]
fn what_is_not_installed_is_an_error_if_it_has_to_be_here() {
    let repo = Repo::new()
        .file("scripts/0100_a.sh", "# Dependencies: Frobnicator\necho a\n")
        .file("scripts/0200_b.sh", "# Dependencies: Frobnicator (optional)\necho b\n")
        .playbook("good.json", "{\"sequence\": [\"0200\"]}");
    let weights = |line: &str, code: i32| {
        let value = repo.az(&format!("{line} --json")).code(code).json();
        (value["counts"]["errors"].as_u64().unwrap(), value["counts"]["warnings"].as_u64().unwrap())
    };
    assert_eq!(weights("validate", 0), (0, 1));
    assert_eq!(weights("validate --dependencies", 2), (1, 0));
    assert_eq!(weights("validate --playbook good --dependencies", 0), (0, 0));
    repo.az("validate 0100 --dependencies").code(2).says("`Frobnicator` is not installed");
    // Programs that run scripts are needed too, and so are those of steps that are no scripts.
    let step =
        "{\"orchestration\": {\"jobs\": {\"a\": {\"steps\": [{\"script\": \"x\", \"shell\": \"node\"}]}}}}";
    repo.env("PATH", "/nowhere").playbook("step.json", step);
    let (_, warnings) = weights("validate", 0);
    assert_eq!(weights("validate --dependencies", 2), (warnings, 0));
    repo.az("validate --playbook good --dependencies").code(2).says("`sh`");
    repo.az("validate --playbook step --dependencies").code(2).says("`node`");
}

#[test]
fn a_playbook_is_planned_under_each_of_its_profiles() {
    let repo = Repo::new()
        .file("scripts/0100_a.ps1", "param([ValidateSet('fast', 'slow')][string]$Mode)\necho a\n")
        .playbook("ci.json", "{\"sequence\": [\"0100\"], \"variables\": {\"Mode\": \"fast\"}, \"profiles\": \
            {\"good\": {\"variables\": {\"Mode\": \"slow\"}}, \"bad\": {\"variables\": {\"Mode\": \"sideways\"}}}}");
    repo.az("validate").not("sideways");
    repo.az("validate --simulate")
        .says("under the profile `bad`, ")
        .says("sideways")
        .not("under the profile `good`");
}
