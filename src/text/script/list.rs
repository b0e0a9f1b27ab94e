//! Lists in one line: entries between commas.

use super::comments::trimmed;
use crate::base::{Span, Spanned};

/// Splits at the commas outside `()`, `[]` and `{}`; entries are trimmed, empty ones left out.
pub(super) fn split(text: &str, span: Span) -> Vec<Spanned<String>> {
    let mut entries = Vec::new();
    let (mut depth, mut start) = (0_usize, span.start);
    for (offset, c) in span.of(text).char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                entries.push(trimmed(text, Span::new(start, span.start + offset)));
                start = span.start + offset + 1;
            }
            _ => {}
        }
    }
    entries.push(trimmed(text, Span::new(start, span.end)));
    entries
        .into_iter()
        .filter(|entry| !entry.value.is_empty())
        .map(|entry| entry.map(str::to_owned))
        .collect()
}
