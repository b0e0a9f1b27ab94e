//! Times of cron: five fields, and which of them is wrong.
//!
//! What a field may hold is `croner`'s to know. Does not know when a time comes next.

use croner::parser::{CronParser, Seconds};

use crate::base::Span;

/// Why a text is no time of cron.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCron {
    /// What is wrong.
    pub message: String,
    /// Where in the text, in bytes.
    pub at: Span,
    /// What stands there.
    pub label: String,
    /// What to write.
    pub help: String,
}

/// The fields: name, the numbers allowed.
const FIELDS: [(&str, u32, u32); 5] = [
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
];

/// Words that stand for all five fields.
const WORDS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

const EXAMPLE: &str = "write `0 2 * * *` for two o'clock every night";

/// Tells whether a text is a time of cron.
///
/// # Errors
/// The first field that is none, or what is wrong with the whole.
pub fn check(text: &str) -> Result<(), BadCron> {
    let whole = Span::new(0, text.len());
    if text.trim_start().starts_with('@') {
        return if WORDS.iter().any(|word| word.eq_ignore_ascii_case(text.trim())) {
            Ok(())
        } else {
            Err(BadCron {
                message: format!("`{}` is no time", text.trim()),
                at: whole,
                label: "no such word".to_owned(),
                help: format!("write one of {}, or five fields", WORDS.join(", ")),
            })
        };
    }
    let fields = fields(text);
    if fields.len() != FIELDS.len() {
        let found = fields.len();
        return Err(BadCron {
            message: format!("a time of cron has 5 fields, found {found}"),
            at: whole,
            label: "minute hour day month weekday".to_owned(),
            help: without_sixth(text, &fields).unwrap_or_else(|| EXAMPLE.to_owned()),
        });
    }
    for (index, field) in fields.iter().enumerate() {
        let (name, low, high) = FIELDS[index];
        let word = field.of(text);
        if is_sound(index, word) {
            continue;
        }
        let number: Option<u32> = word.parse().ok();
        let message = match number {
            Some(number) => format!("{name} {number} is outside {low}–{high}"),
            None => format!("`{word}` is no {name}"),
        };
        return Err(BadCron {
            message,
            at: *field,
            label: format!("field {} of 5: {name}", index + 1),
            help: format!(
                "write `*`, a number from {low} to {high}, a range such as {low}-{high}, or a step such as */2"
            ),
        });
    }
    Ok(())
}

/// Says what is left of six fields without the one az has not: others have seconds in front, or years at the end.
fn without_sixth(text: &str, fields: &[Span]) -> Option<String> {
    let [first, .., last] = fields else { return None };
    if fields.len() != FIELDS.len() + 1 {
        return None;
    }
    let without = |left_out: &Span, what: &str| {
        let five: Vec<Span> = fields.iter().filter(|field| *field != left_out).copied().collect();
        let five = joined(text, &five);
        check(&five).is_ok().then(|| format!("write `{five}`: there is no field for {what}"))
    };
    without(first, "seconds").or_else(|| without(last, "years"))
}

fn joined(text: &str, fields: &[Span]) -> String {
    fields.iter().map(|field| field.of(text)).collect::<Vec<_>>().join(" ")
}

/// Tries one field alone, so that it is known which one is wrong.
fn is_sound(index: usize, word: &str) -> bool {
    let mut alone = ["*"; 5];
    alone[index] = word;
    CronParser::builder().seconds(Seconds::Disallowed).build().parse(&alone.join(" ")).is_ok()
}

fn fields(text: &str) -> Vec<Span> {
    let mut fields = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (character.is_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                fields.push(Span::new(from, at));
                start = None;
            }
            _ => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_people_write_are_times() {
        for text in [
            "0 2 * * *",
            "*/15 8-18 * * MON-FRI",
            "0 0 1,15 * *",
            "0 9 1 1,4,7,10 *",
            "  5 4 * * 0 ",
            "@daily",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_field_that_is_wrong_is_told() {
        for (text, at, message) in [
            ("0 25 * * *", "25", "hour 25 is outside 0–23"),
            ("é 2 * * *", "é", "`é` is no minute"),
            ("0 2 0 * *", "0", "day of the month 0 is outside 1–31"),
            ("0 2 * 13 *", "13", "month 13 is outside 1–12"),
            ("0  2 * * FOO", "FOO", "`FOO` is no day of the week"),
            ("0 2 * *", "0 2 * *", "a time of cron has 5 fields, found 4"),
            ("", "", "a time of cron has 5 fields, found 0"),
            ("@often", "@often", "`@often` is no time"),
        ] {
            let fault = check(text).unwrap_err();
            assert_eq!((fault.at.of(text), fault.message.as_str()), (at, message), "{text}");
        }
    }

    #[test]
    fn of_six_fields_the_one_that_is_too_many_is_told() {
        for (text, help) in [
            ("0 0 2 * * *", "write `0 2 * * *`: there is no field for seconds"),
            ("0 2 * * *  2027", "write `0 2 * * *`: there is no field for years"),
            ("0 2 * * FOO BAR", EXAMPLE),
            ("0 2 * *", EXAMPLE),
        ] {
            assert_eq!(check(text).unwrap_err().help, help, "{text}");
        }
    }
}
