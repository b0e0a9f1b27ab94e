//! What the scripts of a random workspace do: a small part of a shell's language, one act a line.
//!
//! Knows how an act is written and read again, and makes random ones. Does not know how it is carried out.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt::{self, Write},
    path::Path,
};

use super::{change::content, place::ROW, random::Random};
use crate::{
    base::{Digest, WsPath},
    engine::hash_of,
    fingerprint::State,
    sys::{FileKind, Stat, System},
};

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// The contents of files, one after the other, as far as they are there.
    Cat {
        from: Vec<String>,
        to: String,
        appends: bool,
    },
    /// The names in a folder.
    List {
        folder: String,
        to: String,
    },
    /// A word that the library says, which is loaded where it is there.
    Load(String),
    /// The folder in which it runs.
    Where(String),
    /// The value of a variable.
    Tell {
        variable: String,
        to: String,
    },
    /// A text of its own, so that two scripts that read the same make different things.
    Say {
        text: String,
        to: String,
    },
    /// The contents of all files in a folder.
    Gather {
        folder: String,
        to: String,
    },
    /// The row of a matrix for which it runs, beside those of other rows.
    Row(String),
    MakeFolder(String),
    Remove(String),
    Link {
        target: String,
        path: String,
    },
    /// The script fails where nothing is.
    Need(String),
    /// An act that is done only where something is.
    IfThere {
        path: String,
        then: Box<Act>,
    },
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cat { from, to, appends } => {
                write!(f, "cat {} {} {to}", from.join(" "), if *appends { ">>" } else { ">" })
            }
            Self::List { folder, to } => write!(f, "ls {folder} > {to}"),
            Self::Load(to) => write!(f, "{LOAD} > {to}"),
            Self::Where(to) => write!(f, "{WHERE} > {to}"),
            Self::Tell { variable, to } => write!(f, "echo \"${variable}\" > {to}"),
            Self::Say { text, to } => write!(f, "echo {text} > {to}"),
            Self::Gather { folder, to } => write!(f, "cat {folder}/* > {to}"),
            Self::Row(to) => write!(f, "echo \"r${ROW}\" > {to}-${ROW}"),
            Self::MakeFolder(path) => write!(f, "mkdir -p {path}"),
            Self::Need(path) => write!(f, "[ -e {path} ] || exit 1"),
            Self::Remove(path) => write!(f, "rm -f {path}"),
            Self::Link { target, path } => write!(f, "ln -sfn {target} {path}"),
            Self::IfThere { path, then } => write!(f, "if [ -e {path} ]; then {then}; fi"),
        }
    }
}

impl Act {
    /// Reads a line; nothing for a remark or what is none of the acts.
    pub(super) fn read(line: &str) -> Option<Self> {
        if let Some(rest) = line.strip_prefix("if [ -e ") {
            let (path, then) = rest.split_once(" ]; then ")?;
            let then = Box::new(Self::read(then.strip_suffix("; fi")?)?);
            return Some(Self::IfThere { path: path.to_owned(), then });
        }
        if let Some(to) = line.strip_prefix(LOAD) {
            return Some(Self::Load(to.strip_prefix(" > ")?.to_owned()));
        }
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let owned = |word: &&str| (*word).to_owned();
        match words.as_slice() {
            ["cat", all, ">", to] if all.ends_with("/*") => {
                Some(Self::Gather { folder: all[..all.len() - 2].to_owned(), to: owned(to) })
            }
            ["echo", _, ">", to] if to.ends_with(&format!("-${ROW}")) => {
                Some(Self::Row(to[..to.len() - ROW.len() - 2].to_owned()))
            }
            ["cat", from @ .., into @ (">" | ">>"), to] => Some(Self::Cat {
                from: from.iter().map(owned).collect(),
                to: owned(to),
                appends: *into == ">>",
            }),
            ["ls", folder, ">", to] => Some(Self::List { folder: owned(folder), to: owned(to) }),
            ["echo", what, ">", to] => {
                let variable = what.strip_prefix("\"$").and_then(|rest| rest.strip_suffix('"'));
                let to = owned(to);
                Some(match variable {
                    Some(variable) => Self::Tell { variable: variable.to_owned(), to },
                    None => Self::Say { text: owned(what), to },
                })
            }
            ["[", "-e", path, "]", "||", "exit", "1"] => Some(Self::Need(owned(path))),
            [WHERE, ">", to] => Some(Self::Where(owned(to))),
            ["mkdir", "-p", path] => Some(Self::MakeFolder(owned(path))),
            ["rm", "-f", path] => Some(Self::Remove(owned(path))),
            ["ln", "-sfn", target, path] => Some(Self::Link { target: owned(target), path: owned(path) }),
            _ => None,
        }
    }

    /// Tells whether what it reads and makes can be declared.
    fn is_plain(&self) -> bool {
        matches!(self, Self::Cat { appends: false, .. } | Self::Gather { .. } | Self::MakeFolder(_))
    }
}

/// The most steps of a workspace.
pub(super) const STEPS: usize = 5;
/// What persons write, by path.
pub(super) const SOURCES: [&str; 7] = ["a", "b", "in/a", "in/b", "in/deep/a", LIBRARY, LINK];
/// What scripts load, and how: it gives a variable a value.
pub(super) const LIBRARY: &str = "lib.sh";
const LOAD: &str = "WORD=none; if [ -f lib.sh ]; then . ./lib.sh; fi; echo \"$WORD\"";
/// What tells where the workspace lies.
pub(super) const WHERE: &str = "pwd";
/// A program of the workspace that runs scripts in a shell, in which a variable has a value.
pub(super) const PROGRAM: &str = "tools/sh";
pub(super) const FLAVOUR: &str = "FLAVOUR";
/// Where persons put links. They do so nowhere else: what leads to itself tells nobody anything.
pub(super) const LINK: &str = "link";
/// What the first step makes, and others append to.
const CHAIN: &str = "chain";
/// The name of what a step makes and removes again.
const PASSING: &str = "passing";
/// What several steps write over.
const SHARED: &str = "shared";
/// A variable that steps may read.
pub(super) const VARIABLE: &str = "MODEL";

/// How the paths begin that steps write.
pub(super) const MADE: [&str; 3] = [CHAIN, SHARED, "out"];

/// Tells whether steps write a path of the workspace.
pub(super) fn is_made(path: &Path) -> bool {
    MADE.iter().any(|made| path.to_string_lossy().starts_with(made))
}

/// When a script runs at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    There(String),
    /// A file with a name that begins so is in the folder.
    AnyThere {
        folder: &'static str,
        name: &'static str,
    },
    /// A file holds the text of a number.
    Holds {
        path: String,
        text: u8,
    },
    /// The variable has the value of a number.
    Set(u8),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::There(path) => write!(f, "fileExists('{path}')"),
            Self::AnyThere { folder, name } => write!(f, "hashFiles('{folder}/{name}*') != ''"),
            Self::Holds { path, text } => write!(f, "hashFiles('{path}') == '{}'", hash_of_text(path, *text)),
            Self::Set(value) => write!(f, "env.{VARIABLE} == 'v{value}'"),
        }
    }
}

impl Condition {
    fn random(random: &mut Random, made: &[String]) -> Self {
        match random.below(6) {
            0 => Self::Set(1),
            1 => Self::AnyThere { folder: "in", name: "new" },
            2 if !made.is_empty() => Self::There(random.pick(made).clone()),
            3 => {
                let text = random.text(4);
                Self::Holds { path: known(random, made), text }
            }
            _ => Self::There((*random.pick(&SOURCES)).to_owned()),
        }
    }

    /// Tells whether it holds in the workspace at `root`.
    pub(super) fn holds(&self, world: &dyn System, root: &Path) -> bool {
        match self {
            Self::There(path) => world.stat_target(&root.join(path)).is_ok(),
            Self::AnyThere { folder, name } => {
                let entries = world.list(&root.join(folder)).unwrap_or_default();
                entries
                    .iter()
                    .any(|it| it.kind == FileKind::File && it.name.to_string_lossy().starts_with(name))
            }
            Self::Holds { path, text } => {
                let at = root.join(path);
                let is_file = |stat: Stat| stat.kind == FileKind::File && stat.mode & 0o100 == 0;
                world.stat_target(&at).is_ok_and(is_file)
                    && world.read(&at).ok() == Some(content(path, *text))
            }
            Self::Set(value) => {
                let is = world.env().get(OsStr::new(VARIABLE)).map(|it| it.to_string_lossy().into_owned());
                is == Some(format!("v{value}"))
            }
        }
    }
}

/// Something in the header of a script that changes nothing of what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remark {
    Description(u8),
    Tags(u8),
    Timeout(u8),
    Alone,
    /// The variable is handed over; nothing says that it is read.
    Variable,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Description(number) => write!(f, "# Description: d{number}"),
            Self::Tags(number) => write!(f, "# Tags: t{number}"),
            Self::Timeout(number) => write!(f, "# Timeout: 10{number}"),
            Self::Alone => write!(f, "# AllowParallel: false"),
            Self::Variable => write!(f, "{HANDED}{VARIABLE}"),
        }
    }
}

/// How the line begins that names a variable which is handed over.
pub(super) const HANDED: &str = "# Env: ";

impl Remark {
    fn random(random: &mut Random) -> Self {
        let number = random.text(3);
        match random.below(6) {
            0 | 1 => Self::Description(number),
            2 => Self::Tags(number),
            3 => Self::Timeout(number),
            4 => Self::Alone,
            _ => Self::Variable,
        }
    }
}

/// Returns what az's own function says of a file with the text of a number.
fn hash_of_text(path: &str, text: u8) -> String {
    let content = content(path, text);
    let state = State::File { digest: Digest::of(&content), size: content.len() as u64, mode: 0o644 };
    let path = WsPath::from_normal(path).expect("it is plain");
    hash_of(&BTreeMap::from([(path, state.to_digest())]))
}

/// A script: its header and its acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    /// It runs in the workspace's own program.
    pub(super) has_program: bool,
    pub(super) remark: Option<Remark>,
    /// It says what it reads and makes; else it is to be seen.
    pub(super) is_declared: bool,
    pub(super) condition: Option<Condition>,
    pub(super) acts: Vec<Act>,
}

impl Script {
    /// Makes a random script for the step at a place; `made` is what earlier steps make, by path.
    pub(super) fn random(random: &mut Random, step: usize, made: &[String]) -> Self {
        let mut acts = vec![Act::MakeFolder(format!("out{step}"))];
        if step > 0 && random.is_one_in(10) {
            acts.push(Act::Row(format!("out{step}/row")));
            let (has_program, remark) = (false, None);
            return Self { has_program, remark, is_declared: false, condition: None, acts };
        }
        if step == 0 {
            // What later steps append to is begun anew each time.
            acts.push(Act::Say { text: format!("s{}", random.below(3)), to: CHAIN.to_owned() });
        }
        let count = 1 + random.below(3);
        for _ in 0..count {
            let act = act(random, step, made);
            // By way of a file that is gone in the end. A person's own file would stay there, which is meant so.
            match act {
                Act::Cat { from, to, appends: false } if random.is_one_in(6) => {
                    let passing = format!("out{step}/{PASSING}");
                    acts.push(Act::Cat { from, to: passing.clone(), appends: false });
                    acts.push(Act::Cat { from: vec![passing.clone()], to, appends: false });
                    acts.push(Act::Remove(passing));
                }
                act => acts.push(act),
            }
        }
        let is_declared = acts.iter().all(Act::is_plain) && random.is_one_in(3);
        // What is begun by the first step is begun in any case.
        let is_asked = step > 0 && random.is_one_in(8);
        let condition = is_asked.then(|| Condition::random(random, made));
        let has_program = random.is_one_in(4);
        let remark = random.is_one_in(6).then(|| Remark::random(random));
        Self { has_program, remark, is_declared, condition, acts }
    }

    /// Changes the command of the step at a place: another text that it says.
    pub(super) fn with_another_command(mut self, random: &mut Random, step: usize) -> Self {
        let another = format!("s{}", random.below(4));
        if self.is_by_row() {
            return self;
        }
        let said = self.acts.iter_mut().find_map(|act| match act {
            Act::Say { text, .. } => Some(text),
            _ => None,
        });
        if let Some(text) = said {
            *text = another;
        } else {
            self.is_declared = false;
            self.acts.push(Act::Say { text: another, to: format!("out{step}/said") });
        }
        self
    }

    /// Changes what it reads: it reads something more, or something less.
    pub(super) fn with_other_inputs(mut self, random: &mut Random, made: &[String]) -> Self {
        let known = known(random, made);
        let read = self.acts.iter_mut().find_map(|act| match act {
            // What is on its way to another file is named where it is written, read and removed.
            Act::Cat { from, .. } if !from.iter().any(|path| path.ends_with(PASSING)) => Some(from),
            _ => None,
        });
        match read {
            Some(from) if from.len() > 1 => _ = from.pop(),
            Some(from) => from.push(known),
            None => {}
        }
        self
    }

    /// Changes its header, and nothing of what it does; or the program that runs it.
    pub(super) fn with_another_header(mut self, random: &mut Random) -> Self {
        match random.below(6) {
            0 => self.has_program = !self.has_program && !self.is_by_row(),
            1 => self.is_declared = !self.is_declared && self.acts.iter().all(Act::is_plain),
            2 => self.remark = None,
            _ => self.remark = Some(Remark::random(random)),
        }
        self
    }

    /// Returns what it makes and leaves, by path.
    pub(super) fn makes(&self) -> Vec<String> {
        self.acts.iter().filter_map(target).filter(|path| !path.ends_with(PASSING)).cloned().collect()
    }

    /// Returns the script as a file.
    pub(super) fn text(&self) -> String {
        let mut text = format!("#!{}\n", if self.has_program { PROGRAM } else { "/bin/sh" });
        if let Some(remark) = &self.remark {
            _ = writeln!(text, "{remark}");
        }
        if self.is_declared {
            let from = self.acts.iter().flat_map(|act| match act {
                Act::Cat { from, .. } => from.clone(),
                Act::Gather { folder, .. } => vec![format!("{folder}/*")],
                _ => Vec::new(),
            });
            let from: Vec<String> = from.collect();
            _ = writeln!(text, "# Inputs: {}\n# Outputs: {}", from.join(", "), self.makes().join(", "));
        }
        if let Some(condition) = &self.condition {
            _ = writeln!(text, "# Condition: {condition}");
        }
        self.acts.iter().for_each(|act| _ = writeln!(text, "{act}"));
        // What an act could not do is no failure.
        text.push_str("exit 0\n");
        text
    }

    /// Tells whether it can fail.
    pub(super) fn can_fail(&self) -> bool {
        self.acts.iter().any(|act| matches!(act, Act::Need(_)))
    }

    /// Tells whether it makes something else for each row of a matrix, and nothing beside.
    pub(super) fn is_by_row(&self) -> bool {
        let is_by_row = |act: &Act| matches!(act, Act::Row(_) | Act::MakeFolder(_));
        self.acts.iter().any(|act| matches!(act, Act::Row(_))) && self.acts.iter().all(is_by_row)
    }

    /// Tells whether others write what it writes.
    pub(super) fn shares(&self) -> bool {
        self.makes().iter().any(|path| path == CHAIN || path == SHARED)
    }
}

fn target(act: &Act) -> Option<&String> {
    match act {
        Act::Cat { to, .. }
        | Act::List { to, .. }
        | Act::Load(to)
        | Act::Where(to)
        | Act::Tell { to, .. }
        | Act::Say { to, .. }
        | Act::Gather { to, .. }
        | Act::Link { path: to, .. } => Some(to),
        Act::IfThere { then, .. } => target(then),
        Act::MakeFolder(_) | Act::Remove(_) | Act::Need(_) | Act::Row(_) => None,
    }
}

/// Picks a path that may be there.
fn known(random: &mut Random, made: &[String]) -> String {
    let is_made = !made.is_empty() && random.is_one_in(2);
    if is_made { random.pick(made).clone() } else { (*random.pick(&SOURCES)).to_owned() }
}

fn act(random: &mut Random, step: usize, made: &[String]) -> Act {
    let own = |random: &mut Random| format!("out{step}/{}", ["x", "y", "z"][random.below(3)]);
    let known = |random: &mut Random| known(random, made);
    let to = own(random);
    match random.below(20) {
        19 => Act::Tell { variable: FLAVOUR.to_owned(), to },
        18 => Act::Where(to),
        17 => Act::Load(to),
        16 => Act::Gather { folder: "in".to_owned(), to },
        0..=6 => {
            Act::Cat { from: (0..=random.below(2)).map(|_| known(random)).collect(), to, appends: false }
        }
        // What is in its own folder is its own doing.
        7 if step > 0 => Act::List { folder: format!("out{}", random.below(step)), to },
        7 | 8 => Act::List { folder: "in".to_owned(), to },
        9 => Act::Tell { variable: VARIABLE.to_owned(), to },
        10 => Act::Say { text: format!("s{}", random.below(3)), to },
        11 | 12 => {
            let path = known(random);
            let then = Box::new(Act::Cat { from: vec![path.clone()], to, appends: false });
            Act::IfThere { path, then }
        }
        // What is written to its own link the next time goes elsewhere.
        13 => Act::Link { target: format!("../{}", known(random)), path: format!("out{step}/l") },
        14 if step > 0 => Act::Cat { from: vec![known(random)], to: CHAIN.to_owned(), appends: true },
        15 if random.is_one_in(3) => Act::Need((*random.pick(&SOURCES)).to_owned()),
        14 => Act::Cat { from: vec![known(random)], to: SHARED.to_owned(), appends: false },
        _ => Act::Cat { from: vec![known(random)], to, appends: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut random = Random::new(1);
        for step in 0..200 {
            let script = Script::random(&mut random, step % 5, &["out0/x".to_owned()]);
            let text = script.text();
            let read: Vec<Act> = text.lines().filter_map(Act::read).collect();
            assert_eq!(read, script.acts, "{text}");
        }
    }
}
