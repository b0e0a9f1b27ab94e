//! What one asker found counts as looked at for every asker who is told of it.

use super::*;
use crate::sys::{Asked, Recorder, System as _, asking_for_nobody, asking_for_one};

fn recorded(world: &Memory) -> (Arc<Recorder>, Arc<Disk>) {
    let recorder = Arc::new(Recorder::new(Arc::new(world.clone())));
    let clock = Path::new("/w/.azcache/clock");
    let disk = Disk::new(Arc::clone(&recorder) as _, Path::new(ROOT), clock, []);
    (recorder, Arc::new(disk))
}

/// Asks for a file, the folder and a file that is not there.
fn look(moment: &Moment) -> (State, usize) {
    assert_eq!(moment.state(&path("d/none")), State::Absent);
    (moment.state(&path("d/a")), moment.names(&path("d")).entries.len())
}

/// Returns the places that were asked for, each once.
fn places(asked: Asked) -> Vec<u32> {
    let mut places = asked.places;
    places.sort_unstable();
    places.dedup();
    places
}

#[test]
fn each_asker_of_a_shared_moment_has_asked_for_all_it_was_told() {
    let world = world(&[("d/a", "1")]);
    let (recorder, disk) = recorded(&world);
    let moment = Moment::shared(disk);
    let (first, asked) = asking_for_one(|| look(&moment));
    let asked = places(asked);
    let of = |place: &u32| recorder.seen()[*place as usize].0.clone();
    let paths: std::collections::BTreeSet<_> = asked.iter().map(of).collect();
    assert_eq!(paths, ["/w/d", "/w/d/a", "/w/d/none"].map(Into::into).into());
    // It is one moment, whatever happens meanwhile, and nothing is asked a second time.
    world.file("/w/d/a", "2").file("/w/d/b", "");
    let (second, again) = asking_for_one(|| look(&moment));
    assert_eq!((second, places(again)), (first, asked));
    assert!(recorder.seen().iter().all(|(_, seen)| !seen.has_changed));
}

#[test]
fn a_folder_that_changed_before_its_names_were_found_is_known_to_have_changed() {
    let world = world(&[("d/a", "1"), ("d/b", "1")]);
    let (_, disk) = recorded(&world);
    let moment = Moment::new(disk);
    assert_eq!(moment.state(&path("d")), State::Directory);
    let then = moment.stat(&path("d")).unwrap().ctime_ns;
    world.remove_file(Path::new("/w/d/b")).unwrap();
    assert_eq!(moment.names(&path("d")).entries.len(), 1);
    assert!(moment.stat(&path("d")).unwrap().ctime_ns > then);
}

#[test]
fn who_asks_for_all_looks_anew() {
    let world = world(&[("d/a", "1")]);
    let (recorder, disk) = recorded(&world);
    let moment = Moment::shared(disk);
    // What nobody will ask again is no answer for one who will.
    let first = asking_for_nobody(|| look(&moment));
    world.file("/w/d/a", "2");
    let (second, asked) = asking_for_one(|| look(&moment));
    assert_ne!(second, first);
    assert_eq!(places(asked).len(), 3);
    assert_eq!(look(&moment), second);
    let is_common = |path: &str| {
        let seen = recorder.seen();
        seen.iter().any(|(seen, what)| seen == Path::new(path) && what.is_common)
    };
    assert!(["/w/d", "/w/d/a", "/w/d/none"].into_iter().all(is_common));
}
