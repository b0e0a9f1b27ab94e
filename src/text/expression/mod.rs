//! Conditions: one syntax tree for every dialect.
//!
//! Reads and evaluates `Environment -eq 'Production'`, `$A -or -not $B`, `$env:CI == 'true'`. Does not know which
//! variables exist: it asks a [`Lookup`]. Nothing is ever handed to a shell: a construct outside this language is
//! an error at its place, never dropped and never executed.
//!
//! Meaning and precedence are PowerShell's: `,` binds before `!` and `-not`, these before comparisons, these before
//! `-and` and `-or`, which are of one rank and go from left to right. Texts compare without regard to case, the left
//! operand's type decides, an unknown name is null. `&&` binds before `||`, as everywhere else.

mod compare;
mod evaluate;
mod lexer;
mod like;
mod outside;
mod parser;
mod tree;

#[cfg(test)]
mod tests;

pub use compare::is_true;
pub use evaluate::{Lookup, evaluate};
pub use parser::{Parsed, parse};
pub use tree::{Expr, Name, Operator, Platform};
