//! JSON and JSONC by jsonc-parser.

use jsonc_parser::{
    CollectOptions, ParseOptions, ParseStringErrorKind, ast,
    common::Ranged,
    errors::{ParseError, ParseErrorKind},
    parse_to_ast,
};

use super::{
    Entry, Format, Node, NodeValue,
    read::{MAX_DEPTH, Reader},
};
use crate::{
    base::{Span, Spanned},
    diag::Diagnostic,
};

pub(super) fn read(reader: &Reader<'_>) -> (Option<Node>, Vec<Diagnostic>) {
    match parse_to_ast(reader.text, &CollectOptions::default(), &OPTIONS) {
        Err(error) => (None, vec![syntax_error(reader, &error)]),
        Ok(result) => match result.value.map(|value| node(reader, value, 1)) {
            Some(Ok(tree)) => (Some(tree), Vec::new()),
            Some(Err(at)) => (None, vec![reader.too_deep(at)]),
            None => (None, vec![reader.empty(Format::Json)]),
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

/// Makes the node of a value that lies this deep.
///
/// # Errors
/// The place of the first value that lies too deep.
fn node(reader: &Reader<'_>, value: ast::Value<'_>, depth: usize) -> Result<Node, Span> {
    let range = value.range();
    let span = reader.span(range.start, range.end);
    let value = match value {
        ast::Value::NullKeyword(_) => NodeValue::Null,
        ast::Value::BooleanLit(literal) => NodeValue::Bool(literal.value),
        ast::Value::NumberLit(literal) => NodeValue::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => NodeValue::Text(literal.value.into_owned()),
        ast::Value::Array(_) | ast::Value::Object(_) if depth > MAX_DEPTH => {
            return Err(Span::new(span.start, span.start + 1));
        }
        ast::Value::Array(array) => {
            let items = array.elements.into_iter().map(|item| node(reader, item, depth + 1));
            NodeValue::List(items.collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => {
            let entries = object.properties.into_iter().map(|property| entry(reader, property, depth + 1));
            NodeValue::Table(entries.collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { span, value })
}

fn entry(reader: &Reader<'_>, property: ast::ObjectProp<'_>, depth: usize) -> Result<Entry, Span> {
    let range = property.name.range();
    let key = Spanned::new(property.name.into_string(), reader.span(range.start, range.end));
    Ok(Entry { key, value: node(reader, property.value, depth)? })
}

fn syntax_error(reader: &Reader<'_>, error: &ParseError) -> Diagnostic {
    let range = error.range();
    let span = reader.span(range.start, range.end);
    if matches!(error.kind(), ParseErrorKind::NestingDepthExceeded) {
        return reader.too_deep(span);
    }
    if let Some(zero) = leading_zero(reader, span) {
        let fault = reader.syntax_error("a number cannot start with 0", zero);
        return fault.help("write it in quotes, as in \"0402\"");
    }
    if let Some(fault) = reader.foreign_sign(Format::Json, range.start) {
        return fault;
    }
    let (message, help) = words(missing_value(reader, error.kind(), range.start));
    reader.syntax_error(message, first_line(reader, error.kind(), span)).help(help)
}

/// Returns what is wrong where something follows a colon that is no value: it is the value that is missing.
fn missing_value<'a>(reader: &Reader<'_>, kind: &'a ParseErrorKind, at: usize) -> &'a ParseErrorKind {
    use ParseErrorKind as Kind;
    let closes =
        matches!(kind, Kind::UnexpectedCloseBrace | Kind::UnexpectedCloseBracket | Kind::UnexpectedComma);
    let before = reader.text.get(..at).unwrap_or_default().trim_end();
    if closes && before.ends_with(':') { &Kind::ExpectedObjectValue } else { kind }
}

/// Returns the place of a zero in front of further digits, which the parser takes for a number of its own.
fn leading_zero(reader: &Reader<'_>, error: Span) -> Option<Span> {
    let text = &reader.source.text;
    let (before, behind) = text.split_at_checked(error.start)?;
    let is_zero = before.ends_with('0') && behind.starts_with(|next: char| next.is_ascii_digit());
    is_zero.then(|| Span::new(error.start - 1, error.start))
}

/// Cuts the place of an error down to its first line, of what is not closed to the bracket that opens it: it would
/// else mark the whole file.
fn first_line(reader: &Reader<'_>, kind: &ParseErrorKind, span: Span) -> Span {
    let shown = reader.source.clamp(span);
    if matches!(kind, ParseErrorKind::UnterminatedArray | ParseErrorKind::UnterminatedObject) {
        return Span::new(shown.start, shown.end.min(shown.start + 1));
    }
    let length = shown.of(&reader.source.text).find(['\r', '\n']).unwrap_or(shown.len());
    Span::new(shown.start, shown.start + length)
}

fn words(kind: &ParseErrorKind) -> (String, &'static str) {
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
        Kind::UnexpectedCloseBrace => {
            ("this `}` closes nothing", "write the missing `]` before it, or remove it")
        }
        Kind::UnexpectedCloseBracket => {
            ("this `]` closes nothing", "write the missing `}` before it, or remove it")
        }
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
        other => {
            let help = "write it as JSON: names and texts in double quotes, a comma between two values";
            return (lower_first(&other.to_string()), help);
        }
    };
    (message.to_owned(), help)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
