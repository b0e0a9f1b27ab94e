//! TOML by the `toml` crate's spanned tables.

use toml::{
    Spanned as TomlSpanned,
    de::{DeTable, DeValue, Error},
};

use super::{
    Entry, Format, Node, NodeValue,
    read::{MAX_DEPTH, Reader},
};
use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, code},
};

pub(super) fn read(reader: &Reader<'_>) -> (Option<Node>, Vec<Diagnostic>) {
    let (document, mut errors) = if reader.text.len() <= RECOVERED_BYTES {
        DeTable::parse_recoverable(reader.text)
    } else {
        match DeTable::parse(reader.text) {
            Ok(document) => (document, Vec::new()),
            Err(error) => return (None, vec![fault(reader, None, &error)]),
        }
    };
    if let Some(deep) = errors.iter().position(is_too_deep) {
        // What stands in the depths is not looked at, so that all further errors come of that.
        errors.truncate(deep + 1);
    }
    let unclosed = errors.iter().position(is_unclosed).and_then(|at| unclosed(reader, &mut errors, at));
    let mut walk = Walk { reader, too_deep: None };
    let root = Node { span: reader.span(0, 0), value: walk.table(document.into_inner(), 1) };
    let mut diagnostics: Vec<Diagnostic> = Vec::with_capacity(errors.len());
    for (index, error) in errors.iter().enumerate() {
        // Looking for the first of two equal keys walks the tree; a file of nothing else must not take forever.
        let tree = (index < 20).then_some(&root);
        diagnostics.push(fault(reader, tree, error));
    }
    diagnostics.extend(unclosed);
    diagnostics.extend(walk.too_deep.map(|span| reader.too_deep(span)));
    let is_readable = diagnostics.iter().all(|diagnostic| diagnostic.code == code::DUPLICATE_KEY);
    (is_readable.then_some(root), diagnostics)
}

/// Up to which size all mistakes of a text are told, and not only the last: each costs the parser hundreds of bytes, and
/// a line of two letters can be one.
const RECOVERED_BYTES: usize = 1 << 20;

struct Walk<'a> {
    reader: &'a Reader<'a>,
    /// The first value that lies too deep; it is left out of the tree.
    too_deep: Option<Span>,
}

impl Walk<'_> {
    fn node(&mut self, value: TomlSpanned<DeValue<'_>>, depth: usize) -> Node {
        let range = value.span();
        let raw = self.reader.text.get(range.clone()).unwrap_or_default();
        let span = self.reader.span(range.start, range.end);
        let value = match value.into_inner() {
            DeValue::String(text) => NodeValue::Text(text.into_owned()),
            // `1_000`, `0x10` and `+1` are TOML's own; whoever reads a number knows that of JSON.
            DeValue::Integer(number) => NodeValue::Number(
                i64::from_str_radix(number.as_str(), number.radix())
                    .map_or_else(|_| raw.to_owned(), |number| number.to_string()),
            ),
            DeValue::Float(number) => NodeValue::Number(number.as_str().trim_start_matches('+').to_owned()),
            DeValue::Boolean(value) => NodeValue::Bool(value),
            DeValue::Datetime(_) => NodeValue::Text(raw.to_owned()),
            DeValue::Array(_) | DeValue::Table(_) if depth >= MAX_DEPTH => {
                self.too_deep.get_or_insert(span);
                NodeValue::Null
            }
            DeValue::Array(items) => {
                NodeValue::List(items.into_iter().map(|item| self.node(item, depth + 1)).collect())
            }
            DeValue::Table(table) => self.table(table, depth + 1),
        };
        Node { span, value }
    }

    fn table(&mut self, table: DeTable<'_>, depth: usize) -> NodeValue {
        let mut entries: Vec<Entry> = table
            .into_iter()
            .map(|(key, value)| {
                let range = key.span();
                let key =
                    Spanned::new(key.into_inner().into_owned(), self.reader.span(range.start, range.end));
                Entry { key, value: self.node(value, depth) }
            })
            .collect();
        // The parser sorts by name; people and diagnostics want the order of the file.
        entries.sort_by_key(|entry| entry.key.span);
        NodeValue::Table(entries)
    }
}

fn fault(reader: &Reader<'_>, tree: Option<&Node>, error: &Error) -> Diagnostic {
    let range = error.span().unwrap_or(0..0);
    let span = reader.span(range.start, range.end);
    if error.message() == "duplicate key" {
        return duplicate(reader, tree, span);
    }
    if is_too_deep(error) {
        return reader.too_deep(Span::new(span.start, span.end.min(span.start + 1)));
    }
    // `1 // x` is one bare word to the parser.
    let inside = reader.text.get(range.clone()).and_then(|word| Some(range.start + word.find(" /")? + 1));
    let foreign = |at| reader.foreign_sign(Format::Toml, at);
    if let Some(fault) = foreign(range.start).or_else(|| inside.and_then(foreign)) {
        return fault;
    }
    let (message, help) = words(error.message(), span);
    reader.syntax_error(message, span).help(help)
}

fn is_unclosed(error: &Error) -> bool {
    error.message().starts_with("unclosed array") || error.message().starts_with("unclosed inline table")
}

/// Words one bracket that is not closed, and takes away what the parser found behind it up to where it gave up: all of
/// that was read as if it lay in the brackets.
fn unclosed(reader: &Reader<'_>, errors: &mut Vec<Error>, at: usize) -> Option<Diagnostic> {
    let start = |error: &Error| error.span().map_or(0, |span| span.start);
    let end = errors.get(at).map(start)?;
    let open = open_brackets(reader.text.get(..end)?);
    let (outer, (inner, bracket)) = (open.first()?.0, open.last()?);
    errors.retain(|error| !(outer..=end).contains(&start(error)));
    let (what, missing) = if *bracket == b'[' { ("list", ']') } else { ("table", '}') };
    let fault = reader.syntax_error(format!("this {what} is not closed"), reader.span(*inner, inner + 1));
    Some(fault.help(format!("write the missing `{missing}`")))
}

/// Returns the brackets that are open at the end of a text, outside of texts and remarks; O(text).
fn open_brackets(text: &str) -> Vec<(usize, u8)> {
    let bytes = text.as_bytes();
    let (mut open, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'#' => at += text[at..].find('\n').unwrap_or(text.len() - at),
            b'"' | b'\'' => at = text_end(text, at),
            b'[' | b'{' => {
                open.push((at, *byte));
                at += 1;
            }
            b']' | b'}' => {
                // `[` and `{` are two before what closes them.
                if open.last().is_some_and(|(_, opening)| opening + 2 == *byte) {
                    open.pop();
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    open
}

/// Returns where the text whose first quote stands at a place ends, behind its last quote; an open one ends with its
/// line, or with the file.
fn text_end(text: &str, at: usize) -> usize {
    let rest = &text.as_bytes()[at..];
    let quote = rest[0];
    let mark = if rest.starts_with(&[quote; 3]) { 3 } else { 1 };
    let mut end = mark;
    while let Some(byte) = rest.get(end) {
        if rest[end..].starts_with(&[quote; 3][..mark]) {
            return at + end + mark;
        }
        if *byte == b'\n' && mark == 1 {
            return at + end;
        }
        end += if *byte == b'\\' && quote == b'"' { 2 } else { 1 };
    }
    text.len()
}

fn is_too_deep(error: &Error) -> bool {
    error.message().contains("recursion")
}

fn duplicate(reader: &Reader<'_>, tree: Option<&Node>, span: Span) -> Diagnostic {
    let name = span.of(&reader.source.text);
    let diagnostic = Diagnostic::error(code::DUPLICATE_KEY, format!("`{name}` stands twice in its table"))
        .source(reader.source)
        .label(span, "stands here again")
        .help("remove one of the two, or rename it");
    let first = tree.and_then(|tree| {
        earlier_key(reader, tree, name, span).or_else(|| earlier_header(&reader.source.text, span))
    });
    match first {
        Some(first) => diagnostic.label(first, "first stands here"),
        None => diagnostic,
    }
}

/// Says a message of the parser in az's words, with what to do.
fn words(message: &str, at: Span) -> (String, String) {
    let message = message.trim_end_matches(", expected nothing");
    let (message, help) = match message {
        _ if message.starts_with("string values must be quoted") && at.is_empty() => {
            ("expected a value after `=`", "write the value, or remove the name")
        }
        _ if message.starts_with("string values must be quoted") => {
            ("expected a value, found a bare word", "write \"...\" around a text")
        }
        _ if message.starts_with("unexpected leading zero") => {
            ("a number cannot start with 0", "write it in quotes, as in \"0402\"")
        }
        _ if message.starts_with("key with no value") => (
            "expected `=` and a value after the name",
            "write `name = value`, or `[name]` for a table, or `#` before a remark",
        ),
        _ if message.starts_with("unquoted keys cannot be empty") => {
            ("expected a name", "write the name, or remove the line")
        }
        _ if message.starts_with("invalid boolean") => {
            (message, "write true or false, or \"...\" around a text")
        }
        _ if message.starts_with("missing escaped value") => {
            ("this escape does not exist", "write `\\\\` for a backslash, or '...' around the text")
        }
        _ => match message.split_once(", expected `").and_then(|(_, rest)| rest.split_once('`')) {
            Some((missing, "")) => return (message.to_owned(), format!("write the missing `{missing}`")),
            _ => (message, "write `name = value`, with \"...\" around a text"),
        },
    };
    (message.to_owned(), help.to_owned())
}

/// Returns where the table header that `behind` lies in was already written, letter by letter.
fn earlier_header(text: &str, behind: Span) -> Option<Span> {
    let line_start = text[..behind.start].rfind('\n').map_or(0, |newline| newline + 1);
    let header = text[line_start..].lines().next()?.trim();
    let mut offset = 0;
    for line in text[..line_start].split_inclusive('\n') {
        if line.trim() == header {
            let start = offset + line.find(header)?;
            return Some(Span::new(start, start + header.len()));
        }
        offset += line.len();
    }
    None
}

/// Returns the last key before `behind` that is written like `name` and can lie in the same table.
///
/// The parser does not tell where the first of two equal keys stands. An inline table ends where it is closed, so
/// only one around `behind` can hold both.
fn earlier_key(reader: &Reader<'_>, node: &Node, name: &str, behind: Span) -> Option<Span> {
    let is_inline = reader.source.text[node.span.start..].starts_with('{');
    let holds = node.span.start <= behind.start && behind.end <= node.span.end;
    let (here, below): (Option<Span>, Vec<&Node>) = match &node.value {
        NodeValue::Table(entries) if !is_inline || holds => {
            let same = entries
                .iter()
                .map(|entry| entry.key.span)
                .filter(|key| key.start < behind.start && key.of(&reader.source.text) == name);
            (same.max(), entries.iter().map(|entry| &entry.value).collect())
        }
        NodeValue::List(items) => (None, items.iter().collect()),
        _ => (None, Vec::new()),
    };
    below.into_iter().filter_map(|child| earlier_key(reader, child, name, behind)).chain(here).max()
}
