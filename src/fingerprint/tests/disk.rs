//! A digest is remembered only where no later edit can hide behind the same stat.

use proptest::prelude::*;

use super::*;
use crate::sys::System;

fn digest_at(disk: &Disk, text: &str) -> Option<Digest> {
    match disk.state(&path(text)) {
        State::File { digest, .. } => Some(digest),
        _ => None,
    }
}

/// Writes the stat that the disk remembered next to another digest, to see whether the file is read again.
fn with_wrong_memory(world: &Memory, known: &[(WsPath, KnownFile)]) -> Disk {
    let wrong = known.iter().map(|(path, known)| {
        (path.clone(), KnownFile { digest: Digest::of(b"what the memory says"), ..*known })
    });
    Disk::new(Arc::new(world.clone()), Path::new(ROOT), Path::new("/w/.azcache/clock"), wrong)
}

#[test]
fn a_settled_file_is_read_once_and_an_unsettled_one_each_time() {
    let world = world(&[("old", "1")]);
    let disk = disk(&world);
    disk.tick();
    world.tick(Duration::ZERO).file("/w/young", "2");
    assert_eq!(digest_at(&disk, "old"), Some(Digest::of(b"1")));
    assert_eq!(digest_at(&disk, "young"), Some(Digest::of(b"2")));
    let known = disk.known_files();
    assert_eq!(known.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["old"]);
    let later = with_wrong_memory(&world, &known);
    assert_eq!(digest_at(&later, "old"), Some(Digest::of(b"what the memory says")));
}

#[test]
fn an_edit_that_no_stat_shows_is_seen() {
    let world = world(&[]);
    world.tick(Duration::ZERO).file("/w/a", "one");
    let disk = disk(&world);
    assert_eq!(digest_at(&disk, "a"), Some(Digest::of(b"one")));
    let before = world.stat(Path::new("/w/a")).unwrap();
    world.file("/w/a", "two");
    assert_eq!(world.stat(Path::new("/w/a")).unwrap(), before, "the edit shows in no stat");
    assert_eq!(digest_at(&disk, "a"), Some(Digest::of(b"two")));
}

#[test]
fn a_name_that_appears_without_a_trace_is_seen() {
    let world = world(&[("d/a", "")]);
    world.tick(Duration::ZERO).file("/w/d/b", "");
    let disk = disk(&world);
    assert_eq!(disk.names(&path("d")).entries.len(), 2);
    world.file("/w/d/c", "");
    assert_eq!(disk.names(&path("d")).entries.len(), 3);
}

#[test]
fn without_a_clock_nothing_is_relied_on() {
    let world = world(&[("a", "1")]);
    let disk = Disk::new(Arc::new(world), Path::new(ROOT), Path::new("/nowhere/clock"), []);
    assert_eq!(disk.tick(), None);
    assert_eq!(digest_at(&disk, "a"), Some(Digest::of(b"1")));
    assert_eq!(disk.known_files(), []);
}

#[test]
fn a_clock_that_does_not_let_itself_be_written_is_made_anew() {
    let world = world(&[("a", "1")])
        .file("/w/.azcache/clock", "a content of somebody's")
        .mode("/w/.azcache/clock", 0o444);
    assert!(disk(&world).tick().is_some());
    assert!(world.read(Path::new("/w/.azcache/clock")).unwrap().is_empty());
}

#[test]
fn a_file_settles_when_the_clock_has_moved_on() {
    let world = world(&[]);
    world.file("/w/a", "1");
    let disk = disk(&world);
    digest_at(&disk, "a");
    assert_eq!(disk.known_files(), []);
    world.advance(Duration::from_secs(3));
    digest_at(&disk, "a");
    assert_eq!(disk.known_files(), [], "the clock is read when it is told to be, not for each file");
    disk.tick();
    digest_at(&disk, "a");
    assert_eq!(disk.known_files().len(), 1);
}

#[test]
fn what_cannot_be_read_is_unknown_and_not_absent() {
    let world = world(&[("secret", "1"), ("closed/a", "1")]);
    world.mode("/w/secret", 0).mode("/w/closed", 0);
    let disk = disk(&world);
    assert_eq!(disk.state(&path("secret")), State::Unknown);
    assert_eq!(disk.state(&path("closed/a")), State::Unknown);
    assert_eq!(disk.state(&path("nothing")), State::Absent);
    assert!(disk.names(&path("closed")).incomplete && !disk.names(&path("nothing")).incomplete);
    assert!(ask(&disk, &Question::Names("closed/*".into())).is_doubtful);
    assert!(ask(&disk, &Question::Names("**/a".into())).is_doubtful);
}

#[test]
fn a_device_is_unknown() {
    let os = crate::sys::Os;
    let disk = Disk::new(Arc::new(os), Path::new("/dev"), Path::new("/nowhere/clock"), []);
    assert_eq!(disk.state(&path("null")), State::Unknown);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_makes_a_listing_incomplete() {
    use std::os::unix::ffi::OsStrExt;
    let world = world(&[("d/a", "1")]);
    world.file(Path::new("/w/d").join(std::ffi::OsStr::from_bytes(b"\xff")), "");
    let disk = disk(&world);
    let names = disk.names(&path("d"));
    assert!(names.incomplete && names.entries.len() == 1);
    assert!(ask(&disk, &Question::Names("d/**".into())).is_doubtful);
}

/// What may happen between two looks at a file.
#[derive(Debug, Clone)]
enum Happens {
    Write(u8),
    Rename(u8),
    Mode(bool),
    Wait(u64),
    Tick,
    Look,
    Reopen,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (0_u8..3).prop_map(Happens::Write),
        (0_u8..3).prop_map(Happens::Rename),
        any::<bool>().prop_map(Happens::Mode),
        prop::sample::select(vec![0, 1, 9, 11, 1_999, 2_001]).prop_map(Happens::Wait),
        Just(Happens::Tick),
        Just(Happens::Look),
        Just(Happens::Reopen),
    ]
}

proptest! {
    #[test]
    fn no_order_of_edits_waits_and_looks_hides_an_edit(
        grain in prop::sample::select(vec![0_u64, 1, 5]),
        story in prop::collection::vec(happens(), 1..24),
    ) {
        let world = world(&[("a", "0")]).tick(Duration::from_millis(grain));
        let mut disk = disk(&world);
        for happens in story {
            match happens {
                Happens::Write(byte) => _ = world.file("/w/a", [byte]),
                Happens::Rename(byte) => {
                    world.file("/w/b", [byte]);
                    world.rename(Path::new("/w/b"), Path::new("/w/a")).unwrap();
                }
                Happens::Mode(bit) => _ = world.mode("/w/a", if bit { 0o755 } else { 0o644 }),
                Happens::Wait(millis) => _ = world.advance(Duration::from_millis(millis)),
                Happens::Tick => _ = disk.tick(),
                Happens::Reopen => {
                    let known = disk.known_files();
                    disk = Disk::new(
                        Arc::new(world.clone()), Path::new(ROOT), Path::new("/w/.azcache/clock"), known,
                    );
                }
                Happens::Look => {}
            }
            let bytes = world.read(Path::new("/w/a")).unwrap();
            let mode = world.stat(Path::new("/w/a")).unwrap().mode;
            let size = bytes.len() as u64;
            prop_assert_eq!(disk.state(&path("a")), State::File { digest: Digest::of(&bytes), size, mode });
        }
    }
}

#[test]
fn what_one_moment_has_read_the_next_one_need_not_read() {
    let world = world(&[("old", "1"), ("edited", "2")]);
    let disk = Arc::new(disk(&world));
    disk.tick();
    let first = Moment::new(Arc::clone(&disk));
    ["old", "edited"].iter().for_each(|name| _ = first.state(&path(name)));
    let mut read = first.into_read();
    // To be told from what stands there.
    read.values_mut().for_each(|(_, bytes)| *bytes = Arc::from(*b"kept"));
    world.file("/w/edited", "3");
    let later = Moment::new(disk).with_read(read);
    assert_eq!(&*later.content(&path("old"), 9).unwrap(), b"kept");
    assert_eq!(&*later.content(&path("edited"), 9).unwrap(), b"3");
}

#[test]
fn what_is_not_read_is_no_content_and_another_after_each_change() {
    let world = world(&[("a", "1"), ("d/b", "")]);
    let disk = disk(&world);
    let digest = || match disk.unread_state(&path("a")) {
        State::File { digest, size: 1, .. } => digest,
        other => panic!("{other:?}"),
    };
    let first = digest();
    assert_eq!(first, digest());
    assert_ne!(Some(first), digest_at(&disk, "a"));
    world.tick(Duration::from_secs(1)).file("/w/a", "2");
    assert_ne!(first, digest());
    assert_eq!(disk.unread_state(&path("d")), State::Directory);
    assert_eq!(disk.unread_state(&path("none")), State::Absent);
}

#[test]
fn names_are_remembered_and_not_those_of_all_folders() {
    let world = (0..=1024).fold(world(&[]), |world, folder| world.file(format!("/w/{folder}/a"), ""));
    let world = world.advance(Duration::from_mins(1));
    let disk = disk(&world);
    let first = Arc::downgrade(&disk.names(&path("0")));
    assert!(first.upgrade().is_some(), "it is settled");
    (1..=1024).for_each(|folder| _ = disk.names(&path(&folder.to_string())));
    assert!(first.upgrade().is_none());
}
