//! One text being read: what expressions inside expressions share.
//!
//! Knows what is wrong so far and which names were met. Does not know tokens or grammar.

use super::{Expr, Name, lexer, outside::Fault, parser};
use crate::{
    base::{Span, Spanned},
    diag::code,
};

/// How many expressions may stand inside each other: `{{a:={{b}}}}` is two.
const MAX_LEVEL: usize = 5;

/// Whose rules hold where something can be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rules {
    /// PowerShell's; those of every condition that says nothing else.
    PowerShell,
    /// GitHub's: inside of `${{ }}`, and where a field is of GitHub's language.
    GitHub,
}

/// What reading a text has found so far.
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    pub(super) faults: Vec<Fault>,
    pub(super) names: Vec<Spanned<Name>>,
    /// How many operators and members were read: together with the nesting it bounds the depth of the tree.
    pub(super) operators: usize,
    level: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, faults: Vec::new(), names: Vec::new(), operators: 0, level: 0 }
    }

    /// Reads the expression that a part of the text is; null stands for one that cannot be read.
    pub(super) fn expression(&mut self, range: Span, rules: Rules) -> Expr {
        self.nested(range, |reading| {
            let faults_before = reading.faults.len();
            let tokens = lexer::tokens(reading, range, rules);
            if reading.faults.len() > faults_before {
                return Expr::Null;
            }
            parser::whole(reading, tokens, range, rules).unwrap_or_else(|fault| {
                reading.faults.push(fault);
                Expr::Null
            })
        })
    }

    /// Reads a part of the text one level deeper; null stands for one that lies too deep.
    pub(super) fn nested(&mut self, range: Span, read: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if self.level == MAX_LEVEL {
            let help = "set a variable to the inner value, and write that here";
            self.fault(range, format!("values nest at most {MAX_LEVEL} deep"), "one too many", help);
            return Expr::Null;
        }
        self.level += 1;
        let expr = read(self);
        self.level -= 1;
        expr
    }

    /// Reads an expression under GitHub's rules.
    pub(super) fn github(&mut self, range: Span) -> Expr {
        match self.expression(range, Rules::GitHub) {
            Expr::GitHub(inner) => Expr::GitHub(inner),
            inner => Expr::GitHub(Box::new(inner)),
        }
    }

    pub(super) fn named(&mut self, name: Name, span: Span) {
        self.names.push(Spanned::new(name, span));
    }

    pub(super) fn fault(&mut self, span: Span, message: String, label: &'static str, help: &str) {
        let help = help.to_owned();
        self.faults.push(Fault { code: code::BAD_CONDITION, span, message, label, help, instead: None });
    }
}
