//! TOML with a header for each table, and values on one line where they fit.
//!
//! The order of a table's entries is kept: what stands behind a table in the tree can only be a table as well, so a table
//! that something else follows stands in braces.

use super::{Draft, DraftFile, Item, WIDTH, draft::marked, json};

pub(super) fn write(file: &DraftFile) -> String {
    let mut out = String::new();
    remarks(&file.head, 0, &mut out);
    if !file.head.is_empty() {
        out.push('\n');
    }
    table(&file.root, &mut Vec::new(), &mut out);
    if !file.foot.is_empty() && !out.is_empty() {
        out.push('\n');
    }
    remarks(&file.foot, 0, &mut out);
    out
}

fn remarks(lines: &[String], indent: usize, out: &mut String) {
    for line in marked(lines, "#") {
        out.push_str(&" ".repeat(indent));
        out.push_str(&line);
        out.push('\n');
    }
}

/// Writes what stands below a header.
fn table(entries: &[(String, Item)], path: &mut Vec<String>, out: &mut String) {
    let is_section = |(_, item): &&(String, Item)| is_section(&item.value, path.len());
    let sections = entries.iter().rev().take_while(is_section).count();
    let (plain, sections) = entries.split_at(entries.len() - sections);
    for (name, item) in plain {
        remarks(&item.comments, 0, out);
        if matches!(item.value, Draft::Table(_)) {
            remarks(&inner_remarks(&item.value), 0, out);
        }
        let start = format!("{} = ", key(name));
        out.push_str(&start);
        value(&item.value, start.len(), out);
        out.push('\n');
    }
    for (name, item) in sections {
        path.push(key(name));
        section(item, path, out);
        path.pop();
    }
}

/// Tells whether a value gets a header of its own; a small table deep inside stands in braces instead.
fn is_section(value: &Draft, depth: usize) -> bool {
    match value {
        Draft::Table(entries) => {
            let is_small = entries.iter().all(|(_, item)| item.value.is_scalar() && item.comments.is_empty());
            depth < 2 || !is_small || inline(value).is_none_or(|line| line.len() > WIDTH - 20)
        }
        Draft::List(items) => {
            !items.is_empty() && items.iter().all(|item| matches!(item.value, Draft::Table(_)))
        }
        _ => false,
    }
}

fn section(item: &Item, path: &mut Vec<String>, out: &mut String) {
    let header = |comments: &[String], (open, close): (&str, &str), path: &[String], out: &mut String| {
        if !out.is_empty() && !out.ends_with("\n\n") {
            out.push('\n');
        }
        remarks(comments, 0, out);
        out.push_str(&[open, &path.join("."), close, "\n"].concat());
    };
    match &item.value {
        Draft::Table(entries) => {
            let is_implied = !entries.is_empty()
                && item.comments.is_empty()
                && entries.iter().all(|(_, item)| is_section(&item.value, path.len()));
            if !is_implied {
                header(&item.comments, ("[", "]"), path, out);
            }
            table(entries, path, out);
        }
        Draft::List(items) => {
            for (index, entry) in items.iter().enumerate() {
                let above = if index == 0 { item.comments.as_slice() } else { &[] };
                let comments: Vec<String> = above.iter().chain(&entry.comments).cloned().collect();
                header(&comments, ("[[", "]]"), path, out);
                if let Draft::Table(entries) = &entry.value {
                    table(entries, path, out);
                }
            }
        }
        _ => {}
    }
}

/// Writes the value of a key; a list that is too long for the line has one item a line.
fn value(draft: &Draft, column: usize, out: &mut String) {
    match (draft, inline(draft)) {
        (Draft::List(items), line) if line.as_ref().is_none_or(|line| column + line.len() > WIDTH) => {
            out.push_str("[\n");
            for item in items {
                remarks(&item.comments, 2, out);
                remarks(&inner_remarks(&item.value), 2, out);
                out.push_str("  ");
                out.push_str(&inline_always(&item.value));
                out.push_str(",\n");
            }
            out.push(']');
        }
        (_, Some(line)) => out.push_str(&line),
        (Draft::Text(text), None) if can_be_lines(text) => {
            out.push_str("'''\n");
            out.push_str(text);
            out.push_str("'''");
        }
        (_, None) => out.push_str(&inline_always(draft)),
    }
}

/// Returns a value on one line; nothing of a text that stands better on several, or where a remark needs a line.
fn inline(draft: &Draft) -> Option<String> {
    match draft {
        Draft::Text(text) if text.contains('\n') => None,
        Draft::List(_) if !inner_remarks(draft).is_empty() => None,
        _ => Some(inline_always(draft)),
    }
}

fn inline_always(draft: &Draft) -> String {
    match draft {
        Draft::Null => "\"\"".to_owned(),
        Draft::Bool(value) => value.to_string(),
        Draft::Number(raw) => raw.clone(),
        Draft::Text(text) => quoted(text),
        Draft::List(items) => {
            let parts: Vec<String> = items.iter().map(|item| inline_always(&item.value)).collect();
            format!("[{}]", parts.join(", "))
        }
        Draft::Table(entries) if entries.is_empty() => "{}".to_owned(),
        Draft::Table(entries) => {
            let part =
                |(name, item): &(String, Item)| format!("{} = {}", key(name), inline_always(&item.value));
            let parts: Vec<String> = entries.iter().map(part).collect();
            format!("{{ {} }}", parts.join(", "))
        }
    }
}

/// Returns the remarks inside a value, for where it is written in braces or brackets and they go above it.
fn inner_remarks(draft: &Draft) -> Vec<String> {
    let below = |item: &Item| -> Vec<String> {
        item.comments.iter().cloned().chain(inner_remarks(&item.value)).collect()
    };
    match draft {
        Draft::List(items) => items.iter().flat_map(below).collect(),
        Draft::Table(entries) => entries.iter().flat_map(|(_, item)| below(item)).collect(),
        _ => Vec::new(),
    }
}

/// Tells whether a text can stand between `'''` as it is.
fn can_be_lines(text: &str) -> bool {
    let is_shown = |c: char| c == '\n' || c == '\t' || !c.is_control();
    !text.contains("'''") && !text.ends_with('\'') && text.chars().all(is_shown)
}

/// Returns a text in quotes: literal where it would else be full of escapes.
fn quoted(text: &str) -> String {
    let is_literal = text.contains(['"', '\\']) && !text.contains('\'') && !text.contains(char::is_control);
    if is_literal {
        return format!("'{text}'");
    }
    // JSON escapes all that TOML wants escaped, but for the last control character.
    json::quoted(text).replace('\u{7f}', "\\u007f")
}

fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-');
    if is_bare { name.to_owned() } else { quoted(name) }
}
