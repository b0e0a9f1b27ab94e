//! Numbers as PowerShell writes them, said as JSON says them.

use crate::text::document::NodeValue;

/// What a word is, read as a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A number; or a text, for digits behind a leading zero: `0402` names a script, and a number would lose the zero.
    Value(NodeValue),
    /// A number no computer word holds.
    TooLarge,
    /// Something else.
    Not,
}

/// Reads a word such as `5`, `-1.50`, `0xFF`, `1e3`, `10mb` or `0402`.
pub(super) fn read(word: &str) -> Read {
    let (is_negative, body) = match word.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let sign = if is_negative { "-" } else { "" };
    let lower = body.to_ascii_lowercase();
    let radix = [("0x", 16), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| Some((lower.strip_prefix(prefix)?, radix)));
    if let Some((digits, radix)) = radix {
        return with_radix(digits, radix, is_negative);
    }
    let Some(parts) = Parts::of(&lower) else { return Read::Not };
    let is_plain = parts.whole.len() == lower.len();
    if is_plain && lower.len() > 1 && lower.starts_with('0') {
        return Read::Value(NodeValue::Text(word.to_owned()));
    }
    match parts.said() {
        Some(number) => Read::Value(NodeValue::Number(format!("{sign}{number}"))),
        None => Read::TooLarge,
    }
}

/// The parts of a decimal number.
struct Parts<'a> {
    whole: &'a str,
    fraction: &'a str,
    /// With its `e`.
    exponent: &'a str,
    factor: u128,
}

impl<'a> Parts<'a> {
    fn of(body: &'a str) -> Option<Self> {
        let (whole, rest) = digits(body, 10);
        let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), |rest| digits(rest, 10));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (exponent, rest) = exponent(rest);
        let rest = type_suffix(rest, &["d", "ul", "us", "uy", "l", "n", "s", "u", "y"]);
        Some(Self { whole, fraction, exponent, factor: factor(rest)? })
    }

    /// Returns the number without its sign as JSON writes it; nothing if it is too large.
    fn said(&self) -> Option<String> {
        let whole = match self.whole.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        let point = if self.fraction.is_empty() { "" } else { "." };
        let digits = format!("{whole}{point}{}{}", self.fraction, self.exponent);
        if self.factor == 1 {
            return Some(digits);
        }
        if self.fraction.is_empty() && self.exponent.is_empty() {
            return whole.parse::<u128>().ok()?.checked_mul(self.factor).map(|number| number.to_string());
        }
        #[expect(clippy::cast_precision_loss, reason = "all factors are powers of two")]
        let product = digits.parse::<f64>().ok()? * self.factor as f64;
        product.is_finite().then(|| product.to_string())
    }
}

/// Splits off the leading digits.
fn digits(text: &str, radix: u32) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_digit(radix)).unwrap_or(text.len()))
}

/// Splits off `e3`, `e-3` or `e+3`.
fn exponent(text: &str) -> (&str, &str) {
    let Some(behind) = text.strip_prefix('e') else { return ("", text) };
    let (power, rest) = digits(behind.strip_prefix(['+', '-']).unwrap_or(behind), 10);
    if power.is_empty() { ("", text) } else { text.split_at(text.len() - rest.len()) }
}

/// Takes off the letters that give a number a type, which data has no use for.
fn type_suffix<'a>(text: &'a str, suffixes: &[&str]) -> &'a str {
    suffixes.iter().find_map(|suffix| text.strip_prefix(suffix)).unwrap_or(text)
}

fn factor(suffix: &str) -> Option<u128> {
    let power = ["", "kb", "mb", "gb", "tb", "pb"].iter().position(|known| *known == suffix)?;
    Some(1 << (10 * power))
}

fn with_radix(body: &str, radix: u32, is_negative: bool) -> Read {
    let (written, rest) = digits(body, radix);
    let behind = type_suffix(rest, &["ul", "us", "uy", "l", "n", "s", "u", "y"]);
    let Some(factor) = factor(behind).filter(|_| !written.is_empty()) else { return Read::Not };
    let is_typed = behind.len() < rest.len();
    let number = i128::from_str_radix(written, radix).ok();
    let number = number.map(|number| if is_typed { number } else { signed(number, written.len(), radix) });
    let number = number.and_then(|number| number.checked_mul(i128::try_from(factor).ok()?));
    number.map_or(Read::TooLarge, |number| {
        let number = if is_negative { -number } else { number };
        Read::Value(NodeValue::Number(number.to_string()))
    })
}

/// Takes the first bit of digits that fill a computer word for a sign, as PowerShell does: `0xFFFFFFFF` is -1.
fn signed(number: i128, digits: usize, radix: u32) -> i128 {
    let bits = digits * if radix == 16 { 4 } else { 1 };
    let is_word = bits == 32 || bits == 64;
    if is_word && number >> (bits - 1) == 1 { number - (1 << bits) } else { number }
}
