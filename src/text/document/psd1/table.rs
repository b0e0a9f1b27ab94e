//! The entries of a table.
//!
//! Knows names, `=` and what separates entries. Does not know values.

use super::{
    code::{Code, is_keyword},
    faults::Fault,
    number::{self, Read},
    parser::{Content, Inside, Parser},
    skip::statement_end,
    token::{Kind, Opening, Token},
};
use crate::{
    base::{Span, Spanned},
    text::document::{Entry, NodeValue},
};

impl Parser<'_> {
    /// Reads `@{ ... }` behind its opening bracket.
    pub(super) fn table(&mut self, inside: &Inside) -> Content {
        let end = inside.end;
        let mut entries = Vec::new();
        while self.skip_separators(end) {
            let Some(token) = self.peek(end) else { break };
            if matches!(token.kind, Kind::Word | Kind::Text(_) | Kind::Broken) {
                entries.extend(self.entry(token, end));
            } else {
                self.no_entry(token, end);
            }
            self.check_entry_end(end);
        }
        Content::Value(NodeValue::Table(entries))
    }

    /// Reads an entry that begins with a name.
    fn entry(&mut self, name: Token, end: usize) -> Option<Entry> {
        let start = self.at;
        let word = self.text(name);
        let next = self.tokens[..end].get(start + 1).copied();
        if next.map(|next| next.kind) != Some(Kind::Equals) {
            return self.entry_without_equals(name, next, end);
        }
        let key = self.key(name);
        self.at = start + 2;
        self.skip_newline(end);
        let is_missing = self.peek(end).is_none()
            || self.is_end(end)
            || (self.tokens[self.at - 1].kind == Kind::Newline && self.is_entry(end));
        if is_missing {
            let equals = self.tokens[start + 1].span();
            self.faults.form(Fault::NoValue, equals);
            return None;
        }
        if name.kind == Kind::Word && number::read(word) == Read::Not && !is_identifier(word) {
            self.faults.form(Fault::BareName(word), name.span());
        }
        Some(Entry { key, value: self.statement(end) })
    }

    /// Returns the name as text; digits stay as they are written.
    fn key(&mut self, name: Token) -> Spanned<String> {
        let text = match name.kind {
            Kind::Text(quote) => match self.quoted(name, quote) {
                NodeValue::Text(text) => text,
                _ => String::new(),
            },
            _ => self.text(name).to_owned(),
        };
        Spanned::new(text, name.span())
    }

    /// Says what is wrong with a name that no `=` follows, and reads on where its value would be.
    fn entry_without_equals(&mut self, name: Token, next: Option<Token>, end: usize) -> Option<Entry> {
        let start = self.at;
        let word = self.text(name);
        self.at += 1;
        let next = next.filter(|_| !self.is_end(end));
        let is_colon = next.is_some_and(|next| next.kind == Kind::Word && self.text(next).starts_with(':'));
        if is_colon || (name.kind == Kind::Word && word.len() > 1 && word.ends_with(':')) {
            let word = word.trim_end_matches(':').trim_matches(['"', '\'']);
            self.faults.form(Fault::Colon(word), name.span());
            self.at += usize::from(is_colon && next.is_some_and(|next| next.span().len() == 1));
        } else if name.kind == Kind::Word && is_keyword(word) && next.is_some() {
            self.refuse_statement(start, end, Code::Keyword(word));
        } else if name.kind != Kind::Broken {
            let place = self.first_line(name.span());
            self.faults.form(Fault::NoEquals(place.of(self.reader.text)), place);
            if next.is_some_and(|next| next.kind == Kind::Word && number::read(self.text(next)) == Read::Not)
            {
                self.at = statement_end(self.tokens, self.reader.text, start, end);
            }
        }
        if !self.is_end(end) {
            self.statement(end);
        }
        None
    }

    /// Says what is wrong with what begins no entry, and skips it.
    fn no_entry(&mut self, token: Token, end: usize) {
        let start = self.at;
        let before = self.faults.noted();
        let found = self.text(token);
        match token.kind {
            Kind::Comma | Kind::Equals => {
                while self.is_next(token.kind, end) {
                    self.at += 1;
                }
                self.faults.form(Fault::NoName(found), token.span());
                if token.kind == Kind::Equals && !self.is_end(end) {
                    self.statement(end);
                }
            }
            Kind::Variable | Kind::Open(Opening::Paren | Opening::Subexpression | Opening::Square) => {
                self.computed_entry(start, end);
            }
            _ => {
                self.statement(end);
                if self.faults.noted() == before {
                    self.faults.form(Fault::NoName(found), token.span());
                }
            }
        }
    }

    /// Says that a name would have to be computed, or that a statement stands where an entry should.
    fn computed_entry(&mut self, start: usize, end: usize) {
        let before = self.faults.noted();
        while !self.is_end(end) && !self.is_next(Kind::Equals, end) {
            if matches!(self.kind(self.at, end), Some(Kind::Open(_))) {
                self.skip_bracket(end);
            } else {
                self.at += 1;
            }
        }
        if !self.is_next(Kind::Equals, end) {
            self.at = start;
            let name = self.tokens[start].span();
            let node = self.statement(end);
            if self.faults.noted() == before {
                let place = Span::new(name.start, node.span.end.max(name.end));
                self.faults.form(Fault::NoName(self.text(self.tokens[start])), self.first_line(place));
            }
            return;
        }
        self.refuse(start, Code::Name);
        self.at += 1;
        self.skip_newline(end);
        if !self.is_end(end) {
            self.statement(end);
        }
    }

    /// Notes an entry that something follows on its line, and skips that unless it is an entry as well.
    fn check_entry_end(&mut self, end: usize) {
        if self.is_end(end) || matches!(self.tokens[self.at - 1].kind, Kind::Comma | Kind::Newline) {
            return;
        }
        if self.is_entry(end) {
            let name = self.tokens[self.at];
            self.faults.form(Fault::EntryOnSameLine(self.text(name)), name.span());
            return;
        }
        self.check_separator(end);
        while !self.is_end(end) && !self.is_entry(end) {
            if matches!(self.kind(self.at, end), Some(Kind::Open(_))) {
                self.skip_bracket(end);
            } else {
                self.at += 1;
            }
        }
    }
}

/// Tells whether PowerShell takes a word for a name without quotes.
fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_alphanumeric() || c == '_')
}
