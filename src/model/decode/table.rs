//! Tables with known fields.

use std::collections::{BTreeMap, HashMap};

use super::{
    Context, Key, Value,
    place::{Step, Way},
};
use crate::{
    base::{Span, list, nearest, nearest_alone},
    diag::{Diagnostic, Severity, code},
    text::document::{Entry, Node, NodeValue},
};

/// A table being decoded: knows which of its fields were asked for.
pub struct Table<'a> {
    context: &'a Context<'a>,
    span: Span,
    way: Way,
    entries: &'a [Entry],
    /// For each entry whether it was asked for, or is already reported.
    is_claimed: Vec<bool>,
    unclaimed: usize,
    /// The fields asked for, for did-you-mean.
    known: Vec<Key>,
    what: String,
}

/// Of so many unknown fields in one table it is guessed what was meant.
const MOST_GUESSED: usize = 100;
/// Up to this many fields are all named in a help.
const MOST_NAMED: usize = 12;
/// Of more fields, these many are named.
const FIRST_NAMED: usize = 8;

/// Which keys of a table are one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Upper and lower case are two names, as in the environment.
    ExactCase,
    /// Upper and lower case are one name, as in field names and variables.
    AnyCase,
    /// The same, and each name is the id of something: of a `job`.
    Ids(&'static str),
}

impl Names {
    /// Tells of each entry whether it is the first of its name, and reports the others.
    ///
    /// O(entries): a table of jobs can have thousands.
    pub(super) fn firsts(self, context: &Context<'_>, entries: &[Entry]) -> Vec<bool> {
        let fold =
            |key: &str| if self == Self::ExactCase { key.to_owned() } else { key.to_ascii_lowercase() };
        let is_same = |one: &str, other: &str| match self {
            Self::AnyCase | Self::Ids(_) => one.eq_ignore_ascii_case(other),
            Self::ExactCase => one == other,
        };
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut first_of = |position: usize| {
            let key = entries[position].key.value.as_str();
            if entries.len() <= 16 {
                return entries[..position].iter().position(|entry| is_same(&entry.key.value, key));
            }
            let first = *index.entry(fold(key)).or_insert(position);
            (first < position).then_some(first)
        };
        let mut firsts = Vec::with_capacity(entries.len());
        for (position, entry) in entries.iter().enumerate() {
            let first = first_of(position);
            if let Some(first) = first {
                context.report(duplicate(context, entry, &entries[first], self));
            }
            firsts.push(first.is_none());
        }
        firsts
    }
}

impl<'a> Table<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        span: Span,
        way: Way,
        entries: &'a [Entry],
        what: String,
    ) -> Self {
        let is_claimed: Vec<bool> =
            Names::AnyCase.firsts(context, entries).into_iter().map(|is_first| !is_first).collect();
        let unclaimed = is_claimed.iter().filter(|is_claimed| !**is_claimed).count();
        Self { context, span, way, entries, is_claimed, unclaimed, known: Vec::with_capacity(24), what }
    }

    /// Returns the file.
    pub fn context(&self) -> &'a Context<'a> {
        self.context
    }

    /// Returns what stands for the table in diagnostics: its header or its opening bracket.
    pub fn opening(&self) -> Span {
        self.context.opening(self.span)
    }

    /// Returns what the table is called in messages.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Tells whether a field is there, without asking for it.
    pub fn has(&self, key: impl Into<Key>) -> bool {
        let key = key.into();
        self.note_asked(key);
        self.entries.iter().any(|entry| key.matches(&entry.key.value))
    }

    /// Asks for a field and returns its value undecoded.
    pub fn raw(&mut self, key: impl Into<Key>) -> Option<Value<'a>> {
        let key = key.into();
        self.note_asked(key);
        self.know(key);
        let entry = self.claim(key)?;
        Some(self.value(entry))
    }

    fn know(&mut self, key: Key) {
        if !self.known.iter().any(|known| known.name == key.name) {
            self.known.push(key);
        }
    }

    fn value(&self, entry: &'a Entry) -> Value<'a> {
        let way = self.context.step(self.way, Step::Field(&entry.key.value));
        Value::of_field(self.context, &entry.value, &entry.key.value, way)
    }

    /// Looks at a field without asking for it.
    pub fn peek(&mut self, key: impl Into<Key>) -> Option<&'a Node> {
        let key = key.into();
        self.note_asked(key);
        let found = self.entries.iter().find(|entry| key.matches(&entry.key.value));
        if found.is_none() {
            // It may stand there under a mistyped name.
            self.know(key);
        }
        found.map(|entry| &entry.value)
    }

    /// Returns a field's value without asking for it.
    pub fn look(&self, key: impl Into<Key>) -> Option<Value<'a>> {
        let key = key.into();
        let entry = self.entries.iter().find(|entry| key.matches(&entry.key.value))?;
        Some(self.value(entry))
    }

    /// Returns the table's place as a JSON pointer.
    pub fn pointer(&self) -> String {
        self.context.pointer(self.way)
    }

    /// Reads a field that may be absent; nothing if it is absent or was reported.
    pub fn optional<T>(
        &mut self,
        key: impl Into<Key>,
        decode: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<T> {
        self.raw(key).and_then(decode)
    }

    /// Reads a field that must be there; `meaning` tells in the help what it is for.
    ///
    /// A mistyped name is told as such, not as a missing field too.
    pub fn required<T>(
        &mut self,
        key: impl Into<Key>,
        meaning: &str,
        decode: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let key = key.into();
        let value = self.raw(key);
        if value.is_none() && !self.has_mistyped(key) {
            let message = format!("{} has no `{}`", self.what, key.name);
            let fault = self.context.error(code::MISSING_FIELD, message).at(self.opening());
            self.context.report(fault.help(format!("add `{}`: {meaning}", key.name)));
        }
        value.and_then(decode)
    }

    /// Takes a field that must not be here, for a fault worded by the caller: its name and place.
    pub fn take(&mut self, key: impl Into<Key>) -> Option<(&'a str, Span)> {
        let entry = self.claim(key.into())?;
        Some((&entry.key.value, entry.key.span))
    }

    /// Accepts fields that inform people and change nothing az does.
    pub fn informative(&mut self, keys: &[&'static str]) {
        for &key in keys {
            self.note_asked(key.into());
            self.know(key.into());
            while let Some(entry) = self.claim(key.into()) {
                self.value(entry).leave_out();
            }
        }
    }

    /// Refuses fields of the format that would change what is run, and that az does not act on.
    pub fn unsupported(&mut self, keys: &[&'static str]) {
        self.refuse(keys, Severity::Error);
    }

    /// Refuses a field like [`Table::unsupported`], where something else must be written in its place.
    pub fn unsupported_but(&mut self, key: &'static str, help: &str) {
        while let Some(entry) = self.claim(key.into()) {
            let fault = not_supported(self.context, entry, &self.what, Severity::Error);
            self.context.report(fault.help(help));
        }
    }

    /// Reads a field that az does not act on yet, with a note that says so; a build refuses what has one.
    pub fn later<T>(
        &mut self,
        key: impl Into<Key>,
        decode: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.raw(key)?;
        value.note_later();
        decode(value)
    }

    /// Reads a field that az does not act on yet and without which the same is run, with a note that says so.
    pub fn unused<T>(
        &mut self,
        key: impl Into<Key>,
        decode: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.raw(key)?;
        value.note_unused("az does nothing with it yet");
        decode(value)
    }

    /// Notes fields of the format that az does not act on yet, and without which the same is run: they stop nobody.
    pub fn unheeded(&mut self, keys: &[&'static str]) {
        self.refuse(keys, Severity::Note);
    }

    /// Refuses every field not yet asked for whose value is a table: sections named by the user that belong elsewhere,
    /// as the help says.
    pub fn misplaced_tables(&mut self, help: impl Fn(&str) -> String) {
        for at in 0..self.entries.len() {
            let entry = &self.entries[at];
            if !self.is_claimed[at] && matches!(entry.value.value, NodeValue::Table(_)) {
                self.is_claimed[at] = true;
                self.unclaimed -= 1;
                let name = &entry.key.value;
                let message = format!("unknown field `{name}` in {}", self.what);
                let fault = self.context.error(code::UNKNOWN_FIELD, message);
                self.context.report(fault.label(entry.key.span, "no such field").help(help(name)));
            }
        }
    }

    fn refuse(&mut self, keys: &[&'static str], severity: Severity) {
        for &key in keys {
            while let Some(entry) = self.claim(key.into()) {
                self.context.report(not_supported(self.context, entry, &self.what, severity));
            }
        }
    }

    /// Ends the table: reports every field nobody asked for.
    pub fn finish(self) {
        if self.unclaimed == 0 {
            return;
        }
        for (entry, is_claimed) in self.entries.iter().zip(&self.is_claimed) {
            if !is_claimed {
                self.context.report(self.unknown(entry));
            }
        }
    }

    /// Ends the table of a format that let people add what they liked: keeps every field nobody asked for.
    ///
    /// A field that looks like a mistyped one is a fault; of one in `explained` the text says in a note why az does
    /// nothing with it, unless the text is empty, as it is for what only people read; of any other there is a warning.
    pub fn finish_open(mut self, explained: &[(&'static str, &str)]) -> BTreeMap<String, serde_json::Value> {
        let mut kept = BTreeMap::new();
        let mut unknown = 0;
        for at in 0..self.entries.len() {
            if std::mem::replace(&mut self.is_claimed[at], true) {
                continue;
            }
            let entry = &self.entries[at];
            let name = entry.key.value.as_str();
            let known = explained.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let is_remark = name.starts_with(['_', '$', '/', '#']);
            match known {
                None if is_remark => {}
                Some((_, "")) => {}
                Some((_, why)) => self.value(entry).note_unused(why),
                // Behind so many that are only counted, looking for what was meant is wasted.
                None if unknown >= MOST_GUESSED => {
                    let message = format!("unknown field `{name}` in {}", self.what);
                    let fault =
                        Diagnostic::warning(code::UNKNOWN_FIELD, message).source(self.context.source());
                    self.context.report(fault.at(entry.key.span).help("remove it"));
                }
                None => {
                    unknown += 1;
                    let mut fault = self.unknown(entry);
                    let is_mistyped = nearest(name, self.known.iter().map(|key| key.name)).is_some();
                    if !is_mistyped {
                        fault.severity = Severity::Warning;
                    }
                    self.context.report(fault);
                }
            }
            kept.insert(name.to_owned(), self.context.keeping_code(|| self.value(entry).json()));
        }
        kept
    }

    /// Ends a table like [`Table::finish_open`] where the value has no room for what nobody asked for.
    pub fn finish_unread(self, explained: &[(&'static str, &str)]) {
        for (entry, is_claimed) in self.entries.iter().zip(&self.is_claimed) {
            if !is_claimed {
                self.value(entry).leave_out();
            }
        }
        self.finish_open(explained);
    }

    /// Tells whether the field seems to be there under a mistyped name, which `finish` will report.
    pub fn has_mistyped(&self, key: impl Into<Key>) -> bool {
        let key = key.into();
        let unclaimed = self.entries.iter().zip(&self.is_claimed).filter(|(_, is_claimed)| !**is_claimed);
        unclaimed.into_iter().any(|(entry, _)| nearest(&entry.key.value, [key.name]).is_some())
    }

    /// Tells tests which fields a table can have, so that schemas of it can be held against them.
    #[cfg(test)]
    fn note_asked(&self, key: Key) {
        super::testing::note_asked(|| self.pointer(), key);
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "it is of use to tests only")]
    fn note_asked(&self, _: Key) {}

    fn claim(&mut self, key: Key) -> Option<&'a Entry> {
        if self.unclaimed == 0 {
            return None;
        }
        let matches = |entry: &Entry| key.matches(&entry.key.value);
        let position =
            (0..self.entries.len()).find(|&at| !self.is_claimed[at] && matches(&self.entries[at]))?;
        self.is_claimed[position] = true;
        self.unclaimed -= 1;
        // Two spellings of one field are as lost as one spelling written twice.
        for at in position + 1..self.entries.len() {
            if !self.is_claimed[at] && matches(&self.entries[at]) && !key.aliases.is_empty() {
                self.is_claimed[at] = true;
                self.unclaimed -= 1;
                let (again, first) = (&self.entries[at], &self.entries[position]);
                self.context.report(duplicate(self.context, again, first, Names::AnyCase));
            }
        }
        Some(&self.entries[position])
    }

    fn unknown(&self, entry: &Entry) -> Diagnostic {
        let written = &entry.key.value;
        let names = || self.known.iter().map(|key| key.name);
        let fields = match self.known.len() {
            0..=MOST_NAMED => format!("fields here: {}", list(names())),
            more => {
                let first = names().take(FIRST_NAMED).collect::<Vec<_>>().join(", ");
                format!("fields here: {first} and {} more (`az schema` has all)", more - FIRST_NAMED)
            }
        };
        let help = match nearest(written, names()) {
            Some(name) if self.known.len() > MOST_NAMED => format!("did you mean `{name}`?"),
            Some(name) => format!("did you mean `{name}`? {fields}"),
            None => format!("remove `{written}`; {fields}"),
        };
        let renamed = nearest_alone(written, names()).and_then(|name| self.renamed(entry, name));
        self.context
            .error(code::UNKNOWN_FIELD, format!("unknown field `{written}` in {}", self.what))
            .label(entry.key.span, "no such field")
            .help(help)
            .edit_if(entry.key.span, renamed)
    }

    /// Returns how the field's name is written if it is renamed to a known one; nothing if that would give the table
    /// two fields of one name, or leave a part of the field behind.
    fn renamed(&self, entry: &Entry, name: &str) -> Option<String> {
        let key = self.known.iter().find(|key| key.name == name)?;
        let is_known = |other: &Entry| self.known.iter().any(|key| key.matches(&other.key.value));
        let near = |other: &Entry| nearest(&other.key.value, self.known.iter().map(|key| key.name));
        let is_rival = |other: &Entry| {
            let is_other = other.key.span != entry.key.span;
            key.matches(&other.key.value) || (is_other && !is_known(other) && near(other) == Some(name))
        };
        let is_given = self.entries.iter().any(is_rival);
        if is_given { None } else { self.context.key_instead(entry, name) }
    }
}

fn duplicate(context: &Context<'_>, again: &Entry, first: &Entry, names: Names) -> Diagnostic {
    let (again, first) = (&again.key, &first.key);
    let message = match names {
        Names::Ids(what) if again.value == first.value => {
            format!("{what} `{}` is defined twice", again.value)
        }
        Names::Ids(what) => {
            format!("{what} `{}` is defined twice: `{}` is the same id", first.value, again.value)
        }
        _ if again.value == first.value => {
            format!("`{}` stands twice in its {}", again.value, context.format().table_noun())
        }
        _ => format!("`{}` and `{}` are one field, and it stands twice", first.value, again.value),
    };
    context
        .error(code::DUPLICATE_KEY, message)
        .label(again.span, "stands here again")
        .label(first.span, "first stands here")
        .help("remove one of the two, or rename it")
}

fn not_supported(context: &Context<'_>, entry: &Entry, what: &str, severity: Severity) -> Diagnostic {
    let name = &entry.key.value;
    let (code, help) = match severity {
        Severity::Error => (
            code::UNSUPPORTED_FIELD,
            format!("remove `{name}`; without it something else would run than is meant, so az runs nothing"),
        ),
        _ => (code::UNUSED_FIELD, "leave it as it is, or remove it; what runs is the same".to_owned()),
    };
    let mut fault = context
        .error(code, format!("`{name}` in {what} is not supported yet"))
        .label(entry.key.span, "az does not act on this")
        .help(help);
    fault.severity = severity;
    fault
}
