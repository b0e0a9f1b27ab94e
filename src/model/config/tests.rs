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
fn faults_are_told() {
    let reading = config(
        "jobs = 0\ncontinue_on_eror = true\n[workspace]\nscript = \"a\"\nrules = \"\"\n[env]\nuses = \"A\"\n[env.prod]\nX = \"1\"\n\
         [ui]\ntheme = \"x\"\n[playbook.ci]\njobs = 2\n[range.\"0400-0499\"]\ntimeout = 5\n[workspaec]\n",
    );
    insta::assert_snapshot!(told(&reading.diagnostics));
}

proptest! {
    #[test]
    fn any_text_is_a_reading(text in "(?s)(jobs|env|use|workspace|[\\[\\]=\"{}., \n0-9é]){0,20}") {
        let reading = config(&text);
        prop_assert!(reading.value.is_some() || !reading.diagnostics.is_empty());
    }
}
