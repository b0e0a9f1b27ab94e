//! Where two texts first differ.
//!
//! Knows bytes and lines. Does not know where they come from.

use crate::base::harmless_name;

/// The first line in which two texts differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDifference {
    /// Its number, from 1.
    pub line: usize,
    /// What the first text says there; empty behind its end.
    pub one: String,
    /// What the other says.
    pub other: String,
}

/// Bytes of a line that are shown.
const SHOWN: usize = 80;

/// Returns the first line in which two texts differ; nothing if they are equal.
pub(super) fn first_difference(one: &[u8], other: &[u8]) -> Option<LineDifference> {
    if one == other {
        return None;
    }
    let is_end = |byte: &u8| *byte == b'\n';
    let (mut ones, mut others) = (one.split_inclusive(is_end), other.split_inclusive(is_end));
    for line in 1.. {
        match (ones.next(), others.next()) {
            (one, other) if one == other && one.is_some() => {}
            (one, other) => return Some(LineDifference { line, one: shown(one), other: shown(other) }),
        }
    }
    None
}

/// Writes a line so that no byte of it changes the terminal, cut if it is long.
fn shown(line: Option<&[u8]>) -> String {
    let Some(line) = line else { return String::new() };
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let text = String::from_utf8_lossy(line);
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    harmless_name(&cut).into_owned() + more
}

impl std::fmt::Display for LineDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: `{}`, then `{}`", self.line, self.one, self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_found_wherever_it_is() {
        let check = |one: &str, other: &str| {
            first_difference(one.as_bytes(), other.as_bytes()).map_or_else(String::new, |it| it.to_string())
        };
        assert_eq!(check("a\nb\n", "a\nb\n"), "");
        assert_eq!(check("a\nb\n", "a\nc\n"), "line 2: `b`, then `c`");
        assert_eq!(check("a\n", "a\nc\n"), "line 2: ``, then `c`");
        assert_eq!(check("a\n", ""), "line 1: `a`, then ``");
        assert_eq!(check("a", "a\n"), "line 1: `a`, then `a`");
        assert_eq!(check("\u{1b}[m", "x"), "line 1: `\\u{1b}[m`, then `x`");
        assert!(check(&"x".repeat(200), "").contains("x…`"));
    }
}
