//! What must hold of any text that people write, or programs for them.

use std::sync::Arc;

use az::{
    base::{Span, Spanned},
    diag::{Diagnostic, Edit, Severity, Source, apply, code, has_errors, to_json},
    event::Envelope,
    model::{config, playbook, rule},
    secret::{Masks, Screen},
    text::{
        document::{self, Format, Node, NodeValue, write::WriteFormat},
        expression,
        handed::{Handed, HandedFile},
        script::{self, CommentStyle, Declarations, Language},
        sequence,
    },
};

/// The tree of a JSON text.
pub(crate) fn read_json(data: &[u8]) -> bool {
    document(data, Format::Json)
}

/// The tree of a YAML text.
pub(crate) fn read_yaml(data: &[u8]) -> bool {
    document(data, Format::Yaml)
}

/// The tree of a TOML text.
pub(crate) fn read_toml(data: &[u8]) -> bool {
    document(data, Format::Toml)
}

/// The tree of a psd1 text.
pub(crate) fn read_psd1(data: &[u8]) -> bool {
    document(data, Format::Psd1)
}

/// A playbook of any format; what loads is written in each format, and loads again.
pub(crate) fn playbook(data: &[u8]) -> bool {
    let Some(source) = source(data) else { return false };
    let format = Format::detect(None, &source.text);
    let reading = playbook::read(&source, format);
    faults_of_a_file(&source, &reading.diagnostics);
    assert!(reading.value.is_some() || has_errors(&reading.diagnostics), "neither a playbook nor a fault");
    if reading.value.is_none() || has_errors(&reading.diagnostics) {
        return false;
    }
    for to in [WriteFormat::Json, WriteFormat::Yaml, WriteFormat::Toml] {
        match playbook::convert(&source, format, to) {
            Ok(converted) => {
                let length = converted.text.len();
                assert!(length <= 200_000 + 100 * source.text.len(), "{length} bytes are written");
            }
            // Its stages are empty, which was no fault to the engines that read such files.
            Err(faults) if faults.iter().any(|fault| fault.code == code::STEP_WITHOUT_ACTION) => {}
            Err(faults) => panic!("{to:?} is not written: {:?}", messages(&faults)),
        }
    }
    true
}

/// A file of rules, and a configuration.
pub(crate) fn settings(data: &[u8]) -> bool {
    let Some(source) = source(data) else { return false };
    let rules = rule::read(&source);
    faults_of_a_file(&source, &rules.diagnostics);
    assert!(rules.value.is_some() || has_errors(&rules.diagnostics), "neither rules nor a fault");
    let config = config::read(&source);
    faults_of_a_file(&source, &config.diagnostics);
    assert!(config.value.is_some() || has_errors(&config.diagnostics), "neither a configuration nor a fault");
    let named = config::read_any(&source);
    faults_of_a_file(&source, &named.diagnostics);
    assert!(named.value.is_some() || has_errors(&named.diagnostics), "neither a configuration nor a fault");
    !has_errors(&rules.diagnostics) || !has_errors(&config.diagnostics)
}

/// A selection; what is read means the same when it is written and read again.
pub(crate) fn sequence(data: &[u8]) -> bool {
    let Some(source) = source(data) else { return false };
    let parsed = sequence::parse_lines(&source);
    faults(&source, &parsed.diagnostics);
    let items = parsed.sequence.items.iter().map(|item| item.span);
    items.chain(parsed.words.iter().map(|word| word.name.span)).for_each(|span| inside(&source, span));
    if parsed.sequence.items.is_empty() {
        return false;
    }
    let written = parsed.sequence.to_string();
    let again = sequence::parse(std::slice::from_ref(&written));
    let is_same = again.sequence.items.iter().map(|item| &item.value).eq(parsed
        .sequence
        .items
        .iter()
        .map(|item| &item.value));
    assert!(is_same && again.diagnostics.is_empty(), "`{written}` means something else");
    true
}

/// A condition; what is read can be evaluated.
pub(crate) fn expression(data: &[u8]) -> bool {
    let Some(source) = source(data) else { return false };
    let whole = Span::new(0, source.text.len());
    let parsed = expression::parse(&source, Spanned::new(&source.text, whole));
    faults(&source, &parsed.diagnostics);
    assert!(parsed.expr.is_some() != has_errors(&parsed.diagnostics), "neither a condition nor a fault");
    parsed.names.iter().for_each(|name| inside(&source, name.span));
    let Some(condition) = parsed.expr else { return false };
    let _ = expression::evaluate(&condition, &Nothing);
    true
}

/// What a script says about itself; what is declared in it is read back.
pub(crate) fn header(data: &[u8]) -> bool {
    let Some(source) = source(data) else { return false };
    let wanted =
        Declarations { inputs: Some(vec!["a b.txt".to_owned()]), outputs: Some(Vec::new()), env: None };
    let styles = [
        (CommentStyle::power_shell(), Language::PowerShell),
        (CommentStyle::hash(), Language::Shell),
        (CommentStyle::hash(), Language::Other),
    ];
    for (style, language) in styles {
        let (_, told) = script::read(&source, &style, language);
        faults(&source, &told);
        if let Some(text) = wanted.write_into(&source.text, &style) {
            let written = Arc::new(Source::new("script", text.as_str()));
            let (header, _) = script::read(&written, &style, language);
            let inputs = header.inputs.map(|inputs| inputs.into_iter().map(|input| input.value).collect());
            assert_eq!(inputs, wanted.inputs, "inputs of {text:?}");
            assert_eq!(header.outputs.map(|outputs| outputs.len()), Some(0), "outputs of {text:?}");
        }
    }
    true
}

/// What az would mend in a file: it can be made, it ends, and what had a tree keeps one.
pub(crate) fn edits(data: &[u8]) -> bool {
    let Some(first) = source(data) else { return false };
    let format = Format::detect(None, &first.text);
    let mut at_hand = first;
    for _ in 0..20 {
        let reading = playbook::read(&at_hand, format);
        faults_of_a_file(&at_hand, &reading.diagnostics);
        let groups: Vec<&[Edit]> = reading.diagnostics.iter().map(|fault| fault.edits.as_slice()).collect();
        groups.iter().copied().flatten().for_each(|edit| inside(&at_hand, edit.span));
        let Some(edited) = apply(&at_hand.text, groups) else { return reading.tree.is_some() };
        let next = Arc::new(Source::new("file", edited.text.as_str()));
        let is_still_a_tree = document::read(&next, format).0.is_some();
        assert!(reading.tree.is_none() || is_still_a_tree, "mending broke the text: {:?}", next.text);
        if next.text == at_hand.text {
            return true;
        }
        at_hand = next;
    }
    true
}

/// What a step prints, in pieces: nothing of a secret is left, and the pieces make no difference.
pub(crate) fn masker(data: &[u8]) -> bool {
    let secret = "tuna-and-salmon";
    let screen = || Arc::new(Screen::new(vec![secret.to_owned()], Arc::new(Masks::default())));
    let half = data.len() / 2;
    let printed = [&data[..half], secret.as_bytes(), &data[half..]].concat();
    let masked = |size: usize| {
        let (mut masker, mut to) = (screen().masker(), Vec::new());
        printed.chunks(size).for_each(|piece| masker.push(piece, &mut to));
        masker.finish(&mut to);
        to
    };
    let whole = masked(printed.len().max(1));
    assert!(!whole.windows(secret.len()).any(|window| window == secret.as_bytes()), "a secret is left");
    for size in [1, 7, 64] {
        assert!(masked(size) == whole, "pieces of {size} bytes are masked in another way");
    }
    true
}

/// What a step hands on, which is another's to write.
pub(crate) fn handed(data: &[u8]) -> bool {
    let mut is_taken = false;
    for file in HandedFile::ALL {
        let mut handed = Handed::default();
        if let Err(fault) = handed.take(file, data) {
            assert!(!fault.to_string().is_empty(), "a fault without words");
        }
        is_taken |= !handed.is_empty();
    }
    is_taken
}

/// A line of the record of a run: what is read is the same when it is written and read again.
pub(crate) fn event(data: &[u8]) -> bool {
    let Ok(read) = serde_json::from_slice::<Envelope>(data) else { return false };
    let written = serde_json::to_vec(&read).expect("an event can be written");
    let again: Envelope = serde_json::from_slice(&written).expect("what was written can be read");
    assert!(again == read, "an event changes on its way");
    true
}

/// Nobody sets anything.
struct Nothing;

impl expression::Lookup for Nothing {
    fn variable(&self, _: &str) -> Option<serde_json::Value> {
        None
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn platform(&self) -> &'static str {
        "linux"
    }
}

fn source(data: &[u8]) -> Option<Arc<Source>> {
    Some(Arc::new(Source::new("file", std::str::from_utf8(data).ok()?)))
}

fn document(data: &[u8], format: Format) -> bool {
    let Some(source) = source(data) else { return false };
    let (tree, told) = document::read(&source, format);
    faults(&source, &told);
    assert!(tree.is_some() || has_errors(&told), "neither a tree nor a fault");
    let mut count = 0;
    if let Some(tree) = &tree {
        nodes(&source, tree, 0, &mut count);
    }
    // The most that references of YAML may make of a text.
    assert!(count <= 1_000_000 + source.text.len(), "{count} values");
    let mut end = 0;
    for comment in document::comments(&source, format) {
        inside(&source, comment.span);
        assert!(comment.span.start >= end, "remarks overlap");
        end = comment.span.end;
    }
    tree.is_some()
}

/// Every value and every key lies in the text, and none lies deeper than can be walked.
fn nodes(source: &Source, node: &Node, depth: usize, count: &mut usize) {
    assert!(depth <= 64, "values lie too deep in each other");
    *count += 1;
    inside(source, node.span);
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(|item| nodes(source, item, depth + 1, count)),
        NodeValue::Table(entries) => {
            for entry in entries {
                inside(source, entry.key.span);
                nodes(source, &entry.value, depth + 1, count);
            }
        }
        _ => {}
    }
}

/// Faults of a decoded file: few enough to be read.
fn faults_of_a_file(source: &Source, told: &[Diagnostic]) {
    assert!(told.len() <= 21, "{} faults are told", told.len());
    faults(source, told);
}

/// Every fault has a place in the text; every error says what to do.
fn faults(source: &Source, told: &[Diagnostic]) {
    for fault in told {
        let is_helpful = fault.help.as_ref().is_some_and(|help| !help.trim().is_empty());
        assert!(is_helpful || fault.severity == Severity::Note, "no help: {}", fault.message);
        assert!(!fault.message.is_empty(), "a fault without words");
        for label in &fault.labels {
            inside(source, label.span);
        }
    }
    if let Some(first) = told.first() {
        let _ = to_json(first);
    }
}

fn inside(source: &Source, span: Span) {
    assert!(source.text.get(span.start..span.end).is_some(), "{span:?} is not in the text");
}

fn messages(faults: &[Diagnostic]) -> Vec<&str> {
    faults.iter().map(|fault| fault.message.as_str()).collect()
}
