//! From one text to the other, and the proof that they say the same.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    modern::modern,
    playbook::tree,
    remarks::{Place, remarks},
    rows::{Fate, Row},
    sections,
};
use crate::{
    base::{Span, plural},
    diag::{Diagnostic, Source, code, has_errors},
    model::playbook::{Body, Playbook, read, read::read_all},
    text::document::{
        Format, Node, NodeValue,
        write::{Draft, DraftFile, Item, WriteFormat, write},
    },
};

/// A playbook in the newest format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The text.
    pub text: String,
    /// What became of each part of the old file, in its order.
    pub rows: Vec<Row>,
}

/// Returns what a playbook says as the newest format has it, whatever format it was written in.
pub fn normal_form(playbook: &Playbook) -> Draft {
    Draft::Table(tree(&modern(playbook.clone(), Vec::new()).0))
}

/// Writes a playbook of any format in the newest one.
///
/// # Errors
/// What is wrong with the file; or, should it not read back as the same playbook, what would be lost.
pub fn convert(source: &Arc<Source>, from: Format, to: WriteFormat) -> Result<Converted, Vec<Diagnostic>> {
    let (reading, left_out) = read_all(source, from);
    let (Some(playbook), Some(old)) = (reading.value, reading.tree) else { return Err(reading.diagnostics) };
    if has_errors(&reading.diagnostics) {
        return Err(reading.diagnostics);
    }
    let (playbook, mut rows) = modern(playbook, left_out);
    if matches!(&playbook.body, Body::Jobs(jobs) if jobs.is_empty()) {
        let fault =
            Diagnostic::error(code::STEP_WITHOUT_ACTION, format!("`{}` has nothing to run", source.name));
        let fault = fault.source(source).at(Span::new(old.span.start, old.span.start));
        return Err(vec![fault.help("say in one of its stages what runs, such as `sequences`")]);
    }
    let mut root = tree(&playbook);
    if to == WriteFormat::Toml {
        for (name, item) in &mut root {
            without_null(&mut item.value, &format!("/{}", escaped(name)), &mut rows);
        }
    }
    let expected = Draft::Table(root.clone());
    let mut file = DraftFile::of(root);
    let anchors = anchors(&old, &file.root);
    let places: Places<'_> =
        anchors.iter().map(|anchor| (anchor.from.as_str(), anchor.to.as_str())).collect();
    code_blocks(&old, "", (&places, &file.root), &mut rows);
    rows.extend(mapped(&anchors, &rows));
    rows.extend(put_remarks(source, from, to, (&old, &places), &mut file));
    let text = write(&file, to);
    check(source, &text, to, &expected)?;
    for row in &mut rows {
        row.span = old.at(&row.at);
    }
    rows.sort_by(|a, b| (a.span.start, &a.at).cmp(&(b.span.start, &b.at)));
    Ok(Converted { text, rows })
}

/// Puts an empty text where TOML has no word for nothing.
fn without_null(draft: &mut Draft, to: &str, rows: &mut Vec<Row>) {
    match draft {
        Draft::Null => {
            *draft = Draft::text("");
            let note = "TOML has no null; it is written as an empty text";
            rows.push(Row::new(Fate::Approximated, "").to(to).note(note));
        }
        Draft::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                without_null(&mut item.value, &format!("{to}/{index}"), rows);
            }
        }
        Draft::Table(entries) => {
            for (name, item) in entries {
                without_null(&mut item.value, &format!("{to}/{}", escaped(name)), rows);
            }
        }
        _ => {}
    }
}

/// Tells of script blocks, which only psd1 has: what was code is a text that looks like it.
fn code_blocks(old: &Node, at: &str, new: (&Places<'_>, &[(String, Item)]), rows: &mut Vec<Row>) {
    match &old.value {
        NodeValue::Code(_) => {
            let row = Row::new(Fate::Approximated, at).note("a script block; it is written as a text");
            rows.push(match exact_place(new, at) {
                Some(to) => row.to(to),
                None => row,
            });
        }
        NodeValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                code_blocks(item, &format!("{at}/{index}"), new, rows);
            }
        }
        NodeValue::Table(entries) => {
            for entry in entries {
                code_blocks(&entry.value, &format!("{at}/{}", escaped(&entry.key.value)), new, rows);
            }
        }
        _ => {}
    }
}

/// A place of the old file and where the new one has it.
struct Anchor {
    from: String,
    to: String,
    /// It is a section of the file, a job, a step or the like rather than a single word.
    is_part: bool,
}

/// Where the new file has the places of the old one; only asked, never walked.
type Places<'a> = HashMap<&'a str, &'a str>;

/// Returns all places that are known in both files.
fn anchors(old: &Node, new: &[(String, Item)]) -> Vec<Anchor> {
    let mut found = Vec::new();
    let mut add = |at: &str, node: &Node| {
        let NodeValue::Table(entries) = &node.value else { return };
        for entry in entries {
            let name = entry.key.value.as_str();
            let known = sections::place_of(name).filter(|to| find(new, to).is_some());
            let kept = format!("/extensions/{}", escaped(name));
            let to = known.or_else(|| find(new, &kept).map(|_| kept));
            if let Some(to) = to {
                found.push(Anchor { from: format!("{at}/{}", escaped(name)), to, is_part: true });
            }
        }
    };
    add("", old);
    if let NodeValue::Table(entries) = &old.value {
        for entry in entries {
            let name = entry.key.value.to_ascii_lowercase();
            if ["metadata", "orchestration"].contains(&name.as_str()) {
                add(&format!("/{}", escaped(&entry.key.value)), &entry.value);
            }
        }
    }
    for (name, item) in new {
        origins(item, &format!("/{}", escaped(name)), &mut found);
    }
    found
}

fn origins(item: &Item, to: &str, found: &mut Vec<Anchor>) {
    if let Some(from) = item.origin.clone().filter(|from| !from.is_empty()) {
        let is_part = matches!(item.value, Draft::Table(_));
        found.push(Anchor { from, to: to.to_owned(), is_part });
    }
    match &item.value {
        Draft::List(items) => {
            for (index, item) in items.iter().enumerate() {
                origins(item, &format!("{to}/{index}"), found);
            }
        }
        Draft::Table(entries) => {
            for (name, item) in entries {
                origins(item, &format!("{to}/{}", escaped(name)), found);
            }
        }
        _ => {}
    }
}

/// Returns a row for each part that is in both files and of which nothing else is told.
fn mapped(anchors: &[Anchor], told: &[Row]) -> Vec<Row> {
    let parts = anchors.iter().filter(|anchor| anchor.is_part);
    let told: HashSet<&str> = told.iter().map(|row| row.at.as_str()).collect();
    parts
        .filter(|anchor| !told.contains(anchor.from.as_str()))
        .map(|anchor| Row::new(Fate::Mapped, &anchor.from).to(&anchor.to))
        .collect()
}

/// Puts the remarks of the old file above what they stand at; tells of those that find no place.
fn put_remarks(
    source: &Arc<Source>,
    from: Format,
    to: WriteFormat,
    (old, places): (&Node, &Places<'_>),
    file: &mut DraftFile,
) -> Vec<Row> {
    let found = remarks(source, from, old);
    if found.is_empty() {
        return Vec::new();
    }
    if !to.has_comments() {
        let note = format!("{} of the file: JSON has no remarks", plural(found.len(), "remark"));
        return vec![Row::new(Fate::LeftOut, "").note(note)];
    }
    for remark in found {
        match &remark.place {
            Place::Foot => file.foot.extend(remark.lines),
            Place::At(at) if let Some(to) = new_place(places, at) => {
                put_lines(&mut file.root, &mut Vec::new(), &to, remark.lines);
            }
            Place::Head | Place::At(_) => file.head.extend(remark.lines),
        }
    }
    Vec::new()
}

/// Returns where the new file has what stands at a place of the old one, or what that lies in.
fn new_place(places: &Places<'_>, at: &str) -> Option<String> {
    let mut known = at;
    loop {
        if let Some(to) = places.get(known) {
            return Some(format!("{to}{}", &at[known.len()..]));
        }
        known = &known[..known.rfind('/')?];
    }
}

/// Returns where the new file has a field, which may be among the extensions of what it stood in.
fn exact_place((places, root): (&Places<'_>, &[(String, Item)]), at: &str) -> Option<String> {
    let direct = new_place(places, at)?;
    let (outer, name) = direct.rsplit_once('/')?;
    let kept = format!("{outer}/extensions/{name}");
    [direct, kept].into_iter().find(|place| find(root, place).is_some())
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

/// Finds a value by its pointer, exactly.
fn find<'a>(entries: &'a [(String, Item)], pointer: &str) -> Option<&'a Item> {
    let mut segments = pointer.strip_prefix('/')?.split('/').map(unescaped);
    let first = segments.next()?;
    let start = entries.iter().find(|(name, _)| *name == first).map(|(_, item)| item)?;
    segments.try_fold(start, |item, segment| match &item.value {
        Draft::Table(entries) => entries.iter().find(|(name, _)| *name == segment).map(|(_, item)| item),
        Draft::List(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Puts lines above the value at a pointer, or above the innermost one on the way to it; names match in any case.
fn put_lines(entries: &mut [(String, Item)], above: &mut Vec<String>, pointer: &str, lines: Vec<String>) {
    let rest = pointer.strip_prefix('/').unwrap_or(pointer);
    let (first, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let first = unescaped(first);
    match entries.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(&first)) {
        Some((_, item)) => put_below(item, rest, lines),
        None => above.extend(lines),
    }
}

fn put_below(item: &mut Item, pointer: &str, lines: Vec<String>) {
    let Item { comments, value, .. } = item;
    match value {
        Draft::Table(entries) => put_lines(entries, comments, pointer, lines),
        Draft::List(items) => {
            let (first, rest) = pointer.split_once('/').unwrap_or((pointer, ""));
            match first.parse().ok().and_then(|index: usize| items.get_mut(index)) {
                Some(item) => put_below(item, rest, lines),
                None => comments.extend(lines),
            }
        }
        _ => comments.extend(lines),
    }
}

/// Reads the new text and compares it with what was to be written.
///
/// # Errors
/// Where they differ: a wrong file is worse than none.
fn check(source: &Arc<Source>, text: &str, to: WriteFormat, expected: &Draft) -> Result<(), Vec<Diagnostic>> {
    let name = format!("{} as {}", source.name, to.extension());
    let reading = read(&Arc::new(Source::new(name, text)), to.as_read());
    let lost = |what: String| {
        let message = format!("`{}` cannot be written in the newest format: {what}", source.name);
        let help = "keep the file as it is; az reads and runs it all the same";
        Diagnostic::error(code::LOST_IN_CONVERSION, message).help(help)
    };
    let errors: Vec<Diagnostic> = reading.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    let Some(playbook) = reading.value.filter(|_| errors.is_empty()) else {
        let first = lost("what is written does not read back".to_owned());
        return Err(std::iter::once(first).chain(errors).collect());
    };
    match difference(expected, &normal_form(&playbook), "") {
        Some(at) => Err(vec![lost(format!("`{at}` would become something else"))]),
        None => Ok(()),
    }
}

/// Returns where two trees differ first, as a JSON pointer.
pub(super) fn difference(one: &Draft, other: &Draft, at: &str) -> Option<String> {
    match (one, other) {
        (Draft::List(one), Draft::List(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs.into_iter().find_map(|(index, (one, other))| {
                difference(&one.value, &other.value, &format!("{at}/{index}"))
            })
        }
        (Draft::Table(one), Draft::Table(other)) => {
            let names = |entries: &[(String, Item)]| -> Vec<String> {
                entries.iter().map(|(name, _)| name.clone()).collect()
            };
            let (names, others) = (names(one), names(other));
            let odd = names.iter().zip(&others).find(|(one, other)| one != other).map(|(one, _)| one);
            let odd = odd.or_else(|| names.get(others.len()).or_else(|| others.get(names.len())));
            if let Some(odd) = odd {
                return Some(format!("{at}/{}", escaped(odd)));
            }
            one.iter().zip(other).find_map(|((name, one), (_, other))| {
                difference(&one.value, &other.value, &format!("{at}/{}", escaped(name)))
            })
        }
        _ if one == other => None,
        _ => Some(at.to_owned()),
    }
}
