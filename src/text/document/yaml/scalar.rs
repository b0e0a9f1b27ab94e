//! What a scalar means: YAML 1.2's core schema, but for numbers of scripts.

use granit_parser::Tag;

use crate::text::document::NodeValue;

/// Returns the value of a scalar, or what its tag wants and it is not; nothing is wanted by a tag that az does not know.
pub(super) fn resolve(
    text: &str,
    is_plain: bool,
    tag: Option<&Tag>,
) -> Result<NodeValue, Option<&'static str>> {
    let Some(tag) = tag else {
        return Ok(if is_plain { plain(text) } else { NodeValue::Text(text.to_owned()) });
    };
    if is_nothing_said(tag) {
        return Ok(NodeValue::Text(text.to_owned()));
    }
    let wanted = wanted(tag);
    let value = match tag.core_suffix() {
        Some("str") => Some(NodeValue::Text(text.to_owned())),
        Some("null") => Some(NodeValue::Null).filter(|null| *null == plain(text)),
        Some("bool") => Some(plain(text)).filter(|value| matches!(value, NodeValue::Bool(_))),
        Some("int") => number(text).filter(|digits| is_whole(digits)).map(NodeValue::Number),
        Some("float") => number(text).map(NodeValue::Number),
        _ => None,
    };
    value.ok_or(wanted)
}

/// Tells whether a tag is the lone `!`, which only says that nothing is to be guessed.
pub(super) fn is_nothing_said(tag: &Tag) -> bool {
    matches!((tag.handle(), tag.suffix()), ("", "!") | ("!", ""))
}

/// Returns what a tag stands for, if az knows it.
pub(super) fn wanted(tag: &Tag) -> Option<&'static str> {
    Some(match tag.core_suffix()? {
        "str" => "a text",
        "null" => "null",
        "bool" => "true or false",
        "int" => "a whole number",
        "float" => "a number",
        "seq" => "a list",
        "map" => "a mapping",
        _ => return None,
    })
}

fn plain(text: &str) -> NodeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "true" | "True" | "TRUE" => NodeValue::Bool(true),
        "false" | "False" | "FALSE" => NodeValue::Bool(false),
        _ => number(text).map_or_else(|| NodeValue::Text(text.to_owned()), NodeValue::Number),
    }
}

/// Returns a number as JSON writes it.
///
/// `0402` is none: YAML would take it for 402, and the script that is meant would be lost.
fn number(text: &str) -> Option<String> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let based = |digits: &str, base| u128::from_str_radix(digits, base).ok().map(|number| number.to_string());
    if let Some(digits) = text.strip_prefix("0x") {
        return digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| based(digits, 16))?;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| based(digits, 8))?;
    }
    decimal(text)
}

fn decimal(text: &str) -> Option<String> {
    let sign = if text.starts_with('-') { "-" } else { "" };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let are_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        !digits.is_empty() && are_digits(digits)
    };
    let has_digits = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
    let is_number = has_digits && are_digits(whole) && fraction.is_none_or(are_digits);
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    if !is_number || has_leading_zero || !exponent.is_none_or(is_exponent) {
        return None;
    }
    let or_zero = |digits: &str| if digits.is_empty() { "0".to_owned() } else { digits.to_owned() };
    let fraction = fraction.map_or_else(String::new, |fraction| format!(".{}", or_zero(fraction)));
    let exponent = exponent.map_or_else(String::new, |exponent| format!("e{exponent}"));
    Some(format!("{sign}{}{fraction}{exponent}", or_zero(whole)))
}

fn is_whole(number: &str) -> bool {
    number.trim_start_matches('-').bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_yaml_1_2_says_but_for_numbers_of_scripts() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "-0"),
            ("+1", "1"),
            ("-12", "-12"),
            ("1.50", "1.50"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("1.", "1.0"),
            ("1e3", "1e3"),
            ("1.5E-3", "1.5e-3"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("0.0", "0.0"),
        ] {
            assert_eq!(plain(text), NodeValue::Number(expected.into()), "{text}");
        }
        for text in [
            "0402",
            "0400-0499",
            "00",
            "-01",
            "0402.5",
            "1_000",
            ".inf",
            "-.inf",
            ".nan",
            "2025-01-01",
            "yes",
            "no",
            "on",
            "off",
            "y",
            "n",
            "tRUE",
            "nUll",
            "0x",
            "0xG",
            "0x-1",
            "0o8",
            "0o",
            "0b1",
            "1e",
            "e1",
            ".",
            "+",
            "-",
            "1:30",
            "1.2.3",
            "--1",
            "+-1",
            "0x+1",
            "é",
        ] {
            assert_eq!(plain(text), NodeValue::Text(text.into()), "{text}");
        }
    }
}
