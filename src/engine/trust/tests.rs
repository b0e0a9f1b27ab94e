//! Who may run what, and that an unattended build never runs anything else.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;

use super::*;
use crate::{
    engine::{Ask, BuildOptions, Force, RunWith},
    execute::runner::{Command, Control, Ended, Exit, Runner, StartError},
    sys::Memory,
    trace::Witness,
};

const ROOT: &str = "/w";
const STATE: &str = "/home/me/.local/state/az/trust";

fn world() -> Memory {
    let world = Memory::new()
        .variable("PATH", "/bin")
        .variable("HOME", "/home/me")
        .dir("/home/me")
        .file("/bin/sh", "")
        .mode("/bin/sh", 0o755)
        .file("/w/az.toml", "")
        .file("/w/rules/own.toml", "")
        .file("/w/in", "1");
    PATHS.iter().fold(world, |world, path| put(&world, path, 0))
}

/// The files that are edited: the last is read by steps, and decides nothing.
const PATHS: [&str; 6] =
    ["scripts/0100_a.sh", "scripts/0200_b.sh", "playbooks/ci.toml", "az.toml", "rules/own.toml", "in"];

fn text(path: &str, version: u8) -> String {
    match path {
        "playbooks/ci.toml" => format!(
            "metadata.name = \"ci\"\n[orchestration.jobs.one]\n[[orchestration.jobs.one.steps]]\nscript = \"echo {version}\"\n\
             shell = \"sh\"\n[[orchestration.jobs.one.steps]]\nrun = \"0100\"\n\
             [[orchestration.jobs.one.steps]]\nrun = \"0200\"\n"
        ),
        _ => format!("# {version}\n"),
    }
}

fn put(world: &Memory, path: &str, version: u8) -> Memory {
    world.file(Path::new(ROOT).join(path), text(path, version))
}

fn set(world: &Memory) -> Arc<DecidingSet> {
    Engine::open(Arc::new(world.clone()), Path::new(ROOT)).unwrap().deciding(None)
}

fn agree(world: &Memory, edits: bool) {
    let set = set(world);
    Records::of(world, set.root()).unwrap().agree(world, &set, edits).unwrap();
}

fn may(world: &Memory) -> Option<Grant> {
    may_run(world, &set(world), None).ok()
}

#[test]
fn only_what_was_agreed_to_may_run() {
    let world = world();
    assert_eq!(may(&world), None);
    agree(&world, false);
    assert_eq!(may(&world), Some(Grant::Content));
    assert_eq!(may(&put(&world, "in", 1)), Some(Grant::Content), "an input decides nothing");
    for path in &PATHS[..5] {
        assert_eq!(may(&put(&world, path, 1)), None, "{path}");
        assert_eq!(may(&put(&world, path, 0)), Some(Grant::Content), "{path}");
    }
    world.file("/w/scripts/deep/0300_c.sh", "");
    assert_eq!(may(&world), None, "a script more");
    world.remove_file(Path::new("/w/scripts/deep/0300_c.sh")).unwrap();
    assert_eq!(may(&world), Some(Grant::Content));
    assert_eq!(may(&world.mode("/w/scripts/0100_a.sh", 0o755)), None, "it may be executed");
    assert!(Records::of(&world, Path::new(ROOT)).unwrap().revoke(&world, Path::new(ROOT)).unwrap());
    assert_eq!(may(&world.mode("/w/scripts/0100_a.sh", 0o644)), None);
}

#[test]
fn edits_are_trusted_only_where_that_was_said() {
    let world = world();
    agree(&world, true);
    assert_eq!(may(&put(&world, "scripts/0100_a.sh", 9)), Some(Grant::Edits));
    assert!(trusts_edits(&world, Path::new(ROOT)) && !trusts_edits(&world, Path::new("/x")));
}

#[test]
fn in_ci_trust_is_explicit() {
    let world = world().variable("CI", "1");
    assert_eq!(may(&world), None);
    assert_eq!(may(&world.variable(VARIABLE, "1")), None);
    assert_eq!(may(&world.variable(VARIABLE, "")), None);
    let hash = set(&world).hash().to_hex();
    assert_eq!(may(&world.variable(VARIABLE, &hash[..32])), None, "a part of a hash is none");
    assert_eq!(may(&world.variable(VARIABLE, &hash)), Some(Grant::Content));
    assert_eq!(may(&put(&world, "az.toml", 1)), None);
    assert_eq!(may(&world.variable(VARIABLE, "ci")), Some(Grant::Edits));
}

#[test]
fn records_are_kept_from_others_and_outside_of_the_workspace() {
    let world = world();
    agree(&world, false);
    let mode = |path: &Path| world.stat(path).unwrap().mode & 0o777;
    let entries = world.list(Path::new(STATE)).unwrap();
    assert_eq!((entries.len(), mode(Path::new(STATE))), (1, 0o700));
    let file = Path::new(STATE).join(&entries[0].name);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(may(&world), Some(Grant::Content));
    let world = world.mode(&file, 0o666);
    assert_eq!(may(&world), None, "anybody could have written it");
    let world = world.mode(&file, 0o600).file(&file, "{");
    assert_eq!(may(&world), None, "it is damaged");
    for state in ["/w/state", "/w/../w/x"] {
        let world = world.variable("XDG_STATE_HOME", state);
        let inside = Records::of(&world, Path::new(ROOT));
        assert_eq!(inside.unwrap_err().code, code::TRUST_UNKEPT, "{state}");
        assert_eq!(may(&world), None);
    }
    let home = world.without_variable("XDG_STATE_HOME").without_variable("HOME");
    assert!(may_run(&home, &set(&home), None).unwrap_err().why_not_asked.is_some());
}

#[test]
fn what_was_agreed_to_of_one_place_holds_for_no_other() {
    let world = world();
    agree(&world, false);
    let copy = PATHS
        .iter()
        .fold(world.dir("/x"), |world, path| world.file(Path::new("/x").join(path), text(path, 0)));
    let engine = Engine::open(Arc::new(copy.clone()), Path::new("/x")).unwrap();
    assert_eq!(engine.deciding(None).hash(), set(&copy).hash());
    assert!(may_run(&copy, &engine.deciding(None), None).is_err());
}

#[test]
fn what_differs_is_told_by_file() {
    let world = world();
    agree(&world, false);
    put(&world, "scripts/0100_a.sh", 1).file("/w/scripts/0300_c\u{1b}[2J.sh", "x");
    world.remove_file(Path::new("/w/az.toml")).unwrap();
    let untrusted = may_run(&world, &set(&world), None).unwrap_err();
    let told: Vec<_> =
        untrusted.changes.iter().map(|file| (&*file.path, file.was_there, file.is_there)).collect();
    assert_eq!(
        told,
        [
            ("az.toml", true, false),
            ("scripts/0100_a.sh", true, true),
            ("scripts/0300_c\u{1b}[2J.sh", false, true),
        ]
    );
    assert_eq!(untrusted.changes[1].texts, Some(("# 0\n".into(), "# 1\n".into())));
    assert!(!untrusted.is_first && untrusted.diagnostic().message.starts_with("3 files that decide"));
}

#[test]
fn only_what_may_change_the_set_asks_for_another_look() {
    let world = world().dir("/w/scripts/deep").file("/w/src/a.c", "").file("/w/scripts/note.txt", "");
    let set = set(&world);
    let may = |path: &str| set.may_be_changed_by(&world, &Path::new(ROOT).join(path));
    for path in [
        "scripts/0100_a.sh",
        "playbooks/ci.toml",
        "az.toml",
        "rules",
        ".",
        "scripts/deep",
        "scripts/0900_x.sh",
    ] {
        assert!(may(path), "{path}");
    }
    for path in ["in", "src", "src/a.c", "scripts/note.txt", "../elsewhere"] {
        assert!(!may(path), "{path}");
    }
}

/// Runs nothing, and remembers what it was asked to run, with what it is then; it edits files while steps are at work.
struct Spy {
    world: Memory,
    /// After how many starts which file is edited.
    edit: Option<(usize, usize, u8)>,
    started: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Runner for Spy {
    fn run(
        &self,
        command: &Command,
        _: Option<&mut dyn Witness>,
        control: &Control,
    ) -> Result<Ended, StartError> {
        let mut started = self.started.lock().unwrap();
        let argv: Vec<String> = command.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let script = argv.iter().find(|word| word.contains("scripts/"));
        let bytes = script.map(|script| self.world.read(&Path::new(ROOT).join(script)).unwrap());
        started.push((argv.join(" "), bytes.unwrap_or_default()));
        if let Some((_, path, version)) = self.edit.filter(|(after, ..)| started.len() == *after) {
            put(&self.world, PATHS[path], version);
        }
        let (exit, stopped) = (Exit::Code(0), control.stop_cause());
        Ok(Ended {
            exit,
            cpu: Duration::ZERO,
            has_leftovers: false,
            stopped,
            lost: None,
            left_out: None,
            trace: None,
        })
    }
}

/// Does what a hook, a schedule or a server would do.
fn build_unattended(world: &Memory, edit: Option<(usize, usize, u8)>) -> Vec<(String, Vec<u8>)> {
    let spy = Arc::new(Spy { world: world.clone(), edit, started: Mutex::default() });
    let engine = Engine::open(Arc::new(world.clone()), Path::new(ROOT)).unwrap();
    let now = engine.deciding(None);
    if may_run(world, &now, None) != Ok(Grant::Content) {
        return Vec::new();
    }
    // Whoever opens it again between the question and the build finds out by what is handed on.
    if let Some((0, path, version)) = edit {
        put(world, PATHS[path], version);
    }
    let engine = Engine::open(Arc::new(world.clone()), Path::new(ROOT)).unwrap();
    let runner = Arc::clone(&spy) as Arc<dyn Runner>;
    let options = BuildOptions {
        agreed: Some(Agreed(now)),
        run_with: RunWith::new(runner),
        force: Force::All,
        jobs: Some(1),
        ..BuildOptions::default()
    };
    let ask = Ask { arguments: vec!["ci".to_owned()], no_trace: true, ..Ask::default() };
    let built = engine.build(&ask, &options, &mut |_, _| (), &mut || ());
    if let Err(error) = built {
        let is_refused = error.diagnostics.iter().any(|fault| fault.code == code::UNTRUSTED);
        assert!(is_refused, "{error:?}");
    }
    let started = spy.started.lock().unwrap();
    started.clone()
}

impl PartialEq for Untrusted {
    fn eq(&self, other: &Self) -> bool {
        self.now.is_same(&other.now)
    }
}

#[derive(Debug, Clone)]
enum Act {
    Edit(usize, u8),
    Agree,
    Revoke,
    Build(Option<(usize, usize, u8)>),
}

fn act() -> impl Strategy<Value = Act> {
    let edit = (0..PATHS.len(), 0..3_u8);
    prop_oneof![
        3 => edit.clone().prop_map(|(path, version)| Act::Edit(path, version)),
        2 => Just(Act::Agree),
        1 => Just(Act::Revoke),
        4 => prop::option::of((0..4_usize, edit)).prop_map(|edit| Act::Build(edit.map(|(at, (path, version))| (at, path, version)))),
    ]
}

#[test]
fn an_agreed_set_runs_whole() {
    let world = world();
    assert_eq!(build_unattended(&world, None), []);
    agree(&world, false);
    let started = build_unattended(&world, None);
    assert_eq!(started.len(), 3, "{started:?}");
    let cut = build_unattended(&world, Some((1, 1, 1)));
    assert!(cut.len() < 3, "the second script was edited before it began: {cut:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is edited, agreed to and revoked, also while steps are at work: what starts is what was agreed to.
    #[test]
    fn an_unattended_build_never_runs_a_set_that_was_not_trusted(acts in prop::collection::vec(act(), 1..14)) {
        let world = world();
        let mut now: BTreeMap<usize, u8> = (0..PATHS.len()).map(|path| (path, 0)).collect();
        let mut agreed: Option<BTreeMap<usize, u8>> = None;
        for act in acts {
            match act {
                Act::Edit(path, version) => {
                    put(&world, PATHS[path], version);
                    now.insert(path, version);
                }
                Act::Agree => {
                    agree(&world, false);
                    agreed = Some(now.clone());
                }
                Act::Revoke => {
                    Records::of(&world, Path::new(ROOT)).unwrap().revoke(&world, Path::new(ROOT)).unwrap();
                    agreed = None;
                }
                Act::Build(edit) => {
                    let was = now.clone();
                    let started = build_unattended(&world, edit);
                    for path in 0..PATHS.len() {
                        let bytes = world.read(&Path::new(ROOT).join(PATHS[path])).unwrap();
                        let version = (0..3).find(|version| text(PATHS[path], *version).as_bytes() == bytes);
                        now.insert(path, version.unwrap_or(now[&path]));
                    }
                    let Some(agreed) = &agreed else {
                        prop_assert_eq!(&started, &[]);
                        continue;
                    };
                    let is_agreed = (0..5).all(|path| agreed[&path] == was[&path]);
                    prop_assert!(is_agreed || started.is_empty(), "{:?}", started);
                    for (argv, bytes) in &started {
                        match PATHS[..2].iter().position(|path| argv.contains(path)) {
                            Some(path) => prop_assert_eq!(bytes, &text(PATHS[path], agreed[&path]).into_bytes()),
                            None => prop_assert!(argv.ends_with(&format!("echo {}", agreed[&2])), "{}", argv),
                        }
                    }
                }
            }
        }
    }
}
