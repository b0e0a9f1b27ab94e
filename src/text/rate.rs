//! How often something may happen, as people write it: `10/min`, `5/s`, `100/h`, `1/30s`.
//!
//! Does not know what happens, nor where the text stands.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::duration;

/// The forms a rate may have, for help lines.
pub const FORMS: &str = "how often in which time, as `5/s`, `10/min`, `100/h` or `1/30s`";

/// Words for the time, beside durations.
const WORDS: [(&str, u64); 13] = [
    ("s", 1),
    ("sec", 1),
    ("second", 1),
    ("m", 60),
    ("min", 60),
    ("minute", 60),
    ("h", 3_600),
    ("hr", 3_600),
    ("hour", 3_600),
    ("d", 86_400),
    ("day", 86_400),
    ("w", 604_800),
    ("week", 604_800),
];

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rate {
    /// So many times at most, above zero, in any stretch of time as long as `per`.
    pub most: u32,
    /// How long the stretch is.
    pub per: Duration,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.most, duration::write(self.per))
    }
}

/// Reads a rate; nothing if the text has none of the forms. Case does not matter.
pub fn parse(text: &str) -> Option<Rate> {
    let (most, per) = text.split_once('/')?;
    let most = most.trim();
    let most = most.bytes().all(|byte| byte.is_ascii_digit()).then(|| most.parse().ok()).flatten();
    let per = per.trim();
    let word = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(per));
    let is_written_out = !per.bytes().all(|byte| byte.is_ascii_digit());
    let per = match word {
        Some((_, seconds)) => Duration::from_secs(*seconds),
        None => duration::parse(per).ok().filter(|_| is_written_out)?,
    };
    most.filter(|most| *most > 0).map(|most| Rate { most, per })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, most, seconds) in [
            ("10/min", 10, 60),
            ("5/s", 5, 1),
            ("100/h", 100, 3_600),
            ("1/30s", 1, 30),
            (" 3 / 1h30m ", 3, 5_400),
            ("7/Day", 7, 86_400),
        ] {
            assert_eq!(parse(text), Some(Rate { most, per: Duration::from_secs(seconds) }), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_none() {
        for text in
            ["", "10", "10/", "/min", "0/s", "-1/s", "+1/s", "1.5/s", "10/60", "10/0s", "10/min/s", "a/s"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_rate_reads_back_as_it_was_written(most in 1..u32::MAX, milliseconds in 1..86_400_000_u64) {
            let rate = Rate { most, per: Duration::from_millis(milliseconds) };
            proptest::prop_assert_eq!(parse(&rate.to_string()), Some(rate));
        }
    }
}
