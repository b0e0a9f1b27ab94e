//! Where secrets come from.
//!
//! Knows how a value is fetched and what is doubtful about where it lies. Does not know who wants it.

use std::{io::Read as _, path::Path};

use crate::{
    base::{Env, Fetched},
    sys::{FileKind, System, is_absent},
};

/// The longest secret that is taken.
const MOST_BYTES: u64 = 1 << 20;

/// Fetches secrets from somewhere.
pub trait Provider {
    /// Fetches the secret of a name; `name` is a variable, a path, or whatever the provider knows its secrets by.
    fn fetch(&self, name: &str) -> Fetched;
}

fn missing(why: impl Into<String>, help: impl Into<String>) -> Fetched {
    Fetched::Missing { why: why.into(), help: help.into() }
}

/// The environment az was started with.
#[derive(Debug)]
pub struct FromEnvironment<'a>(pub &'a Env);

impl Provider for FromEnvironment<'_> {
    fn fetch(&self, name: &str) -> Fetched {
        match self.0.get(name).filter(|value| !value.is_empty()) {
            Some(value) => Fetched::Found { value: value.clone(), doubt: None },
            None => missing(
                format!("the environment of az has no variable `{name}`"),
                format!(
                    "set it where az is started: {name}=..., without writing it into a file of the workspace"
                ),
            ),
        }
    }
}

/// Files, by paths that are relative to a folder or absolute.
#[derive(Debug)]
pub struct FromFiles<'a> {
    /// Who reads them.
    pub system: &'a dyn System,
    /// What relative paths begin at.
    pub folder: &'a Path,
    /// What `~` stands for.
    pub home: Option<&'a Path>,
}

impl Provider for FromFiles<'_> {
    fn fetch(&self, name: &str) -> Fetched {
        let path = match (name.strip_prefix("~/"), self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.folder.join(name),
        };
        let unread = |error: &std::io::Error| {
            let help = "write the secret into that file, which only you can read: chmod 600";
            let why = if is_absent(error) {
                "is not there".to_owned()
            } else {
                format!("cannot be read ({error})")
            };
            missing(format!("the file `{name}` {why}"), help)
        };
        let stat = match self.system.stat_target(&path) {
            Ok(stat) => stat,
            Err(error) => return unread(&error),
        };
        if stat.kind != FileKind::File || stat.size > MOST_BYTES {
            let why = format!("`{name}` is no file, or one of more than 1 MiB");
            return missing(why, "name the file that holds the secret and nothing else");
        }
        let mut bytes = Vec::new();
        let read = self.system.open(&path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
        if let Err(error) = read {
            return unread(&error);
        }
        let text = String::from_utf8(bytes).unwrap_or_default();
        // Editors end a file with a line.
        let value = text.strip_suffix('\n').map_or(&*text, |text| text.strip_suffix('\r').unwrap_or(text));
        if value.is_empty() || value.contains('\0') {
            let why = format!("the file `{name}` holds no text");
            return missing(why, "write the secret into that file, as UTF-8");
        }
        let is_open = stat.mode & 0o004 != 0;
        let doubt = is_open.then(|| {
            let text = format!("everybody on this machine can read `{name}`, which holds a secret");
            (text, format!("let nobody else read it: chmod 600 '{name}'"))
        });
        Fetched::Found { value: value.to_owned(), doubt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    fn of_file(system: &Memory, name: &str) -> Fetched {
        let home = Some(Path::new("/home/me"));
        FromFiles { system, folder: Path::new("/w"), home }.fetch(name)
    }

    fn found(value: &str) -> Fetched {
        Fetched::Found { value: value.to_owned(), doubt: None }
    }

    #[test]
    fn a_file_gives_its_text_without_the_last_line_end() {
        let system =
            Memory::new().file("/w/a", "hunter2\r\n").file("/home/me/b", "one\ntwo\n\n").file("/c", "x");
        ["/w/a", "/home/me/b"].iter().for_each(|path| system.set_mode(Path::new(path), 0o600).unwrap());
        assert_eq!((of_file(&system, "a"), of_file(&system, "~/b")), (found("hunter2"), found("one\ntwo\n")));
        let Fetched::Found { value, doubt: Some((text, _)) } = of_file(&system, "/c") else { panic!() };
        assert_eq!(
            (value.as_str(), text.as_str()),
            ("x", "everybody on this machine can read `/c`, which holds a secret")
        );
    }

    #[test]
    fn what_is_not_there_is_told_and_nothing_of_what_is() {
        let system =
            Memory::new().file("/w/empty", "\n").file("/w/folder/x", "").file("/w/zero", "hunter2\0");
        for (name, expected) in [
            ("none", "the file `none` is not there"),
            ("empty", "the file `empty` holds no text"),
            ("zero", "the file `zero` holds no text"),
            ("folder", "`folder` is no file, or one of more than 1 MiB"),
        ] {
            let Fetched::Missing { why, .. } = of_file(&system, name) else { panic!("{name}") };
            assert_eq!(why, expected);
        }
        let env: Env =
            [("A".to_owned(), "1".to_owned()), ("B".to_owned(), String::new())].into_iter().collect();
        assert_eq!(FromEnvironment(&env).fetch("A"), found("1"));
        assert!(FromEnvironment(&env).fetch("B").value().is_none() && env.asked().contains("B"));
    }
}
