//! What a recorder remembers of what it passes on.

use proptest::prelude::*;

use super::*;
use crate::sys::{Memory, asking_for_nobody, asking_for_one, note_known};

/// Returns what was seen of a path.
fn seen_of(recorder: &Recorder, path: &str) -> Seen {
    let seen = recorder.seen();
    seen.iter().find(|(seen, _)| seen == Path::new(path)).expect("it was asked").1
}

#[test]
fn it_remembers_what_was_there_and_what_was_not() {
    let world = Memory::new().file("/w/a", "1");
    let recorder = Recorder::new(Arc::new(world));
    recorder.read(Path::new("/w/a")).unwrap();
    assert!(recorder.stat(Path::new("/w/b")).is_err());
    let read = seen_of(&recorder, "/w/a");
    assert!(read.target.is_some_and(|stat| stat.is_some()) && read.is_read);
    let absent = seen_of(&recorder, "/w/b");
    assert_eq!((absent.itself, absent.target, absent.is_read), (Some(None), None, false));
}

#[test]
fn what_changes_meanwhile_is_told_until_the_next_pass() {
    let world = Memory::new().file("/w/a", "1");
    let recorder = Recorder::new(Arc::new(world.clone()));
    recorder.read(Path::new("/w/a")).unwrap();
    world.write(Path::new("/w/a"), b"2", 0o644).unwrap();
    recorder.read(Path::new("/w/a")).unwrap();
    let seen = seen_of(&recorder, "/w/a");
    assert!(seen.is_unsteady && seen.has_changed);
    recorder.begin_pass();
    recorder.read(Path::new("/w/a")).unwrap();
    let seen = seen_of(&recorder, "/w/a");
    assert!(!seen.is_unsteady && seen.has_changed);
    // Who relies on what was answered before a pass is told by the change, not by the pass.
    recorder.begin_pass();
    world.write(Path::new("/w/a"), b"3", 0o644).unwrap();
    recorder.read(Path::new("/w/a")).unwrap();
    assert!(!seen_of(&recorder, "/w/a").is_unsteady);
    world.write(Path::new("/w/a"), b"4", 0o644).unwrap();
    recorder.read(Path::new("/w/a")).unwrap();
    assert!(seen_of(&recorder, "/w/a").is_unsteady);
}

#[test]
fn a_folder_that_is_left_out_is_asked_and_not_remembered() {
    let world = Memory::new().file("/w/c/a", "1").file("/w/cc", "2").file("/w/b", "3");
    let recorder = Recorder::new(Arc::new(world));
    ["/w/c", "/w/b"].iter().for_each(|folder| recorder.leave_out(Path::new(folder)));
    for path in ["/w/c", "/w/c/a", "/w/c/none", "/w/cc", "/w/b"] {
        _ = (recorder.stat(Path::new(path)), recorder.list(Path::new(path)), recorder.read(Path::new(path)));
    }
    assert_eq!(recorder.read(Path::new("/w/c/a")).unwrap(), b"1");
    let seen: Vec<PathBuf> = recorder.seen().into_iter().map(|(path, _)| path).collect();
    assert_eq!(seen, [Path::new("/w/cc"), Path::new("/w/b")]);
}

proptest! {
    /// What a slot says is what was last said, however the three questions take turns.
    #[test]
    fn the_last_answers_are_told(asked in proptest::collection::vec((0_usize..3, 0_u64..3), 0..12)) {
        let stat = |size: u64| (size > 0).then(|| Stat { size, ..file_stat() });
        let (mut slot, mut last) = (Slot::default(), [None; 3]);
        for (which, size) in asked {
            let answer = match which {
                0 => Answer::Itself(stat(size)),
                1 => Answer::Target(stat(size)),
                _ => Answer::Listing(Digest::of(&size.to_le_bytes())),
            };
            let was = last[which].replace(size);
            prop_assert_eq!(slot.put(answer), was.is_some_and(|was| was != size));
        }
        let seen = slot.seen();
        prop_assert_eq!(seen.itself, last[0].map(stat));
        prop_assert_eq!(seen.target, last[1].map(stat));
        prop_assert_eq!(seen.listing, last[2].map(|size| Digest::of(&size.to_le_bytes())));
    }
}

fn file_stat() -> Stat {
    Memory::new().file("/f", "").stat(Path::new("/f")).unwrap()
}

#[test]
fn names_that_come_and_go_change_a_listing_and_what_they_hold_does_not() {
    let world = Memory::new().file("/w/a", "1");
    let recorder = Recorder::new(Arc::new(world.clone()));
    let listing = || {
        recorder.list(Path::new("/w")).unwrap();
        seen_of(&recorder, "/w").listing
    };
    let first = listing();
    world.write(Path::new("/w/a"), b"2", 0o644).unwrap();
    assert_eq!(listing(), first);
    world.write(Path::new("/w/b"), b"", 0o644).unwrap();
    let before = seen_of(&recorder, "/w").listed;
    assert_ne!(listing(), first);
    // What comes later is nothing to what was listed.
    let listed = seen_of(&recorder, "/w").listed;
    assert_ne!(listed, before);
    world.write(Path::new("/w/c"), b"", 0o644).unwrap();
    recorder.stat(Path::new("/w")).unwrap();
    let seen = seen_of(&recorder, "/w");
    assert_eq!(seen.listed, listed);
    assert_ne!(seen.itself.flatten(), listed);
}

proptest! {
    #[test]
    fn equal_paths_have_one_text(one in "[/.a]{0,6}", other in "[/.a]{0,6}") {
        let (one, other) = (Path::new(&one), Path::new(&other));
        prop_assert_eq!(spelled(one) == spelled(other), one == other);
        prop_assert_eq!(PathBuf::from(&*spelled(one)), one.to_path_buf());
    }
}

#[test]
fn for_whom_a_path_is_asked_is_known() {
    let recorder = Recorder::new(Arc::new(Memory::new().file("/w/a", "").file("/w/b", "").file("/w/c", "")));
    let ask = |path: &str| _ = recorder.stat(Path::new(path));
    let ((), asked) = asking_for_one(|| {
        ask("/w/a");
        asking_for_nobody(|| ask("/w/b"));
        note_known(|| PathBuf::from("/w/d"));
        ask("/w/c");
    });
    ask("/w/c");
    let of = |place: &u32| recorder.seen()[*place as usize].0.clone();
    assert_eq!(asked.places.iter().map(of).collect::<Vec<_>>(), [Path::new("/w/a"), Path::new("/w/c")]);
    assert_eq!(asked.known, [Path::new("/w/d")]);
    assert!(!seen_of(&recorder, "/w/a").is_common && !seen_of(&recorder, "/w/b").is_common);
    assert!(seen_of(&recorder, "/w/c").is_common, "asked for one, then for all");
}

#[test]
fn what_a_path_leads_to_is_what_was_opened_there() {
    let world = Memory::new().file("/w/a", "1").link("/w/b", "a");
    let recorder = Recorder::new(Arc::new(world.clone()));
    let opened = recorder.open(Path::new("/w/b")).unwrap();
    let first = world.stat(Path::new("/w/a")).unwrap();
    world.advance(Duration::from_secs(1));
    world.write(Path::new("/w/a"), b"22", 0o644).unwrap();
    assert_eq!(seen_of(&recorder, "/w/b").target, Some(Some(first)));
    drop(opened);
    // What is read is asked again after it was read.
    let mut opened = recorder.open(Path::new("/w/a")).unwrap();
    let before = opened.stat().unwrap();
    opened.read_exact(&mut [0]).unwrap();
    world.write(Path::new("/w/a"), b"333", 0o644).unwrap();
    assert_ne!(opened.stat().unwrap(), before);
    assert!(recorder.open(Path::new("/w/none")).is_err());
    assert_eq!(seen_of(&recorder, "/w/none").target, Some(None));
}
