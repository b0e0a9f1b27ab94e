//! Which bracket closes which.
//!
//! Knows brackets alone. A bracket that another kind closes is left open there, so that one mistake stays one.

use super::{
    faults::MAX_FAULTS,
    lexer::{Lexed, Slip},
    steps::step,
    token::{Closing, Kind, Opening},
};
use crate::text::document::read::MAX_DEPTH;

/// Tells each bracket its partner, and notes those that have none; O(tokens).
///
/// What lies deeper than anything may lie is not noted: that it is too deep is its fault.
pub(super) fn pair(lexed: &mut Lexed) {
    let mut open: Vec<(usize, Opening)> = Vec::new();
    let mut counts = [0_usize; 3];
    let mut alone: Vec<(Slip, usize)> = Vec::new();
    for index in 0..lexed.tokens.len() {
        step(1);
        match lexed.tokens[index].kind {
            Kind::Open(opening) => {
                open.push((index, opening));
                counts[slot(opening.closing())] += 1;
            }
            Kind::Close(closing) if counts[slot(closing)] == 0 => {
                note(&mut alone, Slip::StrayBracket(closing), index);
            }
            Kind::Close(closing) => {
                while let Some((start, opening)) = open.pop() {
                    counts[slot(opening.closing())] -= 1;
                    if opening.closing() == closing {
                        lexed.tokens[start].set_partner(index);
                        lexed.tokens[index].set_partner(start);
                        break;
                    }
                    note_open(&mut alone, open.len(), start, opening);
                }
            }
            _ => {}
        }
    }
    while let Some((start, opening)) = open.pop() {
        note_open(&mut alone, open.len(), start, opening);
    }
    // A bracket that seems open was closed inside a text that is not.
    let has_open_text = lexed.slips.iter().any(|(slip, _)| *slip != Slip::OpenComment);
    alone.retain(|(slip, _)| !has_open_text || matches!(slip, Slip::StrayBracket(_)));
    lexed.slips.extend(alone.into_iter().map(|(slip, index)| (slip, lexed.tokens[index].span())));
}

fn note_open(alone: &mut Vec<(Slip, usize)>, depth: usize, index: usize, opening: Opening) {
    if depth < MAX_DEPTH {
        note(alone, Slip::OpenBracket(opening), index);
    }
}

fn note(alone: &mut Vec<(Slip, usize)>, slip: Slip, index: usize) {
    if alone.len() < MAX_FAULTS {
        alone.push((slip, index));
    }
}

fn slot(closing: Closing) -> usize {
    match closing {
        Closing::Curly => 0,
        Closing::Paren => 1,
        Closing::Square => 2,
    }
}
