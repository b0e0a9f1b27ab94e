//! Trees and faults of PowerShell data files.

use std::sync::Arc;

use crate::{
    base::testing::shared,
    diag::{Diagnostic, Look, Source, code, render},
    text::document::{Format, Node, NodeValue, read, read::Reader},
};

mod code_is_refused;
mod forms;
mod laws;

fn read_text(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    read(&Arc::new(Source::new("file.psd1", text)), Format::Psd1)
}

/// A tree in one line: numbers and constants bare, variables with `$`.
fn shown(node: &Node) -> String {
    match &node.value {
        NodeValue::Null => "null".to_owned(),
        NodeValue::Bool(value) => value.to_string(),
        NodeValue::Number(number) => number.clone(),
        NodeValue::Text(text) => format!("{text:?}"),
        NodeValue::Reference(name) => format!("${name}"),
        NodeValue::Code(code) => format!("{{{code}}}"),
        NodeValue::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
        NodeValue::Table(entries) => {
            let entry = |entry: &crate::text::document::Entry| {
                format!("{}: {}", entry.key.value, shown(&entry.value))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
        }
    }
}

/// The tree of a text without a fault.
fn tree(text: &str) -> String {
    let (node, faults) = read_text(text);
    assert_eq!(faults, [], "{text}");
    shown(&node.unwrap())
}

/// The faults as `code text-at-label: message; help`.
fn faults(text: &str) -> Vec<String> {
    let line = |fault: &Diagnostic| {
        let at = fault.labels[0].span.of(text);
        format!("{} {at:?}: {}; {}", fault.code, fault.message, fault.help.as_deref().unwrap_or_default())
    };
    read_text(text).1.iter().map(line).collect()
}

#[test]
fn comments_have_their_places_behind_a_byte_order_mark() {
    let text =
        "\u{feff}# é\r\n@{ a = 'no # comment' # 'x\r\n<# 😀\r\n #> b#c = \"#\"; d = @'\n# no\n'@ }<# open";
    let source = Arc::new(Source::new("file.psd1", text));
    let reader = Reader { source: &source, text: &text[3..], base: 3 };
    let comments = super::comments(&reader);
    let texts: Vec<&str> = comments.iter().map(|comment| comment.of(text)).collect();
    assert_eq!(texts, ["# é", "# 'x", "<# 😀\r\n #>", "<# open"]);
}

#[test]
fn all_faults_of_a_file_are_told_with_what_to_write() {
    let text = "# 🚀 nightly\r\n@{\r\n\tName = \"night-$(Get-Date)\"\r\n\tMode = Full\r\n\tTags = 'a', 'b',\r\n\t\
                Condition = { $IsWindows }\r\n\tSequence = @(\r\n\t\t0402 '0404'\r\n\t\t@{ Script: '0500' }\r\n\t\
                Timeout = 60 * 5\r\n\tretry-count = 1\r\n\tValues = 1..3\r\n}\r\n";
    let (node, faults) = read_text(text);
    assert_eq!(node, None);
    insta::assert_snapshot!(faults.iter().map(|fault| render(fault, Look::plain())).collect::<String>());
}

#[test]
fn real_files_are_read_or_refused_for_what_would_be_executed() {
    let Some(folder) = shared("corpus/playbooks/other") else { return };
    let mut refused = Vec::new();
    let mut read_whole = 0;
    for path in psd1_files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let (node, faults) = read_text(&text);
        assert!(node.is_some(), "{}: {faults:?}", path.display());
        read_whole += usize::from(faults.is_empty());
        for fault in &faults {
            assert_eq!(fault.code, code::EXECUTABLE, "{}", path.display());
            let name = path.strip_prefix(&folder).unwrap().display();
            let at = fault.labels[0].span.of(&text).lines().next().unwrap_or_default();
            refused.push(format!("{name}: {at}: {}", fault.message));
        }
    }
    assert!(read_whole >= 39, "{read_whole} files have no fault");
    insta::assert_snapshot!(refused.join("\n"));
}

fn psd1_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(psd1_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "psd1") {
            files.push(path);
        }
    }
    files.sort();
    files
}
