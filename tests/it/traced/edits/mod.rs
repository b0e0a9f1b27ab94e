//! Edits of repositories that nobody prepared: after each exactly the right steps run, and then none; the results are
//! those of a clean run, byte for byte; and when the edit is taken back, nothing runs.
//!
//! A project is a repository with scripts that declare nothing, and a table of edits.

mod c;
mod cargo;
mod node;
mod own;
mod python;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use super::Course;
use crate::repo::Repo;

/// What an edit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Source,
    Header,
    /// What is read by the programs of a step, but not compiled.
    Data,
    /// What a tool looks for in several places.
    Settings,
    /// A file that is there instead of another from now on.
    Shadow,
    Gained,
    Lost,
    Variable,
    Tool,
    Mode,
    Link,
    Script,
    /// Only times.
    Touch,
    /// What no step looks at.
    Unrelated,
    /// What a step made.
    Result,
}

/// How to change one thing so that it can be taken back.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// The content of a file, which may be absent.
    Write(&'static str, &'static str),
    Append(&'static str, &'static str),
    /// An executable file.
    Program(&'static str, &'static str),
    Remove(&'static str),
    Touch(&'static str),
    Mode(&'static str, u32),
    /// The target of a link.
    Link(&'static str, &'static str),
    Variable(&'static str, &'static str),
    /// The statements of a script.
    Script(&'static str, &'static str),
}

/// An edit, and the steps that run after it.
struct Edit(Kind, Change, &'static [&'static str]);

/// What was at a path, or that nothing was.
enum Before {
    /// Nothing, and nothing above from here on.
    Absent(std::path::PathBuf),
    File(Vec<u8>, u32),
    Link(std::path::PathBuf),
    Folder,
    Variable(&'static str, Option<String>),
}

impl Change {
    /// The path that it changes, or the name of a variable.
    fn subject(&self) -> &'static str {
        match *self {
            Self::Write(path, _)
            | Self::Append(path, _)
            | Self::Program(path, _)
            | Self::Remove(path)
            | Self::Touch(path)
            | Self::Mode(path, _)
            | Self::Link(path, _)
            | Self::Script(path, _) => path,
            Self::Variable(name, _) => name,
        }
    }

    fn before(&self, repo: &Repo) -> Before {
        match *self {
            Self::Variable(name, _) => Before::Variable(name, repo.variable(name)),
            _ => Before::of(&repo.path(self.subject())),
        }
    }

    fn make(&self, repo: &Repo) {
        _ = match *self {
            Self::Write(path, text) => repo.file(path, text),
            Self::Append(path, text) => repo.file(path, repo.read(path) + text),
            Self::Program(path, text) => repo.executable(path, text),
            Self::Remove(path) => repo.remove(path),
            Self::Touch(path) => repo.touch(path),
            Self::Mode(path, mode) => repo.mode(path, mode),
            Self::Link(path, target) => repo.remove(path).link(path, target),
            Self::Variable(name, value) => repo.env(name, value),
            Self::Script(name, statements) => repo.script(name, statements),
        };
    }
}

impl Before {
    fn of(path: &Path) -> Self {
        let Ok(metadata) = path.symlink_metadata() else {
            let absent = path.ancestors().take_while(|path| path.symlink_metadata().is_err());
            return Self::Absent(absent.last().unwrap().to_owned());
        };
        if metadata.is_symlink() {
            Self::Link(fs::read_link(path).unwrap())
        } else if metadata.is_dir() {
            Self::Folder
        } else {
            Self::File(fs::read(path).unwrap(), metadata.mode())
        }
    }

    /// Makes it so again.
    fn restore(self, repo: &Repo, change: &Change) {
        let path = repo.path(change.subject());
        match self {
            Self::Absent(first) if first.is_dir() => fs::remove_dir_all(first).unwrap(),
            Self::Absent(first) => fs::remove_file(first).unwrap(),
            Self::File(content, mode) => {
                fs::write(&path, content).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
            Self::Link(target) => {
                _ = fs::remove_file(&path);
                std::os::unix::fs::symlink(target, path).unwrap();
            }
            // Only what steps made is a folder here, and az has brought it back.
            Self::Folder => {}
            Self::Variable(name, Some(value)) => _ = repo.env(name, &value),
            Self::Variable(name, None) => _ = repo.without_env(name),
        }
    }
}

/// Makes each edit of a table and takes it back. Steps that the repository does not have are not expected.
fn go_through(repo: &Repo, results: &'static str, edits: &[Edit]) {
    let scripts: BTreeSet<String> = fs::read_dir(repo.path("scripts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap()[..4].to_owned())
        .collect();
    let mut course = Course::new(repo, results);
    let all: Vec<&str> = scripts.iter().map(String::as_str).collect();
    course.after("nothing", &all).as_clean("nothing").keep();
    for Edit(kind, change, runs) in edits {
        let what = format!("{kind:?}: {change:?}");
        let expected: Vec<&str> = runs.iter().copied().filter(|step| scripts.contains(*step)).collect();
        let before = change.before(repo);
        change.make(repo);
        course.after(&what, &expected).as_clean(&what);
        before.restore(repo, change);
        let back = format!("{what}, taken back");
        course.after(&back, &[]).as_kept(&back);
    }
    course.end();
}

#[test]
fn there_are_many_edits_of_many_kinds() {
    let all = [c::EDITS, python::EDITS, node::EDITS, cargo::EDITS, own::EDITS];
    let kinds: BTreeSet<Kind> =
        all.iter().flat_map(|edits| edits.iter().map(|Edit(kind, ..)| *kind)).collect();
    let count: usize = all.iter().map(|edits| edits.len()).sum();
    assert!(count >= 30 && kinds.len() >= 8, "{count} edits of {kinds:?}");
    // What runs nothing and what runs something are both claimed of every project.
    for edits in all {
        assert!(edits.iter().any(|Edit(_, _, runs)| runs.is_empty()));
        assert!(edits.iter().any(|Edit(_, _, runs)| !runs.is_empty()));
    }
}
