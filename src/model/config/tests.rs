//! `az.toml`.

use proptest::prelude::*;

use super::*;
use crate::{
    diag::Source,
    model::decode::{Reading, testing::told},
};

fn config(text: &str) -> Reading<Config> {
    read(&std::sync::Arc::new(Source::new("az.toml", text)))
}

#[test]
fn every_field_is_read_and_may_be_absent() {
    let reading = config(
        "jobs = 4\ncontinueOnError = true\n[workspace]\nscripts = [\"a\", \"b\"]\nplaybooks = \"p\"\nscratch = [\"../log\"]\n\
         rules = \"r\"\n[variables]\nDeep = { a = [1, true] }\n[env]\nuse = [\"A\"]\npass = \"B\"\n",
    );
    assert_eq!(told(&reading.diagnostics), "");
    let config_read = reading.value.unwrap();
    assert_eq!(
        (config_read.scripts.unwrap().len(), config_read.playbooks.unwrap()),
        (2, vec!["p".to_owned()])
    );
    assert_eq!((config_read.scratch, config_read.rules.as_deref()), (vec!["../log".to_owned()], Some("r")));
    assert_eq!(config_read.variables["Deep"], serde_json::json!({ "a": [1, true] }));
    assert!(config_read.use_env.contains("A") && config_read.pass_env.contains("B"));
    assert_eq!((config_read.jobs.unwrap().get(), config_read.continue_on_error), (4, Some(true)));
    let empty = config("");
    assert_eq!((told(&empty.diagnostics).as_str(), empty.value), ("", Some(Config::default())));
}

#[test]
fn limits_of_the_cache_are_read_in_every_spelling() {
    let limits = |text: &str| {
        let reading = config(text);
        assert_eq!(told(&reading.diagnostics), "", "{text}");
        let CacheLimits { max_size, max_age } = reading.value.unwrap().cache;
        (max_size, max_age)
    };
    let month = std::time::Duration::from_hours(30 * 24);
    assert_eq!(limits("[cache]\nmax_size = \"2GiB\"\nmax_age = \"30d\"\n"), (Some(2 << 30), Some(month)));
    assert_eq!(limits("[cache]\nmax-size = \"2 GB\"\n"), (Some(2_000_000_000), None));
    let none = "[cache]\nmaxSize = \"none\"\nmaxAge = \"None\"\n";
    assert_eq!(limits(none), (Some(u64::MAX), Some(std::time::Duration::MAX)));
    let faulty = config("[cache]\nmax_size = 5\nmax_age = \"soon\"\nsize = \"1GB\"\n");
    insta::assert_snapshot!(told(&faulty.diagnostics));
}

#[test]
fn faults_are_told() {
    let reading = config(
        "jobs = 0\ncontinue_on_eror = true\n[workspace]\nscript = \"a\"\nrules = \"\"\n[env]\nuses = \"A\"\n[env.prod]\nX = \"1\"\n\
         [ui]\ntheme = \"x\"\n[playbook.ci]\njobs = 2\n[range.\"0400-0499\"]\ntimeout = 5\n[workspaec]\n",
    );
    insta::assert_snapshot!(told(&reading.diagnostics));
}

/// Reads a configuration of any format and shows what it says.
fn any(name: &str, text: &str) -> String {
    let reading = read_any(&std::sync::Arc::new(Source::new(name, text)));
    format!("{}\n{:#?}", told(&reading.diagnostics), reading.value)
}

#[test]
fn resources_are_counts_rates_or_both_and_memory_is_a_size() {
    let reading = config(
        "[resources]\nDB = 1\napi = \"10/min\"\ngpu = { count = 2, rate = \"1/30s\" }\nfree = {}\nmemory = \"8GB\"\n",
    );
    assert_eq!(told(&reading.diagnostics), "");
    let found = reading.value.unwrap().resources;
    let shown: Vec<String> = found
        .iter()
        .map(|(name, of)| format!("{name} {:?} {:?}", of.count, of.rate.map(|rate| rate.to_string())))
        .collect();
    let expected = [
        "api None Some(\"10/1m\")",
        "db Some(1) None",
        "free None None",
        "gpu Some(2) Some(\"1/30s\")",
        "memory Some(8000000000) None",
    ];
    assert_eq!(shown, expected);
    let broken = config(
        "[resources]\ncpu = 4\ndb = 0\nDB = 2\napi = \"often\"\nmemory = 8\n\"a b\" = 1\ngpu = { counts = 2 }\nx = true\n",
    );
    insta::assert_snapshot!(told(&broken.diagnostics));
}

const OLD_PSD1: &str = "@{
    # The manifest of everything.
    Core = @{ Name = 'AitherZero'; Platform = 'auto' }
    Automation = @{
        MaxConcurrency = 4
        DefaultMode = 'Sequential'
        DefaultTimeout = 3600
        MaxRetries = 3
        RetryDelay = 5
        ContinueOnError = $false
        SkipConfirmation = $true
        Profiles = @{
            Minimal = @{ Description = 'The least'; Scripts = @('0000-0099', '!0050'); Variables = @{ Deep = @{ A = 1 } } }
            Full = @{ Scripts = '*' }
        }
        Playbooks = @{
            'deploy' = @{ Enabled = $false; AllowedEnvironments = @('Dev', 'CI'); RequiresApproval = $true
                ScriptDefaults = @{ DefaultTimeout = 300; ContinueOnError = $true } }
            'test' = @{ Enabled = $true; RequiresApproval = $false }
        }
        ScriptRangeDefaults = @{
            '0400-0499' = @{ DefaultTimeout = 600; ContinueOnError = $true; RequiresElevation = $false; Stage = 'Testing'; AllowParallel = $true }
        }
    }
    Testing = @{ Profile = 'Standard' }
    Telemetry = @{ Enabled = $false }
}
";

#[test]
fn the_configuration_of_the_old_engine_is_read() {
    insta::assert_snapshot!("psd1", any("config.psd1", OLD_PSD1));
}

#[test]
fn it_says_the_same_in_json() {
    let json = r#"{
        "Core": { "Name": "AitherZero", "Platform": "auto" },
        "Automation": {
            "MaxConcurrency": 4, "DefaultMode": "Sequential", "DefaultTimeout": 3600, "MaxRetries": 3, "RetryDelay": 5,
            "ContinueOnError": false, "SkipConfirmation": true,
            "Profiles": {
                "Minimal": { "Description": "The least", "Scripts": ["0000-0099", "!0050"], "Variables": { "Deep": { "A": 1 } } },
                "Full": { "Scripts": "*" }
            },
            "Playbooks": {
                "deploy": { "Enabled": false, "AllowedEnvironments": ["Dev", "CI"], "RequiresApproval": true,
                    "ScriptDefaults": { "DefaultTimeout": 300, "ContinueOnError": true } },
                "test": { "Enabled": true, "RequiresApproval": false }
            },
            "ScriptRangeDefaults": {
                "0400-0499": { "DefaultTimeout": 600, "ContinueOnError": true, "RequiresElevation": false, "Stage": "Testing", "AllowParallel": true }
            }
        },
        "Testing": { "Profile": "Standard" },
        "Telemetry": { "Enabled": false }
    }"#;
    let read = |name, text| read_any(&std::sync::Arc::new(Source::new(name, text)));
    let (old, new) = (read("config.psd1", OLD_PSD1), read("config.json", json));
    assert_eq!(old.value, new.value);
    let codes = |reading: &Reading<Config>| {
        reading.diagnostics.iter().map(|fault| (fault.code, fault.severity)).collect::<Vec<_>>()
    };
    assert_eq!(codes(&old), codes(&new));
}

#[test]
fn profiles_stand_at_the_root_of_the_oldest() {
    let reading = read_any(&std::sync::Arc::new(Source::new(
        "config.json",
        r#"{ "Profiles": { "CustomProfile": { "Description": "Mine", "Scripts": ["0201", "stage:Core", "!0205"] } } }"#,
    )));
    let profile = &reading.value.unwrap().profiles[0];
    let scripts: Vec<(&str, &str)> =
        profile.scripts.iter().map(|item| (item.value.as_str(), item.at.as_str())).collect();
    assert_eq!(profile.name, "CustomProfile");
    assert_eq!(
        scripts,
        [
            ("0201", "/Profiles/CustomProfile/Scripts/0"),
            ("stage:Core", "/Profiles/CustomProfile/Scripts/1"),
            ("!0205", "/Profiles/CustomProfile/Scripts/2")
        ]
    );
}

const OWN_TOML: &str = "jobs = 2
[variables]
Env = \"ci\"
[defaults]
timeout = \"1h\"
retries = 1
retryDelay = \"5s\"
parallel = false
[profile.quick]
description = \"Fast\"
scripts = [\"0400-0449\", \"tag:quick\"]
variables = { Depth = 1 }
[playbook.deploy]
allowedEnvironments = \"prod\"
scriptDefaults = { timeout = \"10m\" }
[range.\"0400-0499\"]
timeout = 600
allowParallel = false
";

#[test]
fn az_toml_says_it_too_and_so_do_its_fields_in_other_formats() {
    insta::assert_snapshot!("own", any("az.toml", OWN_TOML));
    let json = r#"{
        "jobs": 2, "variables": { "Env": "ci" },
        "defaults": { "timeout": "1h", "retries": 1, "retryDelay": "5s", "parallel": false },
        "profile": { "quick": { "description": "Fast", "scripts": ["0400-0449", "tag:quick"], "variables": { "Depth": 1 } } },
        "playbook": { "deploy": { "allowedEnvironments": "prod", "scriptDefaults": { "timeout": "10m" } } },
        "range": { "0400-0499": { "timeout": 600, "allowParallel": false } }
    }"#;
    let psd1 = "@{ jobs = 2; variables = @{ Env = 'ci' }
        defaults = @{ timeout = '1h'; retries = 1; retryDelay = '5s'; parallel = $false }
        profile = @{ quick = @{ description = 'Fast'; scripts = '0400-0449', 'tag:quick'; variables = @{ Depth = 1 } } }
        playbook = @{ deploy = @{ allowedEnvironments = 'prod'; scriptDefaults = @{ timeout = '10m' } } }
        range = @{ '0400-0499' = @{ timeout = 600; allowParallel = $false } } }";
    let read = |name, text| read_any(&std::sync::Arc::new(Source::new(name, text))).value.unwrap();
    let own = read("az.toml", OWN_TOML);
    assert_eq!(config(OWN_TOML).value.as_ref(), Some(&own));
    assert_eq!(read("c.json", json), own);
    assert_eq!(read("c.psd1", psd1), own);
}

#[test]
fn all_faults_of_an_old_configuration_are_told_at_once() {
    let text = "@{
    Automation = @{
        MaxConcurency = 4
        DefaultMode = 'Sometimes'
        DefaultTimeout = 'soon'
        MaxRetries = 99
        ContinueOnError = 'maybe'
        Profiles = @{
            A = @{ Description = 'nothing' }
            B = @{ Scripts = @('201', 'stage:') }
            b = @{ Scripts = @() }
        }
        Playbooks = @{ deploy = @{ Enabled = 'yes'; Alowed = 1 } }
        ScriptRangeDefaults = @{ '0499-0400' = @{ Timeout = 5; Colour = 'red' } }
    }
    Testing = $env:CI
}
";
    let reading = read_any(&std::sync::Arc::new(Source::new("config.psd1", text)));
    insta::assert_snapshot!("faults_psd1", told(&reading.diagnostics));
}

#[test]
fn what_stands_above_wins_and_the_rest_stays() {
    let own = config(
        "jobs = 2\n[workspace]\nscripts = \"a\"\nscratch = \"x/**\"\n[variables]\nOne = 1\ntwo = 2\n[profile.Quick]\nscripts = \"04*\"\n",
    );
    let above = config(
        "continue_on_error = true\n[workspace]\nscratch = \"y/**\"\n[variables]\nTWO = 3\n[profile.quick]\nscripts = \"05*\"\n",
    );
    let merged = own.value.unwrap().overlaid(&above.value.unwrap());
    assert_eq!((merged.jobs.unwrap().get(), merged.continue_on_error), (2, Some(true)));
    assert_eq!(merged.scratch, ["x/**", "y/**"]);
    assert_eq!(merged.scripts, Some(vec!["a".to_owned()]));
    assert_eq!(serde_json::json!(merged.variables), serde_json::json!({ "One": 1, "TWO": 3 }));
    let profiles: Vec<&str> =
        merged.profiles.iter().map(|profile| profile.scripts[0].value.as_str()).collect();
    assert_eq!(profiles, ["05*"]);
}

#[test]
fn an_environment_stands_above_the_rest_in_any_case_of_its_name() {
    let own = config(
        "jobs = 2\n[variables]\nPlace = \"home\"\nother = 1\n[playbook.deploy]\nallowed_environments = \"lab\"\n[environment.QA]\n\
         description = \"before a release\"\njobs = 8\ncontinue_on_error = true\nvariables = { place = \"qa\" }\ndefaults = { retries = 2 }\n\
         range = { \"0400-0499\" = { timeout = 5 } }\nplaybook = { deploy = { enabled = false } }\ncommands = { x = [\"true\"] }\n",
    );
    assert_eq!(told(&own.diagnostics), "");
    let own = own.value.unwrap();
    assert_eq!(Vec::from_iter(own.environment_names()), ["QA", "dev", "lab", "production", "staging"]);
    assert_eq!(own.clone().in_environment("dev"), own);
    let there = own.clone().in_environment("qa");
    assert_eq!((own.jobs.unwrap().get(), there.jobs.unwrap().get()), (2, 8));
    assert_eq!(serde_json::json!(there.variables), serde_json::json!({ "place": "qa", "other": 1 }));
    assert_eq!(
        (there.continue_on_error, there.defaults.retries, there.ranges.len()),
        (Some(true), Some(2), 1)
    );
    assert_eq!((there.registry[0].enabled, there.commands.len()), (Some(false), 1));
}

#[test]
fn of_one_environment_in_two_files_the_file_above_wins() {
    let own = config("[environment.qa]\njobs = 1\nvariables = { a = 1, b = 1 }\n").value.unwrap();
    let above = config("[environment.QA]\nvariables = { B = 2 }\n").value.unwrap();
    let there = own.overlaid(&above).in_environment("qa");
    assert_eq!(serde_json::json!(there.variables), serde_json::json!({ "a": 1, "B": 2 }));
    assert_eq!(there.jobs.unwrap().get(), 1);
    let faults = config("[environment.qa]\nscripts = \"a\"\n[environment]\nx = 1\n");
    assert!(told(&faults.diagnostics).contains("AZ02"));
}

proptest! {
    #[test]
    fn any_text_is_a_reading(text in "(?s)(jobs|env|use|workspace|[\\[\\]=\"{}., \n0-9é]){0,20}") {
        let reading = config(&text);
        prop_assert!(reading.value.is_some() || !reading.diagnostics.is_empty());
        let reading = read_any(&std::sync::Arc::new(Source::new("config.psd1", format!("@{{ Automation = @{{ {text} }} }}"))));
        prop_assert!(reading.value.is_some() || !reading.diagnostics.is_empty());
    }
}
