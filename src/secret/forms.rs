//! The forms in which a secret may be printed.
//!
//! Knows how common tools write a text: base64, URLs, JSON, shells, hexadecimal. Does not know who prints.

use std::{collections::BTreeSet, fmt::Write as _};

/// What is shorter is not masked: it stands in many a text by chance, and the masks would tell what it is.
const LEAST_BYTES: usize = 4;
/// An encoded form that is shorter stands for more than the secret.
const LEAST_ENCODED: usize = 6;
/// Words that are a value of many things, in small letters.
const COMMON: [&str; 13] = [
    "true",
    "false",
    "null",
    "none",
    "undefined",
    "default",
    "enabled",
    "disabled",
    "empty",
    "info",
    "error",
    "debug",
    "warning",
];
/// Numbers of fewer digits are dates, ports and sizes too.
const LEAST_DIGITS: usize = 8;
/// After how many characters common tools begin a new line of base64.
const BASE64_LINES: [usize; 2] = [64, 76];
/// The same of hexadecimal.
const HEX_LINE: usize = 60;

/// Tells whether a value is masked where it is printed: one that is short, a common word, or no word at all is not.
pub fn is_maskable(value: &str) -> bool {
    let value = value.trim();
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    value.len() >= LEAST_BYTES
        && (!is_number || value.len() >= LEAST_DIGITS)
        && value.chars().any(char::is_alphanumeric)
        && !COMMON.contains(&value.to_ascii_lowercase().as_str())
}

/// Returns all that is looked for of a value; nothing if it is not to be masked.
pub(super) fn forms(value: &str) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    if !is_maskable(value) {
        return found;
    }
    let trimmed = value.trim_end_matches(['\r', '\n']);
    for text in [value, trimmed].into_iter().chain(lines(value)) {
        let written = [text.to_owned(), json(text), json_ascii(text)].into_iter();
        found.extend(written.chain(urls(text)).chain(shells(text)).map(String::into_bytes));
        let encoded = base64s(text.as_bytes()).into_iter().chain(hexes(text.as_bytes()));
        found.extend(encoded.filter(|form| form.len() >= LEAST_ENCODED).map(String::into_bytes));
    }
    // A line end at the start or end of a form would not be there where the form stands alone.
    found.into_iter().filter(|form| form.len() >= LEAST_BYTES).collect()
}

/// Returns the lines of a value that has more than one, as far as they are masked.
fn lines(value: &str) -> impl Iterator<Item = &str> {
    let lines = value.split(['\r', '\n']).map(str::trim);
    lines.filter(move |line| *line != value && is_maskable(line))
}

/// Returns a text as JSON writes it between quotes.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Returns a text as those write it in JSON who keep to ASCII, as Python does.
fn json_ascii(text: &str) -> String {
    let mut written = String::new();
    for c in json(text).chars() {
        if c.is_ascii() {
            written.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(written, "\\u{unit:04x}"));
        }
    }
    written
}

/// Returns a text as URLs hold it: hexadecimal in small and large letters, blanks as such and as `+`.
fn urls(text: &str) -> impl Iterator<Item = String> {
    // What JavaScript's `encodeURIComponent`, Python's `quote` and forms leave as it is.
    let kept: [&str; 3] = ["-_.~", "-_.~/", "-_.!~*'()"];
    let ways = kept.into_iter().flat_map(|kept| [(kept, false), (kept, true)]);
    ways.flat_map(|(kept, is_upper)| {
        let url = url(text, kept, is_upper);
        let plus = url.replace("%20", "+");
        [url, plus]
    })
}

fn url(text: &str, kept: &str, is_upper: bool) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        _ = match () {
            () if c.is_ascii_alphanumeric() || (c.is_ascii() && kept.contains(c)) => write!(written, "{c}"),
            () if is_upper => write!(written, "%{byte:02X}"),
            () => write!(written, "%{byte:02x}"),
        };
    }
    written
}

/// Returns a text as shells write it: in single and double quotes, in `$'..'`, and with backslashes.
fn shells(text: &str) -> Vec<String> {
    let dollar: String = text.chars().map(dollar_quoted).collect();
    let escaped_in = |special: &str| -> String {
        let escaped = |c| if special.contains(c) { format!("\\{c}") } else { String::from(c) };
        text.chars().map(escaped).collect()
    };
    vec![
        text.replace('\'', "'\\''"),
        text.replace('\'', "'\"'\"'"),
        text.replace('\'', "''"),
        escaped_in("\\\"$`"),
        escaped_in("\\\"$`!"),
        escaped_in(" \t!\"#$&'()*,;<>?[\\]^`{|}~"),
        escaped_in(" \t!\"#$&'()*;<>?[\\]`{|}~"),
        dollar,
    ]
}

fn dollar_quoted(c: char) -> String {
    match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\\' | '\'' => format!("\\{c}"),
        c if c.is_ascii_control() => format!("\\{:03o}", u32::from(c)),
        c => c.to_string(),
    }
}

/// Returns what stands for some bytes in the base64 of anything that holds them, in both alphabets: of each of the three
/// places at which they may begin, without the characters that depend on what stands beside them.
fn base64s(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for (standard, place) in [true, false].into_iter().flat_map(|of| (0..3).map(move |place| (of, place))) {
        let written = base64(&[&vec![0; place], bytes].concat(), standard);
        let first = (place * 8).div_ceil(6);
        let last = (place + bytes.len()) * 8 / 6;
        let sure = written.get(first..last).unwrap_or_default();
        if place == 0 {
            found.extend(BASE64_LINES.into_iter().flat_map(|length| cut(sure, length)));
        }
        found.push(sure.to_owned());
    }
    found
}

/// Writes bytes as base64 without the `=` at the end.
fn base64(bytes: &[u8], is_standard: bool) -> String {
    let last_two = if is_standard { b"+/" } else { b"-_" };
    let alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*last_two).collect();
    let mut written = String::new();
    for three in bytes.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=three.len() {
            let six = (bits >> (18 - 6 * place)) & 0x3f;
            written.push(char::from(alphabet[six as usize]));
        }
    }
    written
}

fn hexes(bytes: &[u8]) -> Vec<String> {
    let mut small = String::new();
    bytes.iter().for_each(|byte| _ = write!(small, "{byte:02x}"));
    let mut found = cut(&small, HEX_LINE);
    found.push(small.to_ascii_uppercase());
    found.push(small);
    found
}

/// Returns the lines that a long text is written in.
fn cut(text: &str, length: usize) -> Vec<String> {
    if text.len() <= length {
        return Vec::new();
    }
    // The last may be so short that it stands anywhere.
    let lines = text.as_bytes().chunks(length).filter(|line| line.len() >= 2 * LEAST_ENCODED);
    lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(value: &str, form: &str) {
        let found = forms(value);
        assert!(found.contains(form.as_bytes()), "{form} is not among the forms of {value}");
    }

    #[test]
    fn what_is_short_or_common_is_not_masked() {
        for value in ["", "abc", "{", "true", "False", "none", "1234567", "----", "{\n}", " ab \n"] {
            assert!(!is_maskable(value) && forms(value).is_empty(), "{value}");
        }
        for value in ["abcd", "12345678", "hun7er", "päss"] {
            assert!(is_maskable(value), "{value}");
        }
    }

    #[test]
    fn a_value_is_known_as_tools_write_it() {
        let value = "it's a \"$ecret\"\\é/+";
        has(value, value);
        has(value, r#"it's a \"$ecret\"\\é/+"#);
        has(value, r#"it's a \"$ecret\"\\\u00e9/+"#);
        has(value, "it%27s%20a%20%22%24ecret%22%5C%C3%A9%2F%2B");
        has(value, "it%27s+a+%22%24ecret%22%5c%c3%a9%2f%2b");
        has(value, "it's%20a%20%22%24ecret%22%5C%C3%A9%2F%2B");
        has(value, r#"it'\''s a "$ecret"\é/+"#);
        has(value, r#"it's a \"\$ecret\"\\é/+"#);
        has(value, r#"it\'s a "$ecret"\\é/+"#);
        has(value, r#"it\'s\ a\ \"\$ecret\"\\é/+"#);
        has("two\nlines", r"two\nlines");
        has("hunter2hunter2", "68756e7465723268756e74657232");
        has("hunter2hunter2\n", "hunter2hunter2");
    }

    #[test]
    fn base64_is_known_wherever_the_value_begins() {
        // printf %s hunter2hunter2 | base64, and behind one and two other bytes.
        has("hunter2hunter2", "aHVudGVyMmh1bnRlcj");
        for before in 0..3 {
            let whole = base64(format!("{}hunter2hunter2:more", "x".repeat(before)).as_bytes(), true);
            let known = forms("hunter2hunter2")
                .into_iter()
                .any(|form| form.len() > 12 && whole.contains(std::str::from_utf8(&form).unwrap()));
            assert!(known, "{whole}");
        }
        assert_eq!((base64(b"\xfb\xff", true), base64(b"\xfb\xff", false)), ("+/8".into(), "-_8".into()));
    }

    #[test]
    fn each_line_of_a_long_value_is_known_and_each_line_of_its_base64() {
        let value = format!("-----BEGIN KEY-----\n{}\n{}\n}}\n", "abcdefgh".repeat(8), "zyxwvuts".repeat(9));
        has(&value, &"abcdefgh".repeat(8));
        has(&value, &"zyxwvuts".repeat(9));
        let whole = base64(value.as_bytes(), true);
        has(&value, &whole[76..152]);
        has(&value, &whole[64..128]);
        assert!(!forms(&value).contains("}".as_bytes()));
    }
}
