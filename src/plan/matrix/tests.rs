use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::diag::code;

/// Makes a matrix as a playbook would have it.
fn matrix(written: &Value) -> Matrix {
    let mut matrix = Matrix::default();
    for (name, value) in written.as_object().unwrap() {
        let entries = || -> Vec<BTreeMap<String, Value>> { serde_json::from_value(value.clone()).unwrap() };
        match (name.as_str(), value) {
            ("include", _) => matrix.include = entries(),
            ("exclude", _) => matrix.exclude = entries(),
            (_, Value::Array(values)) => {
                matrix.dimensions.push((name.clone(), MatrixValues::List(values.clone())));
            }
            (_, value) => {
                let text = Placed::new(value.as_str().unwrap(), format!("/m/{name}"));
                let expression = Placed::new(text.value.to_owned(), text.at);
                matrix.dimensions.push((name.clone(), MatrixValues::Expression(expression)));
            }
        }
    }
    matrix
}

/// Multiplies a matrix out; an expression is JSON, or has no value yet.
fn expand(matrix: &Matrix) -> Result<Combinations, Vec<MatrixFault>> {
    combinations(matrix, "/m", &mut |expression| serde_json::from_str(&expression.value).ok())
}

fn known(written: &Value) -> Vec<Combination> {
    match expand(&matrix(written)) {
        Ok(Combinations::Known(found)) => found,
        other => panic!("{other:?}"),
    }
}

fn labels(written: &Value) -> Vec<String> {
    known(written).iter().map(Combination::label).collect()
}

fn suffixes(written: &Value) -> Vec<String> {
    known(written).iter().map(Combination::suffix).collect()
}

/// Returns the faults, each as its place and its text.
fn faults(written: &Value) -> Vec<String> {
    let faults = expand(&matrix(written)).unwrap_err();
    faults.iter().map(|fault| format!("{}: {}", fault.at, fault.diagnostic().message)).collect()
}

#[test]
fn the_last_dimension_changes_fastest() {
    let written = json!({"profile": ["quick", "full"], "platform": ["Windows", "Linux", "macOS"]});
    let expected = [
        "[profile=quick, platform=Windows]",
        "[profile=quick, platform=Linux]",
        "[profile=quick, platform=macOS]",
        "[profile=full, platform=Windows]",
        "[profile=full, platform=Linux]",
        "[profile=full, platform=macOS]",
    ];
    assert_eq!(labels(&written), expected);
    assert_eq!(suffixes(&written)[0], "[profile=quick,platform=Windows]");
    let first = &known(&written)[0];
    assert_eq!(first.value("PLATFORM"), Some(&json!("Windows")));
    assert_eq!(first.value("plat"), None);
}

/// Written from the examples of GitHub's documentation, "Running variations of jobs in a workflow".
#[test]
fn github_documents_what_include_does() {
    let written = json!({
        "fruit": ["apple", "pear"], "animal": ["cat", "dog"],
        "include": [
            {"color": "green"}, {"color": "pink", "animal": "cat"}, {"fruit": "apple", "shape": "circle"},
            {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"}
        ]
    });
    let expected = [
        "[fruit=apple, animal=cat, color=pink, shape=circle]",
        "[fruit=apple, animal=dog, color=green, shape=circle]",
        "[fruit=pear, animal=cat, color=pink]",
        "[fruit=pear, animal=dog, color=green]",
        "[fruit=banana]",
        "[animal=cat, fruit=banana]",
    ];
    assert_eq!(labels(&written), expected);

    let expanding = json!({
        "os": ["windows-latest", "ubuntu-latest"], "node": [14, 16],
        "include": [{"os": "windows-latest", "node": 16, "npm": 6}]
    });
    let expected = [
        "[os=windows-latest, node=14]",
        "[os=windows-latest, node=16, npm=6]",
        "[os=ubuntu-latest, node=14]",
        "[os=ubuntu-latest, node=16]",
    ];
    assert_eq!(labels(&expanding), expected);

    let adding = json!({
        "os": ["macos-latest", "windows-latest", "ubuntu-latest"], "version": [12, 14, 16],
        "include": [{"os": "windows-latest", "version": 17}]
    });
    let found = labels(&adding);
    assert_eq!((found.len(), found[9].as_str()), (10, "[os=windows-latest, version=17]"));

    let alone = json!({"include": [{"site": "production", "datacenter": "site-a"}, {"site": "staging", "datacenter": "site-b"}]});
    assert_eq!(labels(&alone), ["[datacenter=site-a, site=production]", "[datacenter=site-b, site=staging]"]);
}

#[test]
fn github_documents_what_exclude_does() {
    let written = json!({
        "os": ["macos-latest", "windows-latest"], "version": [12, 14, 16], "environment": ["staging", "production"],
        "exclude": [
            {"os": "macos-latest", "version": 12, "environment": "production"},
            {"os": "windows-latest", "version": 16}
        ]
    });
    let found = labels(&written);
    assert_eq!(found.len(), 9, "one by all its values, two by some: {found:?}");
    assert!(!found.iter().any(|label| label.contains("windows") && label.contains("16")));
    assert!(!found.contains(&"[os=macos-latest, version=12, environment=production]".to_owned()));
}

#[test]
fn include_comes_after_exclude_and_may_bring_back_what_that_took() {
    let written = json!({"a": [1, 2], "exclude": [{"A": 1}], "include": [{"a": 1}, {"a": 1, "b": 2}]});
    assert_eq!(labels(&written), ["[a=2]", "[a=1]", "[a=1, b=2]"]);
    let all = json!({"a": [1], "exclude": [{"a": 1}], "include": [{"b": 1}]});
    assert_eq!(labels(&all), ["[b=1]"]);
}

#[test]
fn what_is_excluded_has_the_same_type() {
    let written = json!({"debug": ["true", true, 1, "1"], "exclude": [{"debug": true}, {"debug": "1"}, {}]});
    let found = known(&written);
    assert_eq!(
        found.iter().map(|one| one.value("debug").unwrap()).collect::<Vec<_>>(),
        [&json!("true"), &json!(1)]
    );
    assert_eq!(labels(&json!({"n": [1, 2], "exclude": [{"n": 1.0}]})), ["[n=2]"]);
}

#[test]
fn a_text_is_quoted_only_where_another_value_reads_like_it() {
    assert_eq!(suffixes(&json!({"node": ["18", "20"], "on": ["true"]}))[0], "[node=18,on=true]");
    let both = json!({"debug": ["true", true, "x"]});
    assert_eq!(suffixes(&both), ["[debug=\"true\"]", "[debug=true]", "[debug=x]"]);
}

#[test]
fn names_are_printable_and_short_whatever_the_values_are() {
    let long = "x".repeat(300);
    let written = json!({"a b": [
        "", "two words", "a,b", "x]", "\u{1b}[2J\n", "\u{202e}", "\"", "\\", "…", "ü/v1.2", null, -0.5, [1, 2], {"k": ["v"]}, ["\u{202e}"],
        long, format!("{long} "),
    ]});
    let found = known(&written);
    let shown: Vec<String> =
        found.iter().map(|one| format!("{}\n    {}", one.label(), one.suffix())).collect();
    insta::assert_snapshot!(shown.join("\n"));
    let many: serde_json::Map<_, _> =
        (0..30).map(|n| (format!("dimension{n}"), json!(["one value"]))).collect();
    let suffix = suffixes(&Value::Object(many)).remove(0);
    assert!(suffix.chars().count() < 150, "{suffix}");
    assert!(suffix.starts_with("[dimension0=\"one value\",dimension1="), "{suffix}");
}

#[test]
fn faults_have_their_places() {
    let all = [
        json!({}),
        json!({"exclude": [{"a": 1}]}),
        json!({"a": [], "b": [1]}),
        json!({"a": [1, "1", 1.0], "A": [2]}),
        json!({"x/y": ["a", "a"]}),
        json!({"a": [1, 2], "exclude": [{"a": 1}, {"a": 2}]}),
        json!({"a": [1], "exclude": [{"a": 1}]}),
        json!({"a": [1], "include": [{"b": 1, "a": 2}, {"a": 2, "b": 1}]}),
        json!({"a": "3", "b": "\"x\"", "c": "[]", "d": "[2, 2]"}),
        json!({"a": (0..40).collect::<Vec<_>>(), "b": (0..26).collect::<Vec<_>>()}),
    ];
    let shown: Vec<String> = all.iter().map(|written| faults(written).join("\n")).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn nothing_is_multiplied_before_it_is_counted() {
    let many: Vec<usize> = (0..MATRIX_LIMIT).collect();
    assert_eq!(known(&json!({"a": many})).len(), MATRIX_LIMIT);
    let code = |written: &Value| expand(&matrix(written)).unwrap_err()[0].diagnostic().code;
    assert_eq!(code(&json!({"a": many, "b": [1, 2]})), code::MATRIX_TOO_LARGE);
    assert_eq!(code(&json!({"a": many, "include": [{"a": 1000}]})), code::MATRIX_TOO_LARGE);
    let entries: Vec<Value> = (0..=MATRIX_LIMIT).map(|n| json!({"a": n})).collect();
    assert_eq!(code(&json!({"a": [1], "exclude": entries})), code::MATRIX_TOO_LARGE);
    assert_eq!(code(&json!({"include": entries})), code::MATRIX_TOO_LARGE);
    let huge: serde_json::Map<_, _> = (0..90).map(|n| (format!("d{n}"), json!(many))).collect();
    assert_eq!(faults(&Value::Object(huge)), ["/m: the matrix has more combinations than can be counted"]);
}

#[test]
fn what_is_known_later_is_told_unless_the_rest_is_wrong_already() {
    let later = matrix(&json!({"a": [1], "b": "needs.x.outputs.b", "c": "needs.x.outputs.c"}));
    let Ok(Combinations::Deferred(expression)) = expand(&later) else { panic!() };
    assert_eq!((expression.value.as_str(), expression.at.as_str()), ("needs.x.outputs.b", "/m/b"));
    assert_eq!(faults(&json!({"a": [], "b": "later"})).len(), 1);
    let at = || Placed::new("later".to_owned(), "/m");
    let whole = Matrix { expression: Some(at()), ..Matrix::default() };
    assert_eq!(expand(&whole), Ok(Combinations::Deferred(at())));
}

#[test]
fn a_whole_matrix_may_come_from_an_expression() {
    let given = |text: &str| {
        let expression = Some(Placed::new(text.to_owned(), "/m"));
        expand(&Matrix { expression, ..Matrix::default() })
    };
    let text = r#"{"b": [1, 2], "a": ["x"], "Exclude": [{"b": 1}], "include": [{"z": 1, "a": "y"}]}"#;
    let Ok(Combinations::Known(found)) = given(text) else { panic!() };
    assert_eq!(found.iter().map(Combination::label).collect::<Vec<_>>(), ["[b=2, a=x]", "[z=1, a=y]"]);
    for (text, told) in [
        ("[1]", "a matrix must be a table of dimensions, and the expression gives a list"),
        (r#"{"a": "x"}"#, "matrix dimension `a` must be a list, found a text"),
        (r#"{"include": {"a": 1}}"#, "`include` of a matrix must be a list of tables, found a table"),
        (r#"{"include": [1]}"#, "`include` of a matrix must be a list of tables, found a number"),
        ("{}", "the matrix has no dimension, so that nothing would run"),
    ] {
        let faults = given(text).unwrap_err();
        assert_eq!((faults.len(), faults[0].diagnostic().message.as_str()), (1, told), "{text}");
        assert_eq!(faults[0].at, "/m");
    }
}

#[test]
fn a_command_line_is_a_matrix() {
    let given =
        [("profile".to_owned(), vec![json!("quick"), json!("full")]), ("n".to_owned(), vec![json!(1)])];
    let Ok(Combinations::Known(found)) = combinations(&matrix_of(&given), "", &mut |_| None) else {
        panic!()
    };
    assert_eq!(
        found.iter().map(Combination::suffix).collect::<Vec<_>>(),
        ["[profile=quick,n=1]", "[profile=full,n=1]"]
    );
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|is| json!(is)),
        (-3_i32..3).prop_map(|n| json!(n)),
        prop::sample::select(vec!["true", "1", "null", "a", "b", "a b", "", "Windows"])
            .prop_map(|text| json!(text)),
        // What is filled is told apart where it is filled.
        ".{0,60}".prop_map(|text| json!(text.replace('{', "("))),
        prop::collection::vec(0..3, 0..3).prop_map(|items| json!(items)),
    ]
}

/// Dimensions with values that all differ.
fn dimensions() -> impl Strategy<Value = Vec<(String, Vec<Value>)>> {
    let values = prop::collection::vec(value(), 1..5).prop_map(|values| {
        let mut known: Vec<Value> = Vec::new();
        for value in values {
            if !known.contains(&value) {
                known.push(value);
            }
        }
        known
    });
    prop::collection::vec(values, 1..4)
        .prop_map(|all| all.into_iter().enumerate().map(|(n, values)| (format!("d{n}"), values)).collect())
}

/// Entries that name some of the dimensions.
fn entries() -> impl Strategy<Value = Vec<BTreeMap<String, Value>>> {
    let entry = prop::collection::btree_map((0..4).prop_map(|n| format!("d{n}")), value(), 0..3);
    prop::collection::vec(entry, 0..4)
}

proptest! {
    #[test]
    fn all_are_there_in_order_but_those_that_are_excluded(given in dimensions(), exclude in entries()) {
        let matrix = Matrix { exclude, ..matrix_of(&given) };
        let mut expected: Vec<Vec<(String, Value)>> = vec![Vec::new()];
        for (name, values) in &given {
            expected = expected
                .into_iter()
                .flat_map(|first| values.iter().map(move |value| [&first[..], &[(name.clone(), value.clone())]].concat()))
                .collect();
        }
        let all = expected.len();
        expected.retain(|one| {
            let has = |(name, value): (&String, &Value)| one.contains(&(name.clone(), value.clone()));
            !matrix.exclude.iter().any(|entry| !entry.is_empty() && entry.iter().all(has))
        });
        match expand(&matrix) {
            Ok(Combinations::Known(found)) => {
                prop_assert_eq!(found.into_iter().map(|one| one.values).collect::<Vec<_>>(), expected);
            }
            Err(faults) => {
                prop_assert!(expected.is_empty());
                prop_assert_eq!(&faults[0].what, &fault::What::AllExcluded { count: all });
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn each_has_a_name_of_its_own_that_can_be_seen(given in dimensions(), include in entries()) {
        let matrix = Matrix { include, ..matrix_of(&given) };
        let first = expand(&matrix);
        prop_assert_eq!(&first, &expand(&matrix));
        let Ok(Combinations::Known(found)) = first else { return Ok(()) };
        let suffixes: BTreeSet<String> = found.iter().map(Combination::suffix).collect();
        prop_assert_eq!(suffixes.len(), found.len(), "{:?}", suffixes);
        for suffix in suffixes {
            prop_assert!(!suffix.chars().any(char::is_control) && suffix.chars().count() < 160, "{}", suffix);
        }
    }

    #[test]
    fn include_changes_no_value_of_a_dimension(given in dimensions(), include in entries()) {
        let count: usize = given.iter().map(|(_, values)| values.len()).product();
        let Ok(Combinations::Known(plain)) = expand(&matrix_of(&given)) else { return Ok(()) };
        let Ok(Combinations::Known(found)) = expand(&Matrix { include: include.clone(), ..matrix_of(&given) }) else {
            return Ok(());
        };
        prop_assert!(found.len() >= count && found.len() <= count + include.len());
        for (one, other) in plain.iter().zip(&found) {
            prop_assert_eq!(&one.values, &other.values[..one.values.len()]);
        }
    }
}
