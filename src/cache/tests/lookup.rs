//! Finding a record again: exactly, over all records, and only if its effects can be there.

use super::*;
use crate::fingerprint::{Question, View, questions};

/// A step that writes `dist/<content of in>` with the content of `in`, and a store of its records.
struct Step {
    world: Memory,
    store: Store,
    blobs: Blobs,
}

/// What a build of the step came to.
#[derive(Debug, PartialEq, Eq)]
enum Built {
    Ran(String),
    Reused,
}

impl Step {
    fn new() -> Self {
        let world = world().file("/w/in", "0");
        let system = shared(&world);
        let store = Store::open(Arc::clone(&system), layout());
        store.prepare_to_write().unwrap();
        Self { world, store, blobs: blobs(&system) }
    }

    fn look_up(&self, disk: &Arc<Disk>) -> (Lookup, Fingerprint) {
        let timeline = Timeline::new(Arc::clone(disk));
        let weak = Fingerprint::new(vec![Component::of_text(ComponentKind::Command, "text", "step")]);
        let asked = questions(&timeline.at(0), &[pattern("in")], &[]);
        let outputs = [pattern("dist/*")];
        let wanted = Wanted {
            identity: "step",
            weak: &weak,
            questions: &asked,
            outputs: &outputs,
            overwritten: &[],
            seen_overwritten: &[],
        };
        let found = look_up(&self.store, &self.blobs, timeline.at(0), wanted);
        (found, weak.with(observe(&timeline.at(0), &Own::default(), &asked).0))
    }

    /// Reuses a record, or does what the step does and records it.
    fn build(&self) -> Built {
        self.world.advance(Duration::from_mins(1));
        let disk = Arc::new(disk(&shared(&self.world)));
        let (found, fingerprint) = self.look_up(&disk);
        match found {
            Lookup::Hit(hit) => {
                self.bring_back(&disk, &hit);
                Built::Reused
            }
            Lookup::Miss(miss) => {
                self.run(&disk, fingerprint);
                Built::Ran(word(&miss))
            }
        }
    }

    fn bring_back(&self, disk: &Disk, hit: &Hit) {
        let left = hit.record.effects.iter().filter(|effect| hit.differing.contains(&effect.path));
        let left = left.map(|effect| Target { path: effect.path.clone(), state: effect.after.clone() });
        let gone = hit.superseded.iter().map(|(path, _)| Target { path: path.clone(), state: State::Absent });
        let targets: Vec<Target> = left.chain(gone).collect();
        restore(disk, &self.blobs, &targets, &inside("kept"), |path, found| self.store.is_ours(path, found))
            .unwrap();
    }

    fn run(&self, disk: &Disk, fingerprint: Fingerprint) {
        let outputs = [pattern("dist/*")];
        let before = known_states(disk, &outputs);
        let begin = self.store.begin("step", &[fingerprint.key()]).unwrap();
        let text = String::from_utf8(self.world.read(&inside("in")).unwrap()).unwrap();
        _ = crate::sys::remove_tree(&self.world, &inside("dist"));
        self.world.file(format!("/w/dist/{text}"), &text);
        let ended = disk.tick();
        let capture = capture(disk, &outputs, &before, ended, &Own::default(), |_, _| false);
        let now = Moment::new(Arc::new(crate::cache::tests::disk(disk.system())));
        capture.store(&now, &self.blobs).unwrap();
        let mut record = record("step", "", Ending::Reusable);
        record.weak =
            Fingerprint::new(vec![Component::of_text(ComponentKind::Command, "text", "step")]).key();
        record.key = fingerprint.key();
        record.fingerprint = fingerprint;
        record.effects = capture.effects;
        self.store.commit(begin, &record).unwrap();
    }

    fn input(&self, text: &str) -> &Self {
        self.world.file("/w/in", text);
        self
    }

    fn dist(&self) -> Vec<String> {
        let disk = disk(&shared(&self.world));
        disk.names(&path("dist")).entries.iter().map(|(name, _)| name.to_string()).collect()
    }
}

fn word(miss: &Miss) -> String {
    match miss {
        Miss::NoRecord => "no record".to_owned(),
        Miss::Changed { changes, .. } => {
            let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
            format!("changed {}", names.join(" "))
        }
        Miss::Unusable(why) => format!("{why:?}"),
        Miss::NotReusable(why) => why.clone(),
        Miss::Evicted(path) => format!("evicted {path}"),
        Miss::Doubtful(subject) => format!("doubtful {subject}"),
        Miss::Moved(root) => format!("moved from {root}"),
        Miss::Held(path) => format!("held {path}"),
        Miss::Stray(path) | Miss::Scratch(path) | Miss::Mode(path) => format!("stray {path}"),
    }
}

fn ran(why: &str) -> Built {
    Built::Ran(why.to_owned())
}

#[test]
fn branches_there_and_back_hit_with_one_record_each() {
    let step = Step::new();
    assert_eq!(step.build(), ran("no record"));
    for variant in 1..12 {
        assert_eq!(step.input(&variant.to_string()).build(), ran("changed in"));
        assert_eq!(step.build(), Built::Reused);
    }
    for variant in (0..12).rev().chain([5, 0, 11, 5]) {
        assert_eq!(step.input(&variant.to_string()).build(), Built::Reused, "{variant}");
        assert_eq!(step.dist(), [variant.to_string()], "the other branches' files are gone");
    }
    assert_eq!(step.store.records().len(), 12);
}

#[test]
fn what_is_missing_or_edited_comes_back() {
    let step = Step::new();
    step.build();
    step.world.remove_file(&inside("dist/0")).unwrap();
    assert_eq!(step.build(), Built::Reused);
    step.world.file("/w/dist/0", "edited");
    assert_eq!(step.build(), Built::Reused);
    assert_eq!(step.world.read(&inside("dist/0")).unwrap(), b"0");
    assert_eq!(step.world.read(&inside("kept/dist/0")).unwrap(), b"edited");
}

#[test]
fn a_file_that_nobody_left_among_the_outputs_makes_the_step_run() {
    let step = Step::new();
    step.build();
    step.world.file("/w/dist/by-hand", "");
    assert_eq!(step.build(), ran("stray dist/by-hand"));
    assert_eq!(step.build(), Built::Reused);
}

#[test]
fn without_its_blob_a_record_counts_as_long_as_the_file_is_there() {
    let step = Step::new();
    step.build();
    crate::sys::remove_tree(&step.world, &layout().blobs()).unwrap();
    assert_eq!(step.build(), Built::Reused);
    step.world.remove_file(&inside("dist/0")).unwrap();
    assert_eq!(step.build(), ran("evicted dist/0"));
    assert_eq!(step.build(), Built::Reused);
}

#[test]
fn an_input_that_cannot_be_read_is_a_doubt_and_never_a_hit() {
    let step = Step::new();
    step.build();
    step.world.mode("/w/in", 0);
    let disk = Arc::new(disk(&shared(&step.world)));
    assert!(matches!(step.look_up(&disk).0, Lookup::Miss(Miss::Doubtful(subject)) if subject == "in"));
}

#[test]
fn an_interrupted_run_takes_its_own_key_only() {
    let step = Step::new();
    step.build();
    step.input("1").build();
    let disk = Arc::new(disk(&shared(&step.world)));
    let key = step.look_up(&disk).1.key();
    step.store.begin("step", &[key]).unwrap();
    assert_eq!(step.input("0").build(), Built::Reused);
    assert_eq!(step.input("1").build(), ran("Interrupted"));
    assert_eq!(step.build(), Built::Reused);
}

#[test]
fn touching_an_input_changes_nothing() {
    let step = Step::new();
    step.build();
    step.world.touch("/w/in").mode("/w/in", 0o600);
    assert_eq!(step.build(), Built::Reused);
    step.world.mode("/w/in", 0o755);
    assert_eq!(step.build(), ran("changed in"));
}

#[test]
fn the_nearest_record_explains_and_the_latest_wins_a_tie() {
    let step = Step::new();
    step.build();
    step.input("1").build();
    step.input("2");
    let disk = Arc::new(disk(&shared(&step.world)));
    let Lookup::Miss(Miss::Changed { nearest, changes }) = step.look_up(&disk).0 else { panic!() };
    assert_eq!(nearest.effects.iter().filter(|effect| effect.after.exists()).count(), 1);
    assert!(nearest.effects.iter().any(|effect| effect.path == path("dist/1") && effect.after.exists()));
    assert_eq!(changes.len(), 1);
}

/// A record of what a step was seen to do, in a store of its own.
struct Seen {
    world: Memory,
    store: Store,
    blobs: Blobs,
    weak: Fingerprint,
}

impl Seen {
    fn new(effects: Vec<Effect>, questions: &[Question], scratch: Vec<WsPath>) -> Self {
        Self::in_world(world(), effects, questions, scratch)
    }

    fn in_world(world: Memory, effects: Vec<Effect>, questions: &[Question], scratch: Vec<WsPath>) -> Self {
        let system = shared(&world);
        let store = Store::open(Arc::clone(&system), layout());
        store.prepare_to_write().unwrap();
        let weak = Fingerprint::new(vec![Component::of_text(ComponentKind::Command, "text", "step")]);
        let seen = Self { blobs: blobs(&system), world, store, weak };
        let disk = Arc::new(disk(&system));
        let fingerprint = seen.weak.with(observe(&*disk, &Own::default(), questions).0);
        let mut record = record("step", "", Ending::Reusable);
        (record.weak, record.key, record.evidence) = (seen.weak.key(), fingerprint.key(), Evidence::Traced);
        (record.fingerprint, record.effects, record.scratch) = (fingerprint, effects, scratch);
        let id = seen.store.begin("step", &[]).unwrap();
        seen.store.commit(id, &record).unwrap();
        seen
    }

    fn look_up(&self) -> Result<Hit, Miss> {
        self.world.advance(Duration::from_mins(1));
        let timeline = Timeline::new(Arc::new(disk(&shared(&self.world))));
        let wanted = Wanted {
            identity: "step",
            weak: &self.weak,
            questions: &[],
            outputs: &[],
            overwritten: &[],
            seen_overwritten: &[],
        };
        match look_up(&self.store, &self.blobs, timeline.at(0), wanted) {
            Lookup::Hit(hit) => Ok(hit),
            Lookup::Miss(miss) => Err(miss),
        }
    }

    fn put(&self, path: &str, text: &str) -> Result<Hit, Miss> {
        self.world.file(format!("/w/{path}"), text);
        self.look_up()
    }
}

#[test]
fn what_a_step_looked_for_before_it_wrote_may_be_its_own_or_what_it_found_and_nothing_else() {
    let probed = Effect { is_probed: true, ..Effect::new(path("cfg"), file("theirs"), file("own")) };
    let seen = Seen::new(vec![probed], &[], vec![]);
    for expected in ["own", "theirs"] {
        // What would have to be brought back is not in the blob store of this test.
        let found = seen.put("cfg", expected);
        assert!(matches!(&found, Ok(_) | Err(Miss::Evicted(_))), "{expected}: {found:?}");
    }
    assert_eq!(seen.put("cfg", "a stranger's"), Err(Miss::Stray(path("cfg"))));
    let blind = Seen::new(vec![Effect::new(path("cfg"), file("theirs"), State::Absent)], &[], vec![]);
    assert!(blind.put("cfg", "a stranger's").is_ok(), "a step that did not look does not care");
}

#[test]
fn a_folder_the_step_made_holds_what_it_left_and_what_other_steps_did() {
    let effects = || {
        vec![
            Effect::new(path("o"), State::Absent, State::Directory),
            Effect::new(path("o/a"), State::Absent, file("1")),
        ]
    };
    let seen = Seen::new(effects(), &[], vec![]);
    assert_eq!(seen.put("o/a", "1").unwrap().superseded, []);
    assert_eq!(seen.put("o/hand", "x"), Err(Miss::Stray(path("o/hand"))));
    let mut other = record("other", "", Ending::Reusable);
    other.effects = vec![Effect::new(path("o/hand"), State::Absent, file("x"))];
    let id = seen.store.begin("other", &[]).unwrap();
    seen.store.commit(id, &other).unwrap();
    assert_eq!(seen.look_up().unwrap().superseded, [], "another step's work is explained");
    let mut before = record("step", "an earlier branch", Ending::Reusable);
    before.effects = vec![Effect::new(path("o/b"), State::Absent, file("2"))];
    let id = seen.store.begin("step", &[]).unwrap();
    seen.store.commit(id, &before).unwrap();
    assert_eq!(seen.put("o/b", "2").unwrap().superseded, [(path("o/b"), file("2"))]);
}

#[test]
fn a_record_needs_its_scratch_folders_and_its_listings() {
    let listing = [Question::Listing(path("d"))];
    let seen =
        Seen::new(vec![Effect::new(path("d/own"), State::Absent, file("1"))], &listing, vec![path("s")]);
    assert_eq!(seen.look_up(), Err(Miss::Scratch(path("s"))));
    seen.world.dir("/w/s");
    assert!(seen.put("d/own", "1").is_ok(), "its own name is not news");
    assert!(matches!(seen.put("d/other", ""), Err(Miss::Changed { changes, .. }) if changes[0].name == "d"));
}

#[test]
fn a_listing_from_before_private_state_was_known_still_stands() {
    let listed_before = |private: &str| {
        let world = world().file("/w/a.txt", "").file("/w/b.txt", "");
        let seen = Seen::in_world(world, vec![], &[Question::Listing(WsPath::root())], vec![]);
        let mut other = record("other", "", Ending::Reusable);
        other.private = vec![path(private)];
        let id = seen.store.begin("other", &[]).unwrap();
        seen.store.commit(id, &other).unwrap();
        seen
    };
    assert!(listed_before("elsewhere").look_up().is_ok());
    assert!(listed_before("a.txt").look_up().is_ok(), "the file was there, and is");
    assert!(listed_before("a.txt").put("new.txt", "").is_err());
    for gone in ["/w/a.txt", "/w/b.txt"] {
        let seen = listed_before("a.txt");
        shared(&seen.world).remove_file(std::path::Path::new(gone)).unwrap();
        assert!(matches!(seen.look_up(), Err(Miss::Changed { .. })), "{gone} was there, and is not");
    }
}
