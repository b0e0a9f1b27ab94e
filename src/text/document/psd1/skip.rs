//! How far a statement goes that is not data.
//!
//! Knows where PowerShell goes on with a statement on the next line. Does not know what the statement does.

use super::{
    code::{is_binary, is_continuation, is_keyword},
    steps::step,
    token::{Closing, Kind, Opening, Token},
};

/// Returns the index behind the statement that starts at `start` and must end before `end`; at least `start + 1`.
pub(super) fn statement_end(tokens: &[Token], text: &str, start: usize, end: usize) -> usize {
    let is_keyword = tokens[start].kind == Kind::Word && is_keyword(tokens[start].span().of(text));
    let statement = Statement { tokens, text, is_keyword };
    let mut at = start;
    while at < end {
        step(1);
        match tokens[at].kind {
            Kind::Semicolon => break,
            Kind::Close(_) if at > start => break,
            Kind::Newline if at > start && !statement.goes_on(at, end) => break,
            Kind::Open(_) => at = tokens[at].partner().map_or(at, |partner| partner.min(end - 1)) + 1,
            _ => at += 1,
        }
    }
    at.max(start + 1)
}

struct Statement<'a> {
    tokens: &'a [Token],
    text: &'a str,
    /// Whether it begins with `if`, `try` and the like.
    is_keyword: bool,
}

impl Statement<'_> {
    /// Tells whether the statement goes on behind the end of line at `newline`.
    fn goes_on(&self, newline: usize, end: usize) -> bool {
        let before = self.tokens[newline - 1];
        let behind = self.tokens[..end].get(newline + 1).copied();
        let goes_on_behind = match before.kind {
            Kind::Comma | Kind::Pipe | Kind::Equals => true,
            Kind::Word => is_binary(before.span().of(self.text)),
            _ => false,
        };
        goes_on_behind || behind.is_some_and(|behind| self.is_taken_up(before, behind))
    }

    /// Tells whether a token at the start of a line belongs to the statement above it.
    fn is_taken_up(&self, before: Token, behind: Token) -> bool {
        match behind.kind {
            Kind::Pipe => true,
            Kind::Open(Opening::Block) => self.is_keyword && before.kind != Kind::Close(Closing::Curly),
            Kind::Open(Opening::Paren) => self.is_keyword && before.kind == Kind::Word,
            Kind::Word => {
                self.is_keyword
                    && before.kind == Kind::Close(Closing::Curly)
                    && is_continuation(behind.span().of(self.text))
            }
            _ => false,
        }
    }
}
