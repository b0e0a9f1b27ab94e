//! YAML by granit-parser's events.
//!
//! Knows how events become a tree. Does not know what a scalar means (`scalar`), what aliases and merge keys stand for
//! (`expand`), nor how the parser's complaints are worded (`words`).

mod build;
mod expand;
mod scalar;
mod words;

use granit_parser::{Options, Parser, Scanner, StrInput, Token, TokenType, options};

use super::{Node, read::Reader};
use crate::{base::Span, diag::Diagnostic};

pub(super) fn read(reader: &Reader<'_>) -> (Option<Node>, Vec<Diagnostic>) {
    let mut build = build::Build::new(reader);
    for next in Parser::new_from_str_with_options(reader.text, parser_options(false)) {
        let goes_on = match next {
            Ok((event, span)) => build.take(event, &span),
            Err(error) => build.stop(&error),
        };
        if goes_on.is_break() {
            break;
        }
    }
    let (raw, mut faults) = build.finish();
    let Some(raw) = raw else { return (None, faults) };
    let tree = expand::expand(reader, &raw, &mut faults);
    (tree.filter(|_| faults.is_empty()), faults)
}

/// Returns the comments up to where the text breaks the rules of YAML's words.
pub(super) fn comments(reader: &Reader<'_>) -> Vec<Span> {
    let words = Scanner::with_options(StrInput::new(reader.text), parser_options(true));
    let comment = |token: Token<'_>| {
        let is_comment = matches!(token.token_type(), TokenType::Comment(_));
        let range = token.span().byte_range().filter(|_| is_comment)?;
        Some(reader.span(range.start, range.end))
    };
    let mut found: Vec<Span> = words.map_while(Result::ok).filter_map(comment).collect();
    // What stands beside the head of a block text is told behind its lines.
    found.sort_unstable();
    found
}

fn parser_options(emit_comments: bool) -> Options {
    options! {
        emit_comments: emit_comments,
        emit_unresolved_aliases: true,
    }
}

#[cfg(test)]
mod tests;
