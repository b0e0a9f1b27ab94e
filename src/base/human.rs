//! Numbers and lists as people read them.

use std::{borrow::Cow, fmt::Display};

/// Writes a count with its noun: `1 step`, `3 steps`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Writes a size in bytes with a binary unit: `512 B`, `12.4 KiB`.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if size < 1024 {
        return format!("{size} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let (mut value, mut unit) = (size as f64 / 1024.0, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Joins items with commas: `a, b, c`.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Joins items in backticks with commas: `` `a`, `b` ``.
pub fn quoted_list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    list(items.into_iter().map(|item| format!("`{item}`")))
}

/// Writes what a terminal would obey as what it is; line ends and tabs stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Writes a name on one line, with nothing in it that a terminal would obey.
pub fn harmless_name(name: &str) -> Cow<'_, str> {
    escaped(name, char::is_control)
}

fn escaped(text: &str, is_harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_harmful(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_that_is_shown() {
        assert_eq!(harmless("a\tb\u{1b}[2J\nc"), "a\tb\\u{1b}[2J\nc");
        assert_eq!(harmless_name("a\nb\u{7f}"), "a\\nb\\u{7f}");
        assert!(matches!(harmless("naïve 🚀\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!(plural(1, "step"), "1 step");
        assert_eq!(plural(0, "step"), "0 steps");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(12_700), "12.4 KiB");
        assert_eq!(quoted_list(["a", "b"]), "`a`, `b`");
    }
}
