//! YAML in blocks: what could be taken for another type stands in quotes, texts of several lines stand as lines.

use std::fmt::Write as _;

use super::{Draft, DraftFile, Item, WIDTH, draft::marked};

pub(super) fn write(file: &DraftFile) -> String {
    let mut out = String::new();
    remarks(&file.head, 0, &mut out);
    if !file.head.is_empty() {
        out.push('\n');
    }
    if file.root.is_empty() {
        out.push_str("{}\n");
    }
    entries(&file.root, 0, &mut out);
    remarks(&file.foot, 0, &mut out);
    out
}

fn remarks(lines: &[String], indent: usize, out: &mut String) {
    for line in marked(lines, "#") {
        out.push_str(&blanks(indent));
        out.push_str(&line);
        out.push('\n');
    }
}

fn blanks(indent: usize) -> String {
    " ".repeat(indent)
}

/// A longer key wants a mark of its own: readers look 1024 characters ahead for the colon.
const LONGEST_KEY: usize = 1000;

/// Writes the entries of a table, each on lines of its own.
fn entries(entries: &[(String, Item)], indent: usize, out: &mut String) {
    for (name, item) in entries {
        remarks(&item.comments, indent, out);
        out.push_str(&blanks(indent));
        let key = one_line(name, false);
        if key.len() > LONGEST_KEY {
            out.push_str("? ");
            out.push_str(&key);
            out.push('\n');
            out.push_str(&blanks(indent));
        } else {
            out.push_str(&key);
        }
        out.push(':');
        behind(&item.value, indent, out);
    }
}

/// Writes a value behind `name:` or `-`, on the same line if it fits there, else on the lines below it.
fn behind(value: &Draft, indent: usize, out: &mut String) {
    match value {
        Draft::List(items) if items.is_empty() => out.push_str(" []\n"),
        Draft::Table(found) if found.is_empty() => out.push_str(" {}\n"),
        Draft::List(items) => {
            if let Some(line) = flow(items, indent) {
                line_of(&line, out);
            } else {
                out.push('\n');
                list(items, indent + 2, out);
            }
        }
        Draft::Table(found) => {
            out.push('\n');
            entries(found, indent + 2, out);
        }
        Draft::Text(text) if is_block(text) => block(text, indent + 2, out),
        _ => line_of(&scalar(value, false), out),
    }
}

fn line_of(text: &str, out: &mut String) {
    out.push(' ');
    out.push_str(text);
    out.push('\n');
}

fn list(items: &[Item], indent: usize, out: &mut String) {
    for item in items {
        remarks(&item.comments, indent, out);
        out.push_str(&blanks(indent));
        out.push('-');
        match &item.value {
            Draft::Table(found) if can_lead(found) => {
                // The first entry stands behind the dash, where its indentation would be.
                let mut lines = String::new();
                entries(found, indent + 2, &mut lines);
                out.push(' ');
                out.push_str(lines.trim_start());
            }
            value => behind(value, indent, out),
        }
    }
}

/// Tells whether a table may begin behind a dash: it has entries, and no remark stands above the first.
fn can_lead(entries: &[(String, Item)]) -> bool {
    entries.first().is_some_and(|(_, item)| item.comments.is_empty())
}

/// Returns a short list of plain values on one line.
fn flow(items: &[Item], indent: usize) -> Option<String> {
    let is_plain = |item: &Item| {
        item.comments.is_empty()
            && item.value.is_scalar()
            && !matches!(&item.value, Draft::Text(text) if text.contains('\n'))
    };
    if !items.iter().all(is_plain) {
        return None;
    }
    let parts: Vec<String> = items.iter().map(|item| scalar(&item.value, true)).collect();
    let line = format!("[{}]", parts.join(", "));
    (line.len() + indent <= WIDTH).then_some(line)
}

fn scalar(value: &Draft, is_flow: bool) -> String {
    match value {
        Draft::Bool(value) => value.to_string(),
        Draft::Number(raw) => raw.clone(),
        Draft::Text(text) => one_line(text, is_flow),
        Draft::Null | Draft::List(_) | Draft::Table(_) => "null".to_owned(),
    }
}

/// Tells whether a text stands best, and safely, as lines of its own.
///
/// A text that begins with white space would need a number that says how far it is indented.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with(char::is_whitespace)
        && text.chars().all(|c| c == '\n' || c == '\t' || is_printed(c))
}

/// Tells whether YAML shows a character as it is, and no reader takes it for a line break.
fn is_printed(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn block(text: &str, indent: usize, out: &mut String) {
    let body = text.trim_end_matches('\n');
    let ends = text.len() - body.len();
    out.push_str(match ends {
        0 => " |-\n",
        1 => " |\n",
        _ => " |+\n",
    });
    for line in body.split('\n') {
        if !line.is_empty() {
            out.push_str(&blanks(indent));
            out.push_str(line);
        }
        out.push('\n');
    }
    (1..ends).for_each(|_| out.push('\n'));
}

/// Returns a text on one line: plain if nobody can take it for something else, else in quotes.
fn one_line(text: &str, is_flow: bool) -> String {
    if is_plain(text, is_flow) {
        return text.to_owned();
    }
    if !text.chars().all(is_printed) {
        return escaped(text);
    }
    if text.contains(['"', '\\']) { format!("'{}'", text.replace('\'', "''")) } else { format!("\"{text}\"") }
}

/// Words that one version of YAML or another takes for something else than a text.
const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "none"];

fn is_plain(text: &str, is_flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let starts_well = first.is_alphabetic() || matches!(first, '_' | '/' | '$' | '(') || is_duration(text);
    let is_word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let is_odd = |c: char| !is_printed(c) || (is_flow && matches!(c, ',' | '[' | ']' | '{' | '}'));
    starts_well
        && !is_word
        && !text.contains(is_odd)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !text.contains(|c: char| c.is_whitespace() && c != ' ')
}

/// Tells whether a text is a number with a unit, as `30s` and `1h30m`: no reader takes it for a number.
fn is_duration(text: &str) -> bool {
    text.ends_with(['s', 'm', 'h', 'd'])
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | 'd'))
}

/// Returns a text in double quotes with everything escaped that is not shown.
fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printed(c) => out.push(c),
            c => {
                // All that is not shown has a number of at most four digits.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}
