//! What starts with a letter or with `$`: variables, contexts, constants, functions, commands.

use super::{
    Expr, Function, Machine, Name, Operator, Platform,
    lexer::{Found, Lexer, TokenKind},
    outside::{NO_COMMANDS, NO_MEMBERS, group_length},
    reading::Rules,
};
use crate::{
    base::{Span, nearest},
    diag::code,
};

/// What is no variable if a member of it is asked for.
pub(super) const CONTEXTS: [&str; 12] = [
    "github", "needs", "jobs", "job", "steps", "matrix", "strategy", "vars", "inputs", "runner", "secrets",
    "env",
];

/// Tables of variables in old files: their members are variables.
const VARIABLES: [&str; 4] = ["Variables", "Variable", "params", "parameters"];

/// Commands that only ask, with the functions they are.
const COMMANDS: [(&str, Function); 6] = [
    ("Test-Path", Function::FileExists),
    ("Get-Command", Function::CommandExists),
    ("gcm", Function::CommandExists),
    ("Get-ChildItem", Function::ListFiles),
    ("gci", Function::ListFiles),
    ("dir", Function::ListFiles),
];

impl Lexer<'_, '_> {
    pub(super) fn variable(&mut self) -> Found {
        let rest = &self.text[self.at..];
        if rest.starts_with("${{") {
            return match self.reading.dollar_braces(self.at, self.text.len()) {
                Some((value, after)) => (Ok(TokenKind::Value(value)), after),
                None => self.endless("this placeholder has no end", "write `}}` at its end"),
            };
        }
        if rest.starts_with("$(") {
            if let Some((value, after)) = self.reading.dollar_parentheses(self.at, self.text.len()) {
                return (Ok(TokenKind::Value(value)), after);
            }
            let length = self.call_length(1);
            return self.unsupported(length, "commands, as in {}, are not run in conditions", NO_COMMANDS);
        }
        if let Some(inside) = rest.strip_prefix("${") {
            let Some(length) = inside.find('}') else {
                return self.endless("this name has no end", "write `}` at its end");
            };
            return match self.reading.dollar_name(self.at, self.text.len()) {
                Some((value, after)) => (Ok(TokenKind::Value(value)), after),
                None => self.no_variable(&inside[..length], length + 3),
            };
        }
        let length = 1 + self.run(1, |c| c.is_alphanumeric() || c == '_' || c == ':');
        let (name, behind) = (&rest[1..length], &rest[length..]);
        if name.eq_ignore_ascii_case("PSVersionTable") {
            let member = ".PSVersion";
            if behind.get(..member.len()).is_some_and(|start| start.eq_ignore_ascii_case(member)) {
                return self.value(Expr::Machine(Machine::PowerShellVersion), length + member.len());
            }
            let help = "write `$PSVersionTable.PSVersion`, with `.Major` or `.Minor` behind it";
            let length = length + self.static_members(length);
            return self.unsupported(
                length,
                "{} is not known; of this only the version of PowerShell is",
                help,
            );
        }
        if let Some((scope, own)) = name.split_once(':') {
            if scope.eq_ignore_ascii_case("env") && !own.is_empty() && !own.contains(':') {
                return self.asked(Expr::Env(own.to_owned()), Name::Env(own.to_owned()), length);
            }
            return self.no_variable(name, length);
        }
        if name.is_empty() || name == "_" || name.starts_with(|c: char| c.is_ascii_digit()) {
            return self.no_variable(name, length.max(1));
        }
        self.rooted(name, length).unwrap_or_else(|| self.name(name, length))
    }

    /// Reads what may be a function, a command, a context, a constant or a variable without `$`.
    pub(super) fn word(&mut self) -> Found {
        let is_github = self.rules == Rules::GitHub;
        let mut length = self.run(0, |c| c.is_alphanumeric() || c == '_' || (is_github && c == '-'));
        let behind = &self.text[self.at + length..];
        if behind.starts_with('-') && behind[1..].starts_with(|c: char| c.is_alphabetic()) {
            length += self.run(length, |c| c.is_alphanumeric() || c == '-');
        }
        let (word, behind) = self.text[self.at..].split_at(length);
        let known = COMMANDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        if let Some((name, function)) =
            known.filter(|(name, _)| name.contains('-') || behind.starts_with(' '))
        {
            return self.command(name, *function, length);
        }
        if behind.starts_with('(') || (behind.trim_start().starts_with('(') && Function::of(word).is_some()) {
            return self.function(word, length);
        }
        if word.contains('-') && !is_github {
            let length = self.call_length(length);
            return self.unsupported(length, "commands, as in {}, are not run in conditions", NO_COMMANDS);
        }
        if behind.starts_with(':') && !behind.starts_with("::") {
            let name_length = self.run(length + 1, |c| c.is_alphanumeric() || c == '_');
            let help = format!("write `$env:{}` for a variable of the environment", &behind[1..=name_length]);
            return self.unsupported(length + 1 + name_length, "{} is nothing conditions know", help);
        }
        if let Some(found) = self.rooted(word, length) {
            return found;
        }
        match Function::of(word) {
            // The conditions of the first format: `success` alone.
            Some(function @ Function::Status(_)) => self.value(Expr::Call(function, Vec::new()), length),
            _ => self.plain_word(word),
        }
    }

    fn plain_word(&mut self, word: &str) -> Found {
        let dashed = format!("-{}", word.to_ascii_lowercase());
        if dashed == "-not" || Operator::of(&dashed).is_some() {
            let help = format!("write `{dashed}`; a variable of this name is written `${word}`");
            return self.fault(
                code::BAD_CONDITION,
                word.len(),
                "operators start with a dash, but found {}",
                "no operator",
                help,
            );
        }
        if self.rules == Rules::GitHub {
            if let Some(context) = CONTEXTS.iter().find(|known| known.eq_ignore_ascii_case(word)) {
                let name = Name::Context((*context).to_owned());
                return self.asked(Expr::Context((*context).to_owned()), name, word.len());
            }
            if word == "NaN" || word == "Infinity" {
                return self.unsupported(
                    word.len(),
                    "the number {} is not supported",
                    "write a finite number",
                );
            }
        }
        self.name(word, word.len())
    }

    /// Reads a context, or the first member of a table of variables, if a member follows.
    fn rooted(&mut self, root: &str, length: usize) -> Option<Found> {
        let rest = &self.text[self.at + length..];
        let has_member =
            rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_');
        let member = if has_member { 1 + self.run(length + 1, is_in_member) } else { 0 };
        let is = |known: &&&str| known.eq_ignore_ascii_case(root);
        let own = has_member.then(|| rest[1..member].to_owned());
        if let Some(own) = &own {
            if VARIABLES.iter().any(|known| is(&known)) {
                let length = length + member;
                return Some(self.asked(Expr::Variable(own.clone()), Name::Variable(own.clone()), length));
            }
            if root.eq_ignore_ascii_case("env") {
                return Some(self.asked(Expr::Env(own.clone()), Name::Env(own.clone()), length + member));
            }
        }
        let context = CONTEXTS.iter().find(is)?;
        if !has_member && !rest.starts_with('[') && !rest.starts_with(".*") {
            return None;
        }
        let members = self.static_members(length);
        let span = Span::new(self.at, self.at + length + members);
        self.reading.named(Name::Context(span.of(self.text).trim_start_matches('$').to_owned()), span);
        Some(self.value(Expr::Context((*context).to_owned()), length))
    }

    /// Returns how far `.a.b-c` goes.
    fn static_members(&self, from: usize) -> usize {
        let mut length = 0;
        loop {
            let rest = &self.text[self.at + from + length..];
            if !rest.starts_with('.') || !rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
                return length;
            }
            length += 1 + self.run(from + length + 1, is_in_member);
        }
    }

    fn name(&mut self, name: &str, length: usize) -> Found {
        match constant(name) {
            Expr::Variable(name) => self.asked(Expr::Variable(name.clone()), Name::Variable(name), length),
            constant => self.value(constant, length),
        }
    }

    fn function(&mut self, word: &str, length: usize) -> Found {
        let open = self.text[self.at + length..].find('(').unwrap_or_default() + 1;
        if word.eq_ignore_ascii_case("concat") {
            return (Ok(TokenKind::JoinedOpen), self.at + length + open);
        }
        if let Some(function) = Function::of(word) {
            return (Ok(TokenKind::CallOpen(function)), self.at + length + open);
        }
        let help = match nearest(word, Function::ALL.iter().map(|(name, ..)| *name)) {
            Some(meant) => format!("did you mean `{meant}()`?"),
            None => NO_COMMANDS.to_owned(),
        };
        let length = self.call_length(length);
        self.unsupported(length, "there is no function {} in conditions", help)
    }

    /// Reads `Test-Path 'x'`: the arguments up to an operator, a bracket or the end.
    fn command(&mut self, name: &str, function: Function, length: usize) -> Found {
        let mut given = [None, None];
        let mut at = self.at + length;
        let most = if function == Function::ListFiles { 2 } else { 1 };
        loop {
            let rest = &self.text[at..];
            let blank = rest.len() - rest.trim_start().len();
            let (rest, start) = (&rest[blank..], at + blank);
            if ends_command(rest) {
                break;
            }
            let mut slot = usize::from(given[0].is_some());
            at = start;
            if let Some(name) = rest.strip_prefix('-') {
                let end = start + 1 + name.find(|c: char| !c.is_alphabetic()).unwrap_or(name.len());
                let Some(use_of_value) = parameter(function, &self.text[start + 1..end]) else {
                    let length = start - self.at + (end - start);
                    return self.unsupported(length, "{} is not supported in conditions", NO_COMMANDS);
                };
                let after = &self.text[end..];
                at = end + (after.len() - after.trim_start().len());
                slot = match use_of_value {
                    Parameter::Alone => continue,
                    Parameter::Ignored => {
                        at += self.text[at..].find([' ', ')']).unwrap_or(self.text.len() - at);
                        continue;
                    }
                    Parameter::Slot(slot) => slot,
                };
            }
            let Some((value, end)) = self.argument(at) else { break };
            if slot >= most || given[slot].is_some() {
                return self.unsupported(
                    end - self.at,
                    "{} has one value too many",
                    "write one path or name",
                );
            }
            given[slot] = Some(value);
            at = end;
        }
        let [Some(first), second] = given else {
            let length = at - self.at;
            let help = format!("write what it is to look for behind it: `{name} 'name'`");
            return self.fault(code::BAD_CONDITION, length, "{} lacks a value", "incomplete", help);
        };
        let arguments = [Some(first), second].into_iter().flatten().collect();
        (Ok(TokenKind::Value(Expr::Call(function, arguments))), at)
    }

    fn argument(&mut self, at: usize) -> Option<(Expr, usize)> {
        let rest = &self.text[at..];
        let c = rest.chars().next()?;
        if rest.starts_with('(') {
            let length = group_length(rest);
            // One that is not closed goes to the end, and is told with its parenthesis.
            let border = usize::from(rest[..length].ends_with(')'));
            let inside = Span::new(at + border, at + length - border);
            return Some((self.reading.expression(inside, self.rules), at + length));
        }
        if "'\"$".contains(c) {
            let mut inner =
                Lexer { reading: &mut *self.reading, at, glued: false, behind_value: false, ..*self };
            let (found, end) = if c == '$' { inner.variable() } else { inner.quoted(c) };
            return Some(match found {
                Ok(TokenKind::Value(value)) => (value, end),
                Ok(_) => (Expr::Null, end),
                Err(fault) => {
                    self.reading.faults.push(fault);
                    (Expr::Null, end)
                }
            });
        }
        let length = rest.find(|c: char| c.is_whitespace() || ")];|,&'\"".contains(c)).unwrap_or(rest.len());
        let end = at + length.max(c.len_utf8());
        Some((self.reading.with_values(Span::new(at, end)), end))
    }

    fn value(&self, expr: Expr, length: usize) -> Found {
        (Ok(TokenKind::Value(expr)), self.at + length)
    }

    fn asked(&mut self, expr: Expr, name: Name, length: usize) -> Found {
        self.reading.named(name, Span::new(self.at, self.at + length));
        self.value(expr, length)
    }

    fn no_variable(&self, name: &str, length: usize) -> Found {
        if let Some((_, name)) = name.split_once(':') {
            let help =
                format!("write `${}`, or `$env:NAME` for the environment", name.trim_start_matches(':'));
            return self.unsupported(length, "{} has a scope, which conditions do not know", help);
        }
        let help = "write a name of letters, digits and `_` behind `$`";
        self.unsupported(length, "{} is no variable conditions know", help)
    }

    /// Reads `.name`, `.*` and what looks like a method.
    pub(super) fn member(&mut self) -> Found {
        let rest = &self.text[self.at..];
        if rest.starts_with(".*") {
            return (Ok(TokenKind::Star), self.at + 2);
        }
        let length = 1 + self.run(1, is_in_member);
        let name = &rest[1..length];
        if !rest[length..].starts_with('(') {
            return (Ok(TokenKind::Member(name.to_owned())), self.at + length);
        }
        let help = match name.to_ascii_lowercase().as_str() {
            "startswith" => "write `startsWith(text, 'start')`",
            "endswith" => "write `endsWith(text, 'end')`",
            "contains" => "write `contains(text, 'part')`",
            "tolower" | "toupper" => "leave it out: upper and lower case are one in comparisons",
            _ => NO_MEMBERS,
        };
        let whole = length + group_length(&rest[length..]);
        self.unsupported(whole, "methods, as in {}, are not supported", help)
    }
}

/// What a parameter of a command does with the word behind it.
enum Parameter {
    /// There is none.
    Alone,
    /// It changes nothing here.
    Ignored,
    /// It is this argument.
    Slot(usize),
}

fn parameter(function: Function, name: &str) -> Option<Parameter> {
    Some(match (function, name.to_ascii_lowercase().as_str()) {
        (_, "erroraction" | "ea") => Parameter::Ignored,
        (Function::FileExists | Function::ListFiles, "path" | "literalpath")
        | (Function::CommandExists, "name") => Parameter::Slot(0),
        (Function::ListFiles, "filter" | "include") => Parameter::Slot(1),
        (Function::ListFiles, "force") => Parameter::Alone,
        _ => return None,
    })
}

fn ends_command(rest: &str) -> bool {
    let word = rest.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let word = word.to_ascii_lowercase();
    rest.is_empty()
        || rest.starts_with([')', ']', ';', '|', ',', '&', '=', '<', '>', '!', '}'])
        || Operator::of(&word).is_some()
        || word
            .strip_prefix("-c")
            .or(word.strip_prefix("-i"))
            .is_some_and(|plain| Operator::of(&format!("-{plain}")).is_some())
}

fn is_in_member(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Returns what a name means that may be a constant, whatever its case.
pub(super) fn constant(name: &str) -> Expr {
    let platform = Platform::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    match name.to_ascii_lowercase().as_str() {
        "true" => Expr::Bool(true),
        "false" => Expr::Bool(false),
        "null" => Expr::Null,
        _ => platform
            .map_or_else(|| Expr::Variable(name.to_owned()), |(_, platform)| Expr::Platform(*platform)),
    }
}
