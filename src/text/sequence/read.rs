//! From texts to a selection: splitting, places, and what is left for others to name.

use std::sync::Arc;

use super::{Item, Selector, Sequence, explain};
use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, Source, code},
    text::{document::Format, places::Places},
};

/// The name of the source made from a command line's arguments.
pub const COMMAND_LINE: &str = "command line";

/// What reading a selection gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The text the places lie in.
    pub source: Arc<Source>,
    /// The items that could be read.
    pub sequence: Sequence,
    /// The items that are no selector but could be the name of a playbook.
    pub words: Vec<Word>,
    /// One error for each item that is neither; if there is any, the whole selection is to be rejected.
    pub diagnostics: Vec<Diagnostic>,
}

/// An item that could be the name of a playbook: only who knows the playbooks can tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word {
    /// The item had a leading `!`.
    pub exclude: bool,
    /// The name and its place, without the `!`.
    pub name: Spanned<String>,
}

impl Parsed {
    /// Returns the selection where no playbook can be named: every word becomes an error.
    pub fn without_words(mut self) -> (Sequence, Vec<Diagnostic>) {
        let refused = self.words.iter().map(|word| refuse(&self.source, &word.name.value, word.name.span));
        self.diagnostics.extend(refused);
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        (self.sequence, self.diagnostics)
    }
}

/// Reads the arguments of a command line; an item's place lies in their text joined by single blanks.
pub fn parse(arguments: &[String]) -> Parsed {
    let source = Arc::new(Source::new(COMMAND_LINE, arguments.join(" ")));
    let mut start = 0;
    let texts: Vec<Spanned<&str>> = arguments
        .iter()
        .map(|argument| {
            let span = Span::new(start, start + argument.len());
            start = span.end + 1;
            Spanned::new(argument.as_str(), span)
        })
        .collect();
    parse_in(&source, &texts)
}

/// Reads a file or standard input: the items of each line, up to a `#` at its start or behind a blank.
pub fn parse_lines(source: &Arc<Source>) -> Parsed {
    let mut start = 0;
    let mut texts = Vec::new();
    for line in source.text.split_inclusive('\n') {
        let mark = if line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let text = without_remark(&line[mark..]);
        if !text.trim().is_empty() {
            texts.push(Spanned::new(text, Span::new(start + mark, start + mark + text.len())));
        }
        start += line.len();
    }
    parse_in(source, &texts)
}

fn without_remark(line: &str) -> &str {
    let starts_remark = |(at, _): &(usize, &str)| *at == 0 || line[..*at].ends_with([' ', '\t']);
    let end = line.match_indices('#').find(starts_remark).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// Reads texts that stand in a larger source, such as the strings of a playbook.
///
/// The span of a text may include its quotes. Where the written form differs from the text (escapes), an item's
/// place is the whole span.
pub fn parse_in(source: &Arc<Source>, texts: &[Spanned<&str>]) -> Parsed {
    let mut parsed = Parsed {
        source: Arc::clone(source),
        sequence: Sequence::default(),
        words: Vec::new(),
        diagnostics: Vec::new(),
    };
    let mut is_empty = true;
    for text in texts {
        let places = Places::of(source, *text);
        for piece in pieces(text.value) {
            is_empty = false;
            let span = places.span(piece.span);
            let sign = piece.value.len() - piece.value.trim_start_matches('!').trim_start().len();
            let name = Spanned::new(
                &piece.value[sign..],
                places.span(Span::new(piece.span.start + sign, piece.span.end)),
            );
            parsed.add(piece.value, span, name, text.span);
        }
    }
    if is_empty {
        parsed.diagnostics.push(nothing_written(source, texts));
    }
    parsed
}

impl Parsed {
    fn add(&mut self, text: &str, span: Span, name: Spanned<&str>, whole: Span) {
        let exclude = text.starts_with('!');
        let doubled = exclude && text[1..].trim_start().starts_with('!');
        match Selector::from_text(name.value) {
            Some(selector) if !doubled => {
                self.sequence.items.push(Spanned::new(Item { exclude, selector }, span));
            }
            None if !doubled && could_be_name(name.value) => {
                self.words.push(Word { exclude, name: name.map(str::to_owned) });
            }
            _ => {
                let refusal = explain::refusal(text);
                let meant = refusal
                    .meant
                    .as_deref()
                    .and_then(|meant| rewritten(&self.source, text, span, whole, meant));
                self.diagnostics.push(refused(&self.source, refusal, span).edit_if(span, meant));
            }
        }
    }
}

/// Tells whether a text that is no selector could be the name or path of a playbook.
///
/// Such a name starts with a letter (a path also with `.` or `/`) and goes on with letters, digits, `_`, `-`, `.`
/// and `/`.
pub fn could_be_name(text: &str) -> bool {
    let may_go_on = |c: char| c.is_alphanumeric() || "_-./".contains(c);
    let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '.' || c == '/');
    starts
        && text.chars().all(may_go_on)
        && text.contains(char::is_alphabetic)
        && Selector::from_text(text).is_none()
}

fn refuse(source: &Arc<Source>, text: &str, span: Span) -> Diagnostic {
    refused(source, explain::refusal(text), span)
}

fn refused(source: &Arc<Source>, refusal: explain::Refusal, span: Span) -> Diagnostic {
    // In YAML a line that is indented deeper goes on with the item above it.
    let is_dash = |line: &str| line.trim_start().starts_with("- ");
    let help = if span.of(&source.text).lines().skip(1).any(is_dash) {
        "write each `- ` right below the one before it, so that its line begins an item of its own".to_owned()
    } else {
        refusal.help
    };
    Diagnostic::error(refusal.code, refusal.message).source(source).label(span, refusal.label).help(help)
}

/// Returns what is to stand in a data file in the place of an item, which may be the `whole` value.
///
/// Nothing for other texts, and where the item is written with escapes. A number without quotes gets them: its zeros
/// would be lost.
fn rewritten(source: &Source, text: &str, span: Span, whole: Span, meant: &str) -> Option<String> {
    let format = Format::of_file(&source.name)?;
    if span.of(&source.text) != text {
        return None;
    }
    Some(if span == whole { format.text(meant) } else { meant.to_owned() })
}

fn nothing_written(source: &Arc<Source>, texts: &[Spanned<&str>]) -> Diagnostic {
    let span = texts.first().map_or(Span::default(), |text| text.span);
    Diagnostic::error(code::UNREADABLE_ITEM, "the selection is empty")
        .source(source)
        .label(span, "nothing is written here")
        .help(format!("write `*` for every script; {}", explain::FORMS))
}

/// Returns the items between the commas, trimmed, with their offsets; empty ones are left out.
fn pieces(text: &str) -> impl Iterator<Item = Spanned<&str>> {
    let mut start = 0;
    text.split(',').filter_map(move |piece| {
        let from = start + (piece.len() - piece.trim_start().len());
        start += piece.len() + 1;
        let piece = piece.trim();
        (!piece.is_empty()).then(|| Spanned::new(piece, Span::new(from, from + piece.len())))
    })
}
