//! How az works on this machine: what can be traced, and whether what the scripts here need is there.
//!
//! Knows what to ask and what is missing. Runs no script; changes nothing.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Ask, Engine,
    session::{environment, unwatched_in},
    tools::Tools,
};
use crate::{
    base::Digest,
    execute::{guard::Guard, probe},
    plan::{Node, Planned},
    sys::{Abilities, Platform, System},
    trace::{Flaw, LADDER, Rung},
};

/// How az works on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// The ways to trace, best first, each tried.
    pub rungs: Vec<TriedRung>,
    /// Why no step is traced, whatever the rungs are worth.
    pub forced_off: Option<&'static str>,
    /// Operating system and processor.
    pub platform: Platform,
    /// The kernel's version.
    pub kernel: Option<String>,
    /// What machine and file system can do.
    pub abilities: Abilities,
    /// The kind of the file system.
    pub file_system: Option<String>,
    /// What the scripts here need; nothing outside of a workspace.
    pub workspace: Option<Needs>,
}

/// A way to trace that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedRung {
    /// Which one.
    pub rung: Rung,
    /// Why it does not carry, if it does not.
    pub flaw: Option<Flaw>,
}

/// What the scripts of a workspace need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The absolute path of the workspace.
    pub root: PathBuf,
    /// How many scripts there are.
    pub scripts: usize,
    /// The scripts cannot be planned, so that their interpreters are not known.
    pub is_broken: bool,
    /// The programs that run them, by name.
    pub interpreters: Vec<Interpreter>,
    /// The tools they depend on, by name.
    pub tools: Vec<Tool>,
}

/// A program that runs scripts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interpreter {
    /// As it is looked for.
    pub name: String,
    /// The kind of the scripts it runs.
    pub kind: String,
    /// How many scripts it runs.
    pub scripts: usize,
    /// Where it is; nothing if it is missing.
    pub path: Option<PathBuf>,
    /// Where it really is, if links lead there.
    pub target: Option<PathBuf>,
    /// What it says of its version, if it was asked.
    pub version: Option<String>,
    /// A step whose condition holds wants it.
    pub is_wanted: bool,
}

/// A tool that scripts depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// As it is written.
    pub name: String,
    /// Where it is; nothing if it is missing.
    pub path: Option<PathBuf>,
    /// The scripts that depend on it.
    pub scripts: Vec<String>,
}

impl Doctor {
    /// Examines the machine, and the workspace that `start` lies in if it lies in one; `asks_versions` starts the
    /// interpreters that its scripts name to ask them for their versions, and without it nothing but az itself is started.
    pub fn examine(system: &Arc<dyn System>, start: &Path, asks_versions: bool) -> Self {
        let env = environment(&**system);
        let guard = std::env::current_exe().and_then(|program| Guard::start(&program));
        let canary = canary(&**system);
        let engine = Engine::open(Arc::clone(system), start).ok();
        let folder = engine.as_ref().map_or(start, |engine| &engine.root);
        let tried = LADDER.map(|rung| TriedRung { rung, flaw: flaw(guard.as_ref(), rung, &canary) });
        Self {
            rungs: tried.into(),
            forced_off: unwatched_in(&env),
            platform: Platform::current(),
            kernel: read_line(&**system, "/proc/sys/kernel/osrelease"),
            abilities: system.abilities(folder),
            file_system: file_system(&**system, folder),
            workspace: engine
                .as_ref()
                .map(|engine| engine.needs(guard.as_ref().ok().filter(|_| asks_versions))),
        }
    }

    /// Returns the rung steps are traced by; nothing if they are not.
    pub fn in_use(&self) -> Option<Rung> {
        let best = self.rungs.iter().find(|tried| tried.flaw.is_none()).map(|tried| tried.rung);
        best.filter(|_| self.forced_off.is_none())
    }

    /// Tells whether something that scripts here need is missing.
    pub fn is_short(&self) -> bool {
        self.workspace.as_ref().is_some_and(|needs| {
            needs.interpreters.iter().any(Interpreter::is_missing)
                || needs.tools.iter().any(|tool| tool.path.is_none())
        })
    }
}

impl Interpreter {
    /// Tells whether a script cannot run for want of it.
    pub fn is_missing(&self) -> bool {
        self.path.is_none() && self.is_wanted
    }
}

fn flaw(guard: Result<&Guard, &std::io::Error>, rung: Rung, canary: &Path) -> Option<Flaw> {
    let guard = guard.map_err(|error| Flaw::NotSent(format!("the guard cannot be started: {error}")));
    guard.and_then(|guard| probe::try_rung(guard, rung, canary)).err()
}

/// Returns a path at which nothing is.
fn canary(system: &dyn System) -> PathBuf {
    Path::new("/").join(format!(".az-canary-{}", &Digest::of(&system.random()).to_hex()[..16]))
}

fn read_line(system: &dyn System, path: &str) -> Option<String> {
    let bytes = system.read(Path::new(path)).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Returns the kind of the file system a folder lies on, as the kernel calls it.
fn file_system(system: &dyn System, folder: &Path) -> Option<String> {
    let folder = system.canonicalize(folder).ok()?;
    let mounts = read_line(system, "/proc/self/mountinfo")?;
    let mounts = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let place = place.split(' ').nth(4)?.replace("\\040", " ");
        let is_above = folder.starts_with(&place);
        is_above.then(|| (place.len(), kind.split(' ').next().unwrap_or_default()))
    });
    // Of two that are mounted at one place the later one is what is seen.
    mounts.max_by_key(|(length, _)| *length).map(|(_, kind)| kind.to_owned())
}

impl Engine {
    /// Looks for what the scripts need; `guard` starts programs to ask them for their version.
    fn needs(&self, guard: Option<&Guard>) -> Needs {
        let Planned { plan, tools, .. } =
            self.planned(&Ask { arguments: vec!["*".to_owned()], ..Ask::default() });
        let scripts = self.workspace.scripts(&self.db).len();
        let mut finder = Tools::new(&*self.system, self.env.get("PATH").map_or("", String::as_str));
        let mut found: BTreeMap<String, Tool> = BTreeMap::new();
        for wish in &tools {
            let tool = found.entry(wish.name.clone()).or_insert_with(|| Tool {
                name: wish.name.clone(),
                path: wish.candidates.iter().find_map(|candidate| finder.find(candidate, &self.root)),
                scripts: Vec::new(),
            });
            tool.scripts.push(wish.script.to_string());
        }
        let mut interpreters: BTreeMap<(String, String), Interpreter> = BTreeMap::new();
        for node in plan.iter().flat_map(|plan| &plan.nodes) {
            let key = (node.invocation.program().to_owned(), node.invocation.runner.clone());
            let known = interpreters.entry(key).or_insert_with_key(|(name, kind)| {
                let path = finder.find(name, &self.root.join(&node.invocation.cwd));
                let version = path.as_ref().filter(|path| self.may_be_asked(node, path));
                Interpreter {
                    name: name.clone(),
                    kind: kind.clone(),
                    target: path.as_ref().and_then(|path| self.target(path)),
                    version: version.and_then(|path| self.version(guard?, path)),
                    path,
                    ..Interpreter::default()
                }
            });
            known.scripts += 1;
            known.is_wanted |= node.condition.as_ref().is_none_or(|condition| condition.holds);
        }
        Needs {
            root: self.root.clone(),
            scripts,
            is_broken: plan.is_none() && scripts > 0,
            interpreters: interpreters.into_values().collect(),
            tools: found.into_values().collect(),
        }
    }

    /// Tells whether a program is an interpreter, and not a program of the workspace or a command of a rule: only of
    /// an interpreter it is known that asking for its version does nothing else.
    fn may_be_asked(&self, node: &Node, program: &Path) -> bool {
        let is_own = self.target(program).is_some_and(|target| target.starts_with(&self.root));
        node.settings.command.is_none() && !is_own && !program.starts_with(&self.root)
    }

    fn target(&self, program: &Path) -> Option<PathBuf> {
        self.system.canonicalize(program).ok().filter(|target| target != program)
    }

    fn version(&self, guard: &Guard, program: &Path) -> Option<String> {
        let given =
            ["PATH", "HOME"].into_iter().filter_map(|name| Some((name, self.env.get(name)?.as_str())));
        let env = given.chain([("LC_CTYPE", "C.UTF-8")]);
        let env: Vec<(OsString, OsString)> = env.map(|(name, value)| (name.into(), value.into())).collect();
        probe::first_line(guard, probe::Question::short(vec![program.into(), "--version".into()], env))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    #[test]
    fn a_folder_lies_on_the_file_system_that_is_mounted_nearest_above_it() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /w rw shared:1 - btrfs /dev/b rw\n\
                      3 1 8:3 / /w\\040x rw - xfs /dev/c rw\n4 1 8:4 / /w rw - overlay /dev/d rw\n";
        let world = Memory::new()
            .file("/proc/self/mountinfo", mounts)
            .file("/w/a", "")
            .file("/w x/a", "")
            .file("/v/a", "");
        let kind = |folder: &str| file_system(&world, Path::new(folder));
        assert_eq!(kind("/w").as_deref(), Some("overlay"));
        assert_eq!(kind("/w x").as_deref(), Some("xfs"));
        assert_eq!(kind("/v").as_deref(), Some("ext4"));
    }
}
