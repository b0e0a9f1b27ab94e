//! The difference of two texts as a unified diff.
//!
//! Does not know what the texts are.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use crate::base::{harmless, harmless_name};

/// Returns what changed in a file, with three lines around it; nothing if nothing did.
///
/// Line ends stay as they are, so that without colours a program can apply the diff, as long as no line holds what a
/// terminal would obey.
pub fn unified_diff(path: &str, before: &str, after: &str, color: bool) -> String {
    let paint = |code: u8, text: &str| {
        if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let diff = TextDiff::from_lines(before, after);
    let path = harmless_name(path);
    let mut shown = String::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        if shown.is_empty() {
            _ = writeln!(shown, "{}\n{}", paint(1, &format!("--- {path}")), paint(1, &format!("+++ {path}")));
        }
        _ = writeln!(shown, "{}", paint(36, &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (line, end) = line_end(change.value());
            let line = format!("{}{}", change.tag(), harmless(line));
            shown += &match change.tag() {
                ChangeTag::Delete => paint(31, &line),
                ChangeTag::Insert => paint(32, &line),
                ChangeTag::Equal => line,
            };
            shown += if end.is_empty() { "\n\\ No newline at end of file\n" } else { end };
        }
    }
    shown
}

/// Splits a line from its end.
fn line_end(line: &str) -> (&str, &str) {
    let text = line.trim_end_matches(['\r', '\n']);
    line.split_at(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown_with_three_lines_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n";
        let after = before.replace("6\n", "six\n");
        let expected = "--- a/b.json\n+++ a/b.json\n@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n";
        assert_eq!(unified_diff("a/b.json", before, &after, false), expected);
        assert_eq!(unified_diff("a/b.json", before, before, true), "");
    }

    #[test]
    fn line_ends_and_a_missing_last_one_are_kept() {
        let shown = unified_diff("f", "a\r\nb", "a\r\nc", false);
        let hint = "\n\\ No newline at end of file\n";
        assert_eq!(shown, format!("--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\r\n-b{hint}+c{hint}"));
    }

    #[test]
    fn colours_are_those_of_git_and_nothing_else_is_obeyed() {
        let shown = unified_diff("f\u{1b}", "a\n", "\u{1b}[2J\n", true);
        assert!(shown.contains("\u{1b}[31m-a\u{1b}[0m\n\u{1b}[32m+\\u{1b}[2J\u{1b}[0m\n"), "{shown:?}");
        assert!(shown.starts_with("\u{1b}[1m--- f\\u{1b}\u{1b}[0m\n"), "{shown:?}");
    }
}
