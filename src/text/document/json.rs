//! JSON and JSONC by jsonc-parser.

use jsonc_parser::{
    CollectOptions, ParseOptions, ParseStringErrorKind, ast,
    common::Ranged,
    errors::{ParseError, ParseErrorKind},
    parse_to_ast,
};

use super::{
    Entry, Node, NodeValue,
    read::{MAX_DEPTH, Reader},
};
use crate::{
    base::{Span, Spanned},
    diag::Diagnostic,
};

pub(super) fn read(reader: &Reader<'_>) -> (Option<Node>, Vec<Diagnostic>) {
    // The parser recurses; the depth is bounded before it starts.
    if let Some(offset) = first_too_deep(reader.text) {
        return (None, vec![reader.too_deep(reader.span(offset, offset + 1))]);
    }
    match parse_to_ast(reader.text, &CollectOptions::default(), &OPTIONS) {
        Err(error) => (None, vec![syntax_error(reader, &error)]),
        Ok(result) => match result.value {
            Some(value) => (Some(node(reader, value)), Vec::new()),
            None => (None, vec![empty(reader)]),
        },
    }
}

/// JSON as RFC 8259 has it, plus comments and trailing commas.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

fn node(reader: &Reader<'_>, value: ast::Value<'_>) -> Node {
    let range = value.range();
    let span = reader.span(range.start, range.end);
    let value = match value {
        ast::Value::NullKeyword(_) => NodeValue::Null,
        ast::Value::BooleanLit(literal) => NodeValue::Bool(literal.value),
        ast::Value::NumberLit(literal) => NodeValue::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => NodeValue::Text(literal.value.into_owned()),
        ast::Value::Array(array) => {
            NodeValue::List(array.elements.into_iter().map(|item| node(reader, item)).collect())
        }
        ast::Value::Object(object) => {
            NodeValue::Table(object.properties.into_iter().map(|property| entry(reader, property)).collect())
        }
    };
    Node { span, value }
}

fn entry(reader: &Reader<'_>, property: ast::ObjectProp<'_>) -> Entry {
    let range = property.name.range();
    let key = Spanned::new(property.name.into_string(), reader.span(range.start, range.end));
    Entry { key, value: node(reader, property.value) }
}

/// Returns where the nesting first exceeds the bound; brackets in texts and comments do not count.
fn first_too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut index, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(index) {
        match byte {
            b'"' => index = end_of_string(bytes, index),
            b'/' if bytes.get(index + 1) == Some(&b'/') => {
                index += bytes[index..].iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len() - index);
            }
            b'/' if bytes.get(index + 1) == Some(&b'*') => {
                index += text[index..].find("*/").map_or(bytes.len() - index, |length| length + 1);
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(index);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        index += 1;
    }
    None
}

/// Returns the index of the quote that ends the string starting at `start`, or of the text's end.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut index = start + 1;
    while let Some(&byte) = bytes.get(index) {
        match byte {
            b'"' => return index,
            b'\\' => index += 2,
            _ => index += 1,
        }
    }
    bytes.len()
}

fn empty(reader: &Reader<'_>) -> Diagnostic {
    reader.syntax_error("the file is empty", reader.span(0, 0)).help("write at least `{}`")
}

fn syntax_error(reader: &Reader<'_>, error: &ParseError) -> Diagnostic {
    let range = error.range();
    let span = reader.span(range.start, range.end);
    if let Some(zero) = leading_zero(reader, span) {
        let fault = reader.syntax_error("a number cannot start with 0", zero);
        return fault.help("write it in quotes, as in \"0402\"");
    }
    let (message, help) = words(error.kind());
    reader.syntax_error(message, first_line(reader, span)).help_if(help)
}

/// Returns the place of a zero in front of further digits, which the parser takes for a number of its own.
fn leading_zero(reader: &Reader<'_>, error: Span) -> Option<Span> {
    let text = &reader.source.text;
    let (before, behind) = text.split_at_checked(error.start)?;
    let is_zero = before.ends_with('0') && behind.starts_with(|next: char| next.is_ascii_digit());
    is_zero.then(|| Span::new(error.start - 1, error.start))
}

/// Cuts the place of an error down to its first line: an unclosed object would else mark the whole file.
fn first_line(reader: &Reader<'_>, span: Span) -> Span {
    let shown = reader.source.clamp(span);
    let length = shown.of(&reader.source.text).find(['\r', '\n']).unwrap_or(shown.len());
    Span::new(shown.start, shown.start + length)
}

fn words(kind: &ParseErrorKind) -> (String, Option<&'static str>) {
    use ParseErrorKind as Kind;
    let (message, help) = match kind {
        Kind::ExpectedComma => ("expected a comma here", "write `,` between the two values"),
        Kind::ExpectedColonAfterObjectKey => ("expected `:` after the name", "write `\"name\": value`"),
        Kind::ExpectedObjectValue => ("expected a value after `:`", "write the value, or remove the name"),
        Kind::ExpectedStringObjectProperty => {
            ("a name must stand in quotes", "write \"...\" around the name")
        }
        Kind::MultipleRootJsonValues => (
            "expected the end of the file after the first value",
            "remove the rest, or close the first value later",
        ),
        Kind::SingleQuotedStringsNotAllowed => {
            ("texts stand in double quotes", "write \"...\" instead of '...'")
        }
        Kind::UnexpectedWord | Kind::UnexpectedToken => {
            ("expected a value, found a bare word", "write \"...\" around a text")
        }
        Kind::UnexpectedComma => ("expected a value, found a comma", "remove the comma"),
        Kind::UnexpectedColon => ("expected a value, found `:`", "remove the colon"),
        Kind::UnexpectedCloseBrace => ("this `}` closes nothing", "remove it, or open its `{`"),
        Kind::UnexpectedCloseBracket => ("this `]` closes nothing", "remove it, or open its `[`"),
        Kind::UnexpectedTokenInObject => {
            ("expected a name or `}`", "write `\"name\": value`, or close the object")
        }
        Kind::UnterminatedArray => ("this list is not closed", "write the missing `]`"),
        Kind::UnterminatedObject => ("this object is not closed", "write the missing `}`"),
        Kind::UnterminatedCommentBlock => ("this comment is not closed", "write the missing `*/`"),
        Kind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            ("this text is not closed", "write the missing `\"`")
        }
        Kind::String(
            ParseStringErrorKind::InvalidEscape | ParseStringErrorKind::InvalidEscapeInDoubleQuoteString,
        ) => ("this escape does not exist", "write `\\\\` for a backslash"),
        other => return (lower_first(&other.to_string()), None),
    };
    (message.to_owned(), Some(help))
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
