//! The part of a text that a diagnostic shows: the lines of its labels and their neighbours, long ones cut.
//!
//! Knows where the labels lie in what is shown, and where that lies in the file. Does not know how it is drawn.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::Source;
use crate::base::{Span, harmless_name, is_harmful};

/// How long a line may be, in bytes, before only the surroundings of its labels are shown.
const LONG_LINE: usize = 200;

/// What is shown of a long line before a label, of the label itself, and behind it, in bytes.
const AROUND: [usize; 3] = [50, 60, 50];

/// How many lines a label may mark; one with more is shown at its first line.
const MANY_LINES: usize = 12;

/// What is shown of a text, with as many bytes for each label as the text has.
pub(super) struct Excerpt {
    name: String,
    text: String,
    /// Lines of the file before the first that is shown.
    lines_before: usize,
    labels: Vec<Shown>,
}

/// A label in the excerpt.
struct Shown {
    span: Span,
    /// Characters before it in its line of the file.
    column: usize,
}

impl Excerpt {
    /// Takes what is to be shown of a text; `mark` stands for what is left out.
    pub(super) fn new(source: &Source, labels: impl Iterator<Item = Span>, mark: &str) -> Self {
        let labels: Vec<Span> = labels.map(|label| first_line_of_many(source, source.clamp(label))).collect();
        let text = &*source.text;
        let first = labels.iter().map(|label| label.start).min().unwrap_or_default();
        let last = labels.iter().map(|label| label.end).max().unwrap_or_default();
        let start = line_start(text, line_start(text, first).saturating_sub(1));
        let end = line_end(text, line_end(text, last));
        let mut cut = Cut { shown: String::new(), pieces: Vec::new(), mark };
        let mut at = start;
        for line in text[start..end].split_inclusive('\n') {
            cut.line(line, at, &labels);
            at += line.len();
        }
        let shown = |label: &Span| Shown {
            span: Span::new(cut.place(label.start), cut.place(label.end)),
            column: source.place(label.start).column - 1,
        };
        Self {
            name: harmless_name(&source.name).into(),
            lines_before: source.lines_before(start),
            labels: labels.iter().map(shown).collect(),
            text: cut.shown,
        }
    }

    /// Returns where the labels lie in the excerpt, in their order.
    pub(super) fn labels(&self) -> impl Iterator<Item = Span> {
        self.labels.iter().map(|label| label.span)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        // Without neighbours the place itself is asked for, to be named.
        let named = self.labels.iter().find(|label| before == 0 && label.span.start == span.offset());
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            found.data(),
            *found.span(),
            found.line() + self.lines_before,
            named.map_or(found.column(), |label| label.column),
            found.line_count(),
        )))
    }
}

/// A text of which parts are left out.
struct Cut<'a> {
    shown: String,
    /// What is kept: where it lies in the file, and where in what is shown; both ascend.
    pieces: Vec<(Range<usize>, usize)>,
    mark: &'a str,
}

impl Cut<'_> {
    fn line(&mut self, line: &str, at: usize, labels: &[Span]) {
        if line.len() <= LONG_LINE {
            return self.keep(line, at);
        }
        let body = line.strip_suffix('\n').map_or(line, |body| body.strip_suffix('\r').unwrap_or(body));
        let mut end = 0;
        for window in windows(body, at, labels) {
            if window.start > end {
                self.shown.push_str(self.mark);
            }
            end = window.end;
            self.keep(&body[window.clone()], at + window.start);
        }
        if end < body.len() {
            self.shown.push_str(self.mark);
        }
        self.keep(&line[body.len()..], at + body.len());
    }

    fn keep(&mut self, text: &str, at: usize) {
        self.pieces.push((at..at + text.len(), self.shown.len()));
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            // Alone it would let what follows be written over what stands before it.
            let is_line_end = c == '\r' && rest.as_str().starts_with('\n');
            if is_line_end {
                self.shown.push(c);
            } else {
                self.shown.push_str(harmless(c).encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// Returns where a place of the file is shown, or where it is left out.
    fn place(&self, offset: usize) -> usize {
        let next = self.pieces.partition_point(|(kept, _)| kept.start <= offset);
        let piece = next.checked_sub(1).and_then(|index| self.pieces.get(index));
        piece.map_or(0, |(kept, shown)| shown + (offset - kept.start).min(kept.len()))
    }
}

/// Returns what is shown of a long line that begins at a place: the surroundings of its labels, else its begin.
fn windows(line: &str, at: usize, labels: &[Span]) -> Vec<Range<usize>> {
    let [before, itself, behind] = AROUND;
    let around = |label: &Span| {
        let (start, end) = (label.start.max(at) - at, label.end.min(at + line.len()) - at);
        let from = line.floor_char_boundary(start.saturating_sub(before));
        from..line.ceil_char_boundary(end.min(start + itself) + behind)
    };
    let is_here = |label: &&Span| label.start <= at + line.len() && label.end >= at;
    let mut found: Vec<Range<usize>> = labels.iter().filter(is_here).map(around).collect();
    if found.is_empty() {
        found.push(0..line.floor_char_boundary(LONG_LINE - before));
    }
    found.sort_by_key(|window| window.start);
    let mut apart: Vec<Range<usize>> = Vec::new();
    for window in found {
        match apart.last_mut().filter(|last| window.start <= last.end) {
            Some(last) => last.end = last.end.max(window.end),
            None => apart.push(window),
        }
    }
    apart
}

fn first_line_of_many(source: &Source, label: Span) -> Span {
    let marked = label.of(&source.text);
    if marked.matches('\n').nth(MANY_LINES - 1).is_none() {
        return label;
    }
    let line = marked.lines().next().unwrap_or_default();
    Span::new(label.start, label.start + line.len())
}

/// Replaces what a terminal would obey by as many bytes that it does not, so that places stay where they are.
fn harmless(c: char) -> char {
    match (is_harmful(c), c.len_utf8()) {
        (false, _) => c,
        _ if matches!(c, '\n' | '\t') => c,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, _) => char::REPLACEMENT_CHARACTER,
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Returns where the line of a place ends, its end included.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is left out: what a short label marks is shown, at a place that is a piece of the excerpt.
        #[test]
        fn what_a_label_marks_is_shown(
            lines in proptest::collection::vec("[a-c é🚀\t]{0,400}", 0..5),
            ends in "(\n|\r\n)",
            places in proptest::collection::vec((0..3000_usize, 0..50_usize), 1..4),
        ) {
            let text = lines.join(&ends);
            let source = Source::new("f", &*text);
            let labels: Vec<Span> = places.iter().map(|(start, length)| {
                let start = text.floor_char_boundary(start % (text.len() + 1));
                Span::new(start, text.ceil_char_boundary((start + length).min(text.len())))
            }).collect();
            let excerpt = Excerpt::new(&source, labels.iter().copied(), "…");
            for (label, shown) in labels.iter().zip(excerpt.labels()) {
                let marked = label.of(&text);
                let is_in_line = !marked.contains(['\r', '\n']);
                if is_in_line {
                    prop_assert_eq!(shown.of(&excerpt.text), marked);
                }
                prop_assert!(excerpt.text.get(shown.start..shown.end).is_some());
            }
            let widest = excerpt.text.lines().map(str::len).max().unwrap_or_default();
            prop_assert!(widest <= 3 * (AROUND.iter().sum::<usize>() + 20), "{}", widest);
        }
    }
}
