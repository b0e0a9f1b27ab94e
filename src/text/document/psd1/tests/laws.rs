//! What holds of any text: it is read, what is written is read back, and the steps grow with the text.

use proptest::prelude::*;

use super::{super::steps::take_steps, read_text};
use crate::{
    base::{Span, Spanned},
    diag::code,
    text::document::{Entry, Node, NodeValue},
};

const PIECES: &[&str] = &[
    "@{",
    "@(",
    "$(",
    "(",
    "{",
    "[",
    "}",
    ")",
    "]",
    "'",
    "\"",
    "@'",
    "'@",
    "@\"",
    "\"@",
    "`",
    "`u{",
    "#",
    "<#",
    "#>",
    ",",
    ";",
    "=",
    "|",
    "&",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "$",
    "$a",
    "${",
    "$env:B",
    ".c",
    "::",
    ":",
    "+",
    "-",
    "-f",
    "..",
    "!",
    "?",
    "0402",
    "1.5kb",
    "0x",
    "a",
    "Name",
    "if",
    "else",
    "[ordered]",
    "é",
    "😀",
    "’",
    "“",
    "\u{feff}",
    "\u{a0}",
    "\0",
];

fn any_text() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(PIECES), 0..40);
    prop_oneof![4 => pieces.prop_map(|pieces| pieces.concat()), 1 => ".{0,40}"]
}

fn any_scalar() -> impl Strategy<Value = NodeValue> {
    prop_oneof![
        Just(NodeValue::Null),
        any::<bool>().prop_map(NodeValue::Bool),
        any::<i64>().prop_map(|number| NodeValue::Number(number.to_string())),
        "(0|[1-9][0-9]{0,3})\\.[0-9]{1,3}(e-?[0-9])?".prop_map(NodeValue::Number),
        "0[0-9]{1,4}".prop_map(NodeValue::Text),
        any_text().prop_map(NodeValue::Text),
        "(env:|script:)?[a-zA-Z_][a-z0-9_]{3,5}(\\.[a-z]{1,3})?".prop_map(NodeValue::Reference),
    ]
}

fn unplaced(value: NodeValue) -> Node {
    Node { span: Span::default(), value }
}

fn any_tree() -> impl Strategy<Value = NodeValue> {
    any_scalar().prop_recursive(5, 40, 4, |inner| {
        let entry = (any_text(), inner.clone()).prop_map(|(key, value)| Entry {
            key: Spanned::new(key, Span::default()),
            value: unplaced(value),
        });
        prop_oneof![
            proptest::collection::vec(inner.prop_map(unplaced), 0..4).prop_map(NodeValue::List),
            proptest::collection::vec(entry, 0..4).prop_map(NodeValue::Table),
        ]
    })
}

/// How a tree is written: `style` chooses between ways that mean the same.
fn written(value: &NodeValue, style: &mut impl FnMut() -> usize) -> String {
    match value {
        NodeValue::Null => "$null".to_owned(),
        NodeValue::Bool(value) => format!("${value}"),
        NodeValue::Number(number) => number.clone(),
        NodeValue::Text(text) => quoted(text, style()),
        NodeValue::Reference(name) if style() < 6 && !name.contains('.') => format!("${{{name}}}"),
        NodeValue::Reference(name) => format!("${name}"),
        NodeValue::Code(code) => format!("{{ {code} }}"),
        NodeValue::List(items) => {
            let texts: Vec<String> = items.iter().map(|item| written(&item.value, style)).collect();
            let has_lists = items.iter().any(|item| matches!(item.value, NodeValue::List(_)));
            match (items.len(), style() % 3) {
                (1, 0) => format!("(,{})", texts[0]),
                (1, _) => format!("@(,{})", texts[0]),
                (2.., 0) => format!("({})", texts.join(",\r\n")),
                (2.., 1) if !has_lists => format!("@({}\n)", texts.join(" # '\n")),
                _ => format!("@({})", texts.join(", ")),
            }
        }
        NodeValue::Table(entries) => {
            let entry = |entry: &Entry| {
                let key = match &entry.key.value {
                    key if key.starts_with('0') && key.bytes().all(|b| b.is_ascii_digit()) => key.clone(),
                    key => quoted(key, style() % 2),
                };
                format!("{key} ={}{}", ["", " ", "\r\n\t"][style() % 3], written(&entry.value.value, style))
            };
            let texts: Vec<String> = entries.iter().map(entry).collect();
            format!("@{{{}}}", texts.join([";", "\r\n", " # }\n", "<# #> ;"][style() % 4]))
        }
    }
}

fn quoted(text: &str, style: usize) -> String {
    let is_digits = text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits_a_line = !text.contains(['\n', '\r', '@']);
    match style % 4 {
        0 if is_digits => text.to_owned(),
        1 => {
            let special = |c: char| if "`\"$“”„".contains(c) { format!("`{c}") } else { c.to_string() };
            format!("\"{}\"", text.chars().map(special).collect::<String>())
        }
        2 if fits_a_line => format!("@'\r\n{text}\n'@"),
        _ => {
            let single =
                |c: char| if "'‘’‚‛".contains(c) { format!("{c}{c}") } else { c.to_string() };
            format!("'{}'", text.chars().map(single).collect::<String>())
        }
    }
}

/// Takes the places out of a tree.
fn bare(node: Node) -> NodeValue {
    match node.value {
        NodeValue::List(items) => {
            NodeValue::List(items.into_iter().map(|item| unplaced(bare(item))).collect())
        }
        NodeValue::Table(entries) => {
            let entry = |entry: Entry| Entry {
                key: Spanned::new(entry.key.value, Span::default()),
                value: unplaced(bare(entry.value)),
            };
            NodeValue::Table(entries.into_iter().map(entry).collect())
        }
        value => value,
    }
}

/// Asserts that every place in a tree lies inside the one around it.
fn assert_places(node: &Node, around: Span, text: &str) {
    assert!(around.start <= node.span.start && node.span.end <= around.end, "{:?} of {text:?}", node.span);
    assert!(text.get(node.span.start..node.span.end).is_some(), "{:?} of {text:?}", node.span);
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(|item| assert_places(item, node.span, text)),
        NodeValue::Table(entries) => {
            for entry in entries {
                assert!(text.get(entry.key.span.start..entry.key.span.end).is_some());
                assert!(entry.key.span.end <= entry.value.span.start, "{text:?}");
                assert_places(&entry.value, node.span, text);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_gives_a_tree_or_faults_with_places(text in any_text()) {
        let (node, faults) = read_text(&text);
        prop_assert!(node.is_some() || !faults.is_empty(), "nothing is told of {text:?}");
        prop_assert!(node.is_none() || faults.iter().all(|fault| fault.code == code::EXECUTABLE), "{faults:?}");
        for fault in &faults {
            let label = &fault.labels[0];
            prop_assert!(text.get(label.span.start..label.span.end).is_some(), "{label:?} in {text:?}");
            prop_assert!(fault.help.as_ref().is_some_and(|help| !help.is_empty()), "{fault:?}");
        }
        if let Some(node) = node {
            assert_places(&node, Span::new(0, text.len()), &text);
        }
    }

    #[test]
    fn what_is_written_is_read_back(tree in any_tree(), styles in proptest::collection::vec(0_usize..12, 1..50)) {
        let mut styles = styles.into_iter().cycle();
        let text = written(&tree, &mut || styles.next().unwrap_or_default());
        let (node, faults) = read_text(&text);
        prop_assert_eq!(faults, [], "{}", text);
        prop_assert_eq!(node.map(bare), Some(tree), "{}", text);
    }
}

#[test]
fn depth_is_bounded_whatever_makes_it() {
    let nested = |open: &str, close: &str, depth: usize| open.repeat(depth) + "1" + &close.repeat(depth);
    for (open, close) in
        [("@{a=", "}"), ("@(", ")"), ("(", ")"), (",", ""), ("@(,", ")"), ("@{a=1,@(2,", ")}")]
    {
        let (node, faults) = read_text(&nested(open, close, 16));
        assert!(node.is_some() && faults.is_empty(), "{open}: {faults:?}");
        for depth in [65, if open == "@(" { 100_000 } else { 3_000 }] {
            for close in [close, ""] {
                take_steps();
                let text = nested(open, close, depth);
                let (node, faults) = read_text(&text);
                assert_eq!(node, None, "{open} {depth}");
                let deep = faults.iter().filter(|fault| fault.message.contains("64 deep")).count();
                assert_eq!(deep, 1, "{open} {depth}: {faults:?}");
                assert!(faults.len() <= 130, "{open} {depth}: {}", faults.len());
                assert!(take_steps() < 200 * text.len() + 10_000, "{open} {depth}");
            }
        }
    }
    // The list that commas make is a level that no bracket counts.
    let text = nested("@{a=1,", "}", 40);
    let (node, faults) = read_text(&text);
    assert_eq!((node, faults.len()), (None, 1), "{faults:?}");
    assert_eq!(faults[0].labels[0].span.start, 32 * "@{a=1,".len());
}

/// What many of in a row could make a careless reader slow.
const BOMBS: &[&str] = &[
    ",",
    "1,",
    "'",
    "\"",
    "'x\n",
    "\"$(\n",
    "\"$(",
    "$(",
    "@'\n",
    "@'\n '@\n",
    "@\"\n",
    "<#",
    "#",
    "`",
    "${",
    "$a.",
    "=",
    "a=",
    "a = b\n",
    "@{a=1",
    "@{}",
    "}",
    "@(}",
    "({",
    "@{\n",
    "@(\n@{\n",
    "@'x",
    "@'x@",
    "@\"y \"@",
    "[",
    "[a]",
    "| ",
    "x |\n",
    "if (1) {}\n",
    "$a = 1\n",
    "'x\n a = ",
    "\"x\n a = \"b ",
    "\"$(\n= \"x)",
    "1 2 ",
    "'a' ",
    "a b\n",
    "-f ",
    "::",
    "\n",
    "@{a=@(\nb=",
    "'‘",
];

#[test]
fn the_steps_grow_with_the_text_and_no_faster() {
    for piece in BOMBS {
        for before in ["", "@{\na = ", "@(", "'", "\""] {
            let steps = |count: usize| {
                let text = before.to_owned() + &piece.repeat(count);
                take_steps();
                let (node, faults) = read_text(&text);
                assert!(node.is_some() || !faults.is_empty());
                assert!(faults.len() <= 1100, "{piece:?}: {} faults", faults.len());
                take_steps()
            };
            let (small, large) = (steps(400), steps(4_000));
            assert!(large <= small * 13 + 1_000, "{before:?} {piece:?}: {small} steps, then {large}");
        }
    }
}
