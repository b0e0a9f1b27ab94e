//! Which module may import from which.
//!
//! Knows the table in ARCHITECTURE.md and paths that start with `crate` or climb with `super`. Does not know what is
//! imported.

use std::collections::BTreeMap;

use super::{
    ProjectFile,
    table::{quoted, rows_below},
    text::{Token, code_only, line_of, tokens},
};

/// Modules and the floor each stands on.
pub(super) struct Floors(BTreeMap<String, u8>);

impl Floors {
    /// Reads the table: the number of the floor, its modules in backticks, what they do.
    pub(super) fn read(architecture: &str) -> Self {
        let mut floors = BTreeMap::new();
        for cells in rows_below(architecture, "## Floors") {
            let floor = cells[0].parse().unwrap_or_else(|_| panic!("`{}` is no floor", cells[0]));
            for module in quoted(cells[1]) {
                let twice = floors.insert(module.to_owned(), floor);
                assert_eq!(twice, None, "`{module}` stands on two floors");
            }
        }
        Self(floors)
    }

    /// Returns the imports that do not go down, and the modules that stand on no floor.
    pub(super) fn faults(&self, files: &[ProjectFile]) -> Vec<String> {
        files.iter().flat_map(|file| self.faults_of(file)).collect()
    }

    fn faults_of(&self, file: &ProjectFile) -> Vec<String> {
        let module = module_path(&file.path);
        // The root declares the modules and stands on no floor.
        let Some(own) = module.first() else { return Vec::new() };
        let Some(floor) = self.0.get(own) else {
            return vec![format!("{}: the module `{own}` is not in the table of floors", file.path)];
        };
        let code = code_only(&file.text);
        let mut faults = Vec::new();
        for import in imports(&tokens(&code), module.len()) {
            let place = format!("{}:{}", file.path, line_of(&code, import.start));
            match self.0.get(import.text) {
                _ if import.text == own => {}
                None => faults.push(format!("{place}: `{}` is not in the table of floors", import.text)),
                Some(target) if target < floor => {}
                Some(target) => faults.push(format!(
                    "{place}: `{own}` (floor {floor}) imports from `{}` (floor {target})",
                    import.text
                )),
            }
        }
        faults
    }
}

/// Returns the modules from the root down to a file: `src/sys/memory/tree.rs` is `sys`, `memory`, `tree`.
fn module_path(path: &str) -> Vec<String> {
    let below = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")).unwrap_or(path);
    let mut modules: Vec<_> = below.split('/').map(str::to_owned).collect();
    if matches!(modules.last().map(String::as_str), Some("mod" | "lib")) {
        modules.pop();
    }
    modules
}

/// Returns the first module of each path that starts at the root of the crate.
///
/// `depth` says how many modules deep the file is; modules written in the file itself add to it.
fn imports<'a>(tokens: &[Token<'a>], depth: usize) -> Vec<Token<'a>> {
    let mut found = Vec::new();
    // For every open brace, whether it is that of a module.
    let mut braces = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text);
        match text(0) {
            "{" => braces.push(at >= 2 && tokens[at - 2].text == "mod"),
            "}" => _ = braces.pop(),
            // Only the start of a path counts; the library is called `az` in main.
            "crate" | "az" if text(1) == "::" && !is_continued(tokens, at) => {
                at += 2;
                at = take_names(tokens, at, &mut found);
                continue;
            }
            "super" if text(1) == "::" && !is_continued(tokens, at) => {
                let mut climbed = 0;
                while tokens.get(at).is_some_and(|token| token.text == "super") {
                    climbed += 1;
                    at += 2;
                }
                if climbed == depth + braces.iter().filter(|is_module| **is_module).count() {
                    at = take_names(tokens, at, &mut found);
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Tells whether the token goes on with a path.
fn is_continued(tokens: &[Token<'_>], at: usize) -> bool {
    at > 0 && tokens[at - 1].text == "::"
}

/// Takes the names that stand at `at`: one, or the first of each path in a list; returns where to go on.
fn take_names<'a>(tokens: &[Token<'a>], at: usize, found: &mut Vec<Token<'a>>) -> usize {
    if tokens.get(at).is_none_or(|token| token.text != "{") {
        found.extend(tokens.get(at));
        return at + 1;
    }
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token.text {
            "{" => depth += 1,
            "}" if depth == 1 => return place + 1,
            "}" => depth -= 1,
            "," | "self" => {}
            _ if depth == 1 && matches!(tokens[place - 1].text, "{" | ",") => found.push(*token),
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "## Floors\n\n| floor | modules | what |\n|---|---|---|\n| 3 | `main` | m |\n\
        | 2 | `plan` | p |\n| 1 | `sys` `diag` (`later` reserved) | s |\n| 0 | `base` | b |\n";

    fn faults(path: &str, text: &str) -> Vec<String> {
        let file = ProjectFile { path: path.to_owned(), text: text.to_owned() };
        Floors::read(PAGE).faults(&[file])
    }

    fn is_fault(path: &str, text: &str) {
        assert_eq!(faults(path, text).len(), 1, "`{text}` in {path} is a fault");
    }

    fn is_fine(path: &str, text: &str) {
        assert_eq!(faults(path, text), [""; 0], "`{text}` in {path} is fine");
    }

    #[test]
    fn imports_from_below_and_from_the_same_module_are_fine() {
        is_fine("src/plan/mod.rs", "use crate::{base::{Digest, self}, sys::System, plan::{order}};");
        is_fine("src/sys/unix.rs", "use super::System; fn f() -> crate::base::Digest { super::g() }");
        is_fine("src/sys/memory/tree.rs", "use super::super::Stat; use crate::sys::Entry;");
        is_fine("src/main.rs", "use az::plan; fn main() { az::sys::x() }");
        is_fine("src/lib.rs", "pub mod plan; pub use crate::plan::Plan;");
        is_fine("src/sys/mod.rs", "mod tests { mod deeper { use super::super::System; } }");
    }

    #[test]
    fn imports_from_the_same_floor_or_above_are_faults() {
        is_fault("src/sys/mod.rs", "use crate::diag::Code;");
        is_fault("src/sys/mod.rs", "use crate::plan;");
        is_fault("src/base/path.rs", "fn f(x: &crate::sys::Stat) {}");
        is_fault("src/base/path.rs", "use crate::{\n    base::Digest,\n    plan::{a, base::b},\n};");
        is_fault("src/base/path.rs", "use {std::io, crate::sys::Stat};");
        is_fault("src/base/mod.rs", "use super::sys::Stat;");
        is_fault("src/base/path.rs", "use super::super::{base::X, sys::Stat};");
        is_fault("src/base/path.rs", "mod tests { fn f() {} use super::super::super::sys; }");
        is_fault("src/base/path.rs", "macro_rules! m { () => { $crate::sys::x() } }");
    }

    #[test]
    fn the_place_of_an_import_is_told() {
        let expected = ["src/sys/mod.rs:2: `sys` (floor 1) imports from `plan` (floor 2)"];
        assert_eq!(faults("src/sys/mod.rs", "// one\nuse crate::plan::Plan;"), expected);
    }

    #[test]
    fn texts_and_comments_import_nothing() {
        is_fine("src/base/mod.rs", "//! [`crate::plan`]\nconst X: &str = \"use crate::plan;\";");
        is_fine("src/base/mod.rs", "pub(crate) fn f() {} pub(super) fn g() {}");
    }

    #[test]
    fn a_module_without_a_floor_is_a_fault() {
        is_fault("src/other/mod.rs", "");
        is_fault("src/other.rs", "");
        is_fault("src/plan/mod.rs", "use crate::other::X;");
        is_fine("src/plan/mod.rs", "use crate::later::X;");
    }

    #[test]
    fn a_file_knows_its_modules() {
        assert_eq!(module_path("src/sys/memory/tree.rs"), ["sys", "memory", "tree"]);
        assert_eq!(module_path("src/sys/mod.rs"), ["sys"]);
        assert_eq!(module_path("src/main.rs"), ["main"]);
        assert_eq!(module_path("src/lib.rs"), [""; 0]);
    }
}
