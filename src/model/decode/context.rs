//! Collects the faults of one file.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    sync::Arc,
};

use super::{
    Value,
    place::{Step, Way, Ways},
};
use crate::{
    base::{Span, plural},
    diag::{Code, Diagnostic, Severity, Source, code},
    text::document::{self, Entry, Format, Node, NodeValue},
};

/// How many faults of one file are told; the rest is counted.
const MAX_TOLD: usize = 20;

/// What reading one file gave: the value if there is one, the tree for places of later faults, all faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// The meaning, as far as it could be read; to be acted on only if no fault is an error.
    pub value: Option<T>,
    /// The spanned tree.
    pub tree: Option<Node>,
    /// The faults in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// A field that was accepted and that nobody read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stands, as a JSON pointer.
    pub at: String,
    /// What it says.
    pub value: serde_json::Value,
}

/// Reads a text and decodes its tree.
pub fn read<T>(
    source: &Arc<Source>,
    format: Format,
    decode: impl FnOnce(Value<'_>) -> Option<T>,
) -> Reading<T> {
    read_all(source, format, decode, false).0
}

/// Reads a text like [`read`], with the fields that are in no value; only for who asks for them, since they cost time.
pub fn read_all<T>(
    source: &Arc<Source>,
    format: Format,
    decode: impl FnOnce(Value<'_>) -> Option<T>,
    with_left_out: bool,
) -> (Reading<T>, Vec<LeftOut>) {
    let (tree, syntax) = document::read(source, format);
    let (value, left_out, diagnostics) = {
        let mut context = Context::new(source, format);
        context.left_out = with_left_out.then(RefCell::default);
        for fault in syntax {
            context.report(fault);
        }
        let value = tree.as_ref().and_then(|tree| decode(Value::root(&context, tree)));
        if let Some(tree) = tree.as_ref().filter(|_| format == Format::Psd1) {
            context.note_code(tree);
        }
        let left_out = context.left_out.as_ref().map(RefCell::take).unwrap_or_default();
        (value, left_out, context.finish())
    };
    (Reading { value, tree, diagnostics }, left_out)
}

/// The file being decoded and its faults so far.
pub struct Context<'a> {
    source: &'a Arc<Source>,
    format: Format,
    faults: RefCell<Faults>,
    ways: RefCell<Ways<'a>>,
    /// The fields that a note says something of.
    noted: RefCell<BTreeSet<String>>,
    /// Script blocks are kept as they are written, since nothing becomes of them.
    keeps_code: Cell<bool>,
    /// The fields that nobody read, if somebody wants to know.
    left_out: Option<RefCell<Vec<LeftOut>>>,
}

#[derive(Default)]
struct Faults {
    told: Vec<Diagnostic>,
    /// Faults behind the limit.
    untold: usize,
    untold_is_error: bool,
}

impl<'a> Context<'a> {
    /// Starts a file without faults.
    pub fn new(source: &'a Arc<Source>, format: Format) -> Self {
        Self {
            source,
            format,
            faults: RefCell::default(),
            ways: RefCell::default(),
            noted: RefCell::default(),
            keeps_code: Cell::new(false),
            left_out: None,
        }
    }

    /// Tells whether nothing is noted of fields of this name yet.
    pub fn is_first_note(&self, field: &str) -> bool {
        self.noted.borrow_mut().insert(field.to_ascii_lowercase())
    }

    /// Tells whether script blocks are kept as they are written.
    pub(super) fn keeps_code(&self) -> bool {
        self.keeps_code.get()
    }

    /// Keeps script blocks while something is read of which nothing becomes.
    pub(super) fn keeping_code<T>(&self, read: impl FnOnce() -> T) -> T {
        let before = self.keeps_code.replace(true);
        let found = read();
        self.keeps_code.set(before);
        found
    }

    /// Notes of each script block that was not refused that it is only a text here.
    fn note_code(&self, node: &Node) {
        match &node.value {
            NodeValue::List(items) => items.iter().for_each(|item| self.note_code(item)),
            NodeValue::Table(entries) => entries.iter().for_each(|entry| self.note_code(&entry.value)),
            NodeValue::Code(_) => {
                let at = self.opening(node.span);
                let told = |fault: &Diagnostic| {
                    let first = fault.labels.first();
                    fault.code == code::EXECUTABLE && first.is_some_and(|label| label.span == at)
                };
                if !self.faults.borrow().told.iter().any(told) {
                    let note = Diagnostic::note(code::EXECUTABLE, "a script block is only a text for az");
                    let help =
                        "nothing of it is executed while it is read; in quotes it would be a text for all";
                    self.report(note.source(self.source).at(at).help(help));
                }
            }
            _ => {}
        }
    }

    /// Remembers a field that is in no value.
    pub(super) fn leave_out(&self, value: Value<'_>) {
        if let Some(left_out) = &self.left_out {
            let field = LeftOut { at: value.pointer(), value: self.keeping_code(|| value.json()) };
            left_out.borrow_mut().push(field);
        }
    }

    /// Takes a step from one value to another.
    pub(super) fn step(&self, from: Way, step: Step<'a>) -> Way {
        self.ways.borrow_mut().add(from, step)
    }

    /// Returns the JSON pointer of a way.
    pub(super) fn pointer(&self, way: Way) -> String {
        self.ways.borrow().pointer(way)
    }

    /// Returns the file.
    pub fn source(&self) -> &'a Arc<Source> {
        self.source
    }

    /// Returns the file's format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Starts the wording of an error in this file.
    pub fn error(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).source(self.source)
    }

    /// Returns how another name is written in the place of a field's.
    ///
    /// Nothing where the field may be written in several places: the headers of a TOML table.
    pub fn key_instead(&self, entry: &Entry, name: &str) -> Option<String> {
        let (key, text) = (&entry.key, &self.source.text);
        let is_scalar = !matches!(entry.value.value, NodeValue::Table(_) | NodeValue::List(_));
        let is_one_place =
            self.format != Format::Toml || is_scalar || text.matches(key.value.as_str()).nth(1).is_none();
        if is_one_place { self.format.text_instead(key.span.of(text), &key.value, name) } else { None }
    }

    /// Takes a fault.
    ///
    /// Errors and warnings have a limit each, so that many warnings never hide the error that stops the run.
    pub fn report(&self, diagnostic: Diagnostic) {
        let mut faults = self.faults.borrow_mut();
        let is_error = diagnostic.is_error();
        if faults.told.iter().filter(|told| told.is_error() == is_error).count() < MAX_TOLD {
            faults.told.push(diagnostic);
        } else {
            faults.untold += 1;
            faults.untold_is_error |= is_error;
        }
    }

    /// Tells whether a further error would only be counted, so that costly hints can be spared.
    pub fn is_full(&self) -> bool {
        self.faults.borrow().told.iter().filter(|told| told.is_error()).count() >= MAX_TOLD
    }

    /// Returns the part of a value's span that stands for all of it: the opening bracket of what may span many lines,
    /// else the first line.
    ///
    /// The header of a TOML table starts with a bracket too, but is short and says more as a whole.
    pub fn opening(&self, span: Span) -> Span {
        let written = span.of(&self.source.text);
        let is_header = self.format == Format::Toml && written.starts_with('[') && !written.contains('\n');
        let length = match written.as_bytes() {
            _ if is_header => written.len(),
            [b'{' | b'[', ..] => 1,
            [b'@', b'{' | b'(', ..] if self.format == Format::Psd1 => 2,
            _ => written.find(['\r', '\n']).unwrap_or(span.len()),
        };
        Span::new(span.start, span.start + length)
    }

    /// Returns the faults in the order of the file, at most 20 and one that counts the rest.
    pub fn finish(&self) -> Vec<Diagnostic> {
        let Faults { mut told, mut untold, mut untold_is_error } = self.faults.take();
        told.sort_by_key(|fault| std::cmp::Reverse(fault.severity));
        for fault in told.drain(told.len().min(MAX_TOLD)..) {
            untold += 1;
            untold_is_error |= fault.is_error();
        }
        told.sort_by_key(|fault| fault.labels.first().map(|label| label.span));
        if untold > 0 {
            told.push(count_of_rest(self.source, untold, untold_is_error));
        }
        told
    }
}

fn count_of_rest(source: &Arc<Source>, untold: usize, is_error: bool) -> Diagnostic {
    let message = format!("{} in this file", plural(untold, "more mistake"));
    let mut rest = Diagnostic::note(code::MORE_MISTAKES, message)
        .source(source)
        .help("mend those above; the rest is told in the next run");
    if is_error {
        rest.severity = Severity::Error;
    }
    rest
}
