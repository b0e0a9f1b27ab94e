//! Python and JavaScript: a literal with a value in it becomes a sum in parentheses.

use super::{ESCAPED, Refusal, Writer, ends_escaping};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    Node,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// Code, with `{` that opened it.
    Code,
    Literal(Literal),
    /// To the end of the line.
    Comment,
    /// `/* ... */`
    BlockComment,
    /// `/.../`; whether it is in brackets.
    Pattern(bool),
}

#[derive(Debug, Clone, PartialEq)]
struct Literal {
    /// Where it starts in the script so far.
    start: usize,
    /// The letters before the quotes.
    prefix: String,
    /// One quote, or three.
    quotes: String,
    has_value: bool,
    /// How many braces of an f-string are open.
    open: usize,
}

/// The script so far.
pub(super) struct Code {
    language: Language,
    out: String,
    states: Vec<State>,
    /// Where parentheses have to be opened, in order.
    openings: Vec<usize>,
}

const PATTERN: Refusal = Refusal {
    message: "a value cannot stand in a pattern",
    help: "build the pattern from a text: `new RegExp(${{ ... }})`",
};
const BYTES: Refusal = Refusal {
    message: "a value cannot stand in this literal",
    help: "give it to a variable before, and use that: `value = ${{ ... }}`",
};
const EVALUATED: Refusal = Refusal {
    message: "a value cannot stand in a text that is run, where it would be a piece of code",
    help: "use the value itself, `value = ${{ ... }}`, and parse it: `json.loads`, `ast.literal_eval`, `JSON.parse`",
};

/// Functions that run the text they are given.
const RUN_IN_PYTHON: [&str; 5] = ["eval", "exec", "compile", "os.system", "os.popen"];
const RUN_IN_NODE: [&str; 3] = ["eval", "Function", "execSync"];

impl Code {
    pub(super) fn new(language: Language) -> Self {
        Self { language, out: String::new(), states: vec![State::Code], openings: Vec::new() }
    }

    /// Tells whether what is being written is the text that a function runs: `eval("...`.
    fn is_run(&self) -> bool {
        let start = match self.states.last() {
            Some(State::Literal(literal)) => literal.start,
            Some(State::Code) | None => self.out.len(),
            Some(State::Comment | State::BlockComment | State::Pattern(_)) => return false,
        };
        let before = self.out.get(..start).unwrap_or_default().trim_end();
        let before = before.strip_suffix('(').unwrap_or_default().trim_end();
        let functions: &[&str] =
            if self.language == Language::Python { &RUN_IN_PYTHON } else { &RUN_IN_NODE };
        functions.iter().any(|function| {
            let front = before.strip_suffix(function);
            // `model.eval(...)` is another one; `execSync` is a member as a rule.
            let is_member = |c: char| c == '.' && *function != "execSync";
            front.is_some_and(|front| {
                !front.ends_with(|c: char| c.is_alphanumeric() || c == '_' || is_member(c))
            })
        })
    }

    fn pop(&mut self) {
        if self.states.len() > 1 {
            self.states.pop();
        }
    }

    fn reference(&self, name: &str) -> String {
        match self.language {
            Language::Python => format!("__import__(\"os\").environ[\"{name}\"]"),
            Language::Node => format!("process.env.{name}"),
        }
    }

    fn is_python(&self) -> bool {
        self.language == Language::Python
    }

    fn code(&mut self, rest: &str, c: char) -> usize {
        match c {
            '\'' | '"' => self.open_literal(rest, c),
            '`' if !self.is_python() => self.open_literal(rest, c),
            '#' if self.is_python() => self.opened(State::Comment, 1),
            '/' if !self.is_python() => self.slash(rest),
            '{' => self.opened(State::Code, 1),
            '}' => {
                self.pop();
                1
            }
            other => other.len_utf8(),
        }
    }

    fn opened(&mut self, state: State, length: usize) -> usize {
        self.states.push(state);
        length
    }

    fn slash(&mut self, rest: &str) -> usize {
        if rest.starts_with("//") {
            return self.opened(State::Comment, 2);
        }
        if rest.starts_with("/*") {
            return self.opened(State::BlockComment, 2);
        }
        // Behind a value it divides; behind a sign it opens a pattern.
        let before = self.out.trim_end();
        let divides = before.ends_with(|c: char| c.is_alphanumeric() || ")]}_$\"'`".contains(c))
            && !before.ends_with("return");
        if divides { 1 } else { self.opened(State::Pattern(false), 1) }
    }

    fn open_literal(&mut self, rest: &str, quote: char) -> usize {
        let three = quote.to_string().repeat(3);
        let is_long = self.is_python() && rest.starts_with(&three);
        let quotes = if is_long { three } else { quote.to_string() };
        let word =
            self.out.len() - self.out.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let prefix = &self.out[self.out.len() - word..];
        let is_prefix =
            self.is_python() && prefix.len() <= 2 && prefix.chars().all(|c| "rRbBuUfF".contains(c));
        let prefix = if is_prefix { prefix.to_owned() } else { String::new() };
        let length = quotes.len();
        let start = self.out.len() - prefix.len();
        self.opened(State::Literal(Literal { start, prefix, quotes, has_value: false, open: 0 }), length)
    }

    /// Follows what starts a text inside of a literal, and returns its length.
    fn literal(&mut self, mut literal: Literal, rest: &str, c: char) -> usize {
        if c == '\\' {
            return 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        if rest.starts_with(&literal.quotes)
            || (c == '\n' && literal.quotes.len() == 1 && literal.quotes != "`")
        {
            self.pop();
            let length = if c == '\n' { 0 } else { literal.quotes.len() };
            self.out.push_str(&rest[..length]);
            if literal.has_value {
                self.out.push(')');
            }
            return length;
        }
        if literal.quotes == "`" && rest.starts_with("${") {
            return self.opened(State::Code, 2);
        }
        if literal.prefix.contains(['f', 'F']) && (c == '{' || c == '}') {
            if rest[1..].starts_with(c) && literal.open == 0 {
                return 2;
            }
            literal.open = if c == '{' { literal.open + 1 } else { literal.open.saturating_sub(1) };
            self.pop();
            self.states.push(State::Literal(literal));
        }
        c.len_utf8()
    }

    fn step(&mut self, rest: &str, c: char) -> usize {
        let before = self.out.len();
        let length = match self.states.last().cloned().unwrap_or(State::Code) {
            State::Code => self.code(rest, c),
            State::Literal(literal) => self.literal(literal, rest, c),
            State::Comment if c == '\n' => {
                self.pop();
                1
            }
            State::BlockComment if rest.starts_with("*/") => {
                self.pop();
                2
            }
            State::Pattern(in_brackets) => self.pattern(in_brackets, rest, c),
            State::Comment | State::BlockComment => c.len_utf8(),
        };
        if self.out.len() == before {
            self.out.push_str(&rest[..length]);
        }
        length
    }

    fn pattern(&mut self, in_brackets: bool, rest: &str, c: char) -> usize {
        match c {
            '\\' => return 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '/' if !in_brackets => self.pop(),
            '\n' => self.pop(),
            '[' | ']' => {
                self.pop();
                self.states.push(State::Pattern(c == '['));
            }
            _ => {}
        }
        c.len_utf8()
    }
}

impl Writer for Code {
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[self.step(rest, c)..];
        }
    }

    fn value(&mut self, name: &str) -> Result<(), Refusal> {
        if self.is_run() {
            return Err(EVALUATED);
        }
        let reference = self.reference(name);
        let is_escaped = ends_escaping(&self.out, '\\');
        match self.states.last_mut() {
            Some(State::Literal(_)) if is_escaped => return Err(ESCAPED),
            Some(State::Literal(literal)) if literal.quotes == "`" => {
                self.out.extend(["${", &reference, "}"]);
            }
            Some(State::Literal(literal)) => {
                if literal.open > 0 || literal.prefix.contains(['b', 'B']) {
                    return Err(BYTES);
                }
                if !std::mem::replace(&mut literal.has_value, true) {
                    self.openings.push(literal.start);
                }
                let Literal { prefix, quotes, .. } = literal;
                self.out.extend([quotes, " + ", &reference, " + ", prefix, quotes]);
            }
            Some(State::Pattern(_)) => return Err(PATTERN),
            Some(State::Comment | State::BlockComment) => self.out.push_str(name),
            Some(State::Code) | None => self.out.push_str(&reference),
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> (String, Vec<(usize, Refusal)>) {
        let mut text = String::with_capacity(self.out.len() + self.openings.len());
        let mut at = 0;
        for opening in self.openings {
            text.push_str(&self.out[at..opening]);
            text.push('(');
            at = opening;
        }
        text.push_str(&self.out[at..]);
        (text, Vec::new())
    }
}
