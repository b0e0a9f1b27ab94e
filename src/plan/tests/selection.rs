//! Which scripts an expression names, against a model that looks at the text of each item.

use proptest::prelude::*;

use super::*;

/// Number, name, extension, stage, tag.
type Script = (u16, &'static str, &'static str, &'static str, &'static str);

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let number = prop::sample::select(vec![7, 40, 400, 401, 410, 499, 500, 4000]);
    let words = |words: &'static [&'static str]| prop::sample::select(words.to_vec());
    let script = (
        number,
        words(&["a", "b-c"]),
        words(&["sh", "py"]),
        words(&["Core", "core two"]),
        words(&["x", "Y"]),
    );
    prop::collection::vec(script, 1..9)
}

fn items() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["0007", "0400", "0401", "0410", "0450", "4000"]).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["0400-0499", "0000-0401", "0410-0410", "0041-5000"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["04*", "4*", "040*", "0400*", "40*"]).prop_map(str::to_owned),
        1 => Just("*".to_owned()),
        2 => prop::sample::select(vec!["stage:core", "stage:CORE TWO", "tag:X", "tag:y"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["0400_a", "0400_b-c.sh", "scripts/0401_a.py"]).prop_map(str::to_owned),
    ]
}

/// Whether an item names a script, by its text.
fn names(item: &str, (number, name, extension, stage, tag): &Script) -> bool {
    let digits = format!("{number:04}");
    let stem = format!("{digits}_{name}");
    if let Some((keyword, value)) = item.split_once(':') {
        let known = if keyword == "stage" { stage } else { tag };
        return known.to_lowercase() == value.to_lowercase();
    }
    if item.contains('_') {
        let item = item.trim_start_matches("scripts/");
        return item == stem || item == format!("{stem}.{extension}");
    }
    if let Some(prefix) = item.strip_suffix('*') {
        let prefix = if prefix.len() == 1 { format!("0{prefix}") } else { prefix.to_owned() };
        return digits.starts_with(&prefix);
    }
    match item.split_once('-') {
        Some((first, last)) => first <= digits.as_str() && digits.as_str() <= last,
        None => item == digits,
    }
}

proptest! {
    #[test]
    fn an_expression_names_what_the_model_says(
        scripts in scripts(),
        included in prop::collection::vec(items(), 1..4),
        excluded in prop::collection::vec(items(), 0..3),
    ) {
        let mut files: BTreeMap<String, (Script, String)> = BTreeMap::new();
        for script in scripts {
            let (number, name, extension, stage, tag) = script;
            let path = format!("scripts/{number:04}_{name}.{extension}");
            files.insert(path, (script, format!("# Stage: {stage}\n# Tags: {tag}\n")));
        }
        let texts: Vec<(&str, &str)> =
            files.iter().map(|(path, (_, text))| (path.as_str(), text.as_str())).collect();
        let asked = included.iter().cloned().chain(excluded.iter().map(|item| format!("!{item}")));
        let asked = asked.collect::<Vec<_>>().join(", ");
        let world = World::new(&texts, &[&asked]);
        let is_named = |script: &Script| {
            included.iter().any(|item| names(item, script)) && !excluded.iter().any(|item| names(item, script))
        };
        let expected: Vec<&str> =
            files.iter().filter(|(_, (script, _))| is_named(script)).map(|(path, _)| path.as_str()).collect();
        let planned = world.planned();
        let found: Vec<String> = planned.plan.iter().flat_map(|plan| &plan.nodes)
            .map(|node| node.script.as_ref().unwrap().to_string()).collect();
        prop_assert_eq!(planned.is_empty, expected.is_empty());
        prop_assert_eq!(found, expected, "{}", asked);
    }
}

#[test]
fn a_condition_decides_whether_a_step_runs_and_never_whether_it_is_shown() {
    for (condition, env, holds) in [
        ("IsLinux", None, true),
        ("IsWindows", None, false),
        ("$env:MODE -eq 'fast'", Some("fast"), true),
        ("$env:MODE -eq 'fast'", Some("slow"), false),
        ("Missing -eq $null", None, true),
        ("Missing", None, false),
    ] {
        let text = format!("# Condition: {condition}\n");
        let mut world = World::new(&[("scripts/0100_a.sh", &text)], &["0100"]);
        let env = env.map(|value: &str| ("MODE".to_owned(), value.to_owned())).into_iter().collect();
        world.surroundings = Surroundings::new(&world.db, env, false, None);
        let plan = world.plan();
        let decision = plan.nodes[0].condition.as_ref().unwrap();
        assert_eq!((decision.text.as_str(), decision.holds), (condition, holds));
    }
}

#[test]
fn a_name_of_several_scripts_is_told_with_paths_that_mean_one() {
    let texts = [("scripts/0100_a.ps1", ""), ("scripts/0100_a.sh", ""), ("scripts/x/0100_b.sh", "")];
    for (asked, help) in [("0100_a", "`scripts/0100_a.ps1`"), ("0100", "`scripts/0100_a.ps1`")] {
        let world = World::new(&texts, &[asked]);
        assert_eq!(world.codes(), [crate::diag::code::AMBIGUOUS_NUMBER], "{asked}");
        let told = world.planned().diagnostics[0].help.clone().unwrap();
        assert_eq!(told, format!("to mean one of them, write its name: {help}"));
    }
    assert_eq!(World::new(&texts, &["scripts/0100_a.ps1"]).codes(), []);
    assert_eq!(World::new(&texts, &["0100_b"]).codes(), []);
}
