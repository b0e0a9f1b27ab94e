//! Carries out scripts in a world in memory, as a shell and a trace of it would.
//!
//! Knows what an act asks and changes. Does not know az, nor what becomes of the facts.

use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    ffi::OsStr,
    fmt::Write,
    hash::{Hash, Hasher},
    io,
    path::{Component, Path, PathBuf},
};

use super::{
    place::ROW,
    script::{Act, FLAVOUR, HANDED, LIBRARY, PROGRAM},
};
use crate::{
    sys::{FileKind, System, is_absent},
    trace::{Asked, Changed, Process, Rung, Touch, Trace, Witness},
};

/// As many links as are followed in one path.
const MOST_LINKS: usize = 40;

/// Somebody who reads the lines of a script and does what they say.
pub(super) struct Shell<'a, 'w> {
    world: &'a dyn System,
    /// The folder in which it does it.
    folder: &'a Path,
    env: &'a dyn Fn(&str) -> Option<String>,
    witness: Option<&'w mut dyn Witness>,
    /// Who is told before each act.
    before_act: &'a dyn Fn(),
    facts: BTreeMap<PathBuf, Fact>,
    /// The values of variables that it asked for or was handed.
    values: Vec<Option<String>>,
    /// What the program it runs in gave a variable.
    flavour: Option<String>,
    failed: bool,
}

/// What is known of a path.
#[derive(Debug, Clone, Copy)]
struct Fact {
    asked: Asked,
    changed: Changed,
    was_there: bool,
    /// What is there is the script's own work.
    is_own: bool,
    /// What was there, and the names in it, when that was first asked.
    found: Option<u64>,
    listed: Option<u64>,
}

/// What a script did.
pub(super) struct Seen {
    pub(super) trace: Trace,
    /// What it was told, in one number: it does the same wherever it is told the same.
    pub(super) told: u64,
    /// It ended before its end.
    pub(super) failed: bool,
}

impl<'a, 'w> Shell<'a, 'w> {
    pub(super) fn new(
        world: &'a dyn System,
        folder: &'a Path,
        env: &'a dyn Fn(&str) -> Option<String>,
        witness: Option<&'w mut dyn Witness>,
    ) -> Self {
        let (facts, values) = (BTreeMap::new(), Vec::new());
        Self { world, folder, env, witness, before_act: &|| (), facts, values, flavour: None, failed: false }
    }

    /// Tells somebody before each act.
    pub(super) fn telling(self, before_act: &'a dyn Fn()) -> Self {
        Self { before_act, ..self }
    }

    /// Runs a script; returns what was seen of it.
    ///
    /// # Errors
    /// If the world does not let it read or write any more.
    pub(super) fn run(mut self, shell: &Path, script: &Path) -> io::Result<Seen> {
        self.ask(shell, Asked::PROBED | Asked::EXECUTED);
        let path = self.resolve(script, true)?;
        self.ask(&path, Asked::PROBED | Asked::READ);
        let text = String::from_utf8_lossy(&self.world.read(&path)?).into_owned();
        if text.starts_with(&format!("#!{PROGRAM}\n")) {
            let program = self.resolve(Path::new(PROGRAM), true)?;
            self.ask(&program, Asked::PROBED | Asked::READ | Asked::EXECUTED);
            self.flavour = self.value_in(&program, FLAVOUR)?;
        }
        if let Some(handed) = text.lines().find_map(|line| line.strip_prefix(HANDED)) {
            self.values.push((self.env)(handed));
        }
        for act in text.lines().filter_map(Act::read) {
            (self.before_act)();
            self.act(&act)?;
            if self.failed {
                break;
            }
        }
        let touch = |fact: &Fact| Touch {
            asked: fact.asked,
            changed: fact.changed,
            by: 0,
            changed_by: (!fact.changed.is_empty()).then_some(0),
            was_there: Some(fact.was_there),
        };
        let arguments = vec!["sh".into(), script.as_os_str().to_owned()];
        let trace = Trace {
            rung: Rung::Notify { is_synchronous: true },
            paths: self.facts.iter().map(|(path, fact)| (path.clone(), touch(fact))).collect(),
            processes: vec![Process { parent: None, program: shell.to_owned(), arguments }],
            events: self.facts.len() as u64,
            ..Trace::off()
        };
        let mut told = DefaultHasher::new();
        for (path, fact) in &self.facts {
            // What is in the workspace is what it is wherever that lies.
            let path = path.strip_prefix(self.folder).unwrap_or(path);
            (path, fact.found, fact.listed).hash(&mut told);
        }
        self.values.hash(&mut told);
        Ok(Seen { trace, told: told.finish(), failed: self.failed })
    }

    fn act(&mut self, act: &Act) -> io::Result<()> {
        match act {
            Act::Cat { from, to, appends } => {
                // The shell opens what is written before anybody reads.
                let to = if *appends { self.open_kept(to)? } else { self.open_emptied(to)? };
                let mut all = Vec::new();
                for path in from {
                    let path = self.resolve(Path::new(path), true)?;
                    self.ask(&path, Asked::PROBED | Asked::READ);
                    // `cat` reads nothing of what it writes to.
                    if to.as_ref() != Some(&path) {
                        all.extend(self.content(&path)?.unwrap_or_default());
                    }
                }
                self.write(to, &all)
            }
            Act::List { folder, to } => self.list(folder, to),
            Act::Tell { variable, to } => {
                let value = if variable == FLAVOUR { self.flavour.clone() } else { (self.env)(variable) };
                self.tell(value, to)
            }
            Act::Say { text, to } => {
                let to = self.open_emptied(to)?;
                self.write(to, format!("{text}\n").as_bytes())
            }
            Act::Load(to) => self.load(to),
            Act::Where(to) => {
                let folder = self.resolve(Path::new("."), true)?;
                self.tell(Some(folder.to_string_lossy().into_owned()), to)
            }
            Act::Gather { folder, to } => self.gather(folder, to),
            Act::Row(to) => self.tell_row(to),
            Act::MakeFolder(path) => self.make_folders(path),
            Act::Remove(path) => self.remove(path),
            Act::Link { target, path } => self.link(target, path),
            Act::Need(path) => {
                let path = self.resolve(Path::new(path), true)?;
                self.ask(&path, Asked::PROBED);
                self.failed = self.kind(&path)?.is_none();
                Ok(())
            }
            Act::IfThere { path, then } => {
                let path = self.resolve(Path::new(path), true)?;
                self.ask(&path, Asked::PROBED);
                if self.kind(&path)?.is_some() { self.act(then) } else { Ok(()) }
            }
        }
    }

    fn list(&mut self, folder: &str, to: &str) -> io::Result<()> {
        let to = self.open_emptied(to)?;
        let folder = self.resolve(Path::new(folder), true)?;
        self.ask(&folder, Asked::PROBED);
        let is_folder = self.kind(&folder)? == Some(FileKind::Directory);
        let mut names = String::new();
        if is_folder {
            self.ask(&folder, Asked::LISTED);
            let entries = self.world.list(&folder)?;
            for entry in &entries {
                _ = writeln!(names, "{}", entry.name.to_string_lossy());
            }
        }
        self.write(to, names.as_bytes())
    }

    /// Writes what it was told that is no file.
    fn tell(&mut self, value: Option<String>, to: &str) -> io::Result<()> {
        let to = self.open_emptied(to)?;
        self.values.push(value.clone());
        self.write(to, format!("{}\n", value.unwrap_or_default()).as_bytes())
    }

    fn tell_row(&mut self, to: &str) -> io::Result<()> {
        let row = (self.env)(ROW);
        self.values.push(row.clone());
        let row = row.unwrap_or_default();
        let to = self.open_emptied(&format!("{to}-{row}"))?;
        self.write(to, format!("r{row}\n").as_bytes())
    }

    fn load(&mut self, to: &str) -> io::Result<()> {
        let path = self.resolve(Path::new(LIBRARY), true)?;
        self.ask(&path, Asked::PROBED);
        let mut word = None;
        if self.kind(&path)? == Some(FileKind::File) {
            self.ask(&path, Asked::READ);
            word = self.value_in(&path, "WORD")?;
        }
        let to = self.open_emptied(to)?;
        self.write(to, format!("{}\n", word.as_deref().unwrap_or("none")).as_bytes())
    }

    /// Returns what a file that a shell reads gives a variable.
    fn value_in(&self, path: &Path, variable: &str) -> io::Result<Option<String>> {
        let text = String::from_utf8_lossy(&self.world.read(path)?).into_owned();
        let value = |line: &str| Some(line.strip_prefix(variable)?.strip_prefix('=')?.to_owned());
        let value = text.lines().find_map(value);
        Ok(value.map(|value| value.split(' ').next().unwrap_or_default().to_owned()))
    }

    fn gather(&mut self, folder: &str, to: &str) -> io::Result<()> {
        // The names are found before what is written is opened.
        let folder = self.resolve(Path::new(folder), true)?;
        self.ask(&folder, Asked::PROBED);
        let mut names = Vec::new();
        if self.kind(&folder)? == Some(FileKind::Directory) {
            self.ask(&folder, Asked::LISTED);
            names = self.world.list(&folder)?.into_iter().map(|entry| entry.name).collect();
        }
        let to = self.open_emptied(to)?;
        let mut all = Vec::new();
        for name in names {
            let path = self.resolve(&folder.join(name), true)?;
            self.ask(&path, Asked::PROBED | Asked::READ);
            all.extend(self.content(&path)?.unwrap_or_default());
        }
        self.write(to, &all)
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        let path = self.resolve(Path::new(path), false)?;
        self.ask(&path, Asked::PROBED);
        match self.kind(&path)? {
            None => self.attempt(&path),
            Some(FileKind::Directory) => {}
            Some(_) => {
                self.change(&path, Changed::REPLACED)?;
                self.world.remove_file(&path)?;
                self.own(&path);
            }
        }
        Ok(())
    }

    fn link(&mut self, target: &str, path: &str) -> io::Result<()> {
        let path = self.resolve(Path::new(path), false)?;
        self.ask(&path, Asked::PROBED);
        match self.kind(&path)? {
            Some(FileKind::Directory) => return Ok(()),
            Some(_) => {
                self.change(&path, Changed::REPLACED)?;
                self.world.remove_file(&path)?;
                self.own(&path);
            }
            None => {}
        }
        if self.has_folder(&path)? {
            self.change(&path, Changed::REPLACED)?;
            self.world.symlink(Path::new(target), &path)?;
            self.own(&path);
        }
        Ok(())
    }

    fn make_folders(&mut self, path: &str) -> io::Result<()> {
        let mut so_far = self.folder.to_owned();
        for name in Path::new(path).components() {
            so_far = self.resolve(&so_far.join(name), true)?;
            self.ask(&so_far, Asked::PROBED);
            match self.kind(&so_far)? {
                None => {
                    self.change(&so_far, Changed::REPLACED)?;
                    self.world.create_dir(&so_far)?;
                    self.own(&so_far);
                }
                Some(FileKind::Directory) => {
                    self.attempt(&so_far);
                    self.change(&so_far, Changed::FOLDER)?;
                }
                Some(_) => {
                    self.attempt(&so_far);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Opens for writing anew; nothing if that cannot be done.
    fn open_emptied(&mut self, path: &str) -> io::Result<Option<PathBuf>> {
        let path = self.resolve(Path::new(path), true)?;
        match self.kind(&path)? {
            Some(FileKind::File) => {}
            Some(_) => {
                self.ask(&path, Asked::PROBED);
                return Ok(None);
            }
            None if !self.has_folder(&path)? => {
                let folder = path.parent().unwrap_or(&path).to_owned();
                self.ask(&folder, Asked::PROBED);
                return Ok(None);
            }
            None => {}
        }
        self.change(&path, Changed::REPLACED)?;
        let mode = self.world.stat(&path).map_or(0o644, |stat| stat.mode);
        self.world.write(&path, b"", mode)?;
        self.own(&path);
        Ok(Some(path))
    }

    /// Opens for appending; nothing if that cannot be done.
    fn open_kept(&mut self, path: &str) -> io::Result<Option<PathBuf>> {
        let path = self.resolve(Path::new(path), true)?;
        self.ask(&path, Asked::PROBED | Asked::READ);
        match self.kind(&path)? {
            Some(FileKind::File) => self.change(&path, Changed::WRITTEN)?,
            None if self.has_folder(&path)? => {
                self.change(&path, Changed::REPLACED)?;
                self.world.write(&path, b"", 0o644)?;
                self.own(&path);
            }
            _ => return Ok(None),
        }
        Ok(Some(path))
    }

    /// Appends to what was opened.
    fn write(&self, to: Option<PathBuf>, bytes: &[u8]) -> io::Result<()> {
        let Some(to) = to else { return Ok(()) };
        let all = [self.world.read(&to)?.as_slice(), bytes].concat();
        let mode = self.world.stat(&to)?.mode;
        self.world.write(&to, &all, mode)
    }

    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(match self.kind(path)? {
            Some(FileKind::File) => Some(self.world.read(path)?),
            _ => None,
        })
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        match self.world.stat(path) {
            Ok(stat) => Ok(Some(stat.kind)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn has_folder(&self, path: &Path) -> io::Result<bool> {
        Ok(path.parent().map(|folder| self.kind(folder)).transpose()?.flatten() == Some(FileKind::Directory))
    }

    /// Finds what a path leads to, without links; each link on the way is asked for.
    fn resolve(&mut self, path: &Path, does_follow: bool) -> io::Result<PathBuf> {
        let mut rest: Vec<PathBuf> =
            self.folder.join(path).components().rev().map(|name| PathBuf::from(name.as_os_str())).collect();
        let mut here = PathBuf::from("/");
        let mut hops = 0;
        while let Some(name) = rest.pop() {
            match name.components().next() {
                Some(Component::ParentDir) => _ = here.pop(),
                Some(Component::Normal(name)) => here.push(name),
                _ => continue,
            }
            if rest.is_empty() && !does_follow {
                break;
            }
            if self.kind(&here)? == Some(FileKind::Link) && hops < MOST_LINKS {
                hops += 1;
                let link = here.clone();
                self.ask(&link, Asked::READ);
                let target = self.world.read_link(&link)?;
                here.pop();
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                rest.extend(target.components().rev().map(|name| PathBuf::from(name.as_os_str())));
            }
        }
        Ok(here)
    }

    fn fact(&mut self, path: &Path) -> &mut Fact {
        let world = self.world;
        self.facts.entry(path.to_owned()).or_insert_with(|| Fact {
            asked: Asked::NONE,
            changed: Changed::NONE,
            was_there: world.stat(path).is_ok(),
            is_own: false,
            found: None,
            listed: None,
        })
    }

    /// Notes a question, unless its answer is the script's own work.
    fn ask(&mut self, path: &Path, asked: Asked) {
        let world = self.world;
        let fact = self.fact(path);
        let asked = if fact.is_own { asked.and(Asked::LISTED) } else { asked };
        fact.asked |= asked;
        if asked.has(Asked::LISTED) && fact.listed.is_none() {
            // Who lists a folder is told what each of them is.
            let kind = |name: &OsStr| world.stat(&path.join(name)).ok().map(|stat| stat.kind as u8);
            let names = world
                .list(path)
                .map(|all| all.into_iter().map(|it| (kind(&it.name), it.name)).collect::<Vec<_>>());
            fact.listed = Some(number_of(&names.ok()));
        }
        if !asked.and(Asked::PROBED | Asked::READ).is_empty() && fact.found.is_none() {
            let stat = world.stat(path).ok().map(|stat| (stat.kind as u8, stat.mode));
            fact.found = Some(number_of(&(stat, world.read(path).ok(), world.read_link(path).ok())));
        }
    }

    fn change(&mut self, path: &Path, changed: Changed) -> io::Result<()> {
        let is_first = self.fact(path).changed.is_empty();
        if let Some(witness) = self.witness.as_deref_mut() {
            if is_first {
                witness.before_change(path);
            }
            if witness.is_held() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        self.fact(path).changed |= changed;
        Ok(())
    }

    fn attempt(&mut self, path: &Path) {
        if let Some(witness) = self.witness.as_deref_mut() {
            witness.before_attempt(path);
        }
    }

    fn own(&mut self, path: &Path) {
        self.fact(path).is_own = true;
    }
}

/// Returns one number for anything.
pub(super) fn number_of(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
