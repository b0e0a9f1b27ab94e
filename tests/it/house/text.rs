//! Rust text with everything blanked that is no code, so that the checks need not understand strings and comments.
//!
//! Knows tokens. Does not know grammar.

/// Returns the text with the content of comments, strings and characters replaced by blanks.
///
/// Every byte keeps its place and every line its number.
pub(super) fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = end_of_text(bytes, at);
        match end {
            Some(end) => {
                for byte in &mut code[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
            }
            // A word is passed as a whole: the `r` of `for` opens no raw string.
            None if is_word(bytes[at]) => at += bytes[at..].iter().take_while(|byte| is_word(**byte)).count(),
            None => at += 1,
        }
    }
    String::from_utf8(code).expect("whole literals are blanked")
}

/// Returns where the comment, string or character ends that starts at `at`, if one does.
fn end_of_text(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let length = match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => string(rest, 1),
        [b'b' | b'c', b'"', ..] => string(rest, 2),
        [b'b', b'\'', ..] => character(&rest[1..])? + 1,
        [b'r', b'"' | b'#', ..] => raw_string(rest, 1)?,
        [b'b' | b'c', b'r', b'"' | b'#', ..] => raw_string(rest, 2)?,
        [b'\'', ..] => character(rest)?,
        _ => return None,
    };
    Some(at + length)
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &[u8], open: usize) -> usize {
    let mut at = open;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Measures `r#"..."#`; nothing for a raw identifier such as `r#type`.
fn raw_string(rest: &[u8], prefix: usize) -> Option<usize> {
    let hashes = rest[prefix..].iter().take_while(|byte| **byte == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let closing: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let content = &rest[open + 1..];
    let length = content.windows(closing.len()).position(|window| window == closing)?;
    Some(open + 1 + length + closing.len())
}

/// Measures `'x'` or `'\n'`; nothing for a lifetime such as `'a`.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        let end = rest.get(3..)?.iter().position(|byte| *byte == b'\'')?;
        return Some(end + 4);
    }
    let text = std::str::from_utf8(&rest[1..rest.len().min(5)]);
    let text = text.or_else(|error| std::str::from_utf8(&rest[1..=error.valid_up_to()])).ok()?;
    let length = text.chars().next()?.len_utf8();
    (rest.get(1 + length) == Some(&b'\'')).then_some(length + 2)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// A word or a sign of the code, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

/// Splits code into words, `::` and single signs; blanks go.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut start) = (Vec::new(), 0);
    while let Some(first) = code[start..].chars().next() {
        let word = code[start..].bytes().take_while(|byte| is_word(*byte)).count();
        let length = match word {
            0 if code[start..].starts_with("::") => 2,
            0 => first.len_utf8(),
            word => word,
        };
        if !first.is_whitespace() {
            tokens.push(Token { text: &code[start..start + length], start });
        }
        start += length;
    }
    tokens
}

/// Returns the number of the line, from 1, that holds a byte.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Claims what is left of a text, runs of blanks shown as one, and that nothing has moved.
    fn leaves(text: &str, expected: &str) {
        let code = code_only(text);
        let lines = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!((code.len(), lines(&code)), (text.len(), lines(text)), "of `{text}`");
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected, "of `{text}`");
    }

    #[test]
    fn what_is_no_code_is_blanked() {
        leaves("a // { b\nc", "a c");
        leaves("a /* { /* } */ { */ b", "a b");
        leaves(r#"f("{ \" }", x)"#, "f( , x)");
        leaves(r##"f(r#"{ " \"#, x)"##, "f( , x)");
        leaves("f(b\"{\", br\"{\", c\"{\")", "f( , , )");
        leaves("match c { '{' | '\\'' | '\\u{7d}' | b'}' => {} }", "match c { | | | => {} }");
        leaves("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        leaves("'outer: loop { break 'outer }", "'outer: loop { break 'outer }");
        leaves("let r#type = 'é';", "let r#type = ;");
        leaves("for x in var\"\"", "for x in var");
        leaves("\"\\\n{\" {", "{");
    }

    #[test]
    fn open_ends_do_no_harm() {
        for text in ["\"", "'", "r#\"", "/*", "b'", "'\\", "//", "\"\\", "é'"] {
            assert_eq!(code_only(text).len(), text.len(), "of `{text}`");
        }
    }

    #[test]
    fn code_is_split_into_words_and_signs() {
        let texts: Vec<_> = tokens("crate::{a_1, b};").iter().map(|token| token.text).collect();
        assert_eq!(texts, ["crate", "::", "{", "a_1", ",", "b", "}", ";"]);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
