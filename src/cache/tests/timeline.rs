//! The state at a place, against a model that replays all effects in order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{fingerprint::View, sys::FileKind};

const FILES: [&str; 5] = ["a", "d/a", "d/b", "n/a", "n/m/b"];

/// How a step's effect became known.
#[derive(Debug, Clone, Copy)]
enum How {
    Promised,
    Ran,
}

/// A path and what is written to it, nothing for a deletion.
type Change = (&'static str, Option<u8>);

fn steps() -> impl Strategy<Value = (How, Vec<Change>)> {
    let how = prop_oneof![Just(How::Promised), Just(How::Ran)];
    let change = (prop::sample::select(FILES.to_vec()), prop::option::weighted(0.7, 0_u8..4));
    (how, prop::collection::vec(change, 0..4))
}

/// All paths with what is there; folders are made with the first file in them and stay.
type World = BTreeMap<String, State>;

fn put(world: &mut World, path: &str, text: Option<u8>) -> Vec<(WsPath, State)> {
    let mut effects = Vec::new();
    if text.is_some() {
        let folders = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
        for folder in folders.filter(|folder| !world.contains_key(folder)).collect::<Vec<_>>() {
            world.insert(folder.clone(), State::Directory);
            effects.push((WsPath::from_normal(&folder).unwrap(), State::Directory));
        }
    }
    let state = text.map_or(State::Absent, |byte| file(&byte.to_string()));
    match text {
        Some(_) => _ = world.insert(path.to_owned(), state.clone()),
        None => _ = world.remove(path),
    }
    effects.push((WsPath::from_normal(path).unwrap(), state));
    effects
}

fn names(world: &World, folder: &str) -> Vec<(String, FileKind)> {
    let kind = |state: &State| if *state == State::Directory { FileKind::Directory } else { FileKind::File };
    let prefix = if folder == "." { String::new() } else { format!("{folder}/") };
    let below = |(path, state): (&String, &State)| {
        let rest = path.strip_prefix(&prefix)?;
        (!rest.contains('/')).then(|| (rest.to_owned(), kind(state)))
    };
    world.iter().filter_map(below).collect()
}

fn check(timeline: &Timeline, index: usize, expected: &World) {
    let place = timeline.at(index);
    for name in FILES.iter().chain(&["d", "n", "n/m"]) {
        let state = expected.get(*name).cloned().unwrap_or(State::Absent);
        assert_eq!(place.state(&path(name)), state, "`{name}` at {index}");
    }
    for folder in [".", "d", "n", "n/m"] {
        let found = place.names(&path(folder));
        let found: Vec<_> = found.entries.iter().map(|(name, kind)| (name.to_string(), *kind)).collect();
        let found: Vec<_> = found.into_iter().filter(|(name, _)| name != ".azcache").collect();
        assert_eq!(found, names(expected, folder), "names in `{folder}` at {index}");
    }
}

proptest! {
    #[test]
    fn each_place_sees_what_the_steps_before_it_left(
        at_first in prop::collection::btree_map(prop::sample::select(vec!["a", "d/a", "d/b"]), 0_u8..4, 0..4),
        steps in prop::collection::vec(steps(), 1..6),
    ) {
        let memory = world();
        let mut now = World::new();
        for (path, byte) in &at_first {
            put(&mut now, path, Some(*byte));
            memory.file(format!("/w/{path}"), byte.to_string());
        }
        memory.advance(Duration::from_mins(1));
        let timeline = Timeline::new(Arc::new(disk(&shared(&memory))));
        let mut places = vec![now.clone()];
        for (index, (how, changes)) in steps.iter().enumerate() {
            if matches!(how, How::Ran) {
                bring_back(&memory, &timeline, index);
            }
            let effects = changes.iter().flat_map(|(path, text)| put(&mut now, path, *text));
            for (path, state) in effects {
                match how {
                    How::Promised => timeline.promise(index, &path, state),
                    How::Ran => {
                        timeline.save(&path);
                        apply(&memory, &path, &state);
                        timeline.done(index, &path, &State::Absent, state);
                    }
                }
            }
            places.push(now.clone());
        }
        for (index, expected) in places.iter().enumerate() {
            check(&timeline, index, expected);
        }
        // Putting the last versions on disk changes no place's answer.
        bring_back(&memory, &timeline, usize::MAX);
        prop_assert_eq!(timeline.pending_before(usize::MAX), vec![]);
        for (index, expected) in places.iter().enumerate() {
            check(&timeline, index, expected);
        }
        let disk = disk(&shared(&memory));
        for name in FILES {
            prop_assert_eq!(disk.state(&path(name)), now.get(name).cloned().unwrap_or(State::Absent));
        }
    }
}

/// Puts on disk what is promised by the steps before a place.
fn bring_back(memory: &Memory, timeline: &Timeline, index: usize) {
    for (path, place, state) in timeline.pending_before(index) {
        timeline.save(&path);
        apply(memory, &path, &state);
        timeline.on_disk(&path, place);
    }
}

/// Puts a state on disk as a step or a restore would.
fn apply(memory: &Memory, path: &WsPath, state: &State) {
    let absolute = inside(path.as_str());
    match state {
        State::File { digest, .. } => {
            let text =
                (0_u8..4).map(|byte| byte.to_string()).find(|text| Digest::of(text.as_bytes()) == *digest);
            memory.file(absolute, text.unwrap());
        }
        State::Directory => _ = memory.dir(absolute),
        _ => _ = memory.remove_file(&absolute),
    }
}

#[test]
fn nothing_lies_behind_what_an_earlier_step_made_no_folder_any_more() {
    let memory = world();
    memory.file("/w/d/x", "1");
    let timeline = Timeline::new(Arc::new(disk(&shared(&memory))));
    timeline.promise(0, &path("d"), State::Link { target: "other".into() });
    timeline.promise(0, &path("other/x"), file("2"));
    assert_eq!(timeline.at(0).state(&path("d/x")), file("1"));
    assert_eq!(timeline.at(1).state(&path("d/x")), State::Absent, "the question is where the link leads");
    assert_eq!(timeline.at(1).names(&path("d")).entries, []);
    assert_eq!(timeline.at(1).names(&path("other")).entries.len(), 1);
    let inputs = [crate::text::pattern::Pattern::parse("d/x", Path::new("/w"), &WsPath::root()).unwrap()];
    let asked = crate::fingerprint::questions(&timeline.at(1), &inputs, &[]);
    let asked: Vec<&str> = asked.iter().map(crate::fingerprint::Question::subject).collect();
    assert_eq!(asked, ["d", "other/x"]);
}

#[test]
fn a_version_that_a_later_one_replaced_is_pending_only_if_it_was_put_on_disk() {
    let memory = world();
    let timeline = Timeline::new(Arc::new(disk(&shared(&memory))));
    timeline.promise(0, &path("a"), file("1"));
    timeline.promise(2, &path("a"), file("2"));
    assert_eq!(timeline.pending_before(usize::MAX), [(path("a"), 2, file("2"))]);
    assert_eq!(timeline.pending_before(2), [], "a later step has its version already");
    timeline.on_disk(&path("a"), 2);
    assert_eq!(timeline.pending_before(usize::MAX), []);
    timeline.on_disk(&path("a"), 0);
    assert_eq!(timeline.pending_before(usize::MAX), [(path("a"), 2, file("2"))]);
    assert_eq!(timeline.writer_before(2, &path("a")), Some(0));
    assert_eq!(timeline.writer_before(0, &path("a")), None);
}

#[test]
fn of_what_is_noted_the_first_counts_and_is_kept_once() {
    let timeline = Timeline::new(Arc::new(disk(&shared(&Memory::new()))));
    let path = WsPath::from_normal("a").unwrap();
    let [found, left, later] = ["1", "2", "3"].map(file);
    timeline.note(0, &path, &found);
    timeline.done(0, &path, &left, left.clone());
    // It is about to be changed again, and what is there then is not what was there before the run.
    timeline.note(1, &path, &later);
    assert!(timeline.knows(&path, &found) && timeline.knows(&path, &left));
    assert!(!timeline.knows(&path, &later));
    assert_eq!(timeline.at(1).original(&path), Some(found));
    timeline.let_go();
    assert_eq!(timeline.changed_on_disk(), std::slice::from_ref(&path));
    assert!(timeline.changed().is_empty() && !timeline.knows(&path, &left));
}
