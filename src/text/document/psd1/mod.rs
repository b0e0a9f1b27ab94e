//! psd1, the data language of PowerShell, by a lexer and a parser of our own.
//!
//! Knows what PowerShell would read from a data file, and what it would have to execute, which is never done. Does not
//! know which names mean something.
//!
//! The lexer finds tokens and what is not closed, `brackets` pairs brackets, the parser makes the tree. Only the parser
//! recurses, and never deeper than tables may lie in each other. What would have to be executed becomes a fault and a
//! `Null` in the tree, so that the other mistakes of the file can still be found; after a mistake in the form there is
//! no tree.

mod brackets;
mod code;
mod faults;
mod lexer;
mod number;
mod operand;
mod parser;
mod quoted;
mod skip;
mod steps;
mod table;
mod token;

use super::{Node, read::Reader};
use crate::{base::Span, diag::Diagnostic};

/// Reads a data file of PowerShell; O(text).
pub(super) fn read(reader: &Reader<'_>) -> (Option<Node>, Vec<Diagnostic>) {
    let mut faults = faults::Faults::new(reader);
    if u32::try_from(reader.text.len()).is_err() {
        faults.form(faults::Fault::TooLong, Span::new(0, 0));
        return (None, faults.into_found().1);
    }
    let mut lexed = lexer::lex(reader.text);
    brackets::pair(&mut lexed);
    for (slip, at) in &lexed.slips {
        faults.slip(*slip, *at);
    }
    let (tree, faults) = parser::parse(reader, &lexed.tokens, faults);
    let (is_sound, found) = faults.into_found();
    (tree.filter(|_| is_sound), found)
}

/// Returns the places of all comments in the file, in order.
pub(super) fn comments(reader: &Reader<'_>) -> Vec<Span> {
    let comments = lexer::lex(reader.text).comments;
    comments.into_iter().map(|comment| reader.span(comment.start, comment.end)).collect()
}

#[cfg(test)]
mod tests;
