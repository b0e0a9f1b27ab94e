//! The four-digit number of a script.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A script's number, 0 to 9999: its identity in a selection and its place in the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScriptNumber(u16);

impl ScriptNumber {
    /// The largest number, 9999.
    pub const MAX: Self = Self(9999);

    /// Returns the number, or nothing above 9999.
    pub fn new(value: u16) -> Option<Self> {
        (value <= Self::MAX.0).then_some(Self(value))
    }

    /// Reads exactly four ASCII digits.
    pub fn from_digits(text: &str) -> Option<Self> {
        let is_number = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        if is_number { text.parse().ok().map(Self) } else { None }
    }

    /// Tells whether a text calls scripts by number: four digits, or the first three.
    pub fn is_called(text: &str) -> bool {
        matches!(text.len(), 3 | 4) && text.bytes().all(|b| b.is_ascii_digit())
    }

    /// Tells whether a text calls this number: by its four digits or its first three.
    pub fn answers_to(self, text: &str) -> bool {
        Self::is_called(text) && self.to_string().starts_with(text)
    }

    /// Returns the number as an integer.
    pub fn value(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ScriptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl fmt::Debug for ScriptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_digits_are_a_number() {
        assert_eq!(ScriptNumber::from_digits("0402").map(ScriptNumber::value), Some(402));
        for text in ["402", "00402", "+402", "04x2", "", "٠٤٠٢"] {
            assert_eq!(ScriptNumber::from_digits(text), None, "{text}");
        }
        assert_eq!(ScriptNumber::new(10_000), None);
    }

    #[test]
    fn a_number_answers_to_its_first_three_digits() {
        let answers = |text: &str| ScriptNumber::new(402).unwrap().answers_to(text);
        assert!(answers("0402") && answers("040"));
        for text in ["041", "40", "04", "", "0402x", "x40", "402"] {
            assert!(!answers(text), "{text}");
        }
    }
}
