//! `pwsh`.

use super::{ESCAPED, Refusal, Writer, ends_escaping};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    /// `"..."`
    Double,
    /// `'...'`, which starts here in the script so far.
    Single(usize),
    /// `'...'` that became `"..."` because a value is in it.
    Opened,
    /// `@"..."@`
    HereDouble,
    /// `@'...'@`
    HereSingle(usize),
    /// `@'...'@` that became `@"..."@`.
    HereOpened,
    /// `# ...`
    Comment,
    /// `<# ... #>`
    BlockComment,
}

/// The script so far.
pub(super) struct PowerShell {
    out: String,
    states: Vec<State>,
}

impl Default for PowerShell {
    fn default() -> Self {
        Self { out: String::new(), states: vec![State::Code] }
    }
}

impl PowerShell {
    fn state(&self) -> State {
        self.states.last().copied().unwrap_or(State::Code)
    }

    fn pop(&mut self) {
        if self.states.len() > 1 {
            self.states.pop();
        }
    }

    fn code(&mut self, rest: &str) {
        let at_line_end = |rest: &str| rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
        let is_here =
            rest.len() > 2 && (rest.starts_with("@'") || rest.starts_with("@\"")) && at_line_end(&rest[2..]);
        if is_here {
            let start = self.out.len();
            self.states.push(if rest.starts_with("@'") {
                State::HereSingle(start)
            } else {
                State::HereDouble
            });
            return;
        }
        match rest.chars().next() {
            Some('\'') => self.states.push(State::Single(self.out.len())),
            Some('"') => self.states.push(State::Double),
            Some('#') if !self.out.ends_with(|c: char| c.is_alphanumeric() || c == '`') => {
                let is_block = self.out.ends_with('<');
                self.states.push(if is_block { State::BlockComment } else { State::Comment });
            }
            Some('(') => self.states.push(State::Code),
            Some(')') => self.pop(),
            _ => {}
        }
    }

    /// Writes what starts a text, and returns how much of it that was.
    fn step(&mut self, rest: &str, c: char) -> usize {
        let state = self.state();
        let mut length = c.len_utf8();
        match (state, c) {
            (State::Code | State::Double | State::HereDouble, '`') => {
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
            }
            (State::Code, '@') if rest.starts_with("@'") || rest.starts_with("@\"") => {
                self.code(rest);
                length = if self.state() == State::Code { 1 } else { 2 };
            }
            (State::Code, _) => self.code(rest),
            (State::Double, '"') | (State::Single(_), '\'') if rest[1..].starts_with(c) => length = 2,
            (State::Double, '"') | (State::Single(_), '\'') | (State::Comment, '\n') => self.pop(),
            (State::Double | State::HereDouble, '$') if rest.starts_with("$(") => {
                self.states.push(State::Code);
                length = 2;
            }
            (State::HereDouble, '"') | (State::HereSingle(_), '\'')
                if rest[1..].starts_with('@') && self.out.ends_with('\n') =>
            {
                self.pop();
                length = 2;
            }
            (State::HereOpened, '\'') if rest.starts_with("'@") && self.out.ends_with('\n') => {
                self.pop();
                self.out.push_str("\"@");
                return 2;
            }
            (State::Opened, '\'') if rest[1..].starts_with('\'') => {
                self.out.push('\'');
                return 2;
            }
            (State::Opened, '\'') => {
                self.pop();
                self.out.push('"');
                return 1;
            }
            (State::Opened | State::HereOpened, _) => {
                self.out.push_str(&escaped(&rest[..length], state == State::Opened));
                return length;
            }
            (State::BlockComment, '>') if self.out.ends_with('#') => self.pop(),
            _ => {}
        }
        self.out.push_str(&rest[..length]);
        length
    }

    /// Turns the literal that started at a place into one whose values are filled in.
    fn open(&mut self, start: usize, quotes: usize, state: State) {
        let literal = self.out.split_off(start);
        let inside = &literal[quotes..];
        let is_short = state == State::Opened;
        let inside = if is_short { inside.replace("''", "'") } else { inside.to_owned() };
        self.out.push_str(if is_short { "\"" } else { "@\"" });
        self.out.push_str(&escaped(&inside, is_short));
        self.pop();
        self.states.push(state);
    }
}

fn escaped(text: &str, with_quotes: bool) -> String {
    let text = text.replace('`', "``").replace('$', "`$");
    if with_quotes { text.replace('"', "`\"") } else { text }
}

impl Writer for PowerShell {
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[self.step(rest, c)..];
        }
    }

    fn value(&mut self, name: &str) -> Result<(), Refusal> {
        match self.state() {
            State::Single(start) => self.open(start, 1, State::Opened),
            State::HereSingle(start) => self.open(start, 2, State::HereOpened),
            State::Code | State::Double | State::HereDouble
                if ends_escaping(&self.out, '`') || ends_escaping(&self.out, '$') =>
            {
                return Err(ESCAPED);
            }
            _ => {}
        }
        if matches!(self.state(), State::Comment | State::BlockComment) {
            self.out.push_str(name);
        } else {
            self.out.extend(["${env:", name, "}"]);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> (String, Vec<(usize, Refusal)>) {
        (self.out, Vec::new())
    }
}
