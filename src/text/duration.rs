//! Durations as people write them: `30s`, `5m`, `1h30m`, `90`.
//!
//! Does not know where the text stands: the caller turns [`BadDuration`] into a diagnostic with its own place.

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

/// The forms a duration may have, for help lines.
pub const FORMS: &str = "a duration as `250ms`, `30s`, `5m`, `1h30m`, `2d`, or as a number of seconds";

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Ten years: longer than anything waits, short enough to be added to any clock.
const LONGEST_MS: u64 = 3650 * 86_400_000;

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadDuration {
    /// Nothing is written.
    Empty,
    /// The text has none of the forms.
    Unreadable,
    /// The duration is zero, which would end every step at once.
    Zero,
    /// The duration is longer than ten years.
    TooLong,
}

impl fmt::Display for BadDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the duration is empty",
            Self::Unreadable => "this is no duration",
            Self::Zero => "a duration must be above zero",
            Self::TooLong => "a duration of more than ten years is of no use",
        })
    }
}

impl std::error::Error for BadDuration {}

/// Reads a duration; a number without a unit counts seconds.
///
/// Units go from large to small, each at most once; blanks may stand between the parts. Case does not matter.
///
/// # Errors
/// [`BadDuration`] if the text has no such form, or is zero or above ten years.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() {
        return Err(BadDuration::Empty);
    }
    let milliseconds = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        number(&text)?.checked_mul(1000).ok_or(BadDuration::TooLong)?
    } else {
        sum_of_parts(&text)?
    };
    match milliseconds {
        0 => Err(BadDuration::Zero),
        LONGEST_MS.. => Err(BadDuration::TooLong),
        _ => Ok(Duration::from_millis(milliseconds)),
    }
}

/// Writes a duration as [`parse`] reads it, in the largest units: `1h30m`; what is below a millisecond is lost.
pub fn write(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, milliseconds) in UNITS {
        if rest >= milliseconds {
            let _ = write!(text, "{}{unit}", rest / milliseconds);
            rest %= milliseconds;
        }
    }
    text
}

fn sum_of_parts(text: &str) -> Result<u64, BadDuration> {
    let (mut rest, mut units, mut total) = (text, UNITS.as_slice(), 0_u64);
    while !rest.is_empty() {
        let (digits, behind) = rest.split_at(span_of(rest, |c| c.is_ascii_digit()));
        let (unit, behind) = behind.split_at(span_of(behind, |c| c.is_ascii_alphabetic()));
        let place = units.iter().position(|(name, _)| *name == unit).ok_or(BadDuration::Unreadable)?;
        let part = number(digits)?.checked_mul(units[place].1).ok_or(BadDuration::TooLong)?;
        total = total.checked_add(part).ok_or(BadDuration::TooLong)?;
        units = &units[place + 1..];
        rest = behind.trim_start();
    }
    Ok(total)
}

fn span_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn number(digits: &str) -> Result<u64, BadDuration> {
    if digits.is_empty() {
        return Err(BadDuration::Unreadable);
    }
    digits.parse().map_err(|_| BadDuration::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, milliseconds) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            (" 1H 30M ", 5_400_000),
            ("90", 90_000),
            ("24h", 86_400_000),
            ("2d", 172_800_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("007s", 7_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn everything_else_says_why_not() {
        for text in ["abc", "s", "5x", "30m1h", "1h1h", "-5s", "1.5h", "1h30", "5 m", "٣s", "1h,30m", "é"] {
            assert_eq!(parse(text), Err(BadDuration::Unreadable), "{text}");
        }
        assert_eq!(parse("  "), Err(BadDuration::Empty));
        for text in ["0", "0s", "0h0m"] {
            assert_eq!(parse(text), Err(BadDuration::Zero), "{text}");
        }
        for text in ["4000d", "99999999999999999999", "18446744073709551615d", "18446744073709551615"] {
            assert_eq!(parse(text), Err(BadDuration::TooLong), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_duration_reads_back_as_it_was_written(milliseconds in 1..LONGEST_MS) {
            let duration = Duration::from_millis(milliseconds);
            proptest::prop_assert_eq!(parse(&write(duration)), Ok(duration));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "[0-9dhms é]{0,12}") {
            let _ = parse(&text);
        }
    }
}
