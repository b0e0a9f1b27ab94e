//! `az matrix expand`, and `--matrix` on the command line.

use serde_json::{Value, json};

use crate::repo::Repo;

const PLAYBOOK: &str = r#"
orchestration:
  jobs:
    setup: { steps: [{ run: "0100" }] }
    test:
      strategy:
        matrix:
          profile: [quick, full]
          platform: [Windows, Linux]
          exclude: [{ profile: full, platform: Windows }]
          include: [{ platform: Linux, shell: two words }, { profile: nightly }]
      steps: [{ run: "0402" }]
    deploy:
      strategy: { matrix: { site: "${{ fromJSON(needs.setup.outputs.sites) }}" } }
      needs: setup
      steps: [{ run: "0402" }]
"#;

fn world() -> Repo {
    Repo::new()
        .script("0100_setup.sh", "echo")
        .script("0402_test.sh", "echo")
        .playbook("many.yaml", PLAYBOOK)
        .playbook("plain.json", r#"{"sequence": ["0100"]}"#)
}

#[test]
fn the_combinations_of_each_job_are_listed_with_their_labels() {
    let repo = world();
    insta::assert_snapshot!(repo.az("matrix expand many").code(0).ran([]).stdout());
    assert_eq!(
        repo.az("matrix expand playbooks/many.yaml").code(0).stdout(),
        repo.az("matrix expand MANY").code(0).stdout()
    );
    repo.az("matrix expand plain").code(0).says("no job of this playbook has a matrix");
    repo.az("matrix expand plain --json").code(0);
    assert_eq!(repo.az("matrix expand plain --json").code(0).json()["jobs"], json!([]));
}

#[test]
fn combinations_are_told_to_programs_with_ids_and_typed_values() {
    let repo = world();
    let found = repo.az("matrix expand many --json").code(0).json();
    assert_eq!((&found["schema"], found["jobs"].as_array().unwrap().len()), (&json!("az.matrix/v1"), 2));
    let expected = json!({
        "job": "test",
        "combinations": [
            { "id": "[profile=quick,platform=Windows]", "values": { "profile": "quick", "platform": "Windows" } },
            { "id": "[profile=quick,platform=Linux,shell=\"two words\"]",
              "values": { "profile": "quick", "platform": "Linux", "shell": "two words" } },
            { "id": "[profile=full,platform=Linux,shell=\"two words\"]",
              "values": { "profile": "full", "platform": "Linux", "shell": "two words" } },
            { "id": "[profile=nightly]", "values": { "profile": "nightly" } },
        ]
    });
    assert_eq!(found["jobs"][0], expected);
    let deferred = "${{ fromJSON(needs.setup.outputs.sites) }}";
    assert_eq!(found["jobs"][1], json!({ "job": "deploy", "combinations": [], "deferred": deferred }));
    let lines = repo.az("matrix expand many --format jsonl").code(0).clone();
    let lines: Vec<Value> = lines.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), found["jobs"]);
}

#[test]
fn the_command_line_gives_texts_or_json() {
    let repo = world();
    for (words, expected) in [
        ("--matrix a=x,y --matrix b=1,2", "[a=x, b=1]|[a=x, b=2]|[a=y, b=1]|[a=y, b=2]"),
        ("--matrix 'a= x , y z'", "[a=x]|[a=\"y z\"]"),
        ("--matrix 'a:=[true,\"true\",1]'", "[a=true]|[a=\"true\"]|[a=1]"),
        ("--matrix url=k=v", "[url=\"k=v\"]"),
    ] {
        let output = repo.az(&format!("matrix expand {words}")).code(0).clone();
        let labels: Vec<&str> = output.stdout().lines().skip(1).map(str::trim).collect();
        assert_eq!(labels.join("|"), expected, "{words}");
    }
    let both = repo.az("matrix expand many --matrix level:=[1,2] --json").code(0).json();
    assert_eq!(both["jobs"][0]["job"], Value::Null);
    assert_eq!(both["jobs"][0]["combinations"][1], json!({ "id": "[level=2]", "values": { "level": 2 } }));
    assert_eq!(both["jobs"][1]["job"], "test");
}

#[test]
fn what_is_no_dimension_is_told_before_anything_runs() {
    let repo = world();
    for (word, help) in [
        ("os", "NAME=A,B"),
        ("=a", "NAME=A,B"),
        ("os=", "it has no value"),
        ("os=a,,b", "nothing between two commas"),
        ("os:=[]", "it has no value"),
        ("os:=[1", "NAME:=JSON"),
        ("os:=1", "--matrix 'os:=[1]'"),
        ("include=a", "`az help matrix`"),
        ("os=a --matrix OS=b", "write all its values at once"),
    ] {
        for verb in ["matrix expand", "build 0100", "plan 0100"] {
            repo.az(&format!("{verb} --matrix {word}")).code(2).ran([]).says("AZ0221").says(help);
        }
    }
    repo.az("matrix expand --matrix a=x,x").code(2).says("has the value `x` twice");
    repo.az("matrix expand").code(2).says("AZ0901");
    repo.az("matrix").code(2);
    repo.az("matrix expand mny").code(2).says("did you mean `many`?");
    repo.az("build 0100 --matrix a=x --save-playbook p").code(2).ran([]).says("cannot stand together");
    repo.az("help matrix").code(0).says("az matrix expand ci").says("`exclude`");
}

#[test]
fn a_matrix_that_gives_nothing_is_told_with_its_place() {
    let repo = world()
        .playbook("none.json", r#"{"orchestration": {"jobs": {"a": {"strategy": {"matrix": {"x": [1], "exclude": [{"x": 1}]}},
            "steps": [{"run": "0100"}]}}}}"#)
        .playbook("stages.psd1", "@{ orchestration = @{ stages = @( @{ name = 'Test'; sequences = @('0402')
            variables = @{ MatrixDimensions = @{ profile = @('quick', 'full'); debug = @($true, 'true') } } } ) } }");
    repo.az("matrix expand none")
        .code(2)
        .says("AZ0221")
        .says("leaves out the only combination")
        .says("none.json:1:");
    let found = repo.az("matrix expand stages --json").code(0).json();
    let ids: Vec<&Value> =
        found["jobs"][0]["combinations"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids.len(), 4, "{found}");
    assert_eq!(*ids[1], "[profile=quick,debug=\"true\"]");
}
