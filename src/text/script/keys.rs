//! The keys of metadata lines.
//!
//! Does not know what their values mean.

use crate::base::{Span, Spanned, nearest, nearest_alone};

/// A key az reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Stage,
    Dependencies,
    Description,
    Tags,
    Condition,
    AllowParallel,
    RequiresElevation,
    Inputs,
    Outputs,
    Env,
    PassEnv,
    Cache,
    Timeout,
    Retries,
    Resources,
    Priority,
    Cwd,
    Scratch,
    ExitCodes,
    Trace,
    Service,
    Leftovers,
    Sandbox,
    Network,
    Undeclared,
}

const KEYS: [(&str, Key); 25] = [
    ("Stage", Key::Stage),
    ("Dependencies", Key::Dependencies),
    ("Description", Key::Description),
    ("Tags", Key::Tags),
    ("Condition", Key::Condition),
    ("AllowParallel", Key::AllowParallel),
    ("RequiresElevation", Key::RequiresElevation),
    ("Inputs", Key::Inputs),
    ("Outputs", Key::Outputs),
    ("Env", Key::Env),
    ("PassEnv", Key::PassEnv),
    ("Cache", Key::Cache),
    ("Timeout", Key::Timeout),
    ("Retries", Key::Retries),
    ("Resources", Key::Resources),
    ("Priority", Key::Priority),
    ("Cwd", Key::Cwd),
    ("Scratch", Key::Scratch),
    ("ExitCodes", Key::ExitCodes),
    ("Trace", Key::Trace),
    ("Service", Key::Service),
    ("Leftovers", Key::Leftovers),
    ("Sandbox", Key::Sandbox),
    ("Network", Key::Network),
    ("Undeclared", Key::Undeclared),
];

/// Keys that real scripts write beside ours on one line; az does not read them.
const FOREIGN: [&str; 6] = ["Order", "Category", "Author", "Version", "Requires", "RequiresAdmin"];

/// Bytes in which the colon behind a name is looked for.
const LONGEST_NAME: usize = 256;

impl Key {
    /// Returns the key as it is best written.
    pub(super) fn name(self) -> &'static str {
        KEYS.iter().find(|(_, key)| *key == self).expect("every key stands in the table").0
    }

    fn from_name(name: &str) -> Option<Self> {
        KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, key)| *key)
    }

    /// Tells whether a value of this key ends where another key starts on the same line.
    fn is_cut(self) -> bool {
        matches!(
            self,
            Self::Stage
                | Self::Dependencies
                | Self::Tags
                | Self::AllowParallel
                | Self::RequiresElevation
                | Self::Priority
        )
    }
}

/// A key with the text that stands behind its colon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) key: Key,
    pub(super) name: Span,
    pub(super) value: Spanned<&'a str>,
}

/// Reads the metadata of one comment line: mostly none or one entry, several if keys follow after commas.
pub(super) fn entries(line: Spanned<&str>) -> Vec<Entry<'_>> {
    let mut found = Vec::new();
    let mut rest = Some(line);
    while let Some(part) = rest.take() {
        let Some((name, value)) = split_key(part) else { break };
        let Some(key) = Key::from_name(name.value) else {
            rest = if found.is_empty() { None } else { next_key(value).map(|(_, next)| next) };
            continue;
        };
        let cut = if key.is_cut() { next_key(value) } else { None };
        let (value, next) = cut.map_or((value, None), |(value, next)| (value, Some(next)));
        found.push(Entry { key, name: name.span, value });
        rest = next;
    }
    found
}

/// Splits `Name: value`; the name is one word.
fn split_key(line: Spanned<&str>) -> Option<(Spanned<&str>, Spanned<&str>)> {
    // No name is longer; a line of nothing but commas is asked at each of them.
    let head = line.value.floor_char_boundary(LONGEST_NAME);
    let colon = line.value[..head].find(':')?;
    let (name, value) = (&line.value[..colon], &line.value[colon + 1..]);
    let name = part(line, 0, name.len());
    let is_word = |c: char| c.is_ascii_alphabetic() || c == '-' || c == '_';
    let is_key = name.value.starts_with(|c: char| c.is_ascii_alphabetic()) && name.value.chars().all(is_word);
    is_key.then(|| (name, part(line, line.value.len() - value.len(), line.value.len())))
}

/// Splits a value before the first `, Key:`.
fn next_key(value: Spanned<&str>) -> Option<(Spanned<&str>, Spanned<&str>)> {
    let is_key = |name: &str| {
        Key::from_name(name).is_some() || FOREIGN.iter().any(|foreign| foreign.eq_ignore_ascii_case(name))
    };
    let (comma, _) = value.value.match_indices(',').find(|(comma, _)| {
        let behind = part(value, comma + 1, value.value.len());
        split_key(behind).is_some_and(|(name, _)| is_key(name.value))
    })?;
    Some((part(value, 0, comma), part(value, comma + 1, value.value.len())))
}

/// Returns a part of a spanned text, trimmed.
fn part(whole: Spanned<&str>, from: usize, to: usize) -> Spanned<&str> {
    let text = &whole.value[from..to];
    let start = whole.span.start + from + (text.len() - text.trim_start().len());
    let text = text.trim();
    Spanned::new(text, Span::new(start, start + text.len()))
}

/// A mistyped key.
#[derive(Debug, Clone, Copy)]
pub(super) struct NearMiss<'a> {
    pub(super) name: Spanned<&'a str>,
    /// The key that was probably meant.
    pub(super) meant: Key,
    /// No other key is as near.
    pub(super) is_alone: bool,
}

/// Returns the mistyped key of a line.
///
/// Comments are full of `Note:` and `Usage:`, so the word must be quite near: the same first letter, and of the
/// short keys only a letter too many, too few or swapped (`Tag`, `Satge`), since `State` and `Case` are words.
pub(super) fn near_miss(line: Spanned<&str>) -> Option<NearMiss<'_>> {
    let (name, value) = split_key(line)?;
    if value.value.is_empty() || Key::from_name(name.value).is_some() {
        return None;
    }
    let plain = name.value.replace(['-', '_'], "").to_ascii_lowercase();
    let names = KEYS.map(|(known, _)| known);
    let meant = nearest(&plain, names)?;
    let is_alone = nearest_alone(&plain, names).is_some();
    let known = meant.to_ascii_lowercase();
    let same_start = plain.as_bytes().first() == known.as_bytes().first();
    let replaced = plain.len() == known.len() && sorted(&plain) != sorted(&known);
    let is_near = same_start && !(known.len() < 6 && replaced);
    is_near.then(|| Key::from_name(meant).map(|meant| NearMiss { name, meant, is_alone }))?
}

fn sorted(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.sort_unstable();
    bytes
}
