//! The remarks of a data file.
//!
//! Knows where a remark begins and ends in each format, and what only looks like one inside a text. Does not read the
//! data: a file that breaks the rules of its format has remarks too.

use std::sync::Arc;

use super::{
    Format, psd1,
    read::{MAX_BYTES, Reader},
    yaml,
};
use crate::{base::Span, diag::Source};

/// A remark that people wrote for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands: from its mark, `#` or `//`, to the end of the line, or between `/*` and `*/`, marks included.
    pub span: Span,
}

/// Returns the remarks of a text in their order; O(bytes).
///
/// Of a YAML text that breaks the rules, those up to the mistake; of a text that is too large to be read, none.
pub fn comments(source: &Arc<Source>, format: Format) -> Vec<Comment> {
    if source.text.len() > MAX_BYTES {
        return Vec::new();
    }
    let reader = Reader::new(source);
    let spans = match format {
        Format::Json => json(&reader),
        Format::Yaml => yaml::comments(&reader),
        Format::Toml => toml(&reader),
        Format::Psd1 => psd1::comments(&reader),
    };
    spans.into_iter().map(|span| Comment { span }).collect()
}

fn json(reader: &Reader<'_>) -> Vec<Span> {
    let (text, mut at, mut found) = (reader.text, 0, Vec::new());
    while let Some(next) = text[at..].find(['"', '/']) {
        let start = at + next;
        let rest = &text[start..];
        let length = if rest.starts_with("//") {
            to_line_end(rest)
        } else if let Some(inner) = rest.strip_prefix("/*") {
            inner.find("*/").map_or(rest.len(), |end| end + 4)
        } else if rest.starts_with('"') {
            quoted(rest, b'"', true)
        } else {
            1
        };
        if length > 1 && rest.starts_with('/') {
            found.push(reader.span(start, start + length));
        }
        at = start + length;
    }
    found
}

fn toml(reader: &Reader<'_>) -> Vec<Span> {
    let (text, mut at, mut found) = (reader.text, 0, Vec::new());
    while let Some(next) = text[at..].find(['"', '\'', '#']) {
        let start = at + next;
        let rest = &text[start..];
        let length = match rest.as_bytes()[0] {
            b'#' => to_line_end(rest),
            _ if rest.starts_with("\"\"\"") => long_quoted(rest, "\"\"\"", true),
            _ if rest.starts_with("'''") => long_quoted(rest, "'''", false),
            b'"' => quoted(rest, b'"', true),
            _ => quoted(rest, b'\'', false),
        };
        if rest.starts_with('#') {
            found.push(reader.span(start, start + length));
        }
        at = start + length;
    }
    found
}

fn to_line_end(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

/// Returns the length of a text in quotes; one that is not closed ends with its line.
fn quoted(text: &str, quote: u8, has_escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' | b'\r' => return at,
            b'\\' if has_escapes && bytes.get(at + 1).is_some_and(|next| !matches!(next, b'\n' | b'\r')) => {
                at += 2;
            }
            _ if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Returns the length of a text in three quotes; up to two further quotes before the closing ones are its own.
fn long_quoted(text: &str, quotes: &str, has_escapes: bool) -> usize {
    let length = closing(text, quotes, has_escapes).unwrap_or(text.len());
    let more = text[length..].bytes().take(2).take_while(|byte| *byte == quotes.as_bytes()[0]).count();
    length + more
}

fn closing(text: &str, quotes: &str, has_escapes: bool) -> Option<usize> {
    let (bytes, quotes) = (text.as_bytes(), quotes.as_bytes());
    let mut at = quotes.len();
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quotes) {
            return Some(at + quotes.len());
        }
        let is_escape = has_escapes && rest[0] == b'\\';
        at += if is_escape { 2 } else { 1 };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(format: Format, text: &str) -> Vec<String> {
        let source = Arc::new(Source::new("file", text));
        comments(&source, format).iter().map(|comment| comment.span.of(text).to_owned()).collect()
    }

    #[test]
    fn remarks_are_found_and_texts_are_not() {
        let json = "\u{feff}// é\r\n{\"a//\": \"\\\"/*\", /* x\n */ \"b\": \"#\" } // end";
        assert_eq!(told(Format::Json, json), ["// é", "/* x\n */", "// end"]);
        let toml = "# é 🚀\r\na = \"#\\\"#\" # b\n'#' = '#\\' # c\nd = \"\"\"\n# \\\"\"\"\" # d\n\
            e = '''#''''' # e\nf = [ # f\n 1 ]";
        assert_eq!(told(Format::Toml, toml), ["# é 🚀", "# b", "# c", "# d", "# e", "# f"]);
        let yaml = "\u{feff}# é 🚀\r\na: \"#\" # b\n'# x': c#d # c\nt: | # d\n  # text\n# e\nu: [ # f\n 1]\n";
        assert_eq!(told(Format::Yaml, yaml), ["# é 🚀", "# b", "# c", "# d", "# e", "# f"]);
    }

    #[test]
    fn a_broken_text_has_remarks_too() {
        assert_eq!(told(Format::Json, "{ \"a // no\n// yes\n/* open"), ["// yes", "/* open"]);
        assert_eq!(told(Format::Toml, "a = 'x # no\n# yes\nb = \"\"\"# no"), ["# yes"]);
        assert_eq!(told(Format::Yaml, "# yes\na: 'x\n# no"), ["# yes"]);
    }
}
