//! Settings: what is read, what is refused, which layer wins.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::*;
use crate::{
    diag::Source,
    model::decode::{self, Reading, testing::told},
    text::document::Format,
};

fn read(text: &str) -> Reading<Settings> {
    decode::read(&Arc::new(Source::new("rules/x.toml", text)), Format::Toml, |root| {
        let mut table = root.table("the rule")?;
        let settings = decode(&mut table);
        table.finish();
        Some(settings)
    })
}

fn settings(text: &str) -> Settings {
    let reading = read(text);
    assert_eq!(told(&reading.diagnostics), "");
    reading.value.unwrap()
}

#[test]
fn every_setting_is_read_in_each_of_its_spellings() {
    let all = settings(
        "inputs = \"a/*.txt\"\noutputs = []\nuseEnv = [\"A\"]\npass_env = \"B\"\nenv = { N = 1, T = true, S = \"x\" }\n\
         cache = \"24h\"\ntimeout = 90\nretries = 3\nretry-delay = \"250ms\"\nresources = [\"gpu\", \"Memory=4GB\", \"cpu: 2\"]\npriority = -5\n\
         exit_codes = { 3 = \"skipped\", 3010 = \"Restart\" }\ncwd = \"sub\"\nscratch = [\"tmp/**\"]\nsandbox = true\n\
         network = \"off\"\nundeclared = \"error\"\n",
    );
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(all.inputs, Some(vec!["a/*.txt".to_owned()]));
    assert_eq!(all.outputs, Some(vec![]));
    assert_eq!((all.use_env, all.pass_env, all.scratch), (set(&["A"]), set(&["B"]), set(&["tmp/**"])));
    let env: Vec<_> = all.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["N=1", "S=x", "T=true"]);
    assert_eq!(all.cache, Some(CachePolicy::For(Duration::from_hours(24))));
    assert_eq!((all.timeout, all.retries), (Some(Duration::from_secs(90)), Some(3)));
    assert_eq!((all.retry_delay, all.cwd.as_deref()), (Some(Duration::from_millis(250)), Some("sub")));
    assert_eq!(
        all.resources,
        BTreeMap::from(
            [("gpu", 1), ("memory", 4_000_000_000), ("cpu", 2)]
                .map(|(name, amount)| (name.to_owned(), amount))
        )
    );
    assert_eq!(all.priority, Some(-5));
    assert_eq!((all.sandbox, all.network), (Some(true), Some(false)));
    assert_eq!(all.undeclared, Some(Undeclared::Error));
    let codes = [(3, ExitMeaning::Skipped), (194, ExitMeaning::Restart), (3010, ExitMeaning::Restart)];
    assert_eq!(all.exit_codes, BTreeMap::from(codes));
    assert_eq!(settings(""), Settings::default());
    assert_eq!(
        settings("resources = { GPU = 2, memory = \"1KiB\" }").resources,
        BTreeMap::from([("gpu".to_owned(), 2), ("memory".to_owned(), 1024)])
    );
}

#[test]
fn a_sandbox_has_no_network_unless_it_asks_for_one() {
    let is_offline = |text| settings(text).is_offline();
    assert!(!is_offline("") && is_offline("network = false") && is_offline("sandbox = \"on\""));
    assert!(!is_offline("sandbox = true\nnetwork = true") && !is_offline("sandbox = false"));
}

#[test]
fn cache_words_are_read() {
    let policy = |text| settings(&format!("cache = {text}")).cache;
    assert_eq!(policy("\"Always\""), Some(CachePolicy::Always));
    assert_eq!(policy("\"never\""), Some(CachePolicy::Never));
    assert_eq!(policy("false"), Some(CachePolicy::Never));
    assert_eq!(policy("true"), Some(CachePolicy::Auto));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let text = "inputs = [\"\", \"a[b\", 1]\noutputs = { k = \"v\" }\nuseEnv = \"A=1\"\nenv = { \"A=B\" = \"x\" }\n\
        cache = \"allways\"\nretries = 11\nresources = \"gpu:0\"\nexitCodes = { two = \"warning\", 2 = \"wraning\" }\n\
        network = \"offf\"\nusesEnv = \"A\"\ncommand = [\"x\"]\n";
    insta::assert_snapshot!(told(&read(text).diagnostics));
    assert_eq!(
        told(&read("cache = \"5 weeks\"").diagnostics),
        "AZ0209 error <\"5 weeks\"> `cache` wants a duration, found `5 weeks` => write 30s, 5m or 1h30m in quotes, or a number of seconds above 0"
    );
}

#[test]
fn a_duration_no_clock_can_hold_is_refused() {
    for text in
        ["timeout = 18446744073709551615", "retryDelay = \"4000d\"", "cache = \"18446744073709551615d\""]
    {
        let told = told(&read(text).diagnostics);
        assert!(told.starts_with("AZ0209"), "{text}: {told}");
    }
    assert_eq!(settings("timeout = 1_000").timeout, Some(Duration::from_secs(1000)));
}

#[test]
fn a_low_byte_with_its_own_meaning_keeps_it() {
    let codes = settings("exitCodes = { 194 = \"failure\", 3010 = \"restart\" }").exit_codes;
    assert_eq!(codes, BTreeMap::from([(194, ExitMeaning::Failure), (3010, ExitMeaning::Restart)]));
}

#[test]
fn meanings_and_resources_are_read_from_headers() {
    for (word, meaning) in ExitMeaning::WORDS {
        assert_eq!((ExitMeaning::parse(word), meaning.as_str()), (Some(meaning), word));
    }
    assert_eq!(ExitMeaning::parse("ok"), None);
    for (text, name, amount) in [
        (" GPU ", "gpu", 1),
        ("gpu:2", "gpu", 2),
        ("cpu = 3", "cpu", 3),
        ("Memory: 1.5 GiB", "memory", 3 << 29),
    ] {
        assert_eq!(resource(text), Ok((name.to_owned(), amount)));
    }
    for (bad, help) in [
        ("", "write a name"),
        ("gpu:", "`gpu=2`"),
        ("gpu:0", "`gpu=2`"),
        ("a b", "write a name"),
        (":2", "write a name"),
        ("gpu:-1", "`gpu=2`"),
        ("memory", "`memory=512MB`"),
        ("memory:4", "`memory=512MB`"),
        ("cpu=2GB", "`cpu=2`"),
    ] {
        let told = resource(bad).unwrap_err();
        assert!(told.contains(help), "{bad}: {told}");
    }
}

#[test]
fn the_higher_layer_wins_and_sets_are_joined() {
    let step = settings(
        "inputs = []\npassEnv = \"A\"\nenv = { X = \"step\" }\nretries = 1\nexitCodes = { 2 = \"failure\" }",
    );
    let rule = settings(
        "inputs = \"a\"\noutputs = \"b\"\nuseEnv = [\"A\", \"B\"]\nenv = { X = \"rule\", Y = \"rule\" }\nretries = 2\n\
         timeout = 5\nexitCodes = { 2 = \"warning\", 3 = \"skipped\" }\nscratch = \"s\"\ncache = \"never\"\ncwd = \"d\"",
    );
    let both = step.clone().layered_over(&rule);
    assert_eq!((both.inputs.clone(), both.outputs.clone()), (Some(vec![]), Some(vec!["b".to_owned()])));
    assert_eq!(both.use_env.iter().collect::<Vec<_>>(), ["B"], "the step passes A without keying it");
    assert_eq!(both.pass_env.iter().collect::<Vec<_>>(), ["A"]);
    assert_eq!((both.env["X"].as_str(), both.env["Y"].as_str()), ("step", "rule"));
    assert_eq!((both.retries, both.timeout), (Some(1), Some(Duration::from_secs(5))));
    assert_eq!(both.exit_codes[&2], ExitMeaning::Failure);
    assert_eq!(both.exit_codes[&3], ExitMeaning::Skipped);
    assert_eq!((both.cache, both.cwd.as_deref()), (Some(CachePolicy::Never), Some("d")));
    assert_eq!(both.scratch.len(), 1);
    assert_eq!(step.clone().layered_over(&Settings::default()), step);
    assert_eq!(Settings::default().layered_over(&rule), rule);
}
