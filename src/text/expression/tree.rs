//! The tree of a condition, and its written form.

use std::fmt;

use serde_json::Number;

/// A condition. It holds no places, so that white space changes no plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// `$null`
    Null,
    /// `$true` and `$false`
    Bool(bool),
    /// `3`, `-1.5`, `0x1F`
    Number(Number),
    /// `'text'`
    Text(String),
    /// `$name`, or `name` alone.
    Variable(String),
    /// `$env:NAME`
    Env(String),
    /// `$IsWindows` and its like.
    Platform(Platform),
    /// `@(a, b)`, or `a, b` alone. A list of one never holds a list.
    List(Vec<Expr>),
    /// `-not a` and `!a`
    Not(Box<Expr>),
    /// `a -eq b`
    Binary(Box<Expr>, Operator, Box<Expr>),
}

/// A platform a condition can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// `$IsWindows`
    Windows,
    /// `$IsLinux`
    Linux,
    /// `$IsMacOS`
    MacOs,
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `-eq`, `==`
    Equal,
    /// `-ne`, `!=`
    NotEqual,
    /// `-gt`, `>`
    Greater,
    /// `-ge`, `>=`
    GreaterOrEqual,
    /// `-lt`, `<`
    Less,
    /// `-le`, `<=`
    LessOrEqual,
    /// `-like`
    Like,
    /// `-notlike`
    NotLike,
    /// `-in`
    In,
    /// `-notin`
    NotIn,
    /// `-contains`
    Contains,
    /// `-notcontains`
    NotContains,
    /// `-and`, `&&`
    And,
    /// `-or`, `||`
    Or,
}

/// Something a condition asks the world for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A variable of the run.
    Variable(String),
    /// A variable of the environment.
    Env(String),
}

impl Operator {
    /// Every operator with its written form.
    pub(super) const ALL: [(&str, Self); 14] = [
        ("-eq", Self::Equal),
        ("-ne", Self::NotEqual),
        ("-gt", Self::Greater),
        ("-ge", Self::GreaterOrEqual),
        ("-lt", Self::Less),
        ("-le", Self::LessOrEqual),
        ("-like", Self::Like),
        ("-notlike", Self::NotLike),
        ("-in", Self::In),
        ("-notin", Self::NotIn),
        ("-contains", Self::Contains),
        ("-notcontains", Self::NotContains),
        ("-and", Self::And),
        ("-or", Self::Or),
    ];

    /// Returns the written form.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, operator)| *operator == self)
            .expect("every operator stands in the table")
            .0
    }

    /// Tells whether the operands are taken as true or false.
    pub fn is_logical(self) -> bool {
        matches!(self, Self::And | Self::Or)
    }
}

impl Platform {
    pub(super) const ALL: [(&str, Self); 3] =
        [("IsWindows", Self::Windows), ("IsLinux", Self::Linux), ("IsMacOS", Self::MacOs)];

    /// Returns the name as `std::env::consts::OS` has it: `windows`, `linux`, `macos`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::MacOs => "macos",
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("$null"),
            Self::Bool(value) => write!(f, "${value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Variable(name) if is_plain_name(name) => write!(f, "${name}"),
            Self::Variable(name) => write!(f, "${{{name}}}"),
            Self::Env(name) if is_plain_name(name) => write!(f, "$env:{name}"),
            Self::Env(name) => write!(f, "${{env:{name}}}"),
            Self::Platform(platform) => {
                let (name, _) =
                    Platform::ALL.iter().find(|(_, known)| known == platform).ok_or(fmt::Error)?;
                write!(f, "${name}")
            }
            Self::List(items) => {
                f.write_str("@(")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write_operand(f, item, |item| matches!(item, Self::Not(_) | Self::Binary(..)))?;
                }
                f.write_str(")")
            }
            Self::Not(inner) => {
                f.write_str("-not ")?;
                write_operand(f, inner, |inner| matches!(inner, Self::Binary(..)))
            }
            Self::Binary(left, operator, right) => {
                let in_parentheses = |operand: &Self| match operand {
                    Self::Binary(_, inner, _) => inner.is_logical() || !operator.is_logical(),
                    Self::Not(_) => !operator.is_logical(),
                    _ => false,
                };
                write_operand(f, left, in_parentheses)?;
                write!(f, " {} ", operator.as_str())?;
                write_operand(f, right, in_parentheses)
            }
        }
    }
}

fn write_operand(
    f: &mut fmt::Formatter<'_>,
    operand: &Expr,
    in_parentheses: impl Fn(&Expr) -> bool,
) -> fmt::Result {
    if in_parentheses(operand) { write!(f, "({operand})") } else { write!(f, "{operand}") }
}

fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${name}"),
            Self::Env(name) => write!(f, "$env:{name}"),
        }
    }
}
