//! The tree of an expression.
//!
//! Holds no places, so that white space changes no plan, and no dialect but one: [`Expr::GitHub`] says where GitHub's
//! rules hold. Does not know how it is written.

use serde_json::Number;

use super::{powershell::Script, status::Status};

/// An expression.
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
    /// `"a $b {{c}}"`: parts that make one text.
    Joined(Vec<Part>),
    /// `$name`, or `name` alone.
    Variable(String),
    /// `{{name}}` and `{{name:=default}}`. A text it is filled with counts as what it spells: `false`, `10`.
    Placeholder(String, Option<Box<Expr>>),
    /// `$env:NAME`, `env.NAME`
    Env(String),
    /// `$IsWindows` and its like.
    Platform(Platform),
    /// What is true of the machine.
    Machine(Machine),
    /// `github`, `needs` and their like, where a member of them is asked for.
    Context(String),
    /// `a.b` and `a['b']`
    Member(Box<Expr>, String),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a.*`
    Filter(Box<Expr>),
    /// `@(a, b)`, or `a, b` alone. A list of one never holds a list.
    List(Vec<Expr>),
    /// `-not a` and `!a`
    Not(Box<Expr>),
    /// `a -eq b`
    Binary(Box<Expr>, Operator, Case, Box<Expr>),
    /// `contains(a, b)`
    Call(Function, Vec<Expr>),
    /// `${{ a }}`: GitHub's rules hold inside. Never directly in another one.
    GitHub(Box<Expr>),
    /// What only PowerShell can evaluate; always the whole of a condition.
    PowerShell(Box<Script>),
}

/// A part of a text with values in it. Texts are never empty, and never follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// To be evaluated.
    Value(Expr),
}

/// Whether upper and lower case are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Case {
    /// They are, as everywhere if nothing else is said.
    Ignored,
    /// They are not: `-ceq`.
    Told,
}

/// A platform an expression can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// `$IsWindows`
    Windows,
    /// `$IsLinux`
    Linux,
    /// `$IsMacOS`
    MacOs,
}

/// What an expression can ask of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Machine {
    /// The version of PowerShell: `$PSVersionTable.PSVersion`.
    PowerShellVersion,
    /// The version of the system: `[System.Environment]::OSVersion.Version`.
    SystemVersion,
    /// Whether the user is the administrator: PowerShell's idiom with `WindowsPrincipal`.
    IsAdministrator,
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
    /// `-match`
    Match,
    /// `-notmatch`
    NotMatch,
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

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// `always()` and its like.
    Status(Status),
    /// `contains(text or list, item)`
    Contains,
    /// `startsWith(text, start)`
    StartsWith,
    /// `endsWith(text, end)`
    EndsWith,
    /// `format('{0}', value...)`
    Format,
    /// `join(list, separator)`
    Join,
    /// `toJSON(value)`
    ToJson,
    /// `fromJSON(text)`
    FromJson,
    /// `hashFiles(pattern...)`
    HashFiles,
    /// `case(condition, value, ..., otherwise)`
    Choose,
    /// `fileExists(path)`, `Test-Path path`
    FileExists,
    /// `commandExists(name)`, `Get-Command name`
    CommandExists,
    /// `listFiles(folder, pattern)`, `Get-ChildItem folder -Filter pattern`
    ListFiles,
    /// `version(text)`, `[version]text`
    Version,
}

/// Something an expression asks the world for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A variable of the run.
    Variable(String),
    /// A variable of the environment.
    Env(String),
    /// A value of a context, with its members as they are written: `steps.build.outputs.version`.
    Context(String),
}

impl Operator {
    /// Every operator with its written form.
    pub(super) const ALL: [(&str, Self); 16] = [
        ("-eq", Self::Equal),
        ("-ne", Self::NotEqual),
        ("-gt", Self::Greater),
        ("-ge", Self::GreaterOrEqual),
        ("-lt", Self::Less),
        ("-le", Self::LessOrEqual),
        ("-like", Self::Like),
        ("-notlike", Self::NotLike),
        ("-match", Self::Match),
        ("-notmatch", Self::NotMatch),
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

    /// Returns the operator of a written form.
    pub(super) fn of(written: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == written).map(|(_, operator)| *operator)
    }

    /// Tells whether the operands are taken as true or false.
    pub fn is_logical(self) -> bool {
        matches!(self, Self::And | Self::Or)
    }

    /// Returns how the operator is written in C, and by GitHub.
    pub(super) fn as_c(self) -> Option<&'static str> {
        Some(match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::And => "&&",
            Self::Or => "||",
            _ => return None,
        })
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

impl Machine {
    /// Returns how PowerShell asks for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PowerShellVersion => "$PSVersionTable.PSVersion",
            Self::SystemVersion => "[System.Environment]::OSVersion.Version",
            Self::IsAdministrator => {
                "([Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent())\
                 .IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)"
            }
        }
    }
}

impl Function {
    /// Every function with its name and how many values it takes, at least and at most.
    pub(super) const ALL: [(&str, Self, usize, usize); 17] = [
        ("always", Self::Status(Status::Always), 0, 0),
        ("success", Self::Status(Status::Success), 0, 0),
        ("failure", Self::Status(Status::Failure), 0, 0),
        ("cancelled", Self::Status(Status::Cancelled), 0, 0),
        ("contains", Self::Contains, 2, 2),
        ("startsWith", Self::StartsWith, 2, 2),
        ("endsWith", Self::EndsWith, 2, 2),
        ("format", Self::Format, 1, 255),
        ("join", Self::Join, 1, 2),
        ("toJSON", Self::ToJson, 1, 1),
        ("fromJSON", Self::FromJson, 1, 1),
        ("hashFiles", Self::HashFiles, 1, 255),
        ("case", Self::Choose, 3, 255),
        ("fileExists", Self::FileExists, 1, 1),
        ("commandExists", Self::CommandExists, 1, 1),
        ("listFiles", Self::ListFiles, 1, 2),
        ("version", Self::Version, 1, 1),
    ];

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    pub(super) fn row(self) -> (&'static str, Self, usize, usize) {
        *Self::ALL
            .iter()
            .find(|(_, function, ..)| *function == self)
            .expect("every function stands in the table")
    }

    /// Returns the function of a name, whatever its case.
    pub(super) fn of(name: &str) -> Option<Self> {
        let row = Self::ALL.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        row.map(|(_, function, ..)| *function)
    }
}

/// Joins parts so that no text is empty or follows another.
pub(super) fn joined(parts: impl IntoIterator<Item = Part>) -> Expr {
    let mut merged: Vec<Part> = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) | Part::Value(Expr::Text(text)) => add_text(&mut merged, text),
            Part::Value(Expr::Joined(inner)) => {
                // These are joined already: only the first can follow a text.
                let mut inner = inner.into_iter();
                match inner.next() {
                    Some(Part::Text(text)) => add_text(&mut merged, text),
                    first => merged.extend(first),
                }
                merged.extend(inner);
            }
            value @ Part::Value(_) => merged.push(value),
        }
    }
    match merged.as_mut_slice() {
        [] => Expr::Text(String::new()),
        [Part::Text(text)] => Expr::Text(std::mem::take(text)),
        _ => Expr::Joined(merged),
    }
}

fn add_text(parts: &mut Vec<Part>, text: String) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(last)) => last.push_str(&text),
        _ => parts.push(Part::Text(text)),
    }
}

/// Tells whether a name can stand behind `$` without braces.
pub(super) fn is_plain_name(name: &str) -> bool {
    is_name(name, |c| c.is_alphanumeric() || c == '_')
}

/// Tells whether a name can stand behind a dot.
pub(super) fn is_member_name(name: &str) -> bool {
    is_name(name, |c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn is_name(name: &str, belongs: impl Fn(char) -> bool) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(belongs)
}
