//! `sh` and `bash`.

use super::{
    ESCAPED, Refusal, Writer,
    command::{Command, DOCUMENT_OF_CODE},
    ends_escaping,
};

/// Where in a script a place is; the innermost last.
#[derive(Debug, Clone, PartialEq)]
enum State {
    /// Commands, opened by `(`, `$(` or the start.
    Code,
    /// Commands between backticks.
    Backticks,
    /// `"..."`
    Double,
    /// `'...'`
    Single,
    /// `$'...'`
    Ansi,
    /// `# ...`
    Comment,
    /// `$((...))`, with the parentheses that are open in it.
    Arithmetic(usize),
    /// `${...}`
    Parameter,
    /// The lines of a here-document.
    Document(Document),
}

#[derive(Debug, Clone, PartialEq)]
struct Document {
    end: String,
    /// Nothing in it is expanded.
    is_quoted: bool,
    strips_tabs: bool,
    /// A shell or another interpreter runs it.
    is_code: bool,
}

/// The script so far.
pub(super) struct Posix {
    out: String,
    is_bash: bool,
    states: Vec<State>,
    /// The commands that are being written, of each [`State::Code`] and [`State::Backticks`] one.
    commands: Vec<Command>,
    /// Here-documents whose lines start behind this one.
    pending: Vec<Document>,
    values: usize,
    /// Where `[[` was opened, and the first value in it.
    test: Option<(usize, Option<usize>)>,
    late: Vec<(usize, Refusal)>,
    /// What follows is not known to be where it seems to be.
    is_lost: bool,
}

const ARITHMETIC: Refusal = Refusal {
    message: "a value cannot stand in arithmetic, where the shell would evaluate what is in it",
    help: "give it to a variable first, check that it is a number, and use the variable: `n=${{ ... }}`",
};
const PARAMETER: Refusal = Refusal {
    message: "a value cannot stand inside of `${...}`, where the shell may evaluate what is in it",
    help: "give it to a variable before, and use that: `value=${{ ... }}`",
};
const DOCUMENT: Refusal = Refusal {
    message: "a value cannot arrive in a here-document whose end is quoted",
    help: "write the end without quotes: `<<EOF`, and `\\$` where a dollar sign is meant",
};

const LOST: Refusal = Refusal {
    message: "a value cannot stand here, behind quotes and substitutions too deep to be followed",
    help: "give it to a variable at the start of the script, and use that: `value=${{ ... }}`",
};

const NUMERIC: [&str; 6] = [" -eq ", " -ne ", " -lt ", " -le ", " -gt ", " -ge "];

/// How deep quotes and substitutions are followed.
const MAX_DEPTH: usize = 64;

/// How long the end of a here-document may be, in bytes.
const MAX_END: usize = 256;

impl Posix {
    pub(super) fn new(is_bash: bool) -> Self {
        Self {
            out: String::new(),
            is_bash,
            states: vec![State::Code],
            commands: vec![Command::default()],
            pending: Vec::new(),
            values: 0,
            test: None,
            late: Vec::new(),
            is_lost: false,
        }
    }

    fn pop(&mut self) {
        if self.states.len() > 1 && matches!(self.states.pop(), Some(State::Code | State::Backticks)) {
            self.end_command();
            self.commands.pop();
        }
    }

    /// Returns the innermost command.
    fn command(&mut self) -> &mut Command {
        if self.commands.is_empty() {
            self.commands.push(Command::default());
        }
        let last = self.commands.len() - 1;
        &mut self.commands[last]
    }

    /// Adds to the word of a command, and returns the length of what was added.
    fn word(&mut self, text: &str) -> usize {
        self.command().add(text);
        text.len()
    }

    /// Ends the command, whose input the here-documents of its line may be, or that of one before it in a pipeline.
    fn end_command(&mut self) {
        if !self.pending.is_empty() && self.command().runs_input() {
            self.pending.iter_mut().for_each(|document| document.is_code = true);
        }
        self.command().end();
    }

    /// Follows what starts a text, and returns its length.
    fn step(&mut self, rest: &str, c: char) -> usize {
        let state = self.states.last().cloned().unwrap_or(State::Code);
        let plain = c.len_utf8();
        match state {
            State::Code | State::Backticks => self.code(rest, c),
            State::Double => match c {
                '\\' => self.word(&rest[..escaped(rest)]),
                '"' => self.closed(),
                _ => self.expansion(rest).unwrap_or_else(|| self.word(&rest[..plain])),
            },
            State::Single | State::Ansi if c == '\'' => self.closed(),
            State::Ansi if c == '\\' => self.word(&rest[..escaped(rest)]),
            State::Single | State::Ansi => self.word(&rest[..plain]),
            State::Comment if c == '\n' => {
                self.pop();
                0
            }
            State::Arithmetic(open) => {
                self.arithmetic(c, open);
                plain
            }
            State::Parameter if c == '}' => self.closed(),
            State::Parameter => self.expansion(rest).unwrap_or(plain),
            State::Document(document) => self.document(&document, rest, c),
            State::Comment => plain,
        }
    }

    fn closed(&mut self) -> usize {
        self.pop();
        1
    }

    fn opened(&mut self, state: State, length: usize) -> usize {
        if self.states.len() < MAX_DEPTH {
            self.states.push(state);
        } else {
            self.is_lost = true;
        }
        length
    }

    /// Opens what holds commands.
    fn opened_commands(&mut self, state: State, command: Command, length: usize) -> usize {
        if self.states.len() < MAX_DEPTH {
            self.commands.push(command);
        }
        self.opened(state, length)
    }

    /// Follows what is expanded in double quotes too.
    fn expansion(&mut self, rest: &str) -> Option<usize> {
        let is_end = rest.starts_with('`') && self.states.contains(&State::Backticks);
        if !is_end && ["$(", "${", "`"].iter().any(|opening| rest.starts_with(opening)) {
            self.command().add("$");
        }
        Some(if rest.starts_with("$((") {
            self.opened(State::Arithmetic(2), 3)
        } else if rest.starts_with("$(") {
            self.opened_commands(State::Code, Command::default(), 2)
        } else if rest.starts_with("${") {
            self.opened(State::Parameter, 2)
        } else if rest.starts_with('`') {
            if is_end { self.closed() } else { self.opened_commands(State::Backticks, Command::default(), 1) }
        } else {
            return None;
        })
    }

    fn arithmetic(&mut self, c: char, open: usize) {
        let open = match c {
            '(' => open + 1,
            ')' => open - 1,
            _ => return,
        };
        self.pop();
        if open > 0 {
            self.states.push(State::Arithmetic(open));
        }
    }

    fn code(&mut self, rest: &str, c: char) -> usize {
        if let Some(length) = self.expansion(rest) {
            return length;
        }
        match c {
            '\\' => {
                let length = escaped(rest);
                // A line that goes on.
                if !rest.starts_with("\\\n") {
                    self.command().add(&rest[1..length]);
                }
                length
            }
            '\'' => self.quoted(State::Single, 1),
            '"' => self.quoted(State::Double, 1),
            '$' if self.is_bash && rest.starts_with("$'") => self.quoted(State::Ansi, 2),
            '(' if self.is_bash && rest.starts_with("((") => self.quoted(State::Arithmetic(2), 2),
            '(' => {
                let inner = if self.test.is_some() { Command::default() } else { self.command().group() };
                self.opened_commands(State::Code, inner, 1)
            }
            ')' if self.states.last() == Some(&State::Code) => {
                // Of a pattern of `case`.
                if self.states.len() == 1 {
                    self.end_command();
                }
                self.closed()
            }
            '#' if self.out.is_empty() || self.out.ends_with([' ', '\t', '\n', ';', '|', '&', '(', '`']) => {
                self.opened(State::Comment, 1)
            }
            '[' if self.is_bash && rest.starts_with("[[") => {
                self.test = Some((self.out.len(), None));
                self.word("[[")
            }
            ']' if rest.starts_with("]]") => {
                self.close_test();
                self.word("]]")
            }
            '\n' => {
                self.end_command();
                for document in std::mem::take(&mut self.pending).into_iter().rev() {
                    self.states.push(State::Document(document));
                }
                1
            }
            _ => self.between(rest, c),
        }
    }

    /// Opens quotes, which make a word even if nothing is in them.
    fn quoted(&mut self, state: State, length: usize) -> usize {
        self.command().add("");
        self.opened(state, length)
    }

    /// Follows words and what stands between them.
    fn between(&mut self, rest: &str, c: char) -> usize {
        let plain = c.len_utf8();
        match c {
            ' ' | '\t' => self.command().end_word(),
            '|' | '&' | '<' | '>' if self.test.is_some() => self.command().add(&rest[..plain]),
            '<' if rest.starts_with("<<<") => {
                self.command().redirect("<<<");
                return 3;
            }
            '<' if rest.starts_with("<<") => {
                self.command().redirect("<<$");
                return self.open_document(rest);
            }
            '&' | '|' if self.command().is_in_redirection() => self.command().redirect(&rest[..plain]),
            '&' if rest.starts_with("&>") => {
                self.command().redirect("&>");
                return 2;
            }
            '<' | '>' => self.command().redirect(&rest[..plain]),
            ';' | '|' | '&' => self.end_command(),
            _ => self.command().add(&rest[..plain]),
        }
        plain
    }

    fn close_test(&mut self) {
        if let Some((start, Some(value))) = self.test.take()
            && NUMERIC.iter().any(|operator| self.out[start..].contains(operator))
        {
            self.late.push((value, ARITHMETIC));
        }
    }

    fn open_document(&mut self, rest: &str) -> usize {
        let strips_tabs = rest[2..].starts_with('-');
        let start = 2 + usize::from(strips_tabs);
        let blank = rest[start..].len() - rest[start..].trim_start_matches([' ', '\t']).len();
        let word = &rest[start + blank..];
        let length = word.find(|c: char| c.is_whitespace() || ";|&()<>".contains(c)).unwrap_or(word.len());
        let is_quoted = word[..length].contains(['\'', '"', '\\']);
        let end: String = word[..length].chars().filter(|c| !"'\"\\".contains(*c)).collect();
        if end.is_empty() || end.len() > MAX_END {
            self.is_lost |= !end.is_empty();
            return 2;
        }
        self.pending.push(Document { end, is_quoted, strips_tabs, is_code: false });
        start + blank + length
    }

    fn document(&mut self, document: &Document, rest: &str, c: char) -> usize {
        if self.out.ends_with('\n') {
            let line = rest.split('\n').next().unwrap_or_default();
            let written = if document.strips_tabs { line.trim_start_matches('\t') } else { line };
            if written == document.end {
                self.pop();
                return line.len();
            }
        }
        match c {
            _ if document.is_quoted => c.len_utf8(),
            '\\' => escaped(rest),
            _ => self.expansion(rest).unwrap_or(c.len_utf8()),
        }
    }
}

/// Returns the length of a backslash and what it escapes.
fn escaped(rest: &str) -> usize {
    1 + rest[1..].chars().next().map_or(0, char::len_utf8)
}

impl Writer for Posix {
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (now, later) = rest.split_at(self.step(rest, c));
            self.out.push_str(now);
            rest = later;
        }
    }

    fn value(&mut self, name: &str) -> Result<(), Refusal> {
        self.values += 1;
        if self.is_lost {
            return Err(LOST);
        }
        let state = self.states.last().cloned().unwrap_or(State::Code);
        let expands = !matches!(&state, State::Single | State::Comment);
        if expands && (ends_escaping(&self.out, '\\') || ends_escaping(&self.out, '$')) {
            return Err(ESCAPED);
        }
        if let Some((_, first)) = &mut self.test {
            first.get_or_insert(self.values - 1);
        }
        let before = self.out.trim_end_matches('[');
        let is_subscript =
            before.len() < self.out.len() && before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let is_in_word =
            matches!(state, State::Code | State::Backticks | State::Double | State::Single | State::Ansi);
        if is_in_word && let Some(refusal) = self.command().refusal() {
            return Err(refusal);
        }
        let reference = match state {
            State::Document(document) if document.is_code => return Err(DOCUMENT_OF_CODE),
            State::Code | State::Backticks if is_subscript => return Err(ARITHMETIC),
            State::Code | State::Backticks => format!("\"${{{name}}}\""),
            State::Single => format!("'\"${{{name}}}\"'"),
            State::Ansi => format!("'\"${{{name}}}\"$'"),
            State::Comment => name.to_owned(),
            State::Arithmetic(_) => return Err(ARITHMETIC),
            State::Parameter => return Err(PARAMETER),
            State::Document(document) if document.is_quoted => return Err(DOCUMENT),
            State::Double | State::Document(_) => format!("${{{name}}}"),
        };
        if is_in_word {
            self.command().add("$");
        }
        self.out.push_str(&reference);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> (String, Vec<(usize, Refusal)>) {
        self.close_test();
        (self.out, self.late)
    }
}
