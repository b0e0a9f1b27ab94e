//! The language as tables: what each text means, or where and why it cannot be read.

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;

use super::*;
use crate::{
    base::{ScriptNumber, Span, Spanned, testing::shared},
    diag::{Code, Look, Source, code, render},
};

fn arguments(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn number(value: u16) -> ScriptNumber {
    ScriptNumber::new(value).unwrap()
}

/// Reads one argument that must hold one item, and returns what it selects.
fn selector(text: &str) -> Selector {
    let (sequence, diagnostics) = parse(&arguments(&[text])).without_words();
    assert_eq!(diagnostics, [], "{text}");
    assert_eq!(sequence.items.len(), 1, "{text}");
    sequence.items[0].value.selector.clone()
}

/// Reads a text and returns the code, the words at the place and the help of each error.
fn faults(text: &str) -> Vec<(Code, String, String)> {
    let parsed = parse(&arguments(&[text]));
    let source = Arc::clone(&parsed.source);
    let (_, diagnostics) = parsed.without_words();
    let place = |span: Span| span.of(&source.text).to_owned();
    diagnostics
        .into_iter()
        .map(|fault| (fault.code, place(fault.labels[0].span), fault.help.unwrap()))
        .collect()
}

#[test]
fn every_form_is_read() {
    let name = |directory: Option<&str>, stem: &str, extension: Option<&str>| {
        Selector::Name(ScriptName {
            directory: directory.map(str::to_owned),
            number: number(407),
            stem: stem.to_owned(),
            extension: extension.map(str::to_owned),
        })
    };
    for (text, expected) in [
        ("0402", Selector::Number(number(402))),
        ("0000-0099", Selector::Range(number(0), number(99))),
        ("0201-0201", Selector::Range(number(201), number(201))),
        ("02*", Selector::Prefix("02".into())),
        ("2*", Selector::Prefix("02".into())),
        ("020*", Selector::Prefix("020".into())),
        ("0201*", Selector::Prefix("0201".into())),
        ("*", Selector::All),
        ("stage:AI & Documentation", Selector::Stage("AI & Documentation".into())),
        ("STAGE: Core", Selector::Stage("Core".into())),
        ("Tag:code-quality", Selector::Tag("code-quality".into())),
        ("stage:.*", Selector::Stage(".*".into())),
        ("stage:a:b", Selector::Stage("a:b".into())),
        ("0407_Validate-Syntax", name(None, "Validate-Syntax", None)),
        ("0407_Validate-Syntax.ps1", name(None, "Validate-Syntax", Some("ps1"))),
        ("./a//b/0407_V", name(Some("a/b"), "V", None)),
        (r"32-x\0407_V.sh", name(Some("32-x"), "V", Some("sh"))),
        ("0407_prüfen", name(None, "prüfen", None)),
    ] {
        assert_eq!(selector(text), expected, "{text}");
    }
}

#[test]
fn commas_and_arguments_are_one_list_and_places_are_exact() {
    let parsed = parse(&arguments(&[" stage:Prüfung ,!02*", "", "0402,,"]));
    assert_eq!(&*parsed.source.text, " stage:Prüfung ,!02*  0402,,");
    let written: Vec<&str> =
        parsed.sequence.items.iter().map(|item| item.span.of(&parsed.source.text)).collect();
    assert_eq!(written, ["stage:Prüfung", "!02*", "0402"]);
    assert_eq!(parsed.sequence.to_string(), "stage:Prüfung,!02*,0402");
    assert_eq!(parsed.sequence.excluded().count(), 1);
    assert_eq!(parsed.sequence.included().count(), 2);
    assert_eq!(parsed.diagnostics, []);
}

#[test]
fn a_mistake_has_its_code_its_place_and_a_help_that_can_be_done() {
    for (text, code, place, help) in [
        ("201", code::UNPADDED_NUMBER, "201", "write `0201`"),
        ("!7", code::UNPADDED_NUMBER, "!7", "write `!0007`"),
        ("00201", code::UNPADDED_NUMBER, "00201", "write `0201`"),
        ("12345", code::UNPADDED_NUMBER, "12345", "script numbers go from `0000` to `9999`"),
        ("0402, 0201-207", code::UNPADDED_NUMBER, "0201-207", "write `0201-0207`"),
        ("99-0", code::UNPADDED_NUMBER, "99-0", "write `0000-0099`"),
        ("0499-0400", code::REVERSED_RANGE, "0499-0400", "did you mean `0400-0499`?"),
        ("!0099-0000", code::REVERSED_RANGE, "!0099-0000", "did you mean `!0000-0099`?"),
        ("!!0208", code::UNREADABLE_ITEM, "!!0208", "write `!0208` to leave it out, or `0208` to select it"),
        (
            "! !0208",
            code::UNREADABLE_ITEM,
            "! !0208",
            "write `!0208` to leave it out, or `0208` to select it",
        ),
        ("0201 0207", code::UNREADABLE_ITEM, "0201 0207", "did you mean `0201,0207`?"),
        ("!0201 0207", code::UNREADABLE_ITEM, "!0201 0207", "did you mean `!0201,!0207`?"),
        ("0400 - 0404", code::UNREADABLE_ITEM, "0400 - 0404", "did you mean `0400-0404`?"),
        ("0400..0404", code::UNREADABLE_ITEM, "0400..0404", "did you mean `0400-0404`?"),
        ("0400–0404", code::UNREADABLE_ITEM, "0400–0404", "did you mean `0400-0404`?"),
        ("-0201", code::UNREADABLE_ITEM, "-0201", "did you mean `0000-0201`?"),
        ("0201-", code::UNREADABLE_ITEM, "0201-", "did you mean `0201-9999`?"),
        ("04xx", code::UNREADABLE_ITEM, "04xx", "did you mean `04*`?"),
        ("02?", code::UNREADABLE_ITEM, "02?", "did you mean `02*`?"),
        ("stages:Testing", code::UNREADABLE_ITEM, "stages:Testing", "did you mean `stage:Testing`?"),
        ("tag=ci", code::UNREADABLE_ITEM, "tag=ci", "did you mean `tag:ci`?"),
        ("all", code::UNREADABLE_ITEM, "all", "did you mean `*`?"),
        ("'0402'", code::UNREADABLE_ITEM, "'0402'", "did you mean `0402`?"),
    ] {
        assert_eq!(faults(text), [(code, place.to_owned(), help.to_owned())], "{text}");
        let words = help.split('`').nth(1).unwrap();
        assert_eq!(faults(&text.replace(place, words)), [], "doing what the help says mends {text}");
    }
}

#[test]
fn what_is_like_nothing_gets_the_list_of_forms() {
    for text in
        ["0x01", "*02", "02?1", "0201-0207-0210", "Validate-Syntax", "0407_", "_", "🚀", "a b", "0402_a:b"]
    {
        let faults = faults(text);
        assert_eq!(faults.len(), 1, "{text}");
        assert!(faults[0].2.starts_with("an item is a number `0402`"), "{text}: {}", faults[0].2);
    }
    for text in ["stage:", "tag: ", "!stage:", "!"] {
        assert_eq!(faults(text)[0].0, code::UNREADABLE_ITEM, "{text}");
        assert!(faults(text)[0].2.starts_with("write "), "{text}");
    }
}

#[test]
fn nothing_written_is_a_mistake() {
    for texts in [&[][..], &[""], &[" , ,", ""]] {
        let parsed = parse(&arguments(texts));
        assert_eq!(parsed.diagnostics.len(), 1, "{texts:?}");
        assert_eq!(parsed.diagnostics[0].message, "the selection is empty");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let parsed = parse(&arguments(&["0402,201,ci,!!7", "0499-0400"]));
    assert_eq!(parsed.sequence.to_string(), "0402");
    let (_, diagnostics) = parsed.without_words();
    let shown: String = diagnostics.iter().map(|diagnostic| render(diagnostic, Look::plain())).collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn words_are_left_to_who_knows_the_playbooks() {
    let parsed = parse(&arguments(&["test-quick,!playbooks/ci.json", "0402", "stage"]));
    let words: Vec<_> = parsed.words.iter().map(|word| (word.exclude, word.name.value.as_str())).collect();
    assert_eq!(words, [(false, "test-quick"), (true, "playbooks/ci.json"), (false, "stage")]);
    assert_eq!(parsed.words[1].name.span.of(&parsed.source.text), "playbooks/ci.json");
    assert_eq!(parsed.diagnostics, []);
    let (_, diagnostics) = parsed.without_words();
    assert_eq!(diagnostics.len(), 3);

    for name in ["ci", "./ci.toml", "../x/ci.json", "/abs/ci.json", "überall", "v2.1"] {
        assert!(could_be_name(name), "{name}");
    }
    for no_name in ["0402", "0402_x", "a/0402_x", "0x01", "stage:x", "", "..", "/", "a b", "*", "-x", "!ci"] {
        assert!(!could_be_name(no_name), "{no_name}");
    }
}

#[test]
fn places_in_a_larger_text_are_exact_or_the_whole_string() {
    let text = r#"{"sequence": ["0402, 201", "stage:\u0041, 7"]}"#;
    let source = Arc::new(Source::new("playbooks/ci.json", text));
    let place = |part: &str| Span::new(text.find(part).unwrap(), text.find(part).unwrap() + part.len());
    let (plain, quoted, escaped) =
        (place("0402, 201"), place("\"0402, 201\""), place(r#""stage:\u0041, 7""#));
    let parsed = parse_in(
        &source,
        &[
            Spanned::new("0402, 201", plain),
            Spanned::new("0402, 201", quoted),
            Spanned::new("stage:A, 7", escaped),
        ],
    );
    let places: Vec<Span> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.labels[0].span).collect();
    assert_eq!(places, [place("201"), place("201"), escaped]);
}

#[test]
fn a_file_may_hold_remarks_and_blank_lines() {
    let text = "\u{feff}# nightly\r\n0402, 0404\r\n\r\nstage:C#  # not C\r\n\t201\n";
    let parsed = parse_lines(&Arc::new(Source::new("list", text)));
    assert_eq!(parsed.sequence.to_string(), "0402,0404,stage:C#");
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].labels[0].span.of(text), "201");
}

#[test]
fn numbers_are_matched_by_numbers_ranges_prefixes_and_all() {
    for (text, inside, outside) in [
        ("0402", &[402][..], &[401, 403][..]),
        ("0400-0404", &[400, 402, 404], &[399, 405]),
        ("04*", &[400, 499], &[399, 500, 4]),
        ("2*", &[200, 299], &[2, 20, 2000]),
        ("040*", &[400, 409], &[410]),
        ("*", &[0, 9999], &[]),
        ("stage:x", &[], &[0, 402]),
    ] {
        let selector = selector(text);
        assert!(inside.iter().all(|value| selector.matches_number(number(*value))), "{text}");
        assert!(!outside.iter().any(|value| selector.matches_number(number(*value))), "{text}");
    }
}

#[test]
fn a_name_fits_files_with_and_without_extension_in_its_folder() {
    for (name, path, fits) in [
        ("0407_V", "scripts/0407_V.ps1", true),
        ("0407_V", "scripts/0407_V", true),
        ("0407_V.ps1", "scripts/0407_V.ps1", true),
        ("0407_V.ps1", "scripts/0407_V.sh", false),
        ("0407_V", "scripts/0407_Vx.ps1", false),
        ("0407_v1.2", "scripts/0407_v1.2.sh", true),
        ("a/0407_V", "scripts/a/0407_V.sh", true),
        ("a/0407_V", "scripts/ba/0407_V.sh", false),
        ("scripts/a/0407_V", "scripts/a/0407_V.sh", true),
        ("a/0407_V", "0407_V.sh", false),
    ] {
        let Selector::Name(script) = selector(name) else { panic!("{name} is a script's name") };
        assert_eq!(script.matches_path(path), fits, "{name} {path}");
    }
}

fn any_selector() -> impl Strategy<Value = Selector> {
    let number = || (0_u16..=9999).prop_map(number);
    let word = || {
        "[^,\\s!][^,]{0,8}"
            .prop_map(|text| text.trim().to_owned())
            .prop_filter("names", |text| !text.is_empty())
    };
    let stem = "[A-Za-zé][-A-Za-z0-9é]{0,8}";
    let folder = proptest::option::of("[a-z]{1,3}(/[a-z0-9]{1,3}){0,2}");
    prop_oneof![
        number().prop_map(Selector::Number),
        (number(), number()).prop_map(|(a, b)| Selector::Range(a.min(b), a.max(b))),
        "[0-9]{2,4}".prop_map(Selector::Prefix),
        Just(Selector::All),
        word().prop_map(Selector::Stage),
        word().prop_map(Selector::Tag),
        (folder, number(), stem, proptest::option::of("[a-z]{1,3}")).prop_map(
            |(directory, number, stem, extension)| {
                Selector::Name(ScriptName { directory, number, stem, extension })
            }
        ),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(items in proptest::collection::vec((any::<bool>(), any_selector()), 1..6)) {
        let items: Vec<Item> = items.into_iter().map(|(exclude, selector)| Item { exclude, selector }).collect();
        let sequence = Sequence { items: items.iter().map(|item| Spanned::new(item.clone(), Span::default())).collect() };
        let parsed = parse(&[sequence.to_string()]);
        prop_assert_eq!(&parsed.diagnostics, &[]);
        let read: Vec<Item> = parsed.sequence.items.iter().map(|item| item.value.clone()).collect();
        prop_assert_eq!(read, items);
    }

    #[test]
    fn any_text_gives_an_item_a_word_or_a_fault_for_each_piece(text in "[-0-9!*:,?. a-zé#'_/\\\\]{0,24}|\\PC{0,24}") {
        let parsed = parse(std::slice::from_ref(&text));
        let pieces = text.split(',').filter(|piece| !piece.trim().is_empty()).count();
        let read = parsed.sequence.items.len() + parsed.words.len() + parsed.diagnostics.len();
        prop_assert_eq!(read, pieces.max(1));
    }

    #[test]
    fn a_suggestion_can_be_read(text in "[-0-9!*:?. agtsex]{1,12}") {
        for (_, _, help) in faults(&text) {
            let suggestion = help.strip_prefix("did you mean `").and_then(|rest| rest.strip_suffix("`?"));
            if let Some(suggestion) = suggestion {
                prop_assert_eq!(faults(suggestion), vec![], "{} -> {}", text, suggestion);
            }
        }
    }
}

#[test]
fn the_corpus_agrees_on_what_can_be_read_and_on_what_numbers_select() {
    let Some(corpus) = shared("corpus") else { return };
    let read = |path: &str| std::fs::read_to_string(corpus.join(path)).unwrap();
    let selections: serde_json::Value = serde_json::from_str(&read("selections.json")).unwrap();
    let mut compared = 0;
    for case in selections["cases"].as_array().unwrap() {
        let expected = case.get("wide").unwrap_or(&case["seeds"]);
        let texts: Vec<String> =
            case["args"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().into()).collect();
        let (sequence, diagnostics) = parse(&texts).without_words();
        assert_eq!(diagnostics.is_empty(), expected["ok"].as_bool().unwrap(), "{} {texts:?}", case["id"]);
        if !diagnostics.is_empty() || sequence.items.iter().any(|item| is_by_metadata(&item.value.selector)) {
            continue;
        }
        let folder = selections["folders"][case["folder"].as_str().unwrap()].as_str().unwrap();
        let rows = read(&format!("scripts/{folder}.jsonl"));
        let names = rows.lines().map(|row| {
            serde_json::from_str::<serde_json::Value>(row).unwrap()["name"].as_str().unwrap().to_owned()
        });
        let selected: BTreeSet<String> = names.filter(|name| is_selected(&sequence, name)).collect();
        let wanted =
            expected["scripts"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
        assert_eq!(selected, wanted.collect(), "{} {texts:?}", case["id"]);
        compared += 1;
    }
    assert!(compared >= 30, "only {compared} cases were compared by number");
}

fn is_by_metadata(selector: &Selector) -> bool {
    matches!(selector, Selector::Stage(_) | Selector::Tag(_))
}

fn is_selected(sequence: &Sequence, name: &str) -> bool {
    let number = ScriptNumber::from_digits(&name[..4]).unwrap();
    let matches = |selector: &Selector| match selector {
        Selector::Name(script) => script.matches_path(name),
        other => other.matches_number(number),
    };
    sequence.included().any(|item| matches(item.value))
        && !sequence.excluded().any(|item| matches(item.value))
}
