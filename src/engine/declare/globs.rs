//! Many paths in few words: globs that name the paths and nothing else that is there.
//!
//! Knows names on disk. Does not know what the paths are to somebody.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    base::WsPath,
    fingerprint::{Disk, Resolver, View, expand},
    sys::FileKind,
    text::pattern::Pattern,
};

/// Fewer paths than this are listed one by one.
const MANY: usize = 4;
/// How many globs are tried; each may cost a walk through its folder.
const TRIES: usize = 64;

/// Returns patterns that name all paths, and of what is on disk nothing else; nothing if one cannot be named.
pub(super) fn summed_up(disk: &Disk, paths: &BTreeSet<WsPath>) -> Option<Vec<String>> {
    let mut left = paths.clone();
    let mut patterns = Vec::new();
    for glob in globs(paths).into_iter().take(TRIES) {
        let Ok(pattern) = Pattern::parse(&glob, disk.root(), &WsPath::root()) else { continue };
        let covered = left.iter().filter(|path| pattern.matches(path)).count();
        if covered >= MANY && names_only(disk, &pattern, paths) {
            left.retain(|path| !pattern.matches(path));
            patterns.push(glob);
        }
    }
    for path in left {
        let written = written(&path);
        let pattern = Pattern::parse(&written, disk.root(), &WsPath::root()).ok()?;
        if !pattern.matches(&path) {
            return None;
        }
        patterns.push(written);
    }
    patterns.sort();
    Some(patterns)
}

/// Returns the globs that may be worth it: files of one ending first, those that name most of the paths first, and of
/// two that name as many the narrower one.
fn globs(paths: &BTreeSet<WsPath>) -> Vec<String> {
    let mut counts: BTreeMap<(bool, String), usize> = BTreeMap::new();
    let mut count =
        |is_last_choice: bool, glob: String| *counts.entry((is_last_choice, glob)).or_default() += 1;
    for path in paths {
        let ending = ending(path);
        let in_folder =
            |folder: &WsPath| if folder.as_str() == "." { String::new() } else { format!("{folder}/") };
        let above: Vec<WsPath> = std::iter::successors(path.parent(), WsPath::parent).collect();
        if above.iter().any(|folder| folder.as_str() != "." && is_special(folder.as_str())) {
            continue;
        }
        for (depth, folder) in above.iter().enumerate() {
            let folder = in_folder(folder);
            if let Some(ending) = ending {
                if depth == 0 {
                    count(false, format!("{folder}*.{ending}"));
                }
                if !folder.is_empty() {
                    count(false, format!("{folder}**/*.{ending}"));
                }
            }
            if !folder.is_empty() {
                count(true, format!("{folder}**"));
            }
        }
    }
    let mut globs: Vec<((bool, String), usize)> =
        counts.into_iter().filter(|(_, count)| *count >= MANY).collect();
    globs.sort_by_key(|((is_last_choice, glob), count)| {
        let folders = glob.matches('/').count();
        (*is_last_choice, Reverse(*count), glob.contains("**"), Reverse(folders), glob.clone())
    });
    globs.into_iter().map(|((_, glob), _)| glob).collect()
}

/// Returns the ending of a file's name, if it is a plain one.
fn ending(path: &WsPath) -> Option<&str> {
    let (stem, ending) = path.file_name().rsplit_once('.')?;
    let is_plain = !ending.is_empty() && ending.chars().all(|c| c.is_ascii_alphanumeric());
    (!stem.is_empty() && is_plain).then_some(ending)
}

fn names_only(disk: &Disk, pattern: &Pattern, paths: &BTreeSet<WsPath>) -> bool {
    let found = expand(disk, &mut Resolver::new(disk), pattern);
    let mut files = found.paths.iter().filter(|(_, kind)| *kind != FileKind::Directory);
    !found.incomplete && files.all(|(path, _)| paths.contains(path))
}

/// What starts a wildcard, or ends an entry of a list.
fn is_special(text: &str) -> bool {
    text.contains(['*', '?', '[', '{', ','])
}

/// Writes a path as a pattern that names it alone.
fn written(path: &WsPath) -> String {
    if path.as_str().eq_ignore_ascii_case("none") {
        return format!("./{path}");
    }
    let mut is_pattern = false;
    let names = path.as_str().split('/').map(|name| {
        // Up to the first wildcard a pattern is a path, in which nothing needs an escape.
        is_pattern |= is_special(name);
        if !is_pattern {
            return name.to_owned();
        }
        name.chars().fold(String::new(), |mut text, c| {
            match c {
                '*' | '?' | '[' | ']' | '{' | '}' | '\\' => text.extend(['\\', c]),
                ',' => text.push_str("[,]"),
                _ => text.push(c),
            }
            text
        })
    });
    names.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::sys::Memory;

    fn summed(on_disk: &str, wanted: &str) -> String {
        let world = on_disk
            .split_whitespace()
            .fold(Memory::new(), |world, path| world.file(format!("/w/{path}"), ""));
        let disk = Disk::new(Arc::new(world), Path::new("/w"), Path::new("/w/.azcache/clock"), Vec::new());
        let paths = wanted.split_whitespace().map(|path| WsPath::from_normal(path).unwrap()).collect();
        summed_up(&disk, &paths).unwrap().join(" ")
    }

    #[test]
    fn few_paths_are_listed_and_many_summed_up() {
        assert_eq!(summed("s/a.c s/b.c s/c.c", "s/a.c s/b.c s/c.c"), "s/a.c s/b.c s/c.c");
        assert_eq!(summed("s/a.c s/b.c s/c.c s/d.c", "s/a.c s/b.c s/c.c s/d.c"), "s/*.c");
        assert_eq!(summed("s/a.c s/b.c s/t/c.c s/t/d.c s/x.h", "s/a.c s/b.c s/t/c.c s/t/d.c"), "s/**/*.c");
        assert_eq!(summed("s/a s/b s/c s/t/d.c", "s/a s/b s/c s/t/d.c"), "s/**");
        assert_eq!(summed("a.c b.c c.c d.c x.h", "a.c b.c c.c d.c x.h"), "*.c x.h");
    }

    #[test]
    fn no_glob_names_what_was_not_read() {
        let four = "s/a.c s/b.c s/c.c s/d.c";
        assert_eq!(summed("s/a.c s/b.c s/c.c s/d.c s/e.c", four), four);
        assert_eq!(summed("s/a.c s/b.c s/c.c s/d.c s/.hidden.c s/t/x.c", four), four);
        assert_eq!(summed("s/a.c s/b.c s/c.c s/d.c s/t/x.c s/x.h", four), "s/*.c");
    }

    #[test]
    fn odd_names_are_named_and_nothing_else_is() {
        assert_eq!(
            summed("a[b].c a{d,e} x,y NONE z*", "a[b].c a{d,e} x,y NONE z*"),
            "./NONE a\\[b\\].c a\\{d[,]e\\} x[,]y z\\*"
        );
        assert_eq!(summed("p}q/[r] p}q/s", "p}q/[r] p}q/s"), "p}q/\\[r\\] p}q/s");
    }
}
