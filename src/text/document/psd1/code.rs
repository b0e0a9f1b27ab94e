//! What PowerShell would execute, and what to write instead.
//!
//! Knows the words for it, and the few words of the language that make a difference. Does not know where it stands.

/// Something that would have to be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code<'a> {
    /// A text without quotes, which is the name of a command.
    Word(&'a str),
    /// A command with its arguments.
    Command(&'a str),
    /// `if`, `foreach` and the like.
    Keyword(&'a str),
    /// `$( ... )` as a value.
    Subexpression,
    /// `$( ... )` in a text.
    SubexpressionInText,
    /// `[int]` before a value.
    Cast(&'a str),
    /// `+`, `-f`, `..` and the like.
    Operator(&'a str),
    /// `[Type]::Member`, `.Member`, `.Method()` and `[0]` behind a value.
    Member,
    /// `$x = ...`
    Assignment(&'a str),
    /// `... | ...`
    Pipeline,
    /// A name that is no plain text.
    Name,
}

const INSTEAD: &str =
    "write the value itself, or a variable such as $env:NAME, which gets its value when the playbook runs";

impl Code<'_> {
    /// Returns message and help; `whole` is all of what would be executed.
    pub(super) fn words(self, whole: &str) -> (String, String) {
        let what = match self {
            Self::Word(word) => return word_words(word),
            Self::Command(name) => format!("the command `{}`", excerpt(name)),
            Self::Keyword(name) => format!("`{name}`"),
            Self::Subexpression | Self::SubexpressionInText | Self::Member => format!("`{}`", excerpt(whole)),
            Self::Cast(name) => format!("the cast `{}`", excerpt(name)),
            Self::Operator(name) => format!("the operator `{name}`"),
            Self::Assignment(name) => format!("the assignment to `{}`", excerpt(name)),
            Self::Pipeline => "the pipeline".to_owned(),
            Self::Name => format!("the name `{}`", excerpt(whole)),
        };
        let help = match self {
            Self::Subexpression | Self::SubexpressionInText if let Some(name) = lone_variable(whole) => {
                format!("write `${{{name}}}`, which says the same")
            }
            Self::SubexpressionInText => {
                "write what it says, or a variable such as $Name; '...' around the whole text keeps it as it stands"
                    .to_owned()
            }
            Self::Cast(name) => format!("write the value without `{}`", excerpt(name)),
            Self::Operator("..") => range_help(whole),
            Self::Operator(_) if is_one_word(whole) => format!("write '{whole}' for a text, or the result itself"),
            Self::Operator(_) => "write the result itself".to_owned(),
            Self::Assignment(_) => "remove it, and write the value where it is used".to_owned(),
            Self::Name => "write the name itself".to_owned(),
            _ => INSTEAD.to_owned(),
        };
        (format!("{what} would have to be executed"), help)
    }

    /// Returns what the help says to write, where it says all of it; `whole` is all of what would be executed.
    pub(super) fn instead(self, whole: &str) -> Option<String> {
        match self {
            Self::Subexpression | Self::SubexpressionInText => {
                lone_variable(whole).map(|name| format!("${{{name}}}"))
            }
            Self::Word(word) if word == whole => constant(word).map(|constant| format!("${constant}")),
            _ => None,
        }
    }
}

/// Returns the name of the variable that is all a subexpression holds: `$($env:CI)`.
fn lone_variable(subexpression: &str) -> Option<&str> {
    let name = subexpression.strip_prefix("$(")?.strip_suffix(')')?.trim().strip_prefix('$')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_:".contains(c));
    is_name.then_some(name)
}

/// Tells whether code is what somebody could have meant as a text: `2025-01-01`.
fn is_one_word(code: &str) -> bool {
    code.len() <= 40 && code.chars().all(|c| c.is_alphanumeric() || "+-*/%.:_".contains(c))
}

/// Returns the constant that lacks its `$`.
fn constant(word: &str) -> Option<&'static str> {
    ["true", "false", "null"].into_iter().find(|name| word.eq_ignore_ascii_case(name))
}

fn word_words(word: &str) -> (String, String) {
    let constant = constant(word);
    let word = excerpt(word);
    let message = format!("`{word}` without quotes is a command and would have to be executed");
    let help = match constant {
        Some(constant) => format!("write ${constant}"),
        None => format!("write '{word}' for a text"),
    };
    (message, help)
}

/// Writes a short range out.
fn range_help(range: &str) -> String {
    let bounds = range
        .split_once("..")
        .and_then(|(from, to)| Some((from.trim().parse::<i32>().ok()?, to.trim().parse::<i32>().ok()?)));
    match bounds {
        Some((from, to)) if from < to && to.saturating_sub(from) < 10 => {
            let all: Vec<String> = (from..=to).map(|number| number.to_string()).collect();
            format!("write all numbers: {}", all.join(", "))
        }
        _ => "write all values, as in 1, 2, 3".to_owned(),
    }
}

/// Cuts what is repeated in a message down to what fits on a line.
pub(super) fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim_end();
    let mut characters = line.chars();
    let short: String = characters.by_ref().take(40).collect();
    if characters.next().is_some() || line.len() < text.trim_end().len() { short + "..." } else { short }
}

/// Tells whether a word begins a statement of PowerShell.
pub(super) fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 27] = [
        "if",
        "switch",
        "foreach",
        "for",
        "while",
        "do",
        "try",
        "function",
        "filter",
        "class",
        "enum",
        "param",
        "begin",
        "process",
        "end",
        "trap",
        "data",
        "return",
        "throw",
        "break",
        "continue",
        "exit",
        "using",
        "workflow",
        "dynamicparam",
        "clean",
        "configuration",
    ];
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// Tells whether a word goes on with a statement whose block was just closed.
pub(super) fn is_continuation(word: &str) -> bool {
    ["else", "elseif", "catch", "finally", "while", "until"]
        .iter()
        .any(|next| word.eq_ignore_ascii_case(next))
}

/// Returns the operator that a word behind a value is or begins with.
pub(super) fn operator(word: &str) -> Option<&str> {
    const SIGNS: [&str; 15] =
        ["..", "??", "++", "--", "+", "*", "/", "%", "?", "!", ".", "::", "<", ">", "-"];
    let is_named = word.starts_with('-') && word[1..].starts_with(|c: char| c.is_ascii_alphabetic());
    if is_named {
        return Some(word);
    }
    SIGNS.into_iter().find(|sign| word.starts_with(sign))
}

/// Tells whether a statement goes on behind this word at the end of its line.
pub(super) fn is_binary(word: &str) -> bool {
    const NAMES: [&str; 28] = [
        "and",
        "or",
        "xor",
        "eq",
        "ne",
        "gt",
        "ge",
        "lt",
        "le",
        "like",
        "notlike",
        "match",
        "notmatch",
        "in",
        "notin",
        "contains",
        "notcontains",
        "replace",
        "split",
        "join",
        "f",
        "is",
        "isnot",
        "as",
        "band",
        "bor",
        "bxor",
        "not",
    ];
    match word.strip_prefix('-') {
        Some(name) if !name.is_empty() => NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)),
        _ => matches!(word, "+" | "-" | "*" | "/" | "%" | ".." | "??"),
    }
}

/// Returns the operator inside a word that begins with a digit: `1..5`, `2025-01-01`, `1+2`.
pub(super) fn operator_within(word: &str) -> Option<&str> {
    let at = word.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0);
    if let Some(range) = word.find("..").filter(|range| *range > 0 && at.is_none_or(|at| *range < at)) {
        return Some(&word[range..range + 2]);
    }
    let at = at?;
    let is_sign =
        word.starts_with(|c: char| c.is_ascii_digit()) && word[at..].starts_with(['+', '-', '*', '/', '%']);
    is_sign.then(|| &word[at..=at])
}
