//! JSON, two blanks a level; a short list of plain values on one line.

use super::{Draft, DraftFile, WIDTH};

pub(super) fn write(file: &DraftFile) -> String {
    let mut out = String::new();
    table(&file.root, 0, &mut out);
    out.push('\n');
    out
}

/// Writes a value whose first line is already indented.
fn value(draft: &Draft, depth: usize, out: &mut String) {
    match draft {
        Draft::List(items) if items.is_empty() => out.push_str("[]"),
        Draft::Table(entries) if entries.is_empty() => out.push_str("{}"),
        Draft::List(items) if items.iter().all(|item| item.value.is_scalar()) => {
            let parts: Vec<String> = items.iter().map(|item| scalar(&item.value)).collect();
            let line = format!("[{}]", parts.join(", "));
            if depth * 2 + line.len() <= WIDTH {
                out.push_str(&line);
            } else {
                let lines = parts.iter().map(|part| format!("{}{part}", indent(depth + 1)));
                bracketed(('[', ']'), &lines.collect::<Vec<_>>(), depth, out);
            }
        }
        Draft::List(items) => {
            let lines = items.iter().map(|item| {
                let mut line = indent(depth + 1);
                value(&item.value, depth + 1, &mut line);
                line
            });
            bracketed(('[', ']'), &lines.collect::<Vec<_>>(), depth, out);
        }
        Draft::Table(entries) => table(entries, depth, out),
        _ => out.push_str(&scalar(draft)),
    }
}

fn table(entries: &[(String, super::Item)], depth: usize, out: &mut String) {
    if entries.is_empty() {
        out.push_str("{}");
        return;
    }
    let lines = entries.iter().map(|(name, item)| {
        let mut line = format!("{}{}: ", indent(depth + 1), quoted(name));
        value(&item.value, depth + 1, &mut line);
        line
    });
    bracketed(('{', '}'), &lines.collect::<Vec<_>>(), depth, out);
}

fn bracketed((open, close): (char, char), lines: &[String], depth: usize, out: &mut String) {
    out.push(open);
    out.push('\n');
    out.push_str(&lines.join(",\n"));
    out.push('\n');
    out.push_str(&indent(depth));
    out.push(close);
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

fn scalar(draft: &Draft) -> String {
    match draft {
        Draft::Bool(value) => value.to_string(),
        Draft::Number(raw) => raw.clone(),
        Draft::Text(text) => quoted(text),
        Draft::Null | Draft::List(_) | Draft::Table(_) => "null".to_owned(),
    }
}

/// Returns a text in quotes, as JSON has it; YAML and TOML read most of it alike.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
