//! What every [`System`] promises, asked of each of them with the same words.
//!
//! Knows the trait. Does not know which world it is in, except where only one can be asked.

#[cfg(unix)]
mod random;

use std::{
    ffi::OsStr,
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    Entry, FileKind, LockMode, Memory, System, Wait, hash_file, is_absent, remove_tree, replace,
    replace_by_pieces,
};
use crate::base::Digest;

/// A world with an empty directory to play in.
struct World {
    system: Arc<dyn System>,
    root: PathBuf,
    /// Removes the real directory at the end.
    _directory: Option<tempfile::TempDir>,
}

impl World {
    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn file(&self, path: &str, text: &str) -> PathBuf {
        let path = self.at(path);
        self.system.create_dir_all(path.parent().unwrap()).unwrap();
        self.system.write(&path, text.as_bytes(), 0o644).unwrap();
        path
    }

    fn directory(&self, path: &str) -> PathBuf {
        let path = self.at(path);
        self.system.create_dir_all(&path).unwrap();
        path
    }

    fn link(&self, path: &str, target: &str) -> PathBuf {
        let path = self.at(path);
        self.system.symlink(Path::new(target), &path).unwrap();
        path
    }

    fn text(&self, path: &Path) -> String {
        String::from_utf8(self.system.read(path).unwrap()).unwrap()
    }

    fn names(&self, path: &Path) -> Vec<String> {
        let entries = self.system.list(path).unwrap();
        entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
    }
}

fn worlds() -> Vec<World> {
    let memory = Memory::new().dir("/play");
    let memory = World { system: Arc::new(memory), root: PathBuf::from("/play"), _directory: None };
    #[cfg(unix)]
    {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        vec![memory, World { system: Arc::new(super::Os), root, _directory: Some(directory) }]
    }
    #[cfg(not(unix))]
    vec![memory]
}

/// Asks the same of each world.
fn in_each_world(ask: impl Fn(&World)) {
    for world in worlds() {
        println!("asking {:?}", world.system);
        ask(&world);
    }
}

/// Asserts the kind of an error.
macro_rules! fails {
    ($answer:expr, $kind:ident) => {
        assert_eq!($answer.map(drop).map_err(|error| error.kind()), Err(ErrorKind::$kind))
    };
}

#[test]
fn names_in_a_folder_are_answered_as_their_paths_are() {
    in_each_world(|world| {
        let folder = world.directory("a");
        world.file("a/file", "text");
        world.directory("a/folder");
        world.link("a/link", "file");
        world.link("a/nowhere", "gone");
        world.link("way", "a");
        let names = ["file", "folder", "link", "nowhere", "absent", "file/below", "..", "folder/../file"]
            .map(OsStr::new);
        for folder in [folder, world.at("way"), world.at("absent"), world.at("a/file")] {
            let mut told = Vec::new();
            world.system.stat_each(&folder, &names, &mut |index, found| told.push((index, found.ok())));
            let asked = names.iter().map(|name| world.system.stat(&folder.join(name)).ok());
            assert_eq!(told, asked.enumerate().collect::<Vec<_>>(), "{}", folder.display());
        }
    });
}

#[test]
fn mapped_bytes_outlive_what_is_renamed_over_them() {
    in_each_world(|world| {
        let path = world.file("a", "old");
        let empty = world.file("empty", "");
        let mapped = world.system.map(&path).unwrap();
        replace(&*world.system, &path, b"newer").unwrap();
        assert_eq!(*mapped, *b"old");
        mapped.let_go();
        assert_eq!(*mapped, *b"old");
        assert_eq!(*world.system.map(&path).unwrap(), *b"newer");
        assert_eq!(*world.system.map(&empty).unwrap(), *b"");
        assert!(world.system.map(&world.directory("folder")).is_err());
        assert!(is_absent(&world.system.map(&world.at("absent")).unwrap_err()));
    });
}

#[test]
fn a_file_is_written_read_and_described() {
    in_each_world(|world| {
        let path = world.file("a", "one\n");
        assert_eq!(world.text(&path), "one\n");
        let before = world.system.stat(&path).unwrap();
        assert_eq!((before.kind, before.size, before.mode, before.links), (FileKind::File, 4, 0o644, 1));
        world.system.write(&path, b"longer\n", 0o755).unwrap();
        let after = world.system.stat(&path).unwrap();
        assert_eq!((after.size, after.mode, after.inode), (7, 0o755, before.inode), "written in place");
        world.system.write(&path, b"", 0o600).unwrap();
        assert_eq!(world.text(&path), "");
    });
}

#[test]
fn nothing_there_is_said_so() {
    in_each_world(|world| {
        let (absent, below_file) = (world.at("absent"), world.file("file", "").join("x"));
        let (system, nowhere) = (&world.system, world.at("absent/x"));
        fails!(system.stat(&absent), NotFound);
        fails!(system.stat_target(&absent), NotFound);
        fails!(system.open(&absent), NotFound);
        fails!(system.read(&absent), NotFound);
        fails!(system.list(&absent), NotFound);
        fails!(system.read_link(&absent), NotFound);
        fails!(system.canonicalize(&absent), NotFound);
        fails!(system.write(&nowhere, b"", 0o644), NotFound);
        fails!(system.append(&nowhere), NotFound);
        fails!(system.copy(&absent, &world.at("to"), 0o644), NotFound);
        fails!(system.rename(&absent, &world.at("to")), NotFound);
        fails!(system.rename_new(&absent, &world.at("to")), NotFound);
        fails!(system.exchange(&absent, &world.at("file")), NotFound);
        fails!(system.exchange(&world.at("file"), &absent), NotFound);
        fails!(system.remove_file(&absent), NotFound);
        fails!(system.remove_dir(&absent), NotFound);
        fails!(system.symlink(&absent, &nowhere), NotFound);
        fails!(system.set_mode(&absent, 0o644), NotFound);
        fails!(system.lock(&nowhere, LockMode::Shared, Wait::Try), NotFound);
        fails!(system.rename(&world.at("file"), &nowhere), NotFound);
        fails!(system.stat(&below_file), NotADirectory);
        fails!(system.write(&below_file, b"", 0o644), NotADirectory);
        fails!(system.create_dir_all(&below_file), NotADirectory);
        assert!(is_absent(&system.stat(&below_file).unwrap_err()));
        assert_eq!(world.names(&world.root), ["file"], "none of this left anything");
    });
}

#[test]
fn directories_are_made_listed_and_removed() {
    in_each_world(|world| {
        let deep = world.directory("a/b/c");
        assert_eq!(world.system.stat(&deep).unwrap().kind, FileKind::Directory);
        world.system.create_dir_all(&deep).unwrap();
        fails!(world.system.create_dir(&deep), AlreadyExists);
        fails!(world.system.create_dir(&world.at("a/x/y")), NotFound);
        world.system.create_dir(&deep.join("d")).unwrap();
        world.system.remove_dir(&deep.join("d")).unwrap();
        world.file("a/z", "");
        world.file("a/é", "");
        world.link("a/l", "z");
        let entries = world.system.list(&world.at("a")).unwrap();
        let expected =
            [("b", FileKind::Directory), ("l", FileKind::Link), ("z", FileKind::File), ("é", FileKind::File)];
        assert_eq!(entries, expected.map(|(name, kind)| Entry { name: name.into(), kind }));
        fails!(world.system.list(&world.at("a/z")), NotADirectory);
        fails!(world.system.read(&deep), IsADirectory);
        fails!(world.system.write(&deep, b"", 0o644), IsADirectory);
        fails!(world.system.remove_file(&deep), IsADirectory);
        fails!(world.system.remove_dir(&world.at("a")), DirectoryNotEmpty);
        fails!(world.system.remove_dir(&world.at("a/z")), NotADirectory);
        fails!(world.system.remove_dir(&world.at("a/l")), NotADirectory);
        fails!(world.system.create_dir_all(&world.at("a/z")), AlreadyExists);
        world.system.remove_dir(&deep).unwrap();
        assert_eq!(world.names(&world.at("a/b")), [""; 0]);
        remove_tree(&*world.system, &world.at("a")).unwrap();
        remove_tree(&*world.system, &world.at("a")).unwrap();
        assert_eq!(world.names(&world.root), [""; 0]);
    });
}

#[test]
fn links_are_followed_where_the_trait_says_so() {
    in_each_world(|world| {
        let file = world.file("d/file", "text");
        let link = world.link("link", "d/../d/file");
        world.link("dir", "d");
        let system = &world.system;
        assert_eq!(system.stat(&link).unwrap().kind, FileKind::Link);
        assert_eq!(system.stat(&link).unwrap().size, 11);
        assert_eq!(system.stat_target(&link).unwrap(), system.stat(&file).unwrap());
        assert_eq!(system.stat(&world.at("dir/file")).unwrap(), system.stat(&file).unwrap());
        assert_eq!(system.read_link(&link).unwrap(), PathBuf::from("d/../d/file"));
        fails!(system.read_link(&file), InvalidInput);
        assert_eq!(system.canonicalize(&world.at("dir/../dir/./file")).unwrap(), file);
        assert_eq!(world.names(&world.at("dir")), ["file"]);
        system.write(&link, b"through", 0o600).unwrap();
        system.append(&link).unwrap().write_all(b" it").unwrap();
        system.set_mode(&link, 0o640).unwrap();
        assert_eq!((world.text(&file), system.stat(&file).unwrap().mode), ("through it".to_owned(), 0o640));
        system.copy(&link, &world.at("copy"), 0o600).unwrap();
        assert_eq!(system.stat(&world.at("copy")).unwrap().kind, FileKind::File);
        system.create_dir_all(&world.at("dir")).unwrap();
        fails!(system.symlink(&file, &link), AlreadyExists);
        system.remove_file(&link).unwrap();
        assert_eq!(world.text(&file), "through it", "the link went, not the file");
    });
}

#[test]
fn a_link_to_nothing_and_a_link_to_itself() {
    in_each_world(|world| {
        let dangling = world.link("dangling", "made");
        let looping = world.link("looping", "looping");
        let system = &world.system;
        fails!(system.read(&dangling), NotFound);
        fails!(system.canonicalize(&dangling), NotFound);
        fails!(system.create_dir_all(&dangling), AlreadyExists);
        fails!(system.copy(&looping, &dangling, 0o644), AlreadyExists);
        system.write(&dangling, b"yes", 0o644).unwrap();
        assert_eq!(world.text(&world.at("made")), "yes");
        for error in [
            system.read(&looping).map(drop),
            system.stat_target(&looping).map(drop),
            system.canonicalize(&looping).map(drop),
            system.stat(&looping.join("x")).map(drop),
        ] {
            assert!(!is_absent(&error.unwrap_err()), "a loop is not the same as nothing there");
        }
        assert_eq!(system.stat(&looping).unwrap().kind, FileKind::Link);
    });
}

#[test]
fn forty_links_are_followed_and_no_more() {
    in_each_world(|world| {
        world.file("0", "end");
        for step in 1..=41 {
            world.link(&step.to_string(), &(step - 1).to_string());
        }
        assert_eq!(world.text(&world.at("40")), "end");
        assert!(world.system.read(&world.at("41")).is_err());
    });
}

#[test]
fn an_open_file_is_read_from_anywhere() {
    in_each_world(|world| {
        let mut file = world.system.open(&world.file("file", "0123456789")).unwrap();
        for (offset, expected) in [(7, "789"), (0, "0123456789"), (10, ""), (u64::from(u32::MAX), "")] {
            let mut text = String::new();
            file.go_to(offset).unwrap();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, expected, "from {offset}");
        }
    });
}

#[test]
fn a_rename_moves_and_replaces() {
    in_each_world(|world| {
        let (from, to) = (world.file("from", "new"), world.file("to", "old"));
        let inode = world.system.stat(&from).unwrap().inode;
        let mut reader = world.system.open(&to).unwrap();
        world.system.rename(&from, &to).unwrap();
        assert_eq!((world.text(&to), world.names(&world.root)), ("new".to_owned(), vec!["to".to_owned()]));
        assert_eq!(world.system.stat(&to).unwrap().inode, inode);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(
            (text.as_str(), reader.stat().unwrap().links),
            ("old", 0),
            "an open file outlives its name"
        );
        world.system.rename(&to, &to).unwrap();
        assert_eq!(world.text(&to), "new");
        world.file("tree/deep/x", "below");
        world.directory("empty");
        world.system.rename(&world.at("tree"), &world.at("empty")).unwrap();
        assert_eq!(world.text(&world.at("empty/deep/x")), "below");
    });
}

#[test]
fn a_rename_is_refused_where_it_would_lose_something() {
    in_each_world(|world| {
        let (file, full) = (world.file("file", "f"), world.file("full/x", "x"));
        let (full, empty) = (full.parent().unwrap().to_owned(), world.directory("empty"));
        let system = &world.system;
        fails!(system.rename(&file, &empty), IsADirectory);
        fails!(system.rename(&empty, &file), NotADirectory);
        fails!(system.rename(&empty, &full), DirectoryNotEmpty);
        fails!(system.rename(&full, &full.join("y")), InvalidInput);
        fails!(system.rename(&full.join("x"), &full), DirectoryNotEmpty);
        fails!(system.rename_new(&file, &empty), AlreadyExists);
        fails!(system.rename_new(&file, &full.join("x")), AlreadyExists);
        system.rename_new(&file, &world.at("fresh")).unwrap();
        assert_eq!(world.names(&world.root), ["empty", "fresh", "full"]);
    });
}

#[test]
fn an_exchange_swaps_whatever_the_two_are() {
    in_each_world(|world| {
        let (one, other) = (world.file("one", "1"), world.file("other/x", "x"));
        let other = other.parent().unwrap();
        let inode = world.system.stat(&one).unwrap().inode;
        world.system.exchange(&one, other).unwrap();
        assert_eq!(world.text(&one.join("x")), "x");
        assert_eq!((world.text(other), world.system.stat(other).unwrap().inode), ("1".to_owned(), inode));
        fails!(world.system.exchange(&one, &one.join("x")), Unsupported);
        fails!(world.system.exchange(&one.join("x"), &one), Unsupported);
    });
}

#[test]
fn a_copy_is_a_file_of_its_own() {
    in_each_world(|world| {
        let from = world.file("from", "text");
        let to = world.at("to");
        world.system.copy(&from, &to, 0o555).unwrap();
        let stat = world.system.stat(&to).unwrap();
        assert_eq!((world.text(&to), stat.mode, stat.links), ("text".to_owned(), 0o555, 1));
        assert_ne!(stat.inode, world.system.stat(&from).unwrap().inode);
        fails!(world.system.copy(&from, &to, 0o644), AlreadyExists);
        fails!(world.system.copy(&world.root, &world.at("x"), 0o644), IsADirectory);
        fails!(world.system.copy(&from, &world.at("absent/x"), 0o644), NotFound);
        assert_eq!(world.names(&world.root), ["from", "to"], "a copy that failed leaves nothing");
    });
}

#[test]
fn a_hashed_copy_is_a_copy_and_tells_what_it_holds() {
    in_each_world(|world| {
        for text in [String::new(), "text".to_owned(), "long".repeat(200_000)] {
            let (from, to) = (world.file("from", &text), world.at("to"));
            assert_eq!(world.system.copy_hashed(&from, &to, 0o555).unwrap(), Digest::of(text.as_bytes()));
            assert_eq!((world.text(&to), world.system.stat(&to).unwrap().mode), (text, 0o555));
            fails!(world.system.copy_hashed(&from, &to, 0o644), AlreadyExists);
            fails!(world.system.copy_hashed(&world.root, &world.at("x"), 0o644), IsADirectory);
            fails!(world.system.copy_hashed(&world.at("absent"), &world.at("x"), 0o644), NotFound);
            assert_eq!(world.names(&world.root), ["from", "to"], "a copy that failed leaves nothing");
            world.system.remove_file(&to).unwrap();
        }
    });
}

#[test]
fn what_is_appended_stands_at_the_end() {
    in_each_world(|world| {
        let path = world.at("log");
        let (mut one, mut other) = (world.system.append(&path).unwrap(), world.system.append(&path).unwrap());
        one.write_all(b"1\n").unwrap();
        other.write_all(b"2\n").unwrap();
        one.write_all(b"3\n").unwrap();
        one.flush().unwrap();
        assert_eq!(world.text(&path), "1\n2\n3\n");
        fails!(world.system.append(&world.root), IsADirectory);
    });
}

#[test]
fn an_open_file_tells_what_it_is_and_is_read_in_pieces() {
    in_each_world(|world| {
        let path = world.file("a", "0123456789");
        let mut file = world.system.open(&path).unwrap();
        assert_eq!(file.stat().unwrap(), world.system.stat(&path).unwrap());
        let mut piece = [0; 4];
        file.read_exact(&mut piece).unwrap();
        assert_eq!(&piece, b"0123");
        let mut rest = String::new();
        file.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "456789");
        let mut directory = world.system.open(&world.root).unwrap();
        fails!(directory.read(&mut piece), IsADirectory);
    });
}

#[test]
fn a_change_shows_in_the_times() {
    in_each_world(|world| {
        let path = world.file("a", "same");
        let times = |path: &Path| {
            // Coarse file system clocks need a moment to move on.
            std::thread::sleep(Duration::from_millis(15));
            let stat = world.system.stat(path).unwrap();
            (stat.mtime_ns, stat.ctime_ns)
        };
        let at_first = times(&path);
        assert_eq!(times(&path), at_first, "asking changes nothing");
        world.system.write(&path, b"same", 0o644).unwrap();
        let written = times(&path);
        assert!(written.0 > at_first.0 && written.1 > at_first.1);
        world.system.set_mode(&path, 0o600).unwrap();
        let changed = times(&path);
        assert!(changed.0 == written.0 && changed.1 > written.1, "a mode is no content");
        let above = times(&world.root);
        world.system.rename(&path, &world.at("b")).unwrap();
        assert!(times(&world.root).0 > above.0);
        assert_eq!(times(&world.at("b")).0, changed.0, "a name is no content");
        let above = times(&world.root);
        world.system.remove_file(&world.at("b")).unwrap();
        assert!(times(&world.root).0 > above.0);
    });
}

#[test]
fn a_lock_keeps_others_out_until_it_is_dropped() {
    in_each_world(|world| {
        let path = world.at("lock");
        let lock = |mode| world.system.lock(&path, mode, Wait::Try).unwrap();
        let readers = [lock(LockMode::Shared), lock(LockMode::Shared)];
        assert!(readers.iter().all(Option::is_some));
        assert!(lock(LockMode::Exclusive).is_none());
        drop(readers);
        let writer = lock(LockMode::Exclusive);
        assert!(writer.is_some() && lock(LockMode::Exclusive).is_none() && lock(LockMode::Shared).is_none());
        let freed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let lock = world.system.lock(&path, LockMode::Exclusive, Wait::Block).unwrap();
                assert!(freed.load(Ordering::SeqCst), "the lock came before it was free");
                lock.is_some()
            });
            freed.store(true, Ordering::SeqCst);
            drop(writer);
            assert!(waiting.join().unwrap());
        });
        assert!(lock(LockMode::Exclusive).is_some());
        assert_eq!(world.names(&world.root), ["lock"], "the file stays");
    });
}

#[test]
fn the_clocks_go_forward_and_randomness_differs() {
    in_each_world(|world| {
        let (now, monotonic) = (world.system.now(), world.system.monotonic());
        world.file("a", "");
        assert!(world.system.now() >= now && world.system.monotonic() >= monotonic);
        assert_ne!(world.system.random(), world.system.random());
        assert!(world.system.current_dir().unwrap().is_absolute());
    });
}

#[test]
fn who_appends_knows_where_that_stands() {
    in_each_world(|world| {
        let path = world.file("a", "old");
        let [mut one, mut other] = [(); 2].map(|()| world.system.append(&path).unwrap());
        one.write_all(b"12").unwrap();
        other.write_all(b"345").unwrap();
        assert_eq!((one.written_up_to(), other.written_up_to()), (Some(5), Some(8)));
    });
}

#[test]
fn replacing_is_whole_or_not_at_all() {
    in_each_world(|world| {
        let path = world.file("a", "old");
        replace(&*world.system, &path, b"new").unwrap();
        assert_eq!(world.text(&path), "new");
        let directory = world.directory("full");
        world.file("full/x", "");
        assert!(replace(&*world.system, &directory, b"new").is_err());
        replace_by_pieces(&*world.system, &path, &[b"pie", b"", b"ces"]).unwrap();
        assert_eq!((world.text(&path), world.system.stat(&path).unwrap().mode), ("pieces".to_owned(), 0o644));
        assert!(replace_by_pieces(&*world.system, &directory, &[b"new"]).is_err());
        assert_eq!(world.names(&world.root), ["a", "full"], "no temporary file is left");
    });
}

#[test]
fn a_file_is_hashed_with_its_stat() {
    in_each_world(|world| {
        let path = world.file("a", "content");
        let (stat, digest) = hash_file(&*world.system, &path).unwrap();
        assert_eq!((stat, digest), (world.system.stat(&path).unwrap(), Digest::of(b"content")));
        fails!(hash_file(&*world.system, &world.root), IsADirectory);
    });
}

#[test]
fn the_owner_is_held_to_the_permission_bits() {
    in_each_world(|world| {
        let path = world.file("closed/a", "");
        let system = &world.system;
        system.set_mode(&path, 0).unwrap();
        if system.read(&path).is_ok() {
            eprintln!("skipped for {system:?}: the superuser may read everything");
            return;
        }
        fails!(system.read(&path), PermissionDenied);
        fails!(system.write(&path, b"", 0o644), PermissionDenied);
        system.set_mode(&world.at("closed"), 0o500).unwrap();
        fails!(system.remove_file(&path), PermissionDenied);
        fails!(system.rename(&path, &world.at("b")), PermissionDenied);
        fails!(system.symlink(&path, &world.at("closed/new")), PermissionDenied);
        system.set_mode(&world.at("closed"), 0o300).unwrap();
        fails!(system.list(&world.at("closed")), PermissionDenied);
        system.set_mode(&world.at("closed"), 0o600).unwrap();
        fails!(system.stat(&path), PermissionDenied);
        system.set_mode(&world.at("closed"), 0o700).unwrap();
    });
}

mod memory {
    //! What only a world in memory can be asked.

    use super::*;

    #[test]
    fn a_test_decides_the_clock() {
        let world = Memory::new();
        assert_eq!(world.now().to_rfc3339(), "2026-01-01T00:00:00.001Z");
        world.advance(Duration::from_mins(2));
        assert_eq!(world.now().to_rfc3339(), "2026-01-01T00:02:00.001Z");
        let stat = || world.stat(Path::new("/a")).unwrap();
        world.tick(Duration::ZERO).file("/a", "one");
        let before = stat();
        world.file("/a", "two");
        assert_eq!(stat(), before, "a change that no clock can tell");
        world.tick(Duration::from_secs(1)).touch("/a");
        assert_eq!(stat().mtime_ns - before.mtime_ns, 1_000_000_000);
        assert_eq!(world.monotonic(), Duration::from_millis(121_001));
    }

    #[test]
    fn a_test_decides_the_environment() {
        let world = Memory::new().variable("CI", "1").variable("GONE", "x").without_variable("GONE");
        assert_eq!(world.env(), [("CI".into(), "1".into())].into());
        let world = world.inside("/place").file("/place/a", "here");
        assert_eq!(world.current_dir().unwrap(), PathBuf::from("/place"));
        assert_eq!(world.read(Path::new("a")).unwrap(), b"here");
    }

    #[test]
    fn two_worlds_are_equal_and_clones_are_one() {
        let (one, other) = (Memory::new(), Memory::new());
        assert_eq!(one.random(), other.random());
        let clone = one.clone();
        one.file("/a", "");
        assert!(clone.stat(Path::new("/a")).is_ok() && other.stat(Path::new("/a")).is_err());
    }

    #[test]
    fn the_tree_is_listed() {
        let world = Memory::new()
            .file("/w/scripts/0100_a.sh", "echo hi\n")
            .mode("/w/scripts/0100_a.sh", 0o755)
            .dir("/w/empty")
            .link("/w/here", "scripts");
        insta::assert_snapshot!(world.tree(), @r"
        /w/
        /w/empty/
        /w/here -> scripts
        /w/scripts/
        /w/scripts/0100_a.sh 755 8 bytes
        ");
    }

    #[test]
    fn the_root_stays() {
        let world = Memory::new();
        let root = Path::new("/");
        fails!(world.remove_dir(root), ResourceBusy);
        fails!(world.write(root, b"", 0o644), IsADirectory);
        assert_eq!(world.canonicalize(root).unwrap(), root);
    }
}
