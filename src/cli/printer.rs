//! The one way to standard output and standard error.

use std::{
    borrow::Cow,
    cell::RefCell,
    io::{self, ErrorKind, IsTerminal, Read, Write},
};

use serde_json::Value;

use super::{
    FAILED,
    arguments::{Color, Format, Output},
};
use crate::{
    base::{Filter, harmless, harmless_colored, harmless_json},
    diag::{self, Diagnostic, Look, Severity, code, to_json},
    sys::System,
};

/// Writes data to standard output and conversation to standard error.
pub(super) struct Printer {
    look: Look,
    data_color: bool,
    pub(super) format: Format,
    /// Standard output is read by a job of GitHub.
    pub(super) is_github: bool,
    /// Why data could not be written: the first time.
    lost: RefCell<Option<io::Error>>,
}

/// Columns that text is wrapped at.
const WIDTH: usize = 100;

impl Printer {
    pub(super) fn new(system: &dyn System, output: &Output) -> Self {
        let env = system.env();
        let is_set = |name: &str| env.get(std::ffi::OsStr::new(name)).is_some_and(|value| !value.is_empty());
        let is_dumb = env.get(std::ffi::OsStr::new("TERM")).is_some_and(|term| term == "dumb");
        let color = |is_terminal: bool| match output.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => (is_terminal && !is_dumb && !is_set("NO_COLOR")) || is_set("CLICOLOR_FORCE"),
        };
        let look = Look { color: color(io::stderr().is_terminal()), unicode: true, width: WIDTH };
        let data_color = color(io::stdout().is_terminal());
        let is_github = env.get(std::ffi::OsStr::new("GITHUB_ACTIONS")).is_some_and(|value| value == "true");
        Self { look, data_color, format: output.format(), is_github, lost: RefCell::default() }
    }

    /// Tells whether colours may be used in the conversation.
    pub(super) fn color(&self) -> bool {
        self.look.color
    }

    /// Tells whether colours may be used in data for people.
    pub(super) fn data_color(&self) -> bool {
        self.data_color
    }

    /// Writes data.
    pub(super) fn data(&self, text: &str) {
        self.bytes(harmless(text).as_bytes());
    }

    /// Writes data in which az has used colours, where they may be used.
    pub(super) fn colored_data(&self, text: &str) {
        self.bytes(colored(text, self.data_color).as_bytes());
    }

    fn bytes(&self, bytes: &[u8]) {
        self.note(io::stdout().lock().write_all(bytes));
    }

    /// Writes all that can be read, piece by piece, as it is.
    pub(super) fn copy(&self, from: &mut impl Read) {
        self.note(io::copy(from, &mut io::stdout().lock()).map(|_| ()));
    }

    /// Writes all that can be read, piece by piece; of what a terminal would obey only colours stay.
    pub(super) fn copy_shown(&self, from: &mut impl Read) {
        let mut filter = Filter::new(io::BufWriter::new(io::stdout().lock()));
        let copied = io::copy(&mut io::BufReader::with_capacity(1 << 16, from), &mut filter);
        self.note(copied.and_then(|_| filter.end()));
    }

    /// Ends the output: returns what az exits with, which is no success if data was lost.
    pub(super) fn finish(self, code: u8) -> u8 {
        self.note(io::stdout().lock().flush());
        let Some(error) = self.lost.take() else { return code };
        let fault = Diagnostic::error(code::UNWRITTEN, format!("standard output cannot be written: {error}"));
        self.diagnostic(&fault.help("make room, or send it to a file that can be written"));
        if code == 0 { FAILED } else { code }
    }

    /// Remembers an error; a reader that has gone away is none.
    fn note(&self, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.lost.borrow_mut().get_or_insert(error);
        }
    }

    /// Writes a JSON value, on one line where values follow each other.
    pub(super) fn json(&self, value: &Value) {
        let text = match self.format {
            Format::Jsonl => serde_json::to_string(value),
            Format::Text | Format::Json => serde_json::to_string_pretty(value),
        };
        self.json_text(&(text.expect("a JSON value can be written") + "\n"));
    }

    /// Writes what is JSON already, or has the same escapes in its quotes.
    pub(super) fn json_text(&self, text: &str) {
        self.bytes(harmless_json(text).as_bytes());
    }

    /// Writes a JSON value on one line, whatever follows it.
    pub(super) fn json_line(&self, value: &Value) {
        self.json_text(&(serde_json::to_string(value).expect("a JSON value can be written") + "\n"));
        self.note(io::stdout().lock().flush());
    }

    /// Writes a line of conversation.
    #[expect(clippy::unused_self, reason = "all output goes through the one printer")]
    pub(super) fn say(&self, line: &str) {
        _ = writeln!(io::stderr().lock(), "{}", harmless(line));
    }

    /// Writes a line of conversation in which colours were used where they may be, or what a step printed.
    #[expect(clippy::unused_self, reason = "as above")]
    pub(super) fn say_colored(&self, line: &str) {
        _ = writeln!(io::stderr().lock(), "{}", harmless_colored(line));
    }

    /// Writes a text of several lines as conversation, in which az has used colours, where they may be used.
    pub(super) fn say_lines(&self, text: &str) {
        _ = io::stderr().lock().write_all(colored(text, self.look.color).as_bytes());
    }

    /// Writes a question, behind which the answer is typed.
    #[expect(clippy::unused_self, reason = "as above")]
    pub(super) fn ask(&self, question: &str) {
        let mut to = io::stderr().lock();
        _ = to.write_all(harmless(question).as_bytes()).and_then(|()| to.flush());
    }

    /// Writes a diagnostic for people.
    pub(super) fn diagnostic(&self, fault: &Diagnostic) {
        _ = io::stderr()
            .lock()
            .write_all(colored(&diag::render(fault, self.look), self.look.color).as_bytes());
    }

    /// Writes a diagnostic that is itself the answer.
    pub(super) fn data_diagnostic(&self, fault: &Diagnostic) {
        self.colored_data(&diag::render(fault, Look { color: self.data_color, ..self.look }));
    }

    /// Writes a diagnostic in one line, for what is told again and again.
    pub(super) fn brief(&self, fault: &Diagnostic) {
        let at = fault
            .source
            .as_ref()
            .zip(fault.labels.first())
            .map(|(source, label)| format!("{}:{}: ", source.name, source.place(label.span.start).line));
        let help = fault.advice().map_or_else(String::new, |help| format!("; {help}"));
        let at = at.unwrap_or_default();
        let line = format!("{}[{}]: {at}{}{help}", fault.severity.as_str(), fault.code, fault.message);
        self.say(&line);
    }

    /// Writes diagnostics behind an answer of one value a line, if there are any.
    pub(super) fn diagnostics_line(&self, faults: &[Diagnostic]) {
        if !faults.is_empty() {
            let faults: Vec<Value> = faults.iter().map(to_json).collect();
            self.json(&serde_json::json!({ "diagnostics": faults }));
        }
    }

    /// Writes diagnostics: for people, or as data where data is asked for.
    pub(super) fn diagnostics(&self, faults: &[Diagnostic]) {
        match self.format {
            // Where something is wrong, notes would only bury it.
            Format::Text => {
                let worst = faults.iter().map(|fault| fault.severity).max();
                let is_told =
                    |fault: &&Diagnostic| fault.severity > Severity::Note || worst == Some(Severity::Note);
                faults.iter().filter(is_told).for_each(|fault| self.diagnostic(fault));
            }
            Format::Json | Format::Jsonl => {
                let faults: Vec<Value> = faults.iter().map(to_json).collect();
                self.json(&serde_json::json!({ "schema": "az.error/v1", "diagnostics": faults }));
            }
        }
    }
}

/// Returns what may be written where colours may be used, or not.
fn colored(text: &str, color: bool) -> Cow<'_, str> {
    if color { harmless_colored(text) } else { harmless(text) }
}
