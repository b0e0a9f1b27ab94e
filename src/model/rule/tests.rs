//! Rule files.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    diag::Source,
    model::decode::{Reading, testing::told},
};

fn file(name: &str, text: &str) -> (Arc<Source>, Reading<RuleFile>) {
    let source = Arc::new(Source::new(name, text));
    let reading = read(&source);
    (source, reading)
}

#[test]
fn rules_are_read_with_their_place() {
    let (_, reading) = file(
        "rules/a.toml",
        "[[rule]]\nmatch = \"04*\"\ntimeout = \"5m\"\ncommand = [\"make\", \"{script}\"]\n[[rule]]\nmatch = \"tag:x, !0402\"\nname = \"n\"\n",
    );
    assert_eq!(told(&reading.diagnostics), "");
    let (tree, rules) = (reading.tree.unwrap(), reading.value.unwrap().rules);
    assert_eq!((rules[0].name.as_str(), rules[1].name.as_str()), ("04*", "n"));
    assert_eq!(rules[1].matches, "tag:x, !0402");
    assert_eq!(rules[0].settings.timeout, Some(Duration::from_mins(5)));
    assert_eq!(rules[0].settings.command.as_ref().unwrap().len(), 2);
    assert_eq!(
        tree.find(&format!("{}/match", rules[1].pointer))
            .unwrap()
            .describe(crate::text::document::Format::Toml),
        "a text"
    );
}

#[test]
fn faults_of_rules_are_told() {
    let (_, reading) = file(
        "rules/a.toml",
        "[[rule]]\nstage = \"Test\"\nTags = []\ninterpreter = []\ncommand = []\ninput = \"x\"\n[[rules]]\nmatch = \"*\"\n",
    );
    insta::assert_snapshot!(told(&reading.diagnostics));
    assert_eq!(reading.value.unwrap().rules, []);
}

#[test]
fn two_kinds_of_one_rank_cannot_claim_one_extension() {
    let kind = |name: &str, extension: &str| {
        format!(
            "[[kind]]\nname = \"{name}\"\nextensions = [\"{extension}\"]\ninterpreter = [\"{{script}}\"]\n"
        )
    };
    let broken = "[[kind]]\nname = \"broken\"\n";
    let files = [
        file("rules/a.toml", &format!("{broken}{}{}", kind("a", "rb"), kind("b", "RB"))),
        file("rules/b.toml", &format!("{}{}", kind("c", "rb"), kind("a", "x"))),
    ];
    insta::assert_snapshot!(told(&duplicate_kinds(&files)));
}

#[test]
fn embedded_files_are_all_of_rules() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, embedded::FILES.map(|(name, _)| name));
    assert_eq!(embedded().kinds.len(), 5);
}

proptest! {
    /// The embedded files with a piece cut out and another put in, and arbitrary text.
    #[test]
    fn any_rule_file_is_a_reading(at in 0..600_usize, cut in 0..9_usize, put in "[\\[\\]{}\",=é\n a-z0-9]{0,6}", any in "(?s).{0,60}") {
        for (name, text) in embedded::FILES {
            let from = text.floor_char_boundary(at % text.len());
            let to = text.ceil_char_boundary((from + cut).min(text.len()));
            let (_, reading) = file(name, &format!("{}{put}{}", &text[..from], &text[to..]));
            prop_assert!(reading.value.is_some() || !reading.diagnostics.is_empty());
            let _ = duplicate_kinds(&[file("x", text), file(name, &any)]);
        }
    }
}
