//! What a watch answers, and what a look at the gate says, whatever happens in a real folder.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, File, FileTimes},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use memmap2::MmapMut;
use proptest::prelude::*;

use super::followed::Followed;
use crate::{
    base::Digest,
    cache::{Amendment, Gate, GateItem, GatePath, Layout, Matters, write_gate},
    engine::{
        gate::{Opened, gate_folder},
        socket::Answer,
    },
    sys::{FileKind, Os, System, digest_of, is_absent},
    watch::Watcher,
};

/// Paths that anything may happen to.
const PATHS: [&str; 9] = ["a", "b", "d", "d/x", "d/y", "d/e", "d/e/z", "n", "n/m"];

/// Something that happens.
#[derive(Debug, Clone)]
enum Act {
    Write(&'static str, u8),
    /// Other bytes of the same length, and the time of before.
    Disguise(&'static str),
    Touch(&'static str),
    Mode(&'static str),
    Replace(&'static str, u8),
    /// That it was read is noted as by who puts the time back.
    TouchAccess(&'static str),
    /// A copy with the times of the original.
    Copy(&'static str, &'static str),
    Move(&'static str, &'static str),
    MoveOutside(&'static str),
    MoveBack(&'static str),
    Remove(&'static str),
    Folder(&'static str),
    Link(&'static str, &'static str),
    HardLink(&'static str, &'static str),
    LinkOutside(&'static str),
    WriteOutside(u8),
    Hold(&'static str),
    WriteHeld(u8),
    Map(&'static str),
    Store(u8),
    Unmap,
    Read(&'static str),
    RunOver,
    /// A new gate is written that says how things are.
    Gate,
    /// What it says of a path is put right beside it.
    Amend(&'static str),
    Pass,
    Settle,
    /// The watcher has remembered too many paths.
    Forget,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let path = || prop::sample::select(&PATHS[..]);
    let two = || (path(), path());
    let act = prop_oneof![
        6 => (path(), 0..3_u8).prop_map(|(path, byte)| Act::Write(path, byte)),
        2 => path().prop_map(Act::Disguise),
        2 => path().prop_map(Act::Touch),
        1 => path().prop_map(Act::TouchAccess),
        1 => path().prop_map(Act::Mode),
        2 => (path(), 0..3_u8).prop_map(|(path, byte)| Act::Replace(path, byte)),
        2 => two().prop_map(|(from, to)| Act::Copy(from, to)),
        4 => two().prop_map(|(from, to)| Act::Move(from, to)),
        2 => path().prop_map(Act::MoveOutside),
        2 => path().prop_map(Act::MoveBack),
        2 => path().prop_map(Act::Remove),
        3 => path().prop_map(Act::Folder),
        2 => two().prop_map(|(path, target)| Act::Link(path, target)),
        2 => two().prop_map(|(from, to)| Act::HardLink(from, to)),
        2 => path().prop_map(Act::LinkOutside),
        2 => (0..3_u8).prop_map(Act::WriteOutside),
        1 => path().prop_map(Act::Hold),
        2 => (0..3_u8).prop_map(Act::WriteHeld),
        2 => path().prop_map(Act::Map),
        3 => (0..3_u8).prop_map(Act::Store),
        1 => Just(Act::Unmap),
        2 => path().prop_map(Act::Read),
        6 => Just(Act::Gate),
        8 => path().prop_map(Act::Amend),
        8 => Just(Act::Pass),
        6 => Just(Act::Settle),
        1 => Just(Act::Forget),
    ];
    // It takes as long as a hundred others.
    let act = prop_oneof![200 => act, 1 => Just(Act::RunOver)];
    prop::collection::vec(act, 1..60)
}

struct World {
    folder: tempfile::TempDir,
    root: PathBuf,
    layout: Layout,
    watcher: Watcher,
    followed: Option<Followed>,
    held: Option<File>,
    map: Option<MmapMut>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("root");
        let layout = Layout::new(&root);
        fs::create_dir_all(gate_folder(&layout)).unwrap();
        fs::create_dir_all(root.join("d/e")).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        for path in ["a", "b", "d/x", "d/e/z"] {
            fs::write(root.join(path), "0").unwrap();
        }
        let watcher = Watcher::new(&root, &[]).unwrap();
        Self { folder, root, layout, watcher, followed: None, held: None, map: None }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn outside(&self, path: &str) -> PathBuf {
        self.folder.path().join("outside").join(path.replace('/', "-"))
    }

    /// Does it as far as it can be done.
    fn act(&mut self, act: &Act) -> std::io::Result<()> {
        match act {
            Act::Gate => self.write_gate(),
            Act::Amend(path) => self.amend(path),
            Act::Pass => self.pass(),
            Act::Settle => self.settle(),
            Act::Forget => {
                self.watcher.forget();
                assert_eq!(self.watcher.places(), 0);
                self.followed.iter_mut().for_each(|followed| followed.begin(Os.monotonic()));
            }
            other => return self.edit(other),
        }
        Ok(())
    }

    fn edit(&mut self, act: &Act) -> std::io::Result<()> {
        match act {
            Act::Write(path, byte) => fs::write(self.at(path), [b'0' + byte])?,
            Act::Disguise(path) => {
                let time = fs::metadata(self.at(path))?.modified()?;
                let mut file = File::options().write(true).open(self.at(path))?;
                file.write_all(b"?")?;
                file.set_times(FileTimes::new().set_modified(time))?;
            }
            Act::Touch(path) => {
                File::open(self.at(path))?
                    .set_times(FileTimes::new().set_modified(std::time::SystemTime::now()))?;
            }
            Act::TouchAccess(path) => {
                File::open(self.at(path))?
                    .set_times(FileTimes::new().set_accessed(std::time::SystemTime::now()))?;
            }
            Act::Mode(path) => {
                let mode = fs::symlink_metadata(self.at(path))?.permissions().mode();
                fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode ^ 0o100))?;
            }
            Act::Replace(path, byte) => {
                fs::write(self.at("beside"), [b'0' + byte])?;
                fs::rename(self.at("beside"), self.at(path))?;
            }
            Act::Copy(from, to) => {
                let time = fs::metadata(self.at(from))?.modified()?;
                fs::copy(self.at(from), self.at(to))?;
                File::open(self.at(to))?.set_times(FileTimes::new().set_modified(time))?;
            }
            Act::Move(from, to) => fs::rename(self.at(from), self.at(to))?,
            Act::MoveOutside(path) => fs::rename(self.at(path), self.outside(path))?,
            Act::MoveBack(path) => fs::rename(self.outside(path), self.at(path))?,
            Act::Remove(path) if self.at(path).is_dir() && !self.at(path).is_symlink() => {
                fs::remove_dir_all(self.at(path))?;
            }
            Act::Remove(path) => fs::remove_file(self.at(path))?,
            Act::Folder(path) => fs::create_dir_all(self.at(path))?,
            Act::Link(path, target) => std::os::unix::fs::symlink(self.at(target), self.at(path))?,
            Act::HardLink(from, to) => fs::hard_link(self.at(from), self.at(to))?,
            Act::LinkOutside(path) => fs::hard_link(self.at(path), self.outside("link"))?,
            Act::WriteOutside(byte) => {
                File::options().write(true).open(self.outside("link"))?.write_all(&[b'0' + byte])?;
            }
            other => return self.hold(other),
        }
        Ok(())
    }

    #[expect(unsafe_code, reason = "a store into a shared mapping is one of the acts")]
    fn hold(&mut self, act: &Act) -> std::io::Result<()> {
        match act {
            Act::Hold(path) => self.held = Some(File::options().write(true).open(self.at(path))?),
            Act::WriteHeld(byte) => {
                self.held.iter_mut().try_for_each(|held| held.write_all(&[b'0' + byte]))?;
            }
            Act::Map(path) => {
                let file = File::options().read(true).write(true).open(self.at(path))?;
                // SAFETY: what is stored there is looked at by nobody here; a file that is cut has no byte to be stored to.
                self.map = Some(unsafe { MmapMut::map_mut(&file) }?).filter(|map| !map.is_empty());
            }
            Act::Store(byte) => self.map.iter_mut().for_each(|map| map[0] = b'0' + byte),
            Act::Unmap => self.map = None,
            Act::Read(path) => _ = fs::read(self.at(path))?,
            Act::RunOver => {
                fs::write(self.at("n1"), "")?;
                for _ in 0..8300 {
                    fs::rename(self.at("n1"), self.at("n2"))?;
                    fs::rename(self.at("n2"), self.at("n1"))?;
                }
            }
            other => unreachable!("{other:?} is done elsewhere"),
        }
        Ok(())
    }

    /// Writes a gate of how things are, with the names of folders, and where links lead.
    fn write_gate(&mut self) {
        let paths = PATHS.iter().map(|path| self.at(path)).chain([self.root.clone(), self.outside("link")]);
        let mut rows: Vec<GatePath> = paths.flat_map(|path| self.rows(&path)).collect();
        let preface = Opened::preface_of_nothing(&Os, &self.layout);
        // So long that a change of few rows is put beside it.
        let item = GateItem { answer: vec![b'?'; 20_000], ..GateItem::default() };
        write_gate(&Os, &self.gate(), &preface, &mut rows, &[item]).unwrap();
        self.read_gate();
    }

    /// Says in the gate how a path is now.
    fn amend(&mut self, path: &str) {
        let gate = Gate::read(&Os, &self.gate()).unwrap();
        let amendment = Amendment {
            preface: gate.preface().to_vec(),
            paths: self.rows(&self.at(path)),
            ..Amendment::default()
        };
        gate.amend(&Os, &self.gate(), amendment).unwrap();
        assert_eq!(Gate::read(&Os, &self.gate()).unwrap().first_over(), gate.first_over());
        self.read_gate();
    }

    fn read_gate(&mut self) {
        self.hear();
        let before = self.followed.take();
        self.followed = Followed::read(&Os, &self.gate(), before, Os.monotonic());
    }

    /// Returns what a gate says of a path and of what it leads to.
    fn rows(&self, path: &Path) -> Vec<GatePath> {
        let row = |is_followed: bool| {
            let answer = if is_followed { Os.stat_target(path) } else { Os.stat(path) };
            let stat = match answer {
                Ok(stat) => Some(stat),
                Err(error) if is_absent(&error) => None,
                Err(_) => return None,
            };
            let matters = match stat.map(|stat| stat.kind) {
                Some(FileKind::Directory) if path != self.at("n") => {
                    Matters::Names(digest_of(&Os.list(path).unwrap_or_default()))
                }
                Some(FileKind::Directory) => Matters::Kind,
                Some(FileKind::File) => Matters::Content(Digest::of(&fs::read(path).unwrap_or_default())),
                _ => Matters::All,
            };
            Some(GatePath {
                path: path.to_path_buf(),
                is_followed,
                stat,
                matters,
                gist: None,
                is_settled: true,
                is_common: false,
                askers: vec![],
                writers: vec![],
            })
        };
        [false, true].into_iter().filter_map(row).collect()
    }

    fn gate(&self) -> PathBuf {
        gate_folder(&self.layout).join("0123")
    }

    fn hear(&mut self) {
        let news = self.watcher.drain();
        if let Some(followed) = &mut self.followed {
            followed.hear(&news, Os.monotonic());
        }
    }

    fn pass(&mut self) {
        self.hear();
        while let Some(followed) = self.followed.as_mut().filter(|followed| followed.is_passing()) {
            let unexplained = followed.pass(&mut self.watcher, &Os, 3);
            let news = self.watcher.drain();
            assert!(
                news.is_everything || unexplained.iter().all(|place| news.changed.contains(place)),
                "of a change nothing was told: {unexplained:?}"
            );
            followed.hear(&news, Os.monotonic());
        }
    }

    fn settle(&mut self) {
        let (news, _) = self.watcher.settle(4);
        if let Some(followed) = &mut self.followed {
            followed.hear(&news, Os.monotonic());
        }
    }

    /// Returns what a watch answers at this moment.
    fn answer(&mut self) -> Option<Answer> {
        self.hear();
        let followed = self.followed.as_mut()?;
        Some(followed.answer(&mut self.watcher, &Os, &self.layout, Os.monotonic()))
    }

    /// Tells whether the file system says of everything what it said.
    fn is_clean(&self) -> bool {
        Gate::read(&Os, &self.gate()).is_some_and(|gate| gate.is_clean(&Os))
    }

    /// Tells whether a look at the gate says that nothing has to be done.
    fn is_up_to_date(&self) -> bool {
        let is_unchanged =
            |gate: &Gate| gate.differing(&Os).iter().all(|known| known.is_unchanged(&Os).is_some());
        Gate::read(&Os, &self.gate()).is_some_and(|gate| is_unchanged(&gate))
    }
}

/// Returns how many rows of acts are tried; `AZ_FUZZ_ROUNDS` says another number.
fn rounds() -> u32 {
    std::env::var("AZ_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(50)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds()))]

    #[test]
    fn a_watch_says_clean_only_where_the_gate_is_and_says_so_after_a_while(acts in acts()) {
        let mut world = World::new();
        world.write_gate();
        for act in &acts {
            // What cannot be done does not happen.
            _ = world.act(act);
            if let Some(Answer::Clean(_)) = world.answer() {
                prop_assert!(world.is_up_to_date(), "after {:?}", act);
            }
        }
        // What is held open and mapped may stay so: it is looked at each time.
        for _ in 0..10 {
            world.pass();
            world.settle();
        }
        if world.is_clean() {
            prop_assert!(matches!(world.answer(), Some(Answer::Clean(_))));
        }
        world.write_gate();
        world.pass();
        prop_assert!(matches!(world.answer(), Some(Answer::Clean(_))) == world.is_clean());
    }
}

#[test]
fn a_gate_that_was_written_anew_or_removed_is_no_longer_the_one_that_is_known() {
    let mut world = World::new();
    world.write_gate();
    world.pass();
    assert!(matches!(world.answer(), Some(Answer::Clean(_))));
    let bytes = fs::read(world.gate()).unwrap();
    fs::write(world.at("copy"), bytes).unwrap();
    fs::rename(world.at("copy"), world.gate()).unwrap();
    assert_eq!(world.answer(), Some(Answer::Unknown));
    fs::remove_file(world.gate()).unwrap();
    assert_eq!(world.answer(), Some(Answer::Unknown));
}

#[test]
fn who_ran_something_makes_every_gate_unknown() {
    let mut world = World::new();
    world.write_gate();
    world.pass();
    assert!(matches!(world.answer(), Some(Answer::Clean(_))));
    fs::write(world.layout.entries(), "an action begins").unwrap();
    assert_eq!(world.answer(), Some(Answer::Unknown));
}

#[test]
fn a_root_that_is_another_folder_answers_nothing() {
    let mut world = World::new();
    world.write_gate();
    world.pass();
    let elsewhere = world.folder.path().join("elsewhere");
    fs::rename(&world.root, &elsewhere).unwrap();
    fs::create_dir(&world.root).unwrap();
    assert_eq!(world.answer(), Some(Answer::Unknown));
    fs::remove_dir(&world.root).unwrap();
    fs::rename(Path::new(&elsewhere), &world.root).unwrap();
    world.write_gate();
    world.pass();
    assert!(matches!(world.answer(), Some(Answer::Clean(_))));
}
