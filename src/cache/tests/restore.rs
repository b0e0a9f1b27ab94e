//! Bringing effects back never costs a person anything.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::{
    fingerprint::View,
    sys::{Faulty, FileKind},
};

const KEPT: &str = "/w/.azcache/v1/kept/run";

/// Restores targets whose contents are stored before; what starts with `ours` is replaceable.
fn bring(system: &Arc<dyn System>, targets: &[(&str, State)]) -> Result<Restored, RestoreError> {
    let disk = disk(system);
    let targets: Vec<Target> =
        targets.iter().map(|(name, state)| Target { path: path(name), state: state.clone() }).collect();
    restore(&disk, &blobs(system), &targets, Path::new(KEPT), is_ours)
}

fn is_ours(_: &WsPath, found: &State) -> bool {
    match found {
        State::File { digest, .. } => (0..20).any(|n| *digest == Digest::of(format!("ours {n}").as_bytes())),
        State::Link { target } => target.starts_with("ours"),
        _ => false,
    }
}

fn with_blobs(world: &Memory) -> Arc<dyn System> {
    let system = shared(&world.dir(Path::new(ROOT).join(".azcache/v1/staged")));
    // Looking at the disk writes the clock, which shall not count as a change.
    disk(&system);
    for text in ["new 0", "new 1", "new 2"] {
        blobs(&system).put_bytes(text.as_bytes()).unwrap();
    }
    system
}

#[test]
fn what_is_az_s_is_replaced_and_a_persons_version_is_set_aside() {
    let world = world().file("/w/a", "ours 1").file("/w/b", "mine");
    let done =
        bring(&with_blobs(&world), &[("a", file("new 0")), ("b", file("new 1")), ("c/d", file("new 2"))]);
    let done = done.unwrap();
    assert_eq!(done.written.iter().map(WsPath::as_str).collect::<Vec<_>>(), ["a", "b", "c/d"]);
    assert_eq!(done.set_aside.len(), 1);
    assert_eq!(world.read(&done.set_aside[0].kept).unwrap(), b"mine");
    assert_eq!(world.read(&inside("b")).unwrap(), b"new 1");
    assert!(!world.tree().contains(".tmp"), "{}", world.tree());
}

#[test]
fn many_are_brought_back_at_once_or_none_of_them() {
    let world = world();
    let system = with_blobs(&world);
    let name = |n: usize| format!("d{}/e{}/f{n}", n % 3, n % 7);
    let mut targets: Vec<Target> =
        (0..200).map(|n| Target { path: path(&name(n)), state: file(&format!("new {}", n % 3)) }).collect();
    let bring =
        |targets: &[Target]| restore(&disk(&system), &blobs(&system), targets, Path::new(KEPT), is_ours);
    targets[150].state = file("never stored");
    let before = world.tree();
    assert!(bring(&targets).is_err());
    assert_eq!(world.tree(), before, "neither a file nor a folder is left");
    targets[150].state = file("new 0");
    assert_eq!(bring(&targets).unwrap().written.len(), 200);
    assert_eq!(bring(&targets).unwrap(), Restored::default());
}

#[test]
fn what_is_as_it_shall_be_is_not_touched() {
    let world = world().file("/w/a", "new 0").link("/w/l", "a").dir("/w/d");
    let system = with_blobs(&world);
    let before = world.stat(&inside("a")).unwrap();
    let link = State::Link { target: "a".into() };
    let done =
        bring(&system, &[("a", file("new 0")), ("l", link), ("d", State::Directory), ("x", State::Absent)]);
    assert_eq!(done.unwrap(), Restored::default());
    assert_eq!(world.stat(&inside("a")).unwrap(), before);
}

#[test]
fn two_versions_of_one_path_are_both_kept() {
    let world = world().file("/w/a", "mine");
    let system = with_blobs(&world);
    bring(&system, &[("a", file("new 0"))]).unwrap();
    world.file("/w/a", "mine too");
    bring(&system, &[("a", file("new 0"))]).unwrap();
    let tree = world.tree();
    assert!(tree.contains("kept/run/a\n") || tree.contains("kept/run/a "), "{tree}");
    assert_eq!(world.read(Path::new("/w/.azcache/v1/kept/run/a")).unwrap(), b"mine");
    assert_eq!(world.read(Path::new("/w/.azcache/v1/kept/run/a.2")).unwrap(), b"mine too");
}

#[test]
fn nothing_is_written_through_a_link_or_into_private_folders_or_outside() {
    let world = world().file("/out/x", "mine").link("/w/l", "/out").link("/w/in", "real").dir("/w/real");
    let system = with_blobs(&world);
    for name in
        ["l/x", "in/x", ".git/config", "d/.git/config", ".GIT/config", ".azcache/v1/journal", "/out/x", "."]
    {
        let before = world.tree();
        for state in [file("new 0"), State::Absent, State::Directory] {
            let refused = bring(&system, &[(name, state.clone())]);
            let is_done = disk(&system).state(&path(name)) == state;
            assert!(is_done || matches!(refused, Err(RestoreError::Forbidden(_))), "{name}: {refused:?}");
        }
        assert_eq!(world.tree(), before, "{name}");
    }
}

#[test]
fn nothing_is_written_through_a_link_that_shall_be_there_as_well() {
    let world = world().file("/out/x", "theirs").file("/w/d/x", "ours 1");
    let link = || State::Link { target: "/out".into() };
    let refused = bring(&with_blobs(&world), &[("l", link()), ("l/x", file("new 0"))]);
    assert!(matches!(refused, Err(RestoreError::Forbidden(_))), "{refused:?}");
    assert_eq!(world.read(Path::new("/out/x")).unwrap(), b"theirs");
    // A folder becomes a link: what is in it goes first.
    bring(&with_blobs(&world), &[("d", link()), ("d/x", State::Absent)]).unwrap();
    assert_eq!(world.read_link(&inside("d")).unwrap(), Path::new("/out"));
    assert_eq!(world.read(Path::new("/out/x")).unwrap(), b"theirs");
}

#[test]
fn a_folder_that_shall_go_goes_when_it_is_empty_and_not_before() {
    let world = world().file("/w/d/a", "ours 1").file("/w/e/a", "ours 1").file("/w/e/mine", "mine");
    let gone = |name| (name, State::Absent);
    let done = bring(&with_blobs(&world), &[gone("d"), gone("d/a"), gone("e"), gone("e/a")]).unwrap();
    assert!(world.stat(&inside("d")).is_err());
    assert_eq!(world.read(&inside("e/mine")).unwrap(), b"mine");
    assert!(done.set_aside.is_empty());
}

#[test]
fn a_file_takes_the_place_of_a_folder_and_a_folder_that_of_a_file() {
    let world = world().file("/w/d/a", "ours 1").file("/w/f", "ours 2");
    let system = with_blobs(&world);
    bring(&system, &[("d", file("new 0")), ("d/a", State::Absent)]).unwrap();
    assert_eq!(world.read(&inside("d")).unwrap(), b"new 0");
    bring(&system, &[("f", State::Directory), ("f/a", file("new 1"))]).unwrap();
    assert_eq!(world.read(&inside("f/a")).unwrap(), b"new 1");
}

#[test]
fn a_folder_with_something_of_a_person_is_kept_whole() {
    let world = world().file("/w/d/mine", "mine");
    let done = bring(&with_blobs(&world), &[("d", file("new 0"))]).unwrap();
    assert_eq!(world.read(&done.set_aside[0].kept.join("mine")).unwrap(), b"mine");
}

#[test]
fn a_content_that_is_not_there_leaves_everything_as_it_was() {
    let world = world().file("/w/a", "ours 1").file("/w/b", "mine");
    let system = with_blobs(&world);
    let before = world.tree();
    let lost = State::File { digest: Digest::of(b"lost"), size: 4, mode: 0o644 };
    let targets = [("a", file("new 0")), ("b", State::Absent), ("n/x", file("new 1")), ("n/y", lost)];
    assert!(bring(&system, &targets).is_err());
    assert_eq!(world.tree(), before);
}

/// A workspace: path to content; a text that starts with `->` is a link, and `/` is an empty folder.
type Files = BTreeMap<&'static str, String>;

const PATHS: [&str; 6] = ["a", "b", "d", "d/a", "d/b", "d/e/a"];

fn is_folder_of(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Leaves out what lies below a path that is no folder.
fn consistent(files: Files) -> Files {
    let blocked = |path: &str| files.iter().any(|(other, text)| is_folder_of(other, path) && text != "/");
    let kept: Vec<&str> = files.keys().copied().filter(|path| !blocked(path)).collect();
    files.into_iter().filter(|(path, _)| kept.contains(path)).collect()
}

fn on_disk() -> impl Strategy<Value = Files> {
    let text = prop_oneof![Just("mine"), Just("ours"), Just("->ours"), Just("->mine"), Just("/")];
    prop::collection::btree_map(prop::sample::select(PATHS.to_vec()), text, 0..6).prop_map(|files| {
        let number = |(index, (path, text)): (usize, (&'static str, &str))| {
            (path, if text == "/" { "/".to_owned() } else { format!("{text} {index}") })
        };
        consistent(files.into_iter().enumerate().map(number).collect())
    })
}

fn wanted() -> impl Strategy<Value = Vec<(&'static str, State)>> {
    let state = prop_oneof![
        2 => Just(State::Absent),
        3 => prop::sample::select(vec!["new 0", "new 1", "new 2"]).prop_map(file),
        1 => Just(State::Link { target: "new".into() }),
        1 => Just(State::Directory),
    ];
    prop::collection::btree_map(prop::sample::select(PATHS.to_vec()), state, 1..6).prop_map(|targets| {
        let blocked = |path: &str| {
            let above = targets.iter().filter(|(other, _)| is_folder_of(other, path));
            above.clone().any(|(_, state)| *state != State::Directory)
        };
        let kept = targets.iter().filter(|(path, state)| **state == State::Absent || !blocked(path));
        kept.map(|(path, state)| (*path, state.clone())).collect()
    })
}

/// Every content and link in the world, the blob store left out.
fn contents(world: &Memory, folder: &Path, found: &mut BTreeSet<String>) {
    for entry in world.list(folder).unwrap() {
        let path = folder.join(&entry.name);
        match entry.kind {
            FileKind::Directory if path == layout().blobs() => {}
            FileKind::Directory => contents(world, &path, found),
            FileKind::Link => _ = found.insert(format!("->{}", world.read_link(&path).unwrap().display())),
            _ => _ = found.insert(String::from_utf8(world.read(&path).unwrap()).unwrap()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn nothing_of_a_person_is_lost_whatever_fails(
        files in on_disk(),
        targets in wanted(),
        failing in prop::option::of(0_usize..30),
    ) {
        let world = world();
        for (path, text) in &files {
            let place = inside(path);
            match (text.as_str(), text.strip_prefix("->")) {
                ("/", _) => _ = world.dir(place),
                (_, Some(target)) => _ = world.link(place, target),
                (text, None) => _ = world.file(place, text),
            }
        }
        world.advance(Duration::from_mins(1));
        let faulty = Faulty::new(world.clone());
        let system: Arc<dyn System> = Arc::new(faulty.clone());
        for text in ["new 0", "new 1", "new 2"] {
            blobs(&system).put_bytes(text.as_bytes()).unwrap();
        }
        if let Some(changes) = failing {
            faulty.fail_after(changes);
        }
        let done = bring(&system, &targets);
        let mut left = BTreeSet::new();
        contents(&world, Path::new(ROOT), &mut left);
        for text in files.values().filter(|text| text.contains("mine")) {
            prop_assert!(left.contains(text), "{text} is lost\n{done:?}\n{}", world.tree());
        }
        if let Ok(done) = done {
            let disk = disk(&shared(&world));
            for (name, state) in &targets {
                let found = disk.state(&path(name));
                let may_stay = *state == State::Absent && found == State::Directory;
                prop_assert!(found == *state || may_stay, "{name}: {found} instead of {state}\n{}", world.tree());
            }
            for aside in &done.set_aside {
                prop_assert!(world.stat(&aside.kept).is_ok());
            }
            if !faulty.has_failed() {
                prop_assert!(!world.tree().contains(".tmp"), "litter: {}", world.tree());
            }
        }
    }
}

#[test]
fn a_link_that_takes_a_folder_s_place_meanwhile_leads_nowhere() {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    let folder = tempfile::tempdir().unwrap();
    let (root, outside) = (folder.path().join("w"), folder.path().join("outside"));
    for made in [&root.join("d"), &outside, &root.join(".azcache/v1")] {
        std::fs::create_dir_all(made).unwrap();
    }
    std::fs::write(outside.join("f"), "theirs").unwrap();
    let system: Arc<dyn System> = Arc::new(crate::sys::Os);
    let disk = Disk::new(Arc::clone(&system), &root, &root.join(".azcache/v1/clock"), []);
    let blobs = Blobs::new(Arc::clone(&system), root.join(".azcache/v1/cas"));
    let contents = ["ours 1", "ours 2"].map(|text| (text, blobs.put_bytes(text.as_bytes()).unwrap()));
    let (is_over, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (d, link) = (root.join("d"), root.join("link"));
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    let mut done = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                system.exchange(&d, &link).unwrap();
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        for round in 0..4000 {
            let (_, digest) = contents[round % 2];
            let state = State::File { digest, size: 6, mode: 0o644 };
            let target = Target { path: path("d/f"), state };
            // What cannot be done is not done.
            let kept = root.join(".azcache/v1/kept/run");
            done += usize::from(restore(&disk, &blobs, &[target], &kept, |_, _| true).is_ok());
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(std::fs::read_to_string(outside.join("f")).unwrap(), "theirs");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1, "something was left outside");
    assert!(swaps.into_inner() > 100 && done > 0, "too little was tried: {done}");
}

#[test]
fn what_a_killed_az_had_taken_out_is_kept_and_what_it_had_not_put_in_goes() {
    let mine = ["sub/mine", "odd%2fname", "a~b"];
    // The kill comes at each change there is.
    for changes in 0.. {
        let world = world();
        let system = with_blobs(&world);
        mine.iter().for_each(|name| _ = world.file(inside(name), format!("mine {name}")));
        let faulty = Faulty::new(world.clone());
        faulty.die_after(changes);
        let dying: Arc<dyn System> = Arc::new(faulty.clone());
        let targets = mine.map(|name| (name, file("new 1")));
        _ = bring(&dying, &targets);
        let found = recover(&*system, Path::new(ROOT), &blobs(&system), Path::new(KEPT));
        for name in mine {
            let is_mine =
                |path: &Path| world.read(path).is_ok_and(|text| text == format!("mine {name}").as_bytes());
            let kept = Path::new(KEPT).join(name);
            assert!(is_mine(&inside(name)) || is_mine(&kept), "{changes}: {name} is lost\n{}", world.tree());
            let told = found.iter().find(|aside| aside.path.as_str() == name);
            assert!(told.is_none_or(|aside| is_mine(&aside.kept)), "{changes}: {found:?}");
        }
        assert_eq!(world.list(&inside(".azcache/v1/staged")).unwrap(), [], "{changes}: litter stays");
        if !faulty.has_failed() {
            assert!(changes > 10 && found.is_empty());
            return;
        }
    }
}

#[test]
fn what_cannot_be_set_aside_stays_in_its_place() {
    for (target, is_failing) in [(file("new 1"), true), (State::Absent, true), (file("new 1"), false)] {
        let world = world().file("/w/b", "mine");
        let own = inside(".azcache");
        let faulty = Faulty::new(world.clone()).failing_below(own, std::io::ErrorKind::StorageFull, false);
        let system: Arc<dyn System> = Arc::new(faulty.clone());
        disk(&system);
        blobs(&system).put_bytes(b"new 1").unwrap();
        if is_failing {
            faulty.die_after(0);
        }
        assert_eq!(bring(&system, &[("b", target.clone())]).is_err(), is_failing);
        if is_failing {
            assert_eq!(world.read(&inside("b")).unwrap(), b"mine");
        }
        assert!(!world.tree().contains(".tmp"), "{target:?}: {}", world.tree());
    }
}
