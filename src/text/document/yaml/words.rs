//! What is wrong with a text as YAML, in az's words.

use granit_parser::{ErrorKind, ScanError};

use crate::{base::Span, diag::Diagnostic, text::document::read::Reader};

use super::build::MAX_NODES;

/// Words the parser's complaint; `bracket` is where the innermost `[` or `{` opened, and whether it is a list.
pub(super) fn fault(
    reader: &Reader<'_>,
    error: &ScanError,
    bracket: Option<(usize, bool)>,
    last_end: usize,
) -> Diagnostic {
    let at = reader.text.floor_char_boundary(error.marker().byte_offset().unwrap_or_default());
    let kind = error.kind();
    match kind {
        ErrorKind::RecursionLimitExceeded => return reader.too_deep(letter(reader, at)),
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => return tab(reader, at),
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => return unclosed_text(reader, last_end, at),
        _ => {}
    }
    if let Some(tab) = tab_before(reader.text, at) {
        return tab_fault(reader, tab);
    }
    if matches!(kind, ErrorKind::MappingValueNotAllowed) {
        return misplaced_colon(reader, at);
    }
    if let Some((start, is_list)) = bracket.filter(|(start, _)| is_left_open(reader, kind, *start, at)) {
        return unclosed(reader, start, is_list);
    }
    if let ErrorKind::UnclosedFlowCollection { open } = kind {
        return unclosed(reader, at, *open == '[');
    }
    let (message, help) = words(kind);
    reader.syntax_error(message, word(reader, at)).help(help)
}

/// Tells whether a bracket that opened in an earlier line explains the complaint best.
fn is_left_open(reader: &Reader<'_>, kind: &ErrorKind, start: usize, at: usize) -> bool {
    use ErrorKind as Kind;
    let is_earlier_line = || reader.text.get(start..at).is_some_and(|between| between.contains('\n'));
    match kind {
        Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping => true,
        Kind::InvalidColonPlacement | Kind::BlockEntryInFlowCollection | Kind::InvalidFlowScalarIndent => {
            is_earlier_line()
        }
        Kind::ExpectedFlowMappingSeparator | Kind::ExpectedFlowSequenceSeparator => {
            reader.text[at..].starts_with(':') && is_earlier_line()
        }
        _ => false,
    }
}

fn unclosed(reader: &Reader<'_>, start: usize, is_list: bool) -> Diagnostic {
    let (what, bracket) = if is_list { ("list", ']') } else { ("mapping", '}') };
    let fault = reader.syntax_error(format!("this {what} is not closed"), letter(reader, start));
    fault.help(format!("write the missing `{bracket}`"))
}

fn tab(reader: &Reader<'_>, at: usize) -> Diagnostic {
    // The parser tells where the text begins that the tab stands in, or what stands behind the tab.
    let (before, behind) = reader.text.split_at(at);
    let start = if before.ends_with('\t') {
        before.trim_end_matches('\t').len()
    } else {
        at + indenting_tab(behind).or_else(|| behind.find('\t')).unwrap_or_default()
    };
    tab_fault(reader, start)
}

fn tab_fault(reader: &Reader<'_>, start: usize) -> Diagnostic {
    let fault = reader.syntax_error("a tab cannot indent a line", letter(reader, start));
    fault.help("indent with spaces: replace each tab by two or more of them")
}

/// Returns the first tab among what indents the line of a place.
fn tab_before(text: &str, at: usize) -> Option<usize> {
    let line_start = text[..at].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
    indenting_tab(&text[line_start..at]).map(|tab| line_start + tab)
}

/// Returns the first tab among what indents a line.
fn indenting_tab(text: &str) -> Option<usize> {
    let mut offset = 0;
    text.split_inclusive('\n').find_map(|line| {
        let begins = offset;
        offset += line.len();
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        line[..indentation].find('\t').map(|tab| begins + tab)
    })
}

fn unclosed_text(reader: &Reader<'_>, last_end: usize, at: usize) -> Diagnostic {
    let start = open_quote(reader.text, last_end, at).unwrap_or(at);
    let fault = reader.syntax_error("this text is not closed", letter(reader, start));
    let quote = reader.text.get(start..=start).filter(|quote| *quote == "'").unwrap_or("\"");
    fault.help(format!("write the missing `{quote}`; further lines of the text are indented below its name"))
}

/// Returns the quote between two places that opens a text and does not close it before the second.
fn open_quote(text: &str, from: usize, until: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(..until)?;
    let (mut at, mut opens) = (from, None);
    while let Some(&byte) = bytes.get(at) {
        match (opens, byte) {
            (None, b'#') if at == 0 || bytes[at - 1].is_ascii_whitespace() => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
            }
            (None, b'"' | b'\'') if at == 0 || is_before_value(bytes[at - 1]) => opens = Some(at),
            (Some(start), b'\\') if bytes[start] == b'"' => at += 1,
            (Some(start), _) if bytes[start] == byte => opens = None,
            _ => {}
        }
        at += 1;
    }
    opens
}

fn is_before_value(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'[' | b'{' | b',' | b':' | b'"' | b'\'')
}

fn misplaced_colon(reader: &Reader<'_>, at: usize) -> Diagnostic {
    let line_start = reader.text[..at].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
    let line = &reader.text[line_start..at];
    let fault = reader.syntax_error("`:` cannot stand here", letter(reader, at));
    if line.contains(": ") {
        return fault.help("write \"...\" around a text that holds a colon and a blank");
    }
    let indentation = line.len() - line.trim_start().len();
    if indentation > 0 {
        return fault.help("indent all names of a mapping alike, or write the missing `:` in the line above");
    }
    fault.help("write the missing `:` and a blank behind the name in the line above, or `#` before a remark")
}

fn words(kind: &ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as Kind;
    match kind {
        Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation => (
            "expected a name of the mapping above, indented like its other names",
            "indent all names of a mapping, and all items of a list, by the same number of spaces",
        ),
        Kind::ExpectedBlockSequenceEntry => (
            "expected `- ` and a further item of the list above",
            "write `- ` before the item, or indent the names as they belong",
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            ("expected `:` after the name", "write `name: value`, `- item`, or `#` before a remark")
        }
        Kind::BlockSequenceEntryNotAllowed => {
            ("a list cannot begin in this line", "write `- item` in a line of its own, or a list as [...]")
        }
        Kind::BlockEntryInFlowCollection => {
            ("`- ` cannot stand between brackets", "separate the items by commas: [a, b]")
        }
        Kind::ExpectedFlowSequenceSeparator => {
            ("expected a comma here", "write `,` between two values, and `]` behind the last")
        }
        Kind::ExpectedFlowMappingSeparator => {
            ("expected a comma here", "write `,` between two entries, and `}` behind the last")
        }
        Kind::MismatchedFlowCollectionEnd { open: '[', .. } => {
            ("this list is closed by `}`", "write `]` instead")
        }
        Kind::MismatchedFlowCollectionEnd { .. } => ("this mapping is closed by `]`", "write `}` instead"),
        Kind::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", "remove it, or write \"...\" around the text")
        }
        Kind::InvalidColonPlacement | Kind::FlowMappingValueAdjacentCollection => {
            ("`:` cannot stand here", "write \"...\" around a text that holds a colon, or close the bracket")
        }
        kind => scalar_words(kind),
    }
}

fn scalar_words(kind: &ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as Kind;
    match kind {
        Kind::UnexpectedCharacter { .. } | Kind::PlainScalarStartsWithDashFlowIndicator => {
            ("a text cannot start with this sign", "write \"...\" around the text")
        }
        Kind::UnknownQuotedScalarEscape => (
            "an escape in this text does not exist",
            "write `\\\\` for a backslash, or '...' around the text",
        ),
        Kind::CommentInterceptedScalar => (
            "a remark stands inside a text of several lines",
            "move the remark, or write \"...\" around a text with `#`",
        ),
        Kind::CommentNotSeparated => ("expected a blank before `#`", "write a blank before the remark"),
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            ("expected the end of the line after the text", "write the whole text between the quotes")
        }
        Kind::UndeclaredTagHandle => {
            ("az does not know this tag", "remove it, or write \"...\" around a text that starts with `!`")
        }
        Kind::MissingAnchorOrAliasName => {
            ("expected a name here", "write \"...\" around a text that starts with `&` or `*`")
        }
        Kind::InvalidBlockScalarHeader => (
            "expected the end of the line after `|` or `>`",
            "write the text in the lines below, or \"...\" around it",
        ),
        Kind::BomInsideDocument => ("a byte order mark stands inside the file", "remove it"),
        Kind::UnsupportedYamlMajorVersion => ("az reads YAML 1.2", "remove the line"),
        _ => (
            "this is no YAML",
            "write `name: value`, `- item`, and \"...\" around a text with special characters",
        ),
    }
}

pub(super) fn second_document(reader: &Reader<'_>, at: Span) -> Diagnostic {
    reader
        .syntax_error("a second document begins here", at)
        .help("keep one document in a file: remove `---`, or move what follows to a file of its own")
}

pub(super) fn complex_key(reader: &Reader<'_>, at: Span) -> Diagnostic {
    reader
        .syntax_error("a name must be a text, not a list or mapping", at)
        .help("write `name: value`; write \"...\" around a text that starts with a bracket, as {{x}} does")
}

pub(super) fn no_key(reader: &Reader<'_>, at: Span) -> Diagnostic {
    reader.syntax_error("expected a name before `:`", at).help("write `name: value`")
}

pub(super) fn no_anchor(reader: &Reader<'_>, name: &str, at: Span) -> Diagnostic {
    reader
        .syntax_error(format!("no value above is named `&{name}`"), at)
        .help(format!("write `&{name}` before the value that is meant, or \"*{name}\" in quotes as a text"))
}

pub(super) fn recursive(reader: &Reader<'_>, at: Span) -> Diagnostic {
    reader
        .syntax_error("this alias stands inside the value it names", at)
        .help("write the value itself, or name another one")
}

pub(super) fn too_many(reader: &Reader<'_>, at: Span) -> Diagnostic {
    reader
        .syntax_error(
            format!("the file has more than {MAX_NODES} values, or its aliases repeat too much"),
            at,
        )
        .help("split the file, or write the values without aliases")
}

pub(super) fn bad_merge(reader: &Reader<'_>, at: Span) -> Diagnostic {
    reader
        .syntax_error("`<<` wants a mapping, or a list of mappings", at)
        .help("write `<<: *name` with the name of a mapping, or \"<<\" in quotes as a name")
}

pub(super) fn bad_tag(reader: &Reader<'_>, wanted: Option<&str>, at: Span) -> Diagnostic {
    let written = at.of(&reader.source.text);
    let (message, help) = if let Some(wanted) = wanted {
        let message = format!("the value of `{written}` is not {wanted}");
        (message, format!("write {wanted}, or remove `{written}`"))
    } else {
        let help = "remove it, or write \"...\" around a text that starts with `!`";
        (format!("az does not know the tag `{written}`"), help.to_owned())
    };
    reader.syntax_error(message, at).help(help)
}

/// Returns the place of one character.
pub(super) fn letter(reader: &Reader<'_>, start: usize) -> Span {
    let width = reader.text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    reader.span(start, start + width)
}

/// Returns the place of the word that begins here, at least one character of it.
fn word(reader: &Reader<'_>, start: usize) -> Span {
    let rest = reader.text.get(start..).unwrap_or_default();
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}' | '[' | '{');
    let length = rest.find(is_end).unwrap_or(rest.len());
    if length == 0 && !rest.starts_with(['\n', '\r']) {
        letter(reader, start)
    } else {
        reader.span(start, start + length)
    }
}

/// Returns where a text of several lines stands, from its `|` or `>` to the end of its last line.
///
/// The parser tells where its first line begins and where what follows begins.
pub(super) fn block_text(text: &str, last_end: usize, start: usize, end: usize) -> (usize, usize) {
    let head = mark_between(text, last_end, start, &['|', '>']).unwrap_or(start);
    let shown = text.get(head..end.max(start)).unwrap_or_default();
    (head, head + shown.trim_end().len())
}

/// Returns where one of the marks first stands between two places, past tags, anchors and remarks.
pub(super) fn mark_between(text: &str, from: usize, until: usize, marks: &[char]) -> Option<usize> {
    let between = text.get(from..until)?;
    let mut offset = 0;
    while let Some(next) = between[offset..].chars().next() {
        let rest = &between[offset..];
        offset += match next {
            _ if marks.contains(&next) => return Some(from + offset),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '!' | '&' => rest.find(char::is_whitespace).unwrap_or(rest.len()),
            _ => next.len_utf8(),
        };
    }
    None
}
