//! The written form of an expression: what is written is read back as the same tree.

use std::fmt;

use super::{
    Expr, Function, Machine, Name, Operator, Part, Platform,
    tree::{Case, is_member_name, is_plain_name},
};

/// An expression under the rules that hold where it stands.
struct Written<'a> {
    expr: &'a Expr,
    github: bool,
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Written { expr: self, github: false }.fmt(f)
    }
}

impl Written<'_> {
    fn inner<'a>(&self, expr: &'a Expr) -> Written<'a> {
        Written { expr, github: self.github }
    }

    fn items(&self, f: &mut fmt::Formatter<'_>, items: &[Expr]) -> fmt::Result {
        for (index, item) in items.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            let in_parentheses = matches!(item, Expr::Not(_) | Expr::Binary(..));
            self.inner(item).operand(f, in_parentheses)?;
        }
        f.write_str(")")
    }

    fn operand(&self, f: &mut fmt::Formatter<'_>, in_parentheses: bool) -> fmt::Result {
        if in_parentheses { write!(f, "({self})") } else { write!(f, "{self}") }
    }

    /// Writes what a member is taken of.
    fn base(&self, f: &mut fmt::Formatter<'_>, base: &Expr) -> fmt::Result {
        let is_closed = matches!(
            base,
            Expr::Variable(_)
                | Expr::Placeholder(..)
                | Expr::Env(_)
                | Expr::Context(_)
                | Expr::Member(..)
                | Expr::Index(..)
                | Expr::Filter(_)
                | Expr::List(_)
                | Expr::Call(..)
                | Expr::Joined(_)
                | Expr::Machine(_)
        );
        self.inner(base).operand(f, !is_closed)
    }

    fn binary(
        &self,
        f: &mut fmt::Formatter<'_>,
        (left, right): (&Expr, &Expr),
        operator: Operator,
        case: Case,
    ) -> fmt::Result {
        let in_parentheses = |operand: &Expr| match operand {
            Expr::Binary(_, inner, ..) => inner.is_logical() || !operator.is_logical(),
            Expr::Not(_) => !operator.is_logical(),
            _ => false,
        };
        self.inner(left).operand(f, in_parentheses(left))?;
        match (case, operator.as_c()) {
            (Case::Ignored, Some(written)) if self.github => write!(f, " {written} ")?,
            (Case::Ignored, _) => write!(f, " {} ", operator.as_str())?,
            // `-notlike` becomes `-cnotlike`.
            (Case::Told, _) => write!(f, " -c{} ", operator.as_str().trim_start_matches('-'))?,
        }
        self.inner(right).operand(f, in_parentheses(right))
    }

    fn joined(&self, f: &mut fmt::Formatter<'_>, parts: &[Part]) -> fmt::Result {
        f.write_str("concat(")?;
        for (index, part) in parts.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match part {
                Part::Text(text) => write_text(f, text)?,
                Part::Value(value) => {
                    let in_parentheses = matches!(value, Expr::Not(_) | Expr::Binary(..));
                    self.inner(value).operand(f, in_parentheses)?;
                }
            }
        }
        f.write_str(")")
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expr {
            Expr::Null => f.write_str("$null"),
            Expr::Bool(value) => write!(f, "${value}"),
            Expr::Number(number) => write!(f, "{number}"),
            Expr::Text(text) => write_text(f, text),
            Expr::Joined(parts) => self.joined(f, parts),
            Expr::Variable(name) if is_plain_name(name) => write!(f, "${name}"),
            Expr::Variable(name) => write!(f, "${{{name}}}"),
            Expr::Placeholder(name, None) => write!(f, "{{{{{name}}}}}"),
            // A placeholder stands under PowerShell's rules, wherever it is.
            Expr::Placeholder(name, Some(default)) => write!(f, "{{{{{name}:={default}}}}}"),
            Expr::Env(name) if is_plain_name(name) => write!(f, "$env:{name}"),
            Expr::Env(name) => write!(f, "${{env:{name}}}"),
            Expr::Platform(platform) => {
                let (name, _) =
                    Platform::ALL.iter().find(|(_, known)| known == platform).ok_or(fmt::Error)?;
                write!(f, "${name}")
            }
            Expr::Machine(machine) => f.write_str(machine.as_str()),
            Expr::Context(name) => f.write_str(name),
            Expr::Member(base, name) => {
                self.base(f, base)?;
                if is_member_name(name) {
                    return write!(f, ".{name}");
                }
                f.write_str("[")?;
                write_text(f, name)?;
                f.write_str("]")
            }
            Expr::Index(base, index) => {
                self.base(f, base)?;
                write!(f, "[{}]", self.inner(index))
            }
            Expr::Filter(base) => {
                self.base(f, base)?;
                f.write_str(".*")
            }
            Expr::List(items) => {
                f.write_str("@(")?;
                self.items(f, items)
            }
            Expr::Not(inner) => {
                f.write_str(if self.github { "!" } else { "-not " })?;
                self.inner(inner).operand(f, matches!(**inner, Expr::Binary(..)))
            }
            Expr::Binary(left, operator, case, right) => self.binary(f, (left, right), *operator, *case),
            Expr::Call(function, arguments) => {
                write!(f, "{}(", function.as_str())?;
                self.items(f, arguments)
            }
            Expr::PowerShell(script) => f.write_str(&script.text),
            Expr::GitHub(inner) => write!(f, "${{{{ {} }}}}", Written { expr: inner, github: true }),
        }
    }
}

/// Writes a text in quotes. Only double quotes can hold braces that are no placeholder.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if !text.contains("{{") {
        return write!(f, "'{}'", text.replace('\'', "''"));
    }
    f.write_str("\"")?;
    for c in text.chars() {
        if "`\"${".contains(c) {
            f.write_str("`")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${name}"),
            Self::Env(name) => write!(f, "$env:{name}"),
            Self::Context(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}()", self.as_str())
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
