//! The remarks of the old text, put where the new one has what they stand at.

use std::sync::Arc;

use crate::{
    base::Span,
    diag::Source,
    text::document::{self, Format, Node, NodeValue},
};

/// A remark and what it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    /// Its lines without their marks.
    pub(super) lines: Vec<String>,
    /// What it stands at.
    pub(super) place: Place,
}

/// What a remark stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The top of the file.
    Head,
    /// A key or an item of a list, as a JSON pointer.
    At(String),
    /// The end of the file.
    Foot,
}

/// Returns the remarks of a text with what each stands at; O(bytes + remarks x values).
pub(super) fn remarks(source: &Arc<Source>, format: Format, tree: &Node) -> Vec<Remark> {
    let mut starts = Vec::new();
    collect(tree, "", &mut starts);
    starts.sort();
    let text = source.text.as_ref();
    let found = document::comments(source, format);
    let ends_head = head_end(text, &found.iter().map(|comment| comment.span).collect::<Vec<_>>());
    let opening = match format {
        Format::Json | Format::Psd1 => tree.span.start,
        Format::Yaml | Format::Toml => 0,
    };
    let remark = |comment: &document::Comment| {
        let span = comment.span;
        let place = if span.end <= opening.max(ends_head) { Place::Head } else { place(text, span, &starts) };
        Remark { lines: lines(span.of(text)), place }
    };
    found.iter().map(remark).collect()
}

/// Collects where each key and item begins, with its pointer.
fn collect(node: &Node, at: &str, found: &mut Vec<(usize, String)>) {
    match &node.value {
        NodeValue::Table(entries) => {
            for entry in entries {
                let pointer = format!("{at}/{}", entry.key.value.replace('~', "~0").replace('/', "~1"));
                found.push((entry.key.span.start, pointer.clone()));
                collect(&entry.value, &pointer, found);
            }
        }
        NodeValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let pointer = format!("{at}/{index}");
                found.push((item.span.start, pointer.clone()));
                collect(item, &pointer, found);
            }
        }
        _ => {}
    }
}

/// Returns where the remarks at the top end, if an empty line stands behind them.
fn head_end(text: &str, comments: &[Span]) -> usize {
    let mut end = 0;
    for comment in comments {
        if !text[end..comment.start].trim_start_matches('\u{feff}').trim().is_empty() {
            break;
        }
        end = comment.end;
        let behind = text[end..].trim_start_matches([' ', '\t']);
        let mut lines = behind.split('\n').skip(1);
        if lines.next().is_some_and(|line| line.trim().is_empty()) {
            return end;
        }
    }
    0
}

fn place(text: &str, span: Span, starts: &[(usize, String)]) -> Place {
    let line_start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let before =
        text[line_start..span.start].trim_start_matches(['\u{feff}', '{', '[', '@', '(', '-', ' ', '\t']);
    if before.trim().is_empty() {
        // Alone on its line: it speaks of what follows.
        let next = starts.partition_point(|(start, _)| *start < span.end);
        return starts.get(next).map_or(Place::Foot, |(_, pointer)| Place::At(pointer.clone()));
    }
    // Behind something: it speaks of what begins first on this line, else of what began last.
    let first = starts.partition_point(|(start, _)| *start < line_start);
    let last = starts.partition_point(|(start, _)| *start < span.start);
    let found =
        if first < last { starts.get(first) } else { last.checked_sub(1).and_then(|at| starts.get(at)) };
    found.map_or(Place::Head, |(_, pointer)| Place::At(pointer.clone()))
}

/// Returns the lines of a remark without marks, nor empty lines around it.
fn lines(text: &str) -> Vec<String> {
    let blocks = [("<#", "#>"), ("/*", "*/")];
    let block = blocks.iter().find_map(|(open, close)| {
        let inner = text.strip_prefix(open)?;
        Some(inner.strip_suffix(close).unwrap_or(inner))
    });
    let inner =
        block.unwrap_or_else(|| text.strip_prefix("//").unwrap_or_else(|| text.trim_start_matches('#')));
    let clean = |line: &str| line.trim().trim_start_matches("* ").trim_end().to_owned();
    let mut lines: Vec<String> = inner.lines().map(clean).collect();
    while lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    while lines.len() > 1 && lines.first().is_some_and(String::is_empty) {
        lines.remove(0);
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}
