//! From text to tree, whatever the format.

use std::sync::Arc;

use super::{Format, Node, json, psd1, toml, yaml};
use crate::{
    base::Span,
    diag::{Diagnostic, Source, code},
    text::size,
};

/// How deep tables and lists may lie in each other.
///
/// No playbook needs a tenth of it; the bound keeps every walk over the tree, here and later, clear of the stack's end.
pub(super) const MAX_DEPTH: usize = 64;

/// How many bytes a data file may have where nobody says that it may have more: 4 MiB, a hundred times the largest
/// playbook that is known to be written by hand.
///
/// Together with the depth it bounds the time and the memory that any file can cost. Who reads files keeps to it.
pub const USUAL_BYTES: u64 = 4 << 20;
/// How many bytes a text may have, whatever anybody says: 128 MiB.
pub const MAX_BYTES: usize = 128 << 20;

/// Reads a text into a tree, with all syntax errors the format's parser can tell.
///
/// Spans are offsets into the whole text, a byte order mark included. A TOML text with duplicate keys still gives a
/// tree (up to 1 MiB, above which only one mistake is told); after any other error there is none, since what was recovered would only cause more complaints.
pub fn read(source: &Arc<Source>, format: Format) -> (Option<Node>, Vec<Diagnostic>) {
    if source.text.len() > MAX_BYTES {
        return (None, vec![too_large(source, MAX_BYTES as u64)]);
    }
    let reader = Reader::new(source);
    let (tree, mut diagnostics) = match format {
        Format::Json => json::read(&reader),
        Format::Yaml => yaml::read(&reader),
        Format::Toml => toml::read(&reader),
        Format::Psd1 => psd1::read(&reader),
    };
    diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
    (tree, diagnostics)
}

/// Says that a file has more than so many bytes; its text need not be there.
pub fn too_large(source: &Arc<Source>, limit: u64) -> Diagnostic {
    let problem = format!("`{}` is larger than {}", source.name, size::write(limit));
    let help = "split it into several files, or move large texts into files that the scripts read; playbooks that \
                programs write may be larger by `max_playbook_size` of az.toml";
    Diagnostic::error(code::FILE_TOO_LARGE, problem).source(source).at(Span::new(0, 0)).help(help)
}

/// What the readers of the formats share: the text behind the byte order mark, and how to point into the file.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) text: &'a str,
    /// Length of the byte order mark.
    pub(super) base: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
        Self { source, text, base: source.text.len() - text.len() }
    }

    /// Returns the place in the file of a place in the text.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(start, end.max(start)).shifted(self.base)
    }

    pub(super) fn syntax_error(&self, message: impl Into<String>, at: Span) -> Diagnostic {
        Diagnostic::error(code::SYNTAX, message).source(self.source).at(self.source.clamp(at))
    }

    /// Words that another format's sign stands at a place of the text, or one that a word processor wrote.
    pub(super) fn foreign_sign(&self, format: Format, at: usize) -> Option<Diagnostic> {
        let rest = self.text.get(at..)?;
        let (sign, message, help) = if let Some(quote) = rest.chars().next().filter(|c| "“”„‘’".contains(*c))
        {
            let help = format!("write `\"` in the place of `{quote}`");
            (quote.len_utf8(), "typographic quotes hold no text here".to_owned(), help)
        } else {
            let (own, others): (_, &[&str]) =
                if format == Format::Json { ("//", &["#"]) } else { ("#", &["//", "/*"]) };
            let other = others.iter().find(|other| rest.starts_with(**other))?;
            let message = format!("`{other}` begins no remark in {}", format.as_str());
            (other.len(), message, format!("write `{own}` before a remark"))
        };
        Some(self.syntax_error(message, self.span(at, at + sign)).help(help))
    }

    /// Words that there is nothing in the file.
    pub(super) fn empty(&self, format: Format) -> Diagnostic {
        let example = format.file(&format.field("sequence", &format.texts(&["0402"])));
        self.syntax_error("the file is empty", self.span(0, 0)).help(format!("write a playbook: {example}"))
    }

    pub(super) fn too_deep(&self, at: Span) -> Diagnostic {
        self.syntax_error(format!("values lie more than {MAX_DEPTH} deep in each other"), at)
            .help(format!("flatten the value: at most {MAX_DEPTH} levels are read"))
    }
}
