//! The two worlds answer any sequence of questions and changes alike.
//!
//! Knows what both can tell. Does not compare what only one can know: sizes of directories, inode numbers, times.

use std::{
    io,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::super::{FileKind, Memory, Os, Stat, System};

/// Something asked of a world; paths are relative to where it plays.
#[derive(Debug, Clone)]
enum Ask {
    Stat(String),
    StatTarget(String),
    Read(String),
    List(String),
    ReadLink(String),
    Canonicalize(String),
    Write(String, u8, bool),
    Append(String, u8),
    Copy(String, String),
    Rename(String, String),
    Exchange(String, String),
    RenameNew(String, String),
    RemoveFile(String),
    RemoveDir(String),
    Symlink(String, String),
    SetMode(String, bool),
    CreateDir(String),
    CreateDirAll(String),
}

/// Few names, so that paths meet; no `..`, so that nothing real is reached outside.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4).prop_map(|names| names.join("/"))
}

/// Where a link points; `@` stands for the place of the play, so that links can be absolute.
fn target() -> impl Strategy<Value = String> {
    prop_oneof![path(), path().prop_map(|path| format!("@/{path}")), Just(".".to_owned())]
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        1 => path().prop_map(Ask::Stat),
        1 => path().prop_map(Ask::StatTarget),
        1 => path().prop_map(Ask::Read),
        1 => path().prop_map(Ask::List),
        1 => path().prop_map(Ask::ReadLink),
        1 => path().prop_map(Ask::Canonicalize),
        4 => (path(), any::<u8>(), any::<bool>()).prop_map(|(path, byte, bit)| Ask::Write(path, byte, bit)),
        1 => (path(), any::<u8>()).prop_map(|(path, byte)| Ask::Append(path, byte)),
        2 => (path(), path()).prop_map(|(from, to)| Ask::Copy(from, to)),
        4 => (path(), path()).prop_map(|(from, to)| Ask::Rename(from, to)),
        4 => (path(), path()).prop_map(|(one, other)| Ask::Exchange(one, other)),
        2 => (path(), path()).prop_map(|(from, to)| Ask::RenameNew(from, to)),
        1 => path().prop_map(Ask::RemoveFile),
        1 => path().prop_map(Ask::RemoveDir),
        3 => (target(), path()).prop_map(|(target, path)| Ask::Symlink(target, path)),
        1 => (path(), any::<bool>()).prop_map(|(path, bit)| Ask::SetMode(path, bit)),
        1 => path().prop_map(Ask::CreateDir),
        4 => path().prop_map(Ask::CreateDirAll),
    ]
}

/// Asks a world and tells its answer in words.
fn answer(system: &dyn System, root: &Path, ask: &Ask) -> String {
    let at = |path: &str| root.join(path);
    let mode = |bit: bool| if bit { 0o755 } else { 0o600 };
    let inside = |path: PathBuf| path.display().to_string().replace(root.to_str().unwrap(), "@");
    let done = |()| "done".to_owned();
    let answer = match ask {
        Ask::Stat(path) => system.stat(&at(path)).map(told),
        Ask::StatTarget(path) => system.stat_target(&at(path)).map(told),
        Ask::Read(path) => system.read(&at(path)).map(|bytes| format!("{bytes:?}")),
        Ask::List(path) => system.list(&at(path)).map(|entries| format!("{entries:?}")),
        Ask::ReadLink(path) => system.read_link(&at(path)).map(inside),
        Ask::Canonicalize(path) => system.canonicalize(&at(path)).map(inside),
        Ask::Write(path, byte, bit) => system.write(&at(path), &[*byte], mode(*bit)).map(done),
        Ask::Append(path, byte) => {
            system.append(&at(path)).and_then(|mut file| file.write_all(&[*byte])).map(done)
        }
        Ask::Copy(from, to) => system.copy(&at(from), &at(to), 0o755).map(done),
        Ask::Rename(from, to) => system.rename(&at(from), &at(to)).map(done),
        Ask::Exchange(one, other) => system.exchange(&at(one), &at(other)).map(done),
        Ask::RenameNew(from, to) => system.rename_new(&at(from), &at(to)).map(done),
        Ask::RemoveFile(path) => system.remove_file(&at(path)).map(done),
        Ask::RemoveDir(path) => system.remove_dir(&at(path)).map(done),
        Ask::Symlink(target, path) => {
            let target = target.replace('@', root.to_str().unwrap());
            system.symlink(Path::new(&target), &at(path)).map(done)
        }
        // Never without the right to search: the superuser, as whom this may run, is not held to it.
        Ask::SetMode(path, bit) => system.set_mode(&at(path), if *bit { 0o755 } else { 0o700 }).map(done),
        Ask::CreateDir(path) => system.create_dir(&at(path)).map(done),
        Ask::CreateDirAll(path) => system.create_dir_all(&at(path)).map(done),
    };
    answer.unwrap_or_else(|error| failure(&error))
}

/// Tells what both worlds know; the size of an absolute link differs with the place of the play.
fn told(stat: Stat) -> String {
    match stat.kind {
        FileKind::File => format!("file of {}, {}", stat.size, stat.mode & 0o100 != 0),
        kind => format!("{kind:?}"),
    }
}

/// Tells the kind of an error; that of a loop of links has no stable name.
fn failure(error: &io::Error) -> String {
    match format!("{:?}", error.kind()) {
        kind if kind == "FilesystemLoop" || kind == "Other" => "loop".to_owned(),
        kind => kind,
    }
}

/// Lists all that is there.
fn tree(system: &dyn System, root: &Path, path: &str, lines: &mut Vec<String>) {
    for entry in system.list(&root.join(path)).unwrap() {
        let path = Path::new(path).join(entry.name).display().to_string();
        let ask = |ask: fn(String) -> Ask| answer(system, root, &ask(path.clone()));
        lines.push(format!("{path}: {}, {}, {}", ask(Ask::Stat), ask(Ask::Read), ask(Ask::ReadLink)));
        if entry.kind == FileKind::Directory {
            tree(system, root, &path, lines);
        }
    }
}

fn to_tree(system: &dyn System, root: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    tree(system, root, "", &mut lines);
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn both_worlds_answer_alike(asks in prop::collection::vec(ask(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let real = directory.path().canonicalize().unwrap();
        let (memory, imagined) = (Memory::new().dir("/play"), PathBuf::from("/play"));
        for ask in asks {
            let (expected, found) = (answer(&Os, &real, &ask), answer(&memory, &imagined, &ask));
            prop_assert_eq!(expected, found, "{:?} in\n{}", ask, memory.tree());
        }
        prop_assert_eq!(to_tree(&Os, &real), to_tree(&memory, &imagined));
    }
}
