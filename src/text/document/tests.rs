//! Trees and syntax errors of all formats.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::diag::{Look, Source, code, render};

fn read_text(format: Format, text: &str) -> (Option<Node>, Vec<crate::diag::Diagnostic>) {
    read(&Arc::new(Source::new("file", text)), format)
}

/// Writes a tree as JSON with each scalar's raw text, followed by the text at each key and value.
fn shown(node: &Node, text: &str, out: &mut String) {
    match &node.value {
        NodeValue::Table(entries) => {
            out.push('{');
            for entry in entries {
                out.push_str(entry.key.span.of(text));
                out.push(':');
                shown(&entry.value, text, out);
                out.push(' ');
            }
            out.push('}');
        }
        NodeValue::List(items) => {
            out.push('[');
            for item in items {
                shown(item, text, out);
                out.push(' ');
            }
            out.push(']');
        }
        _ => out.push_str(node.span.of(text)),
    }
}

fn tree(format: Format, text: &str) -> String {
    let (node, faults) = read_text(format, text);
    assert_eq!(faults, [], "{text}");
    let mut out = String::new();
    shown(&node.unwrap(), text, &mut out);
    out
}

/// The faults as `code text-at-label | ... : message`.
fn faults(format: Format, text: &str) -> Vec<String> {
    let (_, faults) = read_text(format, text);
    let line = |fault: &crate::diag::Diagnostic| {
        let labels: Vec<_> = fault.labels.iter().map(|label| format!("{:?}", label.span.of(text))).collect();
        format!("{} {}: {}", fault.code, labels.join(" | "), fault.message)
    };
    faults.iter().map(line).collect()
}

#[test]
fn json_keeps_order_duplicates_raw_numbers_and_places() {
    let text = "\u{feff}{\r\n  // é\r\n  \"b\": [1.50, -0, 1e3], \"ü\": \"x\\u00e9\",\r\n  \"b\": null, /* [ */ \"a\": true,\r\n}\r\n";
    assert_eq!(tree(Format::Json, text), "{\"b\":[1.50 -0 1e3 ] \"ü\":\"x\\u00e9\" \"b\":null \"a\":true }");
}

#[test]
fn toml_keeps_order_digits_dates_and_places() {
    let text = "\u{feff}# é\r\nz = 1_000 # c\r\na.y = 'é'\r\n[t]\r\nd = 2025-01-01\r\n[[l]]\r\nx = 0x0F\r\n[[l]]\r\nx = { q = +1_0.50 }\r\n[t.u]\r\nv = 1\r\n";
    assert_eq!(
        tree(Format::Toml, text),
        "{z:1_000 a:{y:'é' } t:{d:2025-01-01 u:{v:1 } } l:[{x:0x0F } {x:{q:+1_0.50 } } ] }"
    );
    let (node, _) = read_text(Format::Toml, text);
    let node = node.unwrap();
    assert_eq!(node.find("/t/d").unwrap().value, NodeValue::Text("2025-01-01".into()));
    let number = |pointer| match &node.find(pointer).unwrap().value {
        NodeValue::Number(number) => number.as_str(),
        other => panic!("{other:?}"),
    };
    assert_eq!([number("/z"), number("/l/0/x"), number("/l/1/x/q")], ["1000", "15", "10.50"]);
    assert_eq!(node.at("/t").of(text), "[t]");
    assert_eq!(node.at("/l/1").of(text), "[[l]]");
}

#[test]
fn pointers_find_places_in_any_case_and_fall_back_to_the_nearest() {
    let text = r#"{"Jobs": {"a/b": {"needs": "x"}, "JOBS": 1}, "jobs": 2}"#;
    let (node, _) = read_text(Format::Json, text);
    let node = node.unwrap();
    assert_eq!(node.at("").of(text), text);
    assert_eq!(node.at("/jobs").of(text), "2");
    assert_eq!(node.at("/Jobs/a~1b/needs").of(text), "\"x\"");
    assert_eq!(node.at("/JOBS/jobs").of(text), "1");
    assert_eq!(node.at("/Jobs/a~1b/needs/0").of(text), "\"x\"");
    assert_eq!(node.find("/Jobs/nothing"), None);
}

#[test]
fn syntax_errors_of_json_have_exact_places() {
    for (text, expected) in [
        ("", "AZ0201 \"\": the file is empty"),
        ("{\"a\" 1}", "AZ0201 \"1\": expected `:` after the name"),
        ("{\"a\": }", "AZ0201 \"}\": expected a value after `:`"),
        ("{\"a\": /* é */ [1}", "AZ0201 \"}\": this `}` closes nothing"),
        ("{\"é\": 1, # x\n}", "AZ0201 \"#\": `#` begins no remark in JSON"),
        ("{\"é\": “x”}", "AZ0201 \"“\": typographic quotes hold no text here"),
        ("{\"é\": 1 \"b\": 2}", "AZ0201 \"\": expected a comma here"),
        ("\u{feff}{\"é\": 'x'}", "AZ0201 \"'\": texts stand in double quotes"),
        ("{\r\n\"a\": [1,\r\n", "AZ0201 \"[\": this list is not closed"),
        ("{\r\n\"a\": 1", "AZ0201 \"{\": this object is not closed"),
        ("{\"a\": yes}", "AZ0201 \"yes\": expected a value, found a bare word"),
        ("{a: 1}", "AZ0201 \"a\": a name must stand in quotes"),
        ("[0402]", "AZ0201 \"0\": a number cannot start with 0"),
        ("{} {}", "AZ0201 \"{\": expected the end of the file after the first value"),
    ] {
        assert_eq!(faults(Format::Json, text), [expected], "{text}");
    }
}

#[test]
fn all_syntax_errors_of_toml_are_told() {
    let text = "\u{feff}# é\r\na = \r\nb = yes\r\nc = 0402\r\nd = [1, 2\r\n";
    assert_eq!(
        faults(Format::Toml, text),
        [
            "AZ0201 \"\": expected a value after `=`",
            "AZ0201 \"yes\": expected a value, found a bare word",
            "AZ0201 \"0\": a number cannot start with 0",
            "AZ0201 \"[\": this list is not closed",
        ]
    );
    assert_eq!(read_text(Format::Toml, text).0, None, "what was recovered is not used");
}

#[test]
fn a_bracket_of_toml_that_is_not_closed_is_one_mistake_and_others_are_told_too() {
    for (text, expected) in [
        ("a = [\"é\", \"]\", 'b' # ]\nc = 1\n[d]\ne = 2\n", vec!["AZ0201 \"[\": this list is not closed"]),
        ("a = [[1, 2]\nb = 3\n", vec!["AZ0201 \"[\": this list is not closed"]),
        ("a = [{ x = 1, y = [] ]\nb = yes\n", vec!["AZ0201 \"{\": this table is not closed"]),
        (
            "a = yes\nb = \"\"\"[\n\\\"\"\"\"\nc = [1\n",
            vec![
                "AZ0201 \"yes\": expected a value, found a bare word",
                "AZ0201 \"[\": this list is not closed",
            ],
        ),
        ("a = 1 // x\n", vec!["AZ0201 \"//\": `//` begins no remark in TOML"]),
    ] {
        assert_eq!(faults(Format::Toml, text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_brackets_of_toml_are_read_without_panic(text in "([a\\[\\]{}=,\"'#\\\\é\n ]|\"\"\"){0,40}") {
        _ = read_text(Format::Toml, &format!("a = [{text}"));
    }
}

#[test]
fn duplicate_keys_of_toml_show_both_places_and_keep_the_tree() {
    let text = "[a]\nx = 1\n[b]\nx = 2\ny = { x = 3 }\nx = 4\n[a]\n";
    let (node, faults) = read_text(Format::Toml, text);
    assert!(node.is_some());
    let places: Vec<Vec<usize>> =
        faults.iter().map(|fault| fault.labels.iter().map(|label| label.span.start).collect()).collect();
    assert_eq!(places, [[text.find("x = 4").unwrap(), text.find("x = 2").unwrap()], [text.len() - 3, 0]]);
}

#[test]
fn thousands_of_duplicates_are_told_in_linear_time() {
    let text = "a = 1\n".repeat(20_000);
    let (node, faults) = read_text(Format::Toml, &text);
    assert_eq!((node.is_some(), faults.len()), (true, 19_999));
}

#[test]
fn nesting_is_bounded_in_both_formats() {
    for (depth, at) in [(65, 64), (100_000, 512)] {
        let json = "[".repeat(depth) + &"]".repeat(depth);
        // What looks like a comment or text to a careless eye hides no bracket.
        for before in ["", "// \"\r", "/*/ \" */"] {
            let (node, faults) = read_text(Format::Json, &format!("{before}{json}"));
            assert_eq!((node, faults.len(), faults[0].code), (None, 1, code::SYNTAX));
            assert_eq!(faults[0].labels[0].span.start, before.len() + at);
            assert!(faults[0].message.contains("64 deep"), "{}", faults[0].message);
        }
        let (node, faults) = read_text(Format::Toml, &format!("a = {json}"));
        assert!(node.is_none() && !faults.is_empty());
    }
    for keys in [78, 100_000] {
        let (node, faults) = read_text(Format::Toml, &format!("{}a = 1", "a.".repeat(keys)));
        assert!(node.is_none() && faults[0].message.contains("64 deep"), "{faults:?}");
    }
    let fits = "[".repeat(64) + "\"[[\" // [[[\n" + &"]".repeat(64);
    assert_eq!(read_text(Format::Json, &fits).1, []);
    let fits = format!("a = {}{}", "[".repeat(63), "]".repeat(63));
    assert_eq!(read_text(Format::Toml, &fits).1, []);
}

/// What bombs are made of.
const PIECES: [&str; 37] = [
    "[",
    "{\"a\":",
    "{",
    "\"",
    "'",
    "\"a\":1,",
    "\"x\", ",
    "//",
    "/*/",
    "- ",
    "? ",
    "a: ",
    ": ",
    "x ",
    "- 1\n",
    "a: 1\n",
    "# \n",
    "- !a b\n",
    "\tx\n",
    "- *a\n",
    "  <<: *a\n",
    "- |\n x\n",
    "&a ",
    "&a [*a ",
    "---\n",
    "%A b\n",
    "a.",
    "a=1\n",
    "[a]\n",
    "[[a.b]]\n",
    "\"\"\"a ",
    "a.b.c=1\n",
    "x\n",
    "{a=",
    "é🚀\u{feff}",
    "\r",
    "}",
];

/// What costs more than its length would take minutes here.
#[test]
fn bombs_end_in_a_fault_that_can_be_shown() {
    for piece in PIECES {
        for (format, head) in [
            (Format::Json, "["),
            (Format::Yaml, ""),
            (Format::Yaml, "a: "),
            (Format::Toml, ""),
            (Format::Toml, "a = "),
        ] {
            let text = format!("{head}{}", piece.repeat(100_000 / piece.len()));
            let source = Arc::new(Source::new("file", &*text));
            let (tree, faults) = read(&source, format);
            assert!(tree.is_some() || !faults.is_empty(), "{head}{piece} as {format:?}");
            comments(&source, format);
            Format::detect(None, &text);
            for fault in faults.iter().take(3) {
                let shown = render(fault, Look::plain());
                let widest = shown.lines().map(|line| line.chars().count()).max().unwrap_or_default();
                assert!(widest <= 600 && shown.lines().count() < 40, "{shown}");
            }
        }
    }
}

#[test]
fn a_text_that_is_too_large_is_refused() {
    for format in [Format::Json, Format::Yaml, Format::Toml, Format::Psd1] {
        let (tree, faults) = read_text(format, &" ".repeat(MAX_BYTES + 1));
        assert_eq!((tree, faults.len(), faults[0].code), (None, 1, code::FILE_TOO_LARGE));
        assert_eq!(faults[0].labels[0].span, crate::base::Span::new(0, 0));
    }
    // How much of a file is read is said by who reads it.
    assert_eq!(read_text(Format::Json, &format!("1{}", " ".repeat(5 << 20))).1, []);
}

/// Above the size at which every mistake is told.
#[test]
fn a_large_toml_text_tells_one_mistake() {
    let good = "# é\n".repeat(300_000);
    let (tree, faults) = read_text(Format::Toml, &format!("{good}a = 1\n"));
    assert_eq!((tree.is_some(), faults), (true, vec![]));
    let (tree, faults) = read_text(Format::Toml, &format!("{good}a =\nb\n"));
    assert_eq!((tree, faults.len(), faults[0].labels[0].span.start), (None, 1, good.len() + 5));
}

#[test]
fn formats_are_known_by_extension() {
    assert_eq!(Format::from_extension("JSONC"), Some(Format::Json));
    assert_eq!(Format::from_extension("toml"), Some(Format::Toml));
    assert_eq!(Format::from_extension("ps1"), None);
    assert_eq!((Format::Json.as_str(), Format::Toml.as_str()), ("JSON", "TOML"));
}

/// Checks that every place of a tree is a piece of the text.
fn places_are_characters(node: &Node, text: &str) -> Result<(), TestCaseError> {
    prop_assert!(text.get(node.span.start..node.span.end).is_some(), "{:?} in {text:?}", node.span);
    match &node.value {
        NodeValue::List(items) => items.iter().try_for_each(|item| places_are_characters(item, text)),
        NodeValue::Table(entries) => entries.iter().try_for_each(|entry| {
            prop_assert!(
                text.get(entry.key.span.start..entry.key.span.end).is_some(),
                "{:?} in {text:?}",
                entry.key
            );
            places_are_characters(&entry.value, text)
        }),
        _ => Ok(()),
    }
}

/// A tree without places.
#[derive(Debug, Clone, PartialEq)]
enum Plain {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Plain>),
    Table(Vec<(String, Plain)>),
}

impl Plain {
    fn of(node: &Node) -> Self {
        match &node.value {
            NodeValue::Null => Self::Null,
            NodeValue::Bool(value) => Self::Bool(*value),
            NodeValue::Number(digits) => Self::Number(digits.clone()),
            NodeValue::Text(text) | NodeValue::Reference(text) | NodeValue::Code(text) => {
                Self::Text(text.clone())
            }
            NodeValue::List(items) => Self::List(items.iter().map(Self::of).collect()),
            NodeValue::Table(entries) => Self::Table(
                entries.iter().map(|entry| (entry.key.value.clone(), Self::of(&entry.value))).collect(),
            ),
        }
    }

    /// Writes the value in one line, with `between` behind the names: JSON and flow YAML with `: `, TOML with ` = `.
    fn line(&self, between: &str) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string(),
            Self::Number(digits) => digits.clone(),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                format!("[{}]", items.iter().map(|item| item.line(between)).collect::<Vec<_>>().join(", "))
            }
            Self::Table(entries) => {
                let entry = |(name, value): &(String, Self)| {
                    format!("{}{between}{}", quoted(name), value.line(between))
                };
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Writes the value as YAML in lines of its own.
    fn block(&self, indentation: usize, out: &mut String) {
        let blanks = " ".repeat(indentation);
        let mut below = |head: String, value: &Self| {
            let is_block = matches!(value, Self::List(items) if !items.is_empty())
                || matches!(value, Self::Table(entries) if !entries.is_empty());
            if is_block {
                out.extend([&*blanks, &head, "\r\n"]);
                value.block(indentation + 2, out);
            } else {
                let line = if *value == Self::Null { String::new() } else { value.line(": ") };
                out.extend([&*blanks, &head, " ", &line, " # é\n"]);
            }
        };
        match self {
            Self::List(items) => items.iter().for_each(|item| below("-".into(), item)),
            Self::Table(entries) => {
                entries.iter().for_each(|(name, value)| below(format!("{}:", quoted(name)), value));
            }
            _ => unreachable!("only lists and tables stand in lines of their own"),
        }
    }
}

/// Writes a text in double quotes, as JSON, YAML and TOML all read it.
fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        _ if c.is_control() || c == '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
        _ => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// Trees of which TOML, which knows no null, can hold those without one.
fn any_tree() -> impl Strategy<Value = Plain> {
    let text = "[a-z0é🚀 #:'\"\\\\{}\\[\\],\t\r\n-]{0,6}";
    let number = prop_oneof!["(0|-?[1-9][0-9]{0,5})", "-?(0|[1-9][0-9]?)\\.[0-9]{1,3}"];
    let scalar = prop_oneof![
        Just(Plain::Null),
        any::<bool>().prop_map(Plain::Bool),
        number.prop_map(Plain::Number),
        text.prop_map(Plain::Text),
    ];
    let table = |value: BoxedStrategy<Plain>| {
        proptest::collection::btree_map("[a-zé🚀 #:.-]{1,5}", value, 0..4)
            .prop_map(|entries| Plain::Table(entries.into_iter().collect()))
    };
    let value = scalar.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Plain::List),
            table(inner.boxed())
        ]
    });
    table(value.boxed())
}

fn back(format: Format, text: &str) -> Plain {
    let (node, faults) = read_text(format, text);
    assert_eq!(faults, [], "{text}");
    Plain::of(&node.unwrap())
}

proptest! {
    #[test]
    fn a_tree_reads_back_the_same_in_every_format(tree in any_tree()) {
        let line = tree.line(": ");
        prop_assert_eq!(&back(Format::Json, &line), &tree, "{}", line);
        prop_assert_eq!(&back(Format::Yaml, &line), &tree, "{}", line);
        let Plain::Table(entries) = &tree else { unreachable!("the root is a table") };
        let mut block = String::new();
        tree.block(0, &mut block);
        if !entries.is_empty() {
            prop_assert_eq!(&back(Format::Yaml, &block), &tree, "{}", block);
        }
        let line = tree.line(" = ");
        if !line.contains("null") {
            let root: String =
                entries.iter().map(|(name, value)| format!("{} = {}\n", quoted(name), value.line(" = "))).collect();
            prop_assert_eq!(&back(Format::Toml, &root), &tree, "{}", root);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in "(?s)([\\[\\]{}\",:=#/*.'é\\\\\u{feff}\r\n\t !&|>?<%@-]|- |: |[a-z0-9]){0,60}") {
        for format in [Format::Json, Format::Toml, Format::Yaml] {
            let (node, faults) = read_text(format, &text);
            prop_assert!(node.is_some() || !faults.is_empty(), "nothing is told of {text:?}");
            for label in faults.iter().flat_map(|fault| &fault.labels) {
                prop_assert!(text.get(label.span.start..label.span.end).is_some(), "{label:?} in {text:?}");
            }
            node.iter().try_for_each(|node| places_are_characters(node, &text))?;
        }
    }
}
