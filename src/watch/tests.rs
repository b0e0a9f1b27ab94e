//! What happens in a real folder, and what a watcher tells of it.

#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use super::{PlaceId, Watcher};

struct World {
    folder: tempfile::TempDir,
    watcher: Watcher,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::write(root.join("a/b/file"), "1").unwrap();
        let watcher = Watcher::new(&root, &[".git"]).unwrap();
        Self { folder, watcher }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("root").join(path)
    }

    fn outside(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("outside").join(path)
    }

    /// Follows a path, and lets the watcher find out that nobody writes to it.
    fn follow(&mut self, path: &str) -> PlaceId {
        let id = self.watcher.follow(&self.path(path), false).unwrap();
        self.watcher.settle(10);
        assert!(!self.watcher.is_written(id), "nobody writes to {path}");
        id
    }

    /// Returns the followed paths of which something is told now, and those that somebody may write to.
    fn told(&mut self) -> BTreeSet<PlaceId> {
        let news = self.watcher.drain();
        assert!(!news.is_everything);
        news.changed.into_iter().chain(self.watcher.written().collect::<Vec<_>>()).collect()
    }

    fn tells(&mut self, id: PlaceId) -> bool {
        self.told().contains(&id)
    }
}

#[test]
fn nothing_is_told_of_what_is_read_or_of_what_is_not_followed() {
    let mut world = World::new();
    let id = world.follow("a/b/file");
    fs::write(world.path("a/b/other"), "1").unwrap();
    fs::metadata(world.path("a/b/file")).unwrap();
    assert!(!world.tells(id));
    // Who has read a file might have written to it; a trial says that it does not.
    assert_eq!(fs::read_to_string(world.path("a/b/file")).unwrap(), "1");
    assert!(world.watcher.drain().changed.is_empty());
    world.watcher.settle(10);
    assert!(!world.tells(id));
}

#[test]
fn a_change_is_told_by_whatever_way_it_comes() {
    type Change = fn(&World);
    let changes: [(&str, Change); 9] = [
        ("written", |world| fs::write(world.path("a/b/file"), "2").unwrap()),
        ("added to", |world| {
            File::options().append(true).open(world.path("a/b/file")).unwrap().write_all(b"2").unwrap();
        }),
        ("removed", |world| fs::remove_file(world.path("a/b/file")).unwrap()),
        ("renamed", |world| fs::rename(world.path("a/b/file"), world.path("a/b/else")).unwrap()),
        ("replaced", |world| {
            fs::write(world.path("a/b/new"), "2").unwrap();
            fs::rename(world.path("a/b/new"), world.path("a/b/file")).unwrap();
        }),
        ("linked", |world| fs::hard_link(world.path("a/b/file"), world.outside("link")).unwrap()),
        ("folder renamed", |world| fs::rename(world.path("a"), world.path("c")).unwrap()),
        ("folder removed", |world| fs::remove_dir_all(world.path("a")).unwrap()),
        ("folder replaced by a link", |world| {
            fs::rename(world.path("a/b"), world.outside("b")).unwrap();
            std::os::unix::fs::symlink(world.outside("b"), world.path("a/b")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let mut world = World::new();
        let id = world.follow("a/b/file");
        change(&world);
        assert!(world.tells(id), "a file was {what}, and nothing is told");
    }
}

#[test]
fn a_write_through_a_link_outside_is_told() {
    let mut world = World::new();
    let id = world.follow("a/b/file");
    fs::hard_link(world.path("a/b/file"), world.outside("link")).unwrap();
    assert!(world.tells(id));
    world.watcher.settle(10);
    fs::write(world.outside("link"), "2").unwrap();
    assert!(world.tells(id));
}

#[test]
#[expect(unsafe_code, reason = "a store into a shared mapping is what is tried")]
fn who_has_a_file_mapped_writes_to_it_until_the_mapping_ends() {
    let mut world = World::new();
    let id = world.follow("a/b/file");
    let file = File::options().read(true).write(true).open(world.path("a/b/file")).unwrap();
    // SAFETY: nobody else changes the file while it is mapped.
    let mut map = unsafe { memmap2::MmapMut::map_mut(&file) }.unwrap();
    drop(file);
    for _ in 0..2 {
        map[0] += 1;
        assert!(world.tells(id));
        world.watcher.settle(10);
    }
    drop(map);
    assert!(world.tells(id), "that it ended is told, since what was stored was not");
    world.watcher.settle(10);
    assert!(!world.tells(id));
}

#[test]
fn a_mapping_from_before_the_watch_is_known_too() {
    let mut world = World::new();
    let file = File::options().append(true).open(world.path("a/b/file")).unwrap();
    let id = world.watcher.follow(&world.path("a/b/file"), false).unwrap();
    world.watcher.settle(10);
    assert!(world.tells(id));
    drop(file);
    world.watcher.settle(10);
    world.told();
    assert!(!world.tells(id));
}

#[test]
fn what_is_not_there_is_told_of_when_it_comes() {
    let mut world = World::new();
    let (near, far) = (world.path("a/none"), world.path("x/y/z"));
    let (near, far) =
        (world.watcher.follow(&near, false).unwrap(), world.watcher.follow(&far, false).unwrap());
    assert_eq!(world.told(), BTreeSet::new());
    fs::create_dir_all(world.path("x/y")).unwrap();
    assert!(world.tells(far), "the way to it goes on");
    let path = world.path("x/y/z");
    assert_eq!(world.watcher.follow(&path, false), Some(far));
    assert!(!world.tells(far));
    fs::write(path, "1").unwrap();
    assert!(world.tells(far));
    fs::write(world.path("a/none"), "1").unwrap();
    assert!(world.tells(near));
}

#[test]
fn the_names_in_a_folder_are_told_of_where_they_matter() {
    let mut world = World::new();
    let path = world.path("a/b");
    let id = world.watcher.follow(&path, true).unwrap();
    fs::write(world.path("a/b/file"), "2").unwrap();
    assert!(!world.tells(id), "a name is no content");
    fs::write(world.path("a/b/new"), "2").unwrap();
    assert!(world.tells(id));
    fs::remove_file(world.path("a/b/new")).unwrap();
    assert!(world.tells(id));
}

#[test]
fn a_folder_that_moved_is_followed_anew_at_both_places() {
    let mut world = World::new();
    let id = world.follow("a/b/file");
    fs::rename(world.path("a"), world.path("c")).unwrap();
    assert!(world.tells(id));
    let (old, new) = (world.path("a/b/file"), world.path("c/b/file"));
    assert_eq!(world.watcher.follow(&old, false), Some(id), "it is not there, which can be followed");
    let moved = world.watcher.follow(&new, false).unwrap();
    world.watcher.settle(10);
    world.told();
    fs::write(new, "3").unwrap();
    assert_eq!(world.told(), BTreeSet::from([moved]));
    fs::create_dir_all(world.path("a/b")).unwrap();
    assert!(world.tells(id));
}

#[test]
fn a_folder_that_is_removed_while_somebody_has_a_file_in_it_is_gone_at_once() {
    let mut world = World::new();
    let id = world.follow("a/b/file");
    let file = File::open(world.path("a/b/file")).unwrap();
    fs::remove_dir_all(world.path("a")).unwrap();
    assert!(world.tells(id));
    fs::create_dir_all(world.path("a/b")).unwrap();
    assert!(world.tells(id));
    let path = world.path("a/b/file");
    assert_eq!(world.watcher.follow(&path, false), Some(id));
    assert!(!world.tells(id));
    fs::write(path, "2").unwrap();
    assert!(world.tells(id));
    drop(file);
}

#[test]
fn what_cannot_be_followed_is_not() {
    let mut world = World::new();
    fs::write(world.outside("file"), "1").unwrap();
    std::os::unix::fs::symlink(world.outside(""), world.path("link")).unwrap();
    for path in [world.outside("file"), world.path("link/file"), Path::new("/proc/self/status").into()] {
        assert_eq!(world.watcher.follow(&path, false), None, "{}", path.display());
    }
    // The link itself is one of the names in its folder.
    let link = world.path("link");
    let id = world.watcher.follow(&link, false).unwrap();
    fs::remove_file(&link).unwrap();
    assert!(world.tells(id));
}

#[test]
fn a_queue_that_ran_over_means_everything() {
    let mut world = World::new();
    let id = world.follow("a/b/file");
    let most: usize =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    let (one, other) = (world.path("a/b/one"), world.path("a/b/other"));
    fs::write(&one, "").unwrap();
    for _ in 0..=most / 2 {
        fs::rename(&one, &other).unwrap();
        fs::rename(&other, &one).unwrap();
    }
    assert!(world.watcher.drain().is_everything);
    let path = world.path("a/b/file");
    assert_eq!(world.watcher.follow(&path, false), Some(id));
    world.watcher.settle(10);
    assert!(!world.tells(id));
    fs::write(path, "2").unwrap();
    assert!(world.tells(id));
}

#[test]
fn a_root_that_moved_is_known() {
    let mut world = World::new();
    let root = world.path("");
    world.follow("a/b/file");
    assert!(world.watcher.has_root());
    fs::rename(&root, world.outside("root")).unwrap();
    assert!(!world.watcher.has_root());
    assert!(world.watcher.drain().is_everything);
}

#[test]
fn a_tree_tells_of_all_that_happens_in_it_also_in_folders_that_were_made_just_now() {
    let mut world = World::new();
    world.watcher.watch_tree(true);
    world.watcher.drain();
    fs::create_dir_all(world.path("new/er")).unwrap();
    fs::write(world.path("new/er/file"), "1").unwrap();
    fs::create_dir(world.path(".git")).unwrap();
    let elsewhere: BTreeSet<PathBuf> = world.watcher.drain().elsewhere.into_iter().collect();
    assert_eq!(elsewhere, ["new", "new/er", "new/er/file"].map(|path| world.path(path)).into());
    fs::write(world.path("new/er/file"), "2").unwrap();
    fs::write(world.path(".git/index"), "2").unwrap();
    let elsewhere: BTreeSet<PathBuf> = world.watcher.drain().elsewhere.into_iter().collect();
    assert_eq!(elsewhere, [world.path("new/er/file")].into());
    world.watcher.watch_tree(false);
    world.watcher.drain();
    fs::write(world.path("new/er/file"), "3").unwrap();
    assert_eq!(world.watcher.drain().elsewhere, Vec::<PathBuf>::new());
}
