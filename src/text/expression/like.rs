//! The wildcards of `-like`.

use super::tree::Case;

/// One part of a pattern.
enum Part {
    /// `*`: any text.
    Any,
    /// `?`: any one character.
    One,
    /// `[a-cx]`: one of these.
    Set(Vec<(char, char)>),
    /// The character itself.
    Only(char),
}

/// Tells whether a whole text fits a pattern; O(text x pattern).
///
/// A bracket that is not closed stands for itself.
pub(super) fn is_like(text: &str, pattern: &str, case: Case) -> bool {
    let folded = |text: &str| if case == Case::Told { text.to_owned() } else { text.to_lowercase() };
    let text: Vec<char> = folded(text).chars().collect();
    let parts = parts(&folded(pattern));
    let (mut at, mut part) = (0, 0);
    // Where to go on if a later part does not fit: behind the last `*`, which then takes one character more.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match parts.get(part) {
            Some(Part::Any) => {
                part += 1;
                retry = Some((at, part));
            }
            Some(single) if fits(single, text[at]) => {
                at += 1;
                part += 1;
            }
            _ => {
                let Some((taken, behind)) = retry else { return false };
                retry = Some((taken + 1, behind));
                (at, part) = (taken + 1, behind);
            }
        }
    }
    parts[part.min(parts.len())..].iter().all(|rest| matches!(rest, Part::Any))
}

fn fits(part: &Part, c: char) -> bool {
    match part {
        Part::Any | Part::One => true,
        Part::Set(ranges) => ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)),
        Part::Only(only) => *only == c,
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        parts.push(match c {
            '*' => Part::Any,
            '?' => Part::One,
            '`' => Part::Only(rest.next().unwrap_or('`')),
            '[' => match rest.as_str().split_once(']') {
                Some((set, behind)) if !set.is_empty() => {
                    rest = behind.chars();
                    Part::Set(ranges(set))
                }
                _ => Part::Only('['),
            },
            other => Part::Only(other),
        });
    }
    parts
}

fn ranges(set: &str) -> Vec<(char, char)> {
    let characters: Vec<char> = set.chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let is_range = characters.get(at + 1) == Some(&'-') && at + 2 < characters.len();
        let last = if is_range { at + 2 } else { at };
        ranges.push((characters[at], characters[last]));
        at = last + 1;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fit_as_in_powershell() {
        for (text, pattern, fits) in [
            ("release/1.0", "release/*", true),
            ("Release", "rel*SE", true),
            ("abc", "a?c", true),
            ("ac", "a?c", false),
            ("abc", "*", true),
            ("", "*", true),
            ("", "?", false),
            ("aXbXc", "a*x*c", true),
            ("b2", "[a-c][0-9]", true),
            ("d2", "[a-c][0-9]", false),
            ("a*c", "a`*c", true),
            ("abc", "a`*c", false),
            ("[x", "[x", true),
            ("ÄB", "ä?", true),
        ] {
            assert_eq!(is_like(text, pattern, Case::Ignored), fits, "{text} {pattern}");
        }
        assert!(!is_like(&"a".repeat(2000), &"a*".repeat(500).replace("a*a*", "*a*b"), Case::Ignored));
        assert!(is_like("aB", "a[A-C]", Case::Told) && !is_like("ab", "a[A-C]", Case::Told));
    }
}
