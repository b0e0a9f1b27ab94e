//! What is written reads back as the same tree, whatever stands in it; and it looks as people write it.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    diag::Source,
    text::document::{self, Node, NodeValue},
};

const FORMATS: [WriteFormat; 3] = [WriteFormat::Json, WriteFormat::Yaml, WriteFormat::Toml];

/// Returns a tree as it was read, without its places.
fn bare(node: &Node) -> Draft {
    match &node.value {
        NodeValue::Null => Draft::Null,
        NodeValue::Bool(value) => Draft::Bool(*value),
        NodeValue::Number(raw) => Draft::Number(raw.clone()),
        NodeValue::Text(text) => Draft::Text(text.clone()),
        NodeValue::Reference(text) | NodeValue::Code(text) => panic!("of psd1 alone: {text}"),
        NodeValue::List(items) => Draft::list(items.iter().map(bare)),
        NodeValue::Table(entries) => Draft::Table(
            entries.iter().map(|entry| (entry.key.value.clone(), bare(&entry.value).into())).collect(),
        ),
    }
}

/// Returns a tree without its remarks, and without what the format has no word for.
fn plain(draft: &Draft, format: WriteFormat) -> Draft {
    match draft {
        Draft::Null if format == WriteFormat::Toml => Draft::text(""),
        Draft::List(items) => Draft::list(items.iter().map(|item| plain(&item.value, format))),
        Draft::Table(entries) => {
            let entry = |(name, item): &(String, Item)| (name.clone(), plain(&item.value, format).into());
            Draft::Table(entries.iter().map(entry).collect())
        }
        other => other.clone(),
    }
}

fn read_back(text: &str, format: WriteFormat) -> Draft {
    let (tree, faults) = document::read(&Arc::new(Source::new("file", text)), format.as_read());
    assert_eq!(faults, [], "{text}");
    bare(&tree.unwrap())
}

/// Texts that some format takes for something else.
#[rustfmt::skip]
const ODD: &[&str] = &[
    "", " ", "0402", "402", "1.0", "1e3", "yes", "No", "on", "true", "null", "~", "a: b", "a:", "- a",
    "# a", "a #b", "'", "\"", "\\", "{{x}}", "${{ a }}", "[a]", "{a}", "*", "&a", "!x", "%", "@", "`",
    "|", ">", "?", "a\nb", "a\nb\n", "a\n\n\n", "\na", " a\nb", "a\n  b\n c", "\t", "a\tb\nc", "\r\n",
    "a\r\nb", "\u{feff}", "\u{85}", "\u{2028}", "\u{7f}", "\u{0}", "é 🚀", "'''", "\"\"\"", "a'\n",
    "x'''\ny", "1h30m", "2025-01-01", "---", "...", "a\n---\nb", "a\n#b", "\n", "<<", "=", ".inf",
    "0x1F", "1:30", "+1", "a\n \nb", "x\n\t\ny",
];

fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(ODD);
    prop_oneof![
        3 => odd.prop_map(str::to_owned),
        2 => "[a-z0-9:#,' \"\\\\\\[\\]{}&*!|>%@`$=~.?+/\\-\n\t]{0,12}",
        1 => "\\PC{0,8}",
        1 => any::<String>(),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (any::<i32>(), 1..1000_u32).prop_map(|(whole, part)| format!("{whole}.{part}0")),
        (1..99_i32, -9..9_i32).prop_map(|(whole, power)| format!("{whole}e{power}")),
    ]
}

fn entries(inner: impl Strategy<Value = Item>) -> impl Strategy<Value = Vec<(String, Item)>> {
    let key = prop_oneof![3 => "[a-zA-Z_-]{1,8}", 1 => text()];
    prop::collection::vec((key, inner), 0..5).prop_map(|found| {
        let mut seen: Vec<String> = Vec::new();
        let mut is_new = |name: &String| {
            let is_new = !seen.contains(name);
            seen.push(name.clone());
            is_new
        };
        found.into_iter().filter(|(name, _)| is_new(name)).collect()
    })
}

fn file() -> impl Strategy<Value = DraftFile> {
    let remarks = || prop::collection::vec("[ -~é]{0,9}", 0..2);
    let leaf = prop_oneof![
        Just(Draft::Null),
        any::<bool>().prop_map(Draft::Bool),
        number().prop_map(Draft::Number),
        text().prop_map(Draft::Text),
    ];
    let value = leaf.prop_recursive(5, 40, 5, move |inner| {
        let item = || {
            let remarks = prop_oneof![4 => Just(Vec::new()), 1 => remarks()];
            (remarks, inner.clone()).prop_map(|(comments, value)| Item { comments, ..Item::from(value) })
        };
        prop_oneof![
            prop::collection::vec(item(), 0..5).prop_map(Draft::List),
            entries(item()).prop_map(Draft::Table),
        ]
    });
    let root = entries(value.prop_map(Item::from));
    (remarks(), root, remarks()).prop_map(|(head, root, foot)| DraftFile { head, root, foot })
}

/// Counts the comments of a tree.
fn lines(draft: &Draft) -> usize {
    let of = |item: &Item| item.comments.len() + lines(&item.value);
    match draft {
        Draft::List(items) => items.iter().map(of).sum(),
        Draft::Table(entries) => entries.iter().map(|(_, item)| of(item)).sum(),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_tree_reads_back_as_it_was(file in file()) {
        for format in FORMATS {
            let text = write(&file, format);
            let expected = plain(&Draft::Table(file.root.clone()), format);
            prop_assert_eq!(read_back(&text, format), expected, "{}", text);
        }
    }

    #[test]
    fn remarks_are_kept_where_the_format_has_them(file in file()) {
        let count = |text: &str, format: WriteFormat| {
            document::comments(&Arc::new(Source::new("file", text)), format.as_read()).len()
        };
        let expected = file.head.len() + file.foot.len() + lines(&Draft::Table(file.root.clone()));
        for format in [WriteFormat::Yaml, WriteFormat::Toml] {
            let text = write(&file, format);
            prop_assert_eq!(count(&text, format), expected, "{}", text);
        }
        prop_assert_eq!(count(&write(&file, WriteFormat::Json), WriteFormat::Json), 0);
    }
}

#[test]
fn files_look_as_people_write_them() {
    let json = serde_json::json!({
        "metadata": { "name": "ci", "tags": ["a", "b"] },
        "orchestration": {
            "env": { "LEVEL": "1" },
            "jobs": {
                "build": {
                    "needs": ["lint"],
                    "if": "$x -eq 'a: b'",
                    "timeout": "1h30m",
                    "retries": 2,
                    "empty": null,
                    "steps": [
                        { "run": "0402", "with": { "A": true, "B": "no" } },
                        { "script": "echo \"hi\"\nexit 0\n", "shell": "sh" }
                    ]
                },
                "lint": { "steps": [{ "run": ["0404", "04*", "stage:Testing, and a long text that needs a line of its own, or two"] }] }
            }
        }
    });
    let Draft::Table(mut root) = Draft::of_json(&json) else { panic!("a table") };
    root[1].1.comments = vec!["What it runs".to_owned(), "and how".to_owned()];
    let file = DraftFile { head: vec!["Of the whole".to_owned()], root, foot: vec!["The end".to_owned()] };
    let all: Vec<String> = FORMATS.iter().map(|format| write(&file, *format)).collect();
    insta::assert_snapshot!(all.join("\n=====\n"));
}

#[test]
fn a_key_that_readers_of_yaml_find_no_end_of_has_a_mark() {
    let long = "k".repeat(2000);
    let root: Vec<(String, Item)> =
        [long.as_str(), "short"].map(|name| (name.to_owned(), Draft::text("v").into())).into();
    let text = write(&DraftFile::of(root.clone()), WriteFormat::Yaml);
    assert!(text.starts_with("? kkk") && text.ends_with("k\n: v\nshort: v\n"), "{text}");
    assert_eq!(read_back(&text, WriteFormat::Yaml), Draft::Table(root));
}
