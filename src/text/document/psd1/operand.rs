//! Single values.
//!
//! Knows texts, numbers, variables and what brackets begin. Does not know what separates values.

use super::{
    code::Code,
    faults::Fault,
    number::{self, Read},
    parser::Parser,
    quoted::decode,
    steps::step,
    token::{Kind, Opening, Quote, Token},
};
use crate::{
    base::Span,
    text::document::{Node, NodeValue},
};

impl<'a> Parser<'a> {
    /// Reads a single value; goes on unless a statement ends here.
    pub(super) fn operand(&mut self, end: usize) -> Node {
        let has_names = self.skip_names(end);
        let start = self.at;
        let Some(token) = self.peek(end).filter(|_| !self.is_end(end)) else {
            let place = self.tokens[start.max(1) - 1].span();
            if !has_names {
                self.faults.form(Fault::NoValueAfterComma, place);
            }
            return Node { span: place, value: NodeValue::Null };
        };
        let span = token.span();
        match token.kind {
            Kind::Open(opening) => return self.bracket(opening, end),
            Kind::Pipe => return self.refuse_statement(start, end, Code::Command(self.text(token))),
            _ => self.at += 1,
        }
        let value = match token.kind {
            Kind::Text(quote) => self.quoted(token, quote),
            Kind::Variable => variable(self.text(token)),
            Kind::Word => match number::read(self.text(token)) {
                Read::Value(value) => value,
                Read::TooLarge => {
                    self.faults.form(Fault::TooLarge(self.text(token)), span);
                    NodeValue::Null
                }
                Read::Not => return self.refuse(start, Code::Word(self.text(token))),
            },
            _ => NodeValue::Text(String::new()),
        };
        Node { span, value }
    }

    /// Skips what should not stand before a value, `name =` and `=`, and tells whether there was any.
    fn skip_names(&mut self, end: usize) -> bool {
        let start = self.at;
        if let Some(token) = self.peek(end) {
            if self.is_entry(end) {
                self.faults.form(Fault::EntryOutsideTable(self.text(token)), token.span());
            } else if token.kind == Kind::Equals {
                self.faults.form(Fault::Doubled, token.span());
            }
        }
        while self.is_entry(end) || self.is_next(Kind::Equals, end) {
            step(1);
            self.at += if self.is_next(Kind::Equals, end) { 1 } else { 2 };
        }
        self.at > start
    }

    pub(super) fn quoted(&mut self, token: Token, quote: Quote) -> NodeValue {
        let span = token.span();
        let decoded = decode(self.text(token), quote);
        for code in decoded.subexpressions {
            self.faults.code(Code::SubexpressionInText, Span::from(code).shifted(span.start));
        }
        for escape in decoded.bad_escapes {
            let place = Span::from(escape).shifted(span.start);
            self.faults.form(Fault::BadEscape, place);
        }
        NodeValue::Text(decoded.value)
    }

    fn bracket(&mut self, opening: Opening, end: usize) -> Node {
        let start = self.at;
        match opening {
            Opening::Table => self.nested(end, Self::table),
            Opening::List => self.nested(end, Self::list),
            Opening::Paren => self.nested(end, Self::parenthesis),
            Opening::Block => self.block(start, end),
            Opening::Subexpression => self.refuse_bracket(start, end, Code::Subexpression),
            Opening::Square => self.cast(start, end),
        }
    }

    pub(super) fn skip_bracket(&mut self, end: usize) {
        self.at = self.tokens[self.at]
            .partner()
            .filter(|partner| *partner < end)
            .map_or(end, |partner| partner + 1);
    }

    /// Takes a script block as the text it holds; who wants a value refuses it.
    fn block(&mut self, start: usize, end: usize) -> Node {
        self.skip_bracket(end);
        let span = self.span_from(start);
        let written = span.of(self.reader.text);
        let inner = written.strip_prefix('{').unwrap_or(written);
        let inner = inner.strip_suffix('}').unwrap_or(inner);
        Node { span, value: NodeValue::Code(inner.trim().to_owned()) }
    }

    fn refuse_bracket(&mut self, start: usize, end: usize, code: Code<'_>) -> Node {
        self.skip_bracket(end);
        self.refuse(start, code)
    }

    /// Reads `[type]` and what it is put before; `[ordered]` before a table says what az does anyway.
    fn cast(&mut self, start: usize, end: usize) -> Node {
        self.skip_bracket(end);
        let name = self.span_from(start).of(self.reader.text);
        let next = self.peek(end).filter(|_| !self.is_end(end));
        match next.map(|next| (next.kind, next)) {
            Some((Kind::Open(Opening::Table), _)) if name.eq_ignore_ascii_case("[ordered]") => {
                let table = self.nested(end, Self::table);
                return Node { span: Span::new(self.tokens[start].span().start, table.span.end), ..table };
            }
            Some((Kind::Word, next)) if self.text(next).starts_with("::") => {
                self.at += 1;
                if self
                    .peek(end)
                    .is_some_and(|next| matches!(next.kind, Kind::Open(_)) && self.is_adjacent(next))
                {
                    self.skip_bracket(end);
                }
                return self.refuse(start, Code::Member);
            }
            Some((Kind::Open(_), _)) => self.skip_bracket(end),
            Some((Kind::Comma, _)) | None => {}
            Some(_) => self.at += 1,
        }
        self.refuse(start, Code::Cast(name))
    }
}

fn variable(written: &str) -> NodeValue {
    let name = written.strip_prefix('$').unwrap_or(written);
    match name.to_ascii_lowercase().as_str() {
        "true" => NodeValue::Bool(true),
        "false" => NodeValue::Bool(false),
        "null" => NodeValue::Null,
        _ => NodeValue::Reference(name.replacen('{', "", 1).replacen('}', "", 1)),
    }
}
