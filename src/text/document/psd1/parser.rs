//! From tokens to the tree.
//!
//! Knows the grammar of data: tables, lists, values, and how PowerShell flattens them. Does not know how texts and
//! numbers are written.

use super::{
    code::{Code, is_keyword, operator, operator_within},
    faults::{Fault, Faults},
    number::{self, Read},
    skip::statement_end,
    steps::step,
    token::{Kind, Opening, Token},
};
use crate::{
    base::Span,
    text::document::{
        Node, NodeValue,
        read::{MAX_DEPTH, Reader},
    },
};

/// Reads the value a file holds; nothing if there is none or if it lies too deep.
pub(super) fn parse<'a>(
    reader: &'a Reader<'a>,
    tokens: &'a [Token],
    faults: Faults<'a>,
) -> (Option<Node>, Faults<'a>) {
    let mut parser = Parser { reader, tokens, at: 0, depth: 0, is_in_table: false, faults };
    let root = parser.root();
    (root, parser.faults)
}

/// Where in the tokens the reading is, and what was found so far.
pub(super) struct Parser<'a> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) tokens: &'a [Token],
    /// The token that is looked at.
    pub(super) at: usize,
    /// How many brackets and leading commas are open.
    depth: usize,
    /// Whether the innermost of the brackets is that of a table.
    is_in_table: bool,
    pub(super) faults: Faults<'a>,
}

/// What follows a value on its line.
enum Tail<'a> {
    /// Nothing that matters.
    End,
    /// Something that makes it code.
    Code(Code<'a>),
    /// Something that has no business there.
    Other,
}

/// What was read between brackets.
pub(super) enum Content {
    /// What is a value together with its brackets.
    Value(NodeValue),
    /// What is a value without them.
    Node(Node),
}

/// How the brackets around what is read end.
pub(super) struct Inside {
    /// Index of the token that ends it.
    pub(super) end: usize,
    /// Whether that token is its own bracket.
    is_closed: bool,
}

impl<'a> Parser<'a> {
    fn root(&mut self) -> Option<Node> {
        let end = self.tokens.len();
        let mut root = None;
        let mut is_told = false;
        if !self.skip_separators(end) && self.faults.noted() == 0 {
            self.faults.form(Fault::Empty, Span::new(0, 0));
        }
        while self.skip_separators(end) {
            let before = self.faults.noted();
            let node = self.statement(end);
            let is_code = self.faults.noted() > before && node.value == NodeValue::Null;
            if root.is_some() && !is_code && !is_told {
                is_told = true;
                let place = self.first_line(node.span);
                self.faults.form(Fault::AfterRoot, place);
            }
            if root.is_none() && !is_code {
                root = Some(node);
            }
        }
        let mut root = root?;
        if let Some(place) = too_deep(&root, 1) {
            self.faults.too_deep(place);
            return None;
        }
        shift(&mut root, self.reader.base);
        Some(root)
    }

    pub(super) fn peek(&self, end: usize) -> Option<Token> {
        step(1);
        self.tokens[..end].get(self.at).copied()
    }

    pub(super) fn kind(&self, index: usize, end: usize) -> Option<Kind> {
        self.tokens[..end].get(index).map(|token| token.kind)
    }

    pub(super) fn text(&self, token: Token) -> &'a str {
        token.span().of(self.reader.text)
    }

    pub(super) fn is_next(&self, kind: Kind, end: usize) -> bool {
        self.kind(self.at, end) == Some(kind)
    }

    pub(super) fn skip_newline(&mut self, end: usize) {
        if self.is_next(Kind::Newline, end) {
            self.at += 1;
        }
    }

    /// Skips what separates statements, and brackets that close nothing; tells whether a statement follows.
    pub(super) fn skip_separators(&mut self, end: usize) -> bool {
        while let Some(token) = self.peek(end) {
            match token.kind {
                Kind::Newline | Kind::Semicolon | Kind::Close(_) => self.at += 1,
                _ => return true,
            }
        }
        false
    }

    /// Tells whether the statement before this place ends here.
    pub(super) fn is_end(&self, end: usize) -> bool {
        matches!(self.kind(self.at, end), None | Some(Kind::Newline | Kind::Semicolon | Kind::Close(_)))
    }

    /// Tells whether a name and `=` stand here.
    pub(super) fn is_entry(&self, end: usize) -> bool {
        matches!(self.kind(self.at, end), Some(Kind::Word | Kind::Text(_)))
            && self.kind(self.at + 1, end) == Some(Kind::Equals)
    }

    /// Tells whether the token touches the one before it.
    pub(super) fn is_adjacent(&self, token: Token) -> bool {
        self.at > 0 && self.tokens[self.at - 1].span().end == token.span().start
    }

    /// Returns the place from a token to the one before the place that is looked at.
    pub(super) fn span_from(&self, start: usize) -> Span {
        let last = self.at.max(start + 1) - 1;
        Span::new(self.tokens[start].span().start, self.tokens[last].span().end)
    }

    pub(super) fn first_line(&self, span: Span) -> Span {
        let length = span.of(self.reader.text).find(['\r', '\n']).unwrap_or(span.len());
        Span::new(span.start, span.start + length)
    }

    /// Reads one statement, which starts here: a value, or code, which gives `Null`; always goes on.
    pub(super) fn statement(&mut self, end: usize) -> Node {
        let start = self.at;
        let before = self.faults.count();
        if let Some(code) = self.code_at_start(end) {
            return self.refuse_statement(start, end, code);
        }
        let node = self.values(end);
        match self.tail(start, end) {
            Tail::Code(code) => {
                self.faults.back_to(before);
                self.refuse_statement(start, end, code)
            }
            Tail::End | Tail::Other => node,
        }
    }

    pub(super) fn refuse_statement(&mut self, start: usize, end: usize, code: Code<'a>) -> Node {
        self.at = statement_end(self.tokens, self.reader.text, start, end);
        self.refuse(start, code)
    }

    /// Notes that what lies between a token and this place would have to be executed.
    pub(super) fn refuse(&mut self, start: usize, code: Code<'_>) -> Node {
        let span = self.span_from(start);
        self.faults.code(code, span);
        Node { span, value: NodeValue::Null }
    }

    /// Returns what makes the statement that starts here code, as far as its first tokens tell.
    fn code_at_start(&self, end: usize) -> Option<Code<'a>> {
        let token = self.peek(end)?;
        let word = self.text(token);
        let next = self.kind(self.at + 1, end);
        match token.kind {
            Kind::Pipe => Some(Code::Command(word)),
            Kind::Variable if next == Some(Kind::Equals) || self.is_compound_assignment(end) => {
                Some(Code::Assignment(word))
            }
            Kind::Word if next == Some(Kind::Equals) || number::read(word) != Read::Not => None,
            Kind::Word => command(word, next),
            _ => None,
        }
    }

    /// Tells whether a variable is followed by `+=` or the like.
    fn is_compound_assignment(&self, end: usize) -> bool {
        let Some(sign) = self.tokens[..end].get(self.at + 1) else { return false };
        let is_sign = matches!(self.text(*sign), "+" | "-" | "*" | "/" | "%" | "??");
        is_sign && self.kind(self.at + 2, end) == Some(Kind::Equals)
    }

    /// Returns what follows the values that were just read.
    fn tail(&self, start: usize, end: usize) -> Tail<'a> {
        let before = self.tokens[self.at.max(start + 1) - 1];
        if self.is_next(Kind::Newline, end) && self.is_taken_up(end) {
            return Tail::Code(Code::Pipeline);
        }
        // A comma that leads to no value is told already.
        let is_done = self.is_end(end) || matches!(before.kind, Kind::Comma | Kind::Newline);
        let Some(token) = self.peek(end).filter(|_| !is_done) else { return Tail::End };
        match token.kind {
            Kind::Pipe => Tail::Code(Code::Pipeline),
            Kind::Open(Opening::Square) if self.is_adjacent(token) => Tail::Code(Code::Member),
            Kind::Open(Opening::Paren) if self.is_adjacent(token) && before.kind == Kind::Variable => {
                Tail::Code(Code::Member)
            }
            Kind::Word if !self.is_entry(end) => match operator(self.text(token)) {
                Some("." | "::") => Tail::Code(Code::Member),
                Some(sign) => Tail::Code(Code::Operator(sign)),
                None => Tail::Other,
            },
            _ => Tail::Other,
        }
    }

    /// Tells whether the next line begins with `|`, which goes on with this one.
    fn is_taken_up(&self, end: usize) -> bool {
        self.tokens[..end].get(self.at + 1).is_some_and(|next| self.text(*next) == "|")
    }

    /// Reads a value, or several with commas between them, which are a list.
    fn values(&mut self, end: usize) -> Node {
        let first = self.value(end);
        if !self.is_next(Kind::Comma, end) {
            return first;
        }
        let mut items = vec![first];
        while self.is_next(Kind::Comma, end) {
            let comma = self.tokens[self.at].span();
            self.at += 1;
            if self.kind(self.at, end) == Some(Kind::Newline) && self.kind(self.at + 1, end).is_some() {
                self.at += 1;
            }
            if self.is_end(end) {
                self.faults.form(Fault::NoValueAfterComma, comma);
                break;
            }
            if self.is_in_table && self.is_entry(end) {
                self.faults.form(Fault::CommaBetweenEntries, comma);
                break;
            }
            items.push(self.value(end));
        }
        list(items)
    }

    /// Reads one value with the commas before it, each of which makes a list of one.
    fn value(&mut self, end: usize) -> Node {
        let start = self.at;
        while self.is_next(Kind::Comma, end) {
            step(1);
            self.at += 1;
            self.skip_newline(end);
        }
        let places: Vec<usize> =
            (start..self.at).filter(|index| self.tokens[*index].kind == Kind::Comma).collect();
        if places.is_empty() {
            return self.operand(end);
        }
        if self.depth + places.len() > MAX_DEPTH {
            self.faults.too_deep(self.tokens[start].span());
            return self.operand(end);
        }
        self.depth += places.len();
        let mut node = self.operand(end);
        self.depth -= places.len();
        for comma in places.into_iter().rev() {
            let span = Span::new(self.tokens[comma].span().start, node.span.end);
            node = Node { span, value: NodeValue::List(vec![node]) };
        }
        node
    }

    /// Reads what stands in brackets, unless it lies too deep.
    pub(super) fn nested(&mut self, end: usize, read: fn(&mut Self, &Inside) -> Content) -> Node {
        let start = self.at;
        if self.depth >= MAX_DEPTH {
            self.faults.too_deep(self.tokens[start].span());
            self.skip_bracket(end);
            return Node { span: self.span_from(start), value: NodeValue::Null };
        }
        let inside = self.inside(end);
        let is_in_table = self.tokens[start].kind == Kind::Open(Opening::Table);
        let was_in_table = std::mem::replace(&mut self.is_in_table, is_in_table);
        self.at += 1;
        self.depth += 1;
        let read = read(self, &inside);
        self.depth -= 1;
        self.is_in_table = was_in_table;
        self.at = inside.end + usize::from(inside.is_closed);
        match read {
            Content::Node(node) => node,
            Content::Value(value) => Node { span: self.span_from(start), value },
        }
    }

    /// Returns where the bracket that is looked at ends.
    fn inside(&self, end: usize) -> Inside {
        let open = self.tokens[self.at];
        if let Some(partner) = open.partner().filter(|partner| *partner < end) {
            return Inside { end: partner, is_closed: true };
        }
        Inside { end: self.end_of_open(open.kind, end), is_closed: false }
    }

    /// Returns where a bracket that is not closed was meant to be: before a line that cannot stand in it, such as an
    /// entry of the table around a list, or the next table of the list around a table.
    fn end_of_open(&self, open: Kind, end: usize) -> usize {
        let is_table = open == Kind::Open(Opening::Table);
        let mut at = self.at + 1;
        while at < end {
            step(1);
            let is_entry = matches!(self.kind(at + 1, end), Some(Kind::Word | Kind::Text(_)))
                && self.kind(at + 2, end) == Some(Kind::Equals);
            let is_foreign =
                if is_table { self.kind(at + 1, end) == Some(Kind::Open(Opening::Table)) } else { is_entry };
            if is_foreign && self.kind(at, end) == Some(Kind::Newline) {
                return at;
            }
            let partner = self.tokens[at].partner().filter(|partner| *partner > at && *partner < end);
            at = partner.unwrap_or(at) + 1;
        }
        end
    }

    /// Reads `( value )`, which is the value.
    pub(super) fn parenthesis(&mut self, inside: &Inside) -> Content {
        let open = self.tokens[self.at - 1].span();
        if !self.skip_separators(inside.end) {
            self.faults.form(Fault::NoValueInParens, open);
            return Content::Value(NodeValue::Null);
        }
        let node = self.statement(inside.end);
        if self.skip_separators(inside.end) {
            let found = self.tokens[self.at].span();
            let place = self.first_line(found);
            self.faults.form(Fault::NoSeparator, place);
        }
        Content::Node(node)
    }

    /// Reads `@( ... )`; as in PowerShell, what each statement in it lists becomes items of this list.
    pub(super) fn list(&mut self, inside: &Inside) -> Content {
        let mut items = Vec::new();
        while self.skip_separators(inside.end) {
            let node = self.statement(inside.end);
            match node.value {
                NodeValue::List(inner) => items.extend(inner),
                _ => items.push(node),
            }
            self.check_separator(inside.end);
        }
        Content::Value(NodeValue::List(items))
    }

    /// Notes two values that nothing separates.
    pub(super) fn check_separator(&mut self, end: usize) {
        let is_told = matches!(self.tokens[self.at - 1].kind, Kind::Comma | Kind::Newline);
        if !self.is_end(end) && !is_told {
            let place = self.first_line(self.tokens[self.at].span());
            self.faults.form(Fault::NoSeparator, place);
        }
    }
}

/// Returns what a word that is no number makes of the statement it begins, unless it stands alone.
fn command(word: &str, next: Option<Kind>) -> Option<Code<'_>> {
    let stands_alone =
        matches!(next, None | Some(Kind::Newline | Kind::Semicolon | Kind::Close(_) | Kind::Comma));
    if let Some(sign) = operator_within(word) {
        return Some(Code::Operator(sign));
    }
    if stands_alone {
        return None;
    }
    Some(match operator(word) {
        _ if is_keyword(word) => Code::Keyword(word),
        Some(sign) if sign != "." => Code::Operator(sign),
        _ => Code::Command(word),
    })
}

/// Makes one list of values that have commas between them.
fn list(items: Vec<Node>) -> Node {
    let place = |node: Option<&Node>| node.map(|node| node.span).unwrap_or_default();
    let span = Span::new(place(items.first()).start, place(items.last()).end);
    Node { span, value: NodeValue::List(items) }
}

/// Returns the opening mark of the first table or list that lies too deep; commas make lists that no bracket counts.
fn too_deep(node: &Node, depth: usize) -> Option<Span> {
    match &node.value {
        NodeValue::List(_) | NodeValue::Table(_) if depth > MAX_DEPTH => {
            Some(Span::new(node.span.start, node.span.start + 1))
        }
        NodeValue::List(items) => items.iter().find_map(|item| too_deep(item, depth + 1)),
        NodeValue::Table(entries) => entries.iter().find_map(|entry| too_deep(&entry.value, depth + 1)),
        _ => None,
    }
}

/// Moves places in the text to places in the file.
fn shift(node: &mut Node, by: usize) {
    node.span = node.span.shifted(by);
    match &mut node.value {
        NodeValue::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        NodeValue::Table(entries) => {
            for entry in entries {
                entry.key.span = entry.key.span.shifted(by);
                shift(&mut entry.value, by);
            }
        }
        _ => {}
    }
}
