//! Amounts of memory as people write them: `512MB`, `2GB`, `1.5GiB`.
//!
//! Does not know where the text stands: the caller turns [`BadSize`] into a diagnostic with its own place.

use std::fmt;

/// The forms a size may have, for help lines.
pub const FORMS: &str = "a size with its unit, as `512MB`, `2GB` or `1.5GiB`";

/// The units in bytes, smallest first; those with an `i` count by 1024.
const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

/// Why a text is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSize {
    /// There is no unit behind the number.
    NoUnit,
    /// The text has none of the forms.
    Unreadable,
    /// It is less than a byte.
    Zero,
    /// No machine has as much.
    TooLarge,
}

impl fmt::Display for BadSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUnit => "the unit is missing",
            Self::Unreadable => "this is no size",
            Self::Zero => "a size must be above zero",
            Self::TooLarge => "no machine has as much",
        })
    }
}

impl std::error::Error for BadSize {}

/// Reads a size in bytes; a fraction of a byte is dropped. Case does not matter.
///
/// # Errors
/// [`BadSize`] if the text has no such form, or is zero or beyond all machines.
pub fn parse(text: &str) -> Result<u64, BadSize> {
    let text = text.trim();
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let (number, unit) = text.split_at(text.find(|c| !is_number(c)).unwrap_or(text.len()));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let has_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !has_digits(whole) || !has_digits(fraction) {
        return Err(BadSize::Unreadable);
    }
    let unit = unit.trim();
    if unit.is_empty() {
        return Err(BadSize::NoUnit);
    }
    let found = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let (_, bytes) = *found.ok_or(BadSize::Unreadable)?;
    let whole = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(bytes));
    let digits = fraction.get(..12).unwrap_or(fraction);
    let scale = 10_u128.pow(u32::try_from(digits.len()).map_err(|_| BadSize::Unreadable)?);
    let part = digits.parse::<u128>().map_err(|_| BadSize::Unreadable)? * u128::from(bytes) / scale;
    let size = whole.zip(u64::try_from(part).ok()).and_then(|(whole, part)| whole.checked_add(part));
    match size {
        None => Err(BadSize::TooLarge),
        Some(0) => Err(BadSize::Zero),
        Some(size) => Ok(size),
    }
}

/// Writes a size as [`parse`] reads it, in the largest unit that leaves nothing over: `1536MiB`, `2GB`.
pub fn write(bytes: u64) -> String {
    let whole = UNITS.iter().filter(|(_, unit)| bytes.is_multiple_of(*unit)).max_by_key(|(_, unit)| *unit);
    let (name, unit) = whole.unwrap_or(&UNITS[0]);
    format!("{}{name}", bytes / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, bytes) in [
            ("512MB", 512_000_000),
            ("2GB", 2_000_000_000),
            (" 2 gb ", 2_000_000_000),
            ("1GiB", 1 << 30),
            ("1.5GiB", 3 << 29),
            ("0.5kB", 500),
            ("1B", 1),
            ("007KB", 7_000),
            ("16TiB", 16 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn everything_else_says_why_not() {
        for text in ["", "GB", "2 G B", "-1GB", "1,5GB", "1.GB", ".5GB", "1.2.3GB", "2GBs", "2G", "é", "٣GB"]
        {
            assert_eq!(parse(text), Err(BadSize::Unreadable), "{text}");
        }
        assert_eq!(parse("4"), Err(BadSize::NoUnit));
        for text in ["0GB", "0.1B", "0.0000000001kB"] {
            assert_eq!(parse(text), Err(BadSize::Zero), "{text}");
        }
        for text in ["99999999999999999999GB", "18446744073709551615kB", "20000000TiB"] {
            assert_eq!(parse(text), Err(BadSize::TooLarge), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_size_reads_back_as_it_was_written(bytes in 1..u64::MAX) {
            proptest::prop_assert_eq!(parse(&write(bytes)), Ok(bytes));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "[0-9.kmgtiKMGTIbB é]{0,30}") {
            let _ = parse(&text);
        }
    }
}
