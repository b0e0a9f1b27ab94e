//! The faults of one file, and the words for what is wrong in its form.
//!
//! Knows how to say a mistake. Does not know how it was found. What would have to be executed is said in `code`.

use super::{
    code::{Code, excerpt},
    lexer::Slip,
    token::Opening,
};
use crate::{
    base::Span,
    diag::{Diagnostic, code as codes},
    text::document::read::Reader,
};

/// How many faults of one file are kept.
///
/// A person is shown the first few; a hostile file of nothing but faults must not fill the memory.
pub(super) const MAX_FAULTS: usize = 1000;

/// What is wrong in the form of a data file, and what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault<'a> {
    Empty,
    TooLong,
    NoValue,
    NoValueAfterComma,
    NoValueInParens,
    NoName(&'a str),
    NoEquals(&'a str),
    Colon(&'a str),
    BareName(&'a str),
    CommaBetweenEntries,
    EntryOnSameLine(&'a str),
    EntryOutsideTable(&'a str),
    NoSeparator,
    Doubled,
    AfterRoot,
    TooLarge(&'a str),
    BadEscape,
}

impl<'a> Fault<'a> {
    /// Returns what stands there, where the words repeat it.
    fn found(self) -> &'a str {
        match self {
            Self::NoName(found)
            | Self::NoEquals(found)
            | Self::Colon(found)
            | Self::BareName(found)
            | Self::EntryOnSameLine(found)
            | Self::EntryOutsideTable(found)
            | Self::TooLarge(found) => found,
            _ => "",
        }
    }
}

/// The faults found so far.
pub(super) struct Faults<'a> {
    reader: &'a Reader<'a>,
    found: Vec<Diagnostic>,
    too_deep: Option<Span>,
    /// Whether a fault of the form is among those not kept.
    has_lost_form: bool,
    /// How many were ever noted.
    noted: usize,
}

impl<'a> Faults<'a> {
    pub(super) fn new(reader: &'a Reader<'a>) -> Self {
        Self { reader, found: Vec::new(), too_deep: None, has_lost_form: false, noted: 0 }
    }

    /// Returns how many there are; a number to go `back_to`.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// Returns how many were ever noted, those among them that were forgotten or not kept.
    pub(super) fn noted(&self) -> usize {
        self.noted
    }

    /// Forgets what was found since; it lies in something that is a fault as a whole.
    pub(super) fn back_to(&mut self, count: usize) {
        self.found.truncate(count);
    }

    /// Notes a mistake in the form, at a place in the text.
    pub(super) fn form(&mut self, fault: Fault<'_>, at: Span) {
        let (message, help) = words(fault);
        self.syntax(message, help, at);
    }

    /// Notes a mistake in quotes, comments or brackets.
    pub(super) fn slip(&mut self, slip: Slip, at: Span) {
        let (message, help) = slip_words(slip);
        self.syntax(message, help, at);
    }

    /// Notes something that would have to be executed.
    pub(super) fn code(&mut self, code: Code<'_>, at: Span) {
        let whole = at.of(self.reader.text);
        let (message, help) = code.words(whole);
        let fault = Diagnostic::error(codes::EXECUTABLE, message).source(self.reader.source).help(help);
        self.push(fault.edit_if(self.reader.span(at.start, at.end), code.instead(whole)), at);
    }

    /// Notes that something lies too deep; of several such places the first is told.
    pub(super) fn too_deep(&mut self, at: Span) {
        self.too_deep.get_or_insert(at);
    }

    /// Returns all faults, and whether they leave a tree to be used: not if its form is in doubt.
    pub(super) fn into_found(mut self) -> (bool, Vec<Diagnostic>) {
        if let Some(at) = self.too_deep {
            let place = self.reader.span(at.start, at.end);
            self.found.push(self.reader.too_deep(place));
        }
        let is_sound = self.found.iter().all(|fault| fault.code == codes::EXECUTABLE);
        (is_sound && !self.has_lost_form, self.found)
    }

    fn syntax(&mut self, message: String, help: String, at: Span) {
        self.push(Diagnostic::error(codes::SYNTAX, message).source(self.reader.source).help(help), at);
    }

    fn push(&mut self, fault: Diagnostic, at: Span) {
        self.noted += 1;
        if self.found.len() < MAX_FAULTS {
            let place = self.reader.span(at.start, at.end);
            self.found.push(fault.at(self.reader.source.clamp(place)));
        } else {
            self.has_lost_form |= fault.code != codes::EXECUTABLE;
        }
    }
}

fn words(fault: Fault<'_>) -> (String, String) {
    let name = excerpt(fault.found());
    let (message, help) = match fault {
        Fault::Empty => ("the file is empty", "write at least `@{ }`"),
        Fault::TooLong => ("the file is larger than 4 GiB", "split it into several files"),
        Fault::NoValue => ("expected a value after `=`", "write the value, or remove the name"),
        Fault::NoValueAfterComma => {
            ("expected a value after the comma", "write the value, or remove the comma")
        }
        Fault::NoValueInParens => {
            ("expected a value between `(` and `)`", "write the value, or `@()` for an empty list")
        }
        Fault::NoName(_) => ("expected a name, found `NAME`", "write `Name = value`, or remove it"),
        Fault::NoEquals(_) => ("expected `=` after the name `NAME`", "write `NAME = value`"),
        Fault::Colon(_) => ("the name `NAME` is followed by `:` instead of `=`", "write `NAME = value`"),
        Fault::BareName(_) => ("the name `NAME` must stand in quotes", "write `'NAME' = value`"),
        Fault::CommaBetweenEntries => (
            "entries of a table are not separated by commas",
            "write `;` or the end of the line instead of the comma",
        ),
        Fault::EntryOnSameLine(_) => {
            ("the entry `NAME` begins on the line of another", "write `;` or the end of the line before it")
        }
        Fault::EntryOutsideTable(_) => (
            "`NAME = ...` stands where only a value can stand",
            "write `@{ NAME = ... }` for a table, or only the value",
        ),
        Fault::NoSeparator => {
            ("expected `,` or the end of the line after the value", "write `,` between two values")
        }
        Fault::Doubled => ("expected a value, found `=`", "remove the second `=`"),
        Fault::AfterRoot => (
            "expected the end of the file after the first value",
            "remove the rest, or close the first value later",
        ),
        Fault::TooLarge(_) => ("the number `NAME` is too large", "write it in quotes: 'NAME'"),
        Fault::BadEscape => (
            "this escape does not exist",
            "write the number of a character in hexadecimal, as in `u{1F600}, or `` for a backtick",
        ),
    };
    (message.replace("NAME", &name), help.replace("NAME", &name))
}

fn slip_words(slip: Slip) -> (String, String) {
    let (message, help) = match slip {
        Slip::OpenText(quote) => {
            ("this text is not closed".to_owned(), format!("write the missing `{quote}`"))
        }
        Slip::OpenHere(quote) => (
            "this text over several lines is not closed".to_owned(),
            format!("write `{quote}@` at the very start of a line"),
        ),
        Slip::IndentedHere(quote) => (
            format!("`{quote}@` closes a text only at the very start of its line"),
            "remove the blanks before it".to_owned(),
        ),
        Slip::CrowdedHere(quote) => (
            format!("a text between `@{quote}` and `{quote}@` begins on the next line"),
            format!("end the line behind `@{quote}`, or write {quote}...{quote} without `@`"),
        ),
        Slip::OpenComment => ("this comment is not closed".to_owned(), "write the missing `#>`".to_owned()),
        Slip::ForeignComment => {
            ("this is no remark in psd1".to_owned(), "write `#` before a remark".to_owned())
        }
        Slip::OpenBracket(opening) => {
            let what = match opening {
                Opening::Table => "this table",
                Opening::List => "this list",
                Opening::Block => "this block",
                Opening::Paren | Opening::Subexpression => "this parenthesis",
                Opening::Square => "this bracket",
            };
            (format!("{what} is not closed"), format!("write the missing `{}`", opening.closing().as_str()))
        }
        Slip::StrayBracket(closing) => (
            format!("this `{}` closes nothing", closing.as_str()),
            format!("remove it, or write the missing `{}` before it", closing.usual_opening()),
        ),
    };
    (message, help)
}
