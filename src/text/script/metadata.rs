//! Chooses among the lines that give a key, and warns of those that do nothing.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    comments::{Line, Place},
    keys::{self, Entry, Key, NearMiss},
    list,
};
use crate::{
    base::{Span, Spanned},
    diag::{Diagnostic, Source, code},
};

/// The metadata lines of one script by key, of the best place only.
pub(super) struct Metadata<'a> {
    source: &'a Arc<Source>,
    entries: BTreeMap<Key, (Place, Vec<Entry<'a>>)>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Metadata<'a> {
    /// Sorts the lines by key.
    pub(super) fn new(source: &'a Arc<Source>, lines: &[Line<'a>]) -> Self {
        let mut metadata = Self { source, entries: BTreeMap::new(), diagnostics: Vec::new() };
        let mut mistyped_keys = Vec::new();
        for line in lines {
            let entries = keys::entries(line.text);
            if line.place == Place::Header
                && entries.is_empty()
                && let Some(near_miss) = keys::near_miss(line.text)
            {
                mistyped_keys.push(near_miss);
            }
            for entry in entries {
                metadata.add(line.place, entry);
            }
        }
        for NearMiss { name, meant, is_alone } in &mistyped_keys {
            // A second line of a key would be a mistake of its own, or change what the first one says.
            let is_only = !metadata.entries.contains_key(meant)
                && mistyped_keys.iter().filter(|other| other.meant == *meant).count() == 1;
            let renamed = (*is_alone && is_only).then(|| meant.name());
            metadata.diagnostics.push(mistyped(source, *name, *meant).edit_if(name.span, renamed));
        }
        metadata
    }

    fn add(&mut self, place: Place, entry: Entry<'a>) {
        let (best, entries) = self.entries.entry(entry.key).or_insert_with(|| (place, Vec::new()));
        if place < *best {
            *best = place;
            entries.clear();
        }
        if place == *best {
            entries.push(entry);
        }
    }

    /// Returns the value of a key that has one value; a second one and an empty one are warned of.
    pub(super) fn single(&mut self, key: Key) -> Option<Spanned<String>> {
        let (place, entries) = self.entries.get(&key)?;
        let first = entries.first()?;
        let differing = entries[1..].iter().filter(|other| other.value.value != first.value.value);
        self.diagnostics.extend(differing.map(|other| repeated(self.source, first, other)));
        if first.value.value.is_empty() {
            // Elsewhere `# Cache:` is more probably a title than a key.
            if *place == Place::Header {
                self.diagnostics.push(without_value(self.source, first));
            }
            return None;
        }
        Some(first.value.map(str::to_owned))
    }

    /// Returns the entries of a key that holds a list; nothing if no line gives the key.
    pub(super) fn list(&self, key: Key) -> Option<Vec<Spanned<String>>> {
        let (_, entries) = self.entries.get(&key)?;
        Some(entries.iter().flat_map(|entry| list::split(&self.source.text, entry.value.span)).collect())
    }

    /// Returns a list in which the one entry `none` says that it is empty on purpose.
    pub(super) fn list_or_none(&self, key: Key) -> Option<Vec<Spanned<String>>> {
        let mut entries = self.list(key)?;
        if matches!(entries.as_slice(), [only] if only.value.eq_ignore_ascii_case("none")) {
            entries.clear();
        }
        Some(entries)
    }

    /// Returns a yes or no.
    pub(super) fn truth(&mut self, key: Key) -> Option<Spanned<bool>> {
        let value = self.single(key)?;
        let word = value
            .value
            .split('(')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_start_matches('$')
            .to_ascii_lowercase();
        let truth = match word.as_str() {
            "true" | "yes" | "1" => true,
            "false" | "no" | "0" => false,
            _ => {
                self.diagnostics.push(no_truth(self.source, key, &value));
                return None;
            }
        };
        Some(Spanned::new(truth, value.span))
    }
}

fn mistyped(source: &Arc<Source>, name: Spanned<&str>, meant: Key) -> Diagnostic {
    let message = format!("`{}` is no metadata key az reads", name.value);
    warning(source, code::MISTYPED_KEY, message, name.span, "does nothing")
        .help(format!("did you mean `{}`?", meant.name()))
}

fn repeated(source: &Arc<Source>, first: &Entry<'_>, other: &Entry<'_>) -> Diagnostic {
    let message = format!("`{}` stands twice with different values", first.key.name());
    warning(source, code::BAD_METADATA, message, other.name, "this line does nothing")
        .label(first.name, "this one counts")
        .help("remove one of the two lines")
}

fn without_value(source: &Arc<Source>, entry: &Entry<'_>) -> Diagnostic {
    let name = entry.key.name();
    warning(
        source,
        code::BAD_METADATA,
        format!("`{name}` has no value"),
        entry.name,
        "nothing behind the colon",
    )
    .help(format!("write the value behind `{name}:`, or remove the line"))
}

fn no_truth(source: &Arc<Source>, key: Key, value: &Spanned<String>) -> Diagnostic {
    let message = format!("`{}` is `true` or `false`, but found `{}`", key.name(), value.value);
    warning(source, code::BAD_METADATA, message, value.span, "neither true nor false")
        .help("write `true` or `false`")
}

fn warning(
    source: &Arc<Source>,
    code: crate::diag::Code,
    message: String,
    at: Span,
    label: &str,
) -> Diagnostic {
    Diagnostic::warning(code, message).source(source).label(at, label)
}
