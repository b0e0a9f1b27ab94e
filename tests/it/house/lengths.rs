//! How long files and functions are.
//!
//! Knows braces. Does not know whether a long function is a good one: for that there is the table of exceptions.

use std::collections::BTreeSet;

use super::{
    ProjectFile,
    table::{quoted, rows_below},
    text::{code_only, line_of, tokens},
};

const MOST_LINES_OF_A_FILE: usize = 600;
const MOST_LINES_OF_A_FUNCTION: usize = 60;

/// What may be long, and is told why in ARCHITECTURE.md.
pub(super) struct Exceptions(BTreeSet<TooLong>);

/// A file, or a function of it, that is too long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct TooLong {
    path: String,
    /// Nothing for the file itself.
    function: Option<String>,
}

impl Exceptions {
    /// Reads the table: path, `file` or the function's name, reason.
    pub(super) fn read(architecture: &str) -> Self {
        let rows = rows_below(architecture, "## Exceptions");
        Self(rows.iter().map(|cells| exception(cells)).collect())
    }

    /// Returns what is too long without a reason, and the reasons that nothing needs any more.
    pub(super) fn faults(&self, files: &[ProjectFile]) -> Vec<String> {
        let found: Vec<_> = files.iter().flat_map(too_long).collect();
        let unexcused =
            found.iter().filter(|(what, _)| !self.0.contains(what)).map(|(_, fault)| fault.clone());
        let needed: BTreeSet<_> = found.iter().map(|(what, _)| what).collect();
        let idle = self.0.iter().filter(|what| !needed.contains(what));
        let idle = idle.map(|what| format!("ARCHITECTURE.md: nothing needs the exception for {what:?}"));
        unexcused.chain(idle).collect()
    }
}

fn exception(cells: &[&str]) -> TooLong {
    let [path, what, reason] = cells else { panic!("an exception has three cells, not {cells:?}") };
    assert!(reason.len() > 10, "an exception gives its reason: {cells:?}");
    let path = quoted(path).first().expect("the path stands in backticks").to_string();
    TooLong { path, function: quoted(what).first().map(ToString::to_string) }
}

fn too_long(file: &ProjectFile) -> Vec<(TooLong, String)> {
    let path = &file.path;
    let mut found = Vec::new();
    let lines = file.text.lines().count();
    if lines > MOST_LINES_OF_A_FILE {
        let what = TooLong { path: path.clone(), function: None };
        found.push((what, format!("{path}: {lines} lines")));
    }
    for Function { name, line, lines } in functions(&file.text) {
        if lines > MOST_LINES_OF_A_FUNCTION {
            let fault = format!("{path}:{line}: `{name}` has {lines} lines");
            found.push((TooLong { path: path.clone(), function: Some(name) }, fault));
        }
    }
    found
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    /// From the line of `fn` to the line of the closing brace.
    lines: usize,
}

/// Returns the functions of a Rust text, those in other functions too.
fn functions(text: &str) -> Vec<Function> {
    let code = code_only(text);
    let tokens = tokens(&code);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = tokens.get(at + 1).filter(|_| token.text == "fn") else { continue };
        let rest = tokens[at..].iter().map(|token| token.text);
        let Some(end) = end_of_body(rest) else { continue };
        // The type `fn(A) -> B` has no name.
        if name.text != "(" {
            let (first, last) = (line_of(&code, token.start), line_of(&code, tokens[at + end].start));
            found.push(Function { name: name.text.to_owned(), line: first, lines: last - first + 1 });
        }
    }
    found
}

/// Returns which token closes the body; nothing for a function without one.
fn end_of_body<'a>(tokens: impl Iterator<Item = &'a str>) -> Option<usize> {
    let (mut nested, mut braces) = (0_usize, 0_usize);
    for (at, token) in tokens.enumerate() {
        match token {
            "(" | "[" if braces == 0 => nested += 1,
            ")" | "]" if braces == 0 => nested = nested.checked_sub(1)?,
            ";" if braces == 0 && nested == 0 => return None,
            "{" if nested == 0 => braces += 1,
            "}" if nested == 0 => {
                braces = braces.checked_sub(1)?;
                if braces == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<(String, usize, usize)> {
        functions(text).into_iter().map(|Function { name, line, lines }| (name, line, lines)).collect()
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_closing_brace() {
        let text = r#"
impl A {
    /// fn not_this() {
    pub fn one<'a>(&'a self, f: fn(u8) -> u8, x: [u8; { 2 }]) -> char {
        let s = "}"; // }
        '}'
    }

    fn two() {}
    fn declared(&self);
}
const fn outer()
where
    A: B,
{
    let x = r"{";
    fn inner() {
        match x { _ => {} }
    }
}
macro_rules! m { () => { fn made() { } } }
"#;
        let expected = [("one", 4, 4), ("two", 9, 1), ("outer", 12, 9), ("inner", 17, 3), ("made", 21, 1)];
        assert_eq!(lengths(text), expected.map(|(name, line, lines)| (name.to_owned(), line, lines)));
    }

    #[test]
    fn broken_text_does_no_harm() {
        for text in ["fn", "fn f", "fn f(", "fn f() {", "fn f) }", "fn ("] {
            assert_eq!(lengths(text), [], "of `{text}`");
        }
    }

    fn file(lines_of_function: usize, empty_lines: usize) -> ProjectFile {
        let text =
            format!("fn long() {{{}}}\n{}", "\n".repeat(lines_of_function - 1), "\n".repeat(empty_lines));
        ProjectFile { path: "src/a.rs".to_owned(), text }
    }

    fn faults(exceptions: &str, file: ProjectFile) -> Vec<String> {
        let page = format!("## Exceptions\n\n| where | what | reason |\n|---|---|---|\n{exceptions}");
        Exceptions::read(&page).faults(&[file])
    }

    #[test]
    fn what_is_too_long_is_a_fault() {
        assert_eq!(faults("", file(60, 540)), [""; 0]);
        assert_eq!(faults("", file(61, 0)), ["src/a.rs:1: `long` has 61 lines"]);
        assert_eq!(faults("", file(2, 599)), ["src/a.rs: 601 lines"]);
    }

    #[test]
    fn an_exception_excuses_one_thing_and_only_while_it_is_needed() {
        let function = "| `src/a.rs` | `long` | one flat match |\n";
        assert_eq!(faults(function, file(61, 0)), [""; 0]);
        assert_eq!(faults(function, file(61, 540)), ["src/a.rs: 601 lines"]);
        assert_eq!(faults("| `src/a.rs` | file | a table of words |\n", file(2, 599)), [""; 0]);
        assert_eq!(faults(function, file(2, 0)).len(), 1, "nothing needs it");
    }
}
