//! `az build --configuration FILE`.

use crate::repo::Repo;

const DECLARED: &str = "# Inputs: None\n# Outputs: None\n";

/// A step that fails, one that does not need it, and one that runs only where `Place` is `lab`.
fn world() -> Repo {
    Repo::new()
        .script("0100_fails.sh", &format!("{DECLARED}exit 1"))
        .script("0200_goes.sh", &format!("{DECLARED}true"))
        .script("0300_lab.sh", &format!("{DECLARED}# Condition: $Place -eq 'lab'\ntrue"))
        .file("az.toml", "[variables]\nPlace = \"home\"\n")
}

const FILES: [(&str, &str); 3] = [
    ("my.toml", "continue_on_error = true\n[variables]\nplace = \"lab\"\n"),
    (
        "config.json",
        r#"{ "Automation": { "ContinueOnError": true }, "Variables": { "Place": "lab" }, "Core": {} }"#,
    ),
    (
        "conf/config.psd1",
        "@{ Automation = @{ ContinueOnError = $true }; Variables = @{ Place = 'lab' }; Core = @{} }",
    ),
];

#[test]
fn a_configuration_in_any_format_stands_above_az_toml() {
    for (path, text) in FILES {
        let repo = world().file(path, text);
        repo.az("build '*' -j1").code(1).ran(["0100"]);
        repo.az(&format!("build '*' -j1 --configuration {path}")).code(10).ran(["0100", "0200", "0300"]);
        repo.az("build 0200 0300 --force").code(0).ran(["0200"]);
        repo.az(&format!("build 0300 --force -Configuration {path}")).code(0).ran(["0300"]);
        repo.az(&format!("plan 0300 --configuration {path} --json")).code(0).says("lab");
    }
}

#[test]
fn a_change_of_the_configuration_is_seen_though_nothing_else_changed() {
    let repo = world().file("my.toml", "[variables]\nPlace = \"home\"\n");
    repo.az("build 0200 0300 --configuration my.toml").code(0).ran(["0200"]);
    repo.az("build 0200 0300 --configuration my.toml").code(0).ran([]);
    repo.az("build 0200 0300 --configuration my.toml").code(0).ran([]);
    repo.file("my.toml", "[variables]\nPlace = \"lab\"\n");
    repo.az("build 0200 0300 --configuration my.toml").code(0).ran(["0300"]);
    repo.az("build 0200 0300").code(0).ran([]);
}

#[test]
fn a_configuration_that_cannot_be_read_or_acted_on_is_refused() {
    let repo =
        world().file("schedule.toml", "[schedule]\nnightly = \"0 2 * * *\"\n").file("broken.json", "{");
    repo.az("build 0200 --configuration none.toml").code(2).says("AZ0213").says("none.toml").ran([]);
    repo.az("build 0200 --configuration broken.json").code(2).says("AZ0201").says("broken.json").ran([]);
    repo.az("build 0200 --configuration schedule.toml").code(2).says("AZ0207").says("`schedule`").ran([]);
    let profile = repo.file("profile.toml", "[profile.quick]\nscripts = \"0200\"\n");
    profile.az("build 0200 --configuration profile.toml").code(0).ran(["0200"]);
}
