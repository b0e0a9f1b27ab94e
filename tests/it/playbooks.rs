//! `az playbooks`, `az library`, and playbooks that are saved.

use crate::repo::Repo;

const OLD: &str = r#"{
  // Ships it
  "name": "ship", "description": "Ships all", "category": "deployment", "tags": ["release"],
  "variables": { "fast": true, "nothing": null },
  "stages": [
    { "name": "Build", "sequences": ["0100"], "comment": "c" },
    { "name": "Test", "sequences": ["0400"] }
  ]
}
"#;

fn world() -> Repo {
    Repo::new()
        .script("0100_prepare.sh", "echo")
        .script("0400_unit.sh", "echo")
        .playbook("ship.json", OLD)
        .playbook("core/testing/quick.yaml", "description: In a hurry\nsequence: ['0400']\n")
        .playbook("odd.json", "{\"sequnce\": []}")
}

#[test]
fn playbooks_are_listed_with_category_and_format() {
    let repo = world();
    let listed = repo.az("playbooks").code(0).stdout().to_owned();
    assert_eq!(listed, repo.az("playbooks list").code(0).stdout());
    assert_eq!(listed, repo.az("library").code(0).stdout());
    insta::assert_snapshot!(listed);
    let json = repo.az("playbooks list --category Testing --json").code(0).json();
    assert_eq!(
        (&json["schema"], &json["playbooks"][0]["category"]),
        (&"az.playbooks/v1".into(), &"testing".into())
    );
    assert_eq!(json["playbooks"].as_array().unwrap().len(), 1);
}

#[test]
fn the_library_is_looked_through_in_any_case() {
    let repo = world();
    let names = |words: &str| -> Vec<String> {
        let output = repo.az(words).code(0).clone();
        output.stdout().lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names("library --list --category DEPLOYMENT"), ["ship"]);
    assert_eq!(names("library --category security"), [""; 0]);
    assert_eq!(names("library --search HURRY"), ["quick"]);
    assert_eq!(names("library --search relea*"), ["ship"]);
    assert_eq!(names("library --search relea?"), [""; 0]);
    repo.az("library --category deploymnet").code(2).says("did you mean `deployment`?");
    repo.az("library --category x").code(2).says("deployment").says("recovery").says("testing");
    repo.az("library --search '[a'").code(2).says("is no pattern");
}

#[test]
fn a_playbook_is_shown_in_the_form_all_formats_have_in_common() {
    let repo = world();
    insta::assert_snapshot!(repo.az("playbooks show ship").code(0).stdout());
    let json = repo.az("playbooks show testing/quick --json").code(0).json();
    assert_eq!(json["format"], "v1-sequence");
    assert_eq!(json["playbook"]["orchestration"]["jobs"]["main"]["steps"][0]["run"], "0400");
    repo.az("playbooks show odd").code(2).says("AZ0203");
    repo.az("playbooks show nobody").code(2).says("there is no playbook `nobody`");
}

#[test]
fn a_converted_playbook_goes_to_standard_output_and_its_table_beside_it() {
    let repo = world();
    let output = repo.az("playbooks convert ship --to yaml").code(0).clone();
    insta::assert_snapshot!(format!("{}\n--- stderr\n{}", output.stdout(), output.stderr()));
    assert_eq!(
        repo.az("playbooks convert playbooks/ship.json --to yaml -q").code(0).stdout(),
        output.stdout()
    );
    repo.az("playbooks convert ship --to toml").code(0).says("approximated").says("TOML has no null");
    let json = repo.az("playbooks convert ship --json").code(0).json();
    let parts = json["converted"][0]["parts"].as_array().unwrap();
    let left: Vec<_> = parts.iter().filter(|part| part["fate"] == "left-out").collect();
    assert_eq!((left.len(), json["diagnostics"].as_array().unwrap().len()), (1, 0), "the remark");
    assert!(json["converted"][0]["text"].as_str().unwrap().contains("\"orchestration\""));
}

#[test]
fn a_converted_playbook_runs_the_same_steps() {
    let repo = world();
    repo.az("build ship").code(0).ran(["0100", "0400"]);
    repo.az("playbooks convert ship --output playbooks/new.toml").code(0);
    repo.az("playbooks diff ship new")
        .code(1)
        .says("/orchestration/defaultVariables/nothing")
        .says("/extensions");
    repo.az("build new --force").code(0).ran(["0100", "0400"]);
}

#[test]
fn no_file_is_written_over_unless_it_is_said() {
    let repo = world();
    repo.az("playbooks convert ship --output playbooks/odd.json")
        .code(2)
        .says("is there already")
        .says("--force");
    assert_eq!(std::fs::read_to_string(repo.path("playbooks/odd.json")).unwrap(), "{\"sequnce\": []}");
    repo.az("playbooks convert ship --output playbooks/odd.json --force").code(0);
    repo.az("check playbooks/odd.json").code(0);
    repo.az("playbooks convert ship quick").code(2).says("--output FOLDER");
    repo.az("playbooks convert --all --to yaml").code(2).says("--output");
}

#[test]
fn all_playbooks_go_to_a_folder_and_what_is_broken_is_told() {
    let repo = world();
    repo.az("playbooks convert --all --to yaml --output new").code(2).says("AZ0203");
    assert!(repo.has_path("new/ship.yaml") && repo.has_path("new/core/testing/quick.yaml"));
    assert!(!repo.has_path("new/odd.yaml"));
    repo.remove("playbooks/odd.json").az("playbooks convert --all --to json --output new").code(0);
    repo.az("playbooks diff quick new/core/testing/quick.json").code(0).says("say the same");
    repo.az("playbooks diff quick new/ship.json").code(1);
}

#[test]
fn of_two_playbooks_with_one_place_none_is_lost_even_when_files_may_be_written_over() {
    let one = r#"{"sequence": ["0100"]}"#;
    let repo = Repo::new().playbook("a.json", one).playbook("a.psd1", "@{ Sequence = '0400' }");
    let read = |path: &str| std::fs::read_to_string(repo.path(path)).unwrap();
    let (code, lost) = (2, "is the place of both");
    repo.az("playbooks convert --all --to json --output ./playbooks --force").code(code).says(lost);
    assert!(read("playbooks/a.json").contains("\"0100\""), "in the newest format, and its own");
    repo.playbook("a.json", one);
    repo.az("playbooks convert playbooks/a.psd1 playbooks/a.json --to json --output playbooks --force")
        .code(code);
    assert!(read("playbooks/a.json").contains("\"0100\""));
    repo.az("playbooks convert --all --to yaml --output ./new --force").code(code).says(lost);
    assert!(read("new/a.yaml").contains("\"0100\""));
    repo.az("playbooks convert playbooks/a.psd1 --output playbooks/a.json --force").code(0);
    assert!(read("playbooks/a.json").contains("\"0400\""), "it is the only one, and that was asked for");
}

#[test]
fn a_difference_is_told_by_field_and_not_by_text() {
    let repo = world()
        .playbook("one.json", r#"{"sequence": ["0100"], "variables": {"a": 1}, "description": "d"}"#)
        .playbook(
            "two.yaml",
            "# a remark\nVariables: { a: 2 }\nDescription: d\nname: one\nSequence: ['0100', '0400']\n",
        );
    insta::assert_snapshot!(repo.az("playbooks diff one two").code(1).stdout());
    let json = repo.az("playbooks diff one two --json").code(1).json();
    assert_eq!(json["differences"][0]["other"], 2);
    repo.az("playbooks diff one one").code(0).says("say the same");
}

#[test]
fn the_library_gives_out_and_takes_in() {
    let repo = world();
    let yaml = repo.az("library --export ship --format yaml").code(0).stdout().to_owned();
    assert!(yaml.contains("# Ships it\n"), "{yaml}");
    assert_eq!(repo.az("library --export ship").code(0).stdout(), yaml);
    let json = repo.az("library --export ship --format json").code(0).stdout().to_owned();
    assert!(json.starts_with("{\n  \"metadata\""), "{json}");
    repo.az("library --export ship --output got.toml").code(0).says("got.toml");
    repo.az("library --import got.toml").code(0).says("playbooks/deployment/got.toml");
    repo.az("library --import got.toml").code(2).says("is there already");
    repo.az("library --import got.toml --force").code(0);
    repo.az("build deployment/got").code(0).ran(["0100", "0400"]);
    repo.file("bad.json", "{\"sequence\": true}").az("library --import bad.json").code(2).says("AZ0204");
    assert!(!repo.has_path("playbooks/bad.json"));
    repo.az("library --import nowhere.json").code(2).says("there is no file `nowhere.json`");
}

#[test]
fn what_is_asked_for_is_saved_and_found_again() {
    let repo = world();
    repo.az("build 0400,0100 --var level=2 --save-playbook team/nightly").code(0).ran(["0100", "0400"]);
    let text = std::fs::read_to_string(repo.path("playbooks/team/nightly.json")).unwrap();
    let mut saved: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(saved["Created"].take().as_str().unwrap().starts_with("20"));
    let expected = serde_json::json!({
        "Name": "nightly", "Description": "Saved from `az build 0400 0100`", "Sequence": ["0400", "0100"],
        "Variables": {"level": "2"}, "Profile": null, "Created": null, "Version": "1.0"
    });
    assert_eq!(saved, expected);
    repo.az("check playbooks/team/nightly.json").code(0);
    repo.az("build --load-playbook team/nightly --force").code(0).ran(["0100", "0400"]);
    repo.az("build 0100 --save-playbook team/nightly").code(2).ran([]).says("is there already");
    repo.az("build 0100 --save-playbook team/nightly --force").code(0).ran(["0100"]);
    repo.az("build ship --save-playbook x").code(2).ran([]);
    repo.az("build 0100 --save-playbook ../x").code(2).ran([]).says("cannot be the name of a playbook");
    assert!(!repo.has_path("x.json") && !repo.has_path("playbooks/x.json"));
}

#[test]
fn a_name_that_could_not_be_asked_for_is_neither_saved_nor_loaded_as_something_else() {
    let repo = world().playbook("0100.json", r#"{"sequence": ["0400"]}"#);
    for name in ["0100", "0100-0199", "in_a hurry", "*", "9lives"] {
        repo.az(&format!("build 0400 --save-playbook '{name}'")).code(2).ran([]).says("cannot be the name");
        repo.az(&format!("build --load-playbook '{name}'")).code(2).ran([]).says("can be called");
    }
    repo.az("build --load-playbook playbooks/0100.json").code(0).ran(["0400"]);
}

#[test]
fn a_name_in_front_of_which_its_folder_stands_is_the_one_there() {
    let repo = world().playbook("other/quick.json", r#"{"sequence": ["0100"]}"#);
    repo.az("build quick").code(2).says("AZ0212");
    repo.az("build other/quick").code(0).ran(["0100"]);
    repo.az("build core/testing/quick").code(0).ran(["0400"]);
    repo.az("build deployment/ship --force").code(0).ran(["0100", "0400"]);
}
