//! Writes declarations into a script's header and changes nothing else.
//!
//! Knows where the lines of a key stand and where new ones may. Does not know what the entries mean.

use std::sync::Arc;

use super::{
    CommentStyle, Header, Language,
    comments::{Comments, Line, Place, comments, line_at, mark_at},
    header,
    keys::{self, Entry, Key},
};
use crate::{
    base::{Span, Spanned},
    diag::Source,
};

/// Columns that a line with several entries keeps within.
const WIDTH: usize = 100;

/// What is to be declared; nothing leaves the lines of a key as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declarations {
    /// `Inputs`; empty for `None`.
    pub inputs: Option<Vec<String>>,
    /// `Outputs`; empty for `None`.
    pub outputs: Option<Vec<String>>,
    /// `Env`; empty for `None`.
    pub env: Option<Vec<String>>,
}

/// A change of a text.
struct Edit {
    at: Span,
    new: String,
}

impl Declarations {
    /// Returns the text of a script that says this; nothing if its header cannot say it.
    ///
    /// Lines that give one of the keys are replaced where they stand, others are added behind the last line of
    /// metadata. A list that says the same already stays as it is written.
    pub fn write_into(&self, text: &str, style: &CommentStyle) -> Option<String> {
        let found = comments(text, style);
        let said = read(text, style);
        let end = line_end(text);
        let (mut edits, mut added) = (Vec::new(), Vec::new());
        for (key, wanted, said) in [
            (Key::Inputs, &self.inputs, &said.inputs),
            (Key::Outputs, &self.outputs, &said.outputs),
            (Key::Env, &self.env, &said.env),
        ] {
            let Some(wanted) = wanted else { continue };
            if says(said.as_deref(), wanted) {
                continue;
            }
            let lines = laid_out(key.name(), wanted);
            match entries_of(&found, key).split_first() {
                None => added.extend(lines),
                Some((first, rest)) => {
                    edits.push(replaced(text, first, &lines, end));
                    edits.extend(rest.iter().map(|other| removed(text, other)));
                }
            }
        }
        if !added.is_empty() {
            edits.push(inserted(text, &found, style, &added, end)?);
        }
        let new = applied(text, edits);
        let now = read(&new, style);
        let holds = |wanted: &Option<Vec<String>>, said: &Option<Vec<Spanned<String>>>| {
            wanted.as_ref().is_none_or(|wanted| says(said.as_deref(), wanted))
        };
        let is_held = holds(&self.inputs, &now.inputs)
            && holds(&self.outputs, &now.outputs)
            && holds(&self.env, &now.env);
        is_held.then_some(new)
    }
}

fn read(text: &str, style: &CommentStyle) -> Header {
    header::read(&Arc::new(Source::new("", text)), style, Language::Other).0
}

/// Tells whether a header has these entries, in any order and on any lines.
fn says(said: Option<&[Spanned<String>]>, wanted: &[String]) -> bool {
    let Some(said) = said else { return false };
    let mut said: Vec<&str> = said.iter().map(|entry| entry.value.as_str()).collect();
    let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    said.sort_unstable();
    wanted.sort_unstable();
    said == wanted
}

/// Returns the lines that say a list; an entry with brackets has its own, since a comma in them would not divide.
fn laid_out(name: &str, entries: &[String]) -> Vec<String> {
    if entries.is_empty() {
        return vec![format!("{name}: None")];
    }
    let is_odd = |entry: &&String| entry.contains(['(', ')', '[', ']', '{', '}']);
    let (odd, plain): (Vec<&String>, Vec<&String>) = entries.iter().partition(is_odd);
    let mut lines: Vec<String> = Vec::new();
    for entry in plain {
        match lines.last_mut() {
            Some(line) if line.chars().count() + entry.chars().count() + 2 <= WIDTH => {
                line.extend([", ", entry]);
            }
            _ => lines.push(format!("{name}: {entry}")),
        }
    }
    lines.extend(odd.into_iter().map(|entry| format!("{name}: {entry}")));
    lines
}

/// Returns the entries that count for a key: those of the best place.
fn entries_of<'a>(comments: &Comments<'a>, key: Key) -> Vec<(Place, Entry<'a>)> {
    let of_line = |line: &Line<'a>| {
        let place = line.place;
        let entries = keys::entries(line.text).into_iter().filter(move |entry| entry.key == key);
        entries.map(move |entry| (place, entry)).collect::<Vec<_>>()
    };
    let mut entries: Vec<(Place, Entry<'a>)> = comments.lines.iter().flat_map(of_line).collect();
    let best = entries.iter().map(|(place, _)| *place).min();
    entries.retain(|(place, _)| Some(*place) == best);
    entries
}

/// Where an entry stands in its line.
struct Around<'a> {
    entry: Span,
    line: Span,
    /// What comes before it, without a byte order mark.
    before: &'a str,
    /// It is all that its line says.
    is_alone: bool,
}

fn around<'a>(text: &'a str, place: Place, entry: &Entry<'_>) -> Around<'a> {
    let start = text[..entry.name.start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = line_at(text, start);
    let colon = entry.name.end + text[entry.name.end..].find(':').map_or(0, |offset| offset + 1);
    let entry = Span::new(entry.name.start, entry.value.span.end.max(colon));
    let before = text[start..entry.start].trim_start_matches('\u{feff}');
    // In a block comment only blanks and stars can be repeated or left out without opening or closing it.
    let is_mark = |c: char| c.is_whitespace() || c == '*' || (place != Place::Help && !c.is_alphanumeric());
    let is_alone = before.chars().all(is_mark) && text[entry.end..line.end].trim().is_empty();
    Around { entry, line, before, is_alone }
}

fn replaced(text: &str, (place, entry): &(Place, Entry<'_>), lines: &[String], end: &str) -> Edit {
    let around = around(text, *place, entry);
    let between = match (around.is_alone, *place) {
        (true, _) => format!("{end}{}", around.before),
        (false, Place::Help) => end.to_owned(),
        // Behind other keys of its line there is room for one line only.
        (false, _) => return Edit { at: around.entry, new: joined(lines) },
    };
    Edit { at: around.entry, new: lines.join(&between) }
}

/// Makes one line of several that give the same key.
fn joined(lines: &[String]) -> String {
    let values = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
    lines.iter().take(1).cloned().chain(values.map(|(_, value)| format!(", {value}"))).collect()
}

fn removed(text: &str, (place, entry): &(Place, Entry<'_>)) -> Edit {
    let around = around(text, *place, entry);
    let at = if around.is_alone {
        let start = around.line.end - around.line.of(text).trim_start_matches('\u{feff}').len();
        Span::new(start, (around.line.end + 1).min(text.len()))
    } else {
        let comma = text[around.line.start..around.entry.start].trim_end().strip_suffix(',');
        Span::new(comma.map_or(around.entry.start, |rest| around.line.start + rest.len()), around.entry.end)
    };
    Edit { at, new: String::new() }
}

/// Adds lines behind the last metadata, else behind the comment the script starts with, else at its start.
fn inserted(
    text: &str,
    comments: &Comments<'_>,
    style: &CommentStyle,
    lines: &[String],
    end: &str,
) -> Option<Edit> {
    let mark = style.line.first()?;
    let is_metadata = |line: &&Line<'_>| line.place == Place::Header && !keys::entries(line.text).is_empty();
    let next_line = |at: usize| (line_at(text, at).end + 1).min(text.len());
    let at = comments.lines.iter().filter(is_metadata).map(|line| line.text.span.end).max().map(next_line);
    let at = at.unwrap_or_else(|| {
        let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        if let Some(shebang) = comments.shebang {
            at = next_line(shebang.span.end);
        }
        while at < text.len() && mark_at(text, at, style).is_some() {
            at = next_line(at);
        }
        at
    });
    let lead =
        if matches!(text[..at].chars().next_back(), None | Some('\n' | '\u{feff}')) { "" } else { end };
    let new = lines.iter().map(|line| format!("{mark} {line}{end}")).collect::<String>();
    Some(Edit { at: Span::new(at, at), new: format!("{lead}{new}") })
}

/// Returns how the lines of a text end.
fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn applied(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.at.start);
    let (mut new, mut from) = (String::with_capacity(text.len()), 0);
    for Edit { at, new: part } in edits {
        new.push_str(&text[from..at.start.max(from)]);
        new.push_str(&part);
        from = at.end.max(from);
    }
    new.push_str(&text[from..]);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Option<Vec<String>> {
        Some(text.split_whitespace().map(str::to_owned).collect())
    }

    /// Declares inputs `a b`, outputs `None`.
    fn written(text: &str, style: &CommentStyle) -> String {
        let wanted = Declarations { inputs: list("a b"), outputs: list(""), env: None };
        let new = wanted.write_into(text, style).unwrap();
        assert_eq!(wanted.write_into(&new, style).unwrap(), new, "twice is once");
        new
    }

    #[track_caller]
    fn shell(text: &str, expected: &str) {
        assert_eq!(written(text, &CommentStyle::hash()), expected);
    }

    #[test]
    fn new_lines_stand_behind_the_header() {
        shell("", "# Inputs: a, b\n# Outputs: None\n");
        shell("echo\n", "# Inputs: a, b\n# Outputs: None\necho\n");
        shell("#!/bin/sh", "#!/bin/sh\n# Inputs: a, b\n# Outputs: None\n");
        shell("#!/bin/sh\n\necho", "#!/bin/sh\n# Inputs: a, b\n# Outputs: None\n\necho");
        shell(
            "#!/bin/sh\n# It does.\n# Much.\n\n# Then:\necho\n",
            "#!/bin/sh\n# It does.\n# Much.\n# Inputs: a, b\n# Outputs: None\n\n# Then:\necho\n",
        );
        shell(
            "#!/bin/sh\n# It does.\n\n# Stage: X\n# more\necho\n",
            "#!/bin/sh\n# It does.\n\n# Stage: X\n# Inputs: a, b\n# Outputs: None\n# more\necho\n",
        );
    }

    #[test]
    fn lines_that_stand_there_are_replaced_in_their_place() {
        shell("#  Outputs: x\n# Stage: X\n# inputs: c\n", "#  Outputs: None\n# Stage: X\n# Inputs: a, b\n");
        shell(
            "# Inputs: c\n# Tags: t\n# Inputs: d\n# Outputs: None\necho\n",
            "# Inputs: a, b\n# Tags: t\n# Outputs: None\necho\n",
        );
        // What says the same is left as it is written.
        shell("# Inputs:   b,a\n# OUTPUTS: none\necho\n", "# Inputs:   b,a\n# OUTPUTS: none\necho\n");
        shell("# Stage: X, Inputs: c\n# Outputs: None\n", "# Stage: X, Inputs: a, b\n# Outputs: None\n");
        // A late line counts where there is no better one.
        shell("set -e\n# Inputs: c\necho\n", "# Outputs: None\nset -e\n# Inputs: a, b\necho\n");
    }

    #[test]
    fn byte_order_mark_and_line_ends_stay() {
        shell("\u{feff}# Inputs: c\r\necho\r\n", "\u{feff}# Inputs: a, b\r\n# Outputs: None\r\necho\r\n");
        shell("\u{feff}echo\r\n", "\u{feff}# Inputs: a, b\r\n# Outputs: None\r\necho\r\n");
        shell("\u{feff}# Inputs: a\n# Inputs: b\n# Inputs: c\n", "\u{feff}# Inputs: a, b\n# Outputs: None\n");
    }

    #[test]
    fn help_of_powershell_and_blocks_of_javascript_are_kept() {
        let help =
            "#Requires -Version 7\n<#\n.SYNOPSIS\n  Does.\n.NOTES\n  Stage: X\n  Inputs: c\n#>\nparam()\n";
        assert_eq!(
            written(help, &CommentStyle::power_shell()),
            "#Requires -Version 7\n# Outputs: None\n<#\n.SYNOPSIS\n  Does.\n.NOTES\n  Stage: X\n  Inputs: a, b\n#>\nparam()\n"
        );
        assert_eq!(
            written("/* Inputs: c */\n/*\n * Outputs: d\n */\nrun()\n", &CommentStyle::slashes()),
            "/* Inputs: a, b */\n/*\n * Outputs: None\n */\nrun()\n"
        );
        assert_eq!(
            written("#!/usr/bin/env node\nrun()\n", &CommentStyle::slashes()),
            "#!/usr/bin/env node\n// Inputs: a, b\n// Outputs: None\nrun()\n"
        );
    }

    #[test]
    fn many_entries_take_several_lines_and_odd_ones_their_own() {
        let names: Vec<String> = (0..40).map(|index| format!("folder/file{index}.c")).collect();
        let inputs = Some([&names[..], &["x{a,b}".to_owned(), "y\\[".to_owned()]].concat());
        let wanted = Declarations { inputs, ..Declarations::default() };
        let new = wanted.write_into("#!/bin/sh\n# Inputs: old\necho\n", &CommentStyle::hash()).unwrap();
        assert!(new.lines().all(|line| line.chars().count() <= WIDTH + 2), "{new}");
        assert!(new.contains("\n# Inputs: x{a,b}\n# Inputs: y\\[\necho\n"), "{new}");
        assert_eq!(wanted.write_into(&new, &CommentStyle::hash()).unwrap(), new);
    }

    #[test]
    fn what_no_header_can_hold_is_not_written() {
        let odd = Declarations { inputs: Some(vec!["a\nb".to_owned()]), ..Declarations::default() };
        assert_eq!(odd.write_into("echo\n", &CommentStyle::hash()), None);
        let none = Declarations { inputs: Some(vec!["none".to_owned()]), ..Declarations::default() };
        assert_eq!(none.write_into("echo\n", &CommentStyle::hash()), None);
        let plain = Declarations { inputs: list("a"), ..Declarations::default() };
        assert_eq!(plain.write_into("echo\n", &CommentStyle::default()), None);
    }
}
