//! What persons, programs and faults do to a workspace between two builds.
//!
//! Knows how each is carried out, in memory or on disk. Does not know builds.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    place::Place,
    random::Random,
    script::{FLAVOUR, LIBRARY, LINK, PROGRAM, SOURCES},
};
use crate::sys::{FileKind, System, remove_tree};

/// Something that happens to the files of a workspace.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Write {
        path: String,
        text: u8,
    },
    /// Another text of the same size, with the time the file had.
    Sneak {
        path: String,
        text: u8,
    },
    /// Another text with a time before that of the file.
    Older {
        path: String,
        text: u8,
    },
    /// Another file of the same size, renamed over it.
    Replace {
        path: String,
        text: u8,
    },
    Touch(String),
    Mode {
        path: String,
        mode: u32,
    },
    Remove(String),
    /// `cp -p`.
    Copy {
        from: String,
        to: String,
    },
    Swap(String, String),
    Move {
        from: String,
        to: String,
    },
    /// A link takes the place of what is there.
    Link {
        path: String,
        target: String,
    },
    /// A folder takes the place of what is there.
    Folder(String),
    /// The name gets another case, or the one it had.
    Recase(String),
    /// All sources become those of a branch.
    Branch(u8),
    /// The workspace gets another name; or a copy of it with all its times gets it, and it goes.
    Root {
        name: String,
        is_copied: bool,
    },
    /// Another file in the place of the shell.
    Shell(u8),
    Variable(Option<u8>),
    /// Time passes.
    Wait(u64),
    /// So much time passes at each change from now on.
    Tick(u64),
    SetBack(u64),
}

/// So much time in milliseconds.
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// Something that happens to what az keeps.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// All of it goes.
    Wipe,
    /// A file goes.
    Lose(u64),
    /// A bit of a file changes.
    Flip(u64, u64),
    /// A file ends early.
    Cut(u64, u64),
    /// Two files change places.
    Exchange(u64, u64),
}

impl Change {
    /// Makes a random change; `made` is what steps make, by path.
    pub(super) fn random(random: &mut Random, made: &[String]) -> Self {
        let source = |random: &mut Random| (*random.pick(&SOURCES)).to_owned();
        let plain = |random: &mut Random| (*random.pick(&SOURCES[..SOURCES.len() - 1])).to_owned();
        let any = |random: &mut Random| match random.below(4) {
            0 if !made.is_empty() => random.pick(made).clone(),
            1 => format!("in/new{}", random.below(2)),
            _ => source(random),
        };
        let text = random.text(4);
        match random.below(27) {
            0..=3 => Self::Write { path: any(random), text },
            4..=6 => Self::Sneak { path: any(random), text },
            7 => Self::Older { path: any(random), text },
            8 => Self::Replace { path: any(random), text },
            9 => Self::Touch(any(random)),
            10 => Self::Mode { path: any(random), mode: [0o644, 0o755][random.below(2)] },
            11 | 12 => Self::Remove(any(random)),
            13 => Self::Copy { from: source(random), to: any(random) },
            // A link in the place of a result is written through by hand, and replaced by az.
            14 => Self::Swap(plain(random), plain(random)),
            15 if random.is_one_in(2) => {
                Self::Move { from: plain(random), to: format!("in/new{}", text % 2) }
            }
            15 => Self::Move { from: plain(random), to: plain(random) },
            16 => Self::Link { path: LINK.to_owned(), target: plain(random) },
            17 => Self::Folder(source(random)),
            18 => Self::Variable((text > 0).then_some(text)),
            19 | 20 => Self::Wait([0, 1, 5, 3000, DAY][random.below(5)]),
            21 => Self::Tick(random.below(2) as u64),
            22 => Self::SetBack([random.below(60) as u64, HOUR][usize::from(random.is_one_in(4))]),
            23 | 24 => Self::Recase(plain(random)),
            25 => Self::Write { path: LIBRARY.to_owned(), text },
            _ => Self::Write { path: "in/deep/a".to_owned(), text },
        }
    }

    /// Makes a change that others take for none: a text of the same size with the time the file had, or one before it.
    pub(super) fn unseen(random: &mut Random, paths: &[String]) -> Self {
        let path = random.pick(paths).clone();
        let text = random.text(4);
        if random.is_one_in(2) { Self::Older { path, text } } else { Self::Sneak { path, text } }
    }

    /// Makes a change of what the steps run in.
    pub(super) fn of_program(random: &mut Random, has_shell: bool) -> Self {
        let text = random.text(3);
        let path = PROGRAM.to_owned();
        match random.below(4) {
            0 | 1 if has_shell => Self::Shell(text),
            2 => Self::Sneak { path, text },
            3 => Self::Replace { path, text },
            _ => Self::Write { path, text },
        }
    }

    /// Makes a move of the whole workspace.
    pub(super) fn of_root(random: &mut Random) -> Self {
        let name = (*random.pick(&["w", "w1", "w2"])).to_owned();
        Self::Root { name, is_copied: random.is_one_in(2) }
    }

    /// Makes a change of a source to another text, and one that brings back the text it had, of the same size.
    pub(super) fn there_and_back(random: &mut Random) -> [Self; 3] {
        let path = (*random.pick(&SOURCES)).to_owned();
        let text = random.text(4);
        let (one, other) = (text, (text + 1) % 4);
        let write = |random: &mut Random, text: u8| {
            let path = path.clone();
            match random.below(4) {
                0 | 1 => Self::Write { path, text },
                2 => Self::Sneak { path, text },
                _ => Self::Replace { path, text },
            }
        };
        let there = match random.below(8) {
            0 => Self::Remove(path.clone()),
            1 => Self::Touch(path.clone()),
            2 => Self::Write { path: format!("in/new{}", text % 2), text },
            _ => write(random, other),
        };
        [Self::Write { path: path.clone(), text: one }, there, write(random, one)]
    }

    /// Carries it out; what cannot be done is not done, as by a person whose command fails.
    pub(super) fn apply(&self, place: &mut dyn Place) {
        _ = self.try_apply(place);
    }

    fn try_apply(&self, place: &mut dyn Place) -> io::Result<()> {
        match self {
            Self::Variable(value) => {
                place.set_variable(value.map(|value| format!("v{value}")));
                Ok(())
            }
            Self::Shell(text) => {
                place.set_shell(*text);
                Ok(())
            }
            Self::Root { name, is_copied: false } => place.move_to(name),
            Self::Root { name, is_copied: true } => {
                // What is moved away and copied back to where it was, and moved again.
                let before = place.root().to_owned();
                place.move_to(name)?;
                let root = place.root().to_owned();
                place.system().rename(&root, &before)?;
                copy_all(place, &before, &root)?;
                remove(place.system(), &before)
            }
            Self::Wait(time) => {
                place.wait(Duration::from_millis(*time));
                Ok(())
            }
            Self::Tick(step) => {
                place.tick(Duration::from_millis(*step));
                Ok(())
            }
            Self::SetBack(time) => {
                // By no whole number of ticks: no clock shows one time twice to the nanosecond.
                place.set_back(Duration::from_millis(*time) + Duration::from_nanos(1));
                Ok(())
            }
            _ => self.change_files(place),
        }
    }

    fn change_files(&self, place: &dyn Place) -> io::Result<()> {
        let (root, world) = (place.root(), place.system());
        let at = |path: &String| root.join(path);
        match self {
            Self::Write { path, text } => write(place, path, *text, None),
            Self::Sneak { path, text } => write(place, path, *text, Some(0)),
            Self::Older { path, text } => write(place, path, *text, Some(-7_000_000_000)),
            Self::Replace { path, text } => {
                let beside = root.join("beside");
                let mode = if path == PROGRAM { 0o755 } else { 0o644 };
                world.write(&beside, &content(path, *text), mode)?;
                world.rename(&beside, &at(path)).or_else(|_| world.remove_file(&beside))
            }
            Self::Touch(path) => place.date(&at(path), world.now().0),
            Self::Mode { path, mode } => world.set_mode(&at(path), *mode),
            Self::Remove(path) => remove(world, &at(path)),
            Self::Copy { from, to } => {
                let stat = world.stat_target(&at(from))?;
                let bytes = world.read(&at(from))?;
                world.write(&at(to), &bytes, stat.mode)?;
                place.date(&at(to), stat.mtime_ns)
            }
            Self::Swap(one, other) => {
                let aside = root.join("aside");
                world.rename(&at(one), &aside)?;
                let swapped =
                    world.rename(&at(other), &at(one)).and_then(|()| world.rename(&aside, &at(other)));
                swapped.or_else(|_| world.rename(&aside, &at(one)))
            }
            Self::Move { from, to } => world.rename(&at(from), &at(to)),
            Self::Link { path, target } => {
                remove(world, &at(path))?;
                world.symlink(Path::new(target), &at(path))
            }
            Self::Folder(path) => {
                remove(world, &at(path))?;
                world.create_dir_all(&at(path))?;
                world.write(&at(path).join("a"), b"in a folder\n", 0o644)
            }
            Self::Recase(path) => {
                let (one, other) = (at(path), at(path).with_file_name(upper(path)));
                if world.stat(&one).is_ok() { world.rename(&one, &other) } else { world.rename(&other, &one) }
            }
            Self::Branch(branch) => check_out(place, *branch),
            _ => Ok(()),
        }
    }
}

/// Returns the text of a number for a path; all have one size.
pub(super) fn content(path: &str, text: u8) -> Vec<u8> {
    let text = match path {
        LIBRARY => format!("WORD=w{text}\n"),
        PROGRAM => format!("{FLAVOUR}=f{text} exec /bin/sh \"$@\"\n"),
        _ => format!("text {text}\n"),
    };
    text.into_bytes()
}

/// Returns the name of a file in capitals.
fn upper(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_uppercase()
}

/// Writes the sources as a branch has them, and nothing that is so already.
fn check_out(place: &dyn Place, branch: u8) -> io::Result<()> {
    let world = place.system();
    for (path, number) in SOURCES[..SOURCES.len() - 1].iter().zip(0_u8..) {
        let text = content(path, (number + branch * (number % 3)) % 4);
        let wanted = ((number + branch) % 4 != 3).then_some(text);
        let at = place.root().join(path);
        let is_file = world.stat(&at).is_ok_and(|stat| stat.kind == FileKind::File);
        if is_file && world.read(&at).ok() == wanted {
            continue;
        }
        remove(world, &at)?;
        wanted.map_or(Ok(()), |text| world.write(&at, &text, 0o644))?;
    }
    Ok(())
}

/// Copies all that is in a folder, with modes and times.
fn copy_all(place: &dyn Place, from: &Path, to: &Path) -> io::Result<()> {
    let world = place.system();
    let stat = world.stat(from)?;
    match stat.kind {
        FileKind::Directory => {
            world.create_dir(to)?;
            for entry in world.list(from)? {
                copy_all(place, &from.join(&entry.name), &to.join(&entry.name))?;
            }
        }
        FileKind::Link => return world.symlink(&world.read_link(from)?, to),
        _ => world.write(to, &world.read(from)?, stat.mode)?,
    }
    world.set_mode(to, stat.mode)?;
    place.date(to, stat.mtime_ns)
}

/// Writes a file; it gets the time it had, so many nanoseconds later, if that is said.
fn write(place: &dyn Place, path: &str, text: u8, later: Option<i64>) -> io::Result<()> {
    let (world, at) = (place.system(), place.root().join(path));
    let before = world.stat_target(&at).ok();
    world.write(&at, &content(path, text), before.map_or(0o644, |stat| stat.mode))?;
    match before.zip(later) {
        Some((before, later)) => place.date(&at, before.mtime_ns + later),
        None => Ok(()),
    }
}

/// Removes what is at a path, if anything.
pub(super) fn remove(world: &dyn System, path: &Path) -> io::Result<()> {
    match world.stat(path) {
        Ok(stat) if stat.kind == FileKind::Directory => remove_tree(world, path),
        Ok(_) => world.remove_file(path),
        Err(_) => Ok(()),
    }
}

impl Fault {
    /// Makes a random fault.
    pub(super) fn random(random: &mut Random) -> Self {
        let (file, place) = (random.next(), random.next());
        match random.below(8) {
            0 => Self::Wipe,
            1 => Self::Lose(file),
            2 => Self::Exchange(file, place),
            3 | 4 => Self::Cut(file, place),
            _ => Self::Flip(file, place),
        }
    }

    /// Carries it out on what lies in a folder.
    pub(super) fn apply(&self, world: &dyn System, folder: &Path) {
        let files = files_below(world, folder);
        let pick =
            |number: &u64| files.get(usize::try_from(*number % files.len().max(1) as u64).unwrap_or(0));
        let change = |path: &Path, change: &dyn Fn(&mut Vec<u8>)| {
            let (Ok(mut bytes), Ok(stat)) = (world.read(path), world.stat(path)) else { return };
            change(&mut bytes);
            _ = world.write(path, &bytes, stat.mode);
        };
        let within = |place: &u64, length: usize| usize::try_from(*place % length.max(1) as u64).unwrap_or(0);
        match self {
            Self::Wipe => _ = remove_tree(world, folder),
            Self::Lose(file) => _ = pick(file).map(|path| world.remove_file(path)),
            Self::Flip(file, place) => {
                let flip = |bytes: &mut Vec<u8>| {
                    let place = within(place, bytes.len() * 8);
                    if let Some(byte) = bytes.get_mut(place / 8) {
                        *byte ^= 1 << (place % 8);
                    }
                };
                pick(file).into_iter().for_each(|path| change(path, &flip));
            }
            Self::Cut(file, place) => {
                let cut = |bytes: &mut Vec<u8>| bytes.truncate(within(place, bytes.len()));
                pick(file).into_iter().for_each(|path| change(path, &cut));
            }
            Self::Exchange(one, other) => {
                let pair = pick(one).zip(pick(other));
                _ = pair.map(|(one, other)| world.exchange(one, other));
            }
        }
    }
}

/// Returns all files below a folder, sorted.
pub(super) fn files_below(world: &dyn System, folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in world.list(&folder).unwrap_or_default() {
            let path = folder.join(&entry.name);
            match world.stat(&path).map(|stat| stat.kind) {
                Ok(FileKind::Directory) => folders.push(path),
                Ok(_) => files.push(path),
                Err(_) => {}
            }
        }
    }
    files.sort();
    files
}
