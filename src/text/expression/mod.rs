//! Expressions and the texts they stand in: one syntax tree, one evaluator, for every dialect.
//!
//! Reads and evaluates `Environment -eq 'Production'`, `$A -or -not $B`, `$env:CI == 'true'`, `{{flag:=false}}`,
//! `${{ needs.build.outputs.ok == 'true' }}`, `Test-Path './x'`. Does not know which variables, files and programs
//! there are: it asks a [`Lookup`], and keeps what it asked. Nothing is handed to a shell: a construct outside this
//! language is an error at its place, never dropped and never executed, unless who asks says so ([`powershell()`]).
//!
//! Meaning and precedence are PowerShell's: `,` binds before `!` and `-not`, these before comparisons, these before
//! `-and` and `-or`, which are of one rank and go from left to right. Texts compare without regard to case, the left
//! operand's type decides, an unknown name is null. `&&` binds before `||`, as everywhere else. Inside of `${{ }}`, and
//! where a field is of GitHub's language ([`Rules::GitHub`]), values are compared, judged and joined as GitHub does.

mod asks;
mod compare;
pub mod embed;
mod evaluate;
mod function;
mod lexer;
mod like;
mod lookup;
mod loose;
mod outside;
mod parser;
mod pattern;
mod place;
mod placeholder;
mod powershell;
mod reading;
mod status;
mod template;
mod tree;
mod version;
mod word;
mod write;

#[cfg(test)]
mod tests;

pub use asks::parts_ask_for;
pub use compare::is_true;
pub use evaluate::{Evaluation, Problem, evaluate};
pub use lookup::{Asked, Kind, Lookup};
pub use parser::{Parsed, parse, parse_under};
pub use placeholder::{Syntax, is_no_shells_name};
pub use powershell::{Script, powershell};
pub use reading::Rules;
pub use status::{Need, Outcome, Status, status};
pub use template::{Filled, Template, fill, template, to_text};
pub use tree::{Case, Expr, Function, Machine, Name, Operator, Part, Platform};
