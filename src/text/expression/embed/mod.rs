//! `${{ }}` inside of a script: each value arrives in a variable of the environment, never as a piece of code.
//!
//! The text of the script gets references to these variables, quoted so that the value stays one word as it is. Where
//! the scanner misreads a script the reference may stand wrongly, but a value is never pasted. Where a shell would
//! evaluate even the content of a variable (arithmetic, subscripts, `let`, `read`), and in code that something else runs
//! (`eval`, `sh -c`, a program of awk), a value is refused. What a script does with a variable it put a value into is the
//! script's own matter.
//!
//! Does not know values; a value with a null character cannot be in an environment, which its caller has to see to.

mod code;
mod command;
mod posix;
mod powershell;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::IndexSet;

use super::{Expr, Name, Part, Syntax, template};
use crate::{
    base::Spanned,
    diag::{Diagnostic, Source, code as codes},
};

/// The language of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shell {
    /// POSIX `sh`.
    Sh,
    /// Bash, and others that have its `[[`.
    Bash,
    /// `pwsh`
    PowerShell,
    /// Python 3.
    Python,
    /// JavaScript run by Node.
    Node,
}

/// A script with references in the place of expressions.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The text to run.
    pub text: String,
    /// What has to be in the environment: the name of the variable, and whose value it has, written by
    /// [`super::to_text`].
    pub values: Vec<(String, Expr)>,
    /// Every name the expressions ask for, with its place in the source.
    pub names: Vec<Spanned<Name>>,
    /// What is wrong: expressions that cannot be read, values where they could not arrive safely.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a value cannot stand at a place, and what to write instead.
struct Refusal {
    message: &'static str,
    help: &'static str,
}

/// Writes the text of a script, and follows in which quotes it is.
trait Writer {
    /// Writes text as it is, or as it has to be in the place of what was.
    fn text(&mut self, text: &str);

    /// Writes the reference to a variable of the environment.
    fn value(&mut self, name: &str) -> Result<(), Refusal>;

    /// Returns the script, and the refusals that showed only behind the value with that number.
    fn finish(self: Box<Self>) -> (String, Vec<(usize, Refusal)>);
}

/// Replaces each placeholder, in the named syntaxes, of a script that stands in `source` at its span.
pub fn embed(source: &Arc<Source>, text: Spanned<&str>, shell: Shell, syntaxes: &[Syntax]) -> Embedded {
    let parted = template(source, text, syntaxes);
    let mut writer: Box<dyn Writer> = match shell {
        Shell::Sh | Shell::Bash => Box::new(posix::Posix::new(shell == Shell::Bash)),
        Shell::PowerShell => Box::new(powershell::PowerShell::default()),
        Shell::Python => Box::new(code::Code::new(code::Language::Python)),
        Shell::Node => Box::new(code::Code::new(code::Language::Node)),
    };
    let mut values: IndexSet<&Expr> = IndexSet::new();
    let mut spans = Vec::new();
    let mut diagnostics = parted.diagnostics;
    let refused = |refusal: &Refusal, span| {
        Diagnostic::error(codes::UNSAFE_VALUE, refusal.message)
            .source(source)
            .label(span, "not safe here")
            .help(refusal.help)
    };
    for piece in &parted.pieces {
        match &piece.value {
            Part::Text(text) => writer.text(text),
            Part::Value(expr) => {
                let (index, _) = values.insert_full(expr);
                spans.push(piece.span);
                if let Err(refusal) = writer.value(&variable(index)) {
                    diagnostics.push(refused(&refusal, piece.span));
                }
            }
        }
    }
    let (text, late) = writer.finish();
    diagnostics
        .extend(late.iter().filter_map(|(index, refusal)| Some(refused(refusal, *spans.get(*index)?))));
    let values =
        values.into_iter().enumerate().map(|(index, expr)| (variable(index), expr.clone())).collect();
    Embedded { text, values, names: parted.names, diagnostics }
}

fn variable(index: usize) -> String {
    format!("AZ_EXPR_{}", index + 1)
}

/// Tells whether a text ends with an odd number of a sign that escapes what follows.
fn ends_escaping(text: &str, sign: char) -> bool {
    text.chars().rev().take_while(|c| *c == sign).count() % 2 == 1
}

const ESCAPED: Refusal = Refusal {
    message: "a value cannot stand behind this sign, which gives it another meaning",
    help: "remove the sign before `${{`, or put a blank between the two",
};
